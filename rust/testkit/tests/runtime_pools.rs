//! Pools that are made at run time: without a worker of their own, in memory that is used for something else afterwards.
//!
//! `overwrite` makes that memory zero. Whoever of the machine still counts or reads there afterwards is found: a count
//! falls below zero, and everything is compared with the model.

use std::cell::Cell;
use std::rc::Rc;

use taskpool_core::{
    Accepted, Cancel, ControlError, CreateError, Ctx, Job, Outcome, Run, Shell, Shutdown, Status, SubmitError,
    WaitError,
};
use taskpool_testkit::{keep, Call, Plain, Step, Virtual, World, J, P, W};

const HOW: [Shutdown; 2] = [Shutdown::Drain, Shutdown::Discard];

fn jobs<const N: usize>(world: World, names: [&'static str; N]) -> [J; N] {
    names.map(|name| world.job_with_completion(name))
}

/// A pool that has the whole reserve, of one worker, which runs `busy`; and a pool that is made at run time.
fn deserted() -> (World, P, J) {
    let world = World::new(1);
    let (other, pool) = (world.runtime_pool(1), world.runtime_pool(2));
    let busy = world.job("busy");
    world.submit(other, busy).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(busy));
    (world, pool, busy)
}

#[test]
fn it_borrows_all_its_workers_and_gives_them_back() {
    let world = World::new(2);
    let pool = world.runtime_pool(2);
    let all = jobs(world, ["a", "b", "c"]);
    assert_eq!(world.snapshot(pool).workers, 0);
    for job in all {
        assert_eq!(world.submit(pool, job), Ok(Accepted::New));
    }
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (2, 0));
    world.run();
    assert_eq!(world.runs().len(), 3);
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (0, 2));
    world.submit_after(pool, all[0], 5).unwrap();
    world.drain();
    assert_eq!(world.runs_at()[3], ("a", 6));
}

#[test]
fn memory_makes_one_pool_after_the_other() {
    for overwritten in [false, true] {
        for how in HOW {
            let world = World::new(1);
            let pool = world.no_pool();
            let [job, later] = jobs(world, ["job", "later"]);
            assert_eq!(world.submit(pool, job), Err(SubmitError::NotRunning));
            for max in [1, 127, 3] {
                assert_eq!(world.create(pool, max), Ok(()));
                assert_eq!(world.create(pool, 5), Err(CreateError::InUse));
                assert_eq!(world.snapshot(pool).max, max);
                world.submit(pool, job).unwrap();
                world.submit_after(pool, later, 10).unwrap();
                world.run();
                world.submit(pool, job).unwrap();
                assert_eq!(world.shutdown(pool, how, None), Ok(()));
                assert_eq!(world.submit(pool, job), Err(SubmitError::NotRunning));
                if overwritten {
                    world.overwrite(pool);
                    assert_eq!(world.shutdown(pool, how, None), Err(ControlError::NotRunning));
                }
                // The timer of the pool that was there is still armed.
                world.advance(20);
                assert_eq!(world.last_outcome(later), Some(Outcome::Discarded));
            }
        }
    }
}

#[test]
fn create_is_refused() {
    let world = World::new(1);
    let pool = world.no_pool();
    for max in [0, 128, 255] {
        assert_eq!(world.create(pool, max), Err(CreateError::OutOfRange));
    }
    let job = world.job("job");
    world.interrupt_at(1, move || {
        assert_eq!(world.create(pool, 1), Err(CreateError::InInterrupt));
    });
    _ = world.submit(pool, job);
    assert_eq!(world.forget_interrupts(), 0);
    assert_eq!(world.create(pool, 1), Ok(()));
    // Held, closing, and started again, it is in use.
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    world.hold(pool).unwrap();
    assert_eq!(world.create(pool, 1), Err(CreateError::InUse));
    assert_eq!(
        world.shutdown(pool, Shutdown::Drain, Some(0)),
        Err(ControlError::TimedOut)
    );
    assert_eq!(world.create(pool, 1), Err(CreateError::InUse));
    assert_eq!(world.shutdown(pool, Shutdown::Drain, None), Ok(()));
    assert_eq!(world.restart(pool), Ok(()));
    assert_eq!(world.create(pool, 1), Err(CreateError::InUse));
}

