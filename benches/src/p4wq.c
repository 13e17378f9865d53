/* SPDX-License-Identifier: Apache-2.0 */

/* k_p4wq: a pool whose workers take the priority of their items. It needs CONFIG_SCHED_DEADLINE, hence its own image. */

#include <zephyr/kernel.h>
#include <zephyr/sys/p4wq.h>

#include "bench.h"

K_P4WQ_DEFINE(p4wq, 1, 1024);

static volatile uint32_t stamp;
static uint32_t before;

static void handle(struct k_p4wq_work *item)
{
	ARG_UNUSED(item);
	stamp = bench_now();
}

static void nothing(struct k_p4wq_work *item)
{
	ARG_UNUSED(item);
}

static struct k_p4wq_work work = {.priority = FAST_PRIORITY, .handler = handle};
static struct k_p4wq_work items[BURST];

static void submit_in_interrupt(void)
{
	/* Submission adds to the deadline. */
	work.deadline = 0;
	before = bench_now();
	k_p4wq_submit(&p4wq, &work);
}

void bench_p4wq(void)
{
	uint32_t start, run = 0, round = 0, isr;

	/* The workers go to wait. */
	k_sleep(K_MSEC(100));
	for (int i = 0; i < ROUNDS; i++) {
		work.deadline = 0;
		start = bench_now();
		k_p4wq_submit(&p4wq, &work);
		round += bench_now() - start;
		run += stamp - start;
	}
	isr = bench_isr(submit_in_interrupt, &before, &stamp);
	bench_report("submit_to_run", "p4wq", run, ROUNDS, ROUNDS);
	bench_report("round_trip", "p4wq", round, ROUNDS, 2 * ROUNDS);
	bench_report("isr_submit_to_run", "p4wq", isr, ROUNDS, ROUNDS);

	for (int i = 0; i < BURST; i++) {
		items[i] = (struct k_p4wq_work){.priority = SLOW_PRIORITY, .handler = nothing};
	}
	start = bench_now();
	for (int i = 0; i < BURST; i++) {
		k_p4wq_submit(&p4wq, &items[i]);
	}
	bench_report("submit_queued", "p4wq", bench_now() - start, BURST, 1);
	bench_bytes("job", "p4wq", sizeof(struct k_p4wq_work));
	bench_bytes("pool", "p4wq", sizeof(struct k_p4wq));
}
