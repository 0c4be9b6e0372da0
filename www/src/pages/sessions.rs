//! The list of sessions. Search, filter and page stand in the address.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use vouchkey_types::session::status::SessionStatus;

use crate::model::session::{Page, Query, Session};
use crate::parts::account::Account;
use crate::parts::keyboard::SEARCH;
use crate::parts::load::{Failure, Load, Skeleton, use_loader};
use crate::parts::moment::{Ago, Expiry};
use crate::parts::page_head::PageHead;
use crate::parts::pager::Pager;
use crate::parts::status::Status;
use crate::parts::table::focus_left_row;
use crate::{api, browser, place, words};

/// Between the last keystroke in the search and the call.
const PAUSE: Duration = Duration::from_millis(250);

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
        |(environment, query)| api::list(environment, query),
    );
    let can_create = move || account.with(crate::model::me::Me::can_create);
    view! {
        <PageHead title=Signal::stored("Sessions".to_owned())>
            <Show when=can_create>
                <div class="actions is-main">
                    <a class="button is-main" href=move || place::new_session(environment.get())>"New verification"</a>
                </div>
            </Show>
        </PageHead>
        <Filters environment query count=Signal::derive(move || match &*loader.state.read() {
            Load::Ready(page) if !page.rows.is_empty() => Some(counted(page)),
            _ => None,
        })/>
        <div aria-busy=move || if loader.is_busy.get() { "true" } else { "false" }>
            {move || match loader.state.get() {
                Load::Waiting => view! { <Skeleton lines=8/> }.into_any(),
                Load::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
                Load::Ready(page) if page.rows.is_empty() => {
                    view! { <Nothing environment query=query.get_untracked() can_create=can_create()/> }.into_any()
                }
                Load::Ready(page) => view! { <List page environment=environment.get_untracked() query=query.get_untracked()/> }.into_any(),
            }}
        </div>
    }
}

