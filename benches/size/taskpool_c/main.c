/* SPDX-License-Identifier: Apache-2.0 */

/* ../taskpool/src/lib.rs in C. */

#include <zephyr/kernel.h>

#include <taskpool/taskpool.h>

/* What a debugger would look at: nothing is printed. */
volatile uint32_t runs, failures;

static int tick(const struct taskpool_ctx *ctx, void *arg);
static TASKPOOL_JOB_DEFINE(job, tick, &job);

static int tick(const struct taskpool_ctx *ctx, void *arg)
{
	runs = runs + 1;
	if (taskpool_submit_after(taskpool_ctx_pool(ctx), arg, K_MSEC(500)) < 0) {
		failures = failures + 1;
	}
	return 0;
}

int main(void)
{
	if (taskpool_submit(&taskpool_system, &job) < 0) {
		failures = failures + 1;
	}
	return 0;
}
