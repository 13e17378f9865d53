/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What no correct program does is an error, and changes nothing.
 */

#include <string.h>

#include <zephyr/sys/printk-hooks.h>

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
	zassert_equal(taskpool_run_now(&slow, job, NULL), -EINVAL);
	zassert_equal(taskpool_submit_class("none", job), -EINVAL);
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

/* Every function that names a pool. */
static void expect_pool_refused(struct taskpool *pool, int error)
{
	struct taskpool_memory *memory = CONTAINER_OF(pool, struct taskpool_memory, pool);
	taskpool_handle_t handle = 77;
	struct noted job;

	noted_init(&job, 0);
	zassert_equal(taskpool_submit(pool, &job.job), error);
	zassert_equal(taskpool_submit_after(pool, &job.job, K_MSEC(1)), error);
	zassert_equal(taskpool_submit_after(pool, &job.job, K_TIMEOUT_ABS_TICKS(1)), error);
	zassert_equal(taskpool_submit_at(pool, &job.job, 1), error);
	zassert_equal(taskpool_submit_urgent(pool, &job.job), error);
	zassert_equal(taskpool_submit_within(pool, &job.job, K_MSEC(1)), error);
	zassert_equal(taskpool_spawn(pool, run, NULL, &handle), error);
	zassert_equal(taskpool_spawn_after(pool, run, NULL, K_MSEC(1), &handle), error);
	zassert_equal(handle, 77);
	zassert_equal(taskpool_run_now(pool, &job.job, NULL), error);
	zassert_equal(taskpool_hold(pool), error);
	zassert_equal(taskpool_release(pool), error);
	zassert_equal(taskpool_pause(pool, TASKPOOL_CLOCK_FROZEN), error);
	zassert_equal(taskpool_pause(pool, TASKPOOL_CLOCK_RUNS_ON), error);
	zassert_equal(taskpool_resume(pool), error);
	zassert_equal(taskpool_set_max_threads(pool, 1), error);
	zassert_equal(taskpool_shutdown(pool, TASKPOOL_DRAIN, K_FOREVER), error);
	zassert_equal(taskpool_restart(pool), error);
	zassert_equal(taskpool_destroy(memory, TASKPOOL_DRAIN, K_FOREVER), error);
	zassert_equal(taskpool_destroy(memory, TASKPOOL_DISCARD, K_NO_WAIT), error);
	zassert_equal(taskpool_status(&job.job, NULL), TASKPOOL_IDLE);
	zassert_equal(taskpool_wait(&job.job, K_NO_WAIT, NULL), -ENOENT);
	zassert_equal(atomic_get(&job.told), 0);
}

ZTEST(c, test_what_is_no_pool)
{
	static const uint8_t fillings[] = {0x55, 0xa5, 0xaa, 0xff};
	static struct taskpool_memory memory;
	static struct taskpool_memory before;
	struct taskpool_stats stats;

	BUILD_ASSERT(offsetof(struct taskpool_memory, pool) == 0);
	expect_pool_refused(NULL, -EINVAL);
	zassert_equal(taskpool_stats(NULL, &stats), -EINVAL);
	zassert_equal(taskpool_reset_stats(NULL), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(fillings); i++) {
		memset(&memory, fillings[i], sizeof(memory));
		before = memory;
		expect_pool_refused(&memory.pool, -EINVAL);
		zassert_equal(taskpool_stats(&memory.pool, &stats), -EINVAL);
		zassert_equal(taskpool_reset_stats(&memory.pool), -EINVAL);
		zassert_mem_equal(&memory, &before, sizeof(memory));
	}

	/* Nobody has made a pool of it. */
	memset(&memory, 0, sizeof(memory));
	before = memory;
	expect_pool_refused(&memory.pool, -ESHUTDOWN);
	memset(&stats, 0xa5, sizeof(stats));
	zassert_ok(taskpool_stats(&memory.pool, &stats));
	zassert_equal(stats.submitted, 0);
	zassert_equal(stats.workers, 0);
	zassert_mem_equal(&memory, &before, sizeof(memory));
}

