import * as vouchkey from "@vouchkey/wasm";
import * as inline from "@vouchkey/wasm/inline";
import * as slim from "@vouchkey/wasm/slim";
import slimFile from "@vouchkey/wasm/vouchkey-slim.wasm?url";

import { exercise } from "../exercise.js";

await vouchkey.init();
await slim.init(slimFile);
const answers = [vouchkey, slim, inline].map(exercise);
document.querySelector("#outcome").textContent = JSON.stringify(answers);
