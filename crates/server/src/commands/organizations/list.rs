//! `vouchkey org list`.

use vouchkey_types::date::format_utc;
use vouchkey_types::json::Json;
use vouchkey_types::object;

use crate::commands::CommandError;
use crate::commands::arguments::OrgListArguments;
use crate::commands::installation::Installation;
use crate::store::organizations;

/// All organizations, the oldest first.
pub(in crate::commands) async fn list(
    installation: &Installation,
    arguments: &OrgListArguments,
) -> Result<String, CommandError> {
    let all = installation
        .store
        .read(async |conn| organizations::all(conn).await)
        .await?;
    if arguments.json {
        let described = all.iter().map(|row| {
            Json::from(object! {
                "id": row.id,
                "name": row.name.as_str(),
                "created_at": format_utc(row.created_at),
            })
        });
        return Ok(Json::from(object! { "data": Json::Array(described.collect()) }).to_text());
    }
    let lines = all
        .iter()
        .map(|row| format!("{}  {}  {}", row.id, format_utc(row.created_at), row.name));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
