//! Where settings come from, and which source wins.

use std::collections::BTreeMap;
use std::fmt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

use super::masked::{HIDDEN, masked};
use super::settings::{SETTINGS, Setting};

/// Settings that were given on the command line.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--database-url`.
    pub database_url: Option<SecretString>,
    /// `--listen`.
    pub listen: Option<String>,
    /// `--public-url`.
    pub public_url: Option<String>,
    /// Whether they are of a command that sees what the server would do. Another one need not know where that listens,
    /// since a flag of the server may have said it.
    pub are_of_server: bool,
}

/// A setting that cannot be read, by the name under which it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    setting: String,
    problem: String,
}

impl ConfigError {
    pub(super) fn new(setting: impl Into<String>, problem: impl Into<String>) -> Self {
        Self {
            setting: setting.into(),
            problem: problem.into(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.problem)
    }
}

impl std::error::Error for ConfigError {}

/// A setting as `vouchkey check-config` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub name: &'static str,
    /// Its value, or what stands for it.
    pub value: String,
    /// Where it was given; `default` where it was not.
    pub place: String,
}

/// The text of each setting that was given, and under which name.
pub(super) struct Sources(BTreeMap<&'static str, (String, SecretString)>);

impl Sources {
    /// Gathers flags, environment and file; the first that has a setting wins.
    pub(super) fn read(
        flags: &Flags,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let given_variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut given = BTreeMap::new();
        let path_text = |path: &PathBuf| path.to_string_lossy().into_owned();
        let from_flags = [
            ("data", flags.data.as_ref().map(path_text)),
            (
                "database_url",
                flags
                    .database_url
                    .as_ref()
                    .map(|url| url.expose_secret().to_owned()),
            ),
            ("listen", flags.listen.clone()),
            ("public_url", flags.public_url.clone()),
        ];
        for (name, value) in from_flags {
            if let Some(value) = value {
                given.insert(
                    name,
                    (format!("--{}", name.replace('_', "-")), value.into()),
                );
            }
        }
        for setting in SETTINGS {
            let name = setting.variable();
            if let Some(value) = given_variable(&name) {
                given.entry(setting.name).or_insert((name, value.into()));
            }
        }
        let mut sources = Self(given);
        let file = flags
            .config
            .clone()
            .or_else(|| given_variable("VOUCHKEY_CONFIG").map(PathBuf::from));
        let is_named = file.is_some();
        let file = file.unwrap_or_else(|| {
            let folder = sources
                .0
                .get("data")
                .map_or("vouchkey-data", |(_, folder)| folder.expose_secret());
            Path::new(folder).join("vouchkey.toml")
        });
        if is_named || file.exists() {
            sources.add_file(&file)?;
        }
        Ok(sources)
    }

    fn add_file(&mut self, file: &Path) -> Result<(), ConfigError> {
        let shown = file.display().to_string();
        let text = std::fs::read_to_string(file)
            .map_err(|error| ConfigError::new(&shown, error.to_string()))?;
        let table: toml::Table = toml::from_str(&text).map_err(|error| {
            // The whole message quotes the line, which may hold a password.
            let line = error
                .span()
                .map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            ConfigError::new(&shown, format!("line {line}: {}", error.message()))
        })?;
        for (key, value) in table {
            let place = format!("{shown}: {key}");
            let Some(setting) = SETTINGS.iter().find(|setting| setting.name == key) else {
                return Err(ConfigError::new(
                    place,
                    "is not a setting; docs/settings.md lists them",
                ));
            };
            if !setting.is_key_of_file() {
                return Err(ConfigError::new(
                    place,
                    "cannot be set in this file; use --data or VOUCHKEY_DATA",
                ));
            }
            if setting.is_secret && is_open_to_others(file) {
                return Err(ConfigError::new(
                    place,
                    "is a secret, so the file must have mode 0600 (or 0640, if root owns it)",
                ));
            }
            let text = plain_text(value).ok_or_else(|| {
                ConfigError::new(
                    &place,
                    "must be text, a number, true or false, or a list of texts",
                )
            })?;
            self.0.entry(setting.name).or_insert((place, text.into()));
        }
        Ok(())
    }

    /// The value of a setting that was given.
    pub(super) fn parse<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((place, text)) = self.0.get(name) else {
            return Ok(None);
        };
        parse(text.expose_secret())
            .map(Some)
            .map_err(|problem| ConfigError::new(place, problem))
    }

    /// The name under which a setting was given, else its own.
    pub(super) fn place(&self, name: &str) -> String {
        self.0
            .get(name)
            .map_or_else(|| name.to_owned(), |(place, _)| place.clone())
    }

    /// Every setting, secrets hidden.
    pub(super) fn given(&self) -> Vec<Given> {
        let shown = |setting: &Setting| match self.0.get(setting.name) {
            Some((place, text)) => (shown(setting, text.expose_secret()), place.clone()),
            None => (setting.default.replace('`', ""), "default".to_owned()),
        };
        let given = SETTINGS
            .iter()
            .map(|setting| (setting.name, shown(setting)));
        given
            .map(|(name, (value, place))| Given { name, value, place })
            .collect()
    }
}

/// A value as it may be shown: of an address all but the secrets in it.
fn shown(setting: &Setting, text: &str) -> String {
    match setting.name {
        _ if !setting.is_secret => text.to_owned(),
        "database_url" | "smtp_url" => masked(text),
        _ => HIDDEN.to_owned(),
    }
}

fn plain_text(value: toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(switch) => Some(switch.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<_>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

fn is_open_to_others(file: &Path) -> bool {
    std::fs::metadata(file)
        .is_ok_and(|metadata| is_open(metadata.permissions().mode(), metadata.uid()))
}

/// Whether a file of this mode and owner tells a secret to others. What root owns may be read by its group: so packages
/// hand settings to a service that must not change them.
fn is_open(mode: u32, owner: u32) -> bool {
    let allowed = if owner == 0 { 0o740 } else { 0o700 };
    mode & 0o777 & !allowed != 0
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn only_what_root_owns_may_be_read_by_a_group() {
        for (mode, owner, open) in [
            (0o100_600, 1000, false),
            (0o100_400, 1000, false),
            (0o100_640, 1000, true),
            (0o100_640, 0, false),
            (0o100_660, 0, true),
            (0o100_644, 0, true),
            (0o100_604, 1000, true),
        ] {
            assert_eq!(is_open(mode, owner), open, "{mode:o} of {owner}");
        }
    }
}
