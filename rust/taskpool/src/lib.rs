//! A task pool for Zephyr.
//!
//! Hand it a job, now or later, and one of a few worker threads runs it. A job belongs to its owner, so handing it over
//! never allocates and never fails for lack of room, from any thread or interrupt.
//!
//! ```
//! use taskpool::{Ctx, Duration, Job, Run};
//!
//! static BLINK: Job = Job::new(|_| println!("blink"));
//!
//! struct Sampler {
//!     samples: u32,
//! }
//!
//! impl Run for Sampler {
//!     fn run(&mut self, _: &Ctx<'_>) -> i32 {
//!         self.samples += 1;
//!         0
//!     }
//! }
//!
//! static SAMPLE: Job<Sampler> = Job::new(Sampler { samples: 0 });
//!
//! let pool = taskpool::system();
//! pool.submit(&BLINK)?;
//! pool.submit_after(&SAMPLE, const { Duration::millis(20) })?;
//! SAMPLE.cancel();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! On Zephyr the crate runs on kernel threads and one `k_timer` a pool; elsewhere on threads of the standard library,
//! so that an application's jobs can be tested on the host. The target decides, not a feature.
//!
//! # What calls cost
//!
//! One lock protects all pools of an image; on Zephyr, interrupts are masked while it is held. So each function says
//! how many lock sections it takes, and what the longest of them depends on: O(1), or O(log n) with n deferred jobs in
//! the pool, if it says no more. Under the lock runs no code of the application. What comes on top, in any function:
//!
//! - What the kernel takes to wake a thread, and to start a `k_timer`: that is O(n) of all timeouts in the system.
//! - With `CONFIG_TASKPOOL_LEVEL_PRIORITIES`, a section that changes the level of a ready job, or makes a job ready for
//!   which no worker is idle, is O(w): it looks at the w workers of the pool that are on their way to a job. Mostly
//!   that is none or one, and never more than the pool has. It may make one of them more urgent, as a section that
//!   wakes a worker may.
//! - A section in which a submission ends takes time in proportion to the threads that wait for that job, and each of
//!   these takes a section more.
//! - With `CONFIG_TASKPOOL_GROUPS`, a section in which a job of a group ends, or is given up, may let another one in, and
//!   so wake one worker more.
//! - With `CONFIG_TASKPOOL_STATS`, each section reads the clock.
//! - What may wait, a scope, a shutdown, and making a pool: on Zephyr these first look for the calling thread among all
//!   workers of the image, outside the lock; an interrupt is known without that.
//!
//! An interrupt, here and below, is one that the kernel masks: not a zero-latency one. Before `main`, what reads the
//! clock (a delay, a limited time, [`Instant::now`]) may be called from the init level `PRE_KERNEL_2` on, and what
//! waits from `POST_KERNEL` on: for a job not without a limit, as the pools are started at the level `APPLICATION`.

#![no_std]
#![deny(unsafe_code)]

