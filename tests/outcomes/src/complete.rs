//! Completions: each is told on a worker, when a job ran, and in an interrupt, when it was cancelled there. Runs in the
//! caller, and classes.

use core::cell::UnsafeCell;
use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};

use taskpool::classes::{self, Answer, ClassError, MapError, Target};
use taskpool::{
    Accepted, Batch, BatchError, Cancel, Complete, CompletionQueue, Ctx, Duration, Job, OnEnd, Outcome, QueueError,
    Queued, Run, RunNowError, Shutdown, Then, Timeout, Told,
};
use taskpool_zephyr::{result, Events, PollSignal, Post, Semaphore, WaitError, Work};

use crate::kernel::{in_interrupt, is_in_interrupt, priority, sleep};
use crate::{one, other};

/// Answers a number.
struct Answers(i32);

impl Run for Answers {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        self.0
    }
}

/// The job runs on a worker.
fn end_on_worker<T: Run>(job: &'static Job<T>) {
    one().submit(job).unwrap();
    assert!(matches!(job.wait(Timeout::Forever), Ok(Outcome::Done(_))));
}

/// The job is cancelled in an interrupt.
fn end_in_interrupt<T: Run>(job: &'static Job<T>) {
    one().submit_after(job, Duration::secs(60)).unwrap();
    assert_eq!(in_interrupt(|| job.cancel()), Cancel::Cancelled);
}

/// The outcome, and how many came.
fn told(told: Option<Told>) -> Option<(Outcome, u32)> {
    told.map(|told| (told.outcome, told.count))
}

#[no_mangle]
extern "C" fn ends_give_semaphores() {
    static GIVEN: OnEnd<Semaphore> = OnEnd::new(Semaphore::new());
    static JOB: Job<Answers> = Job::with_completion(Answers(1), &GIVEN);
    assert_eq!(GIVEN.wait(Duration::ZERO), Err(WaitError::TimedOut));
    end_on_worker(&JOB);
    end_in_interrupt(&JOB);
    assert_eq!(GIVEN.wait(Duration::ZERO), Ok(()));
    assert_eq!(in_interrupt(|| GIVEN.wait(Duration::ZERO)), Ok(()));
    assert_eq!(in_interrupt(|| GIVEN.wait_forever()), Err(WaitError::InInterrupt));
    one().submit_after(&JOB, Duration::ticks(10)).unwrap();
    assert_eq!(GIVEN.wait_forever(), Ok(()));
}

#[no_mangle]
extern "C" fn ends_post_events() {
    static EVENTS: Events = Events::new();
    static POSTED: OnEnd<Post> = OnEnd::new(Post::new(&EVENTS, 0b101, 0b1000));
    static JOB: Job<Answers> = Job::with_completion(Answers(1), &POSTED);
    assert_eq!(EVENTS.wait(u32::MAX, Duration::ticks(2)), Err(WaitError::TimedOut));
    end_on_worker(&JOB);
    assert_eq!(EVENTS.wait(u32::MAX, Duration::ZERO), Ok(0b101));
    end_in_interrupt(&JOB);
    assert_eq!(in_interrupt(|| EVENTS.wait(u32::MAX, Duration::ZERO)), Ok(0b1101));
    assert_eq!(EVENTS.wait(0b1100, Duration::ZERO), Ok(0b1100));
    assert_eq!(EVENTS.clear(0b1110), 0b1100);
    assert_eq!(EVENTS.wait(u32::MAX, Duration::ZERO), Ok(0b1));
    EVENTS.clear(u32::MAX);
    assert_eq!(
        EVENTS.wait_forever(0),
        Err(WaitError::TimedOut),
        "no bits are never set"
    );
    assert_eq!(in_interrupt(|| EVENTS.wait_forever(1)), Err(WaitError::InInterrupt));
    one().submit_after(&JOB, Duration::ticks(10)).unwrap();
    assert_eq!(EVENTS.wait_forever(0b100), Ok(0b100));
    // Its owner has it to itself again, and moves it.
    let moved = (Events::new(), 1);
    moved.0.post(6);
    let again = [moved.0];
    assert_eq!(again[0].wait(u32::MAX, Duration::ZERO), Ok(6));
}

