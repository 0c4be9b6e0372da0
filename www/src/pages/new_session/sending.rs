//! Sending the form: once, with one idempotency key over all retries, and what comes of it.

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use vouchkey_types::problem::ErrorCode;
use vouchkey_wasm::client::ClientError;
use wasm_bindgen_futures::spawn_local;

use crate::form::attempts::Attempt;
use crate::form::placing::Placed;
use crate::parts::account::Account;
use crate::parts::form_state::Form;
use crate::parts::load::in_words;
use crate::parts::rail::Fixed;
use crate::{api, browser, place, words};

const SUMMARY: &str = "mistakes";
const FAILURE: &str = "failure";

#[derive(Clone, Copy)]
pub(super) struct Sending {
    form: Form,
    environment: Memo<Environment>,
    account: Account,
    is_busy: RwSignal<bool>,
    /// The mistakes of the last try; they keep their places while they are mended.
    mistakes: RwSignal<Vec<Placed>>,
    failure: RwSignal<Option<ClientError>>,
    /// The newest, for a browser that keeps nothing.
    attempt: StoredValue<Option<Attempt>>,
    /// What was created, and where: the address may name another environment by now.
    arrived: RwSignal<Option<(String, Environment)>>,
}

pub(super) fn use_sending(form: Form, environment: Memo<Environment>) -> Sending {
    let sending = Sending {
        form,
        environment,
        account: Account::here(),
        is_busy: RwSignal::new(false),
        mistakes: RwSignal::new(Vec::new()),
        failure: RwSignal::new(None),
        attempt: StoredValue::new(None),
        arrived: RwSignal::new(None),
    };
    // The draft would move along, and be sent once more there should this fail.
    let Fixed(is_fixed) = expect_context();
    Effect::new(move |_| is_fixed.set(sending.is_busy.get()));
    on_cleanup(move || _ = is_fixed.try_set(false));
    let replace = place::use_replace();
    Effect::new(move |_| {
        if let Some((id, environment)) = sending.arrived.get() {
            // In the place of the form, so that going back does not offer to send it again.
            replace(&place::created(&id, environment));
            window().scroll_to_with_x_and_y(0.0, 0.0);
        }
    });
    sending
}

impl Sending {
    pub(super) fn send(self) {
        if self.is_busy.get_untracked() {
            return;
        }
        self.failure.set(None);
        self.form.send();
        if !self.form.is_sound() {
            self.show_mistakes();
            return;
        }
        self.mistakes.set(Vec::new());
        self.is_busy.set(true);
        let attempt = self.attempt();
        let kept = self.form.kept();
        spawn_local(async move {
            let (environment, key) = (attempt.environment, attempt.key.clone());
            let answer = api::create(environment, attempt.body.clone(), key).await;
            let is_left = self.is_busy.try_set(false).is_some();
            match answer {
                // Somebody came back to the form meanwhile: sent from there, it has the same key and the same answer.
                Ok(_) if is_left && kept.is_open(&attempt) => {}
                Ok(id) => {
                    kept.settle(&attempt);
                    if !is_left {
                        // Also where something was typed meanwhile.
                        kept.keep_draft(environment, "");
                        self.arrived.set(Some((id, environment)));
                    }
                }
                Err(error) if error.error == Some(ErrorCode::Unauthorized) => self.account.lose(),
                // Nobody is there to mend anything.
                Err(_) if is_left => {}
                Err(error) => self.fail(error),
            }
        });
    }

    /// The same request has the same key, until it was answered.
    fn attempt(self) -> Attempt {
        let environment = self.environment.get_untracked();
        let body = self
            .form
            .checked
            .with_untracked(|checked| checked.request.to_text());
        let before = self
            .attempt
            .get_value()
            .filter(|before| before.environment == environment && before.body == body);
        let attempt = before.unwrap_or_else(|| self.form.kept().attempt(environment, body));
        self.attempt.set_value(Some(attempt.clone()));
        attempt
    }

