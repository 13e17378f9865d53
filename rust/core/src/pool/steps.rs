//! The steps of the machine. Each runs in one lock section, in bounded time, and answers with an [`Order`]: what the
//! shell has yet to do. Each arrow of the state diagram in `doc/design.md` is one function of the last section here.

use core::num::NonZeroU8;

#[cfg(CONFIG_TASKPOOL_GROUPS)]
use super::GroupRef;
use super::{
    Attention, Life, Outer, PoolRef, Rank, Reserve, WorkerRef, ABORT, ATTENDS, CONTROL, GROUPS, LEVELS,
    LEVEL_PRIORITIES, PAUSE, RUNTIME, STATS, TASKS,
};
use crate::error::{LevelError, RunNowError, SubmitError};
use crate::fault::broken;
use crate::job::{
    Accepted, Cancel, Code, CompletionRef, JobRef, Last, Outcome, State, Status, WaiterRef, CANCEL, KEPT, LEVEL,
    LEVEL_SHIFT, REARM, URGENT, WAITED,
};
use crate::lock::Token;
use crate::site::By;
use crate::ticks::Ticks;

const OVERDUE: Attention = Attention::OVERDUE.with(Attention::UNSEEN);

/// What the shell has to do after a step, before the lock is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Order {
    /// Nothing.
    Nothing,
    /// Look at the clock, and take one step of this pool's timer.
    Look(PoolRef),
    /// Nothing: a due job is ready, and no worker is to be called for it.
    Moved,
    /// Wake this worker, for a job of this rank.
    Wake(WorkerRef, Rank),
    /// Let the reserve lend this pool a worker, for a job of this rank.
    Borrow(PoolRef, Rank),
    /// This worker's thread takes the priority of this rank: the calling one's, or that of one on its way.
    #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
    Adapt(WorkerRef, Rank),
    /// This worker of the reserve, the calling one, belongs to another pool now.
    Join(WorkerRef),
    /// Start this pool's timer, for what it is armed for.
    Arm(PoolRef),
    /// After the lock was released, let those go who waited: the line that begins with this one.
    #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
    Release(WaiterRef),
}

/// Who is to be told of an outcome, after the lock was released: the completion, then those who wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) completion: Option<CompletionRef>,
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    waiters: Option<WaiterRef>,
}

impl Ended {
    /// Those of a job whose submission has ended: the run, or the resubmission beside it; nobody, if it goes on.
    #[inline(always)]
    fn of(_token: &Token<'_>, job: JobRef, _outcome: Outcome, _resubmission: bool) -> Self {
        if TASKS && job.last.get(_token).goes_on() {
            return Ended::default();
        }
        Ended {
            completion: job.completion(),
            #[cfg(CONFIG_TASKPOOL_WAIT)]
            waiters: match job.flags.get(_token) & WAITED {
                0 => None,
                _ => job.let_go(_token, _outcome, _resubmission),
            },
        }
    }

    #[inline(always)]
    pub(crate) fn waiters(&self) -> Option<WaiterRef> {
        #[cfg(CONFIG_TASKPOOL_WAIT)]
        return self.waiters;
        #[cfg(not(CONFIG_TASKPOOL_WAIT))]
        None
    }

    #[inline(always)]
    fn is_nobody(&self) -> bool {
        self.completion.is_none() && self.waiters().is_none()
    }
}

/// What a submission finds.
enum Claim {
    /// The job is in no queue.
    Free(Accepted),
    /// There is nothing more to do, but this.
    Done(Result<Accepted, SubmitError>, Order),
}

/// What a worker does with a job that it wants out of turn.
pub(crate) enum Taken {
    /// Nothing: it is not queued in the worker's pool.
    Nothing,
    /// Run it, for this pool, and go on with that.
    ToRun(PoolRef, Outer),
    /// Tell those who want to know that it was discarded.
    Discarded(Ended),
}

/// What a worker does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Answer {
    /// Step again.
    Again,
    /// Wait on the worker's semaphore, then step again.
    Block,
    /// Run the job, then say so in the next step.
    Run { job: JobRef, pool: PoolRef, due: u64 },
    /// Tell those who want to know that the run is done, then step again.
    Done(Ended),
    /// As `Done`, and that it was aborted.
    Aborted(Ended),
    /// As `Done`, and that its submission was cancelled.
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    Cancelled(Ended),
    /// As `Done`, without a run: the time of the job was up.
    TimedOut(Ended),
    /// As `Done`, without a run: the job was discarded.
    Discarded(Ended),
    /// The worker left this pool. Step again.
    Left(PoolRef),
    /// The worker left this pool, and is in the reserve. Wait on its semaphore, then step again.
    Gone(PoolRef),
}

impl PoolRef {
    /// Starts the pool with the `count` workers of its own that are chained from `first`, all idle. Answers for how many
    /// jobs a worker has to be called; `None` when the pool was not waiting for its start.
    ///
    /// Not O(log n): it walks over at most as many ready jobs as the pool may have workers.
    pub(crate) fn start(self, token: &Token<'_>, first: WorkerRef, count: u8, now: u64) -> Option<u8> {
        // A held pool is as before its start, and has its workers.
        let held = CONTROL && self.attention.get(token).has(Attention::HELD);
        if self.life.get(token) != Life::STARTING || held {
            return None;
        }
        // In an image, TASKPOOL_DEFINE has seen to it.
        #[cfg(not(target_os = "none"))]
        assert!(
            0 < count && count <= self.max.get(token),
            "a pool needs at least one worker of its own, and not more than its maximum"
        );
        self.idle.set(token, Some(first));
        self.workers.set(token, count);
        self.own.set(token, count);
        self.counters.has_workers(token, count);
        Some(self.run_on(token, now))
    }

