//! Submitting jobs that are to run later.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use taskpool::{Accepted, Cancel, DeferError, Duration, Instant, Job, Status, CONFIG};

use crate::kernel::{self, in_interrupt};
use crate::notes;
use crate::tools::*;

const fn at(ticks: u64) -> Instant {
    Instant::from_ticks(ticks)
}

#[track_caller]
fn assert_deferred(job: &'static Job<impl taskpool::Run>, deadline: u64) {
    assert_eq!(job.status(), Status::Deferred { deadline });
}

/// By the hardware clock, which is finer than the ticks: for delays that begin anywhere within a tick.
#[no_mangle]
extern "C" fn deferred_is_never_early() {
    static RAN_AT: AtomicU32 = AtomicU32::new(0);
    static RUNS: Counter = Counter::new();
    static JOB: Job = Job::new(|ctx| {
        RAN_AT.store(kernel::cycles(), SeqCst);
        assert!(ctx.due().is_some_and(|due| due <= now()));
        RUNS.add();
    });

    let tick = kernel::cycles_per_tick();
    let tick_us = 1_000_000 / CONFIG.ticks_per_second;
    let mut runs = 0;
    for delay in [1, 2, 3, 7, 25] {
        for part in 0..10 {
            kernel::busy_wait_us(tick_us * part / 10 + part);
            let from = kernel::cycles();
            assert_eq!(eager().submit_after(&JOB, ticks(delay)), Ok(Accepted::New));
            runs += 1;
            wait_until(|| RUNS.get() == runs);
            let took = RAN_AT.load(SeqCst).wrapping_sub(from);
            assert!(took >= tick * delay as u32, "{took} cycles instead of {delay} ticks");
            // Nobody keeps this worker from running: what is later than a few ticks was forgotten for a while.
            assert!(
                took < tick * (delay as u32 + 5),
                "{took} cycles instead of {delay} ticks"
            );
        }
    }
    wait_idle(&JOB);
}

#[no_mangle]
extern "C" fn deferred_from_interrupt() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 3] = notes!(TRACE: 0 1 2);

    in_interrupt(|| {
        let delays = [30, 10, 20];
        for (job, delay) in JOBS.iter().zip(delays) {
            assert_eq!(one().submit_after(job, ticks(delay)), Ok(Accepted::New));
        }
    });
    assert_eq!(look(one()).deferred, 3);
    TRACE.expect(&[1, 2, 0]);
}

#[no_mangle]
extern "C" fn deadlines_run_in_order() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 9] = notes!(TRACE: 0 1 2 3 4 5 6 7 8);

    let start = now();
    for index in [4, 8, 0, 6, 2, 5, 7, 1, 3] {
        let deadline = at(start + 20 + 3 * index as u64);
        assert_eq!(one().submit_at(&JOBS[index], deadline), Ok(Accepted::New));
    }
    TRACE.expect(&[0, 1, 2, 3, 4, 5, 6, 7, 8]);

    // All of them are over when a worker can look: still in the order of their deadlines.
    let start = now();
    for index in [7, 3, 5, 0, 8, 1, 6, 2, 4] {
        let deadline = at(start + 2 + index as u64);
        assert_eq!(one().submit_at(&JOBS[index], deadline), Ok(Accepted::New));
    }
    kernel::busy_wait_us(3_000);
    TRACE.expect(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
}

#[no_mangle]
extern "C" fn equal_deadlines_run_as_submitted() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 6] = notes!(TRACE: 0 1 2 3 4 5);

    let deadline = at(now() + 20);
    for index in [2, 0, 5, 1, 4, 3] {
        assert_eq!(one().submit_at(&JOBS[index], deadline), Ok(Accepted::New));
    }
    TRACE.expect(&[2, 0, 5, 1, 4, 3]);

    // One that was moved away and back is the last one that was submitted.
    let deadline = now() + 20;
    for job in &JOBS {
        assert_eq!(one().submit_at(job, at(deadline)), Ok(Accepted::New));
    }
    assert_eq!(one().submit_at(&JOBS[1], at(deadline + 500)), Ok(Accepted::Moved));
    assert_eq!(one().submit_at(&JOBS[1], at(deadline)), Ok(Accepted::Moved));
    TRACE.expect(&[2, 0, 5, 1, 4, 3, 0, 2, 3, 4, 5, 1]);
}

