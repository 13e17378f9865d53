/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * Budgets of jobs, control points, and watchdogs of runs.
 */

#include <string.h>

#include <zephyr/sys/printk-hooks.h>
#include <zephyr/task_wdt/task_wdt.h>

#include <timeout_q.h>

#include "common.h"

static const struct taskpool_about brief = {.name = "brief", .budget = K_MSEC(2), .id = 7};
static const struct taskpool_about nameless = {.budget = K_MSEC(2)};
static const struct taskpool_about fed = {.name = "fed", .id = 9, .watchdog = 20};
/* None of its times is over soon after its run. */
static const struct taskpool_about both = {.name = "both", .budget = K_SECONDS(1), .watchdog = 1000};
static const struct taskpool_about endless = {.name = "endless", .budget = K_FOREVER};

/* What the documentation states. */
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_about) == 24);
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct taskpool_worker_core) == 12 + 4 + 4 + 20);
BUILD_ASSERT(sizeof(void *) != 4 || sizeof(struct k_timer) == 56);
BUILD_ASSERT(sizeof(void *) != 4 ||
	     sizeof(struct taskpool_job) == 52 + 4 + 4 + 4 + 4 + 4 * IS_ENABLED(CONFIG_TASKPOOL_NAMES));

static struct noted job;
static bool inside;

/* What was told, and where. */
static struct taskpool_overrun told;
static atomic_t times;
static bool in_isr;
static bool was_inside;

static void note_overrun(const struct taskpool_overrun *overrun)
{
	told = *overrun;
	in_isr = k_is_in_isr();
	was_inside = inside;
	atomic_inc(&times);
}

static atomic_t expirations;

/* In place of the module's, which would reset the board. */
void taskpool_watchdog_expired(const struct taskpool_overrun *overrun)
{
	note_overrun(overrun);
	atomic_dec(&times);
	atomic_inc(&expirations);
}

static void begin(const struct taskpool_about *about, void (*script)(const struct taskpool_ctx *ctx, struct noted *self))
{
	noted_init(&job, 0);
	job.script = script;
	zassert_ok(taskpool_job_set_about(&job.job, about));
	memset(&told, 0, sizeof(told));
	atomic_clear(&times);
	atomic_clear(&expirations);
	taskpool_set_overrun_hook(note_overrun);
}

static void run_for(k_timeout_t time)
{
	zassert_ok(taskpool_submit(&slow, &job.job));
	k_sleep(time);
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_false(inside);
}

static struct taskpool_worker *worker(void)
{
	return &slow.config->workers[0];
}

static bool is_timed;

static void take_too_long(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(self);
	inside = true;
	is_timed = k_timer_remaining_ticks(&worker()->budget) > 0;
	zassert_equal_ptr(taskpool_ctx_about(ctx), &brief);
	taskpool_control_point(ctx, 11);
	k_busy_wait(4000);
	taskpool_control_point(ctx, 12);
	k_busy_wait(4000);
	inside = false;
}

ZTEST(c, test_an_overrun_is_told_while_the_job_runs)
{
	begin(&brief, take_too_long);
	run_for(K_MSEC(20));
	zassert_equal(atomic_get(&times), 1, "once a run");
	zassert_true(in_isr);
	zassert_true(was_inside);
	zassert_true(is_timed);
	zassert_equal_ptr(told.about, &brief);
	zassert_equal_ptr(told.job, &job.job);
	zassert_equal(told.control_point, 11);
	zassert_equal(told.worker, 0);
	zassert_true(told.site.line > 0);
	zassert_equal(told.site.length, strlen(__FILE__));
	zassert_mem_equal(told.site.file, __FILE__, told.site.length);
	zassert_true(told.elapsed > 20 && told.elapsed < 40, "%d ticks", (int)told.elapsed);
	zassert_equal(k_timer_remaining_ticks(&worker()->budget), 0);

	/* The next run has its own. */
	job.runs = 0;
	run_for(K_MSEC(20));
	zassert_equal(atomic_get(&times), 2);
}

static void sleep_too_long(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(self);
	inside = true;
	k_sleep(K_MSEC(5));
	inside = false;
}

ZTEST(c, test_waiting_counts_against_the_budget)
{
	begin(&nameless, sleep_too_long);
	run_for(K_MSEC(20));
	zassert_equal(atomic_get(&times), 1);
	zassert_true(was_inside);
	zassert_equal_ptr(told.about, &nameless);
	zassert_equal(told.control_point, 0, "a run begins at 0");
}

static void take_a_while(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(self);
	is_timed = k_timer_remaining_ticks(&worker()->budget) > 0;
	k_busy_wait(1500);
}

