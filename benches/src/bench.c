/* SPDX-License-Identifier: Apache-2.0 */

#include <cmsis_core.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include <taskpool/taskpool.h>

#include "bench.h"

/* Of the same priorities, and with the same stacks, as the queues in kernel.c. */
TASKPOOL_DEFINE(bench_fast, 1, 1024, FAST_PRIORITY);
TASKPOOL_DEFINE(bench_slow, 1, 1024, SLOW_PRIORITY);

uint32_t bench_now(void)
{
	return k_cycle_get_32();
}

void bench_report(const char *measure, const char *who, uint32_t cycles, uint32_t count, uint32_t reads)
{
	printk("bench: %s %s %u %u %u\n", measure, who, cycles, count, reads);
}

void bench_bytes(const char *what, const char *who, uint32_t bytes)
{
	printk("bytes: %s %s %u\n", what, who, bytes);
}

/* A line of the chip that nothing is wired to in this image. */
#define LINE 30

static void (*line_action)(void);

static void line_isr(const void *unused)
{
	ARG_UNUSED(unused);
	line_action();
}

void bench_interrupt(void (*action)(void))
{
	line_action = action;
	NVIC_SetPendingIRQ(LINE);
	__ISB();
}

uint32_t bench_delay(uint32_t n)
{
	/* 7919 is prime, so the remainders of its multiples are spread over the range and don't repeat. */
	return 1000000 + (n + 1) * 7919 % 100003;
}

#define FOREIGN 64
static struct k_timer foreign[FOREIGN];

void bench_foreign(uint32_t count)
{
	for (uint32_t i = 0; i < FOREIGN; i++) {
		if (i < count) {
			k_timer_init(&foreign[i], NULL, NULL);
			k_timer_start(&foreign[i], K_MSEC(bench_delay(i) / 2), K_NO_WAIT);
		} else if (foreign[i].timeout.fn != NULL) {
			k_timer_stop(&foreign[i]);
		}
	}
}

uint32_t bench_away(volatile uint32_t *done, uint32_t count)
{
	uint32_t before = bench_now(), usual = UINT32_MAX, longest = 0;
	bool finished;

	/*
	 * The jobs are more urgent, so all run in one pause of this loop, which may come anywhere in it: also within the
	 * reading. Between two readings is a usual pause and, once, that one.
	 */
	do {
		finished = *done == count;
		uint32_t now = bench_now();

		usual = MIN(usual, now - before);
		longest = MAX(longest, now - before);
		before = now;
	} while (!finished);
	return longest - usual;
}

void bench_all(void)
{
	uint32_t start = bench_now();

	/* What a reading costs, and what a cycle is: the host subtracts the one and divides by the other. */
	for (int i = 0; i < ROUNDS; i++) {
		(void)bench_now();
	}
	bench_report("clock", "cycles", bench_now() - start, ROUNDS + 1, 0);
	start = bench_now();
	__asm__ volatile(".rept 1000\n\tnop\n\t.endr");
	bench_report("nop", "cycles", bench_now() - start, 1000, 1);

	IRQ_CONNECT(LINE, 3, line_isr, NULL, 0);
	irq_enable(LINE);

#if defined(CONFIG_BENCH_SEARCH)
	bench_search();
#elif defined(CONFIG_BENCH_SPAWN)
	bench_spawn();
#elif defined(CONFIG_BENCH_TASK)
	bench_kernel_period();
	bench_task();
#elif defined(CONFIG_BENCH_GROUPS)
	bench_groups();
#elif defined(CONFIG_BENCH_URGENT)
	bench_urgent();
#else
	bench_kernel();
#ifdef CONFIG_SCHED_DEADLINE
	bench_p4wq();
#else
	bench_taskpool();
#endif
	bench_bytes("pool", "taskpool", sizeof(struct taskpool));
	bench_bytes("worker", "taskpool", sizeof(struct taskpool_worker_core));
#endif
	printk("bench: done\n");
}
