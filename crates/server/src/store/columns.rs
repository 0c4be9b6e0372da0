//! Columns of a row as values of this program, and lists as columns. Whatever a row holds that this program never
//! writes is [`StoreError::Corrupt`].

use sqlx::any::AnyRow;
use sqlx::{Decode, Row, Type};

use super::StoreError;

/// The typed columns of a row.
pub(super) trait Columns {
    /// A column as the database has it: `i64`, `String`, `Vec<u8>` or an `Option` of these.
    fn plain<'r, T: Decode<'r, sqlx::Any> + Type<sqlx::Any>>(
        &'r self,
        column: &'static str,
    ) -> Result<T, StoreError>;

    /// A word, read by `parse`.
    fn parsed<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(self.plain(column)?).ok_or(StoreError::Corrupt(column))
    }

    /// A word or NULL, read by `parse`.
    fn parsed_option<T>(
        &self,
        column: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.plain::<Option<&str>>(column)?
            .map(|text| parse(text).ok_or(StoreError::Corrupt(column)))
            .transpose()
    }

    /// A flag, kept as 0 or 1.
    fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        Ok(self.plain::<i64>(column)? != 0)
    }

    /// A JSON list of texts.
    fn list(&self, column: &'static str) -> Result<Vec<String>, StoreError> {
        self.parsed(column, read_list)
    }

    /// Bytes of a fixed length.
    fn bytes<const N: usize>(&self, column: &'static str) -> Result<[u8; N], StoreError> {
        self.plain::<Vec<u8>>(column)?
            .try_into()
            .map_err(|_| StoreError::Corrupt(column))
    }
}

impl Columns for AnyRow {
    fn plain<'r, T: Decode<'r, sqlx::Any> + Type<sqlx::Any>>(
        &'r self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        self.try_get(column)
            .map_err(|_| StoreError::Corrupt(column))
    }
}

/// A list as the text of a column.
pub(super) fn write_list<T: ToString>(items: &[T]) -> String {
    items
        .iter()
        .map(T::to_string)
        .collect::<serde_json::Value>()
        .to_string()
}

/// Reads what [`write_list`] wrote.
pub(super) fn read_list(text: &str) -> Option<Vec<String>> {
    serde_json::from_str(text).ok()
}

/// `$2, $3, …`: so many places for values, from the second on.
pub(super) fn places_from_second(count: usize) -> String {
    let places: Vec<String> = (2..count + 2).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// Declares the statements of a file, so that a test can prepare each on both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(super) const $name: &str = $sql;)*

        /// All statements of this file, with their names.
        #[cfg(test)]
        pub(super) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}
pub(super) use statements;

/// The columns of a table, by name. Never `*`: a newer program may add columns while this one runs, and PostgreSQL then
/// refuses a prepared statement that would answer with more of them than before.
macro_rules! columns_of {
    (api_keys) => {
        "key_hash, api_key_id, organization_id, environment, kind, label, scopes, api_version, \
         inflection, origins, allowed_ips, hint, created_by, created_at, expires_at, revoked_at, \
         last_used_at"
    };
    (capture_links) => {
        "link_id, organization_id, session_id, kind, capture_key_id, created_at, expires_at, revoked_at, \
         consumed_at, bound_hash"
    };
    (data_keys) => {
        "organization_id, data_key_id, root_key_id, key_wrapped, created_at, destroyed_at"
    };
    (idempotency_keys) => {
        "organization_id, environment, namespace, key_hash, fingerprint, session_id, status, \
         response_sealed, api_version, created_at, expires_at"
    };
    (mailbox_messages) => {
        "organization_id, message_id, environment, session_id, created_at, message_sealed"
    };
    (organizations) => {
        "organization_id, name, email_display_name, support_url, redirect_hosts, \
         allowed_redirect_schemes, embed_origins, accent_colour, created_at, updated_at"
    };
    (root_keys) => {
        "root_key_id, canary_sealed, created_at"
    };
    (server_secrets) => {
        "name, secret_sealed, created_at, root_key_id"
    };
    (session_events) => {
        "organization_id, session_id, event_id, event, actor, sequence, detail, created_at"
    };
    (sessions) => {
        "organization_id, session_id, environment, status, external_ref, country, checks, workflow_id, \
         send_email, tags, created_by, created_at, updated_at, expires_at, row_version, last_sequence, \
         invitations_sent, processing_attempts, retention_status, metadata_sealed, prefill_sealed, \
         applicant_email_sealed, applicant_name_sealed, email_display_name_sealed, support_url_sealed, \
         redirect_url_sealed"
    };
    (sign_ins) => {
        "token_hash, user_id, organization_id, created_at, last_seen_at, expires_at, revoked_at"
    };
    (users) => {
        "user_id, organization_id, email, role, password_hash, created_at"
    };
    (workflows) => {
        "organization_id, workflow_id, environment, name, is_default, is_active, created_at"
    };
}
pub(super) use columns_of;
