//! A pedestrian crossing: tasks that wait for time, for events, and for an interrupt.
//!
//! ```text
//! button --PRESSED--> STOP --STOPPED--> WALK --WALKED--> GO --MOVING--> main, which lets it begin anew
//! AMBIENT: every 600 ms, beside all that
//! ```
//!
//! An arrow is an event: what is on its right waits until what is on its left has happened. No task that waits takes a
//! thread: the workers of the pool do something else meanwhile, or sleep.

#![no_std]

mod board;

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering};

use taskpool::{
    CompleterSlot, Duration, EnableError, Event, First, Instant, Next, Outcome, Task, TaskCtx, Timeout, Work,
};

fn show(what: fmt::Arguments<'_>) {
    let now = Instant::from_ticks(0).elapsed().as_millis();
    zephyr::printkln!("{now:5} ms  {what}");
}

/// Somebody wants to cross. An event is complete until it is armed.
static PRESSED: Event = Event::new();

/// The interrupt of the button. Only the first signal counts: neither a bouncing contact nor impatience does any harm.
#[no_mangle]
extern "C" fn button_pressed() {
    PRESSED.signal(0);
}

// These are the end events of tasks: enabling the task arms its event, and the end of the task signals it.
static STOPPED: Event = Event::new();
static WALKED: Event = Event::new();
static MOVING: Event = Event::new();

/// Stops the cars. A task without state is a function. What it answers says when it runs again.
static STOP: Task = Task::from_fn(|ctx| match ctx.number() {
    1 => {
        show(format_args!("cars: yellow"));
        Next::After(const { Duration::millis(100) })
    }
    2 => {
        show(format_args!("cars: red"));
        // Some take their time.
        Next::After(const { Duration::millis(100) })
    }
    _ => Next::Done(0),
})
.on_end(&const { STOPPED.on_end() });

/// Lets the pedestrians cross. It answers [`Next::Default`], so a schedule says when it runs: every 100 ms, and after 3 runs
/// it ends by itself.
static WALK: Task = Task::from_fn(|ctx| {
    if ctx.is_first() {
        show(format_args!("pedestrians: walk"));
    }
    // Every run would let the signal for blind people beep.
    if ctx.is_last() {
        show(format_args!("pedestrians: wait"));
    }
    Next::Default
})
.every(Duration::millis(100))
.times(3)
.on_end(&const { WALKED.on_end() });

/// Lets the cars go: every 200 ms, twice.
static GO: Task = Task::from_fn(|ctx| {
    show(match ctx.number() {
        1 => format_args!("cars: red and yellow"),
        _ => format_args!("cars: green"),
    });
    Next::Default
})
.every(Duration::millis(200))
.times(2)
.on_end(&const { MOVING.on_end() });

/// Measures the ambient light. A task with state: nobody else has access to it, so it needs no lock.
struct Ambient {
    converting: bool,
    sum: u32,
}

static AMBIENT: Task<Ambient> = Task::new(Ambient {
    converting: false,
    sum: 0,
})
.every(Duration::millis(600))
.times(3);

/// The way from a run of [`AMBIENT`] to the interrupt that ends it.
static CONVERSION: CompleterSlot = CompleterSlot::new();
/// The way back.
static READING: AtomicU32 = AtomicU32::new(0);

impl Work for Ambient {
    fn run(&mut self, ctx: &TaskCtx<'_>) -> Next {
        if !self.converting {
            self.converting = true;
            // Whoever has the completer says how the task goes on. It must be in its place before the interrupt looks.
            CONVERSION.put(ctx.completer());
            board::start_conversion();
            // No worker waits for the sensor.
            return Next::Pending;
        }
        self.converting = false;
        let reading = READING.load(Ordering::Relaxed);
        self.sum += reading;
        show(format_args!("ambient light: {reading}"));
        if ctx.is_last() {
            // A code from 0 on means success; what waits for the task gets it.
            return Next::Done((self.sum / ctx.number()) as i32);
        }
        Next::Default
    }
}

/// The interrupt of the sensor.
#[no_mangle]
extern "C" fn conversion_ended(reading: u32) {
    READING.store(reading, Ordering::Relaxed);
    // Again: the second part of the same iteration. An error would mean that nobody waits for it: the task has been ended
    // meanwhile, and then nobody is interested in the reading.
    let _ = CONVERSION.complete(Next::Again);
}

/// Lets each task wait for the one before. In this order: enabling a task arms its end event, and an event that is not armed
/// yet is complete, so nobody waits for it.
fn arrange_crossing() -> Result<(), EnableError> {
    let pool = taskpool::system();
    PRESSED.arm(1);
    STOP.enable_on(pool, &PRESSED)?;
    WALK.enable_on(pool, &STOPPED)?;
    // An interval later: some are slow.
    GO.enable_after(pool, &WALKED)?;
    Ok(())
}

#[no_mangle]
extern "C" fn rust_main() {
    let pool = taskpool::system();
    let mut crossings = 0;

    show(format_args!("cars: green"));
    if let Err(error) = AMBIENT.enable(pool, First::After(const { Duration::millis(100) })) {
        zephyr::printkln!("cannot measure: {error}");
    }
    board::button_on();
    while crossings < 2 {
        if let Err(error) = arrange_crossing() {
            zephyr::printkln!("cannot let anybody cross: {error}");
            return;
        }
        // A thread can wait for an event, too.
        match MOVING.wait(Timeout::After(const { Duration::secs(10) })) {
            Ok(Outcome::Done(0)) => crossings += 1,
            other => {
                zephyr::printkln!("nobody crosses: {other:?}");
                return;
            }
        }
    }
    board::button_off();

    match AMBIENT.wait(Timeout::After(const { Duration::secs(10) })) {
        Ok(Outcome::Done(mean)) => zephyr::printkln!(
            "summary: {crossings} crossings, {} measurements, mean {mean}",
            AMBIENT.counts().runs
        ),
        other => zephyr::printkln!("the measurement did not end well: {other:?}"),
    }
    zephyr::printkln!("traffic_light: done");
}
