//! An interrupt that submits, defers or cancels, at each instruction of the pool's operations.
//!
//! The emulator counts instructions, so a run is the same every time, and an interrupt can be made to come after any
//! number of them. A sweep is one operation with one action of the interrupt: its first trial interrupts before the
//! operation, each next one an instruction later, and the last ones after the operation has returned. An interrupt that
//! comes in a masked section lands at the section's end. While an operation idles, not each instant is swept. After
//! each trial everything is given time to end, and then the pools must be as they were, and each accepted submission
//! must have had one outcome.
//!
//! | file | holds |
//! |---|---|
//! | `gptm.c`, `board.rs` | the interrupt, and the pools |
//! | `subject.rs` | the jobs, and the books about them |
//! | `operation.rs` | what is interrupted, and what the interrupt does |
//! | `offset.rs` | from instructions to cycles of the timer |
//! | `coverage.rs` | where interrupts have landed |
//! | `trial.rs` | one trial, and what must hold after it |

#![no_std]

mod board;
mod coverage;
mod offset;
mod operation;
mod subject;
mod trial;

use coverage::Coverage;
use operation::{Action, Operation, ACTIONS, OPERATIONS, TRIALS_BEFORE};
use trial::{Failure, Trial};
use zephyr::printkln;

/// Trials of each sweep that come after the operation has returned.
const TRIALS_AFTER: u32 = 4;
/// Where an operation reads the clock, it takes a few instructions more or less each time. So after the first interrupt
/// that comes after it, others may come into it once more; but so many trials later the sweep is over.
const SPREAD: u32 = 8;
/// So many interrupts in a row, at one instruction, mean that an operation idles. From then on so many instructions are
/// left out, as long as they all land there.
const IDLE: u32 = 8;
const STRIDE: u32 = 48;
/// No operation takes so many instructions: a sweep this long has lost its way.
const LONGEST: u32 = 20_000;

/// Checks that trials land where `offset.rs` says: on each NOP of a row, one after the other.
#[no_mangle]
extern "C" fn sweep_calibrate() -> bool {
    const NOPS: u32 = board::NOPS_BEFORE - offset::MOST_NOPS;
    for instructions in offset::LEAST..NOPS {
        board::prepare();
        offset::arm(instructions, NOPS);
        board::after();
        let hit = board::hit();
        // The first instruction after the arming is the jump to the NOPs.
        let expected = board::before().end - 2 * (NOPS + 1 - instructions);
        if hit.pc != expected || hit.nested != 0 {
            printkln!(
                "the interrupt after {} instructions landed at {:#x}, not at {:#x}: check the timer's clock",
                instructions,
                hit.pc,
                expected
            );
            return false;
        }
    }
    printkln!(
        "interrupts after {} to {} instructions: each landed on its instruction",
        offset::LEAST,
        NOPS - 1
    );
    true
}

/// All sweeps of one operation.
#[no_mangle]
extern "C" fn sweep_case(number: u32) -> bool {
    let operation = &OPERATIONS[number as usize];
    let mut coverage = Coverage::new();
    if let Err(reason) = trial::rest() {
        printkln!("FAILED before the first trial: {}", reason);
        return false;
    }
    for told in [true, false] {
        let mut path = None;
        for action in ACTIONS.into_iter().filter(|action| operation.allows(*action)) {
            let swept = sweep(operation, number, action, told, &mut coverage).and_then(|hash| {
                // The interrupt acts after it has landed: sweeps of one operation land on the same instructions.
                if action != Action::CancelOther && operation.is_steady() && *path.get_or_insert(hash) != hash {
                    return Err("the interrupts did not land where those with another action did");
                }
                Ok(())
            });
            if let Err(reason) = swept {
                trial::print();
                printkln!("FAILED: {}", reason);
                return false;
            }
        }
    }
    printkln!("{}: {}", operation.name, coverage);
    if operation.clock && coverage.nested() == 0 {
        printkln!("FAILED: no interrupt came into the clock interrupt");
        return false;
    }
    true
}

/// A trial is repeated so often at most.
const REPEATS: u32 = 3;

