//! Runs in the caller, beside what others do with the same job, pool or group.

use std::sync::{Arc, Mutex};

use loom::thread;
use taskpool_core::{Cancel, ControlError, Outcome, RunNowError, Shutdown, WaitError};
use taskpool_testkit::loom::{explore, Scene, J, P};

use super::ALL;

#[test]
fn two_callers_run_a_job_one_after_the_other_or_one_of_them_does_not() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let place = scene.place();
        let job = scene.job_with_completion(move |_| place.touch(), |_| {});
        let other = thread::spawn(move || job.run_now(pool));
        let mut answers = [job.run_now(pool), other.join().unwrap()];
        answers.sort_by_key(|answer| answer.map_or(2, |outcome| u32::from(outcome != Outcome::Done(0))));
        assert!(
            matches!(
                answers,
                [Ok(Outcome::Done(0)), Ok(Outcome::Done(1)) | Err(RunNowError::UnderWay)]
            ),
            "{answers:?}"
        );
    });
}

#[test]
fn a_submission_beside_a_run_in_the_caller_has_a_run_of_its_own() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let place = scene.place();
        let job = scene.job_with_completion(move |_| place.touch(), |_| {});
        scene.work(worker);
        let other = thread::spawn(move || job.submit(pool).unwrap());
        let here = job.run_now(pool);
        other.join().unwrap();
        scene.settle();
        assert_eq!(job.runs(), 1 + u32::from(here.is_ok()), "{here:?}");
    });
}

#[test]
fn a_cancellation_beside_a_run_in_the_caller_finds_it_running_or_nothing() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        let other = thread::spawn(move || job.cancel());
        assert_eq!(job.run_now(pool), Ok(Outcome::Done(0)));
        let found = other.join().unwrap();
        let running = Cancel::Running {
            resubmission_cancelled: false,
        };
        assert!(found == Cancel::Idle || found == running, "{found:?}");
    });
}

#[test]
fn one_who_waits_beside_a_run_in_the_caller_is_told_of_it() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let place = scene.place();
        let job = scene.job(move |_| place.touch());
        let other = thread::spawn(move || {
            let answer = job.wait(None);
            // Whoever saw the end of it may use what it used.
            if answer.is_ok() {
                place.touch();
            }
            answer
        });
        assert_eq!(job.run_now(pool), Ok(Outcome::Done(0)));
        let answer = other.join().unwrap();
        assert!(
            matches!(answer, Ok(Outcome::Done(0)) | Err(WaitError::NeverSubmitted)),
            "{answer:?}"
        );
    });
}

/// A pool, and a job within whose run another thread begins to destroy the pool.
fn destroyed_within(scene: &mut Scene, how: Shutdown, deadline: Option<u64>) -> (P, J, Arc<Mutex<Option<Answer>>>) {
    let pool = scene.runtime_pool(1);
    let place = Arc::new(Mutex::new(None));
    let to = place.clone();
    let job = scene.job_with_completion(
        move |_| *to.lock().unwrap() = Some(thread::spawn(move || pool.destroy(how, deadline))),
        |_| {},
    );
    (pool, job, place)
}

type Answer = thread::JoinHandle<Result<(), ControlError>>;

#[test]
fn a_shutdown_beside_the_end_of_a_run_in_the_caller_waits_for_it() {
    for how in [Shutdown::Drain, Shutdown::Discard] {
        explore(ALL, move |scene| {
            // Its memory is used for something else as soon as it is shut down.
            let (pool, job, other) = destroyed_within(scene, how, None);
            assert_eq!(job.run_now(pool), Ok(Outcome::Done(0)));
            let other = other.lock().unwrap().take().unwrap();
            assert_eq!(other.join().unwrap(), Ok(()));
        });
    }
}

#[test]
fn a_shutdown_that_times_out_beside_the_end_of_a_run_in_the_caller_leaves_the_pool_there() {
    explore(ALL, |scene| {
        let (pool, job, other) = destroyed_within(scene, Shutdown::Discard, Some(1));
        assert_eq!(job.run_now(pool), Ok(Outcome::Done(0)));
        let other = other.lock().unwrap().take().unwrap();
        if other.join().unwrap() == Err(ControlError::TimedOut) {
            assert_eq!(pool.destroy(Shutdown::Discard, None), Ok(()));
        }
    });
}

#[test]
fn a_shutdown_beside_the_begin_of_a_run_in_the_caller_refuses_it_or_waits_for_it() {
    for how in [Shutdown::Drain, Shutdown::Discard] {
        explore(ALL, move |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            let other = thread::spawn(move || pool.shutdown(how, None));
            let told = match job.run_now(pool) {
                Ok(outcome) => vec![outcome],
                Err(error) => {
                    assert_eq!(error, RunNowError::NotRunning);
                    vec![]
                }
            };
            scene.settle();
            assert_eq!(other.join().unwrap(), Ok(()));
            assert_eq!(job.told(), told);
        });
    }
}

#[test]
fn a_run_in_the_caller_beside_the_end_of_another_takes_a_place_of_their_group_or_is_refused() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let (bus, place) = (scene.group(1), scene.place());
        let jobs = [(); 3].map(|()| scene.job_in_group(bus, move |_| place.touch()));
        jobs[0].submit(pool).unwrap();
        jobs[1].submit(pool).unwrap();
        scene.work(worker);
        let here = jobs[2].run_now(pool);
        scene.settle();
        assert!(matches!(here, Ok(_) | Err(RunNowError::GroupFull)), "{here:?}");
        assert_eq!(place.touches(), 2 + u32::from(here.is_ok()));
    });
}

#[test]
fn a_submission_beside_the_end_of_a_run_in_the_caller_is_held_until_then_and_runs() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let (bus, place) = (scene.group(1), scene.place());
        let jobs = [(); 2].map(|()| scene.job_in_group(bus, move |_| place.touch()));
        scene.work(worker);
        let other = thread::spawn(move || jobs[1].submit(pool).unwrap());
        let here = jobs[0].run_now(pool);
        other.join().unwrap();
        scene.settle();
        assert!(matches!(here, Ok(_) | Err(RunNowError::GroupFull)), "{here:?}");
        assert_eq!(place.touches(), 1 + u32::from(here.is_ok()));
    });
}
