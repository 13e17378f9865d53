/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What comes between two lock sections of the pool. The link puts the functions below before the module's own.
 */

#include <string.h>

#include <zephyr/sys/printk-hooks.h>

#include "common.h"

static IotTaskPoolJobStorage_t storage;
static IotTaskPoolJob_t job;

/* Who runs the case; all others that take the lock are workers. */
static k_tid_t tester;

/* Called after each lock section of a thread. */
static void (*between)(void);

void __real_taskpool_port_unlock(uint32_t key);

void __wrap_taskpool_port_unlock(uint32_t key)
{
	__real_taskpool_port_unlock(key);
	if (between != NULL && !k_is_in_isr()) {
		between();
	}
}

static bool is_at(int state)
{
	return storage.job.core.state == state;
}

static K_SEM_DEFINE(over, 0, 1);

/* The worker has run the job, and has not called the callback yet: lets the tester go on, which is more urgent. */
static void stop_before_the_callback(void)
{
	static bool running;

	if (k_current_get() == tester) {
		return;
	}
	if (is_at(TASKPOOL_RUNNING)) {
		running = true;
	} else if (running) {
		running = false;
		between = NULL;
		k_sem_give(&over);
	}
}

static void schedule_itself(IotTaskPool_t of, IotTaskPoolJob_t self, void *context)
{
	count(of, self, context);
	if (atomic_get(&calls) == 1) {
		expect(IotTaskPool_Schedule(of, self, 0), IOT_TASKPOOL_SUCCESS);
	}
}

