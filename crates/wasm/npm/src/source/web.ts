/** The wasm file lies beside this one. Bundlers know this way to name a file, and take it along. */
export const locate = (): URL => new URL("vouchkey.wasm", import.meta.url);

/** Nothing is inside. */
export const embedded: (() => Uint8Array<ArrayBuffer>) | undefined = undefined;
