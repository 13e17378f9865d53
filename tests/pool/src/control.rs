//! Holding pools, changing their maximum, shutting them down and starting them again.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use taskpool::{ControlError, DeferError, Job, Outcome, Shutdown, Status, SubmitError, Timeout, WaitError};

use crate::kernel::{self, in_interrupt};
use crate::notes;
use crate::tools::*;

const HOW: [Shutdown; 2] = [Shutdown::Drain, Shutdown::Discard];

#[no_mangle]
extern "C" fn held_pool_runs_nothing() {
    static TRACE: Trace = Trace::new();
    static NOTES: [Job<Note>; 3] = notes!(TRACE: 1 2 3);
    static PROBE: Probe = Probe::shut();
    static RUNNING: Job<Held> = Held::job(&PROBE);

    assert_eq!(several().release(), Err(ControlError::NotRunning), "it is not held");
    assert!(several().submit(&RUNNING).is_ok());
    PROBE.wait_begun(1);
    assert_eq!(in_interrupt(|| several().hold()), Ok(()));
    assert_eq!(several().hold(), Err(ControlError::NotRunning), "it is held");
    assert!(several().submit(&NOTES[0]).is_ok());
    assert!(in_interrupt(|| several().submit(&NOTES[1])).is_ok());
    assert!(several().submit_after(&NOTES[2], ticks(10)).is_ok());
    assert_eq!(NOTES[0].wait(Timeout::After(ticks(50))), Err(WaitError::TimedOut));
    // What runs goes on, and its worker then takes nothing else.
    PROBE.let_go();
    PROBE.wait_ended(1);
    TRACE.expect(&[]);
    let found = look(several());
    assert_eq!((found.queued, found.deferred, found.workers), (2, 1, 3));
    assert_eq!(in_interrupt(|| several().release()), Ok(()));
    TRACE.expect(&[1, 2, 3]);
}

#[no_mangle]
extern "C" fn maximum_goes_up_and_down() {
    static PROBES: [Probe; 3] = [const { Probe::shut() }; 3];
    static JOBS: [Job<Held>; 3] = [Held::job(&PROBES[0]), Held::job(&PROBES[1]), Held::job(&PROBES[2])];

    assert_eq!(grow().set_max_threads(0), Err(ControlError::OutOfRange));
    assert_eq!(grow().set_max_threads(128), Err(ControlError::OutOfRange));
    assert_eq!(
        several().set_max_threads(2),
        Err(ControlError::OutOfRange),
        "it has three"
    );
    assert_eq!(grow().set_max_threads(1), Ok(()));
    for job in &JOBS {
        assert!(grow().submit(job).is_ok());
    }
    PROBES[0].wait_begun(1);
    kernel::sleep(10);
    assert_eq!(PROBES[1].begun(), 0);
    // What waits already gets its workers.
    assert_eq!(in_interrupt(|| grow().set_max_threads(3)), Ok(()));
    PROBES[1].wait_begun(1);
    PROBES[2].wait_begun(1);
    assert_eq!((look(grow()).workers, taskpool::check_reserve()), (3, 0));
    // Borrowed workers leave after their job, though there is more to do.
    assert_eq!(grow().set_max_threads(1), Ok(()));
    for job in &JOBS[1..] {
        assert!(grow().submit(job).is_ok(), "once more");
    }
    PROBES[1].let_go();
    PROBES[2].let_go();
    wait_until(|| taskpool::check_reserve() == RESERVE);
    assert_eq!((look(grow()).workers, look(grow()).queued), (1, 2));
    PROBES[0].let_go();
    PROBES[1].wait_ended(2);
    PROBES[2].wait_ended(2);
    assert_eq!(grow().set_max_threads(3), Ok(()));
}

#[no_mangle]
extern "C" fn shutdown_drains_or_discards() {
    static LEDGER: taskpool::OnEnd<Ledger> = Ledger::new();
    static PROBE: Probe = Probe::shut();
    static RUNNING: Job<Held> = Held::job(&PROBE);
    static QUEUED: Job<Held> = Job::with_completion(Held(&OPEN), &LEDGER);
    static MARKED: Job<Held> = Job::with_completion(Held(&OPEN), &LEDGER).discarded_on_shutdown();
    static DEFERRED: Job<Held> = Job::with_completion(Held(&OPEN), &LEDGER);
    static OPEN: Probe = Probe::open();

    for (how, done, discarded) in [(Shutdown::Drain, 1, 2), (Shutdown::Discard, 0, 3)] {
        let before = (LEDGER.counts().0, LEDGER.discarded());
        PROBE.shut_again();
        let run = PROBE.begun() + 1;
        assert!(one().submit(&RUNNING).is_ok());
        PROBE.wait_begun(run);
        assert!(one().submit(&QUEUED).is_ok());
        assert!(one().submit(&MARKED).is_ok());
        assert!(one().submit_after(&DEFERRED, ticks(100_000)).is_ok());
        assert_eq!(
            one().shutdown(how, Timeout::After(ticks(5))),
            Err(ControlError::TimedOut)
        );
        assert_eq!(one().submit(&RUNNING), Err(SubmitError::NotRunning));
        assert_eq!(one().submit_after(&DEFERRED, ticks(5)), Err(DeferError::NotRunning));
        assert_eq!(one().restart(), Err(ControlError::NotRunning), "not to the end");
        PROBE.let_go();
        assert_eq!(one().shutdown(how, Timeout::Forever), Ok(()));
        let after = (LEDGER.counts().0, LEDGER.discarded());
        assert_eq!((after.0 - before.0, after.1 - before.1), (done, discarded));
        assert_eq!(MARKED.outcome(), Some(Outcome::Discarded));
        assert_eq!(DEFERRED.wait(Timeout::Forever), Ok(Outcome::Discarded));
        for job in [&QUEUED, &MARKED, &DEFERRED, &RUNNING] {
            assert_eq!(job.status(), Status::Idle);
        }
        assert_eq!(one().hold(), Err(ControlError::NotRunning));
        assert_eq!(one().set_max_threads(1), Err(ControlError::NotRunning));
        assert_eq!(one().shutdown(how, Timeout::Forever), Ok(()), "it is shut down");
        assert_eq!(in_interrupt(|| one().restart()), Ok(()));
        assert!(one().submit_after(&QUEUED, ticks(3)).is_ok());
        assert_eq!(QUEUED.wait(Timeout::Forever), Ok(Outcome::Done(OPEN.ended() as i32)));
    }
}

