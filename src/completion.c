/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Completions. What they keep, the Rust core keeps for them. Those that call parts of the kernel that an application may not
 * have are in the header: this file is linked into every image, and what the linker leaves out of it again has brought by
 * then what it does not leave out, as the kernel's heap, or the thread of the system's work queue.
 */

#include <errno.h>

#include "taskpool_core.h"

int taskpool_result(enum taskpool_outcome outcome, int code)
{
	switch (outcome) {
	case TASKPOOL_DONE:
		return code;
	case TASKPOOL_CANCELLED:
		return -ECANCELED;
	case TASKPOOL_ABORTED:
		return -ECONNABORTED;
	case TASKPOOL_TIMED_OUT:
		return -ETIMEDOUT;
	default:
		return -ESHUTDOWN;
	}
}

void z_taskpool_end_sem(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	ARG_UNUSED(outcome);
	ARG_UNUSED(code);
	k_sem_give(CONTAINER_OF(end, struct taskpool_end_sem, end)->sem);
}

void z_taskpool_end_submit(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	/* In RAM: `end` is constant to others only. */
	struct taskpool_end_submit *whole = CONTAINER_OF((struct taskpool_end *)end, struct taskpool_end_submit, end);
	int answer;

	(void)taskpool_core_room_put(&whole->room, outcome, code);
	answer = taskpool_submit(whole->pool, whole->job);
	/* Who is queued already takes this, too. */
	if (answer < 0 && answer != -EALREADY) {
		taskpool_core_room_refuse(&whole->room);
	}
}
