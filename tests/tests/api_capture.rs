//! The hosted pages behind a capture URL, in every state that a link can be in.

use serde_json::{Value, json};
use vouchkey_tests::admin::Admin;
use vouchkey_tests::api::{Answer, Api};
use vouchkey_tests::database::Database;
use vouchkey_tests::program::{Installation, Server};
use vouchkey_tests::wait;

/// A session, and somebody without a key who has its link.
struct Visit {
    installation: Installation,
    server: Server,
    api: Api,
    session: Value,
}

impl Visit {
    async fn of(body: &Value) -> Self {
        let installation = Installation::new().await;
        let (server, api) = installation.sandbox().await;
        let session = api.created(body).await;
        Self {
            installation,
            server,
            api,
            session,
        }
    }

    fn path(&self) -> String {
        let url = self.session["capture_url"].as_str().unwrap_or_default();
        url.trim_start_matches(self.server.base()).to_owned()
    }

    async fn open(&self) -> Answer {
        self.server.stranger().get(&self.path()).await
    }

    async fn change(&self, table: &str, change: &str) {
        let id = self.session["id"].as_str().unwrap_or_default();
        let sql = format!("UPDATE {table} SET {change} WHERE session_id = '{id}'");
        assert_eq!(
            Database::open(&self.installation).await.execute(&sql).await,
            1
        );
    }
}

/// What holds for every hosted page.
fn expect_page(answer: &Answer) {
    assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert!(
        answer
            .header("content-type")
            .unwrap_or_default()
            .starts_with("text/html")
    );
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!answer.text.contains("<script"), "no JavaScript");
}

#[tokio::test]
async fn the_page_says_who_asks_until_when_and_changes_nothing() {
    let visit = Visit::of(
        &json!({"email_display_name": "Acme <b>Pay</b>", "fields": {"name_first": "Jane"}}),
    )
    .await;
    let page = visit.open().await.expect_status(200);
    expect_page(&page);
    assert!(
        page.text.contains("Example") && page.text.contains("UTC"),
        "{}",
        page.text
    );
    assert!(page.text.contains("Sandbox"), "{}", page.text);
    assert!(!page.text.contains("<b>Pay"), "{}", page.text);
    assert!(
        !page.text.contains("Jane"),
        "prefill is not for whoever has the link: {}",
        page.text
    );

    let head = visit
        .server
        .stranger()
        .call("HEAD", &visit.path())
        .send()
        .await
        .expect_status(200);
    expect_page_headers_of(&head);
    for _ in 0..3 {
        let start = visit
            .server
            .stranger()
            .call("POST", &format!("{}/start", visit.path()));
        let start = start
            .header("Content-Type", "application/x-www-form-urlencoded")
            .send()
            .await;
        expect_page(&start.expect_status(200));
    }
    let session = visit.api.session(&visit.session["id"]).await;
    assert_eq!(session["status"], "pending");
    assert_eq!(session["capture_url"], visit.session["capture_url"]);
}

