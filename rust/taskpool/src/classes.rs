//! Classes: names for pools, which the application maps at run time.
//!
//! Who submits a job says what kind of work it is, `"cpu"` or `"io"`, and the application decides in one place which pool
//! that means: at the start, or anew whenever it likes. (Momentum's job classes.)
//!
//! ```
//! use taskpool::classes::{self, Answer, Target};
//! use taskpool::{Ctx, Job};
//!
//! static CHECKSUM: Job = Job::new(|_: &Ctx<'_>| ());
//!
//! classes::set("cpu", Target::Pool(taskpool::system()))?;
//! classes::set("short", Target::Inline(taskpool::system()))?;
//! assert!(matches!(classes::submit("short", &CHECKSUM)?, Answer::Ran(_)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `CONFIG_TASKPOOL_CLASSES` is the number of places. All functions may be called from any thread and interrupt, but for
//! submissions to classes that run their jobs inline. Each looks for the name in one lock section, O(places): it compares
//! it with each name of the same length, [`LONGEST_NAME`] bytes at most.

use core::cell::RefCell;
use core::fmt;

use heapless::LinearMap;
use taskpool_core::{Accepted, By, JobRef, Outcome, Run, RunNowError, Shell, SubmitError};

use crate::config::CONFIG;
use crate::guarded::Guarded;
use crate::port::ThisPort;
use crate::{Job, Pool};

type System = Shell<ThisPort>;

/// The longest name of a class, in bytes.
pub const LONGEST_NAME: usize = 32;

/// Where the jobs of a class run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// In this pool, on its workers.
    Pool(Pool),
    /// In the thread that submits them, before that goes on: [`Pool::run_now`] of this pool, whose shutdown waits for them.
    /// Nobody watches over their budgets.
    Inline(Pool),
}

impl Target {
    /// The pool that it is, or that its runs belong to.
    pub const fn pool(self) -> Pool {
        match self {
            Target::Pool(pool) | Target::Inline(pool) => pool,
        }
    }
}

/// What became of a submission that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It was submitted to a pool.
    Accepted(Accepted),
    /// The job ran inline, and ended so.
    Ran(Outcome),
}

/// How often jobs were submitted to a class, since it was added. The numbers stay at the greatest one when they reach it; who
/// wants them to begin anew removes the class, and adds it.
///
/// That is what a class is there for. What becomes of a job after that is known to its pool: [`pool_of`], and `Pool::stats`
/// of that, with `CONFIG_TASKPOOL_STATS`. A job does not remember the class that it came by, as that would be a word in each
/// job. How many jobs of one kind are under way, a group that they share says, `Group::usage`,
/// with the greatest limit if that is all that it is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClassStats {
    /// Submissions that were accepted, inline runs among them.
    pub accepted: u32,
    /// Those of them that ran inline, and so have ended.
    pub ran_inline: u32,
    /// Submissions that were refused.
    pub refused: u32,
}

/// Why a class was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MapError {
    /// All places are taken.
    Full,
    /// The name is empty, or longer than [`LONGEST_NAME`].
    BadName,
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MapError::Full => "all places for classes are taken: raise CONFIG_TASKPOOL_CLASSES, or remove a class",
            MapError::BadName => "the name of a class has 1 to 32 bytes: choose another one",
        })
    }
}

impl core::error::Error for MapError {}

/// Why a submission by class was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClassError {
    /// There is no such class, and no default.
    Unknown,
    /// The job already waits for a worker; it keeps its place and runs once.
    AlreadyQueued,
    /// The pool of the class takes no submissions; or, inline, runs nothing.
    NotRunning,
    /// The class runs its jobs inline, and this one is under way.
    UnderWay,
    /// The class runs its jobs inline, and this one's group has no place for it.
    GroupFull,
    /// The class runs its jobs inline, and an interrupt can't run them.
    InInterrupt,
}

impl fmt::Display for ClassError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClassError::Unknown => f.write_str("there is no such class: add it, or set a default"),
            ClassError::AlreadyQueued => SubmitError::AlreadyQueued.fmt(f),
            ClassError::NotRunning => SubmitError::NotRunning.fmt(f),
            ClassError::UnderWay => RunNowError::UnderWay.fmt(f),
            ClassError::GroupFull => RunNowError::GroupFull.fmt(f),
            ClassError::InInterrupt => RunNowError::InInterrupt.fmt(f),
        }
    }
}

impl core::error::Error for ClassError {}

impl From<SubmitError> for ClassError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::AlreadyQueued => ClassError::AlreadyQueued,
            // The core has no other.
            _ => ClassError::NotRunning,
        }
    }
}

impl From<RunNowError> for ClassError {
    fn from(error: RunNowError) -> Self {
        match error {
            RunNowError::UnderWay => ClassError::UnderWay,
            RunNowError::GroupFull => ClassError::GroupFull,
            RunNowError::InInterrupt => ClassError::InInterrupt,
            // The core has no other.
            _ => ClassError::NotRunning,
        }
    }
}

impl ClassStats {
    fn count(&mut self, answer: &Result<Answer, ClassError>) {
        let add = |counter: &mut u32| *counter = counter.saturating_add(1);
        match answer {
            Ok(Answer::Accepted(_)) => add(&mut self.accepted),
            Ok(Answer::Ran(_)) => {
                add(&mut self.accepted);
                add(&mut self.ran_inline);
            }
            Err(_) => add(&mut self.refused),
        }
    }
}

