import base64 from "#wasm";

/** There is no file to fetch. */
export const locate = (): URL => {
  throw new Error("The wasm module is inside this file.");
};

/** The wasm module, read when it is first wanted. */
export const embedded: (() => Uint8Array<ArrayBuffer>) | undefined = () =>
  Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