#[cfg(not(target_os = "none"))]
extern crate std;

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
#[allow(unsafe_code)]
mod budget;
#[cfg(all(CONFIG_TASKPOOL_C_API, target_os = "none"))]
#[allow(unsafe_code)]
mod c;
#[cfg(classes)]
pub mod classes;
mod complete;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod completer;
mod config;
#[cfg(CONFIG_TASKPOOL_EVENTS)]
mod event;
#[cfg(CONFIG_TASKPOOL_GROUPS)]
mod group;
#[allow(unsafe_code)]
mod guarded;
#[cfg(target_os = "none")]
#[allow(unsafe_code)]
mod layout;
#[cfg(not(target_os = "none"))]
#[allow(unsafe_code)]
#[path = "host.rs"]
mod port;
#[cfg(target_os = "none")]
#[allow(unsafe_code)]
#[path = "zephyr.rs"]
mod port;
#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
mod runtime;
mod scope;
mod spawn;
#[cfg(CONFIG_TASKPOOL_STATS)]
mod stats;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod task;
mod time;

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
pub use budget::{set_overrun_hook, About, Overrun, OverrunHook};
pub use complete::{Batch, BatchError, CompletionQueue, QueueError, Queued, Room, Then, Told};
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use completer::{CompleterSlot, SlotError};
pub use config::{Config, CONFIG};
#[cfg(CONFIG_TASKPOOL_EVENTS)]
pub use event::Event;
#[cfg(CONFIG_TASKPOOL_GROUPS)]
pub use group::Group;
#[cfg(not(target_os = "none"))]
pub use port::{leak_pool, Forbidden};
#[cfg(target_os = "none")]
pub use port::{set_report_sink, ReportSink};
#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
pub use runtime::PoolMemory;
pub use scope::Scope;
pub use spawn::{cache, JobHandle};
#[cfg(CONFIG_TASKPOOL_STATS)]
pub use stats::Stats;
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use task::{AnyTask, Completer, EnableError, First, Next, Shift, Task, TaskCounts, TaskCtx, TaskFunction, Work};
#[cfg(CONFIG_TASKPOOL_PAUSE)]
pub use taskpool_core::Clock;
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
pub use taskpool_core::Site;
pub use taskpool_core::{
    Accepted, CacheUse, Cancel, Code, Complete, ControlError, CreateError, Ctx, DeferError, JoinError, Level,
    LevelError, NotSpawned, OnEnd, Outcome, Report, Run, RunNowError, ScopeError, Shutdown, Snapshot, SpawnError,
    Status, SubmitError, WaitError, LEVELS, MAX_TICKS,
};
#[cfg(CONFIG_TASKPOOL_GROUPS)]
pub use taskpool_core::{GroupSnapshot as GroupUsage, LimitError};
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use taskpool_core::{Missed, NotEnabled, Rephase, Stale, MAX_SPAN};
pub use time::{Duration, Instant, Timeout};

use taskpool_core::{JobRef, PoolRef, Shell};

type System = Shell<port::ThisPort>;

