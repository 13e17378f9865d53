//! Events, what waits for them, and runs that somebody else completes, on a clock that only these tests move.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use taskpool_core::{
    Await, Completer, Event, EventRef, First, Missed, Next, OnEnd, Outcome, Shell, Shutdown, Stale, Status,
    SubmitError, Task, TaskRef, WaitError,
};
use taskpool_testkit::tasks::{plain, Scene, Script, ZERO};
use taskpool_testkit::{keep, Virtual};

type Machine = Shell<Virtual>;

fn event() -> EventRef {
    keep(Event::new()).reference()
}

fn arm(event: EventRef, count: u32) {
    Machine::arm_event(event, NonZeroU32::new(count).unwrap(), None);
}

fn arm_within(event: EventRef, count: u32, within: u64) {
    Machine::arm_event(event, NonZeroU32::new(count).unwrap(), Some(within));
}

fn armed(count: u32) -> EventRef {
    let event = event();
    arm(event, count);
    event
}

fn wait_on(scene: &Scene, task: TaskRef, event: EventRef) {
    assert_eq!(Machine::enable_on(task, scene.pool, event, false), Ok(false));
}

#[test]
fn a_new_event_is_complete() {
    let event = event();
    assert_eq!(
        (Machine::event_status(event), Machine::event_count(event)),
        (Some(Outcome::Done(0)), 0)
    );
    assert!(Machine::signal(event, -1), "nothing to complete");
    assert_eq!(Machine::event_status(event), Some(Outcome::Done(0)));
    assert!(!Machine::complete_event(event, Outcome::Cancelled));
    assert!(!Machine::set_event_timeout(event, Some(5)));
}

#[test]
fn it_counts_signals_and_the_last_one_is_its_status() {
    let event = armed(3);
    assert!(!Machine::signal(event, 7));
    assert_eq!((Machine::event_status(event), Machine::event_count(event)), (None, 2));
    assert!(!Machine::signal(event, 0));
    assert!(Machine::signal(event, 5));
    assert_eq!(Machine::event_status(event), Some(Outcome::Done(5)));
    assert!(Machine::signal(event, 6), "the first completion wins");
    assert_eq!(Machine::event_status(event), Some(Outcome::Done(5)));
    // Pending, it is armed anew.
    arm(event, 5);
    arm(event, 2);
    assert_eq!(Machine::event_count(event), 2);
}

#[test]
fn an_error_completes_it_at_once() {
    for outcome in [
        Outcome::Done(-1),
        Outcome::Done(i32::MIN),
        Outcome::Cancelled,
        Outcome::Aborted,
        Outcome::TimedOut,
        Outcome::Discarded,
    ] {
        let event = armed(100);
        assert!(Machine::signal_outcome(event, outcome));
        assert_eq!(Machine::event_status(event), Some(outcome));
        arm(event, 100);
        assert!(Machine::complete_event(event, outcome));
        assert_eq!(Machine::event_status(event), Some(outcome));
    }
    let event = armed(100);
    assert!(Machine::complete_event(event, Outcome::Done(3)), "whatever the count");
    assert_eq!(Machine::event_status(event), Some(Outcome::Done(3)));
}

#[test]
fn its_time_is_up_without_anybody_looking() {
    let scene = Scene::new();
    let event = event();
    arm_within(event, 1, 9);
    scene.plain.advance(9);
    assert_eq!((Machine::event_status(event), Machine::event_count(event)), (None, 1));
    scene.plain.advance(1);
    assert_eq!(
        (Machine::event_status(event), Machine::event_count(event)),
        (Some(Outcome::TimedOut), 0)
    );
    assert!(Machine::signal(event, 0), "too late");
    assert!(!Machine::set_event_timeout(event, Some(100)));
    assert_eq!(Machine::event_status(event), Some(Outcome::TimedOut));
    // Set anew, and taken away.
    arm_within(event, 1, 9);
    scene.plain.advance(5);
    assert!(Machine::set_event_timeout(event, Some(9)));
    scene.plain.advance(9);
    assert_eq!(Machine::event_status(event), None);
    assert!(Machine::set_event_timeout(event, None));
    scene.plain.advance(1_000);
    assert_eq!(Machine::event_status(event), None);
}

#[test]
fn many_tasks_wait_for_it_and_run_in_the_order_in_which_they_came() {
    let scene = Scene::new();
    let event = armed(2);
    let order: Arc<Mutex<Vec<u32>>> = Arc::default();
    for number in 0..5 {
        let order = order.clone();
        let task = scene.task(
            100,
            |task| task.times(1),
            move |_| {
                order.lock().unwrap().push(number);
                Next::Default
            },
        );
        wait_on(&scene, task, event);
        assert_eq!(Machine::next_run(task), None, "it has no time yet");
    }
    scene.until(50);
    Machine::signal(event, 0);
    scene.until(60);
    assert_eq!(scene.log.times(), []);
    Machine::signal(event, 4);
    scene.until(61);
    assert_eq!(scene.log.times(), [60; 5]);
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4]);
    assert_eq!(scene.ends(), [Outcome::Done(0); 5]);
}

#[test]
fn after_the_event_a_task_goes_on_as_its_schedule_says() {
    let scene = Scene::new();
    let event = armed(1);
    let now = scene.plain_task(10);
    wait_on(&scene, now, event);
    scene.until(33);
    Machine::signal(event, -7);
    scene.until(60);
    assert_eq!(scene.log.runs(), [(33, 1), (43, 2), (53, 3)], "whatever its status");
    Machine::disable(now);
    // An interval later.
    arm(event, 1);
    let delayed = scene.plain_task(10);
    Machine::enable_on(delayed, scene.pool, event, true).unwrap();
    scene.until(80);
    Machine::signal(event, 0);
    assert_eq!(Machine::next_run(delayed), Some(ZERO + 91));
    scene.until(105);
    assert_eq!(scene.log.runs(), [(91, 1), (101, 2)]);
    Machine::disable(delayed);
    // Of one that is complete already, too.
    wait_on(&scene, now, event);
    scene.until(106);
    assert_eq!(scene.log.runs(), [(105, 1)]);
    Machine::enable_on(delayed, scene.pool, event, true).unwrap();
    assert_eq!(Machine::next_run(delayed), Some(ZERO + 117));
}

#[test]
fn what_waits_keeps_no_timer_armed() {
    let scene = Scene::new();
    let event = armed(1);
    let task = scene.plain_task(10);
    wait_on(&scene, task, event);
    scene.plain.run();
    assert_eq!(scene.plain.look(scene.pool).armed, None);
    arm_within(event, 1, 49);
    assert_eq!(scene.plain.look(scene.pool).armed, Some(ZERO + 50));
}

