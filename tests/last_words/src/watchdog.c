/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A job hangs: its watchdog resets the board, and what was logged is not lost.
 */

#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include <taskpool/taskpool.h>

#define MAGIC 0x7461736bU

/* A reset leaves it alone. */
static __noinit uint32_t magic;
static __noinit uint32_t boots;

static const struct taskpool_about about = {.name = "stuck", .id = 4, .budget = K_MSEC(50)};

static int hang(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(arg);
	taskpool_control_point(ctx, 21);
	for (;;) {
	}
	return 0;
}

TASKPOOL_JOB_DEFINE_ABOUT(stuck, hang, NULL, &about);

int main(void)
{
	if (magic != MAGIC) {
		magic = MAGIC;
		boots = 0;
	}
	printk("boot %u\n", ++boots);
	if (boots > 1) {
		magic = 0;
		printk("enough\n");
		return 0;
	}
	return taskpool_submit(&taskpool_system, &stuck);
}
