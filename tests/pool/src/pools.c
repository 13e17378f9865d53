/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The pools of the tests, and the boot hooks that use them before they are started.
 */

#include <string.h>

#include <zephyr/init.h>
#include <zephyr/kernel.h>

#include <taskpool/taskpool.h>

#include "cases.h"
#include "kernel.h"

/* Rust has these numbers in src/tools.rs. */
#define EAGER_PRIORITY   -1
#define ONE_PRIORITY     7
#define SEVERAL_PRIORITY 7
#define GROW_PRIORITY    8
#define RIVAL_PRIORITY   9

/* The eager pool preempts everything; the others wait until the test does. */
BUILD_ASSERT(EAGER_PRIORITY < CONFIG_MAIN_THREAD_PRIORITY);
BUILD_ASSERT(EAGER_PRIORITY < CONFIG_ZTEST_THREAD_PRIORITY);
BUILD_ASSERT(CONFIG_ZTEST_THREAD_PRIORITY < CONFIG_TASKPOOL_THREAD_PRIORITY);
BUILD_ASSERT(CONFIG_ZTEST_THREAD_PRIORITY < ONE_PRIORITY);
BUILD_ASSERT(CONFIG_ZTEST_THREAD_PRIORITY < SEVERAL_PRIORITY);
BUILD_ASSERT(CONFIG_ZTEST_THREAD_PRIORITY < GROW_PRIORITY);
BUILD_ASSERT(CONFIG_ZTEST_THREAD_PRIORITY < RIVAL_PRIORITY);
/* A borrowed worker's priority tells for whom it works. */
BUILD_ASSERT(GROW_PRIORITY != RIVAL_PRIORITY);
BUILD_ASSERT(GROW_PRIORITY != CONFIG_TASKPOOL_THREAD_PRIORITY);
/* What the tests of growth count on: one pool can take the whole reserve, the other one can not. */
BUILD_ASSERT(CONFIG_TASKPOOL_RESERVE_THREADS == 2);

#define STACK_SIZE 2048

TASKPOOL_DEFINE(eager, 1, STACK_SIZE, EAGER_PRIORITY);
TASKPOOL_DEFINE(one, 1, STACK_SIZE, ONE_PRIORITY);
TASKPOOL_DEFINE(several, 3, STACK_SIZE, SEVERAL_PRIORITY);
TASKPOOL_DEFINE_WITH(grow, 1, 3, STACK_SIZE, GROW_PRIORITY);
TASKPOOL_DEFINE_WITH(rival, 1, 2, STACK_SIZE, RIVAL_PRIORITY);

/* Never defined by the macro. */
struct taskpool absent;
/* The name that `c_pool!` looks for, as TASKPOOL_DEFINE makes it. */
extern struct taskpool z_taskpool_pool_absent __attribute__((alias("absent")));

bool test_absent_is_untouched(void)
{
	static const struct taskpool zero;

	return memcmp(&absent, &zero, sizeof(absent)) == 0;
}

static int before_kernel(void)
{
	boot_before_kernel();
	return 0;
}

static int before_pools(void)
{
	boot_before_pools();
	return 0;
}

static int after_pools(void)
{
	boot_after_pools();
	return 0;
}

/* The pools are started at the level APPLICATION, at CONFIG_APPLICATION_INIT_PRIORITY. */
BUILD_ASSERT(CONFIG_APPLICATION_INIT_PRIORITY < 99);
SYS_INIT(before_kernel, PRE_KERNEL_1, 0);
SYS_INIT(before_pools, POST_KERNEL, 0);
SYS_INIT(after_pools, APPLICATION, 99);
