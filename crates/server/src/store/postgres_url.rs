//! The URL of a PostgreSQL database, read by the driver itself before anything connects: a parameter that it cannot read
//! is a mistake in a setting, and not a database that is away.

use sqlx::postgres::PgConnectOptions;
use tracing::subscriber::{NoSubscriber, with_default};
use url::Url;
use url::form_urlencoded::Serializer;

/// Reads a URL that begins like one of PostgreSQL, and does nothing with it.
///
/// # Errors
/// What would be right. Nothing of the URL is repeated but the name of a parameter that the driver knows.
pub(super) fn check(text: &str) -> Result<(), String> {
    let unreadable = || "is no URL that can be read".to_owned();
    let url = Url::parse(text).map_err(|_| unreadable())?;
    if is_read(&url) {
        return Ok(());
    }
    let wrong = url.query_pairs().find(|(name, value)| {
        let mut alone = url.clone();
        let query = Serializer::new(String::new())
            .append_pair(name, value)
            .finish();
        alone.set_query(None);
        let is_read_without = is_read(&alone);
        alone.set_query(Some(&query));
        is_read_without && !is_read(&alone)
    });
    Err(match wrong {
        Some((name, _)) if matches!(&*name, "sslmode" | "ssl-mode") => {
            format!("its {name} must be disable, allow, prefer, require, verify-ca or verify-full")
        }
        Some((name, _)) => format!("its {name} cannot be read"),
        None => unreadable(),
    })
}

/// Whether the driver takes it. It logs the values of parameters that it does not know, and one of them may be a
/// password whose name has a typing error.
fn is_read(url: &Url) -> bool {
    with_default(NoSubscriber::new(), || {
        url.as_str().parse::<PgConnectOptions>().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_cannot_read_is_named() {
        for (url, named) in [
            (
                "postgres://u:hunter2@h/db?sslmode=bogus",
                "its sslmode must be disable",
            ),
            (
                "postgres://u:hunter2@h/db?application_name=a&ssl-mode=hunter2",
                "its ssl-mode must be",
            ),
            ("postgres://u:hunter2@h/db?port=hunter2", "its port cannot"),
            (
                "postgres://u:hunter2@h/db?hostaddr=h",
                "its hostaddr cannot",
            ),
            (
                "postgres://u:hunter2@h/db?statement-cache-capacity=x",
                "statement-cache-capacity",
            ),
            ("postgres://u:hunter2/x@h/db", "no URL that can be read"),
            (
                "postgres://u:%FFhunter2@h/db?port=1",
                "no URL that can be read",
            ),
        ] {
            let said = check(url).expect_err(url);
            assert!(said.contains(named), "{url}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        for url in [
            "postgres://h/db",
            "postgresql://u:p@h:5433/db?sslmode=verify-full&sslrootcert=/none/ca.pem",
            "postgres:///db?host=/run/postgresql&options=-c%20a%3Db",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
    }
}
