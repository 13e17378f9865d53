//! Tasks, on threads of the standard library. Nothing is bounded from above but by patience: this machine may be slow.

#[expect(dead_code, reason = "other tests need the rest")]
mod common;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::Mutex;

use common::{eventually, Counts};
use taskpool::{
    leak_pool, Complete, Completer, CompleterSlot, Duration, EnableError, Event, First, Instant, LevelError, Missed,
    Next, NotEnabled, OnEnd, Outcome, Pool, Rephase, Shift, SlotError, Stale, Status, Task, TaskCounts, TaskCtx,
    TaskFunction, Timeout, WaitError, Work, LEVELS, MAX_SPAN,
};

fn pool(name: &'static str) -> Pool {
    leak_pool(name, 2, 2).unwrap()
}

/// Notes the slots of its runs.
struct Slots {
    interval: u64,
    slots: &'static Mutex<Vec<u64>>,
}

impl Work for Slots {
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        let mut slots = self.slots.lock().unwrap();
        assert_eq!(ctx.is_first(), ctx.number() == 1);
        assert!(!ctx.cancelled());
        let next = ctx.task().next_run().expect("it is enabled").as_ticks();
        assert!(Instant::now().as_ticks() >= next - self.interval, "early");
        slots.push(next - self.interval);
        Next::Default
    }
}

#[test]
fn a_task_keeps_its_phase() {
    static SLOTS: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    static ENDS: OnEnd<AllEnds> = OnEnd::new(AllEnds(Mutex::new(Vec::new())));
    static TASK: Task<Slots> = Task::new(Slots {
        interval: Duration::millis(2).as_ticks(),
        slots: &SLOTS,
    })
    .every(Duration::millis(2))
    .times(20)
    // However late this machine is, no slot is left out.
    .missed(Missed::CatchUp(255))
    .on_end(&ENDS);

    let pool = pool("phase");
    assert_eq!(TASK.wait(Timeout::Forever), Err(WaitError::NeverSubmitted));
    assert_eq!(
        (TASK.outcome(), TASK.next_run(), TASK.status()),
        (None, None, Status::Idle)
    );
    for _ in 0..2 {
        let zero = Instant::now() + Duration::millis(5);
        assert_eq!(TASK.enable(pool, First::At(zero)), Ok(false));
        assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
        let expected: Vec<u64> = (0..20)
            .map(|run| (zero + Duration::millis(2 * run)).as_ticks())
            .collect();
        assert_eq!(std::mem::take(&mut *SLOTS.lock().unwrap()), expected);
        assert_eq!(TASK.counts(), TaskCounts { runs: 20, missed: 0 });
    }
    assert_eq!(*ENDS.0.lock().unwrap(), [Outcome::Done(0), Outcome::Done(0)]);
    assert_eq!(TASK.outcome(), Some(Outcome::Done(0)));
}

struct AllEnds(Mutex<Vec<Outcome>>);

impl Complete for AllEnds {
    fn complete(&self, outcome: Outcome) {
        self.0.lock().unwrap().push(outcome);
    }
}

#[test]
fn a_task_is_ended_in_each_way() {
    static ENDS: OnEnd<AllEnds> = OnEnd::new(AllEnds(Mutex::new(Vec::new())));
    static TASK: Task = Task::from_fn(|ctx| match ctx.number() {
        5 => Next::Done(9),
        _ => Next::After(Duration::ticks(1)),
    })
    .on_end(&ENDS);

    let pool = pool("ends");
    let waits = First::After(Duration::secs(1_000));
    for (end, outcome) in [
        (Task::disable as fn(&'static Task) -> bool, Outcome::Done(0)),
        (Task::cancel, Outcome::Cancelled),
        (Task::abort, Outcome::Aborted),
    ] {
        assert!(!end(&TASK));
        assert_eq!(TASK.enable(pool, waits), Ok(false));
        assert_eq!(TASK.enable(pool, waits), Ok(true), "it begins anew");
        assert_eq!(TASK.wait(Timeout::NoWait), Err(WaitError::TimedOut));
        assert!(end(&TASK));
        assert_eq!(TASK.wait(Timeout::NoWait), Ok(outcome));
    }
    assert_eq!(TASK.enable(pool, First::Now), Ok(false));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(9)));
    TASK.set_timeout(Duration::millis(3));
    assert_eq!(TASK.enable(pool, waits), Ok(false));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::TimedOut));
    TASK.set_timeout(Duration::ZERO);
    assert_eq!(TASK.enable(pool, waits), Ok(false));
    TASK.reset_timeout();
    pool.shutdown(taskpool::Shutdown::Drain, Timeout::Forever).unwrap();
    assert_eq!(TASK.enable(pool, First::Now), Err(EnableError::NotRunning));
    assert_eq!(
        *ENDS.0.lock().unwrap(),
        [
            Outcome::Done(0),
            Outcome::Cancelled,
            Outcome::Aborted,
            Outcome::Done(9),
            Outcome::TimedOut,
            Outcome::Discarded
        ]
    );
}

