//! One job: what its owner keeps, and how a worker runs it.

mod completion;
mod slot;
mod state;
mod wait;

pub use completion::{Complete, Completion, CompletionRef, OnEnd, Outcome};
pub use slot::{Cache, CacheUse, Slots};
pub(crate) use slot::{Left, Spawned, SpawnedRef, HANDLE, RESULT, SUBMISSION, TAKEN};
pub(crate) use state::{level_of, State, CANCEL, DISCARD, KEPT, LEVEL, LEVEL_SHIFT, REARM, URGENT, WAITED};
pub use state::{Accepted, Cancel, Status};
pub use wait::{Caller, Signal, SignalRef, WaitError};
pub(crate) use wait::{Last, Waiter, WaiterRef, Waiting};

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::offset_of;
use core::ptr::NonNull;

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
use crate::budget::About;
use crate::fault::broken;
use crate::lock::{Locked, Token};
#[cfg(CONFIG_TASKPOOL_GROUPS)]
use crate::pool::{Group, GroupRef};
use crate::pool::{PoolRef, Side, Worker, WorkerRef, LEVELS};
use crate::reference::Ref;
use crate::site::By;
use crate::ticks::Ticks;

/// What a run answers: 0 for success, any other number of 32 bits as the job defines it.
pub type Code = i32;

/// A reference to a job; see [`Ref`] for what it promises.
pub type JobRef = Ref<Header>;

/// The part of a job that the pool works with: links, deadline and state.
///
/// | field | who touches it, when |
/// |---|---|
/// | `run`, `completion`, `about`, `group` | nobody writes them after construction; in a free slot of the cache a new job is made |
/// | `links`, `up`, `deeper` | the list or tree that the job is in: ready queue while Queued, group while Held, timers while Deferred |
/// | `deadline` | of the queued, held or deferred submission, `NONE` for an immediate one; while Running: of the next one |
/// | `number` | set when a deferred submission is accepted, breaks ties between equal deadlines; while Idle: the last code |
/// | `by` | set when a submission is accepted |
/// | `pool` | of the queued, held, deferred, running or, with REARM, the next submission |
/// | `state`, `flags` | see `state.rs` |
///
/// All fields that change are `Locked`: only lock sections touch them.
///
/// What is one byte wide stands before offset 32, where Thumb instructions of two bytes reach it.
#[repr(C)]
pub struct Header {
    /// In the ready queue: previous and next. Among the timers: left and right child.
    pub(crate) links: [Locked<Option<JobRef>>; 2],
    /// Among the timers: parent.
    pub(crate) up: Locked<Option<JobRef>>,
    /// The job comes last: what C has written takes its first two arguments as they are.
    run: unsafe fn(&Ctx<'_>, JobRef) -> Code,
    pub(crate) state: Locked<State>,
    /// Among the timers: the side below which there is one level more.
    pub(crate) deeper: Locked<Option<Side>>,
    pub(crate) flags: Locked<u8>,
    /// How the last submission ended.
    pub(crate) last: Locked<Last>,
    pub(crate) number: Locked<u32>,
    pub(crate) deadline: Locked<Ticks>,
    pub(crate) pool: Locked<Option<PoolRef>>,
    completion: Option<CompletionRef>,
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub(crate) about: Option<&'static About>,
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    group: Option<GroupRef>,
    /// Threads that wait for the end, the last one first.
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    waiters: Locked<Option<WaiterRef>>,
    /// When it became ready, modulo 2^32.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    since: Locked<u32>,
    /// Who has submitted it last.
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    by: Locked<By>,
}

// What the README states.
const _: () = assert!(
    size_of::<usize>() != 4
        || size_of::<Header>()
            == 40
                + 4 * cfg!(CONFIG_TASKPOOL_WAIT) as usize
                + 4 * cfg!(CONFIG_TASKPOOL_STATS) as usize
                + 4 * cfg!(CONFIG_TASKPOOL_BUDGETS) as usize
                + 4 * cfg!(CONFIG_TASKPOOL_GROUPS) as usize
                + 4 * cfg!(CONFIG_TASKPOOL_SUBMIT_SITE) as usize
);

impl Header {
    /// Where C writes when it makes a job: `run`, `flags`, `completion`. All else is zero.
    #[doc(hidden)]
    pub const WRITTEN_BY_C: [usize; 3] = [
        offset_of!(Header, run),
        offset_of!(Header, flags),
        offset_of!(Header, completion),
    ];
    /// Where C writes what is said about a job: `about`.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    #[doc(hidden)]
    pub const ABOUT_OF_C: usize = offset_of!(Header, about);
    /// And this: `group`, where C makes a job of one.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    #[doc(hidden)]
    pub const GROUP_OF_C: usize = offset_of!(Header, group);
    /// Where C looks for who has submitted it last, as an image ends.
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    #[doc(hidden)]
    pub const SITE_OF_C: usize = offset_of!(Header, by);
    /// Where C looks whether a job is idle: `state`.
    #[doc(hidden)]
    pub const READ_BY_C: usize = offset_of!(Header, state);
    /// What zeros mean that C writes: the `state` of an idle job, and `last` of one that was never submitted.
    #[doc(hidden)]
    pub const ZEROS_OF_C: [usize; 2] = [State::Idle as usize, Last::Nothing as usize];
    /// The flag that C writes for a job that a shutdown discards, and where the level begins.
    #[doc(hidden)]
    pub const FLAGS_OF_C: [usize; 2] = [DISCARD as usize, LEVEL_SHIFT as usize];

