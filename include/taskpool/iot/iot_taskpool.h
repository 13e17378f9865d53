/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file
 * @brief The API of the FreeRTOS Task Pool (`iot_taskpool.h`, IoT Common 1.1.0), on the task pool: `CONFIG_TASKPOOL_IOT_API`.
 *
 * Firmware that was written for it is compiled as it is. What each function answers in each state is what the original's
 * code answers, but for what doc/migrating-from-freertos.md lists: its defects, and what they became.
 *
 * All functions that answer an error are for threads. In an interrupt they do nothing, and answer
 * #IOT_TASKPOOL_ILLEGAL_OPERATION; but parameters are looked at first, and what is #IOT_TASKPOOL_BAD_PARAMETER in a
 * thread is that in an interrupt, too.
 *
 * A function that looks at a job which is about to begin waits for that, for a tick or as long as its worker is kept
 * from the CPU: whoever is told that the job is completed, or can't be cancelled, may do with its memory what it likes.
 * Who asks for other jobs does not wait for that; and if the pool is destroyed meanwhile, the answer is
 * #IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS.
 *
 * Priorities: @ref IotTaskPoolInfo_t has those of FreeRTOS, where larger ones are more urgent, and all workers are
 * preemptible. 0 and -1 are the Zephyr priority MAX(`CONFIG_TASKPOOL_THREAD_PRIORITY`, 0); p > 0 is
 * MAX(`CONFIG_NUM_PREEMPT_PRIORITIES` - 1 - p, 0).
 */

#ifndef IOT_TASKPOOL_H_
#define IOT_TASKPOOL_H_