#[no_mangle]
extern "C" fn absolute_deadline() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    let deadline = now() + 50;
    assert_eq!(eager().submit_at(&JOB, at(deadline)), Ok(Accepted::New));
    assert_deferred(&JOB, deadline);
    while now() < deadline - 2 {
        kernel::sleep(1);
        assert_eq!(PROBE.begun(), 0);
    }
    PROBE.wait_ended(1);
    assert_eq!(PROBE.due(), deadline);
    assert!(now() < deadline + 5, "late, and nothing was in its way");
    wait_idle(&JOB);
}

#[no_mangle]
extern "C" fn past_deadline_runs_now() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    kernel::sleep(5);
    let past = now() - 3;
    assert_eq!(one().submit_at(&JOB, at(past)), Ok(Accepted::New));
    assert_eq!(JOB.status(), Status::Queued);
    PROBE.wait_ended(1);
    assert_eq!(PROBE.due(), past);
    wait_idle(&JOB);

    // The boot itself; the present tick; and in an interrupt, for a worker that preempts.
    assert_eq!(one().submit_at(&JOB, at(0)), Ok(Accepted::New));
    assert_eq!(JOB.status(), Status::Queued);
    PROBE.wait_ended(2);
    assert_ne!(PROBE.due(), 0, "it had a deadline");
    wait_idle(&JOB);
    in_interrupt(|| assert_eq!(eager().submit_at(&JOB, Instant::now()), Ok(Accepted::New)));
    assert_eq!((PROBE.ended(), JOB.status()), (3, Status::Idle));
}

#[no_mangle]
extern "C" fn zero_delay_runs_now() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    assert_eq!(one().submit_after(&JOB, Duration::ZERO), Ok(Accepted::New));
    assert_eq!(JOB.status(), Status::Queued);
    assert_eq!(one().submit_after(&JOB, Duration::ZERO), Err(DeferError::AlreadyQueued));
    PROBE.wait_ended(1);
    wait_idle(&JOB);
    assert_eq!(PROBE.due(), 0);
    assert_eq!(eager().submit_after(&JOB, Duration::ZERO), Ok(Accepted::New));
    assert_eq!(PROBE.ended(), 2);
}

#[no_mangle]
extern "C" fn later_deadline_leaves_the_timer() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 3] = notes!(TRACE: 0 1 2);

    let start = now();
    assert_eq!(one().submit_at(&JOBS[0], at(start + 50)), Ok(Accepted::New));
    assert_eq!(look(one()).armed, Some(start + 50));
    assert_eq!(one().submit_at(&JOBS[1], at(start + 80)), Ok(Accepted::New));
    assert_eq!(one().submit_at(&JOBS[2], at(start + 60)), Ok(Accepted::New));
    assert_eq!(look(one()).armed, Some(start + 50));
    TRACE.expect(&[0, 2, 1]);
    assert_eq!(look(one()).armed, None);
}

#[no_mangle]
extern "C" fn earlier_deadline_moves_the_timer() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 3] = notes!(TRACE: 0 1 2);

    let start = now();
    assert_eq!(one().submit_at(&JOBS[0], at(start + 90)), Ok(Accepted::New));
    assert_eq!(look(one()).armed, Some(start + 90));
    assert_eq!(one().submit_at(&JOBS[1], at(start + 60)), Ok(Accepted::New));
    assert_eq!(look(one()).armed, Some(start + 60));
    in_interrupt(|| assert_eq!(one().submit_at(&JOBS[2], at(start + 30)), Ok(Accepted::New)));
    assert_eq!(look(one()).armed, Some(start + 30));
    wait_until(|| TRACE.len() == 1);
    assert!(now() < start + 60, "the first one ran at the second one's deadline");
    assert_eq!(look(one()).armed, Some(start + 60));
    TRACE.expect(&[2, 1, 0]);
}

#[no_mangle]
extern "C" fn deadline_moves_earlier() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    let start = now();
    assert_eq!(one().submit_at(&JOB, at(start + 400)), Ok(Accepted::New));
    assert_eq!(one().submit_at(&JOB, at(start + 20)), Ok(Accepted::Moved));
    assert_deferred(&JOB, start + 20);
    PROBE.wait_ended(1);
    assert_eq!(PROBE.due(), start + 20);
    assert!(now() < start + 30);
    // And never at the old one.
    kernel::sleep(500);
    assert_eq!(PROBE.begun(), 1);
    wait_idle(&JOB);
}

