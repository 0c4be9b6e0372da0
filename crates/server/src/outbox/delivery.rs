//! One attempt to deliver one invitation: from ids to a message that somebody has taken.

use vouchkey_types::object;
use vouchkey_types::session::status::SessionStatus;

use crate::app::AppState;
use crate::config::MailConfig;
use crate::invitations::{self, Failure, InvitationInput, Organization, Outgoing, Rendered, Smtp};
use crate::sessions::capture_url::capture_url;
use crate::sessions::sealed::{Field, SessionKey};
use crate::store::mailbox::MailboxRow;
use crate::store::outbox::Leased;
use crate::store::{StoreError, capture_links, data_keys, organizations, sessions};
use crate::vault::OpenError;
use vouchkey_types::api_key::Environment;

/// The sender that the embedded mailbox shows where none is configured.
const MAILBOX_FROM: &str = "no-reply@localhost";

/// Where mail goes.
#[derive(Debug, Clone)]
pub(super) enum Post {
    /// Into the embedded mailbox.
    Mailbox {
        /// The sender's address.
        from: String,
    },
    /// To a server.
    Smtp {
        /// Which one.
        smtp: Smtp,
        /// The sender's address.
        from: String,
    },
    /// Nowhere, with a panic.
    #[cfg(test)]
    Panics,
}

impl Post {
    pub(super) fn of(config: &MailConfig) -> Self {
        match config {
            MailConfig::Mailbox { from } => Self::Mailbox {
                from: from
                    .as_ref()
                    .map_or(MAILBOX_FROM, |from| from.as_str())
                    .to_owned(),
            },
            MailConfig::Smtp { address, from } => Self::Smtp {
                smtp: Smtp::new(address.clone()),
                from: from.as_str().to_owned(),
            },
        }
    }

    fn from(&self) -> &str {
        match self {
            Self::Mailbox { from } | Self::Smtp { from, .. } => from,
            #[cfg(test)]
            Self::Panics => panic!("on purpose"),
        }
    }

    /// Whether mail would be taken now.
    pub(super) async fn probe(&self) -> Result<(), Failure> {
        match self {
            Self::Mailbox { .. } => Ok(()),
            #[cfg(test)]
            Self::Panics => Ok(()),
            Self::Smtp { smtp, .. } => smtp.probe().await,
        }
    }
}

/// What came of an attempt.
#[derive(Debug)]
pub(super) enum Attempt {
    /// A server has taken the message.
    Sent,
    /// The message is to be kept, in the transaction that says so.
    Kept(MailboxRow),
    /// It was not handed over.
    Failed(Failure),
    /// It could not even be put together; the machine's trouble, which passes.
    Hindered,
    /// It can never be delivered, for this reason.
    Hopeless(&'static str),
    /// It is no longer wanted, for this reason.
    Unwanted(&'static str),
}

/// Tries once.
pub(super) async fn attempt(state: AppState, post: Post, lease: Leased) -> Attempt {
    match prepare(&state, &lease).await {
        Ok((rendered, key)) => hand_over(&state, &post, &lease, &rendered, &key).await,
        Err(attempt) => attempt,
    }
}

async fn prepare(state: &AppState, lease: &Leased) -> Result<(Rendered, SessionKey), Attempt> {
    let (organization, session) = (lease.organization, lease.session);
    let found = state
        .store
        .read(async |conn| {
            Ok((
                sessions::find_anywhere(conn, organization, session).await?,
                capture_links::live(conn, organization, session).await?,
                data_keys::find(conn, organization, session).await?,
                organizations::find(conn, organization).await?,
            ))
        })
        .await
        .map_err(|error| hindered(&error))?;
    let (Some(session), link, Some(key), Some(organization)) = found else {
        return Err(Attempt::Unwanted("ended"));
    };
    let now = state.clock.now_ms();
    match session.status_at(now) {
        SessionStatus::Pending | SessionStatus::Capturing if now < session.expires_at => {}
        SessionStatus::Expired | SessionStatus::Pending | SessionStatus::Capturing => {
            return Err(Attempt::Unwanted("expired"));
        }
        _ => return Err(Attempt::Unwanted("ended")),
    }
    let key = SessionKey::open(&state.vault, &key)
        .map_err(unreadable)?
        .ok_or(Attempt::Unwanted("erased"))?;
    let link = link.ok_or(Attempt::Unwanted("ended"))?;
    if link.expires_at <= now {
        return Err(Attempt::Unwanted("expired"));
    }
    let text = |field: Field, sealed: &Option<Vec<u8>>| {
        key.text(field, sealed.as_deref()).map_err(unreadable)
    };
    let input = InvitationInput {
        to: text(Field::ApplicantEmail, &session.sealed.applicant_email)?
            .ok_or(Attempt::Hopeless("no_recipient"))?,
        applicant_name: text(Field::ApplicantName, &session.sealed.applicant_name)?,
        email_display_name: text(Field::EmailDisplayName, &session.sealed.email_display_name)?,
        support_url: text(Field::SupportUrl, &session.sealed.support_url)?,
        organization: Organization {
            name: organization.name,
            email_display_name: organization.email_display_name,
            support_url: organization.support_url,
            accent_colour: organization.accent_colour,
        },
        capture_url: capture_url(&state.public_url, &state.secrets, link.id),
        expires_at: link.expires_at,
        now,
        sandbox: session.environment == Environment::Sandbox,
    };
    let rendered = invitations::render(&input).map_err(|_| Attempt::Hopeless("not_renderable"))?;
    Ok((rendered, key))
}

async fn hand_over(
    state: &AppState,
    post: &Post,
    lease: &Leased,
    rendered: &Rendered,
    key: &SessionKey,
) -> Attempt {
    let now = state.clock.now_ms();
    // Built for the mailbox too, so that what no server could carry shows where there is none yet.
    let Ok(message) = Outgoing::build(rendered, post.from(), &lease.id.to_string(), now) else {
        return Attempt::Hopeless("not_deliverable");
    };
    match post {
        Post::Smtp { smtp, .. } => match smtp.send(&message).await {
            Ok(()) => Attempt::Sent,
            Err(failure) => Attempt::Failed(failure),
        },
        #[cfg(test)]
        Post::Panics => Attempt::Hindered,
        Post::Mailbox { from } => {
            let kept = kept(rendered, from);
            Attempt::Kept(MailboxRow {
                organization: lease.organization,
                id: lease.id,
                environment: lease.environment,
                session: lease.session,
                created_at: now,
                message_sealed: key.seal_message(lease.id, kept.as_bytes(), state.clock.random()),
            })
        }
    }
}

/// A message as the mailbox keeps it. The QR is drawn again from the text when it is shown.
fn kept(rendered: &Rendered, from: &str) -> String {
    vouchkey_types::json::Json::from(object! {
        "from": format!("{} <{from}>", rendered.from_name),
        "to": rendered.to.as_str(),
        "subject": rendered.subject.as_str(),
        "text": rendered.text.as_str(),
        "html": rendered.html.as_str(),
        "capture_url": rendered.capture_url.as_str(),
    })
    .to_text()
}

fn hindered(error: &StoreError) -> Attempt {
    tracing::warn!(%error, "an invitation could not be put together");
    Attempt::Hindered
}

fn unreadable(error: OpenError) -> Attempt {
    tracing::error!(%error, "an invitation's data cannot be read");
    Attempt::Hopeless("unreadable")
}
