//! Groups: how many of their jobs run at once, without a worker that waits.
//!
//! A job of a group takes a place when it becomes ready, and gives it back when its run ends, or when it leaves the ready
//! queue without having run. Without a free place it is Held: it stands in the group's list at its level, and no worker
//! knows of it. Whoever frees a place notes so in the lock section's token, and the shell admits the first held job
//! before it unlocks: into the ready queue of that job's own pool, which may be another one.

use core::fmt;

#[cfg(CONFIG_TASKPOOL_GROUPS)]
use super::{
    ready::{Lists, ReadyQueue},
    steps::pool_of,
    LEVELS,
};
use super::{Order, PoolRef};
use crate::job::JobRef;
#[cfg(CONFIG_TASKPOOL_GROUPS)]
use crate::job::{State, URGENT};
#[cfg(CONFIG_TASKPOOL_GROUPS)]
use crate::lock::Locked;
use crate::lock::Token;
#[cfg(CONFIG_TASKPOOL_GROUPS)]
use crate::reference::Ref;

/// Jobs may be in groups.
pub(crate) const GROUPS: bool = cfg!(CONFIG_TASKPOOL_GROUPS);

/// A group lets at least one job run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitError;

impl fmt::Display for LimitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a group with a limit of 0 would run nothing: let it run at least one job, or hold the pool")
    }
}

impl core::error::Error for LimitError {}

/// A reference to a group; see [`Ref`](crate::Ref) for what it promises.
#[cfg(CONFIG_TASKPOOL_GROUPS)]
pub type GroupRef = Ref<Group>;

/// Jobs of which at most so many are ready or run at once.
///
/// C lays it out at link time (`struct taskpool_group` is this struct, and both sides check the layout).
#[cfg(CONFIG_TASKPOOL_GROUPS)]
#[repr(C)]
pub struct Group {
    /// The held jobs, by their level.
    lists: [ReadyQueue; LEVELS],
    /// The next and the previous one of the groups that hold jobs.
    links: [Locked<Option<GroupRef>>; 2],
    /// A bit for each level that has held jobs.
    #[cfg(levels)]
    levels: Locked<usize>,
    /// How many are held.
    held: Locked<u32>,
    limit: Locked<u16>,
    /// Places that are taken: by jobs that are Queued or Running.
    active: Locked<u16>,
}

#[cfg(CONFIG_TASKPOOL_GROUPS)]
const NEXT: usize = 0;
#[cfg(CONFIG_TASKPOOL_GROUPS)]
const PREVIOUS: usize = 1;

/// The groups that hold jobs: where a shutdown looks for those of its pool. A port has one.
#[cfg(CONFIG_TASKPOOL_GROUPS)]
pub struct Groups {
    first: Locked<Option<GroupRef>>,
}

#[cfg(CONFIG_TASKPOOL_GROUPS)]
impl Groups {
    /// There is no group that holds a job.
    pub const fn new() -> Self {
        Groups {
            first: Locked::new(None),
        }
    }
}

#[cfg(CONFIG_TASKPOOL_GROUPS)]
impl Default for Groups {
    fn default() -> Self {
        Self::new()
    }
}

/// Without groups there are none that hold jobs.
#[cfg(not(CONFIG_TASKPOOL_GROUPS))]
#[derive(Debug, Default)]
pub struct Groups(());

#[cfg(not(CONFIG_TASKPOOL_GROUPS))]
impl Groups {
    /// Nothing.
    pub const fn new() -> Self {
        Groups(())
    }
}

#[cfg(CONFIG_TASKPOOL_GROUPS)]
impl Group {
    /// Where C writes when it makes a group: `limit`. All else is zero.
    #[doc(hidden)]
    pub const WRITTEN_BY_C: usize = core::mem::offset_of!(Group, limit);

    /// A group of which at most `limit` jobs run at once.
    ///
    /// # Panics
    ///
    /// When `limit` is 0: nothing of it would run. In a constant that is a build error.
    pub const fn new(limit: u16) -> Self {
        assert!(
            limit > 0,
            "a group with a limit of 0 would run nothing: raise its limit"
        );
        Group {
            lists: [const { ReadyQueue::new() }; LEVELS],
            links: [const { Locked::new(None) }; 2],
            #[cfg(levels)]
            levels: Locked::new(0),
            held: Locked::new(0),
            limit: Locked::new(limit),
            active: Locked::new(0),
        }
    }

    /// The reference that jobs keep.
    pub const fn reference(&'static self) -> GroupRef {
        let pointer = core::ptr::NonNull::new((&raw const *self).cast_mut()).expect("a reference is not null");
        // SAFETY: a `&'static Group` lives for ever, and nobody can have a `&mut` to it.
        unsafe { Ref::new(pointer) }
    }

