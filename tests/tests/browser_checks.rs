//! The checks that all browser tests rely on do find what they look for.

use vouchkey_tests::browser::visit;
use vouchkey_tests::qr;
use vouchkey_tests::site::Place;

const PAGE: &str = r#"<!doctype html><html lang=en><head><title>Mistakes</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:">
</head><body><main><h1>Mistakes</h1><input><p style="color: #ccc">faint</p></main></body></html>"#;

#[tokio::test]
async fn a_missing_label_and_a_violated_policy_do_not_go_unnoticed() {
    let site = Place::new().await.serve(PAGE);
    visit(|browser| async move {
        browser.go(site.origin()).await;
        browser.sees("faint").await;
        let complaints = browser.complaints().await;
        assert!(
            complaints
                .iter()
                .any(|line| line.contains("Content Security Policy")),
            "{complaints:?}"
        );
        let found = browser.violations().await;
        assert!(
            found.iter().any(|line| line.starts_with("label:")),
            "{found:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_code_is_read_from_a_screenshot() {
    let link = "https://verify.example.com/verify/screenshot";
    let image = vouchkey_qr::png_data_url(link).unwrap_or_else(|error| panic!("{error}"));
    let page = format!(
        "<!doctype html><html lang=en><title>Code</title><body style=\"background: #131416\">\
         <h1 style=\"color: #fff\">Scan me</h1><img alt=Code src=\"{image}\" style=\"margin: 40px\"></body></html>"
    );
    let site = Place::new().await.serve(&page);
    visit(|browser| async move {
        browser.go(site.origin()).await;
        assert_eq!(qr::read(&browser.screenshot().await), link);
        assert_eq!(qr::read(&browser.picture_of("img").await), link);
    })
    .await;
}
