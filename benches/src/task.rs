//! A period of a task, in an image of its own: for how long a less urgent thread is away, from the clock interrupt to the
//! run, and on until the next one is armed and the worker waits for it.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use taskpool::{Duration, First, Next, Task};

use crate::{away, report, sleep, FAST, ROUNDS};

static RAN: AtomicU32 = AtomicU32::new(0);
static TASK: Task = Task::from_fn(|_| {
    RAN.store(RAN.load(Relaxed) + 1, Relaxed);
    Next::Default
})
.every(Duration::ticks(10));

#[no_mangle]
extern "C" fn bench_task() {
    sleep(100);
    let _ = TASK.enable(FAST, First::AfterInterval);
    let total = (1..=ROUNDS).map(|round| away(&RAN, round)).sum();
    TASK.disable();
    report(c"task_period", total, ROUNDS, 0);
}
