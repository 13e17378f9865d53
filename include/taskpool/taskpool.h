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
#ifdef CONFIG_TASKPOOL_PAUSE
	uint32_t clock[2];
#endif
#ifdef CONFIG_TASKPOOL_STATS
	uint32_t stats[22];
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
		     (IS_ENABLED(CONFIG_TASKPOOL_PAUSE) ? 8 : 0) + (IS_ENABLED(CONFIG_TASKPOOL_STATS) ? 88 : 0));
BUILD_ASSERT(offsetof(struct taskpool_core, life) == Z_TASKPOOL_LINKS * sizeof(void *));
BUILD_ASSERT(offsetof(struct taskpool_core, max) == Z_TASKPOOL_LINKS * sizeof(void *) + 1);
/* What the documentation states. */
BUILD_ASSERT(sizeof(void *) != 4 || CONFIG_TASKPOOL_PRIORITY_LEVELS > 1 || IS_ENABLED(CONFIG_TASKPOOL_STATS) ||
	     IS_ENABLED(CONFIG_TASKPOOL_PAUSE) ||
	     sizeof(struct taskpool_core) == (IS_ENABLED(CONFIG_TASKPOOL_CONTROL) ? 52 : 44));

/* How much more urgent than its pool a worker's thread can become. */
#define Z_TASKPOOL_RAISE (IS_ENABLED(CONFIG_TASKPOOL_LEVEL_PRIORITIES) ? CONFIG_TASKPOOL_PRIORITY_LEVELS - 1 : 0)

/* Life::STARTING of the core. */
#define Z_TASKPOOL_STARTING 1

