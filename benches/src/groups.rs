//! Jobs of a group, in an image of their own.

use core::sync::atomic::Ordering::Relaxed;

use taskpool::{Ctx, Group, Job, Run};

use crate::{now, report, sleep, BEFORE, FAST, ROUNDS, SLOW, STAMP};

/// Takes the time of its last instruction.
struct Last;

impl Run for Last {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        BEFORE.store(now(), Relaxed);
        0
    }
}

/// Takes the time of its first one.
struct First;

impl Run for First {
    fn run(&mut self, _: &Ctx<'_>) -> i32 {
        STAMP.store(now(), Relaxed);
        0
    }
}

static BUS: Group = Group::new(1);
static HOLDER: Job<Last> = Job::new(Last).in_group(&BUS);
static HELD: Job<First> = Job::new(First).in_group(&BUS);

#[no_mangle]
extern "C" fn bench_groups() {
    sleep(100);
    let (mut same, mut other) = (0, 0);
    for _ in 0..ROUNDS {
        // Its worker is less urgent, and runs when this thread sleeps.
        let _ = SLOW.submit(&HOLDER);
        let _ = SLOW.submit(&HELD);
        sleep(1);
        same += STAMP.load(Relaxed).wrapping_sub(BEFORE.load(Relaxed));
        let _ = SLOW.submit(&HOLDER);
        let _ = FAST.submit(&HELD);
        sleep(1);
        other += STAMP.load(Relaxed).wrapping_sub(BEFORE.load(Relaxed));
    }
    report(c"held_to_run", same, ROUNDS, ROUNDS);
    report(c"held_to_run_elsewhere", other, ROUNDS, ROUNDS);
}
