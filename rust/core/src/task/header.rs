//! What a task is made of, and how a worker runs it.

use core::cell::{Cell, UnsafeCell};
use core::fmt;
use core::mem::offset_of;
use core::ptr::NonNull;

use super::completer::Completer;
use super::steps::Run;
use super::{EventRef, Missed, Seat, Span};
#[cfg(CONFIG_TASKPOOL_BUDGETS)]
use crate::budget::About;
use crate::job::{Code, Complete, Ctx, Header, JobRef, OnEnd};
use crate::lock::{Locked, Token};
#[cfg(CONFIG_TASKPOOL_GROUPS)]
use crate::pool::Group;
use crate::port::Port;
use crate::reference::Ref;
use crate::shell::Shell;
use crate::ticks::Ticks;

/// A reference to a task; see [`Ref`] for what it promises.
pub type TaskRef = Ref<TaskHeader>;

/// What a run of a task answers: how it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// As its schedule says; after the last iteration not at all, with the code 0.
    Default,
    /// As soon as the others that are ready have had their turn. It is the same iteration then.
    Again,
    /// Once so many ticks have passed. Later runs are counted from there.
    After(u64),
    /// At this tick. Later runs are counted from there.
    At(u64),
    /// Once this event is complete, with whatever status, or at once if it is already; but one that was aborted aborts the task.
    /// Later runs are counted from there.
    On(EventRef),
    /// Not before its completer says so: see [`TaskCtx::completer`]. Without one the task is aborted.
    Pending,
    /// Not at all: the task ends, with this code.
    Done(Code),
}

/// When the first run of a task comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// At once.
    Now,
    /// Once so many ticks have passed.
    After(u64),
    /// At this tick.
    At(u64),
    /// Once an interval has passed.
    AfterInterval,
}

/// What the first run of a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Its time.
    At(First),
    /// An event; if that is complete already, nothing.
    On {
        /// The event.
        event: EventRef,
        /// It comes an interval after that, instead of at once.
        delayed: bool,
    },
}

/// The task is not enabled, so there is no run to be moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotEnabled;

impl fmt::Display for NotEnabled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task is not enabled: enable it first")
    }
}

impl core::error::Error for NotEnabled {}

/// What a task does.
pub trait Work: Send {
    /// One run. It may do with its own task what anybody may.
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next;
}

/// The part of a task that the pool works with.
#[repr(C)]
pub struct TaskHeader {
    pub(super) job: Header,
    /// While it waits for an event, its place in the line. Otherwise a time: the slot of the last run; or, when the next run
    /// belongs to the same iteration, or comes when a completer says so, when the one after it is due; or the code that a
    /// completer has ended it with.
    pub(super) seat: Seat,
    /// When its time is up, or `NONE`.
    pub(super) limit: Locked<Ticks>,
    /// Between two runs.
    pub(super) interval: Locked<Span>,
    /// How long its time is from where it begins, or 0.
    pub(super) timeout: Locked<Span>,
    /// How many runs it has, or 0 for no end.
    pub(super) iterations: Locked<u32>,
    /// How many there were, this one included.
    pub(super) runs: Locked<u32>,
    /// How many were left out.
    pub(super) missed: Locked<u32>,
    pub(super) policy: Locked<Missed>,
    pub(super) flags: Locked<u8>,
    /// The number of its last completer.
    pub(super) turn: Locked<u8>,
}

impl TaskHeader {
    /// Where C writes when it makes a task: `interval`, `timeout`, `iterations`, `policy`, and in its job what it writes of
    /// every job. All else is zero.
    #[doc(hidden)]
    pub const WRITTEN_BY_C: [usize; 4] = [
        offset_of!(TaskHeader, interval),
        offset_of!(TaskHeader, timeout),
        offset_of!(TaskHeader, iterations),
        offset_of!(TaskHeader, policy),
    ];
    /// Where its job is.
    #[doc(hidden)]
    pub const JOB: usize = offset_of!(TaskHeader, job);
}

/// What a task takes on a 32-bit machine beyond its job.
const _: () = assert!(size_of::<usize>() != 4 || size_of::<TaskHeader>() == size_of::<Header>() + 44);

/// A task: a job with a schedule, that its owner keeps.
#[repr(C)]
pub struct Task<W: Work> {
    pub(super) header: TaskHeader,
    work: UnsafeCell<W>,
}

// SAFETY: as for `Job`: `work` is only touched by `run_task`, which the state machine keeps to one worker at a time, so
// `Send` suffices.
unsafe impl<W: Work> Sync for Task<W> {}

impl<W: Work> Task<W> {
    /// A task that is not enabled, with an interval in ticks, and no end.
    pub const fn new<P: Port>(work: W, interval: u64) -> Self {
        Task {
            header: TaskHeader {
                job: Header::new(run_task::<W, P>),
                seat: Seat::new(),
                limit: Locked::new(Ticks::NONE),
                interval: Locked::new(Span::new(interval)),
                timeout: Locked::new(Span::new(0)),
                iterations: Locked::new(0),
                runs: Locked::new(0),
                missed: Locked::new(0),
                policy: Locked::new(Missed::Skip),
                flags: Locked::new(0),
                turn: Locked::new(0),
            },
            work: UnsafeCell::new(work),
        }
    }

    /// So many runs, from 1 on; 0 for no end.
    pub const fn times(mut self, iterations: u32) -> Self {
        *self.header.iterations.get_mut() = iterations;
        self
    }

    /// What becomes of runs whose time has passed.
    pub const fn missed(mut self, policy: Missed) -> Self {
        *self.header.policy.get_mut() = policy;
        self
    }

