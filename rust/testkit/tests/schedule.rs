//! When a task runs: the arithmetic, on a clock that only these tests move.

use taskpool_core::{Missed, Rephase, Schedule, MAX_SPAN, MAX_TICKS};

/// A run: when it began, how late it was, and how long it was to its next slot.
type Run = (u64, u64, i64);

/// Runs a schedule until `end`: the second run takes 355 ticks, the others none, and between two runs there is one tick.
fn trace(mut schedule: Schedule, missed: Missed, end: u64) -> (Vec<Run>, u32) {
    let (mut free, mut runs, mut skipped) = (0, Vec::new(), 0);
    loop {
        let now = schedule.next().max(free);
        if now > end {
            return (runs, skipped);
        }
        let begun = schedule.begin(now, missed);
        skipped += begun.missed;
        let takes = if runs.len() == 1 { 355 } else { 0 };
        runs.push((now, begun.late, begun.left));
        schedule.end(now + takes, missed);
        free = now + takes + 1;
    }
}

fn of(interval: u64) -> Schedule {
    Schedule::new(interval, 0)
}

#[test]
fn skipping_keeps_the_phase() {
    let (runs, skipped) = trace(of(100), Missed::Skip, 600);
    assert_eq!(
        runs,
        [(0, 0, 100), (100, 0, 100), (456, 56, 44), (500, 0, 100), (600, 0, 100)]
    );
    assert_eq!(skipped, 2, "those of 200 and 300");
}

#[test]
fn catching_up_makes_up_for_all() {
    for most in [2, 3, u8::MAX] {
        let (runs, skipped) = trace(of(100), Missed::CatchUp(most), 600);
        let expected = [
            (0, 0, 100),
            (100, 0, 100),
            (456, 256, -156),
            (457, 157, -57),
            (458, 58, 42),
            (500, 0, 100),
            (600, 0, 100),
        ];
        assert_eq!((&runs[..], skipped), (&expected[..], 0));
    }
}

#[test]
fn catching_up_has_a_bound() {
    let (runs, skipped) = trace(of(100), Missed::CatchUp(1), 500);
    let expected = [
        (0, 0, 100),
        (100, 0, 100),
        (456, 156, -56),
        (457, 57, 43),
        (500, 0, 100),
    ];
    assert_eq!((&runs[..], skipped), (&expected[..], 1));
    let (runs, skipped) = trace(of(100), Missed::CatchUp(0), 600);
    assert_eq!((runs, skipped), trace(of(100), Missed::Skip, 600));
}

#[test]
fn from_the_start_nothing_is_late() {
    let (runs, skipped) = trace(of(100), Missed::FromStart, 656);
    let starts = [0, 100, 456, 556, 656].map(|start| (start, 0, 100));
    assert_eq!((&runs[..], skipped), (&starts[..], 0));
}

#[test]
fn from_the_end_there_is_always_a_pause() {
    let (runs, skipped) = trace(of(100), Missed::FromEnd, 755);
    let starts = [0, 100, 555, 655, 755].map(|start| (start, 0, 100));
    assert_eq!((&runs[..], skipped), (&starts[..], 0));
}

#[test]
fn what_is_due_now_is_not_missed() {
    let mut schedule = of(100);
    assert_eq!(schedule.begin(100, Missed::Skip).missed, 0);
    assert_eq!(schedule.next(), 100);
    assert_eq!(schedule.begin(100, Missed::Skip).late, 0);
    assert_eq!(schedule.next(), 200);
    // Two intervals late: of three slots, two are in the past.
    let begun = schedule.begin(400, Missed::Skip);
    assert_eq!((begun.missed, begun.late, schedule.next()), (2, 0, 500));
}

#[test]
fn without_an_interval_it_is_always_due() {
    for missed in [Missed::Skip, Missed::CatchUp(3), Missed::FromStart, Missed::FromEnd] {
        let mut schedule = of(0);
        for now in [0, 7, 7, 1_000_000] {
            let begun = schedule.begin(now, missed);
            schedule.end(now, missed);
            assert_eq!((begun.missed, begun.late, schedule.next()), (0, 0, now), "{missed:?}");
        }
    }
}

/// Last run at 10,000, an interval of 1,000, and now it is 10,300.
fn running() -> Schedule {
    let mut schedule = Schedule::new(1_000, 10_000);
    schedule.begin(10_000, Missed::Skip);
    assert_eq!(schedule.next(), 11_000);
    schedule
}

/// The next three runs, each at its time.
fn upcoming(mut schedule: Schedule) -> [u64; 3] {
    [(); 3].map(|()| {
        let next = schedule.next();
        schedule.begin(next, Missed::Skip);
        next
    })
}

#[test]
fn a_new_interval_moves_the_next_run_in_one_of_three_ways() {
    for (rephase, interval, expected) in [
        (Rephase::Keep, 500, [11_000, 11_500, 12_000]),
        (Rephase::Keep, 2_000, [11_000, 13_000, 15_000]),
        (Rephase::Recalculate, 500, [10_500, 11_000, 11_500]),
        (Rephase::Recalculate, 2_000, [12_000, 14_000, 16_000]),
        (Rephase::FromNow, 500, [10_800, 11_300, 11_800]),
        (Rephase::FromNow, 2_000, [12_300, 14_300, 16_300]),
    ] {
        let mut schedule = running();
        schedule.set_interval(10_300, interval, rephase);
        assert_eq!(upcoming(schedule), expected, "{rephase:?} {interval}");
        assert_eq!(schedule.interval(), interval);
    }
    // What was moved up before is not moved before its last slot.
    let mut schedule = running();
    schedule.shift(9_800, -200);
    schedule.set_interval(10_300, 1, Rephase::Recalculate);
    assert_eq!(schedule.next(), 9_801);
    schedule.set_interval(10_300, 0, Rephase::Recalculate);
    schedule.set_interval(10_300, 100, Rephase::Keep);
    schedule.set_interval(10_300, 0, Rephase::Recalculate);
    assert_eq!(schedule.next(), 9_800);
}

