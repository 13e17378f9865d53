//! Tasks, on a real clock. A tick is some 1,500 instructions of the smallest board, so what is counted from a call is told to
//! within the ticks that passed meanwhile, and slots to the tick.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use taskpool::{
    Completer, Duration, EnableError, First, Instant, LevelError, Missed, Next, NotEnabled, OnEnd, Outcome, Pool,
    Rephase, Shift, Shutdown, Stale, Status, Task, TaskCounts, TaskCtx, TaskFunction, Timeout, WaitError, Work,
};

use crate::kernel::{self, in_interrupt};
use crate::{one, other, Tally};

const INTERVAL: u64 = 20;

/// One worker, more urgent than the test: it runs a task before whoever has called goes on.
pub fn eager() -> Pool {
    taskpool::c_pool!(eager)
}

const fn ticks(ticks: u64) -> Duration {
    Duration::ticks(ticks)
}

fn now() -> u64 {
    Instant::now().as_ticks()
}

/// What a task did.
struct Log {
    zero: AtomicU32,
    interval: AtomicU32,
    length: AtomicU32,
    slots: [AtomicU32; Log::ROOM],
    numbers: [AtomicU32; Log::ROOM],
}

impl Log {
    const ROOM: usize = 16;

    const fn new() -> Self {
        Log {
            zero: AtomicU32::new(0),
            interval: AtomicU32::new(INTERVAL as u32),
            length: AtomicU32::new(0),
            slots: [const { AtomicU32::new(0) }; Self::ROOM],
            numbers: [const { AtomicU32::new(0) }; Self::ROOM],
        }
    }

    fn note(&self, ctx: &TaskCtx<'_>) {
        let at = self.length.fetch_add(1, SeqCst) as usize;
        assert!(at < Self::ROOM, "more runs than any test asks for");
        // The next one is due an interval after this one's slot.
        let next = ctx.task().next_run().map_or(0, Instant::as_ticks) as u32;
        self.slots[at].store(next.wrapping_sub(self.interval.load(SeqCst)), SeqCst);
        self.numbers[at].store(ctx.number(), SeqCst);
    }

    fn len(&self) -> usize {
        self.length.load(SeqCst) as usize
    }

    /// Slots, since `zero`.
    #[track_caller]
    fn expect_slots(&self, expected: &[u32]) {
        assert_eq!(self.len(), expected.len());
        for (slot, expected) in self.slots.iter().zip(expected) {
            assert_eq!(slot.load(SeqCst).wrapping_sub(self.zero.load(SeqCst)), *expected);
        }
    }

    #[track_caller]
    fn expect_numbers(&self, expected: &[u32]) {
        assert_eq!(self.len(), expected.len());
        for (number, expected) in self.numbers.iter().zip(expected) {
            assert_eq!(number.load(SeqCst), *expected);
        }
    }

    /// Enables a task whose first run is due at `zero`, which is soon.
    fn begin<W: Work>(&self, task: &'static Task<W>, pool: Pool) {
        let zero = now() + 5;
        self.zero.store(zero as u32, SeqCst);
        self.length.store(0, SeqCst);
        assert_eq!(task.enable(pool, First::At(Instant::from_ticks(zero))), Ok(false));
    }

    /// Sleeps until so long after `zero`.
    fn until(&self, ticks: u64) {
        let end = u64::from(self.zero.load(SeqCst)) + ticks;
        kernel::sleep(end.saturating_sub(now() + 1));
    }
}

struct Noted(&'static Log, fn(&TaskCtx<'_>) -> Next);

impl Work for Noted {
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        self.0.note(ctx);
        (self.1)(ctx)
    }
}

const fn noted(log: &'static Log, step: fn(&TaskCtx<'_>) -> Next) -> Task<Noted> {
    Task::new(Noted(log, step)).every(ticks(INTERVAL))
}

/// After `call`, the next run is due so many ticks after it.
#[track_caller]
fn expect_from_now<W: Work>(task: &'static Task<W>, span: u64, call: impl FnOnce()) {
    let before = now();
    call();
    let after = now();
    let next = task.next_run().expect("it is enabled").as_ticks();
    assert!(
        (before + span..=after + span).contains(&next),
        "{next}, {before} to {after}"
    );
}

