//! `cargo xtask bench server`: its parts, and where their figures go.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::rc::Rc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::ours::Programs;
use super::{Length, create, memory, read, report, stored};
use crate::command::{During, Outcome, call, cargo_words, output, run as run_command, step};
use crate::test::postgres::Cluster;
use crate::tools;

#[derive(Args)]
pub(crate) struct ServerBench {
    /// How long each measurement takes.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often everything is measured, in turns, so that a noisy minute hits all of them alike.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// What is measured.
    #[arg(long, value_delimiter = ',', default_values_t = [Part::Create, Part::Read, Part::Memory])]
    part: Vec<Part>,
    /// Measure ours with so many sessions stored, too; several numbers with commas. Each takes some 3 KB of disk a
    /// session.
    #[arg(long, value_delimiter = ',')]
    seed: Vec<u64>,
    /// Create so many sessions before the memory is looked at again.
    #[arg(long, default_value_t = 0)]
    creations: u64,
    /// Measure ours on PostgreSQL as well, in a cluster that this makes.
    #[arg(long)]
    postgres: bool,
    /// Take the programs that were built before.
    #[arg(long)]
    no_build: bool,
    /// Put the tables into docs/performance.md, too.
    #[arg(long)]
    write: bool,
}

/// A part of the measurement.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Creating sessions, beside servers made of what npm has.
    Create,
    /// Reading one, beside a server that answers a constant.
    Read,
    /// What the server holds in memory.
    Memory,
    /// Nothing but what `--seed` asks for.
    Stored,
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::Memory => "memory",
            Self::Stored => "stored",
        })
    }
}

/// Where the figures are shown.
const DOCUMENT: &str = "docs/performance.md";

pub(super) fn run(bench: &ServerBench) -> Outcome {
    // Not the system's temporary folder, which may live in memory, where a commit costs nothing.
    let folder = tools::target_folder()?.join(format!("xtask/bench-{}", process::id()));
    fs::create_dir_all(&folder).during(folder.display())?;
    let outcome = measure(bench, &folder);
    let removed = fs::remove_dir_all(&folder).during(folder.display());
    outcome.and(removed)
}

fn measure(bench: &ServerBench, folder: &Path) -> Outcome {
    let length = Length {
        rounds: bench.rounds.max(1),
        duration: Duration::from_secs(bench.seconds.max(1)),
    };
    stored::check_disk(folder, &bench.seed, 1 + u64::from(bench.postgres), length)?;
    let programs = if bench.no_build { built()? } else { build()? };
    let mut others = Vec::new();
    let cluster = if bench.postgres {
        let cluster = Rc::new(Cluster::durable(folder)?);
        let version = cluster.ask("postgres", "SHOW server_version")?;
        others.push(format!(", PostgreSQL {}", version.trim()));
        Some(cluster)
    } else {
        None
    };
    let cluster = cluster.as_ref();
    let has = |part| bench.part.contains(&part);
    if has(Part::Create) {
        let node = output(call("node").arg("--version"))?;
        let others = [&others[..], &[format!(", Node {}", node.trim())]].concat();
        show(bench, folder, Some(length), &others, "create", || {
            create::measure(&programs, folder, cluster, length)
        })?;
    }
    if has(Part::Read) {
        show(bench, folder, Some(length), &others, "read", || {
            read::measure(&programs, folder, cluster, length)
        })?;
    }
    if !bench.seed.is_empty() {
        show(bench, folder, Some(length), &others, "stored", || {
            stored::measure(&programs, folder, &bench.seed, cluster, length)
        })?;
    }
    if has(Part::Memory) {
        show(bench, folder, None, &others, "memory", || {
            memory::measure(&programs, folder, cluster, bench.creations)
        })?;
    }
    Ok(())
}

/// Measures a part, and shows the figures with what is needed to judge them.
fn show(
    bench: &ServerBench,
    folder: &Path,
    length: Option<Length>,
    others: &[String],
    name: &str,
    measure: impl FnOnce() -> Outcome<String>,
) -> Outcome {
    let sync_before = report::sync_time(folder)?;
    let tables = measure()?;
    let sync = [sync_before, report::sync_time(folder)?];
    let text = format!("{}\n{tables}", report::about(length, sync, others)?);
    println!("{text}");
    if bench.write {
        report::put(Path::new(DOCUMENT), name, text.trim_end())?;
    }
    Ok(())
}

/// Brings the programs up to date.
pub(super) fn build() -> Outcome<Programs> {
    step(
        "building the server, and what fills its database, for release (the first time takes some minutes)",
    );
    run_command(&mut cargo_words(
        "build --locked --release --package vouchkey-server --package vouchkey-bench",
    ))?;
    built()
}

/// The programs, as they were built before.
pub(super) fn built() -> Outcome<Programs> {
    let folder: PathBuf = tools::target_folder()?.join("release");
    Ok(Programs {
        server: folder.join("vouchkey"),
        seed: folder.join("seed"),
        constant: folder.join("constant"),
    })
}