fn counted(page: &Page) -> String {
    page.total.map_or_else(
        || "More than 10,000 sessions".to_owned(),
        |total| words::counted(total, "session", "sessions"),
    )
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
fn Filters(
    environment: Memo<Environment>,
    query: Memo<Query>,
    count: Signal<Option<String>>,
) -> impl IntoView {
    let replace = place::use_replace();
    let search = NodeRef::<html::Input>::new();
    let typed = RwSignal::new(query.with_untracked(|query| query.q.clone()));
    // The back button changes the address, and with it the field.
    Effect::new(move |_| {
        let q = query.with(|query| query.q.clone());
        if typed.with_untracked(|typed| *typed != q) {
            typed.set(q);
        }
    });
    let wants_focus = place::use_query("focus");
    Effect::new(move |_| {
        if search.get().is_some() && wants_focus.get_untracked() == SEARCH {
            browser::focus_soon(SEARCH.to_owned());
        }
    });
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    on_cleanup(move || {
        if let Some(Some(handle)) = waiting.try_get_value() {
            handle.clear();
        }
    });
    let find = {
        let replace = replace.clone();
        move |event| {
            typed.set(event_target_value(&event));
            if let Some(handle) = waiting.get_value() {
                handle.clear();
            }
            let replace = replace.clone();
            let handle = set_timeout_with_handle(
                move || {
                    let next = Query {
                        q: typed.get_untracked(),
                        cursor: String::new(),
                        ..query.get_untracked()
                    };
                    replace(&address(environment.get_untracked(), &next));
                },
                PAUSE,
            );
            waiting.set_value(handle.ok());
        }
    };
    let filter = move |event| {
        let next = Query {
            status: event_target_value(&event),
            cursor: String::new(),
            ..query.get_untracked()
        };
        replace(&address(environment.get_untracked(), &next));
    };
    let status = move || query.with(|query| query.status.clone());
    view! {
        <div class="filters" role="search">
            <input
                id=SEARCH
                node_ref=search
                type="search"
                placeholder="Reference or id"
                aria-label="Search sessions by the beginning of the reference, or by session id"
                autocomplete="off"
                spellcheck="false"
                prop:value=move || typed.get()
                on:input=find
                on:keydown=|event| {
                    if event.key() == "Escape" && let Some(field) = browser::focused() {
                        let _ = field.blur();
                    }
                }
            />
            <select aria-label="Status" on:change=filter prop:value=status>
                <option value="" selected=move || status().is_empty()>"Any status"</option>
                {SessionStatus::ALL.iter().map(|known| {
                    let word = known.as_str();
                    view! { <option value=word selected=move || status() == word>{words::status(*known)}</option> }
                }).collect_view()}
            </select>
            <p class="count small soft figures" role="status">{move || count.get()}</p>
        </div>
    }
}

#[component]
fn Nothing(environment: Memo<Environment>, query: Query, can_create: bool) -> impl IntoView {
    let here = environment.get_untracked();
    if query == Query::default() {
        return view! {
            <div class="state">
                <h2>"No sessions yet"</h2>
                <p>"Each verification of a person is a session. Create the first one here, or by the API with a key of this environment."</p>
                {can_create.then(|| view! { <a class="button" href=place::new_session(here)>"Create the first verification"</a> })}
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
            <a class="button" href=place::sessions(here)>"Show all sessions"</a>
        </div>
    }
    .into_any()
}

#[component]
fn List(page: Page, environment: Environment, query: Query) -> impl IntoView {
    focus_left_row();
    let newest = (!query.cursor.is_empty()).then(|| {
        address(
            environment,
            &Query {
                cursor: String::new(),
                ..query.clone()
            },
        )
    });
    let older = page
        .next_cursor
        .map(|cursor| address(environment, &Query { cursor, ..query }));
    view! {
        <table class="table">
            <caption class="unseen">"Sessions, newest first"</caption>
            <thead>
                <tr>
                    <th scope="col">"Status"</th>
                    <th scope="col">"Reference"</th>
                    <th scope="col" class="folds-early">"Session"</th>
                    <th scope="col" class="folds-early">"Country"</th>
                    <th scope="col">"Created"</th>
                    <th scope="col" class="folds">"Expires"</th>
                </tr>
            </thead>
            <tbody>
                {page.rows.into_iter().map(|session| view! { <Row session environment/> }).collect_view()}
            </tbody>
        </table>
        <Pager newest older/>
    }
}

#[component]
fn Row(session: Session, environment: Environment) -> impl IntoView {
    let href = place::session(&session.id, environment);
    let short = words::middle_cut(&session.id, 10, 6);
    let reference = session.external_ref;
    let has_reference = reference.is_some();
    let title = reference.clone().unwrap_or_else(|| session.id.clone());
    let is_open = !session.status.is_terminal();
    view! {
        <tr>
            <td class="is-narrow">
                <span class="status-cell">
                    <Status status=session.status/>
                    {session.is_sandbox.then(|| view! { <span class="badge">"Sandbox"</span> })}
                </span>
            </td>
            <td class="is-wide">
                <a class="row-link" href=href title=title.clone() aria-label=title>
                    {match reference {
                        Some(text) => view! { <Middle text/> }.into_any(),
                        None => view! { <span class="faint">"None"</span> }.into_any(),
                    }}
                </a>
                {(!has_reference).then(|| view! { <span class="only-early small soft mono">{short.clone()}</span> })}
            </td>
            <td class="folds-early nowrap"><span class="mono over" title=session.id>{short}</span></td>
            <td class="folds-early">{session.country.unwrap_or_else(|| "Any".to_owned())}</td>
            <td class="nowrap"><span class="over"><Ago moment=session.created_at/></span></td>
            <td class="folds nowrap"><span class="over">
                {session.expires_at.filter(|_| is_open).map(|moment| view! { <Expiry moment/> })}
            </span></td>
        </tr>
    }
}

/// A text on one line that loses its middle where there is no room for it.
#[component]
fn Middle(text: String) -> impl IntoView {
    const TAIL: usize = 8;
    let tail = text.char_indices().rev().nth(TAIL - 1);
    let at = tail.map_or(
        text.len(),
        |(at, _)| if at < 2 * TAIL { text.len() } else { at },
    );
    let (head, tail) = text.split_at(at);
    view! { <span class="middle"><span>{head.to_owned()}</span><span>{tail.to_owned()}</span></span> }
}
