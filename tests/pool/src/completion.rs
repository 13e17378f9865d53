//! Completions: what is told, how often and where.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};

use taskpool::{
    Accepted, Cancel, Complete, ControlError, DeferError, Duration, Job, OnEnd, Outcome, Status, SubmitError,
};
use taskpool_zephyr::{Semaphore, WaitError};

use crate::kernel::{self, in_interrupt};
use crate::tools::*;

#[no_mangle]
extern "C" fn semaphore_waits_in_a_thread() {
    static DONE: OnEnd<Semaphore> = OnEnd::new(Semaphore::new());
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Job::with_completion(Held(&PROBE), &DONE);
    static FAST_PROBE: Probe = Probe::open();
    static FAST: Job<Held> = Job::with_completion(Held(&FAST_PROBE), &DONE);

    // Waits for the end of a job, not for its beginning.
    kernel::line_on(30, || PROBE.let_go());
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    let start = now();
    assert_eq!(DONE.wait(Duration::secs(1)), Ok(()));
    kernel::line_off();
    assert!((25..60).contains(&(now() - start)), "{} ticks", now() - start);
    assert_eq!(PROBE.ended(), 1);

    // Outcomes are counted: two that came before the wait, one of them by cancelling.
    assert_eq!(eager().submit(&FAST), Ok(Accepted::New));
    assert_eq!(one().submit_after(&FAST, ticks(100)), Ok(Accepted::New));
    assert_eq!(FAST.cancel(), Cancel::Cancelled);
    assert_eq!(DONE.wait_forever(), Ok(()));
    assert_eq!(DONE.wait(ticks(1)), Ok(()));
    assert_eq!(DONE.wait(Duration::ZERO), Err(WaitError::TimedOut));
    wait_idle(&JOB);
    wait_idle(&FAST);
}

#[no_mangle]
extern "C" fn semaphore_does_not_wait_in_an_interrupt() {
    static DONE: OnEnd<Semaphore> = OnEnd::new(Semaphore::new());
    static PROBE: Probe = Probe::open();
    static JOB: Job<Held> = Job::with_completion(Held(&PROBE), &DONE);

    let wait = || {
        in_interrupt(|| {
            [
                DONE.wait(ticks(1)),
                DONE.wait(Duration::secs(u64::MAX)),
                DONE.wait_forever(),
            ]
        })
    };
    assert_eq!(wait(), [Err(WaitError::InInterrupt); 3]);
    // Looking is allowed, and finds nothing yet.
    assert_eq!(in_interrupt(|| DONE.wait(Duration::ZERO)), Err(WaitError::TimedOut));
    assert_eq!(eager().submit(&JOB), Ok(Accepted::New));
    // There is an outcome, and waiting still is an error: it must not depend on luck.
    assert_eq!(wait(), [Err(WaitError::InInterrupt); 3]);
    assert_eq!(in_interrupt(|| DONE.wait(Duration::ZERO)), Ok(()));
    assert_eq!(in_interrupt(|| DONE.wait(Duration::ZERO)), Err(WaitError::TimedOut));
    wait_idle(&JOB);
}

#[no_mangle]
extern "C" fn semaphore_times_out() {
    static DONE: OnEnd<Semaphore> = OnEnd::new(Semaphore::new());
    static PROBE: Probe = Probe::shut();
    static JOB: Job<Held> = Job::with_completion(Held(&PROBE), &DONE);

    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    for timeout in [1, 5, 50] {
        let start = kernel::cycles();
        assert_eq!(DONE.wait(ticks(timeout)), Err(WaitError::TimedOut));
        let took = kernel::cycles().wrapping_sub(start);
        assert!(
            took >= timeout as u32 * kernel::cycles_per_tick(),
            "{took} cycles for {timeout} ticks"
        );
        assert_eq!(PROBE.ended(), 0);
    }
    // The outcome is not lost by that.
    PROBE.let_go();
    assert_eq!(DONE.wait(Duration::secs(u64::MAX)), Ok(()));
    wait_idle(&JOB);
}

