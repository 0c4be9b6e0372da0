//! A backup: a copy of the database in one file, made while servers run.

use std::path::Path;

use vouchkey_types::date;
use vouchkey_types::json::Json;
use vouchkey_types::object;

use super::arguments::BackupArguments;
use super::draft::Draft;
use super::{CommandError, complain};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::ReadOnly;
use crate::store::backup::{self, Contents, Place};

/// Makes the file and reads it back.
pub(super) async fn back_up(arguments: &BackupArguments) -> Result<String, CommandError> {
    let config = Config::load(&arguments.place.flags())?;
    if ReadOnly::file(&config.database, &config.data)?.is_none() {
        return Err(CommandError::Usage(
            "the database is PostgreSQL, which has its own tool for backups: pg_dump".to_owned(),
        ));
    }
    let target = &arguments.file;
    let named =
        |error: std::io::Error| CommandError::Failed(format!("{}: {error}", target.display()));
    if target.symlink_metadata().is_ok() {
        refuse_to_replace(target, arguments.overwrite).await?;
    }
    let draft = Draft::of(target).map_err(named)?;
    let taken_at = date::format_utc(Clock::system().now_ms());
    backup::copy_into(draft.path(), &config.database, &config.data).await?;
    let (copy, contents) = backup::open_checked(draft.path())
        .await
        .map_err(|error| CommandError::Failed(format!("the backup was not kept: {error}")))?;
    copy.close().await;
    let bytes = draft.length().map_err(named)?;
    draft.put_in_place(arguments.overwrite).map_err(named)?;

    complain(&format!(
        "note: no root key is in the file, and what is sealed in it can be read only with {}. Keep that too, apart from \
         the file",
        contents.root_keys.join(" and ")
    ));
    if arguments.json {
        let answer = object! {
            "file": target.display().to_string(),
            "taken_at": taken_at,
            "bytes": bytes,
            "sessions": contents.sessions,
            "schema_step": contents.schema_step,
            "root_keys": contents.root_keys.clone(),
        };
        return Ok(Json::from(answer).to_text());
    }
    Ok(format!(
        "Backed up to {}, as of {taken_at}: {}, {bytes} bytes. The file was read back and is sound.",
        target.display(),
        described(&contents)
    ))
}

/// Refuses what must not give way to a backup: what is no database of Vouchkey's, such as a root key, and a database that
/// is somebody's, whose server would go on writing to a file without a name.
async fn refuse_to_replace(target: &Path, overwrite: bool) -> Result<(), CommandError> {
    let refused = |why| {
        let shown = target.display();
        Err(CommandError::Failed(format!("{shown} is {why}")))
    };
    if !overwrite {
        return refused("there already; name another file, or replace it with --overwrite");
    }
    let beside = |ending: &str| {
        let mut path = target.as_os_str().to_owned();
        path.push(ending);
        Path::new(&path).symlink_metadata().is_ok()
    };
    if beside(Place::LOCK_ENDING) || beside("-wal") {
        return refused("a database that servers use, and not a backup; name another file");
    }
    // A file that is empty was made to keep the name.
    let is_empty = std::fs::metadata(target).is_ok_and(|there| there.is_file() && there.len() == 0);
    if !is_empty && !backup::is_of_vouchkey(target).await {
        return refused("not a backup, and stays as it is; name another file");
    }
    Ok(())
}

/// What is in it, for people.
pub(super) fn described(contents: &Contents) -> String {
    let Contents {
        sessions,
        schema_step,
        ..
    } = contents;
    format!("sessions: {sessions}, schema: step {schema_step}")
}
