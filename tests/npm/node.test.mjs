// Programs in Node.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";

import { node, ROOT } from "./support/consumers.mjs";
import { expected } from "./support/answers.mjs";
import { ENDED } from "./support/patience.mjs";

describe("programs in Node", ENDED, () => {
  test("an ESM program needs no init, and may call it", async () => {
    for (const answer of await node("node/esm.mjs")) {
      assert.deepEqual(answer, expected(answer));
    }
  });

  test("a CommonJS program requires every entry", async () => {
    for (const answer of await node("node/commonjs.cjs")) {
      assert.deepEqual(answer, expected(answer));
    }
  });

  test("importing an entry touches nothing, whatever the runtime lacks", async () => {
    assert.deepEqual(await node("node/import_only.mjs"), Array(6).fill("function"));
  });

  test("nothing is still something to judge after the memory grew", async () => {
    const program = `
      const { validateCreateSessionJson, verifyWebhook } = require("@vouchkey/wasm");
      const grown = (lists) => validateCreateSessionJson('{"metadata":{"a":[' + "[],".repeat(lists) + "[]]}}").ok;
      const verdicts = [1, 2, 3, 4].map((times) => [grown(times * 300_000), verifyWebhook("", {}, "").ok]);
      console.log(JSON.stringify(verdicts.flat()));`;
    assert.deepEqual(await node("--eval", program), Array(8).fill(false));
  });

  test("the pictures are those of the server", async () => {
    const { images } = JSON.parse(readFileSync(join(ROOT, "tests/vectors/qr.json"), "utf8"));
    assert.ok(images.length > 0);
    const program = `
      const { qrPngDataUrl, qrSvg } = require("@vouchkey/wasm");
      const texts = JSON.parse(process.argv[1]);
      console.log(JSON.stringify(texts.map((text) => ({ text, png: qrPngDataUrl(text), svg: qrSvg(text) }))));`;
    const drawn = await node("--eval", program, JSON.stringify(images.map(({ text }) => text)));
    assert.deepEqual(drawn, images.map(({ text, png, svg }) => ({ text, png, svg })));
  });
});
