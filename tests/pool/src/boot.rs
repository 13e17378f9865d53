//! Pools that have not been started, and one that was never defined.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use taskpool::{Accepted, Cancel, DeferError, Job, Status, SubmitError};

use crate::kernel;
use crate::notes;
use crate::tools::*;

static BOOT: Trace = Trace::new();
/// To the system pool: the first two before the kernel is up, the others after.
static JOBS: [Job<Note>; 5] = notes!(BOOT: 0 1 2 3 4);
static EAGER: Probe = Probe::open();
static EAGER_JOB: Job<Held> = Held::job(&EAGER);
/// To a pool with one worker that may have three: they need all of them at once.
static CROWD: [Probe; 3] = [const { Probe::shut() }; 3];
static CROWD_JOBS: [Job<Held>; 3] = [Held::job(&CROWD[0]), Held::job(&CROWD[1]), Held::job(&CROWD[2])];
static DEFERRED: Probe = Probe::open();
static DEFERRED_JOB: Job<Held> = Held::job(&DEFERRED);
/// A bit for each thing that went as it should; assertions can't be reported that early.
static WENT: AtomicU32 = AtomicU32::new(0);

fn went(bit: u32, well: bool) {
    WENT.fetch_or(u32::from(well) << bit, SeqCst);
}

/// Before the kernel is up: there are no threads yet.
#[no_mangle]
extern "C" fn boot_before_kernel() {
    let pool = taskpool::system();
    went(0, pool.submit(&JOBS[0]) == Ok(Accepted::New));
    went(1, pool.submit(&JOBS[1]) == Ok(Accepted::New));
    went(2, pool.submit(&JOBS[0]) == Err(SubmitError::AlreadyQueued));
    went(3, JOBS[0].status() == Status::Queued);
    went(4, eager().submit(&EAGER_JOB) == Ok(Accepted::New));
}

/// The kernel is up, and the pools are not started.
#[no_mangle]
extern "C" fn boot_before_pools() {
    let pool = taskpool::system();
    went(5, pool.submit(&JOBS[2]) == Ok(Accepted::New));
    went(6, pool.submit(&JOBS[3]) == Ok(Accepted::New));
    went(7, pool.submit_after(&JOBS[4], ticks(20)) == Ok(Accepted::New));
    went(8, JOBS[2].cancel() == Cancel::Cancelled);
    went(9, eager().submit_after(&DEFERRED_JOB, ticks(1)) == Ok(Accepted::New));
    // Its deadline passes before the pool starts.
    kernel::busy_wait_us(1_000);
    went(10, matches!(DEFERRED_JOB.status(), Status::Deferred { .. }));
    went(11, CROWD_JOBS.iter().all(|job| grow().submit(job) == Ok(Accepted::New)));
    went(12, EAGER.begun() == 0);
}

/// The pools are started; main has not begun.
#[no_mangle]
extern "C" fn boot_after_pools() {
    // Its worker is more urgent than this thread.
    went(13, EAGER.ended() == 1);
    went(14, DEFERRED.ended() == 1);
}

#[no_mangle]
extern "C" fn submitted_before_the_start() {
    assert_eq!(WENT.load(SeqCst), (1 << 15) - 1);
    // Each exactly once, and not the cancelled one.
    BOOT.expect(&[0, 1, 3, 4]);
    assert_eq!((EAGER.begun(), DEFERRED.begun()), (1, 1));
    assert!(CROWD.iter().all(|probe| probe.ended() == 1));
}

/// Called once before the cases. The crowd of the boot runs at once; now it may go, so that all pools are at rest.
#[no_mangle]
extern "C" fn suite_setup() {
    wait_until(|| CROWD.iter().all(|probe| probe.begun() == 1));
    assert_eq!((look(grow()).workers, taskpool::check_reserve()), (3, 0));
    for (probe, job) in CROWD.iter().zip(&CROWD_JOBS) {
        probe.let_go();
        wait_idle(job);
    }
    wait_until(|| BOOT.len() == 4);
    check_rest();
    crate::events::make_some();
}

/// Called after each case.
#[no_mangle]
extern "C" fn suite_after_each() {
    check_rest();
}

#[no_mangle]
extern "C" fn pool_that_is_not_running_refuses() {
    static LEDGER: taskpool::OnEnd<Ledger> = Ledger::new();
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Job::with_completion(Held(&PROBE), &LEDGER);
    let absent = taskpool::c_pool!(absent);

    let refuse = || {
        let status = JOB.status();
        assert_eq!(absent.submit(&JOB), Err(SubmitError::NotRunning));
        assert_eq!(absent.submit_after(&JOB, ticks(10)), Err(DeferError::NotRunning));
        assert_eq!(absent.submit_after(&JOB, ticks(0)), Err(DeferError::NotRunning));
        assert_eq!(
            absent.submit_at(&JOB, taskpool::Instant::now()),
            Err(DeferError::NotRunning)
        );
        assert_eq!(
            kernel::in_interrupt(|| absent.submit(&JOB)),
            Err(SubmitError::NotRunning)
        );
        assert_eq!(JOB.status(), status);
        assert!(kernel::is_absent_untouched());
    };
    refuse();
    let deadline = taskpool::Instant::from_ticks(now() + 30);
    assert_eq!(one().submit_at(&JOB, deadline), Ok(Accepted::New));
    refuse();
    // What it was submitted for still stands.
    PROBE.wait_begun(1);
    assert_eq!(PROBE.due(), deadline.as_ticks());
    refuse();
    assert_eq!(one().submit(&JOB), Ok(Accepted::Again));
    refuse();
    PROBE.let_go();
    PROBE.wait_ended(2);
    wait_idle(&JOB);
    kernel::sleep(20);
    assert_eq!((PROBE.begun(), LEDGER.counts()), (2, (2, 0)));
}
