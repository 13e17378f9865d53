//! Spawned closures and scopes in a world.
//!
//! Each slot of the cache is a job of the world, of which many closures make use, one after the other. So all that holds
//! for jobs is checked for closures, too. Beside that, each closure has an account: what it captures is dropped once, in
//! its run or without one; what it answers is given or dropped once; and a slot is used as long as one of its owners is
//! there.

use std::cell::Cell;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use taskpool_core::{
    CacheUse, Caller, Cancel, Ctx, Handle, JobRef, JoinError, NotSpawned, Outcome, Port, ScopeError, Shutdown,
    SpawnError, Status,
};

use super::{add_job_at, state, within, Context, Decided, Does, Machine, State, World, P};
use crate::model::Place;
use crate::port::{Virtual, SLOTS};

/// A place for a handle of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct H(pub usize);

/// Places for handles.
pub const HANDLES: usize = 4;

type Spawned = Handle<Virtual, Piece>;
type Script = Box<dyn FnOnce()>;

/// What became of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fate {
    #[default]
    Unmade,
    Alive,
    Dropped,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Capture,
    Result,
}

/// Something whose drop is noted: what a closure captures, or what it answers.
#[derive(Debug)]
struct Piece {
    closure: u32,
    part: Part,
}

#[derive(Default)]
struct Closure {
    /// The job of its slot, once it was accepted.
    job: Option<usize>,
    /// The scope that it is part of.
    scope: Option<usize>,
    script: Option<Script>,
    /// Its handle is in a place of the world, and has not given the result: nobody is about to drop it.
    handle: bool,
    /// Somebody asks the handle for the result, or has it.
    asked: bool,
    /// Came back to who spawned it.
    refused: bool,
    ran: bool,
    inside: bool,
    /// Runs on the worker that opened its scope.
    here: bool,
    end: Option<Outcome>,
    capture: Fate,
    result: Fate,
}

struct Kept {
    closure: usize,
    // Where a check has failed it stays, as the machine may not be called then.
    handle: Rc<ManuallyDrop<Spawned>>,
}

struct Opened {
    pool: usize,
    closures: Vec<usize>,
    open: bool,
    /// By a worker of the pool, which runs by itself what is queued.
    by_its_worker: bool,
}

/// What the model knows of closures.
#[derive(Default)]
pub(super) struct Closures {
    /// The job of the first slot; those of the others follow it.
    first: Option<usize>,
    /// The closure that came last to each slot.
    slots: [Option<usize>; SLOTS],
    all: Vec<Closure>,
    handles: [Option<Kept>; HANDLES],
    scopes: Vec<Opened>,
    /// Slots that were taken, and have no closure yet.
    taken: u8,
    /// As the machine showed it last.
    used: u8,
    most: u8,
}

/// What asking a handle must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    Over(Outcome),
    Refused(JoinError),
    /// Anything, once it is over; or the time is up.
    Waits,
}

thread_local! {
    /// Scopes that are open, one within the other.
    static OPEN: Cell<u32> = const { Cell::new(0) };
}

impl Piece {
    fn new(closure: usize, part: Part) -> Self {
        state(|s| *s.closures.fate(closure, part) = Fate::Alive);
        let closure = closure as u32;
        Piece { closure, part }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        // A check has failed already.
        if thread::panicking() {
            return;
        }
        // The port does not let the lock be taken under the lock: nothing is dropped there.
        Virtual::unnoticed(Machine::cache);
        let (number, part) = (self.closure as usize, self.part);
        state(|s| {
            let closure = &s.closures.all[number];
            let allowed = match part {
                Part::Capture => {
                    let unrun = matches!(closure.end, Some(Outcome::Cancelled | Outcome::Discarded));
                    closure.inside || closure.refused || unrun
                }
                Part::Result => !closure.handle,
            };
            assert!(allowed, "the {part:?} of closure {number} is dropped too early");
            let fate = std::mem::replace(s.closures.fate(number, part), Fate::Dropped);
            assert!(
                fate == Fate::Alive,
                "the {part:?} of closure {number} is dropped twice, or without a closure"
            );
        });
    }
}

