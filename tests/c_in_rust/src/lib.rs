//! A Rust application beside the C files that use the pool.

#![no_std]

use core::sync::atomic::{AtomicU32, Ordering};

use taskpool::Job;

// The zephyr crate has the panic handler.
extern crate zephyr;

static RUNS: AtomicU32 = AtomicU32::new(0);
static JOB: Job = Job::new(|_| _ = RUNS.fetch_add(1, Ordering::SeqCst));

#[no_mangle]
extern "C" fn rust_submit() -> i32 {
    let slow = taskpool::c_pool!(slow);
    slow.submit(&JOB).map_or(-1, |accepted| accepted as i32)
}

#[no_mangle]
extern "C" fn rust_runs() -> u32 {
    RUNS.load(Ordering::SeqCst)
}

#[no_mangle]
extern "C" fn rust_main() {}
