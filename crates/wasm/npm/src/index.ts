/** Everything: the rules, the QR code, and the API client. */

export * from "./client.js";
export * from "./errors.js";
export * from "./slim.js";
export * from "./webhooks.js";
