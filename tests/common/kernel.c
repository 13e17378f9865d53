/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What kernel.rs needs of the kernel and zephyr-sys does not offer: interrupts.
 */

#include <zephyr/irq_offload.h>
#include <zephyr/kernel.h>

/* Here, because libkernel.a comes before Rust's archive when the image is linked. */
void test_interrupt(void (*routine)(const void *), const void *parameter)
{
	irq_offload(routine, parameter);
}

/* Rust's. */
void test_line_expired(struct k_timer *timer);

static K_TIMER_DEFINE(line, test_line_expired, NULL);

void test_line_start(uint32_t period)
{
	k_timer_start(&line, K_TICKS(period), K_TICKS(period));
}

void test_line_stop(void)
{
	k_timer_stop(&line);
}
