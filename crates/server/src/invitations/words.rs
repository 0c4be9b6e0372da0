//! Times as an applicant reads them: `24 hours`, `26 November 2026, 12:00 UTC`.

use vouchkey_types::date::format_utc;

const MINUTE_MS: i64 = 60_000;
const HOUR: i64 = 60;
const DAY: i64 = 24 * HOUR;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A length of time in milliseconds, to the precision that helps a reader: minutes below two hours, hours below two
/// days, then days where they are whole. What is rounded says `about`.
pub fn span(ms: i64) -> String {
    let minutes = ((ms + MINUTE_MS / 2) / MINUTE_MS).max(1);
    if minutes < 2 * HOUR && minutes != HOUR {
        return counted(minutes, "minute");
    }
    let (count, unit, of) = if minutes >= 2 * DAY && minutes % DAY == 0 {
        (minutes / DAY, "day", DAY)
    } else {
        ((minutes + HOUR / 2) / HOUR, "hour", HOUR)
    };
    let about = if minutes % of == 0 { "" } else { "about " };
    format!("{about}{}", counted(count, unit))
}

/// A moment in UTC, to the minute, rounded down: what is promised until then holds until then.
pub fn moment(ms: i64) -> String {
    let text = format_utc(ms);
    let mut parts = text.split(['-', 'T', ':']);
    let mut next = || parts.next().unwrap_or_default();
    let (year, month, day, hour, minute) = (next(), next(), next(), next(), next());
    let name = month
        .parse::<usize>()
        .ok()
        .and_then(|month| MONTHS.get(month - 1))
        .unwrap_or(&"");
    let day = day.trim_start_matches('0');
    format!("{day} {name} {year}, {hour}:{minute} UTC")
}

fn counted(count: i64, unit: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_told_in_the_unit_that_helps() {
        let minute = MINUTE_MS;
        for (ms, words) in [
            (0, "1 minute"),
            (10 * minute, "10 minutes"),
            (60 * minute, "1 hour"),
            (90 * minute, "90 minutes"),
            (120 * minute, "2 hours"),
            (1_440 * minute, "24 hours"),
            (1_440 * minute - 3_000, "24 hours"),
            (1_439 * minute, "about 24 hours"),
            (2_880 * minute, "2 days"),
            (3_000 * minute, "50 hours"),
            (4_320 * minute, "3 days"),
            (4_319 * minute, "about 72 hours"),
        ] {
            assert_eq!(span(ms), words, "{ms}");
        }
    }

    #[test]
    fn a_moment_is_told_in_utc_and_rounded_down() {
        assert_eq!(moment(1_769_947_259_999), "1 February 2026, 12:00 UTC");
        assert_eq!(moment(0), "1 January 1970, 00:00 UTC");
    }
}
