/** Everything: the rules, the QR code, and the API client. */

export * from "./slim.js";
