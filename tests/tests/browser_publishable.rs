//! A page on another origin creates a session by itself, in a real browser.

use serde_json::json;
use vouchkey_tests::browser::visit;
use vouchkey_tests::program::{Installation, Key, Server, repository};
use vouchkey_tests::site::Place;

/// A shop's page with nothing but the browser's own `fetch`. It shows what it was told.
fn page(server: &Server, key: &Key) -> String {
    let page = r#"<!doctype html><html lang=en><head><title>Shop</title><link rel=icon href="data:,"></head><body>
<h1>Shop</h1><p id=told>Waiting.</p><img id=code alt="">
<script>
const told = text => { document.getElementById("told").textContent = text; };
async function create(body) {
  const answer = await fetch("SERVER/api/v1/sessions", {
    method: "POST",
    headers: { "X-API-Key": "KEY", "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify(body),
  });
  return { answer, body: await answer.json() };
}
async function run() {
  const refused = await create({ send_email: true, applicant_email: "jane@example.com" });
  const codes = refused.body.errors.map(error => `${error.field} ${error.code}`).join(", ");
  const { answer, body } = await create({ external_ref: "order-1", fields: { name_first: "Jane" } });
  document.getElementById("code").src = body.qr_code_data_url;
  const left = answer.headers.get("X-RateLimit-Remaining");
  const name = answer.headers.get("X-Request-Id");
  told(`${refused.answer.status} ${codes}; ${answer.status} ${body.status}; ${left} left; ${name ? "named" : "nameless"}; ${body.capture_url}`);
}
run().catch(error => told(`The browser refused: ${error.name}.`));
</script></body></html>"#;
    page.replace("SERVER", server.base())
        .replace("KEY", &key.secret)
}

#[tokio::test]
async fn a_page_on_a_listed_origin_creates_a_session_and_no_other_page_does() {
    let installation = Installation::new().await;
    let (shop, thief) = (Place::new().await, Place::new().await);
    let listed = shop.origin();
    let more = ["--kind", "publishable", "--origins", &listed];
    let key = installation.key("sandbox", &more).await;
    let (server, own) = installation.sandbox().await;
    let shop = shop.serve(&page(&server, &key));
    let thief = thief.serve(&page(&server, &key));
    visit(|browser| async move {
        browser.go(thief.origin()).await;
        browser.sees("The browser refused: TypeError.").await;
        assert_eq!(own.count().await, 0, "not even the request was sent");

        browser.go(shop.origin()).await;
        browser
            .sees("422 send_email not_allowed, applicant_email not_allowed; 201 pending; 9 left; named; http://")
            .await;
        let list = own.get("/api/v1/sessions").await.expect_status(200).json();
        assert_eq!(list["data"][0]["external_ref"], json!("order-1"), "{list}");
        let text = browser.text().await;
        let link = text.split_whitespace().find(|word| word.contains("/verify/"));
        let link = link.unwrap_or_else(|| panic!("no capture URL in {text}"));
        assert_eq!(vouchkey_tests::qr::read(&browser.picture_of("#code").await), link);
        browser.go(link).await;
        browser.sees("Start").await;
    })
    .await;
}

/// The script that `docs/embedding.md` gives to whoever has no package, for this server and key.
fn documented_script(server: &Server, key: &Key) -> String {
    let file = repository().join("docs/embedding.md");
    let page = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{error}"));
    let script = page
        .split("```js\n")
        .filter_map(|rest| rest.split("```").next())
        .find(|script| script.contains("await fetch("));
    let script = script.unwrap_or_else(|| panic!("no script that fetches in {}", file.display()));
    script
        .replace("https://verify.example.com", server.base())
        .replace("vk_pub_live_…", &key.secret)
}

#[tokio::test]
async fn the_script_of_the_documentation_leads_to_the_hosted_page() {
    let installation = Installation::new().await;
    let shop = Place::new().await;
    let origin = shop.origin();
    let more = ["--kind", "publishable", "--origins", &origin];
    let key = installation.key("live", &more).await;
    let server = installation.serve().await;
    let script = documented_script(&server, &key);
    let shop = shop.serve(&format!(
        "<!doctype html><html lang=en><title>Shop</title><link rel=icon href=\"data:,\"><h1>Shop</h1>\
         <script type=module>{script}</script></html>"
    ));
    visit(|browser| async move {
        browser.go(shop.origin()).await;
        browser.arrives_at("/verify/").await;
        browser.sees("Start").await;
        assert!(browser.address().await.starts_with(server.base()));
        browser.expect_silent_console().await;
    })
    .await;
}
