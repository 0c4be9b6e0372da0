//! One session: all that is known of it, and what happened.

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;
use vouchkey_types::country::CountryCode;
use vouchkey_types::json::{self, Json};

use super::created::CaptureLink;
use crate::form::curl::write_pretty;
use crate::form::fields;
use crate::model::Moment;
use crate::model::session::{Detail, Event, Session as Facts};
use crate::parts::account::Account;
use crate::parts::copy::Copy;
use crate::parts::load::{Failure, Load, Loaded, Skeleton, use_loader};
use crate::parts::moment::At;
use crate::parts::page_head::PageHead;
use crate::parts::status::{Mark, Status};
use crate::{api, browser, place, words};

#[component]
pub(crate) fn Session(id: String) -> impl IntoView {
    let environment = place::use_environment();
    let id = StoredValue::new(id);
    let loader = use_loader(
        move || (environment.get(), id.get_value()),
        |(environment, id)| api::detail(environment, id),
    );
    loader.follow(|detail| !detail.session.status.is_terminal());
    let (stage, detail) = loader.stages();
    let title = Signal::derive(move || {
        let reference = detail.with(|detail| detail?.session.external_ref.clone());
        reference.map_or_else(
            || id.with_value(|id| words::middle_cut(id, 10, 6)),
            |text| words::middle_cut(&text, 28, 10),
        )
    });
    let beside = move || {
        let session = detail
            .with(|detail| detail.map(|detail| (detail.session.status, detail.session.is_sandbox)));
        session.map(|(status, is_sandbox)| {
            view! {
                <Status status/>
                {is_sandbox.then(|| view! { <span class="badge">"Sandbox"</span> })}
            }
        })
    };
    let back = (place::sessions(environment.get_untracked()), "Sessions");
    view! {
        <PageHead title back beside=beside.into_any()/>
        {move || match stage.get() {
            Load::Waiting => view! { <Skeleton lines=9/> }.into_any(),
            Load::Failed(error) if error.status == Some(404) => {
                view! { <Elsewhere id=id.get_value() environment=environment.get_untracked()/> }.into_any()
            }
            Load::Failed(error) => view! { <Failure error retry=move || loader.reload()/> }.into_any(),
            Load::Ready(()) => view! { <Whole detail environment=environment.get_untracked()/> }.into_any(),
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
fn Whole(detail: Loaded<Detail>, environment: Environment) -> impl IntoView {
    let has_link = Memo::new(move |_| {
        detail.with(|detail| detail.is_some_and(|detail| detail.session.capture_url.is_some()))
    });
    view! {
        <div class="two-columns">
            <div class="column">
                <Show when=move || has_link.get()>
                    <section class="section">
                        <h2>"Capture link"</h2>
                        <CaptureLink detail environment lead="It expires "/>
                    </section>
                </Show>
                {move || detail.get().map(|detail| view! { <FactSheet detail environment/> })}
                {move || detail.with(|detail| detail.and_then(metadata))}
                {move || detail.with(|detail| detail.and_then(prefill))}
            </div>
            <section class="section">
                <h2>"Timeline"</h2>
                {move || detail.get().map(|detail| view! { <Timeline detail/> })}
            </section>
        </div>
    }
}

fn metadata(detail: &Detail) -> Option<impl IntoView + use<>> {
    let pairs: Vec<_> = detail
        .session
        .metadata
        .iter()
        .map(|(key, value)| {
            let mut text = String::new();
            match value.as_str() {
                // "5" is a text, and not the number 5.
                Some(plain) if json::read(plain.as_bytes()).is_err() => text.push_str(plain),
                _ => write_pretty(value, 0, &mut text),
            }
            (key.to_owned(), text)
        })
        .collect();
    (!pairs.is_empty()).then(|| view! { <Pairs title="Metadata" pairs is_mono=true/> })
}

fn prefill(detail: &Detail) -> Option<impl IntoView + use<>> {
    let pairs: Vec<_> = detail
        .fields
        .iter()
        .map(|(name, value)| (label(name), value.clone()))
        .collect();
    (!pairs.is_empty()).then(|| view! { <Pairs title="Prefill" pairs is_mono=false/> })
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
    let is_past = |moment: &Moment| moment.ms <= browser::now_ms();
    let ended = match (
        status.is_terminal(),
        expires_at.as_ref().is_some_and(is_past),
    ) {
        (false, _) => "Capture URL ends",
        (true, true) => "Capture URL ended",
        // It ended with the session.
        (true, false) => "Capture URL would have ended",
    };
    let country = country.map(|code| {
        let mut known = CountryCode::all().filter(|known| *known == code);
        match browser::country_names(&mut known).pop() {
            Some((_, name)) => format!("{name} ({code})"),
            None => code,
        }
    });
    let line = |name: &'static str, value: Option<String>| {
        value.map(|value| view! { <dt>{name}</dt><dd dir="auto">{value}</dd> })
    };
    let time = |name: &'static str, value: Option<Moment>| {
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
                    <dd><span class="copyable"><span dir="auto">{reference.clone()}</span> <Copy text=Signal::stored(reference) label="reference"/></span></dd>
                })}
                {line("Applicant", detail.applicant_name)}
                {line("E-mail address", detail.applicant_email)}
                {line("Brand in the invitation", brand)}
                {line("Support link", support)}
                {time(if account.read(|me| me.has_mailbox) { MAILED } else { "Invitation sent" }, sent)}
                {line("Country", Some(country.unwrap_or_else(|| "Any".to_owned())))}
                {workflow.map(|(name, id)| view! {
                    <dt>"Workflow"</dt>
                    <dd><bdi>{name}</bdi> " " <span class="mono faint">{id}</span></dd>
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
                    <dt class:mono=is_mono dir="auto">{name}</dt>
                    <dd class="value" class:mono=is_mono dir="auto"><Value value/></dd>
                }).collect_view()}
            </dl>
        </section>
    }
}

