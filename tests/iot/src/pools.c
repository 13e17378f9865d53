/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pools: made, resized, destroyed. The reserve has four workers, of which each case has one.
 */

#include "common.h"

static IotTaskPoolJobStorage_t storages[5];
static IotTaskPoolJob_t jobs[5];
static IotTaskPool_t others[3];

static void start(IotTaskPool_t where, int index, IotTaskPoolRoutine_t routine)
{
	expect(IotTaskPool_CreateJob(routine, NULL, &storages[index], &jobs[index]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(where, jobs[index], 0), IOT_TASKPOOL_SUCCESS);
}

static IotTaskPoolError_t make(uint32_t min, uint32_t max, IotTaskPool_t *made)
{
	const IotTaskPoolInfo_t info = {.minThreads = min, .maxThreads = max, .stackSize = 0, .priority = -1};

	return IotTaskPool_Create(&info, made);
}

ZTEST(iot, test_bad_pools)
{
	IotTaskPoolInfo_t info = IOT_TASKPOOL_INFO_INITIALIZER;
	IotTaskPool_t none = (IotTaskPool_t)&info;

	zassert_equal(info.minThreads, 1);
	zassert_equal(info.maxThreads, 2);
	expect(IotTaskPool_Create(NULL, &others[0]), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_Create(&info, NULL), IOT_TASKPOOL_BAD_PARAMETER);
	expect(make(0, 1, &others[0]), IOT_TASKPOOL_BAD_PARAMETER);
	expect(make(0, 0, &others[0]), IOT_TASKPOOL_BAD_PARAMETER);
	expect(make(2, 1, &others[0]), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_CreateSystemTaskPool(NULL), IOT_TASKPOOL_BAD_PARAMETER);
	info.minThreads = 0;
	expect(IotTaskPool_CreateSystemTaskPool(&info), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_Destroy(NULL), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_SetMaxThreads(NULL, 1), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_SetMaxThreads(pool, 0), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_Destroy(none), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_SetMaxThreads(none, 1), IOT_TASKPOOL_BAD_PARAMETER);
}

ZTEST(iot, test_stacks_are_those_of_the_reserve)
{
	IotTaskPoolInfo_t info = {1, 1, CONFIG_TASKPOOL_RESERVE_STACK_SIZE, 0};

	expect(IotTaskPool_Create(&info, &others[0]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
	info.stackSize++;
	others[0] = NULL;
	expect(IotTaskPool_Create(&info, &others[0]), IOT_TASKPOOL_NO_MEMORY);
	zassert_is_null(others[0]);
}

ZTEST(iot, test_the_minimum_is_reserved)
{
	/* Three are left. */
	expect(make(4, 4, &others[0]), IOT_TASKPOOL_NO_MEMORY);
	expect(make(200, 300, &others[0]), IOT_TASKPOOL_NO_MEMORY);
	expect(make(3, 3, &others[0]), IOT_TASKPOOL_SUCCESS);
	expect(make(1, 1, &others[1]), IOT_TASKPOOL_NO_MEMORY);
	/* They stay with the pool while it has nothing to do, and after. */
	for (int i = 0; i < 3; i++) {
		start(others[0], i, linger);
	}
	settle();
	zassert_equal(atomic_get(&calls), 3);
	k_msleep(30);
	expect(make(1, 1, &others[1]), IOT_TASKPOOL_NO_MEMORY);
	for (int i = 0; i < 3; i++) {
		start(others[0], i, linger);
	}
	settle();
	zassert_equal(atomic_get(&calls), 6);
	/* And go back with it. */
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
	expect(make(2, 2, &others[0]), IOT_TASKPOOL_SUCCESS);
	expect(make(1, 1, &others[1]), IOT_TASKPOOL_NO_MEMORY);
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
}

ZTEST(iot, test_there_are_so_many_pools)
{
	expect(make(1, 1, &others[0]), IOT_TASKPOOL_SUCCESS);
	expect(make(1, 1, &others[1]), IOT_TASKPOOL_NO_MEMORY);
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
	expect(make(1, 1, &others[1]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Destroy(others[1]), IOT_TASKPOOL_SUCCESS);
}

ZTEST(iot, test_pools_grow_and_shrink)
{
	expect(IotTaskPool_SetMaxThreads(pool, 3), IOT_TASKPOOL_SUCCESS);
	for (int i = 0; i < 5; i++) {
		start(pool, i, linger);
	}
	settle();
	zassert_equal(atomic_get(&calls), 3);
	/* These empty the queue first. */
	expect(IotTaskPool_SetMaxThreads(pool, 1), IOT_TASKPOOL_SUCCESS);
	k_msleep(20);
	zassert_equal(atomic_get(&calls), 5);
	k_msleep(20);
	/* Then one at a time again. */
	for (int i = 0; i < 3; i++) {
		start(pool, i, linger);
	}
	settle();
	zassert_equal(atomic_get(&calls), 6);
	k_msleep(20);
	zassert_equal(atomic_get(&calls), 7);
	/* What waits stays in line until the next one is scheduled, which brings one worker. */
	expect(IotTaskPool_SetMaxThreads(pool, 3), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 7);
	start(pool, 3, linger);
	settle();
	zassert_equal(atomic_get(&calls), 8);
	k_msleep(10);
	zassert_equal(atomic_get(&calls), 9);
	k_msleep(30);
	/* More than there are: as many as there are. */
	expect(IotTaskPool_SetMaxThreads(pool, 1000), IOT_TASKPOOL_SUCCESS);
	for (int i = 0; i < 5; i++) {
		start(pool, i, linger);
	}
	settle();
	zassert_equal(atomic_get(&calls), 13);
	k_msleep(50);
	zassert_equal(atomic_get(&calls), 14);
}

ZTEST(iot, test_the_minimum_bounds_the_maximum)
{
	expect(make(2, 3, &others[0]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_SetMaxThreads(others[0], 1), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_SetMaxThreads(others[0], 2), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_SetMaxThreads(others[0], 2), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
}

ZTEST(iot, test_the_system_pool)
{
	static const IotTaskPoolInfo_t info = IOT_TASKPOOL_INFO_INITIALIZER_SMALL;
	/* Three workers are left. */
	static const IotTaskPoolInfo_t too_large[] = {{4, 4, 0, 0}, {1, 1, CONFIG_TASKPOOL_RESERVE_STACK_SIZE + 1, 0}};
	IotTaskPoolJobStatus_t status;

	zassert_not_null(IOT_SYSTEM_TASKPOOL);
	for (size_t i = 0; i < ARRAY_SIZE(too_large); i++) {
		expect(IotTaskPool_CreateSystemTaskPool(&too_large[i]), IOT_TASKPOOL_NO_MEMORY);
	}
	expect(IotTaskPool_SetMaxThreads(IOT_SYSTEM_TASKPOOL, 1), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_CreateRecyclableJob(IOT_SYSTEM_TASKPOOL, count, NULL, &jobs[0]),
	       IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_CreateJob(count, NULL, &storages[0], &jobs[0]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(IOT_SYSTEM_TASKPOOL, jobs[0], 0), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_GetStatus(IOT_SYSTEM_TASKPOOL, jobs[0], &status), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	zassert_equal(status, IOT_TASKPOOL_STATUS_UNDEFINED);
	expect(IotTaskPool_Destroy(IOT_SYSTEM_TASKPOOL), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	for (int round = 1; round <= 2; round++) {
		expect(IotTaskPool_CreateSystemTaskPool(&info), IOT_TASKPOOL_SUCCESS);
		expect(IotTaskPool_CreateSystemTaskPool(&info), IOT_TASKPOOL_ILLEGAL_OPERATION);
		start(IOT_SYSTEM_TASKPOOL, 0, count);
		settle();
		zassert_equal(atomic_get(&calls), round);
		zassert_equal(seen_pool, IOT_SYSTEM_TASKPOOL);
		/* B2: its memory is static. */
		expect(IotTaskPool_Destroy(IOT_SYSTEM_TASKPOOL), IOT_TASKPOOL_SUCCESS);
	}
}

ZTEST(iot, test_destroying_drops_what_waits)
{
	IotTaskPoolJobStatus_t status = IOT_TASKPOOL_STATUS_READY;

	expect(make(1, 1, &others[0]), IOT_TASKPOOL_SUCCESS);
	start(pool, 0, count);
	start(pool, 1, count);
	expect(IotTaskPool_ScheduleDeferred(pool, jobs[1], 1), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Destroy(pool), IOT_TASKPOOL_SUCCESS);
	k_msleep(15);
	zassert_equal(atomic_get(&calls), 0);
	for (int i = 0; i < 2; i++) {
		zassert_equal(status_of(others[0], jobs[i]), IOT_TASKPOOL_STATUS_UNDEFINED);
		/* B9 */
		expect(IotTaskPool_Schedule(others[0], jobs[i], 0), IOT_TASKPOOL_ILLEGAL_OPERATION);
		expect(IotTaskPool_TryCancel(others[0], jobs[i], &status), IOT_TASKPOOL_CANCEL_FAILED);
		zassert_equal(status, IOT_TASKPOOL_STATUS_UNDEFINED);
		/* The memory is the caller's. */
		start(others[0], i, count);
	}
	settle();
	zassert_equal(atomic_get(&calls), 2);
	/* Of what there is no more. */
	expect(IotTaskPool_Destroy(pool), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_ScheduleDeferred(pool, jobs[0], 1), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_TryCancel(pool, jobs[0], &status), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	zassert_equal(status, IOT_TASKPOOL_STATUS_UNDEFINED);
	expect(IotTaskPool_SetMaxThreads(pool, 0), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_SetMaxThreads(pool, 1), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_CreateRecyclableJob(pool, count, NULL, &jobs[0]), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_RecycleJob(pool, jobs[1]), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_DestroyRecyclableJob(pool, jobs[1]), IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
}

static IotTaskPoolError_t answers[9];
static IotTaskPoolJobStatus_t closing_status[2];

static void ask_while_closing(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	IotTaskPoolJob_t made;

	k_msleep(30);
	answers[0] = IotTaskPool_Schedule(of, self, 0);
	answers[1] = IotTaskPool_Destroy(of);
	answers[2] = IotTaskPool_ScheduleDeferred(of, self, 1);
	answers[3] = IotTaskPool_GetStatus(of, self, &closing_status[0]);
	answers[4] = IotTaskPool_TryCancel(of, self, &closing_status[1]);
	answers[5] = IotTaskPool_CreateRecyclableJob(of, count, NULL, &made);
	answers[6] = IotTaskPool_RecycleJob(of, self);
	answers[7] = IotTaskPool_DestroyRecyclableJob(of, self);
	answers[8] = IotTaskPool_SetMaxThreads(of, 2);
	count(of, self, context);
}

/* Longer than that. */
static void end_late(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	k_msleep(40);
	count(of, self, context);
}

/* B1, B3, B7: it waits for what runs, whichever worker does, and whatever is due or comes due meanwhile. */
ZTEST(iot, test_destroying_waits_for_what_runs)
{
	closing_status[0] = closing_status[1] = IOT_TASKPOOL_STATUS_READY;
	start(pool, 0, ask_while_closing);
	settle();
	/* By a worker beyond the maximum. */
	expect(IotTaskPool_CreateJob(end_late, NULL, &storages[1], &jobs[1]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, jobs[1], IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	/* One is due when the pool is destroyed, and the other one meanwhile. */
	for (int i = 2; i < 4; i++) {
		expect(IotTaskPool_CreateJob(count, NULL, &storages[i], &jobs[i]), IOT_TASKPOOL_SUCCESS);
		expect(IotTaskPool_ScheduleDeferred(pool, jobs[i], i == 2 ? 10 : 20), IOT_TASKPOOL_SUCCESS);
	}
	k_msleep(15);
	zassert_equal(status_of(pool, jobs[2]), IOT_TASKPOOL_STATUS_SCHEDULED);
	zassert_equal(status_of(pool, jobs[3]), IOT_TASKPOOL_STATUS_DEFERRED);
	zassert_equal(atomic_get(&calls), 0);
	expect(IotTaskPool_Destroy(pool), IOT_TASKPOOL_SUCCESS);
	zassert_equal(atomic_get(&calls), 2, "those that ran have ended, and no other one has begun");
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		zassert_equal(answers[i], IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS, "%zu: %s", i,
			      IotTaskPool_strerror(answers[i]));
	}
	zassert_equal(closing_status[0], IOT_TASKPOOL_STATUS_UNDEFINED);
	zassert_equal(closing_status[1], IOT_TASKPOOL_STATUS_UNDEFINED);
	k_msleep(30);
	zassert_equal(atomic_get(&calls), 2);
	expect(make(1, 1, &others[0]), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(others[0], jobs[2]), IOT_TASKPOOL_STATUS_UNDEFINED);
	zassert_equal(status_of(others[0], jobs[3]), IOT_TASKPOOL_STATUS_UNDEFINED);
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
}

static void destroy_own_pool(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	answers[2] = IotTaskPool_Destroy(of);
	count(of, self, context);
}

/* B11 */
ZTEST(iot, test_a_job_does_not_destroy_its_pool)
{
	start(pool, 0, destroy_own_pool);
	settle();
	expect(answers[2], IOT_TASKPOOL_ILLEGAL_OPERATION);
	start(pool, 1, count);
	settle();
	zassert_equal(atomic_get(&calls), 2, "the pool goes on");
}

static void create_itself_and_destroy_own_pool(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	IotTaskPoolJob_t made;

	answers[0] = IotTaskPool_CreateJob(count, NULL, IotTaskPool_GetJobStorageFromHandle(self), &made);
	answers[1] = IotTaskPool_Destroy(of);
	/* The pool is not another one's meanwhile. */
	answers[2] = make(1, 1, &others[0]);
	count(of, self, context);
}

/* B11, also where the callback has made another job of its memory. */
ZTEST(iot, test_a_job_that_was_created_again_does_not_destroy_its_pool)
{
	start(pool, 0, create_itself_and_destroy_own_pool);
	settle();
	expect(answers[0], IOT_TASKPOOL_SUCCESS);
	expect(answers[1], IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(answers[2], IOT_TASKPOOL_SUCCESS);
	zassert_not_equal(others[0], pool);
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 2, "the pool goes on");
}

static k_tid_t ran_on;

static void note_thread(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	ran_on = k_current_get();
	count(of, self, context);
}

ZTEST(iot, test_priorities)
{
	static const struct {
		int32_t freertos;
		int zephyr;
	} rows[] = {
		{-1, MAX(CONFIG_TASKPOOL_THREAD_PRIORITY, 0)},
		{0, MAX(CONFIG_TASKPOOL_THREAD_PRIORITY, 0)},
		{1, CONFIG_NUM_PREEMPT_PRIORITIES - 2},
		{5, CONFIG_NUM_PREEMPT_PRIORITIES - 6},
		{CONFIG_NUM_PREEMPT_PRIORITIES - 1, 0},
		{1000, 0},
		{INT32_MAX, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const IotTaskPoolInfo_t info = {1, 1, 0, rows[i].freertos};

		expect(IotTaskPool_Create(&info, &others[0]), IOT_TASKPOOL_SUCCESS);
		start(others[0], 0, note_thread);
		settle();
		zassert_equal(k_thread_priority_get(ran_on), rows[i].zephyr, "%d", rows[i].freertos);
		expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
	}
}

/* The worker beyond the maximum takes one job. Those within it go on with what waits. */
ZTEST(iot, test_high_priority_brings_a_worker_for_one_job)
{
	for (int i = 0; i < 3; i++) {
		start(pool, i, linger);
		if (i == 0) {
			settle();
		}
	}
	expect(IotTaskPool_CreateJob(linger, NULL, &storages[3], &jobs[3]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, jobs[3], IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	k_msleep(1);
	zassert_equal(atomic_get(&calls), 2);
	zassert_equal(seen_job, jobs[3]);
	/* The first one has ended, that of high priority has not. */
	k_msleep(16);
	zassert_equal(atomic_get(&calls), 3);
	/* That has, too. */
	k_msleep(8);
	zassert_equal(atomic_get(&calls), 3);
	expect(make(3, 3, &others[0]), IOT_TASKPOOL_SUCCESS);
	k_msleep(20);
	zassert_equal(atomic_get(&calls), 4);
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
}

/* With an idle worker a job of high priority is as any other. */
ZTEST(iot, test_high_priority_is_for_busy_pools)
{
	expect(make(2, 2, &others[0]), IOT_TASKPOOL_SUCCESS);
	settle();
	/* One worker is called, and one stays idle. */
	start(others[0], 0, count);
	expect(IotTaskPool_CreateJob(count, NULL, &storages[1], &jobs[1]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(others[0], jobs[1], IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 2);
	zassert_equal(seen_job, jobs[1], "the last one");
	/* Now both are called. */
	start(others[0], 0, count);
	start(others[0], 1, count);
	expect(IotTaskPool_CreateJob(count, NULL, &storages[2], &jobs[2]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(others[0], jobs[2], IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 5);
	zassert_not_equal(seen_job, jobs[2], "the first one");
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
}

/* B4: without a worker for it, a job of high priority waits as the first one. */
ZTEST(iot, test_high_priority_without_a_worker)
{
	expect(make(3, 3, &others[0]), IOT_TASKPOOL_SUCCESS);
	start(pool, 0, linger);
	settle();
	start(pool, 1, count);
	expect(IotTaskPool_CreateJob(note_thread, NULL, &storages[2], &jobs[2]), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, jobs[2], IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, jobs[2]), IOT_TASKPOOL_STATUS_SCHEDULED);
	expect(IotTaskPool_TryCancel(pool, jobs[2], NULL), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, jobs[2], IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	k_msleep(30);
	zassert_equal(atomic_get(&calls), 3);
	zassert_equal(seen_job, jobs[1], "the last one");
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
}

/* B5, B6: a pool with an idle worker does not grow, whatever was cancelled before. */
ZTEST(iot, test_a_pool_with_an_idle_worker_does_not_grow)
{
	expect(IotTaskPool_SetMaxThreads(pool, 3), IOT_TASKPOOL_SUCCESS);
	for (int round = 1; round <= 10; round++) {
		start(pool, 0, count);
		expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
		expect(IotTaskPool_TryCancel(pool, jobs[0], NULL), IOT_TASKPOOL_SUCCESS);
		/* The worker that was called for it has found nothing, and is idle again. */
		settle();
		start(pool, 1, count);
		/* No worker has run since: all others of the reserve are there for somebody else. */
		expect(make(3, 3, &others[0]), IOT_TASKPOOL_SUCCESS);
		settle();
		expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
		zassert_equal(atomic_get(&calls), round);
	}
}

/* The same for a job that is scheduled again before its worker has come, and for a pool that was just made. */
ZTEST(iot, test_a_job_that_is_scheduled_again_needs_no_other_worker)
{
	expect(IotTaskPool_SetMaxThreads(pool, 4), IOT_TASKPOOL_SUCCESS);
	start(pool, 0, count);
	start(pool, 1, count);
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
	/* Two have been called, so the reserve has two. */
	expect(make(2, 2, &others[0]), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 2);
	zassert_equal(seen_job, jobs[0], "it has gone behind the other");
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
}

ZTEST(iot, test_a_new_pool_has_idle_workers)
{
	const IotTaskPoolInfo_t one = IOT_TASKPOOL_INFO_INITIALIZER_SMALL;

	expect(make(2, 3, &others[0]), IOT_TASKPOOL_SUCCESS);
	start(others[0], 0, count);
	expect(IotTaskPool_CreateJob(count, NULL, &storages[1], &jobs[1]), IOT_TASKPOOL_SUCCESS);
	/* A worker is idle, so it goes behind the other, and needs no worker beyond. The reserve has one. */
	expect(IotTaskPool_Schedule(others[0], jobs[1], IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_CreateSystemTaskPool(&one), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 2);
	zassert_equal(seen_job, jobs[1], "the last one");
	expect(IotTaskPool_Destroy(IOT_SYSTEM_TASKPOOL), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Destroy(others[0]), IOT_TASKPOOL_SUCCESS);
}
