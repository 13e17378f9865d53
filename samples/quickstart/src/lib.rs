//! The quick start on Zephyr.

#![no_std]

mod board;
mod story;

#[no_mangle]
extern "C" fn rust_main() {
    story::run();
}
