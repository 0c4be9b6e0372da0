// Everything that a JavaScript caller can pass: an ordinary verdict or a typed error, never a trap.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { before, test } from "node:test";
import vm from "node:vm";

import { CONSUMERS, install } from "../support/consumers.mjs";
import { randomValues } from "./random.mjs";

const MAX_BODY = 4 * 1024 * 1024;
const GOOD = { external_ref: "a", metadata: { plan: "premium", n: 2 ** 53 }, country: "ch" };

let ours;
before(async () => {
  await install();
  ours = createRequire(join(CONSUMERS, "package.json"))("@vouchkey/wasm");
});

/** The error of a verdict, or `ok`. */
const outcome = (verdict) => (verdict.ok ? "ok" : verdict.error);
const ofValue = (value, context) => outcome(ours.validateCreateSession(value, context));
const ofJson = (json, context) => outcome(ours.validateCreateSessionJson(json, context));

test("the verdict of a refused request is a plain object", () => {
  assert.deepStrictEqual(ours.validateCreateSession({ country: 1 }), {
    ok: false,
    error: "validation_failed",
    detail: "country: Must be a string.",
    errors: [{ field: "country", code: "wrong_type", message: "Must be a string." }],
    warnings: [],
  });
});

test("the value of an accepted request is made once, of what the request was then", () => {
  const request = { country: "ch", x: 1 };
  const verdict = ours.validateCreateSession(request);
  request.country = "US";
  ours.validateCreateSession({ country: "FR" });
  assert.equal(verdict.value.country, "CH");
  assert.equal(verdict.value, verdict.value);
  assert.equal(
    JSON.stringify(verdict),
    '{"ok":true,"value":{"metadata":{},"country":"CH","send_email":false,"expires_in_minutes":1440,"fields":{}},"warnings":[{"field":"x","code":"unknown_field","message":"This field is not known."}]}',
  );
  const bytes = new TextEncoder().encode('{"country":"ch"}');
  const ofBytes = ours.validateCreateSessionJson(bytes);
  bytes.fill(0);
  assert.equal(ofBytes.value.country, "CH");
});

test("a member named __proto__ stays a member", () => {
  const { value } = ours.validateCreateSessionJson('{"metadata":{"__proto__":{"x":1}}}');
  assert.equal(JSON.stringify(value.metadata), '{"__proto__":{"x":1}}');
  assert.equal(value.metadata.x, undefined);
});

test("what cannot be written as JSON is invalid_json, and is not repeated", () => {
  const cycle = {};
  cycle.cycle = cycle;
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const fail = () => {
    throw new Error("secret");
  };
  for (const value of [
    undefined,
    () => 1,
    Symbol("secret"),
    10n,
    { metadata: { a: 10n } },
    cycle,
    Object.defineProperty({}, "country", { enumerable: true, get: fail }),
    { toJSON: fail },
    { toJSON: () => undefined },
    new Proxy({}, { get: fail, ownKeys: fail }),
    revoked.proxy,
  ]) {
    const verdict = ours.validateCreateSession(value);
    assert.equal(outcome(verdict), "invalid_json");
    assert.doesNotMatch(JSON.stringify(verdict), /secret/);
  }
});

test("what can be written as JSON gets an ordinary verdict", () => {
  for (const [value, expected] of [
    [null, "validation_failed"],
    [NaN, "validation_failed"],
    [new Date(0), "validation_failed"],
    [[], "validation_failed"],
    [new Map([["country", "XX"]]), "ok"],
    [{ country: undefined }, "ok"],
    [{ country: () => 1 }, "ok"],
    [{ external_ref: new Date(0) }, "ok"],
    [{ external_ref: new String("a") }, "ok"],
    [{ external_ref: "\ud800" }, "invalid_json"],
    [Object.create({ country: "XX" }), "ok"],
    [{ metadata: new Uint8Array(3) }, "ok"],
    [{ metadata: new Uint8Array(51) }, "validation_failed"],
    [{ expires_in_minutes: Infinity }, "ok"],
    [{ toJSON: () => ({ country: "XX" }) }, "validation_failed"],
    [new Proxy({ country: "CH" }, {}), "ok"],
  ]) {
    assert.equal(ofValue(value), expected);
  }
});

