//! Groups, on threads of the standard library.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;
use std::time;

use taskpool::{leak_pool, Ctx, Group, Job, LimitError, Outcome, Run, Shutdown, Status, Timeout};

static GROUP: Group = Group::new(2);
static RUNNING: AtomicU32 = AtomicU32::new(0);
static MOST: AtomicU32 = AtomicU32::new(0);
static RUNS: AtomicU32 = AtomicU32::new(0);

/// Notes how many run at once.
struct Counted;

impl Run for Counted {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        let running = RUNNING.fetch_add(1, SeqCst) + 1;
        MOST.fetch_max(running, SeqCst);
        thread::sleep(time::Duration::from_micros(200));
        RUNS.fetch_add(1, SeqCst);
        RUNNING.fetch_sub(1, SeqCst);
        0
    }
}

static JOBS: [Job<Counted>; 12] = [const { Job::new(Counted).in_group(&GROUP) }; 12];

#[test]
fn no_more_than_the_limit_run_at_once_whoever_submits() {
    let pools = [leak_pool("some", 3, 3).unwrap(), leak_pool("others", 3, 3).unwrap()];
    thread::scope(|scope| {
        for thread in 0..4_usize {
            scope.spawn(move || {
                for round in 0..40 {
                    let job = &JOBS[(3 * thread + round) % JOBS.len()];
                    _ = pools[(thread + round) % 2].submit(job);
                    if round % 7 == 0 {
                        job.cancel();
                    }
                    if round % 10 == 0 {
                        thread::sleep(time::Duration::from_micros(300));
                    }
                }
            });
        }
    });
    for job in &JOBS {
        _ = job.wait(Timeout::Forever);
        assert_eq!(job.status(), Status::Idle);
    }
    let usage = GROUP.usage();
    assert_eq!((usage.limit, usage.active, usage.held), (2, 0, 0));
    assert!((1..=2).contains(&MOST.load(SeqCst)), "{} at once", MOST.load(SeqCst));
    assert!(RUNS.load(SeqCst) > 0);
}

#[test]
fn held_jobs_are_seen_admitted_and_discarded() {
    static BUS: Group = Group::new(1);
    static SLOW: Job = <Job>::new(|_| thread::sleep(time::Duration::from_millis(30))).in_group(&BUS);
    static HELD: Job = <Job>::new(|_| ()).in_group(&BUS);
    let (one, two) = (leak_pool("one", 1, 1).unwrap(), leak_pool("two", 1, 1).unwrap());
    one.submit(&SLOW).unwrap();
    two.submit(&HELD).unwrap();
    assert_eq!(HELD.status(), Status::Held);
    assert_eq!((BUS.limit(), BUS.active(), BUS.held()), (1, 1, 1));
    assert_eq!(BUS.set_limit(0), Err(LimitError));
    BUS.set_limit(2).unwrap();
    assert_eq!(HELD.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_ne!(SLOW.status(), Status::Idle);
    BUS.set_limit(1).unwrap();
    two.submit(&HELD).unwrap();
    two.shutdown(Shutdown::Discard, Timeout::Forever).unwrap();
    assert_eq!(HELD.outcome(), Some(Outcome::Discarded));
    assert_eq!(SLOW.wait(Timeout::Forever), Ok(Outcome::Done(0)));
}