ZTEST(c, test_every_error_has_a_text)
{
	static const int errors[] = {EINVAL, EALREADY, ESHUTDOWN, ERANGE, EAGAIN, EPERM,
				     EDEADLK, ENOENT,   ENOMEM,    EBADF,  EBUSY, ESRCH, ENOSPC};
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

static char heard[160];
static size_t heard_length;
static printk_hook_fn_t console;

static int hear(int character)
{
	if (heard_length < sizeof(heard) - 1) {
		heard[heard_length++] = (char)character;
	}
	return character;
}

static void listen(void)
{
	memset(heard, 0, sizeof(heard));
	heard_length = 0;
	console = __printk_get_hook();
	__printk_hook_install(hear);
}

/* What a call answers, and the line that it prints. */
#define expect_told(call_, error_, line_)                                                                              \
	do {                                                                                                           \
		int answer;                                                                                            \
                                                                                                                       \
		listen();                                                                                              \
		answer = (call_);                                                                                      \
		__printk_hook_install(console);                                                                        \
		zassert_equal(answer, (error_));                                                                       \
		zassert_str_equal(heard, (line_));                                                                     \
	} while (0)

ZTEST(c, test_misuse_is_told)
{
	static struct taskpool_memory memory;
	struct noted job;

	noted_init(&job, 0);
	expect_told(taskpool_submit(NULL, &job.job), -EINVAL,
		    "taskpool_submit: the pool is NULL, or its memory was overwritten\n");
	expect_told(taskpool_cancel(NULL), -EINVAL,
		    "taskpool_cancel: the job is NULL, or nobody has initialised it: use TASKPOOL_JOB_DEFINE or "
		    "taskpool_job_init\n");
	expect_told(taskpool_submit_after(&slow, &job.job, K_FOREVER), -EINVAL,
		    "taskpool_submit_after: an argument is out of range\n");
	expect_told(taskpool_job_init(&job.job, NULL, NULL), -EINVAL,
		    "taskpool_job_init: an argument is out of range\n");
	expect_told(taskpool_job_set_discard(NULL, true), -EINVAL,
		    "taskpool_job_set_discard: the job is NULL, or nobody has initialised it: use TASKPOOL_JOB_DEFINE "
		    "or taskpool_job_init\n");
	expect_told(taskpool_create(NULL, "none", 1, 7), -EINVAL,
		    "taskpool_create: the memory or the name is NULL\n");
	expect_told(taskpool_create(&memory, NULL, 1, 7), -EINVAL,
		    "taskpool_create: the memory or the name is NULL\n");
	expect_told(taskpool_create(&memory, "none", 128, 7), -EINVAL,
		    "taskpool_create: a pool has 1 to 127 workers\n");
	expect_told(taskpool_create(&memory, "none", 1, CONFIG_NUM_PREEMPT_PRIORITIES), -EINVAL,
		    "taskpool_create: there is no such thread priority in this configuration\n");
	expect_told(taskpool_destroy(NULL, TASKPOOL_DRAIN, K_FOREVER), -EINVAL,
		    "taskpool_destroy: the memory is NULL\n");
	expect_told(taskpool_destroy(&memory, (enum taskpool_shutdown)2, K_FOREVER), -EINVAL,
		    "taskpool_destroy: an argument is out of range\n");
	memset(&memory, 0xa5, sizeof(memory));
	expect_told(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER), -EINVAL,
		    "taskpool_destroy: the memory was overwritten\n");
}

/* What a correct program may run into is no line. */
ZTEST(c, test_what_happens_is_not_told)
{
	static struct taskpool_memory memory;
	struct noted job;

	noted_init(&job, 0);
	memset(&memory, 0, sizeof(memory));
	expect_told(taskpool_wait(&job.job, K_FOREVER, NULL), -ENOENT, "");
	zassert_ok(taskpool_submit(&slow, &job.job));
	expect_told(taskpool_submit(&slow, &job.job), -EALREADY, "");
	expect_told(taskpool_wait(&job.job, K_NO_WAIT, NULL), -EAGAIN, "");
	expect_told(taskpool_job_set_end(&job.job, NULL), -EBUSY, "");
	expect_told(taskpool_release(&slow), -ESHUTDOWN, "");
	expect_told(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER), -ESHUTDOWN, "");
	expect_told(taskpool_submit_at(&slow, &job.job, INT64_MAX), -ERANGE, "");
	expect_told(taskpool_detach(0), -EBADF, "");
	settle();
}

static int answers[3];
static struct noted waited;
static struct taskpool_memory made;

static void want_to_wait(void)
{
	answers[0] = taskpool_wait(&waited.job, K_FOREVER, NULL);
	answers[1] = taskpool_destroy(&made, TASKPOOL_DRAIN, K_FOREVER);
	answers[2] = taskpool_create(&made, "isr", 1, 7);
}

static void wait_for_own_pool(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	answers[0] = taskpool_wait(&self->job, K_FOREVER, NULL);
	answers[1] = taskpool_destroy(&made, TASKPOOL_DISCARD, K_FOREVER);
}

ZTEST(c, test_wrong_contexts_are_told)
{
	memset(&made, 0, sizeof(made));
	noted_init(&waited, 0);
	zassert_ok(taskpool_submit(&slow, &waited.job));
	listen();
	in_interrupt(want_to_wait);
	__printk_hook_install(console);
	zassert_equal(answers[0], -EPERM);
	zassert_equal(answers[1], -EPERM);
	zassert_equal(answers[2], -EPERM);
	zassert_str_equal(heard, "taskpool_wait: an interrupt can't wait\n"
				 "taskpool_destroy: an interrupt can't wait\n"
				 "taskpool_create: an interrupt can't make a pool\n");
	settle();

	zassert_ok(taskpool_create(&made, "made", 1, 3));
	waited.script = wait_for_own_pool;
	listen();
	zassert_ok(taskpool_submit(&made.pool, &waited.job));
	__printk_hook_install(console);
	zassert_equal(answers[0], -EDEADLK);
	zassert_equal(answers[1], -EDEADLK);
	zassert_str_equal(heard, "taskpool_wait: a worker would wait for its own pool\n"
				 "taskpool_destroy: a worker would wait for its own pool\n");
	zassert_ok(taskpool_destroy(&made, TASKPOOL_DRAIN, K_FOREVER));
}
