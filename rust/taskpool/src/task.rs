//! Tasks: jobs with a schedule.

use core::fmt;

use taskpool_core::{
    Code, Complete, JobRef, Missed, NotEnabled, OnEnd, Rephase, Shared, Stale, Status, SubmitError, TaskRef,
};
#[cfg(CONFIG_TASKPOOL_WAIT)]
use taskpool_core::{Outcome, WaitError};

use crate::port::ThisPort;
#[cfg(CONFIG_TASKPOOL_EVENTS)]
use crate::Event;
#[cfg(CONFIG_TASKPOOL_WAIT)]
use crate::Timeout;
use crate::{Duration, Instant, LevelError, Pool, System};

/// What a task does. [`Task`] has an example.
///
/// A plain function is one, too, for [`Task::from_fn`].
pub trait Work: Send + 'static {
    /// One run, on a worker, outside every lock. It may block, and do with every task what anybody may, its own included. Two
    /// runs of a task never overlap, so it has the state to itself: what TaskScheduler calls local task storage.
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next;

    /// Whether the task may be enabled: asked by [`Task::enable`] each time, in the caller's context, an interrupt perhaps,
    /// outside every lock, before anything changes. It has no access to the state, which a run may be using. It may do with
    /// the task what anybody may, but enable it. (TaskScheduler's `OnEnable`; what its `OnDisable` does belongs to the
    /// completion, see [`Task::on_end`].)
    fn on_enable(task: &'static Task<Self>) -> bool
    where
        Self: Sized,
    {
        let _ = task;
        true
    }
}

/// For tasks without state.
impl Work for fn(&TaskCtx<'_>) -> Next {
    #[inline(always)]
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        self(ctx)
    }
}

/// What a run answers: how its task goes on. (libks' scheduler has its tasks answer so.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// As its schedule says; after the last iteration not at all, with the outcome `Done(0)`.
    Default,
    /// As soon as the others that are ready have had their turn, in the same iteration: it does not count as a run more, and
    /// the schedule stays as it is. For long work in parts. (TaskScheduler's `yield`.)
    Again,
    /// At least so long after the end of this run: in the tick now + span + 1. Later runs are counted from there.
    After(Duration),
    /// Once this tick has begun. Later runs are counted from there; slots that have passed since then count as missed.
    At(Instant),
    /// Once this event is complete, with whatever status, which the next run looks at; if it is complete already, as soon as a
    /// worker is free. But one that was aborted aborts the task. Later runs are counted from there. Until then the task stands
    /// in the line of the event, as one that was [enabled on](Task::enable_on) it: what ends that wait ends this one. After the
    /// last iteration nothing is waited for. (TaskScheduler's `waitFor`, called by the task itself.)
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    On(&'static Event),
    /// Not before a [`Completer`] says so, which the run has taken: see [`TaskCtx::completer`]. If it has taken none, nobody could,
    /// and the task is aborted.
    Pending,
    /// Not at all: the task ends, with the outcome `Done` and this code.
    Done(Code),
}

/// When the first run of a task comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// At once.
    Now,
    /// Once at least so much time has passed: in the tick now + span + 1.
    After(Duration),
    /// Once this tick has begun. If it has, now; the slots since then count as missed, and later runs keep their phase.
    At(Instant),
    /// Once an interval has passed, as for [`First::After`].
    AfterInterval,
}

/// By how much a schedule is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Runs come later.
    Later(Duration),
    /// Runs come sooner. One that would have been due then comes at once, and none is missed by that.
    Sooner(Duration),
}

/// Why [`Task::enable`] refused a task. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnableError {
    /// [`Work::on_enable`] said no.
    Vetoed,
    /// The task is enabled in another pool; or a completer has ended it, and no worker has told so yet.
    UnderWay,
    /// The pool takes no submissions: it was never defined with `TASKPOOL_DEFINE`, nor made at run time, or has been shut
    /// down.
    NotRunning,
}

impl fmt::Display for EnableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EnableError::Vetoed => "the task's on_enable said no: enable it when that answers true",
            EnableError::UnderWay => {
                "the task is enabled in another pool, or about to end: disable it there, or wait for it"
            }
            EnableError::NotRunning => {
                "the pool is not running: define it with TASKPOOL_DEFINE, or restart it, before you enable tasks in it"
            }
        })
    }
}

