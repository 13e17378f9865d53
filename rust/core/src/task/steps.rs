//! What is done with a task: each one lock section. Times are the pool's.

use super::completer::Stale;
use super::header::{First, Next, NotEnabled, Start, TaskRef};
use super::{Begun, EventRef, Missed, Rephase, Schedule, Span};
use crate::error::SubmitError;
use crate::fault::broken;
use crate::job::{Cancel, Code, Last, Outcome, State, CANCEL, REARM};
use crate::lock::Token;
use crate::pool::{Ended, Order, PoolRef};
use crate::site::By;
use crate::ticks::{Ticks, MAX_TICKS};

/// Somebody has said when the next run comes.
const SAID: u8 = 1;
/// The next run is of the same iteration as the last one; the seat keeps when the one after it is due.
const AGAIN: u8 = 2;
/// The task ends with the run that goes on.
const STOPS: u8 = 4;
/// `limit` comes before the next run: the two have changed places.
const LIMITED: u8 = 8;
// 16 is `SEATED`.
/// The first run comes an interval after the event that the task waits for.
const DELAYED: u8 = 32;
/// Somebody has the completer of the last run, or of the one that goes on.
const HANDED_OUT: u8 = 64;
/// The last run is over when its completer says so; the seat keeps when the next one is due. Once it has been said, and that
/// ends the task, the code of that.
const PENDING: u8 = 128;

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
            _ if self.is_over(token) => None,
            _ => self.job.pool.get(token),
        }
    }

    /// Its completer has ended it, and a worker is yet to say so; the seat keeps the code.
    fn is_over(self, token: &Token<'_>) -> bool {
        self.flags.get(token) & (PENDING | HANDED_OUT) == PENDING
    }

    /// When its next run is due: its deadline, or, where its time is up before that, what has changed places with it.
    fn next(self, token: &Token<'_>) -> u64 {
        match self.has(token, LIMITED) {
            true => self.limit.get(token).get(),
            false => self.job.deadline.get(token).get(),
        }
    }

    /// When its next run is due, if that is known.
    pub(crate) fn next_run(self, token: &Token<'_>) -> Option<Ticks> {
        if self.awaited(token).is_some() {
            return None;
        }
        Some(Ticks::new(self.schedule(token).next))
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
        let (next, kept) = (self.next(token), self.kept(token));
        let interval = self.interval.get(token).get();
        let (slot, next, after) = if self.has(token, PENDING) {
            (kept.saturating_sub(interval), kept, None)
        } else if self.has(token, AGAIN) {
            (next, next, Some(kept))
        } else {
            (kept, next, None)
        };
        Schedule {
            interval,
            slot,
            next,
            after,
            said: self.has(token, SAID),
        }
    }

    fn keep(self, token: &Token<'_>, schedule: Schedule) {
        self.set(token, SAID, schedule.said);
        if self.has(token, PENDING) {
            return self.keep_time(token, schedule.next);
        }
        let limit = self.limit(token);
        self.set(token, AGAIN, schedule.after.is_some());
        self.keep_time(token, schedule.after.unwrap_or(schedule.slot));
        self.set_times(token, schedule.next, limit);
    }

    /// It is Queued or Deferred from now on.
    pub(super) fn is_between(self, token: &Token<'_>) {
        self.job.last.set(token, Last::Between);
        // Of a submission that ended before this one.
        self.set(token, STOPS, false);
    }

    /// When the time of a task is up that begins now.
    fn limit_from(self, token: &Token<'_>, now: u64) -> Ticks {
        match self.timeout.get(token).get() {
            0 => Ticks::NONE,
            timeout => Ticks::new(now.saturating_add(timeout).min(MAX_TICKS)),
        }
    }

    /// Enables the task, or begins it anew. Answers whether it was enabled.
    pub(crate) fn enable(
        self,
        token: &Token<'_>,
        pool: PoolRef,
        start: Start,
        clock: Now,
        by: By,
    ) -> (Result<bool, SubmitError>, Order) {
        let home = self.pool(token);
        let ends = home.is_none() && self.job.state.get(token) != State::Idle && self.is_over(token);
        if ends || home.is_some_and(|home| home != pool) {
            return (Err(SubmitError::AlreadyQueued), Order::Nothing);
        }
        if !pool.takes(token) {
            return (Err(SubmitError::NotRunning), Order::Nothing);
        }
        let now = clock.of(token, pool);
        let interval = self.interval.get(token).get();
        let (next, awaited, delayed) = match start {
            Start::At(First::Now) => (now.max(1), None, false),
            Start::At(First::After(delay)) => (ahead(now, delay), None, false),
            Start::At(First::At(tick)) => (
                pool.own_time(token, tick.clamp(1, MAX_TICKS), || clock.port).get(),
                None,
                false,
            ),
            Start::At(First::AfterInterval) => (ahead(now, interval), None, false),
            Start::On { event, delayed } => match event.status(token, clock.port) {
                None => (clock.look_at(token, pool, event), Some(event), delayed),
                // The caller aborts it.
                Some(Outcome::Aborted) => (Ticks::FAR.get(), None, false),
                Some(_) if delayed => (ahead(now, interval), None, false),
                Some(_) => (now.max(1), None, false),
            },
        };
        let limit = self.limit_from(token, now);
        let begin = || {
            self.leave_line(token);
            self.runs.set(token, 0);
            self.missed.set(token, 0);
            for (flag, on) in [
                (SAID, true),
                (AGAIN, false),
                (PENDING, false),
                (HANDED_OUT, false),
                (DELAYED, delayed),
            ] {
                self.set(token, flag, on);
            }
            self.keep_time(token, next);
            self.set_times(token, next, limit);
            if let Some(event) = awaited {
                self.line_up(token, event);
            }
        };
        if home.is_some() {
            self.job.set_by(token, by);
            return (Ok(true), self.change(token, now, begin));
        }
        if self.job.state.get(token) == State::Idle {
            self.is_between(token);
        }
        #[cfg(CONFIG_TASKPOOL_EVENTS)]
        if let Some(event) = self.job.completion().and_then(|completion| completion.event()) {
            event.arm_for_end(token);
        }
        begin();
        let due = self.job.deadline.get(token).get() <= now;
        (Ok(false), pool.begin_submission(token, self.job(), due, by))
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

    /// Changes the schedule of an enabled task. What says when the next run comes (`said`) ends the wait for an event; all else has
    /// nothing to change meanwhile but the interval.
    pub(crate) fn reschedule(
        self,
        token: &Token<'_>,
        now: u64,
        said: bool,
        change: impl FnOnce(&mut Schedule),
    ) -> (Result<(), NotEnabled>, Order) {
        if self.pool(token).is_none() {
            return (Err(NotEnabled), Order::Nothing);
        }
        if !said && self.awaited(token).is_some() {
            return (Ok(()), Order::Nothing);
        }
        let order = self.change(token, now, || {
            self.leave_line(token);
            let mut schedule = self.schedule(token);
            change(&mut schedule);
            self.keep(token, schedule);
        });
        (Ok(()), order)
    }

    /// Changes the interval, also of a task that is not enabled.
    pub(crate) fn set_interval(self, token: &Token<'_>, now: u64, interval: u64, rephase: Rephase) -> Order {
        let change = |schedule: &mut Schedule| schedule.set_interval(now, interval, rephase);
        let (_, order) = self.reschedule(token, now, false, change);
        self.interval.set(token, Span::new(interval));
        order
    }

    /// From now on the task has so long.
    pub(crate) fn reset_timeout(self, token: &Token<'_>, now: u64, timeout: Option<u64>) -> Order {
        if let Some(timeout) = timeout {
            self.timeout.set(token, Span::new(timeout));
        }
        if self.pool(token).is_none() {
            return Order::Nothing;
        }
        self.change(token, now, || {
            let next = self.next(token);
            self.set_times(token, next, self.limit_from(token, now));
        })
    }

    /// A run begins, unless the task ends, or waits for something: then the code, if it ends with one.
    pub(crate) fn begin(self, token: &Token<'_>, clock: Now) -> Result<Run, Code> {
        let pool = self.pool_it_runs_in(token);
        let now = clock.of(token, pool);
        self.job.number.set(token, 0);
        if self.has(token, STOPS) {
            // Since a worker took it.
            return Err(0);
        }
        if self.is_over(token) {
            return Err(self.finish(token, self.kept(token) as Code));
        }
        let limit = self.limit(token);
        if limit != Ticks::NONE && limit.get() <= now {
            self.leave_line(token);
            self.decide(token, Last::Expiring);
            return Err(0);
        }
        if let Some(event) = self.awaited(token) {
            let Some(outcome) = event.status(token, clock.port) else {
                self.park(token, clock.look_at(token, pool, event));
                return Err(0);
            };
            self.leave_line(token);
            if outcome == Outcome::Aborted {
                self.decide(token, Last::Quitting);
                return Err(0);
            }
            let next = self.first_after_event(token, now);
            self.keep_time(token, next);
            self.set_times(token, next, limit);
            if next > now.max(1) {
                self.job().go_on(token);
                return Err(0);
            }
        }
        if self.has(token, PENDING) {
            self.park(token, Ticks::FAR.get());
            return Err(0);
        }
        if self.had_all(token) && !self.has(token, AGAIN) {
            return Err(self.finish(token, 0));
        }
        let mut schedule = self.schedule(token);
        let begun = schedule.begin(now, self.policy.get(token));
        self.set(token, HANDED_OUT, false);
        self.keep(token, schedule);
        let number = self.runs.get(token).saturating_add(1);
        self.runs.set(token, number);
        self.missed
            .set(token, self.missed.get(token).saturating_add(begun.missed));
        Ok(Run {
            number,
            iterations: self.iterations.get(token),
            begun,
        })
    }

    /// The task ends with the run that goes on, with this code.
    fn finish(self, token: &Token<'_>, code: Code) -> Code {
        self.set(token, STOPS, true);
        self.job.last.set(token, Last::Finishing);
        code
    }

    /// The run that goes on is followed by nothing until `next`, or the limit.
    fn park(self, token: &Token<'_>, next: u64) {
        let limit = self.limit(token);
        self.set_times(token, next, limit);
        self.job().go_on(token);
    }

    /// A run has ended, and says how the task goes on; `took`: it has a completer, or somebody has it from there. Answers the
    /// code of the task, if it ends.
    pub(crate) fn end(self, token: &Token<'_>, next: Next, took: bool, clock: impl Fn() -> Now) -> Code {
        let pool = self.pool_it_runs_in(token);
        if self.has(token, STOPS) {
            return self.job.number.get(token) as Code;
        }
        let waits = took && self.has(token, HANDED_OUT);
        if took && !waits && self.job.flags.get(token) & REARM != 0 {
            // Its completer has said how it goes on.
            return 0;
        }
        // A completer that is worth nothing, since the task began anew in this run, is not waited for.
        if next == Next::Pending && waits == took && self.awaited(token).is_none() {
            if waits {
                let schedule = self.schedule(token);
                self.set(token, AGAIN, false);
                self.set(token, PENDING, true);
                self.keep_time(token, schedule.next);
                self.park(token, Ticks::FAR.get());
            } else {
                // Nobody could say that it is over.
                self.decide(token, Last::Quitting);
            }
            return 0;
        }
        if self.is_aborted_by(token, next, &clock) {
            self.decide(token, Last::Quitting);
            return 0;
        }
        self.set(token, HANDED_OUT, false);
        match self.proceed(token, next, clock, pool) {
            Some(code) => self.finish(token, code),
            None => {
                self.job().go_on(token);
                0
            }
        }
    }

    /// A run is over, and the task goes on so. Answers the code of the task, if it ends.
    ///
    /// The clock is not looked at for what does not need it: the common case.
    fn proceed(self, token: &Token<'_>, next: Next, clock: impl FnOnce() -> Now, pool: PoolRef) -> Option<Code> {
        let mut schedule = self.schedule(token);
        self.set(token, PENDING, false);
        match next {
            Next::Done(code) => {
                self.leave_line(token);
                return Some(code);
            }
            // It was enabled anew, to wait for an event.
            _ if self.awaited(token).is_some() => return None,
            Next::Again => {
                self.runs.set(token, self.runs.get(token).saturating_sub(1));
                schedule.again(clock().of(token, pool));
            }
            _ if self.had_all(token) => return Some(0),
            Next::Default | Next::Pending if self.policy.get(token) == Missed::FromEnd => {
                schedule.end(clock().of(token, pool), Missed::FromEnd);
            }
            Next::Default | Next::Pending => {}
            Next::After(delay) => schedule.put(ahead(clock().of(token, pool), delay)),
            Next::At(tick) => schedule.put(pool.own_time(token, tick.max(1), || clock().port).get()),
            Next::On(event) => {
                let clock = clock();
                if event.status(token, clock.port).is_none() {
                    self.await_next(token, event, clock.look_at(token, pool, event));
                    return None;
                }
                schedule.put(clock.of(token, pool).max(1));
            }
        }
        self.keep(token, schedule);
        None
    }

    /// The next run waits for an event that is pending, whose time is up at `look` at the latest.
    fn await_next(self, token: &Token<'_>, event: EventRef, look: u64) {
        // What was said of the first run.
        self.set(token, DELAYED, false);
        let limit = self.limit(token);
        self.set_times(token, look, limit);
        self.line_up(token, event);
    }

    /// Whether there were all runs that it has.
    fn had_all(self, token: &Token<'_>) -> bool {
        let iterations = self.iterations.get(token);
        iterations != 0 && self.runs.get(token) >= iterations
    }

    /// Whether this answer is to wait for an event that was aborted.
    fn is_aborted_by(self, token: &Token<'_>, next: Next, clock: impl FnOnce() -> Now) -> bool {
        match next {
            Next::On(event) if !self.had_all(token) && self.awaited(token).is_none() => {
                event.status(token, clock().port) == Some(Outcome::Aborted)
            }
            _ => false,
        }
    }

    /// Somebody is to say when the run is over that goes on, unless somebody has said so already. Answers what he has to show
    /// then.
    pub(crate) fn hand_out(self, token: &Token<'_>) -> u32 {
        self.turn.set(token, self.turn.get(token).wrapping_add(1));
        self.set(token, HANDED_OUT, self.job.flags.get(token) & REARM == 0);
        self.turn_of_run(token)
    }

    /// The number of a completer. It comes again with the 256th one after it that is of a run of the same number, or when
    /// there were 2^24 runs.
    fn turn_of_run(self, token: &Token<'_>) -> u32 {
        u32::from(self.turn.get(token)) | self.runs.get(token) << 8
    }

    /// Whether this is the completer that the task waits for, or will, after the run that goes on.
    fn expects(self, token: &Token<'_>, turn: u32) -> bool {
        let waits = match self.job.state.get(token) {
            State::Idle => false,
            State::Running => !self.has(token, STOPS),
            _ => self.has(token, PENDING),
        };
        waits && self.has(token, HANDED_OUT) && self.turn_of_run(token) == turn
    }

    /// The run that this completer is of is over, and the task goes on so. If it ends, a worker says so; but answers who is to
    /// be told, if an event aborts it.
    pub(crate) fn complete(
        self,
        token: &Token<'_>,
        turn: u32,
        next: Next,
        clock: Now,
    ) -> (Result<Ended, Stale>, Order) {
        if !self.expects(token, turn) {
            return (Err(Stale), Order::Nothing);
        }
        if self.is_aborted_by(token, next, || clock) {
            let ((_, ended), order) = self.stop(token, Outcome::Aborted);
            return (Ok(ended), order);
        }
        self.set(token, HANDED_OUT, false);
        let pool = self.pool_it_runs_in(token);
        if !self.has(token, PENDING) {
            // The run itself goes on yet.
            match self.proceed(token, next, || clock, pool) {
                Some(code) => {
                    self.finish(token, code);
                    self.job.number.set(token, code as u32);
                }
                None => self.job().go_on(token),
            }
            return (Ok(Ended::default()), Order::Nothing);
        }
        let now = clock.of(token, pool);
        let order = self.change(token, now, || {
            if let Some(code) = self.proceed(token, next, || clock, pool) {
                self.set(token, PENDING, true);
                self.keep_time(token, u64::from(code as u32));
                let limit = self.limit(token);
                self.set_times(token, now.max(1), limit);
            }
        });
        (Ok(Ended::default()), order)
    }

    /// As `complete`, of a completer that is gone. Answers who is to be told that the task was aborted.
    pub(crate) fn drop_completer(self, token: &Token<'_>, turn: u32) -> (Ended, Order) {
        if !self.expects(token, turn) {
            return (Ended::default(), Order::Nothing);
        }
        let ((_, ended), order) = self.stop(token, Outcome::Aborted);
        (ended, order)
    }

    /// When its first run is due, if the event happened just now.
    fn first_after_event(self, token: &Token<'_>, now: u64) -> u64 {
        match self.has(token, DELAYED) {
            true => ahead(now, self.interval.get(token).get()),
            false => now.max(1),
        }
    }

    /// The pool of a task that is under way.
    fn pool_it_runs_in(self, token: &Token<'_>) -> PoolRef {
        self.job.pool.get(token).unwrap_or_else(|| broken())
    }

    /// The submission ends with the run that goes on: so.
    fn decide(self, token: &Token<'_>, last: Last) {
        self.set(token, STOPS, true);
        self.job.last.set(token, last);
        self.job.flags.set(token, self.job.flags.get(token) | CANCEL);
        // No code comes from its completer.
        self.job.number.set(token, 0);
    }

    /// Ends the task: it runs no more, but for the run that goes on. Answers what it was, and who is to be told.
    pub(crate) fn stop(self, token: &Token<'_>, outcome: Outcome) -> ((Cancel, Ended), Order) {
        let job = self.job();
        if job.state.get(token) != State::Idle && self.is_over(token) {
            let resubmission_cancelled = false;
            let found = Cancel::Running { resubmission_cancelled };
            return ((found, Ended::default()), Order::Nothing);
        }
        self.leave_line(token);
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
                Outcome::Aborted => Last::Quitting,
                _ => Last::Finishing,
            },
        );
        stopped
    }
}

