//! What a pool counts with `CONFIG_TASKPOOL_STATS`; without it, nothing, in no bytes and no instructions.

/// What a pool has done, all of one moment. Times are in ticks; each stamp counts modulo 2^32, so a single span of
/// 2^31 or more is not told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Submissions that were accepted and did not move to another pool. Each is under way, or counted in one of the next
    /// five.
    pub submitted: u32,
    /// Runs that ended, and were not aborted.
    pub done: u32,
    /// Submissions that were cancelled before they ran.
    pub cancelled: u32,
    /// Submissions that were aborted, before they ran or while they did.
    pub aborted: u32,
    /// Submissions whose time was up before they ran.
    pub timed_out: u32,
    /// Submissions that a shutdown discarded.
    pub discarded: u32,
    /// Jobs in the ready queue now.
    pub queued: u32,
    /// The most that there were.
    pub most_queued: u32,
    /// Workers of the pool now, own and borrowed.
    pub workers: u8,
    /// The most that there were.
    pub most_workers: u8,
    /// The longest time between the deadline of a job and the beginning of its run.
    pub worst_lateness: u64,
    /// The mean of it, over all deferred submissions that ran.
    pub mean_lateness: u64,
    /// The longest time for which a job was in the ready queue.
    pub worst_queueing: u64,
    /// The mean of it, over all runs.
    pub mean_queueing: u64,
    /// The time for which workers ran jobs, of all that ended; with several workers it passes faster than the clock.
    pub busy: u64,
    /// The longest time for which jobs were queued, no worker was free, and none took one.
    pub worst_starvation: u64,
}

/// The time from then to now; none where the clock has gone back, as it does on several CPUs and in late interrupts.
#[cfg(CONFIG_TASKPOOL_STATS)]
pub(super) fn span(now: u32, then: u32) -> u32 {
    let span = now.wrapping_sub(then);
    if (span as i32) < 0 {
        0
    } else {
        span
    }
}

#[cfg(CONFIG_TASKPOOL_STATS)]
mod counters {
    use super::{span, Stats};
    use crate::job::{JobRef, Outcome};
    use crate::lock::{Locked, Token};
    use crate::ticks::Ticks;

    /// The counts of a pool. C has the same number of words in `taskpool.h`.
    #[repr(C)]
    pub(crate) struct Counters {
        submitted: Locked<u32>,
        done: Locked<u32>,
        cancelled: Locked<u32>,
        aborted: Locked<u32>,
        timed_out: Locked<u32>,
        discarded: Locked<u32>,
        queued: Locked<u32>,
        most_queued: Locked<u32>,
        most_workers: Locked<u32>,
        /// Runs that began, and those of them that had been deferred.
        begun: Locked<u32>,
        deferred: Locked<u32>,
        worst_lateness: Locked<u32>,
        worst_queueing: Locked<u32>,
        worst_starvation: Locked<u32>,
        /// Not 0: jobs are queued and no worker is free, since then.
        starves: Locked<u32>,
        starves_since: Locked<u32>,
        lateness: Locked<Ticks>,
        queueing: Locked<Ticks>,
        busy: Locked<Ticks>,
    }

    const _: () = assert!(size_of::<Counters>() == 88);

    fn add(token: &Token<'_>, sum: &Locked<Ticks>, ticks: u32) {
        sum.set(token, Ticks::new(sum.get(token).get() + u64::from(ticks)));
    }

    fn raise(token: &Token<'_>, worst: &Locked<u32>, to: u32) {
        worst.set(token, worst.get(token).max(to));
    }

    fn count(token: &Token<'_>, counter: &Locked<u32>) {
        counter.set(token, counter.get(token).wrapping_add(1));
    }

    fn mean(sum: &Locked<Ticks>, number: &Locked<u32>, token: &Token<'_>) -> u64 {
        sum.get(token).get().checked_div(number.get(token).into()).unwrap_or(0)
    }