impl core::error::Error for EnableError {}

impl From<SubmitError> for EnableError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::AlreadyQueued => EnableError::UnderWay,
            // The core has no other.
            _ => EnableError::NotRunning,
        }
    }
}

/// How often a task has run since it was enabled. Both stop at 2^32 - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// Runs, the one that goes on included.
    pub runs: u32,
    /// Runs that were left out, by [`Missed::Skip`] or beyond the bound of [`Missed::CatchUp`].
    pub missed: u32,
}

/// The state of a task, as the core knows it.
struct Inner<W>(W);

impl<W: Work> taskpool_core::Work for Inner<W> {
    #[inline(always)]
    fn run(&mut self, ctx: &taskpool_core::TaskCtx<'_>) -> taskpool_core::Next {
        self.0.run(&TaskCtx(ctx)).into()
    }
}

impl From<Next> for taskpool_core::Next {
    #[inline(always)]
    fn from(next: Next) -> Self {
        match next {
            Next::Default => Self::Default,
            Next::Again => Self::Again,
            Next::After(span) => Self::After(span.as_ticks()),
            Next::At(instant) => Self::At(instant.as_ticks()),
            #[cfg(CONFIG_TASKPOOL_EVENTS)]
            Next::On(event) => Self::On(event.reference()),
            Next::Pending => Self::Pending,
            Next::Done(code) => Self::Done(code),
        }
    }
}

