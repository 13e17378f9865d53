/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The pools of the soak, and what its Rust side needs of the kernel. src/lib.rs says what is tested.
 */

#include <stdlib.h>

#include <zephyr/fatal.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

#define STACK_SIZE 2048

/* One worker: its jobs run in order. */
TASKPOOL_DEFINE(soak_line, 1, STACK_SIZE, 7);
/* It borrows. */
TASKPOOL_DEFINE_WITH(soak_wide, 2, 4, STACK_SIZE, 8);
BUILD_ASSERT(CONFIG_ZTEST_THREAD_PRIORITY < 7);

/* Rust. */
bool soak(uint32_t hours);
void soak_interrupt(void);

static void expired(struct k_timer *timer)
{
	ARG_UNUSED(timer);
	soak_interrupt();
}

static K_TIMER_DEFINE(interrupt, expired, NULL);

void soak_interrupt_every(uint32_t ticks)
{
	if (ticks == 0) {
		k_timer_stop(&interrupt);
	} else {
		k_timer_start(&interrupt, K_TICKS(ticks), K_TICKS(ticks));
	}
}

void soak_sleep(uint32_t ticks)
{
	k_sleep(K_TICKS(ticks));
}

/* zephyr-lang-rust's main() refers to it. */
void rust_main(void)
{
}

void k_sys_fatal_error_handler(unsigned int reason, const struct arch_esf *esf)
{
	ARG_UNUSED(esf);
	printk("fatal error %u\nPROJECT EXECUTION FAILED\n", reason);
	k_fatal_halt(reason);
}

ZTEST(soak, test_soak)
{
	zassert_true(soak(CONFIG_SOAK_HOURS), "see above");
}

ZTEST_SUITE(soak, NULL, NULL, NULL, NULL, NULL);
