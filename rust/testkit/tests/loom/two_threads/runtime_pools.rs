//! Pools that are made at run time. Who destroys one uses its memory for something else at once.

use loom::thread;
use taskpool_core::{Cancel, ControlError, CreateError, Outcome, Shutdown, SubmitError};
use taskpool_testkit::loom::{explore, Scene};

use super::ALL;

const HOW: [Shutdown; 2] = [Shutdown::Drain, Shutdown::Discard];

mod its_memory_is_its_owners_after_the_end {
    use super::*;

    #[test]
    fn beside_its_last_worker_that_leaves() {
        for how in HOW {
            explore(ALL, move |scene| {
                let lent = scene.reserve();
                let pool = scene.runtime_pool(1);
                let job = scene.job_with_completion(|_| {}, |_| {});
                job.submit(pool).unwrap();
                scene.work(lent);
                assert_eq!(pool.destroy(how, None), Ok(()));
            });
        }
    }

    #[test]
    fn and_makes_another_pool_at_once_beside_the_worker_of_the_one_before() {
        explore(ALL, |scene| {
            let lent = scene.reserve();
            let pool = scene.runtime_pool(1);
            let jobs = [(); 2].map(|()| scene.job(|_| {}));
            jobs[0].submit(pool).unwrap();
            scene.work(lent);
            assert_eq!(pool.destroy(Shutdown::Drain, None), Ok(()));
            assert_eq!(jobs[0].runs(), 1);
            assert_eq!(pool.create(1), Ok(()));
            jobs[1].submit(pool).unwrap();
            scene.settle();
            assert_eq!(jobs[1].runs(), 1);
        });
    }

    #[test]
    fn beside_an_expiry_under_way_that_finds_a_worker() {
        for how in HOW {
            explore(ALL, move |scene| {
                let lent = scene.reserve();
                let pool = scene.runtime_pool(1);
                let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
                for job in jobs {
                    job.submit_at(pool, 5).unwrap();
                }
                let interrupt = thread::spawn(move || {
                    Scene::interrupt(5);
                    Scene::work_here(lent);
                });
                assert_eq!(pool.destroy(how, None), Ok(()));
                for job in jobs {
                    assert!(matches!(job.told()[..], [Outcome::Discarded | Outcome::Done(0)]));
                }
                interrupt.join().unwrap();
            });
        }
    }

    #[test]
    fn beside_an_expiry_under_way_that_finds_no_worker() {
        explore(ALL, |scene| {
            let pool = scene.runtime_pool(1);
            let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
            for job in jobs {
                job.submit_at(pool, 5).unwrap();
            }
            let interrupt = thread::spawn(|| Scene::interrupt(5));
            assert_eq!(pool.destroy(Shutdown::Discard, None), Ok(()));
            assert_eq!(jobs.map(|job| job.told()), [[Outcome::Discarded], [Outcome::Discarded]]);
            interrupt.join().unwrap();
        });
    }

    #[test]
    fn beside_whoever_cancels_or_aborts_the_last_that_was_queued() {
        for aborts in [false, true] {
            explore(ALL, move |scene| {
                let pool = scene.runtime_pool(1);
                let job = scene.job_with_completion(|_| {}, |_| {});
                job.submit(pool).unwrap();
                let other = thread::spawn(move || if aborts { job.abort() } else { job.cancel() });
                // Nobody is there who would run it.
                assert_eq!(pool.destroy(Shutdown::Drain, None), Ok(()));
                assert_eq!(other.join().unwrap(), Cancel::Cancelled);
            });
        }
    }

    #[test]
    fn beside_a_run_in_another_pool_after_which_the_job_was_to_come() {
        for deferred in [false, true] {
            explore(ALL, move |scene| {
                let (other, [worker]) = scene.pool(1);
                let pool = scene.runtime_pool(1);
                let job = scene.job_with_completion(|_| {}, |_| {});
                job.submit(other).unwrap();
                scene.work(worker);
                _ = if deferred {
                    job.submit_at(pool, 5).is_ok()
                } else {
                    job.submit(pool).is_ok()
                };
                assert_eq!(pool.destroy(Shutdown::Discard, None), Ok(()));
            });
        }
    }

    #[test]
    fn beside_a_worker_of_the_reserve_that_looks_at_the_line() {
        for how in HOW {
            explore(ALL, move |scene| {
                let lent = scene.reserve();
                let (other, pool) = (scene.runtime_pool(1), scene.runtime_pool(1));
                let (busy, job) = (scene.job(|_| {}), scene.job_with_completion(|_| {}, |_| {}));
                busy.submit(other).unwrap();
                job.submit(pool).unwrap();
                scene.work(lent);
                assert_eq!(pool.destroy(how, None), Ok(()));
                assert_eq!(job.told().len(), 1, "told before it is over");
                scene.settle();
                assert_eq!(busy.runs(), 1);
            });
        }
    }

    #[test]
    fn beside_two_pools_in_the_line_of_the_reserve() {
        explore(ALL, |scene| {
            let lent = scene.reserve();
            let pools = [(); 3].map(|()| scene.runtime_pool(1));
            let jobs = [(); 3].map(|()| scene.job_with_completion(|_| {}, |_| {}));
            for (job, pool) in jobs.iter().zip(pools) {
                job.submit(pool).unwrap();
            }
            scene.work(lent);
            assert_eq!(pools[1].destroy(Shutdown::Discard, None), Ok(()));
            scene.settle();
            assert_eq!((jobs[0].runs(), jobs[2].runs()), (1, 1));
        });
    }

