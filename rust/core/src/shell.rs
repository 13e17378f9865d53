//! The shell: it locks, steps, wakes, unlocks, and then does what takes longer.
//!
//! The machine (`pool`, `job`) knows no clock, no thread and no lock; the port knows no job. The shell is all that is
//! between them.

use core::marker::PhantomData;
use core::num::NonZeroU8;
use core::ptr::NonNull;

use crate::error::{DeferError, LevelError, RunNowError, SubmitError};
use crate::fault::broken;
use crate::job::{
    Accepted, Caller, Cancel, Code, CompletionRef, Ctx, JobRef, Outcome, SpawnedRef, Status, WaitError, Waiter,
    WaiterRef, Waiting,
};
use crate::lock::Token;
#[cfg(CONFIG_TASKPOOL_STATS)]
use crate::pool::Stats;
use crate::pool::{
    Answer, Clock, Closing, ControlError, CreateError, Ended, Lent, Order, PoolRef, Rank, Shutdown, Snapshot, Taken,
    Worker, WorkerRef, LEVEL_PRIORITIES, RUNTIME,
};
#[cfg(CONFIG_TASKPOOL_GROUPS)]
use crate::pool::{GroupRef, GroupSnapshot, LimitError};
use crate::port::Port;
use crate::reference::Ref;
use crate::report::{Level, Report};
use crate::site::By;
use crate::ticks::{When, MAX_TICKS};

/// The machine on the port `P`. What does not wait may be called from threads and interrupts, before the pool is started
/// too; [`work`](Shell::work), [`wait`](Shell::wait), [`cancel_and_wait`](Shell::cancel_and_wait) and
/// [`shutdown`](Shell::shutdown) wait.
///
/// With `CONFIG_TASKPOOL_LEVEL_PRIORITIES`, a section that makes a job ready for which no worker is idle, or that
/// changes the level of a ready job, is O(w) on top of what is said: it looks at the w workers of the pool that are on
/// their way (`pool/rank.rs`). In any configuration a section that ends a submission is O(n) of the threads that wait
/// for that job.
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
    /// About to tell how a submission ended.
    Completing(Told),
}

/// Who is to be told of the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told(Ended, Outcome);

/// What a worker does next: an `Answer` whose job is prepared.
enum Next {
    Again,
    Block,
    Run,
    TellDone(Ended),
    TellAborted(Ended),
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    TellCancelled(Ended),
    TellTimedOut(Ended),
    TellDiscarded(Ended),
    Left,
}

/// What is left of an order, to be done when the lock is released.
enum Rest {
    /// Nothing.
    Unlock,
    /// A woken thread may be more urgent.
    Switch,
    /// Those who waited go on: the line that begins with this one.
    #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
    Release(WaiterRef),
}

