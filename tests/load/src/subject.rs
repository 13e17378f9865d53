//! The jobs, and the books about them.

use core::fmt;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use taskpool::{
    Accepted, Cancel, Complete, Ctx, Duration, Instant, Job, OnEnd, Outcome, Pool, Run, Stats, Status, Timeout,
    WaitError, LEVELS,
};

use crate::act::{self, Caller};
use crate::random::Random;
use crate::{board, closure, some_pool, CLOSING, SEED};

/// Few, so that callers meet.
const COUNT: usize = 12;
/// No deadline is further ahead, in ticks.
const FURTHEST: u64 = 16;

/// What has been handed over and what came of it, in this round.
struct Books {
    /// Submissions with an outcome of their own.
    accepted: AtomicU32,
    /// Submissions that changed the one under way.
    moved: AtomicU32,
    refused: AtomicU32,
    runs: AtomicU32,
    /// Submissions for a limited time, of those that were accepted or moved.
    limited: AtomicU32,
    /// Submissions that `cancel` said it cancelled.
    cancelled: AtomicU32,
    /// Submissions that `abort` said will not run, and how often it found a run.
    aborted: AtomicU32,
    aborted_running: AtomicU32,
    /// Outcomes that the completion was told.
    told_done: AtomicU32,
    told_cancelled: AtomicU32,
    told_aborted: AtomicU32,
    told_timed_out: AtomicU32,
    told_discarded: AtomicU32,
    /// Waits that ended with an outcome.
    waited: AtomicU32,
    /// A worker runs the job.
    running: AtomicBool,
}

impl Books {
    const fn new() -> Self {
        Books {
            accepted: AtomicU32::new(0),
            moved: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            runs: AtomicU32::new(0),
            limited: AtomicU32::new(0),
            cancelled: AtomicU32::new(0),
            aborted: AtomicU32::new(0),
            aborted_running: AtomicU32::new(0),
            told_done: AtomicU32::new(0),
            told_cancelled: AtomicU32::new(0),
            told_aborted: AtomicU32::new(0),
            told_timed_out: AtomicU32::new(0),
            told_discarded: AtomicU32::new(0),
            waited: AtomicU32::new(0),
            running: AtomicBool::new(false),
        }
    }

    fn counts(&self) -> [&AtomicU32; NAMES.len()] {
        [
            &self.accepted,
            &self.moved,
            &self.refused,
            &self.runs,
            &self.limited,
            &self.cancelled,
            &self.aborted,
            &self.aborted_running,
            &self.told_done,
            &self.told_cancelled,
            &self.told_aborted,
            &self.told_timed_out,
            &self.told_discarded,
            &self.waited,
        ]
    }
}

impl Complete for Books {
    fn complete(&self, outcome: Outcome) {
        match outcome {
            Outcome::Done(_) => &self.told_done,
            Outcome::Cancelled => &self.told_cancelled,
            Outcome::Aborted => &self.told_aborted,
            Outcome::TimedOut => &self.told_timed_out,
            Outcome::Discarded => &self.told_discarded,
            other => panic!("an outcome that nothing asked for: {other:?}"),
        }
        .fetch_add(1, SeqCst);
    }
}

static BOOKS: [OnEnd<Books>; COUNT] = [const { OnEnd::new(Books::new()) }; COUNT];

static JOBS: [Job<Work>; COUNT] = [
    told(0),
    plain(1),
    told(2),
    plain(3),
    told(4),
    plain(5),
    told(6),
    plain(7),
    told(8),
    plain(9),
    told(10),
    plain(11),
];

const fn told(index: usize) -> Job<Work> {
    Job::with_completion(Work::new(index), &BOOKS[index]).at_level(level(index))
}

const fn plain(index: usize) -> Job<Work> {
    Job::new(Work::new(index)).at_level(level(index))
}

/// Each fourth job keeps its level, which is another one for each, as far as there are some: what its thread's priority must
/// be is known then.
const fn keeps_level(index: usize) -> bool {
    index % 4 == 3
}

const fn level(index: usize) -> u8 {
    match keeps_level(index) {
        true => (index / 4 % LEVELS) as u8,
        false => 0,
    }
}

