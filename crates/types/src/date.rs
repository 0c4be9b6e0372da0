//! Calendar dates and times on the wire (RFC 3339, UTC).

use std::fmt;

const MS_PER_DAY: i64 = 86_400_000;

/// A date of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Reads `YYYY-MM-DD`, if there is such a day.
    pub fn parse(text: &str) -> Option<Self> {
        let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else {
            return None;
        };
        let year = digit(y1)? * 1_000 + digit(y2)? * 100 + digit(y3)? * 10 + digit(y4)?;
        let month = u8::try_from(digit(m1)? * 10 + digit(m2)?).ok()?;
        let day = u8::try_from(digit(d1)? * 10 + digit(d2)?).ok()?;
        Self::new(year, month, day)
    }

    /// This day, if there is one; years 0 to 9999.
    pub const fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        if year > 9_999 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        Some(Self { year, month, day })
    }

    /// The UTC date at a Unix time in milliseconds, between the years 0 and 9999.
    pub fn from_unix_ms(unix_ms: i64) -> Self {
        // Howard Hinnant's "civil from days", shifted so that an era begins on 1 March.
        let days = unix_ms.div_euclid(MS_PER_DAY).clamp(-719_528, 2_932_896) + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        // In range, since the days were clamped to the years 0 to 9999.
        Self {
            year: u16::try_from(year).unwrap_or(0),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }

    /// The Unix time in milliseconds at which this day begins in UTC.
    pub fn to_unix_ms(self) -> i64 {
        // The inverse of the above: days since 1 March of year 0.
        let year = i64::from(self.year) - i64::from(self.month <= 2);
        let shifted_month = (i64::from(self.month) + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(self.day) - 1;
        let year_of_era = year.rem_euclid(400);
        let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
        (year.div_euclid(400) * 146_097 + day_of_era - 719_468) * MS_PER_DAY
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// A Unix time in milliseconds as the wire shows it: whole seconds, rounded down.
pub fn format_utc(unix_ms: i64) -> String {
    let seconds = unix_ms.rem_euclid(MS_PER_DAY) / 1_000;
    format!(
        "{}T{:02}:{:02}:{:02}Z",
        Date::from_unix_ms(unix_ms),
        seconds / 3_600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// Reads a time as the wire shows it, `2026-02-01T12:00:00Z`, or a date, which is its first moment.
pub fn parse_utc(text: &str) -> Option<i64> {
    let Some((date, time)) = text.split_once('T') else {
        return Date::parse(text).map(Date::to_unix_ms);
    };
    let part = |range: std::ops::Range<usize>, most: i64| {
        let digits = time.get(range)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .parse::<i64>()
            .ok()
            .filter(|number| is_number && *number <= most)
    };
    let is_shaped = time.len() == 9 && time.get(2..3) == Some(":") && time.get(5..6) == Some(":");
    if !is_shaped || !time.ends_with('Z') {
        return None;
    }
    let seconds = part(0..2, 23)? * 3_600 + part(3..5, 59)? * 60 + part(6..8, 59)?;
    Some(Date::parse(date)?.to_unix_ms() + seconds * 1_000)
}

fn digit(byte: u8) -> Option<u16> {
    byte.is_ascii_digit().then(|| u16::from(byte - b'0'))
}

const fn days_in_month(year: u16, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_real_days_are_read() {
        for good in ["1900-01-01", "2024-02-29", "2000-02-29", "9999-12-31"] {
            assert_eq!(Date::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "2023-02-29",
            "1900-02-29",
            "2024-13-01",
            "2024-00-10",
            "2024-04-31",
            "2024-1-1",
            "24-01-01",
            "2024/01/01",
            "2024-01-0١",
            "+024-01-01",
            "",
        ] {
            assert_eq!(Date::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn times_are_rounded_down_to_seconds() {
        assert_eq!(format_utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(format_utc(1_769_947_199_999), "2026-02-01T11:59:59Z");
        assert_eq!(format_utc(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(format_utc(-1), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn times_read_back() {
        assert_eq!(parse_utc("2026-02-01T11:59:59Z"), Some(1_769_947_199_000));
        assert_eq!(parse_utc("2026-02-01"), Some(1_769_904_000_000));
        for bad in [
            "2026-02-01T24:00:00Z",
            "2026-02-01T1:00:00Z",
            "2026-02-01T11:59:59",
            "2026-02-01T11:59:59+00:00",
            "2026-02-01T+1:59:59Z",
            "2026-02-30",
            "",
        ] {
            assert_eq!(parse_utc(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut last = Date::from_unix_ms(-MS_PER_DAY);
        for day in 0..60_000 {
            let date = Date::from_unix_ms(day * MS_PER_DAY);
            assert!(date > last);
            assert_eq!(Date::parse(&date.to_string()), Some(date));
            assert_eq!(date.to_unix_ms(), day * MS_PER_DAY);
            last = date;
        }
        assert_eq!(last.to_string(), "2134-04-10");
    }
}
