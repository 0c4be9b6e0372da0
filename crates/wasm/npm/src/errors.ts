/** Why a call did not succeed. */

import type { ErrorCode } from "./names.js";
import type { FieldError } from "./wire.js";

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
export type ClientErrorCode =
  | "aborted"
  | "answer_too_large"
  | "insecure_base_url"
  | "invalid_argument"
  | "invalid_base_url"
  | "invalid_key"
  | "network_error"
  | "redirected"
  | "secret_key_in_browser"
  | "timeout"
  | "unexpected_answer";

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
export class VouchkeyError extends Error {
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

  constructor(code: VouchkeyErrorCode, message: string, details: VouchkeyErrorDetails = {}) {
    super(message, details);
    this.name = "VouchkeyError";
    this.code = code;
    this.status = details.status;
    this.errors = details.errors ?? [];
    this.requestId = details.requestId;
    this.retryAfter = details.retryAfter;
    this.idempotencyKey = details.idempotencyKey;
  }
}

/**
 * Whether something that was thrown is a {@link VouchkeyError}. `instanceof` says the same, as long as there is one copy
 * of this package; where the ESM and the CJS one are loaded both, this knows either's errors.
 */
export function isVouchkeyError(error: unknown): error is VouchkeyError {
  return error instanceof VouchkeyError || (error instanceof Error && error.name === "VouchkeyError" && "code" in error);
}
