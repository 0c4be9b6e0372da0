//! Two organizations on one server, with the same references, keys and names: neither sees or touches what is the other's.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use vouchkey_tests::admin::{Admin, link_token};
use vouchkey_tests::api::{Api, SESSIONS};
use vouchkey_tests::database::Database;
use vouchkey_tests::program::{Installation, Server, repository};
use vouchkey_tests::wait;

const PAGE: &str = "https://shop.example";

/// An organization, and all ways into it.
struct Tenant {
    id: String,
    workflow: String,
    api: Api,
    page: Api,
    owner: Admin,
}

impl Tenant {
    async fn of(installation: &Installation, server: &Server, answer: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let id = text(&answer["organization_id"]);
        let secret = installation.key("sandbox", &["--org", &id]).await;
        let kind = ["--kind", "publishable", "--origins", PAGE, "--org", &id];
        let publishable = installation.key("sandbox", &kind).await;
        let owner = Admin::nobody(server);
        let set = owner.set_password(&link_token(answer)).await;
        set.expect_status(200);
        Self {
            workflow: text(&answer["workflows"]["sandbox"]),
            api: server.api(&secret),
            page: server.api(&publishable),
            owner,
            id,
        }
    }

    /// A session with everything that it can have, created under the same key by both organizations.
    async fn create(&self, whose: &str) -> Value {
        let body = json!({
            "external_ref": "user_42", "workflow_id": self.workflow, "metadata": {"of": whose},
            "send_email": true, "applicant_email": format!("{whose}@example.com"),
        });
        let call = self.api.creation(&body).once("order-1");
        call.send().await.expect_status(201).json()
    }

    async fn list(&self, query: &str) -> Vec<String> {
        let list = self.api.get(&format!("{SESSIONS}?{query}")).await;
        let list = list.expect_status(200).json();
        let data = list["data"].as_array().cloned().unwrap_or_default();
        data.iter()
            .map(|session| session["id"].to_string())
            .collect()
    }
}

async fn two(installation: &Installation, server: &Server) -> (Tenant, Tenant) {
    let other = installation.add_organization("other@example.com").await;
    let ours = Tenant::of(installation, server, installation.first_answer()).await;
    let theirs = Tenant::of(installation, server, &other).await;
    assert_ne!(ours.id, theirs.id);
    (ours, theirs)
}

#[tokio::test]
async fn the_same_references_and_keys_are_different_things() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let (ours, theirs) = two(&installation, &server).await;
    let (a, b) = (ours.create("ours").await, theirs.create("theirs").await);
    assert_ne!(a["id"], b["id"]);
    // And both are replayed to their own organization.
    assert_eq!(ours.create("ours").await, a);
    assert_eq!(theirs.create("theirs").await, b);
    for (tenant, own, whose, other) in [(&ours, &a, "ours", &b), (&theirs, &b, "theirs", &a)] {
        let own_id = own["id"].to_string();
        let other_id = other["id"].as_str().unwrap();
        for query in ["limit=10", "external_ref=user_42", "q=user_42"] {
            assert_eq!(tenant.list(query).await, [own_id.as_str()], "{query}");
        }
        assert!(tenant.list(&format!("q={other_id}")).await.is_empty());
        assert_eq!(tenant.api.count().await, 1);
        assert_eq!(
            tenant.api.session(&own["id"]).await["metadata"]["of"],
            whose
        );
        let mails = wait::until("the invitation", async || {
            let mails = tenant.owner.mailbox("sandbox").await;
            (!mails.is_empty()).then_some(mails)
        })
        .await;
        assert_eq!(mails.len(), 1);
        let mail = Value::from(mails).to_string();
        assert!(mail.contains(&format!("{whose}@example.com")), "{mail}");
    }
}

#[tokio::test]
async fn a_page_of_one_list_does_not_continue_in_another() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let (ours, theirs) = two(&installation, &server).await;
    let mut own = BTreeSet::new();
    for _ in 0..3 {
        ours.api.created(&json!({})).await;
        own.insert(theirs.api.created(&json!({})).await["id"].to_string());
    }
    let page = ours.api.get(&format!("{SESSIONS}?limit=1")).await.json();
    let cursor = page["pagination"]["next_cursor"].as_str().unwrap();
    let found = theirs.list(&format!("limit=10&cursor={cursor}")).await;
    assert!(found.iter().all(|id| own.contains(id)), "{found:?}");
}

