//! Sessions with every sealed value there is, the doors through which they are read, and a hand in the database.

use axum::body::Body;
use http::Request;
use sqlx::{AssertSqlSafe, Row as _};
use vouchkey_types::api_key::Environment;
use vouchkey_types::id::{EventId, OrganizationId, SessionId};
use vouchkey_types::json::Json;

use super::super::{DataKey, Place, Vault, Wrapped};
use crate::store::fixtures::apply;
use crate::store::{data_keys, mailbox};
use crate::test_bed::{Bed, Reply};

/// What is sealed with a session's data key, where its row has the session's id, and who reads it.
pub(super) const OF_A_SESSION: [(&str, &str, &str, &[Reader]); 9] = [
    (
        "sessions",
        "session_id",
        "metadata_sealed",
        &[Reader::Api, Reader::Dashboard],
    ),
    (
        "sessions",
        "session_id",
        "prefill_sealed",
        &[Reader::Dashboard],
    ),
    (
        "sessions",
        "session_id",
        "applicant_email_sealed",
        &[Reader::Dashboard],
    ),
    (
        "sessions",
        "session_id",
        "applicant_name_sealed",
        &[Reader::Dashboard],
    ),
    (
        "sessions",
        "session_id",
        "email_display_name_sealed",
        &[Reader::Page, Reader::Dashboard],
    ),
    (
        "sessions",
        "session_id",
        "support_url_sealed",
        &[Reader::Page, Reader::Dashboard],
    ),
    (
        "sessions",
        "session_id",
        "redirect_url_sealed",
        &[Reader::Dashboard],
    ),
    (
        "idempotency_keys",
        "session_id",
        "response_sealed",
        &[Reader::Replay],
    ),
    (
        "mailbox_messages",
        "session_id",
        "message_sealed",
        &[Reader::Mailbox],
    ),
];

/// The session's own key, sealed with the root key.
pub(super) const DATA_KEY: (&str, &str, &str, &[Reader]) =
    ("data_keys", "data_key_id", "key_wrapped", &READERS);

/// What else is sealed with the root key, by the name of its row.
pub(super) const OF_THE_SERVER: [(&str, &str, &str); 2] = [
    ("root_keys", "root_key_id", "canary_sealed"),
    ("server_secrets", "name", "secret_sealed"),
];

/// Bytes that are sealed by nobody.
pub(super) const DIGESTS: [(&str, &str); 6] = [
    ("api_keys", "key_hash"),
    ("capture_links", "bound_hash"),
    ("idempotency_keys", "fingerprint"),
    ("idempotency_keys", "key_hash"),
    ("sign_in_failures", "account_hash"),
    ("sign_in_links", "link_hash"),
];

/// A door through which a session is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    Api,
    Page,
    Replay,
    Dashboard,
    Mailbox,
}

pub(super) const READERS: [Reader; 5] = [
    Reader::Api,
    Reader::Page,
    Reader::Replay,
    Reader::Dashboard,
    Reader::Mailbox,
];

/// A session that has every sealed value there is.
pub(super) struct Case {
    pub(super) organization: OrganizationId,
    pub(super) session: SessionId,
    pub(super) message: EventId,
    token: String,
    key: String,
    cookie: String,
    number: usize,
}

/// Two sessions of one organization and one of another.
pub(super) struct House {
    pub(super) bed: Bed,
    pub(super) cases: [Case; 3],
    whole: [Vec<(u16, String)>; 3],
}

fn creation(key: &str, number: usize) -> Request<Body> {
    let body = format!(
        r#"{{"send_email": true, "applicant_email": "jane{number}@example.com", "applicant_name": "Jane {number}",
        "email_display_name": "Brand {number}", "support_url": "https://help.example.com/{number}",
        "redirect_url": "https://shop.example.com/{number}", "metadata": {{"note": "note {number}"}},
        "fields": {{"name_first": "First {number}"}}}}"#
    );
    Request::post("/api/v1/sessions")
        .header("x-api-key", key)
        .header("idempotency-key", format!("order-{number}"))
        .body(Body::from(body))
        .unwrap()
}

impl Case {
    pub(super) async fn new(
        bed: &Bed,
        organization: OrganizationId,
        key: &str,
        number: usize,
    ) -> Self {
        let reply = bed.send(creation(key, number)).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        let json = reply.json();
        let text = |name| json.get(name).and_then(Json::as_str).unwrap();
        bed.clock.advance(1);
        let session = SessionId::parse(text("id")).unwrap();
        let environment = Environment::Sandbox;
        let messages = bed
            .state
            .store
            .read(async |conn| mailbox::list(conn, organization, environment, None, 9).await)
            .await
            .unwrap();
        let message = messages
            .iter()
            .find(|message| message.session == session)
            .unwrap();
        Self {
            organization,
            session,
            message: message.id,
            token: text("capture_url").rsplit('/').next().unwrap().to_owned(),
            key: key.to_owned(),
            cookie: bed.sign_in(organization).await,
            number,
        }
    }

    pub(super) async fn ask(&self, bed: &Bed, reader: Reader) -> Reply {
        let by_cookie = |path: String| {
            Request::get(path)
                .header("cookie", &self.cookie)
                .header("vouchkey-environment", "sandbox")
        };
        let request = match reader {
            Reader::Api => Request::get(format!("/api/v1/sessions/{}", self.session))
                .header("x-api-key", &self.key),
            Reader::Page => Request::head(format!("/verify/{}", self.token)),
            Reader::Replay => return bed.send(creation(&self.key, self.number)).await,
            Reader::Dashboard => by_cookie(format!("/admin/v1/sessions/{}", self.session)),
            Reader::Mailbox => by_cookie(format!("/admin/v1/mailbox/{}", self.message)),
        };
        bed.send(request.body(Body::empty()).unwrap()).await
    }

