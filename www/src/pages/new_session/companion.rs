//! Beside the form: the request as `curl`, and the invitation as it would be sent.

use std::time::Duration;

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use vouchkey_wasm::client::ClientError;
use wasm_bindgen_futures::spawn_local;

use crate::api;
use crate::form::curl;
use crate::model::session::{DryRun, Letter};
use crate::parts::account::Account;
use crate::parts::copy::Copy;
use crate::parts::form_state::Form;
use crate::parts::load::in_words;

/// Between the last keystroke and the dry run.
const PAUSE: Duration = Duration::from_millis(400);

#[component]
pub(super) fn Companion(
    form: Form,
    account: Account,
    environment: Memo<Environment>,
) -> impl IntoView {
    let public_url = account.read(|me| me.public_url.clone());
    let command = Memo::new(move |_| {
        form.checked
            .with(|checked| curl::command(&public_url, &checked.request))
    });
    let key = move || match environment.get() {
        Environment::Live => "vk_live_",
        Environment::Sandbox => "vk_sandbox_",
    };
    view! {
        <aside class="companion" aria-label="Beside the form">
            <section>
                <div class="companion-head">
                    <h2>"The same by API"</h2>
                    <Copy text=command label="the request as curl"/>
                </div>
                <pre class="code" tabindex="0" aria-label="The request as curl">{move || command.get()}</pre>
                <p class="small soft">"The variable holds a key that begins with " <code>{key}</code> "."</p>
            </section>
            <Preview form account environment/>
        </aside>
    }
}

/// Where the preview stands.
#[derive(Debug, Clone, PartialEq)]
enum Shown {
    /// No invitation is sent.
    Off,
    /// It is, and nothing is known yet.
    Waiting,
    Ready(DryRun),
    Failed(ClientError),
}

#[component]
fn Preview(form: Form, account: Account, environment: Memo<Environment>) -> impl IntoView {
    let shown = RwSignal::new(Shown::Off);
    let is_stale = RwSignal::new(false);
    // What a dry run would be asked: only where an invitation is sent, and nothing is wrong.
    let question = Memo::new(move |_| {
        let is_wanted = form.draft.with(|draft| draft.send_email);
        form.checked.with(|checked| {
            let is_sound = checked.errors.is_empty();
            (is_wanted && is_sound).then(|| (environment.get(), checked.request.to_text()))
        })
    });
    let is_wanted = Memo::new(move |_| form.draft.with(|draft| draft.send_email));
    let newest = StoredValue::new(0_u32);
    Effect::new(move |_| {
        newest.update_value(|number| *number += 1);
        let own = newest.get_value();
        let is_newest = move || newest.try_get_value() == Some(own);
        is_stale.set(true);
        if !is_wanted.get() {
            shown.set(Shown::Off);
            return;
        }
        if shown.with_untracked(|shown| *shown == Shown::Off) {
            shown.set(Shown::Waiting);
        }
        let Some((environment, body)) = question.get() else {
            return;
        };
        let ask = move || {
            if !is_newest() {
                return;
            }
            spawn_local(async move {
                let answer = api::dry_run(environment, body).await;
                if is_newest() {
                    is_stale.set(false);
                    shown.set(answer.map_or_else(Shown::Failed, Shown::Ready));
                }
            });
        };
        set_timeout(ask, PAUSE);
    });
    view! {
        <section aria-busy=move || if is_stale.get() && is_wanted.get() { "true" } else { "false" }>
            <h2>"The invitation"</h2>
            {move || match shown.get() {
                Shown::Off => view! { <p class="small soft">"None is sent. Switch on “Send an invitation by e-mail” to see it here as it would be sent."</p> }.into_any(),
                Shown::Waiting => view! { <p class="small soft">"It appears here once the form has no mistakes."</p> }.into_any(),
                Shown::Failed(error) if error.status == Some(401) => view! {
                    <p class="small">"You were signed out. What you typed is kept. "
                        <button type="button" class="link-button" on:click=move |_| account.lose()>"Sign in"</button></p>
                }.into_any(),
                Shown::Failed(error) => {
                    let (title, text) = in_words(&error);
                    view! { <p class="small soft">{title} ". " {text}</p> }.into_any()
                }
                Shown::Ready(run) => view! {
                    {ignored(&run.ignored_fields)}
                    {run.letter.map(|letter| view! { <Sheet letter is_stale/> })}
                }.into_any(),
            }}
        </section>
    }
}

fn ignored(fields: &[String]) -> Option<impl IntoView + use<>> {
    let names = fields.join(", ");
    (!fields.is_empty()).then(|| view! { <p class="notice is-warn small">"The server does not know, and ignores: " {names}</p> })
}

#[component]
fn Sheet(letter: Letter, is_stale: RwSignal<bool>) -> impl IntoView {
    view! {
        <div class="letter" class:is-stale=move || is_stale.get() tabindex="0" role="group" aria-label="The invitation as it would be sent">
            <div>
                <p class="small soft">"To " {letter.to}</p>
                <p><strong>{letter.subject}</strong></p>
            </div>
            <pre>{letter.text}</pre>
        </div>
    }
}
