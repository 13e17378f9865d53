//! Closures as jobs: how one gets into its memory, its result out, and both are dropped.
//!
//! | what happens | where the closure goes | where the result goes |
//! |---|---|---|
//! | refused | back to the caller | |
//! | cancelled, discarded | dropped by whoever tells that: the canceller, who shuts down, the worker | |
//! | run, the handle is there | into the run | stays, until the handle takes it |
//! | run, the handle was dropped | into the run | dropped on the worker |
//! | run, the handle is dropped later | into the run | dropped with the handle |
//!
//! Between submission and outcome the closure belongs to the submission: the run takes it out, or the completion drops
//! it. The result belongs to the handle from the end of the run on, and without one to the submission. The lock
//! sections that end the run, and in which the owners leave, are what orders one's accesses before the other's.

#[cfg(CONFIG_RUST_ALLOC)]
use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
#[cfg(CONFIG_RUST_ALLOC)]
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ptr::NonNull;

use crate::error::DeferError;
use crate::fault::broken;
use crate::job::{
    CacheUse, Cancel, Code, CompletionRef, Ctx, JobRef, Left, Outcome, Spawned, SpawnedRef, Status, WaitError, HANDLE,
    RESULT, SUBMISSION, TAKEN,
};
use crate::pool::PoolRef;
use crate::port::Port;
use crate::shell::Shell;
use crate::site::By;

/// Why a closure was not spawned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSpawned {
    /// All slots of the cache are used.
    NoSlot,
    /// The pool takes no submissions: it was never defined with `TASKPOOL_DEFINE`, nor made at run time, or has been
    /// shut down.
    NotRunning,
    /// The deadline lies past [`MAX_TICKS`](crate::MAX_TICKS).
    OutOfRange,
}

impl fmt::Display for NotSpawned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotSpawned::NoSlot => f.write_str(
                "all slots of the cache are used: try again when one is free, or raise CONFIG_TASKPOOL_CACHE_JOBS",
            ),
            NotSpawned::NotRunning => DeferError::NotRunning.fmt(f),
            NotSpawned::OutOfRange => DeferError::OutOfRange.fmt(f),
        }
    }
}

impl core::error::Error for NotSpawned {}

/// A closure that was not spawned, and why. Nothing has changed, and nothing was dropped.
pub struct SpawnError<F> {
    /// The closure.
    pub closure: F,
    /// Why it was not spawned.
    pub why: NotSpawned,
}

impl<F> fmt::Debug for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnError")
            .field("why", &self.why)
            .finish_non_exhaustive()
    }
}

impl<F> fmt::Display for SpawnError<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl<F> core::error::Error for SpawnError<F> {}

impl<F> SpawnError<F> {
    fn map<G>(self, back: impl FnOnce(F) -> G) -> SpawnError<G> {
        SpawnError {
            closure: back(self.closure),
            why: self.why,
        }
    }
}

/// Why a handle has no result to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JoinError {
    /// The time was up before the closure had run. It goes on; ask again.
    TimedOut,
    /// Interrupts can't wait.
    InInterrupt,
    /// This worker would wait for a closure that it runs itself, or that waits for a worker of this pool.
    OnWorker,
    /// The closure was cancelled before it ran.
    Cancelled,
    /// The pool was shut down before the closure ran.
    Discarded,
    /// The result was given before.
    Taken,
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            JoinError::TimedOut => "the closure has not run in time: wait longer, or cancel it",
            JoinError::InInterrupt => "an interrupt can't wait: ask with a timeout of zero",
            JoinError::OnWorker => {
                "a worker can't wait for a closure of its own pool: spawn it in another one, or ask with a timeout of zero"
            }
            JoinError::Cancelled => "the closure was cancelled before it ran: there is no result",
            JoinError::Discarded => "the pool was shut down before the closure ran: there is no result",
            JoinError::Taken => "the result was given before: keep it when you get it",
        })
    }
}

impl core::error::Error for JoinError {}

