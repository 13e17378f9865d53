//! Tells the machine which options are on. Zephyr's build names the file in `DOTCONFIG`; without one all are.

use std::path::PathBuf;
use std::{env, fs};

/// Options that change what a job or a pool is made of, and whether there is a heap.
const OPTIONS: [&str; 17] = [
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
    "TASKPOOL_IOT_API",
    "RUST_ALLOC",
];

/// Levels of jobs where Kconfig does not say it.
const LEVELS: &str = "4";

fn main() {
    println!("cargo:rerun-if-env-changed=DOTCONFIG");
    let text = env::var_os("DOTCONFIG").map(PathBuf::from).map(|path| {
        println!("cargo:rerun-if-changed={}", path.display());
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
    });
    for option in OPTIONS {
        println!("cargo:rustc-check-cfg=cfg(CONFIG_{option})");
        let line = format!("CONFIG_{option}=y");
        if text.as_ref().is_none_or(|text| text.lines().any(|found| found == line)) {
            println!("cargo:rustc-cfg=CONFIG_{option}");
        }
    }
    let levels = text.as_ref().map_or(LEVELS, |text| {
        let value = |line| str::strip_prefix(line, "CONFIG_TASKPOOL_PRIORITY_LEVELS=");
        text.lines().find_map(value).unwrap_or("1")
    });
    println!("cargo:rustc-env=TASKPOOL_PRIORITY_LEVELS={levels}");
    // Zephyr's: threads run on several CPUs.
    println!("cargo:rustc-check-cfg=cfg(smp)");
    let smp = text.as_ref();
    if smp.is_some_and(|text| text.lines().any(|line| line == "CONFIG_SMP=y")) {
        println!("cargo:rustc-cfg=smp");
    }
    println!("cargo:rustc-check-cfg=cfg(levels)");
    if levels != "1" {
        println!("cargo:rustc-cfg=levels");
    }
}
