//! The port to the host: threads, a mutex and a clock of the standard library, for tests and for trying things out.

use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, Ordering};
use std::boxed::Box;
use std::format;
use std::string::String;
use std::sync::{Condvar, Mutex, MutexGuard, Once, OnceLock, PoisonError};
use std::thread;
use std::time;
use std::vec::Vec;

use taskpool_core::{
    Cache, Caller, Groups, Level, Pool as CorePool, PoolRef, Port, Ref, Report, Reserve, Shell, Signal, SignalRef,
    Worker, WorkerRef,
};

#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
use taskpool_core::CreateError;
#[cfg(CONFIG_TASKPOOL_BUDGETS)]
use taskpool_core::Overrun;

use crate::config::CONFIG;
use crate::spawn::{cache_slots, SLOT_SIZE};

/// The standard library's threads.
pub(crate) struct ThisPort;

static LOCK: Mutex<()> = Mutex::new(());
static RESERVE: Reserve = Reserve::new();
static GROUPS: Groups = Groups::new();
/// What the timer thread waits for: the deadline of each timer that is armed.
static TIMERS: Mutex<Vec<(Timer, u64)>> = Mutex::new(Vec::new());
static TIMERS_CHANGED: Condvar = Condvar::new();

std::thread_local! {
    /// What this thread is to the pools.
    static CALLER: Cell<Caller> = const { Cell::new(Caller::Thread) };
}

/// Whose timer it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Timer {
    Pool(PoolRef),
    /// Of its runs.
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    Worker(WorkerRef),
}

impl Timer {
    fn arm(self, deadline: u64) {
        let mut timers = locked(&TIMERS);
        match timers.iter_mut().find(|(armed, _)| *armed == self) {
            Some((_, armed)) => *armed = deadline,
            None => timers.push((self, deadline)),
        }
        TIMERS_CHANGED.notify_one();
    }

    fn expire(self) {
        match self {
            Timer::Pool(pool) => Shell::<ThisPort>::expire(pool),
            #[cfg(CONFIG_TASKPOOL_BUDGETS)]
            Timer::Worker(worker) => Shell::<ThisPort>::overrun(worker),
        }
    }
}

/// What a thread waits on for the end of a job.
#[repr(C)]
struct HostSignal {
    signal: Signal,
    given: AtomicBool,
    thread: thread::Thread,
}

/// A worker and what its thread waits on.
#[repr(C)]
struct HostWorker {
    worker: Worker,
    wakes: Mutex<u32>,
    woken: Condvar,
}

impl HostWorker {
    fn leak(worker: Worker) -> WorkerRef {
        let whole = Box::leak(Box::new(HostWorker {
            worker,
            wakes: Mutex::new(0),
            woken: Condvar::new(),
        }));
        // SAFETY: leaked, so it stays for ever; the pointer covers all of it, and `Worker` is its first field.
        unsafe { Ref::new(NonNull::from(whole).cast()) }
    }

    fn of(worker: WorkerRef) -> &'static HostWorker {
        // SAFETY: every worker of this port was made by `leak`.
        unsafe { &*worker.as_ptr().cast::<HostWorker>() }
    }
}

/// Nothing in here panics while it holds a lock, so a poisoned one is as good as any.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

// SAFETY: `lock` is a mutex; what is called under it takes only other mutexes, each for a moment.
unsafe impl Port for ThisPort {
    type Key = MutexGuard<'static, ()>;

    const EXPIRY_BATCH: u8 = CONFIG.expiry_batch;
    // The `log` crate filters.
    const LEVEL: Option<Level> = Some(Level::Debug);
    const SLOT_SIZE: usize = SLOT_SIZE;

    fn lock() -> Self::Key {
        locked(&LOCK)
    }

    fn unlock(key: Self::Key) {
        drop(key);
    }

    fn now() -> u64 {
        now()
    }

