//! A paused pool: its clock runs on, or stands, and then what is deferred keeps its distance.

use std::cell::Cell;

use taskpool_core::{Accepted, Clock, ControlError, Ctx, Job, Outcome, Port, Shell, Shutdown, Status};
use taskpool_testkit::{keep, Plain, Virtual, World, P};

fn world() -> (World, P) {
    let world = World::new(0);
    world.advance(100);
    let pool = world.pool(1, 1);
    (world, pool)
}

#[test]
fn a_clock_that_stands_keeps_what_is_ahead_ahead() {
    let (world, pool) = world();
    let job = world.job("job");
    // Due at 121.
    world.submit_after(pool, job, 20).unwrap();
    world.advance(5);
    world.pause(pool, Clock::Frozen).unwrap();
    world.advance(1000);
    assert_eq!(world.status(job), Status::Deferred { deadline: 1121 });
    world.advance(1);
    assert_eq!(world.status(job), Status::Deferred { deadline: 1122 });
    world.release(pool).unwrap();
    assert_eq!(world.status(job), Status::Deferred { deadline: 1122 });
    world.drain();
    assert_eq!(world.runs_at(), [("job", 1122)]);
}

#[test]
fn a_clock_that_runs_on_makes_due_what_runs_afterwards() {
    let (world, pool) = world();
    let (job, later) = (world.job("job"), world.job("later"));
    world.submit_after(pool, job, 20).unwrap();
    world.submit_after(pool, later, 2000).unwrap();
    world.pause(pool, Clock::RunsOn).unwrap();
    world.advance(1000);
    world.run();
    assert!(world.runs().is_empty());
    world.release(pool).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), [("job", 1100), ("later", 2101)]);
}

#[test]
fn what_is_submitted_meanwhile_has_all_of_its_time_afterwards() {
    let (world, pool) = world();
    let [delay, instant, over, now, before] = ["delay", "instant", "over", "now", "before"].map(|name| world.job(name));
    world.submit_at(pool, before, 104).unwrap();
    world.pause(pool, Clock::Frozen).unwrap();
    world.advance(50);
    world.submit_after(pool, delay, 7).unwrap();
    // Six ahead.
    world.submit_at(pool, instant, 156).unwrap();
    world.submit_at(pool, over, 3).unwrap();
    world.submit(pool, now).unwrap();
    world.advance(50);
    world.run();
    assert!(world.runs().is_empty());
    world.release(pool).unwrap();
    world.drain();
    assert_eq!(
        world.runs_at(),
        [
            ("now", 200),
            ("over", 200),
            ("before", 204),
            ("instant", 206),
            ("delay", 208)
        ]
    );
}

#[test]
fn pauses_add_up() {
    let (world, pool) = world();
    let [first, second, third] = ["first", "second", "third"].map(|name| world.job(name));
    // One deadline: in the order of their submissions, whatever comes between.
    world.submit_at(pool, first, 120).unwrap();
    for _ in 0..3 {
        world.pause(pool, Clock::Frozen).unwrap();
        world.advance(10);
        world.release(pool).unwrap();
    }
    world.submit_at(pool, second, 150).unwrap();
    world.submit_at(pool, third, 149).unwrap();
    assert_eq!(world.status(first), world.status(second));
    world.drain();
    assert_eq!(world.runs_at(), [("third", 149), ("first", 150), ("second", 150)]);
}

/// What is to come after the submitter has looked at the port's clock.
fn meanwhile(world: World, what: impl FnOnce() + 'static) {
    world.interrupt_at(1, what);
}

#[test]
fn a_submitter_that_was_kept_waiting_until_a_clock_stood_has_all_of_its_time() {
    let (world, pool) = world();
    let [late, ahead] = ["late", "ahead"].map(|name| world.job(name));
    world.submit_at(pool, ahead, 120).unwrap();
    meanwhile(world, move || {
        world.advance(3);
        world.pause(pool, Clock::Frozen).unwrap();
    });
    world.submit_after(pool, late, 1).unwrap();
    assert_eq!(world.status(late), Status::Deferred { deadline: 105 });
    assert_eq!(world.status(ahead), Status::Deferred { deadline: 120 });
    world.advance(10);
    world.release(pool).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), [("late", 115), ("ahead", 130)]);
}