/// A job: a unit of work that its owner keeps, in a `static`.
///
/// 40 bytes and its state on a 32-bit machine, 4 more each with `CONFIG_TASKPOOL_WAIT`, `CONFIG_TASKPOOL_STATS`,
/// `CONFIG_TASKPOOL_BUDGETS`, `CONFIG_TASKPOOL_GROUPS` and `CONFIG_TASKPOOL_SUBMIT_SITE`. Without state, `T` is a plain function (4 bytes), which a closure that captures nothing
/// becomes; with state it is a type of yours that implements [`Run`]. A job never runs on two workers at once.
pub struct Job<T: Run = fn(&Ctx<'_>)>(taskpool_core::Job<T>);

impl<T: Run> Job<T> {
    /// A job that has not been submitted. In a `static`, as all that makes a job, it takes nothing at run time.
    pub const fn new(state: T) -> Self {
        Job(taskpool_core::Job::new(state))
    }

    /// A job with a completion that is told the outcome of every accepted submission.
    pub const fn with_completion<C: Complete>(state: T, completion: &'static OnEnd<C>) -> Self {
        Job(taskpool_core::Job::with_completion(state, completion))
    }

    /// A job with a name, a number and a budget: [`about`](Job::about), where the type of a closure is yet to be found.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub const fn with_about(state: T, about: &'static About) -> Self {
        Self::new(state).about(about)
    }

    /// The same job, which a shutdown of its pool discards before it runs, even where it lets the others run.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    pub const fn discarded_on_shutdown(mut self) -> Self {
        self.0.discard_on_shutdown();
        self
    }

    /// The same job, which belongs to this group: it runs only while fewer others of it do than the group's limit says, and
    /// is [`Held`](Status::Held) until then. (A closure does not become a function by itself here: write
    /// `<Job>::new(|_| ..)`.)
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub const fn in_group(mut self, group: &'static Group) -> Self {
        self.0.set_group(&group.0);
        self
    }

    /// The same job, which waits for a worker at this level, from 0, where all others wait, to [`LEVELS`] - 1: a ready
    /// job is taken before those of lower levels. Within a level, who came first is first.
    ///
    /// # Panics
    ///
    /// When there is no such level. In a static that is a build error.
    pub const fn at_level(mut self, level: u8) -> Self {
        self.0.set_first_level(level);
        self
    }

    /// The same job, with a name, a number and a budget: when a run takes longer, the hook of
    /// [`set_overrun_hook`] is told, or the log, in an interrupt, while the job still runs. A run of a job with a budget takes
    /// two lock sections more, O(1), in which a timer is started and stopped; a job without one some instructions.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub const fn about(mut self, about: &'static About) -> Self {
        self.0.set_about(about.core());
        self
    }

    /// Changes the level of the job. A queued one goes behind the others of its new level, unless it is urgent.
    /// Changes the level of the job. A queued one goes behind the others of its new level, unless it is urgent; a held one
    /// behind those of its group.
    ///
    /// From any thread and interrupt. One lock section, O(1); for a queued job with `CONFIG_TASKPOOL_LEVEL_PRIORITIES`
    /// O(w), see [What calls cost](crate#what-calls-cost).
    ///
    /// # Errors
    ///
    /// [`LevelError`]: there is no such level. Nothing has changed then.
    pub fn set_level(&'static self, level: u8) -> Result<(), LevelError> {
        System::set_level(self.reference(), level)
    }

    /// Cancels the submission that is under way, without waiting.
    ///
    /// A queued, held or deferred job will not run. A running one sees [`Ctx::cancelled`], and if it had been submitted again
    /// meanwhile, that submission is cancelled. The completion, if the job has one, is told in this context.
    ///
    /// From any thread and interrupt. One lock section, O(log n) of the deferred jobs at worst; then the completion,
    /// and a section for each thread that waits for the job.
    #[inline]
    pub fn cancel(&'static self) -> Cancel {
        System::cancel(self.reference())
    }

    /// As [`cancel`](Job::cancel), and the outcome is [`Outcome::Aborted`]: of what has not run, and also of a run that
    /// goes on, whatever it answers. Who waits for the job learns that its result is not to be used. (TaskScheduler tells
    /// `abort` from `cancel` so.)
    ///
    /// What it found is answered as for [`cancel`](Job::cancel): [`Cancel::Cancelled`] for what will not run.
    ///
    /// From any thread and interrupt. One lock section, O(log n) of the deferred jobs at worst, and what follows
    /// [`cancel`](Job::cancel)'s.
    #[cfg(CONFIG_TASKPOOL_ABORT)]
    pub fn abort(&'static self) -> Cancel {
        System::abort(self.reference())
    }

    /// Where the job is now; it may move on at once.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    pub fn status(&'static self) -> Status {
        System::status(self.reference())
    }

    /// Where the job was submitted last: the file and the line of the call, in the application, that was accepted. While the
    /// job waits, while it runs, and afterwards; a call that was refused changes nothing. `None`, if none has been accepted
    /// yet, or the last one was made through a pointer to a function. (As `file` and `line` of
    /// Momentum's jobs.)
    ///
    /// It is the line of whoever calls a function marked with `#[track_caller]`, as for a panic: where the application
    /// wraps [`Pool::submit`] and the others in a function of its own, mark that function, too. A job that a completion
    /// submits ([`Then`]) names the line in which that was made.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    pub fn submitted_at(&'static self) -> Option<Site> {
        System::submitted_at(self.reference())
    }

    fn reference(&'static self) -> JobRef {
        self.0.reference()
    }
}

#[cfg(CONFIG_TASKPOOL_WAIT)]
impl<T: Run> Job<T> {
    /// Waits until the last submission that was accepted has ended, and answers how. For an Idle job that is the
    /// outcome of its last submission, at once. Any number of threads may wait for one job; they go on in the order in
    /// which they came, after the job's completion was told.
    ///
    /// With [`Timeout::NoWait`] it only looks, and may be called from any thread and interrupt; else from threads only,
    /// unless the job is Idle. One lock section, or two where it waits, O(1); three when the job ends as the time is
    /// up. When the time is up, a section walks over the threads that wait for this job. Ending a job takes a section
    /// more for each waiter, and in its own a time in proportion to their number.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`]: the job goes on as if nobody had waited. [`WaitError::InInterrupt`].
    /// [`WaitError::OnWorker`]: this job itself waits, or another one of its pool, which might have no other worker for
    /// it. [`WaitError::NeverSubmitted`]. That jobs of two pools wait for each other is not found out, nor that the only
    /// worker of the reserve waits for a job of a pool that has to borrow it.
    pub fn wait(&'static self, timeout: Timeout) -> Result<Outcome, WaitError> {
        System::wait(self.reference(), timeout.deadline())
    }

