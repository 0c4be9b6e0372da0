//! A session that was just created: its capture URL, to be handed on.

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;

use crate::model::session::{Detail, Invitation};
use crate::parts::account::Account;
use crate::parts::copy::Copy;
use crate::parts::load::{Failure, Load, Loaded, Skeleton, use_loader};
use crate::parts::moment::{At, Expiry};
use crate::parts::page_head::PageHead;
use crate::parts::qr_card::QrCard;
use crate::{api, place, words};

#[component]
pub(crate) fn Created(id: String) -> impl IntoView {
    let environment = place::use_environment();
    let id = StoredValue::new(id);
    let loader = use_loader(
        move || (environment.get(), id.get_value()),
        |(environment, id)| api::detail(environment, id),
    );
    // Until the invitation has gone out, or cannot.
    loader.follow(|detail| {
        let invitation = detail.invitation.as_ref();
        invitation
            .is_some_and(|invitation| matches!(invitation.state.as_str(), "pending" | "leased"))
    });
    let (stage, detail) = loader.stages();
    view! {
        <PageHead title=Signal::stored("Verification created".to_owned())/>
        {move || match stage.get() {
            Load::Waiting => view! { <Skeleton/> }.into_any(),
            Load::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
            Load::Ready(()) => view! { <Handover detail environment=environment.get_untracked()/> }.into_any(),
        }}
    }
}

#[component]
fn Handover(detail: Loaded<Detail>, environment: Environment) -> impl IntoView {
    let is_over = move || {
        detail.with(|detail| detail.is_some_and(|detail| detail.session.capture_url.is_none()))
    };
    let id = detail.with_untracked(|detail| detail.map(|detail| detail.session.id.clone()));
    let id = id.unwrap_or_default();
    view! {
        <div class="column">
            <Whose detail/>
            <CaptureLink detail environment lead="Hand this link to the applicant. It expires "/>
            <Show when=is_over>
                <p>"This session has no capture URL any more."</p>
            </Show>
            <div class="actions is-main">
                <a class="button is-main" href=place::session(&id, environment)>"View session"</a>
                <a class="button" href=place::new_session(environment)>"Create another"</a>
            </div>
        </div>
    }
}

/// Whose link this is, in a line: somebody may have several such pages open.
#[component]
fn Whose(detail: Loaded<Detail>) -> impl IntoView {
    move || {
        detail.get().map(|detail| {
            let session = detail.session;
            let reference = session.external_ref.map(|text| {
                let short = words::middle_cut(&text, 28, 10);
                view! { <strong dir="auto" title=text>{short}</strong> " · " }
            });
            let until = session
                .expires_at
                .map(|moment| view! { " · until " <At moment has_zone=true/> });
            view! { <p>{reference} <span class="mono">{session.id}</span> {until}</p> }
        })
    }
}

/// The capture URL as QR code and as text, until when it works, and what became of the invitation.
#[component]
pub(crate) fn CaptureLink(
    detail: Loaded<Detail>,
    environment: Environment,
    /// What stands before the expiry.
    lead: &'static str,
) -> impl IntoView {
    let link = Memo::new(move |_| {
        detail.with(|detail| {
            let session = &detail?.session;
            Some((session.capture_url.clone()?, session.id.clone()))
        })
    });
    let expires_at = Memo::new(move |_| detail.with(|detail| detail?.session.expires_at.clone()));
    let invited = Memo::new(move |_| {
        detail.with(|detail| {
            let detail = detail?;
            Some((detail.invitation.clone()?, detail.applicant_email.clone()))
        })
    });
    move || {
        link.get().map(|(url, name)| {
            view! {
                <div class="capture">
                    <QrCard url=url.clone() name/>
                    <div class="capture-words">
                        <div class="address">
                            <p class="small soft" id="capture-url-label">"Capture URL"</p>
                            <a id="capture-url" aria-describedby="capture-url-label" href=url.clone() target="_blank" rel="noopener noreferrer">{url.clone()}</a>
                            <Copy text=Signal::stored(url) label="capture URL" is_button=true/>
                        </div>
                        {move || expires_at.get().map(|moment| view! { <p>{lead} <Expiry moment/> "."</p> })}
                        {move || invited.get().map(|(invitation, to)| view! { <Invited invitation to environment/> })}
                    </div>
                </div>
            }
        })
    }
}

/// What became of the invitation, in a sentence.
#[component]
fn Invited(invitation: Invitation, to: Option<String>, environment: Environment) -> impl IntoView {
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