    impl Counters {
        pub(crate) const fn new() -> Self {
            Counters {
                submitted: Locked::new(0),
                done: Locked::new(0),
                cancelled: Locked::new(0),
                aborted: Locked::new(0),
                timed_out: Locked::new(0),
                discarded: Locked::new(0),
                queued: Locked::new(0),
                most_queued: Locked::new(0),
                most_workers: Locked::new(0),
                begun: Locked::new(0),
                deferred: Locked::new(0),
                worst_lateness: Locked::new(0),
                worst_queueing: Locked::new(0),
                worst_starvation: Locked::new(0),
                starves: Locked::new(0),
                starves_since: Locked::new(0),
                lateness: Locked::new(Ticks::NONE),
                queueing: Locked::new(Ticks::NONE),
                busy: Locked::new(Ticks::NONE),
            }
        }

        pub(crate) fn read(&self, token: &Token<'_>, workers: u8) -> Stats {
            Stats {
                submitted: self.submitted.get(token),
                done: self.done.get(token),
                cancelled: self.cancelled.get(token),
                aborted: self.aborted.get(token),
                timed_out: self.timed_out.get(token),
                discarded: self.discarded.get(token),
                queued: self.queued.get(token),
                most_queued: self.most_queued.get(token),
                workers,
                most_workers: self.most_workers.get(token) as u8,
                worst_lateness: self.worst_lateness.get(token).into(),
                mean_lateness: mean(&self.lateness, &self.deferred, token),
                worst_queueing: self.worst_queueing.get(token).into(),
                mean_queueing: mean(&self.queueing, &self.begun, token),
                busy: self.busy.get(token).get(),
                worst_starvation: self.worst_starvation.get(token).into(),
            }
        }

        /// Begins anew, with the submissions that are under way.
        pub(crate) fn reset(&self, token: &Token<'_>, workers: u8) {
            for over in [
                &self.done,
                &self.cancelled,
                &self.aborted,
                &self.timed_out,
                &self.discarded,
            ] {
                self.submitted
                    .set(token, self.submitted.get(token).wrapping_sub(over.get(token)));
                over.set(token, 0);
            }
            for counter in [&self.begun, &self.deferred] {
                counter.set(token, 0);
            }
            for worst in [&self.worst_lateness, &self.worst_queueing, &self.worst_starvation] {
                worst.set(token, 0);
            }
            for sum in [&self.lateness, &self.queueing, &self.busy] {
                sum.set(token, Ticks::NONE);
            }
            self.most_queued.set(token, self.queued.get(token));
            self.most_workers.set(token, workers.into());
            self.starves_since.set(token, token.now());
        }

        pub(crate) fn submitted(&self, token: &Token<'_>) {
            count(token, &self.submitted);
        }

        /// A submission goes to another pool.
        pub(crate) fn moved_away(&self, token: &Token<'_>) {
            self.submitted.set(token, self.submitted.get(token).wrapping_sub(1));
        }

        pub(crate) fn queued(&self, token: &Token<'_>, job: JobRef) {
            job.set_since(token, token.now());
            count(token, &self.queued);
            raise(token, &self.most_queued, self.queued.get(token));
        }

        /// A job has left the ready queue, for a worker or for nothing.
        pub(crate) fn unqueued(&self, token: &Token<'_>) {
            self.queued.set(token, self.queued.get(token) - 1);
            if self.queued.get(token) == 0 {
                self.fed(token, false);
            }
        }

        /// No worker was free for a job that is queued.
        pub(crate) fn starves(&self, token: &Token<'_>) {
            if self.starves.get(token) == 0 && self.queued.get(token) > 0 {
                self.starves.set(token, 1);
                self.starves_since.set(token, token.now());
            }
        }

        /// From now on workers leave what is queued, so it is not for want of one that it waits.
        pub(crate) fn is_held(&self, token: &Token<'_>) {
            self.fed(token, false);
        }

