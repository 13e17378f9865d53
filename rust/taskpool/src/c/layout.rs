//! As `layout.rs` of the crate, for what only the C API has.

use core::mem::offset_of;

use taskpool_core::{Accepted, Header};

use super::complete::{CBatch, CTold};
use super::{found, outcome, state, CEnd, CJob, KTimeout, Refusal};
use crate::complete::{BatchState, RoomState};
use crate::layout::layout;

layout! {
    sizeof_job: size_of::<CJob>(),
    alignof_job: align_of::<CJob>(),
    job_core_run: Header::WRITTEN_BY_C[0],
    job_core_flags: Header::WRITTEN_BY_C[1],
    job_core_end: Header::WRITTEN_BY_C[2],
    job_core_state: Header::READ_BY_C,
    job_idle: Header::ZEROS_OF_C[0],
    job_never_submitted: Header::ZEROS_OF_C[1],
    job_core: offset_of!(CJob, header),
    job_run: offset_of!(CJob, run),
    job_arg: offset_of!(CJob, arg),
    job_discard: Header::FLAGS_OF_C[0],
    job_level: Header::FLAGS_OF_C[1],
    sizeof_end: size_of::<CEnd>(),
    end_tell: offset_of!(CEnd, completion),
    end_end: offset_of!(CEnd, end),
    sizeof_timeout: size_of::<KTimeout>(),
    timeout_ticks: offset_of!(KTimeout, ticks),
    forever: -KTimeout::FOREVER,
    absolute: -KTimeout::ABSOLUTE,
    sizeof_ticks: size_of::<i64>(),
    accepted: Accepted::New as i32 | (Accepted::Again as i32) << 4 | (Accepted::Moved as i32) << 8,
    outcomes: outcome::DONE
        | outcome::CANCELLED << 4
        | outcome::ABORTED << 8
        | outcome::TIMED_OUT << 12
        | outcome::DISCARDED << 16,
    found: found::WAITING | found::IDLE << 4 | found::RUNNING << 8 | found::RUNNING_AGAIN << 12,
    states: state::IDLE
        | state::QUEUED << 4
        | state::DEFERRED << 8
        | state::RUNNING << 12
        | state::RUN_CANCELLED << 16
        | state::RESUBMITTED << 20,
    refusals: Refusal::NoPool as u32
        | (Refusal::NoJob as u32) << 4
        | (Refusal::BadArgument as u32) << 8
        | (Refusal::AlreadyQueued as u32) << 12
        | (Refusal::NotRunning as u32) << 16
        | (Refusal::OutOfRange as u32) << 20,
    refusals_to_wait: Refusal::TimedOut as u32
        | (Refusal::InInterrupt as u32) << 4
        | (Refusal::OnWorker as u32) << 8
        | (Refusal::NeverSubmitted as u32) << 12
        | (Refusal::UnderWay as u32) << 16,
    state_held: state::HELD,
    sizeof_room: size_of::<RoomState>(),
    room_count: offset_of!(RoomState, count),
    room_refused: offset_of!(RoomState, refused),
    room_outcome: offset_of!(RoomState, kind),
    room_code: offset_of!(RoomState, code),
    sizeof_told: size_of::<CTold>(),
    told_outcome: offset_of!(CTold, outcome),
    told_code: offset_of!(CTold, code),
    told_count: offset_of!(CTold, count),
    sizeof_batch: size_of::<CBatch>(),
    batch_end: offset_of!(CBatch, end),
    batch_left: offset_of!(CBatch, countdown) + offset_of!(BatchState, left),
    batch_extra: offset_of!(CBatch, countdown) + offset_of!(BatchState, extra),
    batch_outcome: offset_of!(CBatch, countdown) + offset_of!(BatchState, kind),
    batch_code: offset_of!(CBatch, countdown) + offset_of!(BatchState, code),
    batch_then: offset_of!(CBatch, then),
}

