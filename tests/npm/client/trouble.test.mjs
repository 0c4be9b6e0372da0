// The client against servers, proxies and networks that fail it.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";

import { VouchkeyClient, inventedKey, refusal } from "./package.mjs";
import { created, cut, drip, drop, flood, hang, problem, raw, tiny } from "./tiny.mjs";
import { ENDED } from "../support/patience.mjs";

const key = inventedKey("vk_sandbox_");

describe("the client in trouble", ENDED, () => {
  const ends = [];
  after(() => Promise.all(ends.map((end) => end())));

  async function against(handlers, options = {}) {
    const server = await tiny(...handlers);
    ends.push(server.stop);
    return { ...server, client: new VouchkeyClient({ baseUrl: server.baseUrl, key, ...options }) };
  }

  test("a request carries what the API wants, and nothing else of ours", async () => {
    const { seen, client } = await against([created], { version: "2026-01-01" });
    await client.create({ country: "CH" }, { idempotencyKey: "order-1" });
    const [{ method, url, headers, body }] = seen;
    assert.deepEqual([method, url, body], ["POST", "/api/v1/sessions", '{"country":"CH"}']);
    assert.equal(headers["x-api-key"], key);
    assert.equal(headers["idempotency-key"], "order-1");
    assert.equal(headers["verifa-version"], "2026-01-01");
    assert.equal(headers["key-inflection"], "snake");
    assert.equal(headers["content-type"], "application/json");
    assert.equal(headers["accept"], "application/json");
    assert.equal(headers["vouchkey-environment"], undefined);
  });

  for (const [name, trouble] of [
    ["a connection that is dropped", drop],
    ["an answer that is cut off", cut],
    ["a 500", problem(500, "internal")],
    ["a 503", problem(503, "unavailable", { "Retry-After": "0" })],
    ["a proxy's 502 in HTML", raw(502, "<h1>Bad gateway</h1>", { "Content-Type": "text/html" })],
    ["a 429", problem(429, "rate_limited", { "Retry-After": "0" })],
    ["a creation that is still running", problem(409, "idempotency_in_progress", { "Retry-After": "0" })],
  ]) {
    test(`after ${name} the call is tried again, under the same key and with the same body`, async () => {
      const { seen, client } = await against([trouble, trouble, created]);
      const { session } = await client.create({ external_ref: "order-1" });
      assert.equal(session.id, "ses_1");
      assert.equal(seen.length, 3);
      assert.match(seen[0].headers["idempotency-key"], /^[0-9a-f]{32}$/);
      assert.equal(new Set(seen.map(({ headers }) => headers["idempotency-key"])).size, 1);
      assert.equal(new Set(seen.map(({ body }) => body)).size, 1);
    });
  }

  test("each call has a key of its own", async () => {
    const { seen, client } = await against([created]);
    await client.create({});
    await client.create({});
    assert.notEqual(seen[0].headers["idempotency-key"], seen[1].headers["idempotency-key"]);
  });

  test("when the retries are used up the last error is thrown, with the key to go on with", async () => {
    const { seen, client } = await against([problem(503, "unavailable", { "X-Request-Id": "req-9" })], { retries: 1 });
    const error = await refusal(client.create({}));
    assert.deepEqual([error.code, error.status, error.requestId], ["unavailable", 503, "req-9"]);
    assert.equal(seen.length, 2);
    assert.equal(error.idempotencyKey, seen[0].headers["idempotency-key"]);
  });

  for (const [status, code] of [
    [400, "invalid_state"],
    [401, "unauthorized"],
    [403, "forbidden"],
    [404, "not_found"],
    [408, "request_timeout"],
    [409, "conflict"],
    [410, "erased"],
    [413, "payload_too_large"],
    [422, "idempotency_mismatch"],
  ]) {
    test(`a ${status} ${code} is not tried again`, async () => {
      const { seen, client } = await against([problem(status, code, { "Retry-After": "0" }), created]);
      const error = await refusal(client.create({}));
      assert.deepEqual([error.code, error.status, error.message, seen.length], [code, status, "No.", 1]);
    });
  }

  test("a call waits as long as the server asks", async () => {
    const { seen, client } = await against([problem(429, "rate_limited", { "Retry-After": "1" }), created]);
    await client.create({});
    assert.ok(seen[1].at - seen[0].at >= 1000);
  });

  test("a time given as a date is waited for too", async () => {
    const date = new Date(Date.now() + 1500).toUTCString();
    const { client } = await against([problem(429, "rate_limited", { "Retry-After": date })], { retries: 0 });
    const { retryAfter } = await refusal(client.create({}));
    assert.ok(retryAfter >= 0 && retryAfter <= 2, `${retryAfter}`);
  });

  test("longer than a minute no call waits: when to come back is for the caller to decide", async () => {
    const { seen, client } = await against([problem(429, "rate_limited", { "Retry-After": "61" })]);
    const error = await refusal(client.create({}));
    assert.deepEqual([error.code, error.retryAfter, seen.length], ["rate_limited", 61, 1]);
  });

  test("the pauses are random and grow", async ({ mock }) => {
    const { setTimeout } = globalThis;
    const waits = [];
    mock.method(Math, "random", () => 0.6);
    mock.method(globalThis, "setTimeout", (then, milliseconds, ...given) => {
      waits.push(milliseconds);
      return setTimeout(then, milliseconds, ...given);
    });
    const { seen, client } = await against([drop], { retries: 3 });
    assert.equal((await refusal(client.create({}))).code, "network_error");
    assert.equal(seen.length, 4);
    const pauses = [300, 600, 1200];
    assert.deepEqual(waits.filter((milliseconds) => pauses.includes(milliseconds)), pauses);
  });

  test("an abort ends a call that waits for its answer", async () => {
    const { seen, client } = await against([hang]);
    const controller = new AbortController();
    const call = client.create({}, { signal: controller.signal });
    while (seen.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const reason = new Error("the user left");
    controller.abort(reason);
    const error = await refusal(call);
    assert.deepEqual([error.code, error.cause], ["aborted", reason]);
    assert.equal(seen.length, 1);
  });

  test("an abort ends the pause between two attempts", async () => {
    const { seen, client } = await against([problem(503, "unavailable", { "Retry-After": "60" })]);
    const controller = new AbortController();
    const call = refusal(client.create({}, { signal: controller.signal }));
    while (seen.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const begin = Date.now();
    // The answer is on its way, or the client waits already: either must end.
    controller.abort();
    const error = await call;
    assert.deepEqual([error.code, error.idempotencyKey], ["aborted", seen[0].headers["idempotency-key"]]);
    assert.ok(Date.now() - begin < 5000);
  });

  test("a call that was aborted before is not sent", async () => {
    const { seen, client } = await against([created]);
    const error = await refusal(client.create({}, { signal: AbortSignal.abort() }));
    assert.deepEqual([error.code, seen.length], ["aborted", 0]);
  });

  for (const [name, trouble] of [["no answer", hang], ["an answer that never ends", drip]]) {
    test(`${name} in time is a time-out, which is tried again`, async () => {
      const { seen, client } = await against([trouble, created], { timeout: 2000 });
      assert.equal((await client.create({})).session.id, "ses_1");
      assert.equal(seen.length, 2);
      const { client: impatient } = await against([trouble]);
      assert.equal((await refusal(impatient.create({}, { timeout: 50, retries: 0 }))).code, "timeout");
    });
  }

  test("a fetch that knows nothing of signals is left behind", async ({ mock }) => {
    const { client } = await against([created]);
    const { mock: fetching } = mock.method(globalThis, "fetch");
    for (const stand of [
      () => new Promise(() => undefined),
      async () => new Response(new ReadableStream({ pull: () => new Promise(() => undefined) })),
    ]) {
      fetching.mockImplementation(stand);
      const controller = new AbortController();
      assert.equal((await refusal(client.list({}, { timeout: 20, retries: 0 }))).code, "timeout");
      const call = refusal(client.list({}, { signal: controller.signal }));
      setImmediate(() => controller.abort());
      assert.equal((await call).code, "aborted");
      // A signal may have no reason.
      const aborted = { aborted: true, addEventListener() {}, removeEventListener() {} };
      assert.equal((await refusal(client.list({}, { signal: aborted }))).code, "aborted");
    }
  });

  test("what comes after the time is over is not read to its end", async ({ mock }) => {
    const { client } = await against([created]);
    let isOver;
    const over = new Promise((resolve) => (isOver = resolve));
    const endless = new ReadableStream({
      pull: (controller) => new Promise((resolve) => setImmediate(() => resolve(controller.enqueue(new Uint8Array(1))))),
      cancel: isOver,
    });
    mock.method(globalThis, "fetch").mock.mockImplementation(async () => new Response(endless));
    assert.equal((await refusal(client.list({}, { timeout: 20, retries: 0 }))).code, "timeout");
    await over;
  });

  test("null stands for no options and no query", async () => {
    const page = (response) => response.end('{"data":[],"pagination":{"total":0}}');
    const { seen, client } = await against([created, created, page]);
    await client.create({}, null);
    await client.get("ses_1", null);
    await client.list(null, null);
    await client.list({}, { signal: null, retries: null, timeout: null });
    assert.deepEqual(seen.map(({ url }) => url), ["/api/v1/sessions", "/api/v1/sessions/ses_1", "/api/v1/sessions", "/api/v1/sessions"]);
  });

  test("limits of another form are no limits of ours", async () => {
    const limits = (limit) => (response) => {
      response.setHeader("X-RateLimit-Limit", limit).setHeader("X-RateLimit-Remaining", "1").setHeader("X-RateLimit-Reset", "2");
      created(response);
    };
    const { client } = await against([limits("10"), limits("abc"), limits("10, 10"), limits("")]);
    const told = [];
    for (let call = 0; call < 4; call++) {
      told.push((await client.create({})).rateLimit);
    }
    assert.deepEqual(told, [{ limit: 10, remaining: 1, reset: 2 }, undefined, undefined, undefined]);
  });

  for (const body of ['{"data":7,"pagination":{}}', '{"data":[]}', '{"data":[],"pagination":null}', '{"id":"ses_1"}', "[]"]) {
    test(`${body} is no page`, async () => {
      const { client } = await against([raw(200, body)]);
      assert.equal((await refusal(client.list())).code, "unexpected_answer");
    });
  }

  for (const status of [301, 302, 303, 307, 308]) {
    test(`a redirect by ${status} is not followed with the key`, async () => {
      const elsewhere = await against([created]);
      const { seen, client } = await against([raw(status, "", { Location: `${elsewhere.baseUrl}/api/v1/sessions` })]);
      const error = await refusal(client.create({}));
      assert.deepEqual([error.code, error.status], ["redirected", status]);
      assert.deepEqual([seen.length, elsewhere.seen.length], [1, 0]);
    });
  }

  for (const [name, trouble] of [
    ["a page in place of JSON", raw(200, "<h1>Sign in to the Wi-Fi</h1>", { "Content-Type": "text/html" })],
    ["JSON that is cut off", raw(201, '{"id":"ses_1"', { "Content-Type": "application/json" })],
    ["JSON of something else", raw(200, '{"hello":"world"}')],
    ["JSON that is no object", raw(200, "null")],
    ["a session without an id", raw(200, '{"id":null}')],
    ["a session whose id is a number", raw(200, '{"id":7}')],
    ["nothing", raw(204, "")],
    ["an error in another form", raw(404, '{"message":"Not found"}')],
    ["an error without a body", raw(403, "")],
  ]) {
    test(`${name} is an unexpected answer`, async () => {
      const { seen, client } = await against([trouble]);
      const error = await refusal(client.create({}));
      assert.equal(error.code, "unexpected_answer");
      assert.equal(seen.length, 1);
      assert.match(error.message, new RegExp(`${error.status}`));
    });
  }

  test("an answer without end is cut off", async () => {
    const { client } = await against([flood]);
    assert.equal((await refusal(client.get("ses_1"))).code, "answer_too_large");
  });

  test("a server that is not there is a network error with its cause", async () => {
    const server = await tiny(created);
    await server.stop();
    const client = new VouchkeyClient({ baseUrl: server.baseUrl, key, retries: 1 });
    const error = await refusal(client.list());
    assert.deepEqual([error.code, error.status, error.idempotencyKey], ["network_error", undefined, undefined]);
    assert.ok(error.cause instanceof TypeError);
  });
});
