//! Spawned closures, in the cache and in scopes, and the books about them.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

use taskpool::{Cancel, Duration, JobHandle, JoinError, Pool, ScopeError, SpawnError, Timeout};
use zephyr::sync::SpinMutex;

use crate::act::{self, Caller};
use crate::random::Random;
use crate::{board, CLOSING};

/// More things than exist at once: two for each slot, and one for each thread and interrupt.
const PLACES: usize = 64;
/// Closures of a scope, at most.
const SCOPED: usize = 3;

/// The number of the thing that is in each place, or 0.
static ALIVE: [AtomicU32; PLACES] = [const { AtomicU32::new(0) }; PLACES];
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Fewer than slots: some closures have no handle.
static HANDLES: [SpinMutex<Option<Spawned>>; 4] = [const { SpinMutex::new(None) }; 4];

/// What has been handed over and what came of it, in this round.
struct Books {
    accepted: AtomicU32,
    refused: AtomicU32,
    runs: AtomicU32,
    /// Closures that `cancel` said it cancelled.
    cancelled: AtomicU32,
    /// Results that came through a handle.
    taken: AtomicU32,
    /// Captures that were dropped without a run.
    unrun: AtomicU32,
}

static BOOKS: Books = Books {
    accepted: AtomicU32::new(0),
    refused: AtomicU32::new(0),
    runs: AtomicU32::new(0),
    cancelled: AtomicU32::new(0),
    taken: AtomicU32::new(0),
    unrun: AtomicU32::new(0),
};

impl Books {
    fn counts(&self) -> [&AtomicU32; 6] {
        [
            &self.accepted,
            &self.refused,
            &self.runs,
            &self.cancelled,
            &self.taken,
            &self.unrun,
        ]
    }
}

fn add(count: &AtomicU32, number: u32) {
    count.fetch_add(number, SeqCst);
}

/// What a closure captures, or answers: it is dropped once, and not before somebody looks at it.
struct Thing {
    place: usize,
    number: u32,
    /// A closure captures it, and has not run.
    waits: bool,
}

impl Thing {
    fn new(waits: bool) -> Self {
        // 0 is nobody's number.
        let number = NUMBER.fetch_add(1, SeqCst) % (u32::MAX - 1) + 1;
        let place = ALIVE
            .iter()
            .position(|place| place.compare_exchange(0, number, SeqCst, SeqCst).is_ok())
            .expect("closures or their results are not dropped");
        Thing { place, number, waits }
    }

    fn check(&self) {
        assert_eq!(
            ALIVE[self.place].load(SeqCst),
            self.number,
            "what a closure captures, or answers, was dropped early"
        );
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        assert!(
            ALIVE[self.place]
                .compare_exchange(self.number, 0, SeqCst, SeqCst)
                .is_ok(),
            "what a closure captures, or answers, was dropped twice"
        );
        add(&BOOKS.unrun, self.waits.into());
    }
}

/// What every closure does.
fn run(mut captured: Thing) -> Thing {
    captured.check();
    captured.waits = false;
    add(&BOOKS.runs, 1);
    let mut random = Random::new(captured.number.wrapping_mul(0x9e37_79b9));
    match random.below(12) {
        0 => board::sleep(random.below(3)),
        1..=3 => board::spin(random.below(80)),
        4 if !CLOSING.load(SeqCst) => act::act(&mut random, Caller::Job),
        _ => {}
    }
    captured.check();
    drop(captured);
    Thing::new(false)
}

/// The handle of a closure.
struct Spawned {
    handle: JobHandle<Thing>,
    /// The handle was told so.
    cancelled: bool,
    taken: bool,
}

/// Takes what is there, and leaves this instead.
fn exchange(place: usize, spawned: Option<Spawned>) -> Option<Spawned> {
    let mut held = HANDLES[place].lock().expect("no lock is poisoned");
    core::mem::replace(&mut *held, spawned)
}

fn accept<T, F>(answer: Result<T, SpawnError<F>>) -> Option<T> {
    let count = match answer {
        Ok(_) => &BOOKS.accepted,
        Err(_) => &BOOKS.refused,
    };
    add(count, 1);
    // Here the closure is dropped that was refused.
    answer.ok()
}

/// Spawns a closure. Its handle stays, or not.
pub fn spawn(random: &mut Random, pool: Pool) {
    let captured = Thing::new(true);
    let answer = match random.below(4) {
        0..=1 => accept(pool.spawn(move || run(captured))),
        2 => accept(pool.spawn_after(move || run(captured), Duration::ticks(random.below(5).into()))),
        _ => accept(pool.spawn_with(move |ctx| {
            ctx.cancelled();
            run(captured)
        })),
    };
    let Some(handle) = answer else { return };
    let place = random.below(2 * HANDLES.len() as u32) as usize;
    if place < HANDLES.len() {
        let spawned = Spawned {
            handle,
            cancelled: false,
            taken: false,
        };
        drop(exchange(place, Some(spawned)));
    }
}

