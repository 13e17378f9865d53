/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Where jobs were submitted: the lines of the calls in this file.
 */

#include <errno.h>
#include <string.h>

#include <taskpool/class.h>
#include <taskpool/completion.h>
#include <taskpool/event.h>
#include <taskpool/task.h>

#include "common.h"

/* What the documentation states. */
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_site) == 12);

static struct noted job;
static struct taskpool_site site;
/* The line of the last call. */
static uint32_t line;

/* Does something, and notes in which line. */
#define HERE(call_) (line = __LINE__, (call_))

static void assert_site(int error, uint32_t expected)
{
	zassert_ok(error);
	zassert_equal(site.line, expected, "%u instead of %u", site.line, expected);
	zassert_equal(site.length, strlen(__FILE__));
	zassert_mem_equal(site.file, __FILE__, site.length);
}

/* The job's site is that of the last call. */
#define ASSERT_HERE() assert_site(taskpool_job_site(&job.job, &site), line)

static void begin(void)
{
	noted_init(&job, 0);
	memset(&site, 0, sizeof(site));
}

ZTEST(c, test_a_job_knows_the_line_of_its_submission)
{
	uint32_t accepted;

	begin();
	zassert_equal(taskpool_job_site(&job.job, &site), -ENODATA);
	zassert_equal(site.line, 0, "nothing was written");
	zassert_equal(HERE(taskpool_submit_after(&slow, &job.job, K_MSEC(500))), TASKPOOL_NEW);
	ASSERT_HERE();
	zassert_equal(HERE(taskpool_submit_at(&slow, &job.job, k_uptime_ticks() + 1000)), TASKPOOL_MOVED);
	ASSERT_HERE();
	zassert_equal(HERE(taskpool_submit(&slow, &job.job)), TASKPOOL_MOVED);
	ASSERT_HERE();
	accepted = line;
	zassert_equal(HERE(taskpool_submit(&slow, &job.job)), -EALREADY);
	zassert_equal(HERE(taskpool_submit_after(&slow, &job.job, K_MSEC(1))), -EALREADY);
	zassert_equal(HERE(taskpool_submit_within(&slow, &job.job, K_MSEC(1))), -EALREADY);
	zassert_equal(HERE(taskpool_run_now(&slow, &job.job, NULL)), -EBUSY);
	assert_site(taskpool_job_site(&job.job, &site), accepted);
	zassert_equal(HERE(taskpool_submit_urgent(&slow, &job.job)), TASKPOOL_MOVED);
	ASSERT_HERE();
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
	ASSERT_HERE();
	zassert_equal(HERE(taskpool_submit_within(&slow, &job.job, K_MSEC(100))), TASKPOOL_NEW);
	ASSERT_HERE();
	settle();
	zassert_equal(HERE(taskpool_run_now(&slow, &job.job, NULL)), TASKPOOL_DONE);
	ASSERT_HERE();
	zassert_ok(taskpool_class_set("sites", &slow));
	zassert_equal(HERE(taskpool_submit_class("sites", &job.job)), TASKPOOL_NEW);
	ASSERT_HERE();
	settle();
	zassert_ok(taskpool_class_remove("sites"));
}

static int (*volatile submit)(struct taskpool *, struct taskpool_job *) = taskpool_submit;
static int (*volatile submit_after)(struct taskpool *, struct taskpool_job *, k_timeout_t) = taskpool_submit_after;
static int (*volatile submit_at)(struct taskpool *, struct taskpool_job *, int64_t) = taskpool_submit_at;
static int (*volatile submit_urgent)(struct taskpool *, struct taskpool_job *) = taskpool_submit_urgent;
static int (*volatile submit_within)(struct taskpool *, struct taskpool_job *, k_timeout_t) = taskpool_submit_within;
static int (*volatile run_now)(struct taskpool *, struct taskpool_job *, int *) = taskpool_run_now;
static int (*volatile submit_class)(const char *, struct taskpool_job *) = taskpool_submit_class;
static int (*volatile spawn)(struct taskpool *, taskpool_run_t, void *, taskpool_handle_t *) = taskpool_spawn;
static int (*volatile spawn_after)(struct taskpool *, taskpool_run_t, void *, k_timeout_t,
				   taskpool_handle_t *) = taskpool_spawn_after;

/* There is a site of before, and after the call none. */
static void assert_nobody(int answer, int expected)
{
	zassert_equal(answer, expected);
	zassert_equal(taskpool_job_site(&job.job, &site), -ENODATA);
	settle();
	zassert_equal(taskpool_submit(&slow, &job.job), TASKPOOL_NEW);
	settle();
	zassert_ok(taskpool_job_site(&job.job, &site));
}

static int count_run(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	*(int *)arg += 1;
	return 0;
}

ZTEST(c, test_pointers_to_functions_have_no_site)
{
	int runs = 0;

	begin();
	zassert_equal(taskpool_submit(&slow, &job.job), TASKPOOL_NEW);
	zassert_equal(submit(&slow, &job.job), -EALREADY);
	zassert_ok(taskpool_job_site(&job.job, &site), "refused");
	settle();
	assert_nobody(submit(&slow, &job.job), TASKPOOL_NEW);
	assert_nobody(submit_after(&slow, &job.job, K_TICKS(1)), TASKPOOL_NEW);
	assert_nobody(submit_at(&slow, &job.job, k_uptime_ticks() + 2), TASKPOOL_NEW);
	assert_nobody(submit_urgent(&slow, &job.job), TASKPOOL_NEW);
	assert_nobody(submit_within(&slow, &job.job, K_MSEC(100)), TASKPOOL_NEW);
	assert_nobody(run_now(&slow, &job.job, NULL), TASKPOOL_DONE);
	zassert_ok(taskpool_class_set("sites", &slow));
	assert_nobody(submit_class("sites", &job.job), TASKPOOL_NEW);
	zassert_ok(taskpool_class_remove("sites"));
	zassert_ok(spawn(&slow, count_run, &runs, NULL));
	settle();
	zassert_ok(spawn_after(&slow, count_run, &runs, K_TICKS(1), NULL));
	settle();
	zassert_ok(taskpool_spawn(&slow, count_run, &runs, NULL));
	settle();
	zassert_ok(taskpool_spawn_after(&slow, count_run, &runs, K_TICKS(1), NULL));
	settle();
	zassert_equal(runs, 4);
}

