// Makes of wasm-bindgen's glue one function, which gives the exports of a new instance each time. As it is written, glue
// knows one instance for good: after a call that was interrupted, by a stack overflow say, there must be another, and a
// call that is on its way in the old one must find its own memory.

/** Exports that nobody imports, since the package calls those of the instance. */
const WRAPPERS = /^export function [^]*?^}\n/gm;
/** Every way to load a module but ours. */
const LOADING = /^let wasmModule, wasmInstance, wasm;\n[^]*/m;
/** Makes a new decoder after two gigabytes, for Safari: here are only short texts. */
const DECODING = /^const MAX_SAFARI_DECODE_BYTES[^]*?^}\n/m;

/** Imports are only looked up by the names that the module has. */
const BARE_IMPORTS = /^ *__proto__: null,\n/gm;

/** The glue as a module that exports `initSync(module)`. */
export function repeatable(glue) {
  const body = [
    [WRAPPERS, ""],
    [BARE_IMPORTS, ""],
    [DECODING, "function decodeText(bytes) { return cachedTextDecoder.decode(bytes); }\n"],
    [LOADING, "let wasm = new WebAssembly.Instance(module, __wbg_get_imports()).exports;\nwasm.__wbindgen_start();\nreturn wasm;\n"],
  ].reduce((text, [pattern, better]) => {
    const changed = text.replace(pattern, better);
    if (changed === text) {
      throw new Error(`the glue has no ${pattern}: wasm-bindgen writes it differently now`);
    }
    return changed;
  }, glue);
  return `export function initSync(module) {\n${body}}\n`;
}
