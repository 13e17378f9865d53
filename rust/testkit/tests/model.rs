//! Random operations, interrupted at random, against the naive model: after each lock section every job is where the
//! model says, and after each operation everything else holds that [`World::check`] knows of.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{channel, Sender};
use std::{env, panic, process, thread};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use taskpool_core::{First, Missed, Next, Outcome, Rephase, Shutdown};
use taskpool_testkit::{
    Action, Answer, EventAction, Inside, PoolPlan, Scene as AnyScene, TaskAction, TaskPlan, World, EVENTS, GROUPS,
    HANDLES, TASKS,
};

/// The least that one run of this test is worth, in operations; `TASKPOOL_OPERATIONS` asks for another number.
const OPERATIONS: u64 = 100_000;
/// Cases have more than this, on average.
const OPERATIONS_OF_A_CASE: u64 = 100;

static EXECUTED: AtomicU64 = AtomicU64::new(0);
/// A thread was stopped within the hook of panics, which nobody can change any more.
static STOPPED: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Debug)]
struct Plan {
    /// The clock at the beginning: zero, or near a carry.
    clock: u64,
    reserve: u8,
    pools: [PoolPlan; 2],
    limits: [u16; GROUPS],
    /// The group of each job; behind the last one, it has none.
    group_of: Vec<usize>,
    /// Each with its group, if it has one.
    tasks: [(TaskPlan, Option<usize>); TASKS],
    operations: Vec<Operation>,
}

#[derive(Clone, Debug)]
enum Operation {
    Plain(Action),
    /// Interrupts come at these points of the action.
    Interrupted(Action, Vec<(u64, Action)>),
    /// Other threads run at these points of the action.
    Preempted(Action, Vec<(u64, Action)>),
    /// The submitter is preempted at this point and never goes on.
    AbandonedSubmitAt(u64, usize, usize, u64),
    AbandonedSubmit(u64, usize, usize),
    /// Jobs for one deadline, more than a batch.
    Burst(usize, u64),
    /// All workers go on until nothing is left for them.
    RunAll,
}

const JOBS: usize = 10;

type Scene = AnyScene<2, JOBS>;

