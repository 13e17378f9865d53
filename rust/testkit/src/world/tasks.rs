//! Tasks and events of a world.
//!
//! A task is a job of the world, of which one submission has many runs. So all that holds for jobs is checked for tasks, too.
//! Beside that, the model says of each run whether it is entered, and what it is told, and when the next one is due.

use std::mem::ManuallyDrop;
use std::num::NonZeroU32;

use taskpool_core::{
    Caller, Completer, Event, EventRef, First, Next, OnEnd, Outcome, Port, Rephase, SubmitError, Task, TaskCtx,
    TaskRef, Work,
};

use super::{add_job_at, state, within, Context, Decided, Does, Machine, State, Told, World, P};
use crate::keep;
use crate::model::{ModelStart, Place, Ring, TaskPlan, Told as RunTold};
use crate::port::Virtual;

/// A task of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct T(pub usize);

/// An event of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct E(pub usize);

/// Runs of one task after which it ends by itself: so each test comes to its end.
const RUNS: u32 = 16;
/// Completers of one task that are kept; the oldest one is dropped.
const KEPT: usize = 3;

/// What a task is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    Enable(usize, ModelStart),
    Stop(Outcome),
    Trigger,
    Postpone(u64),
    Shift(i64),
    SetInterval(u64, Rephase),
    SetIterations(u32),
    Limit(Option<u64>),
    HandOut,
    Complete(u32, Next),
    Drop(u32),
}

/// What an event is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum EventOp {
    Arm(u32, Option<u64>),
    SetTimeout(Option<u64>),
    Signal(Outcome),
    Complete(Outcome),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TaskDecided {
    Enabled(Result<bool, SubmitError>),
    /// Whether the task was enabled, the completer good, the event complete.
    Found(bool),
    /// A completer of this number.
    HandedOut(u32),
    /// Whether the run is entered.
    Begun(bool),
}

/// The end of a task signals an event, in lock sections of their own, within whatever has ended it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Signals {
    /// The event, and what it is told.
    next: Option<(usize, Outcome)>,
    /// Those who waited for it are let go, one by one.
    ring: Option<usize>,
}

impl Signals {
    pub(super) fn of(next: Option<(usize, Outcome)>) -> Self {
        Signals { next, ring: None }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.next.is_none() && self.ring.is_none()
    }
}

struct TaskEntry {
    reference: TaskRef,
    job: usize,
    /// What the model says that the run is told which is about to be entered.
    told: Option<RunTold>,
    /// What the next run answers, and how many completers it takes.
    plan: (Next, usize),
    /// What the last run has answered, and whether it took one.
    answer: (Next, bool),
    // Where a check has failed they stay, as the machine may not be called then.
    /// What the next run does.
    script: Vec<Box<dyn FnOnce()>>,
    completers: Vec<(u32, ManuallyDrop<Completer<Virtual>>)>,
}

#[derive(Default)]
pub(super) struct Tasks {
    all: Vec<TaskEntry>,
    events: Vec<&'static Event>,
}

/// What a task does: it tells the world, and answers what was planned.
struct Planned(usize);

impl Planned {
    fn take_completer(&self, ctx: &TaskCtx<'_>) {
        let task = self.0;
        let (completer, decided) = within(Does::Task(task, Op::HandOut), || ctx.completer::<Virtual>());
        let Some(Decided::Task(TaskDecided::HandedOut(number))) = decided else {
            panic!("a completer is given in a lock section");
        };
        let oldest = state(|s| {
            let completers = &mut s.tasks.all[task].completers;
            completers.push((number, ManuallyDrop::new(completer)));
            (completers.len() > KEPT).then(|| completers.remove(0))
        });
        if let Some((number, completer)) = oldest {
            within(Does::Task(task, Op::Drop(number)), || {
                drop(ManuallyDrop::into_inner(completer))
            });
        }
    }
}

