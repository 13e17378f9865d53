/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The same header in C++.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

TASKPOOL_DEFINE(plus, 1, 1024, 3);

namespace
{

class Counter
{
public:
	Counter() : job TASKPOOL_JOB_INITIALIZER(count, this)
	{
	}

	taskpool_job job;
	int runs = 0;

private:
	static int count(const taskpool_ctx *, void *self)
	{
		return ++static_cast<Counter *>(self)->runs;
	}
};

Counter counter;

int three(const taskpool_ctx *, void *)
{
	return 3;
}

TASKPOOL_JOB_DEFINE(defined, three, nullptr);

} /* namespace */

ZTEST(c, test_plus_plus)
{
	int code = 0;

	zassert_equal(taskpool_submit(&plus, &counter.job), TASKPOOL_NEW);
	zassert_equal(taskpool_wait(&counter.job, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 1);
	zassert_equal(counter.runs, 1);
	zassert_ok(taskpool_submit_after(&plus, &defined, K_MSEC(1)));
	zassert_equal(taskpool_wait(&defined, K_SECONDS(1), &code), TASKPOOL_DONE);
	zassert_equal(code, 3);
}
