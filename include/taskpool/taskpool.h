/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file
 * @brief Pools that an application defines, with their stacks.
 *
 * Stacks are macros of C, so pools are defined in a C file. A Rust application names them with `taskpool::c_pool!`.
 */

#ifndef TASKPOOL_TASKPOOL_H_
#define TASKPOOL_TASKPOOL_H_

#include <stdint.h>

#include <zephyr/kernel.h>
#include <zephyr/sys/iterable_sections.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @defgroup taskpool Task pool
 * @{
 */

/** @cond INTERNAL_HIDDEN */

/* The Rust structs `Pool` and `Worker`; both sides assert these layouts. Only the Rust core looks inside. */
struct taskpool_core {
	void *links[4 + 2 * CONFIG_TASKPOOL_PRIORITY_LEVELS];
	uint8_t life;
	uint8_t max;
	uint8_t state[5];
	uint32_t deferrals;
	uint32_t armed[2];
#if CONFIG_TASKPOOL_PRIORITY_LEVELS > 1
	uintptr_t levels;
#endif
#ifdef CONFIG_TASKPOOL_LEVEL_PRIORITIES
	void *on_their_way;
#endif
#ifdef CONFIG_TASKPOOL_CONTROL
	void *control[2];
#endif
#ifdef CONFIG_TASKPOOL_STATS
	uint32_t stats[20];
#endif
};

struct taskpool_worker_core {
	uintptr_t words[3 + IS_ENABLED(CONFIG_TASKPOOL_WAIT) + IS_ENABLED(CONFIG_TASKPOOL_STATS)];
};

#define Z_TASKPOOL_LINKS (4 + 2 * CONFIG_TASKPOOL_PRIORITY_LEVELS)
#define Z_TASKPOOL_MORE                                                                                                \
	((CONFIG_TASKPOOL_PRIORITY_LEVELS > 1 ? 1 : 0) + (IS_ENABLED(CONFIG_TASKPOOL_LEVEL_PRIORITIES) ? 1 : 0) +      \
	 (IS_ENABLED(CONFIG_TASKPOOL_CONTROL) ? 2 : 0))

BUILD_ASSERT(sizeof(struct taskpool_core) ==
	     (Z_TASKPOOL_LINKS + Z_TASKPOOL_MORE) * sizeof(void *) + (sizeof(void *) == 4 ? 20 : 24) +
		     (IS_ENABLED(CONFIG_TASKPOOL_STATS) ? 80 : 0));
BUILD_ASSERT(offsetof(struct taskpool_core, life) == Z_TASKPOOL_LINKS * sizeof(void *));
BUILD_ASSERT(offsetof(struct taskpool_core, max) == Z_TASKPOOL_LINKS * sizeof(void *) + 1);
/* What the documentation states. */
BUILD_ASSERT(sizeof(void *) != 4 || CONFIG_TASKPOOL_PRIORITY_LEVELS > 1 || IS_ENABLED(CONFIG_TASKPOOL_STATS) ||
	     sizeof(struct taskpool_core) == (IS_ENABLED(CONFIG_TASKPOOL_CONTROL) ? 52 : 44));

/* How much more urgent than its pool a worker's thread can become. */
#define Z_TASKPOOL_RAISE (IS_ENABLED(CONFIG_TASKPOOL_LEVEL_PRIORITIES) ? CONFIG_TASKPOOL_PRIORITY_LEVELS - 1 : 0)

/* Life::STARTING of the core. */
#define Z_TASKPOOL_STARTING 1

struct taskpool_worker {
	struct taskpool_worker_core core;
	struct k_sem wake;
	struct k_thread thread;
};

/* What does not change stays in flash. */
struct taskpool_config {
	const char *name;
	struct taskpool_worker *workers;
	k_thread_stack_t *stacks;
	size_t stack_pitch;
	size_t stack_size;
	int8_t priority;
	uint8_t min_threads;
};

void z_taskpool_expired(struct k_timer *timer);

/** @endcond */

/** A pool. Define it with @ref TASKPOOL_DEFINE; its fields belong to the implementation. */
struct taskpool {
	/** @cond INTERNAL_HIDDEN */
	struct taskpool_core core;
	/* Between the two others it fills a hole: a timer is aligned to 8 bytes. */
	const struct taskpool_config *config;
	struct k_timer timer;
	/** @endcond */
};

/**
 * @brief Defines a pool that may borrow workers from the reserve.
 *
 * The pool is valid from link time: what is submitted before it is started waits for that. It is started at boot, at
 * the init level `APPLICATION`, before `main`.
 *
 * Each of its own workers takes @p stack_size_ bytes of stack, a `k_thread`, a `k_sem` and 12 bytes (32-bit; 16 with
 * `CONFIG_TASKPOOL_WAIT`); the pool itself takes 104 bytes of RAM (112 with `CONFIG_TASKPOOL_CONTROL`): 44 (52), a
 * pointer and a `k_timer` of 56. More levels than one take more: see Kconfig.
 *
 * Zero or inverted thread counts, a maximum that the reserve can't help to reach, and a priority that does not exist
 * fail the build. With `CONFIG_TASKPOOL_LEVEL_PRIORITIES` so does a priority that leaves no room for those of the levels:
 * one more urgent for each level above 0, and not cooperative unless @p priority_ is.
 *
 * @param name_        C name of the pool, also the beginning of its workers' thread names: `name.w0` and so on.
 * @param min_threads_ Workers of its own: 1 to 64.
 * @param max_threads_ With borrowed ones: @p min_threads_ to 127.
 * @param stack_size_  Stack of each own worker, in bytes.
 * @param priority_    Zephyr thread priority of all its workers, borrowed ones included; for jobs of level 0, if levels
 *                     have priorities of their own.
 */
#define TASKPOOL_DEFINE_WITH(name_, min_threads_, max_threads_, stack_size_, priority_)                                \
	Z_TASKPOOL_DEFINE(name_, #name_, min_threads_, max_threads_, stack_size_, priority_)

/**
 * @brief Defines a pool with a fixed number of workers, all its own.
 *
 * @see TASKPOOL_DEFINE_WITH
 *
 * @param name_       C name of the pool.
 * @param threads_    Worker threads: 1 to 64.
 * @param stack_size_ Stack of each worker, in bytes.
 * @param priority_   Zephyr thread priority of its workers.
 */
#define TASKPOOL_DEFINE(name_, threads_, stack_size_, priority_)                                                       \
	TASKPOOL_DEFINE_WITH(name_, threads_, threads_, stack_size_, priority_)

/** @cond INTERNAL_HIDDEN */

#define Z_TASKPOOL_DEFINE(name_, label_, min_threads_, max_threads_, stack_size_, priority_)                           \
	BUILD_ASSERT((min_threads_) >= 1 && (min_threads_) <= 64,                                                      \
		     "a pool has 1 to 64 worker threads of its own: correct the first count of " #name_);              \
	BUILD_ASSERT((max_threads_) >= (min_threads_) && (max_threads_) <= 127,                                        \
		     "a pool's maximum is at least its own worker threads, and at most 127: correct " #name_);         \
	BUILD_ASSERT((max_threads_) == (min_threads_) || CONFIG_TASKPOOL_RESERVE_THREADS > 0,                          \
		     "without a reserve a pool cannot grow: raise CONFIG_TASKPOOL_RESERVE_THREADS for " #name_);       \
	BUILD_ASSERT((priority_) >= K_HIGHEST_THREAD_PRIO && (priority_) <= K_LOWEST_APPLICATION_THREAD_PRIO,          \
		     "there is no such thread priority in this configuration: correct that of " #name_);               \
	BUILD_ASSERT((priority_) - Z_TASKPOOL_RAISE >= ((priority_) >= 0 ? 0 : K_HIGHEST_THREAD_PRIO),                 \
		     "each level above 0 takes a thread priority above the pool's, none of them cooperative unless "   \
		     "the pool's is, and there are too few: raise the number that is the priority of " #name_          \
		     ", or lower CONFIG_TASKPOOL_PRIORITY_LEVELS");                                                    \
	static K_KERNEL_STACK_ARRAY_DEFINE(_taskpool_stacks_##name_, min_threads_, stack_size_);                       \
	static struct taskpool_worker _taskpool_workers_##name_[min_threads_];                                         \
	static const struct taskpool_config _taskpool_config_##name_ = {                                               \
		.name = (label_),                                                                                      \
		.workers = _taskpool_workers_##name_,                                                                  \
		.stacks = _taskpool_stacks_##name_[0],                                                                 \
		.stack_pitch = sizeof(_taskpool_stacks_##name_[0]),                                                    \
		.stack_size = K_KERNEL_STACK_SIZEOF(_taskpool_stacks_##name_[0]),                                      \
		.priority = (priority_),                                                                               \
		.min_threads = (min_threads_),                                                                         \
	};                                                                                                             \
	STRUCT_SECTION_ITERABLE(taskpool, name_) = {                                                                   \
		.core = {.max = (max_threads_), .life = Z_TASKPOOL_STARTING},                                          \
		.config = &_taskpool_config_##name_,                                                                   \
		.timer = Z_TIMER_INITIALIZER(name_.timer, z_taskpool_expired, NULL),                                   \
	};                                                                                                             \
	/* The name that `taskpool::c_pool!` looks for: only pools have one. */                                       \
	extern struct taskpool z_taskpool_pool_##name_ __attribute__((alias(#name_)))

/** @endcond */

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* TASKPOOL_TASKPOOL_H_ */
