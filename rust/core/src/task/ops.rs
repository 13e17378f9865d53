//! What is done with a task, as calls.

use super::header::{First, Next, NotEnabled, TaskRef};
use super::steps::Run;
use super::{Rephase, Schedule};
use crate::error::SubmitError;
use crate::fault::broken;
use crate::job::{Code, Outcome};
use crate::lock::Token;
use crate::pool::PoolRef;
use crate::port::Port;
use crate::shell::Shell;

/// Each is callable everywhere, from the task's own run, too: one lock section, O(log n).
impl<P: Port> Shell<P> {
    /// A run begins. Answers what it is told, if it is to be.
    pub(crate) fn begin_task(task: TaskRef) -> Option<Run> {
        Self::look(|token| task.begin(token, Self::time(token, task)))
    }

    /// A run has ended.
    pub(crate) fn end_task(task: TaskRef, next: Next) -> Code {
        Self::look(|token| task.end(token, next, Self::time(token, task)))
    }

    /// The time of a task that is under way.
    fn time(token: &Token<'_>, task: TaskRef) -> u64 {
        let pool = task.job().pool.get(token).unwrap_or_else(|| broken());
        pool.time(token, P::now())
    }

    /// Enables a task: from now on it runs as its schedule says. One that is enabled begins anew. Answers whether it was.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]: the pool is not running, or the task is enabled in another one. Nothing has changed then.
    pub fn enable(task: TaskRef, pool: PoolRef, first: First) -> Result<bool, SubmitError> {
        Self::section(|token| task.enable(token, pool, first, pool.time(token, P::now())))
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
    #[cfg(CONFIG_TASKPOOL_ABORT)]
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

    fn reschedule(task: TaskRef, change: impl FnOnce(&mut Schedule, u64)) -> Result<(), NotEnabled> {
        Self::section(|token| {
            let now = match task.pool(token) {
                Some(pool) => pool.time(token, P::now()),
                None => 0,
            };
            task.reschedule(token, now, |schedule| change(schedule, now))
        })
    }

    /// The next run comes at once, and those after it are counted from there. A run that goes on is followed by another one.
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    pub fn trigger(task: TaskRef) -> Result<(), NotEnabled> {
        Self::reschedule(task, |schedule, now| schedule.put(now.max(1)))
    }

    /// The next run comes once so many ticks have passed, and those after it are counted from there.
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    pub fn postpone(task: TaskRef, delay: u64) -> Result<(), NotEnabled> {
        Self::reschedule(task, |schedule, now| {
            schedule.put(now.saturating_add(delay).saturating_add(1));
        })
    }

    /// The next run and all after it come so many ticks later, or, with a negative number, sooner.
    ///
    /// # Errors
    ///
    /// [`NotEnabled`].
    pub fn shift(task: TaskRef, by: i64) -> Result<(), NotEnabled> {
        Self::reschedule(task, |schedule, _| schedule.shift(by))
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

    /// When the next run is due, in ticks since boot; of a run that goes on, the one after it. `None` for a task that is not
    /// enabled.
    pub fn next_run(task: TaskRef) -> Option<u64> {
        Self::look(|token| {
            let pool = task.pool(token)?;
            Some(pool.port_time(token, crate::ticks::Ticks::new(task.next(token)), P::now))
        })
    }

    /// How many runs there were since it was enabled, and how many were left out.
    pub fn task_counts(task: TaskRef) -> (u32, u32) {
        Self::look(|token| (task.runs.get(token), task.missed.get(token)))
    }
}
