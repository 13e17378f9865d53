/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Tasks, on a real clock.
 */

#include <string.h>

#include <taskpool/task.h>

#include "common.h"

#define MOST_RUNS 16

/* A task that notes its runs, and what it is told. */
struct noted_task {
	struct taskpool_task task;
	struct taskpool_end end;
	struct taskpool_run runs[MOST_RUNS];
	/* When each began, and its slot, in ticks since `zero`; and the function's number. */
	k_ticks_t begun[MOST_RUNS];
	k_ticks_t slot[MOST_RUNS];
	int function[MOST_RUNS];
	atomic_t count;
	/* Its own, in ticks. */
	k_ticks_t interval;
	atomic_t told;
	enum taskpool_outcome outcome;
	int code;
	k_ticks_t ended;
	/* What it does, and answers. */
	struct taskpool_next (*script)(struct noted_task *self, const struct taskpool_run *run);
};

static k_ticks_t zero;

static struct taskpool_next note_run(struct taskpool_task *task, const struct taskpool_run *run, int function)
{
	struct noted_task *self = CONTAINER_OF(task, struct noted_task, task);
	int index = atomic_get(&self->count);

	if (index < MOST_RUNS) {
		k_ticks_t next = 0;

		/* The clock goes on since the run has begun; the slot of the next one does not. */
		(void)taskpool_task_next_run(task, &next);
		self->slot[index] = next - self->interval - zero;
		self->runs[index] = *run;
		self->begun[index] = k_uptime_ticks() - zero;
		self->function[index] = function;
	}
	atomic_inc(&self->count);
	return self->script != NULL ? self->script(self, run) : taskpool_next_default();
}

static struct taskpool_next run_first(struct taskpool_task *task, const struct taskpool_run *run)
{
	return note_run(task, run, 1);
}

static struct taskpool_next run_second(struct taskpool_task *task, const struct taskpool_run *run)
{
	return note_run(task, run, 2);
}

static void ended(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	struct noted_task *self = CONTAINER_OF(end, struct noted_task, end);

	self->outcome = outcome;
	self->code = code;
	self->ended = k_uptime_ticks() - zero;
	atomic_inc(&self->told);
}

static void make(struct noted_task *self, k_ticks_t interval)
{
	*self = (struct noted_task){.end = TASKPOOL_END_INITIALIZER(ended), .interval = interval};
	zassert_ok(taskpool_task_init(&self->task, run_first, K_TICKS(interval)));
	zassert_ok(taskpool_task_set_end(&self->task, &self->end));
}

/* Enables a task whose first run is due at `zero`: where a call and what it finds may be a tick apart, a run is exact. */
static void begin(struct taskpool *pool, struct noted_task *self)
{
	zero = k_uptime_ticks() + 5;
	atomic_clear(&self->count);
	zassert_ok(taskpool_task_enable(pool, &self->task, K_TIMEOUT_ABS_TICKS(zero)));
}

static void until(k_ticks_t after_zero)
{
	k_sleep(K_TIMEOUT_ABS_TICKS(zero + after_zero));
}

static k_ticks_t next_run(struct noted_task *self)
{
	k_ticks_t tick = 0;

	zassert_ok(taskpool_task_next_run(&self->task, &tick));
	return tick - zero;
}

/* After a call the next run is due so many ticks after it. */
#define EXPECT_FROM_NOW(self_, call_, answer_, ticks_)                                                                 \
	do {                                                                                                           \
		k_ticks_t before_ = k_uptime_ticks() - zero;                                                           \
		int got_ = (call_);                                                                                    \
		k_ticks_t after_ = k_uptime_ticks() - zero;                                                            \
                                                                                                                       \
		zassert_equal(got_, (answer_), "%d", got_);                                                            \
		zassert_between_inclusive(next_run(self_), before_ + (ticks_), after_ + (ticks_));                     \
	} while (false)

/* The slots of the runs, and nothing more: to the tick. */
static void expect_slots(const struct noted_task *self, const k_ticks_t *slots, int count)
{
	zassert_equal(atomic_get(&self->count), count, "%d runs", (int)atomic_get(&self->count));
	for (int i = 0; i < count; i++) {
		k_ticks_t late = self->begun[i] - self->slot[i];

		zassert_equal(self->slot[i], slots[i], "run %d at %d, its slot is %d", i, (int)self->begun[i],
			      (int)self->slot[i]);
		/* A tick is some 1,500 instructions: it may pass between the beginning of a run and this look. */
		zassert_between_inclusive(late, self->runs[i].late, self->runs[i].late + 1);
	}
}

#define EXPECT_SLOTS(self_, ...)                                                                                       \
	expect_slots((self_), (const k_ticks_t[]){__VA_ARGS__}, ARRAY_SIZE(((const k_ticks_t[]){__VA_ARGS__})))

static void expect_end(struct noted_task *self, int told, enum taskpool_outcome outcome, int code)
{
	int answer = -1;

	zassert_equal(taskpool_task_wait(&self->task, K_MSEC(100), &answer), outcome);
	zassert_equal(answer, code);
	zassert_equal(atomic_get(&self->told), told);
	zassert_equal(self->outcome, outcome);
	zassert_equal(self->code, code);
}

