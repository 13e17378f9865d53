//! Paused pools, aborted jobs, jobs whose time is up, groups, completions, tasks, events and budgets, on a real kernel.
//! src/main.c has the list of cases; a failed assertion here panics, and ../pool/src/fatal.c ends the run.
//!
//! The test's thread is more urgent than all workers, so what is submitted waits until the test does.

#![no_std]

mod complete;
mod event;
mod groups;
#[path = "../../common/kernel.rs"]
mod kernel;
mod task;

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::SeqCst};

use taskpool::{
    set_overrun_hook, About, Accepted, Cancel, Clock, Complete, ControlError, Ctx, DeferError, Duration, Instant, Job,
    OnEnd, Outcome, Overrun, Pool, Run, Shutdown, Status, Timeout, MAX_TICKS,
};
// For its panic handler.
use zephyr as _;

use kernel::{busy_wait_us, in_interrupt, is_in_interrupt, line_off, line_on, sleep};

/// zephyr-lang-rust's `main` would call it; the one of ztest is used here.
#[no_mangle]
extern "C" fn rust_main() {}

fn one() -> Pool {
    taskpool::c_pool!(one)
}
fn other() -> Pool {
    taskpool::c_pool!(other)
}

/// How often each outcome has been told.
struct Tally {
    done: AtomicU32,
    cancelled: AtomicU32,
    aborted: AtomicU32,
    timed_out: AtomicU32,
}

impl Tally {
    const fn new() -> Self {
        Tally {
            done: AtomicU32::new(0),
            cancelled: AtomicU32::new(0),
            aborted: AtomicU32::new(0),
            timed_out: AtomicU32::new(0),
        }
    }

    /// Done, cancelled, aborted, timed out.
    fn told(&self) -> [u32; 4] {
        [&self.done, &self.cancelled, &self.aborted, &self.timed_out].map(|counter| counter.load(SeqCst))
    }
}

impl Complete for Tally {
    fn complete(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Done(_) => &self.done,
            Outcome::Cancelled => &self.cancelled,
            Outcome::Aborted => &self.aborted,
            Outcome::TimedOut => &self.timed_out,
            other => panic!("{other:?}"),
        };
        counter.fetch_add(1, SeqCst);
    }
}

/// Remembers its deadline and when it ran.
struct Stamp {
    due: &'static AtomicI32,
    ran: &'static AtomicI32,
}

impl Run for Stamp {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        self.due.store(ctx.due().map_or(-1, |due| due as i32), SeqCst);
        self.ran.store(now(), SeqCst);
        0
    }
}

static DUE: AtomicI32 = AtomicI32::new(0);
static RAN: AtomicI32 = AtomicI32::new(0);
static STAMP: Job<Stamp> = Job::new(Stamp { due: &DUE, ran: &RAN });

fn now() -> i32 {
    Instant::now().as_ticks() as i32
}

/// Where the deferred job stands.
fn deadline() -> i32 {
    match STAMP.status() {
        Status::Deferred { deadline } => deadline as i32,
        status => panic!("{status:?}"),
    }
}

/// After each case: all workers are idle, and everything that was accepted has been counted once.
#[no_mangle]
extern "C" fn check_rest() {
    for pool in [one(), other(), task::eager()] {
        sleep(20);
        let found = pool.check();
        assert_eq!((found.queued, found.deferred, found.idle), (0, 0, found.workers));
        let stats = pool.stats();
        let over = stats.done + stats.cancelled + stats.aborted + stats.timed_out + stats.discarded;
        assert_eq!(stats.submitted, over, "{stats:?}");
    }
}

