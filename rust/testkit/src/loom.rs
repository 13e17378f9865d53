//! The loom port: at each lock the model checker decides which thread goes on, and so goes through all interleavings of
//! lock sections. It finds deadlocks, and accesses that the lock does not order.
//!
//! A [`Scene`] is one execution: its pools and jobs are new, and freed at its end. Threads that play workers end where
//! they would wait with no wake to come, once the scene is [closed](Scene::end); whatever they then left undone, because
//! the wake came later, is done by the main thread. Without a wake nothing is done, so a lost wake leaves a job behind.

use std::any::Any;
use std::cell::Cell;
use std::env;
use std::panic;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex as Plain};

use ::loom::cell::UnsafeCell;
use ::loom::sync::{Condvar, Mutex, MutexGuard};
use ::loom::thread::{self, JoinHandle, ThreadId};
use ::loom::{lazy_static, thread_local};
use taskpool_core::{
    Accepted, Cache, Caller, Cancel, Clock, Code, Complete, ControlError, CreateError, Ctx, DeferError, Group,
    GroupRef, Groups, Handle, Job, JobRef, Level, OnEnd, Outcome, Overrun, Phase, Pool, PoolRef, Port, Ref, Report,
    Reserve, Run, RunNowError, Scope, ScopeError, Shell, Shutdown, Signal, SignalRef, Slots, SpawnError, Status,
    SubmitError, WaitError, Worker, WorkerRef,
};

mod tasks;

pub use tasks::{C, E, T};

type Machine = Shell<Loom>;

/// So few that tests use them all.
const COUNT: usize = 2;

/// The port. Its state belongs to the execution; loom makes it anew for each.
#[derive(Clone, Copy, Debug)]
pub struct Loom;

lazy_static! {
    static ref LOCK: Mutex<()> = Mutex::new(());
    static ref CLOCK: Mutex<u64> = Mutex::new(0);
    static ref TIMERS: Mutex<Vec<(PoolRef, u64)>> = Mutex::new(Vec::new());
    /// An expiry of a pool that was made at run time is over.
    static ref EXPIRED: Condvar = Condvar::new();
    /// Where pools are made at run time.
    static ref MEMORIES: Plain<Vec<&'static Memory>> = Plain::new(Vec::new());
    /// Jobs that are their owners' again. Their memory stays until the end, so that whoever touches one is found.
    static ref FREED: Plain<Vec<JobRef>> = Plain::new(Vec::new());
    static ref RESERVE: Reserve = Reserve::new();

    static ref GROUPS: Groups = Groups::new();
    static ref SLOTS: Slots<COUNT, { Loom::SLOT_SIZE }> = Slots::new();
    static ref CACHE: Cache = Cache::new(slots());
    /// Who holds the lock. Only asserted on, so loom need not know it.
    static ref HOLDER: Plain<Option<ThreadId>> = Plain::new(None);
    /// Signals stay until the end of the execution, so that whoever gives one too late is found.
    static ref SIGNALS: Plain<Vec<&'static Signalled>> = Plain::new(Vec::new());
}

fn slots() -> &'static Slots<COUNT, { Loom::SLOT_SIZE }> {
    &SLOTS
}

/// Stands for all that the lock protects: an access that the lock does not order with every other one is found, also where
/// they touch different objects.
struct All(UnsafeCell<()>);

// SAFETY: there is nothing in the cell.
unsafe impl Sync for All {}

lazy_static! {
    static ref ALL: All = All(UnsafeCell::new(()));
}

impl All {
    fn touch(&self, writes: bool) {
        if writes {
            self.0.with_mut(|_| ());
        } else {
            self.0.with(|_| ());
        }
    }
}

/// The machine reads or writes something that the lock protects; see `core/src/lock.rs`.
// SAFETY: nobody else has a function of this name.
#[unsafe(no_mangle)]
extern "Rust" fn taskpool_watch(what: *const (), writes: bool) {
    ALL.touch(writes);
    if let Some(memory) = Memory::of(what) {
        memory.check();
        memory.core.touch(writes);
    }
    let freed = |job: &JobRef| {
        let begin = job.as_ptr().cast_const().cast::<()>();
        (begin..begin.wrapping_byte_add(size_of_val(&**job))).contains(&what)
    };
    assert!(
        !FREED.lock().unwrap().iter().any(freed),
        "a job is touched that its completion has freed"
    );
}

/// Memory in which pools are made at run time, one after the other.
#[repr(C)]
struct Memory {
    pool: Pool,
    /// Stands for the pool in it: the owner, who writes there afterwards, does not take the lock.
    core: All,
    /// Stands for what is beside it, and is read without the lock: its name.
    name: All,
    /// No pool is there: it is the owner's.
    owned: AtomicBool,
    /// Expiries of its timer that are under way. Under the lock of `TIMERS`.
    expiries: AtomicU32,
}

