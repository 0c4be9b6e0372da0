//! The invitation as it arrives: at a real mail server, or in the embedded mailbox.

use serde_json::{Value, json};
use vouchkey_tests::admin;
use vouchkey_tests::api::invitation_to;
use vouchkey_tests::program::Installation;
use vouchkey_tests::qr;
use vouchkey_tests::smtp::Smtp;
use vouchkey_tests::wait;

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_invitation_arrives_as_it_should_look() {
    let smtp = Smtp::start();
    let installation = Installation::mailing_through(&smtp.url()).await;
    let (server, api) = installation.sandbox().await;
    server.owner(&installation).await;
    let session = api
        .created(&json!({
            "send_email": true, "applicant_email": "jane@example.com",
            "applicant_name": "Jané Doe", "email_display_name": "Acme, Pay & Co",
            "support_url": "https://acme.example/help?a=1&b=2"
        }))
        .await;
    let mail = smtp.wait_for(1).await.remove(0);
    let link = text(&session, "capture_url");

    assert_eq!(mail.recipients, ["jane@example.com"]);
    assert_eq!(mail.from_name, "Acme, Pay & Co");
    assert_eq!(mail.from_address, "verify@sender.example");
    assert_eq!(mail.to_address, "jane@example.com");
    assert!(mail.subject.contains("Acme, Pay & Co"), "{}", mail.subject);
    assert!(mail.subject.chars().count() < 60, "{}", mail.subject);
    assert!(
        mail.message_id.ends_with("@sender.example"),
        "{}",
        mail.message_id
    );

    assert!(
        mail.text.contains("Jané Doe, please click"),
        "{}",
        mail.text
    );
    assert!(mail.text.contains("Acme, Pay & Co"), "{}", mail.text);
    assert!(mail.text.contains(link), "{}", mail.text);
    assert!(
        mail.text
            .contains("contact support to have a new link sent"),
        "{}",
        mail.text
    );
    assert!(
        mail.text.contains("https://acme.example/help?a=1&b=2"),
        "{}",
        mail.text
    );
    assert!(
        mail.text.to_lowercase().contains("sandbox"),
        "the test says that it is one"
    );

    assert!(
        mail.html.contains(&format!("href=\"{link}\"")),
        "{}",
        mail.html
    );
    assert!(
        mail.html.contains("Acme, Pay &#38; Co") || mail.html.contains("Acme, Pay &amp; Co"),
        "{}",
        mail.html
    );
    assert!(
        !mail.html.contains("src=\"http"),
        "nothing is fetched from anywhere"
    );
    let image = mail
        .images
        .first()
        .unwrap_or_else(|| panic!("no image: {}", mail.source));
    assert_eq!(image.kind, "image/png");
    assert!(
        mail.html.contains(&format!("cid:{}", image.id)),
        "the image stands in the text"
    );
    assert_eq!(qr::read(&image.bytes), link);

    admin::happened(&server, &session["id"], "invitation.sent").await;
}

#[tokio::test]
async fn without_name_brand_and_support_link_the_organization_speaks() {
    let smtp = Smtp::start();
    let installation = Installation::mailing_through(&smtp.url()).await;
    let live = installation.key("live", &[]).await;
    let server = installation.serve().await;
    let api = server.api(&live);
    api.created(&invitation_to("one@example.com")).await;
    let plain = smtp.wait_for_mail_to("one@example.com").await;
    assert_eq!(plain.from_name, "Example");
    assert!(plain.subject.contains("Example"), "{}", plain.subject);
    assert!(plain.text.starts_with("Please click"), "{}", plain.text);
    assert!(
        plain
            .text
            .contains("contact support to have a new link sent."),
        "{}",
        plain.text
    );
    assert!(
        !plain.text.to_lowercase().contains("sandbox"),
        "{}",
        plain.text
    );

    installation
        .output(&[
            "org",
            "set",
            "--email-display-name",
            "Example Bank",
            "--support-url",
            "https://help.example/",
        ])
        .await;
    wait::until("the organization's new name in an invitation", async || {
        let dry = api
            .dry_run(&invitation_to("x@example.com"))
            .send()
            .await
            .json();
        text(&dry["invitation"], "subject")
            .contains("Example Bank")
            .then_some(())
    })
    .await;
    api.created(&invitation_to("two@example.com")).await;
    let configured = smtp.wait_for_mail_to("two@example.com").await;
    assert_eq!(configured.from_name, "Example Bank");
    assert!(
        configured.text.contains("https://help.example/"),
        "{}",
        configured.text
    );
    assert!(
        configured.text.contains("Example Bank"),
        "{}",
        configured.text
    );
}

