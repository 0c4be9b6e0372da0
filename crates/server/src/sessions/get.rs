//! `GET /api/v1/sessions/{id}`.

use vouchkey_types::id::SessionId;
use vouchkey_types::scope::Scope;

use super::view::view;
use crate::http::{Answer, ApiError, Call, Endpoint};

/// The endpoint.
#[derive(Debug)]
pub struct GetSession;

impl Endpoint for GetSession {
    type Parameters = ();

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
        let (state, caller) = (&call.state, &call.caller);
        let which = (caller.organization, caller.environment, id);
        let (inflection, now) = (caller.inflection, state.clock.now_ms());
        let text = state
            .store
            .written_session(which, inflection, now, |shown| {
                let session = view(state, shown, now)?.to_json();
                Ok::<_, ApiError>(inflection.apply(session).to_text())
            })
            .await?;
        text.map(Answer::written).ok_or_else(not_found)
    }
}

/// 404 for a session that does not exist, or not in the caller's environment.
pub fn not_found() -> ApiError {
    ApiError::not_found("Session not found.")
}
