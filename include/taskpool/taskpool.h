/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file
 * @brief The task pool: jobs, and the pools that run them.
 *
 * Stacks are macros of C, so pools are defined in a C file. A Rust application names them with `taskpool::c_pool!`, and has
 * the functions of this file with `CONFIG_TASKPOOL_C_API`.
 */

#ifndef TASKPOOL_TASKPOOL_H_
#define TASKPOOL_TASKPOOL_H_

#include <stdbool.h>
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

/* The Rust structs `Pool` and `Worker`; src/layout.ld compares them. Only the Rust core looks inside. */
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
#ifdef CONFIG_TASKPOOL_IOT_API
	uint32_t kept;
#endif
#ifdef CONFIG_TASKPOOL_GROUPS
	uint32_t held;
#endif
#ifdef CONFIG_TASKPOOL_STATS
	uint32_t stats[22];
#endif
};

struct taskpool_worker_core {
	uintptr_t words[3 + IS_ENABLED(CONFIG_TASKPOOL_WAIT) + IS_ENABLED(CONFIG_TASKPOOL_STATS)];
#ifdef CONFIG_TASKPOOL_BUDGETS
	void *watched;
	uint32_t watch[4];
#endif
};

/* What the documentation states. */
BUILD_ASSERT(sizeof(void *) != 4 || CONFIG_TASKPOOL_PRIORITY_LEVELS > 1 || IS_ENABLED(CONFIG_TASKPOOL_STATS) ||
	     IS_ENABLED(CONFIG_TASKPOOL_PAUSE) ||
	     sizeof(struct taskpool_core) == (IS_ENABLED(CONFIG_TASKPOOL_CONTROL) ? 52 : 44) +
						     (IS_ENABLED(CONFIG_TASKPOOL_IOT_API) ? 4 : 0) +
						     (IS_ENABLED(CONFIG_TASKPOOL_GROUPS) ? 4 : 0));

/* How much more urgent than its pool a worker's thread can become. */
#define Z_TASKPOOL_RAISE (IS_ENABLED(CONFIG_TASKPOOL_LEVEL_PRIORITIES) ? CONFIG_TASKPOOL_PRIORITY_LEVELS - 1 : 0)

/* Life::STARTING of the core. */
#define Z_TASKPOOL_STARTING 1

#ifdef CONFIG_TASKPOOL_IOT_API
/* What src/iot_taskpool.c notes of the job whose callback the worker calls. */
struct taskpool_iot {
	/* Whose callback it is, or NULL. */
	struct taskpool *pool;
	/* What the callback is given. */
	void *job;
	void (*routine)(void);
	void *context;
	/* The job, until it is made anew: then it is not the callback's own any more. */
	atomic_ptr_t own;
};
#endif

struct taskpool_worker {
	struct taskpool_worker_core core;
	struct k_sem wake;
	struct k_thread thread;
#ifdef CONFIG_SMP
	/* What the thread's is, or is to be when it goes on. */
	int8_t priority;
#endif
#ifdef CONFIG_TASKPOOL_IOT_API
	struct taskpool_iot iot;
#endif
#ifdef CONFIG_TASKPOOL_BUDGETS
	/* Runs while a job with a budget does. */
	struct k_timer budget;
#endif
#ifdef CONFIG_TASKPOOL_WDT
	/* When the run has fed last, in ticks modulo 2^32; its period in ticks; its channel, or -1. */
	atomic_t fed;
	uint32_t period;
	atomic_t channel;
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

#if defined(CONFIG_TASKPOOL_SUBMIT_SITE) || defined(__DOXYGEN__)
/**
 * Where a job was submitted: a call in C or in Rust. Only with `CONFIG_TASKPOOL_SUBMIT_SITE`.
 *
 * To print it: `printk("%.*s:%u", (int)site.length, site.file, site.line)`.
 */
struct taskpool_site {
	/** The file, as its compiler was given it. Stays for ever. There is not always a zero at its end. */
	const char *file;
	/** How many bytes of it there are. */
	uint32_t length;
	/** The line, from 1 on. */
	uint32_t line;
};

/** @cond INTERNAL_HIDDEN */
/* A pointer to the site of this line, which stays for ever. */
#ifdef __cplusplus
/* C++ has no statement expressions outside of functions: in initializers, default arguments, and lambdas of these. */
#define Z_TASKPOOL_HERE                                                                                                \
	([]() -> const struct taskpool_site * {                                                                        \
		static const struct taskpool_site z_taskpool_here = {__FILE__, sizeof(__FILE__) - 1, __LINE__};        \
		return &z_taskpool_here;                                                                               \
	}())
#else
#define Z_TASKPOOL_HERE                                                                                                \
	(__extension__({                                                                                               \
		static const struct taskpool_site z_taskpool_here = {__FILE__, sizeof(__FILE__) - 1, __LINE__};        \
		&z_taskpool_here;                                                                                      \
	}))
#endif
/** @endcond */
#endif

#if defined(CONFIG_TASKPOOL_BUDGETS) || defined(__DOXYGEN__)
/**
 * What never changes about a job: a name, a number, and how long a run may take. Several jobs may share one. Define it
 * `static const`, with the names of its fields: it stays in flash, and must stay as it is. 24 bytes (32-bit).
 *
 * Only with `CONFIG_TASKPOOL_BUDGETS`.
 */
struct taskpool_about {
	/** What a report calls the job; NULL for its address. */
	const char *name;
	/**
	 * How long a run may take, from its beginning to its end, with all that it waits for: `K_MSEC(5)`, say. What is no
	 * span of time (0, `K_FOREVER`, an absolute time), is no budget.
	 */
	k_timeout_t budget;
	/** For a program that looks at a report. */
	uint32_t id;
#if defined(CONFIG_TASKPOOL_WDT) || defined(__DOXYGEN__)
	/**
	 * How often a run is to feed its watchdog (@ref taskpool_feed), in milliseconds, at most an hour; 0 for
	 * `CONFIG_TASKPOOL_WDT_PERIOD`. Only with `CONFIG_TASKPOOL_WDT`.
	 */
	uint32_t watchdog;
#endif
};

/** A run that takes longer than it may. All of it is a copy, or stays: the job may be gone. */
struct taskpool_overrun {
	/** What never changes about the job. NULL for one that has a watchdog and nothing else. */
	const struct taskpool_about *about;
	/** Where the job is, or was: to be printed, not to be followed. */
	const void *job;
	/** Ticks since the run began. */
	k_ticks_t elapsed;
	/** What the run has given to @ref taskpool_control_point last; 0 if nothing. */
	uint32_t control_point;
	/** The worker that runs it: see @ref taskpool_ctx_worker. */
	uint8_t worker;
#if defined(CONFIG_TASKPOOL_SUBMIT_SITE) || defined(__DOXYGEN__)
	/**
	 * Where the job was submitted last, when this was found out; its file is NULL if nobody knows. Only with
	 * `CONFIG_TASKPOOL_SUBMIT_SITE`.
	 */
	struct taskpool_site site;
#endif
};

/**
 * @brief Is told of a run that has taken more than its budget, once, while the job still runs.
 *
 * In the clock interrupt: it must not wait, nor take long. On one CPU the job does not go on before it returns; on several
 * ones it may, and end.
 *
 * @param overrun Which run; there until it returns.
 */
typedef void (*taskpool_overrun_hook_t)(const struct taskpool_overrun *overrun);

/**
 * @brief Sets who is told of overruns, in place of the log.
 *
 * Without a hook, the log has a line at the level of errors. In a Rust application, a hook that Rust has set comes before
 * this one.
 *
 * isr-ok. O(1), no lock: one atomic store.
 *
 * @isr_ok
 *
 * @param hook From now on this, or for NULL the log.
 */
void taskpool_set_overrun_hook(taskpool_overrun_hook_t hook);
#endif /* CONFIG_TASKPOOL_BUDGETS */

#if defined(CONFIG_TASKPOOL_WDT) || defined(__DOXYGEN__)
/**
 * @brief What becomes of a system whose job does not feed its watchdog.
 *
 * Called in the clock interrupt, after the log has a line at the level of errors. The one of this module writes out the
 * log (`LOG_PANIC()`) and resets the system (`sys_reboot(SYS_REBOOT_COLD)`): define your own, in place of it, to keep the
 * report elsewhere before you do the same. If it returns, the job goes on, and it is called again after each period in
 * which the job has not fed.
 *
 * @param overrun Which run; there until it returns.
 */
void taskpool_watchdog_expired(const struct taskpool_overrun *overrun);
#endif

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
 * 4 more with `CONFIG_TASKPOOL_WAIT`, 4 with `CONFIG_TASKPOOL_STATS`, 20 with `CONFIG_TASKPOOL_IOT_API`, 76 with
 * `CONFIG_TASKPOOL_BUDGETS`, 12 with `CONFIG_TASKPOOL_WDT`; the thread is aligned to 8 bytes. The pool itself takes 104 bytes of RAM: 44, a pointer and a `k_timer` of 56. To the 44,
 * `CONFIG_TASKPOOL_CONTROL` adds 8, `CONFIG_TASKPOOL_PAUSE` 8, `CONFIG_TASKPOOL_STATS` 88, each level above the first 8,
 * more than one level 4 together, `CONFIG_TASKPOOL_LEVEL_PRIORITIES` 4, `CONFIG_TASKPOOL_IOT_API` 4 and
 * `CONFIG_TASKPOOL_GROUPS` 4; the timer is aligned to 8 bytes.
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
		.core = {.life = Z_TASKPOOL_STARTING, .max = (max_threads_)},                                          \
		.config = &_taskpool_config_##name_,                                                                   \
		.timer = Z_TIMER_INITIALIZER(name_.timer, z_taskpool_expired, NULL),                                   \
	};                                                                                                             \
	/* The name that `taskpool::c_pool!` looks for: only pools have one. */                                       \
	extern struct taskpool z_taskpool_pool_##name_ __attribute__((alias(#name_)))

