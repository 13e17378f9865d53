//! A pool: a ready queue, timers, and the workers that share them.
//!
//! | file | holds |
//! |---|---|
//! | `ready.rs` | the ready queue: by level, then first in, first out |
//! | `timers.rs` | the deferred jobs, earliest deadline first |
//! | `rank.rs` | which thread priority a worker has |
//! | `workers.rs` | the workers, idle ones, and the reserve that all pools share |
//! | `control.rs` | holding, shutting down, starting again, changing the maximum |
//! | `runtime.rs` | pools that are made at run time |
//! | `groups.rs` | how many jobs of a group run at once |
//! | `attention.rs` | what a worker has to look at before it takes a job |
//! | `clock.rs` | the time of a pool, which can be stopped |
//! | `stats.rs` | what it counts |
//! | `steps.rs` | the steps of the machine: each one lock section, each arrow of the state diagram |

mod attention;
mod clock;
mod control;
mod groups;
mod rank;
mod ready;
mod runtime;
mod stats;
mod steps;
mod timers;
mod workers;

pub(crate) use attention::Attention;
pub(crate) use control::Closing;
pub use control::{Clock, ControlError, Shutdown};
use groups::GROUPS;
#[cfg(CONFIG_TASKPOOL_GROUPS)]
pub use groups::{Group, GroupRef};
pub use groups::{GroupSnapshot, Groups, LimitError};
pub(crate) use rank::{Rank, LEVEL_PRIORITIES};
use ready::ReadyQueue;
pub use ready::LEVELS;
pub use runtime::CreateError;
use stats::Counters;
pub use stats::Stats;
pub(crate) use steps::{Answer, Ended, Order, Taken};
pub(crate) use timers::Side;
pub(crate) use workers::{Lent, Outer};
pub use workers::{Reserve, Worker, WorkerRef};

use core::ptr::NonNull;

use crate::job::JobRef;
#[cfg(CONFIG_TASKPOOL_CONTROL)]
use crate::job::WaiterRef;
use crate::lock::{Locked, Token};
use crate::reference::Ref;
use crate::ticks::Ticks;

/// A reference to a pool; see [`Ref`] for what it promises.
pub type PoolRef = Ref<Pool>;

/// The life of a pool. A plain number, since C writes it at link time.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(crate) struct Life(u8);

impl Life {
    /// Never laid out: takes no submissions.
    const NONE: Life = Life(0);
    /// Valid, and waiting for its start: takes submissions, runs nothing.
    const STARTING: Life = Life(1);
    /// Has workers.
    const RUNNING: Life = Life(2);
    /// Held, and its clock stands.
    #[cfg(CONFIG_TASKPOOL_PAUSE)]
    const STOPPED: Life = Life(3);
}

/// A pool: a ready queue, timers, and min to max workers.
///
/// C lays it out at link time (`struct taskpool_core` in `taskpool.h` is this struct, and both sides check the layout),
/// so a pool takes submissions before anything has run. What has never been laid out is zero, which is not running.
#[repr(C)]
pub struct Pool {
    /// The ready jobs, by their level.
    ready: [ReadyQueue; LEVELS],
    /// The deferred job with the earliest deadline.
    earliest: Locked<Option<JobRef>>,
    /// The tree of the deferred jobs.
    root: Locked<Option<JobRef>>,
    /// Idle workers, the last one first.
    idle: Locked<Option<WorkerRef>>,
    /// The next pool in the reserve's line, or itself for the last one; `None` for a pool that is not in it.
    next_in_line: Locked<Option<PoolRef>>,
    life: Locked<Life>,
    max: Locked<u8>,
    /// Workers of the pool now, own and borrowed ones.
    workers: Locked<u8>,
    /// Due jobs that the clock interrupt has moved since it found the ready queue empty, or a worker the pool overdue;
    /// see `PoolRef::expire`.
    moved: Locked<u8>,
    attention: Locked<Attention>,
    /// Workers of its own.
    own: Locked<u8>,
    /// Running jobs that have been resubmitted to this pool, in whichever pool they run; and discarded ones whose outcome
    /// is being told. A shutdown waits for them.
    inbound: Locked<u16>,
    /// Deferred submissions so far.
    deferrals: Locked<u32>,
    /// The deadline that the pool's timer is armed for, by the pool's clock, or `NEVER`. Before the pool's start `NONE`;
    /// while it is overdue, the time at which it became so: no deadline lies before that, so none is armed for. While the
    /// clock stands, what it shows.
    armed: Locked<Ticks>,
    /// A bit for each level that has ready jobs.
    #[cfg(levels)]
    levels: Locked<usize>,
    /// Workers that have no job and are not idle; see `rank.rs`.
    #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
    on_their_way: Locked<Option<WorkerRef>>,
    /// Own workers that stay idle while the pool is held.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    benched: Locked<Option<WorkerRef>>,
    /// Threads that wait for the end of a shutdown.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    closers: Locked<Option<WaiterRef>>,
    /// How far its clock is behind the port's, or was when it was stopped.
    #[cfg(CONFIG_TASKPOOL_PAUSE)]
    clock: Locked<Ticks>,
    /// Workers of the reserve that stay with the pool when they have nothing to do. A word, as C has it.
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    kept: Locked<u32>,
    /// Jobs of groups that are to run here, and are Held. A shutdown waits for them.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    held: Locked<u32>,
    counters: Counters,
}

