//! The virtual port: a clock that the test moves, semaphores that are counters, and interrupts at chosen points.

use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::panic;
use std::ptr::NonNull;

use taskpool_core::{
    Cache, Caller, Groups, JobRef, Level, Overrun, Pool, PoolRef, Port, Ref, Report, Reserve, Shell, Signal, SignalRef,
    Slots, WorkerRef,
};

use crate::keep;

/// A port without threads: the test steps the workers itself, through [`Shell::advance`](taskpool_core::Shell::advance).
///
/// It asserts the contract of [`Port`] from both sides: the lock is never nested; what must happen under it does, and
/// what must not does not; interrupts neither park nor report.
#[derive(Clone, Copy, Debug)]
pub struct Virtual;

/// What the machine asked of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A semaphore was given.
    Wake(WorkerRef),
    /// A worker of the reserve was woken for a pool, or started: the flag.
    Lend(WorkerRef, PoolRef, bool),
    /// A worker of the reserve was lent to a pool that keeps it, and its thread perhaps started: the flag.
    Keep(WorkerRef, PoolRef, bool),
    /// A worker of the reserve went from one pool to another.
    Join(WorkerRef, PoolRef),
    /// A worker's thread took the priority of a level.
    Level(WorkerRef, u8),
    /// A woken thread was let run.
    Reschedule,
    /// A worker took its semaphore.
    Park(WorkerRef),
    /// A timer was started.
    Arm(PoolRef, u64),
    /// A report.
    Report(Report),
    /// A worker's run is to be over at that time.
    Watch(WorkerRef, u64),
    /// It is over.
    Unwatch(WorkerRef),
    /// A worker's watchdog is to be fed this often.
    Guard(WorkerRef, u32),
    /// A worker's watchdog is fed.
    Feed(WorkerRef),
    /// A worker has no watchdog any more.
    Unguard(WorkerRef),
}

/// What an observer is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Moment {
    /// The clock was read.
    Clock(u64),
    /// A lock section is over; nothing else has happened since.
    Section,
}

/// What happens at a point between two lock sections.
enum Intrusion {
    /// An interrupt: it may itself be interrupted at a later point.
    Interrupt(Box<dyn FnOnce()>),
    /// Other threads run. They wait until no interrupt is being served.
    Preemption(Box<dyn FnOnce()>),
    /// The thread is preempted and never goes on.
    Abandonment,
}

/// What unwinds an abandoned thread.
struct Abandoned;

/// A timer that is armed.
#[derive(Clone, Copy)]
struct Timer {
    pool: PoolRef,
    deadline: u64,
    /// A tick that has begun is over for a timer, as it is on Zephyr: then it fires in the next one.
    fires: u64,
}

/// So few that tests use them all.
pub(crate) const SLOTS: usize = 3;

type Room = Slots<SLOTS, { Virtual::SLOT_SIZE }>;

struct State {
    now: u64,
    locked: bool,
    /// The worker that is being stepped, innermost.
    stepped: Vec<WorkerRef>,
    /// Signals that exist, and whether they were given.
    signals: Vec<(SignalRef, bool)>,
    /// Lets the other threads go on while one waits, at most until that time. Answers whether anything happened.
    meanwhile: Option<fn(Option<u64>) -> bool>,
    reserve: &'static Reserve,
    groups: &'static Groups,
    slots: &'static Room,
    cache: &'static Cache,
    semaphores: Vec<(WorkerRef, u32)>,
    /// Workers of the reserve whose threads were started, and the pool whose priority they have.
    started: Vec<(WorkerRef, PoolRef)>,
    /// The level of the workers' threads, and of which pool; the others have the lowest one.
    levels: Vec<(WorkerRef, PoolRef, u8)>,
    timers: Vec<Timer>,
    /// Workers whose runs are watched, and when their timers fire, if they have not fired.
    watches: Vec<(WorkerRef, Option<u64>)>,
    /// Workers that have a watchdog.
    guarded: Vec<WorkerRef>,
    overruns: Vec<Overrun>,
    calls: Vec<Call>,
    /// Points passed so far: after each lock section and after each reading of the clock.
    points: u64,
    intrusions: Vec<(u64, Intrusion)>,
    /// Interrupts that are being served.
    depth: u32,
    /// The clock interrupt is being served; it does not interrupt itself.
    in_clock: bool,
    observer: Option<fn(Moment)>,
    /// A test looks: its lock sections are neither observed nor points.
    observing: bool,
}

