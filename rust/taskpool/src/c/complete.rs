//! What C's completions keep, batches, and runs in the caller.

use core::ffi::c_int;
use core::ptr::NonNull;

use taskpool_core::{Code, Pool};

#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
use super::CSite;
use super::{by, job_of, misuse, outcome, pool_of, waited, CEnd, CJob, Refusal, System};
use crate::complete::{words, BatchError, Countdown, Room};

/// `struct taskpool_told`.
#[repr(C)]
pub(super) struct CTold {
    pub(super) outcome: c_int,
    pub(super) code: Code,
    pub(super) count: u32,
}

/// `struct taskpool_batch`.
#[repr(C)]
pub(super) struct CBatch {
    pub(super) end: CEnd,
    pub(super) countdown: Countdown,
    pub(super) then: Option<NonNull<CEnd>>,
}

// Rooms and batches keep the numbers that C knows.
const _: () = {
    use taskpool_core::Outcome;
    assert!(words(Outcome::Done(0)).0 == outcome::DONE);
    assert!(words(Outcome::Cancelled).0 == outcome::CANCELLED);
    assert!(words(Outcome::Aborted).0 == outcome::ABORTED);
    assert!(words(Outcome::TimedOut).0 == outcome::TIMED_OUT);
    assert!(words(Outcome::Discarded).0 == outcome::DISCARDED);
};

/// What C passes, if it is something.
///
/// # Safety
///
/// What is not null is a `T` that C has laid out, and stays there meanwhile.
unsafe fn given<'call, T>(place: Option<NonNull<T>>) -> Option<&'call T> {
    // SAFETY: this function's promise; what changes in it is in cells.
    place.map(|place| unsafe { place.as_ref() })
}

#[no_mangle]
extern "C" fn taskpool_core_room_put(room: Option<NonNull<Room>>, outcome: c_int, code: Code) -> bool {
    // SAFETY: what C passes and is not null is a `struct taskpool_room`.
    unsafe { given(room) }.is_some_and(|room| room.put_words(outcome, code))
}

#[no_mangle]
extern "C" fn taskpool_core_room_refuse(room: Option<NonNull<Room>>) {
    // SAFETY: as above.
    if let Some(room) = unsafe { given(room) } {
        room.refuse();
    }
}

#[no_mangle]
extern "C" fn taskpool_room_take(room: Option<NonNull<Room>>, place: Option<NonNull<CTold>>) -> bool {
    let Some(place) = place else {
        return false;
    };
    // SAFETY: as above.
    let Some(told) = unsafe { given(room) }.and_then(Room::take) else {
        return false;
    };
    let (outcome, code) = words(told.outcome);
    let count = told.count;
    // SAFETY: what C passes and is not null has room for it.
    unsafe { place.write(CTold { outcome, code, count }) };
    true
}

#[no_mangle]
extern "C" fn taskpool_room_refused(room: Option<NonNull<Room>>) -> u32 {
    // SAFETY: as above.
    unsafe { given(room) }.map_or(0, Room::refused)
}

#[no_mangle]
extern "C" fn taskpool_batch_arm(batch: Option<NonNull<CBatch>>, outcomes: u32) -> c_int {
    // SAFETY: what C passes and is not null is a `struct taskpool_batch`.
    let Some(batch) = (unsafe { given(batch) }) else {
        return misuse(Refusal::BadArgument, c"taskpool_batch_arm");
    };
    match batch.countdown.arm(outcomes) {
        Ok(()) => 0,
        Err(BatchError::UnderWay) => misuse(Refusal::UnderWay, c"taskpool_batch_arm"),
        Err(BatchError::Empty) => misuse(Refusal::BadArgument, c"taskpool_batch_arm"),
    }
}

#[no_mangle]
extern "C" fn taskpool_batch_left(batch: Option<NonNull<CBatch>>) -> u32 {
    // SAFETY: as above.
    unsafe { given(batch) }.map_or(0, |batch| batch.countdown.left())
}

#[no_mangle]
extern "C" fn taskpool_batch_extra(batch: Option<NonNull<CBatch>>) -> u32 {
    // SAFETY: as above.
    unsafe { given(batch) }.map_or(0, |batch| batch.countdown.extra())
}

/// How every batch is told: a `taskpool_end_t`. C only knows where this is.
///
/// # Safety
///
/// `end` is the first field of a `struct taskpool_batch`.
#[no_mangle]
unsafe extern "C" fn taskpool_core_batch_told(end: NonNull<CEnd>, outcome: c_int, code: Code) {
    // SAFETY: this function's promise.
    let batch = unsafe { end.cast::<CBatch>().as_ref() };
    let Some((outcome, code)) = batch.countdown.count(outcome, code) else {
        return;
    };
    // Nobody writes it after the beginning. The batch may be armed again, or be gone, once its completion is told.
    if let Some(then) = batch.then {
        // SAFETY: a `struct taskpool_end` that stays as long as the batch.
        let function = unsafe { then.as_ref() }.end;
        function(then.as_ptr(), outcome, code);
    }
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_run_now")]
extern "C" fn taskpool_run_now(
    pool: Option<NonNull<Pool>>,
    job: Option<NonNull<CJob>>,
    code: Option<NonNull<Code>>,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let Some(pool) = pool_of(pool) else {
        return misuse(Refusal::NoPool, c"taskpool_run_now");
    };
    let Some(job) = job_of(job) else {
        return misuse(Refusal::NoJob, c"taskpool_run_now");
    };
    waited(System::run_now_by(pool, job, by!(site)), code, c"taskpool_run_now")
}
