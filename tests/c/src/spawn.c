/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Functions in slots of the cache, and their handles.
 */

#include "common.h"

static atomic_t sum;

static int add(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	atomic_add(&sum, (intptr_t)arg);
	return (int)(intptr_t)arg * 2;
}

static void expect_used(int used)
{
	struct taskpool_cache cache;

	zassert_ok(taskpool_cache(&cache));
	zassert_equal(cache.slots, 2);
	zassert_equal(cache.used, used, "%d slots are used", cache.used);
	zassert_true(cache.most <= 2);
}

ZTEST(c, test_spawn_and_join)
{
	taskpool_handle_t first = 0;
	taskpool_handle_t second = 0;
	int code = 0;

	atomic_clear(&sum);
	zassert_ok(taskpool_spawn(&slow, add, (void *)3, &first));
	zassert_ok(taskpool_spawn(&slow, add, (void *)4, &second));
	zassert_not_equal(first, 0);
	zassert_not_equal(first, second);
	expect_used(2);
	zassert_equal(taskpool_spawn(&slow, add, (void *)5, &second), -ENOMEM);
	zassert_equal(taskpool_spawned_status(first, NULL), TASKPOOL_QUEUED);
	zassert_equal(taskpool_join(first, K_NO_WAIT, &code), -EAGAIN);
	zassert_equal(taskpool_join(first, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 6);
	zassert_equal(taskpool_join(second, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, 8);
	zassert_equal(atomic_get(&sum), 7);
	expect_used(0);
}

ZTEST(c, test_handles_go_stale)
{
	taskpool_handle_t handle = 0;
	taskpool_handle_t next = 0;
	k_ticks_t deadline;

	zassert_ok(taskpool_spawn_after(&slow, add, (void *)1, K_SECONDS(1), &handle));
	zassert_equal(taskpool_spawned_status(handle, &deadline), TASKPOOL_DEFERRED);
	zassert_true(deadline > k_uptime_ticks());
	zassert_equal(taskpool_spawned_cancel(handle), TASKPOOL_FOUND_WAITING);
	zassert_equal(taskpool_spawned_cancel(handle), TASKPOOL_FOUND_IDLE);
	zassert_equal(taskpool_join(handle, K_NO_WAIT, NULL), TASKPOOL_CANCELLED);
	zassert_equal(taskpool_join(handle, K_FOREVER, NULL), -EBADF);
	/* The slot has another user now. */
	zassert_ok(taskpool_spawn(&slow, add, (void *)1, &next));
	zassert_equal(taskpool_join(handle, K_FOREVER, NULL), -EBADF);
	zassert_equal(taskpool_spawned_cancel(handle), -EBADF);
	zassert_equal(taskpool_spawned_status(handle, NULL), -EBADF);
	zassert_equal(taskpool_detach(handle), -EBADF);
	zassert_equal(taskpool_spawned_status(next, NULL), TASKPOOL_QUEUED);
	zassert_ok(taskpool_detach(next));
	expect_used(1);
	settle();
	expect_used(0);
	zassert_equal(taskpool_detach(next), -EBADF);
	/* What was never given. */
	zassert_equal(taskpool_detach(0), -EBADF);
	zassert_equal(taskpool_join(0xffffffff, K_NO_WAIT, NULL), -EBADF);
	zassert_equal(taskpool_join(0x000001ff, K_NO_WAIT, NULL), -EBADF);
}

ZTEST(c, test_handles_are_detached)
{
	taskpool_handle_t handle = 0;

	atomic_clear(&sum);
	zassert_ok(taskpool_spawn(&slow, add, (void *)2, NULL));
	zassert_ok(taskpool_spawn(&slow, add, (void *)3, &handle));
	zassert_ok(taskpool_detach(handle));
	settle();
	zassert_equal(atomic_get(&sum), 5);
	expect_used(0);
	/* After the run. */
	zassert_ok(taskpool_spawn(&slow, add, (void *)3, &handle));
	settle();
	zassert_equal(taskpool_spawned_status(handle, NULL), TASKPOOL_IDLE);
	expect_used(1);
	zassert_ok(taskpool_detach(handle));
	expect_used(0);
}

ZTEST(c, test_spawning_is_refused)
{
	taskpool_handle_t handle = 77;

	zassert_equal(taskpool_spawn(NULL, add, NULL, &handle), -EINVAL);
	zassert_equal(taskpool_spawn(&slow, NULL, NULL, &handle), -EINVAL);
	zassert_equal(taskpool_spawn_after(&slow, add, NULL, K_FOREVER, &handle), -EINVAL);
	zassert_equal(taskpool_spawn_after(&slow, add, NULL, K_TIMEOUT_ABS_TICKS(5), &handle), -EINVAL);
	zassert_equal(taskpool_spawn_after(&slow, add, NULL, K_TICKS(INT64_MAX), &handle), -ERANGE);
	zassert_equal(taskpool_cache(NULL), -EINVAL);
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(taskpool_spawn(&slow, add, NULL, &handle), -ESHUTDOWN);
	zassert_ok(taskpool_restart(&slow));
	zassert_equal(handle, 77);
	expect_used(0);
}

ZTEST(c, test_spawning_later_is_refused)
{
	taskpool_handle_t held[2];
	taskpool_handle_t handle = 77;

	zassert_equal(taskpool_spawn_after(NULL, add, NULL, K_MSEC(1), &handle), -EINVAL);
	zassert_equal(taskpool_spawn_after(&slow, NULL, NULL, K_MSEC(1), &handle), -EINVAL);
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(taskpool_spawn_after(&slow, add, NULL, K_MSEC(1), &handle), -ESHUTDOWN);
	zassert_ok(taskpool_restart(&slow));
	zassert_ok(taskpool_spawn_after(&slow, add, NULL, K_SECONDS(1), &held[0]));
	zassert_ok(taskpool_spawn_after(&slow, add, NULL, K_NO_WAIT, &held[1]));
	zassert_equal(taskpool_spawn_after(&slow, add, NULL, K_MSEC(1), &handle), -ENOMEM);
	zassert_equal(handle, 77);
	zassert_equal(taskpool_join(held[1], K_FOREVER, NULL), TASKPOOL_DONE);
	/* Of what its pool has discarded. */
	zassert_ok(taskpool_shutdown(&slow, TASKPOOL_DRAIN, K_FOREVER));
	zassert_equal(taskpool_join(held[0], K_FOREVER, NULL), TASKPOOL_DISCARDED);
	zassert_ok(taskpool_restart(&slow));
	expect_used(0);
}

static bool saw_cancelled;

static int linger(const struct taskpool_ctx *ctx, void *arg)
{
	k_sleep(K_MSEC(2));
	saw_cancelled = taskpool_ctx_cancelled(ctx);
	return (int)(intptr_t)arg;
}

ZTEST(c, test_spawned_runs_are_cancelled)
{
	taskpool_handle_t handle = 0;
	k_ticks_t deadline = -1;
	int code = 0;

	zassert_ok(taskpool_spawn(&eager, linger, (void *)7, &handle));
	zassert_equal(taskpool_spawned_status(handle, &deadline), TASKPOOL_RUNNING);
	zassert_equal(deadline, 0);
	zassert_equal(taskpool_spawned_cancel(handle), TASKPOOL_FOUND_RUNNING);
	zassert_equal(taskpool_spawned_status(handle, NULL), TASKPOOL_RUNNING | TASKPOOL_RUN_CANCELLED);
	zassert_equal(taskpool_join(handle, K_TICKS(1), &code), -EAGAIN);
	zassert_equal(taskpool_join(handle, K_SECONDS(1), &code), TASKPOOL_DONE);
	zassert_equal(code, 7);
	zassert_true(saw_cancelled);
	expect_used(0);
}

static int answers[3];

static void in_isr(void)
{
	taskpool_handle_t handle = 0;

	answers[0] = taskpool_spawn(&slow, add, (void *)1, &handle);
	answers[1] = taskpool_join(handle, K_MSEC(1), NULL);
	answers[2] = taskpool_detach(handle);
}

ZTEST(c, test_interrupts_spawn)
{
	atomic_clear(&sum);
	in_interrupt(in_isr);
	zassert_equal(answers[0], 0);
	zassert_equal(answers[1], -EPERM);
	zassert_equal(answers[2], 0);
	settle();
	zassert_equal(atomic_get(&sum), 1);
	expect_used(0);
}

static taskpool_handle_t shared;
static K_THREAD_STACK_ARRAY_DEFINE(stacks, 2, 1024);
static struct k_thread threads[2];
static int heard[2];

static void joiner(void *index, void *unused1, void *unused2)
{
	int code = 0;

	ARG_UNUSED(unused1);
	ARG_UNUSED(unused2);
	heard[(intptr_t)index] = taskpool_join(shared, K_FOREVER, &code) == TASKPOOL_DONE ? code : -1;
}

ZTEST(c, test_two_threads_join)
{
	zassert_ok(taskpool_spawn_after(&slow, add, (void *)5, K_MSEC(5), &shared));
	for (int i = 0; i < 2; i++) {
		k_thread_create(&threads[i], stacks[i], K_THREAD_STACK_SIZEOF(stacks[i]), joiner, (void *)(intptr_t)i,
				NULL, NULL, 4, 0, K_NO_WAIT);
	}
	for (int i = 0; i < 2; i++) {
		zassert_ok(k_thread_join(&threads[i], K_SECONDS(1)));
		zassert_equal(heard[i], 10);
	}
	zassert_equal(taskpool_detach(shared), -EBADF);
	expect_used(0);
}

static int join_itself(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(arg);
	return taskpool_join(shared, K_FOREVER, NULL);
}

static int join_other(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(arg);
	note(taskpool_join(shared, K_FOREVER, NULL), -EDEADLK);
	note(taskpool_join(shared, K_NO_WAIT, NULL), -EAGAIN);
	note(taskpool_spawned_status(shared, NULL), TASKPOOL_QUEUED);
	return 0;
}

ZTEST(c, test_workers_do_not_join_each_other)
{
	zassert_ok(taskpool_spawn(&slow, join_other, NULL, NULL));
	zassert_ok(taskpool_spawn(&slow, add, (void *)4, &shared));
	zassert_equal(taskpool_join(shared, K_FOREVER, NULL), TASKPOOL_DONE);
	expect_noted(3);
	expect_used(0);
}

ZTEST(c, test_workers_do_not_join_themselves)
{
	int code = 0;

	zassert_ok(taskpool_spawn(&slow, join_itself, NULL, &shared));
	zassert_equal(taskpool_join(shared, K_FOREVER, &code), TASKPOOL_DONE);
	zassert_equal(code, -EDEADLK);
}
