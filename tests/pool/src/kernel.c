/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include "kernel.h"

uint32_t test_cycles_per_tick(void)
{
	return sys_clock_hw_cycles_per_sec() / CONFIG_SYS_CLOCK_TICKS_PER_SEC;
}

static K_THREAD_STACK_ARRAY_DEFINE(stacks, TEST_THREADS, 1536);
static struct k_thread threads[TEST_THREADS];

static void run(void *entry, void *unused1, void *unused2)
{
	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	((void (*)(void))entry)();
}

void test_thread_start(uint32_t index, int priority, void (*entry)(void))
{
	k_thread_create(&threads[index], stacks[index], K_THREAD_STACK_SIZEOF(stacks[index]), run,
			(void *)entry, NULL, NULL, priority, 0, K_NO_WAIT);
}

void test_thread_join(uint32_t index)
{
	(void)k_thread_join(&threads[index], K_FOREVER);
}
