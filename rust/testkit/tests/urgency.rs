//! Levels, and urgent jobs.

use taskpool_core::{Accepted, LevelError, Outcome, Shutdown, Status, SubmitError, LEVELS};
use taskpool_testkit::{Call, Step, Virtual, World, J, P, W};

fn world() -> (World, P) {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    (world, pool)
}

fn jobs<const N: usize>(world: World, names: [&'static str; N]) -> [J; N] {
    names.map(|name| world.job_with_completion(name))
}

#[test]
fn higher_levels_are_taken_first_and_each_is_first_in_first_out() {
    let (world, pool) = world();
    let low = jobs(world, ["a0", "b0"]);
    let high = ["a2", "b2"].map(|name| world.job_at_level(name, 2));
    let top = world.job_at_level("a3", LEVELS as u8 - 1);
    for job in [low[0], high[0], top, high[1], low[1]] {
        world.submit(pool, job).unwrap();
    }
    world.run();
    assert_eq!(world.runs(), ["a3", "a2", "b2", "a0", "b0"]);
}

#[test]
fn a_level_outlives_runs_deferral_and_cancelling() {
    let (world, pool) = world();
    let high = world.job_at_level("high", 1);
    let [low] = jobs(world, ["low"]);
    for _ in 0..2 {
        world.submit_at(pool, low, world.now() + 10).unwrap();
        world.submit_at(pool, high, world.now() + 10).unwrap();
        world.advance(10);
        world.run();
        world.submit(pool, high).unwrap();
        world.cancel(high);
    }
    assert_eq!(world.runs(), ["high", "low", "high", "low"]);
    // Of the resubmission of a running job, too.
    world.submit(pool, high).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(high));
    world.submit(pool, low).unwrap();
    world.submit(pool, high).unwrap();
    world.run();
    assert_eq!(world.runs()[4..], ["high", "high", "low"]);
}

#[test]
fn a_level_can_be_changed_at_any_time() {
    let (world, pool) = world();
    let [a, b, c] = jobs(world, ["a", "b", "c"]);
    for job in [a, b, c] {
        world.submit(pool, job).unwrap();
    }
    assert_eq!(world.set_level(c, LEVELS as u8), Err(LevelError));
    assert_eq!(world.set_level(c, 1), Ok(()));
    assert_eq!(world.set_level(a, 0), Ok(()), "it keeps its place");
    world.run();
    assert_eq!(world.runs(), ["c", "a", "b"]);
    for job in [a, b, c] {
        world.submit(pool, job).unwrap();
    }
    assert_eq!(world.set_level(c, 0), Ok(()));
    assert_eq!(world.set_level(a, 2), Ok(()));
    assert_eq!(world.set_level(a, 0), Ok(()), "behind the others");
    world.run();
    assert_eq!(world.runs()[3..], ["b", "c", "a"]);
}

#[test]
fn an_urgent_job_goes_before_all_others() {
    let (world, pool) = world();
    let top = world.job_at_level("top", LEVELS as u8 - 1);
    let [low, first, second] = jobs(world, ["low", "first", "second"]);
    world.submit(pool, low).unwrap();
    world.submit(pool, top).unwrap();
    assert_eq!(world.submit_urgent(pool, first), Ok(Accepted::New));
    assert_eq!(world.submit_urgent(pool, second), Ok(Accepted::New));
    assert_eq!(world.submit_urgent(pool, second), Err(SubmitError::AlreadyQueued));
    assert_eq!(world.submit(pool, second), Err(SubmitError::AlreadyQueued));
    world.run();
    assert_eq!(world.runs(), ["second", "first", "top", "low"]);
    // Only that submission was urgent.
    world.submit(pool, low).unwrap();
    world.submit(pool, second).unwrap();
    world.run();
    assert_eq!(world.runs()[4..], ["low", "second"]);
}

