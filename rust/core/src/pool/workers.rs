//! Workers: a pool's own ones, and the reserve that all pools share.

use core::ptr::NonNull;

#[cfg(CONFIG_TASKPOOL_STATS)]
use super::stats::span;
use super::Attention;
use super::{Order, Pool, PoolRef, Rank, STATS};
#[cfg(CONFIG_TASKPOOL_BUDGETS)]
use crate::budget::Watched;
use crate::job::{JobRef, URGENT};
use crate::lock::{Locked, Token};
use crate::reference::Ref;

/// A reference to a worker; see [`Ref`] for what it promises.
pub type WorkerRef = Ref<Worker>;

/// What the pool keeps of a worker thread. The port keeps the thread, its stack and its semaphore beside it.
#[repr(C)]
pub struct Worker {
    /// The next idle worker, while this one is idle; or the next one on its way.
    pub(super) link: Locked<Option<WorkerRef>>,
    /// The pool that it works for: always the same for a pool's own worker, `None` for an idle one of the reserve.
    pub(super) pool: Locked<Option<PoolRef>>,
    /// See [`Ctx::worker`](crate::Ctx::worker).
    number: u8,
    /// Belongs to the reserve.
    reserve: bool,
    /// Its thread has been started.
    started: Locked<bool>,
    /// How long it stays in its pool, if that one keeps workers.
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    stay: Locked<Stay>,
    /// The level of its thread's priority, and whether it is on its way.
    #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
    pub(super) rank: Locked<Rank>,
    /// The job that it runs, or ran last; not one that it took out of turn, which ends within this one.
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    current: Locked<Option<JobRef>>,
    #[cfg(CONFIG_TASKPOOL_STATS)]
    since: Locked<usize>,
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub(crate) watched: Watched,
}

/// How long a worker of the reserve stays in a pool that keeps workers.
#[cfg(CONFIG_TASKPOOL_IOT_API)]
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Stay {
    /// Until nothing is ready.
    Open,
    /// For one job: it came beyond the maximum.
    OneJob,
    /// It has had that job.
    Over,
}

/// What a worker runs, while it runs something else within it.
#[derive(Clone, Copy)]
pub(crate) struct Outer {
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    current: Option<JobRef>,
    #[cfg(CONFIG_TASKPOOL_STATS)]
    since: usize,
}

impl Worker {
    /// None yet: all of it is zero.
    #[inline(always)]
    const fn none() -> Self {
        Worker {
            link: Locked::new(None),
            pool: Locked::new(None),
            number: 0,
            reserve: false,
            started: Locked::new(false),
            #[cfg(CONFIG_TASKPOOL_IOT_API)]
            stay: Locked::new(Stay::Open),
            #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
            rank: Locked::new(Rank::LOWEST),
            #[cfg(CONFIG_TASKPOOL_WAIT)]
            current: Locked::new(None),
            #[cfg(CONFIG_TASKPOOL_STATS)]
            since: Locked::new(0),
            #[cfg(CONFIG_TASKPOOL_BUDGETS)]
            watched: Watched::new(),
        }
    }

    /// The worker `index` of a pool's own, before `next` in the chain that [`Shell::start`](crate::Shell::start) takes.
    pub const fn own(pool: PoolRef, index: u8, next: Option<WorkerRef>) -> Self {
        let mut worker = Self::none();
        worker.become_own(pool, index, next);
        worker
    }

    /// The worker `index` of the reserve. Its thread is started when it is first lent.
    pub const fn reserve(index: u8) -> Self {
        let mut worker = Self::none();
        worker.become_reserve(index);
        worker
    }

    /// What is all zero becomes what [`own`](Worker::own) answers. To write the zeros again, the compiler calls a function, which
    /// is 1 KiB of flash where nothing else in the image needs it.
    pub const fn become_own(&mut self, pool: PoolRef, index: u8, next: Option<WorkerRef>) {
        *self.link.get_mut() = next;
        *self.pool.get_mut() = Some(pool);
        self.number = index;
        *self.started.get_mut() = true;
    }

    /// As [`become_own`](Worker::become_own): what [`reserve`](Worker::reserve) answers.
    pub const fn become_reserve(&mut self, index: u8) {
        self.number = u8::MAX - index;
        self.reserve = true;
    }

    /// See [`Ctx::worker`](crate::Ctx::worker).
    #[inline]
    pub fn number(&self) -> u8 {
        self.number
    }

