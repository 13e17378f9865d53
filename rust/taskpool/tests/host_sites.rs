//! Where jobs were submitted, through all calls that submit.

use std::sync::Mutex;

use taskpool::classes::{self, Target};
use taskpool::{
    leak_pool, set_overrun_hook, About, Code, Ctx, Duration, Event, First, Instant, Job, Next, OnEnd, Outcome, Overrun,
    Pool, Run, Site, Task, TaskCtx, Then, Timeout,
};

/// The line, if it is one of this file.
fn line(site: Option<Site>) -> Option<u32> {
    let site = site?;
    assert_eq!(site.file(), file!());
    assert_eq!(site.to_string(), format!("{}:{}", file!(), site.line()));
    Some(site.line())
}

fn pool(name: &'static str) -> Pool {
    leak_pool(name, 1, 1).unwrap()
}

struct Nothing;

impl Run for Nothing {
    fn run(&mut self, _: &Ctx<'_>) -> Code {
        0
    }
}

/// Does it, and asserts that the job's site is in this line; waits for the job's end.
macro_rules! assert_here {
    ($job:ident, $call:expr) => {
        $call.unwrap();
        assert_eq!(line($job.submitted_at()), Some(line!()), "{}", stringify!($call));
        $job.wait(Timeout::Forever).unwrap();
        assert_eq!(line($job.submitted_at()), Some(line!()), "afterwards");
    };
}

#[test]
fn each_call_that_submits_is_kept() {
    static JOB: Job<Nothing> = Job::new(Nothing);
    let pool = pool("sites");
    assert_eq!(JOB.submitted_at(), None);
    assert_here!(JOB, pool.submit(&JOB));
    assert_here!(JOB, pool.submit_urgent(&JOB));
    assert_here!(JOB, pool.submit_after(&JOB, Duration::ZERO));
    assert_here!(JOB, pool.submit_after(&JOB, Duration::millis(1)));
    assert_here!(JOB, pool.submit_at(&JOB, Instant::now()));
    assert_here!(JOB, pool.run_now(&JOB));
    classes::set("sites", Target::Pool(pool)).unwrap();
    assert_here!(JOB, classes::submit("sites", &JOB));
    classes::set("sites", Target::Inline(pool)).unwrap();
    assert_here!(JOB, classes::submit("sites", &JOB));
    classes::remove("sites");
    let before = line(JOB.submitted_at());
    assert!(classes::submit("sites", &JOB).is_err());
    assert_eq!(line(JOB.submitted_at()), before, "refused");
}

/// A function of the application that submits for others.
#[track_caller]
fn submit_for_somebody(pool: Pool, job: &'static Job<Nothing>) -> Result<(), taskpool::SubmitError> {
    pool.submit(job).map(|_| ())
}

#[test]
fn a_wrapper_names_its_caller() {
    static JOB: Job<Nothing> = Job::new(Nothing);
    let pool = pool("wrapper");
    assert_here!(JOB, submit_for_somebody(pool, &JOB));
}

#[test]
fn a_refused_call_is_not_kept() {
    static JOB: Job<Nothing> = Job::new(Nothing);
    let pool = pool("refused");
    pool.hold().unwrap();
    pool.submit(&JOB).unwrap();
    let before = line(JOB.submitted_at());
    assert_eq!(before, Some(line!() - 2));
    pool.submit(&JOB).unwrap_err();
    pool.submit_after(&JOB, Duration::millis(1)).unwrap_err();
    pool.run_now(&JOB).unwrap_err();
    assert_eq!(line(JOB.submitted_at()), before);
    pool.release().unwrap();
    assert_eq!(JOB.wait(Timeout::Forever), Ok(Outcome::Done(0)));
}

