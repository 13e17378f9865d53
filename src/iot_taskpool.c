/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The API of the FreeRTOS Task Pool: each function in terms of taskpool.h.
 *
 * A job is Idle for the pool when its callback is called, so that the callback may do with it what it likes, as there: what
 * runs on the worker only takes note of the callback, and the completion calls it. The status of a job is that of
 * taskpool.h, and how its last submission ended.
 *
 * One mutex makes a step of what looks at a job and then does something with it. Callbacks are called without it, and
 * nobody sleeps with it.
 */

#include <zephyr/kernel.h>
#include <zephyr/logging/log.h>
#include <zephyr/sys/util.h>

#include <iot_taskpool.h>

#include "taskpool_core.h"

LOG_MODULE_DECLARE(taskpool, CONFIG_TASKPOOL_LOG_LEVEL);

struct _taskPool {
	struct taskpool_memory memory;
	uint32_t min_threads;
	enum {
		UNUSED,
		OPEN,
		/* A thread destroys it. */
		CLOSING,
	} state;
};

/* What a handle points at is the caller's storage, or `storage` of one of these. */
struct recyclable {
	IotTaskPoolJobStorage_t storage;
	/* Who keeps it, or NULL. */
	struct _taskPool *owner;
	/* When it came to the owner's cache, as the oldest one there is used first; 0 for one that is not in it. */
	uint32_t cached;
};

/* What the original arms its timer for at least. */
#define MIN_DELAY_MS 10

/* Of IotTaskPoolJobStorage_t. */
#define CANCELED BIT(0)

static K_MUTEX_DEFINE(mutex);
static struct _taskPool system_pool;
static struct _taskPool pools[CONFIG_TASKPOOL_IOT_POOLS];
static struct recyclable recyclables[CONFIG_TASKPOOL_IOT_RECYCLABLE_JOBS];
/* Of the job that was recycled last. */
static uint32_t last_cached;

static void lock(void)
{
	(void)k_mutex_lock(&mutex, K_FOREVER);
}

static void unlock(void)
{
	(void)k_mutex_unlock(&mutex);
}

static bool is_pool(IotTaskPool_t pool)
{
	return pool == &system_pool || (pool != NULL && IS_ARRAY_ELEMENT(pools, pool));
}

/* What every function begins with that names a pool, or NULL: the mutex is held when it succeeds. */
static IotTaskPoolError_t enter(IotTaskPool_t pool)
{
	if (k_is_in_isr()) {
		return IOT_TASKPOOL_ILLEGAL_OPERATION;
	}
	lock();
	if (pool != NULL && pool->state != OPEN) {
		unlock();
		return IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS;
	}
	return IOT_TASKPOOL_SUCCESS;
}

/* --- Callbacks ---------------------------------------------------------------------------------------------------- */

static struct taskpool_worker *this_worker(void)
{
	return CONTAINER_OF(k_current_get(), struct taskpool_worker, thread);
}

/* The job is the worker's, and its memory must be there: takes note of all that the callback needs. */
static int run(const struct taskpool_ctx *ctx, void *arg)
{
	IotTaskPoolJobStorage_t *storage = arg;
	struct taskpool_iot *iot = &this_worker()->iot;

	iot->pool = taskpool_ctx_pool(ctx);
	iot->job = storage;
	(void)atomic_ptr_set(&iot->own, storage);
	iot->routine = (void (*)(void))storage->routine;
	iot->context = storage->context;
	return 0;
}

/* The pool has done with the job. Nobody is told of what did not run. */
static void ended(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	struct taskpool_iot *iot;

	ARG_UNUSED(end);
	ARG_UNUSED(code);
	if (outcome != TASKPOOL_DONE) {
		return;
	}
	iot = &this_worker()->iot;
	((IotTaskPoolRoutine_t)iot->routine)(CONTAINER_OF(iot->pool, struct _taskPool, memory.pool),
					     (IotTaskPoolJob_t)iot->job, iot->context);
	(void)atomic_ptr_clear(&iot->own);
	iot->pool = NULL;
}

