//! Submitting jobs that are to run now.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU8, Ordering::SeqCst};

use taskpool::{Accepted, Ctx, DeferError, Job, Pool, Run, Status, SubmitError};

use crate::kernel::{self, in_interrupt};
use crate::notes;
use crate::tools::*;

#[no_mangle]
extern "C" fn submit_from_thread() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    assert_eq!(taskpool::system().submit(&JOB), Ok(Accepted::New));
    assert_eq!(JOB.status(), Status::Queued);
    assert_eq!(look(taskpool::system()).queued, 1);
    PROBE.wait_ended(1);
    wait_idle(&JOB);
    assert_eq!(PROBE.due(), 0);
}

#[no_mangle]
extern "C" fn submit_from_interrupt() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    let (answer, status) = in_interrupt(|| (one().submit(&JOB), JOB.status()));
    assert_eq!((answer, status), (Ok(Accepted::New), Status::Queued));
    assert_eq!(JOB.status(), Status::Queued);
    PROBE.wait_ended(1);
    wait_idle(&JOB);

    // A more urgent worker runs when the interrupt ends, before the interrupted thread goes on.
    let begun = in_interrupt(|| {
        assert_eq!(eager().submit(&JOB), Ok(Accepted::New));
        PROBE.begun()
    });
    assert_eq!((begun, PROBE.ended()), (1, 2));
}

#[no_mangle]
extern "C" fn submit_from_timer_interrupt() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);
    static INTERRUPTS: Counter = Counter::new();

    kernel::line_on(10, || {
        if INTERRUPTS.add() <= 5 {
            assert_eq!(one().submit(&JOB), Ok(Accepted::New));
            assert_eq!(one().submit(&JOB), Err(SubmitError::AlreadyQueued));
        }
    });
    wait_until(|| INTERRUPTS.get() > 5);
    kernel::line_off();
    PROBE.wait_ended(5);
    wait_idle(&JOB);
}

/// The submitter is preempted by the job when that is more urgent, and not when it isn't.
#[no_mangle]
extern "C" fn submit_runs_by_thread_priority() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    assert_eq!(eager().submit(&JOB), Ok(Accepted::New));
    assert_eq!((PROBE.ended(), JOB.status()), (1, Status::Idle));
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    kernel::busy_wait_us(1_000);
    assert_eq!((PROBE.begun(), JOB.status()), (1, Status::Queued));
    PROBE.wait_ended(2);
    wait_idle(&JOB);
}

#[no_mangle]
extern "C" fn fifo_on_one_worker() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 6] = notes!(TRACE: 0 1 2 3 4 5);

    for index in [3, 0, 5, 1, 4, 2] {
        assert_eq!(one().submit(&JOBS[index]), Ok(Accepted::New));
    }
    assert_eq!(look(one()).queued, 6);
    TRACE.expect(&[3, 0, 5, 1, 4, 2]);
}

#[no_mangle]
extern "C" fn queued_job_keeps_its_place() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 3] = notes!(TRACE: 0 1 2);

    for job in &JOBS {
        assert_eq!(one().submit(job), Ok(Accepted::New));
    }
    assert_eq!(one().submit(&JOBS[0]), Err(SubmitError::AlreadyQueued));
    assert_eq!(in_interrupt(|| one().submit(&JOBS[1])), Err(SubmitError::AlreadyQueued));
    // Neither a deadline nor another pool, even one that would run it at once.
    assert_eq!(one().submit_after(&JOBS[0], ticks(5)), Err(DeferError::AlreadyQueued));
    assert_eq!(eager().submit(&JOBS[0]), Err(SubmitError::AlreadyQueued));
    assert_eq!(JOBS[0].status(), Status::Queued);
    TRACE.expect(&[0, 1, 2]);
}

