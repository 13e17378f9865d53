//! One trial, and what must hold after it.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use taskpool::{Ctx, DeferError, Outcome, Pool, Status, WaitError};
use zephyr::printkln;

use crate::board::{self, Hit, LENT, POOLS};
use crate::operation::{Action, Operation, ACTIONS, OPERATIONS};
use crate::subject::{Subject, Thing};

/// One interrupt into one operation.
#[derive(Clone, Copy)]
pub struct Trial {
    number: u32,
    pub action: Action,
    /// The jobs have completions.
    told: bool,
    /// The interrupt comes so many instructions after the arming.
    pub instructions: u32,
    /// The tick in which it began.
    pub begin: u32,
}

/// Where the interrupt landed, and what the operation noted about the clock.
pub struct Landed {
    pub hit: Hit,
    pub phase: u32,
}

/// Why a trial failed.
pub enum Failure {
    /// The only thing wrong is when a job ran. It may be the clock's doing.
    Time(&'static str),
    /// Something else, which no clock excuses.
    Pool(&'static str),
}

impl From<&'static str> for Failure {
    fn from(sentence: &'static str) -> Self {
        Failure::Pool(sentence)
    }
}

// The trial under way, for the interrupt and the jobs.
static NUMBER: AtomicU32 = AtomicU32::new(0);
static ACTION: AtomicU32 = AtomicU32::new(0);
static TOLD: AtomicBool = AtomicBool::new(false);
static INSTRUCTIONS: AtomicU32 = AtomicU32::new(0);
static BEGIN: AtomicU32 = AtomicU32::new(0);
/// An operation has begun, and the interrupt has not come.
static ARMED: AtomicBool = AtomicBool::new(false);
/// The next run of the job does what the operation says.
static INSIDE: AtomicBool = AtomicBool::new(false);
static PHASE: AtomicU32 = AtomicU32::new(0);
/// The latest deadline.
static LATEST: AtomicU32 = AtomicU32::new(0);
/// The tick in which the test thread began to wait for the end of everything.
static DRAINED: AtomicU32 = AtomicU32::new(u32::MAX);
/// The gravest [`Fault`], or 0.
static FAULT: AtomicU32 = AtomicU32::new(0);

/// Time for all that has been accepted to end, in ticks.
const PATIENCE: u32 = 12;

impl Trial {
    /// It begins with a tick: what the books of the last one took does not matter.
    pub fn new(number: u32, action: Action, told: bool, instructions: u32) -> Self {
        board::sleep_until(board::now() + 1);
        Trial {
            number,
            action,
            told,
            instructions,
            begin: board::now(),
        }
    }

    fn current() -> Self {
        Trial {
            number: NUMBER.load(Relaxed),
            action: ACTIONS[ACTION.load(Relaxed) as usize],
            told: TOLD.load(Relaxed),
            instructions: INSTRUCTIONS.load(Relaxed),
            begin: BEGIN.load(Relaxed),
        }
    }

    pub fn operation(&self) -> &'static Operation {
        &OPERATIONS[self.number as usize]
    }

    pub fn same(&self) -> Subject {
        Subject::same(self.told)
    }

    pub fn other(&self) -> Subject {
        Subject::other(self.told)
    }

    pub fn set_phase(&self, phase: u32) {
        PHASE.store(phase, Relaxed);
    }

    /// What the operation was answered when it waited for the job under test: how it ended.
    pub fn must_have_ended(&self, answer: Result<Outcome, WaitError>) {
        if !answer.is_ok_and(|outcome| self.same().has_ended(outcome)) {
            wrong_answer();
        }
    }

    /// What somebody was answered who looked at one moment: this, when the interrupt comes `before` the operation; that,
    /// when it comes `after` it; and one of both in between.
    pub fn must_be_answered<T: PartialEq>(&self, answer: T, before: T, after: T) {
        let hit = board::hit().pc;
        let right = if board::before().contains(&hit) {
            answer == before
        } else if board::after_range().contains(&hit) {
            answer == after
        } else {
            answer == before || answer == after
        };
        if !right {
            wrong_answer();
        }
    }