    pub(crate) const fn new(run: unsafe fn(&Ctx<'_>, JobRef) -> Code) -> Self {
        Header {
            links: [const { Locked::new(None) }; 2],
            up: Locked::new(None),
            run,
            state: Locked::new(State::Idle),
            deeper: Locked::new(None),
            flags: Locked::new(0),
            last: Locked::new(Last::Nothing),
            number: Locked::new(0),
            deadline: Locked::new(Ticks::NONE),
            pool: Locked::new(None),
            completion: None,
            #[cfg(CONFIG_TASKPOOL_BUDGETS)]
            about: None,
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            group: None,
            #[cfg(CONFIG_TASKPOOL_WAIT)]
            waiters: Locked::new(None),
            #[cfg(CONFIG_TASKPOOL_STATS)]
            since: Locked::new(0),
            #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
            by: Locked::new(By::NOBODY),
        }
    }

    /// Whether what C names is a job that runs so: memory that nobody has made a job of is no such.
    ///
    /// # Safety
    ///
    /// So much memory can be read, whatever is in it.
    #[inline(always)]
    pub unsafe fn is_run_by(memory: NonNull<Header>, run: unsafe fn(&Ctx<'_>, JobRef) -> Code) -> bool {
        // SAFETY: the field lies within the memory.
        let place = unsafe { memory.byte_add(offset_of!(Header, run)) }.cast::<usize>();
        // SAFETY: this function's promise; a word may be anything.
        (unsafe { place.read() }) == run as usize
    }

    /// From now on this is told how submissions ended.
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    pub(crate) const fn set_completion(&mut self, completion: CompletionRef) {
        self.completion = Some(completion);
    }

    pub(crate) const fn discard_on_shutdown(&mut self) {
        *self.flags.get_mut() |= DISCARD;
    }

    pub(crate) const fn set_first_level(&mut self, level: u8) {
        assert!(
            (level as usize) < LEVELS,
            "there is no such level: raise CONFIG_TASKPOOL_PRIORITY_LEVELS, or lower the job's level"
        );
        let flags = self.flags.get_mut();
        *flags = *flags & !LEVEL | (level << LEVEL_SHIFT);
    }

    #[inline(always)]
    pub(crate) fn waiters(&self, _token: &Token<'_>) -> Option<WaiterRef> {
        #[cfg(CONFIG_TASKPOOL_WAIT)]
        return self.waiters.get(_token);
        #[cfg(not(CONFIG_TASKPOOL_WAIT))]
        None
    }

    #[inline(always)]
    pub(crate) fn keep_waiters(&self, _token: &Token<'_>, _waiters: Option<WaiterRef>) {
        #[cfg(CONFIG_TASKPOOL_WAIT)]
        self.waiters.set(_token, _waiters);
    }

    /// When it became ready, modulo 2^32.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub(crate) fn since(&self, token: &Token<'_>) -> u32 {
        self.since.get(token)
    }

    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub(crate) fn set_since(&self, token: &Token<'_>, now: u32) {
        self.since.set(token, now);
    }

    /// A submission was accepted, and this is who made it.
    #[inline(always)]
    pub(crate) fn set_by(&self, _token: &Token<'_>, _by: By) {
        #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
        self.by.set(_token, _by);
    }

    /// Who has submitted it last.
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    pub(crate) fn by(&self, token: &Token<'_>) -> By {
        self.by.get(token)
    }

    /// What never changes about it, if somebody has said so.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    #[inline(always)]
    pub fn about(&self) -> Option<&'static About> {
        self.about
    }

