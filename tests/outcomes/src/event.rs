//! Events, and runs that somebody else completes, on a real clock.

use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};

use taskpool::{
    Completer, CompleterSlot, Ctx, Duration, Event, First, Instant, Job, Next, OnEnd, Outcome, Run, SlotError, Stale,
    Status, Task, TaskCtx, Timeout, WaitError, Work,
};

use crate::kernel::{in_interrupt, is_in_interrupt, line_off, line_on, sleep};
use crate::task::eager;
use crate::{one, other, Tally};

const INTERVAL: u64 = 20;

const fn ticks(ticks: u64) -> Duration {
    Duration::ticks(ticks)
}

const fn within(span: u64) -> Timeout {
    Timeout::After(ticks(span))
}

fn now() -> u64 {
    Instant::now().as_ticks()
}

/// Who ran, in order, and when the last one did.
struct Book {
    length: AtomicU32,
    names: [AtomicU32; Book::ROOM],
    last: AtomicU32,
}

impl Book {
    const ROOM: usize = 8;

    const fn new() -> Self {
        Book {
            length: AtomicU32::new(0),
            names: [const { AtomicU32::new(0) }; Self::ROOM],
            last: AtomicU32::new(0),
        }
    }

    fn note(&self, name: u32) {
        let at = self.length.fetch_add(1, SeqCst) as usize;
        assert!(at < Self::ROOM, "more runs than any test asks for");
        self.names[at].store(name, SeqCst);
        self.last.store(now() as u32, SeqCst);
    }

    /// Since the last time that somebody asked.
    #[track_caller]
    fn expect(&self, expected: &[u32]) {
        assert_eq!(self.length.swap(0, SeqCst) as usize, expected.len());
        for (name, expected) in self.names.iter().zip(expected) {
            assert_eq!(name.load(SeqCst), *expected);
        }
    }

    fn last(&self) -> u64 {
        u64::from(self.last.load(SeqCst))
    }
}

/// Runs once: it writes its name down, and that is its code.
struct Once(&'static Book, u32);

impl Work for Once {
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        assert!(!is_in_interrupt() && ctx.is_first());
        self.0.note(self.1);
        Next::Done(self.1 as i32)
    }
}

const fn once(book: &'static Book, name: u32) -> Task<Once> {
    Task::new(Once(book, name)).every(ticks(INTERVAL))
}

#[no_mangle]
extern "C" fn event_counts_signals() {
    static EVENT: Event = Event::new();

    assert_eq!((EVENT.status(), EVENT.count()), (Some(Outcome::Done(0)), 0));
    assert!(EVENT.signal(3), "complete already");
    assert_eq!(EVENT.status(), Some(Outcome::Done(0)));
    EVENT.arm(3);
    assert_eq!((EVENT.status(), EVENT.count()), (None, 3));
    assert!(!EVENT.signal(3));
    assert!(!in_interrupt(|| EVENT.signal(5)));
    assert_eq!((EVENT.status(), EVENT.count()), (None, 1));
    assert!(in_interrupt(|| EVENT.signal(4)));
    assert_eq!(EVENT.wait(Timeout::Forever), Ok(Outcome::Done(4)));
    assert!(EVENT.signal(9), "the first one wins");
    assert_eq!(EVENT.status(), Some(Outcome::Done(4)));
    // None is as good as one, and pending already it begins to count anew.
    EVENT.arm(7);
    EVENT.arm(0);
    assert_eq!(EVENT.count(), 1);
    EVENT.arm(7);
    assert!(EVENT.signal(-5), "an error completes it");
    assert_eq!(EVENT.status(), Some(Outcome::Done(-5)));
    for outcome in [
        Outcome::Done(6),
        Outcome::Cancelled,
        Outcome::Aborted,
        Outcome::TimedOut,
        Outcome::Discarded,
    ] {
        EVENT.arm(9);
        assert!(in_interrupt(|| EVENT.complete(outcome)));
        assert!(!EVENT.complete(Outcome::Done(1)), "the first one wins");
        assert_eq!(EVENT.wait(Timeout::NoWait), Ok(outcome));
    }
}

