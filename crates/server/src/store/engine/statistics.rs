//! What PostgreSQL knows of how large the tables are. It looks at most once a minute, and until then plans for tables that
//! are empty: among indexes of nothing it took one that each check of a reference walked through from end to end, and a
//! thousand sessions that were created at once cost five times as much as later ones.

use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Row as _};

use super::Engine;

/// Changes of this process after which it is looked at first; from then on each time there are twice as many.
const FIRST_LOOK: usize = 256;

/// The tables that grow with the sessions, if they are more than four times as large as PostgreSQL knows.
const GROWN: &str = "SELECT CAST(relname AS TEXT) FROM pg_class \
     WHERE relnamespace = CAST(CAST(current_schema() AS TEXT) AS regnamespace) \
     AND relname IN ('capture_links', 'data_keys', 'idempotency_keys', 'mailbox_messages', 'outbox', 'session_events', \
         'sessions') \
     AND pg_relation_size(oid) > 4 * CAST(relpages AS BIGINT) * CAST(current_setting('block_size') AS BIGINT)";

/// Tells PostgreSQL when tables have grown. Nothing is to be told to SQLite, whose plans do not depend on it.
pub(in crate::store) struct Statistics {
    /// PostgreSQL's alone.
    readers: Option<AnyPool>,
    changes: usize,
    next_look: usize,
}

impl Statistics {
    /// Of a process that has changed nothing yet.
    pub(in crate::store) fn new(engine: Engine, readers: &AnyPool) -> Self {
        Self {
            readers: (engine == Engine::Postgres).then(|| readers.clone()),
            changes: 0,
            next_look: FIRST_LOOK,
        }
    }

    /// Counts changes, and has somebody else look when there were enough: no change waits for that.
    pub(in crate::store) fn after(&mut self, changes: usize) {
        let Some(readers) = &self.readers else {
            return;
        };
        self.changes += changes;
        if self.changes < self.next_look {
            return;
        }
        self.next_look = self.changes * 2;
        let readers = readers.clone();
        tokio::spawn(async move {
            let looked = async { Self::refresh(&mut *readers.acquire().await?).await };
            if let Err(error) = looked.await {
                tracing::info!(%error, "PostgreSQL could not be told how large its tables are; it finds out by itself");
            }
        });
    }

    /// Has PostgreSQL count what has grown, and plan anew. It looks at fewer rows than it does by itself, which is enough
    /// to tell what there is one of and what is mostly empty.
    pub(in crate::store) async fn refresh(conn: &mut AnyConnection) -> Result<(), sqlx::Error> {
        sqlx::raw_sql("SET default_statistics_target = 10")
            .execute(&mut *conn)
            .await?;
        for row in sqlx::query(GROWN).fetch_all(&mut *conn).await? {
            let table: String = row.try_get(0)?;
            sqlx::raw_sql(AssertSqlSafe(format!("ANALYZE {table}")))
                .execute(&mut *conn)
                .await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixtures::{NOW, creation, store};

    #[tokio::test]
    async fn postgres_hears_of_sessions_as_they_come() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        if store.engine() != Engine::Postgres {
            return;
        }
        let mut creations = tokio::task::JoinSet::new();
        for _ in 0..FIRST_LOOK {
            let store = store.clone();
            creations.spawn(async move { store.write(creation(organization, NOW)).await });
        }
        for created in creations.join_all().await {
            created.unwrap();
        }
        let known = async |conn: &mut AnyConnection| {
            let known = "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = CAST('sessions' AS regclass)";
            Ok(sqlx::query(known)
                .fetch_one(conn)
                .await?
                .try_get::<i64, _>(0)?)
        };
        while store.read(known).await.unwrap() < 1 {
            tokio::task::yield_now().await;
        }
    }
}
