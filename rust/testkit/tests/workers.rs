//! Workers: a pool's own, and the reserve that pools share.

use taskpool_core::{Accepted, Cancel, Phase, Report};
use taskpool_testkit::{Call, Step, Virtual, World, J, P, W};

fn submit<const N: usize>(world: World, pool: P, names: [&'static str; N]) -> [J; N] {
    names.map(|name| {
        let job = world.job(name);
        assert_eq!(world.submit(pool, job), Ok(Accepted::New));
        job
    })
}

/// Steps a worker until it has taken a job, and leaves it there.
fn takes(world: World, worker: W) -> J {
    for _ in 0..5 {
        if let Step::Takes(job) = world.step(worker) {
            return job;
        }
    }
    panic!("{worker:?} takes no job");
}

/// Steps a worker that runs a job until that has ended.
fn ends(world: World, worker: W) {
    assert!(matches!(world.step(worker), Step::Ran(_)));
    world.step(worker);
}

#[test]
fn the_last_idle_worker_is_woken_first() {
    let world = World::new(0);
    let pool = world.pool(3, 3);
    submit(world, pool, ["x", "y", "z"]);
    for worker in 0..3 {
        takes(world, W(worker));
    }
    for worker in [1, 0, 2] {
        ends(world, W(worker));
    }
    Virtual::take_calls();
    submit(world, pool, ["a", "b", "c", "d"]);
    let woken = [2, 0, 1].map(|worker| Call::Wake(world.worker_ref(W(worker))));
    let expected: Vec<Call> = woken.into_iter().flat_map(|wake| [wake, Call::Reschedule]).collect();
    assert_eq!(Virtual::take_calls(), expected, "the fourth job finds nobody to wake");
    world.run();
    assert_eq!(world.runs().len(), 7);
}

#[test]
fn a_submission_to_busy_workers_wakes_nobody() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    submit(world, pool, ["a"]);
    takes(world, W(0));
    Virtual::take_calls();
    submit(world, pool, ["b"]);
    assert_eq!(Virtual::take_calls(), []);
    world.run();
    assert_eq!(world.runs(), ["a", "b"]);
}

#[test]
fn a_wake_that_comes_before_the_wait_is_not_lost() {
    let world = World::new(0);
    // The worker is on the idle list and has not reached its semaphore yet.
    let pool = world.pool(1, 1);
    let [a] = submit(world, pool, ["a"]);
    assert_eq!(world.step(W(0)), Step::Takes(a));
    world.drain();
}

#[test]
fn a_woken_worker_that_finds_nothing_waits_again() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    let [a] = submit(world, pool, ["a"]);
    assert_eq!(world.cancel(a), Cancel::Cancelled);
    world.run();
    submit(world, pool, ["b"]);
    world.run();
    assert_eq!(world.runs(), ["b"]);
}

#[test]
fn a_pool_whose_workers_are_busy_grows_to_its_maximum_and_not_past_it() {
    let world = World::new(4);
    let pool = world.pool(1, 3);
    let own = W(4);
    submit(world, pool, ["a"]);
    takes(world, own);
    submit(world, pool, ["b", "c", "d", "e"]);
    let found = world.snapshot(pool);
    assert_eq!((found.workers, found.max, found.queued), (3, 3, 4));
    assert_eq!(world.reserve(), 2);
    let busy = [W(3), W(2)];
    for worker in busy {
        takes(world, worker);
    }
    submit(world, pool, ["f"]);
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (3, 2));
    assert_eq!([W(0), W(1)].map(|worker| world.step(worker)), [Step::Blocked; 2]);
    world.drain();
    assert_eq!(world.runs().len(), 6);
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (1, 4));
}

#[test]
fn an_idle_worker_of_its_own_comes_before_one_of_the_reserve() {
    let world = World::new(1);
    let pool = world.pool(2, 3);
    world.run();
    submit(world, pool, ["a", "b"]);
    assert_eq!(world.reserve(), 1);
    submit(world, pool, ["c"]);
    assert_eq!(world.reserve(), 0);
    world.drain();
}

#[test]
fn a_worker_of_the_reserve_is_started_once_and_woken_afterwards() {
    let world = World::new(1);
    let pool = world.pool(1, 2);
    let (reserve, own) = (W(0), W(1));
    let lent = |first| Call::Lend(world.worker_ref(reserve), world.pool_ref(pool), first);
    for first in [true, false, false] {
        world.run();
        submit(world, pool, ["a"]);
        takes(world, own);
        Virtual::take_calls();
        submit(world, pool, ["b"]);
        let level = Call::Level(world.worker_ref(reserve), 0);
        assert_eq!(Virtual::take_calls(), [level, lent(first), Call::Reschedule]);
    }
    world.run();
    assert_eq!(world.runs().len(), 6);
}

