/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for a job, and for the end of one that is cancelled.
 */

#include "common.h"

static struct noted job;
static int answer;
static int code;

static void pause_a_while(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(self);
	k_sleep(K_MSEC(5));
}

ZTEST(c, test_wait)
{
	noted_init(&job, 6);
	zassert_equal(taskpool_wait(&job.job, K_NO_WAIT, &code), -ENOENT);
	zassert_equal(taskpool_wait(&job.job, K_FOREVER, &code), -ENOENT);
	zassert_ok(taskpool_submit(&slow, &job.job));
	code = -1;
	zassert_equal(taskpool_wait(&job.job, K_NO_WAIT, &code), -EAGAIN);
	zassert_equal(code, -1, "an error writes nothing");
	zassert_equal(taskpool_wait(&job.job, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 6);
	zassert_equal(taskpool_wait(&job.job, K_NO_WAIT, NULL), TASKPOOL_DONE);

	job.script = pause_a_while;
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_equal(taskpool_wait(&job.job, K_MSEC(1), &code), -EAGAIN);
	zassert_equal(taskpool_wait(&job.job, K_TIMEOUT_ABS_TICKS(k_uptime_ticks() + 5), &code), -EAGAIN);
	zassert_equal(taskpool_wait(&job.job, K_SECONDS(1), &code), TASKPOOL_DONE);
	zassert_equal(atomic_get(&job.told), 2);
}

ZTEST(c, test_every_outcome_is_waited_for)
{
	noted_init(&job, 6);
	zassert_ok(taskpool_submit(&slow, &job.job));
	(void)taskpool_cancel(&job.job);
	code = -1;
	zassert_equal(taskpool_wait(&job.job, K_FOREVER, &code), TASKPOOL_CANCELLED);
	zassert_equal(code, 0);
	zassert_ok(taskpool_submit(&slow, &job.job));
	(void)taskpool_abort(&job.job);
	zassert_equal(taskpool_wait(&job.job, K_FOREVER, &code), TASKPOOL_ABORTED);
	zassert_ok(taskpool_submit_within(&slow, &job.job, K_TICKS(1)));
	k_busy_wait(500);
	zassert_equal(taskpool_wait(&job.job, K_FOREVER, &code), TASKPOOL_TIMED_OUT);
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DISCARD, K_FOREVER));
	zassert_equal(taskpool_wait(&job.job, K_FOREVER, &code), TASKPOOL_DISCARDED);
	zassert_ok(taskpool_restart(&slow));
}

ZTEST(c, test_cancel_wait)
{
	noted_init(&job, 6);
	zassert_equal(taskpool_cancel_wait(&job.job, K_FOREVER, &code), -ENOENT);
	zassert_ok(taskpool_submit_after(&slow, &job.job, K_SECONDS(1)));
	zassert_equal(taskpool_cancel_wait(&job.job, K_FOREVER, &code), TASKPOOL_CANCELLED);
	zassert_equal(taskpool_cancel_wait(&job.job, K_FOREVER, &code), TASKPOOL_CANCELLED, "what it was");

	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_equal(taskpool_cancel_wait(&job.job, K_NO_WAIT, &code), TASKPOOL_CANCELLED, "nothing runs");
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_equal(taskpool_abort(&job.job), TASKPOOL_FOUND_WAITING);
	zassert_equal(taskpool_cancel_wait(&job.job, K_FOREVER, &code), TASKPOOL_ABORTED);
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DISCARD, K_FOREVER));
	zassert_equal(taskpool_cancel_wait(&job.job, K_FOREVER, &code), TASKPOOL_DISCARDED);
	zassert_ok(taskpool_restart(&slow));
	zassert_ok(taskpool_submit_within(&slow, &job.job, K_TICKS(1)));
	k_busy_wait(500);
	settle();
	zassert_equal(taskpool_cancel_wait(&job.job, K_FOREVER, &code), TASKPOOL_TIMED_OUT);

	job.script = pause_a_while;
	zassert_ok(taskpool_submit(&eager, &job.job));
	zassert_equal(taskpool_cancel_wait(&job.job, K_NO_WAIT, &code), -EAGAIN);
	zassert_equal(taskpool_status(&job.job, NULL), TASKPOOL_RUNNING | TASKPOOL_RUN_CANCELLED);
	zassert_equal(taskpool_cancel_wait(&job.job, K_MSEC(1), &code), -EAGAIN);
	zassert_equal(taskpool_cancel_wait(&job.job, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 6);
}

static void wait_in_interrupt(void)
{
	answer = taskpool_wait(&job.job, K_MSEC(1), &code);
	code = taskpool_cancel_wait(&job.job, K_FOREVER, NULL);
}

