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

#ifdef CONFIG_TASKPOOL_C_API
LAYOUT(sizeof_job, sizeof(struct taskpool_job));
LAYOUT(alignof_job, __alignof__(struct taskpool_job));
LAYOUT(job_core_run, offsetof(struct taskpool_job, core.run));
LAYOUT(job_core_flags, offsetof(struct taskpool_job, core.flags));
LAYOUT(job_core_end, offsetof(struct taskpool_job, core.end));
LAYOUT(job_run, offsetof(struct taskpool_job, run));
LAYOUT(job_arg, offsetof(struct taskpool_job, arg));
LAYOUT(job_discard, Z_TASKPOOL_DISCARD);
LAYOUT(job_level, Z_TASKPOOL_LEVEL_SHIFT);
LAYOUT(sizeof_end, sizeof(struct taskpool_end));
LAYOUT(end_end, offsetof(struct taskpool_end, end));
LAYOUT(sizeof_timeout, sizeof(k_timeout_t));
LAYOUT(accepted, TASKPOOL_NEW | TASKPOOL_AGAIN << 4 | TASKPOOL_MOVED << 8);
LAYOUT(outcomes, TASKPOOL_DONE | TASKPOOL_CANCELLED << 4 | TASKPOOL_ABORTED << 8 | TASKPOOL_TIMED_OUT << 12 |
			 TASKPOOL_DISCARDED << 16);
LAYOUT(found, TASKPOOL_FOUND_WAITING | TASKPOOL_FOUND_IDLE << 4 | TASKPOOL_FOUND_RUNNING << 8 |
		      TASKPOOL_FOUND_RUNNING_AGAIN << 12);
LAYOUT(states, TASKPOOL_IDLE | TASKPOOL_QUEUED << 4 | TASKPOOL_DEFERRED << 8 | TASKPOOL_RUNNING << 12 |
		       TASKPOOL_RUN_CANCELLED << 16 | TASKPOOL_RESUBMITTED << 20);
#ifdef CONFIG_TASKPOOL_CONTROL
LAYOUT(shutdown, TASKPOOL_DRAIN | TASKPOOL_DISCARD << 4);
#endif
#ifdef CONFIG_TASKPOOL_PAUSE
LAYOUT(clock, TASKPOOL_CLOCK_RUNS_ON | TASKPOOL_CLOCK_FROZEN << 4);
#endif
#ifdef CONFIG_TASKPOOL_STATS
LAYOUT(sizeof_stats, sizeof(struct taskpool_stats));
LAYOUT(stats_most_queued, offsetof(struct taskpool_stats, most_queued));
LAYOUT(stats_most_workers, offsetof(struct taskpool_stats, most_workers));
LAYOUT(stats_worst_starvation, offsetof(struct taskpool_stats, worst_starvation));
#endif
#if CONFIG_TASKPOOL_CACHE_JOBS > 0
LAYOUT(sizeof_cache, sizeof(struct taskpool_cache));
LAYOUT(cache_most, offsetof(struct taskpool_cache, most));
LAYOUT(sizeof_handle, sizeof(taskpool_handle_t));
#endif
#endif /* CONFIG_TASKPOOL_C_API */

GEN_ABS_SYM_END
