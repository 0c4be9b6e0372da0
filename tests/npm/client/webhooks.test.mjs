// Webhooks: signatures made by Node's own cryptography, and events in every order.

import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";
import { runInNewContext } from "node:vm";

import { CONSUMERS } from "../support/consumers.mjs";
import { vouchkey } from "./package.mjs";

const { applyEvent, verifyWebhook, SIGNATURE_REFUSALS, ORDER_REFUSALS } = vouchkey;

const { Webhook } = createRequire(join(CONSUMERS, "package.json"))("standardwebhooks");

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OTHER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NOW = 1_764_072_000;
const EVENT = {
  event: "session.approved",
  idempotency_key: "evt_1",
  session_id: "ses_1",
  external_ref: "Zoë",
  status: "approved",
  is_sandbox: true,
  created_at: "2026-11-25T12:00:00Z",
  sequence: 3,
  previous_status: "processing",
  terminal: true,
};
const BODY = JSON.stringify(EVENT);

function own(body = BODY, { secret = SECRET, at = NOW } = {}) {
  const mac = createHmac("sha256", secret).update(`${at}.`).update(body).digest("hex");
  return { "x-verifa-signature": `t=${at},v1=${mac}`, "x-verifa-delivery-id": "dlv_1" };
}

function standard(body = BODY, { secret = SECRET, at = NOW, id = "msg_1" } = {}) {
  const key = Buffer.from(secret.replace("whsec_", ""), "base64");
  const mac = createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": `${at}`, "webhook-signature": `v1,${mac}` };
}

const both = (...how) => ({ ...own(...how), ...standard(...how) });
const check = (body, headers, secret = SECRET, options = { now: NOW }) => verifyWebhook(body, headers, secret, options);
const BELIEVED = { ok: true, event: EVENT };
const refused = (reason) => ({ ok: false, reason });

