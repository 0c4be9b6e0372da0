import { call } from "./engine.js";
import { answer, put, putAll, snapshot, tidy, utf8 } from "./inbox.js";
import { type ErrorCode, LIMITS } from "./names.js";
import { told } from "./told.js";
import type { FieldError, NormalizedRequest, Warning } from "./wire.js";

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
export function validateCreateSession(request: unknown, context?: ValidationContext): Verdict {
  const world = contextText(context);
  const text = stringify(request);
  return text === undefined ? refuse("invalid_json", "The request cannot be written as JSON.") : judge(text, world);
}

/**
 * Holds a request, given as the JSON text or bytes that one would send, to the rules of the server. A lone surrogate in
 * a text is read as `fetch` sends it.
 *
 * Throws a `TypeError` for a context of another form.
 */
export function validateCreateSessionJson(json: string | Uint8Array, context?: ValidationContext): Verdict {
  const world = contextText(context);
  if (typeof json === "string") {
    return judge(json, world);
  }
  const bytes = snapshot(json);
  return bytes ? judge(bytes, world) : refuse("invalid_json", "The body must be a string or a Uint8Array that holds JSON.");
}

/**
 * The mistakes of one field, and of what is inside it, for a form: the path is as in errors (`country`,
 * `fields.birthdate`, `metadata["a.b"]`, `checks[2]`), in any spelling; `undefined` is a field that is left out. Rules
 * that span several fields are those of the whole request alone.
 *
 * Throws a `TypeError` for a path that is no string, or a context of another form.
 */
export function validateField(path: string, value: unknown, context?: ValidationContext): FieldError[] {
  if (typeof path !== "string") {
    throw new TypeError("path must be a string");
  }
  const world = contextText(context);
  const text = value === undefined ? "" : (stringify(value) ?? NOTHING);
  const body = measured(text);
  if (body === undefined) {
    return [{ field: path, code: "too_large", message: TOO_LARGE }];
  }
  const [worldBytes, pathBytes, bodyBytes] = putAll([world, path, body]) as [number, number, number];
  const said = checked(call("judge_field", worldBytes, pathBytes, bodyBytes, Date.now()));
  const mistakes = said === 0 ? [] : told(said).errors;
  tidy();
  // The rules find fault with what stands for the value, which is not what the caller gave.
  return text === NOTHING
    ? mistakes.map((mistake) => ({ ...mistake, message: mistake.message.replace(/JSON:.*/, "JSON.") }))
    : mistakes;
}

const TOO_LARGE = "The body is over 4 MiB; shorten its values.";

/** In place of a value that JSON has no words for; it is no JSON either. */
const NOTHING = "-";

/** What `JSON.stringify` makes of a value; nothing of what it refuses or turns into nothing. */
function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    // A cycle, a BigInt, or a getter that threw: what it threw may quote the value.
    return undefined;
  }
}

/** The context as the module reads it; what has another form it refuses itself. */
function contextText(context: ValidationContext | undefined): string {
  return context === undefined || context === null ? "" : (stringify(context) ?? "0");
}

/** A body that is not over 4 MiB in UTF-8, encoded where that had to be measured. */
function measured(body: string | Uint8Array): string | Uint8Array | undefined {
  const most = LIMITS.maxBodyBytes;
  // A UTF-16 unit takes one to three bytes.
  if (body.length > most) {
    return undefined;
  }
  if (typeof body !== "string" || body.length * 3 <= most) {
    return body;
  }
  const bytes = utf8(body);
  return bytes.length > most ? undefined : bytes;
}

function judge(sent: string | Uint8Array, world: string): Verdict {
  const body = measured(sent);
  if (body === undefined) {
    return refuse("payload_too_large", TOO_LARGE);
  }
  const now = Date.now();
  const said = run("judge", world, body, now);
  let warnings: readonly Warning[] = [];
  if (said > 0) {
    const read = told(said);
    if (read.error) {
      tidy();
      return read as Refused;
    }
    warnings = read.warnings;
  }
  tidy();
  return new Approval(body, world, now, warnings);
}

/**
 * An accepted request. What it means is asked of the module when somebody reads it, since most callers never do, and a
 * getter of the class costs nothing, where one of each object would cost as much as the rules.
 */
class Approval implements Accepted {
  readonly ok = true;
  readonly warnings: readonly Warning[];
  #value: NormalizedRequest | undefined;
  readonly #body: string | Uint8Array;
  readonly #world: string;
  readonly #now: number;

  constructor(body: string | Uint8Array, world: string, now: number, warnings: readonly Warning[]) {
    this.warnings = warnings;
    this.#body = body;
    this.#world = world;
    this.#now = now;
  }

  get value(): NormalizedRequest {
    if (this.#value === undefined) {
      this.#value = JSON.parse(answer(run("normalise", this.#world, this.#body, this.#now))) as NormalizedRequest;
      tidy();
    }
    return this.#value;
  }

  toJSON(): Accepted {
    return { ok: true, value: this.value, warnings: this.warnings };
  }
}

/** Calls an export that takes a context, a body and the time. */
function run(name: "judge" | "normalise", world: string, body: string | Uint8Array, now: number): number {
  if (world === "") {
    return call(name, 0, put(body), now);
  }
  const [worldBytes, bodyBytes] = putAll([world, body]) as [number, number];
  return checked(call(name, worldBytes, bodyBytes, now));
}

/** What a call said, unless that is that the context is a programmer's mistake. */
function checked(said: number): number {
  if (said >= 0) {
    return said;
  }
  tidy();
  throw new TypeError(
    said === -1
      ? "context must be an object"
      : said === -2
        ? "context.today must be YYYY-MM-DD"
        : "context.schemes must be a list of strings",
  );
}

function refuse(error: Refused["error"], detail: string): Refused {
  return { ok: false, error, detail, errors: [], warnings: [] };
}
