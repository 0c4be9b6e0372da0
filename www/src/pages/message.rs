//! One message of the mailbox, as mail programs show it: its HTML in a locked frame, or its text.

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;

use crate::model::mailbox::Message as Mail;
use crate::parts::load::{Failure, Load, Skeleton, use_loader};
use crate::parts::moment::At;
use crate::parts::page_head::PageHead;
use crate::{api, place, words};

#[component]
pub(crate) fn Message(id: String) -> impl IntoView {
    let environment = place::use_environment();
    let id = StoredValue::new(id);
    let loader = use_loader(
        move || (environment.get(), id.get_value()),
        |(environment, id)| api::message(environment, id),
    );
    let title = Signal::derive(move || match &*loader.state.read() {
        Load::Ready(mail) => mail.subject.clone(),
        _ => "Message".to_owned(),
    });
    let back = (place::mailbox(environment.get_untracked()), "Mailbox");
    view! {
        <PageHead title back/>
        {move || match loader.state.get() {
            Load::Waiting => view! { <Skeleton/> }.into_any(),
            Load::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
            Load::Ready(mail) => view! { <Parts mail id=id.get_value() environment=environment.get_untracked()/> }.into_any(),
        }}
    }
}

#[component]
fn Parts(mail: Mail, id: String, environment: Environment) -> impl IntoView {
    let part = place::use_query("part");
    let is_text = move || part.read().as_str() == "text";
    let html = place::message(&id, environment);
    let text = place::with(html.clone(), &[("part", "text")]);
    let body = StoredValue::new((mail.html_url, mail.text));
    view! {
        <div class="column">
            <dl class="facts">
                <dt>"From"</dt><dd>{mail.from}</dd>
                <dt>"To"</dt><dd>{mail.to}</dd>
                <dt>"Received"</dt><dd><At moment=mail.created_at/></dd>
                <dt>"Session"</dt>
                <dd><a class="mono" href=place::session(&mail.session_id, environment)>{words::middle_cut(&mail.session_id, 10, 6)}</a></dd>
            </dl>
            <div class="section">
                <nav class="tabs" aria-label="Part of the message">
                    <a href=html data-noscroll="" aria-current=move || (!is_text()).then_some("true")>"HTML"</a>
                    <a href=text data-noscroll="" aria-current=move || is_text().then_some("true")>"Text"</a>
                </nav>
                {move || body.with_value(|(html_url, text)| if is_text() {
                    view! { <pre class="mail-text" tabindex="0" aria-label="Text part">{text.clone()}</pre> }.into_any()
                } else {
                    // No script, no form, and links only in a tab of their own.
                    view! {
                        <iframe class="mail-frame" sandbox="allow-popups allow-popups-to-escape-sandbox" title="HTML part" src=html_url.clone()></iframe>
                    }.into_any()
                })}
            </div>
        </div>
    }
}
