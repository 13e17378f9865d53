//! Scopes: closures that borrow from the caller.

use core::fmt;

use taskpool_core::{ScopeError, Shell, SpawnError};

use crate::config::CONFIG;
use crate::port::ThisPort;
use crate::spawn::demand_cache;
use crate::Pool;

type Inner<'scope, 'env> = taskpool_core::Scope<'scope, 'env, ThisPort>;

/// Where closures can be spawned that borrow for `'scope`; see [`Pool::scope`]. Copying it takes nothing.
#[derive(Clone, Copy)]
pub struct Scope<'scope, 'env: 'scope>(&'scope Inner<'scope, 'env>);

impl<'scope> Scope<'scope, '_> {
    /// Runs a closure on the scope's pool as soon as a worker is free, from a slot of the cache
    /// (`CONFIG_TASKPOOL_CACHE_JOBS`), which it keeps until the scope is over.
    ///
    /// From the thread that opened the scope. Three lock sections, O(1), and O(w) as for [`Pool::submit`].
    ///
    /// # Errors
    ///
    /// [`SpawnError`], with the closure as it was: call it here instead, or give up.
    /// [`NotSpawned::NoSlot`](crate::NotSpawned::NoSlot): all slots are used.
    /// [`NotSpawned::NotRunning`](crate::NotSpawned::NotRunning): the pool takes no submissions.
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn spawn<F: FnOnce() + Send + 'scope>(self, closure: F) -> Result<(), SpawnError<F>> {
        demand_cache!();
        self.0.spawn(closure)
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Pool {
    /// Lets `body` spawn closures that borrow from the caller, and returns when all of them are over. (As
    /// `std::thread::scope`.)
    ///
    /// ```
    /// let (mut left, mut right) = ([3, 1, 2], [9, 7, 8]);
    /// taskpool::system().scope(|s| {
    ///     s.spawn(|| left.sort_unstable()).unwrap();
    ///     s.spawn(|| right.sort_unstable()).unwrap();
    /// })?;
    /// assert_eq!((left, right), ([1, 2, 3], [7, 8, 9]));
    /// # Ok::<(), taskpool::ScopeError>(())
    /// ```
    ///
    /// From threads. On a worker of this pool, closures of the scope that are still queued run within the caller at its
    /// end, so a pool with a single worker gets through; those of others don't. On a worker of another pool it waits as
    /// any thread does. In a held pool it waits until that is released, and in one that has not been started until that
    /// is, but for what runs within the caller. At most eight lock sections for each closure at the end, and what the
    /// closures take. The sections are O(1), but for the one that takes a queued closure on a worker of this pool: as
    /// it may move a job that is due, it is O(log n) at worst.
    ///
    /// # Errors
    ///
    /// [`ScopeError::InInterrupt`], before anything runs. [`ScopeError::Discarded`]: the pool was shut down meanwhile, and
    /// closures were dropped that had not run; what ran is over, too.
    pub fn scope<'env, R>(self, body: impl for<'scope> FnOnce(Scope<'scope, 'env>) -> R) -> Result<R, ScopeError> {
        Shell::<ThisPort>::scope(self.0, |scope| body(Scope(scope)))
    }
}
