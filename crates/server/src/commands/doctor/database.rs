//! The database: whether it can be opened and trusted.

use std::time::Duration;

use tokio::time::timeout;

use super::{Report, rows, sealed};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::{Engine, OpenWay, ReadOnly, SchemaState, StoreError};
use crate::vault::Vault;

/// How long a database may take to answer the first time.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the other looks need to know.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Whether a live key can be used.
    pub(super) has_live_key: bool,
}

pub(super) async fn look(
    report: &mut Report,
    config: &Config,
    clock: &Clock,
    is_quick: bool,
) -> Seen {
    if let Some(way) = OpenWay::of(&config.database) {
        report.warning("database", way.to_string());
    }
    let opening = ReadOnly::open(&config.database, &config.data);
    let mut database = match timeout(PATIENCE, opening).await {
        Ok(Ok(database)) => database,
        Ok(Err(error)) => {
            report.problem("database", hinted(&error));
            return Seen::default();
        }
        Err(_) => {
            report.problem(
                "database",
                "does not answer within 10 seconds; is its address right, and its firewall open?",
            );
            return Seen::default();
        }
    };
    let seen = look_inside(report, &mut database, config, clock, is_quick).await;
    database.close().await;
    seen.unwrap_or_else(|error| {
        report.problem("database", format!("cannot be read: {error}"));
        Seen::default()
    })
}

/// Why a database cannot be opened, and what to do about it.
fn hinted(error: &StoreError) -> String {
    let hint = match error {
        // It says so itself.
        StoreError::Damaged(_) => return error.to_string(),
        StoreError::Setting(_) => {
            "check VOUCHKEY_DATABASE_URL and --data; `vouchkey init --owner EMAIL` makes a new installation"
        }
        _ => "check that it runs, that VOUCHKEY_DATABASE_URL is right, and who may read it",
    };
    format!("{error}; {hint}")
}

async fn look_inside(
    report: &mut Report,
    database: &mut ReadOnly,
    config: &Config,
    clock: &Clock,
    is_quick: bool,
) -> Result<Seen, StoreError> {
    report.ok("database", database.version().await?);
    look_at_settings(report, database).await?;
    if database.engine() == Engine::Sqlite {
        look_for_faults(report, database, is_quick).await?;
    }
    let schema = database.schema().await?;
    judge_schema(report, &schema);
    if schema.step == 0 || schema.oldest > schema.newest {
        return Ok(Seen::default());
    }
    if let Some(vault) = look_at_root_key(report, database, config, schema.step).await? {
        sealed::look(report, database, &vault).await?;
    }
    rows::look_at_clock(report, database, clock.now_ms()).await?;
    let seen = rows::look_at_keys(report, database, clock.now_ms()).await?;
    rows::look_at_outbox(report, database, clock.now_ms()).await?;
    Ok(seen)
}

async fn look_at_settings(report: &mut Report, database: &mut ReadOnly) -> Result<(), StoreError> {
    let settings = database.settings().await?;
    let wrong: Vec<_> = settings
        .iter()
        .filter(|setting| !setting.is_right())
        .collect();
    for setting in &wrong {
        let (name, found, wanted) = (setting.name, &setting.found, setting.wanted);
        match name {
            // The file's own, which the server sets at its start.
            "journal_mode" => report.warning(
                "durability",
                format!("journal_mode is {found}, not {wanted}; the server sets it when it starts"),
            ),
            "pg_is_in_recovery" => report.problem(
                "durability",
                "this PostgreSQL is a standby, which cannot write; name the primary",
            ),
            _ => report.problem(
                "durability",
                format!(
                    "{name} is {found}, must be {wanted}: what was answered can be lost or damaged"
                ),
            ),
        }
    }
    if wrong.is_empty() {
        let kept = match database.engine() {
            Engine::Sqlite => "WAL, synchronous=FULL",
            Engine::Postgres => "commits wait for the disk",
        };
        report.ok("durability", kept);
    }
    Ok(())
}

async fn look_for_faults(
    report: &mut Report,
    database: &mut ReadOnly,
    is_quick: bool,
) -> Result<(), StoreError> {
    if is_quick {
        report.ok("integrity", "not looked at: --quick");
        return Ok(());
    }
    let faults = database.faults().await?;
    for fault in &faults {
        report.problem(
            "integrity",
            format!("{fault}; stop the server, keep a copy of the file, and restore a backup"),
        );
    }
    if faults.is_empty() {
        report.ok("integrity", "every page and every reference holds");
    }
    Ok(())
}

fn judge_schema(report: &mut Report, schema: &SchemaState) {
    let (step, newest) = (schema.step, schema.newest);
    if step == 0 {
        return report.problem(
            "schema",
            "the database is empty; `vouchkey init --owner EMAIL` sets it up",
        );
    }
    if schema.is_half_transferred() {
        return report.problem(
            "schema",
            "a transfer into this database is not finished; run the same `vouchkey transfer` again, which goes on where it was",
        );
    }
    if schema.oldest > newest {
        return report.problem(
            "schema",
            format!(
                "step {step}, made by a newer vouchkey, which says that step {} must be known; this program knows step {newest}: start the newer one",
                schema.oldest
            ),
        );
    }
    for changed in &schema.changed {
        report.problem(
            "schema",
            format!(
                "step {changed} was another one when the database took it, so that no server of this version starts on it; use the version that made it, or restore a backup"
            ),
        );
    }
    if let (Some(first), true) = (schema.missing.first(), schema.changed.is_empty()) {
        report.warning(
            "schema",
            format!(
                "step {step}; this program knows step {newest}: `vouchkey migrate` or the next start of the server takes the steps from {} on",
                first.number
            ),
        );
    } else if schema.changed.is_empty() {
        let whose = if step > newest {
            ", of a newer vouchkey, beside which this one can work"
        } else {
            ""
        };
        report.ok("schema", format!("step {step}{whose}"));
    }
}

async fn look_at_root_key(
    report: &mut Report,
    database: &mut ReadOnly,
    config: &Config,
    step: i64,
) -> Result<Option<Vault>, StoreError> {
    let proof = database
        .read(async |conn| Ok(Vault::prove(conn, &config.root_key, step).await))
        .await?;
    match proof {
        Ok(Some(vault)) => {
            let id = vault.active_root_key();
            report.ok("root_key", format!("{id} opens the database"));
            return Ok(Some(vault));
        }
        Ok(None) => report.warning(
            "root_key",
            "none yet; `vouchkey init --owner EMAIL` or the first start makes one",
        ),
        Err(error) => report.problem("root_key", error.to_string()),
    }
    Ok(None)
}
