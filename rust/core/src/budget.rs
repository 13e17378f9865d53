//! Budgets: how long a job may run, and who hears, while it still runs, that it takes longer.
//!
//! What never changes about a job is one [`About`], in flash; a job has a pointer to it. What changes with each run is kept
//! once a worker: the job, when its run began, and the control point that the job has passed.
//!
//! A run is watched from a lock section before it to one after it. Whoever comes in between, an interrupt perhaps that was
//! on its way when the run ended, finds out under the lock whether a run goes on, and whether this one has taken too long.
//! So the port need not be able to take an expiry back. What leaves the lock section is in flash, or a copy.

use core::ffi::{c_char, CStr};
use core::fmt;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

use crate::job::{Code, Ctx, Header, JobRef};
use crate::lock::{Locked, Token};
use crate::pool::{Worker, WorkerRef};
use crate::port::Port;
use crate::shell::Shell;
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
use crate::site::Site;
use crate::ticks::{Ticks, MAX_TICKS};

/// What never changes about a job, in a `static`: its name, a number, and how long it may run. Several jobs may share one.
#[repr(C)]
pub struct About {
    name: *const c_char,
    /// In ticks. C writes any timeout here: what is no span of time is no budget.
    budget: i64,
    id: u32,
    /// The period of its watchdog in milliseconds, or 0.
    #[cfg(CONFIG_TASKPOOL_WDT)]
    watchdog: u32,
}

// SAFETY: nobody writes it, and the name is a text that stays for ever.
unsafe impl Sync for About {}
// SAFETY: as above.
unsafe impl Send for About {}

impl About {
    /// A name; the number 0, and no budget.
    pub const fn new(name: &'static CStr) -> Self {
        About {
            name: name.as_ptr(),
            budget: 0,
            id: 0,
            #[cfg(CONFIG_TASKPOOL_WDT)]
            watchdog: 0,
        }
    }

    /// The same, with this number.
    pub const fn with_id(mut self, id: u32) -> Self {
        self.id = id;
        self
    }

    /// The same, with a budget of so many ticks; 0 for none. More than [`MAX_TICKS`] are none either.
    pub const fn with_budget(mut self, ticks: u64) -> Self {
        self.budget = if ticks <= MAX_TICKS { ticks as i64 } else { 0 };
        self
    }

    /// The same, with a watchdog that is to be fed this often, in milliseconds; 0 for
    /// [`Port::WATCHDOG_PERIOD`].
    #[cfg(CONFIG_TASKPOOL_WDT)]
    pub const fn with_watchdog(mut self, milliseconds: u32) -> Self {
        self.watchdog = milliseconds;
        self
    }

    /// The name; C may have given none.
    pub fn name(&self) -> Option<&'static CStr> {
        // SAFETY: a text that stays for ever, of a `&'static CStr` or C's `const char *`.
        (!self.name.is_null()).then(|| unsafe { CStr::from_ptr(self.name) })
    }

    /// The number, for programs that look at a report.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// How many ticks a run may take, from 1 on.
    pub const fn budget(&self) -> Option<u64> {
        match self.budget {
            budget if 0 < budget && budget <= MAX_TICKS as i64 => Some(budget as u64),
            _ => None,
        }
    }

    /// How often the watchdog of a run is to be fed, in milliseconds; 0 if the job does not say.
    fn watchdog(&self) -> u32 {
        #[cfg(CONFIG_TASKPOOL_WDT)]
        return self.watchdog;
        #[cfg(not(CONFIG_TASKPOOL_WDT))]
        0
    }

    /// Where C writes, and the size: `name`, `budget`, `id`.
    #[doc(hidden)]
    pub const WRITTEN_BY_C: [usize; 4] = [
        core::mem::offset_of!(About, name),
        core::mem::offset_of!(About, budget),
        core::mem::offset_of!(About, id),
        size_of::<About>(),
    ];

    /// Where C writes the period of the watchdog.
    #[cfg(CONFIG_TASKPOOL_WDT)]
    #[doc(hidden)]
    pub const WATCHDOG_OF_C: usize = core::mem::offset_of!(About, watchdog);
}

impl fmt::Debug for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("About")
            .field("name", &self.name())
            .field("id", &self.id)
            .field("budget", &self.budget())
            .finish_non_exhaustive()
    }
}

/// A run that takes longer than it may. All of it is a copy, or stays for ever: the job itself may be gone.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Overrun {
    about: Option<&'static About>,
    job: *const (),
    elapsed: u64,
    control_point: u32,
    worker: u8,
    /// `UNKNOWN` if nobody knows.
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    site: Site,
}

impl Overrun {
    /// What never changes about the job. One without may have a watchdog.
    pub fn about(&self) -> Option<&'static About> {
        self.about
    }

    /// Where the job is, or was: a number, for whoever looks it up in the image's map.
    pub fn address(&self) -> usize {
        self.job.addr()
    }

    /// Ticks since the run began.
    pub fn elapsed(&self) -> u64 {
        self.elapsed
    }

    /// What the run passed last; 0 if nothing yet.
    pub fn control_point(&self) -> u32 {
        self.control_point
    }

    /// The worker that runs it: see [`Ctx::worker`].
    pub fn worker(&self) -> u8 {
        self.worker
    }

    /// Where the job was submitted last, when this was found out.
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    pub fn submitted_at(&self) -> Option<Site> {
        self.site.known()
    }

    /// Where C looks for the `site`.
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    #[doc(hidden)]
    pub const SITE_OF_C: usize = core::mem::offset_of!(Overrun, site);

    /// Where C looks, and the size: `about`, `job`, `elapsed`, `control_point`, `worker`.
    #[doc(hidden)]
    pub const READ_BY_C: [usize; 6] = [
        core::mem::offset_of!(Overrun, about),
        core::mem::offset_of!(Overrun, job),
        core::mem::offset_of!(Overrun, elapsed),
        core::mem::offset_of!(Overrun, control_point),
        core::mem::offset_of!(Overrun, worker),
        size_of::<Overrun>(),
    ];
}

