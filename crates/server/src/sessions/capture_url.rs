//! Where an applicant goes.

use vouchkey_types::id::LinkId;

use crate::config::PublicUrl;
use crate::vault::ServerSecrets;

/// The capture URL of a link. It opens the session: whoever may not see it must not be told it.
pub fn capture_url(public_url: &PublicUrl, secrets: &ServerSecrets, link: LinkId) -> String {
    format!(
        "{public_url}/verify/{}",
        secrets.capture_token(link).expose()
    )
}
