/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The load on one CPU, with an interrupt that comes after a random number of instructions.
 */

#include <zephyr/init.h>
#include <zephyr/irq.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/util.h>
#include <zephyr/ztest.h>

#include "load.h"

/* The first general-purpose timer of the LM3S6965, which counts the emulator's clock of 12 MHz. */
#define GPTM(offset) (*(volatile uint32_t *)(0x40030000 + (offset)))
#define GPTM_TAMR    0x04
#define GPTM_CTL     0x0c
#define GPTM_IMR     0x18
#define GPTM_ICR     0x24
#define GPTM_TAILR   0x28
#define GPTM_IRQ     19

#define RCGC1        (*(volatile uint32_t *)0x400fe104)
#define RCGC1_TIMER0 BIT(16)
#define TAMR_ONESHOT 1
#define TIMEOUT_A    BIT(0)

/* Between two interrupts: some hundred to some ten thousand instructions. */
#define LEAST_CYCLES 400
#define MOST_CYCLES  40000

/* 0 when it is off. */
static volatile uint32_t random;

static void again(void)
{
	random = (random * 1664525 + 1013904223) | 1;
	GPTM(GPTM_TAILR) = LEAST_CYCLES + (random >> 8) % (MOST_CYCLES - LEAST_CYCLES);
	GPTM(GPTM_CTL) = 1;
}

static void timer_expired(const void *unused)
{
	ARG_UNUSED(unused);
	GPTM(GPTM_ICR) = TIMEOUT_A;
	if (random != 0) {
		load_interrupt();
		again();
	}
}

void load_source(uint32_t seed)
{
	random = seed;
	if (seed != 0) {
		again();
	}
}

static int init(void)
{
	RCGC1 |= RCGC1_TIMER0;
	GPTM(GPTM_TAMR) = TAMR_ONESHOT;
	GPTM(GPTM_IMR) = TIMEOUT_A;
	IRQ_CONNECT(GPTM_IRQ, 0, timer_expired, NULL, 0);
	irq_enable(GPTM_IRQ);
	return 0;
}

SYS_INIT(init, APPLICATION, CONFIG_APPLICATION_INIT_PRIORITY);

ZTEST(stress, test_one_pool)
{
	load_rounds(1, false);
}

ZTEST(stress, test_all_pools)
{
	load_rounds(3, false);
}

ZTEST(stress, test_control)
{
	load_rounds(3, true);
}

ZTEST_SUITE(stress, NULL, NULL, NULL, NULL, NULL);
