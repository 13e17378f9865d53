//! The steps of the machine. Each runs in one lock section, in bounded time, and answers with an [`Order`]: what the
//! shell has yet to do. Each arrow of the state diagram in `doc/design.md` is one function of the last section here.

use super::{Life, PoolRef, Reserve, WorkerRef};
use crate::error::SubmitError;
use crate::job::{Accepted, Cancel, Code, CompletionRef, JobRef, State, Status, CANCEL, REARM};
use crate::lock::Token;
use crate::ticks::Ticks;

/// What the shell has to do after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Order {
    /// Nothing.
    Nothing,
    /// Wake this worker, before the lock is released.
    Wake(WorkerRef),
    /// Let the reserve lend this pool a worker, before the lock is released.
    Borrow(PoolRef),
    /// This worker of the reserve, the calling one, belongs to another pool now, before the lock is released.
    Join(WorkerRef),
    /// See to this pool's timer, after the lock was released.
    Arm(PoolRef),
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
    /// Tell the completion that the run ended, then step again.
    Complete(CompletionRef),
    /// The worker left this pool. Step again.
    Left(PoolRef),
}

/// What a timer step found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Due {
    /// One job was due and is ready now. There may be more.
    Moved,
    /// Nothing is due; the timer is to be armed for this.
    Arm(u64),
    /// Nothing is due, and the timer is right as it is.
    Nothing,
}

impl PoolRef {
    /// Starts the pool with the `count` workers of its own that are chained from `first`, all idle. Answers for how many
    /// jobs a worker has to be called; `None` when the pool was not waiting for its start.
    ///
    /// The one step that is not O(log n): it walks over at most as many ready jobs as the pool may have workers.
    pub(crate) fn start(self, token: &Token<'_>, first: WorkerRef, count: u8) -> Option<u8> {
        if self.life.get(token) != Life::STARTING {
            return None;
        }
        assert!(
            0 < count && count <= self.max.get(token),
            "a pool needs at least one worker of its own, and not more than its maximum"
        );
        self.idle.set(token, Some(first));
        self.workers.set(token, count);
        self.life.set(token, Life::RUNNING);
        Some(self.count_ready(token, self.max.get(token)))
    }

    /// Submits a job to run as soon as a worker is free.
    #[inline]
    pub(crate) fn submit(self, token: &Token<'_>, job: JobRef) -> (Result<Accepted, SubmitError>, Order) {
        if !self.accepts(token) {
            return (Err(SubmitError::NotRunning), Order::Nothing);
        }
        let accepted = match job.state.get(token) {
            State::Idle => Accepted::New,
            State::Queued => return (Err(SubmitError::AlreadyQueued), Order::Nothing),
            State::Deferred => {
                leave_timers(token, job);
                Accepted::Moved
            }
            State::Running => {
                let accepted = rearm(token, job, self, Ticks::NONE);
                return (accepted, Order::Nothing);
            }
        };
        job.deadline.set(token, Ticks::NONE);
        (Ok(accepted), self.queue(token, job))
    }

    /// Submits a job to run at `deadline`, or moves its deadline.
    #[inline(always)]
    pub(crate) fn defer(
        self,
        token: &Token<'_>,
        job: JobRef,
        deadline: Ticks,
    ) -> (Result<Accepted, SubmitError>, Order) {
        if !self.accepts(token) {
            return (Err(SubmitError::NotRunning), Order::Nothing);
        }
        let accepted = match job.state.get(token) {
            State::Idle => Accepted::New,
            State::Queued => return (Err(SubmitError::AlreadyQueued), Order::Nothing),
            State::Deferred => {
                leave_timers(token, job);
                Accepted::Moved
            }
            State::Running => {
                let accepted = rearm(token, job, self, deadline);
                if accepted.is_ok() {
                    self.number(token, job);
                }
                return (accepted, Order::Nothing);
            }
        };
        job.deadline.set(token, deadline);
        self.number(token, job);
        (Ok(accepted), self.put_off(token, job))
    }

