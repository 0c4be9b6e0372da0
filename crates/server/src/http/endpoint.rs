//! The straight line of an endpoint of the API: from the request to the one task that answers it.
//!
//! An endpoint declares what it needs and is given a [`Call`], in which everything about the
//! request is settled. The order of the steps decides which error a request with several mistakes
//! is told (decision 7).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, Method};
use hyper::body::Body as _;
use tracing::Instrument as _;
use vouchkey_types::id::OrganizationId;
use vouchkey_types::inflection::Inflection;
use vouchkey_types::problem::{ErrorCode, FieldError};
use vouchkey_types::scope::Scope;
use vouchkey_types::version::ApiVersion;

use super::answer::{Answer, Settled};
use super::caller::{self, Actor, Caller};
use super::directory::Tenant;
use super::error::ApiError;
use super::idempotency::ClientKey;
use super::listen::Place;
use super::query::{Parameters, SentQuery};
use super::rate_limit::Quota;
use super::{body, ignored_fields, prefer, version};
use crate::app::AppState;

/// What an endpoint of the API declares, and what it does.
pub trait Endpoint: 'static {
    /// What it takes from the query; `()` for nothing.
    type Parameters: Parameters;

    /// The scopes of which the caller needs one.
    const SCOPES: &'static [Scope];

    /// Whether publishable keys may be used here, from their origins.
    const TAKES_PUBLISHABLE: bool = false;

    /// Whether it may end where it stands when the client hangs up: it writes nothing, and no work goes on without it.
    const LEAVES_NOTHING_BEHIND: bool = false;

    /// Answers a call. Runs to its end even if the client hangs up, unless it leaves nothing behind.
    fn answer(
        call: &mut Call<Self::Parameters>,
    ) -> impl Future<Output = Result<Answer, ApiError>> + Send;
}

/// An admitted request: everything that its endpoint may know about it. It holds what the caller
/// sent, so it cannot be printed.
pub struct Call<P = ()> {
    /// The parts of the server.
    pub state: AppState,
    /// Who calls.
    pub caller: Caller,
    /// The caller's organization.
    pub tenant: Arc<Tenant>,
    /// The method.
    pub method: Method,
    /// The path as sent, without the query. Never logged.
    pub path: String,
    /// What the endpoint takes from the query.
    pub parameters: P,
    /// The body, of at most 4 MiB; empty for a method that has none.
    pub body: Bytes,
    /// What strict handling says of the query, if there is a body whose mistakes go with it.
    pub unknown: Vec<FieldError>,
    /// Whether unknown fields are errors.
    pub is_strict: bool,
    /// The version that the request names explicitly.
    pub sent_version: Option<ApiVersion>,
    /// The client's idempotency key.
    pub client_key: Option<ClientKey>,
    /// What the answer's headers will say.
    pub marks: Marks,
}

/// What is known about a request by the time it is answered, successfully or not.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// The bucket that the rate-limit headers describe.
    pub quota: Option<Quota>,
    /// The names that were ignored: parameters of the query, then fields of the body.
    pub ignored: Vec<String>,
    who: Option<(OrganizationId, Actor)>,
    settled: Option<(ApiVersion, Inflection)>,
    is_strict: bool,
}

/// Who called, for the log.
#[derive(Debug, Clone, Copy)]
pub struct Who(pub OrganizationId, pub Actor);

/// The axum handler of an endpoint.
pub async fn handle<E: Endpoint>(State(state): State<AppState>, request: Request) -> Response {
    let mut marks = Marks::default();
    let place = request.extensions().get::<Place>().cloned();
    let outcome = match admit::<E>(state, request, &mut marks).await {
        Ok(call) => run::<E>(call, place, &mut marks).await,
        Err(error) => Err(error),
    };
    marks.put_on(outcome.into_response())
}

