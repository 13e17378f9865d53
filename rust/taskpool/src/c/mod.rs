//! The functions of `taskpool.h`: each looks at what C hands over, calls the machine, and answers as C does.
//!
//! What is asked and answered is described there. Nothing here decides anything: a call that names something is the call
//! of the Rust face, and one that does not is refused before it changes anything.

#[cfg(classes)]
mod class;
mod complete;
#[cfg(CONFIG_TASKPOOL_EVENTS)]
mod event;
#[cfg(CONFIG_TASKPOOL_GROUPS)]
mod group;
#[cfg(CONFIG_TASKPOOL_IOT_API)]
mod iot;
mod job;
mod layout;
mod pool;
#[cfg(cache)]
mod spawn;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod task;

use core::ffi::{c_int, c_void, CStr};
use core::ptr::NonNull;

use taskpool_core::{
    Accepted, Code, Completion, CompletionRef, ControlError, Ctx, DeferError, Header, JobRef, Outcome, Pool, PoolRef,
    Ref, RunNowError, Shell, SubmitError, WaitError,
};

#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
use taskpool_core::Site;

use crate::port::ThisPort;

type System = Shell<ThisPort>;

/// `taskpool_run_t`.
type CRun = extern "C" fn(*const Ctx<'_>, *mut c_void) -> Code;

/// `struct taskpool_job`.
#[repr(C)]
struct CJob {
    header: Header,
    run: CRun,
    arg: *mut c_void,
    #[cfg(CONFIG_TASKPOOL_NAMES)]
    _name: *const core::ffi::c_char,
}

/// `struct taskpool_end`.
#[repr(C)]
struct CEnd {
    completion: Completion,
    end: extern "C" fn(*const CEnd, outcome: c_int, code: Code),
}

/// `k_timeout_t`.
#[derive(Clone, Copy)]
#[repr(C)]
struct KTimeout {
    /// From 0 on a span, or for ever; an absolute tick t is [`ABSOLUTE`](Self::ABSOLUTE) - t.
    ticks: i64,
}

/// `enum taskpool_outcome`.
mod outcome {
    use core::ffi::c_int;

    pub(super) const DONE: c_int = 0;
    pub(super) const CANCELLED: c_int = 1;
    pub(super) const ABORTED: c_int = 2;
    pub(super) const TIMED_OUT: c_int = 3;
    pub(super) const DISCARDED: c_int = 4;
}

/// `enum taskpool_found`.
mod found {
    use core::ffi::c_int;

    pub(super) const WAITING: c_int = 0;
    pub(super) const IDLE: c_int = 1;
    pub(super) const RUNNING: c_int = 2;
    pub(super) const RUNNING_AGAIN: c_int = 3;
}

/// `enum taskpool_state`.
mod state {
    use core::ffi::c_int;

    pub(super) const IDLE: c_int = 0;
    pub(super) const QUEUED: c_int = 1;
    pub(super) const DEFERRED: c_int = 2;
    pub(super) const RUNNING: c_int = 3;
    pub(super) const RUN_CANCELLED: c_int = 4;
    pub(super) const RESUBMITTED: c_int = 8;
    pub(super) const HELD: c_int = 16;
}

/// Why a call was refused: `enum taskpool_refusal`. `src/c_api.c` knows what that is to C.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Refusal {
    NoPool,
    NoJob,
    BadArgument,
    AlreadyQueued,
    NotRunning,
    OutOfRange,
    TimedOut,
    InInterrupt,
    OnWorker,
    NeverSubmitted,
    UnderWay,
    #[cfg(cache)]
    NoSlot = 11,
    #[cfg(cache)]
    NoHandle,
    #[cfg(classes)]
    NoClass = 13,
    #[cfg(classes)]
    NoPlace,
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    NoTask = 15,
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    NotEnabled,
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    Stale,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    NoSite = 18,
}

/// Where C calls: `const struct taskpool_site *`, which the macros of the headers make, and which stays; or null for a call
/// through a pointer to a function.
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
type CSite = Option<&'static Site>;

/// Who submits: C's last argument, where it passes one.
macro_rules! by {
    ($site:ident) => {{
        #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
        {
            taskpool_core::By::c($site)
        }
        #[cfg(not(CONFIG_TASKPOOL_SUBMIT_SITE))]
        {
            taskpool_core::By::NOBODY
        }
    }};
}
use by;

/// What C is told of a site: 0, with the site in `place`, or that there is none.
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
fn sited(found: Option<Site>, place: NonNull<Site>) -> c_int {
    let Some(site) = found else {
        return refuse(Refusal::NoSite);
    };
    // SAFETY: what C passes and is not null has room for it.
    unsafe { place.write(site) };
    0
}

extern "C" {
    /// The negative errno value. With `CONFIG_ASSERT` what no correct program does is also told to whoever reads the console.
    fn taskpool_port_refuse(refusal: u32, function: *const core::ffi::c_char) -> c_int;
}

/// Out of the way of calls that are not refused.
#[cold]
#[inline(never)]
fn refuse(refusal: Refusal) -> c_int {
    // SAFETY: callable everywhere.
    unsafe { taskpool_port_refuse(refusal as u32, core::ptr::null()) }
}

/// As `refuse`, with the function's name where somebody may read it.
#[cold]
#[inline(always)]
fn misuse(refusal: Refusal, function: &'static CStr) -> c_int {
    if cfg!(CONFIG_ASSERT) {
        // SAFETY: callable everywhere.
        return unsafe { taskpool_port_refuse(refusal as u32, function.as_ptr()) };
    }
    refuse(refusal)
}

impl From<SubmitError> for Refusal {
    fn from(error: SubmitError) -> Self {
        DeferError::from(error).into()
    }
}

