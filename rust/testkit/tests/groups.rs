//! Groups: at most so many of their jobs run at once, and the others wait for that without a worker.

use taskpool_core::{
    Accepted, Cancel, ControlError, Ctx, DeferError, First, Group, GroupSnapshot, Job, LimitError, Next, Outcome,
    PoolRef, Report, Run, RunNowError, Shell, Shutdown, Status, SubmitError, Task, TaskCtx, TaskRef, Work,
};
use taskpool_testkit::{keep, Call, Plain, Step, Virtual, World, G, J, P, W};

type Machine = Shell<Virtual>;

fn jobs<const N: usize>(world: World, group: G, names: [&'static str; N]) -> [J; N] {
    world.in_group(group, || names.map(|name| world.job_with_completion(name)))
}

/// Places that are taken, and jobs that are held.
fn counts(world: World, group: G) -> (u16, u32) {
    let GroupSnapshot { active, held, .. } = world.look(group);
    (active, held)
}

fn wakes() -> usize {
    let woken = |call: &Call| matches!(call, Call::Wake(_) | Call::Lend(..));
    Virtual::take_calls().iter().filter(|call| woken(call)).count()
}

#[test]
fn one_job_at_a_time() {
    let world = World::new(0);
    let (pool, bus) = (world.pool(2, 2), world.group(1));
    let [a, b, c] = jobs(world, bus, ["a", "b", "c"]);
    world.run();
    Virtual::take_calls();
    for job in [a, b, c] {
        assert_eq!(world.submit(pool, job), Ok(Accepted::New));
    }
    assert_eq!(wakes(), 1, "no worker is called for what is held");
    assert_eq!(
        [a, b, c].map(|job| world.status(job)),
        [Status::Queued, Status::Held, Status::Held]
    );
    assert_eq!(counts(world, bus), (1, 2));
    assert_eq!(world.snapshot(pool).held_jobs, 2);
    // Others of the pool go on meanwhile.
    let free = world.job("free");
    world.submit(pool, free).unwrap();
    world.drain();
    assert_eq!(world.runs(), ["a", "free", "b", "c"]);
    assert_eq!(counts(world, bus), (0, 0));
}

#[test]
fn as_many_at_a_time_as_its_limit_says() {
    let world = World::new(0);
    let (pool, group) = (world.pool(4, 4), world.group(3));
    let all = jobs(world, group, ["a", "b", "c", "d", "e"]);
    for job in all {
        world.submit(pool, job).unwrap();
    }
    assert_eq!(counts(world, group), (3, 2));
    for worker in 0..3 {
        assert!(matches!(world.step(W(worker)), Step::Takes(_)));
    }
    assert_ne!(world.step(W(3)), Step::Takes(all[3]), "all places are taken");
    // As soon as one has ended, in the same section, the next one has its place: and this worker has somebody to tell.
    assert_eq!(world.step(W(1)), Step::Ran(all[1]));
    assert_eq!(world.step(W(1)), Step::Completes(all[1]));
    assert_eq!(
        (world.status(all[3]), world.status(all[4])),
        (Status::Queued, Status::Held)
    );
    world.drain();
    assert_eq!(world.runs().len(), 5);
}

#[test]
fn the_worker_that_frees_a_place_takes_the_next_job_in_the_same_section() {
    let world = World::new(0);
    let (pool, bus) = (world.pool(2, 2), world.group(1));
    let [a, b] = world.in_group(bus, || [world.job("a"), world.job("b")]);
    world.run();
    world.submit(pool, a).unwrap();
    world.submit(pool, b).unwrap();
    let worker = [W(0), W(1)]
        .into_iter()
        .find(|worker| world.step(*worker) == Step::Takes(a));
    let worker = worker.expect("one of them was woken");
    assert_eq!(world.step(worker), Step::Ran(a));
    Virtual::take_calls();
    assert_eq!(world.step(worker), Step::Takes(b));
    assert_eq!(wakes(), 0);
    world.drain();
}

#[test]
fn held_jobs_go_on_by_level_then_in_the_order_in_which_they_came() {
    let world = World::new(0);
    let (pool, bus) = (world.pool(1, 1), world.group(1));
    let [first, low, high, too, top, raised] = jobs(world, bus, ["first", "low", "high", "high too", "top", "raised"]);
    for (job, level) in [(high, 2), (too, 2), (top, 3)] {
        world.set_level(job, level).unwrap();
    }
    for job in [first, low, high, raised, too, top] {
        world.submit(pool, job).unwrap();
    }
    world.set_level(raised, 2).unwrap();
    assert_eq!(world.status(raised), Status::Held);
    world.drain();
    assert_eq!(world.runs(), ["first", "top", "high", "high too", "raised", "low"]);
}

#[test]
fn an_urgent_job_is_held_too_and_before_all_others() {
    let world = World::new(1);
    let (pool, other, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(1));
    let [a, b, c, d] = jobs(world, bus, ["a", "b", "c", "d"]);
    world.set_level(b, 3).unwrap();
    for job in [a, b, c] {
        world.submit(pool, job).unwrap();
    }
    assert_eq!(world.submit_urgent(pool, d), Ok(Accepted::New));
    assert_eq!(world.status(d), Status::Held);
    // What is held already moves to the head.
    assert_eq!(world.submit_urgent(pool, c), Ok(Accepted::Moved));
    assert_eq!(
        world.submit_urgent(pool, c),
        Err(SubmitError::AlreadyQueued),
        "it is urgent already"
    );
    assert_eq!(
        world.submit_urgent(other, b),
        Err(SubmitError::AlreadyQueued),
        "it waits in another pool"
    );
    assert_eq!(world.set_level(c, 1), Ok(()), "an urgent one stays where it is");
    world.drain();
    assert_eq!(world.runs(), ["a", "c", "d", "b"]);
}

#[test]
fn an_urgent_job_that_is_admitted_may_have_a_worker_beyond_the_maximum() {
    let world = World::new(1);
    let (pool, other, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(1));
    let [a, urgent] = jobs(world, bus, ["a", "urgent"]);
    let busy = world.job("busy");
    world.submit(pool, busy).unwrap();
    assert_eq!(world.step(W(1)), Step::Takes(busy));
    world.submit(other, a).unwrap();
    assert_eq!(world.step(W(2)), Step::Takes(a));
    world.submit_urgent(pool, urgent).unwrap();
    assert_eq!(world.step(W(2)), Step::Ran(a));
    Virtual::take_calls();
    world.step(W(2));
    let lent = |call: &Call| matches!(call, Call::Lend(worker, to, _) if *worker == world.worker_ref(W(0)) && *to == world.pool_ref(pool));
    assert!(Virtual::take_calls().iter().any(lent));
    assert_eq!(world.step(W(0)), Step::Takes(urgent));
    world.drain();
}

#[test]
fn a_held_job_is_submitted_already() {
    let world = World::new(0);
    let (pool, other, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(1));
    let [a, b] = jobs(world, bus, ["a", "b"]);
    world.submit(pool, a).unwrap();
    world.submit(pool, b).unwrap();
    assert_eq!(world.submit(pool, b), Err(SubmitError::AlreadyQueued));
    assert_eq!(world.submit(other, b), Err(SubmitError::AlreadyQueued));
    assert_eq!(world.submit_after(pool, b, 5), Err(DeferError::AlreadyQueued));
    assert_eq!(world.submit_within(pool, b, 5), Err(DeferError::AlreadyQueued));
    assert_eq!(world.last_outcome(b), None);
    world.drain();
    assert_eq!(world.runs(), ["a", "b"]);
}

#[test]
fn cancelled_in_each_state() {
    for abort in [false, true] {
        let world = World::new(0);
        let (pool, bus) = (world.pool(1, 1), world.group(1));
        let give_up = |job| match abort {
            true => world.abort(job),
            false => world.cancel(job),
        };
        let outcome = if abort { Outcome::Aborted } else { Outcome::Cancelled };
        let [a, b, c, d] = jobs(world, bus, ["a", "b", "c", "d"]);
        for job in [a, b, c] {
            world.submit(pool, job).unwrap();
        }
        // Held: the others stay where they are.
        assert_eq!(give_up(b), Cancel::Cancelled);
        assert_eq!(counts(world, bus), (1, 1));
        // Ready: its place is the next one's, in the same section.
        assert_eq!(give_up(a), Cancel::Cancelled);
        assert_eq!(world.status(c), Status::Queued);
        // Deferred: it had none.
        world.submit_after(pool, d, 5).unwrap();
        assert_eq!(give_up(d), Cancel::Cancelled);
        assert_eq!(counts(world, bus), (1, 0));
        // Running: it keeps its place until the run ends.
        let worker = W(0);
        while world.step(worker) != Step::Takes(c) {}
        world.submit(pool, d).unwrap();
        let running = Cancel::Running {
            resubmission_cancelled: false,
        };
        assert_eq!(give_up(c), running);
        assert_eq!(counts(world, bus), (1, 1));
        world.drain();
        assert_eq!(world.runs(), ["c", "d"]);
        assert_eq!([a, b].map(|job| world.outcomes(job)), [vec![outcome], vec![outcome]]);
    }
}

#[test]
fn waiting_for_a_held_job() {
    let world = World::new(0);
    let (pool, bus) = (world.pool(1, 1), world.group(1));
    let [a, b, c] = jobs(world, bus, ["a", "b", "c"]);
    for job in [a, b, c] {
        world.submit(pool, job).unwrap();
    }
    assert_eq!(world.cancel_and_wait(c, None), Ok(Outcome::Cancelled));
    assert_eq!(world.wait(b, None), Ok(Outcome::Done(0)));
    assert_eq!(world.runs(), ["a", "b"]);
}

#[test]
fn who_submits_itself_again_goes_behind_those_that_are_held() {
    for deferred in [false, true] {
        let world = World::new(0);
        let (pool, bus) = (world.pool(1, 1), world.group(1));
        let [again, other] = jobs(world, bus, ["again", "other"]);
        let mut runs = 0;
        world.when_run(again, move |_| {
            runs += 1;
            if runs < 3 {
                let accepted = match deferred {
                    true => world.submit_after(pool, again, 3),
                    false => world.submit(pool, again).map_err(DeferError::from),
                };
                assert_eq!(accepted, Ok(Accepted::Again));
            }
            0
        });
        world.submit(pool, again).unwrap();
        world.submit(pool, other).unwrap();
        world.drain();
        assert_eq!(world.runs(), ["again", "other", "again", "again"]);
    }
}

#[test]
fn what_comes_due_is_held_if_its_group_is_full() {
    let world = World::new(0);
    let (pool, bus) = (world.pool(2, 2), world.group(1));
    let [a, b, c] = jobs(world, bus, ["a", "b", "c"]);
    world.submit_at(pool, b, 10).unwrap();
    world.submit_at(pool, c, 11).unwrap();
    assert_eq!(counts(world, bus), (0, 0), "what is deferred has no place");
    world.submit(pool, a).unwrap();
    while world.step(W(0)) != Step::Takes(a) && world.step(W(1)) != Step::Takes(a) {}
    world.advance(20);
    assert_eq!([b, c].map(|job| world.status(job)), [Status::Held, Status::Held]);
    world.drain();
    assert_eq!(world.runs(), ["a", "b", "c"]);
}

#[test]
fn an_overdue_pool_whose_due_jobs_are_held_is_not_forgotten() {
    // More are due than the interrupt moves; what a worker moves in for the job that it takes is held, and it goes to sleep.
    for held in 1..6 {
        let world = World::new(0);
        let (pool, other, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(1));
        let [holder] = jobs(world, bus, ["holder"]);
        world.submit(other, holder).unwrap();
        assert_eq!(world.step(W(1)), Step::Takes(holder));
        let free = |name| world.submit_at(pool, world.job(name), 10).unwrap();
        let grouped = |name| {
            let [job] = jobs(world, bus, [name]);
            world.submit_at(pool, job, 10).unwrap();
        };
        free("first");
        free("second");
        for _ in 0..held {
            grouped("held");
        }
        free("last");
        world.advance(10);
        assert!(world.snapshot(pool).overdue || world.snapshot(pool).queued > 0);
        for _ in 0..40 {
            world.step(W(0));
        }
        world.advance(10);
        for _ in 0..40 {
            world.step(W(0));
        }
        assert!(world.runs().contains(&"last"), "{held}: {:?}", world.runs());
        assert_eq!(counts(world, bus), (1, held));
        world.drain();
    }
}

#[test]
fn the_time_of_a_held_job_runs() {
    let world = World::new(0);
    let (pool, bus) = (world.pool(1, 1), world.group(1));
    let [a, late, in_time] = jobs(world, bus, ["a", "late", "in time"]);
    world.submit(pool, a).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(a));
    world.submit_within(pool, late, 5).unwrap();
    world.submit_within(pool, in_time, 50).unwrap();
    // The ready queue is empty meanwhile.
    assert_eq!(world.step(W(0)), Step::Ran(a));
    world.advance(10);
    assert_eq!(world.status(late), Status::Held, "nobody looks before its turn");
    world.drain();
    assert_eq!(world.runs(), ["a", "in time"]);
    assert_eq!(world.outcomes(late), [Outcome::TimedOut]);
}

