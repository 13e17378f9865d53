//! What C does with tasks, and with completers of their runs.

use core::ffi::c_int;
use core::ptr::NonNull;

#[cfg(CONFIG_TASKPOOL_WAIT)]
use taskpool_core::Code;
use taskpool_core::{
    Completer, Ctx, First, Header, JobRef, Missed, Next, NotEnabled, Pool, Ref, Rephase, Shared, SubmitError, TaskCtx,
    TaskHeader, TaskRef,
};

#[cfg(CONFIG_TASKPOOL_EVENTS)]
use super::event::event_of;
#[cfg(CONFIG_TASKPOOL_WAIT)]
use super::waited;
use super::{by, job::told, misuse, pool_of, refuse, KTimeout, Refusal, System};
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
use super::{sited, CSite};
use crate::port::ThisPort;

/// `taskpool_task_run_t`.
type CTaskRun = extern "C" fn(*mut CTask, *const CRunOfTask<'_>) -> CNext;

/// `struct taskpool_task`.
#[repr(C)]
pub(super) struct CTask {
    pub(super) header: TaskHeader,
    pub(super) run: Shared<CTaskRun>,
    #[cfg(CONFIG_TASKPOOL_NAMES)]
    pub(super) name: *const core::ffi::c_char,
}

/// `struct taskpool_run`.
#[repr(C)]
pub(super) struct CRunOfTask<'run> {
    pub(super) ctx: *const Ctx<'run>,
    pub(super) task_ctx: *const TaskCtx<'run>,
    pub(super) late: i64,
    pub(super) left: i64,
    pub(super) number: u32,
    pub(super) missed: u32,
    pub(super) first: bool,
    pub(super) last: bool,
}

/// `struct taskpool_next`.
#[repr(C)]
pub(super) struct CNext {
    pub(super) of: CNextOf,
    pub(super) how: c_int,
    pub(super) code: c_int,
}

/// What the next run waits for: `how` says which.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) union CNextOf {
    pub(super) when: KTimeout,
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    pub(super) event: Option<NonNull<taskpool_core::Event>>,
}

/// `enum z_taskpool_next`.
pub(super) mod next {
    use core::ffi::c_int;

    pub(in crate::c) const DEFAULT: c_int = 0;
    pub(in crate::c) const AGAIN: c_int = 1;
    pub(in crate::c) const AFTER: c_int = 2;
    pub(in crate::c) const DONE: c_int = 3;
    pub(in crate::c) const PENDING: c_int = 4;
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    pub(in crate::c) const ON: c_int = 5;
}

/// `enum taskpool_rephase`.
pub(super) mod rephase {
    use core::ffi::c_int;

    pub(in crate::c) const KEEP: c_int = 0;
    pub(in crate::c) const RECALCULATE: c_int = 1;
    pub(in crate::c) const FROM_NOW: c_int = 2;
}

/// The words of a policy, as C writes them: the byte that says which, and the bound of what is made up for.
pub(super) const fn words(policy: Missed) -> (u8, u8) {
    let pointer = (&raw const policy).cast::<u8>();
    // SAFETY: `repr(u8)`: this byte says which one it is.
    let which = unsafe { *pointer };
    let most = match policy {
        // SAFETY: `repr(u8)`: this one is a struct in C's layout, of that byte and the bound.
        Missed::CatchUp(_) => unsafe { *pointer.wrapping_add(1) },
        _ => 0,
    };
    (which, most)
}

/// What C passes as a task, if it is one.
#[inline(always)]
pub(super) fn task_of(task: Option<NonNull<CTask>>) -> Option<TaskRef> {
    let task = task?.cast::<TaskHeader>();
    // SAFETY: what is not null has the size of a `struct taskpool_task`, which begins with the header of its job.
    if !unsafe { Header::is_run_by(task.cast(), taskpool_core_run_task) } {
        return None;
    }
    // SAFETY: it is a `struct taskpool_task` that was initialised; C sees to it that it is there while it is enabled.
    Some(unsafe { Ref::new(task) })
}

