//! What a creation costs, of ours and of servers made of what npm has.

use std::path::Path;
use std::process::Command;
use std::rc::Rc;

use super::load::{Asked, Load, Until};
use super::ours::{Ours, Programs};
use super::peers::{self, Peers};
use super::report::{Figures, spread, table};
use super::subject::Subject;
use super::{Length, WARM_UP, most_cores};
use crate::command::{Outcome, step};
use crate::test::postgres::Cluster;

const CONNECTIONS: [usize; 3] = [1, 32, 64];

/// One of the servers that are compared.
struct Contestant {
    name: &'static str,
    key: String,
    /// The process of its database, if it has one.
    postmaster: Option<u32>,
    /// Starts it for a number of cores.
    command: Box<dyn Fn(usize) -> Outcome<Command>>,
}

/// What was measured of one of them on so many cores.
struct Seen {
    name: &'static str,
    cores: usize,
    figures: [Figures; CONNECTIONS.len()],
    first_answer_ms: Vec<f64>,
    memory_mb: Vec<f64>,
}

pub(super) fn measure(
    programs: &Programs,
    folder: &Path,
    cluster: Option<&Rc<Cluster>>,
    length: Length,
) -> Outcome<String> {
    let contestants = contestants(programs, folder, cluster)?;
    let mut all = Vec::new();
    for cores in 1..=most_cores() {
        all.extend(contestants.iter().map(|contestant| Seen {
            name: contestant.name,
            cores,
            figures: Default::default(),
            first_answer_ms: Vec::new(),
            memory_mb: Vec::new(),
        }));
    }
    for round in 1..=length.rounds {
        for (seen, contestant) in all.iter_mut().zip(contestants.iter().cycle()) {
            step(&format!(
                "round {round}: {}, {} core(s)",
                seen.name, seen.cores
            ));
            contestant.measure(seen, length, folder)?;
        }
    }
    Ok(text(&all))
}

fn contestants(
    programs: &Programs,
    folder: &Path,
    cluster: Option<&Rc<Cluster>>,
) -> Outcome<Vec<Contestant>> {
    step("preparing the servers");
    let mut ours = vec![
        ("Vouchkey", Ours::make(programs, folder, "shared", None)?),
        (
            "Vouchkey, a commit each",
            Ours::make(programs, folder, "each", None)?.with_a_commit_each(),
        ),
    ];
    if let Some(cluster) = cluster {
        ours.push((
            "Vouchkey, PostgreSQL",
            Ours::make(programs, folder, "postgres_shared", Some(cluster))?,
        ));
        ours.push((
            "Vouchkey, PostgreSQL, a commit each",
            Ours::make(programs, folder, "postgres_each", Some(cluster))?.with_a_commit_each(),
        ));
    }
    let ours = ours.into_iter().map(|(name, ours)| Contestant {
        name,
        key: ours.key().to_owned(),
        postmaster: ours.postmaster(),
        command: Box::new(move |_| Ok(ours.command())),
    });
    let peers = Rc::new(Peers::install()?);
    let theirs = [("Fastify, qr", "qr"), ("Fastify, qrcode", "qrcode")].map(|(name, maker)| {
        let database = folder.join(format!("{maker}.sqlite"));
        let peers = peers.clone();
        Contestant {
            name,
            key: peers::KEY.to_owned(),
            postmaster: None,
            command: Box::new(move |cores| peers.command(maker, &database, cores)),
        }
    });
    Ok(ours.chain(theirs).collect())
}

impl Contestant {
    /// Starts it, and measures with each number of connections.
    fn measure(&self, seen: &mut Seen, length: Length, folder: &Path) -> Outcome {
        let command = (self.command)(seen.cores)?;
        let subject = Subject::start(&command, seen.cores, &folder.join("log"))?;
        let load = Load {
            address: subject.address(),
            key: self.key.clone(),
            asked: Asked::Create,
        };
        load.once()?;
        seen.first_answer_ms
            .push(subject.age().as_secs_f64() * 1_000.0);
        for (connections, figures) in CONNECTIONS.into_iter().zip(&mut seen.figures) {
            load.run(connections, Until::Time(WARM_UP))?;
            subject.measure(
                &load,
                connections,
                length.duration,
                self.postmaster,
                figures,
            )?;
        }
        seen.memory_mb.push(subject.megabytes()?);
        subject.stop()
    }
}

fn text(all: &[Seen]) -> String {
    let mut rows = Vec::new();
    for seen in all {
        for (place, connections) in CONNECTIONS.iter().enumerate() {
            let figures = &seen.figures[place];
            let mut row = vec![
                seen.name.to_owned(),
                seen.cores.to_string(),
                connections.to_string(),
            ];
            row.extend(figures.cells());
            let ours = all.iter().find(|ours| ours.cores == seen.cores);
            row.extend(ours.map(|ours| spread(&figures.cpu_over(&ours.figures[place]), 1)));
            row.extend(ours.map(|ours| spread(&figures.throughput_over(&ours.figures[place]), 2)));
            rows.push(row);
        }
    }
    let first = table(
        &[
            "server",
            "cores",
            "connections",
            "requests a second",
            "p50, ms",
            "p99, ms",
            "CPU a request, ms",
            "CPU of PostgreSQL, ms",
            "CPU, times ours",
            "throughput, times ours",
        ],
        1,
        &rows,
    );
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|seen| {
            vec![
                seen.name.to_owned(),
                seen.cores.to_string(),
                spread(&seen.first_answer_ms, 0),
                spread(&seen.memory_mb, 0),
            ]
        })
        .collect();
    let second = table(
        &[
            "server",
            "cores",
            "first answer after the start, ms",
            "memory after the load, MB",
        ],
        1,
        &rows,
    );
    format!("{first}\n{second}")
}
