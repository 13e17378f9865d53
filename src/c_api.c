/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The part of the C API that is C's: errno values, texts, and what is only memory to be written.
 */

#include <errno.h>
#include <string.h>

#include <zephyr/sys/printk.h>
#include <zephyr/sys/util.h>

#include <taskpool/class.h>
#include <taskpool/completion.h>

#include "taskpool_core.h"

/* By their enum taskpool_refusal. */
static const struct {
	int16_t error;
#ifdef CONFIG_ASSERT
	/* Of what no correct program does. */
	const char *message;
#endif
} refusals[] = {
#ifdef CONFIG_ASSERT
#define REFUSAL(why_, error_, message_) [TASKPOOL_REFUSED_##why_] = {.error = -(error_), .message = (message_)}
#else
#define REFUSAL(why_, error_, message_) [TASKPOOL_REFUSED_##why_] = {.error = -(error_)}
#endif
	REFUSAL(POOL, EINVAL, "the pool is NULL, or its memory was overwritten"),
	REFUSAL(JOB, EINVAL,
		"the job is NULL, or nobody has initialised it: use TASKPOOL_JOB_DEFINE or taskpool_job_init"),
	REFUSAL(ARGUMENT, EINVAL, "an argument is out of range"),
	REFUSAL(QUEUED, EALREADY, NULL),
	REFUSAL(NOT_RUNNING, ESHUTDOWN, NULL),
	REFUSAL(RANGE, ERANGE, NULL),
	REFUSAL(TIMED_OUT, EAGAIN, NULL),
	REFUSAL(IN_INTERRUPT, EPERM, "an interrupt can't wait"),
	REFUSAL(ON_WORKER, EDEADLK, "a worker would wait for its own pool"),
	REFUSAL(NEVER_SUBMITTED, ENOENT, NULL),
	REFUSAL(UNDER_WAY, EBUSY, NULL),
#if CONFIG_TASKPOOL_CACHE_JOBS > 0
	REFUSAL(NO_SLOT, ENOMEM, NULL),
	REFUSAL(NO_HANDLE, EBADF, NULL),
#endif
#if CONFIG_TASKPOOL_CLASSES > 0
	REFUSAL(NO_CLASS, ESRCH, NULL),
	REFUSAL(NO_PLACE, ENOSPC, NULL),
#endif
#ifdef CONFIG_TASKPOOL_TASKS
	REFUSAL(TASK, EINVAL,
		"the task is NULL, or nobody has initialised it: use TASKPOOL_TASK_DEFINE or taskpool_task_init"),
	REFUSAL(NOT_ENABLED, ESRCH, NULL),
	REFUSAL(STALE, ECANCELED, NULL),
#endif
#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
	REFUSAL(NO_SITE, ENODATA, NULL),
#endif
};

int taskpool_port_refuse(uint32_t refusal, const char *function)
{
#ifdef CONFIG_ASSERT
	if (function != NULL && refusals[refusal].message != NULL) {
		printk("%s: %s\n", function, refusals[refusal].message);
	}
#else
	ARG_UNUSED(function);
#endif
	return refusals[refusal].error;
}

int taskpool_job_init(struct taskpool_job *job, taskpool_run_t run, void *arg)
{
	if (job == NULL || run == NULL) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_ARGUMENT, __func__);
	}
	*job = (struct taskpool_job)TASKPOOL_JOB_INITIALIZER(run, arg);
	return 0;
}

/* Whether its owner has the job to itself; if not, why. */
static int own(const struct taskpool_job *job, const char *function)
{
	if (job == NULL || job->core.run != taskpool_core_run_job) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_JOB, function);
	}
	return job->core.state == TASKPOOL_IDLE ? 0 : -EBUSY;
}

int taskpool_job_set_end(struct taskpool_job *job, const struct taskpool_end *end)
{
	int error = own(job, __func__);

	if (end != NULL && (end->tell != taskpool_core_tell || end->end == NULL)) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_ARGUMENT, __func__);
	}
	if (error == 0) {
		job->core.end = end;
	}
	return error;
}

int taskpool_job_set_discard(struct taskpool_job *job, bool discard)
{
	int error = own(job, __func__);

	if (error == 0) {
		job->core.flags = (job->core.flags & ~Z_TASKPOOL_DISCARD) | (discard ? Z_TASKPOOL_DISCARD : 0);
	}
	return error;
}

#ifdef CONFIG_TASKPOOL_BUDGETS
int taskpool_job_set_about(struct taskpool_job *job, const struct taskpool_about *about)
{
	int error = own(job, __func__);

	if (error == 0) {
		job->core.about = about;
	}
	return error;
}
#endif

