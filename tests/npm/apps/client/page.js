import { calls } from "./calls.js";

const keys = JSON.parse(decodeURIComponent(location.hash.slice(1)));
const inWorker = new Promise((resolve, reject) => {
  const worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = reject;
  worker.postMessage(keys);
});
let outcome;
try {
  outcome = { page: await calls(keys), worker: await inWorker };
  const picture = document.querySelector("img");
  picture.src = outcome.page.created.session.qr_code_data_url;
  await picture.decode();
  outcome.width = picture.naturalWidth;
} catch (error) {
  outcome = { error: `${error}` };
}
document.querySelector("#outcome").textContent = JSON.stringify(outcome);
