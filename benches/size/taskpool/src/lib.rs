//! The smallest application that submits and defers a job: it runs at once, and every 500 ms from then on.

#![no_std]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use taskpool::{Ctx, Duration, Job, Pool};

extern crate zephyr;

/// What a debugger would look at: nothing is printed.
#[no_mangle]
static RUNS: AtomicU32 = AtomicU32::new(0);
#[no_mangle]
static FAILURES: AtomicU32 = AtomicU32::new(0);

static JOB: Job = Job::new(tick);

fn tick(ctx: &Ctx<'_>) {
    RUNS.fetch_add(1, Relaxed);
    if Pool::of(ctx)
        .submit_after(&JOB, const { Duration::millis(500) })
        .is_err()
    {
        FAILURES.fetch_add(1, Relaxed);
    }
}

#[no_mangle]
extern "C" fn rust_main() {
    if taskpool::system().submit(&JOB).is_err() {
        FAILURES.fetch_add(1, Relaxed);
    }
}
