//! Holding and shutting down pools, on threads of the standard library.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time;

use taskpool::{leak_pool, Complete, ControlError, Duration, Job, OnEnd, Outcome, Shutdown, SubmitError, Timeout};

#[test]
fn a_held_pool_runs_what_came_when_it_is_released() {
    static JOBS: [Job; 5] = [const {
        Job::new(|_| {
            RUNS.fetch_add(1, SeqCst);
        })
    }; 5];
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let pool = leak_pool("held", 2, 3).unwrap();
    pool.hold().unwrap();
    assert_eq!(pool.hold(), Err(ControlError::NotRunning));
    for job in &JOBS {
        pool.submit(job).unwrap();
    }
    thread::sleep(time::Duration::from_millis(20));
    assert_eq!(RUNS.load(SeqCst), 0);
    pool.release().unwrap();
    for job in &JOBS {
        assert_eq!(job.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    }
    assert_eq!(RUNS.load(SeqCst), 5);
}

/// Counts outcomes.
#[derive(Default)]
struct Ledger {
    done: AtomicU32,
    discarded: AtomicU32,
    cancelled: AtomicU32,
}

impl Complete for Ledger {
    fn complete(&self, outcome: Outcome) {
        match outcome {
            Outcome::Done(_) => &self.done,
            Outcome::Discarded => &self.discarded,
            _ => &self.cancelled,
        }
        .fetch_add(1, SeqCst);
    }
}

/// Threads submit for as long as the pool takes it; others shut it down and start it again.
#[test]
fn every_submission_has_its_outcome_through_shutdowns_and_restarts() {
    static LEDGER: OnEnd<Ledger> = OnEnd::new(Ledger {
        done: AtomicU32::new(0),
        discarded: AtomicU32::new(0),
        cancelled: AtomicU32::new(0),
    });
    static JOBS: [Job; 16] = [const { Job::with_completion((|_| ()) as fn(&taskpool::Ctx<'_>), &LEDGER) }; 16];
    static ACCEPTED: AtomicU32 = AtomicU32::new(0);
    static STOP: AtomicU32 = AtomicU32::new(0);

    let pool = leak_pool("closing", 2, 3).unwrap();
    let submitters: Vec<_> = (0..4)
        .map(|who| {
            thread::spawn(move || {
                let mut n = who;
                while STOP.load(SeqCst) == 0 {
                    n = (n * 7 + 3) % 16;
                    let accepted = match n % 4 {
                        0 => pool.submit_after(&JOBS[n], Duration::ticks(n as u64)).map_err(|_| ()),
                        _ => pool.submit(&JOBS[n]).map_err(|_| ()),
                    };
                    if let Ok(taskpool::Accepted::New | taskpool::Accepted::Again) = accepted {
                        ACCEPTED.fetch_add(1, SeqCst);
                    }
                    if n == 5 {
                        JOBS[(n + who) % 16].cancel();
                    }
                    // The lock is a fair one on no host: without this, four submitters can keep everybody else from it.
                    thread::sleep(time::Duration::from_micros(20));
                }
            })
        })
        .collect();
    for round in 0..200 {
        thread::sleep(time::Duration::from_micros(300));
        let how = [Shutdown::Drain, Shutdown::Discard][round % 2];
        let other = thread::spawn(move || pool.shutdown(how, Timeout::Forever));
        assert_eq!(pool.shutdown(how, Timeout::Forever), Ok(()));
        assert_eq!(other.join().unwrap(), Ok(()));
        assert_eq!(pool.submit(&JOBS[0]), Err(SubmitError::NotRunning));
        for job in &JOBS {
            assert_eq!(job.status(), taskpool::Status::Idle);
        }
        pool.restart().unwrap();
    }
    STOP.store(1, SeqCst);
    for submitter in submitters {
        submitter.join().unwrap();
    }
    pool.shutdown(Shutdown::Drain, Timeout::Forever).unwrap();
    let told = LEDGER.done.load(SeqCst) + LEDGER.discarded.load(SeqCst) + LEDGER.cancelled.load(SeqCst);
    assert_eq!(told, ACCEPTED.load(SeqCst));
    assert!(LEDGER.done.load(SeqCst) > 0 && LEDGER.discarded.load(SeqCst) > 0);
}
