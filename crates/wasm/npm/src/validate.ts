import * as glue from "#glue";

import { engine } from "./engine.js";
import type { ErrorCode } from "./names.js";
import type { FieldError, NormalizedRequest, Warning } from "./wire.js";

type Context = Parameters<typeof glue.validateCreateSession>[1];

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
export function validateCreateSession(request: unknown, context?: ValidationContext): Verdict {
  engine();
  return glue.validateCreateSession(request, context as Context) as Verdict;
}

/** Holds a request, given as the JSON text or bytes that one would send, to the rules of the server. */
export function validateCreateSessionJson(json: string | Uint8Array, context?: ValidationContext): Verdict {
  engine();
  return glue.validateCreateSessionJson(json, context as Context) as Verdict;
}
