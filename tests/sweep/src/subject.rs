//! The jobs, and the books about them.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use taskpool::{
    Accepted, Cancel, Complete, Ctx, DeferError, Duration, Instant, Job, OnEnd, Outcome, Pool, Run, Status, Timeout,
    WaitError,
};

use crate::board::{self, SLOW};
use crate::operation::{Action, Silent};
use crate::trial::{self, Fault, Trial};

const COUNT: usize = 8;
/// A run may begin so many ticks after its deadline: the longest operation takes 5,605 instructions, the interrupt looks
/// at all pools twice, and a tick is about 1,500. Deadlines of a trial are further apart, so that one does not hide that
/// the timer was not armed for the one before.
pub const LATE: u32 = 6;
/// Between the test's looking at the clock and the pool's, the interrupt may come, and then what it has deferred.
const CLOCK: u32 = 4;

/// What has been handed over and what came of it, since the beginning of the case.
struct Ledger {
    /// Submissions that were accepted.
    accepted: AtomicU32,
    /// Runs that have ended.
    runs: AtomicU32,
    /// Submissions that `cancel` said it cancelled.
    cancelled: AtomicU32,
    /// Submissions that `abort` said will not run.
    aborted: AtomicU32,
    /// Runs that `abort` found.
    aborted_runs: AtomicU32,
    /// Submissions that ended otherwise, as `Silent` says. Each is found at the end of its trial.
    silent: AtomicU32,
    /// Outcomes that the completion was told.
    told_done: AtomicU32,
    told_cancelled: AtomicU32,
    told_aborted: AtomicU32,
    told_timed_out: AtomicU32,
    told_discarded: AtomicU32,
    /// Outcomes that this test does not know.
    told_otherwise: AtomicU32,
    /// What some of these were at the beginning of the trial.
    before: [AtomicU32; 5],
    /// A worker runs the job.
    running: AtomicBool,
    /// Deadlines of this trial.
    deadlines: [AtomicU32; 4],
    deferred: AtomicU32,
}

impl Ledger {
    const fn new() -> Self {
        Ledger {
            accepted: AtomicU32::new(0),
            runs: AtomicU32::new(0),
            cancelled: AtomicU32::new(0),
            aborted: AtomicU32::new(0),
            aborted_runs: AtomicU32::new(0),
            silent: AtomicU32::new(0),
            told_done: AtomicU32::new(0),
            told_cancelled: AtomicU32::new(0),
            told_aborted: AtomicU32::new(0),
            told_timed_out: AtomicU32::new(0),
            told_discarded: AtomicU32::new(0),
            told_otherwise: AtomicU32::new(0),
            before: [const { AtomicU32::new(0) }; 5],
            running: AtomicBool::new(false),
            deadlines: [const { AtomicU32::new(0) }; 4],
            deferred: AtomicU32::new(0),
        }
    }

    fn told(&self, outcome: Outcome) -> &AtomicU32 {
        match outcome {
            Outcome::Done(_) => &self.told_done,
            Outcome::Cancelled => &self.told_cancelled,
            Outcome::Aborted => &self.told_aborted,
            Outcome::TimedOut => &self.told_timed_out,
            Outcome::Discarded => &self.told_discarded,
            _ => &self.told_otherwise,
        }
    }

    /// Accepted submissions, runs, how many were cancelled, aborted before they ran, and aborted while they did.
    fn counts(&self) -> [u32; 5] {
        [
            &self.accepted,
            &self.runs,
            &self.cancelled,
            &self.aborted,
            &self.aborted_runs,
        ]
        .map(|count| count.load(Relaxed))
    }

    /// The same, of this trial.
    fn counts_of_trial(&self) -> [u32; 5] {
        let mut counts = self.counts();
        for (count, before) in counts.iter_mut().zip(&self.before) {
            *count -= before.load(Relaxed);
        }
        counts
    }
}

