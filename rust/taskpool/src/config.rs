//! Kconfig, as one typed constant. What is off is an `if` that the compiler removes.

/// The options that the Rust side needs; `build.rs` fills it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// `CONFIG_SYS_CLOCK_TICKS_PER_SEC`.
    pub ticks_per_second: u32,
    /// `CONFIG_TASKPOOL_MIN_THREADS`; 0 without a system pool.
    pub min_threads: u8,
    /// `CONFIG_TASKPOOL_MAX_THREADS`; 0 without a system pool.
    pub max_threads: u8,
    /// `CONFIG_TASKPOOL_RESERVE_THREADS`.
    pub reserve_threads: u8,
    /// `CONFIG_TASKPOOL_EXPIRY_BATCH`.
    pub expiry_batch: u8,
    /// `CONFIG_TASKPOOL_CACHE_JOBS`; 0 for no cache.
    pub cache_jobs: u8,
    /// `CONFIG_TASKPOOL_CACHE_JOB_SIZE`, in bytes; 0 without a cache.
    pub cache_job_size: u16,
    /// `CONFIG_TASKPOOL_CLASSES`; 0 for no classes.
    pub classes: u8,
    /// `CONFIG_TASKPOOL_LOG_LEVEL`: 0 for off, up to 4 for debug.
    pub log_level: u8,
    /// `CONFIG_TASKPOOL_WDT_PERIOD`, in milliseconds; 0 without watchdogs of runs.
    pub watchdog_period: u32,
    /// `CONFIG_TASKPOOL_SYSTEM_POOL`.
    pub system_pool: bool,
}

/// This build's configuration.
pub const CONFIG: Config = include!(concat!(env!("OUT_DIR"), "/config.rs"));

const _: () = assert!(
    CONFIG.ticks_per_second > 0,
    "CONFIG_SYS_CLOCK_TICKS_PER_SEC must not be 0: deferral needs ticks"
);
const _: () = assert!(
    CONFIG.expiry_batch > 0,
    "CONFIG_TASKPOOL_EXPIRY_BATCH must be at least 1"
);
const _: () = assert!(
    !CONFIG.system_pool || (0 < CONFIG.min_threads && CONFIG.min_threads <= CONFIG.max_threads),
    "CONFIG_TASKPOOL_MIN_THREADS must be at least 1 and at most CONFIG_TASKPOOL_MAX_THREADS"
);
