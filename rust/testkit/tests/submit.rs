//! Submitting and cancelling a job, wherever it is.

use taskpool_core::{Accepted, Cancel, DeferError, Status, SubmitError};
use taskpool_testkit::{Step, World, J, P, W};

/// Everywhere a job can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Idle,
    Queued,
    /// Due at 50.
    Deferred,
    Running,
    /// Submitted again, for now.
    RunningReady,
    /// Submitted again, for 50.
    RunningDeferred,
}

const EVERYWHERE: [At; 6] = [
    At::Idle,
    At::Queued,
    At::Deferred,
    At::Running,
    At::RunningReady,
    At::RunningDeferred,
];

const AGAIN: Status = Status::Running {
    cancelled: false,
    resubmitted: true,
};

/// A world with two pools of one worker each, and a job that the first pool has at `at`.
fn world(at: At) -> (World, P, P, J) {
    let world = World::new(0);
    let (pool, other) = (world.pool(1, 1), world.pool(1, 1));
    let job = world.job_with_completion("job");
    match at {
        At::Idle => {}
        At::Queued => assert_eq!(world.submit(pool, job), Ok(Accepted::New)),
        At::Deferred => assert_eq!(world.submit_at(pool, job, 50), Ok(Accepted::New)),
        At::Running | At::RunningReady | At::RunningDeferred => {
            world.submit(pool, job).unwrap();
            assert_eq!(world.step(W(0)), Step::Takes(job));
        }
    }
    match at {
        At::RunningReady => assert_eq!(world.submit(pool, job), Ok(Accepted::Again)),
        At::RunningDeferred => assert_eq!(world.submit_at(pool, job, 50), Ok(Accepted::Again)),
        _ => {}
    }
    (world, pool, other, job)
}

#[test]
fn submit_answers_what_the_table_says() {
    for at in EVERYWHERE {
        for elsewhere in [false, true] {
            let (world, pool, other, job) = world(at);
            let (answer, then) = match at {
                At::Idle => (Ok(Accepted::New), Status::Queued),
                At::Queued => (Err(SubmitError::AlreadyQueued), Status::Queued),
                At::Deferred => (Ok(Accepted::Moved), Status::Queued),
                At::Running => (Ok(Accepted::Again), AGAIN),
                At::RunningReady => (Err(SubmitError::AlreadyQueued), AGAIN),
                At::RunningDeferred => (Ok(Accepted::Moved), AGAIN),
            };
            let found = world.submit(if elsewhere { other } else { pool }, job);
            assert_eq!(
                (found, world.status(job)),
                (answer, then),
                "{at:?}, elsewhere: {elsewhere}"
            );
            world.run();
            let runs = if matches!(at, At::Idle | At::Queued | At::Deferred) {
                1
            } else {
                2
            };
            assert_eq!(
                world.runs_at(),
                vec![("job", 0); runs],
                "{at:?}: its deadline is dropped"
            );
            world.drain();
            assert_eq!(world.runs().len(), runs, "{at:?}");
        }
    }
}

#[test]
fn submit_at_answers_what_the_table_says() {
    for at in EVERYWHERE {
        for elsewhere in [false, true] {
            let (world, pool, other, job) = world(at);
            let deferred = Status::Deferred { deadline: 70 };
            let (answer, then, second_run) = match at {
                At::Idle => (Ok(Accepted::New), deferred, vec![("job", 70)]),
                At::Queued => (Err(DeferError::AlreadyQueued), Status::Queued, vec![("job", 0)]),
                At::Deferred => (Ok(Accepted::Moved), deferred, vec![("job", 70)]),
                At::Running => (Ok(Accepted::Again), AGAIN, vec![("job", 0), ("job", 70)]),
                At::RunningReady => (Err(DeferError::AlreadyQueued), AGAIN, vec![("job", 0), ("job", 0)]),
                At::RunningDeferred => (Ok(Accepted::Moved), AGAIN, vec![("job", 0), ("job", 70)]),
            };
            let found = world.submit_at(if elsewhere { other } else { pool }, job, 70);
            assert_eq!(
                (found, world.status(job)),
                (answer, then),
                "{at:?}, elsewhere: {elsewhere}"
            );
            world.drain();
            assert_eq!(world.runs_at(), second_run, "{at:?}, elsewhere: {elsewhere}");
        }
    }
}

