//! What a random test or a fuzzer does with a world. Whoever does it says only what it chooses.

use taskpool_core::{Clock, Outcome, Shutdown, WaitError};

use crate::{World, J, P, W};

/// What one thread, interrupt, job or completion does: pools and jobs are numbers, of those that [`Action::act`] is given.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the operation of its name")]
pub enum Action {
    Submit(usize, usize),
    SubmitUrgent(usize, usize),
    SubmitAfter(usize, usize, u64),
    /// The deadline lies so far from five ticks ago.
    SubmitAt(usize, usize, u64),
    /// Runs within so many ticks, or not at all.
    SubmitWithin(usize, usize, u64),
    Cancel(usize),
    Abort(usize),
    SetLevel(usize, u8),
    /// A worker makes one move; of any number, modulo the number of workers.
    Step(usize),
    Advance(u64),
    AdvanceWithoutInterrupt(u64),
    Deliver,
    Start(usize),
    /// Waits for so many ticks; with none it only looks.
    Wait(usize, u64),
    CancelAndWait(usize, u64),
    Hold(usize),
    Pause(usize),
    Release(usize),
    SetMax(usize, u8),
    /// Waits for so many ticks; with none it only begins.
    Shutdown(usize, Shutdown, u64),
    Restart(usize),
}

impl Action {
    /// Does it. Interrupts must not wait.
    pub fn act(self, world: World, pools: &[P], jobs: &[J]) {
        match self {
            Action::Submit(p, j) => _ = world.submit(pools[p], jobs[j]),
            Action::SubmitUrgent(p, j) => _ = world.submit_urgent(pools[p], jobs[j]),
            Action::SubmitAfter(p, j, delay) => _ = world.submit_after(pools[p], jobs[j], delay),
            Action::SubmitAt(p, j, ticks) => {
                _ = world.submit_at(pools[p], jobs[j], (world.now() + ticks).saturating_sub(5));
            }
            Action::SubmitWithin(p, j, ticks) => _ = world.submit_within(pools[p], jobs[j], ticks),
            Action::Cancel(j) => _ = world.cancel(jobs[j]),
            Action::Abort(j) => _ = world.abort(jobs[j]),
            Action::SetLevel(j, level) => _ = world.set_level(jobs[j], level),
            Action::Step(w) => _ = world.step(W(w % world.workers())),
            Action::Advance(ticks) => world.advance(ticks),
            Action::AdvanceWithoutInterrupt(ticks) => world.advance_without_interrupt(ticks),
            Action::Deliver => world.deliver(),
            // Pools are started by threads only.
            Action::Start(p) if !world.in_interrupt() => world.start(pools[p]),
            Action::Start(_) => {}
            Action::Wait(j, ticks) => {
                let answer = world.wait(jobs[j], Some(until(world, ticks)));
                check_waited(world, ticks, answer);
            }
            Action::CancelAndWait(j, ticks) => {
                let answer = world.cancel_and_wait(jobs[j], Some(until(world, ticks)));
                check_waited(world, ticks, answer);
            }
            Action::Hold(p) => _ = world.hold(pools[p]),
            Action::Pause(p) => _ = world.pause(pools[p], Clock::Frozen),
            Action::Release(p) => _ = world.release(pools[p]),
            Action::SetMax(p, max) => _ = world.set_max_threads(pools[p], max),
            Action::Shutdown(p, how, ticks) => _ = world.shutdown(pools[p], how, Some(until(world, ticks))),
            Action::Restart(p) => _ = world.restart(pools[p]),
        }
    }
}

fn check_waited(world: World, ticks: u64, answer: Result<Outcome, WaitError>) {
    let waited = ticks > 0 && answer == Err(WaitError::TimedOut);
    assert!(!(waited && world.in_interrupt()), "an interrupt has waited");
}

/// A deadline so many ticks ahead; none for a look.
fn until(world: World, ticks: u64) -> u64 {
    match ticks {
        0 => 0,
        ticks => world.now() + ticks,
    }
}
