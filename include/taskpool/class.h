/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file
 * @brief Classes: names for pools, which the application maps at run time.
 *
 * taskpool.h includes this file. Who submits a job says what kind of work it is, "cpu" or "io", and the application decides in
 * one place which pool that means. (As Momentum's job classes.) Needs `CONFIG_TASKPOOL_CLASSES`, the number of places.
 *
 * A name is a text of 1 to 32 bytes. Each function looks for it in one lock section, O(places): it compares it with each
 * name of the same length.
 */

#ifndef TASKPOOL_CLASS_H_
#define TASKPOOL_CLASS_H_

#include <taskpool/taskpool.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @addtogroup taskpool
 * @{
 */

#if (defined(CONFIG_TASKPOOL_C_API) && CONFIG_TASKPOOL_CLASSES > 0) || defined(__DOXYGEN__)

/** What @ref taskpool_submit_class answers beside @ref taskpool_accepted. */
enum taskpool_class_answer {
	/** The job ran, in the calling thread. */
	TASKPOOL_RAN = 3,
};

/**
 * How often jobs were submitted to a class since it was added. The numbers stay at `UINT32_MAX` when they reach it; who wants
 * them to begin anew removes the class, and adds it.
 *
 * That is what a class is there for. What becomes of a job after that is known to its pool: @ref taskpool_stats of @ref
 * taskpool_class_find, with `CONFIG_TASKPOOL_STATS`. A job does not remember the class that it came by, as that would be a
 * word in each job. How many jobs of one kind are under way, a group that they share says, @ref taskpool_group_usage, with the
 * greatest limit if that is all that it is for.
 */
struct taskpool_class_stats {
	/** Submissions that were accepted, inline runs among them. */
	uint32_t accepted;
	/** Those of them that ran inline, and so have ended. */
	uint32_t ran_inline;
	/** Submissions that were refused. */
	uint32_t refused;
};

/**
 * @brief Adds a class, or maps it to another pool from now on; what was submitted before stays where it is.
 *
 * isr-ok. One lock section, O(places).
 *
 * @isr_ok
 *
 * @param name Its name, which must stay until the class is removed.
 * @param pool Where its jobs run, on workers. Remove the class, or map it anew, before the pool is destroyed.
 *
 * @retval 0       It means this pool.
 * @retval -EINVAL @p name is NULL, empty or too long, or @p pool is none.
 * @retval -ENOSPC All places are taken.
 */
int taskpool_class_set(const char *name, struct taskpool *pool);

/**
 * @brief As @ref taskpool_class_set, for a class whose jobs run in the thread that submits them, by @ref taskpool_run_now.
 *
 * @isr_ok
 *
 * @param name Its name, which must stay until the class is removed.
 * @param pool The pool that the runs belong to.
 *
 * @retval 0       It does.
 * @retval -EINVAL @p name is NULL, empty or too long, or @p pool is none.
 * @retval -ENOSPC All places are taken.
 */
int taskpool_class_set_inline(const char *name, struct taskpool *pool);

/**
 * @brief Removes a class, with its statistics.
 *
 * isr-ok. One lock section, O(places).
 *
 * @isr_ok
 *
 * @param name Its name.
 *
 * @retval 0       Its place is free.
 * @retval -EINVAL @p name is NULL.
 * @retval -ESRCH  There is no class of this name.
 */
int taskpool_class_remove(const char *name);

/**
 * @brief From now on names that are no class mean this pool, on its workers.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param pool The pool; NULL for none, as at the beginning: such names are refused.
 *
 * @retval 0       They do.
 * @retval -EINVAL @p pool is neither.
 */
int taskpool_class_set_default(struct taskpool *pool);

/**
 * @brief From now on jobs of names that are no class run in the thread that submits them, by @ref taskpool_run_now.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param pool The pool that the runs belong to.
 *
 * @retval 0       They do.
 * @retval -EINVAL @p pool is none.
 */
int taskpool_class_set_default_inline(struct taskpool *pool);

/**
 * @brief What a name means now: its class, or the default. `taskpool_stats(taskpool_class_find("io", NULL), &stats)` are the
 * statistics of its pool.
 *
 * isr-ok. One lock section, O(places).
 *
 * @isr_ok
 *
 * @param name        The name.
 * @param runs_inline Where to put whether jobs run in the thread that submits them, or NULL.
 *
 * @return The pool; NULL, and @p runs_inline as it was, when it means nothing.
 */
struct taskpool *taskpool_class_find(const char *name, bool *runs_inline);

/**
 * @brief Submits a job to the pool that its class means now, or runs it here.
 *
 * isr-ok, unless the class runs inline. Two lock sections, O(places), and what @ref taskpool_submit or @ref taskpool_run_now
 * takes.
 *
 * @isr_ok
 *
 * @param name The class.
 * @param job  The job.
 *
 * @return One of @ref taskpool_accepted, or @ref TASKPOOL_RAN; not negative.
 * @retval -EINVAL    @p name is NULL, or @p job is none.
 * @retval -ESRCH     There is no such class, and no default.
 * @retval -EALREADY  The job waits for a worker already.
 * @retval -ESHUTDOWN The pool of the class takes no submissions; inline, it runs nothing.
 * @retval -EBUSY     The class runs inline, and the job is under way.
 * @retval -EPERM     The class runs inline, and the caller is an interrupt.
 */
int taskpool_submit_class(const char *name, struct taskpool_job *job);

#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
/** @cond INTERNAL_HIDDEN */
int z_taskpool_submit_class(const char *name, struct taskpool_job *job, const struct taskpool_site *site);

#define taskpool_submit_class(...) z_taskpool_submit_class(__VA_ARGS__, Z_TASKPOOL_HERE)
/** @endcond */
#endif

/**
 * @brief What was submitted to a class?
 *
 * isr-ok. One lock section, O(places).
 *
 * @isr_ok
 *
 * @param name  The class; NULL for what was submitted under names that only the default knew.
 * @param stats Where to put it.
 *
 * @retval 0       It is there.
 * @retval -EINVAL @p stats is NULL.
 * @retval -ESRCH  There is no such class, or no default.
 */
int taskpool_class_stats(const char *name, struct taskpool_class_stats *stats);

#endif /* CONFIG_TASKPOOL_CLASSES > 0 */

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* TASKPOOL_CLASS_H_ */
