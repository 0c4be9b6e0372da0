// Reads the conformance vectors: requests, and what the rules say of them (tests/vectors/README.md).

import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../../vectors/", import.meta.url);
const DAY_MS = 86_400_000;
const DEFAULTS = { metadata: {}, send_email: false, expires_in_minutes: 1440, fields: {} };

/** All cases, for a time and for the id of a workflow. */
export function cases(now, workflow) {
  const { messages } = JSON.parse(readFileSync(new URL("messages.json", FOLDER), "utf8"));
  const day = (days) => new Date(now + days * DAY_MS).toISOString().slice(0, 10);
  const places = { today: day(0), "today-1": day(-1), "today+1": day(1), workflow };
  return readdirSync(new URL("create_session/", FOLDER)).sort().flatMap((file) => {
    const text = readFileSync(new URL(`create_session/${file}`, FOLDER), "utf8");
    const filled = text.replaceAll(/\{\{(today(?:[-+]1)?|workflow)\}\}/g, (_, place) => places[place]);
    return JSON.parse(filled).cases.map((one) => ({
      name: `${file}: ${one.name}`,
      body: body(one),
      schemes: one.schemes ?? [],
      isStrict: one.strict ?? false,
      expected: verdict(one, messages),
    }));
  });
}

/** The bytes that `text`, `bytes` or `request` describes. */
function body({ text, bytes, request }) {
  if (bytes !== undefined) {
    return Uint8Array.from(bytes.split(" "), (byte) => Number.parseInt(byte, 16));
  }
  return new TextEncoder().encode(text === undefined ? JSON.stringify(expand(request)) : joined(text));
}

/** What `validateCreateSession` answers. */
function verdict(one, messages) {
  const message = (text) => (text.startsWith("#") ? messages[text.slice(1)] : text);
  const mistakes = (list = []) =>
    expand(list).map(([field, code, text]) => ({ field, code, message: message(text) }));
  const warnings = mistakes(one.warnings);
  if (one.value !== undefined) {
    const given = expand(one.value === "as sent" ? one.request : one.value);
    return { ok: true, value: { ...DEFAULTS, ...given }, warnings };
  }
  const errors = mistakes(one.errors);
  if (one.invalid_json) {
    const [what, line, column] = one.invalid_json;
    const detail = `The body is not valid JSON: ${message(what)} (line ${line}, column ${column}).`;
    return { ok: false, error: "invalid_json", detail, errors, warnings };
  }
  if (one.error) {
    return { ok: false, error: one.error, detail: "The body is over 4 MiB; shorten its values.", errors, warnings };
  }
  const [{ field, message: first }, ...others] = errors;
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  const detail = `${field === "" ? "" : `${field}: `}${first}${more}`;
  return { ok: false, error: "validation_failed", detail, errors, warnings };
}

/** A value with its generators run. */
function expand(value) {
  if (Array.isArray(value)) {
    return value.flatMap(itemsOf);
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  if (value.$repeat) {
    const [part, times] = value.$repeat;
    return part.repeat(times);
  }
  if (value.$join) {
    return joined(value.$join);
  }
  if (value.$json) {
    return JSON.parse(joined(value.$json));
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expand(member)]));
}

/** A string, or the text of a list of them. */
function joined(parts) {
  return Array.isArray(parts) ? expand(parts).join("") : expand(parts);
}

/** The items that stand for an item: several for `$each`. */
function itemsOf(item) {
  if (!item?.$each) {
    return [expand(item)];
  }
  const [first, last, template] = item.$each;
  return Array.from({ length: last - first + 1 }, (_, at) => expand(numbered(template, String(first + at))));
}

/** A template with its number in the place of `{i}`. */
function numbered(template, number) {
  if (typeof template === "string") {
    return template.replaceAll("{i}", number);
  }
  if (Array.isArray(template)) {
    return template.map((part) => numbered(part, number));
  }
  if (template === null || typeof template !== "object") {
    return template;
  }
  return Object.fromEntries(Object.entries(template).map(([name, part]) => [name, numbered(part, number)]));
}
