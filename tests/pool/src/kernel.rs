//! What the tests need of Zephyr, as safe functions, beside ../common/kernel.rs. The only other file with `unsafe`.

#[path = "../../common/kernel.rs"]
mod common;

use core::ffi::{c_char, c_int, CStr};

use zephyr_sys::{k_current_get, k_cycle_get_32, k_thread_name_get};

pub use common::*;

/// Threads that [`run_threads`] can run at a time; `TEST_THREADS` in kernel.h.
pub const THREADS: usize = 3;

extern "C" {
    fn test_cycles_per_tick() -> u32;
    fn test_log_contains(text: *const c_char) -> bool;
    fn test_absent_is_untouched() -> bool;
    fn test_thread_start(index: u32, priority: c_int, entry: extern "C" fn());
    fn test_thread_join(index: u32);
}

pub fn cycles() -> u32 {
    // SAFETY: callable everywhere.
    unsafe { k_cycle_get_32() }
}

pub fn cycles_per_tick() -> u32 {
    // SAFETY: callable everywhere.
    unsafe { test_cycles_per_tick() }
}

/// The name of the thread that runs.
pub fn thread_name() -> &'static str {
    // SAFETY: callable in every thread.
    let thread = unsafe { k_current_get() };
    // SAFETY: the running thread exists.
    let name = unsafe { k_thread_name_get(thread) };
    // SAFETY: the kernel ends it with a zero, and keeps it in the thread, which stays for ever.
    let name = unsafe { CStr::from_ptr(name) };
    name.to_str().expect("a thread's name is ASCII")
}

/// Runs `entries` at once, each in a thread of its own at its priority, and waits for their ends.
pub fn run_threads(entries: [(i32, extern "C" fn()); THREADS]) {
    for (index, (priority, entry)) in entries.into_iter().enumerate() {
        // SAFETY: a thread that has not been started, or was joined below.
        unsafe { test_thread_start(index as u32, priority, entry) };
    }
    for index in 0..THREADS {
        // SAFETY: started above.
        unsafe { test_thread_join(index as u32) };
    }
}

/// Whether `text` has been logged through Zephyr's logger.
pub fn is_logged(text: &CStr) -> bool {
    // SAFETY: a string with a zero at its end; C only compares.
    unsafe { test_log_contains(text.as_ptr()) }
}

/// Whether the pool that C never defined is still zero.
pub fn is_absent_untouched() -> bool {
    // SAFETY: C only compares.
    unsafe { test_absent_is_untouched() }
}
