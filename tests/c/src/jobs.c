/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Submitting and cancelling: each answer, in each state of a job.
 */

#include "common.h"

static struct noted job;

static int said;

static int say(const struct taskpool_ctx *ctx, void *arg)
{
	zassert_equal_ptr(taskpool_ctx_pool(ctx), &taskpool_system);
	zassert_equal(taskpool_ctx_due(ctx), 0);
	zassert_false(taskpool_ctx_cancelled(ctx));
	said += (int)(intptr_t)arg;
	return 0;
}

TASKPOOL_JOB_DEFINE(defined, say, (void *)3);

ZTEST(c, test_defined_jobs_need_no_call)
{
	said = 0;
	zassert_equal(taskpool_submit(&taskpool_system, &defined), TASKPOOL_NEW);
	settle();
	zassert_equal(said, 3);
	zassert_equal(taskpool_status(&defined, NULL), TASKPOOL_IDLE);
}

static atomic_t order;

static int note_order(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	*(int *)arg = (int)atomic_inc(&order);
	return 0;
}

static int place[3];
static struct noted told;

TASKPOOL_JOB_DEFINE_WITH(low, note_order, &place[0], NULL, 0, false);
TASKPOOL_JOB_DEFINE_WITH(high, note_order, &place[1], &told.end, 2, false);
TASKPOOL_JOB_DEFINE_WITH(discarded, note_order, &place[2], NULL, 0, true);

ZTEST(c, test_levels)
{
	noted_init(&told, 0);
	atomic_clear(&order);
	zassert_ok(taskpool_submit(&slow, &low));
	zassert_ok(taskpool_submit(&slow, &high));
	settle();
	zassert_equal(place[1], 0);
	zassert_equal(place[0], 1);
	zassert_equal(atomic_get(&told.told), 1, "the completion of a job that was defined with one");

	atomic_clear(&order);
	zassert_ok(taskpool_set_level(&low, 2));
	zassert_ok(taskpool_set_level(&high, 1));
	zassert_ok(taskpool_submit(&slow, &high));
	zassert_ok(taskpool_submit(&slow, &low));
	settle();
	zassert_equal(place[0], 0);
	zassert_equal(place[1], 1);
	zassert_equal(taskpool_set_level(&low, 3), -EINVAL);
	zassert_ok(taskpool_set_level(&low, 0));
	zassert_ok(taskpool_set_level(&high, 2));
}

ZTEST(c, test_discarded_on_shutdown)
{
	atomic_clear(&order);
	place[0] = -1;
	place[2] = -1;
	zassert_ok(taskpool_submit(&slow, &low));
	zassert_ok(taskpool_submit(&slow, &discarded));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(place[0], 0);
	zassert_equal(place[2], -1);
	zassert_equal(taskpool_wait(&discarded, K_NO_WAIT, NULL), TASKPOOL_DISCARDED);
	zassert_ok(taskpool_restart(&slow));

	noted_init(&job, 0);
	zassert_ok(taskpool_job_set_discard(&job.job, true));
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_equal(taskpool_job_set_discard(&job.job, false), -EBUSY);
	zassert_equal(taskpool_job_set_end(&job.job, &job.end), -EBUSY);
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(job.outcome, TASKPOOL_DISCARDED);
	zassert_ok(taskpool_restart(&slow));
	zassert_ok(taskpool_job_set_discard(&job.job, false));
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(job.outcome, TASKPOOL_DONE);
	zassert_ok(taskpool_restart(&slow));
}

ZTEST(c, test_queued)
{
	noted_init(&job, 4);
	zassert_equal(taskpool_submit(&slow, &job.job), TASKPOOL_NEW);
	zassert_equal(taskpool_status(&job.job, NULL), TASKPOOL_QUEUED);
	zassert_equal(taskpool_submit(&slow, &job.job), -EALREADY);
	zassert_equal(taskpool_submit(&eager, &job.job), -EALREADY);
	zassert_equal(taskpool_submit_after(&slow, &job.job, K_MSEC(1)), -EALREADY);
	zassert_equal(taskpool_submit_at(&slow, &job.job, 1), -EALREADY);
	zassert_equal(taskpool_submit_within(&slow, &job.job, K_MSEC(1)), -EALREADY);
	zassert_equal(taskpool_submit_urgent(&eager, &job.job), -EALREADY);
	zassert_equal(taskpool_submit_urgent(&slow, &job.job), TASKPOOL_MOVED);
	zassert_equal(taskpool_submit_urgent(&slow, &job.job), -EALREADY);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_equal(atomic_get(&job.told), 1);
	zassert_equal(job.outcome, TASKPOOL_DONE);
	zassert_equal(job.code, 4);

	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_equal(taskpool_cancel(&job.job), TASKPOOL_FOUND_WAITING);
	zassert_equal(taskpool_cancel(&job.job), TASKPOOL_FOUND_IDLE);
	zassert_equal(job.outcome, TASKPOOL_CANCELLED);
	zassert_equal(job.code, 0);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
}

