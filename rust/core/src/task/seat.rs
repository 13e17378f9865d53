//! The line of those who wait for an event: a ring through them, in the order in which they came.
//!
//! A ring needs no head to leave it: whoever leaves finds the one before by going round. So the line of an event that has
//! happened can be taken off as a whole, into the ring of a [`Visitor`] on the stack of whoever releases it, and those in it can
//! still leave, one by one, while the event has a line of others already.

use core::mem::offset_of;

use super::event::EventRef;
use super::header::{TaskHeader, TaskRef};
use crate::job::{Outcome, SignalRef};
use crate::lock::{Locked, Token};
use crate::reference::Ref;
use crate::ticks::Ticks;

/// A reference to a seat; see [`Ref`] for what it promises: here until it has left its ring. It was made from all of the
/// task or visitor that the seat is part of.
pub(crate) type SeatRef = Ref<Seat>;

/// Where a task has its seat.
const SEAT: usize = offset_of!(TaskHeader, seat);

/// Flag of a task: it is in a line, so its seat holds its place there.
pub(super) const SEATED: u8 = 16;

/// In a line, the place in it. Otherwise, in a task, a time: it has no use for that while it waits.
#[repr(transparent)]
pub(crate) struct Seat(Locked<Place>);

#[derive(Clone, Copy)]
union Place {
    time: Ticks,
    link: Link,
}

/// A place in a ring.
#[derive(Clone, Copy)]
#[repr(C)]
struct Link {
    next: SeatRef,
    /// What a task waits for; `None` for a visitor.
    event: Option<EventRef>,
}

impl Seat {
    /// Not in a line.
    pub(super) const fn new() -> Self {
        Seat(Locked::new(Place { time: Ticks::NONE }))
    }
}

// Only this file reads and writes a `Place`. In a ring are only seats whose place is a link: `sit` writes one, and `stand`, or
// the end of a visitor, follows after the ring was closed behind them.
impl SeatRef {
    fn link(self, token: &Token<'_>) -> Link {
        // SAFETY: see above; each caller has found it in a ring.
        unsafe { self.0.get(token).link }
    }

    fn next(self, token: &Token<'_>) -> SeatRef {
        self.link(token).next
    }

    fn set_next(self, token: &Token<'_>, next: SeatRef) {
        let event = self.link(token).event;
        self.sit(token, next, event);
    }

    fn sit(self, token: &Token<'_>, next: SeatRef, event: Option<EventRef>) {
        let link = Link { next, event };
        self.0.set(token, Place { link });
    }

    /// Takes its place behind `last`, or alone.
    fn join(self, token: &Token<'_>, last: Option<SeatRef>, event: Option<EventRef>) {
        match last {
            Some(last) => {
                self.sit(token, last.next(token), event);
                last.set_next(token, self);
            }
            None => self.sit(token, self, event),
        }
    }

    /// Out of its ring. Answers the one before it, if it was not alone.
    fn close_behind(self, token: &Token<'_>) -> Option<SeatRef> {
        let mut before = self;
        while before.next(token) != self {
            before = before.next(token);
        }
        if before == self {
            return None;
        }
        before.set_next(token, self.next(token));
        Some(before)
    }

    /// The task that it is the seat of, if it is in a line as a task's.
    fn task(self, token: &Token<'_>) -> Option<TaskRef> {
        self.link(token).event?;
        // SAFETY: only `TaskRef::seat` makes a reference to the seat of a task, from all of the task.
        Some(unsafe { self.at_distance(-(SEAT as isize)) })
    }
}

impl EventRef {
    /// Those who wait, from the first one on, come into the ring of `visitor`, before those who are in it.
    pub(super) fn empty_line(self, token: &Token<'_>, visitor: VisitorRef) {
        let Some(last) = self.last.get(token) else {
            return;
        };
        self.last.set(token, None);
        let (first, seat) = (last.next(token), visitor.seat());
        last.set_next(token, seat.next(token));
        seat.set_next(token, first);
    }

    /// Somebody in the line who does not know that its time is up at `deadline`. From then on they do.
    ///
    /// O(n) of those who wait.
    pub(super) fn find_slow(
        self,
        token: &Token<'_>,
        deadline: u64,
        is_slow: impl Fn(TaskRef) -> bool,
    ) -> Option<First> {
        let last = self.last.get(token)?;
        let mut seat = last;
        loop {
            seat = seat.next(token);
            match seat.task(token) {
                Some(task) if is_slow(task) => return Some(First::Task(task)),
                Some(_) => {}
                None => {
                    // SAFETY: what is in the line of an event and no task is a visitor, whose seat is the first field.
                    let thread: VisitorRef = unsafe { seat.cast() };
                    if thread.until.get(token).get() > deadline {
                        thread.until.set(token, Ticks::new(deadline));
                        return Some(First::Thread(thread.call(token)));
                    }
                }
            }
            if seat == last {
                return None;
            }
        }
    }

    fn line_up(self, token: &Token<'_>, seat: SeatRef, event: Option<EventRef>) {
        seat.join(token, self.last.get(token), event);
        self.last.set(token, Some(seat));
    }

    fn close_line(self, token: &Token<'_>, seat: SeatRef) {
        let before = seat.close_behind(token);
        // In the ring of a visitor it is not the last of this line.
        if self.last.get(token) == Some(seat) {
            self.last.set(token, before);
        }
    }
}

impl TaskRef {
    fn seat(self) -> SeatRef {
        // SAFETY: it lies within the task, and the pointer may access all of that.
        unsafe { self.at_distance(SEAT as isize) }
    }

    /// What it waits for.
    pub(super) fn awaited(self, token: &Token<'_>) -> Option<EventRef> {
        match self.flags.get(token) & SEATED {
            0 => None,
            _ => self.seat().link(token).event,
        }
    }

