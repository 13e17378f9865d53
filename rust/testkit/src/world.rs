//! A world: pools, workers and jobs on the virtual port, which the test moves step by step.
//!
//! After every lock section of the machine, within whatever nest of interrupts and threads, the job states are
//! compared with the model; after every call that is not nested in another, [`World::check`] looks at the rest.

mod closures;
mod tasks;

use std::cell::RefCell;
use std::marker::PhantomData;

use taskpool_core::{
    Accepted, CacheUse, Caller, Cancel, Clock, Code, Complete, ControlError, CreateError, Ctx, DeferError, Group,
    GroupSnapshot, Job, JobRef, LevelError, LimitError, NotSpawned, OnEnd, Outcome, Phase, Pool, PoolRef, Port, Run,
    Shell, Shutdown, Snapshot, Stats, Status, SubmitError, WaitError, Worker, WorkerRef, MAX_TICKS,
};

use crate::keep;
use crate::model::{Model, ModelJob, Place, Submission};
use crate::port::{Moment, Virtual};
use closures::{Closures, Joined};
pub use closures::{H, HANDLES};
use tasks::{EventOp, Op, Signals, TaskDecided, Tasks};
pub use tasks::{E, T};

type Machine = Shell<Virtual>;

/// A pool of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct P(usize);

/// A job of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct J(usize);

/// A group of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct G(usize);

/// A worker of the world: the reserve first, then those of the pools in the order in which these were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct W(pub usize);

/// What a step of a worker came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It can't go on: not started, waiting without a wake, or in the middle of a step already.
    Blocked,
    /// It looks for work next.
    Looks,
    /// It waits next.
    Parks,
    /// It has taken this job, and runs it in the next step.
    Takes(J),
    /// It has run this job, and says so in the next step.
    Ran(J),
    /// It has ended this job, and tells its completion in the next step.
    Completes(J),
    /// It has discarded a job, or its time was up, and it tells its completion in the next step.
    Discards,
}

/// The world of this thread. A handle: closures take a copy along.
#[derive(Clone, Copy, Debug)]
pub struct World(PhantomData<*const ()>);