#[test]
fn errors_say_what_to_do() {
    for error in [
        CreateError::InUse,
        CreateError::OutOfRange,
        CreateError::NoSuchPriority,
        CreateError::TooEarly,
        CreateError::InInterrupt,
    ] {
        let text = error.to_string();
        assert!(text.contains(": "), "{text}");
    }
}

#[test]
fn draining_borrows_for_what_is_queued() {
    let world = World::new(2);
    let pool = world.runtime_pool(2);
    let all = jobs(world, ["a", "b", "c"]);
    let marked = world.job_discarded_on_shutdown("marked");
    world.hold(pool).unwrap();
    for job in all {
        world.submit(pool, job).unwrap();
    }
    world.submit(pool, marked).unwrap();
    // Nobody works for it when it is shut down.
    assert_eq!(world.shutdown(pool, Shutdown::Drain, None), Ok(()));
    assert_eq!(world.runs().len(), 3);
    assert_eq!(world.outcomes(marked), [Outcome::Discarded]);
    world.overwrite(pool);
    world.drain();
}

#[test]
fn in_the_reserves_line_it_is_discarded_at_once() {
    let (world, pool, busy) = deserted();
    let [queued, second, deferred] = jobs(world, ["queued", "second", "deferred"]);
    for job in [queued, second] {
        world.submit(pool, job).unwrap();
    }
    world.submit_after(pool, deferred, 10).unwrap();
    assert!(world.snapshot(pool).in_line);
    assert_eq!(world.shutdown(pool, Shutdown::Discard, Some(0)), Ok(()));
    world.overwrite(pool);
    for job in [queued, second, deferred] {
        assert_eq!(world.outcomes(job), [Outcome::Discarded]);
    }
    assert_eq!(
        world.status(busy),
        Status::Running {
            cancelled: false,
            resubmitted: false
        }
    );
    world.drain();
}

#[test]
fn in_the_reserves_line_it_drains_when_a_worker_is_free() {
    let (world, pool, _) = deserted();
    let [queued, second] = jobs(world, ["queued", "second"]);
    for job in [queued, second] {
        world.submit(pool, job).unwrap();
    }
    assert_eq!(
        world.shutdown(pool, Shutdown::Drain, Some(0)),
        Err(ControlError::TimedOut)
    );
    assert!(world.snapshot(pool).in_line);
    assert_eq!(world.shutdown(pool, Shutdown::Drain, None), Ok(()));
    world.overwrite(pool);
    assert_eq!(world.runs(), ["busy", "queued", "second"]);
    world.drain();
}

#[test]
fn a_drain_that_stands_in_line_can_turn_into_a_discard() {
    let (world, pool, _) = deserted();
    let [queued] = jobs(world, ["queued"]);
    world.submit(pool, queued).unwrap();
    assert_eq!(
        world.shutdown(pool, Shutdown::Drain, Some(0)),
        Err(ControlError::TimedOut)
    );
    assert_eq!(world.shutdown(pool, Shutdown::Discard, Some(0)), Ok(()));
    world.overwrite(pool);
    assert_eq!(world.outcomes(queued), [Outcome::Discarded]);
    world.drain();
}

/// No worker of the pool sees it: the canceller lets the one go who waits.
#[test]
fn a_shutdown_in_line_goes_on_when_its_job_is_cancelled() {
    for by_interrupt in [false, true] {
        let (world, pool, busy) = deserted();
        let [queued] = jobs(world, ["queued"]);
        world.submit(pool, queued).unwrap();
        // It runs while the shutdown waits.
        world.when_run(busy, move |_| {
            let cancel = move || assert_eq!(world.cancel(queued), Cancel::Cancelled);
            if by_interrupt {
                world.interrupt_at(1, cancel);
                world.set_level(busy, 1).unwrap();
            } else {
                cancel();
            }
            0
        });
        assert_eq!(world.shutdown(pool, Shutdown::Drain, Some(100)), Ok(()));
        assert_eq!(world.now(), 0);
        world.overwrite(pool);
        assert_eq!(world.outcomes(queued), [Outcome::Cancelled]);
        world.drain();
    }
}

