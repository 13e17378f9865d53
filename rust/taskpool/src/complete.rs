//! Completions that need no kernel object: another job, here or in another pool; a loop that a thread of the application
//! drives; one for many. `taskpool-zephyr` has those that do.

use core::cell::{Cell, RefCell};
use core::fmt;

use heapless::Deque;
use taskpool_core::{By, Caller, Code, Complete, Outcome, Port, Run, SignalRef, SubmitError};

use crate::guarded::Guarded;
use crate::port::ThisPort;
use crate::time::Timeout;
use crate::{Job, Pool, System};

/// What a completion has been told since somebody last took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Told {
    /// The last outcome.
    pub outcome: Outcome,
    /// How many outcomes came, this one included: more than 1 where others came before it that nobody took in time. It
    /// stays at the greatest number when that is reached.
    pub count: u32,
}

/// An outcome as C has it: its kind, and the code.
pub(crate) const fn words(outcome: Outcome) -> (i32, Code) {
    match outcome {
        Outcome::Done(code) => (0, code),
        Outcome::Cancelled => (1, 0),
        Outcome::Aborted => (2, 0),
        Outcome::TimedOut => (3, 0),
        // The core has no other.
        _ => (4, 0),
    }
}

/// The way back.
const fn outcome(kind: i32, code: Code) -> Outcome {
    match kind {
        0 => Outcome::Done(code),
        1 => Outcome::Cancelled,
        2 => Outcome::Aborted,
        3 => Outcome::TimedOut,
        _ => Outcome::Discarded,
    }
}

/// `struct taskpool_room`: where a completion keeps what it was told until somebody takes it. All zero, it is empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RoomState {
    /// Outcomes since the last one was taken.
    pub(crate) count: u32,
    /// How often nobody could be asked to take it.
    pub(crate) refused: u32,
    /// Of the last one: see [`words`].
    pub(crate) kind: i32,
    pub(crate) code: Code,
}

/// Where a completion keeps what it was told until somebody takes it: for completions of your own that hand an outcome on to
/// another context. It is never full: outcomes that nobody took in time are counted, and the last one is kept.
///
/// 16 bytes. All its functions may be called from any thread and interrupt, and take one lock section, O(1).
#[repr(transparent)]
pub struct Room(Guarded<Cell<RoomState>>);

impl Room {
    /// An empty one.
    pub const fn new() -> Self {
        Room(Guarded::new(Cell::new(RoomState::EMPTY)))
    }

    /// Puts an outcome in, and answers whether it was empty: then somebody has to be told to take it.
    pub fn put(&self, outcome: Outcome) -> bool {
        let (kind, code) = words(outcome);
        self.put_words(kind, code)
    }

    /// As `put`.
    pub(crate) fn put_words(&self, kind: i32, code: Code) -> bool {
        self.0.look(|room| {
            let before = room.get();
            room.set(before.with(kind, code));
            before.count == 0
        })
    }

    /// Takes what is in it.
    pub fn take(&self) -> Option<Told> {
        self.0.look(|room| {
            let before = room.get();
            room.set(RoomState { count: 0, ..before });
            before.told()
        })
    }

    /// Counts that nobody could be told to take what was put in. It stays there.
    pub fn refuse(&self) {
        self.0.look(|room| {
            let before = room.get();
            let refused = before.refused.saturating_add(1);
            room.set(RoomState { refused, ..before });
        });
    }

    /// How often that was so, since the boot.
    pub fn refused(&self) -> u32 {
        self.0.look(|room| room.get().refused)
    }
}

impl Default for Room {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room")
            .field("told", &self.0.look(|room| room.get().told()))
            .finish_non_exhaustive()
    }
}

impl RoomState {
    const EMPTY: Self = RoomState {
        count: 0,
        refused: 0,
        kind: 0,
        code: 0,
    };

    fn with(self, kind: i32, code: Code) -> Self {
        RoomState {
            count: self.count.saturating_add(1),
            refused: self.refused,
            kind,
            code,
        }
    }

    fn told(self) -> Option<Told> {
        (self.count > 0).then(|| Told {
            outcome: outcome(self.kind, self.code),
            count: self.count,
        })
    }
}