/// Runs of each CPU, the jobs that run now, and the most that ran at once, in this round.
static BY_CPU: [AtomicU32; 2] = [const { AtomicU32::new(0) }; 2];
static INSIDE: AtomicU32 = AtomicU32::new(0);
static MOST_INSIDE: AtomicU32 = AtomicU32::new(0);
/// Runs of this round, by how much more urgent than its pool their thread was.
static BY_RAISE: [AtomicU32; LEVELS] = [const { AtomicU32::new(0) }; LEVELS];

/// The most runs at once, and the runs of each CPU.
pub fn runs_by_cpu() -> (u32, [u32; 2]) {
    (
        MOST_INSIDE.load(SeqCst),
        [BY_CPU[0].load(SeqCst), BY_CPU[1].load(SeqCst)],
    )
}

/// The runs of each level, by the priority of their thread.
pub fn runs_by_raise() -> [u32; LEVELS] {
    core::array::from_fn(|raise| BY_RAISE[raise].load(SeqCst))
}

/// A job, with its books.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Subject(usize);

/// All of them.
pub fn all() -> impl Iterator<Item = Subject> {
    (0..COUNT).map(Subject)
}

impl Subject {
    /// One of them.
    pub fn some(random: &mut Random) -> Self {
        Subject(random.below(COUNT as u32) as usize)
    }

    fn job(self) -> &'static Job<Work> {
        &JOBS[self.0]
    }

    fn books(self) -> &'static Books {
        &BOOKS[self.0]
    }

    /// Whether it has a completion.
    fn is_told(self) -> bool {
        self.0 % 2 == 0
    }

    fn accept<E>(self, answer: Result<Accepted, E>) {
        match answer {
            Ok(Accepted::New | Accepted::Again) => &self.books().accepted,
            Ok(_) => &self.books().moved,
            Err(_) => &self.books().refused,
        }
        .fetch_add(1, SeqCst);
    }

    pub fn submit(self, pool: Pool) {
        self.accept(pool.submit(self.job()));
    }

    pub fn submit_after(self, pool: Pool, delay: Duration) {
        self.accept(pool.submit_after(self.job(), delay));
    }

    pub fn submit_at(self, pool: Pool, instant: Instant) {
        self.accept(pool.submit_at(self.job(), instant));
    }

    pub fn submit_urgent(self, pool: Pool) {
        self.accept(pool.submit_urgent(self.job()));
    }

    pub fn submit_within(self, pool: Pool, within: Duration) {
        let answer = pool.submit_within(self.job(), within);
        self.books().limited.fetch_add(answer.is_ok().into(), SeqCst);
        self.accept(answer);
    }

    pub fn set_level(self, level: u8) {
        if keeps_level(self.0) {
            return;
        }
        assert!(self.job().set_level(level).is_ok(), "there is this level");
    }

    pub fn cancel(self) {
        let found = self.job().cancel();
        self.books().cancelled.fetch_add(will_not_run(found).into(), SeqCst);
    }

    pub fn abort(self) {
        let found = self.job().abort();
        let running = matches!(found, Cancel::Running { .. });
        self.books().aborted.fetch_add(will_not_run(found).into(), SeqCst);
        self.books().aborted_running.fetch_add(running.into(), SeqCst);
    }

    pub fn wait(self, timeout: Timeout) {
        self.check_wait(self.job().wait(timeout));
    }

    /// Its answer does not say whether something was cancelled, so only the books of a completion can tell.
    pub fn cancel_and_wait(self, timeout: Timeout) {
        if self.is_told() {
            self.check_wait(self.job().cancel_and_wait(timeout));
        }
    }

    fn check_wait(self, answer: Result<Outcome, WaitError>) {
        match answer {
            Ok(outcome) => {
                self.books().waited.fetch_add(1, SeqCst);
                self.check_outcome(outcome);
            }
            Err(WaitError::TimedOut | WaitError::OnWorker | WaitError::NeverSubmitted) => {}
            Err(error) => panic!("nothing asked for this error: {error:?}"),
        }
    }

    fn check_outcome(self, outcome: Outcome) {
        if let Outcome::Done(code) = outcome {
            assert_eq!(code, self.0 as i32, "this is the outcome of another job");
        }
    }

    pub fn status(self) {
        if let Status::Deferred { deadline } = self.job().status() {
            assert!(deadline <= board::clock() + FURTHEST, "nobody asked for this deadline");
        }
    }

    pub fn outcome(self) {
        if let Some(outcome) = self.job().outcome() {
            self.check_outcome(outcome);
        }
    }

    pub fn is_idle(self) -> bool {
        self.job().status() == Status::Idle
    }

    /// A new round begins.
    pub fn open_books(self) {
        self.books()
            .counts()
            .into_iter()
            .for_each(|count| count.store(0, SeqCst));
        BY_CPU.iter().for_each(|runs| runs.store(0, SeqCst));
        BY_RAISE.iter().for_each(|runs| runs.store(0, SeqCst));
        MOST_INSIDE.store(0, SeqCst);
    }

    /// What is wrong with the books, when everything is at rest.
    pub fn audit(self) -> Result<(), &'static str> {
        let books = self.books();
        let [accepted, runs, limited] = [&books.accepted, &books.runs, &books.limited].map(|count| count.load(SeqCst));
        let [cancelled, aborted, aborted_running] =
            [&books.cancelled, &books.aborted, &books.aborted_running].map(|count| count.load(SeqCst));
        if !self.is_told() {
            // What has no run, and nobody was answered that it will have none: `audit_pools` says whether it was so.
            return match accepted.checked_sub(runs + cancelled + aborted) {
                Some(rest) if rest <= limited || act::discards() => Ok(()),
                _ => Err("accepted submissions are not runs, cancellations, abortions and those whose time was up"),
            };
        }
        let [done, told_cancelled, told_aborted, timed_out, discarded] = [
            &books.told_done,
            &books.told_cancelled,
            &books.told_aborted,
            &books.told_timed_out,
            &books.told_discarded,
        ]
        .map(|count| count.load(SeqCst));
        if accepted != done + told_cancelled + told_aborted + timed_out + discarded {
            return Err("the completion was not told once of each accepted submission");
        }
        if cancelled > told_cancelled {
            return Err("the completion was not told of each cancellation");
        }
        let Some(aborted_runs) = told_aborted.checked_sub(aborted).filter(|_| runs >= done) else {
            return Err("the completion was not told of each abortion, or of more runs than there were");
        };
        if aborted_runs != runs - done {
            return Err("the completion was told neither done nor aborted of a run");
        }
        // One run may be aborted several times.
        if aborted_runs > aborted_running || (aborted_runs == 0) != (aborted_running == 0) {
            return Err("the completion was not told of each run that was aborted");
        }
        if timed_out > limited || discarded > 0 && !act::discards() {
            return Err("the completion was told of an outcome that nothing asked for");
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

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.books().counts().map(|count| count.load(SeqCst));
        write!(f, "job {} {:?}: {}", self.0, self.job().status(), Counts(counts))
    }
}

