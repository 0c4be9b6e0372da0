//! The figures, as a table for `docs/performance.md`, with what is needed to judge them.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::load::Measured;
use crate::command::{During, Outcome};

/// What was measured of a server at one number of connections, a value a round.
pub(super) struct Row {
    server: &'static str,
    cores: usize,
    pub(super) connections: usize,
    per_second: Vec<f64>,
    median_ms: Vec<f64>,
    p99_ms: Vec<f64>,
    cpu_ms: Vec<f64>,
}

impl Row {
    pub(super) const fn new(server: &'static str, cores: usize, connections: usize) -> Self {
        Self {
            server,
            cores,
            connections,
            per_second: Vec::new(),
            median_ms: Vec::new(),
            p99_ms: Vec::new(),
            cpu_ms: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, measured: &Measured, cpu: Duration) {
        let requests = f64::from(u32::try_from(measured.latencies.len()).unwrap_or(u32::MAX));
        self.per_second
            .push(requests / measured.elapsed.as_secs_f64());
        self.median_ms
            .push(milliseconds(percentile(&measured.latencies, 50)));
        self.p99_ms
            .push(milliseconds(percentile(&measured.latencies, 99)));
        self.cpu_ms.push(milliseconds(cpu) / requests);
    }
}

/// What a server needs to start, and holds after the load, a value a round.
pub(super) struct Start {
    server: &'static str,
    cores: usize,
    first_answer_ms: Vec<f64>,
    megabytes: Vec<f64>,
}

impl Start {
    pub(super) const fn new(server: &'static str, cores: usize) -> Self {
        Self {
            server,
            cores,
            first_answer_ms: Vec::new(),
            megabytes: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, first_answer: Duration, memory: u64) {
        self.first_answer_ms.push(milliseconds(first_answer));
        let kilobytes = u32::try_from(memory / 1024).unwrap_or(u32::MAX);
        self.megabytes.push(f64::from(kilobytes) / 1024.0);
    }
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

pub(super) fn text(
    rows: &[Row],
    starts: &[Start],
    rounds: usize,
    seconds: u64,
    sync: [Duration; 2],
) -> String {
    let mut text = String::new();
    let cores = thread::available_parallelism().map_or(0, usize::from);
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "\nPOST /api/v1/sessions, {rounds} rounds of {seconds} s; median of the rounds (lowest to highest)"
    );
    let _ = writeln!(
        text,
        "{cores} cores, {}, shared by the servers and the load",
        processor()
    );
    let _ = writeln!(
        text,
        "a 4 KiB write to disk: {:.2} ms before, {:.2} ms after\n",
        milliseconds(sync[0]),
        milliseconds(sync[1])
    );
    let _ = writeln!(
        text,
        "| server | cores | connections | requests a second | p50, ms | p99, ms | CPU a request, ms | times ours |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for row in rows {
        let ours = rows
            .iter()
            .find(|ours| (ours.cores, ours.connections) == (row.cores, row.connections));
        let ratios: Vec<f64> = ours.map_or_else(Vec::new, |ours| {
            let pairs = row.cpu_ms.iter().zip(&ours.cpu_ms);
            pairs.map(|(theirs, ours)| theirs / ours).collect()
        });
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.server,
            row.cores,
            row.connections,
            spread(&row.per_second, 0),
            spread(&row.median_ms, 2),
            spread(&row.p99_ms, 2),
            spread(&row.cpu_ms, 3),
            spread(&ratios, 1)
        );
    }
    let _ = writeln!(
        text,
        "\n| server | cores | first answer after the start, ms | memory after the load, MB |\n| --- | ---: | ---: | ---: |"
    );
    for start in starts {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            start.server,
            start.cores,
            spread(&start.first_answer_ms, 0),
            spread(&start.megabytes, 0)
        );
    }
    text
}

fn spread(values: &[f64], digits: usize) -> String {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.as_slice() {
        [] => "-".to_owned(),
        [only] => format!("{only:.digits$}"),
        [lowest, .., highest] => format!(
            "{:.digits$} ({lowest:.digits$} to {highest:.digits$})",
            sorted[sorted.len() / 2]
        ),
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
        assert_eq!(spread(&[4.0], 0), "4");
    }
}