/// How every task of C runs. C only knows where this is.
///
/// # Safety
///
/// `job` is the first part of a `struct taskpool_task`, and the caller the worker that runs it.
#[no_mangle]
unsafe fn taskpool_core_run_task(ctx: &Ctx<'_>, job: JobRef) -> i32 {
    let task = job.as_ptr().cast::<CTask>();
    let work = |run: &TaskCtx<'_>| {
        // SAFETY: this function's promise; the task is there while it runs.
        let function = System::read(unsafe { &(*task).run });
        let told = CRunOfTask {
            ctx,
            task_ctx: run,
            late: i64::try_from(run.late()).unwrap_or(i64::MAX),
            left: run.left(),
            number: run.number(),
            missed: run.missed(),
            first: run.is_first(),
            last: run.is_last(),
        };
        function(task, &told).into()
    };
    // SAFETY: this function's promise.
    unsafe { System::run_task(ctx, job, work) }
}

impl CNext {
    /// The next run is to wait for an event that is none.
    fn waits_for_nothing(&self) -> bool {
        #[cfg(CONFIG_TASKPOOL_EVENTS)]
        if self.how == next::ON {
            // SAFETY: with this, C has written the event.
            return unsafe { self.of.event }.is_none();
        }
        false
    }
}

impl From<CNext> for Next {
    fn from(answer: CNext) -> Self {
        match answer.how {
            next::AGAIN => Next::Again,
            // SAFETY: with this, C has written the time.
            next::AFTER => match unsafe { answer.of.when }.time() {
                Time::Span(span) => Next::After(span),
                Time::Tick(tick) => Next::At(tick),
            },
            next::DONE => Next::Done(answer.code),
            next::PENDING => Next::Pending,
            // SAFETY: with this, C has written the event.
            #[cfg(CONFIG_TASKPOOL_EVENTS)]
            next::ON => match event_of(unsafe { answer.of.event }) {
                Some(event) => Next::On(event),
                None => Next::Done(misuse(Refusal::BadArgument, c"taskpool_next_on")),
            },
            _ => Next::Default,
        }
    }
}

/// What a `k_timeout_t` says. For ever is a span.
enum Time {
    Span(u64),
    Tick(u64),
}

impl KTimeout {
    /// `TASKPOOL_AFTER_INTERVAL`.
    pub(super) const AFTER_INTERVAL: i64 = i64::MIN;

    fn time(self) -> Time {
        match self.ticks {
            // As a number without a sign it is longer than all others.
            span @ Self::FOREVER.. => Time::Span(span as u64),
            absolute => Time::Tick((Self::ABSOLUTE - absolute) as u64),
        }
    }

    /// The span, if it is one.
    fn span(self) -> Option<u64> {
        match self.time() {
            Time::Span(span) => Some(span),
            Time::Tick(_) => None,
        }
    }
}

macro_rules! task {
    ($task:ident, $function:literal) => {{
        let Some(task) = task_of($task) else {
            return misuse(Refusal::NoTask, $function);
        };
        task
    }};
}

/// What is no span is refused.
macro_rules! span {
    ($time:ident, $function:literal) => {{
        let Some(span) = $time.span() else {
            return misuse(Refusal::BadArgument, $function);
        };
        span
    }};
}