impl Closures {
    /// Whether a closure was ever spawned.
    pub(super) fn are_known(&self) -> bool {
        self.first.is_some()
    }

    /// Whether this job is a slot of the cache.
    pub(super) fn is_slot(&self, job: usize) -> bool {
        self.first.is_some_and(|first| (first..first + SLOTS).contains(&job))
    }

    fn fate(&mut self, closure: usize, part: Part) -> &mut Fate {
        let closure = &mut self.all[closure];
        match part {
            Part::Capture => &mut closure.capture,
            Part::Result => &mut closure.result,
        }
    }

    /// The jobs of the slots, with the closure that came last to each.
    fn in_slots(&self) -> impl Iterator<Item = (usize, Option<usize>)> + use<'_> {
        let first = self.first.into_iter();
        first.flat_map(|first| (first..).zip(self.slots))
    }
}

/// The run of a closure, with what it captures.
fn run(capture: Piece, ctx: Option<&Ctx<'_>>) -> Piece {
    let number = capture.closure as usize;
    let script = state(|s| {
        let now = Virtual::clock();
        let closure = &mut s.closures.all[number];
        assert!(!closure.ran, "closure {number} runs twice");
        assert!(closure.capture == Fate::Alive, "closure {number} runs, and was dropped");
        (closure.ran, closure.inside) = (true, true);
        let script = closure.script.take();
        if closure.refused {
            return script;
        }
        let job = closure.job.expect("nothing runs that was not accepted");
        let Place::Running { run, .. } = s.model.jobs[job].place else {
            panic!("closure {number} runs and was not taken");
        };
        if let Some(ctx) = ctx {
            assert!(ctx.runs(s.jobs[job].reference), "closure {number} runs in a wrong slot");
            assert!(ctx.due() == run.deadline, "closure {number} was told a wrong deadline");
            assert!(
                ctx.pool() == s.pools[run.pool].reference,
                "closure {number} runs in a wrong pool"
            );
        }
        assert!(
            run.deadline.unwrap_or(0) <= now,
            "closure {number} runs before its time"
        );
        s.jobs[job].runs += 1;
        s.runs.push(("closure", now));
        s.check_levels();
        script
    });
    if let Some(script) = script {
        script();
    }
    drop(capture);
    let result = Piece::new(number, Part::Result);
    state(|s| s.closures.all[number].inside = false);
    result
}

impl State {
    /// The jobs whose state can be looked at: in a slot that was never used there is none.
    pub(super) fn visible(&self, usage: Option<&CacheUse>) -> Vec<Option<JobRef>> {
        let unused = match (self.closures.first, usage) {
            (Some(first), Some(usage)) => first + usize::from(usage.most)..first + SLOTS,
            _ => 0..0,
        };
        let look = |(index, reference)| (!unused.contains(&index)).then_some(reference);
        self.jobs
            .iter()
            .map(|job| job.reference)
            .enumerate()
            .map(look)
            .collect()
    }