#[no_mangle]
extern "C" fn deadline_moves_later() {
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Held::job(&PROBE);

    let start = now();
    assert_eq!(one().submit_at(&JOB, at(start + 20)), Ok(Accepted::New));
    assert_eq!(one().submit_at(&JOB, at(start + 100)), Ok(Accepted::Moved));
    assert_deferred(&JOB, start + 100);
    kernel::sleep(50);
    assert_eq!(PROBE.begun(), 0);
    // The timer has expired for nothing, and was armed for the new deadline.
    assert_eq!(look(one()).armed, Some(start + 100));
    PROBE.wait_ended(1);
    assert_eq!(PROBE.due(), start + 100);
    assert!(now() < start + 110);
    wait_idle(&JOB);
}

#[no_mangle]
extern "C" fn out_of_range_is_refused() {
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Held::job(&PROBE);
    const END: u64 = 1 << 62;

    let refuse = || {
        let (status, pool) = (JOB.status(), look(one()));
        assert_eq!(one().submit_at(&JOB, at(END)), Err(DeferError::OutOfRange));
        assert_eq!(one().submit_at(&JOB, at(u64::MAX)), Err(DeferError::OutOfRange));
        assert_eq!(one().submit_after(&JOB, ticks(END)), Err(DeferError::OutOfRange));
        // Within the range itself, but not from now on.
        assert_eq!(one().submit_after(&JOB, ticks(END - 1)), Err(DeferError::OutOfRange));
        assert_eq!(
            one().submit_after(&JOB, Duration::secs(u64::MAX)),
            Err(DeferError::OutOfRange)
        );
        assert_eq!((JOB.status(), look(one())), (status, pool));
    };
    refuse();
    let deadline = now() + 30;
    assert_eq!(one().submit_at(&JOB, at(deadline)), Ok(Accepted::New));
    refuse();
    assert_deferred(&JOB, deadline);
    PROBE.wait_begun(1);
    assert_eq!(PROBE.due(), deadline);
    refuse();
    PROBE.let_go();
    wait_idle(&JOB);
    assert_eq!(PROBE.begun(), 1);

    // The last deadline that there is, and then one that the timer has to be moved for.
    assert_eq!(one().submit_at(&JOB, at(END - 1)), Ok(Accepted::New));
    assert_deferred(&JOB, END - 1);
    kernel::sleep(10);
    assert_eq!(PROBE.begun(), 1);
    assert_eq!(JOB.cancel(), Cancel::Cancelled);
    assert_eq!(one().submit_after(&JOB, ticks(10)), Ok(Accepted::New));
    PROBE.wait_ended(2);
    wait_idle(&JOB);
}

#[no_mangle]
extern "C" fn more_due_than_a_batch() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 14] = notes!(TRACE: 0 1 2 3 4 5 6 7 8 9 10 11 12 13);
    const EQUAL: usize = 12;
    const _: () = assert!(EQUAL > 2 * CONFIG.expiry_batch as usize);

    let deadline = now() + 30;
    for job in &JOBS[..EQUAL] {
        assert_eq!(one().submit_at(job, at(deadline)), Ok(Accepted::New));
    }
    // Behind them, so that the interrupt has to leave the timer to the workers, and they have to leave it right.
    assert_eq!(one().submit_at(&JOBS[12], at(deadline + 1)), Ok(Accepted::New));
    assert_eq!(one().submit_at(&JOBS[13], at(deadline + 100)), Ok(Accepted::New));
    // The worker is kept away: the interrupt moves one batch, and no more.
    let mut most = 0;
    while now() < deadline + 8 {
        most = most.max(look(one()).queued);
        kernel::busy_wait_us(20);
    }
    assert_eq!((most, TRACE.len()), (u32::from(CONFIG.expiry_batch), 0));
    wait_until(|| TRACE.len() == 13);
    assert!(now() < deadline + 50);
    assert_eq!(look(one()).armed, Some(deadline + 100));
    TRACE.expect(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
}
