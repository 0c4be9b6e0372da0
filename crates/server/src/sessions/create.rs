//! `POST /api/v1/sessions`: creates a session, once for each idempotency key.

use http::{HeaderValue, StatusCode, header};
use tracing::Instrument as _;
use vouchkey_types::json::{self, Json};
use vouchkey_types::limits::MAX_ERRORS;
use vouchkey_types::object;
use vouchkey_types::problem::ErrorCode;
use vouchkey_types::scope::Scope;
use vouchkey_types::session::create::{Context, CreateSessionRequest, NewSession, Publishable};

use super::decide::{Circumstances, Dice, decide};
use super::dry_run::{self, DryRun};
use super::sealed::SessionKey;
use crate::http::idempotency::{self, Marker};
use crate::http::rate_limit::{Buckets, Quota};
use crate::http::{Answer, ApiError, Call, Endpoint, version};
use crate::store::StoreError;
use crate::store::create_session::Created;
use crate::store::data_keys;
use crate::store::idempotency::IdempotencyRow;
use crate::store::outbox::Ended;
use crate::telemetry::step;

/// The endpoint.
#[derive(Debug)]
pub struct CreateSessionEndpoint;

/// A call of it.
type Creation = Call<DryRun>;

impl Endpoint for CreateSessionEndpoint {
    type Parameters = DryRun;

    const SCOPES: &'static [Scope] = &[Scope::SessionsCreate, Scope::SessionsWrite];
    const TAKES_PUBLISHABLE: bool = true;