#[no_mangle]
extern "C" fn ends_raise_signals() {
    static SIGNAL: OnEnd<PollSignal> = OnEnd::new(PollSignal::new());
    static JOB: Job<Answers> = Job::with_completion(Answers(-9), &SIGNAL);
    assert_eq!(SIGNAL.result(), None);
    assert_eq!(SIGNAL.wait(Duration::ticks(2)), Err(WaitError::TimedOut));
    end_on_worker(&JOB);
    assert_eq!((SIGNAL.result(), SIGNAL.wait(Duration::secs(1))), (Some(-9), Ok(-9)));
    SIGNAL.reset();
    assert_eq!(SIGNAL.wait(Duration::ZERO), Err(WaitError::TimedOut));
    end_in_interrupt(&JOB);
    let cancelled = result(Outcome::Cancelled);
    assert_eq!(in_interrupt(|| SIGNAL.wait(Duration::ZERO)), Ok(cancelled));
    assert_eq!(in_interrupt(|| SIGNAL.wait_forever()), Err(WaitError::InInterrupt));
    SIGNAL.reset();
    one().submit_after(&JOB, Duration::ticks(10)).unwrap();
    assert_eq!(SIGNAL.wait_forever(), Ok(-9));
    SIGNAL.reset();
    let results = [
        Outcome::Cancelled,
        Outcome::Aborted,
        Outcome::TimedOut,
        Outcome::Discarded,
    ]
    .map(result);
    assert_eq!(results, [-140, -113, -116, -110]);
    assert_eq!(result(Outcome::Done(5)), 5);
}

#[no_mangle]
extern "C" fn ends_submit_other_jobs() {
    static SAME: OnEnd<Then<Takes>> = OnEnd::new(Then::new(one, &AFTER));
    static OTHER: OnEnd<Then<Takes>> = OnEnd::new(Then::new(other, &ELSEWHERE));
    static AFTER: Job<Takes> = Job::new(Takes(|| SAME.take(), 0));
    static ELSEWHERE: Job<Takes> = Job::new(Takes(|| OTHER.take(), 8));
    static FIRST: Job<Answers> = Job::with_completion(Answers(3), &SAME);
    static SECOND: Job<Answers> = Job::with_completion(Answers(4), &OTHER);

    /// Answers the code of what it takes, and the count of it in hundreds; and looks where it runs.
    struct Takes(fn() -> Option<Told>, i32);
    impl Run for Takes {
        fn run(&mut self, _: &Ctx<'_>) -> i32 {
            if self.1 != 0 {
                assert_eq!(priority(), self.1);
            }
            match told((self.0)()) {
                Some((Outcome::Done(code), count)) => code + 100 * count as i32,
                Some((Outcome::Cancelled, count)) => 100 * count as i32,
                other => panic!("{other:?}"),
            }
        }
    }

    end_on_worker(&FIRST);
    assert_eq!(AFTER.wait(Timeout::Forever), Ok(Outcome::Done(103)));
    end_in_interrupt(&FIRST);
    assert_eq!(AFTER.wait(Timeout::Forever), Ok(Outcome::Done(100)));
    end_on_worker(&SECOND);
    assert_eq!(ELSEWHERE.wait(Timeout::Forever), Ok(Outcome::Done(104)));
    // It waits there already.
    end_in_interrupt(&SECOND);
    end_in_interrupt(&SECOND);
    assert_eq!(ELSEWHERE.wait(Timeout::Forever), Ok(Outcome::Done(200)));
    assert_eq!((SAME.refused(), OTHER.refused()), (0, 0));
    // Nobody takes it there.
    other().shutdown(Shutdown::Drain, Timeout::Forever).unwrap();
    end_in_interrupt(&SECOND);
    end_on_worker(&SECOND);
    other().restart().unwrap();
    assert_eq!(OTHER.refused(), 2);
    assert_eq!(told(OTHER.take()), Some((Outcome::Done(4), 2)));
    assert_eq!(ELSEWHERE.outcome(), Some(Outcome::Done(200)), "it did not run");
}

