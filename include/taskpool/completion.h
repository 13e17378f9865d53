/*
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * @file
 * @brief Completions: what happens when a job has ended.
 *
 * taskpool.h includes this file. A completion is a `struct taskpool_end`, which @ref TASKPOOL_JOB_DEFINE_WITH and @ref
 * taskpool_job_set_end give to a job. Those of this file are structures with one as their member `end`:
 *
 * @code{.c}
 * static K_SEM_DEFINE(fetched, 0, 1);
 * static TASKPOOL_END_SEM_DEFINE(tell_fetched, &fetched);
 * static TASKPOOL_JOB_DEFINE_WITH(fetch, fetch_run, NULL, &tell_fetched.end, 0, false);
 * @endcode
 *
 * | what happens | the macro | where it is |
 * |---|---|---|
 * | nothing | NULL | nowhere |
 * | a function is called where the submission ended | @ref TASKPOOL_END_INITIALIZER | ROM |
 * | `k_sem_give` | @ref TASKPOOL_END_SEM_DEFINE | ROM |
 * | `k_event_post` | @ref TASKPOOL_END_EVENT_DEFINE | ROM |
 * | `k_poll_signal_raise` | @ref TASKPOOL_END_SIGNAL_DEFINE | ROM |
 * | another job is submitted, to any pool | @ref TASKPOOL_END_SUBMIT_DEFINE | RAM |
 * | a `k_work` is submitted, to any work queue | @ref TASKPOOL_END_WORK_DEFINE | RAM |
 * | a function is called in a loop of the application's | @ref TASKPOOL_END_QUEUED_DEFINE | RAM |
 * | nothing, until many have ended | @ref TASKPOOL_BATCH_DEFINE | RAM |
 *
 * All of them are told from any thread and interrupt, and none blocks. Several jobs may share one. With
 * `CONFIG_TASKPOOL_EVENTS` each takes 4 bytes more than is said below (32-bit).
 */

#ifndef TASKPOOL_COMPLETION_H_
#define TASKPOOL_COMPLETION_H_

#include <errno.h>

