// The same package for a CommonJS program.

import http = require("node:http");

import vouchkey = require("@vouchkey/wasm");
import inline = require("@vouchkey/wasm/inline");
import slim = require("@vouchkey/wasm/slim");

const verdict: vouchkey.Verdict = vouchkey.validateCreateSession({});
const picture: string = inline.qrPngDataUrl("https://example.com/");
const limits: typeof vouchkey.LIMITS = slim.LIMITS;
console.log(verdict.ok, picture, limits);

http.createServer((request, response) => {
  const answer: vouchkey.WebhookVerdict = vouchkey.verifyWebhook(Buffer.from("{}"), request.headers, "whsec_…");
  response.writeHead(answer.ok ? 204 : 400).end();
});
