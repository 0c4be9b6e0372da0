//! The JavaScript face of `vouchkey-types` and `vouchkey-qr`, and the API client.
//!
//! This crate converts and decides nothing: every rule, message and module comes from the two
//! crates below it. What JavaScript sees stands behind the feature `js`; the client, which Rust
//! programs in a browser use, behind `client`.

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "js")]
pub mod js;

/// The allocator of the npm package, which weighs 2 KB less, compressed, than the standard library's.
#[cfg(all(feature = "js", target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();
