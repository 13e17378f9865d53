//! Waiting for jobs, on threads of the standard library.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time;

use taskpool::{leak_pool, Ctx, Duration, Instant, Job, Outcome, Pool, Run, Timeout, WaitError};

fn pool() -> Pool {
    leak_pool("waits", 2, 2).unwrap()
}

/// Answers how often it has run, after a while.
struct Slow(i32);

impl Run for Slow {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        for _ in 0..20 {
            if ctx.cancelled() {
                return -1;
            }
            thread::sleep(time::Duration::from_millis(1));
        }
        self.0 += 1;
        self.0
    }
}

#[test]
fn threads_wait_for_one_job() {
    static JOB: Job<Slow> = Job::new(Slow(0));
    let pool = pool();
    assert_eq!(JOB.wait(Timeout::Forever), Err(WaitError::NeverSubmitted));
    pool.submit(&JOB).unwrap();
    assert_eq!(JOB.wait(Timeout::NoWait), Err(WaitError::TimedOut));
    let waiters: Vec<_> = (0..8).map(|_| thread::spawn(|| JOB.wait(Timeout::Forever))).collect();
    for waiter in waiters {
        assert_eq!(waiter.join().unwrap(), Ok(Outcome::Done(1)));
    }
    assert_eq!(JOB.outcome(), Some(Outcome::Done(1)));
}

#[test]
fn a_waiter_has_its_time() {
    static JOB: Job<Slow> = Job::new(Slow(0));
    let pool = pool();
    pool.submit_after(&JOB, Duration::millis(200)).unwrap();
    let begin = Instant::now();
    assert_eq!(JOB.wait(Timeout::After(Duration::millis(20))), Err(WaitError::TimedOut));
    assert!(begin.elapsed() >= Duration::millis(20));
    assert_eq!(
        JOB.wait(Timeout::At(begin + Duration::millis(30))),
        Err(WaitError::TimedOut)
    );
    assert!(begin.elapsed() >= Duration::millis(30));
    assert_eq!(JOB.cancel_and_wait(Timeout::Forever), Ok(Outcome::Cancelled));
}

#[test]
fn a_run_is_cancelled_and_waited_for() {
    static JOB: Job<Slow> = Job::new(Slow(0));
    let pool = pool();
    for _ in 0..20 {
        pool.submit(&JOB).unwrap();
        let outcome = JOB.cancel_and_wait(Timeout::Forever).unwrap();
        assert!(matches!(outcome, Outcome::Cancelled | Outcome::Done(-1)), "{outcome:?}");
        assert_eq!(JOB.outcome(), Some(outcome));
    }
}

#[test]
fn a_job_does_not_wait_for_its_own_pool() {
    static INNER: Job<Slow> = Job::new(Slow(0));
    static OUTER: Job = Job::new(|ctx| {
        let pool = Pool::of(ctx);
        pool.submit(&INNER).unwrap();
        assert_eq!(INNER.wait(Timeout::Forever), Err(WaitError::OnWorker));
        assert_eq!(OUTER.wait(Timeout::Forever), Err(WaitError::OnWorker));
        REFUSED.fetch_add(1, SeqCst);
    });
    static REFUSED: AtomicU32 = AtomicU32::new(0);
    pool().submit(&OUTER).unwrap();
    assert_eq!(OUTER.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(REFUSED.load(SeqCst), 1);
    assert_eq!(INNER.wait(Timeout::Forever), Ok(Outcome::Done(1)));
}

/// Waiters and their jobs meet at every moment: a signal is never lost, and none comes too early.
#[test]
fn ends_race_with_waiters_whose_time_is_up() {
    static JOB: Job = Job::new(|_| {
        RUNS.fetch_add(1, SeqCst);
    });
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let pool = pool();
    let mut timed_out = 0;
    for round in 0..2_000 {
        pool.submit_after(&JOB, Duration::ticks(round % 3)).unwrap();
        match JOB.wait(Timeout::After(Duration::ticks(round % 4))) {
            Ok(outcome) => assert_eq!(outcome, Outcome::Done(0)),
            Err(error) => {
                assert_eq!(error, WaitError::TimedOut);
                timed_out += 1;
                assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
            }
        }
        assert_eq!(u64::from(RUNS.load(SeqCst)), round + 1);
    }
    assert!(timed_out > 0, "no time was ever up");
}
