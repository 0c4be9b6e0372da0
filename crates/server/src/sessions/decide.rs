//! The heart of a creation: from a valid request, the caller, the time and random bytes to
//! everything that is written. No I/O, no clock.

use secrecy::zeroize::Zeroizing;
use vouchkey_types::api_key::Environment;
use vouchkey_types::email::EmailAddress;
use vouchkey_types::id::{EventId, LinkId, SessionId};
use vouchkey_types::json::{Json, Object};
use vouchkey_types::limits::IDEMPOTENCY_HOURS;
use vouchkey_types::object;
use vouchkey_types::session::create::NewSession;
use vouchkey_types::session::response::CreatedSession;
use vouchkey_types::session::status::SessionStatus;
use vouchkey_types::web_url::WebUrl;

use super::capture_url::capture_url;
use super::invitation;
use super::sealed::{Field, SessionKey};
use crate::clock::Clock;
use crate::config::PublicUrl;
use crate::http::Caller;
use crate::http::directory::Tenant;
use crate::http::idempotency::Marker;
use crate::store::capture_links::{CaptureLinkRow, LinkKind};
use crate::store::create_session::CreateSession;
use crate::store::data_keys::DataKeyRow;
use crate::store::idempotency::IdempotencyRow;
use crate::store::mailbox::MailboxRow;
use crate::store::outbox::NewInvitation;
use crate::store::session_events::SessionEventRow;
use crate::store::sessions::{RetentionStatus, SealedFields, SessionRow};
use crate::vault::{DataKey, ServerSecrets, Vault};

/// The status of a creation, and of its replays.
pub const CREATED: u16 = 201;

const HOUR_MS: i64 = 3_600_000;

/// Everything random in a creation. It holds a key, so it cannot be printed.
pub struct Dice {
    /// For the session's id.
    pub session: [u8; 10],
    /// For the link's id.
    pub link: [u8; 10],
    /// For the ids of the events.
    pub events: [[u8; 10]; 2],
    /// For the id of the invitation's delivery.
    pub invitation: [u8; 10],
    /// The data key.
    pub key: Zeroizing<[u8; 32]>,
    /// One nonce a sealed value.
    pub nonces: [[u8; 24]; 10],
}

impl Dice {
    /// Rolls them all, with one question to the system, for a session that is created at this time (Unix milliseconds).
    pub fn roll(clock: &Clock, now: i64) -> Self {
        let random = Zeroizing::new(clock.random::<{ 5 * 10 + 32 + 10 * 24 }>());
        let mut rest = random.as_slice();
        Self {
            session: clock.tail(now, cut(&mut rest)),
            link: cut(&mut rest),
            events: [cut(&mut rest), cut(&mut rest)],
            invitation: cut(&mut rest),
            key: Zeroizing::new(cut(&mut rest)),
            nonces: std::array::from_fn(|_| cut(&mut rest)),
        }
    }
}

/// The first bytes of the rest, of which there are enough.
fn cut<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    #[expect(
        clippy::expect_used,
        reason = "as many bytes were drawn as the dice have, and one too few would give away a key"
    )]
    let (first, others) = rest.split_first_chunk().expect("too few random bytes");
    *rest = others;
    *first
}

/// What a creation depends on beside the request.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// Who creates.
    pub caller: &'a Caller,
    /// For whom.
    pub tenant: &'a Tenant,
    /// Where links lead.
    pub public_url: &'a PublicUrl,
    /// What signs links.
    pub secrets: &'a ServerSecrets,
    /// What wraps the data key.
    pub vault: &'a Vault,
    /// The sender that the embedded mailbox shows, if invitations go there.
    pub mailbox_from: Option<&'a str>,
    /// The request's idempotency key and fingerprint, if it has a key.
    pub marker: Option<Marker>,
    /// Unix milliseconds.
    pub now: i64,
}

/// A creation that only has to be written.
pub struct Decision {
    /// All rows.
    pub change: CreateSession,
    /// The answer, but for the QR code, with keys in `snake_case`.
    pub created: Json,
}

