/* SPDX-License-Identifier: Apache-2.0 */

/* ../../src/lib.rs in C. */

#include <zephyr/kernel.h>

#include <taskpool/taskpool.h>
#if defined(CONFIG_BENCH_TASK)
#include <taskpool/event.h>
#endif

#include "bench.h"

extern struct taskpool bench_fast;

#if defined(CONFIG_BENCH_TASK)
static volatile uint32_t ran;

static struct taskpool_next go_on(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(task);
	ARG_UNUSED(run);
	ran = ran + 1;
	return taskpool_next_default();
}

static TASKPOOL_TASK_DEFINE(task, go_on, 10);

static volatile uint32_t stamp;

static struct taskpool_next take_time(struct taskpool_task *unused, const struct taskpool_run *run)
{
	ARG_UNUSED(unused);
	ARG_UNUSED(run);
	stamp = bench_now();
	return taskpool_next_done(0);
}

static TASKPOOL_EVENT_DEFINE(event);
static TASKPOOL_TASK_DEFINE(waits, take_time, 0);

void bench_task(void)
{
	uint32_t away = 0;

	k_sleep(K_MSEC(100));
	(void)taskpool_task_enable(&bench_fast, &task, TASKPOOL_AFTER_INTERVAL);
	for (uint32_t i = 1; i <= ROUNDS; i++) {
		away += bench_away(&ran, i);
	}
	(void)taskpool_task_disable(&task);
	bench_report("task_period", "taskpool_c", away, ROUNDS, 0);

	uint32_t run = 0;

	for (int i = 0; i < ROUNDS; i++) {
		(void)taskpool_event_arm(&event, 1, K_FOREVER);
		(void)taskpool_task_enable_on(&bench_fast, &waits, &event, false);
		uint32_t start = bench_now();

		(void)taskpool_event_signal(&event, 0);
		run += stamp - start;
	}
	bench_report("signal_to_run", "taskpool_c", run, ROUNDS, ROUNDS);
}
#else
static volatile uint32_t stamp;
static uint32_t before;

static int take_time(const struct taskpool_ctx *ctx, void *unused)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(unused);
	stamp = bench_now();
	return 0;
}

static TASKPOOL_JOB_DEFINE(job, take_time, NULL);

#if defined(CONFIG_BENCH_SPAWN)
void bench_spawn(void)
{
	uint32_t start, run = 0, taken = 0;
	taskpool_handle_t handle;

	k_sleep(K_MSEC(100));
	for (int i = 0; i < ROUNDS; i++) {
		start = bench_now();
		(void)taskpool_spawn(&bench_fast, take_time, NULL, &handle);
		/* Its worker is more urgent: it has run already. */
		(void)taskpool_join(handle, K_FOREVER, NULL);
		taken += bench_now() - start;
		run += stamp - start;
	}
	bench_report("spawn_to_run", "taskpool_c", run, ROUNDS, ROUNDS);
	bench_report("spawn_and_take", "taskpool_c", taken, ROUNDS, 2 * ROUNDS);
}
#elif defined(CONFIG_BENCH_URGENT)
void bench_urgent(void)
{
	uint32_t start, run = 0;

	k_sleep(K_MSEC(100));
	for (int i = 0; i < ROUNDS; i++) {
		start = bench_now();
		(void)taskpool_submit_urgent(&bench_fast, &job);
		/* Its worker is more urgent: it has run already. */
		run += stamp - start;
	}
	bench_report("submit_urgent_to_run", "taskpool_c", run, ROUNDS, ROUNDS);
}
#else
static volatile uint32_t ran;
static uint32_t first, last;

static int count(const struct taskpool_ctx *ctx, void *unused)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(unused);
	if (ran == 0) {
		first = bench_now();
	}
	ran = ran + 1;
	if (ran == BURST) {
		last = bench_now();
	}
	return 0;
}

static struct taskpool_job counts[JOBS];

static void submit_in_interrupt(void)
{
	before = bench_now();
	(void)taskpool_submit(&bench_fast, &job);
}

static void measure_submit(void)
{
	uint32_t start, run = 0, round = 0, isr;

	for (int i = 0; i < ROUNDS; i++) {
		start = bench_now();
		(void)taskpool_submit(&bench_fast, &job);
		round += bench_now() - start;
		run += stamp - start;
	}
	isr = bench_isr(submit_in_interrupt, &before, &stamp);
	bench_report("submit_to_run", "taskpool_c", run, ROUNDS, ROUNDS);
	bench_report("round_trip", "taskpool_c", round, ROUNDS, 2 * ROUNDS);
	bench_report("isr_submit_to_run", "taskpool_c", isr, ROUNDS, ROUNDS);

	ran = 0;
	start = bench_now();
	for (int i = 0; i < BURST; i++) {
		(void)taskpool_submit(&bench_slow, &counts[i]);
	}
	bench_report("submit_queued", "taskpool_c", bench_now() - start, BURST, 1);
	/* The worker runs when this thread sleeps. */
	k_sleep(K_MSEC(100));
	bench_report("drain", "taskpool_c", last - first, BURST - 1, 1);
}

static void cancel_all(void)
{
	for (int i = 0; i < JOBS; i++) {
		(void)taskpool_cancel(&counts[i]);
	}
}

static void measure_defer(void)
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
	uint32_t start, total = 0;

	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		for (uint32_t i = 0; i < cases[c].pending; i++) {
			(void)taskpool_submit_after(&bench_slow, &counts[i], K_MSEC(bench_delay(i)));
		}
		start = bench_now();
		for (int i = 0; i < ROUNDS; i++) {
			(void)taskpool_submit_after(&bench_slow, &counts[JOBS - 1], K_MSEC(2000000));
			(void)taskpool_cancel(&counts[JOBS - 1]);
		}
		bench_report(cases[c].name, "taskpool_c", bench_now() - start, ROUNDS, 1);
		cancel_all();
	}

	for (int i = 0; i < ROUNDS; i++) {
		/* The pool's timer expires for nothing, and is armed again by the next round. */
		k_sleep(K_MSEC(10));
		start = bench_now();
		(void)taskpool_submit_after(&bench_slow, &counts[0], K_MSEC(2));
		(void)taskpool_cancel(&counts[0]);
		total += bench_now() - start;
	}
	bench_report("defer_cancel_first", "taskpool_c", total, ROUNDS, ROUNDS);
	k_sleep(K_MSEC(10));

	start = bench_now();
	for (int i = 0; i < 256; i++) {
		(void)taskpool_submit_after(&bench_slow, &counts[i], K_TICKS(1000000 + i));
	}
	bench_report("defer_ascending_256", "taskpool_c", bench_now() - start, 256, 1);
	cancel_all();
}

void bench_taskpool(void)
{
	k_sleep(K_MSEC(100));
	for (int i = 0; i < JOBS; i++) {
		(void)taskpool_job_init(&counts[i], count, NULL);
	}
	measure_submit();
	measure_defer();
	bench_bytes("job", "taskpool_c", sizeof(struct taskpool_job));
}
#endif
#endif /* CONFIG_BENCH_TASK */

int main(void)
{
	bench_all();
	return 0;
}