type Script = Box<dyn FnMut(&Ctx<'_>) -> Code>;
type Sequel = Box<dyn FnMut(Outcome)>;

struct PoolEntry {
    reference: PoolRef,
    min: u8,
    max: u8,
    /// Workers of the reserve that may stay with it.
    keeps: u8,
    /// The first of its own workers.
    first: Option<WorkerRef>,
    /// Submissions, and their ends, that it counted in lives before this one.
    before: [u32; 6],
}

struct WorkerEntry {
    reference: WorkerRef,
    own: Option<usize>,
    phase: Option<Phase>,
    /// The job whose completion it is about to tell.
    completes: Option<usize>,
    /// The event that is signalled then.
    signals: Option<(usize, Outcome)>,
    /// In the middle of a step.
    busy: bool,
}

struct JobEntry {
    name: &'static str,
    reference: JobRef,
    with_completion: bool,
    script: Option<Script>,
    sequel: Option<Sequel>,
    /// Runs that were entered.
    runs: u32,
    inside: bool,
    /// What the last run answered.
    code: Code,
    told: Vec<Outcome>,
}

/// What the lock sections that come next belong to.
struct Context {
    does: Does,
    /// The last reading of the clock.
    clock: Option<u64>,
    decided: Option<Decided>,
    /// Jobs that it moved because they were due.
    moved: u32,
    /// Lock sections so far.
    sections: u32,
    /// What the lock sections that come next belong to, before all else.
    signals: Signals,
}

#[derive(Clone, Copy, Debug)]
enum Does {
    Other,
    Start(usize),
    Submit {
        pool: usize,
        job: usize,
        when: When,
    },
    SubmitUrgent {
        pool: usize,
        job: usize,
    },
    SetLevel(usize, u8),
    SetLimit(usize, u16),
    Cancel(usize),
    Abort(usize),
    Wait {
        job: usize,
        waits: bool,
    },
    CancelAndWait {
        job: usize,
        waits: bool,
    },
    Hold(usize, Clock),
    Release(usize),
    SetMax(usize, u8),
    Close(usize, Shutdown),
    Restart(usize),
    Create(usize, u8),
    Step {
        finished: Option<usize>,
    },
    Spawn {
        closure: usize,
        pool: usize,
        delay: u64,
    },
    Join {
        closure: usize,
        waits: bool,
    },
    Scope(usize),
    /// What the run function of this task does.
    RunTask(usize),
    Task(usize, Op),
    Event {
        event: usize,
        op: EventOp,
        ring: usize,
    },
}

#[derive(Clone, Copy, Debug)]
enum When {
    Now,
    At(u64),
    After(u64),
    Within(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decided {
    Accepted(Result<Accepted, DeferError>),
    Cancelled(Cancel),
    Control(Result<(), ControlError>),
    Made(bool),
    /// Which job, and whether the submission of the one that it ran before has ended.
    Took(Option<usize>, bool),
    Spawned(Result<(), NotSpawned>),
    Joined(Joined),
    Waited(Waited),
    Task(TaskDecided),
    Nothing,
}

/// What becomes of waiting for a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Refused(WaitError),
    Over(Outcome),
    /// For the submission of this serial number.
    For(u32),
}

#[derive(Default)]
struct State {
    pools: Vec<PoolEntry>,
    workers: Vec<WorkerEntry>,
    jobs: Vec<JobEntry>,
    groups: Vec<&'static Group>,
    /// Jobs that are made now belong to this one.
    group: Option<usize>,
    model: Model,
    contexts: Vec<Context>,
    runs: Vec<(&'static str, u64)>,
    closures: Closures,
    tasks: Tasks,
    reserve: u8,
    /// A thread that set jobs free has not called a worker for each of them, and never will.
    deserted: bool,
    /// A thread that raised a limit has not admitted a job for each place, and never will.
    limit_deserted: bool,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Never around a call of the machine.
fn state<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with(|state| f(&mut state.borrow_mut()))
}

/// A job that tells the world that it runs, then does what its script says.
struct Recorded(usize);

impl Run for Recorded {
    fn run(&mut self, ctx: &Ctx<'_>) -> Code {
        let job = self.0;
        let script = state(|s| {
            let now = Virtual::clock();
            let entry = &mut s.jobs[job];
            assert!(!entry.inside, "{} runs on two workers at once", entry.name);
            assert!(
                ctx.runs(entry.reference),
                "{} was told that it is another job",
                entry.name
            );
            let Place::Running { run, .. } = s.model.jobs[job].place else {
                panic!("{} runs and was not taken", entry.name);
            };
            assert!(ctx.due() == run.deadline, "{} was told a wrong deadline", entry.name);
            assert!(
                run.deadline.unwrap_or(0) <= now,
                "{} runs before its deadline",
                entry.name
            );
            assert!(
                s.pools[run.pool].reference == ctx.pool(),
                "{} runs in a wrong pool",
                entry.name
            );
            entry.inside = true;
            entry.runs += 1;
            s.check_levels();
            let entry = &mut s.jobs[job];
            s.runs.push((entry.name, now));
            entry.script.take()
        });
        let mut code = 0;
        if let Some(mut script) = script {
            code = script(ctx);
            state(|s| s.jobs[job].script = Some(script));
        }
        state(|s| {
            s.jobs[job].inside = false;
            s.jobs[job].code = code;
            s.check_levels();
        });
        code
    }
}

/// A completion that tells the world, then does what the sequel says.
struct Told(usize);

impl Complete for Told {
    fn complete(&self, outcome: Outcome) {
        let job = self.0;
        let sequel = state(|s| {
            s.jobs[job].told.push(outcome);
            s.jobs[job].sequel.take()
        });
        if let Some(mut sequel) = sequel {
            sequel(outcome);
            state(|s| s.jobs[job].sequel = Some(sequel));
        }
    }
}

/// The machine has come out of a lock section, or read the clock.
fn observe(moment: Moment) {
    match moment {
        Moment::Clock(now) => state(|s| {
            if let Some(context) = s.contexts.last_mut() {
                context.clock = Some(now);
            }
        }),
        Moment::Section => {
            let usage = state(|s| s.closures.are_known()).then(Machine::check_cache);
            let found: Vec<Status> = state(|s| s.visible(usage.as_ref()))
                .into_iter()
                .map(|job| job.map_or(Status::Idle, Machine::status))
                .collect();
            state(|s| s.compare(&found, usage.as_ref()));
        }
    }
}

impl State {
    /// One lock section further, in the model, and whether the machine has come to the same.
    fn compare(&mut self, found: &[Status], usage: Option<&CacheUse>) {
        let Some(mut context) = self.contexts.pop() else {
            panic!("a lock section that the world did not call for");
        };
        context.sections += 1;
        let decides = context.decided.is_none();
        let signals = self.signal_goes_on(&mut context);
        match context.does {
            _ if signals => {}
            Does::Spawn { .. } => self.spawn_goes_on(&mut context, found),
            Does::Scope(scope) => {
                self.scope_goes_on(scope, found);
                context.moved = 0;
            }
            Does::RunTask(task) => self.run_goes_on(task, &mut context),
            Does::Task(task, op) => self.task_goes_on(task, op, &mut context),
            Does::Event { event, op, ring } => self.event_goes_on(event, op, ring, &mut context),
            _ if decides => context.decided = Some(self.decide(&context)),
            Does::SetLimit(group, limit) => self.model.set_limit(group, limit),
            _ => {}
        }
        if let Some(usage) = usage {
            self.check_slots(&context, usage);
        }
        // A worker takes a job, or sees that its time was up, before one that is due moves in.
        let steps = matches!(context.does, Does::Step { .. });
        // One that takes a job has left its place to another one before that.
        let goes_on = |(job, found): (usize, &Status)| {
            matches!(self.model.jobs[job].place, Place::Queued(_) | Place::Held(_))
                && matches!(found, Status::Idle | Status::Running { .. })
        };
        if steps && found.iter().enumerate().any(goes_on) {
            self.model.admit();
        }
        for (job, found) in found.iter().enumerate() {
            let ended = matches!((self.model.jobs[job].place, found), (Place::Queued(_), Status::Idle));
            if ended && steps && !self.model.would_discard(job) {
                self.model.timed_out(job, Virtual::clock());
            }
            let taken = matches!(
                (self.model.jobs[job].place, found),
                (Place::Queued(_), Status::Running { .. })
            );
            if let (true, true, Some(Decided::Took(None, ended))) = (taken, decides, context.decided) {
                self.model.taken(job, Virtual::clock());
                context.decided = Some(Decided::Took(Some(job), ended));
            }
        }
        for (job, found) in found.iter().enumerate() {
            match (self.model.jobs[job].place, found) {
                (Place::Queued(submission) | Place::Deferred(submission) | Place::Held(submission), Status::Idle)
                    if self.model.pools[submission.pool].closed =>
                {
                    self.model.discarded(job);
                }
                (Place::Deferred(_), Status::Queued | Status::Held) => {
                    self.model.came_due(job, Virtual::clock());
                    context.moved += 1;
                    assert!(
                        context.moved <= u32::from(Virtual::EXPIRY_BATCH),
                        "more jobs were moved at once than a batch has"
                    );
                }
                _ => {}
            }
        }
        self.model.admit();
        for (job, found) in found.iter().enumerate() {
            let expected = self.model.status(job, Virtual::clock());
            let name = self.jobs[job].name;
            assert!(
                *found == expected,
                "{name} is {found:?} and should be {expected:?}, in {:?}",
                context.does
            );
        }
        self.note_ends();
        self.note_signals(&mut context);
        self.contexts.push(context);
    }

    /// What the port's clock showed, from which a delay counts.
    fn looked(&self, context: &Context, pool: usize) -> u64 {
        match self.model.pools[pool].has_stood() {
            true => Virtual::clock(),
            false => context.clock.expect("the clock was read"),
        }
    }

    /// What the first lock section of a call does.
    fn decide(&mut self, context: &Context) -> Decided {
        let now = Virtual::clock();
        match context.does {
            Does::Other => Decided::Nothing,
            Does::Start(pool) => {
                let pool = &mut self.model.pools[pool];
                pool.runs |= pool.valid && !pool.held && !pool.closed;
                Decided::Nothing
            }
            Does::Submit { pool, job, when } => {
                let (deadline, limit, at) = match when {
                    When::Now | When::After(0) => (None, None, now),
                    When::At(deadline) => (Some(deadline.max(1)), None, now),
                    When::After(delay) => {
                        let looked = self.looked(context, pool);
                        (Some(looked + delay + 1), None, looked)
                    }
                    When::Within(within) => match now.checked_add(within) {
                        Some(limit) if limit < MAX_TICKS => (None, Some(limit + 1), now),
                        _ => return Decided::Accepted(Err(DeferError::OutOfRange)),
                    },
                };
                Decided::Accepted(self.model.submit(pool, job, deadline, limit, at))
            }
            Does::SubmitUrgent { pool, job } => Decided::Accepted(self.model.submit_urgent(pool, job, now)),
            Does::SetLevel(job, level) => {
                self.model.set_level(job, level);
                Decided::Nothing
            }
            Does::SetLimit(group, limit) => {
                self.model.set_limit(group, limit);
                Decided::Nothing
            }
            Does::Cancel(job) => Decided::Cancelled(self.model.cancel(job)),
            Does::Abort(job) => Decided::Cancelled(self.model.abort(job)),
            Does::Hold(pool, clock) => Decided::Control(self.model.hold(pool, clock, now)),
            Does::Release(pool) => Decided::Control(self.model.release(pool, now)),
            Does::SetMax(pool, max) => {
                let answer = self.model.set_max(pool, max);
                if answer.is_ok() {
                    self.pools[pool].max = max;
                }
                Decided::Control(answer)
            }
            Does::Close(pool, how) => {
                let refused = match Virtual::caller() {
                    Caller::Interrupt => Some(ControlError::InInterrupt),
                    Caller::Worker(worker) if self.serves(worker, pool) => Some(ControlError::OnWorker),
                    _ => None,
                };
                Decided::Control(self.model.close(pool, how, refused, now))
            }
            Does::Restart(pool) => {
                // Whether a shutdown came to its end, only the machine knows; whether it may have, the model does.
                let reference = self.pools[pool].reference;
                let open = Virtual::unnoticed(|| Machine::check(reference)).open;
                if open && self.model.pools[pool].closed {
                    self.model.restarted(pool);
                    Decided::Control(Ok(()))
                } else {
                    Decided::Control(Err(ControlError::NotRunning))
                }
            }
            Does::Create(pool, max) => {
                // As above.
                let reference = self.pools[pool].reference;
                let open = Virtual::unnoticed(|| Machine::check(reference)).open;
                let model = &self.model.pools[pool];
                let made = open && (model.closed || !model.valid);
                if made {
                    self.model.made(pool);
                    self.pools[pool].max = max;
                }
                Decided::Made(made)
            }
            Does::Wait { job, waits } => {
                let awaited = match self.model.jobs[job].place {
                    Place::Idle => None,
                    Place::Queued(submission) | Place::Deferred(submission) | Place::Held(submission) => {
                        Some(submission)
                    }
                    Place::Running { run, next, .. } => Some(next.unwrap_or(run)),
                };
                Decided::Waited(self.wait(job, awaited, waits))
            }
            Does::CancelAndWait { job, waits } => {
                let run = match self.model.jobs[job].place {
                    Place::Running { run, .. } => Some(run),
                    _ => None,
                };
                let refused = self.wait(job, run, waits);
                if !matches!(refused, Waited::Refused(WaitError::InInterrupt | WaitError::OnWorker)) {
                    self.model.cancel(job);
                }
                Decided::Waited(if run.is_some() {
                    refused
                } else {
                    self.wait(job, None, waits)
                })
            }
            Does::Step { finished } => {
                let ended = finished.is_some_and(|job| self.model.ended(job, self.jobs[job].code, now));
                Decided::Took(None, ended)
            }
            Does::Join { closure, waits } => Decided::Joined(self.join(closure, waits)),
            Does::Spawn { .. } | Does::Scope(_) | Does::RunTask(_) | Does::Task(..) | Does::Event { .. } => {
                unreachable!("several of their lock sections decide something")
            }
        }
    }

    /// Whether the worker belongs to the pool now.
    fn serves(&self, worker: WorkerRef, pool: usize) -> bool {
        let entry = self.workers.iter().find(|entry| entry.reference == worker);
        let entry = entry.expect("every worker is made by the world");
        match (entry.own, entry.phase) {
            (Some(own), _) => own == pool,
            (None, Some(Phase::Running(_, of, _))) => of == self.pools[pool].reference,
            (None, _) => false,
        }
    }

    /// What becomes of waiting for this submission of a job, or for none.
    fn wait(&self, job: usize, awaited: Option<Submission>, waits: bool) -> Waited {
        let Some(awaited) = awaited else {
            let last = self.model.jobs[job].last;
            return last.map_or(Waited::Refused(WaitError::NeverSubmitted), Waited::Over);
        };
        let goes_to = match self.model.jobs[job].place {
            Place::Running { next: Some(next), .. } => next.pool,
            _ => awaited.pool,
        };
        let reference = self.jobs[job].reference;
        let runs = |worker: WorkerRef| {
            let on_it = |entry: &&WorkerEntry| entry.reference == worker;
            let entry = self.workers.iter().find(on_it);
            entry.is_some_and(|entry| matches!(entry.phase, Some(Phase::Running(of, _, _)) if of == reference))
        };
        match Virtual::caller() {
            _ if !waits => Waited::Refused(WaitError::TimedOut),
            Caller::Interrupt => Waited::Refused(WaitError::InInterrupt),
            Caller::Worker(worker) if runs(worker) || self.serves(worker, goes_to) => {
                Waited::Refused(WaitError::OnWorker)
            }
            _ => Waited::For(awaited.serial),
        }
    }

    fn job_of(&self, reference: JobRef) -> usize {
        let index = self.jobs.iter().position(|job| job.reference == reference);
        index.expect("every job is made by the world")
    }
}

/// Calls the machine, whose lock sections belong to `does` unless something comes between them. Answers how the model
/// decided, too.
fn within<R>(does: Does, call: impl FnOnce() -> R) -> (R, Option<Decided>) {
    within_signals(does, Signals::default(), call)
}

fn within_signals<R>(does: Does, signals: Signals, call: impl FnOnce() -> R) -> (R, Option<Decided>) {
    let depth = state(|s| {
        s.contexts.push(Context {
            does,
            clock: None,
            decided: match does {
                Does::Other | Does::Scope(_) => Some(Decided::Nothing),
                _ => None,
            },
            moved: 0,
            sections: 0,
            signals,
        });
        s.contexts.len()
    });
    let answer = call();
    let context = state(|s| {
        assert!(s.contexts.len() == depth, "calls end in the order in which they began");
        let context = s.contexts.pop().expect("just counted");
        assert!(
            context.signals.is_empty(),
            "somebody was not told of an end, in {does:?}"
        );
        context
    });
    (answer, context.decided)
}

/// What goes on while a thread waits: the workers, and when they are all blocked, the clock.
fn meanwhile(until: Option<u64>) -> bool {
    let world = World(PhantomData);
    if world.step_all() {
        return true;
    }
    let Some(ticks) = Virtual::idle_time(until) else {
        return until.is_none() && world.rescue_scope();
    };
    world.advance(ticks);
    true
}

/// Lock sections of these calls decide nothing.
fn aside<R>(call: impl FnOnce() -> R) -> R {
    within(Does::Other, call).0
}

impl World {
    /// An empty world whose pools share a reserve of so many workers. The thread's last one is forgotten.
    pub fn new(reserve: u8) -> Self {
        Virtual::reset(observe);
        state(|s| {
            *s = State::default();
            s.reserve = reserve;
        });
        Virtual::set_meanwhile(meanwhile);
        for index in 0..reserve {
            let worker = keep(Worker::reserve(index));
            add_worker(worker, None);
            aside(|| Machine::add_reserve(worker.reference()));
        }
        World(PhantomData)
    }

    /// A pool that runs, with `min` workers of its own and up to `max`.
    pub fn pool(self, min: u8, max: u8) -> P {
        let pool = self.pool_before_start(min, max);
        self.start(pool);
        pool
    }

    /// A pool that waits for its start.
    pub fn pool_before_start(self, min: u8, max: u8) -> P {
        let reference = keep(Pool::new(max)).reference();
        let pool = add_pool(reference, min, max, true);
        // Chained from the last to the first, as ports do it: the first worker is the first one woken.
        let mut workers: Vec<&'static Worker> = Vec::new();
        for index in (0..min).rev() {
            let next = workers.last().map(|worker| worker.reference());
            workers.push(keep(Worker::own(reference, index, next)));
        }
        state(|s| s.pools[pool.0].first = workers.last().map(|worker| worker.reference()));
        for worker in workers.into_iter().rev() {
            add_worker(worker, Some(pool.0));
        }
        pool
    }

    /// Memory for a pool that nobody has laid out.
    pub fn no_pool(self) -> P {
        add_pool(Virtual::zeroed_pool(), 0, 0, false)
    }

    /// Makes a pool of memory in which there is none, or one that was shut down: all its workers are borrowed.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn create(self, pool: P, max: u8) -> Result<(), CreateError> {
        self.create_by(pool, max, |reference| Machine::create(reference, max, || {}))
    }

    /// As [`create`](World::create), and so many workers stay with the pool.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn create_keeping(self, pool: P, min: u8, max: u8) -> Result<(), CreateError> {
        state(|s| s.pools[pool.0].keeps = min);
        let answer = self.create_by(pool, max, |reference| {
            Machine::create_keeping(reference, min, max, || {})
        });
        // As for workers of its own, the maximum is no less.
        state(|s| s.model.pools[pool.0].own = min);
        answer
    }

    fn create_by(
        self,
        pool: P,
        max: u8,
        create: impl FnOnce(PoolRef) -> Result<(), CreateError>,
    ) -> Result<(), CreateError> {
        let reference = self.pool_ref(pool);
        let before = counts(&self.stats(pool));
        let (answer, decided) = within(Does::Create(pool.0, max), || create(reference));
        match answer {
            Ok(()) | Err(CreateError::InUse) => assert_eq!(Some(Decided::Made(answer.is_ok())), decided, "create"),
            Err(_) => assert_eq!(decided, None, "what is refused at once needs no lock section"),
        }
        if answer.is_ok() {
            self.remember(pool, before);
        }
        self.settled();
        answer
    }

    /// A pool that was made at run time, with up to `max` workers.
    pub fn runtime_pool(self, max: u8) -> P {
        let pool = self.no_pool();
        assert_eq!(self.create(pool, max), Ok(()));
        pool
    }

    /// The memory of a pool that was shut down is used for something else: all of it is zero.
    pub fn overwrite(self, pool: P) {
        // Another thread that shut it down, too, may have been here before.
        if !state(|s| s.model.pools[pool.0].closed) {
            return;
        }
        self.remember(pool, counts(&self.stats(pool)));
        state(|s| {
            s.model.forgotten(pool.0);
            s.pools[pool.0].max = 0;
        });
        Virtual::overwrite(self.pool_ref(pool));
        self.settled();
    }

    fn remember(self, pool: P, counts: [u32; 6]) {
        state(|s| {
            for (before, count) in s.pools[pool.0].before.iter_mut().zip(counts) {
                *before += count;
            }
        });
    }

    /// Starts a pool: its own workers' threads are about to run.
    pub fn start(self, pool: P) {
        let (reference, min, first) =
            state(|s| (s.pools[pool.0].reference, s.pools[pool.0].min, s.pools[pool.0].first));
        // A pool without workers is refused for their number, whatever is said to be the first.
        let first = first.unwrap_or_else(|| keep(Worker::reserve(0)).reference());
        // Whether the start succeeds or is refused: the threads of a pool are started first.
        state(|s| {
            for worker in s.workers.iter_mut().filter(|worker| worker.own == Some(pool.0)) {
                worker.phase.get_or_insert(Phase::Parked);
            }
        });
        within(Does::Start(pool.0), || Machine::start(reference, first, min));
        self.settled();
    }

    /// A group of which so many jobs run at once.
    pub fn group(self, limit: u16) -> G {
        state(|s| {
            s.groups.push(keep(Group::new(limit)));
            s.model.add_group(limit);
            G(s.groups.len() - 1)
        })
    }

    /// Jobs that `make` makes belong to the group.
    pub fn in_group<R>(self, group: G, make: impl FnOnce() -> R) -> R {
        let before = state(|s| s.group.replace(group.0));
        let made = make();
        state(|s| s.group = before);
        made
    }

    /// Changes how many jobs of a group run at once.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn set_limit(self, group: G, limit: u16) -> Result<(), LimitError> {
        let reference = state(|s| s.groups[group.0]).reference();
        let (answer, decided) = within(Does::SetLimit(group.0, limit), || Machine::set_limit(reference, limit));
        assert_eq!(answer.is_ok(), limit > 0, "only a limit of 0 is refused");
        assert_eq!(decided, Some(Decided::Nothing), "the limit of a group is the lock's");
        self.settled();
        answer
    }

    /// As [`abandon`](World::abandon), for what raises a limit: one job at least is admitted, and others when places become
    /// free.
    pub fn abandon_set_limit(self, n: u64, group: G, limit: u16) -> bool {
        state(|s| s.limit_deserted = true);
        self.abandon(n, || _ = self.set_limit(group, limit))
    }

    /// What a group looks like.
    pub fn look(self, group: G) -> GroupSnapshot {
        let reference = state(|s| s.groups[group.0]).reference();
        Virtual::unnoticed(|| Machine::check_group(reference))
    }

    /// A job without a completion.
    pub fn job(self, name: &'static str) -> J {
        let index = state(|s| s.jobs.len());
        add_job(name, Job::new(Recorded(index)), false)
    }

    /// A job whose outcomes are recorded; see [`World::outcomes`].
    pub fn job_with_completion(self, name: &'static str) -> J {
        let index = state(|s| s.jobs.len());
        let completion: &OnEnd<Told> = keep(OnEnd::new(Told(index)));
        let job = Job::with_completion(Recorded(index), completion);
        add_job(name, job, true)
    }

    /// What the job does while it runs.
    pub fn when_run(self, job: J, script: impl FnMut(&Ctx<'_>) -> Code + 'static) {
        state(|s| s.jobs[job.0].script = Some(Box::new(script)));
    }

    /// What the job's completion does when it is told.
    pub fn when_told(self, job: J, sequel: impl FnMut(Outcome) + 'static) {
        state(|s| {
            assert!(s.jobs[job.0].with_completion, "the job has no completion");
            s.jobs[job.0].sequel = Some(Box::new(sequel));
        });
    }

    /// Submits a job.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit(self, pool: P, job: J) -> Result<Accepted, SubmitError> {
        let (pool_ref, job_ref) = references(pool, job);
        let does = self.submission(pool, job, When::Now);
        let (answer, decided) = within(does, || Machine::submit(pool_ref, job_ref));
        assert_eq!(
            Some(Decided::Accepted(answer.map_err(DeferError::from))),
            decided,
            "submit"
        );
        self.settled();
        answer
    }

    /// Submits a job before all others.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit_urgent(self, pool: P, job: J) -> Result<Accepted, SubmitError> {
        let (pool_ref, job_ref) = references(pool, job);
        let does = Does::SubmitUrgent {
            pool: pool.0,
            job: job.0,
        };
        let (answer, decided) = within(does, || Machine::submit_urgent(pool_ref, job_ref));
        assert_eq!(
            Some(Decided::Accepted(answer.map_err(DeferError::from))),
            decided,
            "submit_urgent"
        );
        self.settled();
        answer
    }

    /// Submits a job before all others, if no worker of the pool is idle.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit_urgent_if_busy(self, pool: P, job: J) -> Result<Accepted, SubmitError> {
        let (pool_ref, job_ref) = references(pool, job);
        let does = match self.snapshot(pool).idle {
            0 => Does::SubmitUrgent {
                pool: pool.0,
                job: job.0,
            },
            _ => self.submission(pool, job, When::Now),
        };
        let (answer, decided) = within(does, || Machine::submit_urgent_if_busy(pool_ref, job_ref));
        assert_eq!(
            Some(Decided::Accepted(answer.map_err(DeferError::from))),
            decided,
            "submit_urgent_if_busy"
        );
        self.settled();
        answer
    }

    /// Changes the level of a job.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn set_level(self, job: J, level: u8) -> Result<(), LevelError> {
        let reference = state(|s| s.jobs[job.0].reference);
        let answer = within(Does::SetLevel(job.0, level), || Machine::set_level(reference, level)).0;
        self.settled();
        answer
    }

    /// Submits a job for a deadline.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit_at(self, pool: P, job: J, deadline: u64) -> Result<Accepted, DeferError> {
        let (pool_ref, job_ref) = references(pool, job);
        let does = self.submission(pool, job, When::At(deadline));
        let (answer, decided) = within(does, || Machine::submit_at(pool_ref, job_ref, deadline));
        self.deferred(answer, decided, deadline > MAX_TICKS)
    }

    /// Submits a job for later.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit_after(self, pool: P, job: J, delay: u64) -> Result<Accepted, DeferError> {
        let (pool_ref, job_ref) = references(pool, job);
        let does = self.submission(pool, job, When::After(delay));
        let now = Virtual::clock();
        let (answer, decided) = within(does, || Machine::submit_after(pool_ref, job_ref, delay));
        let too_late = delay > 0 && delay.saturating_add(now).saturating_add(1) > MAX_TICKS;
        self.deferred(answer, decided, too_late)
    }

    fn submission(self, pool: P, job: J, when: When) -> Does {
        Does::Submit {
            pool: pool.0,
            job: job.0,
            when,
        }
    }

    fn deferred(
        self,
        answer: Result<Accepted, DeferError>,
        decided: Option<Decided>,
        too_late: bool,
    ) -> Result<Accepted, DeferError> {
        if too_late {
            assert_eq!(answer, Err(DeferError::OutOfRange));
            assert_eq!(decided, None, "a deadline out of range needs no lock section");
        } else {
            assert_eq!(Some(Decided::Accepted(answer)), decided, "submit for later");
        }
        self.settled();
        answer
    }

    /// Submits a job that runs within so many ticks or not at all.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn submit_within(self, pool: P, job: J, ticks: u64) -> Result<Accepted, DeferError> {
        let (pool_ref, job_ref) = references(pool, job);
        let does = self.submission(pool, job, When::Within(ticks));
        let (answer, decided) = within(does, || Machine::submit_within(pool_ref, job_ref, ticks));
        self.deferred(answer, decided, false)
    }

    /// Cancels a job.
    pub fn cancel(self, job: J) -> Cancel {
        self.give_up(Does::Cancel(job.0), Machine::cancel, job)
    }

    /// Aborts a job.
    pub fn abort(self, job: J) -> Cancel {
        self.give_up(Does::Abort(job.0), Machine::abort, job)
    }

    fn give_up(self, does: Does, call: impl FnOnce(JobRef) -> Cancel, job: J) -> Cancel {
        let reference = state(|s| s.jobs[job.0].reference);
        let (answer, decided) = within(does, || call(reference));
        assert_eq!(Some(Decided::Cancelled(answer)), decided, "{does:?}");
        self.settled();
        answer
    }

    /// Where the job is.
    pub fn status(self, job: J) -> Status {
        let reference = state(|s| s.jobs[job.0].reference);
        Virtual::unnoticed(|| Machine::status(reference))
    }

    /// One move of a worker; the end of a wait is none of its own.
    pub fn step(self, worker: W) -> Step {
        let Some((reference, phase)) = state(|s| {
            let entry = &mut s.workers[worker.0];
            if entry.phase.is_none() && Virtual::is_started(entry.reference) {
                entry.phase = Some(Phase::Parked);
            }
            let phase = entry.phase?;
            let waits = phase == Phase::Parked && Virtual::count(entry.reference) == 0;
            if entry.busy || waits || Virtual::in_interrupt() {
                return None;
            }
            entry.busy = true;
            Some((entry.reference, phase))
        }) else {
            return Step::Blocked;
        };
        // Nothing of the pool lies between the end of the wait and the next lock section: one move.
        let phase = match phase {
            Phase::Parked => within(Does::Other, || Machine::advance(reference, phase)).0,
            phase => phase,
        };
        let finished = match phase {
            Phase::Ran(job, _) => Some(state(|s| s.job_of(job))),
            _ => None,
        };
        let does = match phase {
            Phase::Looking | Phase::Joining | Phase::Ran(..) => Does::Step { finished },
            Phase::Running(job, _, _) => match state(|s| s.task_of(s.job_of(job))) {
                Some(task) => Does::RunTask(task),
                None => Does::Other,
            },
            Phase::Parked | Phase::Completing(..) => Does::Other,
        };
        let signals = match phase {
            Phase::Completing(..) => Signals::of(state(|s| s.workers[worker.0].signals.take())),
            _ => Signals::default(),
        };
        let (next, decided) = within_signals(does, signals, || {
            Virtual::as_worker(reference, || Machine::advance(reference, phase))
        });
        let step = state(|s| {
            let step = match next {
                Phase::Looking | Phase::Joining => Step::Looks,
                Phase::Parked => Step::Parks,
                Phase::Running(job, _, _) => Step::Takes(J(s.job_of(job))),
                Phase::Ran(job, _) => Step::Ran(J(s.job_of(job))),
                Phase::Completing(..) => match (finished, decided) {
                    (Some(job), Some(Decided::Took(_, true))) => Step::Completes(J(job)),
                    _ => Step::Discards,
                },
            };
            let took = match decided {
                Some(Decided::Took(took, _)) => took.map(J),
                _ => None,
            };
            match step {
                Step::Takes(job) => assert!(took == Some(job), "a worker runs another job than it took"),
                _ => assert!(took.is_none(), "a worker took a job and does not run it"),
            }
            let entry = &mut s.workers[worker.0];
            entry.busy = false;
            entry.phase = Some(next);
            if let (Phase::Running(_, pool, _), None) = (next, entry.own) {
                let priority = Virtual::priority(entry.reference);
                assert!(
                    priority == Some(pool),
                    "a worker of the reserve has another pool's priority"
                );
            }
            entry.completes = match step {
                Step::Completes(job) => Some(job.0),
                _ => None,
            };
            step
        });
        self.settled();
        step
    }

    /// Steps all workers in turn until each of them is blocked.
    pub fn run(self) {
        for _ in 0..100_000 {
            if !self.step_all() {
                return;
            }
        }
        panic!("the workers never come to rest");
    }

    /// Steps each worker once. Answers whether one could go on.
    fn step_all(self) -> bool {
        let workers = state(|s| s.workers.len());
        (0..workers).fold(false, |any, worker| any | (self.step(W(worker)) != Step::Blocked))
    }

    /// Waits for the end of a job, until the clock shows `deadline`; the workers and the clock go on meanwhile.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn wait(self, job: J, deadline: Option<u64>) -> Result<Outcome, WaitError> {
        let reference = state(|s| s.jobs[job.0].reference);
        let does = Does::Wait {
            job: job.0,
            waits: deadline != Some(0),
        };
        let (answer, decided) = within(does, || Machine::wait(reference, deadline));
        self.waited(job, deadline, answer, decided)
    }

    fn waited(
        self,
        job: J,
        deadline: Option<u64>,
        answer: Result<Outcome, WaitError>,
        decided: Option<Decided>,
    ) -> Result<Outcome, WaitError> {
        let Some(Decided::Waited(waited)) = decided else {
            panic!("waiting needs a lock section");
        };
        let expected = match waited {
            Waited::Refused(error) => Err(error),
            Waited::Over(outcome) => Ok(outcome),
            // The virtual port ends a wait, too, when nothing can happen any more while it lasts.
            Waited::For(_) if answer == Err(WaitError::TimedOut) && deadline.is_some() => answer,
            Waited::For(serial) => {
                let ended = |s: &mut State| s.model.jobs[job.0].ends.iter().find(|end| end.0 == serial).copied();
                let (_, outcome) = state(ended).expect("what it waited for has not ended");
                Ok(outcome)
            }
        };
        assert_eq!(answer, expected, "waiting for {waited:?}");
        self.settled();
        answer
    }

    /// Cancels a job and waits for the run that goes on.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn cancel_and_wait(self, job: J, deadline: Option<u64>) -> Result<Outcome, WaitError> {
        let reference = state(|s| s.jobs[job.0].reference);
        let does = Does::CancelAndWait {
            job: job.0,
            waits: deadline != Some(0),
        };
        let (answer, decided) = within(does, || Machine::cancel_and_wait(reference, deadline));
        self.waited(job, deadline, answer, decided)
    }

    /// Holds a pool.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn hold(self, pool: P) -> Result<(), ControlError> {
        self.control(Does::Hold(pool.0, Clock::RunsOn), Machine::hold, pool)
    }

    /// Holds a pool, and perhaps stops its clock.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn pause(self, pool: P, clock: Clock) -> Result<(), ControlError> {
        let pause = |pool| Machine::pause(pool, clock);
        self.control(Does::Hold(pool.0, clock), pause, pool)
    }

    /// Lets a held pool go.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn release(self, pool: P) -> Result<(), ControlError> {
        self.control(Does::Release(pool.0), Machine::release_pool, pool)
    }

    /// Changes the maximum of a pool.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn set_max_threads(self, pool: P, max: u8) -> Result<(), ControlError> {
        let set = |pool| Machine::set_max_threads(pool, max);
        self.control(Does::SetMax(pool.0, max), set, pool)
    }

    /// Starts a pool again.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn restart(self, pool: P) -> Result<(), ControlError> {
        self.control(Does::Restart(pool.0), Machine::restart, pool)
    }

    fn control(
        self,
        does: Does,
        call: impl FnOnce(PoolRef) -> Result<(), ControlError>,
        pool: P,
    ) -> Result<(), ControlError> {
        let reference = self.pool_ref(pool);
        let (answer, decided) = within(does, || call(reference));
        assert_eq!(Some(Decided::Control(answer)), decided, "{does:?}");
        self.settled();
        answer
    }

    /// Shuts a pool down; the workers and the clock go on meanwhile.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn shutdown(self, pool: P, how: Shutdown, deadline: Option<u64>) -> Result<(), ControlError> {
        let reference = self.pool_ref(pool);
        let (answer, decided) = within(Does::Close(pool.0, how), || Machine::shutdown(reference, how, deadline));
        let expected = match answer {
            Err(ControlError::TimedOut) => Ok(()),
            answer => answer,
        };
        assert_eq!(Some(Decided::Control(expected)), decided, "shutdown");
        self.settled();
        answer
    }

    /// A job that a shutdown discards.
    pub fn job_discarded_on_shutdown(self, name: &'static str) -> J {
        let index = state(|s| s.jobs.len());
        let completion = keep(OnEnd::new(Told(index)));
        let mut job = Job::with_completion(Recorded(index), completion);
        job.discard_on_shutdown();
        let job = add_job(name, job, true);
        state(|s| s.model.jobs[job.0].discardable = true);
        job
    }

    /// A job without a completion that waits at this level.
    pub fn job_at_level(self, name: &'static str, level: u8) -> J {
        let index = state(|s| s.jobs.len());
        let mut job = Job::new(Recorded(index));
        job.set_first_level(level);
        let job = add_job(name, job, false);
        state(|s| s.model.jobs[job.0].level = level);
        job
    }

    /// The outcome of the job's last submission, as the machine remembers it.
    pub fn last_outcome(self, job: J) -> Option<Outcome> {
        let reference = state(|s| s.jobs[job.0].reference);
        Virtual::unnoticed(|| Machine::outcome(reference))
    }

    /// The workers in number.
    pub fn workers(self) -> usize {
        state(|s| s.workers.len())
    }

    /// The present tick.
    pub fn now(self) -> u64 {
        Virtual::clock()
    }

    /// Lets time pass; timers fire at their ticks.
    pub fn advance(self, ticks: u64) {
        Virtual::advance(ticks, || self.deliver());
    }

    /// Lets time pass with the clock interrupt withheld.
    pub fn advance_without_interrupt(self, ticks: u64) {
        Virtual::set_clock(Virtual::clock() + ticks);
        self.settled();
    }

    /// Delivers the clock interrupt for all timers that are due.
    pub fn deliver(self) {
        Virtual::deliver(|pool| aside(|| Machine::expire(pool)));
        self.settled();
    }

    /// An interrupt does `body` at the `n`-th point from now: after a lock section, or after a reading of the clock.
    pub fn interrupt_at(self, n: u64, body: impl FnOnce() + 'static) {
        Virtual::interrupt_at(n, || aside(body));
    }

    /// Other threads do `body` at the `n`-th point from now, or the first one after it that is not in an interrupt.
    pub fn preempt_at(self, n: u64, body: impl FnOnce() + 'static) {
        Virtual::preempt_at(n, || aside(body));
    }

    /// Whether an interrupt is being served.
    pub fn in_interrupt(self) -> bool {
        Virtual::in_interrupt()
    }

    /// Forgets the interrupts whose points have not come; answers how many there were.
    pub fn forget_interrupts(self) -> usize {
        Virtual::forget_intrusions()
    }

    /// Submits for a deadline from a thread that is preempted for ever at the `n`-th point. Answers whether it was.
    pub fn abandon_submit_at(self, n: u64, pool: P, job: J, deadline: u64) -> bool {
        self.abandon(n, || _ = self.submit_at(pool, job, deadline))
    }

    /// Submits from a thread that is preempted for ever at the `n`-th point. Answers whether it was.
    pub fn abandon_submit(self, n: u64, pool: P, job: J) -> bool {
        self.abandon(n, || _ = self.submit(pool, job))
    }

    /// Does `body` on a thread that is preempted for ever at the `n`-th point. Answers whether it was.
    pub fn abandon(self, n: u64, body: impl FnOnce()) -> bool {
        let depth = state(|s| s.contexts.len());
        let abandoned = Virtual::abandon_at(n, body).is_none();
        if abandoned {
            state(|s| {
                s.contexts.truncate(depth);
            });
            self.settled();
        }
        abandoned
    }

    /// As [`abandon`](World::abandon), for what sets several jobs free: one worker at least comes for them, and others only
    /// when the thread goes on.
    pub fn abandon_release(self, n: u64, body: impl FnOnce()) -> bool {
        state(|s| s.deserted = true);
        self.abandon(n, body)
    }

    /// The names of the jobs that ran, in order.
    pub fn runs(self) -> Vec<&'static str> {
        state(|s| s.runs.iter().map(|(name, _)| *name).collect())
    }

    /// The names of the jobs that ran, and when they began.
    pub fn runs_at(self) -> Vec<(&'static str, u64)> {
        state(|s| s.runs.clone())
    }

    /// What the job's completion has been told.
    pub fn outcomes(self, job: J) -> Vec<Outcome> {
        state(|s| s.jobs[job.0].told.clone())
    }

    /// What the pool looks like.
    pub fn snapshot(self, pool: P) -> Snapshot {
        let reference = state(|s| s.pools[pool.0].reference);
        Virtual::unnoticed(|| Machine::check(reference))
    }

    /// Idle workers of the reserve.
    pub fn reserve(self) -> u8 {
        Virtual::unnoticed(Machine::check_reserve)
    }

    /// What the pool has counted.
    pub fn stats(self, pool: P) -> Stats {
        let reference = self.pool_ref(pool);
        Virtual::unnoticed(|| Machine::stats(reference))
    }

    /// Lets the pool count anew.
    pub fn reset_stats(self, pool: P) {
        let reference = self.pool_ref(pool);
        Virtual::unnoticed(|| Machine::reset_stats(reference));
    }

    /// The reference to a pool, to read the port's log with.
    pub fn pool_ref(self, pool: P) -> PoolRef {
        state(|s| s.pools[pool.0].reference)
    }

    /// The level of the priority that the worker's thread has.
    pub fn level(self, worker: W) -> u8 {
        Virtual::level(self.worker_ref(worker))
    }

    /// The reference to a worker, to read the port's log with.
    pub fn worker_ref(self, worker: W) -> WorkerRef {
        state(|s| s.workers[worker.0].reference)
    }

    /// Runs all that can run, however late it is due.
    pub fn run_out(self) {
        self.forget_interrupts();
        self.deliver();
        self.run();
        while let Some(next) = Virtual::next_timer() {
            self.advance(next.saturating_sub(self.now()));
            self.run();
        }
    }

    /// Runs everything to its end, however late it is due. Afterwards all jobs are Idle and all workers wait.
    pub fn drain(self) {
        self.run_out();
        state(|s| {
            for (job, entry) in s.jobs.iter().enumerate() {
                let status = s.model.status(job, Virtual::clock());
                assert!(status == Status::Idle, "{} was forgotten: it is {status:?}", entry.name);
                let unrun = [
                    (Outcome::Discarded, s.model.jobs[job].discarded),
                    (Outcome::TimedOut, s.model.jobs[job].timed_out),
                ];
                if s.model.jobs[job].task.is_some() && entry.with_completion {
                    let mut left: Vec<Outcome> = s.model.jobs[job].ends.iter().map(|(_, outcome)| *outcome).collect();
                    for told in &entry.told {
                        let at = left.iter().position(|outcome| outcome == told);
                        left.swap_remove(
                            at.unwrap_or_else(|| panic!("{} was told {told:?} once too often", entry.name)),
                        );
                    }
                    assert!(left.is_empty(), "{} was not told {left:?}", entry.name);
                    continue;
                }
                for (outcome, times) in unrun.into_iter().filter(|_| entry.with_completion) {
                    let told = entry.told.iter().filter(|told| **told == outcome).count() as u32;
                    assert!(told == times, "{} was told {told} of {times} {outcome:?}", entry.name);
                }
            }
        });
    }

    /// Checks what the machine is, when no call is under way.
    fn settled(self) {
        if state(|s| s.contexts.is_empty()) {
            self.check();
        }
    }

    /// Checks everything that must hold when no call is under way.
    ///
    /// # Panics
    ///
    /// With a sentence that says what does not hold.
    pub fn check(self) {
        let pools: Vec<PoolRef> = state(|s| s.pools.iter().map(|pool| pool.reference).collect());
        let found: Vec<Snapshot> = pools
            .into_iter()
            .map(|pool| Virtual::unnoticed(|| Machine::check(pool)))
            .collect();
        let reserve = self.reserve();
        let stats: Vec<Stats> = state(|s| s.pools.iter().map(|pool| pool.reference).collect::<Vec<_>>())
            .into_iter()
            .map(|pool| Virtual::unnoticed(|| Machine::stats(pool)))
            .collect();
        let usage = state(|s| s.closures.are_known()).then(|| Virtual::unnoticed(Machine::check_cache));
        let groups: Vec<GroupSnapshot> = (0..state(|s| s.groups.len()))
            .map(|group| self.look(G(group)))
            .collect();
        for job in 0..state(|s| s.jobs.len()) {
            // A slot that is free forgets.
            if !state(|s| s.closures.is_slot(job)) {
                let found = self.last_outcome(J(job));
                let expected = |model: &ModelJob| model.last.filter(|_| model.place == Place::Idle);
                state(|s| {
                    let name = s.jobs[job].name;
                    assert_eq!(found, expected(&s.model.jobs[job]), "the outcome of {name}");
                });
            }
        }
        self.look_at_tasks();
        state(|s| {
            s.check_submissions();
            s.check_closures(usage.as_ref());
            s.check_levels();
            s.check_stats(&stats);
            s.check_reserve(&found, reserve);
            s.check_groups(&groups, &found);
            for (pool, found) in found.iter().enumerate() {
                s.check_pool(pool, found, reserve);
            }
        });
    }
}

