// Applications that Vite builds, with the snippets of the README in them, and one that React renders on a server.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import { expected } from "./support/answers.mjs";
import { start } from "./client/program.mjs";
import { browser } from "./support/browser.mjs";
import { atEnd, closeAll } from "./support/closing.mjs";
import { CONSUMERS, install, replace } from "./support/consumers.mjs";
import { ENDED } from "./support/patience.mjs";
import { POLICY, serve } from "./support/site.mjs";

describe("pages of Vite", ENDED, () => {
  after(closeAll);
  const root = join(CONSUMERS, "vite");
  const load = createRequire(join(CONSUMERS, "package.json"));
  let program;
  let vite;
  let chromium;
  let built;
  let rendered;
  before(async () => {
    await install();
    program = await start();
    atEnd(() => program.stop());
    built = await serve(join(root, "dist"), POLICY.replace("connect-src 'self'", `connect-src 'self' ${program.baseUrl}`));
    const key = await program.key("--kind", "publishable", "--origins", new URL(built).origin);
    replace("vite/quick-start.js", { "https://verify.example.com": program.baseUrl, "vk_pub_sandbox_…": key });
    vite = await import(pathToFileURL(join(CONSUMERS, "node_modules/vite/dist/node/index.js")));
    await vite.build({ root });
    const server = join(CONSUMERS, "ssr/dist");
    await vite.build({ root, build: { ssr: "../ssr/render.jsx", outDir: server } });
    rendered = await import(pathToFileURL(join(server, "render.js")));
    const page = join(root, "dist/hydrate.html");
    writeFileSync(page, readFileSync(page, "utf8").replace("<!--rendered-->", rendered.code));
    chromium = await browser();
  });

  async function isSilent() {
    assert.deepEqual(await chromium.complaints(), []);
  }

  test("a built application takes the module along, by itself, by its address, and inside", async () => {
    await chromium.open(`${built}exercise.html`);
    for (const answer of await chromium.outcome()) {
      assert.deepEqual(answer, expected(answer));
    }
    await isSilent();
  });

  test("the development server serves the module too", async () => {
    const server = await vite.createServer({ root, server: { host: "127.0.0.1", port: 0 }, cacheDir: join(root, "cache") });
    atEnd(() => server.close());
    await server.listen();
    await chromium.open(`http://127.0.0.1:${server.httpServer.address().port}/exercise.html`);
    for (const answer of await chromium.outcome()) {
      assert.deepEqual(answer, expected(answer));
    }
    await isSilent();
  });

  test("the README's quick start says all that is wrong, then creates a session and draws its code", async () => {
    await chromium.open(`${built}quick-start.html`);
    const { errors, early, none, picture } = await chromium.outcome();
    assert.deepEqual(errors.map(({ field, code }) => [field, code]), [
      ["country", "unknown_value"],
      ["expires_in_minutes", "out_of_range"],
    ]);
    assert.equal(early, "");
    assert.equal(none, null);
    assert.match(picture, /^data:image\/png;base64,/);
    const { VouchkeyClient, qrPngDataUrl } = load("@vouchkey/wasm");
    const reader = new VouchkeyClient({ baseUrl: program.baseUrl, key: await program.key() });
    const [session] = (await reader.list({ externalRef: "order-1001" })).data;
    assert.equal(picture, qrPngDataUrl(session.capture_url));
    await isSilent();
  });

  for (const [framework, page] of [["React", "react.html"], ["Vue", "vue.html"]]) {
    test(`the README's ${framework} form shows what is wrong while one types`, async () => {
      const alert = (name, start) => document.querySelector(`[name=${name}]`)?.parentElement.querySelector("[role=alert]").textContent.startsWith(start);
      await chromium.open(`${built}${page}`);
      await chromium.until(alert, "country", "");
      await chromium.type("country", "USA");
      await chromium.until(alert, "country", "Must be the two-letter code");
      await chromium.type("country", "US");
      await chromium.type("applicant_email", "ada@");
      await chromium.until(alert, "applicant_email", "Must be");
      await chromium.type("applicant_email", "ada@example.com");
      await chromium.until(() => document.querySelector("button:enabled") !== null);
      await isSilent();
    });
  }

  test("a server renders the components, and the browser takes them over without a difference", async () => {
    assert.match(rendered.code, /^<img src="data:image\/png;base64,/);
    assert.match(rendered.form, /name="applicant_email"/);
    await chromium.open(`${built}hydrate.html`);
    await chromium.until(() => "hydrated" in document.body.dataset);
    assert.ok(await chromium.until(() => document.querySelector("#root img").naturalWidth || null));
    await isSilent();
  });
});
