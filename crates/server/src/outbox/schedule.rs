//! When a delivery is tried again (decision 14): at once, after 15 s, 1, 5, 15, 30 min, and then hourly.

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;

/// The waits after the first, second, … failed attempt, in milliseconds. The last one repeats.
const WAITS: [i64; 6] = [
    15 * SECOND,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    60 * MINUTE,
];

/// No wait is longer than this, in milliseconds: what is to be done later than that was put off by a clock that has been
/// set back since.
pub(crate) const LONGEST_WAIT_MS: i64 = 66 * MINUTE;

/// The wait after `attempts` failed attempts, in milliseconds, with up to a tenth added at random, so that what failed
/// together does not come back together.
pub(super) fn wait(attempts: i64, random: [u8; 2]) -> i64 {
    let index = usize::try_from(attempts - 1)
        .unwrap_or_default()
        .min(WAITS.len() - 1);
    let wait = WAITS[index];
    wait + wait / 10 * i64::from(u16::from_le_bytes(random)) / i64::from(u16::MAX)
}

/// The wait before a server that could not be reached is asked again whether it answers, in milliseconds. Asking costs
/// it one connection for all that waits, so it is asked at least once a minute.
pub(super) fn probe_wait(failures: i64, random: [u8; 2]) -> i64 {
    wait(failures.min(2), random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_are_those_of_the_schedule() {
        let seconds: Vec<i64> = (1..=8)
            .map(|attempts| wait(attempts, [0, 0]) / SECOND)
            .collect();
        assert_eq!(seconds, [15, 60, 300, 900, 1_800, 3_600, 3_600, 3_600]);
    }

    #[test]
    fn jitter_adds_at_most_a_tenth() {
        assert_eq!(wait(1, [0xff, 0xff]), 16_500);
        assert_eq!(wait(6, [0xff, 0xff]), LONGEST_WAIT_MS);
        assert!((15_000..=16_500).contains(&wait(1, [0x12, 0x80])));
        assert_eq!(wait(0, [0, 0]), wait(1, [0, 0]));
    }

    #[test]
    fn a_server_that_is_away_is_asked_once_a_minute() {
        let seconds: Vec<i64> = (1..=4)
            .map(|failures| probe_wait(failures, [0, 0]) / SECOND)
            .collect();
        assert_eq!(seconds, [15, 60, 60, 60]);
    }
}
