/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's side of the pool: lock, clock, timers, threads, boot and log.
 */

#include <zephyr/init.h>
#include <zephyr/logging/log.h>
#include <zephyr/sys/printk.h>

#include "taskpool_core.h"

LOG_MODULE_REGISTER(taskpool, CONFIG_TASKPOOL_LOG_LEVEL);

/*
 * The module's one lock. It protects every job, pool and worker of the image. Held by the Rust core only, for O(log n)
 * at most, and for the functions marked "under the lock" below.
 */
static struct k_spinlock lock;

uint32_t taskpool_port_lock(void)
{
	return (uint32_t)k_spin_lock(&lock).key;
}

void taskpool_port_unlock(uint32_t key)
{
	k_spin_unlock(&lock, (k_spinlock_key_t){.key = (int)key});
}

uint64_t taskpool_port_now(void)
{
	return (uint64_t)k_uptime_ticks();
}

/* Under the lock. The kernel does not switch threads while interrupts are masked, so this only makes one ready. */
void taskpool_port_wake(struct taskpool_worker *worker)
{
	k_sem_give(&worker->wake);
}

/* Under the lock. */
void taskpool_port_join(struct taskpool_worker *worker, const struct taskpool *pool)
{
	k_thread_priority_set(&worker->thread, pool->config->priority);
}

#ifdef CONFIG_TASKPOOL_LEVEL_PRIORITIES
/* Under the lock. TASKPOOL_DEFINE has checked that there is such a priority. */
void taskpool_port_set_level(struct taskpool_worker *worker, const struct taskpool *pool, uint32_t level)
{
	k_thread_priority_set(&worker->thread, pool->config->priority - (int)level);
#ifndef CONFIG_SMP
	/*
	 * If the worker has been woken and waits for the CPU, the kernel makes the more urgent thread the next one to
	 * run, also where the current one holds k_sched_lock() or is cooperative, and the next switch, or the end of this
	 * interrupt, would preempt that one. When it gives the CPU up, the kernel chooses anew.
	 */
	struct k_thread *current = k_current_get();

	if (current->base.preempt >= _NON_PREEMPT_THRESHOLD && current != &worker->thread) {
		_kernel.ready_q.cache = current;
	}
#endif
}
#endif

/* Under the lock. k_thread_start() is k_wakeup(): right for the first start only. */
void taskpool_port_lend(struct taskpool_worker *worker, const struct taskpool *pool, bool first)
{
	/* Otherwise taskpool_port_set_level() was called. */
	if (!IS_ENABLED(CONFIG_TASKPOOL_LEVEL_PRIORITIES)) {
		taskpool_port_join(worker, pool);
	}
	if (first) {
		k_thread_start(&worker->thread);
	}
	k_sem_give(&worker->wake);
}

/*
 * Internal to the kernel (kernel/sched.c), and how its own primitives end: it unlocks, and switches to a woken thread if
 * that is more urgent. k_reschedule() after unlocking does the same for 60 instructions more (Cortex-M3, Zephyr 4.1.99).
 */
void z_reschedule(struct k_spinlock *lock, k_spinlock_key_t key);

void taskpool_port_unlock_and_switch(uint32_t key)
{
	z_reschedule(&lock, (k_spinlock_key_t){.key = (int)key});
}

/*
 * On several CPUs, a timeout of an earlier wait of this thread can still be on its way, and end this one (Zephyr #106653,
 * mended in 2026 by #108452). A worker that went on without having been woken would be in its pool's idle list twice.
 */
void taskpool_port_park(struct taskpool_worker *worker)
{
	while (k_sem_take(&worker->wake, K_FOREVER) != 0 && IS_ENABLED(CONFIG_SMP)) {
	}
}

/* Under the lock, so that the timer is always armed for what the core remembers. */
void taskpool_port_arm(struct taskpool *pool, uint64_t deadline)
{
	k_timer_start(&pool->timer, (k_timeout_t){.ticks = Z_TICK_ABS((k_ticks_t)deadline)}, K_NO_WAIT);
}

/* In the clock interrupt. It may run for an expiry that was overtaken by a new start; the core looks at the clock. */
void z_taskpool_expired(struct k_timer *timer)
{
	taskpool_core_expire(CONTAINER_OF(timer, struct taskpool, timer));
}

/* rust/taskpool/src/zephyr.rs has so many words of room for a signal. */
BUILD_ASSERT(sizeof(struct k_sem) <= 8 * sizeof(void *), "raise the size of `Room` in rust/taskpool/src/zephyr.rs");

void taskpool_port_make_signal(struct k_sem *signal)
{
	(void)k_sem_init(signal, 0, 1);
}

void taskpool_port_give(struct k_sem *signal)
{
	k_sem_give(signal);
}

bool taskpool_port_take(struct k_sem *signal, uint64_t deadline)
{
	k_timeout_t timeout =
		deadline == UINT64_MAX ? K_FOREVER : (k_timeout_t){.ticks = Z_TICK_ABS((k_ticks_t)deadline)};

	do {
		if (k_sem_take(signal, timeout) == 0) {
			return true;
		}
		/* As in taskpool_port_park(), it may have been the timeout of another wait. */
	} while ((uint64_t)k_uptime_ticks() < deadline);
	return false;
}

