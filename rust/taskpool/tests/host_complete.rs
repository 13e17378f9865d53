//! Completions that need no kernel object, and runs in the caller, on threads of the standard library.

use std::sync::atomic::{AtomicI32, AtomicU32, Ordering::SeqCst};
use std::sync::Mutex;
use std::thread;
use std::time;

use taskpool::{
    leak_pool, system, Batch, BatchError, Cancel, Complete, CompletionQueue, Ctx, Duration, Job, OnEnd, Outcome, Pool,
    PoolMemory, QueueError, Queued, Run, RunNowError, Shutdown, Status, Then, Timeout, Told,
};

#[allow(dead_code)]
mod common;
use common::{eventually, gated, hear, job};

fn pool() -> Pool {
    leak_pool("complete", 1, 1).unwrap()
}

/// The outcome, and how many came.
fn told(told: Option<Told>) -> Option<(Outcome, u32)> {
    told.map(|told| (told.outcome, told.count))
}

/// Answers a number.
struct Answers(i32);

impl Run for Answers {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        self.0
    }
}

/// Notes what it takes of a completion.
struct Takes(fn() -> Option<Told>, &'static Mutex<Vec<(Outcome, u32)>>);

impl Run for Takes {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        let mut taken = self.1.lock().unwrap();
        taken.extend(told((self.0)()));
        taken.len() as i32
    }
}

#[test]
fn then_runs_another_job_with_the_outcome() {
    static TAKEN: Mutex<Vec<(Outcome, u32)>> = Mutex::new(Vec::new());
    static AFTER: OnEnd<Then<Takes>> = OnEnd::new(Then::new(system, &NEXT));
    static NEXT: Job<Takes> = Job::new(Takes(|| AFTER.take(), &TAKEN));
    static FIRST: Job<Answers> = Job::with_completion(Answers(7), &AFTER);
    let pool = pool();
    pool.submit(&FIRST).unwrap();
    eventually("the job after it", || NEXT.outcome() == Some(Outcome::Done(1)));
    pool.submit_after(&FIRST, Duration::secs(60)).unwrap();
    assert_eq!(FIRST.cancel(), Cancel::Cancelled);
    eventually("the job after a cancelled one", || {
        NEXT.outcome() == Some(Outcome::Done(2))
    });
    assert_eq!(*TAKEN.lock().unwrap(), [(Outcome::Done(7), 1), (Outcome::Cancelled, 1)]);
    assert_eq!(AFTER.refused(), 0);
    assert_eq!(told(AFTER.take()), None);
}

#[test]
fn outcomes_for_a_job_that_is_queued_come_with_its_run() {
    static TAKEN: Mutex<Vec<(Outcome, u32)>> = Mutex::new(Vec::new());
    static AFTER: OnEnd<Then<Takes>> = OnEnd::new(Then::new(system, &NEXT));
    static NEXT: Job<Takes> = Job::new(Takes(|| AFTER.take(), &TAKEN));
    let pool = pool();
    pool.submit(&NEXT).unwrap();
    assert_eq!(NEXT.wait(Timeout::Forever), Ok(Outcome::Done(0)), "nothing had ended");
    // It is queued there, and stays until the pool goes on.
    pool.hold().unwrap();
    pool.submit(&NEXT).unwrap();
    AFTER.complete(Outcome::Done(1));
    AFTER.complete(Outcome::Discarded);
    AFTER.complete(Outcome::Done(3));
    assert_eq!(NEXT.status(), Status::Queued);
    pool.release().unwrap();
    assert_eq!(NEXT.wait(Timeout::Forever), Ok(Outcome::Done(1)));
    assert_eq!(*TAKEN.lock().unwrap(), [(Outcome::Done(3), 3)]);
    assert_eq!(AFTER.refused(), 0);
}

#[test]
fn outcomes_for_a_pool_that_takes_nothing_are_counted_and_kept() {
    static POOL: Mutex<Option<Pool>> = Mutex::new(None);
    static AFTER: OnEnd<Then> = OnEnd::new(Then::new(|| POOL.lock().unwrap().unwrap(), &NEXT));
    static NEXT: Job = Job::new(|_| ());
    static FIRST: Job<Answers> = Job::with_completion(Answers(-5), &AFTER);
    let closed = pool();
    *POOL.lock().unwrap() = Some(closed);
    closed.shutdown(Shutdown::Drain, Timeout::Forever).unwrap();
    let pool = leak_pool("open", 1, 1).unwrap();
    for round in 1..=2 {
        pool.submit(&FIRST).unwrap();
        eventually("it is refused", || AFTER.refused() == round);
    }
    assert_eq!(NEXT.status(), Status::Idle);
    assert_eq!(told(AFTER.take()), Some((Outcome::Done(-5), 2)));
    assert_eq!(told(AFTER.take()), None);
    closed.restart().unwrap();
    pool.submit(&FIRST).unwrap();
    eventually("it runs there again", || NEXT.outcome() == Some(Outcome::Done(0)));
    assert_eq!(AFTER.refused(), 2);
}

