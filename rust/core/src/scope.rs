//! Scopes: spawned closures that borrow from their spawner, who does not go on before all of them are over.
//!
//! A scope is the handle of each of its closures: it keeps their slots in a list of its own, which no other thread
//! touches. At its end it goes through that list. On a worker of the same pool it first runs there what is still
//! queued: the pool may have no other worker for it. Then it waits for what runs elsewhere.

use core::cell::Cell;
use core::fmt;
use core::marker::PhantomData;

use crate::job::{Caller, Outcome, SpawnedRef, HANDLE};
use crate::pool::PoolRef;
use crate::port::Port;
use crate::shell::Shell;
use crate::site::By;
use crate::spawn::{clean_up, SpawnError};

/// Why a scope came to nothing, or not to all that was asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ScopeError {
    /// Interrupts can't wait. Nothing has run.
    InInterrupt,
    /// The pool was shut down, and closures of the scope were discarded before they ran. All of it is over.
    Discarded,
}

impl fmt::Display for ScopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ScopeError::InInterrupt => "an interrupt can't wait: open the scope in a thread",
            ScopeError::Discarded => {
                "the pool was shut down before all closures of the scope ran: restart it, and do the work again"
            }
        })
    }
}

impl core::error::Error for ScopeError {}

/// What is under way in a scope. Dropping it waits for that, so that nothing which borrows is left where the body of
/// the scope panics and the program goes on.
struct UnderWay<P: Port> {
    pool: PoolRef,
    /// The first one that was spawned; the others follow it.
    first: Cell<Option<SpawnedRef>>,
    last: Cell<Option<SpawnedRef>>,
    discarded: Cell<bool>,
    port: PhantomData<fn() -> P>,
}

/// Where closures can be spawned that borrow for `'scope`. It is over when all of them are.
pub struct Scope<'scope, 'env: 'scope, P: Port> {
    under_way: UnderWay<P>,
    /// Invariant, as for `std::thread::scope`: nobody may make either longer or shorter.
    lifetimes: PhantomData<(&'scope mut &'scope (), &'env mut &'env ())>,
}

impl<'scope, P: Port> Scope<'scope, '_, P> {
    /// Runs a closure on the scope's pool, from a slot of the cache. Three lock sections, one of them a submission.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], with the closure: call it in place of spawning it.
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn spawn<F: FnOnce() + Send + 'scope>(&'scope self, closure: F) -> Result<(), SpawnError<F>> {
        let under_way = &self.under_way;
        // SAFETY: what is in the list is over before the scope is, which `'scope` outlives.
        let spawned = unsafe { Shell::<P>::spawn_scoped(under_way.pool, closure, By::caller()) }?;
        Shell::<P>::look(|token| {
            spawned.set_next(token, None);
            if let Some(last) = under_way.last.get() {
                last.set_next(token, Some(spawned));
            }
        });
        under_way.last.set(Some(spawned));
        if under_way.first.get().is_none() {
            under_way.first.set(Some(spawned));
        }
        Ok(())
    }
}

impl<P: Port> UnderWay<P> {
    /// Does what is left, and waits for what runs elsewhere.
    fn finish(&self) {
        if let Caller::Worker(worker) = P::caller() {
            let mut link = self.first.get();
            while let Some(spawned) = link {
                Shell::<P>::run_here(worker, spawned.job());
                link = Shell::<P>::look(|token| spawned.next(token));
            }
        }
        while let Some(spawned) = self.first.get() {
            // Not only for its end: what a closure borrows is used until it was dropped.
            if Shell::<P>::wait_for_submission(spawned) == Outcome::Discarded {
                self.discarded.set(true);
            }
            self.first.set(Shell::<P>::look(|token| spawned.next(token)));
            let left = Shell::<P>::leave(spawned, HANDLE, 0);
            // SAFETY: this was its handle, and its closure answers nothing.
            unsafe { clean_up::<()>(spawned, left) };
        }
    }
}

impl<P: Port> Drop for UnderWay<P> {
    fn drop(&mut self) {
        self.finish();
    }
}

impl<P: Port> fmt::Debug for Scope<'_, '_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("pool", &self.under_way.pool)
            .finish_non_exhaustive()
    }
}

impl<P: Port> Shell<P> {
    /// Lets `body` spawn closures that borrow from the caller, and returns when all of them are over. Threads only; a
    /// worker of the same pool runs closures of the scope meanwhile. Eight lock sections for each closure, at most, and
    /// those of its submission.
    ///
    /// # Errors
    ///
    /// [`ScopeError`]. In an interrupt nothing has been called.
    pub fn scope<'env, R>(
        pool: PoolRef,
        body: impl for<'scope> FnOnce(&'scope Scope<'scope, 'env, P>) -> R,
    ) -> Result<R, ScopeError> {
        if P::caller() == Caller::Interrupt {
            return Err(ScopeError::InInterrupt);
        }
        let scope = Scope {
            under_way: UnderWay {
                pool,
                first: Cell::new(None),
                last: Cell::new(None),
                discarded: Cell::new(false),
                port: PhantomData,
            },
            lifetimes: PhantomData,
        };
        let answer = body(&scope);
        scope.under_way.finish();
        match scope.under_way.discarded.get() {
            true => Err(ScopeError::Discarded),
            false => Ok(answer),
        }
    }
}