    /// So many submissions to a pool whose worker is below the test thread have not ended, and are not queued: what the
    /// interrupt has deferred.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub fn must_be_deferred(&self, count: u32) {
        if count > (self.action == Action::SubmitOtherAfter).into() {
            wrong_answer();
        }
    }

    /// Interrupts the operation once, and checks what came of it. The trial begins and ends at the beginning of a tick.
    pub fn run(self, operation: &'static Operation) -> Result<Landed, Failure> {
        NUMBER.store(self.number, Relaxed);
        ACTION.store(self.action as u32, Relaxed);
        TOLD.store(self.told, Relaxed);
        INSTRUCTIONS.store(self.instructions, Relaxed);
        BEGIN.store(self.begin, Relaxed);
        LATEST.store(self.begin, Relaxed);
        DRAINED.store(u32::MAX, Relaxed);
        Subject::all().for_each(Subject::open_trial);
        board::prepare();

        operation.prepare(&self);
        INSIDE.store(operation.inside().is_some(), Relaxed);
        ARMED.store(true, Relaxed);
        board::forget_clock();
        operation.perform(&self);

        check();
        operation.finish(&self);
        DRAINED.store(board::now(), Relaxed);
        if !Subject::HOLDER.idle() {
            let waits = borrows();
            board::release();
            waits?;
        }
        settle(LATEST.load(Relaxed))?;
        if operation.destroys() && !board::is_overwritten() {
            return Err("somebody wrote into a pool that was destroyed".into());
        }
        // Last, what is about time: it must not hide anything else.
        Subject::all().try_for_each(|subject| subject.audit(&self))?;
        Thing::audit()?;
        if let Some(fault) = Fault::reported() {
            return Err(fault.failure());
        }
        Ok(Landed {
            hit: board::hit(),
            phase: PHASE.load(Relaxed),
        })
    }
}

/// The pools' parts must fit at any time; it panics if they don't.
fn check() {
    for pool in POOLS {
        pool.check();
    }
    if let Some(pool) = board::made() {
        pool.check();
    }
}

/// Waits while a job holds the pool's own worker: a borrowed one runs all others.
fn borrows() -> Result<(), &'static str> {
    board::sleep_until(LATEST.load(Relaxed).max(board::now()) + 1);
    if LENT.check().queued != 0 {
        return Err("a job stays queued where a worker could be borrowed");
    }
    Ok(())
}

/// Waits for the end of everything, with `latest` as the latest deadline. Nothing is done to the pools meanwhile, so
/// what is forgotten stays forgotten.
fn settle(latest: u32) -> Result<(), &'static str> {
    board::sleep_until(latest.max(board::now()) + 1);
    let end = board::now() + PATIENCE;
    loop {
        let verdict = settled();
        if verdict.is_ok() || board::now() >= end {
            return verdict;
        }
        board::sleep_until(board::now() + 1);
    }
}

/// Before a case: what an earlier one may have left behind.
pub fn rest() -> Result<(), &'static str> {
    Subject::all().for_each(Subject::open_books);
    Fault::reported();
    settle(board::now())
}

/// Whether everything has ended.
fn settled() -> Result<(), &'static str> {
    POOLS.into_iter().try_for_each(empty)?;
    if taskpool::check_reserve() != 1 {
        return Err("the borrowed worker was not given back");
    }
    if !Subject::all().all(Subject::idle) {
        return Err("a job is not idle in the end");
    }
    // To wake it would be another operation. The other workers are above the test thread: idle, they wait.
    if !board::slow_waits() {
        return Err("an idle worker does not wait");
    }
    Ok(())
}

fn empty(pool: Pool) -> Result<(), &'static str> {
    let snapshot = pool.check();
    if snapshot.queued != 0 {
        return Err("a job stays queued: a wake was lost");
    }
    if snapshot.deferred != 0 {
        return Err("a job stays deferred: the timer was not armed for it");
    }
    if snapshot.idle != 1 || snapshot.workers != 1 {
        return Err("a worker is missing");
    }
    if snapshot.in_line {
        return Err("the pool stands in line for a worker and has no work");
    }
    if snapshot.armed.is_some() {
        return Err("the pool believes that its timer is armed");
    }
    Ok(())
}

