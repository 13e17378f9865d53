//! Cancelling jobs, in each of their states.

use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use taskpool::{Accepted, Cancel, Instant, Job, Status};

use crate::kernel::{self, in_interrupt};
use crate::notes;
use crate::tools::*;

const RUNNING: Cancel = Cancel::Running {
    resubmission_cancelled: false,
};
const RESUBMITTED: Cancel = Cancel::Running {
    resubmission_cancelled: true,
};

#[no_mangle]
extern "C" fn cancel_idle() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    assert_eq!(JOB.cancel(), Cancel::Idle);
    assert_eq!(in_interrupt(|| JOB.cancel()), Cancel::Idle);
    assert_eq!(JOB.status(), Status::Idle);
    // The next run is not a cancelled one.
    assert_eq!(eager().submit(&JOB), Ok(Accepted::New));
    assert_eq!((PROBE.ended(), PROBE.was_cancelled()), (1, false));
    assert_eq!(JOB.cancel(), Cancel::Idle);
}

#[no_mangle]
extern "C" fn cancel_queued() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 6] = notes!(TRACE: 0 1 2 3 4 5);

    for job in &JOBS {
        assert_eq!(one().submit(job), Ok(Accepted::New));
    }
    // The first, the last, and one between.
    assert_eq!(JOBS[0].cancel(), Cancel::Cancelled);
    assert_eq!(in_interrupt(|| JOBS[5].cancel()), Cancel::Cancelled);
    assert_eq!(JOBS[3].cancel(), Cancel::Cancelled);
    assert_eq!(JOBS[3].cancel(), Cancel::Idle);
    assert_eq!((JOBS[0].status(), look(one()).queued), (Status::Idle, 3));
    // One that is submitted again is the last one.
    assert_eq!(one().submit(&JOBS[3]), Ok(Accepted::New));
    TRACE.expect(&[1, 2, 4, 3]);

    // The only one: its worker finds nothing, and is there for the next.
    assert_eq!(one().submit(&JOBS[0]), Ok(Accepted::New));
    assert_eq!(JOBS[0].cancel(), Cancel::Cancelled);
    kernel::sleep(5);
    assert_eq!(look(one()).idle, 1);
    assert_eq!(one().submit(&JOBS[1]), Ok(Accepted::New));
    TRACE.expect(&[1, 2, 4, 3, 1]);
}

#[no_mangle]
extern "C" fn cancel_deferred() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 6] = notes!(TRACE: 0 1 2 3 4 5);

    let start = now();
    for (job, delay) in JOBS.iter().zip([20, 30, 40, 50, 60, 70]) {
        assert_eq!(
            one().submit_at(job, Instant::from_ticks(start + delay)),
            Ok(Accepted::New)
        );
    }
    // The one that the timer is armed for, the last, and one between.
    assert_eq!(JOBS[0].cancel(), Cancel::Cancelled);
    assert_eq!(in_interrupt(|| JOBS[5].cancel()), Cancel::Cancelled);
    assert_eq!(JOBS[2].cancel(), Cancel::Cancelled);
    assert_eq!(JOBS[2].cancel(), Cancel::Idle);
    assert_eq!((JOBS[0].status(), look(one()).deferred), (Status::Idle, 3));
    // Cancelling leaves the timer as it is, and so does a deadline that lies behind it.
    assert_eq!(look(one()).armed, Some(start + 20));
    assert_eq!(
        one().submit_at(&JOBS[5], Instant::from_ticks(start + 80)),
        Ok(Accepted::New)
    );
    assert_eq!(look(one()).armed, Some(start + 20));
    kernel::sleep(100);
    TRACE.expect(&[1, 3, 4, 5]);

    // All of them: the timer expires for nothing, and the next deadline arms it.
    assert_eq!(one().submit_after(&JOBS[0], ticks(10)), Ok(Accepted::New));
    assert_eq!(JOBS[0].cancel(), Cancel::Cancelled);
    kernel::sleep(20);
    assert_eq!(look(one()).armed, None);
    assert_eq!(one().submit_after(&JOBS[0], ticks(10)), Ok(Accepted::New));
    TRACE.expect(&[1, 3, 4, 5, 0]);
}

