//! What a random test or a fuzzer does with a world. Whoever does it says only what it chooses.

use taskpool_core::{Clock, First, JoinError, Next, Outcome, Rephase, Shutdown};

use crate::{TaskPlan, World, E, G, H, HANDLES, J, P, T, W};

/// What one thread, interrupt, job, completion or closure does: pools and jobs are numbers, of those of a [`Scene`].
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the operation of its name")]
pub enum Action {
    Submit(usize, usize),
    SubmitUrgent(usize, usize),
    SubmitAfter(usize, usize, u64),
    /// The deadline lies so far from five ticks ago.
    SubmitAt(usize, usize, u64),
    /// Runs within so many ticks, or not at all.
    SubmitWithin(usize, usize, u64),
    Cancel(usize),
    Abort(usize),
    SetLevel(usize, u8),
    SetLimit(usize, u16),
    /// A worker makes one move; of any number, modulo the number of workers.
    Step(usize),
    Advance(u64),
    AdvanceWithoutInterrupt(u64),
    Deliver,
    Start(usize),
    /// Waits for so many ticks; with none it only looks.
    Wait(usize, u64),
    CancelAndWait(usize, u64),
    Hold(usize),
    Pause(usize),
    Release(usize),
    SetMax(usize, u8),
    /// Waits for so many ticks; with none it only begins.
    Shutdown(usize, Shutdown, u64),
    Restart(usize),
    Spawn {
        pool: usize,
        delay: u64,
        /// The place for its handle; behind the last one, the handle is dropped.
        place: usize,
        inside: Inside,
    },
    CancelSpawned(usize),
    /// Waits for so many ticks; with none it only looks.
    Join(usize, u64),
    DropHandle(usize),
    /// So many closures, which all do the same.
    Scope(usize, usize, Inside),
    Task(usize, TaskAction),
    /// The next run of the task does this with it.
    TaskInRun(usize, TaskAction),
    Event(usize, EventAction),
}

/// What is done with a task.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the operation of its name")]
pub enum TaskAction {
    /// In this pool. A tick is counted from five ticks ago.
    Enable(usize, First),
    /// When this event is complete, or an interval later.
    EnableOn(usize, usize, bool),
    /// As the outcome says.
    Stop(Outcome),
    Trigger,
    Postpone(u64),
    Shift(i64),
    SetInterval(u64, Rephase),
    SetIterations(u32),
    /// From now on it has so long; for `None` as long as before.
    Limit(Option<u64>),
    /// The next run answers this, and takes so many completers. A tick is counted from five ticks ago.
    Plan(Answer, usize),
    /// The completer that was taken so many before the last one says this, or is dropped.
    Complete(usize, Option<Answer>),
    SetLevel(u8),
}

/// What a run answers, or its completer.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    /// This.
    Next(Next),
    /// That the next one waits for this event.
    On(usize),
}

/// What is done with an event.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the operation of its name")]
pub enum EventAction {
    Arm(u32, Option<u64>),
    SetTimeout(Option<u64>),
    Signal(Outcome),
    Complete(Outcome),
}

/// What a closure does when it runs.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the action of its name")]
pub enum Inside {
    Nothing,
    Submit(usize, usize),
    Cancel(usize),
    /// Where the handle goes.
    Spawn(usize, usize),
    CancelSpawned(usize),
    /// Not longer than for so many ticks.
    Join(usize, u64),
    DropHandle(usize),
    Scope(usize),
}

impl Inside {
    fn action(self) -> Option<Action> {
        let inside = Inside::Nothing;
        Some(match self {
            Inside::Nothing => return None,
            Inside::Submit(p, j) => Action::Submit(p, j),
            Inside::Cancel(j) => Action::Cancel(j),
            Inside::Spawn(pool, place) => Action::Spawn {
                pool,
                delay: 0,
                place,
                inside,
            },
            Inside::CancelSpawned(h) => Action::CancelSpawned(h),
            Inside::Join(h, ticks) => Action::Join(h, ticks),
            Inside::DropHandle(h) => Action::DropHandle(h),
            Inside::Scope(p) => Action::Scope(p, 1, inside),
        })
    }
}

/// A world with pools and jobs, for actions. A handle: interrupts and jobs take a copy along.
#[derive(Clone, Copy, Debug)]
pub struct Scene<const POOLS: usize, const JOBS: usize> {
    /// The world.
    pub world: World,
    /// Its pools.
    pub pools: [P; POOLS],
    /// The maximum of those that are made at run time. When they have been shut down, their memory is overwritten.
    pub runtime: [Option<u8>; POOLS],
    /// Its groups.
    pub groups: [G; GROUPS],
    /// Its jobs.
    pub jobs: [J; JOBS],
    /// Its tasks. The end of the first one is told, and that signals the first event; those of the others signal one themselves.
    pub tasks: [T; TASKS],
    /// Its events.
    pub events: [E; EVENTS],
}

/// Tasks of a scene.
pub const TASKS: usize = 3;

