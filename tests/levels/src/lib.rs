//! Levels with thread priorities of their own, on a real kernel. src/main.c has the list of cases; a failed assertion
//! here panics, and ../pool/src/fatal.c ends the run.
//!
//! The test's thread has priority 6, between those of the levels of `one`, 7 to 4, and of `grows`, 8 to 5: a job of a
//! high level runs before its submission returns.

#![no_std]

mod kernel;

use core::sync::atomic::{AtomicI32, AtomicUsize, Ordering::SeqCst};

use taskpool::{Complete, Ctx, Duration, Job, OnEnd, Outcome, Pool, Run, Timeout};
// For its panic handler.
use zephyr as _;

use kernel::{at_priority, in_interrupt, with_locked_scheduler};

/// zephyr-lang-rust's `main` would call it; the one of ztest is used here.
#[no_mangle]
extern "C" fn rust_main() {}

fn one() -> Pool {
    taskpool::c_pool!(one)
}
fn grows() -> Pool {
    taskpool::c_pool!(grows)
}
fn cooperative() -> Pool {
    taskpool::c_pool!(cooperative)
}

const TEST_PRIORITY: i32 = 6;

/// The priorities of the threads that ran jobs, in order.
struct Seen {
    length: AtomicUsize,
    priorities: [AtomicI32; Seen::ROOM],
}

impl Seen {
    const ROOM: usize = 16;

    const fn new() -> Self {
        Seen {
            length: AtomicUsize::new(0),
            priorities: [const { AtomicI32::new(0) }; Self::ROOM],
        }
    }

    fn note(&self) {
        let at = self.length.fetch_add(1, SeqCst);
        self.priorities[at].store(kernel::priority(), SeqCst);
    }

    /// Compares, now.
    #[track_caller]
    fn expect(&self, expected: &[i32]) {
        let mut seen = [0; Self::ROOM];
        for (seen, priority) in seen.iter_mut().zip(&self.priorities) {
            *seen = priority.load(SeqCst);
        }
        assert_eq!(&seen[..self.length.load(SeqCst)], expected);
        assert_eq!(kernel::priority(), TEST_PRIORITY);
    }

    /// Lets all others run, and compares.
    #[track_caller]
    fn expect_at_last(&self, expected: &[i32]) {
        kernel::sleep(20);
        self.expect(expected);
    }
}

/// Notes the priority of its thread, then takes a while, awake or asleep: so many ticks.
struct Note(&'static Seen, u64);

impl Run for Note {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        self.0.note();
        if self.1 > 0 {
            kernel::sleep(self.1);
        }
        0
    }
}

const fn note(seen: &'static Seen, level: u8) -> Job<Note> {
    Job::new(Note(seen, 0)).at_level(level)
}

#[track_caller]
fn submit(pool: Pool, job: &'static Job<Note>) {
    assert!(pool.submit(job).is_ok());
}

#[no_mangle]
extern "C" fn high_levels_preempt_the_submitter() {
    static SEEN: Seen = Seen::new();
    static JOBS: [Job<Note>; 4] = [note(&SEEN, 0), note(&SEEN, 1), note(&SEEN, 2), note(&SEEN, 3)];

    // An idle worker.
    submit(one(), &JOBS[3]);
    SEEN.expect(&[4]);
    submit(one(), &JOBS[2]);
    SEEN.expect(&[4, 5]);
    // As urgent as the test, or less: only when the test waits. The worker, which is on its way now, takes the others
    // first, and is less urgent again before it takes these.
    submit(one(), &JOBS[0]);
    submit(one(), &JOBS[1]);
    SEEN.expect(&[4, 5]);
    submit(one(), &JOBS[2]);
    SEEN.expect(&[4, 5, 5]);
    submit(one(), &JOBS[3]);
    SEEN.expect(&[4, 5, 5, 4]);
    SEEN.expect_at_last(&[4, 5, 5, 4, 6, 7]);
}

