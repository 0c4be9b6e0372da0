//! What a verification session is: requests, responses, rules, errors.
//!
//! The rules of a request are written here once and run in the server, in the dashboard while
//! somebody types, and in other people's frontends. To that end the crate knows no I/O, no clock
//! and no randomness: what a rule needs of the world is passed in as a [`Context`].
//!
//! The way of a request: [`json::read`] turns bytes into [`json::Json`], strictly;
//! [`CreateSessionRequest::from_json`] opens the envelope and brings the names to one spelling;
//! [`CreateSessionRequest::validate`] gives a [`NewSession`], which cannot be wrong, or every
//! mistake at once.
//!
//! [`Context`]: session::create::Context
//! [`CreateSessionRequest::from_json`]: session::create::CreateSessionRequest::from_json
//! [`CreateSessionRequest::validate`]: session::create::CreateSessionRequest::validate
//! [`NewSession`]: session::create::NewSession

pub mod api_key;
pub mod check;
pub mod country;
pub mod date;
pub mod email;
pub mod expiry;
pub mod id;
pub mod inflection;
pub mod json;
pub mod limits;
pub mod metadata;
pub mod names;
pub mod phone;
pub mod prefill;
pub mod problem;
pub mod scope;
pub mod session;
pub mod text;
pub mod version;
pub mod web_url;
pub mod webhook;