impl Work for Planned {
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        let task = self.0;
        let (next, takes, script) = state(|s| {
            let now = Virtual::clock();
            let entry = &mut s.tasks.all[task];
            let job = &mut s.jobs[entry.job];
            assert!(!job.inside, "task {task} runs on two workers at once");
            assert!(
                ctx.ctx().runs(job.reference),
                "task {task} was told that it is another one"
            );
            let found = RunTold {
                number: ctx.number(),
                last: ctx.is_last(),
                late: ctx.late(),
                left: ctx.left(),
                missed: ctx.missed(),
            };
            assert_eq!(Some(found), entry.told.take(), "what a run of task {task} is told");
            let Place::Running { run, .. } = s.model.jobs[entry.job].place else {
                panic!("task {task} runs and was not taken");
            };
            assert!(ctx.ctx().due() == run.deadline, "task {task} was told a wrong deadline");
            assert!(
                s.pools[run.pool].reference == ctx.ctx().pool(),
                "task {task} runs in a wrong pool"
            );
            job.inside = true;
            job.runs += 1;
            s.runs.push((job.name, now));
            let (next, takes) = std::mem::replace(&mut entry.plan, (Next::Default, 0));
            let next = match job.runs % RUNS {
                0 => Next::Done(16),
                _ => next,
            };
            (next, takes, std::mem::take(&mut entry.script))
        });
        if takes > 0 {
            self.take_completer(ctx);
        }
        for act in script {
            act();
        }
        // What has been done meanwhile may have completed the run.
        for _ in 1..takes {
            self.take_completer(ctx);
        }
        state(|s| {
            let entry = &mut s.tasks.all[task];
            entry.answer = (next, takes > 0);
            s.jobs[entry.job].inside = false;
        });
        next
    }
}

impl State {
    /// One lock section of what a worker does with a task: a run begins, or, if it was entered, ends.
    pub(super) fn run_goes_on(&mut self, task: usize, context: &mut Context) {
        let now = Virtual::clock();
        match context.sections {
            1 => {
                let told = self.model.begin_task(task, now);
                self.tasks.all[task].told = told;
                context.decided = Some(Decided::Task(TaskDecided::Begun(told.is_some())));
            }
            2 if context.decided == Some(Decided::Task(TaskDecided::Begun(true))) => {
                let (answer, took) = self.tasks.all[task].answer;
                self.model.end_run_of_task(task, answer, took, now);
            }
            _ => panic!("a run of task {task} has a lock section too many"),
        }
    }

    /// One lock section of an operation on a task.
    pub(super) fn task_goes_on(&mut self, task: usize, op: Op, context: &mut Context) {
        let (model, now) = (&mut self.model, Virtual::clock());
        let found = match op {
            // The event that it was to wait for was aborted.
            Op::Enable(..) if context.sections == 2 => {
                model.stop(task, Outcome::Aborted);
                return;
            }
            _ if context.sections > 1 => panic!("{op:?} of task {task} has a lock section too many"),
            Op::Enable(pool, start) => {
                let enabled = model.enable(task, pool, start, now);
                context.decided = Some(Decided::Task(TaskDecided::Enabled(enabled)));
                return;
            }
            Op::HandOut => {
                let number = model.hand_out(task);
                context.decided = Some(Decided::Task(TaskDecided::HandedOut(number)));
                return;
            }
            Op::Stop(outcome) => model.stop(task, outcome),
            Op::Trigger => model.trigger(task, now),
            Op::Postpone(delay) => model.postpone(task, delay, now),
            Op::Shift(by) => model.shift(task, by, now),
            Op::SetInterval(interval, rephase) => {
                model.set_interval(task, interval, rephase, now);
                true
            }
            Op::SetIterations(iterations) => {
                model.set_iterations(task, iterations);
                true
            }
            Op::Limit(timeout) => {
                model.reset_timeout(task, timeout, now);
                true
            }
            Op::Complete(number, next) => model.complete_task(task, number, next, now),
            Op::Drop(number) => {
                model.drop_completer(task, number);
                true
            }
        };
        context.decided = Some(Decided::Task(TaskDecided::Found(found)));
    }

    /// One lock section of an operation on an event: the first one, or one that lets somebody go, or tells somebody that the
    /// time of the event is up sooner.
    pub(super) fn event_goes_on(&mut self, event: usize, op: EventOp, ring: usize, context: &mut Context) {
        let (model, now) = (&mut self.model, Virtual::clock());
        // Each of them may bring a job that is due.
        context.moved = 0;
        if context.sections == 1 {
            let found = match op {
                EventOp::Arm(count, within) => {
                    model.arm(event, count, within, ring, now);
                    true
                }
                EventOp::SetTimeout(within) => model.set_event_timeout(event, within, now),
                EventOp::Signal(outcome) => model.signal(event, outcome, ring, now),
                EventOp::Complete(outcome) => model.complete_event(event, outcome, ring, now),
            };
            context.decided = Some(Decided::Task(TaskDecided::Found(found)));
            if model.rings[ring].outcome.is_some() {
                model.release_first(ring, now);
            }
        } else if model.rings[ring].outcome.is_some() {
            model.release_first(ring, now);
        } else {
            model.hasten_one(event, context.clock.expect("the clock was read"));
        }
    }

