//! The states of a job: what they are called, and what a submission does in each.

use taskpool::{Accepted, Cancel, DeferError, Instant, Job, Status, SubmitError};

use crate::kernel::{self, in_interrupt};
use crate::tools::*;

const fn at(ticks: u64) -> Instant {
    Instant::from_ticks(ticks)
}

const fn running(cancelled: bool, resubmitted: bool) -> Status {
    Status::Running { cancelled, resubmitted }
}

#[no_mangle]
extern "C" fn status_in_each_state() {
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);
    // From a thread and from an interrupt.
    let expect = |status| {
        assert_eq!(JOB.status(), status);
        assert_eq!(in_interrupt(|| JOB.status()), status);
    };

    expect(Status::Idle);
    let deadline = now() + 20;
    assert!(one().submit_at(&JOB, at(deadline)).is_ok());
    expect(Status::Deferred { deadline });
    kernel::busy_wait_us(3_000);
    expect(Status::Queued);
    PROBE.wait_begun(1);
    expect(running(false, false));
    assert!(one().submit_after(&JOB, ticks(10)).is_ok());
    expect(running(false, true));
    JOB.cancel();
    expect(running(true, false));
    assert!(one().submit(&JOB).is_ok());
    expect(running(true, true));
    PROBE.let_go();
    PROBE.wait_ended(2);
    wait_idle(&JOB);
    expect(Status::Idle);
}

#[no_mangle]
extern "C" fn submit_in_each_state() {
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);

    // Deferred: its deadline is dropped. Idle and queued: see `submit_from_thread` and `queued_job_keeps_its_place`.
    assert_eq!(one().submit_after(&JOB, ticks(50)), Ok(Accepted::New));
    assert_eq!(one().submit(&JOB), Ok(Accepted::Moved));
    assert_eq!(JOB.status(), Status::Queued);
    assert_eq!(look(one()).deferred, 0);
    PROBE.wait_begun(1);
    assert_eq!(PROBE.due(), 0);

    // Running.
    assert_eq!(one().submit(&JOB), Ok(Accepted::Again));
    assert_eq!(JOB.status(), running(false, true));
    // Running, to run again now.
    assert_eq!(one().submit(&JOB), Err(SubmitError::AlreadyQueued));
    assert_eq!(in_interrupt(|| several().submit(&JOB)), Err(SubmitError::AlreadyQueued));
    assert_eq!(JOB.status(), running(false, true));
    PROBE.let_go();
    PROBE.wait_ended(2);
    wait_idle(&JOB);

    // Running, to run again later: now instead.
    PROBE.shut_again();
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    PROBE.wait_begun(3);
    assert_eq!(one().submit_after(&JOB, ticks(15_000)), Ok(Accepted::Again));
    assert_eq!(one().submit(&JOB), Ok(Accepted::Moved));
    PROBE.let_go();
    PROBE.wait_ended(4);
    assert_eq!(PROBE.due(), 0);
    wait_idle(&JOB);
    kernel::sleep(60);
    assert_eq!(PROBE.begun(), 4);
}

#[no_mangle]
extern "C" fn submit_after_in_each_state() {
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);

    // Idle; deferred.
    assert_eq!(one().submit_after(&JOB, ticks(500)), Ok(Accepted::New));
    assert_eq!(one().submit_after(&JOB, ticks(20)), Ok(Accepted::Moved));
    kernel::busy_wait_us(3_000);
    // Queued: its time has come, and it is too late to move it.
    assert_eq!(JOB.status(), Status::Queued);
    assert_eq!(one().submit_after(&JOB, ticks(20)), Err(DeferError::AlreadyQueued));
    PROBE.wait_begun(1);

    // Running: once more, not before this run has ended, and not before the deadline.
    let deadline = now() + 30;
    assert_eq!(one().submit_at(&JOB, at(deadline)), Ok(Accepted::Again));
    PROBE.let_go();
    PROBE.wait_ended(1);
    assert_eq!(JOB.status(), Status::Deferred { deadline });
    PROBE.wait_ended(2);
    assert_eq!(PROBE.due(), deadline);
    wait_idle(&JOB);

    // Running, and the deadline passes while it runs.
    PROBE.shut_again();
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    PROBE.wait_begun(3);
    let deadline = now() + 10;
    assert_eq!(one().submit_at(&JOB, at(deadline)), Ok(Accepted::Again));
    kernel::sleep(40);
    assert_eq!(PROBE.begun(), 3);
    PROBE.let_go();
    PROBE.wait_ended(4);
    assert_eq!(PROBE.due(), deadline);
    wait_idle(&JOB);

    // Running, to run again later: at another time instead.
    PROBE.shut_again();
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    PROBE.wait_begun(5);
    let deadline = now() + 30;
    assert_eq!(one().submit_at(&JOB, at(deadline + 10_000)), Ok(Accepted::Again));
    assert_eq!(one().submit_at(&JOB, at(deadline)), Ok(Accepted::Moved));
    PROBE.let_go();
    PROBE.wait_ended(6);
    assert_eq!(PROBE.due(), deadline);
    wait_idle(&JOB);

    // Running, to run again now: it keeps that.
    PROBE.shut_again();
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    PROBE.wait_begun(7);
    assert_eq!(one().submit(&JOB), Ok(Accepted::Again));
    assert_eq!(one().submit_after(&JOB, ticks(10)), Err(DeferError::AlreadyQueued));
    PROBE.let_go();
    PROBE.wait_ended(8);
    assert_eq!(PROBE.due(), 0);
    wait_idle(&JOB);
}

#[no_mangle]
extern "C" fn job_submits_itself() {
    static RUNS: Counter = Counter::new();
    static BETWEEN: Trace = Trace::new();
    static JOB: Job = Job::new(|ctx| {
        let pool = taskpool::Pool::of(ctx);
        match RUNS.add() {
            1 => assert_eq!(pool.submit(&JOB), Ok(Accepted::Again)),
            2 => {
                // It went behind the one that was ready.
                assert_eq!(BETWEEN.len(), 1);
                assert_eq!(pool.submit(&JOB), Ok(Accepted::Again));
            }
            // Again and again, from its deadline on: a period without drift.
            3 => assert_eq!(pool.submit_after(&JOB, ticks(10)), Ok(Accepted::Again)),
            4..=6 => {
                let due = ctx.due().expect("it was deferred");
                assert_eq!(pool.submit_at(&JOB, at(due + 10)), Ok(Accepted::Again));
            }
            7 => {
                // Its own submission can be taken back, and its own run cancelled.
                assert_eq!(pool.submit(&JOB), Ok(Accepted::Again));
                let cancelled = Cancel::Running {
                    resubmission_cancelled: true,
                };
                assert_eq!(JOB.cancel(), cancelled);
                assert!(ctx.cancelled());
            }
            _ => panic!("one run too many"),
        }
    });
    static OTHER: [Job<Note>; 1] = crate::notes!(BETWEEN: 1);

    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    assert_eq!(one().submit(&OTHER[0]), Ok(Accepted::New));
    let start = now();
    wait_until(|| RUNS.get() == 7);
    assert!((40..60).contains(&(now() - start)), "{} ticks", now() - start);
    BETWEEN.expect(&[1]);
    wait_idle(&JOB);
    assert_eq!(RUNS.get(), 7);
}