impl State {
    fn new() -> Self {
        let slots = keep(Room::new());
        State {
            now: 0,
            locked: false,
            stepped: Vec::new(),
            signals: Vec::new(),
            meanwhile: None,
            reserve: keep(Reserve::new()),
            groups: keep(Groups::new()),
            slots,
            cache: keep(Cache::new(slots)),
            semaphores: Vec::new(),
            started: Vec::new(),
            levels: Vec::new(),
            timers: Vec::new(),
            watches: Vec::new(),
            guarded: Vec::new(),
            overruns: Vec::new(),
            calls: Vec::new(),
            points: 0,
            intrusions: Vec::new(),
            depth: 0,
            in_clock: false,
            observer: None,
            observing: false,
        }
    }

    /// A worker of the reserve begins to work for a pool, and its thread is started or not.
    fn take_up(&mut self, worker: WorkerRef, pool: PoolRef, first: bool) {
        let level = self.levels.iter().find(|(of, _, _)| *of == worker);
        assert!(
            level.is_some_and(|(_, of, _)| *of == pool),
            "a worker is lent with another pool's priority"
        );
        let started = self.started.iter_mut().find(|(of, _)| *of == worker);
        assert!(
            started.is_none() == first,
            "a thread is started twice, or woken before its start"
        );
        match started {
            None => self.started.push((worker, pool)),
            Some((_, priority)) => *priority = pool,
        }
    }

    fn give(&mut self, worker: WorkerRef) {
        let count = match self.semaphores.iter().position(|(of, _)| *of == worker) {
            Some(index) => &mut self.semaphores[index].1,
            None => {
                self.semaphores.push((worker, 0));
                &mut self.semaphores.last_mut().expect("just pushed").1
            }
        };
        *count += 1;
        assert!(*count == 1, "a worker is woken twice for one wait");
    }
}

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::new());
}

/// Never around anything that could come back here.
fn state<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with(|state| f(&mut state.borrow_mut()))
}

fn observe(moment: Moment) {
    if let Some(observer) = state(|s| s.observer) {
        Virtual::unnoticed(|| observer(moment));
    }
}

/// A point between two lock sections: what was registered for it happens now.
fn point() {
    state(|s| s.points += 1);
    while let Some(intrusion) = due_intrusion() {
        match intrusion {
            Intrusion::Interrupt(body) => {
                state(|s| s.depth += 1);
                body();
                state(|s| s.depth -= 1);
            }
            Intrusion::Preemption(body) => {
                // Whoever comes is no worker, or says so.
                Virtual::as_thread(body);
            }
            // Without the panic hook: nothing is wrong.
            Intrusion::Abandonment => panic::resume_unwind(Box::new(Abandoned)),
        }
    }
}

fn due_intrusion() -> Option<Intrusion> {
    state(|s| {
        let (points, depth) = (s.points, s.depth);
        let due =
            |(at, what): &(u64, Intrusion)| *at <= points && (depth == 0 || matches!(what, Intrusion::Interrupt(_)));
        let index = s.intrusions.iter().position(due)?;
        Some(s.intrusions.remove(index).1)
    })
}

/// A check on the state of the port, with a sentence for whoever broke the contract.
fn demand(holds: impl FnOnce(&State) -> bool, otherwise: &str) {
    assert!(state(|s| s.observing || holds(s)), "{otherwise}");
}

// SAFETY: one test's thread is all there is, and `lock` asserts that its sections don't nest. No call under the lock
// runs anything of the test's: intrusions come after `unlock`, and after the clock was read, outside the lock.
unsafe impl Port for Virtual {
    type Key = ();

    /// So few that tests exhaust it.
    const EXPIRY_BATCH: u8 = 2;
    const LEVEL: Option<Level> = Some(Level::Debug);
    const SLOT_SIZE: usize = 32;

    fn lock() {
        assert!(!state(|s| s.locked), "the lock is taken under the lock");
        state(|s| s.locked = true);
    }

    fn unlock((): ()) {
        assert!(state(|s| s.locked), "the lock is released twice");
        state(|s| s.locked = false);
        if !state(|s| s.observing) {
            observe(Moment::Section);
            point();
        }
    }

