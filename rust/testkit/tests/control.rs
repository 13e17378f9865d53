//! Holding pools, changing their maximum, shutting them down and starting them again.

use std::cell::RefCell;
use std::rc::Rc;

use taskpool_core::{Accepted, ControlError, DeferError, Outcome, Shutdown, Status, SubmitError, WaitError};
use taskpool_testkit::{Step, World, J, P, W};

const HOW: [Shutdown; 2] = [Shutdown::Drain, Shutdown::Discard];

fn world() -> (World, P) {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    (world, pool)
}

fn jobs<const N: usize>(world: World, names: [&'static str; N]) -> [J; N] {
    names.map(|name| world.job_with_completion(name))
}

#[test]
fn a_held_pool_queues_and_runs_nothing_until_it_is_released() {
    let world = World::new(1);
    let pool = world.pool(2, 3);
    world.run();
    let [a, b, c, d] = jobs(world, ["a", "b", "c", "d"]);
    assert_eq!(world.release(pool), Err(ControlError::NotRunning), "it is not held");
    assert_eq!(world.hold(pool), Ok(()));
    assert_eq!(world.hold(pool), Err(ControlError::NotRunning), "it is held already");
    for job in [a, b, c] {
        assert_eq!(world.submit(pool, job), Ok(Accepted::New));
    }
    assert_eq!(world.submit_at(pool, d, 10), Ok(Accepted::New));
    world.run();
    world.advance(20);
    world.run();
    assert_eq!(world.runs(), [""; 0]);
    let found = world.snapshot(pool);
    assert_eq!((found.queued, found.deferred, found.workers), (3, 1, 2));
    assert_eq!(world.release(pool), Ok(()));
    world.run();
    let mut runs = world.runs_at();
    runs.sort_unstable();
    assert_eq!(runs, ["a", "b", "c", "d"].map(|name| (name, 20)));
}

#[test]
fn what_runs_goes_on_when_its_pool_is_held() {
    let world = World::new(1);
    let pool = world.pool(1, 2);
    world.run();
    let [own, borrowed, next] = jobs(world, ["own", "borrowed", "next"]);
    world.submit(pool, own).unwrap();
    world.submit(pool, borrowed).unwrap();
    assert_eq!(world.step(W(1)), Step::Takes(own));
    assert_eq!(world.step(W(0)), Step::Takes(borrowed));
    world.submit(pool, next).unwrap();
    world.hold(pool).unwrap();
    world.run();
    assert_eq!(world.runs(), ["borrowed", "own"]);
    assert_eq!(world.snapshot(pool).workers, 1, "the borrowed one has left");
    assert_eq!(world.cancel(own), taskpool_core::Cancel::Idle);
    world.release(pool).unwrap();
    world.run();
    assert_eq!(world.runs(), ["borrowed", "own", "next"]);
}

#[test]
fn deadlines_of_a_held_pool_are_met_after_it() {
    let (world, pool) = world();
    let [before, during, after] = jobs(world, ["before", "during", "after"]);
    world.submit_at(pool, before, 10).unwrap();
    world.hold(pool).unwrap();
    world.submit_at(pool, during, 20).unwrap();
    world.submit_at(pool, after, 100).unwrap();
    world.advance(50);
    world.run();
    assert_eq!(world.runs(), [""; 0]);
    world.release(pool).unwrap();
    world.run();
    assert_eq!(world.runs_at(), [("before", 50), ("during", 50)]);
    world.drain();
    assert_eq!(world.runs_at()[2], ("after", 100));
}

#[test]
fn a_higher_maximum_lends_workers_to_what_waits() {
    let world = World::new(2);
    let pool = world.pool(1, 1);
    world.run();
    let all = jobs(world, ["a", "b", "c", "d"]);
    for job in all {
        world.submit(pool, job).unwrap();
    }
    assert_eq!(world.set_max_threads(pool, 3), Ok(()));
    assert_eq!(world.snapshot(pool).workers, 3);
    for (worker, job) in [(W(2), all[0]), (W(0), all[1]), (W(1), all[2])] {
        let _ = job;
        assert!(matches!(world.step(worker), Step::Takes(_)));
    }
    world.drain();
}

#[test]
fn a_lower_maximum_lets_borrowed_workers_go_after_their_job() {
    let world = World::new(2);
    let pool = world.pool(1, 3);
    world.run();
    let all = jobs(world, ["a", "b", "c", "d", "e", "f"]);
    for job in all {
        world.submit(pool, job).unwrap();
    }
    for worker in 0..3 {
        assert!(matches!(world.step(W(worker)), Step::Takes(_)));
    }
    assert_eq!(world.set_max_threads(pool, 0), Err(ControlError::OutOfRange));
    assert_eq!(world.set_max_threads(pool, 128), Err(ControlError::OutOfRange));
    assert_eq!(world.set_max_threads(pool, 1), Ok(()));
    world.run();
    assert_eq!(world.snapshot(pool).workers, 1);
    assert_eq!(world.reserve(), 2);
    assert_eq!(world.runs().len(), 6);
}

/// A resubmitted job calls nobody, as its worker takes it: that one leaves now.
#[test]
fn a_borrowed_worker_that_leaves_calls_another_for_what_is_queued() {
    let world = World::new(1);
    let pool = world.pool(1, 2);
    world.run();
    let (own, borrowed) = (world.job("own"), world.job("borrowed"));
    world.submit(pool, own).unwrap();
    world.submit(pool, borrowed).unwrap();
    assert_eq!(world.step(W(1)), Step::Takes(own));
    assert_eq!(world.step(W(0)), Step::Takes(borrowed));
    while world.step(W(1)) != Step::Blocked {}
    world.submit(pool, borrowed).unwrap();
    world.set_max_threads(pool, 1).unwrap();
    while world.step(W(0)) != Step::Blocked {}
    assert_eq!((world.reserve(), world.snapshot(pool).queued), (1, 1));
    assert_eq!(world.step(W(1)), Step::Takes(borrowed));
    world.drain();
}

#[test]
fn an_idle_pool_is_shut_down_and_started_again() {
    for how in HOW {
        let (world, pool) = world();
        let [job] = jobs(world, ["job"]);
        assert_eq!(world.restart(pool), Err(ControlError::NotRunning), "it runs");
        assert_eq!(world.shutdown(pool, how, None), Ok(()));
        assert_eq!(world.submit(pool, job), Err(SubmitError::NotRunning));
        assert_eq!(world.submit_at(pool, job, 10), Err(DeferError::NotRunning));
        assert_eq!(world.shutdown(pool, how, None), Ok(()), "it is shut down");
        assert_eq!(world.hold(pool), Err(ControlError::NotRunning));
        assert_eq!(world.set_max_threads(pool, 1), Err(ControlError::NotRunning));
        assert_eq!(world.restart(pool), Ok(()));
        world.submit_after(pool, job, 5).unwrap();
        world.drain();
        assert_eq!(world.runs(), ["job"]);
    }
}

#[test]
fn draining_runs_what_is_queued_and_discards_what_is_deferred() {
    let (world, pool) = world();
    let [running, queued, deferred] = jobs(world, ["running", "queued", "deferred"]);
    let marked = world.job_discarded_on_shutdown("marked");
    world.submit(pool, running).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(running));
    world.submit(pool, queued).unwrap();
    world.submit(pool, marked).unwrap();
    world.submit_at(pool, deferred, 10).unwrap();
    assert_eq!(world.shutdown(pool, Shutdown::Drain, None), Ok(()));
    assert_eq!(world.runs(), ["running", "queued"]);
    assert_eq!(world.outcomes(queued), [Outcome::Done(0)]);
    assert_eq!(world.outcomes(deferred), [Outcome::Discarded]);
    assert_eq!(world.outcomes(marked), [Outcome::Discarded]);
    assert_eq!(world.last_outcome(marked), Some(Outcome::Discarded));
    assert_eq!(world.now(), 0);
}

