// Uses every export of the package, for the compiler.

import {
  API_VERSIONS,
  CHECKS,
  CREATE_SESSION_FIELDS,
  ERROR_CODES,
  FIELD_CODES,
  init,
  initSync,
  LIMITS,
  PREFILL_FIELDS,
  qrPngDataUrl,
  qrSvg,
  SCOPES,
  SESSION_STATUSES,
  TERMINAL_STATUSES,
  validateCreateSession,
  validateCreateSessionJson,
  type Accepted,
  type ApiVersion,
  type Camel,
  type Camelized,
  type Check,
  type CompiledModule,
  type CreatedSession,
  type CreateSessionField,
  type CreateSessionInput,
  type CreateSessionRequest,
  type CreateSessionRequestCamel,
  type ErrorCode,
  type FieldCode,
  type FieldError,
  type InitInput,
  type NormalizedRequest,
  type Optional,
  type Prefill,
  type PrefillCamel,
  type PrefillField,
  type Refused,
  type Scope,
  type Session,
  type SessionStatus,
  type SyncInitInput,
  type TerminalStatus,
  type ValidationContext,
  type Verdict,
  type Warning,
} from "@vouchkey/wasm";
import { init as initInline } from "@vouchkey/wasm/inline";
import { validateCreateSession as validateSlim } from "@vouchkey/wasm/slim";
import { qrSvg as drawSlim } from "@vouchkey/wasm/slim/inline";

// How it becomes ready.
const inputs: InitInput[] = ["vouchkey.wasm", new URL("https://example.com/"), new Uint8Array(), fetch("vouchkey.wasm")];
const bytes: SyncInitInput = new ArrayBuffer(8);
await Promise.all([init(), init(inputs[0]), initInline()]);
initSync(bytes);
declare const compiled: CompiledModule;
initSync(compiled);

// Requests, in both spellings and mixed.
const prefill: Prefill = { name_first: "Ada", address_street_1: "1 Main Street", phone_number: null };
const prefillCamel: PrefillCamel = { nameFirst: "Ada", addressStreet1: "1 Main Street" };
const snake: CreateSessionRequest = { external_ref: "order-1", checks: ["face_match"], send_email: undefined, fields: prefill };
const camel: CreateSessionRequestCamel = { externalRef: "order-1", expiresInMinutes: 60, fields: prefillCamel };
const requests: CreateSessionInput[] = [{}, snake, camel, { external_ref: "order-1", sendEmail: true }];
// @ts-expect-error: a check that does not exist
const unknownCheck: CreateSessionRequest = { checks: ["face_macth"] };
// @ts-expect-error: a field that does not exist
const unknownField: CreateSessionInput = { extrenal_ref: "order-1" };
const spelled: Camel<"address_street_1"> = "addressStreet1";
const respelled: Camelized<{ capture_url: string }> = { captureUrl: "https://example.com/" };
const left: Optional<string> = null;

// Verdicts.
const context: ValidationContext = { today: "2026-02-01", schemes: ["shop"] };
const verdicts: Verdict[] = requests.map((request) => validateCreateSession(request, context));
verdicts.push(validateCreateSessionJson("{}"), validateCreateSessionJson(new Uint8Array(), {}), validateSlim(null));
for (const verdict of verdicts) {
  if (verdict.ok) {
    const accepted: Accepted = verdict;
    const value: NormalizedRequest = accepted.value;
    const minutes: number = value.expires_in_minutes;
    const first: string | undefined = value.fields.name_first;
    console.log(minutes, first);
  } else {
    const refused: Refused = verdict;
    const error: "invalid_json" | "payload_too_large" | "validation_failed" = refused.error;
    const errors: readonly FieldError[] = refused.errors;
    console.log(error, refused.detail, errors[0]?.field, errors[0]?.message);
  }
  const warnings: readonly Warning[] = verdict.warnings;
  console.log(warnings.map(({ field, code }) => `${field}: ${code satisfies "unknown_field"}`));
}

// Pictures.
const pictures: string[] = [qrPngDataUrl("https://example.com/"), qrSvg("https://example.com/"), drawSlim("x")];

// Words and limits.
const status: SessionStatus = "pending";
const terminal: TerminalStatus = "completed";
const check: Check = CHECKS[0];
const scope: Scope = SCOPES[0];
const error: ErrorCode = ERROR_CODES[0];
const code: FieldCode = FIELD_CODES[0];
const field: CreateSessionField = CREATE_SESSION_FIELDS[0];
const prefillField: PrefillField = PREFILL_FIELDS[0];
const version: ApiVersion = API_VERSIONS[0];
const most: 50 = LIMITS.maxMetadataKeys;
// @ts-expect-error: a status that does not exist
const never: SessionStatus = "done";
const all: readonly SessionStatus[] = [...SESSION_STATUSES, ...TERMINAL_STATUSES];

// Answers of the server.
declare const created: CreatedSession;
declare const session: Session;
const url: string | null = created.capture_url ?? session.capture_url;

console.log(unknownCheck, unknownField, spelled, respelled, left, pictures, status, terminal, check, scope, error, code);
console.log(field, prefillField, version, most, never, all, url);
