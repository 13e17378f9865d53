//! The jobs of the quick start. `board` is what differs between Zephyr and the host.

use core::sync::atomic::{AtomicU32, Ordering};

use crc::{Crc, Digest, CRC_32_ISO_HDLC};
use taskpool::{Accepted, Complete, Ctx, Duration, Instant, Job, OnEnd, Outcome, Pool, Run};

use crate::board;

/// Adds up what the jobs report. A completion is told the outcome of every submission, so nothing can go missing.
struct Ledger {
    submitted: AtomicU32,
    run: AtomicU32,
    cancelled: AtomicU32,
    workers: AtomicU32,
    worst_lateness_us: AtomicU32,
}

static LEDGER: OnEnd<Ledger> = OnEnd::new(Ledger {
    submitted: AtomicU32::new(0),
    run: AtomicU32::new(0),
    cancelled: AtomicU32::new(0),
    workers: AtomicU32::new(0),
    worst_lateness_us: AtomicU32::new(0),
});

impl Complete for Ledger {
    fn complete(&self, outcome: Outcome) {
        match outcome {
            Outcome::Done(_) => &self.run,
            _ => &self.cancelled,
        }
        .fetch_add(1, Ordering::Relaxed);
    }
}

impl Ledger {
    /// Counts a submission that was accepted. Callable from the interrupt.
    fn note<E>(&self, answer: Result<Accepted, E>) {
        if matches!(answer, Ok(Accepted::New | Accepted::Again)) {
            self.submitted.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn note_worker(&self, ctx: &Ctx<'_>) {
        // Workers of the reserve count down from 255; one bit for all of them.
        self.workers.fetch_or(1 << ctx.worker().min(31), Ordering::Relaxed);
    }

    fn balanced(&self) -> bool {
        let ended = self.run.load(Ordering::Relaxed) + self.cancelled.load(Ordering::Relaxed);
        self.submitted.load(Ordering::Relaxed) == ended
    }
}

/// Reads the sensor when its data-ready line says so.
struct Sampler {
    samples: u32,
}

impl Run for Sampler {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        LEDGER.note_worker(ctx);
        self.samples += 1;
        0
    }
}

static SAMPLE: Job<Sampler> = Job::with_completion(Sampler { samples: 0 }, &LEDGER);

/// The interrupt of the data-ready line: it hands the work to the pool and returns.
pub(crate) fn data_ready() {
    LEDGER.note(taskpool::system().submit(&SAMPLE));
}

/// A long computation in slices: other jobs get their turn in between.
struct Checksum {
    digest: Option<Digest<'static, u32>>,
    offset: usize,
    slices: u32,
}

static CRC32: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const SLICE: usize = 1024;

impl Run for Checksum {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        LEDGER.note_worker(ctx);
        let image = board::image();
        let slice = &image[self.offset..image.len().min(self.offset + SLICE)];
        self.digest.get_or_insert_with(|| CRC32.digest()).update(slice);
        self.offset += slice.len();
        self.slices += 1;
        if self.offset < image.len() {
            // A running job that is submitted runs once more, behind whatever is ready.
            LEDGER.note(Pool::of(ctx).submit(&CHECKSUM));
        } else if let Some(digest) = self.digest.take() {
            let (crc, slices) = (digest.finalize(), self.slices);
            board::print(format_args!(
                "crc32 of {} bytes in {slices} slices: {crc:#010x}",
                self.offset
            ));
        }
        0
    }
}

static CHECKSUM: Job<Checksum> = Job::with_completion(
    Checksum {
        digest: None,
        offset: 0,
        slices: 0,
    },
    &LEDGER,
);

/// Says how late it ran.
struct Alarm(&'static str);

impl Run for Alarm {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        LEDGER.note_worker(ctx);
        let Some(due) = ctx.due() else {
            return -1;
        };
        let late_us = (Instant::now() - Instant::from_ticks(due)).as_micros() as u32;
        LEDGER.worst_lateness_us.fetch_max(late_us, Ordering::Relaxed);
        board::print(format_args!("{}: ran {late_us} us after its deadline", self.0));
        0
    }
}

static AFTER_5: Job<Alarm> = Job::with_completion(Alarm("after 5 ms"), &LEDGER);
static AFTER_20: Job<Alarm> = Job::with_completion(Alarm("after 20 ms"), &LEDGER);
static AFTER_50: Job<Alarm> = Job::with_completion(Alarm("after 50 ms"), &LEDGER);
static AT_TIME: Job<Alarm> = Job::with_completion(Alarm("at an absolute time"), &LEDGER);
static UNWANTED: Job<Alarm> = Job::with_completion(Alarm("after 40 ms"), &LEDGER);

/// Ends the show; `board::ENDED` waits for it.
static FINISH: Job = Job::with_completion(|_| board::data_ready_off(), &board::ENDED);

/// Runs the quick start, and returns when all its jobs have ended.
pub(crate) fn run() {
    let pool = taskpool::system();

    board::data_ready_on(Duration::millis(10));
    LEDGER.note(pool.submit(&CHECKSUM));
    LEDGER.note(pool.submit_after(&AFTER_5, const { Duration::millis(5) }));
    LEDGER.note(pool.submit_after(&AFTER_20, const { Duration::millis(20) }));
    LEDGER.note(pool.submit_after(&AFTER_50, const { Duration::millis(50) }));
    LEDGER.note(pool.submit_after(&UNWANTED, const { Duration::millis(40) }));
    LEDGER.note(pool.submit_at(&AT_TIME, Instant::now() + const { Duration::millis(30) }));

    match UNWANTED.cancel() {
        taskpool::Cancel::Cancelled => board::print(format_args!("after 40 ms: cancelled, and never ran")),
        other => board::print(format_args!("after 40 ms: not cancelled: {other:?}")),
    }

    if let Err(error) = pool.submit_after(&FINISH, const { Duration::millis(105) }) {
        board::print(format_args!("cannot submit the last job: {error}"));
    }
    if let Err(error) = board::ENDED.wait(const { Duration::secs(10) }) {
        board::print(format_args!("the last job did not end: {error}"));
    }
    // The last sample may still be on its way.
    for _ in 0..100 {
        if LEDGER.balanced() {
            break;
        }
        board::sleep_1_ms();
    }

    board::print(format_args!(
        "summary: submitted {}, run {}, cancelled {}, workers used {}, worst lateness {} us",
        LEDGER.submitted.load(Ordering::Relaxed),
        LEDGER.run.load(Ordering::Relaxed),
        LEDGER.cancelled.load(Ordering::Relaxed),
        LEDGER.workers.load(Ordering::Relaxed).count_ones(),
        LEDGER.worst_lateness_us.load(Ordering::Relaxed),
    ));
    if LEDGER.balanced() {
        board::print(format_args!("quickstart: done"));
    } else {
        board::print(format_args!("quickstart: some submissions have no outcome"));
    }
}
