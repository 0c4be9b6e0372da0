//! The schema as the engine knows it: the organization leads every key, every unique index and every reference, which is
//! what lets the tables be distributed over several databases. A table that comes later is held to it as well.

use std::collections::BTreeMap;

use sqlx::{AssertSqlSafe, Row as _};

use super::fixtures::open;
use super::{Engine, Store};

/// Tables that belong to no organization: of the server, and small.
const OF_THE_SERVER: [&str; 6] = [
    "_sqlx_migrations",
    "retired_root_keys",
    "root_keys",
    "schema_floor",
    "server_secrets",
    // By the address that was tried, whether anybody has it or not.
    "sign_in_failures",
];

/// Keys by which the organization is found, so that it cannot lead them.
const LEADING_TO_THE_ORGANIZATION: [(&str, &str); 7] = [
    ("api_keys", "api_key_id"),
    ("api_keys", "key_hash"),
    ("capture_links", "link_id"),
    ("sign_in_links", "link_hash"),
    ("sign_ins", "token_hash"),
    ("users", "email"),
    ("users", "user_id"),
];

/// References without the organization: to a table of the server, and between those above.
const REFERENCES: [(&str, &str); 4] = [
    ("data_keys", "root_key_id"),
    ("server_secrets", "root_key_id"),
    ("sign_in_links", "user_id"),
    ("sign_ins", "user_id"),
];

/// Each answers with table, name and column, in the order of the columns.
const SQLITE: [&str; 4] = [
    "SELECT m.name, '', '' FROM sqlite_master m WHERE m.type = 'table'",
    "SELECT m.name, '', c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'",
    "SELECT m.name, i.name, c.name FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c \
     WHERE m.type = 'table' AND i.\"unique\" = 1 ORDER BY 1, 2, c.seqno",
    "SELECT m.name, CAST(f.id AS TEXT), f.\"from\" FROM sqlite_master m, pragma_foreign_key_list(m.name) f \
     WHERE m.type = 'table' ORDER BY 1, 2, f.seq",
];
const POSTGRES: [&str; 4] = [
    "SELECT CAST(relname AS TEXT), '', '' FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
    "SELECT CAST(table_name AS TEXT), '', CAST(column_name AS TEXT) FROM information_schema.columns \
     WHERE table_schema = 'public'",
    "SELECT CAST(t.relname AS TEXT), CAST(i.indexrelid AS TEXT), CAST(a.attname AS TEXT) FROM pg_index i \
     JOIN pg_class t ON t.oid = i.indrelid, unnest(i.indkey) WITH ORDINALITY AS k (attnum, place), pg_attribute a \
     WHERE t.relnamespace = 'public'::regnamespace AND i.indisunique AND a.attrelid = t.oid AND a.attnum = k.attnum \
     ORDER BY 1, 2, k.place",
    "SELECT CAST(t.relname AS TEXT), CAST(f.conname AS TEXT), CAST(a.attname AS TEXT) FROM pg_constraint f \
     JOIN pg_class t ON t.oid = f.conrelid, unnest(f.conkey) WITH ORDINALITY AS k (attnum, place), pg_attribute a \
     WHERE t.relnamespace = 'public'::regnamespace AND f.contype = 'f' AND a.attrelid = t.oid AND a.attnum = k.attnum \
     ORDER BY 1, 2, k.place",
];

/// The columns of each table, key or reference, by table and name.
type Columns = BTreeMap<(String, String), Vec<String>>;

async fn columns(store: &Store, sql: &'static str) -> Columns {
    let rows = store
        .read(async |conn| Ok(sqlx::query(AssertSqlSafe(sql)).fetch_all(conn).await?))
        .await
        .unwrap();
    let mut columns = Columns::new();
    for row in rows {
        let [table, name, column] = [0, 1, 2].map(|place| row.get::<String, _>(place));
        columns.entry((table, name)).or_default().push(column);
    }
    columns
}

/// What in a schema is not as it must be.
async fn mistakes(store: &Store) -> Vec<String> {
    let texts = match store.engine() {
        Engine::Sqlite => SQLITE,
        Engine::Postgres => POSTGRES,
    };
    let tables = columns(store, texts[0]).await;
    let all_columns = columns(store, texts[1]).await;
    let uniques = columns(store, texts[2]).await;
    let references = columns(store, texts[3]).await;
    assert!(tables.len() >= 18, "{tables:?}");
    assert!(uniques.len() >= 20 && references.len() >= 12);

    let is_of_the_server = |table: &str| OF_THE_SERVER.contains(&table);
    let is_excepted = |list: &[(&str, &str)], table: &str, columns: &[String]| {
        columns.len() == 1 && list.contains(&(table, columns[0].as_str()))
    };
    let mut mistakes = Vec::new();
    for (table, _) in tables.keys().filter(|(table, _)| !is_of_the_server(table)) {
        let columns = &all_columns[&(table.clone(), String::new())];
        if !columns.iter().any(|column| column == "organization_id") {
            mistakes.push(format!("{table} has no organization_id"));
        }
        if !uniques.keys().any(|(of, _)| of == table) {
            mistakes.push(format!("{table} has no key"));
        }
    }
    for ((table, _), columns) in &uniques {
        let is_excepted = is_excepted(&LEADING_TO_THE_ORGANIZATION, table, columns);
        if !is_of_the_server(table) && !is_excepted && columns[0] != "organization_id" {
            mistakes.push(format!("the key {columns:?} of {table}"));
        }
    }
    for ((table, _), columns) in &references {
        let is_excepted = is_excepted(&REFERENCES, table, columns);
        if !is_excepted && !columns.iter().any(|column| column == "organization_id") {
            mistakes.push(format!("the reference {columns:?} of {table}"));
        }
    }
    mistakes
}

#[tokio::test]
async fn the_organization_leads_every_key_and_reference() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    assert_eq!(mistakes(&store).await, [""; 0]);
}

#[tokio::test]
async fn a_table_that_leaves_the_organization_out_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let sql = "CREATE TABLE careless (id TEXT NOT NULL, organization_id TEXT NOT NULL, user_id TEXT, \
        CONSTRAINT careless_pk PRIMARY KEY (id), \
        CONSTRAINT careless_fk FOREIGN KEY (user_id) REFERENCES users (user_id)); \
        CREATE TABLE keyless (id TEXT); \
        CREATE UNIQUE INDEX sessions_ref_once ON sessions (external_ref, organization_id)";
    store
        .write(super::fixtures::apply(move |conn| {
            Box::pin(async move {
                sqlx::raw_sql(sql).execute(conn).await?;
                Ok(())
            })
        }))
        .await
        .unwrap();
    let mut found = mistakes(&store).await;
    found.sort();
    assert_eq!(
        found,
        [
            "keyless has no key",
            "keyless has no organization_id",
            r#"the key ["external_ref", "organization_id"] of sessions"#,
            r#"the key ["id"] of careless"#,
            r#"the reference ["user_id"] of careless"#,
        ]
    );
}
