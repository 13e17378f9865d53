//! A worker, an interrupt or another thread beside the main one; the property is the test's name.

use loom::thread;
use taskpool_core::{
    Accepted, Cancel, ControlError, JoinError, NotSpawned, Outcome, ScopeError, Shutdown, Status, SubmitError,
    WaitError,
};
use taskpool_testkit::loom::{explore, Place, Scene};

mod groups;
mod here;
mod outcomes;
mod pause;
mod runtime_pools;
mod tasks;

const ALL: Option<usize> = None;

#[test]
fn a_submission_beside_a_worker_that_is_about_to_wait_loses_no_wake() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let (first, second) = (scene.job(|_| {}), scene.job(|_| {}));
        first.submit(pool).unwrap();
        scene.work(worker);
        second.submit(pool).unwrap();
        scene.settle();
        assert_eq!((first.runs(), second.runs()), (1, 1));
    });
}

#[test]
fn a_job_that_is_submitted_again_and_again_runs_once_for_each_acceptance() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job(|_| {});
        scene.work(worker);
        for _ in 0..3 {
            match job.submit(pool) {
                Ok(accepted) => assert_ne!(accepted, Accepted::Moved),
                Err(error) => assert_eq!(error, SubmitError::AlreadyQueued),
            }
        }
    });
}

#[test]
fn a_job_that_two_threads_submit_runs_once_or_twice_and_one_at_a_time() {
    explore(ALL, |scene| {
        let (pool, [_first, _second]) = scene.pool(2);
        let job = scene.job_with_completion(|_| {}, |_| {});
        let other = thread::spawn(move || job.submit(pool));
        let accepted = [job.submit(pool), other.join().unwrap()].iter().flatten().count();
        assert_eq!(accepted, 1, "nobody has taken it meanwhile");
    });
}

#[test]
fn two_jobs_submitted_by_two_threads_wake_two_workers() {
    explore(ALL, |scene| {
        let (pool, [_first, _second]) = scene.pool::<2>(2);
        let jobs = [scene.job(|_| {}), scene.job(|_| {})];
        let other = thread::spawn(move || jobs[0].submit(pool).unwrap());
        jobs[1].submit(pool).unwrap();
        other.join().unwrap();
        scene.settle();
        assert_eq!(jobs.map(|job| job.runs()), [1, 1]);
    });
}

#[test]
fn a_cancel_beside_the_run_leaves_exactly_one_outcome() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion(|ctx| _ = ctx.cancelled(), |_| {});
        job.submit(pool).unwrap();
        scene.work(worker);
        let cancel = job.cancel();
        scene.settle();
        match cancel {
            Cancel::Cancelled => assert_eq!(job.told(), [Outcome::Cancelled]),
            _ => assert_eq!(job.told(), [Outcome::Done(0)]),
        }
    });
}

#[test]
fn a_cancel_beside_a_run_that_submits_itself_leaves_exactly_one_outcome_for_each() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let job = scene.job_with_completion_knowing(
            move |me| {
                let mut runs = 0;
                move |_| {
                    runs += 1;
                    if runs == 1 {
                        me.job().submit(pool).unwrap();
                    }
                }
            },
            |_| |_| {},
        );
        job.submit(pool).unwrap();
        scene.work(worker);
        job.cancel();
    });
}

#[test]
fn two_cancels_of_one_job_leave_exactly_one_outcome() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit(pool).unwrap();
        let other = thread::spawn(move || job.cancel());
        let answers = [job.cancel(), other.join().unwrap()];
        assert!(answers.contains(&Cancel::Cancelled) && answers.contains(&Cancel::Idle));
        assert_eq!(job.told(), [Outcome::Cancelled]);
    });
}

#[test]
fn a_cancel_beside_the_expiry_leaves_exactly_one_outcome() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit_at(pool, 5).unwrap();
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        assert_eq!(job.cancel(), Cancel::Cancelled);
        interrupt.join().unwrap();
        assert_eq!(job.told(), [Outcome::Cancelled]);
    });
}

