/*
 * SPDX-License-Identifier: Apache-2.0
 *
 * What C and Rust both lay out: here C's figures, in rust/taskpool/src/layout.rs Rust's. src/layout.ld compares them when
 * the image is linked.
 */

#include <zephyr/kernel.h>

#include "taskpool_core.h"

#define LAYOUT(name_, value_) GEN_ABSOLUTE_SYM(taskpool_c_##name_, value_)

GEN_ABS_SYM_BEGIN(_taskpool_layout)

LAYOUT(sizeof_pool, sizeof(struct taskpool_core));
LAYOUT(alignof_pool, __alignof__(struct taskpool_core));
LAYOUT(pool_life, offsetof(struct taskpool_core, life));
LAYOUT(pool_max, offsetof(struct taskpool_core, max));
LAYOUT(pool_starting, Z_TASKPOOL_STARTING);
LAYOUT(sizeof_worker, sizeof(struct taskpool_worker_core));
LAYOUT(alignof_worker, __alignof__(struct taskpool_worker_core));
LAYOUT(callers, TASKPOOL_INTERRUPT | TASKPOOL_THREAD << 4 | TASKPOOL_WORKER << 8);
LAYOUT(events, TASKPOOL_EVENT_POOL_STARTED | TASKPOOL_EVENT_WORKER_LENT << 4 | TASKPOOL_EVENT_WORKER_RETURNED << 8 |
		       TASKPOOL_EVENT_OVERDUE << 12);
LAYOUT(event_count, TASKPOOL_EVENT_OVERDUE);
LAYOUT(signal_room, TASKPOOL_SIGNAL_ROOM);

#ifdef CONFIG_TASKPOOL_RUNTIME_POOLS
LAYOUT(can_create, TASKPOOL_CAN_CREATE | TASKPOOL_NO_SUCH_PRIORITY << 4 | TASKPOOL_TOO_EARLY << 8);
LAYOUT(shut, TASKPOOL_SHUT | TASKPOOL_SHUT_NOT_RUNNING << 4 | TASKPOOL_SHUT_TIMED_OUT << 8 |
		     TASKPOOL_SHUT_IN_INTERRUPT << 12 | TASKPOOL_SHUT_ON_WORKER << 16 | TASKPOOL_SHUT_NO_POOL << 20);
LAYOUT(memory_room, TASKPOOL_MEMORY_ROOM);
#endif

#ifdef CONFIG_TASKPOOL_C_API
LAYOUT(sizeof_job, sizeof(struct taskpool_job));
LAYOUT(alignof_job, __alignof__(struct taskpool_job));
LAYOUT(job_core_run, offsetof(struct taskpool_job, core.run));
LAYOUT(job_core_flags, offsetof(struct taskpool_job, core.flags));
LAYOUT(job_core_end, offsetof(struct taskpool_job, core.end));
LAYOUT(job_core_state, offsetof(struct taskpool_job, core.state));
LAYOUT(job_idle, TASKPOOL_IDLE);
LAYOUT(job_never_submitted, 0);
LAYOUT(job_core, offsetof(struct taskpool_job, core));
LAYOUT(job_run, offsetof(struct taskpool_job, run));
LAYOUT(job_arg, offsetof(struct taskpool_job, arg));
LAYOUT(job_discard, Z_TASKPOOL_DISCARD);
LAYOUT(job_level, Z_TASKPOOL_LEVEL_SHIFT);
LAYOUT(sizeof_end, sizeof(struct taskpool_end));
LAYOUT(end_tell, offsetof(struct taskpool_end, tell));
LAYOUT(end_end, offsetof(struct taskpool_end, end));
LAYOUT(sizeof_timeout, sizeof(k_timeout_t));
LAYOUT(timeout_ticks, offsetof(k_timeout_t, ticks));
LAYOUT(forever, (int)-K_TICKS_FOREVER);
LAYOUT(absolute, (int)-Z_TICK_ABS(0));
LAYOUT(sizeof_ticks, sizeof(k_ticks_t));
LAYOUT(accepted, TASKPOOL_NEW | TASKPOOL_AGAIN << 4 | TASKPOOL_MOVED << 8);
LAYOUT(outcomes, TASKPOOL_DONE | TASKPOOL_CANCELLED << 4 | TASKPOOL_ABORTED << 8 | TASKPOOL_TIMED_OUT << 12 |
			 TASKPOOL_DISCARDED << 16);
LAYOUT(found, TASKPOOL_FOUND_WAITING | TASKPOOL_FOUND_IDLE << 4 | TASKPOOL_FOUND_RUNNING << 8 |
		      TASKPOOL_FOUND_RUNNING_AGAIN << 12);
LAYOUT(states, TASKPOOL_IDLE | TASKPOOL_QUEUED << 4 | TASKPOOL_DEFERRED << 8 | TASKPOOL_RUNNING << 12 |
		       TASKPOOL_RUN_CANCELLED << 16 | TASKPOOL_RESUBMITTED << 20);