#[test]
fn resubmissions_from_other_pools_are_waited_for() {
    for how in HOW {
        for deadline in [None, Some(30)] {
            for busy in [false, true] {
                let world = World::new(1);
                let (other, pool) = (world.pool(1, 1), world.runtime_pool(1));
                world.run();
                let [job] = jobs(world, ["job"]);
                let waits = world.job("waits");
                if busy {
                    // The reserve's worker is taken, so that the job will find none.
                    let third = world.runtime_pool(1);
                    world.when_run(waits, move |_| {
                        world.advance(50);
                        0
                    });
                    world.submit(third, waits).unwrap();
                    assert_eq!(world.step(W(0)), Step::Takes(waits));
                }
                world.submit(other, job).unwrap();
                assert_eq!(world.step(W(1)), Step::Takes(job));
                match deadline {
                    None => drop(world.submit(pool, job)),
                    Some(deadline) => drop(world.submit_at(pool, job, deadline)),
                }
                assert_eq!(world.shutdown(pool, how, Some(0)), Err(ControlError::TimedOut));
                assert_eq!(world.shutdown(pool, how, None), Ok(()));
                world.overwrite(pool);
                let runs = how == Shutdown::Drain && deadline.is_none();
                let last = if runs { Outcome::Done(0) } else { Outcome::Discarded };
                world.drain();
                let mut outcomes = world.outcomes(job);
                outcomes.sort_by_key(|outcome| *outcome == last);
                assert_eq!(outcomes, [Outcome::Done(0), last], "{how:?} {deadline:?} {busy}");
            }
        }
    }
}

/// The one worker of the reserve is kept by the job that shuts the pool down.
#[test]
fn discarding_needs_no_worker() {
    let (world, pool, busy) = deserted();
    let other = world.pool(1, 1);
    let [job] = jobs(world, ["job"]);
    world.submit(other, job).unwrap();
    assert_eq!(world.step(W(1)), Step::Takes(job));
    world.submit(pool, job).unwrap();
    world.when_run(busy, move |_| {
        assert_eq!(world.shutdown(pool, Shutdown::Discard, Some(100)), Ok(()));
        assert_eq!(world.now(), 0);
        world.overwrite(pool);
        0
    });
    assert_eq!(world.step(W(0)), Step::Ran(busy));
    world.drain();
    assert_eq!(world.outcomes(job).len(), 2);
}

#[test]
fn resubmissions_that_go_elsewhere_are_not_waited_for() {
    for cancelled in [false, true] {
        let world = World::new(1);
        let (other, pool) = (world.pool(1, 1), world.runtime_pool(1));
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
        assert_eq!(world.shutdown(pool, Shutdown::Drain, Some(5)), Ok(()));
        world.overwrite(pool);
        assert_eq!(world.now(), 0);
        world.drain();
        assert!(!world.outcomes(job).contains(&Outcome::Discarded));
    }
}