/// A completion that submits another job: to the same pool, or to any other one. That is also how a callback is called in
/// another pool. The job finds out by [`take`](Then::take) what has ended, and how.
///
/// ```
/// use taskpool::{Complete, Ctx, Job, OnEnd, Then};
///
/// static FETCH: Job = Job::with_completion(|_: &Ctx<'_>| println!("fetching"), &FETCHED);
/// static FETCHED: OnEnd<Then> = OnEnd::new(Then::new(taskpool::system, &SHOW));
/// static SHOW: Job = Job::new(|_| println!("{:?}", FETCHED.take()));
///
/// taskpool::system().submit(&FETCH)?;
/// # use taskpool::{Outcome, Timeout};
/// # assert_eq!(FETCH.wait(Timeout::Forever), Ok(Outcome::Done(0)));
/// # assert_eq!(SHOW.wait(Timeout::Forever), Ok(Outcome::Done(0)));
/// # Ok::<(), taskpool::SubmitError>(())
/// ```
///
/// No outcome is lost. It is kept here before the job is submitted, so:
///
/// | the job is | then |
/// |---|---|
/// | Idle | it runs |
/// | deferred | it runs now; its deadline is dropped |
/// | queued | it runs once, for this outcome too: [`Told::count`] says how many came |
/// | running | it runs once more |
/// | in any state, and the pool takes no submissions | it does not run: [`refused`](Then::refused) counts that, and the outcome can be taken |
///
/// It takes a lock section and a submission, O(1), in the context that tells the outcome, an interrupt perhaps. On a 32-bit
/// machine it takes 24 bytes, 4 more with `CONFIG_TASKPOOL_SUBMIT_SITE`, and `OnEnd` 4.
pub struct Then<T: Run + 'static = fn(&taskpool_core::Ctx<'_>)> {
    pool: fn() -> Pool,
    job: &'static Job<T>,
    room: Room,
    by: By,
}

impl<T: Run> Then<T> {
    /// Submits `job` to the pool that `pool` names, [`system`](crate::system) for example, or `|| c_pool!(net)`.
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub const fn new(pool: fn() -> Pool, job: &'static Job<T>) -> Self {
        Then {
            pool,
            job,
            room: Room::new(),
            by: By::caller(),
        }
    }

    /// What has ended since the last time, if anything has. From any thread and interrupt. One lock section, O(1).
    pub fn take(&self) -> Option<Told> {
        self.room.take()
    }

    /// How many outcomes came while the pool took no submissions, since the boot. From any thread and interrupt. One lock
    /// section, O(1).
    pub fn refused(&self) -> u32 {
        self.room.refused()
    }
}

impl<T: Run> Complete for Then<T> {
    fn complete(&self, outcome: Outcome) {
        self.room.put(outcome);
        match System::submit_by((self.pool)().0, self.job.reference(), self.by) {
            // Who is queued already takes this, too.
            Ok(_) | Err(SubmitError::AlreadyQueued) => {}
            Err(_) => self.room.refuse(),
        }
    }
}

impl<T: Run> fmt::Debug for Then<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Then")
            .field("refused", &self.refused())
            .finish_non_exhaustive()
    }
}

/// Why [`CompletionQueue::run`] called nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueueError {
    /// No outcome came in time.
    TimedOut,
    /// The caller is an interrupt, which can't wait.
    InInterrupt,
    /// Another thread waits for this queue already.
    InUse,
}

impl fmt::Display for QueueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            QueueError::TimedOut => "no job ended in time: wait longer, or look at the jobs' status",
            QueueError::InInterrupt => "an interrupt can't wait: run the queue in a thread, or with a timeout of zero",
            QueueError::InUse => "another thread waits for this queue: let one thread run it, or use a queue for each",
        })
    }
}

impl core::error::Error for QueueError {}

