//! What is done with an event, as calls.

use core::num::NonZeroU32;
use core::ptr::NonNull;

use super::event::EventRef;
use super::seat::{Await, First, Visitor, VisitorRef};
use super::steps::Now;
use crate::job::{Caller, Outcome, SignalRef, WaitError};
use crate::lock::Token;
use crate::pool::{Ended, Order};
use crate::port::Port;
use crate::reference::Ref;
use crate::shell::Shell;

/// Who left the ring of a visitor, and what is yet to be done for it.
enum Released {
    Task(Ended),
    Thread(Option<SignalRef>),
    Nobody,
}

/// Each is callable everywhere but those that wait. Whoever completes an event releases those who wait for it, in the order in
/// which they came: the first one in the section that completes it, the others in one section each, after that. Leaving the
/// line of an event, as a cancel does, is O(n) of those in it.
impl<P: Port> Shell<P> {
    /// The event is pending from now on: for so many signals, or so many ticks; for `None` without limit. Who waits already goes
    /// on waiting.
    pub fn arm_event(event: EventRef, count: NonZeroU32, within: Option<u64>) {
        Self::releasing(|token, now, visitor| {
            let timed_out = event.arm(token, count, deadline(now, within), now, visitor);
            ((), timed_out.then_some(Outcome::TimedOut))
        });
        // Without a limit nobody has to look sooner.
        if within.is_some() {
            Self::hasten(event);
        }
    }

    /// From now on the event has so many ticks; for `None` no limit. Answers whether it is pending; if not, nothing has changed.
    pub fn set_event_timeout(event: EventRef, within: Option<u64>) -> bool {
        let pending = Self::look(|token| {
            let now = P::now();
            event.set_deadline(token, deadline(now, within), now)
        });
        if pending && within.is_some() {
            Self::hasten(event);
        }
        pending
    }

    /// A signal with a code, which completes the event if it is the last one that it waits for, or negative. Answers whether the
    /// event is complete; if it was before, nothing has changed.
    pub fn signal(event: EventRef, code: i32) -> bool {
        Self::signal_outcome(event, Outcome::Done(code))
    }

    /// As [`signal`](Shell::signal), of something that ended: everything but `Done` completes the event.
    pub fn signal_outcome(event: EventRef, outcome: Outcome) -> bool {
        Self::releasing(|token, now, visitor| {
            let completed = event.signal(token, outcome, now, visitor);
            (completed != Some(false), (completed == Some(true)).then_some(outcome))
        })
    }

    /// Completes the event, however many signals it waits for. Answers whether it was pending; if not, nothing has changed. With
    /// [`Outcome::Aborted`] the tasks that wait are aborted, those that wait for their ends, and so on.
    pub fn complete_event(event: EventRef, outcome: Outcome) -> bool {
        Self::releasing(|token, now, visitor| {
            let completed = event.complete(token, outcome, now, visitor);
            (completed, completed.then_some(outcome))
        })
    }

    /// What completed the event, if it is complete. One lock section, O(1).
    pub fn event_status(event: EventRef) -> Option<Outcome> {
        Self::look(|token| event.status(token, P::now()))
    }

    /// How many signals the event waits for. One lock section, O(1).
    pub fn event_count(event: EventRef) -> u32 {
        Self::look(|token| event.count(token, P::now()))
    }

