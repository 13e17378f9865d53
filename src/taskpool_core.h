/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both sides of the border between C and the Rust core. rust/core/src/port.rs has the contracts of the port.
 */

#ifndef TASKPOOL_CORE_H_
#define TASKPOOL_CORE_H_

#include <taskpool/taskpool.h>

#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
/* How a shutdown ended: rust/taskpool/src/zephyr.rs has the same numbers. */
enum taskpool_shut {
	TASKPOOL_SHUT,
	TASKPOOL_SHUT_NOT_RUNNING,
	TASKPOOL_SHUT_TIMED_OUT,
	TASKPOOL_SHUT_IN_INTERRUPT,
	TASKPOOL_SHUT_ON_WORKER,
};
#endif

/* What the core needs of the kernel: rust/taskpool/src/zephyr.rs calls it. */
uint32_t taskpool_port_lock(void);
void taskpool_port_unlock(uint32_t key);
uint64_t taskpool_port_now(void);
void taskpool_port_wake(struct taskpool_worker *worker);
void taskpool_port_lend(struct taskpool_worker *worker, const struct taskpool *pool, bool first);
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
/* 0 for an interrupt, 1 for a thread, 2 for a worker, which is stored in `worker` then. */
uint32_t taskpool_port_caller(struct taskpool_worker **worker);
#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
/* 0 when a pool with this thread priority can be made now; 1 without such a priority, 2 before the boot. */
int taskpool_port_can_create(int priority);
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
/* Whichever worker calls the callback of this job: the job is another one now. */
void taskpool_port_forget_job(const void *job);
#endif
#ifdef CONFIG_TASKPOOL_C_API
/* Of `Refusal` in rust/taskpool/src/c/mod.rs. */
#define TASKPOOL_REFUSED_JOB      1
#define TASKPOOL_REFUSED_ARGUMENT 2
/* The errno value of a refusal. `function` is NULL where nothing is said. */
int taskpool_port_refuse(uint32_t refusal, const char *function);
#endif
void taskpool_port_event(uint32_t id, uint32_t level, const struct taskpool *pool, uint32_t number);

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
/* The job that a worker runs, or ran last: its core. For the worker's own thread. NULL without CONFIG_TASKPOOL_WAIT. */
void *taskpool_core_last_words(struct taskpool_worker *worker);
FUNC_NORETURN void taskpool_core_work(void *worker, void *unused1, void *unused2);

#endif /* TASKPOOL_CORE_H_ */