#[no_mangle]
extern "C" fn task_has_its_iterations() {
    static LOG: Log = Log::new();
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static TASK: Task<Noted> = noted(&LOG, |ctx| {
        assert_eq!((ctx.is_first(), ctx.is_last()), (ctx.number() == 1, ctx.number() == 4));
        assert!(ctx.late() < ticks(INTERVAL), "{ctx:?}");
        assert_eq!(ctx.left() + ctx.late().as_ticks() as i64, INTERVAL as i64);
        assert_eq!((ctx.missed(), ctx.cancelled()), (0, false));
        assert_eq!((ctx.pool(), ctx.worker()), (eager(), 0));
        assert!(ctx.runs(&TASK) && ctx.task() == TASK.any());
        Next::Default
    })
    .times(4)
    .on_end(&TALLY)
    .at_level(1);

    assert_eq!(TASK.wait(Timeout::Forever), Err(WaitError::NeverSubmitted));
    assert_eq!(
        (TASK.outcome(), TASK.next_run(), TASK.status()),
        (None, None, Status::Idle)
    );
    LOG.begin(&TASK, eager());
    assert!(matches!(TASK.status(), Status::Deferred { .. }));
    assert_eq!(TASK.wait(Timeout::NoWait), Err(WaitError::TimedOut));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    LOG.expect_slots(&[0, 20, 40, 60]);
    LOG.expect_numbers(&[1, 2, 3, 4]);
    assert_eq!(TASK.counts(), TaskCounts { runs: 4, missed: 0 });
    assert_eq!(TASK.outcome(), Some(Outcome::Done(0)));
    // Again, with the same number.
    LOG.length.store(0, SeqCst);
    expect_from_now(&TASK, INTERVAL + 1, || {
        assert_eq!(TASK.enable(eager(), First::AfterInterval), Ok(false));
    });
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    LOG.expect_numbers(&[1, 2, 3, 4]);
    assert_eq!(TALLY.told(), [2, 0, 0, 0]);
}

/// The second run lasts until 91. Answers how many slots were missed.
fn trace(task: &'static Task<Noted>, log: &'static Log, slots: &[u32]) -> u32 {
    log.begin(task, eager());
    log.until(126);
    assert!(task.disable());
    log.expect_slots(slots);
    assert_eq!(task.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    task.counts().missed
}

fn last_long(log: &Log, ctx: &TaskCtx<'_>) -> Next {
    if ctx.number() == 2 {
        log.until(91);
    }
    Next::Default
}

#[no_mangle]
extern "C" fn task_makes_up_for_slots_or_not() {
    static LOG: Log = Log::new();
    static SKIPS: Task<Noted> = noted(&LOG, |ctx| last_long(&LOG, ctx));
    static CATCHES_UP: Task<Noted> = noted(&LOG, |ctx| last_long(&LOG, ctx)).missed(Missed::CatchUp(5));
    static CATCHES_ONE: Task<Noted> = noted(&LOG, |ctx| last_long(&LOG, ctx)).missed(Missed::CatchUp(1));

    assert_eq!(trace(&SKIPS, &LOG, &[0, 20, 80, 100, 120]), 2);
    assert_eq!(trace(&CATCHES_UP, &LOG, &[0, 20, 40, 60, 80, 100, 120]), 0);
    assert_eq!(trace(&CATCHES_ONE, &LOG, &[0, 20, 60, 80, 100, 120]), 1);
}

#[no_mangle]
extern "C" fn task_has_spaces_between_its_runs() {
    static LOG: Log = Log::new();
    static FROM_START: Task<Noted> = noted(&LOG, |ctx| last_long(&LOG, ctx)).missed(Missed::FromStart);
    static FROM_END: Task<Noted> = noted(&LOG, |ctx| last_long(&LOG, ctx)).missed(Missed::FromEnd);

    // The slot of a run is when it began: each a tick or two late, and the next ones with it.
    for (task, expected) in [
        (&FROM_START, &[0, 20, 91, 111, 131][..]),
        (&FROM_END, &[0, 20, 111, 131][..]),
    ] {
        LOG.begin(task, eager());
        LOG.until(148);
        assert!(task.disable());
        assert_eq!(LOG.len(), expected.len());
        for (at, expected) in expected.iter().enumerate() {
            let slot = LOG.slots[at].load(SeqCst) - LOG.zero.load(SeqCst);
            assert!(
                (*expected..=expected + 3 * (at as u32 + 1)).contains(&slot),
                "{at}: {slot}"
            );
        }
        assert_eq!(task.counts().missed, 0);
    }
}

#[no_mangle]
extern "C" fn task_answers_how_it_goes_on() {
    static LOG: Log = Log::new();
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static TASK: Task<Noted> = noted(&LOG, |_| match LOG.len() {
        1 => Next::Default,
        2 | 3 => Next::Again,
        4 => Next::After(ticks(9)),
        5 => Next::At(Instant::from_ticks(u64::from(LOG.zero.load(SeqCst)) + 77)),
        6 => Next::After(Duration::ticks(u64::MAX)),
        _ => Next::Done(7),
    })
    .on_end(&TALLY);

    LOG.begin(&TASK, eager());
    LOG.until(90);
    assert_eq!(LOG.len(), 6);
    assert!(TASK.next_run().is_some_and(|next| next.as_ticks() > u64::MAX / 8));
    assert_eq!(TASK.trigger(), Ok(()));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(7)));
    LOG.expect_numbers(&[1, 2, 2, 2, 3, 4, 5]);
    assert_eq!(LOG.slots[5].load(SeqCst) - LOG.zero.load(SeqCst), 77);
    assert_eq!(TALLY.told(), [1, 0, 0, 0]);
}

