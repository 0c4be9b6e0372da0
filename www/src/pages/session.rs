//! One session: all that is known of it, and what happened.

use std::time::Duration;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use vouchkey_types::api_key::Environment;

use super::created::{CaptureLink, Invited};
use crate::form::curl::write_pretty;
use crate::form::fields;
use crate::model::session::{Detail, Event, Session as Facts};
use crate::parts::account::Account;
use crate::parts::copy::Copy;
use crate::parts::load::{Failure, Load, Skeleton, use_loader};
use crate::parts::moment::{At, Expiry};
use crate::parts::page_head::PageHead;
use crate::parts::status::{Mark, Status};
use crate::{api, browser, place, words};

/// How often an open session is asked for again while somebody looks at it.
const EVERY: Duration = Duration::from_secs(5);

#[component]
pub(crate) fn Session() -> impl IntoView {
    let environment = place::use_environment();
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let loader = use_loader(
        move || (environment.get(), id.get()),
        |(environment, id)| api::detail(environment, id),
    );
    let look_again = set_interval_with_handle(
        move || {
            let is_open = loader.state.with_untracked(|state| matches!(state, Load::Ready(detail) if !detail.session.status.is_terminal()));
            if is_open && browser::is_visible() && !browser::is_offline() {
                loader.reload();
            }
        },
        EVERY,
    );
    if let Ok(handle) = look_again {
        on_cleanup(move || handle.clear());
    }
    // A call that brought nothing new redraws nothing.
    let shown = Memo::new(move |_| loader.state.get());
    let title = Signal::derive(move || match &*shown.read() {
        Load::Ready(detail) => detail.session.external_ref.as_ref().map_or_else(
            || "Session".to_owned(),
            |text| words::middle_cut(text, 48, 16),
        ),
        _ => "Session".to_owned(),
    });
    let beside = move || match shown.get() {
        Load::Ready(detail) => Some(view! {
            <Status status=detail.session.status/>
            {detail.session.is_sandbox.then(|| view! { <span class="badge">"Sandbox"</span> })}
        }),
        _ => None,
    };
    let back = (place::sessions(environment.get_untracked()), "Sessions");
    view! {
        <PageHead title back beside=beside.into_any()/>
        {move || match shown.get() {
            Load::Waiting => view! { <Skeleton lines=9/> }.into_any(),
            Load::Failed(error) if error.status == Some(404) => view! { <Elsewhere id=id.get_untracked() environment=environment.get_untracked()/> }.into_any(),
            Load::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
            Load::Ready(detail) => view! { <Whole detail environment=environment.get_untracked()/> }.into_any(),
        }}
    }
}

/// Not found; a link that was shared may have lost its environment.
#[component]
fn Elsewhere(id: String, environment: Environment) -> impl IntoView {
    let (here, other, name) = match environment {
        Environment::Live => ("live", Environment::Sandbox, "Look in the sandbox"),
        Environment::Sandbox => ("sandbox", Environment::Live, "Look in live"),
    };
    view! {
        <div class="state">
            <h2>"No such session here"</h2>
            <p>{format!("There is no session of this id in the {here} environment.")}</p>
            <a class="button" href=place::session(&id, other)>{name}</a>
        </div>
    }
}

#[component]
fn Whole(detail: Detail, environment: Environment) -> impl IntoView {
    let session = &detail.session;
    let link = session.capture_url.clone().map(|url| {
        let invited = detail
            .invitation
            .clone()
            .map(|invitation| (invitation, detail.applicant_email.clone()));
        let expires_at = session.expires_at.clone();
        view! {
            <section class="section">
                <h2>"Capture link"</h2>
                <CaptureLink url name=session.id.clone()>
                    {expires_at.map(|moment| view! { <p>"It expires " <Expiry moment/> "."</p> })}
                    {invited.map(|(invitation, to)| view! { <Invited invitation to environment/> })}
                </CaptureLink>
            </section>
        }
    });
    let metadata = (!session.metadata.is_empty()).then(|| {
        let rows = session.metadata.iter().map(|(key, value)| {
            let mut text = String::new();
            match value.as_str() {
                Some(plain) => text.push_str(plain),
                None => write_pretty(value, 0, &mut text),
            }
            (key.to_owned(), text)
        });
        view! { <Pairs title="Metadata" pairs=rows.collect() is_mono=true/> }
    });
    let prefill = (!detail.fields.is_empty()).then(|| {
        let rows = detail
            .fields
            .iter()
            .map(|(name, value)| (label(name), value.clone()));
        view! { <Pairs title="Prefill" pairs=rows.collect() is_mono=false/> }
    });
    view! {
        <div class="two-columns">
            <div class="column">
                {link}
                <FactSheet detail=detail.clone() environment/>
                {metadata}
                {prefill}
            </div>
            <section class="section">
                <h2>"Timeline"</h2>
                <Timeline events=detail.timeline/>
            </section>
        </div>
    }
}

/// A prefill field as the form calls it.
fn label(name: &str) -> String {
    fields::at(&format!("fields.{name}"))
        .map_or_else(|| words::plain(name), |field| field.label.to_owned())
}

