//! `RUST_LOG`: what is logged.

use std::ffi::OsStr;

use tracing_subscriber::EnvFilter;

use super::sources::ConfigError;

/// The variable, which other programs have too.
const VARIABLE: &str = "RUST_LOG";

/// What is logged unless it is said.
const USUAL: &str = "info";

/// What `RUST_LOG` asks for. Empty it counts as unset, as all variables do.
///
/// # Errors
/// It cannot be read.
pub fn log_filter() -> Result<EnvFilter, ConfigError> {
    filter_of(std::env::var_os(VARIABLE).as_deref())
}

fn filter_of(given: Option<&OsStr>) -> Result<EnvFilter, ConfigError> {
    let wrong = || {
        ConfigError::new(
            VARIABLE,
            "must be error, warn, info, debug or trace, or targets with these, such as warn,vouchkey_server=debug",
        )
    };
    let text = match given {
        Some(given) if !given.is_empty() => given.to_str().ok_or_else(wrong)?,
        _ => USUAL,
    };
    EnvFilter::builder().parse(text).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_the_usual_and_what_cannot_be_read_is_named() {
        let read = |text: &str| filter_of(Some(OsStr::new(text))).map(|filter| filter.to_string());
        assert_eq!(read(""), Ok("info".to_owned()));
        assert_eq!(filter_of(None).unwrap().to_string(), "info");
        assert_eq!(read("debug"), Ok("debug".to_owned()));
        assert!(read("warn,vouchkey_server=debug").is_ok());
        for wrong in ["vouchkey_server=loud", "a=b=c"] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.starts_with("RUST_LOG: must be "), "{error}");
        }
    }
}