fn inside() -> impl Strategy<Value = Inside> {
    let (pool, job, place) = (0..2_usize, 0..JOBS, 0..HANDLES);
    prop_oneof![
        8 => Just(Inside::Nothing),
        1 => (pool.clone(), job.clone()).prop_map(|(p, j)| Inside::Submit(p, j)),
        1 => job.prop_map(Inside::Cancel),
        1 => (pool.clone(), 0..=HANDLES).prop_map(|(p, h)| Inside::Spawn(p, h)),
        1 => place.clone().prop_map(Inside::CancelSpawned),
        1 => (place.clone(), 0..3_u64).prop_map(|(h, d)| Inside::Join(h, d)),
        1 => place.prop_map(Inside::DropHandle),
        1 => pool.prop_map(Inside::Scope),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let next = prop_oneof![
        2 => Just(Next::Default),
        1 => Just(Next::Again),
        1 => (0..6_u64).prop_map(Next::After),
        1 => (0..12_u64).prop_map(Next::At),
        3 => Just(Next::Pending),
        2 => (-1..2).prop_map(Next::Done),
    ];
    prop_oneof![
        10 => next.prop_map(Answer::Next),
        2 => (0..EVENTS).prop_map(Answer::On),
    ]
}

fn task_action() -> impl Strategy<Value = TaskAction> {
    let first = prop_oneof![
        2 => Just(First::Now),
        1 => (0..6_u64).prop_map(First::After),
        1 => (0..12_u64).prop_map(First::At),
        1 => Just(First::AfterInterval),
    ];
    let outcome = prop_oneof![Just(Outcome::Done(0)), Just(Outcome::Cancelled), Just(Outcome::Aborted)];
    let rephase = prop_oneof![Just(Rephase::Keep), Just(Rephase::Recalculate), Just(Rephase::FromNow)];
    prop_oneof![
        4 => (0..2_usize, first).prop_map(|(p, first)| TaskAction::Enable(p, first)),
        2 => (0..2_usize, 0..EVENTS, any::<bool>()).prop_map(|(p, e, delayed)| TaskAction::EnableOn(p, e, delayed)),
        1 => outcome.prop_map(TaskAction::Stop),
        1 => Just(TaskAction::Trigger),
        1 => (0..6_u64).prop_map(TaskAction::Postpone),
        1 => (-12..8_i64).prop_map(TaskAction::Shift),
        1 => (0..7_u64, rephase).prop_map(|(interval, rephase)| TaskAction::SetInterval(interval, rephase)),
        1 => (0..5_u32).prop_map(TaskAction::SetIterations),
        1 => prop::option::of(0..8_u64).prop_map(TaskAction::Limit),
        4 => (answer(), 0..3_usize).prop_map(|(answer, takes)| TaskAction::Plan(answer, takes)),
        2 => (0..2_usize, prop::option::weighted(0.8, answer())).prop_map(|(n, answer)| TaskAction::Complete(n, answer)),
        1 => (0..5_u8).prop_map(TaskAction::SetLevel),
    ]
}

/// What a task does with itself while it runs: above all what comes between its answer and its completer's.
fn in_run() -> impl Strategy<Value = TaskAction> {
    prop_oneof![
        2 => task_action(),
        1 => answer().prop_map(|answer| TaskAction::Complete(0, Some(answer))),
        1 => (0..2_usize).prop_map(|p| TaskAction::Enable(p, First::Now)),
    ]
}

fn event_action() -> impl Strategy<Value = EventAction> {
    let outcome = prop_oneof![Just(Outcome::Done(1)), Just(Outcome::Cancelled), Just(Outcome::Aborted)];
    let within = || prop::option::of(0..6_u64);
    prop_oneof![
        3 => (1..4_u32, within()).prop_map(|(n, within)| EventAction::Arm(n, within)),
        1 => within().prop_map(EventAction::SetTimeout),
        3 => (-1..3).prop_map(|code| EventAction::Signal(Outcome::Done(code))),
        1 => outcome.prop_map(EventAction::Complete),
    ]
}

fn task_plan() -> impl Strategy<Value = (TaskPlan, Option<usize>)> {
    let policy = prop_oneof![
        2 => Just(Missed::Skip),
        2 => (0..3_u8).prop_map(Missed::CatchUp),
        1 => Just(Missed::FromStart),
        1 => Just(Missed::FromEnd),
    ];
    let timeout = prop_oneof![3 => Just(0), 1 => 1..12_u64];
    let plan = (0..6_u64, 0..5_u32, timeout, policy).prop_map(|(interval, iterations, timeout, policy)| TaskPlan {
        interval,
        iterations,
        timeout,
        policy,
    });
    (plan, prop::option::weighted(0.3, 0..GROUPS))
}

fn action() -> impl Strategy<Value = Action> {
    let (pool, job) = (0..2_usize, 0..JOBS);
    let how = prop_oneof![Just(Shutdown::Drain), Just(Shutdown::Discard)];
    prop_oneof![
        4 => (pool.clone(), job.clone()).prop_map(|(p, j)| Action::Submit(p, j)),
        1 => (pool.clone(), job.clone()).prop_map(|(p, j)| Action::SubmitUrgent(p, j)),
        1 => (job.clone(), 0..5_u8).prop_map(|(j, l)| Action::SetLevel(j, l)),
        1 => (0..GROUPS, 0..4_u16).prop_map(|(g, limit)| Action::SetLimit(g, limit)),
        3 => (pool.clone(), job.clone(), 0..6_u64).prop_map(|(p, j, d)| Action::SubmitAfter(p, j, d)),
        4 => (pool.clone(), job.clone(), 0..12_u64).prop_map(|(p, j, d)| Action::SubmitAt(p, j, d)),
        2 => (pool.clone(), job.clone(), 0..6_u64).prop_map(|(p, j, d)| Action::SubmitWithin(p, j, d)),
        2 => job.clone().prop_map(Action::Cancel),
        1 => job.prop_map(Action::Abort),
        9 => (0..8_usize).prop_map(Action::Step),
        2 => (0..5_u64).prop_map(Action::Advance),
        1 => (0..5_u64).prop_map(Action::AdvanceWithoutInterrupt),
        1 => Just(Action::Deliver),
        1 => pool.clone().prop_map(Action::Start),
        1 => (0..JOBS, 0..6_u64).prop_map(|(j, d)| Action::Wait(j, d)),
        1 => (0..JOBS, 0..6_u64).prop_map(|(j, d)| Action::CancelAndWait(j, d)),
        1 => pool.clone().prop_map(Action::Hold),
        1 => pool.clone().prop_map(Action::Pause),
        2 => pool.clone().prop_map(Action::Release),
        1 => (pool.clone(), 0..5_u8).prop_map(|(p, max)| Action::SetMax(p, max)),
        1 => (pool.clone(), how, 0..6_u64).prop_map(|(p, how, d)| Action::Shutdown(p, how, d)),
        2 => pool.clone().prop_map(Action::Restart),
        3 => (pool.clone(), prop_oneof![2 => Just(0), 1 => 0..6_u64], 0..=HANDLES, inside())
            .prop_map(|(pool, delay, place, inside)| Action::Spawn { pool, delay, place, inside }),
        2 => (0..HANDLES).prop_map(Action::CancelSpawned),
        2 => (0..HANDLES, 0..6_u64).prop_map(|(h, d)| Action::Join(h, d)),
        1 => (0..HANDLES).prop_map(Action::DropHandle),
        2 => (pool, 0..5_usize, inside()).prop_map(|(p, n, inside)| Action::Scope(p, n, inside)),
        14 => (0..TASKS, task_action()).prop_map(|(t, action)| Action::Task(t, action)),
        4 => (0..TASKS, in_run()).prop_map(|(t, action)| Action::TaskInRun(t, action)),
        3 => (0..EVENTS, event_action()).prop_map(|(e, action)| Action::Event(e, action)),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let nested = || vec((1..9_u64, action()), 1..4);
    prop_oneof![
        12 => action().prop_map(Operation::Plain),
        4 => (action(), nested()).prop_map(|(outer, inner)| Operation::Interrupted(outer, inner)),
        4 => (action(), nested()).prop_map(|(outer, inner)| Operation::Preempted(outer, inner)),
        1 => (1..4_u64, 0..2_usize, 0..JOBS, 0..12_u64)
            .prop_map(|(n, p, j, d)| Operation::AbandonedSubmitAt(n, p, j, d)),
        1 => (1..4_u64, 0..2_usize, 0..JOBS).prop_map(|(n, p, j)| Operation::AbandonedSubmit(n, p, j)),
        1 => (0..2_usize, 3..8_u64).prop_map(|(p, d)| Operation::Burst(p, d)),
        1 => Just(Operation::RunAll),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    let pool = || (0..3_u8, 0..3_u8, prop::bool::weighted(0.8));
    let clock = prop_oneof![2 => Just(0), 1 => Just((1 << 32) - 30), 1 => Just((7 << 32) - 60)];
    let groups = ([1..4_u16, 1..3_u16], vec(0..GROUPS + 2, JOBS));
    let tasks = [task_plan(), task_plan(), task_plan()];
    (clock, 0..3_u8, pool(), pool(), vec(operation(), 60..180), groups, tasks).prop_map(
        |(clock, reserve, first, second, operations, (limits, group_of), tasks)| Plan {
            clock,
            reserve,
            pools: [first, second],
            limits,
            group_of,
            tasks,
            operations,
        },
    )
}

fn scene(plan: &Plan) -> Scene {
    let scene = Scene::new(
        plan.clock,
        plan.reserve,
        plan.pools,
        plan.limits,
        plan.tasks,
        |world, groups| {
            const NAMES: [&str; JOBS] = [
                "plain",
                "plain too",
                "told",
                "submits itself",
                "defers itself, told",
                "submitted by its completion",
                "cancels itself and another",
                "goes to the other pool",
                "opens a scope in its pool",
                "opens a scope in a pool, told",
            ];
            std::array::from_fn(|job| {
                let make = || match job {
                    2 | 4 | 5 | 6 | 9 => world.job_with_completion(NAMES[job]),
                    _ => world.job(NAMES[job]),
                };
                match groups.get(plan.group_of[job]) {
                    Some(group) => world.in_group(*group, make),
                    None => make(),
                }
            })
        },
    );
    write_scripts(scene);
    scene
}

/// Jobs that submit themselves come to an end by themselves, so that a case does.
fn write_scripts(scene: Scene) {
    let Scene { world, pools, jobs, .. } = scene;
    let mut runs = 0;
    world.when_run(jobs[3], move |_| {
        runs += 1;
        if runs % 3 != 0 {
            _ = world.submit(pools[0], jobs[3]);
        }
        3
    });
    let mut runs = 0;
    world.when_run(jobs[4], move |_| {
        runs += 1;
        if runs % 3 != 0 {
            _ = world.submit_after(pools[1], jobs[4], runs % 4);
        }
        4
    });
    let mut told = 0;
    world.when_told(jobs[5], move |outcome| {
        told += 1;
        if told % 3 != 0 {
            match outcome {
                Outcome::Done(_) => _ = world.submit(pools[1], jobs[5]),
                _ => _ = world.submit_after(pools[0], jobs[5], 2),
            }
        }
    });
    world.when_run(jobs[6], move |ctx| {
        _ = world.submit_after(pools[0], jobs[6], 3);
        world.cancel(jobs[6]);
        assert!(ctx.cancelled());
        world.cancel(jobs[4]);
        6
    });
    let mut runs = 0;
    world.when_run(jobs[7], move |ctx| {
        runs += 1;
        if runs % 4 != 0 {
            let other = if ctx.pool() == world.pool_ref(pools[0]) { 1 } else { 0 };
            _ = world.submit(pools[other], jobs[7]);
        }
        7
    });
    world.when_run(jobs[8], move |ctx| {
        let its = if ctx.pool() == world.pool_ref(pools[0]) { 0 } else { 1 };
        scene.act(Action::Scope(its, 2, Inside::Nothing));
        8
    });
    world.when_run(jobs[9], move |_| {
        scene.act(Action::Scope(0, 2, Inside::Nothing));
        9
    });
}

fn act(scene: Scene, action: Action) {
    EXECUTED.fetch_add(1, Ordering::Relaxed);
    scene.act(action);
}

fn operate(scene: Scene, operation: Operation) {
    let Scene { world, pools, jobs, .. } = scene;
    match operation {
        Operation::Plain(action) => act(scene, action),
        Operation::Interrupted(outer, inner) => {
            for (n, action) in inner {
                world.interrupt_at(n, move || act(scene, action));
            }
            act(scene, outer);
            world.forget_interrupts();
        }
        Operation::Preempted(outer, inner) => {
            for (n, action) in inner {
                world.preempt_at(n, move || act(scene, action));
            }
            act(scene, outer);
            world.forget_interrupts();
        }
        Operation::AbandonedSubmitAt(n, p, j, ticks) => {
            EXECUTED.fetch_add(1, Ordering::Relaxed);
            world.abandon_submit_at(n, pools[p], jobs[j], (world.now() + ticks).saturating_sub(5));
        }
        Operation::AbandonedSubmit(n, p, j) => {
            EXECUTED.fetch_add(1, Ordering::Relaxed);
            world.abandon_submit(n, pools[p], jobs[j]);
        }
        Operation::Burst(p, ticks) => {
            let deadline = world.now() + ticks;
            for job in jobs {
                EXECUTED.fetch_add(1, Ordering::Relaxed);
                _ = world.submit_at(pools[p], job, deadline);
            }
        }
        Operation::RunAll => {
            EXECUTED.fetch_add(1, Ordering::Relaxed);
            world.run();
        }
    }
}

thread_local! {
    /// Whom the thread of a case tells how it ended.
    static TELL: RefCell<Option<Sender<Result<(), String>>>> = const { RefCell::new(None) };
}

/// One case, on a thread of its own. A check that fails within a scope stops that thread for ever: a scope waits for its
/// closures where the stack is unwound, too, and they would not come to their end.
fn play(plan: Plan) -> Result<(), String> {
    let (tell, told) = channel();
    thread::spawn(move || {
        TELL.set(Some(tell.clone()));
        let scene = scene(&plan);
        for operation in plan.operations {
            operate(scene, operation);
        }
        scene.end();
        tell.send(Ok(())).expect("the test waits");
    });
    told.recv().expect("each case says how it ends")
}

/// Lets a check that fails say so to the test.
fn tell_failures() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        report(info);
        let Some(tell) = TELL.with_borrow(Clone::clone) else {
            return;
        };
        let stops = World::in_scope();
        STOPPED.fetch_or(stops, Ordering::SeqCst);
        _ = tell.send(Err(info.to_string()));
        if stops {
            loop {
                thread::park();
            }
        }
    }));
}

#[test]
fn random_operations_agree_with_the_model() {
    let least = env::var("TASKPOOL_OPERATIONS").map_or(OPERATIONS, |n| n.parse().expect("a number of operations"));
    tell_failures();
    let mut runner = TestRunner::new(Config {
        cases: least.div_ceil(OPERATIONS_OF_A_CASE) as u32,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/model.seeds"))),
        max_shrink_iters: 20_000,
        ..Config::default()
    });
    let result = runner.run(&plan(), |plan| play(plan).map_err(TestCaseError::fail));
    if let Err(error) = result {
        if STOPPED.load(Ordering::SeqCst) {
            // The harness takes the hook away at its end, and would wait for ever.
            writeln!(io::stderr(), "{error}\n{runner}").expect("there is somebody to tell");
            process::exit(101);
        }
        panic!("{error}\n{runner}");
    }
    let executed = EXECUTED.load(Ordering::Relaxed);
    println!("{executed} operations");
    assert!(
        executed >= least,
        "only {executed} operations: raise the number of cases"
    );
}