describe("whether a webhook is believed", () => {
  test("each form of signature is enough, and so are both", () => {
    for (const headers of [own(), standard(), both()]) {
      assert.deepEqual(check(BODY, headers), BELIEVED);
    }
  });

  test("the reference vector of Standard Webhooks is believed; that it is no event of ours is another matter", () => {
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const answer = (body) => check(body, headers, SECRET, { now: 1614265330 });
    assert.deepEqual(answer('{"test": 2432232314}'), refused("invalid_body"));
    assert.deepEqual(answer('{"test": 2432232315}'), refused("signature_mismatch"));
  });

  test("what the stock library of Standard Webhooks signs is believed, and what is signed as here it believes", () => {
    const stock = new Webhook(SECRET);
    for (let round = 0; round < 200; round++) {
      const body = JSON.stringify({ event: "e", text: randomBytes(round).toString(round % 2 ? "base64" : "latin1") });
      const [id, at] = [`msg_${round}`, Math.floor(Date.now() / 1000)];
      const headers = {
        "webhook-id": id,
        "webhook-timestamp": `${at}`,
        "webhook-signature": stock.sign(id, new Date(at * 1000), body),
      };
      assert.equal(verifyWebhook(body, headers, SECRET).ok, true, body);
      assert.equal(verifyWebhook(`${body} `, headers, SECRET).ok, false);
      assert.deepEqual(stock.verify(body, standard(body, { id, at })), JSON.parse(body));
    }
  });

  test("headers are read in every form that servers have them", async () => {
    const headers = both();
    const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    for (const form of [headers, upper, lists, new Headers(headers), new Map(Object.entries(upper)), { ...headers, host: undefined }]) {
      assert.deepEqual(check(BODY, form), BELIEVED);
    }
    const received = new Promise((resolve) => {
      const server = createServer((request, response) => {
        const chunks = [];
        request.on("data", (chunk) => chunks.push(chunk));
        request.on("end", () => {
          resolve(check(Buffer.concat(chunks), request.headers));
          response.end();
          server.close();
        });
      }).listen(0, "127.0.0.1", () => {
        const { port } = server.address();
        fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers: { ...headers, Connection: "close" }, body: BODY }).then((answer) => answer.text());
      });
    });
    assert.deepEqual(await received, BELIEVED);
  });

  test("several signatures in several headers are read", () => {
    const wrong = { ...both(BODY, { secret: OTHER }) };
    const right = both();
    for (const name of ["x-verifa-signature", "webhook-signature"]) {
      for (const value of [[wrong[name], right[name]], `${wrong[name]}, ${right[name]}`]) {
        const companions = name === "webhook-signature" ? standard() : {};
        assert.deepEqual(check(BODY, { ...companions, [name]: value }), BELIEVED);
      }
    }
    const headers = new Headers(right);
    headers.append("webhook-signature", "v1a,something");
    assert.deepEqual(check(BODY, headers), BELIEVED);
    const spaced = { ...standard(), "webhook-signature": `${wrong["webhook-signature"]} v2,x ${right["webhook-signature"]}` };
    assert.deepEqual(check(BODY, spaced), BELIEVED);
  });

  test("the body is read as text or as bytes, of whatever view and realm", () => {
    const bytes = Buffer.from(`..${BODY}..`).subarray(2, -2);
    const foreign = runInNewContext("Uint8Array.from(bytes)", { bytes: [...bytes] });
    for (const body of [BODY, bytes, new Uint8Array(bytes), foreign, new DataView(bytes.buffer, bytes.byteOffset, bytes.length)]) {
      assert.deepEqual(check(body, both()), BELIEVED);
    }
  });

  test("a body that is gone is none, and one that others can change is read once", () => {
    for (const view of [new Uint8Array(8), new DataView(new ArrayBuffer(8))]) {
      structuredClone(view.buffer, { transfer: [view.buffer] });
      assert.deepEqual(check(view, both()), refused("body_not_raw"));
    }
    const shared = new Uint8Array(new SharedArrayBuffer(BODY.length + 1));
    shared.set(Buffer.from(BODY));
    // Changed after the headers are read, as another thread might in between.
    const headers = { forEach: (note) => (Object.entries(both()).forEach(([name, value]) => note(value, name)), shared.fill(32)) };
    assert.deepEqual(check(shared, headers), BELIEVED);
  });

  test("a body that was read and written again is not believed", () => {
    const spaced = JSON.stringify(EVENT, null, 2);
    assert.deepEqual(check(spaced, both()), refused("signature_mismatch"));
    assert.deepEqual(check(EVENT, both()), refused("body_not_raw"));
    assert.deepEqual(check(undefined, both()), refused("body_not_raw"));
  });

  test("while a secret is replaced, the old and the new one count", () => {
    assert.deepEqual(check(BODY, both(), [OTHER, SECRET]), BELIEVED);
    assert.deepEqual(check(BODY, both(), ` ${SECRET}\n`), BELIEVED);
    assert.deepEqual(check(BODY, both(), [OTHER]), refused("signature_mismatch"));
    assert.deepEqual(check(BODY, standard(), ["whsec_?", SECRET]), BELIEVED);
  });

  test("a secret that is none is named, and not the message", () => {
    for (const secret of ["", " ", [], undefined, null, 7, {}, [undefined], [""]]) {
      assert.deepEqual(verifyWebhook(BODY, both(), secret, { now: NOW }), refused("invalid_secret"));
    }
    assert.deepEqual(check(BODY, standard(), "whsec_not base64"), refused("invalid_secret"));
  });

  test("a message from another time is refused, by the clock or by the time that was given", () => {
    for (const headers of [own(), standard()]) {
      assert.deepEqual(verifyWebhook(BODY, headers, SECRET), refused("timestamp_too_old"));
      for (const [off, expected] of [[300, BELIEVED], [301, refused("timestamp_too_old")], [-300, BELIEVED], [-301, refused("timestamp_too_new")]]) {
        const now = NOW + off;
        for (const time of [now, now * 1000, new Date(now * 1000)]) {
          assert.deepEqual(check(BODY, headers, SECRET, { now: time }), expected);
        }
      }
      assert.deepEqual(check(BODY, headers, SECRET, { now: NOW + 61, tolerance: 60 }), refused("timestamp_too_old"));
      assert.deepEqual(check(BODY, headers, SECRET, { now: NOW, tolerance: 0 }), BELIEVED);
      assert.deepEqual(verifyWebhook(BODY, headers, SECRET, { tolerance: Infinity }), BELIEVED);
    }
    const now = Math.floor(Date.now() / 1000);
    assert.deepEqual(verifyWebhook(BODY, both(BODY, { at: now }), SECRET), BELIEVED);
  });

  test("what is signed and no event is named", () => {
    for (const body of ["", "null", "7", "[]", "{}", '{"event":7}', "{", "\ufeff{}"]) {
      assert.deepEqual(check(body, both(body)), refused("invalid_body"), body);
    }
    const invalid = Buffer.from([0x7b, 0xff, 0x7d]);
    assert.deepEqual(check(invalid, both(invalid)), refused("invalid_body"));
    assert.deepEqual(check(" ".repeat(4 * 1024 * 1024 + 1), both()), refused("body_too_large"));
    assert.deepEqual(check(new Uint8Array(4 * 1024 * 1024 + 1), both()), refused("body_too_large"));
  });

  test("headers that are absent or cannot be read are named", () => {
    for (const headers of [{}, new Headers(), undefined, null, 7, "x", [], [["webhook-id", "x"]], { "x-verifa-signature": 7 },
      { constructor: "x", __proto__: { "x-verifa-signature": own()["x-verifa-signature"] } }, { forEach: 7 },
      { forEach() { throw new Error("no"); } }, { get "webhook-id"() { throw new Error("no"); } }]) {
      assert.deepEqual(check(BODY, headers), refused("missing_signature"));
    }
    const { "webhook-id": _, ...anonymous } = standard();
    assert.deepEqual(check(BODY, anonymous), refused("missing_signature"));
    assert.deepEqual(check(BODY, { "x-verifa-signature": "x" }), refused("malformed_signature"));
    assert.deepEqual(check(BODY, { ...standard(), "webhook-timestamp": "now" }), refused("malformed_signature"));
    assert.deepEqual(check(BODY, { ...standard(), "webhook-id": ["a", "b"] }), refused("signature_mismatch"));
  });

  test("nothing that can be given throws", () => {
    const oddities = [undefined, null, 0, NaN, -1, "", "\ud800", "\0", [], {}, () => 0, 1n, new Date(NaN), new Proxy({}, {}), Object.create(null)];
    for (const odd of oddities) {
      for (const answer of [
        verifyWebhook(odd, both(), SECRET),
        verifyWebhook(BODY, odd, SECRET),
        verifyWebhook(BODY, both(), odd),
        verifyWebhook(BODY, { ...both(), "webhook-id": odd, "x-verifa-signature": odd }, SECRET),
        verifyWebhook(BODY, both(), SECRET, odd),
        verifyWebhook(BODY, both(), SECRET, { now: odd, tolerance: odd }),
      ]) {
        assert.equal(answer.ok, false);
        assert.ok([...SIGNATURE_REFUSALS, "body_not_raw"].includes(answer.reason), answer.reason);
      }
    }
  });
});