/// Its pool has run dry while it was held, and looked at no clock since.
#[test]
fn the_time_of_a_held_job_runs_while_its_pool_has_nothing_to_do() {
    let world = World::new(0);
    let (one, two, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(1));
    let [a, late] = jobs(world, bus, ["a", "late"]);
    let free = world.job("free");
    world.submit(one, a).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(a));
    world.submit_within(two, late, 5).unwrap();
    world.submit(two, free).unwrap();
    while world.step(W(1)) != Step::Parks {}
    world.advance(10);
    world.drain();
    assert_eq!(world.runs(), ["free", "a"]);
    assert_eq!(world.outcomes(late), [Outcome::TimedOut]);
}

#[test]
fn jobs_of_two_pools() {
    let world = World::new(0);
    let (one, two, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(1));
    let [a, b, c] = jobs(world, bus, ["a", "b", "c"]);
    world.run();
    world.submit(one, a).unwrap();
    world.submit(two, b).unwrap();
    world.submit(one, c).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(a));
    assert_eq!(world.step(W(0)), Step::Ran(a));
    // Its worker wakes the other pool's, which may be asleep for ever otherwise.
    Virtual::take_calls();
    assert_eq!(world.step(W(0)), Step::Completes(a));
    assert!(Virtual::take_calls().contains(&Call::Wake(world.worker_ref(W(1)))));
    assert_eq!(world.step(W(1)), Step::Takes(b));
    world.drain();
    assert_eq!(world.runs(), ["a", "b", "c"]);
}

