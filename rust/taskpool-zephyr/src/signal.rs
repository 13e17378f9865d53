//! A poll signal as a completion.

use core::mem::MaybeUninit;

use taskpool::{Complete, Duration, Outcome};
use zephyr_sys::{
    k_poll, k_poll_event, k_poll_event_init, k_poll_modes_K_POLL_MODE_NOTIFY_ONLY, k_poll_signal, k_poll_signal_check,
    k_poll_signal_init, k_poll_signal_raise, k_poll_signal_reset, k_timeout_t, ZR_POLL_TYPE_SIGNAL,
};

use crate::object::{forever, ticks, Object};
use crate::semaphore::{may_wait, WaitError};

/// An outcome as one number: the code of a job that ran, whatever that is; otherwise the negative of Zephyr's `ECANCELED` where
/// it was cancelled, `ECONNABORTED` where it was aborted, `ETIMEDOUT` where its time was up, and `ESHUTDOWN` where it was
/// discarded. (On native_sim C has the host's numbers, and this has Zephyr's: -140, -113, -116 and -110.)
///
/// From any thread and interrupt. O(1), no lock.
pub const fn result(outcome: Outcome) -> i32 {
    match outcome {
        Outcome::Done(code) => code,
        Outcome::Cancelled => -(zephyr_sys::ECANCELED as i32),
        Outcome::Aborted => -(zephyr_sys::ECONNABORTED as i32),
        Outcome::TimedOut => -(zephyr_sys::ETIMEDOUT as i32),
        _ => -(zephyr_sys::ESHUTDOWN as i32),
    }
}

/// A `k_poll_signal`: each outcome raises it, with the [`result`] of the outcome. Needs `CONFIG_POLL`.
///
/// It keeps the last result. Who has to see each one resets the signal before the job can end again.
pub struct PollSignal(Object<k_poll_signal>);

impl PollSignal {
    /// A signal that is not raised. In a `static` it takes nothing at run time; the first use initialises it.
    pub const fn new() -> Self {
        PollSignal(Object::new())
    }

    /// The last result, if it is raised. From any thread and interrupt; what `k_poll_signal_check` takes.
    pub fn result(&self) -> Option<i32> {
        let (mut raised, mut result) = (0, 0);
        // SAFETY: `get` answers an initialised signal that does not move; callable everywhere.
        unsafe { k_poll_signal_check(self.get(), &raw mut raised, &raw mut result) };
        (raised != 0).then_some(result)
    }

    /// It is not raised any more. From any thread and interrupt; what `k_poll_signal_reset` takes.
    pub fn reset(&self) {
        // SAFETY: as in `result`.
        unsafe { k_poll_signal_reset(self.get()) }
    }

    /// Waits until it is raised, `timeout` at the longest (above 2^62 - 1 ticks: for ever), and answers the last result. It
    /// stays raised until [`reset`](PollSignal::reset).
    ///
    /// From one thread at a time; with [`Duration::ZERO`] it only looks, from any thread and interrupt. No lock section of the
    /// pool's: what `k_poll` takes, and at the first use a short section with interrupts masked.
    ///
    /// # Errors
    ///
    /// [`WaitError::InInterrupt`] in an interrupt, for any other timeout; [`WaitError::TimedOut`].
    pub fn wait(&self, timeout: Duration) -> Result<i32, WaitError> {
        self.wait_for(ticks(timeout))
    }

    /// As [`wait`](PollSignal::wait), without limit.
    ///
    /// # Errors
    ///
    /// [`WaitError::InInterrupt`] in an interrupt.
    pub fn wait_forever(&self) -> Result<i32, WaitError> {
        self.wait_for(forever())
    }

    fn wait_for(&self, ticks: i64) -> Result<i32, WaitError> {
        may_wait(ticks)?;
        if ticks != 0 {
            let mut event = MaybeUninit::<k_poll_event>::zeroed();
            let mode = k_poll_modes_K_POLL_MODE_NOTIFY_ONLY as _;
            // SAFETY: room for an event, and an initialised signal that does not move while it is borrowed.
            unsafe { k_poll_event_init(event.as_mut_ptr(), ZR_POLL_TYPE_SIGNAL, mode, self.get().cast()) };
            // SAFETY: one event, which is here until this returns; this is no interrupt. Whether the time was up, the signal
            // says.
            unsafe { k_poll(event.as_mut_ptr(), 1, k_timeout_t { ticks }) };
        }
        self.result().ok_or(WaitError::TimedOut)
    }

    /// The signal, for a `k_poll` of your own. It must not be moved while that waits.
    pub fn as_ptr(&'static self) -> *mut k_poll_signal {
        self.get()
    }

    /// The signal. One that was moved stays as it was.
    fn get(&self) -> *mut k_poll_signal {
        self.0.get(|pointer, moved| {
            let raised = match moved {
                false => 0,
                // SAFETY: it was initialised before it was moved, and nobody else is here.
                true => unsafe { (*pointer).signaled },
            };
            // SAFETY: room for a signal that nobody uses at this place yet. The result stays as it is.
            unsafe { k_poll_signal_init(pointer) };
            // SAFETY: as above.
            unsafe { (*pointer).signaled = raised };
        })
    }
}

impl Default for PollSignal {
    fn default() -> Self {
        Self::new()
    }
}

impl Complete for PollSignal {
    fn complete(&self, outcome: Outcome) {
        // SAFETY: as in `result`. It also answers whether somebody's time was up, who sees the signal then.
        unsafe { k_poll_signal_raise(self.get(), result(outcome)) };
    }
}
