//! Tasks: jobs with a schedule.
//!
//! | file | holds |
//! |---|---|
//! | `header.rs` | what a task is made of, and how a worker runs it |
//! | `schedule.rs` | when a task runs: arithmetic, without a clock |
//! | `steps.rs` | what is done with a task: each one lock section |
//! | `ops.rs` | the same, as calls |
//! | `setters.rs` | what a task begins with, as the faces set it |
//! | `shared.rs` | a value that runs and others share |
//!
//! A task that is enabled is one submission of its job. A run does not end it: it goes on to the next one, as the machine
//! lets a Running job with REARM and `Last::GoesOn`. What waits for something else than its time is Deferred to a deadline
//! that does not come. So the machine knows no further state, and a task ends as every submission does: once, with an
//! outcome, whatever it waits for.

#[cfg(CONFIG_TASKPOOL_TASKS)]
#[allow(unsafe_code)]
mod header;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod ops;
mod schedule;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod setters;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod shared;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod steps;

pub use schedule::{Begun, Missed, Rephase, Schedule};

#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use header::{First, Next, NotEnabled, Task, TaskCtx, TaskHeader, TaskRef, Work};
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use shared::Shared;
