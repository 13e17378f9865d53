//! Scopes: closures that borrow are over when the scope is, wherever it is opened, and whatever comes between.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use taskpool_core::{
    Caller, Job, JobRef, NotSpawned, Outcome, PoolRef, Port, Run, ScopeError, Shell, Shutdown, WaitError,
};
use taskpool_testkit::{keep, Plain, Virtual};

type Machine = Shell<Virtual>;

/// A world with a pool of one worker that has come to rest.
fn ready() -> (Plain, PoolRef) {
    let plain = Plain::new();
    let pool = plain.pool();
    plain.run();
    (plain, pool)
}

#[test]
fn closures_borrow_and_are_over_when_the_scope_is() {
    let (plain, pool) = ready();
    let (mut left, mut right) = ([3, 1, 2], [9, 7, 8]);
    let answer = Machine::scope(pool, |scope| {
        scope.spawn(|| left.sort_unstable()).unwrap();
        scope.spawn(|| right.sort_unstable()).unwrap();
        42
    });
    assert_eq!(answer, Ok(42));
    assert_eq!((left, right), ([1, 2, 3], [7, 8, 9]));
    assert_eq!(plain.cache().used, 0);
}

#[test]
fn without_a_slot_the_closure_comes_back_and_the_scope_goes_on() {
    let (plain, pool) = ready();
    let runs = AtomicU32::new(0);
    let count = || _ = runs.fetch_add(1, Relaxed);
    let refused = Machine::scope(pool, |scope| {
        let mut refused = 0;
        for _ in 0..5 {
            if let Err(error) = scope.spawn(count) {
                assert_eq!(error.why, NotSpawned::NoSlot);
                (error.closure)();
                refused += 1;
            }
        }
        refused
    });
    assert_eq!(refused, Ok(2), "the cache has three");
    assert_eq!((runs.into_inner(), plain.cache().used), (5, 0));
}

#[test]
fn an_interrupt_opens_no_scope() {
    let (plain, pool) = ready();
    plain.interrupt_at(1, move || {
        let answer = Machine::scope(pool, |_| panic!("nothing is called"));
        assert_eq!(answer, Err::<(), _>(ScopeError::InInterrupt));
    });
    plain.advance(1);
    Machine::cache();
    assert_eq!(plain.forget_intrusions(), 0);
}

#[test]
fn a_shutdown_discards_what_has_not_run() {
    let (plain, pool) = ready();
    let runs = AtomicU32::new(0);
    let answer = Machine::scope(pool, |scope| {
        scope.spawn(|| _ = runs.fetch_add(1, Relaxed)).unwrap();
        Machine::shutdown(pool, Shutdown::Discard, None).unwrap();
        assert_eq!(scope.spawn(|| ()).unwrap_err().why, NotSpawned::NotRunning);
    });
    assert_eq!(answer, Err(ScopeError::Discarded));
    assert_eq!(runs.into_inner(), 0);
    assert_eq!(plain.cache().used, 0);
}

struct Opens(PoolRef);

thread_local! {
    /// Who has opened the scope, then who has run its closures.
    static BY: RefCell<Vec<Caller>> = const { RefCell::new(Vec::new()) };
}

impl Run for Opens {
    fn run(&mut self, ctx: &taskpool_core::Ctx<'_>) -> i32 {
        BY.with_borrow_mut(|by| by.push(Virtual::caller()));
        let sums = [const { AtomicU32::new(0) }; 3];
        let answer = Machine::scope(self.0, |scope| {
            for (index, sum) in sums.iter().enumerate() {
                let closure = move || {
                    BY.with_borrow_mut(|by| by.push(Virtual::caller()));
                    sum.store(index as u32 + 1, Relaxed);
                };
                if let Err(refused) = scope.spawn(closure) {
                    (refused.closure)();
                }
            }
        });
        assert_eq!(answer, Ok(()));
        assert!(!ctx.cancelled());
        sums.map(AtomicU32::into_inner).iter().sum::<u32>() as i32
    }
}

