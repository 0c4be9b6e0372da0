//! One server at a time works on an SQLite database.

use std::fs::File;
use std::os::unix::fs::MetadataExt as _;

use super::StoreError;
use super::engine::{Address, Held, SERVER_ENDING, hold};
use crate::config::{DataConfig, DatabaseConfig};

/// A server's hold on its database, until it is dropped or the process ends. On PostgreSQL there is nothing to hold: there
/// may be several.
#[derive(Debug)]
pub struct OneServer(#[expect(dead_code, reason = "held for its drop")] Option<File>);

impl OneServer {
    /// Takes the database, whatever data folder, path or link the other server was led there by. Two of them would each
    /// let through the whole of every rate limit.
    ///
    /// # Errors
    /// Another server works on it.
    pub fn take(database: &DatabaseConfig, data: &DataConfig) -> Result<Self, StoreError> {
        let Some(file) = Address::read(database, data)?.file else {
            return Ok(Self(None));
        };
        let held = hold(&file, SERVER_ENDING, File::try_lock).map_err(|fault| match fault {
            Held::ByAnother => StoreError::Setting(format!(
                "another server works on the SQLite database {}, which is for one at a time. Stop that one first; for \
                 several servers take PostgreSQL. Nothing was changed",
                file.display()
            )),
            Held::Failed(error) => error,
        })?;
        if file.metadata().is_ok_and(|found| found.nlink() > 1) {
            tracing::warn!(
                "the database file has several names (hard links); whatever opens it by another one damages it"
            );
        }
        Ok(Self(Some(held)))
    }
}
