//! Levels, and urgent jobs.

use taskpool_core::{Accepted, LevelError, Outcome, Shutdown, Status, SubmitError, LEVELS};
use taskpool_testkit::{Step, World, J, P, W};

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
    assert_eq!(world.step(W(1)), Step::Takes(urgent));
    while world.step(W(0)) != Step::Blocked {}
    assert_eq!(world.reserve(), 1);
    assert_eq!(world.snapshot(pool).queued, 2);
    world.run();
    assert_eq!(world.runs(), ["urgent", "first", "last"]);
}
