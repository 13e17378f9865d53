//! The host port's reserve: one worker that all pools of this process share, so these tests take turns.

mod common;

use std::sync::{mpsc, Mutex, MutexGuard, PoisonError};

use common::{counted, eventually, gated, hear};
use taskpool::{check_reserve, leak_pool, Accepted, Duration, Job, Pool, Run, Status, CONFIG};

static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A pool with one worker of its own, which waits, and room for more; the reserve is full.
fn pool(name: &str, max: u8) -> Pool {
    let pool = leak_pool(name, 1, max).expect("counts that are in order");
    // Before its worker waits, a job would borrow another.
    eventually("the worker waits", || pool.check().idle == 1);
    eventually("the reserve is full", || check_reserve() == CONFIG.reserve_threads);
    pool
}

type Gate<T> = (&'static Job<T>, mpsc::Receiver<String>, mpsc::Sender<()>);

/// Submits the second job when the first one runs, and answers who runs them.
fn run_both<A: Run, B: Run>(pool: Pool, (first, second): (&Gate<A>, &Gate<B>)) -> [String; 2] {
    assert_eq!(pool.submit(first.0), Ok(Accepted::New));
    let own = hear(&first.1);
    assert_eq!(pool.submit(second.0), Ok(Accepted::New));
    [own, hear(&second.1)]
}

#[test]
fn a_busy_pool_borrows_a_worker_and_gives_it_back() {
    let _turn = turn();
    let pool = pool("grows", 2);
    for _ in 0..3 {
        let gates = [gated(), gated()];
        assert_eq!(run_both(pool, (&gates[0], &gates[1])), ["grows.w0", "taskpool.r0"]);
        assert_eq!((pool.check().workers, check_reserve()), (2, 0));
        for (job, _, go) in &gates {
            go.send(()).unwrap();
            eventually("the job ends", || job.status() == Status::Idle);
        }
        eventually("the worker goes back", || {
            check_reserve() == 1 && pool.check().workers == 1
        });
        eventually("the own worker waits", || pool.check().idle == 1);
    }
}

#[test]
fn a_pool_does_not_grow_past_its_maximum() {
    let _turn = turn();
    let narrow = pool("narrow", 1);
    let gates = [gated(), gated()];
    for (job, ..) in &gates {
        narrow.submit(job).unwrap();
    }
    assert_eq!(hear(&gates[0].1), "narrow.w0");
    assert_eq!(
        (narrow.check().workers, narrow.check().queued, check_reserve()),
        (1, 1, 1)
    );
    gates[0].2.send(()).unwrap();
    assert_eq!(hear(&gates[1].1), "narrow.w0");
    gates[1].2.send(()).unwrap();
    eventually("the jobs end", || {
        gates.iter().all(|(job, ..)| job.status() == Status::Idle)
    });
}

#[test]
fn a_pool_that_finds_the_reserve_empty_gets_the_worker_when_it_comes_back() {
    let _turn = turn();
    let (first, second) = (pool("first", 2), pool("second", 2));
    let held = [gated(), gated()];
    assert_eq!(run_both(first, (&held[0], &held[1])), ["first.w0", "taskpool.r0"]);
    let waiting = [gated(), gated()];
    for (job, ..) in &waiting {
        second.submit(job).unwrap();
    }
    assert_eq!(hear(&waiting[0].1), "second.w0");
    assert!(second.check().in_line);
    // The borrowed worker of the first pool goes on to the second.
    held[1].2.send(()).unwrap();
    assert_eq!(hear(&waiting[1].1), "taskpool.r0");
    assert!(!second.check().in_line);
    held[0].2.send(()).unwrap();
    for (_, _, go) in &waiting {
        go.send(()).unwrap();
    }
    eventually("the worker goes back", || check_reserve() == 1);
}

#[test]
fn a_pool_with_more_room_than_the_reserve_has_gets_what_there_is() {
    let _turn = turn();
    let pool = pool("wide", 9);
    let gates: Vec<_> = (0..4).map(|_| gated()).collect();
    for (job, ..) in &gates {
        pool.submit(job).unwrap();
    }
    hear(&gates[0].1);
    hear(&gates[1].1);
    assert_eq!((pool.check().workers, pool.check().queued), (2, 2));
    for (_, _, go) in &gates {
        go.send(()).unwrap();
    }
    eventually("the jobs end", || {
        gates.iter().all(|(job, ..)| job.status() == Status::Idle)
    });
    eventually("the worker goes back", || check_reserve() == 1);
}

/// Two pools in a tug of war for one worker.
#[test]
fn the_reserve_survives_a_crowd() {
    let _turn = turn();
    let pools = [pool("tug.a", 2), pool("tug.b", 3)];
    let jobs: Vec<_> = (0..8).map(|_| counted(|_| 0)).collect();
    let mut accepted = vec![0; jobs.len()];
    for round in 0..6_000_usize {
        let index = round * 7 % jobs.len();
        let pool = pools[round / 3 % 2];
        let answer = match round % 5 {
            0 => pool.submit_after(jobs[index].0, Duration::ticks(2)).ok(),
            _ => pool.submit(jobs[index].0).ok(),
        };
        accepted[index] += u32::from(matches!(answer, Some(Accepted::New | Accepted::Again)));
        assert!(pool.check().workers <= pool.check().max);
    }
    for ((job, counts), accepted) in jobs.iter().zip(accepted) {
        eventually("all outcomes are told", || counts.done() >= accepted);
        assert_eq!(
            (job.status(), counts.done(), counts.cancelled()),
            (Status::Idle, accepted, 0)
        );
    }
    eventually("the worker goes back", || check_reserve() == 1);
    assert!(pools.iter().all(|pool| pool.check().workers == 1));
}

#[test]
fn the_system_pool_is_there_when_it_is_first_used() {
    let _turn = turn();
    let pool = taskpool::system();
    assert_eq!(pool, taskpool::system());
    let found = pool.check();
    assert_eq!(
        (found.workers.min(CONFIG.min_threads), found.max),
        (CONFIG.min_threads, CONFIG.max_threads)
    );
    let (job, counts) = counted(|_| 0);
    pool.submit(job).unwrap();
    eventually("the job runs", || counts.done() == 1);
    eventually("the reserve is full", || check_reserve() == 1);
}

#[test]
fn an_urgent_job_borrows_a_worker_beyond_the_maximum() {
    let _turn = turn();
    let pool = pool("urgent", 1);
    let (busy, hears, go) = gated();
    pool.submit(busy).unwrap();
    assert_eq!(hear(&hears), "urgent.w0");
    let (urgent, hears_urgent, go_urgent) = gated();
    pool.submit_urgent(urgent).unwrap();
    assert_eq!(hear(&hears_urgent), "taskpool.r0");
    go_urgent.send(()).unwrap();
    eventually("the worker goes back", || check_reserve() == CONFIG.reserve_threads);
    go.send(()).unwrap();
    eventually("the other job ends", || busy.status() == Status::Idle);
}
