//! `GET /api/v1/sessions/{id}`.

use vouchkey_types::id::SessionId;
use vouchkey_types::scope::Scope;

use super::view::{Stored, view};
use crate::http::{Answer, ApiError, Call, Endpoint};
use crate::store::shown_session;

/// The endpoint.
#[derive(Debug)]
pub struct GetSession;

impl Endpoint for GetSession {
    const SCOPES: &'static [Scope] = &[Scope::SessionsRead];

    async fn answer(call: &mut Call) -> Result<Answer, ApiError> {
        let id = call
            .path
            .rsplit('/')
            .next()
            .and_then(SessionId::parse)
            .ok_or_else(not_found)?;
        let (organization, environment) = (call.caller.organization, call.caller.environment);
        let stored = call
            .state
            .store
            .read(async |conn| shown_session::find(conn, organization, environment, id).await)
            .await?
            .map(|(session, link, key)| Stored { session, link, key })
            .ok_or_else(not_found)?;
        Ok(Answer::ok(
            view(&call.state, &stored, call.state.clock.now_ms())?.to_json(),
        ))
    }
}

/// 404 for a session that does not exist, or not in the caller's environment.
pub fn not_found() -> ApiError {
    ApiError::not_found("Session not found.")
}
