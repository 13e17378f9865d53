//! What the machine of zephyr-taskpool is tested with.
//!
//! | file | holds |
//! |---|---|
//! | `port.rs` | [`Virtual`]: a port whose clock stands until the test moves it, and whose interrupts come where it says |
//! | `model.rs` | what the machine must do, written down naively: plain vectors, searched from end to end |
//! | `plain.rs` | [`Plain`]: pools and workers without the model, for tests that keep accounts of their own |
//! | `world.rs` | [`World`]: pools, workers and jobs on the virtual port, compared with the model after every lock section |
//!
//! All state belongs to the test's thread, so tests run in parallel. What the machine keeps references to is leaked.
//! `unsafe` is allowed in `port.rs` and nowhere else.

#![deny(unsafe_code)]

mod model;
mod plain;
#[allow(unsafe_code)]
mod port;
mod world;

pub use plain::Plain;
pub use port::{Call, Virtual};
pub use world::{Step, World, J, P, W};
