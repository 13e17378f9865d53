//! The port to Zephyr: the functions of `src/port.c`, and what C calls.
//!
//! `zephyr-sys` is not needed here: stacks, boot hooks, logging and tracing are macros of C, so a C file is there in any
//! case, and this crate builds without libclang.

use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

use taskpool_core::{
    Cache, Caller, Groups, Header, Level, Pool, PoolRef, Port, Ref, Report, Reserve, Shell, Signal, SignalRef, Worker,
    WorkerRef,
};

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
use taskpool_core::Overrun;

use crate::config::CONFIG;
use crate::spawn::{cache_slots, SLOT_SIZE};

/// Room for a `k_sem` on the stack of a thread that waits; `port.c` checks that it suffices.
#[repr(C, align(8))]
pub(crate) struct Room([usize; 8]);

/// `enum taskpool_caller`.
pub(crate) mod caller {
    pub(crate) const INTERRUPT: u32 = 0;
    pub(crate) const THREAD: u32 = 1;
    pub(crate) const WORKER: u32 = 2;
}

/// `enum taskpool_can_create`.
#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
pub(crate) mod can_create {
    pub(crate) const YES: u32 = 0;
    pub(crate) const NO_SUCH_PRIORITY: u32 = 1;
    pub(crate) const TOO_EARLY: u32 = 2;
}

/// `enum taskpool_shut`.
#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
pub(crate) mod shut {
    pub(crate) const SHUT: u32 = 0;
    pub(crate) const NOT_RUNNING: u32 = 1;
    pub(crate) const TIMED_OUT: u32 = 2;
    pub(crate) const IN_INTERRUPT: u32 = 3;
    pub(crate) const ON_WORKER: u32 = 4;
    pub(crate) const NO_POOL: u32 = 5;
}

/// The kernel's threads, timers and semaphores.
pub(crate) struct ThisPort;

// Exported, so that the optimiser leaves it in one piece: one address to load instead of three.
#[no_mangle]
static taskpool_core_reserve: Reserve = Reserve::new();

// To C, the structs of the core are words that it keeps.
#[expect(improper_ctypes, reason = "C does not look inside")]
extern "C" {
    fn taskpool_port_lock() -> u32;
    fn taskpool_port_unlock(key: u32);
    fn taskpool_port_now() -> u64;
    fn taskpool_port_wake(worker: *mut Worker);
    fn taskpool_port_lend(worker: *mut Worker, pool: *mut Pool, first: bool);
    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    fn taskpool_port_keep(worker: *mut Worker, pool: *mut Pool, first: bool);
    fn taskpool_port_join(worker: *mut Worker, pool: *mut Pool);
    #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
    fn taskpool_port_set_level(worker: *mut Worker, pool: *mut Pool, level: u32);
    fn taskpool_port_unlock_and_switch(key: u32);
    fn taskpool_port_park(worker: *mut Worker);
    fn taskpool_port_arm(pool: *mut Pool, deadline: u64);
    fn taskpool_port_make_signal(signal: *mut Signal);
    fn taskpool_port_give(signal: *mut Signal);
    fn taskpool_port_take(signal: *mut Signal, deadline: u64) -> bool;
    fn taskpool_port_caller(worker: *mut *mut Worker) -> u32;
    fn taskpool_port_report(id: u32, level: u32, pool: *mut Pool, number: u32);
    #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
    fn taskpool_port_can_create(priority: i32) -> u32;
    #[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
    fn taskpool_port_configure(pool: *mut Pool, name: *const core::ffi::c_char, priority: i32);
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn taskpool_port_watch(worker: *mut Worker, deadline: u64);
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn taskpool_port_unwatch(worker: *mut Worker);
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn taskpool_port_overrun(overrun: *const Overrun);
    #[cfg(CONFIG_TASKPOOL_WDT)]
    fn taskpool_port_guard(worker: *mut Worker, period: u32);
    #[cfg(CONFIG_TASKPOOL_WDT)]
    fn taskpool_port_unguard(worker: *mut Worker);
    #[cfg(CONFIG_TASKPOOL_WDT)]
    fn taskpool_port_feed(worker: *mut Worker);
    #[cfg(CONFIG_TASKPOOL_SYSTEM_POOL)]
    static taskpool_system: Pool;
}

// SAFETY: `taskpool_port_lock` is a `k_spinlock`, which masks interrupts as well; the functions called under it are
// `k_sem_give`,
// `k_thread_start`, `k_thread_priority_set` and `k_timer_start`, which don't switch threads while interrupts are masked.
unsafe impl Port for ThisPort {
    type Key = u32;

