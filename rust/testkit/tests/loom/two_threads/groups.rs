//! Jobs of which only so many run at once.

use loom::thread;
use taskpool_core::{Cancel, Outcome, Shutdown};
use taskpool_testkit::loom::explore;

use super::ALL;

#[test]
fn a_submission_beside_the_end_of_the_run_before_it_runs_after_it() {
    for quiet in [false, true] {
        explore(ALL, move |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (bus, place) = (scene.group(1), scene.place());
            let mut job = || match quiet {
                true => scene.quiet_job_in_group(bus, move |_| place.touch()),
                false => scene.job_in_group(bus, move |_| place.touch()),
            };
            let jobs = [job(), job()];
            jobs[0].submit(pool).unwrap();
            scene.work(worker);
            jobs[1].submit(pool).unwrap();
            scene.settle();
            assert_eq!(place.touches(), 2);
        });
    }
}

#[test]
fn a_submission_to_another_pool_beside_the_end_of_the_run_before_it_runs_after_it() {
    explore(ALL, |scene| {
        let ((one, [worker]), (two, [_other])) = (scene.pool(1), scene.pool::<1>(1));
        let (bus, place) = (scene.group(1), scene.place());
        let jobs = [(); 2].map(|()| scene.job_in_group(bus, move |_| place.touch()));
        jobs[0].submit(one).unwrap();
        scene.work(worker);
        jobs[1].submit(two).unwrap();
        scene.settle();
        assert_eq!(place.touches(), 2);
    });
}

#[test]
fn a_cancellation_of_a_held_job_beside_the_end_of_the_run_before_it_leaves_one_outcome_and_no_gap() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let (bus, place) = (scene.group(1), scene.place());
        let jobs = [(); 3].map(|()| scene.job_in_group(bus, move |_| place.touch()));
        for job in jobs {
            job.submit(pool).unwrap();
        }
        scene.work(worker);
        let cancel = jobs[1].cancel();
        scene.settle();
        let outcome = match cancel {
            Cancel::Cancelled => Outcome::Cancelled,
            _ => Outcome::Done(0),
        };
        assert_eq!(jobs[1].told(), [outcome]);
        assert_eq!(jobs[2].told(), [Outcome::Done(0)]);
    });
}

#[test]
fn a_higher_limit_beside_the_end_of_a_run_forgets_nobody() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let bus = scene.group(1);
        let jobs = [(); 4].map(|()| scene.job_in_group(bus, |_| {}));
        for job in jobs {
            job.submit(pool).unwrap();
        }
        scene.work(worker);
        bus.set_limit(3);
        scene.settle();
        assert!(jobs.iter().all(|job| job.told() == [Outcome::Done(0)]));
    });
}

/// What a shutdown waits for is held by the run of another pool.
#[test]
fn a_shutdown_beside_the_end_of_the_run_that_holds_its_last_job_ends() {
    for how in [Shutdown::Drain, Shutdown::Discard] {
        for runtime in [false, true] {
            explore(ALL, move |scene| {
                if runtime {
                    scene.reserve();
                }
                let (one, [worker]) = scene.pool(1);
                let bus = scene.group(1);
                let two = match runtime {
                    true => scene.runtime_pool(1),
                    false => scene.pool::<1>(1).0,
                };
                let jobs = [(); 2].map(|()| scene.job_in_group(bus, |_| {}));
                jobs[0].submit(one).unwrap();
                jobs[1].submit(two).unwrap();
                scene.work(worker);
                _ = two.shutdown(how, Some(0));
                scene.settle();
                _ = two.shutdown(how, Some(0));
                let told = jobs[1].told();
                assert_eq!(told.len(), 1, "{told:?}");
            });
        }
    }
}

#[test]
fn two_threads_that_submit_into_one_group_both_have_their_job_run() {
    explore(ALL, |scene| {
        let (pool, [_first, _second]) = scene.pool::<2>(2);
        let bus = scene.group(1);
        let jobs = [(); 2].map(|()| scene.job_in_group(bus, |_| {}));
        let other = thread::spawn(move || jobs[0].submit(pool).unwrap());
        jobs[1].submit(pool).unwrap();
        other.join().unwrap();
        scene.settle();
        assert!(jobs.iter().all(|job| job.runs() == 1));
    });
}