static struct noted_task task;
static struct noted_task other;
static struct noted_task isr_task;

/* What a case that failed has left behind must not run in the others. */
static void leave_nothing_behind(const struct ztest_unit_test *test, void *fixture)
{
	struct noted_task *tasks[] = {&task, &other, &isr_task};

	ARG_UNUSED(test);
	ARG_UNUSED(fixture);
	for (int i = 0; i < ARRAY_SIZE(tasks); i++) {
		if (tasks[i]->task.run != NULL) {
			(void)taskpool_task_cancel(&tasks[i]->task);
		}
	}
}

ZTEST_RULE(tasks, NULL, leave_nothing_behind);

/* --- its schedule --- */

ZTEST(c, test_task_has_its_iterations)
{
	make(&task, 20);
	zassert_ok(taskpool_task_set_iterations(&task.task, 4));
	begin(&eager, &task);
	until(100);
	EXPECT_SLOTS(&task, 0, 20, 40, 60);
	for (int i = 0; i < 4; i++) {
		zassert_true(task.runs[i].late < 20, "%d", (int)task.runs[i].late);
		zassert_equal(task.runs[i].left, 20 - task.runs[i].late);
		zassert_equal(task.runs[i].number, i + 1);
		zassert_equal(task.runs[i].missed, 0);
		zassert_equal(task.runs[i].first, i == 0);
		zassert_equal(task.runs[i].last, i == 3);
	}
	expect_end(&task, 1, TASKPOOL_DONE, 0);
	/* Again, with the same number. */
	atomic_clear(&task.count);
	EXPECT_FROM_NOW(&task, taskpool_task_enable(&eager, &task.task, TASKPOOL_AFTER_INTERVAL), 0, 21);
	zero += next_run(&task);
	until(100);
	EXPECT_SLOTS(&task, 0, 20, 40, 60);
	expect_end(&task, 2, TASKPOOL_DONE, 0);
}

static struct taskpool_next last_long(struct noted_task *self, const struct taskpool_run *run)
{
	ARG_UNUSED(self);
	if (run->number == 2) {
		until(91);
	}
	return taskpool_next_default();
}

static uint32_t missed_by(uint32_t policy, k_ticks_t end)
{
	uint32_t missed;
	uint32_t runs;

	make(&task, 20);
	task.script = last_long;
	zassert_ok(taskpool_task_set_missed(&task.task, policy));
	begin(&eager, &task);
	zassert_equal(taskpool_task_set_missed(&task.task, policy), -EBUSY);
	until(end);
	zassert_equal(taskpool_task_disable(&task.task), 1);
	zassert_ok(taskpool_task_counts(&task.task, &runs, &missed));
	zassert_equal(runs, atomic_get(&task.count));
	expect_end(&task, 1, TASKPOOL_DONE, 0);
	return missed;
}

ZTEST(c, test_task_makes_up_for_slots_or_not)
{
	zassert_equal(missed_by(TASKPOOL_MISSED_SKIP, 125), 2);
	EXPECT_SLOTS(&task, 0, 20, 80, 100, 120);
	zassert_true(task.runs[2].late >= 11 && task.runs[2].late < 20, "%d", (int)task.runs[2].late);
	zassert_equal(task.runs[2].missed, 2);
	zassert_equal(missed_by(TASKPOOL_MISSED_CATCH_UP(5), 125), 0);
	EXPECT_SLOTS(&task, 0, 20, 40, 60, 80, 100, 120);
	zassert_true(task.runs[2].left <= -31, "%d", (int)task.runs[2].left);
	zassert_true(task.begun[4] <= 98, "%d", (int)task.begun[4]);
	zassert_equal(missed_by(TASKPOOL_MISSED_CATCH_UP(1), 125), 1);
	EXPECT_SLOTS(&task, 0, 20, 60, 80, 100, 120);
	zassert_equal(task.runs[2].missed, 1);
}

/* Where an interval lies between runs, each is as late as all before it together: a tick or two each. */
static void expect_begun(const k_ticks_t *times, int count)
{
	zassert_equal(atomic_get(&task.count), count, "%d runs", (int)atomic_get(&task.count));
	for (int i = 0; i < count; i++) {
		zassert_between_inclusive(task.begun[i], times[i], times[i] + 3 * (i + 1));
		zassert_equal(task.runs[i].late, 0);
		zassert_equal(task.runs[i].left, 20);
	}
}

ZTEST(c, test_task_has_spaces_between_its_runs)
{
	zassert_equal(missed_by(TASKPOOL_MISSED_FROM_START, 148), 0);
	expect_begun((const k_ticks_t[]){0, 20, 91, 111, 131}, 5);
	zassert_equal(missed_by(TASKPOOL_MISSED_FROM_END, 148), 0);
	expect_begun((const k_ticks_t[]){0, 20, 111, 131}, 4);
}

static struct taskpool_next answer_in_turn(struct noted_task *self, const struct taskpool_run *run)
{
	ARG_UNUSED(run);
	switch (atomic_get(&self->count)) {
	case 1:
		return taskpool_next_default();
	case 2:
	case 3:
		return taskpool_next_again();
	case 4:
		return taskpool_next_after(K_TICKS(9));
	case 5:
		return taskpool_next_after(K_TIMEOUT_ABS_TICKS(zero + 77));
	case 6:
		return taskpool_next_after(K_FOREVER);
	default:
		return taskpool_next_done(7);
	}
}

