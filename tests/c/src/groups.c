/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Groups: how many of their jobs run at once, in two pools, from threads and interrupts.
 */

#include <string.h>

#include "common.h"

TASKPOOL_GROUP_DEFINE(bus, 1);

static struct noted jobs[4];
/* In the order in which they ran. */
static char order[8];
static atomic_t running;
static atomic_t most;

static void last(const struct taskpool_ctx *ctx, struct noted *self)
{
	atomic_val_t now = atomic_inc(&running) + 1;

	ARG_UNUSED(ctx);
	if (now > atomic_get(&most)) {
		atomic_set(&most, now);
	}
	order[strlen(order)] = (char)('a' + (self - jobs));
	k_sleep(K_MSEC(1));
	atomic_dec(&running);
}

static void prepare(struct taskpool_group *group)
{
	memset(order, 0, sizeof(order));
	atomic_set(&running, 0);
	atomic_set(&most, 0);
	for (int i = 0; i < ARRAY_SIZE(jobs); i++) {
		noted_init(&jobs[i], i);
		jobs[i].script = last;
		zassert_ok(taskpool_job_set_group(&jobs[i].job, group));
	}
}

static void expect_usage(struct taskpool_group *group, int limit, int active, int held)
{
	struct taskpool_group_usage usage;

	zassert_ok(taskpool_group_usage(group, &usage));
	zassert_equal(usage.limit, limit);
	zassert_equal(usage.active, active);
	zassert_equal(usage.held, held);
}

ZTEST(c, test_group_of_two_pools)
{
	prepare(&bus);
	zassert_equal(taskpool_submit(&eager, &jobs[0].job), TASKPOOL_NEW);
	zassert_equal(taskpool_submit(&slow, &jobs[1].job), TASKPOOL_NEW);
	zassert_equal(taskpool_submit(&eager, &jobs[2].job), TASKPOOL_NEW);
	expect_usage(&bus, 1, 1, 2);
	zassert_equal(taskpool_status(&jobs[1].job, NULL), TASKPOOL_HELD);
	zassert_equal(taskpool_submit(&slow, &jobs[1].job), -EALREADY);
	zassert_equal(taskpool_submit_after(&slow, &jobs[1].job, K_MSEC(1)), -EALREADY);
	zassert_equal(taskpool_wait(&jobs[2].job, K_FOREVER, NULL), TASKPOOL_DONE);
	zassert_str_equal(order, "abc");
	zassert_equal(atomic_get(&most), 1);
	expect_usage(&bus, 1, 0, 0);
}

ZTEST(c, test_group_by_level_and_urgent)
{
	prepare(&bus);
	zassert_ok(taskpool_set_level(&jobs[2].job, 2));
	zassert_ok(taskpool_submit(&slow, &jobs[0].job));
	zassert_ok(taskpool_submit(&slow, &jobs[1].job));
	zassert_ok(taskpool_submit(&eager, &jobs[2].job));
	zassert_ok(taskpool_submit(&slow, &jobs[3].job));
	zassert_equal(taskpool_submit_urgent(&slow, &jobs[3].job), TASKPOOL_MOVED);
	zassert_equal(taskpool_submit_urgent(&slow, &jobs[3].job), -EALREADY);
	zassert_equal(taskpool_wait(&jobs[1].job, K_FOREVER, NULL), TASKPOOL_DONE);
	zassert_str_equal(order, "adcb");
	zassert_equal(atomic_get(&most), 1);
}

static struct taskpool_group group;

static void hold_in_interrupt(void)
{
	note(taskpool_group_init(&group, 0), -EINVAL);
	note(taskpool_group_init(&group, UINT16_MAX + 1), -EINVAL);
	note(taskpool_group_init(NULL, 1), -EINVAL);
	note(taskpool_group_init(&group, 1), 0);
	note(taskpool_job_set_group(&jobs[0].job, &group), 0);
	note(taskpool_job_set_group(&jobs[1].job, &group), 0);
	note(taskpool_job_set_group(&jobs[2].job, &group), 0);
	note(taskpool_submit(&slow, &jobs[0].job), TASKPOOL_NEW);
	note(taskpool_submit(&slow, &jobs[1].job), TASKPOOL_NEW);
	note(taskpool_submit_urgent(&eager, &jobs[2].job), TASKPOOL_NEW);
	note(taskpool_status(&jobs[1].job, NULL), TASKPOOL_HELD);
	note(taskpool_status(&jobs[2].job, NULL), TASKPOOL_HELD);
	note(taskpool_job_set_group(&jobs[2].job, NULL), -EBUSY);
	note(taskpool_cancel(&jobs[2].job), TASKPOOL_FOUND_WAITING);
	note(taskpool_abort(&jobs[0].job), TASKPOOL_FOUND_WAITING);
	/* Its place is the second one's. */
	note(taskpool_status(&jobs[1].job, NULL), TASKPOOL_QUEUED);
	note(taskpool_submit(&eager, &jobs[0].job), TASKPOOL_NEW);
	note(taskpool_submit(&eager, &jobs[2].job), TASKPOOL_NEW);
	note(taskpool_group_set_limit(&group, 0), -EINVAL);
	note(taskpool_group_set_limit(&group, UINT16_MAX + 1), -EINVAL);
	note(taskpool_group_set_limit(NULL, 1), -EINVAL);
	note(taskpool_group_set_limit(&group, 2), 0);
	note(taskpool_status(&jobs[0].job, NULL), TASKPOOL_QUEUED);
	note(taskpool_status(&jobs[2].job, NULL), TASKPOOL_HELD);
	note(taskpool_group_set_limit(&group, 1), 0);
	note(taskpool_group_usage(&group, NULL), -EINVAL);
	note(taskpool_group_usage(NULL, NULL), -EINVAL);
}

