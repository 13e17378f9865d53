//! Spawned closures: each is run or dropped once, each result is taken or dropped once, and each slot comes back,
//! however submission, handle, cancellation, shutdown and interrupts fall together.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use taskpool_core::{
    Caller, Cancel, Ctx, Handle, JoinError, NotSpawned, PoolRef, Port, Shell, Shutdown, SpawnError, Status, MAX_TICKS,
};
use taskpool_testkit::{Plain, Virtual};

type Machine = Shell<Virtual>;
type Spawned<T> = Handle<Virtual, T>;

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Alive,
    Dropped(Caller),
}

thread_local! {
    static PIECES: RefCell<Vec<Fate>> = const { RefCell::new(Vec::new()) };
    static PLAIN: Cell<Option<Plain>> = const { Cell::new(None) };
}

/// Something whose drop is noted: a capture of a closure, or a result.
#[derive(Debug)]
struct Piece(usize);

impl Piece {
    fn new() -> Self {
        PIECES.with_borrow_mut(|pieces| {
            pieces.push(Fate::Alive);
            Piece(pieces.len() - 1)
        })
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        // The port does not let the lock be taken under the lock: nothing is dropped there.
        PLAIN.get().expect("there is a world").cache();
        PIECES.with_borrow_mut(|pieces| {
            let before = std::mem::replace(&mut pieces[self.0], Fate::Dropped(Virtual::caller()));
            assert_eq!(before, Fate::Alive, "piece {} is dropped twice", self.0);
        });
    }
}

fn fate(piece: usize) -> Fate {
    PIECES.with_borrow(|pieces| pieces[piece])
}

/// A new world, in which the next piece is number 0.
fn plain() -> Plain {
    // What an abandoned test of this thread has left.
    PIECES.take();
    let plain = Plain::new();
    PLAIN.set(Some(plain));
    plain
}

/// Pieces 2 n and 2 n + 1 are the capture and the result of the n-th closure.
fn closure() -> impl FnOnce() -> Piece + Send + 'static {
    let (capture, result) = (Piece::new(), Piece::new());
    move || {
        let _capture = capture;
        result
    }
}

/// A world with a pool whose worker has come to rest.
fn ready() -> (Plain, PoolRef) {
    let plain = plain();
    let pool = plain.pool();
    plain.run();
    (plain, pool)
}

/// Everything has come to its end: no slot is used, and no piece is left.
fn check_end(plain: Plain) {
    assert_eq!(plain.cache().used, 0, "a slot was not given back");
    PIECES.with_borrow(|pieces| {
        for (number, piece) in pieces.iter().enumerate() {
            assert_ne!(*piece, Fate::Alive, "piece {number} was never dropped");
        }
    });
}

#[test]
fn a_result_comes_through_the_handle() {
    let (plain, pool) = ready();
    let (a, b) = (20, vec![1, 1]);
    let mut handle = Machine::spawn(pool, 0, move || a + b.len()).unwrap();
    assert_eq!(handle.status(), Status::Queued);
    assert_eq!(handle.wait(Some(0)), Err(JoinError::TimedOut));
    assert_eq!(handle.wait(None), Ok(22));
    assert_eq!(handle.wait(None), Err(JoinError::Taken));
    assert_eq!((handle.status(), handle.cancel()), (Status::Idle, Cancel::Idle));
    check_end(plain);
}

#[test]
fn a_slot_comes_back_with_the_result() {
    let (plain, pool) = ready();
    let mut handle = Machine::spawn(pool, 0, closure()).unwrap();
    plain.run();
    assert_eq!(plain.cache().used, 1, "the handle keeps it");
    let result = handle.wait(Some(0)).unwrap();
    assert_eq!(plain.cache().used, 0);
    assert_eq!(fate(1), Fate::Alive);
    drop(result);
    check_end(plain);
}

#[test]
fn a_slot_serves_closures_of_all_kinds_one_after_the_other() {
    let (plain, pool) = ready();
    for round in 0..10_u64 {
        let mut number = Machine::spawn(pool, 0, move || round + 1).unwrap();
        assert_eq!(number.wait(None), Ok(round + 1));
        let text = format!("round {round}");
        let mut length = Machine::spawn(pool, 0, move || text.len() as u8).unwrap();
        assert_eq!(length.wait(None), Ok(7));
        let mut words = Machine::spawn(pool, 0, move || [round; 4]).unwrap();
        assert_eq!(words.wait(None), Ok([round; 4]));
        let mut nothing = Machine::spawn(pool, 0, || ()).unwrap();
        assert_eq!(nothing.wait(None), Ok(()));
    }
    let usage = plain.cache();
    assert_eq!((usage.slots, usage.used, usage.most), (3, 0, 1));
}

