//! Completers: who has one says when a run is over that has answered `Next::Pending`.

use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;

use super::header::{Next, TaskRef};
use crate::port::Port;
use crate::shell::Shell;

/// The task does not wait for this completer: it has ended, or begun anew, or the run did not answer `Pending`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale;

impl fmt::Display for Stale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task does not wait for this completer any more: take another one in its next run")
    }
}

impl core::error::Error for Stale {}

/// Says once when a run is over, and how its task goes on. One that is dropped aborts the task, as nobody could say so then.
///
/// Usable everywhere, from the run itself on. It is worth nothing once its task has ended in another way, and refers to that
/// task, which has to be there. One that is kept all the same is recognised until 256 others were taken in runs of the same number.
#[must_use = "dropped, it aborts the task"]
pub struct Completer<P: Port> {
    task: TaskRef,
    turn: u32,
    port: PhantomData<fn() -> P>,
}

impl<P: Port> Completer<P> {
    pub(super) fn new(task: TaskRef, turn: u32) -> Self {
        Completer {
            task,
            turn,
            port: PhantomData,
        }
    }

    /// The run is over, and has answered this. (`Pending` aborts the task.) If the task ends, a worker says so; but if its next
    /// run is to wait for an event that was aborted, its completion is told in this context. One lock section, O(log n).
    ///
    /// # Errors
    ///
    /// [`Stale`]; nothing has changed then.
    pub fn complete(self, next: Next) -> Result<(), Stale> {
        if next == Next::Pending {
            return Ok(());
        }
        let this = ManuallyDrop::new(self);
        Shell::<P>::complete(this.task, this.turn, next)
    }

    /// Its parts, for a language that drops nothing: [`Shell::complete`] takes them.
    pub fn into_parts(self) -> (TaskRef, u32) {
        let this = ManuallyDrop::new(self);
        (this.task, this.turn)
    }
}

impl<P: Port> Drop for Completer<P> {
    fn drop(&mut self) {
        Shell::<P>::drop_completer(self.task, self.turn);
    }
}

impl<P: Port> fmt::Debug for Completer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completer")
            .field("task", &self.task)
            .field("turn", &self.turn)
            .finish_non_exhaustive()
    }
}
