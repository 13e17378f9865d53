//! What is done with a task: each one lock section. Times are the pool's.

use super::header::{First, Next, NotEnabled, TaskRef};
use super::{Begun, Missed, Rephase, Schedule};
use crate::error::SubmitError;
use crate::job::{Cancel, Code, Last, Outcome, State, CANCEL, REARM};
use crate::lock::Token;
use crate::pool::{Ended, Order, PoolRef};
use crate::ticks::{Ticks, MAX_TICKS};

/// Somebody has said when the next run comes.
const SAID: u8 = 1;
/// The next run is of the same iteration as the last one.
const AGAIN: u8 = 2;
/// The task ends with the run that goes on.
const STOPS: u8 = 4;
/// `limit` comes before the next run: the two have changed places.
const LIMITED: u8 = 8;

/// What a run begins with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) number: u32,
    pub(crate) iterations: u32,
    pub(crate) begun: Begun,
}

impl TaskRef {
    fn has(self, token: &Token<'_>, flag: u8) -> bool {
        self.flags.get(token) & flag != 0
    }

    fn set(self, token: &Token<'_>, flag: u8, on: bool) {
        let others = self.flags.get(token) & !flag;
        self.flags.set(token, if on { others | flag } else { others });
    }

    /// Its pool, while it is enabled: a submission is under way that does not end with the run that goes on.
    pub(crate) fn pool(self, token: &Token<'_>) -> Option<PoolRef> {
        match self.job.state.get(token) {
            State::Idle => None,
            State::Running if self.has(token, STOPS) && self.job.flags.get(token) & REARM == 0 => None,
            _ => self.job.pool.get(token),
        }
    }

    /// When its next run is due: its deadline, or, where its time is up before that, what has changed places with it.
    pub(crate) fn next(self, token: &Token<'_>) -> u64 {
        match self.has(token, LIMITED) {
            true => self.limit.get(token).get(),
            false => self.job.deadline.get(token).get(),
        }
    }

    /// When its time is up.
    fn limit(self, token: &Token<'_>) -> Ticks {
        match self.has(token, LIMITED) {
            true => self.job.deadline.get(token),
            false => self.limit.get(token),
        }
    }

    /// Sets both. What comes first is the job's deadline.
    fn set_times(self, token: &Token<'_>, next: u64, limit: Ticks) {
        let limited = limit != Ticks::NONE && limit.get() < next;
        let (first, second) = match limited {
            true => (limit, Ticks::new(next)),
            false => (Ticks::new(next), limit),
        };
        self.set(token, LIMITED, limited);
        self.job.deadline.set(token, first);
        self.limit.set(token, second);
    }

    fn schedule(self, token: &Token<'_>) -> Schedule {
        Schedule {
            interval: self.interval.get(token).get(),
            slot: self.slot.get(token).get(),
            next: self.next(token),
            said: self.has(token, SAID),
        }
    }

    fn keep(self, token: &Token<'_>, schedule: Schedule) {
        let limit = self.limit(token);
        self.interval.set(token, Ticks::new(schedule.interval));
        self.slot.set(token, Ticks::new(schedule.slot));
        self.set(token, SAID, schedule.said);
        self.set_times(token, schedule.next, limit);
    }

    /// When the time of a task is up that begins now.
    fn limit_from(self, token: &Token<'_>, now: u64) -> Ticks {
        match self.timeout.get(token) {
            Ticks::NONE => Ticks::NONE,
            timeout => Ticks::new(now.saturating_add(timeout.get()).min(MAX_TICKS)),
        }
    }

    /// Enables the task, or begins it anew. Answers whether it was enabled.
    pub(crate) fn enable(
        self,
        token: &Token<'_>,
        pool: PoolRef,
        first: First,
        now: u64,
    ) -> (Result<bool, SubmitError>, Order) {
        let home = self.pool(token);
        if home.is_some_and(|home| home != pool) {
            return (Err(SubmitError::AlreadyQueued), Order::Nothing);
        }
        if !pool.takes(token) {
            return (Err(SubmitError::NotRunning), Order::Nothing);
        }
        let next = match first {
            First::Now => now.max(1),
            First::After(delay) => ahead(now, delay),
            First::AfterInterval => ahead(now, self.interval.get(token).get()),
        };
        let limit = self.limit_from(token, now);
        let begin = || {
            self.runs.set(token, 0);
            self.missed.set(token, 0);
            self.slot.set(token, Ticks::new(next));
            self.set(token, AGAIN, false);
            self.set(token, SAID, true);
            self.set_times(token, next, limit);
        };
        if home.is_some() {
            return (Ok(true), self.change(token, now, begin));
        }
        begin();
        let due = self.job.deadline.get(token).get() <= now;
        (Ok(false), pool.begin_submission(token, self.job(), due))
    }

    /// Changes the times of an enabled task, and puts it where it belongs then; one that runs when it has ended.
    fn change(self, token: &Token<'_>, now: u64, change: impl FnOnce()) -> Order {
        match self.job.state.get(token) {
            State::Running | State::Idle => {
                change();
                Order::Nothing
            }
            _ => self.job().replace(token, now, change),
        }
    }