#[test]
fn a_held_pool_keeps_the_places_that_its_jobs_have() {
    let world = World::new(0);
    let (one, two, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(1));
    let [a, b] = jobs(world, bus, ["a", "b"]);
    world.hold(one).unwrap();
    world.submit(one, a).unwrap();
    world.submit(two, b).unwrap();
    world.run();
    assert_eq!((world.status(a), world.status(b)), (Status::Queued, Status::Held));
    world.release(one).unwrap();
    world.drain();
    assert_eq!(world.runs(), ["a", "b"]);
    // And what is admitted into a held pool waits there.
    world.submit(two, b).unwrap();
    world.submit(one, a).unwrap();
    world.hold(one).unwrap();
    world.run();
    assert_eq!(world.status(a), Status::Queued);
    world.release(one).unwrap();
    world.drain();
}

#[test]
fn before_its_start_a_pool_has_places_too() {
    let world = World::new(0);
    let (pool, bus) = (world.pool_before_start(1, 1), world.group(1));
    let [a, b] = jobs(world, bus, ["a", "b"]);
    world.submit(pool, a).unwrap();
    world.submit(pool, b).unwrap();
    world.start(pool);
    world.drain();
    assert_eq!(world.runs(), ["a", "b"]);
}

#[test]
fn a_higher_limit_lets_more_in() {
    let world = World::new(0);
    let (pool, group) = (world.pool(4, 4), world.group(1));
    let all = jobs(world, group, ["a", "b", "c", "d", "e"]);
    world.set_level(all[3], 2).unwrap();
    for job in all {
        world.submit(pool, job).unwrap();
    }
    world.set_limit(group, 3).unwrap();
    let ready = all.map(|job| world.status(job) == Status::Queued);
    assert_eq!(ready, [true, true, false, true, false], "by level, then in order");
    world.set_limit(group, u16::MAX).unwrap();
    assert_eq!(counts(world, group), (5, 0));
    world.drain();
}

