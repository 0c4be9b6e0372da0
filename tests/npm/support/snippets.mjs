// The code in the documents that users copy: each block whose first line names a file, as in "```jsx vite/Form.jsx".

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const DOCUMENTS = ["crates/wasm/npm/README.md", "docs/embedding.md"];
const BLOCK = /^```\w+ (?<path>\S+)\n(?<code>[^]*?)^```$/gm;

/** The blocks by the path that they are tested under. */
export function snippets() {
  const found = new Map();
  for (const document of DOCUMENTS) {
    for (const { groups } of readFileSync(join(ROOT, document), "utf8").matchAll(BLOCK)) {
      if (found.has(groups.path)) {
        throw new Error(`${document}: ${groups.path} is there twice`);
      }
      found.set(groups.path, groups.code);
    }
  }
  return found;
}
