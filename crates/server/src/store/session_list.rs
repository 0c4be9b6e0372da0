//! Lists of sessions, newest first (decision 18).

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe, Row};
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{OrganizationId, SessionId};
use vouchkey_types::session::list::{ListQuery, Start};
use vouchkey_types::session::status::SessionStatus;

use super::StoreError;
use super::sessions::{SessionRow, read};

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
    organization: OrganizationId,
    environment: Environment,
    query: &ListQuery,
    now: i64,
) -> Result<SessionPage, StoreError> {
    let mut filter = Filter::new(organization, environment);
    filter.status(query.status, now);
    filter.external_ref(query.external_ref.as_deref());
    filter.q(query.q.as_deref());
    let total = filter.count(conn).await?;
    let mut sessions = filter.page(conn, &query.start, query.limit + 1).await?;
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
}

#[derive(Clone)]
enum Value {
    Text(String),
    Integer(i64),
}

impl Filter {
    fn new(organization: OrganizationId, environment: Environment) -> Self {
        let mut filter = Self {
            condition: String::new(),
            values: Vec::new(),
        };
        let (organization, environment) = (
            filter.text(organization.to_string()),
            filter.text(environment.as_str()),
        );
        filter.condition =
            format!("organization_id = {organization} AND environment = {environment}");
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

    fn q(&mut self, q: Option<&str>) {
        let Some(q) = q else { return };
        // Not LIKE, which ignores case on SQLite.
        let length = self.bind(Value::Integer(
            i64::try_from(q.chars().count()).unwrap_or(i64::MAX),
        ));
        let text = self.text(q);
        let begins = format!("substr(external_ref, 1, CAST({length} AS INTEGER)) = {text}");
        if SessionId::parse(q).is_some() {
            let id = self.text(q);
            self.and(&format!("(session_id = {id} OR {begins})"));
        } else {
            self.and(&begins);
        }
    }

    async fn count(&self, conn: &mut AnyConnection) -> Result<i64, StoreError> {
        let mut counted = self.clone();
        let enough = counted.bind(Value::Integer(MAX_TOTAL + 1));
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM sessions WHERE {} LIMIT {enough}) AS counted",
            counted.condition
        );
        Ok(counted.query(sql).fetch_one(conn).await?.try_get(0)?)
    }

    async fn page(
        &self,
        conn: &mut AnyConnection,
        start: &Start,
        rows: i64,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let mut page = self.clone();
        let offset = match start {
            Start::Offset(offset) => *offset,
            Start::After(cursor) => {
                let created_at = page.bind(Value::Integer(cursor.created_at_ms));
                let id = page.text(cursor.id.to_string());
                page.and(&format!("(created_at, session_id) < ({created_at}, {id})"));
                0
            }
        };
        let (rows, offset) = (
            page.bind(Value::Integer(rows)),
            page.bind(Value::Integer(offset)),
        );
        let sql = format!(
            "SELECT * FROM sessions WHERE {} ORDER BY created_at DESC, session_id DESC LIMIT {rows} OFFSET {offset}",
            page.condition
        );
        page.query(sql)
            .fetch_all(conn)
            .await?
            .iter()
            .map(read)
            .collect()
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
