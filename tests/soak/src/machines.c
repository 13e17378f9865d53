/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A thousand state machines with a period of 500 ms, for simulated hours: tasks that end themselves after some time,
 * whose memory their completion gives back, and in whose place it makes other ones.
 *
 * Simulated time stands still while code runs. So each run begins in the very tick of its slot, none is missed, and at
 * the end of each hour there were exactly so many runs as slots.
 */

#include <string.h>

#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/task.h>

#define MACHINES 1000
#define WORKERS  4
#define PERIOD   k_ms_to_ticks_ceil64(500)
/* Those of a phase are due in the same tick. There are more of them than the clock interrupt expires at once. */
#define PHASES   50
#define STEP     (PERIOD / PHASES)
#define HOUR     (3600ULL * CONFIG_SYS_CLOCK_TICKS_PER_SEC)
/* How many runs a machine has. */
#define SHORTEST 50
#define LONGEST  500
/* Some are made before the memory of the one before them is free. */
#define ROOM     (MACHINES + WORKERS)
#define STATES   3
/* What memory is filled with that nobody has. */
#define NOBODY   0xa5
/* The slab keeps its list in the first of it. */
#define LIST     sizeof(void *)

BUILD_ASSERT(PERIOD % PHASES == 0 && MACHINES / PHASES > CONFIG_TASKPOOL_EXPIRY_BATCH);

TASKPOOL_DEFINE(soak_machines, WORKERS, 2048, 7);

/* The owner of a task and of its completion. */
struct machine {
	/* Nothing that matters lies where the slab keeps its list. */
	void *list;
	struct taskpool_task task;
	struct taskpool_end end;
	/* The tick of its next run. */
	uint64_t due;
	uint32_t runs;
	uint32_t life;
};

K_MEM_SLAB_DEFINE_STATIC(memory, sizeof(struct machine), ROOM, __alignof__(struct machine));

static atomic_t made;
static atomic_t ended;
/* Of the lives of those that ended. */
static atomic_t lived;
static atomic_t runs;
static atomic_t runs_of_states[STATES];
static atomic_t runs_of_workers[WORKERS];
/* The machines have no successors any more. */
static atomic_t over;

static struct taskpool_next first_state(struct taskpool_task *task, const struct taskpool_run *run);
static struct taskpool_next second_state(struct taskpool_task *task, const struct taskpool_run *run);
static struct taskpool_next third_state(struct taskpool_task *task, const struct taskpool_run *run);

/* Of the host. */
uint64_t soak_wall_ms(void);