#[test]
fn a_lower_limit_lets_nothing_in_until_fewer_have_a_place() {
    let world = World::new(0);
    let (pool, group) = (world.pool(3, 3), world.group(3));
    let all = jobs(world, group, ["a", "b", "c", "d"]);
    for job in all {
        world.submit(pool, job).unwrap();
    }
    world.set_limit(group, 1).unwrap();
    assert_eq!(counts(world, group), (3, 1));
    assert_eq!(world.cancel(all[0]), Cancel::Cancelled);
    assert_eq!(world.cancel(all[1]), Cancel::Cancelled);
    assert_eq!(counts(world, group), (1, 1));
    assert_eq!(world.cancel(all[2]), Cancel::Cancelled);
    assert_eq!(counts(world, group), (1, 0));
    world.drain();
    assert_eq!(world.runs(), ["d"]);
}

#[test]
fn a_limit_of_zero_is_refused() {
    let world = World::new(0);
    let group = world.group(2);
    assert_eq!(world.set_limit(group, 0), Err(LimitError));
    assert_eq!(world.look(group).limit, 2);
    let text = LimitError.to_string();
    assert!(text.contains("limit of 0") && text.contains("let it run"), "{text}");
}

#[test]
#[should_panic(expected = "raise its limit")]
fn a_group_without_places_is_none() {
    _ = taskpool_core::Group::new(0);
}