ZTEST(c, test_a_run_within_its_budget_is_not_told)
{
	begin(&brief, take_a_while);
	run_for(K_MSEC(20));
	zassert_equal(atomic_get(&times), 0, "nor after its end");
	zassert_true(is_timed);
	zassert_equal(k_timer_remaining_ticks(&worker()->budget), 0);
}

static void take_long(const struct taskpool_ctx *ctx, struct noted *self)
{
	take_a_while(ctx, self);
	k_busy_wait(4000);
}

ZTEST(c, test_a_job_without_a_budget_has_no_timer)
{
	begin(NULL, take_long);
	run_for(K_MSEC(20));
	zassert_false(is_timed);
	begin(&endless, take_long);
	run_for(K_MSEC(20));
	zassert_false(is_timed);
	zassert_equal(atomic_get(&times), 0);
}

static int count_run(const struct taskpool_ctx *ctx, void *arg)
{
	ARG_UNUSED(ctx);
	k_busy_wait(3000);
	*(int *)arg += 1;
	return 0;
}

static int defined_runs;
TASKPOOL_JOB_DEFINE_ABOUT(defined_about, count_run, &defined_runs, &brief);

ZTEST(c, test_a_job_that_is_defined_with_a_budget)
{
	begin(NULL, NULL);
	zassert_ok(taskpool_submit(&slow, &defined_about));
	k_sleep(K_MSEC(10));
	zassert_equal(defined_runs, 1);
	zassert_equal(atomic_get(&times), 1);
	zassert_equal_ptr(told.job, &defined_about);
}

ZTEST(c, test_budgets_are_given_to_idle_jobs)
{
	static struct taskpool_job none;

	zassert_equal(taskpool_job_set_about(NULL, &brief), -EINVAL);
	zassert_equal(taskpool_job_set_about(&none, &brief), -EINVAL);
	begin(NULL, take_long);
	zassert_ok(taskpool_submit_after(&slow, &job.job, K_MSEC(1)));
	zassert_equal(taskpool_job_set_about(&job.job, &brief), -EBUSY);
	k_sleep(K_MSEC(20));
	zassert_equal(atomic_get(&job.runs), 1);
	zassert_equal(atomic_get(&times), 0, "it has not got it");
	zassert_ok(taskpool_job_set_about(&job.job, &brief));
	zassert_ok(taskpool_submit(&slow, &job.job));
	k_sleep(K_MSEC(20));
	zassert_equal(atomic_get(&times), 1);
	zassert_ok(taskpool_job_set_about(&job.job, NULL));
	zassert_ok(taskpool_submit(&slow, &job.job));
	k_sleep(K_MSEC(20));
	zassert_equal(atomic_get(&times), 1);
}

/* What is logged: in its minimal mode the log is printed at once. */
static char heard[480];
static size_t heard_length;
static printk_hook_fn_t console;

static int hear(int c)
{
	if (heard_length < sizeof(heard) - 1) {
		heard[heard_length++] = (char)c;
	}
	return c;
}

static void listen(void)
{
	memset(heard, 0, sizeof(heard));
	heard_length = 0;
	console = __printk_get_hook();
	__printk_hook_install(hear);
}

static void stop_listening(void)
{
	__printk_hook_install(console);
}

/* What reports say of where the job was submitted. */
static char submitted[64];

#define SUBMIT_HERE()                                                                                                  \
	do {                                                                                                           \
		(void)snprintk(submitted, sizeof(submitted), "; submitted at %s:%d", __FILE__, __LINE__);              \
		zassert_ok(taskpool_submit(&slow, &job.job));                                                          \
	} while (false)

ZTEST(c, test_without_a_hook_the_log_is_told)
{
	begin(&brief, take_too_long);
	taskpool_set_overrun_hook(NULL);
	SUBMIT_HERE();
	listen();
	k_sleep(K_MSEC(20));
	stop_listening();
	zassert_equal(atomic_get(&times), 0);
	zassert_not_null(strstr(heard, "job brief (7, at "), "%s", heard);
	zassert_not_null(strstr(heard, "its budget is 2000 us: control point 11, worker 0"), "%s", heard);
	zassert_not_null(strstr(heard, submitted), "%s", heard);

	begin(&nameless, sleep_too_long);
	taskpool_set_overrun_hook(NULL);
	zassert_ok(taskpool_submit(&slow, &job.job));
	listen();
	k_sleep(K_MSEC(20));
	stop_listening();
	zassert_not_null(strstr(heard, "job without a name (0, at "), "%s", heard);
}