    /// Cancels the submission that is under way, as [`cancel`](Job::cancel) does, and waits for the run that goes on,
    /// if any. Afterwards the job does not run, unless somebody has submitted it again. Answers how the last submission
    /// ended: [`Outcome::Cancelled`], or what the run answered.
    ///
    /// From where [`wait`](Job::wait) may be called; a job that does not run is not waited for, so with any timeout
    /// from interrupts, too. The lock sections of [`wait`](Job::wait), the first of which is O(log n) of the deferred
    /// jobs at worst, and what follows [`cancel`](Job::cancel)'s.
    ///
    /// # Errors
    ///
    /// As [`wait`](Job::wait). When the time was up, the run has been told that it is cancelled ([`Ctx::cancelled`]) and
    /// goes on; after the other errors nothing has changed.
    pub fn cancel_and_wait(&'static self, timeout: Timeout) -> Result<Outcome, WaitError> {
        System::cancel_and_wait(self.reference(), timeout.deadline())
    }

    /// How the last submission ended, if there was one and none is under way. From any thread and interrupt. One lock
    /// section, O(1).
    pub fn outcome(&'static self) -> Option<Outcome> {
        System::outcome(self.reference())
    }
}

/// A pool: a ready queue, a timer, and min to max worker threads that share them.
///
/// A handle of one word. [`system`] gives the one that Kconfig sizes; `TASKPOOL_DEFINE` in C makes others, with their
/// own stacks, and [`c_pool!`] names them. These take submissions from link time on; what is submitted before such a
/// pool is started waits for that. One that is made at run time, of a `PoolMemory`, takes submissions from then on.
/// From its shutdown to a restart, none does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool(PoolRef);

impl Pool {
    /// The pool that runs a job: the one that it was submitted to. From the job. No lock section, O(1).
    pub fn of(ctx: &Ctx<'_>) -> Self {
        Pool(ctx.pool())
    }

