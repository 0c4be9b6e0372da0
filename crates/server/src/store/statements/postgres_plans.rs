//! How PostgreSQL plans the statements: through an index each, whatever it knows of the tables.

use sqlx::{AnyConnection, AssertSqlSafe, Row as _};

use super::{LARGE, SMALL, STATEMENTS, WALKS};
use crate::store::engine::Statistics;
use crate::store::fixtures::{NOW, keyed_creation, store};
use crate::store::{
    Engine, Store, StoreError, fixtures, idempotency, outbox, shown_session, upkeep,
};

/// The plan of a statement for whatever values, as the server keeps it.
async fn plan(conn: &mut AnyConnection, sql: &str) -> Result<Vec<String>, sqlx::Error> {
    let prepare = AssertSqlSafe(format!(
        "SET plan_cache_mode = force_generic_plan; PREPARE looked_at AS {sql}"
    ));
    sqlx::raw_sql(prepare).execute(&mut *conn).await?;
    let places = "SELECT CAST(cardinality(parameter_types) AS BIGINT) FROM pg_prepared_statements \
                  WHERE name = 'looked_at'";
    let row = sqlx::query(places).fetch_one(&mut *conn).await?;
    let places = usize::try_from(row.try_get::<i64, _>(0)?).unwrap_or_default();
    let values = match places {
        0 => String::new(),
        _ => format!("({})", vec!["NULL"; places].join(", ")),
    };
    let explain = AssertSqlSafe(format!("EXPLAIN EXECUTE looked_at{values}"));
    let mut lines = Vec::new();
    for row in sqlx::raw_sql(explain).fetch_all(&mut *conn).await? {
        lines.push(row.try_get(0)?);
    }
    sqlx::raw_sql("DEALLOCATE looked_at").execute(conn).await?;
    Ok(lines)
}

/// The steps of a plan that go through all of a large table.
fn walks(plan: &[String]) -> Vec<&str> {
    let steps = plan.iter().zip(plan.iter().skip(1).map(Some).chain([None]));
    steps
        .filter(|(step, next)| {
            let of = |words: &str| {
                let (_, rest) = step.split_once(words)?;
                rest.split(' ').next()
            };
            let is_large = of(" on ").is_some_and(|table| LARGE.contains(&table));
            let is_small = of(" using ").is_some_and(|index| SMALL.contains(&index));
            let seeks = next.is_some_and(|next| next.trim_start().starts_with("Index Cond:"));
            let is_scan = step.contains("Seq Scan on") || (step.contains(" using ") && !seeks);
            is_large && is_scan && !is_small
        })
        .map(|(step, _)| step.as_str())
        .collect()
}

async fn slow(store: &Store) -> Vec<String> {
    let engine = store.engine();
    let mut all: Vec<(String, &str)> = Vec::new();
    for (file, statements) in STATEMENTS {
        let statements = statements
            .iter()
            .filter(|(name, sql)| !WALKS.contains(&(file, name)) && !sql.contains("schema_floor"));
        all.extend(statements.map(|(name, sql)| (format!("{file}::{name}"), *sql)));
    }
    for (name, picking) in [
        ("LEASES", &outbox::LEASES),
        ("RELEASES", &outbox::RELEASES),
        ("PURGES", &idempotency::PURGES),
        ("EXPIRES", &upkeep::EXPIRES),
        ("HURRIES", &upkeep::HURRIES),
    ] {
        all.push((name.to_owned(), picking.text(engine)));
    }
    let shown = shown_session::FINDS.all(engine);
    all.extend(shown.map(|sql| ("shown sessions".to_owned(), sql)));
    let mut slow = Vec::new();
    for (name, sql) in all {
        let plan: Result<_, StoreError> = store.read(async |conn| Ok(plan(conn, sql).await?)).await;
        let plan = plan.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!plan.is_empty(), "{name}");
        slow.extend(
            walks(&plan)
                .into_iter()
                .map(|step| format!("{name}: {step}")),
        );
    }
    slow
}

#[tokio::test]
async fn every_statement_seeks_though_the_tables_are_small() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    if store.engine() != Engine::Postgres {
        return;
    }
    let mut creations = tokio::task::JoinSet::new();
    for number in 0..300 {
        let mut creation = keyed_creation(organization, NOW, 1, 1);
        if let Some(record) = &mut creation.idempotency {
            record.scope.namespace = format!("key_{number}");
        }
        let store = store.clone();
        creations.spawn(async move { store.write(creation).await });
    }
    for created in creations.join_all().await {
        created.unwrap();
    }
    // As they stand most of the time: there is nothing that nobody has tried yet.
    let sent = "UPDATE outbox SET state = 'sent', attempts = 1";
    let sent = fixtures::apply(move |conn| {
        Box::pin(async move { Ok(sqlx::query(sent).execute(conn).await.map(drop)?) })
    });
    store.write(sent).await.unwrap();
    store
        .read(async |conn| Ok(Statistics::refresh(conn).await?))
        .await
        .unwrap();
    assert_eq!(slow(&store).await, [""; 0]);
}

#[test]
fn steps_that_walk_are_told_from_those_that_seek() {
    let plan = [
        "Nested Loop  (cost=3.29..365.31 rows=64 width=415)",
        "  ->  Seq Scan on data_keys k  (cost=0.00..226.64 rows=6564 width=164)",
        "  ->  Seq Scan on workflows  (cost=0.00..226.64 rows=6564 width=164)",
        "  ->  Index Scan using outbox_due on outbox  (cost=0.28..0.92 rows=1 width=274)",
        "        Filter: (attempts = 0)",
        "  ->  Index Scan using sessions_pk on sessions s  (cost=0.28..0.92 rows=1 width=274)",
        "        Index Cond: (session_id = k.data_key_id)",
        "  ->  Index Scan using capture_links_one_live on capture_links l  (cost=0.27..8.29 rows=1 width=104)",
    ]
    .map(str::to_owned);
    assert_eq!(walks(&plan), [plan[1].as_str(), plan[7].as_str()]);
}
