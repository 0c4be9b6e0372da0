//! A session that was just created: its capture URL, to be handed on.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use vouchkey_types::api_key::Environment;

use crate::model::session::{Detail, Invitation};
use crate::parts::account::Account;
use crate::parts::copy::Copy;
use crate::parts::load::{Failure, Load, Skeleton, use_loader};
use crate::parts::moment::Expiry;
use crate::parts::page_head::PageHead;
use crate::parts::qr_card::QrCard;
use crate::parts::status::Status;
use crate::{api, place};

#[component]
pub(crate) fn Created() -> impl IntoView {
    let environment = place::use_environment();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let loader = use_loader(
        move || (environment.get(), id.get()),
        |(environment, id)| api::detail(environment, id),
    );
    view! {
        <PageHead title=Signal::stored("Verification created".to_owned())/>
        {move || match loader.state.get() {
            Load::Waiting => view! { <Skeleton/> }.into_any(),
            Load::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
            Load::Ready(detail) => view! { <Handover detail environment=environment.get_untracked()/> }.into_any(),
        }}
    }
}

#[component]
fn Handover(detail: Detail, environment: Environment) -> impl IntoView {
    let session = detail.session;
    let id = session.id.clone();
    let invited = detail
        .invitation
        .map(|invitation| (invitation, detail.applicant_email));
    view! {
        <div class="column">
            {match session.capture_url {
                Some(url) => view! {
                    <CaptureLink url name=session.id.clone()>
                        {session.expires_at.map(|moment| view! {
                            <p>"Hand this link to the applicant. It expires " <Expiry moment/> "."</p>
                        })}
                        {invited.map(|(invitation, to)| view! { <Invited invitation to environment/> })}
                    </CaptureLink>
                }.into_any(),
                None => view! {
                    <p>"This session has no capture URL any more. It is " <Status status=session.status/></p>
                }.into_any(),
            }}
            <div class="actions is-main">
                <a class="button is-main" href=place::session(&id, environment)>"View session"</a>
                <a class="button" href=place::new_session(environment)>"Create another"</a>
            </div>
        </div>
    }
}

/// The capture URL as QR code and as text.
#[component]
pub(crate) fn CaptureLink(url: String, name: String, children: Children) -> impl IntoView {
    view! {
        <div class="capture">
            <QrCard url=url.clone() name/>
            <div class="capture-words">
                <div class="address">
                    <p class="label small soft" id="capture-url-label">"Capture URL"</p>
                    <a id="capture-url" aria-describedby="capture-url-label" href=url.clone() target="_blank" rel="noopener noreferrer">{url.clone()}</a>
                    <Copy text=Signal::stored(url) label="capture URL" word="Copy" is_button=true/>
                </div>
                {children()}
            </div>
        </div>
    }
}

/// What became of the invitation, in a sentence.
#[component]
pub(crate) fn Invited(
    invitation: Invitation,
    to: Option<String>,
    environment: Environment,
) -> impl IntoView {
    let to = to.unwrap_or_else(|| "the applicant".to_owned());
    let Invitation {
        state, attempts, ..
    } = invitation;
    let is_kept = Account::here().read(|me| me.has_mailbox);
    if is_kept && state == "sent" {
        return view! {
            <p>"The invitation to " {to} " is in the " <a href=place::mailbox(environment)>"mailbox"</a> ", since no SMTP server is set."</p>
        }
        .into_any();
    }
    let sentence = match state.as_str() {
        "sent" => format!("The invitation was sent to {to}."),
        "dead" => format!("The invitation to {to} could not be delivered."),
        "cancelled" => format!("The invitation to {to} was cancelled."),
        _ if attempts > 0 => {
            format!("The invitation to {to} has not gone out yet; it is tried again by itself.")
        }
        _ => format!("The invitation to {to} is on its way."),
    };
    view! { <p>{sentence}</p> }.into_any()
}
