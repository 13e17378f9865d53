//! Budgets: who is told of a run that takes longer, when, and of no other; and watchdogs of runs.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use taskpool_core::{
    About, Code, Ctx, First, Job, JobRef, Next, Overrun, PoolRef, Run, Shell, Status, Task, TaskCtx, Work, WorkerRef,
    MAX_TICKS,
};
use taskpool_testkit::{keep, Call, Plain, Virtual};

type Machine = Shell<Virtual>;

const BUDGET: u64 = 20;

static PLAIN: About = About::new(c"plain").with_id(7).with_budget(BUDGET);
static OTHER: About = About::new(c"other").with_id(8).with_budget(100);

type Script = Box<dyn FnMut(&Ctx<'_>) + Send>;

struct Scripted(Script);

impl Run for Scripted {
    fn run(&mut self, ctx: &Ctx<'_>) -> Code {
        self.0(ctx);
        5
    }
}

thread_local! {
    /// For runs, which take nothing along that is of one thread.
    static WORLD: Cell<Option<Plain>> = const { Cell::new(None) };
    static TOLD: RefCell<Vec<(&'static str, Status)>> = const { RefCell::new(Vec::new()) };
}

fn plain() -> Plain {
    WORLD.get().unwrap()
}

fn scene() -> (Plain, PoolRef) {
    let plain = Plain::new();
    WORLD.set(Some(plain));
    let pool = plain.pool();
    plain.run();
    plain.advance(1_000);
    Virtual::take_calls();
    (plain, pool)
}

fn job(about: Option<&'static About>, script: impl FnMut(&Ctx<'_>) + Send + 'static) -> JobRef {
    let mut job = Job::new(Scripted(Box::new(script)));
    if let Some(about) = about {
        job.set_about(about);
    }
    keep(job).reference()
}

fn name(overrun: &Overrun) -> &'static str {
    let name = overrun.about().and_then(About::name).unwrap();
    name.to_str().unwrap()
}

/// The calls that are about runs.
fn watching() -> Vec<Call> {
    let about_runs = |call: &Call| {
        matches!(
            call,
            Call::Watch(..) | Call::Unwatch(_) | Call::Guard(..) | Call::Unguard(_) | Call::Feed(_)
        )
    };
    Virtual::take_calls().into_iter().filter(about_runs).collect()
}

/// The worker whose run is watched.
fn watched() -> WorkerRef {
    let found = Virtual::watched();
    assert_eq!(found.len(), 1);
    found[0]
}

#[test]
fn an_overrun_is_told_once_while_the_job_runs() {
    let (plain, pool) = scene();
    static POINTS: [AtomicU32; 2] = [const { AtomicU32::new(9) }; 2];
    let slow = job(Some(&PLAIN), |ctx| {
        POINTS[0].store(ctx.control_point(), Relaxed);
        ctx.set_control_point(3);
        let plain = crate::plain();
        plain.advance(BUDGET);
        assert!(Virtual::take_overruns().is_empty(), "as long as it may");
        plain.advance(1);
        let told = Virtual::take_overruns();
        assert_eq!(told.len(), 1);
        let about = told[0].about().unwrap();
        assert_eq!((about.id(), about.budget()), (7, Some(BUDGET)));
        assert_eq!(name(&told[0]), "plain");
        assert_eq!((told[0].elapsed(), told[0].control_point()), (BUDGET + 1, 3));
        assert_eq!(told[0].worker(), ctx.worker());
        ctx.set_control_point(4);
        plain.advance(10 * BUDGET);
        Machine::overrun(watched());
        POINTS[1].store(ctx.control_point(), Relaxed);
    });
    for _ in 0..2 {
        // Each run has all of its budget, and begins at the control point 0.
        Machine::submit(pool, slow).unwrap();
        plain.run();
        assert!(Virtual::take_overruns().is_empty(), "once a run");
        assert_eq!(POINTS.each_ref().map(|point| point.load(Relaxed)), [0, 4]);
    }
    assert_eq!(Virtual::watched(), []);
    assert_eq!(Machine::outcome(slow), Some(taskpool_core::Outcome::Done(5)));
}

#[test]
fn the_report_names_the_address_of_the_job() {
    let (plain, pool) = scene();
    let slow = job(Some(&PLAIN), |_| crate::plain().advance(BUDGET + 1));
    Machine::submit(pool, slow).unwrap();
    plain.run();
    let told = Virtual::take_overruns();
    assert_eq!(told[0].address(), slow.as_ptr().addr());
}

