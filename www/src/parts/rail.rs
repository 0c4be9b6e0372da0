//! The rail: where to go, in which environment, as whom.

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use wasm_bindgen_futures::spawn_local;

use super::account::Account;
use super::icon::Bars;
use super::keyboard::Help;
use crate::router::Address;
use crate::{api, place, words};

/// Whether the environment has to stay for now, since something is being sent in it.
#[derive(Clone, Copy)]
pub(crate) struct Fixed(pub(crate) RwSignal<bool>);

#[component]
pub(crate) fn Rail(environment: Memo<Environment>, help: Help) -> impl IntoView {
    let account = Account::here();
    let is_open = RwSignal::new(false);
    let path = Address::here().path();
    // A page that was chosen closes the menu.
    Effect::new(move |_| {
        path.track();
        is_open.set(false);
    });
    view! {
        <header class="rail" class:is-open=move || is_open.get() on:keydown=move |event| {
            if event.key() == "Escape" {
                is_open.set(false);
            }
        }>
            <div class="brand">
                <a href=move || place::sessions(environment.get())>"Vouchkey"</a>
                <span dir="auto">{move || account.with(|me| me.organization.clone())}</span>
            </div>
            <button
                type="button"
                class="icon-button menu-button"
                aria-label="Menu"
                aria-controls="rail-body"
                aria-expanded=move || if is_open.get() { "true" } else { "false" }
                on:click=move |_| is_open.update(|open| *open = !*open)
            ><Bars/></button>
            <div class="rail-body" id="rail-body">
                <Switch environment path/>
                <nav class="nav" aria-label="Main">
                    <Entry href=move || place::sessions(environment.get()) name="Sessions" root="/dashboard/sessions" path/>
                    <Entry href=move || place::mailbox(environment.get()) name="Mailbox" root="/dashboard/mailbox" path/>
                </nav>
                <Person account help/>
            </div>
        </header>
    }
}

/// Live or sandbox. A page of one session has no like in the other environment: its list has.
#[component]
fn Switch(environment: Memo<Environment>, path: Memo<String>) -> impl IntoView {
    let target = move |other: Environment| {
        let path = path.get();
        match path.strip_prefix(place::BASE).unwrap_or_default() {
            "/sessions/new" => place::new_session(other),
            path if path.starts_with("/mailbox") => place::mailbox(other),
            _ => place::sessions(other),
        }
    };
    let Fixed(is_fixed) = expect_context();
    let entry = move |other: Environment, name: &'static str| {
        view! {
            <a
                href=move || target(other)
                aria-disabled=move || is_fixed.get().then_some("true")
                on:click=move |event| {
                    if is_fixed.get_untracked() {
                        event.prevent_default();
                    }
                }
                aria-current=move || (environment.get() == other).then_some("true")
            >{name}</a>
        }
    };
    view! {
        <nav class="switch" aria-label="Environment">
            {entry(Environment::Live, "Live")}
            {entry(Environment::Sandbox, "Sandbox")}
        </nav>
    }
}

#[component]
fn Entry(
    href: impl Fn() -> String + Send + Sync + 'static,
    name: &'static str,
    root: &'static str,
    path: Memo<String>,
) -> impl IntoView {
    let current = move || {
        let path = path.get();
        match path.strip_prefix(root) {
            Some("") => Some("page"),
            Some(rest) if rest.starts_with('/') => Some("true"),
            _ => None,
        }
    };
    view! { <a href=href aria-current=current>{name}</a> }
}

#[component]
fn Person(account: Account, help: Help) -> impl IntoView {
    let refusal = RwSignal::new(None);
    let leave = move |_| {
        refusal.set(None);
        spawn_local(async move {
            match api::sign_out().await {
                Err(error) if error.status != Some(401) => {
                    // The cookie is out of this page's reach: it counts until the server drops it.
                    refusal.try_set(Some(if error.offline {
                        "the server could not be reached."
                    } else {
                        "the server did not do it."
                    }));
                }
                _ => account.leave(),
            }
        });
    };
    let email = move || account.with(|me| me.email.clone());
    view! {
        <div class="person">
            <span class="person-name" title=email>{email}</span>
            <span class="faint">{move || account.with(|me| words::plain(&me.role))}</span>
            <div class="person-actions">
                <button type="button" class="link-button is-soft" on:click=leave>"Sign out"</button>
                <button type="button" class="link-button is-soft" on:click=move |_| help.0.set(true)>"Keyboard"</button>
            </div>
            <div role="alert">
                {move || refusal.get().map(|why| view! { <p class="notice is-bad">"You are still signed in: " {why} " Try again."</p> })}
            </div>
        </div>
    }
}
