//! What the end-to-end tests stand on: the real program in a data folder of its own, clients that
//! speak to it (well and badly), a mail server that takes its mail, and a browser that uses it.
//!
//! Nothing here returns an error: what goes wrong ends the test with a sentence.
#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "a test has nobody to hand an error to"
)]

pub mod admin;
pub mod api;
pub mod backups;
pub mod balancer;
pub mod browser;
pub mod bucket;
pub mod cluster;
pub mod database;
pub mod dry_run;
pub mod faketime;
pub mod faults;
pub mod fleet;
pub mod lossy;
pub mod mount;
pub mod package;
pub mod passage;
pub mod program;
pub mod publishable;
pub mod qr;
pub mod raw;
pub mod retrying;
pub mod site;
pub mod smtp;
pub mod trace;
pub mod transfers;
pub mod wait;
