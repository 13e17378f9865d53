/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What the measurements share. The clock is `k_cycle_get_32`: on qemu_cortex_m3 with -icount shift=6 each instruction
 * takes 64 ns, so cycles count instructions. doc/performance.md has the method.
 */

#ifndef BENCH_H_
#define BENCH_H_

#include <stdbool.h>
#include <stdint.h>

#include <zephyr/toolchain.h>

/* The measuring thread stands between the two. */
#define FAST_PRIORITY 5
#define SLOW_PRIORITY 12

#define JOBS   260
#define ROUNDS 64
#define BURST  200

/* The clock, by one call for everybody. */
uint32_t bench_now(void);

/* Prints cycles in all for `count` operations, `reads` clock reads not subtracted yet. */
void bench_report(const char *measure, const char *who, uint32_t cycles, uint32_t count, uint32_t reads);
void bench_bytes(const char *what, const char *who, uint32_t bytes);

/* Calls `action` in the interrupt of a line that it pends. */
void bench_interrupt(void (*action)(void));

/*
 * Calls `action` so ROUNDS times, and says how long it took in all from `before`, when the action began, to `stamp`, when
 * the job did. Inlined: a call would shift the readings against the clock's cycles, of 1.25 instructions, which shows in
 * the last digit.
 */
static ALWAYS_INLINE uint32_t bench_isr(void (*action)(void), const uint32_t *before, const volatile uint32_t *stamp)
{
	uint32_t total = 0;

	for (int i = 0; i < ROUNDS; i++) {
		bench_interrupt(action);
		total += *stamp - *before;
	}
	return total;
}

/* Milliseconds for the n-th of the pending jobs: all different, in no order, far away. */
uint32_t bench_delay(uint32_t n);

/* Adds so many timeouts that are not ours, all before the deadlines of the jobs. */
void bench_foreign(uint32_t count);

/* Spins until somebody else ran `count` times, and says how long it was away, in cycles. */
uint32_t bench_away(volatile uint32_t *done, uint32_t count);

extern struct taskpool bench_slow;

/* Cases of the search that can be repeated in one run. */
#define BENCH_CASES 64

void bench_kernel(void);
void bench_p4wq(void);
void bench_taskpool(void);
void bench_search(void);
void bench_spawn(void);
void bench_urgent(void);
void bench_kernel_period(void);
void bench_task(void);
void bench_groups(void);

#endif /* BENCH_H_ */