impl From<WaitError> for JoinError {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::TimedOut => JoinError::TimedOut,
            WaitError::InInterrupt => JoinError::InInterrupt,
            WaitError::OnWorker => JoinError::OnWorker,
            // It was, before there was a handle.
            WaitError::NeverSubmitted => broken(),
        }
    }
}

/// What is spawned: a closure, in a wrapper that says how it is called.
trait Body<T> {
    fn call(self, ctx: &Ctx<'_>) -> T;
}

/// A closure that takes nothing.
struct Alone<F>(F);

impl<F: FnOnce() -> T, T> Body<T> for Alone<F> {
    #[inline(always)]
    fn call(self, _: &Ctx<'_>) -> T {
        self.0()
    }
}

/// A closure that takes what it may know about its run.
struct WithCtx<F>(F);

impl<F: FnOnce(&Ctx<'_>) -> T, T> Body<T> for WithCtx<F> {
    #[inline(always)]
    fn call(self, ctx: &Ctx<'_>) -> T {
        self.0(ctx)
    }
}

/// The handle of a spawned closure, on the port `P`. Dropped, it lets the closure run on, and its result be dropped.
pub struct Handle<P: Port, T> {
    /// `None` when the result has been taken.
    spawned: Option<SpawnedRef>,
    // The result comes out of it, in whichever thread has it; it is none that anybody else could look at. `spawn` asks
    // for `T: Send`.
    types: PhantomData<fn() -> (P, T)>,
}

impl<P: Port, T> Handle<P, T> {
    /// Waits until the closure has run, but not longer than until the time is `deadline`, and takes its result.
    /// `Some(0)` only looks, and is callable everywhere.
    ///
    /// # Errors
    ///
    /// [`JoinError`]; nothing has changed then, and the handle can be asked again.
    pub fn wait(&mut self, deadline: Option<u64>) -> Result<T, JoinError> {
        let spawned = self.spawned.ok_or(JoinError::Taken)?;
        match Shell::<P>::wait(spawned.job(), deadline)? {
            Outcome::Cancelled => Err(JoinError::Cancelled),
            Outcome::Discarded => Err(JoinError::Discarded),
            Outcome::Aborted | Outcome::TimedOut => not_of_spawned(),
            Outcome::Done(_) => {
                // SAFETY: `run` has put it there before the lock section that ended the job, which `wait` has seen; it
                // is taken once, as this handle forgets it and TAKEN tells the other owner.
                let result = unsafe { room::<T>(spawned).read() };
                self.spawned = None;
                if Shell::<P>::leave(spawned, HANDLE, TAKEN) != Left::Other {
                    // SAFETY: the last one; the result has been taken.
                    unsafe { spawned.free() };
                }
                Ok(result)
            }
        }
    }

    /// Cancels the closure, if it has not begun to run: it is dropped here. Answers as for any job; `Idle` when it is
    /// over.
    pub fn cancel(&self) -> Cancel {
        self.spawned
            .map_or(Cancel::Idle, |spawned| Shell::<P>::cancel(spawned.job()))
    }

    /// Where it was spawned; `None` when the result has been taken. One lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
    pub fn spawned_at(&self) -> Option<crate::site::Site> {
        Shell::<P>::submitted_at(self.spawned?.job())
    }

    /// Where the closure is now; `Idle` when it is over.
    pub fn status(&self) -> Status {
        self.spawned
            .map_or(Status::Idle, |spawned| Shell::<P>::status(spawned.job()))
    }
}

impl<P: Port, T> Drop for Handle<P, T> {
    fn drop(&mut self) {
        let Some(spawned) = self.spawned.take() else {
            return;
        };
        let left = Shell::<P>::leave(spawned, HANDLE, 0);
        // SAFETY: the handle has just left, and `T` is what its closure answers.
        unsafe { clean_up::<T>(spawned, left) };
    }
}

impl<P: Port, T> fmt::Debug for Handle<P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handle").field(&self.spawned).finish()
    }
}