#[no_mangle]
extern "C" fn event_releases_tasks_in_their_order() {
    static EVENT: Event = Event::new();
    static BOOK: Book = Book::new();
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static TASKS: [Task<Once>; 4] = [
        once(&BOOK, 0).on_end(&TALLY),
        once(&BOOK, 1).on_end(&TALLY),
        once(&BOOK, 2).on_end(&TALLY),
        once(&BOOK, 3).on_end(&TALLY),
    ];
    fn signal() {
        assert!(EVENT.signal(-7), "whatever the status");
    }

    // A worker that is more urgent than the test, and one that is not; a thread, and an interrupt.
    for (round, pool) in [eager(), eager(), one(), one()].into_iter().enumerate() {
        EVENT.arm(2);
        for at in [2, 0, 3, 1] {
            assert_eq!(TASKS[at].enable_on(pool, &EVENT), Ok(false));
            assert_eq!(TASKS[at].next_run(), None, "it has no time yet");
        }
        assert!(!EVENT.signal(0));
        sleep(2 * INTERVAL);
        BOOK.expect(&[]);
        match round % 2 {
            0 => signal(),
            _ => in_interrupt(signal),
        }
        if pool == one() {
            assert_eq!(TASKS.each_ref().map(|task| task.status()), [Status::Queued; 4]);
            assert_eq!(TASKS[1].wait(Timeout::Forever), Ok(Outcome::Done(1)));
        }
        BOOK.expect(&[2, 0, 3, 1]);
        assert_eq!(TALLY.told(), [4 * (round as u32 + 1), 0, 0, 0]);
    }
    // It is complete, so it is not waited for.
    assert_eq!(in_interrupt(|| TASKS[0].enable_on(eager(), &EVENT)), Ok(false));
    BOOK.expect(&[0]);
    // Waiting, it is triggered, and leaves without the event.
    EVENT.arm(1);
    assert_eq!(TASKS[0].enable_on(eager(), &EVENT), Ok(false));
    assert_eq!(TASKS[1].enable_on(eager(), &EVENT), Ok(false));
    assert_eq!(TASKS[0].trigger(), Ok(()));
    BOOK.expect(&[0]);
    assert_eq!(EVENT.status(), None);
    // In another pool it may not be.
    assert_eq!(
        TASKS[1].enable_on(other(), &EVENT),
        Err(taskpool::EnableError::UnderWay)
    );
    assert!(in_interrupt(|| TASKS[1].disable()));
    assert!(EVENT.signal(0));
    BOOK.expect(&[]);
    assert_eq!(TALLY.told(), [19, 0, 0, 0]);
}