#[test]
fn a_submitter_that_was_kept_waiting_until_a_second_pause_has_all_of_its_time() {
    let (world, pool) = world();
    world.pause(pool, Clock::Frozen).unwrap();
    world.advance(10);
    world.release(pool).unwrap();
    let job = world.job("job");
    meanwhile(world, move || {
        world.advance(5);
        world.pause(pool, Clock::Frozen).unwrap();
    });
    world.submit_after(pool, job, 7).unwrap();
    assert_eq!(world.status(job), Status::Deferred { deadline: 123 });
    world.advance(10);
    world.release(pool).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), [("job", 133)]);
}

#[test]
fn a_pause_that_comes_and_goes_beside_a_submitter_is_not_taken_off_its_delay() {
    let (world, pool) = world();
    let [first, second] = ["first", "second"].map(|name| world.job(name));
    world.submit_after(pool, first, 20).unwrap();
    let pause = move || {
        world.pause(pool, Clock::Frozen).unwrap();
        world.advance(10);
        world.release(pool).unwrap();
    };
    meanwhile(world, pause);
    world.submit_after(pool, second, 20).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), [("first", 131), ("second", 131)]);
    let limited = world.job("limited");
    meanwhile(world, pause);
    world.submit_within(pool, limited, 5).unwrap();
    world.run();
    assert_eq!(world.outcomes(limited), []);
    assert_eq!(world.runs().last(), Some(&"limited"));
}

#[test]
fn a_deadline_before_all_pauses_is_over() {
    let (world, pool) = world();
    world.pause(pool, Clock::Frozen).unwrap();
    world.advance(1_000_000);
    world.release(pool).unwrap();
    let job = world.job("job");
    world.submit_at(pool, job, 500).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), [("job", 1_000_100)]);
}

#[test]
fn over_the_carry_of_32_bits() {
    let world = World::new(0);
    world.advance((1 << 32) - 10);
    let pool = world.pool(1, 1);
    let [first, second] = ["first", "second"].map(|name| world.job(name));
    world.submit_after(pool, first, 4).unwrap();
    world.pause(pool, Clock::Frozen).unwrap();
    world.advance(1 << 33);
    world.submit_after(pool, second, 20).unwrap();
    world.release(pool).unwrap();
    world.drain();
    let end = (3 << 32) - 10;
    assert_eq!(world.runs_at(), [("first", end + 5), ("second", end + 21)]);
}

#[test]
fn a_job_that_moves_to_another_pool_takes_the_time_of_that_one() {
    let (world, pool) = world();
    let other = world.pool(1, 1);
    let job = world.job("job");
    world.pause(pool, Clock::Frozen).unwrap();
    world.submit_after(pool, job, 20).unwrap();
    world.advance(30);
    assert_eq!(world.submit_at(other, job, 140), Ok(Accepted::Moved));
    assert_eq!(world.status(job), Status::Deferred { deadline: 140 });
    world.drain();
    assert_eq!(world.runs_at(), [("job", 140)]);
}

#[test]
fn a_running_job_defers_itself_into_the_pause() {
    let (world, pool) = world();
    let job = world.job("job");
    let mut runs = 0;
    world.when_run(job, move |_| {
        runs += 1;
        match runs {
            1 => {
                world.submit_after(pool, job, 9).unwrap();
                world.pause(pool, Clock::Frozen).unwrap();
                world.advance(10);
            }
            2 => {
                world.pause(pool, Clock::Frozen).unwrap();
                world.advance(10);
                world.submit_after(pool, job, 9).unwrap();
                world.advance(10);
            }
            _ => {}
        }
        0
    });
    world.submit(pool, job).unwrap();
    world.run();
    for _ in 0..2 {
        world.release(pool).unwrap();
        world.advance(10);
        world.run();
    }
    assert_eq!(world.runs_at(), [("job", 100), ("job", 120), ("job", 150)]);
}

/// More than a batch of them, so that a worker moves the rest.
#[test]
fn what_is_overdue_when_the_clock_stops_is_still_so_afterwards() {
    let (world, pool) = world();
    for job in ["a", "b", "c", "d", "e"].map(|name| world.job(name)) {
        world.submit_at(pool, job, 110).unwrap();
    }
    world.advance(15);
    assert!(world.snapshot(pool).overdue);
    world.pause(pool, Clock::Frozen).unwrap();
    world.advance(100);
    world.run();
    world.release(pool).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), ["a", "b", "c", "d", "e"].map(|name| (name, 215)));
}

