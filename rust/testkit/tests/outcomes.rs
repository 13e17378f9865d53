//! Submissions that end otherwise than done: aborted ones, before their run and in it, and those whose time was up.

use taskpool_core::{Accepted, Cancel, Clock, DeferError, Outcome, Shutdown, Status, MAX_TICKS};
use taskpool_testkit::{Step, World, P, W};

/// A world with a pool of one worker.
fn world() -> (World, P) {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    (world, pool)
}

#[test]
fn what_has_not_run_is_aborted_and_never_runs() {
    let (world, pool) = world();
    let (queued, deferred) = (
        world.job_with_completion("queued"),
        world.job_with_completion("deferred"),
    );
    world.submit(pool, queued).unwrap();
    world.submit_after(pool, deferred, 3).unwrap();
    for job in [queued, deferred] {
        assert_eq!(world.abort(job), Cancel::Cancelled);
        assert_eq!(world.outcomes(job), [Outcome::Aborted], "told at once");
        assert_eq!(world.last_outcome(job), Some(Outcome::Aborted));
        assert_eq!(world.abort(job), Cancel::Idle);
    }
    world.drain();
    assert!(world.runs().is_empty());
    assert_eq!(world.stats(pool).aborted, 2);
}

#[test]
fn a_run_that_is_aborted_has_this_outcome_whatever_it_answers() {
    let (world, pool) = world();
    let job = world.job_with_completion("job");
    let mut runs = 0;
    world.when_run(job, move |ctx| {
        runs += 1;
        if runs == 1 {
            assert!(!ctx.cancelled());
            let found = Cancel::Running {
                resubmission_cancelled: false,
            };
            assert_eq!(world.abort(job), found);
            assert!(ctx.cancelled(), "the run can see it");
        }
        7
    });
    for outcome in [Outcome::Aborted, Outcome::Done(7)] {
        world.submit(pool, job).unwrap();
        world.drain();
        assert_eq!(world.last_outcome(job), Some(outcome));
    }
    assert_eq!(world.outcomes(job), [Outcome::Aborted, Outcome::Done(7)]);
    let stats = world.stats(pool);
    assert_eq!((stats.done, stats.aborted, stats.cancelled), (1, 1, 0));
}

#[test]
fn a_run_is_aborted_with_and_without_a_completion_or_a_waiter() {
    let (world, pool) = world();
    let job = world.job("plain");
    world.when_run(job, move |_| {
        world.abort(job);
        7
    });
    world.submit(pool, job).unwrap();
    assert_eq!(world.wait(job, None), Ok(Outcome::Aborted));
    world.submit(pool, job).unwrap();
    world.drain();
    assert_eq!(world.last_outcome(job), Some(Outcome::Aborted));
}

/// The next job is there, and nobody waits: the worker takes the short way.
#[test]
fn an_aborted_run_is_counted_with_another_job_behind_it() {
    let (world, pool) = world();
    let (job, next) = (world.job("aborted"), world.job("next"));
    world.when_run(job, move |_| {
        world.submit(pool, next).unwrap();
        world.abort(job);
        7
    });
    world.submit(pool, job).unwrap();
    world.drain();
    let stats = world.stats(pool);
    assert_eq!((stats.done, stats.aborted), (1, 1));
    assert_eq!(world.last_outcome(job), Some(Outcome::Aborted));
}

#[test]
fn cancelled_before_or_after_it_is_aborted_all_the_same() {
    let (world, pool) = world();
    let job = world.job_with_completion("job");
    let mut first = false;
    world.when_run(job, move |_| {
        first = !first;
        let answers = match first {
            true => [world.abort(job), world.cancel(job)],
            false => [world.cancel(job), world.abort(job)],
        };
        assert!(answers.iter().all(|answer| matches!(answer, Cancel::Running { .. })));
        7
    });
    for _ in 0..2 {
        world.submit(pool, job).unwrap();
        world.drain();
    }
    assert_eq!(world.outcomes(job), [Outcome::Aborted; 2]);
}