#[test]
fn a_task_is_moved() {
    static TASK: Task = Task::from_fn(|_| Next::Default).every(Duration::secs(100)).at_level(1);
    let due = || TASK.next_run().expect("it is enabled");
    let (pool, other) = (pool("moves"), pool("other"));

    assert_eq!(TASK.trigger(), Err(NotEnabled));
    assert_eq!(TASK.enable(pool, First::At(Instant::from_ticks(1 << 40))), Ok(false));
    assert_eq!(TASK.enable(other, First::Now), Err(EnableError::UnderWay));
    assert_eq!(due().as_ticks(), 1 << 40);
    assert_eq!(TASK.shift(Shift::Later(Duration::ticks(5))), Ok(()));
    assert_eq!(TASK.any().shift(Shift::Sooner(Duration::ticks(9))), Ok(()));
    assert_eq!(due().as_ticks(), (1 << 40) - 4);
    TASK.set_interval(Duration::secs(200), Rephase::Keep);
    assert_eq!(due().as_ticks(), (1 << 40) - 4);
    TASK.any().set_interval(Duration::secs(150), Rephase::Recalculate);
    assert_eq!(
        due().as_ticks(),
        (1 << 40) - 9,
        "not before its slot: the first one's, which has moved with it once"
    );
    let before = Instant::now();
    assert_eq!(TASK.postpone(Duration::secs(10)), Ok(()));
    assert!(due() > before + Duration::secs(10));
    TASK.set_interval(Duration::ticks(u64::MAX), Rephase::FromNow);
    assert!(due() >= before + Duration::ticks(MAX_SPAN));
    assert_eq!(TASK.shift(Shift::Later(Duration::ticks(u64::MAX))), Ok(()));
    assert_eq!(due().as_ticks(), taskpool::MAX_TICKS);
    assert_eq!(TASK.set_level(LEVELS as u8), Err(LevelError));
    assert_eq!(TASK.set_level(0), Ok(()));
    TASK.set_iterations(1);
    assert_eq!(TASK.trigger(), Ok(()));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
}

#[test]
fn a_veto_changes_nothing() {
    static ALLOWED: AtomicBool = AtomicBool::new(false);
    struct Wary;
    impl Work for Wary {
        fn run(&mut self, _: &TaskCtx<'_>) -> Next {
            Next::Done(1)
        }
        fn on_enable(task: &'static Task<Self>) -> bool {
            assert_eq!(task.counts().missed, 0);
            ALLOWED.load(SeqCst)
        }
    }
    static TASK: Task<Wary> = Task::new(Wary);
    let pool = pool("veto");

    let error = TASK.enable(pool, First::Now).unwrap_err();
    assert_eq!(error, EnableError::Vetoed);
    assert!(error.to_string().contains("on_enable"), "{error}");
    assert_eq!(TASK.status(), Status::Idle);
    ALLOWED.store(true, SeqCst);
    assert_eq!(TASK.enable(pool, First::Now), Ok(false));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    for (error, word) in [
        (EnableError::UnderWay, "another pool"),
        (EnableError::NotRunning, "TASKPOOL_DEFINE"),
    ] {
        assert!(error.to_string().contains(word), "{error}");
    }
    assert!(NotEnabled.to_string().contains("enable it first"));
}

