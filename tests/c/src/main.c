/*
 * SPDX-License-Identifier: Apache-2.0
 */

#include "common.h"

TASKPOOL_DEFINE(slow, 1, 1536, 7);
TASKPOOL_DEFINE(eager, 1, 1536, 3);

static int run(const struct taskpool_ctx *ctx, void *arg)
{
	struct noted *job = arg;

	atomic_inc(&job->runs);
	if (job->script != NULL) {
		job->script(ctx, job);
	}
	return job->answer;
}

static void ended(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	struct noted *job = CONTAINER_OF(end, struct noted, end);

	job->outcome = outcome;
	job->code = code;
	atomic_inc(&job->told);
}

void noted_init(struct noted *job, int answer)
{
	*job = (struct noted){.end = TASKPOOL_END_INITIALIZER(ended), .answer = answer};
	zassert_ok(taskpool_job_init(&job->job, run, job));
	zassert_ok(taskpool_job_set_end(&job->job, &job->end));
}

void settle(void)
{
	k_sleep(K_MSEC(5));
}

static struct {
	const char *call;
	int answer;
	int expected;
} notes[40];
static int notes_taken;

void note_answer(const char *call, int answer, int expected)
{
	if (notes_taken < ARRAY_SIZE(notes)) {
		notes[notes_taken].call = call;
		notes[notes_taken].answer = answer;
		notes[notes_taken].expected = expected;
	}
	notes_taken++;
}

void expect_noted(int count)
{
	int in_all = notes_taken;

	notes_taken = 0;
	zassert_equal(in_all, count, "%d answers were noted", in_all);
	zassert_true(in_all <= ARRAY_SIZE(notes));
	for (int i = 0; i < in_all; i++) {
		zassert_equal(notes[i].answer, notes[i].expected, "%s: %d, not %d", notes[i].call, notes[i].answer,
			      notes[i].expected);
	}
}

static void (*interrupt)(void);

static void isr(const void *unused)
{
	ARG_UNUSED(unused);
	interrupt();
}

void in_interrupt(void (*function)(void))
{
	interrupt = function;
	irq_offload(isr, NULL);
}

ZTEST_SUITE(c, NULL, NULL, NULL, NULL, NULL);
