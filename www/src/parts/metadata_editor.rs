//! Metadata: rows of key and value, into which JSON or `key=value` lines can be pasted.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::ClipboardEvent;

use super::announcer::Announce;
use super::field::invalid;
use super::form_state::Form;
use super::icon::Cross;
use crate::form::paste;
use crate::form::placing::Control;
use crate::form::summary::{Meter, meters};
use crate::{browser, words};

#[component]
pub(crate) fn MetadataEditor(form: Form) -> impl IntoView {
    let ids = Memo::new(move |_| {
        form.draft
            .with(|draft| draft.rows.iter().map(|row| row.id).collect::<Vec<_>>())
    });
    let whole = form.message(Control::Metadata);
    let bars = Memo::new(move |_| form.draft.with(meters));
    let add = move |_| {
        form.draft.update(|draft| {
            let id = draft.add_row(String::new(), String::new(), false);
            browser::focus_soon(Control::Key(id).dom_id());
        });
    };
    view! {
        <p class="small soft" id="metadata-help">
            "Your own values, given back with the session. Paste JSON or key=value lines into a key to fill many rows at once."
        </p>
        <div class="rows" role="group" aria-label="Metadata" aria-describedby="metadata-help" id="field-metadata" tabindex="-1">
            <For each=move || ids.get() key=|id| *id let:id>
                <MetadataRow form id ids/>
            </For>
        </div>
        <p class="message small" aria-live="polite">{move || whole.get()}</p>
        <div class="meters">
            {move || bars.get().into_iter().map(|meter| view! { <Bar meter/> }).collect_view()}
        </div>
        <div><button type="button" class="button" on:click=add>"Add a key"</button></div>
    }
}

#[component]
fn MetadataRow(form: Form, id: u32, ids: Memo<Vec<u32>>) -> impl IntoView {
    let announce = Announce::here();
    let (key, value) = (Control::Key(id), Control::Value(id));
    let text_of = move |read: fn(&crate::form::row::Row) -> String| {
        Memo::new(move |_| {
            form.draft
                .with(|draft| draft.row(id).map(read).unwrap_or_default())
        })
    };
    let key_text = text_of(|row| row.key.clone());
    let value_text = text_of(|row| row.value.clone());
    let kind = text_of(|row| if row.is_json { "json" } else { "text" }.to_owned());
    let key_message: Signal<Option<String>> = form.message(key).into();
    let value_message: Signal<Option<String>> = form.message(value).into();
    let number = move || {
        ids.with(|ids| ids.iter().position(|other| *other == id))
            .map_or(0, |index| index + 1)
    };
    let message_id = format!("field-metadata-{id}-message");
    let take = move |event: ClipboardEvent, is_key: bool| {
        let text = event
            .clipboard_data()
            .and_then(|data| data.get_data("text").ok())
            .unwrap_or_default();
        // Into a value, only what cannot be meant as one value goes elsewhere.
        let is_meant =
            is_key || (text.trim().contains('\n') && !text.trim_start().starts_with('{'));
        if let Some(pasted) = paste::read(&text).filter(|_| is_meant) {
            event.prevent_default();
            let mut count = 0;
            form.edit(key, |draft| count = draft.merge(id, pasted));
            announce.say(&format!("{} pasted", words::counted(count, "key", "keys")));
            let last = form
                .draft
                .with_untracked(|draft| draft.rows.last().map(|row| row.id));
            if let Some(last) = last {
                browser::focus_soon(Control::Value(last).dom_id());
            }
        }
    };
    let remove = move |_| {
        let next = ids.with_untracked(|ids| {
            let at = ids.iter().position(|other| *other == id).unwrap_or(0);
            ids.get(at + 1)
                .or_else(|| ids.get(at.checked_sub(1)?))
                .copied()
        });
        form.edit(key, |draft| {
            draft.rows.retain(|row| row.id != id);
            let next = next.unwrap_or_else(|| draft.add_row(String::new(), String::new(), false));
            browser::focus_soon(Control::Key(next).dom_id());
        });
    };
    view! {
        <div class="row">
            <input
                class="row-key mono"
                id=key.dom_id()
                type="text"
                placeholder="Key"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                aria-label=move || format!("Key {}", number())
                aria-describedby=message_id.clone()
                aria-invalid=invalid(key_message)
                prop:value=move || key_text.get()
                on:input=move |event| {
                    let text = event_target_value(&event);
                    form.edit(key, |draft| draft.change_row(id, |row| row.key = text));
                }
                on:paste=move |event| take(event, true)
                on:blur=move |_| form.leave(key)
            />
            <textarea
                class="row-value mono"
                id=value.dom_id()
                rows="1"
                placeholder="Value"
                autocomplete="off"
                spellcheck="false"
                aria-label=move || format!("Value {}", number())
                aria-describedby=message_id.clone()
                aria-invalid=invalid(value_message)
                prop:value=move || value_text.get()
                on:input=move |event| {
                    let text = event_target_value(&event);
                    form.edit(value, |draft| draft.change_row(id, |row| row.value = text));
                }
                on:paste=move |event| take(event, false)
                on:blur=move |_| {
                    form.leave(value);
                    form.leave(key);
                }
            ></textarea>
            <select
                aria-label=move || format!("Value {} is sent as", number())
                prop:value=move || kind.get()
                on:change=move |event| {
                    let is_json = chosen(&event) == "json";
                    form.edit(value, |draft| draft.change_row(id, |row| row.is_json = is_json));
                    form.leave(value);
                }
            >
                <option value="text" selected=move || kind.get() == "text">"Text"</option>
                <option value="json" selected=move || kind.get() == "json">"JSON"</option>
            </select>
            <button
                type="button"
                class="icon-button"
                aria-label=move || format!("Remove key {}", number())
                on:click=remove
            ><Cross/></button>
            <p class="below message" id=message_id aria-live="polite">
                {move || key_message.get().or_else(|| value_message.get())}
            </p>
        </div>
    }
}

fn chosen(event: &web_sys::Event) -> String {
    event
        .target()
        .and_then(|target| target.dyn_into::<web_sys::HtmlSelectElement>().ok())
        .map(|select| select.value())
        .unwrap_or_default()
}

#[component]
fn Bar(meter: Meter) -> impl IntoView {
    let share = format!("{}%", meter.percent());
    view! {
        <div class="meter" class:is-over=meter.is_over()>
            <span class="track" aria-hidden="true"><span style:width=share></span></span>
            <span class="figures">{format!("{}: {} of {}", meter.label, meter.used, meter.limit)}</span>
        </div>
    }
}
