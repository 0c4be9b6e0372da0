//! A copy of an SQLite database in one file, made while servers work on it, and what such a file is checked for.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sqlx::{Connection as _, Row as _};

use super::StoreError;
use super::columns::statements;
use super::engine::{self, Address, Engine};
use super::read_only::ReadOnly;
use super::secrets;
use crate::config::{DataConfig, DatabaseConfig};

/// What every SQLite file begins with.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// Where the size of a page stands after that, big-endian; 1 is 65,536.
const PAGE_SIZE: usize = 16;

/// What is said of another file.
pub const NO_BACKUP: &str = "the file is not a backup of Vouchkey";

const DAMAGED: &str = "the file is damaged; take another backup";

statements! {
    SESSIONS = "SELECT COUNT(*) FROM sessions";
}

/// What is in a copy that is sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// The newest step of its schema.
    pub schema_step: i64,
    /// How many sessions.
    pub sessions: i64,
    /// The ids of the root keys that it takes to open it.
    pub root_keys: Vec<String>,
}

/// Where a database is to be put, for this process alone.
pub struct Place {
    file: PathBuf,
    _address: Address,
    _folder: File,
}

impl Place {
    /// What the names of the files end in by which databases are locked.
    pub const LOCK_ENDING: &str = engine::LOCK_ENDING;

    /// The files by which an SQLite database is locked.
    pub fn locks_of(database: &Path) -> [PathBuf; 2] {
        [engine::LOCK_ENDING, engine::SERVER_ENDING].map(|ending| engine::lock_of(database, ending))
    }

    /// Takes the place of the SQLite database, and makes the data folder if need be; none for PostgreSQL.
    ///
    /// # Errors
    /// A server or a command uses it.
    pub async fn take(
        database: &DatabaseConfig,
        data: &DataConfig,
    ) -> Result<Option<Self>, StoreError> {
        let mut address = Address::read(database, data)?;
        let Some(file) = address.file.clone() else {
            return Ok(None);
        };
        engine::make_private_folder(&data.folder)?;
        address.hold_alone()?;
        let folder = engine::lock_folder(&data.folder).await?;
        Ok(Some(Self {
            file,
            _address: address,
            _folder: folder,
        }))
    }

    /// The file that the database is to be.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

/// Copies the SQLite database into an empty file. All that was acknowledged before the call is in it.
///
/// # Errors
/// There is no database, or it cannot be read; the file cannot be written.
pub async fn copy_into(
    file: &Path,
    database: &DatabaseConfig,
    data: &DataConfig,
) -> Result<(), StoreError> {
    let path = file
        .to_str()
        .ok_or_else(|| StoreError::Setting("the file's path must be UTF-8".to_owned()))?;
    let address = Address::read(database, data)?;
    if let Some(file) = &address.file
        && !file.is_file()
    {
        return Err(StoreError::Setting(format!(
            "there is no database at {}",
            file.display()
        )));
    }
    let mut conn = address.writer().await?;
    Engine::copy_sqlite(&mut conn, path).await?;
    conn.close().await?;
    Ok(())
}

/// Whether a file is one of SQLite, by its beginning.
pub fn is_database(file: &Path) -> bool {
    // Opening a pipe would wait for who writes to it.
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return false;
    }
    let mut magic = [0; MAGIC.len()];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut magic));
    read.is_ok() && magic == MAGIC
}

/// Whether a file is a database of Vouchkey's, of whatever version, that can be read.
pub async fn is_of_vouchkey(file: &Path) -> bool {
    if !is_database(file) {
        return false;
    }
    let Ok(mut copy) = ReadOnly::open_copy(file).await else {
        return false;
    };
    let schema = copy.schema().await;
    copy.close().await;
    schema.is_ok_and(|schema| schema.step > 0 && schema.changed.is_empty())
}

/// Whether a file ends where a page does. SQLite reads zeros for what is missing of the last one, and finds no fault.
fn has_whole_pages(file: &Path) -> std::io::Result<bool> {
    let mut opened = File::open(file)?;
    let mut head = [0; PAGE_SIZE + 2];
    opened.read_exact(&mut head)?;
    let size = match u16::from_be_bytes([head[PAGE_SIZE], head[PAGE_SIZE + 1]]) {
        0 => return Ok(false),
        1 => 65_536,
        size => u64::from(size),
    };
    Ok(opened.metadata()?.len() % size == 0)
}

/// Opens a copy and reads the whole of it: that it is sound, of Vouchkey, and that this program can work on it.
///
/// # Errors
/// What is wrong with it.
pub async fn open_checked(file: &Path) -> Result<(ReadOnly, Contents), StoreError> {
    if !is_database(file) {
        return Err(refused(NO_BACKUP));
    }
    if !has_whole_pages(file).unwrap_or(false) {
        return Err(refused(DAMAGED));
    }
    let mut copy = ReadOnly::open_copy(file)
        .await
        .map_err(|_| refused(DAMAGED))?;
    // An error of reading is a fault too.
    let faults = copy.faults().await;
    if !faults.is_ok_and(|faults| faults.is_empty()) {
        return Err(refused(DAMAGED));
    }
    let schema = copy.schema().await?;
    if schema.step == 0 {
        return Err(refused(NO_BACKUP));
    }
    if schema.is_half_transferred() {
        return Err(refused(
            "a transfer into the database is not finished; run the same `vouchkey transfer` again",
        ));
    }
    if schema.oldest > schema.newest {
        return Err(StoreError::Setting(format!(
            "only programs that know the schema up to step {} can work on it. This one knows step {}: take the newer \
             program",
            schema.oldest, schema.newest
        )));
    }
    if !schema.changed.is_empty() {
        return Err(refused("the file is of a program with another schema"));
    }
    // Before all steps there is one root key, and rows do not name it.
    let is_up_to_date = schema.missing.is_empty();
    let root_keys = copy
        .read(async |conn| {
            if is_up_to_date {
                return secrets::named_root_keys(conn).await;
            }
            let rows = secrets::root_keys(conn).await?;
            Ok(rows.into_iter().map(|key| key.id).collect())
        })
        .await?;
    if root_keys.is_empty() {
        return Err(refused("the file holds no installation yet"));
    }
    let sessions = copy
        .read(async |conn| {
            let row = sqlx::query(SESSIONS).fetch_one(conn).await?;
            Ok(row.try_get(0)?)
        })
        .await?;
    let contents = Contents {
        schema_step: schema.step,
        sessions,
        root_keys,
    };
    Ok((copy, contents))
}

fn refused(what: &str) -> StoreError {
    StoreError::Setting(what.to_owned())
}
