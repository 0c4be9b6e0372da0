//! The HTTP edge: everything between the bytes of a connection and the use cases, a file a concern.
//!
//! [`listen`] accepts connections, [`layer`] wraps every request (request id, bounds on headers,
//! panics, the log line, the writing of answers), and [`endpoint`] is the straight line of the
//! API's own endpoints.

pub mod address;
pub mod answer;
pub mod body;
pub mod caller;
pub mod casing;
pub mod cors;
pub mod credentials;
pub mod directory;
pub mod endpoint;
pub mod error;
pub mod header_bounds;
pub mod idempotency;
pub mod ignored_fields;
pub mod last_used;
pub mod listed_origins;
pub mod listen;
pub mod log;
pub mod origin;
pub mod prefer;
pub mod query;
pub mod rate_limit;
pub mod remembered;
pub mod request_id;
pub mod version;

use std::any::Any;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;
use vouchkey_types::problem::ErrorCode;

pub use answer::Answer;
pub use caller::{Actor, Caller};
pub use endpoint::{Call, Endpoint};
pub use error::ApiError;
pub use query::{Parameters, SentQuery};
pub use request_id::RequestId;

use crate::app::AppState;
use crate::metrics::known_method;
use crate::telemetry;

/// Wraps all routes of the server in the edge.
pub fn layer(router: Router<AppState>, state: &AppState) -> Router<AppState> {
    let router = router
        .fallback(async || ApiError::not_found("There is nothing at this address."))
        .method_not_allowed_fallback(async || {
            ApiError::new(
                ErrorCode::MethodNotAllowed,
                "This address does not take this method.",
            )
        });
    answering(router, state)
}

/// Wraps routes in the edge, and leaves what is at no address to others.
pub fn answering(router: Router<AppState>, state: &AppState) -> Router<AppState> {
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), edge))
}

async fn edge(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let metrics = &state.metrics.http;
    let _in_flight = metrics.begin();
    let id = RequestId::of(request.headers(), &state.clock);
    let inflection = casing::before_it_is_settled(request.headers());
    let route = request.extensions().get::<MatchedPath>();
    let line = log::Line::begin(request.method(), route, &id);
    let span = telemetry::request(known_method(&line.method), line.route(), request.headers());
    let mut request = request.map(body::Drained::watch);
    let page = cors::Page::of(&state, request.uri().path(), request.headers()).await;
    let refused = header_bounds::check(&request).err();
    let early = refused.map(IntoResponse::into_response);
    let response = if let Some(response) = early.or_else(|| page.preflight(&request)) {
        response
    } else {
        request.extensions_mut().insert(id.clone());
        next.run(request).instrument(span.clone()).await
    };
    telemetry::answered(&span, response.status().as_u16());
    metrics.answered(&line.method, line.route.as_ref(), &response, line.took());
    let mut response = answer::write(response, &id, inflection);
    page.mark(response.headers_mut());
    line.end(&response);
    response
}

/// The panic itself was reported when it happened; its message may hold anything.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::internal(&"a handler panicked").into_response()
}
