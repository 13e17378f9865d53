//! Every window between two lock sections: interrupts and other threads come in between, and threads that are preempted
//! there never go on.
//!
//! Each test goes through the points of an operation until there is none left. After every lock section the world
//! compares all jobs with the model, and at the end everything accepted has had its outcome.

use taskpool_core::{Accepted, Shutdown};
use taskpool_testkit::{Step, World, G, J, P, W};

/// Two pools, the first with a reserve to grow into; jobs, of which some are under way. Workers: 0 is the reserve, 1 and
/// 2 the pools' own.
#[derive(Clone, Copy)]
struct Scene {
    world: World,
    pool: P,
    other: P,
    job: J,
    second: J,
    /// Lets one job run. The two belong to it where a test says so.
    group: G,
}

type Act = (&'static str, fn(Scene));

/// What the job and the workers are like when the operation begins.
const SETTINGS: [Act; 9] = [
    ("idle", |_| {}),
    ("idle, workers wait", |s| s.world.run()),
    ("queued", |s| _ = s.world.submit(s.pool, s.job)),
    ("deferred", |s| _ = s.world.submit_at(s.pool, s.job, 30)),
    ("deferred, others are due", |s| {
        for name in ["x", "y", "z"] {
            s.world.submit_at(s.pool, s.world.job(name), 30).unwrap();
        }
        s.world.submit_at(s.pool, s.job, 30).unwrap();
        s.world.advance_without_interrupt(40);
    }),
    ("running", |s| {
        s.world.submit(s.pool, s.job).unwrap();
        assert_eq!(s.world.step(W(1)), Step::Takes(s.job));
    }),
    ("running, submitted again", |s| {
        s.world.submit(s.pool, s.job).unwrap();
        assert_eq!(s.world.step(W(1)), Step::Takes(s.job));
        s.world.submit(s.other, s.job).unwrap();
    }),
    ("ran, deferred again", |s| {
        s.world.submit(s.pool, s.job).unwrap();
        assert_eq!(s.world.step(W(1)), Step::Takes(s.job));
        s.world.submit_at(s.pool, s.job, 30).unwrap();
        assert_eq!(s.world.step(W(1)), Step::Ran(s.job));
    }),
    ("ran, another waits for a worker", |s| {
        s.world.submit(s.pool, s.job).unwrap();
        assert_eq!(s.world.step(W(1)), Step::Takes(s.job));
        s.world.submit(s.pool, s.second).unwrap();
        assert_eq!(s.world.step(W(1)), Step::Ran(s.job));
    }),
];

/// What any context may do.
const ACTIONS: [Act; 11] = [
    ("submit", |s| _ = s.world.submit(s.pool, s.job)),
    ("submit elsewhere", |s| _ = s.world.submit(s.other, s.job)),
    ("submit for later", |s| _ = s.world.submit_after(s.pool, s.job, 5)),
    ("submit for earlier", |s| _ = s.world.submit_at(s.pool, s.job, 2)),
    ("submit for later, elsewhere", |s| {
        _ = s.world.submit_at(s.other, s.job, 45)
    }),
    ("cancel", |s| _ = s.world.cancel(s.job)),
    ("submit another", |s| _ = s.world.submit(s.pool, s.second)),
    ("submit another for earlier", |s| {
        _ = s.world.submit_after(s.pool, s.second, 1)
    }),
    ("cancel another", |s| _ = s.world.cancel(s.second)),
    ("time passes", |s| s.world.advance(45)),
    ("time passes without the interrupt", |s| {
        s.world.advance_without_interrupt(45)
    }),
];

/// What any context may do with a group.
const GROUP_ACTIONS: [Act; 2] = [
    ("raise the limit", |s| s.world.set_limit(s.group, 2).unwrap()),
    ("lower the limit", |s| s.world.set_limit(s.group, 1).unwrap()),
];

/// What only threads do.
const THREAD_ACTIONS: [Act; 6] = [
    ("the reserve steps", |s| _ = s.world.step(W(0))),
    ("a worker steps", |s| _ = s.world.step(W(1))),
    ("a worker steps twice", |s| {
        s.world.step(W(1));
        s.world.step(W(1));
    }),
    ("a worker of the other pool steps", |s| _ = s.world.step(W(2))),
    ("all workers run", |s| s.world.run()),
    ("a pool is started", |s| {
        let late = s.world.pool_before_start(1, 2);
        for name in ["p", "q", "r"] {
            s.world.submit(late, s.world.job(name)).unwrap();
            s.world.submit_at(late, s.world.job(name), 1).unwrap();
        }
        s.world.start(late);
    }),
];

fn scene(setting: Act) -> Scene {
    scene_of(setting, World::job_with_completion)
}

/// The two jobs are of one group.
fn grouped_scene(setting: Act) -> Scene {
    scene_with(setting, World::job_with_completion, true)
}

fn scene_of(setting: Act, job: fn(World, &'static str) -> J) -> Scene {
    scene_with(setting, job, false)
}

fn scene_with(setting: Act, job: fn(World, &'static str) -> J, grouped: bool) -> Scene {
    let world = World::new(1);
    let (pool, other) = (world.pool(1, 2), world.pool(1, 2));
    let group = world.group(1);
    let jobs = || (job(world, "job"), world.job("second"));
    let (job, second) = match grouped {
        true => world.in_group(group, jobs),
        false => jobs(),
    };
    let scene = Scene {
        world,
        pool,
        other,
        job,
        second,
        group,
    };
    setting.1(scene);
    scene
}

/// For every setting and operation, comes between at every point of it; answers how many cases there were.
fn everywhere(
    scene: fn(Act) -> Scene,
    operations: &[Act],
    between: &[Act],
    come: fn(World, u64, Box<dyn FnOnce()>),
) -> usize {
    let mut cases = 0;
    for setting in SETTINGS {
        for operation in operations {
            for action in between {
                for n in 1.. {
                    let scene = scene(setting);
                    let act = action.1;
                    come(scene.world, n, Box::new(move || act(scene)));
                    operation.1(scene);
                    let beyond = scene.world.forget_interrupts() > 0;
                    scene.world.drain();
                    if beyond {
                        break;
                    }
                    cases += 1;
                }
            }
        }
    }
    cases
}

#[test]
fn interrupts_come_at_every_point_of_every_operation() {
    let operations: Vec<Act> = ACTIONS.into_iter().chain(THREAD_ACTIONS).collect();
    let cases = everywhere(scene, &operations, &ACTIONS, |world, n, body| {
        world.interrupt_at(n, body)
    });
    assert!(cases > 1_500, "only {cases} cases");
}

#[test]
fn other_threads_run_at_every_point_of_every_operation() {
    let operations: Vec<Act> = ACTIONS.into_iter().chain(THREAD_ACTIONS).collect();
    let cases = everywhere(scene, &operations, &THREAD_ACTIONS, |world, n, body| {
        world.preempt_at(n, body)
    });
    assert!(cases > 1_000, "only {cases} cases");
}

/// What may take or free a place, and what changes how many there are.
fn of_groups() -> Vec<Act> {
    let at_once = |act: &Act| !act.0.contains("later") && !act.0.contains("earlier");
    ACTIONS.into_iter().filter(at_once).chain(GROUP_ACTIONS).collect()
}

#[test]
fn interrupts_come_at_every_point_of_every_operation_on_jobs_of_one_group() {
    let any = of_groups();
    let operations: Vec<Act> = any.iter().copied().chain(THREAD_ACTIONS).collect();
    let cases = everywhere(grouped_scene, &operations, &any, |world, n, body| {
        world.interrupt_at(n, body);
    });
    assert!(cases > 500, "only {cases} cases");
}

#[test]
fn other_threads_run_at_every_point_of_every_operation_on_jobs_of_one_group() {
    let operations: Vec<Act> = of_groups().into_iter().chain(THREAD_ACTIONS).collect();
    let cases = everywhere(grouped_scene, &operations, &THREAD_ACTIONS, |world, n, body| {
        world.preempt_at(n, body);
    });
    assert!(cases > 500, "only {cases} cases");
}

#[test]
fn two_interrupts_come_at_every_pair_of_points() {
    let mut cases = 0;
    for setting in SETTINGS {
        for operation in ACTIONS.into_iter().chain(THREAD_ACTIONS) {
            for (first, second) in [(0, 5), (5, 0), (2, 9), (9, 2), (7, 5), (3, 3)] {
                for n in 1..8 {
                    // A later point may lie in the first interrupt: it is interrupted itself.
                    for m in n..8 {
                        let scene = scene(setting);
                        let (first, second) = (ACTIONS[first].1, ACTIONS[second].1);
                        scene.world.interrupt_at(n, move || first(scene));
                        scene.world.interrupt_at(m, move || second(scene));
                        operation.1(scene);
                        let beyond = scene.world.forget_interrupts();
                        scene.world.drain();
                        cases += usize::from(beyond == 0);
                    }
                }
            }
        }
    }
    assert!(cases > 1_000, "only {cases} cases");
}

#[test]
fn a_submitter_that_never_goes_on_holds_up_nobody() {
    let mut cases = 0;
    for setting in SETTINGS {
        for n in 1.. {
            let scene = scene(setting);
            let Scene {
                world, pool, second, ..
            } = scene;
            let other = world.job("other");
            if !world.abandon_submit(n, pool, other) {
                break;
            }
            cases += 1;
            world.submit_at(pool, second, world.now() + 10).unwrap_or(Accepted::New);
            world.drain();
            assert!(
                world.runs().contains(&"other"),
                "{}: its job was accepted, so it runs",
                setting.0
            );
        }
    }
    assert!(cases >= SETTINGS.len(), "only {cases} cases");
}

/// What a thread does that never goes on: those of [`ACTIONS`] that are a thread's, and these.
const ABANDONED: [Act; 3] = [
    ("submit urgently", |s| _ = s.world.submit_urgent(s.pool, s.job)),
    ("submit urgently elsewhere", |s| {
        _ = s.world.submit_urgent(s.other, s.job)
    }),
    ("submit another urgently", |s| {
        _ = s.world.submit_urgent(s.pool, s.second)
    }),
];

/// Held pools, and what is under way in them.
const HELD: [Act; 3] = [
    ("held, queued", |s| {
        s.world.run();
        s.world.hold(s.pool).unwrap();
        s.world.submit(s.pool, s.job).unwrap();
    }),
    ("held, two queued", |s| {
        s.world.run();
        s.world.hold(s.pool).unwrap();
        s.world.submit(s.pool, s.job).unwrap();
        s.world.submit(s.pool, s.second).unwrap();
    }),
    ("held, due", |s| {
        s.world.run();
        s.world.submit_at(s.pool, s.job, 5).unwrap();
        s.world.hold(s.pool).unwrap();
        s.world.advance(10);
    }),
];

/// Does the operation on a thread that is preempted for ever at each of its points, from that number on, and lets nobody
/// go on but the workers and the clock. Answers how many cases there were.
fn abandon_everywhere(
    first: u64,
    setting: Act,
    operation: Act,
    grouped: bool,
    abandon: impl Fn(Scene, u64, &dyn Fn()) -> bool,
) -> u64 {
    let mut cases = 0;
    loop {
        // Its completion would be told by the canceller, who never comes to that.
        let scene = scene_with(setting, World::job, grouped);
        println!("{}: {}, point {}", setting.0, operation.0, first + cases);
        if !abandon(scene, first + cases, &|| operation.1(scene)) {
            return cases;
        }
        scene.world.drain();
        cases += 1;
    }
}

#[test]
fn a_thread_that_never_goes_on_after_any_of_its_lock_sections_leaves_no_job_behind() {
    let mut cases = 0;
    for grouped in [false, true] {
        for setting in SETTINGS {
            for operation in ACTIONS[..9].iter().chain(&ABANDONED) {
                let abandon = |scene: Scene, n, body: &dyn Fn()| scene.world.abandon(n, body);
                cases += abandon_everywhere(1, setting, *operation, grouped, abandon);
            }
        }
    }
    assert!(cases > 200, "only {cases} cases");
}

/// What sets jobs free that were waiting before, and the number of its first point after a lock section.
const RELEASES: [(u64, Act, Act); 5] = [
    (1, HELD[0], ("release", |s| _ = s.world.release(s.pool))),
    (1, HELD[1], ("release", |s| _ = s.world.release(s.pool))),
    (1, HELD[2], ("release", |s| _ = s.world.release(s.pool))),
    (
        1,
        HELD[0],
        ("shut down and drain", |s| {
            _ = s.world.shutdown(s.pool, Shutdown::Drain, Some(0));
        }),
    ),
    (
        1,
        ("full, another queued", |s| {
            s.world.set_max_threads(s.pool, 1).unwrap();
            s.world.submit(s.pool, s.job).unwrap();
            assert_eq!(s.world.step(W(1)), Step::Takes(s.job));
            s.world.submit(s.pool, s.second).unwrap();
        }),
        ("higher maximum", |s| _ = s.world.set_max_threads(s.pool, 2)),
    ),
];

/// It has called a worker for the first of them, which runs all.
#[test]
fn a_thread_that_sets_jobs_free_and_never_goes_on_leaves_no_job_behind() {
    for (first, setting, operation) in RELEASES {
        // A thread that waits is in the pool's line, with a node on its stack, which unwinding would take away.
        let last = if operation.0.starts_with("shut down") {
            2
        } else {
            u64::MAX
        };
        let release = |scene: Scene, n, body: &dyn Fn()| n <= last && scene.world.abandon_release(n, body);
        assert!(abandon_everywhere(first, setting, operation, false, release) > 0);
    }
}

#[test]
fn a_thread_that_starts_a_pool_and_never_goes_on_leaves_no_job_behind() {
    let mut cases = 0;
    // The first point is the look at the clock, before it.
    for n in 2.. {
        let world = World::new(1);
        let pool = world.pool_before_start(1, 2);
        for name in ["p", "q", "r"] {
            world.submit(pool, world.job(name)).unwrap();
            world.submit_at(pool, world.job(name), 1).unwrap();
        }
        if !world.abandon_release(n, || world.start(pool)) {
            break;
        }
        world.drain();
        cases += 1;
    }
    assert!(cases > 2, "only {cases} cases");
}

#[test]
fn the_job_of_a_submitter_that_never_goes_on_runs_without_anybody_else() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    let job = world.job("job");
    // Between unlocking and letting the woken worker run: it was woken under the lock.
    assert!(world.abandon_submit(1, pool, job));
    world.run();
    assert_eq!(world.runs(), ["job"]);
}

#[test]
fn a_submitter_that_never_goes_on_has_armed_the_timer() {
    for abandoned in [5, 10, 15] {
        for deadline in [5, 10, 15] {
            let world = World::new(0);
            let pool = world.pool(1, 1);
            world.run();
            let (lost, kept) = (world.job("lost"), world.job("kept"));
            assert!(world.abandon_submit_at(1, pool, lost, abandoned));
            assert_eq!(world.snapshot(pool).armed, Some(abandoned), "in its one lock section");
            world.submit_at(pool, kept, deadline).unwrap();
            for _ in 0..deadline {
                world.advance(1);
                world.run();
            }
            assert!(world.runs_at().contains(&("kept", deadline)));
            world.drain();
            assert!(
                world.runs_at().contains(&("lost", abandoned)),
                "and its own as well, then"
            );
        }
    }
}

#[test]
fn deadlines_that_were_there_before_are_met_too() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    let (before, lost) = (world.job("before"), world.job("lost"));
    world.submit_at(pool, before, 20).unwrap();
    assert!(world.abandon_submit_at(1, pool, lost, 10));
    world.advance(20);
    world.run();
    assert!(world.runs_at().contains(&("before", 20)));
    world.drain();
}

#[test]
fn a_deferred_job_runs_though_its_submitter_never_goes_on() {
    let world = World::new(0);
    let pool = world.pool(1, 1);
    world.run();
    let (lost, job) = (world.job("lost"), world.job("job"));
    assert!(world.abandon_submit_at(1, pool, lost, 10));
    world.submit(pool, job).unwrap();
    world.run();
    assert_eq!(world.snapshot(pool).armed, Some(10));
    world.drain();
    assert_eq!(world.runs_at(), [("job", 0), ("lost", 10)]);
}

#[test]
fn a_submitter_that_never_goes_on_at_any_point_of_its_deferral_holds_up_nobody() {
    for setting in SETTINGS {
        for deadline in [2, 35, 50] {
            for n in 1.. {
                let scene = scene(setting);
                let Scene {
                    world, pool, second, ..
                } = scene;
                let other = world.job("other");
                if !world.abandon_submit_at(n, pool, other, deadline) {
                    break;
                }
                // Another thread, and what was under way before.
                let due = world.now() + 10;
                if world.submit_at(pool, second, due).is_ok() {
                    world.advance(10);
                    world.run();
                    assert!(world.runs_at().contains(&("second", due)), "{}: {n}", setting.0);
                }
                world.drain();
            }
        }
    }
}