#[no_mangle]
extern "C" fn task_is_moved() {
    static LOG: Log = Log::new();
    static TASK: Task<Noted> = noted(&LOG, |_| Next::Default);
    let due = || TASK.next_run().expect("it is enabled").as_ticks() - u64::from(LOG.zero.load(SeqCst));

    assert_eq!(TASK.trigger(), Err(NotEnabled));
    assert_eq!(TASK.postpone(ticks(1)), Err(NotEnabled));
    assert_eq!(TASK.shift(Shift::Later(ticks(1))), Err(NotEnabled));
    TASK.set_interval(ticks(100), Rephase::FromNow);
    LOG.begin(&TASK, eager());
    LOG.until(4);
    assert_eq!(due(), 100);
    assert_eq!(TASK.shift(Shift::Later(ticks(7))), Ok(()));
    assert_eq!(due(), 107);
    assert_eq!(TASK.shift(Shift::Sooner(ticks(17))), Ok(()));
    assert_eq!(due(), 90);
    expect_from_now(&TASK, 61, || assert_eq!(TASK.postpone(ticks(60)), Ok(())));
    let before = due();
    TASK.set_interval(ticks(300), Rephase::Keep);
    assert_eq!(due(), before);
    TASK.set_interval(ticks(350), Rephase::Recalculate);
    assert_eq!(due(), before + 50);
    expect_from_now(&TASK, 200, || TASK.set_interval(ticks(200), Rephase::FromNow));
    assert_eq!(LOG.len(), 1);
    expect_from_now(&TASK, 200, || assert_eq!(TASK.trigger(), Ok(())));
    assert_eq!(LOG.len(), 2, "the eager pool preempts");
    assert_eq!(TASK.shift(Shift::Sooner(ticks(1_000))), Ok(()));
    assert_eq!((LOG.len(), TASK.counts().missed), (3, 0));
    assert_eq!(TASK.shift(Shift::Later(Duration::ticks(u64::MAX))), Ok(()));
    assert!(TASK.next_run().is_some_and(|next| next.as_ticks() > u64::MAX / 8));
    TASK.set_iterations(3);
    assert_eq!(TASK.trigger(), Ok(()));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(0)), "there were so many");
    assert_eq!(LOG.len(), 3);
}

#[no_mangle]
extern "C" fn task_has_so_much_time() {
    static LOG: Log = Log::new();
    static TASK: Task<Noted> = noted(&LOG, |_| Next::Default).timeout(ticks(50));

    let since = now();
    LOG.begin(&TASK, eager());
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::TimedOut));
    assert!((since + 50..=since + 55).contains(&now()), "{since}, {}", now());
    LOG.expect_slots(&[0, 20, 40]);
    LOG.begin(&TASK, eager());
    LOG.until(30);
    let since = now();
    TASK.reset_timeout();
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::TimedOut));
    assert!((since + 50..=since + 55).contains(&now()), "{since}, {}", now());
    LOG.begin(&TASK, eager());
    TASK.set_timeout(Duration::ZERO);
    LOG.until(90);
    LOG.expect_slots(&[0, 20, 40, 60, 80]);
    TASK.set_timeout(ticks(1));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::TimedOut));
}

