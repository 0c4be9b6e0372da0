//! What is said of links, mail and the server that runs.

use super::*;
use crate::http::listen::Lanes;

#[tokio::test]
async fn links_that_others_cannot_use_are_told() {
    let folder = Folder::initialised().await;
    let report = folder
        .doctor("--public-url http://verify.example.com")
        .await;
    assert_said(&report, "public_url", Level::Warning, &["TLS"]);
    let report = folder
        .doctor("--public-url https://verify.example.com")
        .await;
    assert_said(&report, "public_url", Level::Ok, &[]);
    let silent = Silent::new();
    let everywhere = format!("--listen 0.0.0.0:{}", silent.port);
    let report = folder.doctor(&everywhere).await;
    assert_said(&report, "public_url", Level::Warning, &["all addresses"]);

    folder.answer("keys create --environment live").await;
    let report = folder.doctor("").await;
    assert_said(
        &report,
        "public_url",
        Level::Warning,
        &["live keys", "VOUCHKEY_PUBLIC_URL"],
    );
    assert_said(
        &report,
        "mail",
        Level::Warning,
        &["mailbox", "VOUCHKEY_SMTP_URL"],
    );
}

#[tokio::test]
async fn the_smtp_server_is_asked_and_gets_no_mail() {
    let folder = Folder::initialised().await;
    let smtp = ScriptedSmtp::start(Script::ACCEPT).await;
    folder.configure(&format!(
        "smtp_url = \"smtp://user:secret@{}\"\nmail_from = \"id@acme.example\"\n",
        smtp.address().server()
    ));
    let report = folder.doctor("").await;
    assert_said(&report, "mail", Level::Ok, &["127.0.0.1"]);
    assert_eq!((smtp.heard("EHLO"), smtp.heard("MAIL")), (1, 0));

    smtp.follow(Script::ACCEPT.but("AUTH", "535 no"));
    let report = folder.doctor("").await;
    assert_said(&report, "mail", Level::Problem, &["password"]);
    assert!(!report.to_text().contains("secret"));
    let silent = Silent::new();
    folder.configure(&format!(
        "smtp_url = \"smtp://127.0.0.1:{}\"\nmail_from = \"id@acme.example\"\n",
        silent.port
    ));
    let report = folder.doctor("").await;
    assert_said(&report, "mail", Level::Problem, &["does not answer"]);
}

#[tokio::test]
async fn the_server_that_runs_is_asked_how_it_is() {
    let folder = Folder::initialised().await;
    let other = ScriptedSmtp::start(Script::ACCEPT).await.address().server();
    let report = folder.doctor(&format!("--listen {other}")).await;
    assert_said(
        &report,
        "server",
        Level::Warning,
        &["something else listens"],
    );

    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let bound = listener.local_addr().unwrap();
    let listen = format!("--listen {bound}");
    let installation = folder.installation().await;
    let url = PublicUrl::of_bound(bound);
    let mut address = AddressFile::hold(folder.0.path()).await.unwrap();
    address.tell(&url, bound).unwrap();
    let store = installation.store.clone();
    let app = crate::app::build(crate::app::Foundation {
        config: installation.config,
        public_url: url,
        store: installation.store,
        vault: installation.vault,
        secrets: installation.secrets,
        clock: installation.clock,
    });
    let stop = CancellationToken::new();
    let running = tokio::spawn(app.run(listener, None, Lanes::here(), stop.clone()));
    for line in [listen.as_str(), "--listen 127.0.0.1:0"] {
        let report = folder.doctor(line).await;
        assert_said(&report, "server", Level::Ok, &["ready"]);
    }
    // The server itself says where it listens, so that whoever looks need not.
    let silent = Silent::new();
    let elsewhere = format!("--listen 127.0.0.1:{}", silent.port);
    let report = folder.doctor(&elsewhere).await;
    let ready = format!("ready at {bound}");
    assert_said(&report, "server", Level::Ok, &[&ready]);
    // It lives, but has lost its database.
    store.close().await;
    let noticed = async {
        // What it was asked before counts for a second.
        loop {
            let report = folder.doctor(&listen).await;
            if said(&report, "server")[0].0 != Level::Ok {
                break report;
            }
        }
    };
    let report = tokio::time::timeout(Duration::from_mins(1), noticed).await;
    assert_said(&report.unwrap(), "server", Level::Problem, &["503"]);
    stop.cancel();
    running.await.unwrap();
    drop(address);
    let report = folder.doctor(&listen).await;
    assert_said(&report, "server", Level::Ok, &["none runs"]);
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_a_problem_only_where_it_is_known_to_listen() {
    let folder = Folder::initialised().await;
    let silent = Silent::new();
    let port = silent.port;
    let file = folder.file("address");
    let _address = AddressFile::hold(folder.0.path()).await.unwrap();
    let listen = format!("--listen 127.0.0.1:{port}");
    for (told, line, level, word) in [
        (
            format!("https://id.example\n127.0.0.1:{port}\n"),
            "",
            Level::Problem,
            "where it listens",
        ),
        // As servers of an earlier version say it.
        (
            "https://id.example\n".to_owned(),
            listen.as_str(),
            Level::Warning,
            "name its address by --listen",
        ),
        (
            "https://id.example\n".to_owned(),
            "--listen 127.0.0.1:0",
            Level::Warning,
            "https://id.example/readyz",
        ),
        (
            format!("http://127.0.0.1:{port}\n"),
            "",
            Level::Warning,
            "does not say where it listens",
        ),
    ] {
        std::fs::write(&file, &told).unwrap();
        let report = folder.doctor(line).await;
        assert_said(&report, "server", level, &[word]);
    }
}
