//! The conformance vectors, run over HTTP as dry runs.
#![expect(clippy::expect_used, reason = "a test may fail")]

#[path = "../vectors/cases.rs"]
mod cases;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use serde_json::json;
use tokio::task::JoinSet;
use vouchkey_tests::api::Api;
use vouchkey_tests::database::Database;
use vouchkey_tests::dry_run::{Verdict, ignored_header, judge};
use vouchkey_tests::program::{Installation, Key};
use vouchkey_types::date::Date;
use vouchkey_types::json::Json;
use vouchkey_types::object;

use cases::Case;

/// How many requests are on their way at once.
const CONNECTIONS: usize = 8;

/// An organization that allows some schemes.
struct Organization {
    schemes: Vec<String>,
    workflow: String,
    key: Key,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_of_the_vectors_gets_its_verdict() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_RATE_LIMIT_REQUESTS", "0");
    let all = cases::all(now_ms(), "");
    let schemes: BTreeSet<_> = all.iter().map(|case| case.schemes.clone()).collect();
    let mut organizations = Vec::new();
    for (index, schemes) in schemes.into_iter().enumerate() {
        let owner = format!("owner{index}@a.example");
        organizations.push(organization(&installation, &owner, schemes).await);
    }
    let server = installation.serve().await;
    loop {
        let now = now_ms();
        let (mut count, mut differences) = (0, Vec::new());
        for organization in &organizations {
            let mut cases = cases::all(now, &organization.workflow);
            cases.retain(|case| case.schemes == organization.schemes);
            count += cases.len();
            differences.extend(run(&server.api(&organization.key), cases).await);
        }
        // The expectations are those of one day.
        if Date::from_unix_ms(now) == Date::from_unix_ms(now_ms()) {
            assert_eq!(count, all.len());
            cases::conclude(&differences);
            return;
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the server under test has the machine's clock"
)]
fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.expect("a time after 1970").as_millis();
    i64::try_from(now).expect("a time before the year 292 million")
}

async fn organization(
    installation: &Installation,
    owner: &str,
    schemes: Vec<String>,
) -> Organization {
    let created = installation.add_organization(owner).await;
    let text = |value: &serde_json::Value| value.as_str().expect("a string").to_owned();
    let id = text(&created["organization_id"]);
    // Not by `org set`, which refuses those that no organization can allow.
    let sql = format!(
        "UPDATE organizations SET allowed_redirect_schemes = '{}' WHERE organization_id = '{id}'",
        json!(schemes)
    );
    assert_eq!(Database::open(installation).await.execute(&sql).await, 1);
    Organization {
        schemes,
        workflow: text(&created["workflows"]["sandbox"]),
        key: installation.key("sandbox", &["--org", &id]).await,
    }
}

/// Sends the requests on several connections at once.
async fn run(api: &Api, cases: Vec<Case>) -> Vec<String> {
    let waiting = Arc::new(Mutex::new(cases.into_iter()));
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (api, waiting) = (api.clone(), Arc::clone(&waiting));
        connections.spawn(async move {
            let mut differences = Vec::new();
            let next = || {
                waiting
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .next()
            };
            while let Some(case) = next() {
                let verdict = judge(&api, case.body.clone(), case.strict).await;
                differences.extend(difference(&case, &verdict));
            }
            differences
        });
    }
    connections.join_all().await.into_iter().flatten().collect()
}

/// What is told of a request over HTTP: all but the messages of the warnings.
fn difference(case: &Case, verdict: &Verdict) -> Option<String> {
    let expected = case.expected.as_object().expect("a verdict");
    let outcome = expected
        .iter()
        .filter(|(name, _)| *name != "warnings")
        .map(|(name, value)| (name.to_owned(), value.clone()));
    let warnings = expected.get("warnings").and_then(Json::as_array);
    let names = warnings.unwrap_or_default().iter();
    let names = names.map(|warning| warning.get("field").and_then(Json::as_str).expect("a name"));
    let names: Vec<&str> = names.collect();
    let is_ok = expected.get("ok").and_then(Json::as_bool) == Some(true);
    // A verdict has at most 100 warnings, so it does not know how many more there are.
    let header = |header: &str| match header.rsplit_once(",+") {
        Some((listed, _)) if names.len() == 100 => listed.to_owned(),
        _ => header.to_owned(),
    };
    let expected = object! {
        "outcome": Json::Object(outcome.collect()),
        "ignored": header(&ignored_header(&names)),
        "names": is_ok.then(|| names.iter().take(20).copied().collect::<Vec<_>>()),
    };
    let actual = object! {
        "outcome": verdict.outcome.clone(),
        "ignored": header(&verdict.ignored),
        "names": verdict.ignored_fields.clone(),
    };
    case.difference(&expected.into(), &actual.into())
}
