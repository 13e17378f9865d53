//! Random operations, interrupted at random, against the naive model: after each lock section every job is where the
//! model says, and after each operation everything else holds that [`World::check`] knows of.

use std::env;
use std::sync::atomic::{AtomicU64, Ordering};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use taskpool_core::{Outcome, Shutdown};
use taskpool_testkit::{Action, World, J, P};

/// The least that one run of this test is worth, in operations; `TASKPOOL_OPERATIONS` asks for another number.
const OPERATIONS: u64 = 100_000;
/// Cases have more than this, on average.
const OPERATIONS_OF_A_CASE: u64 = 100;

static EXECUTED: AtomicU64 = AtomicU64::new(0);

/// One pool: workers of its own, maximum above that, and whether it is started at once. Without workers of its own it is
/// made at run time, and its memory overwritten when it has been shut down.
type PoolPlan = (u8, u8, bool);

#[derive(Clone, Debug)]
struct Plan {
    /// The clock at the beginning: zero, or near a carry.
    clock: u64,
    reserve: u8,
    pools: [PoolPlan; 2],
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

const JOBS: usize = 8;

fn action() -> impl Strategy<Value = Action> {
    let (pool, job) = (0..2_usize, 0..JOBS);
    let how = prop_oneof![Just(Shutdown::Drain), Just(Shutdown::Discard)];
    prop_oneof![
        4 => (pool.clone(), job.clone()).prop_map(|(p, j)| Action::Submit(p, j)),
        1 => (pool.clone(), job.clone()).prop_map(|(p, j)| Action::SubmitUrgent(p, j)),
        1 => (job.clone(), 0..5_u8).prop_map(|(j, l)| Action::SetLevel(j, l)),
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
        2 => pool.prop_map(Action::Restart),
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
    (clock, 0..3_u8, pool(), pool(), vec(operation(), 60..180)).prop_map(
        |(clock, reserve, first, second, operations)| Plan {
            clock,
            reserve,
            pools: [first, second],
            operations,
        },
    )
}

/// A world with its pools and jobs; a handle, as interrupts take it along.
#[derive(Clone, Copy)]
struct Scene {
    world: World,
    pools: [P; 2],
    /// The maximum of those that are made at run time.
    runtime: [Option<u8>; 2],
    jobs: [J; JOBS],
}

impl Scene {
    fn new(plan: &Plan) -> Self {
        let runtime = plan.pools.map(|(min, more, _)| (min == 0).then_some(1 + more));
        // Such a pool needs a reserve.
        let world = World::new(plan.reserve.max(runtime.iter().any(Option::is_some).into()));
        world.advance(plan.clock);
        let pools = plan.pools.map(|(min, more, now)| match (min, now) {
            (0, true) => world.runtime_pool(1 + more),
            (0, false) => world.no_pool(),
            (_, true) => world.pool(min, min + more),
            (_, false) => world.pool_before_start(min, min + more),
        });
        let jobs = [
            world.job("plain"),
            world.job("plain too"),
            world.job_with_completion("told"),
            world.job("submits itself"),
            world.job_with_completion("defers itself, told"),
            world.job_with_completion("submitted by its completion"),
            world.job_with_completion("cancels itself and another"),
            world.job("goes to the other pool"),
        ];
        let scene = Scene {
            world,
            pools,
            runtime,
            jobs,
        };
        scene.write_scripts();
        scene
    }

    /// Jobs that submit themselves come to an end by themselves, so that a case does.
    fn write_scripts(self) {
        let Scene { world, pools, jobs, .. } = self;
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
    }

    fn act(self, action: Action) {
        EXECUTED.fetch_add(1, Ordering::Relaxed);
        let Scene {
            world,
            pools,
            runtime,
            jobs,
        } = self;
        match action {
            // The host starts pools from threads only, and so does C.
            Action::Start(p) if !world.in_interrupt() => self.start(p),
            Action::Start(_) => {}
            Action::Shutdown(p, how, ticks) => {
                let until = if ticks == 0 { 0 } else { world.now() + ticks };
                let over = world.shutdown(pools[p], how, Some(until));
                // Another thread may have made it anew.
                if over.is_ok() && runtime[p].is_some() && !world.snapshot(pools[p]).open {
                    world.overwrite(pools[p]);
                }
            }
            action => action.act(world, &pools, &jobs),
        }
    }

    fn start(self, pool: usize) {
        match self.runtime[pool] {
            Some(max) => _ = self.world.create(self.pools[pool], max),
            None => self.world.start(self.pools[pool]),
        }
    }

    fn operate(self, operation: Operation) {
        let Scene { world, pools, jobs, .. } = self;
        match operation {
            Operation::Plain(action) => self.act(action),
            Operation::Interrupted(outer, inner) => {
                for (n, action) in inner {
                    world.interrupt_at(n, move || self.act(action));
                }
                self.act(outer);
                world.forget_interrupts();
            }
            Operation::Preempted(outer, inner) => {
                for (n, action) in inner {
                    world.preempt_at(n, move || self.act(action));
                }
                self.act(outer);
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

    /// Whatever happened, everything that was accepted comes to its end.
    fn end(self) {
        let Scene { world, pools, .. } = self;
        for (number, pool) in pools.into_iter().enumerate() {
            self.start(number);
            _ = world.release(pool);
            if world.restart(pool).is_err() && !world.snapshot(pool).open {
                world
                    .shutdown(pool, Shutdown::Drain, None)
                    .expect("nothing is in its way");
                world.restart(pool).expect("it is shut down");
            }
            // Whoever defers next also sees to what an abandoned submitter left.
            let last = world.job("last");
            world.submit_after(pool, last, 20).expect("a new job is accepted");
        }
        world.drain();
    }
}

#[test]
fn random_operations_agree_with_the_model() {
    let least = env::var("TASKPOOL_OPERATIONS").map_or(OPERATIONS, |n| n.parse().expect("a number of operations"));
    let mut runner = TestRunner::new(Config {
        cases: least.div_ceil(OPERATIONS_OF_A_CASE) as u32,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/model.seeds"))),
        max_shrink_iters: 20_000,
        ..Config::default()
    });
    let result = runner.run(&plan(), |plan| {
        let scene = Scene::new(&plan);
        for operation in plan.operations {
            scene.operate(operation);
        }
        scene.end();
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}\n{runner}");
    }
    let executed = EXECUTED.load(Ordering::Relaxed);
    println!("{executed} operations");
    assert!(
        executed >= least,
        "only {executed} operations: raise the number of cases"
    );
}