impl State {
    /// Every accepted submission is under way or has had exactly one outcome; runs are entered once.
    fn check_submissions(&self) {
        for (job, entry) in self.jobs.iter().enumerate() {
            let (name, model) = (entry.name, &self.model.jobs[job]);
            assert!(
                model.accepted
                    == model.ended
                        + model.cancelled
                        + model.aborted
                        + model.timed_out
                        + model.discarded
                        + self.model.under_way(job),
                "{name}: the model has lost a submission: {model:?}"
            );
            let about_to_run = |worker: &&WorkerEntry| match worker.phase {
                Some(Phase::Running(running, _, _)) => running == entry.reference && !worker.busy,
                _ => false,
            };
            if model.task.is_some() {
                self.check_ends(job);
                continue;
            }
            let entered = model.begun - self.workers.iter().filter(about_to_run).count() as u32;
            assert!(
                entry.runs == entered,
                "{name} ran {} times and should {entered}",
                entry.runs
            );
            if entry.with_completion {
                let told = |what: fn(&Outcome) -> bool| entry.told.iter().filter(|told| what(told)).count() as u32;
                let over = told(|told| matches!(told, Outcome::Done(_) | Outcome::Aborted));
                let done = told(|told| matches!(told, Outcome::Done(_)));
                let to_tell = self.workers.iter().filter(|w| w.completes == Some(job)).count() as u32;
                assert!(
                    over + to_tell == model.ended + model.aborted && done <= model.ended,
                    "{name}: {over} of {} runs told, {} aborted",
                    model.ended,
                    model.aborted
                );
                let cancelled = told(|told| *told == Outcome::Cancelled);
                let discarded = told(|told| *told == Outcome::Discarded);
                let timed_out = told(|told| *told == Outcome::TimedOut);
                assert!(
                    timed_out <= model.timed_out,
                    "{name}: told {timed_out} times that its time was up, which it was {} times",
                    model.timed_out
                );
                assert!(
                    discarded <= model.discarded,
                    "{name}: told {discarded} times that it was discarded, which it was {} times",
                    model.discarded
                );
                assert!(
                    cancelled == model.cancelled,
                    "{name}: {cancelled} of {} cancellations told",
                    model.cancelled
                );
            }
        }
    }

