//! Tasks: what the machine makes of a schedule, on a clock that only these tests move.

use taskpool_core::{
    Clock, First, Missed, Next, NotEnabled, Outcome, Rephase, Shell, Shutdown, SubmitError, TaskRef, MAX_TICKS,
};
use taskpool_testkit::tasks::{plain, Scene, ZERO};
use taskpool_testkit::Virtual;

type Machine = Shell<Virtual>;

/// The second run takes 356 ticks, the others 1.
fn trace(missed: Missed, end: u64) -> (Vec<u64>, u32) {
    let scene = Scene::new();
    let task = scene.task(
        100,
        |task| task.missed(missed),
        move |ctx| {
            plain().advance(if ctx.number() == 2 { 356 } else { 1 });
            Next::Default
        },
    );
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(end);
    (scene.log.times(), Machine::task_counts(task).1)
}

#[test]
fn each_policy_has_its_trace() {
    assert_eq!(trace(Missed::Skip, 600), (vec![0, 100, 456, 500, 600], 2));
    assert_eq!(
        trace(Missed::CatchUp(5), 600),
        (vec![0, 100, 456, 457, 458, 500, 600], 0)
    );
    assert_eq!(trace(Missed::CatchUp(1), 600), (vec![0, 100, 456, 457, 500, 600], 1));
    assert_eq!(trace(Missed::FromStart, 656), (vec![0, 100, 456, 556, 656], 0));
    assert_eq!(trace(Missed::FromEnd, 759), (vec![0, 101, 557, 658, 759], 0));
}

#[test]
fn iterations_end_a_task_once() {
    let scene = Scene::new();
    let task = scene.task(
        10,
        |task| task.times(3),
        |ctx| {
            assert_eq!((ctx.is_first(), ctx.is_last()), (ctx.number() == 1, ctx.number() == 3));
            Next::Default
        },
    );
    assert_eq!(Machine::next_run(task), None);
    assert_eq!(Machine::enable(task, scene.pool, First::After(4)), Ok(false));
    assert_eq!(Machine::next_run(task), Some(ZERO + 5));
    scene.until(100);
    assert_eq!(scene.log.runs(), [(5, 1), (15, 2), (25, 3)]);
    assert_eq!(scene.ends(), [Outcome::Done(0)]);
    assert!(!Machine::disable(task));
    assert_eq!(scene.ends(), []);
    // Again, with the same number.
    Machine::enable(task, scene.pool, First::AfterInterval).unwrap();
    scene.until(200);
    assert_eq!(scene.log.times(), [111, 121, 131]);
    assert_eq!(scene.ends(), [Outcome::Done(0)]);
    assert_eq!(
        scene.plain.look(scene.pool).queued + scene.plain.look(scene.pool).deferred,
        0
    );
}

#[test]
fn a_run_says_how_its_task_goes_on() {
    let scene = Scene::new();
    let mut answers = vec![
        Next::Done(7),
        Next::Default,
        Next::At(ZERO + 50),
        Next::After(4),
        Next::Again,
        Next::Again,
        Next::Default,
    ];
    let task = scene.task(10, |task| task, move |_| answers.pop().unwrap());
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(200);
    assert_eq!(
        scene.log.runs(),
        [(0, 1), (10, 2), (10, 2), (10, 2), (15, 3), (50, 4), (60, 5)]
    );
    assert_eq!(scene.ends(), [Outcome::Done(7)]);
}

#[test]
fn again_lets_the_others_have_their_turn() {
    let scene = Scene::new();
    let mut left = 3;
    let first = scene.task(
        10,
        |task| task.times(1),
        move |_| {
            left -= 1;
            if left > 0 {
                Next::Again
            } else {
                Next::Default
            }
        },
    );
    let other = scene.task(
        10,
        |task| task.times(1),
        |ctx| {
            assert_eq!(ctx.number(), 1);
            Next::Default
        },
    );
    Machine::enable(first, scene.pool, First::Now).unwrap();
    Machine::enable(other, scene.pool, First::Now).unwrap();
    scene.until(50);
    assert_eq!(scene.log.runs().len(), 4);
    assert_eq!(scene.ends(), [Outcome::Done(0), Outcome::Done(0)]);
    assert_eq!(Machine::task_counts(first).0, 1);
}