/// What `Books::counts` holds.
const NAMES: [&str; 14] = [
    "accepted",
    "moved",
    "refused",
    "run",
    "limited",
    "cancelled",
    "aborted",
    "aborted while they ran",
    "told done",
    "told cancelled",
    "told aborted",
    "told timed out",
    "told discarded",
    "waited for",
];

struct Counts([u32; NAMES.len()]);

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, count)) in NAMES.iter().zip(self.0).enumerate() {
            write!(f, "{}{name} {count}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

/// The books of the round, of all jobs together.
pub fn totals() -> impl fmt::Display {
    let mut totals = [0; NAMES.len()];
    for subject in all() {
        for (total, count) in totals.iter_mut().zip(subject.books().counts()) {
            *total += count.load(SeqCst);
        }
    }
    Counts(totals)
}

/// Whether the pools have counted the same, when everything is at rest, and their workers had every priority.
pub fn audit_pools() -> Result<(), &'static str> {
    let counted = |what: fn(&Stats) -> u32| board::POOLS.iter().map(|(pool, _)| what(&pool.stats())).sum::<u32>();
    let booked = |what: fn(&Books) -> &AtomicU32| all().map(|subject| what(subject.books()).load(SeqCst)).sum::<u32>();
    let plain = |what: fn(&Books) -> &AtomicU32| {
        let plain = all().filter(|subject| !subject.is_told());
        plain.map(|subject| what(subject.books()).load(SeqCst)).sum::<u32>()
    };
    let [spawned, closures_ran, closures_cancelled] = closure::counts();
    let accepted = booked(|books| &books.accepted) + spawned;
    let runs = booked(|books| &books.runs) + closures_ran;
    let aborted = booked(|books| &books.aborted);
    if (
        counted(|stats| stats.submitted),
        counted(|stats| stats.done + stats.aborted),
    ) != (accepted, runs + aborted)
    {
        return Err("the pools counted other submissions and runs than there were");
    }
    let aborted_runs = counted(|stats| stats.aborted).wrapping_sub(aborted);
    let told_runs = booked(|books| &books.told_aborted) - (aborted - plain(|books| &books.aborted));
    let found_runs = told_runs + plain(|books| &books.aborted_running);
    if !(told_runs..=found_runs).contains(&aborted_runs) {
        return Err("the pools counted other abortions than there were");
    }
    let cancelled = booked(|books| &books.told_cancelled) + plain(|books| &books.cancelled) + closures_cancelled;
    if counted(|stats| stats.cancelled) != cancelled {
        return Err("the pools counted other cancellations than there were");
    }
    let (timed_out, discarded) = (counted(|stats| stats.timed_out), counted(|stats| stats.discarded));
    if timed_out + discarded != accepted - runs - aborted - cancelled {
        return Err("accepted submissions have no outcome, or more than one");
    }
    let told_discarded = booked(|books| &books.told_discarded) + closure::discarded();
    if discarded < told_discarded || discarded > 0 && !act::discards() {
        return Err("the pools counted other discarded submissions than there were");
    }
    if runs_by_raise()[..=board::most_raised() as usize].contains(&0) {
        return Err("no job of some level ran with its priority");
    }
    Ok(())
}

/// What every job does: it keeps the books, and something at random.
struct Work {
    subject: Subject,
    /// Of the round with this seed.
    seed: u32,
    random: Random,
    /// Nothing protects it but the promise that a job runs once at a time.
    turns: u32,
}

impl Work {
    const fn new(index: usize) -> Self {
        Work {
            subject: Subject(index),
            seed: 0,
            random: Random::new(1),
            turns: 0,
        }
    }

    fn something(&mut self, ctx: &Ctx<'_>) {
        match self.random.below(16) {
            0 => board::sleep(self.random.below(3)),
            1..=4 => board::spin(self.random.below(80)),
            5 => {
                ctx.cancelled();
            }
            6..=7 if !CLOSING.load(SeqCst) => act::act(&mut self.random, Caller::Job),
            _ => {}
        }
    }

    /// Again and again, until the round ends.
    fn submit_again(&mut self) {
        if CLOSING.load(SeqCst) {
            return;
        }
        let pool = some_pool(&mut self.random);
        match self.random.below(6) {
            0 => self.subject.submit(pool),
            1 => self
                .subject
                .submit_after(pool, Duration::ticks(self.random.below(4).into())),
            _ => {}
        }
    }
}

impl Run for Work {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        let books = self.subject.books();
        assert!(!books.running.swap(true, SeqCst), "a job runs on two workers at once");
        let seed = SEED.load(SeqCst);
        if self.seed != seed {
            self.seed = seed;
            self.random =
                Random::new((seed.wrapping_mul(COUNT as u32) + self.subject.0 as u32).wrapping_mul(0x9e37_79b9));
        }
        let now = board::clock();
        let due = ctx.due().unwrap_or(0);
        assert!(
            due <= now,
            "a job runs before its deadline: {due}, now {now}, Zephyr says {:?}",
            Instant::now()
        );
        MOST_INSIDE.fetch_max(INSIDE.fetch_add(1, SeqCst) + 1, SeqCst);
        BY_CPU[board::cpu()].fetch_add(1, SeqCst);
        let (raised, most) = (board::raised(Pool::of(ctx)), board::most_raised());
        assert!(
            (0..=most).contains(&raised),
            "the thread of a job is {raised} steps more urgent than its pool"
        );
        if keeps_level(self.subject.0) && most > 0 {
            // Urgent, it has that of the highest level.
            assert!(
                [i32::from(level(self.subject.0)), most].contains(&raised),
                "the thread of a job at level {} is {raised} steps more urgent than its pool",
                level(self.subject.0)
            );
        }
        BY_RAISE[raised as usize].fetch_add(1, SeqCst);
        let turns = core::hint::black_box(self.turns);
        self.something(ctx);
        self.submit_again();
        assert_eq!(
            core::hint::black_box(self.turns),
            turns,
            "two runs share the job's state"
        );
        self.turns = turns.wrapping_add(1);
        INSIDE.fetch_sub(1, SeqCst);
        books.running.store(false, SeqCst);
        books.runs.fetch_add(1, SeqCst);
        self.subject.0 as i32
    }
}