    const EXPIRY_BATCH: u8 = CONFIG.expiry_batch;
    const LEVEL: Option<Level> = level();
    const SLOT_SIZE: usize = SLOT_SIZE;

    #[inline(always)]
    fn lock() -> u32 {
        // SAFETY: callable everywhere; `Shell` never nests it.
        unsafe { taskpool_port_lock() }
    }

    #[inline(always)]
    fn unlock(key: u32) {
        // SAFETY: `Shell` passes the key of its `lock`.
        unsafe { taskpool_port_unlock(key) }
    }

    #[inline(always)]
    fn now() -> u64 {
        // SAFETY: callable everywhere.
        unsafe { taskpool_port_now() }
    }

    #[inline(always)]
    fn reserve() -> Option<&'static Reserve> {
        (CONFIG.reserve_threads > 0).then_some(&taskpool_core_reserve)
    }

    #[inline(always)]
    fn groups() -> &'static Groups {
        static GROUPS: Groups = Groups::new();
        &GROUPS
    }

    #[inline(always)]
    fn cache() -> Option<&'static Cache> {
        cache_slots()
    }

    #[inline(always)]
    fn wake(worker: WorkerRef) {
        // SAFETY: C made every worker, inside a `struct taskpool_worker`.
        unsafe { taskpool_port_wake(worker.as_ptr()) }
    }

    fn lend(worker: WorkerRef, pool: PoolRef, first: bool) {
        // SAFETY: as in `wake`; every pool was laid out by C, inside a `struct taskpool`.
        unsafe { taskpool_port_lend(worker.as_ptr(), pool.as_ptr(), first) }
    }

    #[cfg(CONFIG_TASKPOOL_IOT_API)]
    fn keep(worker: WorkerRef, pool: PoolRef, first: bool) {
        // SAFETY: as in `lend`.
        unsafe { taskpool_port_keep(worker.as_ptr(), pool.as_ptr(), first) }
    }

    #[cfg(not(CONFIG_TASKPOOL_IOT_API))]
    fn keep(_: WorkerRef, _: PoolRef, _: bool) {}

    fn join(worker: WorkerRef, pool: PoolRef) {
        // SAFETY: as in `lend`.
        unsafe { taskpool_port_join(worker.as_ptr(), pool.as_ptr()) }
    }

    #[cfg(CONFIG_TASKPOOL_LEVEL_PRIORITIES)]
    fn set_level(worker: WorkerRef, pool: PoolRef, level: u8) {
        // SAFETY: as in `lend`.
        unsafe { taskpool_port_set_level(worker.as_ptr(), pool.as_ptr(), level.into()) }
    }

    #[cfg(not(CONFIG_TASKPOOL_LEVEL_PRIORITIES))]
    fn set_level(_: WorkerRef, _: PoolRef, _: u8) {}

    #[inline(always)]
    fn unlock_and_switch(key: u32) {
        // SAFETY: as in `unlock`.
        unsafe { taskpool_port_unlock_and_switch(key) }
    }

    #[inline(always)]
    fn park(worker: WorkerRef) {
        // SAFETY: as in `wake`; only the worker's own thread comes here.
        unsafe { taskpool_port_park(worker.as_ptr()) }
    }

    fn arm(pool: PoolRef, deadline: u64) {
        // SAFETY: every pool was laid out by C, inside a `struct taskpool`.
        unsafe { taskpool_port_arm(pool.as_ptr(), deadline) }
    }

    fn caller() -> Caller {
        let mut worker = core::ptr::null_mut();
        // SAFETY: callable everywhere; it stores a worker, if at all.
        let kind = unsafe { taskpool_port_caller(&raw mut worker) };
        match (kind, NonNull::new(worker)) {
            (caller::INTERRUPT, _) => Caller::Interrupt,
            // SAFETY: C made every worker, inside a `struct taskpool_worker` that stays for ever.
            (caller::WORKER, Some(worker)) => Caller::Worker(unsafe { Ref::new(worker) }),
            // `caller::THREAD`.
            _ => Caller::Thread,
        }
    }

    fn with_signal<R>(body: impl FnOnce(SignalRef) -> R) -> R {
        let mut room = MaybeUninit::<Room>::uninit();
        let signal = NonNull::from(&mut room).cast::<Signal>();
        // SAFETY: there is room for a `k_sem`, as C has checked, which stays here while `body` runs.
        unsafe { taskpool_port_make_signal(signal.as_ptr()) };
        // SAFETY: as above; the pointer covers all of it.
        body(unsafe { Ref::new(signal) })
    }

    fn give(signal: SignalRef) {
        // SAFETY: `with_signal` made it, and it is there until it is given.
        unsafe { taskpool_port_give(signal.as_ptr()) }
    }

    fn take(signal: SignalRef, deadline: Option<u64>) -> bool {
        // SAFETY: `with_signal` of this thread made it, and has not returned.
        unsafe { taskpool_port_take(signal.as_ptr(), deadline.unwrap_or(u64::MAX)) }
    }

    fn report(report: Report) {
        let sink = SINK.load(Ordering::Acquire);
        if !sink.is_null() {
            // SAFETY: only `set_report_sink` stores here, and what it stores is an `ReportSink`.
            let sink = unsafe { core::mem::transmute::<*mut (), ReportSink>(sink) };
            return sink(report);
        }
        let (pool, number) = report.words();
        // SAFETY: `pool` is only printed.
        unsafe { taskpool_port_report(report.id(), report.level() as u32, pool.as_ptr(), number) }
    }

    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn watch(worker: WorkerRef, deadline: u64) {
        // SAFETY: as in `wake`.
        unsafe { taskpool_port_watch(worker.as_ptr(), deadline) }
    }

    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn unwatch(worker: WorkerRef) {
        // SAFETY: as in `wake`.
        unsafe { taskpool_port_unwatch(worker.as_ptr()) }
    }

    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn overrun(overrun: &Overrun) {
        if !crate::budget::tell(overrun) {
            // SAFETY: a `struct taskpool_overrun`; C does not keep it.
            unsafe { taskpool_port_overrun(overrun) }
        }
    }

    #[cfg(CONFIG_TASKPOOL_WDT)]
    const WATCHDOG_PERIOD: u32 = CONFIG.watchdog_period;

    #[cfg(CONFIG_TASKPOOL_WDT)]
    fn guard(worker: WorkerRef, period: u32) {
        // SAFETY: as in `wake`.
        unsafe { taskpool_port_guard(worker.as_ptr(), period) }
    }

    #[cfg(CONFIG_TASKPOOL_WDT)]
    fn unguard(worker: WorkerRef) {
        // SAFETY: as in `wake`.
        unsafe { taskpool_port_unguard(worker.as_ptr()) }
    }

    #[cfg(CONFIG_TASKPOOL_WDT)]
    fn feed(worker: WorkerRef) {
        // SAFETY: as in `wake`.
        unsafe { taskpool_port_feed(worker.as_ptr()) }
    }
}