static const struct taskpool_end end = TASKPOOL_END_INITIALIZER(ended);

/* Whether the callback of this job calls, and has not made another job of it. */
static bool is_own(const IotTaskPoolJobStorage_t *storage)
{
	struct taskpool_worker *worker = NULL;

	return taskpool_port_caller(&worker) == TASKPOOL_WORKER && atomic_ptr_get(&worker->iot.own) == storage;
}

/* Whether a callback of this pool calls, whatever has become of its job. */
static bool is_called_by(const struct _taskPool *pool)
{
	struct taskpool_worker *worker = NULL;

	return taskpool_port_caller(&worker) == TASKPOOL_WORKER && worker->iot.pool == &pool->memory.pool;
}

/* --- Jobs --------------------------------------------------------------------------------------------------------- */

static IotTaskPoolJobStorage_t *storage_of(IotTaskPoolJob_t job)
{
	return (IotTaskPoolJobStorage_t *)job;
}

static struct recyclable *recyclable_of(IotTaskPoolJobStorage_t *storage)
{
	struct recyclable *recyclable = CONTAINER_OF(storage, struct recyclable, storage);

	return IS_ARRAY_ELEMENT(recyclables, recyclable) ? recyclable : NULL;
}

/* What is asked of a job. */
struct request {
	/* NULL for what names none. */
	struct _taskPool *pool;
	IotTaskPoolJobStorage_t *storage;
	/* What a job is made of. */
	IotTaskPoolRoutine_t routine;
	void *context;
	/* How it is scheduled. */
	k_timeout_t delay;
	bool urgent;
	/* How it is given back. */
	bool recycle;
	/* What is answered. */
	IotTaskPoolJobStatus_t status;
	IotTaskPoolError_t error;
};

/*
 * Does a step with a job under the mutex. A step answers whether it is done. It is not, and has changed nothing, if the
 * job has just begun to run: it is its worker's then, until that has taken note of it, and the worker may be kept from
 * the CPU. Others need the mutex meanwhile, so all may have changed when the step is tried again. When it is done,
 * nobody of the pool looks at a job that is done.
 */
static IotTaskPoolError_t perform(bool (*step)(struct request *request), struct request *request)
{
	for (;;) {
		IotTaskPoolError_t error = enter(request->pool);
		bool done;

		if (error != IOT_TASKPOOL_SUCCESS) {
			return error;
		}
		done = step(request);
		unlock();
		if (done) {
			return request->error;
		}
		k_sleep(K_TICKS(1));
	}
}

/* A step: what the status of a job is; `UNDEFINED` also while the step is not done. */
static bool look(struct request *request)
{
	struct recyclable *recyclable = recyclable_of(request->storage);

	request->status = IOT_TASKPOOL_STATUS_UNDEFINED;
	if (recyclable != NULL && (recyclable->owner == NULL || recyclable->cached != 0)) {
		return true;
	}
	switch (taskpool_core_iot_find(&request->storage->job)) {
	case TASKPOOL_IOT_NEW:
		request->status = (request->storage->flags & CANCELED) != 0 ? IOT_TASKPOOL_STATUS_CANCELED
									    : IOT_TASKPOOL_STATUS_READY;
		break;
	case TASKPOOL_IOT_QUEUED:
		request->status = IOT_TASKPOOL_STATUS_SCHEDULED;
		break;
	case TASKPOOL_IOT_DEFERRED:
		request->status = IOT_TASKPOOL_STATUS_DEFERRED;
		break;
	case TASKPOOL_IOT_RUNNING:
		return false;
	case TASKPOOL_IOT_DONE:
		request->status = IOT_TASKPOOL_STATUS_COMPLETED;
		break;
	case TASKPOOL_IOT_CANCELLED:
		request->status = IOT_TASKPOOL_STATUS_CANCELED;
		break;
	default:
		break;
	}
	return true;
}

static bool waits(IotTaskPoolJobStatus_t status)
{
	return status == IOT_TASKPOOL_STATUS_SCHEDULED || status == IOT_TASKPOOL_STATUS_DEFERRED;
}

