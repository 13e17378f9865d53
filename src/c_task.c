/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The part of the C API of tasks that is only memory to be written.
 */

#include <errno.h>

#include <zephyr/sys/util.h>

#ifdef CONFIG_TASKPOOL_EVENTS
#include <taskpool/event.h>
#endif
#include <taskpool/task.h>

#include "taskpool_core.h"

int taskpool_task_init(struct taskpool_task *task, taskpool_task_run_t run, k_timeout_t interval)
{
	if (task == NULL || run == NULL || interval.ticks < K_TICKS_FOREVER) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_ARGUMENT, __func__);
	}
	*task = (struct taskpool_task)TASKPOOL_TASK_INITIALIZER(
		run, interval.ticks == K_TICKS_FOREVER ? TASKPOOL_LONGEST_SPAN
						       : MIN(interval.ticks, TASKPOOL_LONGEST_SPAN));
	return 0;
}

/* Whether its owner has the task to itself; if not, why. */
static int own(const struct taskpool_task *task, const char *function)
{
	if (task == NULL || task->core.job.run != taskpool_core_run_task) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_TASK, function);
	}
	return task->core.job.state == TASKPOOL_IDLE ? 0 : -EBUSY;
}

int taskpool_task_set_end(struct taskpool_task *task, const struct taskpool_end *end)
{
	int error = own(task, __func__);

	if (end != NULL && (end->tell != taskpool_core_tell || end->end == NULL)) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_ARGUMENT, __func__);
	}
	if (error == 0) {
		task->core.job.end = end;
	}
	return error;
}

#ifdef CONFIG_TASKPOOL_BUDGETS
int taskpool_task_set_about(struct taskpool_task *task, const struct taskpool_about *about)
{
	int error = own(task, __func__);

	if (error == 0) {
		task->core.job.about = about;
	}
	return error;
}
#endif

#ifdef CONFIG_TASKPOOL_GROUPS
int taskpool_task_set_group(struct taskpool_task *task, struct taskpool_group *group)
{
	int error = own(task, __func__);

	if (group != NULL && group->limit == 0) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_ARGUMENT, __func__);
	}
	if (error == 0) {
		task->core.job.group = group;
	}
	return error;
}
#endif

int taskpool_task_set_discard(struct taskpool_task *task, bool discard)
{
	int error = own(task, __func__);

	if (error == 0) {
		task->core.job.flags =
			(task->core.job.flags & ~Z_TASKPOOL_DISCARD) | (discard ? Z_TASKPOOL_DISCARD : 0);
	}
	return error;
}

int taskpool_task_set_missed(struct taskpool_task *task, uint32_t missed)
{
	int error = own(task, __func__);
	uint32_t most = missed >> 8;

	if (!Z_TASKPOOL_IS_MISSED(missed)) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_ARGUMENT, __func__);
	}
	if (error == 0) {
		task->core.policy = (uint8_t)missed;
		task->core.most = most;
	}
	return error;
}

#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
/* As in c_api.c. */

int(taskpool_task_enable)(struct taskpool *pool, struct taskpool_task *task, k_timeout_t first)
{
	return z_taskpool_task_enable(pool, task, first, NULL);
}

#ifdef CONFIG_TASKPOOL_EVENTS
int(taskpool_task_enable_on)(struct taskpool *pool, struct taskpool_task *task, struct taskpool_event *event,
			     bool delayed)
{
	return z_taskpool_task_enable_on(pool, task, event, delayed, NULL);
}
#endif

int(taskpool_task_trigger)(struct taskpool_task *task)
{
	return z_taskpool_task_trigger(task, NULL);
}

int(taskpool_task_postpone)(struct taskpool_task *task, k_timeout_t delay)
{
	return z_taskpool_task_postpone(task, delay, NULL);
}
#endif
