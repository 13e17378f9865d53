/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Every function in an interrupt: it does what it does in a thread, unless it has to wait, which is an error that
 * changes nothing.
 */

#include <string.h>

#include "common.h"

static struct noted job;
static struct noted other;
static int code;

static void last_a_while(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(self);
	k_sleep(K_MSEC(5));
}

static int add(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	return (int)(intptr_t)arg + 1;
}

static int last_and_add(const struct taskpool_ctx *ctx, void *arg)
{
	k_sleep(K_MSEC(5));
	return add(ctx, arg);
}

static void prepare_job(void)
{
	static struct taskpool_job made;

	note(taskpool_job_init(&made, add, (void *)4), 0);
	note(taskpool_job_init(&made, NULL, NULL), -EINVAL);
	note(taskpool_job_set_end(&made, &job.end), 0);
	note(taskpool_job_set_discard(&made, true), 0);
	note(taskpool_set_level(&made, 2), 0);
	note(taskpool_set_level(&made, 3), -EINVAL);
	note(taskpool_status(&made, NULL), TASKPOOL_IDLE);
	note(taskpool_cancel(&made), TASKPOOL_FOUND_IDLE);
	note(taskpool_abort(&made), TASKPOOL_FOUND_IDLE);
	note(taskpool_submit(&slow, &made), TASKPOOL_NEW);
	note(taskpool_job_set_end(&made, NULL), -EBUSY);
	note(taskpool_job_set_discard(&made, false), -EBUSY);
}

ZTEST(c, test_interrupts_prepare_jobs)
{
	noted_init(&job, 0);
	in_interrupt(prepare_job);
	expect_noted(12);
	settle();
	zassert_equal(atomic_get(&job.told), 1);
	zassert_equal(job.outcome, TASKPOOL_DONE);
	zassert_equal(job.code, 5);
}

static void submit(void)
{
	k_ticks_t deadline = 0;
	k_ticks_t later = k_uptime_ticks() + 1000;

	note(taskpool_submit_at(&slow, &job.job, later), TASKPOOL_NEW);
	note(taskpool_status(&job.job, &deadline), TASKPOOL_DEFERRED);
	note(deadline == later, true);
	note(taskpool_submit_at(&slow, &job.job, INT64_MAX), -ERANGE);
	note(taskpool_submit_after(&slow, &job.job, K_TICKS(2000)), TASKPOOL_MOVED);
	note(taskpool_submit_after(&slow, &job.job, K_FOREVER), -EINVAL);
	note(taskpool_submit_within(&slow, &job.job, K_MSEC(100)), TASKPOOL_MOVED);
	note(taskpool_submit_within(&slow, &job.job, K_MSEC(100)), -EALREADY);
	note(taskpool_submit_urgent(&slow, &job.job), TASKPOOL_MOVED);
	note(taskpool_submit_urgent(&slow, &job.job), -EALREADY);
	note(taskpool_submit(&slow, &job.job), -EALREADY);
	note(taskpool_submit(NULL, &job.job), -EINVAL);
	note(taskpool_submit(&slow, NULL), -EINVAL);
	/* It runs there. */
	note(taskpool_submit(&slow, &other.job), TASKPOOL_AGAIN);
	note(taskpool_status(&other.job, NULL), TASKPOOL_RUNNING | TASKPOOL_RESUBMITTED);
	note(taskpool_abort(&other.job), TASKPOOL_FOUND_RUNNING_AGAIN);
	note(taskpool_cancel(&other.job), TASKPOOL_FOUND_RUNNING);
}

ZTEST(c, test_interrupts_submit_in_every_way)
{
	noted_init(&job, 0);
	noted_init(&other, 3);
	other.script = last_a_while;
	zassert_ok(taskpool_submit(&eager, &other.job));
	in_interrupt(submit);
	expect_noted(17);
	settle();
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_equal(atomic_get(&other.runs), 1);
	zassert_equal(atomic_get(&other.told), 2, "the run, and the submission that the interrupt took back");
	zassert_equal(other.outcome, TASKPOOL_ABORTED);
}