/*
 * A step: takes a job out of where it waits, if it does. The status is what it was then: also `COMPLETED`, if it began
 * to run after it was found waiting.
 */
static bool take_out(struct request *request)
{
	do {
		if (!look(request)) {
			return false;
		}
	} while (waits(request->status) && taskpool_cancel(&request->storage->job) != TASKPOOL_FOUND_WAITING);
	return true;
}

/* Under the mutex. What becomes ready is whole: it may be scheduled at once. */
static void make(IotTaskPoolJobStorage_t *storage, IotTaskPoolRoutine_t routine, void *context)
{
	/* It is another job from now on, if its callback runs. */
	taskpool_port_forget_job(storage);
	storage->routine = routine;
	storage->context = context;
	storage->flags = 0;
	(void)taskpool_job_init(&storage->job, run, storage);
	(void)taskpool_job_set_end(&storage->job, &end);
}

/* A step. */
static bool create(struct request *request)
{
	if (!look(request)) {
		return false;
	}
	if (waits(request->status)) {
		request->error = IOT_TASKPOOL_ILLEGAL_OPERATION;
	} else {
		make(request->storage, request->routine, request->context);
	}
	return true;
}

IotTaskPoolError_t IotTaskPool_CreateJob(IotTaskPoolRoutine_t userCallback, void *pUserContext,
					 IotTaskPoolJobStorage_t *const pJobStorage, IotTaskPoolJob_t *const pJob)
{
	struct request request = {.storage = pJobStorage, .routine = userCallback, .context = pUserContext};
	IotTaskPoolError_t error;

	if (userCallback == NULL || pJobStorage == NULL || pJob == NULL) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	error = perform(create, &request);
	if (error == IOT_TASKPOOL_SUCCESS) {
		*pJob = (IotTaskPoolJob_t)pJobStorage;
	}
	return error;
}

/* The oldest one of the pool's cache, or one that nobody keeps. */
static struct recyclable *take_recyclable(IotTaskPool_t pool)
{
	struct recyclable *oldest = NULL;
	struct recyclable *unused = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(recyclables); i++) {
		struct recyclable *recyclable = &recyclables[i];

		if (recyclable->owner == NULL) {
			unused = recyclable;
		} else if (recyclable->owner == pool && recyclable->cached != 0 &&
			   /* By how long ago that is, as the count begins again. */
			   (oldest == NULL || last_cached - recyclable->cached > last_cached - oldest->cached)) {
			oldest = recyclable;
		}
	}
	return oldest != NULL ? oldest : unused;
}

static void put_in_cache(struct recyclable *recyclable)
{
	last_cached++;
	if (last_cached == 0) {
		last_cached = 1;
	}
	recyclable->cached = last_cached;
}

IotTaskPoolError_t IotTaskPool_CreateRecyclableJob(IotTaskPool_t taskPool, IotTaskPoolRoutine_t userCallback,
						   void *pUserContext, IotTaskPoolJob_t *const pJob)
{
	struct recyclable *recyclable;
	IotTaskPoolError_t error;

	if (!is_pool(taskPool) || userCallback == NULL || pJob == NULL) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	error = enter(taskPool);
	if (error != IOT_TASKPOOL_SUCCESS) {
		return error;
	}
	recyclable = take_recyclable(taskPool);
	if (recyclable == NULL) {
		error = IOT_TASKPOOL_NO_MEMORY;
	} else {
		recyclable->owner = taskPool;
		recyclable->cached = 0;
		make(&recyclable->storage, userCallback, pUserContext);
		*pJob = (IotTaskPoolJob_t)&recyclable->storage;
	}
	unlock();
	return error;
}

/* Whether there is room in the cache of a pool for one more. */
static bool has_room(IotTaskPool_t pool)
{
	uint32_t cached = 0;

	for (size_t i = 0; i < ARRAY_SIZE(recyclables); i++) {
		cached += recyclables[i].owner == pool && recyclables[i].cached != 0;
	}
	return cached < CONFIG_TASKPOOL_IOT_RECYCLE_LIMIT;
}