/// A kernel semaphore points at itself, and safe code may move what it owns.
#[no_mangle]
extern "C" fn semaphore_may_be_moved() {
    let (mut first, mut second) = (Semaphore::new(), Semaphore::new());
    for semaphore in [&first, &second] {
        assert_eq!(semaphore.wait(Duration::ZERO), Err(WaitError::TimedOut));
    }
    first.complete(Outcome::Cancelled);
    core::mem::swap(&mut first, &mut second);
    assert_eq!(first.wait(ticks(1)), Err(WaitError::TimedOut));
    assert_eq!(second.wait(ticks(1)), Ok(()));
    first.complete(Outcome::Done(0));
    assert_eq!(first.wait(ticks(1)), Ok(()));
    assert_eq!(second.wait(ticks(1)), Err(WaitError::TimedOut));
}

#[no_mangle]
extern "C" fn outcomes_are_told_once() {
    static LEDGER: OnEnd<Ledger> = Ledger::new();
    static PROBE: Probe = Probe::open();
    // Answers the number of its run.
    static JOB: Job<Held> = Job::with_completion(Held(&PROBE), &LEDGER);
    let expect = |done, cancelled| {
        wait_idle(&JOB);
        kernel::sleep(10);
        assert_eq!(LEDGER.counts(), (done, cancelled));
        // 1 + 2 + ... + done
        assert_eq!(LEDGER.codes(), done * (done + 1) / 2);
    };

    // Run.
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    assert_eq!(one().submit(&JOB), Err(SubmitError::AlreadyQueued));
    assert_eq!(LEDGER.counts(), (0, 0));
    expect(1, 0);
    // Moved: one submission, however often.
    assert_eq!(one().submit_after(&JOB, ticks(50)), Ok(Accepted::New));
    assert_eq!(one().submit_after(&JOB, ticks(10)), Ok(Accepted::Moved));
    assert_eq!(one().submit(&JOB), Ok(Accepted::Moved));
    expect(2, 0);
    // Cancelled: told before `cancel` returns.
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    assert_eq!(JOB.cancel(), Cancel::Cancelled);
    assert_eq!(LEDGER.counts(), (2, 1));
    assert_eq!(JOB.cancel(), Cancel::Idle);
    expect(2, 1);
    // In an interrupt, as the interrupt cancelled.
    assert_eq!(one().submit_after(&JOB, ticks(10)), Ok(Accepted::New));
    assert_eq!(LEDGER.told_in_interrupt(), 0);
    assert_eq!(in_interrupt(|| JOB.cancel()), Cancel::Cancelled);
    assert_eq!(LEDGER.told_in_interrupt(), 1);
    expect(2, 2);

    // Running and cancelled: it ran. Running and submitted again: two outcomes.
    PROBE.shut_again();
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    PROBE.wait_begun(3);
    JOB.cancel();
    assert_eq!(LEDGER.counts(), (2, 2));
    assert_eq!(one().submit_after(&JOB, ticks(20)), Ok(Accepted::Again));
    assert_eq!(one().submit_after(&JOB, ticks(10)), Ok(Accepted::Moved));
    PROBE.let_go();
    PROBE.wait_ended(4);
    expect(4, 2);

    // Running and submitted again and cancelled: the submission at once, the run at its end.
    PROBE.shut_again();
    assert_eq!(one().submit(&JOB), Ok(Accepted::New));
    PROBE.wait_begun(5);
    assert_eq!(one().submit(&JOB), Ok(Accepted::Again));
    JOB.cancel();
    assert_eq!(LEDGER.counts(), (4, 3));
    JOB.cancel();
    assert_eq!(LEDGER.counts(), (4, 3));
    PROBE.let_go();
    expect(5, 3);
    // The thread of this test cancelled the rest, and workers told the runs.
    assert_eq!(LEDGER.told_in_interrupt(), 1);
}

