//! Waiting for jobs.

use core::sync::atomic::{AtomicI32, Ordering::SeqCst};

use taskpool::{Ctx, Instant, Job, Outcome, Pool, Run, Timeout, WaitError};

use crate::kernel::{self, in_interrupt};
use crate::tools::*;

/// Answers the number of the run.
struct Numbered(i32);

impl Run for Numbered {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        self.0 += 1;
        self.0
    }
}

const fn after(span: u64) -> Timeout {
    Timeout::After(ticks(span))
}

#[no_mangle]
extern "C" fn wait_for_each_state() {
    static JOB: Job<Numbered> = Job::new(Numbered(0));
    static PROBE: Probe = Probe::shut();
    static HELD: Job<Held> = Held::job(&PROBE);

    assert_eq!(JOB.wait(Timeout::Forever), Err(WaitError::NeverSubmitted));
    assert_eq!(JOB.outcome(), None);
    // Queued, Deferred, Idle.
    assert!(one().submit(&JOB).is_ok());
    assert_eq!(JOB.outcome(), None);
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    let deadline = Instant::now() + ticks(30);
    assert!(one().submit_at(&JOB, deadline).is_ok());
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(2)));
    assert!(Instant::now() >= deadline);
    assert_eq!(JOB.wait(Timeout::NoWait), Ok(Outcome::Done(2)));
    assert_eq!(JOB.outcome(), Some(Outcome::Done(2)));
    assert!(one().submit_at(&JOB, deadline + ticks(1_000)).is_ok());
    JOB.cancel();
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Cancelled));
    // Running.
    assert!(one().submit(&HELD).is_ok());
    kernel::sleep(2);
    assert_eq!(HELD.wait(after(5)), Err(WaitError::TimedOut));
    PROBE.let_go();
    assert_eq!(
        HELD.wait(Timeout::Forever),
        Ok(Outcome::Done(1)),
        "the number of its runs"
    );
}

#[no_mangle]
extern "C" fn wait_times_out() {
    static JOB: Job<Numbered> = Job::new(Numbered(0));

    let begin = now();
    assert!(one().submit_after(&JOB, ticks(200)).is_ok());
    assert_eq!(JOB.wait(Timeout::NoWait), Err(WaitError::TimedOut));
    assert_eq!(JOB.wait(after(20)), Err(WaitError::TimedOut));
    assert!(now() > begin + 20);
    let until = Instant::from_ticks(begin + 60);
    assert_eq!(JOB.wait(Timeout::At(until)), Err(WaitError::TimedOut));
    assert!(Instant::now() >= until);
    assert_eq!(JOB.wait(Timeout::At(until)), Err(WaitError::TimedOut), "it has passed");
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    assert!(now() > begin + 200);
}

#[no_mangle]
extern "C" fn wait_is_refused() {
    static INNER: Job<Numbered> = Job::new(Numbered(0));
    static OUTER: Job<Inside> = Job::new(Inside);
    struct Inside;
    impl Run for Inside {
        fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
            assert!(Pool::of(ctx).submit(&INNER).is_ok());
            assert_eq!(INNER.wait(Timeout::Forever), Err(WaitError::OnWorker));
            assert_eq!(INNER.wait(Timeout::NoWait), Err(WaitError::TimedOut));
            assert_eq!(OUTER.wait(after(100)), Err(WaitError::OnWorker));
            assert_eq!(OUTER.cancel_and_wait(Timeout::Forever), Err(WaitError::OnWorker));
            assert!(!ctx.cancelled(), "nothing has changed");
            7
        }
    }

    // The pool's own worker, and one of the reserve.
    for _ in 0..2 {
        assert!(grow().submit(&OUTER).is_ok());
        assert_eq!(
            in_interrupt(|| OUTER.wait(Timeout::Forever)),
            Err(WaitError::InInterrupt)
        );
        assert_eq!(in_interrupt(|| OUTER.wait(Timeout::NoWait)), Err(WaitError::TimedOut));
        assert_eq!(OUTER.wait(Timeout::Forever), Ok(Outcome::Done(7)));
        assert!(matches!(INNER.wait(Timeout::Forever), Ok(Outcome::Done(_))));
    }
    assert_eq!(in_interrupt(|| OUTER.wait(Timeout::Forever)), Ok(Outcome::Done(7)));
    assert_eq!(in_interrupt(|| OUTER.outcome()), Some(Outcome::Done(7)));
    assert!(one().submit_after(&OUTER, ticks(1_000)).is_ok());
    assert_eq!(
        in_interrupt(|| OUTER.cancel_and_wait(Timeout::Forever)),
        Ok(Outcome::Cancelled)
    );
}

