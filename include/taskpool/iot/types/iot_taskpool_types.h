/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file
 * @brief Types of the FreeRTOS Task Pool, for `iot_taskpool.h`.
 */

#ifndef IOT_TASKPOOL_TYPES_H_
#define IOT_TASKPOOL_TYPES_H_

#include <stdbool.h>
#include <stdint.h>

/* The application's, as there. */
#if defined(__has_include)
#if __has_include("iot_config.h")
#include "iot_config.h"
#endif
#endif

#include <taskpool/taskpool.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @addtogroup iot_taskpool
 * @{
 */

/** What a function of the task pool answers. */
typedef enum IotTaskPoolError {
	/** It did what was asked. */
	IOT_TASKPOOL_SUCCESS = 0,
	/** A handle or pointer is NULL, or a number or flag is out of range. */
	IOT_TASKPOOL_BAD_PARAMETER = 1,
	/** The job, or the caller, is not in a state for this. */
	IOT_TASKPOOL_ILLEGAL_OPERATION = 2,
	/** There is no worker, pool or job left for this. */
	IOT_TASKPOOL_NO_MEMORY = 3,
	/** The pool is being destroyed, or was, or was never made. */
	IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS = 4,
	/** The job runs, or has run: it can't be cancelled. */
	IOT_TASKPOOL_CANCEL_FAILED = 5,
	/** Never answered; here for applications that name it. */
	IOT_TASKPOOL_GENERAL_FAILURE = 6,
} IotTaskPoolError_t;

/** Where a job is. */
typedef enum IotTaskPoolJobStatus {
	/** Created, and not scheduled. */
	IOT_TASKPOOL_STATUS_READY = 0,
	/** Waits for a worker. */
	IOT_TASKPOOL_STATUS_SCHEDULED = 1,
	/** Waits for its time. */
	IOT_TASKPOOL_STATUS_DEFERRED = 2,
	/** Runs, or has run. */
	IOT_TASKPOOL_STATUS_COMPLETED = 3,
	/** Was cancelled before it ran. */
	IOT_TASKPOOL_STATUS_CANCELED = 4,
	/** Was recycled, or its pool was destroyed before it ran. */
	IOT_TASKPOOL_STATUS_UNDEFINED = 5,
} IotTaskPoolJobStatus_t;

/** A pool. */
typedef struct _taskPool *IotTaskPool_t;

/** A job. */
typedef struct _taskPoolJob *IotTaskPoolJob_t;

/**
 * What a job does. The pool does not touch the job any more when this is called, so it may create, schedule, recycle,
 * destroy or overwrite it.
 */
typedef void (*IotTaskPoolRoutine_t)(IotTaskPool_t taskPool, IotTaskPoolJob_t job, void *pUserContext);

/** How a pool is made. */
typedef struct IotTaskPoolInfo {
	/** Workers that it has in any case: 1 at least. */
	uint32_t minThreads;
	/** The most workers that it has, but for those of urgent jobs: @ref minThreads at least. */
	uint32_t maxThreads;
	/** The stack that each needs, in bytes; 0 for what the reserve has (`CONFIG_TASKPOOL_RESERVE_STACK_SIZE`). */
	uint32_t stackSize;
	/** A priority of FreeRTOS, larger ones being more urgent; 0 and -1 for the default. See `iot_taskpool.h`. */
	int32_t priority;
} IotTaskPoolInfo_t;

/**
 * Memory of a job that the caller keeps: 64 bytes (32-bit). Its fields belong to the implementation.
 */
typedef struct IotTaskPoolJobStorage {
	/** @cond INTERNAL_HIDDEN */
	struct taskpool_job job;
	IotTaskPoolRoutine_t routine;
	void *context;
	uint8_t flags;
	/** @endcond */
} IotTaskPoolJobStorage_t;

/** The stack of a pool that says nothing else: what the reserve has. */
#ifndef IOT_THREAD_DEFAULT_STACK_SIZE
#define IOT_THREAD_DEFAULT_STACK_SIZE 0
#endif

/** Pools beside the system pool: `CONFIG_TASKPOOL_IOT_POOLS`, and `iot_config.h` may not say otherwise. */
#ifndef IOT_TASKPOOLS
#define IOT_TASKPOOLS CONFIG_TASKPOOL_IOT_POOLS
#endif
BUILD_ASSERT((IOT_TASKPOOLS) == CONFIG_TASKPOOL_IOT_POOLS,
	     "iot_config.h has another IOT_TASKPOOLS than Kconfig: set CONFIG_TASKPOOL_IOT_POOLS to it, or remove it "
	     "there");

/** Recycled jobs that a pool keeps for itself: `CONFIG_TASKPOOL_IOT_RECYCLE_LIMIT`, also in `iot_config.h`. */
#ifndef IOT_TASKPOOL_JOBS_RECYCLE_LIMIT
#define IOT_TASKPOOL_JOBS_RECYCLE_LIMIT CONFIG_TASKPOOL_IOT_RECYCLE_LIMIT
#endif
BUILD_ASSERT((IOT_TASKPOOL_JOBS_RECYCLE_LIMIT) == CONFIG_TASKPOOL_IOT_RECYCLE_LIMIT,
	     "iot_config.h has another IOT_TASKPOOL_JOBS_RECYCLE_LIMIT than Kconfig: set "
	     "CONFIG_TASKPOOL_IOT_RECYCLE_LIMIT to it, or remove it there");

/** The priority of a pool that says nothing else: `CONFIG_TASKPOOL_THREAD_PRIORITY`, or 0 if that is negative. */
#ifndef IOT_THREAD_DEFAULT_PRIORITY
#define IOT_THREAD_DEFAULT_PRIORITY (-1)
#endif

/** One worker. */
#define IOT_TASKPOOL_INFO_INITIALIZER_SMALL                                                                            \
	{.minThreads = 1, .maxThreads = 1, .stackSize = IOT_THREAD_DEFAULT_STACK_SIZE,                                 \
	 .priority = IOT_THREAD_DEFAULT_PRIORITY}
/** One worker, and one more when it is needed. */
#define IOT_TASKPOOL_INFO_INITIALIZER_MEDIUM                                                                           \
	{.minThreads = 1, .maxThreads = 2, .stackSize = IOT_THREAD_DEFAULT_STACK_SIZE,                                 \
	 .priority = IOT_THREAD_DEFAULT_PRIORITY}
/** Two workers, and one more when it is needed. */
#define IOT_TASKPOOL_INFO_INITIALIZER_LARGE                                                                            \
	{.minThreads = 2, .maxThreads = 3, .stackSize = IOT_THREAD_DEFAULT_STACK_SIZE,                                 \
	 .priority = IOT_THREAD_DEFAULT_PRIORITY}
/** Two workers, and two more when they are needed. */
#define IOT_TASKPOOL_INFO_INITIALIZER_XLARGE                                                                           \
	{.minThreads = 2, .maxThreads = 4, .stackSize = IOT_THREAD_DEFAULT_STACK_SIZE,                                 \
	 .priority = IOT_THREAD_DEFAULT_PRIORITY}
/** As #IOT_TASKPOOL_INFO_INITIALIZER_MEDIUM. */
#define IOT_TASKPOOL_INFO_INITIALIZER IOT_TASKPOOL_INFO_INITIALIZER_MEDIUM

/** No pool. */
#define IOT_TASKPOOL_INITIALIZER NULL
/** No job. */
#define IOT_TASKPOOL_JOB_INITIALIZER NULL
/** Memory in which there is no job yet. */
#define IOT_TASKPOOL_JOB_STORAGE_INITIALIZER {0}

/** For `IotTaskPool_Schedule`: if no worker is idle, before all others, and beyond the maximum of workers. */
#define IOT_TASKPOOL_JOB_HIGH_PRIORITY ((uint32_t)0x00000001)

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* IOT_TASKPOOL_TYPES_H_ */