    /// The list of its organization's sessions.
    pub(super) async fn list(&self, bed: &Bed) -> Reply {
        let request = Request::get("/api/v1/sessions").header("x-api-key", &self.key);
        bed.send(request.body(Body::empty()).unwrap()).await
    }

    /// What each reader answers.
    pub(super) async fn answers(&self, bed: &Bed) -> Vec<(u16, String)> {
        let mut answers = Vec::new();
        for reader in READERS {
            let reply = self.ask(bed, reader).await;
            let id = reply.header("x-request-id").to_owned();
            answers.push((reply.status.as_u16(), reply.text.replace(&id, "")));
        }
        answers
    }
}

impl House {
    pub(super) async fn new() -> Self {
        let bed = Bed::new().await;
        let own = (bed.organization, bed.key.clone());
        let other = bed.add_organization().await;
        let cases = [
            Case::new(&bed, own.0, &own.1, 1).await,
            Case::new(&bed, own.0, &own.1, 2).await,
            Case::new(&bed, other.0, &other.1, 3).await,
        ];
        let mut whole = [const { Vec::new() }; 3];
        for (answers, case) in whole.iter_mut().zip(&cases) {
            *answers = case.answers(&bed).await;
            let status: Vec<u16> = answers.iter().map(|answer| answer.0).collect();
            assert_eq!(status, [200, 200, 201, 200, 200]);
        }
        Self { bed, cases, whole }
    }

    pub(super) async fn bytes(&self, column: Column, row: &str) -> Vec<u8> {
        let Column { table, id, field } = column;
        let sql = format!("SELECT {field} FROM {table} WHERE {id} = $1");
        let found = self.bed.state.store.read(async |conn| {
            let query = sqlx::query(AssertSqlSafe(sql)).bind(row.to_owned());
            Ok(query.fetch_one(conn).await?.try_get(0)?)
        });
        found.await.unwrap()
    }

    pub(super) async fn put(&self, column: Column, row: &str, bytes: Vec<u8>) {
        let Column { table, id, field } = column;
        let sql = format!("UPDATE {table} SET {field} = $1 WHERE {id} = $2");
        let row = row.to_owned();
        let change = apply(move |conn| {
            Box::pin(async move {
                let query = sqlx::query(AssertSqlSafe(sql)).bind(bytes).bind(row);
                Ok(query.execute(conn).await?.rows_affected())
            })
        });
        assert_eq!(self.bed.state.store.write(change).await, Ok(1));
    }

    pub(super) async fn of(&self, column: Column, case: usize) -> Vec<u8> {
        let row = self.cases[case].session.to_string();
        self.bytes(column, &row).await
    }

    pub(super) async fn give(&self, column: Column, case: usize, bytes: Vec<u8>) {
        let row = self.cases[case].session.to_string();
        self.put(column, &row, bytes).await;
    }

    /// These readers of these sessions refuse, all with the same words, and everything else is as it was.
    pub(super) async fn refuses(&self, cases: &[usize], readers: &[Reader], why: &str) {
        for (number, case) in self.cases.iter().enumerate() {
            let answers = case.answers(&self.bed).await;
            for ((reader, answer), whole) in READERS.iter().zip(answers).zip(&self.whole[number]) {
                if cases.contains(&number) && readers.contains(reader) {
                    assert_eq!(answer, refusal(*reader), "{why}: {reader:?} of {number}");
                } else {
                    assert_eq!(answer, *whole, "{why}: {reader:?} of {number}");
                }
            }
        }
    }

    pub(super) async fn data_key(&self, case: usize) -> DataKey {
        let Case {
            organization,
            session,
            ..
        } = self.cases[case];
        let row = self
            .bed
            .state
            .store
            .read(async |conn| data_keys::find(conn, organization, session).await)
            .await
            .unwrap()
            .unwrap();
        let id = session.to_string();
        let wrapped = Wrapped {
            root_key_id: row.root_key_id,
            key: row.key_wrapped.unwrap(),
        };
        let place = place(&organization, &id, &KEY, 1);
        self.bed.state.vault.unwrap(&wrapped, &place).unwrap()
    }

    /// Why a start on this database fails; the empty string if it does not.
    pub(super) async fn start(&self) -> String {
        let Bed { state, clock, .. } = &self.bed;
        match Vault::open(&state.store, &state.config.root_key, clock).await {
            Ok(_) => String::new(),
            Err(error) => error.to_string(),
        }
    }
}

/// Nothing about what was found.
fn refusal(reader: Reader) -> (u16, String) {
    let text = match reader {
        Reader::Page => String::new(),
        _ => r#"{"error":"internal","detail":"Something went wrong on our side. The request id helps to find out what.","status_code":500,"request_id":""}"#.to_owned(),
    };
    (500, text)
}

/// A column, and how its rows are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) table: &'static str,
    pub(super) id: &'static str,
    pub(super) field: &'static str,
}

pub(super) const KEY: Column = column(DATA_KEY.0, DATA_KEY.1, DATA_KEY.2);

pub(super) const fn column(table: &'static str, id: &'static str, field: &'static str) -> Column {
    Column { table, id, field }
}

/// Where a value of a session stands.
pub(super) fn place<'a>(
    organization: &'a OrganizationId,
    row: &'a str,
    column: &Column,
    version: u8,
) -> Place<'a> {
    Place {
        organization,
        table: column.table,
        row,
        field: column.field,
        version,
    }
}
