//! All interleavings of the machine's lock sections, by the model checker loom. `make verify STAGES=loom` runs these.
//!
//! | module | explores |
//! |---|---|
//! | `two_threads` | everything |
//! | `three_threads_with_four_preemptions` | everything that takes at most four preemptions; `TASKPOOL_PREEMPTIONS` raises it |
//!
//! After each execution the scene checks that every accepted submission had exactly one outcome, that no run was early or
//! beside another of the same job, that every worker is where a submitter finds it, and that timers were armed in time.
//! Nothing touches a pool's memory while it is its owner's.

#![cfg(loom)]

mod three_threads_with_four_preemptions;
mod two_threads;