#[test]
fn a_cancel_beside_an_expiry_of_more_than_a_batch_leaves_the_others_to_run() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let jobs = [(); 3].map(|()| scene.job(|_| {}));
        for job in jobs {
            job.submit_at(pool, 5).unwrap();
        }
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        assert_eq!(jobs[0].cancel(), Cancel::Cancelled);
        interrupt.join().unwrap();
        scene.settle();
        // A batch that was cancelled under the interrupt's hands goes on in the next tick.
        Scene::interrupt(6);
        scene.settle();
        assert_eq!(jobs.map(|job| job.runs()), [0, 1, 1]);
    });
}

#[test]
fn a_worker_beside_an_expiry_of_more_than_a_batch_runs_all_that_is_due() {
    explore(ALL, |scene| {
        let (pool, [worker]) = scene.pool(1);
        let jobs = [(); 3].map(|()| scene.job(|_| {}));
        for job in jobs {
            job.submit_at(pool, 5).unwrap();
        }
        scene.work(worker);
        Scene::interrupt(5);
        scene.settle();
        assert_eq!(jobs.map(|job| job.runs()), [1, 1, 1]);
    });
}

#[test]
fn a_submission_for_now_beside_the_expiry_runs_the_job_once_or_twice_and_never_early() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let job = scene.job_with_completion(|_| {}, |_| {});
        job.submit_at(pool, 5).unwrap();
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        match job.submit(pool) {
            Ok(accepted) => assert_eq!(accepted, Accepted::Moved),
            Err(error) => assert_eq!(error, SubmitError::AlreadyQueued),
        }
        interrupt.join().unwrap();
        scene.settle();
        assert_eq!(job.runs(), 1);
    });
}

#[test]
fn of_two_armings_the_earlier_deadline_stays() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let (early, late) = (scene.job(|_| {}), scene.job(|_| {}));
        let other = thread::spawn(move || late.submit_at(pool, 9).unwrap());
        early.submit_at(pool, 5).unwrap();
        assert!(Scene::timer(pool) <= Some(5), "armed when the submission is over");
        other.join().unwrap();
        assert_eq!(Scene::timer(pool), Some(5));
    });
}

#[test]
fn of_two_armings_by_delays_the_earlier_deadline_stays() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let (early, late) = (scene.job(|_| {}), scene.job(|_| {}));
        let other = thread::spawn(move || late.submit_after(pool, 8).unwrap());
        early.submit_after(pool, 4).unwrap();
        other.join().unwrap();
        assert_eq!(Scene::timer(pool), Some(5));
    });
}

#[test]
fn an_arming_beside_the_expiry_of_another_is_not_lost() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let (first, second) = (scene.job(|_| {}), scene.job(|_| {}));
        first.submit_at(pool, 5).unwrap();
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        second.submit_at(pool, 7).unwrap();
        interrupt.join().unwrap();
        scene.settle();
        assert_eq!((first.runs(), second.runs(), Scene::timer(pool)), (1, 0, Some(7)));
    });
}

#[test]
fn an_arming_for_what_has_passed_meanwhile_is_not_lost() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let (by_instant, by_delay) = (scene.job(|_| {}), scene.job(|_| {}));
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        by_instant.submit_at(pool, 5).unwrap();
        by_delay.submit_after(pool, 2).unwrap();
        interrupt.join().unwrap();
        scene.settle();
        Scene::interrupt(8);
        scene.settle();
        assert_eq!((by_instant.runs(), by_delay.runs()), (1, 1));
    });
}

#[test]
fn a_start_beside_submissions_forgets_none() {
    explore(ALL, |scene| {
        let (pool, workers) = scene.pool_before_start::<1>(1);
        let jobs = [(); 3].map(|()| scene.job(|_| {}));
        jobs[0].submit(pool).unwrap();
        let other = thread::spawn(move || {
            jobs[1].submit(pool).unwrap();
            jobs[2].submit_at(pool, 5).unwrap();
        });
        Scene::start(pool, workers);
        other.join().unwrap();
        scene.settle();
        assert_eq!((jobs.map(|job| job.runs()), Scene::timer(pool)), ([1, 1, 0], Some(5)));
    });
}

/// The end of a job, row by row; see `doc/design.md`. Another thread submits while the job runs.
mod the_end_of_a_job {
    use super::*;

