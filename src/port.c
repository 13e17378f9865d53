/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The kernel's side of the pool: lock, clock, timers, threads, boot and log.
 */

#include <zephyr/init.h>
#include <zephyr/logging/log.h>
#include <zephyr/sys/printk.h>

#include "taskpool_core.h"

#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
#include <timeout_q.h>
#endif

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

#ifdef CONFIG_SMP
/*
 * Under the lock. A worker that may run on another CPU must be left alone. When its time slice has just ended there, it is
 * marked as queued, and is in no queue until that interrupt ends: k_thread_priority_set() would take it out of one, and
 * crash (Zephyr 4.1.99, z_time_slice() and z_thread_prio_set()). And where a change makes a ready thread more urgent than
 * the current one, that function lets go of the caller's irq_lock(). So this changes the worker that calls, one that has
 * not been started, and one that waits on its semaphore, which is given under the lock; every other one changes its own
 * when it goes on, in taskpool_port_park(), and the core leaves those alone that are on their way.
 */
static void set_priority(struct taskpool_worker *worker, int priority)
{
	struct k_thread *thread = &worker->thread;

	worker->priority = (int8_t)priority;
	if (thread == k_current_get() || (thread->base.thread_state & _THREAD_SLEEPING) != 0 ||
	    ((thread->base.thread_state & _THREAD_PENDING) != 0 &&
	     thread->base.pended_on == &worker->wake.wait_q)) {
		k_thread_priority_set(thread, priority);
	}
}
#else
/*
 * Under the lock. A worker that is ready, as it was woken or has not gone to sleep yet, may be more urgent than the current
 * thread afterwards. The kernel then makes it the next one to run, also where the current one holds k_sched_lock() or is
 * cooperative, and the next switch, or the end of this interrupt, would preempt that one. When it gives the CPU up, the
 * kernel chooses anew. If the current one was not the next one to run before, it is giving the CPU up already.
 */
static void set_priority(struct taskpool_worker *worker, int priority)
{
	struct k_thread *thread = &worker->thread;
	struct k_thread *current = k_current_get();
	bool keeps = _kernel.ready_q.cache == current && current->base.preempt >= _NON_PREEMPT_THRESHOLD &&
		     (thread != current || priority < current->base.prio);

	k_thread_priority_set(thread, priority);
	if (keeps) {
		_kernel.ready_q.cache = current;
	}
}
#endif

/* Under the lock. */
void taskpool_port_join(struct taskpool_worker *worker, const struct taskpool *pool)
{
	set_priority(worker, pool->config->priority);
}

#ifdef CONFIG_TASKPOOL_LEVEL_PRIORITIES
/* Under the lock. TASKPOOL_DEFINE has checked that there is such a priority. */
void taskpool_port_set_level(struct taskpool_worker *worker, const struct taskpool *pool, uint32_t level)
{
	set_priority(worker, pool->config->priority - (int)level);
}
#endif

/* Under the lock. k_thread_start() is k_wakeup(): right for the first start only. */
static inline void take_up(struct taskpool_worker *worker, const struct taskpool *pool, bool first)
{
	/* Otherwise taskpool_port_set_level() was called. */
	if (!IS_ENABLED(CONFIG_TASKPOOL_LEVEL_PRIORITIES)) {
		taskpool_port_join(worker, pool);
	}
	if (first) {
		k_thread_start(&worker->thread);
	}
}

/* Under the lock. */
void taskpool_port_lend(struct taskpool_worker *worker, const struct taskpool *pool, bool first)
{
	take_up(worker, pool, first);
	k_sem_give(&worker->wake);
}

#ifdef CONFIG_TASKPOOL_IOT_API
/* Under the lock. */
void taskpool_port_keep(struct taskpool_worker *worker, const struct taskpool *pool, bool first)
{
	take_up(worker, pool, first);
}
#endif

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
#ifdef CONFIG_SMP
	/* What set_priority() has left to this thread. */
	if (k_thread_priority_get(&worker->thread) != worker->priority) {
		k_thread_priority_set(&worker->thread, worker->priority);
	}
#endif
}

#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
/*
 * The kernel's handler of a k_timer touches the timer after the expiry function has returned, so the memory of a pool
 * that is destroyed could be in its hands. (Several CPUs can be in such handlers at once: when two timeouts expire at one
 * tick, sys_clock_announce() lets a second CPU in. So waiting for the handler of another timer proves nothing.) Of a
 * timeout it touches nothing after it has called the function, which counts itself out below.
 */