LAYOUT(refusals, TASKPOOL_REFUSED_POOL | TASKPOOL_REFUSED_JOB << 4 | TASKPOOL_REFUSED_ARGUMENT << 8 |
			 TASKPOOL_REFUSED_QUEUED << 12 | TASKPOOL_REFUSED_NOT_RUNNING << 16 |
			 TASKPOOL_REFUSED_RANGE << 20);
LAYOUT(refusals_to_wait, TASKPOOL_REFUSED_TIMED_OUT | TASKPOOL_REFUSED_IN_INTERRUPT << 4 |
				 TASKPOOL_REFUSED_ON_WORKER << 8 | TASKPOOL_REFUSED_NEVER_SUBMITTED << 12);
LAYOUT(state_held, TASKPOOL_HELD);
#ifdef CONFIG_TASKPOOL_GROUPS
LAYOUT(sizeof_group, sizeof(struct taskpool_group));
LAYOUT(alignof_group, __alignof__(struct taskpool_group));
LAYOUT(group_limit, offsetof(struct taskpool_group, limit));
LAYOUT(job_core_group, offsetof(struct taskpool_job, core.group));
LAYOUT(sizeof_group_usage, sizeof(struct taskpool_group_usage));
LAYOUT(group_usage_active, offsetof(struct taskpool_group_usage, active));
LAYOUT(group_usage_held, offsetof(struct taskpool_group_usage, held));
#endif
#ifdef CONFIG_TASKPOOL_NAMES
LAYOUT(job_name, offsetof(struct taskpool_job, name));
#endif
#ifdef CONFIG_TASKPOOL_CONTROL
LAYOUT(shutdown, TASKPOOL_DRAIN | TASKPOOL_DISCARD << 4);
#endif
#ifdef CONFIG_TASKPOOL_PAUSE
LAYOUT(clock, TASKPOOL_CLOCK_RUNS_ON | TASKPOOL_CLOCK_FROZEN << 4);
#endif
#ifdef CONFIG_TASKPOOL_STATS
LAYOUT(sizeof_stats, sizeof(struct taskpool_stats));
LAYOUT(stats_submitted, offsetof(struct taskpool_stats, submitted));
LAYOUT(stats_done, offsetof(struct taskpool_stats, done));
LAYOUT(stats_cancelled, offsetof(struct taskpool_stats, cancelled));
LAYOUT(stats_aborted, offsetof(struct taskpool_stats, aborted));
LAYOUT(stats_timed_out, offsetof(struct taskpool_stats, timed_out));
LAYOUT(stats_discarded, offsetof(struct taskpool_stats, discarded));
LAYOUT(stats_queued, offsetof(struct taskpool_stats, queued));
LAYOUT(stats_most_queued, offsetof(struct taskpool_stats, most_queued));
LAYOUT(stats_workers, offsetof(struct taskpool_stats, workers));
LAYOUT(stats_most_workers, offsetof(struct taskpool_stats, most_workers));
LAYOUT(stats_worst_lateness, offsetof(struct taskpool_stats, worst_lateness));
LAYOUT(stats_mean_lateness, offsetof(struct taskpool_stats, mean_lateness));
LAYOUT(stats_worst_queueing, offsetof(struct taskpool_stats, worst_queueing));
LAYOUT(stats_mean_queueing, offsetof(struct taskpool_stats, mean_queueing));
LAYOUT(stats_busy, offsetof(struct taskpool_stats, busy));
LAYOUT(stats_worst_starvation, offsetof(struct taskpool_stats, worst_starvation));
#endif
#ifdef CONFIG_TASKPOOL_IOT_API
LAYOUT(iot_jobs, TASKPOOL_IOT_NO_JOB | TASKPOOL_IOT_NEW << 4 | TASKPOOL_IOT_DONE << 8 | TASKPOOL_IOT_CANCELLED << 12 |
			 TASKPOOL_IOT_DISCARDED << 16);
LAYOUT(iot_jobs_under_way, TASKPOOL_IOT_QUEUED | TASKPOOL_IOT_DEFERRED << 4 | TASKPOOL_IOT_RUNNING << 8);
#endif
#if CONFIG_TASKPOOL_CACHE_JOBS > 0
LAYOUT(sizeof_cache, sizeof(struct taskpool_cache));
LAYOUT(cache_slots, offsetof(struct taskpool_cache, slots));
LAYOUT(cache_used, offsetof(struct taskpool_cache, used));
LAYOUT(cache_most, offsetof(struct taskpool_cache, most));
LAYOUT(sizeof_handle, sizeof(taskpool_handle_t));
LAYOUT(refusals_to_spawn, TASKPOOL_REFUSED_NO_SLOT | TASKPOOL_REFUSED_NO_HANDLE << 4);
#endif
#endif /* CONFIG_TASKPOOL_C_API */

GEN_ABS_SYM_END
