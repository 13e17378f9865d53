//! Spawned closures, on a real kernel. src/main.c has the list of cases; a failed assertion here panics, and
//! ../pool/src/fatal.c ends the run.
//!
//! The test's thread is more urgent than the workers of `one` and `other`, so what is spawned there waits until the
//! test does. The third pool, `eager`, preempts the test.

#![no_std]

#[path = "../../common/kernel.rs"]
mod kernel;
mod scope;

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use taskpool::{
    cache, Cancel, Duration, Instant, JobHandle, JoinError, NotSpawned, Pool, Shutdown, Status, Timeout, CONFIG,
};
// For its panic handler, and its allocator.
use zephyr as _;

use kernel::{in_interrupt, is_in_interrupt};

/// zephyr-lang-rust's `main` would call it; the one of ztest is used here.
#[no_mangle]
extern "C" fn rust_main() {}

fn eager() -> Pool {
    taskpool::c_pool!(eager)
}
fn one() -> Pool {
    taskpool::c_pool!(one)
}
fn other() -> Pool {
    taskpool::c_pool!(other)
}

static ALIVE: AtomicU32 = AtomicU32::new(0);
static DROPPED_IN_INTERRUPT: AtomicU32 = AtomicU32::new(0);

/// Something whose drop is counted.
#[derive(Debug)]
struct Piece(u32);

impl Piece {
    fn new(number: u32) -> Self {
        ALIVE.fetch_add(1, SeqCst);
        Piece(number)
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, SeqCst);
        DROPPED_IN_INTERRUPT.fetch_add(is_in_interrupt().into(), SeqCst);
    }
}

fn alive() -> u32 {
    ALIVE.load(SeqCst)
}

/// Captures a piece, and answers one.
fn closure(number: u32) -> impl FnOnce() -> Piece + Send + 'static {
    let (capture, result) = (Piece::new(0), Piece::new(number));
    move || {
        let _capture = capture;
        result
    }
}

#[track_caller]
fn spawn(pool: Pool, number: u32) -> JobHandle<Piece> {
    match pool.spawn(closure(number)) {
        Ok(handle) => handle,
        Err(error) => panic!("{}", error.why),
    }
}

#[track_caller]
fn taken(result: Result<Piece, JoinError>) -> u32 {
    match result {
        Ok(piece) => piece.0,
        Err(error) => panic!("{error}"),
    }
}

fn after(ticks: u64) -> Timeout {
    Timeout::After(Duration::ticks(ticks))
}

/// After each case: no slot is used, and nothing has been lost.
#[no_mangle]
extern "C" fn check_rest() {
    for _ in 0..1_000 {
        if cache().used == 0 && alive() == 0 {
            return;
        }
        kernel::sleep(10);
    }
    panic!("{:?}, and {} pieces are left", cache(), alive());
}

#[no_mangle]
extern "C" fn result_comes_through_the_handle() {
    let block = [1_u8, 2, 3, 4];
    let mut sum = one()
        .spawn(move || block.iter().map(|byte| u32::from(*byte)).sum())
        .ok()
        .unwrap();
    assert_eq!(sum.status(), Status::Queued);
    assert_eq!(sum.try_take(), Err(JoinError::TimedOut));
    assert_eq!(sum.wait(after(1_000)), Ok(10_u32));
    assert_eq!(sum.wait(Timeout::Forever), Err(JoinError::Taken));
    assert_eq!(sum.cancel(), Cancel::Idle);
    assert_eq!(cache().used, 0, "the slot came back with the result");

    let mut wide = one().spawn(|| [u64::MAX; 4]).ok().unwrap();
    assert_eq!(wide.wait(Timeout::Forever), Ok([u64::MAX; 4]));
    let mut pool = one().spawn_with(|ctx| (Pool::of(ctx), ctx.due())).ok().unwrap();
    assert_eq!(pool.wait(Timeout::Forever), Ok((one(), None)));
}

#[no_mangle]
extern "C" fn urgent_worker_runs_first() {
    let mut handle = spawn(eager(), 7);
    assert_eq!((handle.status(), alive()), (Status::Idle, 1));
    assert_eq!(taken(handle.try_take()), 7);
    drop(spawn(eager(), 8));
    assert_eq!((cache().used, alive()), (0, 0));
}

