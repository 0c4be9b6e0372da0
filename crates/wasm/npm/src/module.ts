/**
 * Where the wasm file is. The bundle for browsers has it beside itself, the one for Node and strict bundlers inside.
 */

import base64 from "#wasm";

declare global {
  /** Whether the wasm file is inside this bundle. Put in by the bundler, as {@link SLIM} is. */
  const INLINE: boolean;
  /** Whether this bundle is without the API client. */
  const SLIM: boolean;
  /** Where the imports of this bundle's own wasm file come from: a name that has the version in it. */
  const BUILD: string;
}

/** The wasm file beside this one. Bundlers know this way to name a file, and take it along. */
export const beside = (): URL =>
  SLIM ? new URL("vouchkey-slim.wasm", import.meta.url) : new URL("vouchkey.wasm", import.meta.url);

/** The wasm file inside this one. */
export const inside = (): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
