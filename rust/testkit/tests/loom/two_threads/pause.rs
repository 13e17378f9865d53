//! Pools that are paused: their clock runs on, or stands.

use std::ops::RangeInclusive;

use loom::thread;
use taskpool_core::{Clock, ControlError, DeferError, Outcome, Shutdown, Status};
use taskpool_testkit::loom::{explore, Scene, J, P};

use super::ALL;

const CLOCKS: [Clock; 2] = [Clock::RunsOn, Clock::Frozen];

/// Whether it has not been taken.
fn waits(job: J) -> bool {
    matches!(job.status(), Status::Queued | Status::Deferred { .. })
}

/// Lets the clock interrupt come until nothing is due any more that is due up to `last`.
fn interrupts_until(scene: &mut Scene, last: u64) {
    for now in Scene::now()..=last {
        Scene::interrupt(now);
        scene.settle();
    }
}

/// A job is due within this time, and the timer is armed for it.
fn due_within(pool: P, job: J, within: RangeInclusive<u64>) {
    let Status::Deferred { deadline } = job.status() else {
        panic!("it is {:?}", job.status());
    };
    assert!(within.contains(&deadline), "due at {deadline}, not within {within:?}");
    assert_eq!(Scene::timer(pool), Some(deadline));
}

#[test]
fn beside_a_worker_it_takes_nothing_until_the_release() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [worker]) = scene.pool(1);
            let jobs = [(); 2].map(|()| scene.job(|_| {}));
            for job in jobs {
                job.submit(pool).unwrap();
            }
            scene.work(worker);
            pool.pause(clock).unwrap();
            let waited = jobs.map(waits);
            scene.settle();
            assert_eq!(jobs.map(|job| job.runs()), waited.map(|waited| u32::from(!waited)));
            pool.release().unwrap();
            scene.settle();
            assert_eq!(jobs.map(|job| job.runs()), [1, 1]);
        });
    }
}

#[test]
fn beside_a_submission_and_a_release_it_loses_no_wake() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job(|_| {});
            let other = thread::spawn(move || job.submit(pool).unwrap());
            pool.pause(clock).unwrap();
            pool.release().unwrap();
            other.join().unwrap();
            scene.settle();
            assert_eq!(job.runs(), 1);
        });
    }
}

#[test]
fn beside_a_submission_for_a_deadline_and_a_release_it_loses_no_timer() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let (job, ahead) = (scene.job(|_| {}), scene.job(|_| {}));
            ahead.submit_at(pool, 9).unwrap();
            let other = thread::spawn(move || job.submit_at(pool, 5).unwrap());
            pool.pause(clock).unwrap();
            pool.release().unwrap();
            other.join().unwrap();
            scene.settle();
            // The clock stood for no time.
            due_within(pool, job, 5..=5);
        });
    }
}

/// The submitter may have looked at the clock before it was stopped.
#[test]
fn beside_a_submission_by_a_delay_it_makes_nothing_early() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let (job, ahead) = (scene.job(|_| {}), scene.job(|_| {}));
        ahead.submit_at(pool, 20).unwrap();
        let other = thread::spawn(move || {
            let before = Scene::now();
            job.submit_after(pool, 1).unwrap();
            before
        });
        Scene::interrupt(3);
        pool.pause(Clock::Frozen).unwrap();
        Scene::interrupt(9);
        let before = other.join().unwrap();
        assert_eq!(ahead.status(), Status::Deferred { deadline: 26 });
        pool.release().unwrap();
        // It stood from 3 to 9.
        assert_eq!(ahead.status(), Status::Deferred { deadline: 26 });
        scene.settle();
        Scene::interrupt(before + 1);
        scene.settle();
        if Scene::now() < before + 2 {
            assert_eq!(job.runs(), 0);
        }
        interrupts_until(scene, 16);
        assert_eq!((job.runs(), ahead.runs()), (1, 0));
        due_within(pool, ahead, 26..=26);
    });
}

