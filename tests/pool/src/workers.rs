//! Workers: a pool's own ones, those of the reserve, and their threads.

use core::sync::atomic::Ordering::SeqCst;

use taskpool::{Accepted, Ctx, Job, Pool, CONFIG};

use crate::kernel;
use crate::tools::*;

/// Workers of a pool, and idle ones of the reserve.
fn workers(pool: Pool) -> (u8, u8) {
    (look(pool).workers, taskpool::check_reserve())
}

#[no_mangle]
extern "C" fn workers_are_idle_at_rest() {
    let counts = |pool| {
        let now = look(pool);
        (now.workers, now.idle, now.max)
    };
    assert_eq!(
        counts(taskpool::system()),
        (CONFIG.min_threads, CONFIG.min_threads, CONFIG.max_threads)
    );
    assert_eq!(counts(one()), (1, 1, 1));
    assert_eq!(counts(several()), (3, 3, 3));
    assert_eq!(counts(grow()), (1, 1, 3));
    assert_eq!(counts(rival()), (1, 1, 2));
    assert_eq!(taskpool::check_reserve(), RESERVE);
}

#[no_mangle]
extern "C" fn pool_grows_and_shrinks() {
    static PROBES: [Probe; 4] = [const { Probe::shut() }; 4];
    static JOBS: [Job<Held>; 4] = [
        Held::job(&PROBES[0]),
        Held::job(&PROBES[1]),
        Held::job(&PROBES[2]),
        Held::job(&PROBES[3]),
    ];

    // Every job that finds the workers busy brings one, until there are no more.
    for (index, job) in JOBS.iter().enumerate() {
        assert_eq!(grow().submit(job), Ok(Accepted::New));
        kernel::sleep(5);
        let expected = [(1, 2), (2, 1), (3, 0), (3, 0)][index];
        assert_eq!(workers(grow()), expected);
    }
    assert_eq!(PROBES.each_ref().map(Probe::begun), [1, 1, 1, 0]);
    assert_eq!(look(grow()).queued, 1);
    // Its own worker first, then those of the reserve, in the order that they went back in.
    let [own, lent @ .., _] = PROBES.each_ref().map(|probe| probe.worker.load(SeqCst));
    assert_eq!((own, lent[0].min(lent[1]), lent[0].max(lent[1])), (0, 254, 255));

    // A borrowed worker that ends takes what is ready, and goes back when nothing is.
    PROBES[1].let_go();
    PROBES[3].wait_begun(1);
    assert_eq!(PROBES[3].worker.load(SeqCst), lent[0]);
    assert_eq!(workers(grow()), (3, 0));
    PROBES[3].let_go();
    wait_until(|| workers(grow()) == (2, 1));
    // Its own worker does not leave.
    PROBES[0].let_go();
    wait_idle(&JOBS[0]);
    kernel::sleep(5);
    assert_eq!((workers(grow()), look(grow()).idle), ((2, 1), 1));
    PROBES[2].let_go();
    wait_until(|| workers(grow()) == (1, 2));
    for (probe, job) in PROBES.iter().zip(&JOBS) {
        wait_idle(job);
        assert_eq!(probe.ended(), 1);
    }
}

/// The maximum holds while the reserve has workers left.
#[no_mangle]
extern "C" fn pool_stays_below_its_maximum() {
    static PROBES: [Probe; 4] = [const { Probe::shut() }; 4];
    static JOBS: [Job<Held>; 4] = [
        Held::job(&PROBES[0]),
        Held::job(&PROBES[1]),
        Held::job(&PROBES[2]),
        Held::job(&PROBES[3]),
    ];

    // Three at once, before a worker has run; and one deferred, from the clock interrupt.
    for job in &JOBS[..3] {
        assert_eq!(rival().submit(job), Ok(Accepted::New));
    }
    assert_eq!(rival().submit_after(&JOBS[3], ticks(5)), Ok(Accepted::New));
    kernel::sleep(20);
    assert_eq!(workers(rival()), (2, 1));
    assert_eq!(look(rival()).queued, 2);
    assert!(!look(rival()).in_line, "a pool at its maximum waits for nobody");
    assert_eq!(PROBES.each_ref().map(Probe::begun), [1, 1, 0, 0]);
    for probe in &PROBES {
        probe.let_go();
    }
    for (probe, job) in PROBES.iter().zip(&JOBS) {
        wait_idle(job);
        assert_eq!(probe.ended(), 1);
    }
    wait_until(|| workers(rival()) == (1, 2));
}

