//! What is interrupted, and what the interrupt does.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use taskpool::{
    CacheUse, Clock, Ctx, Duration, Instant, JobHandle, JoinError, Outcome, Pool, PoolMemory, Shutdown, Status,
    Timeout, WaitError, CONFIG,
};
use zephyr::sync::SpinMutex;

use crate::board::{self, Destroyed, Hit, FAST, LENT, SLOW};
use crate::offset;
use crate::subject::{Subject, Thing, LATE};
use crate::trial::{self, Trial};

// Deadlines of a trial, in ticks after its beginning: more than `LATE` apart, and so late that none comes while an
// operation is interrupted.
const FIRST: u32 = 4;
const SECOND: u32 = 11;
const THIRD: u32 = 18;
const FOURTH: u32 = 25;
const FIFTH: u32 = 32;
/// The deadline of what expires under test: after all is set up, and so much later that the clock, which counts the
/// same again until the kernel programs it anew, is not through a second time while the kernel handles the expiry.
const EXPIRY: u32 = 4;
/// The test thread is stalled until so long after the job's deadline: if it alone could arm the timer, the job is late.
const STALL: u32 = LATE + 1;
/// A pool whose clock stands is let go so long after the trial's beginning.
const PAUSE: u32 = 5;
/// By this the interrupt hands_over: an earlier deadline than all others.
const SOON: u32 = 1;

/// Trials of each sweep that come before the operation begins.
pub const TRIALS_BEFORE: u32 = 4;

/// What the interrupt does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    SubmitSame,
    SubmitOther,
    /// To another pool, to which the job moves.
    SubmitSameElsewhere,
    SubmitSameAfter,
    SubmitOtherAfter,
    CancelSame,
    CancelOther,
    /// Behind the job under test; and the test thread does not go on before that one should have run.
    SubmitOtherAfterAndStall,
}

pub const ACTIONS: [Action; 8] = [
    Action::SubmitSame,
    Action::SubmitOther,
    Action::SubmitSameElsewhere,
    Action::SubmitSameAfter,
    Action::SubmitOtherAfter,
    Action::CancelSame,
    Action::CancelOther,
    Action::SubmitOtherAfterAndStall,
];

