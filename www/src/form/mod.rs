//! The form of a new verification, apart from any browser: what was typed, the request it makes,
//! and where each mistake belongs. Plain data and functions, so that tests are tables.

pub(crate) mod attempts;
pub(crate) mod curl;
pub(crate) mod draft;
pub(crate) mod fields;
pub(crate) mod paste;
pub(crate) mod placing;
pub(crate) mod row;
pub(crate) mod summary;
