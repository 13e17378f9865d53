//! Everybody at once: threads of three priorities and an interrupt submit and cancel the same jobs.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use taskpool::{Accepted, Ctx, Instant, Job, OnEnd, Pool, Run};

use crate::kernel;
use crate::tools::*;

const JOBS: usize = 20;
const ROUNDS: u32 = 400;

/// A number from this one; xorshift.
fn next(random: &mut u32) -> u32 {
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    *random
}

/// Some sleep, some spin, some end at once.
struct Worker {
    random: u32,
    inside: AtomicBool,
}

impl Run for Worker {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        assert!(!self.inside.swap(true, SeqCst), "on two workers at once");
        assert!(ctx.due().is_none_or(|due| due <= now()), "early");
        match next(&mut self.random) % 8 {
            0 => kernel::sleep(u64::from(self.random >> 8) % 4),
            1 => kernel::busy_wait_us((self.random >> 8) % 150),
            _ => {}
        }
        assert!(self.inside.swap(false, SeqCst));
        0
    }
}

static LEDGER: OnEnd<Ledger> = Ledger::new();
static BURST: [Job<Worker>; JOBS] = [const {
    let worker = Worker {
        random: 0x9e37_79b9,
        inside: AtomicBool::new(false),
    };
    Job::with_completion(worker, &LEDGER)
}; JOBS];

/// Submissions that must have an outcome.
static ACCEPTED: Counter = Counter::new();
static REFUSED: Counter = Counter::new();
static CANCELS: Counter = Counter::new();
static ENDING: AtomicBool = AtomicBool::new(false);

/// One submission or cancellation of some job, in some pool.
fn act(random: &mut u32) {
    let pools: [Pool; 5] = [taskpool::system(), one(), several(), grow(), eager()];
    let choice = next(random);
    let job = &BURST[(choice >> 4) as usize % JOBS];
    let pool = pools[(choice >> 12) as usize % pools.len()];
    let delay = u64::from(choice >> 20) % 30;
    let accepted = match choice % 8 {
        0..=2 => pool.submit(job).ok(),
        3..=4 => pool.submit_after(job, ticks(delay)).ok(),
        5 => pool.submit_at(job, Instant::from_ticks(now() + delay)).ok(),
        _ => {
            if job.cancel() == taskpool::Cancel::Cancelled {
                CANCELS.add();
            }
            return;
        }
    };
    match accepted {
        Some(Accepted::New | Accepted::Again) => {
            ACCEPTED.add();
        }
        Some(Accepted::Moved) => {}
        None => {
            REFUSED.add();
        }
    }
}

fn act_in_thread(seed: u32) {
    let mut random = seed;
    for _ in 0..ROUNDS {
        act(&mut random);
        match next(&mut random) % 4 {
            0 => kernel::sleep(1),
            1 => kernel::busy_wait_us(random % 100),
            _ => {}
        }
    }
}

extern "C" fn first() {
    act_in_thread(0x1234_5678);
}
extern "C" fn second() {
    act_in_thread(0xdead_beef);
}
extern "C" fn third() {
    act_in_thread(0x0bad_cafe);
}

fn act_in_interrupt() {
    static RANDOM: AtomicU32 = AtomicU32::new(0x5eed_5eed);
    if !ENDING.load(SeqCst) {
        let mut random = RANDOM.load(SeqCst);
        act(&mut random);
        RANDOM.store(random, SeqCst);
        // The interrupt sees the pools at moments of its own.
        let _ = (look(grow()), taskpool::check_reserve());
    }
}

#[no_mangle]
extern "C" fn burst() {
    kernel::line_on(7, act_in_interrupt);
    // More urgent than most workers, as urgent as some, less urgent.
    kernel::run_threads([(4, first), (7, second), (10, third)]);
    ENDING.store(true, SeqCst);
    kernel::line_off();

    for job in &BURST {
        wait_idle(job);
    }
    let ended = || {
        let (done, cancelled) = LEDGER.counts();
        done + cancelled
    };
    // A completion may still be on its way when its job is Idle.
    wait_until(|| ended() == ACCEPTED.get());
    kernel::sleep(50);
    assert_eq!(ended(), ACCEPTED.get());
    let (done, cancelled) = LEDGER.counts();
    assert!(
        CANCELS.get() <= cancelled,
        "resubmissions that were cancelled come on top"
    );
    // It was a burst: all kinds of answers, many times.
    assert!(
        done > 200 && cancelled > 50 && REFUSED.get() > 20,
        "{done} {cancelled} {}",
        REFUSED.get()
    );
    assert!(LEDGER.told_in_interrupt() > 0);
}
