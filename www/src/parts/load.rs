//! Loading something from the server, with an honest state for every outcome.

use std::future::Future;
use std::time::Duration;

use leptos::prelude::*;
use vouchkey_wasm::client::ClientError;
use wasm_bindgen_futures::spawn_local;

use super::account::Account;
use super::attention::{Attention, on_network, on_return};
use super::page_head::focus_heading;
use super::table::keep_focus_in_rows;
use crate::api::Answer;
use crate::{browser, words};

/// Where a call stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Load<T> {
    Waiting,
    Ready(T),
    Failed(ClientError),
}

/// A value from the server that follows a key, such as the page of a list.
pub(crate) struct Loader<T: Send + Sync + 'static> {
    pub(crate) state: RwSignal<Load<T>>,
    /// Something newer is on its way; what is shown still stands.
    pub(crate) is_busy: RwSignal<bool>,
    /// And somebody waits for it.
    pub(crate) is_awaited: RwSignal<bool>,
    attempt: RwSignal<u32>,
    /// The next answer was not asked for by anyone: if it fails, what is shown still stands.
    is_quiet: StoredValue<bool>,
    asked_at_ms: StoredValue<i64>,
}

/// How often a page that waits for something asks again while somebody looks at it.
const EVERY: Duration = Duration::from_secs(4);
/// Who comes back sooner finds what they left.
const PAUSE_MS: i64 = 3000;

impl<T: Send + Sync> Clone for Loader<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync> Copy for Loader<T> {}

impl<T: Send + Sync + 'static> Loader<T> {
    /// Asks again.
    pub(crate) fn reload(self) {
        self.attempt.update(|attempt| *attempt += 1);
    }

    /// Asks again and again by itself, as long as somebody looks at the page and this holds.
    pub(crate) fn follow(self, while_it: impl Fn(&T) -> bool + 'static) {
        let attention = Attention::here();
        let ask = move || {
            let is_wanted = self.state.with_untracked(|state| match state {
                Load::Ready(value) => while_it(value),
                _ => false,
            });
            if is_wanted && attention.is_paid() {
                self.ask_quietly();
            }
        };
        if let Ok(handle) = set_interval_with_handle(ask, EVERY) {
            on_cleanup(move || handle.clear());
        }
    }

    /// Asks once more by itself when somebody comes back to the page, as long as this holds.
    pub(crate) fn freshen(self, while_it: impl Fn() -> bool + Copy + 'static) {
        let ask = move || {
            let is_there = self
                .state
                .with_untracked(|state| matches!(state, Load::Ready(_)));
            let is_due = browser::now_ms() - self.asked_at_ms.get_value() >= PAUSE_MS;
            if is_there && is_due && while_it() {
                self.ask_quietly();
            }
        };
        on_return(Box::new(ask));
    }

    fn ask_quietly(self) {
        let is_free = !self.is_busy.get_untracked();
        if is_free && browser::is_visible() && !browser::is_offline() {
            self.is_quiet.set_value(true);
            self.reload();
        }
    }

    /// Whether there is something to show, apart from what it is: a page that follows it is then changed in place, and
    /// what has the focus or fills the screen stays there.
    pub(crate) fn stages(self) -> (Memo<Load<()>>, Loaded<T>) {
        let stage = Memo::new(move |_| match &*self.state.read() {
            Load::Waiting => Load::Waiting,
            Load::Failed(error) => Load::Failed(error.clone()),
            Load::Ready(_) => Load::Ready(()),
        });
        (stage, Loaded(self.state))
    }
}

/// What was loaded, if it was; followed like a signal. (A memo for each kind of value would be 1 KB more to load.)
pub(crate) struct Loaded<T: Send + Sync + 'static>(RwSignal<Load<T>>);

impl<T: Send + Sync> Clone for Loaded<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync> Copy for Loaded<T> {}

impl<T: Clone + Send + Sync> Loaded<T> {
    pub(crate) fn with<R>(self, read: impl FnOnce(Option<&T>) -> R) -> R {
        read(self.0.read().value())
    }

    pub(crate) fn with_untracked<R>(self, read: impl FnOnce(Option<&T>) -> R) -> R {
        read(self.0.read_untracked().value())
    }

    pub(crate) fn get(self) -> Option<T> {
        self.0.read().value().cloned()
    }
}

impl<T> Load<T> {
    fn value(&self) -> Option<&T> {
        match self {
            Self::Ready(value) => Some(value),
            _ => None,
        }
    }
}

