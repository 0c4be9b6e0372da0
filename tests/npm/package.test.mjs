// The packed package itself: its files, its types, and that it can be made again byte for byte.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { before, describe, test } from "node:test";

import { archive, CONSUMERS, INSTALLED, install, node, PACKAGE, ROOT } from "./support/consumers.mjs";
import { ENDED } from "./support/patience.mjs";

/** Every file below a folder, with its content. */
function filesOf(folder) {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1)).sort();
  return Object.fromEntries(paths.map((path) => [path, readFileSync(join(folder, path))]));
}

describe("the packed package", ENDED, () => {
  before(install);

  test("holds what was made, and its manifest names every file", () => {
    const packed = filesOf(INSTALLED);
    assert.deepEqual(packed, filesOf(PACKAGE));
    const { files, exports, main, module, types } = JSON.parse(packed["package.json"]);
    const always = ["README.md", "package.json"];
    assert.deepEqual([...files, ...always].sort(), Object.keys(packed));
    const named = JSON.stringify([exports, main, module, types]).match(/\.\/[^"]+/g);
    for (const path of named.filter((path) => path.includes("dist/") || path === "./package.json")) {
      assert.ok(path.slice(2) in packed, path);
    }
  });

  test("puts types first in each condition", () => {
    const { exports } = JSON.parse(readFileSync(join(INSTALLED, "package.json"), "utf8"));
    for (const [entry, conditions] of Object.entries(exports)) {
      if (typeof conditions !== "string") {
        const nested = "types" in conditions ? { any: conditions } : conditions;
        for (const [condition, targets] of Object.entries(nested)) {
          assert.deepEqual(Object.keys(targets), ["types", "default"], `${entry} ${condition}`);
        }
      }
    }
  });

  test("names no path of the machine that made it", () => {
    for (const [path, content] of Object.entries(filesOf(INSTALLED))) {
      for (const place of [ROOT, "registry/src", "/root/", "/home/"]) {
        assert.ok(!content.includes(place), `${path} has ${place}`);
      }
    }
  });

  test("has the types that were reviewed", () => {
    const reviewed = join(ROOT, "crates/wasm/npm/index.d.ts");
    const made = readFileSync(join(INSTALLED, "dist/index.d.ts"), "utf8");
    if (process.env.UPDATE_TYPES) {
      writeFileSync(reviewed, made);
    }
    const hint = "review the change and run `UPDATE_TYPES=1 cargo xtask test npm`";
    assert.equal(made, existsSync(reviewed) ? readFileSync(reviewed, "utf8") : "", hint);
  });

  test("is the same when it is made again", () => {
    const again = mkdtempSync(join(tmpdir(), "vouchkey-package-"));
    try {
      for (const path of ["crates/wasm/npm", "LICENSE-APACHE", "LICENSE-MIT", "target/npm/glue"]) {
        cpSync(join(ROOT, path), join(again, path), { recursive: true });
      }
      const { version } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
      execFileSync(process.execPath, [join(ROOT, "crates/xtask/node/package/build.mjs"), again, version], { stdio: "ignore" });
      assert.deepEqual(readFileSync(join(again, "target/npm", basename(archive()))), readFileSync(archive()));
    } finally {
      rmSync(again, { recursive: true });
    }
  });

  const compile = (...words) =>
    execFileSync(process.execPath, [join(CONSUMERS, "node_modules/typescript/bin/tsc"), ...words], {
      cwd: join(CONSUMERS, "types"),
      encoding: "utf8",
    });

  for (const [users, settings] of [
    ["a bundler's user", ["--module", "esnext", "--moduleResolution", "bundler", "--lib", "es2022,dom", "--types", "", "example.ts"]],
    ["a Node program, without the browser's library", ["--module", "node20", "--lib", "es2022", "--types", "node", "example.ts", "example.cts"]],
  ]) {
    test(`has types for ${users}, with every export in use`, () => {
      const strict = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022"];
      try {
        compile(...strict, ...settings);
      } catch (error) {
        assert.fail(`${error}\n${error.stdout}${error.stderr}`);
      }
    });
  }

  test("has an example that uses every export", async () => {
    const example = readFileSync(join(CONSUMERS, "types/example.ts"), "utf8");
    const types = readFileSync(join(INSTALLED, "dist/index.d.ts"), "utf8");
    const exported = [...types.matchAll(/^export (?:declare )?(?:abstract )?(?:const|function|class|interface|type) (\w+)/gm)];
    for (const [, name] of exported) {
      assert.match(example, new RegExp(`\\b${name}\\b`), `types/example.ts does not use ${name}`);
    }
    assert.doesNotMatch(types, /^(declare|abstract|function|class|interface|type|const) /m, "a type is used but not exported");
    const values = await node("--eval", 'console.log(JSON.stringify(Object.keys(require("@vouchkey/wasm"))))');
    const declared = exported.filter(([line]) => /const|function|class/.test(line)).map(([, name]) => name);
    assert.deepEqual(values.sort(), [...new Set(declared)].sort(), "what is declared is what is there");
  });
});
