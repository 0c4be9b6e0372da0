/** Webhooks: whether a message is the server's, and whether it is news. */

import { call, engine } from "./engine.js";
import { putAll, snapshot, tidy, utf8 } from "./inbox.js";
import { LIMITS, ORDER_REFUSALS, SIGNATURE_REFUSALS, type OrderRefusal, type SignatureRefusal } from "./names.js";
import type { Camelized } from "./wire.js";

/** How far the time of signing may lie from now, in seconds. */
const TOLERANCE = 300;

const SIGNATURE_HEADERS = ["webhook-id", "webhook-timestamp", "webhook-signature", "x-verifa-signature"];
type SignatureHeaders = [string, string, string, string];

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
export type WebhookHeaders =
  | { forEach(callback: (value: string, name: string) => void): void }
  | { readonly [name: string]: string | readonly string[] | undefined };

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
export type WebhookVerdict<Event = WebhookEvent> =
  | { readonly ok: true; readonly event: Event }
  | { readonly ok: false; readonly reason: WebhookRefusal };

/**
 * Whether a webhook was sent by who holds the secret, and just now. Give it the body as it was received, before anything
 * has read its JSON, and the headers. Of several secrets, while one is being replaced, any will do.
 *
 * It knows both forms of signature, `X-Verifa-Signature` and that of Standard Webhooks (`webhook-id`,
 * `webhook-timestamp`, `webhook-signature`), and throws for nothing that somebody can send.
 */
export function verifyWebhook<Event extends WebhookEvent | Camelized<WebhookEvent> = WebhookEvent>(
  rawBody: string | Uint8Array,
  headers: WebhookHeaders,
  secret: string | readonly string[],
  options?: WebhookOptions,
): WebhookVerdict<Event> {
  engine();
  const body = bytes(rawBody);
  if (typeof body === "string") {
    return { ok: false, reason: body };
  }
  const secrets = (Array.isArray(secret) ? secret : [secret]).filter((one) => typeof one === "string").join("\n");
  const now = seconds(options?.now ?? Date.now());
  const tolerance = seconds(options?.tolerance ?? TOLERANCE);
  const parts = putAll([...signatureHeaders(headers), secrets, body]) as [number, number, number, number, number, number];
  const refusal = call("verify_signature", ...parts, now, tolerance);
  tidy();
  if (refusal !== 0) {
    return { ok: false, reason: SIGNATURE_REFUSALS[refusal - 1] as SignatureRefusal };
  }
  const event = parse(body);
  return event ? { ok: true, event: event as unknown as Event } : { ok: false, reason: "invalid_body" };
}

/** A copy, since what was signed is what is read, and memory may be shared. */
function bytes(body: unknown): Uint8Array | "body_not_raw" | "body_too_large" {
  if (typeof body === "string") {
    return body.length > LIMITS.maxBodyBytes ? "body_too_large" : utf8(body);
  }
  const copy = snapshot(viewed(body));
  return copy === undefined ? "body_not_raw" : copy.length > LIMITS.maxBodyBytes ? "body_too_large" : copy;
}

/** The bytes under any view, as a `DataView`, that is not detached. */
function viewed(body: unknown): Uint8Array | undefined {
  try {
    // Not by `instanceof`: the arrays of another realm, as in a test runner, are as good.
    return ArrayBuffer.isView(body) ? new Uint8Array(body.buffer, body.byteOffset, body.byteLength) : undefined;
  } catch {
    return undefined;
  }
}

/** The values of {@link SIGNATURE_HEADERS}, empty where there is none. */
function signatureHeaders(headers: WebhookHeaders): SignatureHeaders {
  const found: SignatureHeaders = ["", "", "", ""];
  const note = (value: unknown, name: unknown): void => {
    const at = SIGNATURE_HEADERS.indexOf(String(name).toLowerCase());
    if (at >= 0) {
      // As `Headers` joins what was sent several times.
      found[at] = [found[at], value].flat().filter((one) => typeof one === "string" && one).join(", ");
    }
  };
  try {
    if (typeof headers.forEach === "function") {
      headers.forEach(note);
    } else {
      for (const [name, value] of Object.entries(headers)) {
        note(value, name);
      }
    }
  } catch {
    // What has no headers has no signature.
  }
  return found;
}

/** What is no time at all is not near to now either. */
function seconds(time: unknown): number {
  const number = time instanceof Date ? time.getTime() : typeof time === "number" ? time : NaN;
  // Seconds have 12 digits in the year 5138, and milliseconds had them in 1973.
  return Math.abs(number) > 1e11 ? number / 1000 : number;
}

function parse(body: Uint8Array): WebhookEvent | undefined {
  try {
    const event = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) as WebhookEvent | null;
    return typeof event?.event === "string" ? event : undefined;
  } catch {
    return undefined;
  }
}

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
export type Application =
  | {
      readonly applied: true;
      /** What to keep from now on. */
      readonly state: SessionProgress;
      /** How many events before this one have not arrived. When they do, they are refused as `stale`. */
      readonly missed: number;
    }
  | {
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
export function applyEvent(state: SessionProgress | null | undefined, event: WebhookEvent | Camelized<WebhookEvent>): Application {
  engine();
  const refuse = (reason: EventRefusal): Application => ({ applied: false, state: state ?? null, reason });
  const news = progress(event);
  if (!news || typeof event.event !== "string") {
    return refuse("not_a_session_event");
  }
  const kept = (state ?? null) === null ? { session_id: "", sequence: 0, terminal: false } : progress(state);
  if (!kept) {
    return refuse("malformed_state");
  }
  const texts = putAll([kept.session_id, event.event, news.session_id]) as [number, number, number];
  const order = call("event_order", ...texts, kept.sequence, Number(kept.terminal), news.sequence);
  tidy();
  return order < 0 ? refuse(ORDER_REFUSALS[-order - 1] as OrderRefusal) : { applied: true, state: news, missed: order };
}

/** What an event says of its session, in any of the casings that an endpoint can ask for; or what was kept of one. */
function progress(from: unknown): SessionProgress | undefined {
  const members = Object(from) as Record<string, unknown>;
  const session_id = members["session_id"] ?? members["sessionId"] ?? members["session-id"];
  const { sequence, status, terminal } = members;
  return typeof session_id === "string" &&
    Number.isSafeInteger(sequence) &&
    (sequence as number) > 0 &&
    typeof status === "string" &&
    typeof terminal === "boolean"
    ? { session_id, sequence: sequence as number, status, terminal }
    : undefined;
}
