import * as vouchkey from "@vouchkey/wasm";
import * as inline from "@vouchkey/wasm/inline";
import * as slim from "@vouchkey/wasm/slim";
import * as slimInline from "@vouchkey/wasm/slim/inline";

import { exercise } from "../exercise.js";

const before = [exercise(vouchkey), exercise(inline), exercise(slim), exercise(slimInline)];
// Harmless, whatever is given: code that runs in browsers too need not ask where it is.
await vouchkey.init();
await inline.init("/assets/vouchkey-4711.wasm");
vouchkey.initSync(new Uint8Array());
console.log(JSON.stringify([...before, exercise(vouchkey)]));
