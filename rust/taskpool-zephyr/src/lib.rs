//! What a Rust application on Zephyr wants of the task pool and `zephyr-sys` together: kernel objects as completions,
//! and the pool's events through the `log` crate.

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

/// Prints the pools' events through the `log` crate from now on, instead of Zephyr's `LOG_*` in C. Set a logger too,
/// for example by `zephyr::set_logger`. Events come at the levels that `CONFIG_TASKPOOL_LOG_LEVEL` lets through, from
/// threads only.
///
/// From any thread and interrupt. No lock section, O(1), as [`taskpool::set_event_sink`].
pub fn log_events() {
    taskpool::set_event_sink(|event| {
        let level = match event.level() {
            taskpool::Level::Error => log::Level::Error,
            taskpool::Level::Warning => log::Level::Warn,
            taskpool::Level::Info => log::Level::Info,
            taskpool::Level::Debug => log::Level::Debug,
        };
        log::log!(target: "taskpool", level, "{event}");
    });
}
