// Where a secret key may be held: the package, run among the globals of other places.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createContext, runInContext } from "node:vm";

import { INSTALLED } from "../support/consumers.mjs";
import { ENDED } from "../support/patience.mjs";
import { inventedKey } from "./package.mjs";

const code = readFileSync(join(INSTALLED, "dist/inline.cjs"), "utf8");
const browserProcess = { versions: { node: "20.0.0" }, browser: true };
const as = (tag, value) => Object.defineProperty(value, Symbol.toStringTag, { value: tag });

/** What becomes of a key where these are the globals. */
function outcome(globals, key) {
  const module = { exports: {} };
  const context = createContext({ module, exports: module.exports, URL, TextEncoder, TextDecoder, atob, ...globals });
  if (globals.isWorker) {
    // The global object of a worker is an instance of its scope.
    runInContext("function WorkerGlobalScope() {} Object.setPrototypeOf(globalThis, WorkerGlobalScope.prototype)", context);
  }
  runInContext(code, context);
  try {
    new module.exports.VouchkeyClient({ baseUrl: "https://verify.example.com", key });
    return "taken";
  } catch (error) {
    return error.code ?? error;
  }
}

describe("a secret key", ENDED, () => {
  for (const [place, globals] of [
    ["a page", { window: {} }],
    ["a page whose bundler imitates Node", { window: {}, process: browserProcess }],
    ["a worker of a page", { isWorker: true, navigator: { userAgent: "Mozilla/5.0" } }],
    ["the window of a desktop application", { window: {}, process: as("process", { type: "renderer", versions: { node: "20.0.0" } }) }],
  ]) {
    test(`is refused in ${place}, where a publishable one is taken`, () => {
      for (const prefix of ["vk_live_", "vk_sandbox_"]) {
        assert.equal(outcome(globals, inventedKey(prefix)), "secret_key_in_browser");
      }
      for (const prefix of ["vk_pub_live_", "vk_pub_sandbox_"]) {
        assert.equal(outcome(globals, inventedKey(prefix)), "taken");
      }
    });
  }

  for (const [place, globals] of [
    ["Node", { process: as("process", { versions: { node: "20.0.0" } }) }],
    ["a test that plays a page under Node", { window: {}, document: {}, process: as("process", { versions: { node: "20.0.0" } }) }],
    ["Deno", { Deno: {}, window: {}, navigator: { userAgent: "Deno/2.0.0" } }],
    ["a worker of Deno", { Deno: {}, isWorker: true }],
    ["Bun", { Bun: {}, navigator: { userAgent: "Bun/1.2" } }],
    ["a Cloudflare worker", { isWorker: true, navigator: { userAgent: "Cloudflare-Workers" } }],
    ["Vercel's edge", { EdgeRuntime: "vercel" }],
    ["a runtime that is not known", {}],
  ]) {
    test(`is taken in ${place}`, () => {
      assert.equal(outcome(globals, inventedKey("vk_live_")), "taken");
    });
  }
});