impl From<DeferError> for Refusal {
    fn from(error: DeferError) -> Self {
        match error {
            DeferError::AlreadyQueued => Refusal::AlreadyQueued,
            DeferError::NotRunning => Refusal::NotRunning,
            // Only the deadline is left.
            _ => Refusal::OutOfRange,
        }
    }
}

impl From<WaitError> for Refusal {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::TimedOut => Refusal::TimedOut,
            WaitError::InInterrupt => Refusal::InInterrupt,
            WaitError::OnWorker => Refusal::OnWorker,
            WaitError::NeverSubmitted => Refusal::NeverSubmitted,
            // The core has no other.
            _ => Refusal::BadArgument,
        }
    }
}

impl From<RunNowError> for Refusal {
    fn from(error: RunNowError) -> Self {
        match error {
            RunNowError::UnderWay | RunNowError::GroupFull => Refusal::UnderWay,
            RunNowError::InInterrupt => Refusal::InInterrupt,
            // The core has no other.
            _ => Refusal::NotRunning,
        }
    }
}

impl From<ControlError> for Refusal {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::NotRunning => Refusal::NotRunning,
            ControlError::TimedOut => Refusal::TimedOut,
            ControlError::InInterrupt => Refusal::InInterrupt,
            ControlError::OnWorker => Refusal::OnWorker,
            // Of a number of threads, not of a time.
            _ => Refusal::BadArgument,
        }
    }
}

/// What C passes as a pool, if it may be one. All zero, or shut down, it takes nothing, and the machine says so.
#[inline(always)]
fn pool_of(pool: Option<NonNull<Pool>>) -> Option<PoolRef> {
    let pool = pool?;
    // SAFETY: what is not null has the size of a `struct taskpool`.
    if !unsafe { Pool::may_be(pool) } {
        return None;
    }
    // SAFETY: a `struct taskpool`, which begins with a pool and is there for as long as C may name it.
    Some(unsafe { Ref::new(pool) })
}

/// What C passes as a job, if it is one.
#[inline(always)]
fn job_of(job: Option<NonNull<CJob>>) -> Option<JobRef> {
    let job = job?.cast::<Header>();
    // SAFETY: what is not null has the size of a `struct taskpool_job`.
    if !unsafe { Header::is_run_by(job, taskpool_core_run_job) } {
        return None;
    }
    // SAFETY: it is a `struct taskpool_job` that was initialised; C sees to it that it is there while it is under way.
    Some(unsafe { Ref::new(job) })
}

/// How every job of C runs. C only knows where this is.
///
/// # Safety
///
/// `job` is the header of a `struct taskpool_job`, and the caller the worker that runs it.
#[no_mangle]
unsafe fn taskpool_core_run_job(ctx: &Ctx<'_>, job: JobRef) -> Code {
    let job = job.as_ptr().cast::<CJob>();
    // SAFETY: this function's promise; C does not write these while the job is under way.
    let run = unsafe { (*job).run };
    // SAFETY: as above.
    let arg = unsafe { (*job).arg };
    run(ctx, arg)
}

/// How every completion of C is told. C only knows where this is.
///
/// # Safety
///
/// `completion` is the first field of a `struct taskpool_end`.
#[no_mangle]
unsafe fn taskpool_core_tell(completion: CompletionRef, outcome: Outcome) {
    let end = completion.as_ptr().cast::<CEnd>().cast_const();
    let (outcome, code) = words(outcome);
    // SAFETY: this function's promise.
    let function = unsafe { (*end).end };
    function(end, outcome, code);
}

/// One of `enum taskpool_outcome`, and the code.
fn words(outcome: Outcome) -> (c_int, Code) {
    match outcome {
        Outcome::Done(code) => (outcome::DONE, code),
        Outcome::Cancelled => (outcome::CANCELLED, 0),
        Outcome::Aborted => (outcome::ABORTED, 0),
        Outcome::TimedOut => (outcome::TIMED_OUT, 0),
        // The core has no other.
        _ => (outcome::DISCARDED, 0),
    }
}

/// What C is told of a submission: one of `enum taskpool_accepted`, or why not.
#[inline(always)]
fn accepted<E: Into<Refusal>>(answer: Result<Accepted, E>) -> c_int {
    match answer {
        Ok(accepted) => accepted as c_int,
        Err(error) => refuse(error.into()),
    }
}

/// What C is told of a wait, or of a run: one of `enum taskpool_outcome`, with the code in `place` if C wants it, or why not.
fn waited<E: Into<Refusal>>(
    answer: Result<Outcome, E>,
    place: Option<NonNull<Code>>,
    function: &'static CStr,
) -> c_int {
    match answer {
        Ok(outcome) => {
            let (outcome, code) = words(outcome);
            if let Some(place) = place {
                // SAFETY: what C passes and is not null has room for a code.
                unsafe { place.write(code) };
            }
            outcome
        }
        Err(error) => misuse(error.into(), function),
    }
}

impl KTimeout {
    /// `K_FOREVER`.
    const FOREVER: i64 = -1;
    /// The tick 0.
    const ABSOLUTE: i64 = -2;

    /// As the machine takes it: 0 for not waiting, none for ever.
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    fn deadline(self) -> Option<u64> {
        let ticks = match self.ticks {
            0 => return Some(0),
            Self::FOREVER => return None,
            // The present tick has partly passed.
            span @ 1.. => crate::port::now().saturating_add(span as u64).saturating_add(1),
            absolute => ((Self::ABSOLUTE - absolute) as u64).max(1),
        };
        (ticks <= taskpool_core::MAX_TICKS).then_some(ticks)
    }
}
