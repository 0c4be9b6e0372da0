//! Draws the picture in the README: `cargo xtask screenshot`.
#![expect(
    clippy::expect_used,
    reason = "without what is asked for there is no picture"
)]

use serde_json::json;
use vouchkey_tests::browser::visit;
use vouchkey_tests::program::{Installation, repository};

#[tokio::main]
async fn main() {
    let installation = Installation::new().await;
    // The picture shows an address, so it is the one that everybody starts with.
    let server = installation.serve_at("127.0.0.1:8080").await;
    server.owner(&installation).await;
    let api = server.api(&installation.key("sandbox", &["--label", "Shop"]).await);
    let session = api
        .created(&json!({
            "external_ref": "order-1001", "country": "US", "metadata": {"plan": "business"},
            "send_email": true, "applicant_email": "ada@example.com", "applicant_name": "Ada Lovelace"
        }))
        .await;
    let id = session["id"].as_str().expect("an id").to_owned();
    let base = server.base().to_owned();
    visit(|browser| async move {
        browser.resize(1280, 860).await;
        browser.go(&format!("{base}/dashboard/sign-in")).await;
        browser.sign_in().await;
        browser.sees("Sessions").await;
        let page = format!("{base}/dashboard/sessions/{id}/created?env=sandbox");
        browser.go(&page).await;
        browser.sees("Capture URL").await;
        // The browser of the reader may draw none, or another one.
        let without_bar = "document.documentElement.style.scrollbarWidth = 'none'";
        browser.script(without_bar, Vec::new()).await;
        let file = repository().join("docs/dashboard.png");
        std::fs::write(file, browser.screenshot().await).expect("the picture can be kept");
    })
    .await;
}
