//! Completions: what happens when a job has ended.

use core::ptr::NonNull;

use crate::job::Code;
use crate::reference::Ref;
#[cfg(CONFIG_TASKPOOL_EVENTS)]
use crate::task::{Event, EventRef};

/// How a submission ended. Every accepted submission gets exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The job ran and answered this code.
    Done(Code),
    /// The submission was cancelled before it ran.
    Cancelled,
    /// The submission was aborted: before it ran, or while it did, and then its code does not count.
    Aborted,
    /// No worker took the job before its time was up, and it did not run.
    TimedOut,
    /// The pool was shut down before the submission ran.
    Discarded,
}

/// Something that can be told an outcome.
pub trait Complete: Sync {
    /// Called once for each accepted submission, outside every lock. On the worker when the job ran, or when its time
    /// was up, or in the thread that ran the job itself; in the context of the caller (an interrupt, perhaps) when it was
    /// cancelled or aborted before it ran; in the thread that shuts the pool down, or on a worker, when it was discarded.
    /// It must not block, and those who wait for the job go on after it.
    ///
    /// The pool does not touch the job on account of this submission after the call began, so the completion may
    /// submit the job again. Outcomes of different submissions of one job may be told at the same time, from different
    /// contexts.
    fn complete(&self, outcome: Outcome);
}

/// A reference to a completion; see [`Ref`] for what it promises.
pub type CompletionRef = Ref<Completion>;

/// The part of a completion that the pool works with.
#[repr(C)]
pub struct Completion {
    complete: unsafe fn(CompletionRef, Outcome),
    /// Told instead.
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    event: Option<EventRef>,
}

impl Completion {
    /// Where C names the event: behind the function.
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    #[doc(hidden)]
    pub const EVENT: usize = core::mem::offset_of!(Completion, event);

    /// A completion that `complete` takes back to the whole that it is part of.
    pub(super) const fn new(complete: unsafe fn(CompletionRef, Outcome)) -> Self {
        Completion {
            complete,
            #[cfg(CONFIG_TASKPOOL_EVENTS)]
            event: None,
        }
    }
}

impl Ref<Completion> {
    /// The event that is signalled instead of a call.
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    pub(crate) fn event(self) -> Option<EventRef> {
        self.event
    }

    /// Tells the outcome.
    #[inline]
    pub(crate) fn tell(self, outcome: Outcome) {
        // SAFETY: `OnEnd::new` and `Spawned::begin` pair the function with the object that the reference was made from.
        unsafe { (self.complete)(self, outcome) }
    }
}

/// A completion with whatever it needs, for [`Job::with_completion`](crate::Job::with_completion). Several jobs may
/// share one. It takes a pointer more than `C`.
#[repr(C)]
pub struct OnEnd<C: Complete> {
    completion: Completion,
    value: C,
}

impl<C: Complete> OnEnd<C> {
    /// Wraps `value` for use by jobs. In a `static` it takes nothing at run time.
    pub const fn new(value: C) -> Self {
        OnEnd {
            completion: Completion::new(complete::<C>),
            value,
        }
    }

    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    const fn set_event(mut self, event: EventRef) -> Self {
        self.completion.event = Some(event);
        self
    }

    pub(crate) const fn reference(&'static self) -> CompletionRef {
        let pointer = NonNull::new((&raw const *self).cast_mut().cast()).expect("a reference is not null");
        // SAFETY: a `&'static OnEnd` lives for ever, and the pointer covers all of it, of which `Completion` is the
        // first field (`repr(C)`).
        unsafe { Ref::new(pointer) }
    }
}

/// An event that is signalled with the outcome of each submission: the end event of a job or task. One that is enabled arms it,
/// if it is complete.
#[cfg(CONFIG_TASKPOOL_EVENTS)]
impl OnEnd<()> {
    /// The end of a job signals `event`: everything but `Done(0)` and a positive code completes it.
    pub const fn signal(event: &'static Event) -> Self {
        Self::new(()).set_event(event.reference())
    }
}

/// Nothing is told.
#[cfg(CONFIG_TASKPOOL_EVENTS)]
impl Complete for () {
    fn complete(&self, _: Outcome) {}
}

impl<C: Complete> core::ops::Deref for OnEnd<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.value
    }
}

/// Goes from the completion back to the whole and tells it.
///
/// # Safety
///
/// `completion` was made from an `OnEnd<C>`.
unsafe fn complete<C: Complete>(completion: CompletionRef, outcome: Outcome) {
    // SAFETY: this function's promise; shared access only, which `C: Sync` allows from anywhere.
    let whole = unsafe { &*completion.as_ptr().cast::<OnEnd<C>>() };
    whole.value.complete(outcome);
}
