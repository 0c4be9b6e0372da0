//! Tables whose rows are links, with `j` and `k` to walk through them.

use std::sync::Arc;
use std::time::Duration;

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlAnchorElement, HtmlElement};

use crate::browser;
use crate::router::Address;

/// The rows of a table, each drawn once by its id. One stays who it is when others come above it: somebody may be about to
/// open it. (One for all tables, since each kind of list would be 3 KB more to load.)
#[component]
pub(crate) fn Rows(
    ids: Arc<dyn Fn() -> Vec<String> + Send + Sync>,
    draw: Arc<dyn Fn(String) -> AnyView + Send + Sync>,
) -> impl IntoView {
    view! { <For each=move || ids() key=String::clone children=move |id| draw(id)/> }
}

/// The links of the rows, in their order.
fn links() -> Vec<HtmlElement> {
    let Ok(found) = document().query_selector_all(".row-link") else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|index| found.get(index)?.dyn_into().ok())
        .collect()
}

/// Hands the focus to the row of the page that the back button left; to be called while the table is set up.
pub(crate) fn focus_left_row() {
    let left = Address::here().take_left();
    if left.is_empty() {
        return;
    }
    let focus = move || {
        let row = links().into_iter().find(|link| {
            let link: Option<&HtmlAnchorElement> = link.dyn_ref();
            link.is_some_and(|link| link.pathname() == left)
        });
        if let Some(row) = row {
            let _ = row.focus();
        }
    };
    set_timeout(focus, Duration::ZERO);
}

/// Hands the focus to the first row once another page of the list is there, unless it has gone elsewhere meanwhile; to
/// be called while the table is set up.
pub(crate) fn focus_turned_page(cursor: Memo<String>) {
    let focus = || {
        if browser::has_focus("body, .pager *")
            && let Some(row) = links().first()
        {
            let _ = row.focus();
        }
    };
    Effect::new(move |before: Option<String>| {
        let now = cursor.get();
        if before.is_some_and(|before| before != now) {
            set_timeout(focus, Duration::ZERO);
        }
        now
    });
}

/// Changes the rows. If the one with the focus is not among them any more, the last one gets it.
pub(crate) fn keep_focus_in_rows(change: impl FnOnce()) {
    let was_in_rows = browser::has_focus(".row-link");
    change();
    let focus = || {
        if browser::has_focus("body")
            && let Some(row) = links().last()
        {
            let _ = row.focus();
        }
    };
    if was_in_rows {
        set_timeout(focus, Duration::ZERO);
    }
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
