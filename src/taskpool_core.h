/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both sides of the border between C and the Rust core. rust/core/src/port.rs has the contracts of the port.
 */

#ifndef TASKPOOL_CORE_H_
#define TASKPOOL_CORE_H_

#ifdef CONFIG_TASKPOOL_EVENTS
#include <taskpool/event.h>
#endif
#include <taskpool/task.h>
#include <taskpool/taskpool.h>

/* Rust has the same numbers, and room of the same size; src/layout.ld compares them. */

/* Who calls: rust/taskpool/src/zephyr.rs. */
enum taskpool_caller {
	TASKPOOL_INTERRUPT,
	TASKPOOL_THREAD,
	TASKPOOL_WORKER,
};

/* What is reported: rust/core/src/report.rs. */
enum taskpool_report {
	TASKPOOL_REPORT_POOL_STARTED = 1,
	TASKPOOL_REPORT_WORKER_LENT,
	TASKPOOL_REPORT_WORKER_RETURNED,
	TASKPOOL_REPORT_OVERDUE,
};

/* The room that there is for a signal: rust/taskpool/src/zephyr.rs. */
#define TASKPOOL_SIGNAL_ROOM (8 * sizeof(void *))

#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
/* Whether a pool can be made: rust/taskpool/src/zephyr.rs. */
enum taskpool_can_create {
	TASKPOOL_CAN_CREATE,
	TASKPOOL_NO_SUCH_PRIORITY,
	TASKPOOL_TOO_EARLY,
};

/* How a shutdown ended: rust/taskpool/src/zephyr.rs. */
enum taskpool_shut {
	TASKPOOL_SHUT,
	TASKPOOL_SHUT_NOT_RUNNING,
	TASKPOOL_SHUT_TIMED_OUT,
	TASKPOOL_SHUT_IN_INTERRUPT,
	TASKPOOL_SHUT_ON_WORKER,
	TASKPOOL_SHUT_NO_POOL,
};

/* The room that there is in Rust's memory of a pool for what comes after its core: rust/taskpool/src/zephyr.rs. */
#define TASKPOOL_MEMORY_ROOM (28 * sizeof(void *))
#endif

#ifdef CONFIG_TASKPOOL_C_API
/* Why a call is refused: rust/taskpool/src/c/mod.rs. */
enum taskpool_refusal {
	TASKPOOL_REFUSED_POOL,
	TASKPOOL_REFUSED_JOB,
	TASKPOOL_REFUSED_ARGUMENT,
	TASKPOOL_REFUSED_QUEUED,
	TASKPOOL_REFUSED_NOT_RUNNING,
	TASKPOOL_REFUSED_RANGE,
	TASKPOOL_REFUSED_TIMED_OUT,
	TASKPOOL_REFUSED_IN_INTERRUPT,
	TASKPOOL_REFUSED_ON_WORKER,
	TASKPOOL_REFUSED_NEVER_SUBMITTED,
	TASKPOOL_REFUSED_UNDER_WAY,
	/* With slots for what is spawned. */
	TASKPOOL_REFUSED_NO_SLOT,
	TASKPOOL_REFUSED_NO_HANDLE,
	/* With places for classes. */
	TASKPOOL_REFUSED_NO_CLASS,
	TASKPOOL_REFUSED_NO_PLACE,
	/* With tasks. */
	TASKPOOL_REFUSED_TASK,
	TASKPOOL_REFUSED_NOT_ENABLED,
	TASKPOOL_REFUSED_STALE,
	/* With sites. */
	TASKPOOL_REFUSED_NO_SITE,
};
#endif

#ifdef CONFIG_TASKPOOL_IOT_API
/* Where a job is, and how its last submission ended: rust/taskpool/src/c/iot.rs. */
enum taskpool_iot_job {
	/* The memory holds none. */
	TASKPOOL_IOT_NO_JOB,
	/* It was never submitted. */
	TASKPOOL_IOT_NEW,
	TASKPOOL_IOT_DONE,
	TASKPOOL_IOT_CANCELLED,
	TASKPOOL_IOT_DISCARDED,
	TASKPOOL_IOT_QUEUED,
	TASKPOOL_IOT_DEFERRED,
	TASKPOOL_IOT_RUNNING,
};
#endif

/* What the core needs of the kernel: rust/taskpool/src/zephyr.rs calls it. */
uint32_t taskpool_port_lock(void);
void taskpool_port_unlock(uint32_t key);
uint64_t taskpool_port_now(void);
void taskpool_port_wake(struct taskpool_worker *worker);
void taskpool_port_lend(struct taskpool_worker *worker, const struct taskpool *pool, bool first);
#ifdef CONFIG_TASKPOOL_IOT_API
void taskpool_port_keep(struct taskpool_worker *worker, const struct taskpool *pool, bool first);
#endif
void taskpool_port_join(struct taskpool_worker *worker, const struct taskpool *pool);
void taskpool_port_set_level(struct taskpool_worker *worker, const struct taskpool *pool, uint32_t level);
void taskpool_port_unlock_and_switch(uint32_t key);
void taskpool_port_park(struct taskpool_worker *worker);
void taskpool_port_arm(struct taskpool *pool, uint64_t deadline);
/* What a waiting thread waits on; Rust makes room for it on that thread's stack. */
void taskpool_port_make_signal(struct k_sem *signal);
void taskpool_port_give(struct k_sem *signal);
/* Waits until the tick `deadline` at most, or for ever for UINT64_MAX; answers whether the signal was given. */
bool taskpool_port_take(struct k_sem *signal, uint64_t deadline);
/* An enum taskpool_caller. A worker is stored in `worker`. */
uint32_t taskpool_port_caller(struct taskpool_worker **worker);
#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
/* Whether a pool with this thread priority can be made now: an enum taskpool_can_create. */
uint32_t taskpool_port_can_create(int priority);
/* taskpool_create(), with workers that stay with the pool: -ENOMEM if the reserve has not so many. */
int taskpool_port_create(struct taskpool_memory *memory, const char *name, uint8_t min_threads, uint8_t max_threads,
			 int priority);
