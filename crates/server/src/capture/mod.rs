//! The hosted pages behind a capture URL.

pub mod accent;
pub mod page;
