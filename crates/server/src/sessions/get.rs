//! `GET /api/v1/sessions/{id}`.

use vouchkey_types::id::SessionId;
use vouchkey_types::scope::Scope;

use super::view::view;
use crate::http::{Answer, ApiError, Call, Endpoint};

/// The endpoint.
#[derive(Debug)]
pub struct GetSession;

impl Endpoint for GetSession {
    const SCOPES: &'static [Scope] = &[Scope::SessionsRead];

    // The query that it waits for is others' as well, and short.
    const LEAVES_NOTHING_BEHIND: bool = true;

    async fn answer(call: &mut Call) -> Result<Answer, ApiError> {
        let id = call
            .path
            .rsplit('/')
            .next()
            .and_then(SessionId::parse)
            .ok_or_else(not_found)?;
        let (organization, environment) = (call.caller.organization, call.caller.environment);
        let shown = call
            .state
            .store
            .shown_session(organization, environment, id)
            .await?
            .ok_or_else(not_found)?;
        Ok(Answer::ok(
            view(&call.state, &shown, call.state.clock.now_ms())?.to_json(),
        ))
    }
}

/// 404 for a session that does not exist, or not in the caller's environment.
pub fn not_found() -> ApiError {
    ApiError::not_found("Session not found.")
}
