//! Holding a pool back, letting it go, shutting it down, and changing its maximum.

use core::fmt;

use super::steps::{leave_timers, Ended};
use super::{Attention, Life, Order, PoolRef, Rank, Reserve, WorkerRef, CONTROL};
use crate::job::{Caller, JobRef, WaiterRef, DISCARD, URGENT};
use crate::lock::Token;
use crate::ticks::Ticks;

/// What becomes of the jobs that are under way when a pool is shut down. Deferred jobs are discarded in both cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Queued jobs run, except those that are marked to be discarded.
    Drain,
    /// Queued jobs are discarded.
    Discard,
}

/// What becomes of the time of a pool while it is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It runs on: what comes due meanwhile runs as soon as the pool goes on.
    RunsOn,
    /// It stands: what is so many ticks ahead is still as many ahead when the pool goes on.
    Frozen,
}

/// Why a pool did not do what was asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlError {
    /// The pool is not in the state for this: not running, where it is to be held, resized or shut down; not held, where
    /// it is to go on; not shut down, where it is to be restarted.
    NotRunning,
    /// The time was up. The pool takes no submissions any more, its jobs go on; call again to wait for them.
    TimedOut,
    /// Interrupts can't wait.
    InInterrupt,
    /// A worker of the pool would wait for itself.
    OnWorker,
    /// Fewer workers than the pool's own, none, or more than 127.
    OutOfRange,
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ControlError::NotRunning => {
                "the pool is not running, held or shut down, as this needs: start or restart it, hold it, or shut it \
                 down first"
            }
            ControlError::TimedOut => {
                "the pool's jobs have not ended in time: shut it down again, to wait for them longer"
            }
            ControlError::InInterrupt => "an interrupt can't wait: shut the pool down from a thread",
            ControlError::OnWorker => "a worker can't wait for its own end: shut the pool down from another thread",
            ControlError::OutOfRange => {
                "a pool's maximum is at least the number of its own workers, and at most 127: correct it"
            }
        })
    }
}

impl core::error::Error for ControlError {}

/// What a thread that shuts a pool down does next.
pub(crate) enum Closing {
    /// Tell them that their job was discarded, then step again.
    Tell(Ended),
    /// Wait to be let go, then step again.
    Wait,
    /// Nothing of the pool runs, or ever will. Let those go who wait for the same.
    Over(Option<WaiterRef>),
}

impl PoolRef {
    /// Submissions are taken, and nothing runs that does not run already; nor does the clock, if it is to stop, at `now`.
    /// Answers whether the pool was running.
    pub(crate) fn hold(self, token: &Token<'_>, stop: Option<u64>) -> bool {
        if self.life.get(token) != Life::RUNNING {
            return false;
        }
        // As before the start.
        self.life.set(token, Life::STARTING);
        self.armed.set(token, Ticks::NONE);
        if let Some(now) = stop {
            self.stop_clock(token, now);
        }
        self.unattend(token, Attention::OVERDUE.with(Attention::UNSEEN));
        self.attend(token, Attention::HELD);
        self.set_benched(token, self.idle.get(token));
        self.idle.set(token, None);
        self.counters.is_held(token);
        true
    }

    /// Ends `hold`. Answers for how many jobs a worker has to be called.
    pub(crate) fn release(self, token: &Token<'_>, now: u64) -> Option<u8> {
        if !self.attention.get(token).has(Attention::HELD) {
            return None;
        }
        self.start_clock(token, now);
        self.unattend(token, Attention::HELD);
        self.idle.set(token, self.benched(token));
        self.set_benched(token, None);
        Some(self.run_on(token, self.time(token, now)))
    }

    /// Changes how many workers the pool may have. Answers for how many jobs a worker has to be called.
    pub(crate) fn set_max(self, token: &Token<'_>, max: u8) -> Result<u8, ControlError> {
        let held = self.attention.get(token).has(Attention::HELD);
        if !self.runs(token) && !held {
            return Err(ControlError::NotRunning);
        }
        if max < self.own.get(token).max(self.kept(token)).max(1) || max > 127 {
            return Err(ControlError::OutOfRange);
        }
        self.max.set(token, max);
        let workers = self.workers.get(token);
        if workers > max {
            self.attend(token, Attention::SHRINKS);
            return Ok(0);
        }
        self.unattend(token, Attention::SHRINKS);
        // A pool that keeps workers grows with its next submission only.
        Ok(if held || self.kept(token) > 0 {
            0
        } else {
            self.count_ready(token, max - workers)
        })
    }

