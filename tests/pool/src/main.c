/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cases, by name. Their bodies are in Rust; a failed assertion there ends the run
 * (src/fatal.c).
 */

#include <zephyr/ztest.h>

#include "cases.h"

static void *setup(void)
{
	suite_setup();
	return NULL;
}

static void after_each(void *fixture)
{
	ARG_UNUSED(fixture);
	suite_after_each();
}

ZTEST_SUITE(pool, NULL, setup, NULL, after_each, NULL);

ZTEST(pool, test_submit_from_thread)
{
	submit_from_thread();
}

ZTEST(pool, test_submit_from_interrupt)
{
	submit_from_interrupt();
}

ZTEST(pool, test_submit_from_timer_interrupt)
{
	submit_from_timer_interrupt();
}

ZTEST(pool, test_submit_runs_by_thread_priority)
{
	submit_runs_by_thread_priority();
}

ZTEST(pool, test_fifo_on_one_worker)
{
	fifo_on_one_worker();
}

ZTEST(pool, test_queued_job_keeps_its_place)
{
	queued_job_keeps_its_place();
}

ZTEST(pool, test_running_job_runs_once_more)
{
	running_job_runs_once_more();
}

ZTEST(pool, test_never_on_two_workers)
{
	never_on_two_workers();
}

ZTEST(pool, test_several_workers_run_at_once)
{
	several_workers_run_at_once();
}

ZTEST(pool, test_two_pools_at_once)
{
	two_pools_at_once();
}

ZTEST(pool, test_job_moves_between_pools)
{
	job_moves_between_pools();
}

ZTEST(pool, test_job_sent_to_an_urgent_pool_runs_next)
{
	job_sent_to_an_urgent_pool_runs_next();
}

ZTEST(pool, test_deferred_is_never_early)
{
	deferred_is_never_early();
}

ZTEST(pool, test_deferred_from_interrupt)
{
	deferred_from_interrupt();
}

ZTEST(pool, test_deadlines_run_in_order)
{
	deadlines_run_in_order();
}

ZTEST(pool, test_equal_deadlines_run_as_submitted)
{
	equal_deadlines_run_as_submitted();
}

ZTEST(pool, test_absolute_deadline)
{
	absolute_deadline();
}

ZTEST(pool, test_past_deadline_runs_now)
{
	past_deadline_runs_now();
}

ZTEST(pool, test_zero_delay_runs_now)
{
	zero_delay_runs_now();
}

ZTEST(pool, test_later_deadline_leaves_the_timer)
{
	later_deadline_leaves_the_timer();
}

ZTEST(pool, test_earlier_deadline_moves_the_timer)
{
	earlier_deadline_moves_the_timer();
}

ZTEST(pool, test_deadline_moves_earlier)
{
	deadline_moves_earlier();
}

ZTEST(pool, test_deadline_moves_later)
{
	deadline_moves_later();
}

ZTEST(pool, test_out_of_range_is_refused)
{
	out_of_range_is_refused();
}

ZTEST(pool, test_more_due_than_a_batch)
{
	more_due_than_a_batch();
}

ZTEST(pool, test_cancel_idle)
{
	cancel_idle();
}

ZTEST(pool, test_cancel_queued)
{
	cancel_queued();
}

ZTEST(pool, test_cancel_deferred)
{
	cancel_deferred();
}

ZTEST(pool, test_cancel_running)
{
	cancel_running();
}

ZTEST(pool, test_cancel_running_and_resubmitted)
{
	cancel_running_and_resubmitted();
}

ZTEST(pool, test_cancel_from_timer_interrupt)
{
	cancel_from_timer_interrupt();
}

ZTEST(pool, test_status_in_each_state)
{
	status_in_each_state();
}

ZTEST(pool, test_submit_in_each_state)
{
	submit_in_each_state();
}

ZTEST(pool, test_submit_after_in_each_state)
{
	submit_after_in_each_state();
}

ZTEST(pool, test_job_submits_itself)
{
	job_submits_itself();
}

ZTEST(pool, test_workers_are_idle_at_rest)
{
	workers_are_idle_at_rest();
}

ZTEST(pool, test_pool_grows_and_shrinks)
{
	pool_grows_and_shrinks();
}

ZTEST(pool, test_pool_stays_below_its_maximum)
{
	pool_stays_below_its_maximum();
}