    fn now() -> u64 {
        let now = state(|s| s.now);
        // Under the lock nothing comes between.
        if !state(|s| s.locked) {
            observe(Moment::Clock(now));
            point();
        }
        now
    }

    fn reserve() -> Option<&'static Reserve> {
        Some(state(|s| s.reserve))
    }

    fn groups() -> &'static Groups {
        state(|s| s.groups)
    }

    fn cache() -> Option<&'static Cache> {
        Some(state(|s| s.cache))
    }

    fn wake(worker: WorkerRef) {
        demand(|s| s.locked, "a worker is woken outside the lock");
        state(|s| {
            s.calls.push(Call::Wake(worker));
            s.give(worker);
        });
    }

    fn lend(worker: WorkerRef, pool: PoolRef, first: bool) {
        demand(|s| s.locked, "a worker is lent outside the lock");
        state(|s| {
            s.calls.push(Call::Lend(worker, pool, first));
            s.take_up(worker, pool, first);
            s.give(worker);
        });
    }

    fn keep(worker: WorkerRef, pool: PoolRef, first: bool) {
        demand(|s| s.locked, "a worker is lent outside the lock");
        state(|s| {
            s.calls.push(Call::Keep(worker, pool, first));
            s.take_up(worker, pool, first);
        });
    }

    fn join(worker: WorkerRef, pool: PoolRef) {
        demand(|s| s.locked, "a worker joins a pool outside the lock");
        demand(|s| s.depth == 0, "an interrupt joins a pool");
        state(|s| {
            s.calls.push(Call::Join(worker, pool));
            let started = s.started.iter_mut().find(|(of, _)| *of == worker);
            started.expect("only a worker that runs goes to another pool").1 = pool;
            s.levels.retain(|(of, _, _)| *of != worker);
        });
    }

    fn set_level(worker: WorkerRef, pool: PoolRef, level: u8) {
        demand(|s| s.locked, "a worker's priority changes outside the lock");
        state(|s| {
            s.calls.push(Call::Level(worker, level));
            let before = s.levels.iter().position(|(of, _, _)| *of == worker);
            let before = before.map(|index| s.levels.swap_remove(index));
            // One that is lent may have worked for this pool before.
            assert!(
                worker.is_reserve() || before.map_or(0, |(_, _, before)| before) != level,
                "a worker's priority changes to what it is"
            );
            s.levels.push((worker, pool, level));
        });
    }

    fn unlock_and_switch((): ()) {
        demand(|s| s.locked, "threads are switched without the lock");
        state(|s| s.calls.push(Call::Reschedule));
        Self::unlock(());
    }

    fn park(worker: WorkerRef) {
        demand(|s| !s.locked, "a worker waits under the lock");
        demand(|s| s.depth == 0, "an interrupt waits");
        state(|s| {
            s.calls.push(Call::Park(worker));
            let count = s.semaphores.iter_mut().find(|(of, _)| *of == worker);
            let (_, count) = count.expect("only a worker that was woken is let past its semaphore");
            *count -= 1;
        });
    }

    fn arm(pool: PoolRef, deadline: u64) {
        demand(|s| s.locked, "a timer is started outside the lock");
        state(|s| {
            s.timers.retain(|timer| timer.pool != pool);
            let fires = deadline.max(s.now + 1);
            s.timers.push(Timer { pool, deadline, fires });
            s.calls.push(Call::Arm(pool, deadline));
        });
    }

    fn caller() -> Caller {
        state(|s| match s.stepped.last() {
            _ if s.depth > 0 => Caller::Interrupt,
            Some(worker) => Caller::Worker(*worker),
            None => Caller::Thread,
        })
    }

    fn with_signal<R>(body: impl FnOnce(SignalRef) -> R) -> R {
        // Of more than no bytes, so that each has an address of its own.
        let whole: &(Signal, u8) = keep((Signal::new(), 0));
        // SAFETY: leaked, so it stays for ever.
        let signal = unsafe { Ref::new(NonNull::from(whole).cast()) };
        state(|s| s.signals.push((signal, false)));
        let answer = body(signal);
        state(|s| s.signals.retain(|(other, _)| *other != signal));
        answer
    }

    fn give(signal: SignalRef) {
        demand(|s| !s.locked, "a signal is given under the lock");
        state(|s| {
            let found = s.signals.iter_mut().find(|(other, _)| *other == signal);
            let (_, given) = found.expect("only a signal that exists is given");
            assert!(!*given, "a signal is given twice");
            *given = true;
        });
    }

    fn take(signal: SignalRef, deadline: Option<u64>) -> bool {
        demand(|s| !s.locked, "a thread waits under the lock");
        demand(|s| s.depth == 0, "an interrupt waits");
        loop {
            let given = state(|s| s.signals.iter().any(|(other, given)| *other == signal && *given));
            if given {
                state(|s| {
                    for (_, given) in s.signals.iter_mut().filter(|(other, _)| *other == signal) {
                        *given = false;
                    }
                });
                return true;
            }
            if deadline.is_some_and(|deadline| deadline <= state(|s| s.now)) {
                return false;
            }
            let meanwhile = state(|s| s.meanwhile).expect("the world says what goes on while a thread waits");
            if !meanwhile(deadline) {
                assert!(deadline.is_some(), "a thread waits for ever for a job that never ends");
                return false;
            }
        }
    }

    fn report(report: Report) {
        demand(|s| !s.locked, "a report is made under the lock");
        demand(|s| s.depth == 0, "an interrupt makes a report");
        state(|s| s.calls.push(Call::Report(report)));
    }

    fn watch(worker: WorkerRef, deadline: u64) {
        demand(|s| s.locked, "a run is watched outside the lock");
        demand(
            |s| s.stepped.last() == Some(&worker),
            "a worker watches another one's run",
        );
        state(|s| {
            assert!(
                s.watches.iter().all(|(of, _)| *of != worker),
                "a worker has one timer for its runs"
            );
            s.watches.push((worker, Some(deadline.max(s.now + 1))));
            s.calls.push(Call::Watch(worker, deadline));
        });
    }

    fn unwatch(worker: WorkerRef) {
        demand(|s| s.locked, "a run is watched no more outside the lock");
        demand(|s| s.stepped.last() == Some(&worker), "a worker ends another one's run");
        state(|s| {
            let index = s.watches.iter().position(|(of, _)| *of == worker);
            s.watches
                .remove(index.expect("only what is watched is watched no more"));
            s.calls.push(Call::Unwatch(worker));
        });
    }

    fn overrun(overrun: &Overrun) {
        demand(|s| !s.locked, "an overrun is told under the lock");
        demand(|s| s.depth > 0, "an overrun is told by a thread");
        state(|s| s.overruns.push(*overrun));
    }

    fn guard(worker: WorkerRef, period: u32) {
        demand(|s| !s.locked, "a watchdog is started under the lock");
        demand(
            |s| s.stepped.last() == Some(&worker),
            "a worker guards another one's run",
        );
        state(|s| {
            assert!(!s.guarded.contains(&worker), "a worker has one watchdog");
            assert!(period > 0, "a watchdog has no period");
            s.guarded.push(worker);
            s.calls.push(Call::Guard(worker, period));
        });
    }

    fn unguard(worker: WorkerRef) {
        demand(|s| !s.locked, "a watchdog is ended under the lock");
        state(|s| {
            let index = s.guarded.iter().position(|of| *of == worker);
            s.guarded.remove(index.expect("only a watchdog that there is ends"));
            s.calls.push(Call::Unguard(worker));
        });
    }

    fn feed(worker: WorkerRef) {
        demand(|s| !s.locked, "a watchdog is fed under the lock");
        state(|s| s.calls.push(Call::Feed(worker)));
    }
}

