/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * A pedestrian crossing: tasks that wait for time, for events, and for an interrupt.
 *
 *     button --pressed--> stop --stopped--> walk --walked--> go --moving--> main, which lets it begin anew
 *     ambient: every 600 ms, beside all that
 *
 * An arrow is an event: what is on its right waits until what is on its left has happened. No task that waits takes a
 * thread: the workers of the pool do something else meanwhile, or sleep.
 */

#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include <taskpool/event.h>

static void show(const char *what)
{
	printk("%5u ms  %s\n", k_uptime_get_32(), what);
}

/* Somebody wants to cross. An event is complete until it is armed. */
static TASKPOOL_EVENT_DEFINE(pressed);

/*
 * The interrupt of the button, which a kernel timer plays. Only the first signal counts: neither a bouncing contact nor
 * impatience does any harm.
 */
static void press(struct k_timer *button)
{
	ARG_UNUSED(button);
	taskpool_event_signal(&pressed, 0);
}

static K_TIMER_DEFINE(button, press, NULL);

/* These are the end events of tasks: enabling the task arms its event, and the end of the task signals it. */
static TASKPOOL_EVENT_DEFINE(stopped);
static TASKPOOL_EVENT_DEFINE(walked);
static TASKPOOL_EVENT_DEFINE(moving);
static const struct taskpool_end tell_stopped = TASKPOOL_END_SIGNALS(&stopped);
static const struct taskpool_end tell_walked = TASKPOOL_END_SIGNALS(&walked);
static const struct taskpool_end tell_moving = TASKPOOL_END_SIGNALS(&moving);

/* Stops the cars. What a run answers says when the next one comes. */
static struct taskpool_next stop_run(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(task);
	switch (run->number) {
	case 1:
		show("cars: yellow");
		return taskpool_next_after(K_MSEC(100));
	case 2:
		show("cars: red");
		/* Some take their time. */
		return taskpool_next_after(K_MSEC(100));
	default:
		return taskpool_next_done(0);
	}
}

/* No interval, and no number of runs: its answers say all that. */
static TASKPOOL_TASK_DEFINE_WITH(stop, stop_run, 0, 0, TASKPOOL_MISSED_SKIP, 0, &tell_stopped, 0, false);

/*
 * Lets the pedestrians cross. It answers the default, so a schedule says when it runs: every 100 ms, and after 3 runs it
 * ends by itself.
 */
static struct taskpool_next walk_run(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(task);
	if (run->first) {
		show("pedestrians: walk");
	}
	/* Every run would let the signal for blind people beep. */
	if (run->last) {
		show("pedestrians: wait");
	}
	return taskpool_next_default();
}

static TASKPOOL_TASK_DEFINE_WITH(walk, walk_run, k_ms_to_ticks_ceil64(100), 3, TASKPOOL_MISSED_SKIP, 0,
				 &tell_walked, 0, false);

/* Lets the cars go: every 200 ms, twice. */
static struct taskpool_next go_run(struct taskpool_task *task, const struct taskpool_run *run)
{
	ARG_UNUSED(task);
	show(run->number == 1 ? "cars: red and yellow" : "cars: green");
	return taskpool_next_default();
}

static TASKPOOL_TASK_DEFINE_WITH(go, go_run, k_ms_to_ticks_ceil64(200), 2, TASKPOOL_MISSED_SKIP, 0,
				 &tell_moving, 0, false);

/*
 * Measures the ambient light. A task with state is a part of a structure. Its runs never overlap, so what only they use
 * needs no lock.
 */
struct ambient {
	struct taskpool_task task;
	/* The way from a run to the interrupt that ends it, and back. */
	struct taskpool_completer conversion;
	uint32_t reading;
	bool converting;
	uint32_t sum;
};

static struct taskpool_next ambient_run(struct taskpool_task *task, const struct taskpool_run *run);

static struct ambient ambient = {
	.task = TASKPOOL_TASK_INITIALIZER(ambient_run, k_ms_to_ticks_ceil64(600)),
};

/* The interrupt of the light sensor, which a kernel timer plays, too. */
static void converted(struct k_timer *adc)
{
	static uint32_t brightness = 390;

	ARG_UNUSED(adc);
	/* The day breaks. */
	brightness += 10;
	ambient.reading = brightness;
	/*
	 * Again: the second part of the same iteration. -ECANCELED would mean that the task has been ended meanwhile, and
	 * then nobody is interested in the reading.
	 */
	(void)taskpool_complete(ambient.conversion, taskpool_next_again());
}

static K_TIMER_DEFINE(adc, converted, NULL);

static struct taskpool_next ambient_run(struct taskpool_task *task, const struct taskpool_run *run)
{
	struct ambient *self = CONTAINER_OF(task, struct ambient, task);

	if (!self->converting) {
		self->converting = true;
		/* Who has the completer says how the task goes on. It must be in its place before the interrupt looks. */
		self->conversion = taskpool_run_completer(run);
		k_timer_start(&adc, K_MSEC(5), K_NO_WAIT);
		/* No worker waits for the sensor. */
		return taskpool_next_pending();
	}
	self->converting = false;
	self->sum += self->reading;
	printk("%5u ms  ambient light: %u\n", k_uptime_get_32(), self->reading);
	if (run->last) {
		/* A code from 0 on means success; what waits for the task gets it. */
		return taskpool_next_done(self->sum / run->number);
	}
	return taskpool_next_default();
}

/*
 * Lets each task wait for the one before. In this order: enabling a task arms its end event, and an event that is not
 * armed yet is complete, so nobody waits for it.
 */
static int arrange_crossing(struct taskpool *pool)
{
	int answer = taskpool_event_arm(&pressed, 1, K_FOREVER);

	if (answer >= 0) {
		answer = taskpool_task_enable_on(pool, &stop, &pressed, false);
	}
	if (answer >= 0) {
		answer = taskpool_task_enable_on(pool, &walk, &stopped, false);
	}
	if (answer >= 0) {
		/* An interval later: some are slow. */
		answer = taskpool_task_enable_on(pool, &go, &walked, true);
	}
	return answer;
}

int main(void)
{
	struct taskpool *pool = &taskpool_system;
	int crossings = 0;
	uint32_t measurements;
	int answer, code;

	show("cars: green");
	(void)taskpool_task_set_iterations(&ambient.task, 3);
	answer = taskpool_task_enable(pool, &ambient.task, K_MSEC(100));
	if (answer < 0) {
		printk("cannot measure: %s\n", taskpool_strerror(answer));
	}
	k_timer_start(&button, K_MSEC(250), K_MSEC(250));
	while (crossings < 2) {
		answer = arrange_crossing(pool);
		if (answer < 0) {
			printk("cannot let anybody cross: %s\n", taskpool_strerror(answer));
			return 0;
		}
		/* A thread can wait for an event, too. */
		answer = taskpool_event_wait(&moving, K_SECONDS(10), &code);
		if (answer != TASKPOOL_DONE || code != 0) {
			printk("nobody crosses: %d\n", answer);
			return 0;
		}
		crossings++;
	}
	k_timer_stop(&button);

	answer = taskpool_task_wait(&ambient.task, K_SECONDS(10), &code);
	if (answer == TASKPOOL_DONE) {
		(void)taskpool_task_counts(&ambient.task, &measurements, NULL);
		printk("summary: %d crossings, %u measurements, mean %d\n", crossings, measurements, code);
	} else {
		printk("the measurement did not end well: %d\n", answer);
	}
	printk("traffic_light_c: done\n");
	return 0;
}
