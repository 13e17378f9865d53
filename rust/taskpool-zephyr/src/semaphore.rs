//! A kernel semaphore as a completion.

use core::fmt;

use taskpool::{Complete, Duration, Outcome};
use zephyr_sys::{k_is_in_isr, k_sem, k_sem_give, k_sem_init, k_sem_take, k_timeout_t};

use crate::object::{forever, ticks, Object};

/// Counts outcomes: each gives a `k_sem` once, whatever it is.
///
/// ```ignore
/// static DONE: OnEnd<Semaphore> = OnEnd::new(Semaphore::new());
/// static FETCH: Job = Job::with_completion(fetch, &DONE);
///
/// pool.submit(&FETCH)?;
/// DONE.wait(Duration::secs(1))?;
/// ```
pub struct Semaphore(Object<k_sem>);

/// Why a wait came back without an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// No outcome came in time.
    TimedOut,
    /// The caller is an interrupt, which can't wait.
    InInterrupt,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WaitError::TimedOut => "no job ended in time: wait longer, or look at the job's status",
            WaitError::InInterrupt => "an interrupt can't wait: wait in a thread, or give no time to look only",
        })
    }
}

impl core::error::Error for WaitError {}

/// Whether this context may wait so long.
pub(crate) fn may_wait(ticks: i64) -> Result<(), WaitError> {
    // SAFETY: callable everywhere.
    match ticks != 0 && unsafe { k_is_in_isr() } {
        true => Err(WaitError::InInterrupt),
        false => Ok(()),
    }
}

impl Semaphore {
    /// A semaphore that has counted nothing. In a `static` it takes nothing at run time; the first use initialises it.
    pub const fn new() -> Self {
        Semaphore(Object::new())
    }

    /// Waits for one outcome, `timeout` at the longest (above 2^62 - 1 ticks: for ever), and takes it from the count.
    ///
    /// From threads; with [`Duration::ZERO`] it only looks, and may be called from interrupts. No lock section of the
    /// pool's: what `k_sem_take` takes, and at the first use a short section with interrupts masked.
    ///
    /// # Errors
    ///
    /// [`WaitError::InInterrupt`] in an interrupt, for any other timeout; [`WaitError::TimedOut`].
    pub fn wait(&self, timeout: Duration) -> Result<(), WaitError> {
        self.take(ticks(timeout))
    }

    /// Waits for one outcome without limit. From threads; it takes what [`wait`](Semaphore::wait) does.
    ///
    /// # Errors
    ///
    /// [`WaitError::InInterrupt`] in an interrupt.
    pub fn wait_forever(&self) -> Result<(), WaitError> {
        self.take(forever())
    }

    fn take(&self, ticks: i64) -> Result<(), WaitError> {
        may_wait(ticks)?;
        // SAFETY: `get` answers an initialised semaphore that does not move.
        match unsafe { k_sem_take(self.get(), k_timeout_t { ticks }) } {
            0 => Ok(()),
            _ => Err(WaitError::TimedOut),
        }
    }

    /// The semaphore. One that was moved keeps its count.
    fn get(&self) -> *mut k_sem {
        self.0.get(|pointer, moved| {
            let count = match moved {
                false => 0,
                // SAFETY: it was initialised before it was moved, and nobody else is here.
                true => unsafe { (*pointer).count },
            };
            // SAFETY: room for a semaphore that nobody uses at this place yet.
            unsafe { k_sem_init(pointer, count, zephyr_sys::K_SEM_MAX_LIMIT) };
        })
    }
}

impl Default for Semaphore {
    fn default() -> Self {
        Self::new()
    }
}

impl Complete for Semaphore {
    fn complete(&self, _: Outcome) {
        // SAFETY: as in `take`; callable everywhere.
        unsafe { k_sem_give(self.get()) }
    }
}
