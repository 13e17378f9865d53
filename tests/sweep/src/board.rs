//! What `sweep.h` declares, as safe functions.

use core::ops::Range;

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
    use super::Hit;

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
