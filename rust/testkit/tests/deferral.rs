//! Deadlines and the timer.

use taskpool_core::{Accepted, Cancel, DeferError, Report, Status, MAX_TICKS};
use taskpool_testkit::{Call, Step, Virtual, World, J, P, W};

/// One pool with one worker, which waits.
fn world() -> (World, P) {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    Virtual::take_calls();
    (world, pool)
}

fn jobs<const N: usize>(world: World, names: [&'static str; N]) -> [J; N] {
    names.map(|name| world.job(name))
}

/// What the timer was armed for since the last look.
fn armings() -> Vec<u64> {
    let armed = |call| match call {
        Call::Arm(_, deadline) => Some(deadline),
        _ => None,
    };
    Virtual::take_calls().into_iter().filter_map(armed).collect()
}

#[test]
fn a_job_runs_at_its_deadline_and_not_a_tick_earlier() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_at(pool, job, 10).unwrap();
    world.advance(9);
    world.run();
    assert_eq!(world.status(job), Status::Deferred { deadline: 10 });
    world.advance(1);
    assert_eq!(world.status(job), Status::Queued);
    world.run();
    assert_eq!(world.runs_at(), [("job", 10)]);
}

#[test]
fn a_delay_begins_with_the_next_tick() {
    let (world, pool) = world();
    let job = world.job("job");
    world.advance(7);
    world.submit_after(pool, job, 3).unwrap();
    assert_eq!(world.status(job), Status::Deferred { deadline: 11 });
    world.drain();
    assert_eq!(world.runs_at(), [("job", 11)]);
}

#[test]
fn a_run_is_told_its_deadline_if_it_had_one() {
    let (world, pool) = world();
    let job = world.job("job");
    let mut expected = vec![Some(30), None];
    world.when_run(job, move |ctx| {
        assert_eq!(ctx.due(), expected.pop().expect("two runs"));
        0
    });
    world.submit(pool, job).unwrap();
    world.run();
    world.submit_at(pool, job, 30).unwrap();
    world.advance(40);
    world.run();
    assert_eq!(world.runs_at(), [("job", 0), ("job", 40)]);
}

#[test]
fn a_deadline_that_has_passed_makes_a_job_run_now() {
    for deadline in [0, 1, 19, 20] {
        let (world, pool) = world();
        world.advance(20);
        let job = world.job("job");
        world.submit_at(pool, job, deadline).unwrap();
        assert_eq!(world.status(job), Status::Queued, "no interrupt is needed");
        assert_eq!(armings(), [0; 0]);
        world.run();
        assert_eq!(world.runs_at(), [("job", 20)]);
    }
}

#[test]
fn tick_0_is_a_deadline_like_others() {
    let (world, pool) = world();
    let [zero, one] = jobs(world, ["zero", "one"]);
    world.submit_at(pool, zero, 0).unwrap();
    world.submit_at(pool, one, 1).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), [("zero", 1), ("one", 1)]);
}

#[test]
fn jobs_run_in_the_order_of_their_deadlines() {
    let (world, pool) = world();
    let [c, a, d, b] = jobs(world, ["c", "a", "d", "b"]);
    for (job, deadline) in [(c, 30), (a, 10), (d, 40), (b, 20)] {
        world.submit_at(pool, job, deadline).unwrap();
    }
    world.advance_without_interrupt(50);
    world.deliver();
    world.run();
    assert_eq!(world.runs(), ["a", "b", "c", "d"]);
}

#[test]
fn jobs_with_equal_deadlines_run_in_the_order_of_their_submissions() {
    let (world, pool) = world();
    let [a, b, c, d] = jobs(world, ["a", "b", "c", "d"]);
    for job in [c, a, d, b] {
        world.submit_at(pool, job, 10).unwrap();
    }
    world.drain();
    assert_eq!(world.runs(), ["c", "a", "d", "b"]);
}

#[test]
fn a_moved_deadline_counts_as_the_later_submission() {
    let (world, pool) = world();
    let [a, b] = jobs(world, ["a", "b"]);
    world.submit_at(pool, a, 10).unwrap();
    world.submit_at(pool, b, 10).unwrap();
    assert_eq!(world.submit_at(pool, a, 10), Ok(Accepted::Moved));
    world.drain();
    assert_eq!(world.runs(), ["b", "a"]);
}

#[test]
fn a_deferred_resubmission_counts_from_when_it_was_made() {
    let (world, pool) = world();
    let [early, late] = jobs(world, ["early", "late"]);
    world.submit(pool, early).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(early));
    // It goes among the timers after the other one, and was submitted before it.
    world.submit_at(pool, early, 10).unwrap();
    world.submit_at(pool, late, 10).unwrap();
    world.drain();
    assert_eq!(world.runs(), ["early", "early", "late"]);
}

