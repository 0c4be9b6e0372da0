//! Going through a list page by page; the page stands in the address.

use leptos::prelude::*;

/// Links to the newest page and to the next older one.
#[component]
pub(crate) fn Pager(
    /// The address of the newest page, if this is not it.
    newest: Option<String>,
    /// The address of the next page, if there is one.
    older: Option<String>,
) -> impl IntoView {
    let is_needed = newest.is_some() || older.is_some();
    is_needed.then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
                {older.map(|href| view! { <a class="button is-last" href=href>"Older"</a> })}
            </nav>
        }
    })
}
