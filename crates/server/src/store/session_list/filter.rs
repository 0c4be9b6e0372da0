//! What a list asks for, as a condition with its values.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, SessionId};
use vouchkey_types::session::list::{ListQuery, Start};
use vouchkey_types::session::status::SessionStatus;

use super::MAX_TOTAL;
use crate::store::columns::columns_of;
use crate::store::sessions::{SessionRow, read};
use crate::store::{Engine, StoreError};

/// How sessions are found that may be few among many: by the beginning of their reference, or expired.
#[derive(Debug, Clone, Copy)]
pub(super) enum Seeking {
    /// In the index of what is asked for, which this engine reads in its own way.
    InTheIndex(Engine),
    /// Among all, in the order of time.
    ThroughTime,
}

/// A condition and its values. The text is put together from fixed pieces only: values are always bound.
#[derive(Clone)]
pub(super) struct Filter {
    condition: String,
    values: Vec<Value>,
    /// Whether the rows are sought in an index other than that of time.
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
    pub(super) fn of(
        organization: OrganizationId,
        environment: Environment,
        query: &ListQuery,
        now: i64,
        seeking: Seeking,
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
        let is_all_by_status = query.q.is_none() && query.external_ref.is_none();
        let in_the_index = is_all_by_status.then_some(seeking);
        filter.status(query.status, now, in_the_index);
        filter.external_ref(query.external_ref.as_deref());
        filter.q(query.q.as_deref(), seeking);
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

    /// With a way to seek the rows are sought in the index of statuses.
    fn status(&mut self, status: Option<SessionStatus>, now: i64, seeking: Option<Seeking>) {
        let Some(status) = status else { return };
        let word = self.text(status.as_str());
        if status.is_open() {
            let now = self.bind(Value::Integer(now));
            self.and(&format!("status = {word} AND expires_at > {now}"));
        } else if status == SessionStatus::Expired {
            let now = self.bind(Value::Integer(now));
            if let Some(Seeking::InTheIndex(Engine::Sqlite)) = seeking {
                // The other spelling has SQLite walk through all that there is.
                self.seeks = true;
                self.and(&format!(
                    "status IN ('pending', 'capturing', {word}) AND (status = {word} OR expires_at <= {now})"
                ));
            } else {
                self.and(&format!(
                    "(status = {word} OR (status IN ('pending', 'capturing') AND expires_at <= {now}))"
                ));
            }
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

    fn q(&mut self, q: Option<&str>, seeking: Seeking) {
        let Some(q) = q else { return };
        let range = match seeking {
            Seeking::InTheIndex(engine) => end_of_those_that_begin_with(q).zip(Some(engine)),
            Seeking::ThroughTime => None,
        };
        self.seeks |= range.is_some();
        let begins = if let Some((end, engine)) = range {
            let (first, end) = (self.text(q), self.text(end));
            let bytes = engine.comparing_bytes();
            format!("(external_ref{bytes} >= {first} AND external_ref{bytes} < {end})")
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

    pub(super) async fn count(&self, conn: &mut AnyConnection) -> Result<i64, StoreError> {
        let (counted, sql) = self.counting();
        Ok(counted.query(sql).fetch_one(conn).await?.try_get(0)?)
    }

    pub(super) fn counting(&self) -> (Self, String) {
        let mut counted = self.clone();
        let enough = counted.bind(Value::Integer(MAX_TOTAL + 1));
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT {} FROM sessions WHERE {} LIMIT {enough}) AS counted",
            counted.counted, counted.condition
        );
        (counted, sql)
    }

    pub(super) async fn page(
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

    pub(super) fn paging(&self, start: &Start, rows: i64) -> (Self, String) {
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

    pub(super) fn query(self, sql: String) -> Query<'static, Any, AnyArguments> {
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
pub(super) fn end_of_those_that_begin_with(text: &str) -> Option<String> {
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
