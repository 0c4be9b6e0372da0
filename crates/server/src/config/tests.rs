use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::*;

fn load(flags: &Flags, environment: &[(&str, &str)]) -> Result<Config, String> {
    let variable = |name: &str| {
        environment
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    let flags = Flags {
        are_of_server: true,
        ..flags.clone()
    };
    Config::read(&flags, variable)
        .map(|(config, _)| config)
        .map_err(|error| error.to_string())
}

fn folder_with(file: &str) -> (TempDir, Flags) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vouchkey.toml");
    std::fs::write(&path, file).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    let flags = Flags {
        data: Some(folder.path().to_owned()),
        ..Flags::default()
    };
    (folder, flags)
}

#[test]
fn nothing_needs_to_be_set() {
    let folder = tempfile::tempdir().unwrap();
    let flags = Flags {
        data: Some(folder.path().join("none")),
        ..Flags::default()
    };
    let config = load(&flags, &[]).unwrap();
    assert_eq!(config.http.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.limits.requests_per_minute, 1_000);
    assert_eq!(config.limits.creates_per_minute, 300);
    assert_eq!(config.limits.publishable_creates_per_minute, 10);
    assert_eq!(config.mail.mailbox_from(), Some("no-reply@localhost"));
    assert!(
        matches!(config.root_key, RootKeySource::File(file) if file.ends_with("none/root.key"))
    );
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let (_folder, flags) = folder_with(
        "listen = \"127.0.0.1:1\"\nrate_limit_requests = 1\nrate_limit_creates = 1\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n",
    );
    let flags = Flags {
        listen: Some("127.0.0.1:3".to_owned()),
        ..flags
    };
    let config = load(
        &flags,
        &[
            ("VOUCHKEY_LISTEN", "127.0.0.1:2"),
            ("VOUCHKEY_RATE_LIMIT_REQUESTS", "2"),
        ],
    )
    .unwrap();
    assert_eq!(config.http.listen.port(), 3);
    assert_eq!(config.limits.requests_per_minute, 2);
    assert_eq!(config.limits.creates_per_minute, 1);
    assert_eq!(config.http.trusted_proxies.len(), 2);
}

#[test]
fn what_cannot_be_read_is_named_and_a_secret_is_not_repeated() {
    let (folder, flags) = folder_with("public-url = 1\n");
    let file = folder.path().join("vouchkey.toml");
    let named = |key: &str| format!("{}: {key}: ", file.display());
    assert!(
        load(&flags, &[])
            .unwrap_err()
            .starts_with(&named("public-url"))
    );
    std::fs::write(&file, "smtp_url = \"smtp://me:hunter2\"").unwrap();
    let error = load(&flags, &[("VOUCHKEY_MAIL_FROM", "a@b.example")]).unwrap_err();
    assert!(
        error.starts_with(&named("smtp_url")) && !error.contains("hunter2"),
        "{error}"
    );
    std::fs::write(&file, "smtp_url = \"hunter2").unwrap();
    let error = load(&flags, &[]).unwrap_err();
    assert!(
        error.contains("line 1") && !error.contains("hunter2"),
        "{error}"
    );
    std::fs::write(&file, "").unwrap();
    for (variable, value) in [
        ("VOUCHKEY_LISTEN", "8080"),
        ("VOUCHKEY_PUBLIC_URL", "https://a.example/x"),
        ("VOUCHKEY_RATE_LIMIT_CREATES", "-1"),
        ("VOUCHKEY_TRUSTED_PROXIES", "proxy"),
        ("VOUCHKEY_MAIL_FROM", "me"),
    ] {
        assert!(
            load(&flags, &[(variable, value)])
                .unwrap_err()
                .starts_with(&format!("{variable}: "))
        );
    }
}

#[test]
fn mail_over_smtp_needs_a_sender() {
    let (_folder, flags) = folder_with("");
    let smtp = ("VOUCHKEY_SMTP_URL", "smtp://127.0.0.1:2525");
    assert!(
        load(&flags, &[smtp])
            .unwrap_err()
            .starts_with("VOUCHKEY_MAIL_FROM: ")
    );
    let config = load(&flags, &[smtp, ("VOUCHKEY_MAIL_FROM", "id@acme.example")]).unwrap();
    assert!(matches!(config.mail, MailConfig::Smtp { .. }));
}

