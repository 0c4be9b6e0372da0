//! Requests at random get the same answer from the npm package and from the server.
//!
//! The seed is printed; `VOUCHKEY_DIFFERENTIAL_SEED` takes it again, and
//! `VOUCHKEY_DIFFERENTIAL_REQUESTS` another number of requests than 20,000.
#![expect(clippy::expect_used, reason = "a test may fail")]

#[path = "differential/mutations.rs"]
mod mutations;
#[path = "differential/node.rs"]
mod node;
#[path = "differential/requests.rs"]
mod requests;

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::Arc;
use std::time::Instant;

use proptest::strategy::{BoxedStrategy, Strategy as _, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;
use vouchkey_tests::api::Api;
use vouchkey_tests::dry_run::{self, ignored_header};
use vouchkey_tests::package::Package;
use vouchkey_tests::program::Installation;
use vouchkey_types::id::WorkflowId;
use vouchkey_types::json::{Json, Number, Object};

/// How many requests are on their way at once.
const CONNECTIONS: usize = 12;
/// How many requests with different answers are shown.
const SHOWN: usize = 3;
/// How often a request with different answers is made smaller, at most.
const SHRINKS: usize = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_requests_get_the_same_answer_from_the_package_and_the_server() {
    let seed = number("VOUCHKEY_DIFFERENTIAL_SEED", || {
        RandomState::new().build_hasher().finish()
    });
    let count = number("VOUCHKEY_DIFFERENTIAL_REQUESTS", || 20_000);
    println!("VOUCHKEY_DIFFERENTIAL_SEED={seed}");
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_RATE_LIMIT_REQUESTS", "0");
    let workflow = installation.workflow("sandbox").to_owned();
    let (_server, api) = installation.sandbox().await;
    let judges = Judges {
        api,
        package: Package::start(),
        workflow: workflow.clone(),
    };

    let started = Instant::now();
    let (outcomes, different) = compare(&judges, seed, count, &workflow).await;
    println!("{count} requests in {:?}: {outcomes:?}", started.elapsed());

    let mut reports = Vec::new();
    for index in different.iter().take(SHOWN) {
        reports.push(judges.smallest(tree(seed, *index, &workflow)).await);
    }
    assert!(
        different.is_empty(),
        "VOUCHKEY_DIFFERENTIAL_SEED={seed}: {} of {count} requests get different answers\n{}",
        different.len(),
        reports.join("\n")
    );
    // What is compared is worth it.
    for outcome in ["accepted", "invalid_json", "validation_failed"] {
        let share = outcomes.get(outcome).copied().unwrap_or_default();
        assert!(share * 10 > count, "{outcome}: only {share} of {count}");
    }
}

fn number(variable: &str, default: impl FnOnce() -> u64) -> u64 {
    std::env::var(variable).map_or_else(|_| default(), |text| text.parse().expect("a whole number"))
}

/// How often each outcome came, and which requests got different answers.
async fn compare(
    judges: &Judges,
    seed: u64,
    count: u64,
    workflow: &str,
) -> (BTreeMap<String, u64>, Vec<u64>) {
    let (sender, receiver) = mpsc::channel(256);
    let strategy_workflow = workflow.to_owned();
    let maker = tokio::task::spawn_blocking(move || {
        let strategy = requests::any_request(&strategy_workflow);
        for index in 0..count {
            let body = grow(&strategy, seed, index).current();
            sender
                .blocking_send((index, body))
                .expect("somebody who asks");
        }
    });
    let receiver = Arc::new(Mutex::new(receiver));
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (judges, receiver) = (judges.clone(), Arc::clone(&receiver));
        connections.spawn(async move {
            let (mut outcomes, mut different) = (BTreeMap::new(), Vec::new());
            loop {
                let next = receiver.lock().await.recv().await;
                let Some((index, body)) = next else {
                    return (outcomes, different);
                };
                if judges.names_another_workflow(&body) {
                    *outcomes.entry("left out".to_owned()).or_insert(0) += 1;
                    continue;
                }
                let answers = judges.ask(&body).await;
                *outcomes.entry(answers.outcome()).or_insert(0) += 1;
                if answers.differ() {
                    different.push(index);
                }
            }
        });
    }
    let (mut outcomes, mut different) = (BTreeMap::new(), Vec::new());
    for (some_outcomes, some_different) in connections.join_all().await {
        for (outcome, count) in some_outcomes {
            *outcomes.entry(outcome).or_insert(0) += count;
        }
        different.extend(some_different);
    }
    maker.await.expect("all requests were made");
    different.sort_unstable();
    (outcomes, different)
}