test("a body is a string or a Uint8Array, of whatever class, realm and state", () => {
  const detached = new Uint8Array(2);
  structuredClone(detached, { transfer: [detached.buffer] });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const shared = new Uint8Array(new SharedArrayBuffer(2));
  shared.set([0x7b, 0x7d]);
  const lying = (length) =>
    class extends Uint8Array {
      get length() {
        return length();
      }
    };
  const fail = () => {
    throw 1;
  };
  const body = [0x7b, 0x7d];
  for (const [json, expected] of [
    [undefined, "invalid_json"],
    [null, "invalid_json"],
    [1, "invalid_json"],
    [{}, "invalid_json"],
    [[], "invalid_json"],
    [new ArrayBuffer(2), "invalid_json"],
    [new Uint16Array(2), "invalid_json"],
    [new DataView(new ArrayBuffer(2)), "invalid_json"],
    [new String("{}"), "invalid_json"],
    [revoked.proxy, "invalid_json"],
    [new Proxy(new Uint8Array(body), {}), "invalid_json"],
    [new Uint8Array([0x22, 0xff, 0x22]), "invalid_json"],
    [new TextEncoder().encode("x{}").subarray(1), "ok"],
    [Buffer.from("{}"), "ok"],
    [shared, "ok"],
    [vm.runInNewContext("new Uint8Array([0x7b, 0x7d])"), "ok"],
    ["", "ok"],
    [new Uint8Array(0), "ok"],
    [detached, "invalid_json"],
    [new (lying(fail))(2), "invalid_json"],
    [new (lying(() => 9))(body), "ok"],
    [new (lying(() => 1))(body), "ok"],
    [new (lying(() => 1))(5_000_000), "payload_too_large"],
  ]) {
    assert.equal(ofJson(json), expected);
  }
});

test("a lone surrogate in a text is what fetch makes of it", () => {
  assert.equal(ours.validateCreateSessionJson('{"external_ref":"\ud800"}').value.external_ref, "\ufffd");
});

test("a body over 4 MiB is refused, whatever its form", () => {
  for (const [body, expected] of [
    [" ".repeat(MAX_BODY - 2) + "{}", "ok"],
    [" ".repeat(MAX_BODY - 1) + "{}", "payload_too_large"],
    // 1.4 Mi units, but more than 4 MiB in UTF-8.
    ["€".repeat(MAX_BODY / 3) + "{}", "payload_too_large"],
    ["€".repeat(MAX_BODY / 3 - 1) + "{}", "invalid_json"],
    [" ".repeat(100_000_000) + "{}", "payload_too_large"],
    [new Uint8Array(MAX_BODY + 1), "payload_too_large"],
    [new Uint8Array(MAX_BODY).fill(0x20), "invalid_json"],
  ]) {
    assert.equal(ofJson(body), expected);
  }
  assert.equal(ofValue({ metadata: { a: "x".repeat(100_000_000) } }), "payload_too_large");
  assert.equal(ofValue(GOOD), "ok");
});

test("an object of very many members gets a verdict", () => {
  const members = (count) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 1]));
  const verdict = ours.validateCreateSession(members(300_000));
  assert.equal(outcome(verdict), "ok");
  assert.equal(verdict.warnings.length, 100);
  assert.equal(ofValue(members(1_000_000)), "payload_too_large");
});

test("a toJSON may validate another request", () => {
  const inner = [];
  const request = {
    country: "CH",
    toJSON: () => {
      inner.push(ours.validateCreateSession({ country: "XX", y: 1 }), ours.qrSvg("https://other.example"));
      return { external_ref: "outer" };
    },
  };
  const context = { toJSON: () => (inner.push(ofValue(GOOD)), { today: "2026-02-01" }) };
  const verdict = ours.validateCreateSession(request, context);
  assert.equal(verdict.value.external_ref, "outer");
  assert.equal(outcome(inner[1]), "validation_failed");
  assert.equal(inner[0], "ok");
});

test("the context sets the date and the schemes", () => {
  const request = { fields: { birthdate: "2026-01-31" }, redirect_url: "myapp://done" };
  assert.equal(ofValue(request, { today: "2026-02-01", schemes: ["myapp"] }), "ok");
  const { errors } = ours.validateCreateSession(request, { today: "2026-01-31" });
  assert.deepEqual(errors.map(({ field }) => field), ["redirect_url", "fields.birthdate"]);
  const verdict = ours.validateCreateSession(request, { today: "2026-02-01", schemes: ["myapp"] });
  assert.equal(verdict.value.redirect_url, "myapp://done");
});

test("a context of another form throws a TypeError", () => {
  const { validateCreateSession, validateCreateSessionJson, validateField } = ours;
  for (const context of [
    1,
    "x",
    () => 1,
    [],
    10n,
    Symbol(),
    { today: 1 },
    { today: "2026-02-30" },
    { today: new Date() },
    { schemes: "myapp" },
    { schemes: [1] },
    { get today() { throw 1; } },
  ]) {
    assert.throws(() => validateCreateSession(GOOD, context), TypeError);
    assert.throws(() => validateCreateSessionJson("{}", context), TypeError);
    assert.throws(() => validateField("country", "CH", context), TypeError);
  }
  assert.equal(ofValue(GOOD, null), "ok");
});