#[test]
fn discarding_waits_for_what_runs_and_discards_the_rest() {
    let (world, pool) = world();
    let [running, queued, deferred] = jobs(world, ["running", "queued", "deferred"]);
    world.submit(pool, running).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(running));
    world.submit(pool, queued).unwrap();
    world.submit_at(pool, deferred, 10).unwrap();
    assert_eq!(world.shutdown(pool, Shutdown::Discard, None), Ok(()));
    assert_eq!(world.runs(), ["running"]);
    for job in [queued, deferred] {
        assert_eq!(world.outcomes(job), [Outcome::Discarded]);
    }
}

#[test]
fn a_marked_job_runs_as_long_as_its_pool_does() {
    let (world, pool) = world();
    let marked = world.job_discarded_on_shutdown("marked");
    for _ in 0..3 {
        world.submit(pool, marked).unwrap();
        world.run();
    }
    assert_eq!(world.outcomes(marked), [Outcome::Done(0); 3]);
    world.submit(pool, marked).unwrap();
    world.shutdown(pool, Shutdown::Drain, None).unwrap();
    assert_eq!(world.outcomes(marked)[3], Outcome::Discarded);
}

#[test]
fn resubmissions_of_running_jobs_have_their_outcome() {
    for (how, runs, last) in [
        (Shutdown::Drain, 2, Outcome::Done(0)),
        (Shutdown::Discard, 1, Outcome::Discarded),
    ] {
        let (world, pool) = world();
        let [job] = jobs(world, ["job"]);
        world.submit(pool, job).unwrap();
        assert_eq!(world.step(W(0)), Step::Takes(job));
        world.submit(pool, job).unwrap();
        world.shutdown(pool, how, None).unwrap();
        assert_eq!(world.runs().len(), runs);
        assert_eq!(world.outcomes(job), [Outcome::Done(0), last]);
    }
    for how in HOW {
        let (world, pool) = world();
        let [job] = jobs(world, ["job"]);
        world.submit(pool, job).unwrap();
        assert_eq!(world.step(W(0)), Step::Takes(job));
        world.submit_at(pool, job, 30).unwrap();
        world.shutdown(pool, how, None).unwrap();
        assert_eq!(world.outcomes(job), [Outcome::Done(0), Outcome::Discarded]);
        assert_eq!(world.now(), 0, "nobody waited for its deadline");
    }
}

