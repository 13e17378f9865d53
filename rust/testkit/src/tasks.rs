//! Tasks and events on the virtual port, whose clock only the test moves.

use std::cell::Cell;
use std::sync::{Arc, Mutex};

use taskpool_core::{Complete, Next, OnEnd, Outcome, PoolRef, Task, TaskCtx, TaskRef, Work};

use crate::{keep, Plain, Virtual};

/// The tick at which a scene begins.
pub const ZERO: u64 = 1_000;

/// Runs, by their time since the beginning, and number.
#[derive(Debug, Default)]
pub struct Log(Mutex<Vec<(u64, u32)>>);

impl Log {
    /// Those since the last look.
    pub fn runs(&self) -> Vec<(u64, u32)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
    /// Their times.
    pub fn times(&self) -> Vec<u64> {
        self.runs().into_iter().map(|(time, _)| time).collect()
    }
}

type Step = Box<dyn FnMut(&TaskCtx<'_>) -> Next + Send>;

/// A task that does what the test says.
pub struct Script {
    log: Arc<Log>,
    step: Step,
}

thread_local! {
    /// For runs, which take nothing along that is of one thread.
    static PLAIN: Cell<Option<Plain>> = const { Cell::new(None) };
}

/// The pools and workers of the scene.
pub fn plain() -> Plain {
    PLAIN.get().unwrap()
}

impl Work for Script {
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        self.log.0.lock().unwrap().push((plain().now() - ZERO, ctx.number()));
        (self.step)(ctx)
    }
}

/// How submissions ended.
#[derive(Debug, Default)]
pub struct Ends(Mutex<Vec<Outcome>>);

impl Complete for Ends {
    fn complete(&self, outcome: Outcome) {
        self.0.lock().unwrap().push(outcome);
    }
}

/// A pool with a worker, and what tasks do in it.
pub struct Scene {
    /// Pools and workers.
    pub plain: Plain,
    /// The pool.
    pub pool: PoolRef,
    /// What has run.
    pub log: Arc<Log>,
    /// What has ended.
    pub ends: &'static OnEnd<Ends>,
}

impl Scene {
    /// At its beginning.
    #[expect(clippy::new_without_default, reason = "it is a place, not a value")]
    pub fn new() -> Self {
        let plain = Plain::new();
        PLAIN.set(Some(plain));
        let pool = plain.pool();
        plain.run();
        plain.advance(ZERO);
        Scene {
            plain,
            pool,
            log: Arc::default(),
            ends: keep(OnEnd::new(Ends::default())),
        }
    }

    /// A task that runs `step`, with what `with` gives it.
    pub fn task(
        &self,
        interval: u64,
        with: impl FnOnce(Task<Script>) -> Task<Script>,
        step: impl FnMut(&TaskCtx<'_>) -> Next + Send + 'static,
    ) -> TaskRef {
        let script = Script {
            log: self.log.clone(),
            step: Box::new(step),
        };
        keep(with(Task::new::<Virtual>(script, interval).on_end(self.ends))).reference()
    }

    /// A task that goes on as its schedule says.
    pub fn plain_task(&self, interval: u64) -> TaskRef {
        self.task(interval, |task| task, |_| Next::Default)
    }

    /// Runs until so long after the beginning.
    pub fn until(&self, end: u64) {
        loop {
            self.plain.run();
            let left = (ZERO + end).saturating_sub(self.plain.now());
            if left == 0 {
                return;
            }
            self.plain.advance(1);
        }
    }

    /// Those since the last look.
    pub fn ends(&self) -> Vec<Outcome> {
        std::mem::take(&mut self.ends.0.lock().unwrap())
    }
}
