//! Variables of the environment that look like settings and are none: a typing error else goes unseen.

use std::ffi::OsString;

use vouchkey_types::names::nearest;

use super::settings::SETTINGS;

/// What every variable of this program begins with.
const PREFIX: &str = "VOUCHKEY_";

/// Variables that are read, and are no settings of the file.
const OTHERS: [&str; 3] = ["config", "transfer_from", "transfer_to"];

/// A variable that nothing reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownVariable {
    /// Its name.
    pub name: String,
    /// The known one that is most like it, if one is.
    pub nearest: Option<String>,
}

/// The variables among these that begin like settings and are none, by their names. Empty ones count as unset.
pub(super) fn unknown(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Vec<UnknownVariable> {
    let mut unknown: Vec<_> = variables
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| {
            let name = name.to_string_lossy();
            let rest = name.strip_prefix(PREFIX)?;
            let is_known = settings().any(|known| known.to_ascii_uppercase() == rest)
                || is_of_tests(rest)
                || is_of_kubernetes(rest, &value.to_string_lossy());
            (!is_known).then(|| UnknownVariable {
                name: format!("{PREFIX}{rest}"),
                nearest: nearest_variable(rest),
            })
        })
        .collect();
    unknown.sort_by(|one, other| one.name.cmp(&other.name));
    unknown
}

/// The names of what is read, as the settings spell them.
fn settings() -> impl Iterator<Item = &'static str> {
    SETTINGS.iter().map(|setting| setting.name).chain(OTHERS)
}

fn nearest_variable(rest: &str) -> Option<String> {
    let found = nearest(&rest.to_ascii_lowercase(), settings())?;
    Some(format!("{PREFIX}{}", found.to_ascii_uppercase()))
}

/// Whether it is for this program's tests, which may start it with all that they have.
fn is_of_tests(rest: &str) -> bool {
    rest == "BIN" || rest.starts_with("TEST_")
}

/// Whether Kubernetes has set it, for a service whose name begins with this program's.
fn is_of_kubernetes(rest: &str, value: &str) -> bool {
    let is_port = rest.ends_with("PORT") || rest.contains("PORT_");
    rest.ends_with("SERVICE_HOST")
        || rest.contains("SERVICE_PORT")
        || (is_port
            && (value.starts_with("tcp://")
                || value.starts_with("udp://")
                || rest.contains("_TCP_")
                || rest.contains("_UDP_")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Setting;

    fn unknown_of(variables: &[(&str, &str)]) -> Vec<(String, Option<String>)> {
        let variables = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        unknown(variables)
            .into_iter()
            .map(|variable| (variable.name, variable.nearest))
            .collect()
    }

    #[test]
    fn a_typing_error_is_found_with_what_was_meant() {
        let found = unknown_of(&[
            ("VOUCHKEY_PUBLIC_ULR", "https://a.example"),
            ("VOUCHKEY_LSITEN", "127.0.0.1:1"),
            ("VOUCHKEY_ZZZZZZZZZZZZZZ", "1"),
            ("VOUCHKEY_PORT", "8080"),
            ("OTHER", "1"),
        ]);
        let names: Vec<_> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "VOUCHKEY_LSITEN",
                "VOUCHKEY_PORT",
                "VOUCHKEY_PUBLIC_ULR",
                "VOUCHKEY_ZZZZZZZZZZZZZZ"
            ]
        );
        assert_eq!(found[0].1.as_deref(), Some("VOUCHKEY_LISTEN"));
        assert_eq!(found[2].1.as_deref(), Some("VOUCHKEY_PUBLIC_URL"));
        assert_eq!(found[3].1, None);
    }

    #[test]
    fn what_is_read_and_what_others_set_is_not_found() {
        let mut all: Vec<_> = SETTINGS.iter().map(Setting::variable).collect();
        all.extend(
            [
                "VOUCHKEY_CONFIG",
                "VOUCHKEY_TRANSFER_FROM",
                "VOUCHKEY_TRANSFER_TO",
            ]
            .map(str::to_owned),
        );
        all.extend(["VOUCHKEY_BIN", "VOUCHKEY_TEST_POSTGRES_URL"].map(str::to_owned));
        let all: Vec<_> = all.iter().map(|name| (name.as_str(), "x")).collect();
        assert_eq!(unknown_of(&all), []);
        assert_eq!(
            unknown_of(&[
                ("VOUCHKEY_UNKNOWN", ""),
                ("VOUCHKEY_SERVICE_HOST", "10.0.0.1"),
                ("VOUCHKEY_SERVICE_PORT_HTTP", "8080"),
                ("VOUCHKEY_PORT", "tcp://10.0.0.1:8080"),
                ("VOUCHKEY_PORT_8080_TCP_ADDR", "10.0.0.1"),
            ]),
            []
        );
    }
}
