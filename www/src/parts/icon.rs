//! The few symbols of the dashboard.

use leptos::prelude::*;

#[component]
pub(crate) fn Chevron() -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="m6 4 4 4-4 4"/></svg> }
}

#[component]
pub(crate) fn Cross() -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="m4 4 8 8m0-8-8 8"/></svg> }
}

#[component]
pub(crate) fn Bars() -> impl IntoView {
    view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="M2 4h12M2 8h12M2 12h12"/></svg> }
}
