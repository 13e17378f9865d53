/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Events, and runs that are completed later.
 */

#include <string.h>

#include <taskpool/event.h>

#include "common.h"

#define TASKS 3

static TASKPOOL_EVENT_DEFINE(event);
static TASKPOOL_EVENT_DEFINE(other);

/* What the tasks did, in their order. */
static int order[8];
static atomic_t runs;
static struct taskpool_task tasks[TASKS];
static int told[TASKS];
static struct taskpool_completer completer;

struct counted_end {
	struct taskpool_end end;
	int number;
};

static void count(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	ARG_UNUSED(code);
	told[CONTAINER_OF(end, struct counted_end, end)->number] = outcome;
}

static const struct counted_end ends[TASKS] = {
	{TASKPOOL_END_INITIALIZER(count), 0},
	{TASKPOOL_END_INITIALIZER(count), 1},
	{TASKPOOL_END_INITIALIZER(count), 2},
};

static struct taskpool_next once(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(run);
	order[atomic_inc(&runs) % ARRAY_SIZE(order)] = task - tasks;
	return taskpool_next_done(5);
}

static void make_tasks(taskpool_task_run_t run)
{
	atomic_clear(&runs);
	for (int i = 0; i < TASKS; i++) {
		told[i] = -1;
		zassert_ok(taskpool_task_init(&tasks[i], run, K_TICKS(10)));
		zassert_ok(taskpool_task_set_end(&tasks[i], &ends[i].end));
	}
}

static void expect_told(int first, int second, int third)
{
	zassert_equal(told[0], first, "%d", told[0]);
	zassert_equal(told[1], second, "%d", told[1]);
	zassert_equal(told[2], third, "%d", told[2]);
}

