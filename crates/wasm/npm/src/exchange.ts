/** One attempt: a request, and its answer or what became of it. */

import { VouchkeyError, type VouchkeyErrorCode } from "./errors.js";
import type { FieldError } from "./wire.js";

/** An answer of the API. */
export interface Answer {
  readonly headers: Headers;
  readonly json: Readonly<Record<string, unknown>>;
}

/**
 * Sends a request and reads its answer, in which what a call wants must be found. A `fetch` that knows nothing of signals,
 * as stand-ins for it may, is left behind when the time is over.
 */
export async function exchange(
  request: Request,
  isWanted: (json: Answer["json"]) => boolean,
  mostBytes: number,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Answer> {
  const controller = new AbortController();
  let abort!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      controller.abort();
      reject(controller.signal.reason);
    };
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    throwIfAborted(signal);
    signal?.addEventListener("abort", abort);
    timer = setTimeout(abort, timeout);
    const answered = async (): Promise<Answer> => {
      const response = await fetch(request, { signal: controller.signal });
      return answer(response, await read(response, mostBytes, controller.signal), isWanted);
    };
    return await Promise.race([answered(), aborted]);
  } catch (cause) {
    if (cause instanceof VouchkeyError) {
      throw cause;
    }
    throwIfAborted(signal);
    throw controller.signal.aborted
      ? new VouchkeyError("timeout", `The server did not answer within ${timeout} ms.`, { cause })
      : new VouchkeyError("network_error", "The server cannot be reached, or the connection broke.", { cause });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Waits, unless the signal ends it. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal);
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
  throwIfAborted(signal);
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new VouchkeyError("aborted", "The call was aborted.", { cause: signal.reason });
  }
}

/** The text of an answer, as far as it is bearable. */
async function read(response: Response, mostBytes: number, signal: AbortSignal): Promise<string> {
  if (!response.body) {
    return "";
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (signal.aborted) {
      // The call has ended without it.
      reader.cancel().catch(() => undefined);
      return "";
    }
    if (done) {
      return text + decoder.decode();
    }
    bytes += value.byteLength;
    if (bytes > mostBytes) {
      // Not waited for: who sends without end may not end this either.
      reader.cancel().catch(() => undefined);
      throw failure("answer_too_large", `The answer has more than ${mostBytes} bytes.`, response);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function answer(response: Response, text: string, isWanted: (json: Answer["json"]) => boolean): Answer {
  const { headers, status, ok, type } = response;
  // A browser hides where a redirect leads, and even its status.
  if (type === "opaqueredirect" || (status >= 300 && status < 400)) {
    throw failure("redirected", "The server answered with a redirect, which is not followed: baseUrl must be its own address.", response);
  }
  const json = object(text);
  if (ok && json && isWanted(json)) {
    return { headers, json };
  }
  if (!ok && typeof json?.["error"] === "string" && typeof json["detail"] === "string") {
    throw failure(json["error"] as VouchkeyErrorCode, json["detail"], response, json["errors"]);
  }
  throw failure("unexpected_answer", `The server answered with status ${status} in a form that is not the API's.`, response);
}

function object(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function failure(code: VouchkeyErrorCode, message: string, { status, headers }: Response, errors?: unknown): VouchkeyError {
  return new VouchkeyError(code, message, {
    status: status || undefined,
    errors: Array.isArray(errors) ? (errors as FieldError[]) : undefined,
    requestId: headers.get("x-request-id") ?? undefined,
    retryAfter: retryAfter(headers.get("retry-after")),
  });
}

/** Seconds, which a header may give as such or as a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) {
    return undefined;
  }
  const seconds = /^\d+$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}
