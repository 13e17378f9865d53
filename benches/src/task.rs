//! A period of a task, in an image of its own: for how long a less urgent thread is away, from the clock interrupt to the
//! run, and on until the next one is armed and the worker waits for it. And how long it is from the signal that completes an
//! event to the run that waits for it.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use taskpool::{Duration, Event, First, Next, Task};

use crate::{away, now, report, sleep, FAST, ROUNDS, STAMP};

static RAN: AtomicU32 = AtomicU32::new(0);
static TASK: Task = Task::from_fn(|_| {
    RAN.store(RAN.load(Relaxed) + 1, Relaxed);
    Next::Default
})
.every(Duration::ticks(10));

static EVENT: Event = Event::new();
static WAITS: Task = Task::from_fn(|_| {
    STAMP.store(now(), Relaxed);
    Next::Done(0)
});

#[no_mangle]
extern "C" fn bench_task() {
    sleep(100);
    let _ = TASK.enable(FAST, First::AfterInterval);
    let total = (1..=ROUNDS).map(|round| away(&RAN, round)).sum();
    TASK.disable();
    report(c"task_period", total, ROUNDS, 0);

    let mut total = 0;
    for _ in 0..ROUNDS {
        EVENT.arm(1);
        let _ = WAITS.enable_on(FAST, &EVENT);
        let start = now();
        // Its worker is more urgent.
        EVENT.signal(0);
        total += STAMP.load(Relaxed).wrapping_sub(start);
    }
    report(c"signal_to_run", total, ROUNDS, ROUNDS);
}
