/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file
 * @brief Tasks: jobs with a schedule; and completers, which end a run that has returned.
 *
 * Needs `CONFIG_TASKPOOL_TASKS`. What calls cost, and where they may be made: as in taskpool.h.
 */

#ifndef TASKPOOL_TASK_H_
#define TASKPOOL_TASK_H_

#include <taskpool/taskpool.h>

#if (defined(CONFIG_TASKPOOL_TASKS) && defined(CONFIG_TASKPOOL_C_API)) || defined(__DOXYGEN__)

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @defgroup taskpool_task Tasks
 * @ingroup taskpool
 *
 * From @ref taskpool_task_enable to its end, a task is one accepted submission, so it has exactly one outcome, which its
 * completion is told, and those who wait for it:
 *
 * | it ends | with |
 * |---|---|
 * | by its last iteration, or by @ref taskpool_task_disable | #TASKPOOL_DONE and the code 0 |
 * | by @ref taskpool_next_done | #TASKPOOL_DONE and that code |
 * | by @ref taskpool_task_cancel | #TASKPOOL_CANCELLED |
 * | by @ref taskpool_task_abort | #TASKPOOL_ABORTED |
 * | as its time is up (@ref taskpool_task_set_timeout) | #TASKPOOL_TIMED_OUT |
 * | as its pool is shut down | #TASKPOOL_DISCARDED |
 *
 * Where one of these comes while the task runs, that run goes on to its end, sees @ref taskpool_ctx_cancelled, and what it
 * answers does not count; the outcome is told after it.
 *
 * Each run has a slot, which the next one is counted from: so runs are an interval apart, however long they take and however
 * late a worker comes to them. Nothing polls: between two runs a task is deferred in its pool, and only its deadline wakes
 * anybody. A run is never early. A tick of 2^62 or later, which no clock reaches, is the last one before that, and a longer
 * interval than `TASKPOOL_LONGEST_SPAN` is that one.
 *
 * @{
 */

struct taskpool_task;

/** What a run knows about itself. It is there until the run returns. */
struct taskpool_run {
	/** For @ref taskpool_ctx_pool, @ref taskpool_ctx_worker and @ref taskpool_ctx_cancelled. */
	const struct taskpool_ctx *ctx;
	/** @cond INTERNAL_HIDDEN */
	const void *task_ctx;
	/** @endcond */
	/**
	 * By how many ticks it began after its slot; after @ref taskpool_next_again, after the run before it had ended.
	 * (TaskScheduler's `getStartDelay`.)
	 */
	k_ticks_t late;
	/**
	 * How many ticks it may take until the slot of the next run; negative if that had passed when it began.
	 * (TaskScheduler's `getOverrun`.)
	 */
	k_ticks_t left;
	/**
	 * Its number, from 1 on, since the task was enabled. Parts of an iteration (@ref taskpool_next_again) have the same one:
	 * which of them this is, the state of the task says, if it matters, as nobody counts parts.
	 */
	uint32_t number;
	/** Runs that were left out right before this one. */
	uint32_t missed;
	/** Whether it is the first one since the task was enabled. */
	bool first;
	/** Whether it is the last one, as far as it was known when it began. */
	bool last;
};

/** What a run answers: how its task goes on. The functions below make one. (libks' scheduler has its tasks answer so.) */
struct taskpool_next {
	/** @cond INTERNAL_HIDDEN */
	union {
		k_timeout_t when;
		struct taskpool_event *event;
	};
	int how;
	int code;
	/** @endcond */
};

/** @cond INTERNAL_HIDDEN */
enum z_taskpool_next {
	Z_TASKPOOL_NEXT_DEFAULT,
	Z_TASKPOOL_NEXT_AGAIN,
	Z_TASKPOOL_NEXT_AFTER,
	Z_TASKPOOL_NEXT_DONE,
	Z_TASKPOOL_NEXT_PENDING,
	Z_TASKPOOL_NEXT_ON,
};

static inline struct taskpool_next z_taskpool_next(int how, k_timeout_t when, int code)
{
	struct taskpool_next next;

	next.when = when;
	next.how = how;
	next.code = code;
	return next;
}
/** @endcond */

/** @brief As the schedule says; after the last iteration not at all. @return The answer of a run. */
static inline struct taskpool_next taskpool_next_default(void)
{
	return z_taskpool_next(Z_TASKPOOL_NEXT_DEFAULT, K_NO_WAIT, 0);
}

/**
 * @brief As soon as the others that are ready have had their turn, in the same iteration: it does not count as a run more,
 * and the schedule stays as it is. For long work in parts. (TaskScheduler's `yield`.)
 *
 * @return The answer of a run.
 */
static inline struct taskpool_next taskpool_next_again(void)
{
	return z_taskpool_next(Z_TASKPOOL_NEXT_AGAIN, K_NO_WAIT, 0);
}

/**
 * @brief Once a time has come. Later runs are counted from there.
 *
 * @param when A span: in the tick now + span + 1. An absolute time: once that tick has begun; slots that have passed since
 *             then count as missed. Or `K_FOREVER`: not before somebody triggers or moves it.
 *
 * @return The answer of a run.
 */
static inline struct taskpool_next taskpool_next_after(k_timeout_t when)
{
	return z_taskpool_next(Z_TASKPOOL_NEXT_AFTER, when, 0);
}

/**
 * @brief Not at all: the task ends, with the outcome #TASKPOOL_DONE.
 *
 * @param code The code of that outcome.
 *
 * @return The answer of a run.
 */
static inline struct taskpool_next taskpool_next_done(int code)
{
	return z_taskpool_next(Z_TASKPOOL_NEXT_DONE, K_NO_WAIT, code);
}

/**
 * @brief Not before a completer says so, which the run has taken: @ref taskpool_run_completer. If it has taken none, nobody
 * could, and the task is aborted.
 *
 * @return The answer of a run.
 */
static inline struct taskpool_next taskpool_next_pending(void)
{
	return z_taskpool_next(Z_TASKPOOL_NEXT_PENDING, K_NO_WAIT, 0);
}

/**
 * @brief One run of a task.
 *
 * On a worker, outside every lock. It may block, and do with every task what anybody may, its own included. Two runs of a task
 * never overlap.
 *
 * @param task The task: a part of a structure of yours, perhaps, which `CONTAINER_OF` finds. (What TaskScheduler calls local
 *             task storage.)
 * @param run  What it knows about itself.
 *
 * @return How the task goes on.
 */
typedef struct taskpool_next (*taskpool_task_run_t)(struct taskpool_task *task, const struct taskpool_run *run);

/**
 * @name What becomes of slots that pass before a worker comes to them
 *
 * (TaskScheduler's `TASK_SCHEDULE_NC`, `TASK_SCHEDULE`, and `TASK_INTERVAL`; libks' scheduler counts from the end of a run.)
 *
 * @{
 */
/** They are left out, and counted; the others stay where they were. A run that is due in this very tick is not missed. */
#define TASKPOOL_MISSED_SKIP           0U
/** They are made up for, one right after the other: up to @p most_, 0 to 255. Earlier ones are left out, and counted. */
#define TASKPOOL_MISSED_CATCH_UP(most_) (1U | (uint32_t)(uint8_t)(most_) << 8)
/** There are none: an interval lies between the beginnings of two runs. */
#define TASKPOOL_MISSED_FROM_START     2U
/** There are none: an interval lies between the end of a run and the beginning of the next one. */
#define TASKPOOL_MISSED_FROM_END       3U
/** @} */

/** What becomes of the next run when the interval changes. (TaskScheduler's `setIntervalNodelay`.) */
enum taskpool_rephase {
	/** It stays where it is. The new interval is counted from there. */
	TASKPOOL_REPHASE_KEEP,
	/** It moves by as much as the interval changes; not before the slot of the last run. */
	TASKPOOL_REPHASE_RECALCULATE,
	/** It comes one new interval from now. */
	TASKPOOL_REPHASE_FROM_NOW,
};

/** @cond INTERNAL_HIDDEN */

/* The Rust struct `TaskHeader`; src/layout.ld compares them. Only the Rust core looks inside. */
struct taskpool_task_core {
	struct taskpool_job_core job;
#ifdef CONFIG_TASKPOOL_EVENTS
	void *seat[2];
#else
	uint32_t seat[2];
#endif
	uint32_t limit[2];
	uint16_t interval[3];
	uint16_t timeout[3];
	uint32_t iterations;
	uint32_t runs;
	uint32_t missed;
	uint8_t policy;
	uint8_t most;
	uint8_t flags;
	uint8_t turn;
};

void taskpool_core_run_task(void);

#define Z_TASKPOOL_SPAN(ticks_)                                                                                        \
	{                                                                                                              \
		(uint16_t)(ticks_), (uint16_t)((uint64_t)(ticks_) >> 16), (uint16_t)((uint64_t)(ticks_) >> 32)         \
	}

#define Z_TASKPOOL_TASK_CORE(interval_, iterations_, missed_, timeout_, end_, flags_)                                  \
	{                                                                                                              \
		{{NULL, NULL, NULL}, taskpool_core_run_task, 0, 0, (flags_), 0, 0, {0, 0}, NULL, (end_)},              \
		{0, 0}, {0, 0}, Z_TASKPOOL_SPAN(interval_), Z_TASKPOOL_SPAN(timeout_), (iterations_), 0, 0,      \
		(uint8_t)(missed_), (uint8_t)((missed_) >> 8), 0, 0                                                    \
	}

#define Z_TASKPOOL_IS_MISSED(missed_)                                                                                  \
	(((missed_) & 0xffU) <= TASKPOOL_MISSED_FROM_END &&                                                            \
	 ((missed_) >> 8 == 0 || (((missed_) & 0xffU) == 1 && (missed_) >> 16 == 0)))

#define Z_TASKPOOL_CHECK_SPAN(name_, ticks_)                                                                           \
	BUILD_ASSERT((ticks_) >= 0 && (ticks_) <= TASKPOOL_LONGEST_SPAN,                                               \
		     "an interval, or a time, of " #name_ " is no span of up to 2^48 - 1 ticks")

/** @endcond */

/**
 * A task: a job with a schedule, that its owner keeps. 92 bytes (32-bit; 4 less without `CONFIG_TASKPOOL_WAIT`, 4 more with
 * `CONFIG_TASKPOOL_STATS`, `CONFIG_TASKPOOL_NAMES`, `CONFIG_TASKPOOL_BUDGETS`, `CONFIG_TASKPOOL_GROUPS` and
 * `CONFIG_TASKPOOL_SUBMIT_SITE` each). Its fields belong to the implementation. It must stay where it is, and is not to be
 * written, while it is enabled: until its outcome is told.
 */
struct taskpool_task {
	/** @cond INTERNAL_HIDDEN */
	struct taskpool_task_core core;
	taskpool_task_run_t run;
#ifdef CONFIG_TASKPOOL_NAMES
	const char *name;
#endif
	/** @endcond */
};

/** @cond INTERNAL_HIDDEN */
/* What TaskScheduler's takes on such a machine, with all that it can have. A name on top of all other options takes 4 more. */
BUILD_ASSERT(sizeof(void *) != 4 ||
	     sizeof(struct taskpool_task) <=
		     108 + 4 * (IS_ENABLED(CONFIG_TASKPOOL_SUBMIT_SITE) && IS_ENABLED(CONFIG_TASKPOOL_NAMES)));
/** @endcond */

/** The longest interval and time of a task, in ticks. At 1 MHz these are almost nine years. */
#define TASKPOOL_LONGEST_SPAN ((INT64_C(1) << 48) - 1)

/**
 * @brief What a `struct taskpool_task` begins as: at level 0, with no end, no limit of its time, and no completion; slots
 * that pass are left out.
 *
 * @param run_      What it does, a @ref taskpool_task_run_t.
 * @param interval_ From one run to the next, in ticks: `k_ms_to_ticks_ceil64(500)`, 0 to `TASKPOOL_LONGEST_SPAN`. With 0
 *                  the next run is due as soon as one has ended. (No `k_timeout_t`: C can't take a constant one apart.)
 */
#define TASKPOOL_TASK_INITIALIZER(run_, interval_)                                                                     \
	{                                                                                                              \
		Z_TASKPOOL_TASK_CORE(interval_, 0, TASKPOOL_MISSED_SKIP, 0, NULL, 0),                          \
		(run_)Z_TASKPOOL_JOB_NAME(NULL)                                                                        \
	}

/**
 * @brief Defines a task. It needs no call to be ready to be enabled.
 *
 * Write `static` before it for one that other files don't see.
 *
 * @param name_     C name of the task.
 * @param run_      What it does, a @ref taskpool_task_run_t.
 * @param interval_ As in @ref TASKPOOL_TASK_INITIALIZER. What is out of range fails the build.
 */
#define TASKPOOL_TASK_DEFINE(name_, run_, interval_)                                                                   \
	struct taskpool_task name_ = {                                                                                 \
		Z_TASKPOOL_TASK_CORE(interval_, 0, TASKPOOL_MISSED_SKIP, 0, NULL, 0),                          \
		(run_)Z_TASKPOOL_JOB_NAME(#name_),                                                                     \
	};                                                                                                             \
	Z_TASKPOOL_CHECK_SPAN(name_, interval_)

/**
 * @brief Defines a task with all that it can begin with.
 *
 * @param name_       C name of the task.
 * @param run_        What it does, a @ref taskpool_task_run_t.
 * @param interval_   As in @ref TASKPOOL_TASK_INITIALIZER. What is out of range fails the build.
 * @param iterations_ How many runs it has each time that it is enabled, 0 for no end.
 * @param missed_     `TASKPOOL_MISSED_SKIP` or another one of these. Anything else fails the build.
 * @param timeout_    How long after it was enabled it ends, in ticks as @p interval_; 0 for no limit.
 * @param end_        Its completion, a `struct taskpool_end *`, or NULL.
 * @param level_      The level at which its runs wait for a worker: 0 to `CONFIG_TASKPOOL_PRIORITY_LEVELS` - 1. Any other
 *                    fails the build.
 * @param discard_    Whether a shutdown of its pool discards it even where a run of it is ready and others run.
 */
#define TASKPOOL_TASK_DEFINE_WITH(name_, run_, interval_, iterations_, missed_, timeout_, end_, level_, discard_)      \
	struct taskpool_task name_ = {                                                                                 \
		Z_TASKPOOL_TASK_CORE(interval_, iterations_, missed_, timeout_, (end_),                                \
				     (((level_) << Z_TASKPOOL_LEVEL_SHIFT) |                                           \
				      ((discard_) ? Z_TASKPOOL_DISCARD : 0))),                                         \
		(run_)Z_TASKPOOL_JOB_NAME(#name_),                                                                     \
	};                                                                                                             \
	Z_TASKPOOL_CHECK_SPAN(name_, interval_);                                                                       \
	Z_TASKPOOL_CHECK_SPAN(name_, timeout_);                                                                        \
	BUILD_ASSERT(Z_TASKPOOL_IS_MISSED(missed_),                                                                    \
		     "there is no such policy: give " #name_ " one of TASKPOOL_MISSED_*");                             \
	BUILD_ASSERT((level_) >= 0 && (level_) < CONFIG_TASKPOOL_PRIORITY_LEVELS,                                      \
		     "there is no such level: raise CONFIG_TASKPOOL_PRIORITY_LEVELS, or lower that of " #name_)

/** As the time of a first run: once an interval has passed. */
#define TASKPOOL_AFTER_INTERVAL Z_TIMEOUT_TICKS(INT64_MIN)

/**
 * @brief Makes memory a task, as @ref TASKPOOL_TASK_INITIALIZER.
 *
 * The memory must not hold a task that is enabled. isr-ok, O(1), no lock.
 *
 * @isr_ok
 *
 * @param task     Room for the task; what was in it is lost.
 * @param run      What it does.
 * @param interval From one run to the next: a span, or `K_FOREVER`, which is the longest one.
 *
 * @retval 0       It is ready to be enabled.
 * @retval -EINVAL @p task or @p run is NULL, or @p interval is an absolute time.
 */
int taskpool_task_init(struct taskpool_task *task, taskpool_task_run_t run, k_timeout_t interval);

/**
 * @brief Gives a task that is not enabled a completion: it is told how the task ended, once each time that it was enabled,
 * whatever ended it. (What TaskScheduler's `OnDisable` is for; that is not called on `abort`, this one is.)
 *
 * In the context that a @ref taskpool_end_t says. From then on the pool does not touch the task on account of this
 * submission, so it may enable the task again, or free it.
 *
 * Only the task's owner may call it, while nobody else enables the task. isr-ok, O(1).
 *
 * @isr_ok
 *
 * @param task The task.
 * @param end  What is told, or NULL.
 *
 * @retval 0       It has this completion.
 * @retval -EINVAL @p task is NULL or not initialised, or @p end was not initialised with a function.
 * @retval -EBUSY  The task is enabled, or its last run goes on.
 */
int taskpool_task_set_end(struct taskpool_task *task, const struct taskpool_end *end);

#if defined(CONFIG_TASKPOOL_GROUPS) || defined(__DOXYGEN__)
/**
 * @brief Puts a task that is not enabled into a group, as @ref taskpool_job_set_group: each of its runs takes a place there,
 * from when it is ready to its end. Between two runs, and while it waits for a completer, it has none.
 *
 * isr-ok, O(1), no lock.
 *
 * @isr_ok
 *
 * @param task  The task.
 * @param group The group, as long as the task is in it, or NULL.
 *
 * @retval 0       It is in it.
 * @retval -EINVAL @p task is NULL or not initialised, or @p group is.
 * @retval -EBUSY  It is enabled. Nothing has changed.
 */
int taskpool_task_set_group(struct taskpool_task *task, struct taskpool_group *group);
#endif

#if defined(CONFIG_TASKPOOL_BUDGETS) || defined(__DOXYGEN__)
/**
 * @brief Gives a task that is not enabled a name, a number and a budget of each of its runs, as @ref taskpool_job_set_about.
 *
 * isr-ok, O(1), no lock.
 *
 * @isr_ok
 *
 * @param task  The task.
 * @param about What never changes about it, as long as it has it, or NULL.
 *
 * @retval 0       It has it.
 * @retval -EINVAL @p task is NULL or not initialised.
 * @retval -EBUSY  It is enabled. Nothing has changed.
 */
int taskpool_task_set_about(struct taskpool_task *task, const struct taskpool_about *about);
#endif

/**
 * @brief Says of a task that is not enabled whether a shutdown of its pool discards it even where a run of it is ready and
 * others run.
 *
 * Only the task's owner may call it, while nobody else enables the task. isr-ok, O(1).
 *
 * @isr_ok
 *
 * @param task    The task.
 * @param discard Whether it does.
 *
 * @retval 0       It is so from now on.
 * @retval -EINVAL @p task is NULL or not initialised.
 * @retval -EBUSY  The task is enabled, or its last run goes on.
 */
int taskpool_task_set_discard(struct taskpool_task *task, bool discard);

/**
 * @brief Gives a task that is not enabled a policy for slots that pass.
 *
 * Only the task's owner may call it, while nobody else enables the task. isr-ok, O(1).
 *
 * @isr_ok
 *
 * @param task   The task.
 * @param missed `TASKPOOL_MISSED_SKIP` or another one of these.
 *
 * @retval 0       It has this policy.
 * @retval -EINVAL @p task is NULL or not initialised, or there is no such policy.
 * @retval -EBUSY  The task is enabled, or its last run goes on.
 */
int taskpool_task_set_missed(struct taskpool_task *task, uint32_t missed);

/**
 * @brief Enables a task in a pool: from now on it runs as its schedule says.
 *
 * One that is enabled begins anew, in the same submission: first run, iterations, numbers and its time. A run that goes on is
 * not one of them. One that ends with the run that goes on ends; the next submission begins after it then.
 *
 * isr-ok, also from its own run and its completion. One lock section, O(log n).
 *
 * @isr_ok
 *
 * @param pool  Where.
 * @param task  What.
 * @param first When its first run comes: `K_NO_WAIT`; a span, in the tick now + span + 1; `TASKPOOL_AFTER_INTERVAL`; an
 *              absolute time, and if that has passed, now, but later runs keep its phase; or `K_FOREVER`: not before
 *              somebody triggers or moves it.
 *
 * @retval 0          It is enabled.
 * @retval 1          It was enabled already, and begins anew.
 * @retval -EINVAL    @p pool is NULL; @p task is NULL or not initialised.
 * @retval -EBUSY     It is enabled in another pool, or about to end as a completer has said. Nothing has changed.
 * @retval -ESHUTDOWN The pool takes no submissions: it was shut down, or never made. Nothing has changed.
 */
int taskpool_task_enable(struct taskpool *pool, struct taskpool_task *task, k_timeout_t first);

/**
 * @brief Ends a task, with the outcome #TASKPOOL_DONE and the code 0: it runs no more, but for a run that goes on.
 *
 * It does not wait for that run: @ref taskpool_task_wait does. The completion is told in this context, unless a run goes on.
 *
 * isr-ok, also from its own run. One lock section, O(log n).
 *
 * @isr_ok
 *
 * @param task The task.
 *
 * @retval 1       It was enabled.
 * @retval 0       It was not. Nothing has changed.
 * @retval -EINVAL @p task is NULL or not initialised.
 */
int taskpool_task_disable(struct taskpool_task *task);

/**
 * @brief As @ref taskpool_task_disable, with the outcome #TASKPOOL_CANCELLED.
 *
 * @isr_ok
 *
 * @param task The task.
 *
 * @retval 1       It was enabled.
 * @retval 0       It was not. Nothing has changed.
 * @retval -EINVAL @p task is NULL or not initialised.
 */
int taskpool_task_cancel(struct taskpool_task *task);

/**
 * @brief As @ref taskpool_task_disable, with the outcome #TASKPOOL_ABORTED: its result is not to be used.
 *
 * @isr_ok
 *
 * @param task The task.
 *
 * @retval 1       It was enabled.
 * @retval 0       It was not. Nothing has changed.
 * @retval -EINVAL @p task is NULL or not initialised.
 */
int taskpool_task_abort(struct taskpool_task *task);

/**
 * @brief Lets the next run come at once; those after it are counted from there. A run that goes on is followed by another one.
 * (TaskScheduler's `forceNextIteration`.)
 *
 * isr-ok, also from its own run. One lock section, O(log n).
 *
 * @isr_ok
 *
 * @param task The task.
 *
 * @retval 0       It comes.
 * @retval -EINVAL @p task is NULL or not initialised.
 * @retval -ESRCH  The task is not enabled.
 */
int taskpool_task_trigger(struct taskpool_task *task);

/**
 * @brief Lets the next run come once at least so much time has passed, sooner or later than it would have; those after it are
 * counted from there. (TaskScheduler's `delay`.)
 *
 * isr-ok, also from its own run. One lock section, O(log n).
 *
 * @isr_ok
 *
 * @param task  The task.
 * @param delay A span: in the tick now + @p delay + 1. Or `K_FOREVER`: not before somebody triggers or moves it.
 *
 * @retval 0       It comes then.
 * @retval -EINVAL @p task is NULL or not initialised, or @p delay is an absolute time.
 * @retval -ESRCH  The task is not enabled.
 */
int taskpool_task_postpone(struct taskpool_task *task, k_timeout_t delay);

/**
 * @brief Moves the next run and all that follow. (TaskScheduler's `adjust`.)
 *
 * isr-ok, also from its own run. One lock section, O(log n).
 *
 * @isr_ok
 *
 * @param task The task.
 * @param by   So many ticks later, or, with a negative number, sooner. A run that would have been due then comes at once, and
 *             none is missed by that.
 *
 * @retval 0       They are moved.
 * @retval -EINVAL @p task is NULL or not initialised.
 * @retval -ESRCH  The task is not enabled.
 */
int taskpool_task_shift(struct taskpool_task *task, k_ticks_t by);

/**
 * @brief Changes the interval, also of a task that is not enabled; then all three ways are one.
 *
 * isr-ok, also from its own run. One lock section, O(log n).
 *
 * @isr_ok
 *
 * @param task     The task.
 * @param interval From one run to the next: a span, or `K_FOREVER`.
 * @param rephase  What becomes of the next run.
 *
 * @retval 0       It has this interval.
 * @retval -EINVAL @p task is NULL or not initialised, @p interval is an absolute time, or there is no such @p rephase.
 */
int taskpool_task_set_interval(struct taskpool_task *task, k_timeout_t interval, enum taskpool_rephase rephase);

/**
 * @brief Changes how many runs the task has each time that it is enabled, those that there were included.
 *
 * If there were as many already, the task ends when its next run would begin; in a run, with that one.
 *
 * isr-ok, also from its own run. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param task       The task.
 * @param iterations How many; 0 for no end.
 *
 * @retval 0       It has so many.
 * @retval -EINVAL @p task is NULL or not initialised.
 */
int taskpool_task_set_iterations(struct taskpool_task *task, uint32_t iterations);

/**
 * @brief Changes how much time the task has, from now on, and each time that it is enabled: in the tick now + @p timeout it
 * ends, with #TASKPOOL_TIMED_OUT. Where a run goes on then, it ends with that.
 *
 * isr-ok, also from its own run. One lock section, O(log n).
 *
 * @isr_ok
 *
 * @param task    The task.
 * @param timeout A span; `K_FOREVER` or `K_NO_WAIT` for no limit.
 *
 * @retval 0       It has so much.
 * @retval -EINVAL @p task is NULL or not initialised, or @p timeout is an absolute time.
 */
int taskpool_task_set_timeout(struct taskpool_task *task, k_timeout_t timeout);

/**
 * @brief Lets the time that the task has begin anew. Without a limit of its time, or not enabled, it stays as it is.
 *
 * isr-ok, also from its own run. One lock section, O(log n).
 *
 * @isr_ok
 *
 * @param task The task.
 *
 * @retval 0       It does.
 * @retval -EINVAL @p task is NULL or not initialised.
 */
int taskpool_task_reset_timeout(struct taskpool_task *task);

/**
 * @brief Changes what the task does, from its next run on; a run that goes on is not disturbed. (TaskScheduler's
 * `setCallback`, and the functions of its `yield`.)
 *
 * isr-ok, also from its own run. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param task The task.
 * @param run  What it does.
 *
 * @retval 0       It does this.
 * @retval -EINVAL @p task is NULL or not initialised, or @p run is NULL.
 */
int taskpool_task_set_run(struct taskpool_task *task, taskpool_task_run_t run);

/**
 * @brief Changes the level at which the runs of a task wait for a worker, as @ref taskpool_set_level.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param task  The task.
 * @param level 0 to `CONFIG_TASKPOOL_PRIORITY_LEVELS` - 1.
 *
 * @retval 0       It has this level.
 * @retval -EINVAL @p task is NULL or not initialised, or there is no such level.
 */
int taskpool_task_set_level(struct taskpool_task *task, uint8_t level);

/**
 * @brief When the next run is due; in a run, the one after it, as it would be now: the run may move it yet, and with
 * `TASKPOOL_MISSED_FROM_END` its end does.
 *
 * isr-ok, also from its own run. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param task The task.
 * @param tick Where to put it, in ticks since boot; not written on an error.
 *
 * @retval 0       It is there.
 * @retval -EINVAL @p task is NULL or not initialised, or @p tick is NULL.
 * @retval -ESRCH  The task is not enabled, or waits for an event.
 */
int taskpool_task_next_run(struct taskpool_task *task, k_ticks_t *tick);

/**
 * @brief How often a task has run, since it was enabled last. Both stop at 2^32 - 1.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param task   The task.
 * @param runs   NULL, or where to put how many runs there were, the one that goes on included.
 * @param missed NULL, or where to put how many were left out.
 *
 * @retval 0       They are there.
 * @retval -EINVAL @p task is NULL or not initialised.
 */
int taskpool_task_counts(struct taskpool_task *task, uint32_t *runs, uint32_t *missed);

/**
 * @brief Where the task is now, as a job; it may move on at once.
 *
 * Between two runs it is #TASKPOOL_DEFERRED. A run that is followed by others has #TASKPOOL_RESUBMITTED when it has ended, but
 * for what its worker does then.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param task     The task.
 * @param deadline NULL, or where to put the tick for which a deferred task waits, 0 for any other: that of its next run, or of
 *                 its time if that is up before.
 *
 * @return One of @ref taskpool_state, perhaps with flags; not negative.
 * @retval -EINVAL @p task is NULL or not initialised.
 */
int taskpool_task_status(struct taskpool_task *task, k_ticks_t *deadline);

#if defined(CONFIG_TASKPOOL_SUBMIT_SITE) || defined(__DOXYGEN__)
/**
 * @brief Where has somebody said last when a task runs?
 *
 * The call of @ref taskpool_task_enable, @ref taskpool_task_enable_on, @ref taskpool_task_trigger or
 * @ref taskpool_task_postpone that was accepted last. Runs that follow by the schedule, and those that an event begins, keep
 * it. As @ref taskpool_job_site.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param task The task.
 * @param site Where to put it.
 *
 * @retval 0        It is there.
 * @retval -EINVAL  @p task is none, or @p site is NULL.
 * @retval -ENODATA It was never enabled, or the last time through a pointer to a function.
 */
int taskpool_task_site(struct taskpool_task *task, struct taskpool_site *site);

/** @cond INTERNAL_HIDDEN */
#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
int z_taskpool_task_enable(struct taskpool *pool, struct taskpool_task *task, k_timeout_t first,
			   const struct taskpool_site *site);
int z_taskpool_task_trigger(struct taskpool_task *task, const struct taskpool_site *site);
int z_taskpool_task_postpone(struct taskpool_task *task, k_timeout_t delay, const struct taskpool_site *site);

#define taskpool_task_enable(...)   z_taskpool_task_enable(__VA_ARGS__, Z_TASKPOOL_HERE)
#define taskpool_task_trigger(...)  z_taskpool_task_trigger(__VA_ARGS__, Z_TASKPOOL_HERE)
#define taskpool_task_postpone(...) z_taskpool_task_postpone(__VA_ARGS__, Z_TASKPOOL_HERE)
#endif
/** @endcond */
#endif

#if defined(CONFIG_TASKPOOL_WAIT) || defined(__DOXYGEN__)
/**
 * @brief Waits until the task has ended, and answers how; for one that is not enabled, how it ended the last time, at once.
 *
 * To stop a task and know that it does not run any more, cancel it, then wait.
 *
 * From threads; isr-ok with `K_NO_WAIT`. As @ref taskpool_wait.
 *
 * @param task    The task.
 * @param timeout The longest time to wait.
 * @param code    NULL, or where to put the code; 0 but for #TASKPOOL_DONE.
 *
 * @return One of @ref taskpool_outcome, which are not negative.
 * @retval -EINVAL  @p task is NULL or not initialised.
 * @retval -EAGAIN  The time was up. The task goes on as if nobody had waited.
 * @retval -EPERM   Called in an interrupt, which can't wait.
 * @retval -EDEADLK Called by a run of this task, or by another job of its pool, which might have no other worker for it.
 * @retval -ENOENT  The task has never been enabled.
 */
int taskpool_task_wait(struct taskpool_task *task, k_timeout_t timeout, int *code);
#endif

/** Who has it says when a run is over that has answered @ref taskpool_next_pending. A pointer and a number, to be copied. */
struct taskpool_completer {
	/** @cond INTERNAL_HIDDEN */
	struct taskpool_task *task;
	uint32_t turn;
	/** @endcond */
};

/**
 * @brief Takes the completer of this run. Whoever has it says when the run is over, and how the task goes on then: if the run
 * answers @ref taskpool_next_pending, after it has ended, and if it goes on yet, what it answers then does not count. A second
 * one makes the first worthless, or is worth nothing itself, if that was used.
 *
 * From the run only. One lock section, O(1). (Momentum's `skip_completion`.)
 *
 * @param run What the run was given.
 *
 * @return The completer.
 */
struct taskpool_completer taskpool_run_completer(const struct taskpool_run *run);

/**
 * @brief The run is over, as if it had answered this now. If the task ends, a worker tells so; but where the next run is to wait
 * for an event that was aborted, its completion is called here, and what follows from that. (Momentum's `complete_tail`.)
 *
 * isr-ok. One lock section, O(log n).
 *
 * @isr_ok
 *
 * @param completer The run's. It is good for once, as long as its task has not ended in another way, nor begun anew; it refers
 *                  to that task, which must be there. One that is kept is recognised until 256 others were taken in runs of
 *                  the same number.
 * @param next      How the task goes on; @ref taskpool_next_pending is as @ref taskpool_next_default.
 *
 * @retval 0          It does.
 * @retval -ECANCELED The task does not wait for this completer. Nothing has changed.
 * @retval -EINVAL    The completer is of no task, or the next run is to wait for NULL. Nothing has changed.
 */
int taskpool_complete(struct taskpool_completer completer, struct taskpool_next next);

/**
 * @brief Nobody will say that the run is over: the task is aborted, if it waits for this completer.
 *
 * isr-ok. One lock section, O(log n); then the completion in this context, unless a run goes on.
 *
 * @isr_ok
 *
 * @param completer The run's.
 *
 * @retval 0       It is, or did not wait for it.
 * @retval -EINVAL The completer is of no task.
 */
int taskpool_drop(struct taskpool_completer completer);

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* CONFIG_TASKPOOL_TASKS && CONFIG_TASKPOOL_C_API */

#endif /* TASKPOOL_TASK_H_ */