    fn reserve() -> Option<&'static Reserve> {
        Some(&RESERVE)
    }

    fn groups() -> &'static Groups {
        &GROUPS
    }

    fn cache() -> Option<&'static Cache> {
        cache_slots()
    }

    fn wake(worker: WorkerRef) {
        let worker = HostWorker::of(worker);
        *locked(&worker.wakes) += 1;
        worker.woken.notify_one();
    }

    fn lend(worker: WorkerRef, _: PoolRef, first: bool) {
        if first {
            spawn(worker, format!("taskpool.r{}", u8::MAX - worker.number()));
        }
        Self::wake(worker);
    }

    fn keep(worker: WorkerRef, _: PoolRef, first: bool) {
        if first {
            spawn(worker, format!("taskpool.r{}", u8::MAX - worker.number()));
        }
    }

    fn join(_: WorkerRef, _: PoolRef) {}

    /// Threads of the standard library have no priorities.
    fn set_level(_: WorkerRef, _: PoolRef, _: u8) {}

    fn unlock_and_switch(key: Self::Key) {
        drop(key);
    }

    fn park(worker: WorkerRef) {
        let worker = HostWorker::of(worker);
        let mut wakes = locked(&worker.wakes);
        while *wakes == 0 {
            wakes = worker.woken.wait(wakes).unwrap_or_else(PoisonError::into_inner);
        }
        *wakes -= 1;
    }

    fn arm(pool: PoolRef, deadline: u64) {
        Timer::Pool(pool).arm(deadline);
    }

    fn caller() -> Caller {
        CALLER.get()
    }

    fn with_signal<R>(body: impl FnOnce(SignalRef) -> R) -> R {
        let whole = HostSignal {
            signal: Signal::new(),
            given: AtomicBool::new(false),
            thread: thread::current(),
        };
        // SAFETY: it stays here while `body` runs; the pointer covers all of it, and `Signal` is its first field.
        body(unsafe { Ref::new(NonNull::from(&whole).cast()) })
    }

    fn give(signal: SignalRef) {
        // SAFETY: `with_signal` made it, and it is there until it is given.
        let whole = unsafe { &*signal.as_ptr().cast::<HostSignal>() };
        // It may be gone once it is given.
        let thread = whole.thread.clone();
        whole.given.store(true, Ordering::Release);
        thread.unpark();
    }

    fn take(signal: SignalRef, deadline: Option<u64>) -> bool {
        // SAFETY: `with_signal` of this thread made it, and has not returned.
        let whole = unsafe { &*signal.as_ptr().cast::<HostSignal>() };
        while !whole.given.swap(false, Ordering::Acquire) {
            let Some(deadline) = deadline else {
                thread::park();
                continue;
            };
            match deadline.checked_sub(now()) {
                None | Some(0) => return whole.given.swap(false, Ordering::Acquire),
                Some(ticks) => thread::park_timeout(duration(ticks)),
            }
        }
        true
    }

    fn report(report: Report) {
        let level = match report.level() {
            Level::Error => log::Level::Error,
            Level::Warning => log::Level::Warn,
            Level::Info => log::Level::Info,
            Level::Debug => log::Level::Debug,
        };
        log::log!(target: "taskpool", level, "{report}");
    }

    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn watch(worker: WorkerRef, deadline: u64) {
        Timer::Worker(worker).arm(deadline);
    }

    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn unwatch(worker: WorkerRef) {
        locked(&TIMERS).retain(|(timer, _)| *timer != Timer::Worker(worker));
    }

    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    fn overrun(overrun: &Overrun) {
        if !crate::budget::tell(overrun) {
            log::error!(target: "taskpool", "{}", crate::Overrun::from(overrun));
        }
    }
}

/// The present tick, since the first call.
pub(crate) fn now() -> u64 {
    static BOOT: OnceLock<time::Instant> = OnceLock::new();
    let up = BOOT.get_or_init(time::Instant::now).elapsed();
    let hz = u64::from(CONFIG.ticks_per_second);
    up.as_secs() * hz + u64::from(up.subsec_nanos()) * hz / 1_000_000_000
}

/// So many ticks, but not more than a second: who waits looks again.
fn duration(ticks: u64) -> time::Duration {
    let ticks = ticks.min(u64::from(CONFIG.ticks_per_second));
    time::Duration::from_nanos((ticks * 1_000_000_000).div_ceil(u64::from(CONFIG.ticks_per_second)))
}