#[test]
fn a_borrowed_worker_goes_back_when_nothing_is_ready_any_more() {
    let world = World::new(1);
    let pool = world.pool(1, 2);
    let (reserve, own) = (W(0), W(1));
    submit(world, pool, ["a", "b", "c"]);
    takes(world, own);
    takes(world, reserve);
    Virtual::take_calls();
    ends(world, reserve);
    assert_eq!(world.snapshot(pool).workers, 2, "it took the third job");
    ends(world, reserve);
    // In the moment in which it leaves, it is there for other pools.
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (1, 1));
    let number = u32::from(world.worker_ref(reserve).number());
    let report = Report::WorkerReturned(world.pool_ref(pool), number);
    assert_eq!(Virtual::take_calls(), [Call::Report(report)]);
    assert_eq!(number, 255);
    world.drain();
}

#[test]
fn a_borrowed_worker_reports_that_it_came() {
    let world = World::new(1);
    let pool = world.pool(1, 2);
    submit(world, pool, ["a"]);
    takes(world, W(1));
    submit(world, pool, ["b"]);
    Virtual::take_calls();
    takes(world, W(0));
    let report = Report::WorkerLent(world.pool_ref(pool), 255);
    let woken = Call::Park(world.worker_ref(W(0)));
    assert_eq!(Virtual::take_calls(), [woken, Call::Report(report)]);
    world.drain();
}

/// A reserve of one, which the first of four pools has; all own workers are busy. Workers: 0 is the reserve, 1 to 4 are
/// the pools' own.
fn crowded() -> (World, [P; 4]) {
    let world = World::new(1);
    let pools = [(); 4].map(|()| world.pool(1, 2));
    world.run();
    for (index, pool) in pools.into_iter().enumerate() {
        submit(world, pool, ["own"]);
        takes(world, W(index + 1));
    }
    submit(world, pools[0], ["first"]);
    takes(world, W(0));
    (world, pools)
}

#[test]
fn pools_that_find_no_worker_stand_in_line() {
    let (world, [_, a, b, c]) = crowded();
    submit(world, b, ["b"]);
    submit(world, a, ["a"]);
    submit(world, c, ["c"]);
    submit(world, b, ["b again"]);
    assert!([a, b, c].iter().all(|pool| world.snapshot(*pool).in_line));
    let reserve = W(0);
    while world.step(reserve) != Step::Blocked {}
    assert_eq!(world.runs(), ["first", "b", "b again", "a", "c"]);
    assert_eq!(world.reserve(), 1);
    world.drain();
}

#[test]
fn a_worker_that_goes_from_pool_to_pool_takes_the_priority_of_the_next() {
    let (world, [first, a, ..]) = crowded();
    submit(world, a, ["a"]);
    Virtual::take_calls();
    ends(world, W(0));
    // In the moment in which it leaves the one, it is there for the other.
    assert_eq!((world.snapshot(first).workers, world.snapshot(a).workers), (1, 2));
    takes(world, W(0));
    let (worker, number) = (world.worker_ref(W(0)), 255);
    let expected = [
        Call::Join(worker, world.pool_ref(a)),
        Call::Reschedule,
        Call::Report(Report::WorkerReturned(world.pool_ref(first), number)),
        Call::Report(Report::WorkerLent(world.pool_ref(a), number)),
    ];
    assert_eq!(Virtual::take_calls(), expected);
    world.drain();
}

#[test]
fn a_pool_in_line_that_needs_nobody_any_more_is_passed_over() {
    let (world, [_, a, b, c]) = crowded();
    let [cancelled] = submit(world, a, ["cancelled"]);
    submit(world, b, ["taken by its own"]);
    submit(world, c, ["c"]);
    world.cancel(cancelled);
    ends(world, W(3));
    ends(world, W(0));
    takes(world, W(0));
    assert_eq!(world.snapshot(c).workers, 2);
    assert!([a, b, c].iter().all(|pool| !world.snapshot(*pool).in_line));
    world.drain();
}

#[test]
fn a_pool_with_more_ready_than_one_worker_takes_stands_in_line_again() {
    let world = World::new(2);
    let (lender, pool) = (world.pool(1, 3), world.pool(1, 3));
    let (own, other) = (W(2), W(3));
    submit(world, lender, ["own", "x", "y"]);
    for worker in [own, W(0), W(1)] {
        takes(world, worker);
    }
    submit(world, pool, ["a", "b", "c", "d"]);
    takes(world, other);
    for worker in [W(0), W(1)] {
        ends(world, worker);
        takes(world, worker);
    }
    let found = world.snapshot(pool);
    assert_eq!((found.workers, found.queued), (3, 1));
    world.drain();
    assert!(
        !world.snapshot(pool).in_line,
        "the next free worker has cleared the line"
    );
}

#[test]
fn a_job_that_goes_to_another_pool_with_busy_workers_borrows_one_there() {
    let world = World::new(1);
    let (from, to) = (world.pool(1, 1), world.pool(1, 2));
    submit(world, to, ["busy"]);
    takes(world, W(2));
    let [job] = submit(world, from, ["job"]);
    takes(world, W(1));
    world.submit(to, job).unwrap();
    ends(world, W(1));
    assert_eq!(world.reserve(), 0);
    assert_eq!(takes(world, W(0)), job);
    world.drain();
}

