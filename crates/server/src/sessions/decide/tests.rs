use vouchkey_types::date::Date;
use vouchkey_types::id::{KeyId, OrganizationId, WorkflowId};
use vouchkey_types::inflection::Inflection;
use vouchkey_types::json;
use vouchkey_types::scope::ScopeSet;
use vouchkey_types::session::create::{Context, CreateSessionRequest};
use vouchkey_types::version::ApiVersion;

use super::*;
use crate::config::{DataConfig, DatabaseConfig, RootKeySource};
use crate::http::Actor;
use crate::invitations::kept::KeptMail;
use crate::store::Store;
use crate::store::fixtures::NOW;
use crate::store::organizations::OrganizationRow;
use crate::store::workflows::WorkflowRow;

const ORGANIZATION: OrganizationId = OrganizationId::from_bytes([1; 16]);
const WORKFLOW: WorkflowId = WorkflowId::from_bytes([2; 16]);

struct World {
    vault: Vault,
    secrets: ServerSecrets,
    caller: Caller,
    tenant: Tenant,
    mailbox_from: Option<&'static str>,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = DataConfig {
            folder: folder.path().to_owned(),
        };
        let store = Store::open(&DatabaseConfig::default(), &data)
            .await
            .unwrap();
        let source = RootKeySource::File(folder.path().join("root.key"));
        let (vault, secrets) = Vault::open(&store, &source, &Clock::fixed(NOW))
            .await
            .unwrap();
        let caller = Caller {
            organization: ORGANIZATION,
            environment: Environment::Sandbox,
            actor: Actor::Key(KeyId::from_bytes([3; 16])),
            scopes: ScopeSet::default(),
            publishable: None,
            version: ApiVersion::LATEST,
            inflection: Inflection::Camel,
        };
        let organization = OrganizationRow::new(ORGANIZATION, "Example".to_owned(), 0);
        let workflow = WorkflowRow {
            organization: ORGANIZATION,
            id: WORKFLOW,
            environment: Environment::Sandbox,
            name: "Default".to_owned(),
            is_default: true,
            is_active: true,
            created_at: 0,
        };
        Self {
            vault,
            secrets,
            caller,
            tenant: Tenant {
                organization,
                workflows: vec![workflow],
            },
            mailbox_from: None,
        }
    }

    fn decide(&self, body: &str, marker: Option<Marker>) -> Decision {
        let circumstances = Circumstances {
            caller: &self.caller,
            tenant: &self.tenant,
            public_url: &PublicUrl::parse("https://v.example").unwrap(),
            secrets: &self.secrets,
            vault: &self.vault,
            mailbox_from: self.mailbox_from,
            marker,
            now: NOW,
        };
        decide(&new(body), &circumstances, &dice())
    }

    fn key(&self, decision: &Decision) -> SessionKey {
        SessionKey::open(&self.vault, &decision.change.data_key)
            .unwrap()
            .unwrap()
    }
}

fn new(body: &str) -> NewSession {
    let context = Context {
        today: Date::from_unix_ms(NOW),
        schemes: &[],
        strict: true,
        workflows: None,
        publishable: None,
    };
    CreateSessionRequest::from_json(json::read(body.as_bytes()).unwrap())
        .unwrap()
        .validate(&context)
        .unwrap()
}

fn shown_url(decision: &Decision) -> &str {
    let url = decision.created.get("capture_url");
    url.and_then(Json::as_str).unwrap()
}

fn dice() -> Dice {
    Dice {
        session: [1; 10],
        link: [2; 10],
        events: [[3; 10], [4; 10]],
        invitation: [5; 10],
        key: Zeroizing::new([6; 32]),
        nonces: std::array::from_fn(|n| [u8::try_from(n).unwrap(); 24]),
    }
}

#[tokio::test]
async fn the_least_request_becomes_a_session_with_a_link_and_an_event() {
    let world = World::new().await;
    let decision = world.decide("{}", None);
    let change = &decision.change;
    assert_eq!(change.session.status, SessionStatus::Pending);
    assert_eq!(change.session.expires_at, NOW + 24 * HOUR_MS);
    assert_eq!(change.session.workflow, Some(WORKFLOW));
    assert_eq!(change.session.created_by, world.caller.actor.to_string());
    assert_eq!(change.session.sealed, SealedFields::default());
    assert_eq!(
        (change.link.session, change.link.expires_at),
        (change.session.id, change.session.expires_at)
    );
    let events: Vec<_> = change
        .events
        .iter()
        .map(|event| (event.event.as_str(), event.sequence))
        .collect();
    assert_eq!(events, [("session.created", Some(1))]);
    assert!(change.invitation.is_none() && change.idempotency.is_none());
    assert_eq!(decision.created.get("is_sandbox"), Some(&Json::Bool(true)));
}

#[tokio::test]
async fn the_capture_url_opens_the_link_that_is_written() {
    let world = World::new().await;
    let decision = world.decide("{}", None);
    let token = shown_url(&decision)
        .strip_prefix("https://v.example/verify/")
        .unwrap();
    assert_eq!(
        world.secrets.verify_capture_token(token),
        Some(decision.change.link.id)
    );
}

