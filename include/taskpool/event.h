/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file
 * @brief Events, which tasks and threads wait for.
 *
 * Needs `CONFIG_TASKPOOL_EVENTS`. What calls cost, and where they may be made: as in taskpool.h.
 */

#ifndef TASKPOOL_EVENT_H_
#define TASKPOOL_EVENT_H_

#include <taskpool/task.h>

#if defined(CONFIG_TASKPOOL_C_API) && !defined(CONFIG_TASKPOOL_EVENTS) && !defined(__DOXYGEN__)
#error "taskpool/event.h: set CONFIG_TASKPOOL_EVENTS=y, which needs CONFIG_TASKPOOL_TASKS=y"
#endif

#if (defined(CONFIG_TASKPOOL_EVENTS) && defined(CONFIG_TASKPOOL_C_API)) || defined(__DOXYGEN__)

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @defgroup taskpool_event Events
 * @ingroup taskpool
 *
 * A count-down with a status. (TaskScheduler's `StatusRequest`.)
 *
 * | it is | and becomes | by |
 * |---|---|---|
 * | complete, at first with #TASKPOOL_DONE and the code 0 | pending | @ref taskpool_event_arm |
 * | pending | complete, #TASKPOOL_DONE and a code | the last @ref taskpool_event_signal that it waits for, or a negative one |
 * | pending | complete, with that outcome | @ref taskpool_event_complete; the end of a job or task whose end event it is, if that is not #TASKPOOL_DONE with a code from 0 on |
 * | pending | complete, #TASKPOOL_TIMED_OUT | the end of its time |
 *
 * What completed it first stays its status until it is armed again; later signals change nothing. Its time is up for whoever
 * looks, in the moment that it is: there is no timer for that, and none is missed when nobody waits. Who waits looks at the
 * clock himself then.
 *
 * Any number of tasks and threads wait for it, and go on in the order in which they came. Whoever completes the event releases
 * them: the first one in the section that completes it, each other one in a section of its own after that. A thread that is
 * preempted meanwhile releases the others when it goes on; an interrupt is not. A task runs, whatever the status. But
 * #TASKPOOL_ABORTED aborts it, and with it those who wait for its end, and so on; no chain is too long for the stack.
 *
 * @{
 */

/** An event. 16 bytes (32-bit). Its fields belong to the implementation. It must stay where it is while somebody waits. */
struct taskpool_event {
	/** @cond INTERNAL_HIDDEN */
	uint32_t word[2];
	void *last;
	uint32_t count;
	/** @endcond */
};

/** What a `struct taskpool_event` begins as: complete, with #TASKPOOL_DONE and the code 0. It is all zero. */
#define TASKPOOL_EVENT_INITIALIZER {{0, 0}, NULL, 0}

/**
 * @brief Defines an event.
 *
 * Write `static` before it for one that other files don't see.
 *
 * @param name_ C name of the event.
 */
#define TASKPOOL_EVENT_DEFINE(name_) struct taskpool_event name_ = TASKPOOL_EVENT_INITIALIZER

/** @cond INTERNAL_HIDDEN */
/* The event is signalled instead. */
static inline void z_taskpool_end_nothing(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	ARG_UNUSED(end);
	ARG_UNUSED(outcome);
	ARG_UNUSED(code);
}
/** @endcond */

/**
 * @brief A `struct taskpool_end` that makes an event the end event of jobs and tasks: each end of one signals it.
 *
 * #TASKPOOL_DONE with a code from 0 on counts as one signal; everything else completes the event. A task that is enabled arms
 * it, for one signal, if it is complete; for several jobs, arm it for as many: then it is complete when all have ended, or the
 * first has failed.
 *
 * @param event_ The `struct taskpool_event *`.
 */
#define TASKPOOL_END_SIGNALS(event_) {taskpool_core_tell, (event_), z_taskpool_end_nothing}

/**
 * @brief The event is pending from now on. Pending already, it begins to count anew. Who waits goes on waiting.
 *
 * isr-ok. One lock section, O(1), and one more for each who waits whose time was up. With a span one more, and one for each who
 * waits and had thought that its time was up later: these are O(n) of those who wait.
 *
 * @isr_ok
 *
 * @param event  The event.
 * @param count  For how many signals, from 1 on.
 * @param within For how long: a span, in the tick now + span + 1 its time is up; or `K_FOREVER`.
 *
 * @retval 0       It is.
 * @retval -EINVAL @p event is NULL, @p count is 0, or @p within is an absolute time.
 */
int taskpool_event_arm(struct taskpool_event *event, uint32_t count, k_timeout_t within);

/**
 * @brief From now on a pending event has so much time.
 *
 * isr-ok. As @ref taskpool_event_arm.
 *
 * @isr_ok
 *
 * @param event  The event.
 * @param within A span, or `K_FOREVER` for no limit.
 *
 * @retval 1       It is pending, and has this time.
 * @retval 0       It is complete. Nothing has changed.
 * @retval -EINVAL @p event is NULL, or @p within is an absolute time.
 */
int taskpool_event_set_timeout(struct taskpool_event *event, k_timeout_t within);

/**
 * @brief A signal. With the last one that it waits for, or with a negative code, a pending event is complete, and this code is
 * its status.
 *
 * isr-ok. One lock section, O(1); for each task that waits, one of O(log n) of the deferred jobs of its pool, and for each
 * thread one.
 *
 * @isr_ok
 *
 * @param event The event.
 * @param code  From 0 on for success, negative for an error.
 *
 * @retval 1       The event is complete; if it was before, nothing has changed.
 * @retval 0       It is pending.
 * @retval -EINVAL @p event is NULL.
 */
int taskpool_event_signal(struct taskpool_event *event, int code);

/**
 * @brief Completes the event, however many signals it waits for.
 *
 * isr-ok. As @ref taskpool_event_signal; with #TASKPOOL_ABORTED the ends of the tasks that wait are told in this context.
 *
 * @isr_ok
 *
 * @param event   The event.
 * @param outcome Its status, one of @ref taskpool_outcome.
 * @param code    With #TASKPOOL_DONE, its code.
 *
 * @retval 1       It was pending.
 * @retval 0       It was complete. Nothing has changed.
 * @retval -EINVAL @p event is NULL, or there is no such outcome.
 */
int taskpool_event_complete(struct taskpool_event *event, enum taskpool_outcome outcome, int code);

/**
 * @brief How many signals the event waits for.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param event The event.
 *
 * @return Their number; 0 if it is complete, or NULL.
 */
uint32_t taskpool_event_count(struct taskpool_event *event);

/**
 * @brief What completed the event, if it is complete: its status, which stays until it is armed again.
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param event The event.
 * @param code  NULL, or where to put the code; 0 but for #TASKPOOL_DONE. As it was, unless the event is complete.
 *
 * @return One of @ref taskpool_outcome, which are not negative.
 * @retval -EINVAL @p event is NULL.
 * @retval -EAGAIN The event is pending.
 */
int taskpool_event_status(struct taskpool_event *event, int *code);

#if defined(CONFIG_TASKPOOL_WAIT) || defined(__DOXYGEN__)
/**
 * @brief Waits until the event is complete, and answers what completed it. With `K_NO_WAIT` it only looks.
 *
 * From threads; isr-ok with `K_NO_WAIT`, and where the event is complete. A worker may wait, and is missing in its pool
 * meanwhile: if what it waits for needs that worker, nobody finds that out. Three lock sections where it waits, O(1), and O(n)
 * of those who wait when the time is up.
 *
 * @param event   The event.
 * @param timeout The longest time to wait.
 * @param code    NULL, or where to put the code; 0 but for #TASKPOOL_DONE.
 *
 * @return One of @ref taskpool_outcome, which are not negative.
 * @retval -EINVAL @p event is NULL.
 * @retval -EAGAIN The time was up. The event is as if nobody had waited.
 * @retval -EPERM  Called in an interrupt, which can't wait.
 */
int taskpool_event_wait(struct taskpool_event *event, k_timeout_t timeout, int *code);

/** An event that a thread waits for, in an array for @ref taskpool_event_wait_any. */
struct taskpool_await {
	/** The event. */
	struct taskpool_event *event;
	/** @cond INTERNAL_HIDDEN */
	void *visitor[4];
	uint32_t rest[5];
	/** @endcond */
};

/**
 * @brief Waits until one of several events is complete. Of several that are complete already, it is the first one.
 *
 * As @ref taskpool_event_wait, but that the lock sections are O(@p count), and O(n) of those who wait for these events when it
 * leaves their lines.
 *
 * @param awaits  The events. They must stay where they are until this returns.
 * @param count   How many, from 1 on.
 * @param timeout The longest time to wait.
 * @param which   NULL, or where to put which one it was, from 0 on.
 * @param code    NULL, or where to put the code; 0 but for #TASKPOOL_DONE.
 *
 * @return One of @ref taskpool_outcome, which are not negative.
 * @retval -EINVAL @p awaits is NULL, or an event in it, or @p count is 0.
 * @retval -EAGAIN The time was up. The events are as if nobody had waited.
 * @retval -EPERM  Called in an interrupt, which can't wait.
 */
int taskpool_event_wait_any(struct taskpool_await *awaits, size_t count, k_timeout_t timeout, size_t *which, int *code);

/**
 * @brief Waits until all of several events are complete, one after the other: one that is armed again meanwhile is not waited for
 * again. @ref taskpool_event_status answers what completed each.
 *
 * As @ref taskpool_event_wait for each.
 *
 * @param events  The events. The array must stay as it is until this returns.
 * @param count   How many, from 1 on.
 * @param timeout The longest time to wait for all together.
 *
 * @retval 0       All of them were complete.
 * @retval -EINVAL @p events is NULL, or an event in it, or @p count is 0.
 * @retval -EAGAIN The time was up. Those that are complete stay so.
 * @retval -EPERM  Called in an interrupt, which can't wait.
 */
int taskpool_event_wait_all(struct taskpool_event *const *events, size_t count, k_timeout_t timeout);
#endif

/**
 * @brief Enables a task, as @ref taskpool_task_enable, and its first run waits for an event.
 *
 * When that is complete, with whatever status, the task runs; but one that was aborted aborts it. If the event is complete
 * already, it is not waited for. A limit of the task's time counts while it waits, too. @ref taskpool_task_trigger and
 * @ref taskpool_task_postpone end the wait; what else moves runs has nothing to move meanwhile. (TaskScheduler's `waitFor` and
 * `waitForDelayed`.)
 *
 * isr-ok, also from its own run. One lock section, O(log n). Ending the task meanwhile is O(n) of those who wait for the event,
 * too.
 *
 * @isr_ok
 *
 * @param pool    The pool.
 * @param task    The task.
 * @param event   The event.
 * @param delayed Whether the first run comes an interval after the event, instead of at once.
 *
 * @retval 0          It was not enabled.
 * @retval 1          It was enabled, and begins anew.
 * @retval -EINVAL    @p pool is no pool, @p task is NULL or not initialised, or @p event is NULL.
 * @retval -EBUSY     It is enabled in another pool, or about to end. Nothing has changed.
 * @retval -ESHUTDOWN The pool takes no submissions. Nothing has changed.
 */
int taskpool_task_enable_on(struct taskpool *pool, struct taskpool_task *task, struct taskpool_event *event, bool delayed);

#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
/** @cond INTERNAL_HIDDEN */
int z_taskpool_task_enable_on(struct taskpool *pool, struct taskpool_task *task, struct taskpool_event *event, bool delayed,
			      const struct taskpool_site *site);

#define taskpool_task_enable_on(...) z_taskpool_task_enable_on(__VA_ARGS__, Z_TASKPOOL_HERE)
/** @endcond */
#endif

/**
 * @brief Once an event is complete, with whatever status, which the next run looks at; if it is complete already, as soon as a
 * worker is free. But one that was aborted aborts the task. Later runs are counted from there.
 *
 * Until then the task stands in the line of the event, as one that was enabled by @ref taskpool_task_enable_on: what ends that
 * wait ends this one. After the last iteration nothing is waited for. Where @ref taskpool_complete says it, and the event was
 * aborted, the end of the task is told in that context. (TaskScheduler's `waitFor`, called by the task itself.)
 *
 * isr-ok, for @ref taskpool_complete.
 *
 * @isr_ok
 *
 * @param event The event. NULL from a run ends the task, with #TASKPOOL_DONE and the code -EINVAL; @ref taskpool_complete refuses it.
 *
 * @return The answer of a run.
 */
static inline struct taskpool_next taskpool_next_on(struct taskpool_event *event)
{
	struct taskpool_next next = z_taskpool_next(Z_TASKPOOL_NEXT_ON, K_NO_WAIT, 0);

	next.event = event;
	return next;
}

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* CONFIG_TASKPOOL_EVENTS && CONFIG_TASKPOOL_C_API */

#endif /* TASKPOOL_EVENT_H_ */