    /// Changes the schedule of an enabled task.
    pub(crate) fn reschedule(
        self,
        token: &Token<'_>,
        now: u64,
        change: impl FnOnce(&mut Schedule),
    ) -> (Result<(), NotEnabled>, Order) {
        if self.pool(token).is_none() {
            return (Err(NotEnabled), Order::Nothing);
        }
        let order = self.change(token, now, || {
            let mut schedule = self.schedule(token);
            change(&mut schedule);
            self.keep(token, schedule);
        });
        (Ok(()), order)
    }

    /// Changes the interval, also of a task that is not enabled.
    pub(crate) fn set_interval(self, token: &Token<'_>, now: u64, interval: u64, rephase: Rephase) -> Order {
        if self.pool(token).is_none() {
            self.interval.set(token, Ticks::new(interval.min(MAX_TICKS)));
            return Order::Nothing;
        }
        let change = |schedule: &mut Schedule| schedule.set_interval(now, interval, rephase);
        self.reschedule(token, now, change).1
    }

    /// From now on the task has so long.
    pub(crate) fn reset_timeout(self, token: &Token<'_>, now: u64, timeout: Option<u64>) -> Order {
        if let Some(timeout) = timeout {
            self.timeout.set(token, Ticks::new(timeout.min(MAX_TICKS)));
        }
        if self.pool(token).is_none() {
            return Order::Nothing;
        }
        self.change(token, now, || {
            let next = self.next(token);
            self.set_times(token, next, self.limit_from(token, now));
        })
    }

    /// A run begins, unless the time of the task is up, or it has no runs left.
    pub(crate) fn begin(self, token: &Token<'_>, now: u64) -> Option<Run> {
        // Of a submission that ended before this one.
        self.set(token, STOPS, false);
        let limit = self.limit(token);
        if limit != Ticks::NONE && limit.get() <= now {
            self.decide(token, Last::Expiring);
            return None;
        }
        let (again, iterations) = (self.has(token, AGAIN), self.iterations.get(token));
        if iterations != 0 && self.runs.get(token) >= iterations {
            self.set(token, STOPS, true);
            return None;
        }
        let mut schedule = self.schedule(token);
        let begun = match again {
            true => schedule.again(now),
            false => schedule.begin(now, self.policy.get(token)),
        };
        self.set(token, AGAIN, false);
        self.keep(token, schedule);
        let number = self.runs.get(token).saturating_add(1);
        self.runs.set(token, number);
        self.missed
            .set(token, self.missed.get(token).saturating_add(begun.missed));
        Some(Run {
            number,
            iterations,
            begun,
        })
    }

    /// A run has ended, and says how the task goes on. Answers the code of the task, if it ends.
    pub(crate) fn end(self, token: &Token<'_>, next: Next, now: u64) -> Code {
        if self.has(token, STOPS) {
            return 0;
        }
        let iterations = self.iterations.get(token);
        let over = iterations != 0 && self.runs.get(token) >= iterations;
        let mut schedule = self.schedule(token);
        match next {
            Next::Done(code) => {
                self.set(token, STOPS, true);
                return code;
            }
            Next::Again => {
                self.runs.set(token, self.runs.get(token).saturating_sub(1));
                schedule.remember();
                schedule.put(now.max(1));
                self.set(token, AGAIN, true);
            }
            _ if over => {
                self.set(token, STOPS, true);
                return 0;
            }
            Next::Default => schedule.end(now, self.policy.get(token)),
            Next::After(delay) => schedule.put(ahead(now, delay)),
            Next::At(tick) => schedule.put(tick.max(1)),
        }
        self.keep(token, schedule);
        self.job().go_on(token);
        0
    }

    /// The submission ends with the run that goes on: so.
    fn decide(self, token: &Token<'_>, last: Last) {
        self.set(token, STOPS, true);
        self.job.last.set(token, last);
        self.job.flags.set(token, self.job.flags.get(token) | CANCEL);
    }

    /// Ends the task: it runs no more, but for the run that goes on. Answers what it was, and who is to be told.
    pub(crate) fn stop(self, token: &Token<'_>, outcome: Outcome) -> ((Cancel, Ended), Order) {
        let job = self.job();
        if job.state.get(token) != State::Running {
            let stopped = job.give_up(token, outcome);
            if stopped.0 .0 == Cancel::Cancelled {
                // What it ends with has no other code.
                self.job.number.set(token, 0);
            }
            return stopped;
        }
        if self.has(token, STOPS) {
            // It ends already; what was submitted for after that is cancelled.
            return job.give_up(token, outcome);
        }
        let stopped = job.give_up(token, outcome);
        self.decide(
            token,
            match outcome {
                Outcome::Cancelled => Last::Cancelling,
                #[cfg(CONFIG_TASKPOOL_ABORT)]
                Outcome::Aborted => Last::Aborting,
                _ => Last::Nothing,
            },
        );
        stopped
    }
}

/// A delay from now: the present tick has partly passed.
fn ahead(now: u64, delay: u64) -> u64 {
    now.saturating_add(delay).saturating_add(1).min(MAX_TICKS)
}

const _: () = assert!(size_of::<Missed>() == 4);