    #[test]
    fn it_is_idle_and_the_worker_takes_the_next() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (job, next) = (scene.job(|_| {}), scene.job(|_| {}));
            job.submit(pool).unwrap();
            scene.work(worker);
            next.submit(pool).unwrap();
            assert_eq!(next.wait(None), Ok(Outcome::Done(0)));
            assert_eq!((job.status(), job.runs()), (Status::Idle, 1));
        });
    }

    #[test]
    fn with_a_completion_it_is_idle_when_that_is_told() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (job, next) = (
                scene
                    .job_with_completion_knowing(|_| |_| {}, |me| move |_| assert_eq!(me.job().status(), Status::Idle)),
                scene.job(|_| {}),
            );
            job.submit(pool).unwrap();
            scene.work(worker);
            next.submit(pool).unwrap();
            assert_eq!(next.wait(None), Ok(Outcome::Done(0)));
            assert_eq!(job.told(), [Outcome::Done(0)]);
        });
    }

    #[test]
    fn deferred_again_behind_another_it_is_armed_for_when_that_is_over() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (earlier, job) = (scene.job(|_| {}), scene.job(|_| {}));
            earlier.submit_at(pool, 3).unwrap();
            job.submit(pool).unwrap();
            scene.work(worker);
            let again = job.submit_at(pool, 5);
            scene.settle();
            assert_eq!((job.runs(), Scene::timer(pool)), (1, Some(3)));
            Scene::interrupt(3);
            scene.settle();
            assert_eq!((earlier.runs(), Scene::timer(pool)), (1, again.is_ok().then_some(5)));
        });
    }

    #[test]
    fn resubmitted_to_ready_it_runs_again() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let again = job.submit(pool);
            scene.settle();
            assert_eq!(job.runs(), 1 + u32::from(again.is_ok()));
        });
    }

    #[test]
    fn resubmitted_to_ready_with_a_completion_it_runs_again_and_each_is_told() {
        explore(ALL, |scene| {
            let (pool, [worker, _second]) = scene.pool(2);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let again = job.submit(pool);
            scene.settle();
            assert_eq!(job.told().len(), 1 + usize::from(again.is_ok()));
        });
    }

    #[test]
    fn resubmitted_to_another_pool_it_runs_there() {
        explore(ALL, |scene| {
            let ((pool, [worker]), (other, [_there])) = (scene.pool(1), scene.pool::<1>(1));
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let again = job.submit(other);
            scene.settle();
            assert_eq!(job.runs(), 1 + u32::from(again.is_ok()));
        });
    }

    #[test]
    fn resubmitted_to_another_pool_with_a_completion_it_runs_there_and_each_is_told() {
        explore(ALL, |scene| {
            let ((pool, [worker]), (other, [_there])) = (scene.pool(1), scene.pool::<1>(1));
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            _ = job.submit(other);
        });
    }

    #[test]
    fn deferred_again_it_is_armed_for() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let again = job.submit_at(pool, 5);
            scene.settle();
            assert_eq!((job.runs(), Scene::timer(pool)), (1, again.is_ok().then_some(5)));
        });
    }

    #[test]
    fn deferred_again_with_a_completion_it_is_armed_for_and_each_is_told() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            _ = job.submit_at(pool, 5);
            Scene::interrupt(5);
        });
    }

    #[test]
    fn deferred_by_itself_beside_its_expiry_it_runs_again() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_knowing(|me| {
                let mut runs = 0;
                move |_| {
                    runs += 1;
                    if runs == 1 {
                        me.job().submit_after(pool, 2).unwrap();
                    }
                }
            });
            job.submit(pool).unwrap();
            scene.work(worker);
            Scene::interrupt(3);
        });
    }

    #[test]
    fn submitted_by_its_completion_it_runs_again() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion_knowing(
                |_| |_| {},
                |me| {
                    move |outcome| {
                        if outcome == Outcome::Done(0) || outcome == Outcome::Cancelled {
                            _ = me.job().submit(pool);
                        }
                    }
                },
            );
            job.submit(pool).unwrap();
            scene.work(worker);
            job.cancel();
        });
    }

    #[test]
    fn cancelled_while_running_it_is_told_and_its_resubmission_too() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|ctx| _ = ctx.cancelled(), |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            _ = job.submit_at(pool, 5);
            job.cancel();
            _ = job.submit(pool);
        });
    }
}