ZTEST(c, test_group_in_interrupts)
{
	prepare(NULL);
	in_interrupt(hold_in_interrupt);
	expect_noted(27);
	expect_usage(&group, 1, 2, 1);
	zassert_equal(taskpool_wait(&jobs[2].job, K_FOREVER, NULL), TASKPOOL_DONE);
	expect_usage(&group, 1, 0, 0);
	zassert_equal(jobs[0].outcome, TASKPOOL_DONE);
	zassert_equal(atomic_get(&jobs[0].told), 2, "an abort, and a run");
	zassert_equal(atomic_get(&most), 2, "two had a place when the limit was lowered");
}

static void run_again(const struct taskpool_ctx *ctx, struct noted *self)
{
	last(ctx, self);
	if (atomic_get(&self->runs) < 2) {
		zassert_equal(taskpool_submit(taskpool_ctx_pool(ctx), &self->job), TASKPOOL_AGAIN);
	}
}

ZTEST(c, test_group_takes_turns)
{
	prepare(&bus);
	jobs[0].script = run_again;
	zassert_ok(taskpool_submit(&slow, &jobs[0].job));
	zassert_ok(taskpool_submit_after(&slow, &jobs[1].job, K_TICKS(1)));
	zassert_equal(taskpool_wait(&jobs[1].job, K_FOREVER, NULL), TASKPOOL_DONE);
	zassert_equal(taskpool_wait(&jobs[0].job, K_FOREVER, NULL), TASKPOOL_DONE);
	zassert_str_equal(order, "aba", "who submits itself again goes behind those that are held");
}

ZTEST(c, test_group_and_shutdown)
{
	prepare(&bus);
	zassert_ok(taskpool_submit(&eager, &jobs[0].job));
	zassert_ok(taskpool_submit(&slow, &jobs[1].job));
	zassert_ok(taskpool_job_set_discard(&jobs[2].job, true));
	zassert_ok(taskpool_submit(&slow, &jobs[2].job));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(jobs[1].outcome, TASKPOOL_DONE);
	zassert_equal(jobs[2].outcome, TASKPOOL_DISCARDED);
	zassert_ok(taskpool_restart(&slow));

	zassert_ok(taskpool_submit(&eager, &jobs[0].job));
	zassert_ok(taskpool_submit(&slow, &jobs[1].job));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DISCARD, K_NO_WAIT));
	zassert_equal(jobs[1].outcome, TASKPOOL_DISCARDED);
	zassert_equal(atomic_get(&jobs[1].runs), 1);
	zassert_ok(taskpool_restart(&slow));
	zassert_equal(taskpool_wait(&jobs[0].job, K_FOREVER, NULL), TASKPOOL_DONE);
	expect_usage(&bus, 1, 0, 0);
}

static int count_runs(const struct taskpool_ctx *ctx, void *runs)
{
	ARG_UNUSED(ctx);
	return ++*(int *)runs;
}

static int counted;
static TASKPOOL_JOB_DEFINE_IN_GROUP(defined, count_runs, &counted, NULL, 1, false, &bus);

ZTEST(c, test_group_of_a_defined_job)
{
	static struct taskpool_memory memory;
	int code = 0;

	prepare(&bus);
	counted = 0;
	zassert_ok(taskpool_create(&memory, "grouped", 1, 7));
	zassert_ok(taskpool_submit(&slow, &jobs[0].job));
	zassert_ok(taskpool_submit(&memory.pool, &defined));
	zassert_equal(taskpool_status(&defined, NULL), TASKPOOL_HELD);
	zassert_ok(taskpool_destroy(&memory, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(taskpool_wait(&defined, K_NO_WAIT, &code), TASKPOOL_DONE);
	zassert_equal(code, 1);
	expect_usage(&bus, 1, 0, 0);
}

ZTEST(c, test_what_is_no_group)
{
	static struct taskpool_group none;

	prepare(NULL);
	zassert_equal(taskpool_job_set_group(NULL, &bus), -EINVAL);
	zassert_equal(taskpool_job_set_group(&jobs[0].job, &none), -EINVAL);
	zassert_ok(taskpool_submit(&slow, &jobs[0].job));
	zassert_equal(taskpool_job_set_group(&jobs[0].job, &bus), -EBUSY);
	zassert_equal(taskpool_wait(&jobs[0].job, K_FOREVER, NULL), TASKPOOL_DONE);
	expect_usage(&bus, 1, 0, 0);
}