/// With both workers of the reserve taken by one pool, the other one stands in line, and gets the first that leaves.
#[no_mangle]
extern "C" fn pool_in_line_gets_the_worker() {
    static GREEDY: [Probe; 4] = [const { Probe::shut() }; 4];
    static GREEDY_JOBS: [Job<Held>; 4] = [
        Held::job(&GREEDY[0]),
        Held::job(&GREEDY[1]),
        Held::job(&GREEDY[2]),
        Held::job(&GREEDY[3]),
    ];
    static SHORT: [Probe; 2] = [const { Probe::shut() }; 2];
    // What a borrowed worker runs for this pool, it runs at this pool's priority.
    struct Ranked(Held);
    impl taskpool::Run for Ranked {
        fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
            assert_eq!(kernel::priority(), RIVAL_PRIORITY);
            assert_eq!(Pool::of(ctx), rival());
            self.0.run(ctx)
        }
    }
    static SHORT_JOBS: [Job<Ranked>; 2] = [Job::new(Ranked(Held(&SHORT[0]))), Job::new(Ranked(Held(&SHORT[1])))];

    for job in &GREEDY_JOBS[..3] {
        assert_eq!(grow().submit(job), Ok(Accepted::New));
    }
    kernel::sleep(5);
    assert_eq!(workers(grow()), (3, 0));
    for job in &SHORT_JOBS {
        assert_eq!(rival().submit(job), Ok(Accepted::New));
    }
    kernel::sleep(5);
    let now = look(rival());
    assert_eq!((now.workers, now.queued, now.in_line), (1, 1, true));
    assert_eq!(SHORT.each_ref().map(Probe::begun), [1, 0]);

    // The own worker of the greedy pool ends first: that is none for the other one.
    GREEDY[0].let_go();
    wait_idle(&GREEDY_JOBS[0]);
    kernel::sleep(5);
    assert_eq!((SHORT[1].begun(), look(rival()).in_line), (0, true));
    // A borrowed one ends.
    GREEDY[1].let_go();
    SHORT[1].wait_begun(1);
    assert_eq!(SHORT[1].worker.load(SeqCst), GREEDY[1].worker.load(SeqCst));
    assert_eq!(
        (workers(grow()), look(rival()).workers, look(rival()).in_line),
        ((2, 0), 2, false)
    );

    // And back again.
    assert_eq!(grow().submit(&GREEDY_JOBS[3]), Ok(Accepted::New));
    GREEDY[3].wait_begun(1);
    assert_eq!(GREEDY[3].worker.load(SeqCst), 0);
    GREEDY[0].shut_again();
    assert_eq!(grow().submit(&GREEDY_JOBS[0]), Ok(Accepted::New));
    kernel::sleep(5);
    assert_eq!((GREEDY[0].begun(), look(grow()).in_line), (1, true));
    SHORT[1].let_go();
    GREEDY[0].wait_begun(2);
    assert_eq!((workers(grow()), look(rival()).workers), ((3, 0), 1));

    for probe in GREEDY.iter().chain(&SHORT) {
        probe.let_go();
    }
    for job in &GREEDY_JOBS {
        wait_idle(job);
    }
    for job in &SHORT_JOBS {
        wait_idle(job);
    }
    wait_until(|| taskpool::check_reserve() == RESERVE);
}

/// A pool that stands in line and no longer needs a worker does not get one.
#[no_mangle]
extern "C" fn pool_in_line_may_change_its_mind() {
    static PROBES: [Probe; 5] = [const { Probe::shut() }; 5];
    static JOBS: [Job<Held>; 5] = [
        Held::job(&PROBES[0]),
        Held::job(&PROBES[1]),
        Held::job(&PROBES[2]),
        Held::job(&PROBES[3]),
        Held::job(&PROBES[4]),
    ];

    for job in &JOBS[..3] {
        assert_eq!(grow().submit(job), Ok(Accepted::New));
    }
    assert_eq!(rival().submit(&JOBS[3]), Ok(Accepted::New));
    assert_eq!(rival().submit(&JOBS[4]), Ok(Accepted::New));
    kernel::sleep(5);
    assert!(look(rival()).in_line);
    assert_eq!(JOBS[4].cancel(), taskpool::Cancel::Cancelled);
    PROBES[1].let_go();
    wait_until(|| taskpool::check_reserve() == 1);
    assert_eq!((look(rival()).workers, look(rival()).in_line), (1, false));
    for probe in &PROBES {
        probe.let_go();
    }
    for job in &JOBS {
        wait_idle(job);
    }
    assert_eq!(PROBES[4].begun(), 0);
}

