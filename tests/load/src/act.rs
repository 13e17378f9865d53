//! One operation of the API, at random.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use taskpool::{Duration, Instant, Timeout};

use crate::random::Random;
use crate::subject::{self, Subject};
use crate::{board, some_pool};

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

pub fn open_books() {
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

/// One operation on some job, in some pool.
pub fn act(random: &mut Random, caller: Caller) {
    ACTS[caller as usize].fetch_add(1, SeqCst);
    let subject = Subject::some(random);
    let pool = some_pool(random);
    let ticks = Duration::ticks(random.below(5).into());
    match random.below(32) {
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
        _ => {
            taskpool::check_reserve();
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
        let (most, by_cpu) = subject::runs_by_cpu();
        write!(f, "; runs by CPU {by_cpu:?}, at once {most}")
    }
}