#[test]
fn who_waits_sees_that_the_time_of_the_event_is_up() {
    let scene = Scene::new();
    let event = event();
    arm_within(event, 1, 19);
    let task = scene.plain_task(10);
    wait_on(&scene, task, event);
    scene.until(35);
    assert_eq!(scene.log.runs(), [(20, 1), (30, 2)]);
    assert_eq!(Machine::event_status(event), Some(Outcome::TimedOut));
    Machine::disable(task);
    // Moved to later, and to sooner, while it waits.
    for (within, moved, expected) in [(10, 29, 30), (29, 10, 11), (29, 0, 1)] {
        let begin = plain().now() - ZERO;
        arm_within(event, 1, within);
        wait_on(&scene, task, event);
        assert!(Machine::set_event_timeout(event, Some(moved)));
        scene.until(begin + expected + 5);
        assert_eq!(scene.log.runs(), [(begin + expected, 1)]);
        Machine::disable(task);
    }
    // From without to with a limit.
    let begin = plain().now() - ZERO;
    arm(event, 1);
    wait_on(&scene, task, event);
    let other = scene.plain_task(10);
    wait_on(&scene, other, event);
    Machine::set_event_timeout(event, Some(3));
    scene.until(begin + 8);
    assert_eq!(scene.log.runs(), [(begin + 4, 1), (begin + 4, 1)]);
}

#[test]
fn an_event_whose_time_is_up_can_be_armed_and_leaves_nobody_behind() {
    let scene = Scene::new();
    let event = event();
    arm_within(event, 1, 9);
    let task = scene.task(10, |task| task.times(1), |_| Next::Default);
    wait_on(&scene, task, event);
    // In the same tick, before a worker has come to the task.
    scene.plain.advance(10);
    arm(event, 1);
    let other = scene.task(10, |task| task.times(1), |_| Next::Default);
    wait_on(&scene, other, event);
    scene.until(100);
    assert_eq!(scene.log.times(), [10]);
    Machine::signal(event, 0);
    scene.until(101);
    assert_eq!(scene.log.times(), [100]);
}

#[test]
fn the_time_of_a_task_counts_while_it_waits() {
    let scene = Scene::new();
    let event = armed(1);
    let task = scene.task(10, |task| task.timeout(30), |_| Next::Default);
    wait_on(&scene, task, event);
    scene.until(20);
    Machine::reset_timeout(task);
    scene.until(49);
    assert_eq!(scene.ends(), []);
    scene.until(50);
    assert_eq!(scene.ends(), [Outcome::TimedOut]);
    // It has left the line.
    Machine::signal(event, 0);
    scene.until(100);
    assert_eq!(scene.log.times(), []);
}

#[test]
fn what_ends_a_task_ends_its_wait() {
    type End = fn(&Scene, TaskRef);
    let ends: [(End, Outcome); 4] = [
        (|_, task| assert!(Machine::disable(task)), Outcome::Done(0)),
        (|_, task| assert!(Machine::cancel_task(task)), Outcome::Cancelled),
        (|_, task| assert!(Machine::abort_task(task)), Outcome::Aborted),
        (
            |scene, _| Machine::shutdown(scene.pool, Shutdown::Drain, None).unwrap(),
            Outcome::Discarded,
        ),
    ];
    // Before, between and after others that stay.
    for place in 0..3 {
        for (end, outcome) in ends {
            let scene = Scene::new();
            let other_pool = scene.plain.pool();
            let event = armed(1);
            let task = scene.plain_task(10);
            let others = [scene.plain_task(1_000), scene.plain_task(1_000)];
            let mut all = others.map(|task| (task, other_pool)).to_vec();
            all.insert(place, (task, scene.pool));
            for (task, pool) in all {
                assert_eq!(Machine::enable_on(task, pool, event, false), Ok(false));
            }
            end(&scene, task);
            assert_eq!(scene.ends(), [outcome]);
            // In the line of another event, it is not in this one any more.
            Machine::enable_on(task, other_pool, armed(1), false).unwrap();
            Machine::signal(event, 0);
            scene.until(50);
            assert_eq!(scene.log.times(), [0, 0], "the others");
        }
    }
}

#[test]
fn what_says_when_a_run_comes_ends_the_wait() {
    type Say = fn(TaskRef);
    let all: [(Say, &[u64]); 5] = [
        (|task| Machine::trigger(task).unwrap(), &[5, 15, 25]),
        (|task| Machine::postpone(task, 9).unwrap(), &[15, 25]),
        // These don't.
        (|task| Machine::shift(task, -100).unwrap(), &[20]),
        (
            |task| Machine::set_interval(task, 6, taskpool_core::Rephase::FromNow),
            &[20, 26],
        ),
        (|task| Machine::set_iterations(task, 1), &[20]),
    ];
    for (say, expected) in all {
        let scene = Scene::new();
        let event = armed(1);
        let task = scene.plain_task(10);
        wait_on(&scene, task, event);
        scene.until(5);
        say(task);
        scene.until(20);
        Machine::signal(event, 0);
        scene.until(27);
        assert_eq!(scene.log.times(), expected);
    }
}

#[test]
fn an_enabled_task_begins_anew_and_waits() {
    let scene = Scene::new();
    let (first, second) = (armed(1), armed(1));
    let task = scene.plain_task(10);
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(25);
    assert_eq!(Machine::enable_on(task, scene.pool, first, false), Ok(true));
    assert_eq!(Machine::enable_on(task, scene.pool, second, false), Ok(true));
    scene.until(50);
    assert_eq!(scene.log.times(), [0, 10, 20]);
    Machine::signal(first, 0);
    scene.until(60);
    assert_eq!(scene.log.times(), [], "it waits for the other one");
    Machine::signal(second, 0);
    scene.until(75);
    assert_eq!(scene.log.runs(), [(60, 1), (70, 2)]);
    assert_eq!(scene.ends(), []);
    // And enabled without an event it does not wait any more.
    arm(first, 1);
    Machine::enable_on(task, scene.pool, first, false).unwrap();
    Machine::enable(task, scene.pool, First::After(4)).unwrap();
    scene.until(82);
    assert_eq!(scene.log.times(), [80]);
    assert!(Machine::signal(first, 0));
    scene.until(85);
    assert_eq!(scene.log.times(), []);
}

#[test]
fn a_run_lets_its_own_task_wait() {
    for next in [Next::Default, Next::Again, Next::After(3), Next::Pending] {
        let scene = Scene::new();
        let (pool, event) = (scene.pool, armed(1));
        let own = Arc::new(Mutex::new(None));
        let myself = own.clone();
        let task = scene.task(
            10,
            |task| task,
            move |ctx| {
                let task: TaskRef = myself.lock().unwrap().unwrap();
                if plain().now() == ZERO {
                    assert_eq!(Machine::enable_on(task, pool, event, false), Ok(true));
                    let _ = ctx.completer::<Virtual>().into_parts();
                    return next;
                }
                Next::Default
            },
        );
        *own.lock().unwrap() = Some(task);
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(50);
        assert_eq!(scene.log.times(), [0]);
        Machine::signal(event, 0);
        scene.until(65);
        assert_eq!(scene.log.runs(), [(50, 1), (60, 2)], "{next:?}");
        assert_eq!(scene.ends(), []);
    }
}