ZTEST(c, test_deferred)
{
	k_ticks_t deadline = 0;
	k_ticks_t now;

	noted_init(&job, 0);
	now = k_uptime_ticks();
	zassert_equal(taskpool_submit_after(&slow, &job.job, K_TICKS(1000)), TASKPOOL_NEW);
	zassert_equal(taskpool_status(&job.job, &deadline), TASKPOOL_DEFERRED);
	zassert_between_inclusive(deadline, now + 1001, now + 1100);
	zassert_equal(taskpool_submit_after(&slow, &job.job, K_TIMEOUT_ABS_TICKS(now + 2000)), TASKPOOL_MOVED);
	zassert_equal(taskpool_status(&job.job, &deadline), TASKPOOL_DEFERRED);
	zassert_equal(deadline, now + 2000);
	zassert_equal(taskpool_submit_at(&slow, &job.job, now + 3000), TASKPOOL_MOVED);
	zassert_equal(taskpool_status(&job.job, &deadline), TASKPOOL_DEFERRED);
	zassert_equal(deadline, now + 3000);
	zassert_equal(taskpool_submit(&slow, &job.job), TASKPOOL_MOVED);
	zassert_equal(taskpool_status(&job.job, &deadline), TASKPOOL_QUEUED);
	zassert_equal(deadline, 0);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);

	zassert_ok(taskpool_submit_after(&slow, &job.job, K_MSEC(1)));
	zassert_equal(taskpool_cancel(&job.job), TASKPOOL_FOUND_WAITING);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_equal(atomic_get(&job.told), 2);
}

static k_ticks_t due;
static k_ticks_t ran_at;

static void note_time(const struct taskpool_ctx *ctx, struct noted *unused)
{
	ARG_UNUSED(unused);
	due = taskpool_ctx_due(ctx);
	ran_at = k_uptime_ticks();
}

ZTEST(c, test_times)
{
	k_ticks_t now;

	noted_init(&job, 0);
	job.script = note_time;
	now = k_uptime_ticks();
	zassert_ok(taskpool_submit_after(&eager, &job.job, K_TICKS(20)));
	k_sleep(K_TICKS(60));
	zassert_between_inclusive(due, now + 21, now + 25);
	zassert_between_inclusive(ran_at, due, due + 5);

	/* What has passed is now; and so is no delay. */
	zassert_ok(taskpool_submit_at(&eager, &job.job, -5));
	zassert_equal(atomic_get(&job.runs), 2);
	zassert_equal(due, 1, "tick 0 would be no deadline");
	zassert_ok(taskpool_submit_after(&eager, &job.job, K_NO_WAIT));
	zassert_equal(atomic_get(&job.runs), 3);
	zassert_equal(due, 0);
	zassert_ok(taskpool_submit_after(&eager, &job.job, K_TIMEOUT_ABS_TICKS(1)));
	zassert_equal(atomic_get(&job.runs), 4);
	zassert_equal(due, 1);

	zassert_equal(taskpool_submit_after(&eager, &job.job, K_TICKS(INT64_MAX)), -ERANGE);
	zassert_equal(taskpool_submit_at(&eager, &job.job, INT64_MAX), -ERANGE);
	zassert_equal(taskpool_submit_within(&eager, &job.job, K_TICKS(INT64_MAX)), -ERANGE);
	zassert_equal(taskpool_submit_after(&eager, &job.job, K_FOREVER), -EINVAL);
	zassert_equal(taskpool_submit_within(&eager, &job.job, K_FOREVER), -EINVAL);
	zassert_equal(taskpool_submit_within(&eager, &job.job, K_TIMEOUT_ABS_TICKS(5)), -EINVAL);
	zassert_equal(atomic_get(&job.runs), 4);
}

