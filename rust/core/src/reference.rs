//! References by pointer to what its owner keeps.

use core::fmt;
use core::ops::Deref;
use core::ptr::NonNull;

/// A copyable pointer to a job, pool, worker, reserve or completion that its owner keeps alive.
///
/// It points at the whole object, of which `T` is the first field: whoever made it from a larger object may go back to
/// that object through [`as_ptr`](Ref::as_ptr). (A pointer made from `&header` alone could not: Miri rejects it.)
#[repr(transparent)]
pub struct Ref<T>(NonNull<T>);

impl<T> Ref<T> {
    /// Makes a reference from a pointer.
    ///
    /// # Safety
    ///
    /// `pointer` is aligned and points at a `T`, at the start (or a known place) of whatever object the reference will be
    /// taken back to, with the right to access all of that object. It stays there and is not referred to by `&mut` for as long as any
    /// copy of the reference is used: by the pool, a job's until the outcome of its last accepted submission has been
    /// given, that of a pool which was made at run time until it is shut down, all others for ever; and by whoever else
    /// was given one.
    #[inline]
    pub const unsafe fn new(pointer: NonNull<T>) -> Self {
        Ref(pointer)
    }

    /// A reference to another object at the same address.
    ///
    /// # Safety
    ///
    /// As for [`Ref::new`]: there is a `U`, too.
    #[inline(always)]
    pub(crate) const unsafe fn cast<U>(self) -> Ref<U> {
        Ref(self.0.cast())
    }

    /// A reference to another object, so many bytes from here.
    ///
    /// # Safety
    ///
    /// As for [`Ref::new`]: there is a `U`, within what this reference's pointer may access.
    #[cfg(CONFIG_TASKPOOL_EVENTS)]
    #[inline(always)]
    pub(crate) const unsafe fn at_distance<U>(self, bytes: isize) -> Ref<U> {
        // SAFETY: this function's promise.
        Ref(unsafe { self.0.byte_offset(bytes) }.cast())
    }

    /// The pointer that the reference was made from.
    #[inline]
    pub const fn as_ptr(self) -> *mut T {
        self.0.as_ptr()
    }
}

impl<T> Deref for Ref<T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: `Ref::new` was promised a live, aligned `T` without exclusive borrows.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Clone for Ref<T> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Ref<T> {}

impl<T> PartialEq for Ref<T> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Ref<T> {}

impl<T> fmt::Debug for Ref<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:p}", self.0)
    }
}

// SAFETY: a `Ref<T>` gives no more than a `&T` does.
unsafe impl<T: Sync> Send for Ref<T> {}
// SAFETY: as above.
unsafe impl<T: Sync> Sync for Ref<T> {}
