// The folder in which the package is installed and used: target/npm/consumers.

import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { snippets } from "./snippets.mjs";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
export const PACKAGE = join(ROOT, "target/npm/vouchkey-wasm");
export const CONSUMERS = join(ROOT, "target/npm/consumers");
export const INSTALLED = join(CONSUMERS, "node_modules/@vouchkey/wasm");

const QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
const OURS = join(ROOT, "tests/npm");
let ready;

/** Copies the programs of the users there, and installs what they need and the packed package. Once. */
export function install() {
  return (ready ??= prepare());
}

/** Runs a program of the users in Node; the JSON that it prints. */
export async function node(...words) {
  await install();
  const { stdout, stderr } = await promisify(execFile)(process.execPath, words, { cwd: CONSUMERS });
  if (stderr !== "") {
    throw new Error(`${words.join(" ")} wrote to standard error: ${stderr}`);
  }
  return JSON.parse(stdout);
}

/** Puts what is real in the place of what the documents name for example. */
export function replace(path, words) {
  const file = join(CONSUMERS, path);
  let code = readFileSync(file, "utf8");
  for (const [example, real] of Object.entries(words)) {
    if (!code.includes(example)) {
      throw new Error(`${path} names no ${example}`);
    }
    code = code.replaceAll(example, real);
  }
  writeFileSync(file, code);
}

/** The archive of the package. */
export function archive() {
  const folder = join(ROOT, "target/npm");
  const [file, ...others] = readdirSync(folder).filter((name) => /^vouchkey-wasm-.*\.tgz$/.test(name));
  if (file === undefined || others.length > 0) {
    throw new Error(`one archive of the package is wanted in ${folder}: run \`cargo xtask package\``);
  }
  return join(folder, file);
}

async function prepare() {
  mkdirSync(CONSUMERS, { recursive: true });
  const stamp = join(CONSUMERS, "node_modules/.lock-installed");
  const lock = readFileSync(join(OURS, "package-lock.json"), "utf8");
  for (const name of readdirSync(CONSUMERS).filter((name) => name !== "node_modules")) {
    rmSync(join(CONSUMERS, name), { recursive: true });
  }
  for (const name of ["package.json", "package-lock.json"]) {
    cpSync(join(OURS, name), join(CONSUMERS, name));
  }
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
    npm("ci", ...QUIET);
    writeFileSync(stamp, lock);
  }
  // npm leaves a package alone whose version is installed; here it is another one each time.
  rmSync(join(CONSUMERS, "node_modules/@vouchkey"), { recursive: true, force: true });
  rmSync(join(CONSUMERS, "node_modules/.package-lock.json"), { force: true });
  // All that it needs is installed, but npm may ask again what versions there are, which a new machine's cache cannot say.
  npm("install", "--prefer-offline", "--no-save", "--no-package-lock", ...QUIET, archive());
  cpSync(join(OURS, "apps"), CONSUMERS, { recursive: true });
  for (const [path, code] of snippets()) {
    writeFileSync(join(CONSUMERS, path), code);
  }
}

function npm(...words) {
  execFileSync("npm", words, { cwd: CONSUMERS, stdio: ["ignore", 2, 2] });
}
