/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Completions: each is told on a worker, when a job ran, and in an interrupt, when it was cancelled there. And runs in the
 * caller.
 */

#include "common.h"

/* What the documentation states. */
#define MORE (IS_ENABLED(CONFIG_TASKPOOL_EVENTS) ? 4 : 0)
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_end_sem) == 12 + MORE);
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_end_event) == 20 + MORE);
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_end_signal) == 12 + MORE);
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_end_submit) == 32 + MORE);
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_end_work) == 32 + MORE);
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_end_queued) == 36 + MORE);
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_batch) == 28 + MORE);
BUILD_ASSERT(sizeof(struct taskpool_room) == 16);

static int answer;

static int run(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(arg);
	return answer;
}

/* Gives it another completion; it runs on the pool that is less urgent than the test. */
static struct taskpool_job job = TASKPOOL_JOB_INITIALIZER(run, NULL);

/* The job runs, and answers this. */
static void end_on_worker(const struct taskpool_end *end, int code)
{
	zassert_ok(taskpool_job_set_end(&job, end));
	answer = code;
	zassert_ok(taskpool_submit(&slow, &job));
	zassert_equal(taskpool_wait(&job, K_FOREVER, NULL), TASKPOOL_DONE);
}

static void cancel_job(void)
{
	note(taskpool_cancel(&job), TASKPOOL_FOUND_WAITING);
}

/* The job is cancelled in an interrupt. */
static void end_in_interrupt(const struct taskpool_end *end)
{
	zassert_ok(taskpool_job_set_end(&job, end));
	zassert_ok(taskpool_submit_after(&slow, &job, K_SECONDS(60)));
	in_interrupt(cancel_job);
	expect_noted(1);
}

/* What was told is taken. */
static void expect_told(struct taskpool_room *room, enum taskpool_outcome outcome, int code, uint32_t count)
{
	struct taskpool_told told;

	zassert_true(taskpool_room_take(room, &told));
	zassert_equal(told.outcome, outcome);
	zassert_equal(told.code, code);
	zassert_equal(told.count, count);
	zassert_false(taskpool_room_take(room, &told));
}

ZTEST(c, test_completion_results)
{
	zassert_equal(taskpool_result(TASKPOOL_DONE, -3), -3);
	zassert_equal(taskpool_result(TASKPOOL_DONE, 0), 0);
	zassert_equal(taskpool_result(TASKPOOL_CANCELLED, 0), -ECANCELED);
	zassert_equal(taskpool_result(TASKPOOL_ABORTED, 0), -ECONNABORTED);
	zassert_equal(taskpool_result(TASKPOOL_TIMED_OUT, 0), -ETIMEDOUT);
	zassert_equal(taskpool_result(TASKPOOL_DISCARDED, 0), -ESHUTDOWN);
}

static K_SEM_DEFINE(sem, 0, 2);
static TASKPOOL_END_SEM_DEFINE(give_sem, &sem);

ZTEST(c, test_completion_semaphore)
{
	end_on_worker(&give_sem.end, 1);
	zassert_equal(k_sem_count_get(&sem), 1);
	end_in_interrupt(&give_sem.end);
	zassert_equal(k_sem_count_get(&sem), 2);
	zassert_ok(k_sem_take(&sem, K_NO_WAIT));
	zassert_ok(k_sem_take(&sem, K_NO_WAIT));
}

static K_EVENT_DEFINE(event);
static TASKPOOL_END_EVENT_DEFINE(post_event, &event, BIT(3) | BIT(0), BIT(7));

ZTEST(c, test_completion_event)
{
	end_on_worker(&post_event.end, -1);
	zassert_equal(k_event_wait(&event, UINT32_MAX, false, K_NO_WAIT), BIT(3) | BIT(0));
	end_in_interrupt(&post_event.end);
	zassert_equal(k_event_wait(&event, UINT32_MAX, false, K_NO_WAIT), BIT(7) | BIT(3) | BIT(0));
	k_event_clear(&event, UINT32_MAX);
}

static struct k_poll_signal signal = K_POLL_SIGNAL_INITIALIZER(signal);
static TASKPOOL_END_SIGNAL_DEFINE(raise_signal, &signal);

static void expect_raised(int result)
{
	struct k_poll_event polled = K_POLL_EVENT_INITIALIZER(K_POLL_TYPE_SIGNAL, K_POLL_MODE_NOTIFY_ONLY, &signal);
	unsigned int raised;
	int found;

	zassert_ok(k_poll(&polled, 1, K_NO_WAIT));
	k_poll_signal_check(&signal, &raised, &found);
	zassert_true(raised);
	zassert_equal(found, result);
	k_poll_signal_reset(&signal);
}

