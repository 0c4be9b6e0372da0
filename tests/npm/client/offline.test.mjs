// What the client refuses before anything is sent.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { inspect } from "node:util";

import { VouchkeyClient, VouchkeyError, inventedKey, isVouchkeyError, refusal } from "./package.mjs";
import { INSTALLED } from "../support/consumers.mjs";

const baseUrl = "https://verify.example.com";
const key = inventedKey("vk_live_");
const made = (options) => refusal(() => new VouchkeyClient({ baseUrl, key, ...options }));

describe("what the client refuses offline", () => {
  test("keys of every kind are taken on a server", () => {
    for (const prefix of ["vk_live_", "vk_sandbox_", "vk_pub_live_", "vk_pub_sandbox_"]) {
      assert.ok(new VouchkeyClient({ baseUrl, key: inventedKey(prefix) }));
    }
  });

  test("a key with a typing error is refused", async () => {
    const wrong = [key.slice(0, -1), `${key}0`, key.replace("0", "1"), ` ${key}`, key.replace("live", "Live"), "", "sk_live_1"];
    for (const text of [...wrong, undefined, null, 7, {}, [key]]) {
      assert.equal((await made({ key: text })).code, "invalid_key", `${text}`);
    }
    assert.equal((await refusal(() => new VouchkeyClient())).code, "invalid_key");
  });

  test("an address that is none of a server is refused", async () => {
    for (const text of ["", "verify.example.com", "//verify.example.com", "ftp://verify.example.com", "https://", "file:///etc",
      "https://user:pass@verify.example.com", "https://verify.example.com?a=1", "https://verify.example.com#a", undefined, null, 7, {}]) {
      assert.equal((await made({ baseUrl: text })).code, "invalid_base_url", `${text}`);
    }
  });

  test("plain http is for this machine, or for who allows it", async () => {
    for (const host of ["localhost:8080", "app.localhost", "127.0.0.1:8080", "127.1", "[::1]:8080"]) {
      assert.ok(new VouchkeyClient({ baseUrl: `http://${host}`, key }), host);
    }
    for (const host of ["verify.example.com", "10.0.0.1", "localhost.example.com", "127.0.0.1.example.com", "notlocalhost"]) {
      assert.equal((await made({ baseUrl: `http://${host}` })).code, "insecure_base_url", host);
      assert.ok(new VouchkeyClient({ baseUrl: `http://${host}`, key, allowHttp: true }), host);
    }
  });

  test("options have their bounds", async () => {
    for (const options of [{ retries: -1 }, { retries: 11 }, { retries: 1.5 }, { retries: "2" }, { retries: NaN },
      { timeout: 0 }, { timeout: 2 ** 31 }, { timeout: Infinity }, { timeout: "1" }]) {
      assert.equal((await made(options)).code, "invalid_argument", inspect(options));
      assert.equal((await refusal(new VouchkeyClient({ baseUrl, key }).list({}, options))).code, "invalid_argument");
    }
    for (const schemes of [null, "shop", {}, [7]]) {
      assert.equal((await made({ schemes })).code, "invalid_argument", inspect(schemes));
    }
    for (const version of ["2026-01-02", "", "latest", 20260101]) {
      assert.equal((await made({ version })).code, "unsupported_version");
    }
    for (const idempotencyKey of ["", "a b", "a\nb", "é", "k".repeat(256), 7]) {
      const error = await refusal(new VouchkeyClient({ baseUrl, key }).create({}, { idempotencyKey }));
      assert.equal(error.code, "idempotency_key_invalid");
    }
  });

  test("a signal is one, and names of a query are words", async ({ mock }) => {
    const timers = mock.method(globalThis, "setTimeout");
    for (const signal of [{ aborted: false }, {}, 7, "x", false, 0, "", new EventTarget().addEventListener]) {
      for (const call of ["list", "create"]) {
        assert.equal((await refusal(new VouchkeyClient({ baseUrl, key })[call]({}, { signal }))).code, "invalid_argument", inspect(signal));
      }
    }
    for (const [name, value] of [["q\nlimit", "1"], ["\n", "1"], ["a b", ""], ["", "a b"], ["q", "1\n"]]) {
      assert.equal((await refusal(new VouchkeyClient({ baseUrl, key }).list({ [name]: value }))).code, "invalid_argument");
    }
    assert.equal(timers.mock.callCount(), 0);
  });

  test("a client knows its key's environment", () => {
    for (const environment of ["live", "sandbox"]) {
      for (const prefix of ["vk_", "vk_pub_"]) {
        const client = new VouchkeyClient({ baseUrl, key: inventedKey(`${prefix}${environment}_`) });
        assert.equal(client.environment, environment);
      }
    }
  });

  test("a publishable key reads nothing", async () => {
    const client = new VouchkeyClient({ baseUrl, key: inventedKey("vk_pub_live_") });
    for (const call of [client.list(), client.get("ses_1")]) {
      const { code, status } = await refusal(call);
      assert.deepEqual([code, status], ["insufficient_scope", undefined]);
    }
  });

  test("a client shows its key to no log", () => {
    const client = new VouchkeyClient({ baseUrl, key });
    assert.ok(!`${inspect(client, { showHidden: true })}${JSON.stringify(client)}`.includes(key));
  });

  test("errors are told apart, and from all others", async () => {
    const error = await made({ key: "x" });
    assert.ok(error instanceof VouchkeyError && error instanceof Error);
    assert.deepEqual([error.name, error.errors, `${error}`.slice(0, 15)], ["VouchkeyError", [], "VouchkeyError: "]);
    for (const other of [new Error("x"), undefined, null, "VouchkeyError", { name: "VouchkeyError", code: "x" }]) {
      assert.equal(isVouchkeyError(other), false);
    }
    // The same package, loaded once more in its other form.
    const other = createRequire(import.meta.url)(join(INSTALLED, "dist/inline.cjs"));
    const foreign = new other.VouchkeyError("timeout", "Too late.");
    assert.deepEqual([foreign instanceof VouchkeyError, isVouchkeyError(foreign)], [false, true]);
  });
});
