//! What C does with classes.

use core::ffi::{c_char, c_int, CStr};
use core::ptr::NonNull;

use taskpool_core::Pool;

#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
use super::CSite;
use super::{by, job_of, misuse, pool_of, refuse, CJob, Refusal};
use crate::classes::{self, Answer, ClassError, MapError, Target};

/// `TASKPOOL_RAN`.
pub(super) const RAN: c_int = 3;

/// `struct taskpool_class_stats`.
#[repr(C)]
pub(super) struct CStats {
    pub(super) accepted: u32,
    pub(super) ran_inline: u32,
    pub(super) refused: u32,
}

/// The bytes of what C passes as a name.
fn bytes<'name>(name: Option<NonNull<c_char>>) -> Option<&'name [u8]> {
    // SAFETY: what C passes and is not null is a text; that of a class stays, as `taskpool_class_set` asks, and others for
    // the call.
    name.map(|name| unsafe { CStr::from_ptr(name.as_ptr()) }.to_bytes())
}

fn set(name: Option<NonNull<c_char>>, target: Option<Target>, function: &'static CStr) -> c_int {
    let Some(target) = target else {
        return misuse(Refusal::NoPool, function);
    };
    let Some(name) = bytes(name) else {
        return misuse(Refusal::BadArgument, function);
    };
    match classes::set_bytes(name, target) {
        Ok(_) => 0,
        Err(MapError::Full) => refuse(Refusal::NoPlace),
        Err(MapError::BadName) => misuse(Refusal::BadArgument, function),
    }
}

fn workers_of(pool: Option<NonNull<Pool>>) -> Option<Target> {
    pool_of(pool).map(|pool| Target::Pool(crate::Pool::from_reference(pool)))
}

fn inline_for(pool: Option<NonNull<Pool>>) -> Option<Target> {
    pool_of(pool).map(|pool| Target::Inline(crate::Pool::from_reference(pool)))
}

#[no_mangle]
extern "C" fn taskpool_class_set(name: Option<NonNull<c_char>>, pool: Option<NonNull<Pool>>) -> c_int {
    set(name, workers_of(pool), c"taskpool_class_set")
}

#[no_mangle]
extern "C" fn taskpool_class_set_inline(name: Option<NonNull<c_char>>, pool: Option<NonNull<Pool>>) -> c_int {
    set(name, inline_for(pool), c"taskpool_class_set_inline")
}

#[no_mangle]
extern "C" fn taskpool_class_remove(name: Option<NonNull<c_char>>) -> c_int {
    let Some(name) = bytes(name) else {
        return misuse(Refusal::BadArgument, c"taskpool_class_remove");
    };
    match classes::remove_bytes(name) {
        Some(_) => 0,
        None => refuse(Refusal::NoClass),
    }
}

#[no_mangle]
extern "C" fn taskpool_class_set_default(pool: Option<NonNull<Pool>>) -> c_int {
    let target = workers_of(pool);
    if pool.is_some() && target.is_none() {
        return misuse(Refusal::NoPool, c"taskpool_class_set_default");
    }
    _ = classes::set_default(target);
    0
}

#[no_mangle]
extern "C" fn taskpool_class_set_default_inline(pool: Option<NonNull<Pool>>) -> c_int {
    let Some(target) = inline_for(pool) else {
        return misuse(Refusal::NoPool, c"taskpool_class_set_default_inline");
    };
    _ = classes::set_default(Some(target));
    0
}

#[no_mangle]
extern "C" fn taskpool_class_find(name: Option<NonNull<c_char>>, runs_inline: Option<NonNull<bool>>) -> *mut Pool {
    let (pool, is_inline) = match bytes(name).and_then(classes::find_bytes) {
        Some(Target::Pool(pool)) => (pool, false),
        Some(Target::Inline(pool)) => (pool, true),
        None => return core::ptr::null_mut(),
    };
    if let Some(place) = runs_inline {
        // SAFETY: what C passes and is not null has room for it.
        unsafe { place.write(is_inline) };
    }
    pool.reference().as_ptr()
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_submit_class")]
extern "C" fn taskpool_submit_class(
    name: Option<NonNull<c_char>>,
    job: Option<NonNull<CJob>>,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let Some(name) = bytes(name) else {
        return misuse(Refusal::BadArgument, c"taskpool_submit_class");
    };
    let Some(job) = job_of(job) else {
        return misuse(Refusal::NoJob, c"taskpool_submit_class");
    };
    match classes::submit_bytes(name, job, by!(site)) {
        Ok(Answer::Accepted(accepted)) => accepted as c_int,
        Ok(Answer::Ran(_)) => RAN,
        Err(ClassError::InInterrupt) => misuse(Refusal::InInterrupt, c"taskpool_submit_class"),
        Err(error) => refuse(match error {
            ClassError::Unknown => Refusal::NoClass,
            ClassError::AlreadyQueued => Refusal::AlreadyQueued,
            ClassError::UnderWay | ClassError::GroupFull => Refusal::UnderWay,
            _ => Refusal::NotRunning,
        }),
    }
}

#[no_mangle]
extern "C" fn taskpool_class_stats(name: Option<NonNull<c_char>>, stats: Option<NonNull<CStats>>) -> c_int {
    let Some(place) = stats else {
        return misuse(Refusal::BadArgument, c"taskpool_class_stats");
    };
    let Some(found) = classes::stats_bytes(bytes(name)) else {
        return refuse(Refusal::NoClass);
    };
    let stats = CStats {
        accepted: found.accepted,
        ran_inline: found.ran_inline,
        refused: found.refused,
    };
    // SAFETY: what C passes and is not null has room for it.
    unsafe { place.write(stats) };
    0
}
