// What is timed: our package first, then its peers, under Node and in a browser alike.
import { qrPngDataUrl, validateCreateSession } from "@vouchkey/wasm";
import * as ajv from "./peers/ajv.mjs";
import { qrPeers } from "./peers/qr.mjs";
import * as typebox from "./peers/typebox.mjs";
import * as typia from "./made/typia.mjs";
import * as valibot from "./peers/valibot.mjs";
import * as zod from "./peers/zod.mjs";
import { compare } from "./measure.mjs";
import { broken, large, typical } from "./requests.mjs";

const VALIDATORS = { ajv, typia, typebox, valibot, zod };

// A capture URL and its like, shorter and longer.
const TEXTS = [30, 85, 300].map((length) => [length, "https://id.example.com/verify/".padEnd(length, "AQGiEHCVzXTjiUAf7_K5NChBmYHomwpKi")]);

/** Every comparison, as `{kind, name, rows}`. */
export const measure = async (fastQr, said = () => {}) => {
  const tables = [];
  for (const [length, text] of TEXTS) {
    said(`QR code of ${length} characters`);
    const peers = qrPeers(fastQr);
    const subjects = { "@vouchkey/wasm": () => qrPngDataUrl(text) };
    const bytes = { "@vouchkey/wasm": pngBytes(qrPngDataUrl(text)) };
    for (const [name, draw] of Object.entries(peers)) {
      subjects[name] = () => draw(text);
      bytes[name] = pngBytes(await draw(text));
    }
    tables.push({ kind: "qr", name: `${length} characters`, rows: await compare(subjects), bytes });
  }
  for (const [name, request] of Object.entries({ typical, large, broken })) {
    said(`the ${name} request`);
    const isGood = request !== broken;
    const subjects = { "@vouchkey/wasm": () => validateCreateSession(request) };
    for (const [peer, { validate }] of Object.entries(VALIDATORS)) subjects[peer] = () => validate(request);
    for (const [subject, validate] of Object.entries(subjects)) {
      if (validate().ok !== isGood) throw new Error(`${subject} judges the ${name} request wrongly`);
    }
    subjects["JSON.stringify alone"] = () => JSON.stringify(request);
    tables.push({ kind: "validation", name, rows: await compare(subjects) });
  }
  return tables;
};

const pngBytes = (url) => Math.floor(((url.length - url.indexOf(",") - 1) * 3) / 4) - (url.endsWith("==") ? 2 : url.endsWith("=") ? 1 : 0);
