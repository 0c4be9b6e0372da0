//! The embedded mailbox: mail that did not leave, since no SMTP server is set.

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;

use crate::model::mailbox::{Page, Row};
use crate::parts::account::Account;
use crate::parts::load::{Failure, Load, Skeleton, use_loader};
use crate::parts::moment::Ago;
use crate::parts::page_head::PageHead;
use crate::parts::pager::Pager;
use crate::parts::table::focus_left_row;
use crate::{api, place};

#[component]
pub(crate) fn Mailbox() -> impl IntoView {
    let environment = place::use_environment();
    let cursor = place::use_query("cursor");
    let has_mailbox = Account::here().read(|me| me.has_mailbox);
    let loader = use_loader(
        move || (environment.get(), cursor.get()),
        |(environment, cursor)| api::mailbox(environment, cursor),
    );
    // Mail arrives by itself; further pages do not change.
    loader.follow(move |_| cursor.with_untracked(String::is_empty));
    let page = Memo::new(move |_| loader.state.get());
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
        <div aria-busy=move || if loader.is_busy.get() { "true" } else { "false" }>
            {move || match page.get() {
                Load::Waiting => view! { <Skeleton lines=8/> }.into_any(),
                Load::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
                Load::Ready(page) if page.rows.is_empty() => view! { <Nothing environment=environment.get_untracked()/> }.into_any(),
                Load::Ready(page) => view! { <List page environment=environment.get_untracked() cursor=cursor.get_untracked()/> }.into_any(),
            }}
        </div>
    }
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
fn List(page: Page, environment: Environment, cursor: String) -> impl IntoView {
    focus_left_row();
    let newest = (!cursor.is_empty()).then(|| place::mailbox(environment));
    let older = page
        .next_cursor
        .map(|cursor| place::with(place::mailbox(environment), &[("cursor", &cursor)]));
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
                {page.rows.into_iter().map(|row| view! { <Line row environment/> }).collect_view()}
            </tbody>
        </table>
        <Pager newest older/>
    }
}

#[component]
fn Line(row: Row, environment: Environment) -> impl IntoView {
    view! {
        <tr>
            <td>
                <a class="row-link" href=place::message(&row.id, environment) title=row.subject.clone()>
                    <span class="clip">{row.subject.clone()}</span>
                </a>
                <span class="only-phone small soft">{row.to.clone()}</span>
            </td>
            <td class="folds">{row.to.clone()}</td>
            <td class="nowrap"><Ago moment=row.created_at/></td>
        </tr>
    }
}