#[no_mangle]
extern "C" fn running_job_runs_once_more() {
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);

    assert_eq!(several().submit(&JOB), Ok(Accepted::New));
    PROBE.wait_begun(1);
    assert_eq!(several().submit(&JOB), Ok(Accepted::Again));
    assert_eq!(several().submit(&JOB), Err(SubmitError::AlreadyQueued));
    // Two workers are idle, and don't take it while it runs.
    assert_eq!(look(several()).idle, 2);
    kernel::sleep(20);
    assert_eq!((PROBE.begun(), look(several()).idle), (1, 2));
    PROBE.let_go();
    PROBE.wait_ended(2);
    kernel::sleep(20);
    assert_eq!((PROBE.begun(), PROBE.most_inside()), (2, 1));
    wait_idle(&JOB);
}

static TURNS: Counter = Counter::new();
static INSIDE: AtomicU32 = AtomicU32::new(0);
static MOST_INSIDE: AtomicU32 = AtomicU32::new(0);
static OVERLAP_WORKERS: AtomicU32 = AtomicU32::new(0);

/// Sleeps inside its run, so that others could run it meanwhile, and submits itself.
struct Turning(u32);

impl Run for Turning {
    fn run(&mut self, ctx: &taskpool::Ctx<'_>) -> i32 {
        MOST_INSIDE.fetch_max(INSIDE.fetch_add(1, SeqCst) + 1, SeqCst);
        OVERLAP_WORKERS.fetch_or(1 << ctx.worker(), SeqCst);
        let before = self.0;
        kernel::sleep(3);
        // The run has the state to itself.
        assert_eq!(self.0, before);
        self.0 += 1;
        INSIDE.fetch_sub(1, SeqCst);
        if TURNS.add() < 40 {
            // The interrupt may have been first.
            let _ = several().submit(&TURNING);
        }
        0
    }
}

static TURNING: Job<Turning> = Job::new(Turning(0));

#[no_mangle]
extern "C" fn never_on_two_workers() {
    static REFUSED: Counter = Counter::new();

    kernel::line_on(2, || {
        if TURNS.get() < 40 && several().submit(&TURNING).is_err() {
            REFUSED.add();
        }
    });
    wait_until(|| TURNS.get() >= 40);
    kernel::line_off();
    wait_idle(&TURNING);
    assert_eq!(MOST_INSIDE.load(SeqCst), 1);
    assert!(REFUSED.get() > 10, "the interrupt came while the job ran");
}

#[no_mangle]
extern "C" fn several_workers_run_at_once() {
    static PROBES: [Probe; 4] = [const { Probe::shut() }; 4];
    static JOBS: [Job<Held>; 4] = [
        Held::job(&PROBES[0]),
        Held::job(&PROBES[1]),
        Held::job(&PROBES[2]),
        Held::job(&PROBES[3]),
    ];

    for job in &JOBS {
        assert_eq!(several().submit(job), Ok(Accepted::New));
    }
    wait_until(|| PROBES[2].begun() == 1);
    kernel::sleep(20);
    assert_eq!(PROBES[3].begun(), 0);
    let now = look(several());
    assert_eq!((now.queued, now.idle, now.workers), (1, 0, 3));
    let workers = PROBES[..3]
        .iter()
        .map(|probe| 1 << probe.worker.load(SeqCst))
        .sum::<u32>();
    assert_eq!(workers, 0b111);
    // Whoever is free first takes it.
    PROBES[1].let_go();
    PROBES[3].wait_begun(1);
    assert_eq!(PROBES[3].worker.load(SeqCst), PROBES[1].worker.load(SeqCst));
    for (probe, job) in PROBES.iter().zip(&JOBS) {
        probe.let_go();
        wait_idle(job);
        assert_eq!(probe.ended(), 1);
    }
}

#[no_mangle]
extern "C" fn two_pools_at_once() {
    static HELD: Probe = Probe::shut();
    static HELD_JOB: Job<Held> = Held::job(&HELD);
    static TRACE: Trace = Trace::new();
    static BEHIND: [Job<Note>; 2] = notes!(TRACE: 0 1);
    static OTHERS: [Job<Note>; 3] = notes!(TRACE: 2 3 4);

    // One pool is stuck; the other ones are not.
    assert_eq!(one().submit(&HELD_JOB), Ok(Accepted::New));
    for job in &BEHIND {
        assert_eq!(one().submit(job), Ok(Accepted::New));
    }
    assert_eq!(rival().submit(&OTHERS[0]), Ok(Accepted::New));
    assert_eq!(rival().submit_after(&OTHERS[1], ticks(20)), Ok(Accepted::New));
    assert_eq!(eager().submit_after(&OTHERS[2], ticks(40)), Ok(Accepted::New));
    TRACE.expect(&[2, 3, 4]);
    assert_eq!(look(one()).queued, 2);
    HELD.let_go();
    TRACE.expect(&[2, 3, 4, 0, 1]);
    wait_idle(&HELD_JOB);
}