#[test]
fn a_shift_moves_all_that_come() {
    let mut schedule = running();
    schedule.shift(10_000, 300);
    assert_eq!(upcoming(schedule), [11_300, 12_300, 13_300]);
    schedule.shift(10_000, -500);
    assert_eq!(upcoming(schedule), [10_800, 11_800, 12_800]);
    schedule.shift(10_000, 0);
    assert_eq!(upcoming(schedule), [10_800, 11_800, 12_800]);
    schedule.shift(10_000, i64::MAX);
    assert_eq!(schedule.next(), MAX_TICKS);
}

#[test]
fn a_shift_into_the_past_misses_nothing() {
    for missed in [Missed::Skip, Missed::CatchUp(9)] {
        let mut schedule = running();
        // The slots are those of 10,700 and before now: 10,700 and 11,700 have passed.
        schedule.shift(12_000, -10_300);
        assert_eq!(schedule.next(), 11_700);
        let begun = schedule.begin(12_000, missed);
        assert_eq!((begun.missed, begun.late, schedule.next()), (0, 300, 12_700));
        schedule.shift(12_000, i64::MIN);
        assert_eq!(schedule.next(), 12_000, "the slots are those of 0");
    }
    let mut schedule = of(0);
    schedule.shift(500, -1_000);
    assert_eq!(schedule.begin(500, Missed::Skip).missed, 0);
}

#[test]
fn what_belongs_to_the_same_iteration_leaves_the_others_where_they_are() {
    let mut schedule = running();
    schedule.again(10_050);
    assert_eq!(schedule.next(), 10_050);
    let begun = schedule.begin(10_052, Missed::Skip);
    assert_eq!((begun.late, begun.left, begun.missed), (2, 948, 0));
    assert_eq!(schedule.next(), 11_000);
    // However late it comes.
    schedule.again(10_060);
    let begun = schedule.begin(15_000, Missed::Skip);
    assert_eq!((begun.late, begun.left, begun.missed), (4_940, -4_000, 0));
    assert_eq!(schedule.next(), 11_000);
    // Soon after the boot, with a long interval.
    let mut schedule = Schedule::new(1_000_000, 5);
    schedule.begin(5, Missed::FromEnd);
    schedule.put(700);
    schedule.again(6);
    schedule.begin(6, Missed::FromEnd);
    schedule.end(8, Missed::FromEnd);
    assert_eq!(schedule.next(), 700, "as was said before");
    // A shift moves both.
    schedule.again(10);
    schedule.shift(10, 5);
    assert_eq!(schedule.next(), 15);
    schedule.begin(15, Missed::FromEnd);
    assert_eq!(schedule.next(), 705);
}

#[test]
fn what_is_put_somewhere_counts_from_there() {
    let mut schedule = running();
    schedule.put(10_300);
    assert_eq!(upcoming(schedule), [10_300, 11_300, 12_300]);
    schedule.put(40_000);
    assert_eq!(upcoming(schedule), [40_000, 41_000, 42_000]);
}

#[test]
fn what_was_said_during_a_run_holds_after_it() {
    type Says = fn(&mut Schedule);
    let all: [(Says, u64); 4] = [
        (|schedule| schedule.put(12_345), 12_345),
        (|schedule| schedule.shift(10_100, 50), 11_050),
        (|schedule| schedule.set_interval(10_100, 300, Rephase::FromNow), 10_400),
        (|_| {}, 11_200),
    ];
    for (says, expected) in all {
        let mut schedule = Schedule::new(1_000, 10_000);
        schedule.begin(10_000, Missed::FromEnd);
        says(&mut schedule);
        schedule.end(10_200, Missed::FromEnd);
        assert_eq!(schedule.next(), expected);
        schedule.begin(expected, Missed::FromEnd);
        schedule.end(expected + 10, Missed::FromEnd);
        assert_eq!(schedule.next(), expected + 10 + schedule.interval(), "once only");
    }
}

#[test]
fn nothing_passes_the_last_tick() {
    let mut schedule = Schedule::new(u64::MAX, u64::MAX);
    assert_eq!((schedule.interval(), schedule.next()), (MAX_SPAN, MAX_TICKS));
    let begun = schedule.begin(MAX_TICKS, Missed::Skip);
    assert_eq!((begun.missed, schedule.next()), (0, MAX_TICKS));
    // The longest outage of the shortest interval.
    let mut schedule = of(1);
    let begun = schedule.begin(MAX_TICKS, Missed::Skip);
    assert_eq!((begun.missed, begun.late, schedule.next()), (u32::MAX, 0, MAX_TICKS));
    let begun = of(1).begin(MAX_TICKS, Missed::CatchUp(5));
    assert_eq!((begun.missed, begun.late), (u32::MAX, 5));
}