#[test]
fn a_run_within_its_budget_leaves_no_timer() {
    let (plain, pool) = scene();
    let quick = job(Some(&PLAIN), |_| {
        assert_eq!(Virtual::watched().len(), 1);
        crate::plain().advance(BUDGET);
    });
    Machine::submit(pool, quick).unwrap();
    plain.run();
    assert!(matches!(watching()[..], [Call::Watch(_, at), Call::Unwatch(_)] if at == 1_000 + BUDGET + 1));
    assert_eq!(Virtual::watched(), []);
    plain.advance(10 * BUDGET);
    assert!(Virtual::take_overruns().is_empty());
}

#[test]
fn a_job_without_a_budget_is_not_watched() {
    static NAMED: About = About::new(c"named");
    static ENDLESS: About = About::new(c"endless").with_budget(MAX_TICKS + 1);
    let (plain, pool) = scene();
    for about in [None, Some(&NAMED), Some(&ENDLESS)] {
        let slow = job(about, |ctx| {
            ctx.set_control_point(1);
            crate::plain().advance(1_000_000);
        });
        Machine::submit(pool, slow).unwrap();
        plain.run();
        assert_eq!(Machine::status(slow), Status::Idle);
    }
    assert_eq!(watching(), []);
    assert_eq!((ENDLESS.budget(), NAMED.budget()), (None, None));
    assert_eq!(OTHER.budget(), Some(100));
}

#[test]
fn the_longest_budget_is_watched_to_the_end_of_time() {
    static LONG: About = About::new(c"long").with_budget(MAX_TICKS);
    let (plain, pool) = scene();
    Machine::submit(pool, job(Some(&LONG), |_| ())).unwrap();
    plain.run();
    assert!(matches!(watching()[0], Call::Watch(_, MAX_TICKS)));
}

#[test]
fn what_a_scope_runs_within_a_run_is_a_part_of_it() {
    let (plain, pool) = scene();
    let outer = job(Some(&PLAIN), |ctx| {
        ctx.set_control_point(6);
        let run_here = Machine::scope(ctx.pool(), |scope| {
            scope.spawn(|| crate::plain().advance(BUDGET + 1)).unwrap();
        });
        run_here.unwrap();
    });
    Machine::submit(pool, outer).unwrap();
    plain.run();
    let told = Virtual::take_overruns();
    assert_eq!(told.len(), 1);
    assert_eq!((name(&told[0]), told[0].control_point()), ("plain", 6));
}

struct Slow;

impl Work for Slow {
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        ctx.set_control_point(ctx.number() + 10);
        plain().advance(if ctx.number() == 2 { BUDGET + 1 } else { 1 });
        ctx.feed();
        if ctx.number() == 3 {
            return Next::Done(0);
        }
        Next::Default
    }
}

#[test]
fn each_run_of_a_task_has_the_budget() {
    let (plain, pool) = scene();
    let task = keep(Task::new::<Virtual>(Slow, 50).about(&PLAIN)).reference();
    Machine::enable(task, pool, First::Now).unwrap();
    plain.drain();
    let told = Virtual::take_overruns();
    assert_eq!(told.len(), 1);
    assert_eq!((name(&told[0]), told[0].control_point()), ("plain", 12));
    let calls = watching();
    assert_eq!(calls.iter().filter(|call| matches!(call, Call::Watch(..))).count(), 3);
    assert_eq!(calls.iter().filter(|call| matches!(call, Call::Feed(_))).count(), 3);
}

/// An expiry that is late: it was on its way when the run ended, or another one began.
fn expire_late(worker: WorkerRef, job: JobRef) {
    Machine::overrun(worker);
    for told in Virtual::take_overruns() {
        TOLD.with_borrow_mut(|list| list.push((name(&told), Machine::status(job))));
    }
}

