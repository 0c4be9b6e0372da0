/** The wasm file in base64, as the bundler puts it in. */
declare module "#wasm" {
  const base64: string;
  export default base64;
}
