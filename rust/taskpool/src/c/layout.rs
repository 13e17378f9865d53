//! As `layout.rs` of the crate, for what only the C API has.

use core::mem::offset_of;

use taskpool_core::{Accepted, Header};

use super::{found, outcome, state, CEnd, CJob, KTimeout, Refusal};
use crate::layout::layout;

layout! {
    sizeof_job: size_of::<CJob>(),
    alignof_job: align_of::<CJob>(),
    job_core_run: Header::WRITTEN_BY_C[0],
    job_core_flags: Header::WRITTEN_BY_C[1],
    job_core_end: Header::WRITTEN_BY_C[2],
    job_core_state: Header::READ_BY_C,
    job_idle: Header::ZEROS_OF_C[0],
    job_never_submitted: Header::ZEROS_OF_C[1],
    job_core: offset_of!(CJob, header),
    job_run: offset_of!(CJob, run),
    job_arg: offset_of!(CJob, arg),
    job_discard: Header::FLAGS_OF_C[0],
    job_level: Header::FLAGS_OF_C[1],
    sizeof_end: size_of::<CEnd>(),
    end_tell: offset_of!(CEnd, completion),
    end_end: offset_of!(CEnd, end),
    sizeof_timeout: size_of::<KTimeout>(),
    timeout_ticks: offset_of!(KTimeout, ticks),
    forever: -KTimeout::FOREVER,
    absolute: -KTimeout::ABSOLUTE,
    sizeof_ticks: size_of::<i64>(),
    accepted: Accepted::New as i32 | (Accepted::Again as i32) << 4 | (Accepted::Moved as i32) << 8,
    outcomes: outcome::DONE
        | outcome::CANCELLED << 4
        | outcome::ABORTED << 8
        | outcome::TIMED_OUT << 12
        | outcome::DISCARDED << 16,
    found: found::WAITING | found::IDLE << 4 | found::RUNNING << 8 | found::RUNNING_AGAIN << 12,
    states: state::IDLE
        | state::QUEUED << 4
        | state::DEFERRED << 8
        | state::RUNNING << 12
        | state::RUN_CANCELLED << 16
        | state::RESUBMITTED << 20,
    refusals: Refusal::NoPool as u32
        | (Refusal::NoJob as u32) << 4
        | (Refusal::BadArgument as u32) << 8
        | (Refusal::AlreadyQueued as u32) << 12
        | (Refusal::NotRunning as u32) << 16
        | (Refusal::OutOfRange as u32) << 20,
    refusals_to_wait: Refusal::TimedOut as u32
        | (Refusal::InInterrupt as u32) << 4
        | (Refusal::OnWorker as u32) << 8
        | (Refusal::NeverSubmitted as u32) << 12,
    state_held: state::HELD,
}

#[cfg(CONFIG_TASKPOOL_GROUPS)]
layout! {
    sizeof_group: size_of::<taskpool_core::Group>(),
    alignof_group: align_of::<taskpool_core::Group>(),
    group_limit: taskpool_core::Group::WRITTEN_BY_C,
    job_core_group: Header::GROUP_OF_C,
    sizeof_group_usage: size_of::<super::group::CGroupUsage>(),
    group_usage_active: offset_of!(super::group::CGroupUsage, active),
    group_usage_held: offset_of!(super::group::CGroupUsage, held),
}

#[cfg(CONFIG_TASKPOOL_NAMES)]
layout! {
    job_name: offset_of!(CJob, _name),
}

#[cfg(CONFIG_TASKPOOL_CONTROL)]
layout! {
    shutdown: super::pool::shutdown::DRAIN | super::pool::shutdown::DISCARD << 4,
}

#[cfg(CONFIG_TASKPOOL_PAUSE)]
layout! {
    clock: super::pool::clock::RUNS_ON | super::pool::clock::FROZEN << 4,
}

#[cfg(CONFIG_TASKPOOL_STATS)]
layout! {
    sizeof_stats: size_of::<super::pool::CStats>(),
    stats_submitted: offset_of!(super::pool::CStats, submitted),
    stats_done: offset_of!(super::pool::CStats, done),
    stats_cancelled: offset_of!(super::pool::CStats, cancelled),
    stats_aborted: offset_of!(super::pool::CStats, aborted),
    stats_timed_out: offset_of!(super::pool::CStats, timed_out),
    stats_discarded: offset_of!(super::pool::CStats, discarded),
    stats_queued: offset_of!(super::pool::CStats, queued),
    stats_most_queued: offset_of!(super::pool::CStats, most_queued),
    stats_workers: offset_of!(super::pool::CStats, workers),
    stats_most_workers: offset_of!(super::pool::CStats, most_workers),
    stats_worst_lateness: offset_of!(super::pool::CStats, worst_lateness),
    stats_mean_lateness: offset_of!(super::pool::CStats, mean_lateness),
    stats_worst_queueing: offset_of!(super::pool::CStats, worst_queueing),
    stats_mean_queueing: offset_of!(super::pool::CStats, mean_queueing),
    stats_busy: offset_of!(super::pool::CStats, busy),
    stats_worst_starvation: offset_of!(super::pool::CStats, worst_starvation),
}

#[cfg(CONFIG_TASKPOOL_IOT_API)]
layout! {
    iot_jobs: super::iot::found::NO_JOB
        | super::iot::found::NEW << 4
        | super::iot::found::DONE << 8
        | super::iot::found::CANCELLED << 12
        | super::iot::found::DISCARDED << 16,
    iot_jobs_under_way: super::iot::found::QUEUED
        | super::iot::found::DEFERRED << 4
        | super::iot::found::RUNNING << 8,
}

#[cfg(cache)]
layout! {
    sizeof_cache: size_of::<super::spawn::CCache>(),
    cache_slots: offset_of!(super::spawn::CCache, slots),
    cache_used: offset_of!(super::spawn::CCache, used),
    cache_most: offset_of!(super::spawn::CCache, most),
    sizeof_handle: size_of::<u32>(),
    refusals_to_spawn: Refusal::NoSlot as u32 | (Refusal::NoHandle as u32) << 4,
}
