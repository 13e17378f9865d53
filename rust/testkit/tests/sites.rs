//! Where jobs were submitted: a call that is accepted is kept, whatever the job does, and one that is refused is not.

use std::cell::Cell;
use std::num::NonZeroU32;
use std::panic::Location;
use std::sync::Mutex;

use taskpool_core::{
    About, Accepted, By, Code, Ctx, DeferError, Event, First, Group, Job, JobRef, Next, NotEnabled, OnEnd, Outcome,
    PoolRef, Run, RunNowError, Shell, Shutdown, Site, SubmitError, Task, TaskCtx, When, Work,
};
use taskpool_testkit::{keep, Plain, Virtual};

type Machine = Shell<Virtual>;

type Script = Box<dyn FnMut() + Send>;

struct Scripted(Script);

impl Run for Scripted {
    fn run(&mut self, _: &Ctx<'_>) -> Code {
        self.0();
        0
    }
}

thread_local! {
    /// For runs, which take nothing along that is of one thread.
    static WORLD: Cell<Option<Plain>> = const { Cell::new(None) };
}

fn scene() -> (Plain, PoolRef) {
    let plain = Plain::new();
    WORLD.set(Some(plain));
    let pool = plain.pool();
    plain.run();
    plain.advance(1_000);
    (plain, pool)
}

fn job(script: impl FnMut() + Send + 'static) -> JobRef {
    keep(Job::new(Scripted(Box::new(script)))).reference()
}

/// The line, if it is one of this file.
fn line(site: Option<Site>) -> Option<u32> {
    let site = site?;
    assert_eq!(site.file(), file!());
    Some(site.line())
}

/// Where it was submitted.
fn of(job: JobRef) -> Option<u32> {
    line(Machine::submitted_at(job))
}

/// What a call answers, and the line in which it stands.
macro_rules! here {
    ($call:expr) => {
        ($call, Some(line!()))
    };
}

#[test]
fn an_accepted_call_is_kept_and_a_refused_one_is_not() {
    let (plain, pool) = scene();
    let other = plain.pool();
    plain.run();
    let job = job(|| ());
    assert_eq!(of(job), None, "nobody has submitted it");

    let (answer, first) = here!(Machine::submit_at(pool, job, 5_000));
    assert_eq!((answer, of(job)), (Ok(Accepted::New), first));
    let (answer, moved) = here!(Machine::submit_after(pool, job, 10));
    assert_eq!((answer, of(job)), (Ok(Accepted::Moved), moved));
    assert_ne!(first, moved);
    assert_eq!(Machine::submit_after(pool, job, u64::MAX), Err(DeferError::OutOfRange));
    assert_eq!(Machine::run_now(pool, job), Err(RunNowError::UnderWay));
    assert_eq!(of(job), moved, "refused");

    let (answer, queued) = here!(Machine::submit(pool, job));
    assert_eq!((answer, of(job)), (Ok(Accepted::Moved), queued));
    assert_eq!(Machine::submit(pool, job), Err(SubmitError::AlreadyQueued));
    assert_eq!(Machine::submit_at(other, job, 2_000), Err(DeferError::AlreadyQueued));
    assert_eq!(Machine::submit_within(pool, job, 1), Err(DeferError::AlreadyQueued));
    assert_eq!(of(job), queued, "refused");
    let (answer, urgent) = here!(Machine::submit_urgent(pool, job));
    assert_eq!((answer, of(job)), (Ok(Accepted::Moved), urgent));
    assert_eq!(Machine::submit_urgent(pool, job), Err(SubmitError::AlreadyQueued));
    assert_eq!(of(job), urgent, "refused");

    plain.run();
    assert_eq!(Machine::outcome(job), Some(Outcome::Done(0)));
    assert_eq!(of(job), urgent, "after its run, too");
    let (answer, here) = here!(Machine::run_now(pool, job));
    assert_eq!((answer, of(job)), (Ok(Outcome::Done(0)), here));
    let (answer, within) = here!(Machine::submit_within(pool, job, 100));
    assert_eq!((answer, of(job)), (Ok(Accepted::New), within));
    plain.run();
    let (answer, now) = here!(Machine::submit_after(pool, job, 0));
    assert_eq!((answer, of(job)), (Ok(Accepted::New), now));
    plain.run();
    let (answer, urgent) = here!(Machine::submit_urgent(pool, job));
    assert_eq!((answer, of(job)), (Ok(Accepted::New), urgent));
    plain.run();

    Machine::shutdown(pool, Shutdown::Drain, None).unwrap();
    assert_eq!(Machine::submit(pool, job), Err(SubmitError::NotRunning));
    assert_eq!(Machine::submit_urgent(pool, job), Err(SubmitError::NotRunning));
    assert_eq!(Machine::run_now(pool, job), Err(RunNowError::NotRunning));
    assert_eq!(of(job), urgent, "refused");
}

