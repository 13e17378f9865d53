//! What the core reports to its port, for logs.

use core::fmt;

use crate::pool::PoolRef;

/// How much a report matters; the numbers are those of Zephyr's log levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Something is wrong.
    Error = 1,
    /// Something may be wrong.
    Warning = 2,
    /// A change in the life of a pool.
    Info = 3,
    /// What a pool does.
    Debug = 4,
}

/// One report. The core formats nothing: it is an id and two words.
///
/// Reports are made by threads, outside every lock: never on the way of a submission, never in an interrupt. What
/// can be asked of one is `const`: from anywhere, no lock section, O(1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Report {
    /// A pool was started with so many workers of its own; or made at run time, and so many of the reserve stay there.
    PoolStarted(PoolRef, u32),
    /// A worker of the reserve, with this number ([`Ctx::worker`](crate::Ctx::worker)), began to work for a pool.
    WorkerLent(PoolRef, u32),
    /// A worker of the reserve, with this number, went back: its pool had nothing ready, is held, or has too many
    /// workers.
    WorkerReturned(PoolRef, u32),
    /// More jobs came due at once than one interrupt may move, which is so many; the workers move the rest.
    Overdue(PoolRef, u32),
}

impl Report {
    const POOL_STARTED: u32 = 1;
    const WORKER_LENT: u32 = 2;
    const WORKER_RETURNED: u32 = 3;
    const OVERDUE: u32 = 4;

    /// The numbers of all reports, in their order above: ports in other languages know them.
    #[doc(hidden)]
    pub const IDS: [u32; 4] = [
        Report::POOL_STARTED,
        Report::WORKER_LENT,
        Report::WORKER_RETURNED,
        Report::OVERDUE,
    ];

    /// The report's number, from 1 on, for ports that pass it on in words.
    pub const fn id(self) -> u32 {
        match self {
            Report::PoolStarted(..) => Report::POOL_STARTED,
            Report::WorkerLent(..) => Report::WORKER_LENT,
            Report::WorkerReturned(..) => Report::WORKER_RETURNED,
            Report::Overdue(..) => Report::OVERDUE,
        }
    }

    /// How much it matters.
    pub const fn level(self) -> Level {
        match self {
            Report::PoolStarted(..) => Level::Info,
            Report::WorkerLent(..) | Report::WorkerReturned(..) => Level::Debug,
            Report::Overdue(..) => Level::Warning,
        }
    }

    /// Its two words: the pool and a number.
    pub const fn words(self) -> (PoolRef, u32) {
        match self {
            Report::PoolStarted(pool, n)
            | Report::WorkerLent(pool, n)
            | Report::WorkerReturned(pool, n)
            | Report::Overdue(pool, n) => (pool, n),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Report::PoolStarted(pool, 0) => write!(f, "pool {pool:?} started, and borrows its workers"),
            Report::PoolStarted(pool, n) => write!(f, "pool {pool:?} started with {n} workers"),
            Report::WorkerLent(pool, n) => write!(f, "pool {pool:?} borrowed worker {n}"),
            Report::WorkerReturned(pool, n) => write!(f, "pool {pool:?} gave back worker {n}"),
            Report::Overdue(pool, n) => write!(
                f,
                "pool {pool:?}: more than {n} jobs came due at once, and the workers move the rest; \
                 raise CONFIG_TASKPOOL_EXPIRY_BATCH if they run late"
            ),
        }
    }
}