ZTEST(c, test_limited_time)
{
	noted_init(&job, 0);
	zassert_ok(taskpool_submit_within(&slow, &job.job, K_TICKS(5)));
	k_busy_wait(2000);
	settle();
	zassert_equal(atomic_get(&job.runs), 0);
	zassert_equal(job.outcome, TASKPOOL_TIMED_OUT);
	zassert_ok(taskpool_submit_within(&slow, &job.job, K_SECONDS(1)));
	settle();
	zassert_equal(job.outcome, TASKPOOL_DONE);
}

static int answers[8];
static bool saw_cancelled;

/* All that can be asked of a running job. */
static void ask(const struct taskpool_ctx *ctx, struct noted *self)
{
	if (atomic_get(&self->runs) > 1) {
		return;
	}
	answers[0] = taskpool_status(&self->job, NULL);
	answers[1] = taskpool_submit(taskpool_ctx_pool(ctx), &self->job);
	answers[2] = taskpool_status(&self->job, NULL);
	answers[3] = taskpool_submit(taskpool_ctx_pool(ctx), &self->job);
	answers[4] = taskpool_cancel(&self->job);
	answers[5] = taskpool_status(&self->job, NULL);
	saw_cancelled = taskpool_ctx_cancelled(ctx);
	answers[6] = taskpool_cancel(&self->job);
	answers[7] = taskpool_submit_after(taskpool_ctx_pool(ctx), &self->job, K_MSEC(1));
}

ZTEST(c, test_running)
{
	noted_init(&job, 9);
	job.script = ask;
	zassert_ok(taskpool_submit(&eager, &job.job));
	settle();
	zassert_equal(answers[0], TASKPOOL_RUNNING);
	zassert_equal(answers[1], TASKPOOL_AGAIN);
	zassert_equal(answers[2], TASKPOOL_RUNNING | TASKPOOL_RESUBMITTED);
	zassert_equal(answers[3], -EALREADY);
	zassert_equal(answers[4], TASKPOOL_FOUND_RUNNING_AGAIN);
	zassert_equal(answers[5], TASKPOOL_RUNNING | TASKPOOL_RUN_CANCELLED);
	zassert_true(saw_cancelled);
	zassert_equal(answers[6], TASKPOOL_FOUND_RUNNING);
	zassert_equal(answers[7], TASKPOOL_AGAIN);
	zassert_equal(atomic_get(&job.runs), 2);
	zassert_equal(atomic_get(&job.told), 3);
	zassert_equal(job.outcome, TASKPOOL_DONE);
	zassert_equal(job.code, 9);
}

/* The other ways to submit a running job, and to take that back. */
static void ask_again(const struct taskpool_ctx *ctx, struct noted *self)
{
	struct taskpool *pool = taskpool_ctx_pool(ctx);
	k_ticks_t deadline = -1;

	if (atomic_get(&self->runs) > 1) {
		return;
	}
	note(taskpool_submit_at(pool, &self->job, k_uptime_ticks() + 1000), TASKPOOL_AGAIN);
	note(taskpool_status(&self->job, &deadline), TASKPOOL_RUNNING | TASKPOOL_RESUBMITTED);
	note((int)deadline, 0);
	note(taskpool_submit_after(pool, &self->job, K_MSEC(500)), TASKPOOL_MOVED);
	note(taskpool_submit_within(pool, &self->job, K_MSEC(500)), TASKPOOL_MOVED);
	note(taskpool_abort(&self->job), TASKPOOL_FOUND_RUNNING_AGAIN);
	note(taskpool_submit_within(pool, &self->job, K_MSEC(500)), TASKPOOL_AGAIN);
	note(taskpool_status(&self->job, NULL), TASKPOOL_RUNNING | TASKPOOL_RUN_CANCELLED | TASKPOOL_RESUBMITTED);
	note(taskpool_submit_within(pool, &self->job, K_MSEC(500)), -EALREADY);
	note(taskpool_submit_at(pool, &self->job, 1), -EALREADY);
	note(taskpool_cancel(&self->job), TASKPOOL_FOUND_RUNNING_AGAIN);
	note(taskpool_submit_urgent(pool, &self->job), TASKPOOL_AGAIN);
	note(taskpool_submit_urgent(pool, &self->job), -EALREADY);
	note(taskpool_job_set_end(&self->job, NULL), -EBUSY);
	note(taskpool_job_set_discard(&self->job, true), -EBUSY);
	note(taskpool_set_level(&self->job, 1), 0);
}