    /// One lock section of a spawn: it takes a slot, then it submits, and when that is refused it gives the slot back.
    pub(super) fn spawn_goes_on(&mut self, context: &mut Context, found: &[Status]) {
        let Does::Spawn { closure, pool, delay } = context.does else {
            return;
        };
        match (context.sections, context.decided) {
            (1, _) if usize::from(self.closures.used) == SLOTS => {
                context.decided = Some(Decided::Spawned(Err(NotSpawned::NoSlot)));
            }
            (1, _) => self.closures.taken += 1,
            (2, None) if !self.model.accepts(pool) => {
                context.decided = Some(Decided::Spawned(Err(NotSpawned::NotRunning)));
            }
            (2, None) => {
                let first = self.closures.first.expect("the world knows of closures");
                let idle = |index: &usize| self.model.jobs[first + index].place == Place::Idle;
                let slot = (0..SLOTS)
                    .filter(idle)
                    .find(|index| found[first + index] != Status::Idle);
                let slot = slot.expect("a pool that takes submissions has taken the closure");
                let read = (delay > 0).then(|| self.looked(context, pool));
                let now = read.unwrap_or_else(Virtual::clock);
                let deadline = (delay > 0).then(|| now + delay + 1);
                let accepted = self.model.submit(pool, first + slot, deadline, None, now);
                assert!(accepted.is_ok(), "a closure is put into a slot that is not free");
                self.check_left(self.closures.slots[slot]);
                self.closures.slots[slot] = Some(closure);
                self.closures.taken -= 1;
                self.closures.all[closure].job = Some(first + slot);
                context.decided = Some(Decided::Spawned(Ok(())));
            }
            (3, Some(Decided::Spawned(Err(_)))) => self.closures.taken -= 1,
            _ => {}
        }
    }

    /// The closure that was in a slot before has left nothing in it.
    fn check_left(&self, closure: Option<usize>) {
        let Some(number) = closure else {
            return;
        };
        let closure = &self.closures.all[number];
        assert!(
            closure.end.is_some() && !closure.handle,
            "the slot of closure {number} is taken, and was not left"
        );
        assert!(
            closure.capture == Fate::Dropped,
            "closure {number} has left what it captures"
        );
        assert!(
            closure.result != Fate::Alive || closure.asked,
            "closure {number} has left its result"
        );
    }

    /// One lock section of a scope: perhaps its worker takes a closure out of turn, or has run it.
    pub(super) fn scope_goes_on(&mut self, scope: usize, found: &[Status]) {
        let slots: Vec<_> = self.closures.in_slots().collect();
        for (job, closure) in slots {
            let Some(number) = closure.filter(|closure| self.closures.all[*closure].scope == Some(scope)) else {
                continue;
            };
            match (self.model.jobs[job].place, &found[job]) {
                (Place::Queued(submission), Status::Running { .. }) => {
                    let serves = match Virtual::caller() {
                        Caller::Worker(worker) => self.serves(worker, submission.pool),
                        _ => false,
                    };
                    assert!(serves, "closure {number} was taken by who is no worker of its pool");
                    self.model.taken_out_of_turn(job);
                    self.closures.all[number].here = true;
                }
                (Place::Running { .. }, Status::Idle) if self.closures.all[number].here => {
                    self.model.ended(job, 0, Virtual::clock());
                }
                _ => {}
            }
        }
    }

    /// Remembers how closures ended, as their slots may serve others soon.
    pub(super) fn note_ends(&mut self) {
        let slots: Vec<_> = self.closures.in_slots().collect();
        for (job, closure) in slots {
            let over = self.model.jobs[job].place == Place::Idle;
            if let Some(closure) = closure.filter(|_| over) {
                self.closures.all[closure]
                    .end
                    .get_or_insert(self.model.jobs[job].last.expect("it is over"));
            }
        }
    }

    /// After each lock section: a slot is taken by a spawn only, and not given back as long as it must be there.
    pub(super) fn check_slots(&mut self, context: &Context, usage: &CacheUse) {
        let before = self.closures.used;
        let takes = matches!(context.does, Does::Spawn { .. }) && context.sections == 1 && context.decided.is_none();
        match takes {
            true => assert!(usage.used == before + 1, "a spawn took no slot of those that are free"),
            false => assert!(
                (before.saturating_sub(1)..=before).contains(&usage.used),
                "{before} slots were used, and now {}",
                usage.used
            ),
        }
        let needed = |(job, closure): &(usize, Option<usize>)| {
            let handle = closure.is_some_and(|closure| self.closures.all[closure].handle);
            handle || self.model.jobs[*job].place != Place::Idle
        };
        let needed = self.closures.in_slots().filter(needed).count() + usize::from(self.closures.taken);
        assert!(
            usize::from(usage.used) >= needed,
            "{} slots are used of {needed}",
            usage.used
        );
        self.closures.used = usage.used;
        self.closures.most = self.closures.most.max(usage.used);
        assert!(usage.most == self.closures.most, "the most slots that were used");
        assert!(usize::from(usage.slots) == SLOTS, "the slots of the cache");
    }

