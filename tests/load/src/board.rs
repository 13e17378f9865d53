//! What `load.h` declares, as safe functions, and the pools.

use taskpool::Pool;

mod c {
    extern "C" {
        pub fn load_clock() -> u64;
        pub fn load_timed_waits() -> bool;
        pub fn load_sleep(ticks: u32);
        pub fn load_spin(us: u32);
        pub fn load_cpu() -> u32;
        pub fn load_priority() -> i32;
        pub fn load_raise() -> i32;
    }
}

/// All pools, with the number of their own workers.
pub const POOLS: [(Pool, u8); 3] = [
    (taskpool::c_pool!(load_urgent), 1),
    (taskpool::c_pool!(load_middle), 1),
    (taskpool::c_pool!(load_low), 2),
];

/// Their thread priorities, for jobs of level 0.
const PRIORITIES: [i32; POOLS.len()] = [2, 6, 10];

/// So many steps more urgent than the pool is the thread that runs this job of it.
pub fn raised(pool: Pool) -> i32 {
    let of_pool = PRIORITIES.iter().zip(POOLS).find(|(_, (other, _))| *other == pool);
    let (priority, _) = of_pool.expect("it is one of them");
    // SAFETY: looks at the thread that calls.
    priority - unsafe { c::load_priority() }
}

/// So many it can be.
pub fn most_raised() -> i32 {
    // SAFETY: answers a constant.
    unsafe { c::load_raise() }
}

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
