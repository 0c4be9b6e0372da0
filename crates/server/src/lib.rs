//! The vouchkey program: the verification-session server.

pub mod admin;
#[cfg(test)]
mod api_tests;
pub mod app;
pub mod capture;
pub mod clock;
pub mod commands;
pub mod config;
pub mod dashboard;
pub mod health;
pub mod http;
pub mod invitations;
mod lock_file;
pub mod metrics;
pub mod outbox;
pub mod room;
pub mod sessions;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod test_bed;
pub mod upkeep;
pub mod vault;
