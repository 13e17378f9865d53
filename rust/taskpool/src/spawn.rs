//! Spawned closures: the cache, and the handles.

use core::fmt;

use taskpool_core::{Cache, CacheUse, Cancel, Handle, JoinError, Shell, Slots, Status};
#[cfg(CONFIG_TASKPOOL_WAIT)]
use taskpool_core::{Ctx, SpawnError};

use crate::config::CONFIG;
use crate::port::ThisPort;
#[cfg(CONFIG_TASKPOOL_WAIT)]
use crate::time::Duration;
use crate::time::Timeout;
use crate::Pool;

type System = Shell<ThisPort>;

/// Room in a slot, in bytes.
pub(crate) const SLOT_SIZE: usize = CONFIG.cache_job_size as usize;

static SLOTS: Slots<{ CONFIG.cache_jobs as usize }, SLOT_SIZE> = Slots::new();
static CACHE: Cache = Cache::new(&SLOTS);

/// For the port: the cache of this image, if it has one.
#[inline(always)]
pub(crate) fn cache_slots() -> Option<&'static Cache> {
    (CONFIG.cache_jobs > 0).then_some(&CACHE)
}

/// How full the cache is, and how full it ever was, for choosing `CONFIG_TASKPOOL_CACHE_JOBS`. Without a cache it is
/// all 0.
///
/// From any thread and interrupt. One lock section, O(1).
pub fn cache() -> CacheUse {
    System::cache()
}

/// The handle of a spawned closure: through it comes the result, once.
///
/// Dropping it lets the closure run on, and its result be dropped on the worker; after the run, the result is dropped
/// here. From any thread and interrupt, where a drop of `T` may happen; one or two lock sections, O(1), and none when
/// the result was taken.
///
/// That of `Pool::spawn_boxed` is for threads, whatever is said of interrupts below.
pub struct JobHandle<T>(Handle<ThisPort, T>);

impl<T> JobHandle<T> {
    /// Waits until the closure has run, and takes its result. With it, the slot comes back.
    ///
    /// With [`Timeout::NoWait`] it only looks, and may be called from any thread and interrupt; else from threads only,
    /// unless the closure is over. At most three lock sections, O(1), or five when it waits.
    ///
    /// # Errors
    ///
    /// [`JoinError::TimedOut`]: the closure goes on as if nobody had waited, and the handle can be asked again.
    /// [`JoinError::InInterrupt`]. [`JoinError::OnWorker`]: this closure itself waits, or another job of its pool,
    /// which might have no other worker for it. [`JoinError::Cancelled`], [`JoinError::Discarded`]: it never ran.
    /// [`JoinError::Taken`]: its result was given before.
    pub fn wait(&mut self, timeout: Timeout) -> Result<T, JoinError> {
        self.0.wait(timeout.deadline())
    }

    /// Takes the result, if the closure has run: [`wait`](JobHandle::wait) with [`Timeout::NoWait`].
    ///
    /// From any thread and interrupt. At most three lock sections, O(1).
    ///
    /// # Errors
    ///
    /// [`JoinError::TimedOut`]: it has not run yet. Otherwise as [`wait`](JobHandle::wait).
    pub fn try_take(&mut self) -> Result<T, JoinError> {
        self.wait(Timeout::NoWait)
    }

    /// Cancels the closure, without waiting. If it has not begun to run, it is dropped, here and now. If it runs, it
    /// can see that in [`Ctx::cancelled`], and has a result in any case.
    ///
    /// From any thread and interrupt, where the closure may be dropped. At most two lock sections, O(log n) of the
    /// deferred jobs at worst.
    pub fn cancel(&self) -> Cancel {
        self.0.cancel()
    }

    /// The file and the line of the call that has spawned the closure, as [`Job::submitted_at`](crate::Job::submitted_at).
    /// `None` when its result has been taken.
    ///
    /// From any thread and interrupt. At most one lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    pub fn spawned_at(&self) -> Option<crate::Site> {
        self.0.spawned_at()
    }

    /// Where the closure is now; it may move on at once. [`Status::Idle`] when it is over.
    ///
    /// From any thread and interrupt. At most one lock section, O(1).
    pub fn status(&self) -> Status {
        self.0.status()
    }
}

