//! Two workers, interrupts or other threads beside the main one; the property is the test's name.

use loom::thread;
use taskpool_core::{Cancel, JoinError, NotSpawned, Outcome, ScopeError, Shutdown, Status};
use taskpool_testkit::loom::{explore, Scene};

mod outcomes;
mod pause;
mod runtime_pools;

const FOUR: Option<usize> = Some(4);

#[test]
fn submissions_beside_two_workers_lose_no_wake() {
    explore(FOUR, |scene| {
        let (pool, [first, second]) = scene.pool(2);
        let jobs = [(); 3].map(|()| scene.job(|_| {}));
        jobs[0].submit(pool).unwrap();
        scene.work(first);
        scene.work(second);
        jobs[1].submit(pool).unwrap();
        jobs[2].submit(pool).unwrap();
        scene.settle();
        assert_eq!(jobs.map(|job| job.runs()), [1, 1, 1]);
    });
}

#[test]
fn two_submitters_beside_a_worker_lose_no_wake() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let jobs = [(); 2].map(|()| scene.job(|_| {}));
        scene.work(worker);
        let other = thread::spawn(move || jobs[0].submit(pool).unwrap());
        jobs[1].submit(pool).unwrap();
        other.join().unwrap();
        scene.settle();
        assert_eq!(jobs.map(|job| job.runs()), [1, 1]);
    });
}

#[test]
fn a_job_submitted_while_it_runs_never_runs_on_two_workers() {
    explore(FOUR, |scene| {
        let (pool, [first, second]) = scene.pool(2);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit(pool).unwrap();
        scene.work(first);
        scene.work(second);
        _ = job.submit(pool);
        _ = job.submit(pool);
    });
}

#[test]
fn a_cancel_and_a_submission_beside_the_run_leave_one_outcome_each() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit(pool).unwrap();
        scene.work(worker);
        let other = thread::spawn(move || _ = job.submit(pool));
        job.cancel();
        other.join().unwrap();
    });
}

#[test]
fn a_cancel_beside_the_expiry_and_the_run_leaves_exactly_one_outcome() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit_at(pool, 5).unwrap();
        scene.work(worker);
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        let cancel = job.cancel();
        interrupt.join().unwrap();
        scene.settle();
        match cancel {
            Cancel::Cancelled => assert_eq!(job.told(), [Outcome::Cancelled]),
            _ => assert_eq!(job.told(), [Outcome::Done(0)]),
        }
    });
}

#[test]
fn armings_beside_the_expiry_leave_the_earliest() {
    explore(FOUR, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let jobs = [(); 3].map(|()| scene.job(|_| {}));
        jobs[0].submit_at(pool, 5).unwrap();
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        let other = thread::spawn(move || jobs[1].submit_at(pool, 9).unwrap());
        jobs[2].submit_at(pool, 7).unwrap();
        interrupt.join().unwrap();
        other.join().unwrap();
        scene.settle();
        assert_eq!(Scene::timer(pool), Some(7));
    });
}

#[test]
fn an_overdue_pool_beside_a_worker_and_a_cancel_forgets_no_job() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let jobs = [(); 3].map(|()| scene.job(|_| {}));
        for job in jobs {
            job.submit_at(pool, 5).unwrap();
        }
        scene.work(worker);
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        jobs[1].cancel();
        interrupt.join().unwrap();
    });
}

#[test]
fn a_job_sent_to_another_pool_while_it_runs_runs_there_and_each_is_told() {
    explore(FOUR, |scene| {
        let ((pool, [here]), (other, [there])) = (scene.pool(1), scene.pool(1));
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit(pool).unwrap();
        scene.work(here);
        scene.work(there);
        _ = job.submit(other);
    });
}

