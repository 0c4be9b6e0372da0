//! The rows of the list.

use std::sync::Arc;

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;

use super::{Listing, address};
use crate::model::session::{Query, Session};
use crate::parts::load::Loaded;
use crate::parts::moment::{Ago, Expiry};
use crate::parts::pager::Pager;
use crate::parts::status::Status;
use crate::parts::table::{Rows, focus_left_row, focus_turned_page};
use crate::{place, words};

#[component]
pub(super) fn List(listing: Loaded<Listing>) -> impl IntoView {
    focus_left_row();
    focus_turned_page(Memo::new(move |_| {
        listing.with(|listing| {
            listing
                .map(|listing| listing.query.cursor.clone())
                .unwrap_or_default()
        })
    }));
    let ids = move || {
        listing.with(|listing| {
            let rows = listing.map(|listing| listing.page.rows.iter());
            rows.map_or_else(Vec::new, |rows| rows.map(|row| row.id.clone()).collect())
        })
    };
    let pager = move || {
        listing.get().map(|listing| {
            let Listing {
                environment,
                query,
                page,
            } = listing;
            let at = |cursor| {
                let query = query.clone();
                address(environment, &Query { cursor, ..query })
            };
            let newest = (!query.cursor.is_empty()).then(|| at(String::new()));
            view! { <Pager newest older=page.next_cursor.map(at)/> }
        })
    };
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
                <Rows ids=Arc::new(ids) draw=Arc::new(move |id| row(&id, listing))/>
            </tbody>
        </table>
        {pager}
    }
}

/// The row of this id, as it is now.
fn find(listing: Option<&Listing>, id: &str) -> Option<(Environment, Session)> {
    let listing = listing?;
    let row = listing.page.rows.iter().find(|row| row.id == id)?;
    Some((listing.environment, row.clone()))
}

/// Draws a row, of which status and expiry change while it stands there.
fn row(id: &str, listing: Loaded<Listing>) -> AnyView {
    let Some((environment, session)) = listing.with_untracked(|listing| find(listing, id)) else {
        return ().into_any();
    };
    let id = StoredValue::new(session.id.clone());
    let latest = move || {
        let found = listing.with(|listing| id.with_value(|id| find(listing, id)));
        found.map(|(_, session)| session)
    };
    let status = move || latest().map(|session| view! { <Status status=session.status/> });
    let expiry = move || {
        let session = latest()?;
        let moment = session
            .expires_at
            .filter(|_| !session.status.is_terminal())?;
        Some(view! { <Expiry moment/> })
    };
    let href = place::session(&session.id, environment);
    let short = words::middle_cut(&session.id, 10, 6);
    let (title, name, reference) = match session.external_ref {
        Some(text) => (text.clone(), text.clone(), Some(text)),
        None => (session.id.clone(), format!("None, {}", session.id), None),
    };
    let has_reference = reference.is_some();
    view! {
        <tr>
            <td class="is-narrow">
                <span class="status-cell">
                    {status}
                    {session.is_sandbox.then(|| view! { <span class="badge">"Sandbox"</span> })}
                </span>
            </td>
            <td class="is-wide">
                <a class="row-link" href=href title=title aria-label=name>
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
            <td class="folds nowrap"><span class="over">{expiry}</span></td>
        </tr>
    }
    .into_any()
}

/// A text that loses its middle where there is no room for it; its end where it cannot be cut anywhere.
#[component]
fn Middle(text: String) -> impl IntoView {
    const TAIL: usize = 8;
    let tail = text.char_indices().rev().nth(TAIL - 1);
    let at = tail.map_or(0, |(at, _)| at);
    if at < TAIL || !words::can_be_cut(&text) {
        return view! { <span class="middle is-whole" dir="auto">{text}</span> }.into_any();
    }
    let (head, tail) = text.split_at(at);
    view! { <span class="middle"><span>{head.to_owned()}</span><span>{tail.to_owned()}</span></span> }
        .into_any()
}
