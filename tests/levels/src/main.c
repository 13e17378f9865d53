/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * The cases, by name; their bodies are in Rust (src/lib.rs), where a failed assertion ends the run. And the pools.
 */

#include <zephyr/irq_offload.h>
#include <zephyr/kernel.h>
#include <zephyr/ztest.h>

#include <taskpool/taskpool.h>

#define STACK_SIZE 2048

/* With four levels: 7 to 4, 8 to 5, and, more urgent than the test in any case, -2 to -5. */
TASKPOOL_DEFINE(one, 1, STACK_SIZE, 7);
TASKPOOL_DEFINE_WITH(grows, 1, 2, STACK_SIZE, 8);
TASKPOOL_DEFINE(cooperative, 1, STACK_SIZE, -2);

void high_levels_preempt_the_submitter(void);
void a_worker_is_low_again_for_the_next_job(void);
void interrupts_raise_workers_too(void);
void urgent_jobs_preempt_the_submitter(void);
void deferred_jobs_preempt_who_runs(void);
void borrowed_workers_have_the_priority_of_the_job(void);
void who_has_waited_is_preempted(void);
void locked_scheduler_is_respected(void);
void cooperative_submitter_goes_on(void);

ZTEST_SUITE(levels, NULL, NULL, NULL, NULL, NULL);

ZTEST(levels, test_high_levels_preempt_the_submitter)
{
	high_levels_preempt_the_submitter();
}

ZTEST(levels, test_a_worker_is_low_again_for_the_next_job)
{
	a_worker_is_low_again_for_the_next_job();
}

ZTEST(levels, test_interrupts_raise_workers_too)
{
	interrupts_raise_workers_too();
}

ZTEST(levels, test_urgent_jobs_preempt_the_submitter)
{
	urgent_jobs_preempt_the_submitter();
}

ZTEST(levels, test_deferred_jobs_preempt_who_runs)
{
	deferred_jobs_preempt_who_runs();
}

ZTEST(levels, test_borrowed_workers_have_the_priority_of_the_job)
{
	borrowed_workers_have_the_priority_of_the_job();
}

ZTEST(levels, test_who_has_waited_is_preempted)
{
	who_has_waited_is_preempted();
}

ZTEST(levels, test_locked_scheduler_is_respected)
{
	locked_scheduler_is_respected();
}

ZTEST(levels, test_cooperative_submitter_goes_on)
{
	cooperative_submitter_goes_on();
}

void submit_low(void);
void submit_high(bool cooperative);
void submit_telling(bool cooperative);

/* A line that no device of the board uses. */
#ifdef CONFIG_CPU_CORTEX_M
#define LINE             41
#define SET_PENDING(irq) NVIC_SetPendingIRQ(irq)
#else
#define LINE             5
#define SET_PENDING(irq) posix_sw_set_pending_IRQ(irq)
#endif

static K_SEM_DEFINE(pended, 0, 1);

static void in_between(const void *unused)
{
	ARG_UNUSED(unused);
	submit_high(false);
}

static void give_pended(struct k_timer *timer)
{
	ARG_UNUSED(timer);
	k_sem_give(&pended);
}

static K_TIMER_DEFINE(give_later, give_pended, NULL);

/*
 * A cooperative thread pends, and before the CPU has switched to another one an interrupt makes a worker more urgent that
 * is on its way: the thread stays pended. (native_sim has no such moment, and takes the interrupt after the switch.)
 */
ZTEST(levels, test_interrupt_between_pending_and_the_switch)
{
	int priority = k_thread_priority_get(k_current_get());
	unsigned int key;

	IRQ_CONNECT(LINE, 1, in_between, NULL, 0);
	irq_enable(LINE);
	k_thread_priority_set(k_current_get(), -3);
	submit_low();
	k_timer_start(&give_later, K_MSEC(50), K_NO_WAIT);
	key = irq_lock();
	SET_PENDING(LINE);
	zassert_equal(k_sem_take(&pended, K_FOREVER), 0, "it went on without the semaphore");
	irq_unlock(key);
	k_thread_priority_set(k_current_get(), priority);
}

static K_SEM_DEFINE(urgent_wakes, 0, 10);
static volatile int urgent_ran;

static void run_urgent(void *unused1, void *unused2, void *unused3)
{
	for (;;) {
		k_sem_take(&urgent_wakes, K_FOREVER);
		urgent_ran++;
	}
}

K_THREAD_DEFINE(urgent_thread, 1024, run_urgent, NULL, NULL, NULL, -10, 0, 0);

static void wake_urgent(const void *unused)
{
	ARG_UNUSED(unused);
	k_sem_give(&urgent_wakes);
}

static int ran_while_locked = -1;

/* On a worker that tells of its last job, and that a submission makes more urgent. */
void told_with_locked_scheduler(bool cooperative)
{
	k_sched_lock();
	irq_offload(wake_urgent, NULL);
	submit_high(cooperative);
	irq_offload(wake_urgent, NULL);
	ran_while_locked = urgent_ran;
	k_sched_unlock();
}

ZTEST(levels, test_completion_with_locked_scheduler)
{
	for (int cooperative = 0; cooperative < 2; cooperative++) {
		urgent_ran = 0;
		ran_while_locked = -1;
		submit_telling(cooperative != 0);
		k_sleep(K_MSEC(20));
		zassert_equal(ran_while_locked, 0, "%d", ran_while_locked);
		zassert_equal(urgent_ran, 2, "%d", urgent_ran);
	}
}
