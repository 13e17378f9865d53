//! What a string of bytes says: a world and operations on it, for a fuzzer.
//!
//! Every string says something, and the more of it there is, the more happens. A byte that chooses among `n` counts modulo
//! `n`, so that a small change of the bytes is a small change of what happens.

use taskpool_core::{Outcome, Shutdown, LEVELS};

use crate::{Action, World, J, P};

const POOLS: usize = 3;
const JOBS: usize = 10;

/// At most so many operations; a string is as good as its beginning.
const OPERATIONS: usize = 400;

struct Bytes<'a>(std::slice::Iter<'a, u8>);

impl Bytes<'_> {
    /// One of `n`.
    fn below(&mut self, n: usize) -> Option<usize> {
        Some(usize::from(*self.0.next()?) % n)
    }

    fn ticks(&mut self, n: usize) -> Option<u64> {
        Some(self.below(n)? as u64)
    }
}

impl Action {
    /// What the next bytes say.
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(match bytes.below(32)? {
            0..=2 => Action::Submit(bytes.below(POOLS)?, bytes.below(JOBS)?),
            3 => Action::SubmitUrgent(bytes.below(POOLS)?, bytes.below(JOBS)?),
            4..=6 => Action::SubmitAfter(bytes.below(POOLS)?, bytes.below(JOBS)?, bytes.ticks(7)?),
            7..=9 => Action::SubmitAt(bytes.below(POOLS)?, bytes.below(JOBS)?, bytes.ticks(13)?),
            10..=11 => Action::Cancel(bytes.below(JOBS)?),
            // One of them does not exist.
            12 => Action::SetLevel(bytes.below(JOBS)?, bytes.below(LEVELS + 1)? as u8),
            13..=16 => Action::Step(bytes.below(usize::MAX)?),
            17 => Action::Advance(bytes.ticks(6)?),
            18 => Action::AdvanceWithoutInterrupt(bytes.ticks(6)?),
            19 => Action::Deliver,
            20 => Action::Start(bytes.below(POOLS)?),
            21 => Action::Wait(bytes.below(JOBS)?, bytes.ticks(5)?),
            22 => Action::CancelAndWait(bytes.below(JOBS)?, bytes.ticks(5)?),
            23 => Action::Hold(bytes.below(POOLS)?),
            24 => Action::Release(bytes.below(POOLS)?),
            25 => Action::SetMax(bytes.below(POOLS)?, bytes.below(6)? as u8),
            26 => {
                let how = [Shutdown::Drain, Shutdown::Discard][bytes.below(2)?];
                Action::Shutdown(bytes.below(POOLS)?, how, bytes.ticks(5)?)
            }
            27 => Action::Restart(bytes.below(POOLS)?),
            28..=29 => Action::SubmitWithin(bytes.below(POOLS)?, bytes.below(JOBS)?, bytes.ticks(7)?),
            30 => Action::Abort(bytes.below(JOBS)?),
            _ => Action::Pause(bytes.below(POOLS)?),
        })
    }
}

#[derive(Clone, Copy, Debug)]
struct Scene {
    world: World,
    pools: [P; POOLS],
    jobs: [J; JOBS],
}