#[test]
fn beside_the_expiry_it_runs_nothing_early_and_loses_nothing() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let jobs = [5, 7].map(|deadline| {
                let job = scene.job(|_| {});
                job.submit_at(pool, deadline).unwrap();
                job
            });
            let interrupt = thread::spawn(|| Scene::interrupt(5));
            let before = Scene::now();
            pool.pause(clock).unwrap();
            let after = Scene::now();
            let expired = jobs[0].status() == Status::Queued;
            interrupt.join().unwrap();
            scene.settle();
            assert_eq!(jobs.map(|job| job.runs()), [0, 0]);
            Scene::interrupt(8);
            pool.release().unwrap();
            scene.settle();
            // The interrupt of the next tick comes late at worst.
            Scene::interrupt(9);
            scene.settle();
            if clock == Clock::RunsOn {
                assert_eq!(jobs.map(|job| job.runs()), [1, 1]);
                return;
            }
            // It stood from 0 to 8, or from 5.
            if after == 0 {
                assert_eq!(jobs.map(|job| job.runs()), [0, 0]);
                due_within(pool, jobs[0], 13..=13);
            } else if before == 5 || expired {
                assert_eq!(jobs.map(|job| job.runs()), [1, 0]);
                due_within(pool, jobs[1], 10..=10);
            }
            interrupts_until(scene, 15);
            assert_eq!(jobs.map(|job| job.runs()), [1, 1]);
        });
    }
}

#[test]
fn beside_an_expiry_of_more_than_a_batch_it_forgets_no_job() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let jobs = [(); 3].map(|()| scene.job(|_| {}));
            for job in jobs {
                job.submit_at(pool, 5).unwrap();
            }
            let interrupt = thread::spawn(|| Scene::interrupt(5));
            pool.pause(clock).unwrap();
            pool.release().unwrap();
            interrupt.join().unwrap();
            scene.settle();
            interrupts_until(scene, 10);
            assert_eq!(jobs.map(|job| job.runs()), [1, 1, 1]);
        });
    }
}

#[test]
fn beside_a_worker_that_moves_what_is_overdue_it_forgets_no_job() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [worker]) = scene.pool(1);
            let jobs = [(); 3].map(|()| scene.job(|_| {}));
            for job in jobs {
                job.submit_at(pool, 5).unwrap();
            }
            Scene::interrupt(5);
            scene.work(worker);
            pool.pause(clock).unwrap();
            pool.release().unwrap();
            scene.settle();
            assert_eq!(jobs.map(|job| job.runs()), [1, 1, 1]);
        });
    }
}

#[test]
fn beside_a_run_that_defers_its_job_it_keeps_what_is_ahead_ahead() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
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
            pool.pause(clock).unwrap();
            Scene::interrupt(9);
            pool.release().unwrap();
            scene.settle();
            interrupts_until(scene, 12);
            assert_eq!(job.runs(), 2);
        });
    }
}

#[test]
fn beside_a_release_it_is_ended_by_it_or_comes_after_it() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let jobs = [scene.job(|_| {}), scene.job(|_| {})];
            jobs[0].submit(pool).unwrap();
            jobs[1].submit_at(pool, 5).unwrap();
            let other = thread::spawn(move || pool.release());
            pool.pause(clock).unwrap();
            if let Err(error) = other.join().unwrap() {
                assert_eq!(error, ControlError::NotRunning);
                scene.settle();
                assert_eq!(jobs[0].runs(), 0);
                pool.release().unwrap();
            }
            scene.settle();
            assert_eq!(jobs.map(|job| job.runs()), [1, 0]);
            due_within(pool, jobs[1], 5..=5);
        });
    }
}

#[test]
fn beside_another_it_is_refused_to_one_of_them() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let job = scene.job(|_| {});
        job.submit_at(pool, 5).unwrap();
        let other = thread::spawn(move || pool.pause(Clock::Frozen));
        let answers = [pool.pause(Clock::RunsOn), other.join().unwrap()];
        assert!(answers.contains(&Ok(())) && answers.contains(&Err(ControlError::NotRunning)));
        Scene::interrupt(3);
        pool.release().unwrap();
        let due = if answers[0].is_ok() { 5 } else { 8 };
        due_within(pool, job, due..=due);
    });
}

/// The release of the other thread may come before or after those here, or find the pool running.
#[test]
fn twice_beside_a_release_the_clock_stands_for_as_long_as_the_pool_was_held() {
    explore(ALL, |scene| {
        let (pool, [_worker]) = scene.pool(1);
        let job = scene.job(|_| {});
        job.submit_at(pool, 5).unwrap();
        pool.pause(Clock::Frozen).unwrap();
        let other = thread::spawn(move || {
            let before = Scene::now();
            let ended = pool.release().is_ok();
            (before, ended, Scene::now())
        });
        Scene::interrupt(4);
        let first = pool.release().is_ok();
        pool.pause(Clock::Frozen).unwrap();
        Scene::interrupt(8);
        // If it is refused, the second one has not ended yet; else it ends at once.
        let third = pool.pause(Clock::Frozen).is_ok();
        let last = pool.release().is_ok();
        let (before, ended, after) = other.join().unwrap();
        let releases = [first, last, ended].iter().filter(|ended| **ended).count();
        assert_eq!(releases, 2 + usize::from(third));
        let (shortest, longest) = match (first, third) {
            (false, _) => (4 + before.min(4), 4 + after.min(4)),
            (true, false) => (8, 8),
            (true, true) => (before.max(4), after.max(4)),
        };
        due_within(pool, job, 5 + shortest..=5 + longest);
    });
}