ZTEST(c, test_completion_poll_signal)
{
	end_on_worker(&raise_signal.end, 77);
	expect_raised(77);
	end_in_interrupt(&raise_signal.end);
	expect_raised(-ECANCELED);
}

static struct noted next;
static TASKPOOL_END_SUBMIT_DEFINE(submit_next, &slow, &next.job);
static TASKPOOL_END_SUBMIT_DEFINE(submit_elsewhere, &eager, &next.job);

ZTEST(c, test_completion_job)
{
	struct taskpool_end_submit *const ends[] = {&submit_next, &submit_elsewhere};

	for (int i = 0; i < ARRAY_SIZE(ends); i++) {
		noted_init(&next, 0);
		end_on_worker(&ends[i]->end, 5);
		settle();
		zassert_equal(atomic_get(&next.runs), 1);
		expect_told(&ends[i]->room, TASKPOOL_DONE, 5, 1);
		end_in_interrupt(&ends[i]->end);
		settle();
		zassert_equal(atomic_get(&next.runs), 2);
		expect_told(&ends[i]->room, TASKPOOL_CANCELLED, 0, 1);
		zassert_equal(taskpool_room_refused(&ends[i]->room), 0);
	}
}

/* In the pool that it names. */
static struct taskpool *ran_in;

static void note_pool(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(self);
	ran_in = taskpool_ctx_pool(ctx);
}

ZTEST(c, test_completion_job_in_another_pool)
{
	noted_init(&next, 0);
	next.script = note_pool;
	end_on_worker(&submit_elsewhere.end, 1);
	settle();
	zassert_equal_ptr(ran_in, &eager);
	expect_told(&submit_elsewhere.room, TASKPOOL_DONE, 1, 1);
}

ZTEST(c, test_completion_job_that_is_queued)
{
	noted_init(&next, 0);
	zassert_ok(taskpool_hold(&slow));
	zassert_ok(taskpool_submit(&slow, &next.job));
	end_in_interrupt(&submit_next.end);
	end_in_interrupt(&submit_next.end);
	zassert_ok(taskpool_release(&slow));
	settle();
	zassert_equal(atomic_get(&next.runs), 1);
	zassert_equal(taskpool_room_refused(&submit_next.room), 0);
	expect_told(&submit_next.room, TASKPOOL_CANCELLED, 0, 2);
}

ZTEST(c, test_completion_job_that_is_refused)
{
	uint32_t before = taskpool_room_refused(&submit_elsewhere.room);

	noted_init(&next, 0);
	zassert_ok(taskpool_shutdown(&eager, TASKPOOL_DRAIN, K_FOREVER));
	end_on_worker(&submit_elsewhere.end, 1);
	end_in_interrupt(&submit_elsewhere.end);
	zassert_ok(taskpool_restart(&eager));
	settle();
	zassert_equal(atomic_get(&next.runs), 0);
	zassert_equal(taskpool_room_refused(&submit_elsewhere.room) - before, 2);
	expect_told(&submit_elsewhere.room, TASKPOOL_CANCELLED, 0, 2);
	end_on_worker(&submit_elsewhere.end, 2);
	settle();
	zassert_equal(atomic_get(&next.runs), 1);
	expect_told(&submit_elsewhere.room, TASKPOOL_DONE, 2, 1);
}

static void work_handler(struct k_work *work);
static K_WORK_DEFINE(work, work_handler);
static TASKPOOL_END_WORK_DEFINE(submit_work, &k_sys_work_q, &work);
static struct k_work_q never_started;
static TASKPOOL_END_WORK_DEFINE(submit_nowhere, &never_started, &work);
static struct taskpool_told handled;
static atomic_t handlers;

static void work_handler(struct k_work *item)
{
	ARG_UNUSED(item);
	zassert_true(taskpool_room_take(&submit_work.room, &handled));
	atomic_inc(&handlers);
}

ZTEST(c, test_completion_work)
{
	atomic_set(&handlers, 0);
	end_on_worker(&submit_work.end, 11);
	settle();
	zassert_equal(atomic_get(&handlers), 1);
	zassert_equal(handled.outcome, TASKPOOL_DONE);
	zassert_equal(handled.code, 11);
	end_in_interrupt(&submit_work.end);
	settle();
	zassert_equal(atomic_get(&handlers), 2);
	zassert_equal(handled.outcome, TASKPOOL_CANCELLED);
	zassert_equal(taskpool_room_refused(&submit_work.room), 0);

	end_on_worker(&submit_nowhere.end, 12);
	settle();
	zassert_equal(atomic_get(&handlers), 2);
	zassert_equal(taskpool_room_refused(&submit_nowhere.room), 1);
	expect_told(&submit_nowhere.room, TASKPOOL_DONE, 12, 1);
}

