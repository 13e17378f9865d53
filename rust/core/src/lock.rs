//! The module's one lock, as the type system sees it.
//!
//! Every field that more than one context may touch is a [`Locked`], and only a [`Token`] reads or writes it. A token
//! exists only inside a lock section of [`Shell`](crate::Shell), so forgetting the lock does not compile. A `Locked`
//! copies its value in and out and never lends a reference: lists and trees made of them are ordinary safe code.

#[cfg(CONFIG_TASKPOOL_GROUPS)]
use core::cell::Cell;
use core::cell::UnsafeCell;
use core::marker::PhantomData;

#[cfg(CONFIG_TASKPOOL_GROUPS)]
use crate::pool::GroupRef;
use crate::pool::Groups;

/// The proof that the module's lock is held. It cannot leave the context that took the lock.
pub struct Token<'section> {
    /// The time at which the section began, for statistics; modulo 2^32.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    now: u32,
    /// The groups that hold jobs.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    groups: &'static Groups,
    /// This section has freed a place in this group, for which a job is to be admitted before it ends.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    freed: Cell<Option<GroupRef>>,
    held: PhantomData<(&'section (), *const ())>,
}

impl Token<'_> {
    /// Attests that the module's lock is held. Statistics need the time, from `now`; groups those that hold jobs.
    ///
    /// # Safety
    ///
    /// The caller holds the lock for as long as the token lives, and every object that is reached with the token is
    /// reached under this same lock everywhere.
    #[inline(always)]
    pub(crate) unsafe fn attest(_now: impl FnOnce() -> u64, _groups: impl FnOnce() -> &'static Groups) -> Self {
        Token {
            #[cfg(CONFIG_TASKPOOL_STATS)]
            // The model checker would go through all the moments of this look, for nothing.
            now: if cfg!(loom) { 0 } else { _now() as u32 },
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            groups: _groups(),
            #[cfg(CONFIG_TASKPOOL_GROUPS)]
            freed: Cell::new(None),
            held: PhantomData,
        }
    }

    /// The time of this section, modulo 2^32.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub(crate) fn now(&self) -> u32 {
        self.now
    }

    /// The groups that hold jobs.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub(crate) fn groups(&self) -> &'static Groups {
        self.groups
    }

    /// There is a place in this group, and a job that waits for it. A section frees one place at most.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    #[inline(always)]
    pub(crate) fn note_freed(&self, group: GroupRef) {
        self.freed.set(Some(group));
    }

    /// The group in which this section has freed a place, if it has: until that is answered.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    #[inline(always)]
    pub(crate) fn take_freed(&self) -> Option<GroupRef> {
        self.freed.take()
    }

    /// Whether this section has freed a place, for which a job is yet to be admitted.
    #[inline(always)]
    pub(crate) fn has_freed(&self) -> bool {
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        {
            let freed = self.freed.take();
            self.freed.set(freed);
            freed.is_some()
        }
        #[cfg(not(CONFIG_TASKPOOL_GROUPS))]
        false
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
