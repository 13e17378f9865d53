//! Runs in the caller: without a worker, and yet as any run to all others.

use std::cell::RefCell;

use taskpool_core::{
    Accepted, Cancel, Complete, ControlError, Ctx, Job, JobRef, OnEnd, Outcome, PoolRef, Port, Run, RunNowError, Shell,
    Shutdown, Status,
};
use taskpool_testkit::{keep, Plain, Virtual};

type Machine = Shell<Virtual>;

thread_local! {
    static TOLD: RefCell<Vec<Outcome>> = const { RefCell::new(Vec::new()) };
    /// The number of the worker, for each run.
    static RUNS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Notes;

impl Complete for Notes {
    fn complete(&self, outcome: Outcome) {
        TOLD.with_borrow_mut(|told| told.push(outcome));
    }
}

static NOTES: OnEnd<Notes> = OnEnd::new(Notes);

/// Does something, and answers how often it ran.
struct Does<F>(F);

impl<F: FnMut(&Ctx<'_>) + Send> Run for Does<F> {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        RUNS.with_borrow_mut(|runs| runs.push(ctx.worker()));
        (self.0)(ctx);
        RUNS.with_borrow(|runs| runs.len() as i32)
    }
}

fn job(does: impl FnMut(&Ctx<'_>) + Send + 'static) -> JobRef {
    keep(Job::with_completion(Does(does), &NOTES)).reference()
}

/// A world with a pool of one worker that has come to rest.
fn ready() -> (Plain, PoolRef) {
    let plain = Plain::new();
    let pool = plain.pool();
    plain.run();
    TOLD.take();
    RUNS.take();
    (plain, pool)
}

#[test]
fn a_run_in_the_caller_is_told_and_counted_once() {
    let (plain, pool) = ready();
    let job = job(move |ctx| {
        assert!(ctx.runs(ctx_job(ctx)) && ctx.pool() == pool && ctx.due().is_none());
        assert_eq!(TOLD.with_borrow(Vec::len), RUNS.with_borrow(Vec::len) - 1);
    });
    ITSELF.set(Some(job));
    for round in 1..=3 {
        assert_eq!(Machine::run_now(pool, job), Ok(Outcome::Done(round)));
        assert_eq!(Machine::outcome(job), Some(Outcome::Done(round)));
        assert_eq!(Machine::wait(job, None), Ok(Outcome::Done(round)));
    }
    assert_eq!(TOLD.take(), [Outcome::Done(1), Outcome::Done(2), Outcome::Done(3)]);
    assert_eq!(RUNS.take(), [128; 3]);
    let stats = Machine::stats(pool);
    assert_eq!((stats.submitted, stats.done, stats.cancelled), (3, 3, 0));
    plain.drain();
    assert!(RUNS.take().is_empty(), "no worker ran it");
}

thread_local! {
    static ITSELF: std::cell::Cell<Option<JobRef>> = const { std::cell::Cell::new(None) };
}

fn ctx_job(_: &Ctx<'_>) -> JobRef {
    ITSELF.get().expect("it was named")
}

#[test]
fn a_worker_runs_it_under_its_own_number() {
    let (plain, pool) = ready();
    let other = plain.pool();
    let inner = job(|_| ());
    let outer = job(move |_| assert_eq!(Machine::run_now(other, inner), Ok(Outcome::Done(2))));
    Machine::submit(pool, outer).unwrap();
    plain.drain();
    assert_eq!(RUNS.take(), [0, 0]);
    assert_eq!(TOLD.take(), [Outcome::Done(2); 2], "the inner one, then the outer one");
    plain.look(pool);
    plain.look(other);
}

#[test]
fn what_is_under_way_is_not_run() {
    let (plain, pool) = ready();
    let job = job(move |ctx| {
        assert_eq!(
            Machine::run_now(ctx.pool(), ctx_job(ctx)),
            Err(RunNowError::UnderWay),
            "it runs"
        );
    });
    ITSELF.set(Some(job));
    Machine::submit_at(pool, job, 50).unwrap();
    assert_eq!(Machine::run_now(pool, job), Err(RunNowError::UnderWay));
    assert_eq!(Machine::status(job), Status::Deferred { deadline: 50 });
    Machine::submit(pool, job).unwrap();
    assert_eq!(Machine::run_now(pool, job), Err(RunNowError::UnderWay));
    assert_eq!(Machine::status(job), Status::Queued);
    plain.drain();
    assert_eq!(TOLD.take(), [Outcome::Done(1)]);
    assert_eq!(Machine::run_now(pool, job), Ok(Outcome::Done(2)));
}

#[test]
fn a_pool_that_runs_nothing_runs_it_not() {
    let (plain, pool) = ready();
    let job = job(|_| ());
    Machine::hold(pool).unwrap();
    assert_eq!(Machine::run_now(pool, job), Err(RunNowError::NotRunning));
    Machine::release_pool(pool).unwrap();
    Machine::shutdown(pool, Shutdown::Drain, None).unwrap();
    assert_eq!(Machine::run_now(pool, job), Err(RunNowError::NotRunning));
    Machine::restart(pool).unwrap();
    assert_eq!(Machine::run_now(pool, job), Ok(Outcome::Done(1)));
    let before = keep(taskpool_core::Pool::new(1)).reference();
    assert_eq!(
        Machine::run_now(before, job),
        Err(RunNowError::NotRunning),
        "not started"
    );
    plain.interrupt_at(1, move || {
        assert_eq!(Machine::run_now(pool, job), Err(RunNowError::InInterrupt));
    });
    plain.drain();
    Machine::stats(pool);
    assert_eq!(
        (TOLD.take(), Machine::stats(pool).submitted),
        (vec![Outcome::Done(1)], 1)
    );
}

#[test]
fn a_run_in_the_caller_is_cancelled_and_aborted_as_any_other() {
    let (plain, pool) = ready();
    let seen = job(move |ctx| {
        assert!(!ctx.cancelled());
        let running = Cancel::Running {
            resubmission_cancelled: false,
        };
        assert_eq!(Machine::cancel(ctx_job(ctx)), running);
        assert!(ctx.cancelled());
    });
    ITSELF.set(Some(seen));
    assert_eq!(Machine::run_now(pool, seen), Ok(Outcome::Done(1)));
    let aborted = job(move |ctx| {
        assert!(!ctx.cancelled());
        Machine::abort(ctx_job(ctx));
    });
    ITSELF.set(Some(aborted));
    assert_eq!(Machine::run_now(pool, aborted), Ok(Outcome::Aborted));
    assert_eq!(Machine::outcome(aborted), Some(Outcome::Aborted));
    assert_eq!(TOLD.take(), [Outcome::Done(1), Outcome::Aborted]);
    let stats = Machine::stats(pool);
    assert_eq!((stats.submitted, stats.done, stats.aborted), (2, 1, 1));
    plain.look(pool);
}

#[test]
fn a_worker_runs_it_once_more_when_it_was_submitted_again() {
    for deadline in [None, Some(30)] {
        let (plain, pool) = ready();
        let job = job(move |ctx| {
            if RUNS.with_borrow(Vec::len) == 1 {
                let again = match deadline {
                    None => Machine::submit(pool, ctx_job(ctx)).ok(),
                    Some(deadline) => Machine::submit_at(pool, ctx_job(ctx), deadline).ok(),
                };
                assert_eq!(again, Some(Accepted::Again));
            }
        });
        ITSELF.set(Some(job));
        assert_eq!(Machine::run_now(pool, job), Ok(Outcome::Done(1)));
        plain.drain();
        assert_eq!(TOLD.take(), [Outcome::Done(1), Outcome::Done(2)]);
        assert_eq!(RUNS.take(), [128, 0]);
        let stats = Machine::stats(pool);
        assert_eq!((stats.submitted, stats.done), (2, 2));
    }
}

#[test]
fn a_shutdown_within_the_run_does_not_succeed() {
    for how in [Shutdown::Drain, Shutdown::Discard] {
        let (plain, pool) = ready();
        let job = job(move |_| {
            let ahead = Some(Virtual::now() + 10);
            assert_eq!(Machine::shutdown(pool, how, ahead), Err(ControlError::TimedOut));
        });
        assert_eq!(Machine::run_now(pool, job), Ok(Outcome::Done(1)));
        assert_eq!(Machine::shutdown(pool, how, None), Ok(()));
        assert_eq!(Machine::restart(pool), Ok(()));
        plain.drain();
        plain.look(pool);
    }
}

/// Interrupts and other threads at every point.
#[test]
fn whatever_comes_between_each_submission_has_one_outcome() {
    for n in (1..40).step_by(if cfg!(miri) { 13 } else { 1 }) {
        for between in 0..8 {
            let (plain, pool) = ready();
            let job = job(|_| ());
            let intrude = move || match between {
                0 => drop(Machine::submit(pool, job)),
                1 => drop(Machine::submit_after(pool, job, 3)),
                2 => _ = Machine::cancel(job),
                3 => _ = Machine::abort(job),
                4 => {
                    _ = Machine::submit(pool, job);
                    _ = Machine::cancel(job);
                }
                5 => _ = Machine::hold(pool).and_then(|()| Machine::release_pool(pool)),
                _ => {
                    let how = if between == 6 {
                        Shutdown::Drain
                    } else {
                        Shutdown::Discard
                    };
                    let running = matches!(Machine::status(job), Status::Running { .. });
                    let answer = Machine::shutdown(pool, how, Some(0));
                    if answer.is_ok() {
                        assert!(!running, "a shutdown has not waited for a run");
                        let told = TOLD.with_borrow(Vec::len) as u32;
                        assert_eq!(told, Machine::stats(pool).submitted, "nor for those who are told");
                        Machine::restart(pool).unwrap();
                    } else {
                        assert_eq!(answer, Err(ControlError::TimedOut));
                    }
                }
            };
            match between {
                6.. => plain.preempt_at(n, intrude),
                _ => plain.interrupt_at(n, intrude),
            }
            // Nothing comes before its first section.
            let outcome = Machine::run_now(pool, job).unwrap();
            if plain.forget_intrusions() == 0 && between >= 6 {
                _ = Machine::shutdown(pool, Shutdown::Drain, None);
                _ = Machine::restart(pool);
            }
            plain.drain();
            let stats = Machine::stats(pool);
            let told = TOLD.take();
            let over = stats.done + stats.cancelled + stats.aborted + stats.timed_out + stats.discarded;
            assert_eq!(
                (stats.submitted, stats.submitted),
                (over, told.len() as u32),
                "{n} {between}"
            );
            assert!(told.contains(&outcome), "{n} {between}");
            assert_eq!(Machine::status(job), Status::Idle);
            plain.look(pool);
            assert_eq!(Machine::shutdown(pool, Shutdown::Drain, None), Ok(()));
        }
    }
}