/// The interrupt. Wherever it comes, the pools' parts must fit.
pub fn interrupt() {
    if !ARMED.swap(false, Relaxed) {
        return;
    }
    check();
    let trial = Trial::current();
    trial.operation().interrupted(&trial);
    trial.action.perform(&trial);
    check();
}

/// A worker above the test thread has had the time to run the job.
pub fn stalled() {
    let same = Trial::current().same();
    if same.status() == Status::Queued {
        Fault::Held.report(same, 0, board::now());
    }
}

/// What a run of this job does.
pub fn inside(subject: Subject, ctx: &Ctx<'_>) {
    let trial = Trial::current();
    if subject != trial.same() || !INSIDE.swap(false, Relaxed) {
        return;
    }
    if let Some(inside) = trial.operation().inside() {
        inside(&trial, ctx);
    }
}

/// The operation was not answered as it must be, whatever the interrupt does.
#[cold]
pub fn wrong_answer() {
    Fault::Answer.report(Trial::current().same(), 0, board::now());
}

/// A submission was refused. A pool that is shut down may do so.
#[cold]
pub fn refused(subject: Subject, error: DeferError) {
    let closes = Trial::current().operation().silent.outcome() == Some(Outcome::Discarded);
    if error != DeferError::NotRunning || !closes {
        Fault::Answer.report(subject, 0, board::now());
    }
}

/// The operation under way moves deadlines by so many ticks at most.
pub fn pause() -> u32 {
    Trial::current().operation().pause
}

/// A job may run at this tick.
pub fn expect(deadline: u32) {
    LATEST.fetch_max(deadline, Relaxed);
}

/// The tick from which on every worker may run; the last of all, before that.
pub fn drained_since() -> u32 {
    DRAINED.load(Relaxed)
}

/// Prints the trial under way. Takes no lock.
pub fn print() {
    let trial = Trial::current();
    printkln!(
        "operation: {}; action: {:?}; {} completion; {} instructions after the arming; interrupted pc {:#x}",
        trial.operation().name,
        trial.action,
        if trial.told { "with" } else { "without" },
        trial.instructions,
        board::hit().pc
    );
    for subject in Subject::all() {
        printkln!("{}", subject);
    }
}

/// What can be found wrong while a trial goes on, the gravest last: it must not be hidden by what is about time.
#[derive(Clone, Copy)]
#[repr(u32)]
pub enum Fault {
    NobodyAsked = 1,
    Early,
    Late,
    Held,
    Answer,
    TwoWorkers,
}

impl Fault {
    fn sentence(self) -> &'static str {
        match self {
            Fault::NobodyAsked => "the job ran for a deadline that nobody asked for",
            Fault::Early => "the job ran before its deadline",
            Fault::Late => "the job ran late: the timer was not armed for it",
            Fault::Held => "the job waits for the thread that submitted it",
            Fault::Answer => "the operation was answered something else than it must be",
            Fault::TwoWorkers => "the job runs on two workers",
        }
    }

    fn failure(self) -> Failure {
        match self {
            Fault::NobodyAsked | Fault::Early | Fault::Late => Failure::Time(self.sentence()),
            Fault::Held | Fault::Answer | Fault::TwoWorkers => Failure::Pool(self.sentence()),
        }
    }

    /// It was found at `now`.
    pub fn report(self, subject: Subject, due: u32, now: u32) {
        printkln!(
            "job {}, due at {}, at {}: {}",
            subject.number(),
            due,
            now,
            self.sentence()
        );
        FAULT.fetch_max(self as u32, Relaxed);
    }

    fn reported() -> Option<Self> {
        let found = FAULT.swap(0, Relaxed);
        [
            Fault::NobodyAsked,
            Fault::Early,
            Fault::Late,
            Fault::Held,
            Fault::Answer,
            Fault::TwoWorkers,
        ]
        .into_iter()
        .find(|fault| *fault as u32 == found)
    }
}