/// Waits for the job, on a worker of another pool.
struct Waits(&'static Job<Numbered>, Timeout);

static LET_GO: AtomicI32 = AtomicI32::new(0);

impl Run for Waits {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        match self.0.wait(self.1) {
            Ok(Outcome::Done(code)) => {
                LET_GO.fetch_add(1, SeqCst);
                code
            }
            Ok(_) => -1,
            Err(WaitError::TimedOut) => -2,
            Err(_) => -3,
        }
    }
}

#[no_mangle]
extern "C" fn several_threads_wait() {
    static JOB: Job<Numbered> = Job::new(Numbered(40));
    static WAITING: [Job<Waits>; 3] = [const { Job::new(Waits(&JOB, Timeout::Forever)) }; 3];

    assert!(one().submit_after(&JOB, ticks(50)).is_ok());
    for job in &WAITING {
        assert!(several().submit(job).is_ok());
    }
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(41)));
    for job in &WAITING {
        assert_eq!(job.wait(Timeout::Forever), Ok(Outcome::Done(41)));
    }
    assert_eq!(LET_GO.load(SeqCst), 3);

    // Cancelling lets them go, too, from an interrupt.
    assert!(one().submit_after(&JOB, ticks(500)).is_ok());
    for job in &WAITING {
        assert!(several().submit(job).is_ok());
    }
    kernel::sleep(5);
    in_interrupt(|| JOB.cancel());
    for job in &WAITING {
        assert_eq!(job.wait(Timeout::Forever), Ok(Outcome::Done(-1)));
    }
}

#[no_mangle]
extern "C" fn waiters_have_times_of_their_own() {
    static JOB: Job<Numbered> = Job::new(Numbered(0));
    static WAITING: [Job<Waits>; 3] = [
        Job::new(Waits(&JOB, after(30))),
        Job::new(Waits(&JOB, after(10))),
        Job::new(Waits(&JOB, Timeout::Forever)),
    ];

    assert!(one().submit_after(&JOB, ticks(80)).is_ok());
    for job in &WAITING {
        assert!(several().submit(job).is_ok());
    }
    let outcomes = WAITING.each_ref().map(|job| job.wait(Timeout::Forever));
    assert_eq!(outcomes, [-2, -2, 1].map(|code| Ok(Outcome::Done(code))));
}

#[no_mangle]
extern "C" fn cancel_waits_for_the_run() {
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);

    assert!(one().submit(&JOB).is_ok());
    assert_eq!(JOB.cancel_and_wait(Timeout::Forever), Ok(Outcome::Cancelled));
    assert!(one().submit(&JOB).is_ok());
    kernel::sleep(2);
    assert!(one().submit(&JOB).is_ok(), "once more after this run");
    assert_eq!(JOB.cancel_and_wait(after(5)), Err(WaitError::TimedOut));
    PROBE.let_go();
    assert_eq!(
        JOB.cancel_and_wait(Timeout::Forever),
        Ok(Outcome::Done(1)),
        "the number of its runs"
    );
    assert_eq!((PROBE.ended(), PROBE.was_cancelled()), (1, true));
}

/// The end of the job meets the end of the waiter's time.
#[no_mangle]
extern "C" fn ends_meet_timeouts() {
    static JOB: Job<Numbered> = Job::new(Numbered(0));

    let mut timed_out = 0;
    for round in 0..400 {
        assert!(one().submit_after(&JOB, ticks(1 + round % 3)).is_ok());
        let outcome = match JOB.wait(after(round / 3 % 4)) {
            Err(WaitError::TimedOut) => {
                timed_out += 1;
                JOB.wait(Timeout::Forever)
            }
            outcome => outcome,
        };
        assert_eq!(outcome, Ok(Outcome::Done(round as i32 + 1)));
    }
    assert!(timed_out > 0, "no time was ever up");
}
