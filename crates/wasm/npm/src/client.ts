/** The API client. */

import { call, engine } from "./engine.js";
import { VouchkeyError } from "./errors.js";
import { exchange, pause, type Answer } from "./exchange.js";
import { put } from "./inbox.js";
import { API_VERSIONS, type ApiVersion, type SessionStatus } from "./names.js";
import { isBrowser } from "./platform.js";
import { validateCreateSessionJson } from "./validate.js";
import type { Camelized, CreatedSession, CreateSessionInput, Session } from "./wire.js";

/** How often a call is tried again by default, and at most. */
const RETRIES = 2;
const MOST_RETRIES = 10;
/** Milliseconds that one attempt may take. */
const TIMEOUT = 30_000;
/** What timers can count, in milliseconds. */
const MOST_TIMEOUT = 2 ** 31 - 1;
/** Milliseconds before the first retry, at most; doubled for each further one, up to the second figure. */
const BACKOFF = 500;
const MOST_BACKOFF = 8_000;
/** Seconds that a call waits at the server's bidding. Beyond that it is the caller's turn to decide. */
const MOST_RETRY_AFTER = 60;
/** Bytes of an answer: a session has at most 0.9 million, its metadata, and a page at most 100 of them. */
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_PAGE_BYTES = 128 * 1024 * 1024;

/** What a key says of itself. */
type KeyFacts = readonly [kind: "secret" | "publishable", environment: "live" | "sandbox"];

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
export class VouchkeyClient {
  readonly #base: string;
  readonly #key: string;
  readonly #isPublishable: boolean;
  readonly #version: string;
  readonly #retries: number;
  readonly #timeout: number;
  readonly #schemes: readonly string[] | undefined;

  /** The environment of the key, and so of all that this client creates and reads. */
  readonly environment: "live" | "sandbox";

  constructor(options: VouchkeyClientOptions) {
    engine();
    const { baseUrl, key, version, retries = RETRIES, timeout = TIMEOUT, schemes, allowHttp } = options ?? {};
    const facts: KeyFacts | undefined = typeof key === "string" ? call("key_facts", put(key)) : undefined;
    if (!facts) {
      throw new VouchkeyError("invalid_key", "The key is not an API key, or has a typing error: it begins with vk_, and its last characters are a checksum.");
    }
    const [kind, environment] = facts;
    if (kind === "secret" && isBrowser()) {
      throw new VouchkeyError(
        "secret_key_in_browser",
        "This is a secret key, and everybody who opens this page can read it. Use a publishable key (vk_pub_…) here, or call your own server, and expire this key if the page was public.",
      );
    }
    this.#base = baseOf(baseUrl, allowHttp === true);
    this.#key = key;
    this.#isPublishable = kind === "publishable";
    this.environment = environment;
    if (version !== undefined && !API_VERSIONS.includes(version)) {
      throw new VouchkeyError("unsupported_version", `version must be one of ${API_VERSIONS.join(", ")}.`);
    }
    this.#version = version ?? "";
    this.#retries = within("retries", retries, 0, MOST_RETRIES);
    this.#timeout = within("timeout", timeout, 1, MOST_TIMEOUT);
    if (schemes !== undefined && !(Array.isArray(schemes) && schemes.every((scheme) => typeof scheme === "string"))) {
      throw new VouchkeyError("invalid_argument", "schemes must be a list of strings.");
    }
    this.#schemes = schemes;
  }

  /**
   * Creates a session. The request is first held to the server's own rules; if it breaks one, nothing is sent, and the
   * error (`validation_failed`) names every mistake.
   */
  async create(request: CreateSessionInput, options?: CreateOptions): Promise<Created> {
    const idempotencyKey = options?.idempotencyKey ?? randomKey();
    if (typeof idempotencyKey !== "string" || !/^[!-~]{1,255}$/.test(idempotencyKey)) {
      throw new VouchkeyError("idempotency_key_invalid", "The idempotency key must be 1 to 255 visible ASCII characters.");
    }
    const body = this.#checked(request);
    const { headers, json } = await this.#call({ idempotencyKey, body }, isSession, MOST_BYTES, options);
    return {
      session: json as unknown as CreatedSession,
      replayed: headers.get("idempotency-replayed") === "true",
      ...answered(headers),
    };
  }

  /** Reads a session, by its id. Needs a secret key. */
  async get(id: string, options?: CallOptions): Promise<Found> {
    this.#mayRead();
    if (typeof id !== "string" || !/^ses_\w+$/.test(id)) {
      throw new VouchkeyError("invalid_argument", "The id of a session begins with ses_.");
    }
    const { headers, json } = await this.#call({ id }, isSession, MOST_BYTES, options);
    return { session: json as unknown as Session, ...answered(headers) };
  }

  /** Lists sessions, the newest first. Needs a secret key. */
  async list(query?: ListQuery | Camelized<ListQuery>, options?: CallOptions): Promise<Page> {
    this.#mayRead();
    const { headers, json } = await this.#call({ query: lines(query ?? {}) }, isPage, MOST_PAGE_BYTES, options);
    return { data: json["data"] as Session[], pagination: json["pagination"] as Pagination, ...answered(headers) };
  }

  /** The request in JSON, if it keeps to the rules. */
  #checked(request: unknown): string {
    let body: string | undefined;
    try {
      body = JSON.stringify(request);
    } catch {
      // A cycle, a BigInt, a getter that throws.
    }
    if (body === undefined) {
      throw new VouchkeyError("invalid_json", "The request cannot be written as JSON.");
    }
    const verdict = validateCreateSessionJson(body, { schemes: this.#schemes });
    if (verdict.ok) {
      return body;
    }
    const { error, detail, errors } = verdict;
    // Which schemes the organization allows for its apps only the server knows.
    const isForTheServer = !this.#schemes && errors.every(({ field, code }) => field === "redirect_url" && code === "not_allowed");
    if (error === "validation_failed" && isForTheServer) {
      return body;
    }
    throw new VouchkeyError(error, detail, { errors });
  }

  #mayRead(): void {
    if (this.#isPublishable) {
      throw new VouchkeyError("insufficient_scope", "A publishable key can only create sessions. Read them from a server, with a secret key.");
    }
  }

