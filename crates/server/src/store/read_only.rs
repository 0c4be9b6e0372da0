//! A database as it is, for commands that must change nothing: no folder, file, schema or setting is made or mended.

use std::path::{Path, PathBuf};

use sqlx::{AnyConnection, Connection as _};

use super::StoreError;
use super::engine::durability::{self, EngineSetting};
use super::engine::{Address, Engine};
use super::schema::{self, SchemaState};
use crate::config::{DataConfig, DatabaseConfig};

/// One connection, which cannot write.
pub struct ReadOnly {
    conn: AnyConnection,
    engine: Engine,
}

impl ReadOnly {
    /// Opens a database that is there, whatever state its schema is in. A running server is not disturbed.
    ///
    /// # Errors
    /// [`StoreError::Setting`] if SQLite's file is not there or the URL cannot be read; those of connecting.
    pub async fn open(database: &DatabaseConfig, data: &DataConfig) -> Result<Self, StoreError> {
        let address = Address::read(database, data)?;
        Ok(Self {
            conn: address.read_only().await?,
            engine: address.engine,
        })
    }

    /// Opens an SQLite file to which nobody writes, such as a backup.
    ///
    /// # Errors
    /// It is no database, or cannot be read.
    pub async fn open_copy(file: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            conn: Address::copy(file).await?,
            engine: Engine::Sqlite,
        })
    }

    /// The file of SQLite; none for PostgreSQL.
    ///
    /// # Errors
    /// [`StoreError::Setting`] if the URL cannot be read.
    pub fn file(
        database: &DatabaseConfig,
        data: &DataConfig,
    ) -> Result<Option<PathBuf>, StoreError> {
        Ok(Address::read(database, data)?.file)
    }

    /// Which engine runs.
    pub const fn engine(&self) -> Engine {
        self.engine
    }

    /// Reads, as [`Store::read`](super::Store::read) does.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn read<T, F>(&mut self, work: F) -> Result<T, StoreError>
    where
        F: AsyncFnOnce(&mut AnyConnection) -> Result<T, StoreError>,
    {
        work(&mut self.conn).await
    }

    /// How far the schema has come.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn schema(&mut self) -> Result<SchemaState, StoreError> {
        schema::state(&mut self.conn, self.engine).await
    }

    /// The engine's settings that durability rests on.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn settings(&mut self) -> Result<Vec<EngineSetting>, StoreError> {
        durability::settings(&mut self.conn, self.engine).await
    }

    /// The engine's name and version.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn version(&mut self) -> Result<String, StoreError> {
        durability::version(&mut self.conn, self.engine).await
    }

    /// The clock of a PostgreSQL server, Unix milliseconds.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn now_ms(&mut self) -> Result<Option<i64>, StoreError> {
        durability::now(&mut self.conn, self.engine).await
    }

    /// Faults in SQLite's file, of which all is read. None for PostgreSQL.
    ///
    /// # Errors
    /// Those of the database, such as a file that is no database at all.
    pub async fn faults(&mut self) -> Result<Vec<String>, StoreError> {
        durability::faults(&mut self.conn, self.engine).await
    }

    /// Closes the connection.
    pub async fn close(self) {
        // Nothing hangs on it: it has only read.
        let _ = self.conn.close().await;
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::fixtures::{self, NOW};
    use crate::store::{Store, organizations};

    fn data(folder: &Path) -> DataConfig {
        DataConfig {
            folder: folder.to_owned(),
        }
    }

    /// Every file of a folder with its bytes and the time of its last change; SQLite's index of its log is only memory.
    fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>, std::time::SystemTime)> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut files: Vec<_> = entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.to_string_lossy().ends_with("-shm"))
            .map(|path| {
                let changed = path.metadata().unwrap().modified().unwrap();
                (path.clone(), std::fs::read(&path).unwrap(), changed)
            })
            .collect();
        files.sort();
        files
    }

    #[tokio::test]
    async fn what_is_not_there_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let opened = ReadOnly::open(&DatabaseConfig::default(), &data(folder.path())).await;
        assert!(
            matches!(opened, Err(StoreError::Setting(reason)) if reason.contains("vouchkey.db"))
        );
        assert_eq!(contents(folder.path()), []);
    }

    #[tokio::test]
    async fn an_empty_database_stays_empty() {
        let folder = tempfile::tempdir().unwrap();
        let mut database = fixtures::database(folder.path()).await;
        if database.url.is_none() {
            let file = folder.path().join("vouchkey.db");
            std::fs::write(&file, "").unwrap();
            database.url = Some(format!("sqlite://{}", file.display()).into());
        }
        let before = contents(folder.path());
        let mut opened = ReadOnly::open(&database, &data(folder.path()))
            .await
            .unwrap();
        let state = opened.schema().await.unwrap();
        assert_eq!((state.step, state.oldest), (0, 0));
        assert_eq!(
            state.missing.last().map(|step| step.number),
            Some(state.newest)
        );
        opened.close().await;
        assert!(contents(folder.path()) == before);
    }

    #[tokio::test]
    async fn it_reads_beside_a_server_and_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = fixtures::store(folder.path()).await;
        let database = fixtures::database(folder.path()).await;
        let mut opened = ReadOnly::open(&database, &data(folder.path()))
            .await
            .unwrap();
        let found = opened
            .read(async |conn| organizations::find(conn, organization).await)
            .await
            .unwrap();
        assert_eq!(found.map(|row| row.id), Some(organization));
        let written = opened
            .read(async |conn| {
                let mut row = organizations::find(conn, organization).await?.unwrap();
                row.name = "Other".to_owned();
                organizations::update(conn, &row).await
            })
            .await;
        assert!(
            matches!(written, Err(StoreError::Unavailable(_))),
            "{written:?}"
        );
        store
            .write(fixtures::creation(organization, NOW))
            .await
            .unwrap();
        let state = opened.schema().await.unwrap();
        assert_eq!(
            (state.step, state.missing.len(), state.changed.len()),
            (state.newest, 0, 0)
        );
        assert_eq!(opened.faults().await, Ok(Vec::new()));
        // A scratch cluster may run without them.
        let fast = ["fsync", "full_page_writes", "synchronous_commit"];
        for setting in opened.settings().await.unwrap() {
            assert!(
                setting.is_right() || fast.contains(&setting.name),
                "{setting:?}"
            );
        }
        opened.close().await;
        store.close().await;
    }

    #[tokio::test]
    async fn the_log_of_a_killed_server_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let store = fixtures::open(folder.path()).await;
        if store.engine() == Engine::Postgres {
            return;
        }
        fixtures::organization(&store).await;
        // As a kill leaves them: copied while the server has them open.
        let killed = tempfile::tempdir().unwrap();
        for name in ["vouchkey.db", "vouchkey.db-wal"] {
            std::fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
        }
        store.close().await;
        for (folder, has_log) in [(&killed, true), (&folder, false)] {
            let before = contents(folder.path());
            // The database, with its log or with the file by which it is locked.
            assert_eq!(before.len(), 2);
            assert_eq!(
                before
                    .iter()
                    .any(|(path, ..)| path.ends_with("vouchkey.db-wal")),
                has_log
            );
            let database = DatabaseConfig::default();
            let mut opened = ReadOnly::open(&database, &data(folder.path()))
                .await
                .unwrap();
            let found = opened.read(async |conn| organizations::oldest(conn, 9).await);
            assert_eq!(found.await.unwrap().len(), 1);
            opened.close().await;
            assert!(contents(folder.path()) == before);
        }
        let reopened = Store::open(&DatabaseConfig::default(), &data(killed.path())).await;
        reopened.unwrap().close().await;
    }
}
