//! A part of the form that folds, and says what is set inside.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::form_state::Form;
use super::icon::Chevron;
use crate::form::fields::Group;
use crate::form::summary;
use crate::words;

#[component]
pub(crate) fn Folding(
    form: Form,
    group: Group,
    name: &'static str,
    children: Children,
) -> impl IntoView {
    let set = Memo::new(move |_| form.draft.with(|draft| summary::of(draft, group)));
    let errors = Memo::new(move |_| form.shown_in(group));
    let is_open = Memo::new(move |_| form.open.with(|open| open.contains(&group)));
    let follow = move |event: web_sys::Event| {
        let details: Option<web_sys::HtmlDetailsElement> =
            event.target().and_then(|target| target.dyn_into().ok());
        let Some(now_open) = details.map(|details| details.open()) else {
            return;
        };
        if now_open != is_open.get_untracked() {
            form.open.update(|open| {
                if now_open {
                    open.insert(group);
                } else {
                    open.remove(&group);
                }
            });
        }
    };
    view! {
        <details class="group" prop:open=move || is_open.get() on:toggle=follow>
            <summary>
                <Chevron/>
                <span class="group-name">{name}</span>
                <span class="group-set">{move || set.get()}</span>
                <span class="group-errors">
                    {move || match errors.get() {
                        0 => String::new(),
                        count => words::counted(count, "mistake", "mistakes"),
                    }}
                </span>
            </summary>
            <div class="group-body">{children()}</div>
        </details>
    }
}