    #[inline(always)]
    fn lists(&self) -> Lists<'_> {
        Lists::new(
            &self.lists,
            #[cfg(levels)]
            &self.levels,
        )
    }

    /// Whether a held job could be admitted.
    fn has_place(&self, token: &Token<'_>) -> bool {
        self.active.get(token) < self.limit.get(token)
    }

    /// Whether it holds jobs.
    #[inline(always)]
    pub(crate) fn holds(&self, token: &Token<'_>) -> bool {
        self.held.get(token) != 0
    }

    /// Walks over the held jobs and checks everything that must hold. For tests.
    ///
    /// # Panics
    ///
    /// With a sentence that names what does not hold.
    pub fn check(&self, token: &Token<'_>) -> GroupSnapshot {
        let held = self.held.get(token);
        assert!(
            self.lists().check_held(token) == held,
            "a group has miscounted what it holds"
        );
        GroupSnapshot {
            limit: self.limit.get(token),
            active: self.active.get(token),
            held,
        }
    }
}

/// What a group looked like at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupSnapshot {
    /// At most so many of its jobs run at once.
    pub limit: u16,
    /// Jobs that have a place: ready or running ones. More than the limit after that was lowered, until they have ended.
    pub active: u16,
    /// Jobs that wait for a place.
    pub held: u32,
}

#[cfg(CONFIG_TASKPOOL_GROUPS)]
impl GroupRef {
    /// How many have a place, and how many are held.
    pub(crate) fn snapshot(self, token: &Token<'_>) -> GroupSnapshot {
        GroupSnapshot {
            limit: self.limit.get(token),
            active: self.active.get(token),
            held: self.held.get(token),
        }
    }

    /// Changes the limit. Answers how many held jobs there are places for, the one included that this section admits.
    pub(crate) fn set_limit(self, token: &Token<'_>, limit: u16) -> Result<u16, LimitError> {
        if limit == 0 {
            return Err(LimitError);
        }
        self.limit.set(token, limit);
        self.offer(token);
        let places = limit.saturating_sub(self.active.get(token));
        Ok(u16::try_from(self.held.get(token)).map_or(places, |held| held.min(places)))
    }

    /// There may be a place for a held job: then the shell admits one before the lock is released.
    #[inline(always)]
    pub(crate) fn offer(self, token: &Token<'_>) {
        if self.holds(token) && self.has_place(token) {
            token.note_freed(self);
        }
    }

    /// The first held job, if there is a place for it.
    fn next(self, token: &Token<'_>) -> Option<JobRef> {
        if !self.has_place(token) {
            return None;
        }
        self.lists().first(token)
    }

    /// Whether a free place is for a job of this pool.
    pub(super) fn is_next_in(self, token: &Token<'_>, pool: PoolRef) -> bool {
        self.next(token).is_some_and(|job| job.pool.get(token) == Some(pool))
    }

    /// 10: Held to Queued: the first held job takes a place, if there is one, and waits for a worker of its pool, at the tail
    /// of its level or, if it is urgent, before all others. Asks for that worker.
    pub(crate) fn admit(self, token: &Token<'_>) -> Order {
        match self.place_next(token) {
            // Where it is to be discarded and there is no worker, somebody shuts the pool down and looks for such jobs.
            Some((job, pool)) => pool.queue_admitted(token, job),
            None => Order::Nothing,
        }
    }

    /// As `admit`, for a worker that takes a job of the same pool in this section.
    pub(super) fn admit_to_taker(self, token: &Token<'_>) {
        if let Some((job, pool)) = self.place_next(token) {
            pool.link_admitted(token, job);
        }
    }

    fn place_next(self, token: &Token<'_>) -> Option<(JobRef, PoolRef)> {
        let job = self.next(token)?;
        let pool = self.release(token, job);
        self.active.set(token, self.active.get(token) + 1);
        Some((job, pool))
    }

    /// A job of this pool takes a place, if nothing is held before it.
    #[inline(always)]
    fn take_place(self, token: &Token<'_>) -> bool {
        let takes = !self.holds(token) && self.has_place(token);
        if takes {
            self.active.set(token, self.active.get(token) + 1);
        }
        takes
    }