#[test]
fn a_task_is_ended_wherever_it_waits() {
    type End = fn(TaskRef) -> bool;
    let ways: [(End, Outcome); 3] = [
        (Machine::disable, Outcome::Done(0)),
        (Machine::cancel_task, Outcome::Cancelled),
        (Machine::abort_task, Outcome::Aborted),
    ];
    for (end, outcome) in ways {
        // Deferred.
        let scene = Scene::new();
        let task = scene.plain_task(10);
        assert!(!end(task));
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(25);
        assert!(end(task));
        assert_eq!(scene.ends(), [outcome]);
        assert!(!end(task));
        // Queued.
        Machine::enable(task, scene.pool, First::Now).unwrap();
        assert!(end(task));
        assert_eq!(scene.ends(), [outcome]);
        scene.until(100);
        assert_eq!(scene.log.times(), [0, 10, 20]);
        // Running, by itself.
        let task = scene.task(
            10,
            |task| task,
            move |ctx| {
                if ctx.number() == 2 {
                    assert!(end(ctx.task()));
                    assert!(!end(ctx.task()), "once");
                    assert!(ctx.cancelled());
                }
                Next::Default
            },
        );
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(200);
        assert_eq!(scene.log.times(), [100, 110]);
        assert_eq!(scene.ends(), [outcome]);
        assert_eq!(Machine::next_run(task), None);
        let stats = Machine::stats(scene.pool);
        let ended = stats.done + stats.cancelled + stats.aborted;
        assert_eq!((stats.submitted, ended), (3, 3), "{outcome:?}: {stats:?}");
    }
}

#[test]
fn the_next_run_can_be_moved() {
    type Move = fn(TaskRef) -> Result<(), NotEnabled>;
    let moves: [(Move, [u64; 3]); 5] = [
        (|task| Machine::postpone(task, 200), [501, 601, 701]),
        (|task| Machine::shift(task, 30), [430, 530, 630]),
        (|task| Machine::shift(task, -50), [350, 450, 550]),
        (|task| Machine::shift(task, -500), [300, 0, 0]),
        (Machine::trigger, [300, 400, 500]),
    ];
    for (moves, expected) in moves {
        // 300 has run, and 400 is the next one.
        let scene = Scene::new();
        let task = scene.plain_task(100);
        assert_eq!(moves(task), Err(NotEnabled));
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(300);
        assert_eq!(scene.log.times(), [0, 100, 200, 300]);
        moves(task).unwrap();
        scene.until(720);
        let times = scene.log.times();
        let known = expected.iter().filter(|time| **time != 0).count();
        assert_eq!(times[..known], expected[..known]);
    }
}

#[test]
fn a_new_interval_moves_the_next_run_in_one_of_three_ways() {
    for (rephase, expected) in [
        (Rephase::Keep, [1_000, 1_500, 2_000]),
        (Rephase::Recalculate, [500, 1_000, 1_500]),
        (Rephase::FromNow, [800, 1_300, 1_800]),
    ] {
        let scene = Scene::new();
        let task = scene.plain_task(1_000);
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(300);
        Machine::set_interval(task, 500, rephase);
        scene.until(2_000);
        assert_eq!(scene.log.times()[1..4], expected, "{rephase:?}");
    }
}

#[test]
fn a_run_moves_its_own_task() {
    let scene = Scene::new();
    let task = scene.task(
        100,
        |task| task,
        |ctx| {
            match ctx.number() {
                1 => Machine::postpone(ctx.task(), 49).unwrap(),
                2 => Machine::set_interval(ctx.task(), 10, Rephase::FromNow),
                3 => Machine::set_iterations(ctx.task(), 4),
                _ => {}
            }
            Next::Default
        },
    );
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(500);
    assert_eq!(scene.log.times(), [0, 50, 60, 70]);
    assert_eq!(scene.ends(), [Outcome::Done(0)]);
}