static struct taskpool_worker *find(struct taskpool_worker *workers, size_t count, k_tid_t thread)
{
	for (size_t i = 0; i < count; i++) {
		if (&workers[i].thread == thread) {
			return &workers[i];
		}
	}
	return NULL;
}

FUNC_NORETURN void taskpool_port_broken(void)
{
	printk("the task pool's memory is corrupted: a job or pool was overwritten, or reused while it was under way\n");
	k_panic();
	CODE_UNREACHABLE;
}

/* The numbers of `Event::id` in rust/core/src/event.rs; the core has checked the level. */
void taskpool_port_event(uint32_t id, uint32_t level, const struct taskpool *pool, uint32_t number)
{
	const char *name = pool->config->name;

	ARG_UNUSED(level);
	switch (id) {
	case 1:
		LOG_INF("pool %s started with %u workers", name, number);
		break;
	case 2:
		LOG_DBG("pool %s borrowed worker r%u", name, UINT8_MAX - number);
		break;
	case 3:
		LOG_DBG("pool %s gave back worker r%u", name, UINT8_MAX - number);
		break;
	case 4:
		LOG_WRN("pool %s: more than %u jobs came due at once, and the workers move the rest; raise "
			"CONFIG_TASKPOOL_EXPIRY_BATCH if they run late",
			name, number);
		break;
	default:
		LOG_ERR("pool %s: event %u (%u), which this port does not know; update src/port.c", name, id, number);
		break;
	}
}

/* Makes the thread of a worker, and leaves it dormant. */
static void create(struct taskpool_worker *worker, k_thread_stack_t *stack, size_t size, int priority, const char *name,
		   char kind, uint8_t index)
{
	k_sem_init(&worker->wake, 0, 1);
	k_thread_create(&worker->thread, stack, size, taskpool_core_work, worker, NULL, NULL, priority, 0, K_FOREVER);
#ifdef CONFIG_THREAD_NAME
	char thread_name[CONFIG_THREAD_MAX_NAME_LEN];

	snprintk(thread_name, sizeof(thread_name), "%s.%c%u", name, kind, index);
	k_thread_name_set(&worker->thread, thread_name);
#else
	ARG_UNUSED(name);
	ARG_UNUSED(kind);
	ARG_UNUSED(index);
#endif
}

#if CONFIG_TASKPOOL_RESERVE_THREADS > 0
static K_KERNEL_STACK_ARRAY_DEFINE(reserve_stacks, CONFIG_TASKPOOL_RESERVE_THREADS, CONFIG_TASKPOOL_RESERVE_STACK_SIZE);
static struct taskpool_worker reserve[CONFIG_TASKPOOL_RESERVE_THREADS];

static void create_reserve(void)
{
	/* The last one added is the first one lent. Lending sets the priority of the pool. */
	for (int i = CONFIG_TASKPOOL_RESERVE_THREADS - 1; i >= 0; i--) {
		create(&reserve[i], reserve_stacks[i], K_KERNEL_STACK_SIZEOF(reserve_stacks[i]),
		       K_LOWEST_APPLICATION_THREAD_PRIO, "taskpool", 'r', i);
		taskpool_core_add_reserve(&reserve[i], i);
	}
}
#else
static void create_reserve(void)
{
}
#endif

#ifdef CONFIG_TASKPOOL_SYSTEM_POOL
/* The Rust crate refers to the symbol; the threads are named after the module. */
Z_TASKPOOL_DEFINE(taskpool_system, "taskpool", CONFIG_TASKPOOL_MIN_THREADS, CONFIG_TASKPOOL_MAX_THREADS,
		  CONFIG_TASKPOOL_STACK_SIZE, CONFIG_TASKPOOL_THREAD_PRIORITY);
#endif

static void start(struct taskpool *pool)
{
	const struct taskpool_config *config = pool->config;
	struct taskpool_worker *first = NULL;

	/* Chained so that the first worker is the first one woken. */
	for (int i = config->min_threads - 1; i >= 0; i--) {
		struct taskpool_worker *worker = &config->workers[i];
		k_thread_stack_t *stack = (k_thread_stack_t *)((char *)config->stacks + i * config->stack_pitch);

		create(worker, stack, config->stack_size, config->priority, config->name, 'w', i);
		taskpool_core_add_worker(worker, pool, i, first);
		k_thread_start(&worker->thread);
		first = worker;
	}
	taskpool_core_start(pool, first, config->min_threads);
}

uint32_t taskpool_port_caller(struct taskpool_worker **worker)
{
	k_tid_t thread = k_current_get();

	if (k_is_in_isr() || k_is_pre_kernel()) {
		return 0;
	}
#if CONFIG_TASKPOOL_RESERVE_THREADS > 0
	*worker = find(reserve, ARRAY_SIZE(reserve), thread);
	if (*worker != NULL) {
		return 2;
	}
#endif
	STRUCT_SECTION_FOREACH(taskpool, pool) {
		*worker = find(pool->config->workers, pool->config->min_threads, thread);
		if (*worker != NULL) {
			return 2;
		}
	}
	return 1;
}

static int boot(void)
{
	create_reserve();
	STRUCT_SECTION_FOREACH(taskpool, pool) {
		start(pool);
	}
	return 0;
}

/* Drivers are ready by then, and main() has not begun. */
SYS_INIT(boot, APPLICATION, CONFIG_APPLICATION_INIT_PRIORITY);
