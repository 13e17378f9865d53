/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A job overflows the stack of its worker: the kernel says whose it was. Where the application's fatal error handler
 * returns, that worker is lost, its job stays Running, and the pool goes on with the others.
 */

#include <string.h>

#include <zephyr/fatal.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include <taskpool/taskpool.h>

/* Their stacks lie one behind the other. */
TASKPOOL_DEFINE(three, 3, 1024, 5);

static int stay(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(arg);
	printk("worker %u stays where it is\n", taskpool_ctx_worker(ctx));
	k_sleep(K_FOREVER);
	return 0;
}
TASKPOOL_JOB_DEFINE(holder, stay, NULL);

/* Fills all from here to somewhat below the end of the stack. Without recursion, so that no word is left out. */
static __noinline void fill(uintptr_t end)
{
	size_t size = (uintptr_t)__builtin_frame_address(0) - end + 16;

	memset(__builtin_alloca(size), 0xa5, size);
	compiler_barrier();
}

static int overflow(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(arg);
	printk("worker %u overflows its stack\n", taskpool_ctx_worker(ctx));
	fill(k_current_get()->stack_info.start);
	/* Here the kernel looks. */
	k_yield();
	printk("nobody has seen it\n");
	return 0;
}
TASKPOOL_JOB_DEFINE(culprit, overflow, NULL);

static int go_on(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(arg);
	printk("worker %u goes on\n", taskpool_ctx_worker(ctx));
	return 0;
}
TASKPOOL_JOB_DEFINE(other, go_on, NULL);

void k_sys_fatal_error_handler(unsigned int reason, const struct arch_esf *esf)
{
	ARG_UNUSED(esf);
	printk("%s in %s\n", reason == K_ERR_STACK_CHK_FAIL ? "stack overflow" : "another error",
	       k_thread_name_get(k_current_get()));
}

int main(void)
{
	/* What is below the culprit's stack is that of a worker which never goes on. */
	(void)taskpool_submit(&three, &holder);
	k_sleep(K_MSEC(10));
	(void)taskpool_submit(&three, &culprit);
	k_sleep(K_MSEC(10));
	printk("the culprit %s\n", taskpool_status(&culprit, NULL) == TASKPOOL_RUNNING ? "stays Running" : "has ended");
	(void)taskpool_submit(&three, &other);
	(void)taskpool_wait(&other, K_FOREVER, NULL);
	printk("the other has ended\n");
	return 0;
}
