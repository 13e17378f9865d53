//! What `src/iot_taskpool.c` asks beyond `taskpool.h`. Nothing here prints: what is asked of any memory is no misuse.

use core::ptr::NonNull;

use taskpool_core::{Outcome, Pool, Status};

use super::{job_of, pool_of, CJob, System};

/// `enum taskpool_iot_job`.
pub(super) mod found {
    pub(in crate::c) const NO_JOB: u32 = 0;
    pub(in crate::c) const NEW: u32 = 1;
    pub(in crate::c) const DONE: u32 = 2;
    pub(in crate::c) const CANCELLED: u32 = 3;
    pub(in crate::c) const DISCARDED: u32 = 4;
    pub(in crate::c) const QUEUED: u32 = 5;
    pub(in crate::c) const DEFERRED: u32 = 6;
    pub(in crate::c) const RUNNING: u32 = 7;
}

/// Where a job is, and how its last submission ended, in one lock section: between two, it may be submitted and run.
#[no_mangle]
extern "C" fn taskpool_core_iot_find(job: Option<NonNull<CJob>>) -> u32 {
    let Some(job) = job_of(job) else {
        return found::NO_JOB;
    };
    match System::whereabouts(job) {
        // None of these jobs is in a group.
        (Status::Queued | Status::Held, _) => found::QUEUED,
        (Status::Deferred { .. }, _) => found::DEFERRED,
        (Status::Running { .. }, _) => found::RUNNING,
        (Status::Idle, None) => found::NEW,
        (Status::Idle, Some(Outcome::Done(_))) => found::DONE,
        (Status::Idle, Some(Outcome::Cancelled)) => found::CANCELLED,
        // Nobody aborts these jobs or gives them a time.
        (Status::Idle, Some(_)) => found::DISCARDED,
    }
}

/// Submits a job that is not under way: before all others, where no worker of the pool is idle.
#[no_mangle]
extern "C" fn taskpool_core_iot_submit_urgent(pool: Option<NonNull<Pool>>, job: Option<NonNull<CJob>>) {
    if let (Some(pool), Some(job)) = (pool_of(pool), job_of(job)) {
        // Under the mutex of these pools, an open one refuses no job that is Idle.
        _ = System::submit_urgent_if_busy(pool, job);
    }
}

/// Moves a job that is queued in this pool to where it would be submitted now: cancelled and submitted again, it would have
/// one more worker called for it. Answers whether it was queued there.
#[no_mangle]
extern "C" fn taskpool_core_iot_requeue(pool: Option<NonNull<Pool>>, job: Option<NonNull<CJob>>, urgent: bool) -> bool {
    match (pool_of(pool), job_of(job)) {
        (Some(pool), Some(job)) => System::requeue(pool, job, urgent),
        _ => false,
    }
}
