/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A job overwrites itself, or the pool's code panics while it runs: the image ends, and says which job it was.
 */

#include <zephyr/fatal.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#ifdef CONFIG_ARCH_POSIX
#include <posix_board_if.h>
#endif

#include <taskpool/taskpool.h>

#ifdef PANICS
/* src/taskpool_core.h */
FUNC_NORETURN void taskpool_port_panicked(const char *file, uint32_t length, uint32_t line);
#endif

static int overwrite(const struct taskpool_ctx *ctx, void *arg);
TASKPOOL_JOB_DEFINE(culprit, overwrite, NULL);

static int overwrite(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(arg);
#ifdef PANICS
	/* No zero ends the name. */
	taskpool_port_panicked("core/src/some.rs and more", sizeof("core/src/some.rs") - 1, 42);
#endif
	/* It is to run once more, and forgets where. */
	(void)taskpool_submit(taskpool_ctx_pool(ctx), &culprit);
	culprit.core.pool = NULL;
	return 0;
}

void k_sys_fatal_error_handler(unsigned int reason, const struct arch_esf *esf)
{
	ARG_UNUSED(esf);
	printk("the culprit is at %p\n", &culprit);
#ifdef CONFIG_ARCH_POSIX
	posix_exit(0);
#endif
	k_fatal_halt(reason);
}

int main(void)
{
	return taskpool_submit(&taskpool_system, &culprit);
}