ZTEST(c, test_an_event_counts_signals)
{
	int code = 7;

	zassert_equal(taskpool_event_wait(&event, K_NO_WAIT, &code), TASKPOOL_DONE);
	zassert_equal(code, 0);
	zassert_equal(taskpool_event_count(&event), 0);
	zassert_equal(taskpool_event_signal(&event, 3), 1, "complete already");
	zassert_ok(taskpool_event_arm(&event, 2, K_FOREVER));
	zassert_equal(taskpool_event_count(&event), 2);
	zassert_equal(taskpool_event_signal(&event, 3), 0);
	zassert_equal(taskpool_event_wait(&event, K_NO_WAIT, &code), -EAGAIN);
	zassert_equal(taskpool_event_signal(&event, 4), 1);
	zassert_equal(taskpool_event_wait(&event, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 4);
	zassert_ok(taskpool_event_arm(&event, 2, K_FOREVER));
	zassert_equal(taskpool_event_signal(&event, -EIO), 1, "an error completes it");
	zassert_equal(taskpool_event_wait(&event, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, -EIO);
	for (int outcome = TASKPOOL_DONE; outcome <= TASKPOOL_DISCARDED; outcome++) {
		zassert_ok(taskpool_event_arm(&event, 9, K_FOREVER));
		zassert_equal(taskpool_event_complete(&event, outcome, 6), 1);
		zassert_equal(taskpool_event_complete(&event, TASKPOOL_DONE, 1), 0, "the first one wins");
		zassert_equal(taskpool_event_wait(&event, K_NO_WAIT, NULL), outcome);
	}
}

static void see_status(void)
{
	int code = 9;

	note(taskpool_event_arm(&event, 1, K_FOREVER), 0);
	note(taskpool_event_status(&event, &code), -EAGAIN);
	note(code, 9);
	note(taskpool_event_signal(&event, -5), 1);
	note(taskpool_event_status(&event, &code), TASKPOOL_DONE);
	note(code, -5);
}

ZTEST(c, test_an_event_has_a_status)
{
	int code = 9;

	/* It says the same as often as it is asked, and changes nothing. */
	zassert_ok(taskpool_event_arm(&event, 2, K_TICKS(5)));
	zassert_equal(taskpool_event_signal(&event, 1), 0);
	zassert_equal(taskpool_event_status(&event, &code), -EAGAIN);
	zassert_equal(code, 9, "as it was");
	zassert_equal(taskpool_event_count(&event), 1);
	zassert_equal(taskpool_event_signal(&event, 6), 1);
	zassert_equal(taskpool_event_signal(&event, 7), 1, "complete already");
	for (int i = 0; i < 2; i++) {
		zassert_equal(taskpool_event_status(&event, &code), TASKPOOL_DONE);
		zassert_equal(code, 6);
	}
	zassert_equal(taskpool_event_status(&event, NULL), TASKPOOL_DONE);
	for (int outcome = TASKPOOL_CANCELLED; outcome <= TASKPOOL_DISCARDED; outcome++) {
		zassert_ok(taskpool_event_arm(&event, 1, K_FOREVER));
		zassert_equal(taskpool_event_complete(&event, outcome, 6), 1);
		zassert_equal(taskpool_event_status(&event, &code), outcome);
		zassert_equal(code, 0);
	}
	/* Its time is up without anybody waiting. */
	zassert_ok(taskpool_event_arm(&event, 1, K_TICKS(5)));
	zassert_equal(taskpool_event_status(&event, &code), -EAGAIN);
	k_sleep(K_TICKS(10));
	zassert_equal(taskpool_event_status(&event, &code), TASKPOOL_TIMED_OUT);
	in_interrupt(see_status);
	expect_noted(6);
}

ZTEST(c, test_the_time_of_an_event_is_up)
{
	k_ticks_t before, after;

	zassert_ok(taskpool_event_arm(&event, 1, K_TICKS(20)));
	before = k_uptime_ticks();
	zassert_equal(taskpool_event_wait(&event, K_TICKS(5), NULL), -EAGAIN);
	zassert_equal(taskpool_event_wait(&event, K_FOREVER, NULL), TASKPOOL_TIMED_OUT);
	after = k_uptime_ticks();
	zassert_between_inclusive(after, before + 19, before + 24);
	zassert_equal(taskpool_event_set_timeout(&event, K_TICKS(1)), 0);
	zassert_ok(taskpool_event_arm(&event, 1, K_TICKS(5)));
	zassert_equal(taskpool_event_set_timeout(&event, K_FOREVER), 1);
	k_sleep(K_TICKS(10));
	zassert_equal(taskpool_event_count(&event), 1);
	zassert_equal(taskpool_event_signal(&event, 0), 1);
}

ZTEST(c, test_tasks_wait_for_an_event)
{
	make_tasks(once);
	zassert_ok(taskpool_event_arm(&event, 1, K_FOREVER));
	for (int i = TASKS; i-- > 0;) {
		zassert_ok(taskpool_task_enable_on(&eager, &tasks[i], &event, false));
	}
	k_sleep(K_TICKS(30));
	zassert_equal(atomic_get(&runs), 0);
	zassert_equal(taskpool_event_signal(&event, 0), 1);
	zassert_equal(atomic_get(&runs), TASKS, "their worker is more urgent");
	for (int i = 0; i < TASKS; i++) {
		zassert_equal(order[i], TASKS - 1 - i, "in the order in which they came");
	}
	expect_told(TASKPOOL_DONE, TASKPOOL_DONE, TASKPOOL_DONE);
	/* An interval later; and one that leaves. */
	make_tasks(once);
	zassert_ok(taskpool_event_arm(&event, 1, K_FOREVER));
	zassert_ok(taskpool_task_enable_on(&eager, &tasks[0], &event, true));
	zassert_ok(taskpool_task_enable_on(&eager, &tasks[1], &event, false));
	zassert_equal(taskpool_task_enable_on(&eager, &tasks[1], &event, false), 1, "anew");
	zassert_equal(taskpool_task_cancel(&tasks[1]), 1);
	zassert_equal(taskpool_event_signal(&event, 0), 1);
	zassert_equal(atomic_get(&runs), 0);
	k_sleep(K_TICKS(20));
	zassert_equal(atomic_get(&runs), 1);
	expect_told(TASKPOOL_DONE, TASKPOOL_CANCELLED, -1);
}

/* Runs wait for the events; the last one does not. */
static struct taskpool_next waits(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(task);
	atomic_inc(&runs);
	switch (run->number) {
	case 1:
		return taskpool_next_on(&event);
	case 2:
		return taskpool_next_on(&other);
	default:
		return taskpool_next_done(taskpool_event_count(&other) + 5);
	}
}

static struct taskpool_next waits_for_none(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(task);
	ARG_UNUSED(run);
	return taskpool_next_on(NULL);
}

static void signal_event(void)
{
	note(taskpool_event_signal(&event, -3), 1);
}

ZTEST(c, test_runs_wait_for_events)
{
	k_ticks_t tick;
	int code = 0;

	make_tasks(waits);
	zassert_ok(taskpool_event_arm(&event, 1, K_FOREVER));
	zassert_ok(taskpool_event_arm(&other, 1, K_FOREVER));
	zassert_ok(taskpool_task_enable(&eager, &tasks[0], K_NO_WAIT));
	k_sleep(K_TICKS(15));
	zassert_equal(atomic_get(&runs), 1, "its interval has passed, and the event has not come");
	zassert_not_ok(taskpool_task_next_run(&tasks[0], &tick));
	in_interrupt(signal_event);
	expect_noted(1);
	zassert_equal(atomic_get(&runs), 2, "whatever the status");
	zassert_equal(told[0], -1);
	/* That the time of an event is up ends a wait, too. */
	zassert_equal(taskpool_event_set_timeout(&other, K_TICKS(5)), 1);
	zassert_equal(taskpool_task_wait(&tasks[0], K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 5);
	zassert_equal(taskpool_event_wait(&other, K_NO_WAIT, NULL), TASKPOOL_TIMED_OUT);
	/* What is complete is not waited for: three runs on end. */
	zassert_ok(taskpool_task_enable(&eager, &tasks[1], K_NO_WAIT));
	zassert_equal(atomic_get(&runs), 6);
	/* What was aborted aborts. */
	zassert_ok(taskpool_event_arm(&event, 1, K_FOREVER));
	zassert_ok(taskpool_task_enable(&eager, &tasks[2], K_NO_WAIT));
	zassert_equal(taskpool_event_complete(&event, TASKPOOL_ABORTED, 0), 1);
	expect_told(TASKPOOL_DONE, TASKPOOL_DONE, TASKPOOL_ABORTED);
	zassert_ok(taskpool_task_enable(&eager, &tasks[0], K_NO_WAIT));
	expect_told(TASKPOOL_ABORTED, TASKPOOL_DONE, TASKPOOL_ABORTED);
	zassert_equal(atomic_get(&runs), 8);
	/* No event at all. */
	make_tasks(waits_for_none);
	zassert_ok(taskpool_task_enable(&eager, &tasks[0], K_NO_WAIT));
	zassert_equal(taskpool_task_wait(&tasks[0], K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, -EINVAL);
}

/* Ends the event of the task that waits for it in a chain, and so on. */
static struct taskpool_event links[2];
static const struct taskpool_end link_ends[2] = {
	TASKPOOL_END_SIGNALS(&links[0]),
	TASKPOOL_END_SIGNALS(&links[1]),
};

ZTEST(c, test_tasks_follow_each_other)
{
	make_tasks(once);
	zassert_ok(taskpool_task_set_end(&tasks[0], &link_ends[0]));
	zassert_ok(taskpool_task_set_end(&tasks[1], &link_ends[1]));
	zassert_ok(taskpool_task_enable(&eager, &tasks[0], K_TICKS(10)));
	zassert_ok(taskpool_task_enable_on(&eager, &tasks[1], &links[0], false));
	zassert_ok(taskpool_task_enable_on(&eager, &tasks[2], &links[1], false));
	k_sleep(K_TICKS(20));
	zassert_equal(atomic_get(&runs), TASKS);
	for (int i = 0; i < TASKS; i++) {
		zassert_equal(order[i], i);
	}
	/* An abort goes along. */
	atomic_clear(&runs);
	zassert_ok(taskpool_task_enable(&eager, &tasks[0], K_TICKS(10)));
	zassert_ok(taskpool_task_enable_on(&eager, &tasks[1], &links[0], false));
	zassert_ok(taskpool_task_enable_on(&eager, &tasks[2], &links[1], false));
	zassert_equal(taskpool_task_abort(&tasks[0]), 1);
	zassert_equal(told[2], TASKPOOL_ABORTED);
	zassert_equal(taskpool_event_wait(&links[1], K_NO_WAIT, NULL), TASKPOOL_ABORTED);
	k_sleep(K_TICKS(20));
	zassert_equal(atomic_get(&runs), 0);
}

static void signal_other(struct k_timer *timer)
{
	ARG_UNUSED(timer);
	taskpool_event_signal(&other, 8);
}

static K_TIMER_DEFINE(signal_timer, signal_other, NULL);

ZTEST(c, test_a_thread_waits_for_any_of_several_events)
{
	struct taskpool_await awaits[2] = {{.event = &event}, {.event = &other}};
	size_t which = 9;
	int code = 0;

	zassert_ok(taskpool_event_arm(&event, 1, K_FOREVER));
	zassert_ok(taskpool_event_arm(&other, 1, K_FOREVER));
	zassert_equal(taskpool_event_wait_any(awaits, 2, K_TICKS(3), &which, &code), -EAGAIN);
	zassert_equal(which, 9);
	k_timer_start(&signal_timer, K_TICKS(5), K_NO_WAIT);
	zassert_equal(taskpool_event_wait_any(awaits, 2, K_FOREVER, &which, &code), TASKPOOL_DONE);
	zassert_equal(which, 1);
	zassert_equal(code, 8);
	zassert_equal(taskpool_event_wait_any(awaits, 2, K_NO_WAIT, NULL, NULL), TASKPOOL_DONE);
	zassert_equal(taskpool_event_signal(&event, 0), 1);
}

ZTEST(c, test_a_thread_waits_for_all_of_several_events)
{
	struct taskpool_event *const both[] = {&event, &other};
	struct taskpool_event *const turned[] = {&other, &event};
	int code = 0;

	zassert_ok(taskpool_event_arm(&event, 1, K_FOREVER));
	zassert_ok(taskpool_event_arm(&other, 1, K_FOREVER));
	/* One of them is not all, whichever comes first. */
	zassert_equal(taskpool_event_signal(&event, 0), 1);
	zassert_equal(taskpool_event_wait_all(both, 2, K_TICKS(3)), -EAGAIN);
	zassert_equal(taskpool_event_wait_all(turned, 2, K_TICKS(3)), -EAGAIN);
	zassert_equal(taskpool_event_wait_all(both, 1, K_NO_WAIT), 0);
	k_timer_start(&signal_timer, K_TICKS(5), K_NO_WAIT);
	zassert_ok(taskpool_event_wait_all(both, 2, K_FOREVER));
	zassert_equal(taskpool_event_status(&other, &code), TASKPOOL_DONE);
	zassert_equal(code, 8);
	zassert_ok(taskpool_event_wait_all(turned, 2, K_NO_WAIT));
}

/* The first run of a task is over when an interrupt says so. */
static struct taskpool_next hands_out(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(task);
	atomic_inc(&runs);
	if (!run->first) {
		return taskpool_next_done(2);
	}
	completer = taskpool_run_completer(run);
	return taskpool_next_pending();
}

static void complete_by_interrupt(void)
{
	note(taskpool_complete(completer, taskpool_next_default()), 0);
	note(taskpool_complete(completer, taskpool_next_default()), -ECANCELED);
	note(taskpool_drop(completer), 0);
}

ZTEST(c, test_an_interrupt_completes_a_run)
{
	int code = 0;

	make_tasks(hands_out);
	zassert_ok(taskpool_task_enable(&eager, &tasks[0], K_NO_WAIT));
	k_sleep(K_TICKS(30));
	zassert_equal(atomic_get(&runs), 1);
	zassert_equal(told[0], -1);
	in_interrupt(complete_by_interrupt);
	expect_noted(3);
	zassert_equal(taskpool_task_wait(&tasks[0], K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 2);
	zassert_equal(atomic_get(&runs), 2);
	/* The next run waits for an event, which the completer names, and is over then. */
	zassert_ok(taskpool_event_arm(&event, 1, K_FOREVER));
	zassert_ok(taskpool_task_enable(&eager, &tasks[0], K_NO_WAIT));
	zassert_equal(taskpool_complete(completer, taskpool_next_on(NULL)), -EINVAL);
	zassert_ok(taskpool_complete(completer, taskpool_next_on(&event)));
	zassert_equal(atomic_get(&runs), 3);
	zassert_equal(taskpool_event_signal(&event, 0), 1);
	zassert_equal(atomic_get(&runs), 4);
	zassert_equal(taskpool_task_wait(&tasks[0], K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 2);
	/* With the end of the task; and not at all. */
	zassert_ok(taskpool_task_enable(&eager, &tasks[0], K_NO_WAIT));
	zassert_ok(taskpool_complete(completer, taskpool_next_done(-3)));
	zassert_equal(taskpool_task_wait(&tasks[0], K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, -3);
	zassert_ok(taskpool_task_enable(&eager, &tasks[0], K_NO_WAIT));
	zassert_ok(taskpool_drop(completer));
	zassert_equal(told[0], TASKPOOL_ABORTED);
}

static void use_events(void)
{
	note(taskpool_event_arm(&event, 1, K_FOREVER), 0);
	note(taskpool_event_set_timeout(&event, K_TICKS(100)), 1);
	note(taskpool_event_count(&event), 1);
	note(taskpool_task_enable_on(&eager, &tasks[0], &event, false), 0);
	note(taskpool_event_wait(&event, K_FOREVER, NULL), -EPERM);
	note(taskpool_event_wait(&event, K_NO_WAIT, NULL), -EAGAIN);
	note(taskpool_event_signal(&event, 0), 1);
	note(taskpool_event_arm(&event, 1, K_FOREVER), 0);
	note(taskpool_event_complete(&event, TASKPOOL_CANCELLED, 0), 1);
	note(taskpool_event_wait(&event, K_FOREVER, NULL), TASKPOOL_CANCELLED);
}

ZTEST(c, test_interrupts_use_events)
{
	make_tasks(once);
	in_interrupt(use_events);
	expect_noted(10);
	settle();
	zassert_equal(atomic_get(&runs), 1);
}

ZTEST(c, test_misused_events_are_refused)
{
	struct taskpool_await none = {0};
	struct taskpool_completer of_none = {0};
	struct taskpool_task memory = {0};

	make_tasks(once);
	zassert_equal(taskpool_event_arm(NULL, 1, K_FOREVER), -EINVAL);
	zassert_equal(taskpool_event_arm(&event, 0, K_FOREVER), -EINVAL);
	zassert_equal(taskpool_event_arm(&event, 1, K_TIMEOUT_ABS_TICKS(5)), -EINVAL);
	zassert_equal(taskpool_event_set_timeout(NULL, K_FOREVER), -EINVAL);
	zassert_equal(taskpool_event_set_timeout(&event, K_TIMEOUT_ABS_TICKS(5)), -EINVAL);
	zassert_equal(taskpool_event_signal(NULL, 0), -EINVAL);
	zassert_equal(taskpool_event_complete(NULL, TASKPOOL_DONE, 0), -EINVAL);
	zassert_equal(taskpool_event_complete(&event, TASKPOOL_DISCARDED + 1, 0), -EINVAL);
	zassert_equal(taskpool_event_count(NULL), 0);
	zassert_equal(taskpool_event_status(NULL, NULL), -EINVAL);
	zassert_equal(taskpool_event_wait(NULL, K_NO_WAIT, NULL), -EINVAL);
	zassert_equal(taskpool_event_wait_any(NULL, 1, K_NO_WAIT, NULL, NULL), -EINVAL);
	zassert_equal(taskpool_event_wait_any(&none, 0, K_NO_WAIT, NULL, NULL), -EINVAL);
	zassert_equal(taskpool_event_wait_any(&none, 1, K_NO_WAIT, NULL, NULL), -EINVAL);
	zassert_equal(taskpool_event_wait_all(NULL, 1, K_NO_WAIT), -EINVAL);
	zassert_equal(taskpool_event_wait_all(&none.event, 0, K_NO_WAIT), -EINVAL);
	zassert_equal(taskpool_event_wait_all(&none.event, 1, K_NO_WAIT), -EINVAL);
	zassert_equal(taskpool_task_enable_on(NULL, &tasks[0], &event, false), -EINVAL);
	zassert_equal(taskpool_task_enable_on(&eager, NULL, &event, false), -EINVAL);
	zassert_equal(taskpool_task_enable_on(&eager, &memory, &event, false), -EINVAL);
	zassert_equal(taskpool_task_enable_on(&eager, &tasks[0], NULL, false), -EINVAL);
	zassert_equal(taskpool_complete(of_none, taskpool_next_default()), -EINVAL);
	zassert_equal(taskpool_drop(of_none), -EINVAL);
	zassert_is_null(taskpool_run_completer(NULL).task);
	/* In another pool. */
	zassert_ok(taskpool_event_arm(&event, 1, K_FOREVER));
	zassert_ok(taskpool_task_enable_on(&eager, &tasks[0], &event, false));
	zassert_equal(taskpool_task_enable_on(&slow, &tasks[0], &event, false), -EBUSY);
	zassert_equal(taskpool_task_disable(&tasks[0]), 1);
	zassert_not_null(strstr(taskpool_strerror(-ECANCELED), "completer"));
	zassert_equal(taskpool_event_signal(&event, 0), 1);
}