#[test]
fn a_file_with_a_secret_is_for_its_owner_alone() {
    let (folder, flags) =
        folder_with("smtp_url = \"smtp://u:p@127.0.0.1\"\nmail_from = \"id@acme.example\"\n");
    assert!(load(&flags, &[]).is_ok());
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.path().join("vouchkey.toml"), open).unwrap();
    assert!(load(&flags, &[]).unwrap_err().contains("mode 0600"));
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let flags = Flags {
        config: Some("nowhere/vouchkey.toml".into()),
        ..Flags::default()
    };
    assert!(
        load(&flags, &[])
            .unwrap_err()
            .starts_with("nowhere/vouchkey.toml: ")
    );
}

/// What each setting takes, and what not: what the reference says of it.
const VALUES: [(&str, &[&str], &[&str]); 17] = [
    (
        "listen",
        &["127.0.0.1:0", "[::]:443"],
        &["8080", "localhost:1"],
    ),
    (
        "public_url",
        &["https://a.example", "http://[::1]:1"],
        &["a.example", "ftp://a.example"],
    ),
    ("data", &["/tmp/a b"], &[]),
    (
        "database_url",
        &["sqlite:///a.db", "postgres://a/b"],
        &[
            "mysql://u:hunter2@a/b",
            "/a.db",
            "postgres://a:hunter2/b",
            "postgres://u:hunter2@a/b?sslmode=bogus",
        ],
    ),
    ("shared_commits", &["on", "off"], &["true", "1", "ON"]),
    (
        "root_key",
        &["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="],
        &["hunter2", ","],
    ),
    ("root_key_file", &["/run/secrets/root key"], &[]),
    (
        "smtp_url",
        &["smtp://a.example", "smtps://u:p@a.example:465"],
        &["a.example:25", "http://a.example"],
    ),
    // What it takes is tested where it is read.
    ("smtp_ca_file", &[], &["/nowhere/ca.pem", "/dev/null", "/"]),
    (
        "mail_from",
        &["id@acme.example"],
        &["me", "Me <id@acme.example>"],
    ),
    (
        "rate_limit_requests",
        &["0", "4294967295"],
        &["-1", "4294967296", "1.5", "many"],
    ),
    (
        "rate_limit_creates",
        &["0", "4294967295"],
        &["-1", "4294967296"],
    ),
    (
        "rate_limit_publishable",
        &["0", "4294967295"],
        &["-1", "4294967296"],
    ),
    ("servers", &["1", "4294967295"], &["0", "-1", "4294967296"]),
    (
        "trusted_proxies",
        &["10.0.0.0/8", "192.0.2.7, ::1"],
        &["proxy", "10.0.0.0/40"],
    ),
    (
        "metrics_listen",
        &["127.0.0.1:9464", "127.0.0.2:8080", "[::1]:8080", "[::]:0"],
        &["9464", "127.0.0.1:8080", "0.0.0.0:8080", "[::]:8080"],
    ),
    (
        "otlp_endpoint",
        &["http://127.0.0.1:4318", "http://a.example/otlp"],
        &[
            "https://a.example",
            "127.0.0.1:4318",
            "http://a.example/v1/traces",
            "http://a.example/otlp/v1/traces/",
        ],
    ),
];