static void runtime_expired(struct _timeout *timeout)
{
	struct taskpool_memory *memory = CONTAINER_OF(timeout, struct taskpool_memory, pool.timer.timeout);
	k_spinlock_key_t key;

	taskpool_core_expire(&memory->pool);
	key = k_spin_lock(&lock);
	memory->expiries--;
	if (memory->expiries == 0 && memory->destroyer != NULL) {
		k_sem_give(memory->destroyer);
	}
	k_spin_unlock(&lock, key);
}

/* Under the lock. */
static void runtime_arm(struct taskpool_memory *memory, k_timeout_t deadline)
{
	struct _timeout *timeout = &memory->pool.timer.timeout;

	/* What can't be taken back any more comes. */
	if (z_abort_timeout(timeout) != 0) {
		memory->expiries++;
	}
	(void)z_add_timeout(timeout, runtime_expired, deadline);
}

static bool is_runtime(const struct taskpool *pool)
{
	return pool->config->min_threads == 0;
}
#endif /* CONFIG_TASKPOOL_RUNTIME_POOLS */

/* Under the lock, so that the timer is always armed for what the core remembers. */
void taskpool_port_arm(struct taskpool *pool, uint64_t deadline)
{
	k_timeout_t timeout = {.ticks = Z_TICK_ABS((k_ticks_t)deadline)};

#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
	if (is_runtime(pool)) {
		runtime_arm(CONTAINER_OF(pool, struct taskpool_memory, pool), timeout);
		return;
	}
#endif
	k_timer_start(&pool->timer, timeout, K_NO_WAIT);
}

/* In the clock interrupt. It may run for an expiry that was overtaken by a new start; the core looks at the clock. */
void z_taskpool_expired(struct k_timer *timer)
{
	taskpool_core_expire(CONTAINER_OF(timer, struct taskpool, timer));
}

/* rust/taskpool/src/zephyr.rs has so many words of room for a signal. */
BUILD_ASSERT(sizeof(struct k_sem) <= TASKPOOL_SIGNAL_ROOM, "raise the size of `Room` in rust/taskpool/src/zephyr.rs");

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
	k_timeout_t timeout = {.ticks = Z_TICK_ABS((k_ticks_t)deadline)};

	if (deadline == 0) {
		/* As an absolute time it would be over in the next tick. */
		timeout = K_NO_WAIT;
	} else if (deadline == UINT64_MAX) {
		timeout = K_FOREVER;
	}
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

/* Names the job that runs here, or ran last, and ends the image. */
static FUNC_NORETURN void end_image(void)
{
	struct taskpool_worker *worker = NULL;
	const void *job = NULL;

	/* Without CONFIG_TASKPOOL_WAIT no worker knows its job. */
	if (IS_ENABLED(CONFIG_TASKPOOL_WAIT) && taskpool_port_caller(&worker) == TASKPOOL_WORKER) {
		job = taskpool_core_last_words(worker);
	}
	if (job != NULL) {
		/* First, as its memory may have been overwritten: what follows looks inside, and at what it points to. */
		printk("the worker's job is at %p\n", job);
#if defined(CONFIG_TASKPOOL_C_API) &&                                                                                  \
	(defined(CONFIG_TASKPOOL_NAMES) || defined(CONFIG_TASKPOOL_BUDGETS) || defined(CONFIG_TASKPOOL_SUBMIT_SITE))
		const struct taskpool_job *named = job;
		const char *name = NULL;
		/* Of others it can't be seen whether they were overwritten. */
		bool is_job = named->core.run == taskpool_core_run_job;
		bool is_task = false;

#ifdef CONFIG_TASKPOOL_TASKS
		is_task = named->core.run == taskpool_core_run_task;
#endif
#ifdef CONFIG_TASKPOOL_NAMES
		if (is_job) {
			name = named->name;
		}
#ifdef CONFIG_TASKPOOL_TASKS
		if (is_task) {
			name = CONTAINER_OF(job, struct taskpool_task, core.job)->name;
		}
#endif
#endif
#ifdef CONFIG_TASKPOOL_BUDGETS
		if ((is_job || is_task) && named->core.about != NULL && named->core.about->name != NULL) {
			name = named->core.about->name;
		}
#endif
		if (name != NULL) {
			printk("the worker's job: %s\n", name);
		}
#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
		struct taskpool_site site;

		if ((is_job || is_task) && taskpool_core_site(named->core.site, &site)) {
			printk("it was submitted at %.*s:%u\n", (int)site.length, site.file, site.line);
		}
#endif
#endif
	}
	k_panic();
	CODE_UNREACHABLE;
}