#[cfg(classes)]
layout! {
    sizeof_class_stats: size_of::<super::class::CStats>(),
    class_stats_accepted: offset_of!(super::class::CStats, accepted),
    class_stats_ran_inline: offset_of!(super::class::CStats, ran_inline),
    class_stats_refused: offset_of!(super::class::CStats, refused),
    class_ran: super::class::RAN,
    refusals_of_classes: Refusal::NoClass as u32 | (Refusal::NoPlace as u32) << 4,
}

#[cfg(CONFIG_TASKPOOL_GROUPS)]
layout! {
    sizeof_group: size_of::<taskpool_core::Group>(),
    alignof_group: align_of::<taskpool_core::Group>(),
    group_limit: taskpool_core::Group::WRITTEN_BY_C,
    job_core_group: Header::GROUP_OF_C,
    sizeof_group_usage: size_of::<super::group::CGroupUsage>(),
    group_usage_active: offset_of!(super::group::CGroupUsage, active),
    group_usage_held: offset_of!(super::group::CGroupUsage, held),
}

#[cfg(CONFIG_TASKPOOL_NAMES)]
layout! {
    job_name: offset_of!(CJob, _name),
}

#[cfg(CONFIG_TASKPOOL_BUDGETS)]
layout! {
    job_core_about: Header::ABOUT_OF_C,
}

#[cfg(CONFIG_TASKPOOL_SUBMIT_SITE)]
layout! {
    job_core_site: Header::SITE_OF_C,
    refusal_of_sites: Refusal::NoSite as u32,
}

#[cfg(CONFIG_TASKPOOL_CONTROL)]
layout! {
    shutdown: super::pool::shutdown::DRAIN | super::pool::shutdown::DISCARD << 4,
}

#[cfg(CONFIG_TASKPOOL_PAUSE)]
layout! {
    clock: super::pool::clock::RUNS_ON | super::pool::clock::FROZEN << 4,
}

#[cfg(CONFIG_TASKPOOL_STATS)]
layout! {
    sizeof_stats: size_of::<super::pool::CStats>(),
    stats_submitted: offset_of!(super::pool::CStats, submitted),
    stats_done: offset_of!(super::pool::CStats, done),
    stats_cancelled: offset_of!(super::pool::CStats, cancelled),
    stats_aborted: offset_of!(super::pool::CStats, aborted),
    stats_timed_out: offset_of!(super::pool::CStats, timed_out),
    stats_discarded: offset_of!(super::pool::CStats, discarded),
    stats_queued: offset_of!(super::pool::CStats, queued),
    stats_most_queued: offset_of!(super::pool::CStats, most_queued),
    stats_workers: offset_of!(super::pool::CStats, workers),
    stats_most_workers: offset_of!(super::pool::CStats, most_workers),
    stats_worst_lateness: offset_of!(super::pool::CStats, worst_lateness),
    stats_mean_lateness: offset_of!(super::pool::CStats, mean_lateness),
    stats_worst_queueing: offset_of!(super::pool::CStats, worst_queueing),
    stats_mean_queueing: offset_of!(super::pool::CStats, mean_queueing),
    stats_busy: offset_of!(super::pool::CStats, busy),
    stats_worst_starvation: offset_of!(super::pool::CStats, worst_starvation),
}

#[cfg(CONFIG_TASKPOOL_IOT_API)]
layout! {
    iot_jobs: super::iot::found::NO_JOB
        | super::iot::found::NEW << 4
        | super::iot::found::DONE << 8
        | super::iot::found::CANCELLED << 12
        | super::iot::found::DISCARDED << 16,
    iot_jobs_under_way: super::iot::found::QUEUED
        | super::iot::found::DEFERRED << 4
        | super::iot::found::RUNNING << 8,
}

#[cfg(all(CONFIG_TASKPOOL_EVENTS, CONFIG_TASKPOOL_WAIT))]
use super::event::CAwait;
#[cfg(CONFIG_TASKPOOL_TASKS)]
use super::task::{next, rephase, words, CCompleter, CNext, CNextOf, CRunOfTask, CTask};
#[cfg(CONFIG_TASKPOOL_EVENTS)]
use taskpool_core::{Completion, Event};
#[cfg(CONFIG_TASKPOOL_TASKS)]
use taskpool_core::{Missed, TaskHeader};