#[test]
fn whoever_raises_a_limit_and_never_goes_on_has_let_one_in() {
    let world = World::new(0);
    let (pool, group) = (world.pool(2, 2), world.group(1));
    let all = jobs(world, group, ["a", "b", "c", "d", "e"]);
    world.set_level(all[4], 2).unwrap();
    for job in &all[..4] {
        world.submit(pool, *job).unwrap();
    }
    assert!(world.abandon_set_limit(1, group, 4));
    assert_eq!(counts(world, group), (2, 2));
    // Whoever comes now lets the first one in, which may be itself.
    world.submit(pool, all[4]).unwrap();
    assert_eq!(world.status(all[4]), Status::Queued);
    assert_eq!(counts(world, group), (3, 2));
    world.drain();
    assert_eq!(world.runs().len(), 5);
}

#[test]
fn a_shutdown_waits_for_held_jobs() {
    let world = World::new(0);
    let (one, two, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(1));
    let [a, b] = jobs(world, bus, ["a", "b"]);
    world.submit(one, a).unwrap();
    world.submit(two, b).unwrap();
    assert_eq!(
        world.shutdown(two, Shutdown::Drain, Some(0)),
        Err(ControlError::TimedOut)
    );
    assert_eq!(world.status(b), Status::Held);
    assert_eq!(world.shutdown(two, Shutdown::Drain, None), Ok(()));
    assert_eq!(world.outcomes(b), [Outcome::Done(0)]);
    world.drain();
}

#[test]
fn a_shutdown_discards_held_jobs() {
    for how in [Shutdown::Drain, Shutdown::Discard] {
        let world = World::new(0);
        let (one, two) = (world.pool(1, 1), world.pool(1, 1));
        let (bus, full) = (world.group(1), world.group(1));
        let [a, b] = jobs(world, bus, ["a", "b"]);
        let [c, d] = jobs(world, full, ["c", "d"]);
        let marked = world.in_group(bus, || world.job_discarded_on_shutdown("marked"));
        world.hold(one).unwrap();
        for job in [a, c] {
            world.submit(one, job).unwrap();
        }
        for job in [b, marked, d] {
            world.submit(two, job).unwrap();
        }
        // Of another pool: it stays.
        let [stays] = jobs(world, bus, ["stays"]);
        world.submit(one, stays).unwrap();
        let answer = world.shutdown(two, how, Some(0));
        assert_eq!(world.outcomes(marked), [Outcome::Discarded]);
        match how {
            Shutdown::Drain => assert_eq!(answer, Err(ControlError::TimedOut)),
            Shutdown::Discard => {
                assert_eq!(answer, Ok(()));
                assert_eq!([b, d].map(|job| world.outcomes(job)), [[Outcome::Discarded]; 2]);
            }
        }
        world.release(one).unwrap();
        assert_eq!(world.shutdown(two, how, None), Ok(()));
        world.drain();
        assert_eq!(world.outcomes(stays), [Outcome::Done(0)]);
        assert_eq!([bus, full].map(|group| counts(world, group)), [(0, 0), (0, 0)]);
    }
}