    /// The end of each task is told once, by whoever ended it, or is about to be.
    fn check_ends(&self, job: usize) {
        let (entry, model) = (&self.jobs[job], &self.model.jobs[job]);
        if !entry.with_completion {
            return;
        }
        let to_tell = self.workers.iter().filter(|w| w.completes == Some(job)).count();
        let told = |of: &[Outcome], discarded: bool| {
            let right = |told: &&Outcome| (**told == Outcome::Discarded) == discarded;
            of.iter().filter(right).count()
        };
        let ends: Vec<Outcome> = model.ends.iter().map(|(_, outcome)| *outcome).collect();
        assert!(
            told(&entry.told, false) + to_tell == told(&ends, false) && told(&entry.told, true) <= told(&ends, true),
            "{}: {:?} were told of {ends:?}, and {to_tell} are about to be",
            entry.name,
            entry.told
        );
    }

    /// The thread of a worker that runs a job has the priority of the level at which the job was taken.
    fn check_levels(&self) {
        for worker in &self.workers {
            if let Some(Phase::Running(job, _, _)) = worker.phase {
                let job = self.job_of(job);
                let (has, level) = (Virtual::level(worker.reference), self.model.jobs[job].taken_at);
                let name = self.jobs[job].name;
                assert!(has == level, "{name} runs at level {has} and was taken at {level}");
            }
        }
    }

