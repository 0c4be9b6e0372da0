// Uses every export of the package, for the compiler.

import {
  API_VERSIONS,
  applyEvent,
  CHECKS,
  CREATE_SESSION_FIELDS,
  ERROR_CODES,
  FIELD_CODES,
  init,
  initSync,
  isVouchkeyError,
  LIMITS,
  ORDER_REFUSALS,
  PREFILL_FIELDS,
  qrPngBytes,
  qrPngDataUrl,
  qrSvg,
  SCOPES,
  SESSION_STATUSES,
  SIGNATURE_REFUSALS,
  TERMINAL_STATUSES,
  validateCreateSession,
  validateCreateSessionJson,
  validateField,
  verifyWebhook,
  VouchkeyClient,
  VouchkeyError,
  type Accepted,
  type Answered,
  type ApiVersion,
  type Application,
  type CallOptions,
  type Camel,
  type Camelized,
  type Check,
  type ClientErrorCode,
  type CompiledModule,
  type Created,
  type CreatedSession,
  type CreateSessionField,
  type CreateSessionInput,
  type CreateSessionRequest,
  type CreateSessionRequestCamel,
  type CreateOptions,
  type ErrorCode,
  type EventRefusal,
  type FieldCode,
  type FieldError,
  type Found,
  type InitInput,
  type ListQuery,
  type NormalizedRequest,
  type Optional,
  type OrderRefusal,
  type Page,
  type Pagination,
  type Prefill,
  type PrefillCamel,
  type PrefillField,
  type QrOptions,
  type RateLimit,
  type Refused,
  type Scope,
  type Session,
  type SessionProgress,
  type SessionStatus,
  type SignatureRefusal,
  type SyncInitInput,
  type TerminalStatus,
  type TooLongError,
  type ValidationContext,
  type Verdict,
  type VouchkeyClientOptions,
  type VouchkeyErrorCode,
  type VouchkeyErrorDetails,
  type Warning,
  type WebhookEvent,
  type WebhookHeaders,
  type WebhookOptions,
  type WebhookRefusal,
  type WebhookVerdict,
} from "@vouchkey/wasm";
import { init as initInline } from "@vouchkey/wasm/inline";
import { validateCreateSession as validateSlim } from "@vouchkey/wasm/slim";
import imported from "@vouchkey/wasm/vouchkey.wasm";
import importedSlim from "@vouchkey/wasm/vouchkey-slim.wasm";
import { qrSvg as drawSlim } from "@vouchkey/wasm/slim/inline";

// How it becomes ready.
const inputs: InitInput[] = ["vouchkey.wasm", new URL("https://example.com/"), new Uint8Array(), fetch("vouchkey.wasm")];
const bytes: SyncInitInput = new ArrayBuffer(8);
await Promise.all([init(), init(inputs[0]), initInline()]);
initSync(bytes);
declare const compiled: CompiledModule;
initSync(compiled);
initSync(imported);
initSync(importedSlim);
// @ts-expect-error: an address, which only `init` fetches
initSync("vouchkey.wasm");
// @ts-expect-error: a number
initSync(5);
// @ts-expect-error: a promise
initSync(fetch("vouchkey.wasm"));

// Requests, in both spellings and mixed.
const prefill: Prefill = { name_first: "Ada", address_street_1: "1 Main Street", phone_number: null };
const prefillCamel: PrefillCamel = { nameFirst: "Ada", addressStreet1: "1 Main Street" };
const snake: CreateSessionRequest = { external_ref: "order-1", checks: ["face_match"], send_email: undefined, fields: prefill };
const camel: CreateSessionRequestCamel = { externalRef: "order-1", expiresInMinutes: 60, fields: prefillCamel };
const requests: CreateSessionInput[] = [{}, snake, camel, { external_ref: "order-1", sendEmail: true }];
interface Plan { plan: string }
const plain: Plan = { plan: "gold" };
requests.push({ metadata: plain }, { metadata: { plan: "gold" } });
// @ts-expect-error: a list is no metadata
requests.push({ metadata: ["gold"] });
// @ts-expect-error: a text is no metadata
requests.push({ metadata: "gold" });
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
const size: QrOptions = { scale: 4, margin: 2 };
const pictures: string[] = [qrPngDataUrl("https://example.com/", size), qrSvg("https://example.com/"), drawSlim("x", {})];
const file = new Blob([qrPngBytes("https://example.com/")], { type: "image/png" });
try {
  qrSvg("7".repeat(6_000));
} catch (thrown) {
  const { code, limit } = thrown as TooLongError;
  console.log(code satisfies "too_long", limit + 1, file.size);
}

