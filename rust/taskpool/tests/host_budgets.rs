//! Budgets on the host's threads, and who is told without a hook, and with one.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration as Time;

use taskpool::{set_overrun_hook, About, Duration, Job, Outcome, Overrun, Timeout};

static ABOUT: About = About::new(c"brief")
    .with_id(7)
    .with_budget(const { Duration::millis(20) });

static INSIDE: AtomicBool = AtomicBool::new(false);
static TOLD: AtomicU32 = AtomicU32::new(0);
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        if record.level() == log::Level::Error {
            LINES.lock().unwrap().push(record.args().to_string());
        }
    }
    fn flush(&self) {}
}

fn note(overrun: &Overrun) {
    assert!(INSIDE.load(SeqCst), "the job still runs");
    assert_eq!(overrun.name(), Some(c"brief"));
    assert_eq!((overrun.id(), overrun.control_point()), (7, 3));
    assert_eq!(overrun.budget(), Duration::millis(20));
    assert!(overrun.elapsed() > overrun.budget());
    TOLD.fetch_add(1, SeqCst);
}

static SLOW: Job = Job::with_about(
    |ctx| {
        INSIDE.store(true, SeqCst);
        assert_eq!((ctx.name(), ctx.id()), (Some(c"brief"), 7));
        ctx.set_control_point(3);
        sleep(Time::from_millis(400));
        INSIDE.store(false, SeqCst);
    },
    &ABOUT,
);
static QUICK: Job = Job::with_about(|_| (), &ABOUT);

#[test]
fn an_overrun_is_told_while_the_job_runs() {
    static LOGGER: Lines = Lines;
    log::set_logger(&LOGGER).unwrap();
    log::set_max_level(log::LevelFilter::Error);
    let pool = taskpool::system();

    // Nobody has set a hook yet.
    pool.submit(&SLOW).unwrap();
    assert_eq!(SLOW.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    let lines = std::mem::take(&mut *LINES.lock().unwrap());
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].starts_with("job brief (7) has run for "), "{lines:?}");
    assert!(
        lines[0].contains("its budget is 20000 us: control point 3"),
        "{lines:?}"
    );

    set_overrun_hook(note);
    for told in 1..=2 {
        pool.submit(&SLOW).unwrap();
        assert_eq!(SLOW.wait(Timeout::Forever), Ok(Outcome::Done(0)));
        assert_eq!(TOLD.load(SeqCst), told);
    }
    pool.submit(&QUICK).unwrap();
    assert_eq!(QUICK.wait(Timeout::Forever), Ok(Outcome::Done(0)));
    sleep(Time::from_millis(100));
    assert_eq!(TOLD.load(SeqCst), 2, "a run that has ended has no timer");
    assert_eq!(*LINES.lock().unwrap(), [] as [String; 0]);
}
