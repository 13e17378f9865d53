//! What the suites on the kernel need of Zephyr, as safe functions.

// No suite calls all of them.
#![allow(dead_code)]

use core::cell::UnsafeCell;
use core::ffi::c_void;
use core::sync::atomic::{AtomicPtr, Ordering};

use zephyr_sys::{k_busy_wait, k_current_get, k_is_in_isr, k_sleep, k_thread_priority_get, k_ticks_t, k_timeout_t};

extern "C" {
    fn test_interrupt(routine: unsafe extern "C" fn(*const c_void), parameter: *const c_void);
    fn test_line_start(period: u32);
    fn test_line_stop();
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

pub fn is_in_interrupt() -> bool {
    // SAFETY: callable everywhere.
    unsafe { k_is_in_isr() }
}

/// The priority of the thread that runs.
pub fn priority() -> i32 {
    // SAFETY: callable in every thread.
    let thread = unsafe { k_current_get() };
    // SAFETY: the running thread exists.
    unsafe { k_thread_priority_get(thread) }
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
        assert!(is_in_interrupt(), "this is to be an interrupt");
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
    assert!(is_in_interrupt(), "this is to be an interrupt");
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
