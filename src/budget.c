/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Budgets and watchdogs of runs: the workers' timers, the channels of the kernel's task watchdog, and what is logged.
 */

#include <string.h>

#include <zephyr/logging/log.h>
#include <zephyr/logging/log_ctrl.h>
#include <zephyr/sys/atomic.h>

#include "taskpool_core.h"

#ifdef CONFIG_TASKPOOL_WDT
#include <zephyr/device.h>
#include <zephyr/devicetree.h>
#include <zephyr/sys/reboot.h>
#include <zephyr/task_wdt/task_wdt.h>
#endif

LOG_MODULE_DECLARE(taskpool, CONFIG_TASKPOOL_LOG_LEVEL);

static atomic_ptr_t hook;

void taskpool_set_overrun_hook(taskpool_overrun_hook_t function)
{
	atomic_ptr_set(&hook, (void *)function);
}

/* In the clock interrupt. */
static void budget_expired(struct k_timer *timer)
{
	taskpool_core_overrun(CONTAINER_OF(timer, struct taskpool_worker, budget));
}

void taskpool_port_make_watch(struct taskpool_worker *worker)
{
	k_timer_init(&worker->budget, budget_expired, NULL);
#ifdef CONFIG_TASKPOOL_WDT
	atomic_set(&worker->channel, -1);
#endif
}

/* Under the lock, as that of the pools' timers. */
void taskpool_port_watch(struct taskpool_worker *worker, uint64_t deadline)
{
	k_timer_start(&worker->budget, (k_timeout_t){.ticks = Z_TICK_ABS((k_ticks_t)deadline)}, K_NO_WAIT);
}

/*
 * Under the lock. The expiry function may be about to run on another CPU: the core sees that there is no run any more, or
 * that it is another one.
 */
void taskpool_port_unwatch(struct taskpool_worker *worker)
{
	k_timer_stop(&worker->budget);
}

/* Without the 64-bit formats that small configurations don't have. */
static uint32_t microseconds(k_ticks_t ticks)
{
	return (uint32_t)MIN(k_ticks_to_us_floor64(ticks), UINT32_MAX);
}

static const char *name_of(const struct taskpool_overrun *overrun)
{
	return overrun->about != NULL && overrun->about->name != NULL ? overrun->about->name : "without a name";
}

static uint32_t id_of(const struct taskpool_overrun *overrun)
{
	return overrun->about != NULL ? overrun->about->id : 0;
}

/* What is logged of where the job was submitted; of a long path the end. */
#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
#define SUBMITTED          "; submitted at %s:%u"
#define SUBMITTED_AT(what) , file_of(&(what)->site, (char[40]){0}, 40), (what)->site.line

static const char *file_of(const struct taskpool_site *site, char *text, size_t size)
{
	size_t length = MIN(site->length, size - 1);

	if (site->file == NULL) {
		return "a place that nobody knows";
	}
	/* Where Rust has called, the name has no zero at its end, and the log copies texts up to that. */
	memcpy(text, site->file + site->length - length, length);
	return text;
}
#else
#define SUBMITTED          ""
#define SUBMITTED_AT(what)
#endif

void taskpool_port_overrun(const struct taskpool_overrun *overrun)
{
	taskpool_overrun_hook_t function = (taskpool_overrun_hook_t)atomic_ptr_get(&hook);

	if (function != NULL) {
		function(overrun);
		return;
	}
	LOG_ERR("job %s (%u, at %p) has run for %u us, its budget is %u us: control point %u, worker %u; make it shorter, "
		"or raise its budget" SUBMITTED,
		name_of(overrun), id_of(overrun), overrun->job, microseconds(overrun->elapsed),
		microseconds(overrun->about->budget.ticks), overrun->control_point,
		overrun->worker SUBMITTED_AT(overrun));
}

#ifdef CONFIG_TASKPOOL_WDT
/* What the documentation states; its ticks fit into 32 bits at 1 MHz. */
#define LONGEST_PERIOD 3600000U

