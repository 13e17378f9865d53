/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is asked of pools: hold, pause, resize, shut down, count; and pools that are made at run time.
 */

#include "common.h"

static struct noted job;
static int answers[8];

ZTEST(c, test_hold)
{
	noted_init(&job, 0);
	zassert_equal(taskpool_release(&slow), -ESHUTDOWN);
	zassert_ok(taskpool_hold(&slow));
	zassert_equal(taskpool_hold(&slow), -ESHUTDOWN);
	zassert_ok(taskpool_submit(&slow, &job.job));
	settle();
	zassert_equal(atomic_get(&job.runs), 0);
	zassert_ok(taskpool_release(&slow));
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
}

ZTEST(c, test_pause)
{
	noted_init(&job, 0);
	zassert_equal(taskpool_resume(&slow), -ESHUTDOWN);
	zassert_equal(taskpool_pause(&slow, (enum taskpool_clock)2), -EINVAL);
	zassert_ok(taskpool_submit_after(&slow, &job.job, K_MSEC(2)));
	zassert_ok(taskpool_pause(&slow, TASKPOOL_CLOCK_FROZEN));
	zassert_equal(taskpool_pause(&slow, TASKPOOL_CLOCK_FROZEN), -ESHUTDOWN, "it is held");
	zassert_equal(taskpool_hold(&slow), -ESHUTDOWN);
	k_sleep(K_MSEC(4));
	zassert_ok(taskpool_resume(&slow));
	k_sleep(K_MSEC(1));
	zassert_equal(atomic_get(&job.runs), 0, "the pause does not count");
	k_sleep(K_MSEC(3));
	zassert_equal(atomic_get(&job.runs), 1);

	zassert_ok(taskpool_submit_after(&slow, &job.job, K_MSEC(2)));
	zassert_ok(taskpool_pause(&slow, TASKPOOL_CLOCK_RUNS_ON));
	k_sleep(K_MSEC(4));
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_ok(taskpool_resume(&slow));
	k_sleep(K_TICKS(3));
	zassert_equal(atomic_get(&job.runs), 2, "it came due meanwhile");
}

ZTEST(c, test_set_max_threads)
{
	zassert_equal(taskpool_set_max_threads(&slow, 0), -EINVAL);
	zassert_equal(taskpool_set_max_threads(&slow, 128), -EINVAL);
	zassert_equal(taskpool_set_max_threads(&slow, 257), -EINVAL);
	zassert_equal(taskpool_set_max_threads(&taskpool_system, 1), -EINVAL, "fewer than its own");
	zassert_ok(taskpool_set_max_threads(&slow, 2));
	zassert_ok(taskpool_set_max_threads(&slow, 1));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(taskpool_set_max_threads(&slow, 1), -ESHUTDOWN);
	zassert_ok(taskpool_restart(&slow));
}

static void shut_own_pool(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(self);
	answers[0] = taskpool_shutdown(taskpool_ctx_pool(ctx), TASKPOOL_DRAIN, K_FOREVER);
	k_sleep(K_MSEC(5));
}

static void shut_in_interrupt(void)
{
	answers[1] = taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_NO_WAIT);
}

ZTEST(c, test_shutdown)
{
	noted_init(&job, 5);
	job.script = shut_own_pool;
	zassert_equal(taskpool_restart(&slow), -ESHUTDOWN);
	zassert_equal(taskpool_shutdown(&slow, (enum taskpool_shutdown)2, K_FOREVER), -EINVAL);
	in_interrupt(shut_in_interrupt);
	zassert_equal(answers[1], -EPERM);
	zassert_ok(taskpool_submit(&slow, &job.job));
	k_sleep(K_MSEC(1));
	zassert_equal(answers[0], -EDEADLK);
	zassert_equal(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_NO_WAIT), -EAGAIN);
	zassert_equal(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_MSEC(1)), -EAGAIN);
	zassert_equal(taskpool_submit(&slow, &job.job), -ESHUTDOWN);
	zassert_equal(taskpool_submit_after(&slow, &job.job, K_MSEC(1)), -ESHUTDOWN);
	zassert_equal(taskpool_submit_urgent(&slow, &job.job), -ESHUTDOWN);
	zassert_equal(taskpool_submit_within(&slow, &job.job, K_MSEC(1)), -ESHUTDOWN);
	zassert_equal(taskpool_submit_at(&slow, &job.job, 1), -ESHUTDOWN);
	zassert_equal(taskpool_release(&slow), -ESHUTDOWN);
	zassert_equal(taskpool_restart(&slow), -ESHUTDOWN, "not to the end");
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DISCARD, K_FOREVER), "twice");
	zassert_equal(taskpool_hold(&slow), -ESHUTDOWN);
	zassert_equal(taskpool_pause(&slow, TASKPOOL_CLOCK_FROZEN), -ESHUTDOWN);
	zassert_equal(job.outcome, TASKPOOL_DONE);
	zassert_ok(taskpool_restart(&slow));
	zassert_equal(taskpool_restart(&slow), -ESHUTDOWN);
	job.script = NULL;
	zassert_ok(taskpool_submit(&slow, &job.job));
	settle();
	zassert_equal(atomic_get(&job.runs), 2);
}

