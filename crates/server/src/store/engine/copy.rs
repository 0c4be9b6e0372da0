//! Copying an SQLite database while others write to it.

use sqlx::AnyConnection;

/// Reads all of the database as it was at one moment, that of its first read, and writes it without free pages: what was
/// deleted is not in the copy. Others go on writing meanwhile. SQLite's backup interface begins anew whenever another
/// process has written, and is not to be had without unsafe code.
const COPY: &str = "VACUUM INTO $1";

impl super::Engine {
    /// Copies the SQLite database of a connection into an empty file.
    pub(in crate::store) async fn copy_sqlite(
        conn: &mut AnyConnection,
        file: &str,
    ) -> Result<(), sqlx::Error> {
        sqlx::query(COPY).bind(file).execute(conn).await?;
        Ok(())
    }
}