/// The last thing that a shutdown waits for is held, and is cancelled: its place is never free.
#[test]
fn a_shutdown_ends_when_the_last_held_job_is_cancelled() {
    for runtime in [false, true] {
        let world = World::new(1);
        let (one, third, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(1));
        let two = match runtime {
            true => world.runtime_pool(1),
            false => world.pool(1, 1),
        };
        let [a, b] = jobs(world, bus, ["a", "b"]);
        let canceller = world.job("canceller");
        world.when_run(canceller, move |_| {
            assert_eq!(world.cancel(b), Cancel::Cancelled);
            0
        });
        world.hold(one).unwrap();
        world.submit(one, a).unwrap();
        world.submit(two, b).unwrap();
        world.run();
        // It runs while the closer waits.
        world.submit(third, canceller).unwrap();
        assert_eq!(world.shutdown(two, Shutdown::Drain, None), Ok(()));
        assert_eq!(
            (world.status(a), world.outcomes(b)),
            (Status::Queued, vec![Outcome::Cancelled])
        );
        world.release(one).unwrap();
        world.drain();
    }
}

/// A run of another pool has named the pool that closes: what comes then is held, and the closer must see it.
#[test]
fn a_resubmission_that_is_held_in_a_pool_that_closes() {
    for runtime in [false, true] {
        for how in [Shutdown::Drain, Shutdown::Discard] {
            let world = World::new(1);
            let (one, third, bus) = (world.pool(1, 1), world.pool(1, 1), world.group(2));
            let two = match runtime {
                true => world.runtime_pool(1),
                false => world.pool(1, 1),
            };
            let [goes, holds, held] = jobs(world, bus, ["goes", "holds", "held"]);
            world.when_run(goes, move |ctx| {
                if ctx.pool() == world.pool_ref(one) {
                    world.submit(two, goes).unwrap();
                }
                0
            });
            world.hold(third).unwrap();
            for job in [holds, held] {
                world.submit(third, job).unwrap();
            }
            world.set_limit(bus, 3).unwrap();
            world.submit(one, goes).unwrap();
            world.set_limit(bus, 1).unwrap();
            assert_eq!(world.step(W(1)), Step::Takes(goes));
            assert_eq!(world.step(W(1)), Step::Ran(goes));
            // Once the closer waits, the place of the run is given back, and there is none for it.
            let over = world.shutdown(two, how, Some(5));
            match how {
                Shutdown::Drain => assert_eq!(over, Err(ControlError::TimedOut)),
                Shutdown::Discard => assert_eq!(over, Ok(()), "{runtime}"),
            }
            world.release(third).unwrap();
            assert_eq!(world.shutdown(two, how, None), Ok(()));
            world.drain();
            let outcomes = world.outcomes(goes);
            assert_eq!(outcomes.len(), 2, "{outcomes:?}");
            let discarded = outcomes.contains(&Outcome::Discarded);
            assert_eq!(discarded, how == Shutdown::Discard, "{outcomes:?}");
        }
    }
}

/// What is admitted to a pool that discards and has no worker is the closer's.
#[test]
fn a_pool_that_was_made_at_run_time_leaves_nothing_in_a_group() {
    for how in [Shutdown::Drain, Shutdown::Discard] {
        let world = World::new(1);
        let (one, bus) = (world.pool(1, 1), world.group(1));
        let made = world.runtime_pool(2);
        let [a, b, c] = jobs(world, bus, ["a", "b", "c"]);
        world.submit(one, a).unwrap();
        world.submit(made, b).unwrap();
        world.submit(one, c).unwrap();
        assert_eq!(world.shutdown(made, how, None), Ok(()));
        world.overwrite(made);
        world.drain();
        let outcome = if how == Shutdown::Drain {
            Outcome::Done(0)
        } else {
            Outcome::Discarded
        };
        assert_eq!(world.outcomes(b), [outcome]);
        assert_eq!(world.outcomes(c), [Outcome::Done(0)]);
        assert_eq!(counts(world, bus), (0, 0));
    }
}

