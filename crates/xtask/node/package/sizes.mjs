// Prints what each file of the package weighs, raw and compressed.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

export function report(folder) {
  console.log("| file, bytes | raw | gzip -9 | brotli 11 |\n| --- | ---: | ---: | ---: |");
  for (const name of readdirSync(folder).filter((name) => !/\.d\.c?ts$/.test(name)).sort()) {
    const content = readFileSync(join(folder, name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length };
    const sizes = [content, gzipSync(content, { level: 9 }), brotliCompressSync(content, { params })];
    console.log(`| ${name} | ${sizes.map(({ length }) => length.toLocaleString("en")).join(" | ")} |`);
  }
}
