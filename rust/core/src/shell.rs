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

/// Where a worker is between two lock sections, for a test that steps it by hand. [`Shell::work`] needs none.
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
        if let Some(pool) = Self::carry_out(&token, key, order) {
            Self::tick(pool, false, P::now());
        }
        answer
    }

    /// Ends a lock section as the step ordered. Answers the pool whose timer is to be seen to.
    #[inline(always)]
    fn carry_out(token: &Token<'_>, key: P::Key, order: Order) -> Option<PoolRef> {
        match order {
            Order::Nothing => P::unlock(key),
            // Under the lock: a submitter that was preempted between unlocking and waking would hold up the job.
            Order::Wake(worker) => {
                P::wake(worker);
                P::unlock_and_switch(key);
            }
            Order::Borrow(pool) => {
                Self::borrow(token, pool);
                P::unlock_and_switch(key);
            }
            Order::Join(worker) => {
                if let Some(pool) = worker.pool(token) {
                    P::join(worker, pool);
                }
                P::unlock_and_switch(key);
            }
            Order::Arm(pool) => {
                P::unlock(key);
                return Some(pool);
            }
        }
        None
    }

    /// Lends a worker of the reserve, if there is one.
    #[cold]
    #[inline(never)]
    fn borrow(token: &Token<'_>, pool: PoolRef) {
        if let Some(lent) = P::reserve().lend(token, pool) {
            P::lend(lent.worker, pool, lent.first);
        }
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
            Self::section(|token| ((), pool.call_worker(token, pool)));
        }
        Self::tick(pool, false, P::now());
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
        Self::section(|token| pool.submit(token, job))
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
        Self::defer(pool, job, deadline.max(1), 0)
    }

    /// Defers. `now` is the time of the call, or 0 when nobody has looked: then the clock is read when it is needed.
    #[inline(never)]
    fn defer(pool: PoolRef, job: JobRef, deadline: u64, now: u64) -> Result<Accepted, DeferError> {
        let key = P::lock();
        // SAFETY: as in `section`, which can't serve here: a caller who knows the time can arm in this section.
        let token = unsafe { Token::attest() };
        let (accepted, mut order) = pool.defer(&token, job, Ticks::new(deadline));
        if order != Order::Nothing && now != 0 {
            if let Some(deadline) = pool.arm(&token, now) {
                P::arm(pool, deadline);
                order = Order::Nothing;
            }
        }
        if let Some(pool) = Self::carry_out(&token, key, order) {
            Self::tick(pool, false, P::now());
        }
        accepted.map_err(DeferError::from)
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
        let now = P::now();
        let deadline = now.wrapping_add(delay).wrapping_add(1);
        // `MAX_TICKS` is all ones, so this asks of both whether they exceed it; a sum that wrapped has a delay that does.
        if deadline | delay > MAX_TICKS {
            return Err(DeferError::OutOfRange);
        }
        Self::defer(pool, job, deadline, now)
    }

    /// Cancels what is under way of a job, without waiting. One lock section, O(log n), then the completion of what was
    /// cancelled, in the caller's context.
    pub fn cancel(job: JobRef) -> Cancel {
        let (cancel, completion) = Self::section(|token| job.cancel(token));
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
        Self::tick(pool, true, P::now());
    }

    /// Moves due jobs to the ready queue, a batch at most, and arms the timer for the earliest of the others. Answers how
    /// many it moved.
    fn tick(pool: PoolRef, fired: bool, now: u64) -> u32 {
        let mut moved = 0;
        // The clock interrupt's batch is counted under the lock: it can span several calls.
        while fired || moved < u32::from(P::EXPIRY_BATCH) {
            let due = Self::section(|token| {
                let (due, order) = pool.expire(token, now, fired, P::EXPIRY_BATCH);
                if let Due::Arm(deadline) = due {
                    // Under the lock: outside, two contexts could start the timer in the wrong order.
                    P::arm(pool, deadline);
                }
                (due, order)
            });
            if due != Due::Moved {
                break;
            }
            moved += 1;
        }
        moved
    }

    /// The life of a worker: the port's thread enters here and never returns.
    ///
    /// [`advance`](Shell::advance) in a loop, without a phase in between.
    pub fn work(worker: WorkerRef) -> ! {
        let mut ctx = Ctx::new(&worker, Self::cancelled);
        let mut finished = None;
        let mut joining = Self::wait(worker);
        loop {
            let answer = Self::decide(worker, finished, joining);
            let ended = finished.take();
            match answer {
                Answer::Run { job, pool, due } => {
                    joining = false;
                    finished = Some((job, ctx.enter(job, pool, due)));
                }
                Answer::Block => joining = Self::wait(worker),
                Answer::Complete(completion) => Self::complete(completion, ended),
                Answer::Again => {}
                Answer::Left(_) => joining = true,
            }
        }
    }

    /// One move of a worker: at most one lock section, or one run, completion or wait.
    pub fn advance(worker: WorkerRef, phase: Phase) -> Phase {
        let (finished, joining) = match phase {
            Phase::Looking => (None, false),
            Phase::Joining => (None, true),
            Phase::Ran(job, code) => (Some((job, code)), false),
            Phase::Parked => {
                return match Self::wait(worker) {
                    true => Phase::Joining,
                    false => Phase::Looking,
                }
            }
            Phase::Running(job, pool, due) => {
                return Phase::Ran(job, Ctx::new(&worker, Self::cancelled).enter(job, pool, due));
            }
            Phase::Completing(completion, code) => {
                completion.tell(Outcome::Done(code));
                return Phase::Looking;
            }
        };
        match Self::decide(worker, finished, joining) {
            Answer::Run { job, pool, due } => Phase::Running(job, pool, due),
            Answer::Block => Phase::Parked,
            Answer::Complete(completion) => match finished {
                Some((_, code)) => Phase::Completing(completion, code),
                None => Phase::Looking,
            },
            Answer::Again if !joining => Phase::Looking,
            Answer::Again | Answer::Left(_) => Phase::Joining,
        }
    }

    /// Waits to be woken. Answers whether the worker has to say that it joined a pool.
    #[inline(always)]
    fn wait(worker: WorkerRef) -> bool {
        P::park(worker);
        worker.is_reserve()
    }

    #[inline(always)]
    fn complete(completion: CompletionRef, ended: Option<(JobRef, Code)>) {
        if let Some((_, code)) = ended {
            completion.tell(Outcome::Done(code));
        }
    }

    /// The lock section of a worker, and all that it asks for.
    #[inline(always)]
    fn decide(worker: WorkerRef, finished: Option<(JobRef, Code)>, joining: bool) -> Answer {
        let key = P::lock();
        // SAFETY: as in `section`, which can't serve here: a worker reports what it moved.
        let token = unsafe { Token::attest() };
        if !joining {
            if let Some((job, pool, due)) = worker.step_on(&token, finished) {
                P::unlock(key);
                return Answer::Run { job, pool, due };
            }
        }
        Self::decide_rest(worker, token, key, finished, joining)
    }

    /// All but the common case.
    #[inline(never)]
    fn decide_rest(
        worker: WorkerRef,
        token: Token<'_>,
        key: P::Key,
        finished: Option<(JobRef, Code)>,
        joining: bool,
    ) -> Answer {
        let (answer, order) = worker.step(&token, finished, P::reserve());
        if let Some(pool) = Self::carry_out(&token, key, order) {
            Self::catch_up(pool);
        }
        match answer {
            Answer::Run { pool, .. } if joining => Self::report(Event::WorkerLent(pool, worker.number().into())),
            Answer::Left(pool) if !joining => Self::report(Event::WorkerReturned(pool, worker.number().into())),
            _ => {}
        }
        answer
    }

    /// A worker has seen a deadline that nothing covers.
    #[cold]
    #[inline(never)]
    fn catch_up(pool: PoolRef) {
        let full = Self::look(|token| pool.take_over(token)) >= P::EXPIRY_BATCH;
        let moved = Self::tick(pool, false, P::now());
        if full && moved > 0 {
            Self::report(Event::Overdue(pool, moved));
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
