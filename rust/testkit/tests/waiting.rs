//! Waiting for the end of a job, and for a cancelled run.

use std::cell::RefCell;
use std::rc::Rc;

use taskpool_core::{Accepted, Cancel, Outcome, WaitError};
use taskpool_testkit::{Step, World, J, P, W};

fn world() -> (World, P) {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    (world, pool)
}

#[test]
fn a_queued_job_is_waited_for_and_its_code_answered() {
    let (world, pool) = world();
    let job = world.job("job");
    world.when_run(job, |_| 7);
    world.submit(pool, job).unwrap();
    assert_eq!(world.wait(job, None), Ok(Outcome::Done(7)));
    assert_eq!(world.runs(), ["job"]);
}

#[test]
fn a_deferred_job_is_waited_for_to_its_deadline() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_at(pool, job, 50).unwrap();
    assert_eq!(world.wait(job, None), Ok(Outcome::Done(0)));
    assert_eq!(world.runs_at(), [("job", 50)]);
}

#[test]
fn an_idle_job_answers_its_last_outcome() {
    let (world, pool) = world();
    let job = world.job("job");
    world.when_run(job, |_| -5);
    assert_eq!(world.last_outcome(job), None);
    assert_eq!(world.wait(job, None), Err(WaitError::NeverSubmitted));
    world.submit(pool, job).unwrap();
    assert_eq!(world.last_outcome(job), None, "it has not ended");
    world.run();
    assert_eq!(world.wait(job, None), Ok(Outcome::Done(-5)));
    assert_eq!(world.wait(job, Some(0)), Ok(Outcome::Done(-5)));
    world.submit_at(pool, job, 10).unwrap();
    world.cancel(job);
    assert_eq!(world.last_outcome(job), Some(Outcome::Cancelled));
    assert_eq!(world.wait(job, None), Ok(Outcome::Cancelled));
}

#[test]
fn a_waiter_whose_time_is_up_leaves_and_the_job_goes_on() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_at(pool, job, 50).unwrap();
    assert_eq!(world.wait(job, Some(20)), Err(WaitError::TimedOut));
    assert_eq!(world.now(), 20);
    assert_eq!(world.wait(job, Some(0)), Err(WaitError::TimedOut), "it only looks");
    assert_eq!(world.wait(job, None), Ok(Outcome::Done(0)));
    assert_eq!(world.runs_at(), [("job", 50)]);
}

#[test]
fn cancelling_lets_waiters_go() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_at(pool, job, 50).unwrap();
    // Between the beginning of the wait and the deadline.
    world.interrupt_at(1, move || {
        assert_eq!(world.cancel(job), Cancel::Cancelled);
    });
    assert_eq!(world.wait(job, None), Ok(Outcome::Cancelled));
    assert_eq!(world.runs(), [""; 0]);
}

/// Threads that wait in one another's pauses: the last one waits first.
fn wait_in_turn(world: World, jobs: Vec<(J, Option<u64>)>, answers: Rc<RefCell<Vec<Result<Outcome, WaitError>>>>) {
    let mut jobs = jobs.into_iter();
    let Some((job, deadline)) = jobs.next() else {
        return;
    };
    let rest: Vec<_> = jobs.collect();
    let theirs = Rc::clone(&answers);
    world.preempt_at(1, move || wait_in_turn(world, rest, theirs));
    let answer = world.wait(job, deadline);
    answers.borrow_mut().push(answer);
}

#[test]
fn several_threads_wait_for_one_job() {
    let (world, pool) = world();
    let job = world.job("job");
    world.when_run(job, |_| 3);
    world.submit_at(pool, job, 50).unwrap();
    let answers: Rc<RefCell<Vec<_>>> = Rc::default();
    wait_in_turn(world, vec![(job, None); 4], Rc::clone(&answers));
    assert_eq!(*answers.borrow(), [Ok(Outcome::Done(3)); 4]);
}