    /// Takes no more submissions, and begins to end what is under way; or joins another thread that does.
    ///
    /// Answers for how many jobs a worker has to be called: a held pool is let go.
    pub(crate) fn close(
        self,
        token: &Token<'_>,
        how: Shutdown,
        caller: Caller,
        now: impl FnOnce() -> u64,
    ) -> Result<u8, ControlError> {
        match caller {
            Caller::Interrupt => return Err(ControlError::InInterrupt),
            Caller::Worker(worker) if worker.pool(token) == Some(self) => return Err(ControlError::OnWorker),
            _ => {}
        }
        let attention = self.attention.get(token);
        if attention.has(Attention::CLOSES) {
            if how == Shutdown::Discard {
                self.attend(token, Attention::DISCARDS);
            }
            return Ok(0);
        }
        if attention.has(Attention::CLOSED) {
            return Ok(0);
        }
        let mut ready = match self.life.get(token) {
            Life::RUNNING => 0,
            _ => self.release(token, now()).ok_or(ControlError::NotRunning)?,
        };
        if self.kept(token) > 0 {
            // Those that it kept go back: they are called, as for jobs.
            self.keep(token, 0);
            ready = ready.max(self.count_idle(token));
        }
        self.life.set(token, Life::NONE);
        self.armed.set(token, Ticks::NONE);
        self.unattend(token, Attention::OVERDUE.with(Attention::UNSEEN));
        self.attend(token, Attention::CLOSES);
        if how == Shutdown::Discard {
            self.attend(token, Attention::DISCARDS);
        }
        Ok(ready)
    }

    /// One step of a shutdown: discards a job, or waits, unless all is over: nothing is queued or held, every worker of the pool
    /// is idle, and no job that runs elsewhere comes here after its run.
    ///
    /// `told`: the outcome that the step before gave has been told.
    pub(crate) fn close_on(
        self,
        token: &Token<'_>,
        closer: WaiterRef,
        told: bool,
        reserve: Option<&Reserve>,
    ) -> Closing {
        if told {
            self.expect_no_more(token);
        }
        let attention = self.attention.get(token);
        if !attention.has(Attention::CLOSES) {
            return Closing::Over(None);
        }
        let queued = self.first_ready(token).filter(|_| attention.has(Attention::DISCARDS));
        if let Some(job) = self.earliest.get(token) {
            leave_timers(token, job);
            // Others that shut down wait until this one is told.
            self.expect(token);
            return Closing::Tell(job.discard(token));
        }
        if let Some(job) = queued {
            self.unlink_ready(token, job);
            self.expect(token);
            return Closing::Tell(job.discard(token));
        }
        if let Some(job) = self.discard_held(token) {
            self.expect(token);
            return Closing::Tell(job.discard(token));
        }
        if self.first_ready(token).is_none()
            && self.held(token) == 0
            && self.inbound.get(token) == 0
            && self.count_idle(token) == self.workers.get(token)
        {
            self.attention.set(token, Attention::CLOSED);
            if let Some(reserve) = reserve {
                reserve.leave_line(token, self);
            }
            return Closing::Over(self.let_closers_go(token));
        }
        closer.join_line(token, self.closers(token));
        self.set_closers(token, Some(closer));
        Closing::Wait
    }

    /// The time of a thread that shuts down is up. Answers whether it left the line; if not, it has been let go.
    pub(crate) fn close_end(self, token: &Token<'_>, closer: WaiterRef) -> bool {
        if closer.is_let_go(token) {
            return false;
        }
        self.set_closers(token, closer.leave_line(token, self.closers(token)));
        true
    }