#[test]
fn an_event_that_happens_during_the_run_is_not_missed() {
    for stops in [false, true] {
        let scene = Scene::new();
        let (pool, event) = (scene.pool, armed(1));
        let own = Arc::new(Mutex::new(None));
        let myself = own.clone();
        let mut first = true;
        let task = scene.task(
            10,
            |task| task,
            move |_| {
                let task: TaskRef = myself.lock().unwrap().unwrap();
                if std::mem::take(&mut first) {
                    if stops {
                        Machine::cancel_task(task);
                    }
                    Machine::enable_on(task, pool, event, false).unwrap();
                    Machine::signal(event, 0);
                    arm(event, 1);
                }
                Next::Default
            },
        );
        *own.lock().unwrap() = Some(task);
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(15);
        assert_eq!(scene.log.runs(), [(0, 1), (0, 1), (10, 2)]);
        assert_eq!(scene.ends(), if stops { vec![Outcome::Cancelled] } else { vec![] });
    }
}

#[test]
fn a_task_that_waits_after_a_stopped_run_is_discarded_out_of_the_line() {
    for how in [Outcome::Cancelled, Outcome::Aborted, Outcome::Done(0)] {
        let scene = Scene::new();
        let (pool, event) = (scene.pool, armed(1));
        let own = Arc::new(Mutex::new(None));
        let myself = own.clone();
        let task = scene.task(
            10,
            |task| task,
            move |_| {
                let task: TaskRef = myself.lock().unwrap().unwrap();
                match how {
                    Outcome::Cancelled => Machine::cancel_task(task),
                    Outcome::Aborted => Machine::abort_task(task),
                    _ => Machine::disable(task),
                };
                Machine::enable_on(task, pool, event, false).unwrap();
                Next::Default
            },
        );
        *own.lock().unwrap() = Some(task);
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(5);
        assert_eq!(scene.ends(), [how]);
        Machine::shutdown(scene.pool, Shutdown::Discard, None).unwrap();
        assert_eq!(scene.ends(), [Outcome::Discarded]);
        // In the line of another event, it is not in this one any more.
        let other = scene.plain.pool();
        Machine::enable_on(task, other, armed(1), false).unwrap();
        let next = scene.plain_task(100);
        Machine::enable_on(next, other, event, false).unwrap();
        Machine::signal(event, 0);
        scene.until(10);
        assert_eq!(scene.log.times(), [0, 5]);
    }
}

/// Jobs and tasks have end events.
struct Chain {
    scene: Scene,
    ends: Vec<EventRef>,
    tasks: Vec<TaskRef>,
}

impl Chain {
    /// Each task waits for the end of the one before it.
    fn new(length: usize) -> Self {
        let scene = Scene::new();
        let (mut ends, mut tasks) = (Vec::new(), Vec::<TaskRef>::new());
        for _ in 0..length {
            let end = keep(Event::new());
            let on_end = keep(OnEnd::signal(end));
            tasks.push(scene.task(10, |task| task.times(2).on_end(on_end), |_| Next::Default));
            ends.push(end.reference());
        }
        Machine::enable(tasks[0], scene.pool, First::AfterInterval).unwrap();
        for next in 1..length {
            wait_on(&scene, tasks[next], ends[next - 1]);
        }
        Chain { scene, ends, tasks }
    }
}

#[test]
fn a_task_follows_another_one() {
    let chain = Chain::new(3);
    assert!(
        chain.ends.iter().all(|end| Machine::event_status(*end).is_none()),
        "armed"
    );
    chain.scene.until(100);
    assert_eq!(
        chain.scene.log.runs(),
        [(11, 1), (21, 2), (21, 1), (31, 2), (31, 1), (41, 2)]
    );
    assert!(chain
        .ends
        .iter()
        .all(|end| Machine::event_status(*end) == Some(Outcome::Done(0))));
}

#[test]
fn a_chain_is_aborted_without_recursion() {
    // With a frame for each of them, the stack of this thread would not do.
    let thread = std::thread::Builder::new().stack_size(256 * 1024);
    let aborts = || {
        // Miri looks at each access, and takes its time.
        let chain = Chain::new(if cfg!(miri) { 50 } else { 5_000 });
        assert!(Machine::abort_task(chain.tasks[0]));
        for end in &chain.ends {
            assert_eq!(Machine::event_status(*end), Some(Outcome::Aborted));
        }
        assert_eq!(chain.scene.plain.look(chain.scene.pool).deferred, 0);
        assert_eq!(chain.scene.log.times(), []);
    };
    thread.spawn(aborts).unwrap().join().unwrap();
}

#[test]
fn an_abort_passes_along_a_tree_and_stops_at_those_who_do_not_wait() {
    let scene = Scene::new();
    let root = armed(1);
    let ends = [(); 3].map(|()| keep(Event::new()));
    let tasks = ends.map(|end| {
        let on_end = keep(OnEnd::signal(end));
        scene.task(10, |task| task.times(1).on_end(on_end), |_| Next::Default)
    });
    wait_on(&scene, tasks[0], root);
    wait_on(&scene, tasks[1], root);
    wait_on(&scene, tasks[2], ends[0].reference());
    let leaves = [0, 1, 2].map(|leaf| {
        let task = scene.plain_task(10);
        wait_on(&scene, task, ends[leaf].reference());
        task
    });
    Machine::enable(leaves[2], scene.pool, First::After(3)).unwrap();
    assert!(Machine::complete_event(root, Outcome::Aborted));
    assert_eq!(scene.ends(), [Outcome::Aborted; 2], "the leaves 0 and 1");
    scene.until(5);
    assert_eq!(scene.log.times(), [4], "the leaf 2");
    // Cancelled is no abort: who waits runs.
    arm(root, 1);
    wait_on(&scene, leaves[0], root);
    Machine::complete_event(root, Outcome::Cancelled);
    scene.until(6);
    assert_eq!(scene.log.times(), [5]);
}

#[test]
fn who_comes_after_an_abort_is_aborted_too() {
    let scene = Scene::new();
    let event = armed(1);
    Machine::complete_event(event, Outcome::Aborted);
    let task = scene.plain_task(10);
    for delayed in [false, true] {
        assert_eq!(Machine::enable_on(task, scene.pool, event, delayed), Ok(false));
        assert_eq!(scene.ends(), [Outcome::Aborted]);
    }
    scene.until(50);
    assert_eq!(scene.log.times(), []);
    // Also where its worker finds out: the time of the event and its abort come together.
    arm_within(event, 1, 9);
    wait_on(&scene, task, event);
    scene.plain.advance(9);
    scene.plain.lagging(1, || {});
    scene.plain.advance(1);
    assert!(!Machine::complete_event(event, Outcome::Aborted), "it was too late");
    scene.until(62);
    assert_eq!(scene.log.times(), [60]);
}

