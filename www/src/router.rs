//! Which page an address names, and the ways from one to another.
//!
//! Of our own, since the library's router, for trees of pages that this dashboard does not have,
//! would be a good part of its first load.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlAnchorElement, MouseEvent, UrlSearchParams};

use crate::place::BASE;

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    SignIn,
    Start,
    Sessions,
    NewSession,
    Session(String),
    Created(String),
    Mailbox,
    Message(String),
    NotFound,
}

impl Route {
    /// The page that a path names.
    pub(crate) fn of(path: &str) -> Self {
        let Some(rest) = path.strip_prefix(BASE) else {
            return Self::NotFound;
        };
        let segments: Vec<&str> = rest
            .split('/')
            .filter(|segment| !segment.is_empty())
            .collect();
        match segments.as_slice() {
            [] => Self::Start,
            ["sign-in"] => Self::SignIn,
            ["sessions"] => Self::Sessions,
            ["sessions", "new"] => Self::NewSession,
            ["sessions", id] => Self::Session((*id).to_owned()),
            ["sessions", id, "created"] => Self::Created((*id).to_owned()),
            ["mailbox"] => Self::Mailbox,
            ["mailbox", id] => Self::Message((*id).to_owned()),
            _ => Self::NotFound,
        }
    }
}

/// Where the browser is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Here {
    path: String,
    search: String,
    hash: String,
}

impl Here {
    fn read() -> Self {
        let location = window().location();
        Self {
            path: location.pathname().unwrap_or_default(),
            search: location.search().unwrap_or_default(),
            hash: location.hash().unwrap_or_default(),
        }
    }
}

/// The address in the browser's bar, and how to change it.
///
/// Beside it the path that the back button left, until a list has taken it.
#[derive(Clone, Copy)]
pub(crate) struct Address(RwSignal<Here>, StoredValue<String>);

impl Address {
    /// Follows the browser's address from now on: its back button, and links to other pages.
    pub(crate) fn provide() -> Self {
        let address = Self(RwSignal::new(Here::read()), StoredValue::default());
        provide_context(address);
        let back = window_event_listener(ev::popstate, move |_| {
            address
                .1
                .set_value(address.0.with_untracked(|here| here.path.clone()));
            address.0.set(Here::read());
        });
        let follow = window_event_listener(ev::click, move |event| address.follow(&event));
        on_cleanup(move || {
            back.remove();
            follow.remove();
        });
        address
    }

    /// The address, for a component.
    pub(crate) fn here() -> Self {
        expect_context()
    }

    pub(crate) fn path(self) -> Memo<String> {
        Memo::new(move |_| self.0.with(|here| here.path.clone()))
    }

    pub(crate) fn hash(self) -> Memo<String> {
        Memo::new(move |_| self.0.with(|here| here.hash.clone()))
    }

    /// One value of the query, empty where it is absent.
    pub(crate) fn query(self, name: &'static str) -> Memo<String> {
        Memo::new(move |_| self.0.with(|here| value_in(&here.search, name)))
    }

    /// Path and query as they are now.
    pub(crate) fn whole(self) -> String {
        self.0
            .with_untracked(|here| format!("{}{}", here.path, here.search))
    }

    /// Once, the path from which the back button came here; else empty.
    pub(crate) fn take_left(self) -> String {
        let left = self.1.get_value();
        self.1.set_value(String::new());
        left
    }

    /// Goes to an address.
    pub(crate) fn go(self, address: &str) {
        self.1.set_value(String::new());
        if history(|history| history.push_state_with_url(&JsValue::NULL, "", Some(address))) {
            window().scroll_to_with_x_and_y(0.0, 0.0);
        }
        self.0.set(Here::read());
    }

    /// Puts another address in the place of this one.
    pub(crate) fn replace(self, address: &str) {
        history(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(address)));
        self.0.set(Here::read());
    }

    /// Takes a click on a link to another page of the dashboard out of the browser's hands.
    fn follow(self, event: &MouseEvent) {
        let is_plain = event.button() == 0
            && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
        if event.default_prevented() || !is_plain {
            return;
        }
        let Some(link) = link_of(event) else { return };
        let is_left_alone = link.has_attribute("target") || link.has_attribute("download");
        let is_ours = link.origin() == window().location().origin().unwrap_or_default()
            && link.pathname().starts_with(BASE);
        let is_here = format!("{}{}", link.pathname(), link.search()) == self.whole();
        if is_left_alone || !is_ours || (is_here && !link.hash().is_empty()) {
            return;
        }
        event.prevent_default();
        self.go(&format!(
            "{}{}{}",
            link.pathname(),
            link.search(),
            link.hash()
        ));
    }
}

fn link_of(event: &MouseEvent) -> Option<HtmlAnchorElement> {
    let element: Element = event.target()?.dyn_into().ok()?;
    // What stands above the link of its row, for the sake of its title, leads where the row leads.
    let link = element.closest("a[href]").ok()?.or_else(|| {
        let row = element.closest(".over").ok()??.closest("tr").ok()??;
        row.query_selector(".row-link").ok()?
    });
    link?.dyn_into().ok()
}

fn history(change: impl FnOnce(&web_sys::History) -> Result<(), JsValue>) -> bool {
    window()
        .history()
        .and_then(|history| change(&history))
        .is_ok()
}

fn value_in(search: &str, name: &str) -> String {
    UrlSearchParams::new_with_str(search)
        .ok()
        .and_then(|query| query.get(name))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn every_page_has_its_path() {
        for (path, route) in [
            ("/dashboard", Route::Start),
            ("/dashboard/", Route::Start),
            ("/dashboard/sign-in", Route::SignIn),
            ("/dashboard/sessions", Route::Sessions),
            ("/dashboard/sessions/new", Route::NewSession),
            ("/dashboard/sessions/ses_1", Route::Session("ses_1".into())),
            (
                "/dashboard/sessions/ses_1/created",
                Route::Created("ses_1".into()),
            ),
            ("/dashboard/mailbox", Route::Mailbox),
            ("/dashboard/mailbox/evt_1", Route::Message("evt_1".into())),
            ("/dashboard/else", Route::NotFound),
            ("/dashboard/sessions/a/b/c", Route::NotFound),
            ("/", Route::NotFound),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
    }

    #[wasm_bindgen_test]
    fn values_of_the_query_are_decoded() {
        assert_eq!(value_in("?env=live&q=a%20b", "q"), "a b");
        assert_eq!(value_in("?env=live", "q"), "");
        assert_eq!(value_in("", "q"), "");
    }
}
