//! Waiting for the end of a job: the list of those who wait, and how they are let go.
//!
//! Each waiter is a node on the stack of the thread that waits. It leaves the list in one of two ways, each in one lock
//! section: the end of the submission takes it out, writes the outcome into it, and lets the thread go after unlocking;
//! or the thread, whose time is up, takes itself out. Whoever comes second sees that the other was first.

use core::fmt;

use super::{Cancel, Code, JobRef, Outcome, State, REARM, WAITED};
use crate::lock::{Locked, Token};
use crate::pool::{Ended, Order, WorkerRef, ABORT};
use crate::reference::Ref;

/// What a port lets a thread wait on: nothing that the machine looks into.
#[repr(C)]
#[derive(Debug, Default)]
pub struct Signal([u8; 0]);

impl Signal {
    /// A signal, the first field of a port's own.
    pub const fn new() -> Self {
        Signal([])
    }
}

/// A reference to a signal; see [`Ref`] for what it promises: here until the thread that waits on it goes on.
pub type SignalRef = Ref<Signal>;

/// A reference to a waiter; see [`Ref`] for what it promises: here until the waiter has left the list.
pub(crate) type WaiterRef = Ref<Waiter>;

/// Why waiting for a job came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// The time was up before the job ended. It goes on as if nobody had waited.
    TimedOut,
    /// Interrupts can't wait.
    InInterrupt,
    /// This worker would wait for a job that it runs itself, or that waits for a worker of this pool.
    OnWorker,
    /// The job has never been submitted, so there is nothing to wait for.
    NeverSubmitted,
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WaitError::TimedOut => "the job has not ended in time: wait longer, or cancel it",
            WaitError::InInterrupt => "an interrupt can't wait: ask with a timeout of zero, or use a completion",
            WaitError::OnWorker => {
                "a worker can't wait for a job of its own pool: submit that job to another pool, or use a completion"
            }
            WaitError::NeverSubmitted => "the job has never been submitted: submit it before you wait for it",
        })
    }
}

impl core::error::Error for WaitError {}

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// An interrupt.
    Interrupt,
    /// A worker.
    Worker(WorkerRef),
    /// Any other thread.
    Thread,
}

/// How the last submission of an Idle job ended. The code is beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Last {
    /// There was none.
    Nothing,
    Done,
    Cancelled,
    Aborted,
    TimedOut,
    Discarded,
    /// Of a Running job: this run was aborted.
    Aborting,
    /// Of a Running task with REARM: its submission goes on after this run, at `deadline`.
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    GoesOn,
    /// Of a task that is Queued or Deferred: it may stand in the line of an event.
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    Between,
    /// Of a Running task: its submission ends with this run, with what that answers.
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    Finishing,
    /// Of a Running task: its submission ends with this run, cancelled.
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    Cancelling,
    /// Of a Running task: its submission ends with this run, aborted.
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    Quitting,
    /// Of a Running task: its submission ends with this run, as its time is up.
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    Expiring,
}

impl Last {
    /// Of a submission that ended so without having run.
    #[inline(always)]
    pub(crate) const fn of_unrun(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done(_) => Last::Done,
            Outcome::Cancelled => Last::Cancelled,
            Outcome::Aborted => Last::Aborted,
            Outcome::TimedOut => Last::TimedOut,
            Outcome::Discarded => Last::Discarded,
        }
    }

    /// Whether the submission of a Running job goes on after the run.
    #[inline(always)]
    pub(crate) fn goes_on(self) -> bool {
        #[cfg(CONFIG_TASKPOOL_TASKS)]
        return self == Last::GoesOn;
        #[cfg(not(CONFIG_TASKPOOL_TASKS))]
        false
    }

    /// Whether the job is a task that runs, and whose run is over or decided.
    #[cfg(CONFIG_TASKPOOL_TASKS)]
    #[inline(always)]
    pub(crate) fn is_of_task(self) -> bool {
        matches!(
            self,
            Last::GoesOn | Last::Finishing | Last::Cancelling | Last::Quitting | Last::Expiring
        )
    }

    /// Of a Running job: how its submission ends, if that does not depend on the run any more.
    #[inline(always)]
    pub(crate) fn decided(self) -> Option<Last> {
        match self {
            last if ABORT && last == Last::Aborting => Some(Last::Aborted),
            #[cfg(CONFIG_TASKPOOL_TASKS)]
            Last::Cancelling => Some(Last::Cancelled),
            #[cfg(CONFIG_TASKPOOL_TASKS)]
            Last::Quitting => Some(Last::Aborted),
            #[cfg(CONFIG_TASKPOOL_TASKS)]
            Last::Expiring => Some(Last::TimedOut),
            _ => None,
        }
    }

    /// What it says, with the code beside it.
    #[inline]
    pub(crate) const fn outcome(self, code: Code) -> Option<Outcome> {
        match self {
            Last::Nothing => None,
            Last::Done => Some(Outcome::Done(code)),
            Last::Cancelled => Some(Outcome::Cancelled),
            Last::Aborted | Last::Aborting => Some(Outcome::Aborted),
            Last::TimedOut => Some(Outcome::TimedOut),
            Last::Discarded => Some(Outcome::Discarded),
            #[cfg(CONFIG_TASKPOOL_TASKS)]
            Last::GoesOn | Last::Between | Last::Finishing => None,
            #[cfg(CONFIG_TASKPOOL_TASKS)]
            Last::Cancelling => Some(Outcome::Cancelled),
            #[cfg(CONFIG_TASKPOOL_TASKS)]
            Last::Quitting => Some(Outcome::Aborted),
            #[cfg(CONFIG_TASKPOOL_TASKS)]
            Last::Expiring => Some(Outcome::TimedOut),
        }
    }
}

