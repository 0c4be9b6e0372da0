//! The invitation past mail servers that are down, refuse or come late, past bad rows and a crash.

use std::time::Duration;

use serde_json::Value;
use vouchkey_tests::admin::{self, Admin};
use vouchkey_tests::api::invitation_to;
use vouchkey_tests::database::Database;
use vouchkey_tests::program::Installation;
use vouchkey_tests::smtp::{Reserved, Smtp};
use vouchkey_tests::wait;

/// Longer than the pause before the third attempt.
const RETRIES: Duration = Duration::from_mins(2);

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

#[tokio::test]
async fn creation_does_not_wait_for_a_mail_server_that_is_down() {
    let reserved = Reserved::new();
    let installation = Installation::mailing_through(&reserved.url()).await;
    let (server, api) = installation.sandbox().await;
    server.owner(&installation).await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(
            api.created(&invitation_to(&format!("later{number}@example.com")))
                .await,
        );
    }

    let smtp = reserved.open();
    wait::until_within(RETRIES, "all five messages", async || {
        (smtp.mails().len() >= 5).then_some(())
    })
    .await;
    let mails = smtp.mails();
    assert_eq!(mails.len(), 5, "each once");
    for (number, session) in made.iter().enumerate() {
        let address = format!("later{number}@example.com");
        let mail = mails.iter().find(|mail| mail.to_address == address);
        let mail = mail.unwrap_or_else(|| panic!("no mail to {address}"));
        assert!(mail.text.contains(text(session, "capture_url")));
        admin::happened(&server, &session["id"], "invitation.sent").await;
    }
}

#[tokio::test]
async fn mail_is_sent_though_the_program_is_killed_right_after_the_answer() {
    let smtp = Smtp::start();
    smtp.answer_greeting(Some("421 4.3.2 Not now"));
    let installation = Installation::mailing_through(&smtp.url()).await;
    let (server, api) = installation.sandbox().await;
    let session = api.created(&invitation_to("jane@example.com")).await;
    server.kill().await;
    assert!(smtp.mails().is_empty());

    smtp.answer_greeting(None);
    let _server = installation.serve().await;
    wait::until_within(RETRIES, "the message after the restart", async || {
        (!smtp.mails().is_empty()).then_some(())
    })
    .await;
    let mail = smtp.mails().remove(0);
    let token = text(&session, "capture_url")
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_owned();
    assert!(
        mail.text.contains(&token),
        "the same link as in the answer: {}",
        mail.text
    );
}

#[tokio::test]
async fn a_refused_recipient_stops_nobody_else() {
    let smtp = Smtp::start();
    smtp.answer_recipient("gone@example.com", "550 5.1.1 No such user");
    let installation = Installation::mailing_through(&smtp.url()).await;
    let (server, api) = installation.sandbox().await;
    server.owner(&installation).await;
    let refused = api.created(&invitation_to("gone@example.com")).await;
    let taken = api.created(&invitation_to("here@example.com")).await;
    smtp.wait_for_mail_to("here@example.com").await;
    admin::happened(&server, &taken["id"], "invitation.sent").await;
    admin::happened(&server, &refused["id"], "invitation.failed").await;
    let session = api.session(&refused["id"]).await;
    assert_eq!(
        session["status"], "pending",
        "the session lives on without the mail"
    );
}

#[tokio::test]
async fn a_full_mail_server_is_asked_again_for_the_same_message() {
    let smtp = Smtp::start();
    smtp.answer_message(Some("452 4.3.1 Full"));
    let installation = Installation::mailing_through(&smtp.url()).await;
    let (_server, api) = installation.sandbox().await;
    api.created(&invitation_to("jane@example.com")).await;
    let refused = wait::until("the first attempt", async || smtp.refused().pop()).await;
    smtp.answer_message(None);
    wait::until_within(RETRIES, "the message at a later attempt", async || {
        (!smtp.mails().is_empty()).then_some(())
    })
    .await;
    let mails = smtp.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        mails[0].message_id, refused.message_id,
        "so that a reader sees one message"
    );
}

