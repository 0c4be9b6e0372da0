//! What the list is asked for: a search and a status.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use vouchkey_types::session::status::SessionStatus;
use web_sys::KeyboardEvent;

use super::address;
use crate::model::session::Query;
use crate::parts::keyboard::SEARCH;
use crate::{browser, place, words};

/// Between the last keystroke in the search and the call.
const PAUSE: Duration = Duration::from_millis(250);

#[component]
pub(super) fn Filters(
    environment: Memo<Environment>,
    query: Memo<Query>,
    count: Signal<Option<String>>,
    /// The count is still that of the filter before.
    is_awaited: RwSignal<bool>,
) -> impl IntoView {
    let replace = place::use_replace();
    let search = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(query.with_untracked(|query| query.q.clone()));
    // The back button changes the address, and with it the field.
    Effect::new(move |_| {
        let q = query.with(|query| query.q.clone());
        if typed.with_untracked(|typed| *typed != q) {
            typed.set(q);
        }
    });
    let wants_focus = place::use_query("focus");
    Effect::new(move |_| {
        if search.get().is_some() && wants_focus.get_untracked() == SEARCH {
            browser::focus_soon(SEARCH.to_owned());
        }
    });
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    on_cleanup(move || {
        if let Some(Some(handle)) = waiting.try_get_value() {
            handle.clear();
        }
    });
    let find = {
        let replace = replace.clone();
        move |event| {
            typed.set(event_target_value(&event));
            if let Some(handle) = waiting.get_value() {
                handle.clear();
            }
            let replace = replace.clone();
            let handle = set_timeout_with_handle(
                move || {
                    let next = Query {
                        q: typed.get_untracked(),
                        cursor: String::new(),
                        ..query.get_untracked()
                    };
                    replace(&address(environment.get_untracked(), &next));
                },
                PAUSE,
            );
            waiting.set_value(handle.ok());
        }
    };
    let filter = move |event| {
        let next = Query {
            status: event_target_value(&event),
            cursor: String::new(),
            ..query.get_untracked()
        };
        replace(&address(environment.get_untracked(), &next));
    };
    let leave = |event: KeyboardEvent| {
        if event.key() == "Escape"
            && let Some(field) = browser::focused()
        {
            // Browsers would empty the field, and tell nobody.
            event.prevent_default();
            let _ = field.blur();
        }
    };
    let status = move || query.with(|query| query.status.clone());
    view! {
        <div class="filters" role="search">
            <input
                id=SEARCH
                node_ref=search
                type="search"
                dir="auto"
                placeholder="Reference or id"
                aria-label="Search sessions by the beginning of the reference, or by session id"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || typed.get()
                on:input=find
                on:keydown=leave
            />
            <select aria-label="Status" on:change=filter prop:value=status>
                <option value="" selected=move || status().is_empty()>"Any status"</option>
                {SessionStatus::ALL.iter().map(|known| {
                    let word = known.as_str();
                    view! { <option value=word selected=move || status() == word>{words::status(*known)}</option> }
                }).collect_view()}
            </select>
            <p class="count small soft figures" class:is-awaited=move || is_awaited.get() role="status">{move || count.get()}</p>
        </div>
    }
}
