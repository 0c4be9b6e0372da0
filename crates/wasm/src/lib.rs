//! The JavaScript face of `vouchkey-types` and `vouchkey-qr`, and the API client.
//!
//! This crate converts and decides nothing: every rule, message and module comes from the two
//! crates below it. What JavaScript sees stands behind the feature `js`; the client, which Rust
//! programs in a browser use, behind `client`.

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "js")]
pub mod js;
