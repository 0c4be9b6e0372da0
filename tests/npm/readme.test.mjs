// The programs in the README that run on a server.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { start } from "./client/program.mjs";
import { CONSUMERS, install } from "./support/consumers.mjs";
import { ENDED } from "./support/patience.mjs";

describe("the README's programs", ENDED, () => {
  let program;
  before(async () => {
    await install();
    program = await start();
  });
  after(() => program.stop());

  test("one creates a session, and only one, however often it runs", async () => {
    const env = { ...process.env, VOUCHKEY_URL: program.baseUrl, VOUCHKEY_KEY: await program.key() };
    const run = async () => (await promisify(execFile)(process.execPath, [join(CONSUMERS, "node/create.mjs")], { env })).stdout;
    const first = await run();
    assert.ok(first.startsWith(`${program.baseUrl}/verify/`), first);
    assert.equal(await run(), first);
  });

  test("one takes the webhooks that are signed, and no others", async () => {
    const secret = Buffer.alloc(32, 7);
    process.env.WEBHOOK_SECRET = `whsec_${secret.toString("base64")}`;
    const { server } = await import(pathToFileURL(join(CONSUMERS, "node/webhooks.mjs")));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const post = async (body, signature) => {
      const headers = { "webhook-id": "evt_1", "webhook-timestamp": String(Math.floor(Date.now() / 1000)) };
      const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
      headers["webhook-signature"] = signature ?? `v1,${createHmac("sha256", secret).update(signed).digest("base64")}`;
      const answer = await fetch(`http://127.0.0.1:${server.address().port}`, { method: "POST", headers, body });
      return [answer.status, await answer.text()];
    };
    const event = {
      event: "session.created",
      session_id: "ses_01kg0000000000000000000000",
      status: "pending",
      sequence: 1,
      previous_status: null,
      terminal: false,
    };
    try {
      assert.deepEqual(await post(JSON.stringify(event)), [204, ""]);
      assert.deepEqual(await post(JSON.stringify(event)), [204, ""]);
      assert.deepEqual(await post(JSON.stringify(event), `v1,${"A".repeat(43)}=`), [400, "signature_mismatch"]);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
