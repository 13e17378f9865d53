/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Jobs of the pool's memory: three in all, two in a pool's cache.
 */

#include <string.h>

#include "common.h"

static IotTaskPoolJob_t jobs[4];

static void create(int index)
{
	expect(IotTaskPool_CreateRecyclableJob(pool, count, NULL, &jobs[index]), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, jobs[index]), IOT_TASKPOOL_STATUS_READY);
}

ZTEST(iot, test_recyclable_jobs_run)
{
	create(0);
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 1);
	zassert_equal(seen_job, jobs[0]);
	expect(IotTaskPool_RecycleJob(pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, jobs[0]), IOT_TASKPOOL_STATUS_UNDEFINED);
}

ZTEST(iot, test_there_are_so_many_recyclable_jobs)
{
	for (int i = 0; i < 3; i++) {
		create(i);
	}
	expect(IotTaskPool_CreateRecyclableJob(pool, count, NULL, &jobs[3]), IOT_TASKPOOL_NO_MEMORY);
	expect(IotTaskPool_DestroyRecyclableJob(pool, jobs[1]), IOT_TASKPOOL_SUCCESS);
	create(1);
}

ZTEST(iot, test_a_pool_keeps_what_is_recycled)
{
	static const IotTaskPoolInfo_t info = IOT_TASKPOOL_INFO_INITIALIZER_SMALL;
	IotTaskPool_t other;
	IotTaskPoolJob_t others[2];

	expect(IotTaskPool_Create(&info, &other), IOT_TASKPOOL_SUCCESS);
	for (int i = 0; i < 3; i++) {
		create(i);
	}
	for (int i = 0; i < 3; i++) {
		expect(IotTaskPool_RecycleJob(pool, jobs[i]), IOT_TASKPOOL_SUCCESS);
	}
	/* Two are in the cache of the pool: the third is there for all. */
	expect(IotTaskPool_CreateRecyclableJob(other, count, NULL, &others[0]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_CreateRecyclableJob(other, count, NULL, &others[1]), IOT_TASKPOOL_NO_MEMORY);
	create(0);
	create(1);
	expect(IotTaskPool_Destroy(other), IOT_TASKPOOL_SUCCESS);
	/* With the pool its jobs are gone. */
	create(2);
}

ZTEST(iot, test_the_oldest_of_the_cache_is_used_next)
{
	IotTaskPoolJob_t made;

	for (int i = 0; i < 3; i++) {
		create(i);
	}
	for (int round = 0; round < 4; round++) {
		int first = round % 3;
		int second = (round + 2) % 3;

		expect(IotTaskPool_RecycleJob(pool, jobs[first]), IOT_TASKPOOL_SUCCESS);
		expect(IotTaskPool_RecycleJob(pool, jobs[second]), IOT_TASKPOOL_SUCCESS);
		/* Twice is once: it keeps its place. */
		expect(IotTaskPool_RecycleJob(pool, jobs[first]), IOT_TASKPOOL_SUCCESS);
		expect(IotTaskPool_CreateRecyclableJob(pool, count, NULL, &made), IOT_TASKPOOL_SUCCESS);
		zassert_equal(made, jobs[first], "%d", round);
		expect(IotTaskPool_CreateRecyclableJob(pool, count, NULL, &made), IOT_TASKPOOL_SUCCESS);
		zassert_equal(made, jobs[second], "%d", round);
	}
}

/* B8: what is done twice is done once. */
ZTEST(iot, test_recycling_twice_is_once)
{
	create(0);
	for (int i = 0; i < 5; i++) {
		expect(IotTaskPool_RecycleJob(pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
	}
	expect(IotTaskPool_DestroyRecyclableJob(pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_DestroyRecyclableJob(pool, jobs[0]), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_RecycleJob(pool, jobs[0]), IOT_TASKPOOL_ILLEGAL_OPERATION);
	for (int i = 0; i < 3; i++) {
		create(i);
	}
}

/* B9: what was recycled is not called. */
ZTEST(iot, test_what_was_recycled_is_not_scheduled)
{
	IotTaskPoolJobStatus_t status;

	create(0);
	expect(IotTaskPool_RecycleJob(pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_Schedule(pool, jobs[0], IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_ScheduleDeferred(pool, jobs[0], 1), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_TryCancel(pool, jobs[0], &status), IOT_TASKPOOL_CANCEL_FAILED);
	zassert_equal(status, IOT_TASKPOOL_STATUS_UNDEFINED);
	settle();
	zassert_equal(atomic_get(&calls), 0);
}

ZTEST(iot, test_what_waits_is_cancelled_and_given_back)
{
	create(0);
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_RecycleJob(pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
	create(0);
	expect(IotTaskPool_ScheduleDeferred(pool, jobs[0], 1), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_DestroyRecyclableJob(pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
	create(0);
	expect(IotTaskPool_TryCancel(pool, jobs[0], NULL), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_DestroyRecyclableJob(pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
	k_msleep(15);
	zassert_equal(atomic_get(&calls), 0);
}

static void recycle_itself(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	expect(IotTaskPool_RecycleJob(of, self), IOT_TASKPOOL_SUCCESS);
	count(of, self, context);
}

static void destroy_itself(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	expect(IotTaskPool_DestroyRecyclableJob(of, self), IOT_TASKPOOL_SUCCESS);
	count(of, self, context);
}

ZTEST(iot, test_callbacks_give_their_jobs_back)
{
	for (int i = 0; i < 10; i++) {
		IotTaskPoolRoutine_t routine = i % 2 == 0 ? recycle_itself : destroy_itself;

		expect(IotTaskPool_CreateRecyclableJob(pool, routine, NULL, &jobs[0]), IOT_TASKPOOL_SUCCESS);
		expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
		settle();
	}
	zassert_equal(atomic_get(&calls), 10);
	for (int i = 0; i < 3; i++) {
		create(i);
	}
}

static IotTaskPoolError_t (*const give_back[])(IotTaskPool_t taskPool, IotTaskPoolJob_t job) = {
	IotTaskPool_RecycleJob,
	IotTaskPool_DestroyRecyclableJob,
};

/* In every status. It runs if it did, and is gone. */
ZTEST(iot, test_what_was_created_is_given_back)
{
	static const IotTaskPoolJobStatus_t seen[] = {
		IOT_TASKPOOL_STATUS_READY,     IOT_TASKPOOL_STATUS_SCHEDULED, IOT_TASKPOOL_STATUS_DEFERRED,
		IOT_TASKPOOL_STATUS_COMPLETED, IOT_TASKPOOL_STATUS_CANCELED,
	};

	for (size_t how = 0; how < ARRAY_SIZE(give_back); how++) {
		for (size_t i = 0; i < ARRAY_SIZE(seen); i++) {
			atomic_clear(&calls);
			create(0);
			switch (seen[i]) {
			case IOT_TASKPOOL_STATUS_SCHEDULED:
				expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
				break;
			case IOT_TASKPOOL_STATUS_DEFERRED:
				expect(IotTaskPool_ScheduleDeferred(pool, jobs[0], 1), IOT_TASKPOOL_SUCCESS);
				break;
			case IOT_TASKPOOL_STATUS_COMPLETED:
				expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
				settle();
				break;
			case IOT_TASKPOOL_STATUS_CANCELED:
				expect(IotTaskPool_TryCancel(pool, jobs[0], NULL), IOT_TASKPOOL_SUCCESS);
				break;
			default:
				break;
			}
			zassert_equal(status_of(pool, jobs[0]), seen[i]);
			expect(give_back[how](pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
			zassert_equal(status_of(pool, jobs[0]), IOT_TASKPOOL_STATUS_UNDEFINED);
			k_msleep(15);
			zassert_equal(atomic_get(&calls), seen[i] == IOT_TASKPOOL_STATUS_COMPLETED ? 1 : 0);
		}
	}
	for (int i = 0; i < 3; i++) {
		create(i);
	}
}

static IotTaskPoolError_t late;

static void schedule_late(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	linger(of, self, context);
	late = IotTaskPool_Schedule(of, self, 0);
	atomic_inc(&calls);
}

/* By another thread, while the callback runs. */
ZTEST(iot, test_a_running_job_is_given_back)
{
	static IotTaskPoolJobStorage_t before;
	IotTaskPoolJobStorage_t *storage;

	for (size_t how = 0; how < ARRAY_SIZE(give_back); how++) {
		atomic_clear(&calls);
		expect(IotTaskPool_CreateRecyclableJob(pool, schedule_late, NULL, &jobs[0]), IOT_TASKPOOL_SUCCESS);
		expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
		settle();
		zassert_equal(atomic_get(&calls), 1, "it runs");
		expect(give_back[how](pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
		zassert_equal(status_of(pool, jobs[0]), IOT_TASKPOOL_STATUS_UNDEFINED);
		storage = IotTaskPool_GetJobStorageFromHandle(jobs[0]);
		memcpy(&before, storage, sizeof(before));
		k_msleep(30);
		zassert_equal(atomic_get(&calls), 2, "it has ended");
		expect(late, IOT_TASKPOOL_ILLEGAL_OPERATION);
		zassert_mem_equal(storage, &before, sizeof(before), "the pool leaves it alone");
	}
	/* Nor does the callback touch the next job of this memory, unless it schedules that. */
	for (size_t how = 0; how < ARRAY_SIZE(give_back); how++) {
		atomic_clear(&calls);
		expect(IotTaskPool_CreateRecyclableJob(pool, linger, NULL, &jobs[0]), IOT_TASKPOOL_SUCCESS);
		expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
		settle();
		expect(give_back[how](pool, jobs[0]), IOT_TASKPOOL_SUCCESS);
		create(1);
		zassert_equal(jobs[1], jobs[0], "the same memory");
		k_msleep(30);
		zassert_equal(status_of(pool, jobs[1]), IOT_TASKPOOL_STATUS_READY);
		zassert_equal(atomic_get(&calls), 1);
		expect(IotTaskPool_DestroyRecyclableJob(pool, jobs[1]), IOT_TASKPOOL_SUCCESS);
	}
}

ZTEST(iot, test_a_recyclable_job_runs_in_its_pool)
{
	static const IotTaskPoolInfo_t info = IOT_TASKPOOL_INFO_INITIALIZER_SMALL;
	IotTaskPool_t other;

	expect(IotTaskPool_Create(&info, &other), IOT_TASKPOOL_SUCCESS);
	create(0);
	expect(IotTaskPool_Schedule(other, jobs[0], 0), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_Schedule(other, jobs[0], IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_ScheduleDeferred(other, jobs[0], 1), IOT_TASKPOOL_ILLEGAL_OPERATION);
	zassert_equal(status_of(pool, jobs[0]), IOT_TASKPOOL_STATUS_READY);
	/* Nor is it taken out of where it waits. */
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(other, jobs[0], 0), IOT_TASKPOOL_ILLEGAL_OPERATION);
	zassert_equal(status_of(pool, jobs[0]), IOT_TASKPOOL_STATUS_SCHEDULED);
	settle();
	zassert_equal(atomic_get(&calls), 1);
	zassert_equal(seen_pool, pool);
	expect(IotTaskPool_Destroy(other), IOT_TASKPOOL_SUCCESS);
}

ZTEST(iot, test_bad_recyclable_jobs)
{
	static IotTaskPoolJobStorage_t storage;
	IotTaskPool_t none = (IotTaskPool_t)&storage;
	IotTaskPoolJob_t job;

	expect(IotTaskPool_CreateRecyclableJob(none, count, NULL, &job), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_RecycleJob(none, jobs[0]), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_DestroyRecyclableJob(none, jobs[0]), IOT_TASKPOOL_BAD_PARAMETER);

	expect(IotTaskPool_CreateRecyclableJob(NULL, count, NULL, &job), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_CreateRecyclableJob(pool, NULL, NULL, &job), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_CreateRecyclableJob(pool, count, NULL, NULL), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_CreateJob(count, NULL, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_RecycleJob(pool, job), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_DestroyRecyclableJob(pool, job), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_RecycleJob(NULL, job), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_RecycleJob(pool, NULL), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_DestroyRecyclableJob(NULL, job), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_DestroyRecyclableJob(pool, NULL), IOT_TASKPOOL_BAD_PARAMETER);
}

/* B10: the job that runs while its pool is destroyed is given back, too. */
ZTEST(iot, test_a_destroyed_pool_keeps_nothing)
{
	static const IotTaskPoolInfo_t info = IOT_TASKPOOL_INFO_INITIALIZER_SMALL;

	expect(IotTaskPool_CreateRecyclableJob(pool, linger, NULL, &jobs[0]), IOT_TASKPOOL_SUCCESS);
	create(1);
	create(2);
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
	settle();
	expect(IotTaskPool_Schedule(pool, jobs[1], 0), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Destroy(pool), IOT_TASKPOOL_SUCCESS);
	zassert_equal(atomic_get(&calls), 1);
	expect(IotTaskPool_Create(&info, &pool), IOT_TASKPOOL_SUCCESS);
	for (int i = 0; i < 3; i++) {
		create(i);
	}
}