    /// The time that it keeps in its seat; none while it waits.
    pub(super) fn kept(self, token: &Token<'_>) -> u64 {
        match self.flags.get(token) & SEATED {
            // SAFETY: `SEATED` is set as long as the place is a link.
            0 => unsafe { self.seat.0.get(token).time }.get(),
            _ => 0,
        }
    }

    /// Keeps a time, if it does not wait.
    pub(super) fn keep_time(self, token: &Token<'_>, time: u64) {
        if self.flags.get(token) & SEATED == 0 {
            let time = Ticks::new(time);
            self.seat.0.set(token, Place { time });
        }
    }

    /// Begins to wait for an event.
    pub(super) fn line_up(self, token: &Token<'_>, event: EventRef) {
        event.line_up(token, self.seat(), Some(event));
        self.flags.set(token, self.flags.get(token) | SEATED);
    }

    /// Waits no more, if it did.
    pub(super) fn leave_line(self, token: &Token<'_>) {
        if let Some(event) = self.awaited(token) {
            event.close_line(token, self.seat());
            self.stand(token);
        }
    }

    fn stand(self, token: &Token<'_>) {
        self.flags.set(token, self.flags.get(token) & !SEATED);
        self.keep_time(token, 0);
    }
}

/// A reference to a visitor; see [`Ref`] for what it promises: here until it has left its ring.
pub(super) type VisitorRef = Ref<Visitor>;

/// Somebody in a line who is no task: a thread that waits, or, first in a ring of its own, one that releases those in it. It
/// stands on the stack of its thread.
#[repr(C)]
pub(super) struct Visitor {
    seat: Seat,
    /// Set when it has left the line by being released.
    outcome: Locked<Option<Outcome>>,
    /// Of those with which a thread waits, the one that has its signal.
    lead: Locked<Option<VisitorRef>>,
    signal: Locked<Option<SignalRef>>,
    /// The signal was given, or is about to be, and the thread has not seen to it.
    called: Locked<bool>,
    /// When it looks at the event by itself.
    until: Locked<Ticks>,
}

impl Visitor {
    /// In no line.
    pub(super) const fn new() -> Self {
        Visitor {
            seat: Seat::new(),
            outcome: Locked::new(None),
            lead: Locked::new(None),
            signal: Locked::new(None),
            called: Locked::new(false),
            until: Locked::new(Ticks::NEVER),
        }
    }
}

/// An event that a thread waits for, with its place in the line: for [`Shell::wait_any`](crate::Shell::wait_any).
#[repr(C)]
pub struct Await {
    pub(super) event: EventRef,
    pub(super) visitor: Visitor,
}

impl Await {
    /// Where C names the event.
    #[doc(hidden)]
    pub const EVENT: usize = offset_of!(Await, event);

    /// This event.
    pub const fn new(event: EventRef) -> Self {
        Await {
            event,
            visitor: Visitor::new(),
        }
    }
}

/// Who was first in the ring of a visitor.
pub(super) enum First {
    Task(TaskRef),
    /// This signal is to be given.
    Thread(Option<SignalRef>),
}

impl VisitorRef {
    fn seat(self) -> SeatRef {
        // SAFETY: the seat is the first field of a `repr(C)` struct, and the reference covers all of it.
        unsafe { self.cast() }
    }

    /// A ring of its own.
    pub(super) fn open_ring(self, token: &Token<'_>) {
        self.seat().join(token, None, None);
    }

    /// Takes the first one out of its ring, which has been released with this outcome.
    pub(super) fn release_first(self, token: &Token<'_>, outcome: Outcome) -> Option<First> {
        let first = self.seat().next(token);
        if first == self.seat() {
            return None;
        }
        self.seat().set_next(token, first.next(token));
        if let Some(task) = first.task(token) {
            task.stand(token);
            return Some(First::Task(task));
        }
        // SAFETY: what is in a ring and no task is a visitor, whose seat is the first field.
        let thread: VisitorRef = unsafe { first.cast() };
        thread.outcome.set(token, Some(outcome));
        Some(First::Thread(thread.call(token)))
    }

    /// The signal that is to be given to its thread, unless somebody else is about to.
    fn call(self, token: &Token<'_>) -> Option<SignalRef> {
        let lead = self.lead.get(token)?;
        if lead.called.get(token) {
            return None;
        }
        lead.called.set(token, true);
        lead.signal.get(token)
    }

    /// It leads those of its thread, which waits on this signal.
    pub(super) fn lead(self, token: &Token<'_>, signal: SignalRef) {
        self.signal.set(token, Some(signal));
        self.called.set(token, false);
    }

    /// Whether the signal of its thread was given, or is about to be. From now on it is given again.
    pub(super) fn answer(self, token: &Token<'_>) -> bool {
        let called = self.called.get(token);
        self.called.set(token, false);
        called
    }

    /// Begins to wait for an event, until `until`.
    pub(super) fn wait_for(self, token: &Token<'_>, event: EventRef, lead: VisitorRef, until: u64) {
        self.outcome.set(token, None);
        self.lead.set(token, Some(lead));
        self.until.set(token, Ticks::new(until));
        event.line_up(token, self.seat(), None);
    }

    /// It looks at the event by itself at `until`.
    pub(super) fn waits_until(self, token: &Token<'_>, until: u64) {
        self.until.set(token, Ticks::new(until));
    }

    /// How it was released, if it was.
    pub(super) fn outcome(self, token: &Token<'_>) -> Option<Outcome> {
        self.outcome.get(token)
    }

    /// It has not been released, and leaves the line.
    pub(super) fn leave_line(self, token: &Token<'_>, event: EventRef) {
        event.close_line(token, self.seat());
    }
}
