//! The pool's side of the measurements; `scale.c` has the other one, and what is measured.

#![no_std]

use taskpool::{Ctx, Duration, Job, Pool, Run};

extern crate zephyr;

const ITEMS: usize = 10_001;

static POOL: Pool = taskpool::c_pool!(scale_pool);

mod c {
    extern "C" {
        pub fn scale_ran(item: u32);
        pub fn scale_all();
    }
}

/// Says that it ran, by its number.
struct Item(u32);

impl Run for Item {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        // SAFETY: callable by every thread.
        unsafe { c::scale_ran(self.0) };
        0
    }
}

static JOBS: [Job<Item>; ITEMS] = {
    let mut jobs = [const { Job::new(Item(0)) }; ITEMS];
    let mut n = 0;
    while n < ITEMS {
        jobs[n] = Job::new(Item(n as u32));
        n += 1;
    }
    jobs
};

#[no_mangle]
extern "C" fn scale_pool_defer(item: u32, ticks: u32) {
    let _ = POOL.submit_after(&JOBS[item as usize], Duration::ticks(ticks.into()));
}

#[no_mangle]
extern "C" fn scale_pool_cancel(item: u32) {
    JOBS[item as usize].cancel();
}

#[no_mangle]
extern "C" fn rust_main() {
    // SAFETY: called once, by the main thread.
    unsafe { c::scale_all() };
}