    /// 9: Idle, Deferred or Running to Held: at the tail of its level, or, if it is urgent, before all others.
    /// A shutdown of the pool may have to see to it.
    #[cold]
    #[inline(never)]
    fn hold(self, token: &Token<'_>, job: JobRef, pool: PoolRef) -> Order {
        job.state.set(token, State::Held);
        job.pool.set(token, Some(pool));
        if URGENT != 0 && job.flags.get(token) & URGENT != 0 {
            self.lists().link_first(token, job);
        } else {
            self.lists().link_last(token, job);
        }
        if !self.holds(token) {
            self.join(token);
        }
        self.held.set(token, self.held.get(token) + 1);
        pool.held.set(token, pool.held.get(token) + 1);
        // A place that is there is another one's: somebody raises the limit, and is on the way to admit them.
        self.offer(token);
        pool.nudge(token)
    }

    /// 11: out of Held. Answers the pool of the job.
    pub(super) fn release(self, token: &Token<'_>, job: JobRef) -> PoolRef {
        self.lists().unlink(token, job);
        self.held.set(token, self.held.get(token) - 1);
        if !self.holds(token) {
            self.leave(token);
        }
        let pool = pool_of(token, job);
        pool.held.set(token, pool.held.get(token) - 1);
        pool
    }

    /// A held job goes before all others.
    pub(super) fn move_first(self, token: &Token<'_>, job: JobRef) {
        self.lists().unlink(token, job);
        job.flags.set(token, job.flags.get(token) | URGENT);
        self.lists().link_first(token, job);
    }

    /// A held job gets these flags, of another level, and goes behind the others of it.
    pub(super) fn move_level(self, token: &Token<'_>, job: JobRef, flags: u8) {
        self.lists().unlink(token, job);
        job.flags.set(token, flags);
        self.lists().link_last(token, job);
    }

    /// Joins those that hold jobs.
    fn join(self, token: &Token<'_>) {
        let groups = token.groups();
        let first = groups.first.get(token);
        self.links[NEXT].set(token, first);
        self.links[PREVIOUS].set(token, None);
        if let Some(first) = first {
            first.links[PREVIOUS].set(token, Some(self));
        }
        groups.first.set(token, Some(self));
    }

    /// Leaves those that hold jobs: it may be gone once its jobs are.
    fn leave(self, token: &Token<'_>) {
        let [next, previous] = [NEXT, PREVIOUS].map(|side| self.links[side].get(token));
        match previous {
            Some(previous) => previous.links[NEXT].set(token, next),
            None => token.groups().first.set(token, next),
        }
        if let Some(next) = next {
            next.links[PREVIOUS].set(token, previous);
        }
    }
}

impl PoolRef {
    /// A job becomes ready in this pool. If its group has no place for it, it is Held then: answers what there is to do.
    #[inline(always)]
    pub(super) fn hold_back(self, _token: &Token<'_>, _job: JobRef) -> Option<Order> {
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        if let Some(group) = _job.group() {
            if !group.take_place(_token) {
                return Some(group.hold(_token, _job, self));
            }
        }
        None
    }

    /// How many of its jobs are held by groups.
    #[inline(always)]
    pub(super) fn held(self, _token: &Token<'_>) -> u32 {
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        return self.held.get(_token);
        #[cfg(not(CONFIG_TASKPOOL_GROUPS))]
        0
    }

    /// Takes a job of this pool that is to be discarded from those that groups hold. Not O(1): it walks over them, up to
    /// that job.
    pub(super) fn discard_held(self, _token: &Token<'_>) -> Option<JobRef> {
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        if self.held(_token) > 0 {
            let mine = |job: JobRef| job.pool.get(_token) == Some(self) && self.discards(_token, job);
            let mut link = _token.groups().first.get(_token);
            while let Some(group) = link {
                if let Some(job) = group.lists().find(_token, mine) {
                    group.release(_token, job);
                    return Some(job);
                }
                link = group.links[NEXT].get(_token);
            }
        }
        None
    }
}

impl JobRef {
    /// It is about to run without having been ready. Answers whether there is a place for it, which it takes then.
    #[inline(always)]
    pub(super) fn takes_place(self, _token: &Token<'_>) -> bool {
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        return self.group().is_none_or(|group| group.take_place(_token));
        #[cfg(not(CONFIG_TASKPOOL_GROUPS))]
        true
    }

    /// It is not ready any more, and does not run: its place is free.
    #[inline(always)]
    pub(super) fn leaves_place(self, _token: &Token<'_>) {
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        if let Some(group) = self.group() {
            group.active.set(_token, group.active.get(_token) - 1);
            group.offer(_token);
        }
    }

    /// Whether somebody waits for its place.
    #[inline(always)]
    pub(super) fn is_waited_for(self, _token: &Token<'_>) -> bool {
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        return self.group().is_some_and(|group| group.holds(_token));
        #[cfg(not(CONFIG_TASKPOOL_GROUPS))]
        false
    }
}
