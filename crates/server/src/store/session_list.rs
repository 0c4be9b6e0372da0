//! Lists of sessions, newest first (decision 18).

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, SessionId};
use vouchkey_types::session::list::{ListQuery, Start};
use vouchkey_types::session::status::SessionStatus;

use super::columns::columns_of;
use super::sessions::{SessionRow, read};
use super::{Engine, StoreError};

/// Up to here a total is counted exactly.
pub const MAX_TOTAL: i64 = 10_000;

/// A page of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionPage {
    /// The sessions, newest first.
    pub sessions: Vec<SessionRow>,
    /// Whether there are more.
    pub has_more: bool,
    /// How many match in all; None beyond [`MAX_TOTAL`].
    pub total: Option<i64>,
}

/// The page that `query` asks for, with statuses as the clock sees them at `now`.
///
/// # Errors
/// Those of the database.
pub async fn list(
    conn: &mut AnyConnection,
    engine: Engine,
    organization: OrganizationId,
    environment: Environment,
    query: &ListQuery,
    now: i64,
) -> Result<SessionPage, StoreError> {
    let texts = [&query.external_ref, &query.q];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        // PostgreSQL takes no such text, so that no row holds it.
        return Ok(SessionPage {
            sessions: Vec::new(),
            has_more: false,
            total: Some(0),
        });
    }
    let filter = |seeks| Filter::of(organization, environment, query, now, seeks);
    let mut found = filter(engine.compares_bytes());
    let total = found.count(conn).await?;
    if total > MAX_TOTAL {
        // A walk through time meets a page of so many sooner than they are sorted.
        found = filter(false);
    }
    let mut sessions = found.page(conn, &query.start, query.limit + 1).await?;
    let limit = usize::try_from(query.limit).unwrap_or_default();
    let has_more = sessions.len() > limit;
    sessions.truncate(limit);
    Ok(SessionPage {
        sessions,
        has_more,
        total: (total <= MAX_TOTAL).then_some(total),
    })
}

/// A condition and its values. The text is put together from fixed pieces only: values are always bound.
#[derive(Clone)]
struct Filter {
    condition: String,
    values: Vec<Value>,
    /// Whether beginnings are sought in the index of references.
    seeks: bool,
    /// What is counted; a column that no index holds, where SQLite would go through an index that holds all that is asked
    /// for rather than seek in two.
    counted: &'static str,
}

#[derive(Clone)]
enum Value {
    Text(String),
    Integer(i64),
}

impl Filter {
    fn of(
        organization: OrganizationId,
        environment: Environment,
        query: &ListQuery,
        now: i64,
        seeks: bool,
    ) -> Self {
        let mut filter = Self {
            condition: String::new(),
            values: Vec::new(),
            seeks: false,
            counted: "1",
        };
        let (organization, environment) = (
            filter.text(organization.to_string()),
            filter.text(environment.as_str()),
        );
        filter.condition =
            format!("organization_id = {organization} AND environment = {environment}");
        filter.status(query.status, now);
        filter.external_ref(query.external_ref.as_deref());
        filter.q(query.q.as_deref(), seeks);
        filter
    }

    /// Keeps a value and says its place.
    fn bind(&mut self, value: Value) -> String {
        self.values.push(value);
        format!("${}", self.values.len())
    }

    fn text(&mut self, value: impl Into<String>) -> String {
        self.bind(Value::Text(value.into()))
    }

    fn and(&mut self, condition: &str) {
        self.condition.push_str(" AND ");
        self.condition.push_str(condition);
    }

    fn status(&mut self, status: Option<SessionStatus>, now: i64) {
        let Some(status) = status else { return };
        let word = self.text(status.as_str());
        if status.is_open() {
            let now = self.bind(Value::Integer(now));
            self.and(&format!("status = {word} AND expires_at > {now}"));
        } else if status == SessionStatus::Expired {
            let now = self.bind(Value::Integer(now));
            self.and(&format!(
                "(status = {word} OR (status IN ('pending', 'capturing') AND expires_at <= {now}))"
            ));
        } else {
            self.and(&format!("status = {word}"));
        }
    }

    fn external_ref(&mut self, external_ref: Option<&str>) {
        if let Some(external_ref) = external_ref {
            let place = self.text(external_ref);
            self.and(&format!("external_ref = {place}"));
        }
    }

    fn q(&mut self, q: Option<&str>, seeks: bool) {
        let Some(q) = q else { return };
        let end = seeks.then(|| end_of_those_that_begin_with(q)).flatten();
        self.seeks = end.is_some();
        let begins = if let Some(end) = end {
            let (first, end) = (self.text(q), self.text(end));
            format!("(external_ref >= {first} AND external_ref < {end})")
        } else {
            // Not LIKE, which ignores case on SQLite.
            let length = self.bind(Value::Integer(
                i64::try_from(q.chars().count()).unwrap_or(i64::MAX),
            ));
            let text = self.text(q);
            format!("substr(external_ref, 1, CAST({length} AS INTEGER)) = {text}")
        };
        if SessionId::parse(q).is_some() {
            let id = self.text(q);
            self.and(&format!("(session_id = {id} OR {begins})"));
            self.counted = "row_version";
        } else {
            self.and(&begins);
        }
    }

