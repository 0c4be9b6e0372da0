//! `vouchkey migrate`: the schema alone, so that an upgrade can be done step by step.

use vouchkey_types::json::Json;
use vouchkey_types::object;

use super::CommandError;
use super::arguments::MigrateArguments;
use crate::config::Config;
use crate::store::{Migration, Store};

/// Brings the schema up to date and says what was done. The root key is not needed.
pub(super) async fn migrate(arguments: &MigrateArguments) -> Result<String, CommandError> {
    let config = Config::load(&arguments.place.flags())?;
    let migration = Store::migrate(&config.database, &config.data).await?;
    Ok(if arguments.json {
        to_json(&migration).to_text()
    } else {
        to_text(&migration)
    })
}

fn to_text(migration: &Migration) -> String {
    if migration.taken.is_empty() {
        return format!(
            "The schema was up to date, at step {}; nothing was changed.",
            migration.to
        );
    }
    let mut lines: Vec<_> = migration
        .taken
        .iter()
        .map(|step| format!("step {}: {}", step.number, step.name))
        .collect();
    lines.push(match migration.from {
        0 => format!(
            "The database was empty; its schema is at step {}.",
            migration.to
        ),
        from => format!(
            "The schema was at step {from}, and is at step {} now.",
            migration.to
        ),
    });
    lines.join("\n")
}

fn to_json(migration: &Migration) -> Json {
    let taken = migration
        .taken
        .iter()
        .map(|step| Json::from(object! { "step": step.number, "name": step.name.as_str() }));
    Json::from(object! {
        "from": migration.from,
        "to": migration.to,
        "taken": Json::Array(taken.collect()),
    })
}
