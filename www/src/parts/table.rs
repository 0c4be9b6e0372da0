//! Tables whose rows are links, with `j` and `k` to walk through them.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// The links of the rows, in their order.
fn links() -> Vec<HtmlElement> {
    let Ok(found) = document().query_selector_all(".row-link") else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|index| found.get(index)?.dyn_into().ok())
        .collect()
}

/// Moves the focus one row down or up; from outside the table to its first or last row.
pub(crate) fn step(is_down: bool) {
    let links = links();
    let active = document().active_element();
    let at = links.iter().position(|link| {
        let link: &web_sys::Element = link;
        active.as_ref() == Some(link)
    });
    let last = links.len().saturating_sub(1);
    let next = match (at, is_down) {
        (None, true) => 0,
        (None, false) => last,
        (Some(at), true) => (at + 1).min(last),
        (Some(at), false) => at.saturating_sub(1),
    };
    if let Some(link) = links.get(next) {
        let _ = link.focus();
    }
}
