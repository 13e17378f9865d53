//! Durations and instants at the host's tick of 10 kHz.

use taskpool::{Duration, Instant, CONFIG};

#[test]
fn the_tick_is_what_these_tests_are_written_for() {
    assert_eq!(CONFIG.ticks_per_second, 10_000);
}

#[test]
fn durations_round_up_to_whole_ticks() {
    for (micros, ticks) in [
        (0, 0),
        (1, 1),
        (99, 1),
        (100, 1),
        (101, 2),
        (1_000_000, 10_000),
        (1_000_001, 10_001),
    ] {
        assert_eq!(Duration::micros(micros).as_ticks(), ticks, "{micros} us");
    }
    for (millis, ticks) in [(0, 0), (1, 10), (20, 200), (1_001, 10_010)] {
        assert_eq!(Duration::millis(millis).as_ticks(), ticks, "{millis} ms");
    }
    for (secs, ticks) in [(0, 0), (1, 10_000), (86_400, 864_000_000)] {
        assert_eq!(Duration::secs(secs).as_ticks(), ticks, "{secs} s");
    }
    assert_eq!(Duration::ticks(7).as_ticks(), 7);
    assert_eq!(Duration::ZERO, Duration::default());
}

#[test]
fn durations_that_exceed_64_bits_are_the_longest() {
    assert_eq!(Duration::secs(u64::MAX).as_ticks(), u64::MAX);
    assert_eq!(Duration::millis(u64::MAX).as_ticks(), u64::MAX);
    assert_eq!(Duration::secs(u64::MAX / 10_000).as_ticks(), u64::MAX / 10_000 * 10_000);
    assert_eq!(Duration::secs(u64::MAX / 10_000 + 1).as_ticks(), u64::MAX);
    // A microsecond is shorter than a tick, so the most of them still fit.
    assert_eq!(Duration::micros(u64::MAX).as_ticks(), u64::MAX / 100 + 1);
}

#[test]
fn durations_are_read_in_whole_units_rounded_down() {
    assert_eq!(Duration::ticks(19).as_micros(), 1_900);
    assert_eq!(Duration::ticks(19).as_millis(), 1);
    assert_eq!(Duration::ticks(9).as_millis(), 0);
    assert_eq!(Duration::ticks(u64::MAX).as_micros(), u64::MAX);
    assert_eq!(Duration::ticks(u64::MAX / 100).as_micros(), u64::MAX / 100 * 100);
    assert_eq!(Duration::ticks(15).to_string(), "1500 us");
}

#[test]
fn instants_saturate() {
    let (early, late) = (Instant::from_ticks(10), Instant::from_ticks(25));
    assert_eq!(early + Duration::ticks(15), late);
    assert_eq!(late - early, Duration::ticks(15));
    assert_eq!(early - late, Duration::ZERO);
    assert_eq!(late + Duration::ticks(u64::MAX), Instant::from_ticks(u64::MAX));
    assert_eq!(Instant::from_ticks(u64::MAX).elapsed(), Duration::ZERO);
}

#[test]
fn time_does_not_go_back() {
    let mut last = Instant::now();
    for _ in 0..10_000 {
        let now = Instant::now();
        assert!(now >= last);
        last = now;
    }
    assert!(Instant::from_ticks(0).elapsed() >= last - Instant::from_ticks(0));
}