#ifdef CONFIG_TASKPOOL_ARCHIVE
FUNC_NORETURN void taskpool_port_panicked(const char *file, uint32_t length, uint32_t line)
{
	printk("the task pool's code panicked at %.*s:%u\n", (int)length, file, line);
	end_image();
}
#endif

FUNC_NORETURN void taskpool_port_broken(void)
{
	printk("the task pool's memory is corrupted: a job or pool was overwritten, or reused while it was under way\n");
	end_image();
}

/* The core has checked the level. */
void taskpool_port_report(uint32_t id, uint32_t level, const struct taskpool *pool, uint32_t number)
{
	const char *name = pool->config->name;

	ARG_UNUSED(level);
	switch (id) {
	case TASKPOOL_REPORT_POOL_STARTED:
		if (number == 0) {
			LOG_INF("pool %s started, and borrows its workers", name);
		} else {
			LOG_INF("pool %s started with %u workers", name, number);
		}
		break;
	case TASKPOOL_REPORT_WORKER_LENT:
		LOG_DBG("pool %s borrowed worker r%u", name, UINT8_MAX - number);
		break;
	case TASKPOOL_REPORT_WORKER_RETURNED:
		LOG_DBG("pool %s gave back worker r%u", name, UINT8_MAX - number);
		break;
	case TASKPOOL_REPORT_OVERDUE:
		LOG_WRN("pool %s: more than %u jobs came due at once, and the workers move the rest; raise "
			"CONFIG_TASKPOOL_EXPIRY_BATCH if they run late",
			name, number);
		break;
	default:
		LOG_ERR("pool %s: report %u (%u), which this port does not know; update src/port.c", name, id, number);
		break;
	}
}

/* Makes the thread of a worker, and leaves it dormant. */
static void create(struct taskpool_worker *worker, k_thread_stack_t *stack, size_t size, int priority, const char *name,
		   char kind, uint8_t index)
{
	k_sem_init(&worker->wake, 0, 1);
#ifdef CONFIG_SMP
	worker->priority = (int8_t)priority;
#endif
#ifdef CONFIG_TASKPOOL_BUDGETS
	taskpool_port_make_watch(worker);
#endif
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

#ifdef CONFIG_TASKPOOL_IOT_API
void taskpool_port_forget_job(const void *job)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserve); i++) {
		/* In one step: the worker may go on to its next job meanwhile. */
		(void)atomic_ptr_cas(&reserve[i].iot.own, (void *)job, NULL);
	}
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
		return TASKPOOL_INTERRUPT;
	}
#if CONFIG_TASKPOOL_RESERVE_THREADS > 0
	*worker = find(reserve, ARRAY_SIZE(reserve), thread);
	if (*worker != NULL) {
		return TASKPOOL_WORKER;
	}
#endif
	STRUCT_SECTION_FOREACH(taskpool, pool) {
		*worker = find(pool->config->workers, pool->config->min_threads, thread);
		if (*worker != NULL) {
			return TASKPOOL_WORKER;
		}
	}
	return TASKPOOL_THREAD;
}

#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
/* rust/taskpool/src/zephyr.rs has so many words of room for what comes after the core. */
BUILD_ASSERT(sizeof(struct taskpool_memory) - sizeof(struct taskpool_core) <= TASKPOOL_MEMORY_ROOM,
	     "raise the size of `MemoryRoom` in rust/taskpool/src/zephyr.rs");
BUILD_ASSERT(__alignof__(struct taskpool_memory) <= 8, "raise the alignment of `PoolMemory` in rust/taskpool/src/zephyr.rs");

static bool booted;

uint32_t taskpool_port_can_create(int priority)
{
	/* As TASKPOOL_DEFINE: levels don't make a preemptible thread cooperative. */
	int highest = (priority >= 0 ? 0 : K_HIGHEST_THREAD_PRIO) + Z_TASKPOOL_RAISE;

	if (priority < highest || priority > K_LOWEST_APPLICATION_THREAD_PRIO) {
		return TASKPOOL_NO_SUCH_PRIORITY;
	}
	return booted ? TASKPOOL_CAN_CREATE : TASKPOOL_TOO_EARLY;
}

/* All else of the memory is zero at first, a timeout that is in no list among it. */
void taskpool_port_configure(struct taskpool *pool, const char *name, int priority)
{
	struct taskpool_memory *memory = CONTAINER_OF(pool, struct taskpool_memory, pool);

	memory->config.name = name;
	memory->config.priority = (int8_t)priority;
	pool->config = &memory->config;
}