ZTEST(pool, test_pool_in_line_gets_the_worker)
{
	pool_in_line_gets_the_worker();
}

ZTEST(pool, test_pool_in_line_may_change_its_mind)
{
	pool_in_line_may_change_its_mind();
}

ZTEST(pool, test_borrowed_worker_has_the_pools_priority)
{
	borrowed_worker_has_the_pools_priority();
}

ZTEST(pool, test_threads_have_names)
{
	threads_have_names();
}

ZTEST(pool, test_submitted_before_the_start)
{
	submitted_before_the_start();
}

ZTEST(pool, test_pool_that_is_not_running_refuses)
{
	pool_that_is_not_running_refuses();
}

ZTEST(pool, test_semaphore_waits_in_a_thread)
{
	semaphore_waits_in_a_thread();
}

ZTEST(pool, test_semaphore_does_not_wait_in_an_interrupt)
{
	semaphore_does_not_wait_in_an_interrupt();
}

ZTEST(pool, test_semaphore_times_out)
{
	semaphore_times_out();
}

ZTEST(pool, test_semaphore_may_be_moved)
{
	semaphore_may_be_moved();
}

ZTEST(pool, test_outcomes_are_told_once)
{
	outcomes_are_told_once();
}

ZTEST(pool, test_completion_may_submit_again)
{
	completion_may_submit_again();
}

ZTEST(pool, test_completion_is_told_on_the_worker)
{
	completion_is_told_on_the_worker();
}

ZTEST(pool, test_errors_say_what_to_do)
{
	errors_say_what_to_do();
}

ZTEST(pool, test_start_is_logged_by_c)
{
	start_is_logged_by_c();
}

ZTEST(pool, test_events_are_logged_by_c)
{
	events_are_logged_by_c();
}

ZTEST(pool, test_events_are_logged_by_rust)
{
	events_are_logged_by_rust();
}

ZTEST(pool, test_wait_for_each_state)
{
	wait_for_each_state();
}

ZTEST(pool, test_wait_times_out)
{
	wait_times_out();
}

ZTEST(pool, test_wait_is_refused)
{
	wait_is_refused();
}

ZTEST(pool, test_several_threads_wait)
{
	several_threads_wait();
}

ZTEST(pool, test_waiters_have_times_of_their_own)
{
	waiters_have_times_of_their_own();
}

ZTEST(pool, test_cancel_waits_for_the_run)
{
	cancel_waits_for_the_run();
}

ZTEST(pool, test_ends_meet_timeouts)
{
	ends_meet_timeouts();
}

ZTEST(pool, test_held_pool_runs_nothing)
{
	held_pool_runs_nothing();
}

ZTEST(pool, test_maximum_goes_up_and_down)
{
	maximum_goes_up_and_down();
}

ZTEST(pool, test_shutdown_drains_or_discards)
{
	shutdown_drains_or_discards();
}

ZTEST(pool, test_shutdown_is_refused)
{
	shutdown_is_refused();
}

ZTEST(pool, test_shutdown_from_several_threads)
{
	shutdown_from_several_threads();
}

ZTEST(pool, test_shutdowns_race_with_interrupts)
{
	shutdowns_race_with_interrupts();
}

ZTEST(pool, test_higher_levels_run_first)
{
	higher_levels_run_first();
}

ZTEST(pool, test_urgent_jobs_go_first)
{
	urgent_jobs_go_first();
}

ZTEST(pool, test_urgent_jobs_borrow_beyond_the_maximum)
{
	urgent_jobs_borrow_beyond_the_maximum();
}

ZTEST(pool, test_wait_ends_in_order)
{
	wait_ends_in_order();
}

ZTEST(pool, test_cancel_does_not_wait_for_what_has_not_begun)
{
	cancel_does_not_wait_for_what_has_not_begun();
}

ZTEST(pool, test_cancel_waits_for_a_deferred_job_that_has_begun)
{
	cancel_waits_for_a_deferred_job_that_has_begun();
}

ZTEST(pool, test_several_threads_cancel_and_wait)
{
	several_threads_cancel_and_wait();
}

ZTEST(pool, test_job_cancels_itself)
{
	job_cancels_itself();
}

ZTEST(pool, test_job_waits_for_a_less_urgent_one)
{
	job_waits_for_a_less_urgent_one();
}

ZTEST(pool, test_burst)
{
	burst();
}
