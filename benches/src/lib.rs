//! The pool's side of the measurements; `kernel.c` has the same for Zephyr's own work queues.

#![no_std]

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use taskpool::{Ctx, Duration, Instant, Job, Pool, Run};

extern crate zephyr;

#[cfg(CONFIG_BENCH_GROUPS)]
mod groups;
mod search;
#[cfg(CONFIG_BENCH_SPAWN)]
mod spawn;
#[cfg(CONFIG_BENCH_TASK)]
mod task;
#[cfg(CONFIG_BENCH_URGENT)]
mod urgent;

const JOBS: usize = 260;
const ROUNDS: u32 = 64;
const BURST: usize = 200;

static FAST: Pool = taskpool::c_pool!(bench_fast);
static SLOW: Pool = taskpool::c_pool!(bench_slow);

mod c {
    use core::ffi::c_char;

    extern "C" {
        pub fn bench_now() -> u32;
        pub fn bench_report(measure: *const c_char, who: *const c_char, cycles: u32, count: u32, reads: u32);
        pub fn bench_bytes(what: *const c_char, who: *const c_char, bytes: u32);
        pub fn bench_interrupt(action: extern "C" fn());
        pub fn bench_delay(n: u32) -> u32;
        pub fn bench_foreign(count: u32);
        pub fn bench_away(done: *const u32, count: u32) -> u32;
        pub fn bench_all();
    }
}

#[inline(always)]
fn now() -> u32 {
    // SAFETY: callable everywhere.
    unsafe { c::bench_now() }
}

fn report(measure: &'static core::ffi::CStr, cycles: u32, count: u32, reads: u32) {
    // SAFETY: two strings that end with a zero.
    unsafe { c::bench_report(measure.as_ptr(), c"taskpool".as_ptr(), cycles, count, reads) }
}

/// For how long this thread is away until more urgent ones have counted so far.
fn away(done: &AtomicU32, count: u32) -> u32 {
    // SAFETY: the counter is a word that they write and C reads.
    unsafe { c::bench_away(done.as_ptr(), count) }
}

/// Takes the time of its first instruction.
struct Stamp;

static STAMP: AtomicU32 = AtomicU32::new(0);
static BEFORE: AtomicU32 = AtomicU32::new(0);

impl Run for Stamp {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        STAMP.store(now(), Relaxed);
        0
    }
}

static JOB: Job<Stamp> = Job::new(Stamp);

/// Counts runs, and takes the time of the first and the last of a burst.
struct Count;

static RAN: AtomicU32 = AtomicU32::new(0);
static FIRST: AtomicU32 = AtomicU32::new(0);
static LAST: AtomicU32 = AtomicU32::new(0);

impl Run for Count {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        let ran = RAN.load(Relaxed);
        if ran == 0 {
            FIRST.store(now(), Relaxed);
        }
        RAN.store(ran + 1, Relaxed);
        if ran + 1 == BURST as u32 {
            LAST.store(now(), Relaxed);
        }
        0
    }
}

static COUNTS: [Job<Count>; JOBS] = [const { Job::new(Count) }; JOBS];

extern "C" fn submit_in_interrupt() {
    BEFORE.store(now(), Relaxed);
    let _ = FAST.submit(&JOB);
}

fn sleep(milliseconds: i32) {
    // SAFETY: called by the main thread.
    unsafe { zephyr::raw::k_msleep(milliseconds) };
}

fn measure_submit() {
    let (mut run, mut round, mut isr) = (0, 0, 0);
    for _ in 0..ROUNDS {
        let start = now();
        let _ = FAST.submit(&JOB);
        round += now().wrapping_sub(start);
        run += STAMP.load(Relaxed).wrapping_sub(start);
    }
    for _ in 0..ROUNDS {
        // SAFETY: the action is a function that may run in an interrupt.
        unsafe { c::bench_interrupt(submit_in_interrupt) };
        isr += STAMP.load(Relaxed).wrapping_sub(BEFORE.load(Relaxed));
    }
    report(c"submit_to_run", run, ROUNDS, ROUNDS);
    report(c"round_trip", round, ROUNDS, 2 * ROUNDS);
    report(c"isr_submit_to_run", isr, ROUNDS, ROUNDS);

    RAN.store(0, Relaxed);
    let start = now();
    for job in &COUNTS[..BURST] {
        let _ = SLOW.submit(job);
    }
    report(c"submit_queued", now().wrapping_sub(start), BURST as u32, 1);
    sleep(100);
    let drain = LAST.load(Relaxed).wrapping_sub(FIRST.load(Relaxed));
    report(c"drain", drain, BURST as u32 - 1, 1);
}

