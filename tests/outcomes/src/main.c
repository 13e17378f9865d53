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
TASKPOOL_DEFINE(eager, 1, 2560, 3);

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
	X(task_has_its_iterations)                                                                                     \
	X(task_makes_up_for_slots_or_not)                                                                              \
	X(task_has_spaces_between_its_runs)                                                                            \
	X(task_answers_how_it_goes_on)                                                                                 \
	X(task_is_moved)                                                                                               \
	X(task_has_so_much_time)                                                                                       \
	X(task_is_ended_wherever_it_is)                                                                                \
	X(task_enables_itself_and_ends_others)                                                                         \
	X(task_may_be_vetoed)                                                                                          \
	X(task_function_is_replaced)                                                                                   \
	X(interrupts_do_with_tasks_what_they_like)                                                                     \
	X(task_is_completed_by_an_interrupt)                                                                           \
	X(event_counts_signals)                                                                                        \
	X(event_releases_tasks_in_their_order)                                                                         \
	X(event_and_an_interval_more)                                                                                  \
	X(event_has_so_much_time)                                                                                      \
	X(ends_signal_events)                                                                                          \
	X(tasks_follow_each_other)                                                                                     \
	X(threads_wait_for_events)                                                                                     \
	X(threads_wait_for_any_event_or_all)                                                                           \
	X(interrupts_complete_runs)                                                                                    \
	X(completers_are_dropped)                                                                                      \
	X(interrupts_do_with_events_what_they_like)                                                                    \
	X(ends_give_semaphores)                                                                                        \
	X(ends_post_events)                                                                                            \
	X(ends_raise_signals)                                                                                          \
	X(ends_submit_other_jobs)                                                                                      \
	X(ends_call_in_work_queues)                                                                                    \
	X(ends_call_in_a_loop)                                                                                         \
	X(ends_are_told_as_one)                                                                                        \
	X(runs_in_the_caller)                                                                                          \
	X(classes_mean_pools)                                                                                          \
	X(ends_of_ones_own)                                                                                            \
	X(submissions_have_sites)                                                                                      \
	X(overrun_while_it_runs)                                                                                       \
	X(within_the_budget)                                                                                           \
	X(watchdog_without_a_word_about_it)                                                                            \
	X(group_of_two_pools)                                                                                          \
	X(group_and_limited_time)                                                                                      \
	X(group_and_shutdown)                                                                                          \
	X(group_and_interrupts)

void check_rest(void);
void note_stuck(bool without_words, uint32_t control_point);

/* In place of the module's, which would reset the board. */
void taskpool_watchdog_expired(const struct taskpool_overrun *overrun)
{
	note_stuck(overrun->about == NULL, overrun->control_point);
}

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