static void look_in_interrupt(void)
{
	answer = taskpool_wait(&job.job, K_NO_WAIT, &code);
}

ZTEST(c, test_interrupts_only_look)
{
	noted_init(&job, 6);
	job.script = pause_a_while;
	zassert_ok(taskpool_submit(&eager, &job.job));
	in_interrupt(wait_in_interrupt);
	zassert_equal(answer, -EPERM);
	zassert_equal(code, -EPERM);
	zassert_equal(taskpool_status(&job.job, NULL), TASKPOOL_RUNNING, "nothing has changed");
	in_interrupt(look_in_interrupt);
	zassert_equal(answer, -EAGAIN);
	settle();
	settle();
	in_interrupt(look_in_interrupt);
	zassert_equal(answer, TASKPOOL_DONE);
	zassert_equal(code, 6);
}

static struct noted other;

static void wait_for_other(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(self);
	answer = taskpool_wait(&other.job, K_FOREVER, &code);
}

static void cancel_other(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(self);
	if (taskpool_status(&other.job, NULL) == TASKPOOL_QUEUED) {
		note(taskpool_cancel_wait(&other.job, K_FOREVER, NULL), TASKPOOL_CANCELLED);
	} else {
		note(taskpool_cancel_wait(&other.job, K_FOREVER, NULL), -EDEADLK);
		note(taskpool_cancel_wait(&other.job, K_MSEC(1), NULL), -EDEADLK);
		note(taskpool_status(&other.job, NULL), TASKPOOL_RUNNING);
	}
}

ZTEST(c, test_workers_wait_for_no_cancellation)
{
	noted_init(&job, 0);
	noted_init(&other, 8);
	job.script = cancel_other;
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_ok(taskpool_submit(&slow, &other.job));
	settle();
	expect_noted(1);
	zassert_equal(atomic_get(&other.runs), 0, "for what does not run there is no wait");

	/* It runs, on another worker of the pool. */
	other.script = pause_a_while;
	zassert_ok(taskpool_submit(&taskpool_system, &other.job));
	zassert_ok(taskpool_submit(&taskpool_system, &job.job));
	settle();
	expect_noted(3);
	settle();
	zassert_equal(atomic_get(&other.told), 2);
}

static void wait_for_itself(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	answer = taskpool_wait(&self->job, K_FOREVER, NULL);
	code = taskpool_cancel_wait(&self->job, K_FOREVER, NULL);
}

ZTEST(c, test_workers_do_not_wait_for_themselves)
{
	noted_init(&job, 0);
	noted_init(&other, 8);
	job.script = wait_for_other;
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_ok(taskpool_submit(&slow, &other.job));
	settle();
	zassert_equal(answer, -EDEADLK);
	/* That of another pool. */
	zassert_ok(taskpool_submit(&slow, &other.job));
	zassert_ok(taskpool_submit(&eager, &job.job));
	settle();
	zassert_equal(answer, TASKPOOL_DONE);
	zassert_equal(code, 8);
	job.script = wait_for_itself;
	zassert_ok(taskpool_submit(&eager, &job.job));
	settle();
	zassert_equal(answer, -EDEADLK);
	zassert_equal(code, -EDEADLK);
}

static K_THREAD_STACK_ARRAY_DEFINE(stacks, 2, 1024);
static struct k_thread threads[2];
static atomic_t came;
static int heard[2];
static int turn[2];

static void waiter(void *index, void *unused1, void *unused2)
{
	int number = (int)(intptr_t)index;
	int told = -1;

	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	if (taskpool_wait(&job.job, K_FOREVER, &told) == TASKPOOL_DONE) {
		heard[number] = told;
	}
	turn[number] = (int)atomic_inc(&came);
}

ZTEST(c, test_two_threads_wait_for_one_job)
{
	noted_init(&job, 6);
	job.script = pause_a_while;
	atomic_clear(&came);
	zassert_ok(taskpool_submit(&slow, &job.job));
	for (int i = 0; i < 2; i++) {
		heard[i] = 0;
		k_thread_create(&threads[i], stacks[i], K_THREAD_STACK_SIZEOF(stacks[i]), waiter, (void *)(intptr_t)i,
				NULL, NULL, 4, 0, K_NO_WAIT);
	}
	k_sleep(K_MSEC(1));
	zassert_equal(atomic_get(&came), 0);
	for (int i = 0; i < 2; i++) {
		zassert_ok(k_thread_join(&threads[i], K_SECONDS(1)));
		zassert_equal(heard[i], 6);
		zassert_equal(turn[i], i, "in the order in which they came");
	}
}
