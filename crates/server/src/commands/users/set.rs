//! `vouchkey users set`.

use sqlx::AnyConnection;

use super::{Refused, find, may_lose_role};
use crate::commands::CommandError;
use crate::commands::arguments::UserSetArguments;
use crate::commands::installation::Installation;
use crate::store::users::{self, Role, UserRow};
use crate::store::{Change, Engine, StoreError};

/// Gives a user another role, which holds from their next request on.
pub(in crate::commands) async fn set(
    installation: &Installation,
    arguments: &UserSetArguments,
) -> Result<String, CommandError> {
    let user = find(installation, arguments.email.as_str()).await?;
    let role = arguments.role;
    let answer = format!("{} has the role {}.", user.email, role.as_str());
    installation.store.write(SetRole { user, role }).await??;
    Ok(answer)
}

struct SetRole {
    user: UserRow,
    role: Role,
}

impl Change for SetRole {
    type Outcome = Result<(), Refused>;

    async fn apply(
        self,
        conn: &mut AnyConnection,
        _: Engine,
    ) -> Result<Result<(), Refused>, StoreError> {
        let Self { user, role } = self;
        match may_lose_role(conn, &user).await? {
            // An owner who stays one.
            Err(Refused::LastOwner(_)) if role == Role::Owner => {}
            Err(refused) => return Ok(Err(refused)),
            Ok(()) => {}
        }
        users::set_role(conn, user.organization, user.id, role).await?;
        Ok(Ok(()))
    }
}
