//! Classes, on threads of the standard library. There is one map for the program, so the tests take turns.

use std::sync::atomic::{AtomicI32, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use taskpool::classes::{self, Answer, ClassError, MapError, Target};
use taskpool::{leak_pool, Accepted, Ctx, Duration, Job, Outcome, Pool, Run, Shutdown, Timeout};

/// The map, empty.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    for name in ["cpu", "io", "short", "slow", "d"] {
        classes::remove(name);
    }
    classes::set_default(None);
    turn
}

fn pool(name: &'static str) -> Pool {
    leak_pool(name, 1, 1).unwrap()
}

/// Answers the number of its worker.
struct Where;

impl Run for Where {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        ctx.worker().into()
    }
}

#[test]
fn a_class_means_a_pool() {
    static JOB: Job<Where> = Job::new(Where);
    let _turn = turn();
    let (cpu, io) = (pool("cpu"), pool("io"));
    assert_eq!(classes::set("cpu", Target::Pool(cpu)), Ok(None));
    assert_eq!(classes::set("io", Target::Pool(io)), Ok(None));
    assert_eq!(classes::find("cpu"), Some(Target::Pool(cpu)));
    assert_eq!(classes::find("io"), Some(Target::Pool(io)));
    assert_eq!((classes::pool_of("cpu"), classes::pool_of("slow")), (Some(cpu), None));
    cpu.hold().unwrap();
    assert_eq!(classes::submit("cpu", &JOB), Ok(Answer::Accepted(Accepted::New)));
    assert_eq!(cpu.check().queued, 1);
    assert_eq!(classes::submit("cpu", &JOB), Err(ClassError::AlreadyQueued));
    cpu.release().unwrap();
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    // Mapped anew: the other pool, and the counters go on.
    assert_eq!(classes::set("cpu", Target::Pool(io)), Ok(Some(Target::Pool(cpu))));
    io.hold().unwrap();
    assert_eq!(classes::submit("cpu", &JOB), Ok(Answer::Accepted(Accepted::New)));
    assert_eq!((cpu.check().queued, io.check().queued), (0, 1));
    io.release().unwrap();
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    io.shutdown(Shutdown::Drain, Timeout::Forever).unwrap();
    assert_eq!(classes::submit("io", &JOB), Err(ClassError::NotRunning));
    let of = |name| classes::stats(Some(name)).map(|stats| (stats.accepted, stats.ran_inline, stats.refused));
    assert_eq!(
        (of("cpu"), of("io"), of("slow")),
        (Some((2, 0, 1)), Some((0, 0, 1)), None)
    );
    assert_eq!(classes::remove("cpu"), Some(Target::Pool(io)));
    assert_eq!(classes::remove("cpu"), None);
    assert_eq!(of("cpu"), None);
    // Added again, it begins anew.
    assert_eq!(classes::set("cpu", Target::Pool(cpu)), Ok(None));
    assert_eq!(of("cpu"), Some((0, 0, 0)));
}

#[test]
fn a_class_runs_inline() {
    static JOB: Job<Where> = Job::new(Where);
    let _turn = turn();
    let short = pool("short");
    classes::set("short", Target::Inline(short)).unwrap();
    assert_eq!(classes::find("short"), Some(Target::Inline(short)));
    assert_eq!(classes::submit("short", &JOB), Ok(Answer::Ran(Outcome::Done(128))));
    short.submit_after(&JOB, Duration::secs(60)).unwrap();
    assert_eq!(classes::submit("short", &JOB), Err(ClassError::UnderWay));
    JOB.cancel();
    short.hold().unwrap();
    assert_eq!(classes::submit("short", &JOB), Err(ClassError::NotRunning));
    short.release().unwrap();
    let of = |name| classes::stats(Some(name)).map(|stats| (stats.accepted, stats.ran_inline, stats.refused));
    assert_eq!((classes::pool_of("short"), of("short")), (Some(short), Some((1, 1, 2))));
    // On workers from now on: what ran inline stays counted.
    classes::set("short", Target::Pool(short)).unwrap();
    assert_eq!(classes::submit("short", &JOB), Ok(Answer::Accepted(Accepted::New)));
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    assert_eq!((classes::pool_of("short"), of("short")), (Some(short), Some((2, 1, 2))));
}