/* A step. */
static bool give_back(struct request *request)
{
	struct recyclable *recyclable = recyclable_of(request->storage);

	if (recyclable == NULL || recyclable->owner == NULL) {
		request->error = IOT_TASKPOOL_ILLEGAL_OPERATION;
	} else if (recyclable->cached == 0 || !request->recycle) {
		if (!take_out(request)) {
			return false;
		}
		recyclable->cached = 0;
		recyclable->owner = NULL;
		if (request->recycle && has_room(request->pool)) {
			recyclable->owner = request->pool;
			put_in_cache(recyclable);
		}
	}
	return true;
}

static IotTaskPoolError_t give_back_to(IotTaskPool_t pool, IotTaskPoolJob_t job, bool recycle)
{
	struct request request = {.pool = pool, .storage = storage_of(job), .recycle = recycle};

	if (!is_pool(pool) || job == NULL) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	return perform(give_back, &request);
}

IotTaskPoolError_t IotTaskPool_DestroyRecyclableJob(IotTaskPool_t taskPool, IotTaskPoolJob_t job)
{
	return give_back_to(taskPool, job, false);
}

IotTaskPoolError_t IotTaskPool_RecycleJob(IotTaskPool_t taskPool, IotTaskPoolJob_t job)
{
	return give_back_to(taskPool, job, true);
}

/* Whether a job may be scheduled that was in this status when it was taken out of where it waited. */
static bool may_be_scheduled(const IotTaskPoolJobStorage_t *storage, IotTaskPoolJobStatus_t status)
{
	switch (status) {
	case IOT_TASKPOOL_STATUS_COMPLETED:
		/* A callback may schedule its own job. */
		return is_own(storage);
	case IOT_TASKPOOL_STATUS_UNDEFINED:
		return false;
	default:
		return true;
	}
}

/* A step. */
static bool schedule(struct request *request)
{
	IotTaskPoolJobStorage_t *storage = request->storage;
	struct recyclable *recyclable = recyclable_of(storage);
	struct taskpool *where = &request->pool->memory.pool;

	if (recyclable != NULL && recyclable->owner != request->pool) {
		/* A recyclable job is gone with the pool that keeps it. */
		request->error = IOT_TASKPOOL_ILLEGAL_OPERATION;
		return true;
	}
	/* One that is scheduled here already loses its place. A worker comes for it: taken out, it would have a second one. */
	if (K_TIMEOUT_EQ(request->delay, K_NO_WAIT) && taskpool_core_iot_requeue(where, &storage->job, request->urgent)) {
		return true;
	}
	if (!take_out(request)) {
		return false;
	}
	if (!may_be_scheduled(storage, request->status)) {
		request->error = IOT_TASKPOOL_ILLEGAL_OPERATION;
		return true;
	}
	storage->flags = 0;
	/* The pool is open, the time is in range, and nobody else submits the job. */
	if (request->urgent) {
		taskpool_core_iot_submit_urgent(where, &storage->job);
	} else {
		(void)taskpool_submit_after(where, &storage->job, request->delay);
	}
	return true;
}

IotTaskPoolError_t IotTaskPool_Schedule(IotTaskPool_t taskPool, IotTaskPoolJob_t job, uint32_t flags)
{
	struct request request = {
		.pool = taskPool, .storage = storage_of(job), .delay = K_NO_WAIT, .urgent = flags != 0};

	if (!is_pool(taskPool) || job == NULL || (flags & ~IOT_TASKPOOL_JOB_HIGH_PRIORITY) != 0) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	return perform(schedule, &request);
}

IotTaskPoolError_t IotTaskPool_ScheduleDeferred(IotTaskPool_t taskPool, IotTaskPoolJob_t job, uint32_t timeMs)
{
	struct request request = {.pool = taskPool, .storage = storage_of(job), .delay = K_NO_WAIT};

	if (!is_pool(taskPool) || job == NULL) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	if (timeMs != 0) {
		request.delay = K_MSEC(MAX(timeMs, MIN_DELAY_MS));
	}
	return perform(schedule, &request);
}