    /// The pool that it works for.
    #[inline(always)]
    pub(crate) fn pool(&self, token: &Token<'_>) -> Option<PoolRef> {
        self.pool.get(token)
    }

    /// Whether it belongs to the reserve.
    #[inline]
    pub fn is_reserve(&self) -> bool {
        self.reserve
    }

    /// What it runs, or ran last, for the last words of an image: a look that no lock protects, for its own thread.
    pub fn last_words(&self) -> Option<JobRef> {
        #[cfg(CONFIG_TASKPOOL_WAIT)]
        return self.current.peek();
        #[cfg(not(CONFIG_TASKPOOL_WAIT))]
        None
    }

    /// It is in its pool for one job, as it came to one that keeps workers, beyond the maximum; or as all others are.
    #[inline(always)]
    pub(super) fn settles(&self, _token: &Token<'_>, _for_one: bool) {
        #[cfg(CONFIG_TASKPOOL_IOT_API)]
        self.stay.set(_token, if _for_one { Stay::OneJob } else { Stay::Open });
    }

    /// It takes a job, in a pool that has more workers than its maximum, or not.
    #[inline(always)]
    pub(super) fn takes_one(&self, _token: &Token<'_>, _beyond: bool) {
        #[cfg(CONFIG_TASKPOOL_IOT_API)]
        match self.stay.get(_token) {
            // Others have left since it came.
            _ if !_beyond => self.stay.set(_token, Stay::Open),
            Stay::OneJob => self.stay.set(_token, Stay::Over),
            _ => {}
        }
    }

    /// Whether it came for one job, and has had it.
    pub(super) fn has_had_its_job(&self, _token: &Token<'_>) -> bool {
        #[cfg(CONFIG_TASKPOOL_IOT_API)]
        return self.stay.get(_token) == Stay::Over;
        #[cfg(not(CONFIG_TASKPOOL_IOT_API))]
        false
    }

    /// Remembers what it runs.
    #[inline(always)]
    pub(super) fn remember(&self, _token: &Token<'_>, _job: JobRef) {
        #[cfg(CONFIG_TASKPOOL_WAIT)]
        self.current.set(_token, Some(_job));
        #[cfg(CONFIG_TASKPOOL_STATS)]
        self.since.set(_token, _token.now() as usize);
    }

    /// What it runs.
    pub(super) fn outer(&self, _token: &Token<'_>) -> Outer {
        Outer {
            #[cfg(CONFIG_TASKPOOL_WAIT)]
            current: self.current.get(_token),
            #[cfg(CONFIG_TASKPOOL_STATS)]
            since: self.since.get(_token),
        }
    }

    /// What it has begun runs within this.
    pub(super) fn stays_in(&self, _token: &Token<'_>, _outer: Outer) {
        #[cfg(CONFIG_TASKPOOL_WAIT)]
        self.current.set(_token, _outer.current);
    }

    /// It goes on with this. What it ran meanwhile has been counted, and does not count twice.
    pub(super) fn go_on_with(&self, _token: &Token<'_>, _outer: Outer) {
        #[cfg(CONFIG_TASKPOOL_STATS)]
        {
            let inner = span(_token.now(), self.since(_token));
            self.since
                .set(_token, (_outer.since as u32).wrapping_add(inner) as usize);
        }
    }

    /// When the run began, modulo 2^32, for statistics.
    #[inline(always)]
    pub(super) fn since(&self, _token: &Token<'_>) -> u32 {
        #[cfg(CONFIG_TASKPOOL_STATS)]
        return self.since.get(_token) as u32;
        #[cfg(not(CONFIG_TASKPOOL_STATS))]
        0
    }

    /// Whether its waiting for the job would keep the job from its end: it runs the job itself, or the job's pool may
    /// have no other worker for it. What it runs out of turn is of its pool, as it can't go to another.
    pub(crate) fn would_wait_for_itself(&self, token: &Token<'_>, job: JobRef) -> bool {
        #[cfg(CONFIG_TASKPOOL_WAIT)]
        if self.current.get(token) == Some(job) {
            return true;
        }
        job.pool.get(token) == self.pool.get(token)
    }

    /// Checks an idle worker of `pool` and answers the next one; see [`Pool::check`].
    pub(super) fn check_idle(&self, token: &Token<'_>, pool: &Pool) -> Option<WorkerRef> {
        let own = self
            .pool
            .get(token)
            .is_some_and(|own| core::ptr::eq(&raw const *own, pool));
        assert!(
            own && !(self.reserve && pool.kept(token) == 0),
            "a worker of somebody else's is in a pool's idle list"
        );
        self.link.get(token)
    }
}