/// Completions that are called in a loop of the application's: by whoever calls [`run`](CompletionQueue::run), and nowhere
/// else. (Momentum's `CALLBACK_SCHED`.)
///
/// The queue has `N` places, from 1 to 255, each with a function. A job's completion names its place:
///
/// ```
/// use taskpool::{CompletionQueue, Ctx, Job, OnEnd, Queued, Timeout};
///
/// static LOOP: CompletionQueue<2> = CompletionQueue::new([
///     |told| println!("fetched: {:?}", told.outcome),
///     |told| println!("stored: {:?}", told.outcome),
/// ]);
/// static FETCHED: OnEnd<Queued<2>> = OnEnd::new(LOOP.place(0));
/// static FETCH: Job = Job::with_completion(|_: &Ctx<'_>| println!("fetching"), &FETCHED);
///
/// taskpool::system().submit(&FETCH)?;
/// assert_eq!(LOOP.run(8, Timeout::Forever), Ok(1));
/// # Ok::<(), taskpool::SubmitError>(())
/// ```
///
/// It cannot be full: a place is in the queue once at most, and keeps its outcome itself. What comes before the last one
/// was called for is counted, and the last outcome is the one that is kept: [`Told::count`]. Who has to see each outcome
/// of several jobs gives each job a place; of a job that is submitted again while it runs, two outcomes may be on their way.
/// Places are called for in the order in which their first outcome came.
///
/// On a 32-bit machine a queue takes about 20 bytes, and each place 21.
pub struct CompletionQueue<const N: usize> {
    call: [fn(Told); N],
    state: Guarded<RefCell<QueueState<N>>>,
}

struct QueueState<const N: usize> {
    /// Places with an outcome, each once.
    ready: Deque<u8, N>,
    rooms: [RoomState; N],
    /// The thread that waits.
    waits: Option<SignalRef>,
}

/// What a thread that wants to run a queue finds.
enum Found {
    Ready,
    /// It waits now.
    Nothing,
    InUse,
}

impl<const N: usize> CompletionQueue<N> {
    /// A queue that calls these functions, one for each place.
    ///
    /// # Panics
    ///
    /// With no place, or more than 255: at compile time.
    pub const fn new(call: [fn(Told); N]) -> Self {
        const {
            assert!(
                0 < N && N <= 255,
                "a completion queue has 1 to 255 places: correct its functions"
            )
        };
        CompletionQueue {
            call,
            state: Guarded::new(RefCell::new(QueueState {
                ready: Deque::new(),
                rooms: [RoomState::EMPTY; N],
                waits: None,
            })),
        }
    }

    /// The completion of this place, from 0. Several jobs may share it.
    ///
    /// # Panics
    ///
    /// When there is no such place. In a static that is a build error.
    pub const fn place(&'static self, place: usize) -> Queued<N> {
        assert!(
            place < N,
            "the queue has no such place: give it a function more, or a smaller number here"
        );
        Queued {
            queue: self,
            place: place as u8,
        }
    }

    /// Waits for an outcome, `timeout` at the longest, and then calls for what is ready, up to `limit` places, without
    /// waiting again. Answers for how many it has called.
    ///
    /// From threads; with [`Timeout::NoWait`] from interrupts, too. The functions are called here, outside every lock, and
    /// may do what this context may. Two lock sections at most to wait, one for each call and one more, all O(1).
    ///
    /// # Errors
    ///
    /// [`QueueError::TimedOut`]; [`QueueError::InInterrupt`] with any other timeout; [`QueueError::InUse`]: another thread
    /// waits for this queue. Nothing was called then.
    pub fn run(&self, limit: usize, timeout: Timeout) -> Result<usize, QueueError> {
        let mut called = 0;
        while called < limit && self.call_next() {
            called += 1;
        }
        if called > 0 || limit == 0 {
            return Ok(called);
        }
        let deadline = timeout.deadline();
        if deadline == Some(0) {
            return Err(QueueError::TimedOut);
        }
        if ThisPort::caller() == Caller::Interrupt {
            return Err(QueueError::InInterrupt);
        }
        self.wait(deadline)?;
        while called < limit && self.call_next() {
            called += 1;
        }
        Ok(called)
    }

