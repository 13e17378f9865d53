//! What pools count. The numbers of submissions are compared with the model after each step of every test; here are the
//! times, and what is counted anew.

use taskpool_core::Shutdown;
use taskpool_testkit::{Step, World, J, P, W};

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