#[test]
fn several_jobs_signal_one_event() {
    let scene = Scene::new();
    let all = keep(Event::new());
    let on_end = keep(OnEnd::signal(all));
    arm(all.reference(), 3);
    let tasks = [7, 5, 3].map(|delay| {
        let task = scene.task(10, |task| task.times(1).on_end(on_end), |_| Next::Done(2));
        Machine::enable(task, scene.pool, First::After(delay)).unwrap();
        task
    });
    assert_eq!(Machine::event_count(all.reference()), 3, "not armed by them");
    let after = scene.plain_task(10);
    wait_on(&scene, after, all.reference());
    scene.until(9);
    assert_eq!(scene.log.times(), [4, 6, 8, 8]);
    assert_eq!(Machine::event_status(all.reference()), Some(Outcome::Done(2)));
    // The first one that fails ends it.
    arm(all.reference(), 3);
    for task in tasks {
        Machine::enable(task, scene.pool, First::After(100)).unwrap();
    }
    Machine::cancel_task(tasks[1]);
    assert_eq!(Machine::event_status(all.reference()), Some(Outcome::Cancelled));
}

#[test]
fn threads_wait_for_an_event() {
    let scene = Scene::new();
    let event = armed(1);
    assert_eq!(Machine::wait_event(event, Some(0)), Err(WaitError::TimedOut));
    assert_eq!(Machine::wait_event(event, Some(ZERO + 10)), Err(WaitError::TimedOut));
    assert_eq!(plain().now(), ZERO + 10);
    // A task signals it.
    let task = scene.task(
        10,
        |task| task.times(1),
        move |_| {
            Machine::signal(event, 8);
            Next::Default
        },
    );
    Machine::enable(task, scene.pool, First::After(4)).unwrap();
    assert_eq!(Machine::wait_event(event, None), Ok(Outcome::Done(8)));
    assert_eq!(plain().now(), ZERO + 15);
    assert_eq!(Machine::wait_event(event, Some(0)), Ok(Outcome::Done(8)));
    // Its own time is up, though the thread had longer.
    arm_within(event, 1, 9);
    assert_eq!(Machine::wait_event(event, None), Ok(Outcome::TimedOut));
    assert_eq!(plain().now(), ZERO + 25);
    // A status that the event has lost again.
    arm(event, 1);
    let task = scene.task(
        10,
        |task| task.times(1),
        move |_| {
            Machine::complete_event(event, Outcome::Aborted);
            arm(event, 1);
            Next::Default
        },
    );
    Machine::enable(task, scene.pool, First::Now).unwrap();
    assert_eq!(Machine::wait_event(event, None), Ok(Outcome::Aborted));
    // The time is changed while the thread waits.
    for (within, moved, expected) in [(10, 29, 31), (29, 10, 12)] {
        let begin = plain().now();
        arm_within(event, 1, within);
        let task = scene.task(
            10,
            |task| task.times(1),
            move |_| {
                Machine::set_event_timeout(event, Some(moved));
                Next::Default
            },
        );
        Machine::enable(task, scene.pool, First::After(0)).unwrap();
        assert_eq!(Machine::wait_event(event, None), Ok(Outcome::TimedOut));
        assert_eq!(plain().now(), begin + expected);
    }
}

#[test]
fn an_interrupt_only_looks() {
    let scene = Scene::new();
    let event = armed(1);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let see = seen.clone();
    scene.plain.interrupt_at(1, move || {
        see.lock().unwrap().push(Machine::wait_event(event, None));
        see.lock().unwrap().push(Machine::wait_event(event, Some(0)));
        Machine::signal(event, 1);
        see.lock().unwrap().push(Machine::wait_event(event, None));
    });
    scene.plain.run();
    Machine::event_count(event);
    assert_eq!(
        *seen.lock().unwrap(),
        [
            Err(WaitError::InInterrupt),
            Err(WaitError::TimedOut),
            Ok(Outcome::Done(1))
        ]
    );
}

#[test]
fn a_thread_waits_for_any_of_several_events() {
    let scene = Scene::new();
    let events = [armed(1), armed(1), armed(1)];
    let wait = |deadline| Machine::wait_any(&mut events.map(Await::new), deadline);
    assert_eq!(wait(Some(0)), Err(WaitError::TimedOut));
    assert_eq!(wait(Some(ZERO + 3)), Err(WaitError::TimedOut));
    let signals = |which: &'static [usize]| {
        let task = scene.task(
            10,
            |task| task.times(1),
            move |_| {
                for index in which {
                    Machine::signal(events[*index], *index as i32);
                }
                Next::Default
            },
        );
        Machine::enable(task, scene.pool, First::After(1)).unwrap();
    };
    signals(&[1]);
    assert_eq!(wait(None), Ok((1, Outcome::Done(1))));
    // Complete already: the first one of them.
    signals(&[2, 1, 0]);
    arm(events[1], 1);
    assert_eq!(wait(None), Ok((0, Outcome::Done(0))), "all three have let it go");
    assert_eq!(wait(None), Ok((0, Outcome::Done(0))));
    for event in events {
        arm(event, 1);
    }
    // The earliest of their times.
    arm_within(events[2], 1, 7);
    arm_within(events[0], 1, 9);
    assert_eq!(wait(None), Ok((2, Outcome::TimedOut)));
    assert_eq!(
        Machine::wait_any(&mut [], Some(plain().now() + 4)),
        Err(WaitError::TimedOut)
    );
}

#[test]
fn whatever_comes_between_nobody_who_waits_is_forgotten() {
    // An interrupt or a thread arms, signals or cancels at each point of a release.
    for intruder in 0..4 {
        for n in 1..24 {
            let scene = Scene::new();
            let event = armed(1);
            let tasks = [(); 3].map(|()| scene.task(100, |task| task.times(1), |_| Next::Default));
            for task in tasks {
                wait_on(&scene, task, event);
            }
            let late = scene.task(100, |task| task.times(1), |_| Next::Default);
            let pool = scene.pool;
            let intrude = move || match intruder {
                0 => arm(event, 1),
                1 => {
                    arm(event, 1);
                    Machine::enable_on(late, pool, event, false).unwrap();
                }
                2 => {
                    Machine::cancel_task(tasks[1]);
                }
                _ => {
                    Machine::cancel_task(tasks[2]);
                    arm(event, 1);
                    Machine::enable_on(tasks[2], pool, event, false).unwrap();
                }
            };
            match n % 2 {
                0 => scene.plain.interrupt_at(n / 2, intrude),
                _ => scene.plain.preempt_at(n / 2 + 1, intrude),
            }
            assert!(Machine::signal(event, 0));
            let came = scene.plain.forget_intrusions() == 0;
            scene.until(5);
            Machine::signal(event, 0);
            scene.until(10);
            let (ran, ended) = (scene.log.times().len(), scene.ends().len());
            let (runs, ends) = match (intruder, came) {
                (_, false) | (0, true) => (3, 3),
                (1, true) => (4, 4),
                (2, true) => (ended.min(ran), 3),
                _ => (ran, ended),
            };
            assert_eq!((ran, ended), (runs, ends), "intruder {intruder} at {n}");
            assert!(ran >= 2 && ended >= 3, "intruder {intruder} at {n}");
            assert_eq!(scene.plain.look(scene.pool).deferred, 0);
        }
    }
}