#[test]
fn a_resubmission_that_came_due_during_the_run_follows_it() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    world.submit_at(pool, job, 10).unwrap();
    world.advance(15);
    assert_eq!(world.step(W(0)), Step::Ran(job));
    world.run();
    assert_eq!(world.runs(), ["job", "job"]);
}

#[test]
fn the_last_deadline_is_accepted_and_the_next_is_not() {
    let (world, pool) = world();
    let job = world.job("job");
    assert_eq!(world.submit_at(pool, job, MAX_TICKS + 1), Err(DeferError::OutOfRange));
    assert_eq!(world.submit_at(pool, job, u64::MAX), Err(DeferError::OutOfRange));
    assert_eq!(world.submit_after(pool, job, MAX_TICKS), Err(DeferError::OutOfRange));
    assert_eq!(world.submit_after(pool, job, u64::MAX), Err(DeferError::OutOfRange));
    assert_eq!(world.status(job), Status::Idle);
    assert_eq!(world.submit_after(pool, job, MAX_TICKS - 1), Ok(Accepted::New));
    assert_eq!(world.status(job), Status::Deferred { deadline: MAX_TICKS });
    assert_eq!(world.submit_at(pool, job, u64::MAX), Err(DeferError::OutOfRange));
    assert_eq!(
        world.status(job),
        Status::Deferred { deadline: MAX_TICKS },
        "nothing changed"
    );
    assert_eq!(world.submit_at(pool, job, MAX_TICKS), Ok(Accepted::Moved));
    world.advance(MAX_TICKS - 1);
    world.run();
    assert_eq!(world.runs(), [""; 0]);
    world.advance(1);
    world.run();
    assert_eq!(world.runs_at(), [("job", MAX_TICKS)]);
    assert_eq!(world.submit_after(pool, job, 1), Err(DeferError::OutOfRange));
    assert_eq!(world.submit(pool, job), Ok(Accepted::New));
    world.drain();
}

#[test]
fn deadlines_that_differ_in_the_upper_word_only_keep_their_order() {
    let (world, pool) = world();
    let [far, near, middle] = jobs(world, ["far", "near", "middle"]);
    world.submit_at(pool, far, 3 << 32 | 1).unwrap();
    world.submit_at(pool, near, 5).unwrap();
    world.submit_at(pool, middle, 1 << 32 | 9).unwrap();
    world.drain();
    assert_eq!(
        world.runs_at(),
        [("near", 5), ("middle", 1 << 32 | 9), ("far", 3 << 32 | 1)]
    );
}

#[test]
fn only_an_earlier_deadline_arms_the_timer() {
    let (world, pool) = world();
    let [first, behind, equal, before] = jobs(world, ["first", "behind", "equal", "before"]);
    world.submit_at(pool, first, 20).unwrap();
    assert_eq!(armings(), [20]);
    world.submit_at(pool, behind, 30).unwrap();
    world.submit_at(pool, equal, 20).unwrap();
    assert_eq!(armings(), [0; 0]);
    world.submit_at(pool, before, 10).unwrap();
    assert_eq!(armings(), [10]);
    world.drain();
    assert_eq!(armings(), [20, 30], "each interrupt arms for what comes next");
    assert_eq!(world.runs(), ["before", "first", "equal", "behind"]);
}

#[test]
fn a_cancelled_or_moved_deadline_leaves_the_timer_armed() {
    let (world, pool) = world();
    let [gone, moved, stays] = jobs(world, ["gone", "moved", "stays"]);
    world.submit_at(pool, gone, 10).unwrap();
    world.submit_at(pool, moved, 12).unwrap();
    world.submit_at(pool, stays, 30).unwrap();
    assert_eq!(armings(), [10]);
    assert_eq!(world.cancel(gone), Cancel::Cancelled);
    world.submit_at(pool, moved, 40).unwrap();
    assert_eq!(armings(), [0; 0]);
    assert_eq!(world.snapshot(pool).armed, Some(10));
    world.advance(10);
    assert_eq!(armings(), [30], "the interrupt that came for nobody arms for the next");
    world.drain();
    assert_eq!(world.runs_at(), [("stays", 30), ("moved", 40)]);
}

#[test]
fn an_interrupt_for_nobody_leaves_the_timer_alone() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_at(pool, job, 10).unwrap();
    world.cancel(job);
    world.advance(10);
    assert_eq!(world.snapshot(pool).armed, None);
    world.submit_at(pool, job, 40).unwrap();
    assert_eq!(armings(), [10, 40]);
    world.drain();
    assert_eq!(world.runs_at(), [("job", 40)]);
}

