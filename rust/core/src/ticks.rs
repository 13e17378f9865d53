//! Ticks as the core keeps them.

use crate::pool::ABORT;

/// The latest deadline that a job can have, in ticks since boot: 2^62 - 1.
///
/// Zephyr's absolute timeouts are negative numbers in 64 bits; the bound keeps two bits away from their end, so no sum
/// of two valid times overflows. At 1 MHz it lies 146,000 years ahead.
pub const MAX_TICKS: u64 = (1 << 62) - 1;

/// When a submission runs: once so many ticks have passed, or at a tick. One number for both, whose highest bit tells them
/// apart, as Zephyr's timeouts have it.
#[derive(Clone, Copy)]
pub struct When(u64);

impl When {
    /// Once so many ticks have passed: 1 to [`MAX_TICKS`].
    #[inline(always)]
    pub const fn after(delay: u64) -> Self {
        When(delay)
    }

    /// At this tick, up to [`MAX_TICKS`]. The tick 0 is over for every caller, so 1 is no later, and 0 can stand for "no
    /// deadline".
    #[inline(always)]
    pub const fn at(deadline: u64) -> Self {
        When(!if deadline == 0 { 1 } else { deadline })
    }

    /// How many ticks, if it is not a point in time.
    #[inline(always)]
    pub(crate) const fn delay(self) -> Option<u64> {
        if self.0 <= MAX_TICKS {
            Some(self.0)
        } else {
            None
        }
    }

    /// The tick, if it is a point in time.
    #[inline(always)]
    pub(crate) const fn deadline(self) -> u64 {
        !self.0
    }
}

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

    /// The deadline of what waits for something else: it does not come.
    pub(crate) const FAR: Ticks = Ticks::new(MAX_TICKS);

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
