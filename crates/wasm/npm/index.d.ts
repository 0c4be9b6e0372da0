// The types of @vouchkey/wasm.

/** What {@link init} takes: where the wasm file is, or the file, or what was compiled from it. */
export type InitInput = string | URL | Request | SyncInitInput | Response | PromiseLike<SyncInitInput | Response>;

/** What {@link initSync} takes: the bytes of the wasm file, or what was compiled from them. */
export type SyncInitInput = ArrayBuffer | ArrayBufferView | CompiledModule;

/** A `WebAssembly.Module`. That name is the browser's library's, which programs for Node do not have. */
export interface CompiledModule {
}

/**
 * Makes the functions of this package ready. Await it once, before the first of them is called; later calls change
 * nothing. Without an argument the wasm file is fetched from beside this module, where bundlers put it.
 *
 * In Node and with `@vouchkey/wasm/inline` nobody needs it: it is harmless there, and its argument is not looked at.
 */
export declare function init(input?: InitInput): Promise<void>;

/**
 * Makes the functions of this package ready, at once. Not needed, and harmless, where {@link init} is.
 */
export declare function initSync(input: SyncInitInput): void;

/** Where a session can stand, in the order of its life. */
export declare const SESSION_STATUSES: readonly ["pending", "capturing", "processing", "awaiting_external", "under_review", "sandbox_pending", "completed", "expired", "failed"];

/** One of {@link SESSION_STATUSES}. */
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/** Where a session ends. */
export declare const TERMINAL_STATUSES: readonly ["completed", "expired", "failed"];

/** One of {@link TERMINAL_STATUSES}. */
export type TerminalStatus = (typeof TERMINAL_STATUSES)[number];

/** The checks that a session can ask for. */
export declare const CHECKS: readonly ["document_ocr", "document_expiration", "id_document_filter", "face_match", "age_verification", "nfc_chip_auth", "proof_of_address_check", "watchlist_screening", "aml_screening", "risk_assessment", "duplicate_detection", "identity_crossref", "email_risk_enhanced", "phone_risk_enhanced", "check_against_list", "auto_approve"];

/** One of {@link CHECKS}. */
export type Check = (typeof CHECKS)[number];

/** What a key can be allowed to do. */
export declare const SCOPES: readonly ["sessions:read", "sessions:create", "sessions:write", "verifications:read", "identities:read", "documents:write", "workflows:read", "workflows:write", "webhooks:read", "webhooks:write", "api_keys:read", "api_keys:write", "events:read", "redact:write"];

/** One of {@link SCOPES}. */
export type Scope = (typeof SCOPES)[number];

/** What can go wrong with a request as a whole. */
export declare const ERROR_CODES: readonly ["invalid_json", "invalid_header", "unsupported_version", "idempotency_key_invalid", "invalid_state", "unauthorized", "insufficient_scope", "forbidden", "not_found", "method_not_allowed", "request_timeout", "conflict", "idempotency_in_progress", "invite_limit_reached", "erased", "payload_too_large", "unsupported_media_type", "validation_failed", "idempotency_mismatch", "rate_limited", "headers_too_large", "internal", "unavailable"];

/** One of {@link ERROR_CODES}. */
export type ErrorCode = (typeof ERROR_CODES)[number];

/** What can be wrong with a field, in the order of precedence. */
export declare const FIELD_CODES: readonly ["duplicate_field", "unknown_field", "wrong_type", "required", "empty", "invalid_characters", "too_long", "too_many", "too_large", "invalid_format", "unknown_value", "not_allowed", "not_found", "out_of_range", "duplicate_value"];

/** One of {@link FIELD_CODES}. */
export type FieldCode = (typeof FIELD_CODES)[number];

/** The fields of a request that creates a session, in the order of the errors. */
export declare const CREATE_SESSION_FIELDS: readonly ["external_ref", "metadata", "country", "checks", "workflow_id", "redirect_url", "send_email", "applicant_email", "applicant_name", "email_display_name", "support_url", "expires_in_minutes", "fields"];

/** One of {@link CREATE_SESSION_FIELDS}. */
export type CreateSessionField = (typeof CREATE_SESSION_FIELDS)[number];

/** What `fields` can tell of the applicant, in the order of the errors. */
export declare const PREFILL_FIELDS: readonly ["name_first", "name_middle", "name_last", "birthdate", "email_address", "phone_number", "address_street_1", "address_street_2", "address_city", "address_subdivision", "address_postal_code", "address_country_code", "nationality", "identification_number"];

/** One of {@link PREFILL_FIELDS}. */
export type PrefillField = (typeof PREFILL_FIELDS)[number];

/** The versions of the API, the oldest first. */
export declare const API_VERSIONS: readonly ["2026-01-01", "2026-02-01"];