/// Takes reports in the place of the C logger. Called by threads only, outside every lock, by several at once perhaps;
/// the worker that reports goes on when it returns.
pub type ReportSink = fn(Report);

static SINK: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

/// Hands reports to `sink` from now on, instead of `LOG_*` in C: `taskpool_zephyr::log_reports` calls it, to print them
/// through the `log` crate. Which reports there are is up to `CONFIG_TASKPOOL_LOG_LEVEL`. The last sink that was set
/// counts, for reports that come after it.
///
/// From any thread and interrupt. No lock section, O(1): one atomic store.
pub fn set_report_sink(sink: ReportSink) {
    SINK.store(sink as *mut (), Ordering::Release);
}

const fn level() -> Option<Level> {
    match CONFIG.log_level {
        0 => None,
        1 => Some(Level::Error),
        2 => Some(Level::Warning),
        3 => Some(Level::Info),
        _ => Some(Level::Debug),
    }
}

/// The system pool, which `port.c` defines.
#[cfg(CONFIG_TASKPOOL_SYSTEM_POOL)]
pub(crate) fn system() -> crate::Pool {
    // SAFETY: `port.c` lays it out as `struct taskpool`, which begins with a pool and stays for ever.
    let pointer = unsafe { NonNull::new_unchecked((&raw const taskpool_system).cast_mut()) };
    // SAFETY: as above; nothing in Rust has a `&mut` to it.
    crate::Pool::from_reference(unsafe { Ref::new(pointer) })
}

/// Pools that are made at run time.
#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
mod runtime {
    use core::cell::UnsafeCell;
    use core::ffi::CStr;
    use core::ptr::NonNull;

    use taskpool_core::{ControlError, CreateError, Pool, PoolRef, Ref, Shell, Shutdown};

    use super::{can_create, shut, taskpool_port_can_create, taskpool_port_configure, ThisPort};