    /// The pool begins to run, or goes on, at this time of its own. Answers for how many jobs a worker has to be called.
    pub(super) fn run_on(self, token: &Token<'_>, now: u64) -> u8 {
        self.life.set(token, Life::RUNNING);
        self.armed.set(token, Ticks::NEVER);
        if self.earliest.get(token).is_some() {
            // Until the shell has looked at the timers.
            self.attend(token, Attention::OVERDUE);
            self.armed.set(token, Ticks::new(now));
        }
        self.count_ready(token, self.max.get(token))
    }

    #[inline(always)]
    pub(super) fn attend(self, token: &Token<'_>, what: Attention) {
        // Otherwise being overdue is all that there is.
        let others = if ATTENDS {
            self.attention.get(token)
        } else {
            Attention::NOTHING
        };
        self.attention.set(token, others.with(what));
    }

    #[inline(always)]
    pub(super) fn unattend(self, token: &Token<'_>, what: Attention) {
        let all = if ATTENDS { self.attention.get(token) } else { OVERDUE };
        self.attention.set(token, all.without(what));
    }

    #[inline(always)]
    fn is_overdue(self, token: &Token<'_>) -> bool {
        let attention = self.attention.get(token);
        if ATTENDS {
            attention.has(Attention::OVERDUE)
        } else {
            attention != Attention::NOTHING
        }
    }

    /// Submits a job to run as soon as a worker is free.
    #[inline(always)]
    pub(crate) fn submit(self, token: &Token<'_>, job: JobRef, by: By) -> (Result<Accepted, SubmitError>, Order) {
        match self.claim(token, job, Ticks::NONE, by) {
            Claim::Free(accepted) => {
                job.deadline.set(token, Ticks::NONE);
                (Ok(accepted), self.queue_now(token, job))
            }
            Claim::Done(result, order) => (result, order),
        }
    }

    /// Submits a job to run at `deadline`, or moves its deadline.
    #[inline(always)]
    pub(crate) fn defer(
        self,
        token: &Token<'_>,
        job: JobRef,
        deadline: Ticks,
        by: By,
    ) -> (Result<Accepted, SubmitError>, Order) {
        match self.claim(token, job, deadline, by) {
            Claim::Free(accepted) => {
                job.deadline.set(token, deadline);
                self.number(token, job);
                (Ok(accepted), self.put_off(token, job))
            }
            Claim::Done(result, order) => (result, order),
        }
    }

    /// Submits a job to run as soon as a worker is free, if that is before `limit` by the port's
    /// clock.
    #[cfg(CONFIG_TASKPOOL_ABORT)]
    pub(crate) fn submit_within(
        self,
        token: &Token<'_>,
        job: JobRef,
        limit: u64,
        now: impl FnOnce() -> u64,
        by: By,
    ) -> (Result<Accepted, SubmitError>, Order) {
        let limit = Ticks::limit(self.own_time(token, limit, now).get());
        match self.claim(token, job, limit, by) {
            Claim::Free(accepted) => {
                job.deadline.set(token, limit);
                self.attend(token, Attention::LIMITED);
                (Ok(accepted), self.queue_now(token, job))
            }
            Claim::Done(result, order) => (result, order),
        }
    }

    /// Submits a job to run before all others. What is ready in this pool already moves to the head.
    pub(crate) fn submit_urgent(
        self,
        token: &Token<'_>,
        job: JobRef,
        by: By,
    ) -> (Result<Accepted, SubmitError>, Order) {
        if self.life.get(token) == Life::NONE {
            return (Err(SubmitError::NotRunning), Order::Nothing);
        }
        let flags = job.flags.get(token);
        let immediate = job.deadline.get(token).is_immediate();
        match job.state.get(token) {
            State::Queued if flags & URGENT == 0 && job.pool.get(token) == Some(self) => {
                self.unlink(token, job);
                job.flags.set(token, flags | URGENT);
                job.set_by(token, by);
                self.link_first(token, job);
                (
                    Ok(Accepted::Moved),
                    self.call_worker_beyond(token, self, Rank::of(token, job)),
                )
            }
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            State::Held if flags & URGENT == 0 && job.pool.get(token) == Some(self) => {
                group_of(job).move_first(token, job);
                job.set_by(token, by);
                (Ok(Accepted::Moved), Order::Nothing)
            }
            State::Running if flags & (REARM | URGENT) == REARM && immediate && job.pool.get(token) == Some(self) => {
                job.flags.set(token, flags | URGENT);
                job.set_by(token, by);
                (Ok(Accepted::Moved), Order::Nothing)
            }
            _ => match self.claim(token, job, Ticks::NONE, by) {
                Claim::Free(accepted) => {
                    job.deadline.set(token, Ticks::NONE);
                    (Ok(accepted), self.queue_first(token, job))
                }
                Claim::Done(result, order) => {
                    if result.is_ok() {
                        job.flags.set(token, job.flags.get(token) | URGENT);
                    }
                    (result, order)
                }
            },
        }
    }

    /// As `submit_urgent`, if no worker of the pool is idle, and otherwise as `submit`.
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    pub(crate) fn submit_urgent_if_busy(
        self,
        token: &Token<'_>,
        job: JobRef,
        by: By,
    ) -> (Result<Accepted, SubmitError>, Order) {
        match self.idle.get(token) {
            Some(_) => self.submit(token, job, by),
            None => self.submit_urgent(token, job, by),
        }
    }

