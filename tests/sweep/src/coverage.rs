//! Where interrupts have landed.

use core::fmt;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::board::Hit;

/// The image's code ends below this.
const CODE: u32 = 0x18000;

/// Addresses at which interrupts have landed, one bit for each two bytes. Too large for the test thread's stack.
static SEEN: [AtomicU32; (CODE / 64) as usize] = [const { AtomicU32::new(0) }; (CODE / 64) as usize];

/// Counts trials and instructions of one case.
pub struct Coverage {
    trials: u32,
    sweeps: u32,
    shortest: u32,
    longest: u32,
    distinct: u32,
    nested: u32,
    repeated: u32,
    forgiven: u32,
}

impl Coverage {
    /// Begins a case.
    pub fn new() -> Self {
        SEEN.iter().for_each(|word| word.store(0, Relaxed));
        Coverage {
            trials: 0,
            sweeps: 0,
            shortest: u32::MAX,
            longest: 0,
            distinct: 0,
            nested: 0,
            repeated: 0,
            forgiven: 0,
        }
    }

    /// Counts a trial that has to be repeated.
    pub fn repeat(&mut self) {
        self.repeated += 1;
    }

    /// Counts a trial that has to be repeated although it failed.
    pub fn forgive(&mut self) {
        self.repeated += 1;
        self.forgiven += 1;
    }

    /// Counts a trial.
    pub fn note(&mut self, hit: Hit) {
        assert!(hit.pc < CODE, "the image outgrew the map of its code");
        self.trials += 1;
        self.nested += u32::from(hit.nested != 0);
        let bit = 1 << (hit.pc / 2 % 32);
        if SEEN[(hit.pc / 64) as usize].fetch_or(bit, Relaxed) & bit == 0 {
            self.distinct += 1;
        }
    }

    /// A sweep is over: the operation took so many instructions.
    pub fn end(&mut self, instructions: u32) {
        self.sweeps += 1;
        self.shortest = self.shortest.min(instructions);
        self.longest = self.longest.max(instructions);
    }

    /// Trials that interrupted another interrupt.
    pub fn nested(&self) -> u32 {
        self.nested
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} sweeps, {} trials, each of {} to {} instructions, {} addresses, {} trials in other interrupts, \
             {} repeated, {} of them because they failed",
            self.sweeps,
            self.trials,
            self.shortest,
            self.longest,
            self.distinct,
            self.nested,
            self.repeated,
            self.forgiven
        )
    }
}
