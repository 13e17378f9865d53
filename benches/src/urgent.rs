//! Urgent submissions, in an image of their own.

use core::sync::atomic::Ordering::Relaxed;

use crate::{now, report, sleep, FAST, JOB, ROUNDS, STAMP};

#[no_mangle]
extern "C" fn bench_urgent() {
    sleep(100);
    let mut run = 0;
    for _ in 0..ROUNDS {
        let start = now();
        let _ = FAST.submit_urgent(&JOB);
        // Its worker is more urgent: it has run already.
        run += STAMP.load(Relaxed).wrapping_sub(start);
    }
    report(c"submit_urgent_to_run", run, ROUNDS, ROUNDS);
}