#[test]
fn urgency_in_each_state() {
    let (world, pool) = world();
    let other = world.pool(1, 1);
    world.run();
    let [running, queued, deferred, waits] = jobs(world, ["running", "queued", "deferred", "waits"]);
    world.submit(pool, running).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(running));
    for job in [waits, queued] {
        world.submit(pool, job).unwrap();
    }
    world.submit_at(pool, deferred, 100).unwrap();
    // Elsewhere it keeps its place.
    assert_eq!(world.submit_urgent(other, queued), Err(SubmitError::AlreadyQueued));
    assert_eq!(world.submit_urgent(pool, queued), Ok(Accepted::Moved));
    assert_eq!(world.submit_urgent(pool, deferred), Ok(Accepted::Moved));
    assert_eq!(world.submit_urgent(pool, running), Ok(Accepted::Again));
    assert_eq!(world.submit_urgent(pool, running), Err(SubmitError::AlreadyQueued));
    assert_eq!(world.submit(pool, running), Err(SubmitError::AlreadyQueued));
    world.run();
    assert_eq!(world.runs(), ["running", "running", "deferred", "queued", "waits"]);
    // A resubmission that was not urgent becomes so; a deferred one is moved.
    for deadline in [None, Some(200)] {
        let before = world.runs().len();
        world.submit(pool, running).unwrap();
        assert_eq!(world.step(W(0)), Step::Takes(running));
        world.submit(pool, waits).unwrap();
        match deadline {
            None => drop(world.submit(pool, running)),
            Some(deadline) => drop(world.submit_at(pool, running, deadline)),
        }
        assert_eq!(world.submit_urgent(pool, running), Ok(Accepted::Moved));
        world.run();
        assert_eq!(world.runs()[before..], ["running", "running", "waits"]);
    }
    // Cancelling forgets it.
    world.submit(pool, waits).unwrap();
    world.submit_urgent(pool, queued).unwrap();
    world.cancel(queued);
    world.submit(pool, queued).unwrap();
    world.run();
    let runs = world.runs();
    assert_eq!(runs[runs.len() - 2..], ["waits", "queued"]);
}

#[test]
fn an_urgent_job_keeps_its_place_when_its_level_changes() {
    let (world, pool) = world();
    let top = world.job_at_level("top", LEVELS as u8 - 1);
    let [urgent] = jobs(world, ["urgent"]);
    world.submit(pool, top).unwrap();
    world.submit_urgent(pool, urgent).unwrap();
    world.set_level(urgent, 1).unwrap();
    world.run();
    assert_eq!(world.runs(), ["urgent", "top"]);
}

#[test]
fn a_closed_pool_takes_no_urgent_job() {
    let (world, pool) = world();
    let [job] = jobs(world, ["job"]);
    assert_eq!(world.submit_urgent(world.no_pool(), job), Err(SubmitError::NotRunning));
    world.shutdown(pool, Shutdown::Drain, None).unwrap();
    assert_eq!(world.submit_urgent(pool, job), Err(SubmitError::NotRunning));
    assert_eq!(world.status(job), Status::Idle);
    world.restart(pool).unwrap();
    world.submit_urgent(pool, job).unwrap();
    world.drain();
    assert_eq!(world.outcomes(job), [Outcome::Done(0)]);
}

#[test]
fn an_urgent_job_borrows_a_worker_beyond_the_maximum() {
    let world = World::new(2);
    let pool = world.pool(1, 1);
    world.run();
    let [busy, waits, urgent, too] = jobs(world, ["busy", "waits", "urgent", "urgent too"]);
    world.submit(pool, busy).unwrap();
    assert_eq!(world.step(W(2)), Step::Takes(busy));
    world.submit(pool, waits).unwrap();
    assert_eq!(world.reserve(), 2, "it is no urgent one");
    world.submit_urgent(pool, urgent).unwrap();
    world.submit_urgent(pool, too).unwrap();
    assert_eq!(world.reserve(), 0);
    assert_eq!(world.snapshot(pool).workers, 3);
    for _ in 0..8 {
        world.step(W(0));
        world.step(W(1));
    }
    // They take nothing else, and go.
    assert_eq!(world.runs(), ["urgent too", "urgent"]);
    assert_eq!((world.reserve(), world.snapshot(pool).workers), (2, 1));
    world.run();
    assert_eq!(world.runs(), ["urgent too", "urgent", "busy", "waits"]);
}

#[test]
fn an_urgent_job_without_a_reserve_waits_for_the_next_worker() {
    let (world, pool) = world();
    let [busy, waits, urgent] = jobs(world, ["busy", "waits", "urgent"]);
    world.submit(pool, busy).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(busy));
    world.submit(pool, waits).unwrap();
    world.submit_urgent(pool, urgent).unwrap();
    assert!(!world.snapshot(pool).in_line, "it is at its maximum");
    world.run();
    assert_eq!(world.runs(), ["busy", "urgent", "waits"]);
}

