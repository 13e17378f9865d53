//! What `main.c` and `host.c` offer, as safe functions, and the pools.

use taskpool::Pool;

mod c {
    extern "C" {
        pub fn soak_interrupt_every(ticks: u32);
        pub fn soak_sleep(ticks: u32);
        pub fn soak_wall_ms() -> u64;
        pub fn soak_resident_kib() -> u64;
    }
}

/// One worker: its jobs run in order.
pub const LINE: Pool = taskpool::c_pool!(soak_line);
/// Two workers, and two of the reserve.
pub const WIDE: Pool = taskpool::c_pool!(soak_wide);

/// Lets `soak_interrupt` come every so many ticks, or not at all for 0.
pub fn interrupt_every(ticks: u32) {
    // SAFETY: a timer that stays for ever.
    unsafe { c::soak_interrupt_every(ticks) }
}

/// Waits for so many ticks. Threads only.
pub fn sleep(ticks: u32) {
    // SAFETY: called by threads.
    unsafe { c::soak_sleep(ticks) }
}

/// Real time.
pub fn wall_ms() -> u64 {
    // SAFETY: asks the host.
    unsafe { c::soak_wall_ms() }
}

/// Memory of the process.
pub fn resident_kib() -> u64 {
    // SAFETY: asks the host.
    unsafe { c::soak_resident_kib() }
}
