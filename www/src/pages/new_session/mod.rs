//! The form of a new verification: every field of the request, checked while somebody types.

mod companion;
mod sections;
mod sending;

use leptos::prelude::*;

use crate::form::fields::EXTERNAL_REF;
use crate::form::placing::Control;
use crate::parts::account::Account;
use crate::parts::form_state::Form;
use crate::parts::page_head::{PageHead, focus_heading};
use crate::{browser, place};

use companion::Companion;
use sections::Sections;
use sending::{Mistakes, Outcome, SendBar, use_sending};

#[component]
pub(crate) fn NewSession() -> impl IntoView {
    let account = Account::here();
    let environment = place::use_environment();
    let form = Form::new(account, environment);
    let sending = use_sending(form, environment);
    // Whoever came by the keyboard types at once; on a phone the keyboard would cover the form.
    if !browser::is_touched() {
        browser::focus_soon(Control::Text(EXTERNAL_REF.path).dom_id());
    }
    let clear = move |_| {
        form.clear();
        // The button goes away with what it cleared.
        if browser::is_touched() {
            focus_heading();
        } else {
            browser::focus(&Control::Text(EXTERNAL_REF.path).dom_id());
        }
    };
    let back = (place::sessions(environment.get_untracked()), "Sessions");
    let may = account.read(crate::model::me::Me::can_create);
    view! {
        <PageHead title=Signal::stored("New verification".to_owned()) back/>
        {(!may).then(|| view! {
            <p class="notice is-warn">"Your role may look at sessions, and not create them. Ask an owner or an admin of the organization."</p>
        })}
        <Show when=move || form.is_restored.get()>
            <p class="notice lead-in">
                <span>"What you typed before is here again. " <button type="button" class="link-button" on:click=clear>"Clear the form"</button></span>
            </p>
        </Show>
        <div class="with-companion">
            <form
                class="form"
                id="new-session"
                novalidate
                autocomplete="off"
                on:submit=move |event| {
                    event.prevent_default();
                    sending.send();
                }
            >
                <Mistakes sending/>
                <Sections form account environment/>
                <Outcome sending/>
                <SendBar sending environment/>
            </form>
            <Companion form account environment/>
        </div>
    }
}