#[no_mangle]
extern "C" fn spawned_for_later() {
    let begin = Instant::now();
    let mut handle = one().spawn_after(closure(9), Duration::ticks(50)).ok().unwrap();
    assert!(matches!(handle.status(), Status::Deferred { .. }));
    assert_eq!(handle.wait(after(10)).unwrap_err(), JoinError::TimedOut);
    assert_eq!(taken(handle.wait(Timeout::Forever)), 9);
    assert!(begin.elapsed() >= Duration::ticks(50));

    let refused = one()
        .spawn_after(closure(10), Duration::ticks(taskpool::MAX_TICKS))
        .err()
        .unwrap();
    assert_eq!(refused.why, NotSpawned::OutOfRange);
    assert_eq!((cache().used, alive()), (0, 2));
    assert_eq!((refused.closure)().0, 10);
}

#[no_mangle]
extern "C" fn spawned_in_an_interrupt() {
    let mut handle = in_interrupt(|| spawn(one(), 11));
    assert_eq!(in_interrupt(|| handle.try_take().unwrap_err()), JoinError::TimedOut);
    assert_eq!(
        in_interrupt(|| handle.wait(after(5)).unwrap_err()),
        JoinError::InInterrupt
    );
    kernel::sleep(5);
    assert_eq!(taken(in_interrupt(|| handle.wait(after(5)))), 11, "it has run");

    // An urgent worker runs it when the interrupt has ended.
    let mut handle = in_interrupt(|| {
        let handle = spawn(eager(), 12);
        assert_eq!(handle.status(), Status::Queued);
        handle
    });
    assert_eq!(taken(handle.try_take()), 12);
}

#[no_mangle]
extern "C" fn cache_is_full_and_empties() {
    let slots = u32::from(CONFIG.cache_jobs);
    for _ in 0..3 {
        let mut handles: [_; CONFIG.cache_jobs as usize] = core::array::from_fn(|n| spawn(one(), n as u32));
        let refused = one().spawn(closure(99)).err().unwrap();
        assert_eq!(refused.why, NotSpawned::NoSlot);
        assert_eq!(alive(), 2 * slots + 2, "nothing is lost");
        let refused = in_interrupt(|| one().spawn(refused.closure)).err().unwrap();
        let full = cache();
        assert_eq!((full.slots, full.used, full.most), (4, 4, 4));
        for (n, handle) in handles.iter_mut().enumerate() {
            assert_eq!(taken(handle.wait(Timeout::Forever)), n as u32);
        }
        let mut last = one().spawn(refused.closure).ok().unwrap();
        assert_eq!(taken(last.wait(Timeout::Forever)), 99);
    }
}

#[no_mangle]
extern "C" fn cancelled_is_dropped_by_the_canceller() {
    let mut queued = spawn(one(), 1);
    assert_eq!(queued.cancel(), Cancel::Cancelled);
    assert_eq!(alive(), 0);
    assert_eq!(queued.wait(Timeout::Forever).unwrap_err(), JoinError::Cancelled);
    assert_eq!(queued.cancel(), Cancel::Idle);
    assert_eq!(cache().used, 1);

    let before = DROPPED_IN_INTERRUPT.load(SeqCst);
    let deferred = one().spawn_after(closure(2), Duration::secs(100)).ok().unwrap();
    in_interrupt(|| deferred.cancel());
    assert_eq!((alive(), DROPPED_IN_INTERRUPT.load(SeqCst)), (0, before + 2));
}

#[no_mangle]
extern "C" fn running_sees_that_it_is_cancelled() {
    let spawned = one().spawn_with(|ctx| {
        let mut rounds = 0;
        while !ctx.cancelled() {
            rounds += 1;
            kernel::sleep(2);
        }
        rounds
    });
    let mut handle = spawned.ok().unwrap();
    kernel::sleep(10);
    assert_eq!(
        handle.cancel(),
        Cancel::Running {
            resubmission_cancelled: false
        }
    );
    assert!(handle.wait(Timeout::Forever).is_ok_and(|rounds| rounds > 0));
}