/// A borrowed worker has the priority of the pool that borrows it, each time.
#[no_mangle]
extern "C" fn borrowed_worker_has_the_pools_priority() {
    static BORROWED: Counter = Counter::new();
    static HELD: Probe = Probe::shut();
    static HELD_JOB: Job<Held> = Held::job(&HELD);
    static JOB: Job = Job::new(|ctx| {
        let (pool, priority) = (Pool::of(ctx), kernel::priority());
        let expected = [
            (grow(), GROW_PRIORITY),
            (rival(), RIVAL_PRIORITY),
            (taskpool::system(), SYSTEM_PRIORITY),
        ];
        assert!(expected.contains(&(pool, priority)), "{priority}");
        if ctx.worker() > 64 {
            BORROWED.add();
        }
    });

    let mut borrowed = 0;
    for pool in [grow(), rival(), grow(), rival()] {
        HELD.shut_again();
        assert_eq!(pool.submit(&HELD_JOB), Ok(Accepted::New));
        kernel::sleep(5);
        assert_eq!(pool.submit(&JOB), Ok(Accepted::New));
        borrowed += 1;
        wait_until(|| BORROWED.get() == borrowed);
        HELD.let_go();
        wait_idle(&HELD_JOB);
        // Its own worker too.
        assert_eq!(pool.submit(&JOB), Ok(Accepted::New));
        wait_idle(&JOB);
        wait_until(|| taskpool::check_reserve() == RESERVE);
    }
    assert_eq!(BORROWED.get(), borrowed);
}

#[no_mangle]
extern "C" fn threads_have_names() {
    static NAMED: Counter = Counter::new();
    struct Named(&'static Probe, &'static str);
    impl taskpool::Run for Named {
        fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
            let name = match ctx.worker() {
                255 => "taskpool.r0",
                254 => "taskpool.r1",
                _ => self.1,
            };
            assert_eq!(kernel::thread_name(), name);
            NAMED.add();
            Held(self.0).run(ctx)
        }
    }
    static PROBE: Probe = Probe::shut();
    static JOBS: [Job<Named>; 6] = [
        Job::new(Named(&PROBE, "one.w0")),
        Job::new(Named(&PROBE, "eager.w0")),
        Job::new(Named(&PROBE, "grow.w0")),
        // Borrowed, both of them.
        Job::new(Named(&PROBE, "")),
        Job::new(Named(&PROBE, "")),
        Job::new(Named(&PROBE, "rival.w0")),
    ];
    static SYSTEM: [Counter; 2] = [const { Counter::new() }; 2];
    static SYSTEM_JOB: Job = Job::new(|ctx| {
        let name = ["taskpool.w0", "taskpool.w1"][usize::from(ctx.worker())];
        assert_eq!(kernel::thread_name(), name);
        SYSTEM[usize::from(ctx.worker())].add();
    });
    static SYSTEM_HELD: Probe = Probe::shut();
    static SYSTEM_HELD_JOB: Job<Held> = Held::job(&SYSTEM_HELD);

    let pools = [one(), eager(), grow(), grow(), grow(), rival()];
    for (job, pool) in JOBS.iter().zip(pools) {
        assert_eq!(pool.submit(job), Ok(Accepted::New));
        kernel::sleep(5);
    }
    wait_until(|| NAMED.get() == 6);
    PROBE.let_go();
    for job in &JOBS {
        wait_idle(job);
    }

    // Of the system pool, the one that is idle while the other one is held; which one, nobody promises.
    for _ in 0..2 {
        SYSTEM_HELD.shut_again();
        assert_eq!(taskpool::system().submit(&SYSTEM_HELD_JOB), Ok(Accepted::New));
        kernel::sleep(5);
        let other = usize::from(1 - SYSTEM_HELD.worker.load(SeqCst));
        let before = SYSTEM[other].get();
        assert_eq!(taskpool::system().submit(&SYSTEM_JOB), Ok(Accepted::New));
        wait_until(|| SYSTEM[other].get() == before + 1);
        SYSTEM_HELD.let_go();
        wait_idle(&SYSTEM_HELD_JOB);
        wait_idle(&SYSTEM_JOB);
    }
}
