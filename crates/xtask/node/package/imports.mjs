// Shortens the names by which a module and its glue find each other. wasm-bindgen gives each import a name with 16 random
// digits in it, which stands in both files and is what compresses worst: together they are a kilobyte to load. The name of
// the module that they come from says which build it is, so that the file of another one is known before it is used.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { repeatable } from "./glue.mjs";

const HEADER_BYTES = 8;
const IMPORTS = 2;
const FUNCTION = 0;
const MODULE = "./vouchkey_bg.js";

/** The text of the glue and the bytes of the module that wasm-bindgen wrote to a folder, with short names, for this build. */
export function shorten(folder, build) {
  const module = readFileSync(join(folder, "vouchkey_bg.wasm"));
  let glue = readFileSync(join(folder, "vouchkey.js"), "utf8");
  const names = new Map();
  const parts = [module.subarray(0, HEADER_BYTES)];
  const reader = { bytes: module, at: HEADER_BYTES };
  while (reader.at < module.length) {
    const start = reader.at;
    const id = module[reader.at++];
    const content = take(reader, number(reader));
    parts.push(...(id === IMPORTS ? section(id, renamed(content, names, build)) : [module.subarray(start, reader.at)]));
  }
  for (const [name, short] of [...names, [MODULE, build]]) {
    const places = glue.split(name).length - 1;
    if (places !== 1) {
      throw new Error(`the glue has ${name} ${places} times: wasm-bindgen writes it differently now`);
    }
    glue = glue.replace(name, short);
  }
  return { build, glue: repeatable(glue), module: Buffer.concat(parts) };
}

/** The section of imports with short names, which are noted. */
function renamed(content, names, build) {
  const reader = { bytes: content, at: 0 };
  const count = number(reader);
  const parts = [leb(count)];
  for (let index = 0; index < count; index++) {
    const module = take(reader, number(reader)).toString();
    const name = take(reader, number(reader)).toString();
    const kind = reader.bytes[reader.at++];
    if (module !== MODULE || kind !== FUNCTION || names.has(name)) {
      throw new Error(`${module} ${name} is an import of a kind that is not known`);
    }
    names.set(name, `_${index.toString(36)}`);
    parts.push(text(build), text(names.get(name)), [kind], leb(number(reader)));
  }
  return Buffer.concat(parts.map((part) => Buffer.from(part)));
}

function section(id, content) {
  return [Buffer.from([id]), leb(content.length), content];
}

function text(value) {
  return Buffer.concat([leb(value.length), Buffer.from(value)]);
}

function take(reader, length) {
  reader.at += length;
  return reader.bytes.subarray(reader.at - length, reader.at);
}

/** Reads an unsigned LEB128 number. */
function number(reader) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = reader.bytes[reader.at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) {
      return value;
    }
  }
}

/** Writes an unsigned LEB128 number. */
function leb(value) {
  const bytes = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return Buffer.from(bytes);
}
