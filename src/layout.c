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
LAYOUT(events, TASKPOOL_REPORT_POOL_STARTED | TASKPOOL_REPORT_WORKER_LENT << 4 | TASKPOOL_REPORT_WORKER_RETURNED << 8 |
		       TASKPOOL_REPORT_OVERDUE << 12);
LAYOUT(event_count, TASKPOOL_REPORT_OVERDUE);
LAYOUT(signal_room, TASKPOOL_SIGNAL_ROOM);

#ifdef CONFIG_TASKPOOL_BUDGETS
LAYOUT(sizeof_about, sizeof(struct taskpool_about));
LAYOUT(about_name, offsetof(struct taskpool_about, name));
LAYOUT(about_budget, offsetof(struct taskpool_about, budget.ticks));
LAYOUT(about_id, offsetof(struct taskpool_about, id));
LAYOUT(sizeof_overrun, sizeof(struct taskpool_overrun));
LAYOUT(overrun_about, offsetof(struct taskpool_overrun, about));
LAYOUT(overrun_job, offsetof(struct taskpool_overrun, job));
LAYOUT(overrun_elapsed, offsetof(struct taskpool_overrun, elapsed));
LAYOUT(overrun_control_point, offsetof(struct taskpool_overrun, control_point));
LAYOUT(overrun_worker, offsetof(struct taskpool_overrun, worker));
#endif
#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
LAYOUT(sizeof_site, sizeof(struct taskpool_site));
LAYOUT(site_file, offsetof(struct taskpool_site, file));
LAYOUT(site_length, offsetof(struct taskpool_site, length));
LAYOUT(site_line, offsetof(struct taskpool_site, line));
#ifdef CONFIG_TASKPOOL_BUDGETS
LAYOUT(overrun_site, offsetof(struct taskpool_overrun, site));
#endif
#endif
#ifdef CONFIG_TASKPOOL_WDT
LAYOUT(about_watchdog, offsetof(struct taskpool_about, watchdog));
#endif

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
				 TASKPOOL_REFUSED_ON_WORKER << 8 | TASKPOOL_REFUSED_NEVER_SUBMITTED << 12 |
				 TASKPOOL_REFUSED_UNDER_WAY << 16);
LAYOUT(sizeof_room, sizeof(struct taskpool_room));
LAYOUT(room_count, offsetof(struct taskpool_room, count));
LAYOUT(room_refused, offsetof(struct taskpool_room, refused));
LAYOUT(room_outcome, offsetof(struct taskpool_room, outcome));
LAYOUT(room_code, offsetof(struct taskpool_room, code));
LAYOUT(sizeof_told, sizeof(struct taskpool_told));
LAYOUT(told_outcome, offsetof(struct taskpool_told, outcome));
LAYOUT(told_code, offsetof(struct taskpool_told, code));
LAYOUT(told_count, offsetof(struct taskpool_told, count));
LAYOUT(sizeof_batch, sizeof(struct taskpool_batch));
LAYOUT(batch_end, offsetof(struct taskpool_batch, end));
LAYOUT(batch_left, offsetof(struct taskpool_batch, core.left));
LAYOUT(batch_extra, offsetof(struct taskpool_batch, core.extra));
LAYOUT(batch_outcome, offsetof(struct taskpool_batch, core.outcome));
LAYOUT(batch_code, offsetof(struct taskpool_batch, core.code));
LAYOUT(batch_then, offsetof(struct taskpool_batch, then));
#if CONFIG_TASKPOOL_CLASSES > 0
LAYOUT(sizeof_class_stats, sizeof(struct taskpool_class_stats));
LAYOUT(class_stats_accepted, offsetof(struct taskpool_class_stats, accepted));
LAYOUT(class_stats_ran_inline, offsetof(struct taskpool_class_stats, ran_inline));
LAYOUT(class_stats_refused, offsetof(struct taskpool_class_stats, refused));
LAYOUT(class_ran, TASKPOOL_RAN);
LAYOUT(refusals_of_classes, TASKPOOL_REFUSED_NO_CLASS | TASKPOOL_REFUSED_NO_PLACE << 4);
#endif
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
#ifdef CONFIG_TASKPOOL_BUDGETS
LAYOUT(job_core_about, offsetof(struct taskpool_job, core.about));
#endif
#ifdef CONFIG_TASKPOOL_SUBMIT_SITE
LAYOUT(job_core_site, offsetof(struct taskpool_job, core.site));
LAYOUT(refusal_of_sites, TASKPOOL_REFUSED_NO_SITE);
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
#ifdef CONFIG_TASKPOOL_TASKS
LAYOUT(sizeof_task, sizeof(struct taskpool_task));
LAYOUT(alignof_task, __alignof__(struct taskpool_task));
LAYOUT(task_core, offsetof(struct taskpool_task, core));
LAYOUT(task_job, offsetof(struct taskpool_task_core, job));
LAYOUT(task_interval, offsetof(struct taskpool_task_core, interval));
LAYOUT(task_timeout, offsetof(struct taskpool_task_core, timeout));
LAYOUT(task_iterations, offsetof(struct taskpool_task_core, iterations));
LAYOUT(task_policy, offsetof(struct taskpool_task_core, policy));
LAYOUT(task_most, offsetof(struct taskpool_task_core, most));
LAYOUT(task_longest, TASKPOOL_LONGEST_SPAN >> 20);
LAYOUT(task_run, offsetof(struct taskpool_task, run));
LAYOUT(task_policies, TASKPOOL_MISSED_SKIP | (TASKPOOL_MISSED_CATCH_UP(0) & 0xff) << 4 | TASKPOOL_MISSED_FROM_START << 8 |
			      TASKPOOL_MISSED_FROM_END << 12);
