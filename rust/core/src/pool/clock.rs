//! The clock of a pool. It is the port's, until somebody stops it; from then on it is behind by as long as it stood.
//!
//! Whatever has a deadline in a pool has it in the pool's own time. So stopping the clock moves all of them and touches
//! none, in O(1). Where a time comes in or goes out, it is converted.

use super::{Pool, PAUSE};
use crate::lock::Token;
use crate::ticks::Ticks;

impl Pool {
    /// How far the clock is behind the port's. Only one that stands needs to know what the port's shows.
    #[inline(always)]
    fn behind(&self, _token: &Token<'_>, _now: impl FnOnce() -> u64) -> u64 {
        #[cfg(CONFIG_TASKPOOL_PAUSE)]
        {
            let stood = self.clock.get(_token).get();
            match self.life.get(_token) {
                // Never less than before it was stopped, whatever the port's clock shows in a late interrupt.
                super::Life::STOPPED => stood.max(_now().saturating_sub(self.armed.get(_token).get())),
                _ => stood,
            }
        }
        #[cfg(not(CONFIG_TASKPOOL_PAUSE))]
        0
    }

    /// Whether it has been stopped: then a pause may have come, and gone, since somebody looked at the port's clock, and
    /// would be taken off a delay from there.
    #[inline(always)]
    pub(crate) fn has_stood(&self, _token: &Token<'_>) -> bool {
        #[cfg(CONFIG_TASKPOOL_PAUSE)]
        return self.clock.get(_token) != Ticks::NONE || self.life.get(_token) == super::Life::STOPPED;
        #[cfg(not(CONFIG_TASKPOOL_PAUSE))]
        false
    }

    /// What the clock shows when the port's shows `now`.
    #[inline(always)]
    pub(crate) fn time(&self, token: &Token<'_>, now: u64) -> u64 {
        now.saturating_sub(self.behind(token, || now))
    }

    /// A deadline by the port's clock, which is at least 1, by this one.
    #[inline(always)]
    pub(crate) fn own_time(&self, token: &Token<'_>, deadline: u64, now: impl FnOnce() -> u64) -> Ticks {
        if !PAUSE {
            return Ticks::new(deadline);
        }
        // What lies before the pool's first tick is over in any case.
        Ticks::new(deadline.saturating_sub(self.behind(token, now)).max(1))
    }

    /// A deadline by this clock, by the port's.
    #[inline(always)]
    pub(crate) fn port_time(&self, token: &Token<'_>, deadline: Ticks, now: impl FnOnce() -> u64) -> u64 {
        deadline.get() + self.behind(token, now)
    }

    /// Stops the clock. The pool does not run from here on.
    pub(super) fn stop_clock(&self, _token: &Token<'_>, _now: u64) {
        #[cfg(CONFIG_TASKPOOL_PAUSE)]
        {
            // Nothing is armed meanwhile.
            self.armed.set(_token, Ticks::new(self.time(_token, _now)));
            self.life.set(_token, super::Life::STOPPED);
        }
    }

    /// Lets the clock go on, if it stands.
    pub(super) fn start_clock(&self, _token: &Token<'_>, _now: u64) {
        #[cfg(CONFIG_TASKPOOL_PAUSE)]
        if self.life.get(_token) == super::Life::STOPPED {
            self.clock.set(_token, Ticks::new(self.behind(_token, || _now)));
            self.life.set(_token, super::Life::STARTING);
        }
    }
}
