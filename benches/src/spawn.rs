//! Spawned closures, in an image of their own.

use core::sync::atomic::Ordering::Relaxed;

use taskpool::Timeout;

use crate::{now, report, sleep, FAST, ROUNDS, STAMP};

#[no_mangle]
extern "C" fn bench_spawn() {
    sleep(100);
    let (mut run, mut taken) = (0, 0);
    for round in 0..ROUNDS {
        let start = now();
        let spawned = FAST.spawn(move || {
            STAMP.store(now(), Relaxed);
            round
        });
        let Ok(mut handle) = spawned else {
            return;
        };
        // Its worker is more urgent: it has run already.
        let _ = handle.wait(Timeout::Forever);
        taken += now().wrapping_sub(start);
        run += STAMP.load(Relaxed).wrapping_sub(start);
    }
    report(c"spawn_to_run", run, ROUNDS, ROUNDS);
    report(c"spawn_and_take", taken, ROUNDS, 2 * ROUNDS);
}
