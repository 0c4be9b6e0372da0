// The comparisons in a browser, sent to the server that the page came from.
import initFastQr, * as fastQr from "fast_qr/fast_qr.js";
import { init } from "@vouchkey/wasm";
import { measure } from "./subjects.mjs";

const send = (path, value) => fetch(path, { method: "POST", body: JSON.stringify(value) });

/** Loads a page of its own in a frame, a fresh one each time, and answers with what it says of its start. */
const start = (name) =>
  new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.src = `start-${name}.html`;
    addEventListener("message", function heard(event) {
      if (event.source !== frame.contentWindow) return;
      removeEventListener("message", heard);
      frame.remove();
      resolve(event.data);
    });
    document.body.append(frame);
  });

try {
  await init("vouchkey.wasm");
  await initFastQr("fast_qr_bg.wasm");
  const starts = { ours: [], peers: [] };
  for (let round = 0; round < 21; round += 1) {
    for (const name of Object.keys(starts)) starts[name].push(await start(name));
  }
  const tables = await measure(fastQr, (step) => send("said", step));
  await send("done", { tables, starts });
} catch (error) {
  await send("failed", String(error?.stack ?? error));
}
