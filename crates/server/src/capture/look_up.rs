//! From the token in an address to what its page shows.

use vouchkey_types::api_key::Environment;
use vouchkey_types::id::LinkId;
use vouchkey_types::session::status::SessionStatus;

use super::page::{Asker, Standing};
use crate::app::AppState;
use crate::invitations;
use crate::sessions::sealed::{Field, SessionKey};
use crate::store::capture_links::CaptureLinkRow;
use crate::store::organizations::OrganizationRow;
use crate::store::sessions::SessionRow;
use crate::store::{StoreError, capture_links, data_keys, organizations, sessions};
use crate::vault::OpenError;

/// A link that exists.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The link.
    pub(super) link: CaptureLinkRow,
    /// Who asks.
    pub(super) asker: Asker,
    /// What the page shows.
    pub(super) standing: Standing,
}

/// Why a page cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The database is not available now.
    Passing,
    /// Something is wrong; the log says what.
    Lasting,
}

/// Looks a token up. None for one that leads nowhere, whatever the reason.
///
/// # Errors
/// The database cannot say, or what it says cannot be read.
pub(super) async fn look_up(state: &AppState, token: &str) -> Result<Option<Found>, Trouble> {
    let Some(id) = state.secrets.verify_capture_token(token) else {
        return Ok(None);
    };
    let rows = state.store.read(async |conn| read(conn, id).await).await?;
    let Some((link, session, key, organization)) = rows else {
        return Ok(None);
    };
    let key = key
        .map(|row| SessionKey::open(&state.vault, &row))
        .transpose()?
        .flatten();
    let asker = asker(&session, key.as_ref(), organization)?;
    let standing = standing(&link, &session, key.is_none(), state.clock.now_ms());
    Ok(Some(Found {
        link,
        asker,
        standing,
    }))
}

type Rows = (
    CaptureLinkRow,
    SessionRow,
    Option<data_keys::DataKeyRow>,
    OrganizationRow,
);

async fn read(conn: &mut sqlx::AnyConnection, id: LinkId) -> Result<Option<Rows>, StoreError> {
    let Some(link) = capture_links::find(conn, id).await? else {
        return Ok(None);
    };
    let session = sessions::find_anywhere(conn, link.organization, link.session).await?;
    let key = data_keys::find(conn, link.organization, link.session).await?;
    let organization = organizations::find(conn, link.organization).await?;
    Ok(session
        .zip(organization)
        .map(|(session, organization)| (link, session, key, organization)))
}

/// Who asks, by the same steps as the invitation. What was sealed under a destroyed key falls back to the
/// organization's own.
fn asker(
    session: &SessionRow,
    key: Option<&SessionKey>,
    organization: OrganizationRow,
) -> Result<Asker, OpenError> {
    let own = |field, sealed: &Option<Vec<u8>>| match key {
        // The brand and the support link of one session count only with its invitation.
        Some(key) if session.send_email => key.text(field, sealed.as_deref()),
        _ => Ok(None),
    };
    let brand = own(Field::EmailDisplayName, &session.sealed.email_display_name)?;
    let support_url = own(Field::SupportUrl, &session.sealed.support_url)?;
    Ok(Asker {
        brand: invitations::brand(
            brand.as_deref(),
            organization.email_display_name.as_deref(),
            &organization.name,
        )
        .to_owned(),
        organization: organization.name,
        support_url: support_url.or(organization.support_url),
        accent_colour: organization.accent_colour,
        embed_origins: organization.embed_origins,
        sandbox: session.environment == Environment::Sandbox,
    })
}

/// What a link shows at a time. A finished session is done, by whichever link one comes; one whose data was erased has
/// no link that works.
fn standing(link: &CaptureLinkRow, session: &SessionRow, is_erased: bool, now: i64) -> Standing {
    match session.status_at(now) {
        SessionStatus::Processing
        | SessionStatus::AwaitingExternal
        | SessionStatus::UnderReview
        | SessionStatus::SandboxPending
        | SessionStatus::Completed
        | SessionStatus::Failed => Standing::Finished,
        _ if is_erased => Standing::Revoked,
        _ if link.consumed_at.is_some() => Standing::Used,
        _ if link.revoked_at.is_some() => Standing::Revoked,
        SessionStatus::Pending | SessionStatus::Capturing if now < link.expires_at => {
            Standing::Pending {
                expires_at: link.expires_at,
            }
        }
        SessionStatus::Pending | SessionStatus::Capturing | SessionStatus::Expired => {
            Standing::Expired
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a hosted page could not be looked up");
        if error.is_passing() {
            Self::Passing
        } else {
            Self::Lasting
        }
    }
}

impl From<OpenError> for Trouble {
    fn from(error: OpenError) -> Self {
        tracing::error!(%error, "a hosted page's data cannot be read");
        Self::Lasting
    }
}
