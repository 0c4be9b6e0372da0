//! `GET /api/v1/sessions`: a page of sessions, newest first (decision 18).

use vouchkey_types::json::{Json, Object};
use vouchkey_types::object;
use vouchkey_types::problem::FieldError;
use vouchkey_types::scope::Scope;
use vouchkey_types::session::list::{Cursor, ListQuery, Start};

use super::view::{Stored, listed};
use crate::http::{Answer, ApiError, Call, Endpoint, Parameters, SentQuery};
use crate::store::session_list::{self, SessionPage};

/// The endpoint.
#[derive(Debug)]
pub struct ListSessions;

impl Parameters for ListQuery {
    const NAMES: &'static [&'static str] = &Self::NAMES;

    fn parse(sent: &SentQuery) -> Result<Self, Vec<FieldError>> {
        Self::parse(|name| sent.value(name))
    }
}

impl Endpoint for ListSessions {
    type Parameters = ListQuery;

    const SCOPES: &'static [Scope] = &[Scope::SessionsRead];

    async fn answer(call: &mut Call<ListQuery>) -> Result<Answer, ApiError> {
        let query = &call.parameters;
        let (organization, environment) = (call.caller.organization, call.caller.environment);
        let now = call.state.clock.now_ms();
        let engine = call.state.store.engine();
        let (page, pagination) = call
            .state
            .store
            .read(async |conn| {
                let page =
                    session_list::list(conn, engine, organization, environment, query, now).await?;
                let pagination = pagination(query, &page);
                let sessions = Stored::complete_all(conn, organization, page.sessions).await?;
                Ok((sessions, pagination))
            })
            .await?;
        let data: Vec<Json> = page
            .into_iter()
            .map(|stored| listed(&call.state, &stored.into_shown(), now))
            .collect();
        Ok(Answer::ok(
            object! { "data": data, "pagination": pagination },
        ))
    }
}

fn pagination(query: &ListQuery, page: &SessionPage) -> Object {
    let last = page.sessions.last().filter(|_| page.has_more);
    let next = last.map(|session| {
        Cursor {
            created_at_ms: session.created_at,
            id: session.id,
        }
        .to_text()
    });
    let offset = match query.start {
        Start::Offset(offset) => Some(offset),
        Start::After(_) => None,
    };
    object! {
        "total": page.total,
        "total_is_capped": page.total.is_none(),
        "limit": query.limit,
        "offset": offset,
        "next_cursor": next,
    }
}
