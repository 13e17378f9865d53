//! The tree of deferred jobs, with many of them. [`World::check`] walks it after every operation; the model sorts.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use taskpool_testkit::{World, J};

const JOBS: usize = 300;

#[derive(Clone, Copy, Debug)]
enum Operation {
    /// Insert, or move: few deadlines, so many are equal.
    Defer(usize, u64),
    Cancel(usize),
    Expire(u64),
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => (0..JOBS, 1..40_u64).prop_map(|(job, delay)| Operation::Defer(job, delay)),
        3 => (0..JOBS).prop_map(Operation::Cancel),
        1 => (0..4_u64).prop_map(Operation::Expire),
    ]
}

proptest! {
    #![proptest_config(Config {
        cases: 8,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/timers.seeds"))),
        max_shrink_iters: 500,
        ..Config::default()
    })]

    #[test]
    fn many_deferred_jobs_come_due_in_order_whatever_is_moved_and_cancelled(
        operations in vec(operation(), 300..600)
    ) {
        let world = World::new(0);
        let pool = world.pool(1, 1);
        let jobs: Vec<J> = (0..JOBS).map(|_| world.job("job")).collect();
        // Most of them at first, so that the tree is deep.
        for (index, job) in jobs.iter().enumerate().skip(20) {
            world.submit_at(pool, *job, 1 + index as u64 * 7919 % 50).unwrap();
        }
        for operation in operations {
            match operation {
                Operation::Defer(job, delay) => _ = world.submit_after(pool, jobs[job], delay),
                Operation::Cancel(job) => _ = world.cancel(jobs[job]),
                Operation::Expire(ticks) => {
                    world.advance(ticks);
                    world.run();
                }
            }
        }
        world.drain();
    }
}

/// Shapes in which a tree that does not balance itself degenerates.
#[test]
fn ordered_insertions_and_removals_leave_a_balanced_tree() {
    let orders: [fn(usize) -> usize; 4] = [
        |index| index,
        |index| JOBS - 1 - index,
        |index| index * 7919 % JOBS,
        |index| if index % 2 == 0 { index } else { JOBS - index },
    ];
    for insert in orders {
        for remove in orders {
            let world = World::new(0);
            let pool = world.pool_before_start(1, 1);
            let jobs: Vec<J> = (0..JOBS / 4).map(|_| world.job("job")).collect();
            for index in 0..jobs.len() {
                world
                    .submit_at(pool, jobs[insert(index) % jobs.len()], 1 + (index / 2) as u64)
                    .unwrap();
            }
            for index in 0..jobs.len() / 2 {
                world.cancel(jobs[remove(index) % jobs.len()]);
            }
            world.start(pool);
            world.drain();
        }
    }
}