ZTEST(c, test_task_answers_how_it_goes_on)
{
	static const uint32_t numbers[] = {1, 2, 2, 2, 3, 4, 5};

	make(&task, 20);
	task.script = answer_in_turn;
	begin(&eager, &task);
	until(100);
	zassert_equal(atomic_get(&task.count), 6);
	zassert_true(next_run(&task) > INT64_MAX / 4, "only when somebody says so");
	zassert_ok(taskpool_task_trigger(&task.task));
	expect_end(&task, 1, TASKPOOL_DONE, 7);
	for (int i = 0; i < ARRAY_SIZE(numbers); i++) {
		zassert_equal(task.runs[i].number, numbers[i], "run %d: %d", i, task.runs[i].number);
	}
	zassert_equal(task.slot[0], 0);
	for (int i = 1; i < 4; i++) {
		zassert_equal(task.slot[i], 20, "parts of a run have one slot");
		zassert_true(task.begun[i] <= 28, "%d", (int)task.begun[i]);
	}
	zassert_between_inclusive(task.slot[4], task.begun[3] + 10, task.begun[3] + 11);
	zassert_equal(task.slot[5], 77);
}

ZTEST(c, test_task_begins_when_it_is_said)
{
	make(&task, 30);
	EXPECT_FROM_NOW(&task, taskpool_task_enable(&slow, &task.task, K_TICKS(50)), 0, 51);
	EXPECT_FROM_NOW(&task, taskpool_task_enable(&slow, &task.task, TASKPOOL_AFTER_INTERVAL), 1, 31);
	zero = k_uptime_ticks();
	zassert_equal(taskpool_task_enable(&slow, &task.task, K_TIMEOUT_ABS_TICKS(zero + 50)), 1);
	zassert_equal(next_run(&task), 50);
	zassert_equal(taskpool_task_enable(&slow, &task.task, K_FOREVER), 1);
	zassert_true(next_run(&task) > INT64_MAX / 4);
	EXPECT_FROM_NOW(&task, taskpool_task_enable(&slow, &task.task, K_NO_WAIT), 1, 0);
	zassert_equal(taskpool_task_status(&task.task, NULL), TASKPOOL_QUEUED);
	k_sleep(K_TICKS(10));
	zassert_equal(atomic_get(&task.count), 1);
	/* What has passed is now, and later runs keep its phase. */
	atomic_clear(&task.count);
	zero = k_uptime_ticks();
	zassert_equal(taskpool_task_enable(&slow, &task.task, K_TIMEOUT_ABS_TICKS(zero - 70)), 1);
	until(35);
	EXPECT_SLOTS(&task, -10, 20);
	zassert_equal(task.runs[0].missed, 2);
	zassert_equal(atomic_get(&task.told), 0, "all that was one submission");
	zassert_equal(taskpool_task_cancel(&task.task), 1);
	expect_end(&task, 1, TASKPOOL_CANCELLED, 0);
}

/* --- what others do to it --- */

ZTEST(c, test_task_is_moved)
{
	make(&task, 100);
	zassert_equal(taskpool_task_trigger(&task.task), -ESRCH);
	zassert_equal(taskpool_task_postpone(&task.task, K_TICKS(1)), -ESRCH);
	zassert_equal(taskpool_task_shift(&task.task, 1), -ESRCH);
	begin(&eager, &task);
	until(4);
	zassert_equal(next_run(&task), 100);
	zassert_ok(taskpool_task_shift(&task.task, 7));
	zassert_equal(next_run(&task), 107);
	zassert_ok(taskpool_task_shift(&task.task, -17));
	zassert_equal(next_run(&task), 90);
	EXPECT_FROM_NOW(&task, taskpool_task_postpone(&task.task, K_TICKS(50)), 0, 51);
	zassert_ok(taskpool_task_postpone(&task.task, K_FOREVER));
	zassert_true(next_run(&task) > INT64_MAX / 4);
	zassert_equal(taskpool_task_postpone(&task.task, K_TIMEOUT_ABS_TICKS(9)), -EINVAL);
	EXPECT_FROM_NOW(&task, taskpool_task_trigger(&task.task), 0, 100);
	zassert_equal(atomic_get(&task.count), 2);
	zassert_ok(taskpool_task_shift(&task.task, -1000));
	zassert_equal(atomic_get(&task.count), 3, "what has passed is now");
	zassert_equal(taskpool_task_disable(&task.task), 1);
	expect_end(&task, 1, TASKPOOL_DONE, 0);
}

