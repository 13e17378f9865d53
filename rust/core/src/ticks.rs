//! Ticks as the core keeps them.

use crate::pool::ABORT;

/// The latest deadline that a job can have, in ticks since boot: 2^62 - 1.
///
/// Zephyr's absolute timeouts are negative numbers in 64 bits; the bound keeps two bits away from their end, so no sum
/// of two valid times overflows. At 1 MHz it lies 146,000 years ahead.
pub const MAX_TICKS: u64 = (1 << 62) - 1;

/// A point in time in two words, so that a job is aligned to 4 bytes on a 32-bit machine.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Ticks {
    pub(crate) low: u32,
    pub(crate) high: u32,
}

impl Ticks {
    /// No point in time: an immediate submission has it as its deadline.
    pub(crate) const NONE: Ticks = Ticks::new(0);
    /// Later than every deadline: a timer that is not armed has it.
    pub(crate) const NEVER: Ticks = Ticks::new(u64::MAX);

    /// No deadline: the submission is immediate, and its time is up at this point.
    #[cfg(CONFIG_TASKPOOL_ABORT)]
    pub(crate) const fn limit(ticks: u64) -> Self {
        Ticks::new(ticks | 1 << 63)
    }

    /// When the time of an immediate submission is up, if ever.
    #[inline(always)]
    pub(crate) const fn as_limit(self) -> Option<u64> {
        // No deadline has this bit, as `MAX_TICKS` is below it.
        if ABORT && self.high >> 31 != 0 {
            Some(self.get() & !(1 << 63))
        } else {
            None
        }
    }

    /// Whether a submission with this as its deadline is immediate.
    #[inline(always)]
    pub(crate) fn is_immediate(self) -> bool {
        self == Ticks::NONE || self.as_limit().is_some()
    }

    #[inline(always)]
    pub(crate) const fn new(ticks: u64) -> Self {
        Ticks {
            low: ticks as u32,
            high: (ticks >> 32) as u32,
        }
    }

    #[inline(always)]
    pub(crate) const fn get(self) -> u64 {
        self.low as u64 | (self.high as u64) << 32
    }
}