#[test]
fn a_resubmission_is_aborted_with_the_run_and_one_after_it_is_not() {
    let (world, pool) = world();
    let job = world.job_with_completion("job");
    let mut runs = 0;
    world.when_run(job, move |_| {
        runs += 1;
        if runs == 1 {
            assert_eq!(world.submit_after(pool, job, 2), Ok(Accepted::Again));
            let both = Cancel::Running {
                resubmission_cancelled: true,
            };
            assert_eq!(world.abort(job), both);
            assert_eq!(world.outcomes(job), [Outcome::Aborted], "the resubmission");
            assert_eq!(world.submit(pool, job), Ok(Accepted::Again));
        }
        runs
    });
    world.submit(pool, job).unwrap();
    world.drain();
    let expected = [Outcome::Aborted, Outcome::Aborted, Outcome::Done(2)];
    assert_eq!(world.outcomes(job), expected);
    assert_eq!(world.last_outcome(job), Some(Outcome::Done(2)));
}

#[test]
fn several_waiters_learn_that_it_was_aborted() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_after(pool, job, 100).unwrap();
    world.preempt_at(1, move || {
        world.preempt_at(1, move || _ = world.abort(job));
        assert_eq!(world.wait(job, None), Ok(Outcome::Aborted));
    });
    assert_eq!(world.wait(job, None), Ok(Outcome::Aborted));
}

#[test]
fn a_job_that_is_taken_in_time_runs_and_one_that_is_not_does_not() {
    for within in 0..4 {
        for late in 0..6 {
            let (world, pool) = world();
            let job = world.job_with_completion("job");
            assert_eq!(world.submit_within(pool, job, within), Ok(Accepted::New));
            assert_eq!(world.status(job), Status::Queued);
            world.advance(late);
            assert_eq!(world.outcomes(job), [], "nobody says so before it is its turn");
            world.drain();
            // Never early: the tick in which it was submitted had partly passed.
            let outcome = if late <= within {
                Outcome::Done(0)
            } else {
                Outcome::TimedOut
            };
            assert_eq!(world.outcomes(job), [outcome], "{within} {late}");
            assert_eq!(world.last_outcome(job), Some(outcome));
            assert_eq!(world.stats(pool).timed_out, u32::from(late > within));
        }
    }
}

#[test]
fn no_other_job_is_late_because_of_it() {
    let (world, pool) = world();
    let (limited, plain, due) = (world.job("limited"), world.job("plain"), world.job("due"));
    world.submit_within(pool, limited, 0).unwrap();
    world.submit(pool, plain).unwrap();
    world.submit_after(pool, due, 2).unwrap();
    world.advance(9);
    assert_eq!(world.step(W(0)), Step::Discards, "its time is up");
    assert_eq!(world.step(W(0)), Step::Looks, "told, if somebody was to be");
    assert_eq!(world.step(W(0)), Step::Takes(plain));
    world.drain();
    assert_eq!(world.runs(), ["plain", "due"]);
    // Who waits for it learns it, too.
    world.submit_within(pool, limited, 0).unwrap();
    world.advance(2);
    assert_eq!(world.wait(limited, None), Ok(Outcome::TimedOut));
}

/// Nothing else is ready, and the clock interrupt has moved as much as it may.
#[test]
fn behind_a_job_whose_time_was_up_a_due_one_moves_in() {
    let (world, pool) = world();
    let [a, b, limited, due] = ["a", "b", "limited", "due"].map(|name| world.job(name));
    for job in [a, b] {
        world.submit_at(pool, job, 1).unwrap();
    }
    world.submit_at(pool, due, 3).unwrap();
    world.advance(1);
    world.submit_within(pool, limited, 0).unwrap();
    for job in [a, b] {
        assert_eq!(world.cancel(job), Cancel::Cancelled);
    }
    world.advance(4);
    assert!(world.snapshot(pool).overdue);
    world.run();
    assert_eq!(world.last_outcome(limited), Some(Outcome::TimedOut));
    assert_eq!(world.runs(), ["due"]);
}