    /// Takes the first place that is ready, and calls for it.
    fn call_next(&self) -> bool {
        let next = self.state.look(|state| {
            let mut state = state.borrow_mut();
            let place = usize::from(state.ready.pop_front()?);
            let room = &mut state.rooms[place];
            let told = room.told();
            *room = RoomState::EMPTY;
            Some((place, told?))
        });
        match next {
            Some((place, told)) => {
                self.call[place](told);
                true
            }
            None => false,
        }
    }

    fn wait(&self, deadline: Option<u64>) -> Result<(), QueueError> {
        ThisPort::with_signal(|signal| {
            let found = self.state.look(|state| {
                let mut state = state.borrow_mut();
                match (state.ready.is_empty(), state.waits) {
                    (false, _) => Found::Ready,
                    (true, Some(_)) => Found::InUse,
                    (true, None) => {
                        state.waits = Some(signal);
                        Found::Nothing
                    }
                }
            });
            match found {
                Found::Ready => return Ok(()),
                Found::InUse => return Err(QueueError::InUse),
                Found::Nothing => {}
            }
            if !ThisPort::take(signal, deadline) {
                let left = self.state.look(|state| {
                    let mut state = state.borrow_mut();
                    let left = state.waits == Some(signal);
                    if left {
                        state.waits = None;
                    }
                    left
                });
                if left {
                    return Err(QueueError::TimedOut);
                }
                // Somebody has taken it, and is about to give it: it must stay until then.
                ThisPort::take(signal, None);
            }
            Ok(())
        })
    }

    fn tell(&self, place: u8, outcome: Outcome) {
        let (kind, code) = words(outcome);
        let waits = self.state.look(|state| {
            let mut state = state.borrow_mut();
            let room = &mut state.rooms[usize::from(place)];
            let first = room.count == 0;
            *room = room.with(kind, code);
            if first {
                // There is room: a place is in the queue when its count is not 0, and only then.
                _ = state.ready.push_back(place);
            }
            state.waits.take()
        });
        if let Some(signal) = waits {
            ThisPort::give(signal);
        }
    }
}

impl<const N: usize> fmt::Debug for CompletionQueue<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ready = self.state.look(|state| state.borrow().ready.len());
        f.debug_struct("CompletionQueue")
            .field("ready", &ready)
            .finish_non_exhaustive()
    }
}

/// The completion of one place of a [`CompletionQueue`]. Telling it takes one lock section, O(1), and wakes the thread that
/// waits for the queue, if one does. From any thread and interrupt.
pub struct Queued<const N: usize> {
    queue: &'static CompletionQueue<N>,
    place: u8,
}

impl<const N: usize> Complete for Queued<N> {
    fn complete(&self, outcome: Outcome) {
        self.queue.tell(self.place, outcome);
    }
}

impl<const N: usize> fmt::Debug for Queued<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queued")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

/// Why [`Batch::arm`] was refused. Nothing has changed then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BatchError {
    /// Outcomes of the batch before are still to come.
    UnderWay,
    /// A batch of no job would never be over.
    Empty,
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BatchError::UnderWay => "the batch is under way: arm it when its completion has been told",
            BatchError::Empty => "a batch has at least one outcome: arm it for 1 or more, or don't submit it",
        })
    }
}

impl core::error::Error for BatchError {}

/// `struct taskpool_batch_core`: what is yet to come, and how it went so far. All zero, it is not armed.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct BatchState {
    /// Outcomes that are to come.
    pub(crate) left: u32,
    /// Outcomes that came when none was to come.
    pub(crate) extra: u32,
    /// Of the first outcome that is not `Done(0)`; or of that.
    pub(crate) kind: i32,
    pub(crate) code: Code,
}

/// A [`BatchState`], under the lock.
#[repr(transparent)]
pub(crate) struct Countdown(Guarded<Cell<BatchState>>);

impl Countdown {
    const fn new() -> Self {
        Countdown(Guarded::new(Cell::new(BatchState {
            left: 0,
            extra: 0,
            kind: 0,
            code: 0,
        })))
    }