    async fn count(&self, conn: &mut AnyConnection) -> Result<i64, StoreError> {
        let (counted, sql) = self.counting();
        Ok(counted.query(sql).fetch_one(conn).await?.try_get(0)?)
    }

    fn counting(&self) -> (Self, String) {
        let mut counted = self.clone();
        let enough = counted.bind(Value::Integer(MAX_TOTAL + 1));
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT {} FROM sessions WHERE {} LIMIT {enough}) AS counted",
            counted.counted, counted.condition
        );
        (counted, sql)
    }

    async fn page(
        &self,
        conn: &mut AnyConnection,
        start: &Start,
        rows: i64,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let (page, sql) = self.paging(start, rows);
        page.query(sql)
            .fetch_all(conn)
            .await?
            .iter()
            .map(read)
            .collect()
    }

    fn paging(&self, start: &Start, rows: i64) -> (Self, String) {
        let mut page = self.clone();
        // The sum keeps SQLite, which cannot know how few there are, from walking through all of time instead.
        let time = if page.seeks {
            "created_at + 0"
        } else {
            "created_at"
        };
        let offset = match start {
            Start::Offset(offset) => *offset,
            Start::After(cursor) => {
                let created_at = page.bind(Value::Integer(cursor.created_at_ms));
                let id = page.text(cursor.id.to_string());
                page.and(&format!("({time}, session_id) < ({created_at}, {id})"));
                0
            }
        };
        let (rows, offset) = (
            page.bind(Value::Integer(rows)),
            page.bind(Value::Integer(offset)),
        );
        let sql = format!(
            "SELECT {columns} FROM sessions WHERE {} ORDER BY {time} DESC, session_id DESC LIMIT {rows} OFFSET {offset}",
            page.condition,
            columns = columns_of!(sessions),
        );
        (page, sql)
    }

    fn query(self, sql: String) -> Query<'static, Any, AnyArguments> {
        self.values.into_iter().fold(
            sqlx::query(AssertSqlSafe(sql)),
            |query, value| match value {
                Value::Text(text) => query.bind(text),
                Value::Integer(number) => query.bind(number),
            },
        )
    }
}

/// The first text after all that begin with this one, byte by byte. None if there is none: no character comes after the
/// last one.
fn end_of_those_that_begin_with(text: &str) -> Option<String> {
    let mut chars = text.chars();
    while let Some(last) = chars.next_back() {
        // Steps over the surrogates, which are no characters.
        if let Some(next) = (last..=char::MAX).nth(1) {
            let mut end = chars.as_str().to_owned();
            end.push(next);
            return Some(end);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vouchkey_types::session::list::Cursor;

    use super::*;
    use crate::store::Store;
    use crate::store::fixtures::{NOW, creation, organization, store};

    async fn page(
        store: &Store,
        organization: OrganizationId,
        query: &ListQuery,
        now: i64,
    ) -> SessionPage {
        let engine = store.engine();
        store
            .read(async |conn| {
                list(conn, engine, organization, Environment::Live, query, now).await
            })
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

    /// With a million sessions a walk through all of them takes seconds, and there are four readers.
    #[tokio::test]
    async fn sqlite_seeks_beginnings_of_references_in_their_index() {
        let folder = tempfile::tempdir().unwrap();
        let (store, organization) = store(folder.path()).await;
        if store.engine() != Engine::Sqlite {
            return;
        }
        let cursor = Start::After(Cursor {
            created_at_ms: NOW,
            id: SessionId::from_bytes([1; 16]),
        });
        for q in ["user_", "ses_00000000000000000000000001"] {
            for status in [None, Some(SessionStatus::Pending)] {
                let query = ListQuery {
                    q: Some(q.to_owned()),
                    status,
                    ..ListQuery::default()
                };
                let filter = Filter::of(organization, Environment::Live, &query, NOW, true);
                for (filter, sql) in [
                    filter.counting(),
                    filter.paging(&Start::Offset(0), 20),
                    filter.paging(&cursor, 20),
                ] {
                    let plan = plan(&store, filter, &sql).await;
                    assert!(
                        plan.contains("external_ref>? AND external_ref<?"),
                        "{sql}: {plan}"
                    );
                }
            }
        }
    }

    async fn plan(store: &Store, filter: Filter, sql: &str) -> String {
        let explained = filter.query(format!("EXPLAIN QUERY PLAN {sql}"));
        let steps = store
            .read(async |conn| {
                let rows = explained.fetch_all(conn).await?;
                Ok(rows
                    .iter()
                    .map(|row| row.get("detail"))
                    .collect::<Vec<String>>())
            })
            .await;
        steps.unwrap().join("; ")
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
}