const TASK_NAMES: [&str; TASKS] = ["task, told", "task that signals", "task that signals the other event"];

/// Events of a scene.
pub const EVENTS: usize = 2;

/// Groups of a scene.
pub const GROUPS: usize = 2;

/// One pool: workers of its own, maximum above that, and whether it is started at once. Without workers of its own it is
/// made at run time.
pub type PoolPlan = (u8, u8, bool);

impl<const POOLS: usize, const JOBS: usize> Scene<POOLS, JOBS> {
    /// A world whose clock shows `clock`, with its pools, groups of these limits, and jobs that are made by `jobs`.
    pub fn new(
        clock: u64,
        reserve: u8,
        plans: [PoolPlan; POOLS],
        limits: [u16; GROUPS],
        tasks: [(TaskPlan, Option<usize>); TASKS],
        jobs: impl FnOnce(World, [G; GROUPS]) -> [J; JOBS],
    ) -> Self {
        let runtime = plans.map(|(own, more, _)| (own == 0).then_some(1 + more));
        // Such a pool needs a reserve.
        let world = World::new(reserve.max(runtime.iter().any(Option::is_some).into()));
        world.advance(clock);
        let pools = plans.map(|(own, more, now)| match (own, now) {
            (0, true) => world.runtime_pool(1 + more),
            (0, false) => world.no_pool(),
            (_, true) => world.pool(own, own + more),
            (_, false) => world.pool_before_start(own, own + more),
        });
        let groups = limits.map(|limit| world.group(limit));
        let jobs = jobs(world, groups);
        let events = [(); EVENTS].map(|()| world.event());
        let ends = [None, Some(events[1]), Some(events[0])];
        let tasks = std::array::from_fn(|task| {
            let (plan, group) = tasks[task];
            let make = || world.task(TASK_NAMES[task], plan, ends[task]);
            match group {
                Some(group) => world.in_group(groups[group], make),
                None => make(),
            }
        });
        world.when_ended(tasks[0], move |outcome| world.signal(events[0], outcome));
        Scene {
            world,
            pools,
            runtime,
            groups,
            jobs,
            tasks,
            events,
        }
    }

    /// Does it. Interrupts must not wait.
    pub fn act(self, action: Action) {
        let Scene {
            world,
            pools,
            runtime,
            groups,
            jobs,
            tasks,
            events,
        } = self;
        match action {
            Action::Submit(p, j) => _ = world.submit(pools[p], jobs[j]),
            Action::SubmitUrgent(p, j) => _ = world.submit_urgent(pools[p], jobs[j]),
            Action::SubmitAfter(p, j, delay) => _ = world.submit_after(pools[p], jobs[j], delay),
            Action::SubmitAt(p, j, ticks) => {
                _ = world.submit_at(pools[p], jobs[j], (world.now() + ticks).saturating_sub(5));
            }
            Action::SubmitWithin(p, j, ticks) => _ = world.submit_within(pools[p], jobs[j], ticks),
            Action::Cancel(j) => _ = world.cancel(jobs[j]),
            Action::Abort(j) => _ = world.abort(jobs[j]),
            Action::SetLevel(j, level) => _ = world.set_level(jobs[j], level),
            Action::SetLimit(g, limit) => _ = world.set_limit(groups[g], limit),
            Action::Step(w) => {
                if world.workers() > 0 {
                    _ = world.step(W(w % world.workers()));
                }
            }
            Action::Advance(ticks) => world.advance(ticks),
            Action::AdvanceWithoutInterrupt(ticks) => world.advance_without_interrupt(ticks),
            Action::Deliver => world.deliver(),
            // The host starts pools from threads only, and so does C.
            Action::Start(p) if !world.in_interrupt() => self.start(p),
            Action::Start(_) => {}
            Action::Wait(j, ticks) => _ = world.wait(jobs[j], Some(until(world, ticks))),
            Action::CancelAndWait(j, ticks) => _ = world.cancel_and_wait(jobs[j], Some(until(world, ticks))),
            Action::Hold(p) => _ = world.hold(pools[p]),
            Action::Pause(p) => _ = world.pause(pools[p], Clock::Frozen),
            Action::Release(p) => _ = world.release(pools[p]),
            Action::SetMax(p, max) => _ = world.set_max_threads(pools[p], max),
            Action::Shutdown(p, how, ticks) => {
                let over = world.shutdown(pools[p], how, Some(until(world, ticks)));
                // Another thread may have made it anew.
                if over.is_ok() && runtime[p].is_some() && !world.snapshot(pools[p]).open {
                    world.overwrite(pools[p]);
                }
            }
            Action::Restart(p) => _ = world.restart(pools[p]),
            Action::Spawn {
                pool,
                delay,
                place,
                inside,
            } => {
                let place = (place < HANDLES).then_some(H(place));
                _ = world.spawn(pools[pool], delay, place, move || self.act_inside(inside));
            }
            Action::CancelSpawned(h) => world.cancel_spawned(H(h)),
            Action::Join(h, ticks) => {
                let answer = world.join(H(h), Some(until(world, ticks)));
                let waited = ticks > 0 && answer == Some(Err(JoinError::TimedOut));
                assert!(!(waited && world.in_interrupt()), "an interrupt has waited");
            }
            Action::DropHandle(h) => world.drop_handle(H(h)),
            Action::Scope(p, closures, inside) => {
                let script = || Box::new(move || self.act_inside(inside)) as Box<dyn FnOnce()>;
                _ = world.scope(pools[p], (0..closures).map(|_| script()).collect());
            }
            Action::Task(t, action) => self.act_on_task(tasks[t], action),
            Action::TaskInRun(t, action) => {
                world.plan_act(tasks[t], move || self.act_on_task(tasks[t], action));
            }
            Action::Event(e, EventAction::Arm(count, within)) => world.arm(events[e], count, within),
            Action::Event(e, EventAction::SetTimeout(within)) => world.set_event_timeout(events[e], within),
            Action::Event(e, EventAction::Signal(outcome)) => world.signal(events[e], outcome),
            Action::Event(e, EventAction::Complete(outcome)) => world.complete_event(events[e], outcome),
        }
    }

