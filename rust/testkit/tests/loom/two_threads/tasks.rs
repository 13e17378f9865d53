//! Tasks, events and completers.

use std::sync::{Arc, Mutex};

use loom::thread;
use taskpool_core::{First, Next, Outcome, Shutdown, SubmitError, WaitError};
use taskpool_testkit::loom::{explore, Scene, C, E, T};

use super::ALL;

/// A task that runs once.
fn once(scene: &mut Scene) -> T {
    scene.task(|_| Next::Done(1))
}

/// A task whose first run is over when its completer says so, and the completer once there is one.
fn pending(scene: &mut Scene, within: Option<u64>) -> (T, Arc<Mutex<Option<C>>>) {
    let place = Arc::new(Mutex::new(None));
    let (to, mut first) = (place.clone(), true);
    let run = move |ctx: &taskpool_core::TaskCtx<'_>| {
        if !std::mem::take(&mut first) {
            return Next::Done(2);
        }
        *to.lock().unwrap() = Some(ctx.completer());
        Next::Pending
    };
    let task = match within {
        Some(ticks) => scene.task_within(ticks, run),
        None => scene.task(run),
    };
    (task, place)
}

#[test]
fn a_signal_beside_a_task_that_begins_to_wait_runs_it_once() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let (event, task) = (scene.event(1), once(scene));
        scene.work(worker);
        let other = thread::spawn(move || event.signal());
        task.enable_on(pool, event).unwrap();
        assert!(other.join().unwrap());
        scene.settle();
        assert_eq!((task.runs(), task.told()), (1, vec![Outcome::Done(1)]));
    });
}

#[test]
fn two_signals_that_an_event_waits_for_release_its_task_once() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [_worker]) = scene.pool(1);
        let (event, task) = (scene.event(2), once(scene));
        task.enable_on(pool, event).unwrap();
        let other = thread::spawn(move || event.signal());
        let mine = event.signal();
        assert_ne!(mine, other.join().unwrap(), "one of them is the last one");
        scene.settle();
        assert_eq!(task.runs(), 1);
    });
}

#[test]
fn a_signal_beside_a_cancel_of_one_who_waits_releases_the_others() {
    for cancelled in 0..3 {
        explore(ALL, move |scene| {
            Scene::interrupt(1);
            let (pool, [_worker]) = scene.pool(1);
            let event = scene.event(1);
            let tasks = [(); 3].map(|()| once(scene));
            for task in tasks {
                task.enable_on(pool, event).unwrap();
            }
            let other = thread::spawn(move || event.signal());
            assert!(tasks[cancelled].cancel());
            other.join().unwrap();
            scene.settle();
            for (number, task) in tasks.iter().enumerate() {
                let outcome = if number == cancelled {
                    Outcome::Cancelled
                } else {
                    Outcome::Done(1)
                };
                assert_eq!(task.told(), [outcome]);
            }
        });
    }
}

#[test]
fn a_release_beside_one_who_comes_after_the_event_was_armed_anew_leaves_that_one() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [_worker]) = scene.pool(1);
        let event = scene.event(1);
        let tasks = [(); 3].map(|()| once(scene));
        tasks[0].enable_on(pool, event).unwrap();
        tasks[1].enable_on(pool, event).unwrap();
        let other = thread::spawn(move || event.signal());
        while event.status().is_none() {
            thread::yield_now();
        }
        event.arm(1);
        tasks[2].enable_on(pool, event).unwrap();
        other.join().unwrap();
        scene.settle();
        assert_eq!(tasks.map(T::runs), [1, 1, 0]);
        event.signal();
    });
}

#[test]
fn a_signal_beside_the_end_of_its_time_runs_the_task_once() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let (event, task) = (scene.event(1), once(scene));
        event.arm_within(4);
        task.enable_on(pool, event).unwrap();
        scene.work(worker);
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        event.signal();
        interrupt.join().unwrap();
        scene.settle();
        assert_eq!(task.runs(), 1);
    });
}

#[test]
fn an_abort_beside_one_who_begins_to_wait_reaches_it_or_not_and_ends_it_once() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [_worker]) = scene.pool(1);
        let (first, end) = scene.task_with_end(|_| Next::Default);
        let second = once(scene);
        first.enable(pool, First::AfterInterval).unwrap();
        let other = thread::spawn(move || first.abort());
        second.enable_on(pool, end).unwrap();
        assert!(other.join().unwrap());
        scene.settle();
        assert_eq!(second.told(), [Outcome::Aborted]);
    });
}