static void wait_for_it(void)
{
	note(taskpool_wait(&job.job, K_NO_WAIT, &code), -EAGAIN);
	note(taskpool_wait(&job.job, K_MSEC(1), &code), -EPERM);
	note(taskpool_wait(&job.job, K_FOREVER, &code), -EPERM);
	note(taskpool_cancel_wait(&job.job, K_MSEC(1), &code), -EPERM);
	note(taskpool_cancel_wait(&job.job, K_FOREVER, &code), -EPERM);
	note(taskpool_status(&job.job, NULL), TASKPOOL_RUNNING);
	note(code, -1);
	note(taskpool_cancel_wait(&job.job, K_NO_WAIT, &code), -EAGAIN);
	note(taskpool_status(&job.job, NULL), TASKPOOL_RUNNING | TASKPOOL_RUN_CANCELLED);
	note(taskpool_wait(&other.job, K_NO_WAIT, NULL), -ENOENT);
	note(taskpool_wait(&other.job, K_FOREVER, NULL), -ENOENT);
	note(taskpool_cancel_wait(&other.job, K_FOREVER, NULL), -ENOENT);
	note(taskpool_wait(NULL, K_FOREVER, NULL), -EINVAL);
	note(taskpool_cancel_wait(NULL, K_NO_WAIT, NULL), -EINVAL);
}

static void hear_of_it(void)
{
	note(taskpool_wait(&job.job, K_NO_WAIT, &code), TASKPOOL_DONE);
	note(code, 6);
	note(taskpool_cancel_wait(&job.job, K_NO_WAIT, NULL), TASKPOOL_DONE);
	note(taskpool_wait(&job.job, K_FOREVER, NULL), TASKPOOL_DONE);
	/* Nothing runs, so there is no wait. */
	note(taskpool_submit_after(&slow, &job.job, K_SECONDS(1)), TASKPOOL_NEW);
	note(taskpool_cancel_wait(&job.job, K_NO_WAIT, &code), TASKPOOL_CANCELLED);
	note(code, 0);
	note(taskpool_submit(&slow, &job.job), TASKPOOL_NEW);
	note(taskpool_cancel_wait(&job.job, K_FOREVER, &code), TASKPOOL_CANCELLED);
}

ZTEST(c, test_interrupts_wait_for_nothing)
{
	noted_init(&job, 6);
	noted_init(&other, 0);
	job.script = last_a_while;
	code = -1;
	zassert_ok(taskpool_submit(&eager, &job.job));
	in_interrupt(wait_for_it);
	expect_noted(14);
	settle();
	settle();
	in_interrupt(hear_of_it);
	expect_noted(9);
}

static taskpool_handle_t first;
static taskpool_handle_t second;

static void spawn(void)
{
	struct taskpool_cache cache;

	note(taskpool_spawn(&eager, last_and_add, (void *)1, &first), 0);
	note(taskpool_spawn_after(&slow, add, (void *)2, K_SECONDS(1), &second), 0);
	note(taskpool_spawn(&slow, add, NULL, NULL), -ENOMEM);
	note(taskpool_spawn_after(&slow, add, NULL, K_MSEC(1), NULL), -ENOMEM);
	note(taskpool_cache(&cache), 0);
	note(cache.used, 2);
	note(taskpool_cache(NULL), -EINVAL);
	note(taskpool_spawned_status(second, NULL), TASKPOOL_DEFERRED);
	note(taskpool_spawned_cancel(second), TASKPOOL_FOUND_WAITING);
	note(taskpool_spawned_cancel(second), TASKPOOL_FOUND_IDLE);
	note(taskpool_join(second, K_NO_WAIT, &code), TASKPOOL_CANCELLED);
	note(taskpool_join(second, K_NO_WAIT, &code), -EBADF);
	note(taskpool_spawned_status(second, NULL), -EBADF);
	note(taskpool_spawned_cancel(second), -EBADF);
	note(taskpool_detach(second), -EBADF);
	note(taskpool_spawn_after(&slow, add, NULL, K_FOREVER, NULL), -EINVAL);
	note(taskpool_spawn(NULL, add, NULL, NULL), -EINVAL);
	note(taskpool_spawn(&slow, add, (void *)3, &second), 0);
	note(taskpool_detach(second), 0);
}