ZTEST(c, test_running_jobs_are_submitted_in_every_way)
{
	noted_init(&job, 9);
	job.script = ask_again;
	zassert_ok(taskpool_submit(&eager, &job.job));
	settle();
	expect_noted(16);
	zassert_equal(atomic_get(&job.runs), 2);
	zassert_equal(atomic_get(&job.told), 4, "two runs, and two submissions that were taken back");
	zassert_equal(job.outcome, TASKPOOL_DONE);
}

ZTEST(c, test_deferred_jobs_are_submitted_in_every_way)
{
	noted_init(&job, 0);
	zassert_ok(taskpool_submit_at(&slow, &job.job, k_uptime_ticks() + 10000));
	zassert_equal(taskpool_job_set_end(&job.job, NULL), -EBUSY);
	zassert_equal(taskpool_job_set_discard(&job.job, true), -EBUSY);
	zassert_equal(taskpool_submit_within(&slow, &job.job, K_MSEC(100)), TASKPOOL_MOVED);
	zassert_equal(taskpool_status(&job.job, NULL), TASKPOOL_QUEUED);
	zassert_equal(taskpool_cancel(&job.job), TASKPOOL_FOUND_WAITING);
	zassert_ok(taskpool_submit_at(&slow, &job.job, k_uptime_ticks() + 10000));
	zassert_equal(taskpool_submit_urgent(&slow, &job.job), TASKPOOL_MOVED);
	zassert_equal(taskpool_status(&job.job, NULL), TASKPOOL_QUEUED);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_equal(atomic_get(&job.told), 2);
	zassert_ok(taskpool_submit_at(&slow, &job.job, k_uptime_ticks() + 10000));
	zassert_equal(taskpool_abort(&job.job), TASKPOOL_FOUND_WAITING);
	zassert_equal(job.outcome, TASKPOOL_ABORTED);
}

static void abort_itself(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	answers[0] = taskpool_abort(&self->job);
}

ZTEST(c, test_abort)
{
	noted_init(&job, 9);
	zassert_equal(taskpool_abort(&job.job), TASKPOOL_FOUND_IDLE);
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_equal(taskpool_abort(&job.job), TASKPOOL_FOUND_WAITING);
	zassert_equal(job.outcome, TASKPOOL_ABORTED);
	job.script = abort_itself;
	zassert_ok(taskpool_submit(&eager, &job.job));
	zassert_equal(answers[0], TASKPOOL_FOUND_RUNNING);
	zassert_equal(job.outcome, TASKPOOL_ABORTED);
	zassert_equal(job.code, 0);
}

static void from_interrupt(void)
{
	answers[0] = taskpool_submit(&slow, &job.job);
	answers[1] = taskpool_status(&job.job, NULL);
	answers[2] = taskpool_cancel(&job.job);
	answers[3] = taskpool_submit_after(&slow, &job.job, K_MSEC(1));
	answers[4] = taskpool_submit_urgent(&slow, &job.job);
	answers[5] = taskpool_set_level(&job.job, 1);
	answers[6] = taskpool_abort(&job.job);
	answers[7] = taskpool_submit_within(&slow, &job.job, K_MSEC(100));
}

ZTEST(c, test_interrupts_submit_and_cancel)
{
	noted_init(&job, 0);
	in_interrupt(from_interrupt);
	zassert_equal(answers[0], TASKPOOL_NEW);
	zassert_equal(answers[1], TASKPOOL_QUEUED);
	zassert_equal(answers[2], TASKPOOL_FOUND_WAITING);
	zassert_equal(answers[3], TASKPOOL_NEW);
	zassert_equal(answers[4], TASKPOOL_MOVED);
	zassert_equal(answers[5], 0);
	zassert_equal(answers[6], TASKPOOL_FOUND_WAITING);
	zassert_equal(answers[7], TASKPOOL_NEW);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_equal(atomic_get(&job.told), 3);
}

static void note_worker(const struct taskpool_ctx *ctx, struct noted *unused)
{
	ARG_UNUSED(unused);
	answers[0] = taskpool_ctx_worker(ctx);
	k_sleep(K_MSEC(2));
}

ZTEST(c, test_urgent_jobs_borrow)
{
	static struct noted long_one;

	noted_init(&long_one, 0);
	long_one.script = note_worker;
	noted_init(&job, 0);
	job.script = note_worker;
	zassert_ok(taskpool_submit(&eager, &long_one.job));
	zassert_equal(answers[0], 0);
	zassert_ok(taskpool_submit_urgent(&eager, &job.job));
	zassert_equal(answers[0], 255, "worker %d", answers[0]);
	settle();
	zassert_equal(atomic_get(&job.told), 1);
}
