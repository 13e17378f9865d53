/* SPDX-License-Identifier: Apache-2.0 */

/* ../taskpool/src/lib.rs with k_work_delayable, on a queue of its own. */

#include <zephyr/kernel.h>

static K_THREAD_STACK_DEFINE(stack, 1024);
static struct k_work_q queue;

/* What a debugger would look at: nothing is printed. */
volatile uint32_t runs, failures;

static void tick(struct k_work *work);
static K_WORK_DELAYABLE_DEFINE(job, tick);

static void tick(struct k_work *work)
{
	ARG_UNUSED(work);
	runs = runs + 1;
	if (k_work_reschedule_for_queue(&queue, &job, K_MSEC(500)) < 0) {
		failures = failures + 1;
	}
}

int main(void)
{
	k_work_queue_start(&queue, stack, K_THREAD_STACK_SIZEOF(stack), 7, NULL);
	if (k_work_reschedule_for_queue(&queue, &job, K_NO_WAIT) < 0) {
		failures = failures + 1;
	}
	return 0;
}