/// A thread that waits for the end of a submission.
#[repr(C)]
pub(crate) struct Waiter {
    next: Locked<Option<WaiterRef>>,
    /// Waits for the resubmission of a running job, not for the run.
    later: Locked<bool>,
    /// Set when it has left the list; then its signal is about to be given.
    outcome: Locked<Option<Outcome>>,
    signal: SignalRef,
}

/// What a thread that wants to wait has found.
pub(crate) enum Waiting {
    /// There is nothing to wait for: the last outcome.
    Over(Outcome),
    /// It waits.
    Begun,
}

impl Waiter {
    pub(crate) const fn new(signal: SignalRef) -> Self {
        Waiter {
            next: Locked::new(None),
            later: Locked::new(false),
            outcome: Locked::new(None),
            signal,
        }
    }

    pub(crate) fn outcome(&self, token: &Token<'_>) -> Option<Outcome> {
        self.outcome.get(token)
    }

    /// The one after it in the list that was let go, and its own signal. Once that is given, it is gone.
    pub(crate) fn leave(&self, token: &Token<'_>) -> (Option<WaiterRef>, SignalRef) {
        (self.next.get(token), self.signal)
    }
}

impl WaiterRef {
    /// Stands in front of a line.
    pub(crate) fn join_line(self, token: &Token<'_>, line: Option<WaiterRef>) {
        self.outcome.set(token, None);
        self.next.set(token, line);
    }

    /// Whether it was let go, and is in no line.
    pub(crate) fn is_let_go(self, token: &Token<'_>) -> bool {
        self.outcome.get(token).is_some()
    }

    /// Takes itself out of the line that it is in. Answers that.
    pub(crate) fn leave_line(self, token: &Token<'_>, line: Option<WaiterRef>) -> Option<WaiterRef> {
        let mut before: Option<WaiterRef> = None;
        let mut link = line;
        while let Some(found) = link.filter(|found| *found != self) {
            before = link;
            link = found.next.get(token);
        }
        let next = self.next.get(token);
        match before {
            Some(before) => {
                before.next.set(token, next);
                line
            }
            None => next,
        }
    }

    /// Lets all of a line go, of which this is the first. Answers them, the first who came first.
    #[cfg(CONFIG_TASKPOOL_CONTROL)]
    pub(crate) fn let_line_go(self, token: &Token<'_>, outcome: Outcome) -> WaiterRef {
        let (mut go, mut link) = (None, Some(self));
        let mut first = self;
        while let Some(waiter) = link {
            link = waiter.next.get(token);
            waiter.outcome.set(token, Some(outcome));
            waiter.next.set(token, go);
            go = Some(waiter);
            first = waiter;
        }
        first
    }
}

impl JobRef {
    /// The outcome of the last submission, if none is under way.
    pub(crate) fn outcome(self, token: &Token<'_>) -> Option<Outcome> {
        match self.state.get(token) {
            State::Idle => self.last.get(token).outcome(self.number.get(token) as Code),
            _ => None,
        }
    }

