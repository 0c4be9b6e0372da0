/**
 * How text gets into the module, and out of it: written once, into memory that the module keeps for it.
 */

import { call, engine } from "./engine.js";
import { LIMITS } from "./names.js";

/** The bytes that are kept from call to call. Text that cannot be longer is written without measuring it first. */
const KEPT_BYTES = 262_144;

// Made when they are first needed: to import this must touch nothing.
let encoder: TextEncoder | undefined;
let decoder: TextDecoder | undefined;
let inbox: Uint8Array | undefined;
let all: Uint8Array<ArrayBuffer> | undefined;
let numbers: DataView<ArrayBuffer> | undefined;

/** So much of the module's memory, at least. */
function room(bytes: number): Uint8Array {
  // Memory that grew, and that of a new instance, is another buffer.
  if (inbox?.buffer !== engine().memory.buffer || inbox.length < bytes) {
    const size = Math.max(bytes, KEPT_BYTES);
    // First, since what it shows is gone even if this goes no further.
    inbox = undefined;
    const address = call("reserve", size) >>> 0;
    inbox = new Uint8Array(engine().memory.buffer, address, size);
  }
  return inbox;
}

/** Gives back what one large text needed. */
export function tidy(): void {
  if (inbox !== undefined && inbox.length > KEPT_BYTES) {
    inbox = undefined;
    room(KEPT_BYTES);
  }
}

/** Puts one text, or what is its UTF-8 already, into the module; how many bytes it has. */
export function put(text: string | Uint8Array): number {
  // A UTF-16 unit takes one to three bytes.
  if (typeof text === "string" && text.length * 3 <= KEPT_BYTES) {
    return (encoder ??= new TextEncoder()).encodeInto(text, room(KEPT_BYTES)).written;
  }
  return putAll([text])[0] as number;
}

/** Puts several texts into the module, one behind the other; how many bytes each has. */
export function putAll(texts: readonly (string | Uint8Array)[]): number[] {
  const parts = texts.map((text) => (typeof text === "string" ? utf8(text) : text));
  const view = room(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    view.set(part, offset);
    offset += part.length;
  }
  return parts.map((part) => part.length);
}

/** The UTF-8 of a text. */
export function utf8(text: string): Uint8Array {
  return (encoder ??= new TextEncoder()).encode(text);
}

/** The bytes of an array that may be detached, of another realm, or of a class that overrides its members; a copy, which nobody else can change. */
export function snapshot(array: unknown): Uint8Array | undefined {
  try {
    if (!ArrayBuffer.isView(array) || (array as Uint8Array)[Symbol.toStringTag] !== "Uint8Array") {
      return undefined;
    }
    const bytes = array as Uint8Array;
    // What is far too long is not copied first.
    return bytes.length > LIMITS.maxBodyBytes ? bytes : new Uint8Array(bytes);
  } catch {
    return undefined;
  }
}

/** So many bytes of the module's answer, as text. */
export function answer(bytes: number): string {
  return decoded(answerBytes(bytes));
}

/** UTF-8 as text; a mark of the byte order is a character as any other. */
export function decoded(bytes: Uint8Array): string {
  return (decoder ??= new TextDecoder("utf-8", { ignoreBOM: true })).decode(bytes);
}

/** So many bytes of the module's answer, until the next call. */
export function answerBytes(bytes: number): Uint8Array<ArrayBuffer> {
  const address = answerAddress();
  return memoryBytes().subarray(address, address + bytes);
}

/** Where the module's answer stands in its memory, until the next call. */
export function answerAddress(): number {
  return call("outbox") >>> 0;
}

/** The whole memory of the module. */
export function memoryBytes(): Uint8Array<ArrayBuffer> {
  const buffer = engine().memory.buffer as ArrayBuffer;
  // As above.
  if (all?.buffer !== buffer) {
    numbers = new DataView(buffer);
    all = new Uint8Array(buffer);
  }
  return all;
}

/** The same, for its numbers. */
export function memoryNumbers(): DataView<ArrayBuffer> {
  memoryBytes();
  return numbers as DataView<ArrayBuffer>;
}
