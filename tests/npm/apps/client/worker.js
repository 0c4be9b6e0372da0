import { calls } from "./calls.js";

addEventListener("message", async ({ data }) => {
  postMessage(await calls(data).catch((error) => ({ error: `${error}` })));
});
