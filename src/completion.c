/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Completions that are kernel objects, and the queue that is one. What a completion keeps, the Rust core keeps for it.
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

#ifdef CONFIG_EVENTS
void z_taskpool_end_event(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	const struct taskpool_end_event *whole = CONTAINER_OF(end, struct taskpool_end_event, end);

	ARG_UNUSED(code);
	k_event_post(whole->event, outcome == TASKPOOL_DONE ? whole->done : whole->others);
}
#endif

#ifdef CONFIG_POLL
void z_taskpool_end_signal(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	k_poll_signal_raise(CONTAINER_OF(end, struct taskpool_end_signal, end)->signal, taskpool_result(outcome, code));
}
#endif

/* Completions with a room are in RAM: `end` is constant to others only. */

void z_taskpool_end_submit(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	struct taskpool_end_submit *whole = CONTAINER_OF((struct taskpool_end *)end, struct taskpool_end_submit, end);
	int answer;

	(void)taskpool_core_room_put(&whole->room, outcome, code);
	answer = taskpool_submit(whole->pool, whole->job);
	/* Who is queued already takes this, too. */
	if (answer < 0 && answer != -EALREADY) {
		taskpool_core_room_refuse(&whole->room);
	}
}

void z_taskpool_end_work(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	struct taskpool_end_work *whole = CONTAINER_OF((struct taskpool_end *)end, struct taskpool_end_work, end);

	(void)taskpool_core_room_put(&whole->room, outcome, code);
	if (k_work_submit_to_queue(whole->queue, whole->work) < 0) {
		taskpool_core_room_refuse(&whole->room);
	}
}

void z_taskpool_end_queued(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	struct taskpool_end_queued *whole = CONTAINER_OF((struct taskpool_end *)end, struct taskpool_end_queued, end);

	/* It is in the queue when there is something in its room: taskpool_queue_run() takes it out first. */
	if (taskpool_core_room_put(&whole->room, outcome, code)) {
		k_fifo_put(whole->queue, &whole->link);
	}
}

/* Calls for the first completion in the queue. Answers whether there was one. */
static bool call_next(struct k_fifo *queue, k_timeout_t timeout)
{
	void *link = k_fifo_get(queue, timeout);
	struct taskpool_end_queued *whole;
	struct taskpool_told told;

	if (link == NULL) {
		return false;
	}
	whole = CONTAINER_OF(link, struct taskpool_end_queued, link);
	if (taskpool_room_take(&whole->room, &told)) {
		whole->call(whole, &told);
	}
	return true;
}

int taskpool_queue_run(struct k_fifo *queue, int limit, k_timeout_t timeout)
{
	int called = 0;

	if (queue == NULL || limit < 0) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_ARGUMENT, __func__);
	}
	while (called < limit && call_next(queue, K_NO_WAIT)) {
		called++;
	}
	if (called > 0 || limit == 0) {
		return called;
	}
	if (K_TIMEOUT_EQ(timeout, K_NO_WAIT)) {
		return -EAGAIN;
	}
	if (k_is_in_isr()) {
		return taskpool_port_refuse(TASKPOOL_REFUSED_IN_INTERRUPT, __func__);
	}
	if (!call_next(queue, timeout)) {
		return -EAGAIN;
	}
	for (called = 1; called < limit && call_next(queue, K_NO_WAIT); called++) {
	}
	return called;
}