/** One of {@link API_VERSIONS}. */
export type ApiVersion = (typeof API_VERSIONS)[number];

/** The limits of the API. A character is a Unicode scalar value. */
export declare const LIMITS: {
    /** Deepest nesting of objects and lists in a body. */
    readonly maxJsonDepth: 32;
    /** Largest body, in bytes. */
    readonly maxBodyBytes: 4194304;
    /** Most metadata keys. */
    readonly maxMetadataKeys: 50;
    /** Largest metadata value, in bytes of compact JSON. */
    readonly maxMetadataValueBytes: 16384;
    /** Longest metadata key, in characters. */
    readonly maxMetadataKeyChars: 128;
    /** Longest `external_ref`, in characters. */
    readonly maxExternalRefChars: 255;
    /** Longest `applicant_name` and `email_display_name`, in characters. */
    readonly maxDisplayNameChars: 200;
    /** Longest value under `fields`, in characters. */
    readonly maxPrefillChars: 255;
    /** Longest URL, in characters. */
    readonly maxUrlChars: 2048;
    /** Longest e-mail address, in characters. */
    readonly maxEmailChars: 254;
    /** Shortest life of a capture URL, in minutes. */
    readonly minExpiryMinutes: 10;
    /** Longest life of a capture URL, in minutes. */
    readonly maxExpiryMinutes: 4320;
    /** Life of a capture URL where none is asked for, in minutes. */
    readonly defaultExpiryMinutes: 1440;
    /** Longest idempotency key, in characters. */
    readonly maxIdempotencyKeyChars: 255;
    /** How long an idempotency key is kept, in hours. */
    readonly idempotencyHours: 24;
    /** Most errors that one answer lists; one more then counts the rest. */
    readonly maxErrors: 100;
    /** Longest part of a field's path that comes from the caller, in characters. */
    readonly maxPathKeyChars: 64;
    /** Most ignored fields that an answer names. */
    readonly maxIgnoredFields: 20;
    /** Largest page of a list. */
    readonly maxPage: 100;
    /** Page of a list where none is asked for. */
    readonly defaultPage: 50;
    /** Up to here the `total` of a list is exact. */
    readonly maxTotal: 10000;
};

/** Draws a text as a QR code: a PNG as a `data:` URL. Throws an `Error` with `code` `too_long` where it does not fit. */
export declare function qrPngDataUrl(text: string): string;

/** Draws a text as a QR code: an SVG document. Throws as {@link qrPngDataUrl} does. */
export declare function qrSvg(text: string): string;

/** A value that may be left out, or be `null`, which is the same. */
export type Optional<T> = T | null | undefined;

/** What creates a session. Every field is optional; `{}` creates one too. */
export interface CreateSessionRequest {
    /** Your own reference, 1 to 255 characters. */
    external_ref?: Optional<string>;
    /** Your own values: at most 50 keys, each value at most 16,384 bytes of JSON. */
    metadata?: Optional<Record<string, unknown>>;
    /** Where the documents are expected to be from, ISO 3166-1 alpha-2. */
    country?: Optional<string>;
    /** Checks instead of the workflow's own, at least one. */
    checks?: Optional<readonly Check[]>;
    /** The workflow, `wfl_…`; by default the organization's default one. */
    workflow_id?: Optional<string>;
    /** Where the applicant is sent after capture. */
    redirect_url?: Optional<string>;
    /** Whether the applicant gets an invitation by e-mail. */
    send_email?: Optional<boolean>;
    /** The applicant's address; `metadata.applicant_email` will do too. */
    applicant_email?: Optional<string>;
    /** How the invitation addresses the applicant, 1 to 200 characters. */
    applicant_name?: Optional<string>;
    /** The brand that the invitation shows, 1 to 200 characters. */
    email_display_name?: Optional<string>;
    /** The support link that the invitation shows. */
    support_url?: Optional<string>;
    /** How long the capture URL stays valid: 10 to 4,320 minutes, by default 1,440. */
    expires_in_minutes?: Optional<number>;
    /** What is known of the applicant, who sees it filled in and may correct it. */
    fields?: Optional<Prefill | PrefillCamel>;
}

/** What is known of the applicant. Each value has at most 255 characters. */
export interface Prefill {
    name_first?: Optional<string>;
    name_middle?: Optional<string>;
    name_last?: Optional<string>;
    /** `YYYY-MM-DD`, from 1900-01-01 to the day before today. */
    birthdate?: Optional<string>;
    email_address?: Optional<string>;
    /** With `+` and the country's code (E.164). */
    phone_number?: Optional<string>;
    address_street_1?: Optional<string>;
    address_street_2?: Optional<string>;
    address_city?: Optional<string>;
    address_subdivision?: Optional<string>;
    address_postal_code?: Optional<string>;
    /** ISO 3166-1 alpha-2. */
    address_country_code?: Optional<string>;
    /** ISO 3166-1 alpha-2. */
    nationality?: Optional<string>;
    identification_number?: Optional<string>;
}

