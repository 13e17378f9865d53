//! Events: count-downs with a status, that tasks and threads wait for.

use core::fmt;
use core::num::NonZeroU32;

#[cfg(CONFIG_TASKPOOL_WAIT)]
use taskpool_core::{Await, WaitError};
use taskpool_core::{Code, EventRef, OnEnd, Outcome};

use crate::task::{EnableError, Task, Work};
#[cfg(CONFIG_TASKPOOL_WAIT)]
use crate::Timeout;
use crate::{Duration, Pool, System};

/// A count-down with a status, that its owner keeps, in a `static`. 16 bytes on a 32-bit machine. Needs
/// `CONFIG_TASKPOOL_EVENTS`. (TaskScheduler's `StatusRequest`.)
///
/// ```
/// use taskpool::{Duration, Event, First, Next, OnEnd, Task};
///
/// static MEASURED: Event = Event::new();
/// static SENT: Event = Event::new();
/// static TELL_SENT: OnEnd<()> = SENT.on_end();
///
/// static SEND: Task = Task::from_fn(|_| Next::Done(0)).on_end(&TELL_SENT);
/// static SLEEP: Task = Task::from_fn(|_| Next::Done(0));
///
/// let pool = taskpool::system();
/// MEASURED.arm(3);
/// SEND.enable_on(pool, &MEASURED)?;
/// SLEEP.enable_on(pool, &SENT)?;
/// for _ in 0..3 {
///     MEASURED.signal(0);
/// }
/// # Ok::<(), taskpool::EnableError>(())
/// ```
///
/// | it is | and becomes | by |
/// |---|---|---|
/// | complete, at first with the status `Done(0)` | pending | [`arm`](Event::arm), [`arm_within`](Event::arm_within) |
/// | pending | complete, `Done(code)` | the last [`signal`](Event::signal) that it waits for, or a negative one |
/// | pending | complete, with that outcome | [`complete`](Event::complete); the end of a job or task that it is the [end event](Event::on_end) of, if that is not `Done` with a code from 0 on |
/// | pending | complete, `TimedOut` | the end of its time |
///
/// What completed it first stays its status until it is armed again; later signals change nothing. Its time is up for
/// whoever looks, in the moment that it is: there is no timer for that, and none is missed when nobody waits. Who waits looks
/// at the clock himself then.
///
/// # Who waits
///
/// Any number of tasks ([`Task::enable_on`], [`Next::On`](crate::Next::On)) and threads ([`wait`](Event::wait)), which go on in
/// the order in which they came. Whoever completes the event releases them: the first one in the section that completes it, each
/// other one in a section of its own after that. A thread that is preempted meanwhile releases the others when it goes on; an
/// interrupt is not. A task runs, whatever the status: it looks at [`status`](Event::status). But [`Outcome::Aborted`] aborts it,
/// and with it those who wait for its end, and so on; no chain is too long for the stack.
#[repr(transparent)]
pub struct Event(taskpool_core::Event);

impl Event {
    /// An event that is complete, with the status `Done(0)`. In a `static` it takes nothing at run time.
    pub const fn new() -> Self {
        Event(taskpool_core::Event::new())
    }

    /// A completion for jobs and tasks: each end of one signals this event, which is its end event so. `Done` with a code from
    /// 0 on counts as one signal; everything else completes it. A task that is enabled arms it, for one signal, if it
    /// is complete; for several jobs, arm it for as many: then it is complete when all have ended, or the first has failed.
    pub const fn on_end(&'static self) -> OnEnd<()> {
        OnEnd::signal(&self.0)
    }

    /// The event is pending from now on, for so many signals; 0 is as good as 1. Pending already, it begins to count anew. Who
    /// waits goes on waiting.
    ///
    /// From any thread and interrupt. One lock section, O(1), and one more for each who waits whose time was up.
    pub fn arm(&'static self, count: u32) {
        System::arm_event(
            self.reference(),
            NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN),
            None,
        );
    }

    /// As [`arm`](Event::arm), for so much time at most: in the tick now + span + 1 it is [`Outcome::TimedOut`].
    ///
    /// One more lock section, and one for each who waits and had thought that its time was up later: these are O(n) of those who
    /// wait.
    pub fn arm_within(&'static self, count: u32, within: Duration) {
        let count = NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        System::arm_event(self.reference(), count, Some(within.as_ticks()));
    }

    /// From now on a pending event has so much time; `None` for no limit. Answers whether it is pending; if not, nothing has
    /// changed.
    ///
    /// From any thread and interrupt. One lock section, O(1), and with a limit those that
    /// [`arm_within`](Event::arm_within) takes more.
    pub fn set_timeout(&'static self, within: Option<Duration>) -> bool {
        System::set_event_timeout(self.reference(), within.map(Duration::as_ticks))
    }

    /// A signal. With the last one that it waits for, or with a negative code, a pending event is complete, and this code is its
    /// status. Answers whether it is complete; if it was before, nothing has changed.
    ///
    /// From any thread and interrupt. One lock section, O(1); for each task that waits, one of O(log n) of the deferred jobs
    /// of its pool, and for each thread one.
    pub fn signal(&'static self, code: Code) -> bool {
        System::signal(self.reference(), code)
    }

    /// Completes the event, however many signals it waits for. Answers whether it was pending; if not, nothing has changed.
    ///
    /// From any thread and interrupt. As [`signal`](Event::signal); with [`Outcome::Aborted`] the ends of the tasks that wait
    /// are told in this context.
    pub fn complete(&'static self, outcome: Outcome) -> bool {
        System::complete_event(self.reference(), outcome)
    }

    /// What completed the event, if it is complete. From any thread and interrupt. One lock section, O(1).
    pub fn status(&'static self) -> Option<Outcome> {
        System::event_status(self.reference())
    }

    /// How many signals it waits for; 0 if it is complete. From any thread and interrupt. One lock section, O(1).
    pub fn count(&'static self) -> u32 {
        System::event_count(self.reference())
    }

    pub(crate) fn reference(&'static self) -> EventRef {
        self.0.reference()
    }
}