    /// Moves a job that is queued in this pool behind all others, or, with `urgent` and without an idle worker, as an urgent
    /// submission does. Answers whether it was.
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    pub(crate) fn requeue(self, token: &Token<'_>, job: JobRef, urgent: bool, by: By) -> (bool, Order) {
        if job.state.get(token) != State::Queued || job.pool.get(token) != Some(self) {
            return (false, Order::Nothing);
        }
        self.unlink(token, job);
        job.flags.set(token, job.flags.get(token) & !URGENT);
        // A worker has been called for it.
        self.link_last(token, job);
        job.set_by(token, by);
        match self.idle.get(token) {
            None if urgent => (true, self.submit_urgent(token, job, by).1),
            _ => (true, Order::Nothing),
        }
    }

    /// Takes a job for a submission.
    #[inline(always)]
    fn claim(self, token: &Token<'_>, job: JobRef, deadline: Ticks, by: By) -> Claim {
        if self.life.get(token) == Life::NONE {
            return Claim::Done(Err(SubmitError::NotRunning), Order::Nothing);
        }
        match job.state.get(token) {
            State::Idle => {
                self.counters.submitted(token);
                job.set_by(token, by);
                Claim::Free(Accepted::New)
            }
            State::Deferred => {
                leave_timers(token, job);
                self.takes_over(token, job);
                job.set_by(token, by);
                Claim::Free(Accepted::Moved)
            }
            State::Queued => Claim::Done(Err(SubmitError::AlreadyQueued), Order::Nothing),
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            State::Held => Claim::Done(Err(SubmitError::AlreadyQueued), Order::Nothing),
            State::Running => {
                let order = if CONTROL { withdraw(token, job) } else { Order::Nothing };
                Claim::Done(rearm(token, job, self, deadline, by), order)
            }
        }
    }

    /// One step of the pool's timer, at this time of the pool's: moves one due job to the ready queue, or finds out what the timer has to be armed
    /// for.
    ///
    /// `batch`: the timer has expired, so it is not armed any more, and the interrupt may move so many jobs. One clock
    /// interrupt can bring several expiries: a late one announces many ticks, and the timer that is armed for one of
    /// them expires again at once. So the batch counts what the interrupt has moved since the ready queue was empty, or
    /// a worker found the pool overdue.
    #[inline(never)]
    pub(crate) fn expire(self, token: &Token<'_>, batch: Option<NonZeroU8>, now: u64) -> Order {
        if !self.runs(token) {
            return Order::Nothing;
        }
        let earliest = self.earliest.get(token);
        let deadline = earliest.map_or(Ticks::NEVER, |job| job.deadline.get(token));
        if deadline.get() > now {
            let covered = batch.is_none() && !self.is_overdue(token);
            self.unattend(token, OVERDUE);
            return match earliest {
                // What waits for something else than its time.
                Some(_) if TASKS && deadline == Ticks::FAR => {
                    self.armed.set(token, Ticks::NEVER);
                    Order::Nothing
                }
                Some(_) if !covered || deadline.get() < self.armed.get(token).get() => self.arm(token, deadline),
                Some(_) => Order::Nothing,
                None => {
                    self.armed.set(token, Ticks::NEVER);
                    Order::Nothing
                }
            };
        }
        let Some(job) = earliest else {
            return Order::Nothing;
        };
        if let Some(batch) = batch {
            let moved = self.moved.get(token);
            if moved >= batch.get() {
                if self.first_ready(token).is_none() {
                    // All that it moved was cancelled again meanwhile. Nobody would come: the next tick does.
                    return self.arm(token, deadline);
                }
                self.attend(token, OVERDUE);
                // No deadline that is ahead lies before this.
                self.armed.set(token, Ticks::new(now));
                return Order::Nothing;
            }
            self.moved.set(token, moved + 1);
        }
        leave_timers(token, job);
        match self.queue(token, job) {
            // Whoever would have taken it would have moved the next one.
            Order::Nothing if GROUPS && self.is_stranded(token) => self.time_again(token),
            Order::Nothing => Order::Moved,
            order => order,
        }
    }

    /// Whether it is overdue, and nothing is ready, so that no worker comes: what was moved is Held.
    fn is_stranded(self, token: &Token<'_>) -> bool {
        self.is_overdue(token) && self.first_ready(token).is_none()
    }

    /// The timer sees again to what is due, in the next tick, and no worker does.
    #[cold]
    #[inline(never)]
    fn time_again(self, token: &Token<'_>) -> Order {
        self.unattend(token, OVERDUE);
        match self.earliest.get(token).map(|job| job.deadline.get(token)) {
            Some(deadline) if !(TASKS && deadline == Ticks::FAR) => self.arm(token, deadline),
            _ => {
                self.armed.set(token, Ticks::NEVER);
                Order::Moved
            }
        }
    }

    /// The clock interrupt begins to move jobs. What it moved before counts, unless all of that has been taken.
    #[inline(always)]
    pub(crate) fn begin_expiry(self, token: &Token<'_>) {
        if self.first_ready(token).is_none() {
            self.moved.set(token, 0);
        }
    }

    /// Arms the timer for this deadline, the earliest.
    #[inline(always)]
    pub(crate) fn arm(self, token: &Token<'_>, deadline: Ticks) -> Order {
        self.armed.set(token, deadline);
        Order::Arm(self)
    }

