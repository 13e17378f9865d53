//! What is done with a task, as calls.

use super::completer::Stale;
#[cfg(CONFIG_TASKPOOL_EVENTS)]
use super::event::EventRef;
use super::header::{First, Next, NotEnabled, Start, TaskRef};
use super::steps::{Now, Run};
use super::{Rephase, Schedule};
use crate::error::SubmitError;
use crate::job::{Code, Outcome};
use crate::pool::PoolRef;
use crate::port::Port;
use crate::shell::Shell;
use crate::site::By;

/// Each is callable everywhere, from the task's own run, too: one lock section, O(log n).
impl<P: Port> Shell<P> {
    /// A run begins. Answers what it is told, if it is to be.
    pub(crate) fn begin_task(task: TaskRef) -> Result<Run, Code> {
        Self::look(|token| task.begin(token, Self::clock()))
    }

    /// A run has ended.
    pub(crate) fn end_task(task: TaskRef, next: Next, took: bool) -> Code {
        Self::look(|token| task.end(token, next, took, Self::clock))
    }

    pub(super) fn clock() -> Now {
        Now { port: P::now() }
    }

    pub(crate) fn hand_out(task: TaskRef) -> u32 {
        Self::look(|token| task.hand_out(token))
    }

    /// The run is over whose completer has this number, and has answered `next`. If an event that was aborted aborts the task by
    /// that, it is told here.
    ///
    /// # Errors
    ///
    /// [`Stale`]; nothing has changed then.
    pub fn complete(task: TaskRef, turn: u32, next: Next) -> Result<(), Stale> {
        let ended = Self::section(|token| task.complete(token, turn, next, Self::clock()))?;
        Self::tell(ended, Outcome::Aborted);
        Ok(())
    }

    /// The completer with this number is gone: the task is aborted, if it waits for that.
    pub fn drop_completer(task: TaskRef, turn: u32) {
        let ended = Self::section(|token| task.drop_completer(token, turn));
        Self::tell(ended, Outcome::Aborted);
    }

