//! A month in a few minutes: what a pool does second for second, with everything accounted for.
//!
//! Simulated time stands still while code runs, and passes at once when nothing does. So jobs come in bursts, one each
//! simulated second, from a thread above all workers; periodic ones submit themselves, and an interrupt submits others.
//! No job may run early, nor late where no run waits; what one worker runs keeps its order. At the end of each hour the
//! pools are shut down, the books audited, and the pools started again; and the process must not have grown.

#![no_std]

mod board;
mod jobs;

use core::sync::atomic::Ordering::SeqCst;

use taskpool::{Duration, Instant, Shutdown, Timeout, CONFIG};
use zephyr::printkln;

use board::{LINE, WIDE};
use jobs::{Periodic, BOOKS};

/// In ticks.
const SECOND: u64 = CONFIG.ticks_per_second as u64;
/// The host's memory for the process may grow by so much after the first hour: its library and the stacks take pages
/// when they are first touched.
const GROWTH_KIB: u64 = 256;
/// In a month of 720 hours.
const RUNS_A_MONTH: u64 = 100_000_000;

/// No run takes so long.
const LIMIT: Timeout = Timeout::After(Duration::secs(1));

/// Xorshift.
struct Random(u32);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 >> 8) as usize % limit
    }
}

/// Broad jobs that the interrupt submits; the thread has the others.
const OF_INTERRUPT: usize = jobs::BROAD / 2;

#[no_mangle]
extern "C" fn soak_interrupt() {
    for (index, job) in jobs::BROAD_JOBS[..OF_INTERRUPT].iter().enumerate() {
        BOOKS.accept(match index % 2 {
            0 => WIDE.submit(job).map_err(Into::into),
            _ => WIDE.submit_after(job, Duration::ticks(index as u64)),
        });
    }
    jobs::BROAD_JOBS[0].cancel();
}

/// What the thread submits at one moment; the workers come when it waits.
fn burst(random: &mut Random) {
    // From somewhere on, so that they don't always stand in the queue in the same order.
    let first = random.below(jobs::IMMEDIATE);
    for index in (first..jobs::IMMEDIATE).chain(0..first) {
        if BOOKS.accept(LINE.submit(&jobs::IMMEDIATE_JOBS[index])) {
            jobs::IMMEDIATE_TICKETS[index].draw();
        }
    }
    for _ in 0..8 {
        let index = random.below(jobs::DEFERRED);
        // Few different ones: several jobs share a deadline.
        let delay = SECOND / 8 * (1 + random.below(24)) as u64;
        let deadline = Instant::now() + Duration::ticks(delay);
        if BOOKS.accept(LINE.submit_at(&jobs::DEFERRED_JOBS[index], deadline)) {
            jobs::DEFERRED_TICKETS[index].draw();
        }
    }
    BOOKS.accept(LINE.submit(&jobs::CHAINS[0]));
    BOOKS.accept(WIDE.submit(&jobs::CHAINS[1]));
    for _ in 0..4 {
        let index = OF_INTERRUPT + random.below(jobs::BROAD - OF_INTERRUPT);
        BOOKS.accept(WIDE.submit(&jobs::BROAD_JOBS[index]));
    }
    jobs::IMMEDIATE_JOBS[random.below(jobs::IMMEDIATE)].cancel();
    jobs::DEFERRED_JOBS[random.below(jobs::DEFERRED)].cancel();
    jobs::BROAD_JOBS[random.below(jobs::BROAD)].cancel();
    match random.below(8) {
        0 => {
            let ended = jobs::CHAINS[0].wait(LIMIT);
            assert!(ended.is_ok(), "a wake was lost: {ended:?}");
        }
        1 => {
            let ended = jobs::BROAD_JOBS[random.below(jobs::BROAD)].cancel_and_wait(LIMIT);
            assert!(ended.is_ok(), "a wake was lost: {ended:?}");
        }
        2 => {
            let ended = jobs::PERIODIC_JOBS[3].wait(Timeout::After(Duration::millis(20)));
            assert!(ended.is_ok() || ended == Err(taskpool::WaitError::TimedOut));
        }
        _ => {}
    }
}

