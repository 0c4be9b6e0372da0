//! One attempt to deliver an invitation: from ids to a message that somebody has taken.

use sqlx::AnyConnection;
use vouchkey_types::api_key::Environment;
use vouchkey_types::session::status::SessionStatus;

use crate::app::AppState;
use crate::config::MailConfig;
use crate::invitations::{self, Failure, InvitationInput, Outgoing, Smtp};
use crate::sessions::capture_url::capture_url;
use crate::sessions::invitation;
use crate::sessions::sealed::{Field, SessionKey};
use crate::store::invitations::InvitationRow;
use crate::store::mailbox::MailboxRow;
use crate::store::organizations::{self, OrganizationRow};
use crate::store::outbox::Leased;
use crate::store::{self, StoreError};
use crate::vault::OpenError;

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
            MailConfig::Mailbox { from } => Self::Mailbox { from: from.clone() },
            MailConfig::Smtp { server, from } => Self::Smtp {
                smtp: server.clone(),
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
    let (organization, session) = (lease.organization, lease.session);
    let read = async |conn: &mut AnyConnection| {
        Ok((
            organizations::find(conn, organization).await?,
            store::invitations::find(conn, organization, session).await?,
        ))
    };
    match state.store.read(read).await {
        Ok((Some(organization), Some(row))) => match prepare(&state, &organization, &row) {
            Ok((input, key)) => hand_over(&state, &post, &lease, &input, &key).await,
            Err(attempt) => attempt,
        },
        Ok(_) => Attempt::Unwanted("ended"),
        Err(error) => hindered(&error),
    }
}

fn prepare(
    state: &AppState,
    organization: &OrganizationRow,
    row: &InvitationRow,
) -> Result<(InvitationInput, SessionKey), Attempt> {
    let now = state.clock.now_ms();
    match row.status_at(now) {
        SessionStatus::Pending | SessionStatus::Capturing if now < row.expires_at => {}
        SessionStatus::Expired | SessionStatus::Pending | SessionStatus::Capturing => {
            return Err(Attempt::Unwanted("expired"));
        }
        _ => return Err(Attempt::Unwanted("ended")),
    }
    let key = SessionKey::open(&state.vault, &row.key)
        .map_err(unreadable)?
        .ok_or(Attempt::Unwanted("erased"))?;
    let (link, link_expires_at) = row.link.ok_or(Attempt::Unwanted("ended"))?;
    if link_expires_at <= now {
        return Err(Attempt::Unwanted("expired"));
    }
    let text = |field: Field, sealed: &Option<Vec<u8>>| {
        key.text(field, sealed.as_deref()).map_err(unreadable)
    };
    let input = InvitationInput {
        to: text(Field::ApplicantEmail, &row.applicant_email)?
            .ok_or(Attempt::Hopeless("no_recipient"))?,
        applicant_name: text(Field::ApplicantName, &row.applicant_name)?,
        email_display_name: text(Field::EmailDisplayName, &row.email_display_name)?,
        support_url: text(Field::SupportUrl, &row.support_url)?,
        organization: organization.into(),
        capture_url: capture_url(&state.public_url, &state.secrets, link),
        expires_at: link_expires_at,
        now,
        sandbox: row.environment == Environment::Sandbox,
    };
    Ok((input, key))
}

async fn hand_over(
    state: &AppState,
    post: &Post,
    lease: &Leased,
    input: &InvitationInput,
    key: &SessionKey,
) -> Attempt {
    let Post::Smtp { smtp, from } = post else {
        return kept(state, post.from(), lease, input, key);
    };
    let now = state.clock.now_ms();
    let Ok(rendered) = invitations::render(input) else {
        return Attempt::Hopeless("not_renderable");
    };
    let Ok(message) = Outgoing::build(&rendered, from, &lease.id.to_string(), now) else {
        return Attempt::Hopeless("not_deliverable");
    };
    match smtp.send(&message).await {
        Ok(()) => Attempt::Sent,
        Err(failure) => Attempt::Failed(failure),
    }
}

fn kept(
    state: &AppState,
    from: &str,
    lease: &Leased,
    input: &InvitationInput,
    key: &SessionKey,
) -> Attempt {
    match invitation::keep(from, input, key, lease.id, state.clock.random()) {
        Some(message_sealed) => Attempt::Kept(MailboxRow {
            organization: lease.organization,
            id: lease.id,
            environment: lease.environment,
            session: lease.session,
            created_at: input.now,
            message_sealed,
        }),
        None => Attempt::Hopeless("not_deliverable"),
    }
}

pub(super) fn hindered(error: &StoreError) -> Attempt {
    tracing::warn!(%error, "an invitation could not be put together");
    Attempt::Hindered
}

fn unreadable(error: OpenError) -> Attempt {
    tracing::error!(%error, "an invitation's data cannot be read");
    Attempt::Hopeless("unreadable")
}
