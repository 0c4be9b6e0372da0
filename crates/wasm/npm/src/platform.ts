/** Where this code runs, as far as it matters to keep a secret. */

/** What the globals of the various runtimes are, where they exist. */
interface Globals {
  readonly process?: { readonly type?: string; readonly versions?: { readonly node?: string } };
  readonly navigator?: { readonly userAgent?: string };
  readonly [name: string]: unknown;
}

/**
 * Whether others can read this code and what it holds: in a page, or in a worker of one. A test environment that plays
 * the browser under Node is not one; the window of a desktop application, which has Node too, is.
 */
export function isBrowser(): boolean {
  const scope = globalThis as unknown as Globals;
  const { process, navigator, WorkerGlobalScope } = scope;
  // Bundlers put an imitation of it into pages.
  const isNode = Object.prototype.toString.call(process) === "[object process]" && process?.versions?.node !== undefined;
  if (isNode) {
    return process?.type === "renderer" || process?.type === "worker";
  }
  const isServer = "Deno" in scope || "Bun" in scope || "EdgeRuntime" in scope || navigator?.userAgent === "Cloudflare-Workers";
  return !isServer && ("window" in scope || (typeof WorkerGlobalScope === "function" && scope instanceof WorkerGlobalScope));
}
