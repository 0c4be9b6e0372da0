/**
 * Reads what the module says of a request: numbers, and the texts that were made for this answer, as `Answer` in
 * `crates/wasm/src/js/verdict.rs` puts them.
 */

import { answerBytes, decoded } from "./inbox.js";
import { ERROR_CODES, FIELD_CODES } from "./names.js";
import type { FieldError, Warning } from "./wire.js";

/** The texts that the module holds itself, by their addresses: each is read once. */
const fixed = new Map<number, string>();

/** An answer of so many bytes, as a refusal; what is none has no code. */
export function told(bytes: number) {
  const said = answerBytes(bytes);
  const { buffer } = said;
  const numbers = new DataView(buffer, said.byteOffset);
  let at = 0;
  const number = (): number => numbers.getUint32((at += 4) - 4, true);
  const mistakes = number();
  const warned = number();
  // Five numbers each, of four bytes.
  let from = 20 * (1 + mistakes + warned);
  const made = said.subarray(from);
  const all = decoded(made);
  from = 0;

  const text = (): string => {
    const address = number();
    const length = number();
    if (!address) {
      const start = from;
      from += length;
      // Bytes are characters where there are as many.
      return all.length === made.length ? all.slice(start, from) : decoded(made.subarray(start, from));
    }
    let known = fixed.get(address);
    if (known?.length !== length) {
      fixed.set(address, (known = decoded(new Uint8Array(buffer, address, length))));
    }
    return known;
  };

  const list = <Remark extends FieldError>(count: number): Remark[] => {
    const remarks = [];
    while (count--) {
      remarks.push({ field: text(), code: FIELD_CODES[number()], message: text() } as Remark);
    }
    return remarks;
  };

  return {
    ok: false as const,
    error: ERROR_CODES[number()],
    detail: text(),
    errors: list<FieldError>(mistakes),
    warnings: list<Warning>(warned),
  };
}
