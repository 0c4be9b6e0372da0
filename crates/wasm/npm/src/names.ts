// Written by crates/types/tests/typescript_names.rs from the lists of the rules; change it there.

/** Where a session can stand, in the order of its life. */
export const SESSION_STATUSES = ["pending", "capturing", "processing", "awaiting_external", "under_review", "sandbox_pending", "completed", "expired", "failed"] as const;
/** One of {@link SESSION_STATUSES}. */
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/** Where a session ends. */
export const TERMINAL_STATUSES = ["completed", "expired", "failed"] as const;
/** One of {@link TERMINAL_STATUSES}. */
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

/** The checks that a session can ask for. */
export const CHECKS = ["document_ocr", "document_expiration", "id_document_filter", "face_match", "age_verification", "nfc_chip_auth", "proof_of_address_check", "watchlist_screening", "aml_screening", "risk_assessment", "duplicate_detection", "identity_crossref", "email_risk_enhanced", "phone_risk_enhanced", "check_against_list", "auto_approve"] as const;
/** One of {@link CHECKS}. */
export type Check = (typeof CHECKS)[number];

/** What a key can be allowed to do. */
export const SCOPES = ["sessions:read", "sessions:create", "sessions:write", "verifications:read", "identities:read", "documents:write", "workflows:read", "workflows:write", "webhooks:read", "webhooks:write", "api_keys:read", "api_keys:write", "events:read", "redact:write"] as const;
/** One of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

/** What can go wrong with a request as a whole. */
export const ERROR_CODES = ["invalid_json", "invalid_header", "unsupported_version", "idempotency_key_invalid", "invalid_state", "unauthorized", "insufficient_scope", "forbidden", "not_found", "method_not_allowed", "request_timeout", "conflict", "idempotency_in_progress", "invite_limit_reached", "erased", "payload_too_large", "unsupported_media_type", "validation_failed", "idempotency_mismatch", "rate_limited", "headers_too_large", "internal", "unavailable"] as const;
/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What can be wrong with a field, in the order of precedence. */
export const FIELD_CODES = ["duplicate_field", "unknown_field", "wrong_type", "required", "empty", "invalid_characters", "too_long", "too_many", "too_large", "invalid_format", "unknown_value", "not_allowed", "not_found", "out_of_range", "duplicate_value"] as const;
/** One of {@link FIELD_CODES}. */
export type FieldCode = (typeof FIELD_CODES)[number];

/** Why the signature of a webhook is not believed. */
export const SIGNATURE_REFUSALS = ["missing_signature", "malformed_signature", "invalid_secret", "signature_mismatch", "timestamp_too_old", "timestamp_too_new"] as const;
/** One of {@link SIGNATURE_REFUSALS}. */
export type SignatureRefusal = (typeof SIGNATURE_REFUSALS)[number];

/** Why an event of a session changes nothing. */
export const ORDER_REFUSALS = ["other_session", "duplicate", "stale", "after_end"] as const;
/** One of {@link ORDER_REFUSALS}. */
export type OrderRefusal = (typeof ORDER_REFUSALS)[number];

/** The fields of a request that creates a session, in the order of the errors. */
export const CREATE_SESSION_FIELDS = ["external_ref", "metadata", "country", "checks", "workflow_id", "redirect_url", "send_email", "applicant_email", "applicant_name", "email_display_name", "support_url", "expires_in_minutes", "fields"] as const;
/** One of {@link CREATE_SESSION_FIELDS}. */
export type CreateSessionField = (typeof CREATE_SESSION_FIELDS)[number];

/** What `fields` can tell of the applicant, in the order of the errors. */
export const PREFILL_FIELDS = ["name_first", "name_middle", "name_last", "birthdate", "email_address", "phone_number", "address_street_1", "address_street_2", "address_city", "address_subdivision", "address_postal_code", "address_country_code", "nationality", "identification_number"] as const;
/** One of {@link PREFILL_FIELDS}. */
export type PrefillField = (typeof PREFILL_FIELDS)[number];

/** The versions of the API, the oldest first. */
export const API_VERSIONS = ["2026-01-01", "2026-02-01"] as const;
/** One of {@link API_VERSIONS}. */
export type ApiVersion = (typeof API_VERSIONS)[number];

/** The limits of the API. A character is a Unicode scalar value. */
export const LIMITS = {
  /** Deepest nesting of objects and lists in a body. */
  maxJsonDepth: 32,
  /** Largest body, in bytes. */
  maxBodyBytes: 4194304,
  /** Most metadata keys. */
  maxMetadataKeys: 50,
  /** Largest metadata value, in bytes of compact JSON. */
  maxMetadataValueBytes: 16384,
  /** Longest metadata key, in characters. */
  maxMetadataKeyChars: 128,
  /** Longest `external_ref`, in characters. */
  maxExternalRefChars: 255,
  /** Longest `applicant_name` and `email_display_name`, in characters. */
  maxDisplayNameChars: 200,
  /** Longest value under `fields`, in characters. */
  maxPrefillChars: 255,
  /** Longest URL, in characters. */
  maxUrlChars: 2048,
  /** Longest e-mail address, in characters. */
  maxEmailChars: 254,
  /** Shortest life of a capture URL, in minutes. */
  minExpiryMinutes: 10,
  /** Longest life of a capture URL, in minutes. */
  maxExpiryMinutes: 4320,
  /** Life of a capture URL where none is asked for, in minutes. */
  defaultExpiryMinutes: 1440,
  /** Longest idempotency key, in characters. */
  maxIdempotencyKeyChars: 255,
  /** How long an idempotency key is kept, in hours. */
  idempotencyHours: 24,
  /** Most errors that one answer lists; one more then counts the rest. */
  maxErrors: 100,
  /** Longest part of a field's path that comes from the caller, in characters. */
  maxPathKeyChars: 64,
  /** Most ignored fields that an answer names. */
  maxIgnoredFields: 20,
  /** Largest page of a list. */
  maxPage: 100,
  /** Page of a list where none is asked for. */
  defaultPage: 50,
  /** Up to here the `total` of a list is exact. */
  maxTotal: 10000,
} as const;