/// Pools can be held, shut down, started again, and change their maximum.
const CONTROL: bool = cfg!(CONFIG_TASKPOOL_CONTROL);

/// The clock of a pool can be stopped.
const PAUSE: bool = cfg!(CONFIG_TASKPOOL_PAUSE);

/// Jobs can be aborted, and the time of immediate submissions can be up.
pub(crate) const ABORT: bool = cfg!(CONFIG_TASKPOOL_ABORT);

/// Pools can be made at run time. Such a pool has no worker of its own, and its memory may be gone once it is shut down.
pub(crate) const RUNTIME: bool = cfg!(CONFIG_TASKPOOL_RUNTIME_POOLS);

/// Such a pool may keep workers of the reserve.
const KEEPS: bool = cfg!(CONFIG_TASKPOOL_IOT_API);

// Who makes pools shuts them down.
const _: () = assert!(CONTROL || !RUNTIME);

// A shutdown finds what groups hold.
const _: () = assert!(CONTROL || !GROUPS);

/// Jobs may have a schedule, and go on.
pub(crate) const TASKS: bool = cfg!(CONFIG_TASKPOOL_TASKS);

/// Pools count what they do.
const STATS: bool = cfg!(CONFIG_TASKPOOL_STATS);

/// A pool may need other attention than for being overdue.
const ATTENDS: bool = CONTROL || ABORT || cfg!(CONFIG_TASKPOOL_URGENT);

impl Pool {
    /// Whether what C names may be a pool: of most memory that is none, it says so. All zero is one that was never made.
    ///
    /// # Safety
    ///
    /// So much memory can be read, whatever is in it.
    #[inline(always)]
    pub unsafe fn may_be(memory: NonNull<Pool>) -> bool {
        // SAFETY: the field lies within the memory.
        let life = unsafe { memory.byte_add(core::mem::offset_of!(Pool, life)) }.cast::<u8>();
        // SAFETY: this function's promise; a byte may be anything.
        (unsafe { life.read() }) <= 3
    }

    /// Where C writes when it lays a pool out: `life`, `max`. All else is zero.
    #[doc(hidden)]
    pub const WRITTEN_BY_C: [usize; 2] = [core::mem::offset_of!(Pool, life), core::mem::offset_of!(Pool, max)];
    /// What C writes to `life`.
    #[doc(hidden)]
    pub const LIFE_OF_C: usize = Life::STARTING.0 as usize;

    /// A pool that waits for its start and may have up to `max` workers.
    ///
    /// # Panics
    ///
    /// When `max` is 0: such a pool would run nothing. In a constant that is a build error.
    pub const fn new(max: u8) -> Self {
        assert!(max > 0, "a pool needs at least one worker: raise its maximum");
        Pool {
            ready: [const { ReadyQueue::new() }; LEVELS],
            #[cfg(levels)]
            levels: Locked::new(0),
            #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
            on_their_way: Locked::new(None),
            earliest: Locked::new(None),
            root: Locked::new(None),
            idle: Locked::new(None),
            next_in_line: Locked::new(None),
            armed: Locked::new(Ticks::NONE),
            #[cfg(CONFIG_TASKPOOL_CONTROL)]
            benched: Locked::new(None),
            #[cfg(CONFIG_TASKPOOL_CONTROL)]
            closers: Locked::new(None),
            #[cfg(CONFIG_TASKPOOL_PAUSE)]
            clock: Locked::new(Ticks::NONE),
            #[cfg(CONFIG_TASKPOOL_IOT_API)]
            kept: Locked::new(0),
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            held: Locked::new(0),
            counters: Counters::new(),
            deferrals: Locked::new(0),
            workers: Locked::new(0),
            max: Locked::new(max),
            life: Locked::new(Life::STARTING),
            moved: Locked::new(0),
            attention: Locked::new(Attention::NOTHING),
            own: Locked::new(0),
            inbound: Locked::new(0),
        }
    }