#[test]
fn refusals() {
    let world = World::new(0);
    let pool = world.pool_before_start(1, 1);
    for clock in [Clock::RunsOn, Clock::Frozen] {
        assert_eq!(world.pause(pool, clock), Err(ControlError::NotRunning), "not started");
    }
    world.start(pool);
    assert_eq!(world.release(pool), Err(ControlError::NotRunning));
    world.hold(pool).unwrap();
    assert_eq!(world.pause(pool, Clock::Frozen), Err(ControlError::NotRunning), "held");
    world.release(pool).unwrap();
    world.pause(pool, Clock::Frozen).unwrap();
    assert_eq!(world.hold(pool), Err(ControlError::NotRunning), "paused");
    world.start(pool);
    let job = world.job("job");
    world.submit(pool, job).unwrap();
    world.run();
    assert_eq!(world.status(job), Status::Queued, "a start does not end it");
    world.release(pool).unwrap();
    assert_eq!(world.release(pool), Err(ControlError::NotRunning));
    world.drain();
}

#[test]
fn a_paused_pool_can_be_shut_down_and_started_again() {
    let (world, pool) = world();
    let [job, deferred] = ["job", "deferred"].map(|name| world.job_with_completion(name));
    world.submit(pool, job).unwrap();
    world.submit_after(pool, deferred, 9).unwrap();
    world.pause(pool, Clock::Frozen).unwrap();
    world.advance(40);
    world.shutdown(pool, Shutdown::Drain, None).unwrap();
    assert_eq!(world.outcomes(job), [Outcome::Done(0)]);
    assert_eq!(world.outcomes(deferred), [Outcome::Discarded]);
    world.restart(pool).unwrap();
    world.submit_after(pool, job, 9).unwrap();
    world.submit_at(pool, deferred, 149).unwrap();
    world.drain();
    assert_eq!(world.runs_at(), [("job", 140), ("deferred", 149), ("job", 150)]);
}

#[test]
fn lateness_is_told_without_the_pause() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_after(pool, job, 9).unwrap();
    world.pause(pool, Clock::Frozen).unwrap();
    world.advance(1000);
    world.release(pool).unwrap();
    world.drain();
    assert_eq!(world.stats(pool).worst_lateness, 0);
}

/// Another thread goes on, stops the clock again, and is there when this one comes.
#[test]
fn a_pool_goes_on_from_the_time_at_which_it_does() {
    let (world, pool) = world();
    let job = world.job("job");
    world.submit_after(pool, job, 19).unwrap();
    world.pause(pool, Clock::Frozen).unwrap();
    world.advance(10);
    world.preempt_at(1, move || {
        _ = world.release(pool);
        world.advance(10);
        _ = world.pause(pool, Clock::Frozen);
        world.advance(10);
    });
    _ = world.release(pool);
    _ = world.release(pool);
    world.drain();
    assert_eq!(world.runs_at(), [("job", 140)]);
}

thread_local! {
    static RAN_AT: Cell<u64> = const { Cell::new(0) };
}

fn note_the_time(_: &Ctx<'_>) {
    RAN_AT.set(Virtual::now());
}

/// The resumption comes in a late interrupt, which sees an older tick than the pause did.
#[test]
fn a_clock_that_lags_makes_nothing_early() {
    let plain = Plain::new();
    let pool = plain.pool();
    plain.run();
    plain.advance(50);
    Shell::<Virtual>::pause(pool, Clock::Frozen).unwrap();
    plain.advance(50);
    Shell::<Virtual>::release_pool(pool).unwrap();
    plain.advance(10);
    let job: &'static Job = keep(Job::new(note_the_time as fn(&Ctx<'_>)));
    Shell::<Virtual>::submit_at(pool, job.reference(), 200).unwrap();
    Shell::<Virtual>::pause(pool, Clock::Frozen).unwrap();
    plain.lagging(5, || Shell::<Virtual>::release_pool(pool).unwrap());
    plain.drain();
    assert_eq!(RAN_AT.get(), 200);
}

/// Whatever comes between, nothing is early and nothing is lost; the world looks after each lock section.
#[test]
fn a_pause_at_every_point() {
    for n in 1..60 {
        for clock in [Clock::RunsOn, Clock::Frozen] {
            let (world, pool) = world();
            let [first, second] = ["first", "second"].map(|name| world.job(name));
            world.interrupt_at(n, move || {
                _ = world.pause(pool, clock);
                world.advance(4);
                if n % 2 == 0 {
                    _ = world.release(pool);
                }
            });
            world.submit_after(pool, first, 3).unwrap();
            world.submit_at(pool, second, 102).ok();
            world.advance(3);
            world.run();
            world.submit_after(pool, second, 2).ok();
            world.submit_within(pool, first, 9).ok();
            world.forget_interrupts();
            _ = world.release(pool);
            world.drain();
        }
    }
}
