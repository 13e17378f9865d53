/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What no correct program does is an error, and changes nothing.
 */

#include <string.h>

#include "common.h"

static int run(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(arg);
	zassert_unreachable("what was refused runs");
	return 0;
}

/* Every function that takes a job. */
static void expect_refused(struct taskpool_job *job)
{
	zassert_equal(taskpool_submit(&slow, job), -EINVAL);
	zassert_equal(taskpool_submit_after(&slow, job, K_MSEC(1)), -EINVAL);
	zassert_equal(taskpool_submit_at(&slow, job, 1), -EINVAL);
	zassert_equal(taskpool_submit_urgent(&slow, job), -EINVAL);
	zassert_equal(taskpool_submit_within(&slow, job, K_MSEC(1)), -EINVAL);
	zassert_equal(taskpool_cancel(job), -EINVAL);
	zassert_equal(taskpool_abort(job), -EINVAL);
	zassert_equal(taskpool_set_level(job, 0), -EINVAL);
	zassert_equal(taskpool_status(job, NULL), -EINVAL);
	zassert_equal(taskpool_wait(job, K_NO_WAIT, NULL), -EINVAL);
	zassert_equal(taskpool_wait(job, K_FOREVER, NULL), -EINVAL);
	zassert_equal(taskpool_cancel_wait(job, K_FOREVER, NULL), -EINVAL);
	zassert_equal(taskpool_job_set_end(job, NULL), -EINVAL);
	zassert_equal(taskpool_job_set_discard(job, true), -EINVAL);
}

ZTEST(c, test_what_is_no_job)
{
	static struct taskpool_job job;
	static struct taskpool_job before;

	expect_refused(NULL);
	for (int filling = 0; filling < 0x100; filling += 0x55) {
		memset(&job, filling, sizeof(job));
		before = job;
		expect_refused(&job);
		zassert_mem_equal(&job, &before, sizeof(job));
	}
	zassert_equal(taskpool_job_init(NULL, run, NULL), -EINVAL);
	zassert_equal(taskpool_job_init(&job, NULL, NULL), -EINVAL);
	zassert_mem_equal(&job, &before, sizeof(job));
}

ZTEST(c, test_what_is_no_completion)
{
	static const struct taskpool_end without = TASKPOOL_END_INITIALIZER(NULL);
	static const struct taskpool_end none;
	struct noted job;

	noted_init(&job, 5);
	zassert_equal(taskpool_job_set_end(&job.job, &without), -EINVAL);
	zassert_equal(taskpool_job_set_end(&job.job, &none), -EINVAL);
	zassert_ok(taskpool_submit(&slow, &job.job));
	settle();
	zassert_equal(atomic_get(&job.told), 1, "it has the one that it had");
	zassert_ok(taskpool_job_set_end(&job.job, NULL));
	zassert_ok(taskpool_submit(&slow, &job.job));
	settle();
	zassert_equal(atomic_get(&job.told), 1);
	zassert_equal(atomic_get(&job.runs), 2);
}

ZTEST(c, test_what_was_overwritten_is_no_pool)
{
	static struct taskpool overwritten;
	static struct taskpool before;
	struct noted job;

	noted_init(&job, 0);
	memset(&overwritten, 0xa5, sizeof(overwritten));
	before = overwritten;
	zassert_equal(taskpool_submit(&overwritten, &job.job), -EINVAL);
	zassert_equal(taskpool_submit_after(&overwritten, &job.job, K_MSEC(1)), -EINVAL);
	zassert_equal(taskpool_hold(&overwritten), -EINVAL);
	zassert_equal(taskpool_shutdown(&overwritten, TASKPOOL_DRAIN, K_FOREVER), -EINVAL);
	zassert_mem_equal(&overwritten, &before, sizeof(overwritten));
}

ZTEST(c, test_what_is_no_pool)
{
	static struct taskpool none;
	struct taskpool before;
	struct noted job;

	noted_init(&job, 0);
	zassert_equal(taskpool_submit(NULL, &job.job), -EINVAL);
	zassert_equal(taskpool_submit_after(NULL, &job.job, K_MSEC(1)), -EINVAL);
	zassert_equal(taskpool_submit_at(NULL, &job.job, 1), -EINVAL);
	zassert_equal(taskpool_submit_urgent(NULL, &job.job), -EINVAL);
	zassert_equal(taskpool_submit_within(NULL, &job.job, K_MSEC(1)), -EINVAL);
	zassert_equal(taskpool_hold(NULL), -EINVAL);
	zassert_equal(taskpool_release(NULL), -EINVAL);
	zassert_equal(taskpool_pause(NULL, TASKPOOL_CLOCK_FROZEN), -EINVAL);
	zassert_equal(taskpool_resume(NULL), -EINVAL);
	zassert_equal(taskpool_set_max_threads(NULL, 1), -EINVAL);
	zassert_equal(taskpool_shutdown(NULL, TASKPOOL_DRAIN, K_FOREVER), -EINVAL);
	zassert_equal(taskpool_restart(NULL), -EINVAL);

	/* Nobody has made a pool of it. */
	before = none;
	zassert_equal(taskpool_submit(&none, &job.job), -ESHUTDOWN);
	zassert_equal(taskpool_submit_after(&none, &job.job, K_MSEC(1)), -ESHUTDOWN);
	zassert_equal(taskpool_submit_urgent(&none, &job.job), -ESHUTDOWN);
	zassert_equal(taskpool_hold(&none), -ESHUTDOWN);
	zassert_equal(taskpool_release(&none), -ESHUTDOWN);
	zassert_equal(taskpool_set_max_threads(&none, 1), -ESHUTDOWN);
	zassert_equal(taskpool_shutdown(&none, TASKPOOL_DRAIN, K_FOREVER), -ESHUTDOWN);
	zassert_equal(taskpool_restart(&none), -ESHUTDOWN);
	zassert_mem_equal(&none, &before, sizeof(none));
	zassert_equal(taskpool_status(&job.job, NULL), TASKPOOL_IDLE);
}

ZTEST(c, test_every_error_has_a_text)
{
	static const int errors[] = {EINVAL, EALREADY, ESHUTDOWN, ERANGE, EAGAIN, EPERM,
				     EDEADLK, ENOENT,   ENOMEM,    EBADF,  EBUSY};
	const char *none = taskpool_strerror(-E2BIG);

	zassert_str_equal(taskpool_strerror(0), "no error");
	zassert_str_equal(taskpool_strerror(TASKPOOL_MOVED), "no error");
	zassert_str_equal(none, "no error of the task pool");
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		const char *text = taskpool_strerror(-errors[i]);

		zassert_true(text != none);
		zassert_between_inclusive(strlen(text), 20, 160);
		zassert_not_null(strchr(text, ':'), "what to do comes after a colon: %s", text);
		for (size_t j = 0; j < i; j++) {
			zassert_true(text != taskpool_strerror(-errors[j]));
		}
	}
}