fn delay(n: u32) -> Duration {
    // SAFETY: a function of numbers.
    Duration::millis(u64::from(unsafe { c::bench_delay(n) }))
}

fn cancel_all() {
    for job in &COUNTS {
        job.cancel();
    }
}

/// Lets the timer expire for nothing, so that it is armed for nothing.
fn disarm() {
    let _ = SLOW.submit_after(&COUNTS[0], const { Duration::millis(1) });
    COUNTS[0].cancel();
    sleep(10);
}

fn measure_defer() {
    let far = const { Duration::millis(2_000_000) };
    let cases = [
        (c"defer_cancel_1", 1),
        (c"defer_cancel_16", 16),
        (c"defer_cancel_64", 64),
        (c"defer_cancel_256", 256),
    ];
    for (name, pending) in cases {
        for (n, job) in COUNTS[..pending].iter().enumerate() {
            let _ = SLOW.submit_after(job, delay(n as u32));
        }
        let start = now();
        for _ in 0..ROUNDS {
            let _ = SLOW.submit_after(&COUNTS[JOBS - 1], far);
            COUNTS[JOBS - 1].cancel();
        }
        report(name, now().wrapping_sub(start), ROUNDS, 1);
        cancel_all();
    }

    let mut total = 0;
    for _ in 0..ROUNDS {
        // The pool's timer expires for nothing, and is armed again by the next round.
        sleep(10);
        let start = now();
        let _ = SLOW.submit_after(&COUNTS[0], const { Duration::millis(2) });
        COUNTS[0].cancel();
        total += now().wrapping_sub(start);
    }
    report(c"defer_cancel_first", total, ROUNDS, ROUNDS);
    sleep(10);

    for (name, foreign) in [(c"arm_0", 0), (c"arm_64", 64)] {
        // SAFETY: called by the main thread.
        unsafe { c::bench_foreign(foreign) };
        disarm();
        let _ = SLOW.submit_after(&COUNTS[0], far);
        let start = now();
        for round in 1..=ROUNDS {
            let _ = SLOW.submit_after(
                &COUNTS[round as usize],
                Duration::ticks(u64::from(1_900_000 - 1000 * round)),
            );
        }
        let arming = now().wrapping_sub(start);
        cancel_all();
        // The same deadlines behind an armed timer.
        let _ = SLOW.submit_after(&COUNTS[0], const { Duration::millis(1_000_000) });
        let start = now();
        for round in 1..=ROUNDS {
            let _ = SLOW.submit_after(
                &COUNTS[round as usize],
                Duration::ticks(u64::from(1_900_000 - 1000 * round)),
            );
        }
        report(name, arming.wrapping_sub(now().wrapping_sub(start)), ROUNDS, 0);
        cancel_all();
    }
    // SAFETY: called by the main thread.
    unsafe { c::bench_foreign(0) };

    let start = now();
    for (n, job) in COUNTS[..256].iter().enumerate() {
        let _ = SLOW.submit_after(job, Duration::ticks(1_000_000 + n as u64));
    }
    report(c"defer_ascending_256", now().wrapping_sub(start), 256, 1);
    cancel_all();

    RAN.store(0, Relaxed);
    let tick = Instant::from_ticks(Instant::now().as_ticks() / 100 * 100 + 200);
    for job in &COUNTS[..64] {
        let _ = FAST.submit_at(job, tick);
    }
    report(c"expire_64", away(&RAN, 64), 64, 0);
}

#[no_mangle]
extern "C" fn bench_taskpool() {
    sleep(100);
    measure_submit();
    measure_defer();
    // SAFETY: two strings that end with a zero.
    unsafe { c::bench_bytes(c"job".as_ptr(), c"taskpool".as_ptr(), size_of::<Job>() as u32) };
}

#[no_mangle]
extern "C" fn rust_main() {
    // SAFETY: called once, by the main thread.
    unsafe { c::bench_all() };
}