/* Channels that nobody has, up to two. */
static int free_channels(void)
{
	int channels[3];
	int count = 0;

	for (int i = 0; i < ARRAY_SIZE(channels); i++) {
		channels[i] = task_wdt_add(100000, NULL, NULL);
		count += channels[i] >= 0 ? 1 : 0;
	}
	for (int i = 0; i < ARRAY_SIZE(channels); i++) {
		if (channels[i] >= 0) {
			zassert_ok(task_wdt_delete(channels[i]));
			zassert_ok(task_wdt_feed(channels[i]));
		}
	}
	return count;
}

static int free_while_running;

static void feed_often(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(self);
	free_while_running = free_channels();
	for (int i = 0; i < 4; i++) {
		k_busy_wait(15000);
		taskpool_feed(ctx);
	}
}

ZTEST(c, test_a_run_that_feeds_its_watchdog_goes_on)
{
	zassert_equal(free_channels(), CONFIG_TASK_WDT_CHANNELS);
	begin(&fed, feed_often);
	run_for(K_MSEC(100));
	zassert_equal(free_while_running, CONFIG_TASK_WDT_CHANNELS - 1);
	zassert_equal(atomic_get(&expirations), 0);
	k_sleep(K_MSEC(50));
	zassert_equal(atomic_get(&expirations), 0, "nor after its end");
	zassert_equal(free_channels(), CONFIG_TASK_WDT_CHANNELS, "idle workers have none");
}

static void hang(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(self);
	inside = true;
	taskpool_control_point(ctx, 3);
	k_busy_wait(10000);
	taskpool_feed(ctx);
	taskpool_control_point(ctx, 4);
	k_busy_wait(30000);
	inside = false;
}

ZTEST(c, test_a_run_that_does_not_feed_its_watchdog)
{
	begin(&fed, hang);
	SUBMIT_HERE();
	listen();
	k_sleep(K_MSEC(100));
	stop_listening();
	zassert_equal(atomic_get(&expirations), 1);
	zassert_true(in_isr);
	zassert_true(was_inside);
	zassert_equal_ptr(told.about, &fed);
	zassert_equal(told.control_point, 4);
	zassert_true(told.elapsed >= 300 && told.elapsed < 320, "%d ticks", (int)told.elapsed);
	zassert_not_null(strstr(heard, "job fed (9, at "), "%s", heard);
	zassert_not_null(strstr(heard, "has not fed its watchdog for 20"), "%s", heard);
	zassert_not_null(strstr(heard, "control point 4, worker 0"), "%s", heard);
	zassert_not_null(strstr(heard, submitted), "%s", heard);
	zassert_equal(atomic_get(&times), 0, "it has no budget");
}

static void hang_twice(const struct taskpool_ctx *ctx, struct noted *self)
{
	ARG_UNUSED(ctx);
	ARG_UNUSED(self);
	k_busy_wait(50000);
}

ZTEST(c, test_a_watchdog_that_returns_waits_again)
{
	begin(&fed, hang_twice);
	run_for(K_MSEC(100));
	zassert_equal(atomic_get(&expirations), 2);
}

ZTEST(c, test_without_a_channel_a_job_runs_unwatched)
{
	int channels[CONFIG_TASK_WDT_CHANNELS];

	for (int i = 0; i < ARRAY_SIZE(channels); i++) {
		channels[i] = task_wdt_add(100000, NULL, NULL);
		zassert_true(channels[i] >= 0);
	}
	for (int run = 0; run < 2; run++) {
		begin(&fed, hang);
		zassert_ok(taskpool_submit(&slow, &job.job));
		listen();
		k_sleep(K_MSEC(100));
		stop_listening();
		zassert_equal(atomic_get(&job.runs), 1);
		zassert_equal(atomic_get(&expirations), 0);
		zassert_equal(strstr(heard, "raise CONFIG_TASK_WDT_CHANNELS") != NULL, run == 0, "once: %s", heard);
	}
	for (int i = 0; i < ARRAY_SIZE(channels); i++) {
		zassert_ok(task_wdt_delete(channels[i]));
		zassert_ok(task_wdt_feed(channels[i]));
	}
}

ZTEST(c, test_nothing_wakes_an_idle_system)
{
	int32_t next;

	/* Timers of pools may still be armed for what other tests have cancelled. */
	k_sleep(K_MSEC(200));
	begin(&both, take_a_while);
	run_for(K_MSEC(5));
	/* The slice of the test's thread would be the next. */
	k_sched_time_slice_set(0, 0);
	next = z_get_next_timeout_expiry();
	k_sched_time_slice_set(CONFIG_TIMESLICE_SIZE, CONFIG_TIMESLICE_PRIORITY);
	zassert_true(next == (int32_t)K_TICKS_FOREVER || next > 1000000, "in %d ticks", next);
}
