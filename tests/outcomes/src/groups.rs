//! Groups on a real kernel: two pools with a worker each.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use taskpool::{
    Accepted, Cancel, Ctx, DeferError, Duration, Group, Job, LimitError, Outcome, Run, Shutdown, Status, SubmitError,
    Timeout,
};

use crate::kernel::{busy_wait_us, in_interrupt, line_off, line_on, sleep};
use crate::{one, other};

/// Notes how many run at once.
struct Counted {
    running: AtomicU32,
    most: AtomicU32,
    runs: AtomicU32,
}

impl Counted {
    const fn new() -> Self {
        Counted {
            running: AtomicU32::new(0),
            most: AtomicU32::new(0),
            runs: AtomicU32::new(0),
        }
    }

    fn most(&self) -> u32 {
        self.most.load(SeqCst)
    }

    fn runs(&self) -> u32 {
        self.runs.load(SeqCst)
    }
}

/// Takes so many microseconds, and sleeps for so many ticks.
struct Busy(&'static Counted, u32, u64);

impl Run for Busy {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        let Busy(counted, us, ticks) = *self;
        let running = counted.running.fetch_add(1, SeqCst) + 1;
        counted.most.fetch_max(running, SeqCst);
        busy_wait_us(us);
        if ticks > 0 {
            sleep(ticks);
        }
        counted.runs.fetch_add(1, SeqCst);
        counted.running.fetch_sub(1, SeqCst);
        0
    }
}

#[no_mangle]
extern "C" fn group_of_two_pools() {
    static BUS: Group = Group::new(1);
    static SEEN: Counted = Counted::new();
    static FIRST: Job<Busy> = Job::new(Busy(&SEEN, 0, 10)).in_group(&BUS);
    static SECOND: Job<Busy> = Job::new(Busy(&SEEN, 0, 10)).in_group(&BUS);
    static THIRD: Job<Busy> = Job::new(Busy(&SEEN, 0, 10)).in_group(&BUS);
    static FREE: Job = Job::new(|_| ());
    assert_eq!(one().submit(&FIRST), Ok(Accepted::New));
    assert_eq!(other().submit(&SECOND), Ok(Accepted::New));
    assert_eq!(other().submit(&THIRD), Ok(Accepted::New));
    assert_eq!((BUS.limit(), BUS.active(), BUS.held()), (1, 1, 2));
    assert_eq!(SECOND.status(), Status::Held);
    assert_eq!(one().submit(&SECOND), Err(SubmitError::AlreadyQueued));
    assert_eq!(
        one().submit_after(&SECOND, Duration::ticks(3)),
        Err(DeferError::AlreadyQueued)
    );
    // Their worker is free for others.
    other().submit(&FREE).unwrap();
    assert_eq!(FREE.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(SECOND.status(), Status::Held);
    assert_eq!(THIRD.cancel(), Cancel::Cancelled);
    assert_eq!(SECOND.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!((SEEN.most(), SEEN.runs()), (1, 2));
    // Both at once now.
    BUS.set_limit(2).unwrap();
    assert_eq!(BUS.set_limit(0), Err(LimitError));
    one().submit(&FIRST).unwrap();
    other().submit(&SECOND).unwrap();
    assert_eq!(FIRST.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(SECOND.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!((SEEN.most(), SEEN.runs()), (2, 4));
    let usage = BUS.usage();
    assert_eq!((usage.limit, usage.active, usage.held), (2, 0, 0));
}

#[no_mangle]
extern "C" fn group_and_limited_time() {
    static BUS: Group = Group::new(1);
    static SEEN: Counted = Counted::new();
    static FIRST: Job<Busy> = Job::new(Busy(&SEEN, 0, 50)).in_group(&BUS);
    static LATE: Job<Busy> = Job::new(Busy(&SEEN, 0, 0)).in_group(&BUS);
    one().submit(&FIRST).unwrap();
    other().submit_within(&LATE, Duration::ticks(20)).unwrap();
    assert_eq!(LATE.wait(Timeout::Forever), Ok(Outcome::TimedOut));
    assert_eq!(SEEN.runs(), 1);
}

#[no_mangle]
extern "C" fn group_and_shutdown() {
    static BUS: Group = Group::new(1);
    static SEEN: Counted = Counted::new();
    static FIRST: Job<Busy> = Job::new(Busy(&SEEN, 0, 30)).in_group(&BUS);
    static HELD: Job<Busy> = Job::new(Busy(&SEEN, 0, 0)).in_group(&BUS);
    static MARKED: Job<Busy> = Job::new(Busy(&SEEN, 0, 0)).in_group(&BUS).discarded_on_shutdown();
    for how in [Shutdown::Drain, Shutdown::Discard] {
        one().submit(&FIRST).unwrap();
        other().submit(&HELD).unwrap();
        other().submit(&MARKED).unwrap();
        assert_eq!(other().shutdown(how, Timeout::Forever), Ok(()));
        let ran = how == Shutdown::Drain;
        assert_eq!(
            FIRST.status() == Status::Idle,
            ran,
            "a held job that is discarded is not waited for"
        );
        let expected = if ran { Outcome::Done(0) } else { Outcome::Discarded };
        assert_eq!(HELD.outcome(), Some(expected));
        assert_eq!(MARKED.outcome(), Some(Outcome::Discarded));
        other().restart().unwrap();
        assert_eq!(FIRST.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    }
    assert_eq!((BUS.active(), BUS.held()), (0, 0));
}

static LINE_BUS: Group = Group::new(2);
static LINE_SEEN: Counted = Counted::new();
static LINE_JOBS: [Job<Busy>; 5] = [const { Job::new(Busy(&LINE_SEEN, 100, 0)).in_group(&LINE_BUS) }; 5];
static LINE_ROUND: AtomicU32 = AtomicU32::new(0);

/// Submits, defers, cancels and changes the limit, wherever it comes in between.
fn interfere() {
    let round = LINE_ROUND.fetch_add(1, SeqCst) as usize;
    let job = &LINE_JOBS[round % 5];
    let pool = if round % 2 == 0 { one() } else { other() };
    match round % 7 {
        0 | 3 => _ = pool.submit(job),
        1 => _ = pool.submit_urgent(job),
        2 => _ = job.cancel(),
        4 => _ = pool.submit_after(job, Duration::ticks(2)),
        5 => _ = LINE_BUS.set_limit(1),
        _ => _ = LINE_BUS.set_limit(2),
    }
}

#[no_mangle]
extern "C" fn group_and_interrupts() {
    line_on(3, interfere);
    for round in 0..200_u64 {
        let job = &LINE_JOBS[(round % 5) as usize];
        _ = one().submit(job);
        _ = other().submit_after(job, Duration::ticks(round % 4));
        sleep(round % 6);
        in_interrupt(interfere);
    }
    line_off();
    sleep(100);
    for job in &LINE_JOBS {
        assert_eq!(job.status(), Status::Idle);
    }
    assert_eq!((LINE_BUS.active(), LINE_BUS.held()), (0, 0));
    assert!(LINE_SEEN.runs() > 50, "{} runs", LINE_SEEN.runs());
    assert!((1..=2).contains(&LINE_SEEN.most()), "{} at once", LINE_SEEN.most());
}