describe("whether an event is news", () => {
  const event = (sequence, more = {}) => ({ ...EVENT, sequence, status: `s${sequence}`, terminal: false, ...more });
  const state = (sequence, more = {}) => ({ session_id: "ses_1", sequence, status: `s${sequence}`, terminal: false, ...more });

  test("events in order are applied, and what is kept survives a store", () => {
    let kept = null;
    for (const sequence of [1, 2, 3]) {
      const answer = applyEvent(kept, event(sequence, { terminal: sequence === 3 }));
      assert.deepEqual(answer, { applied: true, state: state(sequence, { terminal: sequence === 3 }), missed: 0 });
      kept = JSON.parse(JSON.stringify(answer.state));
    }
  });

  test("what is no news is refused, and what was kept comes back", () => {
    const kept = state(3);
    for (const [news, reason] of [
      [event(3), "duplicate"],
      [event(2), "stale"],
      [event(4, { session_id: "ses_2" }), "other_session"],
    ]) {
      const answer = applyEvent(kept, news);
      assert.deepEqual(answer, { applied: false, state: kept, reason });
      assert.equal(answer.state, kept);
    }
  });

  test("a gap is applied and counted", () => {
    assert.equal(applyEvent(undefined, event(1)).missed, 0);
    assert.equal(applyEvent(null, event(4)).missed, 3);
    assert.equal(applyEvent(state(4), event(7)).missed, 2);
  });

  test("after the end only the erasure of the data is news", () => {
    const end = state(3, { terminal: true });
    for (const terminal of [false, true]) {
      assert.equal(applyEvent(end, event(4, { terminal })).reason, "after_end");
    }
    for (const name of ["session.redacted", "session.retention-expired"]) {
      assert.equal(applyEvent(end, event(4, { event: name, terminal: true })).applied, true);
    }
  });

  test("events of other casings are read", () => {
    const { session_id, ...rest } = event(1);
    assert.equal(applyEvent(null, { ...rest, sessionId: session_id }).applied, true);
    assert.equal(applyEvent(null, { ...rest, "session-id": session_id }).applied, true);
  });

  test("whatever is not an event or a state gets its reason and throws nothing", () => {
    const cycle = {};
    cycle.self = cycle;
    for (const odd of [undefined, null, 7, "x", [], {}, cycle, 1n, () => 0, event("1"), event(0), event(1.5), event(1, { terminal: 1 }), event(2 ** 70)]) {
      assert.deepEqual(applyEvent(null, odd), { applied: false, state: null, reason: "not_a_session_event" });
    }
    for (const odd of [7, "x", [], {}, cycle, 1n, () => 0, state("1"), state(0)]) {
      assert.deepEqual(applyEvent(odd, event(1)), { applied: false, state: odd, reason: "malformed_state" });
    }
    assert.ok(["stale", "after_end"].every((reason) => ORDER_REFUSALS.includes(reason)));
  });

  test("whatever order a network makes, the end is the newest event, and each is applied once", () => {
    for (let round = 0; round < 500; round++) {
      const deliveries = Array.from({ length: 20 }, () => 1 + Math.floor(Math.random() * 8));
      let kept = null;
      const applied = [];
      for (const sequence of deliveries) {
        const answer = applyEvent(kept, event(sequence, { terminal: sequence === 8 }));
        if (answer.applied) {
          applied.push(sequence);
        }
        kept = answer.state;
      }
      assert.equal(kept.sequence, Math.max(...deliveries), `${deliveries}`);
      assert.deepEqual(applied, [...new Set(applied)].sort((a, b) => a - b), `${deliveries}`);
    }
  });
});