#[derive(Clone, Copy)]
struct Class {
    target: Target,
    stats: ClassStats,
}

impl Class {
    const fn new(target: Target) -> Self {
        Class {
            target,
            stats: ClassStats {
                accepted: 0,
                ran_inline: 0,
                refused: 0,
            },
        }
    }
}

struct Registry {
    named: LinearMap<&'static [u8], Class, { CONFIG.classes as usize }>,
    /// For all other names.
    default: Option<Class>,
}

static REGISTRY: Guarded<RefCell<Registry>> = Guarded::new(RefCell::new(Registry {
    named: LinearMap::new(),
    default: None,
}));

impl Registry {
    /// The class of this name, or the default.
    fn class(&mut self, name: &[u8]) -> Option<&mut Class> {
        match self.named.get_mut(name) {
            Some(class) => Some(class),
            None => self.default.as_mut(),
        }
    }
}

fn registry<R>(look: impl FnOnce(&mut Registry) -> R) -> R {
    REGISTRY.look(|registry| look(&mut registry.borrow_mut()))
}

/// Adds a class, or maps it to another target from now on; what was submitted before stays where it is. Answers the target
/// that it had. Its statistics go on.
///
/// # Errors
///
/// [`MapError::Full`]; [`MapError::BadName`]. Nothing has changed then.
pub fn set(name: &'static str, target: Target) -> Result<Option<Target>, MapError> {
    set_bytes(name.as_bytes(), target)
}

/// As [`set`].
pub(crate) fn set_bytes(name: &'static [u8], target: Target) -> Result<Option<Target>, MapError> {
    if name.is_empty() || name.len() > LONGEST_NAME {
        return Err(MapError::BadName);
    }
    registry(|registry| match registry.named.get_mut(name) {
        Some(class) => Ok(Some(core::mem::replace(&mut class.target, target))),
        None => match registry.named.insert(name, Class::new(target)) {
            Ok(_) => Ok(None),
            Err(_) => Err(MapError::Full),
        },
    })
}

/// Removes a class, with its statistics; its place is free. Answers the target that it had, if there was one of this name.
/// Who shuts a pool down for good removes its classes first.
pub fn remove(name: &str) -> Option<Target> {
    remove_bytes(name.as_bytes())
}

/// As [`remove`].
pub(crate) fn remove_bytes(name: &[u8]) -> Option<Target> {
    registry(|registry| registry.named.remove(name)).map(|class| class.target)
}

/// From now on names that are no class mean this target, or are refused with `None`, as at the beginning. Answers what they
/// meant before. Statistics go on, unless there was or is none.
pub fn set_default(target: Option<Target>) -> Option<Target> {
    registry(|registry| {
        let before = registry.default;
        registry.default = target.map(|target| Class {
            target,
            stats: before.map_or(ClassStats::default(), |class| class.stats),
        });
        before.map(|class| class.target)
    })
}

/// What this name means now: its class, or the default.
pub fn find(name: &str) -> Option<Target> {
    find_bytes(name.as_bytes())
}

/// As [`find`].
pub(crate) fn find_bytes(name: &[u8]) -> Option<Target> {
    registry(|registry| registry.class(name).map(|class| class.target))
}

/// The pool that this name means now, for its workers or inline: `classes::pool_of("io").map(|pool| pool.stats())`.
pub fn pool_of(name: &str) -> Option<Pool> {
    find(name).map(Target::pool)
}

/// What was submitted to the class of this name; with `None`, under names that only the default knew. Answers nothing where
/// there is no such class, or no default.
pub fn stats(name: Option<&str>) -> Option<ClassStats> {
    stats_bytes(name.map(str::as_bytes))
}

/// As [`stats`].
pub(crate) fn stats_bytes(name: Option<&[u8]>) -> Option<ClassStats> {
    registry(|registry| {
        let class = match name {
            Some(name) => registry.named.get(name),
            None => registry.default.as_ref(),
        };
        class.map(|class| class.stats)
    })
}

/// Submits a job to the pool that its class means now, or runs it inline.
///
/// From any thread and interrupt; for classes that run inline, from threads. Two lock sections, O(places), and a submission,
/// or what [`Pool::run_now`] takes.
///
/// # Errors
///
/// [`ClassError::Unknown`]: it is no class, and there is no default. Otherwise why the pool refused it. The job is as it was
/// then.
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
pub fn submit<T: Run>(name: &str, job: &'static Job<T>) -> Result<Answer, ClassError> {
    submit_bytes(name.as_bytes(), job.reference(), By::caller())
}

/// As [`submit`].
pub(crate) fn submit_bytes(name: &[u8], job: JobRef, by: By) -> Result<Answer, ClassError> {
    let target = find_bytes(name).ok_or(ClassError::Unknown)?;
    // Outside the lock: between the two a class may be mapped anew, which this submission does not see any more.
    let answer = match target {
        Target::Pool(pool) => System::submit_by(pool.reference(), job, by)
            .map(Answer::Accepted)
            .map_err(ClassError::from),
        Target::Inline(pool) => System::run_now_by(pool.reference(), job, by)
            .map(Answer::Ran)
            .map_err(ClassError::from),
    };
    registry(|registry| {
        if let Some(class) = registry.class(name) {
            class.stats.count(&answer);
        }
    });
    answer
}