impl Pool {
    /// Finds a worker for a job that has just become ready: the last one that became idle, else, below the maximum,
    /// one of the reserve. O(1), but for [`hurry`](Pool::hurry).
    #[inline]
    pub(crate) fn call_worker(&self, token: &Token<'_>, me: PoolRef, rank: Rank) -> Order {
        if let Some(worker) = self.idle.get(token) {
            self.idle.set(token, worker.link.get(token));
            return Order::Wake(worker, rank);
        }
        if self.workers.get(token) < self.max.get(token) && self.borrows(token) {
            return Order::Borrow(me, rank);
        }
        if STATS && self.runs(token) {
            self.counters.starves(token);
        }
        self.hurry(token, rank)
    }

    /// As `call_worker`, for an urgent job: at the maximum, too, the reserve may lend one.
    pub(super) fn call_worker_beyond(&self, token: &Token<'_>, me: PoolRef, rank: Rank) -> Order {
        match self.call_worker(token, me, rank) {
            Order::Nothing if self.runs(token) => Order::Borrow(me, rank),
            #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
            Order::Adapt(..) if self.runs(token) => Order::Borrow(me, rank),
            order => order,
        }
    }

    /// An own worker has nothing to do.
    #[inline]
    pub(super) fn stand_idle(&self, token: &Token<'_>, worker: WorkerRef) {
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        if self.attention.get(token).has(Attention::HELD) {
            worker.link.set(token, self.benched.get(token));
            self.benched.set(token, Some(worker));
            return;
        }
        worker.link.set(token, self.idle.get(token));
        self.idle.set(token, Some(worker));
    }
}

impl Pool {
    /// Counts the idle workers, up to the pool's own 64.
    pub(super) fn count_idle(&self, token: &Token<'_>) -> u8 {
        let (mut count, mut link) = (0, self.idle.get(token));
        while let Some(worker) = link {
            count += 1;
            link = worker.link.get(token);
        }
        count
    }
}

/// A worker of the reserve that was lent.
pub(crate) struct Lent {
    pub(crate) worker: WorkerRef,
    /// Its thread has never been started.
    pub(crate) first: bool,
}

/// The workers that all pools share, and the line of pools that found none.
#[repr(C)]
pub struct Reserve {
    idle: Locked<Option<WorkerRef>>,
    /// First and last pool of the line.
    first: Locked<Option<PoolRef>>,
    last: Locked<Option<PoolRef>>,
}

impl Reserve {
    /// A reserve without workers.
    pub const fn new() -> Self {
        Reserve {
            idle: Locked::new(None),
            first: Locked::new(None),
            last: Locked::new(None),
        }
    }

    /// Adds a worker that [`Worker::reserve`] made.
    pub(crate) fn add(&self, token: &Token<'_>, worker: WorkerRef) {
        worker.link.set(token, self.idle.get(token));
        self.idle.set(token, Some(worker));
    }

    /// Lends a worker to a pool that is below its maximum; without one, the pool joins the line. O(1).
    pub(crate) fn lend(&self, token: &Token<'_>, pool: PoolRef) -> Option<Lent> {
        // Only an urgent job asks for one beyond the maximum, and does not wait for it.
        let beyond = URGENT != 0 && pool.workers.get(token) >= pool.max.get(token);
        let Some(worker) = self.idle.get(token) else {
            if !beyond {
                self.line_up(token, pool);
            }
            pool.counters.starves(token);
            return None;
        };
        let lent = self.attach_first(token, worker, pool);
        if beyond {
            pool.attend(token, Attention::SHRINKS);
        }
        Some(lent)
    }

    #[inline(never)]
    fn line_up(&self, token: &Token<'_>, pool: PoolRef) {
        if pool.next_in_line.get(token).is_some() {
            return;
        }
        pool.next_in_line.set(token, Some(pool));
        match self.last.get(token) {
            Some(last) => last.next_in_line.set(token, Some(pool)),
            None => self.first.set(token, Some(pool)),
        }
        self.last.set(token, Some(pool));
    }

    /// Whether it has so many workers that no pool waits for. O(`count`).
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    pub(crate) fn has(&self, token: &Token<'_>, count: u8) -> bool {
        let mut link = self.idle.get(token);
        for _ in 0..count {
            match link {
                Some(worker) => link = worker.link.get(token),
                None => return false,
            }
        }
        true
    }

