// The server itself, in a data folder of its own.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { ROOT } from "../support/consumers.mjs";

const PROGRAM = process.env.VOUCHKEY_BIN ?? join(ROOT, "target/debug/vouchkey");

/** Starts the server; its address, a way to make keys, and its end. */
export async function start(settings = {}) {
  const folder = mkdtempSync(join(tmpdir(), "vouchkey-"));
  const inherited = Object.entries(process.env).filter(([name]) => !/^VOUCHKEY_|_proxy$/i.test(name));
  const env = { ...Object.fromEntries(inherited), VOUCHKEY_DATA: folder, ...settings };
  const command = async (...words) => {
    const { stdout } = await promisify(execFile)(PROGRAM, [...words, "--json"], { env });
    return JSON.parse(stdout);
  };
  await command("init", "--owner", "owner@example.com");
  let child;
  const serve = async (listen) => {
    child = spawn(PROGRAM, ["serve", "--listen", listen], { env, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    child.stderr.on("data", (text) => (log += text));
    return Promise.race([
      once(createInterface(child.stdout), "line").then(([line]) => line.replace("listening on ", "")),
      once(child, "exit").then(() => Promise.reject(new Error(`the server stopped at once: ${log}`))),
    ]);
  };
  const end = async (signal) => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, "exit");
      child.kill(signal);
      await exit;
    }
  };
  const baseUrl = await serve("127.0.0.1:0");
  return {
    baseUrl,
    /** Makes a key of the sandbox. */
    key: async (...words) => (await command("keys", "create", "--environment", "sandbox", ...words)).secret,
    /** Ends it as a power cut does, and starts it again at the same address. */
    crash: async () => {
      await end("SIGKILL");
      await serve(baseUrl.replace("http://", ""));
    },
    stop: async () => {
      await end("SIGTERM");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