#[test]
fn without_a_slot_the_closure_comes_back() {
    let (plain, pool) = ready();
    let handles: Vec<_> = (0..3).map(|_| Machine::spawn(pool, 0, closure()).unwrap()).collect();
    let Err(SpawnError { closure, why }) = Machine::spawn(pool, 0, closure()) else {
        panic!("a cache of three slots has a fourth one");
    };
    assert_eq!(why, NotSpawned::NoSlot);
    assert_eq!((fate(6), fate(7)), (Fate::Alive, Fate::Alive));
    drop(handles);
    plain.run();
    let mut again = Machine::spawn(pool, 0, closure).unwrap();
    assert_eq!(again.wait(None).unwrap().0, 7);
    let usage = plain.cache();
    assert_eq!((usage.slots, usage.used, usage.most), (3, 0, 3));
    check_end(plain);
}

#[test]
fn a_pool_that_refuses_gives_the_closure_back() {
    let (plain, pool) = ready();
    let error = Machine::spawn(pool, MAX_TICKS + 1, closure()).unwrap_err();
    assert_eq!(error.why, NotSpawned::OutOfRange);
    assert_eq!((fate(0), plain.cache().used), (Fate::Alive, 0));
    Machine::shutdown(pool, Shutdown::Drain, None).unwrap();
    let error = Machine::spawn(pool, 0, error.closure).unwrap_err();
    assert_eq!(error.why, NotSpawned::NotRunning);
    assert_eq!((fate(0), plain.cache().used), (Fate::Alive, 0));
    let error = Machine::spawn_boxed(pool, 5, error.closure).unwrap_err();
    assert_eq!(error.why, NotSpawned::NotRunning);
    assert_eq!((fate(0), fate(1)), (Fate::Alive, Fate::Alive));
    Machine::restart(pool).unwrap();
    let mut handle = Machine::spawn(pool, 5, error.closure).unwrap();
    assert_eq!(handle.wait(None).unwrap().0, 1);
    check_end(plain);
}

