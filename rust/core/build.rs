//! Tells the machine which options are on. Zephyr's build names the file in `DOTCONFIG`; without one all are.

use std::path::PathBuf;
use std::{env, fs};

/// Options that change what a job or a pool is made of, and whether there is a heap.
const OPTIONS: [&str; 3] = ["TASKPOOL_WAIT", "TASKPOOL_CONTROL", "RUST_ALLOC"];

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
}