/// Decides a creation.
pub fn decide(new: &NewSession, circumstances: &Circumstances<'_>, dice: &Dice) -> Decision {
    let Circumstances {
        caller,
        tenant,
        public_url,
        secrets,
        vault,
        marker,
        now,
        ..
    } = circumstances;
    let unix_ms = u64::try_from(*now).unwrap_or_default();
    let id = SessionId::from_parts(unix_ms, dice.session);
    let link = LinkId::from_parts(unix_ms, dice.link);
    let key = SessionKey::new(caller.organization, id, DataKey::from_random(*dice.key));
    let session = SessionRow {
        organization: caller.organization,
        id,
        environment: caller.environment,
        status: SessionStatus::Pending,
        external_ref: new.external_ref.clone(),
        country: new.country.map(|country| country.as_str().to_owned()),
        checks: new.checks.as_ref().map(|checks| {
            checks
                .iter()
                .map(|check| check.as_str().to_owned())
                .collect()
        }),
        workflow: new.workflow_id.or_else(|| tenant.default_workflow()),
        send_email: new.send_email,
        tags: Vec::new(),
        created_by: caller.actor.to_string(),
        created_at: *now,
        updated_at: *now,
        expires_at: now + new.expires_in.as_ms(),
        row_version: 1,
        last_sequence: 1,
        invitations_sent: i64::from(new.send_email),
        processing_attempts: 0,
        retention_status: RetentionStatus::Active,
        sealed: seal(new, &key, &dice.nonces),
    };
    let capture_url = capture_url(public_url, secrets, link);
    let created = CreatedSession {
        id: id.to_string(),
        status: session.status,
        capture_url: capture_url.clone(),
        is_sandbox: caller.environment == Environment::Sandbox,
        created_at_ms: session.created_at,
        expires_at_ms: session.expires_at,
        external_ref: session.external_ref.clone(),
        qr_code_data_url: None,
        tags: session.tags.clone(),
    }
    .to_json();
    let wrapped = key.wrap(vault, dice.nonces[8]);
    let invitation = new.send_email.then(|| NewInvitation {
        organization: caller.organization,
        id: EventId::from_parts(unix_ms, dice.invitation),
        environment: caller.environment,
        session: id,
        created_at: *now,
    });
    let kept = invitation.as_ref().and_then(|invitation| {
        keep(
            new,
            circumstances,
            invitation,
            capture_url,
            &key,
            dice.nonces[9],
        )
    });
    let change = CreateSession {
        idempotency: marker
            .map(|marker| record(caller, &marker, &created, &key, dice.nonces[7], &session)),
        data_key: DataKeyRow {
            organization: caller.organization,
            session: id,
            root_key_id: wrapped.root_key_id,
            key_wrapped: Some(wrapped.key),
            created_at: *now,
        },
        link: CaptureLinkRow {
            id: link,
            organization: caller.organization,
            session: id,
            kind: LinkKind::Creation,
            capture_key_id: secrets.capture_key_id(),
            created_at: *now,
            expires_at: session.expires_at,
            revoked_at: None,
            consumed_at: None,
            bound_hash: None,
        },
        events: events(&session, kept.is_some(), dice),
        invitation,
        kept,
        session,
    };
    Decision { change, created }
}

fn seal(new: &NewSession, key: &SessionKey, nonces: &[[u8; 24]; 10]) -> SealedFields {
    let put = |field: Field, nonce: usize, plain: Option<&str>| {
        plain.map(|plain| key.seal(field, plain.as_bytes(), nonces[nonce]))
    };
    let json = |json: Json| {
        json.as_object()
            .is_some_and(|object| !object.is_empty())
            .then(|| json.to_text())
    };
    let recipient = new.recipient();
    SealedFields {
        metadata: put(Field::Metadata, 0, json((&new.metadata).into()).as_deref()),
        prefill: put(Field::Prefill, 1, json((&new.prefill).into()).as_deref()),
        applicant_email: put(
            Field::ApplicantEmail,
            2,
            recipient.as_ref().map(EmailAddress::as_str),
        ),
        applicant_name: put(Field::ApplicantName, 3, new.applicant_name.as_deref()),
        email_display_name: put(
            Field::EmailDisplayName,
            4,
            new.email_display_name.as_deref(),
        ),
        support_url: put(
            Field::SupportUrl,
            5,
            new.support_url.as_ref().map(WebUrl::as_str),
        ),
        redirect_url: put(
            Field::RedirectUrl,
            6,
            new.redirect_url.as_ref().map(WebUrl::as_str),
        ),
    }
}

/// What the embedded mailbox keeps; nothing where mail leaves by a server.
fn keep(
    new: &NewSession,
    circumstances: &Circumstances<'_>,
    invitation: &NewInvitation,
    capture_url: String,
    key: &SessionKey,
    nonce: [u8; 24],
) -> Option<MailboxRow> {
    let from = circumstances.mailbox_from?;
    let input = invitation::input(
        new,
        &new.recipient()?,
        &circumstances.tenant.organization,
        invitation.environment,
        capture_url,
        invitation.created_at,
    );
    let message_sealed = invitation::keep(from, &input, key, invitation.id, nonce)?;
    Some(MailboxRow {
        organization: invitation.organization,
        id: invitation.id,
        environment: invitation.environment,
        session: invitation.session,
        created_at: invitation.created_at,
        message_sealed,
    })
}

fn record(
    caller: &Caller,
    marker: &Marker,
    created: &Json,
    key: &SessionKey,
    nonce: [u8; 24],
    session: &SessionRow,
) -> IdempotencyRow {
    IdempotencyRow {
        scope: marker.scope(caller),
        fingerprint: marker.fingerprint,
        session: session.id,
        status: CREATED,
        response_sealed: key.seal_response(&marker.key, created.to_text().as_bytes(), nonce),
        api_version: caller.version,
        created_at: session.created_at,
        expires_at: session.created_at + IDEMPOTENCY_HOURS * HOUR_MS,
    }
}

/// The event of the wire, and a note of what became of the invitation.
fn events(session: &SessionRow, is_kept: bool, dice: &Dice) -> Vec<SessionEventRow> {
    let unix_ms = u64::try_from(session.created_at).unwrap_or_default();
    let entry = |event: &str, actor: &str, random, sequence, detail: Object| SessionEventRow {
        organization: session.organization,
        session: session.id,
        id: EventId::from_parts(unix_ms, random),
        event: event.to_owned(),
        actor: actor.to_owned(),
        sequence,
        detail: Json::from(detail).to_text(),
        created_at: session.created_at,
    };
    let by = session.created_by.as_str();
    let created = entry("session.created", by, dice.events[0], Some(1), object! {});
    let invited = session.send_email.then(|| {
        if is_kept {
            let detail = object! { "attempts": 1_i64 };
            entry("invitation.sent", "system", dice.events[1], None, detail)
        } else {
            entry("invitation.queued", by, dice.events[1], None, object! {})
        }
    });
    std::iter::once(created).chain(invited).collect()
}

#[cfg(test)]
mod tests;
