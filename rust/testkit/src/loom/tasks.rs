//! Tasks and events of a scene.

use std::num::NonZeroU32;
use std::sync::atomic::Ordering::Relaxed;

use ::loom::cell::UnsafeCell;
use taskpool_core::{
    Await, Completer, Event, EventRef, First, Next, OnEnd, Outcome, Status, SubmitError, Task, TaskCtx, TaskRef,
    WaitError, Work,
};

use super::{Loom, Machine, Scene, Seen, Told, P};

/// A task of the scene.
#[derive(Clone, Copy)]
pub struct T {
    reference: TaskRef,
    seen: &'static Seen,
}

/// An event of the scene.
#[derive(Clone, Copy)]
pub struct E(EventRef);

/// What completes a run of the scene's tasks.
pub type C = Completer<Loom>;

/// A task's state, which only one run at a time may touch, and only after the one before.
struct Script<F> {
    alone: UnsafeCell<()>,
    seen: &'static Seen,
    script: F,
}

// SAFETY: what is in the cell is nothing.
unsafe impl<F: Send> Send for Script<F> {}

impl<F: FnMut(&TaskCtx<'_>) -> Next + Send> Work for Script<F> {
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        let (seen, script) = (self.seen, &mut self.script);
        seen.runs.fetch_add(1, Relaxed);
        self.alone.with_mut(|_| script(ctx))
    }
}

impl T {
    fn enabled(self, answer: Result<bool, SubmitError>) -> Result<bool, SubmitError> {
        if answer == Ok(false) {
            self.seen.accepted.fetch_add(1, Relaxed);
        }
        answer
    }

    /// Enables it.
    pub fn enable(self, pool: P, first: First) -> Result<bool, SubmitError> {
        self.enabled(Machine::enable(self.reference, pool.reference, first))
    }

    /// Enables it, to run after an event.
    pub fn enable_on(self, pool: P, event: E) -> Result<bool, SubmitError> {
        self.enabled(Machine::enable_on(self.reference, pool.reference, event.0, false))
    }

    /// Disables it.
    pub fn disable(self) -> bool {
        Machine::disable(self.reference)
    }

    /// Cancels it.
    pub fn cancel(self) -> bool {
        Machine::cancel_task(self.reference)
    }

    /// Aborts it.
    pub fn abort(self) -> bool {
        Machine::abort_task(self.reference)
    }

    /// Its next run comes now.
    pub fn trigger(self) -> bool {
        Machine::trigger(self.reference).is_ok()
    }

    /// Runs up to now.
    pub fn runs(self) -> u32 {
        self.seen.runs.load(Relaxed)
    }

    /// The outcomes of its submissions, up to now.
    pub fn told(self) -> Vec<Outcome> {
        self.seen.told.lock().unwrap().clone()
    }

    /// Checks that it has ended, once for each time that it was enabled.
    pub(super) fn end(self) {
        let status = Machine::status(self.reference.job());
        assert!(status == Status::Idle, "a task was forgotten: it is {status:?}");
        let (accepted, told) = (self.seen.accepted.load(Relaxed), self.told());
        assert!(
            told.len() == accepted as usize,
            "a task was enabled {accepted} times, and told {told:?}"
        );
    }
}

impl E {
    /// It waits for so many signals.
    pub fn arm(self, count: u32) {
        Machine::arm_event(self.0, NonZeroU32::new(count).unwrap(), None);
    }

    /// It waits for one signal, for so many ticks.
    pub fn arm_within(self, ticks: u64) {
        Machine::arm_event(self.0, NonZeroU32::MIN, Some(ticks));
    }

    /// Its time is up after so many ticks.
    pub fn set_timeout(self, ticks: u64) {
        Machine::set_event_timeout(self.0, Some(ticks));
    }

    /// The answer of a run whose next one waits for it.
    pub fn next(self) -> Next {
        Next::On(self.0)
    }

    /// A signal.
    pub fn signal(self) -> bool {
        Machine::signal(self.0, 0)
    }

    /// Completes it.
    pub fn complete(self, outcome: Outcome) -> bool {
        Machine::complete_event(self.0, outcome)
    }

    /// What completed it.
    pub fn status(self) -> Option<Outcome> {
        Machine::event_status(self.0)
    }

    /// Waits for it.
    pub fn wait(self, deadline: Option<u64>) -> Result<Outcome, WaitError> {
        Machine::wait_event(self.0, deadline)
    }

    /// Waits for one of two.
    pub fn wait_any(events: [E; 2]) -> Result<(usize, Outcome), WaitError> {
        Machine::wait_any(&mut events.map(|event| Await::new(event.0)), None)
    }
}

impl Scene {
    /// An event that waits for so many signals.
    pub fn event(&mut self, count: u32) -> E {
        let event = E(self.keep(Event::new()).reference());
        event.arm(count);
        event
    }

    /// A task with an interval of 10 ticks, whose end is told.
    pub fn task(&mut self, script: impl FnMut(&TaskCtx<'_>) -> Next + Send + 'static) -> T {
        let seen: &'static Seen = self.keep(Seen::default());
        let completion = self.keep(OnEnd::new(Told { seen, sequel: |_| () }));
        self.task_with(seen, script, |task| task.on_end(completion))
    }

    /// As [`task`](Scene::task), whose time is up after so many ticks.
    pub fn task_within(&mut self, ticks: u64, script: impl FnMut(&TaskCtx<'_>) -> Next + Send + 'static) -> T {
        let seen: &'static Seen = self.keep(Seen::default());
        let completion = self.keep(OnEnd::new(Told { seen, sequel: |_| () }));
        self.task_with(seen, script, |task| task.on_end(completion).timeout(ticks))
    }

    /// A task whose end is an event, and the event.
    pub fn task_with_end(&mut self, script: impl FnMut(&TaskCtx<'_>) -> Next + Send + 'static) -> (T, E) {
        let event: &'static Event = self.keep(Event::new());
        let completion = self.keep(OnEnd::signal(event));
        let seen: &'static Seen = self.keep(Seen::default());
        let script = self.task_script(seen, script);
        let reference = self.keep(Task::new::<Loom>(script, 10).on_end(completion)).reference();
        (T { reference, seen }, E(event.reference()))
    }

    fn task_script<F>(&self, seen: &'static Seen, script: F) -> Script<F> {
        Script {
            alone: UnsafeCell::new(()),
            seen,
            script,
        }
    }

    fn task_with<F: FnMut(&TaskCtx<'_>) -> Next + Send + 'static>(
        &mut self,
        seen: &'static Seen,
        script: F,
        with: impl FnOnce(Task<Script<F>>) -> Task<Script<F>>,
    ) -> T {
        let script = self.task_script(seen, script);
        let reference = self.keep(with(Task::new::<Loom>(script, 10))).reference();
        let task = T { reference, seen };
        self.tasks.push(task);
        task
    }
}