#include <taskpool/taskpool.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @addtogroup taskpool
 * @{
 */

#if defined(CONFIG_TASKPOOL_C_API) || defined(__DOXYGEN__)

/**
 * @brief An outcome as one number.
 *
 * isr-ok. O(1), no lock.
 *
 * @isr_ok
 *
 * @param outcome How a submission ended.
 * @param code    Its code.
 *
 * @return @p code of a job that ran, whatever that is. Otherwise `-ECANCELED` where it was cancelled, `-ECONNABORTED` where it
 *         was aborted, `-ETIMEDOUT` where its time was up, and `-ESHUTDOWN` where it was discarded.
 */
int taskpool_result(enum taskpool_outcome outcome, int code);

/** What a completion that keeps outcomes has been told since somebody last took it. */
struct taskpool_told {
	/** The last outcome. */
	enum taskpool_outcome outcome;
	/** Its code. */
	int code;
	/** How many outcomes came, this one included. It stays at `UINT32_MAX` when it reaches that. */
	uint32_t count;
};

/** Where a completion keeps what it was told. 16 bytes. All zero, it is empty. */
struct taskpool_room {
	/** @cond INTERNAL_HIDDEN */
	uint32_t count;
	uint32_t refused;
	int32_t outcome;
	int32_t code;
	/** @endcond */
};

/**
 * @brief What has ended since the last time?
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param room The member `room` of a completion.
 * @param told Where to put it.
 *
 * @return Whether anything has; if not, or if either is NULL, @p told is as it was.
 */
bool taskpool_room_take(struct taskpool_room *room, struct taskpool_told *told);

/**
 * @brief How many outcomes came when what was to be submitted was refused, since the boot?
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param room The member `room` of a completion.
 *
 * @return So many; 0 if it is NULL.
 */
uint32_t taskpool_room_refused(struct taskpool_room *room);

/** @cond INTERNAL_HIDDEN */
void z_taskpool_end_sem(const struct taskpool_end *end, enum taskpool_outcome outcome, int code);
void z_taskpool_end_submit(const struct taskpool_end *end, enum taskpool_outcome outcome, int code);
void taskpool_core_batch_told(const struct taskpool_end *end, enum taskpool_outcome outcome, int code);
/* Puts an outcome into the room of a completion, and answers whether it was empty. */
bool taskpool_core_room_put(struct taskpool_room *room, int outcome, int code);
/* Nobody could be asked to take what is in it. */
void taskpool_core_room_refuse(struct taskpool_room *room);
/** @endcond */

/** A completion that gives a semaphore, whatever the outcome. 12 bytes (32-bit). */
struct taskpool_end_sem {
	/** What jobs are given. */
	struct taskpool_end end;
	/** @cond INTERNAL_HIDDEN */
	struct k_sem *sem;
	/** @endcond */
};

/** @brief What a `struct taskpool_end_sem` begins as. @param sem_ The `struct k_sem *` to give. */
#define TASKPOOL_END_SEM_INITIALIZER(sem_) {TASKPOOL_END_INITIALIZER(z_taskpool_end_sem), (sem_)}

/**
 * @brief Defines a completion that gives a semaphore.
 *
 * A semaphore that is at its limit does not count: give it a limit of the outcomes that may come before somebody waits.
 *
 * @param name_ C name of the completion, a constant `struct taskpool_end_sem`; `static` before it keeps it in its file.
 * @param sem_  The `struct k_sem *`.
 */
#define TASKPOOL_END_SEM_DEFINE(name_, sem_) const struct taskpool_end_sem name_ = TASKPOOL_END_SEM_INITIALIZER(sem_)

#if defined(CONFIG_EVENTS) || defined(__DOXYGEN__)
/** A completion that posts events. Needs `CONFIG_EVENTS`. 20 bytes (32-bit). */
struct taskpool_end_event {
	/** What jobs are given. */
	struct taskpool_end end;
	/** @cond INTERNAL_HIDDEN */
	struct k_event *event;
	uint32_t done;
	uint32_t others;
	/** @endcond */
};

/** @cond INTERNAL_HIDDEN */
static inline void z_taskpool_end_event(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	const struct taskpool_end_event *whole = CONTAINER_OF(end, struct taskpool_end_event, end);

	ARG_UNUSED(code);
	k_event_post(whole->event, outcome == TASKPOOL_DONE ? whole->done : whole->others);
}
/** @endcond */

/**
 * @brief What a `struct taskpool_end_event` begins as.
 *
 * @param event_  The `struct k_event *` to post to.
 * @param done_   The bits to set when the job has run.
 * @param others_ The bits to set when it has not.
 */
#define TASKPOOL_END_EVENT_INITIALIZER(event_, done_, others_)                                                         \
	{TASKPOOL_END_INITIALIZER(z_taskpool_end_event), (event_), (done_), (others_)}

/**
 * @brief Defines a completion that posts events: adds bits to those that are set.
 *
 * A bit that is set already does not count. Telling it takes what `k_event_post` takes: O(threads that wait for the event).
 *
 * @param name_   C name of the completion, a constant `struct taskpool_end_event`.
 * @param event_  The `struct k_event *`.
 * @param done_   The bits to set when the job has run, whatever it answered.
 * @param others_ The bits to set when it was cancelled, aborted or discarded, or its time was up; 0 for none.
 */
#define TASKPOOL_END_EVENT_DEFINE(name_, event_, done_, others_)                                                       \
	const struct taskpool_end_event name_ = TASKPOOL_END_EVENT_INITIALIZER(event_, done_, others_)
#endif

#if defined(CONFIG_POLL) || defined(__DOXYGEN__)
/** A completion that raises a poll signal. Needs `CONFIG_POLL`. 12 bytes (32-bit). */
struct taskpool_end_signal {
	/** What jobs are given. */
	struct taskpool_end end;
	/** @cond INTERNAL_HIDDEN */
	struct k_poll_signal *signal;
	/** @endcond */
};

/** @cond INTERNAL_HIDDEN */
static inline void z_taskpool_end_signal(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	const struct taskpool_end_signal *whole = CONTAINER_OF(end, struct taskpool_end_signal, end);

	/* It answers whether somebody's time was up, who sees the signal then. */
	(void)k_poll_signal_raise(whole->signal, taskpool_result(outcome, code));
}
/** @endcond */

/** @brief What a `struct taskpool_end_signal` begins as. @param signal_ The `struct k_poll_signal *` to raise. */
#define TASKPOOL_END_SIGNAL_INITIALIZER(signal_) {TASKPOOL_END_INITIALIZER(z_taskpool_end_signal), (signal_)}

/**
 * @brief Defines a completion that raises a poll signal, with the @ref taskpool_result of the outcome.
 *
 * The signal keeps the last result: who has to see each one resets the signal before the job can end again.
 *
 * @param name_   C name of the completion, a constant `struct taskpool_end_signal`.
 * @param signal_ The `struct k_poll_signal *`.
 */
#define TASKPOOL_END_SIGNAL_DEFINE(name_, signal_)                                                                     \
	const struct taskpool_end_signal name_ = TASKPOOL_END_SIGNAL_INITIALIZER(signal_)
#endif

/** A completion that submits another job. 32 bytes (32-bit). */
struct taskpool_end_submit {
	/** What jobs are given. */
	struct taskpool_end end;
	/** What has ended: @ref taskpool_room_take. */
	struct taskpool_room room;
	/** @cond INTERNAL_HIDDEN */
	struct taskpool *pool;
	struct taskpool_job *job;
	/** @endcond */
};

/**
 * @brief What a `struct taskpool_end_submit` begins as.
 *
 * @param pool_ The pool to submit to.
 * @param job_  The job to submit.
 */
#define TASKPOOL_END_SUBMIT_INITIALIZER(pool_, job_)                                                                   \
	{TASKPOOL_END_INITIALIZER(z_taskpool_end_submit), {0, 0, 0, 0}, (pool_), (job_)}

/**
 * @brief Defines a completion that submits another job: to the same pool, or to any other one. That is also how a callback
 * is called in another pool: the job finds out by @ref taskpool_room_take what has ended, and how.
 *
 * No outcome is lost: it is in `room` before the job is submitted. A job that is queued already runs once, for all outcomes
 * that came until then; one that runs, runs once more. When the pool takes no submissions, @ref taskpool_room_refused counts
 * that, and the outcome can be taken all the same.
 *
 * Telling it takes one lock section, O(1), and what @ref taskpool_submit takes.
 *
 * @param name_ C name of the completion, a `struct taskpool_end_submit` in RAM.
 * @param pool_ The `struct taskpool *`.
 * @param job_  The `struct taskpool_job *`, which must stay.
 */
#define TASKPOOL_END_SUBMIT_DEFINE(name_, pool_, job_)                                                                 \
	struct taskpool_end_submit name_ = TASKPOOL_END_SUBMIT_INITIALIZER(pool_, job_)

/** A completion that submits a work item to a work queue of Zephyr's. 32 bytes (32-bit). */
struct taskpool_end_work {
	/** What jobs are given. */
	struct taskpool_end end;
	/** What has ended: @ref taskpool_room_take. */
	struct taskpool_room room;
	/** @cond INTERNAL_HIDDEN */
	struct k_work_q *queue;
	struct k_work *work;
	/** @endcond */
};

/** @cond INTERNAL_HIDDEN */
static inline void z_taskpool_end_work(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	/* In RAM: `end` is constant to others only. */
	struct taskpool_end_work *whole = CONTAINER_OF((struct taskpool_end *)end, struct taskpool_end_work, end);

	(void)taskpool_core_room_put(&whole->room, (int)outcome, code);
	if (k_work_submit_to_queue(whole->queue, whole->work) < 0) {
		taskpool_core_room_refuse(&whole->room);
	}
}
/** @endcond */

/**
 * @brief What a `struct taskpool_end_work` begins as.
 *
 * @param queue_ The work queue to submit to, perhaps `&k_sys_work_q`.
 * @param work_  The work item to submit.
 */
#define TASKPOOL_END_WORK_INITIALIZER(queue_, work_)                                                                   \
	{TASKPOOL_END_INITIALIZER(z_taskpool_end_work), {0, 0, 0, 0}, (queue_), (work_)}

/**
 * @brief Defines a completion that submits a work item. Its handler finds out by @ref taskpool_room_take what has ended.
 *
 * As @ref TASKPOOL_END_SUBMIT_DEFINE; what counts as refused is a negative answer of `k_work_submit_to_queue`: the work queue
 * was not started, drains or is plugged, or the item is being cancelled.
 *
 * @param name_  C name of the completion, a `struct taskpool_end_work` in RAM.
 * @param queue_ The `struct k_work_q *`.
 * @param work_  The `struct k_work *`, which must stay.
 */
#define TASKPOOL_END_WORK_DEFINE(name_, queue_, work_)                                                                 \
	struct taskpool_end_work name_ = TASKPOOL_END_WORK_INITIALIZER(queue_, work_)

struct taskpool_end_queued;

/**
 * @brief What @ref taskpool_queue_run calls.
 *
 * @param end  Its completion: a part of a structure of yours, perhaps, which `CONTAINER_OF` finds.
 * @param told What has ended; there until it returns.
 */
typedef void (*taskpool_queued_t)(struct taskpool_end_queued *end, const struct taskpool_told *told);

/** A completion that is called in a loop of the application's. 36 bytes (32-bit). */
struct taskpool_end_queued {
	/** What jobs are given. */
	struct taskpool_end end;
	/** @cond INTERNAL_HIDDEN */
	struct taskpool_room room;
	/* The kernel's, while this is in the queue. */
	void *link;
	struct k_fifo *queue;
	taskpool_queued_t call;
	/** @endcond */
};

/** @cond INTERNAL_HIDDEN */
static inline void z_taskpool_end_queued(const struct taskpool_end *end, enum taskpool_outcome outcome, int code)
{
	/* In RAM: `end` is constant to others only. */
	struct taskpool_end_queued *whole = CONTAINER_OF((struct taskpool_end *)end, struct taskpool_end_queued, end);

	/* It is in the queue when there is something in its room: z_taskpool_call_next() takes it out first. */
	if (taskpool_core_room_put(&whole->room, (int)outcome, code)) {
		k_fifo_put(whole->queue, &whole->link);
	}
}

/* Calls for the first completion in the queue. Answers whether there was one. */
static inline bool z_taskpool_call_next(struct k_fifo *queue, k_timeout_t timeout)
{
	void **link = (void **)k_fifo_get(queue, timeout);
	struct taskpool_end_queued *whole;
	struct taskpool_told told;

	if (link == NULL) {
		return false;
	}
	whole = CONTAINER_OF(link, struct taskpool_end_queued, link);
	if (taskpool_room_take(&whole->room, &told)) {
		whole->call(whole, &told);
	}
	return true;
}
/** @endcond */

/**
 * @brief What a `struct taskpool_end_queued` begins as.
 *
 * @param queue_ The queue, a `struct k_fifo *`.
 * @param call_  What is called, a @ref taskpool_queued_t.
 */
#define TASKPOOL_END_QUEUED_INITIALIZER(queue_, call_)                                                                 \
	{TASKPOOL_END_INITIALIZER(z_taskpool_end_queued), {0, 0, 0, 0}, NULL, (queue_), (call_)}

/**
 * @brief Defines a completion that is called by whoever calls @ref taskpool_queue_run for its queue, and nowhere else.
 *
 * The queue is a `k_fifo` (`K_FIFO_DEFINE`), which nobody else puts anything into, and which `k_poll` can wait for. It can't be
 * full: a completion is in it once at most, and keeps its outcome itself. What comes before the last one was called for is
 * counted, and the last outcome is the one that is kept: who has to see each outcome of several jobs gives each job a
 * completion. Telling it takes one lock section, O(1), and `k_fifo_put`.
 *
 * @param name_  C name of the completion, a `struct taskpool_end_queued` in RAM.
 * @param queue_ The `struct k_fifo *`.
 * @param call_  What is called.
 */
#define TASKPOOL_END_QUEUED_DEFINE(name_, queue_, call_)                                                               \
	struct taskpool_end_queued name_ = TASKPOOL_END_QUEUED_INITIALIZER(queue_, call_)

/**
 * @brief Waits for an outcome, and then calls for what is in the queue, without waiting again.
 *
 * From threads, several at once too; isr-ok with `K_NO_WAIT`. One lock section for each call, O(1), and `k_fifo_get`. The
 * functions are called here, outside every lock. It is compiled where it is called, so that an image without such a queue does
 * not have the kernel's; misuse is answered, and not printed.
 *
 * @param queue   The queue.
 * @param limit   The most completions that are called for.
 * @param timeout The longest time to wait for the first one.
 *
 * @return For how many completions it has called: 0 only where @p limit is.
 * @retval -EINVAL @p queue is NULL, or @p limit is negative.
 * @retval -EAGAIN No outcome came in time.
 * @retval -EPERM  Called in an interrupt, which can't wait, and nothing was in the queue.
 */
static inline int taskpool_queue_run(struct k_fifo *queue, int limit, k_timeout_t timeout)
{
	int called = 0;

	if (queue == NULL || limit < 0) {
		return -EINVAL;
	}
	while (called < limit && z_taskpool_call_next(queue, K_NO_WAIT)) {
		called++;
	}
	if (called > 0 || limit == 0) {
		return called;
	}
	if (K_TIMEOUT_EQ(timeout, K_NO_WAIT)) {
		return -EAGAIN;
	}
	if (k_is_in_isr()) {
		return -EPERM;
	}
	if (!z_taskpool_call_next(queue, timeout)) {
		return -EAGAIN;
	}
	for (called = 1; called < limit && z_taskpool_call_next(queue, K_NO_WAIT); called++) {
	}
	return called;
}

/** @cond INTERNAL_HIDDEN */
struct taskpool_batch_core {
	uint32_t left;
	uint32_t extra;
	int32_t outcome;
	int32_t code;
};
/** @endcond */

/** One completion for many jobs. 28 bytes (32-bit). */
struct taskpool_batch {
	/** What jobs are given. */
	struct taskpool_end end;
	/** @cond INTERNAL_HIDDEN */
	struct taskpool_batch_core core;
	const struct taskpool_end *then;
	/** @endcond */
};

/** @brief What a `struct taskpool_batch` begins as. @param then_ Its own completion, or NULL. */
#define TASKPOOL_BATCH_INITIALIZER(then_) {TASKPOOL_END_INITIALIZER(taskpool_core_batch_told), {0, 0, 0, 0}, (then_)}

/**
 * @brief Defines a batch: when so many outcomes have come as @ref taskpool_batch_arm says, it tells its own completion, once.
 *
 * What it tells is the first outcome that was not @ref TASKPOOL_DONE with the code 0, in the order in which they came, or that
 * when all were. Outcomes that come when it is not armed are counted, and nobody is told of them. (As Momentum's
 * `ec_interpolate_add_job`.)
 *
 * @param name_ C name of the batch, a `struct taskpool_batch` in RAM.
 * @param then_ Its own completion, a `const struct taskpool_end *`, or NULL.
 */
#define TASKPOOL_BATCH_DEFINE(name_, then_) struct taskpool_batch name_ = TASKPOOL_BATCH_INITIALIZER(then_)

/**
 * @brief From now on so many outcomes are to come: arm a batch before the first of its jobs is submitted.
 *
 * isr-ok, also in its completion. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param batch    The batch.
 * @param outcomes How many.
 *
 * @retval 0       They may come.
 * @retval -EINVAL @p batch is NULL, or @p outcomes is 0.
 * @retval -EBUSY  Outcomes of the batch before are still to come. Nothing has changed.
 */
int taskpool_batch_arm(struct taskpool_batch *batch, uint32_t outcomes);

/**
 * @brief How many outcomes are still to come?
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param batch The batch.
 *
 * @return So many; 0 where it is NULL, or not armed, which is so a moment before its completion is told.
 */
uint32_t taskpool_batch_left(struct taskpool_batch *batch);

/**
 * @brief How many outcomes came when it was not armed, since the boot?
 *
 * isr-ok. One lock section, O(1).
 *
 * @isr_ok
 *
 * @param batch The batch.
 *
 * @return So many; 0 where it is NULL.
 */
uint32_t taskpool_batch_extra(struct taskpool_batch *batch);

/**
 * @brief Runs a job here and now: in the calling thread, on its stack and at its priority, without a worker.
 *
 * When it returns, the job's completion and those who wait for it have been told, as after any run. Only an idle job can be run
 * so, in a pool that runs: the run belongs to that pool, whose shutdown waits for it; its maximum does not count it. To the job
 * it is a run like any other, but that no budget and no watchdog counts for it, which may be cancelled meanwhile, and submitted again: a worker sees to that. @ref
 * taskpool_ctx_worker is the number of the calling worker, of whichever pool, or 128 in a thread that is none. (As Momentum's
 * `SYNC`.)
 *
 * From threads. Three lock sections, O(1), around the run. In a thread that is no worker of the pool it is not found out when
 * the run waits, without limit, for its own job or for the pool's shutdown.
 *
 * @param pool The pool.
 * @param job  The job.
 * @param code Where to put what the job answered, or NULL.
 *
 * @return One of @ref taskpool_outcome: @ref TASKPOOL_DONE, or @ref TASKPOOL_ABORTED if somebody aborted the run; not negative.
 * @retval -EINVAL    @p pool or @p job is none.
 * @retval -EBUSY     The job is queued, deferred or running, and goes on as it was; or its group has no place for it.
 * @retval -ESHUTDOWN The pool is held, not started yet, or shut down.
 * @retval -EPERM     Called in an interrupt.
 */
int taskpool_run_now(struct taskpool *pool, struct taskpool_job *job, int *code);

#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
/** @cond INTERNAL_HIDDEN */
int z_taskpool_run_now(struct taskpool *pool, struct taskpool_job *job, int *code, const struct taskpool_site *site);

#define taskpool_run_now(...) z_taskpool_run_now(__VA_ARGS__, Z_TASKPOOL_HERE)
/** @endcond */
#endif

#endif /* CONFIG_TASKPOOL_C_API */

/** @} */

#ifdef __cplusplus
}
#endif

#endif /* TASKPOOL_COMPLETION_H_ */