    /// What the pools have counted is what has happened.
    fn check_stats(&self, found: &[Stats]) {
        let counted = |what: usize| {
            let before = self.pools.iter().map(|pool| pool.before[what]);
            before.chain(found.iter().map(|stats| counts(stats)[what])).sum::<u32>()
        };
        let happened = |what: fn(&ModelJob) -> u32| self.model.jobs.iter().map(what).sum::<u32>();
        assert!(counted(0) == happened(|j| j.accepted), "submissions counted");
        assert!(counted(1) == happened(|j| j.ended), "ends counted");
        assert!(counted(2) == happened(|j| j.cancelled), "cancellations counted");
        assert!(counted(3) == happened(|j| j.aborted), "aborted jobs counted");
        assert!(
            counted(4) == happened(|j| j.timed_out),
            "jobs whose time was up counted"
        );
        assert!(counted(5) == happened(|j| j.discarded), "discarded jobs counted");
        for (pool, found) in found.iter().enumerate() {
            let queued = self.model.pools[pool].ready.len() as u32;
            assert!(found.queued == queued, "pool {pool}: queued jobs counted");
            assert!(found.most_queued >= queued, "pool {pool}: the most queued jobs");
            assert!(found.most_workers >= found.workers, "pool {pool}: the most workers");
            let under_way = (0..self.jobs.len())
                .map(|job| self.model.under_way_in(job, pool))
                .sum::<u32>();
            assert!(
                found.submitted
                    == found.done + found.cancelled + found.aborted + found.timed_out + found.discarded + under_way,
                "pool {pool}: submissions counted, {under_way} are under way: {found:?}"
            );
        }
    }