/*
 * The module's own task_wdt_init(): before the first job runs, as a timer that is initialised while it runs would spoil the
 * kernel's list of timeouts.
 */
void taskpool_port_start_watchdog(void)
{
#ifdef CONFIG_TASKPOOL_WDT_INIT
	const struct device *hardware = NULL;
	int error;

#if defined(CONFIG_TASK_WDT_HW_FALLBACK) && defined(CONFIG_WATCHDOG)
	hardware = DEVICE_DT_GET_OR_NULL(DT_ALIAS(watchdog0));
	if (hardware != NULL && !device_is_ready(hardware)) {
		LOG_ERR("the hardware watchdog %s is not ready: jobs are watched without it", hardware->name);
		hardware = NULL;
	}
#endif
	error = task_wdt_init(hardware);
	if (error != 0) {
		LOG_ERR("task_wdt_init() failed: %d; jobs are watched in vain", error);
	}
#endif
}

__weak void taskpool_watchdog_expired(const struct taskpool_overrun *overrun)
{
	ARG_UNUSED(overrun);
	/* What is logged in this interrupt would be lost otherwise. */
	LOG_PANIC();
	sys_reboot(SYS_REBOOT_COLD);
}

/* In the clock interrupt. */
static void channel_expired(int channel, void *user_data)
{
	struct taskpool_worker *worker = user_data;
	struct taskpool_overrun watched;
	uint32_t unfed = (uint32_t)k_uptime_ticks() - (uint32_t)atomic_get(&worker->fed);

	ARG_UNUSED(channel);
	/*
	 * On several CPUs, the run whose channel has expired may have ended meanwhile, and another one have got the channel:
	 * that one has its whole period.
	 */
	if (unfed >= worker->period && taskpool_core_watched(worker, &watched)) {
		LOG_ERR("job %s (%u, at %p) has not fed its watchdog for %u us, and has run for %u us: control point %u, "
			"worker %u" SUBMITTED,
			name_of(&watched), id_of(&watched), watched.job, microseconds(unfed),
			microseconds(watched.elapsed), watched.control_point,
			watched.worker SUBMITTED_AT(&watched));
		taskpool_watchdog_expired(&watched);
	}
	/* The kernel has one timer for all channels, and after this call nobody else starts it again. */
	task_wdt_resume();
}

static void note_feed(struct taskpool_worker *worker)
{
	/* Not after the kernel's own look at the clock: unfed for a period by that is so by this. */
	atomic_set(&worker->fed, (atomic_val_t)(uint32_t)k_uptime_ticks());
}

void taskpool_port_guard(struct taskpool_worker *worker, uint32_t period)
{
	static atomic_t told;
	int channel;

	period = MIN(period, LONGEST_PERIOD);
	worker->period = k_ms_to_ticks_ceil32(period);
	note_feed(worker);
	channel = task_wdt_add(period, channel_expired, worker);
	if (channel < 0 && atomic_inc(&told) == 0) {
		LOG_ERR("no channel of the task watchdog is free for a job (%d), and it runs unwatched, as others that find "
			"none: raise CONFIG_TASK_WDT_CHANNELS to the number of workers, and one for each other user",
			channel);
	}
	atomic_set(&worker->channel, channel);
}

void taskpool_port_unguard(struct taskpool_worker *worker)
{
	int channel = (int)atomic_set(&worker->channel, -1);

	if (channel < 0) {
		return;
	}
	(void)task_wdt_delete(channel);
	/*
	 * The kernel's timer is still armed for this channel: it would wake a CPU that sleeps. This arms it for the earliest
	 * of the others, if there is one. (If somebody else has got the channel meanwhile, it is fed.)
	 */
	(void)task_wdt_feed(channel);
}

void taskpool_port_feed(struct taskpool_worker *worker)
{
	int channel = (int)atomic_get(&worker->channel);

	if (channel >= 0) {
		note_feed(worker);
		(void)task_wdt_feed(channel);
	}
}
#endif /* CONFIG_TASKPOOL_WDT */
