/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cases, by name. Those about C's answers are here; the others are in Rust (src/lib.rs), where a failed assertion ends
 * the run. And the memory that pools are made of.
 */

#include <zephyr/irq_offload.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

static struct taskpool_memory memory;

int test_create(uint8_t max_threads, int priority)
{
	return taskpool_create(&memory, "net", max_threads, priority);
}

/* -1 ticks for ever. */
int test_destroy(bool discard, int64_t ticks)
{
	return taskpool_destroy(&memory, discard ? TASKPOOL_DISCARD : TASKPOOL_DRAIN,
				ticks < 0 ? K_FOREVER : K_TICKS(ticks));
}

/* The memory is used for something else. */
void test_overwrite(void)
{
	memset(&memory, 0xA5, sizeof(memory));
}

bool test_is_overwritten(void)
{
	for (size_t i = 0; i < sizeof(memory); i++) {
		if (((uint8_t *)&memory)[i] != 0xA5) {
			return false;
		}
	}
	return true;
}

/* The numbers depend on the C library. */
const int test_eperm = -EPERM;
const int test_eagain = -EAGAIN;
const int test_edeadlk = -EDEADLK;

struct taskpool *test_pool(void)
{
	return &memory.pool;
}

void pools_are_made_of_memory_again_and_again(void);
void workers_have_the_pools_priority(void);
void pool_in_the_reserves_line_is_destroyed(void);
void drain_waits_for_the_reserve(void);
void destroy_waits_for_what_comes_from_elsewhere(void);
void destroy_is_refused_by_its_worker(void);
void destroy_has_its_time(void);
void interrupts_submit_while_it_is_destroyed(void);
void handles_outlive_the_pool(void);
void timers_fire_while_it_is_destroyed(void);
void rust_memory_makes_one_pool_after_the_other(void);
void rust_memory_refuses(void);
void check_rest(void);

static int early = -ENODATA;

static int create_early(void)
{
	static struct taskpool_memory early_memory;

	early = taskpool_create(&early_memory, "early", 1, 7);
	return 0;
}

SYS_INIT(create_early, POST_KERNEL, 0);

static int in_interrupt;

static void create_in_interrupt(const void *unused)
{
	ARG_UNUSED(unused);
	in_interrupt = taskpool_create(&memory, "net", 1, 7);
}

static void destroy_in_interrupt(const void *unused)
{
	ARG_UNUSED(unused);
	in_interrupt = taskpool_destroy(&memory, TASKPOOL_DISCARD, K_NO_WAIT);
}

static void after_each(void *fixture)
{
	ARG_UNUSED(fixture);
	check_rest();
}

ZTEST_SUITE(runtime, NULL, NULL, NULL, after_each, NULL);

ZTEST(runtime, test_create_says_what_is_wrong)
{
	zassert_equal(early, -EAGAIN, "before the boot");
	zassert_equal(taskpool_create(NULL, "net", 1, 7), -EINVAL);
	zassert_equal(taskpool_create(&memory, NULL, 1, 7), -EINVAL);
	zassert_equal(taskpool_create(&memory, "net", 0, 7), -EINVAL);
	zassert_equal(taskpool_create(&memory, "net", 128, 7), -EINVAL);
	zassert_equal(taskpool_create(&memory, "net", 1, K_LOWEST_APPLICATION_THREAD_PRIO + 1), -EINVAL);
	zassert_equal(taskpool_create(&memory, "net", 1, K_HIGHEST_THREAD_PRIO - 1), -EINVAL);
	/* No room for the priority of level 1. */
	zassert_equal(taskpool_create(&memory, "net", 1, K_HIGHEST_THREAD_PRIO), -EINVAL);
	zassert_equal(taskpool_create(&memory, "net", 1, 0), -EINVAL);
	irq_offload(create_in_interrupt, NULL);
	zassert_equal(in_interrupt, -EPERM);
}

ZTEST(runtime, test_destroy_says_what_is_wrong)
{
	memset(&memory, 0, sizeof(memory));
	zassert_equal(taskpool_destroy(NULL, TASKPOOL_DRAIN, K_FOREVER), -EINVAL);
	zassert_equal(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER), -ESHUTDOWN, "never made");
	zassert_equal(taskpool_create(&memory, "net", 127, K_LOWEST_APPLICATION_THREAD_PRIO), 0);
	zassert_equal(taskpool_destroy(&memory, (enum taskpool_shutdown)2, K_FOREVER), -EINVAL);
	irq_offload(destroy_in_interrupt, NULL);
	zassert_equal(in_interrupt, -EPERM);
	zassert_equal(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_NO_WAIT), 0);
	zassert_equal(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER), -ESHUTDOWN, "destroyed");
}

/* A pool in the frame of a function that returns. */
static __attribute__((noinline)) int live_on_the_stack(int priority)
{
	struct taskpool_memory local;
	int status = taskpool_create(&local, "local", 1, priority);

	return status != 0 ? status : taskpool_destroy(&local, TASKPOOL_DRAIN, K_FOREVER);
}

ZTEST(runtime, test_memory_on_a_stack)
{
	/* From the most urgent priority on that leaves room for level 1. */
	for (int priority = 1; priority <= 10; priority++) {
		zassert_equal(live_on_the_stack(priority), 0);
	}
}

ZTEST(runtime, test_pools_are_made_of_memory_again_and_again)
{
	pools_are_made_of_memory_again_and_again();
}

ZTEST(runtime, test_workers_have_the_pools_priority)
{
	workers_have_the_pools_priority();
}

ZTEST(runtime, test_pool_in_the_reserves_line_is_destroyed)
{
	pool_in_the_reserves_line_is_destroyed();
}

ZTEST(runtime, test_drain_waits_for_the_reserve)
{
	drain_waits_for_the_reserve();
}

ZTEST(runtime, test_destroy_waits_for_what_comes_from_elsewhere)
{
	destroy_waits_for_what_comes_from_elsewhere();
}

ZTEST(runtime, test_destroy_is_refused_by_its_worker)
{
	destroy_is_refused_by_its_worker();
}

ZTEST(runtime, test_destroy_has_its_time)
{
	destroy_has_its_time();
}

ZTEST(runtime, test_interrupts_submit_while_it_is_destroyed)
{
	interrupts_submit_while_it_is_destroyed();
}

ZTEST(runtime, test_handles_outlive_the_pool)
{
	handles_outlive_the_pool();
}

ZTEST(runtime, test_timers_fire_while_it_is_destroyed)
{
	timers_fire_while_it_is_destroyed();
}

ZTEST(runtime, test_rust_memory_makes_one_pool_after_the_other)
{
	rust_memory_makes_one_pool_after_the_other();
}

ZTEST(runtime, test_rust_memory_refuses)
{
	rust_memory_refuses();
}
