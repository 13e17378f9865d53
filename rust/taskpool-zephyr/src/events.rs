//! Bits of a kernel event as a completion.

use taskpool::{Complete, Duration, Outcome};
use zephyr_sys::{k_event, k_event_clear, k_event_init, k_event_post, k_event_wait, k_timeout_t};

use crate::object::{forever, ticks, Object};
use crate::semaphore::{may_wait, WaitError};

/// A `k_event`, which several completions share: each outcome sets bits of it. Needs `CONFIG_EVENTS`.
///
/// ```ignore
/// static ENDED: Events = Events::new();
/// static FETCHED: OnEnd<Post> = OnEnd::new(Post::new(&ENDED, 1 << 0, 1 << 31));
/// static STORED: OnEnd<Post> = OnEnd::new(Post::new(&ENDED, 1 << 1, 1 << 31));
///
/// let ended = ENDED.wait(u32::MAX, Duration::secs(1))?;
/// ```
pub struct Events(Object<k_event>);

impl Events {
    /// An event without bits. In a `static` it takes nothing at run time; the first use initialises it.
    pub const fn new() -> Self {
        Events(Object::new())
    }

    /// Waits until one of these bits is set, `timeout` at the longest (above 2^62 - 1 ticks: for ever), and answers which of
    /// them are. They stay set until [`clear`](Events::clear). Of no bits none is ever set.
    ///
    /// From threads; with [`Duration::ZERO`] it only looks, and may be called from interrupts. No lock section of the
    /// pool's: what `k_event_wait` takes, and at the first use a short section with interrupts masked.
    ///
    /// # Errors
    ///
    /// [`WaitError::InInterrupt`] in an interrupt, for any other timeout; [`WaitError::TimedOut`].
    pub fn wait(&self, bits: u32, timeout: Duration) -> Result<u32, WaitError> {
        self.wait_for(bits, ticks(timeout))
    }

    /// As [`wait`](Events::wait), without limit.
    ///
    /// # Errors
    ///
    /// [`WaitError::InInterrupt`] in an interrupt; [`WaitError::TimedOut`], of no bits.
    pub fn wait_forever(&self, bits: u32) -> Result<u32, WaitError> {
        self.wait_for(bits, forever())
    }

    fn wait_for(&self, bits: u32, ticks: i64) -> Result<u32, WaitError> {
        may_wait(ticks)?;
        if bits == 0 {
            return Err(WaitError::TimedOut);
        }
        // SAFETY: `get` answers an initialised event that does not move.
        match unsafe { k_event_wait(self.get(), bits, false, k_timeout_t { ticks }) } {
            0 => Err(WaitError::TimedOut),
            found => Ok(found),
        }
    }

    /// Clears these bits, and answers which of them were set. From any thread and interrupt; what `k_event_clear` takes.
    pub fn clear(&self, bits: u32) -> u32 {
        // SAFETY: as in `wait_for`; callable everywhere.
        unsafe { k_event_clear(self.get(), bits) }
    }

    /// Sets these bits. From any thread and interrupt; what `k_event_post` takes: O(threads that wait for the event).
    pub fn post(&self, bits: u32) {
        // SAFETY: as in `wait_for`; callable everywhere.
        unsafe { k_event_post(self.get(), bits) };
    }

    /// The event. One that was moved keeps its bits.
    fn get(&self) -> *mut k_event {
        self.0.get(|pointer, moved| {
            let bits = match moved {
                false => 0,
                // SAFETY: it was initialised before it was moved, and nobody else is here.
                true => unsafe { (*pointer).events },
            };
            // SAFETY: room for an event that nobody uses at this place yet.
            unsafe { k_event_init(pointer) };
            // SAFETY: as above.
            unsafe { (*pointer).events = bits };
        })
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

/// A completion that posts to an event: one set of bits when the job has run, another one when it has not.
///
/// A bit that is set already does not count. It is told from any thread and interrupt, and takes what [`Events::post`] does.
pub struct Post {
    events: &'static Events,
    done: u32,
    others: u32,
}

impl Post {
    /// Sets `done` when the job has run, whatever it answered, and `others` when it was cancelled, aborted or discarded, or
    /// its time was up; 0 for no bits.
    pub const fn new(events: &'static Events, done: u32, others: u32) -> Self {
        Post { events, done, others }
    }
}

impl Complete for Post {
    fn complete(&self, outcome: Outcome) {
        self.events.post(match outcome {
            Outcome::Done(_) => self.done,
            _ => self.others,
        });
    }
}