    /// The group that it belongs to.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    #[inline(always)]
    pub(crate) fn group(&self) -> Option<GroupRef> {
        self.group
    }

    /// It belongs to a group.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub(crate) const fn set_group(&mut self, group: GroupRef) {
        self.group = Some(group);
    }

    #[inline(always)]
    pub(crate) fn completion(&self) -> Option<CompletionRef> {
        self.completion
    }
}

/// The function of a job, with its state.
///
/// A job never runs on two workers at once, so `run` has the state to itself.
pub trait Run: Send {
    /// Runs the job once, on a worker, outside every lock. It may block, submit and cancel jobs, its own included. It
    /// has the stack of the worker, and that worker's thread for as long as it takes.
    fn run(&mut self, ctx: &Ctx<'_>) -> Code;
}

/// A plain function, for jobs without state. It always answers 0.
impl Run for fn(&Ctx<'_>) {
    #[inline(always)]
    fn run(&mut self, ctx: &Ctx<'_>) -> Code {
        self(ctx);
        0
    }
}

/// A job: a unit of work that its owner keeps, with the links that put it into a queue.
///
/// Handing it over never allocates and never fails for lack of room. On a 32-bit machine it takes 40 bytes and its
/// state: 44 for a plain function. `CONFIG_TASKPOOL_WAIT`, `CONFIG_TASKPOOL_STATS`, `CONFIG_TASKPOOL_BUDGETS`,
/// `CONFIG_TASKPOOL_GROUPS` and `CONFIG_TASKPOOL_SUBMIT_SITE` add 4 bytes each.
#[repr(C)]
pub struct Job<T: Run = fn(&Ctx<'_>)> {
    header: Header,
    state: UnsafeCell<T>,
}

// SAFETY: the header is `Sync`. The state is only touched by `run_job`, which the state machine keeps to one worker at
// a time (Queued to Running happens under the lock, and a Running job is never queued), so `Send` suffices.
unsafe impl<T: Run> Sync for Job<T> {}

impl<T: Run> Job<T> {
    /// A job that is Idle.
    pub const fn new(state: T) -> Self {
        Job {
            header: Header::new(run_job::<T>),
            state: UnsafeCell::new(state),
        }
    }

    /// An Idle job with a completion, which is told the outcome of every accepted submission.
    pub const fn with_completion<C: Complete>(state: T, completion: &'static OnEnd<C>) -> Self {
        let mut job = Self::new(state);
        job.header.completion = Some(completion.reference());
        job
    }

    /// From now on a shutdown of its pool discards the job before it runs, however the others end.
    pub const fn discard_on_shutdown(&mut self) {
        self.header.discard_on_shutdown();
    }

    /// From now on the job has this name and budget.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub const fn set_about(&mut self, about: &'static About) {
        self.header.set_about(about);
    }

    /// From now on the job belongs to this group, of which only so many run at once.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub const fn set_group(&mut self, group: &'static Group) {
        self.header.set_group(group.reference());
    }

    /// From now on the job waits at this level: the higher, the sooner it is taken.
    ///
    /// # Panics
    ///
    /// When there is no such level. In a constant that is a build error.
    pub const fn set_first_level(&mut self, level: u8) {
        self.header.set_first_level(level);
    }

    /// The reference that the pool keeps while the job is under way.
    #[inline(always)]
    pub fn reference(&'static self) -> JobRef {
        // SAFETY: a `&'static Job` lives for ever, nobody can have a `&mut` to it, and the pointer covers the whole
        // job, of which `Header` is the first field (`repr(C)`).
        unsafe { Ref::new(NonNull::from(self).cast()) }
    }
}

/// Goes from the header back to the job and runs it with its state.
///
/// # Safety
///
/// `job` was made from a whole `Job<T>`, and the caller is the one worker that moved it to Running.
unsafe fn run_job<T: Run>(ctx: &Ctx<'_>, job: JobRef) -> Code {
    let job = job.as_ptr().cast::<Job<T>>();
    // SAFETY: `job` points at a live `Job<T>` (`Ref::new`'s promise and this function's).
    let state = unsafe { UnsafeCell::raw_get(&raw const (*job).state) };
    // SAFETY: only the worker that moved the job to Running is here, and it leaves before the job can be taken again.
    unsafe { &mut *state }.run(ctx)
}

