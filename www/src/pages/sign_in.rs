//! Signing in by password, and setting the first password through a one-time link.

use leptos::prelude::*;
use vouchkey_types::limits::MIN_PASSWORD_CHARS;
use vouchkey_wasm::client::ClientError;
use wasm_bindgen_futures::spawn_local;

use crate::parts::account::Account;
use crate::parts::field::{Below, described_by, invalid};
use crate::parts::kept;
use crate::parts::load::in_words;
use crate::parts::page_head::use_title;
use crate::router::Address;
use crate::{api, browser, place, words};

#[component]
pub(crate) fn SignIn() -> impl IntoView {
    let account = Account::here();
    // Whoever comes by themselves and is signed in goes on.
    if !account.is_lost.get_untracked() && Address::here().hash().read_untracked().is_empty() {
        let arrive = use_arrive();
        spawn_local(async move {
            if api::me().await.is_ok() {
                arrive();
            }
        });
    }
    account.is_lost.set(false);
    let hash = Address::here().hash();
    let token = Memo::new(move |_| hash.get().trim_start_matches('#').to_owned());
    view! {
        <main class="gate">
            <div class="gate-box">
                <p class="gate-brand">"Vouchkey"</p>
                {move || {
                    if !browser::is_trustworthy() {
                        view! { <NeedsHttps/> }.into_any()
                    } else if token.read().is_empty() {
                        view! { <ByPassword/> }.into_any()
                    } else {
                        view! { <FirstPassword token=token.get_untracked()/> }.into_any()
                    }
                }}
            </div>
        </main>
    }
}

#[component]
fn NeedsHttps() -> impl IntoView {
    let heading = use_title(Signal::stored("Sign in".to_owned()));
    view! {
        <h1 tabindex="-1" node_ref=heading>"This address needs https"</h1>
        <p class="soft">
            "Signing in over plain http would show your password to everyone on the way. Put a certificate in front of the server, and set its public address to the one that begins with https. On the server itself, http://127.0.0.1 works."
        </p>
    }
}

/// Sends the form once, shows what was refused, and goes where it was going.
#[derive(Clone, Copy)]
struct Sending {
    is_busy: RwSignal<bool>,
    refusal: RwSignal<Option<ClientError>>,
}

impl Sending {
    fn new() -> Self {
        Self {
            is_busy: RwSignal::new(false),
            refusal: RwSignal::new(None),
        }
    }

    fn send(
        self,
        call: impl Future<Output = api::Answer<()>> + 'static,
        arrive: impl Fn() + 'static,
    ) {
        if self.is_busy.get_untracked() {
            return;
        }
        self.is_busy.set(true);
        self.refusal.set(None);
        spawn_local(async move {
            let answer = call.await;
            self.is_busy.try_set(false);
            match answer {
                Ok(()) => arrive(),
                Err(error) => {
                    self.refusal.try_set(Some(error));
                    browser::focus_soon("password".to_owned());
                }
            }
        });
    }

    /// The refusal in one sentence. What the server says of the sign-in itself is said as it is.
    fn words(self) -> Option<String> {
        let error = self.refusal.get()?;
        if matches!(error.status, Some(401 | 422)) {
            let first = error.errors.into_iter().next();
            return Some(first.map_or(error.detail, |first| first.message.into_owned()));
        }
        let (title, text) = in_words(&error);
        Some(format!("{title}. {text}"))
    }
}

/// Goes to the page that was asked for before the sign-in.
fn use_arrive() -> impl Fn() + Clone + 'static {
    let account = Account::here();
    let replace = place::use_replace();
    let next = place::use_query("next");
    move || {
        // None once the page was left in the meantime.
        let Some(next) = next.try_get_untracked() else {
            return;
        };
        account.me.set(None);
        account.is_lost.set(false);
        replace(if is_own(&next) { &next } else { place::BASE });
    }
}

/// An address inside the dashboard, and no other: it came from the query. Our paths have neither dots nor backslashes,
/// with which a browser could read another path than this one.
fn is_own(address: &str) -> bool {
    let path = address.split('?').next().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    path.strip_prefix(place::BASE).is_some_and(|rest| {
        (rest.is_empty() || rest.starts_with('/')) && rest.bytes().all(is_plain)
    })
}