/// The worker that was called for the urgent job comes after another one took it: it leaves, and nothing is lost.
#[test]
fn a_worker_that_comes_too_late_leaves() {
    let world = World::new(1);
    let pool = world.pool(1, 1);
    world.run();
    let [first, urgent, last] = jobs(world, ["first", "urgent", "last"]);
    world.submit(pool, first).unwrap();
    world.submit_urgent(pool, urgent).unwrap();
    world.submit(pool, last).unwrap();
    assert_eq!(world.snapshot(pool).workers, 2);
    // Its priority first.
    assert_eq!(world.step(W(1)), Step::Looks);
    assert_eq!(world.step(W(1)), Step::Takes(urgent));
    while world.step(W(0)) != Step::Blocked {}
    assert_eq!(world.reserve(), 1);
    assert_eq!(world.snapshot(pool).queued, 2);
    world.run();
    assert_eq!(world.runs(), ["urgent", "first", "last"]);
}

/// What the port was asked since the last call of this function, without reports.
fn calls() -> Vec<Call> {
    let mut calls = Virtual::take_calls();
    calls.retain(|call| !matches!(call, Call::Report(_)));
    calls
}

/// A world without a reserve, and a pool with so many workers, all idle.
fn pool_of(workers: u8) -> (World, P) {
    let world = World::new(0);
    let pool = world.pool(workers, workers);
    world.run();
    calls();
    (world, pool)
}

#[test]
fn a_submitter_gives_the_worker_that_it_wakes_the_priority_of_the_job() {
    let (world, pool) = pool_of(1);
    let worker = world.worker_ref(W(0));
    let low = world.job("low");
    let high = ["high", "high too"].map(|name| world.job_at_level(name, 2));
    world.submit(pool, high[0]).unwrap();
    assert_eq!(calls(), [Call::Level(worker, 2), Call::Wake(worker), Call::Reschedule]);
    assert_eq!(world.step(W(0)), Step::Takes(high[0]));
    world.run();
    // It stays so until somebody wakes it for something else.
    assert_eq!(calls(), [Call::Park(worker)]);
    assert_eq!(world.level(W(0)), 2);
    world.submit(pool, high[1]).unwrap();
    assert_eq!(calls(), [Call::Wake(worker), Call::Reschedule]);
    world.run();
    calls();
    world.submit(pool, low).unwrap();
    assert_eq!(calls(), [Call::Level(worker, 0), Call::Wake(worker), Call::Reschedule]);
    assert_eq!(world.step(W(0)), Step::Takes(low));
    world.run();
}

#[test]
fn an_urgent_job_has_the_priority_of_the_highest_level() {
    let (world, pool) = pool_of(1);
    let [job] = jobs(world, ["job"]);
    world.submit_urgent(pool, job).unwrap();
    assert_eq!(world.level(W(0)), LEVELS as u8 - 1);
    world.when_run(job, move |_| world.level(W(0)).into());
    world.run();
    assert_eq!(world.outcomes(job), [Outcome::Done(LEVELS as i32 - 1)]);
    // Only that submission was urgent.
    world.submit(pool, job).unwrap();
    world.run();
    assert_eq!(world.outcomes(job)[1], Outcome::Done(0));
}

#[test]
fn a_worker_takes_the_priority_of_its_next_job_before_the_job() {
    let (world, pool) = pool_of(1);
    let worker = world.worker_ref(W(0));
    let low = ["low", "low too"].map(|name| world.job(name));
    let high = ["high", "high too"].map(|name| world.job_at_level(name, 3));
    for job in [low[0], low[1], high[0], high[1]] {
        world.submit(pool, job).unwrap();
    }
    while world.step(W(0)) != Step::Ran(high[1]) {}
    calls();
    // Down: it switches, so whoever is more urgent now runs before the next job is taken.
    assert_eq!(world.step(W(0)), Step::Looks);
    assert_eq!(calls(), [Call::Level(worker, 0), Call::Reschedule]);
    assert_eq!(world.snapshot(pool).queued, 2);
    assert_eq!(world.step(W(0)), Step::Takes(low[0]));
    // Up.
    world.submit(pool, high[0]).unwrap();
    assert_eq!(world.step(W(0)), Step::Ran(low[0]));
    assert_eq!(calls(), [], "one that runs a job keeps its priority");
    assert_eq!(world.step(W(0)), Step::Looks);
    assert_eq!(calls(), [Call::Level(worker, 3), Call::Reschedule]);
    assert_eq!(world.step(W(0)), Step::Takes(high[0]));
    world.run();
    assert_eq!(world.runs(), ["high", "high too", "low", "high", "low too"]);
}

