//! What `churn.c` calls.

use core::ptr::NonNull;

use taskpool::export::{CorePool, Ref};
use taskpool::Pool;

/// # Safety
///
/// `pool` is one that `taskpool_create` made, and that is not destroyed before this returns.
#[no_mangle]
unsafe extern "C" fn churn_fill(pool: NonNull<CorePool>, thread: u32, random: u32) {
    // SAFETY: this function's promise.
    crate::fill(Pool::from_reference(unsafe { Ref::new(pool) }), thread as usize, random);
}

#[no_mangle]
extern "C" fn churn_cancel(random: u32) {
    crate::cancel(random);
}

/// Answers submissions, and how they ended: done, cancelled, discarded.
#[no_mangle]
extern "C" fn churn_audit(books: &mut [u32; 4]) {
    *books = crate::audit();
}