#[test]
fn a_pool_calls_the_reserve_at_its_start_for_what_waits() {
    let world = World::new(3);
    let pool = world.pool_before_start(1, 3);
    submit(world, pool, ["a", "b", "c", "d"]);
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (0, 3));
    world.start(pool);
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (3, 1));
    world.run();
    assert_eq!(world.runs(), ["a", "b", "c", "d"]);
}

#[test]
fn a_worker_that_sends_a_job_to_another_pool_lets_a_more_urgent_worker_run() {
    let world = World::new(0);
    let (pool, other) = (world.pool(1, 1), world.pool(1, 1));
    let [job] = submit(world, pool, ["job"]);
    takes(world, W(0));
    world.submit(other, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Ran(job));
    Virtual::take_calls();
    world.step(W(0));
    let woken = Call::Wake(world.worker_ref(W(1)));
    assert_eq!(Virtual::take_calls(), [woken, Call::Reschedule]);
    world.drain();
}

#[test]
fn what_waits_for_the_start_gets_the_pools_own_workers_first() {
    let world = World::new(2);
    let pool = world.pool_before_start(2, 4);
    submit(world, pool, ["a", "b"]);
    world.start(pool);
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (2, 2));
    world.run();
    assert_eq!(world.runs(), ["a", "b"]);
}

#[test]
fn a_submission_right_after_the_start_finds_the_pools_own_workers() {
    let world = World::new(1);
    let pool = world.pool(2, 3);
    submit(world, pool, ["a", "b"]);
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (2, 1));
    world.run();
    assert_eq!(world.runs(), ["a", "b"]);
}

#[test]
fn a_pool_that_finds_nothing_ready_at_its_start_borrows_nobody() {
    let world = World::new(1);
    world.pool(1, 2);
    assert_eq!(world.reserve(), 1);
    assert_eq!(Virtual::take_calls().len(), 1, "it reports its start");
}

#[test]
fn a_due_job_finds_a_borrowed_worker_while_the_pools_own_is_busy() {
    let world = World::new(1);
    let pool = world.pool(1, 2);
    let job = world.job("job");
    world.submit_at(pool, job, 10).unwrap();
    submit(world, pool, ["long"]);
    takes(world, W(1));
    world.advance(10);
    assert_eq!(takes(world, W(0)), job);
    world.drain();
}

#[test]
fn what_a_batch_left_finds_the_reserve_although_the_batch_was_cancelled() {
    let world = World::new(1);
    let (lender, pool) = (world.pool(1, 2), world.pool(1, 2));
    let (reserve, of_lender, own) = (W(0), W(1), W(2));
    submit(world, lender, ["x", "y"]);
    submit(world, pool, ["long"]);
    for worker in [reserve, of_lender, own] {
        takes(world, worker);
    }
    let [a, b, c] = ["a", "b", "c"].map(|name| world.job(name));
    for job in [a, b, c] {
        world.submit_at(pool, job, 10).unwrap();
    }
    world.advance(10);
    assert_eq!((world.snapshot(pool).queued, world.snapshot(pool).in_line), (2, true));
    world.cancel(a);
    world.cancel(b);
    // The pool's own worker is busy for long; whoever cancels has to see to what is still due.
    assert_eq!(world.snapshot(pool).queued, 1);
    ends(world, reserve);
    assert_eq!(takes(world, reserve), c);
    world.drain();
}

#[test]
fn a_borrowed_worker_that_finds_the_batch_cancelled_sees_to_the_rest_before_it_leaves() {
    let world = World::new(1);
    let pool = world.pool(1, 2);
    let (reserve, own) = (W(0), W(1));
    world.run();
    submit(world, pool, ["long"]);
    takes(world, own);
    let [a, b, c] = ["a", "b", "c"].map(|name| world.job(name));
    for job in [a, b, c] {
        world.submit_at(pool, job, 10).unwrap();
    }
    world.advance(10);
    world.cancel(a);
    world.cancel(b);
    assert_eq!(
        takes(world, reserve),
        c,
        "in this tick: the timer would come in the next"
    );
    world.drain();
}

#[test]
fn a_worker_says_who_it_is() {
    let world = World::new(2);
    let pool = world.pool(2, 4);
    let seen = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    for name in ["a", "b", "c", "d"] {
        let (job, seen) = (world.job(name), seen.clone());
        world.when_run(job, move |ctx| {
            seen.borrow_mut().push(ctx.worker());
            0
        });
        world.submit(pool, job).unwrap();
    }
    // In turn, so that each takes one.
    for worker in [W(2), W(3), W(1), W(0)] {
        takes(world, worker);
    }
    world.drain();
    seen.borrow_mut().sort_unstable();
    assert_eq!(*seen.borrow(), [0, 1, 254, 255]);
}

#[test]
fn a_worker_begins_by_waiting() {
    assert_eq!(Phase::default(), Phase::Parked);
}