#[test]
fn the_worker_on_its_way_that_is_least_urgent_makes_haste() {
    let (world, pool) = pool_of(2);
    let [first, second] = [W(0), W(1)].map(|worker| world.worker_ref(worker));
    let levels = [0, 1, 3, 2, 0].map(|level| world.job_at_level("job", level));
    for job in &levels[..2] {
        world.submit(pool, *job).unwrap();
    }
    assert_eq!([W(0), W(1)].map(|worker| world.level(worker)), [0, 1]);
    calls();
    // Nobody is idle: it needs no wake.
    world.submit(pool, levels[2]).unwrap();
    assert_eq!(calls(), [Call::Level(first, 3), Call::Reschedule]);
    world.submit(pool, levels[3]).unwrap();
    assert_eq!(calls(), [Call::Level(second, 2), Call::Reschedule]);
    world.submit(pool, levels[4]).unwrap();
    assert_eq!(calls(), []);
    assert_eq!(world.step(W(0)), Step::Takes(levels[2]));
    assert_eq!(world.step(W(1)), Step::Takes(levels[3]));
    world.run();
    // Whoever was called first.
    for job in [levels[1], levels[0]] {
        world.submit(pool, job).unwrap();
    }
    let least = [W(0), W(1)].into_iter().find(|worker| world.level(*worker) == 0);
    let least = world.worker_ref(least.unwrap());
    calls();
    world.submit(pool, levels[2]).unwrap();
    assert_eq!(calls(), [Call::Level(least, 3), Call::Reschedule]);
    world.run();
}

#[test]
fn a_job_whose_level_rises_makes_a_worker_haste() {
    let (world, pool) = pool_of(1);
    let worker = world.worker_ref(W(0));
    let job = world.job("job");
    world.submit(pool, job).unwrap();
    calls();
    world.set_level(job, 2).unwrap();
    assert_eq!(calls(), [Call::Level(worker, 2), Call::Reschedule]);
    world.set_level(job, 1).unwrap();
    assert_eq!(calls(), [], "it sees that by itself");
    assert_eq!(world.step(W(0)), Step::Looks);
    assert_eq!(calls(), [Call::Park(worker), Call::Level(worker, 1), Call::Reschedule]);
    assert_eq!(world.step(W(0)), Step::Takes(job));
    // The present run keeps its own.
    world.set_level(job, 3).unwrap();
    world.submit(pool, job).unwrap();
    assert_eq!(world.level(W(0)), 1);
    world.run();
    assert_eq!(world.level(W(0)), 3);
}

/// A worker that is between two priorities has no job yet, so it can still take a more urgent one.
#[test]
fn a_worker_between_two_priorities_makes_haste() {
    let (world, pool) = pool_of(1);
    let worker = world.worker_ref(W(0));
    let low = world.job("low");
    let high = ["high", "high too"].map(|name| world.job_at_level(name, 3));
    world.submit(pool, high[0]).unwrap();
    world.submit(pool, low).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(high[0]));
    assert_eq!(world.step(W(0)), Step::Ran(high[0]));
    assert_eq!(world.step(W(0)), Step::Looks);
    calls();
    world.submit(pool, high[1]).unwrap();
    assert_eq!(calls(), [Call::Level(worker, 3), Call::Reschedule]);
    assert_eq!(world.step(W(0)), Step::Takes(high[1]));
    world.run();
}

/// Another worker than the one that was woken for it takes the urgent job.
#[test]
fn workers_that_find_other_jobs_correct_themselves() {
    let (world, pool) = pool_of(2);
    let low = world.job("low");
    let high = world.job_at_level("high", 2);
    world.submit(pool, low).unwrap();
    world.submit(pool, high).unwrap();
    assert_eq!([W(0), W(1)].map(|worker| world.level(worker)), [0, 2]);
    assert_eq!(world.step(W(0)), Step::Looks);
    assert_eq!(world.step(W(0)), Step::Takes(high));
    assert_eq!(world.step(W(1)), Step::Looks);
    assert_eq!(world.step(W(1)), Step::Takes(low));
    assert_eq!([W(0), W(1)].map(|worker| world.level(worker)), [2, 0]);
    world.run();
    // And one that finds none at all, before it is woken for the next.
    world.submit(pool, low).unwrap();
    world.submit(pool, high).unwrap();
    world.cancel(high);
    world.run();
    world.submit(pool, low).unwrap();
    world.submit(pool, world.job("low too")).unwrap();
    assert_eq!([W(0), W(1)].map(|worker| world.level(worker)), [0, 0]);
    world.run();
}