mod waiting {
    use super::*;

    #[test]
    fn a_waiter_beside_the_end_of_the_run_is_let_go() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            assert_eq!(job.wait(None), Ok(Outcome::Done(0)));
        });
    }

    #[test]
    fn a_waiter_goes_on_after_the_completion_was_told() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            assert_eq!(job.wait(None), Ok(Outcome::Done(0)));
            // Who only looks may know it earlier.
            if Scene::had_to_wait() {
                assert_eq!(job.told(), [Outcome::Done(0)]);
            }
        });
    }

    #[test]
    fn a_waiter_whose_time_is_up_beside_its_signal_times_out_or_gets_the_outcome() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let answer = job.wait(Some(1));
            assert!(matches!(answer, Ok(Outcome::Done(0)) | Err(WaitError::TimedOut)));
            scene.settle();
            assert_eq!(job.wait(None), Ok(Outcome::Done(0)), "it has left the list either way");
        });
    }

    #[test]
    fn a_waiter_whose_time_is_up_does_not_touch_a_job_that_its_completion_frees() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion_knowing(|_| |_| {}, |me| move |_| me.job().free());
            job.submit_at(pool, 5).unwrap();
            scene.work(worker);
            // Only who waits already may wait for such a job.
            Scene::before_wait(|| Scene::interrupt(5));
            let answer = job.wait(Some(1));
            assert!(matches!(answer, Ok(Outcome::Done(0)) | Err(WaitError::TimedOut)));
            scene.settle();
            assert_eq!(job.told(), [Outcome::Done(0)]);
        });
    }

    #[test]
    fn a_waiter_beside_a_cancel_is_let_go() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit_at(pool, 5).unwrap();
            let other = thread::spawn(move || job.cancel());
            assert_eq!(job.wait(None), Ok(Outcome::Cancelled));
            other.join().unwrap();
        });
    }

    #[test]
    fn a_waiter_whose_time_is_up_beside_a_cancel_times_out_or_gets_the_outcome() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit_at(pool, 5).unwrap();
            let other = thread::spawn(move || job.cancel());
            let answer = job.wait(Some(1));
            assert!(matches!(answer, Ok(Outcome::Cancelled) | Err(WaitError::TimedOut)));
            other.join().unwrap();
        });
    }

    #[test]
    fn whoever_cancels_and_waits_finds_the_job_idle() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let outcome = job.cancel_and_wait().unwrap();
            let runs = job.runs();
            assert_eq!(job.status(), Status::Idle);
            scene.settle();
            assert_eq!(job.runs(), runs, "nothing ran afterwards");
            match outcome {
                Outcome::Cancelled => assert_eq!(runs, 0),
                _ => assert_eq!(runs, 1),
            }
        });
    }

    #[test]
    fn a_waiter_for_a_resubmission_beside_the_end_of_the_run_gets_a_later_outcome() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let again = job.submit(pool);
            let answer = job.wait(None);
            let last = u32::from(again.is_ok());
            assert_eq!(answer, Ok(Outcome::Done(last as i32)));
        });
    }
}

mod control {
    use super::*;

    const HOW: [Shutdown; 2] = [Shutdown::Drain, Shutdown::Discard];

