//! The search for the longest stretch in which the pool masks interrupts: trees of deferred jobs that are as bad as
//! possible, and each operation on each of them.
//!
//! The clock finds the worst cases of each kind, as whole operations: what an operation does outside its lock section is
//! the same in all cases of a kind. `scripts/bench.py` then has these cases repeated, and counts the masked instructions
//! in QEMU's log, which would take an hour for all of them.
//!
//! No operation starts the timer: it is armed for a tick before all deadlines.

use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use taskpool::{Ctx, Instant, Job, Pool, Run};

use super::{now, sleep};

/// Jobs of the largest tree.
const JOBS: usize = 256;
/// One job more, which is not in the tree.
const FRESH: usize = JOBS;
/// Jobs of the smallest AVL tree of each height: no other has so many levels for its size.
const SMALLEST: [u8; 12] = [0, 1, 2, 4, 7, 12, 20, 33, 54, 88, 143, 232];

/// Ticks that no run of the search gets to.
const ARMED: u64 = 1 << 30;
const START: u64 = 1 << 31;

/// Cases that can be repeated in one run, as in C.
const CASES: usize = 64;
/// How many of the worst cases of a kind are repeated.
const WORST: usize = 2;
const KINDS: [&core::ffi::CStr; 5] = [c"cancel", c"defer", c"move", c"defer_due", c"move_due"];

static POOL: Pool = taskpool::c_pool!(bench_slow);
static TIMERS: [Job<Timer>; JOBS + 1] = timers();

mod c {
    use core::ffi::{c_char, c_void};

    extern "C" {
        pub static bench_cases: [u32; super::CASES];
        pub fn bench_found(kind: *const c_char, cycles: u32, case: u32);
        pub fn bench_searched(trees: u32, operations: u32);
        pub fn bench_mask() -> u32;
        pub fn bench_unmask(key: u32);
        pub fn bench_keep(jobs: *const c_void, size: usize);
        pub fn bench_bring_back(jobs: *mut c_void, size: usize);
    }
}

/// A job in the tree, by its index. When jobs are to go on, it defers itself again.
struct Timer(u16);

/// Whether jobs that run are to do that.
static AGAIN: AtomicBool = AtomicBool::new(false);

impl Run for Timer {
    fn run(&mut self, ctx: &Ctx<'_>) -> i32 {
        if AGAIN.load(Relaxed) {
            let place = usize::from(self.0) * 37 % (2 * JOBS);
            let _ = Pool::of(ctx).submit_at(&TIMERS[usize::from(self.0)], deadline(place));
        }
        0
    }
}

const fn timers() -> [Job<Timer>; JOBS + 1] {
    let mut timers = [const { Job::new(Timer(0)) }; JOBS + 1];
    let mut n = 0;
    while n < timers.len() {
        timers[n] = Job::new(Timer(n as u16));
        n += 1;
    }
    timers
}

/// The deadline that belongs to a place in the order.
fn deadline(place: usize) -> Instant {
    Instant::from_ticks(if place == PAST { 1 } else { START + place as u64 })
}

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u32);

impl Random {
    fn new(seed: u32) -> Self {
        Random(0x9e37_79b9 ^ (seed + 1))
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as usize % n
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for n in (1..items.len()).rev() {
            items.swap(n, self.below(n + 1));
        }
    }
}

/// A tree of deferred jobs: their places, in the order of their submissions. The n-th of 256 has place 2 n + 1, so that
/// there are places between them.
struct Tree {
    places: [u16; JOBS],
    count: usize,
}

impl Tree {
    /// Kinds of smallest trees, each as it is and with more jobs; and orders of submission.
    const SMALLEST: u32 = 16;
    const ORDERS: u32 = 8;
    const COUNT: u32 = 2 * Self::SMALLEST + Self::ORDERS;