/// The port prints the name of the pool, which is in its memory.
#[test]
fn it_stays_until_the_reports_about_it_are_made() {
    let mut ended_between = 0;
    for n in 1..40 {
        let world = World::new(1);
        let pool = world.no_pool();
        let reference = world.pool_ref(pool);
        let all = jobs(world, ["a", "b", "c", "d"]);
        let ended = Rc::new(Cell::new(false));
        let end = {
            let ended = Rc::clone(&ended);
            move || {
                if !ended.get() && world.shutdown(pool, Shutdown::Drain, Some(world.now() + 3)) == Ok(()) {
                    world.overwrite(pool);
                    Virtual::take_calls();
                    ended.set(true);
                }
            }
        };
        // Another thread, at any point of the pool's making and of its worker's life.
        world.preempt_at(n, end.clone());
        world.create(pool, 1).unwrap();
        for job in all {
            // More than one interrupt moves: a worker reports that, too.
            _ = world.submit_at(pool, job, 2);
        }
        world.advance(2);
        world.run();
        ended_between += u32::from(ended.get());
        world.forget_interrupts();
        end();
        assert!(ended.get(), "{n}: it can be shut down");
        world.drain();
        let reports = |call: &Call| matches!(call, Call::Report(event) if event.words().0 == reference);
        let late: Vec<Call> = Virtual::take_calls().into_iter().filter(reports).collect();
        assert!(late.is_empty(), "{n}: {late:?} after its end");
    }
    assert!(ended_between > 5, "it ended early {ended_between} times only");
}

#[test]
fn jobs_outlive_the_pool() {
    for how in HOW {
        let world = World::new(1);
        let pool = world.runtime_pool(1);
        let [ran, dropped, never] = jobs(world, ["ran", "dropped", "never"]);
        world.submit(pool, ran).unwrap();
        world.run();
        world.submit_after(pool, dropped, 5).unwrap();
        assert_eq!(world.shutdown(pool, how, None), Ok(()));
        world.overwrite(pool);
        for (job, outcome) in [(ran, Outcome::Done(0)), (dropped, Outcome::Discarded)] {
            assert_eq!((world.status(job), world.cancel(job)), (Status::Idle, Cancel::Idle));
            assert_eq!(world.wait(job, None), Ok(outcome));
            world.set_level(job, 2).unwrap();
        }
        assert_eq!(world.wait(never, Some(0)), Err(WaitError::NeverSubmitted));
        // And go elsewhere.
        let other = world.runtime_pool(1);
        for job in [ran, dropped] {
            assert_eq!(world.submit(other, job), Ok(Accepted::New));
        }
        world.drain();
    }
}