/// One operation with one action, interrupted at each instruction. `told`: the job has a completion. Answers a hash of
/// the addresses that were interrupted.
fn sweep(
    operation: &'static Operation,
    number: u32,
    action: Action,
    told: bool,
    coverage: &mut Coverage,
) -> Result<u32, &'static str> {
    let (mut after, mut hash) = (0, 0u32);
    // The first trial that came after the operation.
    let mut ended = None;
    let mut phase = None;
    let first = operation.first_trial();
    let mut next = first;
    // The last instruction, interrupted so often in a row; and the last trial before some were left out.
    let (mut last, mut row, mut left_out) = (0, 0, None);
    while next < LONGEST {
        let instructions = next;
        // Where the interrupt must land: before the operation, in it, or one instruction further than the last time.
        let astray = |hit: board::Hit| {
            if instructions < first + TRIALS_BEFORE {
                !operation.begins(instructions, hit)
            } else if board::after_range().contains(&hit.pc) {
                hit.pc != board::after_range().start + 2 * after && operation.is_steady()
            } else {
                after > 0 && operation.is_steady() || board::before().contains(&hit.pc)
            }
        };
        let mut repeats = 0;
        let landed = loop {
            let result = Trial::new(number, action, told, instructions).run(operation);
            // The clock interrupt came by itself: this was another operation. And where it is about to come, a reading
            // of the clock can lie a whole reload behind: QEMU's SysTick shows 0 for a moment before it sets COUNTFLAG,
            // which Zephyr's driver takes for a full counter.
            let clock = !operation.clock && !operation.idles && board::hit().clock != 0;
            match result {
                Ok(_) if repeats < REPEATS && (clock || left_out.is_none() && astray(board::hit())) => {
                    coverage.repeat()
                }
                Ok(landed) => break landed,
                // Such a reading makes a job run at another time, and nothing else wrong.
                Err(Failure::Time(_)) if repeats < REPEATS && clock => coverage.forgive(),
                Err(Failure::Time(reason) | Failure::Pool(reason)) => return Err(reason),
            }
            repeats += 1;
        };
        if let Some(before) = left_out.take() {
            if landed.hit.pc != last {
                (next, row) = (before + 1, 0);
                continue;
            }
        }
        coverage.note(landed.hit);
        row = if landed.hit.pc == last { row + 1 } else { 0 };
        last = landed.hit.pc;
        next += 1;
        if operation.idles && row >= IDLE {
            left_out = Some(instructions);
            next += STRIDE;
        }
        hash = hash.wrapping_mul(0x0100_0193) ^ landed.hit.pc;
        if *phase.get_or_insert(landed.phase) != landed.phase {
            return Err("the way from the programming of the clock was not the same as in the last trial");
        }
        if instructions < first + TRIALS_BEFORE {
            if !operation.begins(instructions, landed.hit) {
                return Err("an interrupt before the operation did not land on its instruction");
            }
        } else if board::after_range().contains(&landed.hit.pc) {
            if landed.hit.pc != board::after_range().start + 2 * after && operation.is_steady() {
                return Err("an interrupt after the operation did not land on its instruction");
            }
            after += 1;
            ended = ended.or(Some(instructions));
            if after == TRIALS_AFTER {
                coverage.end(instructions + 1 - TRIALS_AFTER - (first + TRIALS_BEFORE));
                return Ok(hash);
            }
        } else if after > 0 && operation.is_steady() || board::before().contains(&landed.hit.pc) {
            return Err("an interrupt landed out of order");
        }
        // One that idles goes on with a tick, which may be sooner by hundreds of instructions.
        if !operation.idles && ended.is_some_and(|ended| instructions - ended >= SPREAD) {
            return Err("an interrupt landed out of order");
        }
    }
    Err("the operation did not end")
}

/// The interrupt.
#[no_mangle]
extern "C" fn sweep_action() {
    trial::interrupt();
}

/// The test thread has been kept from going on, and the pools' workers have not.
#[no_mangle]
extern "C" fn sweep_stalled() {
    trial::stalled();
}

/// Where the test was when the kernel gave up.
#[no_mangle]
extern "C" fn sweep_print_trial() {
    trial::print();
}