#[test]
fn submit_after_answers_as_submit_at_and_without_a_delay_as_submit() {
    for at in EVERYWHERE {
        for delay in [0, 30] {
            let (world, pool, _, job) = world(at);
            let answer = match at {
                At::Idle => Ok(Accepted::New),
                At::Running => Ok(Accepted::Again),
                At::Deferred | At::RunningDeferred => Ok(Accepted::Moved),
                At::Queued | At::RunningReady => Err(DeferError::AlreadyQueued),
            };
            assert_eq!(world.submit_after(pool, job, delay), answer, "{at:?}");
            world.drain();
            let refused = answer.is_err();
            let last = if delay == 0 || refused { 0 } else { 31 };
            assert_eq!(world.runs_at().last(), Some(&("job", last)), "{at:?}");
        }
    }
}

#[test]
fn cancel_answers_what_the_table_says() {
    for at in EVERYWHERE {
        let (world, _, _, job) = world(at);
        let (answer, runs) = match at {
            At::Idle => (Cancel::Idle, 0),
            At::Queued | At::Deferred => (Cancel::Cancelled, 0),
            At::Running => (
                Cancel::Running {
                    resubmission_cancelled: false,
                },
                1,
            ),
            At::RunningReady | At::RunningDeferred => (
                Cancel::Running {
                    resubmission_cancelled: true,
                },
                1,
            ),
        };
        let then = match answer {
            Cancel::Running { .. } => Status::Running {
                cancelled: true,
                resubmitted: false,
            },
            _ => Status::Idle,
        };
        assert_eq!((world.cancel(job), world.status(job)), (answer, then), "{at:?}");
        world.drain();
        assert_eq!(world.runs().len(), runs, "{at:?}: what was cancelled never runs");
    }
}

#[test]
fn a_refused_submission_changes_nothing() {
    for at in [At::Queued, At::RunningReady] {
        let (world, pool, other, job) = world(at);
        let before = (world.status(job), world.snapshot(pool), world.snapshot(other));
        for to in [pool, other] {
            assert_eq!(world.submit(to, job), Err(SubmitError::AlreadyQueued));
            assert_eq!(world.submit_after(to, job, 5), Err(DeferError::AlreadyQueued));
            assert_eq!(world.submit_at(to, job, 5), Err(DeferError::AlreadyQueued));
            let after = (world.status(job), world.snapshot(pool), world.snapshot(other));
            assert_eq!(before, after, "{at:?}");
        }
    }
}

#[test]
fn jobs_run_in_the_order_of_their_submissions() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    for name in ["a", "b", "c", "d"] {
        world.submit(pool, world.job(name)).unwrap();
    }
    world.run();
    assert_eq!(world.runs(), ["a", "b", "c", "d"]);
}

#[test]
fn a_queued_job_keeps_its_place_when_submitted_again() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    let (a, b) = (world.job("a"), world.job("b"));
    world.submit(pool, a).unwrap();
    world.submit(pool, b).unwrap();
    assert_eq!(world.submit(pool, a), Err(SubmitError::AlreadyQueued));
    world.run();
    assert_eq!(world.runs(), ["a", "b"]);
}

