//! The keys of the dashboard, and the list of them.

use std::time::Duration;

use leptos::prelude::*;
use leptos::{ev, html};
use vouchkey_types::api_key::Environment;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

use super::table;
use crate::{browser, place};

/// The field that `/` goes to.
pub(crate) const SEARCH: &str = "search";

const KEYS: [(&str, &str); 7] = [
    ("n", "New verification"),
    ("/", "Search sessions"),
    ("g s", "Sessions"),
    ("g m", "Mailbox"),
    ("j k", "Down and up a list; Enter opens the row"),
    ("Esc", "Close, or leave the search"),
    ("?", "This list"),
];

/// Under which it is remembered whether the keys are on: who speaks to the computer presses them without meaning to.
const SWITCH: &str = "vouchkey.keys";
const OFF: &str = "off";

/// Whether the list of keys was asked for.
#[derive(Clone, Copy)]
pub(crate) struct Help(pub(crate) RwSignal<bool>);

/// Listens to the keys and holds the list of them.
#[component]
pub(crate) fn Keyboard(environment: Memo<Environment>, help: Help) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let Help(is_asked) = help;
    let go = place::use_go();
    let is_going = RwSignal::new(false);
    // As another tab has left it; where the browser remembers nothing, as this one has.
    let remembered = || browser::remembered(SWITCH).map(|word| word != OFF);
    let is_on = RwSignal::new(remembered().unwrap_or(true));
    let switch = move |event| {
        let on = event_target_checked(&event);
        is_on.set(on);
        browser::remember(SWITCH, if on { "on" } else { OFF });
    };
    Effect::new(move |_| {
        if let Some(dialog) = dialog.get().filter(|_| is_asked.get()) {
            is_on.update(|on| *on = remembered().unwrap_or(*on));
            let _ = dialog.show_modal();
        }
    });
    let on_key = move |event: KeyboardEvent| {
        let is_off = !remembered().unwrap_or(is_on.get_untracked());
        if is_off || is_for_others(&event) {
            return;
        }
        let here = environment.get_untracked();
        let key = event.key();
        if is_going.get_untracked() {
            is_going.set(false);
            match key.as_str() {
                "s" => go(&place::sessions(here)),
                "m" => go(&place::mailbox(here)),
                _ => {}
            }
            return;
        }
        match key.as_str() {
            "n" => go(&place::new_session(here)),
            "/" => {
                if !browser::focus(SEARCH) {
                    go(&place::with(place::sessions(here), &[("focus", SEARCH)]));
                }
            }
            "g" => {
                is_going.set(true);
                set_timeout(move || _ = is_going.try_set(false), Duration::from_secs(1));
            }
            "j" => table::step(true),
            "k" => table::step(false),
            "?" => is_asked.set(true),
            _ => return,
        }
        event.prevent_default();
    };
    let listener = window_event_listener(ev::keydown, on_key);
    on_cleanup(move || listener.remove());
    view! {
        <dialog node_ref=dialog aria-labelledby="keys-title" on:close=move |_| _ = is_asked.try_set(false)>
            <div class="dialog-body">
                <h2 id="keys-title">"Keyboard"</h2>
                <dl class="keys">
                    {KEYS.map(|(keys, what)| view! {
                        <dt>{keys.split(' ').map(|key| view! { <kbd>{key}</kbd> " " }).collect_view()}</dt>
                        <dd>{what}</dd>
                    }).collect_view()}
                </dl>
                <div>
                    <label class="choice">
                        <input type="checkbox" aria-describedby="keys-off" prop:checked=move || is_on.get() on:change=switch/>
                        <span>"These keys work"</span>
                    </label>
                    <p class="small soft" id="keys-off">"Switch them off if you speak to your computer, or press them by accident. Tab, Enter and Esc always work."</p>
                </div>
                <form method="dialog"><button class="button">"Close"</button></form>
            </div>
        </dialog>
    }
}

/// Keys with a modifier, keys typed into a field, and keys while a dialog is open.
fn is_for_others(event: &KeyboardEvent) -> bool {
    let is_typed = event
        .target()
        .and_then(|target| target.dyn_into::<Element>().ok())
        .is_some_and(|target| target.matches("input, select, textarea").unwrap_or(false));
    let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
    let has_dialog = document()
        .query_selector("dialog[open]")
        .is_ok_and(|found| found.is_some());
    event.default_prevented() || is_typed || has_modifier || has_dialog
}
