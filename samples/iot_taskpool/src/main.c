/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Metrics of the device, collected every 100 ms and handed to a sender: two jobs of the FreeRTOS Task Pool's API, one that
 * defers itself, and one for each report, of the pool's memory.
 */

#include <zephyr/kernel.h>
#include <zephyr/sys/atomic.h>
#include <zephyr/sys/printk.h>

#include <iot_taskpool.h>

#define PERIOD_MS 100
#define REPORTS   5

/* What is reported. */
struct metrics {
	uint32_t number;
	uint32_t uptime_ms;
	uint32_t events;
};

/* What the collection keeps from one time to the next. */
struct collector {
	uint32_t reports;
	/* Counted by whoever sees one. */
	atomic_t events;
};

static struct collector collector;
static struct metrics outbox[2];
static K_SEM_DEFINE(enough, 0, 1);

static bool failed(const char *what, IotTaskPoolError_t error)
{
	if (error != IOT_TASKPOOL_SUCCESS) {
		printk("%s: %s\n", what, IotTaskPool_strerror(error));
	}
	return error != IOT_TASKPOOL_SUCCESS;
}

/* Connects, publishes and disconnects: may take its time, on a worker of its own. */
static void send(IotTaskPool_t pool, IotTaskPoolJob_t job, void *context)
{
	const struct metrics *report = context;

	k_msleep(10);
	printk("report %u: up %u ms, %u events\n", report->number, report->uptime_ms, report->events);
	/* The end of a job that was made for one thing. */
	(void)failed("recycle", IotTaskPool_RecycleJob(pool, job));
	if (report->number == REPORTS) {
		k_sem_give(&enough);
	}
}

static void collect(IotTaskPool_t pool, IotTaskPoolJob_t job, void *context)
{
	struct collector *self = context;
	struct metrics *report = &outbox[self->reports % ARRAY_SIZE(outbox)];
	IotTaskPoolJob_t sender;

	self->reports++;
	report->number = self->reports;
	report->uptime_ms = k_uptime_get_32();
	report->events = (uint32_t)atomic_set(&self->events, 0);
	if (!failed("make a sender", IotTaskPool_CreateRecyclableJob(pool, send, report, &sender))) {
		(void)failed("send", IotTaskPool_Schedule(pool, sender, 0));
	}
	(void)failed("defer", IotTaskPool_ScheduleDeferred(pool, job, PERIOD_MS));
}

/* Something to count. */
static void see_event(struct k_timer *timer)
{
	ARG_UNUSED(timer);
	atomic_inc(&collector.events);
}

static K_TIMER_DEFINE(events, see_event, NULL);

int main(void)
{
	const IotTaskPoolInfo_t info = {.minThreads = 2, .maxThreads = 3, .stackSize = 0, .priority = 0};
	IotTaskPoolJobStorage_t storage = IOT_TASKPOOL_JOB_STORAGE_INITIALIZER;
	IotTaskPoolJobStatus_t status = IOT_TASKPOOL_STATUS_UNDEFINED;
	IotTaskPool_t pool = IOT_TASKPOOL_INITIALIZER;
	IotTaskPoolJob_t job = IOT_TASKPOOL_JOB_INITIALIZER;

	if (failed("create", IotTaskPool_Create(&info, &pool)) ||
	    failed("create job", IotTaskPool_CreateJob(collect, &collector, &storage, &job))) {
		return 0;
	}
	k_timer_start(&events, K_MSEC(7), K_MSEC(7));
	if (failed("schedule", IotTaskPool_ScheduleDeferred(pool, job, PERIOD_MS))) {
		return 0;
	}
	k_sem_take(&enough, K_FOREVER);
	k_timer_stop(&events);
	if (!failed("cancel", IotTaskPool_TryCancel(pool, job, &status))) {
		printk("stopped after %u reports: the next one was %s\n", collector.reports,
		       status == IOT_TASKPOOL_STATUS_DEFERRED ? "cancelled" : "not deferred");
	}
	/* The storage is on this stack: nothing of the pool runs, or will, when this returns. */
	if (!failed("destroy", IotTaskPool_Destroy(pool))) {
		printk("iot_taskpool: done\n");
	}
	return 0;
}