impl Memory {
    /// The memory that something is part of.
    fn of(what: *const ()) -> Option<&'static Memory> {
        let within = |memory: &&&Memory| {
            let begin = std::ptr::from_ref(&memory.pool).cast::<()>();
            (begin..begin.wrapping_byte_add(size_of::<Pool>())).contains(&what)
        };
        MEMORIES.lock().unwrap().iter().find(within).copied()
    }

    fn of_pool(pool: PoolRef) -> Option<&'static Memory> {
        Self::of(pool.as_ptr().cast_const().cast())
    }

    /// The machine or the port touches it.
    fn check(&self) {
        let owned = self.owned.load(Relaxed);
        assert!(!owned, "a pool's memory is touched that is its owner's again");
    }
}

thread_local! {
    static CALLER: Cell<Caller> = Cell::new(Caller::Thread);
    /// The thread has waited for a signal.
    static HAD_TO_WAIT: Cell<bool> = Cell::new(false);
    /// What the thread does before it next waits for a signal.
    static BEFORE_WAIT: Cell<Option<Box<dyn FnOnce()>>> = Cell::new(None);
    /// The thread is preempted for ever after so many lock sections.
    static ABANDONED_AFTER: Cell<u32> = Cell::new(u32::MAX);
}

/// What unwinds an abandoned thread.
struct Abandoned;

/// A semaphore that tells whoever waits on it when nothing comes any more.
#[derive(Default)]
struct Semaphore {
    /// The count, and whether it is closed.
    state: Mutex<(u32, bool)>,
    changed: Condvar,
}

impl Semaphore {
    fn give(&self) {
        let mut state = self.state.lock().unwrap();
        state.0 += 1;
        assert!(state.0 == 1, "somebody is woken twice for one wait");
        self.changed.notify_one();
    }

    /// Waits, and answers whether it was given.
    fn take(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        while *state == (0, false) {
            state = self.changed.wait(state).unwrap();
        }
        let given = state.0 > 0;
        state.0 -= u32::from(given);
        given
    }

    fn try_take(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let given = state.0 > 0;
        state.0 -= u32::from(given);
        given
    }

    fn is_given(&self) -> bool {
        self.state.lock().unwrap().0 > 0
    }

    fn close(&self) {
        self.state.lock().unwrap().1 = true;
        self.changed.notify_one();
    }
}

/// A worker and what it waits on.
#[repr(C)]
struct Waked {
    worker: Worker,
    semaphore: Semaphore,
    /// It would have waited, and nothing came any more.
    ended: AtomicBool,
}

impl Waked {
    fn of(worker: WorkerRef) -> &'static Waked {
        // SAFETY: every worker of this port is the first field of a `Waked`, which the scene keeps.
        unsafe { &*worker.as_ptr().cast::<Waked>() }
    }
}

/// A signal and what it stands for.
#[repr(C)]
struct Signalled {
    signal: Signal,
    semaphore: Semaphore,
    gone: AtomicBool,
}

impl Signalled {
    fn of(signal: SignalRef) -> &'static Signalled {
        // SAFETY: `with_signal` made it, and it stays until the end of the execution.
        unsafe { &*signal.as_ptr().cast::<Signalled>() }
    }
}

fn demand_lock(what: &str) {
    let holder = *HOLDER.lock().unwrap();
    assert!(holder == Some(thread::current().id()), "{what} outside the lock");
}

fn demand_no_lock(what: &str) {
    let holder = *HOLDER.lock().unwrap();
    assert!(holder != Some(thread::current().id()), "{what} under the lock");
}

// SAFETY: `lock` is a mutex; what is called under it takes only other mutexes, each for a moment.
unsafe impl Port for Loom {
    type Key = MutexGuard<'static, ()>;

    /// So few that tests exhaust it.
    const EXPIRY_BATCH: u8 = 1;
    /// All: a pool that is made at run time stays until what is told of it has been told.
    const LEVEL: Option<Level> = Some(Level::Debug);
    const SLOT_SIZE: usize = 64;

    fn lock() -> Self::Key {
        demand_no_lock("the lock is taken");
        let lock: &'static Mutex<()> = &LOCK;
        let key = lock.lock().unwrap();
        *HOLDER.lock().unwrap() = Some(thread::current().id());
        key
    }

    fn unlock(key: Self::Key) {
        *HOLDER.lock().unwrap() = None;
        drop(key);
        let left = ABANDONED_AFTER.with(|left| {
            left.set(left.get().saturating_sub(1));
            left.get()
        });
        if left == 0 {
            // Without the panic hook: nothing is wrong.
            panic::resume_unwind(Box::new(Abandoned));
        }
    }

    fn now() -> u64 {
        *CLOCK.lock().unwrap()
    }