    /// One step of the pool's timer: moves one due job to the ready queue, or finds out what the timer has to be armed
    /// for. `fired`: the timer has expired, so it is not armed any more, and `batch` limits what it moves.
    ///
    /// One clock interrupt can bring several expiries: a late one announces many ticks, and the timer that is armed for
    /// one of them expires again at once. So the batch counts what the interrupt moved while no worker took it.
    pub(crate) fn expire(self, token: &Token<'_>, now: u64, fired: bool, batch: u8) -> (Due, Order) {
        if !self.runs(token) {
            return (Due::Nothing, Order::Nothing);
        }
        let Some(job) = self.root.get(token) else {
            if fired {
                self.armed.set(token, Ticks::NEVER);
            }
            return (Due::Nothing, Order::Nothing);
        };
        let deadline = job.deadline.get(token);
        if deadline.get() <= now {
            if fired {
                let moved = match self.head.get(token) {
                    Some(_) => self.moved.get(token),
                    None => 0,
                };
                if moved >= batch {
                    // Nothing covers what is left. The ready queue has jobs, so a step will come that sees it: of the
                    // worker that takes one, or of the caller who cancels one.
                    self.armed.set(token, Ticks::NEVER);
                    return (Due::Nothing, Order::Nothing);
                }
                self.moved.set(token, moved + 1);
            }
            leave_timers(token, job);
            return (Due::Moved, self.queue(token, job));
        }
        if fired || deadline.get() < self.armed.get(token).get() {
            self.armed.set(token, deadline);
            return (Due::Arm(deadline.get()), Order::Nothing);
        }
        (Due::Nothing, Order::Nothing)
    }

    /// Answers the earliest deadline, to arm the timer for at once, when it has not passed. The rest is for `expire`.
    #[inline(always)]
    pub(crate) fn arm(self, token: &Token<'_>, now: u64) -> Option<u64> {
        if !self.runs(token) {
            return None;
        }
        let deadline = self.root.get(token)?.deadline.get(token);
        if deadline.get() <= now {
            return None;
        }
        self.armed.set(token, deadline);
        Some(deadline.get())
    }

    /// A worker takes over from the clock interrupt. Answers how many jobs that one had moved.
    pub(crate) fn take_over(self, token: &Token<'_>) -> u8 {
        let moved = self.moved.get(token);
        self.moved.set(token, 0);
        moved
    }

    /// Asks for the timer when it is armed for nothing, or for later than the earliest deadline.
    ///
    /// Every step that leaves jobs among the timers asks, not only the one that put the earliest there: if that one's
    /// thread is preempted for good before it armed, nobody else's deadline is lost.
    #[inline]
    fn cover(self, token: &Token<'_>) -> Order {
        match self.root.get(token) {
            Some(root) if root.deadline.get(token).get() < self.armed.get(token).get() => Order::Arm(self),
            _ => Order::Nothing,
        }
    }

    /// Gives a deferred submission its number.
    fn number(self, token: &Token<'_>, job: JobRef) {
        let number = self.deferrals.get(token);
        self.deferrals.set(token, number.wrapping_add(1));
        job.number.set(token, number);
    }
}

impl WorkerRef {
    /// The common case of a step: the run has ended with nobody to tell and nothing to do again, the next job is there,
    /// and no deadline is uncovered. Otherwise `None`, and nothing has changed.
    #[inline(always)]
    pub(crate) fn step_on(self, token: &Token<'_>, finished: Option<(JobRef, Code)>) -> Option<(JobRef, PoolRef, u64)> {
        let pool = self.pool.get(token)?;
        pool.head.get(token)?;
        if let Some((job, _)) = finished {
            if job.completion().is_some() || job.flags.get(token) & REARM != 0 {
                return None;
            }
        }
        if pool.cover(token) != Order::Nothing {
            return None;
        }
        if let Some((job, _)) = finished {
            job.flags.set(token, 0);
            job.state.set(token, State::Idle);
        }
        let job = pool.pop_ready(token)?;
        Some((job, pool, begin_run(token, job)))
    }

    /// One step of a worker: ends the job that it ran, if any, and finds what it does next.
    pub(crate) fn step(
        self,
        token: &Token<'_>,
        finished: Option<(JobRef, Code)>,
        reserve: &Reserve,
    ) -> (Answer, Order) {
        let Some(pool) = self.pool.get(token) else {
            return reserve.place(token, self);
        };
        if let Some((job, _)) = finished {
            if let Some(then) = self.end(token, pool, job) {
                return then;
            }
        }
        match pool.pop_ready(token) {
            Some(job) => {
                let due = begin_run(token, job);
                (Answer::Run { job, pool, due }, pool.cover(token))
            }
            None => self.rest(token, pool),
        }
    }

    /// Ends a run. Answers what is to be done before the next job is taken.
    fn end(self, token: &Token<'_>, pool: PoolRef, job: JobRef) -> Option<(Answer, Order)> {
        let completion = job.completion();
        // This worker takes the next job in this same section, unless there is a completion to tell first.
        let taker = completion.is_none().then_some(pool);
        let order = end_run(token, job, taker);
        match completion {
            Some(completion) => Some((Answer::Complete(completion), order)),
            None if order != Order::Nothing => Some((Answer::Again, order)),
            None => None,
        }
    }

    /// Nothing is ready.
    fn rest(self, token: &Token<'_>, pool: PoolRef) -> (Answer, Order) {
        let answer = if self.is_reserve() {
            pool.workers.set(token, pool.workers.get(token) - 1);
            self.pool.set(token, None);
            Answer::Left(pool)
        } else {
            pool.stand_idle(token, self);
            Answer::Block
        };
        (answer, pool.cover(token))
    }
}