/// A task: a job with a schedule, that its owner keeps, in a `static`. Needs `CONFIG_TASKPOOL_TASKS`.
///
/// ```
/// use taskpool::{Duration, First, Missed, Next, Task, TaskCtx, Work};
///
/// struct Report {
///     lines: u32,
/// }
///
/// impl Work for Report {
///     fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
///         self.lines += 1;
///         if ctx.is_last() {
///             println!("{} lines", self.lines);
///         }
///         Next::Default
///     }
/// }
///
/// static REPORT: Task<Report> = Task::new(Report { lines: 0 })
///     .every(Duration::secs(60))
///     .times(10)
///     .missed(Missed::Skip);
/// static BLINK: Task = Task::from_fn(|_| Next::Default).every(Duration::millis(500));
///
/// let pool = taskpool::system();
/// REPORT.enable(pool, First::AfterInterval)?;
/// BLINK.enable(pool, First::Now)?;
/// BLINK.disable();
/// # Ok::<(), taskpool::EnableError>(())
/// ```
///
/// # One submission that goes on
///
/// From [`enable`](Task::enable) to its end, a task is one accepted submission, so it has exactly one outcome, which its
/// completion is told ([`on_end`](Task::on_end)), and those who [`wait`](Task::wait) for it:
///
/// | it ends | with |
/// |---|---|
/// | by its last iteration, or by [`disable`](Task::disable) | `Done(0)` |
/// | by [`Next::Done`] | `Done(code)` |
/// | by [`cancel`](Task::cancel) | `Cancelled` |
/// | by [`abort`](Task::abort) | `Aborted` |
/// | as its time is up ([`timeout`](Task::timeout)) | `TimedOut` |
/// | as its pool is shut down | `Discarded` |
///
/// Where one of these comes while the task runs, that run goes on to its end, sees [`TaskCtx::cancelled`], and what it answers
/// does not count; the outcome is told after it. But a task that has been disabled, even by its own run, can be enabled again
/// at once: then another submission follows.
///
/// # When it runs
///
/// Each run has a slot, which the next one is counted from: so runs are an interval apart, however long they take and
/// however late a worker comes to them. [`Missed`] says what becomes of slots that pass meanwhile. Nothing polls: between two
/// runs a task is deferred in its pool, and only its deadline wakes anybody. A run is never early.
///
/// # Where and at what cost
///
/// All functions may be called from any thread and interrupt, and from runs, if they say no more, and take one lock section:
/// O(log n) with n deferred jobs and tasks in the pool where they move the task's next run or end it, else O(1). What follows
/// is the completion, if the task ends there, and a section for each thread that waits for it. A time past
/// [`MAX_TICKS`](crate::MAX_TICKS) is that, and an interval or a limit of more than [`MAX_SPAN`](crate::MAX_SPAN) is that.
///
/// On a 32-bit machine it takes 84 bytes and its state, 4 more each with `CONFIG_TASKPOOL_WAIT`, `CONFIG_TASKPOOL_STATS`,
/// `CONFIG_TASKPOOL_BUDGETS`, `CONFIG_TASKPOOL_GROUPS` and `CONFIG_TASKPOOL_SUBMIT_SITE`.
pub struct Task<W: Work = fn(&TaskCtx<'_>) -> Next>(taskpool_core::Task<Inner<W>>);

impl Task {
    /// As [`new`](Task::new), of a function, which a closure that captures nothing becomes.
    pub const fn from_fn(function: fn(&TaskCtx<'_>) -> Next) -> Self {
        Task::new(function)
    }
}

impl<W: Work> Task<W> {
    /// A task that is not enabled, without an interval, an end or a limit of its time. In a `static`, as all that makes a
    /// task, it takes nothing at run time.
    ///
    /// Without an interval its next run is due as soon as one has ended, after the others that are ready.
    pub const fn new(work: W) -> Self {
        Task(taskpool_core::Task::new::<ThisPort>(Inner(work), 0))
    }

    /// The same task, with so much time from one run to the next.
    pub const fn every(mut self, interval: Duration) -> Self {
        self.0.set_first_interval(interval.as_ticks());
        self
    }

    /// The same task, with so many runs each time that it is enabled, from 1 on; 0 for no end.
    pub const fn times(mut self, iterations: u32) -> Self {
        self.0.set_first_iterations(iterations);
        self
    }

    /// The same task, with another policy than [`Missed::Skip`] for slots that pass before a worker comes to them.
    pub const fn missed(mut self, policy: Missed) -> Self {
        self.0.set_first_policy(policy);
        self
    }

    /// The same task, which ends, [`Outcome::TimedOut`](crate::Outcome::TimedOut), so long after it was enabled: in the tick
    /// now + span. Where a run goes on then, it ends with that. [`Duration::ZERO`] is no limit.
    ///
    /// It is a deadline as that of a run, so it wakes a worker, and nothing else does.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.0.set_first_timeout(timeout.as_ticks());
        self
    }

    /// The same task, with a completion, which is told how the task ended: once each time that it was enabled, whatever ended
    /// it, and never twice. (What TaskScheduler's `OnDisable` is for; that is not called on `abort`, this one is.)
    ///
    /// It is told outside every lock: on the worker where a run was the last, in the context of the caller where the task was
    /// ended between two runs, in the thread that shuts down where it was discarded. From then on the pool does not touch the
    /// task on account of this submission, so it may enable the task again.
    pub const fn on_end<C: Complete>(mut self, completion: &'static OnEnd<C>) -> Self {
        self.0.set_completion(completion);
        self
    }

    /// The same task, whose runs wait for a worker at this level, from 0, where all others wait, to
    /// [`LEVELS`](crate::LEVELS) - 1: what is ready is taken before that of lower levels.
    ///
    /// # Panics
    ///
    /// When there is no such level. In a static that is a build error.
    pub const fn at_level(mut self, level: u8) -> Self {
        self.0.set_first_level(level);
        self
    }

    /// The same task, whose runs take a place in a group, as [`Job::in_group`](crate::Job::in_group): from when one is ready to
    /// its end. Between two runs, and while it waits for a completer, it has none.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub const fn in_group(mut self, group: &'static crate::Group) -> Self {
        self.0.set_group(&group.0);
        self
    }

    /// The same task, with a name, a number and a budget of each of its runs, as [`Job::about`](crate::Job::about).
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub const fn about(mut self, about: &'static crate::About) -> Self {
        self.0.set_about(about.core());
        self
    }

    /// The same task, which a shutdown of its pool discards even where a run of it is ready and others run.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    pub const fn discarded_on_shutdown(mut self) -> Self {
        self.0.discard_on_shutdown();
        self
    }

    /// Enables the task in a pool: from now on it runs as its schedule says. Answers whether it was enabled already; then it
    /// begins anew, in the same submission: first run, iterations, numbers and its time. A run that goes on is not one of
    /// them, and a task that ends with it ends; the next submission begins after it then.
    ///
    /// From any thread and interrupt, also from its own run and its completion. [`Work::on_enable`], then one lock section,
    /// O(log n).
    ///
    /// # Errors
    ///
    /// [`EnableError::Vetoed`]: [`Work::on_enable`] said no. [`EnableError::UnderWay`]: it is enabled in another
    /// pool, or about to end. [`EnableError::NotRunning`]: the pool takes no submissions. Nothing has changed then: a task that was enabled still is.
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn enable(&'static self, pool: Pool, first: First) -> Result<bool, EnableError> {
        if !W::on_enable(self) {
            return Err(EnableError::Vetoed);
        }
        let first = match first {
            First::Now => taskpool_core::First::Now,
            First::After(span) => taskpool_core::First::After(span.as_ticks()),
            First::At(instant) => taskpool_core::First::At(instant.as_ticks()),
            First::AfterInterval => taskpool_core::First::AfterInterval,
        };
        Ok(System::enable(self.reference(), pool.0, first)?)
    }

    /// Ends the task, with the outcome `Done(0)`: it runs no more, but for a run that goes on. Answers whether it was enabled.
    ///
    /// It does not wait for that run: [`wait`](Task::wait) does.
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(log n); then the completion in this context,
    /// unless a run goes on.
    pub fn disable(&'static self) -> bool {
        System::disable(self.reference())
    }

    /// As [`disable`](Task::disable), with the outcome [`Outcome::Cancelled`](crate::Outcome::Cancelled).
    pub fn cancel(&'static self) -> bool {
        System::cancel_task(self.reference())
    }

    /// As [`disable`](Task::disable), with the outcome [`Outcome::Aborted`](crate::Outcome::Aborted): who waits for the task
    /// learns that its result is not to be used.
    pub fn abort(&'static self) -> bool {
        System::abort_task(self.reference())
    }

    /// The next run comes at once, and those after it are counted from there. A run that goes on is followed by another one.
    /// The number of iterations stays. Where a completer is to say that a run is over, the next one comes after that.
    /// (TaskScheduler's `forceNextIteration`.)
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(log n).
    ///
    /// # Errors
    ///
    /// [`NotEnabled`]: there is no next run. Nothing has changed then.
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn trigger(&'static self) -> Result<(), NotEnabled> {
        System::trigger(self.reference())
    }

    /// The next run comes once at least so much time has passed, in the tick now + span + 1, sooner or later than it would
    /// have, and those after it are counted from there. (TaskScheduler's `delay`.)
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(log n).
    ///
    /// # Errors
    ///
    /// [`NotEnabled`]: there is no next run. Nothing has changed then.
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn postpone(&'static self, delay: Duration) -> Result<(), NotEnabled> {
        System::postpone(self.reference(), delay.as_ticks())
    }

    /// Moves the next run and all that follow. (TaskScheduler's `adjust`.)
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(log n).
    ///
    /// # Errors
    ///
    /// [`NotEnabled`]: there is no next run. Nothing has changed then.
    pub fn shift(&'static self, shift: Shift) -> Result<(), NotEnabled> {
        System::shift(self.reference(), shift.signed())
    }

    /// Changes the interval, also of a task that is not enabled; then all three ways are one.
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(log n).
    pub fn set_interval(&'static self, interval: Duration, rephase: Rephase) {
        System::set_interval(self.reference(), interval.as_ticks(), rephase);
    }

    /// Changes how many runs the task has each time that it is enabled, those that there were included; 0 for no end. If there
    /// were as many already, the task ends when its next run would begin, with `Done(0)`; in a run, with that one.
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(1).
    pub fn set_iterations(&'static self, iterations: u32) {
        System::set_iterations(self.reference(), iterations);
    }

    /// Changes how much time the task has, from now on and each time that it is enabled: see [`timeout`](Task::timeout).
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(log n).
    pub fn set_timeout(&'static self, timeout: Duration) {
        System::set_timeout(self.reference(), timeout.as_ticks());
    }

    /// Lets the time that the task has begin anew. Without a limit of its time, or not enabled, it stays as it is.
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(log n).
    pub fn reset_timeout(&'static self) {
        System::reset_timeout(self.reference());
    }

    /// Changes the level of the task, as [`Job::set_level`](crate::Job::set_level) does.
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(1), or O(w) as there.
    ///
    /// # Errors
    ///
    /// [`LevelError`]: there is no such level. Nothing has changed then.
    pub fn set_level(&'static self, level: u8) -> Result<(), LevelError> {
        System::set_level(self.job(), level)
    }

    /// When the next run is due; in a run, the one after it, as it would be now: the run may move it yet, and with
    /// [`Missed::FromEnd`] its end does. `None` for a task that is not enabled, or waits for an event.
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(1).
    pub fn next_run(&'static self) -> Option<Instant> {
        System::next_run(self.reference()).map(Instant::from_ticks)
    }

    /// How often it has run, since it was enabled last. From any thread and interrupt. One lock section, O(1).
    pub fn counts(&'static self) -> TaskCounts {
        let (runs, missed) = System::task_counts(self.reference());
        TaskCounts { runs, missed }
    }

    /// Where the task is now, as a job; it may move on at once. [`Status::Deferred`] is what it is between two runs, with the
    /// deadline of the next one, or of its time if that is up before. A run that is followed by others has
    /// `resubmitted` set when it has ended, but for what its worker does then.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    pub fn status(&'static self) -> Status {
        System::status(self.job())
    }

    /// Where somebody has said last when the task runs: the call of [`enable`](Task::enable) or of its kin, of
    /// [`trigger`](Task::trigger) or of [`postpone`](Task::postpone) that was accepted last. Runs that follow by the schedule,
    /// and those that an event begins, keep it. As [`Job::submitted_at`](crate::Job::submitted_at).
    ///
    /// From any thread and interrupt, also from its own run. One lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    pub fn submitted_at(&'static self) -> Option<crate::Site> {
        System::submitted_at(self.job())
    }

    pub(crate) fn reference(&'static self) -> TaskRef {
        self.0.reference()
    }

    fn job(&'static self) -> JobRef {
        self.reference().job()
    }
}