    fn new(number: u32) -> Self {
        let mut tree = Tree {
            places: [0; JOBS],
            count: 0,
        };
        if number >= 2 * Self::SMALLEST {
            tree.order(number - 2 * Self::SMALLEST);
            return tree;
        }
        tree.smallest(number % Self::SMALLEST);
        if number >= Self::SMALLEST {
            let mut random = Random::new(number);
            while tree.count < JOBS {
                tree.add(2 * random.below(JOBS));
            }
        }
        tree
    }

    fn add(&mut self, place: usize) {
        self.places[self.count] = place as u16;
        self.count += 1;
    }

    /// The smallest tree of its height, level by level, so that no rotation changes it. `kind` says how the deeper side
    /// of a node follows from where it is.
    fn smallest(&mut self, kind: u32) {
        let mut random = Random::new(kind);
        // Height, rank of the first job, and whether it is on the right.
        let mut subtrees = [(0, 0, false); SMALLEST[SMALLEST.len() - 1] as usize];
        subtrees[0] = (SMALLEST.len() - 1, 0, kind % 2 == 0);
        let mut found = 1;
        for n in 0..subtrees.len() {
            let (height, first, on_right) = subtrees[n];
            let deeper_on_right = match kind {
                0 => false,
                1 => true,
                2 => height % 2 == 0,
                // Towards the middle of the parent, so that to level the parent takes two rotations.
                3 | 4 => !on_right,
                // The same, but for the way to the job that takes the place of the left child, or of the root.
                5 => !on_right ^ (n == 1 || n == 4),
                6 => !on_right ^ (n == 2),
                7..=11 => !on_right ^ (random.below(8) == 0),
                _ => random.below(2) == 0,
            };
            let (mut left, mut right) = (height - 1, height.saturating_sub(2));
            if deeper_on_right {
                (left, right) = (right, left);
            }
            let rank = first + usize::from(SMALLEST[left]);
            self.add(2 * rank + 1);
            for (height, first, on_right) in [(left, first, false), (right, rank + 1, true)] {
                if height > 0 {
                    subtrees[found] = (height, first, on_right);
                    found += 1;
                }
            }
        }
    }

    /// What comes of submitting 256 jobs in this order.
    fn order(&mut self, order: u32) {
        let mut random = Random::new(order);
        for n in 0..JOBS {
            self.add(match order {
                0 => 2 * n + 1,
                1 => 2 * (JOBS - 1 - n) + 1,
                2 => 2 * pipe(n, JOBS) + 1,
                3 => 2 * pipe(JOBS - 1 - n, JOBS) + 1,
                // Many have one deadline, or all have.
                4 => 2 * random.below(8) + 1,
                5 => 1,
                // To be shuffled.
                _ => 2 * n + 1,
            });
        }
        if order > 5 {
            random.shuffle(&mut self.places);
        }
    }

    /// Its jobs, in an order in which they are removed: that of their submission, that of their deadlines, both backwards,
    /// from both ends by turns, or drawn.
    fn removal(&self, order: usize) -> [u16; JOBS] {
        let mut jobs = core::array::from_fn(|n| n as u16);
        let those = &mut jobs[..self.count];
        if let 2..=4 = order {
            those.sort_unstable_by_key(|&job| (self.places[usize::from(job)], job));
        }
        match order {
            0 | 2 => {}
            1 | 3 => those.reverse(),
            4 => {
                let sorted: [u16; JOBS] = core::array::from_fn(|n| those.get(n).copied().unwrap_or(0));
                for (n, job) in those.iter_mut().enumerate() {
                    *job = sorted[pipe(n, self.count)];
                }
            }
            _ => Random::new(order as u32).shuffle(those),
        }
        jobs
    }
}

/// The n-th in organ-pipe order: the first, the last, the second, the last but one.
fn pipe(n: usize, count: usize) -> usize {
    if n % 2 == 0 {
        n / 2
    } else {
        count - 1 - n / 2
    }
}

/// Something to do with a tree: a job and its new place, or one of the whole sequences below.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Case {
    tree: u32,
    job: usize,
    place: usize,
}