    /// When no call is under way: exactly those slots are used of which an owner is there, and what a closure captures or
    /// answers is where it should be.
    pub(super) fn check_closures(&self, usage: Option<&CacheUse>) {
        let Some(usage) = usage else {
            return;
        };
        assert!(self.closures.taken == 0, "a slot was taken, and no closure came");
        let mut owned = 0;
        for (job, number) in self.closures.in_slots() {
            let Some(number) = number else {
                continue;
            };
            let closure = &self.closures.all[number];
            let unrun = matches!(closure.end, Some(Outcome::Cancelled | Outcome::Discarded));
            // Until it was told: by a worker, or in the drop of what was not run.
            let submission = self.model.jobs[job].place != Place::Idle
                || self.workers.iter().any(|worker| worker.completes == Some(job))
                || (unrun && closure.capture == Fate::Alive);
            owned += u8::from(submission || closure.handle);
            let capture = match (closure.ran, unrun) {
                (true, _) => Fate::Dropped,
                (false, true) => closure.capture,
                (false, false) => Fate::Alive,
            };
            assert!(
                closure.capture == capture && !(closure.ran && unrun),
                "closure {number}, {:?}, ran: {}, has its capture {:?}",
                closure.end,
                closure.ran,
                closure.capture
            );
            let result = match (closure.ran, submission || closure.handle) {
                (false, _) => Fate::Unmade,
                (true, true) => Fate::Alive,
                (true, false) => Fate::Dropped,
            };
            // The other owner may still be there when one has the result.
            assert!(
                closure.result == result || (closure.asked && closure.result == Fate::Dropped),
                "closure {number} has its result {:?}",
                closure.result
            );
        }
        assert!(
            usage.used == owned,
            "{} slots are used, and {owned} have an owner",
            usage.used
        );
    }

    /// What asking the handle of a closure comes to.
    pub(super) fn join(&self, closure: usize, waits: bool) -> Joined {
        let job = self.closures.all[closure]
            .job
            .expect("it has a handle, so it was accepted");
        let pool = match self.model.jobs[job].place {
            Place::Idle => return Joined::Over(self.model.jobs[job].last.expect("it is over")),
            Place::Queued(submission) | Place::Deferred(submission) | Place::Held(submission) => submission.pool,
            Place::Running { run, .. } => run.pool,
        };
        match Virtual::caller() {
            _ if !waits => Joined::Refused(JoinError::TimedOut),
            Caller::Interrupt => Joined::Refused(JoinError::InInterrupt),
            Caller::Worker(worker) if self.serves(worker, pool) => Joined::Refused(JoinError::OnWorker),
            _ => Joined::Waits,
        }
    }
}

impl World {
    /// Whether a scope is open. Whatever unwinds through that ends the process: a scope waits for its closures then, too.
    pub fn in_scope() -> bool {
        OPEN.get() > 0
    }

    fn new_closure(self, scope: Option<usize>, script: Script) -> usize {
        if state(|s| s.closures.first.is_none()) {
            let first = state(|s| s.jobs.len());
            for reference in Virtual::slots() {
                add_job_at("closure", reference, false);
            }
            state(|s| s.closures.first = Some(first));
        }
        state(|s| {
            s.closures.all.push(Closure {
                scope,
                script: Some(script),
                ..Closure::default()
            });
            s.closures.all.len() - 1
        })
    }

