//! The embedded mailbox: mail that did not leave, since no SMTP server is set.

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use vouchkey_wasm::client::ClientError;

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
    let page = Memo::new(move |_| match loader.state.get() {
        Load::Ready(page) => Some(page),
        _ => None,
    });
    let shown = Memo::new(move |_| match loader.state.get() {
        Load::Waiting => Shown::Waiting,
        Load::Failed(error) => Shown::Failed(error),
        Load::Ready(page) if page.rows.is_empty() => Shown::Nothing,
        Load::Ready(_) => Shown::List,
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
        <div aria-busy=move || if loader.is_busy.get() { "true" } else { "false" }>
            {move || match shown.get() {
                Shown::Waiting => view! { <Skeleton lines=8/> }.into_any(),
                Shown::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
                Shown::Nothing => view! { <Nothing environment=environment.get_untracked()/> }.into_any(),
                Shown::List => view! { <List page environment cursor/> }.into_any(),
            }}
        </div>
    }
}

/// What stands on the page. The list stays while mail arrives in it.
#[derive(Clone, PartialEq)]
enum Shown {
    Waiting,
    Failed(ClientError),
    Nothing,
    List,
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
fn List(
    page: Memo<Option<Page>>,
    environment: Memo<Environment>,
    cursor: Memo<String>,
) -> impl IntoView {
    focus_left_row();
    let rows = move || page.get().map(|page| page.rows).unwrap_or_default();
    let pager = move || {
        let environment = environment.get_untracked();
        let next = page.get().and_then(|page| page.next_cursor);
        let older =
            next.map(|cursor| place::with(place::mailbox(environment), &[("cursor", &cursor)]));
        let newest = (!cursor.get_untracked().is_empty()).then(|| place::mailbox(environment));
        view! { <Pager newest older/> }
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
                // A row stays who it is when mail arrives above it: somebody may be about to open it.
                <For each=rows key=|row| row.id.clone() let:row>
                    <Line row environment=environment.get_untracked()/>
                </For>
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
                    <span class="clip">{row.subject.clone()}</span>
                </a>
                <span class="only-phone small soft">{row.to.clone()}</span>
            </td>
            <td class="folds">{row.to.clone()}</td>
            <td class="nowrap"><Ago moment=row.created_at/></td>
        </tr>
    }
}
