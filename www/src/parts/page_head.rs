//! The head of a page: where it is, what it is called, its main action.

use leptos::html;
use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::place;

/// Names the browser's tab after the page, and hands the focus to the heading after a change of
/// page, so that those who listen know where they are.
pub(crate) fn use_title(title: Signal<String>) -> NodeRef<html::H1> {
    let heading = NodeRef::<html::H1>::new();
    let environment = place::use_environment();
    Effect::new(move |_| {
        let mark = match environment.get() {
            Environment::Live => "",
            Environment::Sandbox => " · Sandbox",
        };
        document().set_title(&format!("{}{mark} · Vouchkey", title.get()));
    });
    Effect::new(move |_| {
        if let Some(heading) = heading.get() {
            focus_where_it_is(&heading);
        }
    });
    heading
}

fn focus_where_it_is(heading: &HtmlElement) {
    let options = web_sys::FocusOptions::new();
    options.set_prevent_scroll(true);
    let _ = heading.focus_with_options(&options);
}

/// Hands the focus to the heading, for when what has it goes away.
pub(crate) fn focus_heading() {
    let heading = document().query_selector("h1[tabindex]").ok().flatten();
    if let Some(heading) = heading.and_then(|heading| heading.dyn_into().ok()) {
        focus_where_it_is(&heading);
    }
}

#[component]
pub(crate) fn PageHead(
    /// The heading, and the name of the browser's tab.
    #[prop(into)]
    title: Signal<String>,
    /// Where one comes from: an address and its name.
    #[prop(optional)]
    back: Option<(String, &'static str)>,
    /// Beside the heading.
    #[prop(optional, into)]
    beside: Option<AnyView>,
    /// Actions on the right.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let heading = use_title(title);
    view! {
        <header class="page-head">
            <div class="page-title">
                {back.map(|(href, name)| view! { <p class="crumb"><a href=href>"← " {name}</a></p> })}
                <div class="title-line">
                    <h1 tabindex="-1" dir="auto" node_ref=heading>{move || title.get()}</h1>
                    {beside}
                </div>
            </div>
            {children.map(|children| children())}
        </header>
    }
}