ZTEST(c, test_stats)
{
	struct taskpool_stats stats;

	noted_init(&job, 0);
	zassert_ok(taskpool_reset_stats(&slow));
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_ok(taskpool_stats(&slow, &stats));
	zassert_equal(stats.submitted, 1);
	zassert_equal(stats.queued, 1);
	zassert_equal(stats.workers, 1);
	k_busy_wait(1000);
	settle();
	zassert_ok(taskpool_submit_after(&slow, &job.job, K_MSEC(1)));
	settle();
	zassert_ok(taskpool_submit(&slow, &job.job));
	(void)taskpool_cancel(&job.job);
	zassert_ok(taskpool_submit(&slow, &job.job));
	(void)taskpool_abort(&job.job);
	zassert_ok(taskpool_submit_within(&slow, &job.job, K_TICKS(1)));
	k_busy_wait(500);
	settle();
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DISCARD, K_FOREVER));
	zassert_ok(taskpool_restart(&slow));
	zassert_ok(taskpool_stats(&slow, &stats));
	zassert_equal(stats.submitted, 6);
	zassert_equal(stats.done, 2);
	zassert_equal(stats.cancelled, 1);
	zassert_equal(stats.aborted, 1);
	zassert_equal(stats.timed_out, 1);
	zassert_equal(stats.discarded, 1);
	zassert_equal(stats.queued, 0);
	zassert_equal(stats.most_queued, 1);
	zassert_equal(stats.most_workers, 1);
	zassert_between_inclusive(stats.worst_queueing, 10, 60);
	zassert_true(stats.mean_queueing <= stats.worst_queueing);
	zassert_true(stats.mean_lateness <= stats.worst_lateness);
	zassert_true(stats.worst_lateness < 50);
	zassert_true(stats.busy < 50);
	zassert_true(stats.worst_starvation < 100);
	zassert_equal(taskpool_stats(&slow, NULL), -EINVAL);
	zassert_equal(taskpool_stats(NULL, &stats), -EINVAL);
	zassert_equal(taskpool_reset_stats(NULL), -EINVAL);
}

static struct taskpool_memory memory;

static void make_in_interrupt(void)
{
	answers[0] = taskpool_create(&memory, "isr", 1, 7);
	answers[1] = taskpool_destroy(&memory, TASKPOOL_DRAIN, K_NO_WAIT);
}

ZTEST(c, test_pools_made_at_run_time)
{
	noted_init(&job, 3);
	memset(&memory, 0, sizeof(memory));
	zassert_equal(taskpool_submit(&memory.pool, &job.job), -ESHUTDOWN, "not made yet");
	zassert_equal(taskpool_create(NULL, "no", 1, 7), -EINVAL);
	zassert_equal(taskpool_create(&memory, NULL, 1, 7), -EINVAL);
	zassert_equal(taskpool_create(&memory, "no", 0, 7), -EINVAL);
	zassert_equal(taskpool_create(&memory, "no", 128, 7), -EINVAL);
	zassert_equal(taskpool_create(&memory, "no", 1, 99), -EINVAL);
	zassert_equal(taskpool_destroy(NULL, TASKPOOL_DRAIN, K_FOREVER), -EINVAL);
	in_interrupt(make_in_interrupt);
	zassert_equal(answers[0], -EPERM);
	zassert_equal(answers[1], -EPERM);

	for (int round = 0; round < 2; round++) {
		zassert_ok(taskpool_create(&memory, "made", 1, 7));
		zassert_ok(taskpool_submit(&memory.pool, &job.job));
		zassert_equal(taskpool_wait(&job.job, K_FOREVER, NULL), TASKPOOL_DONE);
		zassert_ok(taskpool_submit_after(&memory.pool, &job.job, K_SECONDS(1)));
		zassert_equal(taskpool_destroy(&memory, (enum taskpool_shutdown)2, K_FOREVER), -EINVAL);
		zassert_ok(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER));
		zassert_equal(job.outcome, TASKPOOL_DISCARDED);
		zassert_equal(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER), -ESHUTDOWN);
		memset(&memory, 0xa5, sizeof(memory));
	}
	zassert_equal(atomic_get(&job.runs), 2);
}

static void destroy_own_pool(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(self);
	note(taskpool_destroy(&memory, TASKPOOL_DISCARD, K_FOREVER), -EDEADLK);
	note(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_NO_WAIT), -EDEADLK);
	k_sleep(K_MSEC(5));
}

ZTEST(c, test_destroying_takes_its_time)
{
	static struct taskpool_memory never_made;

	zassert_equal(taskpool_destroy(&never_made, TASKPOOL_DRAIN, K_FOREVER), -ESHUTDOWN);
	noted_init(&job, 3);
	job.script = destroy_own_pool;
	zassert_ok(taskpool_create(&memory, "made", 1, 3));
	zassert_ok(taskpool_submit(&memory.pool, &job.job));
	expect_noted(2);
	zassert_equal(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_NO_WAIT), -EAGAIN);
	zassert_equal(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_MSEC(1)), -EAGAIN);
	zassert_equal(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_TIMEOUT_ABS_TICKS(k_uptime_ticks() + 5)), -EAGAIN);
	zassert_equal(taskpool_submit(&memory.pool, &job.job), -ESHUTDOWN);
	zassert_equal(atomic_get(&job.told), 0, "it goes on");
	zassert_ok(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(atomic_get(&job.told), 1);
	zassert_equal(job.outcome, TASKPOOL_DONE);
	zassert_equal(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER), -ESHUTDOWN);
}

ZTEST(c, test_priorities_of_pools_that_are_made)
{
	static const int wrong[] = {-CONFIG_NUM_COOP_PRIORITIES - 1, CONFIG_NUM_PREEMPT_PRIORITIES, INT_MIN, INT_MAX};
	static const int right[] = {-CONFIG_NUM_COOP_PRIORITIES, 0, CONFIG_NUM_PREEMPT_PRIORITIES - 1};

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		zassert_equal(taskpool_create(&memory, "wrong", 1, wrong[i]), -EINVAL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		zassert_ok(taskpool_create(&memory, "right", 127, right[i]));
		zassert_ok(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER));
	}
}
