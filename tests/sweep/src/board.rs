//! What `sweep.h` declares, as safe functions.

use core::ops::Range;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use taskpool::export::{CorePool, Ref};
use taskpool::Pool;

/// Where an interrupt landed.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Hit {
    /// The instruction that it came before.
    pub pc: u32,
    /// Another interrupt was being handled.
    pub nested: u32,
    /// The clock interrupt has come since the operation began, or was about to.
    pub clock: u32,
}

mod c {
    use super::{CorePool, Hit};

    // To C, a pool of the core is words that it keeps.
    #[expect(improper_ctypes, reason = "C does not look inside")]
    extern "C" {
        pub fn sweep_prepare();
        pub fn sweep_forget_clock();
        pub fn sweep_arm(cycles: u32, nops: u32);
        pub fn sweep_after();
        pub fn sweep_clock(instructions: u32) -> u32;
        pub fn sweep_hit() -> Hit;
        pub fn sweep_now() -> u32;
        pub fn sweep_sleep_until(tick: u32);
        pub fn sweep_stall_until(tick: u32);
        pub fn sweep_slow_waits() -> bool;
        pub fn sweep_hold();
        pub fn sweep_release();
        pub fn sweep_create() -> *mut CorePool;
        pub fn sweep_destroy(discard: bool, wait: bool) -> i32;
        pub fn sweep_overwrite();
        pub fn sweep_is_overwritten() -> bool;
        pub static sweep_eagain: i32;
        pub static sweep_before_begin: u8;
        pub static sweep_before_end: u8;
        pub static sweep_spend_begin: u8;
        pub static sweep_spend_end: u8;
        pub static sweep_after_begin: u8;
        pub static sweep_after_end: u8;
    }
}

/// The most NOPs of [`arm`], as in `sweep.h`.
pub const NOPS_BEFORE: u32 = 300;

/// The pool whose worker preempts the test thread.
pub const FAST: Pool = taskpool::c_pool!(sweep_fast);
/// As [`FAST`], and it may borrow a worker.
pub const LENT: Pool = taskpool::c_pool!(sweep_lent);
/// The pool whose worker waits for the test thread to wait.
pub const SLOW: Pool = taskpool::c_pool!(sweep_slow);
/// All of them.
pub const POOLS: [Pool; 3] = [FAST, LENT, SLOW];

/// Forgets the last interrupt.
pub fn prepare() {
    // SAFETY: no timer is armed.
    unsafe { c::sweep_prepare() }
}

/// The operation begins: from here on, [`Hit::clock`] counts.
pub fn forget_clock() {
    // SAFETY: writes a flag.
    unsafe { c::sweep_forget_clock() }
}

/// Arms the timer: its interrupt comes after so many cycles. Returns after so many NOPs.
#[inline(always)]
pub fn arm(cycles: u32, nops: u32) {
    assert!(nops <= NOPS_BEFORE);
    // SAFETY: it has so many NOPs.
    unsafe { c::sweep_arm(cycles, nops) }
}

/// Waits for the interrupt.
#[inline(always)]
pub fn after() {
    // SAFETY: waits for a flag that the interrupt sets.
    unsafe { c::sweep_after() }
}

/// Lets the clock interrupt come, and the timer's interrupt so many instructions after a moment shortly before it.
/// Answers how many cycles ago the kernel has programmed the clock.
#[inline(always)]
pub fn clock(instructions: u32) -> u32 {
    // SAFETY: arms the timer, and spends time.
    unsafe { c::sweep_clock(instructions) }
}

/// Where the last interrupt landed.
pub fn hit() -> Hit {
    // SAFETY: the interrupt that writes it is over, as `after` returned.
    unsafe { c::sweep_hit() }
}

/// The present tick.
pub fn now() -> u32 {
    // SAFETY: callable everywhere.
    unsafe { c::sweep_now() }
}

/// Waits until the tick has begun.
pub fn sleep_until(tick: u32) {
    // SAFETY: called by the test thread.
    unsafe { c::sweep_sleep_until(tick) }
}

/// Keeps the test thread from going on until that tick, wherever it is. Not the workers of [`FAST`] and [`LENT`].
pub fn stall_until(tick: u32) {
    // SAFETY: callable everywhere.
    unsafe { c::sweep_stall_until(tick) }
}

/// Whether the worker of [`SLOW`] waits for work. Idle in its pool, it may still be on its way to its semaphore.
pub fn slow_waits() -> bool {
    // SAFETY: reads a word.
    unsafe { c::sweep_slow_waits() }
}

/// Waits for [`release`].
pub fn hold() {
    // SAFETY: called by a job, on a worker's thread.
    unsafe { c::sweep_hold() }
}

/// Ends [`hold`].
pub fn release() {
    // SAFETY: callable everywhere.
    unsafe { c::sweep_release() }
}

/// The pool that C has made of its memory, while it is there; else null.
static MADE: AtomicPtr<CorePool> = AtomicPtr::new(core::ptr::null_mut());

/// Makes it, below the test thread. Answers nothing when that was refused.
#[inline(always)]
pub fn create() -> Option<Pool> {
    // SAFETY: there is no pool in that memory: each trial destroys its own.
    MADE.store(unsafe { c::sweep_create() }, Relaxed);
    made()
}

/// It, if it is there.
pub fn made() -> Option<Pool> {
    let pool = NonNull::new(MADE.load(Relaxed))?;
    // SAFETY: C has made it, of memory that stays. The interrupt may come here while `taskpool_destroy` makes that zero, and
    // until `destroy` has forgotten the pool: it is one that was shut down, then one that was never made. Both take nothing.
    Some(Pool::from_reference(unsafe { Ref::new(pool) }))
}

/// What `taskpool_destroy` can answer here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Destroyed {
    Yes,
    TimedOut,
    Refused,
}

/// Destroys it: queued jobs run, or are discarded. Waits for what runs, or does not.
#[inline(always)]
pub fn destroy(discard: bool, wait: bool) -> Destroyed {
    // SAFETY: nobody names the pool afterwards but the interrupt, as `made` says.
    match unsafe { c::sweep_destroy(discard, wait) } {
        0 => {
            MADE.store(core::ptr::null_mut(), Relaxed);
            Destroyed::Yes
        }
        // SAFETY: a constant.
        error if error == unsafe { c::sweep_eagain } => Destroyed::TimedOut,
        _ => Destroyed::Refused,
    }
}

/// Uses the memory for something else.
pub fn overwrite() {
    assert!(made().is_none(), "the pool has not been destroyed");
    // SAFETY: there is no pool, and nobody names it any more.
    unsafe { c::sweep_overwrite() }
}

/// Nobody has written there since.
pub fn is_overwritten() -> bool {
    // SAFETY: it looks at bytes that are nobody's.
    unsafe { c::sweep_is_overwritten() }
}

/// The instructions between the arming and the operation.
pub fn before() -> Range<u32> {
    (&raw const c::sweep_before_begin).addr() as u32..(&raw const c::sweep_before_end).addr() as u32
}

/// The instructions that [`clock`] spends.
pub fn spent() -> Range<u32> {
    (&raw const c::sweep_spend_begin).addr() as u32..(&raw const c::sweep_spend_end).addr() as u32
}

/// The instructions after the operation.
pub fn after_range() -> Range<u32> {
    (&raw const c::sweep_after_begin).addr() as u32..(&raw const c::sweep_after_end).addr() as u32
}