LAYOUT(task_bound, TASKPOOL_MISSED_CATCH_UP(0x12) >> 8);
LAYOUT(sizeof_run, sizeof(struct taskpool_run));
LAYOUT(run_ctx, offsetof(struct taskpool_run, ctx));
LAYOUT(run_late, offsetof(struct taskpool_run, late));
LAYOUT(run_left, offsetof(struct taskpool_run, left));
LAYOUT(run_number, offsetof(struct taskpool_run, number));
LAYOUT(run_missed, offsetof(struct taskpool_run, missed));
LAYOUT(run_first, offsetof(struct taskpool_run, first));
LAYOUT(run_last, offsetof(struct taskpool_run, last));
LAYOUT(sizeof_next, sizeof(struct taskpool_next));
LAYOUT(next_when, offsetof(struct taskpool_next, when));
LAYOUT(next_how, offsetof(struct taskpool_next, how));
LAYOUT(next_code, offsetof(struct taskpool_next, code));
LAYOUT(nexts, Z_TASKPOOL_NEXT_DEFAULT | Z_TASKPOOL_NEXT_AGAIN << 4 | Z_TASKPOOL_NEXT_AFTER << 8 |
		      Z_TASKPOOL_NEXT_DONE << 12 | Z_TASKPOOL_NEXT_PENDING << 16);
LAYOUT(rephases, TASKPOOL_REPHASE_KEEP | TASKPOOL_REPHASE_RECALCULATE << 4 | TASKPOOL_REPHASE_FROM_NOW << 8);
LAYOUT(after_interval, (uint32_t)((uint64_t)INT64_MIN >> 40));
LAYOUT(refusals_to_tasks,
       TASKPOOL_REFUSED_TASK | TASKPOOL_REFUSED_NOT_ENABLED << 8 | TASKPOOL_REFUSED_STALE << 16);
LAYOUT(run_task_ctx, offsetof(struct taskpool_run, task_ctx));
LAYOUT(sizeof_completer, sizeof(struct taskpool_completer));
LAYOUT(completer_turn, offsetof(struct taskpool_completer, turn));
#ifdef CONFIG_TASKPOOL_EVENTS
LAYOUT(sizeof_event, sizeof(struct taskpool_event));
LAYOUT(alignof_event, __alignof__(struct taskpool_event));
LAYOUT(event_at_the_end, offsetof(struct taskpool_end, event));
LAYOUT(next_event, offsetof(struct taskpool_next, event));
LAYOUT(next_on, Z_TASKPOOL_NEXT_ON);
#ifdef CONFIG_TASKPOOL_WAIT
LAYOUT(sizeof_await, sizeof(struct taskpool_await));
LAYOUT(alignof_await, __alignof__(struct taskpool_await));
LAYOUT(await_event, offsetof(struct taskpool_await, event));
#endif
#endif
#ifdef CONFIG_TASKPOOL_NAMES
LAYOUT(task_name, offsetof(struct taskpool_task, name));
#endif
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
