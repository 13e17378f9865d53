//! Pools that are made at run time: without a worker of their own, all are borrowed.

use core::fmt;

use super::{Attention, Life, Pool, PoolRef, RUNTIME};
use crate::lock::Token;
use crate::ticks::Ticks;

/// Why a pool was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CreateError {
    /// In this memory there is a pool that has not been shut down, or not to the end.
    InUse,
    /// No workers, or more than 127.
    OutOfRange,
    /// There is no such thread priority.
    NoSuchPriority,
    /// The reserve does not exist yet.
    TooEarly,
    /// Interrupts make no pools.
    InInterrupt,
    /// The reserve has fewer workers left than the pool is to keep.
    NoWorkers,
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CreateError::InUse => "the memory holds a pool that is not shut down: shut it down first, to the end",
            CreateError::OutOfRange => "a pool has 1 to 127 workers: correct its maximum",
            CreateError::NoSuchPriority => "there is no such thread priority in this configuration: correct it",
            CreateError::TooEarly => "the reserve is made at the init level APPLICATION: make the pool after that",
            CreateError::NoWorkers => {
                "the reserve has fewer workers left than the pool asks for: ask for less, or raise \
                 CONFIG_TASKPOOL_RESERVE_THREADS"
            }
            CreateError::InInterrupt => "an interrupt can't make a pool: make it in a thread",
        })
    }
}

impl core::error::Error for CreateError {}

impl PoolRef {
    /// Makes a pool of memory in which there is none, or one that was shut down to the end. Answers whether it did.
    pub(crate) fn make(self, token: &Token<'_>, max: u8) -> bool {
        let unused = self.attention.get(token).without(Attention::CLOSED) == Attention::NOTHING;
        if self.life.get(token) != Life::NONE || !unused {
            return false;
        }
        self.attention.set(token, Attention::NOTHING);
        self.max.set(token, max);
        self.moved.set(token, 0);
        #[cfg(CONFIG_TASKPOOL_PAUSE)]
        self.clock.set(token, Ticks::NONE);
        self.keep(token, 0);
        self.life.set(token, Life::RUNNING);
        self.armed.set(token, Ticks::NEVER);
        #[cfg(CONFIG_TASKPOOL_STATS)]
        self.reset_stats(token);
        true
    }

    /// Whether its memory may be gone, once it is shut down: it was made at run time.
    #[inline(always)]
    pub(crate) fn passes(self, token: &Token<'_>) -> bool {
        RUNTIME && self.own.get(token) == 0
    }
}

impl Pool {
    /// How many workers of the reserve stay with the pool when they have nothing to do.
    #[inline(always)]
    pub(crate) fn kept(&self, _token: &Token<'_>) -> u8 {
        #[cfg(CONFIG_TASKPOOL_IOT_API)]
        return self.kept.get(_token) as u8;
        #[cfg(not(CONFIG_TASKPOOL_IOT_API))]
        0
    }

    /// From now on, so many.
    #[inline(always)]
    pub(crate) fn keep(&self, _token: &Token<'_>, _workers: u8) {
        #[cfg(CONFIG_TASKPOOL_IOT_API)]
        self.kept.set(_token, _workers.into());
    }

    /// Whether the reserve may lend it workers: it runs; or it is being shut down, what is queued is yet to run, and it
    /// has no worker of its own that does.
    #[inline(always)]
    pub(super) fn borrows(&self, token: &Token<'_>) -> bool {
        #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
        if !self.runs(token) {
            let attention = self.attention.get(token);
            let drains = attention.has(Attention::CLOSES) && !attention.has(Attention::DISCARDS);
            return drains && self.own.get(token) == 0;
        }
        self.runs(token)
    }
}
