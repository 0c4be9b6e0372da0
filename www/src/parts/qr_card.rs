//! The QR code of a capture URL, drawn here, with whole device pixels for each module.

use leptos::prelude::*;
use leptos::{ev, html};
use vouchkey_qr::{MODULE_PIXELS, png_bytes, png_data_url, svg};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::announcer::{Announce, Announcer};
use super::copy::Copy;
use crate::browser;

/// The least width of the code on the page, in CSS pixels.
const LEAST: f64 = 240.0;
/// What is kept free under the code on the full screen, in CSS pixels.
const FOOT: f64 = 120.0;

/// The screen as it is now: width, height, and device pixels for a CSS pixel.
fn screen() -> (f64, f64, f64) {
    let side = |value: Result<JsValue, JsValue>| {
        value.ok().and_then(|value| value.as_f64()).unwrap_or(0.0)
    };
    let window = window();
    (
        side(window.inner_width()),
        side(window.inner_height()),
        window.device_pixel_ratio().max(0.1),
    )
}

/// The side in CSS pixels at which every module has the same whole number of device pixels.
fn side(modules: f64, wanted: f64, ratio: f64, round: fn(f64) -> f64) -> f64 {
    let device = round(wanted * ratio / modules).max(1.0);
    modules * device / ratio
}

/// A length for a style sheet, written by the browser: the formatting of doubles would be 6 KB more to load.
fn pixels(length: f64) -> String {
    let text = js_sys::Number::from(length).to_string_with_radix(10);
    text.map_or_else(|_| String::new(), String::from) + "px"
}

fn modules_of(png: &[u8]) -> f64 {
    // The width stands in the header of every PNG, big-endian.
    let width = png
        .get(16..20)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_be_bytes);
    f64::from(width) / f64::from(u32::try_from(MODULE_PIXELS).unwrap_or(1))
}

#[component]
pub(crate) fn QrCard(
    /// The capture URL.
    url: String,
    /// The name of downloaded files, without its ending.
    name: String,
) -> impl IntoView {
    let (image, png) = match (png_data_url(&url), png_bytes(&url)) {
        (Ok(image), Ok(png)) => (image, png),
        (Err(error), _) | (_, Err(error)) => {
            return view! { <p class="soft">{error.to_string()}</p> }.into_any();
        }
    };
    let modules = modules_of(&png);
    let view_port = RwSignal::new(screen());
    let listener = window_event_listener(ev::resize, move |_| view_port.set(screen()));
    on_cleanup(move || listener.remove());
    let on_page = move || {
        let (.., ratio) = view_port.get();
        pixels(side(modules, LEAST, ratio, f64::ceil))
    };
    let dialog = NodeRef::<html::Dialog>::new();
    let files = StoredValue::new((name, png, url.clone()));
    let save_png = move |_| {
        files.with_value(|(name, png, _)| {
            browser::download(&format!("{name}.png"), "image/png", png)
        });
    };
    let save_svg = move |_| {
        files.with_value(|(name, _, url)| {
            let drawing = svg(url).ok()?;
            browser::download(&format!("{name}.svg"), "image/svg+xml", drawing.as_bytes())
        });
    };
    let alt = "QR code of the capture URL";
    view! {
        <figure class="qr">
            <div class="qr-paper"><img src=image.clone() alt=alt style:width=on_page style:height=on_page/></div>
            <div class="actions">
                <button type="button" class="button" on:click=save_png aria-label="Download PNG">"PNG"</button>
                <button type="button" class="button" on:click=save_svg aria-label="Download SVG">"SVG"</button>
                <FullScreenButton dialog/>
            </div>
        </figure>
        <FullScreen dialog image url modules view_port/>
    }
    .into_any()
}

#[component]
fn FullScreenButton(dialog: NodeRef<html::Dialog>) -> impl IntoView {
    let open = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            let _ = dialog.show_modal();
            spawn_local(fill_screen(dialog.unchecked_into()));
        }
    };
    view! { <button type="button" class="button" on:click=open>"Full screen"</button> }
}

/// Takes the whole screen where the browser allows it; the dialog fills the window in any case.
async fn fill_screen(element: web_sys::Element) {
    let request = js_sys::Reflect::get(&element, &"requestFullscreen".into());
    let request = request
        .ok()
        .and_then(|request| request.dyn_into::<js_sys::Function>().ok());
    if let Some(promise) = request.and_then(|request| request.call0(&element).ok()) {
        let _ = JsFuture::from(js_sys::Promise::resolve(&promise)).await;
    }
}

#[component]
fn FullScreen(
    dialog: NodeRef<html::Dialog>,
    image: String,
    url: String,
    modules: f64,
    view_port: RwSignal<(f64, f64, f64)>,
) -> impl IntoView {
    let words = Announce::default();
    let lock = StoredValue::new_local(None::<JsValue>);
    let largest = move || {
        let (width, height, ratio) = view_port.get();
        let fits = side(modules, width.min(height - FOOT), ratio, f64::floor);
        let least = side(modules, LEAST, ratio, f64::ceil);
        pixels(fits.max(least))
    };
    let awake = move |_| {
        let is_open = dialog.get_untracked().is_some_and(|dialog| dialog.open());
        if is_open {
            words.say("QR code on the full screen. Escape closes it.");
            spawn_local(async move {
                if let Some(held) = browser::keep_screen_on().await {
                    lock.try_set_value(Some(held));
                }
            });
        }
    };
    let asleep = move |_| {
        lock.try_update_value(|held| {
            if let Some(held) = held.take() {
                browser::let_screen_sleep(&held);
            }
        });
        if document().fullscreen_element().is_some() {
            document().exit_fullscreen();
        }
    };
    // Leaving the full screen by the browser's own key closes the dialog as well.
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let listener = window_event_listener(ev::fullscreenchange, move |_| {
        view_port.set(screen());
        if document().fullscreen_element().is_none() {
            close();
        }
    });
    on_cleanup(move || listener.remove());
    view! {
        <dialog class="full" node_ref=dialog aria-label="QR code on the full screen" on:close=asleep on:toggle=awake>
            <Announcer words/>
            <div class="full-body">
                <img src=image alt="QR code of the capture URL" style:width=largest style:height=largest/>
                <div class="full-foot">
                    <span>{url.clone()}</span>
                    <Copy text=Signal::stored(url) label="capture URL" words/>
                    <button type="button" class="link-button" on:click=move |_| close()>"Close"</button>
                </div>
            </div>
        </dialog>
    }
}