impl Virtual {
    /// Forgets everything: a new clock at 0, a new reserve.
    pub(crate) fn reset(observer: fn(Moment)) {
        state(|s| {
            *s = State::new();
            s.observer = Some(observer);
        });
    }

    /// What goes on while a thread waits.
    pub(crate) fn set_meanwhile(meanwhile: fn(Option<u64>) -> bool) {
        state(|s| s.meanwhile = Some(meanwhile));
    }

    /// Does `body` as this worker.
    pub(crate) fn as_worker<R>(worker: WorkerRef, body: impl FnOnce() -> R) -> R {
        state(|s| s.stepped.push(worker));
        let answer = body();
        state(|s| s.stepped.pop());
        answer
    }

    /// Does `body` as a thread that is no worker, whoever waits for it.
    pub(crate) fn as_thread<R>(body: impl FnOnce() -> R) -> R {
        let stepped = state(|s| std::mem::take(&mut s.stepped));
        let answer = body();
        state(|s| s.stepped = stepped);
        answer
    }

    /// Does `body`, whose lock sections are neither observed nor points.
    pub(crate) fn unnoticed<R>(body: impl FnOnce() -> R) -> R {
        let before = state(|s| std::mem::replace(&mut s.observing, true));
        let answer = body();
        state(|s| s.observing = before);
        answer
    }

