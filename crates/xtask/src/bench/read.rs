//! What it costs to read one session, beside a server of the same libraries that answers a constant.

use std::fs;
use std::path::Path;
use std::rc::Rc;

use super::load::{Asked, Load, Until};
use super::ours::{Ours, Programs};
use super::report::{Figures, spread, table};
use super::subject::Subject;
use super::{Length, WARM_UP, most_cores};
use crate::command::{During, Outcome, call, step};
use crate::test::postgres::Cluster;

/// Sessions to read, again and again: what callers do who wait for a verdict.
const STORED: u64 = 1_000;
/// So many that each has left the server's memory before it is asked for again: requests are numbered on from one load to
/// the next.
const MORE_THAN_IS_KEPT: u64 = 100_000;
const CONNECTIONS: [usize; 2] = [1, 32];

struct Seen {
    name: &'static str,
    cores: usize,
    figures: [Figures; CONNECTIONS.len()],
}

pub(super) fn measure(
    programs: &Programs,
    folder: &Path,
    cluster: Option<&Rc<Cluster>>,
    length: Length,
) -> Outcome<String> {
    let mut ours = vec![
        ("Vouchkey", "read", None, STORED),
        (
            "Vouchkey, none read before",
            "read_anew",
            None,
            MORE_THAN_IS_KEPT,
        ),
    ];
    if cluster.is_some() {
        ours.push(("Vouchkey, PostgreSQL", "postgres_read", cluster, STORED));
    }
    let mut readers = Vec::new();
    for (name, label, cluster, stored) in ours {
        let ours = Ours::make(programs, folder, label, cluster)?;
        let ids = ours.seed(stored, stored)?;
        readers.push((name, ours, ids));
    }
    let answer = folder.join("answer.json");
    if let Some((_, ours, ids)) = readers.first() {
        let subject = ours.start(1)?;
        let body = ours.load(&subject, Asked::Read(ids.clone())).once()?;
        fs::write(&answer, body).during(answer.display())?;
        subject.stop()?;
    }
    let mut constant = call(&programs.constant);
    constant.arg(&answer);

    let mut all = Vec::new();
    let names = std::iter::once("a constant").chain(readers.iter().map(|(name, ..)| *name));
    for cores in 1..=most_cores() {
        all.extend(names.clone().map(|name| Seen {
            name,
            cores,
            figures: Default::default(),
        }));
    }
    for round in 1..=length.rounds {
        for seen in &mut all {
            step(&format!(
                "round {round}: reading from {}, {} core(s)",
                seen.name, seen.cores
            ));
            let log = folder.join("log");
            let reader = readers.iter().find(|(name, ..)| *name == seen.name);
            let (subject, load, postmaster) = if let Some((_, ours, ids)) = reader {
                let subject = ours.start(seen.cores)?;
                let load = ours.load(&subject, Asked::Read(ids.clone()));
                (subject, load, ours.postmaster())
            } else {
                let subject = Subject::start(&constant, seen.cores, &log)?;
                let load = Load {
                    address: subject.address(),
                    key: String::new(),
                    asked: Asked::Read(vec!["any".to_owned()]),
                };
                (subject, load, None)
            };
            for (connections, figures) in CONNECTIONS.into_iter().zip(&mut seen.figures) {
                load.run(connections, Until::Time(WARM_UP))?;
                subject.measure(&load, connections, length.duration, postmaster, figures)?;
            }
            subject.stop()?;
        }
    }
    Ok(text(&all))
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
            let constant = all.iter().find(|constant| constant.cores == seen.cores);
            row.extend(
                constant
                    .map(|constant| spread(&figures.throughput_over(&constant.figures[place]), 2)),
            );
            rows.push(row);
        }
    }
    table(
        &[
            "server",
            "cores",
            "connections",
            "requests a second",
            "p50, ms",
            "p99, ms",
            "CPU a request, ms",
            "CPU of PostgreSQL, ms",
            "throughput, times the constant's",
        ],
        1,
        &rows,
    )
}