/// What a worker knows of its run.
#[repr(C)]
pub(crate) struct Watched {
    /// The job, while its run is watched.
    job: Locked<Option<JobRef>>,
    begun: Locked<Ticks>,
    /// Written by the run, read by interrupts.
    control_point: AtomicU32,
    /// Its overrun has been reported.
    told: Locked<bool>,
}

impl Watched {
    pub(crate) const fn new() -> Self {
        Watched {
            job: Locked::new(None),
            begun: Locked::new(Ticks::NONE),
            control_point: AtomicU32::new(0),
            told: Locked::new(false),
        }
    }
}

impl Worker {
    pub(crate) fn control_point(&self) -> u32 {
        self.watched.control_point.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn set_control_point(&self, point: u32) {
        self.watched.control_point.store(point, Ordering::Relaxed);
    }

    /// From now on a run of this job is watched.
    fn begin_watch(&self, token: &Token<'_>, job: JobRef, now: u64) {
        self.watched.job.set(token, Some(job));
        self.watched.begun.set(token, Ticks::new(now));
        self.watched.told.set(token, false);
    }

    fn end_watch(&self, token: &Token<'_>) {
        self.watched.job.set(token, None);
    }

    /// The run that is watched, if one is.
    fn report(&self, token: &Token<'_>, now: u64) -> Option<Overrun> {
        // As long as it is here, it runs, and so is there.
        let job = self.watched.job.get(token)?;
        Some(Overrun {
            about: job.about(),
            job: ptr::without_provenance(job.as_ptr().addr()),
            // Elsewhere the clock may be a tick behind.
            elapsed: now.saturating_sub(self.watched.begun.get(token).get()),
            control_point: self.control_point(),
            worker: self.number(),
            #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
            site: job.by(token).site().unwrap_or(Site::UNKNOWN),
        })
    }

    /// The run that is watched, if it has a budget, has taken more, and this was not asked before.
    fn overrun(&self, token: &Token<'_>, now: u64) -> Option<Overrun> {
        if self.watched.told.get(token) {
            return None;
        }
        let found = self.report(token, now)?;
        if found.elapsed <= found.about.and_then(About::budget)? {
            // An earlier run's timer: that of this run is yet to come.
            return None;
        }
        self.watched.told.set(token, true);
        Some(found)
    }
}

impl<P: Port> Shell<P> {
    /// Runs the job that was prepared, and watches the run if somebody has to. What a scope runs within it on the same worker
    /// is a part of this run.
    #[inline(always)]
    pub(crate) fn enter(worker: WorkerRef, ctx: &mut Ctx<'_>) -> (JobRef, Code) {
        worker.set_control_point(0);
        let (job, _, _) = ctx.prepared();
        if P::WATCHDOG_PERIOD == 0 && job.about().is_none() {
            return ctx.enter();
        }
        Self::enter_watched(worker, ctx, job)
    }

    #[inline(never)]
    fn enter_watched(worker: WorkerRef, ctx: &mut Ctx<'_>, job: JobRef) -> (JobRef, Code) {
        let about = job.about();
        let budget = about.and_then(About::budget);
        let period = match about.map_or(0, About::watchdog) {
            0 => P::WATCHDOG_PERIOD,
            period => period,
        };
        if budget.is_none() && period == 0 {
            return ctx.enter();
        }
        Self::look(|token| {
            let now = P::now();
            worker.begin_watch(token, job, now);
            if let Some(budget) = budget {
                // The present tick has partly passed.
                P::watch(worker, now.saturating_add(budget).saturating_add(1).min(MAX_TICKS));
            }
        });
        if period != 0 {
            P::guard(worker, period);
        }
        let ran = ctx.enter();
        if period != 0 {
            P::unguard(worker);
        }
        Self::look(|token| {
            worker.end_watch(token);
            if budget.is_some() {
                P::unwatch(worker);
            }
        });
        ran
    }

    /// The time of a worker's run may be up. The port calls this, in an interrupt; for a run that has ended meanwhile it
    /// does nothing. One lock section, O(1), and then [`Port::overrun`].
    pub fn overrun(worker: WorkerRef) {
        if let Some(found) = Self::look(|token| worker.overrun(token, P::now())) {
            P::overrun(&found);
        }
    }

    /// What a worker runs, if that is watched: for a watchdog that was not fed. Callable everywhere; one lock section,
    /// O(1).
    pub fn watched(worker: WorkerRef) -> Option<Overrun> {
        Self::look(|token| worker.report(token, P::now()))
    }
}

impl Header {
    /// Gives a job that nobody else knows yet its name and budget.
    pub(crate) const fn set_about(&mut self, about: &'static About) {
        self.about = Some(about);
    }
}