#[component]
fn ByPassword() -> impl IntoView {
    let heading = use_title(Signal::stored("Sign in".to_owned()));
    let (email, password) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let sending = Sending::new();
    let arrive = use_arrive();
    let was_signed_out = Account::here().was_signed_out.get_untracked();
    let is_kept = kept::has_drafts();
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        sending.send(
            api::sign_in(email.get_untracked(), password.get_untracked()),
            arrive.clone(),
        );
    };
    let message: Signal<Option<String>> = Signal::derive(move || sending.words());
    view! {
        <h1 tabindex="-1" node_ref=heading>"Sign in"</h1>
        {(was_signed_out || is_kept).then(|| view! {
            <p class="notice">"You were signed out. " {is_kept.then_some("What you typed is kept in this tab, and is there again once you sign in.")}</p>
        })}
        <form class="fields" on:submit=send>
            <div class="field">
                <label for="email">"E-mail address"</label>
                <input id="email" name="email" type="email" autocomplete="username" required
                    prop:value=move || email.get()
                    on:input=move |event| email.set(event_target_value(&event))/>
            </div>
            <div class="field">
                <label for="password">"Password"</label>
                <input id="password" name="password" type="password" autocomplete="current-password" required
                    aria-describedby=described_by("password", message)
                    aria-invalid=invalid(message)
                    prop:value=move || password.get()
                    on:input=move |event| password.set(event_target_value(&event))/>
                <Below id="password".to_owned() message hint=Signal::stored(String::new())/>
            </div>
            <SendButton sending word="Sign in" busy="Signing in"/>
        </form>
        <p class="small soft">
            "Forgotten? On the server, " <code>"vouchkey users reset-password"</code> " prints a new link."
        </p>
    }
}

#[component]
fn FirstPassword(token: String) -> impl IntoView {
    let heading = use_title(Signal::stored("Choose a password".to_owned()));
    let password = RwSignal::new(String::new());
    let is_shown = RwSignal::new(false);
    let was_left = RwSignal::new(false);
    let sending = Sending::new();
    let arrive = use_arrive();
    let is_short = move || password.read().chars().count() < MIN_PASSWORD_CHARS;
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        was_left.set(true);
        if is_short() {
            browser::focus("password");
            return;
        }
        sending.send(
            api::set_password(token.clone(), password.get_untracked()),
            arrive.clone(),
        );
    };
    let message: Signal<Option<String>> = Signal::derive(move || {
        if was_left.get() && is_short() {
            let missing = MIN_PASSWORD_CHARS - password.read().chars().count();
            return Some(format!(
                "{} to go.",
                words::counted(missing, "more character", "more characters")
            ));
        }
        sending.words()
    });
    let hint = Signal::stored(format!(
        "At least {MIN_PASSWORD_CHARS} characters. A few words in a row are easy to keep."
    ));
    view! {
        <h1 tabindex="-1" node_ref=heading>"Choose a password"</h1>
        <form class="fields" on:submit=send>
            <div class="field">
                <label for="password">"New password"</label>
                <div class="with-button">
                    <input id="password" name="password" autocomplete="new-password"
                        type=move || if is_shown.get() { "text" } else { "password" }
                        aria-describedby=described_by("password", message)
                        aria-invalid=invalid(message)
                        prop:value=move || password.get()
                        on:input=move |event| {
                            sending.refusal.set(None);
                            password.set(event_target_value(&event));
                        }
                        on:blur=move |_| {
                            // Also when the form goes away after the sign-in.
                            if password.try_with_untracked(String::is_empty) == Some(false) {
                                was_left.try_set(true);
                            }
                        }/>
                    <button type="button" class="button"
                        aria-pressed=move || if is_shown.get() { "true" } else { "false" }
                        on:click=move |_| is_shown.update(|shown| *shown = !*shown)
                    >"Show"</button>
                </div>
                <Below id="password".to_owned() message hint/>
            </div>
            <SendButton sending word="Set password and sign in" busy="Signing in"/>
        </form>
        <p class="small soft">"The link works once, for an hour. On the server, " <code>"vouchkey users reset-password"</code> " prints a new one."</p>
    }
}

#[component]
fn SendButton(sending: Sending, word: &'static str, busy: &'static str) -> impl IntoView {
    let is_busy = sending.is_busy;
    view! {
        <button class="button is-main" class:is-busy=move || is_busy.get()
            aria-disabled=move || is_busy.get().then_some("true")>
            <span class="two-words">
                <span data-off=move || is_busy.get().then_some("")>{word}</span>
                <span data-off=move || (!is_busy.get()).then_some("")>{busy}</span>
            </span>
        </button>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test(unsupported = test)]
    fn only_addresses_inside_the_dashboard_are_followed() {
        for address in [
            "/dashboard",
            "/dashboard/sessions?env=live",
            "/dashboard/sessions/ses_01k2/created?env=sandbox&q=a.b",
        ] {
            assert!(is_own(address), "{address}");
        }
        for address in [
            "",
            "/",
            "/dashboard/../verify/x",
            "/dashboard/.\t./verify/x",
            "/dashboard/%2e%2e/verify/x",
            "/dashboard/..\\verify",
            "/dashboards",
            "//example.com/dashboard/",
            "https://example.com/dashboard/",
            "javascript:alert(1)",
        ] {
            assert!(!is_own(address), "{address}");
        }
    }
}
