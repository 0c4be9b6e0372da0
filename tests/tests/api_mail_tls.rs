//! Mail servers whose certificates come from an authority of their own, and what is said of those that cannot be used.

use std::path::PathBuf;

use serde_json::Value;
use vouchkey_tests::admin::{Admin, happened};
use vouchkey_tests::api::invitation_to;
use vouchkey_tests::program::Installation;
use vouchkey_tests::smtp::{Authority, Certificate, Smtp};
use vouchkey_tests::wait;

/// How a client is led to a server that speaks TLS from the first byte, and to one that offers `STARTTLS`.
const TLS: &str = "127.0.0.1";
const STARTTLS: &str = "0.0.0.0";

/// A file of the installation's folder with this text.
fn file_with(installation: &Installation, text: &str) -> String {
    let file: PathBuf = installation.folder().join("authorities.pem");
    std::fs::write(&file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    file.display().to_string()
}

/// The status and the message of `vouchkey doctor` about mail.
async fn said_of_mail(installation: &Installation) -> (String, String) {
    let output = installation.run(&["doctor", "--json", "--quick"]).await;
    let said = String::from_utf8_lossy(&output.stdout);
    let answer: Value =
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    let mut looks = answer["checks"].as_array().into_iter().flatten();
    let found = looks.find(|found| found["check"] == "mail");
    let found = found.unwrap_or_else(|| panic!("no word of mail: {said}"));
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    (text("status"), text("message"))
}

#[tokio::test]
async fn mail_goes_to_a_server_of_an_own_authority() {
    let authority = Authority::new("Our authority");
    for host in [TLS, STARTTLS] {
        let smtp = Smtp::start();
        let certificate = authority.certify(host);
        let url = if host == TLS {
            smtp.speak_tls(&certificate);
            smtp.url_of_tls()
        } else {
            smtp.offer_starttls(&certificate);
            smtp.url_of_starttls()
        };
        let installation = Installation::mailing_through(&url).await;
        let file = file_with(&installation, authority.pem());
        let installation = installation.with("VOUCHKEY_SMTP_CA_FILE", file);
        assert_eq!(said_of_mail(&installation).await.0, "ok", "{host}");
        let (_server, api) = installation.sandbox().await;
        api.created(&invitation_to("jane@example.com")).await;
        smtp.wait_for_mail_to("jane@example.com").await;
    }
}

#[tokio::test]
async fn each_way_in_which_a_server_cannot_be_used_has_its_own_remedy() {
    let authority = Authority::new("Our authority");
    let stranger = Authority::new("Another authority");
    let smtp = Smtp::start();
    let judge = async |url: &str, trusted: &str| {
        let installation = Installation::mailing_through(url).await;
        let file = file_with(&installation, trusted);
        let installation = installation.with("VOUCHKEY_SMTP_CA_FILE", file);
        said_of_mail(&installation).await
    };
    let own = Certificate::of_its_own(TLS);
    let mixed = Certificate::and_authority(TLS);
    for (certificate, trusted, status, words) in [
        (
            &authority.certify(TLS),
            stranger.pem(),
            "problem",
            ["certificate_untrusted", "VOUCHKEY_SMTP_CA_FILE"],
        ),
        (
            &authority.certify("mail.example.com"),
            authority.pem(),
            "problem",
            ["certificate_mismatch", "subjectAltName"],
        ),
        (
            &authority.certify_until_2020(TLS),
            authority.pem(),
            "problem",
            ["certificate_expired", "clock"],
        ),
        (&own, own.pem(), "ok", ["takes mail", ""]),
        (
            &own,
            authority.pem(),
            "problem",
            ["certificate_untrusted", "VOUCHKEY_SMTP_CA_FILE"],
        ),
        (
            &mixed,
            mixed.pem(),
            "problem",
            ["certificate_invalid", "CA:TRUE"],
        ),
    ] {
        smtp.speak_tls(certificate);
        let (found, message) = judge(&smtp.url_of_tls(), trusted).await;
        assert_eq!(found, status, "{words:?}: {message}");
        for word in words {
            assert!(message.contains(word), "{word}: {message}");
        }
    }

    // A server of one kind, asked as if it were of the other.
    smtp.offer_starttls(&authority.certify(TLS));
    let (_, message) = judge(&smtp.url_of_tls(), authority.pem()).await;
    assert!(
        message.contains("tls_failed") && message.contains("465"),
        "{message}"
    );
    let clear = Smtp::start();
    let (_, message) = judge(&clear.url_of_starttls(), authority.pem()).await;
    assert!(
        message.contains("tls_failed") && message.contains("STARTTLS"),
        "{message}"
    );

    // Past TLS: the password, and a machine that nobody wants.
    clear.ask_for_password();
    clear.answer_sign_in(Some("535 5.7.8 No"));
    let (_, message) = judge(&clear.url_with("user:hunter2"), authority.pem()).await;
    assert!(
        message.contains("sign_in_refused") && message.contains("password"),
        "{message}"
    );
    assert!(!message.contains("hunter2"), "{message}");
    clear.answer_greeting(Some("554 5.7.1 Not from you"));
    let (_, message) = judge(&clear.url_with("user:hunter2"), authority.pem()).await;
    assert!(
        message.contains("server_refused") && message.contains("address"),
        "{message}"
    );
}

#[tokio::test]
async fn an_invitation_says_what_holds_it_up_and_goes_out_once_that_is_mended() {
    let authority = Authority::new("Our authority");
    let smtp = Smtp::start();
    smtp.speak_tls(&authority.certify(TLS));
    let installation = Installation::mailing_through(&smtp.url_of_tls()).await;
    let (server, api) = installation.sandbox().await;
    server.owner(&installation).await;
    let id = api.created(&invitation_to("jane@example.com")).await["id"].clone();
    let owner = Admin::by_password(&server).await;
    wait::until("the reason of the first failure", async || {
        let page = owner.session(&id, "sandbox").await;
        (page["invitation"]["last_error"] == "certificate_untrusted").then_some(())
    })
    .await;
    drop(server);

    let file = file_with(&installation, authority.pem());
    let installation = installation.with("VOUCHKEY_SMTP_CA_FILE", file);
    let server = installation.serve().await;
    smtp.wait_for_mail_to("jane@example.com").await;
    happened(&server, &id, "invitation.sent").await;
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_before_anything_starts() {
    let installation = Installation::new().await;
    let empty = file_with(&installation, "");
    for (file, word) in [
        (empty.as_str(), "no certificate"),
        ("/nowhere/ca.pem", "cannot be read"),
    ] {
        let installation = installation.moved_to(installation.folder());
        let installation = installation.with("VOUCHKEY_SMTP_CA_FILE", file);
        for (command, code) in [("serve", 2), ("check-config", 2), ("doctor", 1)] {
            let output = installation.run(&[command]).await;
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert_eq!(output.status.code(), Some(code), "{command}: {said}");
            for word in ["VOUCHKEY_SMTP_CA_FILE", file, word] {
                assert!(said.contains(word), "{word} of {command}: {said}");
            }
        }
    }
}