    /// Memory for a pool that is made at run time: all of it zero. Until then it takes no submissions.
    pub const fn unmade() -> Self {
        let mut pool = Pool::new(1);
        *pool.max.get_mut() = 0;
        *pool.life.get_mut() = Life::NONE;
        pool
    }

    /// The reference that jobs, workers and ports keep.
    pub const fn reference(&'static self) -> PoolRef {
        let pointer = NonNull::new((&raw const *self).cast_mut()).expect("a reference is not null");
        // SAFETY: a `&'static Pool` lives for ever, and nobody can have a `&mut` to it.
        unsafe { Ref::new(pointer) }
    }

    /// What it has counted.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub(crate) fn stats(&self, token: &Token<'_>) -> Stats {
        self.counters.read(token, self.workers.get(token))
    }

    /// Begins to count anew.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub(crate) fn reset_stats(&self, token: &Token<'_>) {
        self.counters.reset(token, self.workers.get(token));
    }

    #[inline(always)]
    fn runs(&self, token: &Token<'_>) -> bool {
        self.life.get(token) == Life::RUNNING
    }
}

/// What a pool looked like at one moment, for tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Jobs in the ready queue.
    pub queued: u32,
    /// Jobs among the timers.
    pub deferred: u32,
    /// Workers of the pool that are idle.
    pub idle: u8,
    /// Workers of the pool, own and borrowed, idle and active ones.
    pub workers: u8,
    /// At most so many workers.
    pub max: u8,
    /// Stands in the reserve's line for a worker.
    pub in_line: bool,
    /// The timer is armed for this, in ticks since boot.
    pub armed: Option<u64>,
    /// More jobs are due than the clock interrupt may move; the workers move the rest.
    pub overdue: bool,
    /// Takes submissions.
    pub open: bool,
    /// Is held.
    pub held: bool,
    /// Its jobs that groups hold.
    pub held_jobs: u32,
    /// The workers on their way are as urgent as the jobs that they come for.
    pub hurries: bool,
}

impl Pool {
    /// Walks the whole pool, checks everything that must hold between its parts, and counts.
    ///
    /// For tests: it takes time in proportion to the jobs in the pool, under the lock.
    ///
    /// # Panics
    ///
    /// With a sentence that names what does not hold.
    pub fn check(&self, token: &Token<'_>) -> Snapshot {
        let queued = self.check_ready(token);
        let deferred = self.check_timers(token);
        let hurries = self.check_ranks(token);
        let (mut idle, mut link) = (0, self.idle.get(token));
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        if self.attention.get(token).has(Attention::HELD) {
            assert!(link.is_none(), "a held pool has workers that could be woken");
            link = self.benched.get(token);
        }
        while let Some(worker) = link {
            idle += 1;
            assert!(
                idle <= self.workers.get(token),
                "the idle list has more workers than the pool"
            );
            link = worker.check_idle(token, self);
        }
        let workers = self.workers.get(token);
        assert!(workers >= self.kept(token), "the pool has fewer workers than it keeps");
        assert!(
            workers <= self.max.get(token) || self.attention.get(token).has(Attention::SHRINKS),
            "the pool has more workers than its maximum"
        );
        let armed = self.armed.get(token);
        let overdue = self.attention.get(token).has(Attention::OVERDUE);
        Snapshot {
            queued,
            deferred,
            idle,
            workers,
            max: self.max.get(token),
            in_line: self.next_in_line.get(token).is_some(),
            armed: (self.runs(token) && armed != Ticks::NEVER && !overdue).then(|| self.port_time(token, armed, || 0)),
            overdue,
            open: self.life.get(token) != Life::NONE,
            held: self.attention.get(token).has(Attention::HELD),
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            held_jobs: self.held.get(token),
            #[cfg(not(CONFIG_TASKPOOL_GROUPS))]
            held_jobs: 0,
            hurries,
        }
    }
}
