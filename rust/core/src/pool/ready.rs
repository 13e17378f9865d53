//! The ready queue: a doubly linked list through the jobs. All O(1), but the check.

use super::Pool;
use crate::job::{JobRef, State, KEPT};
use crate::lock::Token;

const PREVIOUS: usize = 0;
const NEXT: usize = 1;

impl Pool {
    /// Appends a job that is in no list.
    #[inline]
    pub(super) fn push_ready(&self, token: &Token<'_>, job: JobRef) {
        let tail = self.tail.get(token);
        job.links[NEXT].set(token, None);
        job.links[PREVIOUS].set(token, tail);
        match tail {
            Some(tail) => tail.links[NEXT].set(token, Some(job)),
            None => self.head.set(token, Some(job)),
        }
        self.tail.set(token, Some(job));
    }

    /// Takes the first job.
    #[inline]
    pub(super) fn pop_ready(&self, token: &Token<'_>) -> Option<JobRef> {
        let job = self.head.get(token)?;
        let next = job.links[NEXT].get(token);
        self.head.set(token, next);
        match next {
            Some(next) => next.links[PREVIOUS].set(token, None),
            None => self.tail.set(token, None),
        }
        Some(job)
    }

    /// Takes a job out of the middle.
    pub(super) fn unlink_ready(&self, token: &Token<'_>, job: JobRef) {
        let (next, previous) = (job.links[NEXT].get(token), job.links[PREVIOUS].get(token));
        match previous {
            Some(previous) => previous.links[NEXT].set(token, next),
            None => self.head.set(token, next),
        }
        match next {
            Some(next) => next.links[PREVIOUS].set(token, previous),
            None => self.tail.set(token, previous),
        }
    }

    /// Counts the jobs, up to `limit`.
    pub(super) fn count_ready(&self, token: &Token<'_>, limit: u8) -> u8 {
        let (mut count, mut link) = (0, self.head.get(token));
        while let (Some(job), true) = (link, count < limit) {
            count += 1;
            link = job.links[NEXT].get(token);
        }
        count
    }

    /// Walks the queue and counts; see [`Pool::check`].
    pub(super) fn check_ready(&self, token: &Token<'_>) -> u32 {
        let (mut count, mut previous, mut link) = (0, None, self.head.get(token));
        while let Some(job) = link {
            assert!(
                job.links[PREVIOUS].get(token) == previous,
                "a queued job does not point back at the one before it"
            );
            assert!(
                job.state.get(token) == State::Queued,
                "a job in the ready queue is not Queued"
            );
            assert!(
                job.flags.get(token) & !KEPT == 0,
                "a queued job has flags of a running one"
            );
            count += 1;
            previous = link;
            link = job.links[NEXT].get(token);
        }
        assert!(
            self.tail.get(token) == previous,
            "the ready queue does not end at its tail"
        );
        count
    }
}
