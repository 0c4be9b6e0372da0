/** What goes over the wire, in the wire's own names. */

import type { Check, FieldCode, SessionStatus } from "./names.js";

/** A value that may be left out, or be `null`, which is the same. */
export type Optional<T> = T | null | undefined;

/** What creates a session. Every field is optional; `{}` creates one too. */
export interface CreateSessionRequest {
  /** Your own reference, 1 to 255 characters. */
  external_ref?: Optional<string>;
  /** Your own values: at most 50 keys, each value at most 16,384 bytes of JSON. */
  metadata?: Optional<Record<string, unknown> | (object & { readonly [Symbol.iterator]?: never })>;
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
export type Camelized<T> = { [Name in keyof T as Name extends string ? Camel<Name> : Name]: T[Name] };

/** {@link CreateSessionRequest} in camelCase, which the server reads as well. */
export interface CreateSessionRequestCamel extends Camelized<CreateSessionRequest> {}

/** {@link Prefill} in camelCase, which the server reads as well. */
export interface PrefillCamel extends Camelized<Prefill> {}

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
  fields: { [Name in keyof Prefill]?: string };
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
