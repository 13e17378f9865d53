//! Pools that are made and destroyed at run time, on a real kernel. src/main.c has the list of cases; a failed assertion
//! here panics, and ../pool/src/fatal.c ends the run.
//!
//! After each destruction the memory is overwritten, and each case looks whether somebody has written there since.

#![no_std]

mod kernel;

use core::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering::SeqCst};

use taskpool::{
    check_reserve, Accepted, Cancel, Complete, ControlError, CreateError, Ctx, Duration, Job, JoinError, NotSpawned,
    OnEnd, Outcome, Pool, PoolMemory, Shutdown, Status, SubmitError, Timeout, CONFIG,
};
// For its panic handler.
use zephyr as _;

use kernel::{in_interrupt, line_off, line_on, Answer, Made};

/// zephyr-lang-rust's `main` would call it; the one of ztest is used here.
#[no_mangle]
extern "C" fn rust_main() {}

/// Outcomes, by their kind.
struct Books {
    accepted: AtomicU32,
    done: AtomicU32,
    cancelled: AtomicU32,
    discarded: AtomicU32,
}

impl Books {
    const fn new() -> Self {
        Books {
            accepted: AtomicU32::new(0),
            done: AtomicU32::new(0),
            cancelled: AtomicU32::new(0),
            discarded: AtomicU32::new(0),
        }
    }

    fn outcomes(&self) -> [u32; 3] {
        [&self.done, &self.cancelled, &self.discarded].map(|count| count.load(SeqCst))
    }

    /// Every submission has had its outcome.
    #[track_caller]
    fn audit(&self) {
        assert_eq!(self.accepted.load(SeqCst), self.outcomes().iter().sum::<u32>());
    }
}

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

static BOOKS: Books = Books::new();
static OUTCOMES: OnEnd<&'static Books> = OnEnd::new(&BOOKS);