/** A name of the wire in camelCase. */
export type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Name;

/** An object of the wire with its names in camelCase. */
export type Camelized<T> = {
    [Name in keyof T as Name extends string ? Camel<Name> : Name]: T[Name];
};

/** {@link CreateSessionRequest} in camelCase, which the server reads as well. */
export interface CreateSessionRequestCamel extends Camelized<CreateSessionRequest> {
}

/** {@link Prefill} in camelCase, which the server reads as well. */
export interface PrefillCamel extends Camelized<Prefill> {
}

/** What creates a session, in either spelling. */
export type CreateSessionInput = CreateSessionRequest | CreateSessionRequestCamel;

/** A request as the server reads it, defaults filled in; what is absent is left out. */
export interface NormalizedRequest {
    external_ref?: string;
    metadata: Record<string, unknown>;
    country?: string;
    checks?: Check[];
    workflow_id?: string;
    redirect_url?: string;
    send_email: boolean;
    applicant_email?: string;
    applicant_name?: string;
    email_display_name?: string;
    support_url?: string;
    expires_in_minutes: number;
    fields: {
        [Name in keyof Prefill]?: string;
    };
}

/** One mistake in a request. */
export interface FieldError {
    /** Where: a path in canonical names, as `metadata.plan` or `checks[2]`; `""` for the body itself. */
    readonly field: string;
    readonly code: FieldCode;
    /** A sentence for people. It never repeats the value. */
    readonly message: string;
}

/** A field that the server would ignore. */
export interface Warning {
    /** Its name as sent. */
    readonly field: string;
    readonly code: Extract<FieldCode, "unknown_field">;
    readonly message: string;
}

/** The answer to a creation. */
export interface CreatedSession {
    /** `ses_…` */
    id: string;
    status: SessionStatus;
    /** Where the applicant goes: by redirect, in a frame, as a QR code. */
    capture_url: string;
    is_sandbox: boolean;
    /** UTC, as `2026-02-01T12:00:00Z`. */
    created_at: string;
    /** UTC, as `2026-02-01T12:00:00Z`. */
    expires_at: string;
    external_ref: string | null;
    /** The capture URL as a QR code, `data:image/png;base64,…`. */
    qr_code_data_url: string | null;
    tags: string[];
}

/** A session as it is read and listed. */
export interface Session {
    /** `ses_…` */
    id: string;
    status: SessionStatus;
    is_sandbox: boolean;
    environment: "live" | "sandbox";
    /** UTC, as `2026-02-01T12:00:00Z`. */
    created_at: string;
    /** UTC, as `2026-02-01T12:00:00Z`. */
    updated_at: string;
    external_ref: string | null;
    metadata: Record<string, unknown>;
    country: string | null;
    checks: Check[] | null;
    workflow_id: string | null;
    document_type: string | null;
    retention_status: "active" | "sensitive_redacted" | "redacted";
    processing_attempts: number;
    consent_ip: string | null;
    /** Only while the session is open. */
    capture_url: string | null;
    /** UTC, as `2026-02-01T12:00:00Z`. */
    token_expires_at: string | null;
    case_id: string | null;
    case_status: string | null;
    tags: string[];
}

/** What the rules need to know of the world. */
export interface ValidationContext {
    /** Today's date in UTC, `YYYY-MM-DD`; by default the clock's. */
    today?: string | undefined;
    /** The schemes beside http and https that the organization allows in `redirect_url`, in lower case. */
    schemes?: readonly string[] | undefined;
}

/** What the server would say of a request. */
export type Verdict = Accepted | Refused;

/** The server would take the request. */
export interface Accepted {
    readonly ok: true;
    /** The request as the server reads it, defaults filled in. */
    readonly value: NormalizedRequest;
    readonly warnings: readonly Warning[];
}

/** The server would refuse the request. */
export interface Refused {
    readonly ok: false;
    readonly error: Extract<ErrorCode, "invalid_json" | "payload_too_large" | "validation_failed">;
    /** A sentence for people. */
    readonly detail: string;
    /** Every mistake at once, where `error` is `validation_failed`. */
    readonly errors: readonly FieldError[];
    readonly warnings: readonly Warning[];
}

/**
 * Holds a request, given as the object that one would send, to the rules of the server. It is read as `JSON.stringify`
 * writes it, and may be anything: what cannot be sent gets a verdict too.
 */
export declare function validateCreateSession(request: unknown, context?: ValidationContext): Verdict;

/** Holds a request, given as the JSON text or bytes that one would send, to the rules of the server. */
export declare function validateCreateSessionJson(json: string | Uint8Array, context?: ValidationContext): Verdict;

export {};
