//! Durations and instants, in the system's ticks.

use core::fmt;
use core::ops::{Add, Sub};

use taskpool_core::MAX_TICKS;

use crate::config::CONFIG;
use crate::port::now;

/// A span of time in ticks of `CONFIG_SYS_CLOCK_TICKS_PER_SEC`.
///
/// The constructors round up to whole ticks, so that a delay is never shorter than asked for. Call them in a constant
/// where you can: then nothing is converted at run time. What exceeds 64 bits becomes the longest span, which
/// [`submit_after`](crate::Pool::submit_after) refuses.
///
/// All of it is arithmetic, from anywhere, without a lock section: a conversion takes up to four divisions in 64 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Duration {
    /// No time at all.
    pub const ZERO: Duration = Duration(0);

    /// So many ticks, of all 64 bits; a delay that ends past [`MAX_TICKS`](crate::MAX_TICKS) is refused.
    pub const fn ticks(ticks: u64) -> Self {
        Duration(ticks)
    }

    /// At least so many seconds.
    pub const fn secs(seconds: u64) -> Self {
        Self::convert(seconds, 1)
    }

    /// At least so many milliseconds.
    pub const fn millis(milliseconds: u64) -> Self {
        Self::convert(milliseconds, 1_000)
    }

    /// At least so many microseconds.
    pub const fn micros(microseconds: u64) -> Self {
        Self::convert(microseconds, 1_000_000)
    }

    /// The span in ticks.
    pub const fn as_ticks(self) -> u64 {
        self.0
    }

    /// The span in whole microseconds, rounded down; at most 2^64 - 1.
    pub const fn as_micros(self) -> u64 {
        let hz = CONFIG.ticks_per_second as u64;
        (self.0 / hz)
            .saturating_mul(1_000_000)
            .saturating_add(self.0 % hz * 1_000_000 / hz)
    }

    /// The span in whole milliseconds, rounded down; that of at most 2^64 - 1 microseconds.
    pub const fn as_millis(self) -> u64 {
        self.as_micros() / 1_000
    }

    const fn convert(units: u64, per_second: u64) -> Self {
        let hz = CONFIG.ticks_per_second as u64;
        // One multiplication where the tick divides the unit, as it does at 1 kHz and 10 kHz for milliseconds.
        if hz % per_second == 0 {
            return Duration(units.saturating_mul(hz / per_second));
        }
        let (whole, part) = (units / per_second, units % per_second);
        Duration(
            whole
                .saturating_mul(hz)
                .saturating_add((part * hz).div_ceil(per_second)),
        )
    }
}

/// A point in time, in ticks since boot. [`now`](Instant::now) and [`elapsed`](Instant::elapsed) read the clock; all
/// else is arithmetic, from anywhere, without a lock section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The present tick. In the function of a kernel timer it is the one that is being announced; on several CPUs it
    /// can lie before one that was seen already. On the host it counts from the first look at the clock.
    ///
    /// From any thread and interrupt, from the init level `PRE_KERNEL_2` on. No lock section of the pool's; O(1): what
    /// `k_uptime_ticks` takes.
    pub fn now() -> Self {
        Instant(now())
    }

    /// So many ticks after boot, of all 64 bits; a deadline past [`MAX_TICKS`](crate::MAX_TICKS) is refused.
    pub const fn from_ticks(ticks: u64) -> Self {
        Instant(ticks)
    }

    /// In ticks since boot.
    pub const fn as_ticks(self) -> u64 {
        self.0
    }

    /// The time since this instant; nothing, if it lies ahead. From where [`now`](Instant::now) may be called.
    pub fn elapsed(self) -> Duration {
        Instant::now() - self
    }
}

/// Saturates at the end of the 64-bit range, which [`submit_at`](crate::Pool::submit_at) refuses.
impl Add<Duration> for Instant {
    type Output = Instant;

    fn add(self, span: Duration) -> Instant {
        Instant(self.0.saturating_add(span.0))
    }
}

/// The time between two instants; nothing, if the right one is later.
impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Instant) -> Duration {
        Duration(self.0.saturating_sub(earlier.0))
    }
}

/// How long a thread is ready to wait. What lies past [`MAX_TICKS`](crate::MAX_TICKS) is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeout {
    /// Not at all: only look. For interrupts, too.
    NoWait,
    /// At least so long: until the tick now + span + 1 has begun. Without a span that is the next tick.
    After(Duration),
    /// Until this tick has begun. If it has, at most until the next tick; that is a wait, too, and not for interrupts.
    At(Instant),
    /// As long as it takes.
    Forever,
}

impl Timeout {
    /// The tick at which the time is up; 0 for not waiting.
    pub(crate) fn deadline(self) -> Option<u64> {
        let deadline = match self {
            Timeout::NoWait => return Some(0),
            Timeout::Forever => return None,
            Timeout::At(instant) => instant.0.max(1),
            // The present tick has partly passed.
            Timeout::After(span) => now().saturating_add(span.0).saturating_add(1),
        };
        // What lies past the range of the clock is for ever.
        (deadline <= MAX_TICKS).then_some(deadline)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} us", self.as_micros())
    }
}