IotTaskPoolError_t IotTaskPool_GetStatus(IotTaskPool_t taskPool, IotTaskPoolJob_t job,
					 IotTaskPoolJobStatus_t *const pStatus)
{
	struct request request = {
		.pool = taskPool, .storage = storage_of(job), .status = IOT_TASKPOOL_STATUS_UNDEFINED};
	IotTaskPoolError_t error;

	if (!is_pool(taskPool) || job == NULL || pStatus == NULL) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	error = perform(look, &request);
	*pStatus = request.status;
	return error;
}

/* A step. */
static bool try_cancel(struct request *request)
{
	if (!take_out(request)) {
		return false;
	}
	switch (request->status) {
	case IOT_TASKPOOL_STATUS_READY:
		request->storage->flags |= CANCELED;
		break;
	case IOT_TASKPOOL_STATUS_COMPLETED:
	case IOT_TASKPOOL_STATUS_UNDEFINED:
		request->error = IOT_TASKPOOL_CANCEL_FAILED;
		break;
	default:
		break;
	}
	return true;
}

IotTaskPoolError_t IotTaskPool_TryCancel(IotTaskPool_t taskPool, IotTaskPoolJob_t job,
					 IotTaskPoolJobStatus_t *const pStatus)
{
	struct request request = {
		.pool = taskPool, .storage = storage_of(job), .status = IOT_TASKPOOL_STATUS_UNDEFINED};
	IotTaskPoolError_t error;

	if (!is_pool(taskPool) || job == NULL) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	error = perform(try_cancel, &request);
	if (pStatus != NULL) {
		*pStatus = request.status;
	}
	return error;
}

IotTaskPoolJobStorage_t *IotTaskPool_GetJobStorageFromHandle(IotTaskPoolJob_t job)
{
	return storage_of(job);
}

/* --- Pools -------------------------------------------------------------------------------------------------------- */

static bool is_good(const IotTaskPoolInfo_t *info)
{
	return info != NULL && info->minThreads >= 1 && info->maxThreads >= info->minThreads;
}

BUILD_ASSERT(CONFIG_TASKPOOL_THREAD_PRIORITY >= K_HIGHEST_THREAD_PRIO &&
		     CONFIG_TASKPOOL_THREAD_PRIORITY <= K_LOWEST_APPLICATION_THREAD_PRIO,
	     "there is no such thread priority in this configuration: correct CONFIG_TASKPOOL_THREAD_PRIORITY");

/* All are preemptible, also where the default is not. */
static int zephyr_priority(int32_t priority)
{
	if (priority <= 0) {
		return MAX(CONFIG_TASKPOOL_THREAD_PRIORITY, 0);
	}
	return MAX(CONFIG_NUM_PREEMPT_PRIORITIES - 1 - MIN(priority, CONFIG_NUM_PREEMPT_PRIORITIES), 0);
}

/* Under the mutex. */
static IotTaskPoolError_t open_pool(struct _taskPool *pool, const char *name, const IotTaskPoolInfo_t *info)
{
	if (info->stackSize > CONFIG_TASKPOOL_RESERVE_STACK_SIZE) {
		LOG_WRN("a pool asks for stacks of %u bytes, and those of the reserve have %u: raise "
			"CONFIG_TASKPOOL_RESERVE_STACK_SIZE, or ask for 0",
			info->stackSize, CONFIG_TASKPOOL_RESERVE_STACK_SIZE);
		return IOT_TASKPOOL_NO_MEMORY;
	}
	if (info->minThreads > CONFIG_TASKPOOL_RESERVE_THREADS ||
	    taskpool_port_create(&pool->memory, name, (uint8_t)info->minThreads, (uint8_t)MIN(info->maxThreads, 127),
				 zephyr_priority(info->priority)) != 0) {
		return IOT_TASKPOOL_NO_MEMORY;
	}
	pool->min_threads = info->minThreads;
	pool->state = OPEN;
	return IOT_TASKPOOL_SUCCESS;
}

