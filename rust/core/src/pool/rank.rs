//! Levels as thread priorities: a worker's thread has that of the job it runs. Without `CONFIG_TASKPOOL_LEVEL_PRIORITIES`
//! all of this is nothing.
//!
//! A worker first takes the priority, then the job. One that has no job and is not idle is *on its way*: it has been
//! called, or is between two priorities, or tells somebody of the end of its last job. A job that finds no idle worker can
//! make it more urgent. So of the workers on their way, the most urgent is at least as urgent as the first ready job, the
//! second as the second, and so on. (Not on several CPUs: see `HURRIES`.)

use super::{Order, Pool, WorkerRef};
use crate::job::JobRef;
use crate::lock::Token;

#[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
use super::LEVELS;
#[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
use crate::job::{level_of, State};

/// Levels have thread priorities of their own.
pub(crate) const LEVEL_PRIORITIES: bool = cfg!(CONFIG_TASKPOOL_LEVEL_PRIORITIES);

/// The level that a thread has or is to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(#[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)] u8);

/// Beside the level in [`Worker::rank`](super::Worker): the worker is on its way.
#[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
const ON_ITS_WAY: u8 = 8;

#[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
impl Rank {
    pub(crate) const LOWEST: Self = Rank(0);

    /// That of a ready job.
    #[inline(always)]
    pub(super) fn of(token: &Token<'_>, job: JobRef) -> Self {
        Rank(level_of(token, job) as u8)
    }

    /// The level, for the port.
    pub(crate) fn level(self) -> u8 {
        self.0 & !ON_ITS_WAY
    }

    fn is_on_its_way(self) -> bool {
        self.0 & ON_ITS_WAY != 0
    }
}

#[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
impl WorkerRef {
    /// Whether its thread has the priority for this job.
    #[inline(always)]
    pub(super) fn fits(self, token: &Token<'_>, job: JobRef) -> bool {
        self.rank.get(token) == Rank::of(token, job)
    }

    /// What a worker does before it takes this job: it takes the job's priority, if it has another one.
    #[inline(always)]
    pub(super) fn adapt(self, token: &Token<'_>, job: JobRef) -> Option<Order> {
        (!self.fits(token, job)).then(|| Order::Adapt(self, Rank::of(token, job)))
    }

    /// That of its thread.
    #[inline(always)]
    pub(crate) fn rank(self, token: &Token<'_>) -> Rank {
        Rank(self.rank.get(token).level())
    }

    /// It is on its way from now on.
    #[inline(always)]
    pub(crate) fn set_out(self, token: &Token<'_>) {
        let rank = self.rank.get(token);
        if let (Some(pool), false) = (self.pool(token), rank.is_on_its_way()) {
            self.rank.set(token, Rank(rank.0 | ON_ITS_WAY));
            self.link.set(token, pool.on_their_way.get(token));
            pool.on_their_way.set(token, Some(self));
        }
    }

    /// It looks for a job now. O(n) of the workers on their way, mostly one.
    #[inline(always)]
    pub(crate) fn arrive(self, token: &Token<'_>) {
        if self.rank.get(token).is_on_its_way() {
            self.arrive_on(token);
        }
    }

    #[inline(never)]
    fn arrive_on(self, token: &Token<'_>) {
        self.rank.set(token, Rank(self.rank.get(token).level()));
        let Some(pool) = self.pool(token) else {
            return;
        };
        let next = self.link.get(token);
        let (mut before, mut link) = (None::<WorkerRef>, pool.on_their_way.get(token));
        while let Some(found) = link.filter(|found| *found != self) {
            before = link;
            link = found.link.get(token);
        }
        match before {
            Some(before) => before.link.set(token, next),
            None => pool.on_their_way.set(token, next),
        }
    }

    /// Answers the level that its thread does not have yet, if any.
    #[inline(always)]
    pub(crate) fn lacks(self, token: &Token<'_>, rank: Rank) -> Option<u8> {
        (self.rank.get(token).level() != rank.0).then_some(rank.0)
    }

    /// Its thread has this priority now.
    #[inline(always)]
    pub(crate) fn has(self, token: &Token<'_>, rank: Rank) {
        let way = self.rank.get(token).0 & ON_ITS_WAY;
        self.rank.set(token, Rank(rank.0 | way));
    }
}

/// The port can change the priority of a worker that is on its way: not where it may run on another CPU (see `set_priority`
/// in `src/port.c`).
#[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
const HURRIES: bool = !cfg!(smp);