#[test]
fn functions_are_replaced_while_they_run() {
    static RUNS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
    static FUNCTION: TaskFunction = TaskFunction::new(odd);
    static COUNTS: OnEnd<Counts> = OnEnd::new(Counts {
        done: AtomicU32::new(0),
        cancelled: AtomicU32::new(0),
    });
    static TASK: Task<&TaskFunction> = Task::new(&FUNCTION).times(1_000).on_end(&COUNTS);

    fn odd(ctx: &TaskCtx<'_>) -> Next {
        assert_eq!(ctx.number() % 2, 1);
        RUNS[0].fetch_add(1, SeqCst);
        FUNCTION.replace(even);
        Next::Default
    }
    fn even(ctx: &TaskCtx<'_>) -> Next {
        assert_eq!(ctx.number() % 2, 0);
        RUNS[1].fetch_add(1, SeqCst);
        FUNCTION.replace(odd);
        Next::Default
    }

    assert_eq!(TASK.enable(pool("functions"), First::Now), Ok(false));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!([&RUNS[0], &RUNS[1]].map(|runs| runs.load(SeqCst)), [500, 500]);
    assert_eq!((COUNTS.done(), COUNTS.cancelled()), (1, 0));
}

#[test]
fn a_run_is_completed_by_another_thread() {
    static COMPLETERS: Mutex<Vec<Completer>> = Mutex::new(Vec::new());
    static TASK: Task = Task::from_fn(|ctx| {
        COMPLETERS.lock().unwrap().push(ctx.completer());
        Next::Pending
    });
    let take = || {
        eventually("a completer", || !COMPLETERS.lock().unwrap().is_empty());
        COMPLETERS.lock().unwrap().pop().unwrap()
    };

    let pool = pool("completed");
    assert_eq!(TASK.enable(pool, First::Now), Ok(false));
    assert_eq!(take().complete(Next::Default), Ok(()));
    assert_eq!(take().complete(Next::Done(4)), Ok(()));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(4)));
    assert_eq!(TASK.counts().runs, 2);
    // One that is dropped aborts it, and one whose task has ended is worth nothing.
    assert_eq!(TASK.enable(pool, First::Now), Ok(false));
    drop(take());
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Aborted));
    assert_eq!(TASK.enable(pool, First::Now), Ok(false));
    let completer = take();
    assert!(TASK.cancel());
    assert_eq!(completer.complete(Next::Default), Err(Stale));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Cancelled));
}

#[test]
fn a_completer_waits_in_a_slot() {
    static SLOT: CompleterSlot = CompleterSlot::new();
    static WAITS: AtomicBool = AtomicBool::new(false);
    static TASK: Task = Task::from_fn(|ctx| {
        assert!(SLOT.put(ctx.completer()).is_none());
        WAITS.store(true, SeqCst);
        Next::Pending
    });
    let enable = |pool| {
        WAITS.store(false, SeqCst);
        assert_eq!(TASK.enable(pool, First::Now), Ok(false));
        eventually("a run that waits", || WAITS.load(SeqCst));
    };

    let pool = pool("slot");
    assert_eq!(SLOT.complete(Next::Default), Err(SlotError::Empty));
    enable(pool);
    assert_eq!(SLOT.complete(Next::Done(4)), Ok(()));
    assert_eq!(
        SLOT.complete(Next::Done(5)),
        Err(SlotError::Empty),
        "the first one counts"
    );
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(4)));
    // What is taken out is as any completer.
    enable(pool);
    drop(SLOT.take());
    assert!(SLOT.take().is_none());
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Aborted));
    // Of a task that has ended otherwise.
    enable(pool);
    assert!(TASK.cancel());
    assert_eq!(SLOT.complete(Next::Default), Err(SlotError::Stale));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Cancelled));
    // Pending says that nobody will say so.
    enable(pool);
    assert_eq!(SLOT.complete(Next::Pending), Ok(()));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Aborted));
    for (error, advice) in [
        (SlotError::Empty, "put it there"),
        (SlotError::Stale, "take another one"),
    ] {
        assert!(error.to_string().contains(advice), "{error}");
    }
}