impl Complete for Ledger {
    fn complete(&self, outcome: Outcome) {
        self.told(outcome).fetch_add(1, Relaxed);
    }
}

static LEDGERS: [OnEnd<Ledger>; COUNT] = [const { OnEnd::new(Ledger::new()) }; COUNT];

static JOBS: [Job<Probe>; COUNT] = [
    told(0),
    plain(1),
    told(2),
    plain(3),
    told(4),
    plain(5),
    told(6),
    plain(7),
];

const fn told(index: usize) -> Job<Probe> {
    Job::with_completion(Probe(Subject(index)), &LEDGERS[index])
}

const fn plain(index: usize) -> Job<Probe> {
    Job::new(Probe(Subject(index)))
}

/// A job, with its books.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Subject(usize);

impl Subject {
    /// Jobs that are there to be in the way.
    pub const CROWD: [Subject; 3] = [Subject(4), Subject(5), Subject(6)];
    /// A job that keeps its worker until it is released.
    pub const HOLDER: Subject = Subject(7);

    /// The job that the operation is about, with or without a completion.
    pub fn same(told: bool) -> Self {
        Subject(usize::from(!told))
    }

    /// Another job.
    pub fn other(told: bool) -> Self {
        Subject(2 + usize::from(!told))
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Subject> {
        (0..COUNT).map(Subject)
    }

    fn told(self) -> bool {
        self.0 % 2 == 0
    }

    fn ledger(self) -> &'static Ledger {
        &LEDGERS[self.0]
    }

    fn accept<E: Into<DeferError>>(self, answer: Result<Accepted, E>) {
        match answer.map_err(Into::into) {
            Ok(Accepted::New | Accepted::Again) => {
                self.ledger().accepted.fetch_add(1, Relaxed);
            }
            Ok(Accepted::Moved) | Err(DeferError::AlreadyQueued) => {}
            Err(error) => trial::refused(self, error),
        }
    }

    fn expect(self, deadline: u32) {
        let at = self.ledger().deferred.fetch_add(1, Relaxed) as usize;
        self.ledger().deadlines[at].store(deadline, Relaxed);
        trial::expect(deadline);
    }

    /// Submits it.
    #[inline(always)]
    pub fn submit(self, pool: Pool) {
        self.accept(pool.submit(&JOBS[self.0]));
    }

    /// Defers it by so many ticks.
    #[inline(always)]
    pub fn submit_after(self, pool: Pool, ticks: u32) {
        // It counts from when the pool looks at the clock, which may be later.
        self.expect(board::now() + ticks + 1);
        self.accept(pool.submit_after(&JOBS[self.0], Duration::ticks(ticks.into())));
    }

    /// Defers it to this tick.
    #[inline(always)]
    pub fn submit_at(self, pool: Pool, tick: u32) {
        self.expect(tick);
        self.accept(pool.submit_at(&JOBS[self.0], Instant::from_ticks(tick.into())));
    }

    /// Submits it before all others.
    #[inline(always)]
    pub fn submit_urgent(self, pool: Pool) {
        self.accept(pool.submit_urgent(&JOBS[self.0]));
    }

    /// Submits it for so many ticks.
    #[inline(always)]
    pub fn submit_within(self, pool: Pool, ticks: u32) {
        self.accept(pool.submit_within(&JOBS[self.0], Duration::ticks(ticks.into())));
    }

    /// Changes its level.
    #[inline(always)]
    pub fn set_level(self, level: u8) {
        if JOBS[self.0].set_level(level).is_err() {
            trial::wrong_answer();
        }
    }

    /// Cancels it.
    #[inline(always)]
    pub fn cancel(self) {
        if will_not_run(JOBS[self.0].cancel()) {
            self.ledger().cancelled.fetch_add(1, Relaxed);
        }
    }