#[cfg(CONFIG_TASKPOOL_WAIT)]
impl<W: Work> Task<W> {
    /// Waits until the task has ended, and answers how; for one that is not enabled, how it ended the last time, at once. As
    /// [`Job::wait`](crate::Job::wait): there is what may be called where, and at what cost. To stop a task and know that it
    /// does not run any more, [`cancel`](Task::cancel) it, then wait.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`]: the task goes on as if nobody had waited. [`WaitError::InInterrupt`].
    /// [`WaitError::OnWorker`]: a run of this task waits for its end, or a run of its pool, which might have no other worker
    /// for it. [`WaitError::NeverSubmitted`]: it has never been enabled.
    pub fn wait(&'static self, timeout: Timeout) -> Result<Outcome, WaitError> {
        System::wait(self.job(), timeout.deadline())
    }

    /// How the task ended the last time, if it was ever enabled and is not. From any thread and interrupt. One lock section,
    /// O(1).
    pub fn outcome(&'static self) -> Option<Outcome> {
        System::outcome(self.job())
    }
}

impl Shift {
    fn signed(self) -> i64 {
        match self {
            Shift::Later(span) => i64::try_from(span.as_ticks()).unwrap_or(i64::MAX),
            Shift::Sooner(span) => i64::try_from(span.as_ticks()).map_or(i64::MIN, |ticks| -ticks),
        }
    }
}

