//! A random load, and the books about it: what `tests/stress` and `tests/smp` have in common.
//!
//! Threads, interrupts and the jobs themselves call the pools at random, with every operation of the API. Then
//! everything comes to rest, and each submission that was accepted must have had one outcome: it ran, was cancelled or
//! aborted, or its time was up; or it was discarded, where pools are shut down. The pools must have counted the same.
//! All the while no job may run before its deadline, nor on two workers at once; what closures capture must be there
//! until they ran, and be dropped once; and the pools must be in order whenever somebody looks.
//!
//! | file | holds |
//! |---|---|
//! | `load.c`, `board.rs` | pools, threads, interrupts, the clock |
//! | `act.rs` | one operation |
//! | `subject.rs` | the jobs, and the books |
//! | `closure.rs` | spawned closures, and the books about them |
//!
//! What is wrong panics, after the seed of the round was printed.

#![no_std]

mod act;
mod board;
mod closure;
mod random;
mod subject;

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use taskpool::{Pool, CONFIG};
use zephyr::printkln;

use act::Caller;
use random::Random;

/// The round is about to end: jobs don't submit any more.
static CLOSING: AtomicBool = AtomicBool::new(false);
static SEED: AtomicU32 = AtomicU32::new(0);
/// Of the interrupts.
static RANDOM: AtomicU32 = AtomicU32::new(1);
/// So many pools take part.
static POOLS: AtomicU32 = AtomicU32::new(1);

/// One of the pools that take part in the round.
fn some_pool(random: &mut Random) -> Pool {
    let count = POOLS.load(SeqCst);
    board::POOLS[board::POOLS.len() - 1 - random.below(count) as usize].0
}

/// Why the pools are not at rest.
fn unrest() -> Option<&'static str> {
    // A job may have come with another one since the last time.
    closure::drop_handles();
    for (pool, _) in board::POOLS {
        let _ = pool.resume();
    }
    if !subject::all().all(|subject| subject.is_idle()) {
        return Some("a job is under way: a wake or a deadline was lost");
    }
    for (pool, workers) in board::POOLS {
        let now = pool.check();
        if (now.queued, now.deferred, now.idle, now.workers, now.in_line) != (0, 0, workers, workers, false) {
            return Some("a pool has jobs, or misses workers");
        }
    }
    if taskpool::check_reserve() != CONFIG.reserve_threads {
        return Some("the reserve misses workers");
    }
    subject::all()
        .find_map(|subject| subject.audit().err())
        .or_else(|| closure::audit().err())
        .or_else(|| subject::audit_pools().err())
}

#[no_mangle]
extern "C" fn load_begin(seed: u32, pools: u32, control: bool) {
    SEED.store(seed, SeqCst);
    RANDOM.store(seed.wrapping_mul(2_246_822_519) | 1, SeqCst);
    POOLS.store(pools, SeqCst);
    subject::all().for_each(|subject| subject.open_books());
    closure::open_books();
    act::open_books(control);
    board::POOLS.iter().for_each(|(pool, _)| pool.reset_stats());
    CLOSING.store(false, SeqCst);
    printkln!("seed {}", seed);
}

/// One operation of a thread, or of an interrupt.
#[no_mangle]
extern "C" fn load_act(random: &mut u32, interrupt: bool) {
    let mut own = Random::new(*random);
    act::act(&mut own, if interrupt { Caller::Interrupt } else { Caller::Thread });
    *random = own.state();
}

/// Some operations of an interrupt.
#[no_mangle]
extern "C" fn load_interrupt() {
    // Of two interrupts at once, on two CPUs, both may do the same.
    let mut random = Random::new(RANDOM.load(SeqCst));
    for _ in 0..=random.below(3) {
        act::act(&mut random, Caller::Interrupt);
    }
    RANDOM.store(random.state(), SeqCst);
}

/// A thread does not end.
#[no_mangle]
extern "C" fn load_stuck() {
    give_up("a thread waits for something that is over: it was not told");
}

fn give_up(reason: &str) -> ! {
    for (pool, _) in board::POOLS {
        printkln!("{:?}", pool.check());
    }
    subject::all().for_each(|subject| printkln!("{}", subject));
    printkln!("{}", closure::totals());
    panic!("{reason}");
}

/// Everything comes to rest, and is accounted for.
#[no_mangle]
extern "C" fn load_end() {
    CLOSING.store(true, SeqCst);
    let mut reason = unrest();
    for _ in 0..1_000 {
        if reason.is_none() {
            break;
        }
        board::sleep(10);
        reason = unrest();
    }
    if let Some(reason) = reason {
        give_up(reason);
    }
    printkln!("{}; {}; {}", subject::totals(), closure::totals(), act::totals());
}
