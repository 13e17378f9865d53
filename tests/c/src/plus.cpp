/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The same header in C++.
 */

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/task.h>
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

class Steps
{
public:
	Steps() : task TASKPOOL_TASK_INITIALIZER(step, k_ms_to_ticks_ceil64(1))
	{
	}

	taskpool_task task;
	int taken = 0;

private:
	static taskpool_next step(taskpool_task *task, const taskpool_run *run)
	{
		CONTAINER_OF(task, Steps, task)->taken++;
		return run->number == 3 ? taskpool_next_done(7) : taskpool_next_after(K_TICKS(2));
	}
};

Steps steps;

taskpool_next go_on(taskpool_task *, const taskpool_run *)
{
	return taskpool_next_default();
}

TASKPOOL_TASK_DEFINE_WITH(periodic, go_on, k_ms_to_ticks_ceil64(1), 4, TASKPOOL_MISSED_CATCH_UP(2), 0, nullptr, 0, false);

} /* namespace */

ZTEST(c, test_plus_plus)
{
	int code = 0;

	zassert_equal(taskpool_submit(&plus, &counter.job), TASKPOOL_NEW);
	zassert_equal(taskpool_wait(&counter.job, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 1);
	zassert_equal(counter.runs, 1);
	zassert_ok(taskpool_task_enable(&plus, &steps.task, TASKPOOL_AFTER_INTERVAL));
	zassert_equal(taskpool_task_wait(&steps.task, K_SECONDS(1), &code), TASKPOOL_DONE);
	zassert_equal(code, 7);
	zassert_equal(steps.taken, 3);
	zassert_ok(taskpool_task_enable(&plus, &periodic, K_NO_WAIT));
	zassert_equal(taskpool_task_wait(&periodic, K_SECONDS(1), &code), TASKPOOL_DONE);
	zassert_ok(taskpool_submit_after(&plus, &defined, K_MSEC(1)));
	zassert_equal(taskpool_wait(&defined, K_SECONDS(1), &code), TASKPOOL_DONE);
	zassert_equal(code, 3);
}