#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
/* What a pointer to one of these functions points at, as the macros of their names have no address. */

int(taskpool_submit)(struct taskpool *pool, struct taskpool_job *job)
{
	return z_taskpool_submit(pool, job, NULL);
}

int(taskpool_submit_after)(struct taskpool *pool, struct taskpool_job *job, k_timeout_t delay)
{
	return z_taskpool_submit_after(pool, job, delay, NULL);
}

int(taskpool_submit_at)(struct taskpool *pool, struct taskpool_job *job, int64_t tick)
{
	return z_taskpool_submit_at(pool, job, tick, NULL);
}

#ifdef CONFIG_TASKPOOL_URGENT
int(taskpool_submit_urgent)(struct taskpool *pool, struct taskpool_job *job)
{
	return z_taskpool_submit_urgent(pool, job, NULL);
}
#endif

#ifdef CONFIG_TASKPOOL_ABORT
int(taskpool_submit_within)(struct taskpool *pool, struct taskpool_job *job, k_timeout_t within)
{
	return z_taskpool_submit_within(pool, job, within, NULL);
}
#endif

int(taskpool_run_now)(struct taskpool *pool, struct taskpool_job *job, int *code)
{
	return z_taskpool_run_now(pool, job, code, NULL);
}

#if CONFIG_TASKPOOL_CACHE_JOBS > 0
int(taskpool_spawn)(struct taskpool *pool, taskpool_run_t run, void *arg, taskpool_handle_t *handle)
{
	return z_taskpool_spawn(pool, run, arg, handle, NULL);
}

int(taskpool_spawn_after)(struct taskpool *pool, taskpool_run_t run, void *arg, k_timeout_t delay,
			  taskpool_handle_t *handle)
{
	return z_taskpool_spawn_after(pool, run, arg, delay, handle, NULL);
}
#endif

#if CONFIG_TASKPOOL_CLASSES > 0
int(taskpool_submit_class)(const char *name, struct taskpool_job *job)
{
	return z_taskpool_submit_class(name, job, NULL);
}
#endif
#endif /* CONFIG_TASKPOOL_SUBMIT_SITE */

#ifdef CONFIG_TASKPOOL_GROUPS
int taskpool_group_init(struct taskpool_group *group, uint32_t limit)
{
	if (group == NULL || limit < 1 || limit > UINT16_MAX) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_ARGUMENT, __func__);
	}
	*group = (struct taskpool_group)TASKPOOL_GROUP_INITIALIZER((uint16_t)limit);
	return 0;
}

int taskpool_job_set_group(struct taskpool_job *job, struct taskpool_group *group)
{
	int error = own(job, __func__);

	if (group != NULL && group->limit == 0) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_ARGUMENT, __func__);
	}
	if (error == 0) {
		job->core.group = group;
	}
	return error;
}
#endif

const char *taskpool_strerror(int error)
{
	if (error >= 0) {
		return "no error";
	}
	switch (error) {
	case -EINVAL:
		return "an argument is NULL, out of range or not initialised: correct the call";
	case -EALREADY:
		return "the job is queued already: let it run, or cancel it before you submit it again";
	case -ESHUTDOWN:
		return "the pool is not in the state for this: start, restart, hold or release it first";
	case -ERANGE:
		return "the deadline lies past the range of the clock: choose an earlier one";
	case -EAGAIN:
		return "the time was up, or it is too early: wait longer, or try again later";
	case -EPERM:
		return "an interrupt can't wait, nor run a job: use K_NO_WAIT, or call this from a thread";
	case -EDEADLK:
		return "a worker would wait for its own pool: submit to another pool, or use a completion";
	case -ENOENT:
		return "the job has never been submitted: submit it before you wait for it";
	case -EBUSY:
		return "the job, task or batch is under way, perhaps in another pool, or its group is full: call this later";
	case -EBADF:
		return "nobody has this handle: it was given back, or never given";
	case -ENOMEM:
		return "all slots of the cache are used: try again later, or raise CONFIG_TASKPOOL_CACHE_JOBS";
	case -ESRCH:
		return "the task is not enabled, or there is no such class: enable it first, or add it with taskpool_class_set";
	case -ECANCELED:
		return "the task does not wait for this completer any more: take another one in its next run";
#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
	case -ENODATA:
		return "nobody knows where the job was submitted: submit it by name, not through a pointer to a function";
#endif
	case -ENOSPC:
		return "all places for classes are taken: raise CONFIG_TASKPOOL_CLASSES, or remove a class";
	default:
		return "no error of the task pool";
	}
}