#[tokio::test]
async fn what_belongs_to_another_organization_cannot_be_named() {
    let installation = Installation::new().await;
    let server = installation.serve().await;
    let (ours, theirs) = two(&installation, &server).await;
    let body = json!({"workflow_id": theirs.workflow});
    let expected = [("workflow_id", "not_found")];
    ours.api.create(&body).await.expect_errors(&expected);
    let call = ours.page.creation(&body).header("Origin", PAGE);
    call.send().await.expect_errors(&expected);
    let call = ours.api.dry_run(&body);
    call.send().await.expect_errors(&expected);
    let by_hand = ours
        .owner
        .call("POST", SESSIONS, Some("sandbox"), Some(&body))
        .await;
    by_hand.expect_errors(&expected);
    assert_eq!((ours.api.count().await, theirs.api.count().await), (0, 0));

    let key = installation.key("sandbox", &["--org", &theirs.id]).await;
    let expire = ["keys", "expire", &key.id, "--org", &ours.id];
    assert!(!installation.run(&expire).await.status.success());
    server.api(&key).get(SESSIONS).await.expect_status(200);
    let list = installation
        .output(&["keys", "list", "--org", &ours.id])
        .await;
    assert!(!list.contains(&key.id), "{list}");
}

/// The paths of all endpoints that take the id of something, as the server's source names them.
fn paths_with_ids() -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    let mut folders = vec![repository().join("crates/server/src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                paths.extend(paths_in(&path));
            }
        }
    }
    assert!(paths.contains("/api/v1/sessions/{id}"), "{paths:?}");
    assert!(paths.contains("/admin/v1/mailbox/{id}/html"), "{paths:?}");
    paths
}

fn paths_in(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let literals = text.split('"').skip(1).step_by(2);
    literals
        .filter(|text| text.starts_with("/api/v1/") || text.starts_with("/admin/v1/"))
        .filter(|text| text.contains('{') && !text.contains('?'))
        .map(str::to_owned)
        .collect()
}

/// The ids of everything that an organization has in the database, and its own.
async fn ids_of(installation: &Installation, organization: &str) -> BTreeSet<String> {
    let mut database = Database::open(installation).await;
    let mut ids = BTreeSet::new();
    for (table, column) in [
        ("sessions", "session_id"),
        ("mailbox_messages", "message_id"),
        ("outbox", "outbox_id"),
        ("session_events", "event_id"),
        ("capture_links", "link_id"),
        ("workflows", "workflow_id"),
        ("users", "user_id"),
        ("api_keys", "api_key_id"),
        ("organizations", "organization_id"),
    ] {
        let sql = format!("SELECT {column} FROM {table} WHERE organization_id = '{organization}'");
        let found = database.texts(&sql).await;
        assert!(!found.is_empty(), "{table}");
        ids.extend(found);
    }
    ids
}

#[tokio::test]
async fn no_endpoint_opens_what_belongs_to_another_organization() {
    // Nearly every request is refused before it does anything; a limit would hide what it would do.
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_RATE_LIMIT_REQUESTS", "0");
    let server = installation.serve().await;
    let (ours, theirs) = two(&installation, &server).await;
    let session = theirs.create("theirs").await;
    wait::until("the invitation", async || {
        (!theirs.owner.mailbox("sandbox").await.is_empty()).then_some(())
    })
    .await;
    let before = theirs.owner.session(&session["id"], "sandbox").await;

    let mut opened_by_its_owner = 0;
    for path in paths_with_ids() {
        let (head, rest) = path.split_once('{').unwrap();
        let tail = rest.split_once('}').map_or("", |(_, tail)| tail);
        for id in ids_of(&installation, &theirs.id).await {
            let address = format!("{head}{id}{tail}");
            for method in ["GET", "POST", "PATCH", "PUT", "DELETE"] {
                let by_key = ours
                    .api
                    .call(method, &address)
                    .json(&json!({}))
                    .send()
                    .await;
                let body = (method != "GET").then(|| json!({}));
                let by_hand = ours
                    .owner
                    .call(method, &address, Some("sandbox"), body.as_ref());
                for answer in [by_key, by_hand.await] {
                    let is_refused = matches!(answer.status, 401 | 403 | 404 | 405);
                    assert!(
                        is_refused,
                        "{method} {path} {id}: {} {}",
                        answer.status, answer.text
                    );
                }
            }
            let own = [
                theirs.api.get(&address).await.status,
                theirs.owner.get(&address, "sandbox").await.status,
            ];
            opened_by_its_owner += usize::from(own.contains(&200));
        }
    }
    // The session twice, its mail twice: else nothing was tried here.
    assert!(opened_by_its_owner >= 4, "{opened_by_its_owner}");
    let after = theirs.owner.session(&session["id"], "sandbox").await;
    assert_eq!(after, before);
}
