//! The vouchkey program: the verification-session server.

pub mod capture;
pub mod clock;
pub mod config;
pub mod invitations;
pub mod store;
pub mod vault;
