/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Jobs of the pool's memory: three in all, two in a pool's cache.
 */

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

ZTEST(iot, test_bad_recyclable_jobs)
{
	static IotTaskPoolJobStorage_t storage;
	IotTaskPoolJob_t job;

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