#[test]
fn beside_a_shutdown_it_is_refused_or_ended_by_it() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit_at(pool, 5).unwrap();
            let other = thread::spawn(move || pool.pause(clock));
            assert_eq!(pool.shutdown(Shutdown::Drain, None), Ok(()));
            assert_eq!(job.told(), [Outcome::Discarded]);
            let answer = other.join().unwrap();
            assert!(matches!(answer, Ok(()) | Err(ControlError::NotRunning)));
            assert_eq!(pool.restart(), Ok(()));
            assert_eq!(pool.pause(clock), Ok(()), "it was not left paused");
            assert_eq!(pool.release(), Ok(()));
        });
    }
}

#[test]
fn and_the_shutdown_that_ends_it_beside_its_worker_leave_one_outcome_each() {
    for how in [Shutdown::Drain, Shutdown::Discard] {
        explore(ALL, move |scene| {
            let (pool, [worker]) = scene.pool(1);
            let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
            jobs[0].submit(pool).unwrap();
            jobs[1].submit_at(pool, 5).unwrap();
            scene.work(worker);
            pool.pause(Clock::Frozen).unwrap();
            assert_eq!(pool.shutdown(how, None), Ok(()));
            assert_eq!(jobs.map(|job| job.told().len()), [1, 1], "told before it is over");
        });
    }
}

#[test]
fn and_the_shutdown_that_ends_it_beside_a_release_leave_one_outcome_each() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let job = scene.job_with_completion(|_| {}, |_| {});
            job.submit_at(pool, 5).unwrap();
            pool.pause(clock).unwrap();
            let other = thread::spawn(move || pool.release());
            assert_eq!(pool.shutdown(Shutdown::Drain, None), Ok(()));
            assert_eq!(job.told(), [Outcome::Discarded]);
            let answer = other.join().unwrap();
            assert!(matches!(answer, Ok(()) | Err(ControlError::NotRunning)));
        });
    }
}

#[test]
fn and_the_shutdown_that_ends_it_beside_a_submission_leave_one_outcome_each() {
    for clock in CLOCKS {
        explore(ALL, move |scene| {
            let (pool, [_worker]) = scene.pool(1);
            let jobs = [(); 2].map(|()| scene.job_with_completion(|_| {}, |_| {}));
            jobs[0].submit_at(pool, 5).unwrap();
            pool.pause(clock).unwrap();
            let other = thread::spawn(move || jobs[1].submit_after(pool, 3));
            assert_eq!(pool.shutdown(Shutdown::Drain, None), Ok(()));
            let told = jobs.map(|job| job.told().len());
            let answer = other.join().unwrap();
            assert!(answer.is_ok() || answer == Err(DeferError::NotRunning));
            assert_eq!(told, [1, answer.is_ok().into()], "told before it is over");
        });
    }
}

/// Whoever lets the pool go on is preempted for ever after its lock section.
mod that_a_thread_ends_that_never_goes_on {
    use super::*;

    #[test]
    fn has_called_a_worker_that_runs_what_is_ready_and_sees_to_the_timers() {
        for clock in CLOCKS {
            explore(ALL, move |scene| {
                let (pool, [worker]) = scene.pool(1);
                let jobs = [(); 3].map(|()| scene.job(|_| {}));
                jobs[0].submit(pool).unwrap();
                scene.work(worker);
                pool.pause(clock).unwrap();
                jobs[1].submit(pool).unwrap();
                jobs[2].submit_at(pool, 5).unwrap();
                pool.abandon_release();
                scene.settle();
                assert_eq!(jobs.map(|job| job.runs()), [1, 1, 0]);
                due_within(pool, jobs[2], 5..=5);
            });
        }
    }

    #[test]
    fn has_armed_the_timer_beside_a_submission() {
        for clock in CLOCKS {
            explore(ALL, move |scene| {
                let (pool, [_worker]) = scene.pool(1);
                let jobs = [(); 2].map(|()| scene.job(|_| {}));
                jobs[0].submit_at(pool, 5).unwrap();
                pool.pause(clock).unwrap();
                let other = thread::spawn(move || jobs[1].submit_after(pool, 6).unwrap());
                pool.abandon_release();
                assert_eq!(Scene::timer(pool), Some(5));
                other.join().unwrap();
                due_within(pool, jobs[0], 5..=5);
            });
        }
    }
}