/// A task whose first run waits for an event, and later ones go on as their schedule says.
fn waits_in_run(scene: &Scene, event: EventRef, with: fn(Task<Script>) -> Task<Script>) -> TaskRef {
    scene.task(10, with, move |ctx| match ctx.is_first() {
        true => Next::On(event),
        false => Next::Default,
    })
}

#[test]
fn a_run_says_that_the_next_one_waits_for_an_event() {
    for status in [
        Outcome::Done(0),
        Outcome::Done(-7),
        Outcome::Cancelled,
        Outcome::Discarded,
    ] {
        let scene = Scene::new();
        let event = armed(1);
        let task = waits_in_run(&scene, event, |task| task);
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(33);
        assert_eq!(scene.log.runs(), [(0, 1)]);
        assert_eq!(Machine::next_run(task), None, "it has no time");
        assert_eq!(scene.plain.look(scene.pool).armed, None, "and no timer");
        assert!(Machine::complete_event(event, status));
        scene.until(54);
        assert_eq!(scene.log.runs(), [(33, 2), (43, 3), (53, 4)], "{status:?}");
        assert_eq!(Machine::task_counts(task), (4, 0), "none was missed");
        assert_eq!(scene.ends(), []);
    }
}

#[test]
fn a_run_waits_again_and_again_and_for_nothing_that_is_complete() {
    let scene = Scene::new();
    let event = armed(1);
    let late = Arc::new(Mutex::new(Vec::new()));
    let seen = late.clone();
    // The first run is an interval after an event: later waits are not.
    let task = scene.task(
        10,
        |task| task,
        move |ctx| {
            seen.lock().unwrap().push(ctx.late());
            match plain().now() - ZERO {
                // Complete already: at once. The tick after that it waits.
                15 if ctx.number() == 1 => {}
                15 => return Next::After(0),
                _ => arm(event, 1),
            }
            Next::On(event)
        },
    );
    Machine::enable_on(task, scene.pool, event, true).unwrap();
    scene.until(4);
    Machine::signal(event, 0);
    for at in [20, 47, 48] {
        scene.until(at);
        Machine::signal(event, 0);
    }
    scene.until(90);
    assert_eq!(scene.log.runs(), [(15, 1), (15, 2), (16, 3), (20, 4), (47, 5), (48, 6)]);
    assert_eq!(*late.lock().unwrap(), [0; 6]);
    // Between two parts of an iteration.
    let event = armed(1);
    let mut part = 0;
    let parts = scene.task(
        10,
        |task| task,
        move |_| {
            part += 1;
            match part {
                1 => Next::Again,
                2 => Next::On(event),
                _ => Next::Default,
            }
        },
    );
    Machine::enable(parts, scene.pool, First::Now).unwrap();
    scene.until(95);
    Machine::signal(event, 0);
    scene.until(106);
    assert_eq!(scene.log.runs(), [(90, 1), (90, 1), (95, 2), (105, 3)]);
}

#[test]
fn an_event_that_is_aborted_aborts_the_run_that_waits_for_it() {
    for before in [true, false] {
        let scene = Scene::new();
        let event = armed(1);
        let task = waits_in_run(&scene, event, |task| task);
        if before {
            Machine::complete_event(event, Outcome::Aborted);
        }
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(5);
        assert_eq!(scene.ends().len(), usize::from(before));
        if !before {
            Machine::complete_event(event, Outcome::Aborted);
            assert_eq!(scene.ends(), [Outcome::Aborted]);
        }
        scene.until(50);
        assert_eq!(scene.log.times(), [0]);
        assert_eq!(Machine::status(task.job()), Status::Idle);
        // It can be enabled again, and waits for nothing.
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(51);
        assert_eq!((scene.log.times(), scene.ends()), (vec![50], vec![Outcome::Aborted]));
    }
}

#[test]
fn after_its_last_run_a_task_waits_for_nothing() {
    for status in [None, Some(Outcome::Done(0)), Some(Outcome::Aborted)] {
        let scene = Scene::new();
        let event = armed(1);
        if let Some(status) = status {
            Machine::complete_event(event, status);
        }
        let task = waits_in_run(&scene, event, |task| task.times(1));
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(20);
        assert_eq!(scene.ends(), [Outcome::Done(0)], "{status:?}");
        assert_eq!(scene.log.times(), [0]);
    }
}

#[test]
fn what_ends_a_wait_for_the_first_run_ends_one_between_runs() {
    type Meanwhile = fn(&Scene, TaskRef, EventRef);
    let all: [(Meanwhile, &[u64], &[Outcome]); 8] = [
        (|_, task, _| assert!(Machine::disable(task)), &[], &[Outcome::Done(0)]),
        (
            |_, task, _| assert!(Machine::cancel_task(task)),
            &[],
            &[Outcome::Cancelled],
        ),
        (
            |_, task, _| assert!(Machine::abort_task(task)),
            &[],
            &[Outcome::Aborted],
        ),
        (
            |scene, _, _| Machine::shutdown(scene.pool, Shutdown::Drain, None).unwrap(),
            &[],
            &[Outcome::Discarded],
        ),
        (|_, task, _| Machine::trigger(task).unwrap(), &[5, 15, 25], &[]),
        (|_, task, _| Machine::postpone(task, 2).unwrap(), &[8, 18, 28], &[]),
        (
            |_, _, event| assert!(Machine::set_event_timeout(event, Some(6))),
            &[12, 22],
            &[],
        ),
        (|_, task, _| Machine::set_timeout(task, 4), &[], &[Outcome::TimedOut]),
    ];
    for (number, (meanwhile, times, ends)) in all.into_iter().enumerate() {
        let scene = Scene::new();
        let event = armed(1);
        let task = waits_in_run(&scene, event, |task| task);
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(5);
        assert_eq!(scene.log.times(), [0]);
        meanwhile(&scene, task, event);
        scene.until(29);
        assert_eq!(
            (scene.log.times(), scene.ends()),
            (times.to_vec(), ends.to_vec()),
            "{number}"
        );
        // It has left the line.
        Machine::signal(event, 0);
        scene.until(30);
        assert_eq!(scene.log.times(), []);
    }
}

