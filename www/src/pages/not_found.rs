//! An address that is none.

use leptos::prelude::*;

use crate::parts::page_head::PageHead;
use crate::place;

#[component]
pub(crate) fn NotFound() -> impl IntoView {
    view! {
        <PageHead title=Signal::stored("There is no such page".to_owned())/>
        <p class="soft">"The address may be mistyped, or the page may have moved. " <a href=place::BASE>"Go to the sessions"</a></p>
    }
}
