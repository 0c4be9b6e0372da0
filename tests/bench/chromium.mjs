// Runs the page in headless Chromium, from a server on loopback, and answers with what it sends.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".wasm": "application/wasm" };
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

const textOf = async (request) => {
  let text = "";
  for await (const part of request) text += part;
  return JSON.parse(text);
};

/** Answers `{tables, starts}`, as `page.mjs` measured them. */
export const inChromium = async (program, folder) => {
  const profile = mkdtempSync(join(tmpdir(), "vouchkey-bench-"));
  let resolve;
  let reject;
  const measured = new Promise((yes, no) => {
    resolve = yes;
    reject = no;
  });
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, "http://localhost").pathname.slice(1) || "index.html";
    if (request.method === "POST") {
      const value = await textOf(request);
      response.end();
      if (path === "done") resolve(value);
      else if (path === "failed") reject(new Error(value));
      else console.error(`  Chromium: ${value}`);
      return;
    }
    const type = TYPES[extname(path)];
    if (!type || path.includes("/")) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": type, "cache-control": "no-store" }).end(readFileSync(join(folder, path)));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${server.address().port}/`;
  const browser = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, "--remote-debugging-port=0", address], { stdio: "ignore" });
  browser.on("exit", () => reject(new Error("Chromium ended before the page had measured")));
  try {
    return await measured;
  } finally {
    browser.removeAllListeners("exit");
    const gone = new Promise((exit) => browser.on("exit", exit));
    browser.kill();
    await gone;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
};