  /** Sends what a call asks for, as often as it takes, until the answer is one of these. */
  async #call(
    { idempotencyKey = "", body = "", id = "", query = [] }: { idempotencyKey?: string; body?: string; id?: string; query?: string[] },
    isWanted: (json: Answer["json"]) => boolean,
    mostBytes: number,
    options: CallOptions | undefined,
  ): Promise<Answer> {
    const retries = within("retries", options?.retries ?? this.#retries, 0, MOST_RETRIES);
    const timeout = within("timeout", options?.timeout ?? this.#timeout, 1, MOST_TIMEOUT);
    const signal = options?.signal ?? undefined;
    if (signal !== undefined && !isSignal(signal)) {
      throw new VouchkeyError("invalid_argument", "signal must be an AbortSignal.");
    }
    for (let attempt = 0; ; attempt++) {
      try {
        // A request can be sent once.
        const lines = [this.#base, this.#key, this.#version, idempotencyKey, id, ...query];
        const request: Request | undefined = call("api_request", put(lines.join("\n")), body);
        if (!request) {
          throw new VouchkeyError("invalid_argument", "An argument cannot be sent to this server.");
        }
        return await exchange(request, isWanted, mostBytes, timeout, signal);
      } catch (error) {
        if (!(error instanceof VouchkeyError)) {
          throw error;
        }
        const withKey = ({ code, message, cause, ...rest }: VouchkeyError): never => {
          throw new VouchkeyError(code, message, { ...rest, cause, idempotencyKey: idempotencyKey || undefined });
        };
        const wait = attempt < retries ? waitBefore(error, attempt) : undefined;
        if (wait === undefined) {
          return withKey(error);
        }
        // What was sent may have arrived: who aborts the pause can go on under the same key.
        await pause(wait, signal).catch(withKey);
      }
    }
  }
}

/** What stands before every path. */
function baseOf(given: string | URL, allowHttp: boolean): string {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new VouchkeyError("invalid_base_url", "baseUrl must be the address of the server, as https://verify.example.com.");
  }
  if (!/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new VouchkeyError("invalid_base_url", "baseUrl must be an http or https address without user, query and fragment.");
  }
  const isLoopback = /^(.+\.)?localhost$|^127\.[\d.]+$|^\[::1\]$/.test(url.hostname);
  if (url.protocol === "http:" && !isLoopback && !allowHttp) {
    throw new VouchkeyError(
      "insecure_base_url",
      "Over http the key and all data can be read on the way. Use https, or allowHttp inside a network that you trust.",
    );
  }
  return url.origin + url.pathname.replace(/\/+$/, "").replace(/\/api\/v1$/, "");
}

function within(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new VouchkeyError("invalid_argument", `${name} must be a whole number from ${least} to ${most}.`);
  }
  return value;
}

/** By what is used of it: there are stand-ins, and those of another realm. */
function isSignal({ addEventListener, removeEventListener }: AbortSignal): boolean {
  return typeof addEventListener === "function" && typeof removeEventListener === "function";
}

function isSession({ id }: Answer["json"]): boolean {
  return typeof id === "string";
}

function isPage({ data, pagination }: Answer["json"]): boolean {
  return Array.isArray(data) && typeof pagination === "object" && pagination !== null;
}

/** Random, also where `crypto.randomUUID` is missing: on pages over http. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Names and values of a query in turn, the names in the wire's spelling. */
function lines(query: ListQuery | Camelized<ListQuery>): string[] {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) {
      if (!["string", "number"].includes(typeof value) || ![name, `${value}`].every((line) => /^[^\n]+$/.test(line))) {
        throw new VouchkeyError("invalid_argument", "Names and values of a query are numbers and strings of one line, not empty.");
      }
      lines.push(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), `${value}`);
    }
  }
  return lines;
}

/** Milliseconds after which a failed call is tried again, if that can help. */
function waitBefore({ code, status = 0, retryAfter = 0 }: VouchkeyError, attempt: number): number | undefined {
  const canHelp =
    code === "network_error" || code === "timeout" || code === "idempotency_in_progress" || status === 429 || status >= 500;
  // Spread over the whole span, so that clients that failed together do not come back together.
  const backoff = Math.random() * Math.min(MOST_BACKOFF, BACKOFF * 2 ** attempt);
  return canHelp && retryAfter <= MOST_RETRY_AFTER ? retryAfter * 1000 + backoff : undefined;
}

function answered(headers: Headers): Answered {
  const figures = ["limit", "remaining", "reset"].map((name) => headers.get(`x-ratelimit-${name}`) ?? "");
  const [limit, remaining, reset] = figures.map(Number) as [number, number, number];
  return {
    requestId: headers.get("x-request-id") ?? undefined,
    // A proxy on the way may have limits of another form.
    rateLimit: figures.every((figure) => /^\d+$/.test(figure)) ? { limit, remaining, reset } : undefined,
    ignoredFields: ignored(headers),
  };
}

/** The names are percent-encoded, so that what begins with `+` is the number of those that are not listed. */
function ignored(headers: Headers): string[] {
  const names = headers.get("vouchkey-ignored-fields")?.split(",") ?? [];
  return names.map((name) => name.trim()).filter((name) => name && !name.startsWith("+")).map(decode);
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
