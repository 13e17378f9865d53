//! What the tests need of Zephyr, as safe functions. The only file with `unsafe`.

use core::cell::UnsafeCell;
use core::ffi::c_void;

use zephyr_sys::{
    k_busy_wait, k_current_get, k_is_in_isr, k_sched_lock, k_sched_unlock, k_sleep, k_thread_priority_get,
    k_thread_priority_set, k_ticks_t, k_timeout_t,
};

extern "C" {
    fn test_interrupt(routine: unsafe extern "C" fn(*const c_void), parameter: *const c_void);
    fn told_with_locked_scheduler(cooperative: bool);
}

/// What a completion does in `main.c`.
pub fn tell(cooperative: bool) {
    // SAFETY: called by threads.
    unsafe { told_with_locked_scheduler(cooperative) }
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

fn is_in_interrupt() -> bool {
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

/// Does `body` with another priority.
pub fn at_priority<R>(priority: i32, body: impl FnOnce() -> R) -> R {
    let before = self::priority();
    // SAFETY: callable in every thread.
    let thread = unsafe { k_current_get() };
    // SAFETY: the running thread exists.
    unsafe { k_thread_priority_set(thread, priority) };
    let answer = body();
    // SAFETY: as above.
    unsafe { k_thread_priority_set(thread, before) };
    answer
}

/// Does `body` with the scheduler locked.
pub fn with_locked_scheduler<R>(body: impl FnOnce() -> R) -> R {
    // SAFETY: called by threads.
    unsafe { k_sched_lock() };
    let answer = body();
    // SAFETY: it was locked above.
    unsafe { k_sched_unlock() };
    answer
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
