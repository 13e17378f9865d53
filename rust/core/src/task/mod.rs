//! Tasks: jobs with a schedule.
//!
//! | file | holds |
//! |---|---|
//! | `schedule.rs` | when a task runs: arithmetic, without a clock |

mod schedule;

pub use schedule::{Begun, Missed, Rephase, Schedule};