/// The life of the timer thread, which plays the clock interrupt for all pools.
fn run_timers() -> ! {
    CALLER.set(Caller::Interrupt);
    let mut timers = locked(&TIMERS);
    loop {
        let now = now();
        if let Some(index) = timers.iter().position(|(_, deadline)| *deadline <= now) {
            let (timer, _) = timers.swap_remove(index);
            drop(timers);
            timer.expire();
            timers = locked(&TIMERS);
            continue;
        }
        timers = match timers.iter().map(|(_, deadline)| *deadline).min() {
            None => TIMERS_CHANGED.wait(timers).unwrap_or_else(PoisonError::into_inner),
            Some(next) => {
                let wait = TIMERS_CHANGED.wait_timeout(timers, duration(next - now));
                wait.unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
}

fn spawn(worker: WorkerRef, name: String) {
    let life = move || {
        let _abort = AbortOnUnwind;
        CALLER.set(Caller::Worker(worker));
        Shell::<ThisPort>::work(worker)
    };
    if let Err(error) = thread::Builder::new().name(name).spawn(life) {
        std::eprintln!("taskpool: cannot start a worker thread: {error}; raise the limit of threads");
        std::process::abort();
    }
}

/// A job that panics leaves its job Running for ever, so the program ends, as a Zephyr image does.
struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        std::eprintln!("taskpool: a job panicked; the program ends, as `k_panic` would end it on Zephyr");
        std::process::abort();
    }
}

/// Makes the reserve and the timer thread, the first time.
fn boot() {
    static BOOT: Once = Once::new();
    BOOT.call_once(|| {
        for index in 0..CONFIG.reserve_threads {
            Shell::<ThisPort>::add_reserve(HostWorker::leak(Worker::reserve(index)));
        }
        let timers = thread::Builder::new().name("taskpool.timer".into());
        if let Err(error) = timers.spawn(|| run_timers()) {
            std::eprintln!("taskpool: cannot start the timer thread: {error}; raise the limit of threads");
            std::process::abort();
        }
    });
}

/// A pool that is made at run time, or none yet.
#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
pub(crate) struct Memory(CorePool);

#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
impl Memory {
    pub(crate) const fn new() -> Self {
        Memory(CorePool::unmade())
    }

    /// Makes a pool of it. Threads have no name of the pool's here, as they are the reserve's, and no priority.
    pub(crate) fn create(
        &'static self,
        _: &'static core::ffi::CStr,
        max_threads: u8,
        priority: i32,
    ) -> Result<crate::Pool, CreateError> {
        if i8::try_from(priority).is_err() {
            return Err(CreateError::NoSuchPriority);
        }
        boot();
        let pool = self.0.reference();
        Shell::<ThisPort>::create(pool, max_threads, || {})?;
        Ok(crate::Pool::from_reference(pool))
    }
}

/// Why [`leak_pool`] refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Forbidden {
    /// No workers, more than the maximum, or a maximum above 127.
    ThreadCounts,
}

impl core::fmt::Display for Forbidden {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a pool needs at least one worker, and a maximum that is not less and at most 127: correct the thread counts")
    }
}

impl std::error::Error for Forbidden {}

/// Makes a pool on the host with `min` workers of its own, which borrows from the reserve up to `max` in all. It stays
/// for ever. On Zephyr, `TASKPOOL_DEFINE` in C does this.
///
/// From any thread. It allocates, and starts `min` threads, whose names begin with `name`; the first call also starts
/// the thread of the timers, and makes the reserve. When there can't be so many threads, the program ends. One lock
/// section, O(1), and at the first call one for each worker of the reserve.
///
/// # Errors
///
/// [`Forbidden::ThreadCounts`] unless 0 < `min` <= `max` <= 127.
pub fn leak_pool(name: &str, min: u8, max: u8) -> Result<crate::Pool, Forbidden> {
    if min == 0 || min > max || max > 127 {
        return Err(Forbidden::ThreadCounts);
    }
    boot();
    let pool: &'static CorePool = Box::leak(Box::new(CorePool::new(max)));
    let pool = pool.reference();
    let mut first = HostWorker::leak(Worker::own(pool, min - 1, None));
    spawn(first, format!("{name}.w{}", min - 1));
    for index in (0..min - 1).rev() {
        first = HostWorker::leak(Worker::own(pool, index, Some(first)));
        spawn(first, format!("{name}.w{index}"));
    }
    Shell::<ThisPort>::start(pool, first, min);
    Ok(crate::Pool::from_reference(pool))
}

/// The system pool, started at its first use.
#[cfg(CONFIG_TASKPOOL_SYSTEM_POOL)]
pub(crate) fn system() -> crate::Pool {
    static SYSTEM: OnceLock<crate::Pool> = OnceLock::new();
    *SYSTEM.get_or_init(|| {
        // `config.rs` has checked the counts.
        leak_pool("taskpool", CONFIG.min_threads, CONFIG.max_threads).unwrap_or_else(|error| panic!("{error}"))
    })
}