#[test]
fn a_slot_gives_back_what_was_in_it() {
    static SLOT: CompleterSlot = CompleterSlot::new();
    static BEFORE: Mutex<Vec<Option<Completer>>> = Mutex::new(Vec::new());
    static TASKS: [Task; 2] = [const {
        Task::from_fn(|ctx| {
            let before = SLOT.put(ctx.completer());
            BEFORE.lock().unwrap().push(before);
            Next::Pending
        })
    }; 2];

    let pool = pool("slot of two");
    for (number, task) in TASKS.iter().enumerate() {
        assert_eq!(task.enable(pool, First::Now), Ok(false));
        eventually("a run that waits", || BEFORE.lock().unwrap().len() > number);
    }
    let mut before = std::mem::take(&mut *BEFORE.lock().unwrap());
    let first = before.pop().unwrap().expect("it was in the slot");
    assert!(before.pop().unwrap().is_none(), "nothing was");
    assert_eq!(SLOT.complete(Next::Done(2)), Ok(()));
    assert_eq!(TASKS[1].wait(Timeout::Forever), Ok(Outcome::Done(2)));
    assert_eq!(TASKS[0].outcome(), None);
    drop(first);
    assert_eq!(TASKS[0].wait(Timeout::Forever), Ok(Outcome::Aborted));
    // An earlier one of the same task is worth nothing.
    static AGAIN: CompleterSlot = CompleterSlot::new();
    static TASK: Task = Task::from_fn(|ctx| {
        for answer in [false, true] {
            assert_eq!(AGAIN.put(ctx.completer()).is_some(), answer);
        }
        Next::Pending
    });
    assert_eq!(TASK.enable(pool, First::Now), Ok(false));
    assert_eq!(
        TASK.wait(Timeout::After(Duration::millis(20))),
        Err(WaitError::TimedOut)
    );
    assert_eq!(AGAIN.complete(Next::Done(3)), Ok(()));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(3)));
}

#[test]
fn a_run_waits_for_an_event() {
    static READY: Event = Event::new();
    static OTHER: Event = Event::new();
    static STATUS: Mutex<Vec<Option<Outcome>>> = Mutex::new(Vec::new());
    static TASK: Task = Task::from_fn(|ctx| {
        STATUS.lock().unwrap().push(READY.status());
        match ctx.number() {
            3 => Next::Done(6),
            number => {
                // Complete already, it does not wait a second time.
                if number == 1 {
                    READY.arm(1);
                }
                Next::On(&READY)
            }
        }
    });

    assert_eq!(
        (Next::On(&READY), Next::On(&READY) == Next::On(&OTHER)),
        (Next::On(&READY), false)
    );
    assert_eq!(TASK.enable(pool("waits in a run"), First::Now), Ok(false));
    eventually("a task that waits", || {
        TASK.next_run().is_none() && matches!(TASK.status(), Status::Deferred { .. })
    });
    assert_eq!(READY.count(), 1);
    assert!(READY.signal(-9));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(6)));
    let seen = std::mem::take(&mut *STATUS.lock().unwrap());
    assert_eq!(seen, [0, -9, -9].map(|code| Some(Outcome::Done(code))));
    // An abort goes along.
    assert_eq!(TASK.enable(pool("aborted in a run"), First::Now), Ok(false));
    eventually("an event that is armed", || READY.count() == 1);
    assert!(READY.complete(Outcome::Aborted));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Aborted));
    assert_eq!(TASK.counts().runs, 1);
}

#[test]
fn a_run_ends_its_task_and_enables_it_again() {
    static LEFT: AtomicU32 = AtomicU32::new(50);
    static ENDS: OnEnd<AllEnds> = OnEnd::new(AllEnds(Mutex::new(Vec::new())));
    static TASK: Task = Task::from_fn(|ctx| {
        assert!(ctx.runs(&TASK));
        if LEFT.fetch_sub(1, SeqCst) > 1 {
            assert!(ctx.task().cancel());
            assert_eq!(TASK.enable(ctx.pool(), First::After(Duration::ticks(1))), Ok(false));
            assert!(ctx.is_first());
        } else {
            assert!(TASK.disable());
        }
        Next::Default
    })
    .every(Duration::ticks(1))
    .on_end(&ENDS);

    assert_eq!(TASK.enable(pool("again"), First::Now), Ok(false));
    eventually("the last end", || ENDS.0.lock().unwrap().len() == 50);
    let ends = ENDS.0.lock().unwrap();
    assert!(ends[..49].iter().all(|end| *end == Outcome::Cancelled), "{ends:?}");
    assert_eq!(ends[49], Outcome::Done(0));
}
