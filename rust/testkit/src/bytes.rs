//! What a string of bytes says: a world and operations on it, for a fuzzer.
//!
//! Every string says something, and the more of it there is, the more happens. A byte that chooses among `n` counts modulo
//! `n`, so that a small change of the bytes is a small change of what happens.

use taskpool_core::{First, Missed, Next, Outcome, Rephase, Shutdown, LEVELS};

use crate::action::{
    Action, Answer, EventAction, Inside, PoolPlan, Scene as AnyScene, TaskAction, EVENTS, GROUPS, TASKS,
};
use crate::{TaskPlan, HANDLES};

type Scene = AnyScene<POOLS, JOBS>;

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
        Some(match bytes.below(64)? {
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
            31 => Action::Pause(bytes.below(POOLS)?),
            32..=34 => Action::Spawn {
                pool: bytes.below(POOLS)?,
                delay: 0,
                place: bytes.below(HANDLES + 1)?,
                inside: Inside::read(bytes)?,
            },
            35 => Action::Spawn {
                pool: bytes.below(POOLS)?,
                delay: bytes.ticks(7)?,
                place: bytes.below(HANDLES + 1)?,
                inside: Inside::read(bytes)?,
            },
            36..=37 => Action::CancelSpawned(bytes.below(HANDLES)?),
            38..=39 => Action::Join(bytes.below(HANDLES)?, bytes.ticks(5)?),
            40..=41 => Action::DropHandle(bytes.below(HANDLES)?),
            42 => Action::Scope(bytes.below(POOLS)?, bytes.below(5)?, Inside::read(bytes)?),
            // One of them is refused.
            43 => Action::SetLimit(bytes.below(GROUPS)?, bytes.below(4)? as u16),
            44..=56 => Action::Task(bytes.below(TASKS)?, TaskAction::read(bytes)?),
            57..=58 => Action::TaskInRun(bytes.below(TASKS)?, TaskAction::read(bytes)?),
            _ => Action::Event(bytes.below(EVENTS)?, EventAction::read(bytes)?),
        })
    }
}

/// What the next bytes say that a run answers.
fn read_answer(bytes: &mut Bytes<'_>) -> Option<Answer> {
    Some(Answer::Next(match bytes.below(8)? {
        0..=1 => Next::Default,
        2 => Next::Again,
        3 => Next::After(bytes.ticks(6)?),
        4 => Next::At(bytes.ticks(13)?),
        5 => Next::Pending,
        6 => return Some(Answer::On(bytes.below(EVENTS)?)),
        _ => Next::Done(bytes.below(3)? as i32 - 1),
    }))
}

fn read_within(bytes: &mut Bytes<'_>) -> Option<Option<u64>> {
    Some(match bytes.below(8)? {
        0..=1 => None,
        n => Some(n as u64 - 2),
    })
}

impl TaskAction {
    /// What the next bytes say.
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(match bytes.below(24)? {
            0 => TaskAction::Enable(bytes.below(POOLS)?, First::AfterInterval),
            1..=2 => TaskAction::Enable(bytes.below(POOLS)?, First::Now),
            3 => TaskAction::Enable(bytes.below(POOLS)?, First::After(bytes.ticks(6)?)),
            4 => TaskAction::Enable(bytes.below(POOLS)?, First::At(bytes.ticks(13)?)),
            5..=7 => TaskAction::EnableOn(bytes.below(POOLS)?, bytes.below(EVENTS)?, bytes.below(2)? > 0),
            8 => TaskAction::Stop([Outcome::Done(0), Outcome::Cancelled, Outcome::Aborted][bytes.below(3)?]),
            9 => TaskAction::Trigger,
            10 => TaskAction::Postpone(bytes.ticks(6)?),
            11 => TaskAction::Shift(bytes.below(20)? as i64 - 12),
            12..=13 => TaskAction::SetInterval(
                bytes.ticks(7)?,
                [Rephase::Keep, Rephase::Recalculate, Rephase::FromNow][bytes.below(3)?],
            ),
            14 => TaskAction::SetIterations(bytes.below(5)? as u32),
            15 => TaskAction::Limit(read_within(bytes)?),
            16..=19 => TaskAction::Plan(read_answer(bytes)?, bytes.below(3)?),
            20..=21 => TaskAction::Complete(bytes.below(2)?, Some(read_answer(bytes)?)),
            22 => TaskAction::Complete(bytes.below(2)?, None),
            // One of them does not exist.
            _ => TaskAction::SetLevel(bytes.below(LEVELS + 1)? as u8),
        })
    }
}

