//! What C does with jobs.

use core::ffi::c_int;
use core::ptr::NonNull;

#[cfg(CONFIG_TASKPOOL_WAIT)]
use taskpool_core::Code;
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
use taskpool_core::{By, Site};
use taskpool_core::{Cancel, Pool, Status, When, MAX_TICKS};

#[cfg(CONFIG_TASKPOOL_WAIT)]
use super::waited;
use super::{accepted, by, found, job_of, misuse, pool_of, refuse, state, CJob, KTimeout, Refusal, System};
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
use super::{sited, CSite};

const LAST_TICK: i64 = MAX_TICKS as i64;
/// The last tick as an absolute one.
const NEVER: i64 = KTimeout::ABSOLUTE - LAST_TICK;

/// Both, or the refusal, to be returned.
macro_rules! pool_and_job {
    ($pool:ident, $job:ident, $function:literal) => {{
        let Some(pool) = pool_of($pool) else {
            return misuse(Refusal::NoPool, $function);
        };
        let Some(job) = job_of($job) else {
            return misuse(Refusal::NoJob, $function);
        };
        (pool, job)
    }};
}

macro_rules! job {
    ($job:ident, $function:literal) => {{
        let Some(job) = job_of($job) else {
            return misuse(Refusal::NoJob, $function);
        };
        job
    }};
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_submit")]
extern "C" fn taskpool_submit(
    pool: Option<NonNull<Pool>>,
    job: Option<NonNull<CJob>>,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let (pool, job) = pool_and_job!(pool, job, c"taskpool_submit");
    accepted(System::submit_inline(pool, job, by!(site)))
}

#[cfg(CONFIG_TASKPOOL_URGENT)]
#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_submit_urgent")]
extern "C" fn taskpool_submit_urgent(
    pool: Option<NonNull<Pool>>,
    job: Option<NonNull<CJob>>,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let (pool, job) = pool_and_job!(pool, job, c"taskpool_submit_urgent");
    accepted(System::submit_urgent_by(pool, job, by!(site)))
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_submit_after")]
extern "C" fn taskpool_submit_after(
    pool: Option<NonNull<Pool>>,
    job: Option<NonNull<CJob>>,
    delay: KTimeout,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let (to, what) = pool_and_job!(pool, job, c"taskpool_submit_after");
    let when = match delay.ticks {
        // A word less to look at than with a range from 1.
        span @ 0..=LAST_TICK if span != 0 => When::after(span as u64),
        0 => {
            return taskpool_submit(
                pool,
                job,
                #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
                site,
            )
        }
        KTimeout::FOREVER => return misuse(Refusal::BadArgument, c"taskpool_submit_after"),
        absolute @ NEVER..=KTimeout::ABSOLUTE => When::at((KTimeout::ABSOLUTE - absolute) as u64),
        _ => return refuse(Refusal::OutOfRange),
    };
    accepted(System::defer_inline(to, what, when, by!(site)))
}

/// One more function of this size would take more room than this call takes time.
#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_submit_at")]
extern "C" fn taskpool_submit_at(
    pool: Option<NonNull<Pool>>,
    job: Option<NonNull<CJob>>,
    tick: i64,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    if cfg!(CONFIG_ASSERT) {
        // So that the message names this function.
        let _ = pool_and_job!(pool, job, c"taskpool_submit_at");
    }
    // What lies before the boot has passed.
    let ticks = KTimeout::ABSOLUTE - tick.clamp(0, LAST_TICK + 1);
    taskpool_submit_after(
        pool,
        job,
        KTimeout { ticks },
        #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
        site,
    )
}

#[cfg(CONFIG_TASKPOOL_ABORT)]
#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_submit_within")]
extern "C" fn taskpool_submit_within(
    pool: Option<NonNull<Pool>>,
    job: Option<NonNull<CJob>>,
    within: KTimeout,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let (pool, job) = pool_and_job!(pool, job, c"taskpool_submit_within");
    match within.ticks {
        span @ 0.. => accepted(System::submit_within_by(pool, job, span as u64, by!(site))),
        _ => misuse(Refusal::BadArgument, c"taskpool_submit_within"),
    }
}

#[no_mangle]
extern "C" fn taskpool_set_level(job: Option<NonNull<CJob>>, level: u8) -> c_int {
    let job = job!(job, c"taskpool_set_level");
    match System::set_level(job, level) {
        Ok(()) => 0,
        Err(_) => misuse(Refusal::BadArgument, c"taskpool_set_level"),
    }
}

#[no_mangle]
extern "C" fn taskpool_cancel(job: Option<NonNull<CJob>>) -> c_int {
    let job = job!(job, c"taskpool_cancel");
    cancelled(System::cancel_inline(job))
}

#[cfg(CONFIG_TASKPOOL_ABORT)]
#[no_mangle]
extern "C" fn taskpool_abort(job: Option<NonNull<CJob>>) -> c_int {
    let job = job!(job, c"taskpool_abort");
    cancelled(System::abort(job))
}

/// One of `enum taskpool_found`.
pub(super) fn cancelled(cancel: Cancel) -> c_int {
    match cancel {
        Cancel::Cancelled => found::WAITING,
        Cancel::Idle => found::IDLE,
        Cancel::Running {
            resubmission_cancelled: false,
        } => found::RUNNING,
        Cancel::Running {
            resubmission_cancelled: true,
        } => found::RUNNING_AGAIN,
    }
}

#[no_mangle]
extern "C" fn taskpool_status(job: Option<NonNull<CJob>>, deadline: Option<NonNull<i64>>) -> c_int {
    let job = job!(job, c"taskpool_status");
    told(System::status(job), deadline)
}

/// One of `enum taskpool_state`, with flags, and the deadline.
pub(super) fn told(status: Status, deadline: Option<NonNull<i64>>) -> c_int {
    let (status, due) = match status {
        Status::Idle => (state::IDLE, 0),
        Status::Queued => (state::QUEUED, 0),
        Status::Held => (state::HELD, 0),
        Status::Deferred { deadline } => (state::DEFERRED, deadline),
        Status::Running { cancelled, resubmitted } => {
            let cancelled = if cancelled { state::RUN_CANCELLED } else { 0 };
            let resubmitted = if resubmitted { state::RESUBMITTED } else { 0 };
            (state::RUNNING | cancelled | resubmitted, 0)
        }
    };
    if let Some(place) = deadline {
        // SAFETY: what C passes and is not null has room for a `k_ticks_t`.
        unsafe { place.write(due as i64) };
    }
    status
}

#[cfg(CONFIG_TASKPOOL_WAIT)]
#[no_mangle]
extern "C" fn taskpool_wait(job: Option<NonNull<CJob>>, timeout: KTimeout, code: Option<NonNull<Code>>) -> c_int {
    let job = job!(job, c"taskpool_wait");
    waited(System::wait(job, timeout.deadline()), code, c"taskpool_wait")
}

#[cfg(CONFIG_TASKPOOL_WAIT)]
#[no_mangle]
extern "C" fn taskpool_cancel_wait(
    job: Option<NonNull<CJob>>,
    timeout: KTimeout,
    code: Option<NonNull<Code>>,
) -> c_int {
    let job = job!(job, c"taskpool_cancel_wait");
    waited(
        System::cancel_and_wait(job, timeout.deadline()),
        code,
        c"taskpool_cancel_wait",
    )
}

#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
#[no_mangle]
extern "C" fn taskpool_job_site(job: Option<NonNull<CJob>>, site: Option<NonNull<Site>>) -> c_int {
    let job = job!(job, c"taskpool_job_site");
    let Some(place) = site else {
        return misuse(Refusal::BadArgument, c"taskpool_job_site");
    };
    sited(System::submitted_at(job), place)
}

/// What a job's core keeps of its submission. For whoever has the job to itself, as when an image ends.
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
#[no_mangle]
extern "C" fn taskpool_core_site(by: By, place: NonNull<Site>) -> bool {
    let Some(site) = by.site() else {
        return false;
    };
    // SAFETY: C passes a place of its own.
    unsafe { place.write(site) };
    true
}