impl<T> fmt::Debug for JobHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("JobHandle").field(&self.status()).finish()
    }
}

/// Spawning needs an option; without it, whoever spawns reads this.
macro_rules! demand_cache {
    () => {
        const {
            assert!(
                CONFIG.cache_jobs > 0,
                "there are no slots for spawned closures: set CONFIG_TASKPOOL_CACHE_JOBS to their number"
            )
        }
    };
}
pub(crate) use demand_cache;

impl Pool {
    /// Runs a closure as soon as a worker is free, from a slot of the cache (`CONFIG_TASKPOOL_CACHE_JOBS`). The handle
    /// gives its result; who needs none drops the handle.
    ///
    /// The closure, and its result, must fit into `CONFIG_TASKPOOL_CACHE_JOB_SIZE` bytes and an alignment of 8:
    ///
    /// ```compile_fail,E0080
    /// let big = [0_u8; 1000];
    /// let handle = taskpool::system().spawn(move || big.len());
    /// ```
    ///
    /// It is moved twice: into the slot, and onto the worker's stack.
    ///
    /// ```
    /// use taskpool::{Duration, Timeout};
    ///
    /// let block = [1_u32, 2, 3];
    /// let mut handle = taskpool::system().spawn(move || block.iter().sum::<u32>())?;
    /// let sum = handle.wait(Timeout::After(const { Duration::secs(10) }))?;
    /// assert_eq!(sum, 6);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// From any thread and interrupt; but mind where a closure is dropped that comes back. Two lock sections, O(1), and
    /// O(w) as for [`submit`](Pool::submit); one more for one that comes back.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], with the closure as it was. [`NotSpawned::NoSlot`](crate::NotSpawned::NoSlot): all slots are
    /// used. [`NotSpawned::NotRunning`](crate::NotSpawned::NotRunning): the pool takes no submissions.
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn spawn<F, T>(self, closure: F) -> Result<JobHandle<T>, SpawnError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        demand_cache!();
        System::spawn(self.0, 0, closure).map(JobHandle)
    }

    /// As [`spawn`](Pool::spawn), in cost, too, for a closure that looks at its run: to see that it is cancelled, or
    /// which worker it is on.
    ///
    /// # Errors
    ///
    /// As [`spawn`](Pool::spawn).
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn spawn_with<F, T>(self, closure: F) -> Result<JobHandle<T>, SpawnError<F>>
    where
        F: FnOnce(&Ctx<'_>) -> T + Send + 'static,
        T: Send + 'static,
    {
        demand_cache!();
        System::spawn_with(self.0, 0, closure).map(JobHandle)
    }

    /// Runs a closure once at least `delay` has passed, as [`submit_after`](Pool::submit_after) runs a job. Its slot is
    /// used from now on. Of its two lock sections one is that of [`submit_after`](Pool::submit_after), O(log n);
    /// otherwise as [`spawn`](Pool::spawn).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Pool::spawn), and [`NotSpawned::OutOfRange`](crate::NotSpawned::OutOfRange): the deadline would lie
    /// 2^62 ticks after boot, or later.
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn spawn_after<F, T>(self, closure: F, delay: Duration) -> Result<JobHandle<T>, SpawnError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        demand_cache!();
        System::spawn(self.0, delay.as_ticks(), closure).map(JobHandle)
    }

    /// Runs a closure of any size, with a result of any size, from memory of the heap instead of a slot. When there is
    /// none, the program ends, as Rust's allocation does.
    ///
    /// From threads, as the heap is for threads. That holds for the handle's drop, for taking the result and for
    /// cancelling, too: each of them may be what gives the memory back. One lock section, that of
    /// [`submit`](Pool::submit), and outside of it what the heap takes; otherwise as [`spawn`](Pool::spawn).
    ///
    /// # Errors
    ///
    /// As [`spawn`](Pool::spawn), but for the slot.
    #[cfg(all(CONFIG_TASKPOOL_WAIT, CONFIG_RUST_ALLOC))]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn spawn_boxed<F, T>(self, closure: F) -> Result<JobHandle<T>, SpawnError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        System::spawn_boxed(self.0, 0, closure).map(JobHandle)
    }
}