    /// What the timer is armed for, by the port's clock.
    pub(crate) fn armed(self, token: &Token<'_>) -> u64 {
        // Only in a pool that runs, and so does its clock.
        self.port_time(token, self.armed.get(token), || 0)
    }

    /// Somebody has taken a job out of the ready queue: an overdue pool moves a due one in.
    #[inline(always)]
    fn taken(self, token: &Token<'_>) -> Order {
        if self.is_overdue(token) {
            self.catch_up(token)
        } else {
            Order::Nothing
        }
    }

    /// Moves what was due when the interrupt had moved enough, without a look at the clock; then asks for one.
    #[cold]
    #[inline(never)]
    fn catch_up(self, token: &Token<'_>) -> Order {
        let then = self.armed.get(token).get();
        match self.earliest.get(token) {
            Some(job) if job.deadline.get(token).get() <= then => self.expire(token, None, then),
            _ => Order::Look(self),
        }
    }

    /// Whether this worker is the first that sees more due jobs than an interrupt may move.
    pub(crate) fn finds_overdue(self, token: &Token<'_>) -> bool {
        let first = self.attention.get(token).has(Attention::UNSEEN);
        if first {
            self.unattend(token, Attention::UNSEEN);
        }
        first
    }

    /// A submission is under way here, and not any more where it was.
    #[inline(always)]
    fn takes_over(self, token: &Token<'_>, job: JobRef) {
        if STATS {
            pool_of(token, job).counters.moved_away(token);
            self.counters.submitted(token);
        }
    }

    /// Gives a submission its number.
    #[inline(always)]
    pub(crate) fn number(self, token: &Token<'_>, job: JobRef) {
        let number = self.deferrals.get(token);
        self.deferrals.set(token, number.wrapping_add(1));
        job.number.set(token, number);
    }
}

impl WorkerRef {
    /// Takes a job that has left the ready queue. Answers the deadline of the run.
    #[inline(always)]
    fn begin(self, token: &Token<'_>, job: JobRef, pool: PoolRef) -> u64 {
        self.remember(token, job);
        let due = begin_run(token, job, pool);
        pool.counters.begins(token, job, due, pool.idle.get(token).is_some());
        due
    }

    /// The common case of a step: the run has ended with nobody to tell and nothing to do again, and the next job is
    /// there. Otherwise `None`, and nothing has changed.
    #[inline(always)]
    pub(crate) fn step_on(self, token: &Token<'_>, finished: Option<(JobRef, Code)>) -> Option<(JobRef, PoolRef, u64)> {
        let pool = self.pool.get(token)?;
        let next = pool.first_ready(token)?;
        if !self.fits(token, next) {
            return None;
        }
        if pool.attention.get(token) != Attention::NOTHING || finished.is_some_and(|(job, _)| has_sequel(token, job)) {
            return None;
        }
        if let Some((job, code)) = finished {
            rest_job(token, job, code);
            pool.counters.done(token, self.since(token));
        }
        let job = pool.pop_ready(token)?;
        self.takes_one(token, false);
        Some((job, pool, self.begin(token, job, pool)))
    }

    /// Takes a queued job of its pool out of turn, within what it runs.
    pub(crate) fn take(self, token: &Token<'_>, job: JobRef) -> (Taken, Order) {
        let Some(pool) = self.pool.get(token) else {
            return (Taken::Nothing, Order::Nothing);
        };
        // Neither a hold nor a shutdown keeps the worker from it: if this is the only one, nobody else runs it, or, where jobs
        // are discarded, need be there to see to that.
        if job.state.get(token) != State::Queued || job.pool.get(token) != Some(pool) {
            return (Taken::Nothing, Order::Nothing);
        }
        if CONTROL && pool.attention.get(token).has(Attention::CLOSES) && pool.discards(token, job) {
            let order = leave_ready(token, job).taken(token);
            return (Taken::Discarded(job.discard(token)), order);
        }
        let order = leave_ready(token, job).taken(token);
        let outer = self.outer(token);
        self.begin(token, job, pool);
        self.stays_in(token, outer);
        (Taken::ToRun(pool, outer), order)
    }

    /// Ends a job that it took out of turn, and goes on with what it ran before.
    pub(crate) fn finish(self, token: &Token<'_>, job: JobRef, code: Code, outer: Outer) -> Ended {
        if let Some(pool) = self.pool.get(token) {
            pool.counters.done(token, self.since(token));
        }
        let ended = Ended::of(token, job, Outcome::Done(code), false);
        // Nobody but its scope knows it, so it was not resubmitted.
        rest_job(token, job, code);
        self.go_on_with(token, outer);
        ended
    }