    /// Lends a worker to a pool that keeps it, if there is one: it is idle there. O(1).
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    pub(crate) fn give(&self, token: &Token<'_>, pool: PoolRef) -> Option<Lent> {
        let worker = self.idle.get(token)?;
        pool.keep(token, pool.kept(token) + 1);
        let lent = self.attach_first(token, worker, pool);
        pool.stand_idle(token, worker);
        Some(lent)
    }

    fn attach_first(&self, token: &Token<'_>, worker: WorkerRef, pool: PoolRef) -> Lent {
        self.idle.set(token, worker.link.get(token));
        attach(token, worker, pool);
        let first = !worker.started.get(token);
        worker.started.set(token, true);
        Lent { worker, first }
    }

    /// A worker has left its pool: it goes to the first pool of the line that still needs it, else to the idle ones. Pools
    /// that need none any more leave the line: O(n) of them, each of which once asked in vain.
    ///
    /// Answers the order with which it joins a pool, or `None`: it waits.
    #[cold]
    #[inline(never)]
    pub(super) fn take_back(&self, token: &Token<'_>, worker: WorkerRef) -> Option<Order> {
        while let Some(pool) = self.first.get(token) {
            let next = pool.next_in_line.get(token).filter(|next| *next != pool);
            pool.next_in_line.set(token, None);
            self.first.set(token, next);
            if next.is_none() {
                self.last.set(token, None);
            }
            if pool.wants_worker(token) {
                attach(token, worker, pool);
                // More is ready than this worker takes: stand in the line for another. At its maximum the pool stands
                // there in vain, until a worker comes and leaves it.
                if pool.count_ready(token, 2) > 1 {
                    self.line_up(token, pool);
                }
                return Some(Order::Join(worker));
            }
        }
        self.add(token, worker);
        None
    }

    /// Takes a pool that is shut down out of the line: its memory may be used for something else. O(n) of the pools in it.
    pub(super) fn leave_line(&self, token: &Token<'_>, pool: PoolRef) {
        let Some(next) = pool.next_in_line.get(token) else {
            return;
        };
        pool.next_in_line.set(token, None);
        let next = Some(next).filter(|next| *next != pool);
        let (mut before, mut link) = (None::<PoolRef>, self.first.get(token));
        while let Some(found) = link.filter(|found| *found != pool) {
            before = link;
            link = found.next_in_line.get(token);
        }
        match before {
            // The last one of the line names itself.
            Some(before) => before.next_in_line.set(token, next.or(Some(before))),
            None => self.first.set(token, next),
        }
        if next.is_none() {
            self.last.set(token, before);
        }
    }

    /// Counts the idle workers, for tests.
    pub fn check(&self, token: &Token<'_>) -> u8 {
        let (mut count, mut link) = (0, self.idle.get(token));
        while let Some(worker) = link {
            assert!(worker.reserve, "a pool's own worker is in the reserve");
            assert!(
                worker.pool.get(token).is_none(),
                "an idle worker of the reserve belongs to a pool"
            );
            count += 1;
            link = worker.link.get(token);
        }
        assert!(
            count == 0 || self.first.get(token).is_none(),
            "a pool stands in line while a worker of the reserve is idle"
        );
        count
    }
}

impl Default for Reserve {
    fn default() -> Self {
        Self::new()
    }
}

impl Pool {
    /// Whether a worker of the reserve would find work here.
    fn wants_worker(&self, token: &Token<'_>) -> bool {
        self.borrows(token) && self.first_ready(token).is_some() && self.workers.get(token) < self.max.get(token)
    }
}

fn attach(token: &Token<'_>, worker: WorkerRef, pool: PoolRef) {
    worker.pool.set(token, Some(pool));
    worker.has(token, Rank::LOWEST);
    pool.workers.set(token, pool.workers.get(token) + 1);
    worker.settles(
        token,
        pool.kept(token) > 0 && pool.workers.get(token) > pool.max.get(token),
    );
    pool.counters.has_workers(token, pool.workers.get(token));
}

impl Worker {
    /// The reference that pools and ports keep.
    pub fn reference(&'static self) -> WorkerRef {
        // SAFETY: a `&'static Worker` lives for ever, and nobody can have a `&mut` to it.
        unsafe { Ref::new(NonNull::from(self)) }
    }
}