    /// What the machine has asked of the port since the last call of this function.
    pub fn take_calls() -> Vec<Call> {
        state(|s| std::mem::take(&mut s.calls))
    }

    /// The overruns that were told since the last call of this function.
    pub fn take_overruns() -> Vec<Overrun> {
        state(|s| std::mem::take(&mut s.overruns))
    }

    /// Workers whose runs are watched.
    pub fn watched() -> Vec<WorkerRef> {
        state(|s| s.watches.iter().map(|(worker, _)| *worker).collect())
    }

    /// The time, without passing a point.
    pub(crate) fn clock() -> u64 {
        state(|s| s.now)
    }

    /// Lets so many ticks pass; interrupts that come due are not delivered yet.
    pub fn pass(ticks: u64) {
        Self::set_clock(Self::clock() + ticks);
    }

    /// Does `body` where the clock lags by so many ticks: in a late interrupt, or on another CPU.
    pub(crate) fn lagging(ticks: u64, body: impl FnOnce()) {
        state(|s| s.now -= ticks);
        Self::unnoticed(body);
        state(|s| s.now += ticks);
    }

    /// Moves the clock; interrupts that come due are not delivered yet.
    pub(crate) fn set_clock(now: u64) {
        state(|s| {
            assert!(s.now <= now, "the clock goes back");
            s.now = now;
        });
    }

    /// Lets time pass; timers fire at their ticks: `deliver` is the clock interrupt.
    pub(crate) fn advance(ticks: u64, deliver: impl Fn()) {
        let end = Self::clock() + ticks;
        while let Some(next) = Self::next_timer().filter(|next| *next <= end) {
            Self::set_clock(next.max(Self::clock()));
            if Self::in_interrupt() {
                // The clock interrupt, if it is being served, sees what is due when it comes to its end.
                break;
            }
            deliver();
        }
        Self::set_clock(end.max(Self::clock()));
        deliver();
    }

    /// How long nothing happens while a thread waits and all workers are blocked; `None`: for ever, or its time is up.
    pub(crate) fn idle_time(until: Option<u64>) -> Option<u64> {
        let now = Self::clock();
        let next = [Self::next_timer(), until].into_iter().flatten().min()?;
        (next >= now && until.is_none_or(|until| now < until)).then(|| next - now)
    }

    /// The worker's semaphore.
    pub(crate) fn count(worker: WorkerRef) -> u32 {
        state(|s| s.semaphores.iter().find(|(of, _)| *of == worker).map_or(0, |(_, n)| *n))
    }

    /// Whether the worker's thread has been started by the machine.
    pub(crate) fn is_started(worker: WorkerRef) -> bool {
        Self::priority(worker).is_some()
    }

    /// The pool whose priority a worker of the reserve has; none before its start.
    pub(crate) fn priority(worker: WorkerRef) -> Option<PoolRef> {
        state(|s| s.started.iter().find(|(of, _)| *of == worker).map(|(_, pool)| *pool))
    }

    /// The level of the priority that the worker's thread has.
    pub(crate) fn level(worker: WorkerRef) -> u8 {
        state(|s| {
            let level = s.levels.iter().find(|(of, _, _)| *of == worker);
            level.map_or(0, |(_, _, level)| *level)
        })
    }

    /// What the pool's timer is armed for.
    pub(crate) fn timer(pool: PoolRef) -> Option<u64> {
        state(|s| {
            s.timers
                .iter()
                .find(|timer| timer.pool == pool)
                .map(|timer| timer.deadline)
        })
    }

    /// When the next of all timers fires.
    pub(crate) fn next_timer() -> Option<u64> {
        state(|s| {
            let watches = s.watches.iter().filter_map(|(_, fires)| *fires);
            s.timers.iter().map(|timer| timer.fires).chain(watches).min()
        })
    }

