//! What pools count. The numbers of submissions are compared with the model after each step of every test; here are the
//! times, and what is counted anew.

use taskpool_core::{Ctx, Job, PoolRef, Run, Shell, Shutdown};
use taskpool_testkit::{keep, Plain, Step, Virtual, World, J, P, W};

fn world() -> (World, P) {
    let world = World::new(1);
    let pool = world.pool(1, 2);
    world.run();
    (world, pool)
}

fn jobs<const N: usize>(world: World, names: [&'static str; N]) -> [J; N] {
    names.map(|name| world.job(name))
}

#[test]
fn lateness_counts_from_the_deadline_and_queueing_from_being_ready() {
    let (world, pool) = world();
    let [late, later, now] = jobs(world, ["late", "later", "now"]);
    world.submit_at(pool, late, 10).unwrap();
    world.submit_at(pool, later, 14).unwrap();
    world.advance(14);
    world.submit(pool, now).unwrap();
    world.advance(6);
    world.run();
    let stats = world.stats(pool);
    assert_eq!((stats.worst_lateness, stats.mean_lateness), (10, 8), "10 and 6");
    assert_eq!((stats.worst_queueing, stats.mean_queueing), (10, 7), "10, 6 and 6");
    assert_eq!((stats.most_queued, stats.queued), (3, 0));
}

#[test]
fn a_late_interrupt_adds_to_lateness_and_not_to_queueing() {
    let (world, pool) = world();
    let [job] = jobs(world, ["job"]);
    world.submit_at(pool, job, 10).unwrap();
    world.advance_without_interrupt(14);
    world.deliver();
    world.advance(6);
    world.run();
    let stats = world.stats(pool);
    assert_eq!((stats.worst_lateness, stats.worst_queueing), (10, 6));
}

#[test]
fn busy_is_the_time_of_the_runs() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    let [a, b] = jobs(world, ["a", "b"]);
    for (job, ticks) in [(a, 5), (b, 7)] {
        world.when_run(job, move |_| {
            world.advance(ticks);
            0
        });
        world.submit(pool, job).unwrap();
    }
    world.run();
    assert_eq!(world.stats(pool).busy, 12);
}

#[test]
fn a_pool_starves_while_jobs_wait_and_all_workers_are_busy() {
    let (world, pool) = world();
    let [a, b, c, d] = jobs(world, ["a", "b", "c", "d"]);
    world.submit(pool, a).unwrap();
    world.submit(pool, b).unwrap();
    assert_eq!(world.step(W(1)), Step::Takes(a));
    assert_eq!(world.step(W(0)), Step::Takes(b));
    world.advance(100);
    assert_eq!(world.stats(pool).worst_starvation, 0, "nothing waits");
    world.submit(pool, c).unwrap();
    world.submit(pool, d).unwrap();
    world.advance(20);
    assert_eq!(world.step(W(1)), Step::Ran(a));
    assert_eq!(world.step(W(1)), Step::Takes(c));
    assert_eq!(world.stats(pool).worst_starvation, 20);
    world.advance(30);
    assert_eq!(world.step(W(0)), Step::Ran(b));
    assert_eq!(world.step(W(0)), Step::Takes(d));
    assert_eq!(world.stats(pool).worst_starvation, 30, "since the last one was taken");
    world.advance(500);
    world.run();
    assert_eq!(world.stats(pool).worst_starvation, 30);
    assert_eq!(world.stats(pool).most_workers, 2);
}

#[test]
fn a_cancelled_job_ends_starvation() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    let [a, b] = jobs(world, ["a", "b"]);
    world.submit(pool, a).unwrap();
    assert_eq!(world.step(W(0)), Step::Takes(a));
    world.submit(pool, b).unwrap();
    world.advance(9);
    world.cancel(b);
    world.advance(90);
    world.run();
    let stats = world.stats(pool);
    assert_eq!((stats.worst_starvation, stats.cancelled, stats.done), (9, 1, 1));
}

#[test]
fn a_submission_that_moves_counts_where_it_goes() {
    let (world, pool) = world();
    let other = world.pool(1, 1);
    world.run();
    let [deferred, running] = jobs(world, ["deferred", "running"]);
    world.submit_at(pool, deferred, 50).unwrap();
    world.submit_at(other, deferred, 50).unwrap();
    assert_eq!((world.stats(pool).submitted, world.stats(other).submitted), (0, 1));
    world.submit(pool, running).unwrap();
    assert_eq!(world.step(W(1)), Step::Takes(running));
    world.submit_at(pool, running, 50).unwrap();
    world.submit(other, running).unwrap();
    assert_eq!((world.stats(pool).submitted, world.stats(other).submitted), (1, 2));
    world.drain();
    assert_eq!((world.stats(pool).done, world.stats(other).done), (1, 2));
}

#[test]
fn what_is_under_way_counts_after_a_reset() {
    let (world, pool) = world();
    let [a, b, c] = jobs(world, ["a", "b", "c"]);
    world.submit(pool, a).unwrap();
    world.run();
    world.submit(pool, b).unwrap();
    world.submit_at(pool, c, 100).unwrap();
    world.advance(3);
    world.reset_stats(pool);
    let stats = world.stats(pool);
    assert_eq!(
        (stats.submitted, stats.done, stats.queued, stats.most_queued),
        (2, 0, 1, 1)
    );
    assert_eq!((stats.busy, stats.worst_queueing), (0, 0));
    // The model does not forget, so nothing of the world's is called any more that compares.
    assert_eq!(world.stats(pool), stats);
}

