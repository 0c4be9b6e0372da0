//! Bringing the schema up to date, beside servers that run or before any does.

use super::CommandError;
use crate::config::{Config, Flags};
use crate::store::{ReadOnly, SchemaState, Store};

/// Applies the steps that are missing, and says which they were. The root key is not needed for it.
pub(super) async fn migrate(flags: &Flags) -> Result<String, CommandError> {
    let config = Config::load(flags)?;
    let before = state(&config).await?;
    Store::open(&config.database, &config.data)
        .await?
        .close()
        .await;
    let step = state(&config).await?.step;
    let taken: Vec<String> = before
        .missing
        .iter()
        .map(|step| format!("{} ({})", step.number, step.name))
        .collect();
    Ok(match (before.step, taken.len()) {
        (0, _) => format!("The database is new, and has the schema of step {step}."),
        (_, 0) => format!("The database had the schema of step {step} already; nothing changed."),
        (_, 1) => format!("Step {} of the schema was applied.", taken.concat()),
        _ => format!("Steps {} of the schema were applied.", taken.join(", ")),
    })
}

async fn state(config: &Config) -> Result<SchemaState, CommandError> {
    let file = ReadOnly::file(&config.database, &config.data)?;
    if file.is_some_and(|file| !file.exists()) {
        return Ok(SchemaState::default());
    }
    let mut database = ReadOnly::open(&config.database, &config.data).await?;
    let state = database.schema().await?;
    database.close().await;
    Ok(state)
}