type Act = (&'static str, fn(World, P, P, [J; 4]));

/// What interrupts and other threads do while a pool is shut down. They may still name it.
const BETWEEN: [Act; 8] = [
    ("submit", |world, pool, _, all| _ = world.submit(pool, all[3])),
    ("defer a running job", |world, pool, _, all| {
        _ = world.submit_at(pool, all[0], 5)
    }),
    ("submit a running job", |world, pool, _, all| {
        _ = world.submit(pool, all[0])
    }),
    ("submit a running job elsewhere", |world, _, other, all| {
        _ = world.submit(other, all[0])
    }),
    ("cancel a running job", |world, _, _, all| _ = world.cancel(all[0])),
    ("cancel a deferred job", |world, _, _, all| _ = world.cancel(all[2])),
    ("cancel a queued job", |world, _, _, all| _ = world.cancel(all[1])),
    ("time passes", |world, _, _, _| world.advance(25)),
];

/// Where the jobs are when the shutdown begins: some run in the pool, or in another one, or wait in the reserve's line.
const SETTINGS: [Act; 4] = [
    ("one runs", |world, pool, _, all| {
        world.submit(pool, all[0]).unwrap();
        assert_eq!(world.step(W(0)), Step::Takes(all[0]));
    }),
    ("all wait", |world, pool, _, all| _ = world.submit(pool, all[0])),
    ("one is to come from another pool", |world, pool, other, all| {
        world.submit(other, all[0]).unwrap();
        assert_eq!(world.step(W(0)), Step::Takes(all[0]));
        world.submit(pool, all[0]).unwrap();
    }),
    ("one is to come later, from another pool", |world, pool, other, all| {
        world.submit(other, all[0]).unwrap();
        assert_eq!(world.step(W(0)), Step::Takes(all[0]));
        world.submit_at(pool, all[0], 30).unwrap();
    }),
];

#[test]
fn interrupts_and_threads_come_at_every_point_of_a_shutdown() {
    // Miri takes some thousand times as long.
    let apart = if cfg!(miri) { 17 } else { 1 };
    let mut cases = 0;
    for how in HOW {
        for setting in SETTINGS {
            for between in BETWEEN {
                for by_interrupt in [false, true] {
                    for n in (1..).step_by(apart) {
                        let world = World::new(1);
                        let (pool, other) = (world.runtime_pool(2), world.runtime_pool(1));
                        let all = jobs(world, ["a", "b", "c", "d"]);
                        setting.1(world, pool, other, all);
                        world.submit(pool, all[1]).unwrap();
                        world.submit_at(pool, all[2], 20).unwrap();
                        let act = move || between.1(world, pool, other, all);
                        match by_interrupt {
                            true => world.interrupt_at(n, act),
                            false => world.preempt_at(n, act),
                        }
                        let what = (how, setting.0, between.0, n);
                        assert_eq!(world.shutdown(pool, how, None), Ok(()), "{what:?}");
                        world.overwrite(pool);
                        let beyond = world.forget_interrupts() > 0;
                        world.drain();
                        assert_eq!(world.reserve(), 1, "{what:?}");
                        world.create(pool, 1).unwrap();
                        world.submit(pool, all[3]).unwrap();
                        world.drain();
                        if beyond {
                            break;
                        }
                        cases += 1;
                    }
                }
            }
        }
    }
    assert!(cfg!(miri) || cases > 1_000, "only {cases} cases");
}

#[test]
fn a_pool_keeps_workers_until_it_is_shut_down() {
    for how in HOW {
        let world = World::new(3);
        let (pool, other) = (world.no_pool(), world.runtime_pool(3));
        world.create_keeping(pool, 2, 3).unwrap();
        world.run();
        let kept = world.snapshot(pool);
        assert_eq!((kept.workers, kept.idle, world.reserve()), (2, 2, 1));
        let all = jobs(world, ["a", "b", "c", "d"]);
        // Three at once; the third worker goes back.
        for job in all {
            world.submit(pool, job).unwrap();
        }
        assert_eq!((world.snapshot(pool).workers, world.reserve()), (3, 0));
        world.run();
        assert_eq!((world.snapshot(pool).idle, world.reserve()), (2, 1));
        // Another pool has what is left, and not what is idle here.
        for job in all {
            world.submit(other, job).unwrap();
        }
        assert_eq!((world.snapshot(other).workers, world.snapshot(pool).idle), (1, 2));
        world.run();
        assert_eq!(world.runs().len(), 8);
        assert_eq!(world.set_max_threads(pool, 1), Err(ControlError::OutOfRange));
        assert_eq!(world.set_max_threads(pool, 2), Ok(()));
        // Held or not: with the end of the shutdown all of them are there for others.
        if how == Shutdown::Drain {
            world.hold(pool).unwrap();
            world.submit(pool, all[0]).unwrap();
        }
        assert_eq!(world.shutdown(pool, how, None), Ok(()));
        assert_eq!((world.snapshot(pool).workers, world.reserve()), (0, 3));
        world.overwrite(pool);
        world.create_keeping(pool, 3, 3).unwrap();
        assert_eq!(world.reserve(), 0);
        world.run();
        world.drain();
    }
}

#[test]
fn what_a_pool_gave_back_is_there_for_the_next_one_at_once() {
    for how in HOW {
        let world = World::new(1);
        let (pool, others) = (world.no_pool(), [(); 3].map(|()| world.pool(1, 2)));
        world.create_keeping(pool, 1, 1).unwrap();
        world.run();
        // Some stand in the line that need nobody any more.
        for (index, other) in others.into_iter().enumerate() {
            let [own, cancelled] = jobs(world, ["own", "cancelled"]);
            world.submit(other, own).unwrap();
            while world.step(W(index + 1)) != Step::Takes(own) {}
            world.submit(other, cancelled).unwrap();
            world.cancel(cancelled);
            assert!(world.snapshot(other).in_line);
        }
        assert_eq!(world.shutdown(pool, how, None), Ok(()));
        assert_eq!(world.create_keeping(pool, 1, 1), Ok(()), "{how:?}");
        assert!(others.iter().all(|other| !world.snapshot(*other).in_line));
        world.drain();
    }
}

#[test]
fn a_pool_that_asks_for_more_workers_than_there_are_is_not_made() {
    let plain = Plain::new();
    plain.add_reserve(2);
    let pool = plain.no_pool();
    let create = |min, max| Shell::<Virtual>::create_keeping(pool, min, max, || {});
    for (min, max) in [(3, 3), (127, 127)] {
        assert_eq!(create(min, max), Err(CreateError::NoWorkers));
        assert_eq!(plain.reserve(), 2, "it had none of them");
    }
    assert_eq!(create(3, 2), Err(CreateError::OutOfRange));
    assert_eq!(create(2, 2), Ok(()));
    assert_eq!(plain.reserve(), 0);
}

/// A pool that keeps so many workers of a reserve of three, all idle.
fn keeping(min: u8, max: u8) -> (World, P) {
    let world = World::new(3);
    let pool = world.no_pool();
    world.create_keeping(pool, min, max).unwrap();
    world.run();
    (world, pool)
}

/// Steps a worker until it takes a job, or is blocked. Answers the job.
fn takes(world: World, worker: W) -> Option<J> {
    loop {
        match world.step(worker) {
            Step::Takes(job) => return Some(job),
            Step::Blocked => return None,
            _ => {}
        }
    }
}

/// The worker that takes this job next, of all but these.
fn taker(world: World, job: J, but: &[W]) -> W {
    let mut others = (0..3).map(W).filter(|worker| !but.contains(worker));
    others
        .find(|worker| takes(world, *worker) == Some(job))
        .expect("no worker takes the job next")
}

#[test]
fn those_that_are_there_empty_a_pool_that_keeps_workers_before_its_maximum_counts() {
    for urgent in [false, true] {
        let (world, pool) = keeping(1, 3);
        let all = jobs(world, ["a", "b", "c", "d", "e", "f", "g"]);
        for job in &all[..3] {
            world.submit(pool, *job).unwrap();
        }
        let mut workers = Vec::new();
        for job in &all[..3] {
            workers.push(taker(world, *job, &workers));
        }
        for job in &all[3..6] {
            world.submit(pool, *job).unwrap();
        }
        assert_eq!(world.set_max_threads(pool, 1), Ok(()));
        if urgent {
            world.submit_urgent(pool, all[6]).unwrap();
        }
        for worker in workers {
            assert!(takes(world, worker).is_some());
        }
        assert_eq!((world.snapshot(pool).workers, world.reserve()), (3, 0));
        world.run();
        assert_eq!(world.runs().len(), 6 + usize::from(urgent));
        let left = world.snapshot(pool);
        assert_eq!((left.workers, left.idle, world.reserve()), (1, 1, 2));
        // One at a time.
        world.submit(pool, all[0]).unwrap();
        world.submit(pool, all[1]).unwrap();
        assert_eq!(world.snapshot(pool).workers, 1);
        world.drain();
    }
}

#[test]
fn a_pool_that_keeps_workers_grows_with_its_next_submission() {
    let (world, pool) = keeping(1, 1);
    let all = jobs(world, ["a", "b", "c", "d", "e"]);
    for job in &all[..4] {
        world.submit(pool, *job).unwrap();
    }
    assert_eq!(world.set_max_threads(pool, 3), Ok(()));
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (1, 2));
    world.submit(pool, all[4]).unwrap();
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (2, 1));
    world.run();
    assert_eq!((world.snapshot(pool).idle, world.reserve()), (1, 2));
    assert_eq!(world.runs().len(), 5);
    world.drain();
}

