// The wasm files, where the runtime or the bundler compiles what is imported.
import type { CompiledModule } from "./index.js";

declare const compiled: CompiledModule;
export default compiled;