IotTaskPoolError_t IotTaskPool_CreateSystemTaskPool(const IotTaskPoolInfo_t *pInfo)
{
	IotTaskPoolError_t error = IOT_TASKPOOL_ILLEGAL_OPERATION;

	if (!is_good(pInfo)) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	if (k_is_in_isr()) {
		return IOT_TASKPOOL_ILLEGAL_OPERATION;
	}
	lock();
	if (system_pool.state == UNUSED) {
		error = open_pool(&system_pool, "iot_system", pInfo);
	}
	unlock();
	return error;
}

IotTaskPool_t IotTaskPool_GetSystemTaskPool(void)
{
	return &system_pool;
}

IotTaskPoolError_t IotTaskPool_Create(const IotTaskPoolInfo_t *pInfo, IotTaskPool_t *const pTaskPool)
{
	IotTaskPoolError_t error = IOT_TASKPOOL_NO_MEMORY;

	if (pTaskPool == NULL || !is_good(pInfo)) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	if (k_is_in_isr()) {
		return IOT_TASKPOOL_ILLEGAL_OPERATION;
	}
	lock();
	for (size_t i = 0; i < ARRAY_SIZE(pools); i++) {
		if (pools[i].state == UNUSED) {
			error = open_pool(&pools[i], "iot", pInfo);
			if (error == IOT_TASKPOOL_SUCCESS) {
				*pTaskPool = &pools[i];
			}
			break;
		}
	}
	unlock();
	return error;
}

IotTaskPoolError_t IotTaskPool_Destroy(IotTaskPool_t taskPool)
{
	IotTaskPoolError_t error;

	if (!is_pool(taskPool)) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	error = enter(taskPool);
	if (error != IOT_TASKPOOL_SUCCESS) {
		return error;
	}
	if (is_called_by(taskPool)) {
		/* It would wait for itself. */
		unlock();
		return IOT_TASKPOOL_ILLEGAL_OPERATION;
	}
	taskPool->state = CLOSING;
	unlock();

	if (taskpool_destroy(&taskPool->memory, TASKPOOL_DISCARD, K_FOREVER) != 0) {
		/* Its workers may still be in this memory. */
		lock();
		taskPool->state = OPEN;
		unlock();
		return IOT_TASKPOOL_ILLEGAL_OPERATION;
	}

	lock();
	for (size_t i = 0; i < ARRAY_SIZE(recyclables); i++) {
		if (recyclables[i].owner == taskPool) {
			recyclables[i].owner = NULL;
			recyclables[i].cached = 0;
		}
	}
	taskPool->state = UNUSED;
	unlock();
	return IOT_TASKPOOL_SUCCESS;
}

IotTaskPoolError_t IotTaskPool_SetMaxThreads(IotTaskPool_t taskPool, uint32_t maxThreads)
{
	IotTaskPoolError_t error;

	if (!is_pool(taskPool) || maxThreads < 1 || maxThreads < taskPool->min_threads) {
		return IOT_TASKPOOL_BAD_PARAMETER;
	}
	error = enter(taskPool);
	if (error == IOT_TASKPOOL_SUCCESS) {
		(void)taskpool_set_max_threads(&taskPool->memory.pool, MIN(maxThreads, 127));
		unlock();
	}
	return error;
}

const char *IotTaskPool_strerror(IotTaskPoolError_t error)
{
	static const char *const names[] = {
		[IOT_TASKPOOL_SUCCESS] = "SUCCESS",
		[IOT_TASKPOOL_BAD_PARAMETER] = "BAD PARAMETER",
		[IOT_TASKPOOL_ILLEGAL_OPERATION] = "ILLEGAL OPERATION",
		[IOT_TASKPOOL_NO_MEMORY] = "NO MEMORY",
		[IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS] = "SHUTDOWN IN PROGRESS",
		[IOT_TASKPOOL_CANCEL_FAILED] = "CANCEL FAILED",
		[IOT_TASKPOOL_GENERAL_FAILURE] = "GENERAL FAILURE",
	};

	return (size_t)error < ARRAY_SIZE(names) ? names[error] : "INVALID STATUS";
}
