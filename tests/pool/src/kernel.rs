//! What the tests need of Zephyr, as safe functions. The only file with `unsafe`.

use core::cell::UnsafeCell;
use core::ffi::{c_char, c_int, c_void, CStr};
use core::sync::atomic::{AtomicPtr, Ordering};

use zephyr_sys::{
    k_busy_wait, k_current_get, k_cycle_get_32, k_is_in_isr, k_sleep, k_thread_name_get, k_thread_priority_get,
    k_ticks_t, k_timeout_t, k_timer, k_timer_start, k_timer_stop,
};

/// Threads that [`run_threads`] can run at a time; `TEST_THREADS` in kernel.h.
pub const THREADS: usize = 3;

extern "C" {
    static mut test_line: k_timer;
    fn test_interrupt(routine: unsafe extern "C" fn(*const c_void), parameter: *const c_void);
    fn test_cycles_per_tick() -> u32;
    fn test_log_contains(text: *const c_char) -> bool;
    fn test_absent_is_untouched() -> bool;
    fn test_thread_start(index: u32, priority: c_int, entry: extern "C" fn());
    fn test_thread_join(index: u32);
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

pub fn cycles() -> u32 {
    // SAFETY: callable everywhere.
    unsafe { k_cycle_get_32() }
}

pub fn cycles_per_tick() -> u32 {
    // SAFETY: callable everywhere.
    unsafe { test_cycles_per_tick() }
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

/// The name of the thread that runs.
pub fn thread_name() -> &'static str {
    // SAFETY: callable in every thread.
    let thread = unsafe { k_current_get() };
    // SAFETY: the running thread exists.
    let name = unsafe { k_thread_name_get(thread) };
    // SAFETY: the kernel ends it with a zero, and keeps it in the thread, which stays for ever.
    let name = unsafe { CStr::from_ptr(name) };
    name.to_str().expect("a thread's name is ASCII")
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

/// C has defined it, and the kernel locks it.
fn line() -> *mut k_timer {
    &raw mut test_line
}

static LINE: AtomicPtr<()> = AtomicPtr::new(core::ptr::null_mut());

#[no_mangle]
extern "C" fn test_line_expired(_: *mut k_timer) {
    assert!(is_in_interrupt(), "this is to be an interrupt");
    let call = LINE.load(Ordering::SeqCst);
    if !call.is_null() {
        // SAFETY: only `line_on` stores here, and what it stores is such a function.
        let call = unsafe { core::mem::transmute::<*mut (), fn()>(call) };
        call();
    }
}

/// From now on, calls `call` in the clock interrupt, every so many ticks.
pub fn line_on(period: u64, call: fn()) {
    LINE.store(call as *mut (), Ordering::SeqCst);
    let ticks = k_timeout_t {
        ticks: period as k_ticks_t,
    };
    let again = k_timeout_t {
        ticks: period as k_ticks_t,
    };
    // SAFETY: a timer that stays for ever.
    unsafe { k_timer_start(line(), ticks, again) };
}

/// No more calls.
pub fn line_off() {
    // SAFETY: as in `line_on`.
    unsafe { k_timer_stop(line()) };
}

/// Runs `entries` at once, each in a thread of its own at its priority, and waits for their ends.
pub fn run_threads(entries: [(i32, extern "C" fn()); THREADS]) {
    for (index, (priority, entry)) in entries.into_iter().enumerate() {
        // SAFETY: a thread that has not been started, or was joined below.
        unsafe { test_thread_start(index as u32, priority, entry) };
    }
    for index in 0..THREADS {
        // SAFETY: started above.
        unsafe { test_thread_join(index as u32) };
    }
}

/// Whether `text` has been logged through Zephyr's logger.
pub fn is_logged(text: &CStr) -> bool {
    // SAFETY: a string with a zero at its end; C only compares.
    unsafe { test_log_contains(text.as_ptr()) }
}

/// Whether the pool that C never defined is still zero.
pub fn is_absent_untouched() -> bool {
    // SAFETY: C only compares.
    unsafe { test_absent_is_untouched() }
}