    /// A step, at this time, that may bring those who wait for an event into the ring of a visitor, with an outcome; and their
    /// release.
    fn releasing<R>(step: impl FnOnce(&Token<'_>, u64, VisitorRef) -> (R, Option<Outcome>)) -> R {
        let visitor = Visitor::new();
        // SAFETY: it stays where it is until this function returns; then nobody is in its ring any more, nor is it in another.
        let visitor = unsafe { Ref::new(NonNull::from(&visitor)) };
        let (answer, mut released) = Self::section(|token| {
            visitor.open_ring(token);
            let clock = Self::clock();
            let (answer, outcome) = step(token, clock.port, visitor);
            let (released, order) = match outcome {
                Some(outcome) => Self::release_one(token, visitor, outcome, || clock),
                None => (None, Order::Nothing),
            };
            ((answer, outcome.zip(released)), order)
        });
        while let Some((outcome, who)) = released {
            match who {
                Released::Task(ended) => Self::tell_along(ended, outcome, visitor),
                Released::Thread(signal) => Self::call(signal),
                Released::Nobody => break,
            }
            released = Self::section(|token| {
                let (released, order) = Self::release_one(token, visitor, outcome, Self::clock);
                (released.map(|released| (outcome, released)), order)
            });
        }
        answer
    }

    fn release_one(
        token: &Token<'_>,
        visitor: VisitorRef,
        outcome: Outcome,
        clock: impl FnOnce() -> Now,
    ) -> (Option<Released>, Order) {
        match visitor.release_first(token, outcome) {
            Some(First::Task(task)) => {
                let (ended, order) = task.release(token, outcome, clock());
                (Some(Released::Task(ended)), order)
            }
            Some(First::Thread(signal)) => (Some(Released::Thread(signal)), Order::Nothing),
            None => (Some(Released::Nobody), Order::Nothing),
        }
    }

    /// Tells that a task was aborted. Those who wait for its end come into the same ring: so a chain takes no stack.
    fn tell_along(mut ended: Ended, outcome: Outcome, visitor: VisitorRef) {
        if let Some(event) = ended.completion.and_then(|completion| completion.event()) {
            ended.completion = None;
            Self::look(|token| event.signal(token, outcome, P::now(), visitor));
        }
        Self::tell(ended, outcome);
    }

    /// Who waits for an event learns when its time is up. One section, O(n) of those who wait, for each who had thought it was
    /// later, and one more.
    fn hasten(event: EventRef) {
        // One moment for all: in a pool whose clock stands, the same deadline would come nearer with each look.
        let clock = Self::clock();
        loop {
            let late = Self::section(|token| {
                let found = event.deadline(token).and_then(|deadline| {
                    event.find_slow(token, deadline, |task| task.looks_after(token, deadline, clock))
                });
                match found {
                    Some(First::Task(task)) => (Some(None), task.look_at(token, event, clock)),
                    Some(First::Thread(signal)) => (Some(signal), Order::Nothing),
                    None => (None, Order::Nothing),
                }
            });
            match late {
                Some(signal) => Self::call(signal),
                None => return,
            }
        }
    }

    fn call(signal: Option<SignalRef>) {
        if let Some(signal) = signal {
            P::give(signal);
        }
    }

    /// Waits until an event is complete, but not longer than until the time is `deadline`; `Some(0)` only looks, and is callable
    /// everywhere. Answers what completed it. A worker may wait, and is then missing.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`], [`WaitError::InInterrupt`]; nothing has changed then.
    pub fn wait_event(event: EventRef, deadline: Option<u64>) -> Result<Outcome, WaitError> {
        Self::wait_any(&mut [Await::new(event)], deadline).map(|(_, outcome)| outcome)
    }

    /// As [`wait_event`](Shell::wait_event), until one of several events is complete. Answers which one, and what completed it.
    /// Each lock section is O(n) of the events, and where it leaves their lines, of those in these. Without events it waits
    /// until the time is up.
    ///
    /// # Errors
    ///
    /// As [`wait_event`](Shell::wait_event).
    pub fn wait_any(events: &mut [Await], deadline: Option<u64>) -> Result<(usize, Outcome), WaitError> {
        let complete = |token: &Token<'_>, events: &[Await]| {
            let now = P::now();
            let mut found = events.iter().enumerate();
            found.find_map(|(index, of)| Some((index, of.event.status(token, now)?)))
        };
        if let Some(found) = Self::look(|token| complete(token, events)) {
            return Ok(found);
        }
        if deadline == Some(0) {
            return Err(WaitError::TimedOut);
        }
        if P::caller() == Caller::Interrupt {
            return Err(WaitError::InInterrupt);
        }
        P::with_signal(|signal| {
            let lead = Visitor::new();
            // SAFETY: it stays where it is until this function returns; only the visitors below refer to it, and whoever releases
            // them, under the lock, while they are in a line.
            let lead: VisitorRef = unsafe { Ref::new(NonNull::from(&lead)) };
            // SAFETY: all stay where they are until this function returns, which is after they have left their lines.
            let visitor = |of: &Await| unsafe { Ref::new(NonNull::from(&of.visitor)) };
            let events = &*events;
            let until = |token: &Token<'_>| {
                let limits = events.iter().filter_map(|of| of.event.deadline(token));
                limits.fold(deadline.unwrap_or(u64::MAX), u64::min)
            };
            let begun = Self::look(|token| {
                if let Some(found) = complete(token, events) {
                    return Err(found);
                }
                lead.lead(token, signal);
                let until = until(token);
                for of in events {
                    visitor(of).wait_for(token, of.event, lead, until);
                }
                Ok(until)
            });
            let mut until_now = match begun {
                Err(found) => return Ok(found),
                Ok(until) => until,
            };
            loop {
                let given = P::take(signal, (until_now != u64::MAX).then_some(until_now));
                let answer = Self::look(|token| {
                    let now = P::now();
                    let called = lead.answer(token);
                    let mut released = events.iter().enumerate();
                    let found = released
                        .find_map(|(index, of)| Some((index, visitor(of).outcome(token)?)))
                        .or_else(|| complete(token, events));
                    let late = deadline.is_some_and(|deadline| deadline <= now);
                    if found.is_none() && !late {
                        until_now = until(token);
                        for of in events {
                            visitor(of).waits_until(token, until_now);
                        }
                        return (None, called);
                    }
                    for of in events {
                        if visitor(of).outcome(token).is_none() {
                            visitor(of).leave_line(token, of.event);
                        }
                    }
                    (Some(found.ok_or(WaitError::TimedOut)), called)
                });
                if answer.1 && !given {
                    // Whoever called this thread is about to give the signal, which must be there.
                    P::take(signal, None);
                }
                if let Some(answer) = answer.0 {
                    return answer;
                }
            }
        })
    }
}

/// When the time of an event is up that has so many ticks from now on: the present one has partly passed.
fn deadline(now: u64, within: Option<u64>) -> Option<u64> {
    within.map(|ticks| now.saturating_add(ticks).saturating_add(1))
}