    #[test]
    fn a_submission_beside_a_hold_waits_for_the_release() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            let other = thread::spawn(move || job.submit(pool).unwrap());
            pool.hold().unwrap();
            other.join().unwrap();
            scene.settle();
            assert_eq!(job.runs(), 0);
            pool.release().unwrap();
            scene.settle();
            assert_eq!(job.runs(), 1);
        });
    }

    #[test]
    fn a_submission_beside_a_release_runs() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let jobs = [(); 2].map(|()| scene.job(|_| {}));
            pool.hold().unwrap();
            jobs[0].submit(pool).unwrap();
            let other = thread::spawn(move || jobs[1].submit(pool).unwrap());
            pool.release().unwrap();
            other.join().unwrap();
            scene.settle();
            assert_eq!(jobs.map(|job| job.runs()), [1, 1]);
        });
    }

    #[test]
    fn a_worker_beside_a_hold_and_a_release_runs_what_is_queued() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let jobs = [(); 2].map(|()| scene.job(|_| {}));
            jobs[0].submit(pool).unwrap();
            scene.work(worker);
            pool.hold().unwrap();
            jobs[1].submit(pool).unwrap();
            pool.release().unwrap();
            scene.settle();
            assert_eq!(jobs.map(|job| job.runs()), [1, 1]);
        });
    }

    #[test]
    fn an_expiry_beside_a_hold_and_a_release_is_not_lost() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit_at(pool, 5).unwrap();
            let interrupt = thread::spawn(|| Scene::interrupt(5));
            pool.hold().unwrap();
            pool.release().unwrap();
            interrupt.join().unwrap();
            scene.settle();
            // Released before the interrupt and armed after it, the timer expires in the next tick.
            Scene::interrupt(6);
            scene.settle();
            assert_eq!(job.runs(), 1);
        });
    }

    #[test]
    fn a_submission_beside_a_shutdown_is_refused_or_has_its_outcome() {
        for how in HOW {
            explore(ALL, move |scene| {
                let (pool, [worker]) = scene.pool(1);
                let job = scene.job_with_completion(|_| {}, |_| {});
                scene.work(worker);
                let other = thread::spawn(move || pool.shutdown(how, None));
                let answer = job.submit(pool);
                assert_eq!(other.join().unwrap(), Ok(()));
                match answer {
                    Ok(_) => assert_eq!(job.told().len(), 1, "told before the shutdown is over"),
                    Err(error) => assert_eq!(error, SubmitError::NotRunning),
                }
            });
        }
    }

    #[test]
    fn a_deferred_submission_beside_a_shutdown_is_refused_or_discarded() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            let other = thread::spawn(move || pool.shutdown(Shutdown::Drain, None));
            let accepted = job.submit_at(pool, 5).is_ok();
            assert_eq!(other.join().unwrap(), Ok(()));
            assert_eq!(job.told(), vec![Outcome::Discarded; accepted.into()]);
        });
    }

    #[test]
    fn a_shutdown_beside_a_run_is_over_when_the_job_is_and_was_told() {
        for how in HOW {
            explore(ALL, move |scene| {
                let (pool, [worker]) = scene.pool(1);
                let job = scene.job_with_completion(|_| {}, |_| {});
                job.submit(pool).unwrap();
                scene.work(worker);
                assert_eq!(pool.shutdown(how, None), Ok(()));
                let told = job.told();
                assert!(told == [Outcome::Done(0)] || told == [Outcome::Discarded] && how == Shutdown::Discard);
                assert_eq!(pool.restart(), Ok(()));
            });
        }
    }

    #[test]
    fn a_run_that_submits_itself_beside_a_shutdown_leaves_one_outcome_each() {
        for how in HOW {
            explore(ALL, move |scene| {
                let (pool, [worker]) = scene.pool(1);
                let job = scene.job_with_completion_knowing(
                    move |me| {
                        let mut runs = 0;
                        move |_| {
                            runs += 1;
                            if runs == 1 {
                                _ = me.job().submit(pool);
                            }
                        }
                    },
                    |_| |_| {},
                );
                job.submit(pool).unwrap();
                scene.work(worker);
                assert_eq!(pool.shutdown(how, None), Ok(()));
                let runs = job.runs();
                scene.settle();
                assert_eq!(job.runs(), runs, "nothing ran afterwards");
            });
        }
    }

    #[test]
    fn a_shutdown_whose_time_is_up_beside_the_end_times_out_or_is_over() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let answer = pool.shutdown(Shutdown::Drain, Some(1));
            assert!(matches!(answer, Ok(()) | Err(ControlError::TimedOut)));
            scene.settle();
            assert_eq!(job.told(), [Outcome::Done(0)]);
            assert_eq!(
                pool.shutdown(Shutdown::Drain, None),
                Ok(()),
                "it has left the line either way"
            );
            assert_eq!(pool.restart(), Ok(()));
            assert_eq!(job.submit(pool), Ok(Accepted::New));
        });
    }

    #[test]
    fn two_shutdowns_of_one_pool_discard_each_job_once() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
            for job in jobs {
                job.submit_at(pool, 5).unwrap();
            }
            let other = thread::spawn(move || pool.shutdown(Shutdown::Drain, None));
            let answers = [pool.shutdown(Shutdown::Discard, None), other.join().unwrap()];
            assert_eq!(answers, [Ok(()), Ok(())]);
            for job in jobs {
                assert_eq!(job.told(), [Outcome::Discarded]);
            }
        });
    }

    #[test]
    fn a_cancel_beside_a_shutdown_leaves_exactly_one_outcome() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit_at(pool, 5).unwrap();
            let other = thread::spawn(move || pool.shutdown(Shutdown::Drain, None));
            match job.cancel() {
                Cancel::Cancelled => assert_eq!(job.told(), [Outcome::Cancelled]),
                answer => assert_eq!(answer, Cancel::Idle),
            }
            assert_eq!(other.join().unwrap(), Ok(()));
        });
    }
}

