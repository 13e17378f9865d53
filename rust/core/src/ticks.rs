//! Ticks as the core keeps them.

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
