//! Addresses as they may be shown: who and where, and nothing that opens it.

use url::Url;
use url::form_urlencoded;

/// What stands for a secret.
const MASK: &str = "***";

/// What is shown instead of a secret, or of what cannot be told from one.
pub(super) const HIDDEN: &str = "[hidden]";

/// Parameters of a database's URL that are no secrets. `sslkey` is none of them: it may be the key itself.
const HARMLESS: [&str; 15] = [
    "application_name",
    "dbname",
    "host",
    "hostaddr",
    "options",
    "port",
    "ssl-ca",
    "ssl-cert",
    "ssl-mode",
    "ssl-root-cert",
    "sslcert",
    "sslmode",
    "sslrootcert",
    "statement-cache-capacity",
    "user",
];

/// A URL of a database or a mail server without its secrets. A path to SQLite's file is shown whole.
pub(super) fn masked(text: &str) -> String {
    if text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let Ok(mut url) = Url::parse(text) else {
        return HIDDEN.to_owned();
    };
    // An @ further on is most likely that of a password with a slash or a number sign in it, which was not encoded.
    let is_doubtful = url.path().contains('@') || url.fragment().is_some();
    let is_masked = url.password().is_none() || url.set_password(Some(MASK)).is_ok();
    if is_doubtful || !is_masked {
        return HIDDEN.to_owned();
    }
    let query = url.query().map(|query| {
        let parameters = query.split('&').map(parameter);
        parameters.collect::<Vec<_>>().join("&")
    });
    url.set_query(query.as_deref());
    url.into()
}

/// A parameter of a query, as it was written, if it is no secret.
fn parameter(text: &str) -> String {
    let decoded = form_urlencoded::parse(text.as_bytes()).next();
    let name = decoded.as_ref().map_or("", |(name, _)| name.as_ref());
    if HARMLESS.contains(&name) || name.starts_with("options[") {
        return text.to_owned();
    }
    match text.split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None if text.is_empty() => String::new(),
        None => MASK.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_all_else_is_shown() {
        for (given, shown) in [
            ("postgres://u:hunter2@h/db", "postgres://u:***@h/db"),
            (
                "postgres://u:hunter2@h:5433/db?sslmode=require&host=/run/pg",
                "postgres://u:***@h:5433/db?sslmode=require&host=/run/pg",
            ),
            (
                "postgres://h/db?user=u&password=hunter2",
                "postgres://h/db?user=u&password=***",
            ),
            (
                "postgres://h/db?pass%77ord=hunter2",
                "postgres://h/db?pass%77ord=***",
            ),
            (
                "postgres://h/db?passwrod=hunter2",
                "postgres://h/db?passwrod=***",
            ),
            (
                "postgres://h/db?sslkey=hunter2&hunter2",
                "postgres://h/db?sslkey=***&***",
            ),
            (
                "postgres://u@h/db?options=-c%20a%3Db",
                "postgres://u@h/db?options=-c%20a%3Db",
            ),
            ("postgres:///db?host=/run/pg", "postgres:///db?host=/run/pg"),
            (
                "smtps://me%40a.example:hunter2@mail.example:465",
                "smtps://me%40a.example:***@mail.example:465",
            ),
            ("smtp://mail.example", "smtp://mail.example"),
            (
                "sqlite:///srv/a b.db?mode=rw",
                "sqlite:///srv/a b.db?mode=rw",
            ),
        ] {
            assert_eq!(masked(given), shown);
        }
    }

    #[test]
    fn what_cannot_be_told_from_a_secret_is_hidden() {
        for given in [
            "hunter2",
            "postgres://u:5/hunter2@h/db",
            "postgres://u:5#hunter2@h/db",
            "postgres://u:5?hunter2@h/db",
        ] {
            let shown = masked(given);
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
