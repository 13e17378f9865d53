//! Pools, jobs that tell what happened to them, and ways to wait.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU8, Ordering::SeqCst};

use taskpool::{Complete, Ctx, Duration, Instant, Job, OnEnd, Outcome, Pool, Run, Snapshot, Status, CONFIG};

use crate::kernel;

// The pools that C defines, and their priorities there. The test's thread is at 5.

/// One worker, more urgent than everything else: it runs a job before the submitter goes on.
pub fn eager() -> Pool {
    taskpool::c_pool!(eager)
}
/// One worker, which waits until the test does.
pub fn one() -> Pool {
    taskpool::c_pool!(one)
}
/// Three workers, which wait until the test does.
pub fn several() -> Pool {
    taskpool::c_pool!(several)
}
/// One worker, and two of the reserve if need be: all of it.
pub fn grow() -> Pool {
    taskpool::c_pool!(grow)
}
/// One worker, and one of the reserve if need be.
pub fn rival() -> Pool {
    taskpool::c_pool!(rival)
}
pub const EAGER_PRIORITY: i32 = -1;
pub const ONE_PRIORITY: i32 = 7;
pub const GROW_PRIORITY: i32 = 8;
pub const RIVAL_PRIORITY: i32 = 9;
pub const SYSTEM_PRIORITY: i32 = 7;

/// Workers of the reserve.
pub const RESERVE: u8 = CONFIG.reserve_threads;

pub const fn ticks(ticks: u64) -> Duration {
    Duration::ticks(ticks)
}

pub fn now() -> u64 {
    Instant::now().as_ticks()
}

/// Waits until `condition` holds, and fails when it doesn't within two seconds.
#[track_caller]
pub fn wait_until(condition: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if condition() {
            return;
        }
        kernel::sleep(1);
    }
    panic!("this did not happen within two seconds");
}

/// Waits until a job is Idle.
#[track_caller]
pub fn wait_idle<T: Run>(job: &'static Job<T>) {
    wait_until(|| job.status() == Status::Idle);
}

/// Checks that a pool is in order, and counts.
pub fn look(pool: Pool) -> Snapshot {
    pool.check()
}

/// All pools are to be at rest when a test has ended: no jobs, their own workers idle, the reserve complete.
pub fn check_rest() {
    let pools = [
        (taskpool::system(), CONFIG.min_threads),
        (eager(), 1),
        (one(), 1),
        (several(), 3),
        (grow(), 1),
        (rival(), 1),
    ];
    // A worker that has left its pool is in the reserve a step later.
    wait_until(|| {
        pools.iter().all(|(pool, workers)| look(*pool).idle == *workers) && taskpool::check_reserve() == RESERVE
    });
    for (pool, workers) in pools {
        let now = look(pool);
        assert_eq!(
            (now.queued, now.deferred, now.workers, now.in_line),
            (0, 0, workers, false),
            "{now:?}"
        );
    }
    assert_eq!(taskpool::check_reserve(), RESERVE);
}

/// A number that several contexts count up.
pub struct Counter(AtomicU32);

impl Counter {
    pub const fn new() -> Self {
        Counter(AtomicU32::new(0))
    }

    pub fn add(&self) -> u32 {
        self.0.fetch_add(1, SeqCst) + 1
    }

    pub fn get(&self) -> u32 {
        self.0.load(SeqCst)
    }
}

/// Who ran, in order.
pub struct Trace {
    length: AtomicU32,
    tags: [AtomicU8; Trace::ROOM],
}

impl Trace {
    const ROOM: usize = 32;

    pub const fn new() -> Self {
        Trace {
            length: AtomicU32::new(0),
            tags: [const { AtomicU8::new(0) }; Self::ROOM],
        }
    }

    fn note(&self, tag: u8) {
        let at = self.length.fetch_add(1, SeqCst) as usize;
        assert!(at < Self::ROOM, "more runs than any test asks for");
        self.tags[at].store(tag, SeqCst);
    }

    pub fn len(&self) -> usize {
        self.length.load(SeqCst) as usize
    }

    /// Waits for so many runs as expected, and a while longer, and compares.
    #[track_caller]
    pub fn expect(&self, expected: &[u8]) {
        wait_until(|| self.len() >= expected.len());
        kernel::sleep(20);
        let mut tags = [0; Self::ROOM];
        for (to, from) in tags.iter_mut().zip(&self.tags) {
            *to = from.load(SeqCst);
        }
        assert_eq!(&tags[..self.len()], expected);
    }
}

/// Notes that it runs, and that it is not early. With `notes!`, a row of such jobs.
pub struct Note(pub &'static Trace, pub u8);

impl Run for Note {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        assert!(ctx.due().is_none_or(|due| due <= now()), "early");
        self.0.note(self.1);
        0
    }
}

#[macro_export]
macro_rules! notes {
    ($trace:ident: $($tag:literal)+) => {
        [$(taskpool::Job::new($crate::tools::Note(&$trace, $tag))),+]
    };
}