#[test]
fn a_worker_is_lent_with_the_priority_of_the_job() {
    let world = World::new(1);
    let pool = world.pool(1, 2);
    world.run();
    let [lent, own] = [W(0), W(1)].map(|worker| world.worker_ref(worker));
    let high = ["high", "high too"].map(|name| world.job_at_level(name, 2));
    let low = world.job("low");
    world.submit(pool, high[0]).unwrap();
    calls();
    // The other one is on its way to the high one.
    world.submit(pool, low).unwrap();
    let pool_ref = world.pool_ref(pool);
    assert_eq!(
        calls(),
        [Call::Level(lent, 0), Call::Lend(lent, pool_ref, true), Call::Reschedule]
    );
    // The pool may not have one more: who comes for the low job makes haste.
    world.submit(pool, high[1]).unwrap();
    assert_eq!(calls(), [Call::Level(lent, 2), Call::Reschedule]);
    assert_eq!(world.step(W(0)), Step::Takes(high[0]));
    assert_eq!(world.step(W(1)), Step::Takes(high[1]));
    assert_eq!(world.level(W(1)), 2);
    assert_eq!(world.step(W(1)), Step::Ran(high[1]));
    calls();
    assert_eq!(world.step(W(1)), Step::Looks);
    assert_eq!(calls(), [Call::Level(own, 0), Call::Reschedule]);
    world.run();
    calls();
    // With everybody busy, an urgent one borrows beyond the maximum.
    let one = world.pool(1, 1);
    let [busy, urgent] = jobs(world, ["busy", "urgent"]);
    world.submit(one, busy).unwrap();
    assert_eq!(world.step(W(2)), Step::Takes(busy));
    calls();
    world.submit_urgent(one, urgent).unwrap();
    let level = Call::Level(lent, LEVELS as u8 - 1);
    assert_eq!(
        calls(),
        [level, Call::Lend(lent, world.pool_ref(one), false), Call::Reschedule]
    );
    assert_eq!(world.step(W(0)), Step::Takes(urgent));
    world.run();
}

/// A pool that finds the reserve empty hurries on whoever comes anyway.
#[test]
fn an_empty_reserve_makes_a_worker_haste() {
    let world = World::new(0);
    let pool = world.pool(1, 2);
    world.run();
    let worker = world.worker_ref(W(0));
    let low = world.job("low");
    let high = world.job_at_level("high", 1);
    world.submit(pool, low).unwrap();
    calls();
    world.submit(pool, high).unwrap();
    assert!(world.snapshot(pool).in_line);
    assert_eq!(calls(), [Call::Level(worker, 1), Call::Reschedule]);
    assert_eq!(world.step(W(0)), Step::Takes(high));
    world.run();
}

#[test]
fn a_worker_joins_another_pool_with_the_priority_of_its_job() {
    let world = World::new(1);
    let pools = [world.pool(1, 2), world.pool(1, 2)];
    world.run();
    let lent = world.worker_ref(W(0));
    let [busy, brief, other] = jobs(world, ["busy", "brief", "other"]);
    world.submit(pools[0], busy).unwrap();
    assert_eq!(world.step(W(1)), Step::Takes(busy));
    world.submit(pools[0], brief).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(brief));
    world.submit(pools[1], other).unwrap();
    assert_eq!(world.step(W(2)), Step::Takes(other));
    let high = ["high", "high too"].map(|name| world.job_at_level(name, 2));
    world.submit(pools[1], high[0]).unwrap();
    calls();
    while !calls().contains(&Call::Join(lent, world.pool_ref(pools[1]))) {
        assert_ne!(world.step(W(0)), Step::Blocked);
    }
    assert_eq!(world.level(W(0)), 2);
    world.submit(pools[1], high[1]).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(high[0]));
    world.run();
}

/// A worker that tells of the end of its job has no job any more.
#[test]
fn a_worker_that_completes_makes_haste() {
    let (world, pool) = pool_of(1);
    let worker = world.worker_ref(W(0));
    let [low] = jobs(world, ["low"]);
    let high = ["high", "high too"].map(|name| world.job_at_level(name, 2));
    world.when_told(low, move |_| {
        assert_eq!(world.level(W(0)), 0);
        world.submit(pool, high[0]).unwrap();
        assert_eq!(world.level(W(0)), 2);
    });
    world.submit(pool, low).unwrap();
    world.run();
    assert_eq!(world.runs(), ["low", "high"]);
    // One that waits already, too.
    world.when_told(low, move |_| assert_eq!(world.level(W(0)), 2));
    world.submit(pool, low).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(low));
    world.submit(pool, high[1]).unwrap();
    assert_eq!(world.step(W(0)), Step::Ran(low));
    calls();
    assert_eq!(world.step(W(0)), Step::Completes(low));
    assert_eq!(calls()[0], Call::Level(worker, 2));
    world.run();
    assert_eq!(world.outcomes(low).len(), 2);
}