#[no_mangle]
extern "C" fn job_moves_between_pools() {
    // Of the pools that ran the job, the last one's number.
    static RAN_ON: AtomicU8 = AtomicU8::new(0);
    static OPEN: AtomicBool = AtomicBool::new(true);
    static RUNS: Counter = Counter::new();
    static JOB: Job = Job::new(|ctx| {
        let pool = Pool::of(ctx);
        let number = [one(), several(), eager()].iter().position(|other| *other == pool);
        let priority = [ONE_PRIORITY, 7, EAGER_PRIORITY];
        let number = number.expect("one of these pools");
        assert_eq!(kernel::priority(), priority[number]);
        RAN_ON.store(number as u8, SeqCst);
        RUNS.add();
        while !OPEN.load(SeqCst) {
            kernel::sleep(1);
        }
    });
    let (on_one, on_several, on_eager) = (0, 1, 2);
    let ran = |runs, number| {
        wait_until(|| RUNS.get() >= runs);
        assert_eq!((RUNS.get(), RAN_ON.load(SeqCst)), (runs, number));
    };

    // Idle: from one to another.
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    ran(1, on_one);
    wait_idle(&JOB);
    assert_eq!(several().submit(&JOB), Ok(Accepted::New));
    ran(2, on_several);
    wait_idle(&JOB);

    // Deferred: to run now elsewhere.
    assert_eq!(one().submit_after(&JOB, ticks(1000)), Ok(Accepted::New));
    assert_eq!((look(one()).deferred, look(eager()).deferred), (1, 0));
    assert_eq!(eager().submit(&JOB), Ok(Accepted::Moved));
    ran(3, on_eager);
    assert_eq!((look(one()).deferred, JOB.status()), (0, Status::Idle));

    // Deferred: to run later elsewhere.
    assert_eq!(one().submit_after(&JOB, ticks(1000)), Ok(Accepted::New));
    assert_eq!(several().submit_after(&JOB, ticks(20)), Ok(Accepted::Moved));
    assert_eq!((look(one()).deferred, look(several()).deferred), (0, 1));
    ran(4, on_several);
    wait_idle(&JOB);

    // Running: once more elsewhere, after this run.
    OPEN.store(false, SeqCst);
    assert_eq!(several().submit(&JOB), Ok(Accepted::New));
    ran(5, on_several);
    assert_eq!(eager().submit(&JOB), Ok(Accepted::Again));
    kernel::sleep(20);
    assert_eq!(RUNS.get(), 5);
    OPEN.store(true, SeqCst);
    ran(6, on_eager);
    wait_idle(&JOB);
}

/// A worker that ends a run wakes a more urgent worker, and must not take its own next job before that one has run.
#[no_mangle]
extern "C" fn job_sent_to_an_urgent_pool_runs_next() {
    static TRACE: Trace = Trace::new();
    struct Sender;
    impl Run for Sender {
        fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
            if Pool::of(ctx) == one() {
                assert_eq!(eager().submit(&SENT), Ok(Accepted::Again));
            }
            Note(&TRACE, if Pool::of(ctx) == one() { 0 } else { 1 }).run(ctx)
        }
    }
    static SENT: Job<Sender> = Job::new(Sender);
    static NEXT: Job<Note> = Job::new(Note(&TRACE, 2));

    assert_eq!(one().submit(&SENT), Ok(Accepted::New));
    assert_eq!(one().submit(&NEXT), Ok(Accepted::New));
    TRACE.expect(&[0, 1, 2]);
    wait_idle(&SENT);
}