#[test]
fn a_run_that_enables_its_task_anew_has_said_how_it_goes_on() {
    for aborted_before in [false, true] {
        let scene = Scene::new();
        let (enabled_on, answered) = (armed(1), armed(1));
        if aborted_before {
            Machine::complete_event(answered, Outcome::Aborted);
        }
        let own = Arc::new(Mutex::new(None));
        let (myself, pool) = (own.clone(), scene.pool);
        let task = scene.task(
            10,
            |task| task,
            move |ctx| {
                if plain().now() == ZERO {
                    let task: TaskRef = myself.lock().unwrap().unwrap();
                    assert_eq!(Machine::enable_on(task, pool, enabled_on, false), Ok(true));
                    assert!(ctx.is_first());
                    return Next::On(answered);
                }
                Next::Default
            },
        );
        *own.lock().unwrap() = Some(task);
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(5);
        Machine::complete_event(answered, Outcome::Aborted);
        scene.until(7);
        assert_eq!((scene.log.times(), scene.ends()), (vec![0], vec![]));
        Machine::signal(enabled_on, 0);
        scene.until(18);
        assert_eq!(scene.log.runs(), [(7, 1), (17, 2)]);
    }
}

#[test]
fn a_signal_at_any_point_of_the_end_of_a_run_is_not_lost() {
    for outcome in [Outcome::Done(0), Outcome::Aborted] {
        for n in 1..14 {
            let scene = Scene::new();
            let event = armed(1);
            let task = scene.task(
                10,
                |task| task,
                move |ctx| {
                    if !ctx.is_first() {
                        return Next::Done(3);
                    }
                    plain().interrupt_at(n, move || assert!(Machine::complete_event(event, outcome)));
                    Next::On(event)
                },
            );
            Machine::enable(task, scene.pool, First::Now).unwrap();
            scene.until(3);
            // Points enough, whatever happens.
            for _ in 0..n {
                Machine::task_counts(task);
            }
            scene.until(4);
            assert_eq!(scene.plain.forget_intrusions(), 0);
            let (ends, runs) = match outcome {
                Outcome::Aborted => (Outcome::Aborted, 1),
                _ => (Outcome::Done(3), 2),
            };
            assert_eq!((scene.ends(), scene.log.times().len()), (vec![ends], runs), "at {n}");
            assert_eq!(scene.plain.look(scene.pool).deferred, 0);
        }
    }
}

/// A task whose first run hands its completer to the test, and answers `Pending`.
struct Pending {
    scene: Scene,
    task: TaskRef,
}

thread_local! {
    static COMPLETER: Cell<Option<Completer<Virtual>>> = const { Cell::new(None) };
}

impl Pending {
    fn new(with: impl FnOnce(Task<Script>) -> Task<Script>) -> Self {
        let scene = Scene::new();
        let task = scene.task(10, with, |ctx| {
            if plain().now() == ZERO {
                COMPLETER.set(Some(ctx.completer()));
                return Next::Pending;
            }
            Next::Default
        });
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(3);
        assert_eq!(scene.log.times(), [0]);
        Pending { scene, task }
    }

    fn completer(&self) -> Completer<Virtual> {
        COMPLETER.take().unwrap()
    }
}

#[test]
fn a_run_is_over_when_its_completer_says_so() {
    let all: [(Next, &[u64], &[Outcome]); 6] = [
        (Next::Default, &[35, 40], &[]),
        // The next slot has passed by then.
        (Next::Again, &[35, 35, 40], &[]),
        (Next::After(2), &[38, 48], &[]),
        (Next::At(ZERO + 44), &[44], &[]),
        (Next::Done(-3), &[], &[Outcome::Done(-3)]),
        (Next::Pending, &[], &[Outcome::Aborted]),
    ];
    for (next, times, ends) in all {
        let pending = Pending::new(|task| task);
        let scene = &pending.scene;
        scene.until(35);
        assert_eq!(scene.log.times(), []);
        assert_eq!(pending.completer().complete(next), Ok(()));
        scene.until(49);
        assert_eq!(scene.log.times(), times, "{next:?}");
        assert_eq!(scene.ends(), ends);
    }
}

#[test]
fn a_completer_says_that_the_next_run_waits_for_an_event() {
    // What has happened before the completer says so, or happens afterwards.
    for (status, before) in [Outcome::Done(-1), Outcome::Aborted]
        .into_iter()
        .flat_map(|s| [(s, true), (s, false)])
    {
        let pending = Pending::new(|task| task);
        let scene = &pending.scene;
        let event = armed(1);
        let happens = || assert!(Machine::complete_event(event, status));
        scene.until(15);
        if before {
            happens();
        }
        assert_eq!(pending.completer().complete(Next::On(event)), Ok(()));
        scene.until(27);
        if !before {
            assert_eq!((scene.log.times(), scene.ends()), (vec![], vec![]));
            happens();
        }
        scene.until(38);
        let at = if before { 15 } else { 27 };
        let (times, ends) = match status {
            Outcome::Aborted => (vec![], vec![Outcome::Aborted]),
            _ => ((at..38).step_by(10).collect(), vec![]),
        };
        assert_eq!((scene.log.times(), scene.ends()), (times, ends), "{status:?} {before}");
    }
}

#[test]
fn a_completer_lets_its_task_wait_before_its_run_has_ended() {
    // The event happens before it says so, between that and the end of the run, or after that.
    for (status, moment) in [Outcome::Done(0), Outcome::Aborted]
        .into_iter()
        .flat_map(|s| (0..3).map(move |m| (s, m)))
    {
        let scene = Scene::new();
        let event = armed(1);
        let happens = move || assert!(Machine::complete_event(event, status));
        let task = scene.task(
            10,
            |task| task,
            move |ctx| {
                if !ctx.is_first() {
                    return Next::Default;
                }
                let completer = ctx.completer::<Virtual>();
                if moment == 0 {
                    happens();
                }
                completer.complete(Next::On(event)).unwrap();
                plain().advance(2);
                if moment == 1 {
                    happens();
                }
                // That does not count any more.
                Next::Done(77)
            },
        );
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(7);
        if moment == 2 {
            assert_eq!((scene.log.runs(), scene.ends()), (vec![(0, 1)], vec![]));
            happens();
        }
        scene.until(9);
        let runs = scene.log.times();
        let (second, ends) = match (status, moment) {
            (Outcome::Aborted, _) => (None, vec![Outcome::Aborted]),
            (_, 2) => (Some(7), vec![]),
            _ => (Some(2), vec![]),
        };
        assert_eq!(
            (runs.iter().copied().rfind(|at| *at != 0), scene.ends()),
            (second, ends),
            "{status:?} {moment}"
        );
    }
}