    /// Submits a job to run as soon as a worker is free, after the jobs that are ready already.
    ///
    /// A deferred job runs now instead, its deadline is dropped ([`Accepted::Moved`]). A running job runs once more
    /// after this run ([`Accepted::Again`]).
    ///
    /// From any thread and interrupt, also from the job itself. One lock section, O(1) at worst (O(log n) for a
    /// deferred job, and O(w) with `CONFIG_TASKPOOL_LEVEL_PRIORITIES`, see [What calls cost](crate#what-calls-cost));
    /// it may wake a worker, or start one of the reserve.
    ///
    /// # Errors
    ///
    /// [`SubmitError::AlreadyQueued`]: the job waits for a worker already; it keeps its place and runs once.
    /// [`SubmitError::NotRunning`]: the pool takes no submissions. Nothing has changed then.
    #[inline]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit<T: Run>(self, job: &'static Job<T>) -> Result<Accepted, SubmitError> {
        System::submit(self.0, job.reference())
    }

    /// Submits a job to run before all others, also before those that were submitted so. When all workers of the pool are
    /// busy, the reserve lends one beyond the pool's maximum, if it has one; that one takes urgent jobs only. (Like
    /// `IOT_TASKPOOL_JOB_HIGH_PRIORITY` of the FreeRTOS Task Pool.)
    ///
    /// A queued job of this pool moves to the head ([`Accepted::Moved`]), a held one before all that its group holds; it keeps the limit of its time, if
    /// `submit_within` set one. Only this submission is urgent, not the next.
    ///
    /// From any thread and interrupt. One lock section, O(1) at worst (O(log n) for a deferred job, and O(w) as for
    /// [`submit`](Pool::submit)).
    ///
    /// # Errors
    ///
    /// [`SubmitError::AlreadyQueued`]: the job is urgent already, or waits in another pool; it keeps its place.
    /// [`SubmitError::NotRunning`]: the pool takes no submissions. Nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_URGENT)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit_urgent<T: Run>(self, job: &'static Job<T>) -> Result<Accepted, SubmitError> {
        System::submit_urgent(self.0, job.reference())
    }

    /// As [`submit`](Pool::submit), for a job that is worth nothing later: when no worker has taken it for at least
    /// `within`, in the tick now + `within` + 1, it does not run, and its outcome is [`Outcome::TimedOut`].
    ///
    /// The worker that would have run the job tells so: nothing happens in the moment in which the time is up, and no timer
    /// is needed for it. A running job that runs once more after this run has the same time for that.
    ///
    /// From any thread and interrupt. One lock section, O(1) at worst (O(log n) for a deferred job, and O(w) as for
    /// [`submit`](Pool::submit)), in which the clock is read; and a reading of the clock in each step of a worker until
    /// the ready queue is empty.
    ///
    /// # Errors
    ///
    /// As [`submit_after`](Pool::submit_after).
    #[cfg(CONFIG_TASKPOOL_ABORT)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit_within<T: Run>(self, job: &'static Job<T>, within: Duration) -> Result<Accepted, DeferError> {
        System::submit_within(self.0, job.reference(), within.as_ticks())
    }

    /// Submits a job to run once at least `delay` has passed: in the tick now + `delay` + 1, as the present tick has
    /// partly passed. Never early; how late depends on the tick, the workers and their priority. No delay is
    /// [`submit`](Pool::submit).
    ///
    /// In the function of a kernel timer, "now" is the tick that is being announced, as for all of Zephyr: when that
    /// interrupt is late, the delay counts from then.
    ///
    /// The deadline of a deferred job is moved. A running job runs once more, after this run and not before then.
    ///
    /// From any thread and interrupt. One lock section, O(log n) of the deferred jobs at worst. When the job becomes the
    /// earliest of the pool, this also starts its `k_timer`, in the same section, which Zephyr does in O(n) of all
    /// timeouts in the system.
    ///
    /// # Errors
    ///
    /// [`DeferError::AlreadyQueued`]: the job waits for a worker already; it keeps its place and runs once.
    /// [`DeferError::NotRunning`]: the pool takes no submissions. [`DeferError::OutOfRange`]: the deadline would lie
    /// 2^62 ticks after boot, or later. Nothing has changed then.
    #[inline]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit_after<T: Run>(self, job: &'static Job<T>, delay: Duration) -> Result<Accepted, DeferError> {
        System::submit_after(self.0, job.reference(), delay.as_ticks())
    }

    /// Submits a job to run at `deadline`, once that tick has begun. A deadline that has passed makes it run now. Jobs
    /// with one deadline become ready in the order of their submissions. Otherwise as
    /// [`submit_after`](Pool::submit_after); where the deadline has passed, and the job becomes ready in the same
    /// section, O(w) on top, as for [`submit`](Pool::submit).
    ///
    /// # Errors
    ///
    /// As [`submit_after`](Pool::submit_after).
    #[inline]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit_at<T: Run>(self, job: &'static Job<T>, deadline: Instant) -> Result<Accepted, DeferError> {
        System::submit_at(self.0, job.reference(), deadline.as_ticks())
    }

    /// Runs a job here and now: in the calling thread, on its stack and at its priority, without a worker. Answers how it
    /// ended, after the job's completion, if it has one, and those who wait for the job have been told, as after any run. So
    /// the same job serves a caller that must have it done when the call returns. (Momentum's `SYNC`.)
    ///
    /// Only an Idle job can be run so, in a pool that runs: the run belongs to that pool, whose shutdown waits for it. It
    /// takes no turn and no worker, so the pool's maximum does not count it. To the job it is a run like any other: it may
    /// be cancelled meanwhile, and submitted again, which a worker then sees to. [`Ctx::worker`] is the number of the
    /// calling worker, of whichever pool, or 128 in a thread that is none.
    ///
    /// From threads, workers included. Three lock sections, O(1), around the run. What the run must not do is not found
    /// out in a thread that is no worker of the pool: wait without limit for its own job, or for the pool's shutdown.
    ///
    /// # Errors
    ///
    /// [`RunNowError::UnderWay`]: the job is queued, deferred or running. [`RunNowError::NotRunning`]: the pool is held, not
    /// started yet, or shut down. [`RunNowError::InInterrupt`]. The job has not run then, and nothing has changed.
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn run_now<T: Run>(self, job: &'static Job<T>) -> Result<Outcome, RunNowError> {
        System::run_now(self.0, job.reference())
    }

    /// Holds the pool: it takes submissions, and runs none of them, nor what was submitted before, until
    /// [`release`](Pool::release). What runs goes on. The clock goes on, too: what comes due meanwhile runs after it.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    ///
    /// # Errors
    ///
    /// [`ControlError::NotRunning`]: the pool is not running, or is held already. Nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    pub fn hold(self) -> Result<(), ControlError> {
        System::hold(self.0)
    }

    /// Ends [`hold`](Pool::hold), and `pause`.
    ///
    /// From any thread and interrupt. One lock section, and one for each ready job, up to the pool's maximum: it calls
    /// a worker for each. The longest walks over these jobs, 127 at most; or it looks at the timers, O(log n), and
    /// perhaps starts the `k_timer`.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotRunning`]: the pool is not held. Nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    pub fn release(self) -> Result<(), ControlError> {
        System::release_pool(self.0)
    }

    /// Holds the pool, and its clock runs on, or stands: [`Clock::RunsOn`] is [`hold`](Pool::hold). With [`Clock::Frozen`]
    /// the time until [`resume`](Pool::resume) does not count: what was 20 ms ahead is 20 ms ahead when the pool goes on,
    /// also where it was submitted meanwhile, with a delay or a deadline, or for a limited time.
    ///
    /// Afterwards [`Ctx::due`] and [`Status::Deferred`] tell the deadlines to which the pause has moved them.
    ///
    /// From any thread and interrupt. One lock section, O(1), however many jobs are deferred; with [`Clock::Frozen`] it
    /// reads the clock.
    ///
    /// # Errors
    ///
    /// [`ControlError::NotRunning`]: the pool is not running, or is held already. Nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_PAUSE)]
    pub fn pause(self, clock: Clock) -> Result<(), ControlError> {
        System::pause(self.0, clock)
    }

    /// Ends [`pause`](Pool::pause). It is [`release`](Pool::release), and takes what that does: a clock that stood goes
    /// on in the first of its lock sections, in O(1).
    ///
    /// # Errors
    ///
    /// [`ControlError::NotRunning`]: the pool is not held. Nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_PAUSE)]
    pub fn resume(self) -> Result<(), ControlError> {
        System::release_pool(self.0)
    }

    /// Changes how many workers the pool may have, borrowed ones included: from the number of its own, and at least 1,
    /// to 127. A higher maximum lends workers to what waits already; above a lower one, borrowed workers leave after
    /// their job. (Like `IotTaskPool_SetMaxThreads` of the FreeRTOS Task Pool, whose workers empty the queue before
    /// that.)
    ///
    /// From any thread and interrupt. One lock section, and one for each ready job that there is room for below the new
    /// maximum: it calls a worker for each. The longest walks over these jobs, 127 at most; or it looks at the timers,
    /// O(log n). In a held pool it is one section, O(1).
    ///
    /// # Errors
    ///
    /// [`ControlError::OutOfRange`]; [`ControlError::NotRunning`]: the pool is neither running nor held. Nothing has
    /// changed then.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    pub fn set_max_threads(self, max: u8) -> Result<(), ControlError> {
        System::set_max_threads(self.0, max)
    }

    /// Shuts the pool down. It takes no more submissions; what is under way runs or is discarded, as `how` says, and
    /// every submission has its outcome, [`Outcome::Discarded`] for the latter. When this returns, no job of the pool
    /// runs, or will. Several threads may shut one pool down at once, and a pool that is shut down already.
    ///
    /// A running job that has been resubmitted to this pool is waited for, too, in whichever pool it runs. So is what a group
    /// holds for this pool, or it is discarded; while there is such a job, each section of the shutdown that looks whether
    /// all is over walks over all that groups hold.
    ///
    /// From threads, but not those of the pool's workers. Completions of discarded jobs are told in this thread. One
    /// lock section for each job that is discarded, one each time that a worker of the pool comes to rest, one for each
    /// other thread that shuts it down, and a few more; for a held pool those of [`release`](Pool::release) first. The
    /// longest takes a deferred job out, O(log n), or walks over as many ready jobs as `release` does, or is the last
    /// one: that walks over the pool's own workers (64 at most), the pools in line for a worker of the reserve, and the
    /// threads that shut this pool down.
    ///
    /// # Errors
    ///
    /// [`ControlError::TimedOut`]: jobs still run. The pool stays closed, and another call waits for it again; what a run
    /// that outlasts this call has resubmitted or deferred to this pool waits for that call, too.
    /// [`ControlError::InInterrupt`], [`ControlError::OnWorker`], and [`ControlError::NotRunning`] for a pool that was
    /// never started; nothing has changed then. That a run waits here for its own resubmission, from another pool to this
    /// one, is not found out.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    pub fn shutdown(self, how: Shutdown, timeout: Timeout) -> Result<(), ControlError> {
        System::shutdown(self.0, how, timeout.deadline())
    }

    /// Starts a pool again that has been shut down, with the maximum and the workers that it had.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    ///
    /// # Errors
    ///
    /// [`ControlError::NotRunning`]: it has not been shut down, or not to the end. Nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    pub fn restart(self) -> Result<(), ControlError> {
        System::restart(self.0)
    }

    /// What the pool has counted: a consistent picture of one moment. All times are as exact as the tick.
    ///
    /// From any thread and interrupt. One lock section, O(1), with two divisions in 64 bits.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub fn stats(self) -> Stats {
        System::stats(self.0).into()
    }

    /// Lets the pool count anew. Submissions that are under way count as submitted after it.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub fn reset_stats(self) {
        System::reset_stats(self.0);
    }

    /// Walks the pool, checks that all its parts fit, and counts them. For tests: it holds the lock for a time in
    /// proportion to the jobs in the pool.
    ///
    /// # Panics
    ///
    /// When something does not fit, with a sentence that says what.
    #[doc(hidden)]
    pub fn check(self) -> Snapshot {
        System::check(self.0)
    }

    /// The pool, as the core knows it.
    #[cfg(classes)]
    pub(crate) const fn reference(self) -> PoolRef {
        self.0
    }

    /// From what C defined; [`c_pool!`] is the way to call it.
    #[doc(hidden)]
    pub const fn from_reference(pool: PoolRef) -> Self {
        Pool(pool)
    }
}