/// What a run knows about itself. All but [`cancelled`](TaskCtx::cancelled) read what is there: no lock section, O(1).
pub struct TaskCtx<'run>(&'run taskpool_core::TaskCtx<'run>);

impl TaskCtx<'_> {
    /// Its number, from 1 on, since the task was enabled. Parts of an iteration ([`Next::Again`]) have the same one:
    /// which of them this is, the state of the task says, if it matters, as nobody counts parts.
    pub fn number(&self) -> u32 {
        self.0.number()
    }

    /// Whether it is the first one since the task was enabled.
    pub fn is_first(&self) -> bool {
        self.0.is_first()
    }

    /// Whether it is the last one, as far as it was known when it began.
    pub fn is_last(&self) -> bool {
        self.0.is_last()
    }

    /// By how much it began after its slot; after [`Next::Again`], after the run before it had ended. (TaskScheduler's
    /// `getStartDelay`.)
    pub fn late(&self) -> Duration {
        Duration::ticks(self.0.late())
    }

    /// How many ticks it may take until the slot of the next run; negative if that had passed when it began. (TaskScheduler's
    /// `getOverrun`.)
    pub fn left(&self) -> i64 {
        self.0.left()
    }

    /// Runs that were left out right before this one.
    pub fn missed(&self) -> u32 {
        self.0.missed()
    }

    /// Whether somebody has ended the task since the run began. One lock section, O(1).
    pub fn cancelled(&self) -> bool {
        self.0.cancelled()
    }

    /// Takes the completer of this run. Whoever has it says when the run is over, and how the task goes on then: if the run
    /// answers [`Next::Pending`], after it has ended, and if it goes on yet, what it answers then does not count. A second one
    /// makes the first worthless, or is worth nothing itself, if that was used. One lock section, O(1).
    pub fn completer(&self) -> Completer {
        Completer(self.0.completer())
    }

    /// The name of the task, if it has one: as [`Ctx::name`](crate::Ctx::name).
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub fn name(&self) -> Option<&'static core::ffi::CStr> {
        self.0.ctx().name()
    }

    /// The number of the task; 0 if it has none: as [`Ctx::id`](crate::Ctx::id).
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub fn id(&self) -> u32 {
        self.0.ctx().id()
    }

    /// As [`Ctx::set_control_point`](crate::Ctx::set_control_point).
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub fn set_control_point(&self, point: u32) {
        self.0.set_control_point(point);
    }

    /// As [`Ctx::feed`](crate::Ctx::feed).
    #[cfg(CONFIG_TASKPOOL_WDT)]
    pub fn feed(&self) {
        self.0.feed();
    }

    /// The pool that runs it.
    pub fn pool(&self) -> Pool {
        Pool::of(self.0.ctx())
    }

    /// The number of the worker that runs it, as [`Ctx::worker`](crate::Ctx::worker) tells it.
    pub fn worker(&self) -> u8 {
        self.0.ctx().worker()
    }

    /// Whether it is this task that runs.
    pub fn runs<W: Work>(&self, task: &'static Task<W>) -> bool {
        self.0.task() == task.reference()
    }

    /// The task that runs, whatever its state is.
    pub fn task(&self) -> AnyTask {
        AnyTask(self.0.task())
    }
}

