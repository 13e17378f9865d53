//! Tasks: jobs with a schedule, and events, which they wait for.
//!
//! | file | holds |
//! |---|---|
//! | `header.rs` | what a task is made of, and how a worker runs it |
//! | `schedule.rs` | when a task runs: arithmetic, without a clock |
//! | `event.rs` | events: count-downs with a status |
//! | `seat.rs` | the line of those who wait for an event |
//! | `completer.rs` | who says when a run is over |
//! | `steps.rs` | what is done with a task: each one lock section |
//! | `ops.rs` | the same, as calls |
//! | `signals.rs` | what is done with an event, as calls |
//!
//! A task that is enabled is one submission of its job. A run does not end it: it goes on to the next one, as the machine
//! lets a Running job with REARM and `Last::GoesOn`. What waits for something else than its time is Deferred to a deadline
//! that does not come. So the machine knows no further state, and a task ends as every submission does: once, with an
//! outcome, whatever it waits for.

#[cfg(CONFIG_TASKPOOL_TASKS)]
mod completer;
#[cfg(CONFIG_TASKPOOL_TASKS)]
#[allow(unsafe_code)]
mod event;
#[cfg(CONFIG_TASKPOOL_TASKS)]
#[allow(unsafe_code)]
mod header;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod ops;
mod schedule;
#[cfg(CONFIG_TASKPOOL_TASKS)]
#[allow(unsafe_code)]
mod seat;
#[cfg(CONFIG_TASKPOOL_TASKS)]
#[allow(unsafe_code)]
mod signals;
#[cfg(CONFIG_TASKPOOL_TASKS)]
mod steps;

#[cfg(CONFIG_TASKPOOL_TASKS)]
use schedule::Span;
pub use schedule::{Begun, Missed, Rephase, Schedule, MAX_SPAN};

#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use completer::{Completer, Stale};
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use event::{Event, EventRef};
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use header::{First, Next, NotEnabled, Start, Task, TaskCtx, TaskRef, Work};
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use seat::Visitor;