static JOBS: [Job; 8] = [const { Job::with_completion((|_| ()) as fn(&Ctx<'_>), &OUTCOMES) }; 8];

fn booked<E>(answer: Result<Accepted, E>) -> bool {
    let counts = matches!(answer, Ok(Accepted::New | Accepted::Again));
    BOOKS.accepted.fetch_add(counts.into(), SeqCst);
    answer.is_ok()
}

fn submit_after(pool: Pool, job: &'static Job, ticks: u64) -> bool {
    booked(pool.submit_after(job, Duration::ticks(ticks)))
}

/// Runs until `GO` is set.
static GATE: [Job; 2] = [const { Job::new(|_| pass_the_gate()) }; 2];
static GO: AtomicBool = AtomicBool::new(false);

fn pass_the_gate() {
    while !GO.load(SeqCst) {
        kernel::sleep(1);
    }
}

static SPARE: PoolMemory = PoolMemory::new();

/// A pool that has all workers of the reserve, until `GO` is set.
fn busy() -> Pool {
    GO.store(false, SeqCst);
    let pool = SPARE.create(c"busy", 2, 4).unwrap();
    for job in &GATE {
        pool.submit(job).unwrap();
    }
    assert_eq!(check_reserve(), 0);
    pool
}

fn end(busy: Pool) {
    GO.store(true, SeqCst);
    busy.shutdown(Shutdown::Drain, Timeout::Forever).unwrap();
}

/// After each case: all workers are back, and nobody has anything more to do.
#[no_mangle]
extern "C" fn check_rest() {
    for _ in 0..1_000 {
        if check_reserve() == CONFIG.reserve_threads {
            BOOKS.audit();
            return;
        }
        kernel::sleep(10);
    }
    panic!("{} workers are back", check_reserve());
}

fn overwrite() {
    Made::overwrite();
    // What is left of the pool would come by then.
    kernel::sleep(10);
    assert!(Made::is_overwritten());
}

#[no_mangle]
extern "C" fn pools_are_made_of_memory_again_and_again() {
    Made::overwrite();
    for round in 0..24_u8 {
        let pool = Made::create(1 + round % 4, 3 + i32::from(round % 6));
        for (index, job) in JOBS.iter().enumerate() {
            assert!(submit_after(pool, job, index as u64 / 2));
        }
        if round % 3 == 0 {
            JOBS[0].cancel();
            in_interrupt(|| JOBS[7].cancel());
        }
        kernel::sleep(u64::from(round % 3));
        assert_eq!(Made::destroy(round % 2 == 0, None), Answer::Destroyed);
        overwrite();
        for job in &JOBS {
            assert_eq!((job.status(), job.cancel()), (Status::Idle, Cancel::Idle));
            assert_eq!(job.wait(Timeout::NoWait).ok(), job.outcome());
        }
        BOOKS.audit();
    }
    assert!(
        BOOKS.outcomes().iter().all(|count| *count > 0),
        "{:?}",
        BOOKS.outcomes()
    );
}

static PRIORITY: AtomicI32 = AtomicI32::new(0);

#[no_mangle]
extern "C" fn workers_have_the_pools_priority() {
    static LOOK: Job = Job::new(|_| PRIORITY.store(kernel::priority(), SeqCst));
    for priority in [9, -1, 3, 9] {
        let pool = Made::create(1, priority);
        pool.submit(&LOOK).unwrap();
        assert_eq!(LOOK.status() == Status::Idle, priority < 5, "urgent ones preempt");
        assert_eq!(LOOK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
        assert_eq!(PRIORITY.load(SeqCst), priority);
        assert_eq!(Made::destroy(false, None), Answer::Destroyed);
        overwrite();
    }
}

#[no_mangle]
extern "C" fn pool_in_the_reserves_line_is_destroyed() {
    let busy = busy();
    for _ in 0..3 {
        let pool = Made::create(2, 7);
        for job in &JOBS[..3] {
            assert!(submit_after(pool, job, 0));
        }
        assert!(submit_after(pool, &JOBS[3], 2));
        let before = BOOKS.outcomes();
        assert!(pool.check().in_line);
        assert_eq!(
            Made::destroy(false, Some(0)),
            Answer::TimedOut,
            "nobody can run its jobs"
        );
        assert_eq!(pool.submit(&JOBS[5]), Err(SubmitError::NotRunning));
        assert_eq!(Made::destroy(true, Some(0)), Answer::Destroyed, "nobody needs to");
        overwrite();
        assert_eq!(BOOKS.outcomes(), [before[0], before[1], before[2] + 4]);
    }
    end(busy);
    kernel::sleep(10);
    assert!(Made::is_overwritten(), "the line has forgotten the pool");
}

#[no_mangle]
extern "C" fn drain_waits_for_the_reserve() {
    let busy = busy();
    let pool = Made::create(2, 7);
    for job in &JOBS[..3] {
        assert!(submit_after(pool, job, 0));
    }
    let before = BOOKS.outcomes();
    line_on(20, || GO.store(true, SeqCst));
    assert_eq!(Made::destroy(false, None), Answer::Destroyed);
    line_off();
    overwrite();
    assert_eq!(BOOKS.outcomes(), [before[0] + 3, before[1], before[2]]);
    end(busy);

    // All that it waits for is cancelled, and no worker is there to see it.
    let busy = self::busy();
    let pool = Made::create(2, 7);
    assert!(submit_after(pool, &JOBS[0], 0));
    line_on(5, || _ = JOBS[0].cancel());
    assert_eq!(Made::destroy(false, None), Answer::Destroyed);
    line_off();
    overwrite();
    end(busy);
}

/// A job that runs elsewhere, and was submitted to the pool that is destroyed.
#[no_mangle]
extern "C" fn destroy_waits_for_what_comes_from_elsewhere() {
    static GUEST: Job = Job::with_completion((|_| pass_the_gate()) as fn(&Ctx<'_>), &OUTCOMES);
    for (discard, ticks) in [(true, 0), (true, 3), (false, 0), (false, 3)] {
        GO.store(false, SeqCst);
        let other = SPARE.create(c"other", 1, 4).unwrap();
        assert!(booked(other.submit(&GUEST)));
        let pool = Made::create(2, 7);
        assert!(submit_after(pool, &GUEST, ticks));
        assert_eq!(Made::destroy(discard, Some(2)), Answer::TimedOut);
        line_on(5, || GO.store(true, SeqCst));
        assert_eq!(Made::destroy(discard, None), Answer::Destroyed);
        line_off();
        overwrite();
        end(other);
        BOOKS.audit();
    }
    // It goes elsewhere instead.
    GO.store(false, SeqCst);
    let other = SPARE.create(c"other", 1, 4).unwrap();
    assert!(booked(other.submit(&GUEST)));
    let pool = Made::create(2, 7);
    assert!(submit_after(pool, &GUEST, 1_000_000));
    line_on(5, || _ = GUEST.cancel());
    assert_eq!(Made::destroy(false, None), Answer::Destroyed);
    line_off();
    overwrite();
    end(other);
}

#[no_mangle]
extern "C" fn destroy_is_refused_by_its_worker() {
    static DESTROYED: AtomicBool = AtomicBool::new(true);
    static DESTROY: Job = Job::new(|_| {
        let answer = Made::destroy(true, None);
        assert!(matches!(answer, Answer::Destroyed | Answer::OnWorker));
        DESTROYED.store(answer == Answer::Destroyed, SeqCst);
    });
    let pool = Made::create(1, 7);
    pool.submit(&DESTROY).unwrap();
    assert_eq!(DESTROY.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert!(!DESTROYED.load(SeqCst));
    assert_eq!(in_interrupt(|| Made::destroy(true, Some(0))), Answer::InInterrupt);
    // It runs on, and a worker of another pool destroys it.
    let other = SPARE.create(c"other", 1, 7).unwrap();
    assert!(submit_after(pool, &JOBS[0], 100));
    other.submit(&DESTROY).unwrap();
    assert_eq!(DESTROY.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert!(DESTROYED.load(SeqCst));
    overwrite();
    end(other);
}

#[no_mangle]
extern "C" fn destroy_has_its_time() {
    GO.store(false, SeqCst);
    let pool = Made::create(1, 7);
    pool.submit(&GATE[0]).unwrap();
    assert!(submit_after(pool, &JOBS[0], 0));
    kernel::sleep(2);
    for _ in 0..3 {
        assert_eq!(Made::destroy(false, Some(5)), Answer::TimedOut);
        assert_eq!(
            GATE[0].status(),
            Status::Running {
                cancelled: false,
                resubmitted: false
            }
        );
        assert_eq!(pool.submit(&JOBS[1]), Err(SubmitError::NotRunning));
    }
    GO.store(true, SeqCst);
    assert_eq!(Made::destroy(false, None), Answer::Destroyed);
    overwrite();
    assert_eq!(JOBS[0].outcome(), Some(Outcome::Done(0)));
}

/// An interrupt may name the pool until its destruction has returned.
#[no_mangle]
extern "C" fn interrupts_submit_while_it_is_destroyed() {
    static OPEN: AtomicBool = AtomicBool::new(false);
    static ROUND: AtomicU32 = AtomicU32::new(0);
    static REFUSED: AtomicU32 = AtomicU32::new(0);

    // With all options on, a job takes longer than a tick on qemu_cortex_m3: one in every tick would leave no time to others.
    line_on(3, || {
        if !OPEN.load(SeqCst) {
            return;
        }
        let round = ROUND.fetch_add(1, SeqCst);
        let job = &JOBS[round as usize % JOBS.len()];
        if round % 5 == 0 {
            job.cancel();
        } else if !submit_after(Made::pool(), job, u64::from(round % 4)) {
            REFUSED.fetch_add(1, SeqCst);
        }
    });
    for round in 0..100_u32 {
        Made::create(1 + (round % 3) as u8, 4 + (round % 4) as i32);
        OPEN.store(true, SeqCst);
        kernel::sleep(u64::from(1 + round % 7));
        kernel::busy_wait_us(round * 7 % 100);
        assert_eq!(Made::destroy(round % 2 == 0, None), Answer::Destroyed);
        OPEN.store(false, SeqCst);
        Made::overwrite();
        kernel::sleep(5);
        assert!(Made::is_overwritten());
        BOOKS.audit();
    }
    line_off();
    assert!(ROUND.load(SeqCst) > 100);
}

/// Jobs come due all the time, at moments that drift past that of the destruction.
#[no_mangle]
extern "C" fn timers_fire_while_it_is_destroyed() {
    for round in 0..200_u32 {
        let pool = Made::create(2, 3 + (round % 8) as i32);
        for (index, job) in JOBS.iter().enumerate() {
            assert!(submit_after(pool, job, (1 + index % 3) as u64));
        }
        kernel::busy_wait_us(round * 3 % 400);
        assert_eq!(Made::destroy(round % 3 > 0, None), Answer::Destroyed);
        Made::overwrite();
        kernel::sleep(5);
        assert!(Made::is_overwritten());
        BOOKS.audit();
    }
}

#[no_mangle]
extern "C" fn handles_outlive_the_pool() {
    let pool = Made::create(1, 7);
    let mut queued = pool.spawn(|| 5).ok().unwrap();
    let mut deferred = pool.spawn_after(|| 6, Duration::secs(1)).ok().unwrap();
    assert_eq!(Made::destroy(false, None), Answer::Destroyed);
    overwrite();
    assert_eq!((queued.status(), queued.cancel()), (Status::Idle, Cancel::Idle));
    assert_eq!(queued.wait(Timeout::Forever), Ok(5));
    assert_eq!(deferred.wait(Timeout::Forever), Err(JoinError::Discarded));
    drop((queued, deferred));
    assert!(Made::is_overwritten());
}

#[no_mangle]
extern "C" fn rust_memory_makes_one_pool_after_the_other() {
    let pool = SPARE.create(c"first", 2, 7).unwrap();
    assert!(submit_after(pool, &JOBS[0], 0));
    assert!(submit_after(pool, &JOBS[1], 1_000));
    assert_eq!(SPARE.create(c"second", 1, 8), Err(CreateError::InUse));
    assert_eq!(pool.shutdown(Shutdown::Drain, Timeout::Forever), Ok(()));
    assert_eq!(JOBS[1].outcome(), Some(Outcome::Discarded));
    assert_eq!(pool.submit(&JOBS[0]), Err(SubmitError::NotRunning));
    assert_eq!(pool.spawn(|| ()).err().unwrap().why, NotSpawned::NotRunning);

    // The timer of the first is still armed.
    static LOOK: Job = Job::new(|_| PRIORITY.store(kernel::priority(), SeqCst));
    let second = SPARE.create(c"second", 1, 9).unwrap();
    assert_eq!(second, pool, "it is where the first one was");
    assert_eq!(pool.check().max, 1);
    second.submit_after(&LOOK, Duration::ticks(1_500)).unwrap();
    assert_eq!(LOOK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(PRIORITY.load(SeqCst), 9);

    // As any other pool.
    assert_eq!(second.set_max_threads(2), Ok(()));
    assert_eq!(second.hold(), Ok(()));
    assert!(submit_after(second, &JOBS[0], 0));
    kernel::sleep(5);
    assert_eq!(JOBS[0].status(), Status::Queued);
    assert_eq!(SPARE.create(c"third", 1, 8), Err(CreateError::InUse));
    assert_eq!(second.release(), Ok(()));
    assert_eq!(JOBS[0].wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!(second.shutdown(Shutdown::Discard, Timeout::Forever), Ok(()));
    assert_eq!(second.restart(), Ok(()));
    assert_eq!(SPARE.create(c"third", 1, 8), Err(CreateError::InUse));
    assert_eq!(second.shutdown(Shutdown::Discard, Timeout::Forever), Ok(()));
}

#[no_mangle]
extern "C" fn rust_memory_refuses() {
    static OTHER: PoolMemory = PoolMemory::new();
    assert_eq!(OTHER.create(c"other", 0, 7), Err(CreateError::OutOfRange));
    assert_eq!(OTHER.create(c"other", 128, 7), Err(CreateError::OutOfRange));
    assert_eq!(OTHER.create(c"other", 1, 1_000), Err(CreateError::NoSuchPriority));
    assert_eq!(
        in_interrupt(|| OTHER.create(c"other", 1, 7)),
        Err(CreateError::InInterrupt)
    );
    let pool = OTHER.create(c"other", 127, 7).unwrap();
    assert_eq!(
        in_interrupt(|| OTHER.create(c"other", 1, 7)),
        Err(CreateError::InInterrupt)
    );
    assert_eq!(pool.shutdown(Shutdown::Drain, Timeout::NoWait), Ok(()));
    assert_eq!(pool.hold(), Err(ControlError::NotRunning));
}