/// A job that runs in one pool, and was resubmitted to another one that is shut down meanwhile.
#[test]
fn a_shutdown_waits_for_resubmissions_from_other_pools() {
    for how in HOW {
        for deadline in [None, Some(30)] {
            let (world, pool) = world();
            let other = world.pool(1, 1);
            world.run();
            let [job] = jobs(world, ["job"]);
            world.submit(other, job).unwrap();
            assert_eq!(world.step(W(1)), Step::Takes(job));
            match deadline {
                None => drop(world.submit(pool, job)),
                Some(deadline) => drop(world.submit_at(pool, job, deadline)),
            }
            assert_eq!(
                world.shutdown(pool, how, Some(0)),
                Err(ControlError::TimedOut),
                "the job is still to come"
            );
            assert_eq!(world.shutdown(pool, how, None), Ok(()));
            let runs = how == Shutdown::Drain && deadline.is_none();
            let last = if runs { Outcome::Done(0) } else { Outcome::Discarded };
            assert_eq!(world.outcomes(job), [Outcome::Done(0), last]);
            assert_eq!(world.now(), 0, "nobody waited for its deadline");
        }
    }
}

#[test]
fn a_shutdown_does_not_wait_for_a_resubmission_that_went_elsewhere() {
    for cancelled in [false, true] {
        let (world, pool) = world();
        let other = world.pool(1, 1);
        world.run();
        let [job] = jobs(world, ["job"]);
        world.submit(other, job).unwrap();
        assert_eq!(world.step(W(1)), Step::Takes(job));
        world.submit_at(pool, job, 30).unwrap();
        world.preempt_at(3, move || {
            if cancelled {
                world.cancel(job);
            } else {
                assert_eq!(world.submit(other, job), Ok(Accepted::Moved));
            }
        });
        assert_eq!(world.shutdown(pool, Shutdown::Drain, Some(5)), Ok(()));
        assert!(!world.outcomes(job).contains(&Outcome::Discarded));
        world.drain();
    }
}