    fn reserve() -> Option<&'static Reserve> {
        let reserve: &'static Reserve = &RESERVE;
        Some(reserve)
    }

    fn groups() -> &'static Groups {
        &GROUPS
    }

    fn cache() -> Option<&'static Cache> {
        let cache: &'static Cache = &CACHE;
        Some(cache)
    }

    fn wake(worker: WorkerRef) {
        demand_lock("a worker is woken");
        Waked::of(worker).semaphore.give();
    }

    fn lend(worker: WorkerRef, _: PoolRef, _: bool) {
        demand_lock("a worker is lent");
        Waked::of(worker).semaphore.give();
    }

    fn keep(_: WorkerRef, _: PoolRef, _: bool) {
        demand_lock("a worker is lent");
    }

    fn join(_: WorkerRef, _: PoolRef) {
        demand_lock("a worker goes to another pool");
    }

    fn set_level(_: WorkerRef, _: PoolRef, _: u8) {
        demand_lock("a worker's priority changes");
    }

    fn unlock_and_switch(key: Self::Key) {
        Self::unlock(key);
    }

    fn park(worker: WorkerRef) {
        demand_no_lock("a worker waits");
        let worker = Waked::of(worker);
        worker.ended.store(!worker.semaphore.take(), Relaxed);
    }

    fn arm(pool: PoolRef, deadline: u64) {
        demand_lock("a timer is started");
        if let Some(memory) = Memory::of_pool(pool) {
            // The timer is there.
            memory.check();
        }
        let mut timers = TIMERS.lock().unwrap();
        timers.retain(|(armed, _)| *armed != pool);
        timers.push((pool, deadline));
    }

    fn caller() -> Caller {
        CALLER.with(Cell::get)
    }

    fn with_signal<R>(body: impl FnOnce(SignalRef) -> R) -> R {
        let whole: &'static Signalled = Box::leak(Box::new(Signalled {
            signal: Signal::new(),
            semaphore: Semaphore::default(),
            gone: AtomicBool::new(false),
        }));
        SIGNALS.lock().unwrap().push(whole);
        // SAFETY: it stays until the end of the execution; the pointer covers all of it, and `Signal` is its first field.
        let answer = body(unsafe { Ref::new(NonNull::from(whole).cast()) });
        whole.gone.store(true, Relaxed);
        answer
    }

    fn give(signal: SignalRef) {
        demand_no_lock("a signal is given");
        let whole = Signalled::of(signal);
        assert!(!whole.gone.load(Relaxed), "a signal is given that is gone");
        whole.semaphore.give();
    }

    /// A time that is up is up at any moment: this one, whenever the checker lets it come.
    fn take(signal: SignalRef, deadline: Option<u64>) -> bool {
        demand_no_lock("a thread waits");
        HAD_TO_WAIT.with(|waited| waited.set(true));
        if let Some(body) = BEFORE_WAIT.with(Cell::take) {
            body();
        }
        let semaphore = &Signalled::of(signal).semaphore;
        match deadline {
            None => semaphore.take(),
            Some(_) => semaphore.try_take(),
        }
    }

    // No job of these executions has a budget.
    fn watch(_: WorkerRef, _: u64) {}

    fn unwatch(_: WorkerRef) {}

    fn overrun(_: &Overrun) {}

    fn report(report: Report) {
        demand_no_lock("a report is made");
        let (pool, _) = report.words();
        if let Some(memory) = Memory::of_pool(pool) {
            memory.check();
            memory.name.touch(false);
        }
    }
}

/// What has been seen of a job. The threads only write it.
#[derive(Default)]
struct Seen {
    accepted: AtomicU32,
    runs: AtomicU32,
    cancelled: AtomicU32,
    /// Submissions that were aborted and did not run.
    aborted: AtomicU32,
    /// Other threads look at it meanwhile, so it is one of loom's.
    told: Mutex<Vec<Outcome>>,
}

/// A job of the scene.
#[derive(Clone, Copy)]
pub struct J {
    reference: JobRef,
    seen: &'static Seen,
    with_completion: bool,
}

/// A pool of the scene.
#[derive(Clone, Copy)]
pub struct P {
    reference: PoolRef,
    own: u8,
}

/// A worker of the scene.
#[derive(Clone, Copy)]
pub struct W(WorkerRef);

/// A job's state, which only one run at a time may touch, and only after the one before.
struct Script<F> {
    alone: UnsafeCell<()>,
    seen: &'static Seen,
    script: F,
}

// SAFETY: what is in the cell is nothing.
unsafe impl<F: Send> Send for Script<F> {}

impl<F: FnMut(&Ctx<'_>) + Send> Run for Script<F> {
    fn run(&mut self, ctx: &Ctx<'_>) -> Code {
        if let Some(due) = ctx.due() {
            assert!(due <= Loom::now(), "a job runs before its deadline");
        }
        let (seen, script) = (self.seen, &mut self.script);
        self.alone.with_mut(|_| script(ctx));
        seen.runs.fetch_add(1, Relaxed) as Code
    }
}

/// A completion that remembers what it was told, then does what its sequel says.
struct Told<F> {
    seen: &'static Seen,
    sequel: F,
}

impl<F: Fn(Outcome) + Sync> Complete for Told<F> {
    fn complete(&self, outcome: Outcome) {
        self.seen.told.lock().unwrap().push(outcome);
        (self.sequel)(outcome);
    }
}

/// What became of a place.
struct Fate {
    touched: All,
    touches: AtomicU32,
    drops: AtomicU32,
}

