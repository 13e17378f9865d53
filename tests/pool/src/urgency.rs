//! Levels, and urgent jobs.

use taskpool::{Accepted, Job, LevelError, SubmitError, LEVELS};

use crate::kernel::{self, in_interrupt};
use crate::tools::*;

const fn note(trace: &'static Trace, tag: u8) -> Job<Note> {
    Job::new(Note(trace, tag))
}

#[no_mangle]
extern "C" fn higher_levels_run_first() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 5] = [
        note(&TRACE, 1),
        note(&TRACE, 2).at_level(1),
        note(&TRACE, 3).at_level(2),
        note(&TRACE, 4).at_level(1),
        note(&TRACE, 5),
    ];

    for job in &JOBS {
        assert_eq!(one().submit(job), Ok(Accepted::New));
    }
    TRACE.expect(&[3, 2, 4, 1, 5]);
    // Deferred ones, too, where they come due together.
    let deadline = taskpool::Instant::now() + ticks(20);
    for job in &JOBS[..3] {
        assert!(one().submit_at(job, deadline).is_ok());
    }
    TRACE.expect(&[3, 2, 4, 1, 5, 3, 2, 1]);
    // A level can be changed while the job waits.
    assert_eq!(JOBS[0].set_level(LEVELS as u8), Err(LevelError));
    for job in &JOBS[..3] {
        assert!(one().submit(job).is_ok());
    }
    assert_eq!(in_interrupt(|| JOBS[0].set_level(2)), Ok(()));
    assert_eq!(JOBS[2].set_level(0), Ok(()));
    TRACE.expect(&[3, 2, 4, 1, 5, 3, 2, 1, 1, 2, 3]);
}

#[no_mangle]
extern "C" fn urgent_jobs_go_first() {
    static TRACE: Trace = Trace::new();
    static JOBS: [Job<Note>; 4] = [
        note(&TRACE, 1),
        note(&TRACE, 2).at_level(2),
        note(&TRACE, 3),
        note(&TRACE, 4),
    ];

    for job in &JOBS[..2] {
        assert!(one().submit(job).is_ok());
    }
    assert_eq!(one().submit_urgent(&JOBS[2]), Ok(Accepted::New));
    assert_eq!(in_interrupt(|| one().submit_urgent(&JOBS[3])), Ok(Accepted::New));
    assert_eq!(one().submit_urgent(&JOBS[3]), Err(SubmitError::AlreadyQueued));
    assert_eq!(one().submit_urgent(&JOBS[0]), Ok(Accepted::Moved));
    TRACE.expect(&[1, 4, 3, 2]);
    // A deferred one runs now.
    assert!(one().submit_after(&JOBS[2], ticks(10_000)).is_ok());
    assert!(one().submit(&JOBS[0]).is_ok());
    assert_eq!(one().submit_urgent(&JOBS[2]), Ok(Accepted::Moved));
    TRACE.expect(&[1, 4, 3, 2, 3, 1]);
}

#[no_mangle]
extern "C" fn urgent_jobs_borrow_beyond_the_maximum() {
    static PROBES: [Probe; 3] = [const { Probe::shut() }; 3];
    static BUSY: Job<Held> = Held::job(&PROBES[0]);
    static WAITS: Job<Held> = Held::job(&PROBES[1]);
    static URGENT: Job<Held> = Held::job(&PROBES[2]);

    assert!(one().submit(&BUSY).is_ok());
    PROBES[0].wait_begun(1);
    assert!(one().submit(&WAITS).is_ok());
    assert!(in_interrupt(|| one().submit_urgent(&URGENT)).is_ok());
    PROBES[2].wait_begun(1);
    assert_eq!((look(one()).workers, taskpool::check_reserve()), (2, RESERVE - 1));
    // It takes nothing else, and goes back.
    PROBES[2].let_go();
    wait_until(|| taskpool::check_reserve() == RESERVE);
    kernel::sleep(10);
    assert_eq!((PROBES[1].begun(), look(one()).workers), (0, 1));
    PROBES[0].let_go();
    PROBES[1].let_go();
    PROBES[1].wait_ended(1);
}
