//! What the quick start needs of the host: a console, a data-ready line, and an image.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time;

use taskpool::{Complete, Duration, OnEnd, Outcome};

/// Tells the main thread that a job has ended.
pub(crate) struct Ended {
    ended: Mutex<bool>,
    changed: Condvar,
}

/// The end of the last job.
pub(crate) static ENDED: OnEnd<Ended> = OnEnd::new(Ended {
    ended: Mutex::new(false),
    changed: Condvar::new(),
});

impl Complete for Ended {
    fn complete(&self, _: Outcome) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

impl Ended {
    pub(crate) fn wait(&self, timeout: Duration) -> Result<(), &'static str> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.changed.wait_timeout_while(ended, span(timeout), |ended| !*ended);
        match *wait.unwrap_or_else(PoisonError::into_inner).0 {
            true => Ok(()),
            false => Err("no job ended in time"),
        }
    }
}

fn span(duration: Duration) -> time::Duration {
    time::Duration::from_micros(duration.as_micros())
}

pub(crate) fn print(line: fmt::Arguments<'_>) {
    println!("{line}");
}

/// The program's own file, as far as 64 KiB.
pub(crate) fn image() -> &'static [u8] {
    static IMAGE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    IMAGE.get_or_init(|| {
        let path = std::env::current_exe().expect("a running program has a path");
        let mut image = std::fs::read(path).expect("a running program can be read");
        image.truncate(64 * 1024);
        image
    })
}

static LINE: AtomicBool = AtomicBool::new(false);

/// A thread that plays the sensor's data-ready line.
pub(crate) fn data_ready_on(period: Duration) {
    LINE.store(true, Ordering::Relaxed);
    thread::spawn(move || loop {
        thread::sleep(span(period));
        if !LINE.load(Ordering::Relaxed) {
            break;
        }
        crate::story::data_ready();
    });
}

pub(crate) fn data_ready_off() {
    LINE.store(false, Ordering::Relaxed);
}

pub(crate) fn sleep_1_ms() {
    thread::sleep(time::Duration::from_millis(1));
}