    fn fail(self, error: ClientError) {
        match error.error {
            Some(ErrorCode::ValidationFailed) if !error.errors.is_empty() => {
                self.form.refuse(error.errors);
                self.show_mistakes();
            }
            _ => {
                self.failure.set(Some(error));
                // On a phone it is below what can be seen.
                browser::focus_soon(FAILURE.to_owned());
            }
        }
    }

    fn show_mistakes(self) {
        self.mistakes.set(self.form.placed.get_untracked());
        browser::focus_soon(SUMMARY.to_owned());
    }
}

/// What is wrong, as links to the fields. A line that was mended stays, struck out, so that nothing
/// moves while one works through the list.
#[component]
pub(super) fn Mistakes(sending: Sending) -> impl IntoView {
    let form = sending.form;
    let left = move || {
        sending.mistakes.with(|mistakes| {
            form.placed.with(|placed| {
                mistakes
                    .iter()
                    .filter(|mistake| is_in(placed, mistake))
                    .count()
            })
        })
    };
    let title = move || match left() {
        0 => "All mended".to_owned(),
        count => format!("{} to mend", words::counted(count, "mistake", "mistakes")),
    };
    view! {
        <Show when=move || !sending.mistakes.read().is_empty()>
            <div class="notice is-bad" class:is-mended=move || left() == 0 id=SUMMARY tabindex="-1" role="group" aria-labelledby="mistakes-title">
                <strong id="mistakes-title">{title}</strong>
                <ul>
                    {move || sending.mistakes.get().into_iter().map(|mistake| view! { <Line form mistake/> }).collect_view()}
                </ul>
            </div>
        </Show>
    }
}

fn is_in(placed: &[Placed], mistake: &Placed) -> bool {
    placed.iter().any(|other| other.control == mistake.control)
}

#[component]
fn Line(form: Form, mistake: Placed) -> impl IntoView {
    let control = mistake.control;
    let id = control.dom_id();
    let text = if mistake.label.is_empty() {
        mistake.message.clone()
    } else {
        format!("{}: {}", mistake.label, mistake.message)
    };
    let is_mended = Memo::new(move |_| form.placed.with(|placed| !is_in(placed, &mistake)));
    let href = format!("#{id}");
    let go = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        form.open.update(|open| _ = open.insert(control.group()));
        browser::focus_soon(id.clone());
    };
    view! {
        <li class:is-mended=move || is_mended.get()>
            <a href=href on:click=go>
                {move || is_mended.get().then(|| view! { <span class="unseen">"Mended: "</span> })}
                {text}
            </a>
        </li>
    }
}

/// What else went wrong: no connection, a limit, a fault of the server.
#[component]
pub(super) fn Outcome(sending: Sending) -> impl IntoView {
    view! {
        <div role="alert">
            {move || sending.failure.get().map(|error| {
                let (title, text) = in_words(&error);
                view! {
                    <div class="notice is-bad" id=FAILURE tabindex="-1">
                        <strong>{title}</strong>
                        <p>{text} " What you typed is still here, and sending it again creates nothing twice."</p>
                    </div>
                }
            })}
        </div>
    }
}

#[component]
pub(super) fn SendBar(sending: Sending, environment: Memo<Environment>) -> impl IntoView {
    let is_busy = sending.is_busy;
    let is_sandbox = move || environment.get() == Environment::Sandbox;
    view! {
        <div class="actions is-main">
            <button
                class="button is-main"
                class:is-busy=move || is_busy.get()
                aria-disabled=move || is_busy.get().then_some("true")
            >
                <span class="two-words">
                    <span data-off=move || is_busy.get().then_some("")>"Create verification"</span>
                    <span data-off=move || (!is_busy.get()).then_some("")>"Creating"</span>
                </span>
            </button>
            <Show when=is_sandbox><span class="badge">"Sandbox"</span></Show>
        </div>
    }
}