#[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
impl JobRef {
    /// Its level may have risen, and it may be ready: the worker that comes for it is to be as urgent.
    pub(crate) fn hurry(self, token: &Token<'_>) -> Order {
        match (self.state.get(token), self.pool.get(token)) {
            (State::Queued, Some(pool)) => pool.hurry(token, Rank::of(token, self)),
            _ => Order::Nothing,
        }
    }
}

#[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
impl Pool {
    /// That of the first ready job.
    pub(crate) fn top_rank(&self, token: &Token<'_>) -> Rank {
        self.first_ready(token).map_or(Rank::LOWEST, |job| Rank::of(token, job))
    }

    /// No idle worker is there for a job of this rank: the least urgent one on its way becomes as urgent, if it is less.
    /// O(n) of those. Where the port can't do that, each gets the rank of the job that it was woken for, at the latest when
    /// it goes on, and keeps it until it takes one.
    pub(crate) fn hurry(&self, token: &Token<'_>, rank: Rank) -> Order {
        if !HURRIES {
            return Order::Nothing;
        }
        let (mut least, mut link) = (None::<WorkerRef>, self.on_their_way.get(token));
        let mut level = rank.0;
        while let Some(worker) = link {
            let has = worker.rank.get(token).level();
            if has < level {
                (least, level) = (link, has);
            }
            link = worker.link.get(token);
        }
        least.map_or(Order::Nothing, |worker| Order::Adapt(worker, rank))
    }

    /// Whether the workers on their way are as urgent as the jobs that they come for; see [`Pool::check`]. In the middle of
    /// a start or a release, which call workers one after the other, they need not be.
    pub(super) fn check_ranks(&self, token: &Token<'_>) -> bool {
        let (mut coming, mut link) = ([0_u32; LEVELS], self.on_their_way.get(token));
        while let Some(worker) = link {
            let of = worker.pool(token).is_some_and(|of| core::ptr::eq(&raw const *of, self));
            let rank = worker.rank.get(token);
            assert!(of && rank.is_on_its_way(), "a worker is on its way to another pool");
            coming[usize::from(rank.level())] += 1;
            link = worker.link.get(token);
        }
        if !HURRIES {
            return true;
        }
        let all = coming.iter().sum::<u32>();
        let (mut workers, mut jobs) = (0, 0);
        (0..LEVELS).rev().all(|level| {
            workers += coming[level];
            jobs += self.count_level(token, level);
            workers >= jobs.min(all)
        })
    }
}

#[cfg(not(CONFIG_TASKPOOL_LEVEL_PRIORITIES))]
impl Rank {
    pub(crate) const LOWEST: Self = Rank();

    #[inline(always)]
    pub(super) fn of(_: &Token<'_>, _: JobRef) -> Self {
        Rank()
    }

    #[inline(always)]
    pub(crate) fn level(self) -> u8 {
        0
    }
}

#[cfg(not(CONFIG_TASKPOOL_LEVEL_PRIORITIES))]
impl WorkerRef {
    #[inline(always)]
    pub(super) fn fits(self, _: &Token<'_>, _: JobRef) -> bool {
        true
    }

    #[inline(always)]
    pub(super) fn adapt(self, _: &Token<'_>, _: JobRef) -> Option<Order> {
        None
    }

    #[inline(always)]
    pub(crate) fn rank(self, _: &Token<'_>) -> Rank {
        Rank()
    }

    #[inline(always)]
    pub(crate) fn set_out(self, _: &Token<'_>) {}

    #[inline(always)]
    pub(crate) fn arrive(self, _: &Token<'_>) {}

    #[inline(always)]
    pub(crate) fn lacks(self, _: &Token<'_>, _: Rank) -> Option<u8> {
        None
    }

    #[inline(always)]
    pub(crate) fn has(self, _: &Token<'_>, _: Rank) {}
}

#[cfg(not(CONFIG_TASKPOOL_LEVEL_PRIORITIES))]
impl JobRef {
    #[inline(always)]
    pub(crate) fn hurry(self, _: &Token<'_>) -> Order {
        Order::Nothing
    }
}

#[cfg(not(CONFIG_TASKPOOL_LEVEL_PRIORITIES))]
impl Pool {
    #[inline(always)]
    pub(crate) fn top_rank(&self, _: &Token<'_>) -> Rank {
        Rank()
    }

    #[inline(always)]
    pub(crate) fn hurry(&self, _: &Token<'_>, _: Rank) -> Order {
        Order::Nothing
    }

    #[inline(always)]
    pub(super) fn check_ranks(&self, _: &Token<'_>) -> bool {
        true
    }
}