/// What a running job knows about its run.
///
/// A worker has one on its stack for all of its life, since half of it never changes. All but
/// [`cancelled`](Ctx::cancelled) read what is there: no lock section, O(1).
pub struct Ctx<'run> {
    /// The run; `None` before the worker's first.
    run: Option<(JobRef, PoolRef)>,
    due: u64,
    worker: &'run Worker,
    cancelled: fn(JobRef) -> bool,
    /// Who feeds the watchdog of a run, and which worker's.
    #[cfg(CONFIG_TASKPOOL_WDT)]
    feed: (fn(WorkerRef), WorkerRef),
}

impl<'run> Ctx<'run> {
    #[inline(always)]
    pub(crate) fn new(worker: &'run WorkerRef, cancelled: fn(JobRef) -> bool, _feed: fn(WorkerRef)) -> Self {
        Ctx {
            run: None,
            due: 0,
            worker,
            cancelled,
            #[cfg(CONFIG_TASKPOOL_WDT)]
            feed: (_feed, *worker),
        }
    }

    /// The next run, for `enter`.
    #[inline(always)]
    pub(crate) fn prepare(&mut self, job: JobRef, pool: PoolRef, due: u64) {
        self.run = Some((job, pool));
        self.due = due;
    }

    /// What was prepared.
    pub(crate) fn prepared(&self) -> (JobRef, PoolRef, u64) {
        let (job, pool) = self.run();
        (job, pool, self.due)
    }

    /// Runs the job that was prepared. Only the shell calls it, once for each `Answer::Run`.
    #[inline(always)]
    pub(crate) fn enter(&mut self) -> (JobRef, Code) {
        let (job, _) = self.run();
        // SAFETY: `Header::new` was given the function that fits the whole job (`Job::new` and `Spawned::begin` pair
        // them), and the step that answered `Run` moved the job to Running for this worker alone.
        (job, unsafe { (job.run)(self, job) })
    }

    #[inline(always)]
    fn run(&self) -> (JobRef, PoolRef) {
        match self.run {
            Some(run) => run,
            None => broken(),
        }
    }
}

impl Ctx<'_> {
    /// Whether it is this job that runs. (Which one it is, nobody is told: a spawned job is gone soon after its run, and a
    /// reference to it must not outlive that.)
    pub fn runs(&self, job: JobRef) -> bool {
        self.run().0 == job
    }

    /// The pool that runs it: the one that it was submitted to.
    pub fn pool(&self) -> PoolRef {
        self.run().1
    }

    /// The number of the worker that runs it. A pool's own workers count from 0 up, to 63 (on the host 126); workers of
    /// the shared reserve from 255 down, to 192. In a thread that runs the job itself and is no worker, 128.
    pub fn worker(&self) -> u8 {
        self.worker.number()
    }

    /// The deadline of this run in ticks since boot, from 1 on, if it was deferred. Not the limit of a submission for a
    /// limited time.
    pub fn due(&self) -> Option<u64> {
        (self.due != 0).then_some(self.due)
    }

    /// What is said about the job that runs, if anything; for C.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    #[doc(hidden)]
    pub fn about(&self) -> Option<&'static About> {
        self.run().0.about()
    }

    /// The name of the job that runs, if it has one (`About`). No lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub fn name(&self) -> Option<&'static core::ffi::CStr> {
        self.about().and_then(About::name)
    }

    /// The number of the job that runs (`About`); 0 if it has none. No lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub fn id(&self) -> u32 {
        self.about().map_or(0, About::id)
    }

    /// The run has come to this point: what a report of an overrun says. It begins at 0. No lock section, one store.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    #[inline]
    pub fn set_control_point(&self, point: u32) {
        self.worker.set_control_point(point);
    }

    /// The control point that the run set last; 0 before.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub fn control_point(&self) -> u32 {
        self.worker.control_point()
    }

    /// Feeds the watchdog of this run, which then waits for a whole period again. Nothing, for a run that has none. As the
    /// system's watchdog: see the port.
    #[cfg(CONFIG_TASKPOOL_WDT)]
    pub fn feed(&self) {
        let (feed, worker) = self.feed;
        feed(worker);
    }

    /// Whether somebody has cancelled or aborted this run since it began. One lock section, O(1).
    pub fn cancelled(&self) -> bool {
        (self.cancelled)(self.run().0)
    }
}

impl fmt::Debug for Ctx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx")
            .field("run", &self.run)
            .field("worker", &self.worker())
            .field("due", &self.due())
            .finish_non_exhaustive()
    }
}
