//! What the tests on the host share.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use taskpool::{Code, Complete, Ctx, Job, OnEnd, Outcome, Run};

/// Longer than any of this takes on a loaded machine. Tests bound nothing from above but their own end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something is so.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "still waiting: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// A job that does what a closure says.
pub(crate) struct Does<F>(F);

impl<F: FnMut(&Ctx<'_>) -> Code + Send> Run for Does<F> {
    fn run(&mut self, ctx: &Ctx<'_>) -> Code {
        (self.0)(ctx)
    }
}

/// A job for ever.
pub(crate) fn job<F: FnMut(&Ctx<'_>) -> Code + Send>(body: F) -> &'static Job<Does<F>> {
    Box::leak(Box::new(Job::new(Does(body))))
}

/// Counts outcomes.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) done: AtomicU32,
    pub(crate) cancelled: AtomicU32,
}

impl Complete for Counts {
    fn complete(&self, outcome: Outcome) {
        let counter = match outcome {
            Outcome::Done(_) => &self.done,
            Outcome::Cancelled => &self.cancelled,
            other => panic!("an unknown outcome: {other:?}"),
        };
        counter.fetch_add(1, Ordering::SeqCst);
    }
}

impl Counts {
    pub(crate) fn done(&self) -> u32 {
        self.done.load(Ordering::SeqCst)
    }

    pub(crate) fn cancelled(&self) -> u32 {
        self.cancelled.load(Ordering::SeqCst)
    }
}

/// A job for ever, whose outcomes are counted.
pub(crate) fn counted<F>(body: F) -> (&'static Job<Does<F>>, &'static OnEnd<Counts>)
where
    F: FnMut(&Ctx<'_>) -> Code + Send,
{
    let counts: &'static OnEnd<Counts> = Box::leak(Box::new(OnEnd::new(Counts::default())));
    (Box::leak(Box::new(Job::with_completion(Does(body), counts))), counts)
}

/// A job that says that it runs, and then runs until the sender lets it go.
pub(crate) fn gated() -> (&'static Job<impl Run>, mpsc::Receiver<String>, mpsc::Sender<()>) {
    let (says, hears) = mpsc::channel();
    let (lets_go, waits) = mpsc::channel();
    let job = job(move |_| {
        let name = thread::current().name().unwrap_or("nameless").to_owned();
        says.send(name).expect("the test listens");
        waits.recv_timeout(PATIENCE).expect("the test lets the job go");
        0
    });
    (job, hears, lets_go)
}

/// What comes through the channel, in time.
pub(crate) fn hear<T>(from: &mpsc::Receiver<T>) -> T {
    from.recv_timeout(PATIENCE).expect("it comes")
}
