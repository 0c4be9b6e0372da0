import * as slim from "./vouchkey/slim.js";
import * as vouchkey from "./vouchkey/index.js";

import { interrupted } from "./interrupt.js";

await Promise.all([vouchkey.init(), slim.init()]);
document.querySelector("#outcome").textContent = JSON.stringify([vouchkey, slim].map(interrupted));
