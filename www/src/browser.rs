//! What the dashboard asks of the browser: time, clipboard, downloads, focus.

use std::fmt::Write as _;
use std::time::Duration;

use js_sys::{Array, Date as JsDate, Function, Object, Reflect, Uint8Array};
use leptos::prelude::{document, set_timeout, window};
use vouchkey_types::date::Date;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, HtmlElement, HtmlTextAreaElement, Url};

/// Unix time in milliseconds, by this computer's clock.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 are far below 2^53"
)]
pub(crate) fn now_ms() -> i64 {
    JsDate::now() as i64
}

/// Today in UTC.
pub(crate) fn today() -> Date {
    Date::from_unix_ms(now_ms())
}

/// Reads a time of the wire.
#[expect(
    clippy::cast_possible_truncation,
    reason = "milliseconds since 1970 are far below 2^53"
)]
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let ms = JsDate::parse(text);
    ms.is_finite().then_some(ms as i64)
}

/// A time in the reader's own zone: `25 Nov 2026, 14:05` in the style `short`, with seconds in `medium`, and in `long` with
/// the zone as well.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are far below 2^53"
)]
pub(crate) fn local_time(ms: i64, style: &str) -> String {
    let options = Object::new();
    for (name, value) in [("dateStyle", "medium"), ("timeStyle", style)] {
        set(&options, name, &value.into());
    }
    let date = JsDate::new(&JsValue::from_f64(ms as f64));
    String::from(date.to_locale_string("en-GB", &options))
}

/// The English names of countries, from the browser's own tables; the code itself where it has none.
pub(crate) fn country_names(
    codes: &mut dyn Iterator<Item = &'static str>,
) -> Vec<(&'static str, String)> {
    let of = display_names();
    codes
        .map(|code| {
            let name = of
                .as_ref()
                .and_then(|(names, of)| of.call1(names, &code.into()).ok()?.as_string());
            (code, name.unwrap_or_else(|| code.to_owned()))
        })
        .collect()
}

fn display_names() -> Option<(JsValue, Function)> {
    let options = Object::new();
    set(&options, "type", &"region".into());
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let constructor: Function = Reflect::get(&intl, &"DisplayNames".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let names = Reflect::construct(&constructor, &Array::of2(&"en".into(), &options)).ok()?;
    let of: Function = Reflect::get(&names, &"of".into()).ok()?.dyn_into().ok()?;
    Some((names, of))
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // Setting a member of a plain object cannot fail.
    let _ = Reflect::set(object, &name.into(), value);
}

/// A fresh idempotency key: 128 random bits.
pub(crate) fn random_key() -> String {
    let mut bytes = [0_u8; 16];
    let has_random = window()
        .crypto()
        .is_ok_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    let mut key = String::from("dashboard-");
    if !has_random {
        // No browser of today; still never the same twice in one.
        let _ = write!(key, "{}-", now_ms());
    }
    for byte in bytes {
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// Puts text on the clipboard; `false` if the browser does not allow it.
pub(crate) async fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    // Absent on plain http, in spite of its type.
    let is_there =
        Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|value| !value.is_undefined());
    if is_there
        && JsFuture::from(navigator.clipboard().write_text(text))
            .await
            .is_ok()
    {
        return true;
    }
    copy_by_selection(text).unwrap_or(false)
}

/// The old way, which works on plain http as well.
fn copy_by_selection(text: &str) -> Option<bool> {
    let before = focused();
    let area: HtmlTextAreaElement = document()
        .create_element("textarea")
        .ok()?
        .dyn_into()
        .ok()?;
    area.set_value(text);
    area.set_class_name("unseen");
    // Inside an open dialog, since all outside of it can hold no focus.
    let host = document().query_selector("dialog[open]").ok().flatten();
    let host = host.or_else(|| document().body().map(Into::into))?;
    host.append_child(&area).ok()?;
    area.select();
    let exec: Option<Function> = Reflect::get(&document(), &"execCommand".into())
        .ok()?
        .dyn_into()
        .ok();
    let done = exec
        .and_then(|exec| exec.call1(&document(), &"copy".into()).ok())
        .is_some_and(|done| done.is_truthy());
    area.remove();
    if let Some(before) = before {
        let _ = before.focus();
    }
    Some(done)
}

/// The element that has the focus.
pub(crate) fn focused() -> Option<HtmlElement> {
    document().active_element()?.dyn_into().ok()
}

/// Whether the focus is on what this selects; on `body` where nothing has it.
pub(crate) fn has_focus(selector: &str) -> bool {
    focused().is_some_and(|element| element.matches(selector).unwrap_or(false))
}

/// Gives the focus to the element of this id; `false` if there is none.
pub(crate) fn focus(id: &str) -> bool {
    document()
        .get_element_by_id(id)
        .and_then(|element| element.dyn_into::<HtmlElement>().ok())
        .is_some_and(|element| element.focus().is_ok())
}

/// Gives the focus to an element that the page is about to draw.
pub(crate) fn focus_soon(id: String) {
    set_timeout(move || _ = focus(&id), Duration::ZERO);
}

/// Saves bytes as a file.
pub(crate) fn download(name: &str, kind: &str, bytes: &[u8]) -> Option<()> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = Array::of1(&Uint8Array::from(bytes));
    let blob = Blob::new_with_u8_array_sequence_and_options(&parts, &options).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let link: HtmlAnchorElement = document().create_element("a").ok()?.dyn_into().ok()?;
    link.set_href(&url);
    link.set_download(name);
    link.click();
    // Not at once: the browser reads it after the click was handled.
    set_timeout(
        move || _ = Url::revoke_object_url(&url),
        Duration::from_mins(1),
    );
    Some(())
}

