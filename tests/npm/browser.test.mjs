// Pages in headless Chromium, under a policy that allows them no more than they need.

import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { expected } from "./support/answers.mjs";
import { start } from "./client/program.mjs";
import { browser } from "./support/browser.mjs";
import { atEnd, closeAll } from "./support/closing.mjs";
import { CONSUMERS, INSTALLED, install, replace, ROOT } from "./support/consumers.mjs";
import { ENDED } from "./support/patience.mjs";
import { POLICY, serve } from "./support/site.mjs";

describe("pages without Vite", ENDED, () => {
  after(closeAll);
  let chromium;
  let plain;
  let program;
  before(async () => {
    await install();
    chromium = await browser();
    cpSync(join(INSTALLED, "dist"), join(CONSUMERS, "plain/vouchkey"), { recursive: true });
    for (const name of ["exercise.js", "interrupt.js"]) {
      cpSync(join(CONSUMERS, name), join(CONSUMERS, "plain", name));
    }
    program = await start();
    atEnd(() => program.stop());
    plain = await serve(join(CONSUMERS, "plain"), POLICY.replace("connect-src 'self'", `connect-src 'self' ${program.baseUrl}`));
  });

  async function isSilent() {
    assert.deepEqual(await chromium.complaints(), []);
  }

  test("a plain page loads the module once, and is told what it forgot", async () => {
    await chromium.open(`${plain}exercise.html`);
    const { early, missing, error, answers } = await chromium.outcome();
    assert.equal(error, undefined);
    assert.match(early, /await init\(\)/);
    assert.match(missing, /missing\.wasm is no wasm file \(status 404/);
    for (const answer of answers) {
      assert.deepEqual(answer, expected(answer));
    }
    const complaints = await chromium.complaints();
    assert.ok(complaints.every((line) => line.includes("missing.wasm")), complaints.join("\n"));
  });

  test("the policy is in force: without its one exception nothing runs", async () => {
    const strict = await serve(join(CONSUMERS, "plain"), POLICY.replace("'wasm-unsafe-eval'", ""));
    await chromium.open(`${strict}exercise.html`);
    const { error } = await chromium.outcome();
    assert.match(error, /CompileError/);
  });

  test("after a call that was interrupted all is as before", async () => {
    await chromium.open(`${plain}interrupt.html`);
    for (const { interruptions, said } of await chromium.outcome()) {
      assert.ok(interruptions > 40, `${interruptions}`);
      assert.equal(said.length, 1, said.join("\n"));
    }
    await isSilent();
  });

  test("a worker uses every way to get the module", async () => {
    await chromium.open(`${plain}worker.html`);
    for (const answer of await chromium.outcome()) {
      assert.deepEqual(answer, expected(answer));
    }
    await isSilent();
  });

  test("a bundler that makes one classic script, and takes no files along, has the inline entry", async () => {
    const { build } = createRequire(join(ROOT, "crates/xtask/node/package.json"))("esbuild");
    const folder = join(CONSUMERS, "strict");
    const { warnings } = await build({
      entryPoints: [join(folder, "main.js")],
      outfile: join(folder, "bundle.js"),
      bundle: true,
      format: "iife",
      logLevel: "silent",
    });
    assert.deepEqual(warnings, []);
    await chromium.open(await serve(folder));
    const answer = await chromium.outcome();
    assert.deepEqual(answer, expected(answer));
    await isSilent();
  });

  test("with the other entry such a script is told of it", async () => {
    const { build } = createRequire(join(ROOT, "crates/xtask/node/package.json"))("esbuild");
    const folder = join(CONSUMERS, "strict");
    const contents = `import { init } from "@vouchkey/wasm";
      init().catch(({ message }) => (document.querySelector("#outcome").textContent = JSON.stringify(message)));`;
    const stdin = { contents, resolveDir: folder };
    await build({ stdin, outfile: join(folder, "bundle.js"), bundle: true, format: "iife", logLevel: "silent" });
    await chromium.open(await serve(folder));
    assert.match(await chromium.outcome(), /Import from @vouchkey\/wasm\/inline/);
    await isSilent();
  });

  test("the README's page without a bundler shows what is wrong while one types", async () => {
    await chromium.open(plain);
    await chromium.until(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith(".wasm")));
    await chromium.type("country", "USA");
    await chromium.until(() => document.querySelector("output").textContent.startsWith("Must be the two-letter code"));
    await chromium.type("country", "US");
    await chromium.until(() => document.querySelector("output").textContent === "");
    await isSilent();
  });

  test("the page of docs/embedding.md leads to the hosted page", async () => {
    const key = await program.key("--kind", "publishable", "--origins", new URL(plain).origin);
    replace("plain/checkout.js", { "https://verify.example.com": program.baseUrl, "vk_pub_live_…": key });
    await chromium.open(`${plain}checkout.html`);
    await chromium.until(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith(".wasm")));
    await chromium.until(() => {
      document.querySelector("button")?.click();
      return location.pathname.startsWith("/verify/");
    });
    await isSilent();
  });
});
