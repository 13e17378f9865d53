//! From instructions to cycles of the timer.
//!
//! An instruction takes 64 ns. The chip's clock is not 12 MHz, as Zephyr believes, but 12.5 MHz, which the emulator
//! takes from the reset value of the clock register: a cycle takes 80 ns, 5/4 of an instruction. N cycles are over
//! after 5/4 N instructions, rounded up, which leaves out each fifth number. There, the timer is armed for one
//! instruction later, and one NOP earlier.

use crate::board;

/// NOPs between the arming and the operation.
const NOPS: u32 = 24;
/// More NOPs, where no number of cycles fits.
pub const MOST_NOPS: u32 = 1;
/// The least instructions after the arming that an interrupt can come after.
pub const LEAST: u32 = 12;
/// With so many, it comes before the operation's first instruction: the jump to the NOPs, and the return, come first.
pub const OPERATION: u32 = NOPS + 2;

/// For an interrupt after so many instructions: cycles of the timer, and NOPs to be added.
const fn cycles(instructions: u32) -> (u32, u32) {
    let extra = (instructions % 5 == 1) as u32;
    ((instructions + extra) * 4 / 5, extra)
}

// Each number of instructions is what the cycles make of it.
const _: () = {
    let mut instructions = LEAST;
    while instructions < 10_000 {
        let (cycles, extra) = cycles(instructions);
        assert!((cycles * 5).div_ceil(4) == instructions + extra && extra <= MOST_NOPS);
        instructions += 1;
    }
};

/// Arms the interrupt, and returns after `nops` NOPs of these instructions.
#[inline(always)]
pub fn arm(instructions: u32, nops: u32) {
    let (cycles, extra) = cycles(instructions);
    board::arm(cycles, nops + extra);
}

/// [`arm`] for an operation, which begins when this returns.
#[inline(always)]
pub fn arm_operation(instructions: u32) {
    arm(instructions, NOPS);
}
