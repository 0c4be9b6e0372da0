//! Webhooks: signing them, verifying them, and keeping their order (decisions 15 and 22).
//!
//! Both ends are here, so that what the server signs and what the npm package verifies cannot
//! drift apart. The clock is passed in, as everywhere in this crate.

mod base64;
mod order;
mod secret;
mod verify;

pub use order::{OrderRefusal, Position, apply};
pub use secret::Secret;
pub use verify::{DEFAULT_TOLERANCE_SECONDS, SignatureHeaders, SignatureRefusal, verify};

/// A closed list of reasons, each with its word for JavaScript and JSON.
macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant),* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word for it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }
    };
}
use reasons;
