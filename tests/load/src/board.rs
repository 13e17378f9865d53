//! What `load.h` declares, as safe functions, and the pools.

use taskpool::Pool;

mod c {
    extern "C" {
        pub fn load_clock() -> u64;
        pub fn load_timed_waits() -> bool;
        pub fn load_sleep(ticks: u32);
        pub fn load_spin(us: u32);
        pub fn load_cpu() -> u32;
    }
}

/// All pools, with the number of their own workers.
pub const POOLS: [(Pool, u8); 3] = [
    (taskpool::c_pool!(load_urgent), 1),
    (taskpool::c_pool!(load_middle), 1),
    (taskpool::c_pool!(load_low), 2),
];

/// The tick that the hardware shows.
pub fn clock() -> u64 {
    // SAFETY: callable everywhere.
    unsafe { c::load_clock() }
}

/// Whether the kernel can be trusted with waits of limited time.
pub fn timed_waits() -> bool {
    // SAFETY: answers a constant.
    unsafe { c::load_timed_waits() }
}

/// Waits for so many ticks. Threads only.
pub fn sleep(ticks: u32) {
    // SAFETY: called by threads.
    unsafe { c::load_sleep(ticks) }
}

/// Spins for so long.
pub fn spin(us: u32) {
    // SAFETY: callable everywhere.
    unsafe { c::load_spin(us) }
}

/// The CPU that this runs on; a thread may be on another one when it looks at the answer.
pub fn cpu() -> usize {
    // SAFETY: callable everywhere.
    unsafe { c::load_cpu() as usize }
}