/// Loads whenever the key changes or [`Loader::reload`] is called. What is shown stays until the
/// newer answer is there; an answer that was overtaken is dropped. What failed for want of a
/// connection is tried again once there is one.
pub(crate) fn use_loader<K, T, F>(
    key: impl Fn() -> K + 'static,
    fetch: impl Fn(K) -> F + 'static,
) -> Loader<T>
where
    T: PartialEq + Send + Sync + 'static,
    F: Future<Output = Answer<T>> + 'static,
{
    let loader = Loader {
        state: RwSignal::new(Load::Waiting),
        is_busy: RwSignal::new(true),
        is_awaited: RwSignal::new(true),
        attempt: RwSignal::new(0),
        is_quiet: StoredValue::new(false),
        asked_at_ms: StoredValue::new(0),
    };
    on_network(Box::new(move || {
        let was_offline = loader
            .state
            .with_untracked(|state| matches!(state, Load::Failed(error) if error.offline));
        if was_offline {
            loader.reload();
        }
    }));
    let account = Account::here();
    let attention = Attention::here();
    let newest = StoredValue::new(0_u32);
    Effect::new(move |_| {
        loader.attempt.track();
        let answer = fetch(key());
        newest.update_value(|number| *number += 1);
        let own = newest.get_value();
        let is_quiet = loader.is_quiet.get_value();
        loader.is_quiet.set_value(false);
        loader.is_busy.set(true);
        loader.is_awaited.set(!is_quiet);
        loader.asked_at_ms.set_value(browser::now_ms());
        if loader
            .state
            .with_untracked(|state| matches!(state, Load::Failed(_)))
        {
            // The button that asks again goes away.
            if browser::has_focus(".state *") {
                focus_heading();
            }
            loader.state.set(Load::Waiting);
        }
        spawn_local(async move {
            let answer = answer.await;
            if newest.try_get_value() != Some(own) {
                return;
            }
            loader.is_busy.set(false);
            loader.is_awaited.set(false);
            match answer {
                // Whoever came back by a click gets what they clicked; the list waits for the next return.
                Ok(_) if is_quiet && attention.is_pressing() => {}
                Ok(value) => {
                    let answer = Load::Ready(value);
                    // The same once more is nothing new.
                    if loader.state.with_untracked(|before| *before != answer) {
                        keep_focus_in_rows(|| loader.state.set(answer));
                    }
                }
                Err(error) if error.status == Some(401) => account.lose(),
                Err(_) if is_quiet => {}
                Err(error) => loader.state.set(Load::Failed(error)),
            }
        });
    });
    loader
}

/// Lines in the place of what is being loaded, once that takes long enough to be waited for.
#[component]
pub(crate) fn Skeleton(#[prop(default = 6)] lines: usize) -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <p class="unseen">"Loading"</p>
            {(0..lines).map(|_| view! { <span></span> }).collect_view()}
        </div>
    }
}

/// What went wrong, and a way to try again.
#[component]
pub(crate) fn Failure(error: ClientError, retry: impl Fn() + 'static) -> impl IntoView {
    let (title, text) = in_words(&error);
    let is_fault = error.status.is_some_and(|status| status >= 500);
    // The same request gets the same refusal.
    let can_pass = !matches!(error.status, Some(400 | 403 | 404 | 410 | 422));
    let request = error.request_id.filter(|_| is_fault);
    view! {
        <div class="state" role="alert">
            <h2>{title}</h2>
            <p>{text}</p>
            {request.map(|id| view! { <p class="small">"Request " <code>{id}</code></p> })}
            {can_pass.then(|| view! { <button type="button" class="button" on:click=move |_| retry()>"Try again"</button> })}
        </div>
    }
}

/// A failure as a title and a sentence.
pub(crate) fn in_words(error: &ClientError) -> (&'static str, String) {
    match (error.offline, error.status) {
        (true, _) if browser::is_offline() => (
            "You are offline",
            "This computer has no connection. Nothing is lost; try again once it is back."
                .to_owned(),
        ),
        (true, _) => (
            "The server does not answer",
            "It may be restarting, or the connection broke. Try again in a moment.".to_owned(),
        ),
        (_, Some(404)) => ("Not here", error.detail.clone()),
        (_, Some(403)) => ("Not allowed", error.detail.clone()),
        (_, Some(429)) => (
            "Too many requests",
            error.retry_after.map_or_else(
                || "Wait a little, then try again.".to_owned(),
                |seconds| {
                    format!(
                        "Try again in {}.",
                        words::counted(seconds, "second", "seconds")
                    )
                },
            ),
        ),
        (_, Some(500..)) => ("The server failed", error.detail.clone()),
        _ => ("This did not work", error.detail.clone()),
    }
}