struct taskpool_worker {
	struct taskpool_worker_core core;
	struct k_sem wake;
	struct k_thread thread;
#ifdef CONFIG_SMP
	/* What the thread's is, or is to be when it goes on. */
	int8_t priority;
#endif
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

/**
 * A pool. Define it with @ref TASKPOOL_DEFINE, or make it with @ref taskpool_create; its fields belong to the
 * implementation.
 */
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
 * the init level `APPLICATION`, before `main`: its workers' threads are created then, and it takes one lock section,
 * and one for each job that is ready, up to @p max_threads_. The first of them, the longest, walks over these jobs.
 *
 * On 32-bit machines each of its own workers takes @p stack_size_ bytes of stack, a `k_thread`, a `k_sem` and 12 bytes:
 * 4 more with `CONFIG_TASKPOOL_WAIT`, and 4 more with `CONFIG_TASKPOOL_STATS`. The pool itself takes 104 bytes of RAM:
 * 44, a pointer and a `k_timer` of 56. To the 44, `CONFIG_TASKPOOL_CONTROL` adds 8, `CONFIG_TASKPOOL_PAUSE` 8,
 * `CONFIG_TASKPOOL_STATS` 88, each level above the first 8, more than one level 4 together, and
 * `CONFIG_TASKPOOL_LEVEL_PRIORITIES` 4; the timer is aligned to 8 bytes.
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

#if defined(CONFIG_TASKPOOL_RUNTIME_POOLS) || defined(__DOXYGEN__)

/**
 * @brief Memory for a pool that is made at run time: 144 bytes (32-bit).
 *
 * What `CONFIG_TASKPOOL_PAUSE`, `CONFIG_TASKPOOL_STATS` and levels add to each pool comes on top: see
 * @ref TASKPOOL_DEFINE_WITH.
 *
 * Static, on the heap, or on the stack of a thread that destroys the pool before it returns. It needs no preparation.
 */
struct taskpool_memory {
	/** The pool, from @ref taskpool_create to @ref taskpool_destroy: what submissions name. */
	struct taskpool pool;
	/** @cond INTERNAL_HIDDEN */
	struct taskpool_config config;
	/* The thread that destroys the pool, while it waits for the expiries. */
	struct k_sem *destroyer;
	/* Expiries of the timer that are still to come, or under way. */
	uint8_t expiries;
	/** @endcond */
};

/** What becomes of the jobs of a pool that is destroyed. Deferred jobs are discarded in both cases. */
enum taskpool_shutdown {
	/** Queued jobs run, except those that are marked to be discarded. */
	TASKPOOL_DRAIN,
	/** Queued jobs are discarded. */
	TASKPOOL_DISCARD,
};

/**
 * @brief Makes a pool at run time.
 *
 * The pool has no worker of its own: it borrows each from the reserve, and gives it back when nothing is ready. When the
 * reserve has none left, the pool stands in its line until another pool gives one back. It can be held, resized and shut
 * down as any other.
 *
 * The memory must not hold a pool that has not been destroyed.
 *
 * From threads, from the init level `APPLICATION` on. One lock section, and another one where pools that start are
 * logged, both O(1). Before them it clears the memory, and looks for the calling thread among all workers of the image.
 *
 * @param memory      Room for the pool; what was in it is lost.
 * @param name        For the log; must stay until the pool is destroyed.
 * @param max_threads The most workers that it borrows at a time: 1 to 127.
 * @param priority    Zephyr thread priority of its workers, while they work for it; for jobs of level 0, if levels have
 *                    priorities of their own, for which it must leave room as that of @ref TASKPOOL_DEFINE does.
 *
 * @retval 0          The pool runs.
 * @retval -EINVAL    @p memory or @p name is NULL, @p max_threads is out of range, or there is no such priority.
 * @retval -EAGAIN    The reserve does not exist yet: call it later, from `main` on or at the level `APPLICATION`.
 * @retval -EPERM     Called in an interrupt.
 */
int taskpool_create(struct taskpool_memory *memory, const char *name, uint8_t max_threads, int priority);

/**
 * @brief Shuts a pool down that was made at run time, and gives its memory back.
 *
 * The pool takes no more submissions; what is under way runs or is discarded, as @p how says, and each accepted
 * submission has its outcome. When this has returned 0, no job of the pool runs or will, no worker, timer or interrupt of
 * the module refers to @p memory any more, and it can be overwritten, freed, or given to @ref taskpool_create again.
 *
 * One thread destroys a pool. Calls that name the pool, from whichever context, have returned before this does.
 *
 * From threads, but not from workers of this pool. Completions of discarded jobs are told in this thread. On several
 * CPUs it also waits for an expiry of the pool's timer that is being served, at most for one clock interrupt, whatever
 * the timeout.
 *
 * It looks for the calling thread among all workers of the image. Then it takes a lock section for each job that is
 * discarded, one for each thread that waits for such a job, one each time that a worker of the pool comes to rest, and
 * a few more. The longest takes a job out of n deferred ones, O(log n); or walks over the threads that wait for a job
 * that ends, or over the pools in line for a worker of the reserve. Where the pool is held, one section walks over as
 * many ready jobs as it may have workers (127 at most), and there is one for each of these.
 *
 * @param memory  The pool.
 * @param how     What becomes of its jobs.
 * @param timeout The longest time to wait for the jobs that run. On several CPUs a kernel before Zephyr's #108452 is safe
 *                with `K_FOREVER` and `K_NO_WAIT` only.
 *
 * @retval 0          There is no pool any more.
 * @retval -EINVAL    @p memory is NULL, or @p how is neither.
 * @retval -ESHUTDOWN There is no pool that runs: it was never made, or has been destroyed.
 * @retval -EAGAIN    The time was up. The pool takes no submissions, its jobs go on, and its memory is in use: call
 *                    again to wait for them.
 * @retval -EPERM     Called in an interrupt.
 * @retval -EDEADLK   Called by a worker of this pool.
 */
int taskpool_destroy(struct taskpool_memory *memory, enum taskpool_shutdown how, k_timeout_t timeout);

#endif /* CONFIG_TASKPOOL_RUNTIME_POOLS */

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* TASKPOOL_TASKPOOL_H_ */
