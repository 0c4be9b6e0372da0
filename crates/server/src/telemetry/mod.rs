//! What the server tells of its own work as it happens.

pub mod panics;