ZTEST(iot, test_a_job_is_created_again_before_its_callback)
{
	static int first, second;

	tester = k_current_get();
	expect(IotTaskPool_CreateJob(schedule_itself, &first, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	between = stop_before_the_callback;
	zassert_ok(k_sem_take(&over, K_MSEC(100)));
	expect(IotTaskPool_CreateJob(count, &second, &storage, &job), IOT_TASKPOOL_SUCCESS);
	zassert_equal(atomic_get(&calls), 0);
	/* The callback is called as it was scheduled, and schedules what the memory holds now. */
	settle();
	zassert_equal(atomic_get(&calls), 2);
	zassert_equal(seen_pool, pool);
	zassert_equal(seen_job, job);
	zassert_equal(seen_context, &second);
}

/* The tester has seen that the job is scheduled, and the worker begins: it is kept from the CPU in the middle of that. */
static void begin_slowly(void)
{
	static bool let;

	if (k_current_get() == tester && is_at(TASKPOOL_QUEUED) && !let) {
		let = true;
		k_msleep(1);
	} else if (k_current_get() != tester && is_at(TASKPOOL_RUNNING)) {
		let = false;
		between = NULL;
		k_msleep(5);
	}
}

static void begin_scheduled(void)
{
	tester = k_current_get();
	expect(IotTaskPool_CreateJob(count, &calls, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	between = begin_slowly;
}

/* Nobody of the pool is at the memory any more: as firmware does that frees it. */
static void expect_left(void)
{
	zassert_is_null(between, "it began meanwhile");
	zassert_false(is_at(TASKPOOL_RUNNING), "the worker is still at the memory");
	memset(&storage, 0xa5, sizeof(storage));
	settle();
	k_msleep(5);
	zassert_equal(atomic_get(&calls), 1);
	zassert_equal(seen_job, job);
	zassert_equal(seen_context, &calls);
}

/* B14 */
ZTEST(iot, test_who_cannot_cancel_may_overwrite_the_job)
{
	IotTaskPoolJobStatus_t status = IOT_TASKPOOL_STATUS_UNDEFINED;

	begin_scheduled();
	expect(IotTaskPool_TryCancel(pool, job, &status), IOT_TASKPOOL_CANCEL_FAILED);
	zassert_equal(status, IOT_TASKPOOL_STATUS_COMPLETED);
	expect_left();
}

ZTEST(iot, test_who_cannot_schedule_may_overwrite_the_job)
{
	begin_scheduled();
	expect(IotTaskPool_ScheduleDeferred(pool, job, 10), IOT_TASKPOOL_ILLEGAL_OPERATION);
	expect_left();
}

/* A recyclable job whose worker is kept from the CPU when the job is the worker's, and nobody has taken note of it. */
static IotTaskPoolJob_t held;
static K_SEM_DEFINE(is_held, 0, 1);
static K_SEM_DEFINE(let_go, 0, 1);

static void hold(void)
{
	if (IotTaskPool_GetJobStorageFromHandle(held)->job.core.state == TASKPOOL_RUNNING) {
		between = NULL;
		k_sem_give(&is_held);
		/* Who waits for this with the mutex does so for long, and not for ever. */
		(void)k_sem_take(&let_go, K_MSEC(50));
	}
}

static void begin_held(void)
{
	expect(IotTaskPool_CreateRecyclableJob(pool, count, &calls, &held), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, held, 0), IOT_TASKPOOL_SUCCESS);
	between = hold;
	zassert_ok(k_sem_take(&is_held, K_MSEC(100)));
}

/* Asks something about the held job, and waits for its worker. More urgent than the tester. */
static struct k_thread asker;
static K_THREAD_STACK_DEFINE(asker_stack, 1024 + CONFIG_TEST_EXTRA_STACK_SIZE);
static IotTaskPoolError_t (*question)(void);
static IotTaskPoolError_t asked;
static IotTaskPoolJobStatus_t asked_status;

static IotTaskPoolError_t ask_status(void)
{
	return IotTaskPool_GetStatus(pool, held, &asked_status);
}

static IotTaskPoolError_t ask_cancel(void)
{
	return IotTaskPool_TryCancel(pool, held, &asked_status);
}

static IotTaskPoolError_t ask_schedule(void)
{
	return IotTaskPool_Schedule(pool, held, 0);
}

static IotTaskPoolError_t ask_schedule_deferred(void)
{
	return IotTaskPool_ScheduleDeferred(pool, held, 1);
}

static IotTaskPoolError_t ask_recycle(void)
{
	return IotTaskPool_RecycleJob(pool, held);
}

static IotTaskPoolError_t ask_destroy(void)
{
	return IotTaskPool_DestroyRecyclableJob(pool, held);
}

static IotTaskPoolError_t ask_create(void)
{
	IotTaskPoolJob_t made;

	return IotTaskPool_CreateJob(count, &calls, IotTaskPool_GetJobStorageFromHandle(held), &made);
}

static void ask(void *unused1, void *unused2, void *unused3)
{
	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	ARG_UNUSED(unused3);
	asked = question();
}

static void start_asker(IotTaskPoolError_t (*what)(void))
{
	question = what;
	asked = (IotTaskPoolError_t)77;
	asked_status = (IotTaskPoolJobStatus_t)77;
	(void)k_thread_create(&asker, asker_stack, K_THREAD_STACK_SIZEOF(asker_stack), ask, NULL, NULL, NULL,
			      k_thread_priority_get(k_current_get()) - 1, 0, K_NO_WAIT);
}

/* All others go on meanwhile. */
static void ask_and_wait(IotTaskPoolError_t (*what)(void))
{
	static const IotTaskPoolInfo_t info = IOT_TASKPOOL_INFO_INITIALIZER_SMALL;
	IotTaskPool_t other;
	IotTaskPoolJob_t made;
	int64_t began;

	start_asker(what);
	k_msleep(2);
	began = k_uptime_get();
	expect(IotTaskPool_CreateRecyclableJob(pool, count, NULL, &made), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_DestroyRecyclableJob(pool, made), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Create(&info, &other), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_CreateJob(count, NULL, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(other, job, 0), IOT_TASKPOOL_SUCCESS);
	zassert_equal(status_of(other, job), IOT_TASKPOOL_STATUS_SCHEDULED);
	expect(IotTaskPool_Destroy(other), IOT_TASKPOOL_SUCCESS);
	zassert_true(k_uptime_get() - began < 20, "this took %d ms", (int)(k_uptime_get() - began));
	zassert_equal(asked, 77, "it waits for the worker");
}

ZTEST(iot, test_who_waits_for_a_worker_keeps_nobody_waiting)
{
	static const struct {
		IotTaskPoolError_t (*ask)(void);
		IotTaskPoolError_t error;
	} rows[] = {
		{ask_status, IOT_TASKPOOL_SUCCESS},
		{ask_cancel, IOT_TASKPOOL_CANCEL_FAILED},
		{ask_schedule, IOT_TASKPOOL_ILLEGAL_OPERATION},
		{ask_schedule_deferred, IOT_TASKPOOL_ILLEGAL_OPERATION},
		{ask_create, IOT_TASKPOOL_SUCCESS},
		{ask_recycle, IOT_TASKPOOL_SUCCESS},
		{ask_destroy, IOT_TASKPOOL_SUCCESS},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		atomic_clear(&calls);
		begin_held();
		ask_and_wait(rows[i].ask);
		k_sem_give(&let_go);
		zassert_ok(k_thread_join(&asker, K_MSEC(100)), "%zu", i);
		expect(asked, rows[i].error);
		if (rows[i].ask == ask_status || rows[i].ask == ask_cancel) {
			zassert_equal(asked_status, IOT_TASKPOOL_STATUS_COMPLETED);
		}
		settle();
		zassert_equal(atomic_get(&calls), 1, "%zu", i);
		(void)IotTaskPool_DestroyRecyclableJob(pool, held);
	}
}

/* Everything is looked at anew when the worker has taken note of the job. */
ZTEST(iot, test_who_waits_for_a_worker_is_told_that_the_pool_closes)
{
	static IotTaskPoolError_t (*const rows[])(void) = {
		ask_status, ask_cancel, ask_schedule, ask_schedule_deferred, ask_recycle, ask_destroy,
	};
	static const IotTaskPoolInfo_t info = IOT_TASKPOOL_INFO_INITIALIZER_SMALL;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin_held();
		ask_and_wait(rows[i]);
		/* It waits for the worker, too; meanwhile the asker, which is more urgent, comes again. */
		expect(IotTaskPool_Destroy(pool), IOT_TASKPOOL_SUCCESS);
		k_sem_reset(&let_go);
		zassert_ok(k_thread_join(&asker, K_NO_WAIT), "%zu", i);
		expect(asked, IOT_TASKPOOL_SHUTDOWN_IN_PROGRESS);
		if (rows[i] == ask_status || rows[i] == ask_cancel) {
			zassert_equal(asked_status, IOT_TASKPOOL_STATUS_UNDEFINED);
		}
		expect(IotTaskPool_Create(&info, &pool), IOT_TASKPOOL_SUCCESS);
	}
}

ZTEST(iot, test_who_waits_for_a_worker_is_told_that_the_job_is_gone)
{
	static const struct {
		IotTaskPoolError_t (*ask)(void);
		IotTaskPoolError_t error;
	} rows[] = {
		{ask_status, IOT_TASKPOOL_SUCCESS},
		{ask_cancel, IOT_TASKPOOL_CANCEL_FAILED},
		{ask_schedule, IOT_TASKPOOL_ILLEGAL_OPERATION},
		{ask_recycle, IOT_TASKPOOL_ILLEGAL_OPERATION},
		{ask_destroy, IOT_TASKPOOL_ILLEGAL_OPERATION},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin_held();
		ask_and_wait(rows[i].ask);
		/* The asker sleeps while the worker goes on, and while this waits for the worker and is told. */
		k_thread_suspend(&asker);
		k_sem_give(&let_go);
		expect(IotTaskPool_DestroyRecyclableJob(pool, held), IOT_TASKPOOL_SUCCESS);
		k_thread_resume(&asker);
		zassert_ok(k_thread_join(&asker, K_MSEC(100)), "%zu", i);
		expect(asked, rows[i].error);
		if (rows[i].ask == ask_status || rows[i].ask == ask_cancel) {
			zassert_equal(asked_status, IOT_TASKPOOL_STATUS_UNDEFINED);
		}
		settle();
	}
}

/* Called before a job that is made has its completion. */
static void (*half_made)(void);

int __real_taskpool_job_set_end(struct taskpool_job *job, const struct taskpool_end *end);

int __wrap_taskpool_job_set_end(struct taskpool_job *of, const struct taskpool_end *end)
{
	if (half_made != NULL) {
		half_made();
	}
	return __real_taskpool_job_set_end(of, end);
}

static void be_slow(void)
{
	half_made = NULL;
	k_msleep(10);
}

static IotTaskPoolError_t schedule_what_is_ready(void)
{
	IotTaskPoolError_t error;

	do {
		k_msleep(1);
		error = IotTaskPool_Schedule(pool, job, 0);
	} while (error == IOT_TASKPOOL_ILLEGAL_OPERATION);
	return error;
}

/* Another thread schedules a job as soon as it is ready, and its maker is kept from the CPU in the middle of that. */
ZTEST(iot, test_what_is_ready_is_whole)
{
	static int first, second;

	expect(IotTaskPool_CreateJob(count, &first, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 1);
	start_asker(schedule_what_is_ready);
	half_made = be_slow;
	expect(IotTaskPool_CreateJob(count, &second, &storage, &job), IOT_TASKPOOL_SUCCESS);
	zassert_is_null(half_made);
	zassert_ok(k_thread_join(&asker, K_MSEC(100)));
	settle();
	zassert_equal(atomic_get(&calls), 2);
	zassert_equal(seen_context, &second);
}

/* What the next call of taskpool_destroy() answers, if that is not 0. */
static int refuses_to_end;

int __real_taskpool_destroy(struct taskpool_memory *memory, enum taskpool_shutdown how, k_timeout_t timeout);

int __wrap_taskpool_destroy(struct taskpool_memory *memory, enum taskpool_shutdown how, k_timeout_t timeout)
{
	int error = refuses_to_end;

	refuses_to_end = 0;
	return error != 0 ? error : __real_taskpool_destroy(memory, how, timeout);
}

ZTEST(iot, test_a_pool_that_does_not_end_is_not_destroyed)
{
	refuses_to_end = -EDEADLK;
	expect(IotTaskPool_Destroy(pool), IOT_TASKPOOL_ILLEGAL_OPERATION);
	zassert_equal(refuses_to_end, 0);
	expect(IotTaskPool_CreateJob(count, NULL, &storage, &job), IOT_TASKPOOL_SUCCESS);
	expect(IotTaskPool_Schedule(pool, job, 0), IOT_TASKPOOL_SUCCESS);
	settle();
	zassert_equal(atomic_get(&calls), 1, "the pool goes on");
}

static char said[200];
static size_t said_length;

static int hear(int character)
{
	if (said_length < sizeof(said) - 1) {
		said[said_length++] = (char)character;
	}
	return character;
}

/* With CONFIG_ASSERT mistakes are told: nothing of this is one. */
ZTEST(iot, test_correct_programs_are_told_nothing)
{
	printk_hook_fn_t console = __printk_get_hook();
	IotTaskPoolJobStatus_t seen[6];
	IotTaskPoolError_t errors[16];
	IotTaskPoolJob_t recyclable;
	int n = 0;

	memset(&storage, 0xa5, sizeof(storage));
	said_length = 0;
	memset(said, 0, sizeof(said));
	__printk_hook_install(hear);
	errors[n++] = IotTaskPool_CreateJob(count, NULL, &storage, &job);
	errors[n++] = IotTaskPool_GetStatus(pool, job, &seen[0]);
	errors[n++] = IotTaskPool_TryCancel(pool, job, NULL);
	errors[n++] = IotTaskPool_GetStatus(pool, job, &seen[1]);
	errors[n++] = IotTaskPool_ScheduleDeferred(pool, job, 1000);
	errors[n++] = IotTaskPool_GetStatus(pool, job, &seen[2]);
	errors[n++] = IotTaskPool_Schedule(pool, job, IOT_TASKPOOL_JOB_HIGH_PRIORITY);
	errors[n++] = IotTaskPool_GetStatus(pool, job, &seen[3]);
	settle();
	errors[n++] = IotTaskPool_GetStatus(pool, job, &seen[4]);
	errors[n++] = IotTaskPool_CreateRecyclableJob(pool, count, NULL, &recyclable);
	errors[n++] = IotTaskPool_RecycleJob(pool, recyclable);
	errors[n++] = IotTaskPool_GetStatus(pool, recyclable, &seen[5]);
	errors[n++] = IotTaskPool_DestroyRecyclableJob(pool, recyclable);
	errors[n++] = IotTaskPool_SetMaxThreads(pool, 2);
	errors[n++] = IotTaskPool_Destroy(pool);
	__printk_hook_install(console);
	zassert_str_equal(said, "");
	for (int i = 0; i < n; i++) {
		zassert_equal(errors[i], IOT_TASKPOOL_SUCCESS, "%d: %s", i, IotTaskPool_strerror(errors[i]));
	}
	zassert_equal(seen[0], IOT_TASKPOOL_STATUS_READY);
	zassert_equal(seen[1], IOT_TASKPOOL_STATUS_CANCELED);
	zassert_equal(seen[2], IOT_TASKPOOL_STATUS_DEFERRED);
	zassert_equal(seen[3], IOT_TASKPOOL_STATUS_SCHEDULED);
	zassert_equal(seen[4], IOT_TASKPOOL_STATUS_COMPLETED);
	zassert_equal(seen[5], IOT_TASKPOOL_STATUS_UNDEFINED);
}

ZTEST(iot, test_the_log_has_both_sizes_of_a_stack)
{
	static const IotTaskPoolInfo_t info = {1, 1, CONFIG_TASKPOOL_RESERVE_STACK_SIZE + 7, 0};
	printk_hook_fn_t console = __printk_get_hook();
	IotTaskPoolError_t error;
	IotTaskPool_t other;
	char sizes[80];

	snprintk(sizes, sizeof(sizes), "stacks of %d bytes, and those of the reserve have %d",
		 CONFIG_TASKPOOL_RESERVE_STACK_SIZE + 7, CONFIG_TASKPOOL_RESERVE_STACK_SIZE);
	said_length = 0;
	memset(said, 0, sizeof(said));
	__printk_hook_install(hear);
	error = IotTaskPool_Create(&info, &other);
	__printk_hook_install(console);
	expect(error, IOT_TASKPOOL_NO_MEMORY);
	zassert_not_null(strstr(said, sizes), "%s", said);
	zassert_not_null(strstr(said, "CONFIG_TASKPOOL_RESERVE_STACK_SIZE"), "%s", said);
}