#[no_mangle]
extern "C" fn a_worker_is_low_again_for_the_next_job() {
    static SEEN: Seen = Seen::new();
    static LOW: Job<Note> = note(&SEEN, 0);
    static HIGH: Job<Note> = note(&SEEN, 3);

    for _ in 0..2 {
        let before = SEEN.length.load(SeqCst);
        submit(one(), &HIGH);
        assert_eq!(SEEN.length.load(SeqCst), before + 1);
        submit(one(), &LOW);
        assert_eq!(SEEN.length.load(SeqCst), before + 1, "it waits until the test does");
        kernel::sleep(20);
    }
    SEEN.expect(&[4, 7, 4, 7]);
    // A level that changes while the job waits.
    submit(one(), &LOW);
    SEEN.expect(&[4, 7, 4, 7]);
    assert_eq!(LOW.set_level(2), Ok(()));
    SEEN.expect(&[4, 7, 4, 7, 5]);
    assert_eq!(LOW.set_level(0), Ok(()));
    submit(one(), &LOW);
    SEEN.expect_at_last(&[4, 7, 4, 7, 5, 7]);
}

#[no_mangle]
extern "C" fn interrupts_raise_workers_too() {
    static SEEN: Seen = Seen::new();
    static LOW: Job<Note> = note(&SEEN, 0);
    static HIGH: Job<Note> = note(&SEEN, 2);

    // An idle worker, then one that is on its way.
    in_interrupt(|| submit(one(), &HIGH));
    SEEN.expect(&[5]);
    in_interrupt(|| submit(one(), &LOW));
    SEEN.expect(&[5]);
    in_interrupt(|| submit(one(), &HIGH));
    SEEN.expect(&[5, 5]);
    SEEN.expect_at_last(&[5, 5, 7]);
}

#[no_mangle]
extern "C" fn urgent_jobs_preempt_the_submitter() {
    static SEEN: Seen = Seen::new();
    static JOB: Job<Note> = note(&SEEN, 0);

    assert!(one().submit_urgent(&JOB).is_ok());
    SEEN.expect(&[4]);
    // One that waits already, and from an interrupt.
    submit(one(), &JOB);
    SEEN.expect(&[4]);
    assert!(in_interrupt(|| one().submit_urgent(&JOB)).is_ok());
    SEEN.expect(&[4, 4]);
    // Only that submission was urgent.
    submit(one(), &JOB);
    SEEN.expect(&[4, 4]);
    SEEN.expect_at_last(&[4, 4, 7]);
}

#[no_mangle]
extern "C" fn deferred_jobs_preempt_who_runs() {
    static SEEN: Seen = Seen::new();
    static LOW: Job<Note> = note(&SEEN, 1);
    static HIGH: Job<Note> = note(&SEEN, 2);

    for job in [&LOW, &HIGH] {
        assert!(one().submit_after(job, Duration::ticks(5)).is_ok());
    }
    kernel::busy_wait_us(5_000);
    SEEN.expect(&[5]);
    SEEN.expect_at_last(&[5, 6]);
}

#[no_mangle]
extern "C" fn borrowed_workers_have_the_priority_of_the_job() {
    static SEEN: Seen = Seen::new();
    static BUSY: Job<Note> = Job::new(Note(&SEEN, 40));
    static BUSY_TOO: Job<Note> = Job::new(Note(&SEEN, 40));
    static HIGH: Job<Note> = note(&SEEN, 3);
    static LOW: Job<Note> = note(&SEEN, 0);

    submit(grows(), &BUSY);
    SEEN.expect_at_last(&[8]);
    // One of the reserve, for the first time and again.
    for expected in [&[8, 5][..], &[8, 5, 5]] {
        submit(grows(), &HIGH);
        SEEN.expect(expected);
        kernel::sleep(2);
    }
    submit(grows(), &LOW);
    SEEN.expect(&[8, 5, 5]);
    kernel::sleep(5);
    SEEN.expect(&[8, 5, 5, 8]);
    // In another pool, beyond its maximum.
    submit(one(), &BUSY_TOO);
    kernel::sleep(5);
    SEEN.expect(&[8, 5, 5, 8, 7]);
    assert!(one().submit_urgent(&LOW).is_ok());
    SEEN.expect(&[8, 5, 5, 8, 7, 4]);
    for busy in [&BUSY, &BUSY_TOO] {
        assert!(busy.wait(Timeout::Forever).is_ok());
    }
}

