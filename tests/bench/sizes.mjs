// What a page has to load, in bytes: raw, gzip and brotli.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const require = createRequire(import.meta.url);

const weigh = (files) => {
  const sum = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of files) {
    const bytes = readFileSync(file);
    sum.raw += bytes.length;
    sum.gzip += gzipSync(bytes, { level: 9 }).length;
    sum.brotli += brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  }
  return sum;
};

export const sizes = async (bundle) => {
  const files = { slim: ["slim.js", "vouchkey-slim.wasm"], full: ["index.js", "vouchkey.wasm"] };
  const folder = require.resolve("@vouchkey/wasm/package.json").replace("package.json", "dist/");
  await bundle("peers/zod.mjs", "made/zod.js");
  await bundle("node_modules/qrcode/lib/browser.js", "made/qrcode.js");
  return {
    "rules and QR code (`@vouchkey/wasm/slim`)": weigh(files.slim.map((file) => folder + file)),
    "with client and webhooks (`@vouchkey/wasm`)": weigh(files.full.map((file) => folder + file)),
    "`zod` with the rules of the benchmark, and `qrcode`": weigh(["made/zod.js", "made/qrcode.js"]),
  };
};