/** @endcond */

/** What becomes of the jobs of a pool that is shut down. Deferred jobs are discarded in both cases. */
enum taskpool_shutdown {
	/** Queued jobs run, except those that are marked to be discarded. */
	TASKPOOL_DRAIN,
	/** Queued jobs are discarded. */
	TASKPOOL_DISCARD,
};

#if defined(CONFIG_TASKPOOL_C_API) || defined(__DOXYGEN__)

/**
 * @name What calls cost, and where they may be made
 *
 * A cost is that of the longest lock section, in which interrupts are masked: O(1) is a fixed number of instructions,
 * O(log n) grows with the jobs that are deferred in one pool. With `CONFIG_TASKPOOL_LEVEL_PRIORITIES` each submission
 * also looks at the workers on their way. Calls that are marked isr-ok are for every thread and interrupt but those that
 * the kernel does not manage (zero-latency ones), from the init level `PRE_KERNEL_2` on; others are for threads, from the
 * level `APPLICATION` on. Every function that names a pool or a job answers `-EINVAL`, and changes nothing, when that is
 * NULL, or looks overwritten, or the job was never initialised. (Of a job a whole pointer is looked at, of a pool one byte:
 * four of its 256 values are a pool's.) With `CONFIG_ASSERT` it also prints which, as it does for what is out of range, and
 * for what can't be called where it is called.
 *
 * @{
 */
/** @} */

#ifdef CONFIG_TASKPOOL_SYSTEM_POOL
/** The pool that Kconfig sizes: `CONFIG_TASKPOOL_MIN_THREADS` and the options beside it. Started before `main`. */
extern struct taskpool taskpool_system;
#endif

/** What a running job knows about its run. */
struct taskpool_ctx;

/**
 * @brief What a job does.
 *
 * On a worker, outside every lock. It may block, submit and cancel jobs, its own included. A job never runs on two
 * workers at once.
 *
 * @param ctx What it knows about its run; there until it returns.
 * @param arg As the job was made with.
 *
 * @return 0 for success, anything else as the job defines it: the code of its outcome.
 */
typedef int (*taskpool_run_t)(const struct taskpool_ctx *ctx, void *arg);

/** How a submission ended. Each accepted one ends in one of these ways. */
enum taskpool_outcome {
	/** The job ran; its code says more. */
	TASKPOOL_DONE,
	/** It was cancelled before it ran. */
	TASKPOOL_CANCELLED,
	/** It was aborted: before it ran, or while it did, and then its code does not count. */
	TASKPOOL_ABORTED,
	/** No worker took it before its time was up, and it did not run. */
	TASKPOOL_TIMED_OUT,
	/** Its pool was shut down before it ran. */
	TASKPOOL_DISCARDED,
};

/** What became of a submission that was accepted. */
enum taskpool_accepted {
	/** The job will run. */
	TASKPOOL_NEW,
	/** It runs, and will run once more after this run. */
	TASKPOOL_AGAIN,
	/** It was under way already, and got this time instead of its deadline: no submission more. */
	TASKPOOL_MOVED,
};

/** What a cancellation found. */
enum taskpool_found {
	/** The submission will not run. */
	TASKPOOL_FOUND_WAITING,
	/** Nothing: the job is neither queued, deferred nor running. */
	TASKPOOL_FOUND_IDLE,
	/** The job runs, and can see that it is cancelled. */
	TASKPOOL_FOUND_RUNNING,
	/** As before, and it was to run once more, which it will not. */
	TASKPOOL_FOUND_RUNNING_AGAIN,
};

/** Where a job is: one of these, and for a running one perhaps flags. */
enum taskpool_state {
	/** In no queue, and not running. */
	TASKPOOL_IDLE,
	/** Waits for a worker. */
	TASKPOOL_QUEUED,
	/** Waits for its deadline. */
	TASKPOOL_DEFERRED,
	/** Runs on a worker. */
	TASKPOOL_RUNNING,
	/** Flag: the run has been cancelled. */
	TASKPOOL_RUN_CANCELLED = 4,
	/** Flag: another submission waits for the end of this run. */
	TASKPOOL_RESUBMITTED = 8,
	/** Waits for another job of its group to end, before it waits for a worker. */
	TASKPOOL_HELD = 16,
};

struct taskpool_end;
struct taskpool_event;
struct taskpool_group;

/**
 * @brief What is told when a submission has ended.
 *
 * Once for each accepted submission, outside every lock: on the worker when the job ran, in the context of the caller, an
 * interrupt perhaps, when it was cancelled, in the thread that shuts down when it was discarded. It must not block. From
 * then on the pool does not touch the job on account of this submission, so it may submit the job again, or free it.
 *
 * @param end     What the job was given: a part of a structure of yours, perhaps, which `CONTAINER_OF` finds.
 * @param outcome How the submission ended.
 * @param code    Of a job that ran: what it answered. Otherwise 0.
 */
typedef void (*taskpool_end_t)(const struct taskpool_end *end, enum taskpool_outcome outcome, int code);

/** @cond INTERNAL_HIDDEN */

