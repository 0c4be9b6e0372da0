//! Putting a backup into an empty data folder.

use std::fs::File;
use std::io;
use std::path::Path;

use vouchkey_types::json::Json;
use vouchkey_types::object;

use super::arguments::RestoreArguments;
use super::backup::described;
use super::draft::Draft;
use super::{CommandError, complain};
use crate::config::Config;
use crate::store::ReadOnly;
use crate::store::backup::{self, Place};
use crate::vault::Vault;

/// What may lie in a folder that counts as empty: what an operator puts there first, and what file systems leave.
const MAY_BE_THERE: [&str; 3] = ["root.key", "vouchkey.toml", "lost+found"];

/// Puts the database in its place once it has proved to be sound, of a schema that this program knows, and opened by
/// the root keys that are configured.
pub(super) async fn restore(arguments: &RestoreArguments) -> Result<String, CommandError> {
    let config = Config::load(&arguments.place.flags())?;
    let source = &arguments.file;
    let Some(target) = ReadOnly::file(&config.database, &config.data)? else {
        return Err(not_sqlite());
    };
    let is_file = std::fs::metadata(source).map(|found| found.is_file());
    if !is_file.map_err(|error| named(source, error))? {
        return Err(named(source, backup::NO_BACKUP));
    }
    let mut opened = File::open(source).map_err(|error| named(source, error))?;
    if !backup::is_database(source) {
        return Err(named(source, backup::NO_BACKUP));
    }
    if has_companion(source, "-wal") {
        return Err(named(
            source,
            "is a database that is in use, not a backup; make one with `vouchkey backup`",
        ));
    }
    // Before anything is done to a folder that may be somebody else's, and once more when it is taken.
    if config.data.folder.is_dir() {
        refuse_what_is_there(&config.data.folder, &target)?;
    }
    let Some(place) = Place::take(&config.database, &config.data).await? else {
        return Err(not_sqlite());
    };
    let target = place.file();
    refuse_what_is_there(&config.data.folder, target)?;
    let mut draft = Draft::of(target).map_err(|error| named(target, error))?;
    io::copy(&mut opened, draft.file()).map_err(|error| named(target, error))?;
    let (mut copy, contents) = backup::open_checked(draft.path())
        .await
        .map_err(|error| named(source, error))?;
    let step = contents.schema_step;
    copy.read(async |conn| Ok(Vault::prove(conn, &config.root_key, step).await))
        .await??;
    copy.close().await;
    draft
        .put_in_place(false)
        .map_err(|error| named(target, error))?;

    complain(
        "note: what was written after the backup was taken is not in it. API keys, people, sign-ins and links that were \
         ended since then are good again: end them anew. Invitations that waited then are sent when the server starts",
    );
    if arguments.json {
        let answer = object! {
            "database": target.display().to_string(),
            "sessions": contents.sessions,
            "schema_step": contents.schema_step,
            "root_keys": contents.root_keys.clone(),
        };
        return Ok(Json::from(answer).to_text());
    }
    Ok(format!(
        "Restored to {} ({}). The file is sound and the root keys open it. Start the server: vouchkey serve --data {}",
        target.display(),
        described(&contents),
        config.data.folder.display()
    ))
}

fn not_sqlite() -> CommandError {
    CommandError::Usage(
        "the database is PostgreSQL, which has its own tools for that: pg_restore and psql"
            .to_owned(),
    )
}

fn named(file: &Path, what: impl std::fmt::Display) -> CommandError {
    CommandError::Failed(format!("{}: {what}", file.display()))
}

fn refuse_what_is_there(folder: &Path, target: &Path) -> Result<(), CommandError> {
    let refused = |path: &Path| {
        let what = "is there already; a backup is restored into an empty data folder only";
        Err(named(path, what))
    };
    for entry in std::fs::read_dir(folder).map_err(|error| named(folder, error))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_ours = name.starts_with(Draft::PREFIX) || name.ends_with(Place::LOCK_ENDING);
        if !is_ours && !MAY_BE_THERE.contains(&name.as_ref()) {
            return refused(&path);
        }
    }
    // It need not be in the data folder.
    if target.symlink_metadata().is_ok()
        || has_companion(target, "-wal")
        || has_companion(target, "-journal")
    {
        return refused(target);
    }
    Ok(())
}

/// Whether SQLite has left something beside a database that belongs to it.
fn has_companion(database: &Path, ending: &str) -> bool {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    std::fs::metadata(path).is_ok_and(|file| file.len() > 0)
}