#[cfg(CONFIG_TASKPOOL_TASKS)]
layout! {
    sizeof_task: size_of::<CTask>(),
    alignof_task: align_of::<CTask>(),
    task_core: offset_of!(CTask, header),
    task_job: TaskHeader::JOB,
    task_interval: TaskHeader::WRITTEN_BY_C[0],
    task_timeout: TaskHeader::WRITTEN_BY_C[1],
    task_iterations: TaskHeader::WRITTEN_BY_C[2],
    task_policy: TaskHeader::WRITTEN_BY_C[3],
    task_most: TaskHeader::WRITTEN_BY_C[3] + 1,
    task_longest: taskpool_core::MAX_SPAN >> 20,
    task_run: offset_of!(CTask, run),
    task_policies: words(Missed::Skip).0 as u32
        | (words(Missed::CatchUp(0)).0 as u32) << 4
        | (words(Missed::FromStart).0 as u32) << 8
        | (words(Missed::FromEnd).0 as u32) << 12,
    task_bound: words(Missed::CatchUp(0x12)).1,
    sizeof_run: size_of::<CRunOfTask<'_>>(),
    run_ctx: offset_of!(CRunOfTask<'_>, ctx),
    run_late: offset_of!(CRunOfTask<'_>, late),
    run_left: offset_of!(CRunOfTask<'_>, left),
    run_number: offset_of!(CRunOfTask<'_>, number),
    run_missed: offset_of!(CRunOfTask<'_>, missed),
    run_first: offset_of!(CRunOfTask<'_>, first),
    run_last: offset_of!(CRunOfTask<'_>, last),
    sizeof_next: size_of::<CNext>(),
    next_when: offset_of!(CNext, of) + offset_of!(CNextOf, when),
    next_how: offset_of!(CNext, how),
    next_code: offset_of!(CNext, code),
    nexts: next::DEFAULT | next::AGAIN << 4 | next::AFTER << 8 | next::DONE << 12 | next::PENDING << 16,
    rephases: rephase::KEEP | rephase::RECALCULATE << 4 | rephase::FROM_NOW << 8,
    after_interval: (KTimeout::AFTER_INTERVAL as u64 >> 40) as u32,
    refusals_to_tasks: Refusal::NoTask as u32
        | (Refusal::NotEnabled as u32) << 8
        | (Refusal::Stale as u32) << 16,
    run_task_ctx: offset_of!(CRunOfTask<'_>, task_ctx),
    sizeof_completer: size_of::<CCompleter>(),
    completer_turn: offset_of!(CCompleter, turn),
}

#[cfg(CONFIG_TASKPOOL_EVENTS)]
layout! {
    sizeof_event: size_of::<Event>(),
    alignof_event: align_of::<Event>(),
    event_at_the_end: Completion::EVENT,
    next_event: offset_of!(CNext, of) + offset_of!(CNextOf, event),
    next_on: next::ON,
}

#[cfg(all(CONFIG_TASKPOOL_EVENTS, CONFIG_TASKPOOL_WAIT))]
layout! {
    sizeof_await: size_of::<CAwait>(),
    alignof_await: align_of::<CAwait>(),
    await_event: taskpool_core::Await::EVENT,
}

#[cfg(all(CONFIG_TASKPOOL_TASKS, CONFIG_TASKPOOL_NAMES))]
layout! {
    task_name: offset_of!(CTask, name),
}

#[cfg(cache)]
layout! {
    sizeof_cache: size_of::<super::spawn::CCache>(),
    cache_slots: offset_of!(super::spawn::CCache, slots),
    cache_used: offset_of!(super::spawn::CCache, used),
    cache_most: offset_of!(super::spawn::CCache, most),
    sizeof_handle: size_of::<u32>(),
    refusals_to_spawn: Refusal::NoSlot as u32 | (Refusal::NoHandle as u32) << 4,
}