impl fmt::Debug for TaskCtx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskCtx")
            .field("task", &self.0.task())
            .field("number", &self.number())
            .field("late", &self.late())
            .field("missed", &self.missed())
            .finish_non_exhaustive()
    }
}

/// Says once when a run is over that has answered [`Next::Pending`], and how its task goes on. (Momentum's
/// `skip_completion` and `complete_tail`.)
///
/// It may be sent to any thread and interrupt, and used from the run itself on. One that is dropped aborts the task, as nobody
/// could say so then. It is worth nothing once its task has ended in another way, or begun anew, which is recognised until 256 others
/// were taken in runs of the same [number](TaskCtx::number). A
/// [`CompleterSlot`](crate::CompleterSlot) keeps it for an interrupt, which has no place of its own.
#[must_use = "dropped, it aborts the task"]
#[derive(Debug)]
pub struct Completer(taskpool_core::Completer<ThisPort>);

impl Completer {
    /// The run is over, as if it had answered this now; [`Next::Pending`] aborts the task. If the task ends, a worker tells so.
    /// But where [`Next::On`] names an event that was aborted, the task is aborted here: the completion is told in this context,
    /// and what follows from it.
    ///
    /// From any thread and interrupt. One lock section, O(log n); of an aborted task, the completion after it.
    ///
    /// # Errors
    ///
    /// [`Stale`]: the task does not wait for this completer. Nothing has changed then.
    pub fn complete(self, next: Next) -> Result<(), Stale> {
        self.0.complete(next.into())
    }
}

/// A task whose state nobody asks for, as [`TaskCtx::task`] and [`Task::any`] give it. Each method is the [`Task`]'s of that
/// name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnyTask(TaskRef);

