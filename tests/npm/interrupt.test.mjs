// One call that does not come back must not make the next ones wrong.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import { VouchkeyClient, inventedKey, vouchkey } from "./client/package.mjs";
import { created, tiny } from "./client/tiny.mjs";
import { CONSUMERS, INSTALLED } from "./support/consumers.mjs";
import { ENDED } from "./support/patience.mjs";

const { answers, interrupted } = await import(pathToFileURL(join(CONSUMERS, "interrupt.js")));

describe("after a call that was interrupted", ENDED, () => {
  for (const file of ["inline.cjs", "slim-inline.cjs"]) {
    test(`all is as before in Node (${file})`, () => {
      const { interruptions, said } = interrupted(createRequire(import.meta.url)(join(INSTALLED, "dist", file)));
      assert.ok(interruptions > 40, `${interruptions}`);
      assert.equal(said.length, 1, said.join("\n"));
    });
  }

  test("the module traps for what it was not given, and judges nothing", () => {
    const module = new WebAssembly.Module(readFileSync(join(INSTALLED, "dist/vouchkey.wasm")));
    const imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      (imports[from] ??= {})[name] = () => 0;
    }
    const { exports } = new WebAssembly.Instance(module, imports);
    const trap = (call) => assert.throws(call, WebAssembly.RuntimeError);
    trap(() => exports.judge(0, 1, 0));
    trap(() => exports.qr_svg(1, 4));
    trap(() => exports.verify_signature(0, 0, 0, 0, 0, 1, 0, 0));
  });

  test("a key is judged as before", () => {
    const { parseFloat } = globalThis;
    globalThis.parseFloat = () => { throw new Error("interrupted"); };
    try {
      assert.throws(() => vouchkey.validateCreateSession({ metadata: { number: 1.5e-7 } }), /interrupted/);
      assert.equal(new VouchkeyClient({ baseUrl: "https://x.example", key: inventedKey("vk_live_") }).environment, "live");
    } finally {
      globalThis.parseFloat = parseFloat;
    }
  });

  test("a call out of another call is none: both get their answers", async () => {
    const right = answers(vouchkey);
    const said = [];
    const request = { toJSON: () => (said.push(answers(vouchkey)), { country: "USA" }) };
    assert.equal(vouchkey.validateCreateSession(request).errors[0].field, "country");
    const { Request } = globalThis;
    const server = await tiny(created);
    // What makes the request may be anybody's.
    globalThis.Request = class extends Request {
      constructor(...words) {
        said.push(answers(vouchkey));
        super(...words);
        said.push(answers(vouchkey));
      }
    };
    try {
      await new VouchkeyClient({ baseUrl: server.baseUrl, key: inventedKey("vk_sandbox_") }).create({ country: "CH" }, { idempotencyKey: "order-1" });
      const [{ method, url, headers, body }] = server.seen;
      assert.deepEqual([method, url, headers["idempotency-key"], body], ["POST", "/api/v1/sessions", "order-1", '{"country":"CH"}']);
    } finally {
      globalThis.Request = Request;
      await server.stop();
    }
    assert.deepEqual(said, Array(3).fill(right));
    assert.equal(answers(vouchkey), right);
  });
});
