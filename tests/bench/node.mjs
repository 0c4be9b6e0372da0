// The comparisons under Node, as one line of JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as fastQr from "fast_qr/fast_qr.js";
import { measure } from "./subjects.mjs";

const file = createRequire(import.meta.url).resolve("fast_qr/fast_qr_bg.wasm");
fastQr.initSync(readFileSync(file));
console.log(JSON.stringify(await measure(fastQr, (step) => console.error(`  Node: ${step}`))));
