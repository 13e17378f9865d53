//! What the tests need of Zephyr, as safe functions, beside ../common/kernel.rs. The only other file with `unsafe`.

#[path = "../../common/kernel.rs"]
mod common;

use zephyr_sys::{k_current_get, k_sched_lock, k_sched_unlock, k_thread_priority_set};

pub use common::*;

extern "C" {
    fn told_with_locked_scheduler(cooperative: bool);
}

/// What a completion does in `main.c`.
pub fn tell(cooperative: bool) {
    // SAFETY: called by threads.
    unsafe { told_with_locked_scheduler(cooperative) }
}

/// Does `body` with another priority.
pub fn at_priority<R>(priority: i32, body: impl FnOnce() -> R) -> R {
    let before = self::priority();
    // SAFETY: callable in every thread.
    let thread = unsafe { k_current_get() };
    // SAFETY: the running thread exists.
    unsafe { k_thread_priority_set(thread, priority) };
    let answer = body();
    // SAFETY: as above.
    unsafe { k_thread_priority_set(thread, before) };
    answer
}

/// Does `body` with the scheduler locked.
pub fn with_locked_scheduler<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: called by threads.
    unsafe { k_sched_lock() };
    let answer = body();
    // SAFETY: it was locked above.
    unsafe { k_sched_unlock() };
    answer
}