/* As taskpool_port_refuse() of the C API, without which pools can be made, too. */
static int refuse(int error, const char *function, const char *message)
{
	if (IS_ENABLED(CONFIG_ASSERT)) {
		printk("%s: %s\n", function, message);
	}
	return -error;
}

int taskpool_port_create(struct taskpool_memory *memory, const char *name, uint8_t min_threads, uint8_t max_threads,
			 int priority)
{
	static const char function[] = "taskpool_create";

	if (k_is_in_isr()) {
		return refuse(EPERM, function, "an interrupt can't make a pool");
	}
	if (memory == NULL || name == NULL) {
		return refuse(EINVAL, function, "the memory or the name is NULL");
	}
	if (max_threads < 1 || max_threads > 127) {
		return refuse(EINVAL, function, "a pool has 1 to 127 workers");
	}
	switch (taskpool_port_can_create(priority)) {
	case TASKPOOL_CAN_CREATE:
		break;
	case TASKPOOL_NO_SUCH_PRIORITY:
		return refuse(EINVAL, function, "there is no such thread priority in this configuration");
	default:
		return refuse(EAGAIN, function, "the reserve is made at the init level APPLICATION");
	}
	memset(memory, 0, sizeof(*memory));
	/* Nobody knows the pool yet, so this needs no lock. */
	taskpool_port_configure(&memory->pool, name, priority);
	return taskpool_core_create(&memory->pool, min_threads, max_threads) ? 0 : -ENOMEM;
}

int taskpool_create(struct taskpool_memory *memory, const char *name, uint8_t max_threads, int priority)
{
	return taskpool_port_create(memory, name, 0, max_threads, priority);
}

/* Sees to it that no interrupt has to do with the pool. The pool is shut down, so its timer is not armed again. */
static void end_expiries(struct taskpool_memory *memory)
{
	k_spinlock_key_t key;
	struct k_sem over;

	k_sem_init(&over, 0, 1);
	key = k_spin_lock(&lock);
	if (z_abort_timeout(&memory->pool.timer.timeout) == 0) {
		memory->expiries--;
	}
	/* On one CPU no thread runs while an interrupt is served. */
	while (memory->expiries > 0) {
		memory->destroyer = &over;
		k_spin_unlock(&lock, key);
		/* As in taskpool_port_park(), it may end early; the count tells. */
		(void)k_sem_take(&over, K_FOREVER);
		/* And whoever gave it has left the lock by then. */
		key = k_spin_lock(&lock);
	}
	k_spin_unlock(&lock, key);
}

int taskpool_destroy(struct taskpool_memory *memory, enum taskpool_shutdown how, k_timeout_t timeout)
{
	uint64_t deadline;

	if (memory == NULL) {
		return refuse(EINVAL, __func__, "the memory is NULL");
	}
	if (how != TASKPOOL_DRAIN && how != TASKPOOL_DISCARD) {
		return refuse(EINVAL, __func__, "an argument is out of range");
	}
	deadline = sys_timepoint_calc(timeout).tick;
	if (deadline != 0 && deadline != UINT64_MAX) {
		/* The present tick has partly passed. */
		deadline++;
	}
	switch (taskpool_core_shutdown(&memory->pool, how == TASKPOOL_DISCARD, deadline)) {
	case TASKPOOL_SHUT:
		break;
	case TASKPOOL_SHUT_TIMED_OUT:
		return -EAGAIN;
	case TASKPOOL_SHUT_IN_INTERRUPT:
		return refuse(EPERM, __func__, "an interrupt can't wait");
	case TASKPOOL_SHUT_ON_WORKER:
		return refuse(EDEADLK, __func__, "a worker would wait for its own pool");
	case TASKPOOL_SHUT_NO_POOL:
		return refuse(EINVAL, __func__, "the memory was overwritten");
	default:
		return -ESHUTDOWN;
	}
	end_expiries(memory);
	/* Who destroys it once more is told so, as long as the memory is left alone. */
	memset(memory, 0, sizeof(*memory));
	return 0;
}
#endif /* CONFIG_TASKPOOL_RUNTIME_POOLS */

static int boot(void)
{
#ifdef CONFIG_TASKPOOL_WDT
	taskpool_port_start_watchdog();
#endif
	create_reserve();
#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
	booted = true;
#endif
	STRUCT_SECTION_FOREACH(taskpool, pool) {
		start(pool);
	}
	return 0;
}

/* Drivers are ready by then, and main() has not begun. */
SYS_INIT(boot, APPLICATION, CONFIG_APPLICATION_INIT_PRIORITY);