    /// The clock interrupt, which expires every timer that is due. It does not interrupt itself.
    pub(crate) fn deliver(expire: impl Fn(PoolRef)) {
        while let Some(pool) = state(|s| {
            if s.in_clock {
                return None;
            }
            let (now, timers) = (s.now, &s.timers);
            let index = (0..timers.len())
                .filter(|i| timers[*i].fires <= now)
                .min_by_key(|i| timers[*i].fires)?;
            s.in_clock = true;
            s.depth += 1;
            Some(s.timers.remove(index).pool)
        }) {
            expire(pool);
            state(|s| {
                s.in_clock = false;
                s.depth -= 1;
            });
        }
        while let Some(worker) = Self::expire_watch() {
            Self::as_clock(|| Shell::<Virtual>::overrun(worker));
        }
    }

    /// Does `body` in the clock interrupt.
    pub(crate) fn as_clock(body: impl FnOnce()) {
        state(|s| {
            s.in_clock = true;
            s.depth += 1;
        });
        body();
        state(|s| {
            s.in_clock = false;
            s.depth -= 1;
        });
    }

    /// Takes a run's timer that is due, unless the clock interrupt is being served.
    fn expire_watch() -> Option<WorkerRef> {
        state(|s| {
            let now = s.now;
            let due = |(_, fires): &&mut (WorkerRef, Option<u64>)| fires.is_some_and(|fires| fires <= now);
            let (worker, fires) = s.watches.iter_mut().filter(|_| !s.in_clock).find(due)?;
            *fires = None;
            Some(*worker)
        })
    }

    /// `body` interrupts at the `n`-th point from now: after a lock section, or after a reading of the clock.
    pub(crate) fn interrupt_at(n: u64, body: impl FnOnce() + 'static) {
        Self::intrude(n, Intrusion::Interrupt(Box::new(body)));
    }

    /// Other threads do `body` at the `n`-th point from now, or at the first one after it that is not in an interrupt.
    pub(crate) fn preempt_at(n: u64, body: impl FnOnce() + 'static) {
        Self::intrude(n, Intrusion::Preemption(Box::new(body)));
    }

    fn intrude(n: u64, what: Intrusion) {
        assert!(n > 0, "the first point is number 1");
        state(|s| s.intrusions.push((s.points + n, what)));
    }

    /// Forgets interrupts whose point has not come; answers how many there were.
    pub(crate) fn forget_intrusions() -> usize {
        state(|s| std::mem::take(&mut s.intrusions).len())
    }

    /// Whether an interrupt is being served.
    pub(crate) fn in_interrupt() -> bool {
        state(|s| s.depth > 0)
    }

    /// Does `body` on a thread that is preempted for ever at the `n`-th point. Answers what it answered, if it came to
    /// its end before.
    pub(crate) fn abandon_at<R>(n: u64, body: impl FnOnce() -> R) -> Option<R> {
        Self::intrude(n, Intrusion::Abandonment);
        match panic::catch_unwind(panic::AssertUnwindSafe(body)) {
            Ok(answer) => {
                state(|s| s.intrusions.retain(|(_, what)| !matches!(what, Intrusion::Abandonment)));
                Some(answer)
            }
            Err(payload) if payload.is::<Abandoned>() => None,
            Err(payload) => panic::resume_unwind(payload),
        }
    }

    /// The memory of a pool is used for something else.
    pub(crate) fn overwrite(pool: PoolRef) {
        // SAFETY: `zeroed_pool` made it, with the right to all of it; zero is a value for all of its fields.
        unsafe { pool.as_ptr().write_bytes(0, 1) };
    }

    /// The job in each slot of the cache; not to be looked at before the slot was used for the first time.
    pub(crate) fn slots() -> [JobRef; SLOTS] {
        let slots = NonNull::from(state(|s| s.slots)).cast::<u8>();
        std::array::from_fn(|index| {
            // SAFETY: the slots lie one behind the other, with nothing around them.
            let slot = unsafe { slots.byte_add(Room::PITCH * index) };
            // SAFETY: a slot that was used begins with a job, now or before; leaked, so it stays for ever.
            unsafe { Ref::new(slot.cast()) }
        })
    }

    /// A pool that nobody has laid out.
    pub(crate) fn zeroed_pool() -> PoolRef {
        let room = keep(MaybeUninit::<Pool>::zeroed());
        // SAFETY: all fields of a pool are numbers, flags and `Option`s of pointers, for which zero is a value; C relies
        // on that too. Leaked, so it stays for ever.
        unsafe { Ref::new(NonNull::from(room).cast()) }
    }
}