/* The Rust struct `Header`; src/layout.ld compares them. Only the Rust core looks inside. */
struct taskpool_job_core {
	void *links[3];
	/* What makes memory a job. C does not call it. */
	void (*run)(void);
	uint8_t state;
	uint8_t deeper;
	uint8_t flags;
	uint8_t last;
	uint32_t number;
	uint32_t deadline[2];
	void *pool;
	const struct taskpool_end *end;
#ifdef CONFIG_TASKPOOL_BUDGETS
	const struct taskpool_about *about;
#endif
#ifdef CONFIG_TASKPOOL_GROUPS
	struct taskpool_group *group;
#endif
#ifdef CONFIG_TASKPOOL_WAIT
	void *waiters;
#endif
#ifdef CONFIG_TASKPOOL_STATS
	uint32_t since;
#endif
#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
	const void *site;
#endif
};

void taskpool_core_run_job(void);
void taskpool_core_tell(void);

#define Z_TASKPOOL_DISCARD     (IS_ENABLED(CONFIG_TASKPOOL_CONTROL) ? 8 : 0)
#define Z_TASKPOOL_LEVEL_SHIFT 5

/** @endcond */

/**
 * A completion. Several jobs may share one; it must stay as long as they. A pointer and a function, and with
 * `CONFIG_TASKPOOL_EVENTS` a pointer more.
 */
struct taskpool_end {
	/** @cond INTERNAL_HIDDEN */
	void (*tell)(void);
#ifdef CONFIG_TASKPOOL_EVENTS
	struct taskpool_event *event;
#endif
	taskpool_end_t end;
	/** @endcond */
};

/** @cond INTERNAL_HIDDEN */
#ifdef CONFIG_TASKPOOL_EVENTS
#define Z_TASKPOOL_NO_EVENT , NULL
#else
#define Z_TASKPOOL_NO_EVENT
#endif
/** @endcond */

/** @brief What a `struct taskpool_end` begins as. @param end_ Its function. */
#define TASKPOOL_END_INITIALIZER(end_) {taskpool_core_tell Z_TASKPOOL_NO_EVENT, (end_)}

/**
 * A job: a unit of work that its owner keeps. 52 bytes (32-bit; 4 less without `CONFIG_TASKPOOL_WAIT`, 4 more with
 * `CONFIG_TASKPOOL_STATS`, `CONFIG_TASKPOOL_NAMES`, `CONFIG_TASKPOOL_BUDGETS`, `CONFIG_TASKPOOL_GROUPS` and
 * `CONFIG_TASKPOOL_SUBMIT_SITE` each). Its fields belong to the implementation. It must stay where
 * it is, and is not to be written, while it is under way: from an accepted submission until its outcome is told.
 */
struct taskpool_job {
	/** @cond INTERNAL_HIDDEN */
	struct taskpool_job_core core;
	taskpool_run_t run;
	void *arg;
#ifdef CONFIG_TASKPOOL_NAMES
	const char *name;
#endif
	/** @endcond */
};

/** @cond INTERNAL_HIDDEN */
/* The end of an initializer. */
#ifdef CONFIG_TASKPOOL_NAMES
#define Z_TASKPOOL_JOB_NAME(name_) , (name_)
#else
#define Z_TASKPOOL_JOB_NAME(name_)
#endif

#define Z_TASKPOOL_JOB_CORE(end_, flags_)                                                                              \
	{                                                                                                              \
		{NULL, NULL, NULL}, taskpool_core_run_job, 0, 0, (flags_), 0, 0, {0, 0}, NULL, (end_)                  \
	}
/** @endcond */

/**
 * @brief What a `struct taskpool_job` begins as.
 *
 * @param run_ What it does, a @ref taskpool_run_t.
 * @param arg_ What that is given, a `void *`.
 */
#define TASKPOOL_JOB_INITIALIZER(run_, arg_)                                                                           \
	{                                                                                                              \
		Z_TASKPOOL_JOB_CORE(NULL, 0), (run_), (arg_)Z_TASKPOOL_JOB_NAME(NULL)                                  \
	}

/**
 * @brief Defines a job. It needs no call to be ready.
 *
 * Write `static` before it for one that other files don't see.
 *
 * @param name_ C name of the job.
 * @param run_  What it does, a @ref taskpool_run_t.
 * @param arg_  What that is given, a `void *`.
 */