#[test]
fn a_late_interrupt_finds_everything_that_is_due() {
    let (world, pool) = world();
    let [a, b, later] = jobs(world, ["a", "b", "later"]);
    world.submit_at(pool, a, 10).unwrap();
    world.submit_at(pool, b, 12).unwrap();
    world.submit_at(pool, later, 30).unwrap();
    world.advance_without_interrupt(25);
    world.run();
    assert_eq!(world.runs(), [""; 0]);
    world.deliver();
    world.run();
    assert_eq!(world.runs_at(), [("a", 25), ("b", 25)]);
    world.drain();
    assert_eq!(world.runs_at().last(), Some(&("later", 30)));
}

#[test]
fn a_submission_during_a_late_interrupt_does_not_overtake_an_earlier_deadline() {
    let (world, pool) = world();
    let [a, b] = jobs(world, ["a", "b"]);
    world.submit_at(pool, a, 10).unwrap();
    world.advance_without_interrupt(25);
    // Its deadline has passed too, so it looks at the timers: the other one comes first.
    world.submit_at(pool, b, 9).unwrap();
    world.deliver();
    world.run();
    assert_eq!(world.runs_at(), [("b", 25), ("a", 25)]);
}

#[test]
fn a_late_interrupt_that_expires_for_each_of_many_ticks_moves_a_batch_and_a_worker_the_others() {
    let (world, pool) = world();
    let all = jobs(world, ["a", "b", "c", "d", "e", "f"]);
    for (index, job) in all.into_iter().enumerate() {
        world.submit_at(pool, job, 10 + index as u64).unwrap();
    }
    world.advance_without_interrupt(30);
    for _ in 0..6 {
        world.deliver();
    }
    let found = world.snapshot(pool);
    assert_eq!((found.queued, found.deferred, found.armed), (2, 4, None));
    world.run();
    assert_eq!(world.runs(), ["a", "b", "c", "d", "e", "f"]);
}

#[test]
fn a_late_run_of_a_job_that_submits_itself_is_no_full_batch() {
    let (world, pool) = world();
    let [job] = jobs(world, ["job"]);
    world.submit(pool, job).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(job));
    world.advance(50);
    world.submit_at(pool, job, 20).unwrap();
    Virtual::take_calls();
    world.run();
    assert_eq!(world.runs(), ["job", "job"]);
    let reports = Virtual::take_calls()
        .into_iter()
        .filter(|call| matches!(call, Call::Report(Report::Overdue(..))));
    assert_eq!(reports.count(), 0);
}

#[test]
fn one_interrupt_moves_a_batch_and_each_take_one_of_the_others() {
    let (world, pool) = world();
    let all = jobs(world, ["a", "b", "c", "d", "e"]);
    for job in all {
        world.submit_at(pool, job, 10).unwrap();
    }
    let last = world.job("last");
    world.submit_at(pool, last, 20).unwrap();
    world.advance(10);
    let found = world.snapshot(pool);
    assert_eq!((found.queued, found.deferred, found.armed), (2, 4, None));
    Virtual::take_calls();
    assert_eq!(world.step(W(0)), Step::Takes(all[0]));
    let found = world.snapshot(pool);
    assert_eq!((found.queued, found.deferred, found.armed), (2, 3, None));
    let report = Call::Report(Report::Overdue(world.pool_ref(pool), 2));
    assert!(Virtual::take_calls().contains(&report));
    world.run();
    assert!(!Virtual::take_calls().contains(&report), "it is said once");
    assert_eq!(world.runs_at(), ["a", "b", "c", "d", "e"].map(|name| (name, 10)));
    assert_eq!(world.snapshot(pool).armed, Some(20));
    world.drain();
}

#[test]
fn a_batch_that_is_cancelled_leaves_the_others_to_the_woken_worker() {
    let (world, pool) = world();
    let all = jobs(world, ["a", "b", "c", "d"]);
    for job in all {
        world.submit_at(pool, job, 10).unwrap();
    }
    world.advance(10);
    for job in &all[..2] {
        assert_eq!(world.cancel(*job), Cancel::Cancelled);
    }
    world.run();
    assert_eq!(world.runs_at(), [("c", 10), ("d", 10)]);
}

#[test]
fn the_start_of_a_pool_arms_its_timer() {
    let world = World::new(0);
    let pool = world.pool_before_start(1, 1);
    let [passed, ahead] = jobs(world, ["passed", "ahead"]);
    world.submit_at(pool, passed, 5).unwrap();
    world.submit_at(pool, ahead, 20).unwrap();
    world.advance(10);
    assert_eq!(armings(), [0; 0], "nobody could run them");
    world.start(pool);
    assert_eq!(world.status(passed), Status::Queued);
    assert_eq!(armings(), [0; 0], "the worker that takes a due job sees to the others");
    world.run();
    assert_eq!(world.runs(), ["passed"]);
    assert_eq!(armings(), [20]);
    world.drain();
}

