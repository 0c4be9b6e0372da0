//! The database: how long its commits take, how many changes share one, and who waits.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{DURATIONS, register_seconds};

/// Bounds of what shares a commit or a query.
const SHARED: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// What the store measures of itself.
#[derive(Debug, Clone)]
pub struct StoreMetrics {
    commits: Histogram,
    changes: Histogram,
    writes: Histogram,
    reader_waits: Histogram,
    query_reads: Histogram,
    memory_reads: Counter,
    refused: Counter,
}

impl Default for StoreMetrics {
    fn default() -> Self {
        let durations = || Histogram::new(DURATIONS);
        Self {
            commits: durations(),
            changes: Histogram::new(SHARED),
            writes: durations(),
            reader_waits: durations(),
            query_reads: Histogram::new(SHARED),
            memory_reads: Counter::default(),
            refused: Counter::default(),
        }
    }
}

impl StoreMetrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        register_seconds(
            registry,
            "store_commit_duration",
            "Time that a commit took: on SQLite nearly all of it is the disk",
            self.commits.clone(),
        );
        registry.register(
            "store_commit_changes",
            "Changes that shared a commit",
            self.changes.clone(),
        );
        register_seconds(
            registry,
            "store_write_duration",
            "Time from asking for a write to knowing how it ended, its place in the queue included",
            self.writes.clone(),
        );
        register_seconds(
            registry,
            "store_reader_wait_duration",
            "Time that a read waited for a connection",
            self.reader_waits.clone(),
        );
        registry.register(
            "store_query_reads",
            "Reads of single sessions that shared a query",
            self.query_reads.clone(),
        );
        registry.register(
            "store_memory_reads",
            "Reads of single sessions that were answered from memory, since nothing was changed",
            self.memory_reads.clone(),
        );
        registry.register(
            "store_writes_refused",
            "Writes that were refused because too many waited",
            self.refused.clone(),
        );
    }

    /// So many changes were made durable together, and the commit took so long.
    pub fn committed(&self, changes: usize, took: Duration) {
        self.commits.observe(took.as_secs_f64());
        self.changes.observe(float(changes));
    }

    /// A write ended, however it did.
    pub fn wrote(&self, took: Duration) {
        self.writes.observe(took.as_secs_f64());
    }

    /// A read got its connection.
    pub fn got_reader(&self, waited: Duration) {
        self.reader_waits.observe(waited.as_secs_f64());
    }

    /// So many reads of single sessions share a query.
    pub fn queried(&self, reads: usize) {
        self.query_reads.observe(float(reads));
    }

    /// A read of a single session took no query.
    pub fn read_from_memory(&self) {
        self.memory_reads.inc();
    }

    /// A write was refused, since the queue is full.
    pub fn refused(&self) {
        self.refused.inc();
    }
}

/// No batch comes near what a float cannot count.
fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}
