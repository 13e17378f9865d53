//! Tells the code whether there are statistics: without them there is nothing to call.

use std::{env, fs};

fn main() {
    const OPTION: &str = "CONFIG_TASKPOOL_STATS";
    println!("cargo:rustc-check-cfg=cfg({OPTION})");
    println!("cargo:rerun-if-env-changed=DOTCONFIG");
    let path = env::var("DOTCONFIG").expect("Zephyr's build names its configuration");
    println!("cargo:rerun-if-changed={path}");
    let config = fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    if config.lines().any(|line| line == format!("{OPTION}=y")) {
        println!("cargo:rustc-cfg={OPTION}");
    }
}
