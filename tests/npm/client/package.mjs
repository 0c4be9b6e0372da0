// The package as it was installed, in the form that Node imports.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { crc32 } from "node:zlib";

import { INSTALLED, install } from "../support/consumers.mjs";

await install();
export const vouchkey = await import(pathToFileURL(join(INSTALLED, "dist/inline.js")).href);
export const { VouchkeyClient, VouchkeyError, isVouchkeyError } = vouchkey;

/** What a call is refused with: a `VouchkeyError` that tells no key. */
export async function refusal(call) {
  let error;
  try {
    await (typeof call === "function" ? call() : call);
  } catch (thrown) {
    error = thrown;
  }
  if (!(error instanceof VouchkeyError) || !isVouchkeyError(error)) {
    throw new Error("a VouchkeyError was expected", { cause: error });
  }
  if (/vk_\w{20}/.test(`${error.stack} ${JSON.stringify(error)}`)) {
    throw new Error("the error tells a key");
  }
  return error;
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A well-formed key that nobody holds. */
export function inventedKey(prefix) {
  const body = prefix + "0".repeat(43);
  let checksum = "";
  for (let number = crc32(body); checksum.length < 6; number = Math.floor(number / 62)) {
    checksum = DIGITS[number % 62] + checksum;
  }
  return body + checksum;
}