/// Between the beginning of a shutdown and its end, at each point, the place becomes free, or the job is cancelled.
#[test]
fn places_that_become_free_during_a_shutdown() {
    let acts: [fn(World, J, J); 3] = [
        |world, a, _| _ = world.cancel(a),
        |world, _, b| _ = world.cancel(b),
        |world, a, b| {
            world.cancel(a);
            world.cancel(b);
        },
    ];
    for act in acts {
        for how in [Shutdown::Drain, Shutdown::Discard] {
            for runtime in [false, true] {
                let mut n = 1;
                loop {
                    let world = World::new(1);
                    let (one, bus) = (world.pool(1, 1), world.group(1));
                    let two = match runtime {
                        true => world.runtime_pool(1),
                        false => world.pool(1, 1),
                    };
                    let [a, b, c] = jobs(world, bus, ["a", "b", "c"]);
                    world.hold(one).unwrap();
                    for (pool, job) in [(one, a), (two, b), (one, c)] {
                        world.submit(pool, job).unwrap();
                    }
                    world.run();
                    world.interrupt_at(n, move || act(world, a, b));
                    let over = world.shutdown(two, how, Some(10));
                    let past = world.forget_interrupts() > 0;
                    world.release(one).unwrap();
                    if over.is_err() {
                        assert_eq!(world.shutdown(two, how, None), Ok(()));
                    }
                    world.drain();
                    assert_eq!(world.outcomes(b).len(), 1);
                    assert_eq!(world.outcomes(c), [Outcome::Done(0)]);
                    if past {
                        break;
                    }
                    n += 1;
                }
                assert!(n > 2, "there are no points to come between");
            }
        }
    }
}

#[test]
fn what_pools_count_of_held_jobs() {
    let world = World::new(0);
    let (pool, bus) = (world.pool(1, 1), world.group(1));
    let [a, b] = jobs(world, bus, ["a", "b"]);
    world.submit(pool, a).unwrap();
    world.submit(pool, b).unwrap();
    let stats = world.stats(pool);
    assert_eq!((stats.submitted, stats.queued, stats.most_queued), (2, 1, 1));
    assert_eq!(world.step(W(0)), Step::Takes(a));
    world.advance(50);
    world.drain();
    assert_eq!(
        world.stats(pool).worst_queueing,
        0,
        "from the moment in which there was a place"
    );
}

/// The worker of the reserve that frees a place goes on with what it admits, and is not given back in between.
#[test]
fn a_borrowed_worker_goes_on_with_what_it_admits() {
    let world = World::new(1);
    let (pool, bus) = (world.runtime_pool(1), world.group(1));
    let [a, b] = world.in_group(bus, || [world.job("a"), world.job("b")]);
    world.submit(pool, a).unwrap();
    world.submit(pool, b).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(a));
    assert_eq!(world.step(W(0)), Step::Ran(a));
    Virtual::take_calls();
    assert_eq!(world.step(W(0)), Step::Takes(b));
    let returned = |call: &Call| matches!(call, Call::Report(Report::WorkerReturned(..)));
    assert!(!Virtual::take_calls().iter().any(returned));
    world.drain();
}

/// The last place in a section: one order wakes a worker of one pool, the other one borrows for another.
#[test]
fn the_end_of_a_run_has_two_orders() {
    let world = World::new(1);
    let (one, two, bus) = (world.pool(1, 1), world.runtime_pool(1), world.group(1));
    let third = world.pool(1, 1);
    let [goes, held] = jobs(world, bus, ["goes", "held"]);
    let free = world.job("free");
    world.when_run(free, move |_| {
        _ = world.submit(third, free);
        0
    });
    let mut runs = 0;
    world.when_run(goes, move |_| {
        runs += 1;
        if runs == 1 {
            world.submit_at(third, goes, 1).unwrap();
        }
        0
    });
    world.run();
    world.advance(10);
    world.submit(one, goes).unwrap();
    world.submit(two, held).unwrap();
    assert_eq!(world.step(W(1)), Step::Takes(goes));
    assert_eq!(world.step(W(1)), Step::Ran(goes));
    Virtual::take_calls();
    // It is due at once, in the third pool, and gives its place to the held one, which needs a borrowed worker.
    assert_eq!(world.step(W(1)), Step::Completes(goes));
    let calls = Virtual::take_calls();
    assert!(calls.iter().any(|call| matches!(call, Call::Lend(..))), "{calls:?}");
    assert_eq!((world.status(held), world.status(goes)), (Status::Queued, Status::Held));
    world.drain();
    assert_eq!(world.runs(), ["goes", "held", "goes"]);
}

