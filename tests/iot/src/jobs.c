/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Jobs of the caller's memory, in each status.
 */

#include <string.h>

#include "common.h"

static IotTaskPoolJobStorage_t storage;
static IotTaskPoolJobStorage_t other_storage;
static IotTaskPoolJob_t job;
static IotTaskPoolJob_t other;
static IotTaskPoolJobStatus_t status;

static void create(void)
{
	expect(IotTaskPool_CreateJob(count, &calls, &storage, &job), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_READY);
}

ZTEST(iot, test_callbacks_get_pool_job_and_context)
{
	/* Whatever is in the memory. */
	memset(&storage, 0xa5, sizeof(storage));
	create();
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_SCHEDULED);
	settle();
	zassert_equal(atomic_get(&calls), 1);
	zassert_equal(seen_pool, pool);
	zassert_equal(seen_job, job);
	zassert_equal(seen_context, &calls);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_COMPLETED);
	zassert_equal_ptr(IotTaskPool_GetJobStorageFromHandle(job), &storage);
	zassert_is_null(IotTaskPool_GetJobStorageFromHandle(NULL));
}

ZTEST(iot, test_bad_parameters)
{
	create();
	expect(IotTaskPool_CreateJob(NULL, NULL, &storage, &job), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_CreateJob(count, NULL, NULL, &job), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_CreateJob(count, NULL, &storage, NULL), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_Schedule(NULL, job, 0), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_Schedule(pool, NULL, 0), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_Schedule(pool, job, 2), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_Schedule(pool, job, 3), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_Schedule((IotTaskPool_t)&storage, job, 0), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_ScheduleDeferred((IotTaskPool_t)&storage, job, 1), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_GetStatus((IotTaskPool_t)&storage, job, &status), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_TryCancel((IotTaskPool_t)&storage, job, NULL), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_ScheduleDeferred(NULL, job, 1), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_ScheduleDeferred(pool, NULL, 1), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_GetStatus(NULL, job, &status), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_GetStatus(pool, NULL, &status), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_GetStatus(pool, job, NULL), IOT_TASKPOOL_BAD_PARAMETER);
	status = (IotTaskPoolJobStatus_t)77;
	expect(IotTaskPool_TryCancel(NULL, job, &status), IOT_TASKPOOL_BAD_PARAMETER);
	expect(IotTaskPool_TryCancel(pool, NULL, &status), IOT_TASKPOOL_BAD_PARAMETER);
	zassert_equal(status, 77, "untouched");
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_READY);
}

ZTEST(iot, test_first_in_first_out)
{
	static IotTaskPoolJobStorage_t storages[3];
	IotTaskPoolJob_t jobs[3];

	for (int i = 0; i < 3; i++) {
		expect(IotTaskPool_CreateJob(count, (void *)(intptr_t)i, &storages[i], &jobs[i]), IOT_TASKPOOL_SUCCESS);
		expect(IotTaskPool_Schedule(pool, jobs[i], 0), IOT_TASKPOOL_SUCCESS);
	}
	/* What is scheduled again goes to the end, and runs once. */
	expect(IotTaskPool_Schedule(pool, jobs[0], 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 3);
	zassert_equal(seen_context, (void *)0);
}

ZTEST(iot, test_high_priority_is_first)
{
	expect(IotTaskPool_CreateJob(count, (void *)1, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_CreateJob(count, (void *)2, &other_storage, &other), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, other, IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 2);
	zassert_equal(seen_context, (void *)1, "the last one");
}

ZTEST(iot, test_high_priority_goes_beyond_the_maximum)
{
	expect(IotTaskPool_CreateJob(linger, NULL, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 1);
	expect(IotTaskPool_CreateJob(count, NULL, &other_storage, &other), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, other, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 1, "the one worker is busy");
	expect(IotTaskPool_Schedule(pool, other, IOT_TASKPOOL_JOB_HIGH_PRIORITY), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 2);
	zassert_equal(status_of(pool, other), IOT_TASKPOOL_STATUS_COMPLETED);
}

ZTEST(iot, test_deferred)
{
	int64_t start = k_uptime_get();

	create();
	expect(IotTaskPool_ScheduleDeferred(pool, job, 1000), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_DEFERRED);
	expect(IotTaskPool_ScheduleDeferred(pool, job, 12), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_DEFERRED);
	while (atomic_get(&calls) == 0) {
		k_msleep(1);
	}
	zassert_between_inclusive(k_uptime_get() - start, 12, 16);

	/* Scheduled, it is deferred instead; deferred, it is scheduled instead. */
	create();
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_ScheduleDeferred(pool, job, 1000), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_DEFERRED);
	settle();
	zassert_equal(atomic_get(&calls), 1);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_SCHEDULED);
	settle();
	zassert_equal(atomic_get(&calls), 2);

	/* No time at all is now. */
	create();
	expect(IotTaskPool_ScheduleDeferred(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_SCHEDULED);
	settle();
	zassert_equal(atomic_get(&calls), 3);
}

ZTEST(iot, test_a_deferred_job_waits_for_10_ms)
{
	static const uint32_t asked[] = {1, 2, 9, 10, 11};

	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		int64_t start = k_uptime_get();
		int64_t least = MAX(asked[i], 10);

		atomic_clear(&calls);
		create();
		expect(IotTaskPool_ScheduleDeferred(pool, job, asked[i]), IOT_TASKPOOL_SUCCESS);
		while (atomic_get(&calls) == 0) {
			k_msleep(1);
		}
		zassert_between_inclusive(k_uptime_get() - start, least, least + 3, "%u", asked[i]);
	}
}

static IotTaskPoolError_t cancel(void)
{
	status = (IotTaskPoolJobStatus_t)77;
	return IotTaskPool_TryCancel(pool, job, &status);
}

ZTEST(iot, test_cancel_in_each_status)
{
	create();
	expect(cancel(), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status, IOT_TASKPOOL_STATUS_READY);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_CANCELED);
	expect(cancel(), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status, IOT_TASKPOOL_STATUS_CANCELED);

	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	expect(cancel(), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status, IOT_TASKPOOL_STATUS_SCHEDULED);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_CANCELED);

	expect(IotTaskPool_ScheduleDeferred(pool, job, 5), IOT_TASKPOOL_SUCCESS);
	expect(cancel(), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status, IOT_TASKPOOL_STATUS_DEFERRED);
	k_msleep(15);
	zassert_equal(atomic_get(&calls), 0);

	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	expect(cancel(), IOT_TASKPOOL_CANCEL_FAILED);
	zassert_equal(status, IOT_TASKPOOL_STATUS_COMPLETED);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_COMPLETED);
	/* Who does not ask for the status. */
	expect(IotTaskPool_TryCancel(pool, job, NULL), IOT_TASKPOOL_CANCEL_FAILED);
}