impl<P: Port> Shell<P> {
    /// Runs a closure on a pool, at once or when at least `delay` ticks have passed, from a slot of the cache. Callable
    /// everywhere. Two lock sections, and what [`submit_after`](Shell::submit_after) takes.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], with the closure.
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn spawn<F, T>(pool: PoolRef, delay: u64, closure: F) -> Result<Handle<P, T>, SpawnError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        Self::from_slot(pool, delay, Alone(closure), By::caller()).map_err(|error| error.map(|body| body.0))
    }

    /// As [`spawn`](Shell::spawn), for a closure that looks at its run.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], with the closure.
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn spawn_with<F, T>(pool: PoolRef, delay: u64, closure: F) -> Result<Handle<P, T>, SpawnError<F>>
    where
        F: FnOnce(&Ctx<'_>) -> T + Send + 'static,
        T: Send + 'static,
    {
        Self::from_slot(pool, delay, WithCtx(closure), By::caller()).map_err(|error| error.map(|body| body.0))
    }

    fn from_slot<F, T>(pool: PoolRef, delay: u64, body: F, by: By) -> Result<Handle<P, T>, SpawnError<F>>
    where
        F: Body<T> + Send + 'static,
        T: Send + 'static,
    {
        const {
            assert!(
                size_of::<F>() <= P::SLOT_SIZE,
                "the closure does not fit into a slot of the cache: raise CONFIG_TASKPOOL_CACHE_JOB_SIZE, or let it \
                 capture less"
            );
            assert!(
                size_of::<T>() <= P::SLOT_SIZE,
                "the closure's result does not fit into a slot of the cache: raise CONFIG_TASKPOOL_CACHE_JOB_SIZE, or \
                 let it answer less"
            );
            assert!(
                fits_alignment::<F, T>(),
                "a slot of the cache is aligned to 8 bytes, whatever CONFIG_TASKPOOL_CACHE_JOB_SIZE is: the closure or \
                 its result asks for more"
            );
        }
        let Some(memory) = Self::take_slot() else {
            return Err(SpawnError {
                closure: body,
                why: NotSpawned::NoSlot,
            });
        };
        // SAFETY: a slot that was just taken, in which there is room for both; `run` and `give_back` fit it.
        unsafe { Self::begin(pool, delay, memory, run::<F, T>, give_back::<P>, body, by) }
    }

    /// As [`spawn`](Shell::spawn), for what answers a code, which is that of the outcome. The handle is a number, for those
    /// who can't have a [`Handle`]: what is asked of a number that is gone says so. [`detach`](Shell::detach) gives it
    /// back, and so does a [`join`](Shell::join) that was answered.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], with the closure.
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub fn spawn_numbered<F>(pool: PoolRef, delay: u64, closure: F, by: By) -> Result<u32, SpawnError<F>>
    where
        F: FnOnce(&Ctx<'_>) -> Code + Send + 'static,
    {
        const {
            assert!(
                size_of::<F>() <= P::SLOT_SIZE && fits_alignment::<F, ()>(),
                "a function and its argument don't fit into a slot of the cache: raise CONFIG_TASKPOOL_CACHE_JOB_SIZE"
            );
        }
        let (Some(cache), Some(memory)) = (P::cache(), Self::take_slot()) else {
            return Err(SpawnError {
                closure,
                why: NotSpawned::NoSlot,
            });
        };
        // SAFETY: a slot that was just taken, in which there is room; `run_for_code` and `give_back` fit it.
        let begun: Result<Handle<P, ()>, _> = unsafe {
            Self::begin(
                pool,
                delay,
                memory,
                run_for_code::<WithCtx<F>>,
                give_back::<P>,
                WithCtx(closure),
                by,
            )
        };
        let mut handle = begun.map_err(|error| error.map(|body| body.0))?;
        let spawned = handle.spawned.take().unwrap_or_else(|| broken());
        Ok(Self::look(|token| cache.number(token, spawned)))
    }

    /// Waits until the spawned job of this number has ended, and gives the number back. `Some(0)` only looks, and is
    /// callable everywhere. Nothing, if there is no such number; several threads that wait at once are all answered.
    ///
    /// # Errors
    ///
    /// [`WaitError`]; nothing has changed then.
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub fn join(number: u32, deadline: Option<u64>) -> Option<Result<Outcome, WaitError>> {
        let cache = P::cache()?;
        let spawned = Self::look(|token| cache.numbered(token, number))?;
        let mut found = true;
        let outcome = Self::wait_if(spawned.job(), deadline, |token| {
            found = cache.numbered(token, number).is_some();
            found
        });
        if !found {
            return None;
        }
        if outcome.is_ok() {
            Self::detach(number);
        }
        Some(outcome)
    }

    /// Lets the spawned job of this number go: it runs on, and its slot comes back by itself. Answers whether there was
    /// one. Callable everywhere; two lock sections at most, O(1).
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub fn detach(number: u32) -> bool {
        let Some(cache) = P::cache() else {
            return false;
        };
        let left = Self::look(|token| {
            let spawned = cache.numbered(token, number)?;
            cache.forget(token, number);
            Some((spawned, spawned.leave(token, HANDLE, 0)))
        });
        let Some((spawned, left)) = left else {
            return false;
        };
        // SAFETY: the handle has just left, and what it spawned answers nothing but its code.
        unsafe { clean_up::<()>(spawned, left) };
        true
    }

    /// Cancels the spawned job of this number, if there is one. As [`cancel`](Shell::cancel).
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub fn cancel_numbered(number: u32) -> Option<Cancel> {
        let cache = P::cache()?;
        Self::cancel_if(|token| cache.numbered(token, number).map(SpawnedRef::job))
    }

    /// Where the spawned job of this number is, if there is one. One lock section, O(1).
    #[cfg(CONFIG_TASKPOOL_C_API)]
    pub fn status_numbered(number: u32) -> Option<Status> {
        let cache = P::cache()?;
        Self::look(|token| Some(cache.numbered(token, number)?.job().status(token, P::now)))
    }

    /// Spawns a closure for a scope, which is its handle.
    ///
    /// # Safety
    ///
    /// The caller sees to it that the submission is over, and leaves as the handle, before what the closure borrows is.
    pub(crate) unsafe fn spawn_scoped<F: FnOnce() + Send>(
        pool: PoolRef,
        closure: F,
        by: By,
    ) -> Result<SpawnedRef, SpawnError<F>> {
        const {
            assert!(
                size_of::<F>() <= P::SLOT_SIZE && fits_alignment::<F, ()>(),
                "the closure does not fit into a slot of the cache: raise CONFIG_TASKPOOL_CACHE_JOB_SIZE, or let it \
                 capture less"
            );
        }
        let Some(memory) = Self::take_slot() else {
            return Err(SpawnError {
                closure,
                why: NotSpawned::NoSlot,
            });
        };
        // SAFETY: a slot that was just taken, in which there is room; `give_back` fits it.
        match unsafe { Self::begin(pool, 0, memory, run::<Alone<F>, ()>, give_back::<P>, Alone(closure), by) } {
            Ok(mut handle) => {
                let handle: &mut Handle<P, ()> = &mut handle;
                let spawned = handle.spawned.take();
                Ok(spawned.unwrap_or_else(|| broken()))
            }
            Err(error) => Err(error.map(|body| body.0)),
        }
    }

    /// As [`spawn`](Shell::spawn), from memory of the heap: for closures and results of any size. Where the heap may be
    /// used only, and so for the handle and for whoever cancels.
    ///
    /// # Errors
    ///
    /// [`SpawnError`], with the closure. Without memory, the program ends.
    #[cfg(CONFIG_RUST_ALLOC)]
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn spawn_boxed<F, T>(pool: PoolRef, delay: u64, closure: F) -> Result<Handle<P, T>, SpawnError<F>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        const {
            assert!(
                fits_alignment::<F, T>(),
                "a spawned closure and its result are aligned to 8 bytes: put what asks for more into a box of its own"
            );
        }
        let memory = NonNull::from(Box::leak(Box::<Whole<Alone<F>, T>>::new_uninit())).cast();
        // SAFETY: a box that was just made, in which there is room for both; `free_box` fits it.
        let begun = unsafe {
            Self::begin(
                pool,
                delay,
                memory,
                run::<Alone<F>, T>,
                free_box::<Alone<F>, T>,
                Alone(closure),
                By::caller(),
            )
        };
        begun.map_err(|error| error.map(|body| body.0))
    }

    /// Makes a job of the closure, and submits it.
    ///
    /// # Safety
    ///
    /// As for [`Spawned::begin`]; behind the `Spawned` is room for the closure, and for its result, and `run` takes the one
    /// and leaves the other.
    unsafe fn begin<F, T>(
        pool: PoolRef,
        delay: u64,
        memory: NonNull<Spawned>,
        run: unsafe fn(&Ctx<'_>, JobRef) -> Code,
        free: unsafe fn(SpawnedRef),
        closure: F,
        by: By,
    ) -> Result<Handle<P, T>, SpawnError<F>> {
        // SAFETY: this function's promise.
        let spawned = unsafe { Spawned::begin(memory, run, complete::<P, F, T>, free) };
        // SAFETY: this function's promise; nobody else knows the memory yet.
        unsafe { room::<F>(spawned).write(closure) };
        let why = match Self::submit_after_by(pool, spawned.job(), delay, by) {
            Ok(_) => {
                return Ok(Handle {
                    spawned: Some(spawned),
                    types: PhantomData,
                })
            }
            Err(DeferError::NotRunning) => NotSpawned::NotRunning,
            Err(DeferError::OutOfRange) => NotSpawned::OutOfRange,
            // Nobody else could have submitted it.
            Err(DeferError::AlreadyQueued) => broken(),
        };
        // SAFETY: it was put there above; refused, so nobody has run or dropped it.
        let closure = unsafe { room::<F>(spawned).read() };
        // SAFETY: refused, so there are no owners, and the closure was taken out.
        unsafe { spawned.free() };
        Err(SpawnError { closure, why })
    }

    #[inline(never)]
    fn take_slot() -> Option<NonNull<Spawned>> {
        P::cache().and_then(|cache| Self::look(|token| cache.take(token)))
    }

    #[inline(never)]
    pub(crate) fn leave(spawned: SpawnedRef, owner: u8, behind: u8) -> Left {
        let (left, go) = Self::look(|token| {
            let left = spawned.leave(token, owner, behind);
            // Who waits is the other owner, so it is still there.
            (
                left,
                if left == Left::Other {
                    spawned.let_go(token)
                } else {
                    None
                },
            )
        });
        if let Some(first) = go {
            Self::release(first);
        }
        left
    }

    /// Checks the cache, and answers how full it is. For tests: it walks over the free slots.
    pub fn check_cache() -> CacheUse {
        let usage = P::cache().map(|cache| Self::look(|token| cache.check(token)));
        usage.unwrap_or_default()
    }

    /// How full the cache is. Callable everywhere; one lock section, O(1).
    pub fn cache() -> CacheUse {
        let usage = P::cache().map(|cache| Self::look(|token| cache.usage(token)));
        usage.unwrap_or_default()
    }
}

const fn fits_alignment<F, T>() -> bool {
    align_of::<F>() <= align_of::<Spawned>() && align_of::<T>() <= align_of::<Spawned>()
}

/// Where the closure is, and then its result: right behind the `Spawned`, which is as aligned as either may be.
fn room<R>(spawned: SpawnedRef) -> *mut R {
    spawned.as_ptr().wrapping_add(1).cast()
}

/// Runs the closure.
///
/// # Safety
///
/// `job` was made by `begin` with these types, and the caller is the one worker that moved it to Running.
unsafe fn run<F: Body<T>, T>(ctx: &Ctx<'_>, job: JobRef) -> Code {
    // SAFETY: this function's promise.
    let spawned = unsafe { SpawnedRef::of_job(job) };
    // SAFETY: `begin` has put it there. It runs once: nobody but its handle knows the job, and that does not submit it.
    let closure = unsafe { room::<F>(spawned).read() };
    let result = closure.call(ctx);
    // SAFETY: there is room, and until the end of the run nobody else looks.
    unsafe { room::<T>(spawned).write(result) };
    0
}

/// Runs a closure that answers a code, for which there is room in the outcome.
///
/// # Safety
///
/// As for `run`.
#[cfg(CONFIG_TASKPOOL_C_API)]
unsafe fn run_for_code<F: Body<Code>>(ctx: &Ctx<'_>, job: JobRef) -> Code {
    // SAFETY: this function's promise.
    let spawned = unsafe { SpawnedRef::of_job(job) };
    // SAFETY: as in `run`.
    unsafe { room::<F>(spawned).read() }.call(ctx)
}

/// The submission has ended, and leaves.
///
/// # Safety
///
/// `completion` is that of a job that `begin` has made with these types, and this the only call of it.
unsafe fn complete<P: Port, F, T>(completion: CompletionRef, outcome: Outcome) {
    // SAFETY: this function's promise.
    let spawned = unsafe { SpawnedRef::of(completion) };
    let behind = match outcome {
        Outcome::Done(_) => RESULT,
        Outcome::Cancelled | Outcome::Discarded => {
            // SAFETY: it has not run, so the closure is there; the handle does not touch it.
            unsafe { room::<F>(spawned).drop_in_place() };
            0
        }
        Outcome::Aborted | Outcome::TimedOut => not_of_spawned(),
    };
    let left = Shell::<P>::leave(spawned, SUBMISSION, behind);
    // SAFETY: the submission has just left.
    unsafe { clean_up::<T>(spawned, left) };
}

/// An outcome that no spawned closure has: only its handle names it, which can't abort it, and it is submitted without a
/// limit.
#[cold]
fn not_of_spawned() -> ! {
    broken()
}

/// What an owner does after it has left.
///
/// # Safety
///
/// `left` is what `leave` has just answered, and `T` is what the closure answers.
pub(crate) unsafe fn clean_up<T>(spawned: SpawnedRef, left: Left) {
    let Left::Nobody { result } = left else {
        return;
    };
    if result {
        // SAFETY: `run` has put it there, nobody has taken it, and nobody else is there.
        unsafe { room::<T>(spawned).drop_in_place() };
    }
    // SAFETY: the last one; nothing is left in it.
    unsafe { spawned.free() };
}

/// Gives a slot back to the cache.
///
/// # Safety
///
/// As for `SpawnedRef::free`, and the memory is a slot.
unsafe fn give_back<P: Port>(spawned: SpawnedRef) {
    let cache = P::cache().unwrap_or_else(|| broken());
    Shell::<P>::look(|token| cache.give_back(token, spawned));
}

/// A spawned job on the heap.
#[cfg(CONFIG_RUST_ALLOC)]
#[repr(C)]
struct Whole<F, T> {
    head: Spawned,
    room: Room<F, T>,
}

#[cfg(CONFIG_RUST_ALLOC)]
#[expect(
    dead_code,
    reason = "it is for their sizes and alignments; `room` knows where they are"
)]
union Room<F, T> {
    closure: ManuallyDrop<F>,
    result: ManuallyDrop<T>,
}

/// Gives memory back to the heap.
///
/// # Safety
///
/// As for `SpawnedRef::free`, and `spawn_boxed` made the memory, for these types.
#[cfg(CONFIG_RUST_ALLOC)]
unsafe fn free_box<F, T>(spawned: SpawnedRef) {
    // SAFETY: this function's promise; `MaybeUninit`, as nothing in it is to be dropped.
    drop(unsafe { Box::from_raw(spawned.as_ptr().cast::<MaybeUninit<Whole<F, T>>>()) });
}