#[test]
fn a_job_cancelled_anywhere_in_the_queue_leaves_the_others_in_order() {
    for victim in 0..4 {
        let world = World::new(0);
        let pool = world.pool(1, 1);
        let mut names = vec!["a", "b", "c", "d"];
        let jobs: Vec<J> = names.iter().map(|name| world.job(name)).collect();
        for job in &jobs {
            world.submit(pool, *job).unwrap();
        }
        assert_eq!(world.cancel(jobs[victim]), Cancel::Cancelled);
        let last = world.job("last");
        world.submit(pool, last).unwrap();
        world.run();
        names.remove(victim);
        names.push("last");
        assert_eq!(world.runs(), names);
    }
}

#[test]
fn a_running_job_that_is_submitted_often_runs_once_more() {
    let (world, pool, other, job) = world(At::Running);
    assert_eq!(world.submit(pool, job), Ok(Accepted::Again));
    for to in [pool, other, pool] {
        assert_eq!(world.submit(to, job), Err(SubmitError::AlreadyQueued));
    }
    world.drain();
    assert_eq!(world.runs(), ["job", "job"]);
}

#[test]
fn a_running_job_does_not_run_on_a_second_worker() {
    let world = World::new(0);
    let pool = world.pool(2, 2);
    let job = world.job("job");
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(1)), Step::Blocked);
    assert_eq!(world.step(W(0)), Step::Ran(job));
    assert_eq!(world.step(W(0)), Step::Takes(job));
    world.drain();
    assert_eq!(world.runs(), ["job", "job"]);
}

#[test]
fn a_job_that_submits_itself_goes_behind_those_that_wait() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    let (selfish, patient) = (world.job("selfish"), world.job("patient"));
    let mut runs = 0;
    world.when_run(selfish, move |_| {
        runs += 1;
        if runs < 3 {
            assert_eq!(world.submit(pool, selfish), Ok(Accepted::Again));
        }
        0
    });
    world.submit(pool, selfish).unwrap();
    world.submit(pool, patient).unwrap();
    world.run();
    assert_eq!(world.runs(), ["selfish", "patient", "selfish", "selfish"]);
}

#[test]
fn a_running_job_submitted_to_another_pool_runs_there_next() {
    let (world, _, other, job) = world(At::Running);
    world.submit(other, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Ran(job));
    assert_eq!(world.step(W(1)), Step::Blocked, "the job has not come yet");
    assert_eq!(world.step(W(0)), Step::Completes(job));
    assert_eq!(world.step(W(1)), Step::Takes(job), "the job woke it");
    world.drain();
}

#[test]
fn a_deferred_job_goes_to_the_pool_that_it_is_moved_to() {
    let (world, pool, other, job) = world(At::Deferred);
    assert_eq!(world.submit_at(other, job, 60), Ok(Accepted::Moved));
    assert_eq!((world.snapshot(pool).deferred, world.snapshot(other).deferred), (0, 1));
    assert_eq!(world.submit(pool, job), Ok(Accepted::Moved));
    assert_eq!((world.snapshot(pool).queued, world.snapshot(other).deferred), (1, 0));
    world.drain();
    assert_eq!(world.runs(), ["job"]);
}

#[test]
fn a_resubmission_goes_where_it_was_moved_last() {
    let (world, _, other, job) = world(At::RunningDeferred);
    assert_eq!(world.submit_at(other, job, 40), Ok(Accepted::Moved));
    world.run();
    assert_eq!(world.snapshot(other).deferred, 1);
    world.drain();
    assert_eq!(world.runs_at(), [("job", 0), ("job", 40)]);
}

#[test]
fn a_run_sees_its_cancellation_and_the_next_run_does_not() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    let job = world.job("job");
    let mut runs = 0;
    world.when_run(job, move |ctx| {
        runs += 1;
        assert!(!ctx.cancelled(), "nobody has cancelled run {runs}");
        if runs == 1 {
            world.cancel(job);
            assert!(ctx.cancelled());
            // After the cancellation: this one counts.
            world.submit(pool, job).unwrap();
            assert!(ctx.cancelled(), "a submission does not take it back");
        }
        0
    });
    world.submit(pool, job).unwrap();
    world.drain();
    assert_eq!(world.runs(), ["job", "job"]);
}

