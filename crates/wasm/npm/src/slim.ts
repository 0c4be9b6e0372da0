/** The rules and the QR code, without the API client. */

export { init, initSync, type CompiledModule, type InitInput, type SyncInitInput } from "./engine.js";
export * from "./names.js";
export * from "./qr.js";
export * from "./validate.js";
export * from "./wire.js";
