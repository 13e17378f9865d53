/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Pools that come and go. On each CPU a thread makes pools of one memory again and again, and overwrites it at once when a
 * pool has been destroyed; a third thread, and interrupts, cancel their jobs meanwhile. The destruction begins shortly
 * after a tick has come, when the clock interrupt may be busy with this pool's timer on the other CPU.
 */

#include <zephyr/irq_offload.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>
#include <zephyr/ztest.h>

#include "churn.h"

#define STACK_SIZE 2048
#define THREADS    2
#define GARBAGE    0xA5

static K_THREAD_STACK_ARRAY_DEFINE(stacks, THREADS + 1, STACK_SIZE);
static struct k_thread threads[THREADS + 1];
static struct taskpool_memory memories[THREADS];
static atomic_t stop;

static uint32_t next(uint32_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 17;
	*random ^= *random << 5;
	return *random;
}

static void check_garbage(const struct taskpool_memory *memory)
{
	for (size_t i = 0; i < sizeof(*memory); i++) {
		if (((const uint8_t *)memory)[i] != GARBAGE) {
			printk("byte %zu of a destroyed pool was written\n", i);
			k_panic();
		}
	}
}

static void churner(void *index, void *rounds, void *unused)
{
	uint32_t thread = (uint32_t)(uintptr_t)index;
	uint32_t random = 2654435761U * (thread + 1);
	struct taskpool_memory *memory = &memories[thread];

	ARG_UNUSED(unused);
	for (uint32_t i = 0; i < (uint32_t)(uintptr_t)rounds; i++) {
		int64_t until;

		if (taskpool_create(memory, "churn", 1 + next(&random) % 2, 2 + random % 10) != 0) {
			k_panic();
		}
		churn_fill(&memory->pool, thread, next(&random));
		until = k_uptime_ticks() + next(&random) % 4;
		if (random % 16 < 4) {
			k_sleep(K_TICKS(1));
		}
		while (k_uptime_ticks() < until) {
		}
		k_busy_wait(next(&random) % 64);
		if (taskpool_destroy(memory, random % 1024 < 128 ? TASKPOOL_DRAIN : TASKPOOL_DISCARD, K_FOREVER) != 0) {
			k_panic();
		}
		memset(memory, GARBAGE, sizeof(*memory));
		if (next(&random) % 4 == 0) {
			k_sleep(K_TICKS(random % 3));
			check_garbage(memory);
		}
	}
}

static void cancel_in_interrupt(const void *random)
{
	churn_cancel((uint32_t)(uintptr_t)random);
}

static void canceller(void *unused1, void *unused2, void *unused3)
{
	uint32_t random = 12345;

	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	ARG_UNUSED(unused3);
	while (!atomic_get(&stop)) {
		churn_cancel(next(&random));
		if (random % 8 == 0) {
			irq_offload(cancel_in_interrupt, (void *)(uintptr_t)next(&random));
		}
		k_busy_wait(random % 128);
		if (random % 5 == 0) {
			k_sleep(K_TICKS(1));
		}
	}
}

static void start(uint32_t index, k_thread_entry_t entry, uint32_t rounds, int priority)
{
	k_thread_create(&threads[index], stacks[index], K_THREAD_STACK_SIZEOF(stacks[index]), entry,
			(void *)(uintptr_t)index, (void *)(uintptr_t)rounds, NULL, priority, 0, K_FOREVER);
#ifdef CONFIG_SCHED_CPU_MASK
	if (index < THREADS) {
		(void)k_thread_cpu_pin(&threads[index], index);
	}
#endif
	k_thread_start(&threads[index]);
}

void churn(uint32_t rounds)
{
	uint32_t books[4];

	atomic_clear(&stop);
	for (uint32_t i = 0; i < THREADS; i++) {
		start(i, churner, rounds, 5);
	}
	start(THREADS, canceller, 0, 4);
	for (uint32_t i = 0; i < THREADS; i++) {
		(void)k_thread_join(&threads[i], K_FOREVER);
	}
	atomic_set(&stop, 1);
	(void)k_thread_join(&threads[THREADS], K_FOREVER);
	/* What was left of a pool would have come by then. */
	k_sleep(K_TICKS(10));
	for (uint32_t i = 0; i < THREADS; i++) {
		check_garbage(&memories[i]);
	}
	churn_audit(books);
	printk("%u pools; of %u submissions %u ran, %u were cancelled, %u discarded\n", THREADS * rounds, books[0],
	       books[1], books[2], books[3]);
}
