//! The vouchkey program: the verification-session server.

pub mod config;
pub mod store;
