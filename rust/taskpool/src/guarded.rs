//! What the module's lock protects beside jobs and pools: the rooms of completions, and the classes.
//!
//! Not every CPU has atomic operations beyond loads and stores (Armv6-M has none), so what an interrupt and a thread both
//! count is counted under the lock.

use taskpool_core::Port;

use crate::port::ThisPort;

/// A value that is looked at under the module's lock only.
#[repr(transparent)]
pub(crate) struct Guarded<T>(T);

// SAFETY: `look` is the only way to the value, and one context at a time, holding the lock, is in it; nothing that it lends
// outlives its call. So no two contexts touch the value at once, whether or not it is `Sync`; it crosses threads, hence
// `Send`.
unsafe impl<T: Send> Sync for Guarded<T> {}

impl<T> Guarded<T> {
    pub(crate) const fn new(value: T) -> Self {
        Guarded(value)
    }

    /// One lock section. `look` calls nothing of the pools: the lock is not one that can be taken twice.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        let key = ThisPort::lock();
        let answer = look(&self.0);
        ThisPort::unlock(key);
        answer
    }
}