test("a field alone gets its mistakes", () => {
  const codes = (...field) => ours.validateField(...field).map(({ field, code }) => `${field} ${code}`);
  assert.deepEqual(codes("country", "UK"), ["country unknown_value"]);
  assert.deepEqual(codes("country", "gb"), []);
  assert.deepEqual(codes("country", undefined), []);
  assert.deepEqual(codes("supportUrl", "x"), ["support_url invalid_format"]);
  assert.deepEqual(codes("fields.birthdate", "2026-02-01", { today: "2026-02-01" }), ["fields.birthdate out_of_range"]);
  assert.deepEqual(codes("redirect_url", "myapp://x", { schemes: ["myapp"] }), []);
  assert.deepEqual(codes("checks[1]", "nope"), ["checks[1] unknown_value"]);
  assert.deepEqual(codes('metadata["a b"]', "x".repeat(17_000)), ['metadata["a b"] too_large']);
  assert.deepEqual(codes("metadata.big", "x".repeat(5_000_000)), ["metadata.big too_large"]);
  assert.deepEqual(codes("metadata.a", 10n), ["metadata.a wrong_type"]);
  const cycle = {};
  cycle.cycle = cycle;
  for (const value of [10n, cycle, () => 1, Symbol("x"), { get a() { throw new Error("x"); } }]) {
    assert.deepEqual(ours.validateField("country", value), [{ field: "country", code: "wrong_type", message: "Cannot be sent as JSON." }]);
    assert.deepEqual(codes("cuntry", value), ["cuntry unknown_field"]);
  }
  assert.match(ours.validateField("metadata", { a: "\ud800" })[0].message, /^Cannot be sent as JSON: .+\.$/);
  for (const path of [undefined, null, 1, {}, Symbol("x"), { toString() { throw 1; } }]) {
    assert.throws(() => ours.validateField(path, 1), TypeError);
  }
});

test("a picture has the size that is asked for, or the call throws", () => {
  const width = (png) => new DataView(png.buffer, png.byteOffset).getUint32(16);
  assert.equal(width(ours.qrPngBytes("a")), (21 + 8) * 8);
  assert.equal(width(ours.qrPngBytes("a", { scale: 2, margin: 1 })), (21 + 2) * 2);
  const url = ours.qrPngDataUrl("a", { scale: 2, margin: 1 });
  assert.deepEqual(Buffer.from(url.slice(url.indexOf(",") + 1), "base64"), Buffer.from(ours.qrPngBytes("a", { scale: 2, margin: 1 })));
  assert.notEqual(ours.qrSvg("a", { margin: 0 }), ours.qrSvg("a"));
  for (const options of [{ scale: 0 }, { scale: 33 }, { scale: 1.5 }, { scale: "8" }, { margin: -1 }, { margin: 33 }, { margin: NaN }]) {
    assert.throws(() => ours.qrPngBytes("a", options), RangeError);
  }
  for (const text of [undefined, null, 1, 10n, Symbol(), {}, ["a"], new String("a")]) {
    assert.throws(() => ours.qrSvg(text), TypeError);
  }
  for (const [text, limit] of [["7".repeat(5597), 5596], ["A".repeat(3392), 3391], ["é".repeat(1166), 2331], ["😀".repeat(50_000_000), 2331]]) {
    assert.throws(() => ours.qrPngDataUrl(text), { name: "Error", code: "too_long", limit });
  }
  assert.equal(ours.qrSvg("a\ud800"), ours.qrSvg("a\ufffd"));
});

test("numbers come back as JavaScript knows them", () => {
  const double = new Float64Array(1);
  const bits = new BigUint64Array(double.buffer);
  const numbers = [0.1, 5e-324, 2.2250738585072014e-308, 1e21, 1e23, 2 ** 53 + 2, Number.MAX_VALUE];
  for (let seed = 1n; numbers.length < 2_000; seed = BigInt.asUintN(64, seed * 6364136223846793005n + 1442695040888963407n)) {
    bits[0] = seed;
    if (Number.isFinite(double[0])) numbers.push(double[0]);
  }
  const metadata = Object.fromEntries(Array.from({ length: 40 }, (_, key) => [key, numbers.slice(key * 50, key * 50 + 50)]));
  assert.deepEqual(ours.validateCreateSession({ metadata }).value.metadata, metadata);
});

test("100,000 random values get verdicts, and the module is as good as before", () => {
  const errors = new Set(["ok", "invalid_json", "payload_too_large", "validation_failed"]);
  const seen = new Map();
  for (const value of randomValues(100_000)) {
    const found = ofValue(value);
    assert.ok(errors.has(found), String(found));
    seen.set(found, (seen.get(found) ?? 0) + 1);
    assert.ok(errors.has(ofJson(value)));
    assert.ok(Array.isArray(ours.validateField("metadata.key", value)));
  }
  for (const found of ["ok", "invalid_json", "validation_failed"]) {
    assert.ok(seen.get(found) > 1_000, `${found}: ${seen.get(found)}`);
  }
  assert.deepEqual(ours.validateCreateSession(GOOD).value.metadata, GOOD.metadata);
});

test("the memory of large requests is used again", () => {
  const large = { other: "x".repeat(MAX_BODY - 100), list: [] };
  const many = { other: Array.from({ length: 800_000 }, () => 1) };
  const growth = [];
  for (let round = 0; round < 30; round++) {
    assert.equal(ofValue(large), "ok");
    assert.equal(ofValue(many), "ok");
    if (round === 4 || round === 29) growth.push(process.memoryUsage().external);
  }
  assert.ok(growth[1] - growth[0] < 64 * MAX_BODY, growth.join(" "));
});
