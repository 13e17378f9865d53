/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Jobs from an interrupt, in slices, deferred and cancelled.
 */

#include <zephyr/kernel.h>
#include <zephyr/linker/linker-defs.h>
#include <zephyr/sys/atomic.h>
#include <zephyr/sys/crc.h>
#include <zephyr/sys/printk.h>

#include <taskpool/taskpool.h>

/* What the jobs report. A completion is told the outcome of every submission, so nothing can go missing. */
static atomic_t submitted;
static atomic_t run;
static atomic_t cancelled;
static atomic_t workers;
static atomic_t worst_lateness_us;

static void count(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	ARG_UNUSED(end);
	ARG_UNUSED(code);
	atomic_inc(outcome == TASKPOOL_DONE ? &run : &cancelled);
}

static const struct taskpool_end ledger = TASKPOOL_END_INITIALIZER(count);

/* Counts a submission that was accepted. Callable from the interrupt. */
static void note(int answer)
{
	if (answer == TASKPOOL_NEW || answer == TASKPOOL_AGAIN) {
		atomic_inc(&submitted);
	}
}

static void note_worker(const struct taskpool_ctx *ctx)
{
	/* Workers of the reserve count down from 255; one bit for all of them. */
	atomic_or(&workers, BIT(MIN(taskpool_ctx_worker(ctx), 31)));
}

static bool balanced(void)
{
	return atomic_get(&submitted) == atomic_get(&run) + atomic_get(&cancelled);
}

/* Reads the sensor when its data-ready line says so. */
static int sample_run(const struct taskpool_ctx *ctx, void *samples)
{
	note_worker(ctx);
	++*(uint32_t *)samples;
	return 0;
}

static uint32_t samples;
static TASKPOOL_JOB_DEFINE_WITH(sample, sample_run, &samples, &ledger, 0, false);

/* The interrupt of the data-ready line, which a kernel timer plays: it hands the work to the pool and returns. */
static void data_ready(struct k_timer *line)
{
	ARG_UNUSED(line);
	note(taskpool_submit(&taskpool_system, &sample));
}

static K_TIMER_DEFINE(line, data_ready, NULL);

/* A long computation in slices: other jobs get their turn in between. */
struct checksum {
	struct taskpool_job job;
	uint32_t crc;
	size_t offset;
	uint32_t slices;
};

#define SLICE 1024

/* Where the linker put the image's own code. On native_sim that is the host's. */
#ifdef CONFIG_ARCH_POSIX
extern const char __executable_start[], etext[];
#define IMAGE     __executable_start
#define IMAGE_END etext
#else
#define IMAGE     __text_region_start
#define IMAGE_END __text_region_end
#endif

static int checksum_run(const struct taskpool_ctx *ctx, void *arg)
{
	struct checksum *self = arg;
	const uint8_t *image = (const uint8_t *)IMAGE;
	size_t length = IMAGE_END - IMAGE;
	size_t slice = MIN(length - self->offset, SLICE);

	note_worker(ctx);
	self->crc = crc32_ieee_update(self->crc, image + self->offset, slice);
	self->offset += slice;
	self->slices++;
	if (self->offset < length) {
		/* A running job that is submitted runs once more, behind whatever is ready. */
		note(taskpool_submit(taskpool_ctx_pool(ctx), &self->job));
	} else {
		printk("crc32 of %zu bytes in %u slices: 0x%08x\n", self->offset, self->slices, self->crc);
	}
	return 0;
}

/* Says how late it ran. */
static int alarm_run(const struct taskpool_ctx *ctx, void *name)
{
	uint32_t late_us = (uint32_t)k_ticks_to_us_floor64(k_uptime_ticks() - taskpool_ctx_due(ctx));

	note_worker(ctx);
	/* Both workers may be here. */
	for (atomic_val_t worst = atomic_get(&worst_lateness_us); (uint32_t)worst < late_us;
	     worst = atomic_get(&worst_lateness_us)) {
		if (atomic_cas(&worst_lateness_us, worst, (atomic_val_t)late_us)) {
			break;
		}
	}
	printk("%s: ran %u us after its deadline\n", (const char *)name, late_us);
	return 0;
}

static TASKPOOL_JOB_DEFINE_WITH(after_5, alarm_run, "after 5 ms", &ledger, 0, false);
static TASKPOOL_JOB_DEFINE_WITH(after_20, alarm_run, "after 20 ms", &ledger, 0, false);
static TASKPOOL_JOB_DEFINE_WITH(after_50, alarm_run, "after 50 ms", &ledger, 0, false);
static TASKPOOL_JOB_DEFINE_WITH(at_time, alarm_run, "at an absolute time", &ledger, 0, false);
static TASKPOOL_JOB_DEFINE_WITH(unwanted, alarm_run, "after 40 ms", &ledger, 0, false);

/* Ends the show; main() waits for it. */
static int finish_run(const struct taskpool_ctx *ctx, void *unused)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(unused);
	k_timer_stop(&line);
	return 0;
}

static TASKPOOL_JOB_DEFINE(finish, finish_run, NULL);

int main(void)
{
	static struct checksum checksum;
	struct taskpool *pool = &taskpool_system;
	int answer;

	/* A job that is part of something else is initialised by a call. */
	(void)taskpool_job_init(&checksum.job, checksum_run, &checksum);
	(void)taskpool_job_set_end(&checksum.job, &ledger);

	k_timer_start(&line, K_MSEC(10), K_MSEC(10));
	note(taskpool_submit(pool, &checksum.job));
	note(taskpool_submit_after(pool, &after_5, K_MSEC(5)));
	note(taskpool_submit_after(pool, &after_20, K_MSEC(20)));
	note(taskpool_submit_after(pool, &after_50, K_MSEC(50)));
	note(taskpool_submit_after(pool, &unwanted, K_MSEC(40)));
	note(taskpool_submit_at(pool, &at_time, k_uptime_ticks() + k_ms_to_ticks_ceil64(30)));

	answer = taskpool_cancel(&unwanted);
	if (answer == TASKPOOL_FOUND_WAITING) {
		printk("after 40 ms: cancelled, and never ran\n");
	} else {
		printk("after 40 ms: not cancelled: %d\n", answer);
	}

	answer = taskpool_submit_after(pool, &finish, K_MSEC(105));
	if (answer < 0) {
		printk("cannot submit the last job: %s\n", taskpool_strerror(answer));
	}
	answer = taskpool_wait(&finish, K_SECONDS(10), NULL);
	if (answer != TASKPOOL_DONE) {
		printk("the last job did not end: %s\n", taskpool_strerror(answer));
	}
	/* The last sample may still be on its way. */
	for (int i = 0; i < 100 && !balanced(); i++) {
		k_msleep(1);
	}

	printk("summary: submitted %ld, run %ld, cancelled %ld, workers used %d, worst lateness %ld us\n",
	       (long)atomic_get(&submitted), (long)atomic_get(&run), (long)atomic_get(&cancelled),
	       __builtin_popcountl(atomic_get(&workers)), (long)atomic_get(&worst_lateness_us));
	printk(balanced() ? "quickstart_c: done\n" : "quickstart_c: some submissions have no outcome\n");
	return 0;
}
