//! The fields of the form: what most sessions need, then groups that fold.

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use vouchkey_types::check::Check;

use crate::form::fields::{
    APPLICANT_EMAIL, APPLICANT_NAME, COUNTRY, EMAIL_DISPLAY_NAME, EXPIRES_IN_MINUTES, EXTERNAL_REF,
    Group, PREFILL, REDIRECT_URL, SUPPORT_URL, WORKFLOW_ID, is_wide,
};
use crate::form::placing::Control;
use crate::form::summary::minutes_in_words;
use crate::parts::account::Account;
use crate::parts::country;
use crate::parts::field::{Below, TextInput, described_by, invalid};
use crate::parts::form_state::Form;
use crate::parts::group::Folding;
use crate::parts::metadata_editor::MetadataEditor;
use crate::words;

/// The list of countries that fields suggest.
const COUNTRIES: &str = "countries";

type Names = StoredValue<Vec<(&'static str, String)>>;

#[component]
pub(super) fn Sections(
    form: Form,
    account: Account,
    environment: Memo<Environment>,
) -> impl IntoView {
    let names: Names = StoredValue::new(country::names());
    let brand = account.read(|me| me.brand.clone());
    let expiry = Signal::derive(move || {
        let words = form
            .draft
            .with(|draft| minutes_in_words(draft.text(EXPIRES_IN_MINUTES.path)));
        words.map_or_else(
            || EXPIRES_IN_MINUTES.hint.to_owned(),
            |words| format!("{words}."),
        )
    });
    view! {
        <datalist id=COUNTRIES>
            {names.with_value(|names| names.iter().map(|(code, name)| view! { <option value=*code>{name.clone()}</option> }).collect_view())}
        </datalist>
        <div class="fields is-paired">
            <TextInput form field=EXTERNAL_REF is_wide=true/>
            <WorkflowSelect form account environment/>
            <TextInput form field=COUNTRY list=COUNTRIES hint=country_hint(form, names, COUNTRY)/>
            <TextInput form field=APPLICANT_EMAIL is_wide=true/>
            <SendEmail form/>
        </div>
        <div class="groups">
            <Folding form group=Group::Invitation name="Invitation">
                <p class="small soft">"Used only when an invitation is sent. The brand is otherwise " {brand} "."</p>
                <div class="fields is-paired">
                    <TextInput form field=APPLICANT_NAME/>
                    <TextInput form field=EMAIL_DISPLAY_NAME/>
                    <TextInput form field=SUPPORT_URL is_wide=true/>
                </div>
            </Folding>
            <Folding form group=Group::Checks name="Checks">
                <Checks form/>
            </Folding>
            <Folding form group=Group::Prefill name="Prefill">
                <p class="small soft">"What is known already. The applicant still goes through every step, and may correct it."</p>
                <div class="fields is-paired">
                    {PREFILL.map(|field| match field.path {
                        "fields.address_country_code" | "fields.nationality" => {
                            let hint = country_hint(form, names, field);
                            view! { <TextInput form field list=COUNTRIES hint/> }.into_any()
                        }
                        _ => view! { <TextInput form field is_wide=is_wide(field)/> }.into_any(),
                    }).collect_view()}
                </div>
            </Folding>
            <Folding form group=Group::Metadata name="Metadata">
                <MetadataEditor form/>
            </Folding>
            <Folding form group=Group::Redirect name="Redirect">
                <TextInput form field=REDIRECT_URL/>
            </Folding>
            <Folding form group=Group::Expiry name="Expiry">
                <TextInput form field=EXPIRES_IN_MINUTES hint=expiry/>
            </Folding>
        </div>
    }
}

/// The name of the country that was typed, else the field's own hint.
fn country_hint(form: Form, names: Names, field: crate::form::fields::TextField) -> Signal<String> {
    Signal::derive(move || {
        let typed = form
            .draft
            .with(|draft| draft.text(field.path).to_ascii_uppercase());
        names
            .with_value(|names| {
                names
                    .iter()
                    .find(|(code, _)| *code == typed)
                    .map(|(_, name)| name.clone())
            })
            .unwrap_or_else(|| field.hint.to_owned())
    })
}

#[component]
fn WorkflowSelect(form: Form, account: Account, environment: Memo<Environment>) -> impl IntoView {
    let field = WORKFLOW_ID;
    let control = Control::Text(field.path);
    let id = control.dom_id();
    let message: Signal<Option<String>> = form.message(control).into();
    let workflows = move || account.with(|me| me.workflows(environment.get()).to_vec());
    let chosen = Memo::new(move |_| form.draft.with(|draft| draft.text(field.path).to_owned()));
    let default = move || {
        let name = workflows()
            .into_iter()
            .find(|workflow| workflow.is_default)
            .map(|workflow| workflow.name);
        match name {
            None => "The default".to_owned(),
            Some(name) if name.eq_ignore_ascii_case("default") => name,
            Some(name) => format!("{name} (default)"),
        }
    };
    view! {
        <div class="field">
            <label for=id.clone()>{field.label}</label>
            <select
                id=id.clone()
                name=field.path
                aria-describedby=described_by(&id, message)
                aria-invalid=invalid(message)
                on:change=move |event| {
                    let text = event_target_value(&event);
                    form.edit(control, |draft| draft.set_text(field.path, text));
                    form.leave(control);
                }
            >
                <option value="" selected=move || chosen.read().is_empty()>{default}</option>
                {move || workflows().into_iter().filter(|workflow| !workflow.is_default).map(|workflow| {
                    let own = workflow.id.clone();
                    view! { <option value=workflow.id selected=move || *chosen.read() == own>{workflow.name}</option> }
                }).collect_view()}
            </select>
            <Below id message hint=Signal::stored(field.hint.to_owned())/>
        </div>
    }
}

#[component]
fn SendEmail(form: Form) -> impl IntoView {
    let control = Control::SendEmail;
    let id = control.dom_id();
    let is_on = Memo::new(move |_| form.draft.with(|draft| draft.send_email));
    view! {
        <div class="field is-wide">
            <label class="choice" for=id.clone()>
                <input
                    id=id.clone()
                    name="send_email"
                    type="checkbox"
                    aria-describedby=format!("{id}-hint")
                    prop:checked=move || is_on.get()
                    on:change=move |event| {
                        let on = event_target_checked(&event);
                        form.edit(control, |draft| draft.send_email = on);
                    }
                />
                <span>"Send an invitation by e-mail"</span>
            </label>
            <p class="small soft" id=format!("{id}-hint")>"With the link and its QR code. Without it, you hand on the link yourself."</p>
        </div>
    }
}

#[component]
fn Checks(form: Form) -> impl IntoView {
    let control = Control::Checks;
    let message = form.message(control);
    let is_own = Memo::new(move |_| form.draft.with(|draft| draft.checks.is_none()));
    let choose = move |own: bool| {
        form.edit(control, |draft| {
            draft.checks = if own {
                None
            } else {
                Some(draft.checks.take().unwrap_or_default())
            }
        });
    };
    let toggle = move |check: Check, on: bool| {
        form.edit(control, |draft| {
            let mut checks = draft.checks.take().unwrap_or_default();
            checks.retain(|other| *other != check);
            if on {
                checks.push(check);
            }
            // In the order of the list, whatever the order of the clicks.
            checks.sort_by_key(|check| Check::ALL.iter().position(|other| other == check));
            draft.checks = Some(checks);
        });
        form.leave(control);
    };
    view! {
        <fieldset id=control.dom_id() tabindex="-1" aria-describedby="field-checks-message">
            <legend class="unseen">"Checks"</legend>
            <label class="choice">
                <input type="radio" name="checks-of" prop:checked=move || is_own.get() on:change=move |_| choose(true)/>
                <span>"The workflow’s own checks"</span>
            </label>
            <label class="choice">
                <input type="radio" name="checks-of" prop:checked=move || !is_own.get() on:change=move |_| choose(false)/>
                <span>"These checks instead"</span>
            </label>
            <Show when=move || !is_own.get()>
                <div class="checks">
                    {Check::ALL.iter().map(|check| {
                        let check = *check;
                        let is_on = move || form.draft.with(|draft| draft.checks.as_ref().is_some_and(|checks| checks.contains(&check)));
                        view! {
                            <label class="choice">
                                <input
                                    type="checkbox"
                                    name="checks"
                                    value=check.as_str()
                                    prop:checked=is_on
                                    on:change=move |event| toggle(check, event_target_checked(&event))
                                />
                                <span>{words::plain(check.as_str())}</span>
                            </label>
                        }
                    }).collect_view()}
                </div>
            </Show>
            <p class="message small two-lines" id="field-checks-message" aria-live="polite">{move || message.get()}</p>
        </fieldset>
    }
}