/// What whoever completes an event, or changes its time, does with a task that waits for it.
#[cfg(CONFIG_TASKPOOL_EVENTS)]
impl TaskRef {
    /// The event that it waited for has happened. Answers who is to be told, if that aborts it.
    pub(crate) fn release(self, token: &Token<'_>, outcome: Outcome, clock: Now) -> (Ended, Order) {
        if outcome == Outcome::Aborted {
            let ((_, ended), order) = self.stop(token, outcome);
            return (ended, order);
        }
        let now = clock.of(token, self.pool_it_runs_in(token));
        let next = self.first_after_event(token, now);
        let order = self.change(token, now, || {
            let limit = self.limit(token);
            self.keep_time(token, next);
            self.set_times(token, next, limit);
        });
        (Ended::default(), order)
    }

    /// Whether it knows that the time of the event that it waits for is up at `deadline`.
    pub(crate) fn looks_after(self, token: &Token<'_>, deadline: u64, clock: Now) -> bool {
        let pool = self.pool_it_runs_in(token);
        self.next(token) > pool.own_time(token, deadline, || clock.port).get()
    }

    /// From now on it does.
    pub(crate) fn look_at(self, token: &Token<'_>, event: EventRef, clock: Now) -> Order {
        let pool = self.pool_it_runs_in(token);
        self.change(token, clock.of(token, pool), || {
            let limit = self.limit(token);
            self.set_times(token, clock.look_at(token, pool, event), limit);
        })
    }
}

impl Start {
    /// Whether it waits for an event that was aborted.
    pub(crate) fn is_aborted(self, token: &Token<'_>, clock: Now) -> bool {
        matches!(self, Start::On { event, .. } if event.status(token, clock.port) == Some(Outcome::Aborted))
    }
}

/// A moment by the port's clock.
#[derive(Clone, Copy)]
pub(crate) struct Now {
    pub(crate) port: u64,
}

impl Now {
    /// The same by the pool's.
    fn of(self, token: &Token<'_>, pool: PoolRef) -> u64 {
        pool.time(token, self.port)
    }

    /// When a task of this pool looks at an event that it waits for, by the pool's clock: when that one's time is up.
    fn look_at(self, token: &Token<'_>, pool: PoolRef, event: EventRef) -> u64 {
        match event.deadline(token) {
            Some(deadline) => pool.own_time(token, deadline, || self.port).get().min(MAX_TICKS),
            None => Ticks::FAR.get(),
        }
    }
}

/// A delay from now: the present tick has partly passed.
fn ahead(now: u64, delay: u64) -> u64 {
    now.saturating_add(delay).saturating_add(1).min(MAX_TICKS)
}

const _: () = assert!(size_of::<Missed>() == 2);