    /// One step of a worker: ends the job that it ran, if any, and finds what it does next.
    #[inline(always)]
    pub(crate) fn step(
        self,
        token: &Token<'_>,
        finished: Option<(JobRef, Code)>,
        reserve: Option<&Reserve>,
        now: impl FnOnce() -> u64,
    ) -> (Answer, Order) {
        let Some(pool) = self.pool.get(token) else {
            return match reserve.unwrap_or_else(|| broken()).take_back(token, self) {
                Some(order) => (Answer::Again, order),
                None => (Answer::Block, Order::Nothing),
            };
        };
        if let Some((job, code)) = finished {
            let last = job.last.get(token);
            let decided = last.decided();
            let outcome = decided
                .and_then(|last| last.outcome(code))
                .unwrap_or(Outcome::Done(code));
            let ended = Ended::of(token, job, outcome, false);
            match last.goes_on() {
                true => pool.counters.ran(token, self.since(token)),
                false => pool.counters.ended(token, outcome, self.since(token)),
            }
            if !pool.attention.get(token).has(Attention::SHRINKS) {
                // If it came beyond the maximum, others have left since.
                self.settles(token, false);
            }
            // This worker takes the next job in this same section, unless there is somebody to tell first.
            let order = end_run(token, job, code, ended.is_nobody().then_some(pool));
            if !ended.is_nobody() {
                let answer = match decided {
                    Some(Last::Aborted) => Answer::Aborted(ended),
                    #[cfg(CONFIG_TASKPOOL_TASKS)]
                    Some(Last::Cancelled) => Answer::Cancelled(ended),
                    #[cfg(CONFIG_TASKPOOL_TASKS)]
                    Some(Last::TimedOut) => Answer::TimedOut(ended),
                    _ => Answer::Done(ended),
                };
                return (answer, order);
            }
            if order != Order::Nothing {
                return (Answer::Again, order);
            }
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            if let Some(group) = token.take_freed() {
                if group.is_next_in(token, pool) {
                    // One job more and, in a moment, one job less.
                    group.admit_to_taker(token);
                } else {
                    group.offer(token);
                    // What it takes next may end at once, and free a place of another group.
                    return (Answer::Again, Order::Nothing);
                }
            }
        }
        let attention = pool.attention.get(token);
        if ATTENDS && attention.has(Attention::HELD.with(Attention::SHRINKS)) && pool.keeps_from(token, self) {
            // It may have been called for a job: that one needs another worker then.
            let order = match pool.first_ready(token) {
                Some(_) => pool.call_worker(token, pool, pool.top_rank(token)),
                None => Order::Nothing,
            };
            return match self.rest(token, pool, reserve, order != Order::Nothing) {
                (answer, Order::Nothing) => (answer, order),
                rested => rested,
            };
        }
        if LEVEL_PRIORITIES {
            if let Some(order) = pool.first_ready(token).and_then(|job| self.adapt(token, job)) {
                return (Answer::Again, order);
            }
        }
        if let Some(job) = pool.pop_ready(token) {
            if CONTROL && attention.has(Attention::CLOSES) && pool.discards(token, job) {
                return (Answer::Discarded(job.discard(token)), Order::Nothing);
            }
            if ABORT && attention.has(Attention::LIMITED) {
                if pool.first_ready(token).is_none() {
                    pool.unattend(token, Attention::LIMITED);
                }
                if (job.deadline.get(token).as_limit()).is_some_and(|limit| limit <= pool.time(token, now())) {
                    let ended = job.end_unrun(token, Outcome::TimedOut);
                    return (Answer::TimedOut(ended), pool.taken(token));
                }
            }
            let due = self.begin(token, job, pool);
            self.takes_one(token, pool.attention.get(token).has(Attention::SHRINKS));
            if pool.is_overdue(token) {
                // A worker has come: the interrupt may move a batch again.
                pool.moved.set(token, 0);
            }
            return (Answer::Run { job, pool, due }, pool.taken(token));
        }
        self.rest(token, pool, reserve, false)
    }

    /// It takes nothing. A worker of the reserve is there for all others in the same moment; where this section has another
    /// order to give already, in its next one.
    #[inline(always)]
    fn rest(self, token: &Token<'_>, pool: PoolRef, reserve: Option<&Reserve>, ordered: bool) -> (Answer, Order) {
        if let Some(reserve) = reserve {
            if self.is_reserve() && !(super::KEEPS && pool.workers.get(token) <= pool.kept(token)) {
                pool.workers.set(token, pool.workers.get(token) - 1);
                self.pool.set(token, None);
                return match ordered {
                    true => (Answer::Left(pool), Order::Nothing),
                    false => match reserve.take_back(token, self) {
                        Some(order) => (Answer::Left(pool), order),
                        None => (Answer::Gone(pool), Order::Nothing),
                    },
                };
            }
        }
        self.settles(token, false);
        pool.stand_idle(token, self);
        (Answer::Block, Order::Nothing)
    }
}

impl JobRef {
    /// Cancels what is under way. Answers who is to be told that a submission was cancelled, too.
    #[inline(always)]
    pub(crate) fn cancel(self, token: &Token<'_>) -> ((Cancel, Ended), Order) {
        self.give_up(token, Outcome::Cancelled)
    }

    /// As `cancel`, and the code of a run does not count.
    #[cfg(CONFIG_TASKPOOL_ABORT)]
    pub(crate) fn abort(self, token: &Token<'_>) -> ((Cancel, Ended), Order) {
        if self.state.get(token) == State::Running {
            self.last.set(token, Last::Aborting);
        }
        self.give_up(token, Outcome::Aborted)
    }

    #[inline(always)]
    pub(crate) fn give_up(self, token: &Token<'_>, outcome: Outcome) -> ((Cancel, Ended), Order) {
        let mut order = Order::Nothing;
        let mut ended = Ended::default();
        match self.state.get(token) {
            State::Idle => return ((Cancel::Idle, ended), order),
            State::Queued => {
                let pool = leave_ready(token, self);
                order = pool.taken(token);
                if RUNTIME && order == Order::Nothing {
                    // It may have been all that a shutdown waits for.
                    order = pool.nudge_deserted(token);
                }
            }
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            State::Held => {
                let pool = group_of(self).release(token, self);
                // It may have been all that a shutdown waits for.
                order = pool.nudge(token);
            }
            State::Deferred => leave_timers(token, self),
            State::Running => {
                let flags = self.flags.get(token);
                self.flags.set(token, CANCEL | (flags & KEPT));
                let resubmission_cancelled = flags & REARM != 0;
                if resubmission_cancelled {
                    // What goes on ends when its run has ended.
                    ended = Ended::of(token, self, outcome, true);
                    if STATS && !self.last.get(token).goes_on() {
                        pool_of(token, self).counters.unrun(token, outcome);
                    }
                    if CONTROL {
                        let pool = pool_of(token, self);
                        pool.expect_no_more(token);
                        order = pool.nudge(token);
                    }
                }
                return ((Cancel::Running { resubmission_cancelled }, ended), order);
            }
        }
        let ended = self.end_unrun(token, outcome);
        ((Cancel::Cancelled, ended), order)
    }

