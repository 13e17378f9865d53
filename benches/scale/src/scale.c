/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The pool beside k_work_delayable, which is in Zephyr's timeout list, with up to 10,000 deadlines pending. Callgrind
 * counts instructions in two functions only, which scripts/scale.py names: `scale_pairs` here, and the kernel's
 * `sys_clock_announce`, which is the clock interrupt.
 */

#include <stdio.h>

#include <posix_board_if.h>
#include <valgrind/callgrind.h>
#include <zephyr/kernel.h>

#include <taskpool/taskpool.h>

/* Of the pool's worker and the queue's thread. Less urgent than this thread, so nothing else runs in `scale_pairs`. */
#define PRIORITY 12

/* Those that may be pending, and the one that is deferred and cancelled. src/lib.rs has as many jobs. */
#define SPARE 10000
#define ITEMS (SPARE + 1)

#define PAIRS    1000
#define EXPIRIES 100

/* Deadlines are spread over so many ticks. The simulation steps through each tick, which takes time in Callgrind. */
#define RANGE BIT(17)

/* One of those that are compared. */
struct side {
	const char *name;
	void (*defer)(uint32_t item, uint32_t ticks);
	void (*cancel)(uint32_t item);
};

/* What has run. */
K_MSGQ_DEFINE(ran, sizeof(uint32_t), 8, sizeof(uint32_t));

/* What each item does when it runs. */
void scale_ran(uint32_t item)
{
	(void)k_msgq_put(&ran, &item, K_NO_WAIT);
}

/* --- Nothing: what the loop and its calls take, for the host to subtract ---------------------------------------- */

static void nothing_defer(uint32_t item, uint32_t ticks)
{
	ARG_UNUSED(item);
	ARG_UNUSED(ticks);
}

static void nothing_cancel(uint32_t item)
{
	ARG_UNUSED(item);
}

/* --- The pool: src/lib.rs --------------------------------------------------------------------------------------- */

TASKPOOL_DEFINE(scale_pool, 1, 1024, PRIORITY);

void scale_pool_defer(uint32_t item, uint32_t ticks);
void scale_pool_cancel(uint32_t item);

/* --- k_work_delayable ------------------------------------------------------------------------------------------- */

static struct k_work_q queue;
static K_THREAD_STACK_DEFINE(queue_stack, 1024);
static struct k_work_delayable works[ITEMS];

static void run(struct k_work *work)
{
	scale_ran(k_work_delayable_from_work(work) - works);
}

static void work_defer(uint32_t item, uint32_t ticks)
{
	(void)k_work_schedule_for_queue(&queue, &works[item], K_TICKS(ticks));
}

static void work_cancel(uint32_t item)
{
	(void)k_work_cancel_delayable(&works[item]);
}

/* --- The measurements ------------------------------------------------------------------------------------------- */

static uint32_t seed;

/* Ticks in no order: a linear congruential generator, which repeats itself only after all of the range. */
static uint32_t delay(void)
{
	seed = (seed * 1664525 + 1013904223) % RANGE;
	return 1 + seed;
}

static void fill(const struct side *side, uint32_t pending)
{
	seed = 0;
	for (uint32_t i = 0; i < pending; i++) {
		side->defer(i, delay());
	}
}

static void empty(const struct side *side, uint32_t pending)
{
	for (uint32_t i = 0; i < pending; i++) {
		side->cancel(i);
	}
	/* The pool's timer is armed still: it expires for nothing now, and not while something is measured. */
	k_sleep(K_TICKS(RANGE + 1));
}

/* Hands over what was counted since CALLGRIND_ZERO_STATS. */
static void report(const char *measure, const struct side *side, uint32_t pending, uint32_t count)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %s %u %u", measure, side->name, pending, count);
	CALLGRIND_DUMP_STATS_AT(text);
}

__noinline void scale_pairs(const struct side *side, const uint32_t *delays)
{
	for (int i = 0; i < PAIRS; i++) {
		side->defer(SPARE, delays[i]);
		side->cancel(SPARE);
	}
}

static void measure_pairs(const struct side *side, uint32_t pending)
{
	static uint32_t delays[PAIRS];

	fill(side, pending);
	for (int i = 0; i < PAIRS; i++) {
		delays[i] = delay();
	}
	CALLGRIND_ZERO_STATS;
	scale_pairs(side, delays);
	report("defer_cancel", side, pending, PAIRS);
	empty(side, pending);
}

/* What has run is deferred again, uncounted, so as many stay pending. */
static void measure_expiries(const struct side *side, uint32_t pending)
{
	uint32_t item;

	fill(side, pending);
	CALLGRIND_ZERO_STATS;
	for (int i = 0; i < EXPIRIES; i++) {
		(void)k_msgq_get(&ran, &item, K_FOREVER);
		side->defer(item, delay());
	}
	report("expire", side, pending, EXPIRIES);
	empty(side, pending);
	k_msgq_purge(&ran);
}

/* Called by rust_main(). */
void scale_all(void)
{
	static const struct side nothing = {"nothing", nothing_defer, nothing_cancel};
	static const struct side sides[] = {
		{"taskpool", scale_pool_defer, scale_pool_cancel},
		{"k_work", work_defer, work_cancel},
	};

	k_work_queue_start(&queue, queue_stack, K_THREAD_STACK_SIZEOF(queue_stack), PRIORITY, NULL);
	for (int i = 0; i < ITEMS; i++) {
		k_work_init_delayable(&works[i], run);
	}
	measure_pairs(&nothing, 0);
	for (uint32_t pending = 10; pending <= SPARE; pending *= 10) {
		for (size_t i = 0; i < ARRAY_SIZE(sides); i++) {
			measure_pairs(&sides[i], pending);
			measure_expiries(&sides[i], pending);
		}
	}
	posix_exit(0);
}
