import * as inline from "./vouchkey/inline.js";
import * as slim from "./vouchkey/slim.js";
import * as vouchkey from "./vouchkey/index.js";

import { exercise } from "./exercise.js";

const bytes = await (await fetch("vouchkey/vouchkey-slim.wasm")).arrayBuffer();
slim.initSync(bytes);
await vouchkey.init(fetch("vouchkey/vouchkey.wasm"));
postMessage(JSON.stringify([vouchkey, slim, inline].map(exercise)));
