//! `cargo xtask bench scale`: what so many sessions a day take, by measured costs and a simulated peak: the figures of
//! `docs/scaling.md`.
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times and numbers here are small, and never below zero"
)]

mod simulation;

use std::fmt::Write as _;

use clap::Args;

use self::simulation::{BATCH, Peak, simulate};
use crate::command::{Failure, Outcome};

#[derive(Args)]
pub(crate) struct Scale {
    /// Sessions a day.
    #[arg(long, value_delimiter = ',', default_values_t = [1_000_000, 10_000_000, 100_000_000])]
    sessions: Vec<u32>,
    /// How many times the day's mean the peaks are.
    #[arg(long, value_delimiter = ',', default_values_t = [1.0, 5.0, 20.0])]
    peaks: Vec<f64>,
    /// Reads for each session that is created.
    #[arg(long, default_value_t = 5.0)]
    reads: f64,
    /// CPU time of a creation on a server, in ms: docs/performance.md.
    #[arg(long, default_value_t = 0.28)]
    create_ms: f64,
    /// CPU time of a read on a server, in ms.
    #[arg(long, default_value_t = 0.14)]
    read_ms: f64,
    /// What a commit takes beside its rows, in ms: the disk of the database and the way there and back.
    #[arg(long, default_value_t = 2.0)]
    commit_ms: f64,
    /// What each session adds to the time of the commit that it shares, in ms.
    #[arg(long, default_value_t = 0.1)]
    row_ms: f64,
    /// CPU time of the database for a creation, the delivery of its mail included, in ms.
    #[arg(long, default_value_t = 1.5)]
    database_create_ms: f64,
    /// CPU time of the database for a read, in ms.
    #[arg(long, default_value_t = 0.2)]
    database_read_ms: f64,
    /// Bytes that a session takes on disk, with its indexes.
    #[arg(long, default_value_t = 4_800.0)]
    session_bytes: f64,
    /// Bytes of write-ahead log for a session.
    #[arg(long, default_value_t = 6_300.0)]
    wal_bytes: f64,
    /// Cores of a server.
    #[arg(long, default_value_t = 2)]
    cores: usize,
    /// How much of the cores and of the time for commits a peak may take.
    #[arg(long, default_value_t = 0.6)]
    load: f64,
    /// Seconds of the simulated peak.
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// The same seed gives the same figures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Scale {
    fn check(&self) -> Outcome {
        let above_zero = [self.create_ms, self.commit_ms, self.row_ms, self.load];
        let is_sound = above_zero
            .iter()
            .chain(&self.peaks)
            .all(|value| *value > 0.0)
            && self.reads >= 0.0
            && self.read_ms >= 0.0
            && self.cores > 0
            && self.load <= 1.0
            && self.seconds > 0
            && self.sessions.iter().all(|sessions| *sessions > 0);
        if is_sound {
            Ok(())
        } else {
            Err(Failure(
                "costs, peaks and sessions must be above zero, --load at most 1".to_owned(),
            ))
        }
    }

    /// Servers that keep below the load at so many creations a second.
    fn servers(&self, creates: f64) -> usize {
        let cpu = creates * (self.create_ms + self.reads * self.read_ms) / 1_000.0;
        let by_cores = cpu / (self.cores as f64 * self.load);
        let batch = BATCH as f64;
        let most_commits = batch / (self.commit_ms + batch * self.row_ms) * 1_000.0;
        let by_commits = creates / (most_commits * self.load);
        (by_cores.max(by_commits).ceil() as usize).max(1)
    }

    fn row(&self, text: &mut String, sessions: u32, factor: f64) {
        let creates = f64::from(sessions) / 86_400.0 * factor;
        let servers = self.servers(creates);
        let micros = |ms: f64| (ms * 1_000.0).round() as u64;
        let seen = simulate(
            &Peak {
                creates_per_second: creates,
                reads: self.reads,
                servers,
                cores: self.cores,
                create: micros(self.create_ms),
                read: micros(self.read_ms),
                commit: micros(self.commit_ms),
                row: micros(self.row_ms),
                duration: self.seconds * 1_000_000,
            },
            self.seed,
        );
        let database_ms = self.database_create_ms + self.reads * self.database_read_ms;
        let database_cores = creates * database_ms / 1_000.0 / self.load;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {factor} | {creates:.0} | {servers} | {database_cores:.1} | {:.0} | {:.1} | {} | {:.1} | {:.1} | {} | {:.1} |",
            millions(sessions),
            seen.commits_per_second,
            seen.sessions_a_commit,
            seen.longest_queue,
            seen.median as f64 / 1_000.0,
            seen.p99 as f64 / 1_000.0,
            seen.refused,
            creates * self.wal_bytes / 1e6,
        );
    }
}

/// Prints the tables.
///
/// # Errors
/// A value with which nothing can be computed.
pub(crate) fn run(scale: &Scale) -> Outcome {
    scale.check()?;
    let mut text = String::from(
        "| million sessions a day | peak, times the mean | creations a second | servers | database cores | commits a second | sessions a commit | longest queue | p50, ms | p99, ms | refused | log, MB/s |\n\
         | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for &sessions in &scale.sessions {
        for &factor in &scale.peaks {
            scale.row(&mut text, sessions, factor);
        }
    }
    text.push_str(
        "\n| million sessions a day | disk, GB a month | log, GB a day |\n| ---: | ---: | ---: |\n",
    );
    for &sessions in &scale.sessions {
        let a_day = f64::from(sessions) / 1e9;
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.0} |",
            millions(sessions),
            a_day * 30.0 * scale.session_bytes,
            a_day * scale.wal_bytes,
        );
    }
    println!("{text}");
    Ok(())
}

fn millions(sessions: u32) -> f64 {
    f64::from(sessions) / 1e6
}
