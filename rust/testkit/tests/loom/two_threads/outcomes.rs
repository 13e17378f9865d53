//! Jobs that are aborted, and jobs whose time is up.

use loom::thread;
use taskpool_core::{Accepted, Cancel, Clock, DeferError, Outcome, Shutdown, Status, WaitError};
use taskpool_testkit::loom::{explore, Scene};

use super::ALL;

mod an_abort {
    use super::*;

    #[test]
    fn beside_the_run_leaves_exactly_one_outcome() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|ctx| _ = ctx.cancelled(), |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let abort = job.abort();
            scene.settle();
            match abort {
                Cancel::Idle => assert_eq!((job.told(), job.runs()), (vec![Outcome::Done(0)], 1)),
                Cancel::Running { .. } => assert_eq!((job.told(), job.runs()), (vec![Outcome::Aborted], 1)),
                Cancel::Cancelled => assert_eq!((job.told(), job.runs()), (vec![Outcome::Aborted], 0)),
            }
        });
    }

    #[test]
    fn beside_a_run_that_nobody_is_told_of_is_its_outcome_unless_it_was_over() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (job, next) = (scene.job(|_| {}), scene.job(|_| {}));
            job.submit(pool).unwrap();
            // The worker takes it in the section in which the other run ends.
            next.submit(pool).unwrap();
            scene.work(worker);
            let outcome = match job.abort() {
                Cancel::Idle => Outcome::Done(0),
                _ => Outcome::Aborted,
            };
            scene.settle();
            assert_eq!(job.wait(Some(0)), Ok(outcome));
            assert_eq!(next.wait(Some(0)), Ok(Outcome::Done(0)));
        });
    }

    #[test]
    fn beside_a_run_that_submits_itself_leaves_exactly_one_outcome_for_each() {
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
            let abort = job.abort();
            scene.settle();
            use Outcome::{Aborted, Done};
            let (told, runs) = (job.told(), job.runs());
            match abort {
                Cancel::Idle => assert_eq!(told, [Done(0), Done(1)]),
                // The worker may tell the end of the first run later than this thread tells that of the resubmission.
                Cancel::Cancelled => match runs {
                    0 => assert_eq!(told, [Aborted]),
                    _ => assert!(told == [Done(0), Aborted] || told == [Aborted, Done(0)]),
                },
                Cancel::Running {
                    resubmission_cancelled: true,
                } => assert!(told == [Aborted, Aborted] && runs == 1),
                Cancel::Running { .. } => {
                    assert!((told == [Aborted, Done(1)] || told == [Done(0), Aborted]) && runs == 2);
                }
            }
        });
    }

    #[test]
    fn between_two_resubmissions_beside_the_run_leaves_exactly_one_outcome_for_each() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|ctx| _ = ctx.cancelled(), |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            _ = job.submit_at(pool, 5);
            let abort = job.abort();
            let again = job.submit(pool);
            if abort == Cancel::Cancelled {
                assert_eq!(again, Ok(Accepted::New));
            }
            scene.settle();
            if again == Ok(Accepted::New) {
                assert!(
                    matches!(job.wait(Some(0)), Ok(Outcome::Done(_))),
                    "it came after the abort"
                );
            }
        });
    }

    #[test]
    fn by_the_run_itself_beside_a_resubmission_does_not_touch_what_is_accepted_after_it() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion_knowing(
                |me| {
                    let mut runs = 0;
                    move |_| {
                        runs += 1;
                        if runs == 1 {
                            me.job().abort();
                        }
                    }
                },
                |_| |_| {},
            );
            job.submit(pool).unwrap();
            scene.work(worker);
            let again = job.submit(pool);
            scene.settle();
            let (told, runs) = (job.told(), job.runs());
            assert_eq!(told.len(), 1 + usize::from(again.is_ok()));
            match runs {
                1 => assert!(told.iter().all(|outcome| *outcome == Outcome::Aborted), "{told:?}"),
                _ => assert_eq!(told, [Outcome::Aborted, Outcome::Done(1)]),
            }
        });
    }

    #[test]
    fn beside_a_cancel_of_what_waits_leaves_the_outcome_to_exactly_one() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit_at(pool, 5).unwrap();
            let other = thread::spawn(move || job.cancel());
            let (abort, cancel) = (job.abort(), other.join().unwrap());
            match abort {
                Cancel::Cancelled => assert_eq!((cancel, job.told()), (Cancel::Idle, vec![Outcome::Aborted])),
                _ => assert_eq!((cancel, job.told()), (Cancel::Cancelled, vec![Outcome::Cancelled])),
            }
        });
    }

    #[test]
    fn beside_another_leaves_exactly_one_outcome() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            let other = thread::spawn(move || job.abort());
            let answers = [job.abort(), other.join().unwrap()];
            assert!(answers.contains(&Cancel::Cancelled) && answers.contains(&Cancel::Idle));
            assert_eq!(job.told(), [Outcome::Aborted]);
        });
    }

    #[test]
    fn and_a_cancel_after_it_beside_the_run_leave_it_aborted_if_it_was() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let abort = job.abort();
            let cancel = job.cancel();
            assert_ne!(cancel, Cancel::Cancelled);
            scene.settle();
            let outcome = match abort {
                Cancel::Idle => Outcome::Done(0),
                _ => Outcome::Aborted,
            };
            assert_eq!(job.told(), [outcome]);
        });
    }

    #[test]
    fn beside_the_expiry_leaves_exactly_one_outcome() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
            for job in jobs {
                job.submit_at(pool, 5).unwrap();
            }
            let interrupt = thread::spawn(|| Scene::interrupt(5));
            assert_eq!(jobs[0].abort(), Cancel::Cancelled);
            interrupt.join().unwrap();
            scene.settle();
            // A batch that was aborted under the interrupt's hands goes on in the next tick.
            Scene::interrupt(6);
            scene.settle();
            assert_eq!(jobs[0].told(), [Outcome::Aborted]);
            assert_eq!(jobs[1].told(), [Outcome::Done(0)]);
        });
    }

    #[test]
    fn beside_a_waiter_whose_time_is_up_lets_it_go_or_not() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit_at(pool, 5).unwrap();
            let other = thread::spawn(move || job.abort());
            let answer = job.wait(Some(1));
            assert!(matches!(answer, Ok(Outcome::Aborted) | Err(WaitError::TimedOut)));
            assert_eq!(other.join().unwrap(), Cancel::Cancelled);
            assert_eq!(job.wait(None), Ok(Outcome::Aborted), "it has left the list either way");
        });
    }

    #[test]
    fn before_a_wait_beside_the_run_is_what_the_waiter_is_told() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            let outcome = match job.abort() {
                Cancel::Idle => Outcome::Done(0),
                _ => Outcome::Aborted,
            };
            assert_eq!(job.wait(None), Ok(outcome));
        });
    }

    #[test]
    fn of_a_resubmission_to_another_pool_beside_the_run_holds_up_no_shutdown_there() {
        explore(ALL, |scene| {
            let ((pool, [worker]), (other, [_there])) = (scene.pool(1), scene.pool::<1>(1));
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            if job.submit_at(other, 5).is_ok() {
                job.abort();
            }
            // Nobody is woken there who would not come to rest: it is over at once, or its time is up.
            _ = other.shutdown(Shutdown::Drain, Some(1));
            scene.settle();
            assert_eq!(other.shutdown(Shutdown::Drain, None), Ok(()));
        });
    }
}

