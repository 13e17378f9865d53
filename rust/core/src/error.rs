//! Why a call was refused. A refused call has changed nothing.

use core::fmt;

/// Why [`submit`](crate::Shell::submit) refused a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubmitError {
    /// The job already waits for a worker; it keeps its place and runs once.
    AlreadyQueued,
    /// The pool takes no submissions: it was never defined with `TASKPOOL_DEFINE`, nor made at run time, or has been
    /// shut down.
    NotRunning,
}

/// Why [`submit_at`](crate::Shell::submit_at) or [`submit_after`](crate::Shell::submit_after) refused a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeferError {
    /// The job already waits for a worker; it keeps its place and runs once.
    AlreadyQueued,
    /// The pool takes no submissions: it was never defined with `TASKPOOL_DEFINE`, nor made at run time, or has been
    /// shut down.
    NotRunning,
    /// The deadline, or the limit, lies past [`MAX_TICKS`](crate::MAX_TICKS).
    OutOfRange,
}

/// Why [`run_now`](crate::Shell::run_now) refused a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunNowError {
    /// The job is queued, deferred or running already, and goes on as it was.
    UnderWay,
    /// The job's group has no place for it.
    GroupFull,
    /// The pool runs nothing: it is held, has not been started, or has been shut down.
    NotRunning,
    /// Interrupts run no jobs.
    InInterrupt,
}

impl fmt::Display for RunNowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RunNowError::UnderWay => "the job is under way: wait for its end, or cancel it, before you run it here",
            RunNowError::GroupFull => {
                "the job's group has no place for it: submit it, so that it waits for one, or raise the limit"
            }
            RunNowError::NotRunning => {
                "the pool runs nothing: start, restart or release it before you run a job for it"
            }
            RunNowError::InInterrupt => "an interrupt can't run a job: submit it, or run it in a thread",
        })
    }
}

impl core::error::Error for RunNowError {}

const ALREADY_QUEUED: &str = "the job is queued already: let it run, or cancel it before you submit it again";
const NOT_RUNNING: &str =
    "the pool is not running: define it with TASKPOOL_DEFINE, or restart it, before you submit to it";
const OUT_OF_RANGE: &str = "the deadline is past the range of the clock: defer by less than 2^62 ticks";

/// The level of a job that was refused: there is no such level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelError;

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no such level: give a lower one, or raise CONFIG_TASKPOOL_PRIORITY_LEVELS")
    }
}

impl core::error::Error for LevelError {}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SubmitError::AlreadyQueued => ALREADY_QUEUED,
            SubmitError::NotRunning => NOT_RUNNING,
        })
    }
}

impl fmt::Display for DeferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DeferError::AlreadyQueued => ALREADY_QUEUED,
            DeferError::NotRunning => NOT_RUNNING,
            DeferError::OutOfRange => OUT_OF_RANGE,
        })
    }
}

impl core::error::Error for SubmitError {}
impl core::error::Error for DeferError {}

impl From<SubmitError> for DeferError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::AlreadyQueued => DeferError::AlreadyQueued,
            SubmitError::NotRunning => DeferError::NotRunning,
        }
    }
}
