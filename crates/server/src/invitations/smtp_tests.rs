//! What each refusal means, by where it comes.

use super::scripted_smtp::{DROP, Script, ScriptedSmtp};
use super::smtp_address::Security;
use super::*;

fn message() -> Outgoing {
    let rendered = Rendered {
        from_name: "Acme".into(),
        to: "jane@example.com".into(),
        subject: "Verify your identity for Acme".into(),
        text: "Please click.\n.\nA line with only a dot.\n".into(),
        html: "<p>Please click.</p>".into(),
        capture_url: "https://verify.example.com/verify/x".into(),
    };
    Outgoing::build(&rendered, "no-reply@example.com", "evt_1", 0).unwrap()
}

#[tokio::test]
async fn a_message_arrives_whole_also_with_a_line_that_is_only_a_dot() {
    let server = ScriptedSmtp::start(Script::ACCEPT).await;
    server.smtp().send(&message()).await.unwrap();
    let messages = server.messages();
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0].contains("\n..\nA line with only a dot."),
        "{}",
        messages[0]
    );
    assert!(messages[0].contains("Message-ID: <evt_1@example.com>"));
}

#[tokio::test]
async fn what_a_refusal_means_depends_on_where_it_comes() {
    for (verb, answer, expected) in [
        ("greeting", "554 no", Failure::ServerRefused),
        ("greeting", "421 later", Failure::Unreachable),
        ("greeting", "hello", Failure::Unreachable),
        ("greeting", DROP, Failure::Unreachable),
        ("EHLO", "550 no", Failure::ServerRefused),
        ("EHLO", "451 later", Failure::Unreachable),
        ("EHLO", "250 AUTH GSSAPI", Failure::SignInRefused),
        ("AUTH", "535 no", Failure::SignInRefused),
        ("AUTH", "550 no", Failure::SignInRefused),
        ("AUTH", "538 TLS first", Failure::TlsFailed),
        ("AUTH", "454 later", Failure::Unreachable),
        ("MAIL", "421 closing", Failure::Unreachable),
        ("MAIL", "451 later", Failure::MessageDeferred),
        ("MAIL", "530 sign in first", Failure::SignInRefused),
        ("MAIL", "550 no", Failure::MessageRefused),
        ("RCPT", "450 later", Failure::RecipientDeferred),
        ("RCPT", "550 unknown", Failure::RecipientRefused),
        ("RCPT", DROP, Failure::ConnectionLost),
        ("DATA", "451 later", Failure::MessageDeferred),
        ("DATA", "554 no", Failure::MessageRefused),
        ("message", "452 full", Failure::MessageDeferred),
        ("message", "552 too large", Failure::MessageRefused),
        ("message", DROP, Failure::ConnectionLost),
    ] {
        let server = ScriptedSmtp::start(Script::ACCEPT.but(verb, answer)).await;
        let outcome = server.smtp().send(&message()).await;
        assert_eq!(outcome, Err(expected), "{verb}: {answer}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let address = SmtpAddress::parse(&format!("smtp://127.0.0.1:{port}")).unwrap();
    let smtp = Smtp::new(address, MailAuthorities::default());
    assert_eq!(smtp.send(&message()).await, Err(Failure::Unreachable));
    assert_eq!(smtp.probe().await, Err(Failure::Unreachable));
}

#[tokio::test]
async fn where_tls_is_demanded_nothing_is_sent_without_it() {
    for security in [Security::StartTls, Security::Tls] {
        for hello in ["250 mail.example.com", "250 STARTTLS"] {
            let server = ScriptedSmtp::start(Script::ACCEPT.but("EHLO", hello)).await;
            let address = SmtpAddress {
                security,
                ..server.address()
            };
            let smtp = Smtp::new(address, MailAuthorities::default());
            let outcome = smtp.send(&message()).await;
            assert_eq!(outcome, Err(Failure::TlsFailed), "{security:?}, {hello}");
            assert_eq!(
                (server.heard("AUTH"), server.heard("MAIL")),
                (0, 0),
                "{security:?}, {hello}"
            );
        }
    }
}

#[tokio::test]
async fn a_probe_goes_as_far_as_authentication_and_sends_nothing() {
    let server = ScriptedSmtp::start(Script::ACCEPT).await;
    server.smtp().probe().await.unwrap();
    assert_eq!((server.heard("AUTH"), server.heard("MAIL")), (1, 0));
    server.follow(Script::ACCEPT.but("AUTH", "535 no"));
    assert_eq!(server.smtp().probe().await, Err(Failure::SignInRefused));
}