// Forms.
const mistakes: FieldError[] = validateField("fields.birthdate", "2026-02-01", { today: "2026-02-01" });
console.log(mistakes[0]?.message);

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

// The client.
const options: VouchkeyClientOptions = { baseUrl: "https://verify.example.com", key: "vk_pub_live_…", version, retries: 3, timeout: 5000 };
const client = new VouchkeyClient({ ...options, baseUrl: new URL(options.baseUrl), schemes: ["shop"], allowHttp: false });
const environment: "live" | "sandbox" = client.environment;
const perCall: CallOptions = { signal: new AbortController().signal, retries: 0 };
const creation: CreateOptions = { ...perCall, idempotencyKey: "order-1" };
try {
  const created: Created = await client.create(camel, creation);
  const { session: { id, capture_url, qr_code_data_url }, replayed, ...meta } = created;
  const answered: Answered = meta;
  const rate: RateLimit | undefined = answered.rateLimit;
  const found: Found = await client.get(id, perCall);
  const query: ListQuery = { status: "pending", limit: 20, cursor: undefined };
  const page: Page = await client.list(query);
  const next: Pagination = (await client.list({ externalRef: "order-1" })).pagination;
  console.log(capture_url, qr_code_data_url, replayed satisfies boolean, answered.ignoredFields, rate?.remaining, found.session.status, page.data[0]?.id, next.next_cursor);
  // @ts-expect-error: a status that does not exist
  await client.list({ status: "done" });
} catch (thrown) {
  if (isVouchkeyError(thrown)) {
    const code: VouchkeyErrorCode = thrown.code;
    const own: ClientErrorCode | undefined = code === "timeout" || code === "aborted" ? code : undefined;
    const details: VouchkeyErrorDetails = { status: thrown.status, retryAfter: thrown.retryAfter, requestId: thrown.requestId };
    const again = new VouchkeyError(thrown.code, thrown.message, { ...details, errors: thrown.errors, cause: thrown.cause });
    console.log(own, again instanceof Error, thrown.idempotencyKey);
  }
}

// Webhooks.
declare const incoming: { headers: Record<string, string | string[] | undefined>; body: Uint8Array };
const tolerance: WebhookOptions = { tolerance: 60, now: new Date() };
const headers: WebhookHeaders[] = [new Headers(), incoming.headers, { "webhook-id": ["a"] }, new Map<string, string>()];
const judged: WebhookVerdict = verifyWebhook(incoming.body, incoming.headers, ["whsec_old", "whsec_new"], tolerance);
let kept: SessionProgress | null = null;
if (judged.ok) {
  const event: WebhookEvent = judged.event;
  const application: Application = applyEvent(kept, event);
  kept = application.state;
  const missed: number | undefined = application.applied ? application.missed : undefined;
  const refusal: EventRefusal | undefined = application.applied ? undefined : application.reason;
  const order: OrderRefusal | undefined = ORDER_REFUSALS.find((known) => known === refusal);
  console.log(event.event, event.sequence + 1, missed, order);
} else {
  const reason: WebhookRefusal = judged.reason;
  const signature: SignatureRefusal | undefined = SIGNATURE_REFUSALS.find((known) => known === reason);
  console.log(reason === "body_not_raw", signature, headers.length);
}

// An endpoint that asks for camelCase.
const renamed = verifyWebhook<Camelized<WebhookEvent>>(incoming.body, incoming.headers, "whsec_…");
if (renamed.ok) {
  const { sessionId, isSandbox, event } = renamed.event;
  console.log(sessionId satisfies string, isSandbox satisfies boolean, event, applyEvent(kept, renamed.event).applied);
}

// Answers of the server.
declare const created: CreatedSession;
declare const session: Session;
const url: string | null = created.capture_url ?? session.capture_url;
// @ts-expect-error: it may be null
const plan: unknown = session.metadata.plan;

console.log(unknownCheck, unknownField, spelled, respelled, left, pictures, status, terminal, check, scope, error, code);
console.log(field, prefillField, version, most, never, all, url, plan);
