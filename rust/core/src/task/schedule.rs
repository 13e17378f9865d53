//! When a task runs: arithmetic, without a clock. Times are in ticks since boot, spans in ticks.
//!
//! A run has a time at which it is due, and its slot: the point of the schedule that it counts for, which the next one is
//! counted from. Behaviour and figures are TaskScheduler's (4.1.0: `TASK_SCHEDULE`, `TASK_SCHEDULE_NC`, `TASK_INTERVAL`,
//! `setIntervalNodelay`, `adjust`, `forceNextIteration`), but that catching up has a bound, and that the spacing may be
//! counted from the end of a run, as in libks' scheduler.

use core::num::NonZeroU64;

use crate::ticks::MAX_TICKS;

/// What becomes of runs whose time passed before a worker came to them.
///
/// A byte, and in the next one the bound, as C writes it where it makes a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Missed {
    /// They are left out, and counted; the others stay where they were. A run that is due in this very tick is not missed.
    Skip,
    /// They are made up for, one right after the other: up to so many. Earlier ones are left out, and counted.
    CatchUp(u8),
    /// There are none: an interval lies between the beginnings of two runs.
    FromStart,
    /// There are none: an interval lies between the end of a run and the beginning of the next one.
    FromEnd,
}

/// What becomes of the next run when the interval changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rephase {
    /// It stays where it is. The new interval is counted from there.
    Keep,
    /// It moves by as much as the interval changes; not before the slot of the last run.
    Recalculate,
    /// It comes one new interval from now.
    FromNow,
}

/// The times of one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub(super) interval: u64,
    /// The slot of the last run, or of the one that goes on.
    pub(super) slot: u64,
    /// When the next one is due.
    pub(super) next: u64,
    /// Where the next run is of the same iteration as the last one: when the one after it is due.
    pub(super) after: Option<u64>,
    /// Somebody has said when the next run comes, since the last one began.
    pub(super) said: bool,
}

/// What a run is told of its time when it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// By how much it began after its slot; of one that goes on with its iteration, after it was asked for.
    pub late: u64,
    /// How long it may take until the slot of the next one; negative if that has passed.
    pub left: i64,
    /// Runs that were left out before it.
    pub missed: u32,
}

/// A number of ticks in six bytes, so that two of them fill three words.
#[cfg(CONFIG_TASKPOOL_TASKS)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Span([u16; 3]);

#[cfg(CONFIG_TASKPOOL_TASKS)]
impl Span {
    /// What passes [`MAX_SPAN`] is that.
    pub(super) const fn new(ticks: u64) -> Self {
        let ticks = if ticks > MAX_SPAN { MAX_SPAN } else { ticks };
        Span([ticks as u16, (ticks >> 16) as u16, (ticks >> 32) as u16])
    }

    pub(super) const fn get(self) -> u64 {
        self.0[0] as u64 | (self.0[1] as u64) << 16 | (self.0[2] as u64) << 32
    }
}

/// The longest interval and time-out of a task, in ticks: 2^48 - 1. At 1 MHz these are almost nine years.
pub const MAX_SPAN: u64 = (1 << 48) - 1;

fn later(time: u64, span: u64) -> u64 {
    time.saturating_add(span).min(MAX_TICKS)
}

impl Schedule {
    /// A schedule whose first run is due at `first`. An interval of 0 is due again at once. What passes [`MAX_TICKS`] is
    /// [`MAX_TICKS`], here and below.
    pub fn new(interval: u64, first: u64) -> Self {
        let first = first.min(MAX_TICKS);
        Schedule {
            interval: interval.min(MAX_SPAN),
            slot: first,
            next: first,
            after: None,
            said: false,
        }
    }

    /// The interval.
    pub fn interval(&self) -> u64 {
        self.interval
    }

    /// When the next run is due.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// A run begins, at its time or later, and the next one is put where it belongs: so the run itself may move it.
    pub fn begin(&mut self, now: u64, missed: Missed) -> Begun {
        if let Some(after) = self.after.take() {
            // What was said of the one after it still holds.
            self.slot = self.next.min(after);
            self.next = after;
            return self.begun(now, 0);
        }
        let mut skipped = 0;
        self.slot = match missed {
            // Without an interval no slot has passed.
            Missed::FromStart | Missed::FromEnd => now,
            Missed::Skip | Missed::CatchUp(_) if self.interval == 0 => now,
            Missed::Skip | Missed::CatchUp(_) => {
                let behind = now.saturating_sub(self.next);
                let kept = match missed {
                    // The next slot may be now: that is no miss.
                    Missed::Skip if behind == self.interval => 1,
                    Missed::CatchUp(most) => u64::from(most),
                    _ => 0,
                };
                skipped = self.slots_in(behind).saturating_sub(kept);
                self.next + skipped * self.interval
            }
        };
        self.next = later(self.slot, self.interval);
        self.said = false;
        self.begun(now, skipped)
    }

    fn begun(&self, now: u64, skipped: u64) -> Begun {
        Begun {
            late: now.saturating_sub(self.slot),
            left: self.next as i64 - now as i64,
            missed: u32::try_from(skipped).unwrap_or(u32::MAX),
        }
    }

    /// A run has ended.
    pub fn end(&mut self, now: u64, missed: Missed) {
        if missed == Missed::FromEnd && !self.said {
            self.next = later(now, self.interval);
        }
    }

    /// A run has ended, and its iteration goes on with another one at once.
    pub fn again(&mut self, now: u64) {
        self.after = Some(self.next);
        self.next = now.max(1);
    }

    /// How many slots lie in `behind`. Only what is late costs a division.
    fn slots_in(&self, behind: u64) -> u64 {
        match NonZeroU64::new(self.interval) {
            Some(interval) if behind >= interval.get() => behind / interval,
            _ => 0,
        }
    }

    /// Changes the interval.
    pub fn set_interval(&mut self, now: u64, interval: u64, rephase: Rephase) {
        let before = self.interval;
        self.interval = interval.min(MAX_SPAN);
        match rephase {
            Rephase::Keep => {}
            Rephase::Recalculate if self.interval >= before => {
                self.next = later(self.next, self.interval - before);
            }
            Rephase::Recalculate => {
                self.next = self.next.saturating_sub(before - self.interval).max(self.slot);
            }
            Rephase::FromNow => {
                self.next = later(now, self.interval);
                self.said = true;
            }
        }
    }

    /// The next run comes at `next`, and those after it are counted from there.
    pub fn put(&mut self, next: u64) {
        self.next = next.min(MAX_TICKS);
        self.slot = self.slot.min(self.next);
        self.said = true;
    }

    /// The next run comes so much later, or, with a negative number, sooner; those after it as well. One that would have been
    /// due is due now, and no run was missed by that.
    pub fn shift(&mut self, now: u64, by: i64) {
        let moved = |time: u64| match by {
            0.. => later(time, by.unsigned_abs()),
            _ => time.saturating_sub(by.unsigned_abs()),
        };
        self.next = moved(self.next);
        self.after = self.after.map(moved);
        self.slot = self.slot.min(moved(self.slot));
        let passed = self.slots_in(now.saturating_sub(self.next));
        if self.after.is_none() && by < 0 {
            self.next += passed * self.interval;
        }
        self.said = true;
    }
}