impl Action {
    /// In the interrupt.
    pub fn perform(self, trial: &Trial) {
        let pool = trial.operation().target();
        let elsewhere = if pool == SLOW { FAST } else { SLOW };
        match self {
            Action::SubmitSame => trial.same().submit(pool),
            Action::SubmitOther => trial.other().submit(pool),
            Action::SubmitSameElsewhere => trial.same().submit(elsewhere),
            Action::SubmitSameAfter => trial.same().submit_after(pool, SOON),
            Action::SubmitOtherAfter => trial.other().submit_after(pool, SOON),
            Action::CancelSame => trial.same().cancel(),
            Action::CancelOther => trial.other().cancel(),
            Action::SubmitOtherAfterAndStall => {
                trial.other().submit_after(pool, THIRD);
                // Before the pool has accepted the operation, nobody can expect it to be in time.
                match trial.same().status() {
                    Status::Queued => board::stall_until(board::now() + 2),
                    Status::Deferred { deadline } if deadline < (trial.begin + THIRD).into() => {
                        board::stall_until(deadline as u32 + STALL);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Whether an accepted submission can end without a run, and without somebody being answered that it was cancelled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Silent {
    Never,
    /// So, at most one of each job.
    Maybe(Outcome),
    /// So, one of the job under test, unless the interrupt does something to it.
    Surely(Outcome),
}

impl Silent {
    /// The outcome of such a submission.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Silent::Never => None,
            Silent::Maybe(outcome) | Silent::Surely(outcome) => Some(outcome),
        }
    }
}

/// When a pool is made by C.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Made {
    Never,
    /// Before the operation begins.
    Before,
    /// In the operation.
    Within,
}

/// An operation under test.
pub struct Operation {
    pub name: &'static str,
    /// The pool that it is about.
    pub pool: Pool,
    /// The clock interrupt is part of it.
    pub clock: bool,
    /// The test thread hands the job to a pool above it, which must not wait for the test thread to go on.
    hands_over: bool,
    /// Sets up what it finds.
    prepare: fn(&Trial),
    /// Arms the interrupt, unless `inside` does, and performs it.
    perform: fn(&Trial),
    /// What the job's first run does.
    inside: Option<fn(&Trial, &Ctx<'_>)>,
    /// What the interrupt does first.
    meanwhile: fn(&Trial),
    /// What is left to do when the interrupt is over, before the test thread waits for the end of everything.
    finish: fn(&Trial),
    /// What can become of its submissions.
    pub silent: Silent,
    /// A pause moves deadlines by so many ticks at most.
    pub pause: u32,
    /// The test thread waits for the clock: its interrupt is a part of the operation, and so is a time in which nothing
    /// happens, of which not each instant is swept.
    pub idles: bool,
    /// What it does depends on what the clock shows in the midst of it.
    reads_clock: bool,
    /// It destroys a pool that C makes. While that is there, the operation is about that one.
    made: Made,
}

/// An operation that does nothing.
const ORDINARY: Operation = Operation {
    name: "",
    pool: FAST,
    clock: false,
    hands_over: false,
    prepare: NOTHING,
    perform: NOTHING,
    inside: None,
    meanwhile: NOTHING,
    finish: NOTHING,
    silent: Silent::Never,
    pause: 0,
    idles: false,
    reads_clock: false,
    made: Made::Never,
};

impl Operation {
    /// Whether the action makes sense here.
    pub fn allows(&self, action: Action) -> bool {
        self.hands_over || action != Action::SubmitOtherAfterAndStall
    }

    /// Whether it takes the same instructions in each trial, but for those of the interrupt. Where the clock decides, a
    /// trial can take a few more or less than the one before.
    pub fn is_steady(&self) -> bool {
        !self.idles && !self.reads_clock
    }

    /// Whether it destroys a pool.
    pub fn destroys(&self) -> bool {
        self.made != Made::Never
    }

    /// The pool that the interrupt finds.
    pub fn target(&self) -> Pool {
        board::made().unwrap_or(self.pool)
    }

    /// Sets up what the operation finds.
    pub fn prepare(&self, trial: &Trial) {
        if self.made == Made::Before && board::create().is_none() {
            trial::wrong_answer();
        }
        if trial.action == Action::CancelOther {
            let (other, pool) = (trial.other(), self.target());
            if pool == FAST || pool == LENT {
                other.submit_at(pool, trial.begin + if self.clock { EXPIRY } else { FIRST });
            } else {
                other.submit(pool);
            }
        }
        (self.prepare)(trial);
    }

    /// Performs the operation, and waits until the interrupt is over.
    #[inline(always)]
    pub fn perform(&self, trial: &Trial) {
        (self.perform)(trial);
        board::after();
    }

    /// The instructions, after the arming, that its first trial comes after: before the operation begins.
    pub fn first_trial(&self) -> u32 {
        if self.clock {
            0
        } else {
            offset::OPERATION - TRIALS_BEFORE
        }
    }

    /// Whether an interrupt of its first trials landed where it should. Before a clock interrupt, the code goes in
    /// circles; the phase says then whether it was the right instruction.
    pub fn begins(&self, instructions: u32, hit: Hit) -> bool {
        let landed = if self.clock {
            board::spent().contains(&hit.pc)
        } else {
            hit.pc == board::before().end - 2 * (offset::OPERATION - 1 - instructions)
        };
        landed && hit.nested == 0
    }

    /// What the job's first run does.
    pub fn inside(&self) -> Option<fn(&Trial, &Ctx<'_>)> {
        self.inside
    }

    /// In the interrupt.
    pub fn interrupted(&self, trial: &Trial) {
        (self.meanwhile)(trial);
    }

    /// The interrupt is over.
    pub fn finish(&self, trial: &Trial) {
        (self.finish)(trial);
    }
}

const NOTHING: fn(&Trial) = |_| {};

/// Deadlines around the one of the job under test.
const CROWD: fn(&Trial) = |trial| {
    let [first, second, third] = Subject::CROWD;
    first.submit_at(FAST, trial.begin + SECOND);
    second.submit_at(FAST, trial.begin + FOURTH);
    third.submit_at(FAST, trial.begin + FIFTH);
};

/// Lets the clock interrupt come.
const CLOCK: fn(&Trial) = |trial| trial.set_phase(board::clock(trial.instructions));

/// The job between two others, all queued.
const AMID: fn(&Trial) = |trial| {
    let ([before, after, _], pool) = (Subject::CROWD, trial.operation().target());
    before.submit(pool);
    trial.same().submit(pool);
    after.submit(pool);
};

/// As [`AMID`], and another one is deferred.
const AMID_AND_LATER: fn(&Trial) = |trial| {
    AMID(trial);
    let [.., later] = Subject::CROWD;
    later.submit_at(trial.operation().target(), trial.begin + SECOND);
};

/// The job's turn comes.
const WAIT: fn(&Trial) = |trial| {
    offset::arm_operation(trial.instructions);
    let answer = trial.same().wait(Timeout::Forever);
    trial.must_have_ended(answer);
};

/// Nothing of a pool that is destroyed is looked at any more.
const OVERWRITE: fn(&Trial) = |_| board::overwrite();

/// The maximum of [`LENT`].
const MOST: u8 = 2;

/// What must work, whatever the interrupt does.
#[inline(always)]
fn must<T, E>(answer: Result<T, E>) -> Option<T> {
    if answer.is_err() {
        trial::wrong_answer();
    }
    answer.ok()
}

/// A closure, which counts.
#[inline(always)]
fn closure() -> impl FnOnce() -> Thing + Send + 'static {
    let captured = Thing::new();
    move || {
        drop(captured);
        Thing::new()
    }
}

#[inline(always)]
fn spawn(pool: Pool) -> Option<JobHandle<Thing>> {
    must(pool.spawn(closure()))
}

#[inline(always)]
fn spawn_after(pool: Pool, ticks: u32) -> Option<JobHandle<Thing>> {
    must(pool.spawn_after(closure(), Duration::ticks(ticks.into())))
}

/// More than a slot of the cache has room for.
#[inline(always)]
fn spawn_boxed(pool: Pool) -> Option<JobHandle<(Thing, [u32; 16])>> {
    let (closure, block) = (closure(), [1; 16]);
    must(pool.spawn_boxed(move || (closure(), core::hint::black_box(block))))
}

#[cfg(CONFIG_TASKPOOL_STATS)]
static UNDER_WAY: AtomicU32 = AtomicU32::new(0);

/// As [`SLOW`] tells it, of one moment.
#[cfg(CONFIG_TASKPOOL_STATS)]
#[inline(always)]
fn under_way_and_not_queued() -> u32 {
    let stats = SLOW.stats();
    let ended = stats.done + stats.cancelled + stats.aborted + stats.timed_out + stats.discarded;
    stats.submitted.wrapping_sub(ended).wrapping_sub(stats.queued)
}

/// What the operation, or the interrupt, was answered, for a look at it when both are over.
static ANSWER: AtomicU32 = AtomicU32::new(0);

/// How a job ended, as [`ANSWER`].
fn outcome_number(outcome: Option<Outcome>) -> u32 {
    match outcome {
        None => 0,
        Some(Outcome::Done(0)) => 1,
        Some(Outcome::Cancelled) => 2,
        Some(_) => 3,
    }
}

/// Where a job is, as [`ANSWER`].
const IDLE: u32 = 1;
const DEFERRED: u32 = 2;

fn status_number(status: Status, expected: u32) -> u32 {
    match status {
        Status::Idle => IDLE,
        Status::Deferred { deadline } if deadline == expected.into() => DEFERRED,
        _ => 0,
    }
}

/// A closure's handle, of which the interrupt takes the result, and whether the closure has run.
static HANDLE: SpinMutex<Option<JobHandle<Thing>>> = SpinMutex::new(None);
static RAN: AtomicBool = AtomicBool::new(false);

/// What is in its place; and puts this there.
fn exchange(handle: Option<JobHandle<Thing>>) -> Option<JobHandle<Thing>> {
    match HANDLE.lock() {
        Ok(mut held) => core::mem::replace(&mut *held, handle),
        Err(_) => None,
    }
}

/// What a handle can answer, as [`ANSWER`].
const TOO_EARLY: u32 = 1;
const TAKEN: u32 = 2;

/// How full the cache was at most, before the trial.
static HIGH_WATER: AtomicU32 = AtomicU32::new(0);

/// Memory for a pool that is made and shut down in each trial.
static MADE: PoolMemory = PoolMemory::new();

/// The numbers in `main.c` are indices.
pub static OPERATIONS: &[Operation] = &[
    Operation {
        name: "submit, stays queued",
        pool: SLOW,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit(SLOW);
        },
        ..ORDINARY
    },
    Operation {
        name: "submit, wake, take, run, finish and back",
        pool: FAST,
        hands_over: true,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit(FAST);
        },
        ..ORDINARY
    },
    Operation {
        name: "submit of a running job, finish, run, finish and back",
        pool: FAST,
        perform: |trial| trial.same().submit(FAST),
        inside: Some(|trial, _| {
            offset::arm_operation(trial.instructions);
            trial.same().submit(FAST);
        }),
        ..ORDINARY
    },
    Operation {
        name: "submit_after of a running job, finish and back",
        pool: FAST,
        perform: |trial| trial.same().submit(FAST),
        inside: Some(|trial, _| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_after(FAST, THIRD);
        }),
        ..ORDINARY
    },
    Operation {
        name: "submit, borrow, take, run, finish, give back and back",
        pool: LENT,
        hands_over: true,
        prepare: |_| Subject::HOLDER.submit(LENT),
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit(LENT);
        },
        ..ORDINARY
    },
    Operation {
        name: "submit_after, the first",
        pool: FAST,
        hands_over: true,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_after(FAST, SECOND);
        },
        ..ORDINARY
    },
    Operation {
        name: "submit_at, behind others",
        pool: FAST,
        hands_over: true,
        prepare: CROWD,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_at(FAST, trial.begin + THIRD);
        },
        ..ORDINARY
    },
    Operation {
        name: "submit_after, moving a deadline to the front",
        pool: FAST,
        hands_over: true,
        prepare: |trial| {
            CROWD(trial);
            trial.same().submit_at(FAST, trial.begin + THIRD);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_after(FAST, FIRST);
        },
        ..ORDINARY
    },
    Operation {
        name: "cancel, queued",
        pool: SLOW,
        prepare: |trial| {
            let [before, after, _] = Subject::CROWD;
            before.submit(SLOW);
            trial.same().submit(SLOW);
            after.submit(SLOW);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().cancel();
        },
        ..ORDINARY
    },
    Operation {
        name: "cancel, deferred",
        pool: FAST,
        prepare: |trial| {
            trial.same().submit_at(FAST, trial.begin + FIRST + 1);
            CROWD(trial);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().cancel();
        },
        ..ORDINARY
    },
    Operation {
        name: "cancel, running and submitted again, finish and back",
        pool: FAST,
        perform: |trial| trial.same().submit(FAST),
        inside: Some(|trial, _| {
            trial.same().submit(FAST);
            offset::arm_operation(trial.instructions);
            trial.same().cancel();
        }),
        ..ORDINARY
    },
    Operation {
        name: "expiry of one, take, run, finish and back",
        pool: FAST,
        clock: true,
        prepare: |trial| trial.same().submit_at(FAST, trial.begin + EXPIRY),
        perform: CLOCK,
        ..ORDINARY
    },
    Operation {
        name: "expiry of more than a batch, of which a worker moves the rest",
        pool: LENT,
        clock: true,
        prepare: |trial| {
            let [first, second, later] = Subject::CROWD;
            first.submit_at(LENT, trial.begin + EXPIRY);
            trial.same().submit_at(LENT, trial.begin + EXPIRY);
            second.submit_at(LENT, trial.begin + EXPIRY);
            later.submit_at(LENT, trial.begin + THIRD);
        },
        perform: CLOCK,
        ..ORDINARY
    },
    Operation {
        name: "submit_urgent, wake, take, run, finish and back",
        pool: FAST,
        hands_over: true,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_urgent(FAST);
        },
        ..ORDINARY
    },
    Operation {
        name: "submit_urgent of a queued job, which moves to the head",
        pool: SLOW,
        prepare: AMID,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_urgent(SLOW);
        },
        ..ORDINARY
    },
    Operation {
        name: "submit_urgent, borrow beyond the maximum, take, run, finish, give back and back",
        pool: LENT,
        hands_over: true,
        prepare: |_| {
            must(LENT.set_max_threads(1));
            Subject::HOLDER.submit(LENT);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_urgent(LENT);
        },
        finish: |_| {
            must(LENT.set_max_threads(MOST));
        },
        ..ORDINARY
    },
    Operation {
        name: "set_level, queued",
        pool: SLOW,
        prepare: AMID,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().set_level(1);
        },
        // It is queued still, unless the interrupt did something to it.
        finish: |trial| trial.same().set_level(0),
        ..ORDINARY
    },
    Operation {
        name: "hold, submit, release, wake, take, run, finish and back",
        pool: FAST,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            must(FAST.hold());
            trial.same().submit(FAST);
            must(FAST.release());
        },
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "pause, submit, resume, wake, take, run, finish and back",
        pool: FAST,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            must(FAST.pause(Clock::Frozen));
            trial.same().submit(FAST);
            must(FAST.resume());
        },
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "submit_after in a pool whose clock stands, behind others, and resume",
        pool: FAST,
        prepare: |trial| {
            CROWD(trial);
            must(FAST.pause(Clock::Frozen));
            trial::expect(trial.begin + FIFTH + PAUSE + 1);
            board::sleep_until(trial.begin + PAUSE);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_after(FAST, FIRST);
            must(FAST.resume());
        },
        // What was asked for before the pause comes later by its length: of the tick in which it began, the pool counts
        // nothing or all.
        pause: PAUSE + 1,
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "set_max_threads down, submit, set_max_threads up, borrow, run, finish, give back and back",
        pool: LENT,
        prepare: |_| Subject::HOLDER.submit(LENT),
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            must(LENT.set_max_threads(1));
            trial.same().submit(LENT);
            must(LENT.set_max_threads(MOST));
        },
        ..ORDINARY
    },
    Operation {
        name: "abort, queued",
        pool: SLOW,
        prepare: AMID,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().abort();
        },
        ..ORDINARY
    },
    Operation {
        name: "abort, deferred",
        pool: FAST,
        prepare: |trial| {
            trial.same().submit_at(FAST, trial.begin + FIRST + 1);
            CROWD(trial);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().abort();
        },
        ..ORDINARY
    },
    Operation {
        name: "abort, running and submitted again, finish and back",
        pool: FAST,
        perform: |trial| trial.same().submit(FAST),
        inside: Some(|trial, _| {
            trial.same().submit(FAST);
            offset::arm_operation(trial.instructions);
            trial.same().abort();
        }),
        ..ORDINARY
    },
    Operation {
        name: "submit_within, wake, take in time, run, finish and back",
        pool: FAST,
        hands_over: true,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_within(FAST, THIRD);
        },
        ..ORDINARY
    },
    Operation {
        name: "submit_within, whose time is up before a worker is free",
        pool: SLOW,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_within(SLOW, 0);
        },
        // The worker is below the test thread.
        finish: |trial| while board::now() < trial.begin + FIRST {},
        silent: Silent::Surely(Outcome::TimedOut),
        ..ORDINARY
    },
    Operation {
        name: "wait for a queued job, block, take, run, finish, let go and back",
        pool: SLOW,
        prepare: |trial| trial.same().submit(SLOW),
        perform: WAIT,
        ..ORDINARY
    },
    Operation {
        name: "wait for a deferred job, until the time is up",
        pool: FAST,
        prepare: |trial| trial.same().submit_at(FAST, trial.begin + SECOND),
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            let end = trial.begin + FIRST;
            let answer = trial.same().wait(Timeout::At(Instant::from_ticks(end.into())));
            if answer != Err(WaitError::TimedOut) {
                trial.must_have_ended(answer);
            } else if board::now() < end {
                trial::wrong_answer();
            }
        },
        idles: true,
        ..ORDINARY
    },
    Operation {
        name: "cancel_and_wait, queued",
        pool: SLOW,
        prepare: AMID,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if trial.same().cancel_and_wait(Timeout::Forever) != Ok(Outcome::Cancelled) {
                trial::wrong_answer();
            }
        },
        silent: Silent::Surely(Outcome::Cancelled),
        ..ORDINARY
    },
    Operation {
        name: "cancel_and_wait, running, block, finish, let go and back",
        pool: SLOW,
        perform: |trial| {
            trial.same().submit(SLOW);
            // Until it runs: it always goes on from the same instruction then.
            board::hold();
            offset::arm_operation(trial.instructions);
            match trial.same().cancel_and_wait(Timeout::Forever) {
                // Or the resubmission, which the interrupt has made.
                Ok(Outcome::Done(0) | Outcome::Cancelled) => {}
                _ => trial::wrong_answer(),
            }
        },
        inside: Some(|_, ctx| {
            board::release();
            while !ctx.cancelled() {}
        }),
        silent: Silent::Maybe(Outcome::Cancelled),
        ..ORDINARY
    },
    Operation {
        name: "shutdown that lets queued jobs run, and restart",
        pool: SLOW,
        prepare: AMID,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            must(SLOW.shutdown(Shutdown::Drain, Timeout::Forever));
            must(SLOW.restart());
        },
        // What the interrupt has deferred.
        silent: Silent::Maybe(Outcome::Discarded),
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "shutdown that discards queued jobs, and restart",
        pool: SLOW,
        prepare: AMID,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            must(SLOW.shutdown(Shutdown::Discard, Timeout::Forever));
            must(SLOW.restart());
        },
        silent: Silent::Surely(Outcome::Discarded),
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "shutdown that discards deferred jobs, and restart",
        pool: FAST,
        prepare: |trial| {
            trial.same().submit_at(FAST, trial.begin + THIRD);
            Subject::CROWD[0].submit_at(FAST, trial.begin + SECOND);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            must(FAST.shutdown(Shutdown::Drain, Timeout::Forever));
            must(FAST.restart());
        },
        silent: Silent::Surely(Outcome::Discarded),
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "spawn, wait, block, take, run, finish, let go and back",
        pool: SLOW,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if let Some(mut handle) = spawn(SLOW) {
                must(handle.wait(Timeout::Forever));
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "spawn, behind a queued job, cancel and drop",
        pool: SLOW,
        prepare: |trial| trial.same().submit(SLOW),
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if let Some(handle) = spawn(SLOW) {
                handle.cancel();
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "spawn, wake, take, run, finish, back and drop",
        pool: FAST,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            drop(spawn(FAST));
        },
        ..ORDINARY
    },
    Operation {
        name: "scope of two closures, block, run, finish, let go and back",
        pool: SLOW,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            let mut ran = [0; 2];
            let [first, second] = &mut ran;
            must(SLOW.scope(|scope| {
                must(scope.spawn(|| *first += 1));
                must(scope.spawn(|| *second += 1));
            }));
            if ran != [1; 2] {
                trial::wrong_answer();
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "create a pool, submit, borrow, run, finish, give back, and shutdown",
        // It has the other worker of the reserve, unless the interrupt was first.
        pool: LENT,
        prepare: |_| Subject::HOLDER.submit(LENT),
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if let Some(pool) = must(MADE.create(c"made", 1, 2)) {
                trial.same().submit(pool);
                must(pool.shutdown(Shutdown::Drain, Timeout::Forever));
            }
        },
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "spawn_after, block, expiry, take, run, finish, let go and back",
        pool: SLOW,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if let Some(mut handle) = spawn_after(SLOW, FIRST) {
                must(handle.wait(Timeout::Forever));
                if board::now() <= trial.begin + FIRST {
                    trial::wrong_answer();
                }
            }
        },
        idles: true,
        ..ORDINARY
    },
    Operation {
        name: "spawn_after, behind others, cancel and drop",
        pool: FAST,
        prepare: CROWD,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if let Some(handle) = spawn_after(FAST, THIRD) {
                handle.cancel();
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "spawn_with, running, cancel, wait, block, finish, let go and back",
        pool: SLOW,
        perform: |trial| {
            let captured = closure();
            let spawned = must(SLOW.spawn_with(move |ctx| {
                board::release();
                while !ctx.cancelled() {}
                captured()
            }));
            // As in "cancel_and_wait, running".
            board::hold();
            offset::arm_operation(trial.instructions);
            if let Some(mut handle) = spawned {
                handle.cancel();
                must(handle.wait(Timeout::Forever));
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "spawn_boxed, wait, block, take, run, finish, let go and back",
        pool: SLOW,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if let Some(mut handle) = spawn_boxed(SLOW) {
                must(handle.wait(Timeout::Forever));
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "spawn_boxed, behind a queued job, cancel and drop",
        pool: SLOW,
        prepare: |trial| trial.same().submit(SLOW),
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if let Some(handle) = spawn_boxed(SLOW) {
                handle.cancel();
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "spawn_boxed, wake, take, run, finish, back and drop",
        pool: FAST,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            drop(spawn_boxed(FAST));
        },
        ..ORDINARY
    },
    Operation {
        name: "outcome, queued",
        pool: SLOW,
        prepare: AMID,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            ANSWER.store(outcome_number(trial.same().outcome()), Relaxed);
        },
        finish: |trial| {
            let touched = (trial.action == Action::CancelSame).then_some(Outcome::Cancelled);
            trial.must_be_answered(ANSWER.load(Relaxed), outcome_number(touched), outcome_number(None));
        },
        ..ORDINARY
    },
    Operation {
        name: "outcome, ended",
        pool: FAST,
        prepare: |trial| trial.same().submit(FAST),
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            ANSWER.store(outcome_number(trial.same().outcome()), Relaxed);
        },
        finish: |trial| {
            let untouched = Some(Outcome::Done(0));
            let touched = match trial.action {
                Action::SubmitSameElsewhere | Action::SubmitSameAfter => None,
                // It has run once more.
                _ => untouched,
            };
            trial.must_be_answered(ANSWER.load(Relaxed), outcome_number(touched), outcome_number(untouched));
        },
        ..ORDINARY
    },
    Operation {
        name: "spawn, try_take too early, wait, block, take, run, finish, let go, back and try_take once more",
        pool: SLOW,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if let Some(mut handle) = spawn(SLOW) {
                if !matches!(handle.try_take(), Err(JoinError::TimedOut)) {
                    trial::wrong_answer();
                }
                must(handle.wait(Timeout::Forever));
                if !matches!(handle.try_take(), Err(JoinError::Taken)) {
                    trial::wrong_answer();
                }
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "spawn, wake, take, run, finish, back and try_take",
        pool: FAST,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if let Some(mut handle) = spawn(FAST) {
                must(handle.try_take());
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "wait for a job behind a closure, block, take and run both, while the interrupt calls try_take",
        pool: SLOW,
        prepare: |trial| {
            RAN.store(false, Relaxed);
            let closure = closure();
            exchange(must(SLOW.spawn(move || {
                let answer = closure();
                RAN.store(true, Relaxed);
                answer
            })));
            trial.same().submit(SLOW);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            let answer = trial.same().wait(Timeout::Forever);
            trial.must_have_ended(answer);
        },
        meanwhile: |_| {
            let ran = RAN.load(Relaxed);
            if let Some(mut handle) = exchange(None) {
                let answer = match handle.try_take() {
                    Ok(_) if ran => TAKEN,
                    Err(JoinError::TimedOut) => TOO_EARLY,
                    _ => 0,
                };
                ANSWER.store(answer, Relaxed);
                exchange(Some(handle));
            }
        },
        finish: |trial| {
            let answer = ANSWER.swap(0, Relaxed);
            // Before the operation the closure has not run, and after it, it has.
            trial.must_be_answered(answer, TOO_EARLY, TAKEN);
            if let Some(mut handle) = exchange(None) {
                let last = handle.wait(Timeout::Forever);
                if matches!(last, Err(JoinError::Taken)) != (answer == TAKEN) || last.is_ok() == (answer == TAKEN) {
                    trial::wrong_answer();
                }
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "cache, with a slot used, while the interrupt uses the other",
        pool: SLOW,
        prepare: |_| {
            HIGH_WATER.store(taskpool::cache().most.into(), Relaxed);
            drop(spawn(SLOW));
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            let CacheUse { slots, used, most, .. } = taskpool::cache();
            ANSWER.store(u32::from_le_bytes([used, most, slots, 0]), Relaxed);
        },
        meanwhile: |_| drop(spawn(SLOW)),
        finish: |trial| {
            let [used, most, slots, _] = ANSWER.load(Relaxed).to_le_bytes();
            trial.must_be_answered(used, 2, 1);
            // All of one moment.
            if u32::from(most) != HIGH_WATER.load(Relaxed).max(used.into()) || slots != CONFIG.cache_jobs {
                trial::wrong_answer();
            }
        },
        ..ORDINARY
    },
    Operation {
        name: "destroy a pool that lets queued jobs run",
        pool: SLOW,
        made: Made::Before,
        prepare: AMID_AND_LATER,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if board::destroy(false, true) != Destroyed::Yes {
                trial::wrong_answer();
            }
        },
        finish: OVERWRITE,
        // What is deferred.
        silent: Silent::Maybe(Outcome::Discarded),
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "destroy a pool that discards queued jobs",
        pool: SLOW,
        made: Made::Before,
        prepare: AMID_AND_LATER,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            if board::destroy(true, true) != Destroyed::Yes {
                trial::wrong_answer();
            }
        },
        finish: OVERWRITE,
        silent: Silent::Surely(Outcome::Discarded),
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "create a pool by C, submit, borrow, destroy without time, and destroy",
        pool: SLOW,
        made: Made::Within,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            match board::create() {
                Some(pool) => trial.same().submit(pool),
                None => trial::wrong_answer(),
            }
            // Its worker is below this thread; but there is nothing to wait for when the interrupt has submitted the job
            // to another pool before, or cancelled it.
            let touched = matches!(
                trial.action,
                Action::SubmitSame | Action::SubmitSameElsewhere | Action::SubmitSameAfter | Action::CancelSame
            );
            let expected = match board::destroy(false, false) {
                Destroyed::TimedOut => Some(Destroyed::Yes),
                Destroyed::Yes if touched => Some(Destroyed::Refused),
                _ => None,
            };
            if Some(board::destroy(false, true)) != expected {
                trial::wrong_answer();
            }
        },
        finish: OVERWRITE,
        // What the interrupt has deferred.
        silent: Silent::Maybe(Outcome::Discarded),
        reads_clock: true,
        ..ORDINARY
    },
    Operation {
        name: "status of a deferred job, which the interrupt cancels",
        pool: SLOW,
        prepare: AMID_AND_LATER,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            let [.., later] = Subject::CROWD;
            ANSWER.store(status_number(later.status(), trial.begin + SECOND), Relaxed);
        },
        meanwhile: |_| {
            let [.., later] = Subject::CROWD;
            later.cancel();
        },
        finish: |trial| trial.must_be_answered(ANSWER.swap(0, Relaxed), IDLE, DEFERRED),
        ..ORDINARY
    },
    Operation {
        name: "wait for a job between others, block, take and run all, while the interrupt makes the last one urgent",
        pool: SLOW,
        prepare: AMID,
        perform: WAIT,
        meanwhile: |_| {
            let [_, after, _] = Subject::CROWD;
            after.submit_urgent(SLOW);
        },
        ..ORDINARY
    },
    Operation {
        name: "wait for a job between others, block, take and run all, while the interrupt raises the last one's level",
        pool: SLOW,
        prepare: AMID,
        perform: WAIT,
        meanwhile: |_| {
            let [_, after, _] = Subject::CROWD;
            after.set_level(1);
        },
        finish: |_| {
            let [_, after, _] = Subject::CROWD;
            after.set_level(0);
        },
        ..ORDINARY
    },
    Operation {
        name: "wait for a job between others, block, take and run all, while the interrupt aborts the last one",
        pool: SLOW,
        prepare: AMID,
        perform: WAIT,
        meanwhile: |_| {
            let [_, after, _] = Subject::CROWD;
            after.abort();
        },
        ..ORDINARY
    },
    #[cfg(CONFIG_TASKPOOL_STATS)]
    Operation {
        name: "stats, with jobs queued",
        pool: SLOW,
        prepare: |trial| {
            // How long a division takes depends on what is divided: the same each time.
            SLOW.reset_stats();
            AMID(trial);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            UNDER_WAY.store(under_way_and_not_queued(), Relaxed);
        },
        finish: |trial| trial.must_be_deferred(UNDER_WAY.load(Relaxed)),
        ..ORDINARY
    },
    #[cfg(CONFIG_TASKPOOL_STATS)]
    Operation {
        name: "reset_stats, with jobs queued",
        pool: SLOW,
        prepare: AMID,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            SLOW.reset_stats();
        },
        finish: |trial| trial.must_be_deferred(under_way_and_not_queued()),
        ..ORDINARY
    },
];
