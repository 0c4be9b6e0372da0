//! A field: label, control, and one place for hint and message.

use leptos::prelude::*;

use super::country;
use super::form_state::Form;
use crate::form::fields::TextField;
use crate::form::placing::Control;

/// The place under a control: the mistake, else the hint. It is kept free for both.
#[component]
pub(crate) fn Below(
    /// The `id` of the control.
    id: String,
    #[prop(into)] message: Signal<Option<String>>,
    #[prop(into)] hint: Signal<String>,
) -> impl IntoView {
    let hint_id = format!("{id}-hint");
    let message_id = id + "-message";
    view! {
        <div class="below">
            <p class="message" id=message_id aria-live="polite">{move || message.get()}</p>
            <p class="hint" id=hint_id data-off=move || message.read().is_some().then_some("")>
                {move || hint.get()}
            </p>
        </div>
    }
}

/// Which element describes a control just now.
pub(crate) fn described_by(
    id: &str,
    message: Signal<Option<String>>,
) -> impl Fn() -> String + Clone + Send + Sync + use<> {
    let id = id.to_owned();
    move || {
        let part = if message.read().is_some() {
            "message"
        } else {
            "hint"
        };
        format!("{id}-{part}")
    }
}

/// `aria-invalid` of a control.
pub(crate) fn invalid(
    message: Signal<Option<String>>,
) -> impl Fn() -> Option<&'static str> + Copy + Send + Sync + 'static {
    move || message.read().is_some().then_some("true")
}

/// A field of one line.
#[component]
pub(crate) fn TextInput(
    form: Form,
    field: TextField,
    /// Words in the place of the hint, such as the name of the country that was typed.
    #[prop(optional, into)]
    hint: Option<Signal<String>>,
    /// The `id` of a list of suggestions.
    #[prop(optional)]
    list: Option<&'static str>,
    /// Takes the whole row of a paired set.
    #[prop(optional)]
    is_wide: bool,
) -> impl IntoView {
    let control = Control::Text(field.path);
    let id = control.dom_id();
    let message: Signal<Option<String>> = form.message(control).into();
    let hint = hint.unwrap_or_else(|| Signal::derive(move || field.hint.to_owned()));
    let value = Memo::new(move |_| form.draft.with(|draft| draft.text(field.path).to_owned()));
    let leave = move |_| {
        // A space at the end came from the clipboard, and nobody can see it.
        let mended = value.try_with_untracked(|text| {
            let trimmed = text.trim();
            let mended = country::code_for(field.path, trimmed).unwrap_or(trimmed);
            (mended.len() < text.len()).then(|| mended.to_owned())
        });
        if let Some(mended) = mended.flatten() {
            form.edit(control, |draft| draft.set_text(field.path, mended));
        }
        form.leave(control);
    };
    view! {
        <div class="field" class:is-wide=is_wide>
            <label for=id.clone()>{field.label}</label>
            <input
                id=id.clone()
                name=field.path
                type="text"
                dir="auto"
                inputmode=field.input_mode
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                list=list
                aria-describedby=described_by(&id, message)
                aria-invalid=invalid(message)
                prop:value=move || value.get()
                on:input=move |event| {
                    let text = event_target_value(&event);
                    form.edit(control, |draft| draft.set_text(field.path, text));
                }
                on:blur=leave
            />
            <Below id message hint/>
        </div>
    }
}
