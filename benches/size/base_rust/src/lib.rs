//! What every application in Rust has.

#![no_std]

extern crate zephyr;

#[no_mangle]
extern "C" fn rust_main() {}
