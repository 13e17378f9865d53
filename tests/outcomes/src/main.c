/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cases, by name; their bodies are in Rust (src/lib.rs), where a failed assertion ends the run. And the pools.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

TASKPOOL_DEFINE(one, 1, 2560, 7);
TASKPOOL_DEFINE(other, 1, 2560, 8);

#define CASES(X)                                                                                                       \
	X(paused_with_the_clock_frozen)                                                                                \
	X(paused_with_the_clock_running_on)                                                                            \
	X(submitted_into_a_pause)                                                                                      \
	X(paused_by_interrupts)                                                                                        \
	X(pause_is_refused)                                                                                            \
	X(aborted_before_it_runs)                                                                                      \
	X(aborted_while_it_runs)                                                                                       \
	X(aborted_by_interrupts)                                                                                       \
	X(taken_in_time)                                                                                               \
	X(taken_too_late)                                                                                              \
	X(limit_stands_with_the_clock)                                                                                 \
	X(limit_is_refused)                                                                                            \
	X(shutdown_without_waiting)                                                                                    \
	X(group_of_two_pools)                                                                                          \
	X(group_and_limited_time)                                                                                      \
	X(group_and_shutdown)                                                                                          \
	X(group_and_interrupts)

void check_rest(void);

static void after_each(void *fixture)
{
	ARG_UNUSED(fixture);
	check_rest();
}

ZTEST_SUITE(outcomes, NULL, NULL, NULL, after_each, NULL);

#define CASE(name)                                                                                                     \
	void name(void);                                                                                               \
	ZTEST(outcomes, test_##name)                                                                                   \
	{                                                                                                              \
		name();                                                                                                \
	}

CASES(CASE)
