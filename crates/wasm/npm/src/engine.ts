/**
 * The wasm module: where it comes from, and that there is one of it.
 *
 * `#glue` is what wasm-bindgen wrote for it.
 */

import { initSync as instantiate, type InitOutput } from "#glue";

import { beside, inside } from "./module.js";

/** What {@link init} takes: where the wasm file is, or the file, or what was compiled from it. */
export type InitInput = string | URL | Request | SyncInitInput | Response | PromiseLike<SyncInitInput | Response>;

/** What {@link initSync} takes: the bytes of the wasm file, or what was compiled from them. */
export type SyncInitInput = ArrayBuffer | ArrayBufferView | CompiledModule;

/** A `WebAssembly.Module`. That name is the browser's library's, which programs for Node do not have. */
export interface CompiledModule {}

let output: InitOutput | undefined;
let loading: Promise<void> | undefined;

/**
 * Makes the functions of this package ready. Await it once, before the first of them is called; later calls change
 * nothing. Without an argument the wasm file is fetched from beside this module, where bundlers put it.
 *
 * In Node and with `@vouchkey/wasm/inline` nobody needs it: it is harmless there, and its argument is not looked at.
 */
export function init(input?: InitInput): Promise<void> {
  if (output) {
    return Promise.resolve();
  }
  return (loading ??= load(input)
    .then((source) => void start(source))
    // After a failure, the network's say, one may try again.
    .finally(() => (loading = undefined)));
}

/**
 * Makes the functions of this package ready, at once. Not needed, and harmless, where {@link init} is.
 */
export function initSync(input: SyncInitInput): void {
  if (!output) {
    start(INLINE ? inside() : input);
  }
}

/** The exports of the wasm module, its memory among them. */
export function engine(): InitOutput {
  if (output) {
    return output;
  }
  if (INLINE) {
    return start(inside());
  }
  throw new Error("@vouchkey/wasm is not ready: await init() before you call its functions.");
}

function start(source: SyncInitInput): InitOutput {
  return (output ??= instantiate({ module: source as BufferSource | WebAssembly.Module }));
}

function load(input: InitInput | undefined): Promise<SyncInitInput> {
  return INLINE ? WebAssembly.compile(inside()) : read(input ?? beside());
}

async function read(input: InitInput): Promise<SyncInitInput> {
  let source = await input;
  if (typeof source === "string" || source instanceof URL || source instanceof Request) {
    source = await fetch(source);
  }
  if (!(source instanceof Response)) {
    return source instanceof WebAssembly.Module ? source : WebAssembly.compile(source as BufferSource);
  }
  const type = source.headers.get("content-type") ?? "";
  // A page in place of the file is what servers answer for a path that they do not know.
  if (!source.ok || type.startsWith("text/html")) {
    throw new Error(`@vouchkey/wasm: ${source.url} is not its wasm file (status ${source.status}, ${type || "no type"}).`);
  }
  return type === "application/wasm"
    ? WebAssembly.compileStreaming(source)
    : WebAssembly.compile(await source.arrayBuffer());
}