#[no_mangle]
extern "C" fn paused_with_the_clock_frozen() {
    one().submit_after(&STAMP, Duration::ticks(100)).unwrap();
    let first = deadline();
    sleep(20);
    let paused = now();
    one().pause(Clock::Frozen).unwrap();
    sleep(500);
    assert!(matches!(STAMP.status(), Status::Deferred { .. }), "its time stands");
    one().resume().unwrap();
    let (pause, moved) = (now() - paused, deadline());
    assert!(
        (0..=1).contains(&(first + pause - moved).abs()),
        "{first} was moved to {moved} by a pause of {pause}"
    );
    assert_eq!(STAMP.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(DUE.load(SeqCst), moved);
    assert!(RAN.load(SeqCst) >= moved, "early");
    assert!(RAN.load(SeqCst) <= moved + 20, "late");
}

#[no_mangle]
extern "C" fn paused_with_the_clock_running_on() {
    one().submit_after(&STAMP, Duration::ticks(100)).unwrap();
    let first = deadline();
    one().pause(Clock::RunsOn).unwrap();
    sleep(500);
    assert!(matches!(STAMP.status(), Status::Deferred { .. }));
    one().resume().unwrap();
    assert_eq!(STAMP.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(DUE.load(SeqCst), first);
    assert!(RAN.load(SeqCst) >= first + 400, "it ran in the pause");
}

#[no_mangle]
extern "C" fn submitted_into_a_pause() {
    static QUEUED: Job = Job::new(|_| ());
    one().pause(Clock::Frozen).unwrap();
    one().submit(&QUEUED).unwrap();
    sleep(50);
    one().submit_at(&STAMP, Instant::from_ticks(now() as u64 + 40)).unwrap();
    sleep(300);
    assert_eq!(QUEUED.status(), Status::Queued);
    let ahead = deadline() - now();
    assert!((38..=42).contains(&ahead), "{ahead} ahead");
    let resumed = now();
    one().resume().unwrap();
    assert_eq!(QUEUED.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(STAMP.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert!(RAN.load(SeqCst) >= resumed + 38, "early");
    // Another pool has another clock.
    let begin = now();
    one().pause(Clock::Frozen).unwrap();
    one().submit_after(&STAMP, Duration::ticks(20)).unwrap();
    assert_eq!(other().submit_after(&STAMP, Duration::ticks(20)), Ok(Accepted::Moved));
    assert_eq!(STAMP.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert!(RAN.load(SeqCst) >= begin + 20, "early");
    one().resume().unwrap();
}

static PAUSES: AtomicU32 = AtomicU32::new(0);

#[no_mangle]
extern "C" fn paused_by_interrupts() {
    fn pause_or_resume() {
        let paused = PAUSES.fetch_add(1, SeqCst) % 2 == 1;
        let answer = match paused {
            true => one().resume(),
            false => one().pause(Clock::Frozen),
        };
        assert_eq!(answer, Ok(()));
    }
    let begin = now();
    line_on(10, pause_or_resume);
    one().submit_after(&STAMP, Duration::ticks(200)).unwrap();
    assert_eq!(STAMP.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    line_off();
    if PAUSES.load(SeqCst) % 2 == 1 {
        in_interrupt(pause_or_resume);
    }
    // Half of the time did not count.
    let took = RAN.load(SeqCst) - begin;
    assert!((380..=440).contains(&took), "{took}");
    assert!(RAN.load(SeqCst) >= DUE.load(SeqCst), "early");
}

#[no_mangle]
extern "C" fn pause_is_refused() {
    assert_eq!(one().resume(), Err(ControlError::NotRunning));
    one().hold().unwrap();
    assert_eq!(one().pause(Clock::Frozen), Err(ControlError::NotRunning));
    one().release().unwrap();
    one().pause(Clock::Frozen).unwrap();
    assert_eq!(one().pause(Clock::RunsOn), Err(ControlError::NotRunning));
    assert_eq!(in_interrupt(|| one().resume()), Ok(()));
    assert_eq!(one().resume(), Err(ControlError::NotRunning));
}

#[no_mangle]
extern "C" fn aborted_before_it_runs() {
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static JOB: Job = Job::with_completion(|_: &Ctx<'_>| panic!("it runs"), &TALLY);
    assert_eq!(JOB.abort(), Cancel::Idle);
    one().submit(&JOB).unwrap();
    assert_eq!(JOB.abort(), Cancel::Cancelled);
    one().submit_after(&JOB, Duration::ticks(5)).unwrap();
    assert_eq!(JOB.abort(), Cancel::Cancelled);
    sleep(20);
    assert_eq!(JOB.outcome(), Some(Outcome::Aborted));
    assert_eq!(TALLY.told(), [0, 0, 2, 0]);
}

/// Runs until it sees that somebody wants it to end, or for so many ticks.
fn until_cancelled(ctx: &Ctx<'_>) {
    for _ in 0..1_000 {
        if ctx.cancelled() {
            return;
        }
        sleep(2);
    }
    panic!("nobody ended it");
}

#[no_mangle]
extern "C" fn aborted_while_it_runs() {
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static JOB: Job = Job::with_completion(until_cancelled as fn(&Ctx<'_>), &TALLY);
    one().submit(&JOB).unwrap();
    sleep(10);
    one().submit_after(&JOB, Duration::ticks(30)).unwrap();
    let found = Cancel::Running {
        resubmission_cancelled: true,
    };
    assert_eq!(JOB.abort(), found);
    assert_eq!(TALLY.told(), [0, 0, 1, 0], "the resubmission");
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Aborted));
    assert_eq!(TALLY.told(), [0, 0, 2, 0]);
    // The next run is one like any other.
    one().submit(&JOB).unwrap();
    sleep(10);
    JOB.cancel();
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(TALLY.told(), [1, 0, 2, 0]);
}

#[no_mangle]
extern "C" fn aborted_by_interrupts() {
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static JOB: Job = Job::with_completion(|_| kernel::busy_wait_us(150), &TALLY);
    line_on(7, || _ = JOB.abort());
    for round in 0..200_u32 {
        match round % 3 {
            0 => _ = one().submit(&JOB),
            1 => _ = one().submit_after(&JOB, Duration::ticks(u64::from(round % 5))),
            _ => _ = one().submit_within(&JOB, Duration::ticks(u64::from(round % 4))),
        }
        sleep(u64::from(round % 6));
    }
    line_off();
    _ = JOB.wait(Timeout::Forever);
    sleep(20);
    let told = TALLY.told();
    assert!(told[0] > 0 && told[2] > 0 && told[1] == 0, "{told:?}");
}

#[no_mangle]
extern "C" fn taken_in_time() {
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static JOB: Job<Stamp> = Job::with_completion(Stamp { due: &DUE, ran: &RAN }, &TALLY);
    one().submit_within(&JOB, Duration::ticks(10)).unwrap();
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(DUE.load(SeqCst), -1, "it was not deferred");
    in_interrupt(|| one().submit_within(&JOB, Duration::ticks(10))).unwrap();
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(TALLY.told(), [2, 0, 0, 0]);
}

#[no_mangle]
extern "C" fn taken_too_late() {
    static BUSY: Job = Job::new(|_| sleep(50));
    static TALLY: OnEnd<Tally> = OnEnd::new(Tally::new());
    static LATE: Job = Job::with_completion(|_: &Ctx<'_>| panic!("it runs"), &TALLY);
    static AFTER: Job = Job::new(|_| ());
    one().submit(&BUSY).unwrap();
    one().submit_within(&LATE, Duration::ticks(20)).unwrap();
    one().submit(&AFTER).unwrap();
    sleep(30);
    assert_eq!(
        (LATE.status(), TALLY.told()),
        (Status::Queued, [0; 4]),
        "nobody looks before its turn"
    );
    assert_eq!(LATE.wait(Timeout::Forever), Ok(Outcome::TimedOut));
    assert_eq!(AFTER.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(TALLY.told(), [0, 0, 0, 1]);
}

#[no_mangle]
extern "C" fn limit_stands_with_the_clock() {
    for (clock, outcome) in [(Clock::Frozen, Outcome::Done(0)), (Clock::RunsOn, Outcome::TimedOut)] {
        one().pause(clock).unwrap();
        one().submit_within(&STAMP, Duration::ticks(20)).unwrap();
        sleep(100);
        one().resume().unwrap();
        assert_eq!(STAMP.wait(Timeout::Forever), Ok(outcome));
    }
}

#[no_mangle]
extern "C" fn limit_is_refused() {
    let refused = one().submit_within(&STAMP, Duration::ticks(MAX_TICKS));
    assert_eq!(refused, Err(DeferError::OutOfRange));
    one().submit(&STAMP).unwrap();
    let refused = one().submit_within(&STAMP, Duration::ticks(1));
    assert_eq!(refused, Err(DeferError::AlreadyQueued));
    assert_eq!(STAMP.wait(Timeout::Forever), Ok(Outcome::Done(0)));
}

#[no_mangle]
extern "C" fn shutdown_without_waiting() {
    static BUSY: Job = Job::new(|_| sleep(50));
    other().submit(&BUSY).unwrap();
    sleep(5);
    let before = now();
    for _ in 0..20 {
        let answer = other().shutdown(Shutdown::Drain, Timeout::NoWait);
        assert_eq!(answer, Err(ControlError::TimedOut));
    }
    let took = now() - before;
    // A wait takes until the next tick at least.
    assert!(took < 20, "{took} ticks");
    assert_eq!(other().shutdown(Shutdown::Drain, Timeout::Forever), Ok(()));
    assert_eq!(BUSY.outcome(), Some(Outcome::Done(0)));
    assert_eq!(other().restart(), Ok(()));
}

static ABOUT: About = About::new(c"brief")
    .with_id(7)
    .with_budget(const { Duration::millis(2) })
    .with_watchdog(const { Duration::secs(1) });
static INSIDE: AtomicBool = AtomicBool::new(false);
static TOLD: AtomicU32 = AtomicU32::new(0);

/// The line of the submission.
static SUBMITTED: AtomicU32 = AtomicU32::new(0);

/// The hook, in the clock interrupt.
fn note_overrun(overrun: &Overrun) {
    assert!(is_in_interrupt());
    assert!(INSIDE.load(SeqCst), "the job still runs");
    assert_eq!(overrun.name(), Some(c"brief"));
    assert_eq!((overrun.id(), overrun.control_point(), overrun.worker()), (7, 11, 0));
    assert_eq!(overrun.budget(), Duration::ticks(20));
    let elapsed = overrun.elapsed().as_ticks();
    assert!((21..40).contains(&elapsed), "{elapsed} ticks");
    assert_eq!(overrun.submitted_at().unwrap().line(), SUBMITTED.load(SeqCst));
    TOLD.fetch_add(1, SeqCst);
}

/// As many submitters have, a function that is not what it reports.
#[track_caller]
fn submit_for_somebody(job: &'static Job) {
    one().submit(job).unwrap();
}

#[no_mangle]
extern "C" fn submissions_have_sites() {
    static JOB: Job = Job::new(|_| ());
    static LATER: Job = Job::new(|_| ());

    fn at() -> (&'static str, u32) {
        let site = JOB.submitted_at().unwrap();
        (site.file(), site.line())
    }

    assert_eq!(JOB.submitted_at(), None);
    one().submit_after(&JOB, Duration::ticks(1_000)).unwrap();
    assert_eq!(at(), (file!(), line!() - 1));
    one().submit(&JOB).unwrap();
    assert_eq!(at(), (file!(), line!() - 1));
    let accepted = at();
    assert!(one().submit(&JOB).is_err());
    assert!(one().submit_after(&JOB, Duration::ticks(1)).is_err());
    assert_eq!(at(), accepted, "refused");
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(at(), accepted, "after its run, too");
    submit_for_somebody(&JOB);
    assert_eq!(at(), (file!(), line!() - 1));
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    in_interrupt(|| _ = one().submit(&LATER));
    assert_eq!(LATER.submitted_at().unwrap().line(), line!() - 1);
    assert_eq!(LATER.wait(Timeout::Forever), Ok(Outcome::Done(0)));
}

#[no_mangle]
extern "C" fn overrun_while_it_runs() {
    static SLOW: Job = Job::with_about(
        |ctx| {
            INSIDE.store(true, SeqCst);
            ctx.set_control_point(11);
            busy_wait_us(5_000);
            assert_eq!(TOLD.load(SeqCst), 1);
            ctx.set_control_point(12);
            busy_wait_us(5_000);
            INSIDE.store(false, SeqCst);
        },
        &ABOUT,
    );
    set_overrun_hook(note_overrun);
    TOLD.store(0, SeqCst);
    SUBMITTED.store(line!() + 1, SeqCst);
    one().submit(&SLOW).unwrap();
    assert_eq!(SLOW.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    sleep(100);
    assert_eq!(TOLD.load(SeqCst), 1);
}

#[no_mangle]
extern "C" fn within_the_budget() {
    static QUICK: Job = Job::with_about(
        |ctx| {
            ctx.set_control_point(1);
            busy_wait_us(1_500);
            assert_eq!(ctx.control_point(), 1);
        },
        &ABOUT,
    );
    set_overrun_hook(note_overrun);
    TOLD.store(0, SeqCst);
    one().submit(&QUICK).unwrap();
    assert_eq!(QUICK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    sleep(100);
    assert_eq!(TOLD.load(SeqCst), 0);
}

static STUCK: AtomicU32 = AtomicU32::new(0);

/// A watchdog was not fed.
#[no_mangle]
extern "C" fn note_stuck(without_words: bool, control_point: u32) {
    assert!(is_in_interrupt() && without_words && control_point == 2);
    STUCK.fetch_add(1, SeqCst);
}

#[no_mangle]
extern "C" fn watchdog_without_a_word_about_it() {
    static FED: Job = Job::new(|ctx| {
        for _ in 0..4 {
            busy_wait_us(60_000);
            ctx.feed();
        }
    });
    static HANGS: Job = Job::new(|ctx| {
        ctx.set_control_point(2);
        busy_wait_us(150_000);
    });
    STUCK.store(0, SeqCst);
    one().submit(&FED).unwrap();
    assert_eq!(FED.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    sleep(2_000);
    assert_eq!(STUCK.load(SeqCst), 0);
    one().submit(&HANGS).unwrap();
    assert_eq!(HANGS.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(STUCK.load(SeqCst), 1);
}
