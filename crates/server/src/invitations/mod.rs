//! Invitations.
mod smtp_address;
pub use smtp_address::{SmtpAddress, SmtpAddressError};
