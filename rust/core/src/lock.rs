//! The module's one lock, as the type system sees it.
//!
//! Every field that more than one context may touch is a [`Locked`], and only a [`Token`] reads or writes it. A token
//! exists only inside a lock section of [`Shell`](crate::Shell), so forgetting the lock does not compile. A `Locked`
//! copies its value in and out and never lends a reference: lists and trees made of them are ordinary safe code.

use core::cell::UnsafeCell;
use core::marker::PhantomData;

/// The proof that the module's lock is held. It cannot leave the context that took the lock.
pub struct Token<'section> {
    /// The time at which the section began, for statistics; modulo 2^32.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    now: u32,
    held: PhantomData<(&'section (), *const ())>,
}

impl Token<'_> {
    /// Attests that the module's lock is held. Statistics need the time, from `now`.
    ///
    /// # Safety
    ///
    /// The caller holds the lock for as long as the token lives, and every object that is reached with the token is
    /// reached under this same lock everywhere.
    #[inline(always)]
    pub(crate) unsafe fn attest(_now: impl FnOnce() -> u64) -> Self {
        Token {
            #[cfg(CONFIG_TASKPOOL_STATS)]
            // The model checker would go through all the moments of this look, for nothing.
            now: if cfg!(loom) { 0 } else { _now() as u32 },
            held: PhantomData,
        }
    }

    /// The time of this section, modulo 2^32.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub(crate) fn now(&self) -> u32 {
        self.now
    }
}

/// A value that is only read and written under the module's lock.
#[repr(transparent)]
pub(crate) struct Locked<T>(UnsafeCell<T>);

// SAFETY: `get` and `set` are the only ways to the value; both ask for a token, which `Shell` makes only while it holds
// the lock, so accesses never overlap. A value may cross threads on the way, hence `Send`.
unsafe impl<T: Copy + Send> Sync for Locked<T> {}

impl<T: Copy> Locked<T> {
    pub(crate) const fn new(value: T) -> Self {
        Locked(UnsafeCell::new(value))
    }

    /// The value of an object that nobody else knows.
    pub(crate) const fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }

    /// What it is, perhaps: without the lock, as nobody gives it back any more.
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    pub(crate) fn peek(&self) -> T {
        // SAFETY: the image is about to end, and only the thread that writes the value asks for it.
        unsafe { *self.0.get() }
    }

    #[inline(always)]
    pub(crate) fn get(&self, _: &Token<'_>) -> T {
        #[cfg(loom)]
        watch::get(self.0.get().cast());
        // SAFETY: the token excludes every other access (see `Sync` above), and no reference to the value exists.
        unsafe { *self.0.get() }
    }

    #[inline(always)]
    pub(crate) fn set(&self, _: &Token<'_>, value: T) {
        #[cfg(loom)]
        watch::set(self.0.get().cast());
        // SAFETY: as in `get`.
        unsafe { *self.0.get() = value }
    }
}

/// Shows the model checker each access, through the loom port. A dependency on loom would stand in the lock file of every
/// application.
#[cfg(loom)]
mod watch {
    unsafe extern "Rust" {
        safe fn taskpool_watch(what: *const (), writes: bool);
    }

    pub(super) fn get(what: *const ()) {
        taskpool_watch(what, false);
    }

    pub(super) fn set(what: *const ()) {
        taskpool_watch(what, true);
    }
}
