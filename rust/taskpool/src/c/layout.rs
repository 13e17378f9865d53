//! As `layout.rs` of the crate, for what only the C API has.

use core::mem::offset_of;

use taskpool_core::{Accepted, Header};

use super::{found, outcome, state, CEnd, CJob, KTimeout};
use crate::layout::layout;

layout! {
    sizeof_job: size_of::<CJob>(),
    alignof_job: align_of::<CJob>(),
    job_core_run: Header::WRITTEN_BY_C[0],
    job_core_flags: Header::WRITTEN_BY_C[1],
    job_core_end: Header::WRITTEN_BY_C[2],
    job_run: offset_of!(CJob, run),
    job_arg: offset_of!(CJob, arg),
    job_discard: Header::FLAGS_OF_C[0],
    job_level: Header::FLAGS_OF_C[1],
    sizeof_end: size_of::<CEnd>(),
    end_end: offset_of!(CEnd, end),
    sizeof_timeout: size_of::<KTimeout>(),
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
    stats_most_queued: offset_of!(super::pool::CStats, most_queued),
    stats_most_workers: offset_of!(super::pool::CStats, most_workers),
    stats_worst_starvation: offset_of!(super::pool::CStats, worst_starvation),
}

#[cfg(cache)]
layout! {
    sizeof_cache: size_of::<super::spawn::CCache>(),
    cache_most: offset_of!(super::spawn::CCache, most),
    sizeof_handle: size_of::<u32>(),
}
