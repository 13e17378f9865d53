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
//! | group | jobs of which only so many run at once; the others are held, without a worker that waits |
//! | task | a job with a schedule: interval, iterations, policy, start event, timeout |
//! | spawned job | a closure in a slot of the cache, or on the heap, with a handle; the slot comes back by itself |
//! | worker | a thread that runs jobs: one of a pool's own, or one of the reserve |
//! | reserve | workers that all pools share, lent to pools that are below their maximum |
//! | step | one lock section of the machine |
//! | order | what a step leaves to the shell: wake, start, arm |
//! | budget | how long a run of a job may take before somebody is told |
//! | control point | a number with which a run says how far it has come |
//! | port | what the pool needs of an operating system |
//!
//! Where a line belongs: `job/` is one job, `task/` what makes it a task, `pool/` is what pools share and do, `lock.rs` the
//! lock as a type, `shell.rs` and `port.rs` the way out, `spawn.rs` and `scope.rs` closures as jobs. `unsafe` is allowed in
//! `budget.rs`, `fault.rs`, `lock.rs`, `reference.rs`, `job/mod.rs`, `job/completion.rs`, `job/slot.rs`, `pool/mod.rs`, `pool/workers.rs`,
//! `port.rs`, `scope.rs`, `shell.rs`, `site.rs`, `spawn.rs`, and in `task/` `header.rs`, `event.rs`, `seat.rs` and `signals.rs` (where objects become references, memory becomes closures,
//! and the lock becomes a token), and nowhere else.

#![no_std]
#![deny(unsafe_code)]

#[cfg(CONFIG_RUST_ALLOC)]
extern crate alloc;

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
#[allow(unsafe_code)]
mod budget;
mod error;
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
mod report;
#[allow(unsafe_code)]
mod scope;
#[allow(unsafe_code)]
mod shell;
#[allow(unsafe_code)]
mod site;
#[allow(unsafe_code)]
mod spawn;
mod task;
mod ticks;

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
pub use budget::{About, Overrun};
pub use error::{DeferError, LevelError, RunNowError, SubmitError};
pub use job::{
    Accepted, Cache, CacheUse, Caller, Cancel, Code, Complete, Completion, CompletionRef, Ctx, Header, Job, JobRef,
    OnEnd, Outcome, Run, Signal, SignalRef, Slots, Status, WaitError,
};
pub use lock::Token;
pub use pool::{
    Clock, ControlError, CreateError, GroupSnapshot, Groups, LimitError, Pool, PoolRef, Reserve, Shutdown, Snapshot,
    Stats, Worker, WorkerRef, LEVELS,
};
#[cfg(CONFIG_TASKPOOL_GROUPS)]
pub use pool::{Group, GroupRef};
pub use port::Port;
pub use reference::Ref;
pub use report::{Level, Report};
pub use scope::{Scope, ScopeError};
pub use shell::{Phase, Shell};
pub use site::By;
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
pub use site::Site;
pub use spawn::{Handle, JoinError, NotSpawned, SpawnError};
#[cfg(CONFIG_TASKPOOL_EVENTS)]
pub use task::{Await, Event, EventRef};
pub use task::{Begun, Missed, Rephase, Schedule, MAX_SPAN};
#[cfg(CONFIG_TASKPOOL_TASKS)]
pub use task::{Completer, First, Next, NotEnabled, Shared, Stale, Start, Task, TaskCtx, TaskHeader, TaskRef, Work};
pub use ticks::{When, MAX_TICKS};
