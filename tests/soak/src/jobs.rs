//! The jobs of the soak, and the books about them.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use taskpool::{Accepted, Complete, Ctx, Instant, Job, OnEnd, Outcome, Pool, Run, Status};

use crate::board::{self, LINE};
use crate::SECOND;

/// Jobs of each kind.
pub const IMMEDIATE: usize = 24;
pub const DEFERRED: usize = 24;
pub const BROAD: usize = 16;
pub const PERIODS: [u64; 4] = [SECOND, SECOND * 3 / 2, SECOND * 5 / 2 + 1, SECOND * 7 + 3];
/// How often a chain runs when it was submitted once.
const CHAIN: u32 = 12;

/// What has been handed over and what came of it, since the beginning.
pub struct Books {
    pub accepted: AtomicU64,
    pub refused: AtomicU64,
    pub runs: AtomicU64,
    /// Outcomes that the completion was told.
    pub done: AtomicU64,
    pub cancelled: AtomicU64,
    pub discarded: AtomicU64,
    pub worst_lateness: AtomicU64,
}

pub static BOOKS: OnEnd<Books> = OnEnd::new(Books {
    accepted: AtomicU64::new(0),
    refused: AtomicU64::new(0),
    runs: AtomicU64::new(0),
    done: AtomicU64::new(0),
    cancelled: AtomicU64::new(0),
    discarded: AtomicU64::new(0),
    worst_lateness: AtomicU64::new(0),
});

impl Books {
    /// Notes an answer; says whether there is a submission now, a new one or the old one moved.
    pub fn accept<E>(&self, answer: Result<Accepted, E>) -> bool {
        match answer {
            Ok(Accepted::New | Accepted::Again) => self.accepted.fetch_add(1, SeqCst),
            Ok(_) => return true,
            Err(_) => self.refused.fetch_add(1, SeqCst),
        };
        answer.is_ok()
    }

    /// What is wrong, when everything is at rest.
    pub fn audit(&self) -> Result<(), &'static str> {
        let [accepted, runs, done, cancelled, discarded] =
            [&self.accepted, &self.runs, &self.done, &self.cancelled, &self.discarded].map(|count| count.load(SeqCst));
        if runs != done {
            return Err("not every run has been told, or more than the runs");
        }
        if accepted != done + cancelled + discarded {
            return Err("accepted submissions are not runs, cancellations and what was discarded");
        }
        Ok(())
    }
}

impl Complete for Books {
    fn complete(&self, outcome: Outcome) {
        match outcome {
            Outcome::Done(_) => &self.done,
            Outcome::Cancelled => &self.cancelled,
            Outcome::Discarded => &self.discarded,
            other => panic!("an outcome that nothing asked for: {other:?}"),
        }
        .fetch_add(1, SeqCst);
    }
}

/// A run: one at a time, and not before its deadline.
struct Visit<'a>(&'a AtomicBool);

impl<'a> Visit<'a> {
    fn begin(inside: &'a AtomicBool, ctx: &Ctx<'_>) -> Self {
        assert!(!inside.swap(true, SeqCst), "a job runs on two workers at once");
        if let Some(due) = ctx.due() {
            let now = Instant::now().as_ticks();
            assert!(due <= now, "a job runs before its deadline: {due}, now {now}");
            BOOKS.worst_lateness.fetch_max(now - due, SeqCst);
            // Code takes no time here, and no job of this pool waits.
            assert!(due == now || Pool::of(ctx) != LINE, "a job runs late: {due}, now {now}");
        }
        BOOKS.runs.fetch_add(1, SeqCst);
        Visit(inside)
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.store(false, SeqCst);
    }
}

/// The number of a job's last submission, in the order of all.
pub struct Ticket(AtomicU64);

impl Ticket {
    const fn new() -> Self {
        Ticket(AtomicU64::new(0))
    }

    /// The job has been submitted, or moved.
    pub fn draw(&self) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        self.0.store(NEXT.fetch_add(1, SeqCst), SeqCst);
    }
}

pub static IMMEDIATE_TICKETS: [Ticket; IMMEDIATE] = [const { Ticket::new() }; IMMEDIATE];
pub static DEFERRED_TICKETS: [Ticket; DEFERRED] = [const { Ticket::new() }; DEFERRED];

/// On the pool with one worker: runs in the order of the submissions, or of the deadlines.
pub struct InOrder {
    number: usize,
    inside: AtomicBool,
}

impl Run for InOrder {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        static LAST_DUE: AtomicU64 = AtomicU64::new(0);
        static LAST_TICKET: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

