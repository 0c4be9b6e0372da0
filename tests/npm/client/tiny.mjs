// A server that misbehaves as it is told.

import { createServer } from "node:http";

/**
 * Serves with one handler after the other, the last one for all further requests. What it was sent is in `seen`.
 */
export async function tiny(...handlers) {
  const seen = [];
  const server = createServer((request, response) => {
    const at = seen.length;
    const entry = { method: request.method, url: request.url, headers: request.headers, at: Date.now() };
    seen.push(entry);
    let body = "";
    request.on("data", (text) => (body += text));
    request.on("end", () => {
      entry.body = body;
      handlers[Math.min(at, handlers.length - 1)](response, request);
    });
    request.on("error", () => undefined);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `http://127.0.0.1:${server.address().port}`,
    seen,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

const json = (status, body, headers = {}) => (response) =>
  response.writeHead(status, { "Content-Type": "application/json", ...headers }).end(JSON.stringify(body));

export const created = json(201, { id: "ses_1", status: "pending" }, { "X-Request-Id": "req-1" });
export const problem = (status, error, headers) => json(status, { error, detail: "No.", status_code: status }, headers);
export const raw = (status, body, headers) => (response) => response.writeHead(status, headers).end(body);
/** The connection ends before anything is answered. */
export const drop = (response) => response.socket.destroy();
/** The connection ends in the middle of the answer. */
export const cut = (response) => {
  response.writeHead(201, { "Content-Type": "application/json", "Content-Length": "100" });
  response.write('{"id":', () => response.socket.destroy());
};
/** Nothing is ever answered. */
export const hang = () => undefined;
/** The answer begins and never ends. */
export const drip = (response) => {
  response.writeHead(200, { "Content-Type": "application/json" });
  response.write('{"id":');
};
/** The answer is without end. */
export const flood = (response) => {
  response.writeHead(200, { "Content-Type": "application/json" });
  const chunk = Buffer.alloc(256 * 1024, " ");
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", more);
  more();
};
