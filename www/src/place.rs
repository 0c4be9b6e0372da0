//! The addresses of the dashboard. What a page shows stands in its address, the environment too.

use leptos::prelude::*;
use vouchkey_types::api_key::Environment;

use crate::browser;
use crate::router::Address;

/// Under which the server hands out the dashboard.
pub(crate) const BASE: &str = "/dashboard";

/// A page of the dashboard in an environment.
pub(crate) fn page(path: &str, environment: Environment) -> String {
    format!("{BASE}{path}?env={}", environment.as_str())
}

pub(crate) fn sessions(environment: Environment) -> String {
    page("/sessions", environment)
}

pub(crate) fn new_session(environment: Environment) -> String {
    page("/sessions/new", environment)
}

pub(crate) fn session(id: &str, environment: Environment) -> String {
    page(&format!("/sessions/{id}"), environment)
}

pub(crate) fn created(id: &str, environment: Environment) -> String {
    page(&format!("/sessions/{id}/created"), environment)
}

pub(crate) fn mailbox(environment: Environment) -> String {
    page("/mailbox", environment)
}

pub(crate) fn message(id: &str, environment: Environment) -> String {
    page(&format!("/mailbox/{id}"), environment)
}

/// An address with more in its query; empty values are left out.
pub(crate) fn with(address: String, pairs: &[(&str, &str)]) -> String {
    pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .fold(address, |address, (name, value)| {
            format!("{address}&{name}={}", encoded(value))
        })
}

pub(crate) fn encoded(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// Under which the last environment is remembered.
pub(crate) const LAST_ENVIRONMENT: &str = "vouchkey.environment";

/// The environment that was used last in this browser.
pub(crate) fn last_environment() -> Option<Environment> {
    browser::remembered(LAST_ENVIRONMENT).and_then(|word| Environment::parse(&word))
}

/// The environment that the address names; live where it names none, and the last one where it names another.
pub(crate) fn use_environment() -> Memo<Environment> {
    let word = use_query("env");
    Memo::new(move |_| {
        let named = word.with(|word| match word.as_str() {
            "" => None,
            word => Environment::parse(word).or_else(last_environment),
        });
        named.unwrap_or(Environment::Live)
    })
}

/// One value of the query, empty where it is absent.
pub(crate) fn use_query(name: &'static str) -> Memo<String> {
    Address::here().query(name)
}

/// Goes to an address.
pub(crate) fn use_go() -> impl Fn(&str) + Clone + 'static {
    let here = Address::here();
    move |address| here.go(address)
}

/// Puts another address in the place of this one.
pub(crate) fn use_replace() -> impl Fn(&str) + Clone + 'static {
    let here = Address::here();
    move |address| here.replace(address)
}
