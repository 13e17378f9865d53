//! Names and budgets of jobs, and who is told of a run that takes longer.

use core::ffi::CStr;
use core::fmt;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::Duration;

/// What never changes about a job, in a `static`: a name, a number, and how long a run may take. Several jobs may share
/// one. It stays in flash: 24 bytes on a 32-bit machine, and the name.
///
/// ```
/// use taskpool::{About, Duration, Job};
///
/// static ABOUT: About = About::new(c"sample").with_id(7).with_budget(Duration::millis(5));
/// static SAMPLE: Job = Job::with_about(|ctx| {
///     // Measure.
///     ctx.set_control_point(1);
///     // Store.
/// }, &ABOUT);
/// ```
#[derive(Debug)]
pub struct About(taskpool_core::About);

impl About {
    /// A name; the number 0, and no budget.
    pub const fn new(name: &'static CStr) -> Self {
        About(taskpool_core::About::new(name))
    }

    /// The same, with this number: for a program that looks at a report.
    pub const fn with_id(self, id: u32) -> Self {
        About(self.0.with_id(id))
    }

    /// The same, with a budget: a run may take so long, from its beginning to its end, with all that it waits for, and
    /// with what a [`Pool::scope`](crate::Pool::scope) within it runs on its worker. No time, or more than
    /// [`MAX_TICKS`](crate::MAX_TICKS), is no budget.
    pub const fn with_budget(self, budget: Duration) -> Self {
        About(self.0.with_budget(budget.as_ticks()))
    }

    /// The same, with a watchdog for each run, which is to be fed ([`Ctx::feed`](crate::Ctx::feed)) this often, in place of
    /// `CONFIG_TASKPOOL_WDT_PERIOD`: in whole milliseconds, rounded up, at most an hour. No time is that option's.
    #[cfg(CONFIG_TASKPOOL_WDT)]
    pub const fn with_watchdog(self, period: Duration) -> Self {
        let milliseconds = period.as_micros().div_ceil(1_000);
        About(self.0.with_watchdog(if milliseconds < 3_600_000 {
            milliseconds as u32
        } else {
            3_600_000
        }))
    }

    pub(crate) const fn core(&'static self) -> &'static taskpool_core::About {
        &self.0
    }
}

/// A run that takes longer than its budget.
///
/// What can be asked of it is a copy or stays for ever: from anywhere, no lock section, O(1). The job may be gone already.
#[derive(Clone, Copy, Debug)]
pub struct Overrun(taskpool_core::Overrun);

impl Overrun {
    /// The name of the job; a job of C may have none.
    pub fn name(&self) -> Option<&'static CStr> {
        self.0.about()?.name()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.0.about().map_or(0, taskpool_core::About::id)
    }

    /// Its budget.
    pub fn budget(&self) -> Duration {
        Duration::ticks(self.0.about().and_then(taskpool_core::About::budget).unwrap_or(0))
    }

    /// How long the run has taken so far: more than its budget.
    pub fn elapsed(&self) -> Duration {
        Duration::ticks(self.0.elapsed())
    }

    /// The last number that the run has given to [`Ctx::set_control_point`](crate::Ctx::set_control_point); 0 if none.
    pub fn control_point(&self) -> u32 {
        self.0.control_point()
    }

    /// The worker that runs it: see [`Ctx::worker`](crate::Ctx::worker).
    pub fn worker(&self) -> u8 {
        self.0.worker()
    }

    /// Where the job was submitted last, if that is known: see [`Job::submitted_at`](crate::Job::submitted_at).
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    pub fn submitted_at(&self) -> Option<crate::Site> {
        self.0.submitted_at()
    }

    /// Where the job is, or was: for whoever looks it up in the image's map.
    pub fn address(&self) -> usize {
        self.0.address()
    }
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name().and_then(|name| name.to_str().ok()) {
            Some(name) => write!(f, "job {name}")?,
            None => write!(f, "job at {:#x}", self.address())?,
        }
        write!(
            f,
            " ({}) has run for {}, its budget is {}: control point {}, worker {}; make it shorter, or raise its budget",
            self.id(),
            self.elapsed(),
            self.budget(),
            self.control_point(),
            self.worker()
        )?;
        #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
        if let Some(site) = self.submitted_at() {
            write!(f, "; submitted at {site}")?;
        }
        Ok(())
    }
}

/// Is told of an overrun, while the job still runs.
///
/// In the clock interrupt (on the host, on the thread of the timers): it must not wait, nor take long. On one CPU the job
/// does not go on before it returns; on several ones it may, and end.
pub type OverrunHook = fn(&Overrun);

static HOOK: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// From now on this hook is told of every overrun, once a run, in place of the log. The last one that was set counts.
///
/// From any thread and interrupt. No lock section, O(1): one atomic store.
pub fn set_overrun_hook(hook: OverrunHook) {
    HOOK.store(hook as *mut (), Ordering::Release);
}

/// Answers whether there is somebody to be told.
pub(crate) fn tell(overrun: &taskpool_core::Overrun) -> bool {
    let hook = HOOK.load(Ordering::Acquire);
    if hook.is_null() {
        return false;
    }
    // SAFETY: only `set_overrun_hook` stores here, and what it stores is an `OverrunHook`.
    let hook = unsafe { core::mem::transmute::<*mut (), OverrunHook>(hook) };
    hook(&Overrun(*overrun));
    true
}

/// For the log.
#[cfg(not(target_os = "none"))]
impl From<&taskpool_core::Overrun> for Overrun {
    fn from(overrun: &taskpool_core::Overrun) -> Self {
        Overrun(*overrun)
    }
}
