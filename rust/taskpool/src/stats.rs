//! What a pool has counted, with times as durations.

use crate::Duration;

/// What a pool has done since its start, or since [`Pool::reset_stats`](crate::Pool::reset_stats): all of one moment. The
/// counters go round at 2^32; a single span of 2^31 ticks or more is not told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Submissions that were accepted here, or moved here; without those that moved to another pool. Each is under way, or
    /// counted in one of the next five.
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
    /// Workers of the pool now, own and borrowed ones, idle and active ones.
    pub workers: u8,
    /// The most that there were.
    pub most_workers: u8,
    /// The longest time between the deadline of a job and the beginning of its run.
    pub worst_lateness: Duration,
    /// The mean of it, over all deferred submissions that ran, rounded down to a tick.
    pub mean_lateness: Duration,
    /// The longest time for which a job that ran was in the ready queue.
    pub worst_queueing: Duration,
    /// The mean of it, over all runs, rounded down to a tick.
    pub mean_queueing: Duration,
    /// The time for which workers ran jobs, of all runs that ended. With several workers it passes faster than the clock.
    pub busy: Duration,
    /// The longest time for which jobs were queued, no worker was free, and none took one.
    pub worst_starvation: Duration,
}

impl From<taskpool_core::Stats> for Stats {
    fn from(stats: taskpool_core::Stats) -> Self {
        Stats {
            submitted: stats.submitted,
            done: stats.done,
            cancelled: stats.cancelled,
            aborted: stats.aborted,
            timed_out: stats.timed_out,
            discarded: stats.discarded,
            queued: stats.queued,
            most_queued: stats.most_queued,
            workers: stats.workers,
            most_workers: stats.most_workers,
            worst_lateness: Duration::ticks(stats.worst_lateness),
            mean_lateness: Duration::ticks(stats.mean_lateness),
            worst_queueing: Duration::ticks(stats.worst_queueing),
            mean_queueing: Duration::ticks(stats.mean_queueing),
            busy: Duration::ticks(stats.busy),
            worst_starvation: Duration::ticks(stats.worst_starvation),
        }
    }
}