#[test]
fn a_queue_calls_in_the_thread_that_runs_it() {
    static CALLS: Mutex<Vec<(usize, Outcome, u32, thread::ThreadId)>> = Mutex::new(Vec::new());
    fn note(place: usize, told: Told) {
        let call = (place, told.outcome, told.count, thread::current().id());
        CALLS.lock().unwrap().push(call);
    }
    static LOOP: CompletionQueue<3> =
        CompletionQueue::new([|told| note(0, told), |told| note(1, told), |told| note(2, told)]);
    static ENDS: [OnEnd<Queued<3>>; 3] = [
        OnEnd::new(LOOP.place(0)),
        OnEnd::new(LOOP.place(1)),
        OnEnd::new(LOOP.place(2)),
    ];
    static JOB: Job<Answers> = Job::with_completion(Answers(9), &ENDS[1]);
    assert_eq!(LOOP.run(1, Timeout::NoWait), Err(QueueError::TimedOut));
    assert_eq!(LOOP.run(0, Timeout::Forever), Ok(0));
    let begin = time::Instant::now();
    assert_eq!(
        LOOP.run(1, Timeout::After(Duration::millis(20))),
        Err(QueueError::TimedOut)
    );
    assert!(begin.elapsed() >= time::Duration::from_millis(20));
    // It waits for a run on a worker.
    pool().submit_after(&JOB, Duration::millis(20)).unwrap();
    assert_eq!(LOOP.run(8, Timeout::Forever), Ok(1));
    let me = thread::current().id();
    assert_eq!(CALLS.lock().unwrap().split_off(0), [(1, Outcome::Done(9), 1, me)]);
    // In the order of the first outcomes; no more than the limit; the last outcome of each.
    for (place, outcome) in [(2, 1), (0, 2), (2, 3), (1, 4), (2, 5)] {
        ENDS[place].complete(Outcome::Done(outcome));
    }
    assert_eq!(LOOP.run(2, Timeout::NoWait), Ok(2));
    ENDS[2].complete(Outcome::Aborted);
    assert_eq!(LOOP.run(8, Timeout::NoWait), Ok(2));
    assert_eq!(LOOP.run(8, Timeout::NoWait), Err(QueueError::TimedOut));
    assert_eq!(
        CALLS.lock().unwrap().split_off(0),
        [
            (2, Outcome::Done(5), 3, me),
            (0, Outcome::Done(2), 1, me),
            (1, Outcome::Done(4), 1, me),
            (2, Outcome::Aborted, 1, me),
        ]
    );
}

#[test]
fn one_thread_waits_for_a_queue() {
    static LOOP: CompletionQueue<1> = CompletionQueue::new([|_| ()]);
    static END: OnEnd<Queued<1>> = OnEnd::new(LOOP.place(0));
    // It may find this thread's look at the queue, below, in its place.
    let waits = thread::spawn(|| loop {
        match LOOP.run(1, Timeout::Forever) {
            Err(QueueError::InUse) => thread::yield_now(),
            other => return other,
        }
    });
    eventually("it waits", || {
        LOOP.run(1, Timeout::After(Duration::ticks(1))) == Err(QueueError::InUse)
    });
    END.complete(Outcome::Cancelled);
    assert_eq!(waits.join().unwrap(), Ok(1));
    assert_eq!(
        LOOP.run(1, Timeout::After(Duration::ticks(1))),
        Err(QueueError::TimedOut)
    );
}

#[test]
fn nothing_is_lost_between_threads_that_end_jobs_and_the_loop() {
    static SEEN: AtomicU32 = AtomicU32::new(0);
    static LOOP: CompletionQueue<2> = CompletionQueue::new([
        |told| _ = SEEN.fetch_add(told.count, SeqCst),
        |told| _ = SEEN.fetch_add(told.count, SeqCst),
    ]);
    static ENDS: [OnEnd<Queued<2>>; 2] = [OnEnd::new(LOOP.place(0)), OnEnd::new(LOOP.place(1))];
    let threads: Vec<_> = (0..4)
        .map(|number: usize| {
            thread::spawn(move || {
                for _ in 0..5_000 {
                    ENDS[number % 2].complete(Outcome::Done(0));
                }
            })
        })
        .collect();
    while SEEN.load(SeqCst) < 20_000 {
        LOOP.run(3, Timeout::After(Duration::secs(60))).unwrap();
    }
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(SEEN.load(SeqCst), 20_000);
    assert_eq!(LOOP.run(1, Timeout::NoWait), Err(QueueError::TimedOut));
}