        let _visit = Visit::begin(&self.inside, ctx);
        if let Some(due) = ctx.due() {
            let ticket = DEFERRED_TICKETS[self.number].0.load(SeqCst);
            let last_due = LAST_DUE.swap(due, SeqCst);
            let last_ticket = LAST_TICKET[1].swap(ticket, SeqCst);
            assert!((last_due, last_ticket) < (due, ticket), "deadlines run out of order");
        } else {
            let ticket = IMMEDIATE_TICKETS[self.number].0.load(SeqCst);
            let last_ticket = LAST_TICKET[0].swap(ticket, SeqCst);
            assert!(last_ticket < ticket, "jobs run out of order");
        }
        self.number as i32
    }
}

macro_rules! in_order {
    ($($number:literal)+) => {
        [$(Job::with_completion(InOrder { number: $number, inside: AtomicBool::new(false) }, &BOOKS)),+]
    };
}
pub static IMMEDIATE_JOBS: [Job<InOrder>; IMMEDIATE] =
    in_order!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);
pub static DEFERRED_JOBS: [Job<InOrder>; DEFERRED] =
    in_order!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23);

/// On the pool with several workers: some runs wait, so that it borrows.
pub struct Broad {
    turn: u32,
    inside: AtomicBool,
}

impl Run for Broad {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        let _visit = Visit::begin(&self.inside, ctx);
        self.turn = self.turn.wrapping_add(1);
        if self.turn % 16 == 0 {
            board::sleep(30);
        }
        i32::from(ctx.cancelled())
    }
}

pub static BROAD_JOBS: [Job<Broad>; BROAD] = [const {
    Job::with_completion(
        Broad {
            turn: 0,
            inside: AtomicBool::new(false),
        },
        &BOOKS,
    )
}; BROAD];

/// Submits itself again at once, [`CHAIN`] runs in all.
pub struct Chain {
    number: usize,
    turn: u32,
    inside: AtomicBool,
}

impl Chain {
    const fn job(number: usize) -> Job<Chain> {
        let inside = AtomicBool::new(false);
        Job::with_completion(
            Chain {
                number,
                turn: 0,
                inside,
            },
            &BOOKS,
        )
    }
}

impl Run for Chain {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        let _visit = Visit::begin(&self.inside, ctx);
        self.turn = (self.turn + 1) % CHAIN;
        if self.turn != 0 {
            BOOKS.accept(Pool::of(ctx).submit(&CHAINS[self.number]));
        }
        0
    }
}

/// One for each pool.
pub static CHAINS: [Job<Chain>; 2] = [Chain::job(0), Chain::job(1)];

/// Submits itself for one period after its deadline, whenever it really ran.
pub struct Periodic {
    number: usize,
    inside: AtomicBool,
}

impl Periodic {
    const fn job(number: usize) -> Job<Periodic> {
        let inside = AtomicBool::new(false);
        Job::with_completion(Periodic { number, inside }, &BOOKS)
    }

    /// The first of its deadlines from `start`.
    pub fn begin(number: usize, start: u64) {
        STARTS[number].store(start, SeqCst);
        BOOKS.accept(LINE.submit_at(&PERIODIC_JOBS[number], Instant::from_ticks(start)));
    }
}

static STARTS: [AtomicU64; PERIODS.len()] = [const { AtomicU64::new(0) }; PERIODS.len()];

impl Run for Periodic {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        let _visit = Visit::begin(&self.inside, ctx);
        let due = ctx.due().expect("a periodic job has a deadline");
        let period = PERIODS[self.number];
        assert_eq!((due - STARTS[self.number].load(SeqCst)) % period, 0, "a period drifts");
        let next = Instant::from_ticks(due + period);
        BOOKS.accept(LINE.submit_at(&PERIODIC_JOBS[self.number], next));
        0
    }
}

pub static PERIODIC_JOBS: [Job<Periodic>; PERIODS.len()] =
    [Periodic::job(0), Periodic::job(1), Periodic::job(2), Periodic::job(3)];

fn all_idle<T: Run>(jobs: &'static [Job<T>]) -> bool {
    jobs.iter().all(|job| job.status() == Status::Idle)
}

/// Whether no job is under way.
pub fn at_rest() -> bool {
    all_idle(&IMMEDIATE_JOBS)
        && all_idle(&DEFERRED_JOBS)
        && all_idle(&BROAD_JOBS)
        && all_idle(&CHAINS)
        && all_idle(&PERIODIC_JOBS)
}
