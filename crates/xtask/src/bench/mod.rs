//! `cargo xtask bench`: the measurements of `docs/performance.md`.
//!
//! `server` is what one request to create a session costs, at 1, 16 and 64 connections; `browser` the npm package beside
//! its peers; `scale` what many sessions a day take; `keystroke` how soon the dashboard's form says what is wrong.

mod browser;
mod keystroke;
mod load;
mod report;
mod scale;
mod subject;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use std::{fs, process};

use clap::{Args, Subcommand};

use self::load::Load;
use self::report::Row;
use self::subject::Subject;
use crate::command::{During, Outcome, step};
use crate::{server, tools};

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Time POST /api/v1/sessions over loopback, each answer after its own durable commit.
    Server(ServerBench),
    /// Time the npm package beside its peers, under Node and in Chromium, and weigh it.
    Browser,
    /// Say what so many sessions a day take, by measured costs and a simulated peak.
    Scale(scale::Scale),
    /// Time the dashboard's form from a key to the message about it.
    Keystroke,
}

#[derive(Args)]
pub(crate) struct ServerBench {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often each number of connections is measured, in turns, so that a noisy minute hits all of them alike.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

const CONNECTIONS: [usize; 3] = [1, 16, 64];
/// Fills caches and brings the database to life before anything is counted.
const WARM_UP: Duration = Duration::from_secs(1);

pub(crate) fn run(bench: &Bench) -> Outcome {
    match bench {
        Bench::Server(bench) => time_server(bench),
        Bench::Browser => browser::measure(),
        Bench::Scale(scale) => scale::run(scale),
        Bench::Keystroke => keystroke::measure(),
    }
}

fn time_server(bench: &ServerBench) -> Outcome {
    let program = server::build_release()?;
    // Not the system's temporary folder, which may live in memory, where a commit costs nothing.
    let folder = tools::target_folder()?.join(format!("xtask/bench-{}", process::id()));
    fs::create_dir_all(&folder).during(folder.display())?;
    let outcome = measure(bench, &program, &folder);
    fs::remove_dir_all(&folder).during(folder.display())?;
    println!("{}", outcome?);
    Ok(())
}

fn measure(bench: &ServerBench, program: &Path, folder: &Path) -> Outcome<String> {
    step("preparing the server");
    let sync_before = report::sync_time(folder)?;
    let data = folder.join("data");
    server::init(program, &data, "127.0.0.1:0")?;
    let key = server::create_sandbox_key(program, &data, "Benchmark")?;
    let subject = Subject::start(program, &data, &folder.join("log"))?;
    let load = Load {
        address: subject.address(),
        key,
    };

    let mut rows = CONNECTIONS.map(Row::new);
    for round in 1..=bench.rounds.max(1) {
        for row in &mut rows {
            step(&format!(
                "round {round}: {} connections for {} s",
                row.connections, bench.seconds
            ));
            load.run(row.connections, WARM_UP)?;
            let cpu_before = subject.cpu_time()?;
            let measured = load.run(row.connections, Duration::from_secs(bench.seconds.max(1)))?;
            row.add(&measured, subject.cpu_time()?.saturating_sub(cpu_before));
        }
    }
    subject.stop()?;
    Ok(report::text(
        &rows,
        bench.rounds.max(1),
        bench.seconds.max(1),
        [sync_before, report::sync_time(folder)?],
    ))
}

/// Reads the address from the line that the server prints once it accepts requests.
fn address_in(line: &str) -> Option<SocketAddr> {
    line.trim()
        .strip_prefix("listening on http://")?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_servers_line() {
        assert_eq!(
            address_in("listening on http://127.0.0.1:4321\n"),
            Some(SocketAddr::from(([127, 0, 0, 1], 4321)))
        );
        assert_eq!(address_in("something else"), None);
    }
}
