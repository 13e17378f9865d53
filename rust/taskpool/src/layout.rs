//! What C and Rust both lay out: here Rust's figures, in `src/layout.c` C's. `src/layout.ld` compares them when the image is
//! linked.

use core::mem::size_of;

use taskpool_core::{Pool, Report, Worker};

use crate::port::{caller, Room};

/// A symbol with this value.
macro_rules! layout {
    ($($name:ident: $value:expr,)*) => {
        $(core::arch::global_asm!(
            concat!(".globl taskpool_rust_", stringify!($name)),
            concat!(".set taskpool_rust_", stringify!($name), ", {value}"),
            value = const $value,
        );)*
    };
}
#[cfg(CONFIG_TASKPOOL_C_API)]
pub(crate) use layout;

layout! {
    sizeof_pool: size_of::<Pool>(),
    alignof_pool: align_of::<Pool>(),
    pool_life: Pool::WRITTEN_BY_C[0],
    pool_max: Pool::WRITTEN_BY_C[1],
    pool_starting: Pool::LIFE_OF_C,
    sizeof_worker: size_of::<Worker>(),
    alignof_worker: align_of::<Worker>(),
    callers: caller::INTERRUPT | caller::THREAD << 4 | caller::WORKER << 8,
    events: Report::IDS[0] | Report::IDS[1] << 4 | Report::IDS[2] << 8 | Report::IDS[3] << 12,
    event_count: Report::IDS.len(),
    signal_room: size_of::<Room>(),
}

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
use taskpool_core::{About, Overrun};

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
layout! {
    sizeof_about: About::WRITTEN_BY_C[3],
    about_name: About::WRITTEN_BY_C[0],
    about_budget: About::WRITTEN_BY_C[1],
    about_id: About::WRITTEN_BY_C[2],
    sizeof_overrun: Overrun::READ_BY_C[5],
    overrun_about: Overrun::READ_BY_C[0],
    overrun_job: Overrun::READ_BY_C[1],
    overrun_elapsed: Overrun::READ_BY_C[2],
    overrun_control_point: Overrun::READ_BY_C[3],
    overrun_worker: Overrun::READ_BY_C[4],
}

#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
layout! {
    sizeof_site: taskpool_core::Site::OF_C[3],
    site_file: taskpool_core::Site::OF_C[0],
    site_length: taskpool_core::Site::OF_C[1],
    site_line: taskpool_core::Site::OF_C[2],
}

#[cfg(all(CONFIG_TASKPOOL_BUDGETS, CONFIG_TASKPOOL_SUBMIT_SITE))]
layout! {
    overrun_site: Overrun::SITE_OF_C,
}

#[cfg(CONFIG_TASKPOOL_WDT)]
layout! {
    about_watchdog: About::WATCHDOG_OF_C,
}

#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
use crate::port::{can_create, shut, MemoryRoom};

#[cfg(CONFIG_TASKPOOL_RUNTIME_POOLS)]
layout! {
    can_create: can_create::YES | can_create::NO_SUCH_PRIORITY << 4 | can_create::TOO_EARLY << 8,
    shut: shut::SHUT
        | shut::NOT_RUNNING << 4
        | shut::TIMED_OUT << 8
        | shut::IN_INTERRUPT << 12
        | shut::ON_WORKER << 16
        | shut::NO_POOL << 20,
    memory_room: size_of::<MemoryRoom>(),
}
