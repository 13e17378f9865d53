/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is called before there are workers: what is isr-ok works, and what has to wait, or makes a pool, is refused.
 */

#include <zephyr/init.h>

#include "common.h"

static struct noted job;
static struct noted deferred;
static taskpool_handle_t handle;
static struct taskpool_memory memory;

/* Answers, and what they should be; ztest is not there yet. */
static struct {
	int answer;
	int expected;
} early[20];
static size_t asked;

static void ask(int answer, int expected)
{
	early[asked].answer = answer;
	early[asked].expected = expected;
	asked++;
}

static int run(const struct taskpool_ctx *ctx, void *arg)
{
	struct noted *self = arg;

	ARG_UNUSED(ctx);
	atomic_inc(&self->runs);
	return 2;
}

static int before_threads(void)
{
	ask(taskpool_job_init(&job.job, run, &job), 0);
	ask(taskpool_job_init(&deferred.job, run, &deferred), 0);
	ask(taskpool_submit(&slow, &job.job), TASKPOOL_NEW);
	ask(taskpool_submit_after(&slow, &deferred.job, K_TICKS(1)), TASKPOOL_NEW);
	ask(taskpool_status(&job.job, NULL), TASKPOOL_QUEUED);
	ask(taskpool_wait(&job.job, K_FOREVER, NULL), -EPERM);
	ask(taskpool_wait(&job.job, K_NO_WAIT, NULL), -EAGAIN);
	ask(taskpool_spawn(&slow, run, &job, &handle), 0);
	ask(taskpool_hold(&slow), -ESHUTDOWN);
	ask(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_NO_WAIT), -EPERM);
	return 0;
}

static int before_workers(void)
{
	ask(taskpool_set_max_threads(&slow, 1), -ESHUTDOWN);
	ask(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER), -ESHUTDOWN);
	ask(taskpool_restart(&slow), -ESHUTDOWN);
	ask(taskpool_create(&memory, "early", 1, 7), -EAGAIN);
	ask(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER), -ESHUTDOWN);
	ask(taskpool_wait(&job.job, K_TICKS(1), NULL), -EAGAIN);
	return 0;
}

SYS_INIT(before_threads, PRE_KERNEL_2, 99);
SYS_INIT(before_workers, POST_KERNEL, 99);

ZTEST(c, test_before_the_boot)
{
	int code = 0;

	zassert_equal(asked, 16);
	for (size_t i = 0; i < asked; i++) {
		zassert_equal(early[i].answer, early[i].expected, "question %zu: %d", i, early[i].answer);
	}
	zassert_equal(taskpool_wait(&job.job, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 2);
	zassert_equal(taskpool_wait(&deferred.job, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(taskpool_join(handle, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(atomic_get(&job.runs), 2);
	zassert_equal(atomic_get(&deferred.runs), 1);
}
