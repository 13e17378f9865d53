//! Tells the code which image this is: a spawned closure is a build error in one without slots.

use std::{env, fs};

fn main() {
    println!("cargo:rustc-check-cfg=cfg(CONFIG_BENCH_SPAWN)");
    println!("cargo:rerun-if-env-changed=DOTCONFIG");
    let path = env::var("DOTCONFIG").expect("Zephyr's build names its configuration");
    println!("cargo:rerun-if-changed={path}");
    let config = fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    if config.lines().any(|line| line == "CONFIG_BENCH_SPAWN=y") {
        println!("cargo:rustc-cfg=CONFIG_BENCH_SPAWN");
    }
}
