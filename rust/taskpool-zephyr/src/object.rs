//! Kernel objects that Rust keeps, and the first use initialises.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};

use zephyr_sys::{zr_irq_lock, zr_irq_unlock};

/// Room for a kernel object. It can't be a constant: an empty wait queue points at itself.
pub(crate) struct Object<T> {
    /// Where it was when it was initialised; 0 before.
    home: AtomicUsize,
    object: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: `get` sees to it that the object is initialised once, and lends a pointer only: what is done with it is up to the
// kernel, which allows every context to use its objects.
unsafe impl<T> Sync for Object<T> {}
// SAFETY: as above; it may go to another thread as it may go to another place.
unsafe impl<T> Send for Object<T> {}

impl<T> Object<T> {
    pub(crate) const fn new() -> Self {
        Object {
            home: AtomicUsize::new(0),
            object: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// The object, initialised by the first caller. It is initialised again when its owner has moved it; nobody can be
    /// waiting then, as whoever waits borrows it. `init` is given the place, and whether there was an object before; it is
    /// called with interrupts masked, one caller at a time.
    pub(crate) fn get(&self, init: impl FnOnce(*mut T, bool)) -> *mut T {
        let pointer: *mut T = self.object.get().cast();
        if self.home.load(Ordering::Acquire) != pointer.addr() {
            // SAFETY: callable everywhere; on several CPUs it takes the kernel's global lock.
            let key = unsafe { zr_irq_lock() };
            let home = self.home.load(Ordering::Relaxed);
            if home != pointer.addr() {
                init(pointer, home != 0);
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

/// What the kernel calls a timeout, as a number of ticks. Negative numbers mean "for ever" and absolute times to it, and it
/// adds to what it is given.
pub(crate) fn ticks(timeout: taskpool::Duration) -> i64 {
    match timeout.as_ticks() {
        ticks @ 0..=taskpool::MAX_TICKS => ticks as i64,
        _ => FOREVER,
    }
}

/// No limit.
pub(crate) fn forever() -> i64 {
    FOREVER
}
