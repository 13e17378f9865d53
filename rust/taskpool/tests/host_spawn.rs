//! Spawned closures, on threads of the standard library. One test: they all share the cache.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{mpsc, Arc};
use std::thread;
use std::time;

use taskpool::{cache, leak_pool, Cancel, Duration, JoinError, NotSpawned, Pool, Shutdown, Status, Timeout, CONFIG};

/// Longer than any of this takes on a loaded machine.
const PATIENCE: time::Duration = time::Duration::from_secs(60);

/// A number of pieces that are alive, and a piece.
struct Piece(Arc<AtomicU32>);

impl Piece {
    fn new(alive: &Arc<AtomicU32>) -> Self {
        alive.fetch_add(1, SeqCst);
        Piece(alive.clone())
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

fn check_end(alive: &Arc<AtomicU32>) {
    let begin = time::Instant::now();
    while cache().used != 0 || alive.load(SeqCst) != 0 {
        assert!(begin.elapsed() < PATIENCE, "something that was spawned stays");
        thread::sleep(time::Duration::from_millis(1));
    }
}

#[test]
fn spawned_closures() {
    let pool = leak_pool("spawns", 2, 2).unwrap();
    results_come_back(pool);
    the_cache_is_full_and_empties(pool);
    a_cancelled_closure_never_runs(pool);
    the_run_sees_that_it_is_cancelled(pool);
    threads_spawn_take_cancel_and_forget(pool);
    a_shutdown_drops_what_waits();
}

fn results_come_back(pool: Pool) {
    let text = String::from("text");
    let mut handle = pool.spawn(move || text.len()).unwrap();
    assert_eq!(handle.wait(Timeout::Forever), Ok(4));
    assert_eq!(handle.try_take(), Err(JoinError::Taken));
    assert_eq!(handle.status(), Status::Idle);

    let mut late = pool.spawn_after(|| 5, Duration::millis(30)).unwrap();
    assert_eq!(late.try_take(), Err(JoinError::TimedOut));
    assert_eq!(late.wait(Timeout::After(Duration::millis(5))), Err(JoinError::TimedOut));
    assert_eq!(late.wait(Timeout::Forever), Ok(5));

    let big = [1_u8; 10_000];
    let mut boxed = pool.spawn_boxed(move || big.map(u16::from)).unwrap();
    assert_eq!(boxed.wait(Timeout::Forever), Ok([1; 10_000]));

    let mut worker = pool.spawn_with(|ctx| (Pool::of(ctx), ctx.due())).unwrap();
    assert_eq!(worker.wait(Timeout::Forever), Ok((pool, None)));
}

fn the_cache_is_full_and_empties(pool: Pool) {
    let alive = Arc::new(AtomicU32::new(0));
    let slots = usize::from(CONFIG.cache_jobs);
    let far = Duration::secs(1_000);
    let handles: Vec<_> = (0..slots)
        .map(|_| {
            let piece = Piece::new(&alive);
            pool.spawn_after(move || piece, far).unwrap()
        })
        .collect();
    let piece = Piece::new(&alive);
    let error = pool.spawn(move || piece.0.load(SeqCst)).unwrap_err();
    assert_eq!(error.why, NotSpawned::NoSlot);
    assert!(error.to_string().contains("CONFIG_TASKPOOL_CACHE_JOBS"));
    assert_eq!((cache().used, cache().most), (CONFIG.cache_jobs, CONFIG.cache_jobs));
    assert_eq!(alive.load(SeqCst), slots as u32 + 1);
    assert_eq!(handles[0].cancel(), Cancel::Cancelled);
    assert_eq!(alive.load(SeqCst), slots as u32, "dropped by who cancels");
    for handle in handles {
        handle.cancel();
    }
    assert_eq!(cache().used, 0);
    let mut handle = pool.spawn(error.closure).unwrap();
    assert_eq!(handle.wait(Timeout::Forever), Ok(1), "the closure that came back");
    check_end(&alive);
}

fn a_cancelled_closure_never_runs(pool: Pool) {
    let mut handle = pool.spawn_after(|| 1, Duration::secs(1_000)).unwrap();
    assert_eq!(handle.cancel(), Cancel::Cancelled);
    assert_eq!(handle.wait(Timeout::Forever), Err(JoinError::Cancelled));
    assert_eq!(handle.cancel(), Cancel::Idle);
}

fn the_run_sees_that_it_is_cancelled(pool: Pool) {
    let (says, hears) = mpsc::channel();
    let mut handle = pool
        .spawn_with(move |ctx| {
            says.send(()).unwrap();
            while !ctx.cancelled() {
                thread::sleep(time::Duration::from_millis(1));
            }
            "cancelled"
        })
        .unwrap();
    hears.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(handle.cancel(), Cancel::Running { .. }));
    assert_eq!(handle.wait(Timeout::Forever), Ok("cancelled"));
}

/// From several threads, in every order that they fall into.
fn threads_spawn_take_cancel_and_forget(pool: Pool) {
    let alive = Arc::new(AtomicU32::new(0));
    let threads: Vec<_> = (0..4_u64)
        .map(|thread| {
            let alive = alive.clone();
            thread::spawn(move || {
                let (mut taken, mut refused) = (0, 0);
                for round in 0..3_000 {
                    let (piece, result) = (Piece::new(&alive), Piece::new(&alive));
                    let closure = move || {
                        let _piece = piece;
                        result
                    };
                    let spawned = match round % 5 {
                        0 => pool.spawn_after(closure, Duration::ticks(round % 3)),
                        _ => pool.spawn(closure),
                    };
                    let mut handle = match spawned {
                        Ok(handle) => handle,
                        Err(error) => {
                            assert_eq!(error.why, NotSpawned::NoSlot);
                            refused += 1;
                            continue;
                        }
                    };
                    match (round + thread) % 6 {
                        0 => drop(handle),
                        1 => _ = handle.cancel(),
                        2 => _ = handle.try_take(),
                        3 => _ = handle.wait(Timeout::After(Duration::ticks(round % 2))),
                        // Another thread has it.
                        4 => _ = thread::spawn(move || handle.cancel()).join().unwrap(),
                        _ => {
                            handle.wait(Timeout::Forever).unwrap();
                            taken += 1;
                        }
                    }
                }
                (taken, refused)
            })
        })
        .collect();
    for thread in threads {
        let (taken, _) = thread.join().unwrap();
        assert!(taken > 0);
    }
    check_end(&alive);
}

fn a_shutdown_drops_what_waits() {
    let alive = Arc::new(AtomicU32::new(0));
    let pool = leak_pool("closes", 1, 1).unwrap();
    let piece = Piece::new(&alive);
    let mut waits = pool.spawn_after(move || drop(piece), Duration::secs(1_000)).unwrap();
    pool.shutdown(Shutdown::Discard, Timeout::Forever).unwrap();
    assert_eq!(alive.load(SeqCst), 0);
    assert_eq!(waits.wait(Timeout::Forever), Err(JoinError::Discarded));
    let piece = Piece::new(&alive);
    let error = pool.spawn(move || drop(piece)).unwrap_err();
    assert_eq!(error.why, NotSpawned::NotRunning);
    assert_eq!(alive.load(SeqCst), 1);
    drop((waits, error));
    check_end(&alive);
}