/// Something that nobody touches but after whoever did before.
#[derive(Clone, Copy)]
pub struct Place(&'static Fate);

/// A group of the scene.
#[derive(Clone, Copy, Debug)]
pub struct G(GroupRef);

impl G {
    fn group(self) -> &'static Group {
        // SAFETY: kept until the end of the execution.
        unsafe { &*self.0.as_ptr() }
    }

    /// Places that are taken, and jobs that are held.
    pub fn counts(self) -> (u16, u32) {
        let found = Machine::check_group(self.0);
        (found.active, found.held)
    }

    /// Changes how many of its jobs run at once.
    pub fn set_limit(self, limit: u16) {
        Machine::set_limit(self.0, limit).unwrap();
    }
}

impl Place {
    /// Does something there.
    pub fn touch(self) {
        self.0.touched.0.with_mut(|_| ());
        self.0.touches.fetch_add(1, Relaxed);
    }

    /// How often it has been touched, up to now.
    pub fn touches(self) -> u32 {
        self.0.touched.0.with(|_| ());
        self.0.touches.load(Relaxed)
    }
}

/// A capture or a result of a closure. It is dropped once, which touches its place.
pub struct Piece(Place);

impl Piece {
    /// Where it is.
    pub fn place(&self) -> Place {
        self.0
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        demand_no_lock("something is dropped");
        self.0.touch();
        self.0 .0.drops.fetch_add(1, Relaxed);
    }
}

impl J {
    fn accept(self, accepted: Accepted) {
        if accepted != Accepted::Moved {
            self.seen.accepted.fetch_add(1, Relaxed);
        }
    }

    /// Submits it.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit(self, pool: P) -> Result<Accepted, SubmitError> {
        Machine::submit(pool.reference, self.reference).inspect(|accepted| self.accept(*accepted))
    }

    /// Submits it for a deadline.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit_at(self, pool: P, deadline: u64) -> Result<Accepted, DeferError> {
        Machine::submit_at(pool.reference, self.reference, deadline).inspect(|accepted| self.accept(*accepted))
    }

    /// Submits it for later.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit_after(self, pool: P, delay: u64) -> Result<Accepted, DeferError> {
        Machine::submit_after(pool.reference, self.reference, delay).inspect(|accepted| self.accept(*accepted))
    }

    /// Submits it, to run before so many ticks have passed. It has a completion, so that the scene knows whether it did.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit_within(self, pool: P, within: u64) -> Result<Accepted, DeferError> {
        Machine::submit_within(pool.reference, self.reference, within).inspect(|accepted| self.accept(*accepted))
    }

    /// Runs it in the calling thread.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn run_now(self, pool: P) -> Result<Outcome, RunNowError> {
        Machine::run_now(pool.reference, self.reference).inspect(|_| self.accept(Accepted::New))
    }

    /// Submits it from a thread that is preempted for ever after its lock section.
    pub fn abandon_submit(self, pool: P) {
        self.abandon(|| _ = Machine::submit(pool.reference, self.reference));
    }

    /// Submits it for later, from a thread that is preempted for ever after its lock section.
    pub fn abandon_submit_after(self, pool: P, delay: u64) {
        self.abandon(|| _ = Machine::submit_after(pool.reference, self.reference, delay));
    }

    /// Submits it for a time, from a thread that is preempted for ever after its lock section.
    pub fn abandon_submit_at(self, pool: P, deadline: u64) {
        self.abandon(|| _ = Machine::submit_at(pool.reference, self.reference, deadline));
    }

    /// Submits it urgently, from a thread that is preempted for ever after its lock section.
    pub fn abandon_submit_urgent(self, pool: P) {
        self.abandon(|| _ = Machine::submit_urgent(pool.reference, self.reference));
    }

    /// Cancels it, from a thread that is preempted for ever after its lock section. It is under way, and has no
    /// completion, which would never be told.
    pub fn abandon_cancel(self) {
        abandon(|| _ = Machine::cancel(self.reference));
        self.seen.cancelled.fetch_add(1, Relaxed);
    }

    /// For a submission that is accepted.
    fn abandon(self, submit: impl FnOnce()) {
        abandon(submit);
        self.accept(Accepted::New);
    }

    /// Cancels it.
    pub fn cancel(self) -> Cancel {
        let cancel = Machine::cancel(self.reference);
        self.seen.cancelled.fetch_add(unrun(cancel).into(), Relaxed);
        cancel
    }

    /// Aborts it.
    pub fn abort(self) -> Cancel {
        let abort = Machine::abort(self.reference);
        self.seen.aborted.fetch_add(unrun(abort).into(), Relaxed);
        abort
    }

    /// Waits for it. With a deadline, the time may be up at any moment.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn wait(self, deadline: Option<u64>) -> Result<Outcome, WaitError> {
        Machine::wait(self.reference, deadline)
    }

    /// Cancels it, and waits for its run. It has one submission.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn cancel_and_wait(self) -> Result<Outcome, WaitError> {
        let answer = Machine::cancel_and_wait(self.reference, None);
        let one = answer == Ok(Outcome::Cancelled);
        self.seen.cancelled.fetch_add(one.into(), Relaxed);
        answer
    }

    /// Where it is.
    pub fn status(self) -> Status {
        Machine::status(self.reference)
    }

    /// Its completion has freed it: nobody touches it any more.
    pub fn free(self) {
        FREED.lock().unwrap().push(self.reference);
    }

    fn is_freed(&self) -> bool {
        FREED.lock().unwrap().contains(&self.reference)
    }

    /// How often it has run.
    pub fn runs(self) -> u32 {
        self.seen.runs.load(Relaxed)
    }

    /// What its completion has been told.
    pub fn told(self) -> Vec<Outcome> {
        self.seen.told.lock().unwrap().clone()
    }
}

