//! Sessions as the API answers them (`wire.md` 4.3 and 7.3).

use super::status::SessionStatus;
use crate::api_key::Environment;
use crate::date::format_utc;
use crate::json::{Json, Object};
use crate::object;

/// The answer to a creation.
#[derive(Debug, Clone, PartialEq)]
pub struct CreatedSession {
    /// `ses_…`.
    pub id: String,
    /// Always `pending`.
    pub status: SessionStatus,
    /// Where the applicant goes.
    pub capture_url: String,
    /// Whether it is trial data.
    pub is_sandbox: bool,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// Unix time in milliseconds.
    pub expires_at_ms: i64,
    /// The caller's reference.
    pub external_ref: Option<String>,
    /// The capture URL as a QR code, `data:image/png;base64,…`.
    pub qr_code_data_url: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
}

impl CreatedSession {
    /// The body of the answer, in `snake_case`.
    pub fn to_json(&self) -> Json {
        object! {
            "id": self.id.as_str(),
            "status": self.status.as_str(),
            "capture_url": self.capture_url.as_str(),
            "is_sandbox": self.is_sandbox,
            "created_at": format_utc(self.created_at_ms),
            "expires_at": format_utc(self.expires_at_ms),
            "external_ref": self.external_ref.as_deref(),
            "qr_code_data_url": self.qr_code_data_url.as_deref(),
            "tags": self.tags.clone(),
        }
        .into()
    }
}

/// The session object of reading, updating and listing.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionResponse {
    /// `ses_…`.
    pub id: String,
    /// As the clock sees it.
    pub status: SessionStatus,
    /// Which world it belongs to.
    pub environment: Environment,
    /// Unix time in milliseconds.
    pub created_at_ms: i64,
    /// Unix time in milliseconds.
    pub updated_at_ms: i64,
    /// The caller's reference.
    pub external_ref: Option<String>,
    /// The caller's values; empty once they were erased.
    pub metadata: Object,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Checks that were asked for instead of the workflow's own.
    pub checks: Option<Vec<String>>,
    /// `wfl_…`.
    pub workflow_id: Option<String>,
    /// `active`, `sensitive_redacted` or `redacted`.
    pub retention_status: String,
    /// How often the checks were run.
    pub processing_attempts: i64,
    /// Only while the session is open.
    pub capture_url: Option<String>,
    /// When the capture URL ends; Unix time in milliseconds.
    pub token_expires_at_ms: Option<i64>,
    /// Tags.
    pub tags: Vec<String>,
}

impl SessionResponse {
    /// The body of the answer, in `snake_case`. What no part of this version fills is `null`, as on
    /// the wire.
    pub fn to_json(&self) -> Json {
        object! {
            "id": self.id.as_str(),
            "status": self.status.as_str(),
            "is_sandbox": self.environment == Environment::Sandbox,
            "environment": self.environment.as_str(),
            "created_at": format_utc(self.created_at_ms),
            "updated_at": format_utc(self.updated_at_ms),
            "external_ref": self.external_ref.as_deref(),
            "metadata": self.metadata.clone(),
            "country": self.country.as_deref(),
            "checks": self.checks.clone(),
            "workflow_id": self.workflow_id.as_deref(),
            "document_type": Json::Null,
            "retention_status": self.retention_status.as_str(),
            "processing_attempts": self.processing_attempts,
            "consent_ip": Json::Null,
            "capture_url": self.capture_url.as_deref(),
            "token_expires_at": self.token_expires_at_ms.map(format_utc),
            "case_id": Json::Null,
            "case_status": Json::Null,
            "tags": self.tags.clone(),
        }
        .into()
    }
}
