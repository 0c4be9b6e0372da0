//! The pages, a file each.

pub(crate) mod created;
pub(crate) mod mailbox;
pub(crate) mod message;
pub(crate) mod new_session;
pub(crate) mod not_found;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod sign_in;
