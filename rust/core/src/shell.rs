//! The shell: it locks, steps, wakes, unlocks, and then does what takes longer.
//!
//! The machine (`pool`, `job`) knows no clock, no thread and no lock; the port knows no job. The shell is all that is
//! between them.

use core::marker::PhantomData;

use crate::error::{DeferError, SubmitError};
use crate::event::Event;
use crate::job::{Accepted, Cancel, Code, CompletionRef, Ctx, JobRef, Outcome, Status};
use crate::lock::Token;
use crate::pool::{Answer, Due, Order, PoolRef, Snapshot, WorkerRef};
use crate::port::Port;
use crate::ticks::{Ticks, MAX_TICKS};

/// The machine on the port `P`. All functions but [`work`](Shell::work) return without waiting, and may be called from
/// threads and interrupts, before the pool is started too.
pub struct Shell<P>(PhantomData<P>);

/// Where a worker is between two lock sections. [`Shell::work`] keeps one on its stack; a test steps it by hand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// About to look for a job.
    Looking,
    /// Of the reserve, and about to look for a job: first for a pool, if it has none.
    Joining,
    /// Waits on its semaphore; all begin so.
    #[default]
    Parked,
    /// Runs this job, for this pool, with this deadline.
    Running(JobRef, PoolRef, u64),
    /// The job has run and answered.
    Ran(JobRef, Code),
    /// About to tell the completion how the run ended.
    Completing(CompletionRef, Code),
}