ZTEST(c, test_task_gets_another_interval)
{
	make(&task, 80);
	zassert_ok(taskpool_task_set_interval(&task.task, K_TICKS(80), TASKPOOL_REPHASE_FROM_NOW));
	begin(&eager, &task);
	until(4);
	zassert_equal(next_run(&task), 80);
	zassert_ok(taskpool_task_set_interval(&task.task, K_TICKS(200), TASKPOOL_REPHASE_KEEP));
	zassert_equal(next_run(&task), 80);
	zassert_ok(taskpool_task_set_interval(&task.task, K_TICKS(160), TASKPOOL_REPHASE_RECALCULATE));
	zassert_equal(next_run(&task), 40);
	zassert_ok(taskpool_task_set_interval(&task.task, K_TICKS(190), TASKPOOL_REPHASE_RECALCULATE));
	zassert_equal(next_run(&task), 70);
	EXPECT_FROM_NOW(&task, taskpool_task_set_interval(&task.task, K_TICKS(40), TASKPOOL_REPHASE_FROM_NOW), 0, 40);
	task.interval = 40;
	zero += next_run(&task);
	until(50);
	zassert_equal(atomic_get(&task.count), 3);
	zassert_equal(task.slot[1], 0);
	zassert_equal(task.slot[2], 40);
	zassert_equal(taskpool_task_set_interval(&task.task, K_TIMEOUT_ABS_TICKS(5), TASKPOOL_REPHASE_KEEP), -EINVAL);
	zassert_equal(taskpool_task_set_interval(&task.task, K_TICKS(5), (enum taskpool_rephase)3), -EINVAL);
	EXPECT_FROM_NOW(&task, taskpool_task_set_interval(&task.task, K_FOREVER, TASKPOOL_REPHASE_FROM_NOW), 0,
			TASKPOOL_LONGEST_SPAN);
	zassert_equal(taskpool_task_cancel(&task.task), 1);
	expect_end(&task, 1, TASKPOOL_CANCELLED, 0);
}

ZTEST(c, test_task_has_so_much_time)
{
	k_ticks_t since;

	make(&task, 20);
	zassert_ok(taskpool_task_set_timeout(&task.task, K_TICKS(50)));
	since = k_uptime_ticks();
	begin(&eager, &task);
	since -= zero;
	until(100);
	expect_end(&task, 1, TASKPOOL_TIMED_OUT, 0);
	EXPECT_SLOTS(&task, 0, 20, 40);
	zassert_between_inclusive(task.ended, since + 50, since + 53);

	begin(&eager, &task);
	until(30);
	since = k_uptime_ticks() - zero;
	zassert_ok(taskpool_task_reset_timeout(&task.task));
	until(100);
	expect_end(&task, 2, TASKPOOL_TIMED_OUT, 0);
	zassert_between_inclusive(task.ended, since + 50, since + 53);

	/* No more of that. */
	begin(&eager, &task);
	until(30);
	zassert_ok(taskpool_task_set_timeout(&task.task, K_FOREVER));
	zassert_ok(taskpool_task_reset_timeout(&task.task));
	until(90);
	EXPECT_SLOTS(&task, 0, 20, 40, 60, 80);
	zassert_equal(taskpool_task_set_timeout(&task.task, K_TIMEOUT_ABS_TICKS(4)), -EINVAL);
	/* Less than it has had. */
	zassert_ok(taskpool_task_set_timeout(&task.task, K_TICKS(1)));
	settle();
	expect_end(&task, 3, TASKPOOL_TIMED_OUT, 0);
}

static struct taskpool_next swap(struct noted_task *self, const struct taskpool_run *run)
{
	zassert_ok(taskpool_task_set_run(&self->task, run->number % 2 == 1 ? run_second : run_first));
	return taskpool_next_default();
}

ZTEST(c, test_task_gets_another_function)
{
	static const int functions[] = {1, 2, 1, 2, 2};

	make(&task, 10);
	task.script = swap;
	begin(&eager, &task);
	until(35);
	/* From elsewhere: the fifth run is the second function's, too. */
	zassert_ok(taskpool_task_set_run(&task.task, run_second));
	until(45);
	zassert_equal(taskpool_task_disable(&task.task), 1);
	zassert_equal(atomic_get(&task.count), 5);
	zassert_mem_equal(task.function, functions, sizeof(functions));
	zassert_equal(taskpool_task_set_run(&task.task, NULL), -EINVAL);
}

/* --- its end --- */

typedef int (*end_function_t)(struct taskpool_task *task);

static const struct {
	end_function_t end;
	enum taskpool_outcome outcome;
} ends[] = {
	{taskpool_task_disable, TASKPOOL_DONE},
	{taskpool_task_cancel, TASKPOOL_CANCELLED},
	{taskpool_task_abort, TASKPOOL_ABORTED},
};

static int end_now;
static bool saw_end;

static struct taskpool_next end_itself(struct noted_task *self, const struct taskpool_run *run)
{
	zassert_equal(ends[end_now].end(&self->task), 1);
	zassert_equal(ends[end_now].end(&self->task), 0, "once");
	saw_end = taskpool_ctx_cancelled(run->ctx);
	zassert_equal(atomic_get(&self->told), 0, "not before the run has ended");
	zassert_equal(taskpool_task_next_run(&self->task, &(k_ticks_t){0}), -ESRCH);
	return taskpool_next_default();
}