/// Notes what it is told.
struct Notes(Mutex<Vec<Outcome>>);

impl Complete for Notes {
    fn complete(&self, outcome: Outcome) {
        self.0.lock().unwrap().push(outcome);
    }
}

impl Notes {
    const fn new() -> Self {
        Notes(Mutex::new(Vec::new()))
    }

    fn take(&self) -> Vec<Outcome> {
        self.0.lock().unwrap().split_off(0)
    }
}

#[test]
fn a_batch_tells_once_when_all_have_ended() {
    static ALL: OnEnd<Batch<Notes>> = OnEnd::new(Batch::new(Notes::new()));
    static JOBS: [Job<Answers>; 3] = [
        Job::with_completion(Answers(0), &ALL),
        Job::with_completion(Answers(0), &ALL),
        Job::with_completion(Answers(0), &ALL),
    ];
    let pool = leak_pool("batch", 2, 2).unwrap();
    for _ in 0..50 {
        ALL.arm(3).unwrap();
        assert_eq!(ALL.arm(3), Err(BatchError::UnderWay));
        for job in &JOBS {
            pool.submit(job).unwrap();
        }
        eventually("all three", || ALL.left() == 0);
        eventually("it is told", || {
            let told = ALL.then().take();
            assert!(told.len() <= 1);
            told == [Outcome::Done(0)]
        });
    }
    assert_eq!(ALL.extra(), 0);
}

#[test]
fn a_batch_tells_the_first_outcome_that_is_no_success() {
    let batch = Batch::new(Notes::new());
    assert_eq!(batch.arm(0), Err(BatchError::Empty));
    for (outcomes, told) in [
        (
            [Outcome::Done(0), Outcome::Done(-2), Outcome::Cancelled],
            Outcome::Done(-2),
        ),
        (
            [Outcome::Discarded, Outcome::Done(4), Outcome::Done(0)],
            Outcome::Discarded,
        ),
        (
            [Outcome::Done(0), Outcome::Done(0), Outcome::TimedOut],
            Outcome::TimedOut,
        ),
        (
            [Outcome::Aborted, Outcome::Cancelled, Outcome::Done(0)],
            Outcome::Aborted,
        ),
    ] {
        batch.arm(3).unwrap();
        for (number, outcome) in outcomes.into_iter().enumerate() {
            assert_eq!(batch.then().take(), []);
            assert_eq!(batch.left(), 3 - number as u32);
            batch.complete(outcome);
        }
        assert_eq!(batch.then().take(), [told]);
    }
    batch.complete(Outcome::Done(1));
    assert_eq!((batch.then().take(), batch.left(), batch.extra()), (vec![], 0, 1));
}

#[test]
fn a_job_runs_in_the_caller() {
    static RAN_IN: Mutex<Option<thread::ThreadId>> = Mutex::new(None);
    static WORKER: AtomicI32 = AtomicI32::new(-1);
    static NOTES: OnEnd<Notes> = OnEnd::new(Notes::new());
    struct Here(i32);
    impl Run for Here {
        fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
            *RAN_IN.lock().unwrap() = Some(thread::current().id());
            WORKER.store(ctx.worker().into(), SeqCst);
            assert_eq!(ctx.due(), None);
            self.0 += 1;
            self.0
        }
    }
    static JOB: Job<Here> = Job::with_completion(Here(0), &NOTES);
    let pool = pool();
    assert_eq!(pool.run_now(&JOB), Ok(Outcome::Done(1)));
    assert_eq!(NOTES.take(), [Outcome::Done(1)]);
    assert_eq!(*RAN_IN.lock().unwrap(), Some(thread::current().id()));
    assert_eq!((WORKER.load(SeqCst), JOB.outcome()), (128, Some(Outcome::Done(1))));
    // The same job, on a worker; and then within another job, in its worker.
    pool.submit(&JOB).unwrap();
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(2)));
    assert_eq!(WORKER.load(SeqCst), 0);
    let outer = job(move |ctx| match Pool::of(ctx).run_now(&JOB) {
        Ok(Outcome::Done(code)) => code,
        other => panic!("{other:?}"),
    });
    pool.submit(outer).unwrap();
    assert_eq!(outer.wait(Timeout::Forever), Ok(Outcome::Done(3)));
    assert_eq!((WORKER.load(SeqCst), NOTES.take().len()), (0, 2));
    pool.check();
}

