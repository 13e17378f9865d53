/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cases, by name; their bodies are in Rust (src/lib.rs), where a failed assertion ends the run. And the pools.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

#define STACK_SIZE 2048

/* With four levels: 7 to 4, 8 to 5, and, more urgent than the test in any case, -2 to -5. */
TASKPOOL_DEFINE(one, 1, STACK_SIZE, 7);
TASKPOOL_DEFINE_WITH(grows, 1, 2, STACK_SIZE, 8);
TASKPOOL_DEFINE(cooperative, 1, STACK_SIZE, -2);

void high_levels_preempt_the_submitter(void);
void a_worker_is_low_again_for_the_next_job(void);
void interrupts_raise_workers_too(void);
void urgent_jobs_preempt_the_submitter(void);
void deferred_jobs_preempt_who_runs(void);
void borrowed_workers_have_the_priority_of_the_job(void);
void who_has_waited_is_preempted(void);
void locked_scheduler_is_respected(void);
void cooperative_submitter_goes_on(void);

ZTEST_SUITE(levels, NULL, NULL, NULL, NULL, NULL);

ZTEST(levels, test_high_levels_preempt_the_submitter)
{
	high_levels_preempt_the_submitter();
}

ZTEST(levels, test_a_worker_is_low_again_for_the_next_job)
{
	a_worker_is_low_again_for_the_next_job();
}

ZTEST(levels, test_interrupts_raise_workers_too)
{
	interrupts_raise_workers_too();
}

ZTEST(levels, test_urgent_jobs_preempt_the_submitter)
{
	urgent_jobs_preempt_the_submitter();
}

ZTEST(levels, test_deferred_jobs_preempt_who_runs)
{
	deferred_jobs_preempt_who_runs();
}

ZTEST(levels, test_borrowed_workers_have_the_priority_of_the_job)
{
	borrowed_workers_have_the_priority_of_the_job();
}

ZTEST(levels, test_who_has_waited_is_preempted)
{
	who_has_waited_is_preempted();
}

ZTEST(levels, test_locked_scheduler_is_respected)
{
	locked_scheduler_is_respected();
}

ZTEST(levels, test_cooperative_submitter_goes_on)
{
	cooperative_submitter_goes_on();
}
