// The npm package as its users meet it: packed, installed, and used by pages and programs of every kind.
//
// `cargo xtask test npm` makes the package and starts this. The tests run one after another in one process, with one
// browser; each file of them can be run alone with `node --test`, once `cargo xtask test npm` has run.

import { readdirSync } from "node:fs";

import { install } from "./support/consumers.mjs";

await install();

const here = new URL(".", import.meta.url);
for (const file of readdirSync(here, { recursive: true }).filter((name) => name.endsWith(".test.mjs")).sort()) {
  if (!file.includes("node_modules")) {
    await import(new URL(file, here).href);
  }
}