#[test]
fn a_worker_beyond_the_maximum_of_a_pool_that_keeps_workers_takes_one_job() {
    let (world, pool) = keeping(1, 1);
    let all = jobs(world, ["a", "b", "c", "urgent", "second"]);
    world.submit(pool, all[0]).unwrap();
    let own = taker(world, all[0], &[]);
    world.submit(pool, all[1]).unwrap();
    world.submit(pool, all[2]).unwrap();
    world.submit_urgent_if_busy(pool, all[3]).unwrap();
    world.submit_urgent_if_busy(pool, all[4]).unwrap();
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (3, 0));
    // The last one is before the other; one worker came for each.
    let first = taker(world, all[4], &[own]);
    let second = taker(world, all[3], &[own, first]);
    // The pool's own goes on with what waits, while they run.
    assert_eq!(takes(world, own), Some(all[1]));
    for (worker, left) in [(first, 2), (second, 1)] {
        assert_eq!(takes(world, worker), None);
        assert_eq!(world.snapshot(pool).workers, left);
    }
    assert_eq!((world.reserve(), world.snapshot(pool).queued), (2, 1));
    world.run();
    assert_eq!(world.runs(), ["a", "second", "urgent", "b", "c"]);
    // When they come again, within the maximum, they stay as all others.
    world.set_max_threads(pool, 3).unwrap();
    for job in &all[..3] {
        world.submit(pool, *job).unwrap();
    }
    for worker in [0, 1, 2] {
        assert!(takes(world, W(worker)).is_some());
    }
    let more = jobs(world, ["d", "e", "f"]);
    for job in more {
        world.submit(pool, job).unwrap();
    }
    world.set_max_threads(pool, 1).unwrap();
    for worker in [0, 1, 2] {
        assert!(takes(world, W(worker)).is_some());
    }
    world.drain();
}