fn expect_page_headers_of(head: &Answer) {
    assert!(head.text.is_empty());
    assert_eq!(head.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn links_that_lead_nowhere_are_not_found() {
    let visit = Visit::of(&json!({})).await;
    let path = visit.path();
    let last = path.chars().last();
    let other = if last == Some('A') { 'B' } else { 'A' };
    let mut forged: Vec<char> = path.chars().collect();
    forged[20] = if forged[20] == 'A' { 'B' } else { 'A' };
    let shortened = &path[..path.len() - 1];
    for wrong in [
        "/verify/nothing".to_owned(),
        format!("/verify/{}", "A".repeat(50)),
        format!("{shortened}{other}"),
        format!("{path}A"),
        forged.into_iter().collect(),
        shortened.to_owned(),
    ] {
        let page = visit.server.stranger().get(&wrong).await;
        assert_eq!(page.status, 404, "{wrong}: {}", page.text);
        expect_page(&page);
    }
}

#[tokio::test]
async fn an_expired_link_says_how_to_get_a_new_one() {
    let visit = Visit::of(&json!({"support_url": "https://acme.example/help"})).await;
    visit
        .change("sessions", "expires_at = created_at - 1")
        .await;
    visit
        .change("capture_links", "expires_at = created_at - 1")
        .await;
    let page = visit.open().await.expect_status(410);
    expect_page(&page);
    assert!(page.text.contains("expired"), "{}", page.text);
    let start = visit
        .server
        .stranger()
        .call("POST", &format!("{}/start", visit.path()));
    start.send().await.expect_status(410);
}

#[tokio::test]
async fn the_support_link_of_the_organization_stands_on_pages_that_end() {
    let visit = Visit::of(&json!({})).await;
    let set = ["org", "set", "--support-url", "https://help.example/now"];
    visit.installation.output(&set).await;
    visit
        .change("capture_links", "revoked_at = created_at")
        .await;
    let page = wait::until("the organization's support link on the page", async || {
        let page = visit.open().await;
        page.text
            .contains("https://help.example/now")
            .then_some(page)
    })
    .await;
    expect_page(&page.expect_status(410));
}

#[tokio::test]
async fn a_revoked_link_is_gone() {
    let visit = Visit::of(&json!({})).await;
    visit
        .change("capture_links", "revoked_at = created_at")
        .await;
    let page = visit.open().await.expect_status(410);
    expect_page(&page);
    assert!(page.text.contains("no longer"), "{}", page.text);
}

#[tokio::test]
async fn a_used_link_says_that_it_goes_on_elsewhere() {
    let visit = Visit::of(&json!({})).await;
    visit.change("sessions", "status = 'capturing'").await;
    visit
        .change(
            "capture_links",
            "consumed_at = created_at, bound_hash = x'00'",
        )
        .await;
    let page = visit.open().await.expect_status(410);
    expect_page(&page);
    assert!(page.text.contains("another device"), "{}", page.text);
}

#[tokio::test]
async fn a_finished_session_says_that_all_is_done() {
    let visit = Visit::of(&json!({})).await;
    visit.change("sessions", "status = 'completed'").await;
    let page = visit.open().await.expect_status(200);
    expect_page(&page);
    assert!(page.text.contains("done"), "{}", page.text);
    let session = visit.api.session(&visit.session["id"]).await;
    assert_eq!(
        session["capture_url"],
        Value::Null,
        "only an open session has a link to show"
    );
}

#[tokio::test]
async fn a_visit_stands_once_a_minute_in_the_timeline() {
    let visit = Visit::of(&json!({})).await;
    let owner: Admin = visit.server.owner(&visit.installation).await;
    for _ in 0..5 {
        visit.open().await.expect_status(200);
    }
    let visits = async || {
        let timeline = owner.timeline(&visit.session["id"], "sandbox").await;
        timeline
            .iter()
            .filter(|event| *event == "link.visited")
            .count()
    };
    wait::until("a visit in the timeline", async || {
        (visits().await > 0).then_some(())
    })
    .await;
    visit.open().await.expect_status(200);
    assert!(visits().await <= 2, "at most one a minute");
}

#[tokio::test]
async fn listed_origins_may_embed_the_page_and_nobody_else() {
    let visit = Visit::of(&json!({})).await;
    let set = [
        "org",
        "set",
        "--embed-origins",
        "https://app.example,https://shop.example:8443",
    ];
    visit.installation.output(&set).await;
    let policy = wait::until("the list in the policy", async || {
        let page = visit.open().await;
        let policy = page
            .header("content-security-policy")
            .unwrap_or_default()
            .to_owned();
        policy.contains("app.example").then_some(policy)
    })
    .await;
    assert!(
        policy.contains("frame-ancestors https://app.example https://shop.example:8443"),
        "{policy}"
    );
}

#[tokio::test]
async fn the_organizations_colour_comes_from_a_style_sheet_of_its_own() {
    let visit = Visit::of(&json!({})).await;
    visit
        .installation
        .output(&["org", "set", "--accent-colour", "#7a1fa2"])
        .await;
    let brand = format!("{}/brand.css", visit.path());
    wait::until("the style sheet in the page", async || {
        visit.open().await.text.contains(&brand).then_some(())
    })
    .await;
    let sheet = visit.server.stranger().get(&brand).await.expect_status(200);
    assert!(
        sheet
            .header("content-type")
            .unwrap_or_default()
            .starts_with("text/css")
    );
    assert!(
        sheet.text.to_lowercase().contains("#7a1fa2"),
        "{}",
        sheet.text
    );
}