static K_FIFO_DEFINE(queue);

static struct {
	struct taskpool_end_queued *end;
	struct taskpool_told told;
	k_tid_t thread;
} calls[8];
static int called;

static void call(struct taskpool_end_queued *end, const struct taskpool_told *told)
{
	if (called < ARRAY_SIZE(calls)) {
		calls[called].end = end;
		calls[called].told = *told;
		calls[called].thread = k_current_get();
	}
	called++;
}

static TASKPOOL_END_QUEUED_DEFINE(call_first, &queue, call);
static TASKPOOL_END_QUEUED_DEFINE(call_second, &queue, call);

static void expect_called(int number, struct taskpool_end_queued *end, enum taskpool_outcome outcome, int code,
			  uint32_t count)
{
	zassert_equal_ptr(calls[number].end, end);
	zassert_equal(calls[number].told.outcome, outcome);
	zassert_equal(calls[number].told.code, code);
	zassert_equal(calls[number].told.count, count);
	zassert_equal_ptr(calls[number].thread, k_current_get());
}

ZTEST(c, test_completion_queue)
{
	called = 0;
	zassert_equal(taskpool_queue_run(&queue, 4, K_NO_WAIT), -EAGAIN);
	zassert_equal(taskpool_queue_run(&queue, 4, K_TICKS(2)), -EAGAIN);
	zassert_equal(taskpool_queue_run(&queue, 0, K_FOREVER), 0);
	zassert_equal(taskpool_queue_run(&queue, -1, K_FOREVER), -EINVAL);
	zassert_equal(taskpool_queue_run(NULL, 1, K_FOREVER), -EINVAL);

	/* It waits for the worker. */
	zassert_ok(taskpool_job_set_end(&job, &call_first.end));
	answer = 21;
	zassert_ok(taskpool_submit(&slow, &job));
	zassert_equal(taskpool_queue_run(&queue, 4, K_FOREVER), 1);
	expect_called(0, &call_first, TASKPOOL_DONE, 21, 1);

	called = 0;
	settle();
	end_in_interrupt(&call_second.end);
	end_on_worker(&call_first.end, 1);
	end_on_worker(&call_first.end, 2);
	end_on_worker(&call_second.end, 3);
	zassert_equal(taskpool_queue_run(&queue, 1, K_FOREVER), 1);
	end_in_interrupt(&call_second.end);
	zassert_equal(taskpool_queue_run(&queue, 8, K_FOREVER), 2);
	zassert_equal(called, 3);
	expect_called(0, &call_second, TASKPOOL_DONE, 3, 2);
	expect_called(1, &call_first, TASKPOOL_DONE, 2, 2);
	expect_called(2, &call_second, TASKPOOL_CANCELLED, 0, 1);
	zassert_equal(taskpool_queue_run(&queue, 8, K_NO_WAIT), -EAGAIN);
}

static void run_queue(void)
{
	note(taskpool_queue_run(&queue, 1, K_FOREVER), 1);
	note(taskpool_queue_run(&queue, 1, K_NO_WAIT), -EAGAIN);
	note(taskpool_queue_run(&queue, 1, K_FOREVER), -EPERM);
	note(taskpool_queue_run(&queue, 1, K_MSEC(1)), -EPERM);
}

ZTEST(c, test_completion_queue_in_interrupts)
{
	called = 0;
	end_on_worker(&call_first.end, 1);
	in_interrupt(run_queue);
	expect_noted(4);
	expect_called(0, &call_first, TASKPOOL_DONE, 1, 1);
}

static struct noted over;
static TASKPOOL_BATCH_DEFINE(batch, &over.end);
static TASKPOOL_BATCH_DEFINE(quiet_batch, NULL);

static void arm(void)
{
	note(taskpool_batch_arm(&batch, 0), -EINVAL);
	note(taskpool_batch_arm(&batch, 1), 0);
	note(taskpool_batch_arm(&batch, 1), -EBUSY);
	note(taskpool_batch_left(&batch), 1);
	note(taskpool_batch_arm(NULL, 1), -EINVAL);
	note(taskpool_batch_left(NULL), 0);
	note(taskpool_batch_extra(NULL), 0);
}