    /// Enables a task: from now on it runs as its schedule says. One that is enabled begins anew. Answers whether it was.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]: the pool is not running, or the task is enabled in another one, or about to end. Nothing has changed
    /// then.
    #[inline(always)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn enable(task: TaskRef, pool: PoolRef, first: First) -> Result<bool, SubmitError> {
        Self::enable_by(task, pool, first, By::caller())
    }

    /// [`enable`](Shell::enable) by somebody else than the caller.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing has changed then.
    pub fn enable_by(task: TaskRef, pool: PoolRef, first: First, by: By) -> Result<bool, SubmitError> {
        Self::start_task(task, pool, Start::At(first), by)
    }

    /// As [`enable`](Shell::enable), and the first run waits for an event, which its time, if that is limited, counts for, too.
    /// When it is complete, with whatever status, the task runs: at once, or, `delayed`, an interval later. But one that was
    /// aborted aborts the task. If the event is complete already, it is not waited for. What says when the next run comes
    /// ends the wait.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    #[inline(always)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn enable_on(task: TaskRef, pool: PoolRef, event: EventRef, delayed: bool) -> Result<bool, SubmitError> {
        Self::enable_on_by(task, pool, event, delayed, By::caller())
    }

    /// [`enable_on`](Shell::enable_on) by somebody else than the caller.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    pub fn enable_on_by(
        task: TaskRef,
        pool: PoolRef,
        event: EventRef,
        delayed: bool,
        by: By,
    ) -> Result<bool, SubmitError> {
        Self::start_task(task, pool, Start::On { event, delayed }, by)
    }

    fn start_task(task: TaskRef, pool: PoolRef, start: Start, by: By) -> Result<bool, SubmitError> {
        let (enabled, aborted) = Self::section(|token| {
            let clock = Self::clock();
            let (enabled, order) = task.enable(token, pool, start, clock, by);
            ((enabled, enabled.is_ok() && start.is_aborted(token, clock)), order)
        });
        if aborted {
            Self::abort_task(task);
        }
        enabled
    }

    /// Ends a task with the outcome `Done(0)`: it runs no more, but for the run that goes on. Answers whether it was enabled.
    pub fn disable(task: TaskRef) -> bool {
        Self::stop(task, Outcome::Done(0))
    }

    /// As [`disable`](Shell::disable), with the outcome [`Outcome::Cancelled`].
    pub fn cancel_task(task: TaskRef) -> bool {
        Self::stop(task, Outcome::Cancelled)
    }

    /// As [`disable`](Shell::disable), with the outcome [`Outcome::Aborted`].
    pub fn abort_task(task: TaskRef) -> bool {
        Self::stop(task, Outcome::Aborted)
    }

    fn stop(task: TaskRef, outcome: Outcome) -> bool {
        let (enabled, ended) = Self::section(|token| {
            let enabled = task.pool(token).is_some();
            let ((_, ended), order) = task.stop(token, outcome);
            ((enabled, ended), order)
        });
        Self::tell(ended, outcome);
        enabled
    }

    /// `said`: who says when the next run comes, if that is said.
    fn reschedule(task: TaskRef, said: Option<By>, change: impl FnOnce(&mut Schedule, u64)) -> Result<(), NotEnabled> {
        Self::section(|token| {
            let now = match task.pool(token) {
                Some(pool) => pool.time(token, P::now()),
                None => 0,
            };
            let (moved, order) = task.reschedule(token, now, said.is_some(), |schedule| change(schedule, now));
            if let (Ok(()), Some(by)) = (moved, said) {
                task.job.set_by(token, by);
            }
            (moved, order)
        })
    }

    /// The next run comes at once, and those after it are counted from there. A run that goes on is followed by another one.
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    #[inline(always)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn trigger(task: TaskRef) -> Result<(), NotEnabled> {
        Self::trigger_by(task, By::caller())
    }

    /// [`trigger`](Shell::trigger) by somebody else than the caller.
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    pub fn trigger_by(task: TaskRef, by: By) -> Result<(), NotEnabled> {
        Self::reschedule(task, Some(by), |schedule, now| schedule.put(now.max(1)))
    }

    /// The next run comes once so many ticks have passed, and those after it are counted from there.
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    #[inline(always)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn postpone(task: TaskRef, delay: u64) -> Result<(), NotEnabled> {
        Self::postpone_by(task, delay, By::caller())
    }

    /// [`postpone`](Shell::postpone) by somebody else than the caller.
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    pub fn postpone_by(task: TaskRef, delay: u64, by: By) -> Result<(), NotEnabled> {
        Self::reschedule(task, Some(by), |schedule, now| {
            schedule.put(now.saturating_add(delay).saturating_add(1));
        })
    }

    /// The next run and all after it come so many ticks later, or, with a negative number, sooner: one that would have been due
    /// comes at once, and none is missed by that. Without effect while the task waits for an event: it has no time yet.
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    pub fn shift(task: TaskRef, by: i64) -> Result<(), NotEnabled> {
        Self::reschedule(task, None, |schedule, now| schedule.shift(now, by))
    }

    /// Changes the interval, enabled or not.
    pub fn set_interval(task: TaskRef, interval: u64, rephase: Rephase) {
        Self::section(|token| {
            let now = task.pool(token).map_or(0, |pool| pool.time(token, P::now()));
            ((), task.set_interval(token, now, interval, rephase))
        });
    }

    /// Changes how many runs it has, those that there were included; 0 for no end. Fewer than there were end it with its
    /// next one, which is left out.
    pub fn set_iterations(task: TaskRef, iterations: u32) {
        Self::look(|token| task.iterations.set(token, iterations));
    }

    /// The time of the task begins anew, if it has one.
    pub fn reset_timeout(task: TaskRef) {
        Self::limit(task, None);
    }

    /// From now on it has so many ticks; 0 for no limit.
    pub fn set_timeout(task: TaskRef, ticks: u64) {
        Self::limit(task, Some(ticks));
    }

    fn limit(task: TaskRef, timeout: Option<u64>) {
        Self::section(|token| {
            let now = task.pool(token).map_or(0, |pool| pool.time(token, P::now()));
            ((), task.reset_timeout(token, now, timeout))
        });
    }

    /// When the next run is due, in ticks since boot; of a run that goes on, or waits for its completer, the one after it. `None`
    /// for a task that is not enabled, or waits for an event.
    pub fn next_run(task: TaskRef) -> Option<u64> {
        Self::look(|token| {
            let pool = task.pool(token)?;
            Some(pool.port_time(token, task.next_run(token)?, P::now))
        })
    }

    /// How many runs there were since it was enabled, and how many were left out.
    pub fn task_counts(task: TaskRef) -> (u32, u32) {
        Self::look(|token| (task.runs.get(token), task.missed.get(token)))
    }
}