#[no_mangle]
extern "C" fn ends_call_in_work_queues() {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    static CODE: AtomicI32 = AtomicI32::new(0);
    static WORK: Work = Work::new(|told| {
        assert!(!is_in_interrupt());
        assert!(priority() < 0, "the system's work queue is cooperative");
        CALLS.fetch_add(told.count, SeqCst);
        CODE.store(result(told.outcome), SeqCst);
    });
    static CALLED: OnEnd<&Work> = OnEnd::new(&WORK);
    static JOB: Job<Answers> = Job::with_completion(Answers(12), &CALLED);
    end_on_worker(&JOB);
    sleep(2);
    assert_eq!((CALLS.load(SeqCst), CODE.load(SeqCst)), (1, 12));
    end_in_interrupt(&JOB);
    sleep(2);
    assert_eq!((CALLS.load(SeqCst), CODE.load(SeqCst)), (2, result(Outcome::Cancelled)));
    assert_eq!((WORK.refused(), told(WORK.take())), (0, None));

    // A work queue that nobody has started takes nothing.
    static STOPPED: WorkQueue = WorkQueue(UnsafeCell::new(MaybeUninit::zeroed()));
    // SAFETY: zero, and it stays for ever.
    static NOWHERE: Work = unsafe { Work::in_queue(STOPPED.0.get().cast(), |_| panic!("it calls")) };
    static REFUSED: OnEnd<&Work> = OnEnd::new(&NOWHERE);
    static OTHER_JOB: Job<Answers> = Job::with_completion(Answers(13), &REFUSED);
    end_on_worker(&OTHER_JOB);
    end_in_interrupt(&OTHER_JOB);
    sleep(2);
    assert_eq!(NOWHERE.refused(), 2);
    assert_eq!(told(NOWHERE.take()), Some((Outcome::Cancelled, 2)));
    assert_eq!(told(NOWHERE.take()), None);
}

/// Room for a work queue.
struct WorkQueue(UnsafeCell<MaybeUninit<zephyr_sys::k_work_q>>);

// SAFETY: only the kernel touches it.
unsafe impl Sync for WorkQueue {}

#[no_mangle]
extern "C" fn ends_call_in_a_loop() {
    static CALLS: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];
    static LAST: AtomicI32 = AtomicI32::new(0);
    fn called(place: usize, told: Told) {
        CALLS[place].fetch_add(told.count, SeqCst);
        LAST.store(result(told.outcome), SeqCst);
    }
    static LOOP: CompletionQueue<2> = CompletionQueue::new([|told| called(0, told), |told| called(1, told)]);
    static ENDS: [OnEnd<Queued<2>>; 2] = [OnEnd::new(LOOP.place(0)), OnEnd::new(LOOP.place(1))];
    static JOBS: [Job<Answers>; 2] = [
        Job::with_completion(Answers(5), &ENDS[0]),
        Job::with_completion(Answers(6), &ENDS[1]),
    ];
    let calls = || CALLS.each_ref().map(|calls| calls.load(SeqCst));
    assert_eq!(LOOP.run(1, Timeout::NoWait), Err(QueueError::TimedOut));
    assert_eq!(
        LOOP.run(1, Timeout::After(Duration::ticks(3))),
        Err(QueueError::TimedOut)
    );
    assert_eq!(
        in_interrupt(|| LOOP.run(1, Timeout::Forever)),
        Err(QueueError::InInterrupt)
    );
    one().submit_after(&JOBS[0], Duration::ticks(10)).unwrap();
    assert_eq!(LOOP.run(8, Timeout::Forever), Ok(1));
    assert_eq!((calls(), LAST.load(SeqCst)), ([1, 0], 5));
    // Each place once, and what came is counted.
    for _ in 0..3 {
        end_on_worker(&JOBS[1]);
        end_in_interrupt(&JOBS[1]);
    }
    end_on_worker(&JOBS[0]);
    assert_eq!(LOOP.run(1, Timeout::Forever), Ok(1));
    assert_eq!((calls(), LAST.load(SeqCst)), ([1, 6], result(Outcome::Cancelled)));
    assert_eq!(in_interrupt(|| LOOP.run(8, Timeout::Forever)), Ok(1));
    assert_eq!((calls(), LAST.load(SeqCst)), ([2, 6], 5));
    // An interrupt lets the thread go that waits.
    crate::kernel::line_on(5, || _ = JOBS[1].cancel());
    one().submit_after(&JOBS[1], Duration::secs(60)).unwrap();
    assert_eq!(LOOP.run(8, Timeout::Forever), Ok(1));
    crate::kernel::line_off();
    assert_eq!(calls(), [2, 7]);
}