#[test]
fn an_expiry_at_any_point_tells_of_a_job_that_runs_or_of_nothing() {
    // With the time that passes before it, and whether the run that it finds then is too long.
    for (ticks, too_long) in [(BUDGET - 1, false), (BUDGET, false), (BUDGET + 1, true), (99, true)] {
        let (mut cases, mut told) = (0, 0);
        for n in 1.. {
            let (plain, pool) = scene();
            let first = job(Some(&PLAIN), |ctx| {
                // A point within the run.
                assert!(!ctx.cancelled());
            });
            let worker = {
                // The only one there is.
                Machine::submit(pool, first).unwrap();
                plain.run();
                match watching()[0] {
                    Call::Watch(worker, _) => worker,
                    call => panic!("{call:?}"),
                }
            };
            TOLD.take();
            Machine::submit(pool, first).unwrap();
            plain.interrupt_at(n, move || {
                Virtual::pass(ticks);
                expire_late(worker, first);
            });
            plain.run();
            let beyond = plain.forget_intrusions() > 0;
            let list = TOLD.take();
            assert!(list.len() <= 1);
            for (name, status) in list {
                told += 1;
                assert!(too_long, "point {n}: it has its budget from its beginning");
                assert_eq!(name, "plain");
                assert!(matches!(status, Status::Running { .. }), "point {n}: {status:?}");
            }
            assert_eq!(Virtual::watched(), []);
            Virtual::take_overruns();
            if beyond {
                break;
            }
            cases += 1;
        }
        assert_eq!(cases, 5, "two sections more than those of a run and the look within it");
        // Where the run begins, and within it.
        assert_eq!(told, if too_long { 2 } else { 0 }, "{ticks}");
    }
}

#[test]
fn an_expiry_of_an_earlier_run_does_not_count_against_a_later_one() {
    let (plain, pool) = scene();
    let quick = job(Some(&PLAIN), |_| ());
    let slow = job(Some(&OTHER), |_| {
        let (plain, worker) = (crate::plain(), watched());
        // That of the other run, which has ended before it.
        plain.advance(BUDGET + 1);
        expire_late(worker, plain_job());
        assert_eq!(TOLD.take(), []);
        plain.advance(100 - BUDGET - 1);
        expire_late(worker, plain_job());
        assert_eq!(TOLD.take(), []);
        // The clock of another CPU may lag: it is too early there.
        plain.lagging(50, || Machine::overrun(worker));
        assert!(Virtual::take_overruns().is_empty());
        // Its own.
        plain.advance(1);
        let told = Virtual::take_overruns();
        assert_eq!(told.iter().map(name).collect::<Vec<_>>(), ["other"]);
    });
    JOB.set(Some(quick));
    Machine::submit(pool, quick).unwrap();
    Machine::submit(pool, slow).unwrap();
    plain.run();
    assert_eq!(Machine::status(slow), Status::Idle);
}

thread_local! {
    static JOB: Cell<Option<JobRef>> = const { Cell::new(None) };
}

fn plain_job() -> JobRef {
    JOB.get().unwrap()
}

#[test]
fn a_run_has_a_watchdog_from_its_beginning_to_its_end() {
    static WATCHED: About = About::new(c"watched").with_id(3).with_watchdog(250);
    static BOTH: About = WATCHED_AND_BUDGET;
    const WATCHED_AND_BUDGET: About = About::new(c"both").with_watchdog(100).with_budget(BUDGET);
    let (plain, pool) = scene();
    let fed = job(Some(&WATCHED), |ctx| {
        ctx.set_control_point(2);
        crate::plain().advance(4);
        ctx.feed();
        let Call::Guard(worker, 250) = watching()[0] else {
            panic!("no watchdog");
        };
        let found = Machine::watched(worker).unwrap();
        assert_eq!(
            (name(&found), found.elapsed(), found.control_point()),
            ("watched", 4, 2)
        );
        // It has no budget.
        crate::plain().advance(1_000_000);
        Machine::overrun(worker);
        assert!(Virtual::take_overruns().is_empty());
        ctx.feed();
    });
    Machine::submit(pool, fed).unwrap();
    plain.run();
    let calls = watching();
    let [Call::Feed(worker), Call::Unguard(same)] = calls[..] else {
        panic!("{calls:?}");
    };
    assert_eq!(worker, same);
    assert!(Machine::watched(worker).is_none(), "nothing runs");
    let both = job(Some(&BOTH), |_| crate::plain().advance(BUDGET + 1));
    Machine::submit(pool, both).unwrap();
    plain.run();
    assert_eq!(Virtual::take_overruns().len(), 1);
    assert!(matches!(
        watching()[..],
        [Call::Watch(..), Call::Guard(_, 100), Call::Unguard(_), Call::Unwatch(_)]
    ));
}

#[test]
fn what_was_told_of_one_run_is_not_kept_for_the_next() {
    let (plain, pool) = scene();
    let slow = job(Some(&PLAIN), |_| crate::plain().advance(BUDGET + 1));
    let other = job(Some(&OTHER), |_| crate::plain().advance(101));
    for job in [slow, other, slow] {
        Machine::submit(pool, job).unwrap();
        plain.run();
    }
    let told = Virtual::take_overruns();
    assert_eq!(told.iter().map(name).collect::<Vec<_>>(), ["plain", "other", "plain"]);
    assert_eq!(told[1].elapsed(), 101);
}
