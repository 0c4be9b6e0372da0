//! The figures, as tables for `docs/performance.md`, with what is needed to judge them.
#![expect(
    clippy::cast_precision_loss,
    reason = "what is measured is far below 2^52"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::Length;
use super::load::Measured;
use crate::command::{During, Outcome, call, output};

/// What was measured of a server in one way, a value a round.
#[derive(Default)]
pub(super) struct Figures {
    per_second: Vec<f64>,
    median_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    cpu_ms: Vec<f64>,
    /// The processor time of the database beside the server, if there is one.
    database_ms: Vec<f64>,
}

impl Figures {
    pub(super) fn add(&mut self, measured: &Measured, cpu: Duration, database: Option<Duration>) {
        let requests = measured.latencies.len() as f64;
        self.per_second
            .push(requests / measured.elapsed.as_secs_f64());
        self.median_ms
            .push(milliseconds(percentile(&measured.latencies, 50)));
        self.p99_ms
            .push(milliseconds(percentile(&measured.latencies, 99)));
        self.cpu_ms.push(milliseconds(cpu) / requests);
        self.database_ms
            .extend(database.map(|cpu| milliseconds(cpu) / requests));
    }

    /// Requests a second, p50, p99, CPU time, the database's CPU time.
    pub(super) fn cells(&self) -> [String; 5] {
        [
            spread(&self.per_second, 0),
            spread(&self.median_ms, 2),
            spread(&self.p99_ms, 2),
            spread(&self.cpu_ms, 3),
            spread(&self.database_ms, 3),
        ]
    }

    /// How much more processor time it takes than another, in each round.
    pub(super) fn cpu_over(&self, other: &Self) -> Vec<f64> {
        ratios(&self.cpu_ms, &other.cpu_ms)
    }

    /// How many times another's throughput it has, in each round.
    pub(super) fn throughput_over(&self, other: &Self) -> Vec<f64> {
        ratios(&self.per_second, &other.per_second)
    }
}

fn ratios(values: &[f64], others: &[f64]) -> Vec<f64> {
    values
        .iter()
        .zip(others)
        .map(|(value, other)| value / other)
        .collect()
}

/// A count, to be reckoned with.
pub(super) const fn number(count: u64) -> f64 {
    count as f64
}

/// The median time of writing 4 KiB and having them on the disk: what each commit must wait for at least once.
pub(super) fn sync_time(folder: &Path) -> Outcome<Duration> {
    let path = folder.join("sync");
    let mut file = File::create(&path).during(path.display())?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        file.write_all(&[0; 4096])
            .and_then(|()| file.sync_data())
            .during(path.display())?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(percentile(&times, 50))
}

/// A table whose first columns hold words, and whose others numbers.
pub(super) fn table(head: &[&str], words: usize, rows: &[Vec<String>]) -> String {
    let rules = (0..head.len()).map(|column| if column < words { "---" } else { "---:" });
    let mut text = format!(
        "| {} |\n| {} |\n",
        head.join(" | "),
        rules.collect::<Vec<_>>().join(" | ")
    );
    for row in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

/// When, where and how it was measured.
pub(super) fn about(
    length: Option<Length>,
    sync: [Duration; 2],
    others: &[String],
) -> Outcome<String> {
    let day = output(call("date").args(["--utc", "+%Y-%m-%d"]))?;
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let (one, five) = load_average();
    let mut text = format!(
        "{}, Vouchkey {}{}; {cores} cores, {}, shared by the servers and the load; ",
        day.trim(),
        env!("CARGO_PKG_VERSION"),
        others.concat(),
        processor(),
    );
    // Writing to a String cannot fail.
    if let Some(Length { rounds, duration }) = length {
        let _ = write!(
            text,
            "{rounds} round(s) of {} s, the median of the rounds (lowest to highest); ",
            duration.as_secs()
        );
    }
    let _ = writeln!(
        text,
        "a 4 KiB write to disk took {:.2} ms before and {:.2} ms after; load average at the end {one} (1 minute), {five} (5 \
         minutes).",
        milliseconds(sync[0]),
        milliseconds(sync[1]),
    );
    Ok(text)
}

/// What else the machine had to do shows in it.
fn load_average() -> (String, String) {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut words = text.split(' ').map(str::to_owned);
    (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    )
}

/// Puts a text between the markers of its name in a document, in place of what is there.
pub(super) fn put(document: &Path, name: &str, text: &str) -> Outcome {
    let whole = fs::read_to_string(document).during(document.display())?;
    let replaced = replace(&whole, name, text).ok_or_else(|| {
        crate::command::Failure(format!(
            "{}: there is no place for {name}",
            document.display()
        ))
    })?;
    fs::write(document, replaced).during(document.display())
}

fn replace(whole: &str, name: &str, text: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- measured: {name} -->\n"), "<!-- end -->");
    let (before, rest) = whole.split_once(&begin)?;
    let (_, after) = rest.split_once(end)?;
    Some(format!("{before}{begin}\n{text}\n{end}{after}"))
}

pub(super) fn spread(values: &[f64], digits: usize) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.as_slice() {
        [] => "-".to_owned(),
        [only] => format!("{only:.digits$}"),
        [lowest, .., highest] => {
            let middle = sorted.len() / 2;
            let median = if sorted.len().is_multiple_of(2) {
                f64::midpoint(sorted[middle - 1], sorted[middle])
            } else {
                sorted[middle]
            };
            format!("{median:.digits$} ({lowest:.digits$} to {highest:.digits$})")
        }
    }
}

/// The smallest value that at least this percentage of them does not exceed; the values are sorted.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn processor() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = about.lines().find_map(|line| {
        line.strip_prefix("model name")?
            .split_once(": ")
            .map(|(_, name)| name.to_owned())
    });
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(100));
        assert_eq!(percentile(&times, 99), Duration::from_millis(198));
        assert_eq!(percentile(&times[..1], 99), Duration::from_millis(1));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }

    #[test]
    fn the_median_stands_between_the_extremes() {
        assert_eq!(spread(&[3.0, 1.0, 2.0], 1), "2.0 (1.0 to 3.0)");
        assert_eq!(spread(&[3.0, 1.0], 1), "2.0 (1.0 to 3.0)");
        assert_eq!(spread(&[4.0], 0), "4");
    }

    #[test]
    fn what_was_measured_replaces_what_stood_in_its_place_and_nothing_else() {
        let document = "one\n<!-- measured: a -->\nold\n<!-- end -->\n<!-- measured: b -->\n<!-- end -->\ntwo\n";
        assert_eq!(
            replace(document, "b", "new\n").as_deref(),
            Some(
                "one\n<!-- measured: a -->\nold\n<!-- end -->\n<!-- measured: b -->\n\nnew\n\n<!-- end -->\ntwo\n"
            )
        );
        assert_eq!(replace(document, "c", "new\n"), None);
    }

    #[test]
    fn ratios_are_taken_within_a_round() {
        assert_eq!(ratios(&[2.0, 9.0], &[1.0, 3.0]), [2.0, 3.0]);
    }
}