#[no_mangle]
extern "C" fn ends_are_told_as_one() {
    static ALL: OnEnd<Batch<Semaphore>> = OnEnd::new(Batch::new(Semaphore::new()));
    static JOBS: [Job<Answers>; 3] = [
        Job::with_completion(Answers(0), &ALL),
        Job::with_completion(Answers(0), &ALL),
        Job::with_completion(Answers(0), &ALL),
    ];
    assert_eq!(ALL.arm(0), Err(BatchError::Empty));
    assert_eq!(in_interrupt(|| ALL.arm(3)), Ok(()));
    assert_eq!(in_interrupt(|| ALL.arm(3)), Err(BatchError::UnderWay));
    end_on_worker(&JOBS[0]);
    end_in_interrupt(&JOBS[1]);
    assert_eq!(
        (ALL.left(), ALL.then().wait(Duration::ZERO)),
        (1, Err(WaitError::TimedOut))
    );
    end_in_interrupt(&JOBS[2]);
    assert_eq!((ALL.left(), ALL.then().wait(Duration::ZERO)), (0, Ok(())));
    end_on_worker(&JOBS[0]);
    assert_eq!(
        (ALL.extra(), ALL.then().wait(Duration::ZERO)),
        (1, Err(WaitError::TimedOut))
    );
}

#[no_mangle]
extern "C" fn runs_in_the_caller() {
    static TOLD: OnEnd<Semaphore> = OnEnd::new(Semaphore::new());
    static RAN_AT: AtomicI32 = AtomicI32::new(0);
    struct Here;
    impl Run for Here {
        fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
            RAN_AT.store(priority(), SeqCst);
            ctx.worker().into()
        }
    }
    static JOB: Job<Here> = Job::with_completion(Here, &TOLD);
    assert_eq!(one().run_now(&JOB), Ok(Outcome::Done(128)));
    assert_eq!((RAN_AT.load(SeqCst), TOLD.wait(Duration::ZERO)), (priority(), Ok(())));
    assert_eq!(in_interrupt(|| one().run_now(&JOB)), Err(RunNowError::InInterrupt));
    one().submit(&JOB).unwrap();
    assert_eq!(one().run_now(&JOB), Err(RunNowError::UnderWay));
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    one().hold().unwrap();
    assert_eq!(one().run_now(&JOB), Err(RunNowError::NotRunning));
    one().release().unwrap();
    // Aborted by an interrupt while it runs.
    static LONG: Job = Job::new(|_| {
        in_interrupt(|| LONG.abort());
    });
    assert_eq!(one().run_now(&LONG), Ok(Outcome::Aborted));
    assert_eq!(LONG.outcome(), Some(Outcome::Aborted));
}

#[no_mangle]
extern "C" fn classes_mean_pools() {
    static JOB: Job<Answers> = Job::new(Answers(2));
    assert_eq!(classes::set("io", Target::Pool(other())), Ok(None));
    assert_eq!(
        in_interrupt(|| classes::submit("io", &JOB)),
        Ok(Answer::Accepted(Accepted::New))
    );
    assert_eq!(classes::submit("io", &JOB), Err(ClassError::AlreadyQueued));
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(2)));
    // The statistics of its pool, from its name.
    let done = in_interrupt(|| classes::pool_of("io").map(|pool| pool.stats().done));
    assert_eq!(done, Some(other().stats().done));
    assert!(done > Some(0));
    let short = in_interrupt(|| classes::set("short", Target::Inline(one())));
    assert_eq!(short, Ok(None));
    assert_eq!(classes::submit("short", &JOB), Ok(Answer::Ran(Outcome::Done(2))));
    assert_eq!(
        in_interrupt(|| classes::submit("short", &JOB)),
        Err(ClassError::InInterrupt)
    );
    assert_eq!(classes::set("cpu", Target::Pool(one())), Err(MapError::Full));
    assert_eq!(classes::submit("cpu", &JOB), Err(ClassError::Unknown));
    assert_eq!(classes::set_default(Some(Target::Inline(other()))), None);
    assert_eq!(classes::submit("cpu", &JOB), Ok(Answer::Ran(Outcome::Done(2))));
    let of = |name| classes::stats(name).map(|stats| (stats.accepted, stats.ran_inline, stats.refused));
    assert_eq!(
        (of(Some("io")), of(Some("short")), of(None)),
        (Some((1, 0, 1)), Some((1, 1, 1)), Some((1, 1, 0)))
    );
    assert_eq!(in_interrupt(|| classes::remove("io")), Some(Target::Pool(other())));
    assert_eq!(classes::remove("short"), Some(Target::Inline(one())));
    assert_eq!(classes::set_default(None), Some(Target::Inline(other())));
}

/// A completion that is told by hand reaches the same places.
#[no_mangle]
extern "C" fn ends_of_ones_own() {
    static SEMAPHORE: Semaphore = Semaphore::new();
    in_interrupt(|| SEMAPHORE.complete(Outcome::Discarded));
    assert_eq!(SEMAPHORE.wait(Duration::ZERO), Ok(()));
}