#[test]
fn a_task_has_so_much_time() {
    let scene = Scene::new();
    let task = scene.task(100, |task| task.timeout(250), |_| Next::Default);
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(249);
    assert_eq!(scene.ends(), []);
    scene.until(250);
    assert_eq!(scene.ends(), [Outcome::TimedOut]);
    assert_eq!(scene.log.times(), [0, 100, 200]);
    // It begins anew whenever it is told so.
    Machine::enable(task, scene.pool, First::AfterInterval).unwrap();
    scene.until(400);
    Machine::reset_timeout(task);
    scene.until(649);
    assert_eq!(scene.ends(), []);
    assert_eq!(scene.log.times(), [351, 451, 551]);
    scene.until(1_000);
    assert_eq!(scene.ends(), [Outcome::TimedOut]);
    assert_eq!(scene.log.times(), []);
    Machine::set_timeout(task, 0);
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(1_500);
    assert_eq!(scene.log.times(), [1_000, 1_100, 1_200, 1_300, 1_400, 1_500]);
    // A time that was to be up before the next run leaves that run where it was, when there is more of it.
    Machine::disable(task);
    Machine::set_timeout(task, 50);
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(1_530);
    assert_eq!(Machine::next_run(task), Some(ZERO + 1_600));
    Machine::set_timeout(task, 200);
    scene.until(2_000);
    assert_eq!(scene.log.times(), [1_500, 1_600, 1_700]);
    assert_eq!(scene.ends(), [Outcome::Done(0), Outcome::TimedOut]);
}

#[test]
fn a_task_that_was_stopped_in_its_run_can_be_enabled_there() {
    let scene = Scene::new();
    let pool = scene.pool;
    let task = scene.task(10, |task| task.times(2), {
        let mut restarts = 0;
        move |ctx| {
            if restarts == 0 {
                restarts += 1;
                assert!(Machine::cancel_task(ctx.task()));
                assert_eq!(Machine::enable(ctx.task(), pool, First::After(99)), Ok(false));
                assert_eq!(Machine::next_run(ctx.task()), Some(ZERO + 100));
            }
            Next::Default
        }
    });
    Machine::enable(task, pool, First::Now).unwrap();
    scene.until(50);
    assert_eq!(scene.ends(), [Outcome::Cancelled]);
    scene.until(500);
    assert_eq!(scene.log.runs(), [(0, 1), (100, 1), (110, 2)]);
    assert_eq!(scene.ends(), [Outcome::Done(0)]);
}

#[test]
fn a_shutdown_discards_tasks() {
    for how in [Shutdown::Drain, Shutdown::Discard] {
        let scene = Scene::new();
        let waits = scene.plain_task(10);
        Machine::enable(waits, scene.pool, First::After(100)).unwrap();
        let task = scene.plain_task(10);
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(25);
        Machine::shutdown(scene.pool, how, None).unwrap();
        assert_eq!(scene.ends(), [Outcome::Discarded, Outcome::Discarded]);
        assert_eq!(
            Machine::enable(task, scene.pool, First::Now),
            Err(SubmitError::NotRunning)
        );
        scene.until(100);
        assert_eq!(scene.log.times(), [0, 10, 20]);
    }
}

/// A task whose first run has ended, and whose worker has not said so yet.
fn between_run_and_end(times: u32) -> (Scene, TaskRef) {
    let scene = Scene::new();
    let task = scene.task(10, |task| task.times(times), |_| Next::Default);
    Machine::enable(task, scene.pool, First::Now).unwrap();
    while Machine::task_counts(task).0 == 0 {
        assert!(scene.plain.step(0));
    }
    (scene, task)
}

#[test]
fn between_a_run_and_its_end_a_task_can_be_ended_moved_and_enabled() {
    let (scene, task) = between_run_and_end(0);
    assert!(Machine::cancel_task(task));
    assert_eq!(scene.ends(), [], "its worker is not done with it");
    assert_eq!(Machine::next_run(task), None);
    scene.until(100);
    assert_eq!(scene.ends(), [Outcome::Cancelled]);
    assert_eq!(scene.log.times(), [0]);
    let stats = Machine::stats(scene.pool);
    assert_eq!((stats.submitted, stats.cancelled), (1, 1));

    let (scene, task) = between_run_and_end(0);
    Machine::postpone(task, 39).unwrap();
    scene.until(60);
    assert_eq!(scene.log.times(), [0, 40, 50, 60]);

    let (scene, task) = between_run_and_end(0);
    assert_eq!(Machine::enable(task, scene.pool, First::After(19)), Ok(true));
    scene.until(40);
    assert_eq!(scene.log.runs(), [(0, 1), (20, 1), (30, 2), (40, 3)]);
    assert_eq!(scene.ends(), []);

    // After its last run it is not enabled any more.
    let (scene, task) = between_run_and_end(1);
    assert_eq!(Machine::trigger(task), Err(NotEnabled));
    assert!(!Machine::disable(task));
    assert_eq!(Machine::enable(task, scene.pool, First::After(19)), Ok(false));
    scene.until(10);
    assert_eq!(scene.ends(), [Outcome::Done(0)]);
    scene.until(40);
    assert_eq!(scene.log.runs(), [(0, 1), (20, 1)]);
    assert_eq!(scene.ends(), [Outcome::Done(0)]);
    // What was enabled for after that is cancelled alone.
    let (scene, task) = between_run_and_end(1);
    Machine::enable(task, scene.pool, First::Now).unwrap();
    assert!(Machine::cancel_task(task));
    assert_eq!(scene.ends(), [Outcome::Cancelled]);
    scene.until(40);
    assert_eq!(scene.ends(), [Outcome::Done(0)]);
    assert_eq!(scene.log.times(), [0]);
}