impl<P: Port> Shell<P> {
    /// One lock section, and what its order asks for.
    #[inline(always)]
    pub(crate) fn section<R>(step: impl FnOnce(&Token<'_>) -> (R, Order)) -> R {
        let key = P::lock();
        // SAFETY: the lock was just taken and is released after the token's last use; a port has one lock.
        let token = unsafe { Token::attest(P::now, P::groups) };
        let (answer, order) = step(&token);
        Self::carry_out(token, key, order);
        answer
    }

    /// Ends a lock section as the step ordered.
    #[inline(always)]
    fn carry_out(token: Token<'_>, key: P::Key, order: Order) {
        match order {
            Order::Nothing if !token.has_freed() => P::unlock(key),
            order => Self::carry_out_rest(token, key, order),
        }
    }

    /// All but the common order.
    #[inline(never)]
    fn carry_out_rest(token: Token<'_>, key: P::Key, order: Order) {
        let rest = Self::perform(&token, order);
        #[cfg(CONFIG_TASKPOOL_GROUPS)]
        if let Some(group) = token.take_freed() {
            // What was ordered first may have taken the last worker, or the place in the line for one.
            let second = Self::perform(&token, group.admit(&token));
            return Self::end_both(key, rest, second);
        }
        Self::end(key, rest);
    }

    /// What an order asks for under the lock. Answers what is left.
    #[inline(always)]
    fn perform(token: &Token<'_>, mut order: Order) -> Rest {
        if let Order::Look(pool) = order {
            order = pool.expire(token, None, pool.time(token, P::now()));
        }
        match order {
            // Under the lock: a submitter that was preempted between unlocking and waking would hold up the job.
            Order::Wake(worker, rank) => {
                Self::send(token, worker, rank);
                P::wake(worker);
            }
            Order::Borrow(pool, rank) => match P::reserve().and_then(|reserve| reserve.lend(token, pool)) {
                Some(lent) => Self::hand_over(token, &lent, pool, rank),
                None => Self::hurry(token, pool, rank),
            },
            #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
            Order::Adapt(worker, rank) => Self::send(token, worker, rank),
            Order::Join(worker) => {
                if let (Some(pool), true) = (worker.pool(token), P::reserve().is_some()) {
                    P::join(worker, pool);
                    Self::send(token, worker, pool.top_rank(token));
                }
            }
            // Outside the lock, two contexts could start the timer in the wrong order.
            Order::Arm(pool) => {
                P::arm(pool, pool.armed(token));
                return Rest::Unlock;
            }
            #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
            Order::Release(first) => return Rest::Release(first),
            Order::Nothing | Order::Moved | Order::Look(_) => return Rest::Unlock,
        }
        Rest::Switch
    }

    /// Ends a lock section, and does what is left.
    #[inline(always)]
    fn end(key: P::Key, rest: Rest) {
        match rest {
            Rest::Unlock => P::unlock(key),
            Rest::Switch => P::unlock_and_switch(key),
            #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
            Rest::Release(first) => {
                P::unlock(key);
                Self::release(first);
            }
        }
    }

    /// As `end`, of two orders.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    #[inline(always)]
    fn end_both(key: P::Key, first: Rest, second: Rest) {
        match matches!(first, Rest::Switch) || matches!(second, Rest::Switch) {
            true => P::unlock_and_switch(key),
            false => P::unlock(key),
        }
        #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
        for rest in [first, second] {
            if let Rest::Release(line) = rest {
                Self::release(line);
            }
        }
    }

    /// A worker of the reserve has been lent, for a job of this rank.
    #[inline(always)]
    fn hand_over(token: &Token<'_>, lent: &Lent, pool: PoolRef, rank: Rank) {
        if LEVEL_PRIORITIES {
            // Of this pool, so always.
            P::set_level(lent.worker, pool, rank.level());
            lent.worker.has(token, rank);
            lent.worker.set_out(token);
        }
        P::lend(lent.worker, pool, lent.first);
    }

    /// A worker is on its way to a job of this rank: its thread takes that priority, if it has another one.
    #[inline(always)]
    fn send(token: &Token<'_>, worker: WorkerRef, rank: Rank) {
        if LEVEL_PRIORITIES {
            if let (Some(level), Some(pool)) = (worker.lacks(token, rank), worker.pool(token)) {
                P::set_level(worker, pool, level);
                worker.has(token, rank);
            }
            worker.set_out(token);
        }
    }

    /// A worker has no job and looks for one again: from now on it is on its way, and as urgent at least as the job that
    /// it would find.
    #[inline(always)]
    fn keep_up(token: &Token<'_>, worker: WorkerRef, answer: Answer, order: Order) {
        // All but these four.
        let looks_again = !matches!(
            answer,
            Answer::Block | Answer::Run { .. } | Answer::Left(_) | Answer::Gone(_)
        );
        // Whoever joins a pool takes its priority first.
        if let (Some(pool), true, false) = (worker.pool(token), looks_again, matches!(order, Order::Join(_))) {
            let rank = pool.top_rank(token);
            Self::send(token, worker, rank.max(worker.rank(token)));
        }
    }

    /// No worker was found for a job of this rank: one that is on its way makes haste.
    #[inline(always)]
    fn hurry(_token: &Token<'_>, _pool: PoolRef, _rank: Rank) {
        #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
        if let Order::Adapt(worker, rank) = _pool.hurry(_token, _rank) {
            Self::send(_token, worker, rank);
        }
    }

    /// Whether workers say that they are lent and come back, and so have to remember it.
    const TELLS_LENDING: bool = Self::reports(Level::Debug);

    /// A lock section that gives no order.
    #[inline(always)]
    pub(crate) fn look<R>(step: impl FnOnce(&Token<'_>) -> R) -> R {
        Self::section(|token| (step(token), Order::Nothing))
    }

    #[inline(always)]
    fn report(report: Report) {
        if Self::reports(report.level()) {
            P::report(report);
        }
    }

    const fn reports(level: Level) -> bool {
        matches!(P::LEVEL, Some(up_to) if level as u8 <= up_to as u8)
    }

    /// Starts a pool with the `count` workers that are chained from `first` (see [`Worker::own`](crate::Worker::own)),
    /// and lets it run what was submitted before. Threads only, at boot; their own threads may be started before or
    /// after. Does nothing for a pool that runs already. Lock sections as those of
    /// [`release_pool`](Shell::release_pool).
    ///
    /// # Panics
    ///
    /// When `count` is 0 or more than the pool's maximum.
    pub fn start(pool: PoolRef, first: WorkerRef, count: u8) {
        let now = P::now();
        let freed = Self::set_free(pool, true, |token| pool.start(token, first, count, now).ok_or(()));
        if let Ok(others) = freed {
            Self::report(Report::PoolStarted(pool, count.into()));
            Self::call_others(pool, others);
        }
    }

    /// Makes a pool at run time: of memory in which there is none, or one that was shut down to the end. It has no worker
    /// of its own and borrows up to `max` of the reserve. Threads only; one lock section, O(1), in which `configure` is
    /// called, and another one after the report.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; nothing has changed then.
    pub fn create(pool: PoolRef, max: u8, configure: impl FnOnce()) -> Result<(), CreateError> {
        Self::may_make(max)?;
        Self::look(|token| Self::make(token, pool, max, configure))?;
        Self::report_made(pool, 0);
        Ok(())
    }

    /// Whether somebody may make a pool here, with such a maximum.
    fn may_make(max: u8) -> Result<(), CreateError> {
        if P::caller() == Caller::Interrupt {
            return Err(CreateError::InInterrupt);
        }
        if !(1..=127).contains(&max) {
            return Err(CreateError::OutOfRange);
        }
        Ok(())
    }

    /// Makes a pool, and does not report it yet.
    fn make(token: &Token<'_>, pool: PoolRef, max: u8, configure: impl FnOnce()) -> Result<(), CreateError> {
        if !pool.make(token, max) {
            return Err(CreateError::InUse);
        }
        configure();
        if Self::reports(Level::Info) {
            pool.expect(token);
        }
        Ok(())
    }

    /// Reports a pool that was made, with so many workers that stay with it.
    fn report_made(pool: PoolRef, kept: u8) {
        if Self::reports(Level::Info) {
            P::report(Report::PoolStarted(pool, kept.into()));
            Self::reported(pool);
        }
    }

    /// As [`create`](Shell::create), and `min` of its workers stay with the pool until it is shut down. Its lock section is
    /// O(`min`): nobody sees a pool that has some of them.
    ///
    /// # Errors
    ///
    /// [`CreateError`]; nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    pub fn create_keeping(pool: PoolRef, min: u8, max: u8, configure: impl FnOnce()) -> Result<(), CreateError> {
        if min > max {
            return Err(CreateError::OutOfRange);
        }
        Self::may_make(max)?;
        let key = P::lock();
        // SAFETY: as in `section`, which can't serve here: only here are workers lent without a job for each.
        let token = unsafe { Token::attest(P::now, P::groups) };
        let made = match P::reserve().filter(|reserve| reserve.has(&token, min)) {
            Some(reserve) => Self::make(&token, pool, max, configure).map(|()| {
                for _ in 0..min {
                    let lent = reserve.give(&token, pool).unwrap_or_else(|| broken());
                    if LEVEL_PRIORITIES {
                        P::set_level(lent.worker, pool, Rank::LOWEST.level());
                    }
                    P::keep(lent.worker, pool, lent.first);
                }
            }),
            None => Err(CreateError::NoWorkers),
        };
        P::unlock_and_switch(key);
        made?;
        Self::report_made(pool, min);
        Ok(())
    }

    /// A report that a shutdown waited for has been made. The pool may be gone when this returns.
    fn reported(pool: PoolRef) {
        Self::section(|token| {
            pool.expect_no_more(token);
            ((), pool.nudge_deserted(token))
        });
    }

    /// A step that sets so many ready jobs free, and perhaps timers. In the same section a worker is called for the first
    /// job, or the timers are looked at: none must depend on this thread's going on. Answers for how many jobs it is yet to
    /// call others ([`call_others`](Shell::call_others)); without them, that worker runs all.
    fn set_free<E>(
        pool: PoolRef,
        timers: bool,
        step: impl FnOnce(&Token<'_>) -> Result<u8, E>,
    ) -> Result<Option<u8>, E> {
        Self::section(|token| match step(token) {
            Ok(0) if timers => (Ok(None), Order::Look(pool)),
            Ok(0) => (Ok(None), Order::Nothing),
            // The worker sees to the timers: the pool is overdue until somebody does.
            Ok(ready) => {
                let order = pool.call_worker(token, pool, pool.top_rank(token));
                (Ok(Some(ready - 1)), order)
            }
            Err(error) => (Err(error), Order::Nothing),
        })
    }

    /// Calls workers for so many jobs more, and looks at the timers.
    fn call_others(pool: PoolRef, others: Option<u8>) {
        let Some(others) = others else {
            return;
        };
        for _ in 0..others {
            Self::section(|token| ((), pool.call_worker(token, pool, pool.top_rank(token))));
        }
        Self::section(|_| ((), Order::Look(pool)));
    }

    /// Holds a pool: it takes submissions, and runs none of them, nor what was submitted before, until
    /// [`release_pool`](Shell::release_pool). What runs goes on. Callable everywhere; one lock section, O(1).
    ///
    /// # Errors
    ///
    /// [`ControlError::NotRunning`]: the pool was not running, or is held already.
    pub fn hold(pool: PoolRef) -> Result<(), ControlError> {
        Self::pause(pool, Clock::RunsOn)
    }

    /// As [`hold`](Shell::hold), and the pool's clock runs on, or stands until [`release_pool`](Shell::release_pool).
    /// Callable everywhere; one lock section, O(1).
    ///
    /// # Errors
    ///
    /// [`ControlError::NotRunning`]: the pool was not running, or is held already.
    pub fn pause(pool: PoolRef, clock: Clock) -> Result<(), ControlError> {
        let stop = || (clock == Clock::Frozen).then(P::now);
        match Self::look(|token| pool.hold(token, stop())) {
            true => Ok(()),
            false => Err(ControlError::NotRunning),
        }
    }

    /// Ends [`hold`](Shell::hold) and [`pause`](Shell::pause). What has come due meanwhile runs at once. Callable
    /// everywhere; a lock section for each ready job, up to the pool's maximum, and one more. The first one walks over
    /// these jobs; the last one looks at the timers, O(log n).
    ///
    /// # Errors
    ///
    /// [`ControlError::NotRunning`]: the pool is not held.
    pub fn release_pool(pool: PoolRef) -> Result<(), ControlError> {
        // The time is looked up under the lock: an older one would move a clock that was stopped meanwhile.
        let release = |token: &Token<'_>| pool.release(token, P::now()).ok_or(ControlError::NotRunning);
        Self::call_others(pool, Self::set_free(pool, true, release)?);
        Ok(())
    }

    /// Changes how many workers a pool may have, borrowed ones included. Above the new maximum, borrowed workers leave
    /// after the job that they run. Callable everywhere; a lock section for each ready job that there is room for, and
    /// one more, as for [`release_pool`](Shell::release_pool).
    ///
    /// # Errors
    ///
    /// [`ControlError::OutOfRange`], [`ControlError::NotRunning`]; nothing has changed then.
    pub fn set_max_threads(pool: PoolRef, max: u8) -> Result<(), ControlError> {
        Self::call_others(pool, Self::set_free(pool, false, |token| pool.set_max(token, max))?);
        Ok(())
    }

    /// Shuts a pool down: it takes no more submissions, what is under way ends as `how` says, and when this returns, no
    /// job of the pool runs or will. Several threads may do so at once. Not for interrupts and the pool's workers. A
    /// held pool takes the lock sections of [`release_pool`](Shell::release_pool) first. Then there is one for each job
    /// that is discarded, O(log n), one each time that a worker of the pool comes to rest, and a few more; the last one
    /// walks over the pool's own workers, the pools in the reserve's line and the threads that shut this pool down.
    ///
    /// # Errors
    ///
    /// [`ControlError`]. When the time was up, the pool stays closed and its jobs end by themselves, but for those that a
    /// run resubmits or defers that outlasts this call: these wait for another call. Deferred ones, and
    /// with [`Shutdown::Discard`] queued ones, have been discarded.
    pub fn shutdown(pool: PoolRef, how: Shutdown, deadline: Option<u64>) -> Result<(), ControlError> {
        let caller = P::caller();
        let close = |token: &Token<'_>| pool.close(token, how, caller, P::now);
        Self::call_others(pool, Self::set_free(pool, false, close)?);
        P::with_signal(|signal| {
            let closer = Waiter::new(signal);
            // SAFETY: as in `wait_after`; it is in the line only while this thread waits.
            let closer = unsafe { Ref::new(NonNull::from(&closer)) };
            let mut told = false;
            loop {
                let before = core::mem::take(&mut told);
                match Self::look(|token| pool.close_on(token, closer, before, P::reserve())) {
                    Closing::Over(others) => {
                        if let Some(first) = others {
                            Self::release(first);
                        }
                        return Ok(());
                    }
                    Closing::Tell(ended) => {
                        Self::tell(ended, Outcome::Discarded);
                        told = true;
                    }
                    Closing::Wait => {
                        if P::take(signal, deadline) {
                            continue;
                        }
                        if Self::look(|token| pool.close_end(token, closer)) {
                            return Err(ControlError::TimedOut);
                        }
                        P::take(signal, None);
                    }
                }
            }
        })
    }

    /// Starts a pool again that has been shut down. Callable everywhere; one lock section, O(1).
    ///
    /// # Errors
    ///
    /// [`ControlError::NotRunning`]: it has not been shut down, or not to the end.
    pub fn restart(pool: PoolRef) -> Result<(), ControlError> {
        match Self::look(|token| pool.restart(token)) {
            true => Ok(()),
            false => Err(ControlError::NotRunning),
        }
    }

    /// Adds a worker to the reserve. Threads only, at boot, before any pool is started.
    pub fn add_reserve(worker: WorkerRef) {
        if let Some(reserve) = P::reserve() {
            Self::look(|token| reserve.add(token, worker));
        }
    }

    /// Submits a job to run as soon as a worker is free. One lock section, O(1), but for what [`Shell`] says of levels;
    /// O(log n) for a deferred job.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing has changed then.
    #[inline(always)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit(pool: PoolRef, job: JobRef) -> Result<Accepted, SubmitError> {
        Self::submit_by(pool, job, By::caller())
    }

    /// [`submit`](Shell::submit) by somebody else than the caller.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing has changed then.
    #[inline(never)]
    pub fn submit_by(pool: PoolRef, job: JobRef, by: By) -> Result<Accepted, SubmitError> {
        Self::submit_inline(pool, job, by)
    }

    /// [`submit`](Shell::submit) for a caller that is a function of its own already, as C's is.
    #[inline(always)]
    pub fn submit_inline(pool: PoolRef, job: JobRef, by: By) -> Result<Accepted, SubmitError> {
        let key = P::lock();
        // SAFETY: as in `section`, which can't serve here: waking is common, too.
        let token = unsafe { Token::attest(P::now, P::groups) };
        let (accepted, order) = pool.submit(&token, job, by);
        if let Order::Wake(worker, rank) = order {
            Self::send(&token, worker, rank);
            P::wake(worker);
            P::unlock_and_switch(key);
        } else {
            Self::carry_out(token, key, order);
        }
        accepted
    }

    /// Submits a job to run as soon as a worker is free, unless none is for at least `within` ticks: then it does not
    /// run, and its outcome is [`Outcome::TimedOut`], which the worker tells that would have run it. One lock section,
    /// O(1) and so on as for [`submit`](Shell::submit).
    ///
    /// # Errors
    ///
    /// [`DeferError`]; nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_ABORT)]
    #[inline(always)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit_within(pool: PoolRef, job: JobRef, within: u64) -> Result<Accepted, DeferError> {
        Self::submit_within_by(pool, job, within, By::caller())
    }