/// A value; of a long one its first lines, and the rest on demand.
#[component]
fn Value(value: String) -> impl IntoView {
    let is_long = value.chars().count() > 320 || value.lines().count() > 8;
    if !is_long {
        return value.into_any();
    }
    let is_cut = RwSignal::new(true);
    view! {
        <div class="cut" class:is-cut=move || is_cut.get()>{value.clone()}</div>
        <span class="copyable">
            <button type="button" class="link-button small" on:click=move |_| is_cut.update(|cut| *cut = !*cut)>
                {move || if is_cut.get() { "Show all" } else { "Show less" }}
            </button>
            <Copy text=Signal::stored(value) label="value"/>
        </span>
    }
    .into_any()
}

#[component]
fn Timeline(detail: Detail) -> impl IntoView {
    let created_by = detail.created_by;
    let has_mailbox = Account::here().read(|me| me.has_mailbox);
    view! {
        <ol class="timeline">
            {detail.timeline.into_iter().map(|event| {
                let (mark, title) = told(&event, created_by.as_deref(), has_mailbox);
                let reason = reason(&event);
                view! {
                    <li data-event=event.name>
                        {mark.draw()}
                        <div>
                            <p dir="auto">{title}</p>
                            {reason.map(|reason| view! { <p class="small soft">{reason}</p> })}
                            <At moment=event.at/>
                        </div>
                    </li>
                }
            }).collect_view()}
        </ol>
    }
}

/// What became of an invitation that goes no further than the mailbox.
const MAILED: &str = "Put into the mailbox";

/// An event in the words of the screen.
fn told(event: &Event, created_by: Option<&str>, has_mailbox: bool) -> (Mark, String) {
    let (mark, words) = match event.name.as_str() {
        "session.created" => {
            let by = created_by.map_or_else(String::new, |name| format!(" by {name}"));
            return (Mark::Ring, format!("Session created{by}"));
        }
        "session.expired" => (Mark::Slash, "Session expired"),
        "session.completed" => (Mark::Check, "Session completed"),
        "session.failed" => (Mark::Cross, "Session failed"),
        "session.redacted" => (Mark::Slash, "Personal data erased"),
        "link.visited" => (Mark::Dot, "Capture link opened"),
        "capture.started" => (Mark::Dot, "Start pressed"),
        "invitation.queued" => (Mark::Ring, "Invitation queued"),
        "invitation.sent" if has_mailbox => (Mark::Ring, MAILED),
        "invitation.sent" => (Mark::Check, "Invitation sent"),
        "invitation.failed" => (Mark::Cross, "Invitation not delivered"),
        "invitation.cancelled" => (Mark::Slash, "Invitation cancelled"),
        other => return (Mark::Ring, words::plain(other)),
    };
    (mark, words.to_owned())
}

/// What the event says beside its name: why, and at which attempt.
fn reason(event: &Event) -> Option<String> {
    let reason = event.detail.get("reason").and_then(Json::as_str);
    let attempts = event.detail.get("attempts").and_then(Json::as_i64);
    let attempts = attempts
        .filter(|attempts| *attempts > 1)
        .map(|attempts| format!("attempt {attempts}"));
    let parts: Vec<String> = reason
        .map(words::plain)
        .into_iter()
        .chain(attempts)
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
