/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cases, by name; their bodies are in Rust (src/lib.rs), where a failed assertion ends the run. And the pools.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

#define STACK_SIZE 2560

/* One preempts the test, the others wait until the test does. */
TASKPOOL_DEFINE(eager, 1, STACK_SIZE, -1);
TASKPOOL_DEFINE(one, 1, STACK_SIZE, 7);
TASKPOOL_DEFINE(other, 1, STACK_SIZE, 8);

void result_comes_through_the_handle(void);
void urgent_worker_runs_first(void);
void spawned_for_later(void);
void spawned_in_an_interrupt(void);
void cache_is_full_and_empties(void);
void cancelled_is_dropped_by_the_canceller(void);
void running_sees_that_it_is_cancelled(void);
void handle_is_dropped(void);
void wait_is_refused(void);
void shutdown_drops_what_waits(void);
void heap_has_room_for_more(void);
void interrupts_spawn_too(void);
void scope_lets_closures_borrow(void);
void scope_without_a_slot_hands_back(void);
void scope_on_a_worker_of_its_pool_goes_through(void);
void scope_is_refused(void);
void check_rest(void);

static void after_each(void *fixture)
{
	ARG_UNUSED(fixture);
	check_rest();
}

ZTEST_SUITE(spawn, NULL, NULL, NULL, after_each, NULL);

ZTEST(spawn, test_result_comes_through_the_handle)
{
	result_comes_through_the_handle();
}

ZTEST(spawn, test_urgent_worker_runs_first)
{
	urgent_worker_runs_first();
}

ZTEST(spawn, test_spawned_for_later)
{
	spawned_for_later();
}

ZTEST(spawn, test_spawned_in_an_interrupt)
{
	spawned_in_an_interrupt();
}

ZTEST(spawn, test_cache_is_full_and_empties)
{
	cache_is_full_and_empties();
}

ZTEST(spawn, test_cancelled_is_dropped_by_the_canceller)
{
	cancelled_is_dropped_by_the_canceller();
}

ZTEST(spawn, test_running_sees_that_it_is_cancelled)
{
	running_sees_that_it_is_cancelled();
}

ZTEST(spawn, test_handle_is_dropped)
{
	handle_is_dropped();
}

ZTEST(spawn, test_wait_is_refused)
{
	wait_is_refused();
}

ZTEST(spawn, test_shutdown_drops_what_waits)
{
	shutdown_drops_what_waits();
}

ZTEST(spawn, test_heap_has_room_for_more)
{
	heap_has_room_for_more();
}

ZTEST(spawn, test_interrupts_spawn_too)
{
	interrupts_spawn_too();
}

ZTEST(spawn, test_scope_lets_closures_borrow)
{
	scope_lets_closures_borrow();
}

ZTEST(spawn, test_scope_without_a_slot_hands_back)
{
	scope_without_a_slot_hands_back();
}

ZTEST(spawn, test_scope_on_a_worker_of_its_pool_goes_through)
{
	scope_on_a_worker_of_its_pool_goes_through();
}

ZTEST(spawn, test_scope_is_refused)
{
	scope_is_refused();
}