#[test]
fn unknown_names_have_a_default() {
    static JOB: Job<Where> = Job::new(Where);
    let _turn = turn();
    let (one, other) = (pool("one"), pool("other"));
    assert_eq!(classes::submit("io", &JOB), Err(ClassError::Unknown));
    assert_eq!((classes::find("io"), classes::stats(None)), (None, None));
    assert_eq!(classes::set_default(Some(Target::Inline(one))), None);
    assert_eq!(classes::submit("io", &JOB), Ok(Answer::Ran(Outcome::Done(128))));
    assert_eq!(classes::submit("", &JOB), Ok(Answer::Ran(Outcome::Done(128))));
    assert_eq!(
        classes::set_default(Some(Target::Inline(other))),
        Some(Target::Inline(one))
    );
    assert_eq!(classes::find("anything"), Some(Target::Inline(other)));
    other.hold().unwrap();
    assert_eq!(classes::submit("cpu", &JOB), Err(ClassError::NotRunning));
    assert_eq!(classes::pool_of("anything"), Some(other));
    // Who is known does not need it.
    classes::set("cpu", Target::Inline(one)).unwrap();
    assert_eq!(classes::submit("cpu", &JOB), Ok(Answer::Ran(Outcome::Done(128))));
    let stats = classes::stats(None).unwrap();
    assert_eq!((stats.accepted, stats.ran_inline, stats.refused), (2, 2, 1));
    assert_eq!(classes::set_default(None), Some(Target::Inline(other)));
    assert_eq!(classes::submit("io", &JOB), Err(ClassError::Unknown));
}

#[test]
fn the_map_is_bounded() {
    let _turn = turn();
    let target = Target::Pool(pool("bound"));
    for name in ["cpu", "io", "short"] {
        classes::set(name, target).unwrap();
    }
    assert_eq!(classes::set("slow", target), Err(MapError::Full));
    assert_eq!(classes::set("io", target), Ok(Some(target)), "it has its place");
    classes::remove("io");
    assert_eq!(classes::set("slow", target), Ok(None));
    classes::remove("slow");
    assert_eq!(classes::set("", target), Err(MapError::BadName));
    let longest = "0123456789abcdef0123456789abcdef";
    assert_eq!(longest.len(), classes::LONGEST_NAME);
    assert_eq!(
        classes::set("0123456789abcdef0123456789abcdef!", target),
        Err(MapError::BadName)
    );
    assert_eq!(classes::set(longest, target), Ok(None));
    assert_eq!(classes::remove(longest), Some(target));
}

#[test]
fn threads_submit_while_the_class_is_mapped_anew() {
    static RUNS: AtomicI32 = AtomicI32::new(0);
    static JOBS: [Job; 2] = [
        Job::new(|_| _ = RUNS.fetch_add(1, SeqCst)),
        Job::new(|_| _ = RUNS.fetch_add(1, SeqCst)),
    ];
    let _turn = turn();
    let pools = [pool("left"), pool("right")];
    classes::set("d", Target::Pool(pools[0])).unwrap();
    let submitters: Vec<_> = JOBS
        .iter()
        .map(|job| {
            thread::spawn(move || {
                for _ in 0..200 {
                    assert_eq!(classes::submit("d", job), Ok(Answer::Accepted(Accepted::New)));
                    assert_eq!(job.wait(Timeout::Forever), Ok(Outcome::Done(0)));
                }
            })
        })
        .collect();
    for round in 0..500 {
        classes::set("d", Target::Pool(pools[round % 2])).unwrap();
    }
    for submitter in submitters {
        submitter.join().unwrap();
    }
    let stats = classes::stats(Some("d")).unwrap();
    assert_eq!((stats.accepted, stats.refused, RUNS.load(SeqCst)), (400, 0, 400));
}

#[test]
fn every_error_says_what_to_do() {
    let texts = [
        MapError::Full.to_string(),
        MapError::BadName.to_string(),
        ClassError::Unknown.to_string(),
        ClassError::AlreadyQueued.to_string(),
        ClassError::NotRunning.to_string(),
        ClassError::UnderWay.to_string(),
        ClassError::InInterrupt.to_string(),
    ];
    for (number, text) in texts.iter().enumerate() {
        assert!(text.contains(": "), "{text}");
        assert!(!texts[..number].contains(text), "{text}");
    }
}
