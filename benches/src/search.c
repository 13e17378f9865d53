/* SPDX-License-Identifier: Apache-2.0 */

/* What search.rs needs of C. */

#include <string.h>

#include <zephyr/irq.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include <taskpool/taskpool.h>

#include "bench.h"

/* Cases to repeat: scripts/bench.py lays them here before the start, and the boot leaves them alone. */
__noinit uint32_t bench_cases[BENCH_CASES];

void bench_found(const char *kind, uint32_t cycles, uint32_t found)
{
	printk("found: %s %u %u\n", kind, cycles, found);
}

void bench_searched(uint32_t trees, uint32_t operations)
{
	printk("searched: %u %u\n", trees, operations);
}

uint32_t bench_mask(void)
{
	return irq_lock();
}

void bench_unmask(uint32_t key)
{
	irq_unlock(key);
}

/* The state of all jobs, and of their pool. */
static struct taskpool_core kept_pool;
static uint64_t kept_jobs[12 * 1024 / sizeof(uint64_t)];

void bench_keep(const void *jobs, size_t size)
{
	if (size > sizeof(kept_jobs)) {
		k_panic();
	}
	kept_pool = bench_slow.core;
	memcpy(kept_jobs, jobs, size);
}

void bench_bring_back(void *jobs, size_t size)
{
	bench_slow.core = kept_pool;
	memcpy(jobs, kept_jobs, size);
}