#[test]
fn spawned_closures_know_their_site() {
    let pool = pool("spawned");
    let handle = pool.spawn(|| ()).unwrap();
    assert_eq!(line(handle.spawned_at()), Some(line!() - 1));
    let handle = pool.spawn_with(|_| ()).unwrap();
    assert_eq!(line(handle.spawned_at()), Some(line!() - 1));
    let mut handle = pool.spawn_after(|| 5, Duration::millis(1)).unwrap();
    assert_eq!(line(handle.spawned_at()), Some(line!() - 1));
    assert_eq!(handle.wait(Timeout::Forever), Ok(5));
    assert_eq!(handle.spawned_at(), None);
    let handle = pool.spawn_boxed(|| [0_u8; 1000]).unwrap();
    assert_eq!(line(handle.spawned_at()), Some(line!() - 1));
}

#[test]
fn a_tasks_site_is_who_says_when_it_runs() {
    static TASK: Task = Task::from_fn(|_: &TaskCtx<'_>| Next::Default).every(Duration::millis(1));
    static EVENT: Event = Event::new();
    let pool = pool("tasks");
    assert_eq!(TASK.submitted_at(), None);
    TASK.trigger().unwrap_err();
    assert_eq!(TASK.submitted_at(), None, "refused");
    TASK.enable(pool, First::Now).unwrap();
    let enabled = Some(line!() - 1);
    while TASK.counts().runs < 3 {
        assert_eq!(line(TASK.submitted_at()), enabled);
    }
    TASK.trigger().unwrap();
    assert_eq!(line(TASK.submitted_at()), Some(line!() - 1));
    TASK.postpone(Duration::secs(100)).unwrap();
    assert_eq!(line(TASK.submitted_at()), Some(line!() - 1));
    TASK.any().trigger().unwrap();
    assert_eq!(line(TASK.any().submitted_at()), Some(line!() - 1));
    TASK.any().postpone(Duration::secs(100)).unwrap();
    assert_eq!(line(TASK.submitted_at()), Some(line!() - 1));
    TASK.disable();
    TASK.wait(Timeout::Forever).unwrap();
    EVENT.arm(1);
    TASK.enable_on(pool, &EVENT).unwrap();
    assert_eq!(line(TASK.submitted_at()), Some(line!() - 1));
    TASK.disable();
    TASK.enable_after(pool, &EVENT).unwrap();
    assert_eq!(line(TASK.submitted_at()), Some(line!() - 1));
    TASK.disable();
}

#[test]
fn what_a_completion_submits_names_where_that_was_made() {
    static FIRST: Job<Nothing> = Job::with_completion(Nothing, &FIRST_ENDED);
    const MADE: u32 = line!() + 1;
    static FIRST_ENDED: OnEnd<Then<Nothing>> = OnEnd::new(Then::new(taskpool::system, &SECOND));
    static SECOND: Job<Nothing> = Job::new(Nothing);
    pool("first").submit(&FIRST).unwrap();
    FIRST.wait(Timeout::Forever).unwrap();
    // The first one has ended before that is told.
    while SECOND.wait(Timeout::Forever) != Ok(Outcome::Done(0)) {
        std::thread::yield_now();
    }
    assert_eq!(line(SECOND.submitted_at()), Some(MADE));
}

#[test]
fn an_overrun_names_the_site() {
    static ABOUT: About = About::new(c"slow").with_budget(const { Duration::millis(5) });
    static TOLD: Mutex<Option<String>> = Mutex::new(None);
    static SLOW: Job = Job::with_about(
        |_| {
            while TOLD.lock().unwrap().is_none() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
        },
        &ABOUT,
    );
    fn note(overrun: &Overrun) {
        assert_eq!(overrun.submitted_at(), SLOW.submitted_at());
        *TOLD.lock().unwrap() = Some(overrun.to_string());
    }
    set_overrun_hook(note);
    pool("slow").submit(&SLOW).unwrap();
    let at = line!() - 1;
    SLOW.wait(Timeout::Forever).unwrap();
    let told = TOLD.lock().unwrap().take().unwrap();
    assert!(told.starts_with("job slow (0) has run for "), "{told}");
    assert!(told.ends_with(&format!("; submitted at {}:{at}", file!())), "{told}");
}
