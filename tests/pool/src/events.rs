//! The pools' events: Zephyr's log at first, and `log` from `log_reports` on. There is no way back, so what comes through
//! Zephyr's log happens before the cases, and a case looks at it.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

use taskpool::{Instant, Job};

use crate::kernel;
use crate::tools::*;

static RUNS: Counter = Counter::new();
/// More than a batch, so that the worker has to move the others.
static OVERDUE: [Job; 24] = [const {
    Job::new(|_| {
        RUNS.add();
    })
}; 24];
static HELD: Probe = Probe::shut();
static HELD_JOB: Job<Held> = Held::job(&HELD);
static BORROWING: Probe = Probe::open();
static BORROWING_JOB: Job<Held> = Held::job(&BORROWING);

/// One event of each kind, but the start.
pub fn make_some() {
    HELD.shut_again();
    assert!(grow().submit(&HELD_JOB).is_ok());
    kernel::sleep(5);
    let ended = BORROWING.ended();
    assert!(grow().submit(&BORROWING_JOB).is_ok());
    wait_until(|| BORROWING.ended() == ended + 1);
    HELD.let_go();
    wait_idle(&HELD_JOB);

    let deadline = Instant::from_ticks(now() + 20);
    let before = RUNS.get();
    for job in &OVERDUE {
        assert!(one().submit_at(job, deadline).is_ok());
    }
    // Without a look at each tick, which would keep the worker away.
    kernel::sleep(100);
    wait_until(|| RUNS.get() == before + OVERDUE.len() as u32);
    check_rest();
}

#[no_mangle]
extern "C" fn start_is_logged_by_c() {
    // The logger's thread is less urgent than this one.
    wait_until(|| kernel::is_logged(c"<inf> taskpool: pool taskpool started with 2 workers"));
    wait_until(|| kernel::is_logged(c"<inf> taskpool: pool several started with 3 workers"));
    wait_until(|| kernel::is_logged(c"<inf> taskpool: pool one started with 1 workers"));
}

#[no_mangle]
extern "C" fn events_are_logged_by_c() {
    wait_until(|| kernel::is_logged(c"<dbg> taskpool: taskpool_port_report: pool grow borrowed worker r0"));
    wait_until(|| kernel::is_logged(c"<dbg> taskpool: taskpool_port_report: pool grow gave back worker r0"));
    wait_until(|| kernel::is_logged(c"<wrn> taskpool: pool one: "));
    wait_until(|| {
        kernel::is_logged(c" jobs came due at once, and the workers move the rest; raise CONFIG_TASKPOOL_EXPIRY_BATCH")
    });
}

/// Counts the lines of each kind, and what is not right about them.
struct Lines {
    borrowed: AtomicU32,
    gave_back: AtomicU32,
    overdue: AtomicU32,
    wrong: AtomicBool,
}

static LINES: Lines = Lines {
    borrowed: AtomicU32::new(0),
    gave_back: AtomicU32::new(0),
    overdue: AtomicU32::new(0),
    wrong: AtomicBool::new(false),
};

/// Looks for words without keeping the text: in what `format_args` writes at a time.
struct Find<'a> {
    words: &'a str,
    found: bool,
}

impl Write for Find<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.found |= part.contains(self.words);
        Ok(())
    }
}

fn contains(text: &fmt::Arguments<'_>, words: &str) -> bool {
    let mut find = Find { words, found: false };
    // It never fails.
    let _ = find.write_fmt(*text);
    find.found
}

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let kinds = [
            (&self.borrowed, "borrowed worker", log::Level::Debug),
            (&self.gave_back, "gave back worker", log::Level::Debug),
            (&self.overdue, "jobs came due at once", log::Level::Warn),
        ];
        let kind = kinds.into_iter().find(|(_, words, _)| contains(record.args(), words));
        match kind {
            Some((count, _, level)) if record.level() == level && record.target() == "taskpool" => {
                count.fetch_add(1, SeqCst);
            }
            _ => self.wrong.store(true, SeqCst),
        }
        if kernel::is_in_interrupt() {
            self.wrong.store(true, SeqCst);
        }
    }

    fn flush(&self) {}
}

#[no_mangle]
extern "C" fn events_are_logged_by_rust() {
    let counts = || {
        let counts = [&LINES.borrowed, &LINES.gave_back, &LINES.overdue];
        counts.map(|count| count.load(SeqCst))
    };

    log::set_logger(&LINES).expect("nobody else sets a logger");
    log::set_max_level(log::LevelFilter::Trace);
    make_some();
    assert_eq!(counts(), [0, 0, 0], "they go to Zephyr's log as yet");

    taskpool_zephyr::log_reports();
    make_some();
    wait_until(|| counts()[1] == 1);
    // The interrupt moves one batch; the first worker that sees it reports.
    let [borrowed, gave_back, overdue] = counts();
    assert_eq!((borrowed, gave_back), (1, 1));
    assert!((1..=5).contains(&overdue), "{overdue}");
    assert!(
        !LINES.wrong.load(SeqCst),
        "a line of another level, target or text, or from an interrupt"
    );
}
