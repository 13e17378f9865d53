/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cases of the sweep, and what its Rust side needs of the kernel. src/lib.rs says what is tested.
 */

#include <zephyr/fatal.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

#include "sweep.h"

/*
 * Above the test thread (CONFIG_ZTEST_THREAD_PRIORITY): its worker preempts an operation. It can't borrow, so a wake
 * that is lost stays lost.
 */
TASKPOOL_DEFINE(sweep_fast, 1, 2048, 2);
/* As above, and it may borrow. */
TASKPOOL_DEFINE_WITH(sweep_lent, 1, 2, 2048, 2);
/* Below the test thread: what is queued stays so until that one waits. */
TASKPOOL_DEFINE(sweep_slow, 1, 2048, 8);

bool sweep_slow_waits(void)
{
	return (_taskpool_workers_sweep_slow[0].thread.base.thread_state & _THREAD_PENDING) != 0;
}

static K_SEM_DEFINE(held, 0, 1);

/* Above the test thread, below the pools' workers. */
#define STALL_PRIORITY 4

static K_SEM_DEFINE(stalled, 0, 1);
static volatile uint32_t stall_end;

/* Keeps the test thread from going on, wherever it is, and nobody else. */
static void stall(void *unused1, void *unused2, void *unused3)
{
	for (;;) {
		k_sem_take(&stalled, K_FOREVER);
		while (sweep_now() < stall_end) {
		}
		sweep_stalled();
	}
}

K_THREAD_DEFINE(stall_thread, 1024, stall, NULL, NULL, NULL, STALL_PRIORITY, 0, 0);

void sweep_stall_until(uint32_t tick)
{
	stall_end = tick;
	k_sem_give(&stalled);
}

uint32_t sweep_now(void)
{
	return k_uptime_ticks();
}

void sweep_sleep_until(uint32_t tick)
{
	k_sleep(K_TIMEOUT_ABS_TICKS(tick));
}

void sweep_hold(void)
{
	k_sem_take(&held, K_FOREVER);
}

void sweep_release(void)
{
	k_sem_give(&held);
}

/* As sweep_slow's. */
#define MADE_PRIORITY 8
#define GARBAGE       0xA5

static struct taskpool_memory made;

const int sweep_eagain = -EAGAIN;

struct taskpool *sweep_create(void)
{
	return taskpool_create(&made, "made", 1, MADE_PRIORITY) == 0 ? &made.pool : NULL;
}

int sweep_destroy(bool discard, bool wait)
{
	return taskpool_destroy(&made, discard ? TASKPOOL_DISCARD : TASKPOOL_DRAIN, wait ? K_FOREVER : K_NO_WAIT);
}

void sweep_overwrite(void)
{
	memset(&made, GARBAGE, sizeof(made));
}

bool sweep_is_overwritten(void)
{
	for (size_t i = 0; i < sizeof(made); i++) {
		if (((const uint8_t *)&made)[i] != GARBAGE) {
			return false;
		}
	}
	return true;
}

/* zephyr-lang-rust's main() refers to it. */
void rust_main(void)
{
}

/* Nothing can be trusted after a panic, no lock either: say where it was, in words that end the test, and stop. */
void k_sys_fatal_error_handler(unsigned int reason, const struct arch_esf *esf)
{
	ARG_UNUSED(esf);
	sweep_print_trial();
	printk("fatal error %u\nPROJECT EXECUTION FAILED\n", reason);
	k_fatal_halt(reason);
}

#define CASE(number_, name_)                                                                                           \
	ZTEST(sweep, test_##name_)                                                                                     \
	{                                                                                                              \
		zassert_true(sweep_case(number_), "see above");                                                        \
	}

/* ztest runs them by name; the first one proves the method that the others rely on. */
ZTEST(sweep, test_00_calibration)
{
	zassert_true(sweep_calibrate(), "see above");
}

/* The numbers of OPERATIONS in src/operation.rs. */
#ifdef CONFIG_TASKPOOL_STATS
CASE(57, 58_stats)
CASE(58, 59_reset_stats)
#else
CASE(0, 01_submit_stays_queued)
CASE(1, 02_submit_round_trip)
CASE(2, 03_submit_running)
CASE(3, 04_defer_running)
CASE(4, 05_submit_borrows_worker)
CASE(5, 06_defer_first)
CASE(6, 07_defer_behind_others)
CASE(7, 08_defer_moves_deadline)
CASE(8, 09_cancel_queued)
CASE(9, 10_cancel_deferred)
CASE(10, 11_cancel_running)
CASE(11, 12_expiry_of_one)
CASE(12, 13_expiry_of_several)
CASE(13, 14_urgent_round_trip)
CASE(14, 15_urgent_moves_to_the_head)
CASE(15, 16_urgent_beyond_the_maximum)
CASE(16, 17_set_level_queued)
CASE(17, 18_hold_submit_release)
CASE(18, 19_pause_submit_resume)
CASE(19, 20_resume_deferred)
CASE(20, 21_set_max_threads_down_and_up)
CASE(21, 22_abort_queued)
CASE(22, 23_abort_deferred)
CASE(23, 24_abort_running)
CASE(24, 25_submit_within_in_time)
CASE(25, 26_submit_within_too_late)
CASE(26, 27_wait_for_queued)
CASE(27, 28_wait_times_out)
CASE(28, 29_cancel_and_wait_queued)
CASE(29, 30_cancel_and_wait_running)
CASE(30, 31_shutdown_drains_queued)
CASE(31, 32_shutdown_discards_queued)
CASE(32, 33_shutdown_discards_deferred)
CASE(33, 34_spawn_and_wait)
CASE(34, 35_spawn_and_cancel)
CASE(35, 36_spawn_and_drop)
CASE(36, 37_scope)
CASE(37, 38_create_and_shutdown)
CASE(38, 39_spawn_after_and_wait)
CASE(39, 40_spawn_after_and_cancel)
CASE(40, 41_spawn_with_and_cancel_running)
CASE(41, 42_spawn_boxed_and_wait)
CASE(42, 43_spawn_boxed_and_cancel)
CASE(43, 44_spawn_boxed_and_drop)
CASE(44, 45_outcome_of_queued)
CASE(45, 46_outcome_of_ended)
CASE(46, 47_try_take_too_early)
CASE(47, 48_try_take)
CASE(48, 49_try_take_in_interrupt)
CASE(49, 50_cache)
CASE(50, 51_destroy_drains)
CASE(51, 52_destroy_discards)
CASE(52, 53_create_and_destroy)
CASE(53, 54_status)
CASE(54, 55_urgent_in_interrupt)
CASE(55, 56_set_level_in_interrupt)
CASE(56, 57_abort_in_interrupt)
#endif

ZTEST_SUITE(sweep, NULL, NULL, NULL, NULL, NULL);
