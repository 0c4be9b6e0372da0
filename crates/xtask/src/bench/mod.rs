//! `cargo xtask bench`: the measurements of `docs/performance.md`.
//!
//! `server` is what one request to create a session costs, at 1, 32 and 64 connections; `browser` the npm package beside
//! its peers; `scale` what many sessions a day take; `keystroke` how soon the dashboard's form says what is wrong.

mod browser;
mod keystroke;
mod load;
mod peers;
mod report;
mod scale;
mod subject;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, process, thread};

use clap::{Args, Subcommand};

use self::load::Load;
use self::peers::Peers;
use self::report::{Row, Start};
use self::subject::Subject;
use crate::command::{During, Outcome, call, step};
use crate::{server, tools};

#[derive(Subcommand)]
pub(crate) enum Bench {
    /// Time POST /api/v1/sessions over loopback, of ours and of servers made of what npm has, each answer after a durable
    /// commit.
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
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often everything is measured, in turns, so that a noisy minute hits all of them alike.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// A release build to measure, by its path; one is made without it.
    #[arg(long)]
    program: Option<PathBuf>,
}

const CONNECTIONS: [usize; 3] = [1, 32, 64];
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
    let program = match &bench.program {
        Some(program) => fs::canonicalize(program).during(program.display())?,
        None => server::build_release()?,
    };
    // Not the system's temporary folder, which may live in memory, where a commit costs nothing.
    let folder = tools::target_folder()?.join(format!("xtask/bench-{}", process::id()));
    fs::create_dir_all(&folder).during(folder.display())?;
    let outcome = measure(bench, &program, &folder);
    fs::remove_dir_all(&folder).during(folder.display())?;
    println!("{}", outcome?);
    Ok(())
}

fn measure(bench: &ServerBench, program: &Path, folder: &Path) -> Outcome<String> {
    let contestants = contestants(program, folder)?;
    let sync_before = report::sync_time(folder)?;
    let most = thread::available_parallelism()
        .map_or(1, usize::from)
        .min(2);
    let (rounds, seconds) = (bench.rounds.max(1), bench.seconds.max(1));
    let mut rows = Vec::new();
    let mut starts = Vec::new();
    for cores in 1..=most {
        for contestant in &contestants {
            starts.push(Start::new(contestant.name, cores));
            rows.extend(
                CONNECTIONS.map(|connections| Row::new(contestant.name, cores, connections)),
            );
        }
    }
    for round in 1..=rounds {
        let mut rows = rows.chunks_mut(CONNECTIONS.len());
        let mut starts = starts.iter_mut();
        for cores in 1..=most {
            for contestant in &contestants {
                step(&format!(
                    "round {round}: {}, {cores} core(s)",
                    contestant.name
                ));
                if let (Some(rows), Some(start)) = (rows.next(), starts.next()) {
                    contestant.measure(cores, Duration::from_secs(seconds), folder, rows, start)?;
                }
            }
        }
    }
    let sync = [sync_before, report::sync_time(folder)?];
    Ok(report::text(&rows, &starts, rounds, seconds, sync))
}

/// One of the servers that are compared.
struct Contestant {
    name: &'static str,
    key: String,
    /// Starts it for a number of cores.
    command: Box<dyn Fn(usize) -> Outcome<Command>>,
}

fn contestants(program: &Path, folder: &Path) -> Outcome<Vec<Contestant>> {
    step("preparing the servers");
    let mut contestants = Vec::new();
    for (name, shared_commits) in [("Vouchkey", "on"), ("Vouchkey, a commit each", "off")] {
        let data = folder.join(format!("ours-{shared_commits}"));
        server::init(program, &data, "127.0.0.1:0")?;
        let key = server::create_sandbox_key(program, &data, "Benchmark")?;
        let program = program.to_owned();
        let command = move |_| {
            let mut command = call(&program);
            command
                .args(["serve", "--listen", "127.0.0.1:0", "--data"])
                .arg(&data)
                .envs([
                    ("VOUCHKEY_RATE_LIMIT_REQUESTS", "0"),
                    ("VOUCHKEY_RATE_LIMIT_CREATES", "0"),
                    ("VOUCHKEY_SHARED_COMMITS", shared_commits),
                ]);
            Ok(command)
        };
        contestants.push(Contestant {
            name,
            key,
            command: Box::new(command),
        });
    }
    let peers = std::rc::Rc::new(Peers::install()?);
    for (name, maker) in [("Fastify, qr", "qr"), ("Fastify, qrcode", "qrcode")] {
        let database = folder.join(format!("{maker}.sqlite"));
        let peers = peers.clone();
        contestants.push(Contestant {
            name,
            key: peers::KEY.to_owned(),
            command: Box::new(move |cores| peers.command(maker, &database, cores)),
        });
    }
    Ok(contestants)
}

impl Contestant {
    /// Starts it, and measures each row's number of connections.
    fn measure(
        &self,
        cores: usize,
        duration: Duration,
        folder: &Path,
        rows: &mut [Row],
        start: &mut Start,
    ) -> Outcome {
        let subject = Subject::start(&(self.command)(cores)?, cores, &folder.join("log"))?;
        let load = Load {
            address: subject.address(),
            key: self.key.clone(),
        };
        load.once()?;
        let first_answer = subject.age();
        for row in rows {
            load.run(row.connections, WARM_UP)?;
            let cpu_before = subject.cpu_time_at_rest()?;
            let measured = load.run(row.connections, duration)?;
            let cpu = subject.cpu_time_at_rest()?.saturating_sub(cpu_before);
            row.add(&measured, cpu);
        }
        start.add(first_answer, subject.memory()?);
        subject.stop()
    }
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