#[test]
fn a_limit_for_every_state_of_the_job() {
    let (world, pool) = world();
    let job = world.job_with_completion("job");
    world.submit_after(pool, job, 50).unwrap();
    assert_eq!(
        world.submit_within(pool, job, 1),
        Ok(Accepted::Moved),
        "deferred: for now"
    );
    assert_eq!(world.submit_within(pool, job, 9), Err(DeferError::AlreadyQueued));
    assert_eq!(
        world.submit_urgent(pool, job),
        Ok(taskpool_core::Accepted::Moved),
        "with its limit"
    );
    world.advance(3);
    world.drain();
    assert_eq!(world.outcomes(job), [Outcome::TimedOut]);

    // Running: for the run after this one, which begins at once, or later.
    for busy in [0, 5] {
        let (mut runs, other) = (0, world.job("other"));
        world.when_run(other, move |_| {
            world.advance(busy);
            0
        });
        world.when_run(job, move |_| {
            runs += 1;
            if runs == 1 {
                world.submit(pool, other).unwrap();
                assert_eq!(world.submit_after(pool, job, 4), Ok(Accepted::Again));
                assert_eq!(world.submit_within(pool, job, 2), Ok(Accepted::Moved));
                assert_eq!(world.submit_within(pool, job, 2), Err(DeferError::AlreadyQueued));
                assert_eq!(world.submit_after(pool, job, 2), Err(DeferError::AlreadyQueued));
            }
            runs
        });
        world.submit(pool, job).unwrap();
        world.drain();
        let last = if busy == 0 { Outcome::Done(2) } else { Outcome::TimedOut };
        assert_eq!(world.last_outcome(job), Some(last));
    }
}

#[test]
fn a_limit_out_of_range_is_refused() {
    let (world, pool) = world();
    let job = world.job("job");
    for ticks in [MAX_TICKS, MAX_TICKS + 1, u64::MAX] {
        assert_eq!(world.submit_within(pool, job, ticks), Err(DeferError::OutOfRange));
    }
    assert_eq!(world.submit_within(pool, job, MAX_TICKS - 1), Ok(Accepted::New));
    world.drain();
    assert_eq!(
        world.submit_within(world.no_pool(), job, 1),
        Err(DeferError::NotRunning)
    );
}

/// What is submitted for a limited time does not keep a pool from its start.
#[test]
fn the_time_is_up_in_a_pool_that_does_not_run() {
    let world = World::new(0);
    let pool = world.pool_before_start(1, 1);
    let (job, other) = (world.job_with_completion("job"), world.job_with_completion("other"));
    world.submit_within(pool, job, 1).unwrap();
    world.submit_within(pool, other, 9).unwrap();
    world.advance(3);
    world.start(pool);
    world.drain();
    assert_eq!(world.outcomes(job), [Outcome::TimedOut]);
    assert_eq!(world.outcomes(other), [Outcome::Done(0)]);
    // Held, its clock runs on; paused, it may stand.
    for (clock, outcome) in [(Clock::RunsOn, Outcome::TimedOut), (Clock::Frozen, Outcome::Done(0))] {
        world.submit_within(pool, job, 1).unwrap();
        world.pause(pool, clock).unwrap();
        world.submit_within(pool, other, 1).unwrap();
        world.advance(30);
        world.release(pool).unwrap();
        world.drain();
        assert_eq!(world.last_outcome(job), Some(outcome), "{clock:?}");
        assert_eq!(world.last_outcome(other), Some(outcome), "{clock:?}");
    }
}

#[test]
fn a_shutdown_runs_discards_or_finds_the_time_up() {
    for (how, late, outcome) in [
        (Shutdown::Drain, 0, Outcome::Done(0)),
        (Shutdown::Drain, 3, Outcome::TimedOut),
        (Shutdown::Discard, 3, Outcome::Discarded),
    ] {
        let (world, pool) = world();
        let job = world.job_with_completion("job");
        world.submit_within(pool, job, 1).unwrap();
        world.advance(late);
        world.shutdown(pool, how, None).unwrap();
        assert_eq!(world.outcomes(job), [outcome], "{how:?}");
    }
}

/// Whatever comes between: the job is aborted or runs, and is told once.
#[test]
fn an_abort_at_every_point_of_a_life() {
    for n in 1..40 {
        let (world, pool) = world();
        let job = world.job_with_completion("job");
        world.interrupt_at(n, move || _ = world.abort(job));
        world.submit(pool, job).unwrap();
        world.submit_after(pool, job, 2).ok();
        world.run();
        world.submit_within(pool, job, 1).unwrap();
        world.drain();
        let told = world.outcomes(job);
        let expected = |outcome: &Outcome| matches!(outcome, Outcome::Done(0) | Outcome::Aborted);
        assert!(told.len() == 2 && told.iter().all(expected), "{n}: {told:?}");
    }
}
