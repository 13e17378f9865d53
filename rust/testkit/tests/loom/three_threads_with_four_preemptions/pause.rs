//! Pools that are paused: their clock runs on, or stands.

use loom::thread;
use taskpool_core::{Clock, Outcome, Shutdown, Status};
use taskpool_testkit::loom::{explore, Scene};

use super::FOUR;

const CLOCKS: [Clock; 2] = [Clock::RunsOn, Clock::Frozen];

#[test]
fn a_pause_beside_a_submission_and_a_worker_lets_nothing_be_taken_until_the_release() {
    for clock in CLOCKS {
        explore(FOUR, move |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            scene.work(worker);
            let other = thread::spawn(move || job.submit(pool).unwrap());
            pool.pause(clock).unwrap();
            let ran = matches!(job.status(), Status::Running { .. }) || job.runs() == 1;
            other.join().unwrap();
            let waits = job.status() == Status::Queued;
            scene.settle();
            assert_eq!(job.runs(), (!waits).into());
            assert_eq!(job.runs(), ran.into(), "nothing is taken while it is paused");
            pool.release().unwrap();
            scene.settle();
            assert_eq!(job.runs(), 1);
        });
    }
}

#[test]
fn a_pause_beside_the_expiry_and_a_worker_loses_nothing() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let jobs = [(); 2].map(|()| scene.job(|_| {}));
        for job in jobs {
            job.submit_at(pool, 5).unwrap();
        }
        scene.work(worker);
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        pool.pause(Clock::Frozen).unwrap();
        pool.release().unwrap();
        interrupt.join().unwrap();
        scene.settle();
        for now in 5..=10 {
            Scene::interrupt(now);
            scene.settle();
        }
        assert_eq!(jobs.map(|job| job.runs()), [1, 1]);
    });
}

#[test]
fn a_clock_that_stood_beside_the_expiry_and_a_submission_by_a_delay_makes_nothing_early() {
    explore(FOUR, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let (job, ahead) = (scene.job(|_| {}), scene.job(|_| {}));
        ahead.submit_at(pool, 5).unwrap();
        let interrupt = thread::spawn(|| Scene::interrupt(3));
        let other = thread::spawn(move || job.submit_after(pool, 1).unwrap());
        let before = Scene::now();
        pool.pause(Clock::Frozen).unwrap();
        let after = Scene::now();
        other.join().unwrap();
        interrupt.join().unwrap();
        pool.release().unwrap();
        let Status::Deferred { deadline } = ahead.status() else {
            panic!("it is {:?}", ahead.status());
        };
        match (before, after) {
            (0, 0) => assert_eq!(deadline, 8),
            (3, _) => assert_eq!(deadline, 5),
            _ => assert!(deadline == 5 || deadline == 8),
        }
        assert!(Scene::timer(pool) <= Some(deadline));
        scene.settle();
        // By then it is due, whenever the submitter looked at the clock.
        Scene::interrupt(deadline + 3);
        scene.settle();
        assert_eq!((job.runs(), ahead.runs()), (1, 1));
    });
}

#[test]
fn a_shutdown_beside_a_pause_and_the_run_is_over_when_the_job_is() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit(pool).unwrap();
        scene.work(worker);
        let other = thread::spawn(move || {
            if pool.pause(Clock::Frozen).is_ok() {
                // Unless the shutdown has.
                _ = pool.release();
            }
        });
        assert_eq!(pool.shutdown(Shutdown::Drain, None), Ok(()));
        assert_eq!(job.told(), [Outcome::Done(0)]);
        other.join().unwrap();
    });
}

#[test]
fn a_shutdown_of_a_paused_pool_beside_a_release_and_a_worker_leaves_one_outcome_each() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
        jobs[0].submit(pool).unwrap();
        jobs[1].submit_at(pool, 5).unwrap();
        pool.pause(Clock::Frozen).unwrap();
        scene.work(worker);
        let other = thread::spawn(move || _ = pool.release());
        assert_eq!(pool.shutdown(Shutdown::Drain, None), Ok(()));
        assert_eq!(jobs.map(|job| job.told().len()), [1, 1], "told before it is over");
        other.join().unwrap();
    });
}

#[test]
fn a_shutdown_of_a_paused_pool_beside_a_submission_and_a_worker_leaves_one_outcome_each() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        pool.pause(Clock::Frozen).unwrap();
        scene.work(worker);
        let other = thread::spawn(move || job.submit(pool).is_ok());
        assert_eq!(pool.shutdown(Shutdown::Drain, None), Ok(()));
        let told = job.told().len();
        assert_eq!(told, other.join().unwrap().into(), "told before it is over");
    });
}