static void look_at_spawned(void)
{
	note(taskpool_spawned_status(first, NULL), TASKPOOL_RUNNING);
	note(taskpool_join(first, K_NO_WAIT, &code), -EAGAIN);
	note(taskpool_join(first, K_FOREVER, &code), -EPERM);
	note(taskpool_spawned_cancel(first), TASKPOOL_FOUND_RUNNING);
	note(taskpool_spawned_status(first, NULL), TASKPOOL_RUNNING | TASKPOOL_RUN_CANCELLED);
}

static void join(void)
{
	note(taskpool_join(first, K_NO_WAIT, &code), TASKPOOL_DONE);
	note(code, 2);
}

ZTEST(c, test_interrupts_spawn_and_join)
{
	struct taskpool_cache cache;

	in_interrupt(spawn);
	expect_noted(19);
	in_interrupt(look_at_spawned);
	expect_noted(5);
	settle();
	settle();
	in_interrupt(join);
	expect_noted(2);
	zassert_ok(taskpool_cache(&cache));
	zassert_equal(cache.used, 0);
}

static void hold(void)
{
	note(taskpool_release(&slow), -ESHUTDOWN);
	note(taskpool_hold(&slow), 0);
	note(taskpool_hold(&slow), -ESHUTDOWN);
	note(taskpool_submit(&slow, &job.job), TASKPOOL_NEW);
	note(taskpool_hold(NULL), -EINVAL);
}

static void release(void)
{
	note(taskpool_release(&slow), 0);
	note(taskpool_release(NULL), -EINVAL);
	note(taskpool_status(&job.job, NULL), TASKPOOL_QUEUED);
}

static void pause_pool(void)
{
	note(taskpool_resume(&slow), -ESHUTDOWN);
	note(taskpool_submit_after(&slow, &job.job, K_MSEC(2)), TASKPOOL_NEW);
	note(taskpool_pause(&slow, (enum taskpool_clock)2), -EINVAL);
	note(taskpool_pause(&slow, TASKPOOL_CLOCK_FROZEN), 0);
	note(taskpool_pause(&slow, TASKPOOL_CLOCK_RUNS_ON), -ESHUTDOWN);
}

static void resume(void)
{
	note(taskpool_resume(NULL), -EINVAL);
	note(taskpool_resume(&slow), 0);
	note(taskpool_status(&job.job, NULL), TASKPOOL_DEFERRED);
}

ZTEST(c, test_interrupts_hold_and_pause)
{
	noted_init(&job, 0);
	in_interrupt(hold);
	expect_noted(5);
	settle();
	zassert_equal(atomic_get(&job.runs), 0);
	in_interrupt(release);
	expect_noted(3);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);

	in_interrupt(pause_pool);
	expect_noted(5);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
	in_interrupt(resume);
	expect_noted(3);
	settle();
	zassert_equal(atomic_get(&job.runs), 2, "the clock stood");
}

static void resize(void)
{
	note(taskpool_set_max_threads(&eager, 2), 0);
	note(taskpool_set_max_threads(&eager, 0), -EINVAL);
	note(taskpool_set_max_threads(NULL, 1), -EINVAL);
	note(taskpool_restart(&eager), -ESHUTDOWN);
	note(taskpool_shutdown(&eager, TASKPOOL_DRAIN, K_NO_WAIT), -EPERM);
	note(taskpool_shutdown(&eager, TASKPOOL_DISCARD, K_FOREVER), -EPERM);
	note(taskpool_shutdown(NULL, TASKPOOL_DRAIN, K_NO_WAIT), -EINVAL);
	note(taskpool_submit(&eager, &other.job), TASKPOOL_NEW);
}

