//! How the figures grow with what is stored: `--seed`.

use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::load::{Asked, Until};
use super::ours::{Ours, Programs, free_space};
use super::report::{Figures, number, spread, table};
use super::{Length, WARM_UP};
use crate::command::{Failure, Outcome, step};
use crate::test::postgres::Cluster;

/// What a seeded session takes on disk at most, with its indexes, in bytes: 2,548 were measured with SQLite, 2,848 with
/// PostgreSQL.
const SESSION: u64 = 3_000;
/// What one takes that a round creates: some 4,800 with PostgreSQL, its e-mail included.
const CREATED: u64 = 5_000;
/// Creations a second that no engine has exceeded.
const FASTEST: u64 = 5_000;
/// Up to here an installation is made anew for each round, since a round's own sessions would soon be most of it.
const SMALL: u64 = 20_000;
/// So many sessions are created before anything else is asked for: the newest page of the list then shows sessions of the
/// same kind in each round, where it would be seeded ones in the first and created ones in those that follow.
const NEWEST: u64 = 100;
/// Sessions that are asked for, at most.
const READ: u64 = 10_000;
const CONNECTIONS: usize = 32;
const CORES: usize = 2;
const ASKED: [&str; 3] = ["read one", "list 20", "create"];

/// What was measured with so many sessions stored.
struct Stored {
    engine: &'static str,
    sessions: u64,
    installation: Option<(Ours, Vec<String>)>,
    figures: [Figures; ASKED.len()],
    bytes_each: f64,
    seeding: Duration,
    first_answer_ms: Vec<f64>,
    memory_mb: Vec<f64>,
}

/// Says what the disk must have for the largest installation of each engine, and refuses where it has not.
pub(super) fn check_disk(folder: &Path, seeds: &[u64], engines: u64, length: Length) -> Outcome {
    let seconds = (WARM_UP + length.duration).as_secs().max(1) * length.rounds as u64;
    let created = seconds * FASTEST * CREATED * seeds.len() as u64;
    let needed = (seeds.iter().sum::<u64>() * SESSION + created) * engines;
    let free = free_space(folder)?;
    let gigabytes = |bytes: u64| number(bytes / 1_000_000) / 1_000.0;
    step(&format!(
        "the sessions that are to be seeded and created take up to {:.1} GB; {:.1} GB are free",
        gigabytes(needed),
        gigabytes(free)
    ));
    if needed > free {
        return Err(Failure(format!(
            "there is not enough room in {}; give fewer to --seed",
            folder.display()
        )));
    }
    Ok(())
}

/// Measures with each of these numbers of sessions, and gives the tables.
pub(super) fn measure(
    programs: &Programs,
    folder: &Path,
    seeds: &[u64],
    cluster: Option<&Rc<Cluster>>,
    length: Length,
) -> Outcome<String> {
    let engines = [
        Some(("SQLite", None)),
        cluster.map(|cluster| ("PostgreSQL", Some(cluster))),
    ];
    let mut all = Vec::new();
    for (engine, cluster) in engines.into_iter().flatten() {
        all.extend(
            seeds
                .iter()
                .map(|sessions| (Stored::new(engine, *sessions), cluster)),
        );
    }
    for round in 1..=length.rounds {
        for (stored, cluster) in &mut all {
            step(&format!(
                "round {round}: {}, {} stored",
                stored.engine, stored.sessions
            ));
            let name = format!("stored_{}_{round}", stored.sessions);
            stored.prepare(programs, folder, &name, *cluster)?;
            stored.measure(length.duration)?;
        }
    }
    let all: Vec<Stored> = all.into_iter().map(|(stored, _)| stored).collect();
    Ok(text(&all))
}

impl Stored {
    fn new(engine: &'static str, sessions: u64) -> Self {
        Self {
            engine,
            sessions,
            installation: None,
            figures: Default::default(),
            bytes_each: 0.0,
            seeding: Duration::ZERO,
            first_answer_ms: Vec::new(),
            memory_mb: Vec::new(),
        }
    }

    fn prepare(
        &mut self,
        programs: &Programs,
        folder: &Path,
        name: &str,
        cluster: Option<&Rc<Cluster>>,
    ) -> Outcome {
        if self.installation.is_some() && self.sessions > SMALL {
            return Ok(());
        }
        let ours = Ours::make(programs, folder, name, cluster)?;
        let start = Instant::now();
        let ids = ours.seed(self.sessions, READ)?;
        self.seeding = start.elapsed();
        self.bytes_each = number(ours.disk()?) / number(self.sessions);
        self.installation = Some((ours, ids));
        Ok(())
    }

    fn measure(&mut self, duration: Duration) -> Outcome {
        let Some((ours, ids)) = &self.installation else {
            return Ok(());
        };
        ours.cool()?;
        let subject = ours.start(CORES)?;
        let read = ours.load(&subject, Asked::Read(ids.clone()));
        read.once()?;
        self.first_answer_ms
            .push(subject.age().as_secs_f64() * 1_000.0);
        let create = ours.load(&subject, Asked::Create);
        create.run(CONNECTIONS, Until::Count(NEWEST))?;
        // Each once, so that it is the server that is measured, not the disk of a machine that has just started.
        read.run(CONNECTIONS, Until::Count(ids.len() as u64))?;
        // Creations last, since their mail goes on after them.
        let loads = [read, ours.load(&subject, Asked::List), create];
        for (load, figures) in loads.iter().zip(&mut self.figures) {
            load.run(CONNECTIONS, Until::Time(WARM_UP))?;
            subject.measure(load, CONNECTIONS, duration, ours.postmaster(), figures)?;
        }
        self.memory_mb.push(subject.megabytes()?);
        subject.stop()
    }
}

fn text(all: &[Stored]) -> String {
    let mut rows = Vec::new();
    for (place, asked) in ASKED.iter().enumerate() {
        for stored in all {
            let figures = &stored.figures[place];
            let fewest = all
                .iter()
                .find(|fewest| fewest.engine == stored.engine)
                .map(|fewest| &fewest.figures[place]);
            let mut row = vec![
                stored.engine.to_owned(),
                (*asked).to_owned(),
                stored.sessions.to_string(),
            ];
            row.extend(figures.cells());
            row.push(fewest.map_or_else(String::new, |fewest| {
                spread(&figures.throughput_over(fewest), 2)
            }));
            rows.push(row);
        }
    }
    let first = table(
        &[
            "database",
            "asked",
            "stored",
            "requests a second",
            "p50, ms",
            "p99, ms",
            "CPU a request, ms",
            "CPU of PostgreSQL, ms",
            "throughput, times that of the first",
        ],
        3,
        &rows,
    );
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|stored| {
            vec![
                stored.engine.to_owned(),
                stored.sessions.to_string(),
                spread(&stored.first_answer_ms, 0),
                spread(&stored.memory_mb, 0),
                format!("{:.0}", stored.bytes_each),
                format!("{:.1}", stored.seeding.as_secs_f64()),
            ]
        })
        .collect();
    let second = table(
        &[
            "database",
            "stored",
            "first answer after the start, ms",
            "memory after the load, MB",
            "bytes a session on disk",
            "seeding, s",
        ],
        1,
        &rows,
    );
    format!("{first}\n{second}")
}