/// The pools are shut down, in the middle of their work; then everything is accounted for, and they start again.
fn end_hour(random: &mut Random) -> Result<(), &'static str> {
    burst(random);
    // Jobs that have begun, and others behind them.
    board::sleep(5);
    burst(random);
    let how = [Shutdown::Drain, Shutdown::Discard];
    for (pool, how) in [LINE, WIDE]
        .into_iter()
        .zip([how[random.below(2)], how[random.below(2)]])
    {
        if pool.shutdown(how, LIMIT).is_err() {
            return Err("a pool can't be shut down: a wake was lost");
        }
    }
    if LINE.submit(&jobs::CHAINS[0]).is_ok() {
        return Err("a pool takes jobs that has been shut down");
    }
    let runs = BOOKS.runs.load(SeqCst);
    board::interrupt_every(0);
    // No deadline was further ahead.
    board::sleep(8 * SECOND as u32);
    if BOOKS.runs.load(SeqCst) != runs {
        return Err("a job ran in a pool that has been shut down");
    }
    if !jobs::at_rest() {
        return Err("a job is under way: a wake or a deadline was lost");
    }
    BOOKS.audit()?;
    for pool in [LINE, WIDE] {
        if pool.restart().is_err() {
            return Err("a pool does not start again");
        }
    }
    for (pool, workers) in [(LINE, 1), (WIDE, 2)] {
        let now = pool.check();
        if (now.queued, now.deferred, now.idle, now.workers) != (0, 0, workers, workers) {
            return Err("a pool has jobs, or misses workers");
        }
    }
    if taskpool::check_reserve() != CONFIG.reserve_threads {
        return Err("the reserve misses workers");
    }
    Ok(())
}

/// One simulated hour.
fn hour(random: &mut Random) -> Result<(), &'static str> {
    let start = Instant::now().as_ticks() + SECOND / 3;
    (0..jobs::PERIODS.len()).for_each(|number| Periodic::begin(number, start));
    board::interrupt_every((3 * SECOND + SECOND / 7) as u32);
    let end = Instant::now() + const { Duration::secs(3_592) };
    while Instant::now() < end {
        burst(random);
        board::sleep(SECOND as u32);
    }
    end_hour(random)
}

#[no_mangle]
extern "C" fn soak(hours: u32) -> bool {
    let mut random = Random(0x2545_f491);
    let (begin, start) = (board::wall_ms(), Instant::now());
    let mut resident = 0;
    for number in 1..=hours {
        if let Err(reason) = hour(&mut random) {
            report(number, begin, start);
            printkln!("FAILED: {}", reason);
            return false;
        }
        let now = board::resident_kib();
        if number == 1 {
            resident = now;
        }
        if now > resident + GROWTH_KIB {
            printkln!(
                "FAILED: the process takes {} KiB, and {} after the first hour",
                now,
                resident
            );
            return false;
        }
        if number % 24 == 0 || number == hours {
            report(number, begin, start);
        }
    }
    let ran = BOOKS.done.load(SeqCst);
    if ran < u64::from(hours) * RUNS_A_MONTH / 720 {
        printkln!(
            "FAILED: {} runs in {} hours are not the load that this is about",
            ran,
            hours
        );
        return false;
    }
    true
}

fn report(hours: u32, begin: u64, start: Instant) {
    let [accepted, refused, done, cancelled, discarded, worst] = [
        &BOOKS.accepted,
        &BOOKS.refused,
        &BOOKS.done,
        &BOOKS.cancelled,
        &BOOKS.discarded,
        &BOOKS.worst_lateness,
    ]
    .map(|count| count.load(SeqCst));
    let wall = (board::wall_ms() - begin).max(1);
    printkln!(
        "{} hours, {} s simulated in {} s: accepted {}, run {}, cancelled {}, discarded {}, refused {}; {} jobs a second of real \
         time; worst lateness {} ticks; process {} KiB",
        hours,
        start.elapsed().as_millis() / 1_000,
        wall / 1_000,
        accepted,
        done,
        cancelled,
        discarded,
        refused,
        done * 1_000 / wall,
        worst,
        board::resident_kib()
    );
}
