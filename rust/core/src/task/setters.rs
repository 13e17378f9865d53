//! What a task begins with, for faces whose own tasks hold one of the core's: in a constant they can't take it out and put it
//! in again.

use super::header::{Task, Work};
use super::{Missed, Span};
use crate::job::{Complete, OnEnd};

impl<W: Work> Task<W> {
    /// So many ticks from one run to the next.
    pub const fn set_first_interval(&mut self, interval: u64) {
        *self.header.interval.get_mut() = Span::new(interval);
    }

    /// As [`times`](Task::times).
    pub const fn set_first_iterations(&mut self, iterations: u32) {
        *self.header.iterations.get_mut() = iterations;
    }

    /// As [`missed`](Task::missed).
    pub const fn set_first_policy(&mut self, policy: Missed) {
        *self.header.policy.get_mut() = policy;
    }

    /// As [`timeout`](Task::timeout).
    pub const fn set_first_timeout(&mut self, ticks: u64) {
        *self.header.timeout.get_mut() = Span::new(ticks);
    }

    /// As [`on_end`](Task::on_end).
    pub const fn set_completion<C: Complete>(&mut self, completion: &'static OnEnd<C>) {
        self.header.job.set_completion(completion.reference());
    }

    /// As [`about`](Task::about).
    #[cfg(CONFIG_TASKPOOL_BUDGETS)]
    pub const fn set_about(&mut self, about: &'static crate::budget::About) {
        self.header.job.set_about(about);
    }

    /// As [`in_group`](Task::in_group).
    #[cfg(CONFIG_TASKPOOL_GROUPS)]
    pub const fn set_group(&mut self, group: &'static crate::pool::Group) {
        self.header.job.set_group(group.reference());
    }

    /// A shutdown of its pool discards the task before its next run, however jobs end.
    pub const fn discard_on_shutdown(&mut self) {
        self.header.job.discard_on_shutdown();
    }

    /// Its runs wait at this level: the higher, the sooner they are taken.
    ///
    /// # Panics
    ///
    /// When there is no such level. In a constant that is a build error.
    pub const fn set_first_level(&mut self, level: u8) {
        self.header.job.set_first_level(level);
    }
}
