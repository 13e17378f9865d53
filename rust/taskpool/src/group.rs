//! Groups: jobs of which only so many run at once.

use taskpool_core::{Group as CoreGroup, GroupSnapshot, LimitError};

use crate::System;

/// A group: jobs of which only so many run at once, in whichever pools.
///
/// ```
/// use taskpool::{Group, Job};
///
/// static BUS: Group = Group::new(1);
/// static READ: Job = <Job>::new(|_| println!("read")).in_group(&BUS);
/// static WRITE: Job = <Job>::new(|_| println!("write")).in_group(&BUS);
///
/// let pool = taskpool::system();
/// pool.submit(&READ)?;
/// pool.submit(&WRITE)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A job of a group has a place from the moment in which it becomes ready until its run ends, or until it is cancelled before
/// that; its completion is told after the place is free. While all places are taken, another one is
/// [`Held`](crate::Status::Held): it takes no worker, and becomes ready when a place is free, those of higher levels first,
/// within a level who came first, an urgent one before all others. A run that is submitted again gives its place back, and
/// the job waits behind those that are held. What is deferred has no place until it is due. How long a job is held counts
/// neither as queueing nor as starvation in the statistics of its pool; the time of one that was submitted with
/// `submit_within` runs on, and is looked at when a worker takes the job. A place is taken also by what is ready in a pool
/// that is held, or not yet started. (Like `concurrency` of Momentum's `ec_async_job`, without a worker that waits.)
///
/// A shutdown waits for the held jobs of its pool, or discards them: for that it walks over what groups hold, in one lock
/// section for each that it discards, and in each in which it looks whether all is over.
///
/// A job that waits for another one of its own group keeps its place meanwhile: where it has the last one, that never ends,
/// which is not found out.
///
/// 24 bytes on a 32-bit machine; each level of jobs above the first adds 8, more than one level 4 together.
pub struct Group(pub(crate) CoreGroup);

impl Group {
    /// A group of which at most `limit` jobs run at once, up to 65,535. In a `static` it takes nothing at run time.
    ///
    /// # Panics
    ///
    /// When `limit` is 0: nothing of it would run. In a static that is a build error.
    pub const fn new(limit: u16) -> Self {
        Group(CoreGroup::new(limit))
    }

    /// Changes how many of its jobs run at once. With a higher limit, held jobs become ready, in their order. With a lower
    /// one, what is ready or runs goes on, and nothing is let in until fewer have a place.
    ///
    /// From any thread and interrupt. One lock section, O(1), and one more for each job that is let in after the first;
    /// with `CONFIG_TASKPOOL_LEVEL_PRIORITIES` O(w), see [What calls cost](crate#what-calls-cost).
    ///
    /// # Errors
    ///
    /// [`LimitError`]: the limit is 0. Nothing has changed then.
    pub fn set_limit(&'static self, limit: u16) -> Result<(), LimitError> {
        System::set_limit(self.0.reference(), limit)
    }

    /// How many of its jobs run at once.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    pub fn limit(&'static self) -> u16 {
        self.usage().limit
    }

    /// How many of its jobs have a place now: those that are ready, and those that run.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    pub fn active(&'static self) -> u16 {
        self.usage().active
    }

    /// How many of its jobs are held now.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    pub fn held(&'static self) -> u32 {
        self.usage().held
    }

    /// All three, of one moment.
    ///
    /// From any thread and interrupt. One lock section, O(1).
    pub fn usage(&'static self) -> GroupSnapshot {
        System::group(self.0.reference())
    }
}