mod spawning {
    use super::*;

    #[test]
    fn a_wait_beside_the_run_gets_the_result_and_the_slot_comes_back_once() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (closure, [capture, result]) = scene.closure();
            let mut handle = pool.spawn(closure).unwrap();
            scene.work(worker);
            let answer = handle.wait(None).unwrap();
            assert_eq!(
                (capture.touches(), result.touches()),
                (2, 0),
                "run and dropped; not yet dropped"
            );
            drop(answer);
            assert!(matches!(handle.wait(None), Err(JoinError::Taken)));
        });
    }

    #[test]
    fn a_wait_whose_time_is_up_beside_the_end_leaves_the_result_to_exactly_one() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let mut handle = pool.spawn(scene.closure().0).unwrap();
            scene.work(worker);
            match handle.wait(Some(1)) {
                Ok(_) => {}
                Err(error) => assert_eq!(error, JoinError::TimedOut),
            }
        });
    }

    #[test]
    fn a_handle_dropped_beside_the_run_leaves_result_and_slot_to_exactly_one() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let handle = pool.spawn(scene.closure().0).unwrap();
            scene.work(worker);
            drop(handle);
        });
    }

    #[test]
    fn a_cancel_beside_the_run_drops_the_closure_before_it_returns_or_lets_it_run() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (closure, [capture, _]) = scene.closure();
            let mut handle = pool.spawn(closure).unwrap();
            scene.work(worker);
            match handle.cancel() {
                Cancel::Cancelled => {
                    assert_eq!(capture.touches(), 1, "dropped, and not run");
                    assert_eq!(handle.wait(None).err(), Some(JoinError::Cancelled));
                }
                _ => assert!(handle.wait(None).is_ok()),
            }
        });
    }

    #[test]
    fn a_handle_that_cancels_and_is_dropped_beside_the_run_leaves_the_slot_to_exactly_one() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let handle = pool.spawn(scene.closure().0).unwrap();
            scene.work(worker);
            handle.cancel();
            drop(handle);
        });
    }

    #[test]
    fn a_handle_dropped_beside_a_shutdown_that_discards_leaves_the_slot_to_exactly_one() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let handle = pool.spawn(scene.closure().0).unwrap();
            // The worker has been woken, and does not come to rest: the time of the shutdown is up then.
            let other = thread::spawn(move || pool.shutdown(Shutdown::Discard, Some(1)));
            drop(handle);
            assert_eq!(other.join().unwrap(), Err(ControlError::TimedOut));
        });
    }

    #[test]
    fn of_two_spawns_beside_one_free_slot_exactly_one_is_accepted() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let first = pool.spawn(scene.closure().0).unwrap();
            let (one, two) = (scene.closure().0, scene.closure().0);
            let other = thread::spawn(move || pool.spawn(one).map_err(|error| error.why));
            let answers = [pool.spawn(two).map_err(|error| error.why), other.join().unwrap()];
            let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
            assert_eq!(refused, [&NotSpawned::NoSlot]);
            drop(first);
        });
    }

    #[test]
    fn a_spawn_beside_a_slot_that_comes_free_takes_it_or_is_refused() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let handles = [(); 2].map(|()| pool.spawn(scene.closure().0).unwrap());
            Scene::work_here(worker);
            let other = thread::spawn(move || drop(handles));
            let (closure, [capture, _]) = scene.closure();
            let closure = match pool.spawn(closure) {
                Ok(_) => None,
                Err(error) => {
                    assert_eq!((error.why, capture.touches()), (NotSpawned::NoSlot, 0));
                    Some(error.closure)
                }
            };
            other.join().unwrap();
            if let Some(closure) = closure {
                pool.spawn(closure).unwrap();
            }
        });
    }
}

