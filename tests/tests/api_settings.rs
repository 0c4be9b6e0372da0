//! Settings that are wrong, and how the program says so.

use vouchkey_tests::program::Installation;
use vouchkey_tests::wait;

/// How a command ended, and what it said on standard error.
async fn said(installation: &Installation, arguments: &[&str]) -> (Option<i32>, String) {
    let output = installation.run(arguments).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

#[tokio::test]
async fn what_cannot_be_used_is_wrong_usage_before_anything_is_made() {
    for (name, value, expected) in [
        (
            "VOUCHKEY_DATABASE_URL",
            "postgres://u:hunter2@127.0.0.1:1/x?sslmode=bogus",
            "sslmode",
        ),
        ("VOUCHKEY_METRICS_LISTEN", "127.0.0.1:8080", "`listen`"),
        (
            "VOUCHKEY_OTLP_ENDPOINT",
            "http://127.0.0.1:4318/v1/traces",
            "write http://127.0.0.1:4318",
        ),
        (
            "VOUCHKEY_RATE_LIMIT_CREATES",
            "4294967296",
            "a whole number from 0 to 4294967295",
        ),
        ("RUST_LOG", "vouchkey_server=loud", "must be error, warn"),
    ] {
        let installation = Installation::empty_on_sqlite().with(name, value);
        for command in ["serve", "check-config"] {
            let (code, said) = said(&installation, &[command]).await;
            assert_eq!(code, Some(2), "{command}: {said}");
            assert!(said.starts_with(&format!("error: {name}: ")), "{said}");
            assert!(said.contains(expected), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        assert!(!installation.folder().join("root.key").exists(), "{name}");
    }
}

#[tokio::test]
async fn a_name_in_the_file_is_told_as_well() {
    let installation = Installation::empty_on_sqlite();
    let file = installation.folder().join("settings.toml");
    let text = "database_url = \"postgres://h/x?sslmode=bogus\"\n";
    std::fs::write(&file, text).unwrap_or_else(|error| panic!("{error}"));
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, private).unwrap_or_else(|error| panic!("{error}"));
    let installation = installation.with("VOUCHKEY_CONFIG", file.to_string_lossy());
    let (code, said) = said(&installation, &["check-config"]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains(": database_url: its sslmode must be disable"),
        "{said}"
    );
}

#[tokio::test]
async fn variables_that_nobody_reads_are_warned_about() {
    let installation = Installation::empty_on_sqlite()
        .with("VOUCHKEY_PUBLIC_ULR", "https://verify.example.com")
        .with("VOUCHKEY_TEST_SOMETHING", "1")
        .with("VOUCHKEY_CONFIG", "");
    let warning = "warning: VOUCHKEY_PUBLIC_ULR is set in the environment and is no setting; is VOUCHKEY_PUBLIC_URL meant?\n";
    let (code, said) = said(&installation, &["check-config"]).await;
    assert_eq!((code, said.as_str()), (Some(0), warning));
    let server = installation.serve().await;
    wait::until("the warning", async || {
        server.logs().contains(warning.trim()).then_some(())
    })
    .await;
    // A line of the log, as all that programs read of a server.
    let logs = server.logs();
    assert!(logs.lines().all(|line| line.starts_with('{')), "{logs}");
    assert!(!server.logs().contains("VOUCHKEY_TEST_SOMETHING"));
}

#[tokio::test]
async fn addresses_are_shown_and_their_secrets_are_not() {
    let installation = Installation::empty_on_sqlite()
        .with(
            "VOUCHKEY_DATABASE_URL",
            "postgres://me:hunter2@db.example/x?sslmode=require&passwrod=hunter2",
        )
        .with("VOUCHKEY_SMTP_URL", "smtps://mail:hunter2@mail.example")
        .with("VOUCHKEY_MAIL_FROM", "verify@sender.example");
    let output = installation.run(&["check-config"]).await;
    let shown = String::from_utf8_lossy(&output.stdout);
    for address in [
        "postgres://me:***@db.example/x?sslmode=require&passwrod=***",
        "smtps://mail:***@mail.example",
    ] {
        assert!(shown.contains(address), "{shown}");
    }
    assert!(!format!("{output:?}").contains("hunter2"), "{output:?}");

    let file = "sqlite:///srv/vouchkey/other.db";
    let installation = installation.with("VOUCHKEY_DATABASE_URL", file);
    let shown = installation.output(&["check-config"]).await;
    assert!(shown.contains(file), "{shown}");
}

#[tokio::test]
async fn help_says_what_the_public_url_is_to_each_command() {
    let installation = Installation::empty_on_sqlite();
    let own = "The server's own public address";
    for (command, is_own) in [
        ("serve", true),
        ("check-config", true),
        ("doctor", true),
        ("init", false),
    ] {
        let help = installation.output(&[command, "--help"]).await;
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(help.contains(own), is_own, "{help}");
        let printed = "The address that printed links begin with";
        assert_eq!(help.contains(printed), !is_own, "{help}");
    }
}