ZTEST(c, test_task_is_ended_wherever_it_is)
{
	for (end_now = 0; end_now < ARRAY_SIZE(ends); end_now++) {
		end_function_t end = ends[end_now].end;
		enum taskpool_outcome outcome = ends[end_now].outcome;

		make(&task, 20);
		zassert_equal(taskpool_task_wait(&task.task, K_NO_WAIT, NULL), -ENOENT);
		zassert_equal(end(&task.task), 0);
		/* Deferred. */
		zassert_ok(taskpool_task_enable(&eager, &task.task, K_NO_WAIT));
		zassert_equal(taskpool_task_status(&task.task, NULL), TASKPOOL_DEFERRED);
		zassert_equal(taskpool_task_wait(&task.task, K_NO_WAIT, NULL), -EAGAIN);
		zassert_equal(end(&task.task), 1);
		zassert_equal(end(&task.task), 0);
		expect_end(&task, 1, outcome, 0);
		zassert_equal(taskpool_task_status(&task.task, NULL), TASKPOOL_IDLE);
		/* Queued. */
		zassert_ok(taskpool_task_enable(&slow, &task.task, K_NO_WAIT));
		zassert_equal(taskpool_task_status(&task.task, NULL), TASKPOOL_QUEUED);
		zassert_equal(end(&task.task), 1);
		expect_end(&task, 2, outcome, 0);
		settle();
		zassert_equal(atomic_get(&task.count), 1);
		/* Running, by itself. */
		make(&task, 20);
		task.script = end_itself;
		saw_end = false;
		zassert_ok(taskpool_task_enable(&eager, &task.task, K_NO_WAIT));
		expect_end(&task, 1, outcome, 0);
		zassert_true(saw_end);
		zassert_equal(atomic_get(&task.count), 1);
	}
}

static struct taskpool_next end_the_other(struct noted_task *self, const struct taskpool_run *run)
{
	ARG_UNUSED(self);
	ARG_UNUSED(run);
	zassert_equal(taskpool_task_disable(&other.task), 1);
	return taskpool_next_done(0);
}

ZTEST(c, test_task_ends_another_one)
{
	make(&other, 10);
	make(&task, 10);
	task.script = end_the_other;
	begin(&eager, &other);
	zassert_ok(taskpool_task_enable(&slow, &task.task, K_TIMEOUT_ABS_TICKS(zero + 25)));
	until(60);
	EXPECT_SLOTS(&other, 0, 10, 20);
	expect_end(&other, 1, TASKPOOL_DONE, 0);
	expect_end(&task, 1, TASKPOOL_DONE, 0);
}

static struct taskpool_next begin_anew(struct noted_task *self, const struct taskpool_run *run)
{
	if (atomic_get(&self->count) == 2) {
		zassert_equal(taskpool_task_enable(&eager, &self->task, K_TICKS(30)), 1);
	}
	if (atomic_get(&self->count) == 4) {
		/* This submission ends with this run, the next one begins after it. */
		zassert_equal(taskpool_task_cancel(&self->task), 1);
		zassert_ok(taskpool_task_enable(&eager, &self->task, K_NO_WAIT));
	}
	return run->number == 3 ? taskpool_next_done(3) : taskpool_next_default();
}

ZTEST(c, test_task_enables_itself)
{
	static const uint32_t numbers[] = {1, 2, 1, 2, 1, 2, 3};

	make(&task, 10);
	task.script = begin_anew;
	begin(&eager, &task);
	until(100);
	expect_end(&task, 2, TASKPOOL_DONE, 3);
	zassert_equal(atomic_get(&task.count), ARRAY_SIZE(numbers));
	for (int i = 0; i < ARRAY_SIZE(numbers); i++) {
		zassert_equal(task.runs[i].number, numbers[i], "run %d: %d", i, task.runs[i].number);
	}
	zassert_between_inclusive(task.slot[2], task.begun[1] + 31, task.begun[1] + 32);
}

/* Owners of tasks, whose memory is given back by the completion. */
struct owner {
	struct taskpool_task task;
	struct taskpool_end end;
	int runs_left;
};

K_MEM_SLAB_DEFINE_STATIC(owners, ROUND_UP(sizeof(struct owner), 8), 6, 8);
static K_SEM_DEFINE(given_back, 0, 100);
static atomic_t codes;

static struct taskpool_next count_down(struct taskpool_task *task, const struct taskpool_run *run)
{
	struct owner *owner = CONTAINER_OF(task, struct owner, task);

	ARG_UNUSED(run);
	return --owner->runs_left == 0 ? taskpool_next_done(1) : taskpool_next_default();
}

static void give_back(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	struct owner *owner = CONTAINER_OF(end, struct owner, end);

	atomic_add(&codes, outcome == TASKPOOL_DONE ? code : 100);
	/* Whoever looks at it now finds no task. */
	memset(owner, 0xa5, sizeof(*owner));
	k_mem_slab_free(&owners, owner);
	k_sem_give(&given_back);
}

static int begun_owners;

/* From a thread and from an interrupt. */
static void begin_owner(void)
{
	void *memory;
	struct owner *owner;

	if (k_mem_slab_alloc(&owners, &memory, K_NO_WAIT) != 0) {
		return;
	}
	owner = memory;
	*owner = (struct owner){.end = TASKPOOL_END_INITIALIZER(give_back), .runs_left = 1 + begun_owners % 3};
	taskpool_task_init(&owner->task, count_down, K_TICKS(1 + begun_owners % 4));
	taskpool_task_set_end(&owner->task, &owner->end);
	if (taskpool_task_enable(begun_owners % 2 == 0 ? &eager : &slow, &owner->task, K_NO_WAIT) == 0) {
		begun_owners++;
	}
}

