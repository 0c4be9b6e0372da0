//! The dashboard: the admin's application in the browser. It calls the same session endpoints as
//! everyone, and checks requests by the server's own rules while somebody types.

#![expect(
    unreachable_pub,
    reason = "the macro of components widens what is visible inside this program only"
)]

mod api;
mod app;
mod browser;
#[cfg(test)]
mod contrast;
mod form;
mod model;
mod pages;
mod parts;
mod place;
mod router;
mod words;

#[cfg(all(test, target_arch = "wasm32"))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

fn main() {
    console_error_panic_hook::set_once();
    leptos::mount::mount_to_body(app::App);
}