mod a_limit {
    use super::*;

    #[test]
    fn that_has_not_passed_lets_the_job_run() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            // Up at 4.
            job.submit_within(pool, 3).unwrap();
            scene.work(worker);
            Scene::interrupt(3);
            scene.settle();
            assert_eq!(job.told(), [Outcome::Done(0)]);
        });
    }

    #[test]
    fn that_passes_beside_its_worker_times_the_job_out_or_lets_it_run() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, not_early);
            job.submit_within(pool, 3).unwrap();
            scene.work(worker);
            Scene::interrupt(4);
            let status = job.status();
            scene.settle();
            match job.told()[..] {
                [Outcome::TimedOut] => assert_eq!(job.runs(), 0),
                [Outcome::Done(0)] => assert_ne!(status, Status::Queued, "nobody took it in time"),
                ref told => panic!("{told:?}"),
            }
        });
    }

    /// For a limit at 4.
    fn not_early(outcome: Outcome) {
        assert!(outcome != Outcome::TimedOut || Scene::now() >= 4, "its time is not up");
    }

    #[test]
    fn that_passed_before_a_worker_came_times_the_job_out_beside_one_that_came_earlier() {
        explore(ALL, |scene| {
            let late = scene.reserve();
            let (pool, [worker]) = scene.pool(2);
            let jobs = [(); 2].map(|()| {
                scene.job_with_completion(
                    |ctx| assert_eq!(ctx.worker(), 0, "a worker that came too late"),
                    not_early,
                )
            });
            for job in jobs {
                job.submit_within(pool, 3).unwrap();
            }
            let other = thread::spawn(move || {
                Scene::interrupt(4);
                Scene::work_here(late);
            });
            Scene::work_here(worker);
            other.join().unwrap();
        });
    }

    #[test]
    fn that_has_passed_beside_a_cancel_leaves_exactly_one_outcome() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit_within(pool, 3).unwrap();
            Scene::interrupt(4);
            scene.work(worker);
            let cancel = job.cancel();
            scene.settle();
            match cancel {
                Cancel::Cancelled => assert_eq!(job.told(), [Outcome::Cancelled]),
                _ => assert_eq!((cancel, job.told()), (Cancel::Idle, vec![Outcome::TimedOut])),
            }
        });
    }

    #[test]
    fn that_has_passed_beside_an_abort_leaves_exactly_one_outcome() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit_within(pool, 3).unwrap();
            Scene::interrupt(4);
            scene.work(worker);
            let abort = job.abort();
            scene.settle();
            match abort {
                Cancel::Cancelled => assert_eq!(job.told(), [Outcome::Aborted]),
                _ => assert_eq!((abort, job.told()), (Cancel::Idle, vec![Outcome::TimedOut])),
            }
        });
    }

    #[test]
    fn that_has_passed_beside_a_waiter_lets_it_go_with_what_was_told() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit_within(pool, 3).unwrap();
            Scene::interrupt(4);
            scene.work(worker);
            assert_eq!(job.wait(None), Ok(Outcome::TimedOut));
            if Scene::had_to_wait() {
                assert_eq!(job.told(), [Outcome::TimedOut]);
            }
        });
    }

    #[test]
    fn of_a_resubmission_beside_the_run_counts_for_that_one_only() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit(pool).unwrap();
            scene.work(worker);
            // Up at 1.
            let again = job.submit_within(pool, 0);
            Scene::interrupt(1);
            scene.settle();
            match again {
                Ok(_) => assert!(matches!(
                    job.told()[..],
                    [Outcome::Done(0), Outcome::Done(1) | Outcome::TimedOut]
                )),
                Err(error) => assert_eq!((error, job.told()), (DeferError::AlreadyQueued, vec![Outcome::Done(0)])),
            }
        });
    }

    #[test]
    fn of_one_job_beside_the_run_of_another_is_looked_at_whoever_comes_between() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let (unlimited, limited) = (scene.job(|_| {}), scene.job_with_completion(|_| {}, |_| {}));
            unlimited.submit(pool).unwrap();
            scene.work(worker);
            limited.submit_within(pool, 0).unwrap();
            Scene::interrupt(1);
            let waits = limited.status() == Status::Queued;
            scene.settle();
            assert!(!waits || limited.told() == [Outcome::TimedOut]);
        });
    }

    #[test]
    fn beside_a_pause_stands_while_the_clock_stands() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, not_early);
            job.submit_within(pool, 3).unwrap();
            let interrupt = thread::spawn(|| Scene::interrupt(9));
            let before = Scene::now();
            pool.pause(Clock::Frozen).unwrap();
            let after = Scene::now();
            interrupt.join().unwrap();
            scene.settle();
            assert!(job.told().is_empty());
            pool.release().unwrap();
            scene.settle();
            match (before, after) {
                (0, 0) => assert_eq!(job.told(), [Outcome::Done(0)]),
                (9, _) => assert_eq!(job.told(), [Outcome::TimedOut]),
                _ => {}
            }
        });
    }

    #[test]
    fn beside_a_pause_passes_while_the_clock_runs_on() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, not_early);
            job.submit_within(pool, 3).unwrap();
            let interrupt = thread::spawn(|| Scene::interrupt(4));
            pool.pause(Clock::RunsOn).unwrap();
            interrupt.join().unwrap();
            pool.release().unwrap();
            scene.settle();
            assert_eq!(job.told(), [Outcome::TimedOut]);
        });
    }

    #[test]
    fn beside_its_worker_and_a_pause_is_not_up_before_the_pool_went_on() {
        explore(ALL, |scene| {
            let (pool, [worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit_within(pool, 3).unwrap();
            scene.work(worker);
            pool.pause(Clock::Frozen).unwrap();
            Scene::interrupt(9);
            pool.release().unwrap();
            scene.settle();
            assert_eq!(job.told(), [Outcome::Done(0)]);
        });
    }

    #[test]
    fn of_a_submitter_that_was_kept_waiting_by_a_pause_is_as_far_ahead_afterwards() {
        explore(ALL, |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            let other = thread::spawn(move || job.submit_within(pool, 3).unwrap());
            Scene::interrupt(2);
            pool.pause(Clock::Frozen).unwrap();
            Scene::interrupt(9);
            other.join().unwrap();
            pool.release().unwrap();
            scene.settle();
            assert_eq!(job.told(), [Outcome::Done(0)]);
        });
    }
}