/// Counts the idle workers of the reserve. For tests.
///
/// # Panics
///
/// When something about the reserve does not fit.
#[doc(hidden)]
pub fn check_reserve() -> u8 {
    System::check_reserve()
}

/// The pool that Kconfig sizes (`CONFIG_TASKPOOL_MIN_THREADS` and the options beside it), started before `main`. (As
/// the system task pool of the FreeRTOS Task Pool.)
///
/// It needs `CONFIG_TASKPOOL_SYSTEM_POOL=y`. From any thread and interrupt, before the pool's start, too: it is an
/// address, and takes no lock section. On the host the first call starts the pool, as `leak_pool` does.
#[cfg(CONFIG_TASKPOOL_SYSTEM_POOL)]
pub fn system() -> Pool {
    port::system()
}

#[doc(hidden)]
pub mod export {
    pub use taskpool_core::{Pool as CorePool, Ref};
}

/// A pool that C defined with `TASKPOOL_DEFINE(name, ...)`, by its name.
///
/// ```ignore
/// static NET: taskpool::Pool = taskpool::c_pool!(net);
/// NET.submit(&UPLOAD)?;
/// ```
///
/// Any other name is unknown to the linker. It is a constant, and takes nothing at run time.
#[macro_export]
macro_rules! c_pool {
    ($name:ident) => {{
        extern "C" {
            // Only `TASKPOOL_DEFINE` makes symbols of this form, so no other object can be taken for a pool.
            #[link_name = concat!("z_taskpool_pool_", stringify!($name))]
            static $name: $crate::export::CorePool;
        }
        // SAFETY: `TASKPOOL_DEFINE` lays out a `struct taskpool`, which begins with a pool and stays for ever.
        let pointer = unsafe { ::core::ptr::NonNull::new_unchecked((&raw const $name).cast_mut()) };
        // SAFETY: as above; nothing in Rust has a `&mut` to it.
        $crate::Pool::from_reference(unsafe { $crate::export::Ref::new(pointer) })
    }};
}
