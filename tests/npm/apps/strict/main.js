import * as vouchkey from "@vouchkey/wasm/inline";

import { exercise } from "../exercise.js";

document.querySelector("#outcome").textContent = JSON.stringify(exercise(vouchkey));