/// Who waits for a job preempts its worker, which then has no job and is on its way to the next.
#[no_mangle]
extern "C" fn who_has_waited_is_preempted() {
    static SEEN: Seen = Seen::new();
    static LOW: Job<Note> = note(&SEEN, 0);
    static HIGH: Job<Note> = note(&SEEN, 3);

    submit(one(), &LOW);
    assert!(LOW.wait(Timeout::Forever).is_ok());
    submit(one(), &HIGH);
    SEEN.expect(&[7, 4]);
    SEEN.expect_at_last(&[7, 4]);
}

/// The kernel would make a waiting worker that becomes more urgent the next thread to run, whatever runs now.
#[no_mangle]
extern "C" fn locked_scheduler_is_respected() {
    static SEEN: Seen = Seen::new();
    static LOW: Job<Note> = note(&SEEN, 0);
    static HIGH: Job<Note> = note(&SEEN, 3);

    for in_thread in [true, false] {
        let before = SEEN.length.load(SeqCst);
        with_locked_scheduler(|| {
            submit(one(), &LOW);
            match in_thread {
                true => submit(one(), &HIGH),
                false => in_interrupt(|| submit(one(), &HIGH)),
            }
            in_interrupt(|| ());
            assert_eq!(SEEN.length.load(SeqCst), before, "the scheduler is locked");
        });
        assert_eq!(SEEN.length.load(SeqCst), before + 1);
        kernel::sleep(20);
    }
    SEEN.expect(&[4, 7, 4, 7]);
}

#[no_mangle]
extern "C" fn cooperative_submitter_goes_on() {
    static SEEN: Seen = Seen::new();
    static LOW: Job<Note> = note(&SEEN, 0);
    static HIGH: Job<Note> = note(&SEEN, 3);

    at_priority(-3, || {
        submit(cooperative(), &LOW);
        submit(cooperative(), &HIGH);
        in_interrupt(|| ());
        assert_eq!(SEEN.length.load(SeqCst), 0, "it does not yield");
    });
    SEEN.expect(&[-5, -2]);
}

// For the cases that are in C. Their jobs' priorities are not compared.

static UNSEEN: Seen = Seen::new();
static UNSEEN_HIGH: Job<Note> = note(&UNSEEN, 3);

fn pool(is_cooperative: bool) -> Pool {
    if is_cooperative {
        cooperative()
    } else {
        one()
    }
}

#[no_mangle]
extern "C" fn submit_low() {
    static LOW: Job<Note> = note(&UNSEEN, 0);
    submit(one(), &LOW);
}

#[no_mangle]
extern "C" fn submit_high(is_cooperative: bool) {
    submit(pool(is_cooperative), &UNSEEN_HIGH);
}

/// Its completion submits the other one.
#[no_mangle]
extern "C" fn submit_telling(is_cooperative: bool) {
    struct Tells(bool);

    impl Complete for Tells {
        fn complete(&self, _: Outcome) {
            kernel::tell(self.0);
        }
    }

    static TELLS: [OnEnd<Tells>; 2] = [OnEnd::new(Tells(false)), OnEnd::new(Tells(true))];
    static TOLD: [Job<Note>; 2] = [
        Job::with_completion(Note(&UNSEEN, 0), &TELLS[0]),
        Job::with_completion(Note(&UNSEEN, 0), &TELLS[1]),
    ];
    submit(pool(is_cooperative), &TOLD[usize::from(is_cooperative)]);
}
