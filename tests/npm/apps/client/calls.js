// What a page, or a worker of it, does with the client.

import { init, VouchkeyClient } from "./vouchkey/index.js";

/** The codes of what is refused, and the session that is created. */
export async function calls({ baseUrl, secret, publishable }) {
  await init();
  const outcome = {};
  try {
    new VouchkeyClient({ baseUrl, key: secret });
  } catch ({ code, message }) {
    outcome.secret = { code, message };
  }
  const client = new VouchkeyClient({ baseUrl, key: publishable, retries: 0 });
  const code = (call) => call.then(() => "none", (error) => error.code);
  outcome.list = await code(client.list());
  outcome.closed = await client.create({ send_email: true, applicant_email: "jane@example.com" }).catch(({ status, errors }) => ({
    status,
    errors: errors.map((error) => `${error.field} ${error.code}`),
  }));
  outcome.aborted = await code(client.create({}, { signal: AbortSignal.abort() }));
  outcome.nobody = await code(new VouchkeyClient({ baseUrl: "http://127.0.0.1:1", key: publishable, retries: 0 }).create({}));
  const { session, replayed, ignoredFields, requestId, rateLimit } = await client.create({ externalRef: "order-1", colour: "red" });
  outcome.created = { session, replayed, ignoredFields, requestId, rateLimit };
  return outcome;
}