/// The only worker of a pool runs the closures of its scope itself; on another pool's it waits.
#[test]
fn a_worker_runs_what_its_scope_has_queued() {
    for own in [true, false] {
        let (plain, pool) = ready();
        let other = plain.pool();
        plain.run();
        BY.take();
        let job = keep(Job::new(Opens(if own { pool } else { other })));
        Machine::submit(pool, job.reference()).unwrap();
        plain.drain();
        assert_eq!(Machine::outcome(job.reference()), Some(Outcome::Done(6)));
        let by = BY.take();
        assert_eq!(by.len(), 4);
        assert_eq!(
            by[0] == by[1],
            own,
            "on the worker of the pool that the closures are for"
        );
        assert!(by[1..].windows(2).all(|pair| pair[0] == pair[1]), "all on one worker");
        assert_eq!(plain.cache().used, 0);
        Machine::check(pool);
        // Afterwards the worker is what it was: it may not wait for its own pool.
        plain.drain();
    }
}

/// Opens a scope, then waits for itself in another pool.
struct WaitsForItself {
    pool: PoolRef,
    other: PoolRef,
}

impl Run for WaitsForItself {
    fn run(&mut self, ctx: &taskpool_core::Ctx<'_>) -> i32 {
        let me = ITSELF.get().expect("it was submitted");
        if ctx.pool() == self.other {
            return 2;
        }
        Machine::scope(self.pool, |scope| scope.spawn(|| ()).unwrap()).unwrap();
        Machine::submit(self.other, me).unwrap();
        assert_eq!(Machine::wait(me, None), Err(WaitError::OnWorker));
        1
    }
}

thread_local! {
    static ITSELF: Cell<Option<JobRef>> = const { Cell::new(None) };
}

#[test]
fn after_a_scope_a_worker_knows_again_which_job_it_runs() {
    let (plain, pool) = ready();
    let other = plain.pool();
    plain.run();
    let job = keep(Job::new(WaitsForItself { pool, other })).reference();
    ITSELF.set(Some(job));
    Machine::submit(pool, job).unwrap();
    plain.drain();
    assert_eq!(Machine::outcome(job), Some(Outcome::Done(2)));
}

/// Interrupts and other threads at every point of a scope.
#[test]
fn whatever_comes_between_all_is_over_at_the_end() {
    // Miri takes some of the points.
    for n in (1..60).step_by(if cfg!(miri) { 13 } else { 1 }) {
        for between in 0..4 {
            let (plain, pool) = ready();
            let other = keep(Job::new(Opens(pool)));
            let intrude = move || match between {
                0 => drop(Machine::submit(pool, other.reference())),
                1 => drop(Machine::cancel(other.reference())),
                2 => _ = Machine::hold(pool).and_then(|()| Machine::release_pool(pool)),
                _ => drop(Machine::spawn(pool, 0, || ())),
            };
            plain.interrupt_at(n, intrude);
            let runs = AtomicU32::new(0);
            let spawned = Machine::scope(pool, |scope| {
                (0..2)
                    .filter(|_| scope.spawn(|| _ = runs.fetch_add(1, Relaxed)).is_ok())
                    .count() as u32
            });
            assert_eq!(spawned, Ok(runs.into_inner()), "{n} {between}");
            BY.take();
            if between != 0 {
                plain.drain();
            }
            Machine::check(pool);
        }
    }
}

/// Goes to another pool when it ends; until then a closure of its scope, on the same worker, waits for that end.
struct IsWaitedForWithin {
    pool: PoolRef,
    other: PoolRef,
}

impl Run for IsWaitedForWithin {
    fn run(&mut self, ctx: &taskpool_core::Ctx<'_>) -> i32 {
        let me = ITSELF.get().expect("it was submitted");
        if ctx.pool() == self.other {
            return 2;
        }
        Machine::submit(self.other, me).unwrap();
        let waits = || {
            let ahead = Some(Virtual::now() + 10);
            assert_eq!(Machine::wait(me, ahead), Err(WaitError::OnWorker));
            assert_eq!(Machine::cancel_and_wait(me, ahead), Err(WaitError::OnWorker));
        };
        Machine::scope(self.pool, |scope| scope.spawn(waits).unwrap()).unwrap();
        1
    }
}

