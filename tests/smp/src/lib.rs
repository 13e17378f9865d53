//! Two CPUs at one pool, and at several; the load is in `tests/load`. And pools that come and go.

#![no_std]

mod board;

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use taskpool::{Accepted, Complete, Ctx, Duration, Job, OnEnd, Outcome, Pool, Status};

// Their functions are called by C.
use load as _;
use zephyr as _;

/// Threads that make and destroy pools, each with jobs of its own.
const THREADS: usize = 2;
const JOBS: usize = 6;

/// Submissions, and outcomes by their kind.
struct Books {
    accepted: AtomicU32,
    done: AtomicU32,
    cancelled: AtomicU32,
    discarded: AtomicU32,
}

static BOOKS: Books = Books {
    accepted: AtomicU32::new(0),
    done: AtomicU32::new(0),
    cancelled: AtomicU32::new(0),
    discarded: AtomicU32::new(0),
};
static OUTCOMES: OnEnd<&'static Books> = OnEnd::new(&BOOKS);

impl Complete for &'static Books {
    fn complete(&self, outcome: Outcome) {
        match outcome {
            Outcome::Done(_) => &self.done,
            Outcome::Cancelled => &self.cancelled,
            _ => &self.discarded,
        }
        .fetch_add(1, SeqCst);
    }
}

static ALL: [[Job; JOBS]; THREADS] =
    [const { [const { Job::with_completion((|ctx| run(ctx)) as fn(&Ctx<'_>), &OUTCOMES) }; JOBS] }; THREADS];

/// Comes again now and then, in whichever pool it runs: a shutdown has to wait for that.
fn run(ctx: &Ctx<'_>) {
    let done = BOOKS.done.load(SeqCst);
    if done % 4 == 0 {
        for job in ALL
            .iter()
            .flatten()
            .filter(|job| matches!(job.status(), Status::Running { .. }))
        {
            submit(Pool::of(ctx), job, u64::from(done / 4 % 3));
        }
    }
}

fn submit(pool: Pool, job: &'static Job, ticks: u64) {
    if let Ok(Accepted::New | Accepted::Again) = pool.submit_after(job, Duration::ticks(ticks)) {
        BOOKS.accepted.fetch_add(1, SeqCst);
    }
}

/// Fills a pool with work, most of it for the next three ticks.
pub(crate) fn fill(pool: Pool, thread: usize, random: u32) {
    for (index, job) in ALL[thread % THREADS].iter().enumerate() {
        submit(pool, job, u64::from((random >> (2 * index)) % 4));
    }
}

/// Cancels a job of some thread, whose pool may be gone.
pub(crate) fn cancel(random: u32) {
    ALL[random as usize % THREADS][(random >> 8) as usize % JOBS].cancel();
}

/// Every submission has had its outcome, and each kind has come.
pub(crate) fn audit() -> [u32; 4] {
    let books = [&BOOKS.accepted, &BOOKS.done, &BOOKS.cancelled, &BOOKS.discarded].map(|count| count.load(SeqCst));
    assert_eq!(
        books[0],
        books[1] + books[2] + books[3],
        "accepted, done, cancelled, discarded: {books:?}"
    );
    assert!(
        books.iter().all(|count| *count > 0),
        "accepted, done, cancelled, discarded: {books:?}"
    );
    books
}
