/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The pools, and jobs that note what happened to them.
 */

#ifndef TESTS_C_COMMON_H_
#define TESTS_C_COMMON_H_

#include <zephyr/irq_offload.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

/* One worker each: less urgent than the test, and more urgent. */
extern struct taskpool slow;
extern struct taskpool eager;

/* A job that counts its runs, and what it is told. */
struct noted {
	struct taskpool_job job;
	struct taskpool_end end;
	atomic_t runs;
	/* What it answers. */
	int answer;
	/* The last one. */
	enum taskpool_outcome outcome;
	int code;
	atomic_t told;
	/* While it runs, perhaps. */
	void (*script)(const struct taskpool_ctx *ctx, struct noted *job);
};

/* Makes it anew. */
void noted_init(struct noted *job, int answer);

/* Until the pool has nothing more to do. */
void settle(void);

/* Calls a function in an interrupt. */
void in_interrupt(void (*function)(void));

/* Notes an answer, and what it should be: where an assertion can't end the test. */
#define note(call_, expected_) note_answer(#call_, (call_), (expected_))
void note_answer(const char *call, int answer, int expected);
/* Asserts what was noted since the last time, which is so many answers. */
void expect_noted(int count);

#endif /* TESTS_C_COMMON_H_ */
