/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Classes: names that mean pools.
 */

#include "common.h"

static struct noted job;

static void expect_counted(const char *name, uint32_t accepted, uint32_t ran_inline, uint32_t refused)
{
	struct taskpool_class_stats stats;

	zassert_ok(taskpool_class_stats(name, &stats));
	zassert_equal(stats.accepted, accepted);
	zassert_equal(stats.ran_inline, ran_inline);
	zassert_equal(stats.refused, refused);
}

ZTEST(c, test_class_means_a_pool)
{
	bool runs_inline = true;

	noted_init(&job, 0);
	zassert_ok(taskpool_class_set("io", &slow));
	zassert_equal_ptr(taskpool_class_find("io", &runs_inline), &slow);
	zassert_false(runs_inline);
	zassert_equal(taskpool_submit_class("io", &job.job), TASKPOOL_NEW);
	zassert_equal(taskpool_submit_class("io", &job.job), -EALREADY);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(taskpool_submit_class("io", &job.job), -ESHUTDOWN);
	zassert_ok(taskpool_class_set("io", &eager));
	zassert_equal(taskpool_submit_class("io", &job.job), TASKPOOL_NEW);
	zassert_equal(atomic_get(&job.runs), 2, "the more urgent pool");
	zassert_ok(taskpool_restart(&slow));
	expect_counted("io", 2, 0, 2);
	zassert_ok(taskpool_class_remove("io"));
	zassert_equal(taskpool_class_remove("io"), -ESRCH);
	zassert_equal(taskpool_submit_class("io", &job.job), -ESRCH);
	zassert_is_null(taskpool_class_find("io", NULL));
}

static void submit_inline(void)
{
	note(taskpool_submit_class("short", &job.job), -EPERM);
}

ZTEST(c, test_class_runs_inline)
{
	bool runs_inline = false;

	noted_init(&job, 5);
	zassert_ok(taskpool_class_set_inline("short", &slow));
	zassert_equal_ptr(taskpool_class_find("short", &runs_inline), &slow);
	zassert_true(runs_inline);
	zassert_equal(taskpool_submit_class("short", &job.job), TASKPOOL_RAN);
	zassert_equal(atomic_get(&job.told), 1);
	zassert_equal(job.code, 5);
	in_interrupt(submit_inline);
	expect_noted(1);
	zassert_ok(taskpool_submit(&slow, &job.job));
	zassert_equal(taskpool_submit_class("short", &job.job), -EBUSY);
	settle();
	zassert_ok(taskpool_hold(&slow));
	zassert_equal(taskpool_submit_class("short", &job.job), -ESHUTDOWN);
	zassert_ok(taskpool_release(&slow));
	expect_counted("short", 1, 1, 3);
	zassert_ok(taskpool_class_remove("short"));
}

static void see_pool(void)
{
	struct taskpool_stats stats;

	note(taskpool_stats(taskpool_class_find("io", NULL), &stats), 0);
	note((int)stats.done, 1);
}

ZTEST(c, test_class_has_the_statistics_of_its_pool)
{
	struct taskpool_stats stats;

	noted_init(&job, 0);
	zassert_ok(taskpool_class_set("io", &slow));
	zassert_ok(taskpool_reset_stats(taskpool_class_find("io", NULL)));
	zassert_equal(taskpool_submit_class("io", &job.job), TASKPOOL_NEW);
	zassert_ok(taskpool_stats(taskpool_class_find("io", NULL), &stats));
	zassert_equal(stats.submitted, 1);
	zassert_equal(stats.queued, 1);
	zassert_equal(stats.done, 0);
	settle();
	in_interrupt(see_pool);
	expect_noted(2);
	expect_counted("io", 1, 0, 0);
	zassert_ok(taskpool_class_remove("io"));
	zassert_equal(taskpool_stats(taskpool_class_find("io", NULL), &stats), -EINVAL);
}

