//! What is interrupted, and what the interrupt does.

use taskpool::{Pool, Status};

use crate::board::{self, Hit, FAST, LENT, SLOW};
use crate::offset;
use crate::subject::{Subject, LATE};
use crate::trial::Trial;

// Deadlines of a trial, in ticks after its beginning: more than `LATE` apart, and so late that none comes while an
// operation is interrupted.
const FIRST: u32 = 4;
const SECOND: u32 = 11;
const THIRD: u32 = 18;
const FOURTH: u32 = 25;
const FIFTH: u32 = 32;
/// The deadline of what expires under test: soon, but after all is set up.
const EXPIRY: u32 = 3;
/// The test thread is stalled until so long after the job's deadline: if it alone could arm the timer, the job is late.
const STALL: u32 = LATE + 1;
/// By this the interrupt hands_over: an earlier deadline than all others.
const SOON: u32 = 1;

/// Trials of each sweep that come before the operation begins.
pub const TRIALS_BEFORE: u32 = 4;

/// What the interrupt does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Action {
    SubmitSame,
    SubmitOther,
    /// To another pool, to which the job moves.
    SubmitSameElsewhere,
    SubmitSameAfter,
    SubmitOtherAfter,
    CancelSame,
    CancelOther,
    /// Behind the job under test; and the test thread does not go on before that one should have run.
    SubmitOtherAfterAndStall,
}

pub const ACTIONS: [Action; 8] = [
    Action::SubmitSame,
    Action::SubmitOther,
    Action::SubmitSameElsewhere,
    Action::SubmitSameAfter,
    Action::SubmitOtherAfter,
    Action::CancelSame,
    Action::CancelOther,
    Action::SubmitOtherAfterAndStall,
];

