//! The embedded mailbox: mail that did not leave, since no SMTP server is set.

use std::sync::Arc;

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;

use crate::model::mailbox::{Page, Row};
use crate::parts::account::Account;
use crate::parts::load::{Failure, Load, Loaded, Skeleton, use_loader};
use crate::parts::moment::Ago;
use crate::parts::page_head::PageHead;
use crate::parts::pager::Pager;
use crate::parts::table::{Rows, focus_left_row, focus_turned_page};
use crate::{api, place};

#[component]
pub(crate) fn Mailbox() -> impl IntoView {
    let environment = place::use_environment();
    let cursor = place::use_query("cursor");
    let has_mailbox = Account::here().read(|me| me.has_mailbox);
    let loader = use_loader(
        move || (environment.get(), cursor.get()),
        |(environment, cursor)| async move {
            let page = api::mailbox(environment, cursor.clone()).await?;
            Ok(Listing {
                environment,
                cursor,
                page,
            })
        },
    );
    // Mail arrives by itself; further pages do not change.
    loader.follow(move |_| cursor.with_untracked(String::is_empty));
    let (stage, listing) = loader.stages();
    let is_empty = Memo::new(move |_| {
        listing.with(|listing| listing.is_some_and(|listing| listing.page.rows.is_empty()))
    });
    let about = if has_mailbox {
        "Invitations stay here, since no SMTP server is set. Nothing has left this server."
    } else {
        "Invitations leave through the SMTP server. Here is what was kept before one was set."
    };
    view! {
        <PageHead title=Signal::stored("Mailbox".to_owned())>
            <button type="button" class="button" on:click=move |_| loader.reload()>"Refresh"</button>
        </PageHead>
        <p class="soft lead-in">{about}</p>
        <div aria-busy=move || if loader.is_awaited.get() { "true" } else { "false" }>
            {move || match stage.get() {
                Load::Waiting => view! { <Skeleton lines=8/> }.into_any(),
                Load::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
                Load::Ready(()) => view! {
                    {move || if is_empty.get() {
                        view! { <Nothing environment=environment.get_untracked()/> }.into_any()
                    } else {
                        view! { <List listing/> }.into_any()
                    }}
                }.into_any(),
            }}
        </div>
    }
}

/// An answer, beside what was asked.
#[derive(Clone, PartialEq)]
struct Listing {
    environment: Environment,
    cursor: String,
    page: Page,
}

#[component]
fn Nothing(environment: Environment) -> impl IntoView {
    view! {
        <div class="state">
            <h2>"No mail"</h2>
            <p>"An invitation appears here once a verification is created with “Send an invitation by e-mail”."</p>
            <a class="button" href=place::new_session(environment)>"New verification"</a>
        </div>
    }
}

#[component]
fn List(listing: Loaded<Listing>) -> impl IntoView {
    focus_left_row();
    focus_turned_page(Memo::new(move |_| {
        listing
            .get()
            .map(|listing| listing.cursor)
            .unwrap_or_default()
    }));
    let ids = move || {
        listing.with(|listing| {
            let rows = listing.map(|listing| listing.page.rows.iter());
            rows.map_or_else(Vec::new, |rows| rows.map(|row| row.id.clone()).collect())
        })
    };
    let draw = move |id: String| {
        listing
            .with_untracked(|listing| {
                let listing = listing?;
                let row = listing.page.rows.iter().find(|row| row.id == id)?;
                Some(view! { <Line environment=listing.environment row=row.clone()/> })
            })
            .into_any()
    };
    let pager = move || {
        listing.get().map(|listing| {
            let newest = place::mailbox(listing.environment);
            let older = listing
                .page
                .next_cursor
                .map(|cursor| place::with(newest.clone(), &[("cursor", &cursor)]));
            let newest = (!listing.cursor.is_empty()).then_some(newest);
            view! { <Pager newest older/> }
        })
    };
    view! {
        <table class="table">
            <caption class="unseen">"Messages, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Subject"</th>
                    <th scope="col" class="folds">"To"</th>
                    <th scope="col">"Received"</th>
                </tr>
            </thead>
            <tbody>
                <Rows ids=Arc::new(ids) draw=Arc::new(draw)/>
            </tbody>
        </table>
        {pager}
    }
}

#[component]
fn Line(row: Row, environment: Environment) -> impl IntoView {
    view! {
        <tr>
            <td>
                <a class="row-link" href=place::message(&row.id, environment) title=row.subject.clone()>
                    <span class="clip" dir="auto">{row.subject.clone()}</span>
                </a>
                <span class="only-phone small soft">{row.to.clone()}</span>
            </td>
            <td class="folds">{row.to.clone()}</td>
            <td class="nowrap"><Ago moment=row.created_at/></td>
        </tr>
    }
}