#[cfg(CONFIG_TASKPOOL_WAIT)]
impl Event {
    /// Waits until the event is complete, and answers what completed it. With [`Timeout::NoWait`] it only looks, and may be
    /// called from any thread and interrupt; else from threads only, unless the event is complete. A worker may wait, and is
    /// missing in its pool meanwhile: if what it waits for needs that worker, nobody finds that out.
    ///
    /// Three lock sections where it waits, O(1), and O(n) of those who wait when the time is up.
    ///
    /// # Errors
    ///
    /// [`WaitError::TimedOut`]: the event is as if nobody had waited. [`WaitError::InInterrupt`].
    pub fn wait(&'static self, timeout: Timeout) -> Result<Outcome, WaitError> {
        System::wait_event(self.reference(), timeout.deadline())
    }

    /// Waits until one of several events is complete. Answers which one, and what completed it; of several that are complete
    /// already, the first one.
    ///
    /// As [`wait`](Event::wait), but that the lock sections are O(N) of the events, and O(n) of those who wait for them when it
    /// leaves their lines. It takes about 40 bytes of stack for each (on a 32-bit machine).
    ///
    /// # Errors
    ///
    /// As [`wait`](Event::wait).
    pub fn wait_any<const N: usize>(
        events: [&'static Event; N],
        timeout: Timeout,
    ) -> Result<(usize, Outcome), WaitError> {
        System::wait_any(
            &mut events.map(|event| Await::new(event.reference())),
            timeout.deadline(),
        )
    }

    /// Waits until all of several events are complete, one after the other: one that is armed again meanwhile is not waited for
    /// again. Answers what completed them.
    ///
    /// As [`wait`](Event::wait) for each.
    ///
    /// # Errors
    ///
    /// As [`wait`](Event::wait); those that are complete stay so.
    pub fn wait_all<const N: usize>(events: [&'static Event; N], timeout: Timeout) -> Result<[Outcome; N], WaitError> {
        let deadline = timeout.deadline();
        let mut outcomes = [Outcome::Done(0); N];
        for (event, outcome) in events.iter().zip(&mut outcomes) {
            *outcome = System::wait_event(event.reference(), deadline)?;
        }
        Ok(outcomes)
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

/// Only an event itself is equal to it, whatever its status.
impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self, other)
    }
}

impl Eq for Event {}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event").finish_non_exhaustive()
    }
}

impl<W: Work> Task<W> {
    /// As [`enable`](Task::enable), and the first run waits for an event. When that is complete, with whatever status, the task
    /// runs at once; but one that was aborted aborts it. If the event is complete already, it is not waited for. A limit
    /// of the task's time counts while it waits, too. (TaskScheduler's `waitFor`.)
    ///
    /// [`trigger`](Task::trigger) and [`postpone`](Task::postpone) end the wait; what else moves runs has nothing to move
    /// meanwhile.
    ///
    /// From any thread and interrupt, also from its own run. As [`enable`](Task::enable). Until the event, the task takes part
    /// in nothing that costs time; ending it meanwhile is O(n) of those who wait for the event, too.
    ///
    /// # Errors
    ///
    /// As [`enable`](Task::enable).
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn enable_on(&'static self, pool: Pool, event: &'static Event) -> Result<bool, EnableError> {
        self.wait_for(pool, event, false)
    }

    /// As [`enable_on`](Task::enable_on), and the first run comes an interval after the event. (TaskScheduler's
    /// `waitForDelayed`.)
    ///
    /// # Errors
    ///
    /// As [`enable`](Task::enable).
    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    pub fn enable_after(&'static self, pool: Pool, event: &'static Event) -> Result<bool, EnableError> {
        self.wait_for(pool, event, true)
    }

    #[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, track_caller)]
    fn wait_for(&'static self, pool: Pool, event: &'static Event, delayed: bool) -> Result<bool, EnableError> {
        if !W::on_enable(self) {
            return Err(EnableError::Vetoed);
        }
        Ok(System::enable_on(self.reference(), pool.0, event.reference(), delayed)?)
    }
}