    /// One lock section of a signal that the end of a task gives, if it is one.
    pub(super) fn signal_goes_on(&mut self, context: &mut Context) -> bool {
        let (model, now) = (&mut self.model, Virtual::clock());
        let along = match context.does {
            Does::Event { ring, .. } => Some(ring),
            _ => context.signals.ring,
        };
        match (context.signals.next.take(), along) {
            // Whoever is released and ends brings those who wait for that into the same ring.
            (Some((event, outcome)), Some(ring)) => {
                model.signal(event, outcome, ring, now);
                return true;
            }
            (Some((event, outcome)), None) => {
                model.rings.push(Ring::default());
                let ring = model.rings.len() - 1;
                model.signal(event, outcome, ring, now);
                context.signals.ring = Some(ring);
            }
            (None, _) if context.signals.ring.is_some() => {}
            (None, _) => return false,
        }
        // Each of them may bring a job that is due.
        context.moved = 0;
        if let Some(ring) = context.signals.ring {
            if model.rings[ring].outcome.is_none() || !model.release_first(ring, now) {
                assert!(
                    model.rings.len() == ring + 1,
                    "signals end in the order in which they began"
                );
                model.rings.pop();
                context.signals.ring = None;
            }
        }
        true
    }

    /// A task whose end signals an event has ended in this lock section: who did that signals next; a worker in a step of its
    /// own.
    pub(super) fn note_signals(&mut self, context: &mut Context) {
        let Some(signal) = self.model.signals.take() else {
            return;
        };
        match (context.does, Virtual::caller()) {
            (Does::Step { .. }, Caller::Worker(worker)) => {
                let entry = self.workers.iter_mut().find(|entry| entry.reference == worker);
                entry.expect("every worker is made by the world").signals = Some(signal);
            }
            _ => context.signals.next = Some(signal),
        }
    }

    /// Everything that can be asked of a task or event is what the model says.
    pub(super) fn check_tasks(&self, tasks: &[(Option<u64>, (u32, u32))], events: &[(Option<Outcome>, u32)]) {
        let now = Virtual::clock();
        for (task, (next, counts)) in tasks.iter().enumerate() {
            let model = &self.model.tasks[task];
            assert_eq!(*next, self.model.next_run(task, now), "the next run of task {task}");
            assert_eq!(*counts, (model.runs, model.missed), "runs and misses of task {task}");
            let runs = self.jobs[model.job].runs;
            assert_eq!(runs, model.entered, "runs of task {task} that were entered");
        }
        for (event, (status, count)) in events.iter().enumerate() {
            assert_eq!(
                *status,
                self.model.event_status(event, now),
                "what completed event {event}"
            );
            assert_eq!(
                *count,
                self.model.event_count(event, now),
                "signals that event {event} waits for"
            );
        }
    }

    /// The task of a job, if it is that of one.
    pub(super) fn task_of(&self, job: usize) -> Option<usize> {
        self.model.jobs[job].task
    }
}

impl World {
    /// A task. Its end signals the event, or is told.
    pub fn task(self, name: &'static str, plan: TaskPlan, ends: Option<E>) -> T {
        let (task, index) = state(|s| (s.tasks.all.len(), s.jobs.len()));
        let mut whole = Task::new::<Virtual>(Planned(task), plan.interval)
            .times(plan.iterations)
            .missed(plan.policy)
            .timeout(plan.timeout);
        whole = match ends {
            Some(event) => whole.on_end(keep(OnEnd::signal(state(|s| s.tasks.events[event.0])))),
            None => whole.on_end(keep(OnEnd::new(Told(index)))),
        };
        let group = state(|s| s.group);
        if let Some(group) = group {
            whole = whole.in_group(state(|s| s.groups[group]));
        }
        let reference = keep(whole).reference();
        let job = add_job_at(name, reference.job(), ends.is_none());
        state(|s| {
            s.model.jobs[job.0].group = group;
            s.model.add_task(job.0, plan, ends.map(|event| event.0));
            s.tasks.all.push(TaskEntry {
                reference,
                job: job.0,
                told: None,
                plan: (Next::Default, 0),
                answer: (Next::Default, false),
                script: Vec::new(),
                completers: Vec::new(),
            });
        });
        T(task)
    }

