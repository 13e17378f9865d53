//! What a Rust application on Zephyr wants of the task pool and `zephyr-sys` together: kernel objects as completions,
//! and the pool's reports through the `log` crate.

#![no_std]
#![deny(unsafe_code)]

#[allow(unsafe_code)]
mod events;
#[allow(unsafe_code)]
mod object;
#[allow(unsafe_code)]
mod semaphore;
#[allow(unsafe_code)]
mod signal;
#[allow(unsafe_code)]
mod work;

pub use events::{Events, Post};
pub use semaphore::{Semaphore, WaitError};
pub use signal::{result, PollSignal};
pub use work::Work;

/// Prints the pools' reports through the `log` crate from now on, instead of Zephyr's `LOG_*` in C. Set a logger too,
/// for example by `zephyr::set_logger`. They come at the levels that `CONFIG_TASKPOOL_LOG_LEVEL` lets through, from
/// threads only.
///
/// From any thread and interrupt. No lock section, O(1), as [`taskpool::set_report_sink`].
pub fn log_reports() {
    taskpool::set_report_sink(|report| {
        let level = match report.level() {
            taskpool::Level::Error => log::Level::Error,
            taskpool::Level::Warning => log::Level::Warn,
            taskpool::Level::Info => log::Level::Info,
            taskpool::Level::Debug => log::Level::Debug,
        };
        log::log!(target: "taskpool", level, "{report}");
    });
}
