//! The states of a job. `pool/steps.rs` has the arrows between them; `doc/design.md` draws both.

use super::JobRef;
use crate::lock::Token;
use crate::pool::LEVELS;

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum State {
    /// With its owner only: in no queue, not running.
    Idle,
    /// In the ready queue of its pool.
    Queued,
    /// Among the timers of its pool.
    Deferred,
    /// On a worker.
    Running,
    /// In the list of its group, which has no place for it.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    Held,
}

/// Flag of a Running job: somebody cancelled this run.
pub(crate) const CANCEL: u8 = 1;
/// Flag of a Running job: another submission has been accepted. `deadline` says whether it is deferred.
pub(crate) const REARM: u8 = 2;
/// Flag in every state: threads wait for the end of the job. Without `CONFIG_TASKPOOL_WAIT` none do.
pub(crate) const WAITED: u8 = if cfg!(CONFIG_TASKPOOL_WAIT) { 4 } else { 0 };
/// Flag in every state: a shutdown discards the job, whatever becomes of others.
pub(crate) const DISCARD: u8 = if cfg!(CONFIG_TASKPOOL_CONTROL) { 8 } else { 0 };
/// Flag of a Queued or Held job, and of a Running one with REARM: it was, or will be, put before all others.
pub(crate) const URGENT: u8 = if cfg!(CONFIG_TASKPOOL_URGENT) { 16 } else { 0 };
/// In every state: the level of the job.
pub(crate) const LEVEL: u8 = if LEVELS > 1 { 7 << LEVEL_SHIFT } else { 0 };
pub(crate) const LEVEL_SHIFT: u32 = 5;
/// Flags that outlive a run.
pub(crate) const KEPT: u8 = WAITED | DISCARD | LEVEL;

/// The level at which a ready job waits: its own, or, before all others, the highest.
#[inline(always)]
pub(crate) fn level_of(token: &Token<'_>, job: JobRef) -> usize {
    if LEVELS == 1 {
        return 0;
    }
    match job.flags.get(token) {
        flags if flags & URGENT != 0 => LEVELS - 1,
        flags => usize::from(flags >> LEVEL_SHIFT),
    }
}

/// What became of an accepted submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// A new submission: the job will run.
    New,
    /// A new submission of a running job: it will run once more after this run.
    Again,
    /// No new submission: the one under way got this time (or now) instead of its deadline.
    Moved,
}

/// What [`cancel`](crate::Shell::cancel) found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancel {
    /// The job was neither queued, held, deferred nor running. Nothing changed.
    Idle,
    /// The submission was cancelled before it ran; it never will.
    Cancelled,
    /// The job is running. The run can see it through [`Ctx::cancelled`](crate::Ctx::cancelled), and ends as it likes.
    Running {
        /// The job had been submitted again meanwhile, and that submission was cancelled.
        resubmission_cancelled: bool,
    },
}

/// Where a job was at one moment; it may have moved on since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// In no queue and not running.
    Idle,
    /// Waits for a worker.
    Queued,
    /// Waits for another job of its group to end.
    Held,
    /// Waits for its deadline, in ticks since boot.
    Deferred {
        /// The deadline, in ticks since boot.
        deadline: u64,
    },
    /// Runs on a worker.
    Running {
        /// The run has been cancelled.
        cancelled: bool,
        /// Another submission waits for the end of this run.
        resubmitted: bool,
    },
}