/* Under the lock: what Rust can't write of a pool that it is about to make. */
void taskpool_port_configure(struct taskpool *pool, const char *name, int priority);
#endif
FUNC_NORETURN void taskpool_port_broken(void);
#ifdef CONFIG_TASKPOOL_ARCHIVE
/* The archive's panic handler: `file` has no zero at its end. */
FUNC_NORETURN void taskpool_port_panicked(const char *file, uint32_t length, uint32_t line);
#endif
#ifdef CONFIG_TASKPOOL_IOT_API
/* Whichever worker calls the callback of this job: the job is another one now, and not that callback's own. */
void taskpool_port_forget_job(const void *job);
#endif
#ifdef CONFIG_TASKPOOL_C_API
/* The errno value of an enum taskpool_refusal. `function` is NULL where nothing is said. */
int taskpool_port_refuse(uint32_t refusal, const char *function);
#endif
/* `id` is an enum taskpool_report, `level` one of Zephyr's log levels. */
void taskpool_port_report(uint32_t id, uint32_t level, const struct taskpool *pool, uint32_t number);

#ifdef CONFIG_TASKPOOL_BUDGETS
/* At boot, of each worker. */
void taskpool_port_make_watch(struct taskpool_worker *worker);
/* Under the lock. */
void taskpool_port_watch(struct taskpool_worker *worker, uint64_t deadline);
void taskpool_port_unwatch(struct taskpool_worker *worker);
/* In an interrupt. */
void taskpool_port_overrun(const struct taskpool_overrun *overrun);
#endif
#ifdef CONFIG_TASKPOOL_WDT
/* At boot, before the first worker is started. */
void taskpool_port_start_watchdog(void);
void taskpool_port_guard(struct taskpool_worker *worker, uint32_t period);
void taskpool_port_unguard(struct taskpool_worker *worker);
void taskpool_port_feed(struct taskpool_worker *worker);
#endif

/* What the core offers. The workers of a pool are chained before it is started with the last one made. */
void taskpool_core_add_reserve(struct taskpool_worker *worker, uint8_t index);
void taskpool_core_add_worker(struct taskpool_worker *worker, struct taskpool *pool, uint8_t index,
			      struct taskpool_worker *next);
void taskpool_core_start(struct taskpool *pool, struct taskpool_worker *first, uint8_t count);
void taskpool_core_expire(struct taskpool *pool);
#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
/*
 * Makes a pool of memory that is zero but for what taskpool_port_configure() wrote. From a thread. `min_threads` of the
 * reserve stay with it; answers whether there were so many, and without CONFIG_TASKPOOL_IOT_API it is 0.
 */
bool taskpool_core_create(struct taskpool *pool, uint8_t min_threads, uint8_t max_threads);
/* Answers an enum taskpool_shut. Waits until the tick `deadline` at most, or for ever for UINT64_MAX. */
uint32_t taskpool_core_shutdown(struct taskpool *pool, bool discard, uint64_t deadline);
#endif
#ifdef CONFIG_TASKPOOL_IOT_API
/* An enum taskpool_iot_job, of memory that may hold a job. Prints nothing. */
uint32_t taskpool_core_iot_find(const struct taskpool_job *job);
/* taskpool_submit_urgent(), or taskpool_submit() where a worker of the pool is idle. Of a job that is not under way. */
void taskpool_core_iot_submit_urgent(struct taskpool *pool, struct taskpool_job *job);
/* Moves a job that is queued in this pool to where it would be submitted now. Answers whether it was. */
bool taskpool_core_iot_requeue(struct taskpool *pool, struct taskpool_job *job, bool urgent);
#endif
#ifdef CONFIG_TASKPOOL_BUDGETS
/* In an interrupt. */
void taskpool_core_overrun(struct taskpool_worker *worker);
#endif
#ifdef CONFIG_TASKPOOL_WDT
/* Whether a run of the worker is watched; if so, which. */
bool taskpool_core_watched(struct taskpool_worker *worker, struct taskpool_overrun *watched);
#endif
#if defined(CONFIG_TASKPOOL_SUBMIT_SITE) && defined(CONFIG_TASKPOOL_C_API)
/* What a job's core keeps of its submission, read as it is. Answers whether there is a site. */
bool taskpool_core_site(const void *kept, struct taskpool_site *site);
#endif
/* The job that a worker runs, or ran last: its core. For the worker's own thread. NULL without CONFIG_TASKPOOL_WAIT. */
void *taskpool_core_last_words(struct taskpool_worker *worker);
FUNC_NORETURN void taskpool_core_work(void *worker, void *unused1, void *unused2);

#endif /* TASKPOOL_CORE_H_ */
