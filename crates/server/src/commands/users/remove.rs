//! `vouchkey users remove`.

use sqlx::AnyConnection;

use super::{Refused, find, may_lose_role};
use crate::commands::CommandError;
use crate::commands::arguments::UserRemoveArguments;
use crate::commands::installation::Installation;
use crate::store::users::{self, UserRow};
use crate::store::{Change, Engine, StoreError, sign_ins};

/// Removes a user, with their password, sessions and links. What they did stays, under their id.
pub(in crate::commands) async fn remove(
    installation: &Installation,
    arguments: &UserRemoveArguments,
) -> Result<String, CommandError> {
    let user = find(installation, arguments.email.as_str()).await?;
    let answer = format!("{} is removed, and signed out everywhere.", user.email);
    let now = installation.clock.now_ms();
    installation.store.write(Remove { user, now }).await??;
    Ok(answer)
}

struct Remove {
    user: UserRow,
    now: i64,
}

impl Change for Remove {
    type Outcome = Result<(), Refused>;

    async fn apply(
        self,
        conn: &mut AnyConnection,
        _: Engine,
    ) -> Result<Result<(), Refused>, StoreError> {
        let Self { user, now } = self;
        if let Err(refused) = may_lose_role(conn, &user).await? {
            return Ok(Err(refused));
        }
        // First, since it waits for whoever is signing in as this user: what they leave is dropped as well.
        sign_ins::shut_out(conn, user.organization, user.id, now).await?;
        sign_ins::delete_all(conn, user.organization, user.id).await?;
        users::delete(conn, user.organization, user.id).await?;
        Ok(Ok(()))
    }
}