#[no_mangle]
extern "C" fn task_is_ended_wherever_it_is() {
    static END: AtomicU32 = AtomicU32::new(0);
    static LOG: Log = Log::new();
    static TASK: Task<Noted> = noted(&LOG, |_| Next::Default);
    static ITSELF: Task<Noted> = noted(&LOG, |ctx| {
        let end = ENDS[END.load(SeqCst) as usize].0;
        assert!(end(&ITSELF));
        assert!(!end(&ITSELF), "once");
        assert!(ctx.cancelled());
        assert_eq!(ITSELF.next_run(), None);
        assert_eq!(ITSELF.wait(Timeout::Forever), Err(WaitError::OnWorker));
        Next::Default
    });
    type End = fn(&'static Task<Noted>) -> bool;
    static ENDS: [(End, Outcome); 3] = [
        (Task::disable, Outcome::Done(0)),
        (Task::cancel, Outcome::Cancelled),
        (Task::abort, Outcome::Aborted),
    ];

    for (at, (end, outcome)) in ENDS.iter().enumerate() {
        END.store(at as u32, SeqCst);
        assert!(!end(&TASK));
        // Deferred, Queued, and on a worker.
        assert_eq!(TASK.enable(one(), First::AfterInterval), Ok(false));
        assert!(end(&TASK));
        assert_eq!(TASK.wait(Timeout::NoWait), Ok(*outcome));
        assert_eq!(TASK.enable(one(), First::Now), Ok(false));
        assert_eq!(TASK.status(), Status::Queued);
        assert!(in_interrupt(|| end(&TASK)));
        assert_eq!(TASK.outcome(), Some(*outcome));
        LOG.length.store(0, SeqCst);
        assert_eq!(ITSELF.enable(eager(), First::Now), Ok(false));
        assert_eq!(ITSELF.wait(Timeout::Forever), Ok(*outcome));
        assert_eq!(LOG.len(), 1);
    }
}

#[no_mangle]
extern "C" fn task_enables_itself_and_ends_others() {
    static LOG: Log = Log::new();
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static OTHER: Task<Noted> = noted(&LOG, |_| Next::Default);
    static TASK: Task<Noted> = noted(&LOG, |ctx| {
        match LOG.len() {
            2 => assert_eq!(TASK.enable(eager(), First::After(ticks(9))), Ok(true), "it begins anew"),
            4 => {
                // This submission ends with this run, the next one begins after it.
                assert!(ctx.task().cancel());
                assert_eq!(TASK.enable(eager(), First::Now), Ok(false));
                assert!(OTHER.disable());
            }
            6 => return Next::Done(3),
            _ => {}
        }
        Next::Default
    })
    .on_end(&TALLY);

    assert_eq!(OTHER.enable(one(), First::After(ticks(1_000))), Ok(false));
    LOG.begin(&TASK, eager());
    LOG.until(110);
    LOG.expect_numbers(&[1, 2, 1, 2, 1, 2]);
    assert_eq!(TALLY.told(), [1, 1, 0, 0]);
    assert_eq!(TASK.outcome(), Some(Outcome::Done(3)));
    assert_eq!(OTHER.outcome(), Some(Outcome::Done(0)));
}

#[no_mangle]
extern "C" fn task_may_be_vetoed() {
    static ALLOWED: AtomicBool = AtomicBool::new(false);
    struct Wary;
    impl Work for Wary {
        fn run(&mut self, _: &TaskCtx<'_>) -> Next {
            Next::Default
        }

        fn on_enable(task: &'static Task<Self>) -> bool {
            // It may do with the task what it likes, but enable it.
            task.set_interval(ticks(70), Rephase::Keep);
            ALLOWED.load(SeqCst)
        }
    }
    static TASK: Task<Wary> = Task::new(Wary).every(ticks(INTERVAL));

    assert_eq!(TASK.enable(one(), First::Now), Err(EnableError::Vetoed));
    assert_eq!((TASK.next_run(), TASK.outcome()), (None, None));
    ALLOWED.store(true, SeqCst);
    expect_from_now(&TASK, 71, || {
        assert_eq!(in_interrupt(|| TASK.enable(one(), First::AfterInterval)), Ok(false));
    });
    // One that is enabled stays as it is.
    ALLOWED.store(false, SeqCst);
    let due = TASK.next_run();
    assert_eq!(
        in_interrupt(|| TASK.enable(one(), First::Now)),
        Err(EnableError::Vetoed)
    );
    assert_eq!(TASK.next_run(), due);
    ALLOWED.store(true, SeqCst);
    assert_eq!(TASK.enable(eager(), First::Now), Err(EnableError::UnderWay));
    assert_eq!(TASK.next_run(), due);
    assert!(TASK.cancel());
    assert_eq!(other().shutdown(Shutdown::Drain, Timeout::Forever), Ok(()));
    assert_eq!(TASK.enable(other(), First::Now), Err(EnableError::NotRunning));
    assert_eq!(other().restart(), Ok(()));
    assert_eq!(TASK.outcome(), Some(Outcome::Cancelled));
}

#[no_mangle]
extern "C" fn task_function_is_replaced() {
    static RUNS: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
    static FUNCTION: TaskFunction = TaskFunction::new(first);
    static TASK: Task<&TaskFunction> = Task::new(&FUNCTION).every(ticks(INTERVAL));

    fn first(_: &TaskCtx<'_>) -> Next {
        // From the run itself: the next one is another one.
        FUNCTION.replace(second);
        RUNS[0].fetch_add(1, SeqCst);
        Next::Again
    }
    fn second(ctx: &TaskCtx<'_>) -> Next {
        assert_eq!(ctx.number(), 1 + RUNS[1].fetch_add(1, SeqCst));
        Next::Default
    }
    fn third(_: &TaskCtx<'_>) -> Next {
        Next::Done(3)
    }

    assert_eq!(TASK.enable(eager(), First::Now), Ok(false));
    assert_eq!([&RUNS[0], &RUNS[1]].map(|runs| runs.load(SeqCst)), [1, 1]);
    in_interrupt(|| FUNCTION.replace(third));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(3)));
    assert_eq!([&RUNS[0], &RUNS[1]].map(|runs| runs.load(SeqCst)), [1, 1]);
}