ZTEST(c, test_task_gives_its_owner_back)
{
	atomic_clear(&codes);
	begun_owners = 0;
	while (begun_owners < 60) {
		int before = begun_owners;

		begin_owner();
		in_interrupt(begin_owner);
		if (begun_owners == before) {
			k_sleep(K_TICKS(3));
		}
	}
	for (int i = 0; i < begun_owners; i++) {
		zassert_ok(k_sem_take(&given_back, K_SECONDS(1)));
	}
	zassert_equal(atomic_get(&codes), begun_owners);
	zassert_equal(k_mem_slab_num_used_get(&owners), 0);
	zassert_equal(k_sem_take(&given_back, K_MSEC(5)), -EAGAIN, "once each");
}

ZTEST(c, test_task_is_discarded)
{
	/* The second one is ready when its pool drains, and marked. */
	make(&task, 20);
	make(&other, 20);
	zassert_ok(taskpool_task_set_discard(&other.task, true));
	zassert_ok(taskpool_task_enable(&slow, &task.task, K_TICKS(50)));
	zassert_ok(taskpool_task_enable(&slow, &other.task, K_NO_WAIT));
	zassert_equal(taskpool_task_set_discard(&other.task, false), -EBUSY);
	zassert_equal(taskpool_task_set_end(&other.task, NULL), -EBUSY);
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	expect_end(&task, 1, TASKPOOL_DISCARDED, 0);
	expect_end(&other, 1, TASKPOOL_DISCARDED, 0);
	zassert_equal(atomic_get(&other.count), 0);
	zassert_equal(taskpool_task_enable(&slow, &task.task, K_NO_WAIT), -ESHUTDOWN);
	zassert_ok(taskpool_restart(&slow));
	/* Without the mark its run is drained; then it has no next one. */
	zassert_ok(taskpool_task_set_discard(&other.task, false));
	zassert_ok(taskpool_task_enable(&slow, &other.task, K_NO_WAIT));
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(atomic_get(&other.count), 1);
	expect_end(&other, 2, TASKPOOL_DISCARDED, 0);
	zassert_ok(taskpool_restart(&slow));
}

static struct taskpool_next wait_for_itself(struct noted_task *self, const struct taskpool_run *run)
{
	ARG_UNUSED(run);
	self->code = taskpool_task_wait(&self->task, K_FOREVER, NULL);
	return taskpool_next_done(self->code);
}

ZTEST(c, test_task_does_not_wait_for_itself)
{
	make(&task, 20);
	task.script = wait_for_itself;
	zassert_ok(taskpool_task_enable(&eager, &task.task, K_NO_WAIT));
	expect_end(&task, 1, TASKPOOL_DONE, -EDEADLK);
}

/* --- what defines it --- */

static atomic_t runs_of_defined, ends_of_defined;

/* Not `ended`: it is part of nothing. */
static void end_defined(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	ARG_UNUSED(end);
	ARG_UNUSED(outcome);
	ARG_UNUSED(code);
	atomic_inc(&ends_of_defined);
}

static struct taskpool_end end_of_defined = TASKPOOL_END_INITIALIZER(end_defined);

static struct taskpool_next run_defined(struct taskpool_task *self, const struct taskpool_run *run)
{
	ARG_UNUSED(self);
	ARG_UNUSED(run);
	atomic_inc(&runs_of_defined);
	return taskpool_next_default();
}

static TASKPOOL_TASK_DEFINE(plainly_defined, run_defined, 10);
static TASKPOOL_TASK_DEFINE_WITH(defined_with, run_defined, k_ms_to_ticks_ceil64(2), 3, TASKPOOL_MISSED_CATCH_UP(200), 95,
				 NULL, 2, true);
static TASKPOOL_TASK_DEFINE_WITH(defined_without, run_defined, TASKPOOL_LONGEST_SPAN, 0, TASKPOOL_MISSED_FROM_END, 0,
				 &end_of_defined, 0, false);

