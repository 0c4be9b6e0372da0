//! Every setting, in documented structs, one a concern.

use std::path::PathBuf;

use secrecy::SecretString;

/// Where the server keeps its own files.
#[derive(Debug, Clone)]
pub struct DataConfig {
    /// The data folder, made with mode 0700.
    pub folder: PathBuf,
}

/// Which database is used.
#[derive(Debug, Clone, Default)]
pub struct DatabaseConfig {
    /// `postgres://…` or `sqlite://FILE`; by default SQLite in the data folder. Secret, as it may hold a password.
    pub url: Option<SecretString>,
}
