//! The forms of values.

use vouchkey_types::email::EmailAddress;
use vouchkey_types::limits::MAX_DISPLAY_NAME_CHARS;
use vouchkey_types::scope::{Scope, ScopeSet};
use vouchkey_types::text;
use vouchkey_types::web_url::{FORBIDDEN_SCHEMES, WebUrl, is_host, is_scheme};

use crate::config::PublicUrl;

/// A parser of one of a few words.
pub(super) fn word<T>(
    parse: fn(&str) -> Option<T>,
    words: &'static str,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| parse(text).ok_or_else(|| format!("must be {words}"))
}

/// A parser that takes the empty text too, which clears a setting.
pub(super) fn or_empty(
    parse: fn(&str) -> Result<String, String>,
) -> impl Fn(&str) -> Result<String, String> + Clone {
    move |text| {
        if text.is_empty() {
            Ok(String::new())
        } else {
            parse(text)
        }
    }
}

pub(super) fn email(text: &str) -> Result<EmailAddress, String> {
    EmailAddress::parse(text).map_err(|fault| fault.message.into_owned())
}

pub(super) fn display_name(text: &str) -> Result<String, String> {
    text::check_header_name(text, MAX_DISPLAY_NAME_CHARS)
        .map(str::to_owned)
        .map_err(|fault| fault.message.into_owned())
}

pub(super) fn support_url(text: &str) -> Result<String, String> {
    WebUrl::parse(text, &[])
        .map(|url| url.as_str().to_owned())
        .map_err(|fault| fault.message.into_owned())
}

pub(super) fn host(text: &str) -> Result<String, String> {
    is_host(text)
        .then(|| text.to_ascii_lowercase())
        .ok_or_else(|| "must be hosts such as app.example.com".to_owned())
}

pub(super) fn scheme(text: &str) -> Result<String, String> {
    let lower = text.to_ascii_lowercase();
    if FORBIDDEN_SCHEMES.contains(&lower.as_str()) {
        return Err(format!("{lower} can never be allowed"));
    }
    is_scheme(text)
        .then_some(lower)
        .ok_or_else(|| "must be schemes such as myapp".to_owned())
}

pub(super) fn origin(text: &str) -> Result<String, String> {
    PublicUrl::parse(text).map(|url| url.to_string())
}

pub(super) fn colour(text: &str) -> Result<String, String> {
    text.strip_prefix('#')
        .filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .map(|_| text.to_ascii_lowercase())
        .ok_or_else(|| "must be a colour such as #0f5fd7".to_owned())
}

pub(super) fn scopes(text: &str) -> Result<ScopeSet, String> {
    let known = || Scope::ALL.map(Scope::as_str).join(", ");
    let scopes = ScopeSet::parse_list(text)
        .map_err(|word| format!("{word:?} is no scope; there are {}", known()))?;
    if scopes.is_empty() {
        return Err(format!("must name at least one of {}", known()));
    }
    Ok(scopes)
}