#[test]
fn a_job_and_its_completion_that_submit_it_again_beside_two_workers_end_each_once() {
    explore(FOUR, |scene| {
        let (pool, [first, second]) = scene.pool(2);
        let job = scene.job_with_completion_knowing(
            |me| {
                let mut runs = 0;
                move |_| {
                    runs += 1;
                    if runs == 1 {
                        _ = me.job().submit(pool);
                    }
                }
            },
            |me| {
                move |outcome| {
                    if outcome == Outcome::Done(0) {
                        _ = me.job().submit(pool);
                    }
                }
            },
        );
        job.submit(pool).unwrap();
        scene.work(first);
        scene.work(second);
    });
}

#[test]
fn pools_that_share_a_worker_of_the_reserve_each_get_it() {
    explore(FOUR, |scene| {
        let lent = scene.reserve();
        let ((one, [_busy]), (two, [_also_busy])) = (scene.pool::<1>(2), scene.pool::<1>(2));
        let jobs = [(); 4].map(|()| scene.job(|_| {}));
        scene.work(lent);
        // The first of each takes the pool's own worker, the second the reserve's.
        let other = thread::spawn(move || {
            jobs[0].submit(one).unwrap();
            jobs[1].submit(one).unwrap();
        });
        jobs[2].submit(two).unwrap();
        jobs[3].submit(two).unwrap();
        other.join().unwrap();
        scene.settle();
        assert_eq!(jobs.map(|job| job.runs()), [1; 4]);
    });
}

mod waiting {
    use super::*;

    #[test]
    fn two_waiters_of_one_job_are_both_let_go() {
        explore(FOUR, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let other = thread::spawn(move || job.wait(None));
            assert_eq!(job.wait(None), Ok(Outcome::Done(0)));
            assert_eq!(other.join().unwrap(), Ok(Outcome::Done(0)));
        });
    }

    #[test]
    fn two_waiters_of_one_job_one_of_whom_has_no_time_are_both_let_go() {
        explore(FOUR, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let other = thread::spawn(move || job.wait(Some(1)));
            assert_eq!(job.wait(None), Ok(Outcome::Done(0)));
            _ = other.join().unwrap();
        });
    }

    #[test]
    fn a_waiter_beside_a_cancel_and_the_run_is_let_go_with_the_outcome_that_was_told() {
        explore(FOUR, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let other = thread::spawn(move || job.cancel());
            let answer = job.wait(None).unwrap();
            other.join().unwrap();
            scene.settle();
            assert_eq!(job.told(), [answer]);
        });
    }
}

mod control {
    use super::*;

    #[test]
    fn two_shutdowns_beside_a_run_are_over_when_the_job_is() {
        explore(FOUR, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let shut_down = move |how| {
                assert_eq!(pool.shutdown(how, None), Ok(()));
                assert_eq!(job.status(), Status::Idle);
            };
            let other = thread::spawn(move || shut_down(Shutdown::Discard));
            shut_down(Shutdown::Drain);
            other.join().unwrap();
        });
    }

    #[test]
    fn a_resubmission_to_another_pool_beside_its_shutdown_is_refused_or_has_its_outcome() {
        explore(FOUR, |scene| {
            let ((pool, [worker]), (other, [there])) = (scene.pool(1), scene.pool::<1>(1));
            let job = scene.job_with_completion_knowing(
                move |me| {
                    let mut runs = 0;
                    move |_| {
                        runs += 1;
                        if runs == 1 {
                            _ = me.job().submit(other);
                        }
                    }
                },
                |_| |_| {},
            );
            job.submit(pool).unwrap();
            scene.work(worker);
            scene.work(there);
            assert_eq!(other.shutdown(Shutdown::Drain, None), Ok(()));
            let runs_there = job.runs().saturating_sub(1);
            scene.settle();
            assert_eq!(job.runs().saturating_sub(1), runs_there, "nothing ran there afterwards");
        });
    }

    #[test]
    fn a_resubmission_to_another_pool_that_is_cancelled_holds_up_no_shutdown() {
        explore(FOUR, |scene| {
            let ((pool, [worker]), (other, [there])) = (scene.pool(1), scene.pool::<1>(1));
            let job = scene.job_with_completion_knowing(
                move |me| {
                    move |_| {
                        if me.job().submit_at(other, 5).is_ok() {
                            me.job().cancel();
                        }
                    }
                },
                |_| |_| {},
            );
            job.submit(pool).unwrap();
            scene.work(worker);
            scene.work(there);
            assert_eq!(other.shutdown(Shutdown::Drain, None), Ok(()));
        });
    }
}

