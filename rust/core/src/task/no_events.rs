//! What stands for events where there are none: no task ever waits for one, and what a task's code says of that is left out by
//! the compiler.

use crate::job::Outcome;
use crate::lock::{Locked, Token};
use crate::ticks::Ticks;

use super::header::TaskRef;

/// A reference to an event: there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventRef {}

impl EventRef {
    pub(super) fn status(self, _: &Token<'_>, _: u64) -> Option<Outcome> {
        match self {}
    }

    pub(super) fn deadline(self, _: &Token<'_>) -> Option<u64> {
        match self {}
    }
}

/// In a task, a time.
#[repr(transparent)]
pub(crate) struct Seat(Locked<Ticks>);

impl Seat {
    pub(super) const fn new() -> Self {
        Seat(Locked::new(Ticks::NONE))
    }
}

impl TaskRef {
    /// What it waits for: nothing.
    #[inline(always)]
    pub(super) fn awaited(self, _: &Token<'_>) -> Option<EventRef> {
        None
    }

    /// The time that it keeps in its seat.
    pub(super) fn kept(self, token: &Token<'_>) -> u64 {
        self.seat.0.get(token).get()
    }

    /// Keeps a time.
    pub(super) fn keep_time(self, token: &Token<'_>, time: u64) {
        self.seat.0.set(token, Ticks::new(time));
    }

    pub(super) fn line_up(self, _: &Token<'_>, event: EventRef) {
        match event {}
    }

    #[inline(always)]
    pub(super) fn leave_line(self, _: &Token<'_>) {}
}
