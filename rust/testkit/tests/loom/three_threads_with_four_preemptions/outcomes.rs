//! Jobs that are aborted, and jobs whose time is up.

use loom::thread;
use taskpool_core::{Cancel, Outcome, WaitError};
use taskpool_testkit::loom::{explore, Scene};

use super::FOUR;

#[test]
fn an_abort_and_a_cancel_beside_the_run_leave_the_outcome_of_whoever_was_first_or_an_abort() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit(pool).unwrap();
        scene.work(worker);
        let other = thread::spawn(move || job.cancel());
        let (abort, cancel) = (job.abort(), other.join().unwrap());
        scene.settle();
        let outcome = match (abort, cancel) {
            (_, Cancel::Cancelled) => Outcome::Cancelled,
            (Cancel::Idle, _) => Outcome::Done(0),
            _ => Outcome::Aborted,
        };
        assert_eq!(job.told(), [outcome]);
    });
}

#[test]
fn two_aborts_beside_the_run_leave_exactly_one_outcome() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit(pool).unwrap();
        scene.work(worker);
        let other = thread::spawn(move || job.abort());
        let answers = [job.abort(), other.join().unwrap()];
        scene.settle();
        let aborted = answers != [Cancel::Idle; 2];
        assert_eq!(job.told(), [if aborted { Outcome::Aborted } else { Outcome::Done(0) }]);
    });
}

#[test]
fn an_abort_and_a_submission_beside_the_run_leave_one_outcome_each() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit(pool).unwrap();
        scene.work(worker);
        let other = thread::spawn(move || _ = job.submit(pool));
        let abort = job.abort();
        other.join().unwrap();
        scene.settle();
        let aborted = job.told().iter().filter(|told| **told == Outcome::Aborted).count();
        match abort {
            Cancel::Idle => assert_eq!(aborted, 0),
            Cancel::Running {
                resubmission_cancelled: true,
            } => assert_eq!(aborted, 2),
            _ => assert_eq!(aborted, 1),
        }
    });
}

#[test]
fn an_abort_beside_the_run_and_a_waiter_whose_time_is_up_is_what_it_is_told() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit(pool).unwrap();
        scene.work(worker);
        let other = thread::spawn(move || job.abort());
        let answer = job.wait(Some(1));
        other.join().unwrap();
        scene.settle();
        assert!(answer == Err(WaitError::TimedOut) || answer == Ok(job.told()[0]));
        assert_eq!(job.wait(Some(0)), Ok(job.told()[0]));
    });
}

#[test]
fn a_limit_that_passes_beside_its_worker_and_a_cancel_leaves_exactly_one_outcome() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        // Up at 4.
        job.submit_within(pool, 3).unwrap();
        scene.work(worker);
        let interrupt = thread::spawn(|| Scene::interrupt(4));
        let cancel = job.cancel();
        interrupt.join().unwrap();
        scene.settle();
        match cancel {
            Cancel::Cancelled => assert_eq!(job.told(), [Outcome::Cancelled]),
            Cancel::Running { .. } => assert_eq!(job.told(), [Outcome::Done(0)]),
            Cancel::Idle => assert!(matches!(job.told()[..], [Outcome::Done(0) | Outcome::TimedOut])),
        }
    });
}

#[test]
fn a_limit_that_has_passed_beside_two_workers_times_its_job_out_and_no_other() {
    explore(FOUR, |scene| {
        let (pool, [first, second]) = scene.pool(2);
        let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
        jobs[0].submit_within(pool, 0).unwrap();
        Scene::interrupt(1);
        scene.work(first);
        scene.work(second);
        jobs[1].submit_within(pool, 0).unwrap();
        scene.settle();
        assert_eq!(jobs.map(|job| job.told()), [[Outcome::TimedOut], [Outcome::Done(0)]]);
    });
}
