//! The frame around the pages: who is signed in, the rail, the environment, the keyboard.

use leptos::prelude::*;
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
use crate::parts::attention::{Attention, on_return};
use crate::parts::keyboard::{Help, Keyboard};
use crate::parts::load::{Failure, Load, Skeleton};
use crate::parts::moment::Now;
use crate::parts::rail::{Fixed, Rail};
use crate::router::{Address, Route};
use crate::{api, browser, place};

/// Between two questions who is signed in.
const PAUSE_MS: i64 = 3000;

/// The whole application.
#[component]
pub(crate) fn App() -> impl IntoView {
    Account::provide();
    let words = Announce::provide();
    Attention::provide();
    Now::provide();
    let path = Address::provide().path();
    let route = Memo::new(move |_| path.with(|path| Route::of(path)));
    // Apart, so that the shell stays while the page in it changes.
    let is_sign_in = Memo::new(move |_| route.read() == Route::SignIn);
    view! {
        <Announcer words/>
        {move || if is_sign_in.get() {
            view! { <SignIn/> }.into_any()
        } else {
            view! { <Shell route/> }.into_any()
        }}
    }
}

/// The page itself.
fn page(route: Route) -> AnyView {
    match route {
        // The shell goes away with the next look at the address.
        Route::SignIn => ().into_any(),
        Route::Start => view! { <Start/> }.into_any(),
        Route::Sessions => view! { <Sessions/> }.into_any(),
        Route::NewSession => view! { <NewSession/> }.into_any(),
        Route::Session(id) => view! { <Session id/> }.into_any(),
        Route::Created(id) => view! { <Created id/> }.into_any(),
        Route::Mailbox => view! { <Mailbox/> }.into_any(),
        Route::Message(id) => view! { <Message id/> }.into_any(),
        Route::NotFound => view! { <NotFound/> }.into_any(),
    }
}

/// Goes to the sessions of the environment that was used last. The first visit begins in the
/// sandbox, where nothing can go wrong.
#[component]
fn Start() -> impl IntoView {
    let last = place::last_environment();
    let replace = place::use_replace();
    Effect::new(move |_| replace(&place::sessions(last.unwrap_or(Environment::Sandbox))));
}

/// Shows its page once it is known who is signed in; else sends to the sign-in.
#[component]
fn Shell(route: Memo<Route>) -> impl IntoView {
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
    stay_the_same(account);
    move || match state.get() {
        Load::Waiting => {
            view! { <main class="gate"><div class="gate-box"><Skeleton/></div></main> }.into_any()
        }
        Load::Failed(error) => view! {
            <main class="gate"><Failure error retry=ask/></main>
        }
        .into_any(),
        Load::Ready(()) => view! { <Frame route/> }.into_any(),
    }
}

/// Leaves for the sign-in when the server no longer knows who this is, and comes back afterwards.
fn send_to_sign_in(account: Account) {
    let replace = place::use_replace();
    let address = Address::here();
    Effect::new(move |_| {
        if account.is_lost.get() {
            let back = address.whole();
            replace(&format!(
                "{}/sign-in?next={}",
                place::BASE,
                place::encoded(&back)
            ));
        }
    });
}

/// Asks anew who is signed in when somebody comes back to this tab: in another one it may be another person by now, whose
/// cookie this one sends as well.
fn stay_the_same(account: Account) {
    let asked = StoredValue::new(browser::now_ms());
    let ask = move || {
        let now = browser::now_ms();
        let is_soon = asked.with_value(|asked| now - asked < PAUSE_MS);
        if is_soon || !browser::is_visible() || account.me.with_untracked(Option::is_none) {
            return;
        }
        asked.set_value(now);
        spawn_local(async move {
            let answer = api::me().await;
            // Signed out meanwhile, and perhaps in again.
            if asked.try_get_value() != Some(now) {
                return;
            }
            match answer {
                Ok(me) if account.read(|before| !before.is_same(&me)) => browser::reload(),
                Err(error) if error.status == Some(401) => account.lose(),
                _ => {}
            }
        });
    };
    on_return(Box::new(ask));
}

#[component]
fn Frame(route: Memo<Route>) -> impl IntoView {
    let environment = place::use_environment();
    provide_context(Fixed(RwSignal::new(false)));
    let help = Help(RwSignal::new(false));
    let is_sandbox = move || environment.get() == Environment::Sandbox;
    Effect::new(move |_| browser::remember(place::LAST_ENVIRONMENT, environment.get().as_str()));
    view! {
        <a class="skip" href="#page" on:click=|event| {
            event.prevent_default();
            browser::focus("page");
        }>"Skip to the page"</a>
        <div class="app" class:is-sandbox=is_sandbox>
            <Show when=is_sandbox>
                <section class="strip" aria-label="Environment">
                    <strong>"Sandbox"</strong>
                    <span>"Sessions here are for trying out"</span>
                </section>
            </Show>
            <Rail environment help/>
            <main class="page" id="page" tabindex="-1">
                {move || page(route.get())}
            </main>
        </div>
        <Keyboard environment help/>
    }
}