ZTEST(c, test_tasks_are_defined)
{
	struct taskpool_task made = TASKPOOL_TASK_INITIALIZER(run_defined, 10);
	k_ticks_t tick;

	zassert_equal(sizeof(void *) == 4 ? 108 + 4 * IS_ENABLED(CONFIG_TASKPOOL_NAMES) : sizeof(made), sizeof(made), "%zu",
		      sizeof(made));
	tick = k_uptime_ticks() + 40;
	zassert_ok(taskpool_task_enable(&slow, &plainly_defined, K_TIMEOUT_ABS_TICKS(tick)));
	k_sleep(K_TIMEOUT_ABS_TICKS(tick + 4));
	zassert_equal(atomic_get(&runs_of_defined), 1);
	zassert_ok(taskpool_task_next_run(&plainly_defined, &tick));
	zassert_equal(taskpool_task_cancel(&plainly_defined), 1);
	zassert_equal(defined_with.core.policy, 1);
	zassert_equal(defined_with.core.most, 200);
	atomic_clear(&runs_of_defined);
	zassert_ok(taskpool_task_enable(&slow, &defined_with, K_NO_WAIT));
	zassert_equal(taskpool_task_wait(&defined_with, K_MSEC(20), NULL), TASKPOOL_DONE);
	zassert_equal(atomic_get(&runs_of_defined), 3);
	/* Now it has no end but its time. */
	zassert_ok(taskpool_task_set_iterations(&defined_with, 0));
	zassert_ok(taskpool_task_enable(&slow, &defined_with, K_NO_WAIT));
	zassert_equal(taskpool_task_wait(&defined_with, K_MSEC(20), NULL), TASKPOOL_TIMED_OUT);
	zassert_equal(atomic_get(&runs_of_defined), 3 + 5);
	zassert_ok(taskpool_task_enable(&slow, &defined_without, K_NO_WAIT));
	settle();
	zassert_equal(atomic_get(&runs_of_defined), 3 + 5 + 1);
	zassert_ok(taskpool_task_next_run(&defined_without, &tick));
	zassert_true(tick >= TASKPOOL_LONGEST_SPAN);
	zassert_equal(taskpool_task_status(&defined_without, &tick), TASKPOOL_DEFERRED);
	zassert_ok(taskpool_task_set_end(&made, &end_of_defined));
	zassert_equal(taskpool_task_set_end(&defined_without, NULL), -EBUSY);
	zassert_equal(taskpool_task_disable(&defined_without), 1);
	zassert_equal(atomic_get(&ends_of_defined), 1);
	zassert_ok(taskpool_task_set_end(&defined_without, NULL));
}

/* --- errors --- */

ZTEST(c, test_tasks_that_are_none)
{
	static struct taskpool_task nothing;
	static struct taskpool_end no_end;
	struct taskpool_task *none[] = {NULL, &nothing};
	k_ticks_t tick;

	make(&task, 10);
	zassert_equal(taskpool_task_init(NULL, run_first, K_TICKS(1)), -EINVAL);
	zassert_equal(taskpool_task_init(&task.task, NULL, K_TICKS(1)), -EINVAL);
	zassert_equal(taskpool_task_init(&task.task, run_first, K_TIMEOUT_ABS_TICKS(1)), -EINVAL);
	zassert_equal(taskpool_task_set_end(&task.task, &no_end), -EINVAL);
	zassert_equal(taskpool_task_set_missed(&task.task, 4), -EINVAL);
	zassert_equal(taskpool_task_set_missed(&task.task, TASKPOOL_MISSED_SKIP | 1 << 8), -EINVAL);
	zassert_equal(taskpool_task_set_level(&task.task, 3), -EINVAL);
	zassert_ok(taskpool_task_set_level(&task.task, 2));
	zassert_equal(taskpool_task_next_run(&task.task, NULL), -EINVAL);
	zassert_equal(taskpool_task_enable(NULL, &task.task, K_NO_WAIT), -EINVAL);
	zassert_ok(taskpool_task_counts(&task.task, NULL, NULL));
	for (int i = 0; i < ARRAY_SIZE(none); i++) {
		zassert_equal(taskpool_task_set_end(none[i], NULL), -EINVAL);
		zassert_equal(taskpool_task_set_discard(none[i], true), -EINVAL);
		zassert_equal(taskpool_task_set_missed(none[i], TASKPOOL_MISSED_SKIP), -EINVAL);
		zassert_equal(taskpool_task_enable(&slow, none[i], K_NO_WAIT), -EINVAL);
		zassert_equal(taskpool_task_disable(none[i]), -EINVAL);
		zassert_equal(taskpool_task_cancel(none[i]), -EINVAL);
		zassert_equal(taskpool_task_abort(none[i]), -EINVAL);
		zassert_equal(taskpool_task_trigger(none[i]), -EINVAL);
		zassert_equal(taskpool_task_postpone(none[i], K_TICKS(1)), -EINVAL);
		zassert_equal(taskpool_task_shift(none[i], 1), -EINVAL);
		zassert_equal(taskpool_task_set_interval(none[i], K_TICKS(1), TASKPOOL_REPHASE_KEEP), -EINVAL);
		zassert_equal(taskpool_task_set_iterations(none[i], 1), -EINVAL);
		zassert_equal(taskpool_task_set_timeout(none[i], K_TICKS(1)), -EINVAL);
		zassert_equal(taskpool_task_reset_timeout(none[i]), -EINVAL);
		zassert_equal(taskpool_task_set_run(none[i], run_first), -EINVAL);
		zassert_equal(taskpool_task_set_level(none[i], 1), -EINVAL);
		zassert_equal(taskpool_task_next_run(none[i], &tick), -EINVAL);
		zassert_equal(taskpool_task_counts(none[i], NULL, NULL), -EINVAL);
		zassert_equal(taskpool_task_status(none[i], NULL), -EINVAL);
		zassert_equal(taskpool_task_wait(none[i], K_NO_WAIT, NULL), -EINVAL);
	}
	/* A task is no job to be submitted. */
	zassert_equal(taskpool_submit(&slow, (struct taskpool_job *)&task.task), -EINVAL);
	zassert_not_null(strstr(taskpool_strerror(-ESRCH), "enable it first"));
	zassert_not_null(strstr(taskpool_strerror(-EBUSY), "another pool"));
}