    /// Who waits for the end, when a worker has come to rest, or what was expected has happened.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    pub(crate) fn quiet(self, token: &Token<'_>) -> Option<WaiterRef> {
        if !self.attention.get(token).has(Attention::CLOSES) {
            return None;
        }
        self.let_closers_go(token)
    }

    fn let_closers_go(self, _token: &Token<'_>) -> Option<WaiterRef> {
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        {
            let closers = self.closers(_token)?;
            self.set_closers(_token, None);
            Some(closers.let_line_go(_token, crate::job::Outcome::Discarded))
        }
        #[cfg(not(CONFIG_TASKPOOL_CONTROL))]
        None
    }

    /// Starts a pool again that has been shut down. Answers whether it was.
    pub(crate) fn restart(self, token: &Token<'_>) -> bool {
        if !self.attention.get(token).has(Attention::CLOSED) {
            return false;
        }
        self.attention.set(token, Attention::NOTHING);
        self.life.set(token, Life::RUNNING);
        self.armed.set(token, Ticks::NEVER);
        true
    }

    /// Whether a worker may not take a job now.
    pub(super) fn keeps_from(self, token: &Token<'_>, worker: WorkerRef) -> bool {
        if self.attention.get(token).has(Attention::HELD) {
            return true;
        }
        let (max, workers) = (self.max.get(token), self.workers.get(token));
        // Beyond the maximum there is one for each urgent job, and for nothing else.
        let urgent = |job: JobRef| URGENT != 0 && job.flags.get(token) & URGENT != 0;
        let leaves = worker.is_reserve() && workers > max && !self.first_ready(token).is_some_and(urgent);
        // But a pool that keeps workers is emptied first by those that it has, except for those that came beyond.
        let stays = self.kept(token) > 0 && self.first_ready(token).is_some() && !worker.has_had_its_job(token);
        let leaves = leaves && !stays;
        if workers - u8::from(leaves) <= max {
            self.unattend(token, Attention::SHRINKS);
        }
        leaves
    }

    /// A running job has been resubmitted to this pool.
    #[inline(always)]
    pub(crate) fn expect(self, token: &Token<'_>) {
        if CONTROL {
            self.inbound.set(token, self.inbound.get(token) + 1);
        }
    }

    /// A resubmission that was expected has come, or comes no more.
    #[inline(always)]
    pub(crate) fn expect_no_more(self, token: &Token<'_>) {
        if CONTROL {
            self.inbound.set(token, self.inbound.get(token) - 1);
        }
    }

    /// What a shutdown may wait for has happened outside of the pool. A worker that comes to rest lets those go who wait:
    /// asks for one.
    #[inline(always)]
    pub(super) fn nudge(self, token: &Token<'_>) -> Order {
        #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
        if self.passes(token) {
            return self.nudge_deserted(token);
        }
        if CONTROL && self.attention.get(token).has(Attention::CLOSES) {
            self.call_worker(token, self, Rank::LOWEST)
        } else {
            Order::Nothing
        }
    }

    /// As `nudge`, for what a worker of the pool would see by itself: a pool that was made at run time may have none. Lets
    /// those go who wait then, so that they look again.
    #[inline(always)]
    pub(crate) fn nudge_deserted(self, _token: &Token<'_>) -> Order {
        #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
        if self.workers.get(_token) == 0 {
            return self.quiet(_token).map_or(Order::Nothing, Order::Release);
        }
        Order::Nothing
    }

    /// Whether a job that was taken in a pool that closes does not run.
    pub(super) fn discards(self, token: &Token<'_>, job: JobRef) -> bool {
        self.attention.get(token).has(Attention::DISCARDS) || job.flags.get(token) & DISCARD != 0
    }

    fn benched(self, _token: &Token<'_>) -> Option<WorkerRef> {
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        return self.benched.get(_token);
        #[cfg(not(CONFIG_TASKPOOL_CONTROL))]
        None
    }

    fn set_benched(self, _token: &Token<'_>, _workers: Option<WorkerRef>) {
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        self.benched.set(_token, _workers);
    }

    fn closers(self, _token: &Token<'_>) -> Option<WaiterRef> {
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        return self.closers.get(_token);
        #[cfg(not(CONFIG_TASKPOOL_CONTROL))]
        None
    }

    fn set_closers(self, _token: &Token<'_>, _closers: Option<WaiterRef>) {
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        self.closers.set(_token, _closers);
    }
}
