// `cargo xtask bench browser` runs this: node start.mjs PACKAGE FOLDER. Installs the peers and our package, as npm packed
// it, in a copy of this folder, and measures there.
import { execFileSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [ours, folder] = process.argv.slice(2);

const npm = (...words) =>
  execFileSync("npm", [...words, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", "ignore", "inherit"],
  });

cpSync(fileURLToPath(new URL(".", import.meta.url)), folder, { recursive: true });
process.chdir(folder);
npm("ci");
npm("install", "--no-save", ours);
await import(pathToFileURL(join(folder, "run.mjs")).href);
