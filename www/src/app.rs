//! The frame around the pages: who is signed in, the rail, the environment, the keyboard.

use leptos::prelude::*;
use leptos_router::components::{Outlet, ParentRoute, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::path;
use vouchkey_types::api_key::Environment;
use wasm_bindgen_futures::spawn_local;

use crate::pages::created::Created;
use crate::pages::mailbox::Mailbox;
use crate::pages::message::Message;
use crate::pages::new_session::NewSession;
use crate::pages::not_found::NotFound;
use crate::pages::session::Session;
use crate::pages::sessions::Sessions;
use crate::pages::sign_in::SignIn;
use crate::parts::account::Account;
use crate::parts::announcer::{Announce, Announcer};
use crate::parts::keyboard::{Help, Keyboard};
use crate::parts::load::{Failure, Load, Skeleton};
use crate::parts::moment::Now;
use crate::parts::rail::Rail;
use crate::{api, browser, place};

/// Under which the last environment is remembered.
const LAST_ENVIRONMENT: &str = "vouchkey.environment";

/// The whole application.
#[component]
pub(crate) fn App() -> impl IntoView {
    Account::provide();
    Announce::provide();
    Now::provide();
    view! {
        <Router>
            <Announcer/>
            <Routes fallback=NotFound>
                <Route path=path!("/dashboard/sign-in") view=SignIn/>
                <ParentRoute path=path!("/dashboard") view=Shell>
                    <Route path=path!("") view=Start/>
                    <Route path=path!("sessions") view=Sessions/>
                    <Route path=path!("sessions/new") view=NewSession/>
                    <Route path=path!("sessions/:id") view=Session/>
                    <Route path=path!("sessions/:id/created") view=Created/>
                    <Route path=path!("mailbox") view=Mailbox/>
                    <Route path=path!("mailbox/:id") view=Message/>
                    <Route path=path!("*rest") view=NotFound/>
                </ParentRoute>
            </Routes>
        </Router>
    }
}

/// Goes to the sessions of the environment that was used last. The first visit begins in the
/// sandbox, where nothing can go wrong.
#[component]
fn Start() -> impl IntoView {
    let last = browser::remembered(LAST_ENVIRONMENT).and_then(|word| Environment::parse(&word));
    let replace = place::use_replace();
    Effect::new(move |_| replace(&place::sessions(last.unwrap_or(Environment::Sandbox))));
}

/// Shows its page once it is known who is signed in; else sends to the sign-in.
#[component]
fn Shell() -> impl IntoView {
    let account = Account::here();
    let state = RwSignal::new(if account.me.with_untracked(Option::is_some) {
        Load::Ready(())
    } else {
        Load::Waiting
    });
    let ask = move || {
        state.set(Load::Waiting);
        spawn_local(async move {
            match api::me().await {
                Ok(me) => {
                    account.me.set(Some(me));
                    state.try_set(Load::Ready(()));
                }
                Err(error) if error.status == Some(401) => account.lose(),
                Err(error) => {
                    state.try_set(Load::Failed(error));
                }
            }
        });
    };
    if account.me.with_untracked(Option::is_none) {
        ask();
    }
    send_to_sign_in(account);
    move || match state.get() {
        Load::Waiting => {
            view! { <main class="gate"><div class="gate-box"><Skeleton/></div></main> }.into_any()
        }
        Load::Failed(error) => view! {
            <main class="gate"><Failure error retry=ask/></main>
        }
        .into_any(),
        Load::Ready(()) => view! { <Frame/> }.into_any(),
    }
}

/// Leaves for the sign-in when the server no longer knows who this is, and comes back afterwards.
fn send_to_sign_in(account: Account) {
    let replace = place::use_replace();
    let location = use_location();
    Effect::new(move |_| {
        if account.is_lost.get() {
            let path = location.pathname.get_untracked();
            let search = location.search.get_untracked();
            let back = if search.is_empty() {
                path
            } else {
                format!("{path}?{search}")
            };
            replace(&format!(
                "{}/sign-in?next={}",
                place::BASE,
                place::encoded(&back)
            ));
        }
    });
}

#[component]
fn Frame() -> impl IntoView {
    let environment = place::use_environment();
    let help = Help(RwSignal::new(false));
    let is_sandbox = move || environment.get() == Environment::Sandbox;
    Effect::new(move |_| browser::remember(LAST_ENVIRONMENT, environment.get().as_str()));
    view! {
        <a class="skip" href="#page" on:click=|event| {
            event.prevent_default();
            browser::focus("page");
        }>"Skip to the page"</a>
        <div class="app" class:is-sandbox=is_sandbox>
            <Show when=is_sandbox>
                <section class="strip" aria-label="Environment">
                    <strong>"Sandbox"</strong>
                    <span>"Sessions here are for trying things out"</span>
                </section>
            </Show>
            <Rail environment help/>
            <main class="page" id="page" tabindex="-1">
                <Outlet/>
            </main>
        </div>
        <Keyboard environment help/>
    }
}
