//! Turns Kconfig into one typed constant.
//!
//! `zephyr-build` prints a mistyped `rerun-if-changed`, so a changed Kconfig value would not rebuild; this reads the
//! file that Zephyr's build names in `DOTCONFIG` itself. Without one, on the host, `host.config` stands in for it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{env, fs};

/// The options that Rust needs: name without `CONFIG_`, and the field of `Config`.
const NUMBERS: [(&str, &str, &str); 10] = [
    ("SYS_CLOCK_TICKS_PER_SEC", "ticks_per_second", "u32"),
    ("TASKPOOL_MIN_THREADS", "min_threads", "u8"),
    ("TASKPOOL_MAX_THREADS", "max_threads", "u8"),
    ("TASKPOOL_RESERVE_THREADS", "reserve_threads", "u8"),
    ("TASKPOOL_EXPIRY_BATCH", "expiry_batch", "u8"),
    ("TASKPOOL_CACHE_JOBS", "cache_jobs", "u8"),
    ("TASKPOOL_CACHE_JOB_SIZE", "cache_job_size", "u16"),
    ("TASKPOOL_CLASSES", "classes", "u8"),
    ("TASKPOOL_LOG_LEVEL", "log_level", "u8"),
    ("TASKPOOL_WDT_PERIOD", "watchdog_period", "u32"),
];

/// The options that are on or off.
const OPTIONS: [&str; 20] = [
    "TASKPOOL_SYSTEM_POOL",
    "TASKPOOL_WAIT",
    "TASKPOOL_CONTROL",
    "TASKPOOL_PAUSE",
    "TASKPOOL_RUNTIME_POOLS",
    "TASKPOOL_ABORT",
    "TASKPOOL_URGENT",
    "TASKPOOL_STATS",
    "TASKPOOL_TASKS",
    "TASKPOOL_EVENTS",
    "TASKPOOL_BUDGETS",
    "TASKPOOL_WDT",
    "TASKPOOL_GROUPS",
    "TASKPOOL_SUBMIT_SITE",
    "TASKPOOL_LEVEL_PRIORITIES",
    "TASKPOOL_C_API",
    "TASKPOOL_NAMES",
    "TASKPOOL_IOT_API",
    // Zephyr's: misuse is not only an error, but also a message.
    "ASSERT",
    // Zephyr's: the application has a heap for Rust.
    "RUST_ALLOC",
];

fn main() {
    let path = match env::var_os("DOTCONFIG") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap()).join("host.config"),
    };
    println!("cargo:rerun-if-env-changed=DOTCONFIG");
    println!("cargo:rerun-if-changed={}", path.display());
    for option in OPTIONS {
        println!("cargo:rustc-check-cfg=cfg(CONFIG_{option})");
    }

    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let config: BTreeMap<&str, &str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("CONFIG_")?.split_once('='))
        .collect();

    assert!(
        config.get("TASKPOOL") == Some(&"y"),
        "the crate `taskpool` is used, but {} does not enable it: set CONFIG_TASKPOOL=y in prj.conf",
        path.display()
    );
    let is_on = |option: &str| config.get(option) == Some(&"y");
    println!("cargo:rerun-if-env-changed=TASKPOOL_ARCHIVE_BUILD");
    assert!(
        !is_on("TASKPOOL_ARCHIVE") || env::var_os("TASKPOOL_ARCHIVE_BUILD").is_some(),
        "an application uses the crate `taskpool`, and {} has CONFIG_TASKPOOL_ARCHIVE=y, so the image would have two pools: \
         set CONFIG_TASKPOOL_CRATE=y",
        path.display()
    );
    for option in OPTIONS.into_iter().filter(|option| is_on(option)) {
        println!("cargo:rustc-cfg=CONFIG_{option}");
    }
    // Slots for what is spawned.
    println!("cargo:rustc-check-cfg=cfg(cache)");
    if config.get("TASKPOOL_CACHE_JOBS").is_some_and(|jobs| *jobs != "0") {
        println!("cargo:rustc-cfg=cache");
    }
    // Places for classes.
    println!("cargo:rustc-check-cfg=cfg(classes)");
    if config.get("TASKPOOL_CLASSES").is_some_and(|classes| *classes != "0") {
        println!("cargo:rustc-cfg=classes");
    }
    let system_pool = is_on("TASKPOOL_SYSTEM_POOL");

    let mut generated = String::from("Config {\n");
    for (option, field, kind) in NUMBERS {
        // What depends on an option that is off has no value.
        let value = config.get(option).copied().unwrap_or("0");
        assert!(
            value.parse::<u32>().is_ok(),
            "CONFIG_{option}={value} in {} is not a number",
            path.display()
        );
        generated += &format!("    {field}: {value}_{kind},\n");
    }
    generated += &format!("    system_pool: {system_pool},\n}}\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap()).join("config.rs");
    fs::write(&out, generated).unwrap_or_else(|error| panic!("cannot write {}: {error}", out.display()));
}