mod scopes {
    use super::*;

    #[test]
    fn a_scope_beside_the_worker_that_runs_its_closure_is_over_after_it() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let place = scene.place();
            scene.work(worker);
            let answer = pool.scope(|scope| scope.spawn(|| place.touch()).unwrap());
            assert_eq!((answer, place.touches()), (Ok(()), 1));
        });
    }

    #[test]
    fn a_worker_whose_scope_ends_beside_another_that_takes_its_closure_runs_it_once() {
        explore(ALL, |scene| {
            let (pool, [first, second]) = scene.pool(2);
            let place = scene.place();
            let job = scene.job(move |_| {
                let answer = pool.scope(|scope| scope.spawn(|| place.touch()).unwrap());
                assert_eq!((answer, place.touches()), (Ok(()), 1));
            });
            job.submit(pool).unwrap();
            scene.work(second);
            Scene::work_here(first);
        });
    }

    #[test]
    fn a_scope_on_the_only_worker_beside_a_submission_runs_its_closures_and_then_the_job() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let place = scene.place();
            let job = scene.job(move |_| {
                let answer = pool.scope(|scope| scope.spawn(|| place.touch()).unwrap());
                assert_eq!((answer, place.touches()), (Ok(()), 1));
            });
            let other = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            other.submit(pool).unwrap();
        });
    }

    #[test]
    fn a_scope_beside_a_shutdown_says_whether_its_closure_was_discarded() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let place = scene.place();
            let mut other = None;
            let answer = pool.scope(|scope| {
                scope.spawn(|| place.touch()).unwrap();
                other = Some(thread::spawn(move || {
                    // Its time may be up before the worker has come to rest.
                    _ = pool.shutdown(Shutdown::Discard, Some(1));
                    Scene::work_here(worker);
                }));
            });
            match answer {
                Ok(()) => assert_eq!(place.touches(), 1),
                Err(error) => assert_eq!((error, place.touches()), (ScopeError::Discarded, 0)),
            }
            other.unwrap().join().unwrap();
        });
    }

    /// What a closure captures that does something with what it borrows when it is dropped.
    struct Guard<'a>(&'a Place);

    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            self.0.touch();
        }
    }

    #[test]

    fn a_scope_beside_a_shutdown_is_over_after_its_closure_was_dropped() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let place = scene.place();
            let mut other = None;
            _ = pool.scope(|scope| {
                let guard = Guard(&place);
                scope.spawn(move || drop(guard)).unwrap();
                other = Some(thread::spawn(move || {
                    _ = pool.shutdown(Shutdown::Discard, Some(1));
                    Scene::work_here(worker);
                }));
            });
            assert_eq!(place.touches(), 1);
            other.unwrap().join().unwrap();
        });
    }

    fn scope_on_the_only_worker_beside_a_shutdown(how: Shutdown) {
        explore(ALL, move |scene| {
            let (pool, [worker]) = scene.pool(1);
            let place = scene.place();
            let job = scene.job_with_completion(
                move |_| {
                    let answer = pool.scope(|scope| scope.spawn(|| place.touch()).is_ok());
                    match answer {
                        Ok(spawned) => assert_eq!(place.touches(), spawned.into()),
                        Err(error) => assert_eq!((error, place.touches()), (ScopeError::Discarded, 0)),
                    }
                },
                |_| {},
            );
            job.submit(pool).unwrap();
            scene.work(worker);
            assert_eq!(pool.shutdown(how, None), Ok(()));
        });
    }

    #[test]
    fn a_scope_on_the_only_worker_beside_a_shutdown_that_discards_is_over_and_so_is_the_shutdown() {
        scope_on_the_only_worker_beside_a_shutdown(Shutdown::Discard);
    }

    #[test]

    fn a_scope_on_the_only_worker_beside_a_shutdown_that_drains_is_over_and_so_is_the_shutdown() {
        scope_on_the_only_worker_beside_a_shutdown(Shutdown::Drain);
    }

    #[test]

    fn a_scope_on_the_only_worker_beside_a_hold_and_a_release_is_over() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let place = scene.place();
            let job = scene.job(move |_| {
                let answer = pool.scope(|scope| scope.spawn(|| place.touch()).unwrap());
                assert_eq!((answer, place.touches()), (Ok(()), 1));
            });
            job.submit(pool).unwrap();
            scene.work(worker);
            pool.hold().unwrap();
            pool.release().unwrap();
        });
    }
}

