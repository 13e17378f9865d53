//! One operation of the API, at random.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use taskpool::{Clock, Duration, Instant, Pool, Shutdown, Timeout, LEVELS};

use crate::random::Random;
use crate::subject::{self, Subject};
use crate::{board, closure, some_pool};

/// Who calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    /// May wait for ever: every job ends.
    Thread,
    /// May wait, but not for ever: two jobs could wait for each other.
    Job,
    /// May not wait.
    Interrupt,
}

/// Operations of the round, by kind of caller.
static ACTS: [AtomicU32; 3] = [const { AtomicU32::new(0) }; 3];

/// Pools are held, paused, shut down, started again, and resized, too.
static CONTROL: AtomicBool = AtomicBool::new(false);
static SHUTDOWNS: AtomicU32 = AtomicU32::new(0);
static PAUSES: AtomicU32 = AtomicU32::new(0);

/// Whether what is discarded is missing in the books of a job without a completion.
pub fn discards() -> bool {
    SHUTDOWNS.load(SeqCst) > 0
}

/// A new round begins.
pub fn open_books(control: bool) {
    CONTROL.store(control, SeqCst);
    SHUTDOWNS.store(0, SeqCst);
    PAUSES.store(0, SeqCst);
    ACTS.iter().for_each(|acts| acts.store(0, SeqCst));
}

/// How long somebody waits.
fn timeout(random: &mut Random, caller: Caller) -> Timeout {
    let ticks = Duration::ticks(random.below(6).into());
    match (random.below(4), caller) {
        (_, Caller::Interrupt) | (0, _) => Timeout::NoWait,
        (1, Caller::Thread) => Timeout::Forever,
        _ if !board::timed_waits() => Timeout::NoWait,
        (2, _) => Timeout::At(Instant::now() + ticks),
        _ => Timeout::After(ticks),
    }
}

/// One operation on some job, or closure, in some pool.
pub fn act(random: &mut Random, caller: Caller) {
    ACTS[caller as usize].fetch_add(1, SeqCst);
    let subject = Subject::some(random);
    let pool = some_pool(random);
    let ticks = Duration::ticks(random.below(5).into());
    if CONTROL.load(SeqCst) && random.below(24) == 0 {
        return control(random, pool, caller);
    }
    match random.below(50) {
        0..=9 => subject.submit(pool),
        10..=14 => subject.submit_after(pool, ticks),
        // The instant may lie behind.
        15..=18 => subject.submit_at(pool, Instant::from_ticks(board::clock().saturating_sub(2)) + ticks),
        19..=23 => subject.cancel(),
        24..=25 => subject.wait(timeout(random, caller)),
        26..=27 => subject.cancel_and_wait(timeout(random, caller)),
        28 => subject.status(),
        29 => subject.outcome(),
        30 => {
            pool.check();
        }
        31..=32 => subject.submit_urgent(pool),
        33 => subject.set_level(random.below(LEVELS as u32) as u8),
        34 => assert!(pool.stats().most_workers > 0, "the pool has workers"),
        35..=37 => subject.abort(),
        38..=40 => subject.submit_within(pool, Duration::ticks(random.below(4).into())),
        41..=44 => closure::spawn(random, pool),
        45..=47 => {
            let timeout = timeout(random, caller);
            closure::handle(random, timeout);
        }
        // A job's scope might wait for the worker of another one, and that one for this.
        48 if caller == Caller::Thread => closure::scope(random, pool),
        _ => {
            taskpool::check_reserve();
        }
    }
}

/// What is for the pool, not for a job. Afterwards it takes jobs, whoever else did this meanwhile.
fn control(random: &mut Random, pool: Pool, caller: Caller) {
    match random.below(12) {
        0..=3 if caller == Caller::Thread => {
            let how = [Shutdown::Drain, Shutdown::Discard][random.below(2) as usize];
            let timeout = match board::timed_waits() {
                true => Timeout::After(Duration::ticks(random.below(30).into())),
                false => Timeout::Forever,
            };
            // The time may be up, and somebody else may start it again first.
            while pool.shutdown(how, timeout).is_err() || pool.restart().is_err() {
                board::sleep(1);
            }
            SHUTDOWNS.fetch_add(1, SeqCst);
        }
        4..=6 => {
            // Whoever holds it last lets it go, too.
            let _ = pool.hold();
            board::spin(random.below(50));
            let _ = pool.release();
        }
        7 => {
            let clock = [Clock::Frozen, Clock::RunsOn][random.below(2) as usize];
            // Somebody resumes it, or `unrest` at the end.
            PAUSES.fetch_add(pool.pause(clock).is_ok().into(), SeqCst);
        }
        8..=9 => {
            let _ = pool.resume();
        }
        _ => {
            // Below its own workers it is refused.
            let _ = pool.set_max_threads(1 + random.below(5) as u8);
        }
    }
}

struct Totals;

/// The operations of the round.
pub fn totals() -> impl fmt::Display {
    Totals
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let acts = |caller: Caller| ACTS[caller as usize].load(SeqCst);
        let (threads, jobs, interrupts) = (acts(Caller::Thread), acts(Caller::Job), acts(Caller::Interrupt));
        write!(f, "calls by threads {threads}, jobs {jobs}, interrupts {interrupts}")?;
        if discards() {
            write!(
                f,
                "; pauses {}, shutdowns {}",
                PAUSES.load(SeqCst),
                SHUTDOWNS.load(SeqCst)
            )?;
        }
        let (most, by_cpu) = subject::runs_by_cpu();
        write!(
            f,
            "; runs by CPU {by_cpu:?}, by priority {:?}, at once {most}",
            subject::runs_by_raise()
        )
    }
}