impl Action {
    /// In the interrupt.
    pub fn perform(self, trial: &Trial) {
        let pool = trial.operation().pool;
        let elsewhere = if pool == SLOW { FAST } else { SLOW };
        match self {
            Action::SubmitSame => trial.same().submit(pool),
            Action::SubmitOther => trial.other().submit(pool),
            Action::SubmitSameElsewhere => trial.same().submit(elsewhere),
            Action::SubmitSameAfter => trial.same().submit_after(pool, SOON),
            Action::SubmitOtherAfter => trial.other().submit_after(pool, SOON),
            Action::CancelSame => trial.same().cancel(),
            Action::CancelOther => trial.other().cancel(),
            Action::SubmitOtherAfterAndStall => {
                trial.other().submit_after(pool, THIRD);
                // Before the pool has accepted the operation, nobody can expect it to be in time.
                match trial.same().status() {
                    Status::Queued => board::stall_until(board::now() + 2),
                    Status::Deferred { deadline } if deadline < (trial.begin + THIRD).into() => {
                        board::stall_until(deadline as u32 + STALL);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// An operation under test.
pub struct Operation {
    pub name: &'static str,
    /// The pool that it is about.
    pub pool: Pool,
    /// The clock interrupt is part of it.
    pub clock: bool,
    /// The test thread hands the job to a pool above it, which must not wait for the test thread to go on.
    hands_over: bool,
    /// Sets up what it finds.
    prepare: fn(&Trial),
    /// Arms the interrupt, unless `inside` does, and performs it.
    perform: fn(&Trial),
    /// What the job's first run does.
    inside: Option<fn(&Trial)>,
}

impl Operation {
    /// Whether the action makes sense here.
    pub fn allows(&self, action: Action) -> bool {
        self.hands_over || action != Action::SubmitOtherAfterAndStall
    }

    /// Sets up what the operation finds.
    pub fn prepare(&self, trial: &Trial) {
        if trial.action == Action::CancelOther {
            let other = trial.other();
            if self.pool == SLOW {
                other.submit(SLOW);
            } else {
                other.submit_at(self.pool, trial.begin + if self.clock { EXPIRY } else { FIRST });
            }
        }
        (self.prepare)(trial);
    }

    /// Performs the operation, and waits until the interrupt is over.
    #[inline(always)]
    pub fn perform(&self, trial: &Trial) {
        (self.perform)(trial);
        board::after();
    }

    /// The instructions, after the arming, that its first trial comes after: before the operation begins.
    pub fn first_trial(&self) -> u32 {
        if self.clock {
            0
        } else {
            offset::OPERATION - TRIALS_BEFORE
        }
    }

    /// Whether an interrupt of its first trials landed where it should. Before a clock interrupt, the code goes in
    /// circles; the phase says then whether it was the right instruction.
    pub fn begins(&self, instructions: u32, hit: Hit) -> bool {
        let landed = if self.clock {
            board::spent().contains(&hit.pc)
        } else {
            hit.pc == board::before().end - 2 * (offset::OPERATION - 1 - instructions)
        };
        landed && hit.nested == 0
    }

    /// What the job's first run does.
    pub fn inside(&self) -> Option<fn(&Trial)> {
        self.inside
    }
}

const NOTHING: fn(&Trial) = |_| {};

/// Deadlines around the one of the job under test.
const CROWD: fn(&Trial) = |trial| {
    let [first, second, third] = Subject::CROWD;
    first.submit_at(FAST, trial.begin + SECOND);
    second.submit_at(FAST, trial.begin + FOURTH);
    third.submit_at(FAST, trial.begin + FIFTH);
};

/// Lets the clock interrupt come.
const CLOCK: fn(&Trial) = |trial| trial.set_phase(board::clock(trial.instructions));

/// The numbers in `main.c` are indices.
pub static OPERATIONS: [Operation; 13] = [
    Operation {
        name: "submit, stays queued",
        pool: SLOW,
        clock: false,
        hands_over: false,
        prepare: NOTHING,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit(SLOW);
        },
        inside: None,
    },
    Operation {
        name: "submit, wake, take, run, finish and back",
        pool: FAST,
        clock: false,
        hands_over: true,
        prepare: NOTHING,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit(FAST);
        },
        inside: None,
    },
    Operation {
        name: "submit of a running job, finish, run, finish and back",
        pool: FAST,
        clock: false,
        hands_over: false,
        prepare: NOTHING,
        perform: |trial| trial.same().submit(FAST),
        inside: Some(|trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit(FAST);
        }),
    },
    Operation {
        name: "submit_after of a running job, finish and back",
        pool: FAST,
        clock: false,
        hands_over: false,
        prepare: NOTHING,
        perform: |trial| trial.same().submit(FAST),
        inside: Some(|trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_after(FAST, THIRD);
        }),
    },
    Operation {
        name: "submit, borrow, take, run, finish, give back and back",
        pool: LENT,
        clock: false,
        hands_over: true,
        prepare: |_| Subject::HOLDER.submit(LENT),
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit(LENT);
        },
        inside: None,
    },
    Operation {
        name: "submit_after, the first",
        pool: FAST,
        clock: false,
        hands_over: true,
        prepare: NOTHING,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_after(FAST, SECOND);
        },
        inside: None,
    },
    Operation {
        name: "submit_at, behind others",
        pool: FAST,
        clock: false,
        hands_over: true,
        prepare: CROWD,
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_at(FAST, trial.begin + THIRD);
        },
        inside: None,
    },
    Operation {
        name: "submit_after, moving a deadline to the front",
        pool: FAST,
        clock: false,
        hands_over: true,
        prepare: |trial| {
            CROWD(trial);
            trial.same().submit_at(FAST, trial.begin + THIRD);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().submit_after(FAST, FIRST);
        },
        inside: None,
    },
    Operation {
        name: "cancel, queued",
        pool: SLOW,
        clock: false,
        hands_over: false,
        prepare: |trial| {
            let [before, after, _] = Subject::CROWD;
            before.submit(SLOW);
            trial.same().submit(SLOW);
            after.submit(SLOW);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().cancel();
        },
        inside: None,
    },
    Operation {
        name: "cancel, deferred",
        pool: FAST,
        clock: false,
        hands_over: false,
        prepare: |trial| {
            trial.same().submit_at(FAST, trial.begin + FIRST + 1);
            CROWD(trial);
        },
        perform: |trial| {
            offset::arm_operation(trial.instructions);
            trial.same().cancel();
        },
        inside: None,
    },
    Operation {
        name: "cancel, running and submitted again, finish and back",
        pool: FAST,
        clock: false,
        hands_over: false,
        prepare: NOTHING,
        perform: |trial| trial.same().submit(FAST),
        inside: Some(|trial| {
            trial.same().submit(FAST);
            offset::arm_operation(trial.instructions);
            trial.same().cancel();
        }),
    },
    Operation {
        name: "expiry of one, take, run, finish and back",
        pool: FAST,
        clock: true,
        hands_over: false,
        prepare: |trial| trial.same().submit_at(FAST, trial.begin + EXPIRY),
        perform: CLOCK,
        inside: None,
    },
    Operation {
        name: "expiry of more than a batch, of which a worker moves the rest",
        pool: LENT,
        clock: true,
        hands_over: false,
        prepare: |trial| {
            let [first, second, later] = Subject::CROWD;
            first.submit_at(LENT, trial.begin + EXPIRY);
            trial.same().submit_at(LENT, trial.begin + EXPIRY);
            second.submit_at(LENT, trial.begin + EXPIRY);
            later.submit_at(LENT, trial.begin + THIRD);
        },
        perform: CLOCK,
        inside: None,
    },
];