#[test]
fn each_of_several_waiters_has_its_own_time() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_at(pool, job, 50).unwrap();
    let answers: Rc<RefCell<Vec<_>>> = Rc::default();
    // The last one to come goes on first: it has the shortest time.
    let times = vec![(job, None), (job, Some(60)), (job, Some(20)), (job, Some(10))];
    wait_in_turn(world, times, Rc::clone(&answers));
    let (timed_out, done) = (Err(WaitError::TimedOut), Ok(Outcome::Done(0)));
    assert_eq!(*answers.borrow(), [timed_out, timed_out, done, done]);
}

#[test]
fn a_running_job_is_waited_for_to_the_end_of_the_run() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    assert_eq!(world.wait(job, None), Ok(Outcome::Done(0)));
}

#[test]
fn whoever_waits_for_a_resubmission_waits_for_that_one() {
    let (world, pool) = world();
    let job = world.job("job");
    let mut code = 0;
    world.when_run(job, move |_| {
        code += 1;
        code
    });
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    let answers: Rc<RefCell<Vec<_>>> = Rc::default();
    let theirs = Rc::clone(&answers);
    // The first one waits for the run; then comes the resubmission, and one who waits for that.
    world.preempt_at(1, move || {
        assert_eq!(world.submit_at(pool, job, 30), Ok(Accepted::Again));
        let answer = world.wait(job, None);
        theirs.borrow_mut().push(answer);
    });
    let first = world.wait(job, None);
    answers.borrow_mut().push(first);
    assert_eq!(*answers.borrow(), [Ok(Outcome::Done(2)), Ok(Outcome::Done(1))]);
    assert_eq!(world.now(), 30);
}

#[test]
fn a_cancelled_resubmission_lets_those_go_who_wait_for_it_and_not_the_others() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    let answers: Rc<RefCell<Vec<_>>> = Rc::default();
    let theirs = Rc::clone(&answers);
    world.preempt_at(1, move || {
        world.submit_at(pool, job, 30).unwrap();
        world.interrupt_at(1, move || {
            world.cancel(job);
        });
        let answer = world.wait(job, None);
        theirs.borrow_mut().push((answer, world.runs().len()));
    });
    let run = world.wait(job, None);
    assert_eq!(*answers.borrow(), [(Ok(Outcome::Cancelled), 0)], "before the run ended");
    assert_eq!(run, Ok(Outcome::Done(0)));
}

#[test]
fn cancel_and_wait_cancels_what_has_not_begun() {
    let (world, pool) = world();
    let job = world.job("job");
    assert_eq!(world.cancel_and_wait(job, None), Err(WaitError::NeverSubmitted));
    world.submit(pool, job).unwrap();
    assert_eq!(world.cancel_and_wait(job, None), Ok(Outcome::Cancelled));
    world.submit_at(pool, job, 10).unwrap();
    assert_eq!(world.cancel_and_wait(job, None), Ok(Outcome::Cancelled));
    assert_eq!(
        world.cancel_and_wait(job, None),
        Ok(Outcome::Cancelled),
        "the last one's"
    );
    world.run();
    assert_eq!(world.runs(), [""; 0]);
}

#[test]
fn cancel_and_wait_waits_for_the_run_and_takes_the_resubmission_back() {
    let (world, pool) = world();
    let job = world.job_with_completion("job");
    world.when_run(job, |ctx| i32::from(ctx.cancelled()));
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    world.submit_at(pool, job, 30).unwrap();
    assert_eq!(world.cancel_and_wait(job, None), Ok(Outcome::Done(1)));
    assert_eq!(world.outcomes(job), [Outcome::Cancelled, Outcome::Done(1)]);
}

#[test]
fn cancel_and_wait_has_a_time_too() {
    let (world, pool) = world();
    let job = world.job("job");
    // The run takes until 40.
    world.when_run(job, move |_| {
        world.advance(40);
        0
    });
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    assert_eq!(
        world.cancel_and_wait(job, Some(0)),
        Err(WaitError::TimedOut),
        "it has been told"
    );
    assert_eq!(
        world.cancel(job),
        Cancel::Running {
            resubmission_cancelled: false
        }
    );
    assert_eq!(world.cancel_and_wait(job, Some(100)), Ok(Outcome::Done(0)));
}

