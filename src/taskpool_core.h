/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both sides of the border between C and the Rust core. rust/core/src/port.rs has the contracts of the port.
 */

#ifndef TASKPOOL_CORE_H_
#define TASKPOOL_CORE_H_

#include <taskpool/taskpool.h>

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
FUNC_NORETURN void taskpool_port_broken(void);
void taskpool_port_event(uint32_t id, uint32_t level, const struct taskpool *pool, uint32_t number);

/* What the core offers. The workers of a pool are chained before it is started with the last one made. */
void taskpool_core_add_reserve(struct taskpool_worker *worker, uint8_t index);
void taskpool_core_add_worker(struct taskpool_worker *worker, struct taskpool *pool, uint8_t index,
			      struct taskpool_worker *next);
void taskpool_core_start(struct taskpool *pool, struct taskpool_worker *first, uint8_t count);
void taskpool_core_expire(struct taskpool *pool);
FUNC_NORETURN void taskpool_core_work(void *worker, void *unused1, void *unused2);

#endif /* TASKPOOL_CORE_H_ */
