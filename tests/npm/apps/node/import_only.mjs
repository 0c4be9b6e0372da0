// Imports the package where there is nothing that it could use, but for the two classes that wasm-bindgen takes for granted.
for (const name of ["WebAssembly", "fetch", "Response", "Request", "URL", "atob", "crypto", "performance"]) {
  delete globalThis[name];
}
const names = [];
for (const file of ["index.js", "slim.js", "inline.js", "slim-inline.js", "inline.cjs", "slim-inline.cjs"]) {
  const vouchkey = await import(`../node_modules/@vouchkey/wasm/dist/${file}`);
  names.push(typeof vouchkey.validateCreateSession);
}
console.log(JSON.stringify(names));
