const vouchkey = require("@vouchkey/wasm");
const inline = require("@vouchkey/wasm/inline");
const slim = require("@vouchkey/wasm/slim");
const slimInline = require("@vouchkey/wasm/slim/inline");

import("../exercise.js").then(({ exercise }) => {
  console.log(JSON.stringify([vouchkey, inline, slim, slimInline].map(exercise)));
});