#[test]
fn a_cancelled_job_can_be_submitted_again() {
    for at in EVERYWHERE {
        let (world, pool, _, job) = world(at);
        world.cancel(job);
        let before = world.runs().len();
        let running = matches!(at, At::Running | At::RunningReady | At::RunningDeferred);
        let expected = if running { Accepted::Again } else { Accepted::New };
        assert_eq!(world.submit(pool, job), Ok(expected), "{at:?}");
        world.drain();
        assert_eq!(world.runs().len(), before + 1 + usize::from(running), "{at:?}");
    }
}

#[test]
fn what_is_submitted_before_the_start_waits_for_it() {
    let world = World::new(0);
    let pool = world.pool_before_start(1, 1);
    let (a, b, c, d) = (world.job("a"), world.job("b"), world.job("c"), world.job("d"));
    assert_eq!(world.submit(pool, a), Ok(Accepted::New));
    assert_eq!(world.submit_at(pool, b, 5), Ok(Accepted::New));
    assert_eq!(world.submit(pool, c), Ok(Accepted::New));
    assert_eq!(world.submit_at(pool, d, 20), Ok(Accepted::New));
    assert_eq!(world.cancel(c), Cancel::Cancelled);
    world.run();
    world.advance(10);
    world.run();
    assert_eq!(world.runs(), [""; 0]);
    world.start(pool);
    world.run();
    assert_eq!(world.runs_at(), [("a", 10), ("b", 10)]);
    world.drain();
    assert_eq!(world.runs_at().last(), Some(&("d", 20)));
}

#[test]
fn a_pool_is_started_once() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    let before = world.snapshot(pool);
    world.start(pool);
    assert_eq!(world.snapshot(pool), before);
}

#[test]
#[should_panic(expected = "a pool needs at least one worker of its own")]
fn a_pool_is_not_started_without_workers() {
    let world = World::new(0);
    world.start(world.pool_before_start(0, 1));
}

#[test]
#[should_panic(expected = "a pool needs at least one worker of its own")]
fn a_pool_is_not_started_with_more_workers_than_its_maximum() {
    let world = World::new(0);
    world.start(world.pool_before_start(2, 1));
}

#[test]
fn a_pool_that_nobody_laid_out_takes_no_submissions_and_nothing_changes() {
    for at in EVERYWHERE {
        let (world, pool, _, job) = world(at);
        let nowhere = world.no_pool();
        world.start(nowhere);
        let before = (world.status(job), world.snapshot(pool));
        assert_eq!(world.submit(nowhere, job), Err(SubmitError::NotRunning), "{at:?}");
        assert_eq!(
            world.submit_after(nowhere, job, 0),
            Err(DeferError::NotRunning),
            "{at:?}"
        );
        assert_eq!(
            world.submit_after(nowhere, job, 5),
            Err(DeferError::NotRunning),
            "{at:?}"
        );
        assert_eq!(world.submit_at(nowhere, job, 5), Err(DeferError::NotRunning), "{at:?}");
        assert_eq!((world.status(job), world.snapshot(pool)), before, "{at:?}");
        world.drain();
    }
}

#[test]
fn errors_say_what_to_do() {
    let queued = "the job is queued already: let it run, or cancel it before you submit it again";
    let not_running = "the pool is not running: define it with TASKPOOL_DEFINE, or restart it, before you submit to it";
    let out_of_range = "the deadline is past the range of the clock: defer by less than 2^62 ticks";
    assert_eq!(SubmitError::AlreadyQueued.to_string(), queued);
    assert_eq!(DeferError::AlreadyQueued.to_string(), queued);
    assert_eq!(SubmitError::NotRunning.to_string(), not_running);
    assert_eq!(DeferError::NotRunning.to_string(), not_running);
    assert_eq!(DeferError::OutOfRange.to_string(), out_of_range);
}