static void use_in_interrupt(void)
{
	struct taskpool_class_stats stats;

	note(taskpool_class_set("cpu", &slow), 0);
	note(taskpool_submit_class("cpu", &job.job), TASKPOOL_NEW);
	note(taskpool_class_find("cpu", NULL) == &slow, true);
	note(taskpool_class_set("cpu", &eager), 0);
	note(taskpool_submit_class("cpu", &job.job), -EALREADY);
	note(taskpool_class_stats("cpu", &stats), 0);
	note(stats.accepted, 1);
	note(taskpool_class_remove("cpu"), 0);
	note(taskpool_class_set_default(&slow), 0);
	note(taskpool_class_set_default(NULL), 0);
}

ZTEST(c, test_class_in_interrupts)
{
	noted_init(&job, 0);
	in_interrupt(use_in_interrupt);
	expect_noted(10);
	settle();
	zassert_equal(atomic_get(&job.runs), 1);
}

ZTEST(c, test_class_default)
{
	struct taskpool_class_stats stats;
	bool runs_inline = false;

	noted_init(&job, 0);
	zassert_equal(taskpool_class_stats(NULL, &stats), -ESRCH);
	zassert_ok(taskpool_class_set_default(&eager));
	zassert_equal(taskpool_submit_class("anything", &job.job), TASKPOOL_NEW);
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_ok(taskpool_class_set_default_inline(&slow));
	zassert_equal_ptr(taskpool_class_find("else", &runs_inline), &slow);
	zassert_true(runs_inline);
	zassert_equal(taskpool_submit_class("else", &job.job), TASKPOOL_RAN);
	expect_counted(NULL, 2, 1, 0);
	zassert_ok(taskpool_class_set_default(NULL));
	zassert_equal(taskpool_submit_class("anything", &job.job), -ESRCH);
}

ZTEST(c, test_class_is_refused)
{
	static struct taskpool none = {.core = {.life = 0xee}};
	const char *longest = "0123456789abcdef0123456789abcdef";
	struct taskpool_class_stats stats;

	noted_init(&job, 0);
	zassert_ok(taskpool_class_set("one", &slow));
	zassert_ok(taskpool_class_set("two", &slow));
	zassert_ok(taskpool_class_set("three", &slow));
	zassert_equal(taskpool_class_set("four", &slow), -ENOSPC);
	zassert_ok(taskpool_class_set("three", &eager));
	zassert_ok(taskpool_class_remove("one"));
	zassert_ok(taskpool_class_remove("two"));
	zassert_equal(taskpool_class_set("", &slow), -EINVAL);
	zassert_equal(taskpool_class_set(NULL, &slow), -EINVAL);
	zassert_equal(taskpool_class_set("0123456789abcdef0123456789abcdef!", &slow), -EINVAL);
	zassert_ok(taskpool_class_set(longest, &slow));
	zassert_ok(taskpool_class_remove(longest));
	zassert_equal(taskpool_class_set("one", NULL), -EINVAL);
	zassert_equal(taskpool_class_set("one", &none), -EINVAL);
	zassert_equal(taskpool_class_set_inline("one", NULL), -EINVAL);
	zassert_equal(taskpool_class_set_inline(NULL, &slow), -EINVAL);
	zassert_equal(taskpool_class_set_default(&none), -EINVAL);
	zassert_equal(taskpool_class_set_default_inline(NULL), -EINVAL);
	zassert_equal(taskpool_class_remove(NULL), -EINVAL);
	zassert_is_null(taskpool_class_find(NULL, NULL));
	zassert_equal(taskpool_submit_class(NULL, &job.job), -EINVAL);
	zassert_equal(taskpool_submit_class("three", NULL), -EINVAL);
	zassert_equal(taskpool_class_stats("three", NULL), -EINVAL);
	zassert_equal(taskpool_class_stats("one", &stats), -ESRCH);
	zassert_ok(taskpool_class_remove("three"));
	zassert_equal(atomic_get(&job.runs), 0);
}