    /// Spawns a closure that does `script` when it runs, and keeps its handle in this place, from which another one is
    /// dropped; without a place, or when that other one is in use, the new handle is dropped.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn spawn(
        self,
        pool: P,
        delay: u64,
        place: Option<H>,
        script: impl FnOnce() + 'static,
    ) -> Result<(), NotSpawned> {
        let reference = self.pool_ref(pool);
        let number = self.new_closure(None, Box::new(script));
        let capture = Piece::new(number, Part::Capture);
        let closure = move |ctx: &Ctx<'_>| run(capture, Some(ctx));
        let does = Does::Spawn {
            closure: number,
            pool: pool.0,
            delay,
        };
        let (answer, decided) = within(does, || Machine::spawn_with(reference, delay, closure));
        let why = answer.as_ref().map(|_| ()).map_err(|error| error.why);
        assert_eq!(Some(Decided::Spawned(why)), decided, "spawn");
        match answer {
            Ok(handle) => self.keep_handle(number, handle, place),
            Err(error) => self.drop_refused(number, error),
        }
        self.settled();
        why
    }

    fn drop_refused<F>(self, number: usize, error: SpawnError<F>) {
        state(|s| {
            let closure = &mut s.closures.all[number];
            assert!(
                closure.capture == Fate::Alive,
                "closure {number} was refused and dropped"
            );
            closure.refused = true;
        });
        drop(error.closure);
    }

    fn keep_handle(self, closure: usize, handle: Spawned, place: Option<H>) {
        let Some(H(place)) = place else {
            return self.let_go(handle);
        };
        let occupied = state(|s| s.closures.handles[place].take());
        let occupied = match occupied.map(|kept| (kept.closure, Rc::try_unwrap(kept.handle))) {
            None => None,
            Some((other, Ok(handle))) => Some((other, handle)),
            Some((closure, Err(in_use))) => {
                let handle_in_use = Kept {
                    closure,
                    handle: in_use,
                };
                state(|s| s.closures.handles[place] = Some(handle_in_use));
                return self.let_go(handle);
            }
        };
        let handle = Rc::new(ManuallyDrop::new(handle));
        state(|s| {
            s.closures.handles[place] = Some(Kept { closure, handle });
            s.closures.all[closure].handle = !s.closures.all[closure].asked;
        });
        if let Some((other, handle)) = occupied {
            state(|s| s.closures.all[other].handle = false);
            self.let_go(ManuallyDrop::into_inner(handle));
        }
    }

    /// Drops a handle, after the model has forgotten it.
    fn let_go(self, handle: Spawned) {
        within(Does::Other, || drop(handle));
    }

    /// Takes a handle out of its place, unless somebody uses it.
    fn take_handle(self, place: H) -> Option<(usize, ManuallyDrop<Spawned>)> {
        let kept = state(|s| s.closures.handles[place.0].take())?;
        match Rc::try_unwrap(kept.handle) {
            Ok(handle) => {
                state(|s| s.closures.all[kept.closure].handle = false);
                Some((kept.closure, handle))
            }
            Err(handle) => {
                let closure = kept.closure;
                state(|s| s.closures.handles[place.0] = Some(Kept { closure, handle }));
                None
            }
        }
    }

    /// Drops a handle, unless there is none or somebody uses it.
    pub fn drop_handle(self, place: H) {
        if let Some((_, handle)) = self.take_handle(place) {
            self.let_go(ManuallyDrop::into_inner(handle));
        }
        self.settled();
    }

    /// Cancels a closure, if there is a handle.
    pub fn cancel_spawned(self, place: H) {
        let kept = state(|s| {
            let kept = s.closures.handles[place.0].as_ref();
            kept.map(|kept| (kept.closure, Rc::clone(&kept.handle)))
        });
        let Some((number, handle)) = kept else {
            return;
        };
        let (job, asked) = state(|s| (s.closures.all[number].job, s.closures.all[number].asked));
        let job = job.expect("it has a handle, so it was accepted");
        let (answer, decided) = within(Does::Cancel(job), || handle.cancel());
        match asked {
            false => assert_eq!(Some(Decided::Cancelled(answer)), decided, "cancel of a closure"),
            true => assert_eq!(
                (answer, decided),
                (Cancel::Idle, None),
                "its handle has given the result"
            ),
        }
        drop(handle);
        self.settled();
    }

    /// Asks a handle for the result, until the clock shows `deadline`; the workers and the clock go on meanwhile. Answers
    /// what came of it, unless there is no handle or somebody uses it.
    pub fn join(self, place: H, deadline: Option<u64>) -> Option<Result<(), JoinError>> {
        let (number, mut handle) = self.take_handle(place)?;
        let given = state(|s| std::mem::replace(&mut s.closures.all[number].asked, true));
        let does = Does::Join {
            closure: number,
            waits: deadline != Some(0),
        };
        let (answer, decided) = within(does, || handle.wait(deadline));
        let end = state(|s| s.closures.all[number].end);
        match (&answer, decided) {
            (Err(JoinError::Taken), None) => assert!(given, "closure {number} has never given its result"),
            (_, None) => panic!("without a lock section, there is nothing but a result that was given before"),
            (Err(error), Some(Decided::Joined(Joined::Refused(why)))) => assert_eq!(*error, why),
            (Ok(_), Some(Decided::Joined(Joined::Over(Outcome::Done(0)))))
            | (Err(JoinError::Cancelled), Some(Decided::Joined(Joined::Over(Outcome::Cancelled))))
            | (Err(JoinError::Discarded), Some(Decided::Joined(Joined::Over(Outcome::Discarded)))) => {}
            (Err(JoinError::TimedOut), Some(Decided::Joined(Joined::Waits))) => assert!(deadline.is_some()),
            (Ok(_), Some(Decided::Joined(Joined::Waits))) => assert_eq!(end, Some(Outcome::Done(0))),
            (Err(JoinError::Cancelled), Some(Decided::Joined(Joined::Waits))) => {
                assert_eq!(end, Some(Outcome::Cancelled));
            }
            (Err(JoinError::Discarded), Some(Decided::Joined(Joined::Waits))) => {
                assert_eq!(end, Some(Outcome::Discarded));
            }
            (answer, decided) => panic!("closure {number} answers {answer:?}, and should {decided:?}"),
        }
        state(|s| s.closures.all[number].asked = given || answer.is_ok());
        let answer = answer.map(|result| {
            assert!(
                result.closure as usize == number && result.part == Part::Result,
                "closure {number} gives {result:?}"
            );
        });
        self.keep_handle(number, ManuallyDrop::into_inner(handle), Some(place));
        self.settled();
        Some(answer)
    }

    /// Opens a scope, in which closures do these scripts and touch what is on this stack, and ends it. Those for which
    /// there is no slot, or no pool, are called at once.
    ///
    /// # Errors
    ///
    /// As the machine's.
    pub fn scope(self, pool: P, scripts: Vec<Script>) -> Result<(), ScopeError> {
        let reference = self.pool_ref(pool);
        let in_interrupt = self.in_interrupt();
        let scope = state(|s| {
            let by_its_worker = match Virtual::caller() {
                Caller::Worker(worker) => s.serves(worker, pool.0),
                _ => false,
            };
            s.closures.scopes.push(Opened {
                pool: pool.0,
                closures: Vec::new(),
                open: true,
                by_its_worker,
            });
            s.closures.scopes.len() - 1
        });
        let touched = AtomicU32::new(0);
        OPEN.set(OPEN.get() + 1);
        let (answer, _) = within(Does::Scope(scope), || {
            Machine::scope(reference, |scoped| {
                assert!(!in_interrupt, "a scope was opened in an interrupt");
                for script in scripts {
                    let number = self.new_closure(Some(scope), script);
                    state(|s| s.closures.scopes[scope].closures.push(number));
                    let capture = Piece::new(number, Part::Capture);
                    let touched = &touched;
                    let closure = move || {
                        // Before anything is touched that may be gone.
                        assert!(
                            state(|s| s.closures.scopes[scope].open),
                            "closure {number} runs, and its scope is over"
                        );
                        touched.fetch_add(1, Ordering::Relaxed);
                        drop(run(capture, None));
                        touched.fetch_add(1, Ordering::Relaxed);
                    };
                    let does = Does::Spawn {
                        closure: number,
                        pool: pool.0,
                        delay: 0,
                    };
                    let (answer, decided) = within(does, || scoped.spawn(closure));
                    let why = answer.as_ref().map_err(|error| error.why).copied();
                    assert_eq!(Some(Decided::Spawned(why)), decided, "spawn in a scope");
                    if let Err(refused) = answer {
                        state(|s| s.closures.all[number].refused = true);
                        (refused.closure)();
                    }
                }
            })
        });
        OPEN.set(OPEN.get() - 1);
        state(|s| s.check_scope(scope, touched.into_inner(), answer, in_interrupt));
        self.settled();
        answer
    }

    /// Lets the closures of the innermost scope go on, when nobody else does: who would may stand still beneath it, on the
    /// one stack that there is. Answers whether it could.
    pub(super) fn rescue_scope(self) -> bool {
        let pool = state(|s| {
            let scope = s.closures.scopes.iter().rfind(|scope| scope.open)?;
            let under_way = |closure: &&usize| {
                let closure = &s.closures.all[**closure];
                closure.job.is_some() && closure.end.is_none()
            };
            scope.closures.iter().find(under_way)?;
            assert!(
                !scope.by_its_worker,
                "a worker waits for a closure of its scope, and should run it"
            );
            Some(scope.pool)
        });
        let Some(pool) = pool else {
            return false;
        };
        let (held, closed, runs) = state(|s| {
            let pool = &s.model.pools[pool];
            (pool.held, pool.closed, pool.runs)
        });
        Virtual::as_thread(|| match (held, closed || runs) {
            (true, _) => _ = self.release(P(pool)),
            (false, false) => self.start(P(pool)),
            (false, true) => _ = self.shutdown(P(pool), Shutdown::Discard, Some(0)),
        });
        true
    }

    /// Drops all handles, and checks that every closure has come to its end.
    pub fn end_closures(self) {
        for place in 0..HANDLES {
            self.drop_handle(H(place));
        }
        let used = Virtual::unnoticed(Machine::check_cache).used;
        assert!(used == 0, "{used} slots were not given back");
        state(|s| {
            for (number, closure) in s.closures.all.iter().enumerate() {
                let over = closure.refused || closure.end.is_some();
                assert!(over, "closure {number} was forgotten");
                assert!(
                    closure.capture == Fate::Dropped && closure.result != Fate::Alive,
                    "closure {number}: {:?} {:?}",
                    closure.capture,
                    closure.result
                );
            }
        });
    }
}