ZTEST(iot, test_what_has_run_is_created_again_first)
{
	create();
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_ScheduleDeferred(pool, job, 1), IOT_TASKPOOL_ILLEGAL_OPERATION);
	create();
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 2);
}

ZTEST(iot, test_what_waits_is_not_created_again)
{
	create();
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_CreateJob(count, NULL, &storage, &job), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect(IotTaskPool_ScheduleDeferred(pool, job, 2), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_CreateJob(count, NULL, &storage, &job), IOT_TASKPOOL_ILLEGAL_OPERATION);
	k_msleep(15);
	zassert_equal(atomic_get(&calls), 1);
}

static IotTaskPoolJobStatus_t own_status;
static IotTaskPoolError_t own_cancel;

/* While it runs, a job is what it was: completed. */
static void look_at_itself(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	own_status = status_of(of, self);
	own_cancel = IotTaskPool_TryCancel(of, self, NULL);
	count(of, self, context);
}

ZTEST(iot, test_a_running_job)
{
	expect(IotTaskPool_CreateJob(look_at_itself, NULL, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(own_status, IOT_TASKPOOL_STATUS_COMPLETED);
	expect(own_cancel, IOT_TASKPOOL_CANCEL_FAILED);

	expect(IotTaskPool_CreateJob(linger, NULL, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_COMPLETED);
	expect(cancel(), IOT_TASKPOOL_CANCEL_FAILED);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_ILLEGAL_OPERATION);
}

/* B17: a callback schedules its own job, with or without creating it again. */
static void again(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	count(of, self, context);
	if (atomic_get(&calls) == 1) {
		expect(IotTaskPool_ScheduleDeferred(of, self, 1), IOT_TASKPOOL_SUCCESS);
	} else if (atomic_get(&calls) == 2) {
		expect(IotTaskPool_CreateJob(again, context, &storage, &job), IOT_TASKPOOL_SUCCESS);
		zassert_equal(status_of(of, self), IOT_TASKPOOL_STATUS_READY);
		expect(IotTaskPool_Schedule(of, self, 0), IOT_TASKPOOL_SUCCESS);
		zassert_equal(status_of(of, self), IOT_TASKPOOL_STATUS_SCHEDULED);
	}
}

ZTEST(iot, test_a_callback_schedules_its_own_job)
{
	expect(IotTaskPool_CreateJob(again, NULL, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	k_msleep(20);
	zassert_equal(atomic_get(&calls), 3);
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_COMPLETED);
}

/* The pool does not touch the job after its callback began. */
static void overwrite(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	memset(IotTaskPool_GetJobStorageFromHandle(self), 0xa5, sizeof(storage));
	k_msleep(1);
	count(of, self, context);
}

ZTEST(iot, test_a_callback_overwrites_its_job)
{
	expect(IotTaskPool_CreateJob(overwrite, NULL, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 1);
	for (size_t i = 0; i < sizeof(storage); i++) {
		zassert_equal(((uint8_t *)&storage)[i], 0xa5);
	}
	create();
}

static IotTaskPoolJob_t recyclable;
static IotTaskPoolError_t in_interrupt[12];
static IotTaskPoolError_t bad_in_interrupt[12];

static void ask(const void *unused)
{
	static const IotTaskPoolInfo_t info = IOT_TASKPOOL_INFO_INITIALIZER;
	IotTaskPool_t made;
	IotTaskPoolJob_t made_job;

	ARG_UNUSED(unused);
	in_interrupt[0] = IotTaskPool_Schedule(pool, job, 0);
	in_interrupt[1] = IotTaskPool_ScheduleDeferred(pool, job, 1);
	in_interrupt[2] = IotTaskPool_GetStatus(pool, job, &status);
	in_interrupt[3] = IotTaskPool_TryCancel(pool, job, NULL);
	in_interrupt[4] = IotTaskPool_CreateRecyclableJob(pool, count, NULL, &made_job);
	in_interrupt[5] = IotTaskPool_RecycleJob(pool, recyclable);
	in_interrupt[6] = IotTaskPool_DestroyRecyclableJob(pool, recyclable);
	in_interrupt[7] = IotTaskPool_SetMaxThreads(pool, 2);
	in_interrupt[8] = IotTaskPool_Destroy(pool);
	in_interrupt[9] = IotTaskPool_Create(&info, &made);
	in_interrupt[10] = IotTaskPool_CreateSystemTaskPool(&info);
	in_interrupt[11] = IotTaskPool_CreateJob(count, NULL, &other_storage, &other);

	bad_in_interrupt[0] = IotTaskPool_Schedule(pool, job, 2);
	bad_in_interrupt[1] = IotTaskPool_ScheduleDeferred(pool, NULL, 1);
	bad_in_interrupt[2] = IotTaskPool_GetStatus(pool, job, NULL);
	bad_in_interrupt[3] = IotTaskPool_TryCancel(NULL, job, NULL);
	bad_in_interrupt[4] = IotTaskPool_CreateRecyclableJob(pool, NULL, NULL, &made_job);
	bad_in_interrupt[5] = IotTaskPool_RecycleJob(pool, NULL);
	bad_in_interrupt[6] = IotTaskPool_DestroyRecyclableJob(NULL, recyclable);
	bad_in_interrupt[7] = IotTaskPool_SetMaxThreads(pool, 0);
	bad_in_interrupt[8] = IotTaskPool_Destroy(NULL);
	bad_in_interrupt[9] = IotTaskPool_Create(&info, NULL);
	bad_in_interrupt[10] = IotTaskPool_CreateSystemTaskPool(NULL);
	bad_in_interrupt[11] = IotTaskPool_CreateJob(NULL, NULL, &other_storage, &other);
}

ZTEST(iot, test_interrupts_are_refused)
{
	create();
	expect(IotTaskPool_CreateRecyclableJob(pool, count, NULL, &recyclable), IOT_TASKPOOL_SUCCESS);
	irq_offload(ask, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(in_interrupt); i++) {
		zassert_equal(in_interrupt[i], IOT_TASKPOOL_ILLEGAL_OPERATION, "%zu: %s", i,
			      IotTaskPool_strerror(in_interrupt[i]));
		/* Parameters are looked at first. */
		zassert_equal(bad_in_interrupt[i], IOT_TASKPOOL_BAD_PARAMETER, "%zu: %s", i,
			      IotTaskPool_strerror(bad_in_interrupt[i]));
	}
	zassert_equal(status_of(pool, job), IOT_TASKPOOL_STATUS_READY);
	zassert_equal(status_of(pool, recyclable), IOT_TASKPOOL_STATUS_READY);
}

ZTEST(iot, test_every_error_has_a_name)
{
	zassert_str_equal(IotTaskPool_strerror(IOT_TASKPOOL_SUCCESS), "SUCCESS");
	zassert_str_equal(IotTaskPool_strerror(IOT_TASKPOOL_BAD_PARAMETER), "BAD PARAMETER");
	zassert_str_equal(IotTaskPool_strerror(IOT_TASKPOOL_ILLEGAL_OPERATION), "ILLEGAL OPERATION");
	zassert_str_equal(IotTaskPool_strerror(IOT_TASKPOOL_NO_MEMORY), "NO MEMORY");
	zassert_str_equal(IotTaskPool_strerror(IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS), "SHUTDOWN IN PROGRESS");
	zassert_str_equal(IotTaskPool_strerror(IOT_TASKPOOL_CANCEL_FAILED), "CANCEL FAILED");
	zassert_str_equal(IotTaskPool_strerror(IOT_TASKPOOL_GENERAL_FAILURE), "GENERAL FAILURE");
	zassert_str_equal(IotTaskPool_strerror((IotTaskPoolError_t)7), "INVALID STATUS");
	zassert_str_equal(IotTaskPool_strerror((IotTaskPoolError_t)-1), "INVALID STATUS");
}
