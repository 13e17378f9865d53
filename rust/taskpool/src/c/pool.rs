//! What C does with pools, and what a job of C learns about its run.

#[cfg(any(CONFIG_TASKPOOL_CONTROL, CONFIG_TASKPOOL_STATS))]
use core::ffi::c_int;
#[cfg(CONFIG_TASKPOOL_CONTROL)]
use core::ffi::CStr;
#[cfg(any(CONFIG_TASKPOOL_CONTROL, CONFIG_TASKPOOL_STATS))]
use core::ptr::NonNull;

use taskpool_core::{Ctx, Pool};

#[cfg(CONFIG_TASKPOOL_CONTROL)]
use super::{misuse, pool_of, KTimeout, Refusal, System};

/// `enum taskpool_shutdown`.
#[cfg(CONFIG_TASKPOOL_CONTROL)]
pub(super) mod shutdown {
    use core::ffi::c_int;

    pub(in crate::c) const DRAIN: c_int = 0;
    pub(in crate::c) const DISCARD: c_int = 1;
}

/// `enum taskpool_clock`.
#[cfg(CONFIG_TASKPOOL_PAUSE)]
pub(super) mod clock {
    use core::ffi::c_int;

    pub(in crate::c) const RUNS_ON: c_int = 0;
    pub(in crate::c) const FROZEN: c_int = 1;
}

#[cfg(CONFIG_TASKPOOL_STATS)]
pub(super) use stats::CStats;

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

    fn controlled(answer: Result<(), ControlError>, function: &'static CStr) -> c_int {
        match answer {
            Ok(()) => 0,
            Err(error) => misuse(error.into(), function),
        }
    }

    #[no_mangle]
    extern "C" fn taskpool_hold(pool: Option<NonNull<Pool>>) -> c_int {
        let pool = pool!(pool, c"taskpool_hold");
        controlled(System::hold(pool), c"taskpool_hold")
    }

    #[no_mangle]
    extern "C" fn taskpool_release(pool: Option<NonNull<Pool>>) -> c_int {
        let pool = pool!(pool, c"taskpool_release");
        controlled(System::release_pool(pool), c"taskpool_release")
    }

    #[cfg(CONFIG_TASKPOOL_PAUSE)]
    #[no_mangle]
    extern "C" fn taskpool_pause(pool: Option<NonNull<Pool>>, clock: c_int) -> c_int {
        let pool = pool!(pool, c"taskpool_pause");
        let clock = match clock {
            super::clock::RUNS_ON => Clock::RunsOn,
            super::clock::FROZEN => Clock::Frozen,
            _ => return misuse(Refusal::BadArgument, c"taskpool_pause"),
        };
        controlled(System::pause(pool, clock), c"taskpool_pause")
    }

    #[cfg(CONFIG_TASKPOOL_PAUSE)]
    #[no_mangle]
    extern "C" fn taskpool_resume(pool: Option<NonNull<Pool>>) -> c_int {
        let pool = pool!(pool, c"taskpool_resume");
        controlled(System::release_pool(pool), c"taskpool_resume")
    }

    #[no_mangle]
    extern "C" fn taskpool_set_max_threads(pool: Option<NonNull<Pool>>, max_threads: u32) -> c_int {
        let pool = pool!(pool, c"taskpool_set_max_threads");
        // What does not fit is as wrong as 0.
        controlled(
            System::set_max_threads(pool, u8::try_from(max_threads).unwrap_or(0)),
            c"taskpool_set_max_threads",
        )
    }

    #[no_mangle]
    extern "C" fn taskpool_shutdown(pool: Option<NonNull<Pool>>, how: c_int, timeout: KTimeout) -> c_int {
        let pool = pool!(pool, c"taskpool_shutdown");
        let how = match how {
            super::shutdown::DRAIN => Shutdown::Drain,
            super::shutdown::DISCARD => Shutdown::Discard,
            _ => return misuse(Refusal::BadArgument, c"taskpool_shutdown"),
        };
        controlled(System::shutdown(pool, how, timeout.deadline()), c"taskpool_shutdown")
    }

    #[no_mangle]
    extern "C" fn taskpool_restart(pool: Option<NonNull<Pool>>) -> c_int {
        let pool = pool!(pool, c"taskpool_restart");
        controlled(System::restart(pool), c"taskpool_restart")
    }
}

#[cfg(CONFIG_TASKPOOL_STATS)]
mod stats {
    use super::super::{misuse, pool_of, Refusal, System};
    use super::*;

    /// `struct taskpool_stats`.
    #[repr(C)]
    pub(in crate::c) struct CStats {
        pub(in crate::c) submitted: u32,
        pub(in crate::c) done: u32,
        pub(in crate::c) cancelled: u32,
        pub(in crate::c) aborted: u32,
        pub(in crate::c) timed_out: u32,
        pub(in crate::c) discarded: u32,
        pub(in crate::c) queued: u32,
        pub(in crate::c) most_queued: u32,
        pub(in crate::c) workers: u8,
        pub(in crate::c) most_workers: u8,
        pub(in crate::c) worst_lateness: u64,
        pub(in crate::c) mean_lateness: u64,
        pub(in crate::c) worst_queueing: u64,
        pub(in crate::c) mean_queueing: u64,
        pub(in crate::c) busy: u64,
        pub(in crate::c) worst_starvation: u64,
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

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
#[no_mangle]
extern "C" fn taskpool_ctx_about(ctx: &Ctx<'_>) -> Option<&'static taskpool_core::About> {
    ctx.about()
}

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
#[no_mangle]
extern "C" fn taskpool_control_point(ctx: &Ctx<'_>, point: u32) {
    ctx.set_control_point(point);
}

#[cfg(CONFIG_TASKPOOL_WDT)]
#[no_mangle]
extern "C" fn taskpool_feed(ctx: &Ctx<'_>) {
    ctx.feed();
}

#[no_mangle]
extern "C" fn taskpool_ctx_cancelled(ctx: &Ctx<'_>) -> bool {
    ctx.cancelled()
}
