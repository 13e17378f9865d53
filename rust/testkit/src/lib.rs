//! What the machine of zephyr-taskpool is tested with.
//!
//! | file | holds |
//! |---|---|
//! | `port.rs` | [`Virtual`]: a port whose clock stands until the test moves it, and whose interrupts come where it says |
//! | `model.rs` | what the machine must do, written down naively: plain vectors, searched from end to end |
//! | `action.rs` | [`Action`]: what a random test does with a [`Scene`] |
//! | `bytes.rs` | [`operate`]: what a string of bytes says, for a fuzzer |
//! | `loom.rs` | a port on which the model checker goes through all interleavings of threads (`--cfg loom`) |
//! | `plain.rs` | [`Plain`]: pools and workers without the model, for tests that keep accounts of their own |
//! | `tasks.rs` | tasks and events on the virtual port |
//! | `world.rs` | [`World`]: pools, workers and jobs on the virtual port, compared with the model after every lock section |
//! | `world/closures.rs` | the world's spawned closures and scopes |
//! | `world/tasks.rs` | the world's tasks and events |
//! | `model/tasks.rs` | those of the model |
//!
//! All state belongs to the test's thread, so tests run in parallel. What the machine keeps references to stays
//! for ever. `unsafe` is allowed in `port.rs` and `loom.rs` and nowhere else.

#![deny(unsafe_code)]

mod action;
mod bytes;
#[cfg(loom)]
#[allow(unsafe_code)]
pub mod loom;
mod model;
mod plain;
#[allow(unsafe_code)]
mod port;
pub mod tasks;
mod world;

pub use action::{Action, Answer, EventAction, Inside, PoolPlan, Scene, TaskAction, EVENTS, GROUPS, TASKS};
pub use bytes::operate;
pub use model::TaskPlan;
pub use plain::Plain;
pub use port::{Call, Virtual};
pub use world::{Step, World, E, G, H, HANDLES, J, P, T, W};

use std::sync::atomic::AtomicPtr;
use std::sync::Mutex;

/// Keeps something for ever, and in sight of whoever looks for leaks.
///
/// # Panics
///
/// When another thread has panicked in it.
pub fn keep<T: 'static>(value: T) -> &'static T {
    static KEPT: Mutex<Vec<AtomicPtr<()>>> = Mutex::new(Vec::new());
    let kept = Box::leak(Box::new(value));
    let address = AtomicPtr::new(std::ptr::from_mut(kept).cast());
    KEPT.lock().expect("nothing panics with it").push(address);
    kept
}