    /// No job waits for a place that there is, and each pool knows of those that wait.
    fn check_groups(&self, groups: &[GroupSnapshot], pools: &[Snapshot]) {
        for (group, found) in groups.iter().enumerate() {
            let model = &self.model.groups[group];
            assert!(found.limit == model.limit, "group {group}: its limit has changed");
            assert!(
                usize::from(found.active) == self.model.active(group),
                "group {group}: {found:?}, and {} have a place",
                self.model.active(group)
            );
            assert!(
                found.held as usize == model.held.len(),
                "group {group}: {found:?}, and it should hold {}",
                model.held.len()
            );
            assert!(
                found.held == 0 || found.active >= found.limit || self.limit_deserted,
                "group {group} holds jobs that it has places for: {found:?}"
            );
        }
        for (pool, found) in pools.iter().enumerate() {
            let here = |job: &&ModelJob| matches!(job.place, Place::Held(submission) if submission.pool == pool);
            let held = self.model.jobs.iter().filter(here).count();
            assert!(
                found.held_jobs as usize == held,
                "pool {pool}: it knows of {} held jobs of {held}",
                found.held_jobs
            );
        }
    }

    /// Whoever waits without a wake is where a submitter can find it.
    fn check_reserve(&self, found: &[Snapshot], idle: u8) {
        let waiting = |worker: &&WorkerEntry| match worker.phase {
            Some(phase) => phase == Phase::Parked && Virtual::count(worker.reference) == 0,
            None => worker.own.is_none() && Virtual::count(worker.reference) == 0,
        };
        let waiting: Vec<&WorkerEntry> = self.workers.iter().filter(waiting).collect();
        let of_reserve = waiting.iter().filter(|worker| worker.own.is_none()).count();
        let mut kept = 0;
        for (pool, found) in found.iter().enumerate() {
            let of_pool = waiting.iter().filter(|worker| worker.own == Some(pool)).count();
            let others = usize::from(found.idle).checked_sub(of_pool);
            assert!(
                others.is_some_and(|others| others <= usize::from(self.pools[pool].keeps)),
                "{of_pool} workers of pool {pool} wait, and {} are on its list",
                found.idle
            );
            kept += others.unwrap_or(0);
        }
        assert!(
            of_reserve == usize::from(idle) + kept,
            "{of_reserve} workers of the reserve wait, {kept} for pools that keep them, and {idle} are on its list"
        );
    }

