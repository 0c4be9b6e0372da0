// The benchmark itself, in the folder that `start.mjs` prepared; CHROME names the browser.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "esbuild";
import { inChromium } from "./chromium.mjs";
import { report } from "./report.mjs";
import { sizes } from "./sizes.mjs";

const STARTS = 21;
const require = createRequire(import.meta.url);

const node = (...words) => execFileSync(process.execPath, words, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

const bundle = (entry, outfile, more = {}) =>
  build({ entryPoints: [entry], outfile, bundle: true, minify: true, format: "esm", target: "es2022", logLevel: "error", ...more });

const makeTypia = async () => {
  node("node_modules/typia/lib/executable/typia.js", "generate", "--input", "peers", "--output", "made", "--project", "tsconfig.json");
  await bundle("made/typia.ts", "made/typia.mjs", { mainFields: ["module", "main"] });
};

const makePages = async () => {
  mkdirSync("page", { recursive: true });
  const html = (script) => `<!doctype html><meta charset="utf-8"><title>Benchmark</title><body><script type="module" src="${script}"></script>`;
  await bundle("page.mjs", "page/page.js");
  writeFileSync("page/index.html", html("page.js"));
  for (const name of ["ours", "peers"]) {
    await bundle("start/frame.mjs", `page/start-${name}.js`, { alias: { answer: `./start/${name}.mjs` } });
    writeFileSync(`page/start-${name}.html`, html(`start-${name}.js`));
  }
  copyFileSync(require.resolve("@vouchkey/wasm/vouchkey.wasm"), "page/vouchkey.wasm");
  copyFileSync(require.resolve("fast_qr/fast_qr_bg.wasm"), "page/fast_qr_bg.wasm");
};

const nodeStarts = () => {
  const starts = { ours: [], peers: [] };
  for (let round = 0; round < STARTS; round += 1) {
    for (const name of Object.keys(starts)) starts[name].push(Number(node("start/node.mjs", name)));
  }
  return starts;
};

await makeTypia();
await makePages();
const measured = {
  node: { tables: JSON.parse(node("node.mjs")), starts: nodeStarts() },
  chromium: await inChromium(process.env.CHROME, "page"),
  sizes: await sizes(bundle),
};
const versions = JSON.parse(readFileSync("package.json", "utf8")).dependencies;
console.log(report(measured, { node: process.version, ...versions }));
