//! The host port: threads of the standard library. No test here borrows of the reserve; `host_reserve.rs` does.

mod common;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{mpsc, Arc, Mutex};
use std::thread;
use std::time;

use common::{counted, eventually, gated, hear, job};
use taskpool::{
    leak_pool, Accepted, Cancel, DeferError, Duration, Forbidden, Instant, Job, Pool, Status, SubmitError, CONFIG,
};

fn pool(name: &str, workers: u8) -> Pool {
    leak_pool(name, workers, workers).expect("a pool of its own workers only")
}

fn ticks(ticks: u64) -> time::Duration {
    time::Duration::from_secs(1) * u32::try_from(ticks).unwrap() / CONFIG.ticks_per_second
}

#[test]
fn a_job_runs_on_a_worker_that_bears_the_pools_name() {
    let pool = pool("named", 1);
    let (job, hears, go) = gated();
    assert_eq!(pool.submit(job), Ok(Accepted::New));
    assert_eq!(hear(&hears), "named.w0");
    go.send(()).unwrap();
    eventually("the job ends", || job.status() == Status::Idle);
    assert_eq!(pool.check().workers, 1);
}

#[test]
fn a_plain_function_is_a_job() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    static JOB: Job = Job::new(|_| _ = RUNS.fetch_add(1, Ordering::SeqCst));
    pool("plain", 1).submit(&JOB).unwrap();
    eventually("the job runs", || RUNS.load(Ordering::SeqCst) == 1);
}

#[test]
fn all_workers_of_a_pool_run_jobs_at_once() {
    let pool = pool("three", 3);
    let gates: Vec<_> = (0..3).map(|_| gated()).collect();
    for (job, ..) in &gates {
        pool.submit(job).unwrap();
    }
    let mut names: Vec<String> = gates.iter().map(|(_, hears, _)| hear(hears)).collect();
    names.sort();
    assert_eq!(names, ["three.w0", "three.w1", "three.w2"]);
    for (job, _, go) in &gates {
        go.send(()).unwrap();
        eventually("the job ends", || job.status() == Status::Idle);
    }
}

#[test]
fn every_answer_comes_through_the_api() {
    let pool = pool("answers", 1);
    let (busy, hears, go) = gated();
    let (queued, counts) = counted(|_| 0);
    pool.submit(busy).unwrap();
    hear(&hears);
    assert_eq!(
        busy.status(),
        Status::Running {
            cancelled: false,
            resubmitted: false,
        }
    );
    assert_eq!(queued.cancel(), Cancel::Idle);
    assert_eq!(pool.submit(queued), Ok(Accepted::New));
    assert_eq!(pool.submit(queued), Err(SubmitError::AlreadyQueued));
    assert_eq!(
        pool.submit_after(queued, Duration::secs(1)),
        Err(DeferError::AlreadyQueued)
    );
    assert_eq!(queued.cancel(), Cancel::Cancelled);
    assert_eq!(pool.submit_after(queued, Duration::secs(3_600)), Ok(Accepted::New));
    let later = Instant::now() + Duration::secs(7_200);
    assert_eq!(pool.submit_at(queued, later), Ok(Accepted::Moved));
    let deadline = later.as_ticks();
    assert_eq!(queued.status(), Status::Deferred { deadline });
    assert_eq!(
        pool.submit_after(queued, Duration::secs(u64::MAX)),
        Err(DeferError::OutOfRange)
    );
    assert_eq!(queued.cancel(), Cancel::Cancelled);
    assert_eq!(pool.submit(busy), Ok(Accepted::Again));
    assert_eq!(
        busy.cancel(),
        Cancel::Running {
            resubmission_cancelled: true,
        }
    );
    go.send(()).unwrap();
    eventually("the job ends", || busy.status() == Status::Idle);
    assert_eq!((counts.done(), counts.cancelled()), (0, 2));
}

#[test]
fn a_deferred_job_is_never_early() {
    let pool = pool("deferred", 2);
    let (says, hears) = mpsc::channel();
    let mut expected = 0;
    for delay in [1, 2, 3, 5, 10, 17, 30, 50, 100, 300] {
        for _ in 0..10 {
            let (says, begin) = (says.clone(), time::Instant::now());
            let job = job(move |_| {
                says.send((delay, begin.elapsed())).expect("the test listens");
                0
            });
            pool.submit_after(job, Duration::ticks(delay)).unwrap();
            expected += 1;
        }
    }
    for _ in 0..expected {
        let (delay, elapsed) = hear(&hears);
        assert!(elapsed >= ticks(delay), "a delay of {delay} ticks took {elapsed:?}");
    }
}

#[test]
fn a_job_for_an_instant_runs_in_or_after_it() {
    let pool = pool("instant", 1);
    let (says, hears) = mpsc::channel();
    for delay in [0, 1, 7, 100] {
        let (says, at) = (says.clone(), Instant::now() + Duration::ticks(delay));
        let job = job(move |ctx| {
            says.send((at, ctx.due(), Instant::now())).expect("the test listens");
            0
        });
        pool.submit_at(job, at).unwrap();
    }
    for _ in 0..4 {
        let (at, due, ran) = hear(&hears);
        assert!(ran >= at);
        assert_eq!(due, Some(at.as_ticks().max(1)));
    }
}