/// Places of a job that is cancelled, and of one whose deadline has passed.
const NOWHERE: usize = 0xfff;
const PAST: usize = 0xffe;

/// In the place of a job: the tree is built; its jobs are removed; jobs are deferred, moved and cancelled, as drawn; the
/// first jobs expire, and defer themselves again if the place is not 0.
const BUILD: usize = 0x800;
const REMOVE: usize = 0x801;
const DRAW: usize = 0x802;
const EXPIRE: usize = 0x803;
const REMOVALS: usize = 8;
const DRAWS: usize = 8;
/// Jobs that expire at one tick: more than the clock interrupt moves.
const EXPIRE_BELOW: u16 = 24;

impl Case {
    fn from_word(word: u32) -> Option<Self> {
        Some(Case {
            tree: (word >> 24).checked_sub(1)?,
            job: word as usize >> 12 & 0xfff,
            place: word as usize & 0xfff,
        })
    }

    fn word(self) -> u32 {
        (self.tree + 1) << 24 | (self.job as u32) << 12 | self.place as u32
    }
}

struct Search {
    case: Case,
    worst: [[(u32, Option<Case>); WORST]; KINDS.len()],
    operations: u32,
}

impl Search {
    /// Gives a job its place, or cancels it, with the clock. Nothing may interrupt that, the switch to a worker neither.
    #[inline(never)]
    fn operate(&mut self, job: usize, deferred: bool, place: usize) -> u32 {
        let timer = &TIMERS[job];
        // SAFETY: the key goes back below.
        let key = unsafe { c::bench_mask() };
        let start = now();
        if place == NOWHERE {
            timer.cancel();
        } else {
            let _ = POOL.submit_at(timer, deadline(place));
        }
        let cycles = now().wrapping_sub(start);
        // SAFETY: the key is that of above.
        unsafe { c::bench_unmask(key) };
        self.operations += 1;
        let kind = match place {
            NOWHERE => 0,
            PAST => 3 + usize::from(deferred),
            _ => 1 + usize::from(deferred),
        };
        self.note(kind, cycles);
        cycles
    }

    fn note(&mut self, kind: usize, cycles: u32) {
        let row = &mut self.worst[kind];
        let found = (cycles, Some(self.case));
        let of_this_case = row.iter().position(|known| known.1 == found.1);
        let known = &mut row[of_this_case.unwrap_or(WORST - 1)];
        if known.0 < cycles {
            *known = found;
        }
        row.sort_unstable_by(|a, b| b.0.cmp(&a.0));
    }

    fn build(&mut self, tree: &Tree) {
        for job in 0..tree.count {
            self.operate(job, false, tree.places[job].into());
        }
    }

    /// Carries out a case with a tree that has been built.
    fn carry_out(&mut self, tree: &Tree, job: usize, place: usize) -> u32 {
        self.case.job = job;
        self.case.place = place;
        match job {
            BUILD => {}
            REMOVE => {
                for &job in &tree.removal(place)[..tree.count] {
                    self.operate(job.into(), true, NOWHERE);
                }
            }
            DRAW => {
                let mut deferred = [false; JOBS];
                deferred[..tree.count].fill(true);
                let mut random = Random::new(place as u32);
                for _ in 0..4 * JOBS {
                    let job = random.below(JOBS);
                    let to = if deferred[job] && random.below(2) == 0 {
                        NOWHERE
                    } else {
                        random.below(2 * JOBS)
                    };
                    self.operate(job, deferred[job], to);
                    deferred[job] = to != NOWHERE;
                }
            }
            EXPIRE => {
                let soon = Instant::from_ticks(Instant::now().as_ticks() + 100);
                for job in 0..tree.count {
                    if tree.places[job] < EXPIRE_BELOW {
                        TIMERS[job].cancel();
                        let _ = POOL.submit_at(&TIMERS[job], soon);
                    }
                }
                AGAIN.store(place != 0, Relaxed);
                sleep(200);
                AGAIN.store(false, Relaxed);
            }
            _ => return self.operate(job, job < tree.count, place),
        }
        0
    }

