//! What the server holds in memory: at rest, and after many creations.

use std::path::Path;
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use super::load::{Asked, Until};
use super::ours::{Ours, Programs};
use super::report::table;
use crate::command::{Outcome, step};
use crate::test::postgres::Cluster;

/// "Idle" is so long after the start.
const REST: Duration = Duration::from_secs(10);
const CONNECTIONS: usize = 32;
const CORES: usize = 2;

/// Measures at rest, and, where a number of creations is given, after as many.
pub(super) fn measure(
    programs: &Programs,
    folder: &Path,
    cluster: Option<&Rc<Cluster>>,
    creations: u64,
) -> Outcome<String> {
    let engines = [
        Some(("SQLite", None)),
        cluster.map(|cluster| ("PostgreSQL", Some(cluster))),
    ];
    let mut rows = Vec::new();
    for (engine, cluster) in engines.into_iter().flatten() {
        step(&format!("memory at rest: {engine}"));
        let ours = Ours::make(programs, folder, "memory", cluster)?;
        let subject = ours.start(CORES)?;
        thread::sleep(REST);
        rows.push(vec![
            engine.to_owned(),
            format!("{} s after the start", REST.as_secs()),
            format!("{:.1}", subject.megabytes()?),
        ]);
        if creations > 0 {
            step(&format!("memory after {creations} creations: {engine}"));
            let load = ours.load(&subject, Asked::Create);
            load.run(CONNECTIONS, Until::Count(creations))?;
            rows.push(vec![
                engine.to_owned(),
                format!("after {creations} sessions created"),
                format!("{:.1}", subject.megabytes()?),
            ]);
        }
        subject.stop()?;
    }
    Ok(table(
        &["database", "when", "resident memory, MB"],
        2,
        &rows,
    ))
}
