/* SPDX-License-Identifier: Apache-2.0 */

/* What Zephyr offers itself: a semaphore to a waiting thread (the floor), k_work and k_work_delayable. */

#include <zephyr/kernel.h>

#include "bench.h"

static volatile uint32_t stamp;
static uint32_t before;

/* --- The floor: k_sem_give to a thread that waits ------------------------------------------------------------- */

static K_SEM_DEFINE(floor_sem, 0, 1);

static void floor_main(void *a, void *b, void *c)
{
	ARG_UNUSED(a);
	ARG_UNUSED(b);
	ARG_UNUSED(c);
	for (;;) {
		(void)k_sem_take(&floor_sem, K_FOREVER);
		stamp = bench_now();
	}
}

K_THREAD_DEFINE(floor_thread, 1024, floor_main, NULL, NULL, NULL, FAST_PRIORITY, 0, 0);

static void give_in_interrupt(void)
{
	before = bench_now();
	k_sem_give(&floor_sem);
}

static void bench_floor(void)
{
	uint32_t run = 0, round = 0, isr;

	for (int i = 0; i < ROUNDS; i++) {
		uint32_t start = bench_now();

		k_sem_give(&floor_sem);
		round += bench_now() - start;
		run += stamp - start;
	}
	isr = bench_isr(give_in_interrupt, &before, &stamp);
	bench_report("submit_to_run", "floor", run, ROUNDS, ROUNDS);
	/* The thread has read the clock too. */
	bench_report("round_trip", "floor", round, ROUNDS, 2 * ROUNDS);
	bench_report("isr_submit_to_run", "floor", isr, ROUNDS, ROUNDS);
}

/* --- k_work ---------------------------------------------------------------------------------------------------- */

static struct k_work_q fast_queue, slow_queue;
static K_THREAD_STACK_DEFINE(fast_stack, 1024);
static K_THREAD_STACK_DEFINE(slow_stack, 1024);
static struct k_work items[BURST];
static struct k_work_delayable delayables[JOBS];
static volatile uint32_t ran;

static void handle(struct k_work *item)
{
	ARG_UNUSED(item);
	stamp = bench_now();
}

static uint32_t first, last;

static void count(struct k_work *item)
{
	ARG_UNUSED(item);
	if (ran == 0) {
		first = bench_now();
	}
	ran = ran + 1;
	if (ran == BURST) {
		last = bench_now();
	}
}

static struct k_work work = Z_WORK_INITIALIZER(handle);

static void submit_in_interrupt(void)
{
	before = bench_now();
	k_work_submit_to_queue(&fast_queue, &work);
}

static void bench_submit(void)
{
	uint32_t start, run = 0, round = 0, isr;

	for (int i = 0; i < ROUNDS; i++) {
		start = bench_now();
		k_work_submit_to_queue(&fast_queue, &work);
		round += bench_now() - start;
		run += stamp - start;
	}
	isr = bench_isr(submit_in_interrupt, &before, &stamp);
	bench_report("submit_to_run", "k_work", run, ROUNDS, ROUNDS);
	bench_report("round_trip", "k_work", round, ROUNDS, 2 * ROUNDS);
	bench_report("isr_submit_to_run", "k_work", isr, ROUNDS, ROUNDS);

	for (int i = 0; i < BURST; i++) {
		k_work_init(&items[i], count);
	}
	ran = 0;
	start = bench_now();
	for (int i = 0; i < BURST; i++) {
		k_work_submit_to_queue(&slow_queue, &items[i]);
	}
	bench_report("submit_queued", "k_work", bench_now() - start, BURST, 1);

	/* The queue's thread runs when this one sleeps. */
	k_sleep(K_MSEC(100));
	bench_report("drain", "k_work", last - first, BURST - 1, 1);
}

static void defer(uint32_t n, uint32_t delay)
{
	k_work_schedule_for_queue(&slow_queue, &delayables[n], K_MSEC(delay));
}

static void cancel_all(void)
{
	for (int i = 0; i < JOBS; i++) {
		k_work_cancel_delayable(&delayables[i]);
	}
}

static void bench_defer(void)
{
	static const struct {
		const char *name;
		uint32_t pending;
	} cases[] = {
		{"defer_cancel_1", 1},
		{"defer_cancel_16", 16},
		{"defer_cancel_64", 64},
		{"defer_cancel_256", 256},
	};
	uint32_t start, total;

	for (int i = 0; i < JOBS; i++) {
		k_work_init_delayable(&delayables[i], count);
	}
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		for (uint32_t i = 0; i < cases[c].pending; i++) {
			defer(i, bench_delay(i));
		}
		start = bench_now();
		for (int i = 0; i < ROUNDS; i++) {
			defer(JOBS - 1, 2000000);
			k_work_cancel_delayable(&delayables[JOBS - 1]);
		}
		bench_report(cases[c].name, "k_work", bench_now() - start, ROUNDS, 1);
		cancel_all();
	}

	total = 0;
	for (int i = 0; i < ROUNDS; i++) {
		start = bench_now();
		defer(0, 2);
		k_work_cancel_delayable(&delayables[0]);
		total += bench_now() - start;
		k_sleep(K_MSEC(10));
	}
	bench_report("defer_cancel_first", "k_work", total, ROUNDS, ROUNDS);

	start = bench_now();
	for (uint32_t i = 0; i < 256; i++) {
		defer(i, 1000000 + i);
	}
	bench_report("defer_ascending_256", "k_work", bench_now() - start, 256, 1);
	cancel_all();

	/* All at one tick, for a queue that is more urgent than this thread. */
	for (int i = 0; i < 64; i++) {
		k_work_schedule_for_queue(&fast_queue, &delayables[i],
					  K_TIMEOUT_ABS_TICKS(k_uptime_ticks() / 100 * 100 + 200));
	}
	ran = 0;
	total = bench_away(&ran, 64);
	bench_report("expire_64", "k_work", total, 64, 0);
}

/* As src/task.rs has it of a task: what schedules itself again. */
static void go_on(struct k_work *work)
{
	ran = ran + 1;
	(void)k_work_schedule_for_queue(&fast_queue, k_work_delayable_from_work(work), K_TICKS(10));
}

void bench_kernel_period(void)
{
	uint32_t away = 0;

	k_work_queue_start(&fast_queue, fast_stack, K_THREAD_STACK_SIZEOF(fast_stack), FAST_PRIORITY, NULL);
	k_sleep(K_MSEC(100));
	k_work_init_delayable(&delayables[0], go_on);
	(void)k_work_schedule_for_queue(&fast_queue, &delayables[0], K_TICKS(10));
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		away += bench_away(&ran, i);
	}
	k_work_cancel_delayable(&delayables[0]);
	bench_report("task_period", "k_work", away, ROUNDS, 0);
}

void bench_kernel(void)
{
	bench_floor();
	k_work_queue_start(&fast_queue, fast_stack, K_THREAD_STACK_SIZEOF(fast_stack), FAST_PRIORITY, NULL);
	k_work_queue_start(&slow_queue, slow_stack, K_THREAD_STACK_SIZEOF(slow_stack), SLOW_PRIORITY, NULL);
	/* Both threads go to wait. */
	k_sleep(K_MSEC(100));
	bench_submit();
	bench_defer();
	bench_bytes("job", "k_work", sizeof(struct k_work_delayable));
	bench_bytes("pool", "k_work", sizeof(struct k_work_q));
}
