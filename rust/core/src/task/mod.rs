//! Tasks: jobs with a schedule, and events, which they wait for.
//!
//! | file | holds |
//! |---|---|
//! | `header.rs` | what a task is made of, and how a worker runs it |
//! | `schedule.rs` | when a task runs: arithmetic, without a clock |
//! | `event.rs` | events: count-downs with a status |
//! | `seat.rs` | the line of those who wait for an event |
//! | `no_events.rs` | what stands for these two without `CONFIG_TASKPOOL_EVENTS` |
//! | `completer.rs` | who says when a run is over |
//! | `steps.rs` | what is done with a task: each one lock section |
//! | `ops.rs` | the same, as calls |
//! | `setters.rs` | what a task begins with, as the faces set it |
//! | `shared.rs` | a value that runs and others share |
//! | `signals.rs` | what is done with an event, as calls |
//!
//! A task that is enabled is one submission of its job. A run does not end it: it goes on to the next one, as the machine
//! lets a Running job with REARM and `Last::GoesOn`. What waits for something else than its time is Deferred to a deadline
//! that does not come. So the machine knows no further state, and a task ends as every submission does: once, with an
//! outcome, whatever it waits for.

#[cfg(CONFIG_TASKPOOL_TASKS)]
mod completer;
#[cfg(CONFIG_TASKPOOL_EVENTS)]
#[allow(unsafe_code)]
mod event;
#[cfg(CONFIG_TASKPOOL_TASKS)]
#[allow(unsafe_code)]
mod header;
#[cfg(all(CONFIG_TASKPOOL_TASKS, not(CONFIG_TASKPOOL_EVENTS)))]
mod no_events;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod ops;
mod schedule;
#[cfg(CONFIG_TASKPOOL_EVENTS)]
#[allow(unsafe_code)]
mod seat;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod setters;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod shared;
#[cfg(CONFIG_TASKPOOL_EVENTS)]
#[allow(unsafe_code)]
mod signals;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod steps;

#[cfg(all(CONFIG_TASKPOOL_TASKS, not(CONFIG_TASKPOOL_EVENTS)))]
use no_events::{EventRef, Seat};
#[cfg(CONFIG_TASKPOOL_TASKS)]
use schedule::Span;
pub use schedule::{Begun, Missed, Rephase, Schedule, MAX_SPAN};
#[cfg(CONFIG_TASKPOOL_EVENTS)]
use seat::Seat;

#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use completer::{Completer, Stale};
#[cfg(CONFIG_TASKPOOL_EVENTS)]
pub use event::{Event, EventRef};
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use header::{First, Next, NotEnabled, Start, Task, TaskCtx, TaskHeader, TaskRef, Work};
#[cfg(CONFIG_TASKPOOL_EVENTS)]
pub use seat::Await;
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use shared::Shared;