    /// Aborts it: once in a trial at most.
    #[inline(always)]
    pub fn abort(self) {
        let found = JOBS[self.0].abort();
        if will_not_run(found) {
            self.ledger().aborted.fetch_add(1, Relaxed);
        }
        if matches!(found, Cancel::Running { .. }) {
            self.ledger().aborted_runs.fetch_add(1, Relaxed);
        }
    }

    /// Waits for it.
    #[inline(always)]
    pub fn wait(self, timeout: Timeout) -> Result<Outcome, WaitError> {
        JOBS[self.0].wait(timeout)
    }

    /// Cancels it, and waits for its end. It does not say whether a submission was cancelled: see `Silent`.
    #[inline(always)]
    pub fn cancel_and_wait(self, timeout: Timeout) -> Result<Outcome, WaitError> {
        JOBS[self.0].cancel_and_wait(timeout)
    }

    /// How the last submission ended, if none is under way.
    #[inline(always)]
    pub fn outcome(self) -> Option<Outcome> {
        JOBS[self.0].outcome()
    }

    /// Whether a submission of this trial has so ended.
    pub fn has_ended(self, outcome: Outcome) -> bool {
        let [_, runs, cancelled, ..] = self.ledger().counts_of_trial();
        match outcome {
            Outcome::Done(0) => runs > 0,
            Outcome::Cancelled => cancelled > 0,
            _ => false,
        }
    }

    /// A new case begins.
    pub fn open_books(self) {
        let ledger = self.ledger();
        let counts = [
            &ledger.accepted,
            &ledger.runs,
            &ledger.cancelled,
            &ledger.aborted,
            &ledger.aborted_runs,
            &ledger.silent,
            &ledger.told_done,
            &ledger.told_cancelled,
            &ledger.told_aborted,
            &ledger.told_timed_out,
            &ledger.told_discarded,
        ];
        counts.into_iter().for_each(|count| count.store(0, Relaxed));
    }

    /// A new trial begins.
    pub fn open_trial(self) {
        let ledger = self.ledger();
        ledger.deferred.store(0, Relaxed);
        for (before, count) in ledger.before.iter().zip(ledger.counts()) {
            before.store(count, Relaxed);
        }
    }

    /// As messages call it.
    pub fn number(self) -> usize {
        self.0
    }

    /// Where it is.
    pub fn status(self) -> Status {
        JOBS[self.0].status()
    }

    /// Nothing is under way.
    pub fn idle(self) -> bool {
        self.status() == Status::Idle
    }

    /// What is wrong with the books, once the job is idle.
    pub fn audit(self, trial: &Trial) -> Result<(), &'static str> {
        let ledger = self.ledger();
        let [accepted, runs, cancelled, aborted, aborted_runs] = ledger.counts();
        let silent = trial.operation().silent;
        // What has no run, and nobody was answered that it will have none.
        let rest = accepted.wrapping_sub(runs + cancelled + aborted + ledger.silent.load(Relaxed));
        if rest > u32::from(silent != Silent::Never) {
            return Err(
                "accepted submissions are not runs, cancellations, abortions and what the operation may discard",
            );
        }
        if matches!(silent, Silent::Surely(_))
            && self == trial.same()
            && trial.action == Action::CancelOther
            && rest != 1
        {
            return Err("the submission did not end as the operation says");
        }
        ledger.silent.fetch_add(rest, Relaxed);
        if ledger.told_otherwise.load(Relaxed) != 0 {
            return Err("the completion was told of an outcome that there is not");
        }
        if self.told() {
            let mut expected = [
                (Outcome::Done(0), runs - aborted_runs),
                (Outcome::Cancelled, cancelled),
                (Outcome::Aborted, aborted + aborted_runs),
                (Outcome::TimedOut, 0),
                (Outcome::Discarded, 0),
            ];
            for (outcome, count) in &mut expected {
                if silent.outcome() == Some(*outcome) {
                    *count += ledger.silent.load(Relaxed);
                }
                if ledger.told(*outcome).load(Relaxed) != *count {
                    return Err("the completion was not told of each outcome");
                }
            }
        }
        // With one submission, the job's last outcome is the one of it.
        let expected = match ledger.counts_of_trial() {
            [1, 1, 0, 0, 0] => Some(Outcome::Done(0)),
            [1, 1, 0, 0, 1] | [1, 0, 0, 1, 0] => Some(Outcome::Aborted),
            [1, 0, 1, 0, 0] => Some(Outcome::Cancelled),
            [1, 0, 0, 0, 0] => silent.outcome(),
            [1, ..] => return Err("a submission has two outcomes"),
            _ => return Ok(()),
        };
        if self.outcome() != expected {
            return Err("the job keeps another outcome than its submission had");
        }
        Ok(())
    }
}

