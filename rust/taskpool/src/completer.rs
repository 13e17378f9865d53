//! Where a run leaves its completer for whoever says that it is over: an interrupt, say.

use core::cell::Cell;
use core::fmt;

use taskpool_core::Stale;

use crate::guarded::Guarded;
use crate::{Completer, Next};

/// A place for a [`Completer`], in a `static`: a run puts it in before it begins what an interrupt ends, and the interrupt
/// completes the run.
///
/// ```
/// use taskpool::{CompleterSlot, Next, Task};
/// # use taskpool::{First, Outcome, Timeout};
/// # fn begin_conversion() {
/// #     std::thread::spawn(|| conversion_ended());
/// # }
///
/// static CONVERSION: CompleterSlot = CompleterSlot::new();
///
/// static MEASURE: Task = Task::from_fn(|ctx| {
///     CONVERSION.put(ctx.completer());
///     begin_conversion();
///     Next::Pending
/// });
///
/// /// The interrupt.
/// extern "C" fn conversion_ended() {
///     // An error means that nobody waits for it any more.
///     _ = CONVERSION.complete(Next::Done(0));
/// }
/// # MEASURE.enable(taskpool::system(), First::Now)?;
/// # assert_eq!(MEASURE.wait(Timeout::Forever), Ok(Outcome::Done(0)));
/// # Ok::<(), taskpool::EnableError>(())
/// ```
///
/// One slot serves one run at a time: tasks that wait at the same time have a slot each. It needs no heap, and takes 8 bytes on a
/// 32-bit machine. All its functions may be called from any thread and interrupt.
pub struct CompleterSlot(Guarded<Cell<Option<Completer>>>);

impl CompleterSlot {
    /// An empty one.
    pub const fn new() -> Self {
        CompleterSlot(Guarded::new(Cell::new(None)))
    }

    /// Puts a completer in. Answers the one that was in it before, which nobody has taken: dropped, it aborts its task, if that
    /// still waits for it. That of an earlier run of the same task is worth nothing any more, so nothing comes of dropping it.
    ///
    /// One lock section, O(1).
    pub fn put(&self, completer: Completer) -> Option<Completer> {
        // What comes out is dropped after the section, if at all: dropping it is one of its own.
        self.0.look(|slot| slot.replace(Some(completer)))
    }

    /// Takes out what is in it. One lock section, O(1).
    pub fn take(&self) -> Option<Completer> {
        self.0.look(Cell::take)
    }

    /// The run is over whose completer is in it, and the task goes on so: takes it out, and completes it, as
    /// [`Completer::complete`] does. The slot is empty then, whatever the answer: of several interrupts the first one completes
    /// the run.
    ///
    /// A lock section, O(1), and what [`Completer::complete`] takes: one of O(log n), and, where [`Next::On`](crate::Next::On)
    /// names an event that was aborted, the completion of the task.
    ///
    /// # Errors
    ///
    /// [`SlotError::Empty`]; [`SlotError::Stale`]. Nothing has changed then.
    pub fn complete(&self, next: Next) -> Result<(), SlotError> {
        let completer = self.take().ok_or(SlotError::Empty)?;
        completer.complete(next).map_err(|Stale| SlotError::Stale)
    }
}

impl Default for CompleterSlot {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CompleterSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompleterSlot").finish_non_exhaustive()
    }
}

/// Why [`CompleterSlot::complete`] completed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SlotError {
    /// No run has put its completer in, or somebody has taken it.
    Empty,
    /// The task does not wait for it any more: it has been ended, or has begun anew.
    Stale,
}

impl fmt::Display for SlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SlotError::Empty => {
                f.write_str("no completer is in the slot: put it there before you begin what the completion follows")
            }
            SlotError::Stale => Stale.fmt(f),
        }
    }
}

impl core::error::Error for SlotError {}