#[no_mangle]
extern "C" fn handle_is_dropped() {
    // Before the run, after it, and in an interrupt.
    drop(spawn(one(), 1));
    assert_eq!(alive(), 2);
    kernel::sleep(5);
    assert_eq!((cache().used, alive()), (0, 0));

    let handle = spawn(one(), 2);
    kernel::sleep(5);
    assert_eq!((cache().used, alive()), (1, 1));
    drop(handle);
    assert_eq!((cache().used, alive()), (0, 0));

    let before = DROPPED_IN_INTERRUPT.load(SeqCst);
    let handle = spawn(one(), 3);
    kernel::sleep(5);
    in_interrupt(move || drop(handle));
    assert_eq!((alive(), DROPPED_IN_INTERRUPT.load(SeqCst)), (0, before + 1));
}

#[no_mangle]
extern "C" fn wait_is_refused() {
    let spawned = one().spawn(|| {
        let mut inner = spawn(one(), 5);
        assert_eq!(inner.wait(Timeout::Forever).unwrap_err(), JoinError::OnWorker);
        assert_eq!(inner.try_take().unwrap_err(), JoinError::TimedOut);
        assert_eq!(taken(spawn(other(), 6).wait(Timeout::Forever)), 6, "of another pool");
        inner
    });
    let mut inner = spawned.ok().unwrap().wait(Timeout::Forever).unwrap();
    assert_eq!(taken(inner.wait(Timeout::Forever)), 5);
}

#[no_mangle]
extern "C" fn shutdown_drops_what_waits() {
    let mut queued = spawn(other(), 1);
    let mut deferred = other().spawn_after(closure(2), Duration::secs(100)).ok().unwrap();
    assert_eq!(other().shutdown(Shutdown::Discard, Timeout::Forever), Ok(()));
    assert_eq!(alive(), 0);
    assert_eq!(queued.wait(Timeout::Forever).unwrap_err(), JoinError::Discarded);
    assert_eq!(deferred.try_take().unwrap_err(), JoinError::Discarded);
    let refused = other().spawn(closure(3)).err().unwrap();
    assert_eq!((refused.why, alive()), (NotSpawned::NotRunning, 2));
    assert_eq!(other().restart(), Ok(()));
    let mut again = other().spawn(refused.closure).ok().unwrap();
    assert_eq!(taken(again.wait(Timeout::Forever)), 3);
}

#[no_mangle]
extern "C" fn heap_has_room_for_more() {
    // More than the heap has, if something of it were lost.
    for round in 0..64 {
        let (piece, big) = (Piece::new(round), [round as u8; 512]);
        let spawned = one().spawn_boxed(move || (piece, big.map(|byte| byte.wrapping_add(1))));
        let mut handle = spawned.ok().unwrap();
        assert_eq!(cache().used, 0);
        match round % 4 {
            0 => _ = handle.cancel(),
            1 => drop(handle),
            2 => kernel::sleep(5),
            _ => {
                let (piece, big) = handle.wait(Timeout::Forever).unwrap();
                assert_eq!((piece.0, big), (round, [round as u8 + 1; 512]));
            }
        }
    }
}

/// While threads spawn, wait and cancel, the clock interrupt does, too.
#[no_mangle]
extern "C" fn interrupts_spawn_too() {
    static ROUND: AtomicU32 = AtomicU32::new(0);
    static SPAWNED: AtomicU32 = AtomicU32::new(0);

    kernel::line_on(1, || {
        let round = ROUND.fetch_add(1, SeqCst);
        let delay = Duration::ticks(u64::from(round % 3));
        if let Ok(handle) = [one(), other(), eager()][round as usize % 3].spawn_after(closure(round), delay) {
            SPAWNED.fetch_add(1, SeqCst);
            if round % 2 == 0 {
                handle.cancel();
            }
        }
    });
    let (mut ran, mut cancelled) = (0, 0);
    while ran < 100 || cancelled < 20 {
        let round = ran + cancelled;
        let Ok(mut handle) = one().spawn_after(closure(round), Duration::ticks(u64::from(round % 4))) else {
            kernel::sleep(1);
            continue;
        };
        match handle.wait(after(u64::from(round % 3))) {
            Ok(piece) => {
                assert_eq!(piece.0, round);
                ran += 1;
            }
            Err(error) => {
                assert_eq!(error, JoinError::TimedOut);
                match handle.cancel() {
                    Cancel::Cancelled => cancelled += 1,
                    _ => {
                        assert_eq!(taken(handle.wait(Timeout::Forever)), round);
                        ran += 1;
                    }
                }
            }
        }
    }
    kernel::line_off();
    assert!(SPAWNED.load(SeqCst) > 0);
}