    /// The same, and then the tree is as it was before.
    fn attempt(&mut self, tree: &Tree, job: usize, place: usize) -> u32 {
        let cycles = self.carry_out(tree, job, place);
        if place == PAST {
            // The worker runs it, and waits again.
            sleep(1);
        }
        // SAFETY: jobs and pool were like this when the tree was built, and nothing else has them now.
        unsafe { c::bench_bring_back(TIMERS.as_ptr().cast_mut().cast(), size_of_val(&TIMERS)) };
        cycles
    }

    fn start(&mut self, number: u32) -> Tree {
        self.case = Case {
            tree: number,
            job: BUILD,
            place: 0,
        };
        let _ = POOL.submit_at(&TIMERS[FRESH], Instant::from_ticks(ARMED));
        TIMERS[FRESH].cancel();
        let tree = Tree::new(number);
        self.build(&tree);
        tree
    }

    fn end() {
        for timer in &TIMERS {
            timer.cancel();
        }
    }

    /// Everything with one tree. Moves are those of the worst job to cancel to all places, and of all jobs to the place
    /// that is the worst for a new one.
    fn search(&mut self, number: u32) {
        let tree = self.start(number);
        // SAFETY: nothing else has the jobs now.
        unsafe { c::bench_keep(TIMERS.as_ptr().cast(), size_of_val(&TIMERS)) };
        let (mut worst_job, mut worst_place) = ((0, 0), (0, 0));
        for job in 0..tree.count {
            worst_job = worst_job.max((self.attempt(&tree, job, NOWHERE), job));
        }
        for place in 0..2 * JOBS {
            worst_place = worst_place.max((self.attempt(&tree, FRESH, place), place));
        }
        for place in 0..2 * JOBS {
            self.attempt(&tree, worst_job.1, place);
        }
        for job in 0..tree.count {
            self.attempt(&tree, job, worst_place.1);
            self.attempt(&tree, job, PAST);
        }
        self.attempt(&tree, FRESH, PAST);
        for order in 0..REMOVALS {
            self.attempt(&tree, REMOVE, order);
        }
        for seed in 0..DRAWS {
            self.attempt(&tree, DRAW, seed);
        }
        Self::end();
    }
}

#[no_mangle]
extern "C" fn bench_search() {
    sleep(100);
    let mut search = Search {
        case: Case {
            tree: 0,
            job: BUILD,
            place: 0,
        },
        worst: [[(0, None); WORST]; KINDS.len()],
        operations: 0,
    };
    let mut repeats = false;
    for n in 0..CASES {
        // SAFETY: words that nobody writes to; volatile, as it was not the compiler's code that wrote them.
        let word = unsafe { (&raw const c::bench_cases).cast::<u32>().add(n).read_volatile() };
        if let Some(case) = Case::from_word(word) {
            repeats = true;
            let tree = search.start(case.tree);
            search.carry_out(&tree, case.job, case.place);
            sleep(1);
            Search::end();
        }
    }
    if repeats {
        return;
    }
    for number in 0..Tree::COUNT {
        search.search(number);
    }
    for (kind, row) in KINDS.iter().zip(search.worst) {
        for (cycles, case) in row {
            let word = case.map_or(0, Case::word);
            // SAFETY: a string that ends with a zero.
            unsafe { c::bench_found(kind.as_ptr(), cycles, word) };
        }
    }
    for tree in 0..Tree::SMALLEST {
        for (place, kind) in [c"expire", c"expire_again"].into_iter().enumerate() {
            let case = Case {
                tree,
                job: EXPIRE,
                place,
            };
            // SAFETY: as above.
            unsafe { c::bench_found(kind.as_ptr(), 0, case.word()) };
        }
    }
    // SAFETY: two numbers.
    unsafe { c::bench_searched(Tree::COUNT, search.operations) };
}