/// Whether a submission has ended without having run.
fn unrun(cancel: Cancel) -> bool {
    match cancel {
        Cancel::Cancelled => true,
        Cancel::Running { resubmission_cancelled } => resubmission_cancelled,
        Cancel::Idle => false,
    }
}

/// Does `body` on a thread that is preempted for ever after its first lock section.
fn abandon(body: impl FnOnce()) {
    ABANDONED_AFTER.with(|left| left.set(1));
    let Err(payload) = panic::catch_unwind(panic::AssertUnwindSafe(body)) else {
        panic!("it has a lock section");
    };
    if !payload.is::<Abandoned>() {
        panic::resume_unwind(payload);
    }
    ABANDONED_AFTER.with(|left| left.set(u32::MAX));
}

impl P {
    /// Whether its memory is not the owner's.
    fn is_there(self) -> bool {
        Memory::of_pool(self.reference).is_none_or(|memory| !memory.owned.load(Relaxed))
    }

    /// Holds it.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn hold(self) -> Result<(), ControlError> {
        Machine::hold(self.reference)
    }

    /// Pauses it.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn pause(self, clock: Clock) -> Result<(), ControlError> {
        Machine::pause(self.reference, clock)
    }

    /// Lets it go.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn release(self) -> Result<(), ControlError> {
        Machine::release_pool(self.reference)
    }

    /// Lets it go, from a thread that is preempted for ever after its lock section.
    pub fn abandon_release(self) {
        abandon(|| _ = Machine::release_pool(self.reference));
    }

    /// Makes it, in memory where no pool is.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn create(self, max: u8) -> Result<(), CreateError> {
        let memory = Memory::of_pool(self.reference).expect("it is made at run time");
        memory.owned.store(false, Relaxed);
        Machine::create(self.reference, max, || memory.name.touch(true))
    }

    /// Shuts it down, and ends its timer as `taskpool_destroy` does. The memory is the owner's then, who uses it for
    /// something else at once.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn destroy(self, how: Shutdown, deadline: Option<u64>) -> Result<(), ControlError> {
        self.shutdown(how, deadline)?;
        let memory = Memory::of_pool(self.reference).expect("it is made at run time");
        {
            let mut timers = TIMERS.lock().unwrap();
            timers.retain(|(armed, _)| *armed != self.reference);
            while memory.expiries.load(Relaxed) > 0 {
                timers = EXPIRED.wait(timers).unwrap();
            }
        }
        memory.core.touch(true);
        memory.name.touch(true);
        memory.owned.store(true, Relaxed);
        // SAFETY: nobody touches it any more, or `check` says so.
        unsafe { self.reference.as_ptr().write(Pool::unmade()) };
        Ok(())
    }

    /// Shuts it down. With a deadline, the time may be up at any moment. Its jobs have completions, so that the scene
    /// knows which of them were discarded.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn shutdown(self, how: Shutdown, deadline: Option<u64>) -> Result<(), ControlError> {
        Machine::shutdown(self.reference, how, deadline)
    }

    /// Spawns a closure.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn spawn<F, T>(self, closure: F) -> Result<Handle<Loom, T>, SpawnError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Machine::spawn(self.reference, 0, closure)
    }

    /// Opens a scope.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn scope<'env, R>(
        self,
        body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env, Loom>) -> R,
    ) -> Result<R, ScopeError> {
        Machine::scope(self.reference, body)
    }

    /// Starts it again.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn restart(self) -> Result<(), ControlError> {
        Machine::restart(self.reference)
    }
}

/// One execution.
pub struct Scene {
    kept: Vec<*mut dyn Any>,
    pools: Vec<P>,
    jobs: Vec<J>,
    tasks: Vec<T>,
    pieces: Vec<Place>,
    workers: Vec<WorkerRef>,
    groups: Vec<G>,
    threads: Vec<JoinHandle<()>>,
}

/// Goes through the interleavings of what `body` starts, with at most so many preemptions, or all.
///
/// `TASKPOOL_PREEMPTIONS` raises a bound.
pub fn explore(bound: Option<usize>, body: impl Fn(&mut Scene) + Send + Sync + 'static) {
    let executions = Arc::new(AtomicUsize::new(0));
    let counted = executions.clone();
    let asked = env::var("TASKPOOL_PREEMPTIONS").map_or(0, |n| n.parse().expect("TASKPOOL_PREEMPTIONS is a number"));
    let mut builder = ::loom::model::Builder::new();
    builder.max_branches = 10_000;
    builder.preemption_bound = bound.map(|bound| bound.max(asked));
    builder.check(move || {
        counted.fetch_add(1, Relaxed);
        let mut scene = Scene {
            kept: Vec::new(),
            pools: Vec::new(),
            jobs: Vec::new(),
            tasks: Vec::new(),
            pieces: Vec::new(),
            workers: Vec::new(),
            groups: Vec::new(),
            threads: Vec::new(),
        };
        body(&mut scene);
        scene.end();
    });
    println!("{} executions", executions.load(Relaxed));
}