#[test]
fn a_closure_is_deferred() {
    let (plain, pool) = ready();
    plain.advance(10);
    let mut handle = Machine::spawn_with(pool, 30, |ctx: &Ctx<'_>| ctx.due()).unwrap();
    assert_eq!(handle.status(), Status::Deferred { deadline: 41 });
    assert_eq!(handle.wait(Some(40)), Err(JoinError::TimedOut));
    assert_eq!(handle.wait(None), Ok(Some(41)));
    assert_eq!(plain.now(), 41);
    check_end(plain);
}

#[test]
fn a_cancelled_closure_is_dropped_by_the_canceller() {
    for delay in [0, 20] {
        let (plain, pool) = ready();
        let mut handle = Machine::spawn(pool, delay, closure()).unwrap();
        assert_eq!(handle.cancel(), Cancel::Cancelled);
        assert_eq!(
            (fate(0), fate(1)),
            (Fate::Dropped(Caller::Thread), Fate::Dropped(Caller::Thread))
        );
        assert_eq!(handle.wait(None).unwrap_err(), JoinError::Cancelled);
        assert_eq!(handle.cancel(), Cancel::Idle);
        assert_eq!(plain.cache().used, 1);
        drop(handle);
        plain.drain();
        check_end(plain);
    }
}

#[test]
fn a_running_closure_sees_that_it_is_cancelled() {
    let (plain, pool) = ready();
    let handle = Rc::new(RefCell::new(None::<Spawned<bool>>));
    *handle.borrow_mut() = Some(Machine::spawn_with(pool, 0, |ctx: &Ctx<'_>| ctx.cancelled()).unwrap());
    while handle.borrow().as_ref().map(Spawned::status) == Some(Status::Queued) {
        plain.step(0);
    }
    let mut handle = handle.take().unwrap();
    let cancelled = Cancel::Running {
        resubmission_cancelled: false,
    };
    assert_eq!(handle.cancel(), cancelled);
    assert_eq!(handle.wait(None), Ok(true), "it runs to its end, and has a result");
    check_end(plain);
}

#[test]
fn a_shutdown_drops_what_it_discards() {
    let (plain, pool) = ready();
    let mut queued = Machine::spawn(pool, 0, closure()).unwrap();
    let mut deferred = Machine::spawn(pool, 100, closure()).unwrap();
    drop(Machine::spawn(pool, 100, closure()).unwrap());
    Machine::shutdown(pool, Shutdown::Discard, None).unwrap();
    for piece in 0..6 {
        assert!(matches!(fate(piece), Fate::Dropped(_)), "piece {piece}");
    }
    assert_eq!(queued.wait(None).unwrap_err(), JoinError::Discarded);
    assert_eq!(deferred.wait(None).unwrap_err(), JoinError::Discarded);
    assert_eq!(plain.cache().used, 2);
    drop((queued, deferred));
    check_end(plain);
}

#[test]
fn a_handle_that_is_dropped_lets_the_closure_run() {
    let (plain, pool) = ready();
    drop(Machine::spawn(pool, 0, closure()).unwrap());
    assert_eq!(fate(0), Fate::Alive);
    plain.run();
    assert!(matches!(fate(0), Fate::Dropped(Caller::Worker(_))));
    assert!(matches!(fate(1), Fate::Dropped(Caller::Worker(_))));
    check_end(plain);

    // After the run, the result is the handle's.
    let handle = Machine::spawn(pool, 0, closure()).unwrap();
    plain.run();
    assert_eq!(fate(3), Fate::Alive);
    drop(handle);
    assert_eq!(fate(3), Fate::Dropped(Caller::Thread));
    check_end(plain);
}

#[test]
fn waiting_is_refused_where_it_can_not_end() {
    let plain = plain();
    let (pool, other) = (plain.pool(), plain.pool());
    let mut outer = Machine::spawn(pool, 0, move || {
        let mut inner = Machine::spawn(pool, 0, || 7).unwrap();
        assert_eq!(inner.wait(None), Err(JoinError::OnWorker));
        assert_eq!(inner.wait(Some(0)), Err(JoinError::TimedOut));
        let mut elsewhere = Machine::spawn(other, 0, || 8).unwrap();
        (elsewhere.wait(None), inner)
    })
    .unwrap();
    let (eight, mut inner) = outer.wait(None).unwrap();
    assert_eq!(eight, Ok(8));
    assert_eq!(inner.wait(None), Ok(7));

    let handle = Rc::new(RefCell::new(Machine::spawn(pool, 0, || 9).unwrap()));
    let shared = handle.clone();
    plain.interrupt_at(1, move || {
        assert_eq!(shared.borrow_mut().wait(None), Err(JoinError::InInterrupt));
        assert_eq!(shared.borrow_mut().wait(Some(0)), Err(JoinError::TimedOut));
    });
    Machine::cache();
    plain.run();
    let shared = handle.clone();
    plain.interrupt_at(1, move || assert_eq!(shared.borrow_mut().wait(None), Ok(9)));
    Machine::cache();
    check_end(plain);
}

#[test]
fn the_heap_has_room_for_more() {
    let (plain, pool) = ready();
    let (capture, big) = (Piece::new(), [7_u8; 1000]);
    let mut handle = Machine::spawn_boxed(pool, 0, move || {
        let _capture = capture;
        big.map(u32::from)
    })
    .unwrap();
    assert_eq!(plain.cache().used, 0);
    assert_eq!(handle.wait(None), Ok([7; 1000]));
    drop(Machine::spawn_boxed(pool, 0, closure()).unwrap());
    let cancelled = Machine::spawn_boxed(pool, 0, closure()).unwrap();
    cancelled.cancel();
    plain.run();
    drop(cancelled);
    check_end(plain);
}

#[test]
fn errors_say_what_to_do() {
    for why in [NotSpawned::NoSlot, NotSpawned::NotRunning, NotSpawned::OutOfRange] {
        let error = SpawnError { closure: (), why };
        assert_eq!(error.to_string(), why.to_string());
        assert!(error.to_string().contains(": "), "{why:?} says no remedy");
        assert!(format!("{error:?}").contains(&format!("{why:?}")));
    }
    assert!(NotSpawned::NoSlot.to_string().contains("CONFIG_TASKPOOL_CACHE_JOBS"));
    for error in [
        JoinError::TimedOut,
        JoinError::InInterrupt,
        JoinError::OnWorker,
        JoinError::Cancelled,
        JoinError::Discarded,
        JoinError::Taken,
    ] {
        assert!(error.to_string().contains(": "), "{error:?}");
    }
}

// Every window between two lock sections.

/// Two pools with a worker each; a spawned closure in the first, and its handle, unless somebody has taken it.
#[derive(Clone)]
struct Scene {
    plain: Plain,
    pool: PoolRef,
    handle: Rc<RefCell<Option<Rc<Spawned<Piece>>>>>,
    /// Handles of other closures.
    others: Rc<RefCell<Vec<Spawned<Piece>>>>,
    boxed: bool,
}

type Act = (&'static str, fn(&Scene));

impl Scene {
    fn spawn(&self, delay: u64) -> Option<Spawned<Piece>> {
        let spawned = match self.boxed {
            true => Machine::spawn_boxed(self.pool, delay, closure()),
            false => Machine::spawn(self.pool, delay, closure()),
        };
        match spawned {
            Ok(handle) => Some(handle),
            Err(error) => {
                assert!(matches!(error.why, NotSpawned::NoSlot | NotSpawned::NotRunning));
                None
            }
        }
    }

    fn spawn_its(&self, delay: u64) {
        let handle = self.spawn(delay).expect("the pool runs, and nothing uses a slot yet");
        *self.handle.borrow_mut() = Some(Rc::new(handle));
    }

    /// Calls with the shared handle: others may have it, too.
    fn shared(&self, body: impl FnOnce(&Spawned<Piece>)) {
        let handle = self.handle.borrow().clone();
        if let Some(handle) = handle {
            body(&handle);
        }
    }

    /// Calls with the handle, unless somebody else has it at the moment. It is there again afterwards.
    fn alone(&self, body: impl FnOnce(&mut Spawned<Piece>)) {
        let handle = self.handle.take();
        if let Some(mut handle) = handle {
            if let Some(handle) = Rc::get_mut(&mut handle) {
                body(handle);
            }
            *self.handle.borrow_mut() = Some(handle);
        }
    }

    fn wait(&self, deadline: Option<u64>) {
        self.alone(|handle| match handle.wait(deadline) {
            Ok(result) => assert_eq!(result.0, 1),
            Err(JoinError::InInterrupt) => assert!(self.plain.in_interrupt()),
            Err(JoinError::OnWorker) => panic!("no worker waits here"),
            Err(JoinError::TimedOut) => assert!(deadline.is_some()),
            Err(_) => {}
        });
    }

    fn shut_down(&self, how: Shutdown) {
        // What runs may be preempted by this thread.
        let _ = Machine::shutdown(self.pool, how, Some(self.plain.now() + 1));
    }
}

/// How far the closure has come.
const SETTINGS: [Act; 9] = [
    ("nothing spawned", |_| {}),
    ("queued", |s| s.spawn_its(0)),
    ("deferred", |s| s.spawn_its(20)),
    ("its worker woken", |s| {
        s.spawn_its(0);
        s.others.borrow_mut().extend(s.spawn(0));
    }),
    ("taken", |s| {
        s.spawn_its(0);
        s.plain.step(0);
    }),
    ("run", |s| {
        s.spawn_its(0);
        s.plain.step(0);
        s.plain.step(0);
    }),
    ("ended, and not yet told", |s| {
        s.spawn_its(0);
        s.plain.step(0);
        s.plain.step(0);
        s.plain.step(0);
    }),
    ("over", |s| {
        s.spawn_its(0);
        s.plain.run();
    }),
    ("cancelled", |s| {
        s.spawn_its(20);
        s.shared(|handle| _ = handle.cancel());
    }),
];

/// What any context may do.
const ACTIONS: [Act; 8] = [
    ("cancel", |s| s.shared(|handle| _ = handle.cancel())),
    ("drop the handle", |s| drop(s.handle.take())),
    ("cancel and drop", |s| {
        let handle = s.handle.take();
        if let Some(handle) = handle {
            handle.cancel();
        }
    }),
    ("look for the result", |s| s.wait(Some(0))),
    ("spawn another", |s| {
        let another = s.spawn(0);
        s.others.borrow_mut().extend(another);
    }),
    ("spawn another and forget it", |s| drop(s.spawn(0))),
    ("spawn another for later and cancel it", |s| {
        if let Some(handle) = s.spawn(10) {
            handle.cancel();
        }
    }),
    ("time passes", |s| s.plain.advance(25)),
];

/// What only threads do.
const THREAD_ACTIONS: [Act; 7] = [
    ("the worker steps", |s| _ = s.plain.step(0)),
    ("the worker steps twice", |s| {
        s.plain.step(0);
        s.plain.step(0);
    }),
    ("the workers run", |s| s.plain.run()),
    ("wait a while", |s| s.wait(Some(s.plain.now() + 3))),
    ("wait longer", |s| s.wait(Some(s.plain.now() + 30))),
    ("shut down and drain", |s| s.shut_down(Shutdown::Drain)),
    ("shut down and discard", |s| s.shut_down(Shutdown::Discard)),
];

fn scene(setting: Act, boxed: bool) -> Scene {
    let plain = plain();
    let pool = plain.pool();
    plain.run();
    let scene = Scene {
        plain,
        pool,
        handle: Rc::default(),
        others: Rc::default(),
        boxed,
    };
    setting.1(&scene);
    scene
}

/// Ends everything, and checks that nothing was lost or dropped twice.
fn end(scene: &Scene, what: &str) {
    let plain = scene.plain;
    plain.drain();
    drop(scene.handle.take());
    drop(scene.others.take());
    plain.drain();
    assert_eq!(plain.look(scene.pool).queued, 0, "{what}");
    check_end(plain);
}

/// Miri takes one combination out of so many.
const SHARE: usize = 997;

fn is_left_out(combination: usize) -> bool {
    cfg!(miri) && combination % SHARE != 0
}

/// Whether a test has lost sight of its cases.
fn check_count(cases: usize, least: usize) {
    let least = if cfg!(miri) { 0 } else { least };
    assert!(cases > least, "only {cases} cases");
}

fn everywhere(between: &[Act], come: fn(Plain, u64, Box<dyn FnOnce()>)) -> usize {
    let operations: Vec<Act> = ACTIONS.into_iter().chain(THREAD_ACTIONS).collect();
    let mut combinations = 0;
    let mut cases = 0;
    for boxed in [false, true] {
        for setting in SETTINGS {
            for operation in &operations {
                for action in between {
                    combinations += 1;
                    if is_left_out(combinations) {
                        continue;
                    }
                    let what = format!("{}: {}, between it: {}", setting.0, operation.0, action.0);
                    for n in 1.. {
                        let scene = scene(setting, boxed);
                        let (act, copy) = (action.1, scene.clone());
                        come(scene.plain, n, Box::new(move || act(&copy)));
                        operation.1(&scene);
                        let beyond = scene.plain.forget_intrusions() > 0;
                        end(&scene, &what);
                        if beyond {
                            break;
                        }
                        cases += 1;
                    }
                }
            }
        }
    }
    cases
}

#[test]
fn interrupts_come_at_every_point() {
    let cases = everywhere(&ACTIONS, |plain, n, body| plain.interrupt_at(n, body));
    check_count(cases, 5_000);
}

#[test]
fn other_threads_run_at_every_point() {
    let between: Vec<Act> = ACTIONS.into_iter().chain(THREAD_ACTIONS).collect();
    let cases = everywhere(&between, |plain, n, body| plain.preempt_at(n, body));
    check_count(cases, 10_000);
}

#[test]
fn a_thread_and_an_interrupt_come_at_every_pair_of_points() {
    let operations: Vec<Act> = ACTIONS.into_iter().chain(THREAD_ACTIONS).collect();
    let (mut combinations, mut cases) = (0, 0);
    for setting in SETTINGS {
        for operation in &operations {
            for first in THREAD_ACTIONS {
                for second in [ACTIONS[0], ACTIONS[1], ACTIONS[3], ACTIONS[5]] {
                    combinations += 1;
                    if is_left_out(combinations) {
                        continue;
                    }
                    for n in 1..6 {
                        for m in (n..10).step_by(if cfg!(miri) { 4 } else { 1 }) {
                            let scene = scene(setting, false);
                            let (one, other) = (scene.clone(), scene.clone());
                            scene.plain.preempt_at(n, move || first.1(&one));
                            scene.plain.interrupt_at(m, move || second.1(&other));
                            operation.1(&scene);
                            cases += usize::from(scene.plain.forget_intrusions() == 0);
                            end(&scene, operation.0);
                        }
                    }
                }
            }
        }
    }
    check_count(cases, 5_000);
}