fn tree(seed: u64, index: u64, workflow: &str) -> impl ValueTree<Value = Vec<u8>> + use<> {
    grow(&requests::any_request(workflow), seed, index)
}

/// The request of this number, whatever was made before it.
fn grow(
    strategy: &BoxedStrategy<Vec<u8>>,
    seed: u64,
    index: u64,
) -> impl ValueTree<Value = Vec<u8>> + use<> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&index.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    strategy.new_tree(&mut runner).expect("a request")
}

/// Both who answer.
#[derive(Clone)]
struct Judges {
    api: Api,
    package: Package,
    /// The only workflow of which a request may speak: of others the package cannot know that they
    /// do not exist.
    workflow: String,
}

/// Both answers, in one form.
#[derive(Debug)]
struct Answers {
    package: String,
    server: String,
    accepted: bool,
    error: String,
}

impl Judges {
    /// Whether chance has made another id of the right form.
    fn names_another_workflow(&self, body: &[u8]) -> bool {
        let text = String::from_utf8_lossy(body);
        let length = self.workflow.len();
        let ids = text.match_indices("wfl_");
        ids.filter_map(|(at, _)| text.get(at..at + length))
            .any(|id| id != self.workflow && WorkflowId::parse(id).is_some())
    }

    async fn ask(&self, body: &[u8]) -> Answers {
        let (package, server) = tokio::join!(
            self.package.judge(body),
            dry_run::judge(&self.api, body.to_vec(), false)
        );
        let warnings = package.get("warnings").and_then(Json::as_array);
        let names = warnings.unwrap_or_default().iter();
        let name = |warning: &Json| {
            warning
                .get("field")
                .and_then(Json::as_str)
                .map(str::to_owned)
        };
        let names: Vec<String> = names.filter_map(name).collect();
        let header = ignored_header(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let outcome = |verdict: &Json| {
            let members = ["ok", "value", "error", "detail", "errors"];
            let member = |name: &str| Some((name.to_owned(), rounded(verdict.get(name)?)));
            Json::Object(members.into_iter().filter_map(member).collect()).canonical()
        };
        let error = package.get("error").and_then(Json::as_str);
        Answers {
            package: format!("{} {header}", outcome(&package)),
            server: format!("{} {}", outcome(&server.outcome), server.ignored),
            accepted: error.is_none(),
            error: error.unwrap_or_default().to_owned(),
        }
    }

    /// Makes a request with different answers as small as it gets, and shows all three.
    async fn smallest(&self, mut tree: impl ValueTree<Value = Vec<u8>>) -> String {
        let mut best = (tree.current(), self.ask(&tree.current()).await);
        let mut is_smaller = tree.simplify();
        for _ in 0..SHRINKS {
            if !is_smaller {
                break;
            }
            let body = tree.current();
            let answers = self.ask(&body).await;
            if answers.differ() && !self.names_another_workflow(&body) {
                best = (body, answers);
                is_smaller = tree.simplify();
            } else {
                is_smaller = tree.complicate();
            }
        }
        let (body, answers) = best;
        format!(
            "request {}\n  package {}\n  server  {}",
            body.escape_ascii(),
            answers.package,
            answers.server
        )
    }
}

impl Answers {
    fn differ(&self) -> bool {
        self.package != self.server
    }

    fn outcome(&self) -> String {
        if self.accepted {
            "accepted".into()
        } else {
            self.error.clone()
        }
    }
}

/// A value with its numbers as JavaScript has them: doubles, and one zero.
fn rounded(value: &Json) -> Json {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "as JavaScript does")]
        Json::Number(number) => Json::Number(Number::F64(match number {
            Number::I64(number) => *number as f64,
            Number::U64(number) => *number as f64,
            Number::F64(number) => *number + 0.0,
        })),
        Json::Array(items) => Json::Array(items.iter().map(rounded).collect()),
        Json::Object(members) => Json::Object(
            members
                .iter()
                .map(|(name, value)| (name.to_owned(), rounded(value)))
                .collect::<Object>(),
        ),
        plain => plain.clone(),
    }
}
