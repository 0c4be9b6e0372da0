// Makes the npm package of the wasm modules and of crates/wasm/npm:
//   node build.mjs ROOT VERSION
// It reads ROOT/target/npm/glue, which `cargo xtask package` has filled, and writes ROOT/target/npm/vouchkey-wasm and
// the archive beside it. The same input gives the same bytes.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";

import { flatten } from "./declarations.mjs";
import { shorten } from "./imports.mjs";
import { report } from "./sizes.mjs";

const [root, version] = process.argv.slice(2);
const sources = join(root, "crates/wasm/npm");
const made = join(root, "target/npm");
const folder = join(made, "vouchkey-wasm");
const dist = join(folder, "dist");

const BUNDLES = [
  { file: "index.js", slim: false, inline: false },
  { file: "slim.js", slim: true, inline: false },
  { file: "inline.js", slim: false, inline: true },
  { file: "inline.cjs", slim: false, inline: true },
  { file: "slim-inline.js", slim: true, inline: true },
  { file: "slim-inline.cjs", slim: true, inline: true },
];

const FULL = shorten(join(made, "glue/full"), version);
const SLIM = shorten(join(made, "glue/slim"), `${version}-slim`);

rmSync(folder, { recursive: true, force: true });
rmSync(join(made, "types"), { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
declare();
await Promise.all(BUNDLES.map(bundle));
writeFileSync(join(dist, "vouchkey.wasm"), FULL.module);
writeFileSync(join(dist, "vouchkey-slim.wasm"), SLIM.module);
cpSync(join(sources, "README.md"), join(folder, "README.md"));
cpSync(join(sources, "wasm.d.ts"), join(dist, "wasm.d.ts"));
for (const licence of ["LICENSE-APACHE", "LICENSE-MIT"]) {
  cpSync(join(root, licence), join(folder, licence));
}
const { name, ...manifest } = JSON.parse(readFileSync(join(sources, "package.json"), "utf8"));
writeFileSync(join(folder, "package.json"), `${JSON.stringify({ name, version, ...manifest }, null, 2)}\n`);
run("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", made], folder);
report(dist);

/** Checks the TypeScript, and writes the declarations of each entry as one file for ESM and one for CJS. */
function declare() {
  const compiler = createRequire(import.meta.url).resolve("typescript/package.json").replace(/package\.json$/, "bin/tsc");
  run(process.execPath, [compiler, "--project", sources], root);
  for (const entry of ["index", "slim"]) {
    const declarations = flatten(join(made, "types"), entry);
    for (const extension of ["d.ts", "d.cts"]) {
      writeFileSync(join(dist, `${entry}.${extension}`), declarations);
    }
  }
}

async function bundle({ file, slim, inline }) {
  const { build: name, glue, module } = slim ? SLIM : FULL;
  const contents = { "#glue": { contents: glue, loader: "js" }, "#wasm": { contents: module, loader: "base64" } };
  await build({
    absWorkingDir: root,
    entryPoints: [join(sources, "src", slim ? "slim.ts" : "index.ts")],
    outfile: join(dist, file),
    define: { INLINE: String(inline), SLIM: String(slim), BUILD: JSON.stringify(name) },
    bundle: true,
    minify: true,
    // All there is: a warning in wasm-bindgen's glue about a use of it that is not ours.
    drop: ["console"],
    format: file.endsWith(".cjs") ? "cjs" : "esm",
    target: "es2022",
    // For CommonJS: has esbuild list the exports so that Node sees them when ESM imports the file.
    platform: file.endsWith(".cjs") ? "node" : "neutral",
    legalComments: "none",
    logLevel: "warning",
    // Where it is not available, nothing is left that would use it.
    logOverride: { "empty-import-meta": "silent" },
    plugins: [
      {
        name: "what the build made",
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /^#/ }, ({ path }) => ({ path, namespace: "made" }));
          onLoad({ filter: /^#/, namespace: "made" }, ({ path }) => contents[path]);
        },
      },
    ],
  });
}

/** Runs a program that must succeed; what it has to say it says itself. */
function run(program, words, folder) {
  const { status, error } = spawnSync(program, words, { cwd: folder, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    console.error(error ?? `${program} failed`);
    process.exit(1);
  }
}
