//! Organizations: who runs sessions, and how their mail and pages look.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;
use vouchkey_types::id::OrganizationId;

use super::StoreError;
use super::columns::{Columns, columns_of, statements, write_list};

/// An organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationRow {
    /// Which it is.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// The brand in its mail; else its name.
    pub email_display_name: Option<String>,
    /// Where applicants get help.
    pub support_url: Option<String>,
    /// Hosts to which a publishable key may send applicants.
    pub redirect_hosts: Vec<String>,
    /// Schemes of its apps, beside http and https, in lower case.
    pub allowed_redirect_schemes: Vec<String>,
    /// Origins that may embed its capture pages.
    pub embed_origins: Vec<String>,
    /// The colour of its capture pages, `#rrggbb`.
    pub accent_colour: Option<String>,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Unix milliseconds.
    pub updated_at: i64,
}

impl OrganizationRow {
    /// One without settings, made at this time.
    #[must_use]
    pub fn new(id: OrganizationId, name: String, now: i64) -> Self {
        Self {
            id,
            name,
            email_display_name: None,
            support_url: None,
            redirect_hosts: Vec::new(),
            allowed_redirect_schemes: Vec::new(),
            embed_origins: Vec::new(),
            accent_colour: None,
            created_at: now,
            updated_at: now,
        }
    }
}

statements! {
    INSERT = "INSERT INTO organizations (organization_id, name, email_display_name, support_url, redirect_hosts, \
        allowed_redirect_schemes, embed_origins, accent_colour, created_at, updated_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE = "UPDATE organizations SET name = $2, email_display_name = $3, support_url = $4, redirect_hosts = $5, \
        allowed_redirect_schemes = $6, embed_origins = $7, accent_colour = $8, updated_at = $9 \
        WHERE organization_id = $1";
    /// Written, so that another one who decides by its users waits for this one.
    HOLD = "UPDATE organizations SET updated_at = updated_at WHERE organization_id = $1";
    FIND = concat!("SELECT ", columns_of!(organizations), " FROM organizations WHERE organization_id = $1");
    OLDEST = concat!("SELECT ", columns_of!(organizations), " FROM organizations ORDER BY created_at, organization_id LIMIT $1");
}

/// Adds an organization.
///
/// # Errors
/// Those of the database.
pub async fn insert(conn: &mut AnyConnection, row: &OrganizationRow) -> Result<(), StoreError> {
    sqlx::query(INSERT)
        .bind(row.id.to_string())
        .bind(row.name.as_str())
        .bind(row.email_display_name.as_deref())
        .bind(row.support_url.as_deref())
        .bind(write_list(&row.redirect_hosts))
        .bind(write_list(&row.allowed_redirect_schemes))
        .bind(write_list(&row.embed_origins))
        .bind(row.accent_colour.as_deref())
        .bind(row.created_at)
        .bind(row.updated_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes an organization's settings, all but its id and creation.
///
/// # Errors
/// Those of the database.
pub async fn update(conn: &mut AnyConnection, row: &OrganizationRow) -> Result<(), StoreError> {
    sqlx::query(UPDATE)
        .bind(row.id.to_string())
        .bind(row.name.as_str())
        .bind(row.email_display_name.as_deref())
        .bind(row.support_url.as_deref())
        .bind(write_list(&row.redirect_hosts))
        .bind(write_list(&row.allowed_redirect_schemes))
        .bind(write_list(&row.embed_origins))
        .bind(row.accent_colour.as_deref())
        .bind(row.updated_at)
        .execute(conn)
        .await?;
    Ok(())
}

/// The organization of this id.
///
/// # Errors
/// Those of the database.
pub async fn find(
    conn: &mut AnyConnection,
    id: OrganizationId,
) -> Result<Option<OrganizationRow>, StoreError> {
    let row = sqlx::query(FIND)
        .bind(id.to_string())
        .fetch_optional(conn)
        .await?;
    row.as_ref().map(read).transpose()
}

/// The oldest organizations, at most `limit`.
///
/// # Errors
/// Those of the database.
pub async fn oldest(
    conn: &mut AnyConnection,
    limit: i64,
) -> Result<Vec<OrganizationRow>, StoreError> {
    sqlx::query(OLDEST)
        .bind(limit)
        .fetch_all(conn)
        .await?
        .iter()
        .map(read)
        .collect()
}

/// All organizations, the oldest first.
///
/// # Errors
/// Those of the database.
pub async fn all(conn: &mut AnyConnection) -> Result<Vec<OrganizationRow>, StoreError> {
    oldest(conn, i64::MAX).await
}

/// Keeps an organization for this transaction: who holds it too waits until this one ends.
///
/// # Errors
/// Those of the database.
pub async fn hold(conn: &mut AnyConnection, id: OrganizationId) -> Result<(), StoreError> {
    sqlx::query(HOLD).bind(id.to_string()).execute(conn).await?;
    Ok(())
}

fn read(row: &AnyRow) -> Result<OrganizationRow, StoreError> {
    Ok(OrganizationRow {
        id: row.parsed("organization_id", OrganizationId::parse)?,
        name: row.plain("name")?,
        email_display_name: row.plain("email_display_name")?,
        support_url: row.plain("support_url")?,
        redirect_hosts: row.list("redirect_hosts")?,
        allowed_redirect_schemes: row.list("allowed_redirect_schemes")?,
        embed_origins: row.list("embed_origins")?,
        accent_colour: row.plain("accent_colour")?,
        created_at: row.plain("created_at")?,
        updated_at: row.plain("updated_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fixtures::{NOW, apply, store};

    #[tokio::test]
    async fn settings_are_read_back_as_written() {
        let folder = tempfile::tempdir().unwrap();
        let (store, id) = store(folder.path()).await;
        let changed = OrganizationRow {
            id,
            name: "Ümlaut & Söhne \"GmbH\"".to_owned(),
            email_display_name: Some("Brand".to_owned()),
            support_url: Some("https://example.com/help".to_owned()),
            redirect_hosts: vec!["a.example".to_owned(), "b.example".to_owned()],
            allowed_redirect_schemes: vec!["my-app".to_owned()],
            embed_origins: Vec::new(),
            accent_colour: Some("#123456".to_owned()),
            created_at: NOW,
            updated_at: NOW + 1,
        };
        let row = changed.clone();
        store
            .write(apply(move |conn| {
                Box::pin(async move { update(conn, &row).await })
            }))
            .await
            .unwrap();
        assert_eq!(
            store.read(async |conn| find(conn, id).await).await,
            Ok(Some(changed.clone()))
        );
        assert_eq!(
            store.read(async |conn| oldest(conn, 2).await).await,
            Ok(vec![changed])
        );
    }
}