    fn check_pool(&self, pool: usize, found: &Snapshot, reserve: u8) {
        let (entry, model) = (&self.pools[pool], &self.model.pools[pool]);
        let deferred = self.model.deferred(pool);
        assert!(
            found.queued as usize == model.ready.len(),
            "pool {pool}: wrong ready queue"
        );
        assert!(found.deferred as usize == deferred.len(), "pool {pool}: wrong timers");
        assert!(
            found.hurries || self.deserted,
            "pool {pool}: a worker on its way is less urgent than the job that it comes for"
        );
        assert!(found.max == entry.max, "pool {pool}: its maximum has changed");
        if !model.valid {
            return;
        }
        let timer = Virtual::timer(entry.reference);
        if let Some(armed) = found.armed {
            assert!(
                timer == Some(armed),
                "pool {pool}: armed for {armed}, and the timer is {timer:?}"
            );
        }
        if model.closed || model.held {
            // Held, or shut down, or about to be: what may still happen is that what runs ends.
            assert!(
                found.armed.is_none(),
                "pool {pool} is closed or held, and its timer armed"
            );
            return;
        }
        if !model.runs {
            let nothing = found.workers == 0 && found.idle == 0 && !found.in_line && found.armed.is_none();
            assert!(nothing, "pool {pool} does something before its start");
            return;
        }
        assert!(found.workers >= entry.min, "pool {pool} has lost a worker");
        let runs = |worker: &&WorkerEntry| match worker.phase {
            Some(Phase::Running(_, of, _)) => of == entry.reference,
            _ => false,
        };
        let running = self.workers.iter().filter(runs).count() as u32;
        // These come for a job, or to see to the timer, without anybody's help.
        let Some(coming) = u32::from(found.workers).checked_sub(u32::from(found.idle) + running) else {
            panic!("pool {pool} runs jobs on more workers than it has");
        };
        if self.deserted {
            assert!(
                found.queued == 0 || coming + running > 0 || (reserve == 0 && found.in_line),
                "pool {pool}: {} jobs wait, and no worker comes",
                found.queued
            );
            return;
        }
        assert!(
            found.idle == 0 || found.queued <= coming,
            "pool {pool}: {} jobs wait, {coming} workers come, and {} stay idle",
            found.queued,
            found.idle
        );
        // A pool that keeps workers grows with a submission only, and these see to all that is ready.
        let room = found.workers < found.max && entry.keeps == 0;
        if room && found.queued > coming {
            assert!(
                reserve == 0 && found.in_line,
                "pool {pool} needs a worker of the reserve and does not stand in its line"
            );
        }
        if found.overdue {
            assert!(
                found.queued > 0,
                "pool {pool} is overdue, and nobody will come to see it"
            );
        } else if let Some((earliest, _, _)) = deferred.first().filter(|(earliest, _, _)| *earliest < MAX_TICKS) {
            // The clock runs in a pool that does.
            let earliest = earliest + model.behind(0);
            assert!(
                timer.is_some_and(|timer| timer <= earliest),
                "pool {pool}: a job is due at {earliest}, the timer is armed for {timer:?}, and nobody sees to it"
            );
        }
    }
}