#[test]
fn a_pending_run_counts_as_one_and_the_last_one_ends_the_task() {
    let pending = Pending::new(|task| task.times(1));
    let scene = &pending.scene;
    scene.until(20);
    assert_eq!(scene.ends(), []);
    pending.completer().complete(Next::Default).unwrap();
    scene.until(21);
    assert_eq!(scene.ends(), [Outcome::Done(0)]);
    assert_eq!(Machine::task_counts(pending.task), (1, 0));
    // From the end of a run means from its completion.
    let pending = Pending::new(|task| task.missed(Missed::FromEnd));
    pending.scene.until(25);
    pending.completer().complete(Next::Default).unwrap();
    pending.scene.until(40);
    assert_eq!(pending.scene.log.times(), [35]);
}

#[test]
fn a_completer_that_is_dropped_aborts_its_task() {
    let pending = Pending::new(|task| task);
    drop(pending.completer());
    assert_eq!(pending.scene.ends(), [Outcome::Aborted]);
    pending.scene.until(50);
    assert_eq!(pending.scene.log.times(), []);
    // Within the run.
    let scene = Scene::new();
    let task = scene.task(
        10,
        |task| task,
        |ctx| {
            drop(ctx.completer::<Virtual>());
            Next::Default
        },
    );
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(50);
    assert_eq!(scene.ends(), [Outcome::Aborted]);
    assert_eq!(scene.log.times(), [0]);
    // Nobody has one.
    let task = scene.task(10, |task| task, |_| Next::Pending);
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(100);
    assert_eq!(scene.ends(), [Outcome::Aborted]);
}

#[test]
fn a_completer_is_worth_nothing_once_its_run_has_ended_otherwise() {
    type Meanwhile = fn(&Pending);
    let all: [(Meanwhile, &[Outcome], &[u64]); 6] = [
        (|of| assert!(Machine::disable(of.task)), &[Outcome::Done(0)], &[]),
        (|of| assert!(Machine::cancel_task(of.task)), &[Outcome::Cancelled], &[]),
        (|of| assert!(Machine::abort_task(of.task)), &[Outcome::Aborted], &[]),
        (
            |of| {
                Machine::cancel_task(of.task);
                assert_eq!(Machine::enable(of.task, of.scene.pool, First::After(4)), Ok(false));
            },
            &[Outcome::Cancelled],
            &[8, 18],
        ),
        (
            |of| assert_eq!(Machine::enable(of.task, of.scene.pool, First::After(4)), Ok(true)),
            &[],
            &[8, 18],
        ),
        (
            |of| Machine::shutdown(of.scene.pool, Shutdown::Drain, None).unwrap(),
            &[Outcome::Discarded],
            &[],
        ),
    ];
    for (meanwhile, ends, times) in all {
        let pending = Pending::new(|task| task);
        let completer = pending.completer();
        meanwhile(&pending);
        pending.scene.until(4);
        assert_eq!(completer.complete(Next::Done(5)), Err(Stale));
        pending.scene.until(20);
        assert_eq!(
            (pending.scene.log.times(), pending.scene.ends()),
            (times.to_vec(), ends.to_vec())
        );
        drop(COMPLETER.take());
    }
    // The time of the task.
    let pending = Pending::new(|task| task.timeout(19));
    pending.scene.until(21);
    assert_eq!(pending.scene.ends(), [Outcome::TimedOut]);
    assert_eq!(pending.completer().complete(Next::Default), Err(Stale));
    // A run that answers something else.
    let scene = Scene::new();
    let task = scene.task(
        10,
        |task| task,
        |ctx| {
            COMPLETER.set(Some(ctx.completer()));
            Next::Default
        },
    );
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(5);
    assert_eq!(COMPLETER.take().unwrap().complete(Next::Done(5)), Err(Stale));
    // A second one.
    let task = scene.task(
        10,
        |task| task,
        |ctx| {
            let first = ctx.completer::<Virtual>();
            let second = ctx.completer::<Virtual>();
            assert_eq!(first.complete(Next::Done(1)), Err(Stale));
            assert_eq!(second.complete(Next::Done(2)), Ok(()));
            Next::Pending
        },
    );
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(7);
    assert_eq!(scene.ends(), [Outcome::Done(2)]);
}

#[test]
fn a_run_that_took_a_completer_before_its_task_began_anew_answers_as_any_other() {
    let all: [(Next, &[Outcome], &[u64]); 5] = [
        (Next::Default, &[], &[0, 5, 15]),
        // What nobody can say any more is not waited for.
        (Next::Pending, &[], &[0, 5, 15]),
        (Next::After(2), &[], &[0, 3, 13]),
        (Next::Again, &[], &[0, 0, 5, 15]),
        (Next::Done(3), &[Outcome::Done(3)], &[0]),
    ];
    for (next, ends, times) in all {
        let scene = Scene::new();
        let mut first = true;
        let task = scene.task(
            10,
            |task| task,
            move |ctx| {
                if !std::mem::take(&mut first) {
                    return Next::Default;
                }
                COMPLETER.set(Some(ctx.completer()));
                let pool = ctx.ctx().pool();
                assert_eq!(Machine::enable(ctx.task(), pool, First::After(4)), Ok(true));
                next
            },
        );
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(2);
        assert_eq!(COMPLETER.take().unwrap().complete(Next::Done(5)), Err(Stale));
        scene.until(16);
        assert_eq!(
            (scene.log.times(), scene.ends()),
            (times.to_vec(), ends.to_vec()),
            "{next:?}"
        );
    }
}

#[test]
fn a_run_that_is_completed_and_takes_another_completer_stays_completed() {
    for next in [Next::Default, Next::Pending, Next::Again, Next::Done(3)] {
        let scene = Scene::new();
        let mut first = true;
        let task = scene.task(
            10,
            |task| task,
            move |ctx| {
                if std::mem::take(&mut first) {
                    assert_eq!(ctx.completer::<Virtual>().complete(Next::After(3)), Ok(()));
                    COMPLETER.set(Some(ctx.completer()));
                    return next;
                }
                Next::Default
            },
        );
        Machine::enable(task, scene.pool, First::Now).unwrap();
        scene.until(2);
        assert_eq!(COMPLETER.take().unwrap().complete(Next::Done(5)), Err(Stale));
        scene.until(16);
        assert_eq!((scene.log.times(), scene.ends()), (vec![0, 4, 14], vec![]), "{next:?}");
        assert!(Machine::disable(task));
        // The pool expects nothing more.
        let end = Machine::shutdown(scene.pool, Shutdown::Drain, Some(70));
        assert_eq!(end, Ok(()), "{next:?}");
    }
}

