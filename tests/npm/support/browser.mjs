// Headless Chromium by WebDriver: as much of it as the tests need.

import { spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";

import { atEnd } from "./closing.mjs";
import { PATIENCE_MS } from "./patience.mjs";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A browser with an empty profile. */
export async function browser() {
  const driver = spawn(process.env.CHROMEDRIVER ?? "chromedriver", ["--port=0"], { stdio: ["ignore", "pipe", "inherit"] });
  atEnd(() => driver.kill());
  const port = await portOf(driver);
  const { sessionId } = await window(`http://127.0.0.1:${port}/session`);
  const session = `http://127.0.0.1:${port}/session/${sessionId}`;
  atEnd(() => call("DELETE", session));
  return new Browser(session);
}

/** A window of the driver's. Where the machine is too busy for Chromium to come up in time, it is asked again. */
async function window(url, attempts = 3) {
  const capabilities = {
    alwaysMatch: {
      "goog:chromeOptions": { binary: process.env.CHROME ?? "/usr/bin/chromium", args: FLAGS },
      "goog:loggingPrefs": { browser: "ALL" },
    },
  };
  try {
    return await call("POST", url, { capabilities });
  } catch (error) {
    if (attempts === 1 || !error.message.startsWith("session not created")) {
      throw error;
    }
    return window(url, attempts - 1);
  }
}

class Browser {
  #session;

  constructor(session) {
    this.#session = session;
  }

  /** Opens a page, with an empty console. */
  async open(url) {
    await this.complaints();
    await call("POST", `${this.#session}/url`, { url });
  }

  /** What a function of the page's own gives, called with these arguments. */
  run(script, ...args) {
    return call("POST", `${this.#session}/execute/sync`, { script: `return (${script})(...arguments)`, args });
  }

  /** Waits until a function of the page's own gives something, and gives that. A page that is left while it is asked is asked again. */
  async until(script, ...args) {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      let trouble = "";
      try {
        const value = await this.run(script, ...args);
        if (value !== null && value !== false) {
          return value;
        }
      } catch (error) {
        trouble = error;
      }
      if (Date.now() > deadline) {
        const page = await this.run(() => document.documentElement.outerHTML);
        throw new Error(`in vain: ${script}\n${trouble}\n${page}\n${(await this.complaints()).join("\n")}`);
      }
      await setTimeout(50);
    }
  }

  /** What a page of the tests says of itself, in its element `#outcome`. */
  async outcome() {
    return JSON.parse(await this.until(() => document.querySelector("#outcome")?.textContent || null));
  }

  /** Types into the input of this name, in place of what it holds. */
  async type(name, text) {
    const input = await call("POST", `${this.#session}/element`, { using: "css selector", value: `[name=${name}]` });
    const element = `${this.#session}/element/${Object.values(input)[0]}`;
    await call("POST", `${element}/clear`, {});
    await call("POST", `${element}/value`, { text });
  }

  /** The errors and warnings that the console has had since the last time, violations of the policy among them. */
  async complaints() {
    const entries = await call("POST", `${this.#session}/se/log`, { type: "browser" });
    return entries.filter(({ level }) => level === "SEVERE" || level === "WARNING").map(({ message }) => message);
  }
}

function portOf(driver) {
  return new Promise((resolve, reject) => {
    let text = "";
    driver.stdout.on("data", (part) => {
      text += part;
      const port = /started successfully on port (\d+)/.exec(text);
      if (port) {
        resolve(port[1]);
      }
    });
    driver.on("error", reject).on("exit", () => reject(new Error(`chromedriver ended: ${text}`)));
  });
}

async function call(method, url, body) {
  const response = await fetch(url, { method, ...(body && { body: JSON.stringify(body) }) });
  const { value } = await response.json();
  if (!response.ok) {
    throw new Error(`${value.error}: ${value.message}`);
  }
  return value;
}