impl<P: Port> Shell<P> {
    /// One lock section, and what its order asks for.
    #[inline(always)]
    fn section<R>(step: impl FnOnce(&Token<'_>) -> (R, Order)) -> R {
        let key = P::lock();
        // SAFETY: the lock was just taken and is released after the token's last use; a port has one lock.
        let token = unsafe { Token::attest() };
        let (answer, order) = step(&token);
        match order {
            // Under the lock: a submitter that was preempted between unlocking and waking would hold up the job.
            Order::Wake(worker) => P::wake(worker),
            Order::Lend { worker, pool, first } => P::lend(worker, pool, first),
            Order::Nothing | Order::Arm(_) => {}
        }
        P::unlock(key);
        match order {
            Order::Wake(_) | Order::Lend { .. } => P::reschedule(),
            Order::Arm(pool) => {
                Self::tick(pool, false);
            }
            Order::Nothing => {}
        }
        answer
    }

    /// A lock section that gives no order.
    #[inline(always)]
    fn look<R>(step: impl FnOnce(&Token<'_>) -> R) -> R {
        Self::section(|token| (step(token), Order::Nothing))
    }

    #[inline(always)]
    fn report(event: Event) {
        if P::LEVEL.is_some_and(|level| event.level() <= level) {
            P::event(event);
        }
    }

    /// Starts a pool with the `count` workers that are chained from `first` (see [`Worker::own`](crate::Worker::own)), and
    /// lets it run what was submitted before. Threads only, at boot; their own threads may be started before or after.
    /// Does nothing for a pool that runs already.
    ///
    /// # Panics
    ///
    /// When `count` is 0 or more than the pool's maximum.
    pub fn start(pool: PoolRef, first: WorkerRef, count: u8) {
        let Some(ready) = Self::look(|token| pool.start(token, first, count)) else {
            return;
        };
        Self::report(Event::PoolStarted(pool, count.into()));
        for _ in 0..ready {
            Self::section(|token| ((), pool.call_worker(token, pool, P::reserve())));
        }
        Self::tick(pool, false);
    }

    /// Adds a worker to the reserve. Threads only, at boot, before any pool is started.
    pub fn add_reserve(worker: WorkerRef) {
        Self::look(|token| P::reserve().add(token, worker));
    }

    /// Submits a job to run as soon as a worker is free. One lock section, O(1).
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing has changed then.
    #[inline]
    pub fn submit(pool: PoolRef, job: JobRef) -> Result<Accepted, SubmitError> {
        Self::section(|token| pool.submit(token, job, P::reserve()))
    }

    /// Submits a job to run once `now() >= deadline`, in ticks since boot. One lock section of O(log n), and sometimes
    /// the arming of the timer.
    ///
    /// # Errors
    ///
    /// [`DeferError`]; nothing has changed then.
    pub fn submit_at(pool: PoolRef, job: JobRef, deadline: u64) -> Result<Accepted, DeferError> {
        if deadline > MAX_TICKS {
            return Err(DeferError::OutOfRange);
        }
        // Tick 0 is over for every caller, so tick 1 is no later, and 0 can stand for "no deadline".
        let deadline = Ticks::new(deadline.max(1));
        Self::section(|token| pool.defer(token, job, deadline)).map_err(DeferError::from)
    }

    /// Submits a job to run when at least `delay` ticks have passed: at now + delay + 1, as the current tick has partly
    /// passed. A delay of 0 runs it now. Otherwise as [`submit_at`](Shell::submit_at).
    ///
    /// # Errors
    ///
    /// [`DeferError`]; nothing has changed then.
    pub fn submit_after(pool: PoolRef, job: JobRef, delay: u64) -> Result<Accepted, DeferError> {
        if delay == 0 {
            return Self::submit(pool, job).map_err(DeferError::from);
        }
        if delay > MAX_TICKS {
            return Err(DeferError::OutOfRange);
        }
        Self::submit_at(pool, job, P::now() + delay + 1)
    }

    /// Cancels what is under way of a job, without waiting. One lock section, O(log n), then the completion of what was
    /// cancelled, in the caller's context.
    pub fn cancel(job: JobRef) -> Cancel {
        let (cancel, completion) = Self::look(|token| job.cancel(token));
        if let Some(completion) = completion {
            completion.tell(Outcome::Cancelled);
        }
        cancel
    }

    /// Where the job is now. One lock section, O(1).
    pub fn status(job: JobRef) -> Status {
        Self::look(|token| job.status(token))
    }

    fn cancelled(job: JobRef) -> bool {
        Self::look(|token| job.cancelled(token))
    }

    /// The pool's timer has expired. The port calls this, in the clock interrupt; it moves at most
    /// [`Port::EXPIRY_BATCH`] jobs, one lock section each.
    pub fn expire(pool: PoolRef) {
        Self::tick(pool, true);
    }

    /// Moves due jobs to the ready queue, a batch at most, and arms the timer for the earliest of the others. Answers how
    /// many it moved.
    fn tick(pool: PoolRef, fired: bool) -> u32 {
        let now = P::now();
        let mut moved = 0;
        loop {
            let due = Self::section(|token| {
                let may_move = moved < P::EXPIRY_BATCH;
                let (due, order) = pool.expire(token, now, fired, may_move, P::reserve());
                if let Due::Arm(deadline) = due {
                    // Under the lock: outside, two contexts could start the timer in the wrong order.
                    P::arm(pool, deadline);
                }
                (due, order)
            });
            match due {
                Due::Moved => moved += 1,
                Due::Arm(_) | Due::Nothing => return moved,
            }
        }
    }

    /// The life of a worker: the port's thread enters here and never returns.
    pub fn work(worker: WorkerRef) -> ! {
        let mut phase = Phase::default();
        loop {
            phase = Self::advance(worker, phase);
        }
    }

    /// One move of a worker: at most one lock section, or one run, completion or wait.
    #[inline(always)]
    pub fn advance(worker: WorkerRef, phase: Phase) -> Phase {
        let finished = match phase {
            Phase::Looking | Phase::Joining => None,
            Phase::Ran(job, code) => Some((job, code)),
            Phase::Parked => {
                P::park(worker);
                return if worker.is_reserve() {
                    Phase::Joining
                } else {
                    Phase::Looking
                };
            }
            Phase::Running(job, pool, due) => {
                let ctx = Ctx {
                    job,
                    pool,
                    worker: &worker,
                    due,
                    cancelled: Self::cancelled,
                };
                return Phase::Ran(job, ctx.enter());
            }
            Phase::Completing(completion, code) => {
                completion.tell(Outcome::Done(code));
                return Phase::Looking;
            }
        };
        let key = P::lock();
        // SAFETY: as in `section`, which can't serve here: a worker does not reschedule, and reports what it moved.
        let token = unsafe { Token::attest() };
        let (answer, order) = worker.step(&token, finished, P::reserve());
        match order {
            Order::Wake(other) => P::wake(other),
            Order::Lend { worker, pool, first } => P::lend(worker, pool, first),
            Order::Nothing | Order::Arm(_) => {}
        }
        P::unlock(key);
        if let Order::Arm(pool) = order {
            let moved = Self::tick(pool, false);
            if moved > 0 {
                Self::report(Event::Overdue(pool, moved));
            }
        }
        let joining = phase == Phase::Joining;
        match answer {
            Answer::Again if joining => Phase::Joining,
            Answer::Again => Phase::Looking,
            Answer::Block => Phase::Parked,
            Answer::Run { job, pool, due } => {
                if joining {
                    Self::report(Event::WorkerLent(pool, worker.number().into()));
                }
                Phase::Running(job, pool, due)
            }
            Answer::Complete(completion) => match finished {
                Some((_, code)) => Phase::Completing(completion, code),
                None => Phase::Looking,
            },
            Answer::Left(pool) => {
                if !joining {
                    Self::report(Event::WorkerReturned(pool, worker.number().into()));
                }
                Phase::Joining
            }
            Answer::Joined(pool) => {
                P::join(worker, pool);
                Phase::Joining
            }
        }
    }

    /// Checks everything that must hold in a pool; see [`Pool::check`](crate::Pool::check). For tests.
    pub fn check(pool: PoolRef) -> Snapshot {
        Self::look(|token| pool.check(token))
    }

    /// Checks the reserve and counts its idle workers. For tests.
    pub fn check_reserve() -> u8 {
        Self::look(|token| P::reserve().check(token))
    }
}