/// Submissions that a pool has counted, and how they ended.
fn counts(stats: &Stats) -> [u32; 6] {
    [
        stats.submitted,
        stats.done,
        stats.cancelled,
        stats.aborted,
        stats.timed_out,
        stats.discarded,
    ]
}

fn references(pool: P, job: J) -> (PoolRef, JobRef) {
    state(|s| (s.pools[pool.0].reference, s.jobs[job.0].reference))
}

fn add_pool(reference: PoolRef, min: u8, max: u8, valid: bool) -> P {
    state(|s| {
        s.pools.push(PoolEntry {
            reference,
            min,
            max,
            keeps: 0,
            first: None,
            before: [0; 6],
        });
        s.model.add_pool(valid, min);
        P(s.pools.len() - 1)
    })
}

fn add_worker(worker: &'static Worker, own: Option<usize>) {
    state(|s| {
        s.workers.push(WorkerEntry {
            reference: worker.reference(),
            own,
            phase: None,
            completes: None,
            signals: None,
            busy: false,
        });
    });
}

fn add_job(name: &'static str, mut job: Job<Recorded>, with_completion: bool) -> J {
    let group = state(|s| s.group);
    if let Some(group) = group {
        job.set_group(state(|s| s.groups[group]));
    }
    let job = add_job_at(name, keep(job).reference(), with_completion);
    state(|s| s.model.jobs[job.0].group = group);
    job
}

fn add_job_at(name: &'static str, reference: JobRef, with_completion: bool) -> J {
    state(|s| {
        s.jobs.push(JobEntry {
            name,
            reference,
            with_completion,
            script: None,
            sequel: None,
            runs: 0,
            inside: false,
            code: 0,
            told: Vec::new(),
        });
        s.model.add_job(0);
        J(s.jobs.len() - 1)
    })
}