#[test]
fn a_shutdown_that_waits_goes_on_when_a_resubmission_goes_elsewhere() {
    for cancelled in [false, true] {
        let (world, pool) = world();
        let other = world.pool(1, 1);
        world.run();
        let [job] = jobs(world, ["job"]);
        let mut first = true;
        world.when_run(job, move |_| {
            if first && cancelled {
                world.cancel(job);
            } else if first {
                assert_eq!(world.submit(other, job), Ok(Accepted::Moved));
            }
            first = false;
            0
        });
        world.submit(other, job).unwrap();
        assert_eq!(world.step(W(1)), Step::Takes(job));
        world.submit_at(pool, job, 30).unwrap();
        // The run comes when the shutdown waits.
        assert_eq!(world.shutdown(pool, Shutdown::Drain, Some(5)), Ok(()));
        assert_eq!(world.now(), 0);
        world.drain();
        assert!(!world.outcomes(job).contains(&Outcome::Discarded));
    }
}

/// Such a worker would join the pool and leave it for ever.
#[test]
fn a_held_pool_in_the_reserves_line_gets_no_worker_until_it_is_released() {
    let world = World::new(1);
    let (first, second) = (world.pool(1, 2), world.pool(1, 2));
    world.run();
    let [a, b, c, d, e] = jobs(world, ["a", "b", "c", "d", "e"]);
    for job in [a, b] {
        world.submit(first, job).unwrap();
    }
    for job in [c, d, e] {
        world.submit(second, job).unwrap();
    }
    assert!(world.snapshot(second).in_line);
    world.hold(second).unwrap();
    world.run();
    assert_eq!(world.runs().len(), 2);
    assert_eq!(world.reserve(), 1);
    world.release(second).unwrap();
    assert_eq!(world.snapshot(second).workers, 2);
    world.drain();
}

#[test]
fn a_pool_that_is_shut_down_stands_in_no_line() {
    // The one that is shut down is the first, the middle and the last of the line.
    for closed in 0..3 {
        let world = World::new(1);
        let busy = world.pool(1, 2);
        let pools = [(); 3].map(|()| world.pool(1, 2));
        world.run();
        let [one, two] = jobs(world, ["one", "two"]);
        world.submit(busy, one).unwrap();
        world.submit(busy, two).unwrap();
        assert_eq!(world.step(W(0)), Step::Takes(one));
        for pool in pools {
            for job in jobs(world, ["a", "b", "c"]) {
                world.submit(pool, job).unwrap();
            }
            assert!(world.snapshot(pool).in_line);
        }
        assert_eq!(world.shutdown(pools[closed], Shutdown::Discard, None), Ok(()));
        assert!(!world.snapshot(pools[closed]).in_line);
        world.drain();
        world.restart(pools[closed]).unwrap();
        for job in jobs(world, ["d", "e"]) {
            world.submit(pools[closed], job).unwrap();
        }
        assert_eq!(world.snapshot(pools[closed]).workers, 2);
        world.drain();
    }
}