    /// An event.
    pub fn event(self) -> E {
        state(|s| {
            let event = keep(Event::new());
            s.tasks.events.push(event);
            s.model.add_event(event.reference());
            E(s.tasks.events.len() - 1)
        })
    }

    /// What the end of a task does when it is told.
    pub fn when_ended(self, task: T, sequel: impl FnMut(Outcome) + 'static) {
        state(|s| {
            let job = s.tasks.all[task.0].job;
            s.jobs[job].sequel = Some(Box::new(sequel));
        });
    }

    /// The job of a task.
    pub fn job_of(self, task: T) -> super::J {
        super::J(state(|s| s.tasks.all[task.0].job))
    }

    fn on_task<R>(self, task: T, op: Op, call: impl FnOnce(TaskRef) -> R) -> (R, TaskDecided) {
        let reference = state(|s| s.tasks.all[task.0].reference);
        let (answer, decided) = within(Does::Task(task.0, op), || call(reference));
        let Some(Decided::Task(decided)) = decided else {
            panic!("{op:?} of a task is a lock section");
        };
        (answer, decided)
    }

    /// As `on_task`, of what says whether it could be done.
    fn ask_task(self, task: T, op: Op, call: impl FnOnce(TaskRef) -> bool) {
        let (answer, decided) = self.on_task(task, op, call);
        assert_eq!(TaskDecided::Found(answer), decided, "{op:?} of {task:?}");
        self.settled();
    }

    /// Enables a task.
    pub fn enable(self, pool: P, task: T, first: First) {
        let pool_ref = self.pool_ref(pool);
        let op = Op::Enable(pool.0, ModelStart::At(first));
        let (answer, decided) = self.on_task(task, op, |task| Machine::enable(task, pool_ref, first));
        assert_eq!(TaskDecided::Enabled(answer), decided, "{op:?} of {task:?}");
        self.settled();
    }

    /// Enables a task, whose first run waits for an event.
    pub fn enable_on(self, pool: P, task: T, event: E, delayed: bool) {
        let (pool_ref, event_ref) = (self.pool_ref(pool), self.event_ref(event));
        let event = event.0;
        let op = Op::Enable(pool.0, ModelStart::On { event, delayed });
        let (answer, decided) = self.on_task(task, op, |task| Machine::enable_on(task, pool_ref, event_ref, delayed));
        assert_eq!(TaskDecided::Enabled(answer), decided, "{op:?} of {task:?}");
        self.settled();
    }

    /// Ends a task.
    pub fn stop(self, task: T, outcome: Outcome) {
        self.ask_task(task, Op::Stop(outcome), |task| match outcome {
            Outcome::Cancelled => Machine::cancel_task(task),
            Outcome::Aborted => Machine::abort_task(task),
            _ => Machine::disable(task),
        });
    }

    /// The next run comes at once.
    pub fn trigger(self, task: T) {
        self.ask_task(task, Op::Trigger, |task| Machine::trigger(task).is_ok());
    }

    /// The next run comes after so many ticks.
    pub fn postpone(self, task: T, delay: u64) {
        self.ask_task(task, Op::Postpone(delay), |task| Machine::postpone(task, delay).is_ok());
    }

    /// The runs come so much later, or sooner.
    pub fn shift(self, task: T, by: i64) {
        self.ask_task(task, Op::Shift(by), |task| Machine::shift(task, by).is_ok());
    }

    /// Changes the interval of a task.
    pub fn set_interval(self, task: T, interval: u64, rephase: Rephase) {
        self.ask_task(task, Op::SetInterval(interval, rephase), |task| {
            Machine::set_interval(task, interval, rephase);
            true
        });
    }

    /// Changes how many runs a task has.
    pub fn set_iterations(self, task: T, iterations: u32) {
        self.ask_task(task, Op::SetIterations(iterations), |task| {
            Machine::set_iterations(task, iterations);
            true
        });
    }

    /// A task has so much time from now on; for `None` as much as before.
    pub fn limit_time(self, task: T, timeout: Option<u64>) {
        self.ask_task(task, Op::Limit(timeout), |task| {
            match timeout {
                Some(timeout) => Machine::set_timeout(task, timeout),
                None => Machine::reset_timeout(task),
            }
            true
        });
    }

    /// The next run of a task answers this, and takes so many completers, the second one after what it does.
    pub fn plan_run(self, task: T, answer: Next, takes: usize) {
        state(|s| s.tasks.all[task.0].plan = (answer, takes));
    }

