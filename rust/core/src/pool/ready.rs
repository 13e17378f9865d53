//! The ready queue: a doubly linked list through the jobs for each level, and a bitmap of those that have any. All O(1),
//! but the check.

use super::Pool;
use crate::fault::broken;
use crate::job::{level_of, JobRef, State, KEPT, URGENT};
use crate::lock::{Locked, Token};

const PREVIOUS: usize = 0;
const NEXT: usize = 1;

/// How many levels a job can have: `CONFIG_TASKPOOL_PRIORITY_LEVELS`, 1 to 8. The lowest is 0.
pub const LEVELS: usize = match env!("TASKPOOL_PRIORITY_LEVELS").as_bytes() {
    [digit @ b'1'..=b'8'] => (*digit - b'0') as usize,
    _ => panic!("CONFIG_TASKPOOL_PRIORITY_LEVELS is a number from 1 to 8"),
};

/// The ready jobs of one level.
#[repr(C)]
pub(super) struct ReadyQueue {
    head: Locked<Option<JobRef>>,
    tail: Locked<Option<JobRef>>,
}

impl ReadyQueue {
    pub(super) const fn new() -> Self {
        ReadyQueue {
            head: Locked::new(None),
            tail: Locked::new(None),
        }
    }
}

/// The ready jobs of a pool, or the held ones of a group, by their level.
#[derive(Clone, Copy)]
pub(super) struct Lists<'a> {
    queues: &'a [ReadyQueue; LEVELS],
    /// A bit for each level that has jobs.
    #[cfg(levels)]
    levels: &'a Locked<usize>,
}

impl<'a> Lists<'a> {
    /// Those of a group.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub(super) fn new(queues: &'a [ReadyQueue; LEVELS], #[cfg(levels)] levels: &'a Locked<usize>) -> Self {
        Lists {
            queues,
            #[cfg(levels)]
            levels,
        }
    }

    #[inline(always)]
    fn queue_of(self, token: &Token<'_>, job: JobRef) -> &'a ReadyQueue {
        self.queues.get(level_of(token, job)).unwrap_or_else(|| broken())
    }

    /// The most urgent level that has jobs.
    #[inline(always)]
    fn top_level(self, _token: &Token<'_>) -> Option<usize> {
        #[cfg(levels)]
        return self.levels.get(_token).checked_ilog2().map(|level| level as usize);
        #[cfg(not(levels))]
        Some(0)
    }

    /// A level has got jobs, or has none any more.
    #[inline(always)]
    fn mark_level(self, _token: &Token<'_>, _job: JobRef, _any: bool) {
        #[cfg(levels)]
        {
            let bit = 1 << level_of(_token, _job);
            let others = self.levels.get(_token) & !bit;
            self.levels.set(_token, if _any { others | bit } else { others });
        }
    }

    /// The first job of the most urgent level.
    #[inline(always)]
    pub(super) fn first(self, token: &Token<'_>) -> Option<JobRef> {
        self.queues.get(self.top_level(token)?)?.head.get(token)
    }

    /// Appends a job that is in no list to its level.
    #[inline(always)]
    pub(super) fn link_last(self, token: &Token<'_>, job: JobRef) {
        let queue = self.queue_of(token, job);
        let tail = queue.tail.get(token);
        job.links[NEXT].set(token, None);
        job.links[PREVIOUS].set(token, tail);
        match tail {
            Some(tail) => tail.links[NEXT].set(token, Some(job)),
            None => {
                queue.head.set(token, Some(job));
                self.mark_level(token, job, true);
            }
        }
        queue.tail.set(token, Some(job));
    }

    /// Puts a job that is in no list before all others of its level.
    #[inline(always)]
    pub(super) fn link_first(self, token: &Token<'_>, job: JobRef) {
        let queue = self.queue_of(token, job);
        let head = queue.head.get(token);
        job.links[NEXT].set(token, head);
        job.links[PREVIOUS].set(token, None);
        match head {
            Some(head) => head.links[PREVIOUS].set(token, Some(job)),
            None => {
                queue.tail.set(token, Some(job));
                self.mark_level(token, job, true);
            }
        }
        queue.head.set(token, Some(job));
    }

    /// Takes a job out of the middle.
    #[inline(always)]
    pub(super) fn unlink(self, token: &Token<'_>, job: JobRef) {
        let queue = self.queue_of(token, job);
        let (next, previous) = (job.links[NEXT].get(token), job.links[PREVIOUS].get(token));
        match previous {
            Some(previous) => previous.links[NEXT].set(token, next),
            None => queue.head.set(token, next),
        }
        match next {
            Some(next) => next.links[PREVIOUS].set(token, previous),
            None => queue.tail.set(token, previous),
        }
        if next.is_none() && previous.is_none() {
            self.mark_level(token, job, false);
        }
    }

    /// The first job, in the order in which they are taken, for which this holds. O(n).
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub(super) fn find(self, token: &Token<'_>, holds: impl Fn(JobRef) -> bool) -> Option<JobRef> {
        for queue in self.queues.iter().rev() {
            let mut link = queue.head.get(token);
            while let Some(job) = link {
                if holds(job) {
                    return link;
                }
                link = job.links[NEXT].get(token);
            }
        }
        None
    }

    /// Walks over all jobs, which are in this state, and counts; see [`Pool::check`].
    fn check(self, token: &Token<'_>, state: State) -> u32 {
        let mut count = 0;
        for (level, queue) in self.queues.iter().enumerate() {
            let (mut previous, mut link) = (None, queue.head.get(token));
            #[cfg(levels)]
            assert!(
                link.is_some() == (self.levels.get(token) & (1 << level) != 0),
                "the bitmap of the levels does not tell which have jobs"
            );
            let mut only_urgent = true;
            while let Some(job) = link {
                assert!(
                    job.links[PREVIOUS].get(token) == previous,
                    "a queued job does not point back at the one before it"
                );
                assert!(job.state.get(token) == state, "a job in the queue is in another state");
                let flags = job.flags.get(token);
                assert!(flags & !(KEPT | URGENT) == 0, "a queued job has flags of a running one");
                let urgent = URGENT != 0 && flags & URGENT != 0;
                assert!(only_urgent || !urgent, "an urgent job waits behind others");
                only_urgent = urgent;
                assert!(
                    level_of(token, job) == level,
                    "a job waits at another level than its own"
                );
                count += 1;
                previous = link;
                link = job.links[NEXT].get(token);
            }
            assert!(queue.tail.get(token) == previous, "the queue does not end at its tail");
        }
        count
    }
}

