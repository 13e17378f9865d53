/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The same header in C++.
 */

#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/task.h>
#include <taskpool/taskpool.h>

TASKPOOL_DEFINE(plus, 1, 1024, 3);
K_SEM_DEFINE(plus_sem, 0, 1);
K_EVENT_DEFINE(plus_event);
K_FIFO_DEFINE(plus_queue);

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

/* Submissions outside of functions. */
uint32_t lambda_line;
const auto submit_in_lambda = [](taskpool_job *job) {
	lambda_line = __LINE__ + 1;
	return taskpool_submit(&plus, job);
};

int submit_by_default(taskpool_job *job, int answer = taskpool_submit(&plus, &defined))
{
	zassert_equal(job, &defined);
	return answer;
}

void call(taskpool_end_queued *, const taskpool_told *told)
{
	zassert_equal(told->code, 3);
	k_sem_give(&plus_sem);
}

/* One tells the other. */
TASKPOOL_END_EVENT_DEFINE(post, &plus_event, BIT(1), BIT(2));
TASKPOOL_END_QUEUED_DEFINE(queued, &plus_queue, call);
TASKPOOL_END_SUBMIT_DEFINE(then, &plus, &defined);
TASKPOOL_END_WORK_DEFINE(no_work, nullptr, nullptr);
TASKPOOL_END_SEM_DEFINE(give, &plus_sem);
TASKPOOL_BATCH_DEFINE(batch, &queued.end);
TASKPOOL_JOB_DEFINE_WITH(posts, three, nullptr, &post.end, 0, false);
TASKPOOL_JOB_DEFINE_WITH(one_of_two, three, nullptr, &batch.end, 0, false);

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
	zassert_ok(taskpool_submit(&plus, &posts));
	zassert_equal(k_event_wait(&plus_event, UINT32_MAX, false, K_FOREVER), BIT(1));
	zassert_ok(taskpool_batch_arm(&batch, 2));
	zassert_ok(taskpool_submit(&plus, &one_of_two));
	zassert_equal(taskpool_run_now(&plus, &one_of_two, nullptr), TASKPOOL_DONE);
	zassert_equal(taskpool_queue_run(&plus_queue, 1, K_FOREVER), 1);
	zassert_ok(k_sem_take(&plus_sem, K_NO_WAIT));
	zassert_equal(taskpool_room_refused(&then.room) + taskpool_room_refused(&no_work.room), 0);
	give.end.end(&give.end, TASKPOOL_CANCELLED, 0);
	zassert_ok(k_sem_take(&plus_sem, K_NO_WAIT));
	zassert_ok(taskpool_submit_after(&plus, &defined, K_MSEC(1)));
	zassert_equal(taskpool_wait(&defined, K_SECONDS(1), &code), TASKPOOL_DONE);
	zassert_equal(code, 3);

	taskpool_site site;

	zassert_ok(taskpool_submit(&plus, &defined));
	zassert_ok(taskpool_job_site(&defined, &site));
	zassert_equal(site.line, __LINE__ - 2);
	zassert_equal(site.length, strlen(__FILE__));
	zassert_mem_equal(site.file, __FILE__, site.length);
	zassert_equal(taskpool_wait(&defined, K_SECONDS(1), &code), TASKPOOL_DONE);

	zassert_ok(submit_in_lambda(&defined));
	zassert_ok(taskpool_job_site(&defined, &site));
	zassert_equal(site.line, lambda_line);
	zassert_equal(site.length, strlen(__FILE__));
	zassert_equal(taskpool_wait(&defined, K_SECONDS(1), &code), TASKPOOL_DONE);
	zassert_ok(submit_by_default(&defined));
	zassert_ok(taskpool_job_site(&defined, &site));
	zassert_equal(taskpool_wait(&defined, K_SECONDS(1), &code), TASKPOOL_DONE);
}
