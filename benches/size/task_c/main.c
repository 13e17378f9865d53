/* SPDX-License-Identifier: Apache-2.0 */

/* ../taskpool_c/main.c as a task. */

#include <zephyr/kernel.h>

#include <taskpool/task.h>

/* What a debugger would look at: nothing is printed. */
volatile uint32_t runs, failures;

static struct taskpool_next tick(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(task);
	ARG_UNUSED(run);
	runs = runs + 1;
	return taskpool_next_default();
}

static TASKPOOL_TASK_DEFINE(task, tick, k_ms_to_ticks_ceil64(500));

int main(void)
{
	if (taskpool_task_enable(&taskpool_system, &task, K_NO_WAIT) < 0) {
		failures = failures + 1;
	}
	return 0;
}