#[test]
fn a_completer_that_is_kept_is_recognised_after_256_others() {
    let scene = Scene::new();
    let mut run = 0;
    let task = scene.task(
        1,
        |task| task,
        move |ctx| {
            run += 1;
            match run {
                1 => COMPLETER.set(Some(ctx.completer())),
                257 => {
                    let first = COMPLETER.replace(Some(ctx.completer())).unwrap();
                    assert_eq!(first.complete(Next::Done(5)), Err(Stale));
                    return Next::Pending;
                }
                _ => drop(ctx.completer::<Virtual>().into_parts()),
            }
            Next::Default
        },
    );
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(300);
    assert_eq!(COMPLETER.take().unwrap().complete(Next::Done(6)), Ok(()));
    scene.until(301);
    assert_eq!((scene.log.times().len(), scene.ends()), (257, vec![Outcome::Done(6)]));
}

#[test]
fn what_moves_the_next_run_waits_for_the_completer() {
    type Move = fn(TaskRef);
    let all: [(Move, u64, &[u64]); 5] = [
        (|_| {}, 10, &[20, 20, 30]),
        (|task| Machine::trigger(task).unwrap(), 3, &[20, 23, 33]),
        (|task| Machine::postpone(task, 30).unwrap(), 34, &[34]),
        (|task| Machine::shift(task, 15).unwrap(), 25, &[25, 35]),
        (
            |task| Machine::set_interval(task, 13, taskpool_core::Rephase::FromNow),
            16,
            &[20, 29],
        ),
    ];
    for (moves, next, times) in all {
        let pending = Pending::new(|task| task);
        moves(pending.task);
        assert_eq!(Machine::next_run(pending.task), Some(ZERO + next));
        pending.scene.until(20);
        assert_eq!(pending.scene.log.times(), [], "not before");
        pending.completer().complete(Next::Default).unwrap();
        pending.scene.until(36);
        assert_eq!(pending.scene.log.times()[..times.len()], *times);
    }
}

#[test]
fn a_completer_may_come_before_its_run_has_ended() {
    let all: [(Next, &[u64], &[Outcome]); 4] = [
        (Next::Default, &[10, 20], &[]),
        (Next::After(4), &[8, 18], &[]),
        (Next::Again, &[3, 10], &[]),
        (Next::Done(6), &[], &[Outcome::Done(6)]),
    ];
    for answer in [Next::Pending, Next::Default, Next::Done(77)] {
        for (next, times, ends) in all {
            let scene = Scene::new();
            let task = scene.task(
                10,
                |task| task,
                move |ctx| {
                    if plain().now() == ZERO {
                        let completer = ctx.completer::<Virtual>();
                        plain().advance(3);
                        completer.complete(next).unwrap();
                        assert!(!ctx.cancelled());
                        return answer;
                    }
                    Next::Default
                },
            );
            Machine::enable(task, scene.pool, First::Now).unwrap();
            scene.until(22);
            scene.plain.run();
            assert_eq!(scene.log.times()[1..][..times.len()], *times, "{next:?} {answer:?}");
            assert_eq!(scene.ends(), ends);
        }
    }
}

#[test]
fn a_task_that_its_completer_has_ended_is_not_enabled_before_its_run_ends() {
    let scene = Scene::new();
    let own = Arc::new(Mutex::new(None));
    let (myself, pool) = (own.clone(), scene.pool);
    let task = scene.task(
        10,
        |task| task,
        move |ctx| {
            if ctx.is_first() && plain().now() == ZERO {
                let task: TaskRef = myself.lock().unwrap().unwrap();
                ctx.completer::<Virtual>().complete(Next::Done(6)).unwrap();
                assert_eq!(Machine::next_run(task), None);
                assert_eq!(Machine::enable(task, pool, First::After(4)), Ok(false));
            }
            Next::Default
        },
    );
    *own.lock().unwrap() = Some(task);
    Machine::enable(task, scene.pool, First::Now).unwrap();
    scene.until(6);
    assert_eq!(
        scene.ends(),
        [Outcome::Done(6)],
        "the code of the run, whatever was enabled since"
    );
    assert_eq!(scene.log.runs(), [(0, 1), (5, 1)]);
    // Parked: a worker is yet to say so.
    let pending = Pending::new(|task| task);
    let completer = pending.completer();
    completer.complete(Next::Done(9)).unwrap();
    assert_eq!(
        Machine::enable(pending.task, pending.scene.pool, First::Now),
        Err(SubmitError::AlreadyQueued)
    );
    assert!(!Machine::disable(pending.task));
    assert_eq!(Machine::status(pending.task.job()), Status::Queued);
    pending.scene.plain.run();
    assert_eq!(pending.scene.ends(), [Outcome::Done(9)]);
}

#[test]
fn a_task_that_is_stopped_before_its_run_begins_does_not_run() {
    type Stop = fn(TaskRef) -> bool;
    let stops: [(Stop, Outcome); 3] = [
        (Machine::disable, Outcome::Done(0)),
        (Machine::cancel_task, Outcome::Cancelled),
        (Machine::abort_task, Outcome::Aborted),
    ];
    // An interrupt comes at each point from a worker's waking on.
    for (stop, outcome) in stops {
        for (n, again) in (1..6).flat_map(|n| [(n, false), (n, true)]) {
            let scene = Scene::new();
            let pool = scene.pool;
            let task = scene.plain_task(10);
            Machine::enable(task, pool, First::Now).unwrap();
            scene.plain.interrupt_at(n, move || {
                assert!(stop(task));
                if again {
                    assert_eq!(Machine::enable(task, pool, First::After(4)), Ok(false));
                }
            });
            scene.until(30);
            assert_eq!(scene.plain.forget_intrusions(), 0);
            assert_eq!(scene.ends(), [outcome], "at {n}");
            let later: &[u64] = if again { &[5, 15, 25] } else { &[] };
            let times = scene.log.times();
            assert!(times == later || times[1..] == *later, "at {n}: {times:?}");
            assert_eq!(Machine::disable(task), again);
        }
    }
}

#[test]
fn between_a_pending_run_and_its_end_a_completer_ends_it() {
    // An interrupt completes at each point from the run to the worker's rest.
    for n in 1..12 {
        for (next, ends, runs) in [(Next::Done(4), vec![Outcome::Done(4)], 1), (Next::Default, vec![], 2)] {
            let scene = Scene::new();
            let task = scene.task(
                10,
                |task| task,
                move |ctx| {
                    if ctx.is_first() && plain().now() == ZERO {
                        let completer = Mutex::new(Some(ctx.completer::<Virtual>()));
                        plain().interrupt_at(n, move || {
                            let completer = completer.lock().unwrap().take().unwrap();
                            assert_eq!(completer.complete(next), Ok(()));
                        });
                        return Next::Pending;
                    }
                    Next::Default
                },
            );
            Machine::enable(task, scene.pool, First::Now).unwrap();
            scene.until(4);
            // Points enough, whatever happens.
            for _ in 0..n {
                Machine::task_counts(task);
            }
            scene.until(15);
            assert_eq!((scene.ends(), scene.log.times().len()), (ends, runs), "at {n}");
            assert_eq!(scene.plain.forget_intrusions(), 0);
        }
    }
}