    /// A job that has left its queue becomes Idle without having run.
    #[inline(always)]
    fn end_unrun(self, token: &Token<'_>, outcome: Outcome) -> Ended {
        if STATS {
            pool_of(token, self).counters.unrun(token, outcome);
        }
        if self.state.get(token) == State::Queued {
            self.leaves_place(token);
        }
        self.state.set(token, State::Idle);
        if URGENT != 0 {
            self.flags.set(token, self.flags.get(token) & !URGENT);
        }
        #[cfg(CONFIG_TASKPOOL_EVENTS)]
        if self.last.get(token) == Last::Between {
            self.leave_event(token);
        }
        if cfg!(CONFIG_TASKPOOL_WAIT) {
            self.last.set(token, Last::of_unrun(outcome));
        }
        Ended::of(token, self, outcome, false)
    }

    /// A job that has left its queue is discarded.
    pub(super) fn discard(self, token: &Token<'_>) -> Ended {
        self.end_unrun(token, Outcome::Discarded)
    }

    /// Where the job is.
    pub(crate) fn status(self, token: &Token<'_>, now: impl FnOnce() -> u64) -> Status {
        match self.state.get(token) {
            State::Idle => Status::Idle,
            State::Queued => Status::Queued,
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            State::Held => Status::Held,
            State::Deferred => Status::Deferred {
                deadline: pool_of(token, self).port_time(token, self.deadline.get(token), now),
            },
            State::Running => Status::Running {
                cancelled: self.flags.get(token) & CANCEL != 0,
                resubmitted: self.flags.get(token) & REARM != 0,
            },
        }
    }

    /// Changes the level of the job. A ready one goes behind the others of its new level, unless it is urgent.
    pub(crate) fn set_level(self, token: &Token<'_>, level: u8) -> Result<(), LevelError> {
        if usize::from(level) >= LEVELS {
            return Err(LevelError);
        }
        let before = self.flags.get(token);
        let after = (before & !LEVEL) | ((level << LEVEL_SHIFT) & LEVEL);
        if after == before {
            return Ok(());
        }
        if self.state.get(token) == State::Queued && before & URGENT == 0 {
            let pool = pool_of(token, self);
            pool.unlink(token, self);
            self.flags.set(token, after);
            pool.link_last(token, self);
        }
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        if self.state.get(token) == State::Held && before & URGENT == 0 {
            group_of(self).move_level(token, self, after);
        }
        self.flags.set(token, after);
        Ok(())
    }

    /// Whether this run has been cancelled.
    pub(crate) fn cancelled(self, token: &Token<'_>) -> bool {
        self.flags.get(token) & CANCEL != 0
    }
}

// The arrows of the state diagram, by their numbers in `doc/design.md`.

impl PoolRef {
    /// 1: Idle, Deferred or Running to Queued. Asks for a worker.
    #[inline(never)]
    fn queue(self, token: &Token<'_>, job: JobRef) -> Order {
        if URGENT != 0 && job.flags.get(token) & URGENT != 0 {
            return self.queue_first(token, job);
        }
        self.queue_now(token, job)
    }

    /// As `queue`, before all others.
    fn queue_first(self, token: &Token<'_>, job: JobRef) -> Order {
        job.flags.set(token, job.flags.get(token) | URGENT);
        if let Some(order) = self.hold_back(token, job) {
            return order;
        }
        job.pool.set(token, Some(self));
        job.state.set(token, State::Queued);
        self.push_ready_first(token, job);
        self.call_worker_beyond(token, self, Rank::of(token, job))
    }

    /// As `queue`, in the place of the call, where its speed shows.
    #[inline(always)]
    fn queue_now(self, token: &Token<'_>, job: JobRef) -> Order {
        if let Some(order) = self.hold_back(token, job) {
            return order;
        }
        job.pool.set(token, Some(self));
        job.state.set(token, State::Queued);
        self.push_ready(token, job);
        self.call_worker(token, self, Rank::of(token, job))
    }

    /// 10: Held to Queued, in this pool, which a place was found for. Asks for a worker.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub(super) fn queue_admitted(self, token: &Token<'_>, job: JobRef) -> Order {
        let urgent = self.link_admitted(token, job);
        let rank = Rank::of(token, job);
        if urgent {
            self.call_worker_beyond(token, self, rank)
        } else {
            self.call_worker(token, self, rank)
        }
    }

    /// As `queue_admitted`, and a worker is there. Answers whether it is before all others.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub(super) fn link_admitted(self, token: &Token<'_>, job: JobRef) -> bool {
        job.state.set(token, State::Queued);
        if job.deadline.get(token).as_limit().is_some() {
            // The ready queue may have been empty meanwhile.
            self.attend(token, Attention::LIMITED);
        }
        let urgent = URGENT != 0 && job.flags.get(token) & URGENT != 0;
        if urgent {
            self.push_ready_first(token, job);
        } else {
            self.push_ready(token, job);
        }
        urgent
    }

    /// 2: Idle, Deferred or Running to Deferred, with `deadline` and `number` set. Asks for the timer.
    ///
    /// In the same lock section the timer is armed, or, if the deadline has passed, the job moved on. So a submitter that
    /// is preempted for good loses nothing: in a pool that runs, the armed deadline is never after the earliest one,
    /// unless the pool is overdue.
    fn put_off(self, token: &Token<'_>, job: JobRef) -> Order {
        job.pool.set(token, Some(self));
        job.state.set(token, State::Deferred);
        self.insert_timer(token, job);
        if job.deadline.get(token).get() < self.armed.get(token).get() {
            Order::Look(self)
        } else {
            Order::Nothing
        }
    }
}