#[test]
fn a_run_in_the_caller_is_refused() {
    static JOB: Job = Job::new(|_| ());
    let pool = pool();
    pool.submit_after(&JOB, Duration::secs(60)).unwrap();
    assert_eq!(pool.run_now(&JOB), Err(RunNowError::UnderWay), "deferred");
    assert_eq!(JOB.cancel(), Cancel::Cancelled);
    pool.hold().unwrap();
    assert_eq!(pool.run_now(&JOB), Err(RunNowError::NotRunning), "held");
    pool.submit(&JOB).unwrap();
    pool.release().unwrap();
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    let (busy, runs, lets_go) = gated();
    pool.submit(busy).unwrap();
    hear(&runs);
    assert_eq!(pool.run_now(busy), Err(RunNowError::UnderWay), "running");
    lets_go.send(()).unwrap();
    pool.shutdown(Shutdown::Drain, Timeout::Forever).unwrap();
    assert_eq!(pool.run_now(&JOB), Err(RunNowError::NotRunning), "shut down");
    pool.restart().unwrap();
    assert_eq!(pool.run_now(&JOB), Ok(Outcome::Done(0)));
}

#[test]
fn a_run_in_the_caller_may_be_cancelled_and_submitted_again() {
    let pool = pool();
    let again = job(|ctx| i32::from(ctx.cancelled()));
    assert_eq!(pool.run_now(again), Ok(Outcome::Done(0)));
    let (busy, runs, lets_go) = gated();
    let here = thread::spawn(move || pool.run_now(busy));
    hear(&runs);
    pool.submit(busy).unwrap();
    assert!(matches!(
        busy.status(),
        Status::Running {
            cancelled: false,
            resubmitted: true
        }
    ));
    lets_go.send(()).unwrap();
    assert_eq!(here.join().unwrap(), Ok(Outcome::Done(0)));
    // On the worker, this time.
    assert!(hear(&runs).starts_with("complete"), "a worker's thread");
    lets_go.send(()).unwrap();
    assert_eq!(busy.wait(Timeout::Forever), Ok(Outcome::Done(0)));
}

#[test]
fn a_shutdown_waits_for_a_run_in_a_caller_and_those_who_are_told() {
    for how in [Shutdown::Drain, Shutdown::Discard] {
        let pool = pool();
        let (busy, runs, lets_go) = gated();
        let here = thread::spawn(move || pool.run_now(busy));
        hear(&runs);
        let refused = pool.shutdown(how, Timeout::After(Duration::millis(20)));
        assert_eq!(refused, Err(taskpool::ControlError::TimedOut));
        let shuts = thread::spawn(move || pool.shutdown(how, Timeout::Forever));
        thread::sleep(time::Duration::from_millis(20));
        assert!(!shuts.is_finished());
        lets_go.send(()).unwrap();
        assert_eq!(shuts.join().unwrap(), Ok(()));
        assert_eq!(here.join().unwrap(), Ok(Outcome::Done(0)));
        pool.check();
    }
}

#[test]
fn a_shutdown_of_a_pool_without_workers_waits_for_a_run_in_a_caller() {
    static SPARE: PoolMemory = PoolMemory::new();
    for how in [Shutdown::Drain, Shutdown::Discard] {
        let pool = SPARE.create(c"spare", 1, 7).unwrap();
        let (busy, runs, lets_go) = gated();
        let here = thread::spawn(move || pool.run_now(busy));
        hear(&runs);
        let shuts = thread::spawn(move || pool.shutdown(how, Timeout::Forever));
        thread::sleep(time::Duration::from_millis(20));
        assert!(!shuts.is_finished());
        lets_go.send(()).unwrap();
        assert_eq!(shuts.join().unwrap(), Ok(()));
        assert_eq!(here.join().unwrap(), Ok(Outcome::Done(0)));
    }
}

#[test]
fn threads_wait_for_a_run_in_another_one() {
    let pool = pool();
    let (busy, runs, lets_go) = gated();
    let here = thread::spawn(move || pool.run_now(busy));
    hear(&runs);
    let waits = thread::spawn(move || busy.wait(Timeout::Forever));
    thread::sleep(time::Duration::from_millis(10));
    lets_go.send(()).unwrap();
    assert_eq!(waits.join().unwrap(), Ok(Outcome::Done(0)));
    assert_eq!(here.join().unwrap(), Ok(Outcome::Done(0)));
}

#[test]
fn every_error_says_what_to_do() {
    let texts = [
        QueueError::TimedOut.to_string(),
        QueueError::InInterrupt.to_string(),
        QueueError::InUse.to_string(),
        BatchError::UnderWay.to_string(),
        BatchError::Empty.to_string(),
        RunNowError::UnderWay.to_string(),
        RunNowError::NotRunning.to_string(),
        RunNowError::InInterrupt.to_string(),
    ];
    for (number, text) in texts.iter().enumerate() {
        assert!(text.contains(": "), "{text}");
        assert!(!texts[..number].contains(text), "{text}");
    }
}