    /// It ends so many ticks after it was enabled, at the latest when a run ends that goes on then.
    pub const fn timeout(mut self, ticks: u64) -> Self {
        *self.header.timeout.get_mut() = Span::new(ticks);
        self
    }

    /// It belongs to this group: its runs wait until there is a place for them. It has none between two runs.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub const fn in_group(mut self, group: &'static Group) -> Self {
        self.header.job.set_group(group.reference());
        self
    }

    /// The end of the task is told.
    pub const fn on_end<C: Complete>(mut self, completion: &'static OnEnd<C>) -> Self {
        self.header.job.set_completion(completion.reference());
        self
    }

    /// The task has this name and budget: each of its runs.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub const fn about(mut self, about: &'static About) -> Self {
        self.header.job.set_about(about);
        self
    }

    /// The reference that the pool keeps while the task is enabled.
    pub fn reference(&'static self) -> TaskRef {
        // SAFETY: as for `Job::reference`: the pointer covers the whole, of which the header is the first field.
        unsafe { Ref::new(NonNull::from(self).cast()) }
    }
}

impl JobRef {
    /// Of a task: it waits for no event any more.
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    pub(crate) fn leave_event(self, token: &Token<'_>) {
        // SAFETY: only tasks are `Last::Between` two runs, and a task's reference was made from all of it.
        let task: TaskRef = unsafe { self.cast() };
        task.leave_line(token);
    }

    /// Of a task whose run is over: it goes on, or has been enabled since.
    pub(crate) fn goes_on_after_run(self, token: &Token<'_>) {
        // SAFETY: what is `Last::is_of_task` is one, and a task's reference was made from all of it.
        let task: TaskRef = unsafe { self.cast() };
        task.is_between(token);
    }
}

impl TaskRef {
    /// Its job, to be looked at, waited for, and given a level. All else is done with the task.
    #[inline(always)]
    pub fn job(self) -> JobRef {
        // SAFETY: `job` is the first field of a `repr(C)` struct, and the reference covers all of it.
        unsafe { self.cast() }
    }
}

/// What a run knows about itself.
pub struct TaskCtx<'run> {
    ctx: &'run Ctx<'run>,
    pub(super) task: TaskRef,
    pub(super) run: Run,
    took: Cell<bool>,
}

impl TaskCtx<'_> {
    /// Its number, from 1 on, since the task was enabled.
    pub fn number(&self) -> u32 {
        self.run.number
    }

    /// Whether it is the first one since the task was enabled.
    pub fn is_first(&self) -> bool {
        self.run.number == 1
    }

    /// Whether it is the last one.
    pub fn is_last(&self) -> bool {
        self.run.number == self.run.iterations
    }

    /// By how many ticks it began after its slot; after [`Next::Again`], after the run before it had ended.
    pub fn late(&self) -> u64 {
        self.run.begun.late
    }

    /// How many ticks it may take until the next slot; negative if that has passed.
    pub fn left(&self) -> i64 {
        self.run.begun.left
    }

    /// Runs that were left out right before this one.
    pub fn missed(&self) -> u32 {
        self.run.begun.missed
    }

    /// As [`Ctx::set_control_point`].
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub fn set_control_point(&self, point: u32) {
        self.ctx.set_control_point(point);
    }

    /// As [`Ctx::feed`].
    #[cfg(CONFIG_TASKPOOL_WDT)]
    pub fn feed(&self) {
        self.ctx.feed();
    }

    /// The task.
    pub fn task(&self) -> TaskRef {
        self.task
    }

    /// The run, as that of a job.
    pub fn ctx(&self) -> &Ctx<'_> {
        self.ctx
    }

    /// Whether somebody has cancelled or aborted the task since the run began. One lock section, O(1).
    pub fn cancelled(&self) -> bool {
        self.ctx.cancelled()
    }

    /// Who has this says when the run is over: if it answers [`Next::Pending`], after it has ended, and if it goes on yet, what
    /// it answers then does not count. A second one makes the first worthless. One lock section, O(1).
    pub fn completer<P: Port>(&self) -> Completer<P> {
        self.took.set(true);
        Completer::new(self.task, Shell::<P>::hand_out(self.task))
    }
}

/// Goes from the header back to the task and runs it with its state.
///
/// # Safety
///
/// `job` was made from a whole `Task<W>`, and the caller is the one worker that moved it to Running.
unsafe fn run_task<W: Work, P: Port>(ctx: &Ctx<'_>, job: JobRef) -> Code {
    let whole = job.as_ptr().cast::<Task<W>>();
    // SAFETY: `whole` points at a live task.
    let work = unsafe { UnsafeCell::raw_get(&raw const (*whole).work) };
    // SAFETY: only the worker that moved the job to Running is here, and what others do with a task does not touch `work`.
    let work = |ctx: &TaskCtx<'_>| unsafe { &mut *work }.run(ctx);
    // SAFETY: this function's promise.
    unsafe { Shell::<P>::run_task(ctx, job, work) }
}

impl<P: Port> Shell<P> {
    /// What the function of a task's job does: a run, if there is to be one. Answers what that function answers.
    ///
    /// # Safety
    ///
    /// `job` is that of a task, and the caller the worker that runs it.
    #[inline(always)]
    pub unsafe fn run_task(ctx: &Ctx<'_>, job: JobRef, work: impl FnOnce(&TaskCtx<'_>) -> Next) -> Code {
        // SAFETY: this function's promise.
        let task: TaskRef = unsafe { job.cast() };
        let run = match Self::begin_task(task) {
            Ok(run) => run,
            Err(code) => return code,
        };
        let took = Cell::new(false);
        let ctx = TaskCtx { ctx, task, run, took };
        let next = work(&ctx);
        Self::end_task(task, next, ctx.took.get())
    }
}