/// 3: Queued to Running, with no flag set. Answers the deadline of the run by the port's clock, or 0.
#[inline]
fn begin_run(token: &Token<'_>, job: JobRef, pool: PoolRef) -> u64 {
    job.state.set(token, State::Running);
    if URGENT != 0 {
        job.flags.set(token, job.flags.get(token) & !URGENT);
    }
    let deadline = job.deadline.get(token);
    if (ABORT || PAUSE) && deadline.is_immediate() {
        return 0;
    }
    // No clock stands in a pool that runs jobs.
    pool.port_time(token, deadline, || 0)
}

/// Whether the end of a run is more than `rest_job`.
#[inline(always)]
fn has_sequel(token: &Token<'_>, job: JobRef) -> bool {
    // A run whose end is decided is one that was cancelled, too, and one that goes on has REARM.
    let sequels = REARM | WAITED | if ABORT || TASKS { CANCEL } else { 0 };
    job.completion().is_some() || job.flags.get(token) & sequels != 0 || job.is_waited_for(token)
}

/// 4: Running to Idle.
#[inline(always)]
fn rest_job(token: &Token<'_>, job: JobRef, code: Code) {
    job.flags
        .set(token, if KEPT == 0 { 0 } else { job.flags.get(token) & KEPT });
    job.state.set(token, State::Idle);
    job.leaves_place(token);
    if !end_early(token, job) && cfg!(CONFIG_TASKPOOL_WAIT) {
        job.last.set(token, Last::Done);
        job.number.set(token, code as u32);
    }
}

/// The end of a run whose submission ends whatever the run answers, if it does.
#[inline(always)]
fn end_early(token: &Token<'_>, job: JobRef) -> bool {
    if !(ABORT || TASKS) {
        return false;
    }
    let last = job.last.get(token);
    match last.decided() {
        Some(ended) => job.last.set(token, ended),
        None => return false,
    }
    true
}

/// 4: Running to Idle; or, with REARM, to Queued or Deferred, in the pool that the resubmission named.
///
/// `taker`: the pool whose ready queue the caller takes from in this same lock section.
#[inline(never)]
fn end_run(token: &Token<'_>, job: JobRef, code: Code, taker: Option<PoolRef>) -> Order {
    let flags = job.flags.get(token);
    if flags & REARM == 0 {
        rest_job(token, job, code);
        return Order::Nothing;
    }
    match job.last.get(token) {
        // Nobody asks how its submission ended until this one has.
        #[cfg(CONFIG_TASKPOOL_TASKS)]
        last if last.is_of_task() => {
            if !last.goes_on() {
                // Of the next submission: until now that was the place of a code.
                pool_of(token, job).number(token, job);
            }
            job.goes_on_after_run(token);
        }
        _ => {
            end_early(token, job);
        }
    }
    // Those who wait for the resubmission stay.
    job.flags.set(token, flags & (KEPT | URGENT));
    let pool = pool_of(token, job);
    pool.expect_no_more(token);
    // It takes one again, behind those that are held.
    job.leaves_place(token);
    let deadline = job.deadline.get(token);
    if !deadline.is_immediate() {
        let order = pool.put_off(token, job);
        if CONTROL && order == Order::Nothing {
            // In a pool that closes no timer is armed, and its shutdown may wait for this job.
            return pool.nudge(token);
        }
        return order;
    }
    if ABORT && deadline != Ticks::NONE {
        pool.attend(token, Attention::LIMITED);
    }
    match pool.queue(token, job) {
        // One job more and, in a moment, one job less: no worker is missing.
        Order::Wake(worker, _) if taker == Some(pool) => {
            pool.stand_idle(token, worker);
            Order::Nothing
        }
        Order::Borrow(..) if taker == Some(pool) => Order::Nothing,
        #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
        Order::Adapt(..) if taker == Some(pool) => Order::Nothing,
        // Where jobs are discarded no worker is borrowed: whoever shuts the pool down sees to it.
        Order::Nothing if RUNTIME => pool.nudge_deserted(token),
        order => order,
    }
}

/// 5: Running stays Running, with REARM and its destination.
#[inline(never)]
fn rearm(token: &Token<'_>, job: JobRef, pool: PoolRef, deadline: Ticks, by: By) -> Result<Accepted, SubmitError> {
    let flags = job.flags.get(token);
    let accepted = if flags & REARM == 0 {
        pool.counters.submitted(token);
        Accepted::Again
    } else if job.deadline.get(token).is_immediate() {
        return Err(SubmitError::AlreadyQueued);
    } else {
        pool.takes_over(token, job);
        Accepted::Moved
    };
    pool.expect(token);
    job.flags.set(token, flags | REARM);
    job.deadline.set(token, deadline);
    job.pool.set(token, Some(pool));
    pool.number(token, job);
    job.set_by(token, by);
    Ok(accepted)
}