#[test]
fn the_line_goes_on_behind_a_pool_that_was_shut_down() {
    let world = World::new(1);
    let [busy, closed, next] = [(); 3].map(|()| world.pool(1, 2));
    world.run();
    for pool in [busy, closed] {
        for job in jobs(world, ["a", "b"]) {
            world.submit(pool, job).unwrap();
        }
    }
    while world.step(W(2)) != Step::Blocked {}
    assert!(world.snapshot(closed).in_line);
    assert_eq!(world.shutdown(closed, Shutdown::Drain, Some(0)), Ok(()));
    for job in jobs(world, ["c", "d"]) {
        world.submit(next, job).unwrap();
    }
    while world.snapshot(next).workers < 2 {
        assert_ne!(world.step(W(0)), Step::Blocked, "it is lent to the next pool");
    }
    world.drain();
}

#[test]
fn whoever_waits_for_a_discarded_job_is_told() {
    let (world, pool) = world();
    let [job] = jobs(world, ["job"]);
    world.submit_at(pool, job, 50).unwrap();
    world.preempt_at(1, move || {
        world.shutdown(pool, Shutdown::Drain, None).unwrap();
    });
    assert_eq!(world.wait(job, None), Ok(Outcome::Discarded));
    assert_eq!(world.wait(job, Some(0)), Ok(Outcome::Discarded));
}

#[test]
fn a_shutdown_has_its_time_and_can_be_waited_for_again() {
    let (world, pool) = world();
    let [job] = jobs(world, ["job"]);
    world.when_run(job, move |_| {
        world.advance(40);
        0
    });
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    assert_eq!(
        world.shutdown(pool, Shutdown::Drain, Some(0)),
        Err(ControlError::TimedOut)
    );
    assert_eq!(world.submit(pool, job), Err(SubmitError::NotRunning));
    assert_eq!(world.restart(pool), Err(ControlError::NotRunning), "not to the end");
    assert_eq!(world.shutdown(pool, Shutdown::Drain, None), Ok(()));
    assert_eq!(world.outcomes(job), [Outcome::Done(0)]);
    assert_eq!(world.restart(pool), Ok(()));
}

#[test]
fn two_threads_shut_one_pool_down() {
    let (world, pool) = world();
    let [job] = jobs(world, ["job"]);
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    let answers: Rc<RefCell<Vec<_>>> = Rc::default();
    let theirs = Rc::clone(&answers);
    world.preempt_at(2, move || {
        let answer = world.shutdown(pool, Shutdown::Discard, None);
        theirs.borrow_mut().push(answer);
    });
    let answer = world.shutdown(pool, Shutdown::Drain, None);
    answers.borrow_mut().push(answer);
    assert_eq!(*answers.borrow(), [Ok(()), Ok(())]);
}

#[test]
fn a_second_shutdown_discards_what_the_first_would_have_run() {
    let (world, pool) = world();
    let [running, queued] = jobs(world, ["running", "queued"]);
    world.submit(pool, running).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(running));
    world.submit(pool, queued).unwrap();
    assert_eq!(
        world.shutdown(pool, Shutdown::Drain, Some(0)),
        Err(ControlError::TimedOut)
    );
    assert_eq!(world.shutdown(pool, Shutdown::Discard, None), Ok(()));
    assert_eq!(world.outcomes(running), [Outcome::Done(0)]);
    assert_eq!(world.outcomes(queued), [Outcome::Discarded]);
}

/// Whoever comes back from a shutdown may free the jobs: nobody tells their completions any more.
#[test]
fn no_shutdown_is_over_before_all_discarded_jobs_are_told() {
    for n in 1..20 {
        let (world, pool) = world();
        let all = jobs(world, ["a", "b", "c"]);
        for job in all {
            world.submit_at(pool, job, 50).unwrap();
        }
        world.preempt_at(n, move || {
            let answer = world.shutdown(pool, Shutdown::Drain, Some(world.now() + 5));
            let told: Vec<_> = all.into_iter().map(|job| world.outcomes(job)).collect();
            match answer {
                Ok(()) => assert!(told.iter().all(|told| *told == [Outcome::Discarded]), "{n}: {told:?}"),
                Err(error) => assert_eq!(error, ControlError::TimedOut, "{n}"),
            }
        });
        assert_eq!(world.shutdown(pool, Shutdown::Drain, None), Ok(()), "{n}");
        world.forget_interrupts();
        for job in all {
            assert_eq!(world.outcomes(job), [Outcome::Discarded], "{n}");
        }
    }
}

