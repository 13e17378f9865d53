//! Events: count-downs with a status, that tasks and threads wait for.

use core::num::NonZeroU32;
use core::ptr::NonNull;

use super::seat::{SeatRef, VisitorRef};
use crate::job::{Code, Outcome};
use crate::lock::{Locked, Token};
use crate::reference::Ref;
use crate::ticks::{Ticks, MAX_TICKS};

/// A reference to an event; see [`Ref`] for what it promises.
pub type EventRef = Ref<Event>;

/// A count-down with a status. (TaskScheduler's `StatusRequest`.)
///
/// Pending, it waits for a number of signals. It is complete after the last of them, or at once after one that is negative or
/// says something else than `Done`, or when its time is up; what completed it first stays its status until it is armed again.
/// A new one is complete, with the status `Done(0)`.
///
/// Nothing happens in it when its time is up: whoever looks sees that. Who waits for it has a timer of its own.
#[repr(C)]
pub struct Event {
    /// Pending: when its time is up, or `NONE`. Complete: what completed it, and its code.
    word: Locked<Ticks>,
    /// The last one of those who wait; the first one comes after it.
    pub(super) last: Locked<Option<SeatRef>>,
    /// Signals that it waits for.
    count: Locked<u32>,
}

const _: () = assert!(size_of::<usize>() != 4 || size_of::<Event>() == 16);

/// What `word.high` says of an event that is complete.
const OUTCOMES: [Outcome; 5] = [
    Outcome::Done(0),
    Outcome::Cancelled,
    Outcome::Aborted,
    Outcome::TimedOut,
    Outcome::Discarded,
];

impl Event {
    /// An event that is complete, with the status `Done(0)`. All of it is zero.
    pub const fn new() -> Self {
        Event {
            word: Locked::new(Ticks::NONE),
            last: Locked::new(None),
            count: Locked::new(0),
        }
    }

    /// The reference that tasks and completions keep.
    pub const fn reference(&'static self) -> EventRef {
        let pointer = NonNull::new((&raw const *self).cast_mut()).expect("a reference is not null");
        // SAFETY: a `&'static Event` lives for ever, and nobody can have a `&mut` to it.
        unsafe { Ref::new(pointer) }
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

/// Each is O(1). `now` is the port's time.
impl EventRef {
    /// What completed it, if it is complete.
    pub(super) fn status(self, token: &Token<'_>, now: u64) -> Option<Outcome> {
        let word = self.word.get(token);
        if self.count.get(token) != 0 {
            return (word != Ticks::NONE && word.get() <= now).then_some(Outcome::TimedOut);
        }
        let outcome = OUTCOMES.get(word.high as usize).copied();
        Some(match outcome {
            None | Some(Outcome::Done(_)) => Outcome::Done(word.low as Code),
            Some(other) => other,
        })
    }

    /// How many signals it waits for.
    pub(super) fn count(self, token: &Token<'_>, now: u64) -> u32 {
        match self.status(token, now) {
            Some(_) => 0,
            None => self.count.get(token),
        }
    }

    /// When its time is up, if it is pending and has a limit.
    pub(super) fn deadline(self, token: &Token<'_>) -> Option<u64> {
        let word = self.word.get(token);
        (self.count.get(token) != 0 && word != Ticks::NONE).then_some(word.get())
    }

    /// Pending from now on, for so many signals, until `deadline`. Who waits goes on waiting, unless its time was up: then they
    /// come into the ring of `visitor`. Answers whether it was.
    pub(super) fn arm(
        self,
        token: &Token<'_>,
        count: NonZeroU32,
        deadline: Option<u64>,
        now: u64,
        visitor: VisitorRef,
    ) -> bool {
        let timed_out = self.count.get(token) != 0 && self.status(token, now).is_some();
        if timed_out {
            self.empty_line(token, visitor);
        }
        self.count.set(token, count.get());
        self.limit(token, deadline);
        timed_out
    }

    /// It waits for the end of a task that begins, if it waits for nothing yet.
    pub(super) fn arm_for_end(self, token: &Token<'_>) {
        if self.count.get(token) == 0 {
            self.count.set(token, 1);
            self.limit(token, None);
        }
    }

    /// Its time is up at `deadline`. Answers whether it is pending; if not, nothing has changed.
    pub(super) fn set_deadline(self, token: &Token<'_>, deadline: Option<u64>, now: u64) -> bool {
        let pending = self.status(token, now).is_none();
        if pending {
            self.limit(token, deadline);
        }
        pending
    }

    fn limit(self, token: &Token<'_>, deadline: Option<u64>) {
        let deadline = deadline.map_or(Ticks::NONE, |deadline| Ticks::new(deadline.clamp(1, MAX_TICKS)));
        self.word.set(token, deadline);
    }

    /// A signal. Those who wait come into the ring of `visitor` if that completes it. Answers whether it is complete then; `None`
    /// if it was before, and nothing has changed.
    pub(super) fn signal(self, token: &Token<'_>, outcome: Outcome, now: u64, visitor: VisitorRef) -> Option<bool> {
        let left = self.count.get(token).wrapping_sub(1);
        if left > 0 && matches!(outcome, Outcome::Done(0..)) && self.status(token, now).is_none() {
            self.count.set(token, left);
            return Some(false);
        }
        self.complete(token, outcome, now, visitor).then_some(true)
    }

    /// Completes it, however many signals it waits for. Those who wait come into the ring of `visitor`. Answers whether it was
    /// pending.
    pub(super) fn complete(self, token: &Token<'_>, outcome: Outcome, now: u64, visitor: VisitorRef) -> bool {
        if self.status(token, now).is_some() {
            return false;
        }
        let (high, low) = match outcome {
            Outcome::Done(code) => (0, code as u32),
            Outcome::Cancelled => (1, 0),
            Outcome::Aborted => (2, 0),
            Outcome::TimedOut => (3, 0),
            Outcome::Discarded => (4, 0),
        };
        self.count.set(token, 0);
        self.word.set(token, Ticks { low, high });
        self.empty_line(token, visitor);
        true
    }
}