#[test]
fn an_abort_beside_a_cancel_in_the_chain_ends_each_once() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [_worker]) = scene.pool(1);
        let (event, (middle, end), last) = (scene.event(1), scene.task_with_end(|_| Next::Default), once(scene));
        middle.enable_on(pool, event).unwrap();
        last.enable_on(pool, end).unwrap();
        let other = thread::spawn(move || event.complete(Outcome::Aborted));
        last.cancel();
        other.join().unwrap();
        scene.settle();
        assert_eq!((middle.runs(), last.runs(), last.told().len()), (0, 0, 1));
        assert_eq!(end.status(), Some(Outcome::Aborted));
    });
}

#[test]
fn a_thread_that_waits_beside_the_signal_goes_on() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let event = scene.event(1);
        let other = thread::spawn(move || event.signal());
        assert_eq!(event.wait(None), Ok(Outcome::Done(0)));
        other.join().unwrap();
    });
}

#[test]
fn a_thread_whose_time_is_up_beside_the_signal_is_not_signalled_later() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let event = scene.event(1);
        let other = thread::spawn(move || event.signal());
        match event.wait(Some(1)) {
            Ok(outcome) => assert_eq!(outcome, Outcome::Done(0)),
            Err(error) => assert_eq!(error, WaitError::TimedOut),
        }
        other.join().unwrap();
    });
}

#[test]
fn a_thread_that_waits_for_two_events_is_called_once_at_a_time() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let events = [scene.event(1), scene.event(1)];
        let other = thread::spawn(move || {
            events[1].signal();
            events[0].signal();
        });
        let (which, outcome) = E::wait_any(events).unwrap();
        assert!(which < 2 && outcome == Outcome::Done(0));
        other.join().unwrap();
    });
}

#[test]
fn a_completer_beside_the_end_of_its_run_ends_the_task_once() {
    for next in [Next::Done(7), Next::Default] {
        explore(ALL, move |scene| {
            Scene::interrupt(1);
            let (pool, [worker]) = scene.pool(1);
            let (task, completer) = pending(scene, None);
            task.enable(pool, First::Now).unwrap();
            scene.work(worker);
            let other = thread::spawn(move || {
                // Not while the place is locked: loom switches threads in both cases.
                let completer = completer.lock().unwrap().take();
                match completer {
                    Some(completer) => completer.complete(next),
                    None => {
                        task.cancel();
                        Ok(())
                    }
                }
            });
            assert_eq!(other.join().unwrap(), Ok(()));
            scene.settle();
        });
    }
}

#[test]
fn a_completer_beside_a_cancel_leaves_exactly_one_outcome() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let (task, completer) = pending(scene, None);
        task.enable(pool, First::Now).unwrap();
        Scene::work_here(worker);
        let completer = completer.lock().unwrap().take().unwrap();
        let other = thread::spawn(move || completer.complete(Next::Done(7)));
        let cancelled = task.cancel();
        let completed = other.join().unwrap();
        assert_ne!(cancelled, completed.is_ok(), "one of them was first");
        scene.settle();
        assert_eq!(
            task.told(),
            [if cancelled {
                Outcome::Cancelled
            } else {
                Outcome::Done(7)
            }]
        );
    });
}

#[test]
fn a_completer_beside_the_end_of_its_time_leaves_exactly_one_outcome() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let (task, completer) = pending(scene, Some(5));
        task.enable(pool, First::Now).unwrap();
        Scene::work_here(worker);
        let completer = completer.lock().unwrap().take().unwrap();
        let interrupt = thread::spawn(|| Scene::interrupt(5));
        let completed = completer.complete(Next::Done(7));
        interrupt.join().unwrap();
        scene.settle();
        match completed {
            Ok(()) => assert_eq!(task.told(), [Outcome::Done(7)]),
            Err(_) => assert_eq!(task.told(), [Outcome::TimedOut]),
        }
    });
}

#[test]
fn a_completer_beside_an_enabling_of_its_task_is_good_for_one_of_the_two() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let (task, completer) = pending(scene, None);
        task.enable(pool, First::Now).unwrap();
        Scene::work_here(worker);
        let completer = completer.lock().unwrap().take().unwrap();
        let other = thread::spawn(move || completer.complete(Next::Done(7)));
        let enabled = task.enable(pool, First::Now);
        let completed = other.join().unwrap();
        scene.settle();
        match (enabled, completed) {
            // It was about to end.
            (Err(SubmitError::AlreadyQueued), Ok(())) => assert_eq!(task.told(), [Outcome::Done(7)]),
            (Ok(true), Err(_)) => assert_eq!(task.told(), [Outcome::Done(2)]),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_dropped_completer_beside_a_shutdown_leaves_exactly_one_outcome() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let (task, completer) = pending(scene, None);
        task.enable(pool, First::Now).unwrap();
        Scene::work_here(worker);
        let completer = completer.lock().unwrap().take().unwrap();
        let other = thread::spawn(move || drop(completer));
        pool.shutdown(Shutdown::Drain, None).unwrap();
        other.join().unwrap();
        assert!([[Outcome::Aborted], [Outcome::Discarded]].contains(&[task.told()[0]]));
    });
}