#[test]
fn a_closure_does_not_wait_for_the_job_that_it_runs_within() {
    let (plain, pool) = ready();
    let other = plain.pool();
    let job = keep(Job::new(IsWaitedForWithin { pool, other }));
    ITSELF.set(Some(job.reference()));
    Machine::submit(pool, job.reference()).unwrap();
    plain.drain();
    assert_eq!(
        Machine::outcome(job.reference()),
        Some(Outcome::Done(2)),
        "neither wait cancelled it"
    );
    assert_eq!(plain.cache().used, 0);
}

thread_local! {
    static ORDER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct InOrder(PoolRef);

impl Run for InOrder {
    fn run(&mut self, _: &taskpool_core::Ctx<'_>) -> i32 {
        let answer = Machine::scope(self.0, |scope| {
            for n in 0..3 {
                scope
                    .spawn(move || ORDER.with_borrow_mut(|order| order.push(n)))
                    .unwrap();
            }
        });
        assert_eq!(answer, Ok(()));
        0
    }
}

#[test]
fn a_worker_runs_the_closures_of_its_scope_in_their_order() {
    let (plain, pool) = ready();
    let job: &'static Job<InOrder> = keep(Job::new(InOrder(pool)));
    Machine::submit(pool, job.reference()).unwrap();
    plain.run();
    assert_eq!(ORDER.take(), [0, 1, 2]);
}

thread_local! {
    static PLAIN: Cell<Option<Plain>> = const { Cell::new(None) };
    static ANSWER: Cell<Option<Result<(), ScopeError>>> = const { Cell::new(None) };
}

struct Deserted(PoolRef);

impl Run for Deserted {
    fn run(&mut self, _: &taskpool_core::Ctx<'_>) -> i32 {
        let (plain, pool) = (PLAIN.get().unwrap(), self.0);
        let answer = Machine::scope(pool, |scope| {
            scope.spawn(|| panic!("it is discarded")).unwrap();
            plain.preempt_at(1, move || {
                assert!(plain.abandon(1, move || _ = Machine::shutdown(pool, Shutdown::Discard, None)));
            });
            Machine::cache();
        });
        ANSWER.set(Some(answer));
        0
    }
}

/// The worker itself sees to what its scope has queued, as it would without a scope.
#[test]
fn a_shutdown_whose_thread_never_goes_on_holds_up_no_scope() {
    let (plain, pool) = ready();
    PLAIN.set(Some(plain));
    let job: &'static Job<Deserted> = keep(Job::new(Deserted(pool)));
    Machine::submit(pool, job.reference()).unwrap();
    plain.run();
    assert_eq!(ANSWER.get(), Some(Err(ScopeError::Discarded)));
    assert_eq!(plain.cache().used, 0);
}

/// A job comes due before its scope ends.
struct OpensForLong(PoolRef);

impl Run for OpensForLong {
    fn run(&mut self, _: &taskpool_core::Ctx<'_>) -> i32 {
        let answer = Machine::scope(self.0, |scope| {
            scope.spawn(|| ()).unwrap();
            PLAIN.get().expect("the test has told it").advance(5);
        });
        assert_eq!(answer, Ok(()));
        0
    }
}

#[test]
fn a_worker_that_takes_the_last_ready_job_of_an_overdue_pool_for_its_scope_moves_a_due_one() {
    let (plain, pool) = ready();
    PLAIN.set(Some(plain));
    let job = || {
        keep(Job::new(
            (|_: &taskpool_core::Ctx<'_>| ()) as fn(&taskpool_core::Ctx<'_>),
        ))
        .reference()
    };
    let [first, second, due] = [job(), job(), job()];
    // The clock interrupt has moved a batch.
    Machine::submit_at(pool, first, 10).unwrap();
    Machine::submit_at(pool, second, 10).unwrap();
    plain.advance(10);
    plain.run();
    Machine::submit_at(pool, due, 12).unwrap();
    Machine::submit(pool, keep(Job::new(OpensForLong(pool))).reference()).unwrap();
    plain.run();
    assert_eq!(Machine::outcome(due), Some(Outcome::Done(0)));
}
