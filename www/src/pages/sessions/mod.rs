//! The list of sessions. Search, filter and page stand in the address.

mod filters;
mod rows;

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;

use crate::model::session::{Page, Query};
use crate::parts::account::Account;
use crate::parts::load::{Failure, Load, Loaded, Skeleton, use_loader};
use crate::parts::page_head::PageHead;
use crate::{api, place, words};

use filters::Filters;
use rows::List;

/// An answer, beside what was asked.
#[derive(Debug, Clone, PartialEq)]
struct Listing {
    environment: Environment,
    query: Query,
    page: Page,
}

#[component]
pub(crate) fn Sessions() -> impl IntoView {
    let environment = place::use_environment();
    let account = Account::here();
    let (q, status, cursor) = (
        place::use_query("q"),
        place::use_query("status"),
        place::use_query("cursor"),
    );
    let query = Memo::new(move |_| Query {
        q: q.get(),
        status: status.get(),
        cursor: cursor.get(),
    });
    let loader = use_loader(
        move || (environment.get(), query.get()),
        |(environment, query)| async move {
            let page = api::list(environment, query.clone()).await?;
            Ok(Listing {
                environment,
                query,
                page,
            })
        },
    );
    // Somebody who goes through older pages keeps what they have before them.
    loader.freshen(move || query.with_untracked(|query| query.cursor.is_empty()));
    let (stage, listing) = loader.stages();
    let can_create = move || account.with(crate::model::me::Me::can_create);
    let count = Signal::derive(move || listing.with(|listing| counted(&listing?.page)));
    view! {
        <PageHead title=Signal::stored("Sessions".to_owned())>
            <div class="actions">
                <button type="button" class="button" on:click=move |_| loader.reload()>"Refresh"</button>
                <Show when=can_create>
                    <div class="actions is-main">
                        <a class="button is-main" href=move || place::new_session(environment.get())>"New verification"</a>
                    </div>
                </Show>
            </div>
        </PageHead>
        <Filters environment query count is_awaited=loader.is_awaited/>
        <div aria-busy=move || if loader.is_awaited.get() { "true" } else { "false" }>
            {move || match stage.get() {
                Load::Waiting => view! { <Skeleton lines=8/> }.into_any(),
                Load::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
                Load::Ready(()) => view! { <Found listing can_create=can_create()/> }.into_any(),
            }}
        </div>
    }
}

fn counted(page: &Page) -> Option<String> {
    (!page.rows.is_empty()).then(|| {
        page.total.map_or_else(
            || "More than 10,000 sessions".to_owned(),
            |total| words::counted(total, "session", "sessions"),
        )
    })
}

fn address(environment: Environment, query: &Query) -> String {
    place::with(
        place::sessions(environment),
        &[
            ("q", &query.q),
            ("status", &query.status),
            ("cursor", &query.cursor),
        ],
    )
}

#[component]
fn Found(listing: Loaded<Listing>, can_create: bool) -> impl IntoView {
    let is_empty = Memo::new(move |_| {
        listing.with(|listing| listing.is_some_and(|listing| listing.page.rows.is_empty()))
    });
    let nothing = move || {
        listing.get().map(|listing| {
            let Listing {
                environment, query, ..
            } = listing;
            view! { <Nothing environment query can_create/> }
        })
    };
    move || {
        if is_empty.get() {
            nothing.into_any()
        } else {
            view! { <List listing/> }.into_any()
        }
    }
}

#[component]
fn Nothing(environment: Environment, query: Query, can_create: bool) -> impl IntoView {
    if query == Query::default() {
        return view! {
            <div class="state">
                <h2>"No sessions yet"</h2>
                <p>"Each verification of a person is a session. Create the first one here, or by the API with a key of this environment."</p>
                {can_create.then(|| view! { <a class="button" href=place::new_session(environment)>"Create the first verification"</a> })}
            </div>
        }
        .into_any();
    }
    let why = if query.q.is_empty() {
        "No session here has this status."
    } else {
        "The search finds a whole session id, or the beginning of a reference, as it is spelled."
    };
    view! {
        <div class="state">
            <h2>"Nothing matches"</h2>
            <p>{why}</p>
            <a class="button" href=place::sessions(environment)>"Show all sessions"</a>
        </div>
    }
    .into_any()
}