#[test]
fn a_running_job_keeps_who_submits_it_again() {
    static FOUND: Mutex<Vec<(Option<u32>, Option<u32>)>> = Mutex::new(Vec::new());
    static JOB: Mutex<Option<(PoolRef, JobRef)>> = Mutex::new(None);

    let (plain, pool) = scene();
    let again = job(|| {
        let (pool, job) = JOB.lock().unwrap().unwrap();
        let mut found = FOUND.lock().unwrap();
        if !found.is_empty() {
            return;
        }
        let before = of(job);
        found.push((before, before));
        let (answer, deferred) = here!(Machine::submit_at(pool, job, 5_000));
        assert_eq!(answer, Ok(Accepted::Again));
        found.push((of(job), deferred));
        let (answer, ready) = here!(Machine::submit(pool, job));
        assert_eq!(answer, Ok(Accepted::Moved));
        found.push((of(job), ready));
        assert_eq!(Machine::submit(pool, job), Err(SubmitError::AlreadyQueued));
        found.push((of(job), ready));
        let (answer, urgent) = here!(Machine::submit_urgent(pool, job));
        assert_eq!(answer, Ok(Accepted::Moved));
        found.push((of(job), urgent));
    });
    *JOB.lock().unwrap() = Some((pool, again));
    let (answer, first) = here!(Machine::submit(pool, again));
    answer.unwrap();
    plain.run();
    let found = FOUND.lock().unwrap();
    assert_eq!(found[0].0, first, "as it runs");
    for (at, expected) in &found[1..] {
        assert_eq!(at, expected);
    }
    assert_eq!(found.len(), 5);
    assert_eq!(of(again), found[4].0);
}

#[test]
fn a_held_job_keeps_who_submitted_it() {
    let (plain, pool) = scene();
    static GROUP: Group = Group::new(1);
    let member = || {
        let mut job = Job::new(Scripted(Box::new(|| ())));
        job.set_group(&GROUP);
        keep(job).reference()
    };
    let (first, held) = (member(), member());
    Machine::submit(pool, first).unwrap();
    let (answer, at) = here!(Machine::submit(pool, held));
    assert_eq!((answer, of(held)), (Ok(Accepted::New), at));
    assert_eq!(Machine::submit(pool, held), Err(SubmitError::AlreadyQueued));
    assert_eq!(of(held), at, "refused");
    let (answer, at) = here!(Machine::submit_urgent(pool, held));
    assert_eq!((answer, of(held)), (Ok(Accepted::Moved), at));
    plain.run();
    assert_eq!((Machine::outcome(held), of(held)), (Some(Outcome::Done(0)), at));
}

#[test]
fn the_other_face_moves_a_job_and_is_kept() {
    let (plain, pool) = scene();
    let (busy, job) = (job(|| ()), job(|| ()));
    let (answer, at) = here!(Machine::submit_urgent_if_busy(pool, job));
    assert_eq!((answer, of(job)), (Ok(Accepted::New), at));
    for urgent in [false, true] {
        let (moved, at) = here!(Machine::requeue(pool, job, urgent));
        assert_eq!((moved, of(job)), (true, at));
    }
    let before = of(busy);
    assert_eq!((Machine::requeue(pool, busy, false), of(busy)), (false, before));
    plain.run();
}

/// A call in C passes a site of its own, or none.
#[test]
fn a_site_of_c_is_kept_beside_those_of_rust() {
    let (plain, pool) = scene();
    let job = job(|| ());
    let site: &'static Site = keep(Site::from(Location::caller()));
    let expected = Some(site.line());
    assert_eq!(Machine::submit_inline(pool, job, By::c(Some(site))), Ok(Accepted::New));
    assert_eq!(of(job), expected);
    assert_eq!(Machine::submitted_at(job).unwrap(), *site);
    assert_eq!(
        Machine::submitted_at(job).unwrap().to_string(),
        format!("{}:{}", file!(), site.line())
    );
    // Refused: nothing has changed.
    assert_eq!(
        Machine::submit_inline(pool, job, By::NOBODY),
        Err(SubmitError::AlreadyQueued)
    );
    assert_eq!(of(job), expected);
    plain.run();
    let (answer, rust) = here!(Machine::submit(pool, job));
    assert_eq!((answer, of(job)), (Ok(Accepted::New), rust));
    plain.run();
    assert_eq!(
        Machine::defer_inline(pool, job, When::after(5), By::NOBODY),
        Ok(Accepted::New)
    );
    assert_eq!(of(job), None, "through a pointer to a function");
    Machine::cancel(job);
}

/// Its runs are told as the work says.
struct Ticking(u32);

impl Work for Ticking {
    fn run(&mut self, _: &TaskCtx<'_>) -> Next {
        self.0 += 1;
        Next::Default
    }
}