/// Those within the maximum have left first, so it is one of them now.
#[test]
fn a_worker_that_came_beyond_the_maximum_can_become_one_within() {
    for (ends_first, rests) in [(false, false), (false, true), (true, false), (true, true)] {
        let (world, pool) = keeping(1, 1);
        let all = jobs(world, ["a", "urgent", "b", "c", "second"]);
        world.submit(pool, all[0]).unwrap();
        let own = taker(world, all[0], &[]);
        world.submit_urgent_if_busy(pool, all[1]).unwrap();
        let stays = taker(world, all[1], &[own]);
        if ends_first {
            assert_eq!(world.step(stays), Step::Ran(all[1]));
            assert_eq!(world.step(stays), Step::Completes(all[1]));
        }
        assert_eq!(takes(world, own), None);
        assert_eq!((world.snapshot(pool).workers, world.reserve()), (1, 2));
        if rests {
            assert_eq!(takes(world, stays), None);
        }
        world.submit(pool, all[2]).unwrap();
        assert_eq!(takes(world, stays), Some(all[2]));
        world.submit(pool, all[3]).unwrap();
        world.submit_urgent_if_busy(pool, all[4]).unwrap();
        taker(world, all[4], &[stays]);
        assert_eq!(takes(world, stays), Some(all[3]));
        world.drain();
        assert_eq!((world.snapshot(pool).idle, world.reserve()), (1, 2));
    }
}

/// Then it takes what is the first one, so that there are no more jobs at a time than if it had come earlier.
#[test]
fn a_worker_beyond_the_maximum_whose_job_was_taken_takes_another() {
    let (world, pool) = keeping(1, 1);
    let all = jobs(world, ["a", "b", "c", "urgent"]);
    world.submit(pool, all[0]).unwrap();
    let own = taker(world, all[0], &[]);
    world.submit(pool, all[1]).unwrap();
    world.submit(pool, all[2]).unwrap();
    world.submit_urgent_if_busy(pool, all[3]).unwrap();
    assert_eq!(takes(world, own), Some(all[3]));
    let beyond = taker(world, all[1], &[own]);
    assert_eq!(takes(world, beyond), None);
    assert_eq!((world.snapshot(pool).workers, world.snapshot(pool).queued), (1, 1));
    world.drain();
    assert_eq!(world.runs().len(), 4);
}