    /// Begins to wait for the last submission that was accepted.
    ///
    /// # Errors
    ///
    /// [`WaitError`], where waiting is not possible; nothing has changed then.
    pub(crate) fn wait_begin(
        self,
        token: &Token<'_>,
        waiter: Option<WaiterRef>,
        caller: Caller,
    ) -> Result<Waiting, WaitError> {
        if self.state.get(token) == State::Idle {
            return self.outcome(token).map(Waiting::Over).ok_or(WaitError::NeverSubmitted);
        }
        let later = self.flags.get(token) & REARM != 0 && !self.last.get(token).goes_on();
        self.stand_in_line(token, waiter, caller, later)
    }

    /// Stands in line, whatever the job does: somebody lets it go.
    pub(crate) fn wait_on(self, token: &Token<'_>, waiter: WaiterRef) {
        waiter.later.set(token, false);
        waiter.join_line(token, self.waiters(token));
        self.keep_waiters(token, Some(waiter));
        self.flags.set(token, self.flags.get(token) | WAITED);
    }

    /// Begins to wait for the run, or for the resubmission (`later`) of a running job.
    fn stand_in_line(
        self,
        token: &Token<'_>,
        waiter: Option<WaiterRef>,
        caller: Caller,
        later: bool,
    ) -> Result<Waiting, WaitError> {
        let Some(waiter) = waiter else {
            return Err(WaitError::TimedOut);
        };
        match caller {
            Caller::Interrupt => return Err(WaitError::InInterrupt),
            Caller::Worker(worker) if worker.would_wait_for_itself(token, self) => return Err(WaitError::OnWorker),
            _ => {}
        }
        self.wait_on(token, waiter);
        waiter.later.set(token, later);
        Ok(Waiting::Begun)
    }

    /// Cancels what is under way, and begins to wait for the run that goes on. Answers who is to be told of a cancellation,
    /// too.
    pub(crate) fn cancel_and_wait_begin(
        self,
        token: &Token<'_>,
        waiter: Option<WaiterRef>,
        caller: Caller,
    ) -> (Result<Waiting, WaitError>, Ended, Order) {
        if self.state.get(token) == State::Running {
            // Those who wait for the resubmission are told, so this one waits for the run.
            let begun = self.stand_in_line(token, waiter, caller, false);
            // Nothing is cancelled where waiting is not possible. Who only looks does cancel.
            if matches!(begun, Err(WaitError::InInterrupt | WaitError::OnWorker)) {
                return (begun, Ended::default(), Order::Nothing);
            }
            let ((_, ended), order) = self.cancel(token);
            return (begun, ended, order);
        }
        let ((cancel, ended), order) = self.cancel(token);
        let over = match cancel {
            Cancel::Cancelled => Some(Outcome::Cancelled),
            _ => self.outcome(token),
        };
        (over.map(Waiting::Over).ok_or(WaitError::NeverSubmitted), ended, order)
    }

    /// The time of a waiter is up. Answers whether it left the list; if not, it has been let go already, and its signal
    /// has been or will be given.
    pub(crate) fn wait_end(self, token: &Token<'_>, waiter: WaiterRef) -> bool {
        if waiter.is_let_go(token) {
            // The submission has ended, and its completion may have freed the job.
            return false;
        }
        self.set_waiters(token, waiter.leave_line(token, self.waiters(token)));
        true
    }

    /// A submission has ended: takes those who waited for it out of the list. Answers them, the first who came first.
    ///
    /// It takes time in proportion to the threads that wait for this one job.
    #[cfg(CONFIG_TASKPOOL_WAIT)]
    #[cold]
    #[inline(never)]
    pub(crate) fn let_go(self, token: &Token<'_>, outcome: Outcome, resubmission: bool) -> Option<WaiterRef> {
        let (mut go, mut stay) = (None, None::<WaiterRef>);
        let mut link = self.waiters(token);
        let mut last_stayed: Option<WaiterRef> = None;
        while let Some(waiter) = link {
            link = waiter.next.get(token);
            if waiter.later.get(token) == resubmission {
                waiter.outcome.set(token, Some(outcome));
                // The list is in the order of coming, the last one first; this one turns it round.
                waiter.next.set(token, go);
                go = Some(waiter);
                continue;
            }
            // The run is over; what it waits for is the next one.
            waiter.later.set(token, false);
            waiter.next.set(token, None);
            match last_stayed {
                Some(last) => last.next.set(token, Some(waiter)),
                None => stay = Some(waiter),
            }
            last_stayed = Some(waiter);
        }
        self.set_waiters(token, stay);
        go
    }

    fn set_waiters(self, token: &Token<'_>, waiters: Option<WaiterRef>) {
        self.keep_waiters(token, waiters);
        if waiters.is_none() {
            self.flags.set(token, self.flags.get(token) & !WAITED);
        }
    }
}