#[tokio::test]
async fn the_address_may_stand_in_the_metadata_and_is_unused_without_send_email() {
    let smtp = Smtp::start();
    let installation = Installation::mailing_through(&smtp.url()).await;
    let (_server, api) = installation.sandbox().await;
    api.created(&json!({"applicant_email": "never@example.com"}))
        .await;
    api.created(&json!({"send_email": true, "metadata": {"applicant_email": "meta@example.com"}}))
        .await;
    api.created(&json!({"send_email": true, "applicant_email": "top@example.com", "metadata": {"applicant_email": "other@example.com"}})).await;
    smtp.wait_for_mail_to("meta@example.com").await;
    smtp.wait_for_mail_to("top@example.com").await;
    assert_eq!(smtp.mails().len(), 2);
}

#[tokio::test]
async fn a_replayed_creation_sends_no_second_mail() {
    let smtp = Smtp::start();
    let installation = Installation::mailing_through(&smtp.url()).await;
    let (_server, api) = installation.sandbox().await;
    for _ in 0..3 {
        api.created_under(&invitation_to("once@example.com"), "k")
            .await;
    }
    api.created(&invitation_to("last@example.com")).await;
    smtp.wait_for_mail_to("last@example.com").await;
    let once = smtp
        .mails()
        .iter()
        .filter(|mail| mail.to_address == "once@example.com")
        .count();
    assert_eq!(once, 1);
}

#[tokio::test]
async fn the_password_of_the_mail_server_is_used_decoded() {
    let smtp = Smtp::start();
    smtp.ask_for_password();
    let installation =
        Installation::mailing_through(&smtp.url_with("mailer%40example.com:p%40ss%2Fword")).await;
    let (server, api) = installation.sandbox().await;
    api.created(&invitation_to("jane@example.com")).await;
    smtp.wait_for(1).await;
    assert_eq!(smtp.credentials(), ["mailer@example.com p@ss/word"]);
    let logs = server.whole_logs().await;
    assert!(!logs.contains("p@ss/word") && !logs.contains("p%40ss"));
}

#[tokio::test]
async fn a_short_brand_makes_a_short_subject_and_a_long_one_is_never_cut() {
    let smtp = Smtp::start();
    let installation = Installation::mailing_through(&smtp.url()).await;
    let (_server, api) = installation.sandbox().await;
    for brand in ["B".repeat(30), "Ä".repeat(200)] {
        let mut body = invitation_to("jane@example.com");
        body["email_display_name"] = json!(brand);
        api.created(&body).await;
        let mail = wait::until("the mail of this brand", async || {
            smtp.mails()
                .into_iter()
                .find(|mail| mail.from_name == brand)
        })
        .await;
        assert!(mail.subject.contains(&brand), "{}", mail.subject);
        assert!(
            brand.len() > 30 || mail.subject.chars().count() < 60,
            "{}",
            mail.subject
        );
        let longest = mail.source.lines().map(str::len).max();
        assert!(
            longest <= Some(998),
            "no line longer than mail allows: {longest:?}"
        );
    }
}

#[tokio::test]
async fn without_a_mail_server_the_mail_lands_in_the_mailbox() {
    let installation = Installation::new().await;
    let (server, api) = installation.sandbox().await;
    let owner = server.owner(&installation).await;
    let session = api.created(&invitation_to("jane@example.com")).await;
    let mail = owner.mailbox("sandbox").await.pop();
    let mail = mail.expect("it is there with the session");
    assert_eq!(mail["to"], "jane@example.com");
    assert_eq!(mail["session_id"], session["id"]);
    assert!(
        owner.mailbox("live").await.is_empty(),
        "the environments stay apart"
    );

    let path = format!("/admin/v1/mailbox/{}", text(&mail, "id"));
    let whole = owner.get(&path, "sandbox").await.expect_status(200).json();
    let link = text(&session, "capture_url");
    assert!(text(&whole, "text").contains(link), "{whole}");
    assert_eq!(whole["subject"], mail["subject"]);
    let html = owner
        .get(text(&whole, "html_url"), "sandbox")
        .await
        .expect_status(200);
    let policy = html.header("content-security-policy").unwrap_or_default();
    assert!(
        policy.contains("sandbox") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert!(
        html.text.contains(link) && html.text.contains(qr::DATA_URL),
        "{}",
        html.text
    );
    assert!(
        !html.text.contains("cid:"),
        "the image is shown, not attached"
    );

    let stranger = server.stranger();
    stranger.get(&path).await.expect_status(401);
    stranger
        .get(text(&whole, "html_url"))
        .await
        .expect_status(401);
}

#[tokio::test]
async fn mail_through_smtp_needs_a_sender() {
    let installation = Installation::new()
        .await
        .with("VOUCHKEY_SMTP_URL", "smtp://127.0.0.1:2525");
    let output = installation.run(&["check-config"]).await;
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(
        message.contains("MAIL_FROM") || message.contains("mail_from"),
        "{message}"
    );
}