#[component]
fn FactSheet(detail: Detail, environment: Environment) -> impl IntoView {
    let Facts {
        id,
        external_ref,
        country,
        checks,
        workflow_id,
        created_at,
        expires_at,
        is_erased,
        status,
        ..
    } = detail.session;
    let account = Account::here();
    let workflow = workflow_id.map(|id| {
        let name = account.read(|me| {
            me.workflows(environment)
                .iter()
                .find(|workflow| workflow.id == id)
                .map(|workflow| workflow.name.clone())
        });
        (name, id)
    });
    let brand = detail
        .invitation
        .as_ref()
        .and_then(|invitation| invitation.brand.clone());
    let support = detail
        .invitation
        .as_ref()
        .and_then(|invitation| invitation.support_url.clone());
    let sent = detail
        .invitation
        .as_ref()
        .and_then(|invitation| invitation.sent_at.clone());
    let checks = checks.map(|checks| {
        checks
            .iter()
            .map(|check| words::plain(check))
            .collect::<Vec<_>>()
            .join(", ")
    });
    let ended = if status.is_terminal() {
        "Capture URL ended"
    } else {
        "Capture URL ends"
    };
    let line = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <dt>{name}</dt><dd>{value}</dd> })
    };
    let time = |name: &'static str, value: Option<crate::model::Moment>| {
        value.map(|moment| view! { <dt>{name}</dt><dd><At moment/></dd> })
    };
    view! {
        <section class="section">
            <h2>"Facts"</h2>
            {is_erased.then(|| view! { <p class="soft">"The personal data of this session was erased."</p> })}
            <dl class="facts">
                <dt>"Session"</dt>
                <dd><span class="copyable"><span class="mono">{id.clone()}</span> <Copy text=Signal::stored(id) label="session id"/></span></dd>
                {external_ref.map(|reference| view! {
                    <dt>"Reference"</dt>
                    <dd><span class="copyable"><span>{reference.clone()}</span> <Copy text=Signal::stored(reference) label="reference"/></span></dd>
                })}
                {line("Applicant", detail.applicant_name)}
                {line("E-mail address", detail.applicant_email)}
                {line("Brand in the invitation", brand)}
                {line("Support link", support)}
                {time("Invitation sent", sent)}
                {line("Country", Some(country.unwrap_or_else(|| "Any".to_owned())))}
                {workflow.map(|(name, id)| view! {
                    <dt>"Workflow"</dt>
                    <dd>{name} " " <span class="mono faint">{id}</span></dd>
                })}
                {line("Checks", Some(checks.unwrap_or_else(|| "The workflow’s own".to_owned())))}
                {line("Redirect URL", detail.redirect_url)}
                {time("Created", Some(created_at))}
                {line("Created by", detail.created_by)}
                {time(ended, expires_at)}
            </dl>
        </section>
    }
}

#[component]
fn Pairs(title: &'static str, pairs: Vec<(String, String)>, is_mono: bool) -> impl IntoView {
    view! {
        <section class="section">
            <h2>{title}</h2>
            <dl class="facts">
                {pairs.into_iter().map(|(name, value)| view! {
                    <dt class:mono=is_mono>{name}</dt>
                    <dd class="value" class:mono=is_mono>{value}</dd>
                }).collect_view()}
            </dl>
        </section>
    }
}

#[component]
fn Timeline(events: Vec<Event>) -> impl IntoView {
    view! {
        <ol class="timeline">
            {events.into_iter().map(|event| {
                let (mark, title) = told(&event);
                let reason = reason(&event);
                view! {
                    <li data-event=event.name>
                        {mark.draw()}
                        <div>
                            <p>{title}</p>
                            {reason.map(|reason| view! { <p class="small soft">{reason}</p> })}
                            <At moment=event.at/>
                        </div>
                    </li>
                }
            }).collect_view()}
        </ol>
    }
}

/// An event in the words of the screen.
fn told(event: &Event) -> (Mark, String) {
    let (mark, words) = match event.name.as_str() {
        "session.created" => {
            let by = event
                .actor
                .as_ref()
                .map_or_else(String::new, |actor| format!(" by {actor}"));
            return (Mark::Ring, format!("Session created{by}"));
        }
        "session.expired" => (Mark::Slash, "Session expired"),
        "session.completed" => (Mark::Check, "Session completed"),
        "session.failed" => (Mark::Cross, "Session failed"),
        "link.visited" => (Mark::Dot, "Capture link opened"),
        "capture.started" => (Mark::Dot, "Start pressed"),
        "invitation.queued" => (Mark::Ring, "Invitation queued"),
        "invitation.sent" => (Mark::Check, "Invitation sent"),
        "invitation.failed" => (Mark::Cross, "Invitation not delivered"),
        "invitation.cancelled" => (Mark::Slash, "Invitation cancelled"),
        other => return (Mark::Ring, words::plain(other)),
    };
    (mark, words.to_owned())
}

/// What the event says beside its name: why, and at which attempt.
fn reason(event: &Event) -> Option<String> {
    let text = |name: &str| {
        event
            .detail
            .get(name)
            .and_then(|value| value.as_str())
            .map(words::plain)
    };
    let reason = text("reason")
        .or_else(|| text("error"))
        .or_else(|| text("last_error"));
    let attempt = event
        .detail
        .get("attempt")
        .or_else(|| event.detail.get("attempts"))
        .and_then(vouchkey_types::json::Json::as_i64);
    let attempt = attempt
        .filter(|attempt| *attempt > 1)
        .map(|attempt| format!("attempt {attempt}"));
    let parts: Vec<String> = reason.into_iter().chain(attempt).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