/// Other pools' jobs do not keep a job from its place, nor do jobs of other groups.
#[test]
fn groups_do_not_know_of_each_other() {
    let world = World::new(0);
    let pool: P = world.pool(1, 1);
    let groups = [world.group(1), world.group(1)];
    let [a, b] = jobs(world, groups[0], ["a", "b"]);
    let [c, d] = jobs(world, groups[1], ["c", "d"]);
    for job in [a, b, c, d] {
        world.submit(pool, job).unwrap();
    }
    assert_eq!(
        [a, b, c, d].map(|job| world.status(job) == Status::Held),
        [false, true, false, true]
    );
    world.drain();
    assert_eq!(world.runs(), ["a", "c", "b", "d"]);
}

struct Counts;

impl Work for Counts {
    fn run(&mut self, _: &TaskCtx<'_>) -> Next {
        Next::Default
    }
}

/// Two pools with a worker each, and two tasks of one group that lets one of them run.
fn tasks() -> (Plain, [PoolRef; 2], [TaskRef; 2], &'static Group) {
    let plain = Plain::new();
    let pools = [plain.pool(), plain.pool()];
    plain.run();
    plain.advance(100);
    let bus = keep(Group::new(1));
    let task = || keep(Task::new::<Virtual>(Counts, 10).in_group(bus)).reference();
    (plain, pools, [task(), task()], bus)
}

fn usage(bus: &'static Group) -> (u16, u32) {
    let found = Machine::check_group(bus.reference());
    (found.active, found.held)
}

#[test]
fn tasks_take_turns() {
    let (plain, pools, [a, b], bus) = tasks();
    for (task, pool) in [(a, pools[0]), (b, pools[1])] {
        Machine::enable(task, pool, First::Now).unwrap();
    }
    assert_eq!(usage(bus), (1, 1));
    // The first one's worker takes it, runs it, and puts it off: between two runs it has no place.
    for _ in 0..3 {
        plain.step(0);
    }
    assert_eq!(usage(bus), (1, 0));
    plain.run();
    assert_eq!(usage(bus), (0, 0));
    for _ in 0..5 {
        plain.advance(10);
        plain.run();
    }
    assert_eq!([a, b].map(|task| Machine::task_counts(task).0), [6, 6]);
}

#[test]
fn a_task_that_is_put_off_gives_its_place_back() {
    let (plain, pools, [a, b], bus) = tasks();
    for (task, pool) in [(a, pools[0]), (b, pools[1])] {
        Machine::enable(task, pool, First::Now).unwrap();
    }
    Machine::postpone(a, 50).unwrap();
    assert_eq!(usage(bus), (1, 0), "the other one has it");
    Machine::trigger(a).unwrap();
    assert_eq!(usage(bus), (1, 1));
    plain.run();
    assert_eq!([a, b].map(|task| Machine::task_counts(task).0), [1, 1]);
}

#[test]
fn a_held_task_is_put_off_triggered_and_disabled() {
    let (plain, pools, [a, b], bus) = tasks();
    for (task, pool) in [(a, pools[0]), (b, pools[1])] {
        Machine::enable(task, pool, First::Now).unwrap();
    }
    Machine::postpone(b, 50).unwrap();
    assert_eq!(usage(bus), (1, 0));
    Machine::trigger(b).unwrap();
    assert_eq!(usage(bus), (1, 1));
    // It is due, and was.
    Machine::trigger(b).unwrap();
    assert_eq!(usage(bus), (1, 1));
    assert!(Machine::disable(b));
    assert_eq!(usage(bus), (1, 0));
    plain.run();
    assert_eq!([a, b].map(|task| Machine::task_counts(task).0), [1, 0]);
}

struct Nothing;

impl Run for Nothing {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        3
    }
}

#[test]
fn a_run_in_the_caller_takes_a_place_and_gives_it_back() {
    let plain = Plain::new();
    let pool = plain.pool();
    plain.run();
    let group = keep(Group::new(1));
    let [mut first, mut second] = [Job::new(Nothing), Job::new(Nothing)];
    first.set_group(group);
    second.set_group(group);
    let (first, second) = (keep(first).reference(), keep(second).reference());
    for _ in 0..2 {
        assert_eq!(Machine::run_now(pool, first), Ok(Outcome::Done(3)));
        assert_eq!(Machine::check_group(group.reference()).active, 0);
    }
    Machine::submit(pool, second).unwrap();
    assert_eq!(Machine::run_now(pool, first), Err(RunNowError::GroupFull));
    plain.drain();
    assert_eq!(Machine::run_now(pool, first), Ok(Outcome::Done(3)));
    assert_eq!(Machine::check_group(group.reference()).active, 0);
}