        /// A worker has taken a job. `still`: others are queued, and no worker is free.
        fn fed(&self, token: &Token<'_>, still: bool) {
            if self.starves.get(token) != 0 {
                let starved = span(token.now(), self.starves_since.get(token));
                raise(token, &self.worst_starvation, starved);
                self.starves.set(token, still.into());
                self.starves_since.set(token, token.now());
            }
        }

        /// A run begins, which was due then, unless that is 0. `free`: there are more workers.
        pub(crate) fn begins(&self, token: &Token<'_>, job: JobRef, due: u64, free: bool) {
            let now = token.now();
            let queueing = span(now, job.since(token));
            raise(token, &self.worst_queueing, queueing);
            add(token, &self.queueing, queueing);
            count(token, &self.begun);
            if due != 0 {
                let lateness = span(now, due as u32);
                raise(token, &self.worst_lateness, lateness);
                add(token, &self.lateness, lateness);
                count(token, &self.deferred);
            }
            self.fed(token, self.queued.get(token) > 0 && !free);
        }

        /// A run has ended that began then.
        pub(crate) fn done(&self, token: &Token<'_>, began: u32) {
            count(token, &self.done);
            self.ran(token, began);
        }

        /// A run has ended, and its submission with it: so.
        pub(crate) fn ended(&self, token: &Token<'_>, outcome: Outcome, began: u32) {
            self.unrun(token, outcome);
            self.ran(token, began);
        }

        /// A run has ended, and its submission goes on.
        pub(crate) fn ran(&self, token: &Token<'_>, began: u32) {
            add(token, &self.busy, span(token.now(), began));
        }

        /// A submission has ended so. How long its runs took is counted apart.
        pub(crate) fn unrun(&self, token: &Token<'_>, outcome: Outcome) {
            match outcome {
                Outcome::Done(_) => count(token, &self.done),
                Outcome::Cancelled => count(token, &self.cancelled),
                Outcome::Aborted => count(token, &self.aborted),
                Outcome::TimedOut => count(token, &self.timed_out),
                Outcome::Discarded => count(token, &self.discarded),
            }
        }

        pub(crate) fn has_workers(&self, token: &Token<'_>, workers: u8) {
            raise(token, &self.most_workers, workers.into());
        }
    }
}

#[cfg(not(CONFIG_TASKPOOL_STATS))]
#[expect(clippy::unused_self, reason = "the twin of the counters that count")]
mod counters {
    use crate::job::{JobRef, Outcome};
    use crate::lock::Token;

    #[repr(C)]
    pub(crate) struct Counters;

    #[rustfmt::skip]
    #[allow(missing_docs)]
    impl Counters {
        pub(crate) const fn new() -> Self { Counters }
        #[inline(always)]
        pub(crate) fn submitted(&self, _: &Token<'_>) {}
        #[inline(always)]
        pub(crate) fn moved_away(&self, _: &Token<'_>) {}
        #[inline(always)]
        pub(crate) fn queued(&self, _: &Token<'_>, _: JobRef) {}
        #[inline(always)]
        pub(crate) fn unqueued(&self, _: &Token<'_>) {}
        #[inline(always)]
        pub(crate) fn starves(&self, _: &Token<'_>) {}
        #[inline(always)]
        pub(crate) fn is_held(&self, _: &Token<'_>) {}
        #[inline(always)]
        pub(crate) fn begins(&self, _: &Token<'_>, _: JobRef, _: u64, _: bool) {}
        #[inline(always)]
        pub(crate) fn done(&self, _: &Token<'_>, _: u32) {}
        #[inline(always)]
        pub(crate) fn ended(&self, _: &Token<'_>, _: Outcome, _: u32) {}
        #[inline(always)]
        pub(crate) fn ran(&self, _: &Token<'_>, _: u32) {}
        #[inline(always)]
        pub(crate) fn unrun(&self, _: &Token<'_>, _: Outcome) {}
        #[inline(always)]
        pub(crate) fn has_workers(&self, _: &Token<'_>, _: u8) {}
    }
}

pub(super) use counters::Counters;
