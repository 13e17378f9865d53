/* SPDX-License-Identifier: Apache-2.0 */

/* ../task_c/main.c, whose task waits for an event first. */

#include <zephyr/kernel.h>

#include <taskpool/event.h>

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
static TASKPOOL_EVENT_DEFINE(event);

int main(void)
{
	if (taskpool_event_arm(&event, 1, K_FOREVER) < 0 ||
	    taskpool_task_enable_on(&taskpool_system, &task, &event, false) < 0 || taskpool_event_signal(&event, 0) < 0) {
		failures = failures + 1;
	}
	return 0;
}