    async fn answer(call: &mut Creation) -> Result<Answer, ApiError> {
        let request = step("read").in_scope(|| read(call))?;
        if !request.is_sound() {
            // Refused before the look-up: it is not clear what its fingerprint would mean.
            validate(call, request)?;
            return Err(ApiError::internal(&"the rules let a repeated member pass"));
        }
        let marker = Marker::of(call, &request.fingerprint_text());
        let _turn = match &marker {
            Some(marker) => Some(call.state.running.turn(marker.key).await?),
            None => None,
        };
        // Only what is refused is looked up: a write finds by itself what was written before it.
        let new = match step("parse").in_scope(|| validate(call, request)) {
            Ok(new) => new,
            Err(error) => return earlier(call, marker.as_ref()).await?.ok_or(error),
        };
        if call.parameters == DryRun(true) {
            return dry_run::answer(call, &new);
        }
        let quota = call.marks.quota;
        if let Err(error) = take_creation(call) {
            let exhausted = std::mem::replace(&mut call.marks.quota, quota);
            let earlier = earlier(call, marker.as_ref()).await?;
            if earlier.is_none() {
                call.marks.quota = exhausted;
            }
            return earlier.ok_or(error);
        }
        match create(call, &new, marker).await {
            Ok(Outcome::Created(answer)) => Ok(answer),
            Ok(Outcome::Earlier(record)) => {
                give_creation_back(call, quota);
                match record {
                    Some(record) => replay(call, &record).await,
                    None => Err(idempotency::mismatch()),
                }
            }
            // What was created stays replayable where nothing can be written.
            Err(error) if error.code() == ErrorCode::Unavailable => {
                earlier(call, marker.as_ref()).await?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

/// What came of a creation that was tried.
enum Outcome {
    /// It was written.
    Created(Answer),
    /// Its key had been used: for the same request, of which this is the record, or for another one.
    Earlier(Option<IdempotencyRow>),
}

/// The answer that a request had before, under the same key. It counts before the rules and the limits (decision 7).
async fn earlier(call: &Creation, marker: Option<&Marker>) -> Result<Option<Answer>, ApiError> {
    let Some(marker) = marker else {
        return Ok(None);
    };
    let Some(record) = find(call, marker).instrument(step("look up")).await? else {
        return Ok(None);
    };
    marker.check(&record.fingerprint)?;
    replay(call, &record).await.map(Some)
}

/// Bytes to a request, with the API's names in one spelling.
fn read(call: &mut Creation) -> Result<CreateSessionRequest, ApiError> {
    let body = if call.body.is_empty() {
        object! {}.into()
    } else {
        json::read(&call.body).map_err(|error| invalid_json(&error))?
    };
    let request =
        CreateSessionRequest::from_json(body).map_err(|error| ApiError::validation(vec![error]))?;
    let ignored = request.ignored_fields();
    call.marks
        .ignored
        .extend(ignored.into_iter().map(str::to_owned));
    Ok(request)
}

fn invalid_json(error: &json::ReadError) -> ApiError {
    ApiError::new(ErrorCode::InvalidJson, error.to_string())
}

/// Holds a request to every rule, those included that only the server knows.
fn validate(call: &Creation, request: CreateSessionRequest) -> Result<NewSession, ApiError> {
    let has_workflow = |id: &_| call.tenant.has_workflow(id);
    let context = Context {
        today: call.state.clock.today(),
        schemes: &call.tenant.organization.allowed_redirect_schemes,
        strict: call.is_strict,
        workflows: Some(&has_workflow),
        publishable: call.caller.publishable.map(|_| Publishable {
            redirect_hosts: &call.tenant.organization.redirect_hosts,
        }),
    };
    match request.validate(&context) {
        Ok(new) if call.unknown.is_empty() => Ok(new),
        judged => {
            let mut errors = judged.err().unwrap_or_default();
            // A body with more mistakes than are listed counts them in its last one.
            if errors.is_empty() || errors.len() + call.unknown.len() <= MAX_ERRORS {
                errors.extend_from_slice(&call.unknown);
            }
            Err(ApiError::validation(errors))
        }
    }
}

/// Takes a token of the creation bucket. Refused creations do not come here, and replayed ones give theirs back.
fn take_creation(call: &mut Creation) -> Result<(), ApiError> {
    match creations(call).take(call.caller.actor, call.state.clock.now_ms()) {
        Ok(quota) => {
            call.marks.quota = quota.or(call.marks.quota);
            Ok(())
        }
        Err(exhausted) => {
            call.marks.quota = Some(exhausted.quota);
            Err(exhausted.into())
        }
    }
}

/// Undoes [`take_creation`]; the answer tells again what it told before.
fn give_creation_back(call: &mut Creation, quota: Option<Quota>) {
    creations(call).give_back(call.caller.actor);
    call.marks.quota = quota;
}

fn creations(call: &Creation) -> &Buckets {
    let limits = &call.state.rate_limits;
    match call.caller.publishable {
        Some(_) => &limits.publishable_creations,
        None => &limits.creations,
    }
}

async fn create(
    call: &Creation,
    new: &NewSession,
    marker: Option<Marker>,
) -> Result<Outcome, ApiError> {
    let state = &call.state;
    let circumstances = || Circumstances {
        caller: &call.caller,
        tenant: &call.tenant,
        public_url: &state.public_url,
        secrets: &state.secrets,
        vault: &state.vault,
        mailbox_from: state.config.mail.mailbox_from(),
        marker,
        now: state.clock.now_ms(),
    };
    let deciding = || {
        step("decide").in_scope(|| {
            let circumstances = circumstances();
            let dice = Dice::roll(&state.clock, circumstances.now);
            decide(new, &circumstances, &dice)
        })
    };
    let mut decision = deciding();
    let (has_invitation, is_kept) = (
        decision.change.invitation.is_some(),
        decision.change.kept.is_some(),
    );
    let is_keyed = decision.change.idempotency.is_some();
    let root_key_id = decision.change.data_key.root_key_id.clone();
    let writing = |change| state.store.write(change).instrument(step("write"));
    let mut written = writing(decision.change).await;
    // The root key was retired between the decision and the write; by now the list may have another one.
    if written == Err(StoreError::ReferenceViolation)
        && state.vault.seals_with_another_than(&root_key_id)
    {
        decision = deciding();
        written = writing(decision.change).await;
    }
    match written {
        Err(StoreError::ReferenceViolation) => {
            tracing::error!(
                root_key_id,
                "the database does not take sessions under this root key: it was retired"
            );
            Err(ApiError::unavailable())
        }
        // The key is what servers meet at: a creation locks nothing else that another one wants.
        Err(StoreError::Locked) if is_keyed => Err(idempotency::in_progress()),
        Err(error) => Err(error.into()),
        Ok(Created::New) => {
            if is_kept {
                state.metrics.outbox.invitation(Ended::Sent);
            } else if has_invitation {
                state.outbox_wake.notify_one();
            }
            step("answer").in_scope(|| answer(decision.created).map(Outcome::Created))
        }
        Ok(Created::Replay(record)) => Ok(Outcome::Earlier(Some(record))),
        Ok(Created::Mismatch) => Ok(Outcome::Earlier(None)),
    }
}

async fn find(call: &Creation, marker: &Marker) -> Result<Option<IdempotencyRow>, ApiError> {
    let (scope, now) = (marker.scope(&call.caller), call.state.clock.now_ms());
    Ok(call
        .state
        .store
        .read(async |conn| crate::store::idempotency::find(conn, &scope, now).await)
        .await?)
}

/// Answers as the first time: the snapshot of the creation, with the QR code drawn again.
async fn replay(call: &Creation, record: &IdempotencyRow) -> Result<Answer, ApiError> {
    let (organization, session) = (record.scope.organization, record.session);
    let row = call
        .state
        .store
        .read(async |conn| data_keys::find(conn, organization, session).await)
        .await?;
    let row = row.ok_or_else(|| ApiError::internal(&"an idempotency record has no data key"))?;
    let Some(key) =
        SessionKey::open(&call.state.vault, &row).map_err(|error| ApiError::internal(&error))?
    else {
        return Err(ApiError::new(
            ErrorCode::Erased,
            "The data of this session was erased.",
        ));
    };
    let text = key
        .unseal_response(&record.scope.key_hash, &record.response_sealed)
        .map_err(|error| ApiError::internal(&error))?;
    let document = json::read(&text).map_err(|error| ApiError::internal(&error))?;
    let replayed = answer(document)?.with(idempotency::REPLAYED, HeaderValue::from_static("true"));
    Ok(replayed.with(
        version::HEADER,
        HeaderValue::from_static(record.api_version.as_str()),
    ))
}

/// 201 with the canonical response, its QR code drawn.
fn answer(document: Json) -> Result<Answer, ApiError> {
    let id = document
        .get("id")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let location = HeaderValue::from_str(&format!("/api/v1/sessions/{id}"))
        .map_err(|error| ApiError::internal(&error))?;
    Ok(Answer::new(StatusCode::CREATED, with_qr_code(document)).with(header::LOCATION, location))
}

/// Puts the QR code of the capture URL where the canonical response leaves it out. A URL that is
/// too long for one (with a very long public address) has none.
fn with_qr_code(document: Json) -> Json {
    let code = document
        .get("capture_url")
        .and_then(Json::as_str)
        .and_then(|url| vouchkey_qr::png_data_url(url).ok());
    let Json::Object(members) = document else {
        return document;
    };
    let draw = |(name, value)| match name {
        name if name == "qr_code_data_url" => (name, code.as_deref().into()),
        name => (name, value),
    };
    Json::Object(members.into_iter().map(draw).collect())
}