impl Scene {
    /// Keeps something for as long as the execution lasts.
    fn keep<T: 'static>(&mut self, value: T) -> &'static T {
        let pointer = Box::into_raw(Box::new(value));
        self.kept.push(pointer);
        // SAFETY: it is freed when the scene is dropped, and nobody uses it afterwards: the threads have been joined.
        unsafe { &*pointer }
    }

    fn keep_worker(&mut self, worker: Worker) -> WorkerRef {
        let whole = self.keep(Waked {
            worker,
            semaphore: Semaphore::default(),
            ended: AtomicBool::new(false),
        });
        // SAFETY: kept; the pointer covers all of it, and `Worker` is its first field.
        let worker = unsafe { Ref::new(NonNull::from(whole).cast()) };
        self.workers.push(worker);
        worker
    }

    /// Adds a worker to the reserve. Before any pool is made.
    pub fn reserve(&mut self) -> W {
        let worker = self.keep_worker(Worker::reserve(0));
        Machine::add_reserve(worker);
        W(worker)
    }

    /// A pool with `N` workers of its own, and with borrowed ones `max`, which waits for its start.
    pub fn pool_before_start<const N: usize>(&mut self, max: u8) -> (P, [W; N]) {
        let reference = self.keep(Pool::new(max)).reference();
        let mut next = None;
        let mut workers = [0; N].map(|_| {
            let worker = self.keep_worker(Worker::own(reference, 0, next));
            next = Some(worker);
            W(worker)
        });
        workers.reverse();
        let pool = P {
            reference,
            own: N as u8,
        };
        self.pools.push(pool);
        (pool, workers)
    }

    /// Starts a pool.
    pub fn start<const N: usize>(pool: P, workers: [W; N]) {
        Machine::start(pool.reference, workers[0].0, N as u8);
    }

    /// A pool that runs.
    pub fn pool<const N: usize>(&mut self, max: u8) -> (P, [W; N]) {
        let (pool, workers) = self.pool_before_start(max);
        Self::start(pool, workers);
        (pool, workers)
    }

    /// Memory for a pool that is made at run time.
    pub fn no_pool(&mut self) -> P {
        let memory = self.keep(Memory {
            pool: Pool::unmade(),
            core: All(UnsafeCell::new(())),
            name: All(UnsafeCell::new(())),
            owned: AtomicBool::new(true),
            expiries: AtomicU32::new(0),
        });
        MEMORIES.lock().unwrap().push(memory);
        // SAFETY: kept; the pointer covers all of it, and `Pool` is its first field.
        let reference = unsafe { Ref::new(NonNull::from(memory).cast()) };
        let pool = P { reference, own: 0 };
        self.pools.push(pool);
        pool
    }

    /// A pool that is made at run time.
    pub fn runtime_pool(&mut self, max: u8) -> P {
        let pool = self.no_pool();
        pool.create(max).unwrap();
        pool
    }

