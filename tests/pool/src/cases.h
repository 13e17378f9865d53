/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What Rust exports: the bodies of the cases, and what is called around them.
 */

#ifndef TEST_CASES_H_
#define TEST_CASES_H_

/* src/submit.rs */
void submit_from_thread(void);
void submit_from_interrupt(void);
void submit_from_timer_interrupt(void);
void submit_runs_by_thread_priority(void);
void fifo_on_one_worker(void);
void queued_job_keeps_its_place(void);
void running_job_runs_once_more(void);
void never_on_two_workers(void);
void several_workers_run_at_once(void);
void two_pools_at_once(void);
void job_moves_between_pools(void);
void job_sent_to_an_urgent_pool_runs_next(void);

/* src/defer.rs */
void deferred_is_never_early(void);
void deferred_from_interrupt(void);
void deadlines_run_in_order(void);
void equal_deadlines_run_as_submitted(void);
void absolute_deadline(void);
void past_deadline_runs_now(void);
void zero_delay_runs_now(void);
void later_deadline_leaves_the_timer(void);
void earlier_deadline_moves_the_timer(void);
void deadline_moves_earlier(void);
void deadline_moves_later(void);
void out_of_range_is_refused(void);
void more_due_than_a_batch(void);

/* src/cancel.rs */
void cancel_idle(void);
void cancel_queued(void);
void cancel_deferred(void);
void cancel_running(void);
void cancel_running_and_resubmitted(void);
void cancel_from_timer_interrupt(void);

/* src/resubmit.rs */
void status_in_each_state(void);
void submit_in_each_state(void);
void submit_after_in_each_state(void);
void job_submits_itself(void);

/* src/workers.rs */
void workers_are_idle_at_rest(void);
void pool_grows_and_shrinks(void);
void pool_stays_below_its_maximum(void);
void pool_in_line_gets_the_worker(void);
void pool_in_line_may_change_its_mind(void);
void borrowed_worker_has_the_pools_priority(void);
void threads_have_names(void);

/* src/boot.rs */
void submitted_before_the_start(void);
void pool_that_is_not_running_refuses(void);

/* src/completion.rs */
void semaphore_waits_in_a_thread(void);
void semaphore_does_not_wait_in_an_interrupt(void);
void semaphore_times_out(void);
void semaphore_may_be_moved(void);
void outcomes_are_told_once(void);
void completion_may_submit_again(void);
void completion_is_told_on_the_worker(void);
void errors_say_what_to_do(void);

/* src/events.rs */
void start_is_logged_by_c(void);
void events_are_logged_by_c(void);
void events_are_logged_by_rust(void);

/* src/wait.rs */
void wait_for_each_state(void);
void wait_times_out(void);
void wait_is_refused(void);
void several_threads_wait(void);
void waiters_have_times_of_their_own(void);
void cancel_waits_for_the_run(void);
void ends_meet_timeouts(void);
void wait_ends_in_order(void);
void cancel_does_not_wait_for_what_has_not_begun(void);
void cancel_waits_for_a_deferred_job_that_has_begun(void);
void several_threads_cancel_and_wait(void);
void job_cancels_itself(void);
void job_waits_for_a_less_urgent_one(void);

/* src/control.rs */
void held_pool_runs_nothing(void);
void maximum_goes_up_and_down(void);
void shutdown_drains_or_discards(void);
void shutdown_is_refused(void);
void shutdown_from_several_threads(void);
void shutdowns_race_with_interrupts(void);

/* src/urgency.rs */
void higher_levels_run_first(void);
void urgent_jobs_go_first(void);
void urgent_jobs_borrow_beyond_the_maximum(void);

/* src/burst.rs */
void burst(void);

/* src/boot.rs: before and after the pools are started, and around the cases */
void boot_before_kernel(void);
void boot_before_pools(void);
void boot_after_pools(void);
void suite_setup(void);
void suite_after_each(void);

#endif /* TEST_CASES_H_ */
