//! Tells the code which image this is: what an image does not have is not compiled there. A spawned closure is a build
//! error without slots.

use std::{env, fs};

fn main() {
    const IMAGES: [&str; 4] = [
        "CONFIG_BENCH_GROUPS",
        "CONFIG_BENCH_SPAWN",
        "CONFIG_BENCH_TASK",
        "CONFIG_BENCH_URGENT",
    ];
    println!("cargo:rerun-if-env-changed=DOTCONFIG");
    let path = env::var("DOTCONFIG").expect("Zephyr's build names its configuration");
    println!("cargo:rerun-if-changed={path}");
    let config = fs::read_to_string(&path).unwrap_or_else(|error| panic!("cannot read {path}: {error}"));
    for image in IMAGES {
        println!("cargo:rustc-check-cfg=cfg({image})");
        if config.lines().any(|line| line == format!("{image}=y")) {
            println!("cargo:rustc-cfg={image}");
        }
    }
}
