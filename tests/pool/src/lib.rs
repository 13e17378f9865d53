//! What a pool promises, on a real kernel. src/main.c has the list of cases; a failed assertion here panics, and
//! src/fatal.c ends the run.
//!
//! The test's thread is more urgent than the workers of all pools but one, so what is submitted stays Queued until the
//! test sleeps: it sees each state for as long as it likes. The other pool, `eager`, preempts the test.

#![no_std]

mod boot;
mod burst;
mod cancel;
mod completion;
mod control;
mod defer;
mod events;
mod kernel;
mod resubmit;
mod submit;
mod tools;
mod urgency;
mod wait;
mod workers;

// For its panic handler.
use zephyr as _;

/// zephyr-lang-rust's `main` would call it; the one of ztest is used here.
#[no_mangle]
extern "C" fn rust_main() {}