    /// What the next run of a task does, too, after it took a completer.
    pub fn plan_act(self, task: T, act: impl FnOnce() + 'static) {
        state(|s| s.tasks.all[task.0].script.push(Box::new(act)));
    }

    /// The completer of a task that was taken so many before the last one, and is still there, says how it goes on; for
    /// `None` it is dropped.
    pub fn use_completer(self, task: T, before: usize, answer: Option<Next>) {
        let taken = state(|s| {
            let completers = &mut s.tasks.all[task.0].completers;
            let index = completers.len().checked_sub(before + 1)?;
            Some(completers.remove(index))
        });
        let Some((number, completer)) = taken else {
            return;
        };
        let completer = ManuallyDrop::into_inner(completer);
        match answer {
            Some(next) if next != Next::Pending => {
                self.ask_task(task, Op::Complete(number, next), |_| completer.complete(next).is_ok());
            }
            _ => self.ask_task(task, Op::Drop(number), |_| {
                drop(completer);
                true
            }),
        }
    }

    /// All tasks end, and nobody completes them any more. Answers whether one was enabled.
    pub fn end_tasks(self) -> bool {
        let mut enabled = false;
        for task in 0..state(|s| s.tasks.all.len()) {
            enabled |= state(|s| s.model.home(task).is_some());
            self.stop(T(task), Outcome::Done(0));
            while state(|s| !s.tasks.all[task].completers.is_empty()) {
                self.use_completer(T(task), 0, None);
            }
        }
        enabled
    }

    /// How the machine names an event.
    pub fn event_ref(self, event: E) -> EventRef {
        state(|s| s.tasks.events[event.0].reference())
    }

    fn on_event(self, event: E, op: EventOp, call: impl FnOnce(EventRef) -> bool) {
        let reference = self.event_ref(event);
        let ring = state(|s| {
            s.model.rings.push(Ring::default());
            s.model.rings.len() - 1
        });
        let does = Does::Event {
            event: event.0,
            op,
            ring,
        };
        let (answer, decided) = within(does, || call(reference));
        state(|s| {
            let left = s.model.rings.pop().expect("it was pushed");
            assert!(
                s.model.rings.len() == ring && left.tasks.is_empty(),
                "somebody waits for ever for {event:?}"
            );
        });
        assert_eq!(
            decided,
            Some(Decided::Task(TaskDecided::Found(answer))),
            "{op:?} of {event:?}"
        );
        self.settled();
    }

    /// An event waits for so many signals.
    pub fn arm(self, event: E, count: u32, within: Option<u64>) {
        let Some(signals) = NonZeroU32::new(count) else {
            return;
        };
        self.on_event(event, EventOp::Arm(count, within), |event| {
            Machine::arm_event(event, signals, within);
            true
        });
    }

    /// An event has so many ticks from now on.
    pub fn set_event_timeout(self, event: E, within: Option<u64>) {
        self.on_event(event, EventOp::SetTimeout(within), |event| {
            Machine::set_event_timeout(event, within)
        });
    }

    /// A signal.
    pub fn signal(self, event: E, outcome: Outcome) {
        self.on_event(event, EventOp::Signal(outcome), |event| {
            Machine::signal_outcome(event, outcome)
        });
    }

    /// Completes an event.
    pub fn complete_event(self, event: E, outcome: Outcome) {
        self.on_event(event, EventOp::Complete(outcome), |event| {
            Machine::complete_event(event, outcome)
        });
    }

    pub(super) fn look_at_tasks(self) {
        let (tasks, events) = state(|s| {
            let tasks: Vec<TaskRef> = s.tasks.all.iter().map(|task| task.reference).collect();
            (
                tasks,
                s.tasks.events.iter().map(|event| event.reference()).collect::<Vec<_>>(),
            )
        });
        if tasks.is_empty() && events.is_empty() {
            return;
        }
        let tasks: Vec<_> = Virtual::unnoticed(|| {
            let look = |task: TaskRef| (Machine::next_run(task), Machine::task_counts(task));
            tasks.into_iter().map(look).collect()
        });
        let events: Vec<_> = Virtual::unnoticed(|| {
            let look = |event: EventRef| (Machine::event_status(event), Machine::event_count(event));
            events.into_iter().map(look).collect()
        });
        state(|s| s.check_tasks(&tasks, &events));
    }
}
