//! What C does with pools, and what a job of C learns about its run.

use core::ffi::c_int;
use core::ptr::NonNull;

use taskpool_core::{Ctx, Pool};

#[cfg(CONFIG_TASKPOOL_CONTROL)]
use super::{misuse, pool_of, refuse, KTimeout, Refusal, System};

#[cfg(CONFIG_TASKPOOL_CONTROL)]
mod control {
    #[cfg(CONFIG_TASKPOOL_PAUSE)]
    use taskpool_core::Clock;
    use taskpool_core::{ControlError, Shutdown};

    use super::*;

    macro_rules! pool {
        ($pool:ident, $function:literal) => {{
            let Some(pool) = pool_of($pool) else {
                return misuse(Refusal::NoPool, $function);
            };
            pool
        }};
    }

    fn controlled(answer: Result<(), ControlError>) -> c_int {
        match answer {
            Ok(()) => 0,
            Err(error) => refuse(error.into()),
        }
    }

    #[no_mangle]
    extern "C" fn taskpool_hold(pool: Option<NonNull<Pool>>) -> c_int {
        let pool = pool!(pool, c"taskpool_hold");
        controlled(System::hold(pool))
    }

    #[no_mangle]
    extern "C" fn taskpool_release(pool: Option<NonNull<Pool>>) -> c_int {
        let pool = pool!(pool, c"taskpool_release");
        controlled(System::release_pool(pool))
    }

    #[cfg(CONFIG_TASKPOOL_PAUSE)]
    #[no_mangle]
    extern "C" fn taskpool_pause(pool: Option<NonNull<Pool>>, clock: c_int) -> c_int {
        let pool = pool!(pool, c"taskpool_pause");
        let clock = match clock {
            0 => Clock::RunsOn,
            1 => Clock::Frozen,
            _ => return misuse(Refusal::BadArgument, c"taskpool_pause"),
        };
        controlled(System::pause(pool, clock))
    }

    #[cfg(CONFIG_TASKPOOL_PAUSE)]
    #[no_mangle]
    extern "C" fn taskpool_resume(pool: Option<NonNull<Pool>>) -> c_int {
        let pool = pool!(pool, c"taskpool_resume");
        controlled(System::release_pool(pool))
    }

    #[no_mangle]
    extern "C" fn taskpool_set_max_threads(pool: Option<NonNull<Pool>>, max_threads: u32) -> c_int {
        let pool = pool!(pool, c"taskpool_set_max_threads");
        // What does not fit is as wrong as 0.
        controlled(System::set_max_threads(pool, u8::try_from(max_threads).unwrap_or(0)))
    }

    #[no_mangle]
    extern "C" fn taskpool_shutdown(pool: Option<NonNull<Pool>>, how: c_int, timeout: KTimeout) -> c_int {
        let pool = pool!(pool, c"taskpool_shutdown");
        let how = match how {
            0 => Shutdown::Drain,
            1 => Shutdown::Discard,
            _ => return misuse(Refusal::BadArgument, c"taskpool_shutdown"),
        };
        controlled(System::shutdown(pool, how, timeout.deadline()))
    }

    #[no_mangle]
    extern "C" fn taskpool_restart(pool: Option<NonNull<Pool>>) -> c_int {
        let pool = pool!(pool, c"taskpool_restart");
        controlled(System::restart(pool))
    }
}

#[cfg(CONFIG_TASKPOOL_STATS)]
mod stats {
    use super::super::{misuse, pool_of, Refusal, System};
    use super::*;

    /// `struct taskpool_stats`.
    #[repr(C)]
    struct CStats {
        submitted: u32,
        done: u32,
        cancelled: u32,
        aborted: u32,
        timed_out: u32,
        discarded: u32,
        queued: u32,
        most_queued: u32,
        workers: u8,
        most_workers: u8,
        worst_lateness: u64,
        mean_lateness: u64,
        worst_queueing: u64,
        mean_queueing: u64,
        busy: u64,
        worst_starvation: u64,
    }

    #[no_mangle]
    extern "C" fn taskpool_stats(pool: Option<NonNull<Pool>>, stats: Option<NonNull<CStats>>) -> c_int {
        let Some(pool) = pool_of(pool) else {
            return misuse(Refusal::NoPool, c"taskpool_stats");
        };
        let Some(place) = stats else {
            return misuse(Refusal::BadArgument, c"taskpool_stats");
        };
        let found = System::stats(pool);
        let stats = CStats {
            submitted: found.submitted,
            done: found.done,
            cancelled: found.cancelled,
            aborted: found.aborted,
            timed_out: found.timed_out,
            discarded: found.discarded,
            queued: found.queued,
            most_queued: found.most_queued,
            workers: found.workers,
            most_workers: found.most_workers,
            worst_lateness: found.worst_lateness,
            mean_lateness: found.mean_lateness,
            worst_queueing: found.worst_queueing,
            mean_queueing: found.mean_queueing,
            busy: found.busy,
            worst_starvation: found.worst_starvation,
        };
        // SAFETY: what C passes and is not null has room for them.
        unsafe { place.write(stats) };
        0
    }

    #[no_mangle]
    extern "C" fn taskpool_reset_stats(pool: Option<NonNull<Pool>>) -> c_int {
        let Some(pool) = pool_of(pool) else {
            return misuse(Refusal::NoPool, c"taskpool_reset_stats");
        };
        System::reset_stats(pool);
        0
    }
}

// A job of C has its context from its worker, so there is one.

#[no_mangle]
extern "C" fn taskpool_ctx_pool(ctx: &Ctx<'_>) -> *mut Pool {
    ctx.pool().as_ptr()
}

#[no_mangle]
extern "C" fn taskpool_ctx_worker(ctx: &Ctx<'_>) -> u8 {
    ctx.worker()
}

#[no_mangle]
extern "C" fn taskpool_ctx_due(ctx: &Ctx<'_>) -> i64 {
    ctx.due().unwrap_or(0) as i64
}

#[no_mangle]
extern "C" fn taskpool_ctx_cancelled(ctx: &Ctx<'_>) -> bool {
    ctx.cancelled()
}
