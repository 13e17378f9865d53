//! A kernel semaphore as a completion.

use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};

use taskpool::{Complete, Duration, Outcome};
use zephyr_sys::{k_is_in_isr, k_sem, k_sem_give, k_sem_init, k_sem_take, k_timeout_t, zr_irq_lock, zr_irq_unlock};

/// Counts outcomes: each gives a `k_sem` once, whatever it is.
///
/// ```ignore
/// static DONE: OnEnd<Semaphore> = OnEnd::new(Semaphore::new());
/// static FETCH: Job = Job::with_completion(fetch, &DONE);
///
/// pool.submit(&FETCH)?;
/// DONE.wait(Duration::secs(1))?;
/// ```
pub struct Semaphore {
    /// Where it was when it was initialised; 0 before.
    home: AtomicUsize,
    semaphore: UnsafeCell<MaybeUninit<k_sem>>,
}

// SAFETY: the kernel allows every context to give and take a semaphore; `get` sees to it that it is initialised once.
unsafe impl Sync for Semaphore {}

/// Why [`Semaphore::wait`] came back without an outcome.
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

impl Semaphore {
    /// A semaphore that has counted nothing. In a `static` it takes nothing at run time; the first use initialises it.
    pub const fn new() -> Self {
        Semaphore {
            home: AtomicUsize::new(0),
            semaphore: UnsafeCell::new(MaybeUninit::uninit()),
        }
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
        // Negative numbers mean "for ever" and absolute times to the kernel, and it adds to what it is given.
        match timeout.as_ticks() {
            ticks @ 0..=taskpool::MAX_TICKS => self.take(ticks as i64),
            _ => self.take(FOREVER),
        }
    }

    /// Waits for one outcome without limit. From threads; it takes what [`wait`](Semaphore::wait) does.
    ///
    /// # Errors
    ///
    /// [`WaitError::InInterrupt`] in an interrupt.
    pub fn wait_forever(&self) -> Result<(), WaitError> {
        self.take(FOREVER)
    }

    fn take(&self, ticks: i64) -> Result<(), WaitError> {
        // SAFETY: callable everywhere.
        if ticks != 0 && unsafe { k_is_in_isr() } {
            return Err(WaitError::InInterrupt);
        }
        // SAFETY: `get` answers an initialised semaphore that does not move.
        match unsafe { k_sem_take(self.get(), k_timeout_t { ticks }) } {
            0 => Ok(()),
            _ => Err(WaitError::TimedOut),
        }
    }

    /// The semaphore, initialised by the first caller. It can't be a constant: an empty wait queue points at itself. For
    /// the same reason it is initialised again, with its count, when its owner has moved it; nobody can be waiting then,
    /// as whoever waits borrows it.
    fn get(&self) -> *mut k_sem {
        let pointer: *mut k_sem = self.semaphore.get().cast();
        if self.home.load(Ordering::Acquire) != pointer.addr() {
            // SAFETY: callable everywhere; on several CPUs it takes the kernel's global lock.
            let key = unsafe { zr_irq_lock() };
            let home = self.home.load(Ordering::Relaxed);
            if home != pointer.addr() {
                let count = match home {
                    0 => 0,
                    // SAFETY: it was initialised before it was moved, and the lock keeps others out.
                    _ => unsafe { (*pointer).count },
                };
                // SAFETY: room for a semaphore that nobody uses at this place yet; the lock lets one caller in.
                unsafe { k_sem_init(pointer, count, zephyr_sys::K_SEM_MAX_LIMIT) };
                self.home.store(pointer.addr(), Ordering::Release);
            }
            // SAFETY: the key of this lock.
            unsafe { zr_irq_unlock(key) };
        }
        pointer
    }
}

/// `K_FOREVER`.
const FOREVER: i64 = -1;

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
