/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What is left when every option is off.
 */

#include <string.h>

#include "common.h"

#if defined(CONFIG_TASKPOOL_SYSTEM_POOL) || defined(CONFIG_TASKPOOL_WAIT) || defined(CONFIG_TASKPOOL_URGENT) ||        \
	CONFIG_TASKPOOL_RESERVE_THREADS > 0 || defined(CONFIG_CPP)
#error "bare.conf switches all of them off"
#endif

/* What the documentation states. */
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool) == 104);
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_job) == 48);
BUILD_ASSERT(sizeof(void *) != 4 ||
	     sizeof(struct taskpool_worker) == ROUND_UP(sizeof(struct k_thread) + sizeof(struct k_sem) + 12, 8));

static struct noted job;

static int answer_arg(const struct taskpool_ctx *ctx, void *arg)
{
	zassert_equal_ptr(taskpool_ctx_pool(ctx), &eager);
	zassert_equal(taskpool_ctx_worker(ctx), 0);
	zassert_equal(taskpool_ctx_due(ctx), 0);
	zassert_false(taskpool_ctx_cancelled(ctx));
	return *(int *)arg;
}

static int answer = 4;

TASKPOOL_JOB_DEFINE(defined, answer_arg, &answer);
TASKPOOL_JOB_DEFINE_WITH(defined_with, answer_arg, &answer, &job.end, 0, true);

ZTEST(c, test_bare_jobs_run)
{
	noted_init(&job, 3);
	zassert_ok(taskpool_submit(&eager, &job.job));
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_equal(job.outcome, TASKPOOL_DONE);
	zassert_equal(job.code, 3);
	zassert_ok(taskpool_submit(&eager, &defined));
	zassert_equal(taskpool_status(&defined, NULL), TASKPOOL_IDLE);
	zassert_ok(taskpool_submit(&eager, &defined_with));
	zassert_equal(job.code, 4, "the completion of the other one");
	zassert_ok(taskpool_job_set_discard(&job.job, true));
	zassert_ok(taskpool_set_level(&job.job, 0));
	zassert_equal(taskpool_set_level(&job.job, 1), -EINVAL);
	zassert_ok(taskpool_submit(&slow, &job.job));
	settle();
	zassert_equal(atomic_get(&job.runs), 2);
}

static k_ticks_t due;

static int note_due(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(arg);
	due = taskpool_ctx_due(ctx);
	return 0;
}

TASKPOOL_JOB_DEFINE(dated, note_due, NULL);

ZTEST(c, test_bare_jobs_of_the_first_tick_have_a_deadline)
{
	zassert_ok(taskpool_submit_at(&eager, &dated, 0));
	zassert_equal(due, 1, "tick 0 would be no deadline");
	due = 0;
	zassert_ok(taskpool_submit_after(&eager, &dated, K_TIMEOUT_ABS_TICKS(0)));
	zassert_equal(due, 1);
}

ZTEST(c, test_bare_jobs_are_deferred)
{
	k_ticks_t deadline = 0;

	noted_init(&job, 0);
	zassert_equal(taskpool_submit_after(&slow, &job.job, K_SECONDS(1)), TASKPOOL_NEW);
	zassert_equal(taskpool_status(&job.job, &deadline), TASKPOOL_DEFERRED);
	zassert_true(deadline > k_uptime_ticks());
	zassert_equal(taskpool_submit_at(&slow, &job.job, k_uptime_ticks() + 10), TASKPOOL_MOVED);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_ok(taskpool_submit_after(&slow, &job.job, K_SECONDS(1)));
	zassert_equal(taskpool_cancel(&job.job), TASKPOOL_FOUND_WAITING);
	zassert_equal(job.outcome, TASKPOOL_CANCELLED);
	zassert_equal(taskpool_cancel(&job.job), TASKPOOL_FOUND_IDLE);
}

ZTEST(c, test_bare_misuse_is_refused)
{
	static struct taskpool no_pool;
	static struct taskpool_job no_job;

	noted_init(&job, 0);
	zassert_equal(taskpool_submit(NULL, &job.job), -EINVAL);
	zassert_equal(taskpool_submit(&no_pool, &job.job), -ESHUTDOWN);
	zassert_equal(taskpool_submit(&slow, &no_job), -EINVAL);
	zassert_equal(taskpool_submit_after(&slow, &job.job, K_FOREVER), -EINVAL);
	zassert_equal(taskpool_submit_at(&slow, &job.job, INT64_MAX), -ERANGE);
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_equal(taskpool_submit(&slow, &job.job), -EALREADY);
	zassert_equal(taskpool_job_set_end(&job.job, NULL), -EBUSY);
	zassert_equal(strncmp(taskpool_strerror(-EBUSY), "the job, task or batch is under way", 35), 0);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
}

static K_SEM_DEFINE(over, 0, 1);
static TASKPOOL_END_SEM_DEFINE(give_over, &over);
static TASKPOOL_BATCH_DEFINE(both, &give_over.end);

ZTEST(c, test_bare_jobs_end_together)
{
	int code = 0;

	noted_init(&job, 6);
	zassert_ok(taskpool_job_set_end(&job.job, &both.end));
	zassert_ok(taskpool_batch_arm(&both, 2));
	zassert_ok(taskpool_submit(&eager, &job.job));
	zassert_equal(k_sem_take(&over, K_NO_WAIT), -EBUSY);
	zassert_equal(taskpool_run_now(&eager, &job.job, &code), TASKPOOL_DONE);
	zassert_equal(code, 6);
	zassert_equal(atomic_get(&job.runs), 2);
	zassert_ok(k_sem_take(&over, K_NO_WAIT));
}
