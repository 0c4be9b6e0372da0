//! The HTTP edge: everything between the bytes of a connection and the use cases, a file a concern.
//!
//! [`listen`] accepts connections, [`front`] surrounds the routes (one spelling of an address, the rest
//! of a body, the writing of answers), [`layer`] wraps every request (request id, its framing, bounds
//! on headers, panics, the log line), and [`endpoint`] is the straight line of the API's own endpoints.

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
pub mod framing;
pub mod front;
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
pub fn layer(router: Router<AppState>, state: &AppState) -> Router {
    let router = router
        .fallback(async || ApiError::not_found("There is nothing at this address."))
        .method_not_allowed_fallback(async || {
            ApiError::new(
                ErrorCode::MethodNotAllowed,
                "This address does not take this method.",
            )
        });
    front::before(within(router, state))
}

/// Wraps routes in the edge, and leaves to others what is at no address.
pub fn answering(router: Router<AppState>, state: &AppState) -> Router {
    front::before(within(router, state))
}

fn within(router: Router<AppState>, state: &AppState) -> Router {
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(state.clone(), edge))
        .with_state(state.clone())
}

async fn edge(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let metrics = &state.metrics.http;
    let _in_flight = metrics.begin();
    let id = RequestId::of(request.headers(), &state.clock);
    let inflection = casing::before_it_is_settled(request.headers());
    let route = request.extensions().get::<MatchedPath>();
    let line = log::Line::begin(request.method(), route, &id);
    let span = telemetry::request(known_method(&line.method), line.route(), request.headers());
    let page = cors::Page::of(&state, request.uri().path(), request.headers()).await;
    let sound = header_bounds::check(&request).and_then(|()| framing::check(&request));
    let early = sound.err().map(IntoResponse::into_response);
    let mut response = if let Some(response) = early.or_else(|| page.preflight(&request)) {
        response
    } else {
        request.extensions_mut().insert(id.clone());
        next.run(request).instrument(span.clone()).await
    };
    telemetry::answered(&span, response.status().as_u16());
    metrics.answered(&line.method, line.route.as_ref(), &response, line.took());
    answer::name(&mut response, &id, inflection);
    page.mark(response.headers_mut());
    line.end(&response);
    response
}

/// The panic itself was reported when it happened; its message may hold anything.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::internal(&"a handler panicked").into_response()
}