impl State {
    /// A scope has ended: all of it is over.
    fn check_scope(&mut self, scope: usize, touched: u32, answer: Result<(), ScopeError>, in_interrupt: bool) {
        let opened = &mut self.closures.scopes[scope];
        opened.open = false;
        let mut discarded = false;
        let mut ran = 0;
        for number in &opened.closures {
            let closure = &self.closures.all[*number];
            assert!(
                closure.refused || closure.end.is_some(),
                "closure {number} goes on, and its scope is over"
            );
            assert!(
                closure.capture == Fate::Dropped && closure.result != Fate::Alive && !closure.inside,
                "closure {number} is there, and its scope is over"
            );
            discarded |= closure.end == Some(Outcome::Discarded);
            assert!(
                closure.ran == (closure.refused || closure.end == Some(Outcome::Done(0))),
                "closure {number}, {:?}, ran: {}",
                closure.end,
                closure.ran
            );
            ran += u32::from(closure.ran);
        }
        let expected = match (in_interrupt, discarded) {
            (true, _) => Err(ScopeError::InInterrupt),
            (false, true) => Err(ScopeError::Discarded),
            (false, false) => Ok(()),
        };
        assert_eq!(answer, expected, "the answer of a scope");
        assert_eq!(touched, 2 * ran, "what the closures of a scope have touched");
    }
}