    /// A job that does this when it runs.
    pub fn job(&mut self, script: impl FnMut(&Ctx<'_>) + Send + 'static) -> J {
        self.job_knowing(|_| script)
    }

    /// A group of which so many jobs run at once. At the end of the scene none has a place, or is held.
    pub fn group(&mut self, limit: u16) -> G {
        let group = G(self.keep(Group::new(limit)).reference());
        self.groups.push(group);
        group
    }

    /// A job of a group that does this when it runs, and is told its end.
    pub fn job_in_group(&mut self, group: G, script: impl FnMut(&Ctx<'_>) + Send + 'static) -> J {
        let (seen, me) = (self.keep(Seen::default()), self.keep(Plain::new(None)));
        let completion = self.keep(OnEnd::new(Told { seen, sequel: |_| {} }));
        let mut job = Job::with_completion(self.script(seen, script), completion);
        job.set_group(group.group());
        let reference = self.keep(job).reference();
        self.add_job(me, reference, seen, true)
    }

    /// As [`job_in_group`](Scene::job_in_group), without a completion.
    pub fn quiet_job_in_group(&mut self, group: G, script: impl FnMut(&Ctx<'_>) + Send + 'static) -> J {
        let (seen, me) = (self.keep(Seen::default()), self.keep(Plain::new(None)));
        let mut job = Job::new(self.script(seen, script));
        job.set_group(group.group());
        let reference = self.keep(job).reference();
        self.add_job(me, reference, seen, false)
    }

    /// A job that does this when it runs, and knows itself.
    pub fn job_knowing<F: FnMut(&Ctx<'_>) + Send + 'static>(&mut self, script: impl FnOnce(Myself) -> F) -> J {
        let (seen, me) = (self.keep(Seen::default()), self.keep(Plain::new(None)));
        let script = self.script(seen, script(Myself(me)));
        let reference = self.keep(Job::new(script)).reference();
        self.add_job(me, reference, seen, false)
    }

    /// A job that does this when it runs, and this when its end is told.
    pub fn job_with_completion<F, G>(&mut self, script: F, sequel: G) -> J
    where
        F: FnMut(&Ctx<'_>) + Send + 'static,
        G: Fn(Outcome) + Sync + 'static,
    {
        self.job_with_completion_knowing(|_| script, |_| sequel)
    }

    /// A job that does this when it runs, and this when its end is told, and knows itself.
    pub fn job_with_completion_knowing<F, G>(
        &mut self,
        script: impl FnOnce(Myself) -> F,
        sequel: impl FnOnce(Myself) -> G,
    ) -> J
    where
        F: FnMut(&Ctx<'_>) + Send + 'static,
        G: Fn(Outcome) + Sync + 'static,
    {
        let (seen, me) = (self.keep(Seen::default()), self.keep(Plain::new(None)));
        let completion = self.keep(OnEnd::new(Told {
            seen,
            sequel: sequel(Myself(me)),
        }));
        let script = self.script(seen, script(Myself(me)));
        let reference = self.keep(Job::with_completion(script, completion)).reference();
        self.add_job(me, reference, seen, true)
    }

    fn script<F>(&self, seen: &'static Seen, script: F) -> Script<F> {
        Script {
            alone: UnsafeCell::new(()),
            seen,
            script,
        }
    }

    fn add_job(
        &mut self,
        me: &'static Plain<Option<J>>,
        reference: JobRef,
        seen: &'static Seen,
        with_completion: bool,
    ) -> J {
        let job = J {
            reference,
            seen,
            with_completion,
        };
        *me.lock().unwrap() = Some(job);
        self.jobs.push(job);
        job
    }

    /// Something to touch.
    pub fn place(&mut self) -> Place {
        Place(self.keep(Fate {
            touched: All(UnsafeCell::new(())),
            touches: AtomicU32::new(0),
            drops: AtomicU32::new(0),
        }))
    }

    /// Something for a closure to capture or to answer.
    pub fn piece(&mut self) -> Piece {
        let place = self.place();
        self.pieces.push(place);
        Piece(place)
    }

    /// A closure that answers a piece, and the places of what it captures and answers.
    pub fn closure(&mut self) -> (impl FnOnce() -> Piece + Send + 'static, [Place; 2]) {
        let (capture, result) = (self.piece(), self.piece());
        let places = [capture.place(), result.place()];
        let closure = move || {
            capture.place().touch();
            result
        };
        (closure, places)
    }

    /// The calling thread is this worker, until it would wait for what has not come.
    pub fn work_here(worker: W) {
        let before = CALLER.with(Cell::get);
        Waked::of(worker.0).semaphore.close();
        work(worker.0);
        CALLER.with(|caller| caller.set(before));
    }

    /// Starts the thread of a worker.
    pub fn work(&mut self, worker: W) {
        self.threads.push(thread::spawn(move || work(worker.0)));
    }

    /// Waits for the clock interrupt, at a moment of its choice: the time is `now`, and all timers that are due expire.
    pub fn interrupt(now: u64) {
        let before = CALLER.with(|caller| caller.replace(Caller::Interrupt));
        {
            let mut clock = CLOCK.lock().unwrap();
            *clock = now.max(*clock);
        }
        loop {
            let due = {
                let mut timers = TIMERS.lock().unwrap();
                let index = timers.iter().position(|(_, deadline)| *deadline <= now);
                let due = index.map(|index| timers.swap_remove(index).0);
                if let Some(memory) = due.and_then(Memory::of_pool) {
                    memory.expiries.fetch_add(1, Relaxed);
                }
                due
            };
            let Some(pool) = due else { break };
            Machine::expire(pool);
            if let Some(memory) = Memory::of_pool(pool) {
                let _timers = TIMERS.lock().unwrap();
                memory.expiries.fetch_sub(1, Relaxed);
                EXPIRED.notify_one();
            }
        }
        CALLER.with(|caller| caller.set(before));
    }

    /// The time.
    pub fn now() -> u64 {
        Loom::now()
    }

    /// The calling thread does `body` when it next waits for a signal, before it does.
    pub fn before_wait(body: impl FnOnce() + 'static) {
        BEFORE_WAIT.with(|before| before.set(Some(Box::new(body))));
    }

    /// Whether the calling thread has waited for a signal.
    pub fn had_to_wait() -> bool {
        HAD_TO_WAIT.with(Cell::get)
    }

    /// What a pool's timer is armed for.
    pub fn timer(pool: P) -> Option<u64> {
        let timers = TIMERS.lock().unwrap();
        timers.iter().find(|(of, _)| *of == pool.reference).map(|(_, at)| *at)
    }

    /// Lets everything come to rest at the present time, whatever is deferred. Nothing is submitted by other threads
    /// any more.
    pub fn settle(&mut self) {
        for worker in &self.workers {
            Waked::of(*worker).semaphore.close();
        }
        for thread in self.threads.drain(..) {
            thread.join().unwrap();
        }
        while let Some(worker) = self
            .workers
            .iter()
            .find(|worker| Waked::of(**worker).semaphore.is_given())
        {
            work(*worker);
        }
        CALLER.with(|caller| caller.set(Caller::Thread));
        self.check_timers();
    }

    /// In a pool that runs, the timer is never armed for later than the earliest deadline.
    fn check_timers(&self) {
        let mut held = false;
        for pool in self.pools.iter().filter(|pool| pool.is_there()) {
            let found = Machine::check(pool.reference);
            held |= found.held;
            assert!(
                !found.overdue || found.queued > 0,
                "nobody comes to see an overdue pool"
            );
            if let Some(armed) = found.armed {
                assert!(
                    Self::timer(*pool) == Some(armed),
                    "the timer is not what it is armed for"
                );
            }
        }
        let timers = TIMERS.lock().unwrap().clone();
        for job in self.jobs.iter().filter(|job| !job.is_freed()) {
            if let Status::Deferred { deadline } = job.status() {
                // For a held pool no timer is armed, and nobody asks a job for its pool.
                assert!(
                    held || timers.iter().any(|(_, armed)| *armed <= deadline),
                    "a job is due at {deadline}, and the timers are {timers:?}"
                );
            }
        }
    }

    /// Lets everything come to its end, however late it is due, and checks that every submission had one outcome.
    fn end(&mut self) {
        self.settle();
        loop {
            let next = TIMERS.lock().unwrap().iter().map(|(_, deadline)| *deadline).min();
            let Some(next) = next else { break };
            Self::interrupt(next);
            self.settle();
        }
        for job in &self.jobs {
            if !job.is_freed() {
                let status = job.status();
                assert!(status == Status::Idle, "a job was forgotten: it is {status:?}");
            }
            let seen = job.seen;
            let [accepted, cancelled, aborted] =
                [&seen.accepted, &seen.cancelled, &seen.aborted].map(|count| count.load(Relaxed));
            let told = job.told();
            let count = |outcome: fn(&&Outcome) -> bool| told.iter().filter(outcome).count() as u32;
            let discarded = count(|told| **told == Outcome::Discarded);
            let timed_out = count(|told| **told == Outcome::TimedOut);
            assert!(
                accepted == job.runs() + cancelled + aborted + discarded + timed_out,
                "{accepted} submissions, {} runs, {cancelled} cancellations, {aborted} aborted without a run, \
                 {discarded} discarded, {timed_out} timed out",
                job.runs()
            );
            if job.with_completion {
                // A run that was aborted goes on.
                let ran = count(|told| matches!(told, Outcome::Done(_) | Outcome::Aborted));
                let told_cancelled = count(|told| **told == Outcome::Cancelled);
                assert!(
                    told.len() == accepted as usize && ran == job.runs() + aborted && told_cancelled == cancelled,
                    "{accepted} submissions, {} runs, {aborted} aborted without a run, and told {told:?}",
                    job.runs()
                );
            }
        }
        for task in &self.tasks {
            task.end();
        }
        for (number, piece) in self.pieces.iter().enumerate() {
            let drops = piece.0.drops.load(Relaxed);
            assert!(drops == 1, "piece {number} is dropped {drops} times");
        }
        for group in &self.groups {
            assert!(
                group.counts() == (0, 0),
                "a group has places that are taken, or jobs that are held: {:?}",
                group.counts()
            );
        }
        let cache = Machine::check_cache();
        assert!(cache.used == 0, "slots were not given back: {cache:?}");
        let reserve = self.workers.iter().filter(|worker| worker.is_reserve()).count();
        assert!(
            usize::from(Machine::check_reserve()) == reserve,
            "a worker did not come back to the reserve"
        );
        for pool in self.pools.iter().filter(|pool| pool.is_there()) {
            let found = Machine::check(pool.reference);
            assert!(
                found.queued == 0 && found.deferred == 0,
                "jobs were forgotten: {found:?}"
            );
            assert!(found.workers == pool.own, "a worker did not go back: {found:?}");
            assert!(
                found.idle == pool.own,
                "a worker waits, and is not among the idle: {found:?}"
            );
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for pointer in self.kept.drain(..) {
            // SAFETY: `keep` made it from a box; see there for who used it.
            drop(unsafe { Box::from_raw(pointer) });
        }
        for signal in SIGNALS.lock().unwrap().drain(..) {
            // SAFETY: `with_signal` made it from a box, and all threads that used it have been joined.
            drop(unsafe { Box::from_raw(std::ptr::from_ref(signal).cast_mut()) });
        }
    }
}

/// The job that a script or a sequel belongs to.
#[derive(Clone, Copy)]
pub struct Myself(&'static Plain<Option<J>>);

impl Myself {
    /// The job.
    pub fn job(self) -> J {
        self.0.lock().unwrap().expect("a job is made before it runs")
    }
}

/// The life of a worker, until it would wait for what does not come.
fn work(worker: WorkerRef) {
    CALLER.with(|caller| caller.set(Caller::Worker(worker)));
    let mut phase = Phase::Parked;
    loop {
        let parked = phase == Phase::Parked;
        phase = Machine::advance(worker, phase);
        if parked && Waked::of(worker).ended.load(Relaxed) {
            return;
        }
    }
}