impl Pool {
    #[inline(always)]
    fn lists(&self) -> Lists<'_> {
        Lists {
            queues: &self.ready,
            #[cfg(levels)]
            levels: &self.levels,
        }
    }

    /// The job that the next worker takes.
    #[inline(always)]
    pub(super) fn first_ready(&self, token: &Token<'_>) -> Option<JobRef> {
        self.lists().first(token)
    }

    /// Appends a job that is in no list to its level.
    #[inline]
    pub(super) fn push_ready(&self, token: &Token<'_>, job: JobRef) {
        self.counters.queued(token, job);
        self.link_last(token, job);
    }

    /// As `push_ready`, of a job that was in a list of this pool a moment ago.
    #[inline(always)]
    pub(super) fn link_last(&self, token: &Token<'_>, job: JobRef) {
        self.lists().link_last(token, job);
    }

    /// Puts a job that is in no list before all others.
    pub(super) fn push_ready_first(&self, token: &Token<'_>, job: JobRef) {
        self.counters.queued(token, job);
        self.link_first(token, job);
    }

    /// As `push_ready_first`, in the same way.
    #[inline(always)]
    pub(super) fn link_first(&self, token: &Token<'_>, job: JobRef) {
        self.lists().link_first(token, job);
    }

    /// Takes the first job of the most urgent level.
    #[inline]
    pub(super) fn pop_ready(&self, token: &Token<'_>) -> Option<JobRef> {
        let queue = self.ready.get(self.lists().top_level(token)?)?;
        let job = queue.head.get(token)?;
        self.counters.unqueued(token);
        let next = job.links[NEXT].get(token);
        queue.head.set(token, next);
        match next {
            Some(next) => next.links[PREVIOUS].set(token, None),
            None => {
                queue.tail.set(token, None);
                self.lists().mark_level(token, job, false);
            }
        }
        Some(job)
    }

    /// Takes a job out of the middle.
    pub(super) fn unlink_ready(&self, token: &Token<'_>, job: JobRef) {
        self.counters.unqueued(token);
        self.unlink(token, job);
    }

    /// As `unlink_ready`, of a job that is back in a moment.
    #[inline(always)]
    pub(super) fn unlink(&self, token: &Token<'_>, job: JobRef) {
        self.lists().unlink(token, job);
    }

    /// Counts the jobs, up to `limit`.
    pub(super) fn count_ready(&self, token: &Token<'_>, limit: u8) -> u8 {
        let mut count = 0;
        for queue in &self.ready {
            let mut link = queue.head.get(token);
            while let (Some(job), true) = (link, count < limit) {
                count += 1;
                link = job.links[NEXT].get(token);
            }
        }
        count
    }

    /// Counts the jobs of one level; see [`Pool::check`].
    #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
    pub(super) fn count_level(&self, token: &Token<'_>, level: usize) -> u32 {
        let (mut count, mut link) = (0, self.ready[level].head.get(token));
        while let Some(job) = link {
            count += 1;
            link = job.links[NEXT].get(token);
        }
        count
    }

    /// Walks the queue and counts; see [`Pool::check`].
    pub(super) fn check_ready(&self, token: &Token<'_>) -> u32 {
        self.lists().check(token, State::Queued)
    }
}

/// For a group.
#[cfg(CONFIG_TASKPOOL_GROUPS)]
impl Lists<'_> {
    /// Walks over the held jobs, and counts.
    pub(super) fn check_held(self, token: &Token<'_>) -> u32 {
        self.check(token, State::Held)
    }
}