#[no_mangle]
extern "C" fn event_and_an_interval_more() {
    static EVENT: Event = Event::new();
    static BOOK: Book = Book::new();
    static DELAYED: Task<Once> = once(&BOOK, 1);
    static LEAVES: Task<Once> = once(&BOOK, 2);
    static ANEW: Task<Once> = once(&BOOK, 3);

    EVENT.arm(1);
    assert_eq!(DELAYED.enable_after(eager(), &EVENT), Ok(false));
    assert_eq!(LEAVES.enable_after(eager(), &EVENT), Ok(false));
    assert_eq!(ANEW.enable_after(eager(), &EVENT), Ok(false));
    assert_eq!(ANEW.enable_on(eager(), &EVENT), Ok(true), "it begins anew");
    sleep(2 * INTERVAL);
    assert!(LEAVES.cancel());
    BOOK.expect(&[]);
    let before = now();
    assert!(in_interrupt(|| EVENT.signal(0)));
    let after = now();
    BOOK.expect(&[3]);
    let next = DELAYED.next_run().expect("it is enabled").as_ticks();
    assert!(
        (before + INTERVAL..=after + INTERVAL + 1).contains(&next),
        "{next}, {before} to {after}"
    );
    assert_eq!(DELAYED.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    BOOK.expect(&[1]);
    assert!((next..=next + 2).contains(&BOOK.last()), "{next}, {}", BOOK.last());
    assert_eq!(LEAVES.outcome(), Some(Outcome::Cancelled));
    // Complete already: an interval after now.
    let before = now();
    assert_eq!(DELAYED.enable_after(eager(), &EVENT), Ok(false));
    assert_eq!(DELAYED.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    BOOK.expect(&[1]);
    assert!(BOOK.last() >= before + INTERVAL, "early");
}

#[no_mangle]
extern "C" fn event_has_so_much_time() {
    static EVENT: Event = Event::new();
    static BOOK: Book = Book::new();
    static WAITS: Task<Once> = once(&BOOK, 1);
    static HURRIES: Task<Once> = once(&BOOK, 2).timeout(ticks(10));

    // Whoever looks finds that it is up, and a thread is woken.
    let before = now();
    EVENT.arm_within(1, ticks(30));
    let after = now();
    assert_eq!(EVENT.wait(within(5)), Err(WaitError::TimedOut));
    assert_eq!(EVENT.status(), None);
    assert_eq!(EVENT.wait(Timeout::Forever), Ok(Outcome::TimedOut));
    assert!((before + 31..=after + 35).contains(&now()), "{before}, {}", now());
    assert!(!EVENT.set_timeout(Some(ticks(1))), "it is complete");
    EVENT.arm_within(1, ticks(5));
    sleep(10);
    assert_eq!((EVENT.status(), EVENT.count()), (Some(Outcome::TimedOut), 0));
    assert!(EVENT.signal(0));
    assert_eq!(EVENT.status(), Some(Outcome::TimedOut), "the first one wins");
    // A task runs then; but one whose own time is up before does not.
    let before = now();
    EVENT.arm_within(1, ticks(30));
    let after = now();
    assert_eq!(WAITS.enable_on(eager(), &EVENT), Ok(false));
    assert_eq!(HURRIES.enable_on(eager(), &EVENT), Ok(false));
    assert_eq!(HURRIES.wait(Timeout::Forever), Ok(Outcome::TimedOut));
    assert_eq!(EVENT.status(), None);
    assert_eq!(WAITS.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    BOOK.expect(&[1]);
    assert!(
        (before + 31..=after + 35).contains(&BOOK.last()),
        "{before}, {}",
        BOOK.last()
    );
    // Longer, shorter, without end.
    EVENT.arm_within(1, ticks(5));
    assert!(in_interrupt(|| EVENT.set_timeout(None)));
    assert_eq!(WAITS.enable_on(eager(), &EVENT), Ok(false));
    sleep(20);
    assert_eq!(EVENT.count(), 1);
    assert!(EVENT.set_timeout(Some(ticks(1_000))));
    let before = now();
    assert!(in_interrupt(|| EVENT.set_timeout(Some(ticks(10)))));
    let after = now();
    assert_eq!(WAITS.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    BOOK.expect(&[1]);
    assert!(
        (before + 11..=after + 15).contains(&BOOK.last()),
        "{before}, {}",
        BOOK.last()
    );
}

#[no_mangle]
extern "C" fn ends_signal_events() {
    struct Answers(&'static AtomicI32);
    impl Run for Answers {
        fn run(&mut self, _: &Ctx<'_>) -> i32 {
            self.0.load(SeqCst)
        }
    }
    static ANSWER: AtomicI32 = AtomicI32::new(2);
    static EVENT: Event = Event::new();
    static SIGNALS: OnEnd<()> = EVENT.on_end();
    static JOBS: [Job<Answers>; 3] = [const { Job::with_completion(Answers(&ANSWER), &SIGNALS) }; 3];
    static BOOK: Book = Book::new();
    static AFTER: Task<Once> = once(&BOOK, 1);

    // All of them have ended.
    EVENT.arm(3);
    assert_eq!(AFTER.enable_on(eager(), &EVENT), Ok(false));
    one().submit(&JOBS[0]).unwrap();
    one().submit_after(&JOBS[1], ticks(5)).unwrap();
    other().submit_after(&JOBS[2], ticks(40)).unwrap();
    sleep(20);
    assert_eq!(EVENT.count(), 1);
    BOOK.expect(&[]);
    assert_eq!(EVENT.wait(Timeout::Forever), Ok(Outcome::Done(2)));
    assert_eq!(AFTER.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    BOOK.expect(&[1]);
    // The first one that fails is enough; so is one that is cancelled, in an interrupt.
    EVENT.arm(3);
    one().submit(&JOBS[0]).unwrap();
    sleep(5);
    assert_eq!(EVENT.count(), 2);
    ANSWER.store(-1, SeqCst);
    one().submit(&JOBS[1]).unwrap();
    assert_eq!(EVENT.wait(Timeout::Forever), Ok(Outcome::Done(-1)));
    EVENT.arm(3);
    one().submit(&JOBS[2]).unwrap();
    in_interrupt(|| JOBS[2].cancel());
    assert_eq!(EVENT.status(), Some(Outcome::Cancelled));
}

#[no_mangle]
extern "C" fn tasks_follow_each_other() {
    static BOOK: Book = Book::new();
    static EVENTS: [Event; 3] = [const { Event::new() }; 3];
    static SIGNALS: [OnEnd<()>; 3] = [EVENTS[0].on_end(), EVENTS[1].on_end(), EVENTS[2].on_end()];
    static CHAIN: [Task<Once>; 3] = [
        once(&BOOK, 0).on_end(&SIGNALS[0]),
        once(&BOOK, 1).on_end(&SIGNALS[1]),
        once(&BOOK, 2).on_end(&SIGNALS[2]),
    ];
    fn enable() {
        assert_eq!(CHAIN[0].enable(eager(), First::AfterInterval), Ok(false));
        // Being enabled, it has armed its event.
        assert_eq!(EVENTS.each_ref().map(Event::count), [1, 0, 0]);
        assert_eq!(CHAIN[1].enable_on(one(), &EVENTS[0]), Ok(false));
        assert_eq!(CHAIN[2].enable_on(eager(), &EVENTS[1]), Ok(false));
    }

    enable();
    assert_eq!(EVENTS[2].wait(Timeout::Forever), Ok(Outcome::Done(2)));
    BOOK.expect(&[0, 1, 2]);
    assert_eq!(
        EVENTS.each_ref().map(|event| event.status()),
        [0, 1, 2].map(|code| Some(Outcome::Done(code)))
    );
    // A cancelled one does not keep the others from it, an aborted one does.
    enable();
    assert!(in_interrupt(|| CHAIN[0].cancel()));
    assert_eq!(EVENTS[2].wait(Timeout::Forever), Ok(Outcome::Done(2)));
    BOOK.expect(&[1, 2]);
    assert_eq!(EVENTS[0].status(), Some(Outcome::Cancelled));
    enable();
    assert!(in_interrupt(|| {
        let was_enabled = CHAIN[0].abort();
        assert_eq!(
            EVENTS.each_ref().map(|event| event.status()),
            [Some(Outcome::Aborted); 3]
        );
        was_enabled
    }));
    assert_eq!(CHAIN.each_ref().map(|task| task.outcome()), [Some(Outcome::Aborted); 3]);
    sleep(2 * INTERVAL);
    BOOK.expect(&[]);
}

static TICKED: [Event; 2] = [const { Event::new() }; 2];

#[no_mangle]
extern "C" fn threads_wait_for_events() {
    fn signal() {
        assert!(is_in_interrupt());
        TICKED[0].signal(8);
    }
    // On a worker, which waits behind the test.
    static SEEN: AtomicI32 = AtomicI32::new(0);
    static WAITS: Job = Job::new(|_| match TICKED[0].wait(Timeout::Forever) {
        Ok(Outcome::Done(code)) => SEEN.store(code, SeqCst),
        other => panic!("{other:?}"),
    });

    TICKED[0].arm(3);
    assert_eq!(TICKED[0].wait(Timeout::NoWait), Err(WaitError::TimedOut));
    assert_eq!(TICKED[0].wait(within(3)), Err(WaitError::TimedOut));
    assert_eq!(
        in_interrupt(|| TICKED[0].wait(Timeout::NoWait)),
        Err(WaitError::TimedOut)
    );
    assert_eq!(
        in_interrupt(|| TICKED[0].wait(Timeout::Forever)),
        Err(WaitError::InInterrupt)
    );
    assert_eq!(TICKED[0].count(), 3);
    one().submit(&WAITS).unwrap();
    sleep(2);
    assert!(matches!(WAITS.status(), Status::Running { .. }));
    let before = now();
    line_on(10, signal);
    assert_eq!(TICKED[0].wait(Timeout::Forever), Ok(Outcome::Done(8)));
    line_off();
    assert!((before + 30..before + 36).contains(&now()), "{before}, {}", now());
    assert_eq!(SEEN.load(SeqCst), 0, "the test is more urgent");
    assert_eq!(WAITS.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(SEEN.load(SeqCst), 8);
    assert_eq!(in_interrupt(|| TICKED[0].wait(Timeout::Forever)), Ok(Outcome::Done(8)));
}

#[no_mangle]
extern "C" fn threads_wait_for_any_event_or_all() {
    static TURN: AtomicU32 = AtomicU32::new(0);
    // First the second one, then the first one.
    fn signal() {
        let turn = TURN.fetch_add(1, SeqCst) as usize;
        TICKED[1 - turn % 2].signal(turn as i32 + 5);
    }
    fn arm() {
        TURN.store(0, SeqCst);
        TICKED.iter().for_each(|event| event.arm(1));
    }
    let both = [&TICKED[0], &TICKED[1]];

    arm();
    assert_eq!(Event::wait_any(both, within(3)), Err(WaitError::TimedOut));
    assert_eq!(Event::wait_all(both, within(3)), Err(WaitError::TimedOut));
    assert_eq!(Event::wait_any(both, Timeout::NoWait), Err(WaitError::TimedOut));
    assert_eq!(
        in_interrupt(|| Event::wait_any([&TICKED[0], &TICKED[1]], Timeout::Forever)),
        Err(WaitError::InInterrupt)
    );
    let before = now();
    line_on(15, signal);
    assert_eq!(Event::wait_any(both, Timeout::Forever), Ok((1, Outcome::Done(5))));
    assert_eq!(TICKED[0].status(), None);
    assert!((before + 15..before + 20).contains(&now()), "{before}, {}", now());
    assert_eq!(
        Event::wait_all(both, Timeout::Forever),
        Ok([Outcome::Done(6), Outcome::Done(5)])
    );
    assert!((before + 30..before + 36).contains(&now()), "{before}, {}", now());
    line_off();
    assert_eq!(
        Event::wait_any(both, Timeout::Forever),
        Ok((0, Outcome::Done(6))),
        "the first one"
    );
    assert_eq!(
        in_interrupt(|| Event::wait_any([&TICKED[1], &TICKED[0]], Timeout::Forever)),
        Ok((0, Outcome::Done(5)))
    );
    // One that has left the line of one event is not woken by it.
    arm();
    TICKED[1].complete(Outcome::Cancelled);
    assert_eq!(Event::wait_any(both, Timeout::Forever), Ok((1, Outcome::Cancelled)));
    // The first one of these is complete, and the other one is not.
    let turned = [both[1], both[0]];
    assert_eq!(Event::wait_all(turned, within(3)), Err(WaitError::TimedOut));
    assert!(TICKED[0].signal(0));
    // The time of an event, and one that is complete in time though the other is not.
    arm();
    TICKED[1].arm_within(1, ticks(10));
    assert_eq!(Event::wait_any(both, Timeout::Forever), Ok((1, Outcome::TimedOut)));
    assert_eq!(Event::wait_all(both, within(3)), Err(WaitError::TimedOut));
    assert_eq!(TICKED[1].status(), Some(Outcome::TimedOut));
    assert!(TICKED[0].signal(0));
}

/// For whoever completes a run after it has ended.
static HANDED: CompleterSlot = CompleterSlot::new();

fn handed() -> Option<Completer> {
    HANDED.take()
}

/// Hands out the completer of each of its runs but the third, which it drops; its interval is a long one.
fn hands_out(ctx: &TaskCtx<'_>) -> Next {
    let completer = ctx.completer();
    if ctx.number() == 3 {
        drop(completer);
    } else {
        // Of an earlier run, that is worth nothing.
        drop(HANDED.put(completer));
    }
    Next::Pending
}

#[no_mangle]
extern "C" fn interrupts_complete_runs() {
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static TASK: Task = Task::from_fn(hands_out)
        .every(const { Duration::secs(60) })
        .on_end(&TALLY);
    fn complete() {
        // The interrupt comes more often than a run.
        let completed = HANDED.complete(Next::Done(6));
        assert!(matches!(completed, Ok(()) | Err(SlotError::Empty)), "{completed:?}");
    }

    // While it is pending, its interval does not matter; the clock interrupt says that it is over.
    assert_eq!(TASK.enable(eager(), First::Now), Ok(false));
    assert_eq!(TASK.wait(within(50)), Err(WaitError::TimedOut));
    assert_eq!((TASK.counts().runs, TALLY.told()), (1, [0; 4]));
    line_on(10, complete);
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(6)));
    line_off();
    assert_eq!(TALLY.told(), [1, 0, 0, 0]);
    // It goes on, and then the third run can't be completed by anybody.
    assert_eq!(TASK.enable(eager(), First::Now), Ok(false));
    for run in 1..=2 {
        let completer = handed().expect("it has run");
        assert_eq!(in_interrupt(move || completer.complete(Next::After(ticks(2)))), Ok(()));
        assert_eq!(TASK.counts().runs, run);
        sleep(6);
    }
    assert_eq!(TASK.outcome(), Some(Outcome::Aborted));
    assert_eq!((TASK.counts().runs, TALLY.told()), (3, [1, 0, 1, 0]));
    // Ended meanwhile, and enabled again.
    assert_eq!(TASK.enable(eager(), First::Now), Ok(false));
    let stale = handed().expect("it has run");
    assert!(TASK.cancel());
    assert_eq!(TASK.enable(eager(), First::Now), Ok(false));
    assert_eq!(stale.complete(Next::Done(1)), Err(Stale));
    assert_eq!(TASK.wait(Timeout::NoWait), Err(WaitError::TimedOut));
    complete();
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(6)));
    assert_eq!(TALLY.told(), [2, 1, 1, 0]);
    assert_eq!(in_interrupt(|| HANDED.complete(Next::Default)), Err(SlotError::Empty));
}

#[no_mangle]
extern "C" fn completers_are_dropped() {
    static ENDED: Event = Event::new();
    static SIGNALS: OnEnd<()> = ENDED.on_end();
    static TASK: Task = Task::from_fn(hands_out).every(ticks(INTERVAL)).on_end(&SIGNALS);
    static BOOK: Book = Book::new();
    static AFTER: Task<Once> = once(&BOOK, 1);

    for by_interrupt in [false, true] {
        assert_eq!(TASK.enable(eager(), First::Now), Ok(false));
        assert_eq!(AFTER.enable_on(eager(), &ENDED), Ok(false));
        sleep(2 * INTERVAL);
        assert_eq!((TASK.counts().runs, ENDED.status()), (1, None));
        let completer = handed().expect("it has run");
        match by_interrupt {
            false => drop(completer),
            true => in_interrupt(move || drop(completer)),
        }
        assert_eq!(ENDED.wait(Timeout::Forever), Ok(Outcome::Aborted));
        assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Aborted));
        assert_eq!(AFTER.outcome(), Some(Outcome::Aborted), "it goes along");
        BOOK.expect(&[]);
    }
    // One that is worth nothing any more is dropped without any consequence.
    assert_eq!(TASK.enable(eager(), First::Now), Ok(false));
    let stale = handed().expect("it has run");
    assert_eq!(TASK.enable(eager(), First::Now), Ok(true), "it begins anew");
    drop(stale);
    sleep(5);
    assert_eq!((TASK.counts().runs, ENDED.status()), (1, None));
    assert!(TASK.cancel());
    assert_eq!(ENDED.status(), Some(Outcome::Cancelled));
    drop(handed().expect("it ran again"));
    assert_eq!(ENDED.status(), Some(Outcome::Cancelled));
}

#[no_mangle]
extern "C" fn interrupts_do_with_events_what_they_like() {
    static EVENT: Event = Event::new();
    static BOOK: Book = Book::new();
    static TASK: Task<Once> = once(&BOOK, 1);

    in_interrupt(|| {
        EVENT.arm(1);
        assert!(EVENT.set_timeout(Some(ticks(100))));
        assert_eq!((EVENT.status(), EVENT.count()), (None, 1));
        assert_eq!(TASK.enable_on(eager(), &EVENT), Ok(false));
        assert_eq!(TASK.next_run(), None);
        assert!(EVENT.signal(0));
        assert_eq!(TASK.status(), Status::Queued);
        EVENT.arm_within(2, ticks(100));
        assert!(EVENT.complete(Outcome::Cancelled));
    });
    assert_eq!(EVENT.status(), Some(Outcome::Cancelled));
    assert_eq!(TASK.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    BOOK.expect(&[1]);
}