/// A run that needs no worker: in the thread that asks for it.
impl PoolRef {
    /// 1 and 3 in one: Idle to Running, for the thread that calls. The pool expects its end, so that a shutdown waits for
    /// it.
    pub(crate) fn begin_here(self, token: &Token<'_>, job: JobRef, by: By) -> Result<(), RunNowError> {
        if !self.runs(token) {
            return Err(RunNowError::NotRunning);
        }
        if job.state.get(token) != State::Idle {
            return Err(RunNowError::UnderWay);
        }
        if !job.takes_place(token) {
            return Err(RunNowError::GroupFull);
        }
        // It was in no queue and no worker has it, so nothing else is counted.
        self.counters.submitted(token);
        self.expect(token);
        job.pool.set(token, Some(self));
        job.deadline.set(token, Ticks::NONE);
        job.set_by(token, by);
        begin_run(token, job, self);
        Ok(())
    }

    /// 4: the end of such a run. The pool expects it until [`leave_here`](Self::leave_here).
    pub(crate) fn finish_here(self, token: &Token<'_>, job: JobRef, code: Code) -> ((Ended, Outcome), Order) {
        let decided = job.last.get(token).decided().and_then(|last| last.outcome(code));
        let outcome = decided.unwrap_or(Outcome::Done(code));
        let ended = Ended::of(token, job, outcome, false);
        if STATS {
            self.counters.unrun(token, outcome);
        }
        ((ended, outcome), end_run(token, job, code, None))
    }

    /// Everybody has been told of such a run.
    pub(crate) fn leave_here(self, token: &Token<'_>) -> Order {
        self.expect_no_more(token);
        self.nudge(token)
    }
}

/// What tasks do beyond the arrows: a submission that goes on.
#[cfg(CONFIG_TASKPOOL_TASKS)]
impl PoolRef {
    /// Whether it takes submissions.
    pub(crate) fn takes(self, token: &Token<'_>) -> bool {
        self.life.get(token) != Life::NONE
    }

    /// Submits a job that is Idle, or Running and about to end, at its deadline, which may have come.
    pub(crate) fn begin_submission(self, token: &Token<'_>, job: JobRef, due: bool, by: By) -> Order {
        if job.state.get(token) == State::Running {
            // The code of the run that goes on, perhaps.
            let (deadline, number) = (job.deadline.get(token), job.number.get(token));
            // It takes submissions, and no other one of this job is under way.
            _ = rearm(token, job, self, deadline, by);
            job.number.set(token, number);
            return Order::Nothing;
        }
        self.counters.submitted(token);
        job.set_by(token, by);
        self.place(token, job, due)
    }

    /// 1 and 2: puts a job where its deadline belongs.
    fn place(self, token: &Token<'_>, job: JobRef, due: bool) -> Order {
        self.number(token, job);
        if due {
            self.queue(token, job)
        } else {
            self.put_off(token, job)
        }
    }
}

#[cfg(CONFIG_TASKPOOL_TASKS)]
impl JobRef {
    /// Puts a Deferred or Queued job where its deadline belongs that `change` gives it. One that is due and was due stays.
    pub(crate) fn replace(self, token: &Token<'_>, now: u64, change: impl FnOnce()) -> Order {
        let state = self.state.get(token);
        let queued = state == State::Queued;
        if state == State::Deferred {
            leave_timers(token, self);
        }
        change();
        let due = self.deadline.get(token).get() <= now;
        if state != State::Deferred && due {
            return Order::Nothing;
        }
        let pool = pool_of(token, self);
        if queued {
            pool.unlink_ready(token, self);
            self.leaves_place(token);
        }
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        if state == State::Held {
            group_of(self).release(token, self);
        }
        match pool.place(token, self, due) {
            // Nobody takes what it was, and would move what is due.
            Order::Nothing if queued && pool.is_overdue(token) => Order::Look(pool),
            order => order,
        }
    }

    /// 5: the submission of a Running job goes on after the run, at its deadline.
    pub(crate) fn go_on(self, token: &Token<'_>) {
        let pool = pool_of(token, self);
        pool.expect(token);
        pool.number(token, self);
        self.flags.set(token, self.flags.get(token) | REARM);
        self.last.set(token, Last::GoesOn);
    }
}

/// A running job whose resubmission is about to be moved does not come to the pool that it named before.
#[cold]
#[inline(never)]
fn withdraw(token: &Token<'_>, job: JobRef) -> Order {
    if job.flags.get(token) & REARM == 0 || job.deadline.get(token).is_immediate() {
        return Order::Nothing;
    }
    let pool = pool_of(token, job);
    pool.expect_no_more(token);
    pool.nudge(token)
}

/// 6: out of Queued. Answers the pool that it left.
fn leave_ready(token: &Token<'_>, job: JobRef) -> PoolRef {
    let pool = pool_of(token, job);
    pool.unlink_ready(token, job);
    pool
}

/// 7: out of Deferred.
#[inline(never)]
pub(super) fn leave_timers(token: &Token<'_>, job: JobRef) {
    pool_of(token, job).remove_timer(token, job);
}

/// The group of a job that is Held.
#[cfg(CONFIG_TASKPOOL_GROUPS)]
fn group_of(job: JobRef) -> GroupRef {
    job.group().unwrap_or_else(|| broken())
}

/// The pool of a job that is under way.
#[inline(always)]
pub(super) fn pool_of(token: &Token<'_>, job: JobRef) -> PoolRef {
    job.pool.get(token).unwrap_or_else(|| broken())
}
