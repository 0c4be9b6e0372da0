import * as slim from "./vouchkey/slim.js";
import * as vouchkey from "./vouchkey/index.js";

import { exercise } from "./exercise.js";

const outcome = {};
try {
  vouchkey.validateCreateSession({});
} catch (error) {
  outcome.early = error.message;
}
try {
  await vouchkey.init("missing.wasm").catch((error) => (outcome.missing = error.message));
  // All at once, and again: there is one module.
  await Promise.all([vouchkey.init(), vouchkey.init(), slim.init(new URL("vouchkey/vouchkey-slim.wasm", import.meta.url))]);
  await vouchkey.init();
  outcome.answers = [exercise(vouchkey), exercise(slim)];
} catch (error) {
  outcome.error = String(error);
}
document.querySelector("#outcome").textContent = JSON.stringify(outcome);
