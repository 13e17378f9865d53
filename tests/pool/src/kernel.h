/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What src/kernel.rs needs of the kernel and zephyr-sys does not offer.
 */

#ifndef TEST_KERNEL_H_
#define TEST_KERNEL_H_

#include <stdbool.h>
#include <stdint.h>

#include <zephyr/kernel.h>

uint32_t test_cycles_per_tick(void);
bool test_log_contains(const char *text);
bool test_absent_is_untouched(void);

/* Threads beside the one of the test. */
#define TEST_THREADS 3
void test_thread_start(uint32_t index, int priority, void (*entry)(void));
void test_thread_join(uint32_t index);

#endif /* TEST_KERNEL_H_ */