    fn act_on_task(self, task: T, action: TaskAction) {
        let Scene {
            world, pools, events, ..
        } = self;
        let tick = |ticks: u64| (world.now() + ticks).saturating_sub(5);
        let next = |answer: Answer| match answer {
            Answer::Next(Next::At(ticks)) => Next::At(tick(ticks)),
            Answer::Next(next) => next,
            Answer::On(event) => Next::On(world.event_ref(events[event])),
        };
        match action {
            TaskAction::Enable(p, First::At(ticks)) => world.enable(pools[p], task, First::At(tick(ticks))),
            TaskAction::Enable(p, first) => world.enable(pools[p], task, first),
            TaskAction::EnableOn(p, e, delayed) => world.enable_on(pools[p], task, events[e], delayed),
            TaskAction::Stop(outcome) => world.stop(task, outcome),
            TaskAction::Trigger => world.trigger(task),
            TaskAction::Postpone(delay) => world.postpone(task, delay),
            TaskAction::Shift(by) => world.shift(task, by),
            TaskAction::SetInterval(interval, rephase) => world.set_interval(task, interval, rephase),
            TaskAction::SetIterations(iterations) => world.set_iterations(task, iterations),
            TaskAction::Limit(timeout) => world.limit_time(task, timeout),
            TaskAction::Plan(answer, takes) => world.plan_run(task, next(answer), takes),
            TaskAction::Complete(before, answer) => world.use_completer(task, before, answer.map(next)),
            TaskAction::SetLevel(level) => _ = world.set_level(world.job_of(task), level),
        }
    }

    fn act_inside(self, inside: Inside) {
        if let Some(action) = inside.action() {
            self.act(action);
        }
    }

    fn start(self, pool: usize) {
        match self.runtime[pool] {
            Some(max) => _ = self.world.create(self.pools[pool], max),
            None => self.world.start(self.pools[pool]),
        }
    }

    /// Opens all pools, and answers whether they stayed so for a moment.
    fn reopen(self) -> bool {
        let Scene { world, pools, .. } = self;
        for (number, pool) in pools.into_iter().enumerate() {
            self.start(number);
            _ = world.release(pool);
        }
        // What one of them waits for may have its place in a group taken by what another one has yet to discard.
        for pool in pools {
            if !world.snapshot(pool).open {
                _ = world.shutdown(pool, Shutdown::Drain, Some(world.now() + 1));
            }
        }
        for pool in pools {
            if world.restart(pool).is_err() && !world.snapshot(pool).open {
                let end = world.shutdown(pool, Shutdown::Drain, None);
                end.expect("nothing is in its way");
                _ = world.restart(pool);
            }
        }
        pools.into_iter().fold(true, |opened, pool| {
            // Whoever defers next also sees to what an abandoned submitter left.
            let last = world.job("last");
            opened & world.submit_after(pool, last, 20).is_ok()
        })
    }

    /// Whatever happened, everything that was accepted comes to its end.
    pub fn end(self) {
        let Scene { world, pools, .. } = self;
        world.forget_interrupts();
        // A scope that nobody served has shut a pool down; so often can jobs open some again.
        let mut rounds = 0;
        loop {
            world.end_tasks();
            let opened = self.reopen();
            world.run_out();
            // What ran meanwhile may have enabled tasks, which wait for what nobody does any more.
            let over = !world.end_tasks();
            if over && opened && pools.iter().all(|pool| world.snapshot(*pool).open) {
                break;
            }
            rounds += 1;
            assert!(rounds < 20, "pools are shut down again and again");
        }
        world.drain();
        world.end_closures();
    }
}

/// A deadline so many ticks ahead; none for a look.
fn until(world: World, ticks: u64) -> u64 {
    match ticks {
        0 => 0,
        ticks => world.now() + ticks,
    }
}