    /// Room for a `struct taskpool_memory`; `port.c` checks that it suffices.
    #[repr(C, align(8))]
    pub(crate) struct Memory {
        pool: Pool,
        room: MemoryRoom,
    }

    /// What comes after the core: a timer among it.
    #[repr(transparent)]
    pub(crate) struct MemoryRoom(UnsafeCell<[usize; 28]>);

    // SAFETY: only C touches it, under the module's lock.
    unsafe impl Sync for MemoryRoom {}

    impl Memory {
        pub(crate) const fn new() -> Self {
            Memory {
                pool: Pool::unmade(),
                room: MemoryRoom(UnsafeCell::new([0; 28])),
            }
        }

        fn reference(&'static self) -> PoolRef {
            // Rust only keeps it.
            let _ = &self.room;
            // SAFETY: it stays for ever, nobody has a `&mut` to it, and the pointer covers all of it, of which a pool is
            // the first field. All that changes is in cells.
            unsafe { Ref::new(NonNull::from(self).cast()) }
        }

        /// Makes a pool of it.
        pub(crate) fn create(
            &'static self,
            name: &'static CStr,
            max_threads: u8,
            priority: i32,
        ) -> Result<crate::Pool, CreateError> {
            // SAFETY: callable everywhere.
            match unsafe { taskpool_port_can_create(priority) } {
                can_create::YES => {}
                can_create::NO_SUCH_PRIORITY => return Err(CreateError::NoSuchPriority),
                // `can_create::TOO_EARLY`.
                _ => return Err(CreateError::TooEarly),
            }
            let pool = self.reference();
            Shell::<ThisPort>::create(pool, max_threads, || {
                // SAFETY: under the lock, of memory that has room for a `struct taskpool_memory`.
                unsafe { taskpool_port_configure(pool.as_ptr(), name.as_ptr(), priority) }
            })?;
            Ok(crate::Pool::from_reference(pool))
        }
    }

    /// Makes a pool of memory that C has prepared.
    ///
    /// # Safety
    ///
    /// `pool` points at the beginning of a `struct taskpool_memory` that is zero but for what `taskpool_port_configure`
    /// wrote, that nobody knows yet, and that stays until the pool is shut down. From a thread, after the boot.
    #[no_mangle]
    unsafe extern "C" fn taskpool_core_create(pool: NonNull<Pool>, min_threads: u8, max_threads: u8) -> bool {
        // SAFETY: this function's promise.
        let pool = unsafe { Ref::new(pool) };
        #[cfg(CONFIG_TASKPOOL_IOT_API)]
        let made = Shell::<ThisPort>::create_keeping(pool, min_threads, max_threads, || {});
        #[cfg(not(CONFIG_TASKPOOL_IOT_API))]
        let made = {
            _ = min_threads;
            Shell::<ThisPort>::create(pool, max_threads, || {})
        };
        // C has checked the rest, so there is no other error than too few workers.
        made.is_ok()
    }

    /// Shuts a pool down; answers one of C's `enum taskpool_shut`.
    ///
    /// # Safety
    ///
    /// `pool` points at the beginning of a `struct taskpool_memory` which stays until this returns; what is in it may have
    /// been overwritten. From any context.
    #[no_mangle]
    unsafe extern "C" fn taskpool_core_shutdown(pool: NonNull<Pool>, discard: bool, deadline: u64) -> u32 {
        // SAFETY: this function's promise.
        if !unsafe { Pool::may_be(pool) } {
            return shut::NO_POOL;
        }
        // SAFETY: this function's promise.
        let pool = unsafe { Ref::new(pool) };
        let how = if discard { Shutdown::Discard } else { Shutdown::Drain };
        match Shell::<ThisPort>::shutdown(pool, how, (deadline != u64::MAX).then_some(deadline)) {
            Ok(()) => shut::SHUT,
            Err(ControlError::TimedOut) => shut::TIMED_OUT,
            Err(ControlError::InInterrupt) => shut::IN_INTERRUPT,
            Err(ControlError::OnWorker) => shut::ON_WORKER,
            Err(_) => shut::NOT_RUNNING,
        }
    }
}
#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
pub(crate) use runtime::{Memory, MemoryRoom};

/// The present tick.
pub(crate) fn now() -> u64 {
    ThisPort::now()
}

// What C calls. `src/taskpool_core.h` declares it.