#[no_mangle]
extern "C" fn interrupts_do_with_tasks_what_they_like() {
    static LOG: Log = Log::new();
    static TASK: Task<Noted> = noted(&LOG, |_| Next::Default);

    in_interrupt(|| {
        assert_eq!(TASK.trigger(), Err(NotEnabled));
        assert_eq!(TASK.enable(one(), First::After(ticks(1_000))), Ok(false));
        assert_eq!(TASK.enable(one(), First::AfterInterval), Ok(true));
        expect_from_now(&TASK, 501, || assert_eq!(TASK.postpone(ticks(500)), Ok(())));
        let due = TASK.next_run().expect("it is enabled");
        assert_eq!(TASK.shift(Shift::Sooner(ticks(100))), Ok(()));
        assert_eq!(TASK.next_run(), Some(Instant::from_ticks(due.as_ticks() - 100)));
        expect_from_now(&TASK, 700, || TASK.set_interval(ticks(700), Rephase::FromNow));
        TASK.set_iterations(1);
        TASK.set_timeout(ticks(9_000));
        TASK.reset_timeout();
        assert_eq!(TASK.set_level(1), Ok(()));
        assert_eq!(TASK.set_level(3), Err(LevelError));
        assert_eq!(TASK.any().set_level(0), Ok(()));
        assert_eq!(TASK.counts(), TaskCounts::default());
        assert!(matches!(TASK.status(), Status::Deferred { .. }));
        assert_eq!(TASK.wait(Timeout::NoWait), Err(WaitError::TimedOut));
        assert_eq!(TASK.wait(Timeout::Forever), Err(WaitError::InInterrupt));
        assert_eq!(TASK.outcome(), None);
        assert_eq!(TASK.any().trigger(), Ok(()));
        assert_eq!(TASK.status(), Status::Queued);
    });
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(LOG.len(), 1);
}

#[no_mangle]
extern "C" fn task_is_completed_by_an_interrupt() {
    static COMPLETED: AtomicBool = AtomicBool::new(false);
    static TASK: Task = Task::from_fn(|ctx| match ctx.number() {
        // Within the run: what it answers does not count then.
        1 => {
            let completer = ctx.completer();
            in_interrupt(|| completer.complete(Next::After(ticks(3)))).expect("it is the first");
            Next::Done(-1)
        }
        2 => {
            // A second one makes the first worthless.
            let (first, second) = (ctx.completer(), ctx.completer());
            assert_eq!(first.complete(Next::Done(-2)), Err(Stale));
            COMPLETED.store(true, SeqCst);
            assert_eq!(second.complete(Next::Default), Ok(()));
            Next::Pending
        }
        // Nobody can say that it is over.
        _ => Next::Pending,
    })
    .every(ticks(INTERVAL));
    /// Its completer stays with it.
    struct Waits(Option<Completer>);
    impl Work for Waits {
        fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
            self.0 = Some(ctx.completer());
            Next::Pending
        }
    }
    static WAITS: Task<Waits> = Task::new(Waits(None)).every(ticks(INTERVAL));

    assert_eq!(TASK.enable(eager(), First::Now), Ok(false));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Aborted));
    assert!(COMPLETED.load(SeqCst));
    assert_eq!(TASK.counts().runs, 3);
    assert_eq!(WAITS.enable(eager(), First::Now), Ok(false));
    kernel::sleep(2 * INTERVAL);
    assert_eq!(WAITS.counts().runs, 1, "it waits for its completer");
    assert_eq!(WAITS.trigger(), Ok(()));
    assert!(WAITS.cancel());
    assert_eq!(WAITS.wait(Timeout::Forever), Ok(Outcome::Cancelled));
}
