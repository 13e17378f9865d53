/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Two archives of Rust code in one image of C.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

size_t other_length(uint64_t dividend, uint64_t divisor);

static int run(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(arg);
	return (int)other_length(123456789012345, 7);
}

TASKPOOL_JOB_DEFINE(job, run, NULL);

ZTEST(two_archives, test_both_work)
{
	int length = 0;

	zassert_ok(taskpool_submit_after(&taskpool_system, &job, K_MSEC(1)));
	zassert_equal(taskpool_wait(&job, K_SECONDS(1), &length), TASKPOOL_DONE);
	zassert_equal(length, 14);
}

ZTEST_SUITE(two_archives, NULL, NULL, NULL, NULL, NULL);
