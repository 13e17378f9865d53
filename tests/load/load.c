/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The pools, threads and interrupts of the load. src/lib.rs says what it is for.
 */

#include <zephyr/fatal.h>
#include <zephyr/irq_offload.h>
#include <zephyr/kernel.h>
#include <zephyr/logging/log_ctrl.h>
#include <zephyr/sys/printk.h>

#include <taskpool/taskpool.h>

#include "load.h"

#define STACK_SIZE 2048

/* Some take a few seconds. */
#define LONGEST_ROUND K_SECONDS(60)

/*
 * Above all threads of the load, among them, and below most. src/board.rs has the numbers of workers, and the priorities.
 */
TASKPOOL_DEFINE(load_urgent, 1, STACK_SIZE, 2);
TASKPOOL_DEFINE_WITH(load_middle, 1, 3, STACK_SIZE, 6);
TASKPOOL_DEFINE_WITH(load_low, 2, 4, STACK_SIZE, 10);

/* The test's thread looks on, and must not be kept from it. */
BUILD_ASSERT(CONFIG_ZTEST_THREAD_PRIORITY < 2 - Z_TASKPOOL_RAISE);

static const int priorities[] = {3, 5, 7, 11};

#define THREADS ARRAY_SIZE(priorities)

static K_THREAD_STACK_ARRAY_DEFINE(stacks, THREADS, STACK_SIZE);
static struct k_thread threads[THREADS];
/* 0 when it is off. */
static atomic_t clock_source_random;

#ifdef CONFIG_SMP
/*
 * On several CPUs the kernel's clock goes back. Between the interrupt's reading of the hardware and its announcing, and
 * while it announces, the others see too early a tick. And when two timeouts expire at one tick, two CPUs may announce
 * at once, and count some ticks twice before they take them back. So a job may run once the hardware shows its
 * deadline, or the kernel has shown it to the pool. The linker passes the pool's clock through here (CMakeLists.txt).
 */
static uint64_t clock_offset = UINT64_MAX;
static struct k_spinlock clock_lock;
static uint64_t shown;
static uint32_t lead;
static uint32_t lag;

static uint64_t hardware_clock(void)
{
	return k_cycle_get_64() / (sys_clock_hw_cycles_per_sec() / CONFIG_SYS_CLOCK_TICKS_PER_SEC) - clock_offset;
}

/* The kernel's clock is right while nothing is under way. */
static void calibrate(void)
{
	clock_offset = 0;
	clock_offset = hardware_clock() - k_uptime_ticks();
	for (int i = 0; i < 20; i++) {
		uint64_t now = k_uptime_ticks();

		clock_offset += MIN(0, (int64_t)(hardware_clock() - now));
		k_busy_wait(37);
	}
}

uint64_t __real_taskpool_port_now(void);

uint64_t __wrap_taskpool_port_now(void)
{
	uint64_t now = __real_taskpool_port_now();

	if (clock_offset != UINT64_MAX) {
		K_SPINLOCK(&clock_lock) {
			int64_t difference = now - hardware_clock();

			shown = MAX(shown, now);
			lead = MAX((int64_t)lead, difference);
			lag = MAX((int64_t)lag, -difference);
		}
	}
	return now;
}

uint64_t load_clock(void)
{
	uint64_t now = 0;

	K_SPINLOCK(&clock_lock) {
		now = MAX(shown, hardware_clock());
	}
	return now;
}

static void print_clock(void)
{
	printk("the kernel's clock was up to %u ticks ahead of the hardware's, and up to %u behind\n", lead, lag);
}
#else
static void calibrate(void)
{
}

uint64_t load_clock(void)
{
	return k_uptime_ticks();
}

static void print_clock(void)
{
}
#endif

static void interrupt(const void *unused)
{
	ARG_UNUSED(unused);
	load_interrupt();
}

/* Comes after a random time, again and again. */
static void expired(struct k_timer *timer)
{
	uint32_t random = atomic_get(&clock_source_random);
	uint32_t next = (random * 1664525 + 1013904223) | 1;

	if (random != 0 && atomic_cas(&clock_source_random, random, next)) {
		load_interrupt();
		k_timer_start(timer, K_TICKS(1 + (next >> 16) % 4), K_NO_WAIT);
	}
}

static K_TIMER_DEFINE(clock_source, expired, NULL);

static void thread(void *seed, void *unused1, void *unused2)
{
	uint32_t random = (uint32_t)(uintptr_t)seed;

	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	for (uint32_t i = 0; i < CONFIG_LOAD_STEPS; i++) {
		load_act(&random, false);
		switch ((random >> 8) % 16) {
		case 0:
		case 1:
			k_sleep(K_TICKS((random >> 16) % 3));
			break;
		case 2:
		case 3:
			k_busy_wait((random >> 16) % 100);
			break;
		case 4:
			irq_offload(interrupt, NULL);
			break;
		case 5:
			k_yield();
			break;
		default:
			break;
		}
	}
}

static void one_round(uint32_t seed, uint32_t pools, bool control)
{
	load_begin(seed, pools, control);
	for (size_t i = 0; i < THREADS; i++) {
		/* A seed of its own, which is not 0. */
		uint32_t random = (seed * THREADS + i + 1) * 2654435761U | 1;

		k_thread_create(&threads[i], stacks[i], K_THREAD_STACK_SIZEOF(stacks[i]), thread,
				(void *)(uintptr_t)random, NULL, NULL, priorities[i], 0, K_FOREVER);
#ifdef CONFIG_SCHED_CPU_MASK
		/* Each CPU has its share of the submitters. */
		(void)k_thread_cpu_pin(&threads[i], i % arch_num_cpus());
#endif
	}
	atomic_set(&clock_source_random, seed);
	k_timer_start(&clock_source, K_TICKS(1), K_NO_WAIT);
	load_source(seed);
	for (size_t i = 0; i < THREADS; i++) {
		k_thread_start(&threads[i]);
	}
	for (size_t i = 0; i < THREADS; i++) {
		if (k_thread_join(&threads[i], LONGEST_ROUND) != 0) {
			load_stuck();
		}
	}
	load_source(0);
	atomic_set(&clock_source_random, 0);
	/* Longer than the timer's: it does not come back. */
	k_sleep(K_TICKS(10));
	load_end();
}

void load_rounds(uint32_t pools, bool control)
{
	calibrate();
	for (uint32_t i = 0; i < CONFIG_LOAD_ROUNDS; i++) {
		one_round(CONFIG_LOAD_FIRST_SEED + i, pools, control);
	}
	print_clock();
}

bool load_timed_waits(void)
{
	return IS_ENABLED(CONFIG_LOAD_TIMED_WAITS);
}

void load_sleep(uint32_t ticks)
{
	k_sleep(K_TICKS(ticks));
}

void load_spin(uint32_t us)
{
	k_busy_wait(us);
}

uint32_t load_cpu(void)
{
	return arch_curr_cpu()->id;
}

int load_priority(void)
{
	return k_thread_priority_get(k_current_get());
}

int load_raise(void)
{
	return Z_TASKPOOL_RAISE;
}

/* zephyr-lang-rust's main() refers to it. */
void rust_main(void)
{
}

/* Nothing can be trusted after a panic: the words end the test, and the seed was printed before. */
void k_sys_fatal_error_handler(unsigned int reason, const struct arch_esf *esf)
{
	ARG_UNUSED(esf);
	LOG_PANIC();
	printk("fatal error %u\nPROJECT EXECUTION FAILED\n", reason);
	k_fatal_halt(reason);
}