impl EventAction {
    /// What the next bytes say.
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(match bytes.below(8)? {
            0..=2 => EventAction::Arm(1 + bytes.below(3)? as u32, read_within(bytes)?),
            3 => EventAction::SetTimeout(read_within(bytes)?),
            4..=6 => EventAction::Signal(Outcome::Done(bytes.below(4)? as i32 - 1)),
            _ => EventAction::Complete([Outcome::Done(1), Outcome::Aborted, Outcome::Cancelled][bytes.below(3)?]),
        })
    }
}

/// What the next bytes say of a task, and of its group.
fn read_plan(bytes: &mut Bytes<'_>) -> Option<(TaskPlan, Option<usize>)> {
    let plan = TaskPlan {
        interval: bytes.ticks(6)?,
        iterations: bytes.below(5)? as u32,
        timeout: [0, 0, 9, 3][bytes.below(4)?],
        policy: match bytes.below(4)? {
            0 => Missed::Skip,
            1 => Missed::CatchUp(bytes.below(3)? as u8),
            2 => Missed::FromStart,
            _ => Missed::FromEnd,
        },
    };
    Some((plan, bytes.below(GROUPS + 1)?.checked_sub(1)))
}

impl Inside {
    /// What the next bytes say.
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        Some(match bytes.below(12)? {
            0 => Inside::Submit(bytes.below(POOLS)?, bytes.below(JOBS)?),
            1 => Inside::Cancel(bytes.below(JOBS)?),
            2 => Inside::Spawn(bytes.below(POOLS)?, bytes.below(HANDLES + 1)?),
            3 => Inside::CancelSpawned(bytes.below(HANDLES)?),
            4 => Inside::Join(bytes.below(HANDLES)?, bytes.ticks(3)?),
            5 => Inside::DropHandle(bytes.below(HANDLES)?),
            6 => Inside::Scope(bytes.below(POOLS)?),
            _ => Inside::Nothing,
        })
    }
}

impl Scene {
    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let reserve = bytes.below(3)? as u8;
        let clock = [0, 0, (1 << 32) - 30, (7 << 32) - 60][bytes.below(4)?];
        let mut plans: [PoolPlan; POOLS] = [(1, 0, true); POOLS];
        for plan in &mut plans {
            // Of four, one is made at run time.
            let own = [1, 2, 1, 0][bytes.below(4)?];
            *plan = (own, bytes.below(3)? as u8, bytes.below(4)? > 0);
        }
        let mut with_completion = [false; JOBS];
        let mut group_of = [None; JOBS];
        for (with, group) in with_completion.iter_mut().zip(&mut group_of) {
            let kind = bytes.below(2 * (GROUPS + 1))?;
            (*with, *group) = (kind % 2 > 0, (kind / 2).checked_sub(1));
        }
        let tasks = [read_plan(bytes)?, read_plan(bytes)?, read_plan(bytes)?];
        let scene = Scene::new(clock, reserve, plans, [1, 2], tasks, |world, groups| {
            std::array::from_fn(|job| {
                let make = || match with_completion[job] {
                    true => world.job_with_completion("told"),
                    false => world.job("plain"),
                };
                match group_of[job] {
                    Some(group) => world.in_group(groups[group], make),
                    None => make(),
                }
            })
        });
        let Scene { world, jobs, .. } = scene;
        // Jobs and completions do something so many times, so that each string comes to an end.
        for job in 0..JOBS {
            if let Some((mut times, action)) = Self::read_script(bytes, true)? {
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
            if let Some((mut times, action)) = Self::read_script(bytes, false)? {
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

    /// What a job does when it runs, or its completion when it is told: only what may be done anywhere. A run may wait, and so
    /// open a scope.
    fn read_script(bytes: &mut Bytes<'_>, runs: bool) -> Option<Option<(usize, Action)>> {
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
            | Action::SetLimit(..)
            | Action::SetMax(..)
            | Action::CancelSpawned(..)
            | Action::DropHandle(..)
            | Action::Task(..)
            | Action::TaskInRun(..)
            | Action::Event(..)) => Some((times, action)),
            action @ (Action::Spawn { .. } | Action::Join(..) | Action::Scope(..)) if runs => Some((times, action)),
            _ => None,
        })
    }

    /// One operation: an action, and whatever comes between its lock sections.
    fn operate(self, bytes: &mut Bytes<'_>) -> Option<()> {
        let Scene { world, pools, jobs, .. } = self;
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