/// Whether the browser knows that it has no network.
pub(crate) fn is_offline() -> bool {
    !window().navigator().on_line()
}

/// Loads the page anew.
pub(crate) fn reload() {
    let _ = window().location().reload();
}

/// The path of the address, as it is now.
pub(crate) fn path() -> String {
    window().location().pathname().unwrap_or_default()
}

/// Whether the page is looked at.
pub(crate) fn is_visible() -> bool {
    document().visibility_state() == web_sys::VisibilityState::Visible
}

/// Whether this is used by touch, where a focused field brings up a keyboard over the page.
pub(crate) fn is_touched() -> bool {
    let query = window().match_media("(pointer: coarse)");
    query.is_ok_and(|query| query.is_some_and(|query| query.matches()))
}

/// Whether a cookie of a sign-in can be kept here: on https, and on this computer itself.
pub(crate) fn is_trustworthy() -> bool {
    let location = window().location();
    let host = location.hostname().unwrap_or_default();
    location
        .protocol()
        .is_ok_and(|protocol| protocol == "https:")
        || is_loopback(&host)
}

fn is_loopback(host: &str) -> bool {
    host == "localhost"
        || host.ends_with(".localhost")
        || host == "[::1]"
        || host.starts_with("127.")
}

/// Remembers something small for the next visit; a browser that forbids it forgets.
pub(crate) fn remember(name: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(name, value);
    }
}

/// What [`remember`] kept.
pub(crate) fn remembered(name: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(name).ok()?
}

fn tab_storage() -> Option<web_sys::Storage> {
    window().session_storage().ok()?
}

/// Keeps a text for as long as this tab is open, through reloads; an empty one is dropped.
pub(crate) fn keep(name: &str, text: &str) {
    if let Some(storage) = tab_storage() {
        // A text beyond the browser's bound is not kept, and nor is the one before it.
        let _ = storage.remove_item(name);
        if !text.is_empty() {
            let _ = storage.set_item(name, text);
        }
    }
}

/// What [`keep`] kept.
pub(crate) fn kept(name: &str) -> Option<String> {
    tab_storage()?.get_item(name).ok()?
}

/// Whether this tab keeps anything under a name that begins so.
pub(crate) fn keeps(prefix: &str) -> bool {
    tab_storage().is_some_and(|storage| {
        let names = (0..storage.length().unwrap_or(0)).filter_map(|at| storage.key(at).ok()?);
        names.into_iter().any(|name| name.starts_with(prefix))
    })
}

/// Drops all that this tab keeps.
pub(crate) fn drop_kept() {
    if let Some(storage) = tab_storage() {
        let _ = storage.clear();
    }
}

/// Asks the browser to keep the screen on; it stops by itself when the page is left.
pub(crate) async fn keep_screen_on() -> Option<JsValue> {
    let lock = Reflect::get(&window().navigator(), &"wakeLock".into()).ok()?;
    let request: Function = Reflect::get(&lock, &"request".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let promise = request.call1(&lock, &"screen".into()).ok()?;
    JsFuture::from(js_sys::Promise::resolve(&promise))
        .await
        .ok()
}

/// Gives back what [`keep_screen_on`] took.
pub(crate) fn let_screen_sleep(lock: &JsValue) {
    let release = Reflect::get(lock, &"release".into())
        .ok()
        .and_then(|release| release.dyn_into::<Function>().ok());
    if let Some(release) = release {
        let _ = release.call0(lock);
    }
}
