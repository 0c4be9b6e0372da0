//! Lists of sessions, on the engine that the tests run on.

use proptest::prelude::*;
use sqlx::Row as _;
use vouchkey_types::id::SessionId;
use vouchkey_types::session::list::{Cursor, Start};
use vouchkey_types::session::status::SessionStatus;

use super::filter::end_of_those_that_begin_with;
use super::*;
use crate::store::Store;
use crate::store::fixtures::{NOW, apply, creation, organization, store};

async fn page(
    store: &Store,
    organization: OrganizationId,
    query: &ListQuery,
    now: i64,
) -> SessionPage {
    let engine = store.engine();
    store
        .read(async |conn| list(conn, engine, organization, Environment::Live, query, now).await)
        .await
        .unwrap()
}

/// Sessions of the milliseconds 0, 1, 2, … with these references; two share each millisecond.
async fn filled(
    store: &Store,
    organization: OrganizationId,
    references: &[&str],
) -> Vec<SessionRow> {
    let mut rows = Vec::new();
    for (number, reference) in (0_i64..).zip(references) {
        let mut creation = creation(organization, NOW + number / 2);
        creation.session.external_ref = Some((*reference).to_owned());
        rows.push(creation.session.clone());
        store.write(creation).await.unwrap();
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.created_at, row.id)));
    rows
}

fn references(page: &SessionPage) -> Vec<&str> {
    page.sessions
        .iter()
        .filter_map(|row| row.external_ref.as_deref())
        .collect()
}

#[tokio::test]
async fn pages_by_cursor_and_by_offset_show_everything_once_newest_first() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let rows = filled(&store, organization, &["a", "b", "c", "d", "e", "f", "g"]).await;
    let mut query = ListQuery {
        limit: 3,
        ..ListQuery::default()
    };
    let (mut by_cursor, mut by_offset) = (Vec::new(), Vec::new());
    loop {
        let page = page(&store, organization, &query, NOW).await;
        assert_eq!(page.total, Some(7));
        by_cursor.extend(page.sessions);
        if !page.has_more {
            break;
        }
        let last = by_cursor.last().unwrap();
        query.start = Start::After(Cursor {
            created_at_ms: last.created_at,
            id: last.id,
        });
    }
    for offset in [0, 3, 6, 9] {
        query.start = Start::Offset(offset);
        by_offset.extend(page(&store, organization, &query, NOW).await.sessions);
    }
    assert_eq!(by_cursor, rows);
    assert_eq!(by_offset, rows);
}

#[tokio::test]
async fn q_is_a_whole_id_or_the_beginning_of_a_reference_in_its_case() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    let rows = filled(
        &store,
        organization,
        &["User_1", "user_2", "user_20", "%", "üser", "ü2"],
    )
    .await;
    let found = async |q: &str| {
        let query = ListQuery {
            q: Some(q.to_owned()),
            ..ListQuery::default()
        };
        let page = page(&store, organization, &query, NOW).await;
        let mut found: Vec<_> = references(&page)
            .into_iter()
            .map(ToOwned::to_owned)
            .collect();
        found.sort();
        found
    };
    assert_eq!(found("user_2").await, ["user_2", "user_20"]);
    assert_eq!(found("User").await, ["User_1"]);
    assert_eq!(found("%").await, ["%"]);
    assert_eq!(found("ü").await, ["ü2", "üser"]);
    assert_eq!(found("ser").await, [""; 0]);
    let id = rows[0].id.to_string();
    assert_eq!(found(&id).await, [rows[0].external_ref.clone().unwrap()]);
    assert_eq!(found(&id[..29]).await, [""; 0]);
}

#[test]
fn what_begins_with_a_text_ends_before_the_next_one() {
    for (text, end) in [
        ("user_", Some("user`")),
        ("\u{d7ff}", Some("\u{e000}")),
        ("a\u{10ffff}", Some("b")),
        ("\u{10ffff}", None),
    ] {
        assert_eq!(end_of_those_that_begin_with(text).as_deref(), end);
    }
}

/// Each of the statements by which these references are sought, with its plan.
async fn plans_of_seeking(store: &Store, organization: OrganizationId) -> Vec<(String, String)> {
    let cursor = Start::After(Cursor {
        created_at_ms: NOW,
        id: SessionId::from_bytes([1; 16]),
    });
    let seeking = Seeking::InTheIndex(store.engine());
    let mut plans = Vec::new();
    for q in ["user_", "ses_00000000000000000000000001"] {
        for status in [None, Some(SessionStatus::Pending)] {
            let query = ListQuery {
                q: Some(q.to_owned()),
                status,
                ..ListQuery::default()
            };
            let filter = Filter::of(organization, Environment::Live, &query, NOW, seeking);
            for (filter, sql) in [
                filter.counting(),
                filter.paging(&Start::Offset(0), 20),
                filter.paging(&cursor, 20),
            ] {
                plans.push((sql.clone(), plan(store, filter, &sql).await));
            }
        }
    }
    plans
}

async fn plan(store: &Store, filter: Filter, sql: &str) -> String {
    let (how, column) = match store.engine() {
        Engine::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
        Engine::Postgres => ("EXPLAIN", "QUERY PLAN"),
    };
    let explained = filter.query(format!("{how} {sql}"));
    let steps = store
        .read(async |conn| {
            let rows = explained.fetch_all(conn).await?;
            Ok(rows
                .iter()
                .map(|row| row.get(column))
                .collect::<Vec<String>>())
        })
        .await;
    steps.unwrap().join("; ")
}