#[test]
fn interrupts_do_not_wait_but_may_look() {
    let (world, pool) = world();
    let (job, other) = (world.job("job"), world.job("other"));
    world.submit_at(pool, job, 10).unwrap();
    let answers: Rc<RefCell<Vec<_>>> = Rc::default();
    let theirs = Rc::clone(&answers);
    world.interrupt_at(1, move || {
        theirs.borrow_mut().extend([
            world.wait(job, None),
            world.wait(job, Some(50)),
            world.wait(job, Some(0)),
        ]);
    });
    world.submit(pool, other).unwrap();
    let refused = Err(WaitError::InInterrupt);
    assert_eq!(*answers.borrow(), [refused, refused, Err(WaitError::TimedOut)]);
    world.drain();
}

#[test]
fn an_interrupt_that_cannot_wait_for_a_run_does_not_cancel_it() {
    let (world, pool) = world();
    let (job, other) = (world.job("job"), world.job("other"));
    world.when_run(job, |ctx| i32::from(ctx.cancelled()));
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    let answer: Rc<RefCell<Option<_>>> = Rc::default();
    let theirs = Rc::clone(&answer);
    world.interrupt_at(1, move || *theirs.borrow_mut() = Some(world.cancel_and_wait(job, None)));
    world.submit(pool, other).unwrap();
    assert_eq!(*answer.borrow(), Some(Err(WaitError::InInterrupt)));
    world.run();
    assert_eq!(world.wait(job, None), Ok(Outcome::Done(0)), "nobody cancelled it");
}

#[test]
fn a_worker_does_not_wait_for_its_own_pool_or_itself() {
    let (world, pool) = world();
    let elsewhere = world.pool(1, 1);
    let (job, same, other) = (world.job("job"), world.job("same"), world.job("other"));
    let answers: Rc<RefCell<Vec<_>>> = Rc::default();
    let theirs = Rc::clone(&answers);
    world.when_run(job, move |_| {
        world.submit(pool, same).unwrap();
        world.submit(elsewhere, other).unwrap();
        let mut answers = vec![world.wait(same, None), world.wait(job, None), world.wait(other, None)];
        // Resubmitted to another pool, it still waits for itself.
        world.submit(elsewhere, job).unwrap();
        answers.push(world.wait(job, None));
        theirs.borrow_mut().extend(answers);
        world.cancel(job);
        0
    });
    world.submit(pool, job).unwrap();
    world.run();
    let refused = Err(WaitError::OnWorker);
    assert_eq!(*answers.borrow(), [refused, refused, Ok(Outcome::Done(0)), refused]);
}

#[test]
fn completions_are_told_before_waiters_go() {
    let (world, pool) = world();
    let job = world.job_with_completion("job");
    let told: Rc<RefCell<Vec<&str>>> = Rc::default();
    let theirs = Rc::clone(&told);
    world.when_told(job, move |_| theirs.borrow_mut().push("completion"));
    world.submit(pool, job).unwrap();
    world.wait(job, None).unwrap();
    told.borrow_mut().push("waiter");
    assert_eq!(*told.borrow(), ["completion", "waiter"]);
}

#[test]
fn a_waiter_whose_time_is_up_as_the_job_ends_takes_its_signal() {
    // At every point of the end: the clock passes the waiter's time.
    for n in 1..12 {
        let (world, pool) = world();
        let job = world.job_with_completion("job");
        world.when_run(job, move |_| {
            world.interrupt_at(n, move || world.advance_without_interrupt(50));
            0
        });
        world.submit(pool, job).unwrap();
        let answer = world.wait(job, Some(20));
        assert!(
            matches!(answer, Ok(Outcome::Done(0)) | Err(WaitError::TimedOut)),
            "{n}: {answer:?}"
        );
        world.drain();
        assert_eq!(world.wait(job, None), Ok(Outcome::Done(0)));
    }
}