static void restart(void)
{
	note(taskpool_submit(&eager, &job.job), -ESHUTDOWN);
	note(taskpool_submit_at(&eager, &job.job, 1), -ESHUTDOWN);
	note(taskpool_spawn(&eager, add, NULL, NULL), -ESHUTDOWN);
	note(taskpool_set_max_threads(&eager, 1), -ESHUTDOWN);
	note(taskpool_hold(&eager), -ESHUTDOWN);
	note(taskpool_pause(&eager, TASKPOOL_CLOCK_RUNS_ON), -ESHUTDOWN);
	note(taskpool_restart(NULL), -EINVAL);
	note(taskpool_restart(&eager), 0);
	note(taskpool_set_max_threads(&eager, 1), 0);
	note(taskpool_submit(&eager, &job.job), TASKPOOL_NEW);
}

ZTEST(c, test_interrupts_resize_and_restart)
{
	noted_init(&job, 0);
	noted_init(&other, 0);
	job.script = last_a_while;
	zassert_ok(taskpool_submit(&eager, &job.job));
	in_interrupt(resize);
	expect_noted(8);
	zassert_equal(atomic_get(&other.runs), 1, "a second worker, while the first one is busy");
	zassert_ok(taskpool_shutdown(&eager, TASKPOOL_DRAIN, K_FOREVER));
	in_interrupt(restart);
	expect_noted(10);
	settle();
	settle();
	zassert_equal(atomic_get(&job.runs), 2);
}

static void count(void)
{
	struct taskpool_stats stats;

	note(taskpool_stats(&slow, &stats), 0);
	note(stats.submitted, 1);
	note(taskpool_stats(&slow, NULL), -EINVAL);
	note(taskpool_stats(NULL, &stats), -EINVAL);
	note(taskpool_reset_stats(NULL), -EINVAL);
	note(taskpool_reset_stats(&slow), 0);
	note(taskpool_stats(&slow, &stats), 0);
	note(stats.done, 0);
	note(strcmp(taskpool_strerror(-EPERM), taskpool_strerror(0)) != 0, true);
}

ZTEST(c, test_interrupts_count)
{
	noted_init(&job, 0);
	zassert_ok(taskpool_reset_stats(&slow));
	zassert_ok(taskpool_submit(&slow, &job.job));
	settle();
	in_interrupt(count);
	expect_noted(9);
}

static struct taskpool_memory memory;

static void make(void)
{
	note(taskpool_create(&memory, "isr", 1, 7), -EPERM);
	note(taskpool_create(NULL, NULL, 0, 99), -EPERM);
}

static void destroy(void)
{
	note(taskpool_submit(&memory.pool, &job.job), TASKPOOL_NEW);
	note(taskpool_hold(&memory.pool), 0);
	note(taskpool_release(&memory.pool), 0);
	note(taskpool_destroy(&memory, TASKPOOL_DISCARD, K_NO_WAIT), -EPERM);
	note(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER), -EPERM);
	note(taskpool_destroy(NULL, TASKPOOL_DRAIN, K_FOREVER), -EINVAL);
}

ZTEST(c, test_interrupts_make_no_pools)
{
	static struct taskpool_memory before;

	noted_init(&job, 0);
	memset(&memory, 0, sizeof(memory));
	before = memory;
	in_interrupt(make);
	expect_noted(2);
	zassert_mem_equal(&memory, &before, sizeof(memory));
	zassert_ok(taskpool_create(&memory, "thread", 1, 7));
	in_interrupt(destroy);
	expect_noted(6);
	settle();
	zassert_equal(atomic_get(&job.runs), 1, "the pool is there");
	zassert_ok(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER));
}

static const struct taskpool_ctx *run_of_job;

static void look_at_run(void)
{
	note(taskpool_ctx_pool(run_of_job) == &slow, true);
	note(taskpool_ctx_worker(run_of_job), 0);
	note(taskpool_ctx_due(run_of_job) > 0, true);
	note(taskpool_ctx_cancelled(run_of_job), false);
	note(taskpool_cancel(&job.job), TASKPOOL_FOUND_RUNNING);
	note(taskpool_ctx_cancelled(run_of_job), true);
}

static void be_looked_at(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(self);
	run_of_job = ctx;
	in_interrupt(look_at_run);
}

ZTEST(c, test_interrupts_look_at_runs)
{
	noted_init(&job, 0);
	job.script = be_looked_at;
	zassert_ok(taskpool_submit_after(&slow, &job.job, K_TICKS(1)));
	settle();
	expect_noted(6);
}