#[test]
fn pools_have_timers_of_their_own() {
    let world = World::new(0);
    let (one, two) = (world.pool(1, 1), world.pool(1, 1));
    let [a, b] = jobs(world, ["a", "b"]);
    world.submit_at(one, a, 20).unwrap();
    world.submit_at(two, b, 10).unwrap();
    assert_eq!(
        (world.snapshot(one).armed, world.snapshot(two).armed),
        (Some(20), Some(10))
    );
    world.drain();
    assert_eq!(world.runs_at(), [("b", 10), ("a", 20)]);
}

#[test]
fn a_job_deferred_over_and_over_runs_at_the_last_deadline() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_at(pool, job, 10).unwrap();
    for now in 1..50 {
        world.advance(1);
        assert_eq!(world.submit_at(pool, job, now + 10), Ok(Accepted::Moved));
    }
    assert_eq!(world.runs(), [""; 0]);
    world.drain();
    assert_eq!(world.runs_at(), [("job", 59)]);
}

#[test]
fn a_job_that_defers_itself_is_periodic() {
    let (world, pool) = world();
    let job = world.job("job");
    world.when_run(job, move |ctx| {
        if let Some(due) = ctx.due().filter(|due| *due < 40) {
            assert_eq!(world.submit_at(pool, job, due + 10), Ok(Accepted::Again));
        }
        0
    });
    world.submit_at(pool, job, 10).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), [("job", 10), ("job", 20), ("job", 30), ("job", 40)]);
}

#[test]
fn an_interrupt_whose_batch_is_cancelled_under_its_hands_goes_on_in_the_next_tick() {
    let (world, pool) = world();
    let all = jobs(world, ["a", "b", "c", "d"]);
    for job in all {
        world.submit_at(pool, job, 10).unwrap();
    }
    // Within the clock interrupt, after each of the two jobs that it may move.
    for (n, job) in [(2, all[0]), (4, all[1])] {
        world.interrupt_at(n, move || {
            world.cancel(job);
        });
    }
    world.advance(10);
    assert_eq!(world.forget_interrupts(), 0);
    let found = world.snapshot(pool);
    assert_eq!((found.queued, found.deferred, found.armed), (0, 2, Some(10)));
    world.advance(1);
    world.run();
    assert_eq!(world.runs_at(), [("c", 11), ("d", 11)]);
}

#[test]
fn deadlines_with_one_low_word_run_in_order() {
    let (world, pool) = world();
    let [third, first, second] = jobs(world, ["third", "first", "second"]);
    for (job, upper) in [(third, 3), (first, 0), (second, 1)] {
        world.submit_at(pool, job, upper << 32 | 50).unwrap();
    }
    world.drain();
    assert_eq!(world.runs(), ["first", "second", "third"]);
}

#[test]
fn a_backlog_is_reported_when_a_batch_is_exceeded_and_not_at_every_expiry() {
    let (world, pool) = world();
    // More is always ready than the worker takes between two expiries.
    for name in ["w", "x", "y", "z"] {
        let job = world.job(name);
        world.when_run(job, move |_| {
            world.submit(pool, job).unwrap();
            0
        });
        world.submit(pool, job).unwrap();
    }
    let [due] = jobs(world, ["due"]);
    Virtual::take_calls();
    for _ in 0..20 {
        world.submit_after(pool, due, 1).unwrap();
        world.advance(3);
        while world.status(due) != Status::Idle {
            world.step(W(0));
        }
    }
    let report = Call::Report(Report::Overdue(world.pool_ref(pool), 2));
    let reports = Virtual::take_calls().into_iter().filter(|call| *call == report).count();
    assert!(reports <= 8, "{reports} warnings for expiries of one job each");
}

#[test]
fn a_pool_is_not_overdue_for_a_job_that_left_it_during_the_start() {
    for n in 1.. {
        let world = World::new(0);
        let (pool, other) = (world.pool_before_start(1, 1), world.pool(1, 1));
        let [job] = jobs(world, ["job"]);
        world.submit_at(pool, job, 5).unwrap();
        world.interrupt_at(n, move || {
            world.submit_at(other, job, 5).unwrap();
        });
        world.start(pool);
        if world.forget_interrupts() > 0 {
            assert!(n > 1, "the start has windows");
            break;
        }
        assert!(!world.snapshot(pool).overdue, "{n}");
        world.submit_at(pool, job, 9).unwrap();
        world.drain();
        assert_eq!(world.runs_at(), [("job", 9)]);
    }
}
