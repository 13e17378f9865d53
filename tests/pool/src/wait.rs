//! Waiting for jobs.

use core::sync::atomic::{AtomicI32, Ordering::SeqCst};

use taskpool::{Accepted, Cancel, Ctx, Instant, Job, Outcome, Pool, Run, Status, Timeout, WaitError};

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

/// What one worker has to run before the job has run when the wait for it ends, and what comes behind it has not.
#[no_mangle]
extern "C" fn wait_ends_in_order() {
    static PROBES: [Probe; 4] = [const { Probe::open() }; 4];
    static JOBS: [Job<Held>; 4] = [
        Held::job(&PROBES[0]),
        Held::job(&PROBES[1]),
        Held::job(&PROBES[2]),
        Held::job(&PROBES[3]),
    ];

    for job in &JOBS {
        assert!(one().submit(job).is_ok());
    }
    assert_eq!(JOBS[2].wait(Timeout::Forever), Ok(Outcome::Done(1)));
    // The test is more urgent than the worker: it went on at once.
    assert_eq!(PROBES.each_ref().map(Probe::ended), [1, 1, 1, 0]);
    assert_eq!(JOBS[3].wait(Timeout::Forever), Ok(Outcome::Done(1)));
}

#[no_mangle]
extern "C" fn cancel_does_not_wait_for_what_has_not_begun() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    let begin = now();
    assert!(one().submit(&JOB).is_ok());
    assert_eq!(JOB.cancel_and_wait(Timeout::Forever), Ok(Outcome::Cancelled));
    assert!(one().submit_after(&JOB, ticks(1_000)).is_ok());
    assert_eq!(JOB.cancel_and_wait(Timeout::Forever), Ok(Outcome::Cancelled));
    assert!(now() < begin + 500);
    assert_eq!((JOB.status(), PROBE.begun()), (Status::Idle, 0));
    // It is as good as new.
    assert!(one().submit_after(&JOB, ticks(5)).is_ok());
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(1)));
}

#[no_mangle]
extern "C" fn cancel_waits_for_a_deferred_job_that_has_begun() {
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);
    static LATER: Job = Job::new(|_| PROBE.let_go());

    assert!(one().submit_after(&JOB, ticks(5)).is_ok());
    PROBE.wait_begun(1);
    assert!(several().submit_after(&LATER, ticks(50)).is_ok());
    assert_eq!(JOB.cancel_and_wait(Timeout::Forever), Ok(Outcome::Done(1)));
    assert_eq!((PROBE.ended(), PROBE.was_cancelled()), (1, true));
    wait_idle(&LATER);
}

/// Everybody who cancels a running job and waits for it goes on when it ends.
#[no_mangle]
extern "C" fn several_threads_cancel_and_wait() {
    struct Cancels;
    impl Run for Cancels {
        fn run(&mut self, _: &Ctx<'_>) -> i32 {
            match JOB.cancel_and_wait(Timeout::Forever) {
                Ok(Outcome::Done(code)) => code,
                _ => -1,
            }
        }
    }
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);
    static CANCELLING: [Job<Cancels>; 3] = [const { Job::new(Cancels) }; 3];

    assert!(one().submit(&JOB).is_ok());
    PROBE.wait_begun(1);
    for job in &CANCELLING {
        assert!(several().submit(job).is_ok());
    }
    kernel::sleep(10);
    assert_eq!(look(several()).idle, 0, "all of them wait");
    PROBE.let_go();
    assert_eq!(JOB.cancel_and_wait(Timeout::Forever), Ok(Outcome::Done(1)));
    for job in &CANCELLING {
        assert_eq!(job.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    }
    assert_eq!(PROBE.begun(), 1);
}

#[no_mangle]
extern "C" fn job_cancels_itself() {
    static RUNS: Counter = Counter::new();
    static JOB: Job = Job::new(|ctx| {
        RUNS.add();
        assert!(!ctx.cancelled(), "nobody has cancelled this run yet");
        assert_eq!(
            JOB.cancel(),
            Cancel::Running {
                resubmission_cancelled: false
            }
        );
        assert!(ctx.cancelled());
        assert_eq!(Pool::of(ctx).submit_after(&JOB, ticks(5)), Ok(Accepted::Again));
        assert_eq!(
            JOB.cancel(),
            Cancel::Running {
                resubmission_cancelled: true
            }
        );
    });

    for run in 1..=2 {
        assert!(one().submit(&JOB).is_ok());
        assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
        kernel::sleep(20);
        assert_eq!((RUNS.get(), JOB.status()), (run, Status::Idle));
    }
}

/// A worker that waits lets less urgent threads run; what is behind it in its pool waits with it.
#[no_mangle]
extern "C" fn job_waits_for_a_less_urgent_one() {
    static PROBE: Probe = Probe::shut();
    static SLOW: Job<Held> = Held::job(&PROBE);
    static BEHIND_PROBE: Probe = Probe::open();
    static BEHIND: Job<Held> = Held::job(&BEHIND_PROBE);
    struct Urgent;
    impl Run for Urgent {
        fn run(&mut self, _: &Ctx<'_>) -> i32 {
            assert!(one().submit(&SLOW).is_ok());
            match SLOW.wait(Timeout::Forever) {
                Ok(Outcome::Done(code)) => code + 10,
                _ => -1,
            }
        }
    }
    static URGENT: Job<Urgent> = Job::new(Urgent);

    // It preempts this thread, and waits.
    assert!(eager().submit(&URGENT).is_ok());
    assert!(matches!(URGENT.status(), Status::Running { .. }));
    assert!(eager().submit(&BEHIND).is_ok());
    PROBE.wait_begun(1);
    assert_eq!((BEHIND.status(), BEHIND_PROBE.begun()), (Status::Queued, 0));
    PROBE.let_go();
    assert_eq!(URGENT.wait(Timeout::Forever), Ok(Outcome::Done(11)));
    assert_eq!(BEHIND.wait(Timeout::Forever), Ok(Outcome::Done(1)));
}