    #[test]
    fn when_its_time_was_up_beside_a_cancel_and_it_was_ended_again() {
        explore(ALL, |scene| {
            let pool = scene.runtime_pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            let other = thread::spawn(move || job.cancel());
            if let Err(error) = pool.destroy(Shutdown::Drain, Some(1)) {
                assert_eq!(error, ControlError::TimedOut);
                assert_eq!(pool.destroy(Shutdown::Drain, None), Ok(()));
            }
            assert_eq!(other.join().unwrap(), Cancel::Cancelled);
        });
    }

    #[test]
    fn when_it_was_paused_beside_a_worker_that_comes() {
        explore(ALL, |scene| {
            let lent = scene.reserve();
            let pool = scene.runtime_pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            pool.hold().unwrap();
            scene.work(lent);
            assert_eq!(pool.destroy(Shutdown::Drain, None), Ok(()));
            assert_eq!(job.runs(), 1);
        });
    }
}

/// Memory that remains a pool's: an old name of the pool is refused, or names the new one.
mod its_memory_stays_a_pools {
    use super::*;

    #[test]
    fn and_a_submission_beside_the_end_is_refused_or_has_its_outcome() {
        for how in HOW {
            explore(ALL, move |scene| {
                let lent = scene.reserve();
                let pool = scene.runtime_pool(1);
                let job = scene.job_with_completion(|_| {}, |_| {});
                let other = thread::spawn(move || {
                    let answer = job.submit(pool);
                    Scene::work_here(lent);
                    answer
                });
                assert_eq!(pool.shutdown(how, None), Ok(()));
                let told = job.told().len();
                let answer = other.join().unwrap();
                assert_eq!(told, answer.is_ok().into(), "told before it is over");
                if let Err(error) = answer {
                    assert_eq!(error, SubmitError::NotRunning);
                }
            });
        }
    }

    #[test]
    fn and_a_submission_beside_the_end_and_the_next_beginning_comes_to_one_of_the_pools() {
        explore(ALL, |scene| {
            let lent = scene.reserve();
            let pool = scene.runtime_pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            let other = thread::spawn(move || {
                let accepted = job.submit(pool).is_ok();
                Scene::work_here(lent);
                accepted
            });
            assert_eq!(pool.shutdown(Shutdown::Drain, None), Ok(()));
            assert_eq!(pool.create(1), Ok(()));
            let accepted = other.join().unwrap();
            scene.settle();
            assert_eq!(job.runs(), accepted.into());
        });
    }

    #[test]
    fn and_of_two_ends_each_discards_nothing_twice_and_one_may_begin_again_at_once() {
        explore(ALL, |scene| {
            let pool = scene.runtime_pool(1);
            let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
            jobs[0].submit(pool).unwrap();
            jobs[1].submit_at(pool, 5).unwrap();
            let other = thread::spawn(move || pool.shutdown(Shutdown::Discard, None));
            assert_eq!(pool.shutdown(Shutdown::Discard, None), Ok(()));
            assert_eq!(jobs.map(|job| job.told()), [[Outcome::Discarded], [Outcome::Discarded]]);
            // The other one may end this one, too.
            assert_eq!(pool.create(1), Ok(()));
            assert_eq!(other.join().unwrap(), Ok(()));
        });
    }

    #[test]
    fn and_of_two_ends_beside_its_worker_each_is_over_when_that_has_left() {
        explore(ALL, |scene| {
            let lent = scene.reserve();
            let pool = scene.runtime_pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            let other = thread::spawn(move || {
                let answer = pool.shutdown(Shutdown::Drain, Some(1));
                assert_eq!(answer, Err(ControlError::TimedOut), "nobody has run the job");
                Scene::work_here(lent);
            });
            assert_eq!(pool.shutdown(Shutdown::Drain, None), Ok(()));
            assert_eq!(job.runs(), 1);
            assert_eq!(pool.create(1), Ok(()));
            other.join().unwrap();
        });
    }

    #[test]
    fn and_of_two_beginnings_exactly_one_is_accepted() {
        explore(ALL, |scene| {
            let pool = scene.no_pool();
            let other = thread::spawn(move || pool.create(1));
            let answers = [pool.create(1), other.join().unwrap()];
            assert!(answers.contains(&Ok(())) && answers.contains(&Err(CreateError::InUse)));
            assert_eq!(pool.shutdown(Shutdown::Drain, None), Ok(()));
        });
    }

    #[test]
    fn and_an_old_expiry_beside_the_next_pool_makes_nothing_early_and_loses_nothing() {
        explore(ALL, |scene| {
            let lent = scene.reserve();
            let pool = scene.runtime_pool(1);
            let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
            jobs[0].submit_at(pool, 5).unwrap();
            let interrupt = thread::spawn(move || {
                Scene::interrupt(5);
                Scene::work_here(lent);
            });
            assert_eq!(pool.shutdown(Shutdown::Discard, None), Ok(()));
            assert_eq!(pool.create(1), Ok(()));
            jobs[1].submit_at(pool, 7).unwrap();
            interrupt.join().unwrap();
            scene.settle();
            assert_eq!(jobs[1].runs(), 0);
            Scene::interrupt(7);
            scene.settle();
            assert_eq!(jobs[1].told(), [Outcome::Done(0)]);
        });
    }
}
