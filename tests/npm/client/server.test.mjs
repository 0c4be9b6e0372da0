// The client against the real server.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { VouchkeyClient, refusal } from "./package.mjs";
import { start } from "./program.mjs";
import { ENDED } from "../support/patience.mjs";

describe("the client and the server", ENDED, () => {
  let server;
  let client;
  before(async () => {
    server = await start();
    client = new VouchkeyClient({ baseUrl: server.baseUrl, key: await server.key() });
  });
  after(() => server.stop());

  test("a session is created, read and listed", async () => {
    const created = await client.create({ externalRef: "order-1", country: "CH", metadata: { plan: "pro" } });
    assert.match(created.session.id, /^ses_/);
    assert.match(created.session.capture_url, /\/verify\//);
    assert.match(created.session.qr_code_data_url, /^data:image\/png;base64,/);
    assert.equal(created.session.is_sandbox, true);
    assert.equal(created.replayed, false);
    assert.deepEqual(created.ignoredFields, []);
    assert.match(created.requestId, /^[\w-]{1,64}$/);
    assert.equal(created.rateLimit.limit, 300);
    assert.equal(created.rateLimit.remaining, 299);
    assert.ok(created.rateLimit.reset >= Math.floor(Date.now() / 1000));

    const { session, requestId, rateLimit } = await client.get(created.session.id);
    assert.deepEqual([session.external_ref, session.metadata], ["order-1", { plan: "pro" }]);
    assert.equal(rateLimit.limit, 1000);
    assert.notEqual(requestId, created.requestId);

    const page = await client.list({ externalRef: "order-1", limit: 1, status: undefined });
    assert.deepEqual(page.data.map(({ id }) => id), [session.id]);
    assert.deepEqual([page.pagination.total, page.pagination.limit], [1, 1]);
  });

  test("pages follow one another by their cursor", async () => {
    for (let at = 0; at < 3; at++) {
      await client.create({ external_ref: `paged-${at}` });
    }
    const seen = [];
    let cursor;
    do {
      const page = await client.list({ q: "paged-", limit: 2, cursor });
      seen.push(...page.data.map((session) => session.external_ref));
      cursor = page.pagination.next_cursor ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(seen, ["paged-2", "paged-1", "paged-0"]);
  });

  test("answers are in snake_case, whatever the key is set to", async () => {
    const camel = new VouchkeyClient({ baseUrl: server.baseUrl, key: await server.key("--inflection", "camel") });
    const { session } = await camel.create({});
    assert.ok("capture_url" in session);
  });

  test("the same idempotency key gives the same session, and for another request an error", async () => {
    const options = { idempotencyKey: "order-2" };
    const first = await client.create({ external_ref: "order-2" }, options);
    const again = await client.create({ external_ref: "order-2" }, options);
    assert.deepEqual([first.replayed, again.replayed], [false, true]);
    assert.equal(again.session.id, first.session.id);
    const error = await refusal(client.create({ external_ref: "order-3" }, options));
    assert.deepEqual([error.code, error.status, error.idempotencyKey], ["idempotency_mismatch", 422, "order-2"]);
  });

  test("two creations without a key of their own are two", async () => {
    const [one, two] = await Promise.all([client.create({}), client.create({})]);
    assert.notEqual(one.session.id, two.session.id);
  });

  test("a request that breaks rules is not sent, and every mistake is named", async () => {
    const before = (await client.get((await client.create({})).session.id)).rateLimit.remaining;
    const error = await refusal(client.create({ country: "XX", send_email: true, expires_in_minutes: 5 }));
    assert.deepEqual([error.code, error.status, error.requestId], ["validation_failed", undefined, undefined]);
    assert.deepEqual(
      error.errors.map(({ field, code }) => [field, code]),
      [["country", "unknown_value"], ["applicant_email", "required"], ["expires_in_minutes", "out_of_range"]],
    );
    const after = (await client.get((await client.create({})).session.id)).rateLimit.remaining;
    // The bucket fills while we look, by 16 a second.
    assert.ok(after >= before - 2, `${before} and then ${after}`);
  });

  test("what only the server knows it says in the same way", async () => {
    const error = await refusal(client.create({ workflow_id: "wfl_01kyaaaaaaaaaaaaaaaaaaaaaa" }));
    assert.deepEqual([error.code, error.status], ["validation_failed", 422]);
    assert.deepEqual(error.errors.map(({ field, code }) => [field, code]), [["workflow_id", "not_found"]]);
    assert.match(error.requestId, /./);
    assert.match(error.message, /^workflow_id: /);
  });

  test("a scheme that the organization may allow is for the server to refuse", async () => {
    const error = await refusal(client.create({ redirect_url: "shop://done" }));
    assert.deepEqual([error.code, error.status, error.errors[0].field], ["validation_failed", 422, "redirect_url"]);
    const informed = new VouchkeyClient({ baseUrl: server.baseUrl, key: await server.key(), schemes: ["other"] });
    assert.equal((await refusal(informed.create({ redirect_url: "shop://done" }))).status, undefined);
  });

  test("fields that the server does not know are named", async () => {
    const { ignoredFields } = await client.create({ colour: "red", "größe, +": 1 });
    assert.deepEqual(ignoredFields, ["colour", "größe, +"]);
    const many = Object.fromEntries(Array.from({ length: 25 }, (_, at) => [`unknown_${at}`, at]));
    assert.equal((await client.create(many)).ignoredFields.length, 20);
  });

  test("parameters that the server does not know are named", async () => {
    const page = await client.list({ stauts: "pending", limit: 1 });
    assert.deepEqual([page.data.length, page.ignoredFields], [1, ["stauts"]]);
    const read = await client.get(page.data[0].id);
    assert.deepEqual(read.ignoredFields, []);
  });

  test("what cannot be written as JSON is not sent", async () => {
    const cycle = {};
    cycle.self = cycle;
    for (const request of [undefined, () => 0, Symbol("s"), cycle, { a: 1n }, { get a() { throw new Error("no"); } }]) {
      assert.equal((await refusal(client.create(request))).code, "invalid_json");
    }
    assert.equal((await refusal(client.create({ external_ref: "\ud800" }))).code, "invalid_json");
    assert.equal((await refusal(client.create([]))).code, "validation_failed");
  });

  test("an unknown session is not found, and what is no id is not asked for", async () => {
    const error = await refusal(client.get("ses_01kyaaaaaaaaaaaaaaaaaaaaaa"));
    assert.deepEqual([error.code, error.status], ["not_found", 404]);
    for (const id of ["", "..", "ses_", "ses_a/b", "idn_1", undefined, null, 7]) {
      assert.equal((await refusal(client.get(id))).code, "invalid_argument", `${id}`);
    }
  });

  test("a bad query is refused by the server, or not sent where it cannot be", async () => {
    const error = await refusal(client.list({ limit: 101, status: "done" }));
    assert.deepEqual([error.code, error.status], ["validation_failed", 422]);
    assert.deepEqual(error.errors.map(({ field }) => field), ["status", "limit"]);
    for (const query of [{ q: "a\nlimit\n1" }, { q: {} }, { limit: [1] }, { q: true }, { externalRef: "" }]) {
      assert.equal((await refusal(client.list(query))).code, "invalid_argument");
    }
    assert.deepEqual((await client.list({ q: "a&limit=1 é+#" })).data, []);
  });

  test("a key that nobody holds is unauthorized", async () => {
    const key = await server.key();
    const other = await start();
    try {
      const error = await refusal(new VouchkeyClient({ baseUrl: other.baseUrl, key }).list());
      assert.deepEqual([error.code, error.status], ["unauthorized", 401]);
    } finally {
      await other.stop();
    }
  });

  test("the address may have a slash at its end, and the path of the API", async () => {
    const key = await server.key();
    for (const end of ["/", "//", "/api/v1", "/api/v1/"]) {
      const other = new VouchkeyClient({ baseUrl: new URL(server.baseUrl + end), key });
      assert.ok((await other.list({ limit: 1 })).data.length <= 1);
    }
  });

  test("the version that was asked for is the one that answers", async () => {
    const old = new VouchkeyClient({ baseUrl: server.baseUrl, key: await server.key(), version: "2026-01-01" });
    assert.match((await old.create({})).session.id, /^ses_/);
  });

  test("over its limit a call waits as the server asks, and is then answered", async () => {
    const slow = await start({ VOUCHKEY_RATE_LIMIT_CREATES: "60" });
    try {
      const hasty = new VouchkeyClient({ baseUrl: slow.baseUrl, key: await slow.key() });
      const results = await Promise.all(Array.from({ length: 61 }, (_, at) => hasty.create({ external_ref: `${at}` })));
      assert.equal(new Set(results.map(({ session }) => session.id)).size, 61);
      const patientless = new VouchkeyClient({ baseUrl: slow.baseUrl, key: await slow.key(), retries: 0 });
      const calls = await Promise.allSettled(Array.from({ length: 70 }, () => patientless.create({})));
      const refused = calls.filter(({ status }) => status === "rejected").map(({ reason }) => reason);
      assert.ok(refused.length > 0);
      for (const error of refused) {
        assert.deepEqual([error.code, error.status, error.retryAfter], ["rate_limited", 429, 1]);
      }
    } finally {
      await slow.stop();
    }
  });

  test("a server that is killed under the calls creates each session once, and each call gets it", async () => {
    const frail = await start();
    try {
      const stubborn = new VouchkeyClient({ baseUrl: frail.baseUrl, key: await frail.key(), retries: 10 });
      const calls = Array.from({ length: 40 }, (_, at) => stubborn.create({ external_ref: `order-${at}` }));
      await Promise.any(calls);
      await frail.crash();
      const sessions = (await Promise.all(calls)).map(({ session }) => session.id);
      const { data, pagination } = await stubborn.list({ limit: 100 });
      assert.equal(pagination.total, 40);
      assert.deepEqual(data.map(({ id }) => id).sort(), sessions.sort());
    } finally {
      await frail.stop();
    }
  });
});