#[test]
fn jobs_for_one_instant_run_in_the_order_of_their_submissions() {
    const JOBS: usize = 50;
    let pool = pool("equal", 1);
    let order = Arc::new(Mutex::new(Vec::new()));
    // Long enough that on most machines all are submitted before it; right if not, too.
    let at = Instant::now() + Duration::millis(50);
    for index in 0..JOBS {
        let order = order.clone();
        let job = job(move |_| {
            order.lock().unwrap().push(index);
            0
        });
        pool.submit_at(job, at).unwrap();
    }
    eventually("all run", || order.lock().unwrap().len() == JOBS);
    assert!(order.lock().unwrap().is_sorted());
}

#[test]
fn a_job_that_defers_itself_keeps_its_distance() {
    let pool = pool("periodic", 1);
    let (says, hears) = mpsc::channel();
    static SELF: Mutex<Option<Box<dyn Fn() + Send>>> = Mutex::new(None);
    let begin = time::Instant::now();
    let mut runs = 0;
    let periodic = job(move |_| {
        runs += 1;
        if runs < 5 {
            SELF.lock().unwrap().as_ref().expect("set before the first run")();
        }
        says.send(begin.elapsed()).expect("the test listens");
        0
    });
    *SELF.lock().unwrap() = Some(Box::new(move || {
        assert_eq!(pool.submit_after(periodic, Duration::millis(5)), Ok(Accepted::Again));
    }));
    pool.submit(periodic).unwrap();
    for run in 0..5 {
        assert!(hear(&hears) >= run * time::Duration::from_millis(5));
    }
}

#[test]
fn a_pool_needs_workers() {
    assert_eq!(leak_pool("none", 0, 0).err(), Some(Forbidden::ThreadCounts));
    assert_eq!(leak_pool("none", 0, 3).err(), Some(Forbidden::ThreadCounts));
    assert_eq!(leak_pool("inverted", 3, 2).err(), Some(Forbidden::ThreadCounts));
    assert_eq!(
        Forbidden::ThreadCounts.to_string(),
        "a pool needs at least one worker, and a maximum that is not less and at most 127: correct the thread counts"
    );
}

#[test]
fn a_job_runs_in_the_pool_that_it_was_submitted_to() {
    let pools = [pool("left", 1), pool("right", 1)];
    let (says, hears) = mpsc::channel();
    let job = job(move |ctx| {
        says.send(Pool::of(ctx)).expect("the test listens");
        0
    });
    for pool in [pools[0], pools[1], pools[1], pools[0]] {
        pool.submit(job).unwrap();
        assert_eq!(hear(&hears), pool);
        eventually("the job ends", || job.status() == Status::Idle);
    }
}

/// Threads that submit, defer and cancel the same jobs in two pools, as fast as they can.
#[test]
fn every_accepted_submission_has_exactly_one_outcome() {
    const THREADS: u32 = 4;
    const ROUNDS: u32 = 3_000;
    let pools = [pool("crowd.a", 2), pool("crowd.b", 1)];
    let jobs: Vec<_> = (0..12)
        .map(|_| {
            let inside = AtomicBool::new(false);
            counted(move |_| {
                assert!(
                    !inside.swap(true, Ordering::SeqCst),
                    "a job runs on two workers at once"
                );
                thread::yield_now();
                assert!(inside.swap(false, Ordering::SeqCst));
                0
            })
        })
        .collect();
    let accepted: Vec<AtomicU32> = jobs.iter().map(|_| AtomicU32::new(0)).collect();
    let count = |index: usize, accepted_as: Option<Accepted>| {
        if matches!(accepted_as, Some(Accepted::New | Accepted::Again)) {
            accepted[index].fetch_add(1, Ordering::SeqCst);
        }
    };
    thread::scope(|scope| {
        for seed in 1..=THREADS {
            let (jobs, count) = (&jobs, &count);
            scope.spawn(move || {
                let mut random = seed;
                for _ in 0..ROUNDS {
                    random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let choice = random >> 8;
                    let index = choice as usize % jobs.len();
                    let ((job, _), pool) = (jobs[index], pools[(choice >> 8) as usize % 2]);
                    match (choice >> 12) % 6 {
                        0..=2 => count(index, pool.submit(job).ok()),
                        3 => count(
                            index,
                            pool.submit_after(job, Duration::ticks(u64::from(choice >> 16) % 20))
                                .ok(),
                        ),
                        4 => count(index, pool.submit_at(job, Instant::now()).ok()),
                        _ => _ = job.cancel(),
                    }
                }
            });
        }
    });
    for (index, (job, counts)) in jobs.iter().enumerate() {
        let accepted = accepted[index].load(Ordering::SeqCst);
        eventually("all outcomes are told", || {
            counts.done() + counts.cancelled() >= accepted
        });
        assert_eq!(job.status(), Status::Idle);
        assert_eq!(counts.done() + counts.cancelled(), accepted, "told once");
    }
    for pool in pools {
        eventually("all workers wait", || pool.check().idle == pool.check().workers);
        assert_eq!((pool.check().queued, pool.check().deferred), (0, 0));
    }
}

/// Many jobs, each submitted once: nothing is lost between so many wakes.
#[test]
fn no_wake_is_lost() {
    let pool = pool("wakes", 2);
    let (job, counts) = counted(|_| 0);
    for round in 1..=2_000 {
        pool.submit(job).unwrap();
        // Without a wake this would wait for ever; with the last job just ended, the worker is about to wait.
        eventually_busy(|| counts.done() == round);
        eventually_busy(|| job.status() == Status::Idle);
    }
}

fn eventually_busy(mut holds: impl FnMut() -> bool) {
    let begin = time::Instant::now();
    while !holds() {
        assert!(begin.elapsed() < time::Duration::from_secs(60), "a wake was lost");
        thread::yield_now();
    }
}
