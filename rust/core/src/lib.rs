//! The machine of zephyr-taskpool.
//!
//! No clock, no thread, no operating system: each step is one lock section that takes the time as an argument and
//! answers what the caller has to do next. [`Shell`] is that caller, on top of a [`Port`]. Applications use the crate
//! `taskpool`, which picks the port.
//!
//! | word | meaning |
//! |---|---|
//! | pool | a ready queue, a timer, and min to max worker threads that share them |
//! | job | a unit of work that its owner keeps: a function and its state, in at most one queue at a time |
//! | submission | handing a job to a pool; every accepted one gets exactly one outcome |
//! | outcome | how a submission ended |
//! | completion | what happens when a job has ended |
//! | worker | a thread that runs jobs: one of a pool's own, or one of the reserve |
//! | reserve | workers that all pools share, lent to pools that are below their maximum |
//! | step | one lock section of the machine |
//! | order | what a step leaves to the shell: wake, start, arm |
//! | port | what the pool needs of an operating system |
//!
//! Where a line belongs: `job/` is one job, `pool/` is what pools share and do, `lock.rs` the lock as a type,
//! `shell.rs` and `port.rs` the way out. `unsafe` is allowed in `fault.rs`, `lock.rs`, `reference.rs`, `job/mod.rs`,
//! `job/completion.rs`, `pool/mod.rs`, `pool/workers.rs`, `port.rs` and `shell.rs` (where objects become references, and
//! the lock becomes a token), and nowhere else.

#![no_std]
#![deny(unsafe_code)]

mod error;
mod event;
#[allow(unsafe_code)]
mod fault;
#[allow(unsafe_code)]
mod job;
#[allow(unsafe_code)]
mod lock;
#[allow(unsafe_code)]
mod pool;
#[allow(unsafe_code)]
mod port;
#[allow(unsafe_code)]
mod reference;
#[allow(unsafe_code)]
mod shell;
mod ticks;

pub use error::{DeferError, LevelError, SubmitError};
pub use event::{Event, Level};
pub use job::{
    Accepted, Caller, Cancel, Code, Complete, Completion, CompletionRef, Ctx, Header, Job, JobRef, OnEnd, Outcome, Run,
    Signal, SignalRef, Status, WaitError,
};
pub use lock::Token;
pub use pool::{ControlError, Pool, PoolRef, Reserve, Shutdown, Snapshot, Stats, Worker, WorkerRef, LEVELS};
pub use port::Port;
pub use reference::Ref;
pub use shell::{Phase, Shell};
pub use ticks::MAX_TICKS;
