/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both sides of the border between C and Rust.
 */

#ifndef SWEEP_H_
#define SWEEP_H_

#include <stdbool.h>
#include <stdint.h>

struct taskpool;

/* Where an interrupt landed. */
struct sweep_hit {
	/* The instruction that it came before. */
	uint32_t pc;
	/* Whether another interrupt was being handled. */
	uint32_t nested;
	/* Whether the clock interrupt has come since sweep_forget_clock(), or was about to. */
	uint32_t clock;
};

/* The most NOPs that sweep_arm() has, and those of sweep_after(). */
#define SWEEP_NOPS_BEFORE 300
#define SWEEP_NOPS_AFTER  32

/* gptm.c, called by Rust. */

/* Forgets the last interrupt. */
void sweep_prepare(void);

/* The operation begins. */
void sweep_forget_clock(void);

/* Lets the interrupt come after so many cycles of the timer, and returns after so many NOPs. */
void sweep_arm(uint32_t cycles, uint32_t nops);

/*
 * Lets the clock interrupt come, and the timer's `instructions` after a moment shortly before it. Returns shortly
 * after the clock interrupt. It was programmed so many cycles before the call as is answered.
 */
uint32_t sweep_clock(uint32_t instructions);

/* Waits for the timer's interrupt, after some NOPs. */
void sweep_after(void);

/* Where it landed. */
struct sweep_hit sweep_hit(void);

/* main.c, called by Rust. */
uint32_t sweep_now(void);
void sweep_sleep_until(uint32_t tick);
/* From any context: lets the test thread go on when that tick has begun. Workers of pools above it run meanwhile. */
void sweep_stall_until(uint32_t tick);
/* Whether the slow pool's worker is in the kernel's hands, and not still on its way there. */
bool sweep_slow_waits(void);
void sweep_hold(void);
void sweep_release(void);
/* Makes a pool of a memory that there is for it, whose worker is below the test thread; NULL when that was refused. */
struct taskpool *sweep_create(void);
/* Destroys it: queued jobs run, or are discarded, and it waits for those that run, or does not. */
int sweep_destroy(bool discard, bool wait);
/* Uses the memory for something else. */
void sweep_overwrite(void);
/* Nobody has written there since. */
bool sweep_is_overwritten(void);
/* Answers of sweep_destroy(). */
extern const int sweep_eagain;

/* Rust, called by C. */
void sweep_action(void);
void sweep_stalled(void);
void sweep_print_trial(void);
bool sweep_calibrate(void);
bool sweep_case(uint32_t operation);

#endif /* SWEEP_H_ */