#[tokio::test]
async fn an_address_that_no_mail_server_takes_stops_nobody_else() {
    let smtp = Smtp::start();
    let installation = Installation::mailing_through(&smtp.url()).await;
    let (server, api) = installation.sandbox().await;
    server.owner(&installation).await;
    // The browsers' rule for addresses lets these pass.
    let mut odd = Vec::new();
    for address in [
        ".jane..doe.@example.com",
        "jane@localhost",
        "a`{|}~@example.com",
    ] {
        odd.push(api.created(&invitation_to(address)).await);
    }
    api.created(&invitation_to("after@example.com")).await;
    smtp.wait_for_mail_to("after@example.com").await;
    let owner = Admin::by_password(&server).await;
    for session in &odd {
        wait::until("an end of the odd invitation", async || {
            let timeline = owner.timeline(&session["id"], "sandbox").await;
            let ends = ["invitation.sent", "invitation.failed"];
            timeline
                .iter()
                .any(|event| ends.contains(&event.as_str()))
                .then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_stops_nobody_else() {
    let smtp = Smtp::start();
    smtp.answer_greeting(Some("421 4.3.2 Not now"));
    let installation = Installation::mailing_through(&smtp.url()).await;
    let key = installation.key("sandbox", &[]).await;
    let server = installation.serve().await;
    let poisoned = server
        .api(&key)
        .created(&invitation_to("poison@example.com"))
        .await;
    server
        .api(&key)
        .created(&invitation_to("after@example.com"))
        .await;
    let mut database = Database::open(&installation).await;
    let poison = format!(
        "UPDATE sessions SET applicant_email_sealed = x'0102' WHERE session_id = '{}'",
        text(&poisoned, "id")
    );
    assert_eq!(database.execute(&poison).await, 1);
    smtp.answer_greeting(None);
    wait::until_within(RETRIES, "the mail behind the poisoned one", async || {
        smtp.mails()
            .iter()
            .any(|mail| mail.to_address == "after@example.com")
            .then_some(())
    })
    .await;
    server.stranger().get("/healthz").await.expect_status(200);
}

#[tokio::test]
async fn an_invitation_whose_session_has_expired_is_never_sent() {
    let reserved = Reserved::new();
    let installation = Installation::mailing_through(&reserved.url()).await;
    let (server, api) = installation.sandbox().await;
    server.owner(&installation).await;
    let lapsed = api.created(&invitation_to("late@example.com")).await;
    api.created(&invitation_to("open@example.com")).await;
    let mut database = Database::open(&installation).await;
    for table in ["sessions", "capture_links"] {
        let id = text(&lapsed, "id");
        let past = format!("UPDATE {table} SET expires_at = created_at WHERE session_id = '{id}'");
        assert_eq!(database.execute(&past).await, 1);
    }
    let smtp = reserved.open();
    wait::until_within(RETRIES, "the other invitation", async || {
        (!smtp.mails().is_empty()).then_some(())
    })
    .await;
    admin::happened(&server, &lapsed["id"], "invitation.cancelled").await;
    assert_eq!(smtp.mails().len(), 1);
}

#[tokio::test]
async fn a_mail_server_that_refuses_everybody_costs_no_invitation() {
    let smtp = Smtp::start();
    smtp.answer_greeting(Some("554 5.7.1 Not from you"));
    let installation = Installation::mailing_through(&smtp.url()).await;
    let (_server, api) = installation.sandbox().await;
    api.created(&invitation_to("jane@example.com")).await;
    wait::until("the first attempt", async || {
        (smtp.connections() >= 1).then_some(())
    })
    .await;
    smtp.answer_greeting(None);
    wait::until_within(RETRIES, "the message after the pause", async || {
        (!smtp.mails().is_empty()).then_some(())
    })
    .await;
}