/// One operation on some handle, whoever has spawned the closure.
pub fn handle(random: &mut Random, timeout: Timeout) {
    let place = random.below(HANDLES.len() as u32) as usize;
    let Some(mut spawned) = exchange(place, None) else {
        return;
    };
    match random.below(8) {
        0..=1 => spawned.cancel(),
        2..=4 => spawned.wait(timeout),
        5 => spawned.wait(Timeout::NoWait),
        6 => _ = spawned.handle.status(),
        _ => return,
    }
    // Somebody may have put another one there.
    drop(exchange(place, Some(spawned)));
}

impl Spawned {
    fn cancel(&mut self) {
        match self.handle.cancel() {
            Cancel::Cancelled => {
                assert!(!self.cancelled && !self.taken, "a closure that is over was cancelled");
                self.cancelled = true;
                add(&BOOKS.cancelled, 1);
            }
            Cancel::Running { resubmission_cancelled } => {
                assert!(!resubmission_cancelled, "a closure was submitted again");
            }
            Cancel::Idle => {}
        }
    }

    fn wait(&mut self, timeout: Timeout) {
        let answer = self.handle.wait(timeout);
        match &answer {
            Ok(result) => {
                result.check();
                assert!(!self.cancelled && !self.taken, "a result comes that there can't be");
                self.taken = true;
                add(&BOOKS.taken, 1);
            }
            Err(JoinError::Cancelled) => assert!(self.cancelled, "nobody has cancelled the closure"),
            Err(JoinError::Taken) => assert!(self.taken, "nobody has taken the result"),
            Err(JoinError::TimedOut | JoinError::OnWorker | JoinError::Discarded) => {
                assert!(!self.cancelled && !self.taken, "the closure was over already");
            }
            Err(error) => panic!("nothing asked for this error: {error:?}"),
        }
    }
}

/// A scope, whose closures borrow from the caller.
pub fn scope(random: &mut Random, pool: Pool) {
    let count = 1 + random.below(SCOPED as u32) as usize;
    let (mut runs, mut accepted) = ([0; SCOPED], [0; SCOPED]);
    let answer = pool.scope(|scope| {
        for (runs, accepted) in runs.iter_mut().zip(&mut accepted).take(count) {
            let captured = Thing::new(true);
            let spawned = scope.spawn(move || {
                *runs += 1;
                drop(run(captured));
            });
            *accepted = u32::from(accept(spawned).is_some());
        }
    });
    match answer {
        Ok(()) => assert_eq!(runs, accepted, "a scope ended without its closures, or with more"),
        Err(ScopeError::Discarded) => {
            assert!(
                runs != accepted && runs.iter().zip(&accepted).all(|(runs, accepted)| runs <= accepted),
                "nothing of the scope was discarded"
            );
        }
        Err(error) => panic!("nothing asked for this error: {error:?}"),
    }
}

/// Drops all handles.
pub fn drop_handles() {
    (0..HANDLES.len()).for_each(|place| drop(exchange(place, None)));
}

/// A new round begins.
pub fn open_books() {
    BOOKS.counts().into_iter().for_each(|count| count.store(0, SeqCst));
}

/// Closures that were accepted, that ran, and that were cancelled.
pub fn counts() -> [u32; 3] {
    [&BOOKS.accepted, &BOOKS.runs, &BOOKS.cancelled].map(|count| count.load(SeqCst))
}

/// Closures that were accepted, and dropped by a shutdown.
pub fn discarded() -> u32 {
    let [accepted, _, runs, cancelled, ..] = BOOKS.counts().map(|count| count.load(SeqCst));
    accepted.wrapping_sub(runs + cancelled)
}

/// What is wrong with the books, when everything is at rest.
pub fn audit() -> Result<(), &'static str> {
    let [_, refused, runs, cancelled, taken, unrun] = BOOKS.counts().map(|count| count.load(SeqCst));
    if ALIVE.iter().any(|place| place.load(SeqCst) != 0) {
        return Err("what a closure captured, or answered, was not dropped");
    }
    if taskpool::cache().used != 0 {
        return Err("a slot of the cache was not given back");
    }
    if discarded() != 0 && !act::discards() {
        return Err("accepted closures are not runs and cancellations");
    }
    if unrun != refused + cancelled + discarded() {
        return Err("other closures were dropped than those that did not run");
    }
    if taken > runs {
        return Err("there were more results than runs");
    }
    Ok(())
}

struct Totals;

/// The books of the round.
pub fn totals() -> impl fmt::Display {
    Totals
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [accepted, refused, runs, cancelled, taken, _] = BOOKS.counts().map(|count| count.load(SeqCst));
        write!(
            f,
            "closures: accepted {accepted}, refused {refused}, run {runs}, cancelled {cancelled}, discarded {}, \
             results taken {taken}",
            discarded()
        )
    }
}
