//! Pools that are made at run time, on threads of the standard library. They share one reserve, so these tests take turns.

#[expect(dead_code, reason = "other tests need the rest")]
mod common;

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time;

use common::{eventually, gated, hear};
use taskpool::{
    check_reserve, leak_pool, Complete, ControlError, CreateError, Ctx, DeferError, Duration, Job, OnEnd, Outcome,
    PoolMemory, Shutdown, SubmitError, Timeout, CONFIG,
};

fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn memory_makes_one_pool_after_the_other() {
    static SPARE: PoolMemory = PoolMemory::new();
    static JOB: Job = Job::new(|_| ());
    static LATER: Job = Job::new(|_| ());
    let _turn = turn();
    for (max, priority) in [(1, 7), (127, -16), (2, 14)] {
        let pool = SPARE.create(c"spare", max, priority).unwrap();
        assert_eq!(SPARE.create(c"other", 1, 7), Err(CreateError::InUse));
        assert_eq!((pool.check().max, pool.check().workers), (max, 0));
        pool.submit(&JOB).unwrap();
        assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
        pool.submit_after(&LATER, Duration::secs(1000)).unwrap();
        assert_eq!(pool.shutdown(Shutdown::Drain, Timeout::Forever), Ok(()));
        assert_eq!(LATER.outcome(), Some(Outcome::Discarded));
        assert_eq!(pool.submit(&JOB), Err(SubmitError::NotRunning));
        assert_eq!(pool.hold(), Err(ControlError::NotRunning));
    }
    eventually("the worker goes back", || check_reserve() == CONFIG.reserve_threads);
}

#[test]
fn create_says_what_is_wrong() {
    static SPARE: PoolMemory = PoolMemory::new();
    for (max, priority, error) in [
        (0, 7, CreateError::OutOfRange),
        (128, 7, CreateError::OutOfRange),
        (1, 128, CreateError::NoSuchPriority),
        (1, -129, CreateError::NoSuchPriority),
    ] {
        assert_eq!(SPARE.create(c"spare", max, priority), Err(error));
        assert!(error.to_string().contains(": "), "{error}");
    }
}

#[test]
fn a_pool_in_line_is_discarded_at_once_and_drained_later() {
    static SPARE: PoolMemory = PoolMemory::new();
    static JOBS: [Job; 3] = [const { Job::new(|_| ()) }; 3];
    let _turn = turn();
    for how in [Shutdown::Discard, Shutdown::Drain] {
        let busy = leak_pool("busy", 1, 2).unwrap();
        let gates = [gated(), gated()];
        for (job, hears, _) in &gates {
            busy.submit(job).unwrap();
            hear(hears);
        }
        assert_eq!(check_reserve(), 0);
        let pool = SPARE.create(c"spare", 2, 7).unwrap();
        for job in &JOBS {
            pool.submit(job).unwrap();
        }
        assert!(pool.check().in_line);
        let first = pool.shutdown(how, Timeout::NoWait);
        let expected = match how {
            Shutdown::Discard => Outcome::Discarded,
            Shutdown::Drain => Outcome::Done(0),
        };
        match how {
            Shutdown::Discard => assert_eq!(first, Ok(())),
            Shutdown::Drain => assert_eq!(first, Err(ControlError::TimedOut)),
        }
        for (_, _, go) in &gates {
            go.send(()).unwrap();
        }
        assert_eq!(pool.shutdown(how, Timeout::Forever), Ok(()));
        for job in &JOBS {
            assert_eq!(job.outcome(), Some(expected));
        }
        busy.shutdown(Shutdown::Drain, Timeout::Forever).unwrap();
        eventually("the worker goes back", || check_reserve() == CONFIG.reserve_threads);
    }
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

/// Two threads make and shut down pools, others submit to whatever is there, and cancel.
#[test]
fn every_submission_has_its_outcome_while_pools_come_and_go() {
    static LEDGER: OnEnd<Ledger> = OnEnd::new(Ledger {
        done: AtomicU32::new(0),
        discarded: AtomicU32::new(0),
        cancelled: AtomicU32::new(0),
    });
    static JOBS: [Job; 16] = [const { Job::with_completion((|_| ()) as fn(&Ctx<'_>), &LEDGER) }; 16];
    static SPARE: [PoolMemory; 2] = [const { PoolMemory::new() }; 2];
    const ROUNDS: u32 = 150;

    let _turn = turn();
    let pools = [0, 1].map(|index| SPARE[index].create(c"spare", 1, 7).unwrap());
    let (mut accepted, mut refused) = (0, 0);
    thread::scope(|scope| {
        let makers: Vec<_> = (0..2)
            .map(|index| {
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        thread::sleep(time::Duration::from_micros(u64::from(round * 37 % 900)));
                        let how = if round % 3 == 0 {
                            Shutdown::Drain
                        } else {
                            Shutdown::Discard
                        };
                        pools[index].shutdown(how, Timeout::Forever).unwrap();
                        SPARE[index].create(c"spare", 1 + (round % 3) as u8, 7).unwrap();
                    }
                })
            })
            .collect();
        let mut round = 0_usize;
        while !makers.iter().all(|maker| maker.is_finished()) {
            round += 1;
            let job = &JOBS[round * 7 % JOBS.len()];
            match pools[round % 2].submit_after(job, Duration::ticks((round % 4) as u64)) {
                Ok(taskpool::Accepted::Moved) | Err(DeferError::AlreadyQueued) => {}
                Ok(_) => accepted += 1,
                Err(error) => {
                    assert_eq!(error, DeferError::NotRunning);
                    refused += 1;
                }
            }
            if round % 11 == 0 {
                JOBS[round % JOBS.len()].cancel();
            }
        }
    });
    for pool in pools {
        pool.shutdown(Shutdown::Drain, Timeout::Forever).unwrap();
    }
    let told = [&LEDGER.done, &LEDGER.discarded, &LEDGER.cancelled].map(|count| count.load(SeqCst));
    assert_eq!(
        told.iter().sum::<u32>(),
        accepted,
        "done, discarded, cancelled: {told:?}"
    );
    assert!(
        told.iter().all(|count| *count > 0),
        "done, discarded, cancelled: {told:?}"
    );
    assert!(refused > 0);
    eventually("the worker goes back", || check_reserve() == CONFIG.reserve_threads);
}
