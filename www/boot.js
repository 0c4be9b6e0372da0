// Starts the dashboard. A file of its own, since the content security policy allows no inline script.
const notice = document.getElementById("boot");
const tell = (text) => {
  notice.textContent = text;
  notice.hidden = false;
};
// Said only when it takes long enough to be wondered about.
const slow = setTimeout(() => tell("Loading the dashboard"), 600);
try {
  const { js, wasm } = document.querySelector('meta[name="app"]').dataset;
  const { default: init } = await import(js);
  await init({ module_or_path: wasm });
  clearTimeout(slow);
  notice.remove();
} catch (error) {
  clearTimeout(slow);
  tell("The dashboard could not be loaded. Reload the page; if this stays, use a current version of your browser.");
  throw error;
}
