/**
 * Reads what the module says of a request: numbers, and the texts that were made for this answer, as `Answer` in
 * `crates/wasm/src/js/verdict.rs` puts them.
 */

import { answerAddress, decoded, memoryBytes, memoryNumbers } from "./inbox.js";
import { ERROR_CODES, FIELD_CODES } from "./names.js";
import type { FieldError, Warning } from "./wire.js";

/** The texts that the module holds itself, by their addresses: each is read once. */
const fixed = new Map<number, string>();

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
  return { ok: false as const, error: ERROR_CODES[number(start + 8)], detail: text(start + 12), errors, warnings };
}