    pub(crate) fn arm(&self, outcomes: u32) -> Result<(), BatchError> {
        if outcomes == 0 {
            return Err(BatchError::Empty);
        }
        self.0.look(|state| match state.get() {
            BatchState { left: 0, extra, .. } => {
                let (left, kind, code) = (outcomes, 0, 0);
                state.set(BatchState {
                    left,
                    extra,
                    kind,
                    code,
                });
                Ok(())
            }
            _ => Err(BatchError::UnderWay),
        })
    }

    /// Counts an outcome. Answers that of the batch with the last one.
    pub(crate) fn count(&self, kind: i32, code: Code) -> Option<(i32, Code)> {
        self.0.look(|state| {
            let mut now = state.get();
            if now.left == 0 {
                now.extra = now.extra.saturating_add(1);
                state.set(now);
                return None;
            }
            now.left -= 1;
            if (now.kind, now.code) == (0, 0) {
                (now.kind, now.code) = (kind, code);
            }
            state.set(now);
            (now.left == 0).then_some((now.kind, now.code))
        })
    }

    pub(crate) fn left(&self) -> u32 {
        self.0.look(|state| state.get().left)
    }

    pub(crate) fn extra(&self) -> u32 {
        self.0.look(|state| state.get().extra)
    }
}

/// One completion for many jobs: when so many outcomes have come as it was armed for, it tells its own completion, once.
/// (Momentum's `ec_interpolate_add_job`.)
///
/// ```
/// use taskpool::{Batch, CompletionQueue, Ctx, Job, OnEnd, Outcome, Queued, Timeout};
///
/// static LOOP: CompletionQueue<1> = CompletionQueue::new([|told| assert_eq!(told.outcome, Outcome::Done(0))]);
/// static BOTH: OnEnd<Batch<Queued<1>>> = OnEnd::new(Batch::new(LOOP.place(0)));
/// static LEFT: Job = Job::with_completion(|_: &Ctx<'_>| println!("left"), &BOTH);
/// static RIGHT: Job = Job::with_completion(|_: &Ctx<'_>| println!("right"), &BOTH);
///
/// BOTH.arm(2)?;
/// taskpool::system().submit(&LEFT)?;
/// taskpool::system().submit(&RIGHT)?;
/// LOOP.run(1, Timeout::Forever)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What it tells is the first outcome that was not `Done(0)`, in the order in which they came, or `Done(0)` when all were.
/// It may be armed again as soon as its completion is told, also by that completion. Outcomes that come when it is not
/// armed are counted ([`extra`](Batch::extra)), and nobody is told of them.
///
/// On a 32-bit machine it takes 16 bytes and its completion.
pub struct Batch<C: Complete> {
    countdown: Countdown,
    then: C,
}

impl<C: Complete> Batch<C> {
    /// A batch that is not armed.
    pub const fn new(then: C) -> Self {
        Batch {
            countdown: Countdown::new(),
            then,
        }
    }

    /// From now on so many outcomes are to come: arm it before the first of the jobs is submitted.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    ///
    /// # Errors
    ///
    /// [`BatchError::UnderWay`]; [`BatchError::Empty`]: `outcomes` is 0. Nothing has changed then.
    pub fn arm(&self, outcomes: u32) -> Result<(), BatchError> {
        self.countdown.arm(outcomes)
    }

    /// How many outcomes are still to come; 0 when it is not armed, which is so a moment before its completion is told. From any thread and interrupt. One lock section, O(1).
    pub fn left(&self) -> u32 {
        self.countdown.left()
    }

    /// How many outcomes came when it was not armed, since the boot. From any thread and interrupt. One lock section, O(1).
    pub fn extra(&self) -> u32 {
        self.countdown.extra()
    }

    /// Its own completion.
    pub const fn then(&self) -> &C {
        &self.then
    }
}

impl<C: Complete> Complete for Batch<C> {
    fn complete(&self, told: Outcome) {
        let (kind, code) = words(told);
        if let Some((kind, code)) = self.countdown.count(kind, code) {
            self.then.complete(outcome(kind, code));
        }
    }
}

impl<C: Complete> fmt::Debug for Batch<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("left", &self.left())
            .finish_non_exhaustive()
    }
}
