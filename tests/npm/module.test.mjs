// Where the module comes from: every form of the right file, and what is said of a wrong one.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";

import { INSTALLED, install } from "./support/consumers.mjs";
import { atEnd, closeAll } from "./support/closing.mjs";
import { ENDED } from "./support/patience.mjs";

await install();
const file = readFileSync(join(INSTALLED, "dist/vouchkey.wasm"));
const slim = readFileSync(join(INSTALLED, "dist/vouchkey-slim.wasm"));
const empty = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
const other = Buffer.from(file.toString("latin1").replace(JSON.parse(readFileSync(join(INSTALLED, "package.json"), "utf8")).version, "0.0.9"), "latin1");

let copies = 0;
/** The package as a browser loads it, not yet ready. */
const unready = (name = "index.js") => import(`${pathToFileURL(join(INSTALLED, "dist", name))}?${copies++}`);
const works = ({ validateCreateSession }) => assert.equal(validateCreateSession({ country: "USA" }).errors.length, 1);

describe("the wasm file", ENDED, () => {
  after(closeAll);

  async function served(status, type, body) {
    const server = createServer((_, response) => response.writeHead(status, type && { "Content-Type": type }).end(body));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    atEnd(() => server.close());
    atEnd(() => server.closeAllConnections());
    return `http://127.0.0.1:${server.address().port}/vouchkey.wasm`;
  }

  for (const [name, wrong] of [["slim one", slim], ["one of nothing", empty], ["one of another version", other]]) {
    test(`is refused where it is the ${name}, and then the right one is taken`, async () => {
      for (const given of [wrong, new WebAssembly.Module(wrong)]) {
        const vouchkey = await unready();
        const refusal = /the wasm file is of another version/;
        await assert.rejects(vouchkey.init(given), refusal);
        assert.throws(() => vouchkey.initSync(given), refusal);
        assert.throws(() => vouchkey.validateCreateSession({}), /await init\(\)/);
        await vouchkey.init(file);
        works(vouchkey);
      }
    });
  }

  test("is taken in every form, of every realm", async () => {
    const inRealm = (code) => runInNewContext(code, { bytes: [...file] });
    const response = { [Symbol.toStringTag]: "Response", ok: true, headers: new Headers({ "content-type": "application/wasm" }), arrayBuffer: async () => file };
    const url = await served(200, "application/wasm", file);
    for (const given of [url, new URL(url), new Request(url), fetch(url), fetch(await served(200, undefined, file)), response, file,
      inRealm("Uint8Array.from(bytes)"), inRealm("new WebAssembly.Module(Uint8Array.from(bytes))"), inRealm("WebAssembly.compile(Uint8Array.from(bytes))")]) {
      const vouchkey = await unready();
      await vouchkey.init(given);
      works(vouchkey);
    }
    const vouchkey = await unready();
    vouchkey.initSync(inRealm("new WebAssembly.Module(Uint8Array.from(bytes))"));
    works(vouchkey);
  });

  test("is said to be missing where it is, with the way out", async () => {
    const out = (entry) => new RegExp(`Import from @vouchkey/wasm${entry}/inline, or give init the file`);
    for (const [name, entry] of [["index.js", ""], ["slim.js", "/slim"]]) {
      const vouchkey = await unready(name);
      // Node fetches no file.
      await assert.rejects(vouchkey.init(), out(entry));
      await assert.rejects(vouchkey.init("vouchkey.wasm"), out(entry));
      await assert.rejects(vouchkey.init(await served(404, "text/plain", "")), /status 404, text\/plain\)\. Import/);
      await assert.rejects(vouchkey.init(await served(200, "text/html", "<!doctype html>")), out(entry));
      await assert.rejects(vouchkey.init(Promise.reject(new Error("mine"))), /^Error: mine$/);
    }
  });
});