#[no_mangle]
extern "C" fn completion_may_submit_again() {
    struct Repeat(Counter);
    impl Complete for Repeat {
        fn complete(&self, outcome: Outcome) {
            assert_eq!(outcome, Outcome::Done(0));
            // The job has ended: for the pool, this is a new submission.
            assert_eq!(REPEATED.status(), Status::Idle);
            if self.0.add() < 5 {
                assert_eq!(one().submit(&REPEATED), Ok(Accepted::New));
            }
        }
    }
    static REPEAT: OnEnd<Repeat> = OnEnd::new(Repeat(Counter::new()));
    static REPEATED: Job = Job::with_completion(|_| (), &REPEAT);

    assert_eq!(one().submit(&REPEATED), Ok(Accepted::New));
    wait_until(|| REPEAT.0.get() == 5);
    wait_idle(&REPEATED);
    kernel::sleep(20);
    assert_eq!(REPEAT.0.get(), 5);
}

#[no_mangle]
extern "C" fn completion_is_told_on_the_worker() {
    struct Where(AtomicBool, Counter);
    impl Complete for Where {
        fn complete(&self, _: Outcome) {
            let name = if self.0.load(SeqCst) { "several.w" } else { "one.w0" };
            assert!(kernel::thread_name().starts_with(name));
            assert!(!kernel::is_in_interrupt());
            self.1.add();
        }
    }
    static WHERE: OnEnd<Where> = OnEnd::new(Where(AtomicBool::new(false), Counter::new()));
    // Two jobs that share a completion.
    static JOBS: [Job; 2] = [
        Job::with_completion(|_| (), &WHERE),
        Job::with_completion(|_| (), &WHERE),
    ];

    for job in &JOBS {
        assert_eq!(one().submit(job), Ok(Accepted::New));
    }
    wait_until(|| WHERE.1.get() == 2);
    WHERE.0.store(true, SeqCst);
    for job in &JOBS {
        wait_idle(job);
        assert_eq!(several().submit(job), Ok(Accepted::New));
    }
    wait_until(|| WHERE.1.get() == 4);
}

/// Text in a fixed room.
struct Text {
    bytes: [u8; 160],
    length: usize,
}

impl Write for Text {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let end = self.length + part.len();
        self.bytes
            .get_mut(self.length..end)
            .ok_or(fmt::Error)?
            .copy_from_slice(part.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[no_mangle]
extern "C" fn errors_say_what_to_do() {
    fn expect(error: &dyn core::error::Error, words: [&str; 2]) {
        let mut text = Text {
            bytes: [0; 160],
            length: 0,
        };
        write!(text, "{error}").expect("an error text is shorter than this");
        let text = core::str::from_utf8(&text.bytes[..text.length]).expect("text");
        for word in words {
            assert!(text.contains(word), "{text}");
        }
        assert!(
            !text.ends_with('.') && text.contains(": "),
            "what, and after a colon what to do: {text}"
        );
    }

    expect(&SubmitError::AlreadyQueued, ["queued already", "cancel it"]);
    expect(&SubmitError::NotRunning, ["not running", "TASKPOOL_DEFINE"]);
    expect(&DeferError::AlreadyQueued, ["queued already", "cancel it"]);
    expect(&DeferError::NotRunning, ["not running", "TASKPOOL_DEFINE"]);
    expect(&DeferError::OutOfRange, ["past the range", "less than"]);
    expect(&WaitError::TimedOut, ["in time", "wait longer"]);
    expect(&WaitError::InInterrupt, ["can't wait", "wait in a thread"]);
    expect(&taskpool::LevelError, ["no such level", "PRIORITY_LEVELS"]);
    expect(&ControlError::NotRunning, ["not running", "restart"]);
    expect(&ControlError::TimedOut, ["in time", "shut it down again"]);
    expect(&ControlError::InInterrupt, ["can't wait", "from a thread"]);
    expect(&ControlError::OnWorker, ["can't wait", "another thread"]);
    expect(&ControlError::OutOfRange, ["at most 127", "correct it"]);
    assert_eq!(DeferError::from(SubmitError::NotRunning), DeferError::NotRunning);
    assert_eq!(DeferError::from(SubmitError::AlreadyQueued), DeferError::AlreadyQueued);
}
