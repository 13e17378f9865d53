//! The pool for applications in C: what `taskpool.h` declares, in one archive.
//!
//! The functions are in the crate `taskpool`, so that a Rust application has the same. Here is what an archive needs
//! beside them.

#![no_std]

// For its functions.
extern crate taskpool;

/// Who panics, has found a mistake in this code, or memory that somebody else has written to: C says where, and which job
/// runs. The message is left out, as it would bring 3,900 bytes of formatting.
#[cfg(target_os = "none")]
#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    extern "C" {
        fn taskpool_port_panicked(file: *const u8, length: u32, line: u32) -> !;
    }
    let (file, line) = info.location().map_or(("", 0), |place| (place.file(), place.line()));
    // SAFETY: it prints so many bytes of the text, and does not return.
    unsafe { taskpool_port_panicked(file.as_ptr(), file.len() as u32, line) }
}