/// Everything up to the body, on the connection.
async fn admit<E: Endpoint>(
    state: AppState,
    request: Request,
    marks: &mut Marks,
) -> Result<Call<E::Parameters>, ApiError> {
    let (parts, body) = request.into_parts();
    let identity = caller::identify::<E>(&state, &parts).await?;
    marks.who = Some((identity.organization, identity.actor));
    marks.quota = match state
        .rate_limits
        .requests
        .take(identity.actor, state.clock.now_ms())
    {
        Ok(quota) => quota,
        Err(exhausted) => {
            marks.quota = Some(exhausted.quota);
            return Err(exhausted.into());
        }
    };
    let caller = identity.settle(&parts)?;
    marks.settled = Some((caller.version, caller.inflection));
    if caller.publishable.is_some() && !E::TAKES_PUBLISHABLE {
        return Err(ApiError::new(
            ErrorCode::InsufficientScope,
            "A publishable key may only create sessions. This needs a secret key, on a server.",
        ));
    }
    caller.require(E::SCOPES)?;
    marks.is_strict = prefer::is_strict(&parts.headers);
    let query = SentQuery::of(&parts.uri);
    marks.ignored = query
        .unknown::<E::Parameters>()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let has_body = matches!(parts.method, Method::POST | Method::PATCH | Method::PUT);
    let (parameters, wrong) = match query.read::<E::Parameters>() {
        Ok(parameters) => (Some(parameters), Vec::new()),
        Err(wrong) => (None, wrong),
    };
    let mistakes = if marks.is_strict {
        query.unknown_as_mistakes::<E::Parameters>(wrong)
    } else {
        wrong
    };
    let (parameters, unknown) = match parameters {
        Some(parameters) if has_body || mistakes.is_empty() => (parameters, mistakes),
        _ => return Err(ApiError::validation(mistakes)),
    };
    let client_key = if has_body && parameters.takes_idempotency_key() {
        ClientKey::sent(&parts.headers)?
    } else {
        None
    };
    let body = if has_body && !body.is_end_stream() {
        body::check_type(&parts.headers)?;
        body::read(body, body::OF_THE_API, body::DEADLINE).await?
    } else {
        // Clients declare a type for bodies that they do not send: that is no mistake.
        Bytes::new()
    };
    let tenant = state.directory.tenant(&state, &caller).await?;
    Ok(Call {
        sent_version: version::sent(&parts.headers)?,
        is_strict: marks.is_strict,
        path: parts.uri.path().to_owned(),
        method: parts.method,
        marks: marks.clone(),
        state,
        caller,
        tenant,
        parameters,
        unknown,
        body,
        client_key,
    })
}

/// The rest, in a task of its own, which is waited for at a graceful stop; but for what a client that hangs up may end.
async fn run<E: Endpoint>(
    mut call: Call<E::Parameters>,
    place: Option<Place>,
    marks: &mut Marks,
) -> Result<Answer, ApiError> {
    if E::LEAVES_NOTHING_BEHIND {
        let outcome = E::answer(&mut call).await;
        *marks = call.marks;
        return outcome;
    }
    let tasks = call.state.tasks.clone();
    let work = async move {
        let outcome = E::answer(&mut call).await;
        drop(place);
        (outcome, call.marks)
    };
    let task = tasks.spawn(work.in_current_span());
    let (outcome, end) = task
        .await
        .map_err(|_| ApiError::internal(&"the task of a request panicked"))?;
    *marks = end;
    outcome
}

impl Marks {
    fn put_on(self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.extend(self.quota.into_iter().flat_map(Quota::headers));
        headers.extend(
            ignored_fields::value(&self.ignored).map(|value| (ignored_fields::HEADER, value)),
        );
        if self.is_strict {
            headers.insert(prefer::APPLIED, HeaderValue::from_static("handling=strict"));
        }
        if let Some((version, inflection)) = self.settled {
            headers
                .entry(version::HEADER)
                .or_insert(HeaderValue::from_static(version.as_str()));
            response.extensions_mut().insert(Settled(inflection));
        }
        if let Some((organization, actor)) = self.who {
            response.extensions_mut().insert(Who(organization, actor));
        }
        response
    }
}
