/**
 * Reads what the module says of a request: numbers, and the texts that were made for this answer, as `Answer` in
 * `crates/wasm/src/js/verdict.rs` puts them.
 */

import { answerAddress, decoded, memoryBytes, memoryNumbers } from "./inbox.js";
import { ERROR_CODES, FIELD_CODES } from "./names.js";
import type { FieldError, Warning } from "./wire.js";

/** The texts that the module holds itself, by their addresses: each is read once. */
const fixed = new Map<number, string>();

/** The detail of a request that the rules refuse: made here of texts that are here, as the server makes it. */
function summary(errors: readonly FieldError[]): string {
  const [first] = errors;
  const more = errors.length - 1;
  if (first === undefined) {
    return "";
  }
  const told = first.field === "" ? first.message : `${first.field}: ${first.message}`;
  return more === 0 ? told : `${told} (and ${more} more)`;
}

/** An answer of so many bytes, as a refusal; what is none has no code. */
export function told(bytes: number) {
  const start = answerAddress();
  const numbers = memoryNumbers();
  const number = (at: number): number => numbers.getInt32(at, true);
  const mistakes = number(start);
  // Five numbers each, of four bytes.
  const first = start + 20;
  const last = first + 20 * (mistakes + number(start + 4));
  const made = last < start + bytes ? decoded(memoryBytes().subarray(last, start + bytes)) : "";

  const text = (at: number): string => {
    const place = number(at);
    const length = number(at + 4);
    if (length < 0) {
      return made.slice(place, place + ~length);
    }
    let known = fixed.get(place);
    if (known?.length !== length) {
      fixed.set(place, (known = decoded(memoryBytes().subarray(place, place + length))));
    }
    return known;
  };

  const errors: FieldError[] = [];
  const warnings: Warning[] = [];
  for (let at = first; at < last; at += 20) {
    const remark = { field: text(at), code: FIELD_CODES[number(at + 8)], message: text(at + 12) };
    (errors.length < mistakes ? errors : warnings).push(remark as FieldError & Warning);
  }
  const detail = text(start + 12) || summary(errors);
  return { ok: false as const, error: ERROR_CODES[number(start + 8)], detail, errors, warnings };
}