/// A run sees that it was cancelled, and by whom does not matter.
fn cancel_running_by(cancel: fn() -> Cancel, job: &'static Job, seen: &'static AtomicBool) {
    seen.store(false, SeqCst);
    assert_eq!(several().submit(job), Ok(Accepted::New));
    wait_until(|| matches!(job.status(), Status::Running { .. }));
    kernel::sleep(5);
    assert!(!seen.load(SeqCst));
    assert_eq!(
        job.status(),
        Status::Running {
            cancelled: false,
            resubmitted: false
        }
    );
    assert_eq!(cancel(), RUNNING);
    assert_eq!(
        job.status(),
        Status::Running {
            cancelled: true,
            resubmitted: false
        }
    );
    assert_eq!(cancel(), RUNNING);
    wait_idle(job);
    assert!(seen.load(SeqCst));
}

#[no_mangle]
extern "C" fn cancel_running() {
    static SEEN: AtomicBool = AtomicBool::new(false);
    static JOB: Job = Job::new(|ctx| {
        // Ends when it is cancelled, and only then.
        while !ctx.cancelled() {
            kernel::sleep(1);
        }
        SEEN.store(true, SeqCst);
    });

    // Again, since the next run of the same job must not see it from its beginning.
    cancel_running_by(|| JOB.cancel(), &JOB, &SEEN);
    cancel_running_by(|| in_interrupt(|| JOB.cancel()), &JOB, &SEEN);
}

#[no_mangle]
extern "C" fn cancel_running_and_resubmitted() {
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);

    let begin = |run| {
        PROBE.shut_again();
        assert_eq!(several().submit(&JOB), Ok(Accepted::New));
        PROBE.wait_begun(run);
    };
    let end = |runs| {
        PROBE.let_go();
        wait_idle(&JOB);
        kernel::sleep(40);
        assert_eq!((PROBE.begun(), PROBE.was_cancelled()), (runs, true));
    };

    // To run now.
    begin(1);
    assert_eq!(several().submit(&JOB), Ok(Accepted::Again));
    assert_eq!(JOB.cancel(), RESUBMITTED);
    assert_eq!(JOB.cancel(), RUNNING);
    end(1);

    // To run later; from an interrupt.
    begin(2);
    assert_eq!(several().submit_after(&JOB, ticks(10)), Ok(Accepted::Again));
    assert_eq!(in_interrupt(|| JOB.cancel()), RESUBMITTED);
    assert_eq!(in_interrupt(|| JOB.cancel()), RUNNING);
    end(2);

    // A submission after the cancellation stands, and its run is not a cancelled one.
    begin(3);
    assert_eq!(JOB.cancel(), RUNNING);
    assert_eq!(several().submit(&JOB), Ok(Accepted::Again));
    assert_eq!(
        JOB.status(),
        Status::Running {
            cancelled: true,
            resubmitted: true
        }
    );
    PROBE.let_go();
    PROBE.wait_ended(4);
    wait_idle(&JOB);
    assert!(!PROBE.was_cancelled());
}

#[no_mangle]
extern "C" fn cancel_from_timer_interrupt() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);
    static CANCELS: Counter = Counter::new();
    static LATER: AtomicBool = AtomicBool::new(false);

    // The interrupt takes back what the thread has just handed over, before a worker gets it.
    kernel::line_on(2, || {
        if JOB.cancel() == Cancel::Cancelled {
            CANCELS.add();
        }
    });
    for round in 1..=10 {
        LATER.fetch_xor(true, SeqCst);
        if LATER.load(SeqCst) {
            assert!(one().submit_after(&JOB, ticks(50)).is_ok());
        } else {
            assert_eq!(one().submit(&JOB), Ok(Accepted::New));
        }
        // No worker comes in between: this thread spins.
        kernel::busy_wait_us(500);
        assert_eq!((JOB.status(), CANCELS.get()), (Status::Idle, round));
    }
    kernel::line_off();
    kernel::sleep(60);
    assert_eq!(PROBE.begun(), 0);
}
