/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Both sides of the border between C and Rust, and what a test with this load provides.
 */

#ifndef LOAD_H_
#define LOAD_H_

#include <stdbool.h>
#include <stdint.h>

/*
 * CONFIG_LOAD_ROUNDS rounds. In each, threads, a timer and what else the test has call the pools at random until each
 * thread has done its steps; then everything comes to rest, and the books are audited. Whatever is wrong ends the run.
 *
 * `pools`: how many of the pools take part, from the last one. `control`: they are held, paused, shut down, started
 * again and resized, too.
 */
void load_rounds(uint32_t pools, bool control);

/* The test's own: starts interrupts that call load_interrupt(); ends them when the seed is 0. */
void load_source(uint32_t seed);

/* Rust. */
void load_begin(uint32_t seed, uint32_t pools, bool control);
void load_act(uint32_t *random, bool interrupt);
void load_interrupt(void);
void load_end(void);
void load_stuck(void);

/* C, called by Rust. */
uint64_t load_clock(void);
bool load_timed_waits(void);
void load_sleep(uint32_t ticks);
void load_spin(uint32_t us);
uint32_t load_cpu(void);
/* Of the thread that calls. */
int load_priority(void);
/* How much more urgent than its pool a worker can be. */
int load_raise(void);

#endif /* LOAD_H_ */