/// Makes the worker `index` of the reserve, and adds it.
///
/// # Safety
///
/// `worker` points at the beginning of a `struct taskpool_worker` that stays for ever, and is all zero up to now. Once a worker,
/// at boot, before any pool is started.
#[no_mangle]
unsafe extern "C" fn taskpool_core_add_reserve(worker: NonNull<Worker>, index: u8) {
    // SAFETY: this function's promise: what is all zero is a worker, and nobody uses it yet.
    unsafe { &mut *worker.as_ptr() }.become_reserve(index);
    // SAFETY: this function's promise.
    Shell::<ThisPort>::add_reserve(unsafe { Ref::new(worker) });
}

/// Makes the worker `index` of `pool`, and chains it before `next`.
///
/// # Safety
///
/// `worker` points at the beginning of a `struct taskpool_worker`, all zero up to now, and `pool` at that of a
/// `struct taskpool`; both stay for ever. `next` was made before, for the same pool. Once a worker, at boot.
#[no_mangle]
unsafe extern "C" fn taskpool_core_add_worker(
    worker: NonNull<Worker>,
    pool: NonNull<Pool>,
    index: u8,
    next: Option<NonNull<Worker>>,
) {
    // SAFETY: this function's promise.
    let next = next.map(|next| unsafe { Ref::new(next) });
    // SAFETY: this function's promise.
    let pool = unsafe { Ref::new(pool) };
    // SAFETY: this function's promise: what is all zero is a worker, and nobody uses it yet.
    unsafe { &mut *worker.as_ptr() }.become_own(pool, index, next);
}

/// Starts a pool with the `count` workers chained from `first`.
///
/// # Safety
///
/// `pool` points at the beginning of a `struct taskpool` that stays for ever, and `first` is the last one that
/// `taskpool_core_add_worker` made for it. From a thread.
#[no_mangle]
unsafe extern "C" fn taskpool_core_start(pool: NonNull<Pool>, first: NonNull<Worker>, count: u8) {
    // SAFETY: this function's promise.
    let pool = unsafe { Ref::new(pool) };
    // SAFETY: this function's promise.
    let first = unsafe { Ref::new(first) };
    Shell::<ThisPort>::start(pool, first, count);
}

/// The timer of a pool has expired.
///
/// # Safety
///
/// `pool` points at the beginning of a `struct taskpool` that stays for ever. From any context.
#[no_mangle]
unsafe extern "C" fn taskpool_core_expire(pool: NonNull<Pool>) {
    // SAFETY: this function's promise.
    Shell::<ThisPort>::expire(unsafe { Ref::new(pool) });
}

/// The time of a worker's run may be up.
///
/// # Safety
///
/// `worker` was made by one of the functions above. From an interrupt.
#[cfg(CONFIG_TASKPOOL_BUDGETS)]
#[no_mangle]
unsafe extern "C" fn taskpool_core_overrun(worker: NonNull<Worker>) {
    // SAFETY: this function's promise.
    Shell::<ThisPort>::overrun(unsafe { Ref::new(worker) });
}

/// Whether a run of the worker is watched; if so, which.
///
/// # Safety
///
/// `worker` was made by one of the functions above, and `watched` has room for a `struct taskpool_overrun`. From any
/// context.
#[cfg(CONFIG_TASKPOOL_WDT)]
#[no_mangle]
unsafe extern "C" fn taskpool_core_watched(worker: NonNull<Worker>, watched: NonNull<Overrun>) -> bool {
    // SAFETY: this function's promise.
    let Some(found) = Shell::<ThisPort>::watched(unsafe { Ref::new(worker) }) else {
        return false;
    };
    // SAFETY: this function's promise.
    unsafe { watched.write(found) };
    true
}

/// The job that a worker runs, or ran last, for what C says before the image ends; null if that is not known.
///
/// # Safety
///
/// `worker` was made by one of the functions above, and its own thread calls.
#[no_mangle]
unsafe extern "C" fn taskpool_core_last_words(worker: NonNull<Worker>) -> *mut Header {
    // SAFETY: this function's promise.
    let worker = unsafe { worker.as_ref() };
    worker.last_words().map_or(core::ptr::null_mut(), |job| job.as_ptr())
}

/// The life of a worker's thread: its entry.
///
/// # Safety
///
/// `worker` was made by one of the functions above, and this is its thread.
#[no_mangle]
unsafe extern "C" fn taskpool_core_work(worker: NonNull<Worker>, _: *mut (), _: *mut ()) -> ! {
    // SAFETY: this function's promise.
    Shell::<ThisPort>::work(unsafe { Ref::new(worker) })
}