/// A submitter that is preempted for ever after its lock section.
mod a_submitter_that_never_goes_on {
    use super::*;

    #[test]
    fn has_woken_the_worker() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (first, job) = (scene.job(|_| {}), scene.job(|_| {}));
            first.submit(pool).unwrap();
            scene.work(worker);
            job.abandon_submit(pool);
            scene.settle();
            assert_eq!(job.runs(), 1);
        });
    }

    #[test]
    fn has_armed_the_timer() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let (later, job) = (scene.job(|_| {}), scene.job(|_| {}));
            let other = thread::spawn(move || later.submit_at(pool, 9).unwrap());
            job.abandon_submit_after(pool, 4);
            other.join().unwrap();
            assert_eq!(Scene::timer(pool), Some(5));
        });
    }

    #[test]
    fn has_woken_the_worker_for_an_instant_that_has_passed() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (first, job) = (scene.job(|_| {}), scene.job(|_| {}));
            Scene::interrupt(5);
            first.submit(pool).unwrap();
            scene.work(worker);
            job.abandon_submit_at(pool, 3);
            scene.settle();
            assert_eq!(job.runs(), 1);
        });
    }

    #[test]
    fn has_armed_the_timer_for_an_instant_that_passes_meanwhile() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            let interrupt = thread::spawn(|| Scene::interrupt(5));
            job.abandon_submit_at(pool, 5);
            interrupt.join().unwrap();
            // Armed after the interrupt, the timer expires in the next tick.
            Scene::interrupt(6);
            scene.settle();
            assert_eq!(job.runs(), 1);
        });
    }

    #[test]
    fn has_called_a_worker_of_the_reserve_for_its_urgent_job() {
        explore(ALL, |scene| {
            let lent = scene.reserve();
            let (pool, [_busy]) = scene.pool(1);
            let (first, job) = (scene.job(|_| {}), scene.job(|_| {}));
            first.submit(pool).unwrap();
            scene.work(lent);
            job.abandon_submit_urgent(pool);
            scene.settle();
            assert_eq!((first.runs(), job.runs()), (1, 1));
        });
    }

    #[test]
    fn and_cancels_what_was_due_leaves_what_an_interrupt_left_to_the_worker() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let jobs = [(); 3].map(|()| scene.job(|_| {}));
            for job in jobs {
                job.submit_at(pool, 5).unwrap();
            }
            let interrupt = thread::spawn(|| Scene::interrupt(5));
            jobs[0].abandon_cancel();
            interrupt.join().unwrap();
            scene.settle();
            // A batch that was cancelled under the interrupt's hands goes on in the next tick.
            Scene::interrupt(6);
            scene.settle();
            assert_eq!(jobs.map(|job| job.runs()), [0, 1, 1]);
        });
    }

    #[test]
    fn and_sends_a_running_job_elsewhere_leaves_it_to_the_workers() {
        explore(ALL, |scene| {
            let ((pool, [worker]), (other, [_there])) = (scene.pool(1), scene.pool::<1>(1));
            let job = scene.job_knowing(|me| {
                let mut runs = 0;
                move |_| {
                    runs += 1;
                    if runs == 1 {
                        // Within the run, so that it is one of a running job.
                        let submitter = thread::spawn(move || me.job().abandon_submit(other));
                        submitter.join().unwrap();
                    }
                }
            });
            job.submit(pool).unwrap();
            scene.work(worker);
            scene.settle();
            assert_eq!(job.runs(), 2);
        });
    }
}