/// Whether a submission was cancelled, or aborted, that will not run.
fn will_not_run(found: Cancel) -> bool {
    match found {
        Cancel::Idle => false,
        Cancel::Cancelled => true,
        Cancel::Running { resubmission_cancelled } => resubmission_cancelled,
    }
}

/// What spawned closures capture, and answer. It counts how many there are.
pub struct Thing(());

static MADE: AtomicU32 = AtomicU32::new(0);
static DROPPED: AtomicU32 = AtomicU32::new(0);

impl Thing {
    pub fn new() -> Self {
        MADE.fetch_add(1, Relaxed);
        Thing(())
    }

    /// What is wrong once no closure is under way, and there is no handle.
    pub fn audit() -> Result<(), &'static str> {
        if MADE.load(Relaxed) != DROPPED.load(Relaxed) {
            return Err("what closures captured and answered was not dropped, each once");
        }
        if taskpool::cache().used != 0 {
            return Err("a slot of the cache was not given back");
        }
        Ok(())
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, Relaxed);
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ledger = self.ledger();
        let [accepted, runs, cancelled, aborted, aborted_runs] = ledger.counts();
        write!(
            f,
            "job {}: accepted {}, runs {}, cancelled {}, aborted {}, runs aborted {}, otherwise {}; told done {}, \
             cancelled {}, aborted {}, timed out {}, discarded {}",
            self.0,
            accepted,
            runs,
            cancelled,
            aborted,
            aborted_runs,
            ledger.silent.load(Relaxed),
            ledger.told_done.load(Relaxed),
            ledger.told_cancelled.load(Relaxed),
            ledger.told_aborted.load(Relaxed),
            ledger.told_timed_out.load(Relaxed),
            ledger.told_discarded.load(Relaxed),
        )
    }
}

/// The function of every job: it keeps the books.
struct Probe(Subject);

impl Run for Probe {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        let subject = self.0;
        let ledger = subject.ledger();
        if ledger.running.swap(true, Relaxed) {
            Fault::TwoWorkers.report(subject, 0, board::now());
        }
        if let Some(due) = ctx.due() {
            let (due, now) = (due as u32, board::now());
            let asked = &ledger.deadlines[..ledger.deferred.load(Relaxed) as usize];
            if !asked
                .iter()
                .any(|asked| due.wrapping_sub(asked.load(Relaxed)) <= CLOCK + trial::pause())
            {
                Fault::NobodyAsked.report(subject, due, now);
            }
            if now < due {
                Fault::Early.report(subject, due, now);
            }
            // The workers of these pools run when the test thread waits.
            let free = if Pool::of(ctx) == SLOW || Some(Pool::of(ctx)) == board::made() {
                trial::drained_since()
            } else {
                0
            };
            if now > due.max(free).saturating_add(LATE) {
                Fault::Late.report(subject, due, now);
            }
        }
        if subject == Subject::HOLDER {
            board::hold();
        }
        trial::inside(subject, ctx);
        ledger.running.store(false, Relaxed);
        ledger.runs.fetch_add(1, Relaxed);
        0
    }
}