#[test]
fn a_task_that_is_enabled_before_its_run_ends_comes_behind_those_who_were_there() {
    let (scene, task) = between_run_and_end(1);
    for _ in 0..3 {
        let other = scene.task(10, |task| task.times(1), |_| Next::Done(7));
        Machine::enable(other, scene.pool, First::After(19)).unwrap();
    }
    assert_eq!(Machine::enable(task, scene.pool, First::After(19)), Ok(false));
    scene.until(30);
    let [seven, zero] = [7, 0].map(Outcome::Done);
    assert_eq!(scene.ends(), [zero, seven, seven, seven, zero]);
}

#[test]
fn what_is_postponed_in_the_queue_leaves_nothing_overdue_behind() {
    // More are due at once than the clock interrupt may move; the others stay behind until a worker has come.
    let scene = Scene::new();
    let tasks: Vec<TaskRef> = (0..20)
        .map(|_| scene.task(1_000, |task| task.times(1), |_| Next::Default))
        .collect();
    for task in &tasks {
        Machine::enable(*task, scene.pool, First::After(9)).unwrap();
    }
    scene.plain.advance(10);
    assert!(scene.plain.look(scene.pool).overdue);
    // All that was moved is taken back before one runs.
    for task in &tasks {
        Machine::postpone(*task, 99).unwrap();
    }
    scene.until(109);
    assert_eq!(scene.log.times(), []);
    scene.until(300);
    assert_eq!(scene.log.times(), [110; 20]);
    assert_eq!(scene.ends().len(), 20);
}

#[test]
fn a_first_run_comes_at_its_tick() {
    let scene = Scene::new();
    let task = scene.plain_task(100);
    // Ahead; and then over, which keeps the phase, and is in time to the tick.
    assert_eq!(Machine::enable(task, scene.pool, First::At(ZERO + 30)), Ok(false));
    assert_eq!(Machine::next_run(task), Some(ZERO + 30));
    scene.until(150);
    assert_eq!(scene.log.runs(), [(30, 1), (130, 2)]);
    assert_eq!(Machine::enable(task, scene.pool, First::At(ZERO - 70)), Ok(true));
    scene.until(250);
    assert_eq!(scene.log.runs(), [(150, 1), (230, 2)]);
    assert_eq!(Machine::task_counts(task), (2, 2), "those of 30 and 130");
    assert_eq!(Machine::enable(task, scene.pool, First::At(u64::MAX)), Ok(true));
    assert_eq!(Machine::next_run(task), Some(MAX_TICKS));
    assert!(Machine::disable(task));
}

#[test]
fn a_tick_is_one_of_the_ports_clock_wherever_the_pools_stood() {
    let scene = Scene::new();
    let task = scene.task(
        100,
        |task| task,
        |ctx| match ctx.number() {
            1 => Next::At(ZERO + 250),
            _ => Next::Default,
        },
    );
    Machine::pause(scene.pool, Clock::Frozen).unwrap();
    scene.until(60);
    Machine::release_pool(scene.pool).unwrap();
    assert_eq!(Machine::enable(task, scene.pool, First::At(ZERO + 130)), Ok(false));
    assert_eq!(Machine::next_run(task), Some(ZERO + 130));
    scene.until(400);
    assert_eq!(scene.log.times(), [130, 250, 350]);
}
