//! What C does with events.

use core::ffi::c_int;
use core::num::NonZeroU32;
use core::ptr::NonNull;

#[cfg(CONFIG_TASKPOOL_WAIT)]
use taskpool_core::Await;
use taskpool_core::{Code, Event, EventRef, Outcome, Pool, Ref};

use super::task::{enabled, task_of, CTask};
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
use super::CSite;
use super::{by, misuse, outcome, pool_of, waited, KTimeout, Refusal, System};

/// What C passes as an event: all of its memory is one, whatever is in it, but for the line of those who wait.
#[inline(always)]
pub(super) fn event_of(event: Option<NonNull<Event>>) -> Option<EventRef> {
    // SAFETY: a `struct taskpool_event` that was initialised, and is there for as long as C may name it.
    event.map(|event| unsafe { Ref::new(event) })
}

macro_rules! event {
    ($event:ident, $function:literal) => {{
        let Some(event) = event_of($event) else {
            return misuse(Refusal::BadArgument, $function);
        };
        event
    }};
}

impl KTimeout {
    /// A span, `None` for ever; an absolute time is none of both.
    fn limit(self) -> Option<Option<u64>> {
        match self.ticks {
            Self::FOREVER => Some(None),
            span @ 0.. => Some(Some(span as u64)),
            _ => None,
        }
    }
}

#[no_mangle]
extern "C" fn taskpool_event_arm(event: Option<NonNull<Event>>, count: u32, within: KTimeout) -> c_int {
    let event = event!(event, c"taskpool_event_arm");
    let (Some(count), Some(within)) = (NonZeroU32::new(count), within.limit()) else {
        return misuse(Refusal::BadArgument, c"taskpool_event_arm");
    };
    System::arm_event(event, count, within);
    0
}

#[no_mangle]
extern "C" fn taskpool_event_set_timeout(event: Option<NonNull<Event>>, within: KTimeout) -> c_int {
    let event = event!(event, c"taskpool_event_set_timeout");
    let Some(within) = within.limit() else {
        return misuse(Refusal::BadArgument, c"taskpool_event_set_timeout");
    };
    System::set_event_timeout(event, within).into()
}

#[no_mangle]
extern "C" fn taskpool_event_signal(event: Option<NonNull<Event>>, code: Code) -> c_int {
    System::signal(event!(event, c"taskpool_event_signal"), code).into()
}

#[no_mangle]
extern "C" fn taskpool_event_complete(event: Option<NonNull<Event>>, how: c_int, code: Code) -> c_int {
    let event = event!(event, c"taskpool_event_complete");
    let outcome = match how {
        outcome::DONE => Outcome::Done(code),
        outcome::CANCELLED => Outcome::Cancelled,
        outcome::ABORTED => Outcome::Aborted,
        outcome::TIMED_OUT => Outcome::TimedOut,
        outcome::DISCARDED => Outcome::Discarded,
        _ => return misuse(Refusal::BadArgument, c"taskpool_event_complete"),
    };
    System::complete_event(event, outcome).into()
}

#[no_mangle]
extern "C" fn taskpool_event_count(event: Option<NonNull<Event>>) -> u32 {
    event_of(event).map_or(0, System::event_count)
}

#[no_mangle]
extern "C" fn taskpool_event_status(event: Option<NonNull<Event>>, code: Option<NonNull<Code>>) -> c_int {
    let event = event!(event, c"taskpool_event_status");
    // What is pending is refused as a wait that does not wait.
    let status = System::event_status(event).ok_or(Refusal::TimedOut);
    waited(status, code, c"taskpool_event_status")
}

#[cfg(CONFIG_TASKPOOL_WAIT)]
#[no_mangle]
extern "C" fn taskpool_event_wait(
    event: Option<NonNull<Event>>,
    timeout: KTimeout,
    code: Option<NonNull<Code>>,
) -> c_int {
    let event = event!(event, c"taskpool_event_wait");
    waited(
        System::wait_event(event, timeout.deadline()),
        code,
        c"taskpool_event_wait",
    )
}

/// `struct taskpool_await`.
#[cfg(CONFIG_TASKPOOL_WAIT)]
#[repr(transparent)]
pub(super) struct CAwait(Await);

#[cfg(CONFIG_TASKPOOL_WAIT)]
#[no_mangle]
extern "C" fn taskpool_event_wait_any(
    events: Option<NonNull<CAwait>>,
    count: usize,
    timeout: KTimeout,
    which: Option<NonNull<usize>>,
    code: Option<NonNull<Code>>,
) -> c_int {
    let Some(events) = events.filter(|_| count > 0) else {
        return misuse(Refusal::BadArgument, c"taskpool_event_wait_any");
    };
    for index in 0..count {
        // SAFETY: C passes so many.
        let place = unsafe { events.add(index) };
        // SAFETY: C has written the event, which is what such a structure begins with.
        let Some(event) = event_of(unsafe { place.cast::<Option<NonNull<Event>>>().read() }) else {
            return misuse(Refusal::BadArgument, c"taskpool_event_wait_any");
        };
        // SAFETY: the rest of it belongs to this call.
        unsafe { place.write(CAwait(Await::new(event))) };
    }
    // SAFETY: all of them are initialised now, and nobody else touches them until this returns.
    let events = unsafe { core::slice::from_raw_parts_mut(events.cast::<Await>().as_ptr(), count) };
    let answer = System::wait_any(events, timeout.deadline()).map(|(index, outcome)| {
        if let Some(place) = which {
            // SAFETY: what C passes and is not null has room for an index.
            unsafe { place.write(index) };
        }
        outcome
    });
    waited(answer, code, c"taskpool_event_wait_any")
}

#[cfg(CONFIG_TASKPOOL_WAIT)]
#[no_mangle]
extern "C" fn taskpool_event_wait_all(
    events: Option<NonNull<Option<NonNull<Event>>>>,
    count: usize,
    timeout: KTimeout,
) -> c_int {
    let Some(events) = events.filter(|_| count > 0) else {
        return misuse(Refusal::BadArgument, c"taskpool_event_wait_all");
    };
    // SAFETY: C passes so many, and changes none of them until this returns.
    let events = unsafe { core::slice::from_raw_parts(events.as_ptr(), count) };
    if events.iter().any(Option::is_none) {
        return misuse(Refusal::BadArgument, c"taskpool_event_wait_all");
    }
    let deadline = timeout.deadline();
    for event in events.iter().copied().filter_map(event_of) {
        let answer = System::wait_event(event, deadline);
        if answer.is_err() {
            return waited(answer, None, c"taskpool_event_wait_all");
        }
    }
    0
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_task_enable_on")]
extern "C" fn taskpool_task_enable_on(
    pool: Option<NonNull<Pool>>,
    task: Option<NonNull<CTask>>,
    event: Option<NonNull<Event>>,
    delayed: bool,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let Some(pool) = pool_of(pool) else {
        return misuse(Refusal::NoPool, c"taskpool_task_enable_on");
    };
    let Some(task) = task_of(task) else {
        return misuse(Refusal::NoTask, c"taskpool_task_enable_on");
    };
    let event = event!(event, c"taskpool_task_enable_on");
    enabled(System::enable_on_by(task, pool, event, delayed, by!(site)))
}