/// What a [`Held`] job does, and what became of it.
pub struct Probe {
    open: AtomicBool,
    begun: AtomicU32,
    ended: AtomicU32,
    inside: AtomicU32,
    most_inside: AtomicU32,
    /// Of the last run that ended.
    pub cancelled: AtomicBool,
    /// Of the last run that began.
    pub due: AtomicU32,
    pub worker: AtomicU8,
}

impl Probe {
    const fn new(open: bool) -> Self {
        Probe {
            open: AtomicBool::new(open),
            begun: AtomicU32::new(0),
            ended: AtomicU32::new(0),
            inside: AtomicU32::new(0),
            most_inside: AtomicU32::new(0),
            cancelled: AtomicBool::new(false),
            due: AtomicU32::new(0),
            worker: AtomicU8::new(0),
        }
    }

    /// For a job that ends at once.
    pub const fn open() -> Self {
        Self::new(true)
    }

    /// For a job that runs until `let_go`.
    pub const fn shut() -> Self {
        Self::new(false)
    }

    pub fn let_go(&self) {
        self.open.store(true, SeqCst);
    }

    pub fn shut_again(&self) {
        self.open.store(false, SeqCst);
    }

    pub fn begun(&self) -> u32 {
        self.begun.load(SeqCst)
    }

    pub fn ended(&self) -> u32 {
        self.ended.load(SeqCst)
    }

    /// The most runs of the job that there were at once.
    pub fn most_inside(&self) -> u32 {
        self.most_inside.load(SeqCst)
    }

    /// Deadline of the last run, 0 for none.
    pub fn due(&self) -> u64 {
        self.due.load(SeqCst).into()
    }

    pub fn was_cancelled(&self) -> bool {
        self.cancelled.load(SeqCst)
    }

    /// Waits for the beginning of the run of this number, from 1.
    #[track_caller]
    pub fn wait_begun(&self, run: u32) {
        wait_until(|| self.begun() >= run);
        assert_eq!(self.begun(), run);
    }

    /// Waits for the end of the run of this number, from 1.
    #[track_caller]
    pub fn wait_ended(&self, run: u32) {
        wait_until(|| self.ended() >= run);
        assert_eq!(self.ended(), run);
    }
}

/// A job that runs for as long as its probe is shut. It answers the number of its run.
pub struct Held(pub &'static Probe);

impl Held {
    pub const fn job(probe: &'static Probe) -> Job<Held> {
        Job::new(Held(probe))
    }
}

impl Run for Held {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        let probe = self.0;
        let inside = probe.inside.fetch_add(1, SeqCst) + 1;
        probe.most_inside.fetch_max(inside, SeqCst);
        assert!(ctx.due().is_none_or(|due| due <= now()), "early");
        probe.due.store(ctx.due().unwrap_or(0) as u32, SeqCst);
        probe.worker.store(ctx.worker(), SeqCst);
        let run = probe.begun.fetch_add(1, SeqCst) + 1;
        while !probe.open.load(SeqCst) {
            // Not each tick: a handful of such jobs would leave a slow machine no time for the less urgent ones.
            kernel::sleep(3);
        }
        probe.cancelled.store(ctx.cancelled(), SeqCst);
        probe.inside.fetch_sub(1, SeqCst);
        probe.ended.fetch_add(1, SeqCst);
        run as i32
    }
}

/// Counts outcomes.
pub struct Ledger {
    done: AtomicU32,
    cancelled: AtomicU32,
    discarded: AtomicU32,
    /// Sum of the codes.
    codes: AtomicU32,
    /// Outcomes that were told in an interrupt.
    in_interrupt: AtomicU32,
}

impl Ledger {
    pub const fn new() -> OnEnd<Self> {
        OnEnd::new(Ledger {
            done: AtomicU32::new(0),
            cancelled: AtomicU32::new(0),
            discarded: AtomicU32::new(0),
            codes: AtomicU32::new(0),
            in_interrupt: AtomicU32::new(0),
        })
    }

    /// Done and cancelled.
    pub fn counts(&self) -> (u32, u32) {
        (self.done.load(SeqCst), self.cancelled.load(SeqCst))
    }

    pub fn discarded(&self) -> u32 {
        self.discarded.load(SeqCst)
    }

    pub fn codes(&self) -> u32 {
        self.codes.load(SeqCst)
    }

    pub fn told_in_interrupt(&self) -> u32 {
        self.in_interrupt.load(SeqCst)
    }
}

impl Complete for Ledger {
    fn complete(&self, outcome: Outcome) {
        if kernel::is_in_interrupt() {
            self.in_interrupt.fetch_add(1, SeqCst);
        }
        match outcome {
            Outcome::Done(code) => {
                self.codes.fetch_add(code as u32, SeqCst);
                self.done.fetch_add(1, SeqCst);
            }
            Outcome::Cancelled => {
                self.cancelled.fetch_add(1, SeqCst);
            }
            Outcome::Discarded => {
                self.discarded.fetch_add(1, SeqCst);
            }
            other => panic!("an outcome that nothing asked for: {other:?}"),
        }
    }
}