/* In whatever thread: it ends the program. */
#define CHECK(what, ...)                                                                                               \
	do {                                                                                                           \
		if (!(what)) {                                                                                         \
			printk("FAILED, line %d: %s: ", __LINE__, #what);                                              \
			printk(__VA_ARGS__);                                                                           \
			printk("\n");                                                                                  \
			k_panic();                                                                                     \
		}                                                                                                      \
	} while (false)

/* Whether nobody has written memory since it was filled. */
static bool is_untouched(const struct machine *machine)
{
	const uint8_t *bytes = (const uint8_t *)machine;

	for (size_t i = LIST; i < sizeof(*machine); i++) {
		if (bytes[i] != NOBODY) {
			return false;
		}
	}
	return true;
}

static void give_back(struct machine *machine)
{
	memset(machine, NOBODY, sizeof(*machine));
	k_mem_slab_free(&memory, machine);
}

static void tell(const struct taskpool_end *end, enum taskpool_outcome outcome, int code);

static void make(uint64_t due)
{
	uint32_t number = atomic_inc(&made);
	struct machine *machine;

	CHECK(k_mem_slab_alloc(&memory, (void **)&machine, K_NO_WAIT) == 0, "of %d", ROOM);
	CHECK(is_untouched(machine), "machine %u", number);
	machine->end = (struct taskpool_end)TASKPOOL_END_INITIALIZER(tell);
	machine->due = due;
	machine->runs = 0;
	/* As good as random. */
	machine->life = SHORTEST + (number * 2654435761U >> 8) % (LONGEST - SHORTEST + 1);
	CHECK(taskpool_task_init(&machine->task, first_state, K_TICKS(PERIOD)) == 0, "machine %u", number);
	CHECK(taskpool_task_set_end(&machine->task, &machine->end) == 0, "machine %u", number);
	CHECK(taskpool_task_enable(&soak_machines, &machine->task, K_TIMEOUT_ABS_TICKS(due)) == 0, "machine %u",
	      number);
}

/* The end of a machine: another one takes its place in time, and perhaps in memory. */
static void tell(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	struct machine *machine = CONTAINER_OF(end, struct machine, end);
	uint64_t due = machine->due;
	bool early = code % 2 != 0;

	CHECK(outcome == TASKPOOL_DONE, "%d", outcome);
	CHECK((uint32_t)code == machine->runs, "%d, %u", code, machine->runs);
	CHECK(machine->runs == machine->life || atomic_get(&over) != 0, "%u of %u", machine->runs, machine->life);
	atomic_inc(&ended);
	atomic_add(&lived, code);
	if (early && atomic_get(&over) == 0) {
		make(due);
	}
	give_back(machine);
	if (!early && atomic_get(&over) == 0) {
		make(due);
	}
}

static struct taskpool_next step(struct taskpool_task *task, const struct taskpool_run *run, int state,
				 taskpool_task_run_t next)
{
	struct machine *machine = CONTAINER_OF(task, struct machine, task);
	uint64_t now = k_uptime_ticks();

	CHECK(now == machine->due, "%llu, due %llu", now, machine->due);
	CHECK(run->late == 0 && run->missed == 0 && run->left == PERIOD, "%lld late, %u missed, %lld left",
	      (long long)run->late, run->missed, (long long)run->left);
	machine->due += PERIOD;
	machine->runs++;
	CHECK(run->number == machine->runs, "%u, %u", run->number, machine->runs);
	CHECK((run->number - 1) % STATES == (uint32_t)state, "run %u in state %d", run->number, state);
	atomic_inc(&runs_of_states[state]);
	atomic_inc(&runs_of_workers[taskpool_ctx_worker(run->ctx) % WORKERS]);
	if (atomic_inc(&runs) % 64 == 0) {
		/* In the midst of a run, others run. */
		k_yield();
	}
	if (machine->runs == machine->life || atomic_get(&over) != 0) {
		return taskpool_next_done(machine->runs);
	}
	CHECK(taskpool_task_set_run(task, next) == 0, "run %u", run->number);
	return taskpool_next_default();
}

static struct taskpool_next first_state(struct taskpool_task *task, const struct taskpool_run *run)
{
	return step(task, run, 0, second_state);
}

static struct taskpool_next second_state(struct taskpool_task *task, const struct taskpool_run *run)
{
	return step(task, run, 1, third_state);
}

static struct taskpool_next third_state(struct taskpool_task *task, const struct taskpool_run *run)
{
	return step(task, run, 2, first_state);
}

static uint64_t sum(const atomic_t *counts, size_t length)
{
	uint64_t total = 0;

	for (size_t i = 0; i < length; i++) {
		total += atomic_get(&counts[i]);
	}
	return total;
}

/* So many have run, all of them in one of the states, and on one of the workers. */
static void expect_runs(uint64_t expected)
{
	zassert_equal(atomic_get(&runs), expected, "%ld, not %llu", atomic_get(&runs), expected);
	zassert_equal(sum(runs_of_states, STATES), expected);
	zassert_equal(sum(runs_of_workers, WORKERS), expected);
}

static void expect_machines(uint32_t expected)
{
	zassert_equal(atomic_get(&made) - atomic_get(&ended), expected);
	zassert_equal(k_mem_slab_num_used_get(&memory), expected);
}

/* What the pool has counted: each machine was one submission, and nothing had to wait. */
static void expect_stats(uint32_t machines)
{
	struct taskpool_stats stats;

	zassert_ok(taskpool_stats(&soak_machines, &stats));
	zassert_equal(stats.submitted, (uint32_t)atomic_get(&made));
	zassert_equal(stats.submitted - stats.done, machines);
	zassert_equal(stats.cancelled + stats.aborted + stats.timed_out + stats.discarded, 0);
	zassert_equal(stats.queued, 0);
	zassert_equal(stats.workers, WORKERS);
	zassert_equal(stats.worst_lateness, 0);
	zassert_equal(stats.worst_queueing, 0);
}

ZTEST(soak, test_machines)
{
	uint64_t wall = soak_wall_ms();
	uint64_t start, expected;
	static struct machine *all[ROOM];

	for (size_t i = 0; i < ROOM; i++) {
		zassert_ok(k_mem_slab_alloc(&memory, (void **)&all[i], K_NO_WAIT));
	}
	for (size_t i = 0; i < ROOM; i++) {
		give_back(all[i]);
	}
	start = k_uptime_ticks() + PERIOD;
	for (int i = 0; i < MACHINES; i++) {
		make(start + i % PHASES * STEP);
	}
	for (int hour = 1; hour <= CONFIG_SOAK_MACHINE_HOURS; hour++) {
		/* The last slots of an hour are before this, the first ones of the next after it. */
		k_sleep(K_TIMEOUT_ABS_TICKS(start + hour * HOUR - 1));
		expected = hour * (HOUR / PERIOD) * MACHINES;
		expect_runs(expected);
		expect_machines(MACHINES);
		expect_stats(MACHINES);
	}
	/* Each one ends itself in its next run. */
	atomic_set(&over, 1);
	k_sleep(K_TICKS(PERIOD));
	expect_runs(expected + MACHINES);
	expect_machines(0);
	expect_stats(0);
	zassert_equal(atomic_get(&lived), expected + MACHINES);
	for (size_t i = 0; i < ROOM; i++) {
		zassert_ok(k_mem_slab_alloc(&memory, (void **)&all[i], K_NO_WAIT));
		zassert_true(is_untouched(all[i]));
	}
	for (int i = 0; i < WORKERS; i++) {
		zassert_not_equal(atomic_get(&runs_of_workers[i]), 0, "worker %d", i);
	}
	wall = soak_wall_ms() - wall;
	printk("%d hours in %llu s: %ld machines, %ld runs; on the workers %ld, %ld, %ld, %ld\n", CONFIG_SOAK_MACHINE_HOURS,
	       wall / 1000, atomic_get(&ended), atomic_get(&runs), atomic_get(&runs_of_workers[0]),
	       atomic_get(&runs_of_workers[1]), atomic_get(&runs_of_workers[2]), atomic_get(&runs_of_workers[3]));
}