#[test]
fn a_shutdown_counts_what_it_discards() {
    let (world, pool) = world();
    let [a, b] = jobs(world, ["a", "b"]);
    world.submit(pool, a).unwrap();
    world.submit_at(pool, b, 100).unwrap();
    world.shutdown(pool, Shutdown::Discard, None).unwrap();
    let stats = world.stats(pool);
    assert_eq!((stats.submitted, stats.done, stats.discarded), (2, 0, 2));
}

/// A new level or urgency puts a queued job elsewhere in the queue; it has waited for as long.
#[test]
fn a_job_that_moves_within_the_queue_waits_on() {
    let moves: [fn(World, P, J); 2] = [
        |world, _, job| world.set_level(job, 1).unwrap(),
        |world, pool, job| _ = world.submit_urgent(pool, job).unwrap(),
    ];
    for moves in moves {
        let world = World::new(0);
        let pool = world.pool(1, 1);
        world.run();
        let (busy, waits) = (world.job("busy"), world.job("waits"));
        world.submit(pool, busy).unwrap();
        assert_eq!(world.step(W(0)), Step::Takes(busy));
        world.submit(pool, waits).unwrap();
        world.advance(10);
        moves(world, pool, waits);
        world.advance(90);
        world.run();
        let stats = world.stats(pool);
        assert_eq!((stats.worst_starvation, stats.worst_queueing), (100, 100));
    }
}

#[test]
fn a_held_pool_does_not_starve() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    let job = world.job("job");
    world.hold(pool).unwrap();
    world.submit(pool, job).unwrap();
    world.advance(50);
    world.release(pool).unwrap();
    world.run();
    assert_eq!(world.stats(pool).worst_starvation, 0);
}

/// Without the model, which does not forget.
#[test]
fn a_reset_forgets_the_worst_and_starvation_goes_on_from_there() {
    let plain = Plain::new();
    let pool = plain.pool();
    plain.run();
    let job = || -> &'static Job { keep(Job::new(|_| ())) };
    let submit = |job| _ = Shell::<Virtual>::submit(pool, job).unwrap();
    let stats = || Shell::<Virtual>::stats(pool);
    let [a, b, c, d, e] = [(); 5].map(|()| job().reference());
    submit(a);
    plain.step(0);
    submit(b);
    plain.advance(10);
    // Ends the one, takes the other.
    plain.step(0);
    plain.step(0);
    assert_eq!((stats().done, stats().worst_starvation), (1, 10));
    [c, d, e].into_iter().for_each(submit);
    _ = Shell::<Virtual>::cancel(e);
    plain.advance(7);
    assert_eq!(stats().most_queued, 3);
    Shell::<Virtual>::reset_stats(pool);
    assert_eq!((stats().most_queued, stats().worst_starvation), (2, 0));
    plain.advance(5);
    plain.step(0);
    plain.step(0);
    assert_eq!((stats().done, stats().worst_starvation), (1, 5));
    plain.run();
    assert_eq!((stats().done, stats().worst_starvation), (3, 5));
}

#[test]
fn an_aborted_run_is_busy_too() {
    let (world, pool) = world();
    let [job] = jobs(world, ["job"]);
    world.when_run(job, move |_| {
        world.advance(5);
        world.abort(job);
        0
    });
    world.submit(pool, job).unwrap();
    world.run();
    let stats = world.stats(pool);
    assert_eq!((stats.done, stats.aborted, stats.busy), (0, 1, 5));
}

#[test]
fn a_hold_ends_starvation() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    let [a, b] = jobs(world, ["a", "b"]);
    world.when_run(a, move |_| {
        world.submit(pool, b).unwrap();
        world.advance(2);
        world.hold(pool).unwrap();
        0
    });
    world.submit(pool, a).unwrap();
    world.run();
    world.advance(50);
    world.release(pool).unwrap();
    world.run();
    assert_eq!(world.stats(pool).worst_starvation, 2);
}

/// In a late interrupt, or on another CPU, the clock shows an older tick than it did before.
#[test]
fn a_clock_that_goes_back_is_no_time() {
    let plain = Plain::new();
    let pool = plain.pool();
    plain.run();
    plain.advance(100);
    let [first, second]: [&'static Job; 2] = [keep(Job::new(|_| ())), keep(Job::new(|_| ()))];
    Shell::<Virtual>::submit_at(pool, first.reference(), 110).unwrap();
    plain.advance(10);
    plain.lagging(1, || plain.run());
    let stats = Shell::<Virtual>::stats(pool);
    let times = [
        stats.worst_lateness,
        stats.worst_queueing,
        stats.mean_lateness,
        stats.busy,
    ];
    assert_eq!((stats.done, times), (1, [0; 4]));
    // It starves, and what was queued is cancelled in such an interrupt.
    Shell::<Virtual>::submit(pool, first.reference()).unwrap();
    plain.step(0);
    Shell::<Virtual>::submit(pool, second.reference()).unwrap();
    plain.lagging(2, || _ = Shell::<Virtual>::cancel(second.reference()));
    plain.run();
    assert_eq!(Shell::<Virtual>::stats(pool).worst_starvation, 0);
}

struct Opens(PoolRef);

impl Run for Opens {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        let answer = Shell::<Virtual>::scope(self.0, |scope| scope.spawn(|| Virtual::pass(10)).unwrap());
        assert_eq!(answer, Ok(()));
        0
    }
}

/// What a scope runs within its job is not counted for both.
#[test]
fn a_worker_is_not_busy_for_longer_than_the_time_that_passes() {
    let plain = Plain::new();
    let pool = plain.pool();
    plain.run();
    let job: &'static Job<Opens> = keep(Job::new(Opens(pool)));
    Shell::<Virtual>::submit(pool, job.reference()).unwrap();
    plain.run();
    assert_eq!((Shell::<Virtual>::stats(pool).busy, plain.now()), (10, 10));
}