impl Scene {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let world = World::new(bytes.below(3)? as u8);
        world.advance([0, 0, (1 << 32) - 30, (7 << 32) - 60][bytes.below(4)?]);
        let mut shapes = [(1, 0, true); POOLS];
        for shape in &mut shapes {
            *shape = (1 + bytes.below(2)? as u8, bytes.below(3)? as u8, bytes.below(4)? > 0);
        }
        let pools = shapes.map(|(own, more, now)| {
            let pool = world.pool_before_start(own, own + more);
            if now {
                world.start(pool);
            }
            pool
        });
        let mut with_completion = [false; JOBS];
        for with in &mut with_completion {
            *with = bytes.below(2)? > 0;
        }
        let jobs = with_completion.map(|with| match with {
            true => world.job_with_completion("told"),
            false => world.job("plain"),
        });
        let scene = Scene { world, pools, jobs };
        // Jobs and completions do something so many times, so that each string comes to an end.
        for job in 0..JOBS {
            if let Some((mut times, action)) = Self::read_script(bytes)? {
                world.when_run(jobs[job], move |_| {
                    if times > 0 {
                        times -= 1;
                        scene.act(action);
                    }
                    job as i32
                });
            }
            if !with_completion[job] {
                continue;
            }
            if let Some((mut times, action)) = Self::read_script(bytes)? {
                world.when_told(jobs[job], move |_: Outcome| {
                    if times > 0 {
                        times -= 1;
                        scene.act(action);
                    }
                });
            }
        }
        Some(scene)
    }

    /// What a job does when it runs, or its completion when it is told: only what may be done anywhere.
    fn read_script(bytes: &mut Bytes<'_>) -> Option<Option<(usize, Action)>> {
        let times = bytes.below(4)?;
        if times == 0 {
            return Some(None);
        }
        Some(match Action::read(bytes)? {
            action @ (Action::Submit(..)
            | Action::SubmitUrgent(..)
            | Action::SubmitAfter(..)
            | Action::SubmitAt(..)
            | Action::SubmitWithin(..)
            | Action::Cancel(..)
            | Action::Abort(..)
            | Action::SetLevel(..)
            | Action::SetMax(..)) => Some((times, action)),
            _ => None,
        })
    }

    fn act(self, action: Action) {
        action.act(self.world, &self.pools, &self.jobs);
    }

    /// One operation: an action, and whatever comes between its lock sections.
    fn operate(self, bytes: &mut Bytes<'_>) -> Option<()> {
        let Scene { world, pools, jobs } = self;
        match bytes.below(24)? {
            kind @ 0..=7 => {
                for _ in 0..=bytes.below(3)? {
                    let (n, action) = (1 + bytes.ticks(9)?, Action::read(bytes)?);
                    match kind {
                        0..=3 => world.interrupt_at(n, move || self.act(action)),
                        _ => world.preempt_at(n, move || self.act(action)),
                    }
                }
                self.act(Action::read(bytes)?);
                world.forget_interrupts();
            }
            8 => {
                let (n, pool, job) = (1 + bytes.ticks(4)?, bytes.below(POOLS)?, bytes.below(JOBS)?);
                world.abandon_submit(n, pools[pool], jobs[job]);
            }
            9 => {
                let (n, pool, job) = (1 + bytes.ticks(4)?, bytes.below(POOLS)?, bytes.below(JOBS)?);
                let deadline = (world.now() + bytes.ticks(13)?).saturating_sub(5);
                world.abandon_submit_at(n, pools[pool], jobs[job], deadline);
            }
            10 => {
                let (pool, deadline) = (bytes.below(POOLS)?, world.now() + bytes.ticks(8)?);
                for job in jobs {
                    _ = world.submit_at(pools[pool], job, deadline);
                }
            }
            11 => world.run(),
            _ => self.act(Action::read(bytes)?),
        }
        Some(())
    }

    /// Whatever happened, everything that was accepted comes to its end.
    fn end(self) {
        let Scene { world, pools, .. } = self;
        world.forget_interrupts();
        for pool in pools {
            world.start(pool);
            _ = world.release(pool);
            if world.restart(pool).is_err() && !world.snapshot(pool).open {
                let end = world.shutdown(pool, Shutdown::Drain, None);
                end.expect("nothing is in its way");
                world.restart(pool).expect("it is shut down");
            }
            // Whoever defers next also sees to what an abandoned submitter left.
            let last = world.job("last");
            world.submit_after(pool, last, 20).expect("a new job is accepted");
        }
        world.drain();
    }
}

/// Does what the bytes say, compares with the model after each lock section, and lets everything come to its end. Answers
/// how many operations there were.
///
/// # Panics
///
/// With a sentence that says what does not hold.
pub fn operate(bytes: &[u8]) -> usize {
    let mut bytes = Bytes(bytes.iter());
    let Some(scene) = Scene::read(&mut bytes) else {
        return 0;
    };
    let mut operations = 0;
    while operations < OPERATIONS && scene.operate(&mut bytes).is_some() {
        operations += 1;
    }
    scene.end();
    operations
}
