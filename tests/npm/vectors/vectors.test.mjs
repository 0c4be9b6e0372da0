// The conformance vectors, held against the installed package.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

import { CONSUMERS, install } from "../support/consumers.mjs";
import { cases } from "./cases.mjs";

const NOW = Date.UTC(2026, 1, 1, 12);
const CASES = cases(NOW, "wfl_01kg0000000000000000000000").filter(({ isStrict }) => !isStrict);

async function installed() {
  await install();
  return createRequire(join(CONSUMERS, "package.json"))("@vouchkey/wasm");
}

/** Fails with the first of the differences and how many there are. */
function hold(verdicts, form = plain) {
  const differences = [];
  for (const [{ name, expected }, actual] of verdicts) {
    try {
      assert.deepEqual(form(actual), expected);
    } catch (difference) {
      differences.push(`${name}\n${difference.message}`);
    }
  }
  assert.ok(differences.length === 0, `${differences.length} differences:\n${differences.slice(0, 10).join("\n")}`);
}

/** A verdict as a plain object: `value` may be made when it is read. */
function plain({ ok, value, error, detail, errors, warnings }) {
  return ok ? { ok, value, warnings } : { ok, error, detail, errors, warnings };
}

const context = ({ schemes }) => ({ today: "2026-02-01", schemes });

test("every request of the vectors gets its verdict", async () => {
  assert.ok(CASES.length > 1_000, `${CASES.length} cases`);
  const { validateCreateSessionJson } = await installed();
  hold(CASES.map((one) => [one, validateCreateSessionJson(one.body, context(one))]));
});

test("a text gets the verdict of its bytes", async () => {
  const { validateCreateSessionJson } = await installed();
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const texts = CASES.map((one) => [one, decoder.decode(one.body)])
    // What is no UTF-8 is no text.
    .filter(([{ body }, text]) => Buffer.from(text).equals(body));
  assert.ok(texts.length > 1_000, `${texts.length} texts`);
  hold(texts.map(([one, text]) => [one, validateCreateSessionJson(text, context(one))]));
});

test("an object gets the verdict of its text", async () => {
  const { validateCreateSession, validateCreateSessionJson } = await installed();
  const objects = CASES.flatMap((one) => {
    try {
      return [[one, JSON.parse(new TextDecoder().decode(one.body))]];
    } catch {
      return [];
    }
  });
  assert.ok(objects.length > 900, `${objects.length} objects`);
  hold(
    objects.map(([one, object]) => {
      // Not the text that was sent: JavaScript reads members given twice, and large numbers, in its own way.
      const expected = plain(validateCreateSessionJson(JSON.stringify(object), context(one)));
      return [{ name: one.name, expected }, validateCreateSession(object, context(one))];
    }),
  );
});

test("a field alone gets the errors that it gets in a request of its own", async () => {
  const { validateField } = await installed();
  const fields = CASES.flatMap((one) => {
    const { body, expected } = one;
    const text = new TextDecoder().decode(body);
    // What JavaScript reads and writes otherwise is no value to give: members given twice, numbers in other spellings.
    if (!isPlain(text) || expected.warnings.length > 0 || (expected.error ?? "validation_failed") !== "validation_failed") {
      return [];
    }
    const members = Object.entries(JSON.parse(text));
    // An address is asked for, and the envelope opened, in the whole request alone.
    return members.length === 1 && members[0][0] !== "data" && members[0][1] !== true ? [[one, ...members[0]]] : [];
  });
  assert.ok(fields.length > 600, `${fields.length} fields`);
  hold(
    fields.map(([one, path, value]) => {
      // How many there are over a hundred is said of the body.
      const expected = (one.expected.errors ?? []).filter(({ field }) => field !== "");
      return [{ name: one.name, expected }, validateField(path, value, context(one))];
    }),
    (errors) => errors,
  );
});

/** Whether a text is an object as JavaScript writes it. */
function isPlain(text) {
  try {
    return text.startsWith("{") && JSON.stringify(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}
