//! Pools and workers on the virtual port, which the test moves step by step, and no model beside them.

use std::cell::RefCell;
use std::marker::PhantomData;

use taskpool_core::{CacheUse, Phase, Pool, PoolRef, Shell, Snapshot, Worker, WorkerRef};

use crate::keep;
use crate::port::Virtual;

type Machine = Shell<Virtual>;

/// The pools of this thread. A handle: closures take a copy along.
#[derive(Clone, Copy, Debug)]
pub struct Plain(PhantomData<*const ()>);

struct Entry {
    reference: WorkerRef,
    phase: Phase,
    /// In the middle of a step.
    busy: bool,
}

thread_local! {
    static WORKERS: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// Never around a call of the machine.
fn workers<R>(f: impl FnOnce(&mut Vec<Entry>) -> R) -> R {
    WORKERS.with(|workers| f(&mut workers.borrow_mut()))
}

/// What goes on while a thread waits: the workers, and when they are all blocked, the clock.
fn meanwhile(until: Option<u64>) -> bool {
    let plain = Plain(PhantomData);
    if plain.step_all() {
        return true;
    }
    let Some(ticks) = Virtual::idle_time(until) else {
        return false;
    };
    plain.advance(ticks);
    true
}

impl Plain {
    /// No pools yet, and no reserve. The thread's last ones are forgotten.
    pub fn new() -> Self {
        Virtual::reset(|_| {});
        Virtual::set_meanwhile(meanwhile);
        workers(Vec::clear);
        Plain(PhantomData)
    }

    /// Workers of the reserve, so many; the next ones in number.
    pub fn add_reserve(self, count: u8) {
        for index in 0..count {
            let worker = keep(Worker::reserve(index)).reference();
            Machine::add_reserve(worker);
            workers(|workers| {
                workers.push(Entry {
                    reference: worker,
                    phase: Phase::Parked,
                    busy: false,
                });
            });
        }
    }

    /// Memory for a pool that is made at run time.
    pub fn no_pool(self) -> PoolRef {
        Virtual::zeroed_pool()
    }

    /// Idle workers of the reserve.
    pub fn reserve(self) -> u8 {
        Machine::check_reserve()
    }

    /// A pool that runs, with one worker, the next in number.
    pub fn pool(self) -> PoolRef {
        let pool = keep(Pool::new(1)).reference();
        let worker = keep(Worker::own(pool, 0, None)).reference();
        Machine::start(pool, worker, 1);
        workers(|workers| {
            workers.push(Entry {
                reference: worker,
                phase: Phase::Parked,
                busy: false,
            });
        });
        pool
    }

    /// One move of a worker. Answers whether it could go on: it can't while it waits, or is in the middle of a move.
    pub fn step(self, worker: usize) -> bool {
        let Some((reference, mut phase)) = workers(|workers| {
            let entry = &mut workers[worker];
            let waits = entry.phase == Phase::Parked && Virtual::count(entry.reference) == 0;
            if entry.busy || waits || Virtual::in_interrupt() {
                return None;
            }
            entry.busy = true;
            Some((entry.reference, entry.phase))
        }) else {
            return false;
        };
        if phase == Phase::Parked {
            phase = Machine::advance(reference, phase);
        }
        let next = Virtual::as_worker(reference, || Machine::advance(reference, phase));
        workers(|workers| {
            workers[worker].busy = false;
            workers[worker].phase = next;
        });
        true
    }

    /// Steps each worker once. Answers whether one could go on.
    fn step_all(self) -> bool {
        let count = workers(|workers| workers.len());
        (0..count).fold(false, |any, worker| any | self.step(worker))
    }

    /// Steps all workers in turn until each of them is blocked.
    pub fn run(self) {
        for _ in 0..10_000 {
            if !self.step_all() {
                return;
            }
        }
        panic!("the workers never come to rest");
    }

    /// Runs everything to its end, however late it is due, without interrupts that have not come.
    pub fn drain(self) {
        self.forget_intrusions();
        self.deliver();
        self.run();
        while let Some(next) = Virtual::next_timer() {
            self.advance(next.saturating_sub(self.now()));
            self.run();
        }
    }

    /// The present tick.
    pub fn now(self) -> u64 {
        Virtual::clock()
    }

    /// Does `body` on a thread that is preempted for ever at the `n`-th point. Answers whether it was.
    pub fn abandon(self, n: u64, body: impl FnOnce()) -> bool {
        Virtual::abandon_at(n, body).is_none()
    }

    /// Does `body` where the clock lags by so many ticks: in a late interrupt, or on another CPU.
    pub fn lagging(self, ticks: u64, body: impl FnOnce()) {
        Virtual::lagging(ticks, body);
    }

    /// Lets time pass; timers fire at their ticks.
    pub fn advance(self, ticks: u64) {
        Virtual::advance(ticks, || self.deliver());
    }

    fn deliver(self) {
        Virtual::deliver(Machine::expire);
    }

    /// An interrupt does `body` at the `n`-th point from now: after a lock section, or after a reading of the clock.
    pub fn interrupt_at(self, n: u64, body: impl FnOnce() + 'static) {
        Virtual::interrupt_at(n, body);
    }

    /// Other threads do `body` at the `n`-th point from now, or the first one after it that is not in an interrupt.
    pub fn preempt_at(self, n: u64, body: impl FnOnce() + 'static) {
        Virtual::preempt_at(n, body);
    }

    /// Forgets what has not come between yet; answers how many there were.
    pub fn forget_intrusions(self) -> usize {
        Virtual::forget_intrusions()
    }

    /// Whether an interrupt is being served.
    pub fn in_interrupt(self) -> bool {
        Virtual::in_interrupt()
    }

    /// Checks the cache, and answers how full it is. Not under the lock.
    pub fn cache(self) -> CacheUse {
        Virtual::unnoticed(Machine::check_cache)
    }

    /// Checks a pool, and counts.
    pub fn look(self, pool: PoolRef) -> Snapshot {
        Virtual::unnoticed(|| Machine::check(pool))
    }
}

impl Default for Plain {
    fn default() -> Self {
        Self::new()
    }
}