#[tokio::test]
async fn every_personal_value_is_sealed_and_opens_under_the_wrapped_key() {
    let world = World::new().await;
    let body = r#"{"metadata":{"a":1},"fields":{"name_first":"Jane"},"send_email":true,"applicant_email":"j@e.example",
        "applicant_name":"Jane D","email_display_name":"Brand","support_url":"https://help.example",
        "redirect_url":"https://done.example"}"#;
    let decision = world.decide(body, None);
    let (key, sealed) = (world.key(&decision), decision.change.session.sealed.clone());
    for (field, sealed, plain) in [
        (Field::Metadata, sealed.metadata, r#"{"a":1}"#),
        (Field::Prefill, sealed.prefill, r#"{"name_first":"Jane"}"#),
        (Field::ApplicantEmail, sealed.applicant_email, "j@e.example"),
        (Field::ApplicantName, sealed.applicant_name, "Jane D"),
        (Field::EmailDisplayName, sealed.email_display_name, "Brand"),
        (
            Field::SupportUrl,
            sealed.support_url,
            "https://help.example",
        ),
        (
            Field::RedirectUrl,
            sealed.redirect_url,
            "https://done.example",
        ),
    ] {
        let sealed = sealed.unwrap();
        assert_eq!(
            key.unseal(field, &sealed).unwrap(),
            plain.as_bytes(),
            "{field:?}"
        );
        let other = if field == Field::Prefill {
            Field::Metadata
        } else {
            Field::Prefill
        };
        assert!(
            key.unseal(other, &sealed).is_err(),
            "{field:?} opens elsewhere"
        );
    }
}

#[tokio::test]
async fn an_invitation_goes_to_the_address_of_the_request_only_if_it_is_asked_for() {
    let world = World::new().await;
    for (body, recipient) in [
        (r#"{"applicant_email":"a@e.example"}"#, None),
        (
            r#"{"send_email":true,"applicant_email":"a@e.example"}"#,
            Some("a@e.example"),
        ),
        (
            r#"{"send_email":true,"metadata":{"applicant_email":"m@e.example"}}"#,
            Some("m@e.example"),
        ),
        (
            r#"{"send_email":true,"applicant_email":"a@e.example","metadata":{"applicant_email":"m@e.example"}}"#,
            Some("a@e.example"),
        ),
    ] {
        let decision = world.decide(body, None);
        let change = &decision.change;
        let opened = change
            .session
            .sealed
            .applicant_email
            .as_ref()
            .map(|sealed| {
                String::from_utf8(
                    world
                        .key(&decision)
                        .unseal(Field::ApplicantEmail, sealed)
                        .unwrap(),
                )
                .unwrap()
            });
        assert_eq!(opened.as_deref(), recipient, "{body}");
        assert_eq!(change.invitation.is_some(), recipient.is_some(), "{body}");
        assert_eq!(
            change.session.invitations_sent,
            i64::from(recipient.is_some())
        );
        assert_eq!(change.events.len(), if recipient.is_some() { 2 } else { 1 });
    }
}

#[tokio::test]
async fn without_a_mail_server_an_invitation_is_kept_with_its_session() {
    let mut world = World::new().await;
    let body = r#"{"send_email":true,"applicant_email":"a@e.example","applicant_name":"Ada","expires_in_minutes":45}"#;
    assert_eq!(world.decide(body, None).change.kept, None);
    world.mailbox_from = Some("from@e.example");
    assert_eq!(world.decide("{}", None).change.kept, None);
    let decision = world.decide(body, None);
    let (invitation, kept) = (
        decision.change.invitation.as_ref().unwrap(),
        decision.change.kept.as_ref().unwrap(),
    );
    assert_eq!(
        (kept.organization, kept.id, kept.session),
        (
            invitation.organization,
            invitation.id,
            decision.change.session.id
        )
    );
    let events: Vec<_> = decision
        .change
        .events
        .iter()
        .map(|event| (event.event.as_str(), event.actor.as_str(), event.sequence))
        .collect();
    let by = decision.change.session.created_by.as_str();
    assert_eq!(
        events,
        [
            ("session.created", by, Some(1)),
            ("invitation.sent", "system", None)
        ]
    );
    let text = world
        .key(&decision)
        .unseal_message(kept.id, &kept.message_sealed)
        .unwrap();
    let mail = KeptMail::read(&text).unwrap();
    assert_eq!(mail.from, "Example <from@e.example>");
    assert_eq!(mail.rendered.to, "a@e.example");
    assert_eq!(mail.rendered.capture_url, shown_url(&decision));
    assert!(
        mail.rendered.text.contains("45 minutes"),
        "{}",
        mail.rendered.text
    );
}

#[tokio::test]
async fn a_keyed_creation_keeps_its_answer_for_a_day() {
    let world = World::new().await;
    let marker = Marker {
        key: [8; 32],
        fingerprint: [9; 32],
    };
    let decision = world.decide(r#"{"external_ref":"r"}"#, Some(marker));
    let record = decision.change.idempotency.clone().unwrap();
    assert_eq!(
        (record.scope.key_hash, record.fingerprint, record.status),
        ([8; 32], [9; 32], 201)
    );
    assert_eq!(
        (record.created_at, record.expires_at),
        (NOW, NOW + 24 * HOUR_MS)
    );
    let kept = world
        .key(&decision)
        .unseal_response(&record.scope.key_hash, &record.response_sealed)
        .unwrap();
    assert_eq!(String::from_utf8(kept).unwrap(), decision.created.to_text());
}