ZTEST(c, test_completion_batch)
{
	noted_init(&over, 0);
	zassert_ok(taskpool_batch_arm(&batch, 3));
	end_on_worker(&batch.end, 0);
	end_on_worker(&batch.end, 4);
	zassert_equal(atomic_get(&over.told), 0);
	zassert_equal(taskpool_batch_left(&batch), 1);
	end_in_interrupt(&batch.end);
	zassert_equal(atomic_get(&over.told), 1);
	zassert_equal(over.outcome, TASKPOOL_DONE);
	zassert_equal(over.code, 4, "the first one that was no success");
	zassert_equal(taskpool_batch_left(&batch), 0);

	in_interrupt(arm);
	expect_noted(7);
	end_in_interrupt(&batch.end);
	zassert_equal(atomic_get(&over.told), 2);
	zassert_equal(over.outcome, TASKPOOL_CANCELLED);

	zassert_ok(taskpool_batch_arm(&batch, 2));
	end_on_worker(&batch.end, 0);
	end_on_worker(&batch.end, 0);
	zassert_equal(atomic_get(&over.told), 3);
	zassert_equal(over.outcome, TASKPOOL_DONE);
	zassert_equal(over.code, 0);

	zassert_equal(taskpool_batch_extra(&batch), 0);
	end_on_worker(&batch.end, 9);
	zassert_equal(taskpool_batch_extra(&batch), 1);
	zassert_equal(atomic_get(&over.told), 3);

	zassert_ok(taskpool_batch_arm(&quiet_batch, 1));
	end_on_worker(&quiet_batch.end, 0);
	zassert_equal(taskpool_batch_left(&quiet_batch), 0);
}

ZTEST(c, test_completion_rooms_of_nothing)
{
	struct taskpool_room room = {0};
	struct taskpool_told told = {.code = 7};

	zassert_false(taskpool_room_take(&room, &told));
	zassert_false(taskpool_room_take(NULL, &told));
	zassert_equal(told.code, 7);
	zassert_false(taskpool_room_take(&submit_next.room, NULL));
	zassert_equal(taskpool_room_refused(&room), 0);
	zassert_equal(taskpool_room_refused(NULL), 0);
}

static k_tid_t ran_by;
static uint8_t worker;
static struct noted here;

static void note_caller(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(self);
	ran_by = k_current_get();
	worker = taskpool_ctx_worker(ctx);
}

static void run_in_interrupt(void)
{
	note(taskpool_run_now(&slow, &here.job, NULL), -EPERM);
}

static void run_within(const struct taskpool_ctx *ctx, struct noted *self)
{
	int code = 0;

	ARG_UNUSED(ctx);
	self->answer = taskpool_run_now(&slow, &here.job, &code) == TASKPOOL_DONE ? code : -1;
}

ZTEST(c, test_run_now)
{
	int code = -1;

	noted_init(&here, 31);
	here.script = note_caller;
	zassert_equal(taskpool_run_now(&slow, &here.job, &code), TASKPOOL_DONE);
	zassert_equal(code, 31);
	zassert_equal_ptr(ran_by, k_current_get());
	zassert_equal(worker, 128);
	zassert_equal(atomic_get(&here.told), 1);
	zassert_equal(here.code, 31);
	zassert_equal(taskpool_wait(&here.job, K_NO_WAIT, NULL), TASKPOOL_DONE);
	zassert_equal(taskpool_run_now(&slow, &here.job, NULL), TASKPOOL_DONE);
	zassert_equal(atomic_get(&here.runs), 2);

	/* On a worker, within another job. */
	noted_init(&next, 0);
	next.script = run_within;
	zassert_ok(taskpool_submit(&eager, &next.job));
	zassert_equal(taskpool_wait(&next.job, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 31);
	zassert_equal(worker, 0);
	zassert_not_equal(ran_by, k_current_get());
}

ZTEST(c, test_run_now_is_refused)
{
	noted_init(&here, 0);
	in_interrupt(run_in_interrupt);
	expect_noted(1);
	zassert_equal(taskpool_run_now(NULL, &here.job, NULL), -EINVAL);
	zassert_equal(taskpool_run_now(&slow, NULL, NULL), -EINVAL);
	zassert_ok(taskpool_submit(&slow, &here.job));
	zassert_equal(taskpool_run_now(&slow, &here.job, NULL), -EBUSY);
	zassert_equal(taskpool_run_now(&eager, &here.job, NULL), -EBUSY);
	zassert_equal(taskpool_cancel(&here.job), TASKPOOL_FOUND_WAITING);
	zassert_ok(taskpool_hold(&slow));
	zassert_equal(taskpool_run_now(&slow, &here.job, NULL), -ESHUTDOWN);
	zassert_ok(taskpool_release(&slow));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(taskpool_run_now(&slow, &here.job, NULL), -ESHUTDOWN);
	zassert_ok(taskpool_restart(&slow));
	zassert_equal(atomic_get(&here.runs), 0);
	zassert_equal(taskpool_run_now(&slow, &here.job, NULL), TASKPOOL_DONE);
}
