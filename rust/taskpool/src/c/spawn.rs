//! What C spawns: a function and its argument, in a slot of the cache, with a number for a handle.

use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

use taskpool_core::{Code, Ctx, NotSpawned, Pool};

use super::job::{cancelled, told};
#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
use super::CSite;
use super::{by, misuse, pool_of, refuse, waited, CRun, KTimeout, Refusal, System};

/// A function with its argument.
struct Call {
    run: CRun,
    arg: *mut c_void,
}

// SAFETY: C hands the argument to another thread, and sees to it that this is right.
unsafe impl Send for Call {}

/// `struct taskpool_cache`.
#[repr(C)]
pub(super) struct CCache {
    pub(super) slots: u8,
    pub(super) used: u8,
    pub(super) most: u8,
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_spawn")]
extern "C" fn taskpool_spawn(
    pool: Option<NonNull<Pool>>,
    run: Option<CRun>,
    arg: *mut c_void,
    handle: Option<NonNull<u32>>,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    taskpool_spawn_after(
        pool,
        run,
        arg,
        KTimeout { ticks: 0 },
        handle,
        #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
        site,
    )
}

#[cfg_attr(not(CONFIG_TASKPOOL_SUBMIT_SITE), no_mangle)]
#[cfg_attr(CONFIG_TASKPOOL_SUBMIT_SITE, export_name = "z_taskpool_spawn_after")]
extern "C" fn taskpool_spawn_after(
    pool: Option<NonNull<Pool>>,
    run: Option<CRun>,
    arg: *mut c_void,
    delay: KTimeout,
    handle: Option<NonNull<u32>>,
    #[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)] site: CSite,
) -> c_int {
    let Some(pool) = pool_of(pool) else {
        return misuse(Refusal::NoPool, c"taskpool_spawn");
    };
    let (Some(run), 0..) = (run, delay.ticks) else {
        return misuse(Refusal::BadArgument, c"taskpool_spawn");
    };
    let call = Call { run, arg };
    let closure = move |ctx: &Ctx<'_>| {
        // All of it, as its fields alone may not cross threads.
        let call = call;
        (call.run)(ctx, call.arg)
    };
    let spawned = System::spawn_numbered(pool, delay.ticks as u64, closure, by!(site));
    let number = match spawned {
        Ok(number) => number,
        Err(error) => {
            return refuse(match error.why {
                NotSpawned::NoSlot => Refusal::NoSlot,
                NotSpawned::NotRunning => Refusal::NotRunning,
                // Only the deadline is left.
                _ => Refusal::OutOfRange,
            });
        }
    };
    match handle {
        // SAFETY: what C passes and is not null has room for a handle.
        Some(place) => unsafe { place.write(number) },
        None => _ = System::detach(number),
    }
    0
}

#[no_mangle]
extern "C" fn taskpool_join(handle: u32, timeout: KTimeout, code: Option<NonNull<Code>>) -> c_int {
    match System::join(handle, timeout.deadline()) {
        Some(answer) => waited(answer, code, c"taskpool_join"),
        None => refuse(Refusal::NoHandle),
    }
}

#[no_mangle]
extern "C" fn taskpool_detach(handle: u32) -> c_int {
    match System::detach(handle) {
        true => 0,
        false => refuse(Refusal::NoHandle),
    }
}

#[no_mangle]
extern "C" fn taskpool_spawned_cancel(handle: u32) -> c_int {
    System::cancel_numbered(handle).map_or_else(|| refuse(Refusal::NoHandle), cancelled)
}

#[no_mangle]
extern "C" fn taskpool_spawned_status(handle: u32, deadline: Option<NonNull<i64>>) -> c_int {
    let status = System::status_numbered(handle);
    status.map_or_else(|| refuse(Refusal::NoHandle), |status| told(status, deadline))
}

#[no_mangle]
extern "C" fn taskpool_cache(usage: Option<NonNull<CCache>>) -> c_int {
    let Some(place) = usage else {
        return misuse(Refusal::BadArgument, c"taskpool_cache");
    };
    let found = System::cache();
    let usage = CCache {
        slots: found.slots,
        used: found.used,
        most: found.most,
    };
    // SAFETY: what C passes and is not null has room for it.
    unsafe { place.write(usage) };
    0
}
