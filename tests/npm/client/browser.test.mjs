// The client in a page and in a worker of it, on another origin than the server, under a strict policy.

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { browser } from "../support/browser.mjs";
import { atEnd, closeAll } from "../support/closing.mjs";
import { CONSUMERS, INSTALLED, install } from "../support/consumers.mjs";
import { ENDED } from "../support/patience.mjs";
import { POLICY, serve } from "../support/site.mjs";
import { start } from "./program.mjs";

describe("the client in a browser", ENDED, () => {
  after(closeAll);
  let chromium;
  let server;
  let shop;
  let thief;
  before(async () => {
    await install();
    server = await start();
    atEnd(server.stop);
    chromium = await browser();
    const folder = join(CONSUMERS, "client");
    cpSync(join(INSTALLED, "dist"), join(folder, "vouchkey"), { recursive: true });
    const policy = POLICY.replace("connect-src 'self'", `connect-src 'self' ${server.baseUrl} http://127.0.0.1:1`);
    shop = await serve(folder, policy);
    thief = await serve(folder, policy);
  });

  test("a publishable key creates sessions from its origin, and a secret key is refused with the reason", async () => {
    const keys = {
      baseUrl: server.baseUrl,
      secret: await server.key(),
      publishable: await server.key("--kind", "publishable", "--origins", new URL(shop).origin),
    };
    await chromium.open(`${shop}page.html#${encodeURIComponent(JSON.stringify(keys))}`);
    const { page, worker, width, error } = await chromium.outcome();
    assert.equal(error, undefined);
    for (const outcome of [page, worker]) {
      assert.equal(outcome.error, undefined);
      assert.equal(outcome.secret.code, "secret_key_in_browser");
      assert.match(outcome.secret.message, /publishable key/);
      assert.equal(outcome.list, "insufficient_scope");
      assert.deepEqual(outcome.closed, { status: 422, errors: ["send_email not_allowed", "applicant_email not_allowed"] });
      assert.equal(outcome.aborted, "aborted");
      assert.equal(outcome.nobody, "network_error");
      const { session, replayed, ignoredFields, requestId, rateLimit } = outcome.created;
      assert.match(session.id, /^ses_/);
      assert.deepEqual([replayed, ignoredFields, rateLimit.limit], [false, ["colour"], 10]);
      assert.match(requestId, /./);
    }
    assert.ok(width > 100);
  });

  test("from a page of another origin nothing can be created", async () => {
    const listed = await server.key("--kind", "publishable", "--origins", new URL(shop).origin);
    const other = await server.key("--kind", "publishable", "--origins", "https://shop.example");
    for (const [site, publishable, reason] of [
      // The browser keeps from the page even what was answered.
      [thief, listed, "The server cannot be reached, or the connection broke."],
      [shop, other, "This publishable key may be used on pages of its own origins only."],
    ]) {
      const keys = { baseUrl: server.baseUrl, secret: publishable, publishable };
      await chromium.open("about:blank");
      await chromium.open(`${site}page.html#${encodeURIComponent(JSON.stringify(keys))}`);
      assert.equal((await chromium.outcome()).error, `VouchkeyError: ${reason}`);
    }
  });
});