/// With a million sessions a walk through all of them takes seconds, and there are few readers.
#[tokio::test]
async fn beginnings_of_references_are_sought_in_their_index() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    if store.engine() == Engine::Postgres {
        fill_and_analyze(&store, organization).await;
    }
    let sought = match store.engine() {
        Engine::Sqlite => [
            "sessions_by_external_ref",
            "external_ref>? AND external_ref<?",
        ],
        Engine::Postgres => ["sessions_by_reference", ">= '"],
    };
    for (sql, plan) in plans_of_seeking(&store, organization).await {
        assert!(
            sought.iter().all(|part| plan.contains(part)),
            "{sql}: {plan}"
        );
    }
}

#[tokio::test]
async fn expired_sessions_are_sought_in_the_index_of_statuses() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    if store.engine() == Engine::Postgres {
        // It seeks in two indexes, whatever the spelling.
        return;
    }
    let query = ListQuery {
        status: Some(SessionStatus::Expired),
        ..ListQuery::default()
    };
    let seeking = Seeking::InTheIndex(store.engine());
    let filter = Filter::of(organization, Environment::Live, &query, NOW, seeking);
    for (filter, sql) in [filter.counting(), filter.paging(&Start::Offset(0), 20)] {
        let plan = plan(&store, filter, &sql).await;
        assert!(plan.contains("sessions_by_status"), "{sql}: {plan}");
    }
}

/// Gives PostgreSQL, which plans by how many rows there are, so many that a walk through them is not the quickest.
async fn fill_and_analyze(store: &Store, organization: OrganizationId) {
    let creation = creation(organization, NOW);
    let id = creation.session.id.to_string();
    store.write(creation).await.unwrap();
    let fill = apply(move |conn| {
        Box::pin(async move {
            let keys = "INSERT INTO data_keys (organization_id, data_key_id, root_key_id, key_wrapped, created_at) \
                SELECT organization_id, 'ses_' || lpad(CAST(n AS TEXT), 26, '0'), root_key_id, key_wrapped, \
                created_at FROM data_keys, generate_series(1, 5000) AS n WHERE data_key_id = $1";
            let sessions = "INSERT INTO sessions (organization_id, session_id, environment, status, external_ref, \
                tags, created_by, created_at, updated_at, expires_at, send_email, row_version, last_sequence, \
                invitations_sent, processing_attempts, retention_status) \
                SELECT organization_id, 'ses_' || lpad(CAST(n AS TEXT), 26, '0'), environment, status, \
                'order-' || n, tags, created_by, created_at + n, updated_at, expires_at, send_email, row_version, \
                last_sequence, invitations_sent, processing_attempts, retention_status \
                FROM sessions, generate_series(1, 5000) AS n WHERE session_id = $1";
            for sql in [keys, sessions] {
                sqlx::query(sql)
                    .bind(id.as_str())
                    .execute(&mut *conn)
                    .await?;
            }
            sqlx::query("ANALYZE sessions").execute(conn).await?;
            Ok(())
        })
    });
    store.write(fill).await.unwrap();
}

#[tokio::test]
async fn statuses_are_as_the_clock_sees_them() {
    let folder = tempfile::tempdir().unwrap();
    let (store, organization) = store(folder.path()).await;
    for (status, expires_at) in [
        (SessionStatus::Pending, NOW + 1),
        (SessionStatus::Pending, NOW),
        (SessionStatus::Capturing, NOW),
        (SessionStatus::Expired, NOW + 9),
        (SessionStatus::Completed, NOW),
    ] {
        let mut creation = creation(organization, NOW - 9);
        (creation.session.status, creation.session.expires_at) = (status, expires_at);
        store.write(creation).await.unwrap();
    }
    for status in SessionStatus::ALL {
        let query = ListQuery {
            status: Some(*status),
            ..ListQuery::default()
        };
        let page = page(&store, organization, &query, NOW).await;
        assert!(
            page.sessions
                .iter()
                .all(|row| row.status_at(NOW) == *status),
            "{status}"
        );
        let expected = match status {
            SessionStatus::Pending | SessionStatus::Completed => 1,
            SessionStatus::Expired => 3,
            _ => 0,
        };
        assert_eq!(
            (page.sessions.len(), page.total),
            (expected, i64::try_from(expected).ok()),
            "{status}"
        );
    }
}

#[tokio::test]
async fn filters_go_together_and_stay_in_the_organization() {
    let folder = tempfile::tempdir().unwrap();
    let (store, owner) = store(folder.path()).await;
    let other = organization(&store).await;
    let rows = filled(&store, owner, &["a", "a", "b"]).await;
    filled(&store, other, &["a"]).await;
    let query = ListQuery {
        status: Some(SessionStatus::Pending),
        q: Some("a".to_owned()),
        external_ref: Some("a".to_owned()),
        limit: 1,
        start: Start::After(Cursor {
            created_at_ms: rows[0].created_at,
            id: rows[0].id,
        }),
    };
    let page = page(&store, owner, &query, NOW).await;
    assert_eq!(
        (references(&page), page.has_more, page.total),
        (vec!["a"], true, Some(2))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is asked, the text and its values belong together.
    #[test]
    fn every_query_is_answered(
        status in proptest::option::of(proptest::sample::select(SessionStatus::ALL)),
        q in proptest::option::of(".{1,20}"),
        external_ref in proptest::option::of(".{1,20}"),
        limit in 1_i64..=100,
        cursor in proptest::option::of((0_i64..i64::MAX, any::<[u8; 16]>())),
        offset in 0_i64..i64::MAX,
    ) {
        let start = cursor.map_or(Start::Offset(offset), |(created_at_ms, id)| {
            Start::After(Cursor { created_at_ms, id: SessionId::from_bytes(id) })
        });
        let query = ListQuery { status, q, external_ref, limit, start };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let answered = runtime.block_on(async {
            let (store, organization) = store(folder.path()).await;
            page(&store, organization, &query, NOW).await
        });
        prop_assert_eq!(answered.total, Some(0));
    }
}
