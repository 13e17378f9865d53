//! Outcomes: every accepted submission has exactly one, and it is told once.
//!
//! [`World::check`] counts that after every operation; here is what is told when.

use taskpool_core::{Accepted, Cancel, Outcome, Status};
use taskpool_testkit::{Step, World, J, P, W};

fn world() -> (World, P, J) {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    (world, pool, world.job_with_completion("job"))
}

#[test]
fn a_run_is_told_with_its_code() {
    let (world, pool, job) = world();
    let mut code = 6;
    world.when_run(job, move |_| {
        code += 1;
        code
    });
    for _ in 0..2 {
        world.submit(pool, job).unwrap();
        world.run();
    }
    assert_eq!(world.outcomes(job), [Outcome::Done(7), Outcome::Done(8)]);
}

#[test]
fn a_queued_job_is_told_that_it_was_cancelled() {
    let (world, pool, job) = world();
    world.submit(pool, job).unwrap();
    assert_eq!(world.cancel(job), Cancel::Cancelled);
    assert_eq!(world.outcomes(job), [Outcome::Cancelled]);
    assert_eq!(world.cancel(job), Cancel::Idle);
    world.drain();
    assert_eq!(world.outcomes(job), [Outcome::Cancelled], "once");
}

#[test]
fn a_deferred_job_is_told_that_it_was_cancelled() {
    let (world, pool, job) = world();
    world.submit_at(pool, job, 10).unwrap();
    assert_eq!(world.cancel(job), Cancel::Cancelled);
    world.drain();
    assert_eq!(world.outcomes(job), [Outcome::Cancelled]);
}

#[test]
fn a_moved_submission_has_one_outcome() {
    let (world, pool, job) = world();
    world.submit_at(pool, job, 10).unwrap();
    assert_eq!(world.submit_at(pool, job, 20), Ok(Accepted::Moved));
    assert_eq!(world.submit(pool, job), Ok(Accepted::Moved));
    world.drain();
    assert_eq!(world.outcomes(job), [Outcome::Done(0)]);
}

#[test]
fn a_cancelled_run_is_told_how_it_ended() {
    let (world, pool, job) = world();
    world.when_run(job, |ctx| if ctx.cancelled() { -1 } else { 1 });
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    world.cancel(job);
    assert_eq!(world.outcomes(job), []);
    world.drain();
    assert_eq!(world.outcomes(job), [Outcome::Done(-1)]);
}

#[test]
fn a_resubmission_cancelled_during_the_run_is_told_before_the_run() {
    for deadline in [None, Some(50)] {
        let (world, pool, job) = world();
        world.submit(pool, job).unwrap();
        world.step(W(0));
        let again = match deadline {
            None => world.submit(pool, job).ok(),
            Some(deadline) => world.submit_at(pool, job, deadline).ok(),
        };
        assert_eq!(again, Some(Accepted::Again));
        world.cancel(job);
        assert_eq!(world.outcomes(job), [Outcome::Cancelled]);
        world.cancel(job);
        assert_eq!(
            world.outcomes(job),
            [Outcome::Cancelled],
            "there was nothing more to cancel"
        );
        world.drain();
        assert_eq!(world.outcomes(job), [Outcome::Cancelled, Outcome::Done(0)]);
    }
}

#[test]
fn a_run_and_its_resubmission_have_an_outcome_each() {
    let (world, pool, job) = world();
    let mut code = 0;
    world.when_run(job, move |_| {
        code += 1;
        code
    });
    world.submit(pool, job).unwrap();
    world.step(W(0));
    world.submit_at(pool, job, 30).unwrap();
    world.drain();
    assert_eq!(world.outcomes(job), [Outcome::Done(1), Outcome::Done(2)]);
}

#[test]
fn a_job_is_idle_when_its_completion_is_told() {
    let (world, pool, job) = world();
    world.when_told(job, move |_| assert_eq!(world.status(job), Status::Idle));
    world.submit(pool, job).unwrap();
    world.run();
    world.submit_at(pool, job, 10).unwrap();
    world.cancel(job);
    assert_eq!(world.outcomes(job), [Outcome::Done(0), Outcome::Cancelled]);
}

#[test]
fn a_completion_may_submit_its_job_again() {
    let (world, pool, job) = world();
    let mut told = 0;
    world.when_told(job, move |outcome| {
        assert_eq!(outcome, Outcome::Done(0));
        told += 1;
        if told < 3 {
            assert_eq!(world.submit(pool, job), Ok(Accepted::New));
        }
    });
    world.submit(pool, job).unwrap();
    world.run();
    assert_eq!(world.outcomes(job), [Outcome::Done(0); 3]);
}

#[test]
fn a_completion_may_submit_its_job_again_after_a_cancellation() {
    let (world, pool, job) = world();
    world.when_told(job, move |outcome| {
        if outcome == Outcome::Cancelled {
            assert_eq!(world.submit(pool, job), Ok(Accepted::New));
        }
    });
    world.submit_at(pool, job, 10).unwrap();
    assert_eq!(world.cancel(job), Cancel::Cancelled);
    assert_eq!(world.status(job), Status::Queued);
    world.run();
    assert_eq!(world.outcomes(job), [Outcome::Cancelled, Outcome::Done(0)]);
}

#[test]
fn a_completion_that_defers_its_job_makes_it_periodic() {
    let (world, pool, job) = world();
    world.when_told(job, move |_| {
        if world.now() < 40 {
            assert_eq!(world.submit_at(pool, job, world.now() + 10), Ok(Accepted::New));
        }
    });
    world.submit(pool, job).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), [0, 10, 20, 30, 40].map(|at| ("job", at)));
}

#[test]
fn a_job_may_run_on_another_worker_while_its_last_end_is_told() {
    let world = World::new(0);
    let pool = world.pool(2, 2);
    let job = world.job_with_completion("job");
    let mut first = true;
    world.when_told(job, move |_| {
        if std::mem::take(&mut first) {
            world.submit(pool, job).unwrap();
            // The other worker runs it to its end, and tells, before this one is told to the end.
            for expected in [Step::Takes(job), Step::Ran(job), Step::Completes(job), Step::Looks] {
                assert_eq!(world.step(W(1)), expected);
            }
        }
    });
    world.submit(pool, job).unwrap();
    for expected in [Step::Takes(job), Step::Ran(job), Step::Completes(job), Step::Looks] {
        assert_eq!(world.step(W(0)), expected);
    }
    assert_eq!(world.outcomes(job), [Outcome::Done(0), Outcome::Done(0)]);
    world.drain();
}

#[test]
fn a_job_with_a_completion_that_was_resubmitted_is_given_to_whoever_is_free() {
    let world = World::new(0);
    let pool = world.pool(2, 2);
    let job = world.job_with_completion("job");
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    world.submit(pool, job).unwrap();
    world.step(W(0));
    assert_eq!(world.step(W(1)), Step::Blocked);
    assert_eq!(world.step(W(0)), Step::Completes(job), "its completion may take long");
    assert_eq!(world.step(W(1)), Step::Takes(job));
    world.drain();
}