impl<W: Work> Task<W> {
    /// The same task, for who does not care what its state is. An address; no lock section.
    pub fn any(&'static self) -> AnyTask {
        AnyTask(self.reference())
    }
}

impl AnyTask {
    /// [`Task::disable`].
    pub fn disable(self) -> bool {
        System::disable(self.0)
    }

    /// [`Task::cancel`].
    pub fn cancel(self) -> bool {
        System::cancel_task(self.0)
    }

    /// [`Task::abort`].
    pub fn abort(self) -> bool {
        System::abort_task(self.0)
    }

    /// [`Task::trigger`].
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn trigger(self) -> Result<(), NotEnabled> {
        System::trigger(self.0)
    }

    /// [`Task::postpone`].
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn postpone(self, delay: Duration) -> Result<(), NotEnabled> {
        System::postpone(self.0, delay.as_ticks())
    }

    /// [`Task::shift`].
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    pub fn shift(self, shift: Shift) -> Result<(), NotEnabled> {
        System::shift(self.0, shift.signed())
    }

    /// [`Task::set_interval`].
    pub fn set_interval(self, interval: Duration, rephase: Rephase) {
        System::set_interval(self.0, interval.as_ticks(), rephase);
    }

    /// [`Task::set_iterations`].
    pub fn set_iterations(self, iterations: u32) {
        System::set_iterations(self.0, iterations);
    }

    /// [`Task::set_timeout`].
    pub fn set_timeout(self, timeout: Duration) {
        System::set_timeout(self.0, timeout.as_ticks());
    }

    /// [`Task::reset_timeout`].
    pub fn reset_timeout(self) {
        System::reset_timeout(self.0);
    }

    /// [`Task::set_level`].
    ///
    /// # Errors
    ///
    /// [`LevelError`].
    pub fn set_level(self, level: u8) -> Result<(), LevelError> {
        System::set_level(self.0.job(), level)
    }

    /// [`Task::next_run`].
    pub fn next_run(self) -> Option<Instant> {
        System::next_run(self.0).map(Instant::from_ticks)
    }

    /// [`Task::counts`].
    pub fn counts(self) -> TaskCounts {
        let (runs, missed) = System::task_counts(self.0);
        TaskCounts { runs, missed }
    }

    /// [`Task::submitted_at`].
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    pub fn submitted_at(self) -> Option<crate::Site> {
        System::submitted_at(self.0.job())
    }
}

/// A plain function that can be replaced while the task is enabled: by its own run, other ones, threads and interrupts. The
/// next run calls the function that is there when it begins. (TaskScheduler's `setCallback`, and the functions of its
/// `yield`.)
///
/// The state of the task is a reference to it:
///
/// ```
/// use taskpool::{Duration, First, Next, Task, TaskCtx, TaskFunction};
///
/// fn red(_: &TaskCtx<'_>) -> Next {
///     LIGHT.replace(green);
///     Next::Default
/// }
///
/// fn green(_: &TaskCtx<'_>) -> Next {
///     LIGHT.replace(red);
///     Next::Default
/// }
///
/// static LIGHT: TaskFunction = TaskFunction::new(red);
/// static LIGHTS: Task<&TaskFunction> = Task::new(&LIGHT).every(Duration::secs(30));
///
/// LIGHTS.enable(taskpool::system(), First::Now)?;
/// # Ok::<(), taskpool::EnableError>(())
/// ```
pub struct TaskFunction(Shared<fn(&TaskCtx<'_>) -> Next>);

impl TaskFunction {
    /// This function.
    pub const fn new(function: fn(&TaskCtx<'_>) -> Next) -> Self {
        TaskFunction(Shared::new(function))
    }

    /// From the next run on it is another one; a run that goes on is not disturbed. Answers which it was.
    ///
    /// From any thread and interrupt, also from the run. One lock section, O(1), as a run takes one more to look for it.
    pub fn replace(&self, function: fn(&TaskCtx<'_>) -> Next) -> fn(&TaskCtx<'_>) -> Next {
        System::replace(&self.0, function)
    }
}

impl fmt::Debug for TaskFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TaskFunction").finish_non_exhaustive()
    }
}

impl Work for &'static TaskFunction {
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        System::read(&self.0)(ctx)
    }
}
