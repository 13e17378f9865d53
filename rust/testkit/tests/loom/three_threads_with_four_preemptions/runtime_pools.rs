//! Pools that are made at run time. Who destroys one uses its memory for something else at once.

use loom::thread;
use taskpool_core::{Cancel, Shutdown};
use taskpool_testkit::loom::{explore, Scene};

use super::FOUR;

#[test]
fn a_submitter_that_is_on_its_way_back_when_its_job_has_run_does_not_touch_the_pool_that_was_destroyed() {
    explore(FOUR, |scene| {
        let lent = scene.reserve();
        let pool = scene.runtime_pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        scene.work(lent);
        let other = thread::spawn(move || job.submit(pool).unwrap());
        // Otherwise it has not come yet, and still names the pool.
        if job.wait(None).is_ok() {
            assert_eq!(pool.destroy(Shutdown::Drain, None), Ok(()));
        }
        other.join().unwrap();
    });
}

#[test]
fn a_pool_is_destroyed_beside_an_expiry_under_way_and_its_worker() {
    explore(FOUR, |scene| {
        let lent = scene.reserve();
        let pool = scene.runtime_pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit_at(pool, 5).unwrap();
        scene.work(lent);
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        assert_eq!(pool.destroy(Shutdown::Drain, None), Ok(()));
        interrupt.join().unwrap();
    });
}

#[test]
fn a_pool_is_destroyed_beside_a_cancel_and_its_worker() {
    explore(FOUR, |scene| {
        let lent = scene.reserve();
        let pool = scene.runtime_pool(1);
        let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
        for job in jobs {
            job.submit(pool).unwrap();
        }
        scene.work(lent);
        let other = thread::spawn(move || jobs[1].cancel());
        assert_eq!(pool.destroy(Shutdown::Drain, None), Ok(()));
        let cancelled = other.join().unwrap() == Cancel::Cancelled;
        assert_eq!(jobs[1].runs(), (!cancelled).into());
    });
}