/// A task whose second run waits for the event, and is the last one.
fn waits_within(scene: &mut Scene, event: E) -> T {
    let mut first = true;
    scene.task(move |_| match std::mem::take(&mut first) {
        true => event.next(),
        false => Next::Done(2),
    })
}

#[test]
fn a_signal_beside_a_run_that_begins_to_wait_lets_the_next_one_run_once() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let event = scene.event(1);
        let task = waits_within(scene, event);
        task.enable(pool, First::Now).unwrap();
        scene.work(worker);
        assert!(event.signal());
        scene.settle();
        assert_eq!((task.runs(), task.told()), (2, vec![Outcome::Done(2)]));
    });
}

#[test]
fn an_abort_beside_a_run_that_begins_to_wait_ends_the_task_once() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let event = scene.event(1);
        let task = waits_within(scene, event);
        task.enable(pool, First::Now).unwrap();
        scene.work(worker);
        event.complete(Outcome::Aborted);
        scene.settle();
        assert_eq!((task.runs(), task.told()), (1, vec![Outcome::Aborted]));
    });
}

#[test]
fn an_abort_beside_a_completer_that_lets_its_task_wait_ends_it_once() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let event = scene.event(1);
        let (task, completer) = pending(scene, None);
        task.enable(pool, First::Now).unwrap();
        Scene::work_here(worker);
        let completer = completer.lock().unwrap().take().unwrap();
        let other = thread::spawn(move || completer.complete(event.next()));
        event.complete(Outcome::Aborted);
        assert_eq!(other.join().unwrap(), Ok(()));
        scene.settle();
        assert_eq!((task.runs(), task.told()), (1, vec![Outcome::Aborted]));
    });
}

#[test]
fn a_completer_beside_a_run_that_takes_another_one_answers_for_it_or_is_worth_nothing() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [_worker]) = scene.pool(1);
        let mut left = 2;
        let task = scene.task(move |ctx| {
            left -= 1;
            if left == 0 {
                return Next::Done(2);
            }
            let completer: C = ctx.completer();
            let other = thread::spawn(move || completer.complete(Next::After(3)));
            // Whichever is worth something is used.
            let second: C = ctx.completer();
            let answers = [second.complete(Next::After(3)), other.join().unwrap()];
            assert!(answers.contains(&Ok(())) && answers[0] != answers[1], "{answers:?}");
            Next::Pending
        });
        task.enable(pool, First::Now).unwrap();
        scene.settle();
        assert_eq!(task.runs(), 1);
        assert!(task.disable());
        // Nothing is expected any more.
        pool.shutdown(Shutdown::Drain, None).unwrap();
    });
}

#[test]
fn whoever_ends_a_task_beside_its_run_ends_it_once() {
    type End = fn(T) -> bool;
    let ends: [(End, Outcome); 3] = [
        (T::disable, Outcome::Done(0)),
        (T::cancel, Outcome::Cancelled),
        (T::abort, Outcome::Aborted),
    ];
    for (end, outcome) in ends {
        explore(ALL, move |scene| {
            Scene::interrupt(1);
            let (pool, [worker]) = scene.pool(1);
            let mut left = 2;
            let task = scene.task(move |_| {
                left -= 1;
                if left == 0 {
                    Next::Done(3)
                } else {
                    Next::Again
                }
            });
            task.enable(pool, First::Now).unwrap();
            scene.work(worker);
            let was_enabled = end(task);
            scene.settle();
            assert_eq!(task.told(), [if was_enabled { outcome } else { Outcome::Done(3) }]);
        });
    }
}

#[test]
fn a_trigger_beside_a_run_is_followed_by_another_one() {
    explore(ALL, |scene| {
        Scene::interrupt(1);
        let (pool, [worker]) = scene.pool(1);
        let task = scene.task(|_| Next::Default);
        task.enable(pool, First::Now).unwrap();
        scene.work(worker);
        let before = task.runs();
        assert!(task.trigger());
        scene.settle();
        assert!(task.runs() > before);
        assert!(task.cancel());
    });
}