#[test]
fn interrupts_and_the_pools_workers_do_not_shut_it_down() {
    let (world, pool) = world();
    let [job] = jobs(world, ["job"]);
    let answers: Rc<RefCell<Vec<_>>> = Rc::default();
    let (one, two) = (Rc::clone(&answers), Rc::clone(&answers));
    world.when_run(job, move |_| {
        one.borrow_mut().push(world.shutdown(pool, Shutdown::Drain, None));
        0
    });
    world.interrupt_at(1, move || {
        two.borrow_mut().push(world.shutdown(pool, Shutdown::Drain, None))
    });
    world.submit(pool, job).unwrap();
    world.run();
    assert_eq!(
        *answers.borrow(),
        [Err(ControlError::InInterrupt), Err(ControlError::OnWorker)]
    );
    assert_eq!(world.status(job), Status::Idle);
}

#[test]
fn a_held_pool_can_be_shut_down() {
    for how in HOW {
        let (world, pool) = world();
        let [job] = jobs(world, ["job"]);
        world.hold(pool).unwrap();
        world.submit(pool, job).unwrap();
        assert_eq!(world.wait(job, Some(5)), Err(WaitError::TimedOut));
        assert_eq!(world.shutdown(pool, how, None), Ok(()));
        let expected = if how == Shutdown::Drain {
            Outcome::Done(0)
        } else {
            Outcome::Discarded
        };
        assert_eq!(world.outcomes(job), [expected]);
    }
}

/// Submissions, cancels and interrupts at every point of a shutdown.
#[test]
fn shutdowns_race_with_everything() {
    // Miri takes some thousand times as long.
    let apart = if cfg!(miri) { 10 } else { 1 };
    for how in HOW {
        for n in (1..30).step_by(apart) {
            for between in 0..4 {
                let world = World::new(1);
                let pool = world.pool(1, 2);
                world.run();
                let all = jobs(world, ["a", "b", "c", "d"]);
                world.submit(pool, all[0]).unwrap();
                assert_eq!(world.step(W(1)), Step::Takes(all[0]));
                world.submit(pool, all[1]).unwrap();
                world.submit_at(pool, all[2], 20).unwrap();
                world.interrupt_at(n, move || match between {
                    0 => drop(world.submit(pool, all[3])),
                    1 => drop(world.submit_at(pool, all[0], 5)),
                    2 => drop(world.cancel(all[2])),
                    _ => drop(world.cancel(all[1])),
                });
                assert_eq!(world.shutdown(pool, how, None), Ok(()));
                world.forget_interrupts();
                world.run();
                for job in all {
                    assert_eq!(world.status(job), Status::Idle, "{how:?} {n} {between}");
                }
                world.restart(pool).unwrap();
                world.submit(pool, all[3]).unwrap();
                world.drain();
            }
        }
    }
}

#[test]
fn a_pool_that_was_never_started_is_not_shut_down() {
    let world = World::new(0);
    assert_eq!(
        world.shutdown(world.no_pool(), Shutdown::Drain, None),
        Err(ControlError::NotRunning)
    );
    let pool = world.pool_before_start(1, 1);
    assert_eq!(
        world.shutdown(pool, Shutdown::Drain, None),
        Err(ControlError::NotRunning)
    );
    assert_eq!(world.hold(pool), Err(ControlError::NotRunning));
    world.start(pool);
}
