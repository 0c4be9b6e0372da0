//! The server's database file, opened beside the running server: for states that no endpoint
//! makes yet, and for looking at what was kept.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Row as _};

use crate::program::Installation;

/// A connection of the tests' own.
#[derive(Debug)]
pub struct Database(SqliteConnection);

impl Database {
    /// Opens the database in the installation's data folder.
    pub async fn open(installation: &Installation) -> Self {
        let file = std::fs::read_dir(installation.folder())
            .expect("a data folder")
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .find(|path| {
                path.extension()
                    .is_some_and(|ending| ending == "db" || ending == "sqlite")
            })
            .expect("a database file in the data folder");
        let url = format!("sqlite://{}", file.display());
        let options = SqliteConnectOptions::from_str(&url)
            .expect("a path that is a URL")
            .busy_timeout(Duration::from_secs(10));
        Self(options.connect().await.expect("the database opens"))
    }

    /// Changes rows; the text is the test's own and holds its values. How many were changed.
    pub async fn execute(&mut self, sql: &str) -> u64 {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        query
            .execute(&mut self.0)
            .await
            .expect("the rows change")
            .rows_affected()
    }

    /// A single number.
    pub async fn number(&mut self, sql: &str) -> i64 {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        let row = query.fetch_one(&mut self.0).await.expect("a row");
        row.get(0)
    }

    /// A single text.
    pub async fn text(&mut self, sql: &str) -> String {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        let row = query.fetch_one(&mut self.0).await.expect("a row");
        row.get(0)
    }
}