impl JobRef {
    /// Cancels what is under way. Answers the completion to tell that a submission was cancelled, too.
    #[inline]
    pub(crate) fn cancel(self, token: &Token<'_>) -> ((Cancel, Option<CompletionRef>), Order) {
        let mut order = Order::Nothing;
        match self.state.get(token) {
            State::Idle => return ((Cancel::Idle, None), order),
            State::Queued => order = leave_ready(token, self).cover(token),
            State::Deferred => leave_timers(token, self),
            State::Running => {
                let resubmission_cancelled = self.flags.get(token) & REARM != 0;
                self.flags.set(token, CANCEL);
                let completion = self.completion().filter(|_| resubmission_cancelled);
                return ((Cancel::Running { resubmission_cancelled }, completion), order);
            }
        }
        self.state.set(token, State::Idle);
        ((Cancel::Cancelled, self.completion()), order)
    }

    /// Where the job is.
    pub(crate) fn status(self, token: &Token<'_>) -> Status {
        match self.state.get(token) {
            State::Idle => Status::Idle,
            State::Queued => Status::Queued,
            State::Deferred => Status::Deferred {
                deadline: self.deadline.get(token).get(),
            },
            State::Running => Status::Running {
                cancelled: self.flags.get(token) & CANCEL != 0,
                resubmitted: self.flags.get(token) & REARM != 0,
            },
        }
    }

    /// Whether this run has been cancelled.
    pub(crate) fn cancelled(self, token: &Token<'_>) -> bool {
        self.flags.get(token) & CANCEL != 0
    }
}

// The arrows of the state diagram, by their numbers in `doc/design.md`.

impl PoolRef {
    /// 1: Idle, Deferred or Running to Queued. Asks for a worker.
    #[inline]
    fn queue(self, token: &Token<'_>, job: JobRef) -> Order {
        job.pool.set(token, Some(self));
        job.state.set(token, State::Queued);
        self.push_ready(token, job);
        self.call_worker(token, self)
    }

    /// 2: Idle, Deferred or Running to Deferred, with `deadline` and `number` set. Asks for the timer.
    fn put_off(self, token: &Token<'_>, job: JobRef) -> Order {
        job.pool.set(token, Some(self));
        job.state.set(token, State::Deferred);
        self.insert_timer(token, job);
        self.cover(token)
    }
}

/// 3: Queued to Running, with no flag set. Answers the deadline of the run.
#[inline]
fn begin_run(token: &Token<'_>, job: JobRef) -> u64 {
    job.state.set(token, State::Running);
    job.deadline.get(token).get()
}

/// 4: Running to Idle; or, with REARM, to Queued or Deferred, in the pool that the resubmission named.
///
/// `taker`: the pool whose ready queue the caller takes from in this same lock section.
#[inline]
fn end_run(token: &Token<'_>, job: JobRef, taker: Option<PoolRef>) -> Order {
    let flags = job.flags.get(token);
    job.flags.set(token, 0);
    if flags & REARM == 0 {
        job.state.set(token, State::Idle);
        return Order::Nothing;
    }
    let Some(pool) = job.pool.get(token) else {
        unreachable!("REARM without a pool");
    };
    if job.deadline.get(token) != Ticks::NONE {
        return pool.put_off(token, job);
    }
    if taker == Some(pool) {
        // One job more and, in a moment, one job less: no worker is missing.
        job.state.set(token, State::Queued);
        pool.push_ready(token, job);
        return Order::Nothing;
    }
    pool.queue(token, job)
}

/// 5: Running stays Running, with REARM and its destination.
fn rearm(token: &Token<'_>, job: JobRef, pool: PoolRef, deadline: Ticks) -> Result<Accepted, SubmitError> {
    let flags = job.flags.get(token);
    let accepted = if flags & REARM == 0 {
        Accepted::Again
    } else if job.deadline.get(token) == Ticks::NONE {
        return Err(SubmitError::AlreadyQueued);
    } else {
        Accepted::Moved
    };
    job.flags.set(token, flags | REARM);
    job.deadline.set(token, deadline);
    job.pool.set(token, Some(pool));
    Ok(accepted)
}

/// 6: out of Queued. Answers the pool that it left.
fn leave_ready(token: &Token<'_>, job: JobRef) -> PoolRef {
    let Some(pool) = job.pool.get(token) else {
        unreachable!("Queued without a pool");
    };
    pool.unlink_ready(token, job);
    pool
}

/// 7: out of Deferred.
fn leave_timers(token: &Token<'_>, job: JobRef) {
    let Some(pool) = job.pool.get(token) else {
        unreachable!("Deferred without a pool");
    };
    pool.remove_timer(token, job);
}