#[test]
fn a_tasks_runs_keep_who_enabled_it() {
    let (plain, pool) = scene();
    let task = keep(Task::new::<Virtual>(Ticking(0), 50)).reference();
    let of = || of(task.job());
    assert_eq!(Machine::trigger(task), Err(NotEnabled));
    assert_eq!(of(), None, "refused");
    let (answer, at) = here!(Machine::enable(task, pool, First::Now));
    assert_eq!((answer, of()), (Ok(false), at));
    for _ in 0..3 {
        plain.advance(60);
        plain.run();
        assert_eq!(of(), at, "the pool's own");
    }
    assert!(Machine::task_counts(task).0 >= 3);
    let (answer, at) = here!(Machine::trigger(task));
    assert_eq!((answer, of()), (Ok(()), at));
    let (answer, at) = here!(Machine::postpone(task, 10));
    assert_eq!((answer, of()), (Ok(()), at));
    Machine::shift(task, 5).unwrap();
    Machine::set_interval(task, 40, taskpool_core::Rephase::Keep);
    assert_eq!(of(), at, "they move runs, and begin none");
    let (answer, at) = here!(Machine::enable(task, pool, First::After(5)));
    assert_eq!((answer, of()), (Ok(true), at), "anew");
    let other = plain.pool();
    plain.run();
    assert_eq!(
        Machine::enable(task, other, First::Now),
        Err(SubmitError::AlreadyQueued)
    );
    assert_eq!(of(), at, "refused");
    Machine::disable(task);
    assert_eq!(of(), at, "afterwards, too");
    assert_eq!(Machine::postpone(task, 1), Err(NotEnabled));
    assert_eq!(of(), at, "refused");

    static EVENT: Event = Event::new();
    let event = EVENT.reference();
    Machine::arm_event(event, NonZeroU32::MIN, None);
    let (answer, at) = here!(Machine::enable_on(task, pool, event, false));
    assert_eq!((answer, of()), (Ok(false), at));
    assert!(Machine::signal(event, 0));
    plain.run();
    assert_eq!(of(), at, "the event begins its run, and is not who enabled it");
    Machine::disable(task);
}

#[test]
fn a_spawned_closure_knows_its_site() {
    let (plain, pool) = scene();
    let (handle, at) = here!(Machine::spawn(pool, 0, || 7));
    let mut handle = handle.unwrap();
    assert_eq!(line(handle.spawned_at()), at);
    plain.run();
    assert_eq!(line(handle.spawned_at()), at, "after its run, too");
    assert_eq!(handle.wait(Some(0)), Ok(7));
    assert_eq!(handle.spawned_at(), None, "its slot is another's");
    let (handle, at) = here!(Machine::spawn_with(pool, 5, |_: &Ctx<'_>| ()));
    assert_eq!(line(handle.unwrap().spawned_at()), at);
    let (handle, at) = here!(Machine::spawn_boxed(pool, 0, || ()));
    assert_eq!(line(handle.unwrap().spawned_at()), at);
    plain.drain();
}

#[test]
fn the_report_of_an_overrun_names_the_site() {
    static ABOUT: About = About::new(c"slow").with_budget(20);
    let (plain, pool) = scene();
    let slow = |about: bool| {
        let mut job = Job::new(Scripted(Box::new(|| WORLD.get().unwrap().advance(21))));
        if about {
            job.set_about(&ABOUT);
        }
        keep(job).reference()
    };
    let job = slow(true);
    let (answer, at) = here!(Machine::submit(pool, job));
    answer.unwrap();
    plain.run();
    let told = Virtual::take_overruns();
    assert_eq!(told.len(), 1);
    assert_eq!(line(told[0].submitted_at()), at);
    Machine::submit_inline(pool, job, By::NOBODY).unwrap();
    plain.run();
    assert_eq!(Virtual::take_overruns()[0].submitted_at(), None);
}

/// The completion may be the last that is heard of a job: it is told after the site was kept.
#[test]
fn a_completion_sees_the_site_of_its_submission() {
    struct Notes;
    impl taskpool_core::Complete for Notes {
        fn complete(&self, _: Outcome) {
            FOUND.set(of(JOB.get().unwrap()));
        }
    }
    thread_local! {
        static JOB: Cell<Option<JobRef>> = const { Cell::new(None) };
        static FOUND: Cell<Option<u32>> = const { Cell::new(None) };
    }
    let (plain, pool) = scene();
    let job = keep(Job::with_completion(Scripted(Box::new(|| ())), keep(OnEnd::new(Notes)))).reference();
    JOB.set(Some(job));
    let (answer, at) = here!(Machine::submit(pool, job));
    answer.unwrap();
    plain.run();
    assert_eq!(FOUND.get(), at);
}