#[test]
fn every_setting_takes_what_the_reference_says_and_nothing_else() {
    for setting in SETTINGS {
        let known = VALUES.iter().find(|(name, ..)| *name == setting.name);
        let (name, taken, refused) = known.unwrap_or_else(|| panic!("{}", setting.name));
        let variable = setting.variable();
        let with = |value: &str| {
            let sender = ("VOUCHKEY_MAIL_FROM", "id@acme.example");
            let mut environment = vec![(variable.as_str(), value)];
            environment.extend((*name != "mail_from").then_some(sender));
            let folder = tempfile::tempdir().unwrap();
            let data = (*name != "data").then(|| folder.path().to_owned());
            load(
                &Flags {
                    data,
                    ..Flags::default()
                },
                &environment,
            )
        };
        for value in *taken {
            assert!(
                with(value).is_ok(),
                "{name}: {value}: {:?}",
                with(value).err()
            );
        }
        for value in *refused {
            let error = with(value).expect_err(value);
            assert!(error.starts_with(&format!("{variable}: ")), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_what_would_be_right() {
    let (_folder, flags) = folder_with("");
    for (variable, value, said) in [
        (
            "VOUCHKEY_RATE_LIMIT_CREATES",
            "4294967296",
            "a whole number from 0 to 4294967295",
        ),
        (
            "VOUCHKEY_SERVERS",
            "0",
            "a whole number from 1 to 4294967295",
        ),
        (
            "VOUCHKEY_OTLP_ENDPOINT",
            "http://a.example/otlp/v1/traces/",
            "write http://a.example/otlp",
        ),
        (
            "VOUCHKEY_METRICS_LISTEN",
            "[::]:8080",
            "takes the address of `listen`, which is 127.0.0.1:8080",
        ),
        (
            "VOUCHKEY_DATABASE_URL",
            "postgres://u:p@h/b?sslmode=bogus",
            "disable, allow, prefer, require, verify-ca or verify-full",
        ),
    ] {
        let error = load(&flags, &[(variable, value)]).unwrap_err();
        assert!(
            error.starts_with(&format!("{variable}: ")) && error.contains(said),
            "{error}"
        );
    }
    let both = [
        ("VOUCHKEY_LISTEN", "0.0.0.0:0"),
        ("VOUCHKEY_METRICS_LISTEN", "0.0.0.0:0"),
    ];
    assert!(load(&flags, &both).is_ok());
    // The server may have been started with another --listen.
    let metrics = |name: &str| (name == "VOUCHKEY_METRICS_LISTEN").then(|| "[::]:8080".to_owned());
    assert!(Config::read(&flags, metrics).is_ok());
}

#[test]
fn what_is_empty_counts_as_unset() {
    let folder = tempfile::tempdir().unwrap();
    let flags = Flags {
        data: Some(folder.path().to_owned()),
        ..Flags::default()
    };
    let mut empty: Vec<_> = SETTINGS.iter().map(Setting::variable).collect();
    empty.push("VOUCHKEY_CONFIG".to_owned());
    let empty: Vec<_> = empty.iter().map(|name| (name.as_str(), "")).collect();
    load(&flags, &empty).unwrap();
}

#[test]
fn addresses_are_shown_without_their_secrets() {
    let (_folder, flags) = folder_with("smtp_url = \"smtps://me:hunter2@mail.example\"\n");
    let given = [
        (
            "VOUCHKEY_DATABASE_URL",
            "postgres://u:hunter2@h/b?password=hunter2&sslmode=require",
        ),
        (
            "VOUCHKEY_ROOT_KEY",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
    ];
    let variable = |name: &str| {
        let found = given.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let shown = Sources::read(&flags, variable).unwrap().given();
    let value = |name| {
        shown
            .iter()
            .find(|given| given.name == name)
            .map(|given| given.value.as_str())
    };
    assert_eq!(
        value("database_url"),
        Some("postgres://u:***@h/b?password=***&sslmode=require")
    );
    assert_eq!(value("smtp_url"), Some("smtps://me:***@mail.example"));
    assert_eq!(value("root_key"), Some("[hidden]"));
}

#[test]
fn the_file_takes_every_setting_that_the_reference_names_as_its_key() {
    for setting in SETTINGS {
        let (_, taken, _) = VALUES
            .iter()
            .find(|(name, ..)| *name == setting.name)
            .unwrap();
        // What takes no fixed value says what is wrong with this one, not with its place.
        let value = taken.first().copied().unwrap_or("nowhere");
        let (_folder, flags) = folder_with(&format!("{} = \"{value}\"\n", setting.name));
        let sender = [("VOUCHKEY_MAIL_FROM", "id@acme.example")];
        let said = load(&flags, &sender).err().unwrap_or_default();
        let is_refused = said.contains("cannot be set in this file");
        assert_eq!(
            is_refused,
            !setting.is_key_of_file(),
            "{}: {said}",
            setting.name
        );
    }
}

#[test]
fn several_servers_share_the_limits_and_never_exceed_them() {
    let limits = |servers: &str| {
        let given = [
            ("VOUCHKEY_SERVERS", servers),
            ("VOUCHKEY_RATE_LIMIT_REQUESTS", "0"),
        ];
        load(&Flags::default(), &given).map(|config| config.limits)
    };
    let expected = |requests, creates, publishable| LimitConfig {
        requests_per_minute: requests,
        creates_per_minute: creates,
        publishable_creates_per_minute: publishable,
    };
    assert_eq!(limits("1"), Ok(expected(0, 300, 10)));
    assert_eq!(limits("3"), Ok(expected(0, 100, 3)));
    // A share of nothing would be no limit at all.
    assert_eq!(limits("1000"), Ok(expected(0, 1, 1)));
    for wrong in ["0", "-1", "three"] {
        let error = limits(wrong).unwrap_err();
        assert!(error.starts_with("VOUCHKEY_SERVERS"), "{error}");
    }
}
