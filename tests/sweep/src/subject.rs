//! The jobs, and the books about them.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use taskpool::{Accepted, Cancel, Complete, Ctx, Duration, Instant, Job, OnEnd, Outcome, Pool, Run, Status};

use crate::board::{self, SLOW};
use crate::trial::{self, Fault};

const COUNT: usize = 8;
/// A run may begin so many ticks after its deadline: the longest operation takes 5,169 instructions, with its interrupt,
/// and a tick is about 1,500. Deadlines
/// of a trial are further apart, so that one does not hide that the timer was not armed for the one before.
pub const LATE: u32 = 5;
/// A clock interrupt or two may come between the test's looking at the clock and the pool's.
const CLOCK: u32 = 2;

/// What has been handed over and what came of it, since the beginning of the case.
struct Ledger {
    /// Submissions that were accepted.
    accepted: AtomicU32,
    /// Runs that have ended.
    runs: AtomicU32,
    /// Submissions that `cancel` said it cancelled.
    cancelled: AtomicU32,
    /// Outcomes that the completion was told.
    told_done: AtomicU32,
    told_cancelled: AtomicU32,
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
            told_done: AtomicU32::new(0),
            told_cancelled: AtomicU32::new(0),
            running: AtomicBool::new(false),
            deadlines: [const { AtomicU32::new(0) }; 4],
            deferred: AtomicU32::new(0),
        }
    }
}

impl Complete for Ledger {
    fn complete(&self, outcome: Outcome) {
        match outcome {
            Outcome::Cancelled => &self.told_cancelled,
            _ => &self.told_done,
        }
        .fetch_add(1, Relaxed);
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

    fn accept<E>(self, answer: Result<Accepted, E>) {
        if matches!(answer, Ok(Accepted::New | Accepted::Again)) {
            self.ledger().accepted.fetch_add(1, Relaxed);
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

    /// Cancels it.
    #[inline(always)]
    pub fn cancel(self) {
        let cancelled = match JOBS[self.0].cancel() {
            Cancel::Idle => false,
            Cancel::Cancelled => true,
            Cancel::Running { resubmission_cancelled } => resubmission_cancelled,
        };
        if cancelled {
            self.ledger().cancelled.fetch_add(1, Relaxed);
        }
    }

    /// A new case begins.
    pub fn open_books(self) {
        let ledger = self.ledger();
        let counts = [
            &ledger.accepted,
            &ledger.runs,
            &ledger.cancelled,
            &ledger.told_done,
            &ledger.told_cancelled,
        ];
        counts.into_iter().for_each(|count| count.store(0, Relaxed));
    }

    /// A new trial begins.
    pub fn forget_deadlines(self) {
        self.ledger().deferred.store(0, Relaxed);
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
    pub fn audit(self) -> Result<(), &'static str> {
        let ledger = self.ledger();
        let (runs, cancelled) = (ledger.runs.load(Relaxed), ledger.cancelled.load(Relaxed));
        if ledger.accepted.load(Relaxed) != runs + cancelled {
            return Err("accepted submissions are not runs and cancellations");
        }
        let told = (ledger.told_done.load(Relaxed), ledger.told_cancelled.load(Relaxed));
        if self.told() && told != (runs, cancelled) {
            return Err("the completion was not told of each run and cancellation");
        }
        Ok(())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ledger = self.ledger();
        write!(
            f,
            "job {}: accepted {}, runs {}, cancelled {}, told {} and {}",
            self.0,
            ledger.accepted.load(Relaxed),
            ledger.runs.load(Relaxed),
            ledger.cancelled.load(Relaxed),
            ledger.told_done.load(Relaxed),
            ledger.told_cancelled.load(Relaxed),
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
            if !asked.iter().any(|asked| due.wrapping_sub(asked.load(Relaxed)) <= CLOCK) {
                Fault::NobodyAsked.report(subject, due, now);
            }
            if now < due {
                Fault::Early.report(subject, due, now);
            }
            // The worker of the slow pool runs when the test thread waits.
            let free = if Pool::of(ctx) == SLOW {
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
        trial::inside(subject);
        ledger.running.store(false, Relaxed);
        ledger.runs.fetch_add(1, Relaxed);
        0
    }
}
