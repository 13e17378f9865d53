//! Rust code of another module, which formats text and may panic.

#![no_std]

use core::fmt::Write;
use core::panic::PanicInfo;

struct Line([u8; 32], usize);

impl Write for Line {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for byte in text.bytes() {
            self.0[self.1] = byte;
            self.1 += 1;
        }
        Ok(())
    }
}

/// The length of what is printed of a quotient.
#[no_mangle]
extern "C" fn other_length(dividend: u64, divisor: u64) -> usize {
    let mut line = Line([0; 32], 0);
    write!(line, "{}", dividend / divisor).unwrap();
    line.1
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}
