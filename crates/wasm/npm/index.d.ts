// The types of @vouchkey/wasm.

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

/** Why the signature of a webhook is not believed. */
export declare const SIGNATURE_REFUSALS: readonly ["missing_signature", "malformed_signature", "invalid_secret", "signature_mismatch", "timestamp_too_old", "timestamp_too_new"];

/** One of {@link SIGNATURE_REFUSALS}. */
export type SignatureRefusal = (typeof SIGNATURE_REFUSALS)[number];

/** Why an event of a session changes nothing. */
export declare const ORDER_REFUSALS: readonly ["other_session", "duplicate", "stale", "after_end"];

/** One of {@link ORDER_REFUSALS}. */
export type OrderRefusal = (typeof ORDER_REFUSALS)[number];

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

/** A value that may be left out, or be `null`, which is the same. */
export type Optional<T> = T | null | undefined;

/** What creates a session. Every field is optional; `{}` creates one too. */
export interface CreateSessionRequest {
    /** Your own reference, 1 to 255 characters. */
    external_ref?: Optional<string>;
    /** Your own values: at most 50 keys, each value at most 16,384 bytes of JSON. */
    metadata?: Optional<Record<string, unknown> | (object & {
        readonly [Symbol.iterator]?: never;
    })>;
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
    /** `null` in a list alone, of a session whose metadata is damaged. */
    metadata: Record<string, unknown> | null;
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

/** What a {@link VouchkeyClient} is made of. */
export interface VouchkeyClientOptions {
    /** The address of the server, as `https://verify.example.com`. */
    baseUrl: string | URL;
    /** The API key: a publishable one (`vk_pub_…`) in a browser, a secret one (`vk_live_…`, `vk_sandbox_…`) on a server. */
    key: string;
    /** The version of the API; by default the one that the key is pinned to. */
    version?: ApiVersion | undefined;
    /** How often a call is tried again, 0 to 10; 2 by default. */
    retries?: number | undefined;
    /** Milliseconds that one attempt may take; 30,000 by default. */
    timeout?: number | undefined;
    /** The schemes beside http and https that the organization allows in `redirect_url`. Without them the server decides. */
    schemes?: readonly string[] | undefined;
    /** Allows plain http to another machine, for networks that you trust. To this machine it is always allowed. */
    allowHttp?: boolean | undefined;
}

/** What can be said of one call. */
export interface CallOptions {
    /** Ends the call, waiting between two attempts included. */
    signal?: AbortSignal | undefined;
    /** Instead of the client's. */
    retries?: number | undefined;
    /** Instead of the client's. */
    timeout?: number | undefined;
}

/** What can be said of one creation. */
export interface CreateOptions extends CallOptions {
    /**
     * 1 to 255 visible ASCII characters. Creating twice under one key gives the same session for 24 hours. By default
     * each call has a random one, the same in all its attempts.
     */
    idempotencyKey?: string | undefined;
}

/** What {@link VouchkeyClient.list} looks for. */
export interface ListQuery {
    status?: SessionStatus | undefined;
    /** A whole session id, or the beginning of an `external_ref`. */
    q?: string | undefined;
    external_ref?: string | undefined;
    /** Sessions a page, 1 to 100; 50 by default. */
    limit?: number | undefined;
    offset?: number | undefined;
    /** The `next_cursor` of the page before. */
    cursor?: string | undefined;
}

/** How much may still be asked of the server. */
export interface RateLimit {
    limit: number;
    remaining: number;
    /** Unix time in seconds at which all of it may be asked again. */
    reset: number;
}

/** What every answer says of itself. */
export interface Answered {
    /** Under this id the server's log has the request. */
    readonly requestId: string | undefined;
    /** Absent where the server has no limit. */
    readonly rateLimit: RateLimit | undefined;
    /** Names of fields and of query parameters that the server does not know and did not use, at most 20: perhaps typing errors. */
    readonly ignoredFields: string[];
}

/** The answer to {@link VouchkeyClient.create}. */
export interface Created extends Answered {
    readonly session: CreatedSession;
    /** Whether the session had been created before, under the same idempotency key. */
    readonly replayed: boolean;
}

/** The answer to {@link VouchkeyClient.get}. */
export interface Found extends Answered {
    readonly session: Session;
}

/** The answer to {@link VouchkeyClient.list}. */
export interface Page extends Answered {
    readonly data: Session[];
    readonly pagination: Pagination;
}

/** Where a page stands. */
export interface Pagination {
    /** How many there are; `null` beyond 10,000. */
    total: number | null;
    total_is_capped: boolean;
    limit: number;
    offset?: number;
    /** For the next page; `null` on the last one. */
    next_cursor: string | null;
}

/**
 * Calls the API.
 *
 * **Never put a secret key in a browser**: who reads the page can then read and create sessions in your name. There the
 * client takes publishable keys alone, which can only create; a secret key is refused with `secret_key_in_browser`.
 *
 * Whatever goes wrong is a {@link VouchkeyError}. Network errors, time-outs, 429, 5xx, and 409 while the same creation
 * is still running are tried again, with random pauses that grow, or after as long as the server asks for (up to a
 * minute); nothing is created twice.
 */
export declare class VouchkeyClient {
    #private;
    /** The environment of the key, and so of all that this client creates and reads. */
    readonly environment: "live" | "sandbox";
    constructor(options: VouchkeyClientOptions);
    /**
     * Creates a session. The request is first held to the server's own rules; if it breaks one, nothing is sent, and the
     * error (`validation_failed`) names every mistake.
     */
    create(request: CreateSessionInput, options?: CreateOptions): Promise<Created>;
    /** Reads a session, by its id. Needs a secret key. */
    get(id: string, options?: CallOptions): Promise<Found>;
    /** Lists sessions, the newest first. Needs a secret key. */
    list(query?: ListQuery | Camelized<ListQuery>, options?: CallOptions): Promise<Page>;
}

/**
 * What can go wrong on this side of the wire, where no server said anything, or nothing that can be understood.
 *
 * - `aborted`: the `AbortSignal` of the call; its reason is the error's `cause`.
 * - `answer_too_large`: the answer is larger than any that the server gives.
 * - `insecure_base_url`: plain http to another machine, where all would be readable on the way.
 * - `invalid_argument`: an option or argument of another form than its type says.
 * - `invalid_base_url`: not the address of a server.
 * - `invalid_key`: not an API key, or one with a typing error.
 * - `network_error`: no answer, or the connection broke before its end.
 * - `redirected`: the server answered with a redirect, which is not followed: it would take the key elsewhere.
 * - `secret_key_in_browser`: see {@link VouchkeyClient}.
 * - `timeout`: no complete answer in time.
 * - `unexpected_answer`: not an answer of the API, but of a proxy on the way, say.
 */
export type ClientErrorCode = "aborted" | "answer_too_large" | "insecure_base_url" | "invalid_argument" | "invalid_base_url" | "invalid_key" | "network_error" | "redirected" | "secret_key_in_browser" | "timeout" | "unexpected_answer";

/** Every `code` of a {@link VouchkeyError}: what the server said, or {@link ClientErrorCode}. */
export type VouchkeyErrorCode = ErrorCode | ClientErrorCode;

/** What is known of a failure beside its code. */
export interface VouchkeyErrorDetails {
    /** The HTTP status. Absent where no answer came, or nothing was sent. */
    status?: number | undefined;
    /** Every mistake of the request, where the code is `validation_failed`. */
    errors?: readonly FieldError[] | undefined;
    /** Under this id the server's log has the request. */
    requestId?: string | undefined;
    /** Seconds after which another attempt makes sense, as the server said. */
    retryAfter?: number | undefined;
    /** What the session was to be created under. With it the same request can be tried again later: nothing is created twice. */
    idempotencyKey?: string | undefined;
    /** What was thrown underneath. */
    cause?: unknown;
}

/** The one error that the client throws. */
export declare class VouchkeyError extends Error {
    /** What went wrong, for programs. */
    readonly code: VouchkeyErrorCode;
    /** The HTTP status. Absent where no answer came, or nothing was sent. */
    readonly status: number | undefined;
    /** Every mistake of the request, where the code is `validation_failed`; else empty. */
    readonly errors: readonly FieldError[];
    /** Under this id the server's log has the request. */
    readonly requestId: string | undefined;
    /** Seconds after which another attempt makes sense, as the server said. */
    readonly retryAfter: number | undefined;
    /** What the session was to be created under. With it the same request can be tried again later: nothing is created twice. */
    readonly idempotencyKey: string | undefined;
    constructor(code: VouchkeyErrorCode, message: string, details?: VouchkeyErrorDetails);
}

/**
 * Whether something that was thrown is a {@link VouchkeyError}. `instanceof` says the same, as long as there is one copy
 * of this package; where the ESM and the CJS one are loaded both, this knows either's errors.
 */
export declare function isVouchkeyError(error: unknown): error is VouchkeyError;

/** What {@link init} takes: where the wasm file is, or the file, or what was compiled from it. */
export type InitInput = string | URL | Request | SyncInitInput | Response | PromiseLike<SyncInitInput | Response>;

/** What {@link initSync} takes: the bytes of the wasm file, or what was compiled from them. */
export type SyncInitInput = ArrayBuffer | ArrayBufferView | CompiledModule;

/** A `WebAssembly.Module`. That name is the browser's library's, which programs for Node do not have. */
export interface CompiledModule {
    /** It is no promise of one, nor a text or number. */
    readonly then?: never;
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

/** The size of a picture. */
export interface QrOptions {
    /** Pixels on each side of a module, 1 to 32; by default 8. An SVG, which has any size, knows nothing of it. */
    scale?: number | undefined;
    /** White modules on each side, 0 to 32; by default 4, which readers expect. */
    margin?: number | undefined;
}

/** What the functions below throw for a text that no QR code holds. */
export interface TooLongError extends Error {
    readonly code: "too_long";
    /** How many bytes of such a text fit. */
    readonly limit: number;
}

/**
 * Draws a text as a QR code: a PNG as a `data:` URL.
 *
 * Throws a {@link TooLongError} where the text does not fit, a `TypeError` for what is no text, and a `RangeError` for a
 * size that cannot be.
 */
export declare function qrPngDataUrl(text: string, options?: QrOptions): string;

/**
 * Draws a text as a QR code: a PNG file. Throws as {@link qrPngDataUrl} does.
 *
 * Its type is `Uint8Array<ArrayBuffer>`, in a form that TypeScript before 5.7 knows too.
 */
export declare function qrPngBytes(text: string, options?: QrOptions): ReturnType<Uint8ArrayConstructor["of"]>;

/** Draws a text as a QR code: an SVG document. Throws as {@link qrPngDataUrl} does. */
export declare function qrSvg(text: string, options?: QrOptions): string;

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
 *
 * Throws a `TypeError` for a context of another form.
 */
export declare function validateCreateSession(request: unknown, context?: ValidationContext): Verdict;

/**
 * Holds a request, given as the JSON text or bytes that one would send, to the rules of the server. A lone surrogate in
 * a text is read as `fetch` sends it.
 *
 * Throws a `TypeError` for a context of another form.
 */
export declare function validateCreateSessionJson(json: string | Uint8Array, context?: ValidationContext): Verdict;

/**
 * The mistakes of one field, and of what is inside it, for a form: the path is as in errors (`country`,
 * `fields.birthdate`, `metadata["a.b"]`, `checks[2]`), in any spelling; `undefined` is a field that is left out. Rules
 * that span several fields are those of the whole request alone.
 *
 * Throws a `TypeError` for a path that is no string, or a context of another form.
 */
export declare function validateField(path: string, value: unknown, context?: ValidationContext): FieldError[];

/**
 * The body of a webhook, once {@link verifyWebhook} believes it. An endpoint that asks for camelCase gets its names in
 * that: `verifyWebhook<Camelized<WebhookEvent>>(…)`, whose events {@link applyEvent} takes as well.
 */
export interface WebhookEvent {
    /** `session.created`, `session.approved`, … */
    event: string;
    /** The same in every delivery of this event. */
    idempotency_key: string;
    /** `ses_…` */
    session_id: string;
    external_ref: string | null;
    /** Where the session stands, or the verdict, for the events that bring one. */
    status: string;
    is_sandbox: boolean;
    /** UTC, as `2026-02-01T12:00:00Z`. */
    created_at: string;
    /** 1, 2, 3, … without gaps, for each session. */
    sequence: number;
    previous_status: string | null;
    /** Whether the session has come to its end. */
    terminal: boolean;
    /** What more an event brings, and the same once more under `data`. */
    [name: string]: unknown;
}

/**
 * The headers of a request: `Headers`, or Node's `request.headers`, or any object of that kind; names in any case.
 */
export type WebhookHeaders = {
    forEach(callback: (value: string, name: string) => void): void;
} | {
    readonly [name: string]: string | readonly string[] | undefined;
};

/** How {@link verifyWebhook} judges time. */
export interface WebhookOptions {
    /** How far the time of signing may lie from now, either way, in seconds; 300 by default. */
    tolerance?: number | undefined;
    /** The time that counts as now: a `Date`, or a Unix time in seconds or, as `Date.now()` has it, in milliseconds. The clock's by default. */
    now?: Date | number | undefined;
}

/**
 * Why a message is not believed.
 *
 * - `missing_signature`: there is none, or a header that belongs to it is absent.
 * - `malformed_signature`: a header of the signature cannot be read.
 * - `invalid_secret`: no secret was given, or none that can be one.
 * - `signature_mismatch`: the body was not signed with a secret of yours, or it was changed, if only by reading and
 *   writing its JSON.
 * - `timestamp_too_old`, `timestamp_too_new`: rightly signed, but not now. Perhaps a replay; perhaps a clock is wrong.
 * - `body_not_raw`: what was given is not the body as it was received, but an object, say, that was made of it.
 * - `body_too_large`: larger than any message of the server.
 * - `invalid_body`: rightly signed, but no JSON object with an `event`.
 */
export type WebhookRefusal = SignatureRefusal | "body_not_raw" | "body_too_large" | "invalid_body";

/** What {@link verifyWebhook} says. */
export type WebhookVerdict<Event = WebhookEvent> = {
    readonly ok: true;
    readonly event: Event;
} | {
    readonly ok: false;
    readonly reason: WebhookRefusal;
};

/**
 * Whether a webhook was sent by who holds the secret, and just now. Give it the body as it was received, before anything
 * has read its JSON, and the headers. Of several secrets, while one is being replaced, any will do.
 *
 * It knows both forms of signature, `X-Verifa-Signature` and that of Standard Webhooks (`webhook-id`,
 * `webhook-timestamp`, `webhook-signature`), and throws for nothing that somebody can send.
 */
export declare function verifyWebhook<Event extends WebhookEvent | Camelized<WebhookEvent> = WebhookEvent>(rawBody: string | Uint8Array, headers: WebhookHeaders, secret: string | readonly string[], options?: WebhookOptions): WebhookVerdict<Event>;

/** What to keep of a session between two of its events; any store of JSON will do. */
export interface SessionProgress {
    /** `ses_…` */
    session_id: string;
    /** The last event that was applied. */
    sequence: number;
    /** What it said. */
    status: string;
    /** Whether that was the end. */
    terminal: boolean;
}

/**
 * Why an event changes nothing.
 *
 * - `duplicate`, `stale`: this event, or a later one, was applied already.
 * - `after_end`: the session had ended. (That its data was erased is news even then.)
 * - `other_session`: it is about another session than the state.
 * - `not_a_session_event`: it lacks what the events of a session carry.
 * - `malformed_state`: the state is not one that {@link applyEvent} gave.
 */
export type EventRefusal = OrderRefusal | "not_a_session_event" | "malformed_state";

/** What {@link applyEvent} says. */
export type Application = {
    readonly applied: true;
    /** What to keep from now on. */
    readonly state: SessionProgress;
    /** How many events before this one have not arrived. When they do, they are refused as `stale`. */
    readonly missed: number;
} | {
    readonly applied: false;
    /** What was kept, unchanged. */
    readonly state: SessionProgress | null;
    readonly reason: EventRefusal;
};

/**
 * Applies an event to what you keep of its session, `null` before the first one. Deliveries are repeated and overtake
 * each other: an event that is no news is refused, with the reason, and your state stays as it is. A gap holds nothing
 * back, since the newest event is the truth; the answer says how many are missing.
 */
export declare function applyEvent(state: SessionProgress | null | undefined, event: WebhookEvent | Camelized<WebhookEvent>): Application;

export {};