#[test]
fn a_pool_with_an_idle_worker_has_no_urgent_jobs() {
    let (world, pool) = keeping(2, 2);
    let all = jobs(world, ["first", "second", "third"]);
    assert_eq!(world.submit(pool, all[0]), Ok(Accepted::New));
    assert_eq!(world.submit_urgent_if_busy(pool, all[1]), Ok(Accepted::New));
    assert_eq!((world.snapshot(pool).workers, world.snapshot(pool).idle), (2, 0));
    let first = taker(world, all[0], &[]);
    world.submit_urgent_if_busy(pool, all[2]).unwrap();
    assert_eq!((world.snapshot(pool).workers, world.reserve()), (3, 0));
    taker(world, all[2], &[first]);
    world.drain();
    world.shutdown(pool, Shutdown::Drain, None).unwrap();
    assert_eq!(world.submit_urgent_if_busy(pool, all[0]), Err(SubmitError::NotRunning));
}

#[test]
fn what_a_pool_keeps_is_idle_from_the_beginning() {
    let world = World::new(4);
    let (pool, other) = (world.no_pool(), world.no_pool());
    Virtual::take_calls();
    world.create_keeping(pool, 2, 4).unwrap();
    let wakes = |call: &Call| matches!(call, Call::Wake(_) | Call::Lend(..));
    assert!(!Virtual::take_calls().iter().any(wakes), "nothing is ready");
    assert_eq!((world.snapshot(pool).idle, world.reserve()), (2, 2));
    for job in jobs(world, ["a", "b"]) {
        world.submit(pool, job).unwrap();
    }
    let found = world.snapshot(pool);
    assert_eq!((found.workers, found.idle, world.reserve()), (2, 0, 2));
    assert_eq!(world.create_keeping(other, 2, 2), Ok(()));
    world.drain();
    assert_eq!(world.runs(), ["a", "b"]);
}

thread_local! {
    static NOTED: Cell<Vec<&'static str>> = const { Cell::new(Vec::new()) };
}

struct Note(&'static str);

impl Run for Note {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        let mut noted = NOTED.take();
        noted.push(self.0);
        NOTED.set(noted);
        0
    }
}

#[test]
fn a_queued_job_moves_within_its_pool() {
    type Machine = Shell<Virtual>;
    let plain = Plain::new();
    plain.add_reserve(6);
    let [a, b, c] = ["a", "b", "c"].map(|name| keep(Job::new(Note(name))).reference());
    let [one, two] = [1, 2].map(|min| {
        let pool = plain.no_pool();
        Machine::create_keeping(pool, min, 4, || {}).unwrap();
        pool
    });
    assert!(!Machine::requeue(one, a, false), "it is in no queue");
    Machine::submit(one, a).unwrap();
    for urgent in [false, false, false] {
        assert!(Machine::requeue(one, a, urgent));
        assert!(!Machine::requeue(two, a, urgent), "it is in the other's");
    }
    assert_eq!(
        (plain.look(one).workers, plain.look(one).queued),
        (1, 1),
        "its worker comes"
    );
    Machine::submit(one, b).unwrap();
    assert!(Machine::requeue(one, a, false));
    plain.run();
    assert_eq!(NOTED.take(), ["b", "a"]);
    // Without an idle worker, an urgent one goes to the head, each time, and one more worker comes.
    for job in [a, b, c] {
        Machine::submit(one, job).unwrap();
    }
    let workers = plain.look(one).workers;
    for (job, more) in [(c, 1), (b, 2), (c, 3)] {
        assert!(Machine::requeue(one, job, true));
        assert_eq!(plain.look(one).workers, (workers + more).min(4));
    }
    plain.run();
    assert_eq!(NOTED.take(), ["c", "b", "a"]);
    // With one, it goes behind the others.
    Machine::submit(two, a).unwrap();
    assert_eq!(plain.look(two).idle, 1);
    assert!(Machine::requeue(two, a, true));
    assert_eq!((plain.look(two).workers, plain.look(two).idle), (2, 1));
    plain.run();
    assert_eq!(NOTED.take(), ["a"]);
}
