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
export interface CompiledModule {
  /** It is no promise of one, nor a text or number. */
  readonly then?: never;
}

/** Those of the module's exports that can be called. */
type Calls = { [Name in keyof InitOutput as InitOutput[Name] extends (...values: never[]) => unknown ? Name : never]: InitOutput[Name] };

let compiled: WebAssembly.Module | undefined;
let output: InitOutput | undefined;
let loading: Promise<void> | undefined;

/** Whether a call is on its way in the module, or never came back. */
let isInside = false;

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
  return (loading ??= (INLINE ? WebAssembly.compile(inside()) : read(input))
    .then(ready)
    // After a failure, the network's say, one may try again.
    .finally(() => (loading = undefined)));
}

/**
 * Makes the functions of this package ready, at once. Not needed, and harmless, where {@link init} is.
 */
export function initSync(input: SyncInitInput): void {
  ready(INLINE ? inside() : input);
}

function ready(source: SyncInitInput): void {
  compiled ??= compile(source);
  engine();
}

/** What was compiled from the wasm file of this build. */
function compile(source: SyncInitInput): WebAssembly.Module {
  const module =
    kind(source) === "WebAssembly.Module" ? (source as WebAssembly.Module) : new WebAssembly.Module(source as BufferSource);
  // Each of the file's imports names the build.
  if (WebAssembly.Module.imports(module)[0]?.module !== BUILD) {
    throw new Error("@vouchkey/wasm: the wasm file is of another version.");
  }
  return module;
}

/** The exports of the wasm module, its memory among them. Its functions are for {@link call} alone. */
export function engine(): InitOutput {
  // A call that was interrupted, by a stack overflow say, leaves an instance that nobody can trust. A call that is on its
  // way, and came out of the module to us again, ends in its own.
  if (!output || isInside) {
    if (!compiled) {
      if (INLINE) {
        compiled = compile(inside());
      } else {
        throw new Error("@vouchkey/wasm is not ready: await init() first.");
      }
    }
    output = instantiate(compiled);
    isInside = false;
  }
  return output;
}

/** Calls an export of the module. */
export function call<Name extends keyof Calls>(name: Name, ...values: Parameters<Calls[Name]>): ReturnType<Calls[Name]> {
  const exports = engine() as unknown as Record<string, (...values: unknown[]) => never>;
  // Not put right in a `finally`: what ends a call need not be an exception.
  isInside = true;
  const said = (exports[name] as (...values: unknown[]) => never)(...values);
  isInside = false;
  return said;
}

/** What an object is, whichever realm its class is of. */
function kind(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

async function read(input: InitInput | undefined): Promise<SyncInitInput> {
  const inline = `Import from @vouchkey/wasm${SLIM ? "/slim" : ""}/inline, or give init the file.`;
  let source: unknown = await input;
  try {
    // No address at all in a script that is no module.
    source ??= beside();
    if (/^(String|URL|Request)$/.test(kind(source))) {
      source = await fetch(source as string);
    }
  } catch (cause) {
    throw new Error(`@vouchkey/wasm: the wasm file cannot be loaded. ${inline}`, { cause });
  }
  if (kind(source) === "Response") {
    const response = source as Response;
    const { ok, status, url } = response;
    const type = response.headers.get("content-type") ?? "no type";
    // A page in place of the file is what servers answer for a path that they do not know.
    if (!ok || type.startsWith("text/html")) {
      throw new Error(`@vouchkey/wasm: ${url} is no wasm file (status ${status}, ${type}). ${inline}`);
    }
    // Not compiled while it comes in, which takes answers of this realm alone, and files of one type.
    source = await response.arrayBuffer();
  }
  return kind(source) === "WebAssembly.Module" ? (source as CompiledModule) : WebAssembly.compile(source as BufferSource);
}