    /// [`submit_within`](Shell::submit_within) by somebody else than the caller.
    ///
    /// # Errors
    ///
    /// [`DeferError`]; nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_ABORT)]
    pub fn submit_within_by(pool: PoolRef, job: JobRef, within: u64, by: By) -> Result<Accepted, DeferError> {
        Self::section(|token| {
            // Under the lock, as the pool's clock may be stopped before it, and go on.
            let now = P::now();
            match now.checked_add(within) {
                Some(limit) if limit < MAX_TICKS => {
                    let (accepted, order) = pool.submit_within(token, job, limit + 1, || now, by);
                    (accepted.map_err(DeferError::from), order)
                }
                _ => (Err(DeferError::OutOfRange), Order::Nothing),
            }
        })
    }

    /// Submits a job to run before all others; what is ready in this pool already moves to the head. When no worker is
    /// idle, the reserve may lend one beyond the pool's maximum. Otherwise as [`submit`](Shell::submit).
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing has changed then.
    #[inline(always)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit_urgent(pool: PoolRef, job: JobRef) -> Result<Accepted, SubmitError> {
        Self::submit_urgent_by(pool, job, By::caller())
    }

    /// [`submit_urgent`](Shell::submit_urgent) by somebody else than the caller.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing has changed then.
    #[inline(never)]
    pub fn submit_urgent_by(pool: PoolRef, job: JobRef, by: By) -> Result<Accepted, SubmitError> {
        Self::section(|token| pool.submit_urgent(token, job, by))
    }

    /// As [`submit_urgent`](Shell::submit_urgent), if no worker of the pool is idle, and otherwise as
    /// [`submit`](Shell::submit).
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit_urgent_if_busy(pool: PoolRef, job: JobRef) -> Result<Accepted, SubmitError> {
        let by = By::caller();
        Self::section(|token| pool.submit_urgent_if_busy(token, job, by))
    }

    /// Moves a job that is queued in this pool behind all others, or, if it is `urgent` and no worker is idle, before them
    /// and with one more worker. Answers whether it was queued there.
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn requeue(pool: PoolRef, job: JobRef, urgent: bool) -> bool {
        let by = By::caller();
        Self::section(|token| pool.requeue(token, job, urgent, by))
    }

    /// Changes the level of a job, at which it waits for a worker: the higher, the sooner it is taken. A ready one goes
    /// behind the others of its new level. Callable everywhere; one lock section, O(1), but for what [`Shell`] says of
    /// levels.
    ///
    /// # Errors
    ///
    /// [`LevelError`]: there is no such level. Nothing has changed then.
    pub fn set_level(job: JobRef, level: u8) -> Result<(), LevelError> {
        Self::section(|token| (job.set_level(token, level), job.hurry(token)))
    }

    /// Changes how many jobs of a group run at once. With a higher limit, held jobs become ready, in their order; above a
    /// lower one, what has a place keeps it. Callable everywhere; one lock section, O(1), and one more for each job that is
    /// admitted.
    ///
    /// # Errors
    ///
    /// [`LimitError`]: the limit is 0. Nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub fn set_limit(group: GroupRef, limit: u16) -> Result<(), LimitError> {
        let places = Self::look(|token| group.set_limit(token, limit))?;
        for _ in 1..places {
            Self::look(|token| group.offer(token));
        }
        Ok(())
    }

    /// The limit of a group, how many of its jobs have a place, and how many wait for one. Callable everywhere; one lock
    /// section, O(1).
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub fn group(group: GroupRef) -> GroupSnapshot {
        Self::look(|token| group.snapshot(token))
    }

    /// Checks everything that must hold in a group; see [`Group::check`](crate::Group::check). For tests.
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub fn check_group(group: GroupRef) -> GroupSnapshot {
        Self::look(|token| group.check(token))
    }

    /// Submits a job to run once `now() >= deadline`, in ticks since boot. One lock section of O(log n), and sometimes
    /// the arming of the timer.
    ///
    /// # Errors
    ///
    /// [`DeferError`]; nothing has changed then.
    #[inline]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit_at(pool: PoolRef, job: JobRef, deadline: u64) -> Result<Accepted, DeferError> {
        if deadline > MAX_TICKS {
            return Err(DeferError::OutOfRange);
        }
        Self::defer(pool, job, When::at(deadline), By::caller())
    }

    /// Submits a job to run when at least `delay` ticks have passed: at now + delay + 1, as the current tick has partly
    /// passed. A delay of 0 runs it now. Otherwise as [`submit_at`](Shell::submit_at).
    ///
    /// # Errors
    ///
    /// [`DeferError`]; nothing has changed then.
    #[inline]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn submit_after(pool: PoolRef, job: JobRef, delay: u64) -> Result<Accepted, DeferError> {
        Self::submit_after_by(pool, job, delay, By::caller())
    }

    /// [`submit_after`](Shell::submit_after) by somebody else than the caller.
    #[inline]
    pub(crate) fn submit_after_by(pool: PoolRef, job: JobRef, delay: u64, by: By) -> Result<Accepted, DeferError> {
        if delay > MAX_TICKS {
            return Err(DeferError::OutOfRange);
        }
        if delay == 0 {
            return Self::submit_by(pool, job, by).map_err(DeferError::from);
        }
        Self::defer(pool, job, When::after(delay), by)
    }

    /// One function for both.
    #[inline(never)]
    fn defer(pool: PoolRef, job: JobRef, when: When, by: By) -> Result<Accepted, DeferError> {
        Self::defer_inline(pool, job, when, by)
    }

    /// [`submit_after`](Shell::submit_after) and [`submit_at`](Shell::submit_at) for a caller that is a function of its own
    /// already, as C's is.
    ///
    /// # Errors
    ///
    /// [`DeferError`]; nothing has changed then.
    #[inline(always)]
    pub fn defer_inline(pool: PoolRef, job: JobRef, when: When, by: By) -> Result<Accepted, DeferError> {
        let delay = when.delay();
        let relative = delay.is_some();
        let ahead = |now: u64| now.wrapping_add(delay.unwrap_or(0)).wrapping_add(1);
        let (mut now, mut deadline) = (0, when.deadline());
        if relative {
            now = P::now();
            deadline = ahead(now);
            if deadline > MAX_TICKS {
                return Err(DeferError::OutOfRange);
            }
        }
        let key = P::lock();
        // SAFETY: as in `section`, which can't serve here: only here is it known what is ahead.
        let token = unsafe { Token::attest(P::now, P::groups) };
        if relative && pool.has_stood(&token) {
            now = P::now();
            deadline = ahead(now).min(MAX_TICKS);
        }
        let deadline = pool.own_time(&token, deadline, || if relative { now } else { P::now() });
        let (accepted, mut order) = pool.defer(&token, job, deadline, by);
        if relative && matches!(order, Order::Look(_)) {
            // It is the earliest, and ahead, unless this thread was kept waiting since it looked at the clock: then the
            // timer expires in the next tick.
            order = pool.arm(&token, deadline);
        }
        Self::carry_out(token, key, order);
        accepted.map_err(DeferError::from)
    }

    /// Cancels what is under way of a job, without waiting. One lock section, O(log n), then the completion of what was
    /// cancelled, in the caller's context, and those who wait for it.
    #[inline(never)]
    pub fn cancel(job: JobRef) -> Cancel {
        Self::cancel_inline(job)
    }

    /// [`cancel`](Shell::cancel) for a caller that is a function of its own already, as C's is.
    #[inline(always)]
    pub fn cancel_inline(job: JobRef) -> Cancel {
        let (cancel, ended) = Self::section(|token| job.cancel(token));
        Self::tell(ended, Outcome::Cancelled);
        cancel
    }

    /// As [`cancel`](Shell::cancel), of the job that is found under the lock, if one is.
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub(crate) fn cancel_if(find: impl FnOnce(&Token<'_>) -> Option<JobRef>) -> Option<Cancel> {
        let (cancel, ended) = Self::section(|token| match find(token) {
            Some(job) => {
                let ((cancel, ended), order) = job.cancel(token);
                ((Some(cancel), ended), order)
            }
            None => ((None, Ended::default()), Order::Nothing),
        });
        Self::tell(ended, Outcome::Cancelled);
        cancel
    }

    /// As [`cancel`](Shell::cancel), with another outcome, which a run that goes on has too, whatever it answers.
    #[cfg(CONFIG_TASKPOOL_ABORT)]
    pub fn abort(job: JobRef) -> Cancel {
        let (cancel, ended) = Self::section(|token| job.abort(token));
        Self::tell(ended, Outcome::Aborted);
        cancel
    }

    /// Tells an outcome: the completion first, then those who wait, in the order in which they came.
    #[inline(always)]
    pub(crate) fn tell(ended: Ended, outcome: Outcome) {
        if let Some(completion) = ended.completion {
            Self::tell_completion(completion, outcome);
        }
        if let Some(first) = ended.waiters() {
            Self::release(first);
        }
    }

    #[inline(always)]
    fn tell_completion(completion: CompletionRef, outcome: Outcome) {
        #[cfg(CONFIG_TASKPOOL_EVENTS)]
        if let Some(event) = completion.event() {
            Self::signal_outcome(event, outcome);
            return;
        }
        completion.tell(outcome);
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn release(first: WaiterRef) {
        let mut link = Some(first);
        while let Some(waiter) = link {
            let (next, signal) = Self::look(|token| waiter.leave(token));
            link = next;
            P::give(signal);
        }
    }

    /// Waits until the last accepted submission of a job has ended, but not longer than until the time is `deadline`;
    /// `Some(0)` only looks, and is callable everywhere. Answers its outcome; for an Idle job the last one's.
    ///
    /// # Errors
    ///
    /// [`WaitError`]; nothing has changed then.
    pub fn wait(job: JobRef, deadline: Option<u64>) -> Result<Outcome, WaitError> {
        let caller = P::caller();
        Self::wait_after(job, deadline, |token, waiter| {
            let begun = job.wait_begin(token, waiter, caller);
            (begun, Ended::default(), Order::Nothing)
        })
    }

    /// As [`wait`](Shell::wait), if the job is still there, which is seen under the lock. If not, the answer says nothing.
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub(crate) fn wait_if(
        job: JobRef,
        deadline: Option<u64>,
        is_there: impl FnOnce(&Token<'_>) -> bool,
    ) -> Result<Outcome, WaitError> {
        let caller = P::caller();
        Self::wait_after(job, deadline, |token, waiter| {
            let begun = match is_there(token) {
                true => job.wait_begin(token, waiter, caller),
                false => Err(WaitError::NeverSubmitted),
            };
            (begun, Ended::default(), Order::Nothing)
        })
    }

    /// Cancels what is under way, and waits for the run that goes on, if any: afterwards the job does not run, unless
    /// somebody has submitted it again. Otherwise as [`wait`](Shell::wait).
    ///
    /// # Errors
    ///
    /// [`WaitError`]. When the time was up, the run has been told that it is cancelled, and goes on; otherwise nothing
    /// has changed.
    pub fn cancel_and_wait(job: JobRef, deadline: Option<u64>) -> Result<Outcome, WaitError> {
        let caller = P::caller();
        Self::wait_after(job, deadline, |token, waiter| {
            job.cancel_and_wait_begin(token, waiter, caller)
        })
    }

    /// Waits until the submission of a spawned job has left it, wherever this is called: a worker of its pool is not waited
    /// for any more.
    pub(crate) fn wait_for_submission(spawned: SpawnedRef) -> Outcome {
        let waited = Self::wait_after(spawned.job(), None, |token, waiter| {
            // With no limit there is one.
            let waiting = spawned.wait_begin(token, waiter.unwrap_or_else(|| broken()));
            (Ok(waiting), Ended::default(), Order::Nothing)
        });
        waited.unwrap_or_else(|_| broken())
    }

    /// Runs an Idle job in the calling thread, and tells of its end as after any run. Answers how it ended. The job's
    /// [`Ctx::worker`] is the calling worker's number, or 128 in any other thread. Three lock sections, O(1).
    ///
    /// # Errors
    ///
    /// [`RunNowError`]; nothing has changed then.
    #[inline(always)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn run_now(pool: PoolRef, job: JobRef) -> Result<Outcome, RunNowError> {
        Self::run_now_by(pool, job, By::caller())
    }

    /// [`run_now`](Shell::run_now) by somebody else than the caller.
    ///
    /// # Errors
    ///
    /// [`RunNowError`]; nothing has changed then.
    pub fn run_now_by(pool: PoolRef, job: JobRef, by: By) -> Result<Outcome, RunNowError> {
        let number = match P::caller() {
            Caller::Interrupt => return Err(RunNowError::InInterrupt),
            Caller::Worker(worker) => worker.number(),
            Caller::Thread => Self::NO_WORKER,
        };
        Self::look(|token| pool.begin_here(token, job, by))?;
        // No pool knows it: it only has the number, and nobody watches over it.
        let caller = Worker::own(pool, number, None);
        // SAFETY: it stays here until the run is over, and only the run's context refers to it.
        let caller = unsafe { Ref::new(NonNull::from(&caller)) };
        let mut ctx = Ctx::new(&caller, Self::cancelled, |_| ());
        ctx.prepare(job, pool, 0);
        let (_, code) = ctx.enter();
        let (ended, outcome) = Self::section(|token| pool.finish_here(token, job, code));
        Self::tell(ended, outcome);
        // A shutdown waits until all that is over, as it waits for a worker that tells.
        Self::section(|token| ((), pool.leave_here(token)));
        Ok(outcome)
    }

    /// The number of a thread that is no worker: workers count below and above it.
    const NO_WORKER: u8 = 128;

    /// Runs a queued job on the worker that calls, within what it runs already, if it belongs to the job's pool.
    pub(crate) fn run_here(worker: WorkerRef, job: JobRef) {
        let (pool, outer) = match Self::section(|token| worker.take(token, job)) {
            Taken::Nothing => return,
            Taken::Discarded(ended) => return Self::tell(ended, Outcome::Discarded),
            Taken::ToRun(pool, outer) => (pool, outer),
        };
        let mut ctx = Ctx::new(&worker, Self::cancelled, Self::feed);
        ctx.prepare(job, pool, 0);
        let (_, code) = ctx.enter();
        let ended = Self::look(|token| worker.finish(token, job, code, outer));
        Self::tell(ended, Outcome::Done(code));
    }

    fn wait_after(
        job: JobRef,
        deadline: Option<u64>,
        begin: impl FnOnce(&Token<'_>, Option<WaiterRef>) -> (Result<Waiting, WaitError>, Ended, Order),
    ) -> Result<Outcome, WaitError> {
        P::with_signal(|signal| {
            let waiter = Waiter::new(signal);
            // SAFETY: it stays where it is until this function returns, which is after it has left the list: `wait_end`
            // takes it out, or whoever let it go has given its signal, and `release` does not come back to it then.
            let waiter = unsafe { Ref::new(NonNull::from(&waiter)) };
            let (begun, ended) = Self::section(|token| {
                let (begun, ended, order) = begin(token, (deadline != Some(0)).then_some(waiter));
                ((begun, ended), order)
            });
            Self::tell(ended, Outcome::Cancelled);
            if let Waiting::Over(outcome) = begun? {
                return Ok(outcome);
            }
            if !P::take(signal, deadline) {
                if Self::look(|token| job.wait_end(token, waiter)) {
                    return Err(WaitError::TimedOut);
                }
                P::take(signal, None);
            }
            Ok(Self::look(|token| waiter.outcome(token)).unwrap_or_else(|| broken()))
        })
    }

    /// The outcome of the last submission, if none is under way and there was one. One lock section, O(1).
    pub fn outcome(job: JobRef) -> Option<Outcome> {
        Self::look(|token| job.outcome(token))
    }

    /// What a pool has counted. One lock section, O(1), with divisions in 64 bits.
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub fn stats(pool: PoolRef) -> Stats {
        Self::look(|token| pool.stats(token))
    }

    /// Begins to count anew. One lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_STATS)]
    pub fn reset_stats(pool: PoolRef) {
        Self::look(|token| pool.reset_stats(token));
    }

    /// Where the job is now. One lock section, O(1).
    pub fn status(job: JobRef) -> Status {
        Self::look(|token| job.status(token, P::now))
    }

    /// Where the job is now, and how its last submission ended, if none is under way. One lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    pub fn whereabouts(job: JobRef) -> (Status, Option<Outcome>) {
        Self::look(|token| (job.status(token, P::now), job.outcome(token)))
    }

    fn cancelled(job: JobRef) -> bool {
        Self::look(|token| job.cancelled(token))
    }

    /// Feeds what watches over the run of this worker.
    fn feed(_worker: WorkerRef) {
        #[cfg(CONFIG_TASKPOOL_WDT)]
        P::feed(_worker);
    }

    /// Runs the job that was prepared.
    #[cfg(not(CONFIG_TASKPOOL_BUDGETS))]
    #[inline(always)]
    fn enter(_: WorkerRef, ctx: &mut Ctx<'_>) -> (JobRef, Code) {
        ctx.enter()
    }

    /// The pool's timer has expired. The port calls this, in the clock interrupt; it moves at most
    /// [`Port::EXPIRY_BATCH`] jobs, one lock section each, and arms the timer for the earliest of the others.
    pub fn expire(pool: PoolRef) {
        let now = P::now();
        let mut begun = false;
        loop {
            let key = P::lock();
            // SAFETY: as in `section`, which can't serve here: the order says whether there is more to do.
            let token = unsafe { Token::attest(P::now, P::groups) };
            if !begun {
                pool.begin_expiry(&token);
                begun = true;
            }
            let order = pool.expire(&token, NonZeroU8::new(P::EXPIRY_BATCH), pool.time(&token, now));
            Self::carry_out_rest(token, key, order);
            if matches!(order, Order::Nothing | Order::Arm(_)) {
                return;
            }
        }
    }

    /// The life of a worker: the port's thread enters here and never returns.
    ///
    /// [`advance`](Shell::advance) in a loop, without a phase in between.
    pub fn work(worker: WorkerRef) -> ! {
        let mut ctx = Ctx::new(&worker, Self::cancelled, Self::feed);
        let (mut finished, mut code, mut joining) = (None, 0, false);
        let mut next = Next::Block;
        loop {
            match next {
                Next::Run => {
                    joining = false;
                    let (job, answer) = Self::enter(worker, &mut ctx);
                    (finished, code) = (Some(job), answer);
                }
                Next::Block => joining = Self::park(worker),
                Next::TellDone(ended) => Self::tell(ended, Outcome::Done(code)),
                Next::TellAborted(ended) => Self::tell(ended, Outcome::Aborted),
                #[cfg(CONFIG_TASKPOOL_TASKS)]
                Next::TellCancelled(ended) => Self::tell(ended, Outcome::Cancelled),
                Next::TellTimedOut(ended) => Self::tell(ended, Outcome::TimedOut),
                Next::TellDiscarded(ended) => Self::tell(ended, Outcome::Discarded),
                Next::Again => {}
                Next::Left => joining = Self::TELLS_LENDING,
            }
            next = Self::decide(worker, &mut ctx, finished.take().map(|job| (job, code)), joining);
        }
    }

    /// One move of a worker: at most one lock section, or one run, completion or wait.
    pub fn advance(worker: WorkerRef, phase: Phase) -> Phase {
        let mut ctx = Ctx::new(&worker, Self::cancelled, Self::feed);
        let (finished, joining) = match phase {
            Phase::Looking => (None, false),
            Phase::Joining => (None, true),
            Phase::Ran(job, code) => (Some((job, code)), false),
            Phase::Parked => {
                return match Self::park(worker) {
                    true => Phase::Joining,
                    false => Phase::Looking,
                }
            }
            Phase::Running(job, pool, due) => {
                ctx.prepare(job, pool, due);
                let (_, code) = Self::enter(worker, &mut ctx);
                return Phase::Ran(job, code);
            }
            Phase::Completing(Told(ended, outcome)) => {
                Self::tell(ended, outcome);
                return Phase::Looking;
            }
        };
        match Self::decide(worker, &mut ctx, finished, joining) {
            Next::Run => {
                let (job, pool, due) = ctx.prepared();
                Phase::Running(job, pool, due)
            }
            Next::Block => Phase::Parked,
            Next::TellDone(ended) => {
                let code = finished.map_or(0, |(_, code)| code);
                Phase::Completing(Told(ended, Outcome::Done(code)))
            }
            Next::TellAborted(ended) => Phase::Completing(Told(ended, Outcome::Aborted)),
            #[cfg(CONFIG_TASKPOOL_TASKS)]
            Next::TellCancelled(ended) => Phase::Completing(Told(ended, Outcome::Cancelled)),
            Next::TellTimedOut(ended) => Phase::Completing(Told(ended, Outcome::TimedOut)),
            Next::TellDiscarded(ended) => Phase::Completing(Told(ended, Outcome::Discarded)),
            Next::Again if !joining => Phase::Looking,
            Next::Again | Next::Left => Phase::Joining,
        }
    }

    /// Waits to be woken. Answers whether the worker has to say that it joined a pool.
    #[inline(always)]
    fn park(worker: WorkerRef) -> bool {
        P::park(worker);
        Self::TELLS_LENDING && worker.is_reserve()
    }

    /// The lock section of a worker, and all that it asks for. A job to run is prepared in `ctx`.
    #[inline(always)]
    fn decide(worker: WorkerRef, ctx: &mut Ctx<'_>, finished: Option<(JobRef, Code)>, joining: bool) -> Next {
        let key = P::lock();
        // SAFETY: as in `section`, which can't serve here: it has no common case.
        let token = unsafe { Token::attest(P::now, P::groups) };
        worker.arrive(&token);
        if !joining {
            if let Some((job, pool, due)) = worker.step_on(&token, finished) {
                P::unlock(key);
                ctx.prepare(job, pool, due);
                return Next::Run;
            }
        }
        Self::decide_rest(worker, ctx, token, key, finished, joining)
    }

    /// All but the common case.
    #[inline(never)]
    fn decide_rest(
        worker: WorkerRef,
        ctx: &mut Ctx<'_>,
        token: Token<'_>,
        key: P::Key,
        finished: Option<(JobRef, Code)>,
        joining: bool,
    ) -> Next {
        let overdue = match worker.pool(&token) {
            Some(pool) if Self::reports(Level::Warning) && pool.finds_overdue(&token) => Some(pool),
            _ => None,
        };
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        let pool = worker.pool(&token);
        let (answer, order) = worker.step(&token, finished, P::reserve(), P::now);
        if LEVEL_PRIORITIES {
            Self::keep_up(&token, worker, answer, order);
        }
        // Such a pool may be gone when its last worker has left; it stays until that worker has made its reports.
        let left = match answer {
            Answer::Left(pool) | Answer::Gone(pool)
                if RUNTIME && (overdue.is_some() || (!joining && Self::reports(Level::Debug))) =>
            {
                Some(pool).filter(|pool| pool.passes(&token))
            }
            _ => None,
        };
        if let Some(pool) = left {
            pool.expect(&token);
        }
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        let quiet = match (answer, pool) {
            (Answer::Block | Answer::Left(_) | Answer::Gone(_), Some(pool)) => pool.quiet(&token),
            _ => None,
        };
        match order {
            Order::Nothing | Order::Moved if !token.has_freed() => P::unlock(key),
            order => Self::carry_out_rest(token, key, order),
        }
        #[cfg(CONFIG_TASKPOOL_CONTROL)]
        if let Some(first) = quiet {
            Self::release(first);
        }
        if let Some(pool) = overdue {
            Self::report(Report::Overdue(pool, P::EXPIRY_BATCH.into()));
        }
        match answer {
            Answer::Run { job, pool, due } => {
                if joining {
                    Self::report(Report::WorkerLent(pool, worker.number().into()));
                }
                ctx.prepare(job, pool, due);
                Next::Run
            }
            Answer::Left(pool) | Answer::Gone(pool) => {
                if !joining {
                    Self::report(Report::WorkerReturned(pool, worker.number().into()));
                }
                if let Some(pool) = left {
                    Self::reported(pool);
                }
                match answer {
                    Answer::Gone(_) => Next::Block,
                    _ => Next::Left,
                }
            }
            Answer::Done(ended) => Next::TellDone(ended),
            Answer::Aborted(ended) => Next::TellAborted(ended),
            #[cfg(CONFIG_TASKPOOL_TASKS)]
            Answer::Cancelled(ended) => Next::TellCancelled(ended),
            Answer::TimedOut(ended) => Next::TellTimedOut(ended),
            Answer::Discarded(ended) => Next::TellDiscarded(ended),
            Answer::Again => Next::Again,
            Answer::Block => Next::Block,
        }
    }

    /// Checks everything that must hold in a pool; see [`Pool::check`](crate::Pool::check). For tests.
    pub fn check(pool: PoolRef) -> Snapshot {
        Self::look(|token| pool.check(token))
    }

    /// Checks the reserve and counts its idle workers. For tests.
    pub fn check_reserve() -> u8 {
        P::reserve().map_or(0, |reserve| Self::look(|token| reserve.check(token)))
    }
}