mod spawning {
    use super::*;

    #[test]
    fn a_spawn_beside_a_shutdown_and_the_run_is_refused_or_run_or_discarded() {
        explore(FOUR, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (closure, [capture, _]) = scene.closure();
            scene.work(worker);
            let other = thread::spawn(move || pool.shutdown(Shutdown::Discard, None));
            match pool.spawn(closure) {
                Ok(mut handle) => match handle.wait(None) {
                    Ok(_) => assert_eq!(capture.touches(), 2, "run and dropped"),
                    // Whoever only looks may know it before the closure has been dropped.
                    Err(error) => assert_eq!(error, JoinError::Discarded),
                },
                Err(error) => assert_eq!((error.why, capture.touches()), (NotSpawned::NotRunning, 0)),
            }
            assert_eq!(other.join().unwrap(), Ok(()));
        });
    }

    #[test]
    fn two_spawns_beside_one_free_slot_and_the_run_that_frees_another_lose_nothing() {
        explore(FOUR, |scene| {
            let (pool, [worker]) = scene.pool(1);
            drop(pool.spawn(scene.closure().0).unwrap());
            scene.work(worker);
            let (one, two) = (scene.closure().0, scene.closure().0);
            let other = thread::spawn(move || pool.spawn(one).is_ok());
            let accepted = pool.spawn(two).is_ok();
            assert!(accepted | other.join().unwrap(), "one slot was free");
        });
    }

    #[test]
    fn a_handle_dropped_beside_the_run_and_a_shutdown_leaves_the_slot_to_exactly_one() {
        explore(FOUR, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let handle = pool.spawn(scene.closure().0).unwrap();
            scene.work(worker);
            let other = thread::spawn(move || pool.shutdown(Shutdown::Discard, None));
            drop(handle);
            assert_eq!(other.join().unwrap(), Ok(()));
        });
    }
}

mod scopes {
    use super::*;

    #[test]
    fn a_worker_whose_scope_ends_beside_another_that_takes_its_closures_runs_each_once() {
        explore(FOUR, |scene| {
            let (pool, [first, second]) = scene.pool(2);
            let places = [scene.place(), scene.place()];
            let job = scene.job(move |_| {
                let answer = pool.scope(|scope| {
                    for place in &places {
                        scope.spawn(|| place.touch()).unwrap();
                    }
                });
                assert_eq!((answer, places.map(|place| place.touches())), (Ok(()), [1, 1]));
            });
            job.submit(pool).unwrap();
            scene.work(second);
            Scene::work_here(first);
        });
    }

    #[test]
    fn a_scope_beside_the_run_and_a_shutdown_that_discards_says_whether_its_closure_was() {
        explore(FOUR, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let place = scene.place();
            scene.work(worker);
            let other = thread::spawn(move || pool.shutdown(Shutdown::Discard, None));
            match pool.scope(|scope| scope.spawn(|| place.touch()).is_ok()) {
                Ok(spawned) => assert_eq!(place.touches(), spawned.into()),
                Err(error) => assert_eq!((error, place.touches()), (ScopeError::Discarded, 0)),
            }
            assert_eq!(other.join().unwrap(), Ok(()));
        });
    }
}

#[test]
fn a_submitter_that_never_goes_on_holds_up_neither_its_job_nor_others() {
    explore(FOUR, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let (job, second) = (scene.job(|_| {}), scene.job(|_| {}));
        scene.work(worker);
        let other = thread::spawn(move || job.abandon_submit(pool));
        second.submit(pool).unwrap();
        other.join().unwrap();
        scene.settle();
        assert_eq!((job.runs(), second.runs()), (1, 1));
    });
}