#define TASKPOOL_JOB_DEFINE(name_, run_, arg_)                                                                         \
	struct taskpool_job name_ = {                                                                                  \
		Z_TASKPOOL_JOB_CORE(NULL, 0), (run_), (arg_)Z_TASKPOOL_JOB_NAME(#name_)                                \
	}

/**
 * @brief Defines a job with a completion, and with a level.
 *
 * @param name_    C name of the job.
 * @param run_     What it does, a @ref taskpool_run_t.
 * @param arg_     What that is given, a `void *`.
 * @param end_     Its completion, a `struct taskpool_end *`, or NULL.
 * @param level_   The level at which it waits for a worker: 0 to `CONFIG_TASKPOOL_PRIORITY_LEVELS` - 1. A ready job is
 *                 taken before those of lower levels. Any other fails the build.
 * @param discard_ Whether a shutdown of its pool discards it, even where it lets others run.
 */
#define TASKPOOL_JOB_DEFINE_WITH(name_, run_, arg_, end_, level_, discard_)                                            \
	struct taskpool_job name_ = {                                                                                  \
		Z_TASKPOOL_JOB_CORE((end_), (((level_) << Z_TASKPOOL_LEVEL_SHIFT) |                                    \
					     ((discard_) ? Z_TASKPOOL_DISCARD : 0))),                                  \
		(run_),                                                                                                \
		(arg_)Z_TASKPOOL_JOB_NAME(#name_),                                                                     \
	};                                                                                                             \
	BUILD_ASSERT((level_) >= 0 && (level_) < CONFIG_TASKPOOL_PRIORITY_LEVELS,                                      \
		     "there is no such level: raise CONFIG_TASKPOOL_PRIORITY_LEVELS, or lower that of " #name_)

#if defined(CONFIG_TASKPOOL_BUDGETS) || defined(__DOXYGEN__)
/**
 * @brief Defines a job with a name, a number and a budget. Only with `CONFIG_TASKPOOL_BUDGETS`.
 *
 * @param name_  C name of the job.
 * @param run_   What it does, a @ref taskpool_run_t.
 * @param arg_   What that is given, a `void *`.
 * @param about_ What never changes about it, a `const struct taskpool_about *`.
 */
#define TASKPOOL_JOB_DEFINE_ABOUT(name_, run_, arg_, about_)                                                           \
	struct taskpool_job name_ = {                                                                                  \
		{{NULL, NULL, NULL}, taskpool_core_run_job, 0, 0, 0, 0, 0, {0, 0}, NULL, NULL, (about_)},              \
		(run_),                                                                                                \
		(arg_)Z_TASKPOOL_JOB_NAME(#name_),                                                                     \
	}
#endif

/**
 * @brief Makes memory a job: at level 0, without a completion.
 *
 * The memory must not hold a job that is under way. isr-ok, O(1), no lock.
 *
 * @isr_ok
 *
 * @param job Room for the job; what was in it is lost.
 * @param run What it does.
 * @param arg What that is given.
 *
 * @retval 0       It is ready to be submitted.
 * @retval -EINVAL @p job or @p run is NULL.
 */
int taskpool_job_init(struct taskpool_job *job, taskpool_run_t run, void *arg);

/**
 * @brief Gives an idle job a completion.
 *
 * Only the job's owner may call it, while nobody else submits the job. isr-ok, O(1).
 *
 * @isr_ok
 *
 * @param job The job.
 * @param end What is told the outcome of every submission from now on, or NULL.
 *
 * @retval 0       It has this completion.
 * @retval -EINVAL @p job is NULL or not initialised, or @p end was not initialised with a function.
 * @retval -EBUSY  The job is under way.
 */
int taskpool_job_set_end(struct taskpool_job *job, const struct taskpool_end *end);

/**
 * @brief Says of an idle job whether a shutdown of its pool discards it, even where it lets others run.
 *
 * Only the job's owner may call it, while nobody else submits the job. isr-ok, O(1).
 *
 * @isr_ok
 *
 * @param job     The job.
 * @param discard Whether it does.
 *
 * @retval 0       It is so from now on.
 * @retval -EINVAL @p job is NULL or not initialised.
 * @retval -EBUSY  The job is under way.
 */
int taskpool_job_set_discard(struct taskpool_job *job, bool discard);

#if defined(CONFIG_TASKPOOL_BUDGETS) || defined(__DOXYGEN__)
/**
 * @brief Gives an idle job a name, a number and a budget. Only with `CONFIG_TASKPOOL_BUDGETS`.
 *
 * Only the job's owner may call it, while nobody else submits the job. isr-ok, O(1).
 *
 * A run of a job with a budget takes two lock sections more, in which a timer of the worker is started and stopped. When
 * the run takes longer, the hook is told (@ref taskpool_set_overrun_hook): not before the budget is over, and in the next
 * tick then.
 *
 * @isr_ok
 *
 * @param job   The job.
 * @param about What never changes about it, as long as it has it, or NULL.
 *
 * @retval 0       It has these.
 * @retval -EINVAL @p job is NULL or not initialised.
 * @retval -EBUSY  The job is under way.
 */
int taskpool_job_set_about(struct taskpool_job *job, const struct taskpool_about *about);
#endif

/**
 * @brief Submits a job, to run as soon as a worker is free, after the jobs that are ready already.
 *
 * A deferred job runs now instead. A running one runs once more after this run.
 *
 * isr-ok, also from the job itself. One lock section, O(1); O(log n) for a deferred job.
 *
 * @isr_ok
 *
 * @param pool Where.
 * @param job  What.
 *
 * @return One of @ref taskpool_accepted, which are not negative: #TASKPOOL_NEW, 0, for an idle job.
 * @retval -EINVAL    @p pool is NULL; @p job is NULL or not initialised.
 * @retval -EALREADY  The job waits for a worker already; it keeps its place and runs once.
 * @retval -ESHUTDOWN The pool takes no submissions: it was shut down, or never made.
 */
int taskpool_submit(struct taskpool *pool, struct taskpool_job *job);

/**
 * @brief Submits a job, to run once a time has come.
 *
 * With a span, in the tick now + span + 1, as the present one has partly passed; with an absolute time, once that tick
 * has begun; with `K_NO_WAIT` now. Never early. The deadline of a deferred job is moved. A running job runs once more,
 * after this run and not before then. (As `k_work_schedule()` of Zephyr counts.)
 *
 * isr-ok. One lock section, O(log n). When the job becomes the earliest of the pool, this starts a `k_timer` in that
 * section, which Zephyr does in O(n) of all timeouts of the system.
 *
 * @isr_ok
 *
 * @param pool  Where.
 * @param job   What.
 * @param delay When: a span, `K_TIMEOUT_ABS_TICKS()` and its likes, or `K_NO_WAIT`.
 *
 * @return As @ref taskpool_submit.
 * @retval -EINVAL    As @ref taskpool_submit; and @p delay is `K_FOREVER`.
 * @retval -EALREADY  The job waits for a worker already; it keeps its place and runs once.
 * @retval -ESHUTDOWN The pool takes no submissions: it was shut down, or never made.
 * @retval -ERANGE    The deadline would lie 2^62 ticks after boot, or later.
 */
int taskpool_submit_after(struct taskpool *pool, struct taskpool_job *job, k_timeout_t delay);

/**
 * @brief Submits a job, to run once a tick has begun. Otherwise as @ref taskpool_submit_after.
 *
 * @isr_ok
 *
 * @param pool Where.
 * @param job  What.
 * @param tick When, in ticks since boot, as `k_uptime_ticks()` tells them. What has passed is now.
 *
 * @return As @ref taskpool_submit.
 * @retval -EINVAL    @p pool is NULL; @p job is NULL or not initialised.
 * @retval -EALREADY  The job waits for a worker already; it keeps its place and runs once.
 * @retval -ESHUTDOWN The pool takes no submissions: it was shut down, or never made.
 * @retval -ERANGE    The tick lies 2^62 ticks after boot, or later.
 */
int taskpool_submit_at(struct taskpool *pool, struct taskpool_job *job, int64_t tick);

#if defined(CONFIG_TASKPOOL_URGENT) || defined(__DOXYGEN__)
/**
 * @brief Submits a job, to run before all others, also before those that were submitted so.
 *
 * When all workers of the pool are busy, the reserve lends one beyond the pool's maximum, if it has one; that one takes
 * urgent jobs only. A queued job of this pool moves to the head. Only this submission is urgent, not the next. (Like
 * `IOT_TASKPOOL_JOB_HIGH_PRIORITY` of the FreeRTOS Task Pool.)
 *
 * isr-ok. One lock section, O(1); O(log n) for a deferred job.
 *
 * @isr_ok
 *
 * @param pool Where.
 * @param job  What.
 *
 * @return As @ref taskpool_submit.
 * @retval -EINVAL    @p pool is NULL; @p job is NULL or not initialised.
 * @retval -EALREADY  The job is urgent already, or waits in another pool; it keeps its place.
 * @retval -ESHUTDOWN The pool takes no submissions: it was shut down, or never made.
 */
int taskpool_submit_urgent(struct taskpool *pool, struct taskpool_job *job);
#endif

#if defined(CONFIG_TASKPOOL_ABORT) || defined(__DOXYGEN__)
/**
 * @brief Submits a job that is worth nothing later.
 *
 * When no worker has taken it for at least @p within, in the tick now + @p within + 1, it does not run, and its outcome is
 * #TASKPOOL_TIMED_OUT. The worker that would have run it tells so, so nothing happens in the moment in which the time is
 * up.
 *
 * isr-ok. One lock section, O(1); O(log n) for a deferred job.
 *
 * @isr_ok
 *
 * @param pool   Where.
 * @param job    What.
 * @param within A span.
 *
 * @return As @ref taskpool_submit.
 * @retval -EINVAL    As @ref taskpool_submit; and @p within is `K_FOREVER`, or an absolute time.
 * @retval -EALREADY  The job waits for a worker already; it keeps its place and runs once.
 * @retval -ESHUTDOWN The pool takes no submissions: it was shut down, or never made.
 * @retval -ERANGE    The time would be up 2^62 ticks after boot, or later.
 */
int taskpool_submit_within(struct taskpool *pool, struct taskpool_job *job, k_timeout_t within);

/**
 * @brief Cancels the submission that is under way, and its outcome is #TASKPOOL_ABORTED: of what has not run, and also of
 * a run that goes on, whatever it answers.
 *
 * Otherwise as @ref taskpool_cancel. (TaskScheduler tells `abort` from `cancel` so.)
 *
 * @isr_ok
 *
 * @param job The job.
 *
 * @return One of @ref taskpool_found.
 * @retval -EINVAL @p job is NULL or not initialised.
 */
int taskpool_abort(struct taskpool_job *job);
#endif

/**
 * @brief Cancels the submission that is under way, without waiting.
 *
 * A queued or deferred job will not run. A running one sees @ref taskpool_ctx_cancelled, and if it was submitted again
 * meanwhile, that submission is cancelled. The completion, if the job has one, is told in this context.
 *
 * isr-ok. One lock section, O(log n) for a deferred job.
 *
 * @isr_ok
 *
 * @param job The job.
 *
 * @return One of @ref taskpool_found, which are not negative.
 * @retval -EINVAL @p job is NULL or not initialised.
 */
int taskpool_cancel(struct taskpool_job *job);

/**
 * @brief Changes the level at which a job waits for a worker. A queued one goes behind the others of its new level, unless
 * it is urgent.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param job   The job.
 * @param level 0 to `CONFIG_TASKPOOL_PRIORITY_LEVELS` - 1.
 *
 * @retval 0       It has this level.
 * @retval -EINVAL @p job is NULL or not initialised, or there is no such level.
 */
int taskpool_set_level(struct taskpool_job *job, uint8_t level);

/**
 * @brief Where a job is now; it may move on at once.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param job      The job.
 * @param deadline NULL, or where to put the tick for which a deferred job waits, 0 for any other.
 *
 * @return One of @ref taskpool_state, perhaps with flags; not negative.
 * @retval -EINVAL @p job is NULL or not initialised.
 */
int taskpool_status(struct taskpool_job *job, k_ticks_t *deadline);

#if defined(CONFIG_TASKPOOL_SUBMIT_SITE) || defined(__DOXYGEN__)
/**
 * @brief Where was a job submitted last?
 *
 * The call that was accepted last: while the job waits, while it runs, and afterwards. A call that was refused changes nothing.
 * (As `file` and `line` of Momentum's jobs.) A job that a completion submits, or the FreeRTOS face, names the line of this
 * module that does so.
 *
 * With `CONFIG_TASKPOOL_SUBMIT_SITE` the submitting functions are also macros, which pass the line that they stand in; so a
 * function of the application that calls them is the one that is named. A pointer to such a function is one to the function,
 * and what is submitted through it has no site.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param job  The job.
 * @param site Where to put it.
 *
 * @retval 0        It is there.
 * @retval -EINVAL  @p job is none, or @p site is NULL.
 * @retval -ENODATA It was never submitted, or the last time through a pointer to a function.
 */
int taskpool_job_site(struct taskpool_job *job, struct taskpool_site *site);
#endif

#if defined(CONFIG_TASKPOOL_WAIT) || defined(__DOXYGEN__)
/**
 * @brief Waits until the last submission that was accepted has ended, and answers how.
 *
 * For an idle job that is the outcome of its last submission, at once. Any number of threads may wait for one job; they go
 * on in the order in which they came, after the job's completion was told. (On Zephyr 4.1.99 a second thread that waits
 * for one `k_work` hangs: its issue 119700.)
 *
 * From threads; isr-ok with `K_NO_WAIT`. Two lock sections, O(1); when the time is up a third one, over those who wait for
 * this job.
 *
 * @param job     The job.
 * @param timeout The longest time to wait.
 * @param code    NULL, or where to put what the run answered; 0 for a job that did not run.
 *
 * @return One of @ref taskpool_outcome, which are not negative: #TASKPOOL_DONE, 0, for a job that ran.
 * @retval -EINVAL  @p job is NULL or not initialised.
 * @retval -EAGAIN  The time was up. The job goes on as if nobody had waited.
 * @retval -EPERM   Called in an interrupt, which can't wait.
 * @retval -EDEADLK Called by this job itself, or by another one of its pool, which might have no other worker for it.
 * @retval -ENOENT  The job has never been submitted.
 */
int taskpool_wait(struct taskpool_job *job, k_timeout_t timeout, int *code);

/**
 * @brief Cancels the submission that is under way, as @ref taskpool_cancel does, and waits for the run that goes on, if
 * any. Afterwards the job does not run, unless somebody has submitted it again: its memory is free.
 *
 * From threads; isr-ok with `K_NO_WAIT`. O(log n) for a deferred job; otherwise as @ref taskpool_wait.
 *
 * @param job     The job.
 * @param timeout The longest time to wait.
 * @param code    As in @ref taskpool_wait.
 *
 * @return As @ref taskpool_wait: how the last submission ended.
 * @retval -EINVAL  @p job is NULL or not initialised.
 * @retval -EAGAIN  The time was up. The run has been told that it is cancelled, and goes on.
 * @retval -EPERM   Called in an interrupt, which can't wait for the run that goes on. Nothing has changed.
 * @retval -EDEADLK The run goes on, and a job that @ref taskpool_wait refuses would wait for it. Nothing has changed.
 * @retval -ENOENT  The job has never been submitted.
 */
int taskpool_cancel_wait(struct taskpool_job *job, k_timeout_t timeout, int *code);
#endif /* CONFIG_TASKPOOL_WAIT */

#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
/** @cond INTERNAL_HIDDEN */
int z_taskpool_submit(struct taskpool *pool, struct taskpool_job *job, const struct taskpool_site *site);
int z_taskpool_submit_after(struct taskpool *pool, struct taskpool_job *job, k_timeout_t delay,
			    const struct taskpool_site *site);
int z_taskpool_submit_at(struct taskpool *pool, struct taskpool_job *job, int64_t tick,
			 const struct taskpool_site *site);
int z_taskpool_submit_urgent(struct taskpool *pool, struct taskpool_job *job, const struct taskpool_site *site);
int z_taskpool_submit_within(struct taskpool *pool, struct taskpool_job *job, k_timeout_t within,
			     const struct taskpool_site *site);

#define taskpool_submit(...)        z_taskpool_submit(__VA_ARGS__, Z_TASKPOOL_HERE)
#define taskpool_submit_after(...)  z_taskpool_submit_after(__VA_ARGS__, Z_TASKPOOL_HERE)
#define taskpool_submit_at(...)     z_taskpool_submit_at(__VA_ARGS__, Z_TASKPOOL_HERE)
#define taskpool_submit_urgent(...) z_taskpool_submit_urgent(__VA_ARGS__, Z_TASKPOOL_HERE)
#define taskpool_submit_within(...) z_taskpool_submit_within(__VA_ARGS__, Z_TASKPOOL_HERE)
/** @endcond */
#endif

#if CONFIG_TASKPOOL_CACHE_JOBS > 0 || defined(__DOXYGEN__)
/**
 * @brief Names what was spawned. 0 names nothing.
 *
 * A handle that was given back stays one that nobody has, until 65,535 others were given.
 */
typedef uint32_t taskpool_handle_t;

/** How full the cache is, for choosing `CONFIG_TASKPOOL_CACHE_JOBS`. */
struct taskpool_cache {
	/** Slots in all. */
	uint8_t slots;
	/** Slots that are used now. */
	uint8_t used;
	/** The most that were ever used at once. */
	uint8_t most;
};

/**
 * @brief Runs a function as soon as a worker is free, from a slot of the cache (`CONFIG_TASKPOOL_CACHE_JOBS`).
 *
 * isr-ok. Three lock sections, four without a handle, O(1).
 *
 * @isr_ok
 *
 * @param pool   Where.
 * @param run    What.
 * @param arg    What that is given. It must be there when it runs.
 * @param handle Where to put the handle, which @ref taskpool_join or @ref taskpool_detach gives back, and the slot with
 *               it. Or NULL: then the slot comes back when the function has run.
 *
 * @retval 0          It will run.
 * @retval -EINVAL    @p pool or @p run is NULL.
 * @retval -ENOMEM    All slots are used, or there are none.
 * @retval -ESHUTDOWN The pool takes no submissions: it was shut down, or never made.
 */
int taskpool_spawn(struct taskpool *pool, taskpool_run_t run, void *arg, taskpool_handle_t *handle);

/**
 * @brief Runs a function once a time has come, from a slot of the cache, which is used from now on.
 *
 * isr-ok. O(log n), and perhaps the start of the timer, as @ref taskpool_submit_after; otherwise as @ref taskpool_spawn.
 *
 * @isr_ok
 *
 * @param pool   Where.
 * @param run    What.
 * @param arg    What that is given.
 * @param delay  A span.
 * @param handle As in @ref taskpool_spawn.
 *
 * @retval 0          It will run.
 * @retval -EINVAL    @p pool or @p run is NULL, or @p delay is no span.
 * @retval -ENOMEM    All slots are used, or there are none.
 * @retval -ESHUTDOWN The pool takes no submissions: it was shut down, or never made.
 * @retval -ERANGE    The deadline would lie 2^62 ticks after boot, or later.
 */
int taskpool_spawn_after(struct taskpool *pool, taskpool_run_t run, void *arg, k_timeout_t delay,
			 taskpool_handle_t *handle);

/**
 * @brief Waits until what was spawned has ended, answers how, and gives the handle back. Several threads that wait at once
 * are all answered; who comes later has a handle of nothing.
 *
 * From threads; isr-ok with `K_NO_WAIT`. Five lock sections at most, O(1), or O(threads that wait for it).
 *
 * @param handle  What.
 * @param timeout The longest time to wait.
 * @param code    As in @ref taskpool_wait.
 *
 * @return One of @ref taskpool_outcome; not negative.
 * @retval -EBADF   Nobody has this handle: it was given back, or never given.
 * @retval -EAGAIN  The time was up. It goes on, and the handle is good.
 * @retval -EPERM   Called in an interrupt, which can't wait.
 * @retval -EDEADLK Called by what was spawned, or by another job of its pool.
 */
int taskpool_join(taskpool_handle_t handle, k_timeout_t timeout, int *code);

/**
 * @brief Gives a handle back, whatever becomes of what was spawned: it runs on, and its slot comes back after it.
 *
 * isr-ok. Two lock sections, O(1).
 *
 * @isr_ok
 *
 * @param handle What.
 *
 * @retval 0      It is gone.
 * @retval -EBADF Nobody has this handle: it was given back, or never given.
 */
int taskpool_detach(taskpool_handle_t handle);

/**
 * @brief Cancels what was spawned, as @ref taskpool_cancel cancels a job. The handle stays.
 *
 * @isr_ok
 *
 * @param handle What.
 *
 * @return One of @ref taskpool_found; not negative.
 * @retval -EBADF Nobody has this handle: it was given back, or never given.
 */
int taskpool_spawned_cancel(taskpool_handle_t handle);

/**
 * @brief Where is what was spawned? As @ref taskpool_status.
 *
 * @isr_ok
 *
 * @param handle   What.
 * @param deadline As in @ref taskpool_status.
 *
 * @return One of @ref taskpool_state, perhaps with flags; not negative.
 * @retval -EBADF Nobody has this handle: it was given back, or never given.
 */
int taskpool_spawned_status(taskpool_handle_t handle, k_ticks_t *deadline);

/**
 * @brief How full is the cache?
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param usage Where to put it.
 *
 * @retval 0       It is there.
 * @retval -EINVAL @p usage is NULL.
 */
int taskpool_cache(struct taskpool_cache *usage);

#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
/** @cond INTERNAL_HIDDEN */
int z_taskpool_spawn(struct taskpool *pool, taskpool_run_t run, void *arg, taskpool_handle_t *handle,
		     const struct taskpool_site *site);
int z_taskpool_spawn_after(struct taskpool *pool, taskpool_run_t run, void *arg, k_timeout_t delay,
			   taskpool_handle_t *handle, const struct taskpool_site *site);

#define taskpool_spawn(...)       z_taskpool_spawn(__VA_ARGS__, Z_TASKPOOL_HERE)
#define taskpool_spawn_after(...) z_taskpool_spawn_after(__VA_ARGS__, Z_TASKPOOL_HERE)
/** @endcond */
#endif
#endif /* CONFIG_TASKPOOL_CACHE_JOBS > 0 */

/**
 * @brief The pool that runs a job: the one that it was submitted to.
 *
 * isr-ok while the job runs, as all functions of a run. O(1), no lock.
 *
 * @isr_ok
 *
 * @param ctx What the job was given.
 *
 * @return The pool.
 */
struct taskpool *taskpool_ctx_pool(const struct taskpool_ctx *ctx);

/**
 * @brief The worker that runs a job. A pool's own workers count from 0, those of the reserve down from 255. In a
 * thread that runs the job itself, by @ref taskpool_run_now, and is no worker: 128.
 *
 * isr-ok while the job runs. O(1), no lock.
 *
 * @isr_ok
 *
 * @param ctx What the job was given.
 *
 * @return Its number.
 */
uint8_t taskpool_ctx_worker(const struct taskpool_ctx *ctx);

/**
 * @brief The deadline of a run.
 *
 * isr-ok while the job runs. O(1), no lock.
 *
 * @isr_ok
 *
 * @param ctx What the job was given.
 *
 * @return In ticks since boot; 0 for a job that was not deferred.
 */
k_ticks_t taskpool_ctx_due(const struct taskpool_ctx *ctx);

/**
 * @brief Whether somebody has cancelled this run since it began.
 *
 * isr-ok while the job runs. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param ctx What the job was given.
 *
 * @return Whether the job does well to end soon.
 */
bool taskpool_ctx_cancelled(const struct taskpool_ctx *ctx);

#if defined(CONFIG_TASKPOOL_BUDGETS) || defined(__DOXYGEN__)
/**
 * @brief What never changes about the job that runs: its name, its number, its budget.
 *
 * isr-ok while the job runs. O(1), no lock. Only with `CONFIG_TASKPOOL_BUDGETS`.
 *
 * @isr_ok
 *
 * @param ctx What the job was given.
 *
 * @return What @ref taskpool_job_set_about was given, or NULL.
 */
const struct taskpool_about *taskpool_ctx_about(const struct taskpool_ctx *ctx);

/**
 * @brief Says how far a run has come: what the report of an overrun tells. Each run begins at 0.
 *
 * isr-ok while the job runs. O(1), no lock: one store. Only with `CONFIG_TASKPOOL_BUDGETS`. (TaskScheduler has control
 * points, and an interrupt that reads them.)
 *
 * @isr_ok
 *
 * @param ctx   What the job was given.
 * @param point Any number.
 */
void taskpool_control_point(const struct taskpool_ctx *ctx, uint32_t point);
#endif

#if defined(CONFIG_TASKPOOL_WDT) || defined(__DOXYGEN__)
/**
 * @brief Feeds the watchdog of a run, which waits for a whole period again. Nothing, if the run has none.
 *
 * For threads, while the job runs. `task_wdt_feed()` of the kernel: no lock section of the pool's, O(n) of the channels and
 * of the kernel's timeouts. Only with `CONFIG_TASKPOOL_WDT`.
 *
 * @param ctx What the job was given.
 */
void taskpool_feed(const struct taskpool_ctx *ctx);
#endif

#if defined(CONFIG_TASKPOOL_CONTROL) || defined(__DOXYGEN__)
/**
 * @brief Holds a pool: it takes submissions, and runs none of them, nor what was submitted before, until
 * @ref taskpool_release. What runs goes on. The clock goes on, too: what comes due meanwhile runs after it.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param pool The pool.
 *
 * @retval 0          It is held.
 * @retval -EINVAL    @p pool is NULL.
 * @retval -ESHUTDOWN It is not running, or is held already.
 */
int taskpool_hold(struct taskpool *pool);

/**
 * @brief Ends @ref taskpool_hold, and `taskpool_pause`.
 *
 * isr-ok. One lock section more than there are ready jobs that a worker is called for, O(1) each.
 *
 * @isr_ok
 *
 * @param pool The pool.
 *
 * @retval 0          It goes on.
 * @retval -EINVAL    @p pool is NULL.
 * @retval -ESHUTDOWN It is not held.
 */
int taskpool_release(struct taskpool *pool);

/**
 * @brief Changes how many workers a pool may have, borrowed ones included. A higher maximum lends workers to what waits
 * already; above a lower one, borrowed workers leave after their job.
 *
 * isr-ok. One lock section more than there are ready jobs that a worker is called for, O(1) each.
 *
 * @isr_ok
 *
 * @param pool        The pool.
 * @param max_threads From the number of its own workers, at least 1, to 127.
 *
 * @retval 0          It has this maximum.
 * @retval -EINVAL    @p pool is NULL, or @p max_threads is out of range.
 * @retval -ESHUTDOWN It is shut down, or was never started.
 */
int taskpool_set_max_threads(struct taskpool *pool, uint32_t max_threads);

/**
 * @brief Shuts a pool down.
 *
 * It takes no more submissions; what is under way runs or is discarded, as @p how says, and every submission has its
 * outcome. When this has returned 0, no job of the pool runs, or will. Several threads may shut one pool down at once, and
 * a pool that is shut down already. A running job that was submitted to this pool again is waited for, too, in whichever
 * pool it runs; and what a group holds for this pool, if it is not discarded: with such jobs, a section may walk over all
 * that groups hold.
 *
 * From threads, but not those of the pool's workers. One lock section for each job that is discarded, one each time a
 * worker comes to rest, and a few more; completions of discarded jobs are told in this thread.
 *
 * @param pool    The pool.
 * @param how     What becomes of its jobs.
 * @param timeout The longest time to wait for the jobs that run.
 *
 * @retval 0          Nothing of the pool runs.
 * @retval -EINVAL    @p pool is NULL, or @p how is neither.
 * @retval -EAGAIN    The time was up. The pool stays closed, and another call waits for it again.
 * @retval -EPERM     Called in an interrupt.
 * @retval -EDEADLK   Called by a worker of this pool.
 * @retval -ESHUTDOWN It was never started.
 */
int taskpool_shutdown(struct taskpool *pool, enum taskpool_shutdown how, k_timeout_t timeout);

/**
 * @brief Starts a pool again that was shut down.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param pool The pool.
 *
 * @retval 0          It takes submissions, and runs them.
 * @retval -EINVAL    @p pool is NULL.
 * @retval -ESHUTDOWN It was not shut down, or not to the end.
 */
int taskpool_restart(struct taskpool *pool);
#endif /* CONFIG_TASKPOOL_CONTROL */

#if defined(CONFIG_TASKPOOL_PAUSE) || defined(__DOXYGEN__)
/** What becomes of the time of a pool while it is paused. */
enum taskpool_clock {
	/** It runs on: what comes due meanwhile runs as soon as the pool goes on. */
	TASKPOOL_CLOCK_RUNS_ON,
	/** It stands: what is so many ticks ahead is still as many ahead when the pool goes on. */
	TASKPOOL_CLOCK_FROZEN,
};

/**
 * @brief Holds a pool, and its clock runs on, or stands.
 *
 * isr-ok. One lock section, O(1), however many jobs are deferred.
 *
 * @isr_ok
 *
 * @param pool  The pool.
 * @param clock What becomes of its time.
 *
 * @retval 0          It is held.
 * @retval -EINVAL    @p pool is NULL, or @p clock is neither.
 * @retval -ESHUTDOWN It is not running, or is held already.
 */
int taskpool_pause(struct taskpool *pool, enum taskpool_clock clock);

/**
 * @brief Ends @ref taskpool_pause. It is @ref taskpool_release.
 *
 * @isr_ok
 *
 * @param pool The pool.
 *
 * @retval 0          It goes on.
 * @retval -EINVAL    @p pool is NULL.
 * @retval -ESHUTDOWN It is not held.
 */
int taskpool_resume(struct taskpool *pool);
#endif

#if defined(CONFIG_TASKPOOL_STATS) || defined(__DOXYGEN__)
/**
 * What a pool has done since its start, or since @ref taskpool_reset_stats: all of one moment. The counters go round at
 * 2^32. Times are in ticks; a single span of 2^31 ticks or more is not told.
 */
struct taskpool_stats {
	/** Submissions that were accepted here, or moved here. Each is under way, or counted in one of the next five. */
	uint32_t submitted;
	/** Runs that ended, and were not aborted. */
	uint32_t done;
	/** Submissions that were cancelled before they ran. */
	uint32_t cancelled;
	/** Submissions that were aborted, before they ran or while they did. */
	uint32_t aborted;
	/** Submissions whose time was up before they ran. */
	uint32_t timed_out;
	/** Submissions that a shutdown discarded. */
	uint32_t discarded;
	/** Jobs in the ready queue now. */
	uint32_t queued;
	/** The most that there were. */
	uint32_t most_queued;
	/** Workers of the pool now, own and borrowed ones, idle and active ones. */
	uint8_t workers;
	/** The most that there were. */
	uint8_t most_workers;
	/** The longest time between the deadline of a job and the beginning of its run. */
	uint64_t worst_lateness;
	/** The mean of it, over all deferred submissions that ran. */
	uint64_t mean_lateness;
	/** The longest time for which a job that ran was in the ready queue. */
	uint64_t worst_queueing;
	/** The mean of it, over all runs. */
	uint64_t mean_queueing;
	/** The time for which workers ran jobs, of all runs that ended. With several it passes faster than the clock. */
	uint64_t busy;
	/** The longest time for which jobs were queued, no worker was free, and none took one. */
	uint64_t worst_starvation;
};

/**
 * @brief What a pool has counted.
 *
 * isr-ok. One lock section, O(1), with two divisions in 64 bits.
 *
 * @isr_ok
 *
 * @param pool  The pool.
 * @param stats Where to put it.
 *
 * @retval 0       It is there.
 * @retval -EINVAL @p pool or @p stats is NULL.
 */
int taskpool_stats(struct taskpool *pool, struct taskpool_stats *stats);

/**
 * @brief Lets a pool count anew. Submissions that are under way count as submitted after it.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param pool The pool.
 *
 * @retval 0       It does.
 * @retval -EINVAL @p pool is NULL.
 */
int taskpool_reset_stats(struct taskpool *pool);
#endif

#if defined(CONFIG_TASKPOOL_GROUPS) || defined(__DOXYGEN__)
/**
 * A group: jobs of which only so many run at once, in whichever pools. 24 bytes (32-bit; each level of jobs above the first
 * adds 8, more than one level 4 together). Its fields belong to the implementation. It must stay where it is for as long
 * as a job names it.
 *
 * A job of a group has a place from the moment in which it becomes ready until its run ends, or until it is cancelled
 * before that. While all places are taken, another one is held (#TASKPOOL_HELD): it takes no worker, and becomes ready when
 * a place is free, those of higher levels first, within a level who came first. A run that is submitted again gives its
 * place back, and the job waits behind those that are held. What is deferred has no place, nor what waits for it. (Like
 * `concurrency` of Momentum's `ec_async_job`, without a worker that waits.)
 *
 * A job that waits for another one of its own group keeps its place meanwhile: where it has the last one, that never
 * ends, which is not found out.
 */
struct taskpool_group {
	/** @cond INTERNAL_HIDDEN */
	/* The Rust struct `Group`; src/layout.ld compares them. */
	void *links[2 * CONFIG_TASKPOOL_PRIORITY_LEVELS + 2];
#if CONFIG_TASKPOOL_PRIORITY_LEVELS > 1
	uintptr_t levels;
#endif
	uint32_t held;
	uint16_t limit;
	uint16_t active;
	/** @endcond */
};

/** @cond INTERNAL_HIDDEN */
/* What the documentation states. */
BUILD_ASSERT(sizeof(void *) != 4 || CONFIG_TASKPOOL_PRIORITY_LEVELS > 1 || sizeof(struct taskpool_group) == 24);

/* The fields before `limit`, which are zero. */
#if CONFIG_TASKPOOL_PRIORITY_LEVELS > 1
#define Z_TASKPOOL_GROUP_ZEROS {NULL}, 0, 0
#else
#define Z_TASKPOOL_GROUP_ZEROS {NULL}, 0
#endif

#ifdef CONFIG_TASKPOOL_BUDGETS
#define Z_TASKPOOL_NO_ABOUT , NULL
#else
#define Z_TASKPOOL_NO_ABOUT
#endif

#define Z_TASKPOOL_JOB_CORE_IN(end_, flags_, group_)                                                                   \
	{                                                                                                              \
		{NULL, NULL, NULL}, taskpool_core_run_job, 0, 0, (flags_), 0, 0, {0, 0}, NULL,                         \
		(end_) Z_TASKPOOL_NO_ABOUT, (group_)                                                                   \
	}
/** @endcond */

/** @brief What a `struct taskpool_group` begins as. @param limit_ How many of its jobs run at once: 1 to 65,535. */
#define TASKPOOL_GROUP_INITIALIZER(limit_) {Z_TASKPOOL_GROUP_ZEROS, (limit_), 0}

/**
 * @brief Defines a group. It needs no call to be ready.
 *
 * Write `static` before it for one that other files don't see.
 *
 * @param name_  C name of the group.
 * @param limit_ How many of its jobs run at once: 1 to 65,535. Any other fails the build.
 */
#define TASKPOOL_GROUP_DEFINE(name_, limit_)                                                                           \
	struct taskpool_group name_ = TASKPOOL_GROUP_INITIALIZER(limit_);                                              \
	BUILD_ASSERT((limit_) >= 1 && (limit_) <= UINT16_MAX,                                                          \
		     "a group lets 1 to 65535 jobs run at once: correct the limit of " #name_)

/**
 * @brief Defines a job of a group. Otherwise as @ref TASKPOOL_JOB_DEFINE_WITH.
 *
 * @param name_    C name of the job.
 * @param run_     What it does, a @ref taskpool_run_t.
 * @param arg_     What that is given, a `void *`.
 * @param end_     Its completion, a `struct taskpool_end *`, or NULL.
 * @param level_   The level at which it waits, for a place and then for a worker.
 * @param discard_ Whether a shutdown of its pool discards it, even where it lets others run.
 * @param group_   Its group, a `struct taskpool_group *`, or NULL.
 */
#define TASKPOOL_JOB_DEFINE_IN_GROUP(name_, run_, arg_, end_, level_, discard_, group_)                                \
	struct taskpool_job name_ = {                                                                                  \
		Z_TASKPOOL_JOB_CORE_IN((end_),                                                                         \
				       (((level_) << Z_TASKPOOL_LEVEL_SHIFT) |                                         \
					((discard_) ? Z_TASKPOOL_DISCARD : 0)),                                        \
				       (group_)),                                                                      \
		(run_),                                                                                                \
		(arg_)Z_TASKPOOL_JOB_NAME(#name_),                                                                     \
	};                                                                                                             \
	BUILD_ASSERT((level_) >= 0 && (level_) < CONFIG_TASKPOOL_PRIORITY_LEVELS,                                      \
		     "there is no such level: raise CONFIG_TASKPOOL_PRIORITY_LEVELS, or lower that of " #name_)

/** What a group looks like at one moment. */
struct taskpool_group_usage {
	/** How many of its jobs run at once. */
	uint16_t limit;
	/** Jobs that have a place. More than the limit after that was lowered, until they have ended. */
	uint16_t active;
	/** Jobs that are held. */
	uint32_t held;
};

/**
 * @brief Makes memory a group.
 *
 * The memory must not hold a group that a job names. isr-ok, O(1), no lock.
 *
 * @isr_ok
 *
 * @param group Room for the group; what was in it is lost.
 * @param limit How many of its jobs run at once: 1 to 65,535.
 *
 * @retval 0       It is ready.
 * @retval -EINVAL @p group is NULL, or there is no such limit.
 */
int taskpool_group_init(struct taskpool_group *group, uint32_t limit);

/**
 * @brief Puts an idle job into a group.
 *
 * Only the job's owner may call it, while nobody else submits the job. isr-ok, O(1).
 *
 * @isr_ok
 *
 * @param job   The job.
 * @param group Its group from now on, or NULL for none.
 *
 * @retval 0       It belongs to it.
 * @retval -EINVAL @p job is NULL or not initialised, or @p group was not initialised.
 * @retval -EBUSY  The job is under way.
 */
int taskpool_job_set_group(struct taskpool_job *job, struct taskpool_group *group);

/**
 * @brief Changes how many jobs of a group run at once.
 *
 * With a higher limit, held jobs become ready, in their order. With a lower one, what is ready or runs goes on, and nothing
 * is let in until fewer have a place.
 *
 * isr-ok. One lock section, O(1), and one more for each job that is let in after the first.
 *
 * @isr_ok
 *
 * @param group The group.
 * @param limit 1 to 65,535.
 *
 * @retval 0       It is so from now on.
 * @retval -EINVAL @p group is NULL, or there is no such limit.
 */
int taskpool_group_set_limit(struct taskpool_group *group, uint32_t limit);

/**
 * @brief How many jobs of a group have a place, and how many are held, at one moment.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param group The group.
 * @param usage Where to put it.
 *
 * @retval 0       It is there.
 * @retval -EINVAL @p group or @p usage is NULL.
 */
int taskpool_group_usage(struct taskpool_group *group, struct taskpool_group_usage *usage);
#endif /* CONFIG_TASKPOOL_GROUPS */

/**
 * @brief What an error means, and what to do.
 *
 * isr-ok, O(1).
 *
 * @isr_ok
 *
 * @param error What a function of this header has answered.
 *
 * @return A text that stays; "no error" for what is not negative, and a text that says so for what none answers.
 */
const char *taskpool_strerror(int error);

#endif /* CONFIG_TASKPOOL_C_API */

#if defined(CONFIG_TASKPOOL_RUNTIME_POOLS) || defined(__DOXYGEN__)

/**
 * @brief Memory for a pool that is made at run time: 144 bytes (32-bit).
 *
 * What other options than `CONFIG_TASKPOOL_CONTROL` add to each pool comes on top: see @ref TASKPOOL_DEFINE_WITH.
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
 * @retval -EINVAL    @p memory is NULL or was overwritten, or @p how is neither.
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

#include <taskpool/class.h>
#include <taskpool/completion.h>

#endif /* TASKPOOL_TASKPOOL_H_ */