ZTEST(c, test_task_is_in_one_pool)
{
	make(&task, 10);
	zassert_ok(taskpool_task_enable(&slow, &task.task, K_TICKS(100)));
	zassert_equal(taskpool_task_enable(&eager, &task.task, K_NO_WAIT), -EBUSY);
	zassert_equal(taskpool_task_status(&task.task, NULL), TASKPOOL_DEFERRED, "nothing has changed");
	zassert_equal(taskpool_task_cancel(&task.task), 1);
	zassert_ok(taskpool_task_enable(&eager, &task.task, K_NO_WAIT));
	zassert_equal(taskpool_task_cancel(&task.task), 1);
	zassert_equal(atomic_get(&task.count), 1);
}

/* --- in interrupts --- */

static void enable_in_interrupt(void)
{
	struct taskpool_task made;
	k_ticks_t tick = 0;
	k_ticks_t now = k_uptime_ticks();

	note(taskpool_task_init(&made, run_first, K_TICKS(5)), 0);
	note(taskpool_task_set_end(&made, NULL), 0);
	note(taskpool_task_set_discard(&made, true), 0);
	note(taskpool_task_set_missed(&made, TASKPOOL_MISSED_FROM_START), 0);
	note(taskpool_task_trigger(&isr_task.task), -ESRCH);
	note(taskpool_task_enable(&slow, &isr_task.task, K_TICKS(1000)), 0);
	note(taskpool_task_enable(&eager, &isr_task.task, K_NO_WAIT), -EBUSY);
	note(taskpool_task_next_run(&isr_task.task, &tick), 0);
	note(tick >= now + 1001 && tick <= k_uptime_ticks() + 1001, true);
	now = k_uptime_ticks();
	note(taskpool_task_postpone(&isr_task.task, K_TICKS(500)), 0);
	note(taskpool_task_shift(&isr_task.task, -100), 0);
	note(taskpool_task_next_run(&isr_task.task, &tick), 0);
	note(tick >= now + 401 && tick <= k_uptime_ticks() + 401, true);
	now = k_uptime_ticks();
	note(taskpool_task_set_interval(&isr_task.task, K_TICKS(700), TASKPOOL_REPHASE_FROM_NOW), 0);
	note(taskpool_task_set_iterations(&isr_task.task, 2), 0);
	note(taskpool_task_set_timeout(&isr_task.task, K_TICKS(9000)), 0);
	note(taskpool_task_reset_timeout(&isr_task.task), 0);
	note(taskpool_task_set_level(&isr_task.task, 1), 0);
	note(taskpool_task_set_run(&isr_task.task, run_second), 0);
	note(taskpool_task_counts(&isr_task.task, NULL, NULL), 0);
	note(taskpool_task_status(&isr_task.task, &tick), TASKPOOL_DEFERRED);
	note(tick >= now + 700 && tick <= k_uptime_ticks() + 700, true);
	note(taskpool_task_wait(&isr_task.task, K_NO_WAIT, NULL), -EAGAIN);
	note(taskpool_task_wait(&isr_task.task, K_MSEC(1), NULL), -EPERM);
	note(taskpool_task_trigger(&isr_task.task), 0);
	note(taskpool_task_status(&isr_task.task, NULL), TASKPOOL_QUEUED);
}

static void end_in_interrupt(void)
{
	note(ends[end_now].end(&isr_task.task), 1);
	note(atomic_get(&isr_task.told), 1);
	note(taskpool_task_wait(&isr_task.task, K_NO_WAIT, NULL), ends[end_now].outcome);
	note(ends[end_now].end(&isr_task.task), 0);
}

ZTEST(c, test_interrupts_do_with_tasks_what_they_like)
{
	for (end_now = 0; end_now < ARRAY_SIZE(ends); end_now++) {
		make(&isr_task, 10);
		in_interrupt(enable_in_interrupt);
		expect_noted(26);
		settle();
		zassert_equal(atomic_get(&isr_task.count), 1);
		zassert_equal(isr_task.function[0], 2);
		in_interrupt(end_in_interrupt);
		expect_noted(4);
		expect_end(&isr_task, 1, ends[end_now].outcome, 0);
	}
}

static void end_run_in_interrupt(void)
{
	note(taskpool_task_cancel(&isr_task.task), 1);
	note(atomic_get(&isr_task.told), 0);
	note(taskpool_task_status(&isr_task.task, NULL), TASKPOOL_RUNNING | TASKPOOL_RUN_CANCELLED);
	note(taskpool_task_wait(&isr_task.task, K_NO_WAIT, NULL), -EAGAIN);
	note(taskpool_task_cancel(&isr_task.task), 0);
}

static struct taskpool_next be_interrupted(struct noted_task *self, const struct taskpool_run *run)
{
	ARG_UNUSED(self);
	in_interrupt(end_run_in_interrupt);
	return taskpool_ctx_cancelled(run->ctx) ? taskpool_next_done(1) : taskpool_next_done(2);
}

ZTEST(c, test_interrupts_end_running_tasks)
{
	make(&isr_task, 10);
	isr_task.script = be_interrupted;
	zassert_ok(taskpool_task_enable(&eager, &isr_task.task, K_NO_WAIT));
	expect_noted(5);
	expect_end(&isr_task, 1, TASKPOOL_CANCELLED, 0);
}