#include "types/iot_taskpool_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @defgroup iot_taskpool FreeRTOS Task Pool
 * @{
 */

/**
 * @brief Makes the system pool.
 *
 * As @ref IotTaskPool_Create, without a handle: @ref IotTaskPool_GetSystemTaskPool has it. It can be made again after it
 * was destroyed.
 *
 * @param pInfo How.
 *
 * @retval IOT_TASKPOOL_SUCCESS           It runs.
 * @retval IOT_TASKPOOL_BAD_PARAMETER     As in @ref IotTaskPool_Create.
 * @retval IOT_TASKPOOL_NO_MEMORY         As in @ref IotTaskPool_Create.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION There is one, or this is an interrupt.
 */
IotTaskPoolError_t IotTaskPool_CreateSystemTaskPool(const IotTaskPoolInfo_t *pInfo);

/** @brief The handle of the system pool, also before it is made. O(1). @return Never NULL. */
IotTaskPool_t IotTaskPool_GetSystemTaskPool(void);

/** The handle of the system pool. */
#define IOT_SYSTEM_TASKPOOL (IotTaskPool_GetSystemTaskPool())

/**
 * @brief Makes a pool.
 *
 * It takes its workers from the reserve: `minThreads` of them now, which stay with it until it is destroyed, and others
 * when all are busy, as many as the reserve has left and `maxThreads` allows. Those have the reserve's stacks. There are
 * `CONFIG_TASKPOOL_IOT_POOLS` pools beside the system pool. One lock section, O(minThreads).
 *
 * @param pInfo     How.
 * @param pTaskPool Where to put the handle.
 *
 * @retval IOT_TASKPOOL_SUCCESS           It runs.
 * @retval IOT_TASKPOOL_BAD_PARAMETER     @p pTaskPool or @p pInfo is NULL, `minThreads` or `maxThreads` is 0, or the former
 *                                        is larger.
 * @retval IOT_TASKPOOL_NO_MEMORY         All pools are used; the reserve has fewer than `minThreads` workers left; or
 *                                        `stackSize` is more than `CONFIG_TASKPOOL_RESERVE_STACK_SIZE`, which is logged
 *                                        with both sizes. Nothing was taken.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION This is an interrupt.
 */
IotTaskPoolError_t IotTaskPool_Create(const IotTaskPoolInfo_t *pInfo, IotTaskPool_t *const pTaskPool);

/**
 * @brief Destroys a pool.
 *
 * What is scheduled or deferred does not run, and nobody is told: its status is `UNDEFINED` then. Waits for the jobs that
 * run, without a limit. Recyclable jobs of the pool are gone. O(jobs) lock sections.
 *
 * @param taskPool The pool.
 *
 * @retval IOT_TASKPOOL_SUCCESS              No job of the pool runs, or will.
 * @retval IOT_TASKPOOL_BAD_PARAMETER        @p taskPool is NULL, or no pool.
 * @retval IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS There is no pool any more, or another thread destroys it.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION    A job of this pool, or an interrupt, calls.
 */
IotTaskPoolError_t IotTaskPool_Destroy(IotTaskPool_t taskPool);

/**
 * @brief Changes how many workers a pool may have. A higher maximum is there for what is scheduled next. Above a lower
 * one, those that there are run what is scheduled, and leave when there is nothing. O(1).
 *
 * @param taskPool   The pool.
 * @param maxThreads `minThreads` of the pool at least. What passes 127 is 127.
 *
 * @retval IOT_TASKPOOL_SUCCESS              It has this maximum.
 * @retval IOT_TASKPOOL_BAD_PARAMETER        @p taskPool is NULL, or no pool; or @p maxThreads is too small.
 * @retval IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS The pool is being destroyed, or was never made.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION    This is an interrupt.
 */
IotTaskPoolError_t IotTaskPool_SetMaxThreads(IotTaskPool_t taskPool, uint32_t maxThreads);

/**
 * @brief Makes a job of memory that the caller keeps.
 *
 * Also in the callback of the job itself, which makes it ready to be scheduled again. O(workers of the reserve).
 *
 * @param userCallback What it does.
 * @param pUserContext What that is given; may be NULL.
 * @param pJobStorage  Room for the job, which need not be initialised.
 * @param pJob         Where to put the handle.
 *
 * @retval IOT_TASKPOOL_SUCCESS           It is `READY`.
 * @retval IOT_TASKPOOL_BAD_PARAMETER     @p userCallback, @p pJobStorage or @p pJob is NULL.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION The memory holds a job that is scheduled or deferred (the original does not look);
 *                                        or this is an interrupt.
 */
IotTaskPoolError_t IotTaskPool_CreateJob(IotTaskPoolRoutine_t userCallback, void *pUserContext,
					 IotTaskPoolJobStorage_t *const pJobStorage, IotTaskPoolJob_t *const pJob);

/**
 * @brief Makes a job of memory that the pool keeps: the oldest of those that were recycled, or a new one, of which there
 * are `CONFIG_TASKPOOL_IOT_RECYCLABLE_JOBS` in all pools together. O(that number).
 *
 * @param taskPool     The pool that keeps it.
 * @param userCallback What it does.
 * @param pUserContext What that is given; may be NULL.
 * @param pJob         Where to put the handle.
 *
 * @retval IOT_TASKPOOL_SUCCESS              It is `READY`.
 * @retval IOT_TASKPOOL_BAD_PARAMETER        @p taskPool is NULL, or no pool; @p userCallback or @p pJob is NULL.
 * @retval IOT_TASKPOOL_NO_MEMORY            All are used.
 * @retval IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS The pool is being destroyed, or was never made.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION    This is an interrupt.
 */
IotTaskPoolError_t IotTaskPool_CreateRecyclableJob(IotTaskPool_t taskPool, IotTaskPoolRoutine_t userCallback,
						   void *pUserContext, IotTaskPoolJob_t *const pJob);

/**
 * @brief Gives the memory of a recyclable job back. One that is scheduled or deferred is cancelled first; a running one
 * may be destroyed, also by itself.
 *
 * @param taskPool The pool that keeps it.
 * @param job      The job.
 *
 * @retval IOT_TASKPOOL_SUCCESS              It is gone.
 * @retval IOT_TASKPOOL_BAD_PARAMETER        @p taskPool is NULL, or no pool; or @p job is NULL.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION    The job is not a recyclable one, or is gone already; or this is an interrupt.
 * @retval IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS The pool is being destroyed, or was never made.
 */
IotTaskPoolError_t IotTaskPool_DestroyRecyclableJob(IotTaskPool_t taskPool, IotTaskPoolJob_t job);

/**
 * @brief Gives a recyclable job back to its pool, for the next one that is created there; with
 * `CONFIG_TASKPOOL_IOT_RECYCLE_LIMIT` of them in the pool's cache, to all pools. Otherwise as
 * @ref IotTaskPool_DestroyRecyclableJob. Recycling twice is once.
 *
 * @param taskPool The pool that keeps it.
 * @param job      The job.
 *
 * @retval IOT_TASKPOOL_SUCCESS              It is `UNDEFINED`.
 * @retval IOT_TASKPOOL_BAD_PARAMETER        @p taskPool is NULL, or no pool; or @p job is NULL.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION    The job is not a recyclable one, or is gone; or this is an interrupt.
 * @retval IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS The pool is being destroyed, or was never made.
 */
IotTaskPoolError_t IotTaskPool_RecycleJob(IotTaskPool_t taskPool, IotTaskPoolJob_t job);

/**
 * @brief Schedules a job, behind those that are scheduled.
 *
 * One that is scheduled already goes behind all others; a deferred one runs now. A callback may schedule its own job;
 * others that have run are to be created again first. O(1); O(log n) for a deferred job.
 *
 * @param taskPool The pool.
 * @param job      The job.
 * @param flags    0, or #IOT_TASKPOOL_JOB_HIGH_PRIORITY, which counts when no worker of the pool is idle: before all
 *                 others, and with one more worker of the reserve, if it has one. That one may be beyond the maximum of
 *                 the pool, and then leaves it after one job.
 *
 * @retval IOT_TASKPOOL_SUCCESS              It is `SCHEDULED`.
 * @retval IOT_TASKPOOL_BAD_PARAMETER        @p taskPool is NULL, or no pool; @p job is NULL; or there is no such flag.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION    The job runs or has run, was recycled, or dropped with its pool; another pool
 *                                           keeps it; or this is an interrupt.
 * @retval IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS The pool is being destroyed, or was never made.
 */
IotTaskPoolError_t IotTaskPool_Schedule(IotTaskPool_t taskPool, IotTaskPoolJob_t job, uint32_t flags);

/**
 * @brief Schedules a job for later: not before so many milliseconds have passed, and not before 10. O(log n).
 *
 * @param taskPool The pool.
 * @param job      The job. A deferred one is deferred anew, a scheduled one is deferred instead.
 * @param timeMs   Milliseconds: 0 is now, as for @ref IotTaskPool_Schedule without a flag; 1 to 9 are 10.
 *
 * @retval IOT_TASKPOOL_SUCCESS              It is `DEFERRED`.
 * @retval IOT_TASKPOOL_BAD_PARAMETER        @p taskPool is NULL, or no pool; or @p job is NULL.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION    As in @ref IotTaskPool_Schedule.
 * @retval IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS The pool is being destroyed, or was never made.
 */
IotTaskPoolError_t IotTaskPool_ScheduleDeferred(IotTaskPool_t taskPool, IotTaskPoolJob_t job, uint32_t timeMs);

/**
 * @brief Where is a job? It may move on at once. O(1).
 *
 * @param taskPool The pool.
 * @param job      The job.
 * @param pStatus  Where to put it: `UNDEFINED` for a pool that is being destroyed.
 *
 * @retval IOT_TASKPOOL_SUCCESS              It is there.
 * @retval IOT_TASKPOOL_BAD_PARAMETER        @p taskPool is NULL, or no pool; @p job or @p pStatus is NULL.
 * @retval IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS The pool is being destroyed, or was never made.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION    This is an interrupt.
 */
IotTaskPoolError_t IotTaskPool_GetStatus(IotTaskPool_t taskPool, IotTaskPoolJob_t job,
					 IotTaskPoolJobStatus_t *const pStatus);

/**
 * @brief Cancels a job that has not run. Cancelling twice is once. O(1); O(log n) for a deferred job.
 *
 * @param taskPool The pool.
 * @param job      The job.
 * @param pStatus  NULL, or where to put the status that it had.
 *
 * @retval IOT_TASKPOOL_SUCCESS              It will not run.
 * @retval IOT_TASKPOOL_BAD_PARAMETER        @p taskPool is NULL, or no pool; or @p job is NULL.
 * @retval IOT_TASKPOOL_CANCEL_FAILED        It runs, has run, or is `UNDEFINED`.
 * @retval IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS The pool is being destroyed, or was never made.
 * @retval IOT_TASKPOOL_ILLEGAL_OPERATION    This is an interrupt.
 */
IotTaskPoolError_t IotTaskPool_TryCancel(IotTaskPool_t taskPool, IotTaskPoolJob_t job,
					 IotTaskPoolJobStatus_t *const pStatus);

/** @brief The memory of a job. O(1). @param job The job. @return Where it is; NULL for NULL. */
IotTaskPoolJobStorage_t *IotTaskPool_GetJobStorageFromHandle(IotTaskPoolJob_t job);

/** @brief The name of an error. O(1). @param error The error. @return A text that stays. */
const char *IotTaskPool_strerror(IotTaskPoolError_t error);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* IOT_TASKPOOL_H_ */