ZTEST(c, test_sites_are_asked_for_properly)
{
	static struct taskpool_job none;
	static struct taskpool_task no_task;

	begin();
	zassert_equal(taskpool_job_site(NULL, &site), -EINVAL);
	zassert_equal(taskpool_job_site(&none, &site), -EINVAL);
	zassert_equal(taskpool_job_site(&job.job, NULL), -EINVAL);
	zassert_equal(taskpool_task_site(NULL, &site), -EINVAL);
	zassert_equal(taskpool_task_site(&no_task, &site), -EINVAL);
	zassert_not_null(strstr(taskpool_strerror(-ENODATA), "where the job was submitted"));
}

static atomic_t task_runs;

static struct taskpool_next count_task(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(task);
	ARG_UNUSED(run);
	atomic_inc(&task_runs);
	return taskpool_next_default();
}

static int (*volatile enable)(struct taskpool *, struct taskpool_task *, k_timeout_t) = taskpool_task_enable;
static int (*volatile enable_on)(struct taskpool *, struct taskpool_task *, struct taskpool_event *,
				 bool) = taskpool_task_enable_on;
static int (*volatile trigger)(struct taskpool_task *) = taskpool_task_trigger;
static int (*volatile postpone)(struct taskpool_task *, k_timeout_t) = taskpool_task_postpone;

static TASKPOOL_TASK_DEFINE(counting, count_task, 20);
static TASKPOOL_EVENT_DEFINE(starting);

ZTEST(c, test_a_task_knows_the_line_that_enabled_it)
{
	begin();
	atomic_clear(&task_runs);
	zassert_equal(taskpool_task_site(&counting, &site), -ENODATA);
	zassert_equal(taskpool_task_site(&counting, NULL), -EINVAL);
	zassert_equal(HERE(taskpool_task_trigger(&counting)), -ESRCH);
	zassert_equal(taskpool_task_site(&counting, &site), -ENODATA, "refused");
	zassert_ok(HERE(taskpool_task_enable(&slow, &counting, K_NO_WAIT)));
	k_sleep(K_TICKS(50));
	zassert_true(atomic_get(&task_runs) >= 2);
	assert_site(taskpool_task_site(&counting, &site), line);
	zassert_ok(HERE(taskpool_task_trigger(&counting)));
	assert_site(taskpool_task_site(&counting, &site), line);
	zassert_ok(HERE(taskpool_task_postpone(&counting, K_MSEC(1))));
	assert_site(taskpool_task_site(&counting, &site), line);
	zassert_ok(trigger(&counting));
	zassert_equal(taskpool_task_site(&counting, &site), -ENODATA);
	zassert_equal(HERE(taskpool_task_enable(&slow, &counting, K_MSEC(1))), 1);
	assert_site(taskpool_task_site(&counting, &site), line);
	zassert_ok(postpone(&counting, K_MSEC(1)));
	zassert_equal(taskpool_task_site(&counting, &site), -ENODATA);
	zassert_equal(taskpool_task_cancel(&counting), 1);
	zassert_ok(taskpool_event_arm(&starting, 1, K_FOREVER));
	zassert_ok(HERE(taskpool_task_enable_on(&slow, &counting, &starting, false)));
	assert_site(taskpool_task_site(&counting, &site), line);
	zassert_equal(taskpool_task_cancel(&counting), 1);
	zassert_ok(enable(&slow, &counting, K_MSEC(1)));
	zassert_equal(taskpool_task_site(&counting, &site), -ENODATA);
	zassert_equal(taskpool_task_cancel(&counting), 1);
	zassert_ok(HERE(taskpool_task_enable(&slow, &counting, K_MSEC(1))));
	zassert_equal(taskpool_task_cancel(&counting), 1);
	zassert_ok(enable_on(&slow, &counting, &starting, false));
	zassert_equal(taskpool_task_site(&counting, &site), -ENODATA);
	zassert_equal(taskpool_task_cancel(&counting), 1);
	settle();
}

/* Where a completion submits, that is the module's own line. */
ZTEST(c, test_what_a_completion_submits_names_the_module)
{
	static struct noted other;
	static struct taskpool_end_submit then = TASKPOOL_END_SUBMIT_INITIALIZER(&slow, &other.job);
	static const char name[] = "src/completion.c";

	begin();
	noted_init(&other, 0);
	zassert_ok(taskpool_job_set_end(&job.job, &then.end));
	zassert_ok(HERE(taskpool_submit(&slow, &job.job)));
	settle();
	zassert_equal(atomic_get(&other.runs), 1);
	ASSERT_HERE();
	zassert_ok(taskpool_job_site(&other.job, &site));
	zassert_true(site.length > strlen(name));
	zassert_mem_equal(site.file + site.length - strlen(name), name, strlen(name));
}

static void submit_here(void)
{
	note(HERE(taskpool_submit(&slow, &job.job)), TASKPOOL_NEW);
	note(taskpool_job_site(&job.job, &site), 0);
}

ZTEST(c, test_interrupts_have_sites)
{
	begin();
	in_interrupt(submit_here);
	expect_noted(2);
	assert_site(0, line);
	settle();
}
