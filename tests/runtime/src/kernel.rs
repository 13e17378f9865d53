//! What the tests need of Zephyr and of C, as safe functions. The only file with `unsafe`.

use core::cell::UnsafeCell;
use core::ffi::{c_int, c_void};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering};

use taskpool::export::{CorePool, Ref};
use taskpool::Pool;
use zephyr_sys::{k_busy_wait, k_is_in_isr, k_sleep, k_ticks_t, k_timeout_t};

extern "C" {
    fn test_interrupt(routine: unsafe extern "C" fn(*const c_void), parameter: *const c_void);
    fn test_line_start(period: u32);
    fn test_line_stop();
    fn test_priority() -> c_int;
    fn test_create(max_threads: u8, priority: c_int) -> c_int;
    fn test_destroy(discard: bool, ticks: i64) -> c_int;
    fn test_overwrite();
    fn test_is_overwritten() -> bool;
    fn test_pool() -> *mut c_void;
    static test_eperm: c_int;
    static test_eagain: c_int;
    static test_edeadlk: c_int;
}

/// What `taskpool_destroy` can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Destroyed,
    InInterrupt,
    TimedOut,
    OnWorker,
}

/// The pool that C makes of its memory, with `taskpool_create`.
pub struct Made;

impl Made {
    /// Makes it.
    pub fn create(max_threads: u8, priority: i32) -> Pool {
        // SAFETY: C checks its arguments; there is one memory, and tests come one after the other.
        assert_eq!(unsafe { test_create(max_threads, priority) }, 0);
        Self::pool()
    }

    /// The pool that is there.
    pub fn pool() -> Pool {
        // SAFETY: answers an address.
        let pool = NonNull::new(unsafe { test_pool() }).expect("it is static");
        // SAFETY: a pool is there until `destroy`; no test uses it after that.
        Pool::from_reference(unsafe { Ref::new(pool.cast::<CorePool>()) })
    }

    /// What `taskpool_destroy` answers, with a timeout in ticks; none is for ever.
    pub fn destroy(discard: bool, ticks: Option<i64>) -> Answer {
        // SAFETY: constants.
        let [eperm, eagain, edeadlk] = [unsafe { test_eperm }, unsafe { test_eagain }, unsafe { test_edeadlk }];
        // SAFETY: the memory is static.
        match unsafe { test_destroy(discard, ticks.unwrap_or(-1)) } {
            0 => Answer::Destroyed,
            error if error == eperm => Answer::InInterrupt,
            error if error == eagain => Answer::TimedOut,
            error if error == edeadlk => Answer::OnWorker,
            error => panic!("{error} is no answer"),
        }
    }

    /// Uses the memory for something else, after `destroy`.
    pub fn overwrite() {
        // SAFETY: the tests call it when there is no pool.
        unsafe { test_overwrite() }
    }

    /// Whether nobody has written there since.
    pub fn is_overwritten() -> bool {
        // SAFETY: it only looks.
        unsafe { test_is_overwritten() }
    }
}

/// Sleeps for at least so many ticks. Threads only.
pub fn sleep(ticks: u64) {
    let timeout = k_timeout_t {
        ticks: ticks as k_ticks_t,
    };
    // SAFETY: called by threads.
    unsafe { k_sleep(timeout) };
}

/// Spins; interrupts come, less urgent threads don't.
pub fn busy_wait_us(us: u32) {
    // SAFETY: callable everywhere.
    unsafe { k_busy_wait(us) }
}

/// The priority of the thread that runs.
pub fn priority() -> i32 {
    // SAFETY: callable in every thread.
    unsafe { test_priority() }
}

/// Calls `call` in an interrupt.
pub fn in_interrupt<R, F: FnOnce() -> R>(call: F) -> R {
    struct Order<R, F>(UnsafeCell<(Option<F>, Option<R>)>);

    unsafe extern "C" fn run<R, F: FnOnce() -> R>(order: *const c_void) {
        let order = order.cast::<Order<R, F>>();
        // SAFETY: `test_interrupt` below passes the order on its stack, and waits until this function has returned.
        let order = unsafe { (*order).0.get() };
        // SAFETY: as above; nobody else looks at it meanwhile.
        let order = unsafe { &mut *order };
        // SAFETY: callable everywhere.
        assert!(unsafe { k_is_in_isr() }, "this is to be an interrupt");
        order.1 = order.0.take().map(|call| call());
    }

    let order = Order(UnsafeCell::new((Some(call), None)));
    // SAFETY: called by threads, not nested; `run` fits the order.
    unsafe { test_interrupt(run::<R, F>, (&raw const order).cast()) };
    order.0.into_inner().1.expect("the interrupt has run")
}

static LINE: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

#[no_mangle]
extern "C" fn test_line_expired(_: *const c_void) {
    let call = LINE.load(Ordering::SeqCst);
    if !call.is_null() {
        // SAFETY: only `line_on` stores here, and what it stores is such a function.
        let call = unsafe { core::mem::transmute::<*mut (), fn()>(call) };
        call();
    }
}

/// From now on, calls `call` in the clock interrupt, every so many ticks.
pub fn line_on(period: u32, call: fn()) {
    LINE.store(call as *mut (), Ordering::SeqCst);
    // SAFETY: a timer that stays for ever.
    unsafe { test_line_start(period) };
}

/// No more calls.
pub fn line_off() {
    // SAFETY: as in `line_on`.
    unsafe { test_line_stop() };
}