fn moved(answer: Result<(), NotEnabled>) -> c_int {
    match answer {
        Ok(()) => 0,
        Err(NotEnabled) => refuse(Refusal::NotEnabled),
    }
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_task_enable")]
extern "C" fn taskpool_task_enable(
    pool: Option<NonNull<Pool>>,
    task: Option<NonNull<CTask>>,
    first: KTimeout,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let Some(pool) = pool_of(pool) else {
        return misuse(Refusal::NoPool, c"taskpool_task_enable");
    };
    let task = task!(task, c"taskpool_task_enable");
    let first = match (first.ticks, first.time()) {
        (KTimeout::AFTER_INTERVAL, _) => First::AfterInterval,
        (0, _) => First::Now,
        (_, Time::Span(span)) => First::After(span),
        (_, Time::Tick(tick)) => First::At(tick),
    };
    enabled(System::enable_by(task, pool, first, by!(site)))
}

/// What C is told of a task that it enabled.
pub(super) fn enabled(answer: Result<bool, SubmitError>) -> c_int {
    match answer {
        Ok(anew) => anew.into(),
        Err(SubmitError::NotRunning) => refuse(Refusal::NotRunning),
        // The core has no other.
        Err(_) => refuse(Refusal::UnderWay),
    }
}

#[no_mangle]
extern "C" fn taskpool_task_disable(task: Option<NonNull<CTask>>) -> c_int {
    System::disable(task!(task, c"taskpool_task_disable")).into()
}

#[no_mangle]
extern "C" fn taskpool_task_cancel(task: Option<NonNull<CTask>>) -> c_int {
    System::cancel_task(task!(task, c"taskpool_task_cancel")).into()
}

#[no_mangle]
extern "C" fn taskpool_task_abort(task: Option<NonNull<CTask>>) -> c_int {
    System::abort_task(task!(task, c"taskpool_task_abort")).into()
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_task_trigger")]
extern "C" fn taskpool_task_trigger(
    task: Option<NonNull<CTask>>,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let task = task!(task, c"taskpool_task_trigger");
    moved(System::trigger_by(task, by!(site)))
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_task_postpone")]
extern "C" fn taskpool_task_postpone(
    task: Option<NonNull<CTask>>,
    delay: KTimeout,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let task = task!(task, c"taskpool_task_postpone");
    let span = span!(delay, c"taskpool_task_postpone");
    moved(System::postpone_by(task, span, by!(site)))
}

#[no_mangle]
extern "C" fn taskpool_task_shift(task: Option<NonNull<CTask>>, by: i64) -> c_int {
    moved(System::shift(task!(task, c"taskpool_task_shift"), by))
}

#[no_mangle]
extern "C" fn taskpool_task_set_interval(task: Option<NonNull<CTask>>, interval: KTimeout, rephase: c_int) -> c_int {
    let task = task!(task, c"taskpool_task_set_interval");
    let interval = span!(interval, c"taskpool_task_set_interval");
    let rephase = match rephase {
        rephase::KEEP => Rephase::Keep,
        rephase::RECALCULATE => Rephase::Recalculate,
        rephase::FROM_NOW => Rephase::FromNow,
        _ => return misuse(Refusal::BadArgument, c"taskpool_task_set_interval"),
    };
    System::set_interval(task, interval, rephase);
    0
}

#[no_mangle]
extern "C" fn taskpool_task_set_iterations(task: Option<NonNull<CTask>>, iterations: u32) -> c_int {
    System::set_iterations(task!(task, c"taskpool_task_set_iterations"), iterations);
    0
}

#[no_mangle]
extern "C" fn taskpool_task_set_timeout(task: Option<NonNull<CTask>>, timeout: KTimeout) -> c_int {
    let task = task!(task, c"taskpool_task_set_timeout");
    let timeout = match timeout.ticks {
        KTimeout::FOREVER => 0,
        _ => span!(timeout, c"taskpool_task_set_timeout"),
    };
    System::set_timeout(task, timeout);
    0
}

#[no_mangle]
extern "C" fn taskpool_task_reset_timeout(task: Option<NonNull<CTask>>) -> c_int {
    System::reset_timeout(task!(task, c"taskpool_task_reset_timeout"));
    0
}

#[no_mangle]
extern "C" fn taskpool_task_set_run(task: Option<NonNull<CTask>>, run: Option<CTaskRun>) -> c_int {
    let task = task!(task, c"taskpool_task_set_run");
    let Some(run) = run else {
        return misuse(Refusal::BadArgument, c"taskpool_task_set_run");
    };
    // SAFETY: `task_of` has found that it is one of these.
    let place = unsafe { &(*task.as_ptr().cast::<CTask>()).run };
    System::replace(place, run);
    0
}

#[no_mangle]
extern "C" fn taskpool_task_set_level(task: Option<NonNull<CTask>>, level: u8) -> c_int {
    let task = task!(task, c"taskpool_task_set_level");
    match System::set_level(task.job(), level) {
        Ok(()) => 0,
        Err(_) => misuse(Refusal::BadArgument, c"taskpool_task_set_level"),
    }
}

#[no_mangle]
extern "C" fn taskpool_task_next_run(task: Option<NonNull<CTask>>, tick: Option<NonNull<i64>>) -> c_int {
    let task = task!(task, c"taskpool_task_next_run");
    let Some(place) = tick else {
        return misuse(Refusal::BadArgument, c"taskpool_task_next_run");
    };
    let Some(next) = System::next_run(task) else {
        return refuse(Refusal::NotEnabled);
    };
    // SAFETY: what C passes and is not null has room for a `k_ticks_t`.
    unsafe { place.write(next as i64) };
    0
}

#[no_mangle]
extern "C" fn taskpool_task_counts(
    task: Option<NonNull<CTask>>,
    runs: Option<NonNull<u32>>,
    missed: Option<NonNull<u32>>,
) -> c_int {
    let task = task!(task, c"taskpool_task_counts");
    let counts = System::task_counts(task);
    for (place, count) in [(runs, counts.0), (missed, counts.1)] {
        if let Some(place) = place {
            // SAFETY: what C passes and is not null has room for a number.
            unsafe { place.write(count) };
        }
    }
    0
}

#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
#[no_mangle]
extern "C" fn taskpool_task_site(task: Option<NonNull<CTask>>, site: Option<NonNull<taskpool_core::Site>>) -> c_int {
    let task = task!(task, c"taskpool_task_site");
    let Some(place) = site else {
        return misuse(Refusal::BadArgument, c"taskpool_task_site");
    };
    sited(System::submitted_at(task.job()), place)
}

#[no_mangle]
extern "C" fn taskpool_task_status(task: Option<NonNull<CTask>>, deadline: Option<NonNull<i64>>) -> c_int {
    let task = task!(task, c"taskpool_task_status");
    told(System::status(task.job()), deadline)
}

#[cfg(CONFIG_TASKPOOL_WAIT)]
#[no_mangle]
extern "C" fn taskpool_task_wait(
    task: Option<NonNull<CTask>>,
    timeout: KTimeout,
    code: Option<NonNull<Code>>,
) -> c_int {
    let task = task!(task, c"taskpool_task_wait");
    waited(
        System::wait(task.job(), timeout.deadline()),
        code,
        c"taskpool_task_wait",
    )
}

/// `struct taskpool_completer`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct CCompleter {
    pub(super) task: Option<NonNull<CTask>>,
    pub(super) turn: u32,
}

#[no_mangle]
extern "C" fn taskpool_run_completer(run: Option<NonNull<CRunOfTask<'_>>>) -> CCompleter {
    let Some(run) = run else {
        return CCompleter { task: None, turn: 0 };
    };
    // SAFETY: C passes what its run was given, before it returns.
    let run = unsafe { run.as_ref() };
    // SAFETY: it is there as long as that is.
    let ctx: &TaskCtx<'_> = unsafe { &*run.task_ctx };
    let (task, turn) = Completer::into_parts(ctx.completer::<ThisPort>());
    CCompleter {
        task: NonNull::new(task.as_ptr().cast()),
        turn,
    }
}

#[no_mangle]
extern "C" fn taskpool_complete(completer: CCompleter, next: CNext) -> c_int {
    let Some(task) = task_of(completer.task) else {
        return misuse(Refusal::NoTask, c"taskpool_complete");
    };
    if next.waits_for_nothing() {
        return misuse(Refusal::BadArgument, c"taskpool_complete");
    }
    match System::complete(task, completer.turn, next.into()) {
        Ok(()) => 0,
        Err(_) => refuse(Refusal::Stale),
    }
}

#[no_mangle]
extern "C" fn taskpool_drop(completer: CCompleter) -> c_int {
    let Some(task) = task_of(completer.task) else {
        return misuse(Refusal::NoTask, c"taskpool_drop");
    };
    System::drop_completer(task, completer.turn);
    0
}
