//! The transaction of the writer. The driver has its own, whose ends on SQLite take two more turns between threads each:
//! the driver's thread waits there until it is known that its answer was heard. Here the one who began a transaction ends
//! it, or closes its connection.

use std::ops::{Deref, DerefMut};

use sqlx::AnyConnection;

use super::Engine;

/// Changes that the database keeps together or not at all. Dropped without an end, it leaves its connection in the middle
/// of them: such a connection is only good to be closed.
pub(in crate::store) struct Transaction<'c>(&'c mut AnyConnection);

impl<'c> Transaction<'c> {
    /// Begins to write.
    ///
    /// # Errors
    /// Those of the database; then nothing has begun.
    pub(in crate::store) async fn begin(
        conn: &'c mut AnyConnection,
        engine: Engine,
    ) -> Result<Self, sqlx::Error> {
        run(conn, engine.begin()).await?;
        Ok(Self(conn))
    }

    /// Makes its changes durable.
    ///
    /// # Errors
    /// Those of the database; then nobody knows whether they are.
    pub(in crate::store) async fn commit(self) -> Result<(), sqlx::Error> {
        run(self.0, "COMMIT").await
    }

    /// Undoes its changes.
    ///
    /// # Errors
    /// Those of the database.
    pub(in crate::store) async fn roll_back(self) -> Result<(), sqlx::Error> {
        run(self.0, "ROLLBACK").await
    }

    /// Marks the place to which a change is undone if it fails.
    ///
    /// # Errors
    /// Those of the database.
    pub(in crate::store) async fn savepoint(&mut self) -> Result<(), sqlx::Error> {
        run(self.0, "SAVEPOINT change").await
    }

    /// Keeps what was done since the last savepoint with what was done before it.
    ///
    /// # Errors
    /// Those of the database.
    pub(in crate::store) async fn keep(&mut self) -> Result<(), sqlx::Error> {
        run(self.0, "RELEASE SAVEPOINT change").await
    }

    /// Undoes what was done since the last savepoint.
    ///
    /// # Errors
    /// Those of the database.
    pub(in crate::store) async fn undo(&mut self) -> Result<(), sqlx::Error> {
        run(self.0, "ROLLBACK TO SAVEPOINT change").await?;
        self.keep().await
    }
}

impl Deref for Transaction<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        self.0
    }
}

impl DerefMut for Transaction<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.0
    }
}

async fn run(conn: &mut AnyConnection, sql: &'static str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(sql).execute(conn).await?;
    Ok(())
}
