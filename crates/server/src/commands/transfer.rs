//! Moving an installation to the other engine.

use std::time::{Duration, Instant};

use secrecy::SecretString;
use vouchkey_types::json::Json;
use vouchkey_types::object;

use super::arguments::TransferArguments;
use super::{CommandError, complain};
use crate::config::DatabaseConfig;
use crate::store;
use crate::store::transfer::{self, Moved, Transfer};

/// Where a URL may stand that holds a password, which others could read on the command line.
const FROM: &str = "VOUCHKEY_TRANSFER_FROM";
const TO: &str = "VOUCHKEY_TRANSFER_TO";

/// How often a table that takes long is heard of.
const NEWS: Duration = Duration::from_secs(5);

/// Copies all rows, compares both sides, and only then lets servers start on the target.
pub(super) async fn transfer(arguments: &TransferArguments) -> Result<String, CommandError> {
    let from = database("--from", arguments.from.as_ref(), FROM)?;
    let to = database("--to", arguments.to.as_ref(), TO)?;
    if transfer::are_of_one_engine(&from, &to)? {
        return Err(CommandError::Usage(
            "the source and the target (--from and --to) must be an SQLite and a PostgreSQL database. Within one engine use `vouchkey backup` and \
             `vouchkey restore` (SQLite), or pg_dump and pg_restore (PostgreSQL)"
                .to_owned(),
        ));
    }
    let transfer = Transfer::begin(&from, &to).await?;
    let is_resumed = transfer.is_resumed();
    complain(if is_resumed {
        "note: going on with the transfer that was begun"
    } else {
        "note: no server starts on the target until the transfer is done; if it is interrupted, run it again"
    });
    let mut news = News::default();
    let moved = transfer
        .run(arguments.batch, |table, rows| news.hear(table, rows))
        .await?;
    news.tell();
    complain(
        "note: root keys are not in a database: give the server of the new one the same root keys. Never again start a \
         server on the old one, whose rows are as they were",
    );
    let rows: i64 = moved.iter().map(|moved| moved.rows).sum();
    if arguments.json {
        let tables: Vec<_> = moved.iter().map(described).collect();
        let answer = object! { "rows": rows, "resumed": is_resumed, "tables": tables };
        return Ok(Json::from(answer).to_text());
    }
    Ok(format!(
        "Moved {rows} rows of {} tables, and read them all again on both sides: they are the same.",
        moved.len()
    ))
}

/// The database that a flag names, else an environment variable.
fn database(
    flag: &str,
    typed: Option<&SecretString>,
    variable: &str,
) -> Result<DatabaseConfig, CommandError> {
    let (place, url) = match (typed, std::env::var(variable)) {
        (Some(url), _) => (flag, url.clone()),
        (None, Ok(url)) if !url.is_empty() => (variable, url.into()),
        (None, _) => {
            return Err(CommandError::Usage(format!(
                "name both databases: {flag} or {variable} is missing"
            )));
        }
    };
    store::check_url(&url).map_err(|error| CommandError::Usage(format!("{place}: {error}")))?;
    Ok(DatabaseConfig {
        url: Some(url),
        ..DatabaseConfig::default()
    })
}

fn described(moved: &Moved) -> vouchkey_types::json::Object {
    object! { "table": moved.table.as_str(), "rows": moved.rows, "digest": moved.digest.as_str() }
}

/// What the operator is told meanwhile: each table when it is copied, and one that takes long now and then.
#[derive(Default)]
struct News {
    table: String,
    rows: i64,
    /// When it was last told, and up to which row.
    told: Option<(Instant, i64)>,
}

impl News {
    fn hear(&mut self, table: &str, rows: i64) {
        if self.table != table {
            self.tell();
            table.clone_into(&mut self.table);
            self.told = Some((Instant::now(), 0));
        }
        self.rows = rows;
        if self.told.is_some_and(|(at, _)| at.elapsed() > NEWS) {
            self.tell();
        }
    }

    fn tell(&mut self) {
        if self.told.is_some_and(|(_, rows)| rows != self.rows) {
            complain(&format!("{}: {} rows copied", self.table, self.rows));
            self.told = Some((Instant::now(), self.rows));
        }
    }
}
