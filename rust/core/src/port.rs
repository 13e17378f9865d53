//! What the pool needs of an operating system.

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
use crate::budget::Overrun;
use crate::job::{Cache, Caller, SignalRef};
use crate::pool::{Groups, PoolRef, Reserve, WorkerRef};
use crate::report::{Level, Report};

/// An operating system, as the pool sees it. A type, not a value: a program has one.
///
/// # Safety
///
/// `lock` gives what it says, and so does `cache`; everything that is called "under the lock" returns with the lock still held. A program uses
/// a job, pool, worker or reserve with one port only: each port has its own lock.
pub unsafe trait Port {
    /// What `unlock` needs to undo `lock`: the interrupt state, or a guard.
    type Key;

    /// The clock interrupt moves at most so many due jobs while no worker takes them. At least 1.
    const EXPIRY_BATCH: u8;

    /// Reports below this level don't exist; `None` for no reports.
    const LEVEL: Option<Level>;

    /// Takes the module's lock: until `unlock`, no other context, thread or interrupt, is between the two. Never nested.
    /// Callable everywhere.
    fn lock() -> Self::Key;

    /// Releases the lock. May be followed at once by interrupts and other threads.
    fn unlock(key: Self::Key);

    /// The time in ticks since boot. In the function of a kernel timer it may be the tick that is being announced, which
    /// lags behind the others'. Callable everywhere, under the lock too.
    fn now() -> u64;

    /// The reserve that the pools of this system share, if it has workers.
    fn reserve() -> Option<&'static Reserve>;

    /// Room in a slot of the cache for a closure, and for its result, in bytes.
    const SLOT_SIZE: usize = 0;

    /// The cache that the pools of this system share, if there is one: of slots that have room for `SLOT_SIZE` bytes.
    fn cache() -> Option<&'static Cache> {
        None
    }

    /// The groups of this system that hold jobs. Called under the lock.
    fn groups() -> &'static Groups;

    /// Gives the worker's semaphore once. Called under the lock, from every context; must not switch threads before the
    /// lock is released. Each call ends exactly one `park` of that worker, also one that begins later.
    fn wake(worker: WorkerRef);

    /// Wakes a worker of the reserve for a pool: as `wake`, but its thread takes the priority of the pool's workers
    /// before (with `CONFIG_TASKPOOL_LEVEL_PRIORITIES` not here: by `set_level`), and is started (to enter
    /// `Shell::work`) the `first` time. Called under the lock, from every context.
    fn lend(worker: WorkerRef, pool: PoolRef, first: bool);

    /// As `lend`, without waking it: the worker is to stay with the pool, and there is nothing to do yet. A thread that is
    /// started here parks. Called with `CONFIG_TASKPOOL_IOT_API` only; `unlock_and_switch` follows.
    fn keep(worker: WorkerRef, pool: PoolRef, first: bool);

    /// A worker of the reserve goes to another pool without having parked: its thread takes the priority of that pool's
    /// workers. Called by the worker's own thread, under the lock; `unlock_and_switch` follows.
    fn join(worker: WorkerRef, pool: PoolRef);

    /// A worker's thread takes the priority of the jobs of `level` in this pool: one step more urgent than the pool's
    /// workers for each. Called with `CONFIG_TASKPOOL_LEVEL_PRIORITIES` only, under the lock, from every context, for a
    /// thread that runs no job: it waits, or is about to, or was woken, or is the calling one; `unlock_and_switch` follows.
    fn set_level(worker: WorkerRef, pool: PoolRef, level: u8);

    /// As `unlock`, after something was woken, or made less urgent: a woken thread that is more urgent than the calling one runs before this
    /// returns. In an interrupt it only unlocks, as the interrupt's end switches.
    fn unlock_and_switch(key: Self::Key);

    /// Waits for `wake`, without limit. Called by the worker's own thread only, outside the lock.
    fn park(worker: WorkerRef);

    /// Sees to it that `Shell::expire` is called for the pool once `now() >= deadline`, and not for an earlier deadline
    /// any more; for a deadline that has passed, in the next tick. Called under the lock, from every context.
    fn arm(pool: PoolRef, deadline: u64);

    /// Who calls. Callable everywhere.
    fn caller() -> Caller;

    /// Makes a signal for the length of `body`, which the calling thread can wait on.
    fn with_signal<R>(body: impl FnOnce(SignalRef) -> R) -> R;

    /// Gives a signal, which ends one `take`. Callable everywhere, outside the lock. The signal may be gone when this
    /// returns.
    fn give(signal: SignalRef);

    /// Waits until the signal is given, and takes it; at most until the time is `deadline`. Answers whether it was given.
    /// Called outside the lock, by the thread that made it, which is no interrupt.
    fn take(signal: SignalRef, deadline: Option<u64>) -> bool;

    /// Passes a report on. Called by threads only, outside the lock.
    fn report(report: Report);

    /// Sees to it that `Shell::overrun` is called for the worker, in an interrupt, once `now() >= deadline`, unless
    /// `unwatch` comes before. Called under the lock by the worker's own thread, which then runs a job; once before each
    /// `unwatch`.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn watch(worker: WorkerRef, deadline: u64);

    /// Ends `watch`: no timer of the worker's is armed any more. What has expired already may still call `Shell::overrun`
    /// later. Called as `watch`.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn unwatch(worker: WorkerRef);

    /// Tells the application that a run has taken more than its budget. Called in an interrupt, outside the lock, where
    /// `Shell::overrun` was called; once a run at most.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn overrun(overrun: &Overrun);

    /// How often each run is to feed a watchdog, in milliseconds, unless its job says otherwise; 0: only runs of jobs that
    /// say so have one.
    const WATCHDOG_PERIOD: u32 = 0;

    /// A watchdog, which resets the system if the worker does not `feed` it for so many milliseconds, at least 1. Called
    /// outside the lock by the worker's own thread; once before each `unguard`. A port may have none left.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn guard(_worker: WorkerRef, _period: u32) {}

    /// Ends `guard`. Called as `guard`.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn unguard(_worker: WorkerRef) {}

    /// The worker's job lives: its watchdog, if it has one, begins a period anew. Called outside the lock by whoever a job
    /// hands its `Ctx` to.
    #[cfg(CONFIG_TASKPOOL_WDT)]
    fn feed(_worker: WorkerRef) {}
}
