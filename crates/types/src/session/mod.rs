//! Sessions: what creates one, what one looks like, and how they are listed.

pub mod create;
pub(crate) mod duplicates;
pub mod field;
pub mod list;
pub mod response;
pub mod status;