#[no_mangle]
extern "C" fn shutdown_is_refused() {
    static INSIDE: Job = Job::new(|ctx| {
        let own = taskpool::Pool::of(ctx);
        assert_eq!(
            own.shutdown(Shutdown::Drain, Timeout::Forever),
            Err(ControlError::OnWorker)
        );
        // Another pool's end it may wait for.
        assert_eq!(rival().shutdown(Shutdown::Drain, Timeout::Forever), Ok(()));
        assert_eq!(rival().restart(), Ok(()));
        REFUSED.fetch_add(1, SeqCst);
    });
    static REFUSED: AtomicU32 = AtomicU32::new(0);

    assert_eq!(
        in_interrupt(|| one().shutdown(Shutdown::Drain, Timeout::Forever)),
        Err(ControlError::InInterrupt)
    );
    assert_eq!(one().restart(), Err(ControlError::NotRunning), "it runs");
    assert!(one().submit(&INSIDE).is_ok());
    wait_idle(&INSIDE);
    assert_eq!(REFUSED.load(SeqCst), 1);
}

#[no_mangle]
extern "C" fn shutdown_from_several_threads() {
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);
    static ENDED: AtomicU32 = AtomicU32::new(0);

    extern "C" fn close() {
        assert_eq!(several().shutdown(Shutdown::Drain, Timeout::Forever), Ok(()));
        assert_eq!(JOB.status(), Status::Idle);
        ENDED.fetch_add(1, SeqCst);
    }
    extern "C" fn let_go() {
        kernel::sleep(20);
        assert_eq!(ENDED.load(SeqCst), 0, "the job runs");
        PROBE.let_go();
    }

    assert!(several().submit(&JOB).is_ok());
    PROBE.wait_begun(1);
    kernel::run_threads([(4, close), (6, close), (4, let_go)]);
    assert_eq!(ENDED.load(SeqCst), 2);
    assert_eq!(several().restart(), Ok(()));
}

/// The clock interrupt submits and cancels while the pool is shut down and started again.
#[no_mangle]
extern "C" fn shutdowns_race_with_interrupts() {
    static LEDGER: taskpool::OnEnd<Ledger> = Ledger::new();
    static OPEN: Probe = Probe::open();
    static JOBS: [Job<Held>; 4] = [const { Job::with_completion(Held(&OPEN), &LEDGER) }; 4];
    static ACCEPTED: AtomicU32 = AtomicU32::new(0);
    static CALLS: AtomicU32 = AtomicU32::new(0);

    fn intrude() {
        let call = CALLS.fetch_add(1, SeqCst);
        let job = &JOBS[call as usize % 4];
        let accepted = match call % 5 {
            0 => {
                job.cancel();
                return;
            }
            1 => several().submit_after(job, ticks(2)),
            2 => several().submit_after(job, ticks(40)),
            _ => several().submit(job).map_err(Into::into),
        };
        if let Ok(taskpool::Accepted::New | taskpool::Accepted::Again) = accepted {
            ACCEPTED.fetch_add(1, SeqCst);
        }
    }

    kernel::line_on(1, intrude);
    for round in 0..60 {
        kernel::sleep(1 + round % 3);
        let how = HOW[round as usize % 2];
        assert_eq!(several().shutdown(how, Timeout::Forever), Ok(()));
        for job in &JOBS {
            assert_eq!(job.status(), Status::Idle);
        }
        assert_eq!(several().restart(), Ok(()));
    }
    kernel::line_off();
    assert_eq!(several().shutdown(Shutdown::Drain, Timeout::Forever), Ok(()));
    assert_eq!(several().restart(), Ok(()));
    let ((done, cancelled), discarded) = (LEDGER.counts(), LEDGER.discarded());
    assert_eq!(done + cancelled + discarded, ACCEPTED.load(SeqCst));
    assert!(done > 0 && discarded > 0, "{done} {discarded}");
}
